"""A load generator that costs little: keep-alive HTTP/1.1 written by hand on one event loop, clients in a closed loop.

`drive` lets N clients repeat their act for some seconds and reports what came out, how long each took, and what the
watched processes spent meanwhile. A scenario makes one client; a client acts and returns the name of the outcome
(`"booked"`, `"refused"`, ...).
"""

import asyncio
import json
import math
import time
from array import array
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from benchmarks.cpu import Meter
from holdfast.kit.log import configure_logging
from holdfast.kit.settings import LogFormat, LogLevel


class Client(Protocol):
    """Somebody who does the same thing again and again."""

    async def act(self) -> str:
        """Do it once and return the name of the outcome."""

    def close(self) -> None:
        """Hang up."""


Scenario = Callable[[int], Awaitable[Client]]

_ANSWER_WITHIN_S = 30.0
_ERRORS_AT_MOST = 1000


class UnusableError(Exception):
    """The measurement cannot be used; the text says why."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and a body."""

    status: int
    body: bytes

    def json(self) -> Any:
        """Return the body, read as JSON."""
        return json.loads(self.body)


class _Wire(asyncio.Protocol):
    """One connection: a request at a time, an answer at a time."""

    def __init__(self) -> None:
        self.transport: Any = None
        self.reusable = False
        self._buffer = bytearray()
        self._waiter: asyncio.Future[Answer] | None = None
        self._body_at = -1
        self._length = 0
        self._status = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # uvloop's transports are no asyncio.Transport, but act like one
        self.reusable = True

    def connection_lost(self, exc: Exception | None) -> None:
        self.reusable = False
        if self._waiter and not self._waiter.done():
            self._waiter.set_exception(ConnectionResetError(f"closed before the answer was complete: {exc}"))

    def ask(self, request: bytes) -> "asyncio.Future[Answer]":
        self._buffer.clear()
        self._body_at = -1
        self._waiter = asyncio.get_running_loop().create_future()
        assert self.transport
        self.transport.write(request)
        return self._waiter

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if self._body_at < 0 and not self._read_head():
            return
        if len(self._buffer) - self._body_at >= self._length and self._waiter and not self._waiter.done():
            body = bytes(self._buffer[self._body_at : self._body_at + self._length])
            self._waiter.set_result(Answer(self._status, body))

    def _read_head(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return False
        head = bytes(self._buffer[:end]).lower()
        self._status = int(head[9:12])
        at = head.find(b"\r\ncontent-length:")
        if at < 0 and self._status != 204 and self._waiter:
            self._waiter.set_exception(UnusableError("an answer without Content-Length"))
        self._length = int(head[at + 17 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        self._body_at = end + 4
        if b"\r\nconnection: close" in head:
            self.reusable = False
        return True


class Connection:
    """A client of one server. Connects when first used, and again whenever the server has closed."""

    def __init__(self, host: str, port: int, headers: Mapping[str, str] | None = None) -> None:
        self._address = (host, port)
        lines = {"Host": f"{host}:{port}", **(headers or {})}
        self._head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        self._wire: _Wire | None = None

    async def request(
        self, method: str, path: str, body: Any = None, *, key: str | None = None, token: str | None = None
    ) -> Answer:
        """Send a request (a body as JSON, a key as Idempotency-Key, a token as Bearer) and return the answer."""
        content = None if body is None else json.dumps(body).encode()
        more = {} if key is None else {"Idempotency-Key": key}
        if token is not None:
            more["Authorization"] = f"Bearer {token}"
        return await self.send(method, path, content, more)

    async def send(self, method: str, path: str, content: bytes | None, headers: Mapping[str, str]) -> Answer:
        """Send a request with a body of JSON to the byte and headers of its own, and return the answer."""
        wire = self._wire
        if wire is None or not wire.reusable:
            wire = await self._connect()
        head = f"{method} {path} HTTP/1.1\r\n{self._head}"
        head += "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        if content is None:
            return await wire.ask(f"{head}\r\n".encode())
        head += f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
        return await wire.ask(head.encode() + content)

    def close(self) -> None:
        """Hang up."""
        if self._wire and self._wire.transport:
            self._wire.transport.close()

    async def _connect(self) -> _Wire:
        self.close()
        _, self._wire = await asyncio.get_running_loop().create_connection(_Wire, *self._address)
        return self._wire


@dataclass
class Report:
    """What came of one measurement."""

    clients: int
    seconds: float
    latencies: Mapping[str, array] = field(repr=False)
    """Seconds each act took, by outcome."""
    cpu: Mapping[str, float]
    """CPU seconds by group of processes, and of this load generator as `client`."""

    def number(self, *outcomes: str) -> int:
        """Return how many acts ended so (all, if none is named)."""
        return sum(len(self.latencies[outcome]) for outcome in outcomes or self.latencies if outcome in self.latencies)

    def rate(self, *outcomes: str) -> float:
        """Return how many acts ended so per second."""
        return self.number(*outcomes) / self.seconds

    def percentile(self, share: float, *outcomes: str) -> float | None:
        """Return the latency in seconds that `share` of the acts did not exceed; None if there were none."""
        times = sorted(t for outcome in outcomes or self.latencies for t in self.latencies.get(outcome, ()))
        return times[min(len(times) - 1, math.ceil(share * len(times)) - 1)] if times else None

    def cpu_per(self, outcome: str, *groups: str) -> float:
        """Return the CPU seconds the groups spent for each act that ended so."""
        return sum(self.cpu[group] for group in groups) / max(1, self.number(outcome))

    def outcomes(self) -> str:
        """Return the outcomes and how often each came, for people."""
        counted = sorted(self.latencies.items(), key=lambda item: -len(item[1]))
        return ", ".join(f"{name} {len(times):,}" for name, times in counted)


async def drive(
    scenario: Scenario, *, clients: int, seconds: float, meter: Meter | None = None, warm_up_s: float = 0.5
) -> Report:
    """Run a scenario with so many clients for so long, after a warm-up that is not counted.

    Raises:
        UnusableError: The clients saw more connection errors than a measurement can have, or strange answers.
    """
    crowd = await asyncio.gather(*(scenario(number) for number in range(clients)))
    try:
        await _repeat(crowd, warm_up_s)
        meter = meter or Meter()
        meter.start()
        own_before, began = time.process_time(), time.perf_counter()
        latencies = await _repeat(crowd, seconds)
        took = time.perf_counter() - began
        used = {**meter.read(), "client": time.process_time() - own_before}
    finally:
        for client in crowd:
            client.close()
    return Report(clients=clients, seconds=took, latencies=latencies, cpu=used)


def joined(reports: Sequence[Report]) -> Report:
    """Return the rounds of one measurement as one."""
    latencies: dict[str, Any] = {}
    for report in reports:
        for outcome, times in report.latencies.items():
            latencies[outcome] = latencies.get(outcome, times[:0]) + times
    cpu = {group: sum(report.cpu[group] for report in reports) for group in reports[0].cpu}
    return Report(reports[0].clients, sum(report.seconds for report in reports), latencies, cpu)


async def act_while(
    crowd: Sequence[Client],
    more: Callable[[str], bool],
    *,
    made: str,
    meter: Meter,
    rest: Callable[[], Any] | None = None,
) -> Report:
    """Let each client act until `more` of the outcome of its last act says no; seconds are those until the last `made`.

    What `rest` awaits afterwards counts for the CPU alone.
    """
    now, latencies = time.perf_counter, defaultdict[str, array](lambda: array("d"))
    meter.start()
    own_before, began = time.process_time(), now()
    last = began

    async def act(client: Client) -> None:
        nonlocal last
        outcome, ended = "", now()
        while more(outcome):
            outcome = await client.act()
            at, ended = ended, now()
            latencies[outcome].append(ended - at)
            last = ended if outcome == made else last

    async with asyncio.TaskGroup() as tasks:
        for client in crowd:
            tasks.create_task(act(client))
    if rest is not None:
        await rest()
    used = {**meter.read(), "client": time.process_time() - own_before}
    return Report(clients=len(crowd), seconds=last - began, latencies=latencies, cpu=used)


async def _repeat(crowd: list[Client], seconds: float) -> Mapping[str, array]:
    latencies: dict[str, array] = defaultdict(lambda: array("d"))
    until = time.perf_counter() + seconds
    async with asyncio.timeout(seconds + _ANSWER_WITHIN_S), asyncio.TaskGroup() as tasks:
        for client in crowd:
            tasks.create_task(_keep_acting(client, until, latencies))
    return latencies


async def _keep_acting(client: Client, until: float, latencies: dict[str, array]) -> None:
    now = time.perf_counter
    began = now()
    while began < until:
        try:
            outcome = await client.act()
        except OSError as problem:
            outcome = f"error: {type(problem).__name__}"
            if len(latencies[outcome]) > _ERRORS_AT_MOST:
                raise UnusableError(f"more than {_ERRORS_AT_MOST} times: {problem!r}") from problem
        ended = now()
        latencies[outcome].append(ended - began)
        began = ended


def run(coroutine: Any) -> Any:
    """Run a benchmark's coroutine on the loop the server uses too, with the product's warnings only."""
    import uvloop  # noqa: PLC0415 - a client without it still works with asyncio.run

    configure_logging(level=LogLevel.WARNING, form=LogFormat.CONSOLE)
    return uvloop.run(coroutine)
