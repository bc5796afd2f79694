"""What payments tells others, after the fact."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentMoved:
    """A payment reached another state at its provider. Ask the door for the state of now."""

    payment_id: str
    hold_id: str
    state: str
    waited: bool
    """Whether the guest had to approve it elsewhere, so that nobody may be waiting for the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundMoved:
    """A refund was made, completed or failed."""

    refund_id: str
    payment_id: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseOpened:
    """Something about a payment did not go the ordinary way."""

    case_id: str
    kind: str
    payment_id: str
