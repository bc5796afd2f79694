"""SQLite: the standard library's driver, one thread that writes and one that reads.

A transaction is one function call in the writer's thread: the coroutine is driven to its end there, and since a `Tx`
never suspends, neither does the coroutine. Awaiting anything else inside a transaction is refused.
"""

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar

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
)
from holdfast.kit.db.statements import SQLITE, Call, Compiled, Instant, Row
from holdfast.kit.errors import CommitOutcomeUnknown, DatabaseUnavailable, StorageFull

T = TypeVar("T")

_BUSY_TIMEOUT_MS: Final = 5000
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


def translated(error: sqlite3.Error, *, committing: bool = False) -> Exception:
    """Return what an error of the driver means to us."""
    name = getattr(error, "sqlite_errorname", "") or ""
    if name in _VIOLATIONS:
        return _VIOLATIONS[name](str(error).partition(": ")[2])
    if name.startswith(_BUSY):
        return Retryable(name)
    if name.startswith("SQLITE_FULL"):
        return StorageFull()
    if committing:
        return CommitOutcomeUnknown(retry_after_s=1)
    if name.startswith(("SQLITE_IOERR", "SQLITE_CANTOPEN", "SQLITE_READONLY")):
        return DatabaseUnavailable(retry_after_s=1)
    return error


class SqliteTx:
    """A transaction in the thread of its connection. Its methods are async in form only."""

    __slots__ = ("_connection", "_instant", "moment")

    def __init__(self, connection: sqlite3.Connection, clock: Clock) -> None:
        self._connection = connection
        self.moment = clock.now()
        self._instant = Instant(self.moment, clock.shift)

    def execute(self, call: Call) -> tuple[sqlite3.Cursor, Compiled]:
        """Run one statement."""
        compiled = call.statement.compiled(SQLITE)
        try:
            return self._connection.execute(compiled.sql, compiled.bind(call.params, self._instant)), compiled
        except sqlite3.Error as error:
            raise translated(error) from error

    async def all(self, call: Call) -> list[Row]:
        cursor, compiled = self.execute(call)
        return [compiled.make_row(values) for values in cursor]

    async def one(self, call: Call) -> Row | None:
        cursor, compiled = self.execute(call)
        values = cursor.fetchone()
        cursor.close()
        return None if values is None else compiled.make_row(values)

    async def run(self, call: Call) -> int:
        return max(0, self.execute(call)[0].rowcount)

    async def insert(self, call: Call) -> int:
        return self.execute(call)[0].lastrowid or 0

    async def together(self, *calls: Call) -> None:
        for call in calls:
            self.execute(call)

    async def now(self) -> datetime:
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


class _Worker(threading.Thread):
    """A thread that owns one connection and runs what it is given, in order."""

    def __init__(self, name: str, connect: Callable[[], sqlite3.Connection]) -> None:
        super().__init__(name=name, daemon=True)
        self._connect = connect
        self._jobs: queue.SimpleQueue[tuple[Callable[[sqlite3.Connection], Any], asyncio.Future[Any]] | None]
        self._jobs = queue.SimpleQueue()
        self.connection: sqlite3.Connection | None = None

    async def call(self, job: Callable[[sqlite3.Connection], T]) -> T:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._jobs.put((job, future))
        return await future

    def stop(self) -> None:
        self._jobs.put(None)

    @override
    def run(self) -> None:
        while (entry := self._jobs.get()) is not None:
            job, future = entry
            try:
                if self.connection is None:
                    self.connection = self._connect()
                result, error = job(self.connection), None
            except BaseException as raised:  # noqa: BLE001 - handed to whoever waits
                result, error = None, raised
            _settle(future, result, error)
        if self.connection is not None:
            self.connection.close()


def _settle(future: asyncio.Future[Any], result: Any, error: BaseException | None) -> None:
    def settle() -> None:
        if not future.done():
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(result)

    loop = future.get_loop()
    if not loop.is_closed():
        loop.call_soon_threadsafe(settle)


class SqliteDatabase(Database):
    """A file. One process serves from it; others (the command line) may read and write beside it, safely but slowly."""

    dialect = "sqlite"

    def __init__(self, path: str, clock: Clock, *, checkpoints: bool = True, **options: Any) -> None:
        super().__init__(clock, **options)
        self.path = path
        # SQLite below 3.51.3 can corrupt a WAL when two connections checkpoint: exactly one may (docs/decisions/0002).
        self._checkpoints = checkpoints
        self._writer = _Worker("sqlite-writer", lambda: self._connect(writes=True))
        self._reader = _Worker("sqlite-reader", lambda: self._connect(writes=False))
        self._writer.start()
        self._reader.start()

    def _connect(self, *, writes: bool) -> sqlite3.Connection:
        try:
            Path(self.path).parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(
                self.path, isolation_level=None, check_same_thread=False, cached_statements=512, timeout=5
            )
            connection.execute(f"PRAGMA busy_timeout={_BUSY_TIMEOUT_MS}")
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA foreign_keys=ON")
            connection.execute("PRAGMA cache_size=-16000")
            connection.execute("PRAGMA temp_store=MEMORY")
            if not (writes and self._checkpoints):
                connection.execute("PRAGMA wal_autocheckpoint=0")
            if not writes:
                connection.execute("PRAGMA query_only=ON")
        except (OSError, sqlite3.Error) as error:
            raise DatabaseUnavailable(f"cannot open {self.path}: {error}") from error
        return connection

    @override
    async def check(self, *, accept_loss: bool = False) -> list[str]:
        def look(connection: sqlite3.Connection) -> tuple[str, int]:
            mode = connection.execute("PRAGMA journal_mode").fetchone()[0]
            return str(mode), int(connection.execute("PRAGMA synchronous").fetchone()[0])

        mode, synchronous = await self._writer.call(look)
        full = 2
        if (mode != "wal" or synchronous < full) and not accept_loss:
            raise UnsafeDatabase(f"SQLite runs with journal_mode={mode}, synchronous={synchronous}: wal and FULL needed")
        if sqlite3.sqlite_version_info < _WAL_RESET_FIXED:
            return [
                f"SQLite {sqlite3.sqlite_version} has the WAL-reset bug fixed in 3.51.3; one connection checkpoints, "
                "so it is not met, as long as no other program writes to the file"
            ]
        return []

    @override
    async def close(self) -> None:
        await self._drain()
        # The reader leaves first: whoever closes last checkpoints, and that is the writer's right.
        for worker in (self._reader, self._writer):
            worker.stop()
            await asyncio.to_thread(worker.join, 10)

    @override
    async def _read(self, work: Work[T], attempt: Attempt) -> T:
        del attempt
        return await self._reader.call(lambda connection: _driven(work, SqliteTx(connection, self.clock)))

    @override
    async def _snapshot(self, work: Work[T], attempt: Attempt) -> T:
        del attempt

        def job(connection: sqlite3.Connection) -> T:
            connection.execute("BEGIN")
            try:
                return _driven(work, SqliteTx(connection, self.clock))
            finally:
                connection.execute("ROLLBACK")

        return await self._reader.call(job)

    @override
    async def _write(self, work: Work[T], attempt: Attempt) -> T:
        def job(connection: sqlite3.Connection) -> T:
            return self._transact(connection, attempt, lambda tx: _driven(work, tx))

        return await self._writer.call(job)

    @override
    async def _put(self, calls: tuple[Call, ...], attempt: Attempt) -> datetime:
        def run(tx: SqliteTx) -> datetime:
            for call in calls:
                tx.execute(call)
            return tx.moment

        def job(connection: sqlite3.Connection) -> datetime:
            return self._transact(connection, attempt, run)

        return await self._writer.call(job)

    def _transact(self, connection: sqlite3.Connection, attempt: Attempt, run: Callable[[SqliteTx], T]) -> T:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            raise translated(error) from error
        try:
            result = run(SqliteTx(connection, self.clock))
            attempt.committing = True
            try:
                connection.execute("COMMIT")
            except sqlite3.Error as error:
                raise translated(error, committing=True) from error
        except BaseException:
            attempt.committing = False
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        return result

