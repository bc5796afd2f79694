"""What the routes of payments read and answer."""

from typing import Annotated, Any, Final, Self

from pydantic import ConfigDict

from holdfast.booking.api import Hold
from holdfast.engine.money import AMOUNT_MAX
from holdfast.kit.http.wire import BY_VALUE, NUMBER_MAX, Between, CurrencyField, InstantField, Line, MoneyOut, Wire
from holdfast.payments.api import (
    CardShown,
    Case,
    CaseKind,
    CaseState,
    Payment,
    PaymentMethod,
    PaymentState,
    PaymentStatus,
    Refund,
    RefundState,
    StoredMethod,
)

TOKEN_MAX: Final = 255
REASON_MAX: Final = 200
URL_MAX: Final = 2_000

HOLD_ID: Final = "hold_01JD3Z9B2K7M4P8R5T1V3X6Y0C"
PAYMENT_ID: Final = "pay_01JD3ZB4M8P2R6T0V4X8Z2B6D0"
METHOD_ID: Final = "method_01JD3ZB4M8P2R6T0V4X8Z2B6D0"

_AT: Final = "2026-11-20T09:31:05Z"
_CARD: Final = {"brand": "visa", "last4": "4242"}
_ATTEMPT: Final[dict[str, Any]] = {
    "id": PAYMENT_ID,
    "hold_id": HOLD_ID,
    "attempt": 1,
    "method": "card",
    "status": "pending",
    "state": "authorised",
    "amount": {"amount": 99000, "currency": "USD"},
    "captured": {"amount": 0, "currency": "USD"},
    "refunded": {"amount": 0, "currency": "USD"},
    "card": _CARD,
    "action_url": None,
    "denial": None,
    "provider": "simulator",
    "booking_reference": None,
    "created_at": _AT,
    "authorised_at": _AT,
    "captured_at": None,
    "ended_at": None,
}
_REFUND: Final = {
    "id": "refund_01JD40B4M8P2R6T0V4X8Z2B6D0",
    "payment_id": PAYMENT_ID,
    "amount": {"amount": 99000, "currency": "USD"},
    "state": "completed",
    "reason": "cancelled",
    "created_at": "2026-11-21T10:00:00Z",
    "completed_at": "2026-11-21T10:00:01Z",
}
_METHOD: Final = {
    "id": METHOD_ID,
    "method": "card",
    "card": _CARD,
    "expires": "2030-12",
    "created_at": _AT,
}
_CASE: Final = {
    "kind": "late_stock_free",
    "state": "closed",
    "outcome": "booked",
    "detail": "The payment came after the hold had run out; the nights were still free.",
    "payment_id": PAYMENT_ID,
    "opened_at": _AT,
    "closed_at": _AT,
}


def shown(example: dict[str, Any]) -> ConfigDict:
    """Return the configuration of a shape with this example."""
    return ConfigDict(json_schema_extra={"examples": [example]})


# ------------------------------------------------------------------------------------------------------- what comes in


class NewPayment(Wire):
    """What to pay, and how. There is no amount: what is due is what the hold says."""

    model_config = shown(
        {
            "hold_id": HOLD_ID,
            "hold_token": "0xJ6gPyGQK1nMsvIeY3RBwqzVdXcW9aHuLfTtN2oE4k",
            "method": "card",
            "token": "pm_card_visa",
        }
    )

    hold_id: Annotated[str, Line(100)]
    hold_token: Annotated[str, Line(100)]
    """The `token` of the hold."""
    method: Annotated[PaymentMethod, BY_VALUE]
    token: Annotated[str, Line(TOKEN_MAX)] | None = None
    """Made by the provider's own form in the browser from the card; card data never comes here."""
    payment_method_id: Annotated[str, Line(100)] | None = None
    """A way to pay that you keep here, instead of `token`."""
    keep_method: bool = False
    """Whether to keep this way to pay for next time."""
    return_url: Annotated[str, Line(URL_MAX)] | None = None
    """Where the provider sends the guest after approving; `http` or `https`."""


class NewPaymentMethod(Wire):
    """A way to pay to keep."""

    model_config = shown({"method": "card", "token": "pm_card_visa"})

    method: Annotated[PaymentMethod, BY_VALUE]
    token: Annotated[str, Line(TOKEN_MAX)]
    """Made by the provider's own form in the browser."""


class PaymentChoice(Wire):
    """How the guest wants to pay."""

    method: Annotated[PaymentMethod, BY_VALUE]
    payment_id: Annotated[str, Line(100)] | None = None
    """The payment that was authorised for this hold; not needed where it is paid at the property."""


class NewRefund(Wire):
    """Money an owner gives back of their own accord."""

    model_config = shown({"amount": 5000, "currency": "USD", "reason": "The heating failed on the first night."})

    amount: Annotated[int, Between(1, AMOUNT_MAX)]
    """In minor units; at most what is left of your part of the booking."""
    currency: CurrencyField
    """That of the booking."""
    reason: Annotated[str, Line(REASON_MAX)]
    """For the guest to read."""
    fee: Annotated[int, Between(1, NUMBER_MAX)] | None = None
    """Give back this fee of the booking (its `turn`), or a part of it; null for what the booking was paid with."""


# ------------------------------------------------------------------------------------------------------ what goes out


class CardOut(Wire):
    """What may be shown of a card or wallet."""

    brand: str
    last4: str

    @classmethod
    def of(cls, card: CardShown | None) -> Self | None:
        """Render a card, if there is one."""
        return None if card is None else cls(brand=card.brand, last4=card.last4)


class PaymentAttempt(Wire):
    """One attempt to pay one hold."""

    model_config = shown(_ATTEMPT)

    id: str
    hold_id: str
    attempt: int
    """Counts from 1 within the hold."""
    method: Annotated[PaymentMethod, BY_VALUE]
    status: Annotated[PaymentStatus, BY_VALUE]
    """In short: `pending` until captured, then `completed`; `denied`, `voided` or `refunded` otherwise."""
    state: Annotated[PaymentState, BY_VALUE]
    """Where it stands with the provider. `requires_action`: send the guest to `action_url`."""
    amount: MoneyOut
    captured: MoneyOut
    refunded: MoneyOut
    card: CardOut | None
    action_url: str | None
    """Where the guest approves it (3-D Secure, PayPal); on this server where it begins with a slash."""
    denial: str | None
    """Why it was denied: `insufficient_funds`, `card_declined`, `expired`, …"""
    provider: str
    booking_reference: str | None
    """The booking it has paid for, once it is captured."""
    created_at: InstantField
    authorised_at: InstantField | None
    captured_at: InstantField | None
    ended_at: InstantField | None

    @classmethod
    def of(cls, payment: Payment, *, as_payer: bool = True, **more: Any) -> Self:
        """Render a payment; whoever did not pay sees neither card nor where to approve it."""
        currency = payment.currency
        return cls(
            id=payment.id,
            hold_id=payment.hold_id,
            attempt=payment.attempt,
            method=payment.method,
            status=payment.status,
            state=payment.state,
            amount=MoneyOut(amount=payment.amount_minor, currency=currency),
            captured=MoneyOut(amount=payment.captured_minor, currency=currency),
            refunded=MoneyOut(amount=payment.refunded_minor, currency=currency),
            card=CardOut.of(payment.card) if as_payer else None,
            action_url=payment.action_url if as_payer else None,
            denial=payment.denial,
            provider=payment.provider,
            booking_reference=payment.booking_reference,
            created_at=payment.created_at,
            authorised_at=payment.authorised_at,
            captured_at=payment.captured_at,
            ended_at=payment.ended_at,
            **more,
        )


class PaymentStarted(PaymentAttempt):
    """A payment, with the clock of the hold it pays for."""

    model_config = shown(
        _ATTEMPT | {"price_guaranteed_until": "2026-11-20T10:00:00Z", "payment_required_by": "2026-11-20T09:41:05Z"}
    )

    price_guaranteed_until: InstantField
    """However long it takes to approve, until then the price is this one."""
    payment_required_by: InstantField
    """Authorised and confirmed by then, or the nights are free for others."""

    @classmethod
    def for_hold(cls, payment: Payment, hold: Hold) -> Self:
        """Render a payment of a hold."""
        return cls.of(payment, price_guaranteed_until=hold.extendable_until, payment_required_by=hold.expires_at)


class StoredMethodOut(Wire):
    """A way to pay that is kept: a token of the provider's, of which only this is shown."""

    model_config = shown(_METHOD)

    id: str
    method: Annotated[PaymentMethod, BY_VALUE]
    card: CardOut | None
    expires: str | None
    """`YYYY-MM`, where the provider says."""
    created_at: InstantField

    @classmethod
    def of(cls, stored: StoredMethod) -> Self:
        """Render a kept way to pay."""
        return cls(
            id=stored.id,
            method=stored.method,
            card=CardOut.of(stored.card),
            expires=stored.expires,
            created_at=stored.created_at,
        )


class PaymentMethodsOut(Wire):
    """The ways to pay: what is offered here, and what you keep."""

    model_config = shown({"offered": ["at_property", "card", "wallet", "paypal"], "stored": [_METHOD]})

    offered: tuple[Annotated[PaymentMethod, BY_VALUE], ...]
    """`at_property` serves only where every property of the hold takes it."""
    stored: tuple[StoredMethodOut, ...]
    """Newest first."""


class MoneyBack(Wire):
    """Money given back, or on its way."""

    model_config = shown(_REFUND)

    id: str
    payment_id: str
    amount: MoneyOut
    state: Annotated[RefundState, BY_VALUE]
    reason: str
    """`cancelled`, `changed`, `late`, `paid_twice`, `wrong_amount`, `goodwill` or `compensation`."""
    created_at: InstantField
    completed_at: InstantField | None

    @classmethod
    def of(cls, refund: Refund) -> Self:
        """Render a refund."""
        return cls(
            id=refund.id,
            payment_id=refund.payment_id,
            amount=MoneyOut(amount=refund.amount_minor, currency=refund.currency),
            state=refund.state,
            reason=refund.reason,
            created_at=refund.created_at,
            completed_at=refund.completed_at,
        )


class CaseOut(Wire):
    """Something about a payment that did not go the ordinary way, and what came of it."""

    model_config = shown(_CASE)

    kind: Annotated[CaseKind, BY_VALUE]
    state: Annotated[CaseState, BY_VALUE]
    outcome: str
    """A word of the table in docs/late-payments.md."""
    detail: str
    payment_id: str
    opened_at: InstantField
    closed_at: InstantField | None

    @classmethod
    def of(cls, case: Case) -> Self:
        """Render a case."""
        return cls(
            kind=case.kind,
            state=case.state,
            outcome=case.outcome,
            detail=case.detail,
            payment_id=case.payment_id,
            opened_at=case.opened_at,
            closed_at=case.closed_at,
        )


class PaymentInFull(PaymentAttempt):
    """A payment with what came of it."""

    model_config = shown(_ATTEMPT | {"refunds": [], "cases": []})

    refunds: tuple[MoneyBack, ...]
    cases: tuple[CaseOut, ...]
    """What did not go the ordinary way, and how it ended."""


class BookingPayments(Wire):
    """All the money of a booking."""

    model_config = shown({"payments": [_ATTEMPT], "refunds": [_REFUND], "cases": [_CASE]})

    payments: tuple[PaymentAttempt, ...]
    """Oldest first; attempts that were denied or let go too."""
    refunds: tuple[MoneyBack, ...]
    cases: tuple[CaseOut, ...]
    """What did not go the ordinary way, and how it ended."""
