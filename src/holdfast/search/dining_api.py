"""The door of search to restaurants. Import it from `search.api`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum
from typing import Final

from holdfast.search.where import Box, Circle

AROUND_MINUTES: Final = 90
"""Times so much earlier or later than the one asked for are offered too."""
TIMES_MAX: Final = 7
"""Free times that a hit shows."""


class DiningSort(StrEnum):
    """In which order restaurants are listed; of equals the more recommended first, then by id."""

    RECOMMENDED = "recommended"
    RATING = "-rating"
    DISTANCE = "distance"
    EARLIEST = "earliest"
    """By the first time on the wall clock at which the party can come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DiningSearch:
    """What a guest looks for. Everything but the party is optional; what is given must all be met."""

    text: str | None = None
    """Words that must all occur in name, neighbourhood, city or cuisines; case and accents make no difference."""
    place: str | None = None
    """A city or neighbourhood, by its whole name or by a part of the name between commas."""
    box: Box | None = None
    circle: Circle | None = None
    day: date | None = None
    """With a day, only what has a table free for the party, so far ahead and at so short a notice."""
    at: time | None = None
    """Only with a day: a table is free within `AROUND_MINUTES` of this wall time, on that day."""
    party_size: int = 2
    """Only what seats such a party."""
    cuisines: tuple[str, ...] = ()
    """Any of them will do."""
    price_levels: tuple[int, ...] = ()
    """Any of them will do; 1 is inexpensive, 4 the dearest."""
    rating_min: float | None = None
    sort: DiningSort = DiningSort.RECOMMENDED
    limit: int = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class DiningHit:
    """One restaurant found."""

    restaurant_id: int
    name: str
    cuisines: tuple[str, ...]
    price_level: int
    neighbourhood: str
    city: str
    latitude: float
    longitude: float
    zone: str
    image: str | None
    """The first of its images."""
    rating: float | None
    reviews: int
    distance_km: float | None
    times: tuple[time, ...]
    """With a day: free times for the party, in order. Those nearest to the time asked for, else the first of the day;
    `TIMES_MAX` at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DiningPage:
    """One page of what was found."""

    hits: tuple[DiningHit, ...]
    total: int
    next_position: tuple[float | int | str, ...] | None
    """Where the next page starts; the edge wraps it into an opaque signed cursor. It carries `total` along: later pages
    tell the number the first page counted."""
    facets: Mapping[str, Mapping[str, int]]
    """Counts by `cuisine`, `neighbourhood` (the 50 with most restaurants) and `price_level`, under all filters of the
    search, largest first, when asked for."""
