"""The door of booking to what is taken of resources. Import it from `booking.api`."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from holdfast.engine.claims import Cell


class StockApi(Protocol):
    """What others may ask of stock of any kind: `BookingApi.stock_of`."""

    async def cells(self, *, resource_ids: Sequence[str], first: int, end: int) -> Mapping[tuple[str, int], Cell]:
        """Return the cells there are of resources at slots in [first, end), by resource and slot.

        Live holds count as taken. A cell that is missing is wholly free; so are those of a resource nobody quoted yet.
        """
