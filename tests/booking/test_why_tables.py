"""Why a table cannot be booked: every answer is held to what it promises, on all engines."""

from dataclasses import replace
from datetime import date, time

import pytest
from builders import opened
from trip_builder import DEPOSIT, DINNER, TABLES, Travel
from why_builder import ask, asked_and_held

from holdfast.booking.api import TableItem
from holdfast.kit.errors import NotFound
from holdfast.verticals.dining.terms import SpecialDay

UNPACED = replace(DINNER, covers_per_slot=None, parties_per_slot=None, present_max=None)


@pytest.fixture
async def travel(migrated):
    """Restaurants in a house whose guests may hold much."""
    async with opened(migrated, holds_most=1_000) as house:
        yield Travel(house)
        await house.assert_sound()


def said(found):
    return [(each.item, each.rule, each.detail) for each in found.reasons]


def times(opening):
    return [f"{each.item.at:%H:%M}" for each in opening.alternatives]


class TestATableThatCanBeBooked:
    async def test_has_no_reasons(self, travel, guest):
        restaurant = await travel.restaurant()
        assert (await asked_and_held(travel.house, guest, travel.table(restaurant, 2))).bookable

    async def test_may_be_the_combination_that_is_left(self, travel, guest, other):
        restaurant = await travel.restaurant(services=(UNPACED,))
        await travel.house.hold(other, travel.table(restaurant, 4), travel.table(restaurant, 3))
        assert (await asked_and_held(travel.house, guest, travel.table(restaurant, 4))).reasons == ()


class TestRulesOfATable:
    async def test_are_told_with_the_change_that_opens_it(self, travel, guest):
        restaurant = await travel.restaurant()
        found = await asked_and_held(travel.house, guest, travel.table(restaurant, 2, "15:10"))
        assert [rule for _, rule, _ in said(found)] == ["not_a_slot"]
        assert found.openings[0].change == {"time": "17:00"}
        assert times(found.openings[0]) == ["17:00", "17:15", "17:30", "17:45", "18:00"]

    async def test_are_all_told_and_opened_together(self, travel, guest):
        restaurant = await travel.restaurant()
        table = travel.table(restaurant, 9, "22:00", minutes=500, area="cellar")
        found = await asked_and_held(travel.house, guest, table)
        assert [rule for _, rule, _ in said(found)] == [
            *("no_service_then", "party_too_large", "no_such_area", "length_out_of_bounds"),
        ]
        assert found.openings[0].change.keys() == {"time", "party_size", "area", "minutes"}

    async def test_may_close_the_day(self, travel, guest):
        house = travel.house
        closed = SpecialDay(day=house.day(), services=(), note="Wedding")
        restaurant = await travel.restaurant(special_days=(closed,))
        found = await asked_and_held(house, guest, travel.table(restaurant))
        assert [rule for _, rule, _ in said(found)] == ["closed_that_day"]
        assert found.openings[0].change == {"date": house.day(1).isoformat()}
        days = [(each.item.day - house.day()).days for each in found.openings[0].alternatives]
        assert days == [1, -1, 1, 1, 1]
        assert times(found.openings[0])[:3] == ["19:00", "19:00", "19:15"]

    @pytest.mark.parametrize("day", [date.min, date.max])
    async def test_bear_the_ends_of_the_calendar(self, travel, guest, day):
        restaurant = await travel.restaurant()
        table = TableItem(restaurant_id=restaurant, day=day, at=time(19), party_size=2)
        assert not (await asked_and_held(travel.house, guest, table)).bookable


class TestStockOfATable:
    async def test_is_told_as_pacing_with_the_counts(self, travel, guest, other):
        restaurant = await travel.restaurant(services=(replace(DINNER, covers_per_slot=4),))
        await travel.house.booked(other, travel.table(restaurant, 4, "19:15"))
        found = await asked_and_held(travel.house, guest, travel.table(restaurant, 2, "19:15"))
        assert said(found) == [(0, "pacing_covers", "pacing 19:15 is 4 of 4")]
        assert found.reasons[0].values == {"time": "19:15", "limit": 4, "taken": 4, "asked": 2}
        assert found.openings[0].change == {"time": "19:30"}
        assert times(found.openings[0]) == ["19:30", "19:00", "19:45", "18:45", "20:00"]

    async def test_is_told_as_tables_that_are_taken(self, travel, guest, other):
        restaurant = await travel.restaurant(tables=TABLES[:1], combinations=())
        await travel.house.booked(other, travel.table(restaurant, 2, "19:00"))
        found = await asked_and_held(travel.house, guest, travel.table(restaurant, 2, "19:30"))
        assert said(found) == [(0, "tables_taken", "every table for 2 is taken between 19:30 and 21:00")]
        assert times(found.openings[0]) == ["20:30", "20:45", "21:00", "17:30", "17:15"]

    async def test_may_open_a_smaller_party_where_the_day_is_full(self, travel, guest, other):
        house = travel.house
        one_time = replace(DINNER, first_seating=time(19), last_seating=time(19), covers_per_slot=5)
        restaurant = await travel.restaurant(services=(one_time,), booking_window_days=30)
        await house.booked(other, travel.table(restaurant, 3, "19:00"))
        found = await asked_and_held(house, guest, travel.table(restaurant, 4, "19:00"))
        assert said(found)[0] == (0, "pacing_covers", "pacing 19:00 is 3 of 5, you asked 4")
        assert found.reasons[0].change == {"party_size": 2}
        assert found.openings[0].change == {"date": house.day(-1).isoformat()}, "a party of two is another party"

    async def test_may_be_gone_on_every_day_there_is(self, travel, guest, other):
        house = travel.house
        one_time = replace(DINNER, first_seating=time(19), last_seating=time(19), parties_per_slot=1)
        restaurant = await travel.restaurant(services=(one_time,), booking_window_days=30)
        for ahead in range(-16, 1):
            await house.hold(other, travel.table(restaurant, 2, "19:00", ahead=ahead))
        found = await asked_and_held(house, guest, travel.table(restaurant, 2, "19:00"))
        assert [rule for _, rule, _ in said(found)] == ["pacing_parties"]
        assert (found.openings[0].change, found.openings[0].alternatives) == (None, ())

    async def test_goes_by_the_room_as_its_owner_has_it_now(self, travel, guest, other):
        house = travel.house
        slow = (replace(DINNER, covers_per_slot=2),)
        restaurant = await travel.restaurant(services=slow)
        await house.booked(other, travel.table(restaurant, 2))
        assert not (await asked_and_held(house, guest, travel.table(restaurant, 2))).bookable
        [there] = await house.catalog.restaurants.get_many(ids=[restaurant])
        quick = replace(there.draft.terms, services=(replace(DINNER, covers_per_slot=6),))
        await house.catalog.restaurants.replace(
            owner=house.owner,
            restaurant_id=restaurant,
            draft=replace(there.draft, terms=quick),
            version=there.version,
        )
        assert (await asked_and_held(house, guest, travel.table(restaurant, 2))).bookable

    async def test_costs_what_the_alternatives_say(self, travel, guest, other):
        restaurant = await travel.restaurant(services=(replace(DINNER, parties_per_slot=1),), securities=(DEPOSIT,))
        await travel.house.hold(other, travel.table(restaurant, 2))
        found = await asked_and_held(travel.house, guest, travel.table(restaurant, 2))
        assert {each.total_minor for each in found.openings[0].alternatives} == {4_000}


class TestTablesTogether:
    async def test_are_served_one_after_the_other(self, travel, guest):
        restaurant = await travel.restaurant(tables=TABLES[:1], combinations=())
        tables = [travel.table(restaurant, 2), travel.table(restaurant, 2)]
        found = await asked_and_held(travel.house, guest, *tables)
        assert [(item, rule) for item, rule, _ in said(found)] == [(1, "tables_taken")]
        assert found.openings[1].change == {"time": "20:30"}

    async def test_are_had_where_the_room_can_be_shared_out(self, travel, guest):
        restaurant = await travel.restaurant()
        tables = [travel.table(restaurant, 2), travel.table(restaurant, 4), travel.table(restaurant, 2)]
        assert (await asked_and_held(travel.house, guest, *tables)).bookable


class TestWhoeverAsks:
    async def test_is_refused_what_is_not_listed(self, travel, guest):
        restaurant = await travel.restaurant(listed=False)
        with pytest.raises(NotFound):
            await ask(travel.house, guest, travel.table(restaurant))
