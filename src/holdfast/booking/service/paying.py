"""Holds and bookings as payments need them. What a method does and refuses is told in `booking.api`."""

from typing import Final

from holdfast.booking.api import (
    AlreadyConfirmed,
    Booking,
    CapacityTaken,
    ConfirmedBy,
    Hold,
    HoldExpired,
    HoldNotActive,
    HoldState,
    PaymentTerms,
    QuotedStay,
    QuotedTable,
    RuleViolation,
)
from holdfast.booking.models import HoldKind
from holdfast.booking.rules import judged
from holdfast.booking.service.amending import Amending
from holdfast.booking.service.answers import KeyUse, begun, booking_of, hold_of, items_of, spans_of
from holdfast.booking.service.batch import SettleOrder, Verb
from holdfast.booking.service.desk import Desk, was
from holdfast.booking.service.placing import Before, PlaceOrder
from holdfast.booking.service.selling import DRAFT_TRIES, Selling, direct
from holdfast.booking.store import after_sale, sales
from holdfast.engine.claims import ClaimOrder
from holdfast.kit.db.database import Tx
from holdfast.kit.db.errors import UniqueViolation
from holdfast.kit.db.statements import Row
from holdfast.kit.errors import FieldError, NotFound, Overloaded

_LATE_ROUTE: Final = "book_late"
"""Late bookings have keys of our own making: the hold and the payment."""


class Paying:
    """Answers the part of `BookingApi` that payments and their journeys use."""

    def __init__(self, desk: Desk, selling: Selling, amending: Amending) -> None:
        self._desk = desk
        self._selling = selling
        self._amending = amending

    async def payable(self, *, account_id: int, hold_id: str, hold_token: str) -> Hold:
        """See `BookingApi.payable`.

        Raises:
            NotFound: No such hold, somebody else's, or the token is not its token.
            HoldExpired: Too late.
            HoldNotActive: It was released.
            AlreadyConfirmed: It is a booking.
        """
        row = await self._guests(hold_id)
        if row is None or row.account_id != account_id or not self._desk.tokens.fits(hold_id, hold_token):
            raise NotFound("There is no such hold, or this is not its token.")
        state = judged(row.state, row.expires_at, row.now)
        if state is HoldState.CONFIRMED or (state is HoldState.HELD and row.request_number is not None):
            booking = await self.booking_of_hold(hold_id=hold_id)
            raise AlreadyConfirmed(extra={"reference": booking.reference if booking else None})
        if state is HoldState.EXPIRED:
            raise HoldExpired
        if state is not HoldState.HELD:
            raise HoldNotActive
        return hold_of(row, self._desk.tokens, row.now)

    async def wait_for_payment(self, *, hold_id: str) -> Hold | None:
        """See `BookingApi.wait_for_payment`."""
        try:
            return was(Hold, await self._desk.settle(SettleOrder(verb=Verb.WAIT, hold_id=hold_id)))
        except NotFound:
            return None

    async def find_hold(self, *, hold_id: str) -> Hold | None:
        """See `BookingApi.find_hold`."""
        row = await self._guests(hold_id)
        return None if row is None else hold_of(row, self._desk.tokens, row.now)

    async def booking_of_hold(self, *, hold_id: str) -> Booking | None:
        """See `BookingApi.booking_of_hold`."""

        async def look(tx: Tx) -> Row | None:
            return await sales.became(tx, hold_id) or await after_sale.booking_of_change(tx, hold_id)

        row = await self._desk.db.read(look)
        return None if row is None else booking_of(row)

    async def confirm_paid(self, *, hold_id: str, payment: PaymentTerms) -> Booking:
        """See `BookingApi.confirm_paid`.

        Raises:
            AlreadyConfirmed: It is a booking with another payment, or paid otherwise.
        """
        held = await self._guests(hold_id)
        if held is not None and held.change_id is not None:
            return await self._amending.confirm_paid(change_id=held.change_id, payment=payment)
        order = SettleOrder(verb=Verb.CONFIRM, hold_id=hold_id)
        try:
            return (await self._selling.confirmed(order, payment, by=ConfirmedBy.PAYMENT)).value
        except AlreadyConfirmed:
            booking = await self.booking_of_hold(hold_id=hold_id)
            if booking is None or booking.payment_id != payment.payment_id:
                raise
            return booking

    async def book_late(self, *, hold_id: str, payment: PaymentTerms) -> Booking:
        """See `BookingApi.book_late`.

        Raises:
            NotFound: No such hold.
            AlreadyConfirmed: It is a booking with another payment.
            CapacityTaken: It was for a change, which has run out: the booking is as it was.
            Overloaded: Too many bookings at once got the same number.
        """
        for _ in range(DRAFT_TRIES):
            if (booking := await self.booking_of_hold(hold_id=hold_id)) is not None:
                if booking.payment_id != payment.payment_id:
                    raise AlreadyConfirmed(extra={"reference": booking.reference})
                return booking
            row = await self._guests(hold_id)
            if row is None:
                raise NotFound("There is no such hold.")
            if judged(row.state, row.expires_at, row.now) is HoldState.HELD:
                return await self.confirm_paid(hold_id=hold_id, payment=payment)
            _must_be_lost(row)
            if row.change_id is not None:
                raise CapacityTaken("the change has run out, and the booking is as it was")
            try:
                return await self._taken_again(row, payment)
            except UniqueViolation:
                continue  # somebody else booked it late at this moment, or has this number: look again
        raise Overloaded(retry_after_s=1)

    async def record_payment(self, *, number: int, payment_id: str, status: str) -> Booking:
        """See `BookingApi.record_payment`.

        Raises:
            NotFound: No such booking with this payment.
        """

        async def note(tx: Tx) -> Row | None:
            await sales.record_payment(tx, number=number, payment_id=payment_id, status=status)
            return await sales.find_booking(tx, number=number)

        row = await self._desk.db.write(note)
        if row is None or row.payment_id != payment_id:
            raise NotFound("There is no such booking with this payment.")
        return booking_of(row)

    async def _guests(self, hold_id: str) -> Row | None:
        row = await self._desk.db.read(lambda tx: sales.find_hold(tx, hold_id))
        return row if row is not None and row.kind is HoldKind.GUEST else None

    async def _taken_again(self, row: Row, payment: PaymentTerms) -> Booking:
        """Place the stock of a hold that ran out once more, as a booking: the same units if they are free."""
        desk = self._desk
        full = await desk.quoting.find(account_id=row.account_id, quote_id=row.quote_id)
        same = spans_of(row.spans)
        options = (same, *[option for option in full.claim.options if option != same])
        order = PlaceOrder(
            hold_id=f"{row.id}_late",
            kind=HoldKind.DIRECT,
            account_id=row.account_id,
            claim=ClaimOrder(options),
            items=full.quote.items,
            price=full.quote.price,
            digest=row.digest,
            booking=await desk.draft(payment, by=ConfirmedBy.PAYMENT),
            late_of=row.id,
            key=KeyUse(
                scope=(row.account_id, _LATE_ROUTE, f"{row.id}:{payment.payment_id}"),
                fingerprint=payment.payment_id or "",
            ),
        )
        placed = await desk.placing.place(order)
        if isinstance(placed, Before):
            return (await self._selling.booked(placed)).value
        return direct(order, placed)


def _must_be_lost(row: Row) -> None:
    """Check that a hold ran out by itself, and that its items can still begin.

    Raises:
        HoldNotActive: Its guest let it go, or its owner was asked and did not say yes.
        RuleViolation: An item has begun, or its owner would have to be asked, for which the time is over.
    """
    if row.state not in {HoldState.HELD, HoldState.EXPIRED} or row.request_number is not None:
        raise HoldNotActive
    errors = []
    for place, item in enumerate(items_of(row.items)):
        if begun(item, row.now):
            pointer = f"/items/{place}/check_in" if isinstance(item, QuotedStay) else f"/items/{place}"
            errors.append(FieldError(pointer=pointer, code="begun", detail=f"It is after {item.start}."))
        elif not item.instant:
            detail = "The host wants to be asked, and the time to ask is over."
            errors.append(FieldError(pointer=f"/items/{place}", code="host_asked", detail=detail))
        elif isinstance(item, QuotedTable) and item.guarantee_minor:
            detail = "A kept card has to stand for this table, which its guest has not named."
            errors.append(FieldError(pointer=f"/items/{place}", code="guarantee_required", detail=detail))
    if errors:
        raise RuleViolation(errors[0].detail, errors=errors)
