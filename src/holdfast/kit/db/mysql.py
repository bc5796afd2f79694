"""MariaDB and MySQL by asyncmy."""

import asyncio
import re
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

import asyncmy
from asyncmy.constants import CLIENT
from asyncmy.errors import MySQLError
from sqlalchemy.engine import URL, Dialect
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
from holdfast.kit.db.pool import Pool
from holdfast.kit.db.statements import MARIADB, MYSQL, Call, Compiled, Instant, Row
from holdfast.kit.errors import CommitOutcomeUnknown, DatabaseUnavailable, StorageFull

T = TypeVar("T")

_RETRYABLE: Final = frozenset({1213, 1205, 1020, 3572})
_GONE: Final = frozenset({2003, 2006, 2013, 2055, 1053, 1927, 1040, 1290, 1836})
_FULL: Final = frozenset({1114, 1021, 3})
_VIOLATIONS: Final[dict[int, type[IntegrityViolation]]] = {
    1062: UniqueViolation,
    1586: UniqueViolation,
    4025: CheckViolation,
    3819: CheckViolation,
    1264: CheckViolation,
    1452: ForeignKeyViolation,
    1451: ForeignKeyViolation,
    1216: ForeignKeyViolation,
    1217: ForeignKeyViolation,
    1048: NotNullViolation,
    1364: NotNullViolation,
    1644: GuardViolation,
}
_SESSION: Final = (
    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
    "SET SESSION time_zone = '+00:00', innodb_lock_wait_timeout = 5, "
    "sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'",
)


def _constraint(text: str) -> str:
    """Return the name of the constraint that an error message tells of, or the message."""
    found = re.search(r"CONSTRAINT `([^`]+)`|for key '([^']+)'|Check constraint '([^']+)'", text)
    return next((name for name in found.groups() if name), text) if found else text


def translated(error: Exception, attempt: Attempt | None) -> Exception:
    """Return what an error of the driver means to us."""
    committing = attempt is not None and attempt.committing
    gone = CommitOutcomeUnknown if committing else DatabaseUnavailable
    if isinstance(error, MySQLError):
        code = error.args[0] if error.args else 0
        if code in _VIOLATIONS:
            return _VIOLATIONS[code](_constraint(str(error.args[1])))
        if code in _RETRYABLE:
            return Retryable(str(code))
        if code in _FULL:
            return StorageFull()
        return gone(retry_after_s=1) if code in _GONE else error
    if isinstance(error, (OSError, EOFError)):
        return gone(retry_after_s=1)
    return error


class MysqlSession:
    """One connection."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self._destroyed = False

    def broken(self) -> bool:
        return self._destroyed or not self.connection.connected

    def destroy(self) -> None:
        """Break the connection without asking the server to stop what runs."""
        self._destroyed = True
        self.connection.close()

    async def close(self) -> None:
        await self.connection.ensure_closed()

    async def execute(self, sql: str, args: list[Any] | None = None) -> Any:
        """Run one statement and return its cursor."""
        cursor = self.connection.cursor()
        await cursor.execute(sql, args)
        return cursor


class MysqlTx:
    """A transaction, or a bare connection when only reading."""

    __slots__ = ("_attempt", "_clock", "_dialect", "_instant", "_session")

    def __init__(self, session: MysqlSession, clock: Clock, dialect: Dialect, attempt: Attempt) -> None:
        self._session = session
        self._clock = clock
        self._dialect = dialect
        self._attempt = attempt
        self._instant = Instant(None, clock.shift)

    async def _execute(self, call: Call) -> tuple[Any, Compiled]:
        compiled = call.statement.compiled(self._dialect)
        try:
            if compiled.needs_now and self._instant.now is None:
                await self.now()
            args = compiled.bind(call.params, self._instant)
            return await self._session.execute(compiled.sql, args or None), compiled
        except Exception as error:
            raise translated(error, self._attempt) from error

    async def all(self, call: Call) -> list[Row]:
        cursor, compiled = await self._execute(call)
        return [compiled.make_row(values) for values in await cursor.fetchall()]

    async def one(self, call: Call) -> Row | None:
        cursor, compiled = await self._execute(call)
        values = await cursor.fetchone()
        return None if values is None else compiled.make_row(values)

    async def run(self, call: Call) -> int:
        cursor, _ = await self._execute(call)
        return int(cursor.rowcount)

    async def insert(self, call: Call) -> int:
        cursor, _ = await self._execute(call)
        return int(cursor.lastrowid)

    async def together(self, *calls: Call) -> None:
        for call in calls:
            await self._execute(call)

    async def now(self) -> datetime:
        if self._instant.now is None:
            # NOW() is the statement's time here; one reading serves the whole transaction, as on the other engines.
            cursor = await self._session.execute("SELECT UTC_TIMESTAMP(6)")
            (moment,) = await cursor.fetchone()
            self._instant = Instant(moment.replace(tzinfo=UTC) + self._clock.shift, self._clock.shift)
        moment = self._instant.now
        assert moment is not None  # noqa: S101 - read above
        return moment


class MysqlDatabase(Database):
    """A MariaDB or MySQL database."""

    dialect = "mysql"

    def __init__(self, url: URL, clock: Clock, *, pool_size: int = 12, **options: Any) -> None:
        super().__init__(clock, **options)
        self._url = url
        self._pool = Pool(self._connect, size=pool_size)
        self._core: Dialect = MARIADB

    async def _connect(self) -> MysqlSession:
        socket = self._url.query.get("unix_socket")
        try:
            connection = await asyncmy.connect(
                host=self._url.host or "localhost",
                port=self._url.port or 3306,
                user=self._url.username,
                password=self._url.password or "",
                db=self._url.database,
                unix_socket=socket if isinstance(socket, str) else None,
                charset="utf8mb4",
                autocommit=True,
                connect_timeout=5,
                client_flag=CLIENT.FOUND_ROWS,
            )
        except (OSError, MySQLError) as error:
            raise DatabaseUnavailable(retry_after_s=1) from error
        session = MysqlSession(connection)
        self._core = MARIADB if "mariadb" in connection.get_server_info().lower() else MYSQL
        for statement in _SESSION:
            await session.execute(statement)
        return session

    @override
    async def check(self, *, accept_loss: bool = False) -> list[str]:
        async with self._pool.session() as session:
            cursor = await session.execute("SELECT @@innodb_flush_log_at_trx_commit, @@log_bin, @@sync_binlog")
            flush, log_bin, sync_binlog = await cursor.fetchone()
            unsafe = []
            if flush not in {1, 3}:
                unsafe.append(f"innodb_flush_log_at_trx_commit={flush}")
            if log_bin and sync_binlog != 1:
                unsafe.append(f"sync_binlog={sync_binlog}")
            if unsafe and not accept_loss:
                raise UnsafeDatabase(f"MariaDB/MySQL runs with {', '.join(unsafe)}: acknowledged bookings could be lost")
            cursor = await session.execute("SHOW STATUS LIKE 'wsrep_cluster_size'")
            galera = await cursor.fetchone()
            if galera and int(galera[1] or 0) > 1:
                return ["this is a Galera cluster: write to one node only, or the promises do not hold"]
        return []

    @override
    async def close(self) -> None:
        await self._drain()
        await self._pool.close()

    @override
    async def _read(self, work: Work[T], attempt: Attempt) -> T:
        async with self._pool.session() as session:
            attempt.destroy = session.destroy
            try:
                return await work(MysqlTx(session, self.clock, self._core, attempt))
            except asyncio.CancelledError:
                session.destroy()  # an answer may still be on its way
                raise

    @override
    async def _snapshot(self, work: Work[T], attempt: Attempt) -> T:
        async with self._pool.session() as session:
            await session.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            return await self._transact(session, work, attempt, "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")

    @override
    async def _write(self, work: Work[T], attempt: Attempt) -> T:
        async with self._pool.session() as session:
            return await self._transact(session, work, attempt, "START TRANSACTION")

    async def _transact(self, session: MysqlSession, work: Work[T], attempt: Attempt, begin: str) -> T:
        attempt.destroy = session.destroy
        try:
            await session.execute(begin)
            result = await work(MysqlTx(session, self.clock, self._core, attempt))
            attempt.committing = True
            await session.execute("COMMIT")
        except BaseException as error:
            meaning = translated(error, attempt) if isinstance(error, Exception) else error
            await _roll_back(session)
            raise meaning from error
        return result

    @override
    async def _put(self, calls: tuple[Call, ...], attempt: Attempt) -> datetime:
        async def work(tx: Any) -> datetime:
            await tx.together(*calls)
            moment: datetime = await tx.now()
            return moment

        return await self._write(work, attempt)


async def _roll_back(session: MysqlSession) -> None:
    """End the transaction: after a lock wait time-out MariaDB keeps it open and a COMMIT would keep its first half."""
    try:
        await session.execute("ROLLBACK")
    except Exception:  # noqa: BLE001 - the first error is the one to tell
        session.destroy()
