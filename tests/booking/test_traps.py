"""The traps of taking stock, each of which was met once: how cells, locks, keys and clocks go wrong.

Method: the smallest situation that shows the trap. Where transactions have to meet, one of them is kept open by hand,
so that nothing depends on luck; where only chance brings them together, there are many rounds.
"""

from collections import Counter

import pytest
from builders import (
    caller,
    new_account,
    opened,
    outcomes,
    value,
)

from holdfast.booking import models
from holdfast.booking.api import (
    AlreadyCancelled,
    AlreadyConfirmed,
    CapacityTaken,
    HoldNotActive,
    HoldQuotaExceeded,
    HoldState,
)
from holdfast.booking.models import ClaimReason
from holdfast.kit.errors import DatabaseUnavailable
from holdfast.kit.keyed import Keyed


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
        assert hold.expires_at < value(first).expires_at <= value(second).expires_at == row.expires_at

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
        house.bookings._desk._numbers = Repeating(taken.number, house.bookings._desk._numbers)
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
        house.bookings._desk._numbers = Repeating(taken.number, house.bookings._desk._numbers)
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
