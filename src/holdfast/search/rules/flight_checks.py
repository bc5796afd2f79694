"""Which fields of a search for flights are wrong."""

import re
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import pairwise
from typing import Final

from holdfast.engine.money import AMOUNT_MAX
from holdfast.kit.errors import FieldError
from holdfast.search.flights_api import SLICE_MINUTES_MAX, SLICES_MAX, FlightSearch, SliceWanted
from holdfast.search.rules.fields import LIMIT_MAX, day_ahead, is_whole, whole
from holdfast.search.rules.words import place_key
from holdfast.verticals.flights.itineraries import STOPS_MAX
from holdfast.verticals.flights.terms import LEGS_MAX, PASSENGERS_MAX, Passengers

PLACE_MAX: Final = 100
BRAND_MAX: Final = 40
AIRLINES_MAX: Final = 20
_AIRLINE: Final = re.compile("[A-Z0-9]{2}")
_IDS: Final = re.compile(rf"[0-9]{{1,19}}(?:-[0-9]{{1,19}}){{0,{LEGS_MAX - 1}}}")

FlightRank = tuple[int, int, int, tuple[int, ...]]
"""The place of a journey in the order: three numbers of which the sort decides, and the ids of its flights."""
FlightPosition = tuple[FlightRank, int]
"""Where a page starts: the rank of the last hit before it, and how many hits there are in all."""


def wrong_flight_fields(search: FlightSearch, *, today: date, horizon_days: int) -> list[FieldError]:
    """Return every wrong field of a search.

    Pointers are `#query/<name>`, and `#query/slice/<place>/<from, to or date>` for a part of a slice.

    Args:
        search: What is asked.
        today: The day in UTC.
        horizon_days: How many days from today on can be searched.
    """
    return [
        *_slices(search.slices, today, horizon_days),
        *_party(search.passengers),
        *whole("limit", search.limit, 1, LIMIT_MAX),
        *whole("max_stops", search.max_stops, 0, STOPS_MAX),
        *_bounds(search),
        *_codes(search),
    ]


def flight_position(after: Sequence[float | int | str]) -> FlightPosition | None:
    """Return a position as this module made it, or None if it did not."""
    match after:
        case [int() as first, int() as second, int() as third, str() as ids, int() as total]:
            if all(is_whole(each) for each in (first, second, third, total)) and _IDS.fullmatch(ids):
                return (first, second, third, tuple(int(each) for each in ids.split("-"))), total
    return None


def told_position(rank: FlightRank, total: int) -> tuple[int | str, ...]:
    """Return a position as it is given out."""
    return (*rank[:3], "-".join(str(each) for each in rank[3]), total)


def unknown_place(place: int, end: str) -> FieldError:
    """Return that there is no such airport or city; `end` of the slice at a place is `from` or `to`."""
    return _error(_pointer(place, end), "unknown_place", "No airport or city of this name has flights.")


def same_place(place: int) -> FieldError:
    """Return that a slice ends where it begins."""
    return _error(_pointer(place, "to"), "same_place", "A flight ends elsewhere than it begins.")


def _slices(slices: Sequence[SliceWanted], today: date, horizon_days: int) -> Iterator[FieldError]:
    if not 1 <= len(slices) <= SLICES_MAX:
        yield _error("slice", "wrong_count", f"A journey has one to {SLICES_MAX} slices.")
        return
    for place, each in enumerate(slices):
        for end, said in (("from", each.origin), ("to", each.destination)):
            if not 0 < len(said) <= PLACE_MAX or not place_key(said):
                yield _error(_pointer(place, end), "malformed", "Give an IATA code or the name of a city.")
        yield from day_ahead(_pointer(place, "date"), each.day, today=today, horizon_days=horizon_days)
    for place, (before, each) in enumerate(pairwise(slices), 1):
        if each.day < before.day:
            yield _error(
                _pointer(place, "date"), "dates_not_in_order", "This lies before the date of the slice before."
            )


def _party(party: Passengers) -> Iterator[FieldError]:
    yield from whole("adults", party.adults, 1, PASSENGERS_MAX)
    yield from whole("children", party.children, 0, PASSENGERS_MAX)
    yield from whole("infants", party.infants, 0, PASSENGERS_MAX)
    if party.seats > PASSENGERS_MAX:
        yield _error("children", "too_many_passengers", f"At most {PASSENGERS_MAX} travelers with a seat go together.")
    if party.infants > party.adults >= 1:
        yield _error("infants", "too_many_infants", "Each infant needs the lap of an adult.")


def _bounds(search: FlightSearch) -> Iterator[FieldError]:
    if search.price_max_minor is not None:
        yield from whole("max_price", search.price_max_minor, 0, AMOUNT_MAX)
    if search.max_minutes is not None:
        yield from whole("max_minutes", search.max_minutes, 1, SLICE_MINUTES_MAX)
    first, last = search.departs_from, search.departs_until
    if first is not None and last is not None and last < first:
        yield _error("departs_until", "empty_or_negative_range", "This lies before the earliest departure.")


def _codes(search: FlightSearch) -> Iterator[FieldError]:
    if search.brand is not None and not 0 < len(search.brand) <= BRAND_MAX:
        yield _error("brand", "malformed", f"A fare's code has 1 to {BRAND_MAX} characters.")
    if len(search.airlines) > AIRLINES_MAX:
        yield _error("airlines", "too_many", f"At most {AIRLINES_MAX} airlines.")
    elif not all(_AIRLINE.fullmatch(each) for each in search.airlines):
        yield _error("airlines", "malformed", "An airline has two capital letters or digits.")


def _pointer(place: int, end: str) -> str:
    return f"slice/{place}/{end}"


def _error(name: str, code: str, detail: str) -> FieldError:
    return FieldError(pointer=f"#query/{name}", code=code, detail=detail)
