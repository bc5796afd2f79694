"""Every statement about dated flights."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from sqlalchemy import and_, bindparam, select, true, update
from sqlalchemy import delete as sql_delete

from holdfast.catalog.flights_api import FlightDraft, FlightFilter
from holdfast.catalog.models.flights import airplane, airport, flight
from holdfast.catalog.store.given import (
    IDS,
    IMPORT_ROWS,
    MOST,
    adding_first,
    adding_given,
    catching_up,
    pages,
    replacing,
    said,
)
from holdfast.catalog.store.references import GENERATION
from holdfast.kit.db.database import Tx
from holdfast.kit.db.statements import Row, db_now, rows, rows_like, statement
from holdfast.kit.db.types import Day, Whole

Values = tuple[Any, ...]
"""The columns of `SAID`, in their order."""
SAID: Final = (
    "owner_id",
    "schedule_id",
    "number",
    "airline_name",
    "origin_id",
    "destination_id",
    "airplane_id",
    "fare_id",
    "day",
    "departs_minute",
    "minutes",
)
_FLAGS: Final = ("canceled", "offered")

_LEGS: Final = select(
    flight.c.id,
    *(flight.c[name] for name in SAID),
    *(flight.c[name] for name in _FLAGS),
    flight.c.version,
    GENERATION,
)
_PAIRS: Final = rows("pairs", origin_id=Whole(), destination_id=Whole())
_FIRST: Final = bindparam("first", type_=Day())
_END: Final = bindparam("end", type_=Day())

_ONE: Final = statement(_LEGS.where(flight.c.id == bindparam("id", type_=Whole())))
_MANY: Final = statement(_LEGS.join(IDS, IDS.c.id == flight.c.id))
_BETWEEN: Final = statement(
    _LEGS.join(
        _PAIRS, and_(_PAIRS.c.origin_id == flight.c.origin_id, _PAIRS.c.destination_id == flight.c.destination_id)
    )
    .where(flight.c.day >= _FIRST, flight.c.day < _END, ~flight.c.canceled)
    .order_by(flight.c.day, flight.c.departs_minute, flight.c.id)
    .limit(MOST)
)


def _called(name: str) -> Any:
    return select(airport.c.id).where(airport.c.iata == bindparam(name)).scalar_subquery()


_PAGE: Final = pages(
    _LEGS,
    flight,
    {
        "owner_id": flight.c.owner_id == bindparam("owner_id"),
        "schedule_id": flight.c.schedule_id == bindparam("schedule_id"),
        "number": flight.c.number == bindparam("number"),
        "origin": flight.c.origin_id == _called("origin"),
        "destination": flight.c.destination_id == _called("destination"),
        "first": flight.c.day >= _FIRST,
        "end": flight.c.day < _END,
    },
)
_LOCKED: Final = statement(
    select(flight.c.offered, flight.c.fare_id).where(flight.c.id == bindparam("id", type_=Whole())).with_for_update()
)
_TAKEN: Final = statement(
    select(flight.c.id, flight.c.day)
    .where(
        flight.c.owner_id == bindparam("owner_id"),
        flight.c.number == bindparam("number"),
        flight.c.origin_id == bindparam("origin_id"),
        flight.c.day >= _FIRST,
        flight.c.day <= bindparam("last", type_=Day()),
    )
    .order_by(flight.c.day)
)

_GIVEN: Final = rows_like("given_flights", flight, "id", *SAID, *_FLAGS)
_ADD: Final = adding_first(flight, [*SAID, *_FLAGS])
_IMPORT: Final = adding_given(flight, _GIVEN, [*SAID, *_FLAGS])
_CATCH_UP: Final = catching_up(flight)
_REPLACE: Final = replacing(flight, SAID)
_CANCEL: Final = statement(
    update(flight)
    .where(flight.c.id == bindparam("replaced"), ~flight.c.canceled)
    .values(canceled=true(), version=flight.c.version + 1, changed_at=db_now())
)
_DELETE_UNOFFERED: Final = statement(
    sql_delete(flight).where(flight.c.id == bindparam("id", type_=Whole()), ~flight.c.offered)
)
_STANDING: Final = statement(select(flight.c.id, flight.c.offered).join(IDS, IDS.c.id == flight.c.id))
# Whoever changes the seats of an airplane looks first whether one of its flights was offered.
_AIRPLANES: Final = statement(
    select(airplane.c.id)
    .where(airplane.c.id.in_(select(flight.c.airplane_id).join(IDS, IDS.c.id == flight.c.id)))
    .order_by(airplane.c.id)
    .with_for_update(read=True)
)
_OFFER: Final = statement(update(flight).where(flight.c.id == IDS.c.id, ~flight.c.offered).values(offered=true()))


async def find(tx: Tx, *, ids: Sequence[int]) -> list[Row]:
    """Return the flights that exist among `ids`, each once; rows of flights become offers by `references`."""
    if len(ids) == 1:
        row = await tx.one(_ONE(id=ids[0]))
        return [] if row is None else [row]
    return await tx.all(_MANY(ids=[(each,) for each in dict.fromkeys(ids)]))


async def between(tx: Tx, *, pairs: Sequence[tuple[int, int]], dates: tuple[date, date], limit: int) -> list[Row]:
    """Return flights that are not canceled between pairs of airports, each once, departing in [first, end)."""
    return await tx.all(_BETWEEN(pairs=pairs, first=dates[0], end=dates[1], most=limit))


async def page(tx: Tx, *, chosen: FlightFilter, after_id: int, limit: int) -> list[Row]:
    """Return flights after an id, in order of id."""
    filters = said(
        owner_id=chosen.owner_id,
        schedule_id=chosen.schedule_id,
        number=chosen.number,
        origin=chosen.origin,
        destination=chosen.destination,
        first=chosen.first,
        end=chosen.end,
    )
    statement_of_page = _PAGE(frozenset(filters))
    return await tx.all(statement_of_page(after_id=after_id, most=limit, **filters))


async def taken(tx: Tx, *, owner_id: int, number: str, origin_id: int, dates: tuple[date, date]) -> dict[date, int]:
    """Return the flights of a number from an airport on dates, both ends in: date to id."""
    found = await tx.all(_TAKEN(owner_id=owner_id, number=number, origin_id=origin_id, first=dates[0], last=dates[1]))
    return {row.day: row.id for row in found}


async def add(tx: Tx, *, values: Values) -> int:
    """Insert a flight and return its id."""
    return await tx.insert(_ADD(**dict(zip(SAID, values, strict=True)), canceled=False, offered=False))


async def import_many(tx: Tx, *, given: Sequence[tuple[int, Values]]) -> None:
    """Insert flights with the ids they are given."""
    for start in range(0, len(given), IMPORT_ROWS):
        made = [(number, *values, False, False) for number, values in given[start : start + IMPORT_ROWS]]
        await tx.run(_IMPORT(given_flights=made))
    await tx.all(_CATCH_UP())


async def replace(tx: Tx, *, flight_id: int, version: int, values: Values) -> bool:
    """Replace what is said of a flight; False if its version is another."""
    changed = await tx.run(_REPLACE(replaced=flight_id, expected=version, **dict(zip(SAID, values, strict=True))))
    return changed == 1


async def cancel(tx: Tx, *, flight_id: int) -> bool:
    """Cancel a flight; False if it was canceled before."""
    return await tx.run(_CANCEL(replaced=flight_id)) == 1


async def delete(tx: Tx, *, flight_id: int) -> bool:
    """Delete a flight; False if it was offered."""
    return await tx.run(_DELETE_UNOFFERED(id=flight_id)) == 1


async def locked(tx: Tx, *, flight_id: int) -> Row | None:
    """Return whether a flight was offered and the id of its fares; both stay so until the transaction ends."""
    return await tx.one(_LOCKED(id=flight_id))


async def standing(tx: Tx, *, ids: Sequence[int]) -> dict[int, bool]:
    """Return whether flights were offered, of those of `ids` that exist."""
    return {row.id: row.offered for row in await tx.all(_STANDING(ids=[(each,) for each in ids]))}


async def offer(tx: Tx, *, ids: Sequence[int]) -> None:
    """Note that flights are offered."""
    await tx.all(_AIRPLANES(ids=[(each,) for each in ids]))
    await tx.run(_OFFER(ids=[(each,) for each in ids]))


def values_of(draft: FlightDraft, *, owner_id: int, schedule_id: int | None, fare_id: int, minutes: int) -> Values:
    """Return the columns of `SAID`."""
    return (
        owner_id,
        schedule_id,
        draft.number,
        draft.airline_name,
        draft.origin_id,
        draft.destination_id,
        draft.airplane_id,
        fare_id,
        draft.day,
        draft.departs.hour * 60 + draft.departs.minute,
        minutes,
    )
