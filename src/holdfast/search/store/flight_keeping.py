"""Keeping the read model of flights: what is said of them, what is left, and the airports and fares they share.

All of it rests on what was read elsewhere before, so a writer may come with old news. A leg's row counts its writes;
who finds another count than before it went to look has been overtaken, does not write, and looks again.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import bindparam, delete, func, or_, select, update

from holdfast.kit.db.database import Tx
from holdfast.kit.db.statements import Row, adding_rows, rows, rows_like, statement, upsert
from holdfast.kit.db.types import Text, Whole
from holdfast.search.models.flights import airport, leg, sold_as
from holdfast.search.rules.flight_facts import LegFacts, airport_keys
from holdfast.verticals.flights.terms import Place

_IDS = rows("ids", flight_id=Whole())
_MOST: Final = bindparam("most", type_=Whole())
_STAMP: Final = (leg.c.flight_id, leg.c.stamp)
_STAMPS: Final = statement(select(*_STAMP).join(_IDS, _IDS.c.flight_id == leg.c.flight_id))
_STAMPS_AFTER: Final = statement(
    select(*_STAMP).where(leg.c.flight_id > bindparam("after_id")).order_by(leg.c.flight_id).limit(_MOST)
)
# Every writer locks in the order of ids, so that no two wait for each other.
_LOCKED: Final = statement(
    select(*_STAMP).where(leg.c.flight_id.in_(select(_IDS.c.flight_id))).order_by(leg.c.flight_id).with_for_update()
)
_SOLD: Final = statement(
    select(*_STAMP, leg.c.sold_as).join(_IDS, _IDS.c.flight_id == leg.c.flight_id).where(~leg.c.canceled)
)
_AIRPLANES = rows("airplanes", airplane_id=Whole())
_OF_AIRPLANES: Final = statement(
    select(leg.c.flight_id)
    .where(leg.c.airplane_id.in_(select(_AIRPLANES.c.airplane_id)), leg.c.flight_id > bindparam("after_id"))
    .order_by(leg.c.flight_id)
    .limit(_MOST)
)
_OF_AIRPORT: Final = statement(
    select(leg.c.flight_id)
    .where(or_(leg.c.origin_id == bindparam("airport_id"), leg.c.destination_id == bindparam("airport_id")))
    .order_by(leg.c.flight_id.desc())
    .limit(_MOST)
)
_AIRPORT_IDS: Final = statement(select(airport.c.airport_id).order_by(airport.c.airport_id))
_COUNT: Final = statement(select(func.count(type_=Whole()).label("legs")).select_from(leg))
_DELETE: Final = statement(delete(leg).where(leg.c.flight_id.in_(select(_IDS.c.flight_id))))
_DELETE_BEFORE: Final = statement(delete(leg).where(leg.c.departs < bindparam("departs")))

# ----------------------------------------------------------------------------------------------------------------- legs

_COLUMNS: Final = tuple(column.name for column in leg.c)
_LEGS = rows_like("legs", leg, *_COLUMNS)
_ADD: Final = adding_rows(leg, _LEGS)
_REPLACE: Final = statement(
    update(leg)
    .values({name: _LEGS.c[name] for name in _COLUMNS if name != "flight_id"})
    .where(leg.c.flight_id == _LEGS.c.flight_id)
)
_LEFT = rows_like("left_over", leg, "flight_id", "rooms")
_SET_ROOMS: Final = statement(
    update(leg).values(rooms=_LEFT.c.rooms, stamp=leg.c.stamp + 1).where(leg.c.flight_id == _LEFT.c.flight_id)
)

# ------------------------------------------------------------------------------------------------- airports, and prices

_PLACE: Final = ("airport_id", "iata", "name", "city", "country", "zone", "min_connection_minutes", "places")
_AIRPORTS = rows_like("airports", airport, *_PLACE)
_OF_AIRPORTS: Final = select(*[_AIRPORTS.c[name] for name in _PLACE]).order_by(_AIRPORTS.c.airport_id)
_ADD_AIRPORTS: Final = upsert(airport, _OF_AIRPORTS, columns=_PLACE, key=["airport_id"], update=lambda _: {})
_SET_AIRPORTS: Final = upsert(
    airport,
    _OF_AIRPORTS,
    columns=_PLACE,
    key=["airport_id"],
    update=lambda proposed: {name: proposed[name] for name in _PLACE if name != "airport_id"},
)
_DIGESTS = rows("digests", digest=Text(64))
_NUMBERS: Final = statement(
    select(sold_as.c.digest, sold_as.c.number).join(_DIGESTS, _DIGESTS.c.digest == sold_as.c.digest)
)
_LAST_NUMBER: Final = statement(select(func.max(sold_as.c.number, type_=Whole()).label("last")))
_ADD_SOLD_AS: Final = adding_rows(sold_as, rows_like("added", sold_as, "number", "digest", "content"))
_CONTENT_ROWS: Final = 200
"""Contents written at once: each has a kilobyte or two."""


async def stamps(tx: Tx, *, ids: Iterable[int]) -> dict[int, int]:
    """Return the stamps of those of the flights that are in the read model."""
    return _stamps(await tx.all(_STAMPS(ids=[(each,) for each in ids])))


async def stamps_after(tx: Tx, *, after_id: int, most: int) -> dict[int, int]:
    """Return stamps in order of id."""
    return _stamps(await tx.all(_STAMPS_AFTER(after_id=after_id, most=most)))


async def sold(tx: Tx, *, ids: Iterable[int]) -> list[Row]:
    """Return flight_id, stamp and sold_as of those of the flights that are known and not canceled."""
    return await tx.all(_SOLD(ids=[(each,) for each in ids]))


async def ids_of_airplanes(tx: Tx, *, airplane_ids: Iterable[int], after_id: int, most: int) -> list[int]:
    """Return flights of airplanes in order of id."""
    found = await tx.all(
        _OF_AIRPLANES(airplanes=[(each,) for each in sorted(set(airplane_ids))], after_id=after_id, most=most)
    )
    return [row.flight_id for row in found]


async def ids_of_airport(tx: Tx, *, airport_id: int, most: int) -> list[int]:
    """Return some flights from or to an airport, the newest first."""
    return [row.flight_id for row in await tx.all(_OF_AIRPORT(airport_id=airport_id, most=most))]


async def airport_ids(tx: Tx) -> list[int]:
    """Return every airport there is."""
    return [row.airport_id for row in await tx.all(_AIRPORT_IDS())]


async def count(tx: Tx) -> int:
    """Return how many flights the read model has, canceled ones too."""
    [row] = await tx.all(_COUNT())
    return int(row.legs)


async def forget(tx: Tx, *, ids: Iterable[int]) -> None:
    """Delete flights from the read model."""
    await tx.run(_DELETE(ids=[(each,) for each in sorted(ids)]))


async def forget_before(tx: Tx, *, departs: int) -> None:
    """Delete flights that departed before a time, in epoch minutes."""
    await tx.run(_DELETE_BEFORE(departs=departs))


async def write(tx: Tx, *, facts: Sequence[LegFacts], before: Mapping[int, int]) -> set[int]:
    """Write facts of flights, new or known; returns those that were overtaken and not written.

    Args:
        tx: The transaction.
        facts: Each flight once.
        before: The stamps before the facts were read.
    """
    now = await _locked(tx, [each.flight_id for each in facts])
    kept = [each for each in facts if before.get(each.flight_id) == now.get(each.flight_id)]
    if kept:
        await _add_airports(tx, kept)
        numbers = await _numbers(tx, kept)
        made = [_row(each, now.get(each.flight_id), numbers[each.digest]) for each in kept]
        added = [row for row, each in zip(made, kept, strict=True) if each.flight_id not in now]
        replaced = [row for row, each in zip(made, kept, strict=True) if each.flight_id in now]
        if added:
            await tx.run(_ADD(legs=added))
        if replaced:
            await tx.run(_REPLACE(legs=replaced))
    return {each.flight_id for each in facts} - {each.flight_id for each in kept}


async def write_rooms(tx: Tx, *, rooms: Mapping[int, str], before: Mapping[int, int]) -> set[int]:
    """Write what is left of flights; returns those that were overtaken and not written."""
    now = await _locked(tx, rooms)
    kept = {each: text for each, text in rooms.items() if before.get(each) == now.get(each)}
    if kept:
        await tx.run(_SET_ROOMS(left_over=sorted(kept.items())))
    return rooms.keys() - kept.keys()


async def set_airports(tx: Tx, *, places: Iterable[Place]) -> None:
    """Write what is said of airports."""
    await tx.run(_SET_AIRPORTS(airports=_airports(places)))


async def _add_airports(tx: Tx, facts: Sequence[LegFacts]) -> None:
    """Add airports that are not there. Those that are stay: they change when the catalog tells so."""
    places = {place.airport_id: place for each in facts for place in (each.origin, each.destination)}
    await tx.run(_ADD_AIRPORTS(airports=_airports(places.values())))


async def _numbers(tx: Tx, facts: Sequence[LegFacts]) -> dict[str, int]:
    """Return a number for everything flights are sold for."""
    seen = {each.digest: each.sold_as for each in facts}
    found = {row.digest: row.number for row in await tx.all(_NUMBERS(digests=[(each,) for each in seen]))}
    missing = [digest for digest in seen if digest not in found]
    if missing:
        [last] = await tx.all(_LAST_NUMBER())
        added = {digest: number for number, digest in enumerate(missing, (last.last or 0) + 1)}
        for start in range(0, len(missing), _CONTENT_ROWS):
            some = missing[start : start + _CONTENT_ROWS]
            await tx.run(_ADD_SOLD_AS(added=[(added[digest], digest, seen[digest]) for digest in some]))
        found |= added
    return found


async def _locked(tx: Tx, ids: Iterable[int]) -> dict[int, int]:
    return _stamps(await tx.all(_LOCKED(ids=[(each,) for each in ids])))


def _stamps(found: Iterable[Row]) -> dict[int, int]:
    return {row.flight_id: row.stamp for row in found}


def _airports(places: Iterable[Place]) -> list[tuple[Any, ...]]:
    return [
        (*[getattr(place, name) for name in _PLACE[:-1]], airport_keys(place))
        for place in sorted(places, key=lambda each: each.airport_id)
    ]


def _row(facts: LegFacts, stamp: int | None, number: int) -> tuple[Any, ...]:
    values = {
        "stamp": (stamp or 0) + 1,
        "origin_id": facts.origin.airport_id,
        "destination_id": facts.destination.airport_id,
        "sold_as": number,
    }
    return tuple(values[name] if name in values else getattr(facts, name) for name in _COLUMNS)
