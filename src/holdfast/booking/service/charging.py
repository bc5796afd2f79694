"""Fees for canceling late or not coming: when one is due, and for how much. Sagas charge them."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from holdfast.booking.api import FeeReason, GuaranteeRequired, PaymentTerms, QuotedItem, QuotedTable
from holdfast.booking.events import FeeDue
from holdfast.booking.service.acts import of_booking
from holdfast.booking.service.batch import Batch
from holdfast.kit.activity.acts import SYSTEM
from holdfast.kit.db.statements import Row
from holdfast.verticals.cancellation import Booked, RefundCurve, RefundStep, curve, refund
from holdfast.verticals.dining.prices import table_deposit

_TITLE_MOST: Final = 200
_TICK: Final = timedelta(microseconds=1)


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
    known = _as_paid(item, booked_at)
    return now > item.free_until and refund([known], now=now).total_minor < item.guarantee_minor


def with_fees(found: RefundCurve, items: Iterable[QuotedItem], *, booked_at: datetime) -> RefundCurve:
    """Return a curve that also says what canceling costs beside, with a step wherever that changes."""
    tables = [item for item in items if isinstance(item, QuotedTable) and item.guarantee_minor]
    if not tables:
        return found
    ends = {end for table in tables for end in _turns(table, booked_at) if end >= booked_at}
    ends |= {step.until for step in found.steps if step.until is not None}
    steps: list[RefundStep] = []
    for end in (*sorted(ends), None):
        plain = next(each for each in found.steps if each.until is None or (end is not None and end <= each.until))
        now = max(ends, default=booked_at) + _TICK if end is None else end
        fee = sum(table.guarantee_minor for table in tables if is_late(table, booked_at=booked_at, now=now))
        step = replace(plain, until=end, fee_minor=fee)
        if steps and replace(steps[-1], until=end) == step:
            steps.pop()
        steps.append(step)
    return replace(found, steps=tuple(steps))


def _turns(table: QuotedTable, booked_at: datetime) -> list[datetime]:
    """Return the instants after which canceling a table may cost something else."""
    if table.free_until is None:
        return []
    plain = curve([_as_paid(table, booked_at)], currency="")
    return [table.free_until, *(step.until for step in plain.steps if step.until is not None)]


def _as_paid(item: QuotedTable, booked_at: datetime) -> Booked:
    """Return a table as if its guarantee had been paid.

    What would come back of it is what canceling is let off, also by the grace of its policy.
    """
    return Booked(
        policy=item.policy,
        check_in=item.first_day,
        check_out=item.end_day,
        check_in_from=item.begins_at,
        zone=item.zone,
        booked_at=booked_at,
        lines=(table_deposit(unit_minor=item.guarantee_minor, guests=1),),
        start=item.start,
    )


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
    facts = {"turn": turn, "why": why.value, "amount_minor": amount_minor, "currency": row.currency}
    batch.changes.acts.append(of_booking("fee.due", row.reference, SYSTEM, guest_id=row.account_id, **facts))
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
