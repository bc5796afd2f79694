"""What a cancellation gives back.

Goal: a deadline is the same wall time at the property, N calendar days before check-in, through every clock change
there is; no cent is given twice or lost; the curve says of every instant what a cancellation at it gives. Method:
examples reckoned by hand for the odd places, and then every zone at every change from 2000 to 2037, where the deadline
is found the other way round, from instants to wall time, which is never in doubt; for the curve, random policies and
stays, with the instants around every step and some between.
"""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.engine.price import PriceLine
from holdfast.verticals.cancellation import (
    ALL,
    POLICIES,
    AfterCheckIn,
    Booked,
    CancellationPolicy,
    RefundWindow,
    Shares,
    curve,
    may_cancel,
    policy_from_json,
    policy_to_json,
    refund,
    refund_all,
    shares_of,
)
from holdfast.verticals.stays import has_begun
from verticals.stay_builder import price, stay, terms

TOTAL = 100_000
TICK = timedelta(microseconds=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def policy(*windows, **more):
    return CancellationPolicy(
        name="own",
        windows=tuple(
            RefundWindow(days_before=days, shares=shares_of(shares) if isinstance(shares, int) else shares)
            for days, shares in windows
        ),
        **more,
    )


ALL_TO_DAY_BEFORE = policy((1, 10_000))


def at(text):
    """An instant, written with its offset."""
    return datetime.fromisoformat(text)


def line(kind, amount_minor, item=0):
    return PriceLine(
        kind=kind, label=kind, amount_minor=amount_minor, quantity=1, unit_minor=None, rule=kind, item=item
    )


def booked(chosen=ALL_TO_DAY_BEFORE, *lines, nights=3, **more):
    check_in = more.pop("check_in", date(2026, 6, 20))
    known = {
        "policy": chosen,
        "check_in": check_in,
        "check_out": check_in + timedelta(days=nights),
        "check_in_from": time(15),
        "zone": "America/New_York",
        "booked_at": at("2000-01-01T00:00+00:00"),
        "lines": lines or (line("nights", TOTAL),),
    }
    return Booked(**known | more)


def comes_back(chosen, now, **more):
    return refund([booked(chosen, **more)], now=now).total_minor


def parts(found):
    return {each.kind: each.refund_minor for each in found.lines}


CHECK_IN = at("2026-06-20T15:00-04:00")
SHARES = Shares(nights_bp=5_000, cleaning_bp=10_000, service_bp=0)
LINES = (
    line("nights", 60_000),
    line("discount", -6_000),
    line("cleaning", 5_000),
    line("service", 4_000),
    line("tax", 6_300),
)


class TestPolicies:
    def test_are_the_six_an_owner_chooses_from(self):
        assert set(POLICIES) == {"flexible", "moderate", "limited", "firm", "non_refundable", "long_stay"}
        assert all(each.name == name for name, each in POLICIES.items())

    @pytest.mark.parametrize("name", POLICIES)
    def test_are_stored_and_read_back(self, name):
        assert policy_from_json(json.loads(json.dumps(policy_to_json(POLICIES[name])))) == POLICIES[name]

    def test_stored_with_one_share_of_the_total_are_still_read(self):
        stored = {
            "name": "strict",
            "windows": [{"days_before": 14, "refund_bp": 10_000}, {"days_before": 7, "refund_bp": 5_000}],
        }
        assert policy_from_json(stored) == replace(policy((14, 10_000), (7, 5_000)), name="strict")

    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            # 31, 30, 14, 7, 5, 1 and half a day before check-in, at check-in, and 1 and 25 hours after it; four nights.
            ("flexible", [40, 40, 40, 40, 40, 40, 30, 30, 20, 10]),
            ("moderate", [40, 40, 40, 40, 40, 15, 15, 15, 10, 5]),
            ("limited", [40, 40, 40, 20, 0, 0, 0, 0, 0, 0]),
            ("firm", [40, 40, 20, 20, 0, 0, 0, 0, 0, 0]),
            ("non_refundable", [0] * 10),
            ("long_stay", [40, 40, 10, 10, 10, 10, 10, 10, 0, 0]),
        ],
    )
    def test_give_back_less_as_check_in_comes_nearer(self, name, expected):
        nights = 40 if name == "long_stay" else 4
        hours = [24 * 31, 24 * 30, 24 * 14, 24 * 7, 24 * 5, 24, 12, 0, -1, -25]
        if name == "long_stay":
            hours[-2:] = [-1 - 24 * 9, -1 - 24 * 10]
        stays = [booked(POLICIES[name], line("nights", 40), nights=nights)]
        refunds = [refund(stays, now=CHECK_IN - each * HOUR).total_minor for each in hours]
        assert refunds == expected

    @pytest.mark.parametrize("name", sorted(set(POLICIES) - {"non_refundable"}))
    def test_give_everything_back_within_a_day_of_booking(self, name):
        early, late = CHECK_IN - 7 * DAY, CHECK_IN - 7 * DAY + TICK
        soon = [booked(POLICIES[name], *LINES, booked_at=early)]
        assert refund(soon, now=early + DAY).rule == "grace"
        assert refund(soon, now=early + DAY).total_minor == 69_300
        assert refund(soon, now=early + DAY + TICK).rule != "grace"
        assert refund([booked(POLICIES[name], *LINES, booked_at=late)], now=late + TICK).rule != "grace"


class TestRefund:
    def test_counts_the_last_instant_of_a_window_in(self):
        deadline = at("2026-06-19T15:00-04:00")
        moments = [deadline - TICK, deadline, deadline + TICK, deadline + timedelta(milliseconds=1)]
        assert [comes_back(ALL_TO_DAY_BEFORE, now) for now in moments] == [TOTAL, TOTAL, 0, 0]

    def test_judges_the_instant_whatever_zone_it_is_written_in(self):
        for now in (at("2026-06-19T19:00+00:00"), at("2026-06-20T04:00+09:00"), at("2026-06-19T15:00-04:00")):
            assert comes_back(ALL_TO_DAY_BEFORE, now) == TOTAL
            assert comes_back(ALL_TO_DAY_BEFORE, now + TICK) == 0

    def test_gives_nothing_after_check_in_even_where_a_window_reaches_to_it(self):
        assert [comes_back(policy((0, 10_000)), now) for now in (CHECK_IN, CHECK_IN + TICK)] == [TOTAL, 0]

    def test_gives_a_share_of_every_kind_of_line(self):
        found = refund([booked(policy((1, SHARES)), *LINES)], now=CHECK_IN - DAY)
        assert parts(found) == {"nights": 30_000, "discount": -3_000, "cleaning": 5_000, "service": 0, "tax": 3_200}
        assert [each.paid_minor for each in found.lines] == [each.amount_minor for each in LINES]
        assert (found.total_minor, found.rule) == (35_200, "window")

    def test_gives_tax_a_share_of_its_own_where_the_policy_has_one(self):
        kept = replace(SHARES, tax_bp=0)
        assert parts(refund([booked(policy((1, kept)), *LINES)], now=CHECK_IN - DAY))["tax"] == 0

    def test_gives_back_tax_in_proportion_to_what_it_was_levied_on(self):
        lines = (line("nights", 0), line("tax", 0))
        assert refund([booked(policy((1, SHARES)), *lines)], now=CHECK_IN - DAY).total_minor == 0

    def test_keeps_nights_before_it_shares_the_rest(self):
        kept = CancellationPolicy(name="own", windows=(RefundWindow(days_before=0, shares=SHARES, nights_kept=1),))
        found = refund([booked(kept, *LINES)], now=CHECK_IN)
        # Two of three nights are left, half of each comes back.
        assert parts(found) == {"nights": 20_000, "discount": -2_000, "cleaning": 5_000, "service": 0, "tax": 2_300}

    @pytest.mark.parametrize(
        ("after", "expected"),
        [
            (TICK, 60_000),
            (DAY, 60_000),
            (DAY + TICK, 40_000),
            (2 * DAY + TICK, 20_000),
            (3 * DAY + TICK, 0),
            (9 * DAY, 0),
        ],
    )
    def test_keeps_nights_spent_and_one_more_after_check_in(self, after, expected):
        chosen = policy((0, 10_000), after_check_in=AfterCheckIn(nights_more=1, shares=ALL))
        stays = [booked(chosen, line("nights", 100_000), nights=5)]
        found = refund(stays, now=CHECK_IN + after)
        assert found.total_minor == expected
        assert found.rule == ("after_check_in" if expected else "nothing")
        assert may_cancel(stays, now=CHECK_IN + after) is bool(expected)

    def test_rounds_half_a_cent_to_the_even_one(self):
        half = policy((1, 5_000))
        stays = [[booked(half, line("nights", total))] for total in (1, 3, 5, 7)]
        assert [refund(each, now=CHECK_IN - 2 * DAY).total_minor for each in stays] == [0, 2, 2, 4]

    def test_makes_up_for_what_rounding_took_from_the_lines(self):
        lines = (line("nights", 1), line("nights", 1), line("nights", 1), line("nights", 1), line("discount", -2))
        found = refund([booked(policy((1, 5_000)), *lines)], now=CHECK_IN - 2 * DAY)
        assert found.total_minor == 1
        assert all(abs(each.refund_minor) <= abs(each.paid_minor) for each in found.lines)

    def test_says_which_stay_a_line_belongs_to_and_adds_stays_up(self):
        stays = [booked(), booked(POLICIES["non_refundable"], line("nights", 70, item=1))]
        found = refund(stays, now=CHECK_IN - 2 * DAY)
        assert [(each.item, each.refund_minor) for each in found.lines] == [(0, TOTAL), (1, 0)]
        assert (found.total_minor, found.rule) == (TOTAL, "mixed")
        assert found.detail.startswith("1. ")
        assert " 2. " in found.detail

    def test_of_everything_is_the_owners(self):
        found = refund_all([booked(POLICIES["non_refundable"], *LINES)])
        assert (found.total_minor, found.rule) == (69_300, "by_owner")

    def test_tells_the_two_hours_apart_that_the_clock_of_the_property_shows_twice(self):
        first = datetime(2027, 4, 4, 2, 30, tzinfo=ZoneInfo("Australia/Sydney"))
        facts = {"check_in": date(2027, 4, 5), "check_in_from": time(2, 30), "zone": "Australia/Sydney"}
        assert [comes_back(ALL_TO_DAY_BEFORE, now, **facts) for now in (first, first.replace(fold=1))] == [TOTAL, 0]

    def test_needs_an_instant_with_a_zone(self):
        naive = at("2026-06-19T15:00+00:00").replace(tzinfo=None)
        with pytest.raises(TypeError):
            comes_back(ALL_TO_DAY_BEFORE, naive)


class TestMayCancel:
    def test_is_true_until_check_in_though_nothing_comes_back(self):
        stays = [booked(POLICIES["non_refundable"])]
        assert [may_cancel(stays, now=now) for now in (CHECK_IN, CHECK_IN + TICK)] == [True, False]

    def test_asks_every_stay(self):
        stays = [booked(), booked(check_in=date(2026, 7, 20))]
        assert [may_cancel(stays, now=now) for now in (CHECK_IN, CHECK_IN + TICK)] == [True, False]
        assert may_cancel(stays[1:], now=CHECK_IN + TICK)


ZONES = ["UTC", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Beirut", "America/Havana"]
# Around clock changes of the zones above, in either direction.
DAYS = [date(2026, 3, 8), date(2026, 11, 1), date(2026, 10, 4), date(2026, 4, 5), date(2011, 12, 31), date(2026, 3, 29)]
basis_points = st.sampled_from([0, 1, 3_333, 5_000, 9_999, 10_000]) | st.integers(0, 10_000)
amounts = st.integers(0, 20) | st.integers(0, 10**7)


@st.composite
def descending_policies(draw):
    """Policies as the catalog allows them: a later cancellation never gives more."""
    days = sorted(draw(st.sets(st.integers(1, 30), max_size=3)), reverse=True)
    goes_on = draw(st.booleans())
    days += [0] if goes_on or draw(st.booleans()) else []
    count = len(days) + 1
    columns = [sorted(draw(st.lists(basis_points, min_size=count, max_size=count)), reverse=True) for _ in range(4)]
    taxes = columns[3] if draw(st.booleans()) else [None] * count
    shares = [
        Shares(nights_bp=a, cleaning_bp=b, service_bp=c, tax_bp=d)
        for a, b, c, d in zip(*columns[:3], taxes, strict=True)
    ]
    kept = sorted(draw(st.lists(st.integers(0, 4), min_size=count, max_size=count)))
    return CancellationPolicy(
        name="own",
        windows=tuple(
            RefundWindow(days_before=n, shares=share, nights_kept=keep)
            for n, share, keep in zip(days, shares[:-1], kept[:-1], strict=True)
        ),
        grace_hours=draw(st.sampled_from([0, 24, 90])),
        grace_days_before=draw(st.sampled_from([0, 2, 7])),
        after_check_in=AfterCheckIn(nights_more=kept[-1], shares=shares[-1]) if goes_on else None,
    )


@st.composite
def bookings(draw):
    """Stays as priced: what is taken off is at most what it is taken off from, and each tax was levied on something."""
    nights = draw(st.lists(amounts, min_size=1, max_size=3))
    lines = [line("nights", each) for each in nights]
    lines.append(line("discount", -draw(st.integers(0, sum(nights)))))
    lines += [line(kind, draw(amounts)) for kind in ("cleaning", "extra_guests", "pets", "service")]
    lines.append(line("tax", draw(amounts) if sum(each.amount_minor for each in lines) else 0))
    check_in = draw(st.sampled_from(DAYS)) + draw(st.integers(-2, 2)) * DAY
    wall = draw(st.sampled_from([time(0), time(0, 30), time(2, 15), time(2, 30), time(15)]))
    day = datetime.combine(check_in, wall, UTC)
    return booked(
        draw(descending_policies()),
        *lines,
        nights=draw(st.integers(1, 9)),
        check_in=check_in,
        check_in_from=wall,
        zone=draw(st.sampled_from(ZONES)),
        booked_at=day - draw(st.integers(0, 24 * 40)) * HOUR,
    )


class TestCurve:
    @settings(max_examples=300, deadline=None)
    @given(
        stays=st.lists(bookings(), min_size=1, max_size=3),
        between=st.lists(st.timedeltas(min_value=-2 * DAY, max_value=60 * DAY), max_size=10),
    )
    def test_says_of_every_instant_what_a_cancellation_gives_at_it(self, stays, between):
        first = min(each.booked_at for each in stays)
        table = curve(stays, currency="USD")
        ends = [each.until for each in table.steps[:-1]]
        assert ends == sorted(set(ends))
        assert table.steps[-1].until is None
        around = [end + late for end in ends for late in (-TICK, 0 * TICK, TICK)]
        for now in [*around, first, *(first + each for each in between if each >= 0 * DAY)]:
            if now < first:
                continue
            step = next(each for each in table.steps if each.until is None or now <= each.until)
            found = refund(stays, now=now)
            assert (step.refund_minor, step.rule, step.detail) == (found.total_minor, found.rule, found.detail), now
            assert step.refund_minor + step.retained_minor == table.total_minor

    @settings(max_examples=300, deadline=None)
    @given(stays=st.lists(bookings(), min_size=1, max_size=3))
    def test_never_gives_more_than_was_paid_nor_more_later_on(self, stays):
        table = curve(stays, currency="USD")
        refunds = [each.refund_minor for each in table.steps]
        assert table.total_minor == sum(each.amount_minor for one in stays for each in one.lines)
        assert refunds == sorted(refunds, reverse=True)
        assert 0 <= refunds[-1] <= refunds[0] <= table.total_minor

    @settings(max_examples=300, deadline=None)
    @given(one=bookings(), hours=st.integers(0, 24 * 60))
    def test_is_made_of_lines_that_lie_within_what_was_paid(self, one, hours):
        for each in refund([one], now=one.booked_at + hours * HOUR).lines:
            assert abs(each.refund_minor) <= abs(each.paid_minor)
            assert each.refund_minor * each.paid_minor >= 0

    @given(one=bookings(), bp=basis_points)
    def test_gives_exactly_the_share_of_what_nights_cost(self, one, bp):
        kinds = {"nights", "discount", "extra_guests", "pets"}
        plain = replace(one, policy=policy((0, bp)))
        found = refund([plain], now=at("2000-01-02T00:00+00:00"))
        paid = sum(each.paid_minor for each in found.lines if each.kind in kinds)
        assert sum(each.refund_minor for each in found.lines if each.kind in kinds) == round(
            Fraction(paid * bp, 10_000)
        )

    def test_is_short_where_little_happens(self):
        steps = curve([booked(POLICIES["non_refundable"])], currency="USD").steps
        assert [(each.until, each.refund_minor) for each in steps] == [(CHECK_IN.astimezone(UTC), 0), (None, 0)]
        assert steps[-1].detail == "It is after check-in: nothing comes back."

    def test_of_the_longest_trip_is_made_at_once(self):
        long = booked(POLICIES["flexible"], *LINES * 3, nights=365)
        stays = [replace(long, check_in_from=time(8 + n)) for n in range(8)]
        assert len(curve(stays, currency="USD").steps) > 2_900


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
            for now in (opens, opens + TICK)
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
                for now in (deadline - TICK, deadline, deadline + TICK):
                    in_time = now <= deadline and not has_begun(now=now - TICK, **facts)
                    expected = TOTAL if in_time else 0
                    assert comes_back(ALL_TO_DAY_BEFORE, now, **facts) == expected, (name, change, wall)
            request = stay(2, check_in=middle.date() - DAY)
            assert price(terms(zone=name), request).lines[0].quantity == 2
