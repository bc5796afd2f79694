"""What flights have and what requests take, by example and through the engine with bookings that come at random.

Goal of the latter: whatever is asked in whatever order, no leg gives more seats than it has with its overbooking, no
seat goes twice, a request gets all its legs or none, and buckets are sold from the cheapest on.
"""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.engine.claims import Cell, ClaimOrder, Shortage, Span, cells_of, decide
from holdfast.verticals.flights.claims import (
    bucket_resource,
    bucket_room,
    cabin_resource,
    cabin_room,
    free,
    guest_resource,
    open_bucket,
    options,
    resources,
    seat_of_slot,
    seat_resource,
    seat_slot,
    seats_of,
)
from holdfast.verticals.flights.parts import seat_code
from holdfast.verticals.flights.reasons import shortages
from holdfast.verticals.flights.terms import FareBucket
from verticals.flight_builder import BUCKETS, BUSINESS, DCA, ECONOMY, JFK, SEATS, asking, chosen, leg, request

OVERBOOKED = replace(ECONOMY, overbooking=2)


class TestResources:
    def test_are_cabins_with_their_overbooking_their_buckets_and_the_seats(self):
        assert resources(leg(7, cabins=(OVERBOOKED, BUSINESS))) == {
            "flight:7:economy": 14,
            "flight:7:economy:Q": 4,
            "flight:7:economy:M": 6,
            "flight:7:economy:Y": 12,
            "flight:7:business": 4,
            "flight:7:business:J": 4,
            "flight:7:seats": 1,
        }

    def test_have_no_seats_where_they_are_given_at_the_gate(self):
        assert seat_resource(1) not in resources(leg(seats=()))


class TestSeatSlot:
    @pytest.mark.parametrize(("seat", "slot"), [("1A", 32), ("1Z", 57), ("2A", 64), ("12C", 386), ("999Z", 31_993)])
    def test_is_32_for_each_row_and_the_position_of_the_letter(self, seat, slot):
        assert seat_slot(seat) == slot
        assert seat_of_slot(slot) == seat

    @pytest.mark.parametrize(
        "seat", ["", "A", "12", "0A", "012A", "12a", "12AB", "-1A", "1000A", "\u0661A", " 1A", "1A\n"]
    )
    def test_is_of_seats_only(self, seat):
        with pytest.raises(ValueError, match="a row and a letter"):
            seat_slot(seat)

    @pytest.mark.parametrize("slot", [-1, 0, 31, 58, 63, 32_000])
    def test_has_a_seat_or_is_refused(self, slot):
        with pytest.raises(ValueError, match="no seat has slot"):
            seat_of_slot(slot)


class TestFree:
    def test_is_the_whole_capacity_where_there_is_no_cell(self):
        assert free({}, "flight:1:economy", 12) == 12

    def test_is_what_the_cell_has_left_whatever_the_terms_say(self):
        assert free({("x", 0): Cell(3, 10)}, "x", 12) == 7
        assert free({("x", 0): Cell(10, 8)}, "x", 12) == 0
        assert free({("x", 0): Cell(0, 10, closed=True)}, "x", 12) == 0
        assert free({("x", 5): Cell(1, 1)}, "x", 1, slot=5) == 0


def sold(flight_id=1, **taken):
    """Cells of economy with so many taken: `sold(cabin=3, Q=1)`."""
    capacities = {"cabin": 12, **{bucket.code: bucket.seats for bucket in BUCKETS}}
    return {
        (f"flight:{flight_id}:economy" + ("" if what == "cabin" else f":{what}"), 0): Cell(count, capacities[what])
        for what, count in taken.items()
    }


class TestOpenBucket:
    def code(self, seats, cells, cabin=ECONOMY):
        bucket = open_bucket(cabin, 1, seats, cells)
        return bucket and bucket.code

    def test_is_the_cheapest(self):
        assert [self.code(1, {}), self.code(4, {}), self.code(5, {}), self.code(7, {})] == ["Q", "Q", "M", "Y"]

    def test_is_the_next_one_when_the_cheapest_is_sold(self):
        assert self.code(1, sold(Q=4)) == "M"
        assert self.code(1, sold(Q=4, M=6)) == "Y"
        assert self.code(1, sold(Q=4, M=6, Y=12)) is None

    def test_keeps_the_last_seat_of_a_bucket_for_a_single_traveler(self):
        assert (self.code(2, sold(Q=3)), self.code(1, sold(Q=3))) == ("M", "Q")

    def test_is_none_where_the_cabin_has_no_room(self):
        assert self.code(2, sold(cabin=11)) is None
        assert self.code(1, sold(cabin=11)) == "Q"
        assert self.code(1, sold(cabin=12)) is None

    def test_has_the_room_of_the_overbooking(self):
        assert self.code(1, {("flight:1:economy", 0): Cell(13, 14)}, OVERBOOKED) == "Q"
        assert cabin_room(OVERBOOKED, 1, {}) == 14
        assert cabin_room(ECONOMY, 1, {}) == 12

    def test_is_none_where_nothing_is_sold(self):
        assert self.code(1, {}, replace(ECONOMY, buckets=())) is None
        assert bucket_room(replace(ECONOMY, buckets=()), 1, {}) == []

    def test_looks_at_its_own_flight(self):
        assert self.code(1, sold(flight_id=2, Q=4)) == "Q"


class TestOptions:
    def test_are_one_that_takes_cabin_bucket_seats_and_the_place_of_the_guest_on_every_leg(self):
        legs = [leg(1), leg(2, hours=48)]
        asked = asking(legs, adults=2, children=1, infants=2, seats=chosen((1, "2A", 0), (2, "4C", 2), (1, "2B", 1)))
        [option] = options(legs, asked, {1: "Q", 2: "M"}, 99)
        assert cells_of(option) == {
            ("flight:1:economy", 0): 3,
            ("flight:1:economy:Q", 0): 3,
            ("flight:1:seats", 64): 1,
            ("flight:1:seats", 65): 1,
            ("flight:1:guest:99", 0): 1,
            ("flight:2:economy", 0): 3,
            ("flight:2:economy:M", 0): 3,
            ("flight:2:seats", 130): 1,
            ("flight:2:guest:99", 0): 1,
        }

    def test_leave_the_place_of_the_guest_to_whoever_books_again(self):
        [option] = options([leg()], request(again=True), {1: "Q"}, 99)
        assert guest_resource(1, 99) not in {span.resource_id for span in option}

    def test_take_only_what_the_leg_has(self):
        legs = [leg(1), leg(2, hours=48)]
        [option] = options(legs, asking(legs, seats=chosen((1, "2A", 0))), {1: "Q", 2: "Q"}, 99)
        there = {**resources(legs[0]), **resources(legs[1]), guest_resource(1, 99): 1, guest_resource(2, 99): 1}
        assert {span.resource_id for span in option} <= there.keys()

    def test_let_an_account_book_a_flight_once_unless_again(self):
        once, again = request(), request(again=True)
        orders = [ClaimOrder(options=options([leg()], each, {1: "Q"}, 99)) for each in (once, once, again)]
        cells = {(each, 0): Cell(0, capacity) for each, capacity in resources(leg()).items()}
        cells[guest_resource(1, 99), 0] = Cell(0, 1)
        assert decide(cells, orders) == [0, Shortage("flight:1:guest:99", 0), 0]


class TestSeatsOf:
    def test_are_those_that_spans_take_with_their_flights(self):
        legs = [leg(1), leg(22, hours=48)]
        asked = asking(legs, adults=2, seats=chosen((22, "4C", 1), (1, "2A", 0), (1, "2B", 1)))
        [option] = options(legs, asked, {1: "Q", 22: "Q"}, 99)
        assert seats_of(option) == ((1, "2A"), (1, "2B"), (22, "4C"))

    def test_are_none_of_other_things(self):
        others = ["stay:1:seats", "flight:1:economy", "flight:1:guest:64", "flight:1:seats:x", "flight:x:seats"]
        assert seats_of([Span(resource_id=each, first_slot=64, end_slot=65) for each in others]) == ()
        assert seats_of([]) == ()

    def test_may_be_neighbors_in_one_span(self):
        assert seats_of([Span(resource_id="flight:3:seats", first_slot=64, end_slot=66)]) == ((3, "2A"), (3, "2B"))


FEW = replace(
    ECONOMY,
    seats=5,
    overbooking=1,
    buckets=(FareBucket(code="Q", seats=2, fare_minor=100), FareBucket(code="Y", seats=6, fare_minor=200)),
)
OUT = leg(1, cabins=(FEW,))
BACK = leg(2, hours=48, origin=DCA, destination=JFK, cabins=(replace(FEW, overbooking=0),))
CAPACITY = {1: 6, 2: 5}
CODES = [seat_code(seat) for seat in SEATS if seat.cabin == "economy" and not seat.blocked and not seat.exit]

some_asked = st.lists(
    st.tuples(
        st.sampled_from([(OUT,), (BACK,), (OUT, BACK)]),
        st.integers(1, 3),
        st.integers(0, 2),
        st.lists(
            st.tuples(st.sampled_from([1, 2]), st.sampled_from(CODES)), max_size=3, unique_by=lambda each: each[0]
        ),
        st.integers(1, 5),
        st.booleans(),
    ),
    min_size=1,
    max_size=12,
)


class TestAnyBookings:
    @settings(max_examples=300, deadline=None)
    @given(asked=some_asked, stale=st.integers(1, 4))
    def test_take_no_more_than_there_is_all_legs_or_none_each_seat_once(self, asked, stale):
        """Requests are priced some at a time and decided afterward, as when many come between a quote and its hold."""
        accounts = {(guest_resource(number, account), 0): Cell(0, 1) for number in (1, 2) for account in range(1, 6)}
        cells = {(each, 0): Cell(0, room) for part in (OUT, BACK) for each, room in resources(part).items()} | accounts
        cells |= {(seat_resource(number), seat_slot(code)): Cell(0, 1) for number in (1, 2) for code in CODES}
        sold_options = []
        for first in range(0, len(asked), stale):
            orders = []
            for legs, adults, infants, seats, account, again in asked[first : first + stale]:
                ids = {each.flight_id for each in legs}
                wanted = asking(
                    legs,
                    adults=adults,
                    infants=min(infants, adults),
                    seats=chosen(*((number, code, 0) for number, code in seats if number in ids)),
                    again=again,
                )
                buckets = {each.flight_id: open_bucket(each.cabins[0], each.flight_id, adults, cells) for each in legs}
                against = shortages(legs, wanted, cells, account_id=account)
                sold_out = {"seats_sold", "fares_sold"} & {reason.rule for reason in against}
                assert bool(sold_out) == (None in buckets.values())
                if None not in buckets.values():
                    codes = {number: bucket.code for number, bucket in buckets.items()}
                    order = ClaimOrder(options=options(legs, wanted, codes, account))
                    orders.append(order)
                    # What stock is said to stand against is what the engine refuses.
                    assert bool(against) == isinstance(decide(cells, [order])[0], Shortage)
            for order, outcome in zip(orders, decide(cells, orders), strict=True):
                if outcome == 0:
                    [option] = order.options
                    sold_options.append(option)
                    for key, units in cells_of(option).items():
                        cells[key] = replace(cells[key], taken=cells[key].taken + units)
        self.check(cells, sold_options)

    @staticmethod
    def check(cells, sold_options):
        assert all(0 <= cell.taken <= cell.capacity for cell in cells.values())
        for number, capacity in CAPACITY.items():
            taken = cells[cabin_resource(number, "economy"), 0].taken
            assert taken <= capacity
            # Every traveler has one fare, so what the buckets have sold is what the cabin has.
            assert taken == sum(cells[bucket_resource(number, "economy", code), 0].taken for code in "QY")
        seats = [seat for option in sold_options for seat in seats_of(option)]
        assert len(set(seats)) == len(seats)

    @settings(max_examples=100, deadline=None)
    @given(parties=st.lists(st.integers(1, 3), max_size=14))
    def test_close_buckets_from_the_cheapest_on(self, parties):
        cells = {(each, 0): Cell(0, room) for each, room in resources(OUT).items()}
        for adults in parties:
            bucket = open_bucket(FEW, 1, adults, cells)
            left = bucket_room(FEW, 1, cells)
            if bucket is None:
                assert max(left) < adults
                continue
            place = FEW.buckets.index(bucket)
            assert all(room < adults for room in left[:place])
            [option] = options([OUT], request(adults=adults, again=True), {1: bucket.code}, 1)
            assert decide(cells, [ClaimOrder(options=(option,))]) == [0]
            for key, units in cells_of(option).items():
                cells[key] = replace(cells[key], taken=cells[key].taken + units)
        assert cells["flight:1:economy", 0].taken <= 6
