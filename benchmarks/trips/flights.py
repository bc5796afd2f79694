"""Searches for flights in a month's schedule, beside the table of flights joined with itself."""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlencode

import asyncpg

from benchmarks import product
from benchmarks.cpu import Meter
from benchmarks.http.product_clients import unexpected
from benchmarks.load import Connection, UnusableError
from benchmarks.report import Table, millis, ratio
from benchmarks.trips import naive_flights, schedule
from holdfast.app.demo.flights import iatas, routes
from holdfast.kit.clock import Clock
from holdfast.kit.db.opening import open_database
from holdfast.search.flights_api import FlightSearch, SliceWanted
from holdfast.search.service.sold_as import SoldAsKept
from holdfast.verticals.flights.terms import Passengers
from support.servers import fresh_database

BLOCK = 10
_FIRST_DAY = 3
_STAYS = (3, 7)
_LAST_DAYS = 4
"""In the last days of the schedule nobody departs: there would be nothing to change to."""
_WAYS = ("http", "door", "naive")


@dataclass
class Asked:
    """A kind of search, and what it took each way."""

    name: str
    max_stops: int
    back: bool = False
    took: dict[str, list[float]] = field(default_factory=lambda: {way: [] for way in _WAYS})
    cpu: dict[str, float] = field(default_factory=lambda: dict.fromkeys(_WAYS, 0.0))
    found: list[int] = field(default_factory=list)


def _kinds() -> tuple[Asked, ...]:
    return (
        Asked("non-stop", 0),
        Asked("up to one stop", 1),
        Asked("up to two stops", 2),
        Asked("there and back, up to one stop", 1, back=True),
    )


def table(days: int) -> Table:
    """Return the table of results."""
    columns = (
        "engine", "search", "journeys", "p50 ms", "p99 ms", "CPU ms", "p50 ms at the door", "p99 ms", "CPU ms",
        "naive p50 ms", "p99 ms", "CPU ms", "naive's time over the door's", "CPU",
    )  # fmt: skip
    return Table(columns, title=f"Flights: {days} days among {len(iatas())} airports, the cheapest first")


def _searches(kind: Asked, today: date, days: int, seed: int) -> Iterator[FlightSearch]:
    """Yield searches of a kind: without stops on routes there are, else between any two airports."""
    chance = random.Random(seed)
    while True:
        origin, destination = chance.sample(iatas(), 2)
        if kind.max_stops == 0:
            route = chance.choice(routes())
            origin, destination = route.origin, route.destination
        stays = chance.randint(*_STAYS) if kind.back else 0
        day = today + timedelta(days=chance.randint(_FIRST_DAY, max(_FIRST_DAY, days - _LAST_DAYS - stays)))
        slices = [SliceWanted(origin=origin, destination=destination, day=day)]
        if kind.back:
            slices.append(SliceWanted(origin=destination, destination=origin, day=day + timedelta(days=stays)))
        yield FlightSearch(
            slices=tuple(slices), passengers=Passengers(adults=1), max_stops=kind.max_stops, overnight=True
        )


Answer = tuple[int, int | None]
"""How many journeys were found, and what the cheapest costs."""


class _Ways:
    """The three ways to ask: over HTTP, at the door, and the naive one."""

    def __init__(self, served: product.Product, search: Any, database: Any) -> None:
        self._search = search
        self._database = database
        self._known = naive_flights.Known(SoldAsKept(database))
        self.connection = Connection(served.host, served.port)
        pids = product.database_pids(served.url)
        self._meter = Meter(server=[served.server.pid], database=pids)

    async def ask(self, way: str, kind: Asked, searches: Sequence[FlightSearch]) -> list[Answer]:
        """Ask some searches one way, and note what they took."""
        asking: Callable[[FlightSearch], Any] = {"http": self._http, "door": self._door, "naive": self._naive}[way]
        answers = []
        self._meter.start()
        own = time.process_time()
        for each in searches:
            began = time.perf_counter()
            answers.append(await asking(each))
            kind.took[way].append(time.perf_counter() - began)
        used = dict(self._meter.read())
        kind.cpu[way] += used["database"] + (used["server"] if way == "http" else time.process_time() - own)
        return answers

    async def answered(self, searches: Iterator[FlightSearch]) -> list[FlightSearch]:
        """Return the next searches that find something: of others the product looks at six more dates."""
        found: list[FlightSearch] = []
        while len(found) < BLOCK:
            search = next(searches)
            if (await self._naive(search))[0]:
                found.append(search)
        return found

    async def _http(self, search: FlightSearch) -> Answer:
        first = search.slices[0]
        asked = {
            "from": first.origin,
            "to": first.destination,
            "date": first.day.isoformat(),
            **({"return_date": search.slices[1].day.isoformat()} if len(search.slices) > 1 else {}),
            "max_stops": search.max_stops,
            "overnight": "true",
        }
        answer = await self.connection.request("GET", f"/v1/search/flights?{urlencode(asked)}")
        if answer.status != 200:
            raise UnusableError(unexpected(answer))
        page = answer.json()
        prices = [fare["total"]["amount"] for fare in page["items"][0]["fares"]] if page["items"] else [None]
        return page["total"], min(prices)

    async def _door(self, search: FlightSearch) -> Answer:
        page = await self._search.flights(search=search)
        return page.total, min(fare.total_minor for fare in page.hits[0].fares) if page.hits else None

    async def _naive(self, search: FlightSearch) -> Answer:
        find = partial(naive_flights.find, search=search, known=self._known, now=Clock().now())
        total, ways = await self._database.read(find)
        return total, ways[0].rank[0] if ways else None


async def measure(results: Table, engine: str, *, days: int, times: int) -> int:
    """Fill a database with the schedule and ask it, the kinds and the ways taking turns; return how many flights."""
    async with AsyncExitStack() as stack:
        url = stack.enter_context(fresh_database(engine))
        flights = await schedule.fill(url, days=days)
        if engine == "postgresql":  # as autovacuum does within a minute
            connection = await asyncpg.connect(url)
            await connection.execute("VACUUM ANALYZE")
            await connection.close()
        served = stack.enter_context(product.serving(url, guests=0))
        assembly = await stack.enter_async_context(product.assembled(url))
        database = await open_database(url, Clock())
        stack.push_async_callback(database.close)
        ways = _Ways(served, assembly.door("search"), database)
        stack.callback(ways.connection.close)
        kinds = await _measure(ways, days, times)
    for kind in kinds:
        results.add(engine, kind.name, *_cells(kind))
    return flights


async def _measure(ways: _Ways, days: int, times: int) -> tuple[Asked, ...]:
    """Ask each kind each way, ten of the same searches at a time, after ten that warm up.

    Raises:
        UnusableError: The cheapest journey is not the same each way.
    """
    today, kinds = Clock().today("UTC"), _kinds()
    wishes = {kind.name: _searches(kind, today, days, seed) for seed, kind in enumerate(kinds)}
    warm = {kind.name: kind for kind in _kinds()}
    for turn in range(times // BLOCK + 1):
        for kind in kinds:
            searches = await ways.answered(wishes[kind.name])
            noted = kind if turn else warm[kind.name]
            found = {way: await ways.ask(way, noted, searches) for way in _WAYS}
            for each, *answers in zip(searches, *found.values(), strict=True):
                if len({cheapest for _, cheapest in answers}) > 1:
                    raise UnusableError(f"{each.slices}: {dict(zip(found, answers, strict=True))}")
            noted.found += [total for total, _ in found["door"]]
    return kinds


def _cells(kind: Asked) -> tuple[str, ...]:
    number = len(kind.took["door"])
    times = [
        millis(seconds)
        for way in _WAYS
        for seconds in (_at(kind.took[way], 0.5), _at(kind.took[way], 0.99), kind.cpu[way] / number)
    ]
    return (
        f"{_at(kind.found, 0.5):,}",
        *times,
        ratio(_at([naive / ours for ours, naive in zip(kind.took["door"], kind.took["naive"], strict=True)], 0.5)),
        ratio(kind.cpu["naive"] / kind.cpu["door"]),
    )


def _at(values: Sequence[Any], share: float) -> Any:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]
