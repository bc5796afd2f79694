"""Whose the rows of payments are. Books stay: amounts and numbers of accounts, without cards and names."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import bindparam, select

from holdfast.kit.db.database import Tx
from holdfast.kit.db.statements import Row, statement
from holdfast.kit.db.types import Whole
from holdfast.kit.privacy import Retention
from holdfast.kit.privacy_rows import Held, Lapse, lapses_of, of_activity
from holdfast.payments.models import MethodState, activity, method, payment, refund

HELD: Final = (
    Held(table=payment, account=payment.c.account_id, hidden=("fingerprint", "replays", "version")),
    Held(
        table=refund,
        account=payment.c.account_id,
        via=payment.c.id == refund.c.payment_id,
        hidden=("key", "spent_refs"),
    ),
    Held(table=method, account=method.c.account_id, deletes=True, hidden=("fingerprint", "replays")),
    *of_activity(activity),
)

LAPSES: Final = (
    Lapse(
        keep=Retention.RIGHTS,
        table=method,
        when=lambda before, _: (method.c.state != MethodState.KEPT) & (method.c.created_at < before),
        account=method.c.account_id,
    ),
    Lapse(
        keep=Retention.BOOKS,
        table=payment,
        when=lambda before, _: (
            (payment.c.created_at < before)
            & (payment.c.brand.is_not(None) | payment.c.last4.is_not(None) | payment.c.action_url.is_not(None))
        ),
        account=payment.c.account_id,
        deletes=False,
        cleared={"brand": None, "last4": None, "action_url": None},
    ),
    *lapses_of(activity),
)

_GIVEN = statement(
    select(payment.c.id, payment.c.provider, payment.c.created_at)
    .where(payment.c.account_id == bindparam("account_id", type_=Whole()))
    .order_by(payment.c.created_at.desc())
)


async def given_to_providers(tx: Tx, *, account_id: int) -> Sequence[Row]:
    """Return the payments of an account that a provider was told of, newest first."""
    return await tx.all(_GIVEN(account_id=account_id))
