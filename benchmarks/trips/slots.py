"""A day of a room of sixty tables that is half full: asked over HTTP, and looked for table by table."""

import random
from collections.abc import Iterator
from datetime import date, timedelta
from functools import partial
from itertools import cycle
from typing import Any

from benchmarks import product
from benchmarks.cpu import Meter
from benchmarks.http.product_clients import unexpected
from benchmarks.load import Connection, Report, UnusableError, drive, joined
from benchmarks.product import Product
from benchmarks.report import Table, count, millis, ratio
from benchmarks.trips import naive_room, world
from holdfast.booking.floor_api import FloorApi
from holdfast.engine.claims import Span, cells_of
from holdfast.kit.clock import Clock
from holdfast.kit.db.database import Database
from holdfast.kit.db.opening import open_database
from holdfast.verticals.dining.claims import options, resources, tables_of
from holdfast.verticals.dining.slots import arrivals
from holdfast.verticals.dining.terms import DiningTerms, TableRequest

CLIENTS = (1, 8)
PARTIES = (2, 3, 4, 6, 7, 10)
_DAYS_AHEAD = 10
_FULL = 0.5
_LAST_STAY = 8
_TRIES = 5_000


def day() -> date:
    """Return the day that is looked at."""
    return Clock().today(world.ZONE) + timedelta(days=_DAYS_AHEAD)


def table() -> Table:
    """Return the table of results."""
    columns = (
        "engine", "way", "clients", "answers/s", "p50 ms", "p99 ms", "CPU ms server", "CPU ms database", "CPU ms",
        "p50 to the door", "CPU to the door",
    )  # fmt: skip
    return Table(columns, title="Slots of a day: 60 tables, 40 combinations, half full")


def _parties(terms: DiningTerms, chance: random.Random) -> Iterator[tuple[Span, ...]]:
    """Yield what parties take, at any time and any table, until half of all table time is taken."""
    times = arrivals(terms, day())
    left = int(_FULL * len(terms.tables) * (times[-1].slot + _LAST_STAY - times[0].slot))
    taken: set[tuple[str, int]] = set()
    for _ in range(_TRIES):
        given = chance.choice(terms.tables)
        request = TableRequest(day=day(), at=chance.choice(times).at, party_size=given.seats_max)
        spans = next(each for each in options(terms, request, online=True) if tables_of(each) == (given.code,))
        wanted = set(cells_of(spans[:1]))
        if taken.isdisjoint(wanted):
            taken |= wanted
            left -= len(wanted)
            yield spans
        if left <= 0:
            return
    raise UnusableError("the room did not become half full")


async def fill(url: str) -> int:
    """Seat parties until the room is half full, for the product and for the naive way; return how many."""
    terms = world.dining_terms(world.ROOM)
    parties = list(_parties(terms, random.Random(60)))
    async with product.assembled(url) as assembly:
        importing = assembly.door("booking").importing
        await importing.claims(claims=parties, capacities=resources(terms), note="benchmark")
        await product.tell_everybody(assembly)
    seated = [(tables_of(spans)[0], spans[0].first_slot, spans[0].end_slot) for spans in parties]
    database = await open_database(url, Clock())
    await naive_room.fill(database, url, world.ROOM, seated)
    await database.close()
    return len(parties)


class Looker:
    """Asks for the day, for one size of party after the other."""

    def __init__(self, served: Product) -> None:
        self._connection = Connection(served.host, served.port)
        self._sizes = cycle(PARTIES)

    async def act(self) -> str:
        """Ask once."""
        answer = await self.ask(next(self._sizes))
        return "answered" if answer.status == 200 else unexpected(answer)

    async def ask(self, party_size: int) -> Any:
        """Return the answer for a party."""
        path = f"/v1/restaurants/{world.ROOM}/slots?date={day().isoformat()}&party_size={party_size}"
        return await self._connection.request("GET", path)

    def close(self) -> None:
        """Hang up."""
        self._connection.close()


class Door:
    """Asks the product for the same day in this process: no HTTP, and no answer to write."""

    def __init__(self, floor: FloorApi) -> None:
        self._floor = floor
        self._sizes = cycle(PARTIES)

    async def act(self) -> str:
        """Ask once."""
        await self._floor.slots(restaurant_id=world.ROOM, day=day(), party_size=next(self._sizes))
        return "answered"

    def close(self) -> None:
        """Leave the door to whoever opened it."""


class Naive:
    """Looks at the same day table by table, in this process too."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._terms = world.dining_terms(world.ROOM)
        self._sizes = cycle(PARTIES)
        self.looks = 0
        self.asked = 0

    async def act(self) -> str:
        """Look once."""
        await self.free(next(self._sizes))
        return "answered"

    async def free(self, party_size: int) -> list[str]:
        """Return the times that are free for a party."""
        look = partial(naive_room.free, terms=self._terms, day=day(), party_size=party_size)
        found, looks = await self._database.read(look)
        self.looks += looks
        self.asked += 1
        return [f"{at:%H:%M}" for at in found]

    def close(self) -> None:
        """Leave the database to whoever opened it."""


async def _agree(looker: Looker, naive: Naive) -> None:
    """Let both answer for every size.

    Raises:
        UnusableError: They do not say the same, or nothing is free.
    """
    for size in PARTIES:
        said = (await looker.ask(size)).json()["slots"]
        ours, theirs = [each["time"] for each in said if each["free"]], await naive.free(size)
        if ours != theirs or not ours:
            raise UnusableError(f"free for {size}: the product says {ours}, the naive way {theirs}")


async def measure(results: Table, engine: str, served: Product, *, seconds: float, rounds: int) -> None:
    """Ask over HTTP with one client and with more, at the door, and the naive way, taking turns."""
    pids = product.database_pids(served.url)
    looker = Looker(served)
    async with product.assembled(served.url) as assembly:
        database = await open_database(served.url, Clock())
        naive, door = Naive(database), Door(assembly.door("booking").floor)
        try:
            await _agree(looker, naive)
            meter = Meter(server=[served.server.pid], database=pids)
            found = await _rounds(served, door, naive, meter, seconds=seconds, rounds=rounds)
        finally:
            looker.close()
            await database.close()
    ways = {"naive": f"naive, {naive.looks / naive.asked:,.0f} queries", "door": "at the door", "http": "over HTTP"}
    for (way, clients), report in found.items():
        results.add(engine, ways[way], clients, *_cells(report, way, found["door", 1]))


def _cpu(report: Report, way: str) -> tuple[float, float]:
    """Return the CPU seconds of an answer: of whoever makes it, and of the database."""
    server = report.cpu_per("answered", "server" if way == "http" else "client")
    return server, report.cpu_per("answered", "database")


def _cells(report: Report, way: str, door: Report) -> tuple[str, ...]:
    used, p50 = _cpu(report, way), report.percentile(0.5) or 0
    return (
        count(report.rate()),
        millis(p50),
        millis(report.percentile(0.99)),
        *(millis(each) for each in used),
        millis(sum(used)),
        ratio(p50 / (door.percentile(0.5) or 1)) if report.clients == 1 else "-",
        ratio(sum(used) / sum(_cpu(door, "door"))),
    )


async def _rounds(
    served: Product, door: Door, naive: Naive, meter: Meter, *, seconds: float, rounds: int
) -> dict[tuple[str, int], Report]:
    makers = {"http": lambda: Looker(served), "door": lambda: door, "naive": lambda: naive}
    turns = [*(("http", clients) for clients in CLIENTS), ("door", 1), ("naive", 1)]
    found: dict[tuple[str, int], list[Report]] = {turn: [] for turn in turns}

    async def scenario(number: int, way: str) -> Any:
        del number
        return makers[way]()

    for _ in range(rounds):
        for way, clients in turns:
            asking = partial(scenario, way=way)
            found[way, clients].append(await drive(asking, clients=clients, seconds=seconds, meter=meter))
    return {turn: joined(reports) for turn, reports in found.items()}
