"""The naive way to a day of a room: for each time and each table one query that looks for a party in its way."""

from collections.abc import Sequence
from datetime import date, time

from sqlalchemy import Column, Index, Table, bindparam, select

from holdfast.kit.db.database import Database, Tx
from holdfast.kit.db.migrate import _with_connection
from holdfast.kit.db.statements import adding_rows, rows_like, statement
from holdfast.kit.db.tables import STRICT, module_tables
from holdfast.kit.db.types import Text, Whole
from holdfast.verticals.dining.seating import seatings
from holdfast.verticals.dining.slots import arrivals, end_of, minutes_for
from holdfast.verticals.dining.terms import DiningTerms

_tables = module_tables("bench")
_party = Table(
    "bench_party",
    _tables,
    Column("id", Whole(), primary_key=True),
    Column("restaurant_id", Whole(), nullable=False),
    Column("table_code", Text(20), nullable=False),
    Column("first_slot", Whole(), nullable=False),
    Column("end_slot", Whole(), nullable=False),
    Index(None, "restaurant_id", "table_code", "first_slot", "end_slot"),
    **STRICT,
)
_COLUMNS = ("id", "restaurant_id", "table_code", "first_slot", "end_slot")
_SEAT = adding_rows(_party, rows_like("parties", _party, *_COLUMNS))
_LOOK = statement(
    select(_party.c.id)
    .where(
        _party.c.restaurant_id == bindparam("restaurant_id"),
        _party.c.table_code == bindparam("table_code"),
        _party.c.first_slot < bindparam("end_slot", type_=Whole()),
        _party.c.end_slot > bindparam("first_slot", type_=Whole()),
    )
    .limit(1)
)


async def fill(database: Database, url: str, restaurant_id: int, parties: Sequence[tuple[str, int, int]]) -> None:
    """Note the parties, given as table, first slot and end, in a table of their own with the index the query wants."""
    await _with_connection(url, _tables.create_all)
    found = [(number, restaurant_id, *party) for number, party in enumerate(parties, start=1)]
    await database.put(_SEAT(parties=found))


async def free(tx: Tx, *, terms: DiningTerms, day: date, party_size: int) -> tuple[list[time], int]:
    """Return the times at which a party can be seated, and how many queries that took.

    Only tables are looked at that the party could be given; which these are, and when parties come and go, the
    product's own rules say.
    """
    seated = seatings(terms, party_size, online=True)
    codes = list(dict.fromkeys(code for each in seated for code in each))
    minutes, found, looks = minutes_for(terms, party_size, None), [], 0
    for arrival in arrivals(terms, day):
        asked = {
            "restaurant_id": terms.restaurant_id,
            "first_slot": arrival.slot,
            "end_slot": end_of(terms.zone, arrival.slot, minutes),
        }
        taken = {code for code in codes if await tx.one(_LOOK(**asked, table_code=code)) is not None}
        looks += len(codes)
        if any(taken.isdisjoint(each) for each in seated):
            found.append(arrival.at)
    return found, looks
