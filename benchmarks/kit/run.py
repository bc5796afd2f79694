"""Runs the kit's statements and the hand-written ones in turns. `python -m benchmarks.kit.run [--rounds N]`."""

import asyncio
import os
import sqlite3
import statistics
import time
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any

import asyncmy
import asyncpg
from sqlalchemy.engine import make_url
from sqlalchemy.schema import CreateTable

from benchmarks.kit import subject
from benchmarks.kit.by_hand import ByAsyncmy, ByAsyncpg, BySqlite3
from benchmarks.load import run as run_on_loop
from benchmarks.report import Section, Table, arguments, hand_over, ratio
from holdfast.kit.db.database import Database
from holdfast.kit.db.opening import open_database
from holdfast.kit.db.statements import MARIADB, POSTGRESQL, SQLITE
from support.servers import ENGINES, fresh_database, missing

_STATEMENTS_PER_TRANSACTION = 100
_FILLED = 20_000
_DIALECTS = {"sqlite": SQLITE, "postgresql": POSTGRESQL, "mysql": MARIADB}
_AIM = 1.3

Side = Callable[[str, list[int]], Awaitable[None]]
"""Runs an operation of a name once for each number, in one transaction."""


@dataclass
class Spent:
    """Seconds of one block."""

    wall: float
    cpu: float


# ------------------------------------------------------------------------------------------------------ operations


async def _by_kit(tx: Any, operation: str, number: int) -> None:
    match operation:
        case "find a row":
            await tx.one(subject.FIND(id=subject.identity(number % _FILLED)))
        case "read 20 rows":
            first = number % (_FILLED - subject.READ_ROWS)
            await tx.all(subject.LIST(first=subject.identity(first), end=subject.identity(first + subject.READ_ROWS)))
        case "insert a row":
            await tx.run(subject.ADD(**subject.values(number)))
        case "insert 20 rows":
            await tx.run(subject.ADD_ROWS(new=_new_rows(number)))
        case "update a row":
            await tx.run(subject.MOVE(the_id=subject.identity(number % _FILLED), to=subject.State.CONFIRMED))


def _by_hand(hand: Any, operation: str, number: int) -> Any:
    match operation:
        case "find a row":
            return hand.find(subject.identity(number % _FILLED))
        case "read 20 rows":
            first = number % (_FILLED - subject.READ_ROWS)
            return hand.read_many(subject.identity(first), subject.identity(first + subject.READ_ROWS))
        case "insert a row":
            return hand.add(subject.values(number))
        case "insert 20 rows":
            return hand.add_rows(_new_rows(number))
        case _:
            return hand.move(subject.identity(number % _FILLED))


OPERATIONS = ("find a row", "read 20 rows", "insert a row", "insert 20 rows", "update a row")


def _new_rows(number: int) -> list[tuple]:
    return [tuple(subject.values(number + place).values()) for place in range(subject.WRITTEN_ROWS)]


# ----------------------------------------------------------------------------------------------------------- sides


def _kit_side(database: Database) -> Side:
    async def side(operation: str, numbers: list[int]) -> None:
        async def work(tx: Any) -> None:
            for number in numbers:
                await _by_kit(tx, operation, number)

        await database.write(work)

    return side


def _async_side(hand: Any, execute: Callable[[str], Awaitable[object]]) -> Side:
    async def side(operation: str, numbers: list[int]) -> None:
        await execute("BEGIN")
        for number in numbers:
            await _by_hand(hand, operation, number)
        await execute("COMMIT")

    return side


def _thread_side(path: str, thread: ThreadPoolExecutor) -> Side:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=512)
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA cache_size=-16000")
    connection.execute("PRAGMA wal_autocheckpoint=0")
    hand = BySqlite3(connection)

    def block(operation: str, numbers: list[int]) -> None:
        connection.execute("BEGIN IMMEDIATE")
        for number in numbers:
            _by_hand(hand, operation, number)
        connection.execute("COMMIT")

    async def side(operation: str, numbers: list[int]) -> None:
        await asyncio.get_running_loop().run_in_executor(thread, block, operation, numbers)

    return side


@asynccontextmanager
async def _hand_side(engine: str, url: str) -> AsyncIterator[Side]:
    parts = make_url(url)
    if engine == "sqlite":
        with ThreadPoolExecutor(1) as thread:
            yield _thread_side(str(parts.database), thread)
        return
    if engine == "postgresql":
        connection = await asyncpg.connect(url, server_settings={"jit": "off"})
        yield _async_side(ByAsyncpg(connection), connection.execute)
        await connection.close()
        return
    connection = await asyncmy.connect(
        host=parts.host, port=parts.port, user=parts.username, password=parts.password, db=parts.database,
        charset="utf8mb4", autocommit=True,
    )  # fmt: skip

    async def execute(sql: str) -> None:
        await connection.cursor().execute(sql)

    await execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
    yield _async_side(ByAsyncmy(connection), execute)
    await connection.ensure_closed()


# ------------------------------------------------------------------------------------------------------- measuring


async def _create(engine: str, url: str) -> None:
    """Make the table with a plain connection: the kit runs statements of modules, not definitions."""
    sql = str(CreateTable(subject.subject).compile(dialect=_DIALECTS[engine]))
    parts = make_url(url)
    if engine == "sqlite":
        connection = sqlite3.connect(str(parts.database))
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(sql)
        connection.close()
    elif engine == "postgresql":
        postgres = await asyncpg.connect(url)
        await postgres.execute(sql)
        await postgres.close()
    else:
        mysql = await asyncmy.connect(
            host=parts.host, port=parts.port, user=parts.username, password=parts.password, db=parts.database
        )
        with warnings.catch_warnings(action="ignore"):  # MariaDB remarks that primary keys have no names
            await mysql.cursor().execute(sql)
        await mysql.ensure_closed()


async def _timed(side: Side, operation: str, numbers: list[int]) -> Spent:
    wall, cpu = time.perf_counter(), time.process_time()
    await side(operation, numbers)
    each = len(numbers)
    return Spent((time.perf_counter() - wall) / each, (time.process_time() - cpu) / each)


async def _compare(
    kit: Side, hand: Side, operation: str, numbers: count, rounds: int
) -> tuple[list[Spent], list[Spent]]:
    spent: dict[Side, list[Spent]] = {kit: [], hand: []}
    for turn in range(rounds + 2):
        for side in (kit, hand) if turn % 2 else (hand, kit):
            step = subject.WRITTEN_ROWS
            block = [next(numbers) * step for _ in range(_STATEMENTS_PER_TRANSACTION)]
            result = await _timed(side, operation, block)
            if turn >= 2:  # the first two turns warm up
                spent[side].append(result)
    return spent[kit], spent[hand]


def _median(spent: list[Spent], what: str) -> float:
    return statistics.median(getattr(entry, what) for entry in spent)


async def measure(engine: str, table: Table, rounds: int) -> list[float]:
    """Measure every operation on an engine, add a row for each, and return the ratios of CPU time."""
    ratios = []
    with fresh_database(engine) as url:
        await _create(engine, url)
        database = await open_database(url)
        async with _hand_side(engine, url) as hand:
            kit = _kit_side(database)
            for first in range(0, _FILLED, 1000):
                rows = [tuple(subject.values(number).values()) for number in range(first, first + 1000)]
                await database.put(subject.ADD_ROWS(new=rows))
            numbers = count(_FILLED)
            for operation in OPERATIONS:
                ours, theirs = await _compare(kit, hand, operation, numbers, rounds)
                cpu = [a.cpu / b.cpu for a, b in zip(ours, theirs, strict=True)]
                wall = [a.wall / b.wall for a, b in zip(ours, theirs, strict=True)]
                ratios.append(statistics.median(cpu))
                table.add(
                    engine,
                    operation,
                    *(f"{_median(side, what) * 1e6:.0f}" for what in ("cpu", "wall") for side in (ours, theirs)),
                    ratio(ratios[-1]),
                    ratio(statistics.median(wall)),
                )
        await database.close()
    return ratios


async def benchmark(*, rounds: int = 30, engines: tuple[str, ...] = ENGINES) -> Section:
    """Measure all engines this machine has."""
    section = Section(
        "The kit's statements against the driver called by hand",
        f"""The same statement, once through the kit (`tx.one`, `tx.all`, `tx.run`: written with SQLAlchemy Core,
        compiled once, run by the raw driver, values turned both ways) and once written by hand for asyncpg, sqlite3 and
        asyncmy with the same conversions. Blocks of {_STATEMENTS_PER_TRANSACTION} statements in a transaction, taking
        turns, {rounds} of each; microseconds per statement are medians, ratios are medians of the ratio of neighbours.
        CPU is that of the calling process, wall the time a caller waits. Caller and servers are kept on one core: where
        the two sides of a connection sit on two, waking one another costs more than what is compared, on whichever side
        it happens to fall. Aim: CPU at most {_AIM}x.""",
    )
    columns = ("engine", "statement", "CPU kit", "CPU hand", "wall kit", "wall hand", "CPU ratio", "wall ratio")
    table = Table(columns)
    section.tables.append(table)
    worst = 0.0
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})  # servers are started below, and inherit it
    for engine in engines:
        if absent := missing(engine):
            section.remarks.append(f"{engine} was left out: {absent}")
            continue
        ratios = await measure(engine, table, rounds)
        worst = max(worst, *ratios)
        section.remarks.append(f"{engine}: {ratio(statistics.geometric_mean(ratios))} in the mean of the statements.")
    section.remarks.append(f"Worst CPU ratio {ratio(worst)}; aim {_AIM}x: {'met' if worst <= _AIM else 'missed'}.")
    return section


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--engines", default=",".join(ENGINES))
    chosen = parser.parse_args()
    hand_over(run_on_loop(benchmark(rounds=chosen.rounds, engines=tuple(chosen.engines.split(",")))), chosen.out)
