"""What canceling a booking would give back and cost. Import it from `booking.api`."""

from dataclasses import dataclass
from datetime import datetime

from holdfast.booking.items import QuotedItem
from holdfast.engine.price import Price
from holdfast.verticals.cancellation import Refund


@dataclass(frozen=True, slots=True, kw_only=True)
class CancellationQuote:
    """What canceling a booking, or some of its items, would give back; only the newest of a booking can be used."""

    id: str
    number: int
    items: tuple[int, ...]
    """Positions of the items to cancel; all of them is the whole booking."""
    refund: Refund
    price_after: Price | None
    """What the rest costs, priced anew before anything is refunded; None when all is canceled."""
    created_at: datetime
    expires_at: datetime
    stays: tuple[QuotedItem, ...]
    """All items of the booking as it was when this was quoted: positions of items and refund lines mean these."""
    used_at: datetime | None = None
    """When it was used to cancel."""
    fees: tuple[tuple[int, int], ...] = ()
    """What canceling costs beside that, charged to the kept way to pay: position of the table, and amount."""

    @property
    def fee_minor(self) -> int:
        """All fees together."""
        return sum(minor for _, minor in self.fees)
