"""The door of payments."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class PaymentMethod(StrEnum):
    """How a guest chooses to pay."""

    AT_PROPERTY = "at_property"


class PaymentStatus(StrEnum):
    """Where the payment of a booking stands."""

    DUE_AT_PROPERTY = "due_at_property"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrangement:
    """What was agreed about paying one hold."""

    method: PaymentMethod
    status: PaymentStatus


class PaymentsApi(Protocol):
    """What others may ask of payments."""

    async def arrange(self, *, hold_id: str, method: PaymentMethod) -> Arrangement:
        """Agree on how a hold is paid, before it is confirmed. Repeating it for the same hold changes nothing."""
