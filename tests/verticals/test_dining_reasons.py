from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.verticals.dining.reasons import STAFF_MINUTES_MAX, party_reasons, reasons
from holdfast.verticals.dining.terms import SpecialDay, TableRequest
from verticals.dining_builder import (
    AREAS,
    MONDAY,
    NOW,
    SPRING,
    ask,
    changed,
    combination,
    service,
    some_days,
    some_terms,
    table,
    terms,
)

TUESDAY = MONDAY + timedelta(days=1)
DOCUMENTED_ORDER = (
    *("closed_that_day", "not_a_slot", "time_does_not_exist", "no_service_then"),
    *("past_time", "notice", "beyond_horizon"),
    *("party_empty", "party_too_large"),
    *("no_such_area", "no_table_for_party"),
    *("length_out_of_bounds", "length_not_in_slots"),
)
LUNCH_AND_DINNER = (service(), service("lunch", time(12), time(14)))


def local(hour, minute=0, *, day=MONDAY, second=0):
    """An instant in New York's summer."""
    return datetime.combine(day, time(hour, minute, second), UTC) + timedelta(hours=4)


def against(request=None, *, now=NOW, online=True, **changes):
    return reasons(terms(**changes), request or ask(), now=now, online=online)


def only(request=None, **more):
    [reason] = against(request, **more)
    return reason


class TestReasons:
    def test_are_none_for_a_request_that_keeps_every_rule(self):
        assert against() == ()
        assert against(ask(6, minutes=120, area="terrace")) == ()

    def test_come_in_their_documented_order(self):
        wrong = TableRequest(day=TUESDAY, at=time(19, 7), party_size=99, minutes=1, area="roof")
        late = local(20, day=TUESDAY)
        assert [each.rule for each in against(wrong, now=late)] == [
            "not_a_slot",
            "past_time",
            "party_too_large",
            "no_such_area",
            "length_out_of_bounds",
        ]

    @given(
        the_terms=some_terms(),
        day=some_days | st.dates(),
        at=st.times() | st.sampled_from([time(19), time(2, 30), time(23, 45)]),
        size=st.integers(-1, 14) | st.integers(),
        minutes=st.none() | st.integers(-15, 300) | st.integers(),
        area=st.none() | st.sampled_from([*AREAS, "roof"]),
        now=st.datetimes(datetime(2026, 7, 1), datetime(2027, 3, 20), timezones=st.just(UTC)),  # noqa: DTZ001 - the zone is added
        online=st.booleans(),
        notice=st.sampled_from([0, 0, 90, 5_000]),
    )
    def test_keep_their_order_and_each_change_satisfies_its_rule(
        self, the_terms, day, at, size, minutes, area, now, online, notice
    ):
        the_terms = replace(the_terms, notice_minutes=notice)
        request = TableRequest(day=day, at=at, party_size=size, minutes=minutes, area=area)
        found = reasons(the_terms, request, now=now, online=online)
        places = [DOCUMENTED_ORDER.index(each.rule) for each in found]
        assert places == sorted(set(places))
        for each in found:
            assert each.field in {"date", "time", "party_size", "minutes", "area"}
            assert each.detail
            if each.change is not None:
                other = changed(request, each.change)
                assert other != request
                assert each.rule not in {left.rule for left in reasons(the_terms, other, now=now, online=online)}
                assert each.field in each.change


class TestADay:
    CLOSED = (SpecialDay(day=MONDAY, services=()),)

    def test_without_service_is_closed_and_the_nearest_open_day_is_proposed(self):
        reason = only(special_days=self.CLOSED)
        assert (reason.rule, reason.field, reason.detail) == (
            "closed_that_day",
            "date",
            "The restaurant is closed on 2026-08-03.",
        )
        assert reason.values == {"date": "2026-08-03"}
        assert reason.change == {"date": "2026-08-04"}

    def test_says_why_it_is_closed(self):
        reason = only(special_days=(SpecialDay(day=MONDAY, services=(), note="Kitchen party"),))
        assert reason.detail == "The restaurant is closed on 2026-08-03: Kitchen party"
        assert reason.values["note"] == "Kitchen party"

    def test_before_it_is_proposed_if_nearer_than_the_next(self):
        closed = (*self.CLOSED, SpecialDay(day=TUESDAY, services=()))
        assert only(special_days=closed).change == {"date": "2026-08-02"}

    def test_that_is_closed_says_nothing_of_its_times(self):
        assert [each.rule for each in against(ask(at=time(3, 7)), special_days=self.CLOSED)] == ["closed_that_day"]

    def test_has_no_other_where_the_restaurant_is_closed_for_long(self):
        closed = tuple(SpecialDay(day=MONDAY + timedelta(days=n), services=()) for n in range(-3, 20))
        assert only(special_days=closed).change is None

    @pytest.mark.parametrize("day", [date.min, date.max])
    def test_at_the_ends_of_the_calendar_is_judged_like_another(self, day):
        rules = {each.rule for each in against(ask(day=day))}
        assert rules & {"past_time", "beyond_horizon"}


class TestATime:
    def test_between_quarters_is_no_slot(self):
        reason = only(ask(at=time(19, 7)))
        assert (reason.rule, reason.field) == ("not_a_slot", "time")
        assert reason.values == {"time": "19:07"}
        assert reason.change == {"time": "19:00"}
        assert only(ask(at=time(19, 8))).change == {"time": "19:15"}
        assert only(ask(at=time(19, 15, 1))).values == {"time": "19:15:01"}

    def test_outside_the_services_is_refused_with_their_hours(self):
        reason = only(ask(at=time(15, 30)), services=LUNCH_AND_DINNER)
        assert (reason.rule, reason.field) == ("no_service_then", "time")
        assert reason.detail == "Nobody is seated at 15:30: seatings are from 12:00 to 14:00 and from 18:00 to 21:00."
        assert reason.values == {
            "time": "15:30",
            "seatings": [
                {"service": "lunch", "first": "12:00", "last": "14:00"},
                {"service": "dinner", "first": "18:00", "last": "21:00"},
            ],
        }
        assert reason.change == {"time": "14:00"}

    def test_is_proposed_later_of_two_as_near(self):
        assert only(ask(at=time(16)), services=LUNCH_AND_DINNER).change == {"time": "18:00"}

    def test_that_the_clocks_skip_does_not_exist(self):
        night = (service("night", time(1), time(4)),)
        reason = only(ask(day=SPRING, at=time(2, 30)), services=night, now=NOW, booking_window_days=400)
        assert (reason.rule, reason.field) == ("time_does_not_exist", "time")
        assert reason.detail == "The clocks skip 02:30 on 2027-03-14."
        assert reason.change == {"time": "03:00"}

    def test_is_not_proposed_if_it_is_over(self):
        reason = against(ask(at=time(16)), services=LUNCH_AND_DINNER, now=local(15))[0]
        assert reason.change == {"time": "18:00"}
        assert against(ask(at=time(22)), now=local(21, 30))[0].change is None


class TestThePast:
    def test_begins_after_the_slot_does(self):
        assert against(now=local(19)) == ()
        assert [each.rule for each in against(now=local(19, second=1))] == ["past_time"]

    def test_names_the_first_time_there_is(self):
        reason = only(now=local(19, 20))
        assert (reason.field, reason.change) == ("time", {"time": "19:30"})
        assert reason.detail == "19:00 on 2026-08-03 lies in the past."
        assert reason.values == {"date": "2026-08-03", "time": "19:00"}

    def test_names_the_first_day_there_is_when_the_day_is_over(self):
        for now in (local(21, 30), local(10, day=TUESDAY)):
            reason = only(now=now)
            assert (reason.field, reason.change) == ("date", {"date": "2026-08-04", "time": "18:00"})

    def test_names_no_time_where_none_is_left(self):
        reason = only(now=local(22), booking_window_days=0)
        assert (reason.field, reason.change) == ("date", None)

    def test_is_for_staff_only_after_the_slot_is_over(self):
        assert against(now=local(19, 14, second=59), online=False) == ()
        assert [each.rule for each in against(now=local(19, 15), online=False)] == ["past_time"]

    def test_is_not_also_called_too_short_notice(self):
        assert [each.rule for each in against(now=local(20), notice_minutes=60)] == ["past_time"]

    def test_goes_by_the_first_of_a_time_that_comes_twice(self):
        night = (service("night", time(1), time(4)),)
        autumn = date(2026, 11, 1)
        between = datetime(2026, 11, 1, 5, 45, tzinfo=UTC)
        assert only(ask(day=autumn, at=time(1, 30)), services=night, now=between).rule == "past_time"


class TestNotice:
    def test_is_needed_to_the_minute(self):
        assert against(now=local(17), notice_minutes=120) == ()
        reason = only(now=local(17, 1), notice_minutes=120)
        assert (reason.rule, reason.detail) == ("notice", "This restaurant needs 120 minutes of notice before arrival.")
        assert reason.values == {"notice_minutes": 120, "minutes_ahead": 119}
        assert (reason.field, reason.change) == ("time", {"time": "19:15"})

    def test_is_not_needed_by_staff(self):
        assert against(now=local(18, 59), notice_minutes=120, online=False) == ()

    def test_of_days_leads_to_another_day(self):
        reason = only(notice_minutes=3 * 24 * 60)
        assert (reason.field, reason.change) == ("date", {"date": "2026-08-04", "time": "18:00"})


class TestTheHorizon:
    def test_ends_the_booking_window_on_its_last_day(self):
        assert against(booking_window_days=2) == ()
        reason = only(ask(day=TUESDAY), booking_window_days=2)
        assert (reason.rule, reason.field) == ("beyond_horizon", "date")
        assert reason.detail == "A table can be booked at most 2 days ahead."
        assert reason.values == {"days_ahead": 3, "booking_window_days": 2}
        assert reason.change == {"date": "2026-08-03"}

    def test_is_counted_in_days_of_the_restaurant(self):
        # 23:30 of 2 August in New York is 3 August in UTC.
        assert only(ask(day=TUESDAY), now=local(23, 30, day=date(2026, 8, 2)), booking_window_days=1).rule == (
            "beyond_horizon"
        )

    def test_leads_back_to_a_day_that_is_open(self):
        closed = (SpecialDay(day=MONDAY, services=()),)
        reason = only(ask(day=TUESDAY), booking_window_days=2, special_days=closed)
        assert reason.change == {"date": "2026-08-02"}

    def test_leads_nowhere_where_all_is_closed(self):
        mondays = (service(weekdays=(0,)),)
        reason = only(ask(day=MONDAY + timedelta(days=7)), booking_window_days=1, services=mondays)
        assert (reason.rule, reason.change) == ("beyond_horizon", None)

    def test_binds_staff_too(self):
        assert only(ask(day=TUESDAY), booking_window_days=2, online=False).rule == "beyond_horizon"


class TestAParty:
    @pytest.mark.parametrize("size", [0, -3])
    def test_has_guests(self, size):
        reason = only(ask(size))
        assert (reason.rule, reason.field, reason.change) == ("party_empty", "party_size", {"party_size": 1})

    def test_of_guests_is_no_larger_than_the_restaurant_takes(self):
        reason = only(ask(9))
        assert (reason.rule, reason.detail) == ("party_too_large", "A party has at most 8 guests, not 9.")
        assert reason.values == {"party_size": 9, "party_max": 8}
        assert (reason.field, reason.change) == ("party_size", {"party_size": 8})

    def test_of_staff_is_as_large_as_there_is(self):
        hall = (table("H", 200),)
        assert against(ask(100), tables=hall, combinations=(), online=False) == ()
        assert only(ask(101), tables=hall, combinations=(), online=False).rule == "party_too_large"


class TestTheRoom:
    def test_has_only_its_own_areas(self):
        reason = only(ask(area="roof"))
        assert (reason.rule, reason.field) == ("no_such_area", "area")
        assert reason.values == {"area": "roof", "areas": ["main", "terrace", "bar"]}
        assert reason.change == {"area": None}

    def test_names_an_unknown_area_even_if_the_party_is_wrong(self):
        assert [each.rule for each in against(ask(0, area="roof"))] == ["party_empty", "no_such_area"]

    def test_without_tables_has_no_areas(self):
        rules = [each.rule for each in against(ask(area="roof"), tables=())]
        assert rules == ["no_such_area"]
        reason = only(tables=())
        assert (reason.rule, reason.field, reason.change) == ("no_table_for_party", "party_size", None)

    def test_has_a_table_for_the_party_or_names_the_size_that_is_nearest(self):
        sixes = (table("A", 6, seats_min=5), table("B", 2))
        reason = only(ask(4), tables=sixes, combinations=())
        assert (reason.rule, reason.detail) == ("no_table_for_party", "No table takes a party of 4.")
        assert reason.values == {"party_size": 4}
        assert (reason.field, reason.change) == ("party_size", {"party_size": 5})
        assert only(ask(3), tables=sixes, combinations=()).change == {"party_size": 2}

    def test_names_no_size_that_cannot_book(self):
        reason = only(ask(4), tables=(table("A", 9, seats_min=5),), combinations=(), party_max=4)
        assert reason.change is None

    def test_names_an_area_that_takes_the_party(self):
        reason = only(ask(6, area="main"))
        assert (reason.rule, reason.detail) == ("no_table_for_party", "No table in the area main takes a party of 6.")
        assert reason.values == {"party_size": 6, "area": "main"}
        assert (reason.field, reason.change) == ("area", {"area": "terrace"})

    def test_names_no_area_where_only_tables_of_two_areas_take_the_party(self):
        reason = only(ask(6, area="main"), combinations=(combination("M2", "T1"),))
        assert (reason.field, reason.change) == ("area", {"area": None})

    def test_has_tables_for_staff_that_guests_cannot_book(self):
        assert only(ask(area="bar")).change == {"area": "main"}
        assert against(ask(area="bar"), online=False) == ()


class TestALength:
    @pytest.mark.parametrize(
        ("minutes", "rule", "change"),
        [
            (45, "length_out_of_bounds", 60),
            (0, "length_out_of_bounds", 60),
            (255, "length_out_of_bounds", 240),
            (97, "length_not_in_slots", 90),
            (98, "length_not_in_slots", 105),
        ],
    )
    def test_of_guests_keeps_the_bounds(self, minutes, rule, change):
        reason = only(ask(minutes=minutes))
        assert (reason.rule, reason.field, reason.change) == (rule, "minutes", {"minutes": change})
        assert reason.values["minutes"] == minutes

    @pytest.mark.parametrize("minutes", [60, 75, 240])
    def test_within_the_bounds_is_allowed(self, minutes):
        assert against(ask(minutes=minutes)) == ()

    def test_of_staff_is_a_slot_to_a_day(self):
        for minutes in (15, STAFF_MINUTES_MAX):
            assert against(ask(minutes=minutes), online=False) == ()
        for minutes in (0, STAFF_MINUTES_MAX + 15):
            assert only(ask(minutes=minutes), online=False).rule == "length_out_of_bounds"

    def test_that_is_the_turn_time_is_not_judged(self):
        assert against(minutes_max=60, minutes_min=60) == ()


class TestPartyReasons:
    def test_do_not_depend_on_the_day(self):
        closed = terms(special_days=(SpecialDay(day=MONDAY, services=()),))
        assert party_reasons(closed, ask(), online=True) == ()
        assert [each.rule for each in party_reasons(closed, ask(9), online=True)] == ["party_too_large"]
