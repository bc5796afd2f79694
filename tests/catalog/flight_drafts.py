"""Builders of cities, airports, airplanes, schedules and flights: say only what matters."""

import itertools
import string
from dataclasses import dataclass, replace
from datetime import date, time

from holdfast.catalog.airline_api import (
    AirplaneDraft,
    AirportDraft,
    CabinLayout,
    CityDraft,
    ScheduleDraft,
    SeatPrice,
)
from holdfast.catalog.flights_api import CabinFares, Fares, FlightDraft
from holdfast.kit.auth import Principal
from holdfast.verticals.cancellation import POLICIES
from holdfast.verticals.flights.terms import FareBrand, FareBucket
from support.principals import principal_of

ADMIN = principal_of(1, "admin")
AIRLINE = principal_of(4, "owner")
OTHER_AIRLINE = principal_of(5, "owner")
GUEST = Principal(3, "guest")

ECONOMY = CabinLayout(
    code="economy",
    first_row=10,
    last_row=30,
    columns="ABC DEF",
    skipped_rows=(13,),
    exit_rows=(20, 21),
    missing=("30A",),
    blocked=("30C", "30D"),
    ordinary_minor=900,
    prices=(SeatPrice(first_row=10, last_row=11, minor=2_500), SeatPrice(first_row=20, last_row=21, minor=3_500)),
)
BUSINESS = CabinLayout(code="business", first_row=1, last_row=4, columns="AC DF")

BASIC = FareBrand(
    code="basic",
    name="Basic",
    extra_minor=0,
    policy=POLICIES["non_refundable"],
    changeable=False,
    change_fee_minor=0,
    bags=0,
    seat_choice=False,
)
FLEX = replace(
    BASIC,
    code="flex",
    name="Flex",
    extra_minor=4_000,
    policy=POLICIES["flexible"],
    changeable=True,
    change_fee_minor=1_000,
    bags=1,
    seat_choice=True,
)
ECONOMY_FARES = CabinFares(
    code="economy",
    overbooking=2,
    buckets=(FareBucket(code="Q", seats=20, fare_minor=8_900), FareBucket(code="Y", seats=90, fare_minor=21_900)),
    brands=(BASIC, FLEX),
)
BUSINESS_FARES = CabinFares(
    code="business", buckets=(FareBucket(code="J", seats=16, fare_minor=90_000),), brands=(FLEX,)
)


def city(**changes):
    return replace(CityDraft(name="Washington", country="US", zone="America/New_York"), **changes)


def airport(city_id, iata="DCA", **changes):
    ordinary = AirportDraft(
        city_id=city_id,
        iata=iata,
        icao=f"K{iata}",
        name=f"Aéroport de {iata}",
        latitude=38.8514,
        longitude=-77.0377,
        zone="America/New_York",
        min_connection_minutes=45,
    )
    return replace(ordinary, **changes)


def airplane(name="N101HF", **changes):
    ordinary = AirplaneDraft(name=name, equipment="738", cabins=(BUSINESS, ECONOMY), currency="USD")
    return replace(ordinary, **changes)


def fares(**changes):
    ordinary = Fares(
        currency="USD",
        cabins=(ECONOMY_FARES, BUSINESS_FARES),
        child_bp=7_500,
        infant_bp=1_000,
        tax_minor=1_860,
        sales_close_minutes=45,
    )
    return replace(ordinary, **changes)


def economy_fares(**changes):
    """Fares of the economy cabin alone, with something else about that cabin."""
    return fares(cabins=(replace(ECONOMY_FARES, **changes),))


def flight(ids, **changes):
    """A flight between the first two airports of `ids` (see `World`) with its airplane."""
    ordinary = FlightDraft(
        number="HF101",
        airline_name="Holdfast Air",
        origin_id=ids.origin,
        destination_id=ids.destination,
        airplane_id=ids.airplane,
        day=date(2027, 3, 12),
        departs=time(18, 5),
        arrives=time(19, 35),
        day_offset=0,
        fares=fares(),
    )
    return replace(ordinary, **changes)


def schedule(ids, **changes):
    ordinary = ScheduleDraft(
        number="HF201",
        airline_name="Holdfast Air",
        origin_id=ids.origin,
        destination_id=ids.destination,
        airplane_id=ids.airplane,
        weekdays=(0, 2, 4),
        first=date(2027, 3, 1),
        last=date(2027, 3, 31),
        departs=time(8, 0),
        minutes=90,
        fares=fares(),
    )
    return replace(ordinary, **changes)


@dataclass(frozen=True)
class World:
    """Ids of what a flight needs."""

    city: int
    origin: int
    destination: int
    airplane: int
    codes: tuple[str, str]


_CODES = ("".join(letters) for letters in itertools.product(string.ascii_uppercase, repeat=3))
_NAMES = (f"N{number}HF" for number in itertools.count(1))


def code():
    """An IATA code no other test has."""
    return next(_CODES)


def name():
    """The name of an airplane no other test has."""
    return next(_NAMES)


async def world(catalog, *, zones=("America/New_York", "America/New_York"), owner=AIRLINE, **plane):
    """Make a city, two airports in two zones and an airplane."""
    made = await catalog.places.create_city(admin=ADMIN, draft=city())
    codes = code(), code()
    ends = [
        await catalog.places.create_airport(admin=ADMIN, draft=airport(made.id, iata, icao=None, zone=zone))
        for iata, zone in zip(codes, zones, strict=True)
    ]
    jet = await catalog.airline.create_airplane(owner=owner, draft=airplane(name(), **plane))
    return World(city=made.id, origin=ends[0].id, destination=ends[1].id, airplane=jet.id, codes=codes)
