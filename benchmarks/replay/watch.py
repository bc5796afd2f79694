"""An observer beside the server: what must be taken and what may be taken, as far as a client can know.

It checks both directions with nothing but the answers: that no night was ever sold more often than there are rooms, and
that each refusal for want of rooms was true, with requests under way on other connections given the benefit of doubt.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import date

from benchmarks.replay.hotel import Reservation, nights_of

Cell = tuple[str, date]


class Watch:
    """Follows every request. Times are of one monotonic clock."""

    def __init__(self, rooms: Mapping[str, int]) -> None:
        self._rooms = rooms
        self._sure: Counter[Cell] = Counter()
        """Confirmed to us, cancellation not yet asked."""
        self._perhaps: Counter[Cell] = Counter()
        """Asked for and not refused, cancellation not yet confirmed to us."""
        self._last_full: dict[Cell, float] = {}
        """When the last request that found a night perhaps full ended."""
        self._guests: dict[Cell, set[int]] = defaultdict(set)
        self.oversold: list[Cell] = []

    def asks(self, reservation: Reservation) -> None:
        """Somebody is about to ask for rooms."""
        self._perhaps.update(nights_of(reservation))

    def got(self, reservation: Reservation) -> None:
        """The rooms are theirs."""
        for cell in nights_of(reservation):
            self._sure[cell] += 1
            self._guests[cell].add(reservation.number)
            if self._sure[cell] > self._rooms[cell[0]]:
                self.oversold.append(cell)

    def refused(self, reservation: Reservation, asked_at: float, now: float) -> Cell | None:
        """Somebody was refused; return the full night that explains it, or None if nothing does."""
        cells = nights_of(reservation)
        reason = next((cell for cell in cells if self._was_full(cell, asked_at)), None)
        self._withdraw(cells, now)
        return reason

    def lost(self, reservation: Reservation, now: float) -> None:
        """Somebody was refused for another reason, or gave up."""
        self._withdraw(nights_of(reservation), now)

    def cancels(self, reservation: Reservation) -> None:
        """Somebody is about to give rooms back."""
        for cell in nights_of(reservation):
            self._sure[cell] -= 1

    def cancelled(self, reservation: Reservation, now: float) -> None:
        """The rooms are free."""
        cells = nights_of(reservation)
        for cell in cells:
            self._guests[cell].discard(reservation.number)
        self._withdraw(cells, now)

    def guests(self, cell: Cell) -> set[int]:
        """Return the numbers of those who have a room on a night."""
        return set(self._guests[cell])

    def _was_full(self, cell: Cell, since: float) -> bool:
        # Whoever asks counts too, hence more than there are.
        return self._perhaps[cell] > self._rooms[cell[0]] or self._last_full.get(cell, -1.0) >= since

    def _withdraw(self, cells: list[Cell], now: float) -> None:
        for cell in cells:
            if self._perhaps[cell] > self._rooms[cell[0]]:
                self._last_full[cell] = now
            self._perhaps[cell] -= 1
