"""What people ask for and what was promised about it, by kind. Import it from `booking.api`."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from holdfast.verticals.cancellation import CancellationPolicy
from holdfast.verticals.flights.terms import Passengers, SeatChoice


class ItemKind(StrEnum):
    """What an item is."""

    STAY = "stay"
    TABLE = "table"
    FLIGHT = "flight"


@dataclass(frozen=True, slots=True, kw_only=True)
class StayItem:
    """A stay somebody asks for: nights from `check_in` to `check_out`, which is not a night."""

    property_id: int
    check_in: date
    check_out: date
    guests: int
    pets: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TableItem:
    """A table somebody asks for."""

    restaurant_id: int
    day: date
    at: time
    """Local wall time of the restaurant."""
    party_size: int
    minutes: int | None = None
    """How long; None: the turn time of the party."""
    area: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FlightItem:
    """Flights somebody asks for: all legs of a journey in order, there and back too."""

    flight_ids: tuple[int, ...]
    cabin: str
    brand: str
    passengers: Passengers
    seats: tuple[SeatChoice, ...] = ()
    again: bool = False
    """Whether one's account may book a flight it has booked already."""


Item = StayItem | TableItem | FlightItem


@dataclass(frozen=True, slots=True, kw_only=True)
class Promised:
    """What was promised about an item when it was quoted, whatever its kind.

    Each kind says when it begins as `first_day` and `begins_at` in `zone`, and what that is called.
    """

    owner_id: int
    zone: str
    """IANA zone: its dates and times are meant there."""
    policy: CancellationPolicy
    total_minor: int
    """This item's part of the total."""
    instant: bool = True
    """Whether it is booked at once; else the owner has 24 hours to say yes."""
    pay_at_property: bool = True
    """Whether it may be paid on arrival; else it has to be paid before it is confirmed."""
    kept_minor: int = 0
    """Of the total, what was lost when the item was last changed: moving it brings nothing back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotedStay(Promised):
    """A stay with everything that was promised about it when it was quoted."""

    kind: ItemKind = ItemKind.STAY
    property_id: int
    property_name: str
    check_in: date
    check_out: date
    guests: int
    check_in_from: time
    check_out_until: time
    pets: int = 0
    units: tuple[str, ...] = ()
    """Names of the unit(s) assigned inside the claim, where the property has named units; empty in a quote."""

    @property
    def title(self) -> str:
        """What a person calls it."""
        return self.property_name

    @property
    def start(self) -> str:
        """What its beginning is called."""
        return "check-in"

    @property
    def first_day(self) -> date:
        """The day on which it begins."""
        return self.check_in

    @property
    def begins_at(self) -> time:
        """The wall time at which it begins."""
        return self.check_in_from

    @property
    def end_day(self) -> date:
        """The day after its last night."""
        return self.check_out


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotedTable(Promised):
    """A table with everything that was promised about it when it was quoted."""

    kind: ItemKind = ItemKind.TABLE
    restaurant_id: int
    restaurant_name: str
    day: date
    at: time
    minutes: int
    asked_minutes: int | None = None
    """The length asked for, if one was; else it follows from the party."""
    party_size: int
    area: str | None = None
    """The area asked for, if one was."""
    service: str
    """Code of the service it falls into."""
    guarantee_minor: int = 0
    """The fee for canceling after `free_until` or not coming."""
    free_until: datetime | None = None
    """Until when canceling costs nothing, UTC; None: it always costs what was paid, or the whole fee."""
    tables: tuple[str, ...] = ()
    """Codes of the tables assigned inside the claim; empty in a quote."""

    @property
    def title(self) -> str:
        """What a person calls it."""
        return self.restaurant_name

    @property
    def start(self) -> str:
        """What its beginning is called."""
        return "the reservation"

    @property
    def first_day(self) -> date:
        """The day on which it begins."""
        return self.day

    @property
    def begins_at(self) -> time:
        """The wall time at which it begins."""
        return self.at

    @property
    def end_day(self) -> date:
        """The day after."""
        return self.day + timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotedEnd:
    """One end of a leg."""

    iata: str
    city: str
    zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotedLeg:
    """One dated flight of a journey."""

    flight_id: int
    number: str
    airline_name: str
    origin: QuotedEnd
    destination: QuotedEnd
    departs: datetime
    """Local wall time at the origin."""
    arrives: datetime
    """Local wall time at the destination."""
    minutes: int
    """From departure to arrival."""
    equipment: str
    bucket: str
    """The fare bucket it was sold from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotedFlight(Promised):
    """Flights with everything that was promised about them when they were quoted."""

    kind: ItemKind = ItemKind.FLIGHT
    legs: tuple[QuotedLeg, ...]
    cabin: str
    brand: str
    brand_name: str
    passengers: Passengers
    seats: tuple[SeatChoice, ...] = ()
    bags: int
    """Checked bags included, for each traveler with a seat."""
    changeable: bool
    change_fee_minor: int
    """For each traveler with a seat."""
    again: bool = False

    @property
    def title(self) -> str:
        """What a person calls it."""
        stops = [self.legs[0].origin.iata, *(leg.destination.iata for leg in self.legs)]
        return f"{self.legs[0].number} {'-'.join(stops)}"

    @property
    def start(self) -> str:
        """What its beginning is called."""
        return "departure"

    @property
    def first_day(self) -> date:
        """The day on which it begins."""
        return self.legs[0].departs.date()

    @property
    def begins_at(self) -> time:
        """The wall time at which it begins."""
        return self.legs[0].departs.time()

    @property
    def end_day(self) -> date:
        """The day after."""
        return self.first_day + timedelta(days=1)


QuotedItem = QuotedStay | QuotedTable | QuotedFlight


def subject_of(item: QuotedItem) -> dict[str, Any]:
    """Return what an item is at, as a field of its kind: `{"property_id": 7}`."""
    match item:
        case QuotedStay():
            return {"property_id": item.property_id}
        case QuotedTable():
            return {"restaurant_id": item.restaurant_id}
        case QuotedFlight():
            return {"flight_id": item.legs[0].flight_id}
