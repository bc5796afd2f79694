"""What owners do with their stock, by example. On every engine."""

import pytest
from builders import caller

from holdfast.booking.api import (
    BelowSold,
    CapacityTaken,
)
from holdfast.kit.errors import Invalid, NotFound
from support.principals import principal_of

ADMIN = principal_of(1, "admin")


class TestBlocks:
    async def test_take_nights_off_the_market_until_they_are_lifted(self, house, guest):
        home = await house.home(units=3)
        block = await house.block(home, 1, 2, quantity=2)
        assert await house.taken(home, 0, 4) == [0, 2, 2, 0]
        [known] = await house.bookings.blocks_of(owner=house.owner, property_id=home)
        assert (known.id, known.first, known.end, known.quantity) == (block, house.day(1), house.day(3), 2)
        await house.hold(guest, house.stay(home, 1))
        with pytest.raises(CapacityTaken):
            await house.hold(guest, house.stay(home, 1))
        house.wait(days=1)
        await house.bookings.expire_holds()
        for _ in range(2):
            await house.bookings.unblock(owner=house.owner, block_id=block)
            assert await house.bookings.blocks_of(owner=house.owner, property_id=home) == []
        assert await house.taken(home, 0, 3) == [0, 0, 0]

    async def test_of_a_sold_night_are_refused_with_what_stands_there(self, house, guest):
        home = await house.home()
        booking = await house.booked(guest, house.stay(home, 2, 2))
        with pytest.raises(CapacityTaken) as refusal:
            await house.block(home, 0, 5)
        assert refusal.value.extra == {
            "property_id": home,
            "night": house.day(2).isoformat(),
            "bookings": [booking.reference],
        }
        assert await house.taken(home, 0, 5) == [0, 0, 1, 1, 0]

    async def test_take_a_free_one_of_named_units(self, house, guest):
        home = await house.home(names=("1", "2"))
        await house.booked(guest, house.stay(home))
        await house.block(home)
        with pytest.raises(CapacityTaken):
            await house.hold(guest, house.stay(home))
        assert [night.free for night in await house.nights(home, 0, 2)] == [0, 2]

    async def test_are_the_owners(self, house, other):
        home = await house.home()
        block = await house.block(home)
        stranger = principal_of(other, "owner")
        with pytest.raises(NotFound):
            await house.bookings.unblock(owner=stranger, block_id=block)
        with pytest.raises(NotFound):
            await house.bookings.unblock(owner=house.owner, block_id="block_nothing")
        with pytest.raises(NotFound):
            await house.bookings.blocks_of(owner=stranger, property_id=home)
        with pytest.raises(NotFound):
            await house.bookings.block(
                caller=caller(other),
                owner=stranger,
                property_id=home,
                nights=(house.day(5), house.day(6)),
                quantity=1,
                note="",
            )
        await house.bookings.unblock(owner=ADMIN, block_id=block)
        assert await house.taken(home) == [0]

    @pytest.mark.parametrize(("nights", "code"), [(0, "empty_or_negative_range"), (731, "range_too_long")])
    async def test_of_a_wrong_range_are_refused(self, house, nights, code):
        home = await house.home()
        with pytest.raises(Invalid) as refusal:
            await house.block(home, 0, nights)
        assert [error.code for error in refusal.value.errors] == [code]

    async def test_can_be_imported_all_or_none(self, house, guest):
        first, second = await house.home(), await house.home(units=2)
        await house.booked(guest, house.stay(first, 9))
        spans = [
            (first, house.day(0), house.day(2)),
            (second, house.day(0), house.day(3)),
            (second, house.day(1), house.day(2)),
        ]
        assert await house.bookings.import_blocks(spans=spans, note="owner") == 3
        assert (await house.taken(first, 0, 3), await house.taken(second, 0, 3)) == ([1, 1, 0], [1, 2, 1])
        with pytest.raises(CapacityTaken):
            await house.bookings.import_blocks(
                spans=[(second, house.day(7), house.day(8)), (first, house.day(8), house.day(10))], note=""
            )
        with pytest.raises(NotFound):
            await house.bookings.import_blocks(
                spans=[(second, house.day(7), house.day(8)), (2**40, house.day(8), house.day(9))], note=""
            )
        assert await house.taken(second, 7) == [0]
        blocks = await house.bookings.blocks_of(owner=house.owner, property_id=second)
        assert {(block.first, block.end, block.note) for block in blocks} == {
            (house.day(0), house.day(3), "owner"),
            (house.day(1), house.day(2), "owner"),
        }


class TestStock:
    async def test_is_shown_night_by_night_for_many_homes(self, house, guest):
        single, pool, named = await house.home(), await house.home(units=4), await house.home(names=("x", "y"))
        await house.hold(guest, house.stay(single, 0), house.stay(pool, 1), house.stay(named, 0, 2))
        found = await house.bookings.stock(
            property_ids=[single, pool, named, 2**40], first=house.day(0), end=house.day(2)
        )
        assert {which: [(night.capacity, night.taken) for night in nights] for which, nights in found.items()} == {
            single: [(1, 1), (1, 0)],
            pool: [(4, 0), (4, 1)],
            named: [(2, 1), (2, 1)],
        }
        assert [night.night for night in found[pool]] == [house.day(0), house.day(1)]

    async def test_without_a_free_unit_is_told_for_many_homes(self, house, guest):
        single, pool, named = await house.home(), await house.home(units=2), await house.home(names=("x", "y"))
        await house.hold(guest, house.stay(single, 1), house.stay(pool, 1), house.stay(named, 0, 2))
        await house.hold(guest, house.stay(pool, 1, 2), house.stay(named, 1, 2))
        await house.set_nights(pool, 3, closed=True)
        spans = [(each, house.day(0), house.day(4)) for each in (single, pool, named)]
        asked = [*spans, (pool, house.day(3), house.day(9)), (2**44, house.day(0), house.day(3))]
        assert await house.bookings.nights_taken(spans=asked) == {
            single: {house.day(1)},
            pool: {house.day(1), house.day(3)},
            named: {house.day(1)},
        }
        empty = await house.home()
        await house.bookings.resize(owner=house.owner, property_id=empty, units=0)
        await house.set_nights(empty, 1, capacity=1)
        assert await house.bookings.nights_taken(spans=[(empty, house.day(0), house.day(3))]) == {
            empty: {house.day(0), house.day(2)}
        }

    async def test_is_made_once(self, house):
        home = await house.home(units=3)
        for again in ({"units": 9}, {"units": 2, "unit_names": ("a", "b")}):
            await house.bookings.define_stock(property_id=home, **again)
            assert [night.capacity for night in await house.nights(home)] == [3]
        rooms = await house.home(names=("a", "b"))
        for again in ({"units": 9}, {"units": 3, "unit_names": ("a", "b", "c")}):
            await house.bookings.define_stock(property_id=rooms, **again)
            assert [night.capacity for night in await house.nights(rooms)] == [2]

    async def test_of_many_is_made_at_once(self, house):
        ids = [2**45 + place for place in range(3)]
        await house.bookings.define_many([(ids[0], 1, ()), (ids[1], 7, ()), (ids[2], 2, ("p", "q"))])
        found = await house.bookings.stock(property_ids=ids, first=house.day(0), end=house.day(1))
        assert [found[each][0].capacity for each in ids] == [1, 7, 2]


class TestResizing:
    async def test_changes_every_night_that_has_no_capacity_of_its_own(self, house, guest):
        home = await house.home(units=2)
        await house.hold(guest, house.stay(home, 0))
        await house.set_nights(home, 1, capacity=5)
        await house.bookings.resize(owner=house.owner, property_id=home, units=3)
        assert [night.capacity for night in await house.nights(home, 0, 3)] == [3, 5, 3]
        await house.bookings.resize(owner=house.owner, property_id=home, units=1)
        assert [night.capacity for night in await house.nights(home, 0, 3)] == [1, 5, 1]
        with pytest.raises(CapacityTaken):
            await house.hold(guest, house.stay(home, 0))

    async def test_below_what_is_sold_is_refused_with_what_stands_against_it(self, house, guest):
        home = await house.home(units=3)
        bookings = [await house.booked(guest, house.stay(home, 4)) for _ in range(2)]
        with pytest.raises(BelowSold) as refusal:
            await house.bookings.resize(owner=house.owner, property_id=home, units=1)
        assert refusal.value.extra == {"bookings": [booking.reference for booking in bookings]}
        assert [night.capacity for night in await house.nights(home, 3, 2)] == [3, 3]
        await house.bookings.resize(owner=house.owner, property_id=home, units=2)

    async def test_to_nothing_closes_a_home(self, house, guest):
        home = await house.home()
        await house.bookings.resize(owner=house.owner, property_id=home, units=0)
        with pytest.raises(CapacityTaken):
            await house.hold(guest, house.stay(home))
        await house.set_nights(home, 1, capacity=1)
        await house.hold(guest, house.stay(home, 1))

    async def test_is_refused_to_strangers_and_for_named_units(self, house, other):
        home, rooms = await house.home(), await house.home(names=("a", "b"))
        with pytest.raises(NotFound):
            await house.bookings.resize(owner=principal_of(other, "owner"), property_id=home, units=4)
        with pytest.raises(Invalid) as refusal:
            await house.bookings.resize(owner=house.owner, property_id=rooms, units=4)
        assert [(error.pointer, error.code) for error in refusal.value.errors] == [("/units", "named_units")]

    async def test_is_not_stood_against_by_a_hold_that_has_run_out(self, house, guest):
        home = await house.home(units=2)
        for _ in range(2):
            await house.hold(guest, house.stay(home, 1))
        with pytest.raises(BelowSold):
            await house.bookings.resize(owner=house.owner, property_id=home, units=1)
        house.wait(minutes=10)
        await house.bookings.resize(owner=house.owner, property_id=home, units=1)
        await house.hold(guest, house.stay(home, 2))
        house.wait(minutes=10)
        await house.set_nights(home, 2, capacity=0)


class TestNightStock:
    async def test_above_the_ordinary_can_be_sold(self, house, guest):
        home = await house.home(units=1)
        await house.set_nights(home, 0, 2, capacity=3)
        for _ in range(3):
            await house.hold(guest, house.stay(home, 0, 2))
        with pytest.raises(CapacityTaken):
            await house.hold(guest, house.stay(home, 1))
        assert [(night.capacity, night.taken) for night in await house.nights(home, 0, 3)] == [(3, 3), (3, 3), (1, 0)]

    async def test_below_the_ordinary_holds(self, house, guest):
        home = await house.home(units=5)
        await house.set_nights(home, 0, capacity=1)
        await house.hold(guest, house.stay(home))
        with pytest.raises(CapacityTaken):
            await house.hold(guest, house.stay(home))

    async def test_closed_sells_nothing_until_it_is_opened(self, house, guest):
        home = await house.home(units=5)
        before = await house.booked(guest, house.stay(home, 1))
        held = await house.hold(guest, house.stay(home, 1))
        await house.set_nights(home, 1, closed=True)
        assert [(night.closed, night.free) for night in await house.nights(home, 0, 3)] == [
            (False, 5),
            (True, 0),
            (False, 5),
        ]
        for _ in range(2):
            with pytest.raises(CapacityTaken) as refusal:
                await house.hold(guest, house.stay(home, 0, 3))
            assert refusal.value.extra["night"] == house.day(1).isoformat()
        with pytest.raises(CapacityTaken):
            await house.block(home, 1)
        await house.confirm(held, guest)
        await house.cancel(before)
        assert await house.taken(home, 0, 3) == [0, 1, 0]
        await house.set_nights(home, 1, closed=False)
        await house.hold(guest, house.stay(home, 0, 3))

    async def test_of_named_units_can_be_closed_but_not_counted(self, house, guest):
        rooms = await house.home(names=("a", "b"))
        with pytest.raises(Invalid) as refusal:
            await house.set_nights(rooms, 0, capacity=3)
        assert [(error.pointer, error.code) for error in refusal.value.errors] == [("/capacity", "named_units")]
        await house.set_nights(rooms, 0, closed=True)
        with pytest.raises(CapacityTaken):
            await house.hold(guest, house.stay(rooms))
        assert [(night.capacity, night.free, night.closed) for night in await house.nights(rooms, 0, 2)] == [
            (2, 0, True),
            (2, 2, False),
        ]

    async def test_below_what_is_sold_is_refused(self, house, guest):
        home = await house.home(units=3)
        bookings = [await house.booked(guest, house.stay(home, 1)) for _ in range(2)]
        with pytest.raises(BelowSold) as refusal:
            await house.set_nights(home, 0, 3, capacity=1)
        assert refusal.value.extra == {"bookings": [booking.reference for booking in bookings]}
        assert [night.capacity for night in await house.nights(home, 0, 3)] == [3, 3, 3]

    async def test_changes_only_what_is_said(self, house):
        home = await house.home(units=3)
        await house.set_nights(home, capacity=2)
        await house.set_nights(home, closed=True)
        await house.bookings.resize(owner=house.owner, property_id=home, units=9)
        assert [(night.capacity, night.closed) for night in await house.nights(home, 0, 2)] == [(2, True), (9, False)]
        await house.set_nights(home, capacity=4)
        await house.set_nights(home, 1, closed=True)
        await house.bookings.resize(owner=house.owner, property_id=home, units=8)
        assert [(night.capacity, night.closed) for night in await house.nights(home, 0, 2)] == [(4, True), (8, True)]

    async def test_is_refused_to_strangers_and_for_wrong_ranges(self, house, other):
        home = await house.home()
        with pytest.raises(NotFound):
            await house.bookings.set_night_stock(
                owner=principal_of(other, "owner"),
                property_id=home,
                first=house.day(0),
                end=house.day(1),
                capacity=9,
                closed=None,
            )
        for nights in (0, 731):
            with pytest.raises(Invalid):
                await house.set_nights(home, 0, nights, closed=True)
        assert [(night.capacity, night.closed) for night in await house.nights(home)] == [(1, False)]
