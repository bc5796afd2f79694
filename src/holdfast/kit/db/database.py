"""What services hold: a database to read from and to write to, in transactions that are retried as a whole.

Rules every engine follows (docs/decisions/0011, and the traps it lists):

* A transaction is one async function of a `Tx`. It awaits nothing but the `Tx`, may run more than once, and decides
  only by what it reads inside.
* A retryable refusal of the engine rolls back and runs the function again, with jitter, until a deadline.
* A transaction runs in a task of its own: a caller that goes away never cancels a statement or a COMMIT. At the
  deadline the connection is destroyed, and a COMMIT that was not answered is `CommitOutcomeUnknown`.
"""

import asyncio
import random
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import datetime
from threading import Lock
from typing import Any, Final, Protocol, TypeVar

import structlog

from holdfast.kit.clock import Clock
from holdfast.kit.db.errors import Retryable
from holdfast.kit.db.statements import Call, DialectName, Row
from holdfast.kit.errors import CommitOutcomeUnknown, DatabaseUnavailable

log = structlog.get_logger()

T = TypeVar("T")

DEADLINE_S: Final = 15.0
"""How long a transaction may take with all its retries."""
_TRIES_LEAST: Final = 3
"""How often at least a transaction may wait for a lock in vain before its deadline."""
_FIRST_PAUSE_S: Final = 0.002
_LONGEST_PAUSE_S: Final = 0.1
_LATE: Final = "the database did not answer in time"


class Tx(Protocol):
    """An open transaction (or, in `read`, a connection)."""

    async def all(self, call: Call) -> list[Row]:
        """Return every row."""

    async def one(self, call: Call) -> Row | None:
        """Return the first row, or None."""

    async def run(self, call: Call) -> int:
        """Return how many rows were affected (matched, for an UPDATE; engines count upserts differently).

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
    """A transaction as the watcher of its deadline sees it. SQLite asks from another thread, hence the lock."""

    __slots__ = ("_committing", "_given_up", "_lock", "destroy", "writes")

    def __init__(self, *, writes: bool) -> None:
        self.writes = writes
        """Whether it is meant to: then a database that takes no writes is none to stay with."""
        self._lock = Lock()
        self._committing = False
        self._given_up = False
        self.destroy: Callable[[], None] | None = None
        """Breaks the connection in use, if any, without asking the server to cancel anything."""

    @property
    def committing(self) -> bool:
        """Whether COMMIT may have been sent: then an error of the connection leaves the outcome open."""
        return self._committing

    def commit(self) -> None:
        """Announce that COMMIT is sent next.

        Raises:
            DatabaseUnavailable: The deadline has passed and the caller was told that nothing was written.
        """
        with self._lock:
            if self._given_up:
                raise DatabaseUnavailable(_LATE, retry_after_s=1)
            self._committing = True

    def refused(self) -> None:
        """Note that the database took part in nothing: it said so itself, and another try may begin."""
        self._committing = False

    def give_up(self) -> bool:
        """End it at its deadline; return whether COMMIT may have been sent."""
        with self._lock:
            self._given_up = True
        if self.destroy is not None:
            self.destroy()
        return self._committing


class Database(ABC):
    """One database on one engine. Safe to share; made by `holdfast.kit.db.opening.open_database`."""

    dialect: DialectName

    def __init__(self, clock: Clock, *, deadline_s: float = DEADLINE_S) -> None:
        self.clock = clock
        self._deadline_s = deadline_s
        self._lock_wait_s = deadline_s / _TRIES_LEAST
        self._closed = False
        self._running: set[asyncio.Task[Any]] = set()
        self.after_write: Callable[[], Awaitable[None]] | None = None
        """Awaited after each `write`, whatever came of it, before its answer: what has to be true elsewhere then."""

    async def read(self, work: Work[T]) -> T:
        """Run a function that only reads. Each statement sees what was committed when it began.

        Raises:
            DatabaseUnavailable: No connection, or not in time.
        """
        return await self._timed(lambda attempt: self._read(work, attempt))

    async def snapshot(self, work: Work[T], *, deadline_s: float | None = None) -> T:
        """Run a function that only reads; all its statements see the same instant.

        Args:
            work: What reads.
            deadline_s: How long it may take, where that is more than usual.

        Raises:
            DatabaseUnavailable: No connection, or not in time.
        """
        return await self._timed(lambda attempt: self._snapshot(work, attempt), deadline_s)

    async def write(self, work: Work[T]) -> T:
        """Run a function in one transaction and commit it; what it returns is true once this returns.

        Raises:
            IntegrityViolation: A constraint said no and the function did not handle it by ending the transaction.
            CommitOutcomeUnknown: The database did not answer the COMMIT.
            DatabaseUnavailable: No connection, or not in time; nothing was written.
            StorageFull: No space left; nothing was written.
        """
        try:
            return await self._guarded(lambda attempt: self._write(work, attempt))
        finally:
            if self.after_write is not None:
                await self.after_write()

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
    async def scrub(self, tables: Sequence[str]) -> str:
        """Make what was deleted from tables unreadable, as far as the engine can; it may take minutes.

        Returns:
            What may still hold it and for how long, in plain words; "" if nothing does.

        Raises:
            DatabaseUnavailable: No connection, or somebody reads what would have to go; try again later.
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
    async def _put(self, calls: Sequence[Call], attempt: Attempt) -> datetime: ...

    async def _timed(self, run: Callable[[Attempt], Awaitable[T]], deadline_s: float | None = None) -> T:
        """Run something that only reads: it may be cancelled, and then its connection is not used again.

        Raises:
            DatabaseUnavailable: Not in time, or the database is closed.
        """
        self._refuse_closed()
        try:
            async with asyncio.timeout(deadline_s or self._deadline_s):
                return await self._retried(run, Attempt(writes=False))
        except TimeoutError:
            raise DatabaseUnavailable(_LATE, retry_after_s=1) from None

    async def _guarded(self, run: Callable[[Attempt], Awaitable[T]]) -> T:
        """Run something that writes, in a task of its own, watched until it ends whether or not the caller stays."""
        self._refuse_closed()
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()
        attempt = Attempt(writes=True)
        task = loop.create_task(self._retried(run, attempt))
        watch = loop.call_later(self._deadline_s, _give_up, task, attempt, answer)

        def end(ended: asyncio.Task[T]) -> None:
            watch.cancel()
            self._running.discard(ended)
            _pass_on(ended, answer)

        self._running.add(task)
        task.add_done_callback(end)
        return await answer

    async def _retried(self, run: Callable[[Attempt], Awaitable[T]], attempt: Attempt) -> T:
        ends = self.clock.monotonic() + self._deadline_s
        pause = _FIRST_PAUSE_S
        while True:
            try:
                return await run(attempt)
            except Retryable as refusal:
                attempt.refused()
                if self.clock.monotonic() + pause > ends:
                    raise DatabaseUnavailable("the database is too busy", retry_after_s=1) from refusal
                await asyncio.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 - jitter is no secret
                pause = min(pause * 2, _LONGEST_PAUSE_S)

    def _refuse_closed(self) -> None:
        if self._closed:
            raise DatabaseUnavailable("the database is closed", retry_after_s=1)

    async def _drain(self) -> None:
        """Take nothing more and let what runs end; all of it ends at its deadline at the latest."""
        self._closed = True
        while self._running:
            await asyncio.wait(set(self._running))


def _give_up(task: asyncio.Task[T], attempt: Attempt, answer: asyncio.Future[T]) -> None:
    unknown = attempt.give_up()
    # The connection is broken by now, so this cancels no statement. It ends waiting for a place, a thread or a pause.
    task.cancel()
    if unknown:
        log.warning("database.commit_outcome_unknown", reason="deadline")
    _fail(answer, CommitOutcomeUnknown(retry_after_s=1) if unknown else DatabaseUnavailable(_LATE, retry_after_s=1))


def _pass_on(ended: asyncio.Task[T], answer: asyncio.Future[T]) -> None:
    if ended.cancelled():
        answer.cancel()
    elif (error := ended.exception()) is not None:
        _fail(answer, error)
    elif not answer.done():
        answer.set_result(ended.result())


def _fail(answer: asyncio.Future[Any], error: BaseException) -> None:
    if not answer.done():
        answer.set_exception(error)
        answer.exception()  # whoever waits may be cancelled before it looks: that is no error of ours


class UnsafeDatabase(RuntimeError):
    """The database is set up so that acknowledged writes can be lost."""
