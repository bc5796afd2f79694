"""Many at once. Nothing is sold twice, nothing that is free is refused, nobody hears of a lock, nothing leaks.

Every run ends with the recount. A run in which nobody succeeds proves nothing and fails.
"""

import asyncio
import random
from collections import Counter

import pytest
from builders import caller, engine_of, new_account, outcomes, processes, run_sql
from sqlalchemy import and_, not_, select

from holdfast.booking import models
from holdfast.booking.api import (
    AlreadyConfirmed,
    BelowSold,
    CapacityTaken,
    ExtensionLimit,
    HoldExpired,
    HoldNotActive,
    HoldQuotaExceeded,
    HoldState,
)
from holdfast.kit.db.statements import statement
from holdfast.kit.keyed import Keyed
from support.effort import rounds

CLIENTS = 64


@pytest.fixture
async def houses(migrated):
    """Two processes over one database."""
    async with processes(migrated, 2) as running:
        yield running
        await running[0].assert_sound()


@pytest.fixture
def chance(request):
    """Chance that can be repeated: its seed is the name of the test."""
    return random.Random(request.node.name)  # noqa: S311 - no secret


async def rush(houses, home, *, ahead, nights=1, clients=CLIENTS):
    """Let clients of all processes ask for the same nights at once; return how it went for whom."""
    guests = [new_account() for _ in range(clients)]
    at = [houses[place % len(houses)] for place in range(clients)]
    quotes = await asyncio.gather(
        *[house.quote(guest, house.stay(home, ahead, nights)) for house, guest in zip(at, guests, strict=True)]
    )
    answers = await outcomes(
        *[
            house.bookings.place_hold(caller=caller(guest), quote_id=quote.id)
            for house, guest, quote in zip(at, guests, quotes, strict=True)
        ]
    )
    kinds = Counter(type(answer) for answer in answers)
    assert set(kinds) <= {Keyed, CapacityTaken}, [
        each for each in answers if not isinstance(each, Keyed | CapacityTaken)
    ]
    return [(guest, answer.value) for guest, answer in zip(guests, answers, strict=True) if isinstance(answer, Keyed)]


class TestARaceForTheSameNights:
    async def test_of_one_unit_has_one_winner(self, houses):
        home = await houses[0].home()
        for turn in range(rounds(6, thorough=3000)):
            [(guest, hold)] = await rush(houses, home, ahead=turn % 300)
            assert await houses[turn % 2].taken(home, turn % 300) == [1]
            await houses[turn % 2].bookings.release_hold(account_id=guest, hold_id=hold.id)

    async def test_of_a_pool_has_as_many_winners_as_units(self, houses):
        home = await houses[0].home(units=7)
        for turn in range(rounds(3, thorough=90)):
            assert len(await rush(houses, home, ahead=turn * 3, nights=3)) == 7
        assert await houses[1].taken(home, 0, 6) == [7] * 6

    async def test_of_named_units_gives_each_to_one(self, houses):
        home = await houses[0].home(names=("a", "b", "c", "d", "e"))
        winners = await rush(houses, home, ahead=0, nights=2)
        assert sorted(hold.items[0].units for _, hold in winners) == [("a",), ("b",), ("c",), ("d",), ("e",)]

    async def test_that_were_held_and_ran_out_has_one_winner(self, houses):
        home = await houses[0].home()
        for ahead in range(rounds(4, thorough=100)):
            await houses[ahead % 2].hold(new_account(), houses[0].stay(home, ahead, 2))
            houses[0].wait(minutes=10)
            assert len(await rush(houses, home, ahead=ahead, nights=2)) == 1
            houses[0].wait(minutes=10)

    async def test_of_two_homes_together_sells_both_to_one(self, houses):
        first, second = await houses[0].home(), await houses[0].home()
        for ahead in range(rounds(3, thorough=300)):
            guests = [new_account() for _ in range(24)]
            asked = []
            for place, guest in enumerate(guests):
                house = houses[place % 2]
                pair = [house.stay(first, ahead), house.stay(second, ahead)]
                quote = await house.quote(guest, *pair[:: 1 if place % 3 else -1])
                asked.append(house.bookings.place_hold(caller=caller(guest), quote_id=quote.id))
            kinds = Counter(type(answer) for answer in await outcomes(*asked))
            assert kinds == {Keyed: 1, CapacityTaken: 23}


class TestOneGuestWhoWantsEverything:
    async def test_gets_no_more_holds_than_anybody(self, houses):
        home = await houses[0].home(units=500)
        for _ in range(rounds(2, thorough=60)):
            guest = new_account()
            at = [houses[place % 2] for place in range(40)]
            quotes = await asyncio.gather(*[house.quote(guest, house.stay(home)) for house in at])
            answers = await outcomes(
                *[
                    house.bookings.place_hold(caller=caller(guest), quote_id=quote.id)
                    for house, quote in zip(at, quotes, strict=True)
                ]
            )
            assert Counter(type(answer) for answer in answers) == {Keyed: 10, HoldQuotaExceeded: 30}
            assert [row.live for row in await houses[0].rows(models.quota, account_id=guest)] == [10]


class TestOverlappingStays:
    """Stays of 1 to 14 nights over a month, held, extended, confirmed, released and cancelled as it comes."""

    FINE = (CapacityTaken, HoldExpired, HoldNotActive, AlreadyConfirmed, ExtensionLimit)

    async def live(self, house, homes, chance, tally):
        guest = new_account()
        home, ahead = chance.choice(homes), chance.randrange(30)
        try:
            hold = await house.hold(guest, house.stay(home, ahead, chance.randint(1, 14)))
            tally["held"] += 1
            for _ in range(chance.randrange(4)):
                await self.act(house, guest, hold, chance, tally)
        except self.FINE as refusal:
            tally[refusal.code] += 1

    async def act(self, house, guest, hold, chance, tally):
        match chance.choice(["extend", "release", "confirm", "confirm", "cancel"]):
            case "extend":
                await house.bookings.extend_hold(caller=caller(guest, route="extend"), hold_id=hold.id)
            case "release":
                await house.bookings.release_hold(account_id=guest, hold_id=hold.id)
            case "confirm":
                await house.confirm(hold, guest)
                tally["confirmed"] += 1
            case _:
                await house.cancel((await house.confirm(hold, guest)).value)
                tally["cancelled"] += 1

    async def test_never_meet(self, houses, chance):
        here = houses[0]
        homes = [await here.home(), await here.home(units=3), await here.home(names=("x", "y"))]
        tally: Counter[str] = Counter()
        for turn in range(rounds(5, thorough=300)):
            await asyncio.gather(*[self.live(houses[client % 2], homes, chance, tally) for client in range(CLIENTS)])
            here.wait(minutes=chance.choice([1, 4, 6]))
            if turn % 2:
                await asyncio.gather(*[house.bookings.expire_holds() for house in houses])
        for wanted in ("held", "confirmed", "cancelled", "sold_out"):
            assert tally[wanted], tally
        await self.assert_no_two_meet(here, homes[0])

    async def assert_no_two_meet(self, house, home):
        """Seen without cells or ledger: of the holds that stand on the single home no two share a night."""
        standing = [
            span
            for row in await house.rows(models.hold)
            if row.state in {HoldState.HELD, HoldState.CONFIRMED}
            for span in row.spans
            if span[0] == f"stay:{home}"
        ]
        nights = [night for _, first, end, *_ in standing for night in range(first, end)]
        assert nights
        assert len(nights) == len(set(nights))


class TestAChangingCapacity:
    """Claims copy the capacity of a resource into cells they make: the trap is a copy of the day before."""

    async def test_is_never_overlooked(self, houses, chance):
        here, there = houses
        home = await here.home(units=3)
        tally: Counter[str] = Counter()
        over = asyncio.Event()

        async def sell(house):
            while not over.is_set():
                guest = new_account()
                try:
                    hold = await house.hold(guest, house.stay(home, chance.randrange(60), chance.randint(1, 3)))
                    tally["held"] += 1
                    await house.bookings.release_hold(account_id=guest, hold_id=hold.id)
                except CapacityTaken:
                    tally["sold_out"] += 1

        async def change(house):
            for turn in range(rounds(15, thorough=600)):
                units = chance.randrange(6)
                try:
                    if turn % 3:
                        await house.bookings.resize(owner=house.owner, property_id=home, units=units)
                    else:
                        await house.set_nights(home, chance.randrange(60), 2, capacity=units)
                    tally["changed"] += 1
                except BelowSold:
                    tally["below_sold"] += 1

        sellers = [asyncio.create_task(sell(house)) for house in houses for _ in range(6)]
        await asyncio.gather(change(there), change(here))
        over.set()
        await asyncio.gather(*sellers)
        assert tally["held"], tally
        assert tally["changed"], tally
        assert await self.stale(here, home) == []

    async def stale(self, house, home):
        cell, resource = models.cell, models.resource
        different = statement(
            select(cell.c.slot, cell.c.capacity, resource.c.capacity.label("now"))
            .join(resource, resource.c.id == cell.c.resource_id)
            .where(and_(resource.c.property_id == home, not_(cell.c.own), cell.c.capacity != resource.c.capacity))
        )
        return await house.db.read(lambda tx: tx.all(different()))


class TestReleasingUnderLoad:
    async def test_keeps_up(self, houses):
        """An unordered release once dropped claims from 4,136 a second to 32."""
        home = await houses[0].home(units=500)
        done = 0

        async def turn(house, client):
            nonlocal done
            for _ in range(rounds(3, thorough=200)):
                guest = new_account()
                hold = await house.hold(guest, house.stay(home, client % 5, 7))
                await house.bookings.release_hold(account_id=guest, hold_id=hold.id)
                done += 1

        await asyncio.gather(*[turn(houses[client % 2], client) for client in range(32)])
        assert done == 32 * rounds(3, thorough=200)
        assert await houses[0].taken(home, 0, 12) == [0] * 12


class TestAbandonedHolds:
    async def test_leak_nothing(self, houses):
        """Hold and walk away, again and again; nobody tidies. In the end all of it can be sold."""
        home = await houses[0].home(units=8)
        for turn in range(rounds(6, thorough=1000)):
            assert len(await rush(houses, home, ahead=turn % 3, nights=3, clients=8)) == 8
            houses[0].wait(minutes=10)
        assert len(await rush(houses, home, ahead=0, nights=5, clients=10)) == 8
        assert await houses[0].taken(home, 0, 5) == [8] * 5


NOISE = {
    "postgresql": (
        "CREATE FUNCTION noise() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF random() < 0.25 THEN"
        " RAISE EXCEPTION 'forced' USING ERRCODE = (ARRAY['40001', '40P01', '55P03'])[1 + floor(random() * 3)];"
        " END IF; RETURN NEW; END $$"
    ),
    "mysql": (
        "CREATE TRIGGER noise_{table} BEFORE INSERT ON {table} FOR EACH ROW IF RAND() < 0.25 THEN"
        " SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213, MESSAGE_TEXT = 'forced'; END IF"
    ),
}
NOISY = ("booking_hold", "booking_claim", "booking_outbox")


class TestAnEngineThatGivesUpOften:
    async def test_is_heard_by_nobody(self, served, chance):
        """A quarter of all rows written meets a deadlock, a serialization failure or a lock wait."""
        engine = engine_of(served)
        if engine == "postgresql":
            triggers = [
                f"CREATE TRIGGER noise BEFORE INSERT ON {table} FOR EACH STATEMENT EXECUTE FUNCTION noise()"
                for table in NOISY
            ]
            silence = [*[f"DROP TRIGGER noise ON {table}" for table in NOISY], "DROP FUNCTION noise"]
            run_sql(served, NOISE[engine], *triggers)
        else:
            silence = [f"DROP TRIGGER noise_{table}" for table in NOISY[:1]]
            run_sql(served, *[NOISE[engine].format(table=table) for table in NOISY[:1]])
        try:
            async with processes(served, 2) as houses:
                home = await houses[0].home(units=40)
                single = await houses[0].home()
                for ahead in range(rounds(3, thorough=60)):
                    assert len(await rush(houses, single, ahead=ahead, clients=16)) == 1
                winners = await rush(houses, home, ahead=0, nights=2, clients=16)
                assert len(winners) == 16
                for guest, hold in winners[:8]:
                    await chance.choice(houses).confirm(hold, guest)
                for guest, hold in winners[8:]:
                    await chance.choice(houses).bookings.release_hold(account_id=guest, hold_id=hold.id)
                assert await houses[0].taken(home, 0, 2) == [8, 8]
                await houses[0].assert_sound()
        finally:
            run_sql(served, *silence)
