"""What an airline offers on a dated flight, and what a traveler asks for."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from holdfast.verticals.cancellation import CancellationPolicy

LEGS_MAX: Final = 12
"""Legs of one booking item: a return or multi-city journey with its connections."""
PASSENGERS_MAX: Final = 9
"""Travelers with a seat in one booking item, as the field has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An end of a flight."""

    airport_id: int
    iata: str
    """Three capital letters."""
    name: str
    city: str
    country: str
    """ISO 3166-1 alpha-2."""
    zone: str
    """IANA zone: times at this end are meant there."""
    min_connection_minutes: int
    """Time a traveler needs between two flights here, at least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FareBucket:
    """So many seats of a cabin at a fare; when they are sold the bucket closes and the next one is asked."""

    code: str
    """A letter of the field: `Y`, `M`, `Q`."""
    seats: int
    """How many are sold at it, counted on their own."""
    fare_minor: int
    """For one adult and this leg."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FareBrand:
    """What a fare includes, and what becomes of it when plans change."""

    code: str
    """Such as `basic`, `standard`, `flex`."""
    name: str
    extra_minor: int
    """On top of the bucket's fare, for each traveler with a seat and leg."""
    policy: CancellationPolicy
    changeable: bool
    change_fee_minor: int
    """For each traveler with a seat, once for a change."""
    bags: int
    """Checked bags included, for each traveler with a seat."""
    seat_choice: bool
    """Whether ordinary seats may be chosen without their extra price."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cabin:
    """One class of a dated flight."""

    code: str
    """`economy`, `premium`, `business` or `first`."""
    seats: int
    overbooking: int
    """So many more than there are seats may be sold; 0 unless somebody decided otherwise."""
    buckets: tuple[FareBucket, ...]
    """From the cheapest to the dearest."""
    brands: tuple[FareBrand, ...]
    """From the plainest to the fullest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """One seat of the map."""

    row: int
    column: str
    """A capital letter."""
    cabin: str
    exit: bool = False
    """In an exit row: not for children, nor for whoever travels with an infant."""
    blocked: bool = False
    extra_minor: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LegTerms:
    """Everything about a dated flight that decides who may fly, where they sit, and for what."""

    flight_id: int
    number: str
    """Airline and number, such as `HF101`."""
    airline: str
    """Two characters of IATA's."""
    airline_name: str
    origin: Place
    destination: Place
    departs: datetime
    """Local wall time at the origin, without a zone. One that a clock change repeats is its first occurrence."""
    arrives: datetime
    """Local wall time at the destination, without a zone."""
    equipment: str
    canceled: bool
    currency: str
    cabins: tuple[Cabin, ...]
    seats: tuple[Seat, ...]
    """None: seats are given at the gate."""
    child_bp: int
    """What a child pays of an adult's fare, in basis points."""
    infant_bp: int
    """What an infant on a lap pays of it."""
    tax_minor: int
    """Airport taxes, for each traveler with a seat and leg."""
    sales_close_minutes: int
    """Before departure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passengers:
    """Who travels."""

    adults: int
    children: int = 0
    """With a seat of their own."""
    infants: int = 0
    """On the lap of an adult each."""

    @property
    def seats(self) -> int:
        """How many seats they need on each leg."""
        return self.adults + self.children


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatChoice:
    """A seat somebody chose on one leg."""

    flight_id: int
    seat: str
    """Row and column: `12A`."""
    passenger: int
    """Position among the travelers with a seat, adults first, from 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlightRequest:
    """Flights somebody asks for."""

    flight_ids: tuple[int, ...]
    """All legs in order: one way, there and back, or several cities."""
    cabin: str
    brand: str
    passengers: Passengers
    seats: tuple[SeatChoice, ...] = ()
    again: bool = False
    """Whether the same account may book a flight it has booked already."""
