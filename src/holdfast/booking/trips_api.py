"""Trips whose parts lie in different stocks. Import it from `booking.api`.

Where stock is split over databases, each part of such a trip is a booking of its own in its stock; what joins them is
the trip: one hold, one clock, one total, one payment, one reference.
"""

from dataclasses import dataclass
from typing import Final

from holdfast.kit.errors import Invalid

TRIP: Final = "trip"
"""The prefix of the id a trip's hold has; its parts name it where other bookings name their payment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TripPart:
    """A part of a trip over several stocks."""

    reference: str
    """Of the part's own booking: whoever sells it knows it by this, and it is changed or canceled by itself by it."""
    number: int
    state: str
    """As `BookingState`."""
    items: tuple[int, ...]
    """Positions of its items in the trip."""
    total_minor: int
    refund_minor: int | None
    """What canceling it gave back; None while it stands."""


class NotAcrossStocks(Invalid):
    """Items are sold from separate databases here, over which this cannot be done at once; the detail says instead."""

    code = "not_across_stocks"
    title = "Not over several stocks"


def paid_by_trip(payment_id: str | None) -> bool:
    """Return whether a booking is a part of a trip, so that the trip's payment pays for it."""
    return payment_id is not None and payment_id.startswith(f"{TRIP}_")
