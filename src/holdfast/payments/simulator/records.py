"""What the simulator knows of a payment, a refund, a token: whole as it stood after each change."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Literal, TypeVar

import msgspec

from holdfast.payments.simulator.cards import Card, Plan

RecordT = TypeVar("RecordT", bound=msgspec.Struct)


class Status(StrEnum):
    """Where a payment stands."""

    REQUIRES_ACTION = "requires_action"
    REQUIRES_CAPTURE = "requires_capture"
    SUCCEEDED = "succeeded"
    CANCELED = "canceled"
    FAILED = "failed"


class Kind(StrEnum):
    """What an object is."""

    PAYMENT = "payment"
    REFUND = "refund"
    TOKEN = "token"  # noqa: S105 - a kind of object
    METHOD = "method"


class Movement(StrEnum):
    """How money moves. Captures less refunds (and lost disputes) is what the merchant has."""

    AUTHORIZE = "authorize"
    CAPTURE = "capture"
    REFUND = "refund"
    REFUND_FAILED = "refund_failed"
    DISPUTE = "dispute"
    DISPUTE_WON = "dispute_won"


class Dispute(msgspec.Struct, frozen=True, kw_only=True):
    """What a card's holder has against a payment."""

    id: str
    reason: str
    amount: int
    status: Literal["needs_response", "won", "lost"] = "needs_response"


class Payment(msgspec.Struct, frozen=True, kw_only=True):
    """A payment."""

    id: str
    payment_id: str
    """The merchant's own, from `metadata`."""
    hold_id: str
    amount: int
    currency: str
    method: str
    plan: Plan
    status: Status
    created: datetime
    return_url: str
    description: str = ""
    card: Card | None = None
    customer: str | None = None
    denial: str | None = None
    captured: int = 0
    refunded: int = 0
    """Refunds that are pending or have succeeded."""
    authorized_until: datetime | None = None
    dispute: Dispute | None = None


class Refund(msgspec.Struct, frozen=True, kw_only=True):
    """Money given back."""

    id: str
    payment: str
    refund_id: str
    """The merchant's own, from `metadata`."""
    amount: int
    currency: str
    status: Literal["pending", "succeeded", "failed"]
    created: datetime
    fails: bool = False
    """What becomes of it while it is pending."""


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """A card that was typed into our form, for an hour."""

    id: str
    card: Card
    plan: Plan
    expires: datetime


class Method(msgspec.Struct, frozen=True, kw_only=True):
    """A way to pay that a customer keeps."""

    id: str
    customer: str
    method: str
    card: Card | None
    plan: Plan
    created: datetime
    gone: bool = False


_RECORDS: Final[dict[Kind, type[msgspec.Struct]]] = {
    Kind.PAYMENT: Payment,
    Kind.REFUND: Refund,
    Kind.TOKEN: Token,
    Kind.METHOD: Method,
}


def record_of(kind: Kind, state: Any) -> Any:
    """Return an object from how the books keep it."""
    return msgspec.convert(state, _RECORDS[kind])


def shown_payment(payment: Payment, *, public_url: str) -> dict[str, Any]:
    """Return a payment as the API answers it."""
    waiting = payment.status is Status.REQUIRES_ACTION
    return {
        "id": payment.id,
        "object": "payment",
        "amount": payment.amount,
        "currency": payment.currency,
        "amount_captured": payment.captured,
        "amount_refunded": payment.refunded,
        "capture_method": "manual",
        "status": payment.status,
        "method": payment.method,
        "card": payment.card,
        "denial": payment.denial,
        "next_action": {"redirect_to_url": f"{public_url}/pay/{payment.id}"} if waiting else None,
        "metadata": {"payment_id": payment.payment_id, "hold_id": payment.hold_id},
        "description": payment.description,
        "dispute": payment.dispute,
        "authorized_until": payment.authorized_until,
        "created": payment.created,
    }


def shown_refund(refund: Refund) -> dict[str, Any]:
    """Return a refund as the API answers it."""
    return {
        "id": refund.id,
        "object": "refund",
        "payment": refund.payment,
        "amount": refund.amount,
        "currency": refund.currency,
        "status": refund.status,
        "metadata": {"refund_id": refund.refund_id},
        "created": refund.created,
    }


def shown_method(method: Method) -> dict[str, Any]:
    """Return a kept way to pay as the API answers it."""
    return {
        "id": method.id,
        "object": "method",
        "customer": method.customer,
        "method": method.method,
        "card": method.card,
    }
