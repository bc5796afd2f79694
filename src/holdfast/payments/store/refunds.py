"""Refunds: finding, locking and writing them."""

from collections import namedtuple
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import bindparam, select, update

from holdfast.kit.db.database import Tx
from holdfast.kit.db.statements import Row, adding, rows, statement
from holdfast.kit.db.types import Text
from holdfast.payments.models import refund

_COLUMNS: Final = tuple(refund.c.keys())
_CHANGING: Final = ("state", "attempt", "provider_ref", "spent_refs", "failure", "touched_at", "completed_at")
_ADD = adding(refund)
_KEEP = statement(
    update(refund).values({name: bindparam(name) for name in _CHANGING}).where(refund.c.id == bindparam("the_id"))
)
_BY_KEY = statement(select(refund).where(refund.c.key == bindparam("key")))
_FIND = statement(select(refund).where(refund.c.id == bindparam("id")))
_PAYMENTS = rows("payments", id=Text(40))
_OF_PAYMENTS = statement(
    select(refund).where(refund.c.payment_id.in_(select(_PAYMENTS.c.id))).order_by(refund.c.created_at, refund.c.id)
)


_Row: Any = namedtuple("_Row", _COLUMNS)  # type: ignore[misc]  # noqa: PYI024 - the form rows of a statement have


def new_row(values: Mapping[str, Any]) -> Row:
    """Return the row of a refund that is not written yet."""
    return _Row(**values)


async def write(tx: Tx, before: Row | None, after: Row) -> None:
    """Write a refund: a new one where there was none before."""
    if before is None:
        await tx.run(_ADD(**after._asdict()))
    else:
        await tx.run(_KEEP(the_id=after.id, **{name: getattr(after, name) for name in _CHANGING}))


async def find(tx: Tx, refund_id: str) -> Row | None:
    """Return a refund."""
    return await tx.one(_FIND(id=refund_id))


async def by_key(tx: Tx, key: str) -> Row | None:
    """Return the refund that a key made. Its payment is locked, so nobody else makes another one meanwhile."""
    return await tx.one(_BY_KEY(key=key))


async def of_payments(tx: Tx, payment_ids: Sequence[str]) -> list[Row]:
    """Return the refunds of payments, oldest first."""
    return await tx.all(_OF_PAYMENTS(payments=[(each,) for each in sorted(set(payment_ids))]))
