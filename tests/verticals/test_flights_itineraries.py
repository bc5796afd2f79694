"""Itineraries, by example and against a search that tries every row of flights there is.

Goal: exactly the ways that nothing beats are found, and each keeps every rule. Method: random networks of a few
airports, small enough to try everything, with times and costs from so few values that ties are common.
"""

from dataclasses import replace
from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.verticals.flights.itineraries import STOPS_MAX, WINDOW_MAX, Connecting, Hop, Wanted, itineraries
from holdfast.verticals.flights.times import midnights

A, B, C, D, E = range(1, 6)
DAY = 1440
CONNECTING = Connecting(minimum=dict.fromkeys((A, B, C, D, E), 45), maximum=240)


def hop(flight_id, origin, destination, departs, arrives, *, cost=100, seats=9):
    return Hop(
        flight_id=flight_id,
        origin=origin,
        destination=destination,
        departs=departs,
        arrives=arrives,
        airline="HF",
        cost_minor=cost,
        seats=seats,
    )


def by_airport(hops):
    found = {}
    for each in sorted(hops, key=lambda each: each.departs):
        found.setdefault(each.origin, []).append(each)
    return found


def wanted(origin=(A,), destination=(B,), **changes):
    facts = {"origin": frozenset(origin), "destination": frozenset(destination), "first": 0, "end": DAY}
    return Wanted(**(facts | changes))


def found(hops, the_wanted=None, connecting=CONNECTING, limit=100):
    ways = itineraries(by_airport(hops), the_wanted or wanted(), connecting, limit=limit)
    return [tuple(each.flight_id for each in way) for way in ways]


class TestItineraries:
    def test_are_the_flights_that_go_there(self):
        assert found([hop(1, A, B, 100, 200), hop(2, A, C, 100, 200), hop(3, B, A, 100, 200)]) == [(1,)]

    def test_are_none_where_nothing_goes(self):
        assert found([]) == []
        assert found([hop(1, A, C, 100, 200)], wanted(max_stops=2)) == []

    def test_depart_within_the_window_half_open(self):
        hops = [hop(n, A, B, departs, departs + 60) for n, departs in enumerate((99, 100, 199, 200))]
        assert found(hops, wanted(first=100, end=200)) == [(1,), (2,)]

    def test_arrive_whenever_they_do(self):
        assert found([hop(1, A, B, 199, 5_000)], wanted(first=100, end=200)) == [(1,)]

    def test_come_the_cheapest_first_then_the_quickest_then_the_earliest(self):
        hops = [hop(1, A, B, 300, 390), hop(2, A, B, 0, 90), hop(3, A, B, 500, 580), hop(4, A, B, 0, 900, cost=99)]
        assert found(hops) == [(4,), (3,), (2,), (1,)]
        assert found(hops, limit=2) == [(4,), (3,)]
        assert found(hops, limit=0) == []

    def test_change_planes_at_the_airport_they_came_to(self):
        hops = [hop(1, A, C, 0, 100), hop(2, C, B, 200, 300), hop(3, D, B, 200, 300)]
        assert found(hops) == [(1, 2)]

    @pytest.mark.parametrize(("departs", "caught"), [(144, False), (145, True), (340, True), (341, False)])
    def test_change_planes_with_enough_and_not_too_much_time(self, departs, caught):
        hops = [hop(1, A, C, 0, 100), hop(2, C, B, departs, departs + 60)]
        assert found(hops) == ([(1, 2)] if caught else [])

    def test_ask_the_airport_how_much_time_is_enough(self):
        hops = [hop(1, A, C, 0, 100), hop(2, C, B, 150, 250), hop(3, A, D, 0, 100), hop(4, D, B, 150, 250)]
        assert found(hops, connecting=replace(CONNECTING, minimum={C: 50, D: 51})) == [(1, 2)]

    def test_make_no_more_stops_than_wanted(self):
        hops = [hop(1, A, C, 0, 100), hop(2, C, D, 200, 300), hop(3, D, B, 400, 500), hop(4, C, B, 210, 600)]
        assert [found(hops, wanted(max_stops=stops)) for stops in (0, 1, 2)] == [[], [(1, 4)], [(1, 4), (1, 2, 3)]]

    def test_pass_no_airport_twice_and_no_end_in_between(self):
        around = [hop(1, A, C, 0, 100), hop(2, C, A, 150, 200), hop(3, A, B, 250, 300, cost=1)]
        assert found(around, wanted(max_stops=2, end=200)) == []
        through = [hop(1, A, C, 0, 100), hop(2, C, B, 150, 200), hop(3, B, D, 250, 300)]
        assert found(through, wanted(max_stops=2, destination=(B, D))) == [(1, 2)]
        tour = [hop(1, A, C, 0, 100), hop(2, C, C, 150, 300), hop(3, C, B, 400, 500)]
        assert found(tour, wanted(max_stops=2)) == []

    def test_leave_from_any_origin_for_any_destination(self):
        hops = [hop(1, A, C, 0, 100), hop(2, B, D, 0, 90), hop(3, A, D, 0, 80), hop(4, A, B, 0, 70)]
        assert found(hops, wanted(origin=(A, B), destination=(C, D))) == [(3,), (2,), (1,)]

    def test_never_end_where_they_began_though_it_is_both(self):
        hops = [hop(1, A, C, 0, 100), hop(2, C, A, 200, 300), hop(3, C, B, 200, 300), hop(4, A, A, 0, 50)]
        assert found(hops, wanted(origin=(A, B), destination=(A, B))) == [(1, 3)]
        around = [hop(1, A, C, 0, 100), hop(2, C, D, 150, 200), hop(3, D, A, 250, 300), hop(4, D, B, 250, 350)]
        assert found(around, wanted(origin=(A, B), destination=(A, B), max_stops=2)) == [(1, 2, 4)]

    def test_have_seats_for_everybody_on_every_flight(self):
        hops = [
            *(hop(1, A, B, 0, 100, seats=1), hop(2, A, B, 10, 110, seats=2)),
            *(hop(3, A, C, 400, 450, seats=2), hop(4, C, B, 500, 600, seats=1), hop(5, C, B, 510, 610, seats=2)),
        ]
        assert found(hops) == [(1,), (2,), (3, 4)]
        assert found(hops, wanted(seats=2)) == [(2,), (3, 5)]
        assert found(hops, wanted(seats=3)) == []

    def test_wait_no_night_out_unless_they_may(self):
        # The clocks of C show midnight 300 minutes after those of Greenwich.
        nights = {C: [300, 300 + DAY]}
        hops = [hop(1, A, C, 0, 200), hop(2, C, B, 300, 400), hop(3, A, C, 10, 210, cost=300), hop(4, C, B, 299, 390)]
        at_home = replace(CONNECTING, midnights=nights)
        assert found(hops, connecting=at_home) == [(1, 4), (3, 4)]
        assert found(hops[:2], connecting=at_home) == []
        assert found(hops[:2]) == [(1, 2)]
        late = [hop(1, A, C, 0, 300), hop(2, C, B, 345, 400)]
        assert found(late, connecting=at_home) == [(1, 2)]
        assert found(late, connecting=replace(CONNECTING, midnights={C: [300]})) == [(1, 2)]

    def test_know_midnight_by_the_clocks_of_the_airport(self):
        first = midnights("America/Chicago", date(2026, 8, 3), 2)
        hops = [hop(1, A, C, first[1] - 200, first[1] - 100), hop(2, C, B, first[1] - 1, first[1] + 60)]
        window = {"first": first[0], "end": first[1]}
        at_home = replace(CONNECTING, midnights={C: first})
        assert found(hops, wanted(**window), at_home) == [(1, 2)]
        missed = [hops[0], replace(hops[1], departs=first[1])]
        assert found(missed, wanted(**window), at_home) == []


class TestAWayWithAStop:
    ONE_STOP = (hop(1, A, C, 100, 200), hop(2, C, B, 300, 400))

    @pytest.mark.parametrize(
        ("departs", "arrives", "cost"), [(100, 400, 200), (100, 399, 200), (101, 400, 200), (100, 400, 199)]
    )
    def test_is_left_out_for_a_flight_that_is_no_worse(self, departs, arrives, cost):
        assert found([*self.ONE_STOP, hop(3, A, B, departs, arrives, cost=cost)]) == [(3,)]

    @pytest.mark.parametrize(("departs", "arrives", "cost"), [(99, 400, 1), (100, 401, 1), (101, 399, 201)])
    def test_is_shown_where_it_departs_later_arrives_earlier_or_costs_less(self, departs, arrives, cost):
        hops = [*self.ONE_STOP, hop(3, A, B, departs, arrives, cost=cost)]
        assert set(found(hops)) == {(1, 2), (3,)}

    def test_is_not_left_out_for_one_with_more_stops(self):
        more = [hop(3, A, D, 100, 120, cost=1), hop(4, D, E, 170, 200, cost=1), hop(5, E, B, 300, 399, cost=1)]
        assert set(found([*self.ONE_STOP, *more], wanted(max_stops=2))) == {(1, 2), (3, 4, 5)}

    def test_is_shown_with_its_equals(self):
        twin = [hop(3, A, D, 100, 180), hop(4, D, B, 290, 400)]
        assert found([*self.ONE_STOP, *twin]) == [(1, 2), (3, 4)]
        at_once = [hop(1, A, C, 0, 10), hop(2, A, E, 0, 10), hop(3, C, D, 10, 20), hop(4, E, D, 10, 20)]
        connecting = replace(CONNECTING, minimum=dict.fromkeys((C, D, E), 0))
        assert found([*at_once, hop(5, D, B, 20, 30)], wanted(max_stops=2), connecting) == [(1, 3, 5), (2, 4, 5)]

    def test_is_left_out_for_a_later_connection_to_the_same_flight(self):
        assert found([*self.ONE_STOP, hop(3, A, C, 90, 190), hop(4, A, C, 110, 210)]) == [(4, 2)]


class TestAFlightWithoutAStop:
    def test_is_always_shown(self):
        hops = [hop(1, A, B, 100, 200), hop(2, A, B, 100, 300, cost=500), hop(3, A, B, 100, 200)]
        assert found(hops) == [(1,), (3,), (2,)]


class TestWanted:
    @pytest.mark.parametrize("stops", [-1, STOPS_MAX + 1])
    def test_has_few_stops(self, stops):
        with pytest.raises(ValueError, match="0 to 2 stops"):
            wanted(max_stops=stops)

    def test_has_a_window_of_days(self):
        assert wanted(end=WINDOW_MAX).end == WINDOW_MAX
        with pytest.raises(ValueError, match="in at most 10080 minutes"):
            wanted(end=WINDOW_MAX + 1)


def keeps_the_rules(way, the_wanted, connecting):
    places = [way[0].origin, *[each.destination for each in way]]
    ends = the_wanted.origin | the_wanted.destination
    if not (places[0] in the_wanted.origin and places[-1] in the_wanted.destination):
        return False
    if len(set(places)) < len(places) or ends & set(places[1:-1]) or len(way) > the_wanted.max_stops + 1:
        return False
    if not the_wanted.first <= way[0].departs < the_wanted.end or min(each.seats for each in way) < the_wanted.seats:
        return False
    return all(catches(one, other, connecting) for one, other in pairwise(way))


def catches(one, other, connecting):
    airport, waits = one.destination, range(one.arrives + 1, other.departs + 1)
    nights = [] if connecting.midnights is None else connecting.midnights[airport]
    return (
        other.origin == airport
        and connecting.minimum[airport] <= other.departs - one.arrives <= connecting.maximum
        and not any(night in waits for night in nights)
    )


def figures(way):
    return way[0].departs, way[-1].arrives, sum(each.cost_minor for each in way), len(way)


def is_better(one, other):
    departs, arrives, cost, flights = one
    return one != other and departs >= other[0] and arrives <= other[1] and cost <= other[2] and flights <= other[3]


def every_row(hops, row=()):
    """Every row of up to three flights in which each leaves where the one before it came to."""
    for each in hops:
        if not row or row[-1].destination == each.origin:
            yield (*row, each)
            if len(row) < STOPS_MAX:
                yield from every_row(hops, (*row, each))


def every_way(hops, the_wanted, connecting):
    ways = [row for row in every_row(hops) if keeps_the_rules(row, the_wanted, connecting)]
    return {way for way in ways if len(way) == 1 or not any(is_better(figures(other), figures(way)) for other in ways)}


def flights(pairs, *, fewest, most):
    """Flights on some pairs of airports, with times and costs so alike that many ways are as good as others."""
    row = st.tuples(pairs, st.integers(0, 14), st.integers(1, 4), st.integers(0, 3), st.sampled_from([1, 2, 2, 3]))
    return st.lists(row, min_size=fewest, max_size=most).map(
        lambda rows: [
            hop(n, origin, there, departs, departs + took, cost=cost, seats=seats)
            for n, ((origin, there), departs, took, cost, seats) in enumerate(rows)
        ]
    )


AIRPORTS = (A, B, C, D, E)
some_airports = st.frozensets(st.sampled_from(AIRPORTS), min_size=1, max_size=2)
any_pair = st.tuples(st.sampled_from(AIRPORTS), st.sampled_from(AIRPORTS))
# From A by two of C, D and E to B: nearly every flight is of use.
by_stops = st.sampled_from([(A, C), (A, D), (C, D), (D, E), (C, E), (C, B), (D, B), (E, B), (E, B), (A, B)])
some_wanted = st.builds(
    Wanted,
    origin=some_airports,
    destination=some_airports,
    first=st.integers(0, 8),
    end=st.integers(6, 20),
    max_stops=st.integers(0, 2),
    seats=st.integers(1, 2),
)
some_connecting = st.builds(
    Connecting,
    minimum=st.fixed_dictionaries(dict.fromkeys(AIRPORTS, st.integers(0, 2))),
    maximum=st.integers(0, 12),
    midnights=st.none() | st.fixed_dictionaries(dict.fromkeys(AIRPORTS, st.just([7, 14, 21]))),
)


def check(hops, the_wanted, connecting):
    ways = itineraries(by_airport(hops), the_wanted, connecting, limit=10_000)
    assert len(set(ways)) == len(ways)
    assert set(ways) == every_way(hops, the_wanted, connecting)
    assert ways == sorted(ways, key=lambda way: (figures(way)[2], figures(way)[1] - figures(way)[0]))
    assert itineraries(by_airport(hops), the_wanted, connecting, limit=3) == ways[:3]


class TestAnyNetwork:
    @settings(max_examples=200, deadline=None)
    @given(hops=flights(any_pair, fewest=0, most=40), the_wanted=some_wanted, connecting=some_connecting)
    def test_gives_exactly_the_ways_that_nothing_beats(self, hops, the_wanted, connecting):
        check(hops, the_wanted, connecting)

    @settings(max_examples=200, deadline=None)
    @given(hops=flights(by_stops, fewest=15, most=40), connecting=some_connecting)
    def test_of_many_connections_gives_exactly_the_ways_that_nothing_beats(self, hops, connecting):
        check(hops, wanted(max_stops=2, end=15), connecting)

    @settings(max_examples=50, deadline=None)
    @given(hops=flights(by_stops, fewest=15, most=40), maximum=st.integers(1, 6))
    def test_without_flights_straight_there_gives_ways_with_two_stops(self, hops, maximum):
        hops = [each for each in hops if (each.origin, each.destination) not in {(A, B), (C, B), (D, B)}]
        check(hops, wanted(max_stops=2, end=15), Connecting(minimum=dict.fromkeys(AIRPORTS, 1), maximum=maximum))
