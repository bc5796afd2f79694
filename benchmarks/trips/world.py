"""What there is to sell beside homes: rooms of sixty tables, and an airline with flights of two legs."""

from datetime import date, time, timedelta
from itertools import pairwise

from benchmarks import product
from holdfast.app.modules import Assembly
from holdfast.catalog.api import (
    DINING_POLICIES,
    AirplaneDraft,
    AirportDraft,
    CabinFares,
    CabinLayout,
    CityDraft,
    Contact,
    Fares,
    FlightDraft,
    RestaurantDraft,
)
from holdfast.kit.clock import Clock
from holdfast.verticals.cancellation import ALL, CancellationPolicy, RefundWindow
from holdfast.verticals.dining.terms import Combination, DiningTable, DiningTerms, Service, TurnTime
from holdfast.verticals.flights.terms import FareBrand, FareBucket

HOMES = 1000
ROOMS = 21
ROOM = 1
"""The room whose day is looked at; the others are for holds."""
SEATS = 180
SALES = 60
JOURNEYS = 40
CABIN, BRAND = "economy", "standard"
FIRST_DAY = 3
"""Flights begin so many days from now."""

ZONE = "America/New_York"
_SIZES = ((24, 2), (24, 4), (8, 6), (4, 8))
_COMBINATIONS = 40
_LEGS = ((1, 2, time(9), time(10, 30)), (2, 3, time(12), time(14)))
"""Both legs of a journey: origin, destination, and when it departs and arrives."""
_SALE_FIRST_ID = 1_001


def _tables() -> tuple[DiningTable, ...]:
    sizes = [seats for number, seats in _SIZES for _ in range(number)]
    return tuple(
        DiningTable(
            code=f"{number}", area="terrace" if number % 5 == 0 else "room", seats_min=max(1, size - 2), seats_max=size
        )
        for number, size in enumerate(sizes, start=1)
    )


def _combinations(tables: tuple[DiningTable, ...]) -> tuple[Combination, ...]:
    """Return which neighbors of one size can be put together."""
    neighbors = [(one, other) for one, other in pairwise(tables) if one.seats_max == other.seats_max]
    return tuple(
        Combination(
            tables=(one.code, other.code),
            party_min=one.seats_max + 1,
            party_max=one.seats_max + other.seats_max,
            priority=place,
        )
        for place, (one, other) in enumerate(neighbors[-_COMBINATIONS:])
    )


def _service(code: str, first: time, last: time) -> Service:
    return Service(
        code=code,
        name=code.title(),
        weekdays=tuple(range(7)),
        first_seating=first,
        last_seating=last,
        covers_per_slot=120,
        parties_per_slot=40,
        present_max=300,
        online_bp=8_000,
    )


def dining_terms(restaurant_id: int = 0) -> DiningTerms:
    """Return a room of 60 tables and 40 combinations, with lunch and dinner; its limits are counted but never met."""
    tables = _tables()
    return DiningTerms(
        restaurant_id=restaurant_id,
        currency="USD",
        zone=ZONE,
        tables=tables,
        combinations=_combinations(tables),
        services=(_service("lunch", time(11, 30), time(14, 30)), _service("dinner", time(17), time(21, 30))),
        special_days=(),
        turn_times=(
            TurnTime(party_max=2, minutes=90),
            TurnTime(party_max=4, minutes=105),
            TurnTime(party_max=16, minutes=120),
        ),
        minutes_min=60,
        minutes_max=180,
        party_max=16,
        notice_minutes=60,
        booking_window_days=400,
        securities=(),
        policy=DINING_POLICIES["free_until_24h"],
    )


def _restaurant() -> RestaurantDraft:
    return RestaurantDraft(
        name="A room of the benchmark",
        description="It does not exist.",
        location=product.HOME.location,
        contact=Contact(),
        cuisines=("american",),
        price_level=2,
        cards=(),
        images=(),
        videos=(),
        terms=dining_terms(),
    )


_AIRPLANE = AirplaneDraft(
    name="N180HF",
    equipment="738",
    cabins=(CabinLayout(code=CABIN, first_row=1, last_row=SEATS // 6, columns="ABC DEF", exit_rows=(15, 16)),),
)
_FARES = Fares(
    currency="USD",
    cabins=(
        CabinFares(
            code=CABIN,
            buckets=(FareBucket(code="Y", seats=SEATS, fare_minor=10_000),),
            brands=(
                FareBrand(
                    code=BRAND,
                    name="Standard",
                    extra_minor=0,
                    policy=CancellationPolicy(name="flex", windows=(RefundWindow(days_before=1, shares=ALL),)),
                    changeable=True,
                    change_fee_minor=0,
                    bags=1,
                    seat_choice=False,
                ),
            ),
        ),
    ),
    child_bp=10_000,
    infant_bp=0,
    tax_minor=500,
    sales_close_minutes=60,
)


def _flight(number: int, leg: int, day: date) -> FlightDraft:
    origin, destination, departs, arrives = _LEGS[leg]
    return FlightDraft(
        number=f"HF{number}",
        airline_name="Holdfast Air",
        origin_id=origin,
        destination_id=destination,
        airplane_id=1,
        day=day,
        departs=departs,
        arrives=arrives,
        day_offset=0,
        fares=_FARES,
    )


def first_day() -> date:
    """Return the day of the first flights."""
    return Clock().today(ZONE) + timedelta(days=FIRST_DAY)


def journey(number: int) -> tuple[int, int]:
    """Return the flights of a journey of two legs, numbered from 0."""
    return 2 * number + 1, 2 * number + 2


def sale(number: int) -> int:
    """Return the flight of a flash sale, numbered from 0."""
    return _SALE_FIRST_ID + number


def _flights() -> list[tuple[int, FlightDraft]]:
    begins = first_day()
    made = [
        (journey(number)[leg], _flight(100 + leg, leg, begins + timedelta(days=number)))
        for number in range(JOURNEYS)
        for leg in range(len(_LEGS))
    ]
    return made + [(sale(number), _flight(900, 0, begins + timedelta(days=number))) for number in range(SALES)]


async def furnish(url: str, *, guests: int) -> None:
    """Make the schema, people, homes, rooms and flights; rooms, journeys and sales have the ids said above."""
    await product.furnish(url, [(product.HOME, 1)] * HOMES, guests=guests)
    async with product.assembled(url) as assembly:
        await _fill(assembly)
        await product.tell_everybody(assembly)


async def _fill(assembly: Assembly) -> None:
    catalog = assembly.door("catalog")
    (first,) = await catalog.list_page(limit=1)
    await catalog.restaurants.import_many(rows=[(n, first.owner_id, _restaurant()) for n in range(1, ROOMS + 1)])
    ends = (("JFK", 40.64, -73.78), ("DCA", 38.85, -77.04), ("BOS", 42.36, -71.01))
    cities = [(n, CityDraft(name=iata, country="US", zone=ZONE)) for n, (iata, *_) in enumerate(ends, 1)]
    airports = [
        (n, AirportDraft(city_id=n, iata=iata, name=iata, latitude=north, longitude=east, zone=ZONE))
        for n, (iata, north, east) in enumerate(ends, 1)
    ]
    await catalog.places.import_places(cities=cities, airports=airports)
    await catalog.airline.import_airplanes(rows=[(1, first.owner_id, _AIRPLANE)])
    await catalog.flights.import_many(rows=_flights())
