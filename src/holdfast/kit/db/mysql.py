"""MariaDB and MySQL by asyncmy."""

import re
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final, NoReturn, TypeVar

import asyncmy
import structlog
from asyncmy.constants import CLIENT
from asyncmy.cursors import Cursor
from asyncmy.errors import MySQLError
from sqlalchemy.engine import URL, Dialect
from typing_extensions import override

from holdfast.kit.clock import Clock
from holdfast.kit.db.database import Attempt, UnsafeDatabase, Work
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
from holdfast.kit.db.served import ServedDatabase, ServedSession, ServedTx
from holdfast.kit.db.statements import MARIADB, MYSQL, Call, Compiled, Instant, Row
from holdfast.kit.errors import CommitOutcomeUnknown, DatabaseUnavailable, StorageFull

log = structlog.get_logger()

T = TypeVar("T")

_RETRYABLE: Final = frozenset({1213, 1205, 1020, 3572})
_GONE: Final = frozenset({1053, 1079, 1152, 1158, 1159, 1160, 1161, 1927, 4031})
_UNWILLING: Final = frozenset({1037, 1038, 1040, 1203, 1290, 1317, 1836, 1969, 3024})
_DEMOTED: Final = frozenset({1290, 1836})
_FULL: Final = frozenset({1114, 1021, 3})
_VIOLATIONS: Final[dict[int, type[IntegrityViolation]]] = {
    1062: UniqueViolation,
    1586: UniqueViolation,
    4025: CheckViolation,
    3819: CheckViolation,
    1264: CheckViolation,
    1406: CheckViolation,
    1452: ForeignKeyViolation,
    1451: ForeignKeyViolation,
    1216: ForeignKeyViolation,
    1217: ForeignKeyViolation,
    1048: NotNullViolation,
    1364: NotNullViolation,
    1644: GuardViolation,
}
_ERRORS: Final = (OSError, EOFError, MySQLError)
_NAMES: Final = (
    re.compile(r"CONSTRAINT `([^`]+)`"),
    re.compile(r"for key '(?:[^'.]+\.)?([^']+)'$"),
    re.compile(r"^Check constraint '([^']+)'"),
    re.compile(r"^(?:Column|Field) '([^']+)'"),
)
_CONNECT_WITHIN_S: Final = 5
_SAFE_FLUSHES: Final = frozenset({1, 3})


def _set_up(lock_wait_s: float) -> tuple[str, ...]:
    """Return what a session is told before its first use."""
    modes = "STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION"
    wait = max(1, round(lock_wait_s))
    return (
        "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
        f"SET SESSION time_zone = '+00:00', innodb_lock_wait_timeout = {wait}, sql_mode = '{modes}'",
    )


def _constraint(text: str) -> str:
    """Return the name of the constraint (or column) that an error message tells of, or the message."""
    if (guard := refused_by(text)) != text:
        return guard
    return next((found[1] for pattern in _NAMES if (found := pattern.search(text))), text)


def _refusal(error: MySQLError, code: int) -> Exception:
    """Return what an answer of the server means. It answered, so nothing of the statement is kept."""
    if code in _VIOLATIONS:
        return _VIOLATIONS[code](_constraint(str(error.args[1])))
    if code in _RETRYABLE:
        return Retryable(str(code))
    if code in _FULL:
        return StorageFull()
    return DatabaseUnavailable(retry_after_s=1) if code in _UNWILLING else error


class _QuietCursor(Cursor):
    """A cursor that does not ask for warnings: strict mode made errors of those that matter."""

    async def _show_warnings(self, connection: Any) -> None:
        """Save the round trip."""


class MysqlSession(ServedSession):
    """One connection."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self._destroyed = False

    @override
    def broken(self) -> bool:
        return self._destroyed or bool(self.connection._stream_broken)  # noqa: SLF001 - `connected` stays true for long

    @override
    def destroy(self) -> None:
        self._destroyed = True
        transport = self.connection._transport  # noqa: SLF001 - `close` would wait until everything is sent
        if transport is not None:
            transport.abort()
        self.connection.close()

    @override
    async def close(self) -> None:
        await self.connection.ensure_closed()

    @override
    async def execute(self, sql: str, args: list[Any] | None = None) -> Any:
        cursor = self.connection.cursor()
        try:
            await cursor.execute(sql, args)
        except MySQLError:
            raise
        except BaseException:
            self.destroy()  # the answer may be half read
            raise
        return cursor

    @override
    async def commit(self) -> None:
        await self.execute("COMMIT")

    @override
    def meaning(self, error: Exception, attempt: Attempt) -> Exception:
        if isinstance(error, MySQLError):
            code = error.args[0] if error.args and isinstance(error.args[0], int) else 0
            # Without a state it is the driver that speaks: the connection is lost, or out of step. And what else may
            # befall a COMMIT than a refusal that we know, say an interruption, does not tell whether it is kept.
            answered = error.sqlstate is not None and code not in _GONE
            if answered and (not attempt.committing or code in _RETRYABLE or code in _VIOLATIONS):
                if code in _DEMOTED:
                    self.destroy()  # the next connection may lead to its successor
                return _refusal(error, code)
        elif not isinstance(error, OSError | EOFError) and not (attempt.committing and self.broken()):
            return error
        self.destroy()
        return (CommitOutcomeUnknown if attempt.committing else DatabaseUnavailable)(retry_after_s=1)


class MysqlTx:
    """A transaction, or a bare connection when only reading."""

    __slots__ = ("_attempt", "_clock", "_dialect", "_instant", "_session", "failure")

    def __init__(self, session: MysqlSession, clock: Clock, dialect: Dialect, attempt: Attempt) -> None:
        self._session = session
        self._clock = clock
        self._dialect = dialect
        self._attempt = attempt
        self._instant = Instant(None, clock.shift)
        self.failure: Exception | None = None

    async def _execute(self, call: Call) -> tuple[Any, Compiled]:
        compiled = call.statement.compiled(self._dialect)
        if compiled.needs_now and self._instant.now is None:
            await self.now()
        args = compiled.bind(call.params, self._instant)
        try:
            return await self._session.execute(compiled.sql, args or None), compiled
        except _ERRORS as error:
            self._fail(error)

    def _fail(self, error: Exception) -> NoReturn:
        self.failure = self._session.meaning(error, self._attempt)
        raise self.failure from cause_of(self.failure, error)

    async def all(self, call: Call) -> list[Row]:
        """See `Tx.all`."""
        cursor, compiled = await self._execute(call)
        return [compiled.make_row(values) for values in await cursor.fetchall()]

    async def one(self, call: Call) -> Row | None:
        """See `Tx.one`."""
        cursor, compiled = await self._execute(call)
        values = await cursor.fetchone()
        return None if values is None else compiled.make_row(values)

    async def run(self, call: Call) -> int:
        """See `Tx.run`."""
        cursor, _ = await self._execute(call)
        return int(cursor.rowcount)

    async def insert(self, call: Call) -> int:
        """See `Tx.insert`."""
        cursor, _ = await self._execute(call)
        return int(cursor.lastrowid)

    async def together(self, *calls: Call) -> None:
        """See `Tx.together`."""
        for call in calls:
            await self._execute(call)

    async def now(self) -> datetime:
        """See `Tx.now`."""
        if self._instant.now is None:
            # NOW() is the statement's time here; one reading serves the whole transaction, as on the other engines.
            try:
                cursor = await self._session.execute("SELECT UTC_TIMESTAMP(6)")
            except _ERRORS as error:
                self._fail(error)
            (moment,) = await cursor.fetchone()
            self._instant = Instant(moment.replace(tzinfo=UTC) + self._clock.shift, self._clock.shift)
        moment = self._instant.now
        assert moment is not None  # noqa: S101 - read above
        return moment


async def connect(url: URL) -> Any:
    """Return a connection of the driver."""
    authority = url.query.get("ssl_ca")
    return await asyncmy.connect(
        host=url.host or "localhost",
        port=url.port or 3306,
        user=url.username,
        password=url.password or "",
        db=url.database,
        unix_socket=url.query.get("unix_socket"),
        charset="utf8mb4",
        autocommit=True,
        connect_timeout=_CONNECT_WITHIN_S,
        client_flag=CLIENT.FOUND_ROWS,
        cursor_cls=_QuietCursor,
        ssl=ssl.create_default_context(cafile=str(authority)) if authority else None,
    )


class MysqlDatabase(ServedDatabase[MysqlSession]):
    """A MariaDB or MySQL database."""

    dialect = "mysql"
    # InnoDB writes the table anew while it is used.
    scrubbing = "OPTIMIZE TABLE `{table}`"
    remains = (
        "MariaDB/MySQL: no query finds it; its bytes can stay in the undo and redo logs until they are used again, in "
        "the binary log until that is purged, and in backups and replicas as long as you keep those"
    )

    def __init__(self, url: URL, clock: Clock, *, pool_size: int = 12, **options: Any) -> None:
        super().__init__(clock, pool_size=pool_size, **options)
        self._url = url
        self._core: Dialect = MARIADB

    @override
    async def _connect(self) -> MysqlSession:
        try:
            session = MysqlSession(await connect(self._url))
        except _ERRORS as error:
            log.warning("database.unreachable", engine=self.dialect, error=type(error).__name__)
            raise DatabaseUnavailable(retry_after_s=1) from error
        try:
            for sql in _set_up(self._lock_wait_s):
                await session.execute(sql)
        except _ERRORS as error:
            session.destroy()
            raise DatabaseUnavailable(retry_after_s=1) from error
        except BaseException:
            session.destroy()
            raise
        self._core = MARIADB if "mariadb" in session.connection.get_server_info().lower() else MYSQL
        return session

    @override
    def _tx(self, session: MysqlSession, attempt: Attempt) -> ServedTx:
        return MysqlTx(session, self.clock, self._core, attempt)

    @override
    async def check(self, *, accept_loss: bool = False) -> list[str]:
        unsafe, warnings = await self._timed(self._look)
        if unsafe and not accept_loss:
            raise UnsafeDatabase(f"MariaDB/MySQL runs with {', '.join(unsafe)}: acknowledged bookings could be lost")
        return [f"MariaDB/MySQL runs with {each}: acknowledged bookings may be lost" for each in unsafe] + warnings

    async def _look(self, attempt: Attempt) -> tuple[list[str], list[str]]:
        session = await self._take(attempt)
        try:
            cursor = await session.execute("SELECT @@innodb_flush_log_at_trx_commit, @@log_bin, @@sync_binlog")
            flush, log_bin, sync_binlog = await cursor.fetchone()
            cursor = await session.execute("SHOW STATUS LIKE 'wsrep_cluster_size'")
            galera = await cursor.fetchone()
        except _ERRORS as error:
            meaning = session.meaning(error, attempt)
            raise meaning from cause_of(meaning, error)
        finally:
            self._give_back(session, attempt)
        unsafe, warnings = [], []
        if flush not in _SAFE_FLUSHES:
            unsafe.append(f"innodb_flush_log_at_trx_commit={flush}")
        if log_bin and sync_binlog != 1:
            unsafe.append(f"sync_binlog={sync_binlog}")
        if galera and int(galera[1] or 0) > 1:
            warnings.append("this is a Galera cluster: write to one node only, or the promises do not hold")
        return unsafe, warnings

    @override
    async def _snapshot(self, work: Work[T], attempt: Attempt) -> T:
        begin = (
            "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",
            "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
        )
        return await self._transact(work, attempt, begin)

    @override
    async def _write(self, work: Work[T], attempt: Attempt) -> T:
        return await self._transact(work, attempt, ("START TRANSACTION",))

    @override
    async def _put(self, calls: Sequence[Call], attempt: Attempt) -> datetime:
        async def work(tx: Any) -> datetime:
            await tx.together(*calls)
            moment: datetime = await tx.now()
            return moment

        return await self._write(work, attempt)
