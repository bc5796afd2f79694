"""Looking for flights: places by their names, the flights that may be part of a slice, and what a page shows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypedDict

from sqlalchemy import bindparam, or_, select, union_all

from holdfast.kit.db.database import Tx
from holdfast.kit.db.statements import Row, rows, statement
from holdfast.kit.db.types import Text, Whole
from holdfast.search.models.flights import airport, leg, sold_as
from holdfast.search.rules.flight_facts import iata_asked
from holdfast.search.rules.words import ESCAPE, place_pattern

_SLIM: Final = (
    leg.c.flight_id,
    leg.c.owner_id,
    leg.c.origin_id,
    leg.c.destination_id,
    leg.c.departs,
    leg.c.arrives,
    leg.c.airline,
    leg.c.sold_as,
    leg.c.rooms,
)
_NOW: Final = bindparam("now", type_=Whole())
_FIRST: Final = bindparam("first", type_=Whole())
_END: Final = bindparam("end", type_=Whole())
_LAST: Final = bindparam("last", type_=Whole())
_SOLD: Final = (~leg.c.canceled, leg.c.closes >= _NOW, leg.c.departs > bindparam("minute", type_=Whole()))

_STARTS = rows("starts", airport_id=Whole(), first=Whole(), end=Whole())
_GOALS = rows("goals", airport_id=Whole())
_REACHED = rows("reached", airport_id=Whole())
_FROM: Final = (
    (leg.c.origin_id == _STARTS.c.airport_id) & (leg.c.departs >= _STARTS.c.first) & (leg.c.departs < _STARTS.c.end)
)
_FROM_ORIGINS: Final = statement(select(*_SLIM).select_from(_STARTS).join(leg, _FROM).where(*_SOLD))
_STRAIGHT: Final = statement(
    select(*_SLIM)
    .select_from(_STARTS)
    .join(leg, _FROM)
    .join(_GOALS, _GOALS.c.airport_id == leg.c.destination_id)
    .where(*_SOLD)
)
_ARRIVING: Final = (
    select(*_SLIM)
    .select_from(_GOALS)
    .join(leg, leg.c.destination_id == _GOALS.c.airport_id)
    .where(leg.c.departs >= _FIRST, leg.c.departs < _LAST, *_SOLD)
)
_LAST_LEGS: Final = statement(_ARRIVING)
_DOOR = leg.alias("door")
# From where one gets to the destination in time: who changes twice changes there.
_DOORS: Final = (
    select(_DOOR.c.origin_id)
    .select_from(_GOALS)
    .join(_DOOR, _DOOR.c.destination_id == _GOALS.c.airport_id)
    .where(_DOOR.c.departs >= _FIRST, _DOOR.c.departs < _LAST)
)
# Two lists, not a join: SQLite would go through all that was reached for every flight to one of the doors.
_MIDDLE: Final = select(*_SLIM).where(
    leg.c.origin_id.in_(select(_REACHED.c.airport_id)),
    leg.c.destination_id.in_(_DOORS),
    leg.c.departs >= _FIRST,
    leg.c.departs < _END,
    *_SOLD,
)
_MIDDLE_AND_LAST_LEGS: Final = statement(union_all(_ARRIVING, _MIDDLE))

_IDS = rows("ids", id=Whole())
_AIRPORTS: Final = statement(select(*airport.c).join(_IDS, _IDS.c.id == airport.c.airport_id))
_NAMED: Final = statement(
    select(airport.c.airport_id, airport.c.iata, airport.c.zone).where(
        or_(
            airport.c.iata == bindparam("iata", type_=Text(3)),
            airport.c.places.like(bindparam("place", type_=Text(1000)), escape=ESCAPE),
        )
    )
)
_FACES: Final = statement(select(*leg.c).join(_IDS, _IDS.c.id == leg.c.flight_id))
_CONTENTS: Final = statement(select(sold_as.c.number, sold_as.c.content).join(_IDS, _IDS.c.id == sold_as.c.number))


class Now(TypedDict):
    """The moment of asking in epoch minutes, for what is sold until then and for what departs after it."""

    now: int
    """Rounded up."""
    minute: int
    """Rounded down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class After:
    """What may come after the first flights of a slice."""

    reached: Iterable[int]
    """Where they go."""
    goals: Iterable[int]
    """Where the slice ends."""
    first: int
    """When the first of them arrives, in epoch minutes."""
    middle_end: int
    """Before when a second flight departs, of three."""
    last_end: int
    """Before when the last flight departs."""


async def named(tx: Tx, *, said: str) -> list[Row]:
    """Return airport_id and zone of the airports somebody means: that of a code, or else those of a name."""
    code = iata_asked(said)
    found = await tx.all(_NAMED(iata=code or "-", place=place_pattern(said)))
    return [row for row in found if row.iata == code] or found


async def starts(tx: Tx, *, windows: Sequence[tuple[int, int, int]], now: Now) -> list[Row]:
    """Return flights from airports in windows (airport id, first, end) of departure."""
    return await tx.all(_FROM_ORIGINS(starts=windows, **now))


async def straight(tx: Tx, *, windows: Sequence[tuple[int, int, int]], goals: Iterable[int], now: Now) -> list[Row]:
    """Return flights from airports in windows of departure that end where the slice does."""
    return await tx.all(_STRAIGHT(starts=windows, goals=_numbers(goals), **now))


async def last_legs(tx: Tx, *, after: After, now: Now) -> list[Row]:
    """Return flights that may be the last of two."""
    return await tx.all(_LAST_LEGS(goals=_numbers(after.goals), first=after.first, last=after.last_end, **now))


async def middle_and_last_legs(tx: Tx, *, after: After, now: Now) -> list[Row]:
    """Return flights that may be the second or the third of three; some come twice."""
    return await tx.all(
        _MIDDLE_AND_LAST_LEGS(
            goals=_numbers(after.goals),
            reached=_numbers(after.reached),
            first=after.first,
            end=after.middle_end,
            last=after.last_end,
            **now,
        )
    )


async def airports(tx: Tx, *, ids: Iterable[int]) -> dict[int, Row]:
    """Return airports by id."""
    return {row.airport_id: row for row in await tx.all(_AIRPORTS(ids=_numbers(ids)))}


async def contents(tx: Tx, *, numbers: Iterable[int]) -> Mapping[int, object]:
    """Return what flights are sold for by its number, as plain JSON values."""
    return {row.number: row.content for row in await tx.all(_CONTENTS(ids=_numbers(numbers)))}


async def faces(tx: Tx, *, ids: Iterable[int]) -> dict[int, Row]:
    """Return everything that is kept of flights."""
    return {row.flight_id: row for row in await tx.all(_FACES(ids=_numbers(ids)))}


def _numbers(ids: Iterable[int]) -> list[tuple[int]]:
    return [(each,) for each in sorted(set(ids))]
