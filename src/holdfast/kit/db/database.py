"""What services hold: a database to read from and to write to, in transactions that are retried as a whole.

Rules every engine follows (docs/decisions/0002, and the traps it lists):

* A transaction is one async function of a `Tx`. It awaits nothing but the `Tx`, may run more than once, and decides
  only by what it reads inside.
* A retryable refusal of the engine rolls back and runs the function again, with jitter, until a deadline.
* A transaction runs in a task of its own: a caller that goes away never cancels a statement or a COMMIT. At the
  deadline the connection is destroyed, and a COMMIT that was not answered is `CommitOutcomeUnknown`.
"""

import asyncio
import random
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime
from typing import Any, Final, Protocol, TypeVar

from holdfast.kit.clock import Clock
from holdfast.kit.db.errors import Retryable
from holdfast.kit.db.statements import Call, DialectName, Row
from holdfast.kit.errors import CommitOutcomeUnknown, DatabaseUnavailable

T = TypeVar("T")

DEADLINE_S: Final = 15.0
"""How long a transaction may take with all its retries."""
_FIRST_PAUSE_S: Final = 0.002
_LONGEST_PAUSE_S: Final = 0.1


class Tx(Protocol):
    """An open transaction (or, in `read`, a connection)."""

    async def all(self, call: Call) -> list[Row]:
        """Return every row."""

    async def one(self, call: Call) -> Row | None:
        """Return the first row, or None."""

    async def run(self, call: Call) -> int:
        """Return how many rows were affected (matched, for an UPDATE).

        Raises:
            IntegrityViolation: A constraint said no; give the transaction up.
        """

    async def insert(self, call: Call) -> int:
        """Insert one row and return its new whole-number key.

        Raises:
            IntegrityViolation: A constraint said no; give the transaction up.
        """

    async def together(self, *calls: Call) -> None:
        """Run writes that do not read each other, in this order of locking, in as few round trips as the engine can.

        Raises:
            IntegrityViolation: A constraint said no; give the transaction up.
        """

    async def now(self) -> datetime:
        """Return the database's time of this transaction, aware, in UTC."""


Work = Callable[[Tx], Coroutine[Any, Any, T]]


class Attempt:
    """What one try at a transaction leaves behind for whoever watches its deadline."""

    __slots__ = ("committing", "destroy")

    def __init__(self) -> None:
        self.committing = False
        """Whether COMMIT has been sent: from then on the outcome is the database's to tell."""
        self.destroy: Callable[[], None] | None = None
        """Breaks the connection without asking the server to cancel anything."""


class Database(ABC):
    """One database on one engine. Safe to share; made by `holdfast.kit.db.opening.open_database`."""

    dialect: DialectName

    def __init__(self, clock: Clock, *, deadline_s: float = DEADLINE_S) -> None:
        self.clock = clock
        self._deadline_s = deadline_s
        self._running: set[asyncio.Task[Any]] = set()

    async def read(self, work: Work[T]) -> T:
        """Run a function that only reads. Each statement sees what was committed when it began.

        Raises:
            DatabaseUnavailable: No connection, or not in time.
        """
        return await self._timed(lambda attempt: self._read(work, attempt))

    async def snapshot(self, work: Work[T]) -> T:
        """Run a function that only reads; all its statements see the same instant.

        Raises:
            DatabaseUnavailable: No connection, or not in time.
        """
        return await self._timed(lambda attempt: self._snapshot(work, attempt))

    async def write(self, work: Work[T]) -> T:
        """Run a function in one transaction and commit it; what it returns is true once this returns.

        Raises:
            IntegrityViolation: A constraint said no and the function did not handle it by ending the transaction.
            CommitOutcomeUnknown: The database did not answer the COMMIT.
            DatabaseUnavailable: No connection, or not in time; nothing was written.
            StorageFull: No space left; nothing was written.
        """
        return await self._guarded(lambda attempt: self._write(work, attempt))

    async def put(self, *calls: Call) -> datetime:
        """Run independent writes as one transaction and return the database's time of it.

        Raises:
            IntegrityViolation: A constraint said no; nothing was written.
            CommitOutcomeUnknown: The database did not answer the COMMIT.
            DatabaseUnavailable: No connection, or not in time; nothing was written.
            StorageFull: No space left; nothing was written.
        """
        return await self._guarded(lambda attempt: self._put(calls, attempt))

    @abstractmethod
    async def check(self, *, accept_loss: bool = False) -> list[str]:
        """Look at what durability rests on; return warnings.

        Raises:
            UnsafeDatabase: A setting would lose what was acknowledged, and `accept_loss` is not given.
        """

    @abstractmethod
    async def close(self) -> None:
        """Let running transactions end and close every connection."""

    @abstractmethod
    async def _read(self, work: Work[T], attempt: Attempt) -> T: ...

    @abstractmethod
    async def _snapshot(self, work: Work[T], attempt: Attempt) -> T: ...

    @abstractmethod
    async def _write(self, work: Work[T], attempt: Attempt) -> T: ...

    @abstractmethod
    async def _put(self, calls: tuple[Call, ...], attempt: Attempt) -> datetime: ...

    async def _timed(self, run: Callable[[Attempt], Awaitable[T]]) -> T:
        """Run something that only reads: it may be cancelled, and then its connection is not used again."""
        attempt = Attempt()
        try:
            async with asyncio.timeout(self._deadline_s):
                return await self._retried(run, attempt)
        except TimeoutError:
            raise DatabaseUnavailable("the database did not answer in time", retry_after_s=1) from None

    async def _guarded(self, run: Callable[[Attempt], Awaitable[T]]) -> T:
        attempt = Attempt()
        task = asyncio.ensure_future(self._retried(run, attempt))
        self._running.add(task)
        task.add_done_callback(self._forget)
        done, _ = await asyncio.wait({task}, timeout=self._deadline_s)
        if done:
            return task.result()
        if attempt.destroy is not None:
            attempt.destroy()
        if attempt.committing:
            raise CommitOutcomeUnknown(retry_after_s=1)
        raise DatabaseUnavailable("the database did not answer in time", retry_after_s=1)

    def _forget(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            # Whoever waited may be gone; asking for the exception keeps asyncio from reporting it as lost.
            task.exception()

    async def _retried(self, run: Callable[[Attempt], Awaitable[T]], attempt: Attempt) -> T:
        ends = self.clock.monotonic() + self._deadline_s
        pause = _FIRST_PAUSE_S
        while True:
            try:
                return await run(attempt)
            except Retryable as refusal:
                attempt.committing = False
                if self.clock.monotonic() + pause > ends:
                    raise DatabaseUnavailable("the database is too busy", retry_after_s=1) from refusal
                await asyncio.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 - jitter is no secret
                pause = min(pause * 2, _LONGEST_PAUSE_S)

    async def _drain(self) -> None:
        if self._running:
            await asyncio.wait(set(self._running), timeout=self._deadline_s)


class UnsafeDatabase(RuntimeError):
    """The database is set up so that acknowledged writes can be lost."""

