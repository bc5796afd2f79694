"""Statements by shape: made once, and the same answer whichever index serves."""

import pytest

from holdfast.kit.db.statements import SQLITE, Instant
from holdfast.search.api import Box, Circle, StaySearch, StaySort
from holdfast.search.store import keeping, shapes
from holdfast.search.store.queries import query_of
from holdfast.search.store.shapes import Served
from search.search_builder import TODAY, day, home

WASHINGTON = Box(south=38.0, west=-78.0, north=40.0, east=-76.0)


def query(**asked):
    return query_of(StaySearch(**asked), numbers={}, today=TODAY, after=None, facets=False)


class TestAShape:
    def test_is_the_same_whatever_the_values(self):
        one = query(text="a b", guests=1, check_in=day(1), check_out=day(2), kinds=("entire_home",), box=WASHINGTON)
        two = query(text="c d", guests=5, check_in=day(2), check_out=day(4), kinds=("hotel_room",), box=WASHINGTON)
        assert one.shape == two.shape
        assert one.values != two.values
        assert shapes.count(one.shape, Served.NONE) is shapes.count(two.shape, Served.NONE)
        assert shapes.page(one.shape, Served.ORDER, StaySort.PRICE, after=False) is shapes.page(
            two.shape, Served.ORDER, StaySort.PRICE, after=False
        )

    def test_is_another_where_other_words_of_the_ring_are_touched(self):
        touched = {query(check_in=day(first), check_out=day(first + 2)).shape.nights for first in range(0, 700, 7)}
        assert len(touched) > 12
        assert len(query(check_in=day(1), check_out=day(366)).shape.nights) in {7, 8}

    def test_is_forgotten_when_others_are_asked_for_more(self):
        assert shapes.count.cache_info().maxsize == shapes.page.cache_info().maxsize == shapes.SHAPES_KEPT


class TestEveryIndex:
    @pytest.mark.parametrize("sort", list(StaySort))
    @pytest.mark.parametrize("after", [None, 3])
    async def test_serves_the_same_hits(self, world, sort, after):
        await world.add(
            *[
                home(each, base_minor=each % 4, rating=(None, 4.0, 5.0)[each % 3], latitude=38.5 + each % 7 / 10)
                for each in range(1, 30)
            ]
        )
        asked = {
            "box": WASHINGTON,
            "circle": Circle(latitude=38.9, longitude=-77.0, radius_km=60),
            "price_max_minor": 2,
            "rating_min": 4.0,
            "sort": sort,
        }
        made = query(**asked)
        values = {**made.values, "most": 10}
        if after is not None:
            page = await world.search.stays(search=StaySearch(**asked, limit=after))
            values |= {"after_key": page.next_position[0], "after_id": page.next_position[1]}

        async def served_by(served):
            statement = shapes.page(made.shape, served, sort, after=after is not None)
            return await world.db.read(lambda tx: tx.all(statement(**values)))

        answers = [[row.property_id for row in await served_by(served)] for served in Served]
        assert answers[0] == answers[1] == answers[2]
        assert len(answers[0]) > 5

    async def test_counts_the_same(self, world):
        await world.add(*[home(each, latitude=38.5 + each % 7 / 10) for each in range(1, 30)])
        made = query(box=Box(south=38.55, west=-78.0, north=38.85, east=-76.0))
        counted = [
            (await world.db.read(lambda tx, s=served: tx.one(shapes.count(made.shape, s)(**made.values)))).total
            for served in Served
        ]
        assert counted == [13, 13, 13]


class TestOnSqlite:
    """The statements say which index is to serve, and SQLite tells which one does."""

    async def plan(self, world, statement, values):
        compiled = statement.compiled(SQLITE)
        arguments = compiled.bind(values, Instant(None, world.clock.shift))
        connection = await world.db._reader.call(lambda opened: opened)
        rows = await world.db._reader.call(
            lambda _: connection.execute(f"EXPLAIN QUERY PLAN {compiled.sql}", arguments).fetchall()
        )
        return " / ".join(row[3] for row in rows)

    async def test_a_narrow_box_is_served_by_the_index_of_places(self, sqlite_world):
        made = query(box=WASHINGTON)
        plan = await self.plan(sqlite_world, shapes.count(made.shape, Served.PLACE), made.values)
        assert "search_stay_place_ix (latitude>? AND latitude<?)" in plan

    async def test_a_wide_box_is_served_by_none(self, sqlite_world):
        made = query(box=WASHINGTON, price_min_minor=1, rating_min=1.0, check_in=day(1), check_out=day(2))
        plan = await self.plan(sqlite_world, shapes.count(made.shape, Served.NONE), made.values)
        assert plan == "SCAN search_stay"

    async def test_a_probe_reads_the_index_alone(self, sqlite_world):
        made = query(box=WASHINGTON)
        plan = await self.plan(sqlite_world, shapes.probe(made.shape.boxes), made.values)
        assert "COVERING INDEX search_stay_place_ix" in plan

    @pytest.mark.parametrize(
        ("sort", "index"),
        [
            (StaySort.RECOMMENDED, "standing"),
            (StaySort.PRICE, "base_minor"),
            (StaySort.PRICE_DESC, "base_minor"),
            (StaySort.RATING, "rated"),
        ],
    )
    async def test_an_order_is_walked_by_its_index(self, sqlite_world, sort, index):
        made = query(box=WASHINGTON, check_in=day(1), check_out=day(2), sort=sort)
        values = {**made.values, "most": 10, "after_key": 1, "after_id": 1}
        plan = await self.plan(sqlite_world, shapes.page(made.shape, Served.ORDER, sort, after=False), values)
        assert f"SCAN search_stay USING INDEX search_stay_{index}_ix" in plan
        plan = await self.plan(sqlite_world, shapes.page(made.shape, Served.ORDER, sort, after=True), values)
        assert f"SEARCH search_stay USING INDEX search_stay_{index}_ix ({index}" in plan
        plan = await self.plan(sqlite_world, shapes.page(made.shape, Served.NONE, sort, after=False), values)
        assert "USING INDEX" not in plan

    @pytest.mark.parametrize("statement", [keeping._BEHIND, keeping._AHEAD])
    async def test_what_has_gone_astray_is_found_without_looking_at_the_others(self, sqlite_world, statement):
        plan = await self.plan(sqlite_world, statement, {"first_word": 346, "most": 100})
        assert plan.startswith("SEARCH search_stay USING COVERING INDEX search_stay_first_word_ix (first_word>")
        assert "/" not in plan
