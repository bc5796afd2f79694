from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.engine.claims import Cell, ClaimOrder, Shortage, Span, cells_of, decide
from holdfast.verticals.stays import StayRequest, night_slot, slot_night, spans
from verticals.stay_builder import MONDAY, some_stays, stay


class TestNightSlot:
    @pytest.mark.parametrize(
        ("night", "slot"),
        [(date(1970, 1, 1), 0), (date(1969, 12, 31), -1), (date(2000, 3, 1), 11_017), (date(2026, 8, 3), 20_668)],
    )
    def test_counts_days_since_1970(self, night, slot):
        assert night_slot(night) == slot
        assert slot_night(slot) == night

    @given(night=st.dates())
    def test_is_turned_back_into_the_night(self, night):
        assert slot_night(night_slot(night)) == night
        assert night_slot(night) == (night - date(1970, 1, 1)).days


class TestSpans:
    def test_take_the_nights_of_the_pool_and_not_the_day_of_departure(self):
        first = night_slot(MONDAY)
        assert spans(7, (), stay(3), 0) == ((Span(resource_id="stay:7", first_slot=first, end_slot=first + 3),),)

    def test_offer_each_named_unit_in_the_order_of_the_property(self):
        options = spans(7, ("North", "South"), stay(2), 0)
        assert [[span.resource_id for span in option] for option in options] == [["stay:7:North"], ["stay:7:South"]]

    def test_take_the_nights_of_preparation_too(self):
        [[span]] = spans(7, (), stay(2), 1)
        assert span.end_slot - span.first_slot == 3

    @pytest.mark.parametrize("nights", [0, -1, 366])
    def test_are_refused_for_a_stay_that_reasons_would_have_refused(self, nights):
        with pytest.raises(ValueError, match="1 to 365 nights"):
            spans(7, (), stay(nights), 0)

    def test_keep_preparation_free_between_two_guests(self):
        cells = {("stay:7", night_slot(MONDAY) + n): Cell(0, 1) for n in range(10)}
        orders = [
            ClaimOrder(options=spans(7, (), stay(2, check_in=MONDAY + timedelta(days=ahead)), 1)) for ahead in (0, 2, 3)
        ]
        assert decide(cells, orders) == [0, Shortage("stay:7", night_slot(MONDAY) + 2), 0]

    @given(request=some_stays, preparation=st.integers(0, 3))
    def test_take_one_cell_for_each_night_by_the_calendar(self, request, preparation):
        [option] = spans(7, (), request, preparation)
        nights = (request.check_out - request.check_in).days
        taken = {request.check_in + timedelta(days=n) for n in range(nights + preparation)}
        assert {slot_night(slot) for _, slot in cells_of(option)} == taken

    def test_take_the_night_that_a_whole_country_slept_through(self):
        # Samoa had no 30 December 2011; as a night it is sold like any other, or two guests would meet on the 31st.
        request = StayRequest(check_in=date(2011, 12, 29), check_out=date(2011, 12, 31), guests=1)
        [option] = spans(7, (), request, 0)
        assert [slot_night(slot) for _, slot in cells_of(option)] == [date(2011, 12, 29), date(2011, 12, 30)]
