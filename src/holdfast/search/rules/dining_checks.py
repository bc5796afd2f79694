"""Which fields of a search for restaurants are wrong."""

import re
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

from holdfast.kit.errors import FieldError
from holdfast.search.dining_api import DiningSearch, DiningSort
from holdfast.search.rules.fields import (
    LIMIT_MAX,
    RATING_MAX,
    day_ahead,
    is_number,
    is_whole,
    needs_circle,
    parts_of_the_map,
    real,
    texts,
    whole,
)
from holdfast.verticals.dining.terms import PARTY_MAX

CUISINES_ASKED_MAX: Final = 20
PRICE_LEVEL_MAX: Final = 4
_CUISINE: Final = re.compile("[a-z0-9_]{1,60}")

DiningPosition = tuple[float | int, int, int, int]
"""Where a page starts: key, standing and id of the last hit before it, and how many hits there are in all."""


def wrong_dining_fields(search: DiningSearch, *, today: date, horizon_days: int) -> list[FieldError]:
    """Return every wrong field of a search, with pointers into the query of `GET /v1/search/dining`.

    Args:
        search: What is asked.
        today: The day in UTC.
        horizon_days: How many days from today on can be searched.
    """
    return [
        *texts(search.text, search.place),
        *([] if search.day is None else day_ahead("date", search.day, today=today, horizon_days=horizon_days)),
        *whole("party_size", search.party_size, 1, PARTY_MAX),
        *whole("limit", search.limit, 1, LIMIT_MAX),
        *_choices(search),
        *parts_of_the_map(search.box, search.circle),
        *_order(search),
    ]


def dining_position(after: Sequence[float | int | str]) -> DiningPosition | None:
    """Return a position as this module made it, or None if it did not."""
    match after:
        case [int() | float() as key, int() as standing, int() as restaurant_id, int() as total]:
            if is_number(key) and all(is_whole(each) for each in (standing, restaurant_id, total)):
                return (key, standing, restaurant_id, total)
    return None


def _choices(search: DiningSearch) -> Iterator[FieldError]:
    if len(search.cuisines) > CUISINES_ASKED_MAX:
        yield _error("cuisine", "too_many", f"At most {CUISINES_ASKED_MAX} cuisines.")
    elif not all(_CUISINE.fullmatch(each) for each in search.cuisines):
        yield _error("cuisine", "malformed", "A cuisine is a code such as new_american.")
    for level in search.price_levels:
        yield from whole("price_level", level, 1, PRICE_LEVEL_MAX)
    if search.rating_min is not None:
        yield from real("rating_min", search.rating_min, 0, RATING_MAX)


def _order(search: DiningSearch) -> Iterator[FieldError]:
    if search.at is not None and search.day is None:
        yield _error("date", "missing", "A time needs the date it is meant on.")
    if search.sort is DiningSort.DISTANCE and search.circle is None:
        yield needs_circle()
    if search.sort is DiningSort.EARLIEST and search.day is None:
        yield _error("sort", "needs_date", "Sorting by the earliest time needs a date.")


def _error(name: str, code: str, detail: str) -> FieldError:
    return FieldError(pointer=f"#query/{name}", code=code, detail=detail)
