"""The recount of the floor: who is expected where, against the bookings that stand."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from holdfast.booking.api import BookingState, FeeReason, QuotedTable
from holdfast.booking.service.answers import items_of
from holdfast.booking.service.expecting import has_tables
from holdfast.booking.store import fees, floor
from holdfast.kit.db.database import Tx
from holdfast.kit.db.statements import Row
from holdfast.verticals.dining.slots import slot_of


@dataclass(slots=True)
class FloorRecount:
    """What the recount knows of tables."""

    breach: Callable[[str, Any, str], None]
    _expected: dict[tuple[int, int], tuple[int, date, int]] = field(default_factory=dict)
    """Tables of bookings that stand, by number and item: restaurant, day and slot."""
    _asked: set[tuple[int, int]] = field(default_factory=set)
    """Tables of requests: nobody is expected there yet."""
    _guaranteed: dict[int, str] = field(default_factory=dict)
    """By booking: the way to pay that stands for its tables."""

    def booking(self, row: Row) -> None:
        """Look at a booking."""
        if row.guarantee_method_id is not None:
            self._guaranteed[row.number] = row.guarantee_method_id
        if row.state not in {BookingState.CONFIRMED, BookingState.REQUESTED} or not has_tables(row):
            return
        for place, item in enumerate(items_of(row.items)):
            if not isinstance(item, QuotedTable):
                continue
            if row.state is BookingState.CONFIRMED:
                at = (item.restaurant_id, item.day, slot_of(item.day, item.at))
                self._expected[row.number, place] = at
            else:
                self._asked.add((row.number, place))

    async def compare(self, tx: Tx, late_fees: Mapping[int, int]) -> None:
        """Compare the tables of all bookings with who is expected, with what is noted, and with fees.

        Args:
            tx: The snapshot.
            late_fees: By booking: what its cancellations cost beside what they gave back.
        """
        tables = self._asked | self._expected.keys()
        async for page in floor.all_noted(tx):
            for row in page:
                if (row.number, row.item) not in tables:
                    self.breach("note_kept", f"{row.number}/{row.item}", "it is noted of a table that is not booked")
        async for page in floor.all_visits(tx):
            for row in page:
                self._visit(row)
        for number, item in self._expected:
            self.breach("visit_missing", f"{number}/{item}", "the table is booked, and nobody is expected")
        await self._compare_fees(tx, Counter(late_fees))

    async def _compare_fees(self, tx: Tx, late: Counter[int]) -> None:
        async for page in fees.all_fees(tx):
            for row in page:
                if self._guaranteed.get(row.number) != row.method_id:
                    self.breach("fee_method", f"{row.number}/{row.turn}", f"{row.method_id} stands for nothing of it")
                if row.why is FeeReason.LATE_CANCELLATION:
                    late[row.number] -= row.amount_minor
        for number, minor in late.items():
            # A booking without a way to pay that stands for it owes none, whatever it was told.
            if minor and number in self._guaranteed:
                self.breach("fee_amount", number, f"{minor} of what canceling costs is not among its fees")

    def _visit(self, row: Row) -> None:
        expected = self._expected.pop((row.number, row.item), None)
        subject = f"{row.number}/{row.item}"
        if expected is None:
            self.breach("visit_unbooked", subject, "somebody is expected at a table that is not booked")
        elif expected != (row.restaurant_id, row.day, row.slot):
            self.breach("visit_time", subject, f"expected at {row.day} {row.slot}, booked for {expected}")
