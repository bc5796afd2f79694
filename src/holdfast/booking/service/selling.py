"""The sale: quotes become holds, holds become bookings. What a method does and refuses is told in `booking.api`."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from holdfast.booking.api import (
    Booking,
    BookingState,
    ConfirmedBy,
    Hold,
    HoldState,
    Item,
    NoteGiven,
    PaymentTerms,
    Quote,
    StayItem,
)
from holdfast.booking.models import HoldKind
from holdfast.booking.service.answers import booked_items, first_booking, first_hold, hold_of, key_use
from holdfast.booking.service.batch import Outcome, SettleOrder, Verb
from holdfast.booking.service.charging import with_fees
from holdfast.booking.service.desk import Desk, was
from holdfast.booking.service.expecting import require_consent
from holdfast.booking.service.kinds.asked import Asked
from holdfast.booking.service.kinds.stays import AskedStay
from holdfast.booking.service.placing import Before, Placed, PlaceOrder
from holdfast.booking.service.quoting import claim_of
from holdfast.booking.store import sales
from holdfast.engine.claims import ClaimOrder
from holdfast.engine.price import Price, digest
from holdfast.kit.db.errors import UniqueViolation
from holdfast.kit.errors import NotFound, Overloaded
from holdfast.kit.ids import new_id
from holdfast.kit.keyed import Caller, Keyed
from holdfast.kit.limits.limits import Limit
from holdfast.verticals.cancellation import RefundCurve, curve
from holdfast.verticals.stays import flat_price

DRAFT_TRIES: Final = 3


def _unit_minutes(claim: ClaimOrder, seconds: int) -> int:
    """Return how many units of stock a claim keeps from others, times the minutes it may do so."""
    units = sum((span.end_slot - span.first_slot) * span.quantity for span in claim.options[0])
    return max(1, units * seconds // 60)


class Selling:
    """Answers the part of `BookingApi` that sells."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def quote(self, *, account_id: int, items: Sequence[Item]) -> Quote:
        """See `BookingApi.quote`."""
        return await self._desk.quoting.quote(account_id=account_id, items=items)

    async def get_quote(self, *, account_id: int, quote_id: str) -> Quote:
        """See `BookingApi.get_quote`."""
        return (await self._desk.quoting.find(account_id=account_id, quote_id=quote_id)).quote

    async def quote_curve(self, *, account_id: int, quote_id: str) -> RefundCurve:
        """See `BookingApi.quote_curve`."""
        quote = (await self._desk.quoting.find(account_id=account_id, quote_id=quote_id)).quote
        now = await self._desk.db.read(lambda tx: tx.now())
        refunds = curve(booked_items(quote.items, quote.price, booked_at=now), currency=quote.price.currency)
        return with_fees(refunds, quote.items, booked_at=now)

    async def place_hold(self, *, caller: Caller, quote_id: str, hold_id: str | None = None) -> Keyed[Hold]:
        """See `BookingApi.place_hold`; `hold_id` is the id a trip has written down for its part."""
        desk = self._desk
        full = await desk.quoting.find(account_id=caller.account_id, quote_id=quote_id)
        quote = full.quote
        desk.limits.pass_now(
            Limit.HOLD_MINUTES, caller.account_id, _unit_minutes(full.claim, desk.settings.hold_ttl_s), tells=False
        )
        order = PlaceOrder(
            hold_id=hold_id or new_id("hold", desk.clock),
            kind=HoldKind.GUEST,
            account_id=caller.account_id,
            claim=full.claim,
            items=quote.items,
            price=quote.price,
            digest=full.digest,
            quote_id=quote.id,
            quote_expires_at=quote.expires_at,
            key=key_use(caller),
        )
        with desk.alone(order.key):
            placed = await desk.placing.place(order)
        if isinstance(placed, Before):
            row = await desk.row_of(placed.answer)
            return Keyed(value=first_hold(row, desk.tokens, placed.answer["ttl_s"]), replayed=True)
        limits = desk.settings
        return Keyed(
            value=Hold(
                id=order.hold_id,
                token=desk.tokens.of(order.hold_id),
                quote_id=quote.id,
                state=HoldState.HELD,
                items=placed.items,
                price=quote.price,
                created_at=placed.at,
                expires_at=placed.at + timedelta(seconds=limits.hold_ttl_s),
                extendable_until=placed.at + timedelta(seconds=limits.hold_most_s),
                payable_minor=quote.price.total_minor,
            )
        )

    async def get_hold(self, *, account_id: int, hold_id: str) -> Hold:
        """See `BookingApi.get_hold`.

        Raises:
            NotFound: No such hold, or somebody else's.
        """
        row = await self._desk.db.read(lambda tx: sales.find_hold(tx, hold_id))
        if row is None or row.account_id != account_id or row.kind is not HoldKind.GUEST:
            raise NotFound("There is no such hold.")
        return hold_of(row, self._desk.tokens, row.now)

    async def extend_hold(self, *, caller: Caller, hold_id: str) -> Keyed[Hold]:
        """See `BookingApi.extend_hold`."""
        order = SettleOrder(verb=Verb.EXTEND, account_id=caller.account_id, hold_id=hold_id, key=key_use(caller))
        settled = await self._desk.settle(order)
        if isinstance(settled, Before):
            row = await self._desk.row_of(settled.answer)
            until = datetime.fromisoformat(settled.answer["expires_at"])
            again = row._replace(state=HoldState.HELD, expires_at=until)
            return Keyed(value=hold_of(again, self._desk.tokens, row.created_at), replayed=True)
        return Keyed(value=was(Hold, settled))

    async def release_hold(self, *, account_id: int, hold_id: str) -> None:
        """See `BookingApi.release_hold`."""
        await self._desk.settling.settle(SettleOrder(verb=Verb.RELEASE, account_id=account_id, hold_id=hold_id))

    async def confirm(
        self,
        *,
        caller: Caller,
        hold_id: str,
        hold_token: str,
        payment: PaymentTerms | None,
        notes: Sequence[NoteGiven],
    ) -> Keyed[Booking]:
        """See `BookingApi.confirm`.

        Raises:
            NotFound: The token is not the hold's.
        """
        if not self._desk.tokens.fits(hold_id, hold_token):
            raise NotFound("There is no such hold, or this is not its token.")
        require_consent(notes)
        order = SettleOrder(verb=Verb.CONFIRM, account_id=caller.account_id, hold_id=hold_id, key=key_use(caller))
        return await self.confirmed(order, payment, notes=notes)

    async def confirmed(
        self,
        order: SettleOrder,
        payment: PaymentTerms | None,
        *,
        by: ConfirmedBy = ConfirmedBy.GUEST,
        notes: Sequence[NoteGiven] = (),
    ) -> Keyed[Booking]:
        """Carry out an order to confirm, with a number of its own for the booking.

        Raises:
            Overloaded: Too many bookings at once got the same number.
        """
        for _ in range(DRAFT_TRIES):
            draft = None if payment is None else await self._desk.draft(payment, by=by)
            if draft is not None:
                draft = replace(draft, notes=self._desk.diets.sealed(draft.number, notes))
            try:
                settled = await self._desk.settle(replace(order, draft=draft))
            except UniqueViolation:
                continue  # somebody else's booking has this number or reference: take the next
            return await self.booked(settled)
        raise Overloaded(retry_after_s=1)

    async def book(self, *, caller: Caller, item: StayItem, payment: PaymentTerms) -> Keyed[Booking]:
        """See `BookingApi.book`.

        Raises:
            NotFound: The owner wants to be asked or paid first, which takes more than one step.
            Overloaded: Too many bookings at once got the same number.
        """
        desk = self._desk
        asked = await desk.quoting.ask([item], account_id=caller.account_id)
        desk.quoting.judge([item], asked)
        price = _flat(asked[0], item)
        quoted = asked[0].quoted(price)
        if not (quoted.instant and quoted.pay_at_property):
            raise NotFound("This property is not booked in one step: its owner wants to be asked or paid first.")
        order = PlaceOrder(
            hold_id=new_id("hold", desk.clock),
            kind=HoldKind.DIRECT,
            account_id=caller.account_id,
            claim=claim_of(asked),
            items=(quoted,),
            price=price,
            digest=digest(price),
            key=key_use(caller),
        )
        for _ in range(DRAFT_TRIES):
            order = replace(order, booking=await desk.draft(payment))
            try:
                with desk.alone(order.key):
                    placed = await desk.placing.place(order)
            except UniqueViolation:
                continue  # as in `confirmed`
            if isinstance(placed, Before):
                return await self.booked(placed)
            return Keyed(value=direct(order, placed))
        raise Overloaded(retry_after_s=1)

    async def booked(self, settled: Outcome | Placed) -> Keyed[Booking]:
        """Return the booking a lane answered, or answered before under the same key."""
        if isinstance(settled, Before):
            hold = await self._desk.row_of(settled.answer)
            row = await self._desk.found(number=settled.answer["number"])
            return Keyed(value=first_booking(row, hold, settled.answer), replayed=True)
        return Keyed(value=was(Booking, settled))


def _flat(asked: Asked, item: StayItem) -> Price:
    assert isinstance(asked, AskedStay), "a stay was asked for"  # noqa: S101 - programmer's error
    return flat_price(asked.offer.terms, (item.check_out - item.check_in).days)


def direct(order: PlaceOrder, placed: Placed) -> Booking:
    """Return the booking an order made that needed no hold before."""
    draft, price = order.booking, order.price
    assert draft is not None, "a direct order says what the booking will be"  # noqa: S101 - programmer's error
    assert price is not None, "a direct order has a price"  # noqa: S101 - programmer's error
    return Booking(
        reference=draft.reference,
        number=draft.number,
        hold_id=order.hold_id,
        account_id=order.account_id,
        state=BookingState.CONFIRMED,
        items=placed.items,
        price=price,
        payment_method=draft.payment.method,
        payment_status=draft.payment.status,
        created_at=placed.at,
        cancelled_at=None,
        refund_minor=None,
        payment_id=draft.payment.payment_id,
        confirmed_by=draft.by,
    )
