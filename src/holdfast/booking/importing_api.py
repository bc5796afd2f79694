"""The door of booking to stock that was taken elsewhere. Import it from `booking.api`."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from holdfast.engine.claims import Span


class ImportingApi(Protocol):
    """What others may bring along when they fill a house: `BookingApi.importing`."""

    async def claims(self, *, claims: Sequence[tuple[Span, ...]], capacities: Mapping[str, int], note: str) -> int:
        """Take what was sold before, of resources of any kind, without guests: each claim becomes a block.

        All is one transaction, and of each restaurant, flight or property one event tells. Returns how many blocks
        there are.

        Args:
            claims: What each takes; no two of them, nor others that stand, more than there is.
            capacities: Of the resources of tables and flights, as the verticals' `resources` say; made where missing.
            note: Kept with each.

        Raises:
            CapacityTaken: Something is taken already, or there is no such resource; nothing was taken.
        """
