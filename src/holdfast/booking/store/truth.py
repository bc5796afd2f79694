"""Reading everything there is, page by page, for the recount. Every function is called inside one snapshot."""

from collections.abc import AsyncIterator
from typing import Any, Final

from sqlalchemy import Table, and_, bindparam, or_, select

from holdfast.booking.models import booking, cell, claim, hold, owner, quota, quote, resource
from holdfast.kit.db.database import Tx
from holdfast.kit.db.statements import Row, Statement, statement

_PAGE: Final = 5000


def paged(table: Table, columns: tuple[str, ...], first: str, second: str | None = None) -> Statement:
    """Return a statement for the rows behind a position in the order of a unique key of one or two columns.

    The condition on the first column stands alone, so that every engine enters the index there.
    """
    outer = table.c[first]
    start = bindparam("k0", type_=outer.type)
    if second is None:
        order, behind = [outer], outer > start
    else:
        inner = table.c[second]
        order = [outer, inner]
        behind = and_(outer >= start, or_(outer > start, inner > bindparam("k1", type_=inner.type)))
    return statement(select(*[table.c[name] for name in columns]).where(behind).order_by(*order).limit(_PAGE))


async def walk(tx: Tx, page: Statement, start: tuple[Any, ...], *order: str) -> AsyncIterator[list[Row]]:
    """Walk over the rows of a table from a position on, a page at a time."""
    position = start
    while True:
        found = await tx.all(page(**{f"k{at}": value for at, value in enumerate(position)}))
        yield found
        if len(found) < _PAGE:
            return
        position = tuple(getattr(found[-1], name) for name in order)


_LOW: Final = -(2**62)
_RESOURCES = paged(resource, ("id", "capacity"), "id")
_CELLS = paged(cell, ("resource_id", "slot", "taken", "capacity", "own"), "resource_id", "slot")
_CLAIMS = paged(
    claim, ("seq", "hold_id", "resource_id", "first_slot", "end_slot", "quantity", "reason", "digest"), "seq"
)
_HOLDS = paged(
    hold,
    (
        "id",
        "kind",
        "account_id",
        "quote_id",
        "state",
        "spans",
        "items",
        "price",
        "total_minor",
        "currency",
        "digest",
        "request_number",
        "late_of",
        "change_id",
    ),
    "id",
)
_BOOKINGS = paged(
    booking,
    (
        "number",
        "reference",
        "hold_id",
        "account_id",
        "state",
        "items",
        "price",
        "total_minor",
        "currency",
        "digest",
        "cancelled_at",
        "refund_minor",
        "guarantee_method_id",
    ),
    "number",
)
_OWNERS = paged(owner, ("number", "owner_id", "accepted_at"), "owner_id", "number")
_QUOTES = paged(quote, ("id", "items", "price", "total_minor", "currency", "digest"), "id")
_QUOTAS = paged(quota, ("account_id", "live"), "account_id")


def resources(tx: Tx) -> AsyncIterator[list[Row]]:
    """Walk over all resources, a page at a time."""
    return walk(tx, _RESOURCES, ("",), "id")


def cells(tx: Tx) -> AsyncIterator[list[Row]]:
    """Walk over all cells, a page at a time."""
    return walk(tx, _CELLS, ("", _LOW), "resource_id", "slot")


def claims(tx: Tx) -> AsyncIterator[list[Row]]:
    """Walk over the claim ledger, a page at a time."""
    return walk(tx, _CLAIMS, (_LOW,), "seq")


def holds(tx: Tx) -> AsyncIterator[list[Row]]:
    """Walk over all holds, a page at a time."""
    return walk(tx, _HOLDS, ("",), "id")


def bookings(tx: Tx) -> AsyncIterator[list[Row]]:
    """Walk over all bookings, a page at a time."""
    return walk(tx, _BOOKINGS, (_LOW,), "number")


def owners(tx: Tx) -> AsyncIterator[list[Row]]:
    """Walk over the owners of all bookings, a page at a time."""
    return walk(tx, _OWNERS, (_LOW, _LOW), "owner_id", "number")


def quotes(tx: Tx) -> AsyncIterator[list[Row]]:
    """Walk over all quotes, a page at a time."""
    return walk(tx, _QUOTES, ("",), "id")


def quotas(tx: Tx) -> AsyncIterator[list[Row]]:
    """Walk over all counts of live holds, a page at a time."""
    return walk(tx, _QUOTAS, (_LOW,), "account_id")
