"""The door of search."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Protocol

from holdfast.search.dining_api import (
    AROUND_MINUTES,
    TIMES_MAX,
    DiningHit,
    DiningPage,
    DiningSearch,
    DiningSort,
)
from holdfast.search.flights_api import (
    NEAR_DATES,
    SLICE_MINUTES_MAX,
    SLICES_MAX,
    CabinCode,
    FlightHit,
    FlightPage,
    FlightSearch,
    FlightSort,
    FoundEnd,
    FoundFare,
    FoundLeg,
    FoundSlice,
    NearDates,
    SliceWanted,
)
from holdfast.search.where import Box, Circle

__all__ = [  # written beside; the rest is exported anyway
    "AROUND_MINUTES",
    "NEAR_DATES",
    "SLICES_MAX",
    "SLICE_MINUTES_MAX",
    "TIMES_MAX",
    "Box",
    "CabinCode",
    "Circle",
    "DiningHit",
    "DiningPage",
    "DiningSearch",
    "DiningSort",
    "FlightHit",
    "FlightPage",
    "FlightSearch",
    "FlightSort",
    "FoundEnd",
    "FoundFare",
    "FoundLeg",
    "FoundSlice",
    "NearDates",
    "SliceWanted",
]


class StaySort(StrEnum):
    """In which order stays are listed; ties by id, in the same direction."""

    RECOMMENDED = "recommended"
    PRICE = "price"
    PRICE_DESC = "-price"
    RATING = "-rating"
    DISTANCE = "distance"


@dataclass(frozen=True, slots=True, kw_only=True)
class StaySearch:
    """What a guest looks for. Everything is optional; what is given must all be met."""

    text: str | None = None
    """Words that must all occur in name, neighbourhood, city or kind; case and accents make no difference."""
    place: str | None = None
    """A city or neighbourhood, by its whole name or by a part of the name between commas."""
    box: Box | None = None
    circle: Circle | None = None
    check_in: date | None = None
    check_out: date | None = None
    """Both dates, or none. With dates, only what has every night free and takes stays of that length, so far ahead."""
    guests: int = 1
    price_min_minor: int | None = None
    price_max_minor: int | None = None
    kinds: tuple[str, ...] = ()
    amenities: tuple[str, ...] = ()
    rating_min: float | None = None
    sort: StaySort = StaySort.RECOMMENDED
    limit: int = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class StayHit:
    """One property found."""

    property_id: int
    name: str
    kind: str
    neighbourhood: str
    city: str
    latitude: float
    longitude: float
    guests_max: int
    bedrooms: int
    beds: int
    bathrooms: float
    amenities: tuple[str, ...]
    rating: float | None
    reviews: int
    base_minor: int
    currency: str
    distance_km: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StayPage:
    """One page of what was found."""

    hits: tuple[StayHit, ...]
    total: int
    next_position: tuple[float | int | str, ...] | None
    """Where the next page starts; the edge wraps it into an opaque signed cursor. It carries `total` along: later pages
    tell the number the first page counted."""
    facets: Mapping[str, Mapping[str, int]]
    """Counts by `kind`, `neighbourhood` (the 50 with most homes) and `amenity` (the 120 known longest), under all
    filters of the search, largest first, when asked for."""


class SearchApi(Protocol):
    """What others may ask of search."""

    async def stays(
        self, *, search: StaySearch, after: Sequence[float | int | str] | None = None, facets: bool = False
    ) -> StayPage:
        """Find listed properties, with every night free when dates are given, in one set-based query a page.

        Args:
            search: What is looked for.
            after: `next_position` of the page before, found by the same search.
            facets: Whether to count by facet as well.

        Raises:
            Invalid: A field is wrong; every wrong field is named, with a pointer `#query/<name>`.
        """

    async def dining(
        self, *, search: DiningSearch, after: Sequence[float | int | str] | None = None, facets: bool = False
    ) -> DiningPage:
        """Find listed restaurants, with a table free for the party when a day is given, in one set-based query a page.

        Args:
            search: What is looked for.
            after: `next_position` of the page before, found by the same search.
            facets: Whether to count by facet as well.

        Raises:
            Invalid: A field is wrong; every wrong field is named, with a pointer `#query/<name>`.
        """

    async def flights(
        self, *, search: FlightSearch, after: Sequence[float | int | str] | None = None, facets: bool = False
    ) -> FlightPage:
        """Find journeys that can be quoted now, in two set-based queries at most for each slice.

        A journey has the flights of one airline's account, as an item of a booking has. Of ways that others beat in
        everything only those without a stop are listed. Where a slice has very many ways, the best by the order asked
        for are put together with those of the other slices.

        Args:
            search: What is looked for.
            after: `next_position` of the page before, found by the same search.
            facets: Whether to count by facet as well.

        Raises:
            Invalid: A field is wrong, or there is no such place; every wrong field is named, with a pointer
                `#query/<name>`, or `#query/slice/<place>/<from, to or date>` for a part of a slice.
        """

    async def rebuild(self) -> int:
        """Forget the read model and make it anew from catalog and booking; returns how many things it has."""
