"""Confirming a hold or a change: payments says how it is paid, booking makes it a booking."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any, Final, Self

from fastapi import Path, Response
from pydantic import ConfigDict

from holdfast.booking.api import (
    AlreadyConfirmed,
    Booking,
    BookingApi,
    BookingState,
    CancellationTooLate,
    Change,
    ChangeNotActive,
    ConfirmedBy,
    ConsentRequired,
    GuaranteeRequired,
    Hold,
    HoldExpired,
    HoldNotActive,
    HoldState,
    NoteGiven,
    PaymentTerms,
)
from holdfast.gateway.note_shapes import TableNotes
from holdfast.gateway.payment_shapes import HOLD_ID, PAYMENT_ID, PaymentChoice, shown
from holdfast.kit.auth import Principal
from holdfast.kit.errors import Forbidden, Invalid, NotFound, PaymentRequired, Unauthenticated
from holdfast.kit.http.answers import KEY_ERRORS, caller, success, unwrapped
from holdfast.kit.http.keys import KeyedRequest
from holdfast.kit.http.principals import TripsPrincipal
from holdfast.kit.http.problems import responses
from holdfast.kit.http.routes import Router
from holdfast.kit.http.wire import BY_VALUE, InstantField, Line, MoneyOut, PathText, Wire
from holdfast.kit.keyed import Caller, Keyed
from holdfast.payments.api import (
    PaymentDenied,
    PaymentMethod,
    PaymentMismatch,
    PaymentOutcomeUnknown,
    PaymentsApi,
    PaymentStatus,
)

REFERENCE: Final = "7K2M9QXR4T"
CHANGE_ID: Final = "change_01JD3ZB4M8P2R6T0V4X8Z2B6D0"

Reference = Annotated[PathText, Path(description="The `reference` of the booking.", examples=[REFERENCE])]
ChangeId = Annotated[PathText, Path(examples=[CHANGE_ID])]

_LOCATION: Final[dict[str, Any]] = {
    "Location": {"description": "Where the booking is read.", "schema": {"type": "string"}}
}
_COMMON: Final = (Unauthenticated, Forbidden, NotFound, Invalid)
_UNPAID: Final = (PaymentRequired, GuaranteeRequired, PaymentDenied, PaymentMismatch, PaymentOutcomeUnknown)


class NewBooking(Wire):
    """The hold to confirm, with what proves it is yours."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "hold_id": HOLD_ID,
                    "hold_token": "0xJ6gPyGQK1nMsvIeY3RBwqzVdXcW9aHuLfTtN2oE4k",
                    "payment": {"method": "card", "payment_id": PAYMENT_ID},
                },
                {
                    "hold_id": HOLD_ID,
                    "hold_token": "0xJ6gPyGQK1nMsvIeY3RBwqzVdXcW9aHuLfTtN2oE4k",
                    "payment": {"method": "at_property"},
                },
            ]
        }
    )

    hold_id: Annotated[str, Line(100)]
    hold_token: Annotated[str, Line(100)]
    """The `token` of the hold."""
    payment: PaymentChoice
    guarantee_method_id: Annotated[str, Line(100)] | None = None
    """A way to pay that you keep (`/v1/payment-methods`) and that stands for tables which ask for a `guarantee`."""
    notes: TableNotes = ()
    """Of the tables among what is booked, one of each at most; kept with the booking or not at all."""


class ChangeConfirmation(Wire):
    """How the difference is paid; nothing needs to be said where nothing is to be paid."""

    model_config = shown({"payment": {"method": "card", "payment_id": PAYMENT_ID}})

    payment: PaymentChoice | None = None
    guarantee_method_id: Annotated[str, Line(100)] | None = None
    """A way to pay that you keep, where a table asks for one once it is changed, and none stands for it yet."""


class PaymentMade(Wire):
    """How the booking is paid, and where that stands."""

    method: Annotated[PaymentMethod, BY_VALUE]
    status: Annotated[PaymentStatus, BY_VALUE]
    """`pending`: authorised and about to be taken, or waiting for the owner's yes."""
    payment_id: str | None


class BookingMade(Wire):
    """The booking, in short; `GET /v1/bookings/{reference}` tells all of it."""

    model_config = shown(
        {
            "reference": REFERENCE,
            "hold_id": HOLD_ID,
            "state": "confirmed",
            "total": {"amount": 99000, "currency": "USD"},
            "payment": {"method": "card", "status": "pending", "payment_id": PAYMENT_ID},
            "confirmed_by": "guest",
            "decide_by": None,
            "created_at": "2026-11-20T09:33:10Z",
        }
    )

    reference: str
    """What guest and host call it."""
    hold_id: str | None
    state: Annotated[BookingState, BY_VALUE]
    """`confirmed`, or `requested` where the owner wants to be asked."""
    total: MoneyOut
    payment: PaymentMade
    confirmed_by: Annotated[ConfirmedBy, BY_VALUE]
    """`payment`: it was paid, and nobody came back to confirm it, so that was done for you."""
    decide_by: InstantField | None
    """Until when the owner may say yes, of a request."""
    created_at: InstantField

    @classmethod
    def of(cls, booking: Booking) -> Self:
        """Render a booking."""
        return cls(
            reference=booking.reference,
            hold_id=booking.hold_id,
            state=booking.state,
            total=MoneyOut(amount=booking.price.total_minor, currency=booking.price.currency),
            payment=PaymentMade(
                method=PaymentMethod(booking.payment_method),
                status=PaymentStatus(booking.payment_status),
                payment_id=booking.payment_id,
            ),
            confirmed_by=booking.confirmed_by,
            decide_by=booking.decide_by,
            created_at=booking.created_at,
        )


_ON_ARRIVAL: Final = PaymentChoice(method=PaymentMethod.AT_PROPERTY)
_UNPAID_TERMS: Final = PaymentTerms(method=PaymentMethod.AT_PROPERTY, status=PaymentStatus.DUE_AT_PROPERTY)


class Confirming:
    """Confirms holds and changes once their payment is settled, with the doors of both."""

    def __init__(self, *, booking: BookingApi, payments: PaymentsApi) -> None:
        self._booking = booking
        self._payments = payments

    async def hold(
        self,
        *,
        who: Caller,
        hold_id: str,
        hold_token: str,
        choice: PaymentChoice,
        guarantee_method_id: str | None = None,
        notes: Sequence[NoteGiven] = (),
    ) -> Keyed[Booking]:
        """Turn a live hold into a booking, paid as agreed.

        A hold that its payment has made a booking already, because the guest took long to come back, is answered with
        that booking.

        Raises:
            PaymentRequired: It has to be paid first.
            GuaranteeRequired: A table asks for a kept way to pay.
            AlreadyConfirmed: It is a booking with another payment, or paid otherwise.
        """
        terms = await self._agreed(who.account_id, hold_id, hold_token, choice)
        terms = await self._guaranteed(terms, who.account_id, guarantee_method_id)
        try:
            return await self._booking.confirm(
                caller=who, hold_id=hold_id, hold_token=hold_token, payment=terms, notes=notes
            )
        except AlreadyConfirmed:
            booked = await self._booking.booking_of_hold(hold_id=hold_id)
            if booked is None or booked.payment_id is None or booked.payment_id != choice.payment_id:
                raise
            return Keyed(value=booked, replayed=True)

    async def _agreed(
        self, account_id: int, hold_id: str, hold_token: str, choice: PaymentChoice
    ) -> PaymentTerms | None:
        if choice == _ON_ARRIVAL:
            # Nothing is asked of payments, and booking judges with the hold whether that is allowed.
            return _UNPAID_TERMS
        try:
            held = await self._booking.payable(account_id=account_id, hold_id=hold_id, hold_token=hold_token)
        except (HoldExpired, HoldNotActive, AlreadyConfirmed):
            return None  # payments is not asked; booking knows what this key was told before
        return await self._terms(account_id, held, choice)

    async def _guaranteed(
        self, terms: PaymentTerms | None, account_id: int, method_id: str | None
    ) -> PaymentTerms | None:
        """Return terms with the way to pay that stands for tables, if the account keeps it.

        One that it does not keep is left out, and booking refuses where it is needed: a request that was answered
        before is answered again, although its way to pay was forgotten since.
        """
        if terms is None or method_id is None:
            return terms
        kept = {each.id for each in await self._payments.stored_methods(account_id=account_id)}
        return replace(terms, guarantee_method_id=method_id) if method_id in kept else terms

    async def change(
        self,
        *,
        who: Caller,
        principal: Principal,
        reference: str,
        change_id: str,
        choice: PaymentChoice | None,
        guarantee_method_id: str | None = None,
    ) -> Keyed[Booking]:
        """Let the new nights of a change take the place of the old, the difference paid as agreed.

        Raises:
            PaymentRequired: There is a difference to pay first.
            GuaranteeRequired: A table asks for a kept way to pay now.
        """
        booked = await self._booking.get_booking(principal=principal, reference=reference)
        change = await self._booking.get_change(principal=principal, number=booked.number, change_id=change_id)
        # Where nothing is agreed, booking says what is to be paid, or repeats what this key was told before.
        terms = await self._terms_of(change, who.account_id, choice)
        if guarantee_method_id is not None:
            terms = await self._guaranteed(terms or _UNPAID_TERMS, who.account_id, guarantee_method_id)
        return await self._booking.confirm_change(
            caller=who, principal=principal, number=booked.number, change_id=change_id, payment=terms
        )

    async def _terms_of(self, change: Change, account_id: int, choice: PaymentChoice | None) -> PaymentTerms | None:
        if choice is None or choice == _ON_ARRIVAL or change.hold.state is not HoldState.HELD:
            return None
        return await self._terms(account_id, change.hold, choice)

    async def _terms(self, account_id: int, held: Hold, choice: PaymentChoice) -> PaymentTerms:
        """Agree with payments on how a hold is paid."""
        paying = await self._payments.arrange(
            account_id=account_id,
            hold_id=held.id,
            due=(held.payable_minor, held.price.currency),
            method=choice.method,
            payment_id=choice.payment_id,
        )
        return PaymentTerms(method=paying.method, status=paying.status, payment_id=paying.id)


def router(*, booking: BookingApi, payments: PaymentsApi) -> Router:
    """Return the routes that confirm holds and changes."""
    made = Router(prefix="/v1/bookings", tags=["bookings"])
    confirming = Confirming(booking=booking, payments=payments)
    _add_holds(made, confirming)
    _add_changes(made, confirming)
    return made


def _add_holds(made: Router, confirming: Confirming) -> None:
    @made.post(
        "",
        status_code=201,
        responses=success(201, "Booked, or asked for.", keyed=True, headers=_LOCATION)
        | responses(*_COMMON, ConsentRequired, HoldExpired, HoldNotActive, AlreadyConfirmed, *_UNPAID, *KEY_ERRORS),
    )
    async def confirm_hold(
        body: NewBooking, principal: TripsPrincipal, key: KeyedRequest, response: Response
    ) -> BookingMade:
        """Confirm a live hold: it becomes a booking at the held price, whatever has changed since.

        Takes no amount: what is due is what the hold says, and the payment named has to be authorised for exactly that.
        It may be paid at the property where every property of the hold allows it. A table that asks for a `guarantee`
        needs a kept card (`guarantee_method_id`), charged only for canceling late or not coming. Where an owner wants
        to be asked, the booking is `requested` until `decide_by`. Sending it again with the same key gives the same
        booking.
        """
        confirmed = await confirming.hold(
            who=caller(principal.account_id, key),
            hold_id=body.hold_id,
            hold_token=body.hold_token,
            choice=body.payment,
            guarantee_method_id=body.guarantee_method_id,
            notes=[note.note() for note in body.notes],
        )
        response.headers["Location"] = f"/v1/bookings/{confirmed.value.reference}"
        return BookingMade.of(unwrapped(confirmed, response))


def _add_changes(made: Router, confirming: Confirming) -> None:
    @made.post(
        "/{reference}/changes/{change_id}/confirm",
        responses=success(200, "Changed.", keyed=True)
        | responses(*_COMMON, HoldExpired, ChangeNotActive, CancellationTooLate, *_UNPAID, *KEY_ERRORS),
    )
    async def confirm_change(
        reference: Reference,
        change_id: ChangeId,
        body: ChangeConfirmation,
        principal: TripsPrincipal,
        key: KeyedRequest,
        response: Response,
    ) -> BookingMade:
        """Let the new nights of a change take the place of the old, all at once; what is not needed any more is free.

        Where there is a difference to pay, pay the change's hold with `POST /v1/payments` first. What comes back goes
        to where the booking was paid from.
        """
        changed = await confirming.change(
            who=caller(principal.account_id, key),
            principal=principal,
            reference=reference,
            change_id=change_id,
            choice=body.payment,
            guarantee_method_id=body.guarantee_method_id,
        )
        return BookingMade.of(unwrapped(changed, response))
