"""Confirming a hold: payments says how it is paid, booking makes it a booking."""

from typing import Annotated, Any, Final

from fastapi import Response
from pydantic import ConfigDict

from holdfast.booking.api import AlreadyConfirmed, Booking, BookingApi, BookingState, HoldExpired, HoldNotActive
from holdfast.kit.errors import Invalid, NotFound, Unauthenticated
from holdfast.kit.http.keys import KeyedRequest, KeyMalformed, KeyMissing
from holdfast.kit.http.principals import CurrentPrincipal
from holdfast.kit.http.problems import responses
from holdfast.kit.http.routes import Router
from holdfast.kit.http.wire import BY_VALUE, InstantField, Line, MoneyOut, Wire
from holdfast.kit.keyed import Caller, KeyInProgress, KeyReused
from holdfast.payments.api import PaymentMethod, PaymentsApi, PaymentStatus

_HOLD_ID: Final = "hold_01JD3Z9B2K7M4P8R5T1V3X6Y0C"
_CREATED: Final[dict[int | str, dict[str, Any]]] = {
    201: {
        "description": "Booked.",
        "headers": {
            "Location": {"description": "Where the booking is read.", "schema": {"type": "string"}},
            "Idempotent-Replayed": {
                "description": "`true` if an earlier request with this Idempotency-Key was given this answer.",
                "schema": {"type": "string", "enum": ["true"]},
            },
        },
    }
}


class PaymentChoice(Wire):
    """How the guest wants to pay."""

    method: Annotated[PaymentMethod, BY_VALUE]


class NewBooking(Wire):
    """The hold to confirm, with what proves it is yours."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "hold_id": _HOLD_ID,
                    "hold_token": "0xJ6gPyGQK1nMsvIeY3RBwqzVdXcW9aHuLfTtN2oE4k",
                    "payment": {"method": "at_property"},
                }
            ]
        }
    )

    hold_id: Annotated[str, Line(100)]
    hold_token: Annotated[str, Line(100)]
    """The `token` of the hold."""
    payment: PaymentChoice


class PaymentMade(Wire):
    """How the booking is paid, and where that stands."""

    method: Annotated[PaymentMethod, BY_VALUE]
    status: Annotated[PaymentStatus, BY_VALUE]


class BookingMade(Wire):
    """The booking, in short; `GET /v1/bookings/{reference}` tells all of it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "reference": "7K2M9QXR4T",
                    "hold_id": _HOLD_ID,
                    "state": "confirmed",
                    "total": {"amount": 99000, "currency": "USD"},
                    "payment": {"method": "at_property", "status": "due_at_property"},
                    "created_at": "2026-11-20T09:33:10Z",
                }
            ]
        }
    )

    reference: str
    """What guest and host call it."""
    hold_id: str | None
    state: Annotated[BookingState, BY_VALUE]
    total: MoneyOut
    payment: PaymentMade
    created_at: InstantField


def router(*, booking: BookingApi, payments: PaymentsApi) -> Router:
    """Return the route that confirms holds."""
    made = Router(tags=["bookings"])

    @made.post(
        "/v1/bookings",
        status_code=201,
        responses=_CREATED
        | responses(
            Unauthenticated,
            NotFound,
            Invalid,
            HoldExpired,
            HoldNotActive,
            AlreadyConfirmed,
            KeyMissing,
            KeyMalformed,
            KeyReused,
            KeyInProgress,
        ),
    )
    async def confirm_hold(
        body: NewBooking, principal: CurrentPrincipal, key: KeyedRequest, response: Response
    ) -> BookingMade:
        """Confirm a live hold: it becomes a booking at the held price, whatever has changed since.

        Takes no amount: what is due is what the hold says. Sending it again with the same key gives the same booking.
        """
        agreed = await payments.arrange(hold_id=body.hold_id, method=body.payment.method)
        confirmed = await booking.confirm(
            caller=Caller(account_id=principal.account_id, key=key.key, fingerprint=key.fingerprint, route=key.route),
            hold_id=body.hold_id,
            hold_token=body.hold_token,
            payment_method=agreed.method,
            payment_status=agreed.status,
        )
        response.headers["Location"] = f"/v1/bookings/{confirmed.value.reference}"
        if confirmed.replayed:
            response.headers["Idempotent-Replayed"] = "true"
        return _made(confirmed.value)

    return made


def _made(booking: Booking) -> BookingMade:
    return BookingMade(
        reference=booking.reference,
        hold_id=booking.hold_id,
        state=booking.state,
        total=MoneyOut(amount=booking.price.total_minor, currency=booking.price.currency),
        payment=PaymentMade(method=PaymentMethod(booking.payment_method), status=PaymentStatus(booking.payment_status)),
        created_at=booking.created_at,
    )
