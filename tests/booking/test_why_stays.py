"""Why a stay cannot be booked: every answer is held to what it promises, on all engines."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from builders import opened
from why_builder import ask, asked_and_held, changed

from holdfast.booking.api import StayItem
from holdfast.kit.errors import NotFound
from holdfast.verticals.stays import NightTerms


@pytest.fixture
async def house(migrated):
    """A process whose guests may hold much."""
    async with opened(migrated, holds_most=1_000) as running:
        yield running
        await running.assert_sound()


def said(found):
    return [(each.item, each.rule, each.detail) for each in found.reasons]


def moves(item, opening):
    """By how many days each alternative arrives and leaves later."""
    return [
        ((each.item.check_in - item.check_in).days, (each.item.check_out - item.check_out).days)
        for each in opening.alternatives
    ]


async def arrivals(house, home, ahead, terms, days=1):
    first = house.day(ahead)
    await house.catalog.set_nights(
        owner=house.owner, property_id=home, first=first, end=first + timedelta(days=days), terms=terms
    )


def friday(house):
    """How many days ahead of `day()` the next Friday is."""
    return (4 - house.day().weekday()) % 7


class TestAStayThatCanBeBooked:
    async def test_has_no_reasons(self, house, guest):
        home = await house.home()
        found = await asked_and_held(house, guest, house.stay(home, 0, 3))
        assert (found.bookable, found.reasons) == (True, ())

    async def test_is_bookable_by_its_own_last_unit(self, house, guest, other):
        home = await house.home(units=2)
        await house.hold(other, house.stay(home, 0, 3))
        assert (await asked_and_held(house, guest, house.stay(home, 0, 3))).bookable


class TestRulesOfAStay:
    async def test_are_told_with_the_change_that_opens_it(self, house, guest):
        home, ahead = await house.home(), friday(house)
        await arrivals(house, home, ahead, NightTerms(min_nights=3))
        stay = house.stay(home, ahead, 2)
        found = await asked_and_held(house, guest, stay)
        assert said(found) == [(0, "min_nights", "minimum stay 3 nights on arrival Friday, you asked 2")]
        change = {"check_out": house.day(ahead + 3).isoformat()}
        assert found.reasons[0].values == {"nights": 2, "min_nights": 3}
        assert found.reasons[0].change == found.openings[0].change == change
        assert moves(stay, found.openings[0]) == [(1, 1), (-1, -1), (0, 1), (-1, 0), (1, 0)]

    async def test_are_all_told_before_stock_and_opened_together(self, house, guest):
        home = await house.home(guests_max=3, pets_max=1, min_nights=2)
        await house.block(home, 0)
        stay = replace(house.stay(home, 0, 1, guests=4), pets=2)
        found = await asked_and_held(house, guest, stay)
        assert [rule for _, rule, _ in said(found)] == [
            "party_too_large",
            "too_many_pets",
            "min_nights",
            "night_taken",
        ]
        assert {"guests": 3, "pets": 1}.items() <= found.openings[0].change.items()

    async def test_name_a_range_without_nights_as_the_quote_does(self, house, guest):
        home = await house.home(min_nights=2)
        found = await asked_and_held(house, guest, house.stay(home, 4, 0))
        assert [rule for _, rule, _ in said(found)] == ["empty_or_negative_range"]
        assert found.openings[0].change == {"check_out": house.day(6).isoformat()}

    @pytest.mark.parametrize("ahead", [-45, 1_000])
    async def test_bring_a_stay_from_another_time_to_the_nearest_day_there_is(self, house, guest, ahead):
        home = await house.home(advance_notice_days=2, booking_window_days=60)
        found = await asked_and_held(house, guest, house.stay(home, ahead, 3))
        today = house.day() - timedelta(days=30)
        nearest = today + timedelta(days=2 if ahead < 0 else 60)
        assert found.openings[0].change["check_in"] == nearest.isoformat()
        assert found.openings[0].alternatives[0].item.check_in == nearest

    async def test_may_close_every_day_there_is(self, house, guest):
        home = await house.home(booking_window_days=5)
        found = await asked_and_held(house, guest, replace(house.stay(home, 0, 3), check_in=date(2000, 1, 1)))
        assert found.openings[0].change is not None
        await arrivals(house, home, -40, NightTerms(closed_to_arrival=True), days=60)
        found = await asked_and_held(house, guest, house.stay(home, 0, 3))
        assert (found.openings[0].change, found.openings[0].alternatives) == (None, ())

    @pytest.mark.parametrize("day", [date.min, date.max])
    async def test_bear_the_ends_of_the_calendar(self, house, guest, day):
        home = await house.home()
        found = await asked_and_held(house, guest, StayItem(property_id=home, check_in=day, check_out=day, guests=1))
        assert not found.bookable


class TestStockOfAStay:
    async def test_is_told_night_by_night(self, house, guest, other):
        home = await house.home()
        await house.booked(other, house.stay(home, 1, 2))
        await house.set_nights(home, 3, closed=True)
        stay = house.stay(home, 0, 4)
        found = await asked_and_held(house, guest, stay)
        assert said(found) == [
            (0, "night_taken", f"the night of {house.day(1)} is taken"),
            (0, "night_taken", f"the night of {house.day(2)} is taken"),
            (0, "night_closed", f"the night of {house.day(3)} is closed"),
        ]
        assert [each.change for each in found.reasons] == [found.openings[0].change] * 3

    async def test_opens_the_nearest_days_first(self, house, guest, other):
        home = await house.home()
        await house.booked(other, house.stay(home, 0, 2))
        stay = house.stay(home, 0, 2)
        found = await asked_and_held(house, guest, stay)
        assert moves(stay, found.openings[0]) == [(2, 2), (-2, -2), (2, 1), (-1, -2), (3, 3)]

    async def test_prefers_the_change_of_one_field(self, house, guest, other):
        home = await house.home()
        await house.booked(other, house.stay(home, 2, 1))
        found = await asked_and_held(house, guest, house.stay(home, 0, 3))
        assert found.openings[0].change == {"check_out": house.day(2).isoformat()}

    async def test_knows_named_units_that_are_never_free_together(self, house, guest, other):
        home = await house.home(names=["Garden", "Roof"])
        first = await house.booked(other, house.stay(home, 2, 1))
        await house.booked(other, house.stay(home, 2, 1))
        await house.cancel(first)
        await house.booked(other, house.stay(home, 0, 1))
        found = await asked_and_held(house, guest, house.stay(home, 0, 3))
        assert said(found) == [(0, "no_unit_throughout", "no unit is free on every night")]
        days = {"Garden": [house.day(0).isoformat()], "Roof": [house.day(2).isoformat()]}
        assert found.reasons[0].values == {"taken": days}

    async def test_counts_nights_of_preparation(self, house, guest, other):
        home = await house.home(preparation_nights=2)
        await house.booked(other, house.stay(home, 4, 2))
        found = await asked_and_held(house, guest, house.stay(home, 0, 3))
        assert said(found) == [
            (0, "night_taken", f"the night of {house.day(4)}, kept free for preparation after the stay, is taken")
        ]

    async def test_may_be_gone_for_as_far_as_anybody_looks(self, house, guest):
        home = await house.home()
        await house.block(home, -30, 90)
        found = await asked_and_held(house, guest, house.stay(home, 5, 3))
        assert (found.openings[0].change, found.openings[0].alternatives) == (None, ())
        assert [each.change for each in found.reasons] == [None] * 3

    async def test_may_not_exist(self, house, guest):
        home = (await house.catalog.create(owner=house.owner, draft=(await a_draft(house)))).id
        found = await asked_and_held(house, guest, house.stay(home))
        assert [each.rule for each in found.reasons] == ["not_bookable"]


async def a_draft(house):
    [described] = await house.catalog.get_many(ids=[await house.home()])
    return described.draft


class TestStaysTogether:
    async def test_cannot_have_one_night_twice(self, house, guest):
        home = await house.home()
        found = await asked_and_held(house, guest, house.stay(home, 0, 3), house.stay(home, 2, 2))
        assert [(item, rule) for item, rule, _ in said(found)] == [(1, "duplicate_unit")]
        assert found.openings[0].bookable
        assert found.openings[1].change == {"check_in": house.day(3).isoformat()}

    async def test_are_served_one_after_the_other(self, house, guest):
        home = await house.home(preparation_nights=1)
        found = await asked_and_held(house, guest, house.stay(home, 0, 2), house.stay(home, 2, 2))
        assert said(found) == [(1, "night_taken", f"the night of {house.day(2)} is taken")]
        assert found.openings[1].change == {"check_in": house.day(3).isoformat()}

    async def test_have_one_currency(self, house, guest):
        dollars, euros = await house.home(), await house.home(currency="EUR")
        found = await asked_and_held(house, guest, house.stay(dollars), house.stay(euros))
        assert [(item, rule) for item, rule, _ in said(found)] == [(1, "currency_mismatch")]
        assert (found.reasons[0].field, found.openings[1].change) == ("property_id", None)

    async def test_are_each_told_their_own_reasons_rules_first(self, house, guest, other):
        taken, strict = await house.home(), await house.home(min_nights=3)
        await house.booked(other, house.stay(taken, 0, 1))
        found = await asked_and_held(house, guest, house.stay(taken, 0, 1), house.stay(strict, 0, 2))
        assert [(item, rule) for item, rule, _ in said(found)] == [(1, "min_nights"), (0, "night_taken")]

    async def test_are_opened_so_that_all_can_be_had(self, house, guest):
        home = await house.home()
        stays = [house.stay(home, 0, 2)] * 3
        found = await asked_and_held(house, guest, *stays)
        opened_ = [changed(stays[0], opening.change or {}) for opening in found.openings]
        assert len(set(opened_)) == 3


class TestWhoeverAsks:
    async def test_is_refused_what_does_not_exist(self, house, guest):
        home = await house.home(listed=False)
        with pytest.raises(NotFound):
            await ask(house, guest, house.stay(home))
