"""Measures searches with dates. `python -m benchmarks.search.run [--homes N,N] [--engines E,E] [--times N]`."""

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import asyncpg

from benchmarks.load import run as run_on_loop
from benchmarks.report import Section, Table, arguments, count, hand_over, millis, ratio
from benchmarks.search import textbook
from benchmarks.search.homes import fill
from holdfast.catalog.api import PropertyKind
from holdfast.kit.clock import Clock
from holdfast.kit.db.database import Database
from holdfast.kit.db.opening import open_database
from holdfast.search.api import Box, Circle, StaySearch, StaySort
from holdfast.search.service.search import Search
from holdfast.search.settings import SearchSettings
from support.servers import fresh_database, missing

_SMALL = 6_262
_LARGE = 200_000
_TEXTBOOK_UP_TO = 10_000
_MORE_WHERE_QUICK = 5
_SIDE_DEGREES = 0.04
_AIM_SMALL_S = 0.005
_AIM_BOX_S = 0.010
_AIM_KINDS = ("anywhere", "in a box")


class _Nobody:
    """Catalog and booking are not asked by a search."""


@dataclass
class Asked:
    """A kind of search, and how long each took."""

    name: str
    ask: Callable[[random.Random, date], StaySearch]
    facets: bool = False
    later_page: bool = False
    took: list[float] = field(default_factory=list)
    hits: list[int] = field(default_factory=list)


def _stay(chance: random.Random, today: date, **more: Any) -> StaySearch:
    check_in = today + timedelta(days=chance.randint(1, 120))
    check_out = check_in + timedelta(days=chance.randint(2, 7))
    return StaySearch(check_in=check_in, check_out=check_out, guests=chance.randint(1, 4), **more)


def _spot(chance: random.Random) -> tuple[float, float]:
    """Return a place in the city, where most homes are."""
    return chance.gauss(38.91, 0.02), chance.gauss(-77.03, 0.03)


def _boxed(chance: random.Random, today: date) -> StaySearch:
    latitude, longitude = _spot(chance)
    box = Box(
        south=latitude - _SIDE_DEGREES / 2,
        north=latitude + _SIDE_DEGREES / 2,
        west=longitude - _SIDE_DEGREES / 2,
        east=longitude + _SIDE_DEGREES / 2,
    )
    return _stay(chance, today, box=box)


def _wide(chance: random.Random, today: date) -> StaySearch:
    return _stay(chance, today, box=Box(south=37.0, west=-79.0, north=41.0, east=-75.0))


def _near(chance: random.Random, today: date) -> StaySearch:
    latitude, longitude = _spot(chance)
    circle = Circle(latitude=latitude, longitude=longitude, radius_km=2)
    return _stay(chance, today, circle=circle, sort=StaySort.DISTANCE)


def _choosy(chance: random.Random, today: date) -> StaySearch:
    return _stay(
        chance,
        today,
        kinds=(PropertyKind.ENTIRE_HOME,),
        amenities=("wifi", "kitchen"),
        price_max_minor=chance.randint(8_000, 30_000),
        rating_min=4.5,
        sort=StaySort.PRICE,
    )


def _worded(chance: random.Random, today: date) -> StaySearch:
    return _stay(chance, today, text=chance.choice(("dupont circle", "capitol hill", "georgetown", "entire navy yard")))


def _placed(chance: random.Random, today: date) -> StaySearch:
    return _stay(chance, today, place=chance.choice(("Dupont Circle", "Capitol Hill", "Columbia Heights")))


def _kinds() -> list[Asked]:
    return [
        Asked("anywhere", _stay),
        Asked("anywhere, with facets", _stay, facets=True),
        Asked("anywhere, a later page", _stay, later_page=True),
        Asked("in a box", _boxed),
        Asked("in a box, with facets", _boxed, facets=True),
        Asked("in a box around nearly all", _wide),
        Asked("within 2 km, by distance", _near),
        Asked("type, amenities, price, rating; by price", _choosy),
        Asked("by words", _worded),
        Asked("by neighbourhood", _placed),
    ]


async def _measure(search: Search, kinds: Sequence[Asked], today: date, times: int) -> None:
    """Ask each kind in turn, again and again: what disturbs one disturbs all."""
    chance = random.Random(7)
    for turn in range(times + 3):
        for kind in kinds:
            asked = kind.ask(chance, today)
            after = None
            if kind.later_page:
                after = (await search.stays(search=asked)).next_position
            began = time.perf_counter()
            page = await search.stays(search=asked, after=after, facets=kind.facets)
            took = time.perf_counter() - began
            if turn >= 3:  # statements are compiled and pages are in memory by then
                kind.took.append(took)
                kind.hits.append(page.total)


async def _against_textbook(search: Search, database: Database, today: date, times: int) -> list[tuple[str, float]]:
    """Return the medians of the ratio of the textbook's time to ours, search by search; the answers must agree."""
    chance = random.Random(11)
    ratios: dict[str, list[float]] = {}
    for _ in range(times):
        for name, ask in (("anywhere", _stay), ("in a box", _boxed)):
            asked = replace(ask(chance, today), limit=20)
            began = time.perf_counter()
            page = await search.stays(search=asked)
            ours = time.perf_counter() - began
            began = time.perf_counter()
            total, ids = await database.read(lambda tx, asked=asked: textbook.find(tx, asked))
            theirs = time.perf_counter() - began
            assert (total, ids) == (page.total, [hit.property_id for hit in page.hits]), asked
            ratios.setdefault(name, []).append(theirs / ours)
    return [(name, _at(found, 0.5)) for name, found in ratios.items()]


def _at(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


async def _gather_statistics(engine: str, url: str) -> None:
    """Do now what PostgreSQL's autovacuum does within a minute."""
    if engine == "postgresql":
        connection = await asyncpg.connect(url)
        await connection.execute("VACUUM ANALYZE")
        await connection.close()


async def measure(engine: str, homes: int, times: int, section: Section) -> None:
    """Fill a database and measure every kind of search in it."""
    clock = Clock()
    today = clock.today("UTC")
    with fresh_database(engine) as url:
        database = await open_database(url, clock)
        with_textbook = homes <= _TEXTBOOK_UP_TO
        times = times * _MORE_WHERE_QUICK if with_textbook else times
        await fill(database, url, homes=homes, today=today, textbook=with_textbook)
        await _gather_statistics(engine, url)
        search = Search(
            db=database,
            clock=clock,
            catalog=_Nobody(),
            booking=_Nobody(),
            settings=SearchSettings(),  # type: ignore[arg-type]
        )
        kinds = _kinds()
        await _measure(search, kinds, today, times)
        for kind in kinds:
            section.tables[0].add(
                engine,
                count(homes),
                kind.name,
                count(_at(kind.hits, 0.5)),
                millis(_at(kind.took, 0.5)),
                millis(_at(kind.took, 0.99)),
            )
            _judge(section, engine, homes, kind)
        if with_textbook:
            for name, times_slower in await _against_textbook(search, database, today, times):
                section.tables[1].add(engine, count(homes), name, ratio(times_slower))
        await database.close()


def _judge(section: Section, engine: str, homes: int, kind: Asked) -> None:
    aim = {(_SMALL, "anywhere"): _AIM_SMALL_S, (_LARGE, "in a box"): _AIM_BOX_S}.get((homes, kind.name))
    if aim is not None:
        p50 = _at(kind.took, 0.5)
        met = "met" if p50 < aim else "missed"
        section.remarks.append(
            f"{engine}, {count(homes)} homes, {kind.name}: {millis(p50)} ms, aim {millis(aim)}: {met}."
        )


async def benchmark(*, homes: Sequence[int], engines: Sequence[str], times: int) -> Section:
    """Measure every engine at every size."""
    section = Section(
        "Search with dates",
        f"""Asked at the door of search by one client, so Python, the driver and the database are in the figure, HTTP is
        not. Each search has dates (2 to 7 nights within four months), guests, a total and a page of 20 and differs from
        the one before in its values; the kinds take turns, {times} times each ({times * _MORE_WHERE_QUICK} times where
        there are few homes) after three that warm up. Homes are the
        6,257 of the demo with their year of occupancy and its five samples; more are copies elsewhere (normally spread
        by half a degree) at another price. A box measures {_SIDE_DEGREES} degrees. Hits are the median of what was
        found. Milliseconds.""",
    )
    section.tables.append(Table(("engine", "homes", "search", "hits", "p50", "p99")))
    section.tables.append(
        Table(
            ("engine", "homes", "search", "textbook's time over ours"),
            title="Against one row per taken night and NOT EXISTS, same filters, same answers",
        )
    )
    for engine in engines:
        if absent := missing(engine):
            section.remarks.append(f"{engine} was left out: {absent}")
            continue
        for size in homes:
            await measure(engine, size, times, section)
    return section


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--homes", default=f"{_SMALL},{_LARGE}")
    parser.add_argument("--engines", default="sqlite,postgresql")
    parser.add_argument("--times", type=int, default=30)
    chosen = parser.parse_args()
    sizes = [int(each) for each in chosen.homes.split(",")]
    hand_over(run_on_loop(benchmark(homes=sizes, engines=chosen.engines.split(","), times=chosen.times)), chosen.out)
