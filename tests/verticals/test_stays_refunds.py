"""Refund deadlines.

Goal: a deadline is the same wall time at the property, N calendar days before check-in, through every clock change
there is. Method: examples reckoned by hand for the odd places, and then every zone at every change from 2000 to 2037,
where the deadline is found the other way round, from instants to wall time, which is never in doubt.
"""

import json
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.verticals.stays import (
    POLICIES,
    CancellationPolicy,
    RefundWindow,
    has_begun,
    policy_from_json,
    policy_to_json,
    price,
    refund,
)
from verticals.stay_builder import stay, terms

TOTAL = 100_000
TICK = timedelta(microseconds=1)
DAY = timedelta(days=1)
ALL_TO_DAY_BEFORE = POLICIES["flexible"]


def at(text):
    """An instant, written with its offset."""
    return datetime.fromisoformat(text)


def comes_back(policy, now, *, check_in, check_in_from=time(15), zone="America/New_York"):
    return refund(policy, total_minor=TOTAL, check_in=check_in, check_in_from=check_in_from, zone=zone, now=now)


class TestPolicies:
    def test_are_the_four_an_owner_chooses_from(self):
        assert {name: [(w.days_before, w.refund_bp) for w in policy.windows] for name, policy in POLICIES.items()} == {
            "flexible": [(1, 10_000)],
            "moderate": [(5, 10_000), (1, 5_000)],
            "strict": [(14, 10_000), (7, 5_000)],
            "non_refundable": [],
        }
        assert all(policy.name == name for name, policy in POLICIES.items())

    @pytest.mark.parametrize("name", POLICIES)
    def test_are_stored_and_read_back(self, name):
        assert policy_from_json(json.loads(json.dumps(policy_to_json(POLICIES[name])))) == POLICIES[name]

    @pytest.mark.parametrize(
        ("policy", "expected"),
        [
            ("flexible", [TOTAL, TOTAL, TOTAL, TOTAL, TOTAL, 0, 0]),
            ("moderate", [TOTAL, TOTAL, TOTAL, TOTAL, TOTAL // 2, 0, 0]),
            ("strict", [TOTAL, TOTAL, TOTAL // 2, 0, 0, 0, 0]),
            ("non_refundable", [0, 0, 0, 0, 0, 0, 0]),
        ],
    )
    def test_give_back_less_as_check_in_comes_nearer(self, policy, expected):
        check_in = at("2026-06-20T15:00-04:00")
        moments = [check_in - timedelta(days=days) for days in (30, 14, 7, 5, 1, 0.5, 0)]
        assert [comes_back(POLICIES[policy], now, check_in=check_in.date()) for now in moments] == expected


class TestRefund:
    def test_counts_the_last_instant_of_a_window_in(self):
        deadline = at("2026-06-19T15:00-04:00")
        moments = [deadline - TICK, deadline, deadline + TICK, deadline + timedelta(milliseconds=1)]
        refunds = [comes_back(ALL_TO_DAY_BEFORE, now, check_in=date(2026, 6, 20)) for now in moments]
        assert refunds == [TOTAL, TOTAL, 0, 0]

    def test_judges_the_instant_whatever_zone_it_is_written_in(self):
        for now in (at("2026-06-19T19:00+00:00"), at("2026-06-20T04:00+09:00"), at("2026-06-19T15:00-04:00")):
            assert comes_back(ALL_TO_DAY_BEFORE, now, check_in=date(2026, 6, 20)) == TOTAL
            assert comes_back(ALL_TO_DAY_BEFORE, now + TICK, check_in=date(2026, 6, 20)) == 0

    def test_gives_nothing_from_check_in_on_even_where_a_window_reaches_to_it(self):
        to_the_end = CancellationPolicy(name="kind", windows=(RefundWindow(days_before=0, refund_bp=10_000),))
        check_in = at("2026-06-20T15:00-04:00")
        refunds = [comes_back(to_the_end, now, check_in=check_in.date()) for now in (check_in - TICK, check_in)]
        assert refunds == [TOTAL, 0]

    def test_rounds_half_a_cent_to_the_even_one(self):
        half = CancellationPolicy(name="half", windows=(RefundWindow(days_before=1, refund_bp=5_000),))
        now = at("2026-06-01T00:00+00:00")
        refunds = [
            refund(half, total_minor=total, check_in=date(2026, 6, 20), check_in_from=time(15), zone="UTC", now=now)
            for total in (1, 3, 5, 7)
        ]
        assert refunds == [0, 2, 2, 4]

    def test_tells_the_two_hours_apart_that_the_clock_of_the_property_shows_twice(self):
        first = datetime(2027, 4, 4, 2, 30, tzinfo=ZoneInfo("Australia/Sydney"))
        facts = {"check_in": date(2027, 4, 5), "check_in_from": time(2, 30), "zone": "Australia/Sydney"}
        assert [comes_back(ALL_TO_DAY_BEFORE, now, **facts) for now in (first, first.replace(fold=1))] == [TOTAL, 0]

    def test_needs_an_instant_with_a_zone(self):
        naive = at("2026-06-19T15:00+00:00").replace(tzinfo=None)
        with pytest.raises(TypeError):
            comes_back(ALL_TO_DAY_BEFORE, naive, check_in=date(2026, 6, 20))

    @given(
        days=st.integers(0, 40),
        hours=st.integers(0, 24 * 45),
        windows=st.lists(
            st.builds(RefundWindow, days_before=st.integers(0, 30), refund_bp=st.integers(0, 10_000)), max_size=4
        ),
        total=st.integers(0, 10**9),
    )
    def test_never_gives_more_than_was_paid_nor_more_later_on(self, days, hours, windows, total):
        shares = sorted((window.refund_bp for window in windows), reverse=True)
        ahead = sorted((window.days_before for window in windows), reverse=True)
        policy = CancellationPolicy(
            name="any",
            windows=tuple(RefundWindow(days_before=n, refund_bp=bp) for n, bp in zip(ahead, shares, strict=True)),
        )
        check_in = date(2026, 3, 1) + timedelta(days=days)
        facts = {"total_minor": total, "check_in": check_in, "check_in_from": time(15), "zone": "America/New_York"}
        now = at("2026-02-20T00:00+00:00") + timedelta(hours=hours)
        assert 0 <= refund(policy, now=now + timedelta(hours=1), **facts) <= refund(policy, now=now, **facts) <= total


class TestHasBegun:
    def test_is_true_from_the_instant_check_in_opens_at_the_property(self):
        opens = at("2026-06-20T15:00+10:00")
        facts = {"check_in": date(2026, 6, 20), "check_in_from": time(15), "zone": "Australia/Sydney"}
        assert [has_begun(now=now, **facts) for now in (opens - TICK, opens, opens + DAY)] == [False, True, True]

    def test_needs_an_instant_with_a_zone(self):
        naive = at("2026-06-19T15:00+00:00").replace(tzinfo=None)
        with pytest.raises(TypeError):
            has_begun(check_in=date(2026, 6, 20), check_in_from=time(15), zone="UTC", now=naive)


class TestOddDays:
    @pytest.mark.parametrize(
        ("zone", "check_in", "wall", "deadline"),
        [
            # The day before check-in has 23 hours, 25 hours, 23.5 hours, 24.5 hours.
            ("America/New_York", date(2026, 3, 8), time(15), "2026-03-07T15:00-05:00"),
            ("America/New_York", date(2026, 11, 1), time(15), "2026-10-31T15:00-04:00"),
            ("Australia/Lord_Howe", date(2026, 10, 4), time(15), "2026-10-03T15:00+10:30"),
            ("Australia/Lord_Howe", date(2026, 4, 5), time(15), "2026-04-04T15:00+11:00"),
            # The wall time of the deadline is skipped: read with the offset before the change.
            ("Australia/Sydney", date(2026, 10, 5), time(2, 30), "2026-10-04T03:30+11:00"),
            ("Australia/Lord_Howe", date(2026, 10, 5), time(2, 15), "2026-10-04T02:45+11:00"),
            ("Asia/Beirut", date(2027, 3, 29), time(0), "2027-03-28T01:00+03:00"),
            ("America/Havana", date(2026, 3, 9), time(0, 30), "2026-03-08T01:30-04:00"),
            ("Africa/Cairo", date(2026, 4, 25), time(0, 30), "2026-04-24T01:30+03:00"),
            # The wall time of the deadline comes twice: the first counts.
            ("Australia/Sydney", date(2027, 4, 5), time(2, 30), "2027-04-04T02:30+11:00"),
            ("America/Havana", date(2026, 11, 2), time(0, 30), "2026-11-01T00:30-04:00"),
        ],
    )
    def test_keep_the_wall_time_of_the_deadline(self, zone, check_in, wall, deadline):
        refunds = [
            comes_back(ALL_TO_DAY_BEFORE, now, check_in=check_in, check_in_from=wall, zone=zone)
            for now in (at(deadline), at(deadline) + TICK)
        ]
        assert refunds == [TOTAL, 0]

    def test_let_the_guest_off_until_check_in_where_the_day_before_it_did_not_exist(self):
        opens = at("2011-12-31T15:00+14:00")
        refunds = [
            comes_back(ALL_TO_DAY_BEFORE, now, check_in=date(2011, 12, 31), zone="Pacific/Apia")
            for now in (opens - TICK, opens)
        ]
        assert refunds == [TOTAL, 0]

    @pytest.mark.parametrize(
        ("zone", "first", "nights", "hours"),
        [
            ("Australia/Sydney", date(2026, 10, 3), 1, 18),
            ("Australia/Sydney", date(2027, 4, 3), 1, 20),
            ("Australia/Lord_Howe", date(2026, 10, 3), 1, 18.5),
            ("Australia/Lord_Howe", date(2027, 4, 3), 1, 19.5),
            ("Pacific/Apia", date(2011, 12, 29), 2, 19),
        ],
    )
    def test_have_their_nights_whatever_the_hours_between_check_in_and_check_out(self, zone, first, nights, hours):
        request = stay(nights, check_in=first)
        place = ZoneInfo(zone)
        arrival = datetime.combine(first, time(15), place).astimezone(UTC)
        departure = datetime.combine(request.check_out, time(10), place).astimezone(UTC)
        assert departure - arrival == timedelta(hours=hours)
        assert price(terms(zone=zone), request).lines[0].quantity == nights


@cache
def clock_changes(name):
    """Every change of a zone's clock from 2000 to 2037: the instant, the offset before and the offset after."""
    place, step = ZoneInfo(name), timedelta(days=9)
    changes = []
    early = datetime(2000, 1, 1, tzinfo=UTC)
    before = early.astimezone(place).utcoffset()
    while early.year <= 2037:
        late = early + step
        after = late.astimezone(place).utcoffset()
        if after != before:
            changes.append((change_between(place, early, late), before, after))
        early, before = late, after
    return changes


def change_between(place, early, late):
    before = early.astimezone(place).utcoffset()
    while late - early > timedelta(seconds=1):
        middle = early + (late - early) // 2
        if middle.astimezone(place).utcoffset() == before:
            early = middle
        else:
            late = middle
    return late.replace(microsecond=0)


def naive(instant, offset):
    """The wall time that clocks of this offset show at an instant."""
    return (instant + offset).replace(tzinfo=None)


def first_instant(place, wall, change):
    """When clocks of a place first show a wall time near a change; if they never do, when unchanged clocks would."""
    _, before, after = change
    candidates = sorted((wall - offset).replace(tzinfo=UTC) for offset in (before, after))
    shown = [instant for instant in candidates if instant.astimezone(place).replace(tzinfo=None) == wall]
    return shown[0] if shown else (wall - before).replace(tzinfo=UTC)


class TestEveryZone:
    def test_has_clock_changes_to_try(self):
        assert len(clock_changes("Europe/Berlin")) == 76
        assert clock_changes("Asia/Tokyo") == []
        assert clock_changes("Pacific/Apia")[-1][0].year >= 2011

    @pytest.mark.parametrize("name", sorted(available_timezones()))
    def test_keeps_the_deadline_and_the_nights_at_every_change_of_its_clock(self, name):
        place = ZoneInfo(name)
        for change in clock_changes(name):
            moment, before, after = change
            # The wall time in the middle of what is skipped or comes twice, its two ends, and the usual hour.
            skipped_or_twice = sorted((naive(moment, before), naive(moment, after)))
            middle = skipped_or_twice[0] + (skipped_or_twice[1] - skipped_or_twice[0]) / 2
            afternoon = datetime.combine(middle.date(), time(15))
            for wall in (*skipped_or_twice, middle, afternoon):
                check_in = wall.date() + DAY
                deadline = first_instant(place, wall, change)
                facts = {"check_in": check_in, "check_in_from": wall.time(), "zone": name}
                opened = has_begun(now=deadline, **facts)
                refunds = [comes_back(ALL_TO_DAY_BEFORE, deadline + late, **facts) for late in (-TICK, 0 * TICK, TICK)]
                assert refunds == ([TOTAL, 0, 0] if opened else [TOTAL, TOTAL, 0]), (name, change, wall)
            request = stay(2, check_in=middle.date() - DAY)
            assert price(terms(zone=name), request).lines[0].quantity == 2
