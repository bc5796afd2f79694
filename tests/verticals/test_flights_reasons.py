"""What stands against flights, rule by rule, and for random requests against each rule as a sentence of its own."""

from dataclasses import asdict, replace
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.verticals.flights.reasons import reasons
from holdfast.verticals.flights.terms import FlightRequest, Passengers, SeatChoice
from holdfast.verticals.flights.times import arrives_at, departs_at
from verticals.flight_builder import (
    BASIC,
    BUSINESS,
    DCA,
    ECONOMY,
    FLEX,
    IAD,
    JFK,
    LHR,
    NOW,
    ORD,
    asking,
    chosen,
    leg,
    request,
)

MINUTE = timedelta(minutes=1)
BASIC_ONLY = replace(ECONOMY, brands=(BASIC,))


def against(legs, asked=None, now=NOW):
    return reasons(legs, asked or asking(legs), now=now)


def rules(legs, asked=None, now=NOW):
    return [reason.rule for reason in against(legs, asked, now)]


def brief(legs, asked=None, now=NOW):
    return [(each.rule, each.field, each.detail) for each in against(legs, asked, now)]


def changed(asked, change):
    """The request with a change of a reason, as JSON would carry it."""
    facts = dict(change)
    if "passengers" in facts:
        facts["passengers"] = Passengers(**facts["passengers"])
    if "seats" in facts:
        facts["seats"] = tuple(SeatChoice(**each) for each in facts["seats"])
    if "flight_ids" in facts:
        facts["flight_ids"] = tuple(facts["flight_ids"])
    return replace(asked, **facts)


class TestReasons:
    def test_are_none_for_flights_that_keep_every_rule(self):
        legs = [leg(1), leg(2, hours=48, origin=DCA, destination=JFK)]
        everything = asking(
            legs, adults=2, children=2, infants=2, brand="flex", seats=chosen((1, "2A", 0), (1, "2B", 3), (2, "2A", 0))
        )
        assert against(legs, everything) == ()

    def test_come_in_the_documented_order(self):
        legs = [
            leg(1, canceled=True, currency="EUR"),
            leg(2, hours=1, origin=DCA, destination=JFK, cabins=(BUSINESS,)),
            leg(3, hours=2.5, origin=JFK, cabins=(BASIC_ONLY,)),
            leg(1, canceled=True, currency="EUR"),
        ]
        asked = asking(legs, adults=4, children=7, infants=5, brand="light", seats=chosen((9, "2A", 0)))
        assert [(each.rule, each.field) for each in against(legs, asked)] == [
            ("leg_canceled", "flight_ids/0"),
            ("leg_canceled", "flight_ids/3"),
            ("legs_not_in_order", "flight_ids/1"),
            ("connection_too_short", "flight_ids/2"),
            ("mixed_currencies", "flight_ids/1"),
            ("mixed_currencies", "flight_ids/2"),
            ("leg_twice", "flight_ids/3"),
            ("no_such_cabin", "cabin"),
            ("no_such_brand", "brand"),
            ("no_such_brand", "brand"),
            ("no_such_brand", "brand"),
            ("too_many_passengers", "passengers"),
            ("too_many_infants", "passengers/infants"),
            ("seat_without_leg", "seats/0"),
        ]

    def test_carry_json_values_only(self):
        legs = [leg(1, canceled=True), leg(1, canceled=True)]
        asked = asking(legs, adults=1, infants=2, seats=chosen((1, "9Z", 0)))

        def plain(value):
            match value:
                case dict():
                    return all(isinstance(name, str) and plain(each) for name, each in value.items())
                case list():
                    return all(map(plain, value))
            return value is None or type(value) in {str, int, bool}

        found = against(legs, asked)
        assert len(found) == 5
        assert all(plain(dict(each.values)) and plain(each.change) for each in found)


class TestLegs:
    def test_are_at_least_one_and_at_most_twelve(self):
        legs = [leg(n, hours=24 * n) for n in range(1, 14)]
        assert rules(legs[:12]) == []
        assert brief(legs) == [("too_many_legs", "flight_ids", "A journey has at most 12 flights, not 13.")]
        assert rules([], replace(request(), flight_ids=())) == ["no_legs"]

    def test_that_are_canceled_are_called_nothing_else(self):
        legs = [leg(1, canceled=True), leg(2, hours=48)]
        assert brief(legs) == [("leg_canceled", "flight_ids/0", "Leg 1 (HF1) is canceled.")]
        assert rules(legs, now=departs_at(legs[0]) + MINUTE) == ["leg_canceled"]

    def test_are_sold_until_sales_close(self):
        legs = [leg(sales_close_minutes=45)]
        closes = departs_at(legs[0]) - 45 * MINUTE
        assert rules(legs, now=closes) == []
        [late] = against(legs, now=closes + MINUTE)
        assert (late.rule, late.detail) == ("sales_closed", "Leg 1 (HF1) is sold until 45 minutes before departure.")
        assert (late.values["sales_close_minutes"], late.values["minutes"]) == (45, 44)
        assert rules(legs, now=closes + timedelta(microseconds=1)) == ["sales_closed"]

    def test_have_departed_from_the_moment_of_departure_on(self):
        legs = [leg(sales_close_minutes=0)]
        departs = departs_at(legs[0])
        assert rules(legs, now=departs - timedelta(microseconds=1)) == []
        assert rules(legs, now=departs) == ["departed"]
        assert rules([leg(sales_close_minutes=45)], now=departs) == ["departed"]

    def test_depart_not_before_the_one_before_them_arrives(self):
        late = [leg(2, hours=1, origin=IAD, destination=JFK), leg(1)]
        [reason] = against(late)
        assert (reason.rule, reason.field) == ("legs_not_in_order", "flight_ids/1")
        assert reason.detail == "Leg 2 (HF1) departs before HF2 arrives."
        assert reason.values == {"leg": 2, "flight_id": 1, "number": "HF1", "minutes": -135}
        assert reason.change is None, "they overlap in any order"

    def test_may_be_asked_for_in_their_right_order(self):
        legs = [leg(2, hours=9, origin=DCA, destination=JFK), leg(1)]
        [reason] = against(legs)
        assert (reason.rule, reason.change) == ("legs_not_in_order", {"flight_ids": [1, 2]})
        assert against(legs[::-1], changed(asking(legs), reason.change)) == ()

    @pytest.mark.parametrize(
        ("gap", "rule"), [(-1, ["legs_not_in_order"]), (0, ["connection_too_short"]), (44, ["connection_too_short"])]
    )
    def test_leave_time_to_change_planes(self, gap, rule):
        def legs(minutes):
            return [leg(1), leg(2, hours=(75 + minutes) / 60, origin=DCA, destination=LHR, minutes=720)]

        assert rules(legs(gap)) == rule
        assert rules(legs(45)) == []

    def test_say_how_short_a_connection_is(self):
        [reason] = against([leg(1), leg(2, hours=1.75, origin=DCA, destination=JFK)])
        assert reason.detail == "Leg 2 (HF2) departs 30 minutes after HF1 arrives: at DCA it takes 45 minutes."
        assert reason.values == {
            "leg": 2,
            "flight_id": 2,
            "number": "HF2",
            "airport": "DCA",
            "minutes": 30,
            "min_connection_minutes": 45,
        }

    def test_may_go_on_from_another_airport_at_once(self):
        assert rules([leg(1), leg(2, hours=1.25, origin=IAD, destination=JFK)]) == []

    def test_are_put_in_order_by_the_clocks_of_their_airports(self):
        # By wall time the second departs before the first arrives; in fact it is two hours later.
        over = leg(1, origin=LHR, destination=JFK, minutes=180)
        on = leg(2, hours=4, origin=JFK, destination=ORD, minutes=60)
        assert arrives_at(over) - departs_at(over) == timedelta(hours=8)
        assert rules([over, on]) == []
        west = [leg(1, origin=JFK, destination=ORD, minutes=60), leg(2, hours=1.5, origin=ORD, minutes=240)]
        assert rules(west) == ["connection_too_short"]

    def test_are_sold_in_one_currency(self):
        legs = [leg(1), leg(2, hours=24, currency="EUR"), leg(3, hours=48)]
        assert brief(legs) == [
            ("mixed_currencies", "flight_ids/1", "Leg 2 (HF2) is sold in EUR, the first one in USD.")
        ]

    def test_are_flown_once(self):
        legs = [leg(1), leg(2, hours=24), leg(1), leg(1)]
        found = against(legs)
        assert [(each.rule, each.field) for each in found] == [
            ("leg_twice", "flight_ids/2"),
            ("leg_twice", "flight_ids/3"),
        ]
        assert {tuple(each.change["flight_ids"]) for each in found} == {(1, 2)}


class TestCabin:
    def test_is_one_that_every_leg_has(self):
        legs = [leg(1), leg(2, hours=24, cabins=(BUSINESS,)), leg(3, hours=48)]
        [reason] = against(legs)
        assert (reason.rule, reason.field) == ("no_such_cabin", "cabin")
        assert reason.detail == "Leg 2 (HF2) has no economy: it has business."
        assert reason.change == {"cabin": "business"}
        assert rules(legs, asking(legs, cabin="business")) == ["no_such_brand"] * 3

    def test_may_be_none_that_every_leg_has(self):
        legs = [leg(1, cabins=(ECONOMY,)), leg(2, hours=24, cabins=(BUSINESS,))]
        [reason] = against(legs)
        assert reason.change is None
        [_, nothing] = against([leg(1), leg(2, hours=24, cabins=())], asking([leg(1), leg(2)], cabin="first"))
        assert nothing.detail == "Leg 2 (HF2) has no first: it has nothing to sell."

    def test_is_said_once_for_each_leg_and_nothing_of_its_brand(self):
        legs = [leg(1), leg(2, hours=24)]
        assert rules(legs, asking(legs, cabin="first", brand="light")) == ["no_such_cabin"] * 2


class TestBrand:
    def test_is_one_that_every_leg_has(self):
        legs = [leg(1), leg(2, hours=24, cabins=(BASIC_ONLY,))]
        [reason] = against(legs, asking(legs, brand="flex"))
        assert (reason.rule, reason.field) == ("no_such_brand", "brand")
        assert reason.detail == "Leg 2 (HF2) has no fare flex: it has basic."
        assert reason.change == {"brand": "basic"}

    def test_may_be_none_that_every_leg_has(self):
        legs = [leg(1, cabins=(BASIC_ONLY,)), leg(2, hours=24, cabins=(replace(ECONOMY, brands=(FLEX,)),))]
        [reason] = against(legs)
        assert reason.change is None
        [reason] = against([leg(cabins=(replace(ECONOMY, brands=()),))])
        assert reason.detail == "Leg 1 (HF1) has no fare basic: it has none."


class TestParty:
    @pytest.mark.parametrize(
        ("adults", "children", "infants", "rule"),
        [
            *((1, 0, 0, []), (9, 0, 9, []), (1, 8, 1, []), (2, 0, 2, [])),
            *((0, 1, 0, ["no_adult"]), (0, 0, 1, ["no_adult"]), (1, 0, 2, ["too_many_infants"])),
            *((10, 0, 0, ["too_many_passengers"]), (1, 9, 2, ["too_many_passengers", "too_many_infants"])),
            *((0, 10, 0, ["no_adult", "too_many_passengers"]),),
        ],
    )
    def test_keeps_the_rules_of_adults_children_and_infants(self, adults, children, infants, rule):
        assert rules([leg()], request(adults=adults, children=children, infants=infants)) == rule

    @pytest.mark.parametrize(
        ("party", "change"),
        [
            ((0, 2, 0), (1, 2, 0)),
            ((0, 0, 2), (2, 0, 2)),
            ((1, 0, 3), (1, 0, 1)),
            ((4, 7, 4), (4, 5, 4)),
            ((12, 1, 11), (9, 0, 9)),
        ],
    )
    def test_is_told_the_smallest_change(self, party, change):
        asked = request(adults=party[0], children=party[1], infants=party[2])
        [reason] = against([leg()], asked)
        assert tuple(reason.change["passengers"].values()) == change
        assert rules([leg()], changed(asked, reason.change)) == []

    def test_is_told_what_was_counted(self):
        found = against([leg()], request(adults=0, children=10)) + against([leg()], request(adults=1, infants=2))
        assert [each.values for each in found] == [
            {"adults": 0},
            {"travelers": 10, "travelers_max": 9},
            {"infants": 2, "adults": 1},
        ]

    def test_is_told_in_a_sentence(self):
        details = [
            [each.detail for each in against([leg()], request(adults=adults, children=children, infants=infants))]
            for adults, children, infants in ((0, 1, 0), (3, 7, 0), (1, 0, 2))
        ]
        assert details == [
            ["At least one adult travels."],
            ["At most 9 travelers with a seat are booked together, not 10."],
            ["Each infant needs a lap: 2 infants, 1 adult."],
        ]


class TestASeat:
    @pytest.mark.parametrize(
        ("seats", "rule", "detail"),
        [
            ([(9, "2A", 0)], "seat_without_leg", "Seat 2A is on a flight that is not asked for."),
            ([(1, "9Z", 0)], "seat_unknown", "HF1 has no seat 9Z."),
            ([(1, "5B", 0)], "seat_blocked", "Seat 5B of HF1 is given at the gate."),
            ([(1, "1A", 0)], "seat_in_other_cabin", "Seat 1A of HF1 is in business."),
            ([(1, "2A", 3)], "seat_without_passenger", "Seat 2A is for nobody: 3 travelers in all, counted from 0."),
            ([(1, "2A", -1)], "seat_without_passenger", "Seat 2A is for nobody: 3 travelers in all, counted from 0."),
            ([(1, "2A", 0), (1, "2A", 1)], "seat_chosen_twice", "Seat 2A is chosen twice."),
            (
                [(1, "2A", 0), (1, "2B", 0)],
                "passenger_seated_twice",
                "Whoever seat 2B is for has a seat on this flight.",
            ),
            (
                [(1, "3A", 2)],
                "seat_at_exit",
                "Seat 3A is at an exit: not for children, nor for whoever has an infant on the lap.",
            ),
            (
                [(1, "3A", 0)],
                "seat_at_exit",
                "Seat 3A is at an exit: not for children, nor for whoever has an infant on the lap.",
            ),
        ],
    )
    def test_is_named_with_the_first_rule_against_it_and_may_be_done_without(self, seats, rule, detail):
        asked = request(adults=2, children=1, infants=1, seats=chosen(*seats))
        [reason] = against([leg()], asked)
        last = len(seats) - 1
        assert (reason.rule, reason.field, reason.detail) == (rule, f"seats/{last}", detail)
        assert reason.values == asdict(asked.seats[last])
        assert changed(asked, reason.change).seats == asked.seats[:last]

    def test_at_an_exit_is_for_adults_without_an_infant(self):
        asked = request(adults=3, children=1, infants=1, seats=chosen((1, "3A", 1), (1, "3B", 2)))
        assert against([leg()], asked) == ()

    def test_may_be_the_same_on_two_flights(self):
        legs = [leg(1), leg(2, hours=24)]
        assert rules(legs, asking(legs, seats=chosen((1, "2A", 0), (2, "2A", 0)))) == []

    def test_is_given_at_the_gate_where_there_is_no_map(self):
        [reason] = against([leg(seats=())], request(seats=chosen((1, "2A", 0))))
        assert (reason.rule, reason.detail) == ("seat_unknown", "The seats of HF1 are given at the gate.")

    def test_is_quoted_no_longer_than_a_seat_is(self):
        asked = request(seats=chosen((1, "A" * 10_000, 0), (9, "B" * 10_000, 0)))
        assert all(len(each.detail) < 80 for each in against([leg()], asked))


LEGS = (
    leg(1),
    leg(2, hours=1.75, origin=DCA, destination=JFK),
    leg(3, hours=3, origin=DCA, destination=JFK, currency="EUR"),
    leg(4, hours=4, cabins=(BASIC_ONLY,), seats=()),
    leg(5, hours=30, origin=IAD, destination=ORD, cabins=(BUSINESS,)),
    leg(6, hours=40, canceled=True),
)
some_choices = st.builds(
    SeatChoice,
    flight_id=st.integers(1, 6),
    seat=st.sampled_from(["1A", "2A", "2B", "3A", "4A", "5B", "7A"]),
    passenger=st.integers(-1, 4),
)
some_requests = st.builds(
    FlightRequest,
    flight_ids=st.lists(st.integers(1, 6), min_size=1, max_size=4).map(tuple),
    cabin=st.sampled_from(["economy", "economy", "business", "first"]),
    brand=st.sampled_from(["basic", "flex", "light"]),
    passengers=st.builds(Passengers, adults=st.integers(0, 6), children=st.integers(0, 5), infants=st.integers(0, 4)),
    seats=st.lists(some_choices, max_size=4).map(tuple),
)


def naive_seat(asked, legs, place):
    """The first rule against one seat choice, each as a sentence of its own."""
    choice, party = asked.seats[place], asked.passengers
    here = next((each for each in legs if each.flight_id == choice.flight_id), None)
    seat = here and next((each for each in here.seats if f"{each.row}{each.column}" == choice.seat), None)
    before = [each for each in asked.seats[:place] if each.flight_id == choice.flight_id]
    child, holds_infant = choice.passenger >= party.adults, choice.passenger < party.infants
    broken = {
        "seat_without_leg": here is None,
        "seat_unknown": seat is None,
        "seat_blocked": seat is not None and seat.blocked,
        "seat_in_other_cabin": seat is not None and seat.cabin != asked.cabin,
        "seat_without_passenger": choice.passenger not in range(party.adults + party.children),
        "seat_chosen_twice": choice.seat in {each.seat for each in before},
        "passenger_seated_twice": choice.passenger in {each.passenger for each in before},
        "seat_at_exit": seat is not None and seat.exit and (child or holds_infant),
    }
    return [rule for rule, is_broken in broken.items() if is_broken][:1]


def naive_rules(asked, legs, now):
    """Every rule as a sentence of its own, judged one by one."""
    found = []
    for each in legs:
        left = departs_at(each) - now
        closed = left < each.sales_close_minutes * MINUTE
        states = {"leg_canceled": each.canceled, "departed": left <= 0 * MINUTE, "sales_closed": closed}
        found += [rule for rule, is_so in states.items() if is_so][:1]
    flown = list(dict.fromkeys(asked.flight_ids))
    for before, after in pairwise(LEGS[number - 1] for number in flown):
        gap = departs_at(after) - arrives_at(before)
        if gap < 0 * MINUTE:
            found.append("legs_not_in_order")
        elif before.destination == after.origin and gap < before.destination.min_connection_minutes * MINUTE:
            found.append("connection_too_short")
    found += ["mixed_currencies" for each in legs if each.currency != legs[0].currency]
    found += ["leg_twice"] * (len(legs) - len(flown))
    cabins = [[cabin for cabin in each.cabins if cabin.code == asked.cabin] for each in legs]
    found += ["no_such_cabin" for each in cabins if not each]
    found += [
        "no_such_brand" for each in cabins if each and asked.brand not in {brand.code for brand in each[0].brands}
    ]
    party = asked.passengers
    found += ["no_adult"] * (party.adults == 0)
    found += ["too_many_passengers"] * (party.adults + party.children > 9)
    found += ["too_many_infants"] * (party.adults > 0 and party.infants > party.adults)
    for place in range(len(asked.seats)):
        found += naive_seat(asked, legs, place)
    return found


class TestAnyRequest:
    @settings(max_examples=300, deadline=None)
    @given(asked=some_requests, ahead=st.sampled_from([-60, 0, 44, 45, 3_000]))
    def test_is_told_every_rule_it_breaks_and_no_other(self, asked, ahead):
        legs = [LEGS[number - 1] for number in asked.flight_ids]
        now = departs_at(LEGS[0]) - ahead * MINUTE
        assert rules(legs, asked, now) == naive_rules(asked, legs, now)

    @settings(max_examples=300, deadline=None)
    @given(asked=some_requests)
    def test_is_told_changes_that_satisfy_their_rules(self, asked):
        legs = [LEGS[number - 1] for number in asked.flight_ids]
        before = rules(legs, asked)
        for reason in against(legs, asked):
            if reason.change is None:
                continue
            other = changed(asked, reason.change)
            assert other != asked
            assert all(getattr(other, name) != getattr(asked, name) for name in reason.change)
            after = rules([LEGS[number - 1] for number in other.flight_ids], other)
            if reason.rule.startswith(("seat_", "passenger_")):
                assert len(other.seats) == len(asked.seats) - 1
            else:
                assert reason.rule in before
                assert reason.rule not in after
