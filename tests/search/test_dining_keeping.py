"""The read model of restaurants follows the catalog and booking, in whatever order it hears of them."""

import asyncio
import random
from dataclasses import replace
from datetime import date, time, timedelta

import pytest

from holdfast.booking.events import TableStockMoved
from holdfast.catalog.events import RestaurantChanged, RestaurantCreated
from holdfast.search.api import DiningSearch
from holdfast.verticals.dining.offering import free_starts
from holdfast.verticals.dining.slots import QUARTERS, slot_of
from holdfast.verticals.dining.terms import SpecialDay
from search.dining_builder import DINNER, RestaurantsImported, a_dining_world, day, restaurant, tables
from support.effort import rounds


@pytest.fixture(scope="module")
async def module_world(url):
    async with a_dining_world(url) as world:
        yield world


@pytest.fixture
async def world(module_world):
    await module_world.empty()
    return module_world


def evening(ahead, **more):
    return DiningSearch(day=day(ahead), **more)


class TestANewRestaurant:
    async def test_comes_with_what_is_taken_already(self, world):
        world.take(1, "t1", day(5), time(18), 240)
        world.take(1, "t2", day(5), time(18), 240)
        await world.add(restaurant(1))
        assert await world.ids(evening(5)) == []
        assert await world.ids(evening(6)) == [1]

    async def test_is_read_for_all_that_can_be_booked(self, world):
        for ahead in (0, 60):
            world.take(1, "t1", day(ahead), time(18), 300)
        await world.add(restaurant(1, tables=tables(2)))
        assert [await world.ids(evening(ahead)) for ahead in (0, 1, 59, 60)] == [[], [1], [1], []]

    async def test_comes_in_bulk(self, world):
        world.catalog.put(*[restaurant(each) for each in range(1, 131)])
        await world.hear(RestaurantsImported(first_id=3, last_id=128), RestaurantsImported(first_id=900, last_id=999))
        assert (await world.search.dining(search=DiningSearch())).total == 126

    async def test_may_be_told_of_again(self, world):
        await world.add(restaurant(1))
        await world.hear_stock(world.take(1, "t1", day(5), time(18), 240), world.take(1, "t2", day(5), time(18), 240))
        await world.hear(*[RestaurantCreated(restaurant_id=1)] * 2, RestaurantsImported(first_id=1, last_id=1))
        assert await world.ids(evening(5)) == []


class TestAChangedRestaurant:
    async def test_shows_what_is_said_now(self, world):
        await world.add(restaurant(1), restaurant(2))
        await world.change(restaurant(1, name="Löft", cuisines=("pizza",), services=(replace(DINNER, weekdays=()),)))
        [hit] = (await world.search.dining(search=DiningSearch(cuisines=("pizza",)))).hits
        assert (hit.restaurant_id, hit.name) == (1, "Löft")
        assert await world.ids(evening(5)) == [2]

    async def test_keeps_what_is_taken(self, world):
        await world.add(restaurant(1, tables=tables(2)))
        await world.hear_stock(world.take(1, "t1", day(5), time(18), 240))
        await world.change(restaurant(1, tables=tables(2), name="Other"))
        assert [await world.ids(evening(ahead)) for ahead in (4, 5)] == [[1], []]
        await world.change(restaurant(1, tables=tables(2, 2)))
        assert [await world.ids(evening(ahead)) for ahead in (4, 5)] == [[1], [1]]

    async def test_is_as_large_as_it_says_whatever_booking_still_says(self, world):
        paced = replace(DINNER, covers_per_slot=2)
        await world.add(restaurant(1, services=(paced,)))
        first = slot_of(day(5), time(18))
        world.stock.move("table:1:covers:dinner", range(first, first + 13), 2, 2)
        await world.change(restaurant(1, services=(paced,)))
        assert await world.ids(evening(5)) == []
        await world.change(restaurant(1, services=(replace(DINNER, covers_per_slot=4),)))
        assert await world.ids(evening(5)) == [1]

    async def test_closes_and_opens_days(self, world):
        await world.add(restaurant(1))
        await world.change(restaurant(1, special_days=(SpecialDay(day=day(5), services=()),)))
        assert [await world.ids(evening(ahead)) for ahead in (4, 5)] == [[1], []]
        await world.change(restaurant(1))
        assert await world.ids(evening(5)) == [1]

    async def test_vanishes_while_unlisted(self, world):
        await world.add(restaurant(1), restaurant(2))
        await world.change(restaurant(1, listed=False))
        await world.hear_stock(world.take(1, "t1", day(5), time(18), 240))
        assert await world.ids(DiningSearch()) == [2]
        await world.change(restaurant(1))
        assert await world.ids(DiningSearch()) == [1, 2]
        assert await world.ids(evening(5, party_size=1)) == [1, 2]

    async def test_is_forgotten_when_the_catalog_has_it_no_more(self, world):
        await world.add(restaurant(1), restaurant(2))
        del world.catalog.kept[1]
        await world.hear(RestaurantChanged(restaurant_id=1))
        assert await world.ids(DiningSearch()) == [2]

    async def test_is_not_overwritten_with_older_news(self, world):
        await world.add(restaurant(1))
        world.catalog.put(restaurant(1, name="Old"))

        async def meanwhile():
            await world.change(restaurant(1, name="New"))

        world.catalog.meanwhile.append(meanwhile)
        await world.hear(RestaurantChanged(restaurant_id=1))
        [hit] = (await world.search.dining(search=DiningSearch())).hits
        assert hit.name == "New"

    async def test_is_added_once_when_two_hear_of_it_at_the_same_time(self, world):
        world.catalog.put(restaurant(1, name="Old"))

        async def meanwhile():
            await world.change(restaurant(1, name="New"))

        world.catalog.meanwhile.append(meanwhile)
        await world.hear(RestaurantCreated(restaurant_id=1))
        [hit] = (await world.search.dining(search=DiningSearch())).hits
        assert hit.name == "New"


class TestTablesThatMoved:
    async def test_are_found_taken_and_free_again(self, world):
        await world.add(restaurant(1, tables=tables(2)))
        await world.hear_stock(world.take(1, "t1", day(5), time(18), 240))
        assert await world.ids(evening(5)) == []
        await world.hear_stock(world.take(1, "t1", day(5), time(18), 240, units=-1))
        assert await world.ids(evening(5)) == [1]

    async def test_count_after_midnight_for_the_evening_before(self, world):
        late = replace(DINNER, first_seating=time(23), last_seating=time(23, 45))
        await world.add(restaurant(1, tables=tables(2), services=(late,)))
        await world.hear_stock(world.take(1, "t1", day(6), time(0, 15), 60))
        assert await world.ids(evening(5)) == []
        assert await world.ids(evening(6)) == [1]

    async def test_may_be_told_in_any_order_and_more_than_once(self, world):
        await world.add(restaurant(1, tables=tables(2)))
        told = [
            world.take(1, "t1", day(5), time(18), 240),
            world.take(1, "t1", day(7), time(18), 240),
            world.take(1, "t1", day(5), time(18), 240, units=-1),
        ]
        for order in ((2, 1, 0), (0, 0, 2), (1,)):
            await world.hear_stock(*[told[each] for each in order])
        assert [await world.ids(evening(ahead)) for ahead in (5, 6, 7)] == [[1], [1], []]

    async def test_are_read_for_the_days_that_moved_alone(self, world):
        await world.add(restaurant(1), restaurant(2))
        world.stock.calls.clear()
        await world.hear_stock(world.take(1, "t1", day(5), time(19)), world.take(1, "t2", day(30), time(19)))
        spans = [(first, end) for _, first, end in world.stock.calls]
        # The longest stay has four hours.
        assert spans == [(slot_of(day(n), time(18)), slot_of(day(n + 1), time(1))) for n in (5, 30)]

    async def test_of_the_past_or_of_strangers_are_of_no_interest(self, world):
        await world.add(restaurant(1))
        world.stock.calls.clear()
        await world.hear_stock(
            world.take(1, "t1", day(-5), time(18)), TableStockMoved(restaurant_id=9, first_slot=1, end_slot=9)
        )
        assert world.stock.calls == []
        assert await world.ids(evening(5)) == [1]

    async def test_are_never_lost_to_somebody_who_looked_earlier(self, world):
        """Everything is read for a new restaurant; before it is written, a table is sold and heard of."""
        await world.add(restaurant(1, tables=tables(2)))

        async def meanwhile():
            await world.hear_stock(world.take(1, "t1", day(5), time(18), 240))

        world.stock.meanwhile.append(meanwhile)
        await world.hear(RestaurantChanged(restaurant_id=1))
        assert await world.ids(evening(5)) == []

    async def test_are_judged_by_the_rules_of_now(self, world):
        """Days are reckoned by old terms; before they are written, the terms become others."""
        await world.add(restaurant(1, tables=tables(2)))
        moved = world.take(1, "t1", day(5), time(18), 240)

        async def meanwhile():
            await world.change(restaurant(1, tables=tables(2, 2)))

        world.stock.meanwhile.append(meanwhile)
        await world.hear_stock(moved)
        assert await world.ids(evening(5)) == [1]


class TestTidying:
    async def test_keeps_the_days_to_come(self, world):
        await world.add(restaurant(1, tables=tables(2)))
        for ahead in (0, 3, 9):
            await world.hear_stock(world.take(1, "t1", day(ahead), time(18), 240))
        world.clock.advance(timedelta(days=3))
        await world.search.tidy()
        assert [await world.ids(evening(ahead)) for ahead in (3, 4, 9)] == [[], [1], []]
        # Nobody can ask for that day any more: it looks as if nothing had been taken.
        world.clock.advance(timedelta(days=-3))
        assert await world.ids(evening(0)) == [1]


class TestARebuild:
    async def test_makes_everything_anew_and_forgets_what_is_gone(self, world):
        await world.add(restaurant(1), restaurant(2), restaurant(3))
        del world.catalog.kept[2]
        world.catalog.put(restaurant(4), restaurant(5, listed=False))
        world.take(4, "t1", day(5), time(18), 240)
        world.take(4, "t2", day(5), time(18), 240)
        assert await world.search.restaurants.rebuild() == 4
        assert await world.ids(DiningSearch()) == [1, 3, 4]
        assert await world.ids(evening(5)) == [1, 3]


class Crowd:
    """Several who sell, describe and rebuild the same restaurants at the same time."""

    def __init__(self, world, seed):
        self.world = world
        self.chance = random.Random(seed)  # noqa: S311 - a test that can be repeated
        self.ids = list(range(1, 7))

    def drawn(self, restaurant_id):
        return restaurant(restaurant_id, tables=tables(*[2] * self.chance.randint(1, 3)))

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
            await asyncio.gather(
                self.sell(), self.describe(), world.search.restaurants.rebuild(), world.search.restaurants.rebuild()
            )
        finally:
            world.stock.cells = answering

    async def sell(self):
        for _ in range(15):
            table = f"t{self.chance.randint(1, 3)}"
            where = self.chance.choice(self.ids), table, day(self.chance.randint(0, 4)), self.chance.choice(QUARTERS)
            minutes = self.chance.choice((60, 120, 300))
            moved = self.world.take(*where, minutes)
            if self.chance.random() < 0.4:
                self.world.take(*where, minutes, units=-1)
            await self.world.hear_stock(moved)

    async def describe(self):
        for _ in range(6):
            await self.world.change(self.drawn(self.chance.choice(self.ids)))

    def bookable(self, on: date):
        """The restaurants that have a table free on a day."""
        found = []
        for each in self.world.catalog.kept.values():
            terms = each.draft.terms
            free = free_starts(terms, on, [2], self.world.cells_of(terms), now=self.world.clock.now())
            found += [each.id] if free[2] else []
        return found


class TestManyAtOnce:
    @pytest.mark.parametrize("seed", range(rounds(2, thorough=40)))
    async def test_agree_with_booking_in_the_end(self, world, seed):
        crowd = Crowd(world, seed)
        await crowd.run()
        for ahead in range(6):
            assert await world.ids(evening(ahead)) == crowd.bookable(day(ahead)), ahead
