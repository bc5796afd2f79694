"""Bookings per second over HTTP: the product and the naive stack. `python -m benchmarks.http.run`."""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Any

from benchmarks import product
from benchmarks.baseline.service import WORKERS, NaiveService, double_bookings, fill
from benchmarks.cpu import Meter
from benchmarks.http import naive_clients, product_clients
from benchmarks.http.workload import Market, Rush, Sold, Stay, spread
from benchmarks.load import Report, drive, joined
from benchmarks.load import run as run_on_loop
from benchmarks.report import Section, Table, arguments, hand_over, millis, ratio
from benchmarks.report import count as shown_count
from holdfast.kit.clock import Clock
from support.servers import ENGINES, PostgreSQL, fresh_database, missing

HOMES = 5000
DAYS = 700
GUESTS = 16
CLIENTS = (1, 8, 32, 64)
RUSH_CLIENTS = 32
_PRICE = 120
_AIM_ONE_CALL_MS = 1.0
_AIM_THREE_STEPS_MS = 2.5
_AIM_RATIO = 5.0


@dataclass
class Contestant:
    """A service under load."""

    name: str
    meter: Meter
    client: Callable[[str, int, Iterator[Stay]], Any]
    """Makes a client, given the path (`one call`, `three steps`), its number and its wishes."""
    doubles: Callable[[], str]
    """Says, after all runs, what was sold twice according to the service's own database."""
    naive: bool = False
    sold: Sold = field(default_factory=Sold)


@dataclass(frozen=True)
class Plan:
    """How much to measure."""

    engines: tuple[str, ...] = ENGINES
    clients: tuple[int, ...] = CLIENTS
    seconds: float = 3.0
    rounds: int = 3


_seeds = count(1)


def _market() -> Market:
    return Market(homes=HOMES, first_day=Clock().today("UTC") + timedelta(days=2), days=DAYS)


@asynccontextmanager
async def _naive(workers: str) -> AsyncIterator[Contestant]:
    clients = {"one call": naive_clients.OneCall, "three steps": naive_clients.ThreeSteps}
    server = PostgreSQL().start()
    try:
        url = server.create_database()
        fill(url, [(number, f"Home {number}", _PRICE) for number in range(1, HOMES + 1)], users=GUESTS)
        with NaiveService(url, workers=workers) as service:
            sold = Sold()

            def client(path: str, number: int, stays: Iterator[Stay]) -> Any:
                return clients[path](service, number % GUESTS + 1, stays, sold)

            def doubles() -> str:
                bookings, pairs = double_bookings(url)
                return f"{pairs:,} overlapping pairs among {bookings:,} bookings"

            meter = Meter(server=[service.pid], database=[server.pid])
            yield Contestant(f"naive, {workers}", meter, client, doubles, naive=True, sold=sold)
    finally:
        server.stop()


@asynccontextmanager
async def _holdfast(engine: str) -> AsyncIterator[Contestant]:
    clients = {"one call": product_clients.OneCall, "three steps": product_clients.ThreeSteps}
    with ExitStack() as stack:
        url = stack.enter_context(fresh_database(engine))
        await product.furnish(url, [(product.HOME, 1)] * HOMES, guests=GUESTS)
        served = stack.enter_context(product.serving(url, guests=GUESTS))
        sold = Sold()

        def client(path: str, number: int, stays: Iterator[Stay]) -> Any:
            return clients[path](served, served.guests[number % GUESTS], stays, sold)

        meter = Meter(server=[served.server.pid], database=product.database_pids(url))
        yield Contestant(f"Holdfast, {engine}", meter, client, lambda: product.verify(url), sold=sold)


async def _measure(contestant: Contestant, path: str, clients: int, seconds: float) -> Report:
    market = _market()

    async def scenario(number: int) -> Any:
        return contestant.client(path, number, spread(market, next(_seeds)))

    return await drive(scenario, clients=clients, seconds=seconds, meter=contestant.meter)


async def _rush(contestant: Contestant, seconds: float) -> Report:
    market = _market()
    wishes = iter(Rush(Market(market.homes, market.first_day + timedelta(days=DAYS), 20), RUSH_CLIENTS))

    async def scenario(number: int) -> Any:
        return contestant.client("one call", number, wishes)

    return await drive(scenario, clients=RUSH_CLIENTS, seconds=seconds, meter=contestant.meter)


def _cells(report: Report) -> tuple[str, ...]:
    booked = report.number("booked")
    if not booked:
        return ("0", *["-"] * 5, report.outcomes())
    server, database = (report.cpu_per("booked", group) for group in ("server", "database"))
    others = {name: times for name, times in report.latencies.items() if name != "booked"}
    rest = Report(report.clients, report.seconds, others, {}).outcomes() or "-"
    times = (millis(report.percentile(share, "booked")) for share in (0.5, 0.99))
    return (
        shown_count(report.rate("booked")),
        *times,
        millis(server),
        millis(database),
        millis(server + database),
        rest,
    )


async def _paths(section: Section, contestants: Sequence[Contestant], plan: Plan) -> dict[tuple[str, str, int], Report]:
    found: dict[tuple[str, str, int], Report] = {}
    columns = (
        "service",
        "clients",
        "bookings/s",
        "p50 ms",
        "p99 ms",
        "CPU ms server",
        "CPU ms database",
        "CPU ms",
        "rest",
    )
    for path in ("one call", "three steps"):
        table = Table((*columns, "rate to naive"), title=f"Booking by {path}")
        for clients in plan.clients:
            rounds: dict[str, list[Report]] = {contestant.name: [] for contestant in contestants}
            for _ in range(plan.rounds):
                for contestant in contestants:
                    rounds[contestant.name].append(await _measure(contestant, path, clients, plan.seconds))
            for name, reports in rounds.items():
                found[path, name, clients] = joined(reports)
            best = max(found[path, each.name, clients].rate("booked") for each in contestants if each.naive)
            for contestant in contestants:
                report = found[path, contestant.name, clients]
                table.add(contestant.name, clients, *_cells(report), ratio(report.rate("booked") / best))
        section.tables.append(table)
        print(table.markdown(), flush=True)
    return found


async def _doubles(section: Section, contestants: Sequence[Contestant], plan: Plan) -> None:
    table = Table(
        ("service", "asked", "booked", "sold twice, seen by the clients", "its own database"), title="The rush"
    )
    for contestant in contestants:
        report = await _rush(contestant, plan.seconds * plan.rounds)
        table.add(
            contestant.name,
            shown_count(report.number()),
            shown_count(report.number("booked")),
            contestant.sold.twice(),
            contestant.doubles(),
        )
    section.tables.append(table)


def _aims(found: dict[tuple[str, str, int], Report], contestants: Sequence[Contestant]) -> Iterator[str]:
    for contestant in (each for each in contestants if not each.naive):
        for path, aim in (("one call", _AIM_ONE_CALL_MS), ("three steps", _AIM_THREE_STEPS_MS)):
            spent = {
                clients: report.cpu_per("booked", "server", "database")
                for (of, name, clients), report in found.items()
                if of == path and name == contestant.name
            }
            clients = min(spent, key=lambda key: spent[key])
            met = "met" if spent[clients] * 1000 <= aim else "missed"
            yield (
                f"{contestant.name}, {path}: {millis(spent[clients])} ms of CPU at {clients} clients, the cheapest; "
                f"aim {aim} ms: {met}."
            )
    best = {
        naive: max(
            report.rate("booked")
            for (path, name, _), report in found.items()
            if path == "one call" and name.startswith("naive") == naive
        )
        for naive in (True, False)
    }
    times = best[False] / best[True]
    met = "met" if times >= _AIM_RATIO else "missed"
    yield f"Most bookings per second by one call, ours to theirs: {ratio(times)}; aim {_AIM_RATIO:.0f}x: {met}."


async def benchmark(plan: Plan) -> Section:
    """Measure all services, taking turns."""
    section = Section(
        "Booking over HTTP, against the naive stack",
        f"""{HOMES:,} homes, {DAYS} nights, stays of one to three nights anywhere, {GUESTS} guests; {plan.rounds} rounds
        of {plan.seconds:g} s for each service and number of clients, the services taking turns. One call is POST
        /api/bookings/book of the Home Rental contract; three steps are quote, hold and confirm. Each client waits for
        its answer before it asks again. The load generator runs on the same machine. CPU is user and system time of
        the server's and the database's processes per booking made, in milliseconds; of SQLite the database's part is in
        the server. The rush: {RUSH_CLIENTS} clients ask for the same night of the same home at the same time, night
        after night; what was sold twice is counted over all the runs.""",
    )
    async with AsyncExitStack() as stack:
        contestants = [await stack.enter_async_context(_naive(workers)) for workers in WORKERS]
        for engine in plan.engines:
            if absent := missing(engine):
                section.remarks.append(f"{engine} was left out: {absent}")
                continue
            contestants.append(await stack.enter_async_context(_holdfast(engine)))
        found = await _paths(section, contestants, plan)
        await _doubles(section, contestants, plan)
        section.remarks += _aims(found, contestants)
        busiest = max(report.cpu["client"] / report.seconds for report in found.values())
        section.remarks.append(f"The load generator took {busiest:.0%} of one core at most.")
    return section


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--engines", default=",".join(ENGINES))
    parser.add_argument("--clients", default=",".join(map(str, CLIENTS)))
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    hand_over(
        run_on_loop(
            benchmark(
                Plan(
                    engines=tuple(chosen.engines.split(",")),
                    clients=tuple(map(int, chosen.clients.split(","))),
                    seconds=chosen.seconds,
                    rounds=chosen.rounds,
                )
            )
        ),
        chosen.out,
    )
