"""Why a stay cannot be had, the change that opens it, and the stays near it."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.engine.claims import Cell, ClaimOrder, cells_of, decide
from holdfast.verticals.stays import (
    NEAR_DAYS,
    NightTerms,
    StayRequest,
    near_days,
    nights_of,
    reasons,
    slot_night,
    spans,
)
from holdfast.verticals.stays_nearby import distance, nearby, shortages
from verticals.stay_builder import MONDAY, calendars, some_terms, stay, terms

TODAY = MONDAY - timedelta(days=20)
CLOSED = NightTerms(closed_to_arrival=True)


def day(ahead):
    return MONDAY + timedelta(days=ahead)


def changed(request, change):
    """The request with a change as a program would make it from the JSON of a reason."""
    dates = {"check_in", "check_out"}
    return replace(request, **{name: date.fromisoformat(to) if name in dates else to for name, to in change.items()})


def only(the_terms, request, today=TODAY):
    [found] = reasons(the_terms, request, today=today)
    return found


class TestAReason:
    @pytest.mark.parametrize(
        ("the_terms", "request_", "values", "change"),
        [
            (
                terms(min_nights=2),
                stay(0),
                {"check_in": "2026-08-03", "check_out": "2026-08-03"},
                {"check_out": "2026-08-05"},
            ),
            (terms(max_nights=999), stay(366), {"nights": 366, "nights_max": 365}, {"check_out": "2027-08-03"}),
            (
                terms(advance_notice_days=2),
                stay(2, check_in=TODAY - timedelta(days=1)),
                {"check_in": "2026-07-13"},
                {"check_in": "2026-07-16", "check_out": "2026-07-18"},
            ),
            (
                terms(advance_notice_days=21),
                stay(2),
                {"days_ahead": 20, "advance_notice_days": 21},
                {"check_in": "2026-08-04", "check_out": "2026-08-06"},
            ),
            (
                terms(booking_window_days=10),
                stay(2),
                {"days_ahead": 20, "booking_window_days": 10},
                {"check_in": "2026-07-24", "check_out": "2026-07-26"},
            ),
            (terms(), stay(guests=0), {"guests": 0}, {"guests": 1}),
            (terms(guests_max=4), stay(guests=9), {"guests": 9, "guests_max": 4}, {"guests": 4}),
            (terms(pets_max=0), stay(pets=2), {"pets": 2, "pets_max": 0}, {"pets": 0}),
            (
                terms(nights={day(0): CLOSED, day(1): CLOSED, day(-1): CLOSED}),
                stay(3),
                {"check_in": "2026-08-03"},
                {"check_in": "2026-08-05", "check_out": "2026-08-08"},
            ),
            (
                terms(nights={day(1): NightTerms(closed_to_departure=True)}),
                stay(1),
                {"check_out": "2026-08-04"},
                {"check_out": "2026-08-05"},
            ),
            (terms(min_nights=5), stay(3), {"nights": 3, "min_nights": 5}, {"check_out": "2026-08-08"}),
            (terms(max_nights=2), stay(3), {"nights": 3, "max_nights": 2}, {"check_out": "2026-08-05"}),
        ],
    )
    def test_has_what_it_compared_and_the_smallest_change(self, the_terms, request_, values, change):
        found = only(the_terms, request_)
        assert (found.values, found.change) == (values, change)

    def test_has_no_change_where_there_is_none(self):
        closed = {day(ahead): CLOSED for ahead in range(-NEAR_DAYS, NEAR_DAYS + 1)}
        assert only(terms(nights=closed), stay()).change is None
        assert only(terms(max_nights=0), stay()).change is None

    @pytest.mark.parametrize("today", [date.min, MONDAY, date.max])
    @pytest.mark.parametrize("check_in", [date.min, date.max])
    @pytest.mark.parametrize("check_out", [date.min, date.max])
    def test_bears_the_ends_of_the_calendar(self, today, check_in, check_out):
        closed = {each: NightTerms(closed_to_arrival=True, closed_to_departure=True) for each in (date.min, date.max)}
        request = StayRequest(check_in=check_in, check_out=check_out, guests=2)
        assert reasons(terms(min_nights=9, nights=closed), request, today=today)

    @given(
        the_terms=some_terms,
        check_in=st.integers(-5, 50),
        nights=st.integers(-2, 40) | st.integers(360, 370),
        guests=st.integers(-1, 8),
        pets=st.integers(0, 4),
    )
    def test_accepts_its_own_change(self, the_terms, check_in, nights, guests, pets):
        request = stay(nights, check_in=day(check_in), guests=guests, pets=pets)
        for reason in reasons(the_terms, request, today=MONDAY):
            assert reason.field in {"check_in", "check_out", "guests", "pets"}
            if reason.change is not None:
                other = changed(request, reason.change)
                assert other != request
                assert reason.rule not in [each.rule for each in reasons(the_terms, other, today=MONDAY)]


class TestNearDays:
    def test_come_nearest_first_and_later_first(self):
        assert list(near_days(MONDAY))[:4] == [day(1), day(-1), day(2), day(-2)]
        assert len(list(near_days(MONDAY))) == 2 * NEAR_DAYS

    def test_end_with_the_calendar(self):
        assert len(list(near_days(date.max))) == NEAR_DAYS


def moves(request, others):
    return [((other.check_in - request.check_in).days, (other.check_out - request.check_out).days) for other in others]


class TestNearbyStays:
    def test_come_in_order(self):
        found = list(nearby(terms(), stay(3), today=TODAY))
        assert moves(stay(3), found)[:8] == [
            *[(1, 1), (-1, -1), (0, 1), (-1, 0), (1, 0), (0, -1)],
            *[(2, 2), (-2, -2)],
        ]
        assert len(found) == 6 * NEAR_DAYS

    def test_are_none_of_a_stay_without_nights(self):
        assert list(nearby(terms(), stay(0), today=TODAY)) == []

    def test_are_none_for_a_party_that_cannot_stay(self):
        assert list(nearby(terms(guests_max=1), stay(guests=2), today=TODAY)) == []

    def test_bear_the_ends_of_the_calendar(self):
        last = StayRequest(check_in=date.max - timedelta(days=1), check_out=date.max, guests=1)
        first = StayRequest(check_in=date.min, check_out=date.min + timedelta(days=1), guests=1)
        assert list(nearby(terms(), last, today=TODAY)) == list(nearby(terms(), first, today=TODAY)) == []
        found = list(nearby(terms(booking_window_days=9), last, today=date.max - timedelta(days=9)))
        assert found
        assert all(other.check_out <= date.max for other in found)

    @given(the_terms=some_terms, check_in=st.integers(-5, 50), nights=st.integers(1, 12), guests=st.integers(1, 6))
    def test_are_exactly_those_that_no_rule_stands_against(self, the_terms, check_in, nights, guests):
        request = stay(nights, check_in=day(check_in), guests=guests)
        found = list(nearby(the_terms, request, today=MONDAY))
        far = range(-NEAR_DAYS, NEAR_DAYS + 1)
        every = [
            replace(
                request, check_in=request.check_in + timedelta(days=a), check_out=request.check_out + timedelta(days=b)
            )
            for a in far
            for b in far
            if abs(a - b) <= 1 and nights + b - a > 0 and (a, b) != (0, 0)
        ]
        wanted = [other for other in every if not reasons(the_terms, other, today=MONDAY)]
        assert found == sorted(wanted, key=lambda other: distance(request, other))
        assert len(set(map(str, found))) == len(found)

    def test_are_nearer_the_fewer_guests_have_to_stay_at_home(self):
        same_party = stay(3, check_in=day(9))
        assert distance(stay(3), same_party) < distance(stay(3), stay(3, guests=1))
        assert distance(stay(3), stay(3)) == (0, 0, 0, 0, 0)


def cells_for(the_terms, names, first, nights, **changes):
    """Free cells of a property from a night on, except those named as `{(unit or "", days ahead): cell}`."""
    pool = f"stay:{the_terms.property_id}"
    ids = [f"{pool}:{name}" for name in names] or [pool]
    start = spans(the_terms.property_id, (), stay(1, check_in=first), 0)[0][0].first_slot
    cells = {(each, start + n): Cell(0, changes.get("capacity", 1)) for each in ids for n in range(nights)}
    for (name, ahead), cell in changes.get("but", {}).items():
        cells[f"{pool}:{name}" if name else pool, start + ahead] = cell
    return cells


FULL = Cell(1, 1)


class TestShortages:
    def said(self, request, names=(), the_terms=None, **changes):
        the_terms = the_terms or terms()
        found = shortages(the_terms, names, request, cells_for(the_terms, names, MONDAY, 9, **changes))
        return [(each.rule, each.detail, each.values) for each in found]

    def test_are_none_where_every_night_is_free(self):
        assert self.said(stay(3)) == []

    def test_name_each_night_that_is_taken_and_no_other(self):
        said = self.said(stay(3), but={("", 0): FULL, ("", 2): FULL, ("", 3): FULL})
        assert [(rule, detail) for rule, detail, _ in said] == [
            ("night_taken", "the night of 2026-08-03 is taken"),
            ("night_taken", "the night of 2026-08-05 is taken"),
        ]
        assert said[0][2] == {"night": "2026-08-03", "preparation": False, "taken": 1, "capacity": 1}

    def test_count_what_a_pool_has_sold(self):
        [(rule, detail, values)] = self.said(stay(2), capacity=3, but={("", 1): Cell(3, 3)})
        assert (rule, detail) == ("night_taken", "the night of 2026-08-04 is taken: 3 of 3")
        assert (values["taken"], values["capacity"]) == (3, 3)

    @pytest.mark.parametrize("cell", [Cell(0, 1, closed=True), Cell(0, 0), Cell(1, 1, closed=True)])
    def test_name_a_night_that_is_not_sold(self, cell):
        [(rule, detail, _)] = self.said(stay(2), but={("", 1): cell})
        assert (rule, detail) == ("night_closed", "the night of 2026-08-04 is closed")

    def test_say_which_nights_are_for_preparation(self):
        [(rule, detail, values)] = self.said(stay(2), the_terms=terms(preparation_nights=1), but={("", 2): FULL})
        assert (rule, values["preparation"]) == ("night_taken", True)
        assert detail == "the night of 2026-08-05, kept free for preparation after the stay, is taken"

    def test_take_a_night_for_taken_only_if_it_is_in_every_named_unit(self):
        one = {("a", 1): FULL}
        assert self.said(stay(3), ("a", "b"), but=one) == []
        [(rule, detail, _)] = self.said(stay(3), ("a", "b"), but={**one, ("b", 1): FULL})
        assert (rule, detail) == ("night_taken", "the night of 2026-08-04 is taken: 2 of 2")

    def test_say_that_no_named_unit_is_free_throughout(self):
        [(rule, detail, values)] = self.said(stay(3), ("a", "b"), but={("a", 0): FULL, ("b", 2): FULL})
        assert (rule, detail) == ("no_unit_throughout", "no unit is free on every night")
        assert values == {"taken": {"a": ["2026-08-03"], "b": ["2026-08-05"]}}

    def test_say_nothing_of_stock_that_does_not_exist(self):
        assert shortages(terms(), (), stay(3), {}) == ()

    @given(data=st.data(), names=st.sampled_from([(), ("a",), ("a", "b")]), nights=st.integers(1, 6))
    def test_stand_against_a_stay_exactly_if_the_engine_refuses_it(self, data, names, nights):
        the_terms = terms(preparation_nights=data.draw(st.integers(0, 2)))
        cells = cells_for(the_terms, names, MONDAY, 8, capacity=1 if names else 2)
        for key, cell in cells.items():
            taken = data.draw(st.integers(0, cell.capacity) if data.draw(st.booleans()) else st.just(0))
            cells[key] = replace(cell, taken=taken, closed=data.draw(st.integers(0, 9)) == 0)
        request = stay(nights)
        options = spans(the_terms.property_id, names, request, the_terms.preparation_nights)
        [choice] = decide(cells, [ClaimOrder(options)])
        found = shortages(the_terms, names, request, cells)
        assert bool(found) == (not isinstance(choice, int))
        needed = {slot_night(slot).isoformat() for option in options for _, slot in cells_of(option)}
        assert {each.values["night"] for each in found if "night" in each.values} <= needed


class TestAnyStayNearby:
    @given(the_terms=some_terms, calendar=calendars(), nights=st.integers(1, 9))
    def test_keeps_the_party_and_stays_near(self, the_terms, calendar, nights):
        the_terms = replace(the_terms, nights=calendar)
        request = stay(nights, check_in=day(15), guests=1)
        for other in nearby(the_terms, request, today=MONDAY):
            assert other.guests == request.guests
            assert abs(nights_of(other) - nights) <= 1
