"""Payments: finding, locking and writing them."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import bindparam, func, literal, or_, select, update

from holdfast.kit.db.database import Tx
from holdfast.kit.db.statements import Row, adding, db_now, rows, statement
from holdfast.kit.db.types import Count, Text, Whole
from holdfast.payments.api import PaymentState, RefundState
from holdfast.payments.models import payment, refund

_NEW: Final = tuple(payment.c.keys())
_CHANGING: Final = (
    "open_hold", "provider_ref", "state", "waited", "captured_minor", "refunded_minor", "brand", "last4", "action_url",
    "denial", "reference", "shares", "sold", "dispute", "disputed_minor", "touched_at", "authorised_at", "captured_at",
    "ended_at",
)  # fmt: skip
_ADD = adding(payment)
_KEEP = statement(
    update(payment)
    .values({name: bindparam(name) for name in _CHANGING} | {"version": payment.c.version + 1})
    .where(payment.c.id == bindparam("the_id"), payment.c.version == bindparam("the_version"))
)
_TOUCH = statement(update(payment).values(touched_at=db_now()).where(payment.c.id == bindparam("the_id")))
_REPLAY = statement(update(payment).values(replays=payment.c.replays + 1).where(payment.c.id == bindparam("the_id")))
_FIND = statement(select(payment).where(payment.c.id == bindparam("id")))
_LOCK = statement(select(payment).where(payment.c.id == bindparam("id")).with_for_update())
_BY_KEY = statement(
    select(payment).where(
        payment.c.account_id == bindparam("account_id"),
        payment.c.route == bindparam("route"),
        payment.c.key == bindparam("key"),
    )
)
_OPEN = statement(select(payment).where(payment.c.open_hold == bindparam("hold_id")))
_ATTEMPTS = statement(
    select(func.coalesce(func.max(payment.c.attempt), literal(0, Whole()), type_=Count()).label("last")).where(
        payment.c.hold_id == bindparam("hold_id")
    )
)
_BY_REF = statement(
    select(payment).where(payment.c.provider == bindparam("provider"), payment.c.provider_ref == bindparam("ref"))
)
_HOLDS = rows("holds", id=Text(40))
_OF_HOLDS = statement(
    select(payment).where(payment.c.hold_id.in_(select(_HOLDS.c.id))).order_by(payment.c.created_at, payment.c.id)
)
_STALE = db_now(plus="age_s")
_UNSETTLED = statement(
    select(payment)
    .where(
        or_(
            payment.c.id.in_(
                select(payment.c.id).where(
                    or_(*(payment.c.state == each for each in ("starting", "requires_action", "authorised"))),
                    payment.c.touched_at < _STALE,
                )
            ),
            payment.c.id.in_(
                select(refund.c.payment_id).where(
                    or_(refund.c.state == RefundState.PENDING, refund.c.state == RefundState.FAILED),
                    refund.c.touched_at < _STALE,
                )
            ),
        )
    )
    .order_by(payment.c.touched_at, payment.c.id)
    .limit(bindparam("limit"))
)


async def add(tx: Tx, values: dict[str, Any]) -> None:
    """Write a new payment down."""
    now = await tx.now()
    empty = dict.fromkeys(_NEW) | {
        "replays": 0,
        "state": PaymentState.STARTING,
        "waited": False,
        "captured_minor": 0,
        "refunded_minor": 0,
        "sold": False,
        "dispute": "none",
        "disputed_minor": 0,
        "version": 1,
        "created_at": now,
        "touched_at": now,
    }
    await tx.run(_ADD(**empty | values))


async def keep(tx: Tx, before: Row, after: Row) -> None:
    """Write what changed about a locked payment.

    Raises:
        RuntimeError: It is not the row that was locked.
    """
    values = {name: getattr(after, name) for name in _CHANGING}
    if await tx.run(_KEEP(the_id=before.id, the_version=before.version, **values)) != 1:
        raise RuntimeError("a payment changed under its lock")


async def touch(tx: Tx, payment_id: str) -> None:
    """Note that somebody has just looked after a payment."""
    await tx.run(_TOUCH(the_id=payment_id))


async def count_replay(tx: Tx, payment_id: str) -> None:
    """Note that an answer is given again, which makes it wait for the standby (docs/decisions/0011)."""
    await tx.run(_REPLAY(the_id=payment_id))


async def find(tx: Tx, payment_id: str) -> Row | None:
    """Return a payment."""
    return await tx.one(_FIND(id=payment_id))


async def lock(tx: Tx, payment_id: str) -> Row | None:
    """Return a payment and keep others from changing it until the transaction ends."""
    return await tx.one(_LOCK(id=payment_id))


async def by_key(tx: Tx, account_id: int, route: str, key: str) -> Row | None:
    """Return the payment that a key made."""
    return await tx.one(_BY_KEY(account_id=account_id, route=route, key=key))


async def standing(tx: Tx, hold_id: str) -> Row | None:
    """Return the payment that stands for a hold."""
    return await tx.one(_OPEN(hold_id=hold_id))


async def attempts(tx: Tx, hold_id: str) -> int:
    """Return how often it was tried to pay a hold."""
    found = await tx.one(_ATTEMPTS(hold_id=hold_id))
    return 0 if found is None else int(found.last)


async def by_ref(tx: Tx, provider: str, ref: str) -> Row | None:
    """Return the payment that goes by a provider's object."""
    return await tx.one(_BY_REF(provider=provider, ref=ref))


async def of_holds(tx: Tx, hold_ids: Sequence[str]) -> list[Row]:
    """Return the payments of holds, oldest first."""
    return await tx.all(_OF_HOLDS(holds=[(each,) for each in sorted(set(hold_ids))]))


async def unsettled(tx: Tx, *, older_than_s: int, limit: int) -> list[Row]:
    """Return payments that are open, or have a refund under way or failed, and were not touched for so long."""
    return await tx.all(_UNSETTLED(age_s=-older_than_s, limit=limit))
