"""Every statement about dated flights."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import bindparam, select, true, update
from sqlalchemy import delete as sql_delete

from holdfast.catalog.flights_api import Fares, FlightDraft, FlightFilter, LegOffer
from holdfast.catalog.models.flights import airplane, airport, city, fare, flight
from holdfast.catalog.store.airplanes import LAYOUT_TEXT, seats_of
from holdfast.catalog.store.fares import FARES_TEXT, fares_of
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
from holdfast.kit.db.database import Tx
from holdfast.kit.db.statements import Row, db_now, rows, rows_like, statement
from holdfast.kit.db.types import Day, Whole
from holdfast.verticals.flights.terms import Cabin, LegTerms, Place, Seat
from holdfast.verticals.flights.times import local_arrival

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

_FROM = airport.alias("origin")
_TO = airport.alias("destination")
_FROM_CITY = city.alias("origin_city")
_TO_CITY = city.alias("destination_city")


_OWN: Final = (
    flight.c.id,
    flight.c.owner_id,
    flight.c.version,
    flight.c.offered,
    flight.c.canceled,
    flight.c.schedule_id,
    flight.c.airplane_id,
    flight.c.number,
    flight.c.airline_name,
    flight.c.day,
    flight.c.departs_minute,
    flight.c.minutes,
)


def _place_columns(prefix: str, end: Any, town: Any) -> tuple[Any, ...]:
    """Return the columns of `_place`, in the order of the fields of a `Place`."""
    return (
        end.c.id.label(f"{prefix}_id"),
        end.c.iata.label(f"{prefix}_iata"),
        end.c.name.label(f"{prefix}_name"),
        town.c.name.label(f"{prefix}_city"),
        town.c.country.label(f"{prefix}_country"),
        end.c.zone.label(f"{prefix}_zone"),
        end.c.min_connection_minutes.label(f"{prefix}_connection"),
    )


_PLACE: Final = tuple(each.name for each in fields(Place))
_ORIGIN_AT: Final = slice(len(_OWN), len(_OWN) + len(_PLACE))
_DESTINATION_AT: Final = slice(_ORIGIN_AT.stop, _ORIGIN_AT.stop + len(_PLACE))
_LEGS: Final = (
    select(
        *_OWN,
        *_place_columns("origin", _FROM, _FROM_CITY),
        *_place_columns("destination", _TO, _TO_CITY),
        airplane.c.equipment,
        LAYOUT_TEXT,
        FARES_TEXT,
    )
    .select_from(flight)
    .join(_FROM, _FROM.c.id == flight.c.origin_id)
    .join(_FROM_CITY, _FROM_CITY.c.id == _FROM.c.city_id)
    .join(_TO, _TO.c.id == flight.c.destination_id)
    .join(_TO_CITY, _TO_CITY.c.id == _TO.c.city_id)
    .join(airplane, airplane.c.id == flight.c.airplane_id)
    .join(fare, fare.c.id == flight.c.fare_id)
)
_ORIGINS: Final = rows("origins", id=Whole())
_DESTINATIONS: Final = rows("destinations", id=Whole())
_FIRST: Final = bindparam("first", type_=Day())
_END: Final = bindparam("end", type_=Day())

_ONE: Final = statement(_LEGS.where(flight.c.id == bindparam("id", type_=Whole())))
_MANY: Final = statement(_LEGS.join(IDS, IDS.c.id == flight.c.id))
_BETWEEN: Final = statement(
    _LEGS.join(_ORIGINS, _ORIGINS.c.id == flight.c.origin_id)
    .join(_DESTINATIONS, _DESTINATIONS.c.id == flight.c.destination_id)
    .where(flight.c.day >= _FIRST, flight.c.day < _END, ~flight.c.canceled)
    .order_by(flight.c.day, flight.c.departs_minute, flight.c.id)
    .limit(MOST)
)
_PAGE: Final = pages(
    _LEGS,
    flight,
    {
        "owner_id": flight.c.owner_id == bindparam("owner_id"),
        "schedule_id": flight.c.schedule_id == bindparam("schedule_id"),
        "number": flight.c.number == bindparam("number"),
        "origin": _FROM.c.iata == bindparam("origin"),
        "destination": _TO.c.iata == bindparam("destination"),
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
_OFFER: Final = statement(
    update(flight).where(flight.c.id.in_(select(IDS.c.id)), ~flight.c.offered).values(offered=true())
)


async def find(tx: Tx, *, ids: Sequence[int]) -> list[LegOffer]:
    """Return the flights that exist among `ids`, each once."""
    if len(ids) == 1:
        row = await tx.one(_ONE(id=ids[0]))
        return [] if row is None else [_offer_of(row)]
    return [_offer_of(row) for row in await tx.all(_MANY(ids=[(each,) for each in dict.fromkeys(ids)]))]


async def between(
    tx: Tx, *, origin_ids: Sequence[int], destination_ids: Sequence[int], dates: tuple[date, date], limit: int
) -> list[LegOffer]:
    """Return flights that are not canceled, from some airports to others, departing in [first, end)."""
    found = await tx.all(
        _BETWEEN(
            origins=[(each,) for each in dict.fromkeys(origin_ids)],
            destinations=[(each,) for each in dict.fromkeys(destination_ids)],
            first=dates[0],
            end=dates[1],
            most=limit,
        )
    )
    return [_offer_of(row) for row in found]


async def page(tx: Tx, *, chosen: FlightFilter, after_id: int, limit: int) -> list[LegOffer]:
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
    return [_offer_of(row) for row in await tx.all(statement_of_page(after_id=after_id, most=limit, **filters))]


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


def _offer_of(row: Row) -> LegOffer:
    sold = _sold(row.layout, row.fares)
    origin, destination = _place(row[_ORIGIN_AT]), _place(row[_DESTINATION_AT])
    departs = datetime.combine(row.day, datetime.min.time()) + timedelta(minutes=row.departs_minute)
    return LegOffer(
        owner_id=row.owner_id,
        version=row.version,
        offered=row.offered,
        airplane_id=row.airplane_id,
        schedule_id=row.schedule_id,
        terms=LegTerms(
            flight_id=row.id,
            number=row.number,
            airline=row.number[:2],
            airline_name=row.airline_name,
            origin=origin,
            destination=destination,
            departs=departs,
            arrives=local_arrival(departs, origin.zone, row.minutes, destination.zone),
            equipment=row.equipment,
            canceled=row.canceled,
            currency=sold.fares.currency,
            cabins=sold.cabins,
            seats=sold.seats,
            child_bp=sold.fares.child_bp,
            infant_bp=sold.fares.infant_bp,
            tax_minor=sold.fares.tax_minor,
            sales_close_minutes=sold.fares.sales_close_minutes,
        ),
    )


@dataclass(frozen=True, slots=True)
class _Sold:
    """What an airplane and fares come to."""

    fares: Fares
    cabins: tuple[Cabin, ...]
    seats: tuple[Seat, ...]


@lru_cache(maxsize=4096)
def _sold(layout: str, fares: str) -> _Sold:
    """Join the cabins of an airplane with their fares; a cabin without fares is not sold."""
    seats, said_of = seats_of(layout), fares_of(fares)
    room = Counter(seat.cabin for seat in seats if not seat.blocked)
    cabins = tuple(
        Cabin(
            code=each.code,
            seats=room[each.code],
            overbooking=each.overbooking,
            buckets=each.buckets,
            brands=each.brands,
        )
        for each in said_of.cabins
    )
    return _Sold(said_of, cabins, seats)


@lru_cache(maxsize=1024)
def _place(columns: tuple[Any, ...]) -> Place:
    return Place(**dict(zip(_PLACE, columns, strict=True)))
