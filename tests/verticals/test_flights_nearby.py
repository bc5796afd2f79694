"""What is proposed instead of flights, by example and for random journeys against trying every row of legs."""

from datetime import timedelta
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.verticals.flights.nearby import NEAR_LEGS, TRIES_MAX, distance, nearby
from holdfast.verticals.flights.reasons import reasons
from verticals.flight_builder import BUSINESS, DCA, IAD, JFK, LGA, LHR, NOW, ORD, asking, chosen, leg, place, wall

BACK = {"origin": DCA, "destination": JFK}
TO_CHICAGO = {"origin": JFK, "destination": ORD, "minutes": 90}
ON_TO_WASHINGTON = {"origin": ORD, "destination": DCA, "minutes": 180}


def ids(legs, others, asked=None, **facts):
    found = nearby(asked or asking(legs), legs, others, **{"now": NOW} | facts)
    return [each.flight_ids for each in found]


class TestNearbyAFlight:
    def test_are_others_between_its_cities_by_how_far_off_they_depart(self):
        others = [leg(2, hours=3), leg(3, hours=-1), leg(4, hours=2), leg(5, hours=24)]
        assert ids([leg(1)], others) == [(3,), (4,), (2,), (5,)]

    def test_may_use_other_airports_of_the_cities(self):
        others = [leg(2, hours=1, origin=LGA), leg(3, hours=2, destination=IAD), leg(4, hours=3, origin=ORD)]
        assert ids([leg(1)], [*others, leg(5, hours=4, **BACK)]) == [(2,), (3,)]

    def test_are_in_the_same_country(self):
        elsewhere = place(9, "WAS", "Washington", "Europe/London", country="GB")
        assert ids([leg(1)], [leg(2, hours=1, destination=elsewhere)]) == []
        assert ids([leg(1, **BACK)], [leg(2, hours=1, **BACK | {"origin": elsewhere})]) == []

    def test_are_compared_by_the_moment_of_departure(self):
        # At 2:00 that night the clocks go back to 1:00.
        night = wall("2026-11-01 00:30")
        early, late = leg(1, departs=night), leg(2, departs=night + timedelta(hours=3))
        assert distance([early], [late]) == 240
        assert distance([early, late], [early, late]) == 0
        assert distance([early, late], [late, early]) == 480

    def test_keep_every_rule(self):
        others = [
            *(leg(2, hours=1, canceled=True), leg(3, hours=2, cabins=(BUSINESS,)), leg(4, hours=-72)),
            *(leg(5, hours=3, currency="EUR"), leg(6, hours=4)),
        ]
        assert ids([leg(1)], others) == [(5,), (6,)]

    def test_come_also_where_the_flight_itself_cannot_be_had(self):
        assert ids([leg(1, canceled=True)], [leg(2, hours=1)]) == [(2,)]

    def test_are_not_those_known_to_be_sold_out(self):
        assert ids([leg(1)], [leg(2, hours=1), leg(3, hours=2)], full={1, 2}) == [(3,)]

    def test_are_none_where_the_party_or_the_fare_would_have_to_change(self):
        others = [leg(2, hours=1)]
        for wrong in ({"adults": 0}, {"infants": 2}, {"cabin": "first"}, {"brand": "light"}):
            assert ids([leg(1)], others, asking([leg(1)], **wrong)) == []

    def test_are_none_of_no_flights(self):
        assert ids([], [leg(2)], asking([leg(1)])) == []
        assert ids([leg(1)], []) == []
        assert ids([leg(1)], [leg(1)]) == []

    def test_leave_the_seats_of_the_flight_and_keep_the_rest_of_the_request(self):
        asked = asking([leg(1)], adults=2, brand="flex", seats=chosen((1, "2A", 0)), again=True)
        [other] = nearby(asked, [leg(1)], [leg(2, hours=1)], now=NOW)
        assert other == asking([leg(2)], adults=2, brand="flex", again=True)

    def test_are_not_more_than_somebody_would_look_at(self):
        others = [leg(n, hours=n / 10) for n in range(2, NEAR_LEGS + 20)]
        assert len(ids([leg(1)], others)) == NEAR_LEGS - 1


class TestNearbyAJourney:
    OUT_AND_BACK = (leg(1), leg(2, hours=48, **BACK))

    def test_are_those_with_one_leg_or_both_moved_by_the_sum_of_it(self):
        others = [leg(3, hours=1), leg(4, hours=5), leg(5, hours=50, **BACK)]
        expected = [(3, 2), (1, 5), (3, 5), (4, 2), (4, 5)]
        assert ids(self.OUT_AND_BACK, others) == expected
        assert ids(self.OUT_AND_BACK, [*self.OUT_AND_BACK, *others]) == expected

    def test_keep_the_legs_in_order(self):
        others = [leg(3, hours=49), leg(4, hours=20), leg(5, hours=0.5, **BACK), leg(6, hours=51, **BACK)]
        assert ids(self.OUT_AND_BACK, others) == [(1, 6), (4, 2), (4, 6), (3, 6)]

    def test_change_planes_at_the_same_airport_with_enough_time(self):
        legs = [leg(1, **TO_CHICAGO), leg(2, hours=3.5, **ON_TO_WASHINGTON)]
        midway = place(10, "MDW", "Chicago", "America/Chicago")
        others = [
            leg(3, hours=1.5, **TO_CHICAGO),
            leg(4, hours=0.5, **TO_CHICAGO),
            leg(5, hours=0.25, **TO_CHICAGO | {"destination": midway}),
            leg(6, hours=3.75, **ON_TO_WASHINGTON | {"origin": midway}),
            leg(7, hours=4.5, **ON_TO_WASHINGTON | {"destination": IAD}),
        ]
        assert ids(legs, others) == [(4, 2), (1, 7), (4, 7), (3, 7)]

    def test_may_go_on_from_another_airport_after_days(self):
        legs = [leg(1), leg(2, hours=48, **BACK)]
        assert ids(legs, [leg(3, hours=1, destination=IAD)]) == [(3, 2)]
        soon = [leg(1), leg(2, hours=8, **BACK)]
        assert ids(soon, [leg(3, hours=1, destination=IAD)]) == []
        assert ids([leg(1, destination=IAD), soon[1]], [leg(3, hours=1)]) == [(3, 2)]

    def test_keep_the_seats_of_the_legs_that_stay(self):
        asked = asking(self.OUT_AND_BACK, seats=chosen((1, "2A", 0), (2, "2B", 0)))
        [other] = nearby(asked, self.OUT_AND_BACK, [leg(3, hours=1)], now=NOW)
        assert (other.flight_ids, other.seats) == ((3, 2), chosen((2, "2B", 0)))

    def test_move_the_leg_that_is_sold_out(self):
        others = [leg(3, hours=1), leg(4, hours=50, **BACK)]
        assert ids(self.OUT_AND_BACK, others, full={2}) == [(1, 4), (3, 4)]
        assert ids(self.OUT_AND_BACK, others[:1], full={2}) == []

    def test_are_put_together_until_nothing_is_near_any_more(self):
        legs = [leg(n, hours=24 * n, **(BACK if n % 2 == 0 else {})) for n in range(1, 5)]
        others = [
            leg(100 * n + k, hours=24 * n + k / 10, **(BACK if n % 2 == 0 else {}))
            for n in range(1, 5)
            for k in range(1, 12)
        ]
        found = ids(legs, others)
        assert len(found) == TRIES_MAX - 1
        assert ids(legs, others, tries=10) == found[:9]
        by_id = {each.flight_id: each for each in [*legs, *others]}
        moved = [distance(legs, [by_id[each] for each in row]) for row in found]
        assert moved == sorted(moved)
        assert len(set(found)) == len(found)


some_others = st.lists(
    st.tuples(
        st.sampled_from([(JFK, ORD), (LGA, ORD), (ORD, DCA), (ORD, IAD), (ORD, LHR)]),
        st.integers(-4, 16),
        st.sampled_from([False, False, False, True]),
    ),
    max_size=8,
).map(
    lambda rows: [
        leg(10 + n, hours=hours / 2, minutes=60, origin=ends[0], destination=ends[1], canceled=canceled)
        for n, (ends, hours, canceled) in enumerate(rows)
    ]
)


def fits(before, after):
    """Whether planes are changed where one has arrived, and the second leg goes where the first one did."""
    return before.destination == after.origin == ORD


class TestAnyJourney:
    @settings(max_examples=200, deadline=None)
    @given(others=some_others, gap=st.integers(3, 10))
    def test_has_every_journey_that_keeps_the_rules_nearby_the_nearest_first(self, others, gap):
        legs = [leg(1, origin=JFK, destination=ORD, minutes=60), leg(2, hours=gap / 2, origin=ORD, destination=DCA)]
        firsts = [legs[0], *[each for each in others if each.origin.city == "New York"]]
        seconds = [legs[1], *[each for each in others if each.destination.city == "Washington"]]
        expected = {
            (first.flight_id, second.flight_id): distance(legs, (first, second))
            for first, second in product(firsts, seconds)
            if (first, second) != tuple(legs)
            and fits(first, second)
            and not reasons((first, second), asking((first, second)), now=NOW)
        }
        found = ids(legs, others)
        assert len(found) == len(set(found))
        assert set(found) == expected.keys()
        moved = [expected[each] for each in found]
        assert moved == sorted(moved)
