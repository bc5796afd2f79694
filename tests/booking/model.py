"""What booking does, said again in the simplest way: one thing after the other, in memory, by the minute.

Nights are counted from the first night of the example, minutes from its beginning. Real time goes on a little between
two steps, so "ten minutes later" is always a little more: what ends at minute 10 has ended in minute 10.
"""

from dataclasses import dataclass, field
from itertools import product

from holdfast.booking.api import (
    AlreadyCancelled,
    AlreadyConfirmed,
    BelowSold,
    CapacityTaken,
    ExtensionLimit,
    HoldExpired,
    HoldNotActive,
    HoldQuotaExceeded,
    HoldState,
    QuoteExpired,
)

QUOTE_MINUTES, HOLD_MINUTES, HOLD_MINUTES_MOST, HOLDS_MOST = 15, 10, 30, 3

Cell = tuple[int, str, int]
"""Home, unit ("" in a pool), night."""


@dataclass
class Home:
    """A home and its stock."""

    units: int
    names: tuple[str, ...] = ()
    preparation: int = 0
    own: dict[int, int] = field(default_factory=dict)
    closed: set[int] = field(default_factory=set)

    def capacity(self, night):
        return 1 if self.names else self.own.get(night, self.units)


@dataclass(frozen=True)
class Stay:
    """Nights [first, end) of a home; `home` is its place in the model."""

    home: int
    first: int
    end: int


@dataclass
class Standing:
    """A hold, a booking or a block."""

    cells: dict[Cell, int]
    state: HoldState
    account: int = 0
    placed: int = 0
    ends: int | None = None
    is_guests: bool = False
    cancelled: bool = False


class Model:
    """The stock of a few homes."""

    def __init__(self, homes):
        self.homes = list(homes)
        self.minute = 0
        self.standing: list[Standing] = []

    # ------------------------------------------------------------------------------------------------------ to judge

    def state(self, standing):
        over = standing.state is HoldState.HELD and standing.ends <= self.minute
        return HoldState.EXPIRED if over else standing.state

    def stands(self, standing):
        return self.state(standing) in {HoldState.HELD, HoldState.CONFIRMED}

    def taken(self):
        total: dict[Cell, int] = {}
        for each in self.standing:
            if self.stands(each):
                for cell, quantity in each.cells.items():
                    total[cell] = total.get(cell, 0) + quantity
        return total

    def fitting(self, stays, quantity=1):
        """Return the cells of the first way to serve all stays, or None."""
        taken = self.taken()
        for units in product(*[self.homes[stay.home].names or ("",) for stay in stays]):
            cells: dict[Cell, int] = {}
            for stay, unit in zip(stays, units, strict=True):
                for night in range(stay.first, stay.end):
                    cells[stay.home, unit, night] = cells.get((stay.home, unit, night), 0) + quantity
            if all(self._has_room(cell, taken.get(cell, 0) + wanted) for cell, wanted in cells.items()):
                return cells
        return None

    def _has_room(self, cell, wanted):
        home = self.homes[cell[0]]
        return cell[2] not in home.closed and wanted <= home.capacity(cell[2])

    def prepared(self, stays):
        return [Stay(stay.home, stay.first, stay.end + self.homes[stay.home].preparation) for stay in stays]

    # ---------------------------------------------------------------------------------- to do: what it gives or raises

    def hold(self, account, stays, quoted):
        if self.minute >= quoted + QUOTE_MINUTES:
            return QuoteExpired
        live = [each for each in self.standing if each.is_guests and each.account == account]
        if sum(self.state(each) is HoldState.HELD for each in live) >= HOLDS_MOST:
            return HoldQuotaExceeded
        cells = self.fitting(self.prepared(stays))
        if cells is None:
            return CapacityTaken
        ends = self.minute + HOLD_MINUTES
        return self._placed(Standing(cells, HoldState.HELD, account, self.minute, ends, is_guests=True))

    def book(self, account, stay):
        cells = self.fitting(self.prepared([stay]))
        return CapacityTaken if cells is None else self._placed(Standing(cells, HoldState.CONFIRMED, account))

    def block(self, stay, quantity):
        cells = self.fitting([stay], quantity)
        return CapacityTaken if cells is None else self._placed(Standing(cells, HoldState.CONFIRMED))

    def _placed(self, standing):
        self.standing.append(standing)
        return standing

    def _must_be_held(self, hold):
        refusals = {HoldState.EXPIRED: HoldExpired, HoldState.CONFIRMED: AlreadyConfirmed, HoldState.HELD: None}
        return refusals.get(self.state(hold), HoldNotActive)

    def extend(self, hold):
        last = hold.placed + HOLD_MINUTES_MOST
        refusal = self._must_be_held(hold) or (ExtensionLimit if hold.ends == last else None)
        if refusal is None:
            hold.ends = min(self.minute + HOLD_MINUTES, last)
        return refusal

    def release(self, hold):
        if self.state(hold) is HoldState.CONFIRMED:
            return AlreadyConfirmed
        hold.state = self.state(hold) if self.state(hold) is not HoldState.HELD else HoldState.RELEASED
        return None

    def confirm(self, hold):
        refusal = self._must_be_held(hold)
        if refusal is None:
            hold.state = HoldState.CONFIRMED
        return refusal

    def cancel(self, booking):
        if booking.cancelled:
            return AlreadyCancelled
        booking.cancelled, booking.state = True, HoldState.RELEASED
        return None

    def unblock(self, block):
        block.state = HoldState.RELEASED

    def _most(self, home, nights):
        taken = self.taken()
        return max([quantity for cell, quantity in taken.items() if cell[0] == home and cell[2] in nights], default=0)

    def resize(self, home, units):
        ordinary = {cell[2] for cell in self.taken()} - self.homes[home].own.keys()
        if self._most(home, ordinary) > units:
            return BelowSold
        self.homes[home].units = units
        return None

    def set_capacity(self, stay, capacity):
        nights = range(stay.first, stay.end)
        if self._most(stay.home, nights) > capacity:
            return BelowSold
        self.homes[stay.home].own.update(dict.fromkeys(nights, capacity))
        return None

    def set_closed(self, stay, *, closed):
        nights = range(stay.first, stay.end)
        if closed:
            self.homes[stay.home].closed.update(nights)
        else:
            self.homes[stay.home].closed.difference_update(nights)
