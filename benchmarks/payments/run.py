"""Bookings that are paid, beside bookings that are not; messages of providers. `python -m benchmarks.payments.run`."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count, cycle
from typing import Any

from benchmarks import product
from benchmarks.cpu import Meter
from benchmarks.http.workload import Market, Stay, spread
from benchmarks.load import Connection, Report, drive
from benchmarks.load import run as run_on_loop
from benchmarks.payments.guests import Buyer, Messenger, Sign, settled, signer
from benchmarks.report import Section, Table, arguments, hand_over, millis, ratio
from benchmarks.report import count as shown_count
from holdfast.kit.clock import Clock
from support.process import HoldfastServer
from support.servers import ENGINES, fresh_database, missing

HOMES = 5000
DAYS = 700
GUESTS = 16
_seeds = count(1)
_events = count(1)


@dataclass(frozen=True)
class Plan:
    """How much to measure."""

    engines: tuple[str, ...] = ENGINES
    clients: int = 8
    bookings: int = 400
    rounds: int = 3
    seconds: float = 3.0


@dataclass
class House:
    """A product with a simulator as a process of its own."""

    engine: str
    served: product.Product
    simulator: HoldfastServer
    meter: Meter
    market: Market = field(
        default_factory=lambda: Market(homes=HOMES, first_day=Clock().today("UTC") + timedelta(days=2), days=DAYS)
    )

    def buyers(self, number: int, *, pays: bool, made: list[str]) -> list[Buyer]:
        """Return so many guests, each with wishes of their own."""
        guests = self.served.guests
        return [Buyer(self.served, guests[each % GUESTS], self.stays(), pays=pays, made=made) for each in range(number)]

    def stays(self) -> Iterator[Stay]:
        """Return wishes nobody else has."""
        return spread(self.market, next(_seeds))


@dataclass
class Run:
    """So many bookings from the first request until nothing of them moves any more."""

    bookings: int
    asked_s: float
    settled_s: float
    cpu: dict[str, float]

    @property
    def cpu_each(self) -> dict[str, float]:
        """CPU seconds for each booking, by group of processes."""
        return {group: used / self.bookings for group, used in self.cpu.items()}


@asynccontextmanager
async def _house(engine: str) -> AsyncIterator[House]:
    with ExitStack() as stack:
        url = stack.enter_context(fresh_database(engine))
        await product.furnish(url, [(product.HOME, 1)] * HOMES, guests=GUESTS)
        served, simulator = stack.enter_context(product.serving_paid(url, guests=GUESTS))
        meter = Meter(server=[served.server.pid], database=product.database_pids(url), simulator=[simulator.pid])
        yield House(engine, served, simulator, meter)
        product.verify(url)


async def _book(house: House, plan: Plan, *, pays: bool) -> Run:
    """Let all clients book until there are enough, then wait until the money is where it belongs."""
    made: list[str] = []
    crowd = house.buyers(plan.clients, pays=pays, made=made)
    try:
        house.meter.start()
        began = time.perf_counter()

        async def keep_booking(buyer: Buyer) -> None:
            while len(made) < plan.bookings:
                await buyer.act()

        async with asyncio.TaskGroup() as tasks:
            for buyer in crowd:
                tasks.create_task(keep_booking(buyer))
        asked = time.perf_counter() - began
        if pays:
            await settled(house.served)
        return Run(len(made), asked, time.perf_counter() - began, dict(house.meter.read()))
    finally:
        for each in crowd:
            each.close()


async def _bookings(section: Section, houses: Sequence[House], plan: Plan) -> None:
    columns = (
        "engine", "booking", "bookings/s", "settled/s", "CPU ms server", "CPU ms database", "CPU ms simulator",
        "CPU ms ours", "to unpaid",
    )  # fmt: skip
    table = Table(columns, title=f"{plan.bookings} bookings, {plan.clients} clients, best of {plan.rounds} rounds")
    for house in houses:
        runs: dict[bool, list[Run]] = {False: [], True: []}
        for _ in range(plan.rounds):
            for pays in (False, True):
                runs[pays].append(await _book(house, plan, pays=pays))
        best = {pays: min(found, key=_ours) for pays, found in runs.items()}
        for pays, run in best.items():
            each = run.cpu_each
            table.add(
                house.engine,
                "paid by card" if pays else "paid on arrival",
                shown_count(run.bookings / run.asked_s),
                shown_count(run.bookings / run.settled_s),
                millis(each["server"]),
                millis(each["database"]),
                millis(each["simulator"]),
                millis(_ours(run)),
                ratio(_ours(run) / _ours(best[False])),
            )
    section.tables.append(table)
    print(table.markdown(), flush=True)


def _ours(run: Run) -> float:
    return run.cpu_each["server"] + run.cpu_each["database"]


async def _messages(section: Section, houses: Sequence[House], plan: Plan) -> None:
    table = Table(
        ("engine", "messages", "a second", "p99 ms", "CPU ms server", "CPU ms database", "outcomes"),
        title=f"Messages of a provider, {plan.clients} clients",
    )
    for house in houses:
        refs = await _refs(house)
        new, forged = signer(product.SIMULATOR_SECRET), signer("forged" * 6)
        kinds = {
            "signed, each new": (_each_new(refs), new),
            "signed, the same again": (cycle([("evt_same", refs[0])]), new),
            "forged": (_each_new(refs), forged),
        }
        for name, (messages, sign) in kinds.items():
            report = await _deliver(house, plan, messages, sign)
            table.add(
                house.engine,
                name,
                shown_count(report.rate()),
                millis(report.percentile(0.99)),
                *(millis(report.cpu[group] / report.number()) for group in ("server", "database")),
                report.outcomes(),
            )
    section.tables.append(table)
    print(table.markdown(), flush=True)


def _each_new(refs: Sequence[str]) -> Iterator[tuple[str, str]]:
    for ref in cycle(refs):
        yield f"evt_{next(_events)}", ref


async def _deliver(house: House, plan: Plan, messages: Iterator[tuple[str, str]], sign: Sign) -> Report:
    async def scenario(number: int) -> Any:
        del number
        return Messenger(house.served, messages, sign)

    return await drive(scenario, clients=plan.clients, seconds=plan.seconds, meter=house.meter)


async def _refs(house: House) -> list[str]:
    """Return the provider's ids of some payments, from the simulator's own books."""
    connection = Connection("127.0.0.1", house.simulator.port)
    answer = await connection.request("GET", "/simulator/v1/books?limit=100")
    connection.close()
    found = answer.json()["data"]
    return sorted({each["payment"] for each in found})


async def benchmark(plan: Plan) -> Section:
    """Measure every engine, paid and unpaid taking turns."""
    section = Section(
        "Booking with payment",
        f"""{HOMES:,} homes, stays of one to three nights anywhere, {GUESTS} guests, {plan.clients} clients that wait
        for each answer. Paid on arrival is quote, hold, confirm; paid by card is quote, hold, pay, confirm, and then
        what happens by itself: capture, ledger, the status, the messages. The simulator is a process of
        its own; what it costs is shown apart, because another provider runs elsewhere. Bookings a second are counted
        while guests ask, settled a second until the last capture is in the ledger and on the booking. CPU is user and
        system time of each group of processes from the first request until then, per booking, in milliseconds; ours is
        server and database. Every run ends with `holdfast verify`, which recounts the money.""",
    )
    for engine in plan.engines:
        if absent := missing(engine):
            section.remarks.append(f"{engine} was left out: {absent}")
            continue
        async with _house(engine) as house:
            await _bookings(section, [house], plan)
            await _messages(section, [house], plan)
    return section


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--engines", default=",".join(ENGINES))
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--bookings", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3.0)
    chosen = parser.parse_args()
    hand_over(
        run_on_loop(
            benchmark(
                Plan(
                    engines=tuple(chosen.engines.split(",")),
                    clients=chosen.clients,
                    bookings=chosen.bookings,
                    rounds=chosen.rounds,
                    seconds=chosen.seconds,
                )
            )
        ),
        chosen.out,
    )
