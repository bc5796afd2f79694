"""What the routes of booking read and answer of items: stays, tables and flights."""

from datetime import datetime
from typing import Annotated, Final, Literal, Self

from pydantic import Field, PlainSerializer, WithJsonSchema

from holdfast.booking.api import (
    FlightItem,
    Item,
    QuotedEnd,
    QuotedFlight,
    QuotedItem,
    QuotedLeg,
    QuotedStay,
    QuotedTable,
    StayItem,
    TableItem,
)
from holdfast.kit.http.wire import (
    NUMBER_MAX,
    Between,
    DayField,
    InstantField,
    Line,
    MoneyOut,
    TimeField,
    Wire,
    items,
)
from holdfast.verticals.cancellation import CancellationPolicy, Shares
from holdfast.verticals.dining.terms import PARTY_MAX
from holdfast.verticals.flights.terms import LEGS_MAX, PASSENGERS_MAX, Passengers, SeatChoice

ITEMS_MAX: Final = 5
GUESTS_MAX: Final = 50
PETS_MAX: Final = 20
MINUTES_MAX: Final = 24 * 60
CODE_MAX: Final = 20
AREA_MAX: Final = 60
_SEATS_MAX: Final = LEGS_MAX * PASSENGERS_MAX

Number = Annotated[int, Between(1, NUMBER_MAX)]
Code = Annotated[str, Line(CODE_MAX, 1)]


# ------------------------------------------------------------------------------------------------------- what comes in


class StayWish(Wire):
    """A stay somebody asks for."""

    kind: Literal["stay"]
    property_id: Number
    check_in: DayField
    check_out: DayField
    """The day of departure, which is not a night."""
    guests: Annotated[int, Between(1, GUESTS_MAX)]
    pets: Annotated[int, Between(0, PETS_MAX)] = 0

    def item(self) -> StayItem:
        """Return it as the door takes it."""
        return StayItem(
            property_id=self.property_id,
            check_in=self.check_in,
            check_out=self.check_out,
            guests=self.guests,
            pets=self.pets,
        )


class TableWish(Wire):
    """A table somebody asks for."""

    kind: Literal["table"]
    restaurant_id: Number
    date: DayField
    time: TimeField
    """Local wall time of the restaurant, on a quarter of an hour."""
    party_size: Annotated[int, Between(1, PARTY_MAX)]
    minutes: Annotated[int, Between(1, MINUTES_MAX)] | None = None
    """How long; null: as long as parties of this size have their table."""
    area: Annotated[str, Line(AREA_MAX, 1)] | None = None
    """Where to sit, one of the restaurant's areas; null: wherever."""

    def item(self) -> TableItem:
        """Return it as the door takes it."""
        return TableItem(
            restaurant_id=self.restaurant_id,
            day=self.date,
            at=self.time,
            party_size=self.party_size,
            minutes=self.minutes,
            area=self.area,
        )


class PassengersIn(Wire):
    """Who travels."""

    adults: Annotated[int, Between(1, PASSENGERS_MAX)]
    children: Annotated[int, Between(0, PASSENGERS_MAX)] = 0
    """With a seat of their own."""
    infants: Annotated[int, Between(0, PASSENGERS_MAX)] = 0
    """On the lap of an adult each."""


class SeatWish(Wire):
    """A seat somebody chooses on one flight."""

    flight_id: Number
    seat: Annotated[str, Field(min_length=2, max_length=3, pattern=r"^[1-9][0-9]?[A-Z]$")]
    """Row and column: `12A`."""
    passenger: Annotated[int, Between(0, PASSENGERS_MAX - 1)]
    """Position among the travelers with a seat, adults first, from 0."""


class FlightWish(Wire):
    """Flights somebody asks for: one way, there and back, or several cities."""

    kind: Literal["flight"]
    flight_ids: Annotated[tuple[Number, ...], items(LEGS_MAX, 1)]
    """All legs in order."""
    cabin: Code = "economy"
    brand: Code
    """The fare brand, such as `standard`."""
    passengers: PassengersIn
    seats: Annotated[tuple[SeatWish, ...], items(_SEATS_MAX)] = ()
    again: bool = False
    """Whether to book a flight that you have booked already."""

    def item(self) -> FlightItem:
        """Return it as the door takes it."""
        who = self.passengers
        return FlightItem(
            flight_ids=self.flight_ids,
            cabin=self.cabin,
            brand=self.brand,
            passengers=Passengers(adults=who.adults, children=who.children, infants=who.infants),
            seats=tuple(
                SeatChoice(flight_id=each.flight_id, seat=each.seat, passenger=each.passenger) for each in self.seats
            ),
            again=self.again,
        )


Wish = Annotated[StayWish | TableWish | FlightWish, Field(discriminator="kind")]
Wishes = Annotated[tuple[Wish, ...], items(ITEMS_MAX, 1)]


def items_of(wishes: tuple[StayWish | TableWish | FlightWish, ...]) -> list[Item]:
    """Return what is wished for as the door takes it."""
    return [wish.item() for wish in wishes]


# ------------------------------------------------------------------------------------------------------ what goes out


class SharesOut(Wire):
    """What comes back of each kind of line, in basis points: 10000 is all of it."""

    nights_bp: int
    """Of nights with their adjustments and discount, extra guests and pets."""
    cleaning_bp: int
    service_bp: int
    tax_bp: int | None
    """null: in proportion to what comes back of the lines the tax was levied on."""

    @classmethod
    def of(cls, shares: Shares) -> Self:
        """Render shares."""
        return cls(
            nights_bp=shares.nights_bp,
            cleaning_bp=shares.cleaning_bp,
            service_bp=shares.service_bp,
            tax_bp=shares.tax_bp,
        )


class WindowOut(Wire):
    """Canceling `days_before` days before check-in or earlier gives these shares back."""

    days_before: int
    nights_kept: int
    """So many nights are paid whatever the shares say; these are of the rest."""
    shares: SharesOut


class AfterCheckInOut(Wire):
    """Nights spent and `nights_more` more are paid; of the rest these shares come back."""

    nights_more: int
    shares: SharesOut


class PolicyOut(Wire):
    """What a cancellation gives back, earliest window first; after the last one nothing."""

    name: str
    windows: tuple[WindowOut, ...]
    grace_hours: int
    """Canceling within so many hours of booking gives everything back ..."""
    grace_days_before: int
    """... if check-in was at least so many days ahead when it was booked."""
    after_check_in: AfterCheckInOut | None
    """null: nothing can be canceled once check-in has opened."""

    @classmethod
    def of(cls, policy: CancellationPolicy) -> Self:
        """Render a policy."""
        after = policy.after_check_in
        return cls(
            name=policy.name,
            windows=tuple(
                WindowOut(days_before=each.days_before, nights_kept=each.nights_kept, shares=SharesOut.of(each.shares))
                for each in policy.windows
            ),
            grace_hours=policy.grace_hours,
            grace_days_before=policy.grace_days_before,
            after_check_in=None
            if after is None
            else AfterCheckInOut(nights_more=after.nights_more, shares=SharesOut.of(after.shares)),
        )


class StayOut(Wire):
    """A stay with what was promised about it when it was quoted."""

    kind: Literal["stay"] = "stay"
    property_id: int
    property_name: str
    check_in: DayField
    check_out: DayField
    nights: int
    guests: int
    pets: int
    zone: str
    """IANA zone of the property: its dates and times are meant there."""
    check_in_from: TimeField
    check_out_until: TimeField
    policy: PolicyOut
    instant: bool
    """Whether it is booked at once; else the host is asked and has 24 hours to say yes."""
    pay_at_property: bool
    """Whether it may be paid on arrival; else it is paid before it is confirmed."""
    total: MoneyOut
    """This stay's part of the price."""
    units: tuple[str, ...]
    """The units assigned, where the property has named ones; empty before the hold."""

    @classmethod
    def of(cls, stay: QuotedStay, currency: str) -> Self:
        """Render a stay."""
        return cls(
            property_id=stay.property_id,
            property_name=stay.property_name,
            check_in=stay.check_in,
            check_out=stay.check_out,
            nights=(stay.check_out - stay.check_in).days,
            guests=stay.guests,
            pets=stay.pets,
            zone=stay.zone,
            check_in_from=stay.check_in_from,
            check_out_until=stay.check_out_until,
            policy=PolicyOut.of(stay.policy),
            instant=stay.instant,
            pay_at_property=stay.pay_at_property,
            total=MoneyOut(amount=stay.total_minor, currency=currency),
            units=stay.units,
        )


class TableOut(Wire):
    """A table with what was promised about it when it was quoted."""

    kind: Literal["table"] = "table"
    restaurant_id: int
    restaurant_name: str
    date: DayField
    time: TimeField
    minutes: int
    party_size: int
    area: str | None
    """The area asked for; null: wherever."""
    service: str
    zone: str
    """IANA zone of the restaurant: its date and time are meant there."""
    policy: PolicyOut
    """What comes back of a deposit or prepayment."""
    pay_at_property: bool
    """Whether nothing has to be paid before it is confirmed."""
    total: MoneyOut
    """What is paid now: this item's part of the price."""
    guarantee: MoneyOut
    """The fee for canceling after `free_until`, or for not coming."""
    free_until: InstantField | None
    """Until when canceling costs nothing; null: it costs what was paid."""
    tables: tuple[str, ...]
    """The tables assigned; empty before the hold."""

    @classmethod
    def of(cls, table: QuotedTable, currency: str) -> Self:
        """Render a table."""
        return cls(
            restaurant_id=table.restaurant_id,
            restaurant_name=table.restaurant_name,
            date=table.day,
            time=table.at,
            minutes=table.minutes,
            party_size=table.party_size,
            area=table.area,
            service=table.service,
            zone=table.zone,
            policy=PolicyOut.of(table.policy),
            pay_at_property=table.pay_at_property,
            total=MoneyOut(amount=table.total_minor, currency=currency),
            guarantee=MoneyOut(amount=table.guarantee_minor, currency=currency),
            free_until=table.free_until,
            tables=table.tables,
        )


def _without_zone(value: datetime) -> str:
    return f"{value:%Y-%m-%dT%H:%M}"


WallTime = Annotated[
    datetime,
    PlainSerializer(_without_zone, return_type=str),
    WithJsonSchema({"type": "string", "examples": ["2027-05-14T09:05"]}),
]
"""Local time at an airport, without an offset; the airport's zone stands beside it."""


class EndOut(Wire):
    """One end of a flight."""

    iata: str
    city: str
    zone: str
    """IANA zone: times at this end are meant there."""

    @classmethod
    def of(cls, end: QuotedEnd) -> Self:
        """Render an end."""
        return cls(iata=end.iata, city=end.city, zone=end.zone)


class LegOut(Wire):
    """One dated flight of a journey."""

    flight_id: int
    number: str
    airline: str
    origin: EndOut
    destination: EndOut
    departs: WallTime
    """Local time at the origin."""
    arrives: WallTime
    """Local time at the destination."""
    day_offset: int
    """Calendar days between the two local dates."""
    minutes: int
    """From departure to arrival."""
    equipment: str

    @classmethod
    def of(cls, leg: QuotedLeg) -> Self:
        """Render a leg."""
        return cls(
            flight_id=leg.flight_id,
            number=leg.number,
            airline=leg.airline_name,
            origin=EndOut.of(leg.origin),
            destination=EndOut.of(leg.destination),
            departs=leg.departs,
            arrives=leg.arrives,
            day_offset=(leg.arrives.date() - leg.departs.date()).days,
            minutes=leg.minutes,
            equipment=leg.equipment,
        )


class PassengersOut(Wire):
    """Who travels."""

    adults: int
    children: int
    infants: int


class SeatOut(Wire):
    """A seat that was chosen."""

    flight_id: int
    seat: str
    passenger: int


class FlightOut(Wire):
    """Flights with what was promised about them when they were quoted."""

    kind: Literal["flight"] = "flight"
    legs: tuple[LegOut, ...]
    cabin: str
    brand: str
    brand_name: str
    passengers: PassengersOut
    seats: tuple[SeatOut, ...]
    bags: int
    """Checked bags included, for each traveler with a seat."""
    changeable: bool
    change_fee: MoneyOut
    """For each traveler with a seat."""
    policy: PolicyOut
    total: MoneyOut
    """This item's part of the price."""

    @classmethod
    def of(cls, flight: QuotedFlight, currency: str) -> Self:
        """Render flights."""
        who = flight.passengers
        return cls(
            legs=tuple(LegOut.of(leg) for leg in flight.legs),
            cabin=flight.cabin,
            brand=flight.brand,
            brand_name=flight.brand_name,
            passengers=PassengersOut(adults=who.adults, children=who.children, infants=who.infants),
            seats=tuple(
                SeatOut(flight_id=each.flight_id, seat=each.seat, passenger=each.passenger) for each in flight.seats
            ),
            bags=flight.bags,
            changeable=flight.changeable,
            change_fee=MoneyOut(amount=flight.change_fee_minor, currency=currency),
            policy=PolicyOut.of(flight.policy),
            total=MoneyOut(amount=flight.total_minor, currency=currency),
        )


ItemOut = Annotated[StayOut | TableOut | FlightOut, Field(discriminator="kind")]


def item_out(item: QuotedItem, currency: str) -> StayOut | TableOut | FlightOut:
    """Render an item."""
    match item:
        case QuotedStay():
            return StayOut.of(item, currency)
        case QuotedTable():
            return TableOut.of(item, currency)
        case QuotedFlight():
            return FlightOut.of(item, currency)
