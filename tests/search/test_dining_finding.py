"""Restaurants that are found: filters, free times, order, pages and counts, on each engine."""

from datetime import time, timedelta

import pytest

from holdfast.kit.errors import Invalid
from holdfast.search.api import Box, Circle, DiningSearch, DiningSort
from holdfast.verticals.dining.terms import SpecialDay
from search.dining_builder import DINNER, a_dining_world, day, restaurant, tables


@pytest.fixture(scope="module")
async def module_world(url):
    async with a_dining_world(url) as world:
        yield world


@pytest.fixture
async def world(module_world):
    await module_world.empty()
    return module_world


def at(ahead, hour=19, minute=0, **more):
    return DiningSearch(day=day(ahead), at=time(hour, minute), **more)


class TestASearch:
    async def test_finds_what_is_listed_and_seats_the_party(self, world):
        await world.add(restaurant(1), restaurant(2, listed=False), restaurant(3, tables=tables(6)))
        assert await world.ids(DiningSearch()) == [1, 3]
        assert await world.ids(DiningSearch(party_size=4)) == [1, 3]
        assert await world.ids(DiningSearch(party_size=5)) == [3]
        assert await world.ids(DiningSearch(party_size=7)) == []
        assert await world.ids(DiningSearch(party_size=100)) == []

    @pytest.mark.parametrize(
        ("asked", "found"),
        [
            ({"text": "café"}, [2]),
            ({"text": "DUPONT thai"}, [1]),
            ({"text": "new american"}, [2]),
            ({"text": "%"}, []),
            ({"place": "Capitol Hill"}, [2]),
            ({"place": "washington"}, [1, 2]),
            ({"cuisines": ("thai", "italian")}, [1]),
            ({"cuisines": ("american",)}, []),
            ({"price_levels": (3, 4)}, [2]),
            ({"rating_min": 4.8}, [2]),
            ({"box": Box(south=38.0, west=-78.0, north=38.905, east=-77.0)}, []),
            ({"box": Box(south=38.0, west=-78.0, north=38.92, east=-77.0)}, [1]),
            ({"circle": Circle(latitude=38.91, longitude=-77.04, radius_km=1)}, [1]),
            ({"circle": Circle(latitude=38.91, longitude=-77.04, radius_km=30)}, [1, 2]),
        ],
    )
    async def test_finds_what_meets_every_filter(self, world, asked, found):
        await world.add(
            restaurant(1),
            restaurant(
                2,
                name="Cafe Moon",
                neighbourhood="Capitol Hill",
                cuisines=("new_american",),
                price_level=4,
                rating=4.9,
                latitude=39.1,
            ),
        )
        assert sorted(await world.ids(DiningSearch(**asked))) == found

    async def test_shows_what_a_guest_wants_to_know(self, world):
        await world.add(restaurant(1, cuisines=("thai", "vegan"), images=(), rating=None))
        [hit] = (await world.search.dining(search=DiningSearch())).hits
        assert (hit.name, hit.cuisines, hit.price_level, hit.image) == ("Room 1", ("thai", "vegan"), 2, None)
        assert (hit.zone, hit.rating, hit.times, hit.distance_km) == ("America/New_York", None, (), None)

    async def test_counts_by_facet(self, world):
        await world.add(
            restaurant(1, cuisines=("thai", "vegan")),
            restaurant(2, price_level=4, neighbourhood=""),
            restaurant(3, listed=False),
        )
        page = await world.search.dining(search=DiningSearch(), facets=True)
        assert page.facets == {
            "cuisine": {"thai": 2, "vegan": 1},
            "neighbourhood": {"Dupont Circle": 1},
            "price_level": {"2": 1, "4": 1},
        }

    @pytest.mark.parametrize("sort", list(DiningSort))
    async def test_shows_everything_once_in_pages(self, world, sort):
        await world.add(
            *[
                restaurant(each, rating=(None, 4.0, 5.0)[each % 3], latitude=38.9 + each % 4 / 100, reviews=each // 4)
                for each in range(1, 12)
            ]
        )
        for each in (3, 5, 8):
            await world.hear_stock(world.take(each, "t1", day(5), time(18)), world.take(each, "t2", day(5), time(18)))
        asked = {"sort": sort, "day": day(5), "circle": Circle(latitude=38.9, longitude=-77.04, radius_km=50)}
        whole = await world.ids(DiningSearch(limit=100, **asked))
        seen, after = [], None
        for _ in range(6):
            page = await world.search.dining(search=DiningSearch(limit=2, **asked), after=after)
            assert page.total == 11
            seen += [hit.restaurant_id for hit in page.hits]
            after = page.next_position
        assert seen == whole
        assert sorted(whole) == list(range(1, 12))
        assert after is None


class TestFreeTimes:
    async def test_lie_around_the_time_asked_for(self, world):
        await world.add(restaurant(1))
        assert await world.times(at(5)) == ["18:15", "18:30", "18:45", "19:00", "19:15", "19:30", "19:45"]
        assert await world.times(at(5, 17)) == ["18:00", "18:15", "18:30"]
        assert await world.times(at(5, 22, 29)) == ["21:00"]
        assert await world.times(at(5, 22, 31)) == []
        assert await world.times(at(5, 15)) == []

    async def test_are_the_first_of_the_day_without_a_time(self, world):
        await world.add(restaurant(1))
        assert await world.times(DiningSearch(day=day(5))) == [
            *["18:00", "18:15", "18:30", "18:45", "19:00", "19:15", "19:30"]
        ]

    async def test_leave_out_what_is_taken(self, world):
        await world.add(restaurant(1, tables=tables(4)))
        await world.hear_stock(world.take(1, "t1", day(5), time(19, 30), 90))
        assert await world.times(at(5, 19, 30)) == ["18:00", "21:00"]
        assert await world.times(at(6, 20, 15)) != []

    async def test_depend_on_the_party(self, world):
        await world.add(restaurant(1))
        await world.hear_stock(world.take(1, "t2", day(5), time(18), 240))
        assert await world.times(at(5, party_size=3)) == []
        assert await world.times(at(5, party_size=2)) != []

    async def test_need_notice_and_end_with_the_booking_window(self, world):
        # It is noon in Greenwich and seven in the morning in Washington.
        await world.add(restaurant(1, notice_minutes=12 * 60, booking_window_days=7))
        assert await world.times(DiningSearch(day=day(0))) == [
            *["19:00", "19:15", "19:30", "19:45", "20:00", "20:15", "20:30"]
        ]
        assert await world.times(DiningSearch(day=day(7))) != []
        assert await world.times(DiningSearch(day=day(8))) == []
        world.clock.advance(timedelta(hours=16))
        assert await world.times(DiningSearch(day=day(0))) == []
        assert await world.times(DiningSearch(day=day(8))) == []
        world.clock.advance(timedelta(hours=1))
        assert await world.times(DiningSearch(day=day(8))) != []

    async def test_are_none_on_a_day_that_is_over(self, world):
        await world.add(restaurant(1))
        assert await world.times(DiningSearch(day=day(-1))) == []

    async def test_follow_special_days(self, world):
        lunch = restaurant(1).draft.terms.services[0]
        lunch = type(lunch)(code="lunch", name="Lunch", weekdays=(), first_seating=time(12), last_seating=time(12, 30))
        special = (SpecialDay(day=day(5), services=("lunch",)), SpecialDay(day=day(6), services=()))
        await world.add(restaurant(1, services=(DINNER, lunch), special_days=special))
        assert await world.times(DiningSearch(day=day(5))) == ["12:00", "12:15", "12:30"]
        assert await world.times(DiningSearch(day=day(6))) == []
        assert await world.times(DiningSearch(day=day(7))) != []

    async def test_leave_out_times_the_clock_skips(self, world):
        night = type(DINNER)(
            code="night", name="Night", weekdays=tuple(range(7)), first_seating=time(1, 30), last_seating=time(3, 15)
        )
        await world.add(restaurant(1, services=(night,)))
        # On 14 March 2027 clocks in Washington go from two to three.
        assert await world.times(DiningSearch(day=day(58))) == ["01:30", "01:45", "03:00", "03:15"]

    async def test_sort_by_the_earliest(self, world):
        await world.add(restaurant(1, tables=tables(4)), restaurant(2, tables=tables(4)), restaurant(3))
        await world.hear_stock(world.take(1, "t1", day(5), time(18), 90), world.take(2, "t1", day(5), time(18), 45))
        assert await world.ids(DiningSearch(day=day(5), sort=DiningSort.EARLIEST)) == [3, 2, 1]


class TestAPosition:
    @pytest.mark.parametrize(
        "after",
        [
            (),
            (1, 2, 3),
            ("1", 2, 3, 4),
            (1, 2.0, 3, 4),
            (1, 2, 3, "4"),
            (float("nan"), 2, 3, 4),
            (True, 2, 3, 4),
            (1, 2, 2**63, 4),
            "abcd",
        ],
    )
    async def test_that_search_did_not_make_is_refused(self, world, after):
        await world.add(restaurant(1))
        with pytest.raises(Invalid) as refused:
            await world.search.dining(search=DiningSearch(), after=after)
        assert [(each.pointer, each.code) for each in refused.value.errors] == [("#query/cursor", "invalid_cursor")]
