"""The read model of flights follows the catalog and booking, in whatever order it hears of them."""

import asyncio
import random
from dataclasses import replace
from datetime import timedelta

import pytest

from holdfast.booking.events import FlightStockMoved
from holdfast.catalog.events import (
    AirplaneChanged,
    AirportChanged,
    FlightCanceled,
    FlightCreated,
    FlightDeleted,
    FlightsImported,
)
from holdfast.engine.claims import Cell
from holdfast.kit.errors import Invalid
from holdfast.verticals.flights.claims import open_bucket, resources
from holdfast.verticals.flights.terms import Passengers
from search.leg_builder import AIRPORTS, a_flight_world, flight, trip
from support.effort import rounds
from verticals.flight_builder import BUSINESS, ECONOMY

FOUR = Passengers(adults=4)


@pytest.fixture(scope="module")
async def module_world(url):
    async with a_flight_world(url) as world:
        yield world


@pytest.fixture
async def world(module_world):
    await module_world.empty()
    return module_world


async def price(world, search=None):
    """The lowest price of the first journey, None if there is none."""
    hits = (await world.search.flights(search=search or trip("JFK-DCA"))).hits
    return hits[0].fares[0].total_minor if hits else None


class TestANewFlight:
    async def test_comes_with_what_is_sold_already(self, world):
        world.catalog.put(flight(1))
        world.take(1, "Q", 4)
        await world.add(flight(1))
        assert await price(world) == 12_560

    async def test_comes_in_bulk(self, world):
        world.catalog.put(*[flight(each) for each in range(1, 2_011)])
        world.take(5, "Q", 4)
        await world.hear(FlightsImported(first_id=3, last_id=2_005), FlightsImported(first_id=9_000, last_id=9_999))
        assert await world.search.legs.rebuild() == 2_010
        page = await world.search.flights(search=trip("JFK-DCA", limit=1))
        assert page.total == 500

    async def test_may_be_told_of_again(self, world):
        await world.add(flight(1))
        await world.hear_stock(world.take(1, "Q", 4))
        await world.hear(*[FlightCreated(flight_id=1)] * 2, FlightsImported(first_id=1, last_id=1))
        assert await price(world) == 12_560

    async def test_is_added_once_when_two_hear_of_it_at_the_same_time(self, world):
        world.catalog.put(flight(1, at="09:00"))

        async def meanwhile():
            await world.change(flight(1, at="10:00"))

        world.catalog.meanwhile.append(meanwhile)
        await world.hear(FlightCreated(flight_id=1))
        [hit] = (await world.search.flights(search=trip("JFK-DCA"))).hits
        assert f"{hit.slices[0].legs[0].departs:%H:%M}" == "10:00"

    async def test_is_not_imported_with_older_news(self, world):
        world.catalog.put(flight(1, at="09:00"), flight(2, at="09:00"))

        async def meanwhile():
            await world.change(flight(1, at="10:00"))

        world.catalog.meanwhile.append(meanwhile)
        await world.hear(FlightsImported(first_id=1, last_id=2))
        hits = (await world.search.flights(search=trip("JFK-DCA"))).hits
        assert sorted(f"{hit.slices[0].legs[0].departs:%H:%M}" for hit in hits) == ["09:00", "10:00"]


class TestAChangedFlight:
    async def test_shows_what_is_said_now(self, world):
        await world.add(flight(1))
        await world.change(flight(1, "JFK-IAD", at="15:00", equipment="738", cabins=(BUSINESS,)))
        assert await world.found(trip("JFK-DCA")) == []
        [hit] = (await world.search.flights(search=trip("JFK-IAD", cabin="business"))).hits
        [leg] = hit.slices[0].legs
        assert (f"{leg.departs:%H:%M}", leg.equipment, hit.fares[0].total_minor) == ("15:00", "738", 50_560)
        assert await world.found(trip("JFK-IAD")) == []

    async def test_keeps_what_is_sold(self, world):
        await world.add(flight(1))
        await world.hear_stock(world.take(1, "Q", 4))
        await world.change(flight(1, at="15:00"))
        assert await price(world) == 12_560

    async def test_has_the_seats_of_its_new_airplane_whatever_booking_still_says(self, world):
        await world.add(flight(1))
        await world.hear_stock(world.take(1, "Q", 4))
        more = tuple(replace(each, seats=each.seats + 1) for each in ECONOMY.buckets)
        await world.change(flight(1, cabins=(replace(ECONOMY, seats=30, buckets=more),)))
        [hit] = (await world.search.flights(search=trip("JFK-DCA"))).hits
        assert (hit.slices[0].legs[0].seats_left, hit.fares[0].total_minor) == (26, 8_560)
        fewer = replace(ECONOMY, seats=3, buckets=ECONOMY.buckets)
        await world.change(flight(1, cabins=(fewer,)))
        assert await price(world) is None

    async def test_vanishes_when_it_is_canceled(self, world):
        await world.add(flight(1), flight(2))
        world.catalog.put(flight(1, canceled=True))
        await world.hear(FlightCanceled(flight_id=1))
        await world.hear_stock(world.take(1, "Q"))
        assert await world.found(trip("JFK-DCA")) == [(2,)]

    async def test_is_not_revived_by_somebody_who_looked_earlier(self, world):
        world.catalog.put(flight(1))

        async def meanwhile():
            world.catalog.put(flight(1, canceled=True))
            await world.hear(FlightCanceled(flight_id=1))

        world.catalog.meanwhile.append(meanwhile)
        await world.hear(FlightCreated(flight_id=1))
        assert await world.found(trip("JFK-DCA")) == []

    async def test_is_forgotten_when_it_is_deleted(self, world):
        await world.add(flight(1), flight(2))
        del world.catalog.kept[1]
        await world.hear(FlightDeleted(flight_id=1))
        assert await world.found(trip("JFK-DCA")) == [(2,)]

    async def test_is_read_again_with_its_airplane(self, world):
        await world.add(flight(1, airplane_id=3), flight(2, airplane_id=4), flight(3, airplane_id=3))
        large = (replace(ECONOMY, seats=99), BUSINESS)
        world.catalog.put(*[flight(each, airplane_id=3, cabins=large) for each in (1, 3)])
        await world.hear(AirplaneChanged(airplane_id=3))
        hits = (await world.search.flights(search=trip("JFK-DCA"))).hits
        assert {hit.flight_ids[0]: hit.slices[0].legs[0].seats_left for hit in hits} == {1: 99, 2: 12, 3: 99}


class TestAnAirport:
    async def test_is_called_as_the_catalog_calls_it_now(self, world):
        await world.add(flight(1), flight(2, "ORD-JFK"))
        renamed = replace(AIRPORTS["ORD"], city="Springfield", name="The Field", min_connection_minutes=90)
        world.catalog.put(flight(2, "ORD-JFK", origin=renamed))
        await world.hear(AirportChanged(airport_id=renamed.airport_id), AirportChanged(airport_id=999))
        for said in ("Springfield", "the field", "ORD"):
            [hit] = (await world.search.flights(search=trip(f"{said}-JFK"))).hits
            assert (hit.slices[0].legs[0].origin.city, hit.slices[0].legs[0].origin.name) == (
                "Springfield",
                "The Field",
            )
        with pytest.raises(Invalid):
            await world.found(trip("Chicago-JFK"))
        # The catalog's airports are others again for whoever comes next.
        world.catalog.put(flight(2, "ORD-JFK"))
        await world.search.legs.rebuild()
        assert await world.found(trip("Chicago-JFK")) == [(2,)]


class TestSeatsThatMoved:
    async def test_close_fares_and_open_them_again(self, world):
        await world.add(flight(1))
        await world.hear_stock(world.take(1, "Q", 2))
        assert [await price(world), await price(world, trip("JFK-DCA", passengers=FOUR))] == [8_560, 4 * 12_560]
        await world.hear_stock(world.take(1, "Q", 2))
        assert await price(world) == 12_560
        await world.hear_stock(world.take(1, "Q", -1))
        assert await price(world) == 8_560

    async def test_sell_a_cabin_out(self, world):
        await world.add(flight(1))
        await world.hear_stock(world.take(1, "Y", 12))
        assert await price(world) is None
        assert await price(world, trip("JFK-DCA", cabin="business")) == 50_560

    async def test_show_how_many_are_left(self, world):
        await world.add(flight(1))
        await world.hear_stock(world.take(1, "M", 5), world.take(1, "Y", 4))
        [hit] = (await world.search.flights(search=trip("JFK-DCA"))).hits
        assert hit.slices[0].legs[0].seats_left == 3

    async def test_of_strangers_are_of_no_interest(self, world):
        await world.add(flight(1))
        world.stock.calls.clear()
        await world.hear_stock(FlightStockMoved(flight_id=99))
        assert world.stock.calls == []
        assert await price(world) == 8_560

    async def test_are_never_lost_to_somebody_who_looked_earlier(self, world):
        await world.add(flight(1))

        async def meanwhile():
            await world.hear_stock(world.take(1, "Q", 4))

        world.stock.meanwhile.append(meanwhile)
        await world.change(flight(1, at="15:00"))
        assert await price(world) == 12_560

    async def test_are_judged_by_the_fares_of_now(self, world):
        await world.add(flight(1))
        moved = world.take(1, "Q", 4)
        other = replace(ECONOMY, buckets=tuple(replace(each, fare_minor=1_000) for each in ECONOMY.buckets[1:]))

        async def meanwhile():
            await world.change(flight(1, cabins=(other,)))

        world.stock.meanwhile.append(meanwhile)
        await world.hear_stock(moved)
        assert await price(world) == 1_560


class TestTidying:
    async def test_forgets_flights_that_departed_days_ago(self, world):
        await world.add(flight(1, ahead=0), flight(2, ahead=1), flight(3, ahead=9))
        world.clock.advance(timedelta(days=3))
        await world.search.tidy()
        world.clock.advance(timedelta(days=-3))
        assert [await world.found(trip("JFK-DCA", ahead=ahead)) for ahead in (0, 1, 9)] == [[], [(2,)], [(3,)]]


class TestARebuild:
    async def test_makes_everything_anew_and_forgets_what_is_gone(self, world):
        await world.add(flight(1), flight(2), flight(3))
        del world.catalog.kept[2]
        world.catalog.put(flight(4), flight(5, canceled=True))
        world.take(4, "Y", 12)
        assert await world.search.legs.rebuild() == 4
        assert await world.found(trip("JFK-DCA")) == [(1,), (3,)]


class Crowd:
    """Several who sell, describe and rebuild the same flights at the same time."""

    def __init__(self, world, seed):
        self.world = world
        self.chance = random.Random(seed)  # noqa: S311 - a test that can be repeated
        self.ids = list(range(1, 9))

    def drawn(self, flight_id):
        buckets = tuple(replace(each, seats=self.chance.randint(1, 5)) for each in ECONOMY.buckets)
        return flight(flight_id, cabins=(replace(ECONOMY, seats=self.chance.randint(1, 9), buckets=buckets),))

    async def run(self):
        world = self.world
        world.catalog.put(*[self.drawn(each) for each in self.ids])
        answering = world.stock.cells

        async def slowly(**asked):
            answer = await answering(**asked)
            await asyncio.sleep(self.chance.random() / 100)
            return answer

        world.stock.cells = slowly
        try:
            await asyncio.gather(self.sell(), self.describe(), world.search.legs.rebuild(), world.search.legs.rebuild())
        finally:
            world.stock.cells = answering

    async def sell(self):
        for _ in range(20):
            sold = self.chance.choice(self.ids), self.chance.choice("QMY"), self.chance.randint(1, 2)
            await self.world.hear_stock(self.world.take(*sold))

    async def describe(self):
        for _ in range(6):
            await self.world.change(self.drawn(self.chance.choice(self.ids)))

    def fares(self, seats):
        """The lowest fare of every flight that has one for so many."""
        found = {}
        for flight_id, offer in self.world.catalog.kept.items():
            # As booking has them after the next quote.
            capacities = resources(offer.terms)
            sold = {key: cell.taken for key, cell in self.world.stock.kept.items() if key[0] in capacities}
            cells = {key: Cell(taken, capacities[key[0]]) for key, taken in sold.items()}
            bucket = open_bucket(offer.terms.cabins[0], flight_id, seats, cells)
            if bucket is not None:
                found[flight_id] = seats * (bucket.fare_minor + 560)
        return found


class TestManyAtOnce:
    @pytest.mark.parametrize("seed", range(rounds(2, thorough=40)))
    async def test_agree_with_booking_in_the_end(self, world, seed):
        crowd = Crowd(world, seed)
        await crowd.run()
        for seats in (1, 2, 3):
            search = trip("JFK-DCA", passengers=Passengers(adults=seats), limit=100)
            hits = (await world.search.flights(search=search)).hits
            assert {hit.flight_ids[0]: hit.fares[0].total_minor for hit in hits} == crowd.fares(seats)
