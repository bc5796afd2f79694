"""The ledger: adding transfers, and reading them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import and_, bindparam, func, literal, or_, select, union_all

from holdfast.kit.db.database import Tx
from holdfast.kit.db.statements import Row, Statement, db_now, rows_like, statement
from holdfast.kit.db.types import Count, Moment, Text
from holdfast.payments.models import transfer

COLUMNS: Final = (
    "key", "leg", "kind", "debit", "credit", "amount_minor", "currency", "payment_id", "refund_id", "reference",
)  # fmt: skip
_NEW = rows_like("new_transfers", transfer, *COLUMNS)
_ADD = statement(transfer.insert().from_select([*COLUMNS, "at"], select(*[_NEW.c[name] for name in COLUMNS], db_now())))
_OF_PAYMENT = statement(
    select(transfer).where(transfer.c.payment_id == bindparam("payment_id")).order_by(transfer.c.seq)
)


def _asking(*, reference: bool, account: bool, first: bool, end: bool) -> Statement:
    """Return the statement for one set of conditions, so that each finds its index."""
    conditions = []
    if reference:
        conditions.append(transfer.c.reference == bindparam("reference"))
    if account:
        named = bindparam("account", type_=Text(80))
        conditions.append(or_(transfer.c.debit == named, transfer.c.credit == named))
    if first:
        conditions.append(transfer.c.at >= bindparam("first", type_=Moment()))
    if end:
        conditions.append(transfer.c.at < bindparam("end", type_=Moment()))
    return statement(select(transfer).where(and_(*conditions)).order_by(transfer.c.seq).limit(bindparam("limit")))


_ASKING: dict[tuple[bool, ...], Statement] = {}
_SIDES = union_all(
    select(
        transfer.c.credit.label("account"),
        transfer.c.currency,
        func.sum(transfer.c.amount_minor, type_=Count()).label("minor"),
    ).group_by(transfer.c.credit, transfer.c.currency),
    select(
        transfer.c.debit.label("account"),
        transfer.c.currency,
        func.sum(literal(0, Count()) - transfer.c.amount_minor, type_=Count()).label("minor"),
    ).group_by(transfer.c.debit, transfer.c.currency),
).subquery("sides")
_BALANCES = statement(
    select(_SIDES.c.account, _SIDES.c.currency, func.sum(_SIDES.c.minor, type_=Count()).label("minor"))
    .group_by(_SIDES.c.account, _SIDES.c.currency)
    .order_by(_SIDES.c.account, _SIDES.c.currency)
)


async def add(tx: Tx, transfers: Sequence[tuple[Any, ...]]) -> None:
    """Append transfers, given in the order of `COLUMNS`."""
    if transfers:
        await tx.run(_ADD(new_transfers=list(transfers)))


async def of_payment(tx: Tx, payment_id: str) -> list[Row]:
    """Return all transfers of a payment, in order."""
    return await tx.all(_OF_PAYMENT(payment_id=payment_id))


async def asked(
    tx: Tx,
    *,
    reference: str | None,
    account: str | None,
    first: datetime | None,
    end: datetime | None,
    limit: int,
) -> list[Row]:
    """Return the transfers of a booking, an account, a time or what these have in common, in order."""
    given = {"reference": reference, "account": account, "first": first, "end": end}
    shape = {name: value is not None for name, value in given.items()}
    found = _ASKING.get(tuple(shape.values()))
    if found is None:
        found = _ASKING[tuple(shape.values())] = _asking(**shape)
    return await tx.all(found(limit=limit, **{name: value for name, value in given.items() if value is not None}))


async def balances(tx: Tx) -> list[Row]:
    """Return account, currency and credits less debits of all there is."""
    return await tx.all(_BALANCES())
