"""Claims per second by engine and workload. `python -m benchmarks.claims.run [--seconds S] [--rounds N]`."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count

import asyncpg

from benchmarks.claims import bare, lane, workloads
from benchmarks.claims.pgbench import CLIENTS, Outcome, pgbench, script
from benchmarks.claims.workloads import Workload
from benchmarks.cpu import Meter
from benchmarks.load import Report, drive
from benchmarks.load import run as run_on_loop
from benchmarks.report import Section, Table, arguments, hand_over, millis, ratio
from benchmarks.report import count as shown
from support.servers import ENGINES, fresh_database, missing, shared

_AIMS = {workloads.SPREAD.name: 1.5, workloads.FLIGHT.name: 15.0}

_seeds = count(1)
_starts = count(1)


@dataclass
class Rates:
    """Claims per second of the contestants on PostgreSQL, one entry for each round."""

    ours: list[Report] = field(default_factory=list)
    same: list[Outcome] = field(default_factory=list)
    """pgbench with our statement, the better of its two ways to plan."""
    bare: list[Outcome] = field(default_factory=list)
    """pgbench with the bare claim."""


async def _lane(url: str, workload: Workload, database: lane.Database, seconds: float) -> Report:
    engine = url.partition(":")[0]
    meter = Meter(database=() if engine == "sqlite" else (shared(engine).pid,))
    line = lane.placing(database)

    async def scenario(_: int) -> lane.LaneClient:
        return lane.LaneClient(line, database.clock, workload.wants(next(_seeds)))

    try:
        return await drive(scenario, clients=CLIENTS, seconds=seconds, meter=meter)
    finally:
        await line.close()


async def _same(url: str, workload: Workload, recorded: lane.Recorded, seconds: float) -> Outcome:
    text = script([recorded.sql], lane.variables(workload), [recorded.parameters])
    outcomes = []
    for generic in (False, True):
        start = {name: value * next(_starts) for name, value in lane.START.items()}
        outcomes.append(await pgbench(url, text, seconds=seconds, start=start, generic=generic))
    return max(outcomes, key=lambda outcome: outcome.rate)


async def _bare(url: str, workload: Workload, seconds: float) -> Outcome:
    variables, parameters = bare.parameters(workload)
    return await pgbench(url, script([bare.CLAIM], variables, [parameters]), seconds=seconds)


async def on_postgresql(workload: Workload, *, seconds: float, rounds: int) -> Rates:
    """Measure the lane and pgbench on the same server, taking turns; who is refused is not asked of pgbench."""
    rates = Rates()
    with fresh_database("postgresql") as url, fresh_database("postgresql") as other_url:
        database = await lane.opened(url, workload)
        plain = await asyncpg.connect(other_url)
        await bare.create(plain, workload)
        await plain.close()
        recorded = None if workload.sold_out else await lane.record(shared("postgresql"), url, workload)
        for _ in range(rounds):
            rates.ours.append(await _lane(url, workload, database, seconds))
            if recorded:
                rates.same.append(await _same(url, workload, recorded, seconds))
                rates.bare.append(await _bare(other_url, workload, seconds))
        await database.close()
    return rates


async def on_another(engine: str, workload: Workload, *, seconds: float, rounds: int) -> Rates:
    """Measure the lane alone."""
    rates = Rates()
    with fresh_database(engine) as url:
        database = await lane.opened(url, workload)
        for _ in range(rounds):
            rates.ours.append(await _lane(url, workload, database, seconds))
        await database.close()
    return rates


def _median(values: Sequence[float]) -> float | None:
    return statistics.median(values) if values else None


def _against(ours: float, theirs: Sequence[Outcome]) -> tuple[str, str]:
    rate = _median([outcome.rate for outcome in theirs])
    return ("-", "-") if rate is None else (shown(rate), ratio(ours / rate))


def _outcome(workload: Workload) -> str:
    return "refused" if workload.sold_out else "claimed"


def _ours(workload: Workload, reports: Sequence[Report]) -> tuple[float, list[str]]:
    name = _outcome(workload)
    strange = [report.outcomes() for report in reports if set(report.latencies) != {name}]
    if strange:
        raise RuntimeError(f"{workload.name}: {strange}")
    rate = _median([report.rate(name) for report in reports]) or 0.0
    cells = [shown(rate)]
    cells += [millis(_median([report.percentile(share, name) or 0 for report in reports])) for share in (0.5, 0.99)]
    for group in ("client", "database"):
        cells.append(f"{(_median([report.cpu_per(name, group) for report in reports]) or 0) * 1e6:.0f}")
    return rate, cells


async def benchmark(*, seconds: float = 4.0, rounds: int = 3, engines: tuple[str, ...] = ENGINES) -> Section:
    """Measure every workload on every engine."""
    section = Section(
        "Claims per second, against pgbench",
        f"""{CLIENTS} clients ask the lane that takes stock (no HTTP), each again as soon as it has its answer; {rounds}
        rounds of {seconds:g} s, medians. A claim takes its cells and writes a hold, an entry of the claim ledger and an
        outbox row, durably: every commit is flushed. pgbench runs {CLIENTS} clients in two threads with prepared
        statements on the same server in the same minutes: once with the statement the lane sends for a single claim
        (taken from the server's log; the better of planning it each time and planning it once), once with a bare claim
        written by hand (cells, hold and outbox row only). Spread: two nights of one of 100,000 homes; one flight: one
        seat, one cell; hotel: two of 50 nights. CPU microseconds per claim: the lane's process with its clients, and
        the database's.""",
    )
    columns = ["engine", "workload", "claims/s", "p50 ms", "p99 ms", "CPU us lane", "CPU us database"]
    table = Table([*columns, "pgbench, our statement", "ratio", "pgbench, bare claim", "ratio"])
    section.tables.append(table)
    for engine in engines:
        if absent := missing(engine):
            section.remarks.append(f"{engine} was left out: {absent}")
            continue
        for workload in workloads.ALL:
            if engine == "postgresql":
                rates = await on_postgresql(workload, seconds=seconds, rounds=rounds)
            else:
                rates = await on_another(engine, workload, seconds=seconds, rounds=rounds)
            rate, cells = _ours(workload, rates.ours)
            table.add(engine, workload.name, *cells, *_against(rate, rates.same), *_against(rate, rates.bare))
            if rates.same and workload.name in _AIMS:
                section.remarks.append(_aim(workload, rate, rates.same))
    return section


def _aim(workload: Workload, rate: float, same: Sequence[Outcome]) -> str:
    aim = _AIMS[workload.name]
    found = rate / (_median([outcome.rate for outcome in same]) or 1)
    met = "met" if found >= aim else "missed"
    return f"{workload.name}: {ratio(found)} of pgbench with the same statement; aim {aim:g}x: {met}."


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--engines", default=",".join(ENGINES))
    chosen = parser.parse_args()
    hand_over(
        run_on_loop(benchmark(seconds=chosen.seconds, rounds=chosen.rounds, engines=tuple(chosen.engines.split(",")))),
        chosen.out,
    )
