"""Where transactions meet: the order of locks, capacities that are copied, errors the engine takes back.

Method: one transaction is kept open by hand, so that nothing depends on luck; where only chance brings them together,
there are many rounds. Two houses over one database are two processes.
"""

import asyncio
import sqlite3

import pytest
from builders import (
    caller,
    engine_of,
    held_open,
    new_account,
    opened,
    outcomes,
    processes,
    refusal_of,
    run_sql,
    somebody_waits,
    value,
    with_tables,
)
from sqlalchemy import text

from holdfast.booking import models
from holdfast.booking.api import CapacityTaken, HoldState
from holdfast.booking.models import ClaimReason
from holdfast.booking.store import sales, stock
from holdfast.booking.store.changes import Changes
from holdfast.engine.claims import Span
from holdfast.kit.db.opening import open_database
from holdfast.kit.db.statements import statement
from holdfast.kit.db.types import Text, Whole
from holdfast.kit.keyed import Keyed
from support.effort import rounds
from support.polling import eventually


class TestAChangeOfCapacity:
    """It races with claims that copy the capacity into cells they make."""

    @pytest.mark.parametrize("careful", [False, True], ids=["boldly", "carefully"])
    async def test_is_waited_for_by_a_claim(self, served, guest, careful):
        async with processes(served, 2) as (here, there):
            for units, fits in ((0, False), (2, True)):
                home = await here.home()
                quote = await here.quote(guest, here.stay(home))
                if careful:  # where a claim was refused a moment ago, the next ones look before they write
                    taken = await here.hold(guest, here.stay(home, 5))
                    await refusal_of(here.hold(guest, here.stay(home, 5)))
                    await here.bookings.release_hold(account_id=guest, hold_id=taken.id)

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
            [(resource, first, end, *_)] = row.spans
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
            [(resource, slot, *_)] = row.spans
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
            [(resource, slot, *_)] = row.spans
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
