"""Canceling: what comes back, what the rest then costs, and the decision itself in the lane that ends what stands.

A cancellation quote is kept with every line it would give back. Whoever uses the newest one gets exactly that, whatever
the clock says by then. A booking of which only some items go stands on at the price of the rest, plus what the policy
keeps of what went as `cancellation_fee` lines: its total stays what its guest has paid or has to pay.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from holdfast.booking.api import (
    AlreadyCancelled,
    Booking,
    BookingState,
    CancellationQuote,
    CancellationTooLate,
    FeeReason,
    HoldState,
    QuotedItem,
    QuotedStay,
    QuotedTable,
    QuoteSuperseded,
)
from holdfast.booking.events import BookingCancelled
from holdfast.booking.items import subject_of
from holdfast.booking.models import CancellationState, ClaimReason, RevisedBy
from holdfast.booking.rules import judged_booking
from holdfast.booking.service.acts import of_booking
from holdfast.booking.service.answers import (
    begun,
    booked_items,
    items_of,
    may_see,
    price_of,
    spans_of,
)
from holdfast.booking.service.batch import Batch, SettleOrder, end
from holdfast.booking.service.charging import late_fees, owe
from holdfast.booking.service.expecting import expect_nobody, has_tables
from holdfast.booking.service.revising import Revision, respan, revise, told
from holdfast.booking.service.visiting import leave, refuse_visited
from holdfast.engine.claims import Span
from holdfast.engine.money import fraction
from holdfast.engine.price import Price, PriceLine, digest, sum_of
from holdfast.kit.activity.acts import Actor
from holdfast.kit.auth import Principal
from holdfast.kit.db.statements import Row
from holdfast.kit.errors import FieldError, Invalid, NotFound
from holdfast.verticals.cancellation import Booked, Refund, RefundLine, may_cancel, refund, refund_all
from holdfast.verticals.stays import has_begun
from holdfast.verticals.trips import DISCOUNT

FEE: Final = "cancellation_fee"
"""The kind of a line that says what a policy keeps."""
_KEPT: Final = "kept"
"""The rule that makes such a line."""
OF: Final[Mapping[str, str]] = {"service": "service", "tax": "tax"}
"""What else than the owner's a line may be, by its kind."""
_KEPT_LABELS: Final = {"nights": "Kept", "service": "Kept of the service fee", "tax": "Kept of the tax"}
_REQUEST: Final = "request"
"""The rule that gives everything back where nobody has said yes yet."""
NO_ITEM: Final = -1
"""The position of what was had of items that are no longer part of the booking."""
_PLACE: Final = re.compile(r"^\d+\. ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """What canceling some items of a booking gives back at an instant."""

    positions: tuple[int, ...]
    stays: tuple[QuotedItem, ...]
    """Of the booking, as it stands."""
    refund: Refund
    rest: tuple[QuotedItem, ...]
    price_after: Price | None
    fees: tuple[tuple[int, int], ...] = ()
    """What it costs beside, charged to the kept way to pay: position of the table, and amount."""


def offered(row: Row, principal: Principal, positions: Collection[int], now: datetime) -> Offered:
    """Return what canceling gives back: the guest what the policies give, whoever else cancels everything.

    Args:
        row: The booking.
        principal: Who cancels; it is their business.
        positions: Of the items that go; none given are all.
        now: The instant.

    Raises:
        AlreadyCancelled: The booking has ended.
        CancellationTooLate: A stay has begun, and nothing of it can be canceled any more.
        Invalid: There is no such item, or it is not this owner's, or a request cannot be canceled in part.
    """
    state = judged_booking(row.state, row.decide_by, now)
    if state not in {BookingState.REQUESTED, BookingState.CONFIRMED}:
        raise AlreadyCancelled
    stays, price = items_of(row.items), price_of(row.price)
    going = tuple(sorted(set(positions))) or tuple(range(len(stays)))
    whole = len(going) == len(stays)
    _check(positions, stays, row=row, principal=principal, requested=state is BookingState.REQUESTED and not whole)
    giver = _giver(row, principal, state)
    back = _refund(row, stays, price, going=going, by=giver, now=now)
    fees = late_fees(row, stays, going, now) if giver == "guest" else ()
    if whole:
        return Offered(positions=going, stays=stays, refund=back, rest=(), price_after=None, fees=fees)
    rest = tuple(stay for place, stay in enumerate(stays) if place not in going)
    if giver == "guest" and len(_kinds(stays)) > 1 and len(_kinds(rest)) == 1:
        back = _as_no_trip(back, price, going)
    after = _price_of_rest(stays, price, going, back)
    return Offered(positions=going, stays=stays, refund=back, rest=rest, price_after=after, fees=fees)


def _kinds(items: Iterable[QuotedItem]) -> set[type[QuotedItem]]:
    return {type(item) for item in items}


def _as_no_trip(back: Refund, price: Price, going: Collection[int]) -> Refund:
    """Return a refund without what the rest had off as a part of a trip, which it no longer is."""
    off = -sum(line.amount_minor for line in price.lines if line.kind == DISCOUNT and line.item not in going)
    if not off:
        return back
    lines = tuple(_at_most(back.lines, max(0, back.total_minor - off)))
    detail = f"{back.detail} The rest is no trip any more, so what it had off for that is taken from it."
    return replace(back, lines=lines, total_minor=sum(line.refund_minor for line in lines), detail=detail)


def _check(
    asked: Collection[int], stays: Sequence[QuotedItem], *, row: Row, principal: Principal, requested: bool
) -> None:
    errors = []
    mine = principal.is_admin or principal.is_guest(row.account_id)
    for number, place in enumerate(asked):
        if not 0 <= place < len(stays):
            detail = f"The booking has items 0 to {len(stays) - 1}."
            errors.append(FieldError(pointer=f"/items/{number}", code="out_of_range", detail=detail))
    if not errors and not mine:
        going = set(asked) or set(range(len(stays)))
        if any(stays[place].owner_id != principal.owner_id for place in going):
            detail = "An owner cancels stays at places of their own only: name those."
            errors.append(FieldError(pointer="/items", code="not_yours", detail=detail))
    if not errors and requested:
        detail = "The booking waits for an answer: only all of it can be canceled."
        errors.append(FieldError(pointer="/items", code="awaiting_answer", detail=detail))
    if errors:
        raise Invalid(errors[0].detail, errors=errors)


def _giver(row: Row, principal: Principal, state: BookingState) -> str:
    if state is BookingState.REQUESTED:
        return _REQUEST
    return "guest" if principal.is_guest(row.account_id) else "owner"


def _refund(
    row: Row, stays: Sequence[QuotedItem], price: Price, *, going: Collection[int], by: str, now: datetime
) -> Refund:
    known = [each for place, each in enumerate(booked(stays, price, booked_at=row.created_at)) if place in going]
    fees = [line for line in price.lines if line.kind == FEE and line.item in going and not line.inputs["gone"]]
    if by == _REQUEST:
        everything = refund_all(known)
        return replace(everything, rule=_REQUEST, detail="Nobody has said yes yet: everything comes back.")
    if not may_cancel(known, now=now):
        raise CancellationTooLate
    if by == "owner":
        return with_fees(refund_all(known), fees, given_back=True)
    return with_fees(capped(refund(known, now=now), stays), fees, given_back=False)


def booked(stays: Sequence[QuotedItem], price: Price, *, booked_at: datetime) -> list[Booked]:
    """Return what the policies have to know of the stays of a booking: its lines, without what was kept of others.

    Bookings of the first version do not say which line is of which stay; there each stay's total is one line.
    """
    lines = tuple(line for line in price.lines if line.kind != FEE)
    found = booked_items(stays, Price.of(price.currency, lines), booked_at=booked_at)
    return [
        each if sum_of(each.lines) == stay.total_minor else replace(each, lines=(_one_line(stay, place),))
        for place, (each, stay) in enumerate(zip(found, stays, strict=True))
    ]


def _one_line(stay: QuotedItem, place: int) -> PriceLine:
    return PriceLine(
        kind="nights",
        label=stay.title,
        amount_minor=stay.total_minor,
        quantity=1,
        unit_minor=None,
        rule="stay_total",
        item=place,
    )


def with_fees(back: Refund, fees: Iterable[PriceLine], *, given_back: bool) -> Refund:
    """Return a refund with the lines of what a change has kept, which only an owner gives back."""
    lines = [
        RefundLine(
            kind=line.inputs["of"],
            label=line.label,
            paid_minor=line.amount_minor,
            refund_minor=line.amount_minor if given_back else 0,
            item=line.item,
        )
        for line in fees
    ]
    return replace(
        back, total_minor=back.total_minor + sum(line.refund_minor for line in lines), lines=(*back.lines, *lines)
    )


def capped(back: Refund, stays: Sequence[QuotedItem]) -> Refund:
    """Return a refund without what was lost before a change already: moving a stay brings nothing lost back."""
    lines: list[RefundLine] = []
    for place in dict.fromkeys(line.item for line in back.lines):
        mine = [line for line in back.lines if line.item == place]
        most = max(0, stays[place].total_minor - stays[place].kept_minor)
        lines += _at_most(mine, most)
    total = sum(line.refund_minor for line in lines)
    if total == back.total_minor:
        return back
    return Refund(
        total_minor=total,
        lines=tuple(lines),
        rule=back.rule,
        detail=f"{back.detail} What could not come back when the booking was changed stays paid.",
    )


def _at_most(lines: Sequence[RefundLine], most: int) -> list[RefundLine]:
    """Return lines that give back `most` together, each its share; their rounding is carried from line to line."""
    whole = sum(line.refund_minor for line in lines)
    if whole <= most:
        return list(lines)
    made, before, given = [], 0, 0
    for line in lines:
        before += line.refund_minor
        share = fraction(before, most, whole) - given
        given += share
        made.append(replace(line, refund_minor=share))
    return made


# ------------------------------------------------------------------------------------------------------- what is left


def _price_of_rest(stays: Sequence[QuotedItem], price: Price, going: Collection[int], back: Refund) -> Price:
    """Return what a booking costs without some of its items: the lines of the rest, and what is kept of what goes.

    No line of one item depends on another item, so the lines of the rest are reckoned as they were. What they had off
    as a part of a trip is among what is kept, once it is no trip any more.
    """
    places = {old: new for new, old in enumerate(place for place in range(len(stays)) if place not in going)}
    lines = [
        at_place(line, places[line.item], alone=len(places) == 1)
        for line in price.lines
        if line.item in places and line.kind != FEE
    ]
    fees = [line for line in price.lines if line.kind == FEE and (line.inputs["gone"] or line.item in places)]
    lines += [replace(line, item=places.get(line.item, 0)) for line in fees]
    for place in going:
        kept = [line for line in back.lines if line.item == place]
        at = next((new for old, new in places.items() if stays[old].owner_id == stays[place].owner_id), 0)
        lines += fees_of(kept, stays[place], place=at, gone=True)
    return Price.of(price.currency, lines)


def at_place(line: PriceLine, place: int, *, alone: bool) -> PriceLine:
    """Return a line as that of the stay at a position."""
    label = _PLACE.sub("", line.label)
    return replace(line, label=label if alone else f"{place + 1}. {label}", item=place)


def fees_of(lines: Iterable[RefundLine], item: QuotedItem, *, place: int, gone: bool) -> list[PriceLine]:
    """Return the lines that say what is kept of an item's price, parted by whose it is."""
    kept: dict[str, int] = {}
    for line in lines:
        of = OF.get(line.kind, "nights")
        kept[of] = kept.get(of, 0) + line.paid_minor - line.refund_minor
    return [fee_line(minor, item, of=of, place=place, gone=gone) for of, minor in kept.items() if minor]


def fee_line(minor: int, item: QuotedItem, *, of: str, place: int, gone: bool) -> PriceLine:
    """Return one line of what is kept of an item's price."""
    return PriceLine(
        kind=FEE,
        label=f"{_KEPT_LABELS[of]}: {item.title}",
        amount_minor=minor,
        quantity=1,
        unit_minor=None,
        rule=_KEPT,
        inputs={"of": of, **subject_of(item), "owner_id": item.owner_id, "gone": gone},
        item=place,
    )


# ------------------------------------------------------------------------------------------------------------- to keep


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What tells a cancellation quote from others."""

    id: str
    account_id: int
    turn: int
    revision: int
    state: CancellationState = CancellationState.OPEN


def quote_row(offer: Offered, row: Row, label: Label) -> tuple[Any, ...]:
    """Return what is kept of a cancellation quote."""
    after = offer.price_after
    return (
        label.id, row.number, label.account_id, label.turn, label.revision, label.state, offer.positions, offer.stays,
        offer.refund, offer.refund.total_minor, row.total_minor, row.currency, after,
        None if after is None else digest(after), offer.fees or None,
    )  # fmt: skip


def cancellation_of(row: Row) -> CancellationQuote:
    """Return a cancellation quote from its stored form."""
    return CancellationQuote(
        id=row.id,
        number=row.number,
        items=tuple(row.positions),
        refund=refund_from(row.refund),
        price_after=None if row.price_after is None else price_of(row.price_after),
        created_at=row.created_at,
        expires_at=row.expires_at,
        stays=items_of(row.stays),
        used_at=row.used_at,
        fees=tuple((place, minor) for place, minor in row.fees or ()),
    )


def refund_from(stored: Any) -> Refund:
    """Return a refund from its stored form."""
    return msgspec.convert(stored, Refund)


# --------------------------------------------------------------------------------------------------------- the decision


def cancel(batch: Batch, order: SettleOrder, *, ttl_s: int) -> tuple[Booking, dict[str, Any]]:
    """Note that a booking, or some of its items, is canceled as the newest quote says, or as of now without one.

    Raises:
        NotFound: No such booking or quote, or somebody else's.
        AlreadyCancelled: It was canceled before.
        QuoteSuperseded: There is a newer quote, or this one has run out or tells of what the booking was before.
        CancellationTooLate: A stay has begun.
    """
    row, principal = batch.bookings.get(order.number), order.principal
    if row is None or principal is None or not may_see(principal, row):
        raise NotFound("There is no such booking.")
    if order.by_id is None:
        offer = offered(row, principal, (), batch.now)
        refuse_visited(batch.after.visits, row.number, offer.positions)
        label = Label(
            id=order.fresh_id,
            account_id=principal.account_id,
            turn=batch.after.turns.get((row.number, principal.account_id), 0) + 1,
            revision=batch.after.revisions.get(row.number, 0),
            state=CancellationState.USED,
        )
        batch.changes.revising.new_quotes.append(quote_row(offer, row, label))
        batch.changes.revising.quote_ttl_s = ttl_s
        return _canceled(batch, row, offer, (order.fresh_id, order.actor))
    quote = batch.after.quotes.get(order.by_id)
    if quote is None or (quote.number, quote.account_id) != (row.number, principal.account_id):
        raise NotFound("There is no such cancellation quote.")
    _must_count(batch, row, quote)
    refuse_visited(batch.after.visits, row.number, quote.positions)
    batch.changes.revising.used.append(quote.id)
    return _canceled(batch, row, _offered_by(quote), (quote.id, order.actor))


def _must_count(batch: Batch, row: Row, quote: Row) -> None:
    state = judged_booking(row.state, row.decide_by, batch.now)
    if state not in {BookingState.REQUESTED, BookingState.CONFIRMED}:
        raise AlreadyCancelled
    newest = quote.turn == batch.after.turns[row.number, quote.account_id]
    same = quote.revision == batch.after.revisions.get(row.number, 0)
    # What nobody had said yes to came back whole; that ends with the yes.
    meant = (quote.refund["rule"] == _REQUEST) == (state is BookingState.REQUESTED)
    if not (newest and same and meant) or quote.state is CancellationState.USED or quote.expires_at <= batch.now:
        raise QuoteSuperseded


def _offered_by(quote: Row) -> Offered:
    kept = cancellation_of(quote)
    rest = tuple(stay for place, stay in enumerate(kept.stays) if place not in kept.items)
    return Offered(
        positions=kept.items,
        stays=kept.stays,
        refund=kept.refund,
        rest=rest,
        price_after=kept.price_after,
        fees=kept.fees,
    )


def _canceled(batch: Batch, row: Row, offer: Offered, by: tuple[str, Actor]) -> tuple[Booking, dict[str, Any]]:
    """Note what an offer says; `by` is the id of the cancellation quote, and who uses it."""
    whole, (cancellation_id, actor) = offer.price_after is None, by
    _note(batch, row, actor, refund_minor=offer.refund.total_minor, whole=whole)
    for place, minor in offer.fees:
        item = offer.stays[place]
        assert isinstance(item, QuotedTable), "only tables have fees"  # noqa: S101 - programmer's error
        owe(batch, row, item, minor, FeeReason.LATE_CANCELLATION)
    if offer.price_after is None:
        done = end_booking(batch, row, refund_minor=offer.refund.total_minor)
    else:
        done = _shrunk(batch, row, offer, offer.price_after, cancellation_id)
    batch.changes.tell(
        BookingCancelled(
            number=row.number,
            reference=row.reference,
            account_id=row.account_id,
            refund_minor=offer.refund.total_minor,
            currency=row.currency,
            payment_id=row.payment_id,
            cancellation_id=cancellation_id,
            whole=whole,
        )
    )
    return told(batch, done)


def cancel_unpaid(batch: Batch, order: SettleOrder) -> tuple[Booking, dict[str, Any]]:
    """Note that a booking ends because its money could not be captured; one that has ended stays as it is.

    Raises:
        NotFound: No such booking with this payment.
    """
    row = batch.bookings.get(order.number)
    if row is None or row.payment_id is None or row.payment_id != order.by_id:
        raise NotFound("There is no such booking with this payment.")
    if row.state in {BookingState.REQUESTED, BookingState.CONFIRMED}:
        _note(batch, row, order.actor, refund_minor=0, whole=True)
        batch.changes.tell(
            BookingCancelled(
                number=row.number,
                reference=row.reference,
                account_id=row.account_id,
                refund_minor=0,
                currency=row.currency,
            )
        )
        row = end_booking(batch, row, refund_minor=0)
    return told(batch, row)


def _note(batch: Batch, row: Row, actor: Actor, *, refund_minor: int, whole: bool) -> None:
    facts = {"refund_minor": refund_minor, "currency": row.currency, "whole": whole}
    batch.changes.acts.append(of_booking("booking.canceled", row.reference, actor, guest_id=row.account_id, **facts))


def end_booking(batch: Batch, row: Row, *, refund_minor: int) -> Row:
    """Note that a booking ends and frees what is not spent; return it as it is then."""
    standing, items = batch.holds[row.hold_id], items_of(row.items)
    spans = spans_of(standing.row.spans)
    spent = [*_spent(items, spans, range(len(items)), batch.now), *_of_none(spans, len(items))]
    if spent and standing.state is HoldState.CONFIRMED:
        respan(batch, row.hold_id, spent, ClaimReason.CANCELLED, row.digest)
    else:
        end(batch, standing, HoldState.RELEASED, ClaimReason.CANCELLED)
    batch.changes.cancelled.append((row.number, refund_minor))
    expect_nobody(batch.changes, row)
    done = row._replace(state=BookingState.CANCELLED, cancelled_at=batch.now, refund_minor=refund_minor)
    batch.bookings[row.number] = done
    return done


def _shrunk(batch: Batch, row: Row, offer: Offered, price: Price, cancellation_id: str) -> Row:
    """Note what is left of a booking of which some items go."""
    spans = spans_of(batch.holds[row.hold_id].row.spans)
    count = len(offer.stays)
    places = {old: new for new, old in enumerate(place for place in range(count) if place not in offer.positions)}
    kept = [replace(span, item=places[span.item]) for span in spans if span.item in places]
    spent = [*_spent(offer.stays, spans, offer.positions, batch.now), *_of_none(spans, count)]
    if has_tables(row):
        leave(batch, row.number, offer.positions, places)
    after = Revision(why=RevisedBy.CANCELLATION, by_id=cancellation_id, items=offer.rest, price=price)
    return revise(batch, row, after, (*kept, *spent), ClaimReason.CANCELLED)


def _of_none(spans: Iterable[Span], count: int) -> list[Span]:
    """Return what was had before and belongs to no item any more."""
    return [replace(span, item=NO_ITEM) for span in spans if not 0 <= span.item < count]


def _spent(items: Sequence[QuotedItem], spans: Iterable[Span], places: Collection[int], now: datetime) -> list[Span]:
    """Return what was had of items that have begun, and stays taken: of a stay the nights, of others all."""
    found = []
    for span in spans:
        if span.item not in places:
            continue
        item = items[span.item]
        slots = _nights_begun(item, span, now) if isinstance(item, QuotedStay) else _all_or_none(item, span, now)
        if slots:
            found.append(replace(span, end_slot=span.first_slot + slots, item=NO_ITEM))
    return found


def _nights_begun(stay: QuotedStay, span: Span, now: datetime) -> int:
    nights = 0
    while span.first_slot + nights < span.end_slot and has_begun(
        check_in=stay.check_in + timedelta(days=nights), check_in_from=stay.check_in_from, zone=stay.zone, now=now
    ):
        nights += 1
    return nights


def _all_or_none(item: QuotedItem, span: Span, now: datetime) -> int:
    return span.end_slot - span.first_slot if begun(item, now) else 0
