"""Outbox: events are rows written in the transaction they tell of; subscribers follow them as a log.

Each subscriber keeps a cursor in its own database and moves it in the transaction that does its work, so it does
everything exactly once there, in order. The order is the order of commits (docs/decisions/0005): a reader must never
step over a row that was numbered early and committed late, so a position is (epoch, seq), where the epoch is the
transaction id on PostgreSQL, read only below the oldest transaction still running. SQLite has one writer;
MariaDB/MySQL take the number last, from a row whose lock is kept until the commit.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec
import structlog
from sqlalchemy import (
    Column,
    ColumnElement,
    Index,
    MetaData,
    Table,
    bindparam,
    delete,
    literal,
    not_,
    select,
    tuple_,
    update,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from holdfast.kit.clock import Clock
from holdfast.kit.db.database import Database, Tx
from holdfast.kit.db.errors import UniqueViolation
from holdfast.kit.db.statements import Call, DialectName, Statement, adding, db_now, rows, statement
from holdfast.kit.db.tables import STRICT, module_tables
from holdfast.kit.db.types import Json, Moment, Text, Whole
from holdfast.kit.privacy import Purpose, Retention, numbered

log = structlog.get_logger()

BATCH: Final = 500
"""Events handed to a subscriber at once."""
GATHER_S: Final = 0.2
"""How long events are let gather before the next batch: under load one batch then does the work of many."""
POLL_S: Final = 0.25
"""How soon events written by other processes are noticed; those of this process are noticed at once."""
_FIRST_PAUSE_S: Final = 0.5
_LONGEST_PAUSE_S: Final = 30.0

Position = tuple[int, int]
START: Final[Position] = (0, 0)
Finish = Callable[[Tx], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """An event as a subscriber gets it."""

    position: Position
    at: datetime
    event: Any
    """The dataclass that was published."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """Somebody who follows a module's events."""

    name: str
    """Unique; the name of the cursor."""
    source: str
    """The module whose events these are."""
    events: tuple[type, ...]
    """Others are passed over."""
    handle: Callable[[Sequence[Delivered]], Awaitable[Finish | None]]
    """Look around (other doors may be asked), then return what to write; that and the cursor go in one transaction.
    It may be called again with the same events when the write failed, so looking must not change anything."""
    cursors: Table
    """The subscriber's cursor table."""


class _transaction_id(FunctionElement[int]):  # noqa: N801 - reads like the SQL function it stands for
    type = Whole()
    inherit_cache = True


class _settled(FunctionElement[bool]):  # noqa: N801 - as above
    """Whether every transaction up to a row's epoch has ended."""

    inherit_cache = True


@compiles(_transaction_id)
def _no_id(element: _transaction_id, compiler: Any, **kw: Any) -> str:
    del element, compiler, kw
    return "0"


@compiles(_transaction_id, "postgresql")
def _postgresql_id(element: _transaction_id, compiler: Any, **kw: Any) -> str:
    del element, compiler, kw
    return "CAST(CAST(pg_current_xact_id() AS text) AS bigint)"


@compiles(_settled)
def _always_settled(element: _settled, compiler: Any, **kw: Any) -> str:
    del element, compiler, kw
    return "1 = 1"


@compiles(_settled, "postgresql")
def _below_oldest(element: _settled, compiler: Any, **kw: Any) -> str:
    epoch = compiler.process(element.clauses, **kw)
    return f"{epoch} < CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS text) AS bigint)"


def cursor_table(module: str, tables: MetaData) -> Table:
    """Return the table in which a module keeps how far its subscriptions have come."""
    return Table(
        f"{module}_cursor",
        tables,
        Column("name", Text(80), primary_key=True),
        Column("epoch", Whole(), nullable=False),
        Column("seq", Whole(), nullable=False),
        **STRICT,
    )


def _event_table(module: str, tables: MetaData) -> Table:
    return Table(
        f"{module}_outbox",
        tables,
        Column("seq", Whole(), primary_key=True, autoincrement=True),
        Column("epoch", Whole(), nullable=False),
        Column("at", Moment(), nullable=False),
        Column("kind", Text(80), nullable=False),
        # Numbers of accounts, and no more of them: whoever needs more asks a door.
        Column("payload", Json(), nullable=False, info=numbered(Purpose.BOOKING, keep=Retention.QUEUE)),
        Index(f"{module}_outbox_position_ix", "epoch", "seq"),
        # Else SQLite begins again with 1 when all events are gone, behind everybody's cursor.
        sqlite_autoincrement=True,
        **STRICT,
    )


def _head_table(module: str, tables: MetaData) -> Table:
    """Return the table with the number of the newest event: one row, id 1, which MariaDB/MySQL keep locked."""
    return Table(
        f"{module}_outbox_head",
        tables,
        Column("id", Whole(), primary_key=True, autoincrement=False),
        Column("last", Whole(), nullable=False),
        **STRICT,
    )


_TOLD: Final = rows("told", place=Whole(), kind=Text(80), payload=Json())


def _adding(box: Table) -> Statement:
    told = select(_transaction_id(), db_now(), _TOLD.c.kind, _TOLD.c.payload).order_by(_TOLD.c.place)
    return statement(box.insert().from_select(["epoch", "at", "kind", "payload"], told))


def _adding_numbered(box: Table, head: Table) -> Statement:
    number: Any = head.c.last - bindparam("count", type_=Whole()) + _TOLD.c.place
    told = select(number, literal(0, Whole()), db_now(), _TOLD.c.kind, _TOLD.c.payload).where(head.c.id == 1)
    return statement(box.insert().from_select(["seq", "epoch", "at", "kind", "payload"], told))


def _beyond(box: Table, dialect: DialectName) -> ColumnElement[bool]:
    """Return whether a row lies beyond the position in the parameters, so that an index finds the first of them."""
    epoch, seq = bindparam("epoch", type_=Whole()), bindparam("seq", type_=Whole())
    if dialect == "postgresql":
        return tuple_(box.c.epoch, box.c.seq) > tuple_(epoch, seq)
    return box.c.seq > seq  # there is but one epoch


class Outbox:
    """The events of one module."""

    def __init__(self, module: str, tables: MetaData) -> None:
        self.module = module
        box = self.table = _event_table(module, tables)
        head = self.head = _head_table(module, tables)
        self._listeners: list[asyncio.Event] = []
        self._add = _adding(box)
        self._count = statement(update(head).values(last=head.c.last + bindparam("count")).where(head.c.id == 1))
        self._add_numbered = _adding_numbered(box, head)
        self._after = statement(
            lambda dialect: (
                select(box.c.epoch, box.c.seq, box.c.at, box.c.kind, box.c.payload)
                .where(_beyond(box, dialect), _settled(box.c.epoch))
                .order_by(box.c.epoch, box.c.seq)
                .limit(bindparam("limit"))
            )
        )
        self._forget = statement(lambda dialect: delete(box).where(not_(_beyond(box, dialect))))

    def calls(self, dialect: DialectName, events: Sequence[Any]) -> tuple[Call, ...]:
        """Return the writes that publish events; the LAST ones of their transaction, which is committed right after."""
        if not events:
            return ()
        told = [(place, type(event).__name__, event) for place, event in enumerate(events, 1)]
        if dialect == "mysql":
            return self._count(count=len(told)), self._add_numbered(told=told, count=len(told))
        return (self._add(told=told),)

    async def publish(self, tx: Tx, dialect: DialectName, events: Sequence[Any]) -> None:
        """Write events in an open transaction, as the last thing in it. Call `nudge` after the commit."""
        await tx.together(*self.calls(dialect, events))

    def nudge(self) -> None:
        """Tell the subscribers in this process that there is something to read."""
        for listener in self._listeners:
            listener.set()

    @contextmanager
    def listening(self) -> Iterator[asyncio.Event]:
        """Lend an event that is set whenever `nudge` is called."""
        listener = asyncio.Event()
        self._listeners.append(listener)
        try:
            yield listener
        finally:
            self._listeners.remove(listener)

    async def after(self, db: Database, position: Position, *, limit: int = BATCH) -> list[Any]:
        """Return the next rows that every reader agrees on, in order."""

        async def work(tx: Tx) -> list[Any]:
            return await tx.all(self._after(epoch=position[0], seq=position[1], limit=limit))

        return await db.read(work)

    async def forget(self, db: Database, position: Position) -> None:
        """Delete what all subscribers have passed."""
        await db.put(self._forget(epoch=position[0], seq=position[1]))


def create_outbox(op: Any, module: str) -> None:
    """Make a module's outbox, in a migration."""
    tables = module_tables(module)
    made = Outbox(module, tables)
    tables.create_all(op.get_bind())
    op.execute(made.head.insert().values(id=1, last=0))


def create_cursors(op: Any, module: str) -> None:
    """Make a module's cursor table, in a migration."""
    tables = module_tables(module)
    cursor_table(module, tables)
    tables.create_all(op.get_bind())


class _Overtaken(Exception):
    """Another process moved the cursor first."""


class Relay:
    """Carries one module's events to one subscriber."""

    def __init__(
        self, subscription: Subscription, outbox: Outbox, source: Database, own: Database, clock: Clock
    ) -> None:
        self.subscription = subscription
        self.outbox = outbox
        self._source = source
        self._own = own
        self._clock = clock
        self._kinds = {kind.__name__: kind for kind in subscription.events}
        self._position: Position | None = None
        cursors = subscription.cursors
        self._find = statement(select(cursors.c.epoch, cursors.c.seq).where(cursors.c.name == bindparam("name")))
        self._create = adding(cursors, "name", "epoch", "seq")
        self._move = statement(
            update(cursors)
            .values(epoch=bindparam("to_epoch"), seq=bindparam("to_seq"))
            .where(
                cursors.c.name == bindparam("name"),
                cursors.c.epoch == bindparam("from_epoch"),
                cursors.c.seq == bindparam("from_seq"),
            )
        )

    async def run(self) -> None:
        """Follow the events until cancelled; failures are logged and tried again, ever more slowly."""
        pause = _FIRST_PAUSE_S
        with self.outbox.listening() as heard:
            while True:
                try:
                    heard.clear()
                    carried = await self.step()
                    if not carried:
                        await _wait(heard, POLL_S)
                    elif carried < BATCH:
                        await asyncio.sleep(GATHER_S)
                    pause = _FIRST_PAUSE_S
                except Exception as error:
                    name = self.subscription.name
                    log.warning("relay.failed", subscription=name, error=type(error).__name__, exc_info=True)
                    self._position = None
                    await asyncio.sleep(pause)
                    pause = min(pause * 2, _LONGEST_PAUSE_S)

    async def step(self) -> int:
        """Carry the next batch over; returns how many events it had."""
        position = await self.position()
        found = await self.outbox.after(self._source, position)
        if not found:
            return 0
        delivered = [self._delivered(row) for row in found if row.kind in self._kinds]
        finish = await self.subscription.handle(delivered) if delivered else None
        reached = (found[-1].epoch, found[-1].seq)
        try:
            await self._own.write(lambda tx: self._advance(tx, position, reached, finish))
        except _Overtaken:
            self._position = None
            return len(found)
        self._position = reached
        return len(found)

    def _delivered(self, row: Any) -> Delivered:
        event: Any = msgspec.convert(row.payload, self._kinds[row.kind])
        return Delivered(position=(row.epoch, row.seq), at=row.at, event=event)

    async def position(self) -> Position:
        """Return how far this subscriber has come."""
        if self._position is None:
            self._position = await self._own.read(self._look) or await self._begin()
        return self._position

    async def _look(self, tx: Tx) -> Position | None:
        row = await tx.one(self._find(name=self.subscription.name))
        return None if row is None else (row.epoch, row.seq)

    async def _begin(self) -> Position:
        try:
            await self._own.put(self._create(name=self.subscription.name, epoch=START[0], seq=START[1]))
        except UniqueViolation:
            log.debug("relay.cursor_exists", subscription=self.subscription.name)
        return START

    async def _advance(self, tx: Tx, before: Position, after: Position, finish: Finish | None) -> None:
        steps = {"from_epoch": before[0], "from_seq": before[1], "to_epoch": after[0], "to_seq": after[1]}
        moved = await tx.run(self._move(name=self.subscription.name, **steps))
        if not moved:
            raise _Overtaken
        if finish is not None:
            await finish(tx)


async def _wait(heard: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await heard.wait()
    except TimeoutError:
        return


async def prune(relays: Sequence[Relay], source: Database) -> None:
    """Delete the events that all these relays (all that follow one outbox) have carried."""
    if relays:
        await relays[0].outbox.forget(source, min([await relay.position() for relay in relays]))
