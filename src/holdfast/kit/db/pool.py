"""A small pool of connections, last in first out.

The drivers' own pools reset a connection with a round trip each time it comes back, which costs more than the
statement it served; our sessions hold no state to reset, because every transaction is begun and ended here.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from typing import Final, Generic, TypeVar

from holdfast.kit.clock import Clock

DOUBTED_AFTER_S: Final = 30.0
"""How long a connection may lie idle before it is asked whether it still lives: a server that vanished says nothing."""
_ANSWER_WITHIN_S: Final = 2.0


class Session(ABC):
    """A connection, as a pool keeps it."""

    fresh = True
    """Whether nobody has used it before. A used one may have been closed by the server meanwhile."""
    idle_since = 0.0
    generation = 0

    @abstractmethod
    def broken(self) -> bool:
        """Return whether the connection must not be used again."""

    @abstractmethod
    def destroy(self) -> None:
        """Break the connection at once, without asking the server to stop what runs."""

    @abstractmethod
    async def ping(self) -> None:
        """Ask the server for a sign of life."""

    @abstractmethod
    async def close(self) -> None:
        """Close the connection politely."""


S = TypeVar("S", bound=Session)


class Pool(Generic[S]):
    """At most `size` sessions, opened when needed. What is taken must be given back, also after an error."""

    def __init__(self, connect: Callable[[], Awaitable[S]], clock: Clock, *, size: int) -> None:
        self._connect = connect
        self._clock = clock
        self._idle: list[S] = []
        self._places = asyncio.Semaphore(size)
        self._generation = 0
        self._closed = False

    async def take(self) -> S:
        """Return a session to use alone, after waiting for one if need be.

        Raises:
            DatabaseUnavailable: A new one is needed and the server does not take it.
        """
        await self._places.acquire()
        try:
            return await self._living() or await self._connected()
        except BaseException:
            self._places.release()
            raise

    def give_back(self, session: S) -> None:
        """Keep a session for the next one who takes, unless it is broken or was there before a `discard`."""
        if session.broken() or session.generation != self._generation or self._closed:
            session.destroy()
        else:
            session.fresh = False
            session.idle_since = self._clock.monotonic()
            self._idle.append(session)
        self._places.release()

    def discard(self) -> None:
        """Use no connection again that exists now: the server has gone, or is not the one to write to any more."""
        self._generation += 1
        while self._idle:
            self._idle.pop().destroy()

    async def close(self) -> None:
        """Close every idle session; those lent out are closed when they come back."""
        self._closed = True
        while self._idle:
            await self._idle.pop().close()

    async def _living(self) -> S | None:
        while self._idle:
            session = self._idle.pop()
            if await self._lives(session):
                return session
        return None

    async def _lives(self, session: S) -> bool:
        if session.broken():
            session.destroy()
            return False
        if self._clock.monotonic() - session.idle_since < DOUBTED_AFTER_S:
            return True
        try:
            async with asyncio.timeout(_ANSWER_WITHIN_S):
                await session.ping()
        except Exception:  # noqa: BLE001 - whatever it says, it is of no use
            session.destroy()
            return False
        except BaseException:
            session.destroy()
            raise
        return True

    async def _connected(self) -> S:
        generation = self._generation
        session = await self._connect()
        session.generation = generation
        return session
