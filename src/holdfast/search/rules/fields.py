"""Checks of fields that several searches have."""

import math
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from holdfast.kit.errors import FieldError
from holdfast.search.rules.globe import RADIUS_KM_MAX
from holdfast.search.rules.words import WORDS_MAX, words
from holdfast.search.where import Box, Circle

TEXT_MAX: Final = 200
LIMIT_MAX: Final = 100
RATING_MAX: Final = 5.0
WHOLE_MOST: Final = 2**63
_DAY: Final = timedelta(days=1)
_POSITION: Final = "#query/cursor"


def texts(text: str | None, place: str | None) -> Iterator[FieldError]:
    """Yield what is wrong with words and a place to look for."""
    for name, given in (("text", text), ("place", place)):
        if given is not None and len(given) > TEXT_MAX:
            yield _error(name, "too_long", f"At most {TEXT_MAX} characters.")
    if text is not None and len(text) <= TEXT_MAX and len(words(text)) > WORDS_MAX:
        yield _error("text", "too_many", f"At most {WORDS_MAX} words.")


def parts_of_the_map(box: Box | None, circle: Circle | None) -> Iterator[FieldError]:
    """Yield what is wrong with parts of the map."""
    if box is not None:
        yield from _box(box)
    if circle is not None:
        yield from _circle(circle)


def _box(box: Box) -> Iterator[FieldError]:
    wrong = [
        *real("box", box.south, -90, 90),
        *real("box", box.north, -90, 90),
        *real("box", box.west, -180, 180),
        *real("box", box.east, -180, 180),
    ]
    yield from wrong[:1]
    if not wrong and box.south > box.north:
        yield _error("box", "south_above_north", "The south of a box lies below its north.")


def _circle(circle: Circle) -> Iterator[FieldError]:
    yield from real("near", circle.latitude, -90, 90)
    yield from real("near", circle.longitude, -180, 180)
    if not (math.isfinite(circle.radius_km) and 0 < circle.radius_km <= RADIUS_KM_MAX):
        yield _error("radius_km", "out_of_range", f"A radius lies above 0 and at most at {RADIUS_KM_MAX:g}.")


def needs_circle() -> FieldError:
    """Return what to say of sorting by distance from nowhere."""
    return _error("sort", "needs_circle", "Sorting by distance needs a point and a radius.")


def day_ahead(name: str, day: date, *, today: date, horizon_days: int) -> Iterator[FieldError]:
    """Yield what is wrong with a day; `today` is that of UTC, and somewhere it is still yesterday."""
    if day < today - _DAY:
        yield _error(name, "past_date", "The date lies in the past.")
    elif day.toordinal() >= today.toordinal() + horizon_days:
        yield _error(name, "beyond_horizon", f"Days can be searched {horizon_days} days ahead.")


def whole(name: str, value: int, least: int, most: int) -> Iterator[FieldError]:
    """Yield that a whole number is out of its bounds."""
    if not least <= value <= most:
        yield _error(name, "out_of_range", f"This must lie between {least} and {most}.")


def real(name: str, value: float, least: float, most: float) -> Iterator[FieldError]:
    """Yield that a number is out of its bounds, or none."""
    if not (math.isfinite(value) and least <= value <= most):
        yield _error(name, "out_of_range", f"This must lie between {least:g} and {most:g}.")


def is_whole(value: object) -> bool:
    """Return whether something is a whole number that fits the database."""
    return isinstance(value, int) and not isinstance(value, bool) and -WHOLE_MOST < value < WHOLE_MOST


def is_number(value: object) -> bool:
    """Return whether something is a number that fits the database."""
    return is_whole(value) or (isinstance(value, float) and math.isfinite(value))


def cursor_error() -> FieldError:
    """Return what to say of a position that is not one."""
    return FieldError(pointer=_POSITION, code="invalid_cursor", detail="Use a cursor as an earlier page gave it.")


def _error(name: str, code: str, detail: str) -> FieldError:
    return FieldError(pointer=f"#query/{name}", code=code, detail=detail)
