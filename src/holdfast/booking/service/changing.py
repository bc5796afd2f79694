"""Changing dates or guests: what a change costs or gives back, and the decision in the lane that ends what stands.

A change is no way around the policy. What becomes cheaper comes back by the share the policy gives for nights at that
instant; the rest stays as `cancellation_fee` lines. And what canceling would not have given back before stays lost
after (`kept_minor`), however far ahead the new dates are.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from holdfast.booking.api import (
    AlreadyCancelled,
    Booking,
    BookingState,
    Change,
    ChangeNotActive,
    Hold,
    HoldExpired,
    HoldState,
    QuotedItem,
)
from holdfast.booking.events import BookingChanged
from holdfast.booking.models import ChangeState, ClaimReason, RevisedBy
from holdfast.booking.rules import judged
from holdfast.booking.service.acts import of_booking
from holdfast.booking.service.answers import items_of, may_see, price_of, spans_of
from holdfast.booking.service.batch import Batch, SettleOrder, Standing
from holdfast.booking.service.cancelling import FEE, OF, at_place, booked, capped, fees_of, refund_from
from holdfast.booking.service.charging import require_guarantee
from holdfast.booking.service.kinds.words import tell_moved
from holdfast.booking.service.revising import Revision, revise, told
from holdfast.booking.service.visiting import as_left, put_off
from holdfast.engine.money import fraction
from holdfast.engine.price import Price, PriceLine
from holdfast.kit.db.statements import Row
from holdfast.kit.errors import NotFound, PaymentRequired
from holdfast.verticals.cancellation import Refund, RefundLine, refund

_FEES: Final = frozenset({"cleaning", *OF})
"""Lines that are not of nights: the share for nights is not theirs."""
_NOTHING: Final = Refund(total_minor=0, lines=(), rule="nothing", detail="Nothing comes back: it does not cost less.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Repriced:
    """An item with new dates or guests."""

    item: QuotedItem
    lines: tuple[PriceLine, ...]
    """Of this item alone."""
    by_seller: bool = False
    """Whether whoever sells it changes it: nothing is lost by that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a booking would be once changed."""

    items: tuple[QuotedItem, ...]
    price: Price
    difference_minor: int
    refund: Refund


def planned(row: Row, new: Mapping[int, Repriced], now: datetime) -> Plan:
    """Return what a booking would be with some items repriced, at an instant.

    Args:
        row: The booking as it is.
        new: By position: the items that change.
        now: The instant by which the policy is asked.
    """
    items, price = items_of(row.items), price_of(row.price)
    known = booked(items, price, booked_at=row.created_at)
    after, lines, fees = list(items), [], [line for line in price.lines if line.kind == FEE]
    rule, detail = _NOTHING.rule, _NOTHING.detail
    for place, item in enumerate(items):
        if place not in new:
            lines += [line for line in price.lines if line.item == place and line.kind != FEE]
            continue
        lines += [at_place(line, place, alone=len(items) == 1) for line in new[place].lines]
        back = capped(refund([known[place]], now=now), items)
        kept = _kept(item, back, known[place].lines, new[place].lines)
        minor = sum(line.paid_minor - line.refund_minor for line in kept)
        fees += fees_of(kept, item, place=place, gone=False)
        lost = 0 if new[place].by_seller else max(0, item.total_minor - back.total_minor - minor)
        after[place] = replace(new[place].item, kept_minor=min(lost, new[place].item.total_minor))
        rule, detail = back.rule, back.detail
    made = Price.of(price.currency, [*lines, *fees])
    difference = made.total_minor - price.total_minor
    back = replace(_NOTHING) if difference >= 0 else _given_back(price, made, rule=rule, detail=detail)
    return Plan(items=tuple(after), price=made, difference_minor=difference, refund=back)


def _kept(item: QuotedItem, back: Refund, before: Sequence[PriceLine], after: Sequence[PriceLine]) -> list[RefundLine]:
    """Return what an item costs less, parted by whose it is, and how much of each part comes back."""
    drops = _parts(before)
    drops.subtract(_parts(after))
    drop = sum(drops.values())
    if drop <= 0:
        return []
    nights = [line for line in back.lines if line.kind not in _FEES]
    paid, given = sum(line.paid_minor for line in nights), sum(line.refund_minor for line in nights)
    whole = min(fraction(drop, given, paid) if paid > 0 else drop, back.total_minor)
    lines, seen, shared = [], 0, 0
    for of, minor in drops.items():
        seen += minor
        share = fraction(seen, whole, drop) - shared
        shared += share
        lines.append(RefundLine(kind=of, label=item.title, paid_minor=minor, refund_minor=share, item=0))
    return lines


def _parts(lines: Sequence[PriceLine]) -> Counter[str]:
    parts: Counter[str] = Counter()
    for line in lines:
        parts[_part(line)] += line.amount_minor
    return parts


def _part(line: PriceLine) -> str:
    return str(line.inputs["of"]) if line.kind == FEE else OF.get(line.kind, "nights")


def _given_back(before: Price, after: Price, *, rule: str, detail: str) -> Refund:
    """Return what comes back, line by line: what each item costs less, parted by whose it is."""
    less: Counter[tuple[int, str]] = Counter()
    for sign, price in ((1, before), (-1, after)):
        for line in price.lines:
            less[line.item, _part(line)] += sign * line.amount_minor
    lines = tuple(
        RefundLine(kind=of, label="Costs less", paid_minor=minor, refund_minor=minor, item=place)
        for (place, of), minor in sorted(less.items())
        if minor
    )
    return Refund(total_minor=sum(line.refund_minor for line in lines), lines=lines, rule=rule, detail=detail)


def change_of(row: Row, hold: Hold) -> Change:
    """Return a change from its stored form."""
    return Change(
        id=row.id,
        number=row.number,
        hold=hold,
        items=items_of(row.items),
        price=price_of(row.price),
        difference_minor=row.difference_minor,
        refund_minor=row.refund_minor,
        refund=refund_from(row.refund),
        payment_id=row.payment_id,
        confirmed_at=row.confirmed_at,
    )


# --------------------------------------------------------------------------------------------------------- the decision


def confirm_change(batch: Batch, order: SettleOrder) -> tuple[Booking, dict[str, Any]]:
    """Note that a change takes the place of what the booking was: its hold's cells pass over to the booking's hold.

    Raises:
        NotFound: No such booking or change, or somebody else's.
        AlreadyCancelled: The booking has ended.
        ChangeNotActive: The change was confirmed or let go, or the booking has become another since.
        CancellationTooLate: A party whose table changes has sat down, has left, or did not come.
        HoldExpired: It ran out.
        PaymentRequired: It has to be paid and is not.
        GuaranteeRequired: A table asks for a kept way to pay now, and none stands for the booking.
    """
    row, change = batch.bookings.get(order.number), batch.after.changes.get(order.by_id or "")
    if row is None or change is None or change.number != row.number:
        raise NotFound("There is no such change.")
    if order.principal is not None and not may_see(order.principal, row):
        raise NotFound("There is no such change.")
    standing = batch.holds[change.hold_id]
    _must_be_open(batch, row, change, standing)
    put_off(batch, row.number, items_of(row.items), items_of(change.items))
    if row.guarantee_method_id is None:
        require_guarantee(items_of(change.items), order.payment, row.currency)
        if order.payment is not None and order.payment.guarantee_method_id is not None:
            batch.changes.fees.guarantees.append((row.number, order.payment.guarantee_method_id))
    paid_by = None if order.payment is None else order.payment.payment_id
    if standing.row.payable_minor and paid_by is None:
        raise PaymentRequired(
            "The difference has to be paid first.",
            extra={"hold_id": change.hold_id, "amount": standing.row.payable_minor, "currency": row.currency},
        )
    batch.changes.move(change.hold_id, HoldState.HELD, HoldState.CONFIRMED)
    batch.changes.quotas[standing.row.account_id] -= 1
    standing.state = HoldState.CONFIRMED
    held = spans_of(standing.row.spans)
    batch.changes.free(change.hold_id, held, ClaimReason.RELEASED)
    after = Revision(why=RevisedBy.CHANGE, by_id=change.id, items=items_of(change.items), price=price_of(change.price))
    spans = as_left(batch, row.number, spans_of(change.spans), spans_of(batch.holds[row.hold_id].row.spans))
    done = revise(batch, row, after, spans, ClaimReason.RELEASED)
    tell_moved(batch.changes, held)
    batch.changes.revising.confirmed.append((change.id, paid_by))
    batch.changes.tell(
        BookingChanged(
            number=row.number,
            reference=row.reference,
            account_id=row.account_id,
            change_id=change.id,
            difference_minor=change.difference_minor,
            refund_minor=change.refund_minor,
            currency=row.currency,
            payment_id=row.payment_id,
            change_payment_id=paid_by,
        )
    )
    facts = {"difference_minor": change.difference_minor, "currency": row.currency}
    batch.changes.acts.append(
        of_booking("booking.changed", row.reference, order.actor, guest_id=row.account_id, **facts)
    )
    if order.told is not None:
        batch.changes.tell(order.told)
    return told(batch, done)


def _must_be_open(batch: Batch, row: Row, change: Row, standing: Standing) -> None:
    if change.state is ChangeState.CONFIRMED:
        raise ChangeNotActive
    if row.state is not BookingState.CONFIRMED:
        raise AlreadyCancelled
    state = judged(standing.state, standing.expires_at, batch.now)
    if state is HoldState.EXPIRED:
        raise HoldExpired
    if state is not HoldState.HELD or change.revision != batch.after.revisions.get(row.number, 0):
        raise ChangeNotActive
