from holdfast.search.api import StaySearch
from search.search_builder import day, home


class TestASearch:
    async def test_finds_what_is_listed(self, world):
        await world.add(home(1), home(2, listed=False), home(3))
        page = await world.search.stays(search=StaySearch())
        assert [hit.property_id for hit in page.hits] == [1, 3]
        assert page.total == 2

    async def test_finds_only_homes_free_every_night(self, world):
        await world.add(home(1), home(2))
        await world.hear_stock(world.booking.take(1, day(12), 2))
        assert await world.ids(StaySearch(check_in=day(10), check_out=day(12))) == [1, 2]
        assert await world.ids(StaySearch(check_in=day(10), check_out=day(13))) == [2]
