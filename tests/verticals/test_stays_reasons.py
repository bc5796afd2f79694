from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.verticals.stays import STAY_NIGHTS_MAX, NightTerms, StayRequest, reasons
from verticals.stay_builder import MONDAY, some_terms, stay, terms

DOCUMENTED_ORDER = (
    *(
        "empty_range",
        "stay_too_long",
        "past_date",
        "advance_notice",
        "beyond_horizon",
        "party_empty",
        "party_too_large",
        "too_many_pets",
    ),
    *("closed_to_arrival", "closed_to_departure", "min_nights", "max_nights"),
)

SUNDAY, TUESDAY, FRIDAY = (MONDAY + timedelta(days=days) for days in (-1, 1, 4))


def on_friday(**changes):
    return terms(nights={FRIDAY: NightTerms(**changes)})


def rules(the_terms, request, today=MONDAY):
    return [reason.rule for reason in reasons(the_terms, request, today=today)]


class TestReasons:
    def test_are_none_for_a_stay_that_keeps_every_rule(self):
        assert reasons(terms(), stay(), today=MONDAY) == ()

    @pytest.mark.parametrize("nights", [0, -1, -400, -100_000])
    def test_name_an_empty_or_reversed_range_and_say_nothing_of_its_length(self, nights):
        calendar = {MONDAY + timedelta(days=nights): NightTerms(closed_to_departure=True)}
        assert rules(terms(min_nights=2, nights=calendar), stay(nights)) == ["empty_range"]

    def test_name_a_stay_beyond_the_hard_bound_whatever_the_property_allows(self):
        generous = terms(max_nights=100_000)
        assert rules(generous, stay(STAY_NIGHTS_MAX)) == []
        assert rules(generous, stay(STAY_NIGHTS_MAX + 1)) == ["stay_too_long"]

    def test_do_not_walk_through_the_nights_of_an_absurd_stay(self):
        class Calendar(dict):
            """Refuses to be asked more than the two dates that matter."""

            asked = 0

            def get(self, key, default=None):
                Calendar.asked += 1
                return super().get(key, default)

        request = StayRequest(check_in=MONDAY, check_out=date.max, guests=2)
        assert rules(terms(nights=Calendar()), request) == ["stay_too_long", "max_nights"]
        assert Calendar.asked <= 2

    @pytest.mark.parametrize(
        ("most", "pets", "said"),
        [(0, 1, "No pets can stay, not 1."), (1, 2, "At most 1 pet can stay, not 2."), (2, 2, None), (0, 0, None)],
    )
    def test_name_pets_beyond_those_that_may_stay(self, most, pets, said):
        found = reasons(terms(pets_max=most), stay(pets=pets), today=MONDAY)
        assert [(each.rule, each.detail, each.field) for each in found] == (
            [("too_many_pets", said, "pets")] if said else []
        )

    def test_name_a_date_in_the_past_once(self):
        assert rules(terms(advance_notice_days=3), stay(), today=MONDAY + timedelta(days=1)) == ["past_date"]

    def test_allow_an_arrival_today_where_no_notice_is_needed(self):
        assert rules(terms(advance_notice_days=0), stay(), today=MONDAY) == []

    def test_ask_for_as_many_days_of_notice_as_the_property_does(self):
        assert rules(terms(advance_notice_days=2), stay(), today=MONDAY - timedelta(days=1)) == ["advance_notice"]
        assert rules(terms(advance_notice_days=2), stay(), today=MONDAY - timedelta(days=2)) == []

    def test_end_the_booking_window_on_its_last_day(self):
        assert rules(terms(booking_window_days=10), stay(), today=MONDAY - timedelta(days=10)) == []
        assert rules(terms(booking_window_days=10), stay(), today=MONDAY - timedelta(days=11)) == ["beyond_horizon"]

    def test_count_the_party(self):
        assert rules(terms(guests_max=4), stay(guests=4)) == []
        assert rules(terms(guests_max=4), stay(guests=5)) == ["party_too_large"]
        assert rules(terms(guests_max=4), stay(guests=0)) == ["party_empty"]
        assert rules(terms(guests_max=4), stay(guests=-1)) == ["party_empty"]

    def test_keep_the_propertys_shortest_and_longest_stay(self):
        the_terms = terms(min_nights=2, max_nights=4)
        assert [rules(the_terms, stay(nights)) for nights in (1, 2, 4, 5)] == [["min_nights"], [], [], ["max_nights"]]

    def test_let_the_date_of_arrival_set_its_own_shortest_and_longest_stay(self):
        calendar = {MONDAY: NightTerms(min_nights=3, max_nights=5)}
        the_terms = terms(min_nights=1, max_nights=4, nights=calendar)
        assert [rules(the_terms, stay(nights)) for nights in (2, 3, 5, 6)] == [["min_nights"], [], [], ["max_nights"]]

    def test_do_not_look_at_the_limits_of_later_dates(self):
        calendar = {MONDAY + timedelta(days=1): NightTerms(min_nights=9, max_nights=1)}
        assert rules(terms(nights=calendar), stay(3)) == []

    def test_close_arrival_and_departure_by_date(self):
        closed_to_arrival, closed_to_departure = (
            NightTerms(closed_to_arrival=True),
            NightTerms(closed_to_departure=True),
        )
        last = MONDAY + timedelta(days=3)
        assert rules(terms(nights={MONDAY: closed_to_arrival}), stay(3)) == ["closed_to_arrival"]
        assert rules(terms(nights={last: closed_to_departure}), stay(3)) == ["closed_to_departure"]
        assert rules(terms(nights={MONDAY: closed_to_departure, last: closed_to_arrival}), stay(3)) == []

    def test_name_every_rule_in_the_documented_order_with_the_field_to_change(self):
        calendar = {
            MONDAY: NightTerms(closed_to_arrival=True),
            MONDAY + timedelta(days=1): NightTerms(closed_to_departure=True),
        }
        found = reasons(
            terms(booking_window_days=1, guests_max=1, min_nights=3, max_nights=0, nights=calendar),
            stay(1, guests=2),
            today=MONDAY - timedelta(days=5),
        )
        assert [(reason.rule, reason.field) for reason in found] == [
            ("beyond_horizon", "check_in"),
            ("party_too_large", "guests"),
            ("closed_to_arrival", "check_in"),
            ("closed_to_departure", "check_out"),
            ("min_nights", "check_out"),
            ("max_nights", "check_out"),
        ]

    @pytest.mark.parametrize(
        ("the_terms", "request_", "detail"),
        [
            (terms(advance_notice_days=1), stay(), "This place needs 1 day of notice before check-in, not 0."),
            (terms(booking_window_days=0), stay(check_in=TUESDAY), "Check-in can be at most 0 days ahead, not 1."),
            (terms(), stay(check_in=SUNDAY), "Check-in on 2026-08-02 lies in the past."),
            (terms(min_nights=5), stay(), "minimum stay 5 nights, you asked 3"),
            (terms(max_nights=1), stay(), "maximum stay 1 night, you asked 3"),
            (on_friday(min_nights=3), stay(2, check_in=FRIDAY), "minimum stay 3 nights on arrival Friday, you asked 2"),
            (on_friday(max_nights=1), stay(2, check_in=FRIDAY), "maximum stay 1 night on arrival Friday, you asked 2"),
            (terms(guests_max=1), stay(), "At most 1 guest can stay, not 2."),
            (terms(guests_max=2), stay(guests=3), "At most 2 guests can stay, not 3."),
        ],
    )
    def test_say_it_in_a_sentence(self, the_terms, request_, detail):
        assert [reason.detail for reason in reasons(the_terms, request_, today=MONDAY)] == [detail]

    def test_bear_the_ends_of_the_calendar(self):
        first = StayRequest(check_in=date.min, check_out=date.max, guests=1)
        assert "past_date" in rules(terms(), first, today=date.max)
        assert "beyond_horizon" in rules(terms(), StayRequest(check_in=date.max, check_out=date.max, guests=1))


def naive_rules(the_terms, request, today):
    """Every rule as a sentence of its own, judged one by one."""
    ahead = (request.check_in - today).days
    nights = (request.check_out - request.check_in).days
    on_arrival = the_terms.nights.get(request.check_in, NightTerms())
    on_departure = the_terms.nights.get(request.check_out, NightTerms())
    least = on_arrival.min_nights if on_arrival.min_nights is not None else the_terms.min_nights
    most = on_arrival.max_nights if on_arrival.max_nights is not None else the_terms.max_nights
    broken = {
        "empty_range": nights <= 0,
        "stay_too_long": nights > 365,
        "past_date": ahead < 0,
        "advance_notice": 0 <= ahead < the_terms.advance_notice_days,
        "beyond_horizon": ahead >= the_terms.advance_notice_days and ahead > the_terms.booking_window_days,
        "party_empty": request.guests < 1,
        "too_many_pets": request.pets > the_terms.pets_max,
        "party_too_large": request.guests >= 1 and request.guests > the_terms.guests_max,
        "closed_to_arrival": on_arrival.closed_to_arrival,
        "closed_to_departure": nights > 0 and on_departure.closed_to_departure,
        "min_nights": 0 < nights < least,
        "max_nights": nights > 0 and nights > most,
    }
    return [rule for rule in DOCUMENTED_ORDER if broken[rule]]


class TestAnyRequest:
    @given(
        the_terms=some_terms,
        check_in=st.integers(-5, 50),
        nights=st.integers(-2, 40) | st.integers(360, 370),
        guests=st.integers(-1, 8),
        pets=st.integers(0, 4),
    )
    def test_is_told_every_rule_it_breaks_and_no_other(self, the_terms, check_in, nights, guests, pets):
        request = stay(nights, check_in=MONDAY + timedelta(days=check_in), guests=guests, pets=pets)
        assert rules(the_terms, request, today=MONDAY) == naive_rules(the_terms, request, MONDAY)
