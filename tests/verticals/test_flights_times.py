"""Times of flights, by example and at every clock change of every IANA zone from 2026 to 2028."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from holdfast.verticals.flights.times import (
    arrives_at,
    block_minutes,
    day_offset,
    departs_at,
    epoch_minutes,
    great_circle_km,
    instant,
    local_arrival,
    midnights,
    minutes,
    total_minutes,
)
from verticals.flight_builder import DCA, JFK, LHR, leg, place, wall

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
ZONES = sorted(available_timezones())
HNL = place(7, "HNL", "Honolulu", "Pacific/Honolulu")
NRT = place(8, "NRT", "Tokyo", "Asia/Tokyo", country="JP")
SYD = place(9, "SYD", "Sydney", "Australia/Sydney", country="AU")


class TestAWallTime:
    def test_is_read_in_its_zone(self):
        assert instant(wall("2026-08-03 12:00"), "America/New_York") == datetime(2026, 8, 3, 16, tzinfo=UTC)
        assert instant(wall("2026-08-03 12:00"), "America/New_York").tzinfo is UTC

    def test_that_comes_twice_is_its_first_occurrence(self):
        twice = wall("2026-11-01 01:30")
        assert instant(twice, "America/New_York") == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
        assert instant(twice.replace(fold=1), "America/New_York") == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)

    def test_that_is_skipped_is_read_with_the_offset_before(self):
        assert instant(wall("2026-03-08 02:30"), "America/New_York") == datetime(2026, 3, 8, 7, 30, tzinfo=UTC)

    def test_with_a_zone_of_its_own_is_refused(self):
        with pytest.raises(ValueError, match="no zone of its own"):
            instant(datetime(2026, 8, 3, 12, tzinfo=UTC), "America/New_York")


class TestALeg:
    def test_takes_real_minutes_between_two_zones(self):
        westbound = leg(origin=LHR, departs=wall("2026-08-03 11:00"), arrives=wall("2026-08-03 14:00"), destination=JFK)
        assert (minutes(westbound), day_offset(westbound)) == (480, 0)
        assert departs_at(westbound) == datetime(2026, 8, 3, 10, tzinfo=UTC)
        assert arrives_at(westbound) == datetime(2026, 8, 3, 18, tzinfo=UTC)

    def test_that_flies_through_the_night_arrives_a_day_later(self):
        red_eye = leg(origin=JFK, departs=wall("2026-08-03 21:00"), arrives=wall("2026-08-04 09:00"), destination=LHR)
        assert (minutes(red_eye), day_offset(red_eye)) == (420, 1)

    def test_over_the_date_line_arrives_the_day_before_or_two_days_later(self):
        east = leg(origin=NRT, departs=wall("2026-08-03 00:30"), arrives=wall("2026-08-02 13:00"), destination=HNL)
        assert (minutes(east), day_offset(east)) == (450, -1)
        west = leg(origin=HNL, departs=wall("2026-08-03 23:00"), arrives=wall("2026-08-05 04:00"), destination=SYD)
        assert (minutes(west), day_offset(west)) == (540, 2)

    @pytest.mark.parametrize(
        ("night", "shown", "real"),
        [(date(2026, 3, 8), 240, 180), (date(2026, 11, 1), 240, 300), (date(2026, 11, 2), 240, 240)],
    )
    def test_through_a_clock_change_takes_what_it_takes(self, night, shown, real):
        departs = datetime.combine(night, time(0, 30))
        through = leg(origin=JFK, departs=departs, arrives=departs + shown * MINUTE, destination=DCA)
        assert (minutes(through), day_offset(through)) == (real, 0)

    def test_with_others_takes_the_time_from_first_to_last_with_the_waiting(self):
        legs = [leg(1), leg(2, hours=3), leg(3, hours=30, destination=LHR, minutes=720)]
        assert total_minutes(legs[:1]) == 75
        assert total_minutes(legs[:2]) == 255
        assert total_minutes(legs) == 30 * 60 + 720 - 5 * 60


class TestMidnights:
    def test_are_when_each_date_begins(self):
        found = midnights("America/New_York", date(2026, 10, 31), 4)
        assert [later - earlier for earlier, later in pairwise(found)] == [1440, 1500, 1440]
        assert found[0] == epoch_minutes(datetime(2026, 10, 31, 4, tzinfo=UTC))

    def test_that_are_skipped_are_the_moment_of_the_change(self):
        # Clocks in Beirut go from 0:00 to 1:00.
        [found] = midnights("Asia/Beirut", date(2026, 3, 29), 1)
        assert found == epoch_minutes(datetime(2026, 3, 28, 22, tzinfo=UTC))

    def test_are_none_of_no_days(self):
        assert midnights("UTC", date(2026, 8, 3), 0) == ()


class TestGreatCircle:
    @pytest.mark.parametrize(
        ("ends", "km"),
        [
            ((40.64, -73.78, 38.85, -77.04), 343),
            ((51.47, -0.45, 40.64, -73.78), 5_555),
            ((1.36, 103.99, 40.69, -74.17), 15_344),
            ((35.77, 140.39, 21.32, -157.92), 6_146),
            ((0, 0, 0, 0), 0),
            ((0, 0, 0, 180), 20_015),
            ((90, 0, -90, 77), 20_015),
        ],
    )
    def test_is_the_shortest_way_within_what_the_flattened_earth_makes_of_it(self, ends, km):
        assert great_circle_km(*ends) == pytest.approx(km, rel=0.004)

    @given(ends=st.tuples(*[st.floats(-90, 90), st.floats(-180, 180)] * 2))
    @example(ends=(90.0, 0.0, -90.0, 0.0))
    def test_is_as_long_back_and_never_more_than_half_around(self, ends):
        km = great_circle_km(*ends)
        assert 0 <= km <= 20_016
        assert great_circle_km(*ends[2:], *ends[:2]) == pytest.approx(km, abs=0.01)

    @pytest.mark.parametrize(("km", "took"), [(0, 45), (342, 70), (1_177, 130), (3_974, 330), (15_336, 1_145)])
    def test_takes_a_plausible_time(self, km, took):
        assert block_minutes(km) == took


@cache
def clock_changes(name):
    """Every change of the offset of a zone from 2026 to 2028: the instant, the offset before and after it."""
    zone = ZoneInfo(name)
    changes = []
    early = datetime(2026, 1, 1, tzinfo=UTC)
    while early.year <= 2028:
        late = early + timedelta(days=3)
        before, after = early.astimezone(zone).utcoffset(), late.astimezone(zone).utcoffset()
        if before != after:
            low, high = early, late
            while high - low > MINUTE:
                middle = low + (high - low) // 2
                low, high = (middle, high) if middle.astimezone(zone).utcoffset() == before else (low, middle)
            changes.append((high.replace(second=0, microsecond=0), before, after))
        early = late
    return changes


def shown(moment, offset):
    return (moment + offset).replace(tzinfo=None)


def first_shown(name, local, change):
    """When clocks of a zone first show a wall time near a change; if they never do, when unchanged clocks would."""
    _, before, after = change
    zone = ZoneInfo(name)
    candidates = sorted((local - offset).replace(tzinfo=UTC) for offset in (before, after))
    seen = [each for each in candidates if each.astimezone(zone).replace(tzinfo=None) == local]
    return seen[0] if seen else (local - before).replace(tzinfo=UTC)


class TestEveryZone:
    def test_is_tried_where_it_changes(self):
        assert len(clock_changes("America/New_York")) == 6
        assert clock_changes("Asia/Tokyo") == []
        assert sum(len(clock_changes(name)) for name in ZONES) > 1_000

    @pytest.mark.parametrize("name", ZONES)
    def test_has_departures_and_arrivals_at_the_first_time_its_clocks_show_them(self, name):
        here, far = place(8, "AAA", "Here", name), place(9, "UTC", "Far", "UTC")
        for change in clock_changes(name):
            moment, before, after = change
            low, high = sorted((shown(moment, before), shown(moment, after)))
            for local in (low - MINUTE, low, low + (high - low) / 2, high - MINUTE, high, high + HOUR):
                expected = first_shown(name, local, change)
                # Of two flights, one leaves from here at this wall time and one comes in, each ten hours from far away.
                out = leg(origin=here, departs=local, destination=far, arrives=shown(expected, 10 * HOUR))
                back = leg(origin=far, departs=shown(expected, -10 * HOUR), destination=here, arrives=local)
                assert departs_at(out) == arrives_at(back) == expected, (name, change, local)
                assert minutes(out) == minutes(back) == 600
                assert total_minutes([back]) == 600

    @pytest.mark.parametrize("name", ZONES)
    def test_has_wall_times_of_arrival_that_read_back_as_that_arrival(self, name):
        zone = ZoneInfo(name)
        for moment, before, after in clock_changes(name):
            twice = max(before - after, timedelta())
            for ahead in (-60, -31, -1, 0, 1, 29, 30, 59, 60, 119, 120, 240):
                arrival = moment + ahead * MINUTE
                local = local_arrival(shown(arrival, -7 * HOUR), "UTC", 420, name)
                if moment <= arrival < moment + twice:
                    assert local == shown(moment + twice, after), (name, moment, ahead)
                    assert instant(local, name) == moment + twice
                else:
                    assert local == arrival.astimezone(zone).replace(tzinfo=None), (name, moment, ahead)
                    assert instant(local, name) == arrival

    @given(
        minute=st.integers(0, 3 * 365 * 1440),
        took=st.integers(1, 1_200),
        origin=st.sampled_from(ZONES),
        destination=st.sampled_from(ZONES),
    )
    def test_makes_flights_that_take_as_long_as_planned_or_a_repeated_hour_longer(
        self, minute, took, origin, destination
    ):
        departs = wall("2026-01-01 00:00") + minute * MINUTE
        arrives = local_arrival(departs, origin, took, destination)
        flight = leg(
            origin=place(8, "AAA", "Here", origin),
            destination=place(9, "BBB", "There", destination),
            departs=departs,
            arrives=arrives,
        )
        assert arrives.tzinfo is None
        assert took <= minutes(flight) <= took + 120
