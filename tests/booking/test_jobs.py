"""What booking does by itself: end what ran out, forget what is old, make stock for new properties."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from builders import (
    SECRET,
    House,
    StillClock,
    caller,
    engine_of,
    new_account,
    new_key,
    opened,
    processes,
    run_sql,
    with_tables,
)

from holdfast.booking import models
from holdfast.booking.api import CapacityTaken, HoldState
from holdfast.booking.jobs import jobs
from holdfast.booking.models import ClaimReason
from holdfast.booking.module import MODULE
from holdfast.catalog.models import outbox as catalog_outbox
from holdfast.kit import module
from holdfast.kit.db.errors import CheckViolation
from holdfast.kit.errors import NotFound
from holdfast.kit.outbox import Relay
from holdfast.kit.secrets import Keyring
from support.polling import eventually


@pytest.fixture
async def alone(tmp_path):
    """A house over a SQLite database of its own, whose clock stands still."""
    async with opened(await with_tables(f"sqlite:///{tmp_path}/own.db"), clock=StillClock()) as running:
        yield running


class TestTheSweeper:
    async def test_ends_what_ran_out_and_nothing_else(self, house, guest):
        home = await house.home(units=9)
        gone = await house.hold(guest, house.stay(home, 0, 2))
        extended = await house.hold(guest, house.stay(home))
        booked = await house.booked(guest, house.stay(home))
        released = await house.hold(guest, house.stay(home))
        await house.bookings.release_hold(account_id=guest, hold_id=released.id)
        block = await house.block(home)
        house.wait(minutes=5)
        await house.bookings.extend_hold(caller=caller(guest, route="extend"), hold_id=extended.id)
        late = await house.hold(guest, house.stay(home))
        house.wait(minutes=5)
        for _ in range(2):
            await house.bookings.expire_holds()
            rows = await house.holds([gone.id, extended.id, booked.hold_id, released.id, block, late.id])
            assert {each: row.state for each, row in rows.items()} == {
                gone.id: HoldState.EXPIRED,
                extended.id: HoldState.HELD,
                booked.hold_id: HoldState.CONFIRMED,
                released.id: HoldState.RELEASED,
                block: HoldState.CONFIRMED,
                late.id: HoldState.HELD,
            }
            assert await house.taken(home, 0, 2) == [4, 0]
            [quota] = await house.rows(models.quota, account_id=guest)
            assert quota.live == 2
            entries = await house.rows(models.claim, hold_id=gone.id)
            assert [(entry.quantity, entry.reason) for entry in entries] == [
                (1, ClaimReason.HELD),
                (-1, ClaimReason.EXPIRED),
            ]

    async def test_may_run_in_two_processes_at_once(self, migrated):
        async with processes(migrated, 2) as houses:
            home = await houses[0].home(units=40)
            for _ in range(12):
                await houses[0].hold(new_account(), houses[0].stay(home, 0, 2))
            houses[0].wait(minutes=10)
            await asyncio.gather(*[house.bookings.expire_holds() for house in houses for _ in range(2)])
            assert await houses[1].taken(home, 0, 2) == [0, 0]
            await houses[0].assert_sound()

    async def test_ends_more_than_fit_one_round(self, alone):
        home = await alone.home(units=1000)
        await asyncio.gather(*[alone.hold(new_account(), alone.stay(home)) for _ in range(520)])
        assert await alone.taken(home) == [520]
        alone.wait(minutes=10)
        await alone.bookings.expire_holds()
        assert await alone.taken(home) == [0]
        await alone.assert_sound()

    async def test_goes_on_past_a_hold_it_cannot_end(self, alone):
        """Somebody doctored its cell; the others are ended all the same, and the failure is told."""
        stuck, fine = await alone.home(), await alone.home(units=9)
        await alone.hold(new_account(), alone.stay(stuck))
        for _ in range(4):
            await alone.hold(new_account(), alone.stay(fine))
        run_sql(f"sqlite:///{alone.db.path}", f"UPDATE booking_cell SET taken = 0 WHERE resource_id = 'stay:{stuck}'")  # noqa: S608 - made here
        alone.wait(minutes=10)
        with pytest.raises(CheckViolation):
            await alone.bookings.expire_holds()
        await eventually(lambda: self._are_ended(alone, fine))

    async def _are_ended(self, house, home):
        return await house.taken(home) == [0]

    async def test_is_not_needed_for_anything_to_be_sold(self, house, guest):
        home = await house.home()
        for _ in range(5):
            await house.hold(guest, house.stay(home))
            house.wait(minutes=10)
        booking = await house.booked(guest, house.stay(home))
        assert (await house.holds([booking.hold_id]))[booking.hold_id].state is HoldState.CONFIRMED


class TestTheMarkBehindTheSweeper:
    """What ran out before it is taken for ended, so that claims need not look through all the past."""

    async def test_hides_no_hold_that_runs_out_later(self, alone):
        home, guest = await alone.home(), new_account()
        for minutes in (0, 1, 9, 10, 11, 60):
            await alone.hold(guest, alone.stay(home))
            for _ in range(minutes):
                alone.wait(minutes=1)
                await alone.bookings.expire_holds()
            alone.wait(minutes=10)
            await alone.hold(new_account(), alone.stay(home))
            alone.wait(minutes=10)
            await alone.bookings.expire_holds()
            assert await alone.taken(home) == [0]

    async def test_hides_no_hold_of_another_process(self, migrated, guest, other):
        async with processes(migrated, 2) as (here, there):
            home = await here.home()
            await here.bookings.expire_holds()
            await there.hold(guest, there.stay(home))
            await here.bookings.expire_holds()
            here.wait(minutes=10)
            await here.hold(other, here.stay(home))
            here.wait(minutes=10)
            await here.bookings.expire_holds()
            assert await here.taken(home) == [0]

    async def test_follows_a_clock_that_is_set_back(self, alone):
        """Another server has taken over, and its clock is behind."""
        home = await alone.home()
        await alone.bookings.expire_holds()
        alone.wait(minutes=-30)
        await alone.bookings.expire_holds()
        await alone.hold(new_account(), alone.stay(home))
        alone.wait(minutes=10)
        await alone.hold(new_account(), alone.stay(home))
        alone.wait(minutes=10)
        await alone.bookings.expire_holds()
        assert await alone.taken(home) == [0]

    async def test_is_looked_behind_now_and_then(self, migrated, house, guest, other):
        """A commit may wait for a standby longer than its hold lives: then the hold shows when it has long run out."""
        home = await house.home()
        hold = await house.hold(guest, house.stay(home))
        await house.bookings.expire_holds()
        shift = {
            "sqlite": "created_at = created_at - 3600000000, expires_at = expires_at - 3600000000",
            "postgresql": "created_at = created_at - interval '1 hour', expires_at = expires_at - interval '1 hour'",
            "mysql": "created_at = created_at - INTERVAL 1 HOUR, expires_at = expires_at - INTERVAL 1 HOUR",
        }[engine_of(migrated)]
        run_sql(migrated, f"UPDATE booking_hold SET {shift} WHERE id = '{hold.id}'")  # noqa: S608 - made here
        await house.bookings.expire_holds()
        with pytest.raises(CapacityTaken):
            await house.hold(other, house.stay(home))
        await house.bookings.forget_old()
        await house.bookings.expire_holds()
        assert await house.taken(home) == [0]
        await house.hold(other, house.stay(home))


class TestForgetting:
    async def test_drops_quotes_a_day_after_their_promise_unless_they_were_held(self, migrated, house, guest):
        home = await house.home(units=3)
        idle, taken = await house.quote(guest, house.stay(home)), await house.quote(guest, house.stay(home))
        await house.bookings.place_hold(caller=caller(guest), quote_id=taken.id)
        house.wait(days=1)
        young = await house.quote(guest, house.stay(home))
        await house.bookings.forget_old()
        assert {row.id for row in await house.rows(models.quote, account_id=guest)} == {idle.id, taken.id, young.id}
        house.wait(minutes=16)
        await house.bookings.forget_old()
        assert {row.id for row in await house.rows(models.quote, account_id=guest)} == {taken.id, young.id}
        async with opened(migrated, clock=house.clock, checkpoints=False) as elsewhere:
            with pytest.raises(NotFound):
                await elsewhere.bookings.get_quote(account_id=guest, quote_id=idle.id)
            assert await elsewhere.bookings.get_quote(account_id=guest, quote_id=taken.id) == taken

    async def test_never_touches_what_was_sold(self, house, guest):
        home = await house.home(units=3)
        booking = await house.booked(guest, house.stay(home))
        key = new_key()
        await house.book(guest, house.stay(home), key=key)
        house.wait(days=400)
        await house.bookings.expire_holds()
        await house.bookings.forget_old()
        assert await house.rows(models.key, key=key) == []
        assert len(await house.bookings.bookings_of(account_id=guest, before=None, limit=9)) == 2
        assert (await house.bookings.bookings_of(account_id=guest, before=None, limit=9))[1] == booking


def built(house: House):
    """Booking as the application puts it together."""
    return MODULE.build(
        module.House(
            db=house.db,
            clock=house.clock,
            keyring=Keyring(SECRET),
            settings=house.settings,
            doors={"catalog": house.catalog},
        )
    )


class TestStockOfNewProperties:
    @pytest.fixture
    async def follow(self, house):
        """A function that lets booking follow the catalog until nothing is left."""
        made = built(house)
        subscription = next(each for each in made.subscriptions if each.name == "booking.stock")
        relay = Relay(subscription, catalog_outbox, house.db, house.db, house.clock)

        async def work():
            while await relay.step():
                pass

        yield work
        await made.close()

    async def capacities(self, house, ids):
        found = await house.bookings.stock(property_ids=ids, first=house.day(), end=house.day(1))
        return {each: nights[0].capacity for each, nights in found.items()}

    async def test_follows_their_creation(self, house, follow):
        [example] = await house.catalog.get_many(ids=[await house.home()])
        pool = await house.catalog.create(owner=house.owner, draft=example.draft, units=4)
        rooms = await house.catalog.create(owner=house.owner, draft=example.draft, units=2, unit_names=("1", "2"))

        async def is_there():
            await follow()
            return await self.capacities(house, [pool.id, rooms.id]) == {pool.id: 4, rooms.id: 2}

        await eventually(is_there)
        assert {row.unit for row in await house.rows(models.resource, property_id=rooms.id)} == {"1", "2"}

    async def test_follows_their_import(self, house, follow):
        [example] = await house.catalog.get_many(ids=[await house.home()])
        first = 5_000_000 + new_account() * 1000
        rows = [(first + place, house.owner.account_id, example.draft, 1 + place % 3, ()) for place in range(40)]
        await house.catalog.import_many(rows=rows)

        async def is_there():
            await follow()
            found = await self.capacities(house, [row[0] for row in rows])
            return found == {row[0]: row[3] for row in rows}

        await eventually(is_there)

    async def test_changes_nothing_where_there_is_stock(self, house, follow):
        home = await house.home(units=3)
        await house.bookings.resize(owner=house.owner, property_id=home, units=5)
        await follow()
        assert await self.capacities(house, [home]) == {home: 5}
        made = built(house)
        from_the_start = replace(made.subscriptions[0], name="booking.stock again")
        assert await Relay(from_the_start, catalog_outbox, house.db, house.db, house.clock).step()
        assert await self.capacities(house, [home]) == {home: 5}
        await made.close()


class TestTheJobs:
    async def test_run_as_often_as_the_settings_say(self, migrated):
        async with opened(migrated, sweep_every_s=7.5) as house:
            made = jobs(house.bookings, house.settings)
            assert {job.name: job.every_s for job in made} == {
                "booking.expire_holds": 7.5,
                "booking.forget_old": 3600.0,
            }
            guest = new_account()
            home = await house.home()
            await house.hold(guest, house.stay(home))
            await house.quote(guest, house.stay(home))
            house.clock.advance(timedelta(days=2))
            for job in made:
                await job.run()
            assert await house.taken(home) == [0]
            assert len(await house.rows(models.quote, account_id=guest)) == 1

    async def test_are_what_the_module_brings(self, house):
        made = built(house)
        assert {job.name for job in made.jobs} == {"booking.expire_holds", "booking.forget_old"}
        await made.close()
