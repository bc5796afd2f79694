"""Cases and providers' messages."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, delete, or_, select, update

from holdfast.kit.db.database import Tx
from holdfast.kit.db.statements import Row, adding, db_now, rows, statement
from holdfast.kit.db.types import Text
from holdfast.payments.api import CaseKind, CaseState
from holdfast.payments.models import case_, message

_ADD = adding(case_)
_KEEP = statement(
    update(case_)
    .values({name: bindparam(name) for name in ("state", "reference", "outcome", "detail", "closed_at")})
    .where(case_.c.id == bindparam("the_id"))
)
_LOCK = statement(select(case_).where(case_.c.id == bindparam("id")).with_for_update())
_OF_KIND = statement(
    select(case_)
    .where(case_.c.payment_id == bindparam("payment_id"), case_.c.kind == bindparam("kind"))
    .with_for_update()
)
_PAYMENTS = rows("payments", id=Text(40))
_OF_PAYMENTS = statement(
    select(case_).where(case_.c.payment_id.in_(select(_PAYMENTS.c.id))).order_by(case_.c.opened_at, case_.c.id)
)
_WAITING = statement(
    select(case_)
    .where(or_(case_.c.state == CaseState.OPEN, case_.c.state == CaseState.NEEDS_HUMAN))
    .order_by(case_.c.opened_at, case_.c.id)
    .limit(bindparam("limit"))
)
_ADD_MESSAGE = adding(message)
_FIND_MESSAGE = statement(
    select(message).where(message.c.provider == bindparam("provider"), message.c.event_id == bindparam("event_id"))
)
_FORGET = statement(delete(message).where(message.c.received_at < db_now(plus="age_s")))


async def write(tx: Tx, before: Row | None, values: dict[str, Any]) -> None:
    """Write a case: a new one where there was none before."""
    if before is None:
        await tx.run(_ADD(**values))
    else:
        kept = {name: values[name] for name in ("state", "reference", "outcome", "detail", "closed_at")}
        await tx.run(_KEEP(the_id=before.id, **kept))


async def lock(tx: Tx, case_id: str) -> Row | None:
    """Return a case and keep others from changing it until the transaction ends."""
    return await tx.one(_LOCK(id=case_id))


async def of_kind(tx: Tx, payment_id: str, kind: CaseKind) -> Row | None:
    """Return the case of a kind that a payment has, locked."""
    return await tx.one(_OF_KIND(payment_id=payment_id, kind=kind))


async def of_payments(tx: Tx, payment_ids: Sequence[str]) -> list[Row]:
    """Return the cases of payments, oldest first."""
    return await tx.all(_OF_PAYMENTS(payments=[(each,) for each in sorted(set(payment_ids))]))


async def waiting(tx: Tx, *, limit: int) -> list[Row]:
    """Return cases that are not closed, oldest first."""
    return await tx.all(_WAITING(limit=limit))


async def add_message(tx: Tx, values: dict[str, Any]) -> None:
    """Note that a message was worked on; a second one of this id is refused."""
    await tx.run(_ADD_MESSAGE(**values))


async def find_message(tx: Tx, provider: str, event_id: str) -> Row | None:
    """Return what became of a message."""
    return await tx.one(_FIND_MESSAGE(provider=provider, event_id=event_id))


async def forget_messages(tx: Tx, *, older_than_s: int) -> int:
    """Delete the notes on messages received that long ago; return how many."""
    return await tx.run(_FORGET(age_s=-older_than_s))
