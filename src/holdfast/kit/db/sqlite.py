"""SQLite: the standard library's driver, one thread that writes and one that reads.

A transaction is one function call in the writer's thread: the coroutine is driven to its end there, and since a `Tx`
never suspends, neither does the coroutine. Awaiting anything else inside a transaction is refused.
"""

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from contextvars import copy_context
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NoReturn, TypeVar

import structlog
from typing_extensions import override

from holdfast.kit.clock import Clock
from holdfast.kit.db.database import Attempt, Database, UnsafeDatabase, Work
from holdfast.kit.db.errors import (
    CheckViolation,
    ForeignKeyViolation,
    GuardViolation,
    IntegrityViolation,
    NotNullViolation,
    Retryable,
    UniqueViolation,
    cause_of,
)
from holdfast.kit.db.guards import refused_by
from holdfast.kit.db.statements import SQLITE, Call, Instant, Row
from holdfast.kit.errors import CommitOutcomeUnknown, DatabaseUnavailable, StorageFull

log = structlog.get_logger()

T = TypeVar("T")

_CLOSE_WITHIN_S: Final = 10
_FULL: Final = 2
_SETTINGS: Final = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "cache_size=-16000",
    "temp_store=MEMORY",
    # What is deleted is overwritten: an erased person does not live on in free pages.
    "secure_delete=ON",
)
_WAL_RESET_FIXED: Final = (3, 51, 3)
_VIOLATIONS: Final[dict[str, type[IntegrityViolation]]] = {
    "SQLITE_CONSTRAINT_CHECK": CheckViolation,
    "SQLITE_CONSTRAINT_UNIQUE": UniqueViolation,
    "SQLITE_CONSTRAINT_PRIMARYKEY": UniqueViolation,
    "SQLITE_CONSTRAINT_ROWID": UniqueViolation,
    "SQLITE_CONSTRAINT_FOREIGNKEY": ForeignKeyViolation,
    "SQLITE_CONSTRAINT_NOTNULL": NotNullViolation,
    "SQLITE_CONSTRAINT_TRIGGER": GuardViolation,
    "SQLITE_CONSTRAINT_DATATYPE": CheckViolation,
}
_BUSY: Final = ("SQLITE_BUSY", "SQLITE_LOCKED")
_UNWILLING: Final = ("SQLITE_IOERR", "SQLITE_CANTOPEN", "SQLITE_READONLY", "SQLITE_INTERRUPT")


def _is_busy(error: sqlite3.Error) -> bool:
    return (getattr(error, "sqlite_errorname", "") or "").startswith(_BUSY)


def translated(error: sqlite3.Error, *, committing: bool = False) -> Exception:
    """Return what an error of the driver means to us."""
    name = getattr(error, "sqlite_errorname", "") or ""
    if name in _VIOLATIONS:
        return _VIOLATIONS[name](_constraint(str(error)))
    if name.startswith(_BUSY):
        return Retryable(name)
    if name.startswith("SQLITE_FULL"):
        return StorageFull()
    if committing:
        log.warning("database.commit_outcome_unknown", reason=name)
        return CommitOutcomeUnknown(retry_after_s=1)
    return DatabaseUnavailable(retry_after_s=1) if name.startswith(_UNWILLING) else error


def _constraint(text: str) -> str:
    """Return the name of the constraint (for a key, its columns) that an error tells of, "" if it tells none."""
    if (guard := refused_by(text)) != text:
        return guard
    kind, _, name = text.partition(" constraint failed")
    return text if kind == text else name.removeprefix(": ")


class SqliteTx:
    """A transaction in the thread of its connection. Its methods are async in form only."""

    __slots__ = ("_attempt", "_connection", "_instant", "failure", "moment")

    def __init__(self, connection: sqlite3.Connection, clock: Clock, attempt: Attempt) -> None:
        self._connection = connection
        self._attempt = attempt
        self.moment = clock.now()
        self._instant = Instant(self.moment, clock.shift)
        self.failure: Exception | None = None
        """The first error of a statement. The engines differ in what they would still commit after one: we never do."""

    def execute(self, call: Call) -> sqlite3.Cursor:
        """Run one statement."""
        compiled = call.statement.compiled(SQLITE)
        try:
            return self._connection.execute(compiled.sql, compiled.bind(call.params, self._instant))
        except sqlite3.Error as error:
            self._fail(error)

    def _fail(self, error: sqlite3.Error) -> NoReturn:
        meant_to = self._attempt.writes or getattr(error, "sqlite_errorcode", 0) != sqlite3.SQLITE_READONLY
        self.failure = translated(error) if meant_to else error
        raise self.failure from cause_of(self.failure, error)

    def _fetched(self, call: Call, fetch: Callable[[sqlite3.Cursor], T]) -> T:
        cursor = self.execute(call)
        try:
            return fetch(cursor)
        except sqlite3.Error as error:
            self._fail(error)
        finally:
            cursor.close()

    async def all(self, call: Call) -> list[Row]:
        """See `Tx.all`."""
        make_row = call.statement.compiled(SQLITE).make_row
        return [make_row(values) for values in self._fetched(call, sqlite3.Cursor.fetchall)]

    async def one(self, call: Call) -> Row | None:
        """See `Tx.one`."""
        values = self._fetched(call, sqlite3.Cursor.fetchone)
        return None if values is None else call.statement.compiled(SQLITE).make_row(values)

    async def run(self, call: Call) -> int:
        """See `Tx.run`."""
        return max(0, self.execute(call).rowcount)

    async def insert(self, call: Call) -> int:
        """See `Tx.insert`."""
        return self.execute(call).lastrowid or 0

    async def together(self, *calls: Call) -> None:
        """See `Tx.together`."""
        for call in calls:
            self.execute(call)

    async def now(self) -> datetime:
        """See `Tx.now`."""
        return self.moment


def _driven(work: Work[T], tx: SqliteTx) -> T:
    coroutine = work(tx)
    try:
        coroutine.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    coroutine.close()
    raise RuntimeError("a transaction awaited something other than its Tx")


_Job = Callable[[sqlite3.Connection], Any]


class _Worker(threading.Thread):
    """A thread that owns one connection and runs what it is given, in order."""

    def __init__(self, name: str, connect: Callable[[], sqlite3.Connection]) -> None:
        super().__init__(name=name, daemon=True)
        self._connect = connect
        self._connection: sqlite3.Connection | None = None
        self._jobs: queue.SimpleQueue[tuple[_Job, asyncio.Future[Any]] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._stopped = False

    async def call(self, job: Callable[[sqlite3.Connection], T]) -> T:
        """Run a job in the thread. Once its caller is cancelled it is not begun any more.

        Raises:
            DatabaseUnavailable: The worker was stopped.
        """
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        with self._lock:
            # Nothing may lie behind the end mark: nobody would answer it.
            if self._stopped:
                raise DatabaseUnavailable("the database is closed", retry_after_s=1)
            self._jobs.put((job, future))
        return await future

    def stop(self) -> None:
        """Take no more jobs, do those that wait, then close the connection and end."""
        with self._lock:
            if not self._stopped:
                self._stopped = True
                self._jobs.put(None)

    def drop(self) -> None:
        """Close the connection; the next job gets a new one. Only for jobs."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(sqlite3.Error):
                connection.close()

    @override
    def run(self) -> None:
        while (entry := self._jobs.get()) is not None:
            job, future = entry
            if not future.cancelled():
                self._serve(job, future)
        self.drop()

    def _serve(self, job: _Job, future: asyncio.Future[Any]) -> None:
        result: Any = None
        failure: BaseException | None = None
        try:
            if self._connection is None:
                self._connection = self._connect()
            result = job(self._connection)
        except StopIteration as error:
            failure = RuntimeError(f"a transaction raised {error!r}")  # which no future can pass on
        except BaseException as error:  # noqa: BLE001 - handed to whoever waits
            failure = error
        with suppress(RuntimeError):  # its loop is closed: nobody waits
            future.get_loop().call_soon_threadsafe(_settle, future, result, failure)


def _settle(future: asyncio.Future[Any], result: Any, failure: BaseException | None) -> None:
    if future.done():
        return
    if failure is not None:
        future.set_exception(failure)
    else:
        future.set_result(result)


class SqliteDatabase(Database):
    """A file. One process serves from it; others (the command line) may read and write beside it, safely but slowly."""

    dialect = "sqlite"

    def __init__(self, path: str, clock: Clock, *, checkpoints: bool = True, **options: Any) -> None:
        super().__init__(clock, **options)
        self.path = path
        # SQLite below 3.51.3 can corrupt a WAL when two connections checkpoint: exactly one may (docs/decisions/0011).
        self._checkpoints = checkpoints
        self._writer = _Worker("sqlite-writer", lambda: self._connect(writes=True))
        self._reader = _Worker("sqlite-reader", lambda: self._connect(writes=False))
        self._writer.start()
        self._reader.start()

    def _connect(self, *, writes: bool) -> sqlite3.Connection:
        try:
            Path(self.path).parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(
                self.path,
                isolation_level=None,
                check_same_thread=False,
                cached_statements=512,
                timeout=self._lock_wait_s,
            )
        except (OSError, sqlite3.Error) as error:
            raise self._unreachable(error) from error
        try:
            for setting in _SETTINGS:
                connection.execute(f"PRAGMA {setting}")
            if not (writes and self._checkpoints):
                connection.execute("PRAGMA wal_autocheckpoint=0")
            if not writes:
                connection.execute("PRAGMA query_only=ON")
        except sqlite3.Error as error:
            connection.close()
            # Whoever makes the file a WAL keeps all others out for a moment.
            raise (translated(error) if _is_busy(error) else self._unreachable(error)) from error
        return connection

    def _unreachable(self, error: Exception) -> DatabaseUnavailable:
        log.warning("database.unreachable", engine=self.dialect, path=self.path, error=str(error))
        return DatabaseUnavailable(retry_after_s=1)

    @override
    async def check(self, *, accept_loss: bool = False) -> list[str]:
        def look(connection: sqlite3.Connection) -> tuple[str, int]:
            mode = connection.execute("PRAGMA journal_mode").fetchone()[0]
            return str(mode), int(connection.execute("PRAGMA synchronous").fetchone()[0])

        mode, synchronous = await self._timed(lambda _: self._writer.call(look))
        warnings = []
        if mode != "wal" or synchronous < _FULL:
            unsafe = f"SQLite runs with journal_mode={mode}, synchronous={synchronous} and not with wal and FULL"
            if not accept_loss:
                raise UnsafeDatabase(f"{unsafe}: acknowledged bookings could be lost")
            warnings.append(f"{unsafe}: acknowledged bookings may be lost")
        if sqlite3.sqlite_version_info < _WAL_RESET_FIXED:
            warnings.append(
                f"SQLite {sqlite3.sqlite_version} has the WAL-reset bug fixed in 3.51.3; one connection checkpoints, "
                "so it is not met, as long as no other program writes to the file"
            )
        return warnings

    @override
    async def scrub(self, tables: Sequence[str]) -> str:
        del tables  # the file is written anew as a whole
        if not self._checkpoints:
            raise DatabaseUnavailable("the process that serves this file has to write it anew", retry_after_s=1)

        def work(connection: sqlite3.Connection) -> bool:
            try:
                connection.execute("VACUUM")
                return bool(connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0)
            except sqlite3.Error as error:
                meaning = translated(error)
                raise meaning from cause_of(meaning, error)

        self._refuse_closed()
        if not await self._writer.call(work):
            raise DatabaseUnavailable("somebody reads the old pages still", retry_after_s=1)
        return ""

    @override
    async def close(self) -> None:
        await self._drain()
        # The reader leaves first: whoever closes last checkpoints, and that is the writer's right.
        for worker in (self._reader, self._writer):
            worker.stop()
            await asyncio.to_thread(worker.join, _CLOSE_WITHIN_S)

    @override
    async def _read(self, work: Work[T], attempt: Attempt) -> T:
        return await self._reader.call(lambda connection: _driven(work, SqliteTx(connection, self.clock, attempt)))

    @override
    async def _snapshot(self, work: Work[T], attempt: Attempt) -> T:
        def job(connection: sqlite3.Connection) -> T:
            connection.execute("BEGIN")
            try:
                return _driven(work, SqliteTx(connection, self.clock, attempt))
            finally:
                self._roll_back(connection, self._reader)

        return await self._reader.call(job)

    @override
    async def _write(self, work: Work[T], attempt: Attempt) -> T:
        # The thread is nobody's: what a request is told by context variables goes with its work.
        context = copy_context()
        return await self._transact(attempt, lambda tx: context.run(_driven, work, tx))

    @override
    async def _put(self, calls: Sequence[Call], attempt: Attempt) -> datetime:
        def run(tx: SqliteTx) -> datetime:
            for call in calls:
                tx.execute(call)
            return tx.moment

        return await self._transact(attempt, run)

    async def _transact(self, attempt: Attempt, run: Callable[[SqliteTx], T]) -> T:
        def job(connection: sqlite3.Connection) -> T:
            try:
                # Never deferred: a transaction that reads first and then writes fails at once if another one wrote.
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.Error as error:
                meaning = translated(error)
                raise meaning from cause_of(meaning, error)
            try:
                return self._committed(connection, attempt, run)
            except BaseException:
                self._roll_back(connection, self._writer)
                raise

        return await self._writer.call(job)

    def _committed(self, connection: sqlite3.Connection, attempt: Attempt, run: Callable[[SqliteTx], T]) -> T:
        tx = SqliteTx(connection, self.clock, attempt)
        result = run(tx)
        if tx.failure is not None:
            raise tx.failure
        attempt.commit()
        try:
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            meaning = translated(error, committing=True)
            if not isinstance(meaning, CommitOutcomeUnknown):
                attempt.refused()
            raise meaning from cause_of(meaning, error)
        return result

    def _roll_back(self, connection: sqlite3.Connection, worker: _Worker) -> None:
        try:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        except sqlite3.Error:
            worker.drop()
