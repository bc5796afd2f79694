"""Every statement about cities and airports."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import bindparam, select

from holdfast.catalog.airline_api import Airport, AirportDraft, City, CityDraft
from holdfast.catalog.models.flights import airport, city
from holdfast.catalog.store.given import (
    IDS,
    IMPORT_ROWS,
    MOST,
    adding_first,
    adding_given,
    catching_up,
    deleting,
    pages,
    replacing,
    said,
)
from holdfast.kit.db.database import Tx
from holdfast.kit.db.statements import Row, rows_like, statement

_CITY: Final = ("name", "country", "zone")
_AIRPORT: Final = (
    "city_id",
    "iata",
    "icao",
    "name",
    "latitude",
    "longitude",
    "zone",
    "min_connection_minutes",
)
"""The columns that are said, in the order of `_city_values` and `_airport_values`."""


_CITIES: Final = statement(select(city).join(IDS, IDS.c.id == city.c.id))
_CITIES_PAGE: Final = pages(select(city), city, {"country": city.c.country == bindparam("country")})
_ADD_CITY: Final = adding_first(city, _CITY)
_REPLACE_CITY: Final = replacing(city, _CITY)
_DELETE_CITY: Final = deleting(city)
_NEW_CITIES: Final = rows_like("new_cities", city, "id", *_CITY)
_IMPORT_CITIES: Final = adding_given(city, _NEW_CITIES, _CITY)
_CITIES_CATCH_UP: Final = catching_up(city)

_WITH_CITY: Final = select(airport, city.c.name.label("city"), city.c.country).join(
    city, city.c.id == airport.c.city_id
)
_AIRPORTS: Final = statement(_WITH_CITY.join(IDS, IDS.c.id == airport.c.id))
_AIRPORTS_PAGE: Final = pages(
    _WITH_CITY,
    airport,
    {"city_id": airport.c.city_id == bindparam("city_id"), "iata": airport.c.iata == bindparam("iata")},
)
_OF_CITY: Final = statement(
    select(airport.c.id, airport.c.iata)
    .where(airport.c.city_id == bindparam("city_id"))
    .order_by(airport.c.id)
    .limit(MOST)
)
_BY_IATA: Final = statement(select(airport.c.id).where(airport.c.iata == bindparam("iata")))
_ADD_AIRPORT: Final = adding_first(airport, _AIRPORT)
_REPLACE_AIRPORT: Final = replacing(airport, _AIRPORT)
_DELETE_AIRPORT: Final = deleting(airport)
_NEW_AIRPORTS: Final = rows_like("new_airports", airport, "id", *_AIRPORT)
_IMPORT_AIRPORTS: Final = adding_given(airport, _NEW_AIRPORTS, _AIRPORT)
_AIRPORTS_CATCH_UP: Final = catching_up(airport)


async def cities(tx: Tx, *, ids: Sequence[int]) -> list[City]:
    """Return the cities that exist among `ids`, each once."""
    return [_city_of(row) for row in await tx.all(_CITIES(ids=[(each,) for each in dict.fromkeys(ids)]))]


async def cities_page(tx: Tx, *, country: str | None, after_id: int, limit: int) -> list[City]:
    """Return cities after an id, in order of id."""
    filters = said(country=country)
    page = _CITIES_PAGE(frozenset(filters))
    return [_city_of(row) for row in await tx.all(page(after_id=after_id, most=limit, **filters))]


async def add_city(tx: Tx, *, draft: CityDraft) -> int:
    """Insert a city and return its id."""
    return await tx.insert(_ADD_CITY(**dict(zip(_CITY, _city_values(draft), strict=True))))


async def replace_city(tx: Tx, *, city_id: int, version: int, draft: CityDraft) -> bool:
    """Replace what is said of a city; False if its version is another."""
    values = dict(zip(_CITY, _city_values(draft), strict=True))
    return await tx.run(_REPLACE_CITY(replaced=city_id, expected=version, **values)) == 1


async def delete_city(tx: Tx, *, city_id: int) -> None:
    """Delete a city."""
    await tx.run(_DELETE_CITY(id=city_id))


async def import_cities(tx: Tx, *, given: Sequence[tuple[int, CityDraft]]) -> None:
    """Insert cities with the ids they are given."""
    made = [(city_id, *_city_values(draft)) for city_id, draft in given]
    for start in range(0, len(made), IMPORT_ROWS):
        await tx.run(_IMPORT_CITIES(new_cities=made[start : start + IMPORT_ROWS]))
    await tx.all(_CITIES_CATCH_UP())


async def airports(tx: Tx, *, ids: Sequence[int]) -> list[Airport]:
    """Return the airports that exist among `ids`, each once."""
    return [_airport_of(row) for row in await tx.all(_AIRPORTS(ids=[(each,) for each in dict.fromkeys(ids)]))]


async def airports_page(tx: Tx, *, city_id: int | None, iata: str | None, after_id: int, limit: int) -> list[Airport]:
    """Return airports after an id, in order of id."""
    filters = said(city_id=city_id, iata=iata)
    page = _AIRPORTS_PAGE(frozenset(filters))
    return [_airport_of(row) for row in await tx.all(page(after_id=after_id, most=limit, **filters))]


async def airports_of(tx: Tx, *, city_id: int, limit: int) -> list[tuple[int, str]]:
    """Return id and code of airports of a city."""
    return [(row.id, row.iata) for row in await tx.all(_OF_CITY(city_id=city_id, most=limit))]


async def airport_with(tx: Tx, *, iata: str) -> int | None:
    """Return the id of the airport with a code, or None."""
    row = await tx.one(_BY_IATA(iata=iata))
    return None if row is None else int(row.id)


async def add_airport(tx: Tx, *, draft: AirportDraft) -> int:
    """Insert an airport and return its id."""
    return await tx.insert(_ADD_AIRPORT(**dict(zip(_AIRPORT, _airport_values(draft), strict=True))))


async def replace_airport(tx: Tx, *, airport_id: int, version: int, draft: AirportDraft) -> bool:
    """Replace what is said of an airport; False if its version is another."""
    values = dict(zip(_AIRPORT, _airport_values(draft), strict=True))
    return await tx.run(_REPLACE_AIRPORT(replaced=airport_id, expected=version, **values)) == 1


async def delete_airport(tx: Tx, *, airport_id: int) -> None:
    """Delete an airport."""
    await tx.run(_DELETE_AIRPORT(id=airport_id))


async def import_airports(tx: Tx, *, given: Sequence[tuple[int, AirportDraft]]) -> None:
    """Insert airports with the ids they are given."""
    made = [(airport_id, *_airport_values(draft)) for airport_id, draft in given]
    for start in range(0, len(made), IMPORT_ROWS):
        await tx.run(_IMPORT_AIRPORTS(new_airports=made[start : start + IMPORT_ROWS]))
    await tx.all(_AIRPORTS_CATCH_UP())


def _city_values(draft: CityDraft) -> tuple[Any, ...]:
    return draft.name, draft.country, draft.zone


def _airport_values(draft: AirportDraft) -> tuple[Any, ...]:
    return (
        draft.city_id,
        draft.iata,
        draft.icao,
        draft.name,
        draft.latitude,
        draft.longitude,
        draft.zone,
        draft.min_connection_minutes,
    )


def _city_of(row: Row) -> City:
    return City(id=row.id, version=row.version, draft=CityDraft(name=row.name, country=row.country, zone=row.zone))


def _airport_of(row: Row) -> Airport:
    return Airport(
        id=row.id,
        version=row.version,
        city=row.city,
        country=row.country,
        draft=AirportDraft(
            city_id=row.city_id,
            iata=row.iata,
            icao=row.icao,
            name=row.name,
            latitude=row.latitude,
            longitude=row.longitude,
            zone=row.zone,
            min_connection_minutes=row.min_connection_minutes,
        ),
    )
