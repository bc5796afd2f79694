"""Import, start-up and memory. `python -m benchmarks.startup.run [--engines sqlite] [--bookings 10000]`."""

import http.client
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import count

from benchmarks import product
from benchmarks.cpu import cpu_seconds, proportional_bytes, resident_bytes
from benchmarks.http.product_clients import OneCall
from benchmarks.http.workload import Market, Sold, spread
from benchmarks.load import drive
from benchmarks.load import run as run_on_loop
from benchmarks.report import Section, Table, arguments, hand_over, millis
from benchmarks.report import count as shown
from holdfast.kit.clock import Clock
from support.process import HoldfastServer
from support.servers import ENGINES, fresh_database, missing

GUESTS = 8
_CLIENTS = 16
_DAYS = 700
_MARKETS = {"empty": 10, "6,257 homes": 6257}
_LOOK_EVERY_S = 0.005
_START_WITHIN_S = 60.0
_AIM_START_S = 1.5
_AIM_MIB = 150
_MIB = 2**20


def import_seconds(code: str, times: int) -> tuple[float, float]:
    """Return median seconds, wall and CPU, a fresh interpreter takes for a line, beyond what it takes to do nothing."""

    def once(line: str) -> tuple[float, float]:
        began, before = time.perf_counter(), _children_cpu()
        subprocess.run([sys.executable, "-c", line], check=True)
        return time.perf_counter() - began, _children_cpu() - before

    once(code)  # the first import may have to write byte code
    pairs = [(once(code), once("pass")) for _ in range(times)]
    wall, cpu = (statistics.median(imported[of] - nothing[of] for imported, nothing in pairs) for of in (0, 1))
    return wall, cpu


def _children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class TimedServer(HoldfastServer):
    """A server that is asked often enough whether it is ready to know how long it took."""

    started_in_s = 0.0

    def start(self, within_s: float = _START_WITHIN_S) -> "TimedServer":
        """Start it; `started_in_s` tells how long `/readyz` took to say yes."""
        began = time.perf_counter()
        super().start(within_s)
        self.started_in_s = time.perf_counter() - began
        return self

    def ready(self) -> bool:
        """Ask without the pauses that grow: up to a tenth of a second they would be measured too."""
        until = time.perf_counter() + 0.1
        while not self._says_yes():
            if time.perf_counter() > until:
                return False
            time.sleep(_LOOK_EVERY_S)
        return True

    def _says_yes(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


@dataclass(frozen=True, slots=True)
class Start:
    """One start of the server."""

    ready_s: float
    cpu_s: float
    """Spent until a moment after it was ready."""
    resident: int


def _starts(url: str, times: int) -> Sequence[Start]:
    """Start and stop the server so often."""
    found = []
    for _ in range(times):
        with TimedServer(env=product.environment(url)) as server:
            found.append(Start(server.started_in_s, cpu_seconds([server.pid]), resident_bytes(server.pid)))
    return found


async def _book(served: product.Product, homes: int, bookings: int) -> int:
    """Make so many bookings and return how many were made in the end."""
    market = Market(homes, Clock().today("UTC") + timedelta(days=2), _DAYS)
    sold, seeds = Sold(), count(1)
    made = 0
    while made < bookings:

        async def scenario(number: int) -> OneCall:
            return OneCall(served, served.guests[number % GUESTS], spread(market, next(seeds)), sold)

        report = await drive(scenario, clients=_CLIENTS, seconds=1.0, warm_up_s=0.0)
        if not report.number("booked"):
            raise RuntimeError(f"nothing was booked: {report.outcomes()}")
        made += report.number("booked")
    return made


def _mib(size: float) -> str:
    return f"{size / _MIB:.0f}"


async def benchmark(*, engines: tuple[str, ...] = ENGINES, times: int = 5, bookings: int = 10_000) -> Section:
    """Measure the imports, then starts on each engine with few and with many homes, then bookings on the latter."""
    section = Section(
        "Import, start-up and memory",
        f"""Import: a fresh interpreter beyond one that does nothing, median of {times}. Start: from `holdfast serve`
        until `/readyz` says yes, on a database that is up to date, median and worst of {times}. Memory: resident set of
        the server's processes, libraries shared with others included, after the start and after at least
        {bookings:,} bookings over HTTP from {_CLIENTS} clients; PSS shares such libraries out. Without the database
        server. Aim: start under {_AIM_START_S} s, under {_AIM_MIB} MiB.""",
    )
    imports = Table(("import", "ms", "CPU ms"))
    for line in ("import holdfast.app.asgi", "import holdfast.app.cli", "import fastapi, uvicorn", "import sqlalchemy"):
        imports.add(f"`{line}`", *map(millis, import_seconds(line, times)))
    columns = ("engine", "data", "ready ms", "worst ms", "CPU ms", "MiB at start", "bookings", "MiB then", "PSS then")
    table = Table(columns)
    section.tables += [imports, table]
    slowest, largest = 0.0, 0.0
    for engine in (each for each in engines if not missing(each)):
        for data, homes in _MARKETS.items():
            with fresh_database(engine) as url:
                await product.furnish(url, [(product.HOME, 1)] * homes, guests=GUESTS)
                starts = _starts(url, times)
                median = statistics.median(each.ready_s for each in starts)
                spent = statistics.median(each.cpu_s for each in starts)
                resident = statistics.median(each.resident for each in starts)
                cells = ["-", "-", "-"]
                if data != "empty":
                    with product.serving(url, guests=GUESTS) as served:
                        made = await _book(served, homes, bookings)
                        after = resident_bytes(served.server.pid)
                        cells = [shown(made), _mib(after), _mib(proportional_bytes(served.server.pid))]
                        largest = max(largest, after)
                slowest, largest = max(slowest, median), max(largest, resident)
                worst = max(each.ready_s for each in starts)
                table.add(engine, data, *map(millis, (median, worst, spent)), _mib(resident), *cells)
    section.remarks.append(
        f"Slowest median start {slowest:.2f} s, aim {_AIM_START_S} s: {_met(slowest, _AIM_START_S)}. "
        f"Most memory {_mib(largest)} MiB, aim {_AIM_MIB} MiB: {_met(largest / _MIB, _AIM_MIB)}."
    )
    return section


def _met(value: float, aim: float) -> str:
    return "met" if value < aim else "missed"


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--engines", default=",".join(ENGINES))
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--bookings", type=int, default=10_000)
    chosen = parser.parse_args()
    hand_over(
        run_on_loop(benchmark(engines=tuple(chosen.engines.split(",")), times=chosen.times, bookings=chosen.bookings)),
        chosen.out,
    )
