"""Every statement of the simulator's books."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Table, bindparam, delete, func, or_, select, text, update
from sqlalchemy.schema import CreateIndex, CreateTable

from holdfast.kit.db.database import Tx
from holdfast.kit.db.guards import REFUSED
from holdfast.kit.db.statements import SQLITE, Row, Statement, adding, statement
from holdfast.kit.db.types import Count
from holdfast.payments.simulator.models import BOOKS, change, delivery, fault, message, movement, queue, request, tables
from holdfast.payments.simulator.records import Kind, Movement, record_of

DUE_MOST: Final = 32
"""How many things are taken from the queue at a time."""


# ------------------------------------------------------------------------------------------------------------ the file


def _append_only(table: Table) -> list[str]:
    return [
        f"CREATE TRIGGER IF NOT EXISTS {table.name}_no_{verb.lower()} BEFORE {verb} ON {table.name} "
        f"BEGIN SELECT RAISE(ABORT, '{REFUSED}: {table.name}_no_{verb.lower()}'); END"
        for verb in ("UPDATE", "DELETE")
    ]


def _sum(*kinds: Movement) -> str:
    names = ", ".join(f"'{kind}'" for kind in kinds)
    return (
        "(SELECT coalesce(sum(amount), 0) FROM simulator_movement "  # noqa: S608 - names of our own
        f"WHERE payment = NEW.payment AND currency = NEW.currency AND kind IN ({names}))"
    )


def _money_guard(name: str, kind: Movement, most: str) -> str:
    return (
        f"CREATE TRIGGER IF NOT EXISTS simulator_{name} BEFORE INSERT ON simulator_movement "
        f"WHEN NEW.kind = '{kind}' AND NEW.amount > {most} "
        f"BEGIN SELECT RAISE(ABORT, '{REFUSED}: simulator_{name}'); END"
    )


_GUARDS: Final = (
    *(guard for table in BOOKS for guard in _append_only(table)),
    _money_guard("capture_fits", Movement.CAPTURE, _sum(Movement.AUTHORIZE)),
    _money_guard(
        "refund_fits",
        Movement.REFUND,
        f"{_sum(Movement.CAPTURE, Movement.REFUND_FAILED)} - {_sum(Movement.REFUND)}",
    ),
    _money_guard("refund_failed_fits", Movement.REFUND_FAILED, _sum(Movement.REFUND)),
)


def _ddl(sql: str) -> Statement:
    return statement(text(sql))


_SCHEMA: Final = (
    *(_ddl(str(CreateTable(table, if_not_exists=True).compile(dialect=SQLITE))) for table in tables.sorted_tables),
    *(
        _ddl(str(CreateIndex(index, if_not_exists=True).compile(dialect=SQLITE)))
        for table in tables.sorted_tables
        for index in sorted(table.indexes, key=lambda each: str(each.name))
    ),
    *(_ddl(guard) for guard in _GUARDS),
)


async def create(tx: Tx) -> None:
    """Make tables and guards where they are missing."""
    for each in _SCHEMA:
        await tx.run(each())


# ------------------------------------------------------------------------------------------------------------ requests

_ADD_REQUEST = adding(request, "at", "operation", "path", "key", "kept_key", "fingerprint", "fault", "status", "answer")
_KEPT = statement(
    select(request.c.operation, request.c.path, request.c.fingerprint, request.c.status, request.c.answer).where(
        request.c.kept_key == bindparam("key")
    )
)
_REQUESTS = statement(
    select(request.c.seq, request.c.at, request.c.operation, request.c.path, request.c.fault, request.c.status)
    .order_by(request.c.seq.desc())
    .limit(bindparam("limit"))
)


async def kept_answer(tx: Tx, key: str) -> Row | None:
    """Return what a request with this key was answered."""
    return await tx.one(_KEPT(key=key))


async def add_request(tx: Tx, **columns: Any) -> None:
    """Note a request."""
    await tx.run(_ADD_REQUEST(**columns))


async def requests(tx: Tx, *, limit: int) -> list[Row]:
    """Return the last requests, newest first."""
    return await tx.all(_REQUESTS(limit=limit))


# ------------------------------------------------------------------------------------------------------------- objects

_ADD_CHANGE = adding(change, "kind", "object_id", "version", "parent", "external", "what", "state", "at")
_later = change.alias("later")
_IS_NEWEST = ~(
    select(_later.c.seq)
    .where(
        _later.c.kind == change.c.kind,
        _later.c.object_id == change.c.object_id,
        _later.c.version == change.c.version + 1,
    )
    .exists()
)
_CURRENT = statement(
    select(change.c.version, change.c.state)
    .where(change.c.kind == bindparam("kind"), change.c.object_id == bindparam("id"))
    .order_by(change.c.version.desc())
    .limit(1)
)
_BY_EXTERNAL = statement(
    select(change.c.state)
    .where(change.c.kind == bindparam("kind"), change.c.external == bindparam("external"), _IS_NEWEST)
    .order_by(change.c.seq)
)
_BY_PARENT = statement(
    select(change.c.state)
    .where(change.c.kind == bindparam("kind"), change.c.parent == bindparam("parent"), _IS_NEWEST)
    .order_by(change.c.seq)
)
_NEWEST = statement(
    select(change.c.seq, change.c.state)
    .where(change.c.kind == bindparam("kind"), _IS_NEWEST, change.c.seq < bindparam("before"))
    .order_by(change.c.seq.desc())
    .limit(bindparam("limit"))
)
_HISTORY = statement(
    select(change.c.version, change.c.what, change.c.state, change.c.at)
    .where(change.c.kind == bindparam("kind"), change.c.object_id == bindparam("id"))
    .order_by(change.c.version)
)


async def current(tx: Tx, kind: Kind, object_id: str) -> tuple[int, Any] | None:
    """Return an object as it stands, with its version."""
    row = await tx.one(_CURRENT(kind=kind, id=object_id))
    return None if row is None else (row.version, record_of(kind, row.state))


async def add_change(tx: Tx, **columns: Any) -> None:
    """Note how an object stands from now on."""
    await tx.run(_ADD_CHANGE(**columns))


async def by_external(tx: Tx, kind: Kind, external: str) -> list[Any]:
    """Return the objects that carry an id of the merchant's, oldest first."""
    return [record_of(kind, row.state) for row in await tx.all(_BY_EXTERNAL(kind=kind, external=external))]


async def by_parent(tx: Tx, kind: Kind, parent: str) -> list[Any]:
    """Return the objects of an object, oldest first."""
    return [record_of(kind, row.state) for row in await tx.all(_BY_PARENT(kind=kind, parent=parent))]


async def newest(tx: Tx, kind: Kind, *, before: int, limit: int) -> list[tuple[int, Any]]:
    """Return objects, the last changed first, each with the place a next page begins before."""
    rows = await tx.all(_NEWEST(kind=kind, before=before, limit=limit))
    return [(row.seq, record_of(kind, row.state)) for row in rows]


async def history(tx: Tx, kind: Kind, object_id: str) -> list[Row]:
    """Return what befell an object, oldest first."""
    return await tx.all(_HISTORY(kind=kind, id=object_id))


# --------------------------------------------------------------------------------------------------------------- money

_ADD_MOVEMENT = adding(movement, "kind", "payment", "ref", "amount", "currency", "at")
_MOVEMENTS = statement(
    select(movement.c.seq, movement.c.kind, movement.c.payment, movement.c.ref, movement.c.amount, movement.c.currency)
    .where(movement.c.seq > bindparam("after"))
    .order_by(movement.c.seq)
    .limit(bindparam("limit"))
)
_SUMS = statement(
    select(movement.c.payment, movement.c.kind, func.sum(movement.c.amount, type_=Count()).label("amount")).group_by(
        movement.c.payment, movement.c.kind
    )
)


async def add_movement(tx: Tx, **columns: Any) -> None:
    """Move money."""
    await tx.run(_ADD_MOVEMENT(**columns))


async def movements(tx: Tx, *, after: int, limit: int) -> list[Row]:
    """Return movements of money in order."""
    return await tx.all(_MOVEMENTS(after=after, limit=limit))


async def sums(tx: Tx) -> dict[str, dict[Movement, int]]:
    """Return how much moved, by payment and kind."""
    found: dict[str, dict[Movement, int]] = {}
    for row in await tx.all(_SUMS()):
        found.setdefault(row.payment, {})[row.kind] = row.amount
    return found


# ------------------------------------------------------------------------------------------------------------ messages

_ADD_MESSAGE = adding(message, "id", "kind", "payment", "body", "at")
_MESSAGE = statement(
    select(message.c.id, message.c.kind, message.c.payment, message.c.body, message.c.at).where(
        message.c.id == bindparam("id")
    )
)
_DELIVERED = (
    select(func.count(type_=Count()))
    .select_from(delivery)
    .where(delivery.c.message_id == message.c.id, delivery.c.status >= 200, delivery.c.status < 300)  # noqa: PLR2004 - what HTTP calls success
    .scalar_subquery()
    .label("delivered")
)
_TRIED = (
    select(func.count(type_=Count()))
    .select_from(delivery)
    .where(delivery.c.message_id == message.c.id)
    .scalar_subquery()
    .label("tried")
)
_MESSAGES = statement(
    select(message.c.seq, message.c.id, message.c.kind, message.c.payment, message.c.body, message.c.at)
    .add_columns(_DELIVERED, _TRIED)
    .where(message.c.seq < bindparam("before"))
    .order_by(message.c.seq.desc())
    .limit(bindparam("limit"))
)
_ADD_DELIVERY = adding(delivery, "message_id", "manner", "status", "at")


async def add_message(tx: Tx, **columns: Any) -> None:
    """Note what the merchant is told."""
    await tx.run(_ADD_MESSAGE(**columns))


async def one_message(tx: Tx, message_id: str) -> Row | None:
    """Return a message."""
    return await tx.one(_MESSAGE(id=message_id))


async def messages(tx: Tx, *, before: int, limit: int) -> list[Row]:
    """Return messages, newest first, each with how often it was sent and taken."""
    return await tx.all(_MESSAGES(before=before, limit=limit))


async def add_delivery(tx: Tx, **columns: Any) -> None:
    """Note that a message was sent, and what came back."""
    await tx.run(_ADD_DELIVERY(**columns))


# --------------------------------------------------------------------------------------------------------------- queue

HELD: Final = "held"
"""The manner of a message that waits for the next one to go first."""

_ENQUEUE = adding(queue, "task", "ref", "manner", "attempts", "next_at")
_DUE = statement(
    select(queue.c.seq, queue.c.task, queue.c.ref, queue.c.manner, queue.c.attempts)
    .where(queue.c.next_at <= bindparam("now", type_=queue.c.next_at.type))
    .order_by(queue.c.next_at, queue.c.seq)
    .limit(bindparam("limit"))
)
_NEXT = statement(select(func.min(queue.c.next_at).label("at")))
_WAITING = statement(select(func.count(type_=Count()).label("waiting")).select_from(queue))
_POSTPONE = statement(
    update(queue)
    .where(queue.c.seq == bindparam("its_seq"))
    .values(next_at=bindparam("next_at"), attempts=bindparam("attempts"))
)
_LET_GO = statement(
    update(queue)
    .where(queue.c.manner == HELD)
    .values(next_at=bindparam("next_at"), manner=bindparam("plain_manner", type_=queue.c.manner.type))
)
_DEQUEUE = statement(delete(queue).where(queue.c.seq == bindparam("seq")))


async def enqueue(tx: Tx, *, task: str, ref: str, next_at: datetime, manner: str = "") -> None:
    """Note what is to be done, and when."""
    await tx.run(_ENQUEUE(task=task, ref=ref, manner=manner, attempts=0, next_at=next_at))


async def due(tx: Tx, now: datetime) -> list[Row]:
    """Return what is to be done by now, in order."""
    return await tx.all(_DUE(now=now, limit=DUE_MOST))


async def next_due(tx: Tx) -> datetime | None:
    """Return when the next thing is to be done."""
    row = await tx.one(_NEXT())
    return row.at if row else None


async def waiting(tx: Tx) -> int:
    """Return how much is to be done."""
    row = await tx.one(_WAITING())
    return row.waiting if row else 0


async def postpone(tx: Tx, seq: int, *, attempts: int, next_at: datetime) -> None:
    """Do it later (again)."""
    await tx.run(_POSTPONE(its_seq=seq, attempts=attempts, next_at=next_at))


async def let_go(tx: Tx, *, next_at: datetime, manner: str) -> None:
    """Give messages a time that were held until another one had gone."""
    await tx.run(_LET_GO(next_at=next_at, plain_manner=manner))


async def dequeue(tx: Tx, seq: int) -> None:
    """Take what is done off the queue."""
    await tx.run(_DEQUEUE(seq=seq))


# -------------------------------------------------------------------------------------------------------------- faults

_ADD_FAULT = adding(fault, "id", "operation", "what", "payment", "skip", "times", "seconds", "struck", "at")
_ACTIVE = statement(
    select(fault.c.seq, fault.c.id, fault.c.what, fault.c.skip, fault.c.times, fault.c.seconds)
    .where(
        fault.c.operation == bindparam("operation"),
        fault.c.times > 0,
        or_(
            fault.c.payment.is_(None),
            fault.c.payment == bindparam("ours", type_=fault.c.payment.type),
            fault.c.payment == bindparam("theirs", type_=fault.c.payment.type),
        ),
    )
    .order_by(fault.c.seq)
)
_ANY_FAULT = statement(
    select(fault.c.seq).where(fault.c.operation == bindparam("operation"), fault.c.times > 0).limit(1)
)
_FAULTS = statement(
    select(
        fault.c.id,
        fault.c.operation,
        fault.c.what,
        fault.c.payment,
        fault.c.skip,
        fault.c.times,
        fault.c.seconds,
        fault.c.struck,
    ).order_by(fault.c.seq)
)
_PASS_OVER = statement(update(fault).where(fault.c.seq == bindparam("its_seq")).values(skip=fault.c.skip - 1))
_STRIKE = statement(
    update(fault).where(fault.c.seq == bindparam("its_seq")).values(times=fault.c.times - 1, struck=fault.c.struck + 1)
)
_CLEAR = statement(delete(fault).where(fault.c.id == bindparam("id")))
_CLEAR_ALL = statement(delete(fault))


async def add_fault(tx: Tx, **columns: Any) -> None:
    """Keep a fault to strike later."""
    await tx.run(_ADD_FAULT(struck=0, **columns))


async def any_fault(tx: Tx, operation: str) -> bool:
    """Return whether a fault waits for this operation, without striking."""
    return await tx.one(_ANY_FAULT(operation=operation)) is not None


async def strike(tx: Tx, operation: str, *, ours: str | None, theirs: str | None) -> Row | None:
    """Return the fault that strikes a request, and count it; None where the request is spared."""
    for row in await tx.all(_ACTIVE(operation=operation, ours=ours, theirs=theirs)):
        if row.skip == 0:
            await tx.run(_STRIKE(its_seq=row.seq))
            return row
        await tx.run(_PASS_OVER(its_seq=row.seq))
    return None


async def faults(tx: Tx) -> list[Row]:
    """Return every fault, also those that have struck as often as they should."""
    return await tx.all(_FAULTS())


async def clear_fault(tx: Tx, fault_id: str) -> int:
    """Take a fault away; return whether there was one."""
    return await tx.run(_CLEAR(id=fault_id))


async def clear_faults(tx: Tx) -> None:
    """Take every fault away."""
    await tx.run(_CLEAR_ALL())
