"""What flights, airports and a request look like where the test says nothing else."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from holdfast.verticals.cancellation import POLICIES
from holdfast.verticals.flights.terms import (
    Cabin,
    FareBrand,
    FareBucket,
    FlightRequest,
    LegTerms,
    Passengers,
    Place,
    Seat,
    SeatChoice,
)


def wall(text):
    """A wall time without a zone."""
    return datetime.fromisoformat(text)


NOON = wall("2026-08-03 12:00")
NOW = datetime(2026, 8, 1, 12, tzinfo=UTC)


def place(airport_id, iata, city, zone, *, country="US", connection=45):
    return Place(
        airport_id=airport_id,
        iata=iata,
        name=f"{city} {iata}",
        city=city,
        country=country,
        zone=zone,
        min_connection_minutes=connection,
    )


JFK = place(1, "JFK", "New York", "America/New_York", connection=60)
LGA = place(2, "LGA", "New York", "America/New_York")
DCA = place(3, "DCA", "Washington", "America/New_York")
IAD = place(4, "IAD", "Washington", "America/New_York")
ORD = place(5, "ORD", "Chicago", "America/Chicago")
LHR = place(6, "LHR", "London", "Europe/London", country="GB", connection=75)

BASIC = FareBrand(
    code="basic",
    name="Basic",
    extra_minor=0,
    policy=POLICIES["flexible"],
    changeable=False,
    change_fee_minor=0,
    bags=0,
    seat_choice=False,
)
FLEX = replace(BASIC, code="flex", name="Flex", extra_minor=4_000, changeable=True, bags=1, seat_choice=True)
BUCKETS = (
    FareBucket(code="Q", seats=4, fare_minor=8_000),
    FareBucket(code="M", seats=6, fare_minor=12_000),
    FareBucket(code="Y", seats=12, fare_minor=20_000),
)
ECONOMY = Cabin(code="economy", seats=12, overbooking=0, buckets=BUCKETS, brands=(BASIC, FLEX))
BUSINESS = Cabin(
    code="business",
    seats=4,
    overbooking=0,
    buckets=(FareBucket(code="J", seats=4, fare_minor=50_000),),
    brands=(replace(FLEX, extra_minor=0),),
)
SEATS = (
    *(Seat(row=1, column=column, cabin="business") for column in "ACDF"),
    *(Seat(row=2, column=column, cabin="economy", extra_minor=900) for column in "ABC"),
    *(Seat(row=3, column=column, cabin="economy", exit=True, extra_minor=3_500) for column in "ABC"),
    *(Seat(row=4, column=column, cabin="economy", extra_minor=900) for column in "ABC"),
    *(Seat(row=5, column=column, cabin="economy", blocked=column == "B", extra_minor=900) for column in "ABC"),
)
PLAIN = LegTerms(
    flight_id=1,
    number="HF1",
    airline="HF",
    airline_name="Holdfast Air",
    origin=JFK,
    destination=DCA,
    departs=NOON,
    arrives=NOON + timedelta(minutes=75),
    equipment="320",
    canceled=False,
    currency="USD",
    cabins=(ECONOMY, BUSINESS),
    seats=SEATS,
    child_bp=7_500,
    infant_bp=1_000,
    tax_minor=560,
    sales_close_minutes=45,
)


def leg(flight_id=1, *, hours=0.0, minutes=75, **changes):
    """A leg that departs so many hours after noon and takes so many minutes of wall time."""
    departs = NOON + timedelta(hours=hours)
    plain = {"number": f"HF{flight_id}", "departs": departs, "arrives": departs + timedelta(minutes=minutes)}
    return replace(PLAIN, flight_id=flight_id, **(plain | changes))


def chosen(*seats):
    """Seat choices from `(flight_id, seat, passenger)`."""
    return tuple(SeatChoice(flight_id=flight_id, seat=seat, passenger=who) for flight_id, seat, who in seats)


def request(*flight_ids, adults=1, children=0, infants=0, **changes):
    party = Passengers(adults=adults, children=children, infants=infants)
    facts = {"cabin": "economy", "brand": "basic", "passengers": party}
    return FlightRequest(flight_ids=flight_ids or (1,), **(facts | changes))


def asking(legs, **changes):
    """A request for these legs."""
    return request(*(each.flight_id for each in legs), **changes)
