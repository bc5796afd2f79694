"""Two processes over one database against the model: whatever is asked in whatever order, both say the same.

Hypothesis makes up the story and tells where the two differ; in a campaign it looks for the shortest story that shows
it, which takes minutes. After every step the stock of every night and the state of every hold are compared; after every
story the recount has to find nothing.
"""

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest
from builders import caller, engine_of, new_account, new_key, processes
from hypothesis import HealthCheck, Phase, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule, run_state_machine_as_test
from model import DECIDE_MINUTES, HOLD_MINUTES, HOLD_MINUTES_MOST, HOLDS_MOST, Home, Model, Standing, Stay

from holdfast.booking.api import Booking, Hold, HoldQuotaExceeded, HoldState, PaymentTerms, Quote, StayItem
from holdfast.kit.auth import Principal
from holdfast.kit.errors import HoldfastError
from holdfast.kit.keyed import Keyed
from support.effort import campaign, rounds
from support.principals import principal_of

NIGHTS = 6
ADMIN = principal_of(1, "admin")
SINGLE, POOL, PREPARED, NAMED, ASKING = range(5)
HOMES = (
    {"units": 1},
    {"units": 3},
    {"units": 2, "preparation_nights": 1},
    {"names": ("a", "b")},
    {"units": 1, "instant": False},
)

shops = st.integers(0, 1)
guests = st.integers(0, 1)
homes = st.integers(0, len(HOMES) - 1)
firsts = st.integers(0, NIGHTS - 1)
lengths = st.integers(1, 3)


@dataclass(frozen=True)
class Quoted:
    guest: int
    quote: Quote
    stays: tuple[Stay, ...]
    minute: int


@dataclass(frozen=True, eq=False)
class Held:
    guest: int
    hold: Hold
    standing: Standing


@dataclass(frozen=True, eq=False)
class Booked:
    booking: Booking
    standing: Standing


class Selling(RuleBasedStateMachine):
    """One story. The class is completed with `runner` and `houses` before it runs."""

    runner: asyncio.Runner
    houses: list[Any]

    quotes = Bundle("quotes")
    holds = Bundle("holds")
    bookings = Bundle("bookings")
    blocks = Bundle("blocks")
    asked = Bundle("asked")

    def __init__(self):
        super().__init__()
        self.guests = [new_account() for _ in range(2)]
        self.day = self.houses[0].day()
        self.ids = [self.do(self.houses[0].home(**home)) for home in HOMES]
        self.model = Model(
            [Home(1), Home(3), Home(2, preparation=1), Home(2, names=("a", "b")), Home(1, asks=True)],
        )
        self.known: dict[str, Standing] = {}
        self.booked: dict[int, Standing] = {}

    def do(self, request):
        return self.runner.run(request)

    async def outcome(self, request):
        try:
            return await request
        except HoldfastError as refusal:
            return refusal

    def try_(self, request):
        return self.do(self.outcome(request))

    def item(self, stay):
        first = self.day.toordinal()
        return StayItem(
            property_id=self.ids[stay.home],
            check_in=self.day.fromordinal(first + stay.first),
            check_out=self.day.fromordinal(first + stay.end),
            guests=1,
        )

    def agrees(self, expected, answer):
        """Check that both refuse by the same name, or neither; return whether both agree to it."""
        if isinstance(expected, type):
            event(f"refused: {expected.__name__}")
            assert type(answer) is expected, f"the model says {expected.__name__}, not {answer!r}"
            return False
        assert not isinstance(answer, BaseException), f"the model says yes, not {answer!r}"
        return True

    # ---------------------------------------------------------------------------------------------------------- guests

    @rule(target=quotes, guest=guests, home=homes, first=firsts, length=lengths)
    def quote(self, guest, home, first, length):
        return self.quoted(guest, Stay(home, first, first + length))

    @rule(target=quotes, guest=guests, one=homes, another=homes, first=firsts, length=lengths)
    def quote_a_trip(self, guest, one, another, first, length):
        start = first + length if one == another else first
        return self.quoted(guest, Stay(one, first, first + length), Stay(another, start, start + 1))

    def quoted(self, guest, *stays):
        quote = self.do(self.houses[0].quote(self.guests[guest], *[self.item(stay) for stay in stays]))
        return Quoted(guest, quote, stays, self.model.minute)

    @rule(target=asked, shop=shops, wish=quotes)
    def ask_for_a_hold(self, shop, wish):
        """Hold, and remember the request, to send it again."""
        call = caller(self.guests[wish.guest], new_key())

        def ask(at):
            return self.houses[at].bookings.place_hold(caller=call, quote_id=wish.quote.id)

        first = self.try_(ask(shop))
        self.placed(wish, self.model.hold(wish.guest, wish.stays, wish.minute), first)
        return multiple() if isinstance(first, HoldQuotaExceeded) else (ask, first)

    @rule(target=holds, shop=shops, wish=quotes)
    def hold(self, shop, wish):
        call = caller(self.guests[wish.guest])
        answer = self.try_(self.houses[shop].bookings.place_hold(caller=call, quote_id=wish.quote.id))
        return self.placed(wish, self.model.hold(wish.guest, wish.stays, wish.minute), answer)

    def placed(self, wish, expected, answer):
        if not self.agrees(expected, answer):
            return multiple()
        hold = answer.value
        assert hold.price == wish.quote.price
        self.known[hold.id] = expected
        return Held(wish.guest, hold, expected)

    @rule(target=holds, shop=shops, home=homes, first=firsts, length=lengths, number=st.integers(2, 5))
    def hold_at_once(self, shop, home, first, length, number):
        """Several people ask together: they are served in order of arrival, in one batch."""
        stay, house = Stay(home, first, first + length), self.houses[shop]
        people = [new_account() for _ in range(number)]

        async def rush():
            wanted = [await house.quote(each, self.item(stay)) for each in people]
            place = house.bookings.place_hold
            return await asyncio.gather(
                *[
                    self.outcome(place(caller=caller(who), quote_id=quote.id))
                    for who, quote in zip(people, wanted, strict=True)
                ]
            )

        for who, answer in zip(people, self.do(rush()), strict=True):
            expected = self.model.hold(who, [stay], self.model.minute)
            if self.agrees(expected, answer):
                self.known[answer.value.id] = expected
        return multiple()

    def extension(self, shop, held):
        call = caller(self.guests[held.guest], route="extend")
        return self.houses[shop].bookings.extend_hold(caller=call, hold_id=held.hold.id)

    def release(self, shop, held):
        return self.houses[shop].bookings.release_hold(account_id=self.guests[held.guest], hold_id=held.hold.id)

    def confirmation(self, shop, held):
        return self.houses[shop].confirm(held.hold, self.guests[held.guest])

    @rule(shop=shops, held=holds)
    def extend(self, shop, held):
        self.agrees(self.model.extend(held.standing), self.try_(self.extension(shop, held)))

    @rule(shop=shops, held=holds)
    def let_go(self, shop, held):
        self.agrees(self.model.release(held.standing), self.try_(self.release(shop, held)))

    @rule(target=bookings, shop=shops, held=holds)
    def confirm(self, shop, held):
        answer = self.try_(self.confirmation(shop, held))
        return self.confirmed(held, self.model.confirm(held.standing), answer)

    def confirmed(self, held, expected, answer):
        if not self.agrees(expected, answer):
            return multiple()
        booking = answer.value
        assert (booking.price, booking.hold_id) == (held.hold.price, held.hold.id)
        self.booked[booking.number] = held.standing
        return Booked(booking, held.standing)

    @rule(target=bookings, shop=shops, held=holds)
    def pay_late(self, shop, held):
        """A payment that nobody waits for any more: the hold may live, have run out, or be anything else."""
        payment = PaymentTerms(method="card", status="pending", payment_id=f"pay_{held.hold.id}")
        answer = self.try_(self.houses[shop].bookings.book_late(hold_id=held.hold.id, payment=payment))
        expected = self.model.book_late(held.standing)
        if not self.agrees(expected, answer):
            return multiple()
        assert (answer.price, answer.payment_id) == (held.hold.price, payment.payment_id)
        again = answer.number in self.booked
        self.known[answer.hold_id] = self.booked[answer.number] = expected
        return multiple() if again else Booked(answer, expected)

    @rule(shop=shops, booked=bookings, accept=st.booleans())
    def decide(self, shop, booked, accept):
        house = self.houses[shop]
        answer = self.try_(
            house.bookings.decide(
                caller=caller(house.owner.account_id, route="decide"),
                owner=house.owner,
                number=booked.booking.number,
                accept=accept,
            )
        )
        self.agrees(self.model.decide(booked.standing, accept=accept), answer)

    @rule(shop=shops, held=holds)
    def wait_for_payment(self, shop, held):
        standing = held.standing
        live = self.model.state(standing) is HoldState.HELD and not standing.requested
        answer = self.do(self.houses[shop].bookings.wait_for_payment(hold_id=held.hold.id))
        if live and not standing.waited:
            standing.waited = True
            last = standing.placed + HOLD_MINUTES_MOST
            standing.ends = max(standing.ends, min(self.model.minute + HOLD_MINUTES, last))
        assert answer.state is self.model.state(standing)

    @rule(target=bookings, shop=shops, held=holds, verbs=st.lists(st.sampled_from("ecr"), min_size=2, max_size=3))
    def settle_at_once(self, shop, held, verbs):
        """Several requests about one hold in one batch."""
        real = {"e": self.extension, "c": self.confirmation, "r": self.release}
        ideal = {"e": self.model.extend, "c": self.model.confirm, "r": self.model.release}

        async def rush():
            return await asyncio.gather(*[self.outcome(real[verb](shop, held)) for verb in verbs])

        made = multiple()
        for verb, answer in zip(verbs, self.do(rush()), strict=True):
            expected = ideal[verb](held.standing)
            if verb == "c" and expected is None:
                made = self.confirmed(held, expected, answer)
            else:
                self.agrees(expected, answer)
        return made

    @rule(target=bookings, shop=shops, guest=guests, home=homes, first=firsts, length=lengths)
    def book(self, shop, guest, home, first, length):
        stay = Stay(home, first, first + length)
        answer = self.try_(self.houses[shop].book(self.guests[guest], self.item(stay)))
        expected = self.model.book(guest, stay)
        if not self.agrees(expected, answer):
            return multiple()
        self.known[answer.value.hold_id] = self.booked[answer.value.number] = expected
        return Booked(answer.value, expected)

    @rule(shop=shops, booked=bookings, by_owner=st.booleans())
    def cancel(self, shop, booked, by_owner):
        house = self.houses[shop]
        who = house.owner if by_owner else Principal(booked.booking.account_id, "guest")
        answer = self.try_(house.cancel(booked.booking, who))
        if self.agrees(self.model.cancel(booked.standing), answer):
            assert answer.value.refund_minor == booked.booking.price.total_minor

    @rule(shop=shops, request=asked)
    def ask_again(self, shop, request):
        ask, first = request
        again = self.try_(ask(shop))
        if isinstance(first, Keyed):
            assert again == Keyed(value=first.value, replayed=True)
        else:
            assert (type(again), again.extra, again.replayed) == (type(first), first.extra, True)

    # ---------------------------------------------------------------------------------------------------------- owners

    @rule(target=blocks, shop=shops, home=homes, first=firsts, length=lengths, quantity=st.integers(1, 2))
    def block(self, shop, home, first, length, quantity):
        house = self.houses[shop]
        item = self.item(Stay(home, first, first + length))
        answer = self.try_(
            house.bookings.block(
                caller=caller(house.owner.account_id),
                owner=house.owner,
                property_id=item.property_id,
                nights=(item.check_in, item.check_out),
                quantity=quantity,
                note="",
            )
        )
        expected = self.model.block(Stay(home, first, first + length), quantity)
        if not self.agrees(expected, answer):
            return multiple()
        self.known[answer.value.id] = expected
        return answer.value.id

    @rule(shop=shops, block=blocks)
    def unblock(self, shop, block):
        house = self.houses[shop]
        self.do(house.bookings.unblock(owner=house.owner, block_id=block))
        self.model.unblock(self.known[block])

    @rule(shop=shops, home=st.sampled_from([SINGLE, POOL, PREPARED]), units=st.integers(0, 4))
    def resize(self, shop, home, units):
        house = self.houses[shop]
        answer = self.try_(house.bookings.resize(owner=house.owner, property_id=self.ids[home], units=units))
        self.agrees(self.model.resize(home, units), answer)

    @rule(
        shop=shops,
        home=st.sampled_from([SINGLE, POOL, PREPARED]),
        first=firsts,
        length=lengths,
        capacity=st.integers(0, 4),
    )
    def give_nights_a_capacity(self, shop, home, first, length, capacity):
        stay = Stay(home, first, first + length)
        answer = self.try_(self.set_nights(shop, stay, capacity=capacity))
        self.agrees(self.model.set_capacity(stay, capacity), answer)

    @rule(shop=shops, home=homes, first=firsts, length=lengths, closed=st.booleans())
    def close_or_open_nights(self, shop, home, first, length, closed):
        stay = Stay(home, first, first + length)
        self.do(self.set_nights(shop, stay, closed=closed))
        self.model.set_closed(stay, closed=closed)

    def set_nights(self, shop, stay, *, capacity=None, closed=None):
        house, item = self.houses[shop], self.item(stay)
        return house.bookings.set_night_stock(
            owner=house.owner,
            property_id=item.property_id,
            first=item.check_in,
            end=item.check_out,
            capacity=capacity,
            closed=closed,
        )

    # ------------------------------------------------------------------------------------------------------------ time

    @rule(minutes=st.sampled_from([1, 4, 5, 9, 10, 16, 25]))
    def wait(self, minutes):
        self.houses[0].wait(minutes=minutes)
        self.model.minute += minutes

    @rule(shop=shops)
    def sweep(self, shop):
        self.do(self.houses[shop].bookings.expire_holds())

    # ------------------------------------------------------------------------------------------------------ to compare

    @invariant()
    def states_agree(self):
        rows = self.do(self.houses[0].holds(self.known))
        assert rows.keys() == self.known.keys()
        self.untidied = []
        for hold_id, row in rows.items():
            ideal = self.model.state(self.known[hold_id])
            if ideal is HoldState.EXPIRED and row.state is HoldState.HELD:
                self.untidied.append(row)
            else:
                assert row.state is ideal, hold_id

    @invariant()
    def bookings_agree(self):
        for number, standing in self.booked.items():
            found = self.do(self.houses[1].bookings.get_booking(principal=ADMIN, number=number))
            assert found.state is self.model.booked_as(standing), number

    @invariant()
    def stock_agrees(self):
        taken, first = self.model.taken(), self.day.toordinal()
        last = self.day.fromordinal(first + NIGHTS + 5)
        found = self.do(self.houses[1].bookings.stock(property_ids=self.ids, first=self.day, end=last))
        late: dict[tuple[int, int], int] = {}
        for row in self.untidied:
            for resource, start, end, quantity, *_ in row.spans:
                for slot in range(start, end):
                    key = int(resource.split(":")[1]), slot
                    late[key] = late.get(key, 0) + quantity
        zero = self.houses[0].slot_of(self.day)
        for place, home in enumerate(self.model.homes):
            for night, stock in enumerate(found[self.ids[place]]):
                expected = sum(units for cell, units in taken.items() if (cell[0], cell[2]) == (place, night))
                total = len(home.names) or home.capacity(night)
                counted = stock.taken - late.get((self.ids[place], zero + night), 0)
                assert (stock.capacity, stock.closed) == (total, night in home.closed), (place, night)
                assert counted == expected, (place, night)
        self.full_nights_agree(found, last)

    def full_nights_agree(self, found, last):
        spans = [(each, self.day, last) for each in self.ids]
        full = self.do(self.houses[0].bookings.nights_taken(spans=spans))
        assert full == {each: {stock.night for stock in found[each] if not stock.free} for each in self.ids}

    def teardown(self):
        self.do(self.houses[0].assert_sound())


@pytest.fixture
def runner():
    with asyncio.Runner() as own:
        yield own


def test_booking_does_what_the_model_does(migrated, runner):
    stories = {"sqlite": 30, "postgresql": 15, "mysql": 10}[engine_of(migrated)]
    opening = processes(migrated, 2, holds_most=HOLDS_MOST, decide_within_s=DECIDE_MINUTES * 60)
    houses = runner.run(opening.__aenter__())
    for house in houses:  # from its first booking on, a process answers in the order of asking
        runner.run(house.book(new_account(), house.stay(runner.run(house.home()))))
    story = type("Story", (Selling,), {"runner": runner, "houses": houses})
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
