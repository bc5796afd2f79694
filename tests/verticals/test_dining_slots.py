"""Slots of a restaurant's day.

The clock changes are checked against a second way to know a day: all quarters of an hour of UTC around it, each turned
into wall time, of which the first with a wall time counts. That is done for every zone there is, around each of its
changes in three years.
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.verticals.dining.slots import (
    arrival_at,
    arrivals,
    end_of,
    instant_of,
    is_quarter,
    minutes_for,
    quarter_of,
    services_on,
    slot_of,
    stock_window,
    wall_of,
)
from holdfast.verticals.dining.terms import SpecialDay, TurnTime
from verticals.dining_builder import AUTUMN, MONDAY, SPRING, service, some_terms, terms

QUARTER = timedelta(minutes=15)
ALL_DAY = (service("all-day", time(0), time(23, 45)),)
LUNCH_AND_DINNER = (service("dinner"), service("lunch", time(12), time(13), weekdays=(0,)))


def times(the_terms, day=MONDAY):
    return [arrival.at for arrival in arrivals(the_terms, day)]


def first_times(zone, day, *, days=1):
    """The first instant of every wall time that there is on some days."""
    where = ZoneInfo(zone)
    instant = datetime.combine(day - timedelta(days=1), time(0), UTC)
    found = {}
    for step in range((days + 2) * 96):
        at = instant + step * QUARTER
        found.setdefault(at.astimezone(where).replace(tzinfo=None), at)
    return found


def offset_at_noon(zone, day):
    return datetime.combine(day, time(12), ZoneInfo(zone)).utcoffset()


@cache
def changes(zone):
    """The days of three years on which the clocks of a zone change, and the day before each."""
    found = []
    week = timedelta(days=7)
    first, end = date(2026, 1, 1), date(2029, 1, 1)
    while first < end:
        if offset_at_noon(zone, first) != offset_at_noon(zone, first + week):
            days = [first + timedelta(days=n) for n in range(8)]
            for before, day in pairwise(days):
                if offset_at_noon(zone, before) != offset_at_noon(zone, day):
                    found += [before, day]
        first += week
    return found


CHANGING = [zone for zone in sorted(available_timezones()) if changes(zone)]


class TestASlot:
    @pytest.mark.parametrize(
        ("day", "at", "slot"),
        [
            (date(1970, 1, 1), time(0), 0),
            (date(1970, 1, 1), time(23, 45), 95),
            (date(1969, 12, 31), time(23, 45), -1),
            (date(2026, 8, 3), time(19, 15), 20_668 * 96 + 77),
        ],
    )
    def test_counts_quarters_of_wall_time_since_1970(self, day, at, slot):
        assert slot_of(day, at) == slot
        assert wall_of(slot) == (day, at)

    @given(day=st.dates(), at=st.times())
    def test_is_the_quarter_in_which_a_time_lies(self, day, at):
        found_day, begins = wall_of(slot_of(day, at))
        assert found_day == day
        assert begins <= at
        assert is_quarter(begins)
        assert is_quarter(at) == (begins == at)
        assert quarter_of(begins) == quarter_of(at)

    def test_follows_on_after_midnight(self):
        assert slot_of(date(2026, 8, 4), time(0)) == slot_of(MONDAY, time(23, 45)) + 1


class TestServices:
    def test_are_those_of_the_weekday(self):
        assert [each.code for each in services_on(terms(services=LUNCH_AND_DINNER), MONDAY)] == ["dinner", "lunch"]
        tuesday = MONDAY + timedelta(days=1)
        assert [each.code for each in services_on(terms(services=LUNCH_AND_DINNER), tuesday)] == ["dinner"]

    def test_of_a_special_day_replace_those_of_the_weekday(self):
        feast = service("feast", time(14), time(15), weekdays=())
        special = terms(
            services=(*LUNCH_AND_DINNER, feast), special_days=(SpecialDay(day=MONDAY, services=("feast",)),)
        )
        assert services_on(special, MONDAY) == (feast,)
        assert feast not in services_on(special, MONDAY + timedelta(days=7))

    def test_are_none_on_a_special_day_that_is_closed(self):
        closed = terms(special_days=(SpecialDay(day=MONDAY, services=()),))
        assert services_on(closed, MONDAY) == ()
        assert arrivals(closed, MONDAY) == ()


class TestTheLengthOfAStay:
    TURNS = (TurnTime(party_max=2, minutes=90), TurnTime(party_max=4, minutes=120))

    @pytest.mark.parametrize(("size", "minutes"), [(1, 90), (2, 90), (3, 120), (4, 120), (5, 120), (50, 120)])
    def test_is_the_turn_time_of_the_party_and_the_last_for_all_larger(self, size, minutes):
        assert minutes_for(terms(turn_times=self.TURNS), size, None) == minutes

    def test_is_what_was_asked_for(self):
        assert minutes_for(terms(turn_times=self.TURNS), 2, 150) == 150


class TestArrivals:
    def test_are_every_quarter_from_the_first_seating_to_the_last(self):
        found = arrivals(terms(services=(service("dinner", time(18), time(19)),)), MONDAY)
        assert [arrival.at for arrival in found] == [time(18), time(18, 15), time(18, 30), time(18, 45), time(19)]
        assert {arrival.service.code for arrival in found} == {"dinner"}
        assert [arrival.slot for arrival in found] == [slot_of(MONDAY, arrival.at) for arrival in found]
        assert found[0].instant == datetime(2026, 8, 3, 22, tzinfo=UTC)

    def test_are_in_order_whatever_the_order_of_services(self):
        found = arrivals(terms(services=LUNCH_AND_DINNER), MONDAY)
        assert [arrival.service.code for arrival in found] == ["lunch"] * 5 + ["dinner"] * 13
        assert [arrival.slot for arrival in found] == sorted(arrival.slot for arrival in found)

    def test_are_one_where_the_first_seating_is_the_last(self):
        assert times(terms(services=(service("feast", time(20), time(20)),))) == [time(20)]

    def test_leave_out_what_the_clocks_skip(self):
        night = terms(services=(service("night", time(1, 30), time(3, 15)),))
        assert times(night, SPRING) == [time(1, 30), time(1, 45), time(3), time(3, 15)]

    def test_mean_the_first_of_a_time_that_comes_twice(self):
        night = terms(services=(service("night", time(0, 45), time(2)),))
        found = arrivals(night, AUTUMN)
        assert [arrival.at for arrival in found] == [time(0, 45), *(time(1, m) for m in (0, 15, 30, 45)), time(2)]
        assert found[1].instant == datetime(2026, 11, 1, 5, tzinfo=UTC)
        assert found[-1].instant - found[-2].instant == timedelta(minutes=75)

    @given(the_terms=some_terms(), day=st.sampled_from([MONDAY, SPRING, AUTUMN]), at=st.times())
    def test_are_found_one_by_one_as_all_together(self, the_terms, day, at):
        found = {arrival.at: arrival for arrival in arrivals(the_terms, day)}
        assert arrival_at(the_terms, day, at) == found.get(at)
        for arrival in found.values():
            assert arrival_at(the_terms, day, arrival.at) == arrival

    @pytest.mark.parametrize("day", [date.min, date.max])
    def test_are_none_at_the_ends_of_the_calendar(self, day):
        assert arrivals(terms(services=ALL_DAY), day) == ()
        assert arrival_at(terms(services=ALL_DAY), day, time(12)) is None

    def test_see_the_clocks_change_somewhere(self):
        assert len(CHANGING) > 150

    @pytest.mark.parametrize("zone", CHANGING)
    def test_are_each_wall_time_there_is_once_around_every_change(self, zone):
        the_terms = terms(zone=zone, services=ALL_DAY)
        skipped = repeated = 0
        for day in changes(zone):
            found = arrivals(the_terms, day)
            expected = {wall: at for wall, at in first_times(zone, day).items() if wall.date() == day}
            assert {datetime.combine(day, arrival.at): arrival.instant for arrival in found} == expected
            assert len({arrival.slot for arrival in found}) == len(found) == len(expected)
            instants = [arrival.instant for arrival in found]
            assert instants == sorted(set(instants))
            where = ZoneInfo(zone)
            for quarter in range(96):
                wall = datetime.combine(day, time(*divmod(quarter * 15, 60)), where)
                if wall.utcoffset() < wall.replace(fold=1).utcoffset():
                    skipped += 1
                    assert wall.time() not in {arrival.at for arrival in found}
                repeated += wall.utcoffset() > wall.replace(fold=1).utcoffset()
        assert skipped
        assert repeated

    def test_are_ninety_six_a_day_where_the_clocks_never_change(self):
        still = available_timezones() - set(CHANGING)
        assert {len(arrivals(terms(zone=zone, services=ALL_DAY), MONDAY)) for zone in still} == {96}


class TestTheEndOfAStay:
    @pytest.mark.parametrize(
        ("day", "at", "minutes", "ends"),
        [
            (MONDAY, time(19), 90, (MONDAY, time(20, 30))),
            (MONDAY, time(23), 120, (MONDAY + timedelta(days=1), time(1))),
            (SPRING, time(1, 30), 120, (SPRING, time(4, 30))),
            (SPRING, time(1, 30), 30, (SPRING, time(3))),
            (SPRING - timedelta(days=1), time(23), 240, (SPRING, time(4))),
            (AUTUMN, time(0, 30), 30, (AUTUMN, time(1))),
            (AUTUMN, time(0, 30), 120, (AUTUMN, time(2))),
            (AUTUMN, time(1, 30), 120, (AUTUMN, time(2, 30))),
        ],
    )
    def test_is_when_the_party_has_really_left(self, day, at, minutes, ends):
        assert wall_of(end_of("America/New_York", slot_of(day, at), minutes)) == ends

    def test_is_refused_for_an_arrival_that_does_not_exist(self):
        with pytest.raises(ValueError, match="skip"):
            end_of("America/New_York", slot_of(SPRING, time(2, 30)), 60)

    @pytest.mark.parametrize("zone", CHANGING)
    def test_takes_the_slots_that_begin_before_it_around_every_change(self, zone):
        for day in changes(zone)[:4]:
            known = first_times(zone, day, days=2)
            for quarter in range(0, 96, 7):
                slot = slot_of(day, time(*divmod(quarter * 15, 60)))
                arrives = known.get(datetime.combine(*wall_of(slot)))
                if arrives is None:
                    continue
                for minutes in (15, 90, 135):
                    end = end_of(zone, slot, minutes)
                    begins = [known.get(datetime.combine(*wall_of(each))) for each in range(slot, end + 1)]
                    leaves = arrives + timedelta(minutes=minutes)
                    assert all(at is None or at < leaves for at in begins[:-1])
                    assert begins[-1] >= leaves

    @given(the_terms=some_terms(), day=st.sampled_from([MONDAY, SPRING, AUTUMN]), data=st.data())
    def test_keeps_two_parties_apart_whose_slots_do_not_meet(self, the_terms, day, data):
        found = arrivals(the_terms, day)
        one, other = sorted(data.draw(st.tuples(*[st.sampled_from(found)] * 2)), key=lambda arrival: arrival.slot)
        minutes = data.draw(st.integers(1, 20)) * 15
        if end_of(the_terms.zone, one.slot, minutes) <= other.slot:
            assert one.instant + timedelta(minutes=minutes) <= other.instant
        else:
            assert one is other or one.instant + timedelta(minutes=minutes) > other.instant


class TestTheStockWindow:
    def test_reaches_from_the_first_arrival_to_the_end_of_the_longest_stay(self):
        assert [wall_of(slot) for slot in stock_window(terms(), MONDAY)] == [
            (MONDAY, time(18)),
            (MONDAY + timedelta(days=1), time(1)),
        ]

    def test_reaches_as_far_as_staff_ask_for(self):
        assert wall_of(stock_window(terms(), MONDAY, minutes=300)[1]) == (MONDAY + timedelta(days=1), time(2))

    def test_is_empty_on_a_closed_day(self):
        first, end = stock_window(terms(special_days=(SpecialDay(day=MONDAY, services=()),)), MONDAY)
        assert first == end


class TestAnInstant:
    def test_is_none_where_the_clocks_skip(self):
        assert instant_of("America/New_York", slot_of(SPRING, time(2))) is None
        assert instant_of("America/New_York", slot_of(SPRING, time(3))) == datetime(2027, 3, 14, 7, tzinfo=UTC)
