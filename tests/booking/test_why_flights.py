"""Why flights cannot be booked: every answer is held to what it promises, on all engines."""

from dataclasses import replace

import pytest
from builders import opened
from trip_builder import Travel, fares
from why_builder import ask, asked_and_held

from holdfast.kit.errors import NotFound
from holdfast.verticals.flights.terms import Passengers


@pytest.fixture
async def travel(migrated):
    """An airline in a house whose guests may hold much."""
    async with opened(migrated, holds_most=1_000) as house:
        yield Travel(house)
        await house.assert_sound()


def said(found):
    return [(each.item, each.rule, each.detail) for each in found.reasons]


def flown(opening):
    return [each.item.flight_ids for each in opening.alternatives]


class TestFlightsThatCanBeBooked:
    async def test_have_no_reasons(self, travel, guest):
        there, back = await travel.flight("AAA", "BBB"), await travel.flight("BBB", "AAA", ahead=3)
        assert (await asked_and_held(travel.house, guest, travel.seat(there, back, adults=2))).bookable


class TestStockOfFlights:
    async def test_is_told_leg_by_leg_with_what_is_left(self, travel, guest, other):
        there, back = await travel.flight("AAA", "BBB"), await travel.flight("BBB", "AAA", ahead=3, seats=3)
        await travel.house.hold(other, travel.seat(back, adults=2))
        found = await asked_and_held(travel.house, guest, travel.seat(there, back, adults=2))
        assert said(found) == [(0, "seats_sold", "leg 2 has 1 seat, you asked 2")]
        assert (found.reasons[0].values["seats"], found.reasons[0].values["asked"]) == (1, 2)
        fewer = {"adults": 1, "children": 0, "infants": 0}
        assert found.openings[0].change == found.reasons[0].change == {"passengers": fewer}

    async def test_opens_the_flights_nearest_in_time(self, travel, guest, other):
        early = await travel.flight(departs="06:00")
        full = await travel.flight(departs="09:00", seats=2)
        late = await travel.flight(departs="10:00")
        tomorrow = await travel.flight(departs="09:00", ahead=1)
        sold_out = await travel.flight(departs="09:30", seats=2)
        await travel.house.hold(other, travel.seat(full, adults=2), travel.seat(sold_out, adults=2))
        found = await asked_and_held(travel.house, guest, travel.seat(full))
        assert said(found) == [(0, "seats_sold", "leg 1 has 0 seats, you asked 1")]
        assert flown(found.openings[0]) == [(late,), (early,), (tomorrow,)]
        assert found.openings[0].change == {"flight_ids": [late]}

    async def test_looks_a_week_around_where_few_fly(self, travel, guest, other):
        full = await travel.flight(seats=1)
        next_week = await travel.flight(ahead=7)
        await travel.flight(ahead=9)
        await travel.house.hold(other, travel.seat(full))
        found = await asked_and_held(travel.house, guest, travel.seat(full))
        assert flown(found.openings[0]) == [(next_week,)]

    async def test_changes_only_the_leg_that_is_sold_out(self, travel, guest, other):
        there, back = await travel.flight("AAA", "BBB"), await travel.flight("BBB", "AAA", ahead=3, seats=1)
        others = [await travel.flight("BBB", "AAA", "12:00", ahead=3), await travel.flight("AAA", "BBB", "11:00")]
        await travel.house.hold(other, travel.seat(back))
        found = await asked_and_held(travel.house, guest, travel.seat(there, back))
        assert flown(found.openings[0]) == [(there, others[0]), (others[1], others[0])]

    async def test_is_told_as_a_seat_that_is_taken(self, travel, guest, other):
        flight = await travel.flight(seats=6)
        await travel.house.hold(other, travel.seat(flight, seats=((flight, "1A", 0),)))
        found = await asked_and_held(travel.house, guest, travel.seat(flight, seats=((flight, "1A", 0),)))
        assert [rule for _, rule, _ in said(found)] == ["seat_taken"]
        [instead] = found.openings[0].change["seats"]
        assert instead == {"flight_id": flight, "seat": "1B", "passenger": 0}

    async def test_is_told_as_a_fare_with_too_few_seats(self, travel, guest):
        flight = await travel.flight(seats=4, fares=fares(("Q", 2, 5_000), ("Y", 2, 9_000)))
        found = await asked_and_held(travel.house, guest, travel.seat(flight, adults=3))
        assert said(found) == [(0, "fares_sold", "leg 1 has 2 seats at one fare, you asked 3")]

    async def test_knows_that_an_account_books_a_flight_once(self, travel, guest):
        flight, later = await travel.flight(), await travel.flight(departs="12:00")
        await travel.house.hold(guest, travel.seat(flight))
        found = await asked_and_held(travel.house, guest, travel.seat(flight))
        assert [rule for _, rule, _ in said(found)] == ["booked_already"]
        assert found.openings[0].change == {"again": True}
        assert flown(found.openings[0]) == [(flight,), (later,)]


class TestRulesOfFlights:
    async def test_are_all_told_and_opened_together(self, travel, guest):
        flight = await travel.flight()
        item = replace(travel.seat(flight, brand="gold"), cabin="first", passengers=Passengers(adults=1, infants=2))
        found = await asked_and_held(travel.house, guest, item)
        assert [rule for _, rule, _ in said(found)] == ["no_such_cabin", "too_many_infants"]
        assert found.openings[0].change.keys() == {"cabin", "brand", "passengers"}

    async def test_open_another_flight_where_one_is_canceled(self, travel, guest):
        canceled, later = await travel.flight(), await travel.flight(departs="12:00")
        await travel.house.catalog.flights.cancel(owner=travel.house.owner, flight_id=canceled)
        found = await asked_and_held(travel.house, guest, travel.seat(canceled, brand="gold"))
        assert [rule for _, rule, _ in said(found)] == ["leg_canceled", "no_such_brand"]
        assert flown(found.openings[0]) == [(later,)]

    async def test_drop_a_leg_that_is_there_twice(self, travel, guest):
        flight = await travel.flight()
        found = await asked_and_held(travel.house, guest, travel.seat(flight, flight))
        assert found.openings[0].change == {"flight_ids": [flight]}


class TestFlightsTogether:
    async def test_cannot_be_had_twice_unless_it_is_said(self, travel, guest):
        flight, later = await travel.flight(), await travel.flight(departs="12:00")
        found = await asked_and_held(travel.house, guest, travel.seat(flight), travel.seat(flight))
        assert [(item, rule) for item, rule, _ in said(found)] == [(1, "duplicate_unit")]
        assert found.openings[1].change == {"flight_ids": [later]}

    async def test_share_what_is_left(self, travel, guest):
        flight = await travel.flight(seats=3)
        twice = [travel.seat(flight, adults=2, again=True)] * 2
        found = await asked_and_held(travel.house, guest, *twice)
        assert said(found) == [(1, "seats_sold", "leg 1 has 1 seat, you asked 2")]


class TestATripThatCannotBeBooked:
    async def test_names_the_reasons_of_each_part(self, travel, guest, other):
        house = travel.house
        home, restaurant = await house.home(min_nights=3), await travel.restaurant()
        flight, later = await travel.flight(seats=1), await travel.flight(departs="12:00")
        await house.hold(other, travel.seat(flight))
        items = house.stay(home, 0, 2), travel.table(restaurant, 2, "22:00"), travel.seat(flight)
        found = await asked_and_held(house, guest, *items)
        assert [(item, rule) for item, rule, _ in said(found)] == [
            *((0, "min_nights"), (1, "no_service_then"), (2, "seats_sold")),
        ]
        assert [opening.change for opening in found.openings] == [
            {"check_out": house.day(3).isoformat()},
            {"time": "21:00"},
            {"flight_ids": [later]},
        ]


class TestWhoeverAsks:
    async def test_is_refused_what_does_not_exist(self, travel, guest):
        with pytest.raises(NotFound):
            await ask(travel.house, guest, travel.seat(2**40))
