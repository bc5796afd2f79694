"""Searching flights: journeys that can be quoted by their flights, cabin and fare as they are shown."""

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any, Final

from fastapi import Query, Response

from holdfast.gateway.search_flights_wire import (
    FEW_SEATS,
    Airport,
    Dates,
    Fare,
    Flight,
    FlightsQuery,
    FoundJourneyPage,
    Journey,
    Page,
    Part,
    encode,
)
from holdfast.gateway.search_wire import Money
from holdfast.kit.errors import FieldError, Invalid
from holdfast.kit.http.cursors import CursorInvalid, Cursors, filter_digest
from holdfast.kit.http.problems import responses
from holdfast.kit.http.routes import Router
from holdfast.search.api import (
    FlightHit,
    FlightPage,
    FlightSearch,
    FoundEnd,
    FoundFare,
    FoundLeg,
    FoundSlice,
    SearchApi,
    SliceWanted,
)
from holdfast.verticals.flights.terms import Passengers

_FOUND: Final[dict[int | str, dict[str, Any]]] = {200: {"description": "A page.", "model": FoundJourneyPage}}
_DATE_LENGTH: Final = len("2027-05-14")
_SLICES: Final = "#query/slice/"
_THERE: Final = {"from": "from", "to": "to", "date": "date"}
_BACK: Final = {"from": "to", "to": "from", "date": "return_date"}
"""Which parameter says a part of a slice, there and back."""


def router(*, search: SearchApi, cursors: Cursors) -> Router:
    """Return the route that searches flights."""
    made = Router(tags=["search"])

    @made.get("/v1/search/flights", responses=_FOUND | responses(Invalid, CursorInvalid))
    async def search_flights(query: Annotated[FlightsQuery, Query()]) -> Response:
        """Find flights one way, there and back, or to several cities.

        Each journey is one item of a quote: send its `flight_ids`, `cabin` and the `brand` of a fare. Its prices are
        those of the lowest fares with room for all travelers. Planes are changed where there is time enough, and not
        overnight unless `overnight` says so; of connections that another one beats in price, times and stops, none is
        shown. Answers may be up to a second old: the hold is the judge.
        """
        digest = filter_digest(list="flights", **query.model_dump(mode="json", exclude={"limit", "cursor"}))
        after = None if query.cursor is None else cursors.decode(query.cursor, digest)
        found = await _find(search, query, after)
        position = found.next_position
        next_cursor = None if position is None else cursors.encode(list(position), digest)
        return Response(encode(_page(found, next_cursor, query)), media_type="application/json")

    return made


async def _find(search: SearchApi, query: FlightsQuery, after: list[Any] | None) -> FlightPage:
    """Search flights.

    Raises:
        Invalid: A parameter is wrong, under the name it was given.
    """
    wanted = _wanted(query)
    try:
        return await search.flights(search=wanted, after=after, facets=query.facets)
    except Invalid as error:
        raise Invalid(errors=_as_asked(error.errors, query)) from error


def _wanted(query: FlightsQuery) -> FlightSearch:
    """Return what is looked for.

    Raises:
        Invalid: It is not said where or when.
    """
    errors = list(_misfits(query))
    slices = [] if errors else list(_slices(query))
    errors += [each for each in slices if isinstance(each, FieldError)]
    if errors:
        raise Invalid(errors=errors)
    return FlightSearch(
        slices=tuple(each for each in slices if isinstance(each, SliceWanted)),
        passengers=Passengers(adults=query.adults, children=query.children, infants=query.infants),
        cabin=query.cabin,
        brand=query.brand,
        price_max_minor=query.max_price,
        max_stops=query.max_stops,
        max_minutes=query.max_minutes,
        airlines=() if query.airlines is None else tuple(dict.fromkeys(query.airlines.split(","))),
        departs_from=query.departs_from,
        departs_until=query.departs_until,
        overnight=query.overnight,
        sort=query.sort,
        limit=query.limit,
    )


def _misfits(query: FlightsQuery) -> Iterator[FieldError]:
    """Yield what is missing, or said twice."""
    given = {"from": query.origin, "to": query.destination, "date": query.date, "return_date": query.return_date}
    if query.slice:
        for name, value in given.items():
            if value is not None:
                yield _error(name, "not_together", "Say it by `slice`, or by `from`, `to` and `date`, not by both.")
        return
    for name in ("from", "to", "date"):
        if given[name] is None:
            yield _error(name, "missing", "Give `from`, `to` and `date`, or `slice` for each part of the journey.")


def _slices(query: FlightsQuery) -> Iterator[SliceWanted | FieldError]:
    for place, said in enumerate(query.slice):
        ends, day = said[: -_DATE_LENGTH - 1], _day(said[-_DATE_LENGTH:])
        origin, _, destination = ends.partition("-")
        if day is None:
            yield _error(f"slice/{place}", "invalid_date", "Write an existing date like 2026-12-31.")
        else:
            yield SliceWanted(origin=origin, destination=destination, day=day)
    if query.origin is not None and query.destination is not None and query.date is not None:
        yield SliceWanted(origin=query.origin, destination=query.destination, day=query.date)
        if query.return_date is not None:
            yield SliceWanted(origin=query.destination, destination=query.origin, day=query.return_date)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _as_asked(errors: tuple[FieldError, ...], query: FlightsQuery) -> list[FieldError]:
    """Return errors with the parameters that were given for the parts of slices, each once."""
    found: dict[tuple[str, str], FieldError] = {}
    for error in errors:
        pointer = error.pointer
        if pointer.startswith(_SLICES):
            place, _, part = pointer.removeprefix(_SLICES).partition("/")
            names = _THERE if place == "0" else _BACK
            pointer = f"{_SLICES}{place}" if query.slice else f"#query/{names[part]}"
        told = FieldError(pointer=pointer, code=error.code, detail=error.detail)
        found.setdefault((told.pointer, told.code), told)
    return list(found.values())


def _error(name: str, code: str, detail: str) -> FieldError:
    return FieldError(pointer=f"#query/{name}", code=code, detail=detail)


# -------------------------------------------------------------------------------------------------------- what goes out


def _page(found: FlightPage, next_cursor: str | None, query: FlightsQuery) -> Page:
    return Page(
        items=tuple(_journey(hit) for hit in found.hits),
        total=found.total,
        next_cursor=next_cursor,
        facets={name: dict(counts) for name, counts in found.facets.items()} if query.facets else None,
        nearby_dates=tuple(
            Dates(tuple(day.isoformat() for day in each.days), Money(each.total_minor, each.currency))
            for each in found.near_dates
        ),
    )


def _journey(hit: FlightHit) -> Journey:
    return Journey(
        flight_ids=hit.flight_ids,
        cabin=hit.cabin.value,
        slices=tuple(_part(each) for each in hit.slices),
        fares=tuple(_fare(each, hit.currency) for each in hit.fares),
    )


def _part(found: FoundSlice) -> Part:
    return Part(
        legs=tuple(_flight(leg) for leg in found.legs),
        stops=len(found.legs) - 1,
        minutes=found.minutes,
        day_offset=found.day_offset,
    )


def _flight(leg: FoundLeg) -> Flight:
    return Flight(
        flight_id=leg.flight_id,
        number=leg.number,
        airline=leg.airline_name,
        airline_code=leg.airline,
        origin=_airport(leg.origin),
        destination=_airport(leg.destination),
        departs=leg.departs.isoformat(timespec="minutes"),
        arrives=leg.arrives.isoformat(timespec="minutes"),
        day_offset=leg.day_offset,
        minutes=leg.minutes,
        equipment=leg.equipment,
        connection_minutes=leg.connection_minutes,
        seats_left=leg.seats_left if leg.seats_left <= FEW_SEATS else None,
    )


def _airport(end: FoundEnd) -> Airport:
    return Airport(iata=end.iata, name=end.name, city=end.city, country=end.country, zone=end.zone)


def _fare(fare: FoundFare, currency: str) -> Fare:
    return Fare(
        brand=fare.brand,
        name=fare.name,
        total=Money(fare.total_minor, currency),
        bags=fare.bags,
        changeable=fare.changeable,
        change_fee=Money(fare.change_fee_minor, currency),
        refundable=fare.refundable,
        seat_choice=fare.seat_choice,
    )
