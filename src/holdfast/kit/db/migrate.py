"""Schema up and down: Alembic, one line of revisions per module, on every engine.

A module's revisions lie in its `migrations/` folder and are kept in a version table of its own, so that modules can
share a database or have one each.
"""

import importlib
import importlib.resources
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, TypeVar

from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, create_engine, event, inspect, literal, select, table
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from holdfast.kit.db.opening import engine_of, parsed
from holdfast.kit.db.statements import dialect_name
from holdfast.kit.errors import DatabaseUnavailable

T = TypeVar("T")

_DRIVERS = {"postgresql": "postgresql+asyncpg", "mysql": "mysql+asyncmy", "sqlite": "sqlite+pysqlite"}
_MODULES = {"postgresql": "postgres", "mysql": "mysql"}
_LOCK_WAIT_S = 10
_LOCK = 727274
_GUARDS = """SELECT proname FROM pg_proc
    WHERE pronamespace = current_schema()::regnamespace AND prorettype = 'trigger'::regtype"""


def _folder(module: str) -> Path:
    return Path(str(importlib.resources.files(f"holdfast.{module}"))) / "migrations"


def _versions(module: str) -> str:
    return f"{module}_migration"


async def _with_connection(url: str, run: Callable[[Connection], T]) -> T:
    made = parsed(url)
    family = engine_of(made)
    target = made.set(drivername=_DRIVERS[family], query={})
    if family == "sqlite":
        return _with_sqlite(target, run)
    connect = importlib.import_module(f"holdfast.kit.db.{_MODULES[family]}").connect
    engine = create_async_engine(target, poolclass=NullPool, async_creator=lambda: connect(made))
    try:
        async with engine.connect() as connection:
            result = await connection.run_sync(run)
            await connection.commit()
            return result
    finally:
        await engine.dispose()


def _with_sqlite(url: URL, run: Callable[[Connection], T]) -> T:
    Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, record: Any) -> None:
        del record
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # The driver's own BEGIN would come too late to put DDL into the transaction.
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    try:
        with engine.begin() as connection:
            return run(connection)
    finally:
        engine.dispose()


def _environment(connection: Connection, module: str, step: Callable[..., Any], target: str) -> None:
    folder = str(_folder(module))
    config = Config()
    config.set_main_option("script_location", folder)
    script = ScriptDirectory(folder, version_locations=[folder])
    with EnvironmentContext(config, script, fn=lambda rev, _: step(script, rev), destination_rev=target) as environment:
        environment.configure(connection=connection, version_table=_versions(module), transactional_ddl=False)
        environment.run_migrations()


async def migrate(url: str, module: str, *, target: str = "head") -> None:
    """Bring a module's schema to a revision: `head` is the newest, `base` takes everything away.

    Raises:
        BadDatabaseUrl: See `opening.parsed`.
        DatabaseUnavailable: Another process has been changing the schema for too long.
    """

    def down(script: ScriptDirectory, revision: Any) -> Any:
        return script._downgrade_revs(target, revision)  # noqa: SLF001 - what alembic's own command calls

    def up(script: ScriptDirectory, revision: Any) -> Any:
        return script._upgrade_revs(target, revision)  # noqa: SLF001 - what alembic's own command calls

    def run(connection: Connection) -> None:
        _take_turns(connection)
        _environment(connection, module, down if target == "base" else up, target)

    await _with_connection(url, run)


def _take_turns(connection: Connection) -> None:
    """Keep another server that starts at this moment waiting; SQLite's transaction does it by itself.

    Raises:
        DatabaseUnavailable: It has been at it for too long.
    """
    family = dialect_name(connection.dialect)
    if family == "postgresql":
        connection.exec_driver_sql(f"SET lock_timeout = '{_LOCK_WAIT_S}s'")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
    elif family == "mysql":
        connection.exec_driver_sql(f"SET SESSION lock_wait_timeout = {_LOCK_WAIT_S}")
        # Let go with the connection.
        lock = f"GET_LOCK(LEFT(CONCAT('holdfast.', DATABASE()), 64), {_LOCK_WAIT_S})"
        if connection.exec_driver_sql(f"SELECT {lock}").scalar() != 1:
            raise DatabaseUnavailable("another process is changing the schema", retry_after_s=_LOCK_WAIT_S)


async def revision_of(url: str, module: str) -> tuple[str | None, str | None]:
    """Return the revision a module's schema has, and the newest there is."""

    def look(connection: Connection) -> str | None:
        return MigrationContext.configure(connection, opts={"version_table": _versions(module)}).get_current_revision()

    folder = str(_folder(module))
    newest = ScriptDirectory(folder, version_locations=[folder]).get_current_head()
    return await _with_connection(url, look), newest


async def differences(url: str, module: str, tables: MetaData) -> list[Any]:
    """Return how a migrated schema differs from the module's tables; empty when the revisions tell the truth."""
    prefix = f"{module}_"

    def ours(name: str | None, kind: str, parents: Any) -> bool:
        del parents
        return kind != "table" or ((name or "").startswith(prefix) and name != _versions(module))

    def look(connection: Connection) -> list[Any]:
        context = MigrationContext.configure(
            connection,
            opts={
                "version_table": _versions(module),
                "include_name": ours,
                "compare_type": False,
                "target_metadata": tables,
            },
        )
        return list(compare_metadata(context, tables))

    return await _with_connection(url, look)


async def tables_in(url: str) -> list[str]:
    """Return the tables of a database, but no empty one that only kept revisions: that is what `base` leaves.

    A SQLite file that is not there is made, as by `migrate`.
    """

    def look(connection: Connection) -> list[str]:
        names = inspect(connection).get_table_names()
        return sorted(name for name in names if not name.endswith("_migration") or _has_rows(connection, name))

    return await _with_connection(url, look)


def _has_rows(connection: Connection, name: str) -> bool:
    one = select(literal(1)).select_from(table(name)).limit(1)
    return connection.execute(one).first() is not None


async def wipe(url: str, modules: Collection[str]) -> None:
    """Drop every table of these modules, of whatever revision, with all data. SQLite: delete the file instead."""
    prefixes = tuple(f"{module}_" for module in modules)

    def run(connection: Connection) -> None:
        _take_turns(connection)
        names = [name for name in inspect(connection).get_table_names() if name.startswith(prefixes)]
        if dialect_name(connection.dialect) == "postgresql":
            for name in names:
                connection.exec_driver_sql(f'DROP TABLE "{name}" CASCADE')
            for (name,) in connection.exec_driver_sql(_GUARDS).all():
                if name.startswith(prefixes):
                    connection.exec_driver_sql(f'DROP FUNCTION "{name}"()')
            return
        connection.exec_driver_sql("SET SESSION foreign_key_checks = 0")
        for name in names:
            connection.exec_driver_sql(f"DROP TABLE `{name}`")

    await _with_connection(url, run)
