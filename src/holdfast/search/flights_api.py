"""The door of search to flights. Import it from `search.api`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from typing import Final

from holdfast.verticals.flights.terms import Passengers

SLICES_MAX: Final = 6
"""Parts of a journey: two there and back, more for several cities."""
NEAR_DATES: Final = 3
"""So many days before and after are looked at when a day has nothing."""
SLICE_MINUTES_MAX: Final = 48 * 60
"""How long one slice may take with all its connections."""


class FlightSort(StrEnum):
    """In which order journeys are listed; of equals the cheaper, the quicker, and the earlier first."""

    PRICE = "price"
    DURATION = "duration"
    DEPARTURE = "departure"


class CabinCode(StrEnum):
    """The classes there are."""

    ECONOMY = "economy"
    PREMIUM = "premium"
    BUSINESS = "business"
    FIRST = "first"


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceWanted:
    """A part of a journey somebody looks for."""

    origin: str
    """An airport's IATA code, or the name of a city or an airport."""
    destination: str
    day: date
    """Of departure, on the wall clock there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlightSearch:
    """What a traveler looks for. What is given must all be met."""

    slices: tuple[SliceWanted, ...]
    """In order: one, two there and back, or several."""
    passengers: Passengers
    cabin: CabinCode = CabinCode.ECONOMY
    brand: str | None = None
    """Only this fare; None: any."""
    price_max_minor: int | None = None
    """For all travelers and slices, in whatever currency the flights are sold."""
    max_stops: int = 1
    """Of each slice."""
    max_minutes: int | None = None
    """Of each slice, from its first departure to its last arrival."""
    airlines: tuple[str, ...] = ()
    """Only these fly, by the two characters of their numbers."""
    departs_from: time | None = None
    """Each slice departs at this wall time or later ..."""
    departs_until: time | None = None
    """... and at this one or earlier."""
    overnight: bool = False
    """Whether one may wait for a connection past midnight."""
    sort: FlightSort = FlightSort.PRICE
    limit: int = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundEnd:
    """An end of a flight."""

    iata: str
    name: str
    city: str
    country: str
    zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundLeg:
    """One flight of a journey."""

    flight_id: int
    number: str
    airline: str
    airline_name: str
    origin: FoundEnd
    destination: FoundEnd
    departs: datetime
    """Wall time at the origin."""
    arrives: datetime
    """Wall time at the destination."""
    day_offset: int
    """How many dates the arrival is after the departure, each by its own clock."""
    minutes: int
    equipment: str
    connection_minutes: int | None
    """How long one waits for it after the flight before; None: it is the first of its slice."""
    seats_left: int
    """Of its cabin, all fares together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundSlice:
    """One part of a journey."""

    legs: tuple[FoundLeg, ...]
    minutes: int
    """From the first departure to the last arrival."""
    day_offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundFare:
    """A fare of a whole journey: what it costs all travelers, and what it includes on every leg."""

    brand: str
    name: str
    total_minor: int
    bags: int
    changeable: bool
    change_fee_minor: int
    """For each traveler with a seat; the largest of any leg."""
    refundable: bool
    """Whether canceling early enough brings something back, on every leg."""
    seat_choice: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FlightHit:
    """One journey found: quote it by its flights, the cabin and the brand of one of its fares."""

    flight_ids: tuple[int, ...]
    """All legs in order."""
    cabin: CabinCode
    currency: str
    slices: tuple[FoundSlice, ...]
    fares: tuple[FoundFare, ...]
    """The cheapest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NearDates:
    """Other dates on which there is something, all slices moved by as many days."""

    days: tuple[date, ...]
    total_minor: int
    """Of the cheapest journey."""
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FlightPage:
    """One page of what was found."""

    hits: tuple[FlightHit, ...]
    total: int
    next_position: tuple[float | int | str, ...] | None
    """Where the next page starts; the edge wraps it into an opaque signed cursor. It carries `total` along."""
    facets: Mapping[str, Mapping[str, int]]
    """Counts of journeys by `airline` and by `stops` (of the slice with most), under all filters, when asked for."""
    near_dates: tuple[NearDates, ...]
    """When nothing is found one way, or there and back: up to `NEAR_DATES` days earlier and later, in order."""
