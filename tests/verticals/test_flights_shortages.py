"""What stock says against flights, and how to get round it."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.engine.claims import Cell
from holdfast.verticals.flights.claims import open_bucket, resources, seat_slot
from holdfast.verticals.flights.reasons import reasons, shortages
from holdfast.verticals.flights.terms import Passengers, SeatChoice
from verticals.flight_builder import NOW, asking, chosen, leg, request

LEGS = [leg(1), leg(2, hours=48)]


def cells(**sold):
    """Cells in which so much is taken: `cells(l2_economy=11, l1_economy_Q=4)`."""
    capacities = {**resources(LEGS[0]), **resources(LEGS[1])}
    found = {}
    for what, count in sold.items():
        resource_id = "flight:" + what.removeprefix("l").replace("_", ":")
        found[resource_id, 0] = Cell(count, capacities[resource_id])
    return found


def taken(*seats, flight_id=1):
    return {(f"flight:{flight_id}:seats", seat_slot(code)): Cell(1, 1) for code in seats}


class TestShortages:
    def test_are_none_where_everything_is_free_or_nothing_was_ever_sold(self):
        asked = asking(LEGS, adults=4, seats=chosen((1, "2A", 0), (2, "2A", 1)))
        assert shortages(LEGS, asked, {}, account_id=9) == ()
        assert shortages(LEGS, asked, cells(l1_economy=8, l1_economy_Q=0), account_id=9) == ()

    def test_name_the_leg_with_too_few_seats(self):
        [reason] = shortages(LEGS, asking(LEGS, adults=2), cells(l2_economy=11))
        assert (reason.rule, reason.field) == ("seats_sold", "passengers")
        assert reason.detail == "leg 2 has 1 seat, you asked 2"
        assert reason.values == {
            "leg": 2,
            "flight_id": 2,
            "number": "HF2",
            "cabin": "economy",
            "asked": 2,
            "seats": 1,
        }
        assert reason.change == {"passengers": {"adults": 1, "children": 0, "infants": 0}}

    def test_name_the_leg_on_which_no_fare_has_room_for_all(self):
        sold = cells(l1_economy_Q=3, l1_economy_M=5, l1_economy_Y=12, l1_economy=8)
        [reason] = shortages(LEGS, asking(LEGS, adults=2), sold)
        assert (reason.rule, reason.detail) == ("fares_sold", "leg 1 has 1 seat at one fare, you asked 2")
        assert (reason.values["seats"], reason.change["passengers"]["adults"]) == (1, 1)

    def test_propose_nobody_where_a_leg_is_sold_out(self):
        found = shortages(LEGS, asking(LEGS, adults=2), cells(l1_economy=12, l2_economy=11))
        assert [(each.detail, each.change) for each in found] == [
            ("leg 1 has 0 seats, you asked 2", None),
            ("leg 2 has 1 seat, you asked 2", None),
        ]

    def test_propose_as_many_as_every_leg_has_room_for_adults_first(self):
        asked = asking(LEGS, adults=2, children=3, infants=2, seats=chosen((1, "2A", 0), (1, "2B", 2), (2, "2C", 3)))
        found = shortages(LEGS, asked, cells(l1_economy=9, l2_economy=8))
        change = {
            "passengers": {"adults": 2, "children": 1, "infants": 2},
            "seats": [{"flight_id": 1, "seat": "2A", "passenger": 0}, {"flight_id": 1, "seat": "2B", "passenger": 2}],
        }
        assert [(each.rule, each.values["seats"], each.change) for each in found] == [
            ("seats_sold", 3, change),
            ("seats_sold", 4, change),
        ]
        [alone] = shortages(LEGS[:1], asking(LEGS[:1], adults=2, infants=2), cells(l1_economy=11))
        assert alone.change["passengers"] == {"adults": 1, "children": 0, "infants": 1}

    def test_count_a_closed_cabin_as_sold(self):
        [reason] = shortages(LEGS, asking(LEGS), {("flight:1:economy", 0): Cell(0, 12, closed=True)})
        assert reason.detail == "leg 1 has 0 seats, you asked 1"

    def test_name_flights_the_account_has_booked_before_anything_else(self):
        booked = {("flight:2:guest:9", 0): Cell(1, 1)}
        found = shortages(LEGS, asking(LEGS), booked | cells(l1_economy=12), account_id=9)
        assert [(each.rule, each.field) for each in found] == [
            ("booked_already", "again"),
            ("seats_sold", "passengers"),
        ]
        assert found[0].detail == "leg 2 (HF2) is booked by this account already"
        assert (found[0].values["flight_id"], found[0].change) == (2, {"again": True})

    @pytest.mark.parametrize(("account_id", "again"), [(8, False), (9, True), (None, False)])
    def test_say_nothing_of_bookings_of_others_or_that_may_be(self, account_id, again):
        booked = {("flight:2:guest:9", 0): Cell(1, 1)}
        assert shortages(LEGS, asking(LEGS, again=again), booked, account_id=account_id) == ()

    def test_say_nothing_of_what_is_for_reasons_to_say(self):
        asked = request(1, 2, cabin="first", seats=chosen((9, "2A", 0), (1, "9Z", 0)))
        assert shortages(LEGS, asked, taken("2A", flight_id=9)) == ()


class TestATakenSeat:
    def test_is_named_with_the_nearest_free_one_that_costs_no_more(self):
        asked = request(adults=2, seats=chosen((1, "2A", 0), (1, "2B", 1)))
        [reason] = shortages(LEGS[:1], asked, taken("2B"))
        assert (reason.rule, reason.field, reason.detail) == ("seat_taken", "seats/1", "seat 2B of HF1 is taken")
        assert reason.values == {"flight_id": 1, "seat": "2B", "passenger": 1}
        assert [each["seat"] for each in reason.change["seats"]] == ["2A", "2C"]
        [next_row] = shortages(LEGS[:1], asked, taken("2B", "2C"))
        assert [each["seat"] for each in next_row.change["seats"]] == ["2A", "4B"]

    def test_at_an_exit_has_its_neighbor_or_a_cheaper_one_instead(self):
        asked = request(adults=2, infants=1, seats=chosen((1, "3B", 1)))
        [reason] = shortages(LEGS[:1], asked, taken("3B", "3A"))
        assert reason.change["seats"][0]["seat"] == "3C"
        [further] = shortages(LEGS[:1], asked, taken("3A", "3B", "3C"))
        assert further.change["seats"][0]["seat"] == "2B"

    def test_is_not_changed_for_one_at_an_exit_that_its_traveler_may_not_have(self):
        rows = [replace(each, extra_minor=900) for each in leg().seats if each.row in {3, 4}]
        cheap_exits = leg(1, seats=tuple(rows))
        sold = taken("4A", "4B", "4C")
        for infants, seats in ((1, []), (0, ["3A"])):
            asked = request(infants=infants, seats=chosen((1, "4A", 0)))
            [reason] = shortages([cheap_exits], asked, sold)
            assert [each["seat"] for each in reason.change["seats"]] == seats

    def test_may_be_done_without_where_there_is_no_other(self):
        codes = ["2A", "2B", "2C", "4A", "4B", "4C", "5A", "5C"]
        asked = request(adults=2, seats=chosen((1, "2A", 0), (1, "3A", 1)))
        [reason] = shortages(LEGS[:1], asked, taken(*codes))
        assert reason.change == {"seats": [{"flight_id": 1, "seat": "3A", "passenger": 1}]}

    def test_is_that_of_its_own_flight(self):
        asked = asking(LEGS, seats=chosen((2, "2A", 0)))
        assert shortages(LEGS, asked, taken("2A", flight_id=1)) == ()


def with_fewer(asked, change):
    seats = tuple(SeatChoice(**each) for each in change["seats"]) if "seats" in change else asked.seats
    return replace(asked, passengers=Passengers(**change["passengers"]), seats=seats)


class TestAnyStock:
    @settings(max_examples=300, deadline=None)
    @given(
        rooms=st.tuples(*[st.tuples(st.integers(0, 12), st.integers(0, 4), st.integers(0, 6), st.integers(0, 12))] * 2),
        adults=st.integers(1, 6),
        children=st.integers(0, 3),
        sold=st.lists(st.sampled_from(["2A", "2B", "2C", "4A", "4C"]), unique=True),
    )
    def test_stands_against_a_request_exactly_if_a_leg_has_no_open_bucket_or_a_seat_is_taken(
        self, rooms, adults, children, sold
    ):
        stock = taken(*sold)
        for number, (cabin, *buckets) in enumerate(rooms, 1):
            stock |= cells(**{f"l{number}_economy": cabin})
            for code, count in zip("QMY", buckets, strict=True):
                stock |= cells(**{f"l{number}_economy_{code}": count})
        asked = asking(LEGS, adults=adults, children=children, seats=chosen((1, "2A", 0)))
        assert reasons(LEGS, asked, now=NOW) == ()
        found = shortages(LEGS, asked, stock)
        full = [each for each in LEGS if open_bucket(each.cabins[0], each.flight_id, adults + children, stock) is None]
        assert [each.values["flight_id"] for each in found if each.rule != "seat_taken"] == [
            each.flight_id for each in full
        ]
        assert [each.rule for each in found if each.rule == "seat_taken"] == ["seat_taken"] * ("2A" in sold)
        for reason in found:
            if reason.rule != "seat_taken" and reason.change is not None:
                fewer = with_fewer(asked, reason.change)
                assert 0 < fewer.passengers.seats < adults + children
                assert not [each for each in shortages(LEGS, fewer, stock) if each.rule != "seat_taken"]
                one_more = asking(LEGS, adults=fewer.passengers.seats + 1)
                assert shortages(LEGS, one_more, stock), "it was the smallest change"
