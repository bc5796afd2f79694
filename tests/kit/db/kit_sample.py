"""A table with a column of every kind, and a few more to write to, for the tests of the kit's database."""

from contextlib import asynccontextmanager
from datetime import timedelta
from enum import StrEnum

from sqlalchemy import CheckConstraint, Column, ForeignKey, Table, UniqueConstraint, bindparam, select, update

from holdfast.kit.clock import Clock
from holdfast.kit.db.migrate import _with_connection
from holdfast.kit.db.opening import open_database
from holdfast.kit.db.statements import adding, adding_rows, db_now, rows, statement
from holdfast.kit.db.tables import STRICT, module_tables, one_of
from holdfast.kit.db.types import Choice, Day, Flag, Json, Moment, Real, Text, Whole


class Shade(StrEnum):
    DARK = "dark"
    LIGHT = "light"


tables = module_tables("sample")

KINDS = {
    "id": Whole(),
    "text": Text(40),
    "whole": Whole(),
    "real": Real(),
    "flag": Flag(),
    "day": Day(),
    "moment": Moment(),
    "json": Json(),
    "choice": Choice(Shade),
}
thing = Table(
    "sample_thing",
    tables,
    *(Column(name, kind, primary_key=name == "id", autoincrement=False) for name, kind in KINDS.items()),
    one_of("choice", Shade),
    **STRICT,
)
ADD_THING = adding(thing)
ADD_THINGS = adding_rows(thing, rows("things", **KINDS))
THINGS = statement(select(thing).order_by(thing.c.id))

word = Table(
    "sample_word",
    tables,
    Column("id", Whole(), primary_key=True, autoincrement=True),
    Column("text", Text(8), nullable=False),
    UniqueConstraint("text"),
    **STRICT,
)
ADD_WORD = adding(word, "text")
WORDS = statement(select(word).order_by(word.c.text))

account = Table(
    "sample_account",
    tables,
    Column("name", Text(20), primary_key=True),
    Column("cents", Whole(), nullable=False),
    CheckConstraint("cents >= 0", name="solvent"),
    **STRICT,
)
OPEN = adding(account, "name", "cents")
ACCOUNTS = statement(select(account).order_by(account.c.name))
PAY = statement(
    update(account)
    .where(account.c.name == bindparam("of"))
    .values(cents=account.c.cents + bindparam("by", type_=Whole()))
)

note = Table(
    "sample_note",
    tables,
    Column("id", Whole(), primary_key=True, autoincrement=True),
    Column("account", Text(20), ForeignKey(account.c.name), nullable=False),
    Column("at", Moment(), nullable=False),
    **STRICT,
)
ADD_NOTE = adding(note, "account", "at")

CLEAR = [statement(table.delete()) for table in (note, account, word, thing)]

NOW = statement(select(db_now().label("now"), db_now("seconds").label("then")))


async def create(url):
    """Make the tables in an empty database."""
    await _with_connection(url, tables.create_all)


async def clear(database):
    """Take all rows away."""
    await database.put(*(each() for each in CLEAR))


@asynccontextmanager
async def opened(url, *, shift=timedelta(), **options):
    """Lend the database at an URL."""
    database = await open_database(url, Clock(shift), **options)
    try:
        yield database
    finally:
        await database.close()


async def all_of(database, found):
    """Return the rows of a statement without parameters."""
    return await database.read(lambda tx: tx.all(found()))


async def balances(database):
    """Return what lies on each account."""
    return {row.name: row.cents for row in await all_of(database, ACCOUNTS)}
