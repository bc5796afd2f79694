"""What booking tells others, after the fact."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class StockMoved:
    """Units of a property were taken, freed, closed or resized on nights in [first_slot, end_slot).

    Says where to look, not what is there: ask the door for the stock of now.
    """

    property_id: int
    first_slot: int
    """Nights as days since 1970-01-01."""
    end_slot: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingConfirmed:
    """A hold became a booking."""

    number: int
    reference: str
    account_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingCancelled:
    """A booking was cancelled; `refund_minor` is owed to the guest."""

    number: int
    reference: str
    account_id: int
    refund_minor: int
    currency: str
