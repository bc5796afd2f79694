"""A flash sale: sixty-four clients want the 180 seats of one flight, held only or paid by card."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import count
from typing import Any

from benchmarks import product
from benchmarks.baseline.service import NaiveService
from benchmarks.cpu import Meter
from benchmarks.http.product_clients import unexpected
from benchmarks.load import Connection, Report, UnusableError, act_while, joined
from benchmarks.payments.guests import CARD, settled
from benchmarks.product import Guest, Product
from benchmarks.report import Table, millis, ratio
from benchmarks.report import count as shown_count
from benchmarks.trips import world
from benchmarks.trips.wishes import seat

CLIENTS = 64
_numbers = count(1)


def table() -> Table:
    """Return the table of results."""
    columns = (
        "engine", "service", "seats/s", "p50 ms", "p99 ms", "CPU ms server", "CPU ms database", "CPU ms a seat",
        "too late", "rate to naive", "sold of 180",
    )  # fmt: skip
    return Table(columns, title=f"Flash sale: {CLIENTS} clients, {world.SEATS} seats")


class Buyer:
    """Buys a seat of the flight that is on sale: quote, hold, and then pays and confirms if it is told to."""

    def __init__(self, served: Product, guest: Guest, flight: int, *, pays: bool) -> None:
        self._connection = Connection(served.host, served.port, {"Authorization": f"Bearer {guest.token}"})
        self._wish = {"items": [seat(flight)]}
        self._pays = pays

    async def act(self) -> str:
        """Buy one: `sold`, `late` if somebody was faster, `gone` if there are none."""
        quote = await self._ask("/v1/quotes", self._wish)
        if quote is None:
            return "gone"
        hold = await self._ask("/v1/holds", {"quote_id": quote["id"]})
        if hold is None:
            return "late"
        if self._pays:
            proof = {"hold_id": hold["id"], "hold_token": hold["token"]}
            payment = await self._ask("/v1/payments", proof | {"method": "card", "token": CARD})
            await self._ask("/v1/bookings", proof | {"payment": {"method": "card", "payment_id": payment["id"]}})
        return "sold"

    async def _ask(self, path: str, body: Any) -> Any:
        answer = await self._connection.request("POST", path, body, key=f"sale-{next(_numbers)}")
        if answer.status == 409 and answer.json()["code"] == "sold_out":
            return None
        if answer.status != 201:
            raise UnusableError(unexpected(answer))
        return answer.json()

    def close(self) -> None:
        """Hang up."""
        self._connection.close()


class NaiveBuyer:
    """Buys a seat of the naive service: quote, hold."""

    def __init__(self, service: NaiveService, user_id: int, flight: int) -> None:
        headers = {"Authorization": f"Bearer {service.token(user_id)}"}
        self._connection = Connection(service.host, service.port, headers)
        self._path = f"/api/flights/{flight}"

    async def act(self) -> str:
        """Buy one."""
        for step, refused in (("quotes", "gone"), ("holds", "late")):
            answer = await self._connection.request("POST", f"{self._path}/{step}", {})
            if answer.status == 404:
                return refused
            if answer.status != 201:
                raise UnusableError(f"the naive service answered {answer.status}: {answer.body[:300]!r}")
        return "sold"

    def close(self) -> None:
        """Hang up."""
        self._connection.close()


Crowd = Callable[[], Sequence[Any]]


class Sales:
    """Sells one flight after the other, of the product and of the naive service."""

    def __init__(self, served: Product, naive: NaiveService, naive_database: int, naive_flights: Iterator[int]) -> None:
        self._served = served
        self._naive = naive
        self._flights = count()
        self._naive_flights = naive_flights
        database = product.database_pids(served.url)
        self._meter = Meter(server=[served.server.pid], database=database)
        self._naive_meter = Meter(server=[naive.pid], database=[naive_database])

    async def one(self, way: str) -> Report:
        """Hold one sale: `naive`, `held` or `paid`."""
        if way == "naive":
            flight = next(self._naive_flights)
            users = len(self._served.guests)
            return await _sell(
                [NaiveBuyer(self._naive, each % users + 1, flight) for each in range(CLIENTS)], self._naive_meter
            )
        pays, guests = way == "paid", self._served.guests
        flight = world.sale(next(self._flights))
        crowd = [Buyer(self._served, guests[each % len(guests)], flight, pays=pays) for each in range(CLIENTS)]
        rest = partial(settled, self._served) if pays else None
        report = await _sell(crowd, self._meter, rest)
        if report.number("sold") != world.SEATS:
            raise UnusableError(f"{report.number('sold')} of {world.SEATS} seats were sold")
        return report


async def _sell(crowd: Sequence[Any], meter: Meter, rest: Any = None) -> Report:
    try:
        return await act_while(crowd, lambda outcome: outcome != "gone", made="sold", meter=meter, rest=rest)
    finally:
        for each in crowd:
            each.close()


async def measure(results: Table, engine: str, sales: Sales, *, rounds: int) -> None:
    """Hold so many sales of each kind, taking turns, after one of each that is not counted."""
    ways = {"naive": "naive (on PostgreSQL), held", "held": "Holdfast, held", "paid": "Holdfast, paid and confirmed"}
    found: dict[str, list[Report]] = {way: [] for way in ways}
    for turn in range(rounds + 1):
        for way, reports in found.items():
            report = await sales.one(way)
            if turn:
                reports.append(report)
    naive = joined(found["naive"])
    for way, reports in found.items():
        report = joined(reports)
        sold = [each.number("sold") for each in reports]
        results.add(
            engine,
            ways[way],
            shown_count(report.rate("sold")),
            millis(report.percentile(0.5, "sold")),
            millis(report.percentile(0.99, "sold")),
            *(millis(report.cpu_per("sold", group)) for group in ("server", "database")),
            millis(report.cpu_per("sold", "server", "database")),
            shown_count(report.number("late") / len(reports)),
            ratio(report.rate("sold") / naive.rate("sold")),
            f"{min(sold)} to {max(sold)}" if min(sold) < max(sold) else f"{sold[0]}",
        )
