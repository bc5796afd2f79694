"""Writing objects down, and telling the merchant."""

from datetime import datetime, timedelta
from typing import Any, Final

from holdfast.kit.db.database import Tx
from holdfast.kit.db.types import to_json
from holdfast.kit.ids import new_id
from holdfast.payments.simulator import store
from holdfast.payments.simulator.asking import Books
from holdfast.payments.simulator.faults import MESSAGE
from holdfast.payments.simulator.records import Kind, Movement, Payment, Refund, shown_payment, shown_refund

SEND: Final = "send"
SETTLE: Final = "settle"
DISPUTE: Final = "dispute"
"""Tasks in the queue."""

_HELD_MOST: Final = timedelta(seconds=30)
_AFTERWARDS: Final = timedelta(milliseconds=1)


async def keep(tx: Tx, what: str, payment: Payment, version: int, now: datetime) -> None:
    """Write down how a payment stands from now on."""
    await store.add_change(
        tx,
        kind=Kind.PAYMENT,
        object_id=payment.id,
        version=version,
        parent=None,
        external=payment.payment_id or None,
        what=what,
        state=payment,
        at=now,
    )


async def keep_refund(tx: Tx, what: str, refund: Refund, version: int, now: datetime) -> None:
    """Write down how a refund stands from now on."""
    await store.add_change(
        tx,
        kind=Kind.REFUND,
        object_id=refund.id,
        version=version,
        parent=refund.payment,
        external=refund.refund_id or None,
        what=what,
        state=refund,
        at=now,
    )


async def move(tx: Tx, kind: Movement, payment: Payment, now: datetime, *, ref: str, amount: int) -> None:
    """Move money of a payment."""
    await store.add_movement(
        tx, kind=kind, payment=payment.id, ref=ref, amount=amount, currency=payment.currency, at=now
    )


async def tell(tx: Tx, books: Books, kind: str, payment: Payment, now: datetime, refund: Refund | None = None) -> None:
    """Write a message to the merchant and queue it, as the faults have it."""
    message_id = new_id("sim_msg", books.clock)
    data: dict[str, Any] = {"payment": shown_payment(payment, public_url=books.public_url)}
    if refund is not None:
        data["refund"] = shown_refund(refund)
    body = to_json({"id": message_id, "type": kind, "timestamp": now, "data": data})
    await store.add_message(tx, id=message_id, kind=kind, payment=payment.id, body=body, at=now)
    await _queue(tx, payment, message_id, now)


async def _queue(tx: Tx, payment: Payment, message_id: str, now: datetime) -> None:
    fault = None
    if await store.any_fault(tx, MESSAGE):
        fault = await store.strike(tx, MESSAGE, ours=payment.payment_id, theirs=payment.id)
    what = fault.what if fault else None
    if what == "drop":
        return
    if what == "reorder":
        await store.enqueue(tx, task=SEND, ref=message_id, manner=store.HELD, next_at=now + _HELD_MOST)
        return
    later = timedelta(seconds=fault.seconds if fault and what == "delay" else 0)
    await store.enqueue(tx, task=SEND, ref=message_id, next_at=now + later)
    if what == "duplicate":
        await store.enqueue(tx, task=SEND, ref=message_id, next_at=now + later)
    if what == "forge":
        await store.enqueue(tx, task=SEND, ref=message_id, manner="forged", next_at=now)
    await store.let_go(tx, next_at=now + later + _AFTERWARDS, manner="")
