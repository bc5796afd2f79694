"""What a search may not ask, and that every wrong field is named."""

from datetime import date

import pytest

from holdfast.catalog.api import PropertyKind
from holdfast.kit.errors import Invalid
from holdfast.search.api import Box, Circle, StaySearch, StaySort
from search.search_builder import day, home

HERE = Circle(latitude=38.9, longitude=-77.0, radius_km=5)


def dates(check_in, check_out):
    return {"check_in": check_in, "check_out": check_out}


def box(**changes):
    return {"box": Box(**{"south": 1.0, "west": 1.0, "north": 2.0, "east": 2.0, **changes})}


def circle(**changes):
    return {"circle": Circle(**{"latitude": 1.0, "longitude": 1.0, "radius_km": 1.0, **changes})}


WRONG = [
    (dates(day(1), None), "check_out", "missing"),
    (dates(None, day(1)), "check_in", "missing"),
    (dates(day(3), day(3)), "check_out", "empty_or_negative_range"),
    (dates(day(3), day(2)), "check_out", "empty_or_negative_range"),
    (dates(day(3), date.min), "check_out", "empty_or_negative_range"),
    (dates(day(0), day(366)), "check_out", "stay_too_long"),
    (dates(day(-2), day(1)), "check_in", "past_date"),
    (dates(day(729), day(731)), "check_out", "beyond_horizon"),
    (dates(day(730), day(731)), "check_in", "beyond_horizon"),
    (dates(date(9999, 12, 30), date.max), "check_in", "beyond_horizon"),
    ({"guests": 0}, "guests", "out_of_range"),
    ({"guests": -1}, "guests", "out_of_range"),
    ({"guests": 51}, "guests", "out_of_range"),
    ({"guests": 2**64}, "guests", "out_of_range"),
    ({"limit": 0}, "limit", "out_of_range"),
    ({"limit": 101}, "limit", "out_of_range"),
    ({"price_min_minor": -1}, "price_min", "out_of_range"),
    ({"price_max_minor": 2**63}, "price_max", "out_of_range"),
    ({"price_min_minor": 2, "price_max_minor": 1}, "price_max", "below_minimum"),
    ({"kinds": ("castle",)}, "type", "unknown_kind"),
    ({"amenities": ("",)}, "amenities", "malformed"),
    ({"amenities": ("x" * 101,)}, "amenities", "malformed"),
    ({"amenities": tuple(f"a{each}" for each in range(21))}, "amenities", "too_many"),
    ({"rating_min": -0.1}, "rating_min", "out_of_range"),
    ({"rating_min": 5.1}, "rating_min", "out_of_range"),
    ({"rating_min": float("nan")}, "rating_min", "out_of_range"),
    ({"text": "x" * 201}, "text", "too_long"),
    ({"place": "x" * 201}, "place", "too_long"),
    ({"text": "a b c d e f g h i j k"}, "text", "too_many"),
    (box(south=3.0), "box", "south_above_north"),
    (box(north=90.1), "box", "out_of_range"),
    (box(west=-180.1), "box", "out_of_range"),
    (box(east=float("inf")), "box", "out_of_range"),
    (circle(latitude=91.0), "near", "out_of_range"),
    (circle(longitude=-181.0), "near", "out_of_range"),
    (circle(radius_km=0.0), "radius_km", "out_of_range"),
    (circle(radius_km=-1.0), "radius_km", "out_of_range"),
    (circle(radius_km=1e9), "radius_km", "out_of_range"),
    (circle(radius_km=float("nan")), "radius_km", "out_of_range"),
    ({"sort": StaySort.DISTANCE}, "sort", "needs_circle"),
]

RIGHT = [
    {},
    dates(day(-1), day(1)),
    dates(day(0), day(365)),
    dates(day(729), day(730)),
    {"guests": 50, "limit": 100},
    {"price_min_minor": 0, "price_max_minor": 0},
    {"kinds": tuple(PropertyKind), "amenities": ("wifi", "wifi"), "rating_min": 0.0},
    {"text": "' OR 1=1 --; DROP TABLE search_stay \\ \" \x00 \ud800 % _", "place": "'|%"},
    {"text": "a a a a a a a a a a a a"},
    box(south=1.0, north=1.0, west=1.0, east=1.0),
    box(west=170.0, east=-170.0),
    circle(radius_km=20_100.0),
    {"circle": HERE, "sort": StaySort.DISTANCE},
]


class TestASearch:
    @pytest.mark.parametrize(("asked", "field", "code"), WRONG)
    async def test_is_refused_with_the_wrong_field(self, sqlite_world, asked, field, code):
        with pytest.raises(Invalid) as refused:
            await sqlite_world.search.stays(search=StaySearch(**asked))
        assert [(each.pointer, each.code) for each in refused.value.errors] == [(f"#query/{field}", code)]
        assert all(each.detail for each in refused.value.errors)

    async def test_is_refused_with_every_wrong_field_at_once(self, sqlite_world):
        asked = StaySearch(guests=0, limit=0, check_in=day(1), rating_min=9, sort=StaySort.DISTANCE)
        with pytest.raises(Invalid) as refused:
            await sqlite_world.search.stays(search=asked, after=("x",))
        pointers = {each.pointer for each in refused.value.errors}
        assert pointers == {
            f"#query/{name}" for name in ("guests", "limit", "check_out", "rating_min", "sort", "cursor")
        }

    @pytest.mark.parametrize("asked", RIGHT)
    async def test_is_answered_at_the_limits(self, world, asked):
        await world.add(home(1, latitude=38.91, longitude=-77.04))
        assert (await world.search.stays(search=StaySearch(**asked), facets=True)).total in {0, 1}


class TestAPosition:
    @pytest.mark.parametrize(
        "after",
        [
            (),
            (1,),
            (1, 2),
            (1, 2, 3, 4),
            ("1", 2, 3),
            (1, "2", 3),
            (1, 2, "3"),
            (None, 2, 3),
            (1.5, 2, 3),
            (1, 2.0, 3),
            (True, 2, 3),
            (1, True, 3),
            (2**63, 2, 3),
            (1, 2**63, 3),
            (float("nan"), 2, 3),
            "abc",
        ],
    )
    async def test_that_search_did_not_make_is_refused(self, sqlite_world, after):
        with pytest.raises(Invalid) as refused:
            await sqlite_world.search.stays(search=StaySearch(), after=after)
        assert [each.code for each in refused.value.errors] == ["invalid_cursor"]

    @pytest.mark.parametrize("after", [(float("nan"), 2, 3), (float("inf"), 2, 3), ("4.5", 2, 3)])
    async def test_of_another_kind_of_number_is_refused(self, sqlite_world, after):
        with pytest.raises(Invalid):
            await sqlite_world.search.stays(search=StaySearch(sort=StaySort.RATING), after=after)

    async def test_may_be_a_whole_number_where_a_real_one_is_meant(self, world):
        await world.add(home(1, rating=5.0), home(2, rating=4.0))
        search = StaySearch(sort=StaySort.RATING)
        assert await world.ids(search, after=(5, 1, 2)) == [2]
