"""From a URL to a database."""

from typing import Any, Final

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from holdfast.kit.clock import Clock
from holdfast.kit.db.database import Database


class BadDatabaseUrl(ValueError):
    """The database URL cannot be understood. Use `sqlite:///file.db`, `postgresql://…` or `mysql://…`."""


_OPTIONS: Final = {
    "sqlite": frozenset[str](),
    "postgresql": frozenset({"host", "sslmode", "target_session_attrs"}),
    "mysql": frozenset({"charset", "unix_socket", "ssl_ca"}),
}


def parsed(url: str) -> URL:
    """Return the parts of a database URL.

    Raises:
        BadDatabaseUrl: It is no URL, of an engine that is not served, or has an option that would be passed over.
    """
    try:
        made = make_url(url)
    except ArgumentError as error:
        raise BadDatabaseUrl("the database URL cannot be read") from error
    if engine_of(made) not in {"sqlite", "postgresql", "mysql"}:
        raise BadDatabaseUrl(f"no such engine: {made.drivername}; use sqlite, postgresql, mysql or mariadb")
    if not made.database or made.database == ":memory:":
        raise BadDatabaseUrl("the database URL names no database")
    known = _OPTIONS[engine_of(made)]
    if strange := sorted(set(made.query) - known):
        raise BadDatabaseUrl(f"no such option: {strange[0]}; there are {', '.join(sorted(known)) or 'none'}")
    return made


def engine_of(url: URL) -> str:
    """Return the family an URL belongs to: `mariadb` counts as mysql, `postgres` as postgresql."""
    family = url.get_backend_name()
    return {"mariadb": "mysql", "postgres": "postgresql"}.get(family, family)


async def open_database(url: str, clock: Clock | None = None, *, checkpoints: bool = True, **options: Any) -> Database:
    """Return the database at an URL. Nothing is connected before the first use.

    Args:
        url: SQLAlchemy's form.
        clock: Whose `shift` the database's time follows.
        checkpoints: SQLite only: whether this process is the one that checkpoints. One may.
        options: `deadline_s`, and `pool_size` where there is a server.

    Raises:
        BadDatabaseUrl: See `parsed`.
    """
    made = parsed(url)
    clock = clock or Clock()
    match engine_of(made):
        case "sqlite":
            from holdfast.kit.db.sqlite import SqliteDatabase  # noqa: PLC0415 - only the drivers in use are loaded

            options.pop("pool_size", None)
            return SqliteDatabase(str(made.database), clock, checkpoints=checkpoints, **options)
        case "postgresql":
            from holdfast.kit.db.postgres import PostgresDatabase  # noqa: PLC0415 - as above

            return PostgresDatabase(made, clock, **options)
        case _:
            from holdfast.kit.db.mysql import MysqlDatabase  # noqa: PLC0415 - as above

            return MysqlDatabase(made, clock, **options)
