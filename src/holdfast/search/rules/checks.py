"""Which fields of a search are wrong."""

import math
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Final

from holdfast.catalog.api import PropertyKind
from holdfast.engine.money import AMOUNT_MAX
from holdfast.kit.errors import FieldError
from holdfast.search.api import Box, Circle, StaySearch, StaySort
from holdfast.search.rules.globe import RADIUS_KM_MAX
from holdfast.search.rules.words import WORDS_MAX, words
from holdfast.verticals.stays import STAY_NIGHTS_MAX

TEXT_MAX: Final = 200
GUESTS_MAX: Final = 50
LIMIT_MAX: Final = 100
AMENITIES_MAX: Final = 20
AMENITY_MAX: Final = 100
RATING_MAX: Final = 5.0
_WHOLE_MOST: Final = 2**63
_DAY: Final = timedelta(days=1)
_POSITION = "#query/cursor"

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
        *_texts(search),
        *_dates(search, today, horizon_nights),
        *_whole("guests", search.guests, 1, GUESTS_MAX),
        *_whole("limit", search.limit, 1, LIMIT_MAX),
        *_prices(search),
        *_choices(search),
        *([] if search.box is None else _box(search.box)),
        *([] if search.circle is None else _circle(search.circle)),
        *_order(search),
    ]


def position_of(after: Sequence[float | int | str], sort: StaySort) -> Position | None:
    """Return a position as this module made it, or None if it did not."""
    whole = sort in {StaySort.RECOMMENDED, StaySort.PRICE, StaySort.PRICE_DESC}
    match after:
        case [int() | float() as key, int() as property_id, int() as total]:
            numbers = (key, property_id, total)
        case _:
            return None
    if any(isinstance(each, bool) or not -_WHOLE_MOST < each < _WHOLE_MOST for each in numbers):
        return None
    if whole and not isinstance(key, int):
        return None
    return (key if whole else float(key), property_id, total)


def cursor_error() -> FieldError:
    """Return what to say of a position that is not one."""
    return FieldError(pointer=_POSITION, code="invalid_cursor", detail="Use a cursor as an earlier page gave it.")


def _texts(search: StaySearch) -> Iterator[FieldError]:
    for name, text in (("text", search.text), ("place", search.place)):
        if text is not None and len(text) > TEXT_MAX:
            yield _error(name, "too_long", f"At most {TEXT_MAX} characters.")
    if search.text is not None and len(search.text) <= TEXT_MAX and len(words(search.text)) > WORDS_MAX:
        yield _error("text", "too_many", f"At most {WORDS_MAX} words.")


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
        yield from _whole("price_min", least, 0, AMOUNT_MAX)
    if most is not None:
        yield from _whole("price_max", most, 0, AMOUNT_MAX)
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
        yield from _real("rating_min", search.rating_min, 0, RATING_MAX)


def _box(box: Box) -> Iterator[FieldError]:
    wrong = [
        *_real("box", box.south, -90, 90),
        *_real("box", box.north, -90, 90),
        *_real("box", box.west, -180, 180),
        *_real("box", box.east, -180, 180),
    ]
    yield from wrong[:1]
    if not wrong and box.south > box.north:
        yield _error("box", "south_above_north", "The south of a box lies below its north.")


def _circle(circle: Circle) -> Iterator[FieldError]:
    yield from _real("near", circle.latitude, -90, 90)
    yield from _real("near", circle.longitude, -180, 180)
    if not (math.isfinite(circle.radius_km) and 0 < circle.radius_km <= RADIUS_KM_MAX):
        yield _error("radius_km", "out_of_range", f"A radius lies above 0 and at most at {RADIUS_KM_MAX:g}.")


def _order(search: StaySearch) -> Iterator[FieldError]:
    if search.sort is StaySort.DISTANCE and search.circle is None:
        yield _error("sort", "needs_circle", "Sorting by distance needs a point and a radius.")


def _whole(name: str, value: int, least: int, most: int) -> Iterator[FieldError]:
    if not least <= value <= most:
        yield _error(name, "out_of_range", f"This must lie between {least} and {most}.")


def _real(name: str, value: float, least: float, most: float) -> Iterator[FieldError]:
    if not (math.isfinite(value) and least <= value <= most):
        yield _error(name, "out_of_range", f"This must lie between {least:g} and {most:g}.")


def _error(name: str, code: str, detail: str) -> FieldError:
    return FieldError(pointer=f"#query/{name}", code=code, detail=detail)
