"""Where the journal of DBOS lies, and the engine it is opened with.

On SQLite exactly one connection writes and checkpoints (docs/decisions/0011), so the engine has one; whoever only looks
opens its own, which never checkpoints. The journal is as durable as the books: WAL and `synchronous=FULL`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine, create_engine, event, inspect
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool, QueuePool

from holdfast.kit.db.opening import BadDatabaseUrl, engine_of, parsed
from holdfast.sagas.api import JourneyStep

SCHEMA: Final = "holdfast_sagas"
_BESIDE_MYSQL: Final = "sqlite:///var/holdfast.sagas.db"
_POOL: Final = 4
_BUSY_S: Final = 30
_CONNECT_S: Final = 10
_STEPS_MAX: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the journal lies."""

    url: str
    file: Path | None
    """None on PostgreSQL."""


def place_of(journal_url: str, module_url: str) -> Place:
    """Return where the journal lies: where the setting says, else beside the module's own database.

    Raises:
        BadDatabaseUrl: The setting is no URL, or DBOS cannot keep its journal there.
    """
    url = journal_url or _beside(module_url)
    made = parsed(url)
    family = engine_of(made)
    if family == "mysql":
        raise BadDatabaseUrl("DBOS keeps no journal on MariaDB or MySQL; set HOLDFAST_SAGAS_JOURNAL_URL to another")
    if family == "sqlite":
        return Place(url=url, file=Path(str(made.database)))
    driven = made.set(drivername="postgresql+psycopg")
    return Place(url=driven.render_as_string(hide_password=False), file=None)


def _beside(module_url: str) -> str:
    made = parsed(module_url)
    family = engine_of(made)
    if family == "mysql":
        return _BESIDE_MYSQL
    if family == "postgresql":
        return module_url
    path = Path(str(made.database))
    return f"sqlite:///{path.with_name(f'{path.stem}.sagas.db')}"


def open_engine(place: Place) -> Engine:
    """Return the engine of the process that runs sagas. Nothing is connected yet."""
    if place.file is None:
        return create_engine(
            make_url(place.url),
            pool_size=_POOL,
            max_overflow=_POOL,
            pool_pre_ping=True,
            connect_args={"application_name": "holdfast-sagas", "connect_timeout": _CONNECT_S},
        )
    place.file.parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        place.url, poolclass=QueuePool, pool_size=1, max_overflow=0, connect_args={"check_same_thread": False}
    )
    _prepare(engine, checkpoints=True)
    return engine


@contextmanager
def looking(place: Place) -> Iterator[Engine | None]:
    """Lend an engine for somebody who only looks; None where there is no journal yet."""
    if place.file is not None and not place.file.exists():
        yield None
        return
    if place.file is None:
        engine = create_engine(make_url(place.url), poolclass=NullPool, connect_args={"connect_timeout": _CONNECT_S})
    else:
        engine = create_engine(place.url, poolclass=NullPool)
        _prepare(engine, checkpoints=False)
    try:
        yield engine if _is_made(engine, place) else None
    finally:
        engine.dispose()


def steps_of(place: Place, workflow_id: str) -> list[JourneyStep]:
    """Return the steps of a workflow; none where the journal has not heard of it. Launches nothing."""
    from dbos import DBOSClient, DBOSPortableJSONSerializer  # noqa: PLC0415 - loaded by those who look only

    with looking(place) as engine:
        if engine is None:
            return []
        client = DBOSClient(
            system_database_engine=engine,
            dbos_system_schema=SCHEMA,
            serializer=DBOSPortableJSONSerializer(),
            lazy=True,
            retry_connection_errors=False,
        )
        try:
            return [
                JourneyStep(
                    position=step["function_id"],
                    name=step["function_name"],
                    result=step["output"] if step["error"] is None else {"error": str(step["error"])},
                    started_at=_moment(step["started_at_epoch_ms"]),
                    ended_at=_moment(step["completed_at_epoch_ms"]),
                )
                for step in client.list_workflow_steps(workflow_id, limit=_STEPS_MAX)
            ]
        finally:
            client.destroy()


def _moment(epoch_ms: int | None) -> datetime | None:
    return None if epoch_ms is None else datetime.fromtimestamp(epoch_ms / 1000, UTC)


def _is_made(engine: Engine, place: Place) -> bool:
    schema = SCHEMA if place.file is None else None
    try:
        with engine.connect() as connection:
            return bool(inspect(connection).has_table("workflow_status", schema=schema))
    except DBAPIError:
        return False


def _prepare(engine: Engine, *, checkpoints: bool) -> None:
    @event.listens_for(engine, "connect")
    def prepare(connection: Any, record: Any) -> None:
        del record
        connection.isolation_level = "IMMEDIATE"  # whoever reads first and then writes would be refused at once
        connection.execute(f"PRAGMA busy_timeout={_BUSY_S * 1000}")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        if not checkpoints:
            connection.execute("PRAGMA wal_autocheckpoint=0")
