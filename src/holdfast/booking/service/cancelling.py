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
    HoldState,
    QuotedStay,
    QuoteSuperseded,
)
from holdfast.booking.events import BookingCancelled
from holdfast.booking.models import CancellationState, ClaimReason, RevisedBy
from holdfast.booking.rules import judged_booking
from holdfast.booking.service.answers import (
    booked_stays,
    may_see,
    price_of,
    spans_of,
    stays_of,
)
from holdfast.booking.service.batch import Batch, SettleOrder, end
from holdfast.booking.service.revising import Revision, respan, revise, told
from holdfast.engine.claims import Span
from holdfast.engine.money import fraction
from holdfast.engine.price import Price, PriceLine, digest, sum_of
from holdfast.kit.auth import Principal
from holdfast.kit.db.statements import Row
from holdfast.kit.errors import FieldError, Invalid, NotFound
from holdfast.verticals.cancellation import Booked, Refund, RefundLine, may_cancel, refund, refund_all
from holdfast.verticals.stays import has_begun

FEE: Final = "cancellation_fee"
"""The kind of a line that says what a policy keeps."""
_KEPT: Final = "kept"
"""The rule that makes such a line."""
OF: Final[Mapping[str, str]] = {"service": "service", "tax": "tax"}
"""What else than the owner's a line may be, by its kind."""
_KEPT_LABELS: Final = {"nights": "Kept", "service": "Kept of the service fee", "tax": "Kept of the tax"}
_REQUEST: Final = "request"
"""The rule that gives everything back where nobody has said yes yet."""
_PLACE: Final = re.compile(r"^\d+\. ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """What canceling some items of a booking gives back at an instant."""

    positions: tuple[int, ...]
    stays: tuple[QuotedStay, ...]
    """Of the booking, as it stands."""
    refund: Refund
    rest: tuple[QuotedStay, ...]
    price_after: Price | None


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
    stays, price = stays_of(row.items), price_of(row.price)
    going = tuple(sorted(set(positions))) or tuple(range(len(stays)))
    whole = len(going) == len(stays)
    _check(positions, stays, row=row, principal=principal, requested=state is BookingState.REQUESTED and not whole)
    back = _refund(row, stays, price, going=going, by=_giver(row, principal, state), now=now)
    if whole:
        return Offered(positions=going, stays=stays, refund=back, rest=(), price_after=None)
    rest = tuple(stay for place, stay in enumerate(stays) if place not in going)
    after = _price_of_rest(stays, price, going, back)
    return Offered(positions=going, stays=stays, refund=back, rest=rest, price_after=after)


def _check(
    asked: Collection[int], stays: Sequence[QuotedStay], *, row: Row, principal: Principal, requested: bool
) -> None:
    errors = []
    mine = principal.is_admin or principal.account_id == row.account_id
    for number, place in enumerate(asked):
        if not 0 <= place < len(stays):
            detail = f"The booking has items 0 to {len(stays) - 1}."
            errors.append(FieldError(pointer=f"/items/{number}", code="out_of_range", detail=detail))
    if not errors and not mine:
        going = set(asked) or set(range(len(stays)))
        if any(stays[place].owner_id != principal.account_id for place in going):
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
    return "guest" if principal.account_id == row.account_id else "owner"


def _refund(
    row: Row, stays: Sequence[QuotedStay], price: Price, *, going: Collection[int], by: str, now: datetime
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


def booked(stays: Sequence[QuotedStay], price: Price, *, booked_at: datetime) -> list[Booked]:
    """Return what the policies have to know of the stays of a booking: its lines, without what was kept of others.

    Bookings of the first version do not say which line is of which stay; there each stay's total is one line.
    """
    lines = tuple(line for line in price.lines if line.kind != FEE)
    found = booked_stays(stays, Price.of(price.currency, lines), booked_at=booked_at)
    return [
        each if sum_of(each.lines) == stay.total_minor else replace(each, lines=(_one_line(stay, place),))
        for place, (each, stay) in enumerate(zip(found, stays, strict=True))
    ]


def _one_line(stay: QuotedStay, place: int) -> PriceLine:
    return PriceLine(
        kind="nights",
        label=stay.property_name,
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


def capped(back: Refund, stays: Sequence[QuotedStay]) -> Refund:
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


def _price_of_rest(stays: Sequence[QuotedStay], price: Price, going: Collection[int], back: Refund) -> Price:
    """Return what a booking costs without some of its items: the lines of the rest, and what is kept of what goes.

    No line of one stay depends on another stay, so the lines of the rest are reckoned as they were.
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
        item = next((new for old, new in places.items() if stays[old].owner_id == stays[place].owner_id), 0)
        lines += fees_of(kept, stays[place], item=item, gone=True)
    return Price.of(price.currency, lines)


def at_place(line: PriceLine, place: int, *, alone: bool) -> PriceLine:
    """Return a line as that of the stay at a position."""
    label = _PLACE.sub("", line.label)
    return replace(line, label=label if alone else f"{place + 1}. {label}", item=place)


def fees_of(lines: Iterable[RefundLine], stay: QuotedStay, *, item: int, gone: bool) -> list[PriceLine]:
    """Return the lines that say what is kept of a stay's price, parted by whose it is."""
    kept: dict[str, int] = {}
    for line in lines:
        of = OF.get(line.kind, "nights")
        kept[of] = kept.get(of, 0) + line.paid_minor - line.refund_minor
    return [fee_line(minor, stay, of=of, item=item, gone=gone) for of, minor in kept.items() if minor]


def fee_line(minor: int, stay: QuotedStay, *, of: str, item: int, gone: bool) -> PriceLine:
    """Return one line of what is kept of a stay's price."""
    return PriceLine(
        kind=FEE,
        label=f"{_KEPT_LABELS[of]}: {stay.property_name}",
        amount_minor=minor,
        quantity=1,
        unit_minor=None,
        rule=_KEPT,
        inputs={"of": of, "property_id": stay.property_id, "owner_id": stay.owner_id, "gone": gone},
        item=item,
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
        None if after is None else digest(after),
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
        stays=stays_of(row.stays),
        used_at=row.used_at,
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
        label = Label(
            id=order.fresh_id,
            account_id=principal.account_id,
            turn=batch.after.turns.get((row.number, principal.account_id), 0) + 1,
            revision=batch.after.revisions.get(row.number, 0),
            state=CancellationState.USED,
        )
        batch.changes.revising.new_quotes.append(quote_row(offer, row, label))
        batch.changes.revising.quote_ttl_s = ttl_s
        return _canceled(batch, row, offer, order.fresh_id)
    quote = batch.after.quotes.get(order.by_id)
    if quote is None or (quote.number, quote.account_id) != (row.number, principal.account_id):
        raise NotFound("There is no such cancellation quote.")
    _must_count(batch, row, quote)
    batch.changes.revising.used.append(quote.id)
    return _canceled(batch, row, _offered_by(quote), quote.id)


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
    return Offered(positions=kept.items, stays=kept.stays, refund=kept.refund, rest=rest, price_after=kept.price_after)


def _canceled(batch: Batch, row: Row, offer: Offered, cancellation_id: str) -> tuple[Booking, dict[str, Any]]:
    whole = offer.price_after is None
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


def end_booking(batch: Batch, row: Row, *, refund_minor: int) -> Row:
    """Note that a booking ends and frees the nights that are not spent; return it as it is then."""
    standing, stays = batch.holds[row.hold_id], stays_of(row.items)
    spans = spans_of(standing.row.spans)
    spent = (*_spent(stays, spans, range(len(stays)), batch.now), *spans[len(stays) :])
    if spent and standing.state is HoldState.CONFIRMED:
        respan(batch, row.hold_id, spent, ClaimReason.CANCELLED, row.digest)
    else:
        end(batch, standing, HoldState.RELEASED, ClaimReason.CANCELLED)
    batch.changes.cancelled.append((row.number, refund_minor))
    done = row._replace(state=BookingState.CANCELLED, cancelled_at=batch.now, refund_minor=refund_minor)
    batch.bookings[row.number] = done
    return done


def _shrunk(batch: Batch, row: Row, offer: Offered, price: Price, cancellation_id: str) -> Row:
    """Note what is left of a booking of which some items go."""
    spans = spans_of(batch.holds[row.hold_id].row.spans)
    count = len(offer.stays)
    kept = [span for place, span in enumerate(spans) if place not in offer.positions or place >= count]
    spent = _spent(offer.stays, spans, offer.positions, batch.now)
    after = Revision(why=RevisedBy.CANCELLATION, by_id=cancellation_id, stays=offer.rest, price=price)
    return revise(batch, row, after, (*kept, *spent), ClaimReason.CANCELLED)


def _spent(
    stays: Sequence[QuotedStay], spans: Sequence[Span], places: Iterable[int], now: datetime
) -> tuple[Span, ...]:
    """Return the nights of stays that have begun: those were had, and stay taken."""
    found = []
    for place in places:
        stay, span = stays[place], spans[place]
        nights = 0
        while span.first_slot + nights < span.end_slot and has_begun(
            check_in=stay.check_in + timedelta(days=nights),
            check_in_from=stay.check_in_from,
            zone=stay.zone,
            now=now,
        ):
            nights += 1
        if nights:
            found.append(replace(span, end_slot=span.first_slot + nights))
    return tuple(found)
