"""What `GET /v1/search/flights` reads and answers.

The answers exist twice: as msgspec structs, which are encoded, and as pydantic models, which describe them in
openapi.json. A test holds the bytes of one against the other.
"""

from typing import Annotated, Final, Literal

import msgspec
from pydantic import ConfigDict, Field

from holdfast.engine.money import AMOUNT_MAX
from holdfast.gateway.search_wire import LIMIT_MAX, Money
from holdfast.kit.http.cursors import CURSOR_LENGTH_MAX
from holdfast.kit.http.wire import BY_VALUE, DayField, Digits, Line, MoneyOut, TimeField, Wire, YesNo, items
from holdfast.search.api import SLICE_MINUTES_MAX, SLICES_MAX, CabinCode, FlightSort
from holdfast.verticals.flights.itineraries import STOPS_MAX
from holdfast.verticals.flights.terms import PASSENGERS_MAX

AIRLINES_MAX: Final = 20
FEW_SEATS: Final = 9
"""As many seats or fewer are told."""

_AIRLINE_LIST: Final = f"^[A-Z0-9]{{2}}(?:,[A-Z0-9]{{2}}){{0,{AIRLINES_MAX - 1}}}$"
_END: Final = r"[^-\x00-\x1f\x7f-\x9f]{2,60}"
_SLICE: Final = f"^{_END}-{_END}-[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}$"
_BRAND: Final = "^[a-z0-9]{1,20}(?:_[a-z0-9]{1,20}){0,1}$"

_Slice = Annotated[str, Field(pattern=_SLICE, max_length=140, examples=["JFK-DCA-2027-05-14"])]


class FlightsQuery(Wire):
    """What a traveler looks for: `from`, `to` and `date`, perhaps `return_date`; or `slice`, once for each part."""

    origin: Annotated[Annotated[str, Line(100), Field(examples=["New York"])] | None, Field(alias="from")] = None
    """An airport's IATA code, or the name of a city or an airport."""
    destination: Annotated[Annotated[str, Line(100), Field(examples=["DCA"])] | None, Field(alias="to")] = None
    """As `from`."""
    date: DayField | None = None
    """Of departure, on the wall clock there."""
    return_date: DayField | None = None
    """With it the journey goes there and back."""
    slice: Annotated[tuple[_Slice, ...], items(SLICES_MAX)] = ()
    """Instead of `from`, `to` and `date`, once for each part of the journey: `JFK-DCA-2027-05-14`. Of a city whose name
    has a hyphen, give the code."""
    adults: Annotated[int, Digits(1, PASSENGERS_MAX)] = 1
    children: Annotated[int, Digits(0, PASSENGERS_MAX - 1)] = 0
    """With a seat of their own."""
    infants: Annotated[int, Digits(0, PASSENGERS_MAX)] = 0
    """On the lap of an adult each."""
    cabin: Annotated[CabinCode, BY_VALUE] = CabinCode.ECONOMY
    brand: Annotated[str, Field(pattern=_BRAND, max_length=41, examples=["standard"])] | None = None
    """Only this fare."""
    max_price: Annotated[int, Digits(0, AMOUNT_MAX)] | None = None
    """For all travelers and slices, in minor units of the currency the flights are sold in."""
    max_stops: Annotated[int, Digits(0, STOPS_MAX)] = 1
    """Of each slice."""
    max_minutes: Annotated[int, Digits(1, SLICE_MINUTES_MAX)] | None = None
    """Of each slice, from its first departure to its last arrival."""
    airlines: Annotated[str, Field(pattern=_AIRLINE_LIST, max_length=60, examples=["HF,XY"])] | None = None
    """Only these fly: the first two characters of their flight numbers, separated by commas."""
    departs_from: TimeField | None = None
    """Each slice departs at this local time or later ..."""
    departs_until: TimeField | None = None
    """... and at this one or earlier."""
    overnight: YesNo = False
    """Whether one may wait for a connection past midnight."""
    sort: Annotated[FlightSort, BY_VALUE] = FlightSort.PRICE
    facets: YesNo = False
    """Whether to count what was found by airline and stops."""
    limit: Annotated[int, Digits(1, LIMIT_MAX)] = 20
    cursor: Annotated[str, Line(CURSOR_LENGTH_MAX)] | None = None
    """`next_cursor` of the page before, asked for with the same filters."""


# ------------------------------------------------------------------------------------------- what goes out, described


class FoundAirport(Wire):
    """An end of a flight."""

    iata: str
    name: str
    city: str
    country: str
    """ISO 3166-1 alpha-2."""
    zone: str
    """IANA zone: times at this end are meant there."""


class FoundFlight(Wire):
    """One flight of a journey."""

    flight_id: int
    number: str
    airline: str
    airline_code: str
    """The first two characters of the number, as `airlines` and `facets` have them."""
    origin: FoundAirport
    destination: FoundAirport
    departs: str
    """Local time at the origin: `2027-05-14T09:05`."""
    arrives: str
    """Local time at the destination."""
    day_offset: int
    """Calendar days between the two local dates."""
    minutes: int
    """From departure to arrival."""
    equipment: str
    connection_minutes: int | None
    """How long one waits for it after the flight before; null for the first of its slice."""
    seats_left: int | None
    """In the cabin, if there are few."""


class FoundPart(Wire):
    """One slice of a journey."""

    legs: list[FoundFlight]
    stops: int
    minutes: int
    """From the first departure to the last arrival, with all the waiting."""
    day_offset: int
    """Calendar days between the local dates of both."""


class FoundFareBrand(Wire):
    """A fare of the whole journey, with what it includes on every leg."""

    brand: str
    name: str
    total: MoneyOut
    """For all travelers and legs, with taxes: the total a quote gives."""
    bags: int
    changeable: bool
    change_fee: MoneyOut
    """For each traveler with a seat."""
    refundable: bool
    """Whether canceling early enough brings something back; the quote says how much until when."""
    seat_choice: bool


class FoundJourney(Wire):
    """A journey found: quote it by `flight_ids`, `cabin` and the `brand` of one of its fares."""

    flight_ids: list[int]
    cabin: Literal["economy", "premium", "business", "first"]
    slices: list[FoundPart]
    fares: list[FoundFareBrand]
    """The cheapest first."""


class FoundDates(Wire):
    """Other dates, all slices moved by as many days."""

    dates: list[str]
    """Of each slice."""
    total: MoneyOut
    """Of the cheapest journey."""


class FoundJourneyPage(Wire):
    """A page of what was found."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "items": [
                        {
                            "flight_ids": [7012],
                            "cabin": "economy",
                            "slices": [
                                {
                                    "legs": [
                                        {
                                            "flight_id": 7012,
                                            "number": "HF101",
                                            "airline": "Holdfast Air",
                                            "airline_code": "HF",
                                            "origin": {
                                                "iata": "JFK",
                                                "name": "John F Kennedy International Airport",
                                                "city": "New York",
                                                "country": "US",
                                                "zone": "America/New_York",
                                            },
                                            "destination": {
                                                "iata": "DCA",
                                                "name": "Ronald Reagan Washington National Airport",
                                                "city": "Washington",
                                                "country": "US",
                                                "zone": "America/New_York",
                                            },
                                            "departs": "2027-05-14T09:05",
                                            "arrives": "2027-05-14T10:25",
                                            "day_offset": 0,
                                            "minutes": 80,
                                            "equipment": "738",
                                            "connection_minutes": None,
                                            "seats_left": 4,
                                        }
                                    ],
                                    "stops": 0,
                                    "minutes": 80,
                                    "day_offset": 0,
                                }
                            ],
                            "fares": [
                                {
                                    "brand": "basic",
                                    "name": "Basic",
                                    "total": {"amount": 8900, "currency": "USD"},
                                    "bags": 0,
                                    "changeable": False,
                                    "change_fee": {"amount": 0, "currency": "USD"},
                                    "refundable": False,
                                    "seat_choice": False,
                                }
                            ],
                        }
                    ],
                    "total": 1,
                    "next_cursor": None,
                    "facets": None,
                    "nearby_dates": [],
                }
            ]
        }
    )

    items: list[FoundJourney]
    total: int
    """How many journeys were found in all."""
    next_cursor: str | None
    """Send it as `cursor`, with the same filters, for the next page; null on the last one."""
    facets: dict[str, dict[str, int]] | None
    """Counts by `airline` and `stops`, where they were asked for."""
    nearby_dates: list[FoundDates]
    """When nothing was found one way, or there and back: dates up to three days off that have something."""


# --------------------------------------------------------------------------------------------- what goes out, encoded


class Airport(msgspec.Struct, frozen=True, gc=False):
    """`FoundAirport`, fast."""

    iata: str
    name: str
    city: str
    country: str
    zone: str


class Flight(msgspec.Struct, frozen=True, gc=False):
    """`FoundFlight`, fast."""

    flight_id: int
    number: str
    airline: str
    airline_code: str
    origin: Airport
    destination: Airport
    departs: str
    arrives: str
    day_offset: int
    minutes: int
    equipment: str
    connection_minutes: int | None
    seats_left: int | None


class Part(msgspec.Struct, frozen=True, gc=False):
    """`FoundPart`, fast."""

    legs: tuple[Flight, ...]
    stops: int
    minutes: int
    day_offset: int


class Fare(msgspec.Struct, frozen=True, gc=False):
    """`FoundFareBrand`, fast."""

    brand: str
    name: str
    total: Money
    bags: int
    changeable: bool
    change_fee: Money
    refundable: bool
    seat_choice: bool


class Journey(msgspec.Struct, frozen=True, gc=False):
    """`FoundJourney`, fast."""

    flight_ids: tuple[int, ...]
    cabin: str
    slices: tuple[Part, ...]
    fares: tuple[Fare, ...]


class Dates(msgspec.Struct, frozen=True, gc=False):
    """`FoundDates`, fast."""

    dates: tuple[str, ...]
    total: Money


class Page(msgspec.Struct, frozen=True, gc=False):
    """`FoundJourneyPage`, fast."""

    items: tuple[Journey, ...]
    total: int
    next_cursor: str | None
    facets: dict[str, dict[str, int]] | None
    nearby_dates: tuple[Dates, ...]


encode: Final = msgspec.json.Encoder().encode
