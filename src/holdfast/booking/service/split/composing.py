"""Parts of a trip, shown as one: one price, one hold, one booking. Items stand stock by stock, as quoted."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from holdfast.booking.api import (
    Booking,
    BookingState,
    Hold,
    HoldState,
    QuotedItem,
    TripPart,
)
from holdfast.booking.rules import TripState
from holdfast.engine.price import Price, PriceLine
from holdfast.kit.db.statements import Row
from holdfast.verticals.cancellation import Refund, RefundCurve, RefundStep

_MIXED: Final = "mixed"
EXPIRED: Final = "expired"
_LIVE: Final = frozenset({TripState.HELD, TripState.CONFIRMING})


@dataclass(frozen=True, slots=True)
class Piece:
    """What a trip has written down of one part."""

    stock: str
    quote_id: str
    hold_id: str
    number: int | None = None


def pieces_of(row: Row) -> list[Piece]:
    """Return the parts of a trip."""
    return [Piece(*each) for each in row.parts]


def pieces_kept(pieces: Sequence[Piece]) -> list[list[Any]]:
    """Return parts in their stored form."""
    return [[each.stock, each.quote_id, each.hold_id, each.number] for each in pieces]


def offsets(lists: Sequence[Sequence[Any]]) -> list[int]:
    """Return at which position of the whole each list begins."""
    found, total = [], 0
    for each in lists:
        found.append(total)
        total += len(each)
    return found


def joined(parts: Sequence[tuple[Sequence[QuotedItem], Price]]) -> Price:
    """Return the price of a trip: all lines of its parts, numbered through."""
    begins = offsets([items for items, _ in parts])
    return Price.of(
        parts[0][1].currency,
        [
            line
            for begin, (items, price) in zip(begins, parts, strict=True)
            for line in _shifted(price, begin, several=len(items) > 1)
        ],
    )


def _shifted(price: Price, begin: int, *, several: bool) -> Iterator[PriceLine]:
    for line in price.lines:
        label = line.label.removeprefix(f"{line.item + 1}. ") if several else line.label
        place = begin + line.item
        yield replace(line, label=f"{place + 1}. {label}", item=place)


def state_of_hold(row: Row) -> HoldState:
    """Return the state the hold of a trip is in."""
    if row.state is TripState.HELD and row.expires_at <= row.now:
        return HoldState.EXPIRED
    if row.state in _LIVE:
        return HoldState.HELD
    if row.state is TripState.BOOKED or row.booked_at is not None:
        return HoldState.CONFIRMED
    return HoldState.EXPIRED if row.why == EXPIRED else HoldState.RELEASED


def hold_shown(row: Row, holds: Sequence[Hold], token: str) -> Hold:
    """Return a trip as a hold."""
    price = joined([(each.items, each.price) for each in holds])
    return Hold(
        id=row.id,
        token=token,
        quote_id=row.quote_id,
        state=state_of_hold(row),
        items=tuple(item for each in holds for item in each.items),
        price=price,
        created_at=row.created_at,
        expires_at=row.expires_at,
        extendable_until=row.extendable_until,
        payable_minor=price.total_minor,
    )


def booking_shown(row: Row, parts: Sequence[Booking]) -> Booking:
    """Return a trip as a booking: what was sold, at what price, and which parts stand.

    Its price is what was paid for; what came back of a part is told by the part.
    """
    begins = offsets([each.items for each in parts])
    over = all(each.state is BookingState.CANCELLED for each in parts)
    ends: list[datetime] = [each.cancelled_at for each in parts if each.cancelled_at is not None]
    return Booking(
        reference=row.reference,
        number=row.number,
        hold_id=row.id,
        account_id=row.account_id,
        state=BookingState.CANCELLED if over else BookingState.CONFIRMED,
        items=tuple(item for each in parts for item in each.items),
        price=joined([(each.items, each.price) for each in parts]),
        payment_method=row.payment_method,
        payment_status=row.payment_status,
        created_at=row.booked_at or row.created_at,
        cancelled_at=max(ends) if over else None,
        refund_minor=sum(each.refund_minor or 0 for each in parts) if over else None,
        payment_id=row.payment_id,
        confirmed_by=row.confirmed_by,
        guaranteed=row.guarantee_method_id is not None,
        fees=tuple(fee for each in parts for fee in each.fees),
        parts=tuple(
            TripPart(
                reference=each.reference,
                number=each.number,
                state=each.state,
                items=tuple(range(begin, begin + len(each.items))),
                total_minor=each.price.total_minor,
                refund_minor=each.refund_minor,
            )
            for begin, each in zip(begins, parts, strict=True)
        ),
    )


def refund_shown(refunds: Sequence[tuple[int, Refund]]) -> Refund:
    """Return what comes back of parts together; each with the position at which its part begins."""
    rules = {refund.rule for _, refund in refunds}
    return Refund(
        total_minor=sum(refund.total_minor for _, refund in refunds),
        lines=tuple(replace(line, item=begin + line.item) for begin, refund in refunds for line in refund.lines),
        rule=rules.pop() if len(rules) == 1 else _MIXED,
        detail=" ".join(dict.fromkeys(refund.detail for _, refund in refunds)),
    )


def curve_shown(curves: Sequence[RefundCurve]) -> RefundCurve:
    """Return what canceling all parts gives back, instant by instant."""
    ends = sorted({step.until for each in curves for step in each.steps if step.until is not None})
    steps = [_together([_at(each, end) for each in curves], end) for end in (*ends, None)]
    return RefundCurve(
        currency=curves[0].currency, total_minor=sum(each.total_minor for each in curves), steps=tuple(steps)
    )


def _at(curve: RefundCurve, end: datetime | None) -> RefundStep:
    """Return the step of a curve that holds up to an instant; None: the last."""
    return next(
        (step for step in curve.steps if step.until is None or (end is not None and step.until >= end)), curve.steps[-1]
    )


def _together(steps: Sequence[RefundStep], end: datetime | None) -> RefundStep:
    rules = {step.rule for step in steps}
    return RefundStep(
        until=end,
        refund_minor=sum(step.refund_minor for step in steps),
        retained_minor=sum(step.retained_minor for step in steps),
        rule=rules.pop() if len(rules) == 1 else _MIXED,
        detail=" ".join(dict.fromkeys(step.detail for step in steps)),
        fee_minor=sum(step.fee_minor for step in steps),
    )
