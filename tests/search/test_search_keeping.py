"""How the read model follows the catalog and booking, whatever comes first, twice or at the same moment."""

import asyncio
import random
from datetime import timedelta

import pytest
from sqlalchemy import bindparam, update

from holdfast.booking.events import StockMoved
from holdfast.kit.db.statements import statement
from holdfast.search.api import StaySearch
from holdfast.search.models.stays import NIGHT_COLUMNS, stay
from holdfast.verticals.stays import NightTerms, night_slot
from search.search_builder import CatalogImported, PropertyChanged, PropertyCreated, day, home
from support.effort import rounds

SPOIL = statement(update(stay).values(dict.fromkeys(NIGHT_COLUMNS, 0)).where(stay.c.property_id == bindparam("id")))


def nights(ahead, count=1):
    return StaySearch(check_in=day(ahead), check_out=day(ahead + count), limit=100)


async def free_nights(world, property_id, first, end):
    """The nights from `first` up to `end` days ahead on which search would sell a property."""
    return [ahead for ahead in range(first, end) if property_id in await world.ids(nights(ahead))]


class TestANewProperty:
    async def test_is_found_at_once_and_with_dates_when_its_stock_was_read(self, world):
        world.catalog.put(home(1))
        world.booking.open(1)
        world.booking.take(1, day(5), 2)
        await world.hear_catalog(PropertyCreated(property_id=1, units=1, unit_names=()))
        assert await world.ids(StaySearch()) == [1]
        assert await world.ids(nights(3)) == []
        assert await world.search.restock() == 1
        assert await free_nights(world, 1, 3, 9) == [3, 4, 7, 8]

    async def test_is_read_from_yesterday_on(self, world):
        await world.add(home(1))
        [[(property_id, first, end)]] = world.booking.calls
        assert (property_id, first) == (1, day(-1))
        assert day(780) <= end <= day(840)

    async def test_waits_until_booking_has_made_its_stock(self, world):
        world.catalog.put(home(1))
        await world.hear_catalog(PropertyCreated(property_id=1, units=1, unit_names=()))
        assert await world.search.restock() == 1
        assert await world.search.restock() == 0
        assert await world.ids(nights(3)) == []
        world.booking.open(1)
        await world.hear_stock(StockMoved(property_id=1, first_slot=0, end_slot=1))
        assert await world.search.restock() == 1
        assert await world.ids(nights(3)) == [1]

    async def test_may_be_heard_of_after_its_stock_moved(self, world):
        world.booking.open(1)
        await world.hear_stock(world.booking.take(1, day(5)))
        await world.add(home(1))
        assert await free_nights(world, 1, 3, 8) == [3, 4, 6, 7]

    async def test_comes_in_bulk(self, world):
        world.catalog.put(*[home(each) for each in (3, 4, 6, 9)])
        await world.hear_catalog(CatalogImported(first_id=4, last_id=8), CatalogImported(first_id=100, last_id=200))
        assert await world.ids(StaySearch()) == [4, 6]

    async def test_is_told_of_again_without_harm(self, world):
        await world.add(home(1))
        await world.hear_stock(world.booking.take(1, day(5)))
        created = PropertyCreated(property_id=1, units=1, unit_names=())
        await world.hear_catalog(created, created, CatalogImported(first_id=1, last_id=1))
        assert await free_nights(world, 1, 4, 7) == [4, 6]


class TestAChangedProperty:
    async def change(self, world, changed):
        world.catalog.put(changed)
        await world.hear_catalog(PropertyChanged(property_id=changed.id))

    async def test_shows_what_is_said_now(self, world):
        await world.add(home(1), home(2))
        await self.change(world, home(1, name="Löft", base_minor=7, guests_max=2, amenities=("pool",), rating=None))
        [hit] = (await world.search.stays(search=StaySearch(text="loft", price_max_minor=7, amenities=("pool",)))).hits
        assert (hit.property_id, hit.name, hit.base_minor, hit.guests_max, hit.rating) == (1, "Löft", 7, 2, None)
        assert hit.amenities == ("pool",)
        assert await world.ids(StaySearch(amenities=("wifi",))) == [2]

    async def test_keeps_its_stock(self, world):
        await world.add(home(1))
        await world.hear_stock(world.booking.take(1, day(5)))
        await self.change(world, home(1, name="Other"))
        assert await free_nights(world, 1, 4, 7) == [4, 6]

    async def test_vanishes_while_unlisted(self, world):
        await world.add(home(1), home(2))
        await self.change(world, home(1, listed=False))
        await world.hear_stock(world.booking.take(1, day(5)))
        assert await world.ids(StaySearch()) == [2]
        await self.change(world, home(1))
        assert await world.ids(StaySearch()) == [1, 2]
        assert await free_nights(world, 1, 4, 7) == [4, 6]

    async def test_is_read_anew_when_its_nights_of_preparation_change(self, world):
        await world.add(home(1))
        await world.hear_stock(world.booking.take(1, day(5)))
        await self.change(world, home(1, preparation_nights=2))
        assert await world.ids(nights(7)) == []
        await world.search.restock()
        assert await free_nights(world, 1, 1, 8) == [1, 2, 6, 7]

    async def test_is_read_anew_even_if_somebody_was_reading_while_they_changed(self, world):
        await world.add(home(1))
        world.booking.take(1, day(5))

        async def meanwhile():
            await self.change(world, home(1, preparation_nights=2))

        world.booking.meanwhile.append(meanwhile)
        await world.search.rebuild()
        await world.search.restock()
        assert await free_nights(world, 1, 1, 8) == [1, 2, 6, 7]

    async def test_takes_the_widest_limits_of_any_arrival(self, world):
        await world.add(home(1, min_nights=5, max_nights=10))
        assert await world.ids(nights(1, 3)) == []
        world.catalog.nights[1] = {day(9): NightTerms(min_nights=3, max_nights=20)}
        await world.hear_catalog(PropertyChanged(property_id=1))
        assert [await world.ids(nights(1, count)) for count in (2, 3, 20, 21)] == [[], [1], [1], []]

    async def test_is_forgotten_when_the_catalog_has_it_no_more(self, world):
        await world.add(home(1), home(2))
        del world.catalog.homes[1]
        await world.hear_catalog(PropertyChanged(property_id=1))
        assert await world.ids(StaySearch()) == [2]
        assert await world.search.rebuild() == 1

    async def test_is_not_overwritten_with_older_news(self, world):
        await world.add(home(1))
        world.catalog.put(home(1, name="Old"))

        async def meanwhile():
            await self.change(world, home(1, name="New"))

        world.catalog.meanwhile.append(meanwhile)
        await world.hear_catalog(PropertyChanged(property_id=1))
        [hit] = (await world.search.stays(search=StaySearch())).hits
        assert hit.name == "New"

    async def test_is_added_once_when_two_hear_of_it_at_the_same_time(self, world):
        world.catalog.put(home(1, name="Old"))

        async def meanwhile():
            await self.change(world, home(1, name="New"))

        world.catalog.meanwhile.append(meanwhile)
        await world.hear_catalog(PropertyCreated(property_id=1, units=1, unit_names=()))
        [hit] = (await world.search.stays(search=StaySearch())).hits
        assert hit.name == "New"


class TestStockThatMoved:
    async def test_is_found_busy_and_free_again(self, world):
        await world.add(home(1))
        await world.hear_stock(world.booking.take(1, day(5), 3))
        assert await free_nights(world, 1, 4, 9) == [4, 8]
        await world.hear_stock(world.booking.free(1, day(6), 2))
        assert await free_nights(world, 1, 4, 9) == [4, 6, 7, 8]
        await world.hear_stock(world.booking.close(1, day(8)))
        assert await free_nights(world, 1, 4, 9) == [4, 6, 7]

    async def test_is_busy_only_when_the_last_unit_is_taken(self, world):
        await world.add(home(1, units=2))
        await world.hear_stock(world.booking.take(1, day(5)))
        assert await free_nights(world, 1, 4, 7) == [4, 5, 6]
        await world.hear_stock(world.booking.take(1, day(5)))
        assert await free_nights(world, 1, 4, 7) == [4, 6]

    async def test_may_be_told_in_any_order_and_more_than_once(self, world):
        await world.add(home(1))
        told = [world.booking.take(1, day(5)), world.booking.take(1, day(7)), world.booking.free(1, day(5))]
        for order in ((2, 1, 0), (0, 0, 2), (1,), (0, 1, 2)):
            await world.hear_stock(*[told[each] for each in order])
        assert await free_nights(world, 1, 4, 9) == [4, 5, 6, 8]

    async def test_is_read_for_the_nights_that_moved_alone(self, world):
        await world.add(home(1), home(2), home(3))
        world.booking.calls.clear()
        await world.hear_stock(world.booking.take(1, day(5), 2), world.booking.take(3, day(6), 4))
        # In which order it asks is the database's choice.
        assert [sorted(spans) for spans in world.booking.calls] == [[(1, day(5), day(7)), (3, day(6), day(10))]]

    async def test_outside_of_what_can_be_searched_is_of_no_interest(self, world):
        await world.add(home(1))
        world.booking.calls.clear()
        await world.hear_stock(world.booking.take(1, day(-400), 3), world.booking.take(1, day(900), 3))
        assert world.booking.calls == []
        assert await world.ids(nights(3)) == [1]

    async def test_of_properties_search_does_not_know_is_of_no_interest(self, world):
        await world.add(home(1))
        await world.hear_stock(world.booking.take(77, day(3)))
        assert await world.ids(nights(3)) == [1]

    async def test_may_end_far_away(self, world):
        await world.add(home(1))
        await world.hear_stock(StockMoved(property_id=1, first_slot=-(10**9), end_slot=10**12))
        assert await world.ids(nights(3)) == [1]

    async def test_is_never_lost_to_somebody_who_looked_earlier(self, world):
        """The whole stock is read for a new home; before it is written, a night is sold and heard of."""
        world.catalog.put(home(1))
        world.booking.open(1)
        await world.hear_catalog(PropertyCreated(property_id=1, units=1, unit_names=()))

        async def meanwhile():
            await world.hear_stock(world.booking.take(1, day(5)))

        world.booking.meanwhile.append(meanwhile)
        await world.search.restock()
        assert await free_nights(world, 1, 4, 7) == [4, 6]

    async def test_is_never_lost_to_a_rebuild_that_looked_earlier(self, world):
        await world.add(home(1))

        async def meanwhile():
            await world.hear_stock(world.booking.take(1, day(5)))

        world.booking.meanwhile.append(meanwhile)
        await world.search.rebuild()
        assert await free_nights(world, 1, 4, 7) == [4, 6]

    async def test_that_was_overtaken_is_not_believed_until_read_again(self, world):
        """Events are being handled, and before they are written, a rebuild reads and writes the same home."""
        await world.add(home(1), home(2))
        moved = world.booking.take(1, day(5))
        world.booking.meanwhile.append(world.search.rebuild)
        await world.hear_stock(moved)
        assert await world.ids(nights(4)) == [2]
        assert await world.search.restock() == 1
        assert await free_nights(world, 1, 4, 7) == [4, 6]


class TestTheRing:
    async def test_moves_on_with_time(self, world):
        await world.add(home(1), home(2))
        # In 65 days this night has the bit that a night of this week has now.
        await world.hear_stock(world.booking.take(1, day(5), 2))
        world.booking.take(2, day(845), 2)
        world.clock.advance(timedelta(days=65))
        assert await world.ids(nights(720)) == [1, 2]
        assert await world.search.restock() == 2
        world.clock.advance(timedelta(days=110))
        await world.search.restock()
        assert await free_nights(world, 1, 843, 849) == [843, 844, 845, 846, 847, 848]
        assert await free_nights(world, 2, 843, 849) == [843, 844, 847, 848]

    async def test_is_not_believed_for_nights_it_does_not_hold(self, world):
        await world.add(home(1))
        world.clock.advance(timedelta(days=200))
        assert await world.ids(nights(201)) == [1]
        assert await world.ids(nights(900)) == []
        await world.search.restock()
        assert await world.ids(nights(900)) == [1]

    async def test_is_read_anew_after_years(self, world):
        await world.add(home(1))
        world.booking.take(1, day(2005))
        world.clock.advance(timedelta(days=2000))
        assert await world.ids(nights(2003)) == []
        await world.search.restock()
        assert await free_nights(world, 1, 2003, 2007) == [2003, 2004, 2006]

    async def test_is_not_believed_for_nights_it_holds_no_more(self, world):
        await world.add(home(1))
        world.clock.advance(timedelta(days=200))
        await world.search.restock()
        world.clock.advance(timedelta(days=-200))  # as a process does whose clock is late
        assert await world.ids(nights(3)) == []
        assert await world.ids(nights(300)) == [1]

    async def test_hears_of_moves_while_it_is_behind(self, world):
        await world.add(home(1))
        world.clock.advance(timedelta(days=200))
        world.booking.calls.clear()
        await world.hear_stock(world.booking.take(1, day(915)))
        assert world.booking.calls == []
        await world.search.restock()
        assert await free_nights(world, 1, 913, 917) == [913, 914, 916]


class TestARebuild:
    async def test_makes_everything_anew(self, world):
        world.catalog.put(*[home(each) for each in range(1, 5)], home(5, listed=False))
        for each in range(1, 6):
            world.booking.open(each)
        world.booking.take(2, day(3), 2)
        assert await world.search.rebuild() == 5
        assert await world.ids(StaySearch()) == [1, 2, 3, 4]
        assert await world.ids(nights(4)) == [1, 3, 4]
        assert await world.search.restock() == 0

    async def test_heals_what_was_spoiled(self, world):
        await world.add(home(1), home(2))
        await world.hear_stock(world.booking.take(1, day(3)))
        await world.db.put(SPOIL(id=1))
        assert await world.ids(nights(3)) == [1, 2]
        assert await world.search.rebuild() == 2
        assert await world.ids(nights(3)) == [2]

    async def test_forgets_what_is_gone(self, world):
        await world.add(home(1), home(2), home(3))
        del world.catalog.homes[2]
        assert await world.search.rebuild() == 2
        assert await world.ids(StaySearch()) == [1, 3]


class Crowd:
    """Several who sell, describe, collect and rebuild the same homes at the same time."""

    def __init__(self, world, seed):
        self.world = world
        self.chance = random.Random(seed)  # noqa: S311 - a test that can be repeated
        self.ids = list(range(1, 13))

    async def run(self):
        world = self.world
        world.catalog.put(*[home(each, preparation_nights=each % 3) for each in self.ids])
        for each in self.ids:
            world.booking.open(each)
        answering = world.booking.nights_taken

        async def slowly(**asked):
            answer = await answering(**asked)
            await asyncio.sleep(self.chance.random() / 100)
            return answer

        world.booking.nights_taken = slowly
        try:
            await asyncio.gather(
                self.sell(), self.describe(), self.collect(), world.search.rebuild(), world.search.rebuild()
            )
        finally:
            world.booking.nights_taken = answering
        await world.search.restock()

    async def sell(self):
        booking, chance = self.world.booking, self.chance
        for _ in range(15):
            where = chance.choice(self.ids), day(chance.randint(0, 30)), chance.randint(1, 4)
            await self.world.hear_stock(booking.take(*where), booking.take(*where), booking.free(*where))

    async def describe(self):
        for _ in range(6):
            changed = home(self.chance.choice(self.ids), preparation_nights=self.chance.randint(0, 2))
            self.world.catalog.put(changed)
            await self.world.hear_catalog(PropertyChanged(property_id=changed.id))

    async def collect(self):
        for _ in range(10):
            await self.world.search.restock()
            await asyncio.sleep(0.005)

    def sellable(self, ahead, count):
        """The homes that have these nights free, and those of preparation after them."""
        first = night_slot(day(ahead))
        return [
            each.id
            for each in self.world.catalog.homes.values()
            if all(
                self.world.booking.sellable(each.id, slot)
                for slot in range(first, first + count + each.draft.terms.preparation_nights)
            )
        ]


class TestManyAtOnce:
    @pytest.mark.parametrize("seed", range(rounds(2, thorough=40)))
    async def test_agree_with_booking_in_the_end(self, world, seed):
        crowd = Crowd(world, seed)
        await crowd.run()
        for ahead in range(34):
            assert await world.ids(nights(ahead, 2)) == crowd.sellable(ahead, 2), ahead
