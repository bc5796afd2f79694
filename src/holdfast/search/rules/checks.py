"""Which fields of a search are wrong."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Final

from holdfast.catalog.api import PropertyKind
from holdfast.engine.money import AMOUNT_MAX
from holdfast.kit.errors import FieldError
from holdfast.search.api import StaySearch, StaySort
from holdfast.search.rules.fields import (
    LIMIT_MAX,
    RATING_MAX,
    WHOLE_MOST,
    needs_circle,
    parts_of_the_map,
    real,
    texts,
    whole,
)
from holdfast.verticals.stays import STAY_NIGHTS_MAX

GUESTS_MAX: Final = 50
AMENITIES_MAX: Final = 20
AMENITY_MAX: Final = 100
_DAY: Final = timedelta(days=1)

Position = tuple[float | int, int, int]
"""Where a page starts: sort key and id of the last hit before it, and how many hits there are in all."""


def wrong_fields(search: StaySearch, *, today: date, horizon_nights: int) -> list[FieldError]:
    """Return every wrong field of a search, with pointers into the query of `GET /v1/search/stays`.

    Args:
        search: What is asked.
        today: The day in UTC. Somewhere it is still yesterday, so a check-in yesterday is taken.
        horizon_nights: How many nights from today on can be searched.
    """
    return [
        *texts(search.text, search.place),
        *_dates(search, today, horizon_nights),
        *whole("guests", search.guests, 1, GUESTS_MAX),
        *whole("limit", search.limit, 1, LIMIT_MAX),
        *_prices(search),
        *_choices(search),
        *parts_of_the_map(search.box, search.circle),
        *_order(search),
    ]


def position_of(after: Sequence[float | int | str], sort: StaySort) -> Position | None:
    """Return a position as this module made it, or None if it did not."""
    by_whole = sort in {StaySort.RECOMMENDED, StaySort.PRICE, StaySort.PRICE_DESC}
    match after:
        case [int() | float() as key, int() as property_id, int() as total]:
            numbers = (key, property_id, total)
        case _:
            return None
    if any(isinstance(each, bool) or not -WHOLE_MOST < each < WHOLE_MOST for each in numbers):
        return None
    if by_whole and not isinstance(key, int):
        return None
    return (key if by_whole else float(key), property_id, total)


def _dates(search: StaySearch, today: date, horizon_nights: int) -> Iterator[FieldError]:
    check_in, check_out = search.check_in, search.check_out
    if check_in is None and check_out is None:
        return
    if check_in is None or check_out is None:
        missing = "check_in" if check_in is None else "check_out"
        yield _error(missing, "missing", "Give both dates, or none.")
        return
    if check_out <= check_in:
        yield _error("check_out", "empty_or_negative_range", "Check-out must be after check-in.")
    elif (check_out - check_in).days > STAY_NIGHTS_MAX:
        yield _error("check_out", "stay_too_long", f"A stay has at most {STAY_NIGHTS_MAX} nights.")
    if check_in < today - _DAY:
        yield _error("check_in", "past_date", "Check-in lies in the past.")
    horizon = today.toordinal() + horizon_nights
    if check_in.toordinal() >= horizon:
        yield _error("check_in", "beyond_horizon", f"Nights can be searched {horizon_nights} days ahead.")
    elif check_out.toordinal() > horizon:
        yield _error("check_out", "beyond_horizon", f"Nights can be searched {horizon_nights} days ahead.")


def _prices(search: StaySearch) -> Iterator[FieldError]:
    least, most = search.price_min_minor, search.price_max_minor
    if least is not None:
        yield from whole("price_min", least, 0, AMOUNT_MAX)
    if most is not None:
        yield from whole("price_max", most, 0, AMOUNT_MAX)
    if least is not None and most is not None and least > most:
        yield _error("price_max", "below_minimum", "The highest price lies below the lowest.")


def _choices(search: StaySearch) -> Iterator[FieldError]:
    known = [kind.value for kind in PropertyKind]
    if any(kind not in known for kind in search.kinds):
        yield _error("type", "unknown_kind", f"Kinds are {', '.join(known)}.")
    if len(search.amenities) > AMENITIES_MAX:
        yield _error("amenities", "too_many", f"At most {AMENITIES_MAX} amenities.")
    elif any(not 0 < len(amenity) <= AMENITY_MAX for amenity in search.amenities):
        yield _error("amenities", "malformed", f"An amenity has 1 to {AMENITY_MAX} characters.")
    if search.rating_min is not None:
        yield from real("rating_min", search.rating_min, 0, RATING_MAX)


def _order(search: StaySearch) -> Iterator[FieldError]:
    if search.sort is StaySort.DISTANCE and search.circle is None:
        yield needs_circle()


def _error(name: str, code: str, detail: str) -> FieldError:
    return FieldError(pointer=f"#query/{name}", code=code, detail=detail)
