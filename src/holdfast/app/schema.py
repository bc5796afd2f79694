"""Whether the databases answer and have the newest schema, told without loading the migration tools."""

from importlib.resources import files

from sqlalchemy import Column, MetaData, Table, literal, select

from holdfast.app.modules import Assembly, Running
from holdfast.kit.db.database import Database, Tx
from holdfast.kit.db.statements import statement
from holdfast.kit.db.types import Text, Whole
from holdfast.kit.errors import HoldfastError

_REVISION_MAX = 32
_ONE = statement(select(literal(1, Whole()).label("one")))


async def alive(db: Database) -> None:
    """Return if the database answers.

    Raises:
        DatabaseUnavailable: It does not.
    """

    async def look(tx: Tx) -> None:
        await tx.one(_ONE())

    await db.read(look)


async def behind(assembly: Assembly) -> list[str]:
    """Return the modules whose schema is not the newest, in order of need."""
    return [
        name
        for name, running in assembly.running.items()
        if running.module.tables is not None and await _revision(running) != newest_revision(running.module.name)
    ]


def newest_revision(module: str) -> str:
    """Return the newest revision of a module's schema, from the names of its migration files."""
    return max(known_revisions(module))


def known_revisions(module: str) -> frozenset[str]:
    """Return every revision of a module's schema that this version knows."""
    names = (entry.name for entry in files(f"holdfast.{module}").joinpath("migrations").iterdir())
    return frozenset(f"{module}_{name.partition('_')[0]}" for name in names if name[:4].isdecimal())


async def revisions(assembly: Assembly) -> dict[str, str | None]:
    """Return the revision of each module that keeps tables, in order of need; None: it has none."""
    return {
        name: await _revision(running)
        for name, running in assembly.running.items()
        if running.module.tables is not None
    }


async def _revision(running: Running) -> str | None:
    versions = Table(f"{running.module.name}_migration", MetaData(), Column("version_num", Text(_REVISION_MAX)))
    find = statement(select(versions.c.version_num))

    async def look(tx: Tx) -> str | None:
        row = await tx.one(find())
        return None if row is None else str(row.version_num)

    try:
        return await running.db.read(look)
    except HoldfastError:
        raise
    except Exception:  # noqa: BLE001 - each driver has an error of its own for a table that is not there
        return None
