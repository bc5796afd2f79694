"""PostgreSQL by asyncpg."""

import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, NoReturn, TypeVar

import asyncpg
import structlog
from sqlalchemy.engine import URL
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
from holdfast.kit.db.statements import POSTGRESQL, Call, Compiled, Instant, Row, Statement
from holdfast.kit.errors import CommitOutcomeUnknown, DatabaseUnavailable, StorageFull

log = structlog.get_logger()

T = TypeVar("T")

_RETRYABLE: Final = frozenset({"40001", "40P01", "55P03"})
_GONE: Final = ("08", "57P01", "57P02", "57P03")
_UNWILLING: Final = frozenset({"53200", "53300", "53400", "57014", "58030"})
_READ_ONLY: Final = "25006"
_FULL: Final = "53100"
_UNREPLICATED: Final = frozenset({"01000", "57P01"})
_VIOLATIONS: Final[dict[str, type[IntegrityViolation]]] = {
    "23505": UniqueViolation,
    "23P01": UniqueViolation,
    "23514": CheckViolation,
    "22001": CheckViolation,
    "22003": CheckViolation,
    "23503": ForeignKeyViolation,
    "23502": NotNullViolation,
    "P0001": GuardViolation,
}
_CLIENT_ERRORS: Final = (asyncpg.InterfaceError, asyncpg.exceptions.InternalClientError)
_ERRORS: Final = (OSError, asyncpg.PostgresError, *_CLIENT_ERRORS)
_OUTDATED: Final = (asyncpg.exceptions.InvalidCachedStatementError, asyncpg.exceptions.OutdatedSchemaCacheError)
_COMBINATIONS_MOST: Final = 1024
_CLOSE_WITHIN_S: Final = 2
_CONNECT_WITHIN_S: Final = 5
_SETTINGS: Final = {
    "application_name": "holdfast",
    "timezone": "UTC",
    "jit": "off",
    "idle_in_transaction_session_timeout": "60s",
    "default_transaction_isolation": "read committed",
}


def _refusal(error: asyncpg.PostgresError) -> Exception:
    """Return what an answer of the server means. It answered, so nothing of the statement is kept."""
    code = error.sqlstate or ""
    if code in _VIOLATIONS:
        name = getattr(error, "constraint_name", None) or getattr(error, "column_name", None)
        return _VIOLATIONS[code](name or refused_by(str(error)))
    if code in _RETRYABLE or isinstance(error, _OUTDATED):
        return Retryable(code)
    if code == _FULL:
        return StorageFull()
    return DatabaseUnavailable(retry_after_s=1) if code in _UNWILLING else error


def _ends_session(error: asyncpg.PostgresError) -> bool:
    """Return whether the server is gone. The driver tells of a lost connection with the same class and a code."""
    fatal = getattr(error, "severity_en", None) in {"FATAL", "PANIC"}
    return fatal or (error.sqlstate or "").startswith(_GONE)


class PostgresSession(ServedSession):
    """One connection, and whether a COMMIT on it was acknowledged without being replicated."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self._unreplicated = False
        connection.add_log_listener(self._hear)

    def _hear(self, connection: Any, message: Any) -> None:
        # "canceling wait for synchronous replication": in the server's language, so it is known by its code. The
        # driver passes it on before it answers the statement.
        del connection
        if message.severity_en == "WARNING" and message.sqlstate in _UNREPLICATED:
            self._unreplicated = True

    @override
    def broken(self) -> bool:
        return self._unreplicated or bool(self.connection.is_closed()) or bool(self.connection.is_in_transaction())

    @override
    def destroy(self) -> None:
        self.connection.terminate()

    @override
    async def close(self) -> None:
        self.connection.remove_log_listener(self._hear)
        with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            await self.connection.close(timeout=_CLOSE_WITHIN_S)

    @override
    async def execute(self, sql: str) -> Any:
        return await self.connection.execute(sql)

    @override
    async def commit(self) -> None:
        done = await self.connection.execute("COMMIT")
        self.assure()
        if done != "COMMIT":
            raise RuntimeError(
                f"an error inside the transaction was passed over: the server answered COMMIT with {done}"
            )

    def assure(self) -> None:
        """Go on only if what was committed is as safe as it is meant to be.

        Raises:
            CommitOutcomeUnknown: The wait for the standby was cancelled; a failover may lose what was committed.
        """
        if self._unreplicated:
            log.warning("database.commit_outcome_unknown", reason="unreplicated")
            raise CommitOutcomeUnknown(retry_after_s=1)

    @override
    def meaning(self, error: Exception, attempt: Attempt) -> Exception:
        if isinstance(error, asyncpg.PostgresError) and not _ends_session(error):
            if error.sqlstate == _READ_ONLY and attempt.writes:
                self.destroy()  # a primary that was demoted: the next connection may lead to its successor
                return DatabaseUnavailable(retry_after_s=1)
            return _refusal(error)
        if isinstance(error, _OUTDATED):
            return Retryable("schema")
        if isinstance(error, OSError | asyncpg.PostgresError) or self._cut_off(error, attempt):
            self.destroy()
            return (CommitOutcomeUnknown if attempt.committing else DatabaseUnavailable)(retry_after_s=1)
        return error

    def _cut_off(self, error: Exception, attempt: Attempt) -> bool:
        """Return whether the driver failed for want of a connection, and not because it was used wrongly."""
        return bool(self.connection.is_closed()) and (attempt.committing or isinstance(error, _CLIENT_ERRORS))


class PostgresTx:
    """A transaction, or a bare connection when only reading."""

    __slots__ = ("_attempt", "_connection", "_instant", "_now", "_session", "failure")

    def __init__(self, session: PostgresSession, clock: Clock, attempt: Attempt) -> None:
        self._session = session
        self._connection = session.connection
        self._instant = Instant(None, clock.shift)
        self._attempt = attempt
        self._now: datetime | None = None
        self.failure: Exception | None = None

    def _fail(self, error: Exception) -> NoReturn:
        self.failure = self._session.meaning(error, self._attempt)
        raise self.failure from cause_of(self.failure, error)

    async def all(self, call: Call) -> list[Row]:
        """See `Tx.all`."""
        compiled = call.statement.compiled(POSTGRESQL)
        try:
            found = await self._connection.fetch(compiled.sql, *compiled.bind(call.params, self._instant))
        except _ERRORS as error:
            self._fail(error)
        return [compiled.make_row(values) for values in found]

    async def one(self, call: Call) -> Row | None:
        """See `Tx.one`."""
        compiled = call.statement.compiled(POSTGRESQL)
        try:
            values = await self._connection.fetchrow(compiled.sql, *compiled.bind(call.params, self._instant))
        except _ERRORS as error:
            self._fail(error)
        return None if values is None else compiled.make_row(values)

    async def run(self, call: Call) -> int:
        """See `Tx.run`."""
        compiled = call.statement.compiled(POSTGRESQL)
        try:
            status = await self._connection.execute(compiled.sql, *compiled.bind(call.params, self._instant))
        except _ERRORS as error:
            self._fail(error)
        count = status.rpartition(" ")[2]
        return int(count) if count.isdigit() else 0

    async def insert(self, call: Call) -> int:
        """See `Tx.insert`.

        Raises:
            RuntimeError: The statement is no INSERT of one row with a generated key.
        """
        row = await self.one(call)
        if row is None:
            raise RuntimeError("the statement inserts no row with a generated key")
        return int(row[0])

    async def together(self, *calls: Call) -> None:
        """See `Tx.together`."""
        if calls:
            await self.combined(calls)

    async def combined(self, calls: Sequence[Call]) -> datetime:
        """Run writes as one statement and return the database's time."""
        sql, parts = _combined(tuple(call.statement for call in calls))
        try:
            args = [
                argument
                for call, compiled in zip(calls, parts, strict=True)
                for argument in compiled.bind(call.params, self._instant)
            ]
            self._now = await self._connection.fetchval(sql, *args)
        except _ERRORS as error:
            self._fail(error)
        return await self.now()

    async def now(self) -> datetime:
        """See `Tx.now`."""
        if self._now is None:
            try:
                self._now = await self._connection.fetchval("SELECT now()")
            except _ERRORS as error:
                self._fail(error)
        return self._now + self._instant.shift


@lru_cache(_COMBINATIONS_MOST)
def _combined(statements: tuple[Statement, ...]) -> tuple[str, tuple[Compiled, ...]]:
    """Return one statement that runs several writes, and how each is bound.

    PostgreSQL runs the writing parts of a WITH that nothing refers to in reverse order of writing, so they are written
    backwards: the first write takes its locks first, as on the other engines.
    """
    compiled = tuple(entry.compiled(POSTGRESQL) for entry in statements)
    parts: list[str] = []
    offset = 0
    for place, entry in enumerate(compiled):
        parts.append(f"part{place} AS ({_renumbered(entry.sql, offset)})")
        offset += len(entry.slots)
    return (f"WITH {', '.join(reversed(parts))} SELECT now()" if parts else "SELECT now()"), compiled


def _renumbered(sql: str, offset: int) -> str:
    """Return a statement whose parameters are numbered behind those of the parts before it."""
    return re.sub(r"\$(\d+)", lambda match: f"${int(match[1]) + offset}", sql)


async def connect(url: URL, *, lock_wait_s: float = 5.0) -> Any:
    """Return a connection of the driver."""
    return await asyncpg.connect(
        host=url.query.get("host") or url.host,
        port=url.port,
        user=url.username,
        password=url.password,
        database=url.database,
        ssl=url.query.get("sslmode"),
        target_session_attrs=url.query.get("target_session_attrs"),
        timeout=_CONNECT_WITHIN_S,
        statement_cache_size=512,
        max_cacheable_statement_size=0,  # writes that go together make long statements
        server_settings={**_SETTINGS, "lock_timeout": f"{lock_wait_s * 1000:.0f}ms"},
    )


class PostgresDatabase(ServedDatabase[PostgresSession]):
    """A PostgreSQL database."""

    dialect = "postgresql"
    # Never FULL, which keeps everybody from the table while it is written anew.
    scrubbing = 'VACUUM (SKIP_LOCKED) "{table}"'
    remains = (
        "PostgreSQL: no query finds it; its bytes can stay in freed space of the table's pages until they are used "
        "again, in the write-ahead log until that is recycled, and in backups and replicas as long as you keep those"
    )

    def __init__(self, url: URL, clock: Clock, *, pool_size: int = 12, **options: Any) -> None:
        super().__init__(clock, pool_size=pool_size, **options)
        self._url = url

    @override
    async def _connect(self) -> PostgresSession:
        try:
            connection = await connect(self._url, lock_wait_s=self._lock_wait_s)
        except _ERRORS as error:
            log.warning("database.unreachable", engine=self.dialect, error=type(error).__name__)
            raise DatabaseUnavailable(retry_after_s=1) from error
        return PostgresSession(connection)

    @override
    def _tx(self, session: PostgresSession, attempt: Attempt) -> ServedTx:
        return PostgresTx(session, self.clock, attempt)

    @override
    async def check(self, *, accept_loss: bool = False) -> list[str]:
        unsafe, warnings = await self._timed(self._look)
        if unsafe and not accept_loss:
            raise UnsafeDatabase(f"PostgreSQL runs with {', '.join(unsafe)}: acknowledged bookings could be lost")
        return [f"PostgreSQL runs with {each}: acknowledged bookings may be lost" for each in unsafe] + warnings

    async def _look(self, attempt: Attempt) -> tuple[list[str], list[str]]:
        session = await self._take(attempt)
        try:
            values = await session.connection.fetchrow(
                "SELECT current_setting('fsync') AS fsync, current_setting('full_page_writes') AS full_page_writes,"
                " current_setting('synchronous_commit') AS synchronous_commit,"
                " current_setting('synchronous_standby_names') AS standbys, pg_is_in_recovery() AS standby"
            )
        except _ERRORS as error:
            meaning = session.meaning(error, attempt)
            raise meaning from cause_of(meaning, error)
        finally:
            self._give_back(session, attempt)
        switches = ("fsync", "full_page_writes", "synchronous_commit")
        warnings = []
        if values["standby"]:
            warnings.append("PostgreSQL is a standby: nothing can be written here")
        if values["standbys"] and values["synchronous_commit"] == "local":
            warnings.append("PostgreSQL has synchronous standbys, but commits do not wait for them")
        return [f"{name}=off" for name in switches if values[name] == "off"], warnings

    @override
    async def _snapshot(self, work: Work[T], attempt: Attempt) -> T:
        return await self._transact(work, attempt, ["BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"])

    @override
    async def _write(self, work: Work[T], attempt: Attempt) -> T:
        return await self._transact(work, attempt, ["BEGIN"])

    @override
    async def _put(self, calls: Sequence[Call], attempt: Attempt) -> datetime:
        session = await self._take(attempt)
        try:
            # One statement is its own transaction: sending it is sending the COMMIT.
            attempt.commit()
            moment = await PostgresTx(session, self.clock, attempt).combined(calls)
            session.assure()
        except Exception as error:
            if not isinstance(error, CommitOutcomeUnknown):
                attempt.refused()
            self._was_lost(session)
            raise
        except BaseException:
            session.destroy()  # never cancelled, see `_transact`
            raise
        else:
            return moment
        finally:
            self._give_back(session, attempt)
