"""Every search against one that looks at every flight there is: journeys, prices, order, pages, on each engine.

The model reads no rows and cuts no windows: it hands every flight that is sold, on whatever day, to the vertical's
`itineraries`, prices each journey as a quote would, and asks the vertical whether the journey could be booked.
"""

import random
from collections import Counter
from dataclasses import replace
from datetime import time
from itertools import pairwise, product

import pytest

from holdfast.search.api import FlightSearch, FlightSort, SliceWanted
from holdfast.verticals.flights import prices
from holdfast.verticals.flights.claims import open_bucket
from holdfast.verticals.flights.itineraries import Connecting, Hop, Wanted, itineraries
from holdfast.verticals.flights.parts import cabin_of
from holdfast.verticals.flights.reasons import reasons
from holdfast.verticals.flights.terms import FareBucket, FlightRequest, Passengers
from holdfast.verticals.flights.times import arrives_at, departs_at, epoch_minutes, instant, midnights
from search.leg_builder import AIRPORTS, a_flight_world, day, flight
from support.effort import rounds
from verticals.flight_builder import BASIC, BUSINESS, ECONOMY, FLEX

CITIES = {"New York": {1, 2}, "Washington": {3, 4}}
SAID = ("JFK", "dca", "ORD", "LHR", "LAX", "New York", "Washington")
SEARCHES = 15


@pytest.fixture(scope="module")
async def module_world(url):
    async with a_flight_world(url) as world:
        yield world


def airports(said):
    """The airports somebody means."""
    return CITIES.get(said) or {AIRPORTS[said.upper()].airport_id}


class Chance:
    """Draws schedules and searches."""

    def __init__(self, seed):
        self.random = random.Random(seed)  # noqa: S311 - a test that can be repeated
        self.pick = self.random.choice

    def flight(self, flight_id):
        origin, destination = self.random.sample(sorted(AIRPORTS), 2)
        airline = self.pick(("HF", "XY"))
        return flight(
            flight_id,
            f"{origin}-{destination}",
            ahead=self.random.randint(0, 3),
            at=f"{self.random.randint(0, 23):02}:{self.pick((0, 20, 45)):02}",
            minutes=self.pick((40, 60, 75, 150, 400, 700)),
            owner_id=self.pick((7, 7, 8)),
            airline=airline,
            number=f"{airline}{flight_id}",
            canceled=self.random.random() < 0.05,
            cabins=(self.economy(), BUSINESS) if self.random.random() < 0.3 else (self.economy(),),
            currency=self.pick(("USD",) * 9 + ("EUR",)),
            child_bp=self.pick((7_500, 3_333)),
            sales_close_minutes=self.pick((0, 45, 600)),
        )

    def economy(self):
        fares = sorted(self.random.randint(1, 9) * 1_000 for _ in range(3))
        buckets = tuple(
            FareBucket(code=code, seats=self.random.randint(1, 4), fare_minor=each)
            for code, each in zip("QMY", fares, strict=True)
        )
        # The same brands on every flight: which way beats another may not depend on what is common to both.
        return replace(ECONOMY, seats=self.random.randint(2, 9), buckets=buckets, brands=(BASIC, FLEX))

    def search(self):
        path = [self.pick(SAID)]
        for _ in range(self.pick((1, 1, 1, 2, 2, 3))):
            path.append(self.pick([each for each in SAID if not airports(each) & airports(path[-1])]))
        ahead, slices = self.random.randint(0, 3), []
        for origin, destination in pairwise(path):
            slices.append(SliceWanted(origin=origin, destination=destination, day=day(ahead)))
            ahead += self.pick((0, 1, 1, 2))
        asked = {}
        if self.random.random() < 0.4:
            asked = self.pick(
                (
                    {"brand": "flex"},
                    {"cabin": "business"},
                    {"price_max_minor": 15_000},
                    {"airlines": ("HF",)},
                    {"departs_from": time(6), "departs_until": time(14)},
                    {"max_minutes": 600},
                )
            )
        return FlightSearch(
            slices=tuple(slices),
            passengers=self.pick(
                (Passengers(adults=1), Passengers(adults=2), Passengers(adults=1, children=1, infants=1))
            ),
            max_stops=self.pick((0, 1, 1, 2, 2)),
            overnight=self.random.random() < 0.4,
            sort=self.pick(tuple(FlightSort)),
            limit=self.pick((2, 5, 100)),
            **asked,
        )


class Model:
    """What one finds who knows every flight."""

    def __init__(self, world, search):
        self.world = world
        self.search = search
        self.now = world.clock.now()
        self.legs = {each.terms.flight_id: each.terms for each in world.catalog.kept.values()}
        self.groups = {}
        for offer in world.catalog.kept.values():
            if self.can_be_had(offer.terms):
                self.groups.setdefault((offer.owner_id, offer.terms.currency), []).append(offer.terms)

    def can_be_had(self, leg):
        alone = self.request([leg.flight_id], self.brands(leg)[0]) if self.brands(leg) else None
        chosen = not self.search.airlines or leg.airline in self.search.airlines
        return chosen and alone is not None and not reasons([leg], alone, now=self.now) and self.bucket(leg)

    def brands(self, leg):
        cabin = cabin_of(leg, self.search.cabin)
        codes = [each.code for each in cabin.brands] if cabin else []
        return [each for each in codes if self.search.brand in {None, each}]

    def bucket(self, leg):
        cabin = cabin_of(leg, self.search.cabin)
        return open_bucket(cabin, leg.flight_id, self.search.passengers.seats, self.world.stock.kept)

    def request(self, ids, brand):
        return FlightRequest(
            flight_ids=tuple(ids), cabin=self.search.cabin, brand=brand, passengers=self.search.passengers
        )

    def price(self, legs, brand):
        buckets = {leg.flight_id: self.bucket(leg).code for leg in legs}
        return prices.price(legs, self.request(buckets, brand), buckets).total_minor

    def found(self):
        """The journeys by rank: flights and totals by brand."""
        journeys = []
        for legs in self.groups.values():
            ways = [self.ways(each, legs) for each in self.search.slices]
            journeys += [self.journey(row) for row in product(*ways) if self.in_order(row)]
        most = self.search.price_max_minor
        kept = [each for each in journeys if most is None or min(each[2].values()) <= most]
        return sorted(kept)

    def ways(self, wanted, legs):
        """The ways through a slice as rows of legs."""
        origins, destinations = airports(wanted.origin), airports(wanted.destination)
        hops = {}
        for leg in sorted(legs, key=departs_at):
            hops.setdefault(leg.origin.airport_id, []).append(self.hop(leg))
        zone = next(each.zone for each in AIRPORTS.values() if each.airport_id in origins)
        first, end = self.window(wanted.day, zone)
        places = {each.airport_id: each for each in AIRPORTS.values()}
        connecting = Connecting(
            minimum={each: place.min_connection_minutes for each, place in places.items()},
            maximum=24 * 60,
            midnights=None
            if self.search.overnight
            else {each: midnights(place.zone, day(-2), 14) for each, place in places.items()},
        )
        asked = Wanted(
            origin=frozenset(origins),
            destination=frozenset(destinations),
            first=first,
            end=end,
            max_stops=self.search.max_stops,
        )
        found = itineraries(hops, asked, connecting, limit=10_000)
        longest = self.search.max_minutes or 48 * 60
        return [
            [self.legs[hop.flight_id] for hop in way] for way in found if way[-1].arrives - way[0].departs <= longest
        ]

    def window(self, on, zone):
        from_, until = self.search.departs_from or time(), self.search.departs_until
        first = epoch_minutes(instant(_wall(on, from_), zone))
        if until is None:
            return first, first + 24 * 60
        return first, epoch_minutes(instant(_wall(on, until), zone)) + 1

    def hop(self, leg):
        return Hop(
            flight_id=leg.flight_id,
            origin=leg.origin.airport_id,
            destination=leg.destination.airport_id,
            departs=epoch_minutes(departs_at(leg)),
            arrives=epoch_minutes(arrives_at(leg)),
            airline=leg.airline,
            cost_minor=min(self.price([leg], brand) for brand in self.brands(leg)),
            seats=self.search.passengers.seats,
        )

    def in_order(self, row):
        for before, after in pairwise(row):
            gap = (departs_at(after[0]) - arrives_at(before[-1])).total_seconds() / 60
            at = before[-1].destination
            if gap < (at.min_connection_minutes if after[0].origin.airport_id == at.airport_id else 0):
                return False
        return True

    def journey(self, row):
        legs = [leg for way in row for leg in way]
        totals = {brand: self.price(legs, brand) for brand in self.brands(legs[0])}
        minutes = sum(int((arrives_at(way[-1]) - departs_at(way[0])).total_seconds()) // 60 for way in row)
        departs = epoch_minutes(departs_at(legs[0]))
        ids = tuple(leg.flight_id for leg in legs)
        cheapest = min(totals.values())
        rank = {
            FlightSort.PRICE: (cheapest, minutes, departs, ids),
            FlightSort.DURATION: (minutes, cheapest, departs, ids),
            FlightSort.DEPARTURE: (departs, cheapest, minutes, ids),
        }[self.search.sort]
        return rank, ids, totals

    def facets(self, found):
        airlines, stops = Counter(), Counter()
        for _, ids, _ in found:
            airlines.update({self.legs[each].airline for each in ids})
        return dict(airlines), dict(stops)


def _wall(on, at):
    return flight(1).terms.departs.combine(on, at)


async def pages(world, search):
    after = None
    for _ in range(400):
        page = await world.search.flights(search=search, after=after, facets=True)
        yield page
        after = page.next_position
        if after is None:
            return
    pytest.fail("pages without end")


async def check(world, search):
    model = Model(world, search)
    found = model.found()
    hits = []
    async for page in pages(world, search):
        assert page.total == len(found)
        assert page.facets["airline"] == model.facets(found)[0]
        hits += page.hits
    shown = [(hit.flight_ids, {fare.brand: fare.total_minor for fare in hit.fares}) for hit in hits]
    assert shown == [(ids, totals) for _, ids, totals in found]
    for hit in hits:
        legs = [model.legs[each] for each in hit.flight_ids]
        for fare in hit.fares:
            assert not reasons(legs, model.request(hit.flight_ids, fare.brand), now=model.now)
        told = [leg for part in hit.slices for leg in part.legs]
        assert [(leg.departs, leg.arrives) for leg in told] == [(leg.departs, leg.arrives) for leg in legs]
    return len(found)


class TestASearchOfAnyKind:
    @pytest.mark.parametrize("seed", range(rounds(4, thorough=100)))
    async def test_finds_what_a_look_at_every_flight_finds(self, module_world, seed):
        world, chance = module_world, Chance(seed)
        await world.empty()
        schedule = [chance.flight(each) for each in range(1, chance.random.randint(150, 300))]
        await world.add(*schedule)
        moved = []
        for _ in range(60):
            offer = chance.pick(schedule)
            moved.append(world.take(offer.terms.flight_id, chance.pick("QMY")))
        await world.hear_stock(*moved)
        total = sum([await check(world, chance.search()) for _ in range(SEARCHES)])
        assert total
