"""What is sold when the demo begins: never more than there is, and never so much that nothing is left."""

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta

import pytest

from holdfast.app.demo.flights import network
from holdfast.app.demo.restaurants import restaurants
from holdfast.app.demo.sold import EVENINGS, FLYING_DAYS, departing, departures, evenings
from holdfast.engine.claims import Cell, cells_of
from holdfast.verticals.dining.slots import arrivals
from holdfast.verticals.dining.stock import DayStock

TODAY = date(2026, 3, 1)
OWNER_IDS = (11, 12)


@pytest.fixture(scope="module")
def rooms():
    return list(restaurants(owner_ids=OWNER_IDS, today=TODAY))


@pytest.fixture(scope="module")
def seated(rooms):
    return evenings(rooms, TODAY)


@pytest.fixture(scope="module")
def flown(known):
    return departing(network(known=known, owner_ids=OWNER_IDS, today=TODAY), TODAY)


def taken_of(sold):
    taken = Counter()
    for spans in sold.claims:
        taken.update(cells_of(spans))
    return taken


class TestEvenings:
    def test_never_take_more_than_there_is(self, seated):
        over = [key for key, units in taken_of(seated).items() if units > seated.capacities[key[0]]]
        assert over == []

    def test_are_those_of_the_days_to_come(self, rooms, seated):
        days = Counter()
        for number, _, draft in rooms:
            for ahead in range(EVENINGS):
                day = TODAY + timedelta(days=ahead)
                slots = [arrival.slot for arrival in arrivals(draft.terms, day) if arrival.at.hour >= 18]
                days[ahead] += any((f"table:{number}:t:D1", slot) in taken_of_one(seated, number) for slot in slots)
        assert min(days.values()) > 30

    def test_leave_tables_for_two_on_most_of_them_and_not_at_every_time(self, rooms, seated):
        taken = taken_of(seated)
        cells = {key: Cell(units, seated.capacities[key[0]]) for key, units in taken.items()}
        free = shut = 0
        tomorrow = TODAY + timedelta(days=1)
        for number, _, draft in rooms:
            terms = replace(draft.terms, restaurant_id=number)
            mine = {key: cell for key, cell in cells.items() if key[0].startswith(f"table:{number}:")}
            stock = DayStock(terms, tomorrow, mine, online=True)
            for arrival in stock.arrivals:
                is_free = stock.is_free(arrival, 4, terms.turn_times[0].minutes, None)
                free, shut = free + is_free, shut + (not is_free)
        assert free > shut > 0

    def test_are_the_same_every_time(self, rooms, seated):
        assert evenings(rooms, TODAY) == seated


def taken_of_one(sold, number):
    """The cells that are taken of one restaurant."""
    begins = f"table:{number}:"
    return {cell for spans in sold.claims if spans[0].resource_id.startswith(begins) for cell in cells_of(spans)}


class TestDepartures:
    def test_are_from_and_to_new_york_and_washington_soon(self, flown):
        assert {draft.day for _, draft in flown} == {TODAY + timedelta(days=n) for n in range(FLYING_DAYS)}
        assert 500 < len(flown) < 3_000

    def test_never_take_more_than_there_is(self, flown):
        sold = departures(flown, TODAY)
        taken = taken_of(sold)
        assert all(units <= sold.capacities[resource_id] for (resource_id, _), units in taken.items())

    def test_count_the_same_seats_by_cabin_and_by_bucket(self, flown):
        sold = departures(flown, TODAY)
        for spans in sold.claims:
            by_depth = Counter()
            for span in spans:
                by_depth[span.resource_id.count(":")] += span.quantity
            assert by_depth[2] == by_depth[3]

    def test_sell_some_flights_out_and_leave_room_on_most(self, flown):
        sold = departures(flown, TODAY)
        full = sum(
            all(
                span.quantity == sold.capacities[span.resource_id] for span in spans if span.resource_id.count(":") == 2
            )
            for spans in sold.claims
        )
        assert 0 < full < len(sold.claims) / 3
