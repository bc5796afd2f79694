from datetime import UTC, datetime, time, timedelta
from itertools import islice

from hypothesis import given
from hypothesis import strategies as st

from holdfast.verticals.dining.asking import NEAR_DAYS
from holdfast.verticals.dining.nearby import nearby
from holdfast.verticals.dining.reasons import reasons
from holdfast.verticals.dining.terms import SpecialDay
from verticals.dining_builder import MONDAY, NOW, ask, service, some_requests, some_terms, terms

TUESDAY, SUNDAY = MONDAY + timedelta(days=1), MONDAY - timedelta(days=1)


def found(request, *, now=NOW, first=None, **changes):
    return list(islice(nearby(terms(**changes), request, now=now), first))


def same_day(requests, day=MONDAY):
    return [each.at for each in requests if each.day == day]


class TestNearby:
    def test_are_first_the_other_times_of_the_day_by_distance(self):
        assert same_day(found(ask(), first=5)) == [time(19, 15), time(18, 45), time(19, 30), time(18, 30), time(19, 45)]

    def test_are_then_the_other_areas_at_the_same_time(self):
        requests = found(ask(area="terrace"), services=(service(last=time(18, 15)),))
        assert [(each.at, each.area) for each in requests if each.day == MONDAY] == [
            (time(18, 15), "terrace"),
            (time(18), "terrace"),
        ]
        requests = found(ask(at=time(18), area="terrace"), services=(service(last=time(18, 15)),))
        assert [(each.day, each.at, each.area) for each in requests[:3]] == [
            (MONDAY, time(18, 15), "terrace"),
            (MONDAY, time(18), "main"),
            (TUESDAY, time(18), "terrace"),
        ]

    def test_are_then_the_days_around_it_at_the_same_time(self):
        requests = found(ask(), services=(service(first=time(19), last=time(19)),))
        assert [each.day for each in requests[:2]] == [TUESDAY, SUNDAY]
        assert {each.at for each in requests} == {time(19)}
        assert max(each.day for each in requests) == MONDAY + timedelta(days=NEAR_DAYS)

    def test_are_at_the_time_nearest_to_it_on_a_day_without_that_time(self):
        weekdays = (service(weekdays=(0,)), service("early", time(17), time(18), weekdays=(1,)))
        requests = [each for each in found(ask(), services=weekdays) if each.day == TUESDAY]
        assert [each.at for each in requests] == [time(18)]

    def test_pass_over_closed_days(self):
        closed = (SpecialDay(day=TUESDAY, services=()),)
        days = {each.day for each in found(ask(), special_days=closed)}
        assert TUESDAY not in days
        assert SUNDAY in days

    def test_of_a_closed_day_are_on_other_days(self):
        requests = found(ask(), special_days=(SpecialDay(day=MONDAY, services=()),))
        assert (requests[0].day, requests[0].at) == (TUESDAY, time(19))

    def test_of_a_time_that_is_no_slot_begin_beside_it(self):
        assert same_day(found(ask(at=time(19, 10)), first=3)) == [time(19, 15), time(19), time(19, 30)]

    def test_are_none_if_the_party_or_the_length_has_to_change(self):
        assert found(ask(9)) == []
        assert found(ask(0)) == []
        assert found(ask(minutes=1)) == []

    def test_of_an_area_that_is_too_small_are_the_other_areas(self):
        requests = found(ask(6, area="main"))
        assert [(each.area, each.at) for each in requests] == [("terrace", time(19))]

    def test_are_neither_past_nor_beyond_the_horizon(self):
        now = datetime(2026, 8, 3, 23, tzinfo=UTC)
        requests = found(ask(), now=now, booking_window_days=1)
        assert {each.day for each in requests} == {MONDAY, TUESDAY}
        assert min(each.at for each in requests if each.day == MONDAY) == time(19, 15)

    @given(
        the_terms=some_terms(booking_window_days=100),
        request=some_requests(MONDAY),
        now=st.datetimes(datetime(2026, 7, 20), datetime(2026, 8, 10), timezones=st.just(UTC)),  # noqa: DTZ001 - the zone is added
    )
    def test_keep_every_rule_and_come_once_each(self, the_terms, request, now):
        proposals = list(nearby(the_terms, request, now=now))
        assert request not in proposals
        assert len(set(proposals)) == len(proposals)
        for each in proposals:
            assert reasons(the_terms, each, now=now, online=True) == ()
            assert (each.party_size, each.minutes) == (request.party_size, request.minutes)
            assert abs(each.day - MONDAY) <= timedelta(days=NEAR_DAYS)
        days = [abs(each.day - MONDAY).days for each in proposals]
        assert days == sorted(days)
