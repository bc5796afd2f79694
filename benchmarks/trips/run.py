"""Tables, flights and trips over HTTP. `python -m benchmarks.trips.run [--engines E,E] [--parts P,P]`."""

from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Final

from benchmarks import product
from benchmarks.baseline.service import NaiveService, fill, seats_sold
from benchmarks.load import run as run_on_loop
from benchmarks.product import Product
from benchmarks.report import Section, Table, arguments, hand_over
from benchmarks.trips import flights, holds, sale, slots, world
from support.servers import ENGINES, PostgreSQL, fresh_database, missing

PARTS: Final = ("slots", "flights", "sale", "holds")
DAYS: Final = 31
GUESTS: Final = 8
_WORKERS: Final = "2 workers x 4 threads"
_FARE: Final = 100
_FLIGHTS: Final = 1_000
_ENVIRONMENT: Final = {"HOLDFAST_BOOKING_HOLDS_MOST": "10000"}


@dataclass(frozen=True)
class Plan:
    """How much to measure."""

    engines: tuple[str, ...] = ENGINES
    parts: tuple[str, ...] = PARTS
    rounds: int = 3
    seconds: float = 3.0
    sales: int = 5
    holds: int = 400
    clients: int = 8
    times: int = 200


@dataclass(frozen=True)
class Naive:
    """The naive service, and the process of its database."""

    service: NaiveService
    database: int
    flights: Iterator[int] = field(default_factory=lambda: iter(range(1, _FLIGHTS + 1)))


@contextmanager
def _naive() -> Iterator[Naive]:
    server = PostgreSQL().start()
    try:
        url = server.create_database()
        fill(url, users=GUESTS, flights=[(number, world.SEATS, _FARE) for number in range(1, _FLIGHTS + 1)])
        with NaiveService(url, workers=_WORKERS) as service:
            yield Naive(service, server.pid)
    finally:
        server.stop()


@asynccontextmanager
async def _served(engine: str) -> AsyncIterator[Product]:
    with fresh_database(engine) as url:
        await world.furnish(url, guests=GUESTS)
        await slots.fill(url)
        with product.serving_paid(url, guests=GUESTS, more=_ENVIRONMENT) as (served, _):
            yield served
            product.verify(url)


def _columns(plan: Plan) -> dict[str, Table]:
    """Return the table of each part that is asked for."""
    made = {
        "slots": slots.table(),
        "flights": flights.table(DAYS),
        "sale": sale.table(),
        "holds": holds.table(plan.clients, plan.holds),
    }
    return {part: table for part, table in made.items() if part in plan.parts}


async def _measure(tables: dict[str, Table], engine: str, naive: Naive, plan: Plan) -> None:
    if "flights" in tables:
        await flights.measure(tables["flights"], engine, days=DAYS, times=plan.times)
    if tables.keys() <= {"flights"}:
        return
    async with _served(engine) as served:
        if "slots" in tables:
            await slots.measure(tables["slots"], engine, served, seconds=plan.seconds, rounds=plan.rounds)
        if "holds" in tables:
            await holds.measure(
                tables["holds"], engine, served, clients=plan.clients, number=plan.holds, rounds=plan.rounds
            )
        if "sale" in tables:
            sales = sale.Sales(served, naive.service, naive.database, naive.flights)
            await sale.measure(tables["sale"], engine, sales, rounds=plan.sales)


def _oversold(naive: Naive) -> Iterator[str]:
    sold = seats_sold(naive.service.url)
    if sold:
        beyond = {flight: seats - world.SEATS for flight, seats in sold.items() if seats > world.SEATS}
        yield (
            f"The naive service sold {sum(beyond.values())} seats there are not, on {len(beyond)} of {len(sold)} "
            f"flights, {max(beyond.values(), default=0)} of one at most (its own database; sales that warm up too). "
            "Holdfast sold exactly 180 of every flight on every engine, or this run would have failed."
        )


async def benchmark(plan: Plan) -> Section:
    """Measure every engine, what is compared taking turns."""
    section = Section(
        "Tables, flights and trips",
        f"""Over HTTP where nothing else is said, {GUESTS} guests, each client waits for its answer. CPU is user
        and system time of the server's and the database's processes for each answer, seat or hold, in
        milliseconds; of SQLite the database's part is in the server. {plan.rounds} rounds, what is compared
        taking turns.
        *Slots:* GET /v1/restaurants/{{id}}/slots for a day of a room of 60 tables and 40 combinations with
        lunch and dinner (32 times), pacing by covers, parties and guests present, for parties of
        {_listed(slots.PARTIES)} in turn; half of all table time is taken. The naive way has the same
        parties in a table of its own in the same database, with an index for its query, and asks once for
        each time and each table that the party could be given, in one read transaction; it says the same
        times are free (this is checked), without the reasons, areas and deadlines of the product's answer.
        Both it and the product at its door run in the load generator's process, without HTTP and JSON; HTTP
        is shown beside them.
        *Flights:* the demo's schedule of {DAYS} days among 60 airports, one adult, any two airports
        (without a stop: routes there are) on any day, connections overnight too, the cheapest first,
        {plan.times} searches of each kind that find something, {flights.BLOCK} of the same each way in
        turn. The naive way joins the same rows of the read model with themselves once for every change of
        planes, all ways at once, prices them by the product's own rules and memory, and sorts; that the
        cheapest costs the same is checked for every search. It has neither names of cities, nor is anything
        left out that another way beats, nor is the answer written.
        *Flash sale:* {sale.CLIENTS} clients want one of {world.SEATS} seats of one flight until they are
        told that there are none; {plan.sales} flights one after the other. Held is quote and hold; paid is
        quote, hold, payment by the simulator (a process of its own, not in the CPU) and confirmation, its
        CPU with capture, ledger and messages until the last cent is where it belongs. Seats a second are
        counted until the last one is sold. The naive service ({_WORKERS}, PostgreSQL) counts the seats sold
        and inserts one if that is below 180.
        *Holds:* quote and hold of any of {world.HOMES:,} homes, of any table time of {world.ROOMS - 1} such
        rooms, of one seat on two legs, and of a trip of all three: one quote, one hold, all or none. Each
        round ends by letting all go, which is not measured. Every run of the product ends with `holdfast
        verify`.""",
    )
    tables = _columns(plan)
    with _naive() as naive:
        for engine in plan.engines:
            if absent := missing(engine):
                section.remarks.append(f"{engine} was left out: {absent}")
                continue
            await _measure(tables, engine, naive, plan)
        section.remarks += _oversold(naive)
    section.tables += tables.values()
    return section


def _listed(sizes: Iterable[int]) -> str:
    return ", ".join(map(str, sizes))


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--engines", default=",".join(ENGINES))
    parser.add_argument("--parts", default=",".join(PARTS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--sales", type=int, default=5)
    parser.add_argument("--holds", type=int, default=400)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--times", type=int, default=200)
    chosen = parser.parse_args()
    hand_over(
        run_on_loop(
            benchmark(
                Plan(
                    engines=tuple(chosen.engines.split(",")),
                    parts=tuple(chosen.parts.split(",")),
                    rounds=chosen.rounds,
                    seconds=chosen.seconds,
                    sales=chosen.sales,
                    holds=chosen.holds,
                    clients=chosen.clients,
                    times=chosen.times,
                )
            )
        ),
        chosen.out,
    )
