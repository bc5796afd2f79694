"""Reading everything there is, page by page, for the recount. Every function is called inside one snapshot."""

from collections.abc import AsyncIterator
from typing import Any, Final

from sqlalchemy import Table, bindparam, select

from holdfast.kit.db.database import Tx
from holdfast.kit.db.statements import Row, Statement, statement
from holdfast.payments.models import payment, refund, transfer

_PAGE: Final = 5000


def _paged(table: Table, column: str) -> Statement:
    """Return a statement for the rows behind a position in the order of a unique column."""
    order = table.c[column]
    start = bindparam("after", type_=order.type)
    return statement(select(table).where(order > start).order_by(order).limit(_PAGE))


_PAYMENTS = _paged(payment, "id")
_REFUNDS = _paged(refund, "id")
_TRANSFERS = _paged(transfer, "seq")


async def _walk(tx: Tx, page: Statement, column: str, start: Any) -> AsyncIterator[Row]:
    position = start
    while True:
        found = await tx.all(page(after=position))
        for row in found:
            yield row
        if len(found) < _PAGE:
            return
        position = getattr(found[-1], column)


def payments(tx: Tx) -> AsyncIterator[Row]:
    """Walk over all payments."""
    return _walk(tx, _PAYMENTS, "id", "")


def refunds(tx: Tx) -> AsyncIterator[Row]:
    """Walk over all refunds."""
    return _walk(tx, _REFUNDS, "id", "")


def transfers(tx: Tx) -> AsyncIterator[Row]:
    """Walk over the ledger."""
    return _walk(tx, _TRANSFERS, "seq", 0)
