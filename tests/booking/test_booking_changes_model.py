"""Changes against a model: whatever is booked, changed, confirmed, let go and canceled in whatever order, both agree.

Two processes over one database. After every step the stock of every night is what the model says, which has counted it
anew; after every story the recount has to find nothing: nothing oversold, nothing leaked.
"""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest
from builders import engine_of, new_account, processes
from hypothesis import HealthCheck, Phase, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule, run_state_machine_as_test

from holdfast.booking.api import (
    AlreadyCancelled,
    Booking,
    CapacityTaken,
    Change,
    ChangeNotActive,
    HoldExpired,
    StayItem,
)
from holdfast.kit.auth import Principal
from holdfast.kit.errors import HoldfastError, Invalid
from holdfast.kit.keyed import Keyed
from support.effort import campaign, rounds

NIGHTS = 6
HOLD_MINUTES = 10
HOMES = ({"units": 1}, {"units": 2}, {"units": 1, "preparation_nights": 1}, {"names": ("a", "b")})
UNITS = (("",), ("",), ("",), ("a", "b"))
CAPACITY = (1, 2, 1, 1)
PREPARATION = (0, 0, 1, 0)

shops = st.integers(0, 1)
homes = st.integers(0, len(HOMES) - 1)
firsts = st.integers(0, NIGHTS - 1)
lengths = st.integers(1, 4)

Cell = tuple[int, str, int]


def cells_of(home, unit, first, length):
    return Counter((home, unit, night) for night in range(first, first + length + PREPARATION[home]))


@dataclass(eq=False)
class Sold:
    """A booking in the model."""

    home: int
    unit: str
    first: int
    length: int
    is_over: bool = False
    revision: int = 0
    booking: Booking | None = None

    @property
    def cells(self):
        return Counter() if self.is_over else cells_of(self.home, self.unit, self.first, self.length)


@dataclass(eq=False)
class Wanted:
    """A change in the model: live while it is the newest of its booking and its clock runs."""

    sold: Sold
    unit: str
    first: int
    length: int
    fresh: Counter[Cell]
    ends: int
    revision: int
    state: str = "held"
    change: Change | None = None


@dataclass(eq=False)
class Kept:
    """A hold of somebody else."""

    cells: Counter[Cell]
    ends: int


@dataclass
class Model:
    """Everything that stands."""

    minute: int = 0
    sold: list[Sold] = field(default_factory=list)
    wanted: list[Wanted] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)

    def is_live(self, wanted):
        return wanted.state == "held" and wanted.ends > self.minute

    def taken(self, without=None):
        every = Counter()
        for sold in self.sold:
            every += sold.cells
        for wanted in self.wanted:
            if self.is_live(wanted) and wanted.sold is not without:
                every += wanted.fresh
        for kept in self.kept:
            if kept.ends > self.minute:
                every += kept.cells
        return every

    def fits(self, cells, taken):
        return all(taken[cell] + units <= CAPACITY[cell[0]] for cell, units in cells.items())

    def unit_for(self, home, first, length):
        taken = self.taken()
        return next((unit for unit in UNITS[home] if self.fits(cells_of(home, unit, first, length), taken)), None)

    def change(self, sold, first, length):
        """Return what a change would hold, or the name of why not."""
        if sold.is_over:
            return AlreadyCancelled
        if (first, length) == (sold.first, sold.length):
            return Invalid
        taken = self.taken(without=sold)
        for unit in sorted(UNITS[sold.home], key=lambda unit: unit != sold.unit):
            fresh = cells_of(sold.home, unit, first, length) - sold.cells
            if self.fits(fresh, taken):
                for older in self.wanted:
                    if older.sold is sold and self.is_live(older):
                        older.state = "released"
                ends = self.minute + HOLD_MINUTES
                made = Wanted(sold, unit, first, length, fresh, ends, sold.revision)
                self.wanted.append(made)
                return made
        return CapacityTaken

    def confirm(self, wanted):
        """Return why a change cannot be confirmed, or None."""
        sold = wanted.sold
        if wanted.state == "confirmed":
            return ChangeNotActive
        if sold.is_over:
            return AlreadyCancelled
        if wanted.state == "held" and wanted.ends <= self.minute:
            return HoldExpired
        if wanted.state != "held" or wanted.revision != sold.revision:
            return ChangeNotActive
        wanted.state = "confirmed"
        sold.unit, sold.first, sold.length = wanted.unit, wanted.first, wanted.length
        sold.revision += 1
        return None

    def cancel(self, sold):
        if sold.is_over:
            return AlreadyCancelled
        sold.is_over = True
        for wanted in self.wanted:
            if wanted.sold is sold and self.is_live(wanted):
                wanted.state = "released"
        return None


class Changing(RuleBasedStateMachine):
    """One story. The class is completed with `runner` and `houses` before it runs."""

    runner: asyncio.Runner
    houses: list[Any]

    bookings = Bundle("bookings")
    changes = Bundle("changes")

    def __init__(self):
        super().__init__()
        self.guest, self.other = new_account(), new_account()
        self.day = self.houses[0].day()
        self.ids = [self.do(self.houses[0].home(**home)) for home in HOMES]
        self.model = Model()

    def do(self, request):
        return self.runner.run(request)

    def outcome(self, request):
        async def asked():
            try:
                return await request
            except HoldfastError as refusal:
                return refusal

        return self.do(asked())

    def item(self, home, first, length):
        start = self.day.fromordinal(self.day.toordinal() + first)
        return StayItem(
            property_id=self.ids[home],
            check_in=start,
            check_out=self.day.fromordinal(start.toordinal() + length),
            guests=2,
        )

    def agreed(self, expected, answer):
        """Check that both refuse by the same name, or neither; return whether both agree to it."""
        if isinstance(expected, type):
            event(f"refused: {expected.__name__}")
            assert type(answer) is expected, f"the model says {expected.__name__}, not {answer!r}"
            return False
        assert not isinstance(answer, HoldfastError), f"the model agrees, the product says {answer!r}"
        return True

    @rule(target=bookings, shop=shops, home=homes, first=firsts, length=lengths)
    def book(self, shop, home, first, length):
        unit = self.model.unit_for(home, first, length)
        answer = self.outcome(self.houses[shop].booked(self.guest, self.item(home, first, length)))
        if not self.agreed(CapacityTaken if unit is None else None, answer):
            return multiple()
        assert answer.items[0].units == ((unit,) if unit else ())
        sold = Sold(home, unit, first, length, booking=answer)
        self.model.sold.append(sold)
        return sold

    @rule(shop=shops, home=homes, first=firsts, length=lengths)
    def somebody_holds(self, shop, home, first, length):
        unit = self.model.unit_for(home, first, length)
        answer = self.outcome(self.houses[shop].hold(self.other, self.item(home, first, length)))
        if self.agreed(CapacityTaken if unit is None else None, answer):
            cells = cells_of(home, unit, first, length)
            self.model.kept.append(Kept(cells, self.model.minute + HOLD_MINUTES))

    @rule(target=changes, shop=shops, sold=bookings, first=firsts, length=lengths)
    def change(self, shop, sold, first, length):
        expected = self.model.change(sold, first, length)
        answer = self.outcome(self.houses[shop].change(sold.booking, self.item(sold.home, first, length)))
        if not self.agreed(expected, answer):
            return multiple()
        assert answer.items[0].units == ((expected.unit,) if expected.unit else ())
        expected.change = answer
        return expected

    @rule(shop=shops, wanted=changes)
    def confirm(self, shop, wanted):
        expected = self.model.confirm(wanted)
        answer = self.outcome(self.houses[shop].confirm_change(wanted.change, wanted.sold.booking))
        if self.agreed(expected, answer):
            assert (answer.value.items, answer.value.price) == (wanted.change.items, wanted.change.price)

    @rule(shop=shops, wanted=changes)
    def let_go(self, shop, wanted):
        if wanted.state == "confirmed":
            return
        request = self.houses[shop].bookings.release_hold(account_id=self.guest, hold_id=wanted.change.hold.id)
        assert self.outcome(request) is None
        if self.model.is_live(wanted):
            wanted.state = "released"

    @rule(shop=shops, sold=bookings, by_quote=st.booleans())
    def cancel(self, shop, sold, by_quote):
        house = self.houses[shop]
        expected = self.model.cancel(sold)

        async def asked():
            if by_quote:
                return await house.accept_offer(await house.offer(sold.booking), sold.booking)
            return await house.cancel(sold.booking)

        answer = self.outcome(asked())
        if self.agreed(expected, answer):
            assert isinstance(answer, Keyed)

    @rule(minutes=st.sampled_from((1, 4, 10)))
    def time_passes(self, minutes):
        self.houses[0].wait(minutes=minutes)
        self.model.minute += minutes

    @rule(shop=shops)
    def tidy(self, shop):
        self.do(self.houses[shop].bookings.expire_holds())

    @invariant()
    def the_stock_is_what_the_model_says(self):
        if not self.ids:
            return
        self.do(self.houses[0].bookings.expire_holds())
        taken = Counter()
        for (home, _, night), units in self.model.taken().items():
            taken[home, night] += units
        for home, property_id in enumerate(self.ids):
            last = self.day.fromordinal(self.day.toordinal() + NIGHTS + 6)
            found = self.do(self.houses[1].bookings.stock(property_ids=[property_id], first=self.day, end=last))
            assert [night.taken for night in found[property_id]] == [taken[home, night] for night in range(NIGHTS + 6)]

    def teardown(self):
        self.do(self.houses[0].assert_sound())
        for sold in self.model.sold:
            principal = Principal(self.guest, "guest")
            now = self.do(self.houses[0].bookings.get_booking(principal=principal, number=sold.booking.number))
            assert (now.state == "cancelled") == sold.is_over
            [stay] = now.items
            assert (stay.check_in.toordinal() - self.day.toordinal()) == sold.first


@pytest.fixture
def runner():
    with asyncio.Runner() as own:
        yield own


def test_changes_do_what_the_model_does(migrated, runner):
    stories = {"sqlite": 12, "postgresql": 6, "mysql": 5}[engine_of(migrated)]
    opening = processes(migrated, 2, holds_most=10_000)
    houses = runner.run(opening.__aenter__())
    story = type("Story", (Changing,), {"runner": runner, "houses": houses})
    try:
        run_state_machine_as_test(
            story,
            settings=settings(
                max_examples=rounds(stories, thorough=stories * 40),
                stateful_step_count=rounds(30, thorough=60),
                deadline=None,
                phases=[each for each in Phase if campaign() or each is not Phase.shrink],
                suppress_health_check=list(HealthCheck),
            ),
        )
    finally:
        runner.run(opening.__aexit__(None, None, None))
