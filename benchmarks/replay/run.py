"""Replays the hotel's reservations over HTTP. `python -m benchmarks.replay.run [--slice N] [--engine sqlite]`.

Without --slice all of them; with it the N that arrive around the busiest time, where rooms run out. Ends with an
error if anything was sold twice, a refusal was not true, the calendar differs from what the guests were told, or
`verify` finds a breach.
"""

import asyncio
import math
import time
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from benchmarks import product
from benchmarks.cpu import Meter
from benchmarks.load import Connection
from benchmarks.load import run as run_on_loop
from benchmarks.replay.guests import Desk, Diary, ReplayError
from benchmarks.replay.hotel import (
    ROOMS,
    Day,
    Reservation,
    days,
    into_future,
    nights_of,
    read,
    refusals_one_by_one,
)
from benchmarks.replay.watch import Watch
from benchmarks.report import Section, Table, arguments, count, hand_over, millis
from holdfast.catalog.api import PropertyKind
from holdfast.kit.clock import Clock
from support.servers import ENGINES, fresh_database

GUESTS = 16
CLIENTS = 32
HORIZON_DAYS = 730
"""How far ahead the product lets an arrival lie at most."""
_AHEAD = timedelta(days=2)
_CALENDAR_NIGHTS = 366
_PARTY_MAX = 50


@dataclass
class Outcome:
    """What a replay came to."""

    reservations: Sequence[Reservation]
    rooms: Mapping[str, int]
    diary: Diary
    seconds: float
    cpu: Mapping[str, float]
    verified: str
    chapters: int


def busiest(reservations: Sequence[Reservation], size: int) -> list[Reservation]:
    """Return the `size` reservations with neighboring arrivals of which most would be refused, in their old order."""
    refused = refusals_one_by_one(reservations, ROOMS)
    by_arrival = sorted(reservations, key=lambda each: (each.arrival, each.number))
    sums = [0]
    for each in by_arrival:
        sums.append(sums[-1] + (each.number in refused))
    first = max(range(len(by_arrival) - size + 1), key=lambda place: sums[place + size] - sums[place])
    return sorted(by_arrival[first : first + size], key=lambda each: each.number)


def chapters(reservations: Sequence[Reservation], today: date) -> Iterator[tuple[int, list[Day]]]:
    """Yield (days the server's clock is ahead, what happens then), so that nobody asks beyond the product's horizon.

    The file spans more nights than may be booked at one time. So the clock goes ahead once, as late as it must: to a
    day on which everything that happened before is done and everything after lies ahead.
    """
    everything = list(days(reservations))
    last = max(each.arrival for each in reservations)
    ahead = max(0, (last - today).days - HORIZON_DAYS)
    if ahead == 0:
        yield 0, everything
        return
    turn = today + timedelta(days=ahead)
    yield 0, [each for each in everything if each.day < turn]
    yield ahead, [each for each in everything if each.day >= turn]


async def replay(
    url: str, reservations: Sequence[Reservation], *, rooms: Mapping[str, int] = ROOMS, clients: int = CLIENTS
) -> Outcome:
    """Book and cancel everything on an empty database.

    Raises:
        ReplayError: The server gave an answer it may not give.
    """
    await product.furnish(url, [_room_type(room_type, number) for room_type, number in rooms.items()], guests=GUESTS)
    diary = Diary(Watch(rooms))
    properties = {room_type: number for number, room_type in enumerate(rooms, start=1)}
    seconds, used, made = 0.0, Counter[str](), 0
    for ahead, happens in chapters(reservations, Clock().today("UTC")):
        made += 1
        with product.serving(url, guests=GUESTS, days_ahead=ahead) as served:
            meter = Meter(server=[served.server.pid], database=product.database_pids(url))
            connections = [Connection(served.host, served.port) for _ in range(clients)]
            desks = [Desk(connection, served.guests, properties, diary) for connection in connections]
            meter.start()
            began = time.perf_counter()
            for day in happens:
                await _at_once(desks, day.first)
                await _at_once(desks, day.second)
            seconds += time.perf_counter() - began
            used.update(meter.read())
            await _compare_calendar(connections[0], rooms, reservations, diary)
            for connection in connections:
                connection.close()
    if diary.watch.oversold:
        raise ReplayError(f"sold more often than there are rooms: {diary.watch.oversold[:10]}")
    if not diary.booked:
        raise ReplayError("nothing was booked")
    return Outcome(reservations, rooms, diary, seconds, used, product.verify(url), made)


def _room_type(room_type: str, units: int) -> tuple:
    terms = replace(product.HOME.terms, zone="Europe/Lisbon", currency="EUR", guests_included=2, guests_max=_PARTY_MAX)
    draft = replace(product.HOME, name=f"Room type {room_type}", kind=PropertyKind.HOTEL_ROOM, terms=terms)
    return draft, units


async def _at_once(desks: Sequence[Desk], what: Sequence[tuple[str, Reservation]]) -> None:
    """Work everything off, each desk taking the next as soon as it is free."""
    waiting = deque(what)

    async def work(desk: Desk) -> None:
        while waiting:
            await desk.do(*waiting.popleft())

    async with asyncio.TaskGroup() as group:
        for desk in desks[: len(what)]:
            group.create_task(work(desk))


async def _compare_calendar(
    connection: Connection, rooms: Mapping[str, int], reservations: Sequence[Reservation], diary: Diary
) -> None:
    """Ask the calendar of every room type and compare each night with what the guests were told."""
    first, last = min(each.arrival for each in reservations), max(each.departure for each in reservations)
    by_number = {each.number: each for each in reservations}
    taken = Counter(cell for number in diary.references for cell in nights_of(by_number[number]))
    for property_id, room_type in enumerate(rooms, start=1):
        day = first
        while day < last:
            end = min(last, day + timedelta(days=_CALENDAR_NIGHTS))
            answer = await connection.request("GET", f"/v1/properties/{property_id}/calendar?first={day}&end={end}")
            for night in answer.json()["nights"]:
                free = rooms[room_type] - taken[room_type, date.fromisoformat(night["date"])]
                if night["free"] != free:
                    raise ReplayError(
                        f"the calendar has {night} for room type {room_type}; the guests left {free} free"
                    )
            day = end


# --------------------------------------------------------------------------------------------------------- reporting


def _reservations_table(outcome: Outcome) -> Table:
    diary, table = outcome.diary, Table(("room type", "rooms", "asked for", "booked", "canceled", "sold out"))
    asked = Counter(each.room_type for each in outcome.reservations)
    refused = Counter(cell[0] for cell in diary.sold_out.values())
    for room_type, rooms in outcome.rooms.items():
        numbers = (asked, diary.booked, diary.cancelled, refused)
        table.add(room_type, rooms, *(count(each[room_type]) for each in numbers))
    table.add(
        "all", sum(ROOMS.values()), *(count(each.total()) for each in (asked, diary.booked, diary.cancelled, refused))
    )
    return table


def _steps_table(outcome: Outcome) -> Table:
    table = Table(("step", "requests", "p50 ms", "p99 ms"))
    for step, times in outcome.diary.latencies.items():
        ordered = sorted(times)
        places = (math.ceil(share * len(ordered)) - 1 for share in (0.5, 0.99))
        table.add(step, count(len(times)), *(millis(ordered[place]) for place in places))
    return table


def _remarks(outcome: Outcome, skipped: Counter[str]) -> Iterator[str]:
    diary, made = outcome.diary, outcome.diary.booked.total()
    spent = {group: seconds * 1000 / max(1, made) for group, seconds in outcome.cpu.items()}
    yield (
        f"{count(made)} bookings and {count(diary.cancelled.total())} cancellations in {outcome.seconds:.1f} s: "
        f"{count(made / outcome.seconds)} bookings/s, {count(diary.requests / outcome.seconds)} requests/s; CPU "
        f"{spent['server']:.2f} ms (server) + {spent['database']:.2f} ms (database) per booking, cancellations and all."
    )
    for reason, number in sorted(skipped.items()):
        yield f"Left out: {count(number)} lines with {reason}."
    for codes, number in sorted(diary.by_rule.items()):
        yield f"Refused by rule: {count(number)} with {codes}."
    yield from _why_sold_out(outcome)
    yield (
        "Every night of every room type was compared: the calendar shows exactly what the guests were told; no night "
        f"was sold more often than there are rooms. `verify`: {outcome.verified}"
    )


def _why_sold_out(outcome: Outcome) -> Iterator[str]:
    """Explain the refusals for want of rooms: who had the room that was missing."""
    diary = outcome.diary
    if not diary.sold_out:
        yield "Nobody was refused for want of rooms."
        return
    came = {each.number for each in outcome.reservations if each.status == "Check-Out"}
    in_vain = {number for number, guests in diary.sold_out_to.items() if guests - came}
    own_fault = set(diary.sold_out) - in_vain - came
    yield (
        f"Sold out: {count(len(diary.sold_out))} were refused, and each time a second observer had counted a night of "
        "the stay full. This replay overbooks nothing; the hotel did: "
        f"{count(len(in_vain))} of them it took in because somebody who had a room of that night later canceled or did "
        f"not come, {count(len(own_fault))} because they themselves did, "
        f"{count(len(diary.sold_out) - len(in_vain) - len(own_fault))} for neither reason."
    )
    cells = Counter(diary.sold_out.values())
    most = ", ".join(f"{room_type} on {night} ({times})" for (room_type, night), times in cells.most_common(5))
    yield f"The nights that refused most: {most}."
    one_by_one = refusals_one_by_one(outcome.reservations, outcome.rooms)
    yield (
        f"A clerk who serves one after the other in the order of the file refuses {count(len(one_by_one))}; "
        f"{count(len(one_by_one & set(diary.sold_out)))} of them are the same guests (on one day, the order is free)."
    )


async def benchmark(*, engine: str = "sqlite", size: int | None = None, clients: int = CLIENTS) -> Section:
    """Replay on an engine.

    Raises:
        ReplayError: Something was sold twice or wrongly refused.
    """
    usable, skipped = read()
    chosen = into_future(busiest(usable, size) if size else usable, first_arrival=Clock().today("UTC") + _AHEAD)
    with fresh_database(engine) as url:
        outcome = await replay(url, chosen, clients=clients)
    which = "All of" if size is None else f"The {count(size)} reservations around the busiest time of"
    return Section(
        f"Replay of a resort hotel's reservations ({engine})",
        f"""{which} the file benchmarks/data/hotel_resort.csv.gz, booked (quote, hold, confirm) and canceled over HTTP
        in order of date at full speed, {clients} connections, {GUESTS} accounts; what happened on one day happens at
        once. Room types are pools. All dates are moved by the same number of weeks so that the first arrival is ahead
        of today; the server was started {outcome.chapters} time(s), with its clock ahead where the file spans more
        nights than may be booked at once.""",
        tables=[_reservations_table(outcome), _steps_table(outcome)],
        remarks=list(_remarks(outcome, skipped)),
    )


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--engine", choices=ENGINES, default="sqlite")
    parser.add_argument("--slice", type=int, metavar="N", help="only the N around the busiest time")
    parser.add_argument("--clients", type=int, default=CLIENTS)
    asked = parser.parse_args()
    hand_over(run_on_loop(benchmark(engine=asked.engine, size=asked.slice, clients=asked.clients)), asked.out)
