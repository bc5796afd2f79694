from dataclasses import replace

import pytest

from holdfast.engine.claims import Cell
from holdfast.verticals.flights.claims import seat_slot
from holdfast.verticals.flights.parts import brand_of, bucket_of, cabin_of, seat_code, seats_by_code
from holdfast.verticals.flights.seats import (
    CabinLayout,
    SeatState,
    offered,
    ordinary_prices,
    seat_map,
    seat_price,
)
from holdfast.verticals.flights.terms import Seat
from verticals.flight_builder import BASIC, BUSINESS, ECONOMY, FLEX, SEATS, leg

FRONT = CabinLayout(cabin="business", rows=range(1, 3), columns="AD")
BACK = CabinLayout(
    cabin="economy",
    rows=(11, 12, 14),
    columns="ABC",
    ordinary_minor=900,
    extra_rows={12: 3_500},
    exit_rows=frozenset({12}),
    blocked=frozenset({"14B"}),
    missing=frozenset({"14C"}),
)


class TestSeatMap:
    def test_has_every_row_from_left_to_right_cabin_by_cabin(self):
        seats = [seat_code(seat) for seat in seat_map([FRONT, BACK])]
        assert seats == ["1A", "1D", "2A", "2D", "11A", "11B", "11C", "12A", "12B", "12C", "14A", "14B"]

    def test_knows_what_is_special_about_a_seat(self):
        by_code = {seat_code(seat): seat for seat in seat_map([FRONT, BACK])}
        assert by_code["1A"] == Seat(row=1, column="A", cabin="business")
        assert by_code["11A"] == Seat(row=11, column="A", cabin="economy", extra_minor=900)
        assert by_code["12A"] == Seat(row=12, column="A", cabin="economy", exit=True, extra_minor=3_500)
        assert by_code["14B"] == Seat(row=14, column="B", cabin="economy", blocked=True, extra_minor=900)

    def test_is_empty_without_cabins_or_rows(self):
        assert seat_map([]) == ()
        assert seat_map([replace(FRONT, rows=())]) == ()

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"exit_rows": frozenset({13})}, "economy has no row 13"),
            ({"extra_rows": {10: 100}}, "economy has no row 10"),
            ({"blocked": frozenset({"13A"})}, "economy has no seat 13A"),
            ({"missing": frozenset({"11D"})}, "economy has no seat 11D"),
            ({"columns": "ABCA"}, "each seat once"),
            ({"rows": (11, 12, 14, 11)}, "each seat once"),
            ({"columns": "abc", "missing": frozenset(), "blocked": frozenset()}, "a row and a letter"),
            ({"rows": (0, 12, 14)}, "a row and a letter"),
            ({"rows": (11, 12, 14, 1_000)}, "a row and a letter"),
        ],
    )
    def test_is_refused_where_a_layout_contradicts_itself(self, changes, said):
        with pytest.raises(ValueError, match=said):
            seat_map([replace(BACK, **changes)])

    def test_is_refused_where_two_cabins_share_a_seat(self):
        with pytest.raises(ValueError, match="each seat once"):
            seat_map([FRONT, replace(FRONT, cabin="first")])


class TestSeatPrice:
    def test_is_that_of_the_seat_with_a_fare_that_includes_no_choice(self):
        ordinary = ordinary_prices(leg())
        assert [seat_price(seats_by_code(leg())[code], BASIC, ordinary) for code in ("2A", "3A")] == [900, 3_500]
        assert seat_price(seats_by_code(leg())["2A"], None, ordinary) == 900

    def test_is_nothing_for_ordinary_seats_with_a_fare_that_includes_the_choice(self):
        ordinary = ordinary_prices(leg())
        assert [seat_price(seats_by_code(leg())[code], FLEX, ordinary) for code in ("2A", "3A")] == [0, 3_500]

    def test_takes_the_cheapest_seats_of_each_cabin_as_ordinary_that_can_be_chosen(self):
        assert ordinary_prices(leg()) == {"business": 0, "economy": 900}
        cheap_but_blocked = replace(SEATS[-1], row=9, blocked=True, extra_minor=0)
        assert ordinary_prices(leg(seats=(*SEATS, cheap_but_blocked)))["economy"] == 900
        assert ordinary_prices(leg(seats=())) == {}


class TestOffered:
    def test_is_every_seat_in_the_order_of_the_map(self):
        assert [each.seat for each in offered(leg(), {})] == list(SEATS)
        assert [each.code for each in offered(leg(), {})][:5] == ["1A", "1C", "1D", "1F", "2A"]

    def test_tells_which_are_free_taken_blocked_or_at_an_exit(self):
        cells = {
            ("flight:1:seats", seat_slot("2A")): Cell(1, 1),
            ("flight:1:seats", seat_slot("2B")): Cell(0, 1),
            ("flight:1:seats", seat_slot("3A")): Cell(1, 1),
            ("flight:1:seats", seat_slot("4A")): Cell(0, 1, closed=True),
            ("flight:1:seats", seat_slot("5B")): Cell(1, 1),
            ("flight:2:seats", seat_slot("2C")): Cell(1, 1),
        }
        states = {each.code: each.state for each in offered(leg(), cells)}
        assert {code: states[code] for code in ("2A", "2B", "2C", "3A", "3B", "4A", "5A", "5B")} == {
            "2A": SeatState.TAKEN,
            "2B": SeatState.FREE,
            "2C": SeatState.FREE,
            "3A": SeatState.TAKEN,
            "3B": SeatState.EXIT,
            "4A": SeatState.TAKEN,
            "5A": SeatState.FREE,
            "5B": SeatState.BLOCKED,
        }

    def test_shows_the_prices_of_a_fare(self):
        def prices(brand):
            return {each.code: each.price_minor for each in offered(leg(), {}, brand=brand)}

        assert (prices(None)["2A"], prices(BASIC)["2A"], prices(FLEX)["2A"]) == (900, 900, 0)
        assert (prices(BASIC)["3A"], prices(FLEX)["3A"], prices(FLEX)["1A"]) == (3_500, 3_500, 0)

    def test_is_nothing_where_seats_are_given_at_the_gate(self):
        assert offered(leg(seats=()), {}) == ()


class TestAPart:
    def test_is_found_by_its_code(self):
        assert cabin_of(leg(), "business") == BUSINESS
        assert brand_of(ECONOMY, "flex") == FLEX
        assert bucket_of(ECONOMY, "M").fare_minor == 12_000

    def test_is_none_where_there_is_no_such_code(self):
        assert cabin_of(leg(), "first") is brand_of(ECONOMY, "light") is bucket_of(ECONOMY, "Z") is None
