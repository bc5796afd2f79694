"""The clock that ends holds: judged when a hold is read, by the database, to the microsecond, whoever tidies."""

import asyncio
import random
from collections import Counter
from datetime import timedelta

import pytest
from builders import (
    StillClock,
    caller,
    held_open,
    new_account,
    opened,
    outcomes,
    processes,
    with_tables,
)

from holdfast.booking import models
from holdfast.booking.api import CapacityTaken, HoldExpired, HoldState
from holdfast.booking.models import ClaimReason
from holdfast.booking.store import sales
from holdfast.kit.clock import Clock
from holdfast.kit.keyed import Keyed
from support.effort import rounds


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
