"""Fees for canceling late or not coming: when one is due, and for how much. Sagas charge them."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from holdfast.booking.api import FeeReason, GuaranteeRequired, PaymentTerms, QuotedItem, QuotedTable
from holdfast.booking.events import FeeDue
from holdfast.booking.service.batch import Batch
from holdfast.kit.db.statements import Row
from holdfast.verticals.cancellation import Booked, refund
from holdfast.verticals.dining.prices import table_deposit

_TITLE_MOST: Final = 200


def guarantee_minor(items: Iterable[QuotedItem]) -> int:
    """Return what a kept way to pay has to stand for, of all tables together."""
    return sum(item.guarantee_minor for item in items if isinstance(item, QuotedTable))


def require_guarantee(items: Iterable[QuotedItem], payment: PaymentTerms | None, currency: str) -> None:
    """Check that a kept way to pay stands for tables that ask for one.

    Raises:
        GuaranteeRequired: None does.
    """
    minor = guarantee_minor(items)
    if minor and (payment is None or payment.guarantee_method_id is None):
        raise GuaranteeRequired(extra={"amount": minor, "currency": currency})


def late_fees(
    row: Row, items: Sequence[QuotedItem], going: Collection[int], now: datetime
) -> tuple[tuple[int, int], ...]:
    """Return what canceling tables costs their guest at an instant: position and fee of each that costs something."""
    return tuple(
        (place, item.guarantee_minor)
        for place, item in enumerate(items)
        if place in going and isinstance(item, QuotedTable) and is_late(item, booked_at=row.created_at, now=now)
    )


def is_late(item: QuotedTable, *, booked_at: datetime, now: datetime) -> bool:
    """Return whether canceling a table costs the fee a card stands for."""
    if not item.guarantee_minor:
        return False
    if item.free_until is None:
        return True
    # It is not paid yet. What would come back of as much paid is what canceling is let off, also by its grace.
    known = Booked(
        policy=item.policy,
        check_in=item.first_day,
        check_out=item.end_day,
        check_in_from=item.begins_at,
        zone=item.zone,
        booked_at=booked_at,
        lines=(table_deposit(unit_minor=item.guarantee_minor, guests=1),),
        start=item.start,
    )
    return now > item.free_until and refund([known], now=now).total_minor < item.guarantee_minor


def still_late(had: QuotedTable, becomes: QuotedTable, *, booked_at: datetime, now: datetime) -> QuotedTable:
    """Return a table that another becomes: moving one that costs its fee to cancel lets nobody off."""
    if not is_late(had, booked_at=booked_at, now=now):
        return becomes
    return replace(becomes, guarantee_minor=max(had.guarantee_minor, becomes.guarantee_minor), free_until=None)


def owe(batch: Batch, row: Row, item: QuotedTable, amount_minor: int, why: FeeReason) -> None:
    """Note that a fee is due, if a kept way to pay stands for it."""
    method_id = row.guarantee_method_id
    if not amount_minor or method_id is None:
        return
    turn = batch.after.fees.get(row.number, 0) + 1
    batch.after.fees[row.number] = turn
    batch.changes.fees.new.append((
        row.number, turn, item.owner_id, item.title[:_TITLE_MOST], why, amount_minor, row.currency, method_id,
    ))  # fmt: skip
    batch.changes.tell(
        FeeDue(
            number=row.number,
            turn=turn,
            reference=row.reference,
            account_id=row.account_id,
            amount_minor=amount_minor,
            currency=row.currency,
            method_id=method_id,
            why=why,
        )
    )
