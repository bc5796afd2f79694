"""A small pool of connections, last in first out.

The drivers' own pools reset a connection with a round trip each time it comes back, which costs more than the
statement it served; our sessions hold no state to reset, because every transaction is begun and ended here.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Generic, Protocol, TypeVar


class Session(Protocol):
    """What a pool keeps."""

    def broken(self) -> bool:
        """Whether the connection must not be used again."""

    async def close(self) -> None:
        """Close the connection politely."""


S = TypeVar("S", bound=Session)


class Pool(Generic[S]):
    """At most `size` sessions, opened when needed."""

    def __init__(self, connect: Callable[[], Awaitable[S]], *, size: int) -> None:
        self._connect = connect
        self._idle: list[S] = []
        self._places = asyncio.Semaphore(size)
        self._size = size

    @asynccontextmanager
    async def session(self) -> AsyncIterator[S]:
        """Lend a session; a broken one is not taken back."""
        async with self._places:
            while self._idle and self._idle[-1].broken():
                self._idle.pop()
            session = self._idle.pop() if self._idle else await self._connect()
            try:
                yield session
            finally:
                if not session.broken():
                    self._idle.append(session)

    async def close(self) -> None:
        """Close every idle session; those lent out are closed by nobody, so drain first."""
        while self._idle:
            await self._idle.pop().close()
