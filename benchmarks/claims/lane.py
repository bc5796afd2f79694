"""The product's claim path: the lane that takes stock, asked directly, without HTTP.

What a claim writes is what an owner's block writes: the cells, a hold, an entry of the claim ledger, an outbox row.
A guest's hold adds an idempotency key and a count of live holds, which have nothing to do with stock.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from benchmarks.claims.workloads import FIRST_NIGHT, Want, Workload
from holdfast.booking.api import CapacityTaken
from holdfast.booking.models import HoldKind
from holdfast.booking.service.placing import PlaceOrder, Placing
from holdfast.booking.settings import BookingSettings
from holdfast.booking.store import stock
from holdfast.engine.claims import ClaimOrder, Span
from holdfast.kit.clock import Clock
from holdfast.kit.db.database import Database
from holdfast.kit.db.migrate import migrate
from holdfast.kit.db.opening import open_database
from holdfast.kit.ids import new_id
from support.servers import Server

_DEFINED_AT_ONCE = 5000
_OWNER = 1


async def opened(url: str, workload: Workload) -> Database:
    """Make booking's schema and the resources of a workload in an empty database, and open it."""
    await migrate(url, "booking")
    database = await open_database(url)
    for first in range(1, workload.resources + 1, _DEFINED_AT_ONCE):
        numbers = range(first, min(first + _DEFINED_AT_ONCE, workload.resources + 1))
        await database.put(stock.define([(_resource(n), n, None, workload.capacity) for n in numbers]))
    return database


def placing(database: Database) -> Placing:
    """Return a lane on a database."""
    return Placing(database, database.clock, BookingSettings(_env_file=None))


def _resource(number: int) -> str:
    return f"stay:{number}"


def _order(hold_id: str, want: Want) -> PlaceOrder:
    span = Span(resource_id=_resource(want.resource), first_slot=want.first, end_slot=want.first + want.slots)
    claim = ClaimOrder(options=((span,),))
    return PlaceOrder(hold_id=hold_id, kind=HoldKind.OWNER, account_id=_OWNER, claim=claim, note="bench")


class LaneClient:
    """Claims through a lane that is shared with the other clients."""

    def __init__(self, lane: Placing, clock: Clock, wants: Iterator[Want]) -> None:
        self._lane = lane
        self._clock = clock
        self._wants = wants

    async def act(self) -> str:
        try:
            await self._lane.place(_order(new_id("hold", self._clock), next(self._wants)))
        except CapacityTaken:
            return "refused"
        return "claimed"

    def close(self) -> None:
        """The lane is closed by whoever opened it."""


# ----------------------------------------------------------------------------------- the same statement, for pgbench


@dataclass(frozen=True, slots=True)
class Recorded:
    """A statement as the product sent it, ready for another client."""

    sql: str
    parameters: Mapping[int, str]
    """SQL expressions with pgbench variables in place of the recorded values."""


_RESOURCE, _FIRST = 77_700_077, 555_501
_HOLD_ID = "hold_RECORDED7777"
_SENT = re.compile(r"execute [^:\n]*: (WITH .*?)\n\d{4}-\d\d-\d\d [^\n]*DETAIL: +[Pp]arameters: ([^\n]*)", re.DOTALL)
_PARAMETER = re.compile(r"\$(\d+) = ('(?:[^']|'')*'|NULL)")


async def record(server: Server, url: str, workload: Workload) -> Recorded:
    """Let the lane place one claim and return the statement PostgreSQL was sent, as its own log tells it.

    Raises:
        RuntimeError: The log does not have the one statement a claim is.
    """
    name = url.rpartition("/")[2]
    server.execute(f"ALTER DATABASE {name} SET log_min_duration_statement = 0")
    database = await open_database(url)
    lane = placing(database)
    try:
        await database.put(stock.define([(_resource(_RESOURCE), _RESOURCE, None, workload.capacity)]))
        await lane.place(_order(_HOLD_ID, Want(_RESOURCE, _FIRST, workload.slots)))
    finally:
        await lane.close()
        await database.close()
        server.execute(f"ALTER DATABASE {name} RESET log_min_duration_statement")
    return _parsed(server.log(), workload)


def _parsed(log: str, workload: Workload) -> Recorded:
    sent = [match for match in _SENT.finditer(log) if _HOLD_ID in match[2]]
    if not sent:
        raise RuntimeError("PostgreSQL's log has no statement that claims; has the lane changed?")
    sql, printed = sent[-1].groups()
    parameters = {int(number): _with_variables(value, workload) for number, value in _PARAMETER.findall(printed)}
    return Recorded(sql, parameters)


def _with_variables(literal: str, workload: Workload) -> str:
    """Put pgbench's variables in place of what was recorded."""
    literal = literal.replace(_HOLD_ID, "hold_' || :client_id || '_' || :n || '")
    literal = literal.replace(str(_RESOURCE), "' || :home || '")
    for offset in range(workload.slots + 1):
        literal = literal.replace(str(_FIRST + offset), f"' || :first{offset} || '")
    return f"({literal})"


def variables(workload: Workload) -> dict[str, str]:
    """Return what pgbench draws for each claim: `n` makes ids that grow, as the product's do."""
    last = FIRST_NIGHT + workload.nights - workload.slots
    drawn = {"n": ":n + 1", "home": f"random(1, {workload.resources})", "first0": f"random({FIRST_NIGHT}, {last})"}
    return drawn | {f"first{offset}": f":first0 + {offset}" for offset in range(1, workload.slots + 1)}


START = {"n": 1_000_000_000}
"""Variables pgbench begins with."""
