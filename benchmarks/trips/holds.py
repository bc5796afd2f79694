"""What it costs to quote and hold a stay, a table, a flight of two legs, and a trip of all three."""

from collections.abc import Iterator
from itertools import count
from typing import Any

from benchmarks import product
from benchmarks.cpu import Meter
from benchmarks.http.product_clients import unexpected
from benchmarks.load import Connection, Report, UnusableError, act_while, joined
from benchmarks.product import Guest, Product
from benchmarks.report import Table, millis, ratio
from benchmarks.report import count as shown_count
from benchmarks.trips import wishes

_seeds = count(1)
_numbers = count(1)


def table(clients: int, number: int) -> Table:
    """Return the table of results."""
    columns = (
        "engine", "held", "holds/s", "p50 ms", "p99 ms", "CPU ms server", "CPU ms database", "CPU ms",
        "CPU to one stay", "CPU to the three apart",
    )  # fmt: skip
    return Table(columns, title=f"Quote and hold, {clients} clients, {number} holds a round")


class Holder:
    """Quotes and holds, and lets everything go when it is told to."""

    def __init__(self, served: Product, guest: Guest, orders: Iterator[list[wishes.Wish]]) -> None:
        self._connection = Connection(served.host, served.port, {"Authorization": f"Bearer {guest.token}"})
        self._orders = orders
        self._held: list[str] = []

    async def act(self) -> str:
        """Quote and hold once."""
        quote = await self.quote(next(self._orders))
        if quote is None:
            return "refused"
        hold = await self._ask("/v1/holds", {"quote_id": quote["id"]})
        if hold is None:
            return "refused"
        self._held.append(hold["id"])
        return "held"

    async def quote(self, items: list[wishes.Wish]) -> Any:
        """Return a quote; None if something is sold out."""
        return await self._ask("/v1/quotes", {"items": items})

    async def _ask(self, path: str, body: Any) -> Any:
        answer = await self._connection.request("POST", path, body, key=f"hold-{next(_numbers)}")
        if answer.status == 409 and answer.json()["code"] == "sold_out":
            return None
        if answer.status != 201:
            raise UnusableError(unexpected(answer))
        return answer.json()

    async def let_go(self) -> None:
        """Release every hold, so that each round finds the same."""
        while self._held:
            answer = await self._connection.request("DELETE", f"/v1/holds/{self._held.pop()}")
            if answer.status != 204:
                raise UnusableError(unexpected(answer))

    def close(self) -> None:
        """Hang up."""
        self._connection.close()


async def prepare(served: Product) -> None:
    """Quote everything once: the first quote of a room or a flight makes its stock, which no later one does."""
    holder = Holder(served, served.guests[0], wishes.everything())
    try:
        for items in wishes.everything():
            await holder.quote(items)
    finally:
        holder.close()


async def _round(served: Product, kind: str, clients: int, number: int, meter: Meter) -> Report:
    guests = served.guests
    crowd = [Holder(served, guests[each % len(guests)], wishes.items(kind, next(_seeds))) for each in range(clients)]
    left = count(number, -1)
    try:
        report = await act_while(crowd, lambda _: next(left) > 0, made="held", meter=meter)
        for each in crowd:
            await each.let_go()
    finally:
        for each in crowd:
            each.close()
    return report


async def measure(results: Table, engine: str, served: Product, *, clients: int, number: int, rounds: int) -> None:
    """Hold so many of each kind in every round, the kinds taking turns, after a few of each that are not counted."""
    meter = Meter(server=[served.server.pid], database=product.database_pids(served.url))
    await prepare(served)
    found: dict[str, list[Report]] = {kind: [] for kind in wishes.KINDS}
    for kind in wishes.KINDS:
        await _round(served, kind, clients, 2 * clients, meter)
    for _ in range(rounds):
        for kind, reports in found.items():
            reports.append(await _round(served, kind, clients, number, meter))
    of_all = {kind: joined(reports) for kind, reports in found.items()}
    cpu = {kind: report.cpu_per("held", "server", "database") for kind, report in of_all.items()}
    apart = sum(each for kind, each in cpu.items() if kind != wishes.TRIP)
    for kind, report in of_all.items():
        results.add(
            engine,
            kind,
            shown_count(report.rate("held")),
            millis(report.percentile(0.5, "held")),
            millis(report.percentile(0.99, "held")),
            *(millis(report.cpu_per("held", group)) for group in ("server", "database")),
            millis(cpu[kind]),
            ratio(cpu[kind] / cpu[wishes.STAY]),
            ratio(cpu[kind] / apart) if kind == wishes.TRIP else "-",
        )
