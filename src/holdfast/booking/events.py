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
class TableStockMoved:
    """Tables of a restaurant, or what paces its room, were taken or freed on slots in [first_slot, end_slot).

    Says where to look, not what is there: ask the door for the stock of now.
    """

    restaurant_id: int
    first_slot: int
    """Quarter hours of local wall time since 1970-01-01."""
    end_slot: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FlightStockMoved:
    """Seats or fares of a dated flight were taken or freed. Says where to look, not what is there."""

    flight_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldEnded:
    """A guest's hold ran out or was let go, without becoming a booking. Money that was meant for it has to go back."""

    hold_id: str
    how: str
    """`expired` or `released`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitMoved:
    """A party with a table arrived, sat down, left, or did not come."""

    number: int
    reference: str
    item: int
    """Position of the table in the booking."""
    restaurant_id: int
    state: str
    """As `VisitState`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeDue:
    """A party canceled late or did not come, and a kept way to pay stands for it: the fee has to be charged."""

    number: int
    turn: int
    """Of the fee, within the booking."""
    reference: str
    account_id: int
    amount_minor: int
    currency: str
    method_id: str
    why: str
    """As `FeeReason`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingRequested:
    """A guest asks for a booking; its owner has until `decide_by` (ISO 8601, UTC) to say yes."""

    number: int
    reference: str
    account_id: int
    decide_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingConfirmed:
    """A hold became a booking, or a request was accepted."""

    number: int
    reference: str
    account_id: int
    payment_id: str | None = None
    """The payment to capture; None where it is paid at the property."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingDeclined:
    """A request was declined, or its time ran out. Its money has to be let go."""

    number: int
    reference: str
    account_id: int
    how: str
    """`declined` or `expired`."""
    payment_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingCancelled:
    """A booking, or some items of it, was cancelled; `refund_minor` is owed to the guest."""

    number: int
    reference: str
    account_id: int
    refund_minor: int
    currency: str
    payment_id: str | None = None
    cancellation_id: str | None = None
    """The cancellation quote that was used; its breakdown says who gives what back."""
    whole: bool = True
    """Whether the booking has ended; else only some of its items have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlightRebooked:
    """An airline has canceled a flight, and the booking has another one instead, at its price."""

    number: int
    reference: str
    account_id: int
    item: int
    """Position of the item."""
    flight_id: int
    """The flight that was canceled."""
    flight_ids: tuple[int, ...]
    """All flights of the item now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlightRetimed:
    """An airline has moved a flight of a booking to other times."""

    number: int
    reference: str
    account_id: int
    item: int
    flight_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingChanged:
    """A booking has other dates or guests now. The difference is to be captured or given back."""

    number: int
    reference: str
    account_id: int
    change_id: str
    difference_minor: int
    refund_minor: int
    currency: str
    payment_id: str | None = None
    """The booking's payment before the change: what is given back comes from it."""
    change_payment_id: str | None = None
    """The payment of the difference, to capture."""
