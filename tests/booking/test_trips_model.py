"""Trips against a model: whatever is held, booked, canceled in part or whole, let go or runs out, both agree.

The model knows three kinds of stock in the plainest way: nights of two homes, three tables with pacing, seats of two
flights. It decides itself whether a trip can be had; a trip it would serve must be served, one it would refuse must
be refused and leave nothing behind, and after every step what is taken is what the model has counted.
"""

import asyncio
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from builders import caller, engine_of, new_account, processes
from hypothesis import HealthCheck, Phase, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule, run_state_machine_as_test
from trip_builder import DINNER, TABLES, Travel, fares

from holdfast.booking import models
from holdfast.booking.api import (
    AlreadyCancelled,
    Booking,
    CapacityTaken,
    Hold,
    HoldExpired,
    PaymentTerms,
)
from holdfast.kit.errors import HoldfastError
from support.effort import campaign, rounds

HOLD_MINUTES = 10
HOMES = 2
SEATS = (3, 2)
COVERS = 6
SEATS_OF = {"1": 2, "2": 2, "3": 4}
TIMES = ("18:00", "19:00", "19:30")
TURN_SLOTS = {1: 6, 2: 6, 3: 8, 4: 8}
"""Quarters of an hour a party keeps its table."""
PAID = PaymentTerms(method="card", status="pending", payment_id="payment_1")

shops = st.integers(0, 1)
stays = st.tuples(st.just("stay"), st.integers(0, HOMES - 1), st.integers(0, 2), st.integers(1, 2))
tables = st.tuples(st.just("table"), st.integers(1, 4), st.sampled_from(TIMES))
flights = st.tuples(st.just("flight"), st.sampled_from(((0,), (1,), (0, 1))), st.integers(1, 2))
trips = st.lists(st.one_of(stays, tables, flights), min_size=1, max_size=4)


def arrival(at):
    hours, minutes = at.split(":")
    return int(hours) * 4 + int(minutes) // 15


def parts_of(wish):
    """Return the ways to have what is wished for, in order of preference, each as cells of the model.

    Raises:
        AssertionError: It is a wish of no kind.
    """
    match wish:
        case ("stay", home, first, nights):
            return [Counter(("stay", home, night) for night in range(first, first + nights))]
        case ("flight", legs, adults):
            return [Counter({("flight", leg): adults for leg in legs})]
        case ("table", party, at):
            slot = arrival(at)
            paced = Counter({("covers", slot): party})
            fit = sorted(code for code, seats in SEATS_OF.items() if low(code) <= party <= seats)
            single = sorted(fit, key=lambda code: (SEATS_OF[code], code))
            ways = [(code,) for code in single] + ([("1", "2")] if 3 <= party <= 4 else [])
            return [
                paced + Counter(("table", code, each) for code in way for each in range(slot, slot + TURN_SLOTS[party]))
                for way in ways
            ]
    raise AssertionError(wish)


def low(code):
    return 1 if code in {"1", "2"} else 2


def capacity(cell):
    return {"stay": 1, "table": 1, "covers": COVERS, "flight": None}[cell[0]] or SEATS[cell[1]]


@dataclass(eq=False)
class Part:
    """One item of a trip, with what it took."""

    wish: tuple[Any, ...]
    cells: Counter[Any]


@dataclass(eq=False)
class Trip:
    """A trip in the model."""

    parts: list[Part]
    ends: int
    state: str = "held"
    hold: Hold | None = None
    booking: Booking | None = None


@dataclass
class Model:
    """Everything that stands."""

    minute: int = 0
    trips: list[Trip] = field(default_factory=list)

    def stands(self, trip):
        return trip.state == "confirmed" or (trip.state == "held" and trip.ends > self.minute)

    def taken(self):
        every = Counter()
        for trip in self.trips:
            if self.stands(trip):
                for part in trip.parts:
                    every += part.cells
        return every

    def place(self, wishes):
        """Return a trip if every part can be had in some way, trying all of them; else nothing."""
        parts = self._placed(wishes, self.taken())
        return None if parts is None else Trip(parts, self.minute + HOLD_MINUTES)

    def _placed(self, wishes, taken):
        if not wishes:
            return []
        for way in parts_of(wishes[0]):
            after = taken + way
            if all(after[cell] <= capacity(cell) for cell in way):
                rest = self._placed(wishes[1:], after)
                if rest is not None:
                    return [Part(wishes[0], way), *rest]
        return None


class Traveling(RuleBasedStateMachine):
    """One story. The class is completed with `runner` and `houses` before it runs."""

    runner: asyncio.Runner
    houses: list[Any]

    held = Bundle("held")
    booked = Bundle("booked")

    def __init__(self):
        super().__init__()
        self.guest = new_account()
        self.model = Model()
        self.travel = Travel(self.houses[0])
        self.homes = [self.do(self.houses[0].home()) for _ in range(HOMES)]
        paced = replace(DINNER, covers_per_slot=COVERS, parties_per_slot=None, present_max=None)
        self.restaurant = self.do(self.travel.restaurant(services=(paced,), tables=TABLES[:3]))
        ends = [("AAA", "BBB", "08:00"), ("BBB", "CCC", "14:00")]
        self.flights = [
            self.do(self.travel.flight(*end, seats=seats, fares=fares(("Y", seats, 10_000))))
            for end, seats in zip(ends, SEATS, strict=True)
        ]

    def do(self, request):
        return self.runner.run(request)

    def outcome(self, request):
        async def asked():
            try:
                return await request
            except HoldfastError as refusal:
                return refusal

        return self.do(asked())

    def item(self, wish):
        match wish:
            case ("stay", home, first, nights):
                return self.houses[0].stay(self.homes[home], first, nights)
            case ("table", party, at):
                return self.travel.table(self.restaurant, party, at)
            case ("flight", legs, adults):
                return self.travel.seat(*[self.flights[leg] for leg in legs], adults=adults, again=True)
        raise AssertionError(wish)

    def agreed(self, expected, answer):
        """Check that both refuse by the same name, or neither; return whether both agree to it."""
        if expected is not None:
            event(f"refused: {expected.__name__}")
            assert type(answer) is expected, f"the model says {expected.__name__}, not {answer!r}"
            return False
        assert not isinstance(answer, HoldfastError), f"the model agrees, the product says {answer!r}"
        return True

    @rule(target=held, shop=shops, wishes=trips)
    def hold(self, shop, wishes):
        homes = [
            (wish[1], night) for wish in wishes if wish[0] == "stay" for night in range(wish[2], wish[2] + wish[3])
        ]
        if len(homes) > len(set(homes)):
            return multiple()  # asking twice for a night is a mistake, not a matter of stock
        trip = self.model.place(wishes)
        answer = self.outcome(self.houses[shop].hold(self.guest, *map(self.item, wishes)))
        if not self.agreed(CapacityTaken if trip is None else None, answer):
            return multiple()
        for part, item in zip(trip.parts, answer.items, strict=True):
            if part.wish[0] == "table":
                # Which table it is is the product's choice among those that are free; the model takes it over.
                slot, party = arrival(part.wish[2]), part.wish[1]
                assert sum(SEATS_OF[code] for code in item.tables) >= party
                cells = {
                    ("table", code, each) for code in item.tables for each in range(slot, slot + TURN_SLOTS[party])
                }
                part.cells = Counter({("covers", slot): party}) + Counter(cells)
        trip.hold = answer
        self.model.trips.append(trip)
        return trip

    @rule(target=booked, shop=shops, trip=held)
    def confirm(self, shop, trip):
        if trip.state != "held":
            return multiple()
        request = self.houses[shop].bookings.confirm(
            caller=caller(self.guest, route="POST /v1/bookings"),
            hold_id=trip.hold.id,
            hold_token=trip.hold.token,
            payment=PAID,
        )
        answer = self.outcome(request)
        if not self.agreed(None if self.model.stands(trip) else HoldExpired, answer):
            return multiple()
        trip.state, trip.booking = "confirmed", answer.value
        assert (answer.value.items, answer.value.price) == (trip.hold.items, trip.hold.price)
        return trip

    @rule(shop=shops, trip=held)
    def let_go(self, shop, trip):
        if trip.state == "confirmed":
            return
        request = self.houses[shop].bookings.release_hold(account_id=self.guest, hold_id=trip.hold.id)
        assert self.outcome(request) is None
        if self.model.stands(trip):
            trip.state = "released"

    @rule(shop=shops, trip=booked, which=st.integers(0, 3), whole=st.booleans())
    def cancel(self, shop, trip, which, whole):
        house = self.houses[shop]
        places = () if whole or len(trip.parts) == 1 else (which % len(trip.parts),)

        async def asked():
            return (await house.accept_offer(await house.offer(trip.booking, *places), trip.booking)).value

        over = trip.state == "canceled"
        answer = self.outcome(asked())
        if not self.agreed(AlreadyCancelled if over else None, answer):
            return
        if places:
            del trip.parts[places[0]]
        else:
            trip.state = "canceled"
        trip.booking = answer

    @rule(minutes=st.sampled_from((1, 4, 10)))
    def time_passes(self, minutes):
        self.houses[0].wait(minutes=minutes)
        self.model.minute += minutes

    @rule(shop=shops)
    def tidy(self, shop):
        self.do(self.houses[shop].bookings.expire_holds())

    @invariant()
    def the_stock_is_what_the_model_says(self):
        self.do(self.houses[0].bookings.expire_holds())
        taken = self.model.taken()
        assert all(units <= capacity(cell) for cell, units in taken.items())
        found = {
            (row.resource_id, row.slot): row.taken for row in self.do(self.houses[1].rows(models.cell)) if row.taken
        }
        assert self.of(found, "stay:") == self.count(taken, "stay")
        assert self.of(found, "table:") == self.count(taken, "table", "covers")
        assert self.of(found, "flight:") == self.count(taken, "flight") * 2  # the seats, and the fare they were sold at

    def of(self, found, kind):
        mine = {
            "stay:": {f"stay:{each}" for each in self.homes},
            "table:": {
                *(f"table:{self.restaurant}:t:{code}" for code in SEATS_OF),
                f"table:{self.restaurant}:covers:dinner",
            },
            "flight:": {f"flight:{each}:{what}" for each in self.flights for what in ("economy", "economy:Y")},
        }[kind]
        return sum(units for (resource, _), units in found.items() if resource in mine)

    def count(self, taken, *kinds):
        return sum(units for cell, units in taken.items() if cell[0] in kinds)

    def teardown(self):
        self.do(self.houses[0].assert_sound())


@pytest.fixture
def runner():
    with asyncio.Runner() as own:
        yield own


def test_trips_do_what_the_model_does(migrated, runner):
    stories = {"sqlite": 10, "postgresql": 5, "mysql": 4}[engine_of(migrated)]
    opening = processes(migrated, 2, holds_most=10_000)
    houses = runner.run(opening.__aenter__())
    story = type("Story", (Traveling,), {"runner": runner, "houses": houses})
    try:
        run_state_machine_as_test(
            story,
            settings=settings(
                max_examples=rounds(stories, thorough=stories * 40),
                stateful_step_count=rounds(25, thorough=60),
                deadline=None,
                phases=[each for each in Phase if campaign() or each is not Phase.shrink],
                suppress_health_check=list(HealthCheck),
            ),
        )
    finally:
        runner.run(opening.__aexit__(None, None, None))
