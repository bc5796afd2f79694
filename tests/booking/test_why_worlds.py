"""Worlds at random, of which why-not has to tell what a quote and a hold do: on SQLite many, on each engine some."""

from contextlib import suppress
from dataclasses import replace
from datetime import time, timedelta

import pytest
from builders import new_account, opened, with_tables
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from trip_builder import DINNER, TABLES, Travel, fares
from why_builder import asked_and_held

from holdfast.booking.api import AlreadyBooked, CapacityTaken, FlightItem, RuleViolation, TableItem
from holdfast.kit.errors import Invalid
from holdfast.verticals.dining.terms import SpecialDay
from holdfast.verticals.flights.terms import Passengers, SeatChoice
from holdfast.verticals.stays import NightTerms
from support.effort import rounds

REFUSED = (CapacityTaken, AlreadyBooked, RuleViolation, Invalid)


@pytest.fixture(scope="module")
async def world(migrated):
    """A house on an engine, shared by the examples: each takes things of its own."""
    async with opened(migrated, holds_most=10_000) as house:
        yield Travel(house)
        await house.assert_sound()


@pytest.fixture(scope="module")
async def sqlite_world(tmp_path_factory):
    """Such a house on SQLite."""
    url = await with_tables(f"sqlite:///{tmp_path_factory.mktemp('worlds') / 'worlds.db'}")
    async with opened(url, holds_most=10_000) as house:
        yield Travel(house)
        await house.assert_sound()


def examples(quick, *, thorough):
    return settings(
        max_examples=rounds(quick, thorough=thorough),
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    )


# --------------------------------------------------------------------------------------------------------------- stays

HOMES = (
    {"units": 1},
    {"units": 2, "min_nights": 2},
    {"units": 2, "preparation_nights": 1, "max_nights": 3},
    {"names": ("a", "b"), "advance_notice_days": 29, "booking_window_days": 35},
)
homes = st.integers(0, len(HOMES) - 1)
night_terms = st.builds(
    NightTerms,
    min_nights=st.none() | st.integers(1, 4),
    max_nights=st.none() | st.integers(1, 4),
    closed_to_arrival=st.booleans(),
    closed_to_departure=st.booleans(),
)
stays = st.fixed_dictionaries(
    {
        "calendar": st.lists(st.tuples(homes, st.integers(0, 9), st.integers(1, 4), night_terms), max_size=4),
        "sold": st.lists(st.tuples(homes, st.integers(-3, 12), st.integers(1, 5), st.booleans()), max_size=8),
        "closed": st.lists(st.tuples(homes, st.integers(0, 9)), max_size=2),
        "wished": st.lists(
            st.tuples(homes, st.integers(-2, 9), st.integers(0, 5), st.integers(1, 5)), min_size=1, max_size=3
        ),
    }
)


async def a_world_of_stays(travel, chosen):
    house, guest = travel.house, new_account()
    ids = [await house.home(**each) for each in HOMES]
    for home, ahead, days, terms in chosen["calendar"]:
        first = house.day(ahead)
        with suppress(*REFUSED):
            await house.catalog.set_nights(
                owner=house.owner, property_id=ids[home], first=first, end=first + timedelta(days=days), terms=terms
            )
    for home, ahead, nights, blocked in chosen["sold"]:
        with suppress(*REFUSED):
            if blocked:
                await house.block(ids[home], ahead, nights)
            else:
                await house.hold(new_account(), house.stay(ids[home], ahead, nights))
    for home, ahead in chosen["closed"]:
        await house.set_nights(ids[home], ahead, closed=True)
    wished = [house.stay(ids[home], ahead, nights, guests=who) for home, ahead, nights, who in chosen["wished"]]
    await asked_and_held(house, guest, *wished)


# -------------------------------------------------------------------------------------------------------------- tables

quarters = st.integers(66, 86).map(lambda quarter: time(*divmod(quarter * 15, 60)))
table_wishes = st.tuples(
    st.integers(-1, 2),
    quarters,
    st.integers(1, 9),
    st.none() | st.sampled_from([15, 60, 100, 240]),
    st.sampled_from([None, None, "room", "terrace", "cellar"]),
)
limits = st.none() | st.integers(1, 9)
tables = st.fixed_dictionaries(
    {
        "tables": st.integers(1, len(TABLES)),
        "limits": st.fixed_dictionaries({"covers_per_slot": limits, "parties_per_slot": limits, "present_max": limits}),
        "online_bp": st.sampled_from([10_000, 5_000]),
        "closed": st.booleans(),
        "window": st.sampled_from([29, 30, 32, 400]),
        "sold": st.lists(table_wishes, max_size=8),
        "wished": st.lists(table_wishes, min_size=1, max_size=3),
    }
)


async def a_world_of_tables(travel, chosen):
    house, guest = travel.house, new_account()
    count = chosen["tables"]
    restaurant = await travel.restaurant(
        tables=TABLES[:count],
        **({} if count > 1 else {"combinations": ()}),
        services=(replace(DINNER, online_bp=chosen["online_bp"], **chosen["limits"]),),
        special_days=(SpecialDay(day=house.day(1), services=()),) if chosen["closed"] else (),
        booking_window_days=chosen["window"],
    )

    def item(ahead, at, party, minutes, area):
        return TableItem(
            restaurant_id=restaurant, day=house.day(ahead), at=at, party_size=party, minutes=minutes, area=area
        )

    for wish in chosen["sold"]:
        with suppress(*REFUSED):
            await house.hold(new_account(), item(*wish))
    await asked_and_held(house, guest, *[item(*wish) for wish in chosen["wished"]])


# ------------------------------------------------------------------------------------------------------------- flights

seats = st.lists(st.tuples(st.integers(0, 7), st.sampled_from(["1A", "1B", "9Z"]), st.integers(0, 3)), max_size=2)
flight_wishes = st.tuples(
    st.lists(st.integers(0, 7), min_size=1, max_size=3),
    st.sampled_from(["economy", "economy", "economy", "first"]),
    st.sampled_from(["basic", "flex", "flex", "gold"]),
    st.builds(Passengers, adults=st.integers(1, 4), children=st.integers(0, 2), infants=st.integers(0, 2)),
    seats | st.just([]),
    st.booleans(),
)
flights = st.fixed_dictionaries(
    {
        "times": st.lists(st.tuples(st.booleans(), st.integers(0, 23), st.integers(0, 3)), min_size=3, max_size=8),
        "canceled": st.booleans(),
        "sold": st.lists(flight_wishes, max_size=6),
        "own": st.lists(flight_wishes, max_size=2),
        "wished": st.lists(flight_wishes, min_size=1, max_size=3),
    }
)


async def a_world_of_flights(travel, chosen):
    house, guest = travel.house, new_account()
    here, there = f"Here {guest}", f"There {guest}"
    ids = [
        await travel.flight(
            *((here, there) if outward else (there, here)),
            f"{hour:02}:00",
            ahead=ahead,
            seats=4,
            fares=fares(("Q", 1, 5_000), ("Y", 3, 9_000)),
        )
        for outward, hour, ahead in chosen["times"]
    ]
    if chosen["canceled"]:
        await house.catalog.flights.cancel(owner=house.owner, flight_id=ids[0])

    def item(legs, cabin, brand, party, seats, again):
        return FlightItem(
            flight_ids=tuple(ids[leg % len(ids)] for leg in legs),
            cabin=cabin,
            brand=brand,
            passengers=party,
            seats=tuple(
                SeatChoice(flight_id=ids[leg % len(ids)], seat=seat, passenger=who) for leg, seat, who in seats
            ),
            again=again,
        )

    for wish in chosen["sold"]:
        with suppress(*REFUSED):
            await house.hold(new_account(), item(*wish))
    for wish in chosen["own"]:
        with suppress(*REFUSED):
            await house.hold(guest, item(*wish))
    await asked_and_held(house, guest, *[item(*wish) for wish in chosen["wished"]])


class TestAWorldOfStays:
    @examples(25, thorough=500)
    @given(chosen=stays)
    async def test_is_told_as_it_is(self, sqlite_world, chosen):
        await a_world_of_stays(sqlite_world, chosen)

    @examples(5, thorough=100)
    @given(chosen=stays)
    async def test_is_told_as_it_is_on_each_engine(self, world, chosen):
        await a_world_of_stays(world, chosen)


class TestAWorldOfTables:
    @examples(25, thorough=500)
    @given(chosen=tables)
    async def test_is_told_as_it_is(self, sqlite_world, chosen):
        await a_world_of_tables(sqlite_world, chosen)

    @examples(5, thorough=100)
    @given(chosen=tables)
    async def test_is_told_as_it_is_on_each_engine(self, world, chosen):
        await a_world_of_tables(world, chosen)


class TestAWorldOfFlights:
    @examples(25, thorough=500)
    @given(chosen=flights)
    async def test_is_told_as_it_is(self, sqlite_world, chosen):
        await a_world_of_flights(sqlite_world, chosen)

    @examples(5, thorough=100)
    @given(chosen=flights)
    async def test_is_told_as_it_is_on_each_engine(self, world, chosen):
        await a_world_of_flights(world, chosen)
