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
    BookingState,
    CapacityTaken,
    ExtensionLimit,
    HoldExpired,
    HoldNotActive,
    HoldQuotaExceeded,
    HoldState,
    NotRequested,
    QuoteExpired,
    RuleViolation,
)
from holdfast.kit.errors import NotFound

QUOTE_MINUTES, HOLD_MINUTES, HOLD_MINUTES_MOST, HOLDS_MOST = 15, 10, 30, 3
DECIDE_MINUTES = 25

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
    asks: bool = False

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
    stays: tuple[Stay, ...] = ()
    requested: bool = False
    """Whether it waits, or waited, for its owner's answer."""
    late: "Standing | None" = None
    """What it was sold as after it had run out, or was confirmed as for the same payment."""
    waited: bool = False
    refused: bool = False
    """Whether a late payment found its stock gone: it is told so for ever."""


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

    def booked_as(self, standing):
        """Return the state of the booking that stands on something."""
        state = self.state(standing)
        if standing.cancelled:
            return BookingState.CANCELLED
        if state is HoldState.CONFIRMED:
            return BookingState.CONFIRMED
        return BookingState.REQUESTED if state is HoldState.HELD else BookingState.DECLINED

    def fitting(self, stays, quantity=1, first=None):
        """Return the cells of the first way to serve all stays, or None; `first` is tried before all others."""
        taken = self.taken()
        if first and all(self._has_room(cell, taken.get(cell, 0) + wanted) for cell, wanted in first.items()):
            return dict(first)
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
        made = Standing(cells, HoldState.HELD, account, self.minute, ends, is_guests=True, stays=tuple(stays))
        return self._placed(made)

    def book(self, account, stay):
        if self.homes[stay.home].asks:
            return NotFound
        cells = self.fitting(self.prepared([stay]))
        return CapacityTaken if cells is None else self._placed(Standing(cells, HoldState.CONFIRMED, account))

    def block(self, stay, quantity):
        cells = self.fitting([stay], quantity)
        return CapacityTaken if cells is None else self._placed(Standing(cells, HoldState.CONFIRMED))

    def _placed(self, standing):
        self.standing.append(standing)
        return standing

    def _must_be_held(self, hold):
        held = AlreadyConfirmed if hold.requested else None
        refusals = {HoldState.EXPIRED: HoldExpired, HoldState.CONFIRMED: AlreadyConfirmed, HoldState.HELD: held}
        return refusals.get(self.state(hold), HoldNotActive)

    def extend(self, hold):
        last = hold.placed + HOLD_MINUTES_MOST
        refusal = self._must_be_held(hold) or (ExtensionLimit if hold.ends == last else None)
        if refusal is None:
            hold.ends = min(self.minute + HOLD_MINUTES, last)
        return refusal

    def release(self, hold):
        waits = hold.requested and self.state(hold) is HoldState.HELD
        if waits or self.state(hold) is HoldState.CONFIRMED:
            return AlreadyConfirmed
        hold.state = self.state(hold) if self.state(hold) is not HoldState.HELD else HoldState.RELEASED
        return None

    def confirm(self, hold):
        refusal = self._must_be_held(hold)
        if refusal is None and self.asks(hold):
            hold.requested, hold.ends = True, self.minute + DECIDE_MINUTES
        elif refusal is None:
            hold.state = HoldState.CONFIRMED
        return refusal

    def asks(self, hold):
        return any(self.homes[stay.home].asks for stay in hold.stays)

    def decide(self, booking, *, accept):
        if not booking.requested or self.state(booking) is not HoldState.HELD:
            return NotRequested
        booking.state = HoldState.CONFIRMED if accept else HoldState.RELEASED
        return None

    def book_late(self, hold):
        """Return what a payment that came at last is worth: a standing, or a refusal."""
        if hold.late is not None:
            return hold.late
        state = self.state(hold)
        if hold.requested or hold.cancelled or state is HoldState.CONFIRMED:
            return AlreadyConfirmed
        if state is HoldState.RELEASED:
            return HoldNotActive
        if state is HoldState.HELD:
            self.confirm(hold)
            hold.late = hold
        elif self.asks(hold):
            return RuleViolation
        else:
            cells = None if hold.refused else self.fitting(self.prepared(hold.stays), first=hold.cells)
            if cells is None:
                hold.refused = True
                return CapacityTaken
            hold.late = self._placed(Standing(cells, HoldState.CONFIRMED))
        return hold.late

    def cancel(self, booking):
        if booking.cancelled or self.booked_as(booking) is BookingState.DECLINED:
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
