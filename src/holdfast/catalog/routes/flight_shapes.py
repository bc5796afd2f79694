"""What the routes of the catalog read and answer of dated flights and schedules."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Final, Self

from pydantic import Field
from typing_extensions import override

from holdfast.catalog.airline_api import Schedule, ScheduleChange, ScheduleDraft
from holdfast.catalog.flights_api import FlightDraft, FlightFilter, LegOffer
from holdfast.catalog.routes.fare_shapes import FARES, CabinCode, FaresIn, FaresOut
from holdfast.catalog.routes.paging import LIMIT
from holdfast.catalog.routes.place_shapes import Iata, Id
from holdfast.catalog.routes.policies import shown
from holdfast.catalog.routes.terms import Weekday
from holdfast.catalog.rules import flights as rules
from holdfast.kit.http.cursors import CURSOR_LENGTH_MAX
from holdfast.kit.http.wire import BY_VALUE, NUMBER_MAX, Between, DayField, Digits, Line, TimeField, Wire, items
from holdfast.verticals.flights.terms import Place
from holdfast.verticals.flights.times import arrives_at, day_offset, departs_at, minutes

_WEEK: Final = tuple(Weekday)
_NAMED: Final[dict[str, Any]] = {
    "number": "HF101",
    "airline_name": "Holdfast Air",
    "origin_id": 31,
    "destination_id": 32,
    "airplane_id": 7,
}
_DATED: Final[dict[str, Any]] = {
    **_NAMED,
    "date": "2027-03-12",
    "departs": "18:05",
    "arrives": "19:35",
    "day_offset": 0,
    "fares": FARES,
}
_REPEATED: Final[dict[str, Any]] = {
    **_NAMED,
    "weekdays": ["monday", "wednesday", "friday"],
    "first": "2027-03-01",
    "last": "2027-05-31",
    "departs": "18:05",
    "duration_minutes": 90,
    "fares": FARES,
}

Number = Annotated[
    str, Field(min_length=rules.NUMBER_MIN, max_length=rules.NUMBER_MAX, pattern=rules.NUMBER, examples=["HF101"])
]


class FlightState(StrEnum):
    """Whether a flight flies."""

    SCHEDULED = "scheduled"
    CANCELED = "canceled"


class _NamedFlight(Wire):
    """A flight by its number, between two airports, with an airplane."""

    number: Number
    """Two characters of the airline's, up to four digits, and a letter for a substitute."""
    airline_name: Annotated[str, Line(rules.NAME_MAX)]
    origin_id: Id
    """An airport."""
    destination_id: Id
    """Another airport."""
    airplane_id: Id
    """An airplane of yours."""
    fares: FaresIn


class FlightsQuery(Wire):
    """Which flights a list has. Everything is optional; what is given must all be met."""

    origin: Iata | None = None
    """Only those from the airport of this code."""
    destination: Iata | None = None
    """Only those to the airport of this code."""
    first: DayField | None = None
    """The first date of departure at the origin."""
    end: DayField | None = None
    """The first date of departure that is not meant."""
    number: Number | None = None
    """Only those of this number."""
    owner_id: Annotated[int, Digits(1, NUMBER_MAX)] | None = None
    """Only those of this airline's account."""
    schedule_id: Annotated[int, Digits(1, NUMBER_MAX)] | None = None
    """Only those that came from this schedule."""
    limit: Annotated[int, Digits(1, 100)] = LIMIT
    cursor: Annotated[str, Line(CURSOR_LENGTH_MAX)] | None = None
    """`next_cursor` of the page before, asked for with the same filters."""

    def chosen(self) -> FlightFilter:
        """Return the filter meant."""
        return FlightFilter(
            origin=self.origin,
            destination=self.destination,
            first=self.first,
            end=self.end,
            number=self.number,
            owner_id=self.owner_id,
            schedule_id=self.schedule_id,
        )

    def filters(self) -> dict[str, Any]:
        """Return what the list depends on."""
        return self.model_dump(mode="json", exclude={"limit", "cursor"})


class FlightIn(_NamedFlight):
    """All an airline says of a dated flight. Times are local at their airport; of one that comes twice, the first."""

    model_config = shown(_DATED)

    date: DayField
    """Of departure, at the origin; from 2000 to 2199."""
    departs: TimeField
    """At the origin."""
    arrives: TimeField
    """At the destination."""
    day_offset: Annotated[int, Between(rules.DAY_OFFSET_MIN, rules.DAY_OFFSET_MAX)] = 0
    """Days from `date` to the date of arrival there; -1 where it crosses the date line eastward."""

    def draft(self) -> FlightDraft:
        """Return it as the door takes it.

        Raises:
            Invalid: The prices are not in one currency.
        """
        return FlightDraft(
            number=self.number,
            airline_name=self.airline_name,
            origin_id=self.origin_id,
            destination_id=self.destination_id,
            airplane_id=self.airplane_id,
            day=self.date,
            departs=self.departs,
            arrives=self.arrives,
            day_offset=self.day_offset,
            fares=self.fares.fares(),
        )


class EndOut(Wire):
    """When and where a flight departs or arrives."""

    airport_id: int
    iata: str
    name: str
    city: str
    country: str
    """ISO 3166-1 alpha-2."""
    zone: str
    """IANA zone of the date and time."""
    date: DayField
    time: TimeField
    at: datetime
    """The same as an instant, in UTC."""

    @classmethod
    def of(cls, place: Place, local: datetime, at: datetime) -> Self:
        """Render an end."""
        return cls(
            airport_id=place.airport_id,
            iata=place.iata,
            name=place.name,
            city=place.city,
            country=place.country,
            zone=place.zone,
            date=local.date(),
            time=local.time(),
            at=at,
        )


_LISTED: Final[dict[str, Any]] = {
    "id": 4711,
    "owner_id": 4,
    "schedule_id": 12,
    "number": "HF101",
    "airline": "HF",
    "airline_name": "Holdfast Air",
    "state": "scheduled",
    "departs": {
        "airport_id": 31,
        "iata": "JFK",
        "name": "John F Kennedy International Airport",
        "city": "New York",
        "country": "US",
        "zone": "America/New_York",
        "date": "2027-03-12",
        "time": "18:05",
        "at": "2027-03-12T23:05:00Z",
    },
    "arrives": {
        "airport_id": 32,
        "iata": "DCA",
        "name": "Ronald Reagan Washington National Airport",
        "city": "Washington",
        "country": "US",
        "zone": "America/New_York",
        "date": "2027-03-12",
        "time": "19:35",
        "at": "2027-03-13T00:35:00Z",
    },
    "day_offset": 0,
    "duration_minutes": 90,
    "airplane_id": 7,
    "equipment": "738",
    "cabins": [{"code": "economy", "seats": 150}],
}


class CabinSeatsOut(Wire):
    """How many seats a cabin has to sell, blocked ones not among them."""

    code: CabinCode
    seats: int


class ListedFlightOut(Wire):
    """A dated flight, without its fares."""

    id: int
    owner_id: int
    """The airline's account."""
    schedule_id: int | None
    """The schedule it came from, and still belongs to."""
    number: str
    airline: str
    """Two characters of IATA's."""
    airline_name: str
    state: FlightState
    departs: EndOut
    arrives: EndOut
    day_offset: int
    """Days from the date of departure to the date of arrival, each by its own clock."""
    duration_minutes: int
    airplane_id: int
    equipment: str
    """IATA's code of the type of airplane."""
    cabins: tuple[CabinSeatsOut, ...]
    """The cabins it is sold in."""

    @classmethod
    def of(cls, found: LegOffer) -> Self:
        """Render a flight for a list."""
        return cls(**_common(found))


class FlightOut(ListedFlightOut):
    """A dated flight with its fares."""

    model_config = shown(_LISTED)

    fares: FaresOut

    @classmethod
    @override
    def of(cls, found: LegOffer) -> Self:
        """Render a flight."""
        return cls(**_common(found), fares=FaresOut.of(found.terms))


class FlightsPage(Wire):
    """Flights in order of id."""

    model_config = shown({"items": [_LISTED], "next_cursor": None})

    items: tuple[ListedFlightOut, ...]
    next_cursor: str | None
    """Send it as `cursor` for the next page; null on the last one."""


class ScheduleIn(_NamedFlight):
    """All an airline says of a flight that comes again."""

    model_config = shown(_REPEATED)

    weekdays: Annotated[tuple[Annotated[Weekday, BY_VALUE], ...], items(len(_WEEK), 1)]
    """Of departure at the origin, each once."""
    first: DayField
    last: DayField
    """The last date it may depart on, itself included; at most 365 days after `first`."""
    departs: TimeField
    """At the origin. On a date whose clock skips this time it departs as much later as the clock jumps."""
    duration_minutes: Annotated[int, Between(rules.FLIGHT_MINUTES_MIN, rules.FLIGHT_MINUTES_MAX)]
    """Real minutes; the local time of arrival follows, and moves where clocks change at one end."""

    def draft(self) -> ScheduleDraft:
        """Return it as the door takes it.

        Raises:
            Invalid: The prices are not in one currency.
        """
        return ScheduleDraft(
            number=self.number,
            airline_name=self.airline_name,
            origin_id=self.origin_id,
            destination_id=self.destination_id,
            airplane_id=self.airplane_id,
            weekdays=tuple(_WEEK.index(day) for day in self.weekdays),
            first=self.first,
            last=self.last,
            departs=self.departs,
            minutes=self.duration_minutes,
            fares=self.fares.fares(),
        )


class ScheduleOut(Wire):
    """A flight that comes again."""

    model_config = shown({"id": 12, "owner_id": 4, **_REPEATED})

    id: int
    owner_id: int
    number: str
    airline_name: str
    origin_id: int
    destination_id: int
    airplane_id: int
    weekdays: tuple[Weekday, ...]
    first: DayField
    last: DayField
    """The last date it may depart on, itself included."""
    departs: TimeField
    """At the origin."""
    duration_minutes: int
    fares: FaresOut

    @classmethod
    def of(cls, found: Schedule) -> Self:
        """Render a schedule."""
        said = found.draft
        return cls(
            id=found.id,
            owner_id=found.owner_id,
            number=said.number,
            airline_name=said.airline_name,
            origin_id=said.origin_id,
            destination_id=said.destination_id,
            airplane_id=said.airplane_id,
            weekdays=tuple(_WEEK[day] for day in said.weekdays),
            first=said.first,
            last=said.last,
            departs=said.departs,
            duration_minutes=said.minutes,
            fares=FaresOut.of(said.fares),
        )


class ChangedFlightsOut(Wire):
    """What became of dated flights."""

    made: int
    changed: int
    removed: int
    kept: int
    """Flights on dates to come that stay as they are, because they were offered or canceled."""


class ScheduleChangeOut(Wire):
    """A schedule as it is now, and what became of its dated flights."""

    model_config = shown(
        {
            "schedule": {"id": 12, "owner_id": 4, **_REPEATED},
            "flights": {"made": 30, "changed": 0, "removed": 0, "kept": 0},
        }
    )

    schedule: ScheduleOut
    flights: ChangedFlightsOut

    @classmethod
    def of(cls, change: ScheduleChange) -> Self:
        """Render a change."""
        counts = ChangedFlightsOut(made=change.made, changed=change.changed, removed=change.removed, kept=change.kept)
        return cls(schedule=ScheduleOut.of(change.schedule), flights=counts)


class SchedulesPage(Wire):
    """Schedules in order of id."""

    items: tuple[ScheduleOut, ...]
    next_cursor: str | None
    """Send it as `cursor` for the next page; null on the last one."""


def _common(found: LegOffer) -> dict[str, Any]:
    leg = found.terms
    return {
        "id": leg.flight_id,
        "owner_id": found.owner_id,
        "schedule_id": found.schedule_id,
        "number": leg.number,
        "airline": leg.airline,
        "airline_name": leg.airline_name,
        "state": FlightState.CANCELED if leg.canceled else FlightState.SCHEDULED,
        "departs": EndOut.of(leg.origin, leg.departs, departs_at(leg)),
        "arrives": EndOut.of(leg.destination, leg.arrives, arrives_at(leg)),
        "day_offset": day_offset(leg),
        "duration_minutes": minutes(leg),
        "airplane_id": found.airplane_id,
        "equipment": leg.equipment,
        "cabins": tuple(CabinSeatsOut(code=CabinCode(each.code), seats=each.seats) for each in leg.cabins),
    }
