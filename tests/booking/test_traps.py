"""The traps of taking stock, each of which was met once: how cells, locks, keys and clocks go wrong.

Method: the smallest situation that shows the trap. Where transactions have to meet, one of them is kept open by hand,
so that nothing depends on luck; where only chance brings them together, there are many rounds.
"""

import asyncio
import random
import sqlite3
from collections import Counter
from datetime import timedelta

import pytest
from builders import (
    StillClock,
    caller,
    engine_of,
    held_open,
    new_account,
    opened,
    processes,
    run_sql,
    somebody_waits,
    with_tables,
)
from sqlalchemy import text

from holdfast.booking import models
from holdfast.booking.api import (
    AlreadyCancelled,
    AlreadyConfirmed,
    CapacityTaken,
    ExtensionLimit,
    HoldExpired,
    HoldNotActive,
    HoldQuotaExceeded,
    HoldState,
    Keyed,
)
from holdfast.booking.models import ClaimReason
from holdfast.booking.store import sales, stock
from holdfast.booking.store.changes import Changes
from holdfast.engine.claims import Span
from holdfast.kit.clock import Clock
from holdfast.kit.db.opening import open_database
from holdfast.kit.db.statements import statement
from holdfast.kit.db.types import Text, Whole
from holdfast.kit.errors import DatabaseUnavailable
from support.effort import rounds
from support.polling import eventually

# Every example here leaves a sound database behind: fixture `house` recounts.


async def outcomes(*requests):
    """Ask all at once; answers and refusals in order of asking."""
    return await asyncio.gather(*requests, return_exceptions=True)


def value(answer):
    assert isinstance(answer, Keyed), repr(answer)
    return answer.value


class TestTwoOrdersForOneHoldInOneBatch:
    """An UPDATE that finds two rows for one hold takes one of them, and no engine says which."""

    async def extended_and(self, house, guest, finish):
        hold = await house.hold(guest, house.stay(await house.home()))
        house.wait(minutes=5)
        extension = house.bookings.extend_hold(caller=caller(guest, route="extend"), hold_id=hold.id)
        extended, finished = await outcomes(extension, finish(hold))
        assert value(extended).expires_at > hold.expires_at
        [row] = await house.rows(models.hold, id=hold.id)
        assert row.expires_at == value(extended).expires_at
        return row, finished

    async def test_extended_and_released(self, house, guest):
        row, finished = await self.extended_and(
            house, guest, lambda hold: house.bookings.release_hold(account_id=guest, hold_id=hold.id)
        )
        assert (row.state, finished) == (HoldState.RELEASED, None)

    async def test_extended_and_confirmed(self, house, guest):
        row, finished = await self.extended_and(house, guest, lambda hold: house.confirm(hold, guest))
        assert (row.state, value(finished).hold_id) == (HoldState.CONFIRMED, row.id)

    async def test_extended_twice(self, house, guest):
        hold = await house.hold(guest, house.stay(await house.home()))
        house.wait(minutes=5)
        extend = house.bookings.extend_hold
        first, second = await outcomes(
            *[extend(caller=caller(guest, route="extend"), hold_id=hold.id) for _ in range(2)]
        )
        [row] = await house.rows(models.hold, id=hold.id)
        assert isinstance(second, ExtensionLimit)  # no time has passed since the first
        assert row.expires_at == value(first).expires_at

    async def test_confirmed_twice(self, house, guest):
        hold = await house.hold(guest, house.stay(await house.home()))
        first, second = await outcomes(house.confirm(hold, guest), house.confirm(hold, guest))
        assert isinstance(second, AlreadyConfirmed)
        assert second.extra == {"reference": value(first).reference}

    async def test_confirmed_and_released(self, house, guest):
        await house.booked(guest, house.stay(await house.home()))  # from then on a process knows its booking numbers
        hold = await house.hold(guest, house.stay(await house.home()))
        release = house.bookings.release_hold(account_id=guest, hold_id=hold.id)
        confirmed, released = await outcomes(house.confirm(hold, guest), release)
        assert isinstance(released, AlreadyConfirmed)
        assert value(confirmed).hold_id == hold.id

    async def test_released_and_confirmed(self, house, guest):
        home = await house.home()
        hold = await house.hold(guest, house.stay(home))
        release = house.bookings.release_hold(account_id=guest, hold_id=hold.id)
        released, confirmed = await outcomes(release, house.confirm(hold, guest))
        assert released is None
        assert isinstance(confirmed, HoldNotActive)
        assert await house.taken(home) == [0]

    async def test_cancelled_twice(self, house, guest):
        home = await house.home()
        booking = await house.booked(guest, house.stay(home))
        first, second = await outcomes(house.cancel(booking), house.cancel(booking))
        assert value(first).refund_minor == booking.price.total_minor
        assert isinstance(second, AlreadyCancelled)
        assert await house.taken(home) == [0]


class Repeating:
    """Hands out a number that is taken, then goes on as `numbers` would."""

    def __init__(self, taken, numbers):
        self._left, self._numbers = [taken], numbers

    def new(self):
        return self._left.pop() if self._left else self._numbers.new()


class Moody:
    """A database that does not take transactions that read first, while it is told not to."""

    def __init__(self, db):
        self._db = db
        self.unwilling = False

    def __getattr__(self, name):
        return getattr(self._db, name)

    async def write(self, work):
        if self.unwilling:
            raise DatabaseUnavailable(retry_after_s=1)
        return await self._db.write(work)


class TestOneOrderOfABatch:
    """A batch is one transaction, but nobody in it fails for another's fault."""

    async def test_whose_number_is_taken_fails_nobody(self, house, guest, other):
        home = await house.home(units=9)
        taken = await house.booked(guest, house.stay(home))
        confirmed, extended, released = [await house.hold(who, house.stay(home)) for who in (guest, other, other)]
        house.wait(minutes=2)
        house.bookings._numbers = Repeating(taken.number, house.bookings._numbers)
        answers = await outcomes(
            house.bookings.extend_hold(caller=caller(other, route="extend"), hold_id=extended.id),
            house.confirm(confirmed, guest),
            house.bookings.release_hold(account_id=other, hold_id=released.id),
        )
        assert value(answers[0]).expires_at > extended.expires_at
        assert value(answers[1]).number > taken.number
        assert answers[2] is None
        assert await house.taken(home) == [3]

    async def test_booked_at_once_whose_number_is_taken_fails_nobody(self, house, guest, other):
        home = await house.home(units=9)
        taken = await house.booked(guest, house.stay(home))
        quotes = [await house.quote(other, house.stay(home)) for _ in range(3)]
        house.bookings._numbers = Repeating(taken.number, house.bookings._numbers)
        place = house.bookings.place_hold
        answers = await outcomes(
            house.book(guest, house.stay(home)), *[place(caller=caller(other), quote_id=quote.id) for quote in quotes]
        )
        assert value(answers[0]).number > taken.number
        assert len({value(each).id for each in answers[1:]}) == 3
        assert await house.taken(home) == [5]

    async def test_that_meets_a_failing_database_says_nothing_of_those_before_it(self, house, guest):
        moody = Moody(house.db)
        shop = type(house)(db=moody, clock=house.clock)
        hot, cold = await shop.home(), await shop.home()
        await shop.book(guest, shop.stay(hot))
        with pytest.raises(CapacityTaken):
            await shop.book(guest, shop.stay(hot))
        moody.unwilling = True  # what is hot is read first
        refused, booked = await outcomes(shop.book(guest, shop.stay(hot, 1)), shop.book(guest, shop.stay(cold)))
        moody.unwilling = False
        assert isinstance(refused, DatabaseUnavailable)
        assert value(booked).account_id == guest
        assert (await shop.taken(hot, 1), await shop.taken(cold)) == ([0], [1])
        await shop.close()

    async def test_that_finds_no_stock_uses_up_no_quota(self, migrated, guest, other):
        async with opened(migrated, holds_most=2) as house:
            full, free = await house.home(), await house.home(units=5)
            await house.hold(other, house.stay(full))
            await house.hold(guest, house.stay(free))
            wanted = [await house.quote(guest, house.stay(home)) for home in (full, free, free)]
            place = house.bookings.place_hold
            refused, held, limited = await outcomes(
                *[place(caller=caller(guest), quote_id=quote.id) for quote in wanted]
            )
            assert isinstance(refused, CapacityTaken)
            assert value(held).state is HoldState.HELD
            assert isinstance(limited, HoldQuotaExceeded)
            await house.assert_sound()


class TestABatch:
    async def test_of_one_leaves_what_a_batch_of_many_leaves(self, house):
        def seen(rows, hide):
            return [{name: value for name, value in row._asdict().items() if name not in hide} for row in rows]

        home = await house.home(units=40)
        alone, *together = [new_account() for _ in range(9)]
        quotes = {each: await house.quote(each, house.stay(home, 0, 2)) for each in (alone, *together)}
        told = len(await house.told())

        def place(who):
            return house.bookings.place_hold(caller=caller(who), quote_id=quotes[who].id)

        await place(alone)
        [one] = (await house.told())[told:]
        answers = await outcomes(*[place(who) for who in together])
        assert (await house.told())[told + 1 :] == [one]  # it says where to look: once is enough
        hidden = {"id", "quote_id", "account_id", "created_at", "expires_at", "extendable_until"}
        [first] = seen(await house.rows(models.hold, account_id=alone), hidden)
        for who, answer in zip(together, answers, strict=True):
            assert seen(await house.rows(models.hold, account_id=who), hidden) == [first]
            [entry] = await house.rows(models.claim, hold_id=value(answer).id)
            assert (entry.quantity, entry.end_slot - entry.first_slot, entry.reason) == (1, 2, ClaimReason.HELD)
        assert await house.taken(home, 0, 3) == [9, 9, 0]

    async def test_decides_in_order_of_arrival(self, house):
        home = await house.home(units=3)
        guests = [new_account() for _ in range(8)]
        quotes = [await house.quote(each, house.stay(home)) for each in guests]
        place = house.bookings.place_hold
        answers = await outcomes(
            *[place(caller=caller(who), quote_id=quote.id) for who, quote in zip(guests, quotes, strict=True)]
        )
        assert [type(each) for each in answers] == [Keyed] * 3 + [CapacityTaken] * 5

    async def test_with_too_much_for_the_stock_gives_all_there_is(self, house):
        home = await house.home(units=2)
        await house.set_nights(home, 1, capacity=3)
        stays = [house.stay(home, 0, 2), house.stay(home, 1, 1), house.stay(home, 0, 2), house.stay(home, 1, 1)]
        guests = [new_account() for _ in stays]
        quotes = [await house.quote(guest, each) for guest, each in zip(guests, stays, strict=True)]
        place = house.bookings.place_hold
        answers = await outcomes(
            *[place(caller=caller(guest), quote_id=quote.id) for guest, quote in zip(guests, quotes, strict=True)]
        )
        assert [type(each) for each in answers] == [Keyed, Keyed, Keyed, CapacityTaken]
        assert await house.taken(home, 0, 2) == [2, 3]


class TestTheCheck:
    """It sees the row that is proposed before the row that is there."""

    async def test_lets_a_night_above_the_ordinary_be_sold_in_the_first_claim(self, house, guest):
        home = await house.home(units=1)
        await house.set_nights(home, capacity=4)
        await house.block(home, quantity=3)
        await house.block(home)
        with pytest.raises(CapacityTaken):
            await house.hold(guest, house.stay(home))
        assert [(night.taken, night.capacity) for night in await house.nights(home)] == [(4, 4)]

    async def test_lets_a_home_of_no_units_be_sold_where_a_night_has_some(self, house, guest):
        home = await house.home()
        await house.bookings.resize(owner=house.owner, property_id=home, units=0)
        await house.set_nights(home, capacity=2)
        for _ in range(2):
            await house.hold(guest, house.stay(home))
        assert await house.taken(home) == [2]

    async def test_keeps_a_night_below_the_ordinary(self, house):
        home = await house.home(units=9)
        await house.set_nights(home, 1, capacity=1)
        answers = await outcomes(*[house.book(new_account(), house.stay(home, 0, 3)) for _ in range(4)])
        assert Counter(type(each) for each in answers) == {Keyed: 1, CapacityTaken: 3}
        assert await house.taken(home, 0, 3) == [1, 1, 1]

    async def test_lets_a_release_through_a_closed_night(self, house, guest):
        home = await house.home(units=2)
        hold = await house.hold(guest, house.stay(home))
        await house.set_nights(home, closed=True)
        await house.bookings.release_hold(account_id=guest, hold_id=hold.id)
        assert await house.taken(home) == [0]


class TestACellThatIsAskedForTwice:
    """In one claim: two stays that meet in a night of preparation."""

    async def test_needs_both_units(self, house, guest):
        home = await house.home(units=2, preparation_nights=1)
        await house.hold(guest, house.stay(home, 0, 2), house.stay(home, 2, 2))
        assert await house.taken(home, 0, 6) == [1, 1, 2, 1, 1, 0]

    async def test_is_refused_where_there_is_one(self, house, guest):
        home = await house.home(preparation_nights=1)
        for _ in range(2):
            with pytest.raises(CapacityTaken):
                await house.hold(guest, house.stay(home, 0, 2), house.stay(home, 2, 2))
        assert await house.taken(home, 0, 6) == [0] * 6


class TestARefusedClaim:
    async def test_leaves_nothing_of_itself(self, house, guest):
        """Whether it is met boldly (nothing known of the home) or carefully (it refused a moment ago)."""
        home = await house.home()
        await house.booked(guest, house.stay(home, 2))
        holds = len(await house.rows(models.hold))
        for _ in range(3):
            with pytest.raises(CapacityTaken):
                await house.hold(guest, house.stay(home, 0, 5), key=None)
            assert await house.taken(home, 0, 5) == [0, 0, 1, 0, 0]
        assert len(await house.rows(models.hold)) == holds
        assert len(await house.rows(models.cell, resource_id=f"stay:{home}")) == 1

    async def test_of_two_homes_leaves_nothing_of_itself(self, house, guest):
        homes = sorted([await house.home() for _ in range(3)])
        await house.booked(guest, house.stay(homes[1]))
        for order in (homes, homes[::-1]):
            with pytest.raises(CapacityTaken):
                await house.hold(guest, *[house.stay(home) for home in order])
        assert [await house.taken(home) for home in homes] == [[0], [1], [0]]


class TestExpiry:
    """It is judged when a hold is read, by the database's clock, whoever tidies or not."""

    async def test_frees_the_stock_for_the_next_claim_before_anybody_tidies(self, house, guest, other):
        home = await house.home()
        first = await house.hold(guest, house.stay(home, 0, 3))
        house.wait(minutes=10)
        second = await house.hold(other, house.stay(home, 1, 3))
        assert (await house.bookings.get_hold(account_id=guest, hold_id=first.id)).state is HoldState.EXPIRED
        assert await house.taken(home, 0, 4) == [0, 1, 1, 1]
        reasons = [row.reason for row in await house.rows(models.claim, resource_id=f"stay:{home}")]
        assert reasons == [ClaimReason.HELD, ClaimReason.EXPIRED, ClaimReason.HELD]
        with pytest.raises(HoldExpired):
            await house.confirm(first, guest)
        await house.confirm(second, other)

    async def test_frees_one_of_two_units_for_one_of_two_claims(self, house, guest):
        home = await house.home(units=2)
        await house.hold(guest, house.stay(home))
        house.wait(minutes=6)
        await house.hold(guest, house.stay(home))
        house.wait(minutes=6)
        answers = await outcomes(*[house.book(new_account(), house.stay(home)) for _ in range(2)])
        assert Counter(type(each) for each in answers) == {Keyed: 1, CapacityTaken: 1}

    async def test_frees_many_for_a_batch(self, house, guest):
        home = await house.home(units=8)
        for _ in range(8):
            await house.hold(guest, house.stay(home, 0, 2))
        house.wait(minutes=10)
        answers = await outcomes(*[house.book(new_account(), house.stay(home, 1, 2)) for _ in range(9)])
        assert Counter(type(each) for each in answers) == {Keyed: 8, CapacityTaken: 1}
        assert await house.taken(home, 0, 3) == [0, 8, 8]

    async def test_of_an_extended_hold_is_its_new_end(self, house, guest, other):
        home = await house.home()
        hold = await house.hold(guest, house.stay(home))
        house.wait(minutes=9)
        await house.bookings.extend_hold(caller=caller(guest, route="extend"), hold_id=hold.id)
        house.wait(minutes=9)
        await house.bookings.expire_holds()
        with pytest.raises(CapacityTaken):
            await house.hold(other, house.stay(home))
        house.wait(minutes=1)
        await house.hold(other, house.stay(home))

    async def test_is_exact_to_the_microsecond(self, tmp_path_factory):
        url = await with_tables(f"sqlite:///{tmp_path_factory.mktemp('edge')}/edge.db")
        async with opened(url, clock=StillClock()) as house:
            home, guest = await house.home(units=2), new_account()
            early, late = await house.hold(guest, house.stay(home)), await house.hold(guest, house.stay(home))
            house.wait(minutes=10, microseconds=-1)
            assert (await house.confirm(early, guest)).value.created_at == early.expires_at - timedelta(microseconds=1)
            house.wait(microseconds=1)
            with pytest.raises(HoldExpired):
                await house.confirm(late, guest)
            await house.hold(new_account(), house.stay(home))
            await house.assert_sound()

    async def test_at_the_edge_confirms_or_refuses_by_the_databases_clock(self, house):
        home = await house.home(units=200)
        confirmed = refused = 0
        chance = random.Random(1)  # noqa: S311 - no secret
        for _ in range(rounds(24, thorough=2000)):
            guest = new_account()
            hold = await house.hold(guest, house.stay(home))
            house.clock.advance(hold.expires_at - house.clock.now() + timedelta(milliseconds=chance.uniform(-25, 15)))
            try:
                booking = (await house.confirm(hold, guest)).value
            except HoldExpired:
                assert await house.db.read(lambda tx: tx.now()) >= hold.expires_at
                refused += 1
            else:
                assert booking.created_at < hold.expires_at
                await house.cancel(booking)
                confirmed += 1
        assert confirmed
        assert refused

    async def test_at_the_edge_gives_the_stock_to_one_of_two(self, migrated):
        async with processes(migrated, 2) as (here, there):
            home = await here.home()
            won = {"confirm": 0, "claim": 0}
            chance = random.Random(2)  # noqa: S311 - no secret
            for place in range(rounds(12, thorough=1000)):
                guest, rival = new_account(), new_account()
                night = here.stay(home, place % 300)
                hold = await here.hold(guest, night)
                quote = await there.quote(rival, night)
                ahead = timedelta(milliseconds=chance.uniform(-20, 10))
                here.clock.advance(hold.expires_at - here.clock.now() + ahead)
                confirmed, claimed = await outcomes(
                    here.confirm(hold, guest), there.bookings.place_hold(caller=caller(rival), quote_id=quote.id)
                )
                winners = [each for each in (confirmed, claimed) if isinstance(each, Keyed)]
                assert len(winners) <= 1
                assert isinstance(confirmed, Keyed | HoldExpired)
                assert isinstance(claimed, Keyed | CapacityTaken)
                won["confirm"] += isinstance(confirmed, Keyed)
                won["claim"] += isinstance(claimed, Keyed)
                if isinstance(claimed, Keyed):
                    await there.bookings.release_hold(account_id=rival, hold_id=claimed.value.id)
                if isinstance(confirmed, Keyed):
                    await here.cancel(confirmed.value)
                await here.bookings.expire_holds()
            assert sum(won.values()) > 0
            await here.assert_sound()


class Skewed(Clock):
    """The clock of a machine that is an hour off, beside a database that is not."""

    def __init__(self, ahead):
        super().__init__()
        self._ahead = ahead

    def now(self):
        return super().now() + self._ahead


class TestAMachineWithTheWrongTime:
    @pytest.mark.parametrize("ahead", [timedelta(hours=1), timedelta(hours=-1)], ids=["ahead", "behind"])
    async def test_neither_expires_early_nor_confirms_late(self, served, guest, other, ahead):
        async with opened(served, clock=Skewed(ahead)) as house:
            home = await house.home()
            before = Clock().now()
            hold = await house.hold(guest, house.stay(home))
            after = Clock().now()
            assert before - timedelta(seconds=1) <= hold.created_at <= after + timedelta(seconds=1)
            await house.bookings.expire_holds()
            with pytest.raises(CapacityTaken):
                await house.hold(other, house.stay(home))
            booking = (await house.confirm(hold, guest)).value
            assert hold.created_at <= booking.created_at < hold.expires_at
            await house.assert_sound()


class TestAHoldSomebodyIsEndingAtThisMoment:
    """Its row is locked by them. Whoever needs its stock waits for how that ends, and is not told that it is sold."""

    async def test_is_waited_for(self, served, guest, other):
        async with processes(served, 2) as (here, there):
            home = await here.home()
            hold = await here.hold(guest, here.stay(home))
            quote = await here.quote(other, here.stay(home))
            here.wait(minutes=10)
            async with held_open(there.db, lambda tx: sales.lock_holds(tx, [hold.id])):
                claim = asyncio.create_task(here.bookings.place_hold(caller=caller(other), quote_id=quote.id))
                await asyncio.wait({claim}, timeout=0.1)
            quote = await here.quote(other, here.stay(home))
            assert (await claim).value.state is HoldState.HELD
            await here.assert_sound()

    async def test_is_not_waited_for_for_ever(self, served, guest, other):
        async with processes(served, 2) as (here, there):
            home = await here.home()
            hold = await here.hold(guest, here.stay(home))
            quote = await here.quote(other, here.stay(home))
            here.wait(minutes=10)
            async with held_open(there.db, lambda tx: sales.lock_holds(tx, [hold.id])):
                with pytest.raises(CapacityTaken):
                    await here.bookings.place_hold(caller=caller(other, None), quote_id=quote.id)
            await here.assert_sound()


class TestAChangeOfCapacity:
    """It races with claims that copy the capacity into cells they make."""

    async def test_is_waited_for_by_a_claim(self, served, guest):
        async with processes(served, 2) as (here, there):
            for units, fits in ((0, False), (1, True)):
                home = await here.home()
                quote = await here.quote(guest, here.stay(home))

                async def change(tx, home=home, units=units):
                    await stock.lock_resource(tx, f"stay:{home}")
                    await stock.resize(tx, f"stay:{home}", capacity=units, from_slot=0)

                async with held_open(there.db, change):
                    claim = asyncio.create_task(here.bookings.place_hold(caller=caller(guest), quote_id=quote.id))
                    await eventually(lambda: somebody_waits(served))
                    assert not claim.done()
                [answer] = await outcomes(claim)
                assert isinstance(answer, Keyed if fits else CapacityTaken)
                assert [night.capacity for night in await here.nights(home)] == [units]
            await here.assert_sound()

    async def test_waits_for_a_claim(self, served):
        async with processes(served, 2) as (here, there):
            home = await here.home(units=1)
            cell = (f"stay:{home}", 30_000)

            async def claim(tx):
                await tx.together(stock.take({cell: 1}))

            async with held_open(there.db, claim):
                change = asyncio.create_task(here.bookings.resize(owner=here.owner, property_id=home, units=5))
                await eventually(lambda: somebody_waits(served))
                assert not change.done()
            await change
            [made] = await here.rows(models.cell, resource_id=cell[0])
            assert (made.taken, made.capacity) == (1, 5)
            await here.db.write(lambda tx: tx.together(stock.free({cell: 1})))  # this claim was in no ledger
            await here.assert_sound()

    async def test_does_not_deadlock_with_a_release(self, served, guest, server_of):
        """The release has the cell and refers to the resource; the change has the resource and waits for the cell."""
        async with processes(served, 2) as (here, there):
            home = await here.home(units=3)
            hold = await here.hold(guest, here.stay(home))
            [row] = await here.rows(models.hold, id=hold.id)
            [(resource, first, end, _)] = row.spans
            locked, changing = asyncio.Event(), asyncio.Event()

            async def release(tx):
                await sales.lock_holds(tx, [hold.id])
                await stock.lock_cells(tx, [(resource, first)])
                locked.set()
                await changing.wait()
                changes = Changes()
                changes.move(hold.id, HoldState.HELD, HoldState.RELEASED)
                changes.free(
                    hold.id, [Span(resource_id=resource, first_slot=first, end_slot=end)], ClaimReason.RELEASED
                )
                changes.quotas[guest] -= 1
                await tx.together(*changes.calls(there.db.dialect, ttl_s=600, most_s=1800, holds_most=10))

            deadlocks = _deadlocks(server_of, served)
            releasing = asyncio.create_task(there.db.write(release))
            await locked.wait()
            resizing = asyncio.create_task(here.bookings.resize(owner=here.owner, property_id=home, units=2))
            await eventually(lambda: somebody_waits(served))
            changing.set()
            await asyncio.gather(releasing, resizing)
            if engine_of(served) == "postgresql":  # InnoDB has no weaker lock; it finds the deadlock and we try again
                assert _deadlocks(server_of, served) == deadlocks
            assert [(night.capacity, night.taken) for night in await here.nights(home)] == [(2, 0)]
            await here.assert_sound()


def _deadlocks(server_of, url):
    return server_of(engine_of(url)).log().count("deadlock detected")


class TestTheOrderOfCells:
    """Whoever takes or frees several cells locks them in one order, or two of them wait for each other."""

    async def test_is_the_same_whatever_the_claim_says(self, served, server_of):
        async with processes(served, 2) as houses:
            homes = [await houses[0].home(units=1000) for _ in range(4)]
            for house in houses:
                house.numbers = 0
            deadlocks = _deadlocks(server_of, served)

            async def trips(house, order):
                for _ in range(rounds(12, thorough=400)):
                    guest = new_account()
                    hold = await house.hold(guest, *[house.stay(home, 0, 3) for home in order])
                    await house.bookings.release_hold(account_id=guest, hold_id=hold.id)

            await asyncio.gather(
                *[trips(house, order) for house in houses for order in (homes, homes[::-1]) for _ in range(2)]
            )
            if engine_of(served) == "postgresql":  # InnoDB's upsert deadlocks all the same, and is tried again
                assert _deadlocks(server_of, served) == deadlocks
            assert [await houses[0].taken(home, 0, 3) for home in homes] == [[0, 0, 0]] * 4
            await houses[0].assert_sound()

    def test_is_in_the_statements(self):
        taken = stock.take({("stay:9", 3): 1, ("stay:1", 7): 2, ("stay:1", 2): 1}).params["taken_cells"]
        freed = stock.free({("stay:9", 3): 1, ("stay:1", 7): 2, ("stay:1", 2): 1}).params["freed_cells"]
        for cells in (taken, freed):
            assert [cell[:2] for cell in cells] == [("stay:1", 2), ("stay:1", 7), ("stay:9", 3)]


FORCED = {"postgresql": ("40001", "40P01", "55P03"), "mysql": ("1213", "1205", "1020")}
_TRAP = {
    "postgresql": (
        "CREATE SEQUENCE trap_number",
        (
            "CREATE FUNCTION trap() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF nextval('trap_number') <= 2 THEN"
            " RAISE EXCEPTION 'forced' USING ERRCODE = '{code}'; END IF; RETURN NEW; END $$"
        ),
        "CREATE TRIGGER trap BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION trap()",
    ),
    "mysql": (
        "CREATE SEQUENCE trap_number",
        (
            "CREATE TRIGGER trap BEFORE INSERT ON {table} FOR EACH ROW IF NEXTVAL(trap_number) <= 2 THEN"
            " SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = {code}, MESSAGE_TEXT = 'forced'; END IF"
        ),
    ),
}
_UNTRAP = {
    "postgresql": ("DROP TRIGGER trap ON {table}", "DROP FUNCTION trap", "DROP SEQUENCE trap_number"),
    "mysql": ("DROP TRIGGER trap", "DROP SEQUENCE trap_number"),
}


class TestAnErrorTheEngineTakesBack:
    """Deadlock, serialization, lock wait, busy: the whole transaction is tried again and nobody hears of it."""

    @pytest.mark.parametrize("table", ["booking_claim", "booking_key"])
    async def test_is_tried_again(self, served, guest, table):
        engine = engine_of(served)
        async with opened(served) as house:
            for code in FORCED[engine]:
                home = await house.home()
                run_sql(served, *[each.format(code=code, table=table) for each in _TRAP[engine]])
                try:
                    hold = await house.hold(guest, house.stay(home, 0, 2))
                    assert await house.taken(home, 0, 2) == [1, 1]
                finally:
                    run_sql(served, *[each.format(table=table) for each in _UNTRAP[engine]])
                run_sql(served, *[each.format(code=code, table=table) for each in _TRAP[engine]])
                try:
                    await house.confirm(hold, guest)
                finally:
                    run_sql(served, *[each.format(table=table) for each in _UNTRAP[engine]])
            await house.assert_sound()

    async def test_is_tried_again_after_a_real_wait(self, migrated, guest):
        """A lock that is held longer than a statement waits, and shorter than a transaction may take."""
        async with processes(migrated, 1) as [house]:
            home = await house.home()
            first = await house.hold(guest, house.stay(home))
            await house.bookings.release_hold(account_id=guest, hold_id=first.id)
            [row] = await house.rows(models.hold, id=first.id)
            [(resource, slot, _, _)] = row.spans
        db = await open_database(migrated, house.clock, deadline_s=4.5)  # so a lock is waited for 1.5 s at a time
        late = type(house)(db=db, clock=house.clock)
        quote = await late.quote(guest, late.stay(home))
        async with opened(migrated, clock=house.clock, checkpoints=False) as blocker:
            claim = None

            async def place():
                return await late.bookings.place_hold(caller=caller(guest), quote_id=quote.id)

            if engine_of(migrated) == "sqlite":
                claim = await _while_locked(migrated.removeprefix("sqlite:///"), place)
            else:
                async with held_open(blocker.db, lambda tx: stock.lock_cells(tx, [(resource, slot)])):
                    claim = asyncio.create_task(place())
                    await asyncio.wait({claim}, timeout=2.0)
                    assert not claim.done()
            assert value(await claim).state is HoldState.HELD
        await late.assert_sound()
        await late.close()
        await db.close()


async def _while_locked(path, place):
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    claim = asyncio.create_task(place())
    await asyncio.wait({claim}, timeout=2.0)
    assert not claim.done()
    connection.execute("ROLLBACK")
    connection.close()
    return claim


class TestTheIndexesOfHolds:
    async def test_do_not_know_the_state(self, house):
        """Else confirming a hold would have to write every index anew (no HOT update on PostgreSQL)."""
        look = {
            "sqlite": "SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'booking_hold' AND sql <> ''",
            "postgresql": "SELECT indexdef FROM pg_indexes WHERE tablename = 'booking_hold'",
            "mysql": "SELECT column_name FROM information_schema.statistics WHERE table_schema = DATABASE()"
            " AND table_name = 'booking_hold'",
        }[house.db.dialect]
        found = await house.db.read(lambda tx: tx.all(statement(text(look).columns(definition=Text(500)))()))
        assert len(found) >= 2
        assert not [row.definition for row in found if "state" in row.definition]

    async def test_are_left_alone_by_a_confirmation_on_postgresql(self, engine_url):
        url = await with_tables(engine_url("postgresql"))
        async with opened(url) as house:
            guest = new_account()
            hold = await house.hold(guest, house.stay(await house.home()))
            found = run_sql(
                url,
                "BEGIN",
                f"UPDATE booking_hold SET state = 'confirmed' WHERE id = '{hold.id}'",  # noqa: S608 - an id of ours
                "SELECT pg_stat_get_xact_tuples_hot_updated('booking_hold'::regclass)",
                "ROLLBACK",
            )
            assert found == [["1"]]


class TestLockingAFewCellsOfMany:
    async def test_reads_only_those_on_mariadb(self, engine_url):
        """`(a, b) IN ((x, y))` with one pair would read the whole index, and lock it."""
        url = await with_tables(engine_url("mysql"))
        async with opened(url) as house:
            home, guest = await house.home(units=9), new_account()
            await house.set_nights(home, 0, 700, capacity=9)
            hold = await house.hold(guest, house.stay(home))
            [row] = await house.rows(models.hold, id=hold.id)
            [(resource, slot, _, _)] = row.spans
            read = statement(
                text(
                    "SELECT CAST(SUM(variable_value) AS INTEGER) FROM information_schema.session_status"
                    " WHERE variable_name IN ('HANDLER_READ_NEXT', 'HANDLER_READ_RND_NEXT', 'HANDLER_READ_PREV')"
                ).columns(number=Whole())
            )

            async def work(tx):
                before = (await tx.one(read())).number
                await stock.lock_cells(tx, [(resource, slot)])
                middle = (await tx.one(read())).number
                return before, middle, (await tx.one(read())).number

            before, middle, after = await house.db.write(work)
            for_reading_the_counters = after - middle
            assert middle - before - for_reading_the_counters < 20
