"""PostgreSQL by asyncpg."""

import asyncio
import re
from datetime import datetime
from typing import Any, Final, TypeVar

import asyncpg
from sqlalchemy.engine import URL
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
from holdfast.kit.db.statements import POSTGRESQL, Call, Instant, Row, Statement
from holdfast.kit.errors import CommitOutcomeUnknown, DatabaseUnavailable, StorageFull

T = TypeVar("T")

_RETRYABLE: Final = frozenset({"40001", "40P01", "55P03"})
_GONE: Final = ("08", "57P01", "57P02", "57P03", "25006")
_FULL: Final = "53100"
_UNREPLICATED: Final = "canceling wait for synchronous replication"
_VIOLATIONS: Final[dict[str, type[IntegrityViolation]]] = {
    "23505": UniqueViolation,
    "23P01": UniqueViolation,
    "23514": CheckViolation,
    "23503": ForeignKeyViolation,
    "23502": NotNullViolation,
    "P0001": GuardViolation,
}
_NETWORK: Final = (OSError, asyncpg.InterfaceError, asyncpg.exceptions.InternalClientError)


def translated(error: Exception, attempt: Attempt | None) -> Exception:
    """Return what an error of the driver means to us."""
    committing = attempt is not None and attempt.committing
    if isinstance(error, asyncpg.PostgresError):
        code = error.sqlstate or ""
        if code in _VIOLATIONS:
            return _VIOLATIONS[code](getattr(error, "constraint_name", None) or str(error))
        if code in _RETRYABLE:
            return Retryable(code)
        if code == _FULL:
            return StorageFull()
        if code.startswith(_GONE):
            return CommitOutcomeUnknown(retry_after_s=1) if committing else DatabaseUnavailable(retry_after_s=1)
        return error
    if isinstance(error, _NETWORK):
        return CommitOutcomeUnknown(retry_after_s=1) if committing else DatabaseUnavailable(retry_after_s=1)
    return error


class PostgresSession:
    """One connection, and whether a COMMIT on it was acknowledged without being replicated."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.unreplicated = False
        connection.add_log_listener(self._hear)

    def _hear(self, connection: Any, message: Any) -> None:
        del connection
        if _UNREPLICATED in str(getattr(message, "message", message)):
            self.unreplicated = True

    def broken(self) -> bool:
        return self.unreplicated or bool(self.connection.is_closed()) or bool(self.connection.is_in_transaction())

    def destroy(self) -> None:
        """Break the connection. Never cancel: a cancelled COMMIT can look like success (docs/decisions/0002)."""
        self.connection.terminate()

    async def close(self) -> None:
        self.connection.remove_log_listener(self._hear)
        await self.connection.close(timeout=2)


class PostgresTx:
    """A transaction, or a bare connection when only reading."""

    __slots__ = ("_attempt", "_connection", "_instant", "_now")

    def __init__(self, session: PostgresSession, clock: Clock, attempt: Attempt) -> None:
        self._connection = session.connection
        self._instant = Instant(None, clock.shift)
        self._attempt = attempt
        self._now: datetime | None = None

    async def all(self, call: Call) -> list[Row]:
        compiled = call.statement.compiled(POSTGRESQL)
        try:
            found = await self._connection.fetch(compiled.sql, *compiled.bind(call.params, self._instant))
        except Exception as error:
            raise translated(error, self._attempt) from error
        return [compiled.make_row(values) for values in found]

    async def one(self, call: Call) -> Row | None:
        compiled = call.statement.compiled(POSTGRESQL)
        try:
            values = await self._connection.fetchrow(compiled.sql, *compiled.bind(call.params, self._instant))
        except Exception as error:
            raise translated(error, self._attempt) from error
        return None if values is None else compiled.make_row(values)

    async def run(self, call: Call) -> int:
        compiled = call.statement.compiled(POSTGRESQL)
        try:
            status = await self._connection.execute(compiled.sql, *compiled.bind(call.params, self._instant))
        except Exception as error:
            raise translated(error, self._attempt) from error
        count = status.rpartition(" ")[2]
        return int(count) if count.isdigit() else 0

    async def insert(self, call: Call) -> int:
        row = await self.one(call)
        if row is None:
            raise RuntimeError("the statement inserts no row with a generated key")
        return int(row[0])

    async def together(self, *calls: Call) -> None:
        await self.combined(calls)

    async def combined(self, calls: tuple[Call, ...]) -> datetime:
        """Run writes as one statement and return the database's time."""
        sql, makers = _combined(tuple(call.statement for call in calls))
        args: list[Any] = [
            argument
            for call, compiled in zip(calls, makers, strict=True)
            for argument in compiled.bind(call.params, self._instant)
        ]
        try:
            self._now = await self._connection.fetchval(sql, *args)
        except Exception as error:
            raise translated(error, self._attempt) from error
        return await self.now()

    async def now(self) -> datetime:
        if self._now is None:
            self._now = await self._connection.fetchval("SELECT now()")
        return self._now + self._instant.shift


_combinations: dict[tuple[Statement, ...], tuple[str, tuple[Any, ...]]] = {}


def _combined(statements: tuple[Statement, ...]) -> tuple[str, tuple[Any, ...]]:
    """Return one statement that runs several writes, and how each is bound.

    PostgreSQL runs the writing parts of a WITH that nothing refers to in reverse order of writing, so they are written
    backwards: the first write takes its locks first, as on the other engines.
    """
    found = _combinations.get(statements)
    if found is None:
        compiled = tuple(entry.compiled(POSTGRESQL) for entry in statements)
        parts, offset = [], 0
        for place, entry in enumerate(compiled):
            # Every part has its own numbers, moved behind those of the parts before it.
            sql = re.sub(r"\$(\d+)", lambda match, offset=offset: f"${int(match[1]) + offset}", entry.sql)
            parts.append(f"part{place} AS ({sql})")
            offset += len(entry.slots)
        found = _combinations[statements] = (f"WITH {', '.join(reversed(parts))} SELECT now()", compiled)
    return found


class PostgresDatabase(Database):
    """A PostgreSQL database."""

    dialect = "postgresql"

    def __init__(self, url: URL, clock: Clock, *, pool_size: int = 12, **options: Any) -> None:
        super().__init__(clock, **options)
        self._url = url
        self._pool = Pool(self._connect, size=pool_size)

    async def _connect(self) -> PostgresSession:
        try:
            connection = await asyncpg.connect(
                host=self._url.query.get("host") or self._url.host,
                port=self._url.port,
                user=self._url.username,
                password=self._url.password,
                database=self._url.database,
                timeout=5,
                statement_cache_size=512,
                server_settings={
                    "application_name": "holdfast",
                    "timezone": "UTC",
                    "jit": "off",
                    "lock_timeout": "5s",
                    "idle_in_transaction_session_timeout": "60s",
                    "default_transaction_isolation": "read committed",
                },
            )
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
            raise DatabaseUnavailable(retry_after_s=1) from error
        return PostgresSession(connection)

    @override
    async def check(self, *, accept_loss: bool = False) -> list[str]:
        wanted = {"fsync": {"on"}, "full_page_writes": {"on"}}
        warnings = []
        async with self._pool.session() as session:
            for name, good in wanted.items():
                value = await session.connection.fetchval(f"SHOW {name}")
                if value not in good and not accept_loss:
                    raise UnsafeDatabase(f"PostgreSQL runs with {name}={value}: acknowledged bookings could be lost")
            commit = await session.connection.fetchval("SHOW synchronous_commit")
            if commit == "off" and not accept_loss:
                raise UnsafeDatabase("PostgreSQL runs with synchronous_commit=off: acknowledged bookings could be lost")
            if await session.connection.fetchval("SELECT pg_is_in_recovery()"):
                warnings.append("PostgreSQL is a standby: nothing can be written here")
        return warnings

    @override
    async def close(self) -> None:
        await self._drain()
        await self._pool.close()

    @override
    async def _read(self, work: Work[T], attempt: Attempt) -> T:
        async with self._pool.session() as session:
            attempt.destroy = session.destroy
            try:
                return await work(PostgresTx(session, self.clock, attempt))
            except asyncio.CancelledError:
                session.destroy()  # an answer may still be on its way
                raise

    @override
    async def _snapshot(self, work: Work[T], attempt: Attempt) -> T:
        return await self._transact(work, attempt, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")

    @override
    async def _write(self, work: Work[T], attempt: Attempt) -> T:
        return await self._transact(work, attempt, "BEGIN")

    async def _transact(self, work: Work[T], attempt: Attempt, begin: str) -> T:
        async with self._pool.session() as session:
            attempt.destroy = session.destroy
            connection = session.connection
            try:
                await connection.execute(begin)
                result = await work(PostgresTx(session, self.clock, attempt))
                attempt.committing = True
                await connection.execute("COMMIT")
            except BaseException as error:
                meaning = translated(error, attempt) if isinstance(error, Exception) else error
                await _roll_back(session)
                raise meaning from error
            if session.unreplicated:
                raise CommitOutcomeUnknown(retry_after_s=1)
            return result

    @override
    async def _put(self, calls: tuple[Call, ...], attempt: Attempt) -> datetime:
        async with self._pool.session() as session:
            attempt.destroy = session.destroy
            # One statement is its own transaction: sending it is sending the COMMIT.
            attempt.committing = True
            moment = await PostgresTx(session, self.clock, attempt).combined(calls)
            if session.unreplicated:
                raise CommitOutcomeUnknown(retry_after_s=1)
            return moment


async def _roll_back(session: PostgresSession) -> None:
    """End the transaction, or the connection when that cannot be done."""
    try:
        if not session.connection.is_closed():
            await session.connection.execute("ROLLBACK")
    except Exception:  # noqa: BLE001 - the first error is the one to tell
        session.destroy()
