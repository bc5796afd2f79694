"""Bookings, cancellations and what is told of them, by example. On every engine."""

from dataclasses import replace

import pytest
from builders import caller, moved, new_account, opened, with_tables

from holdfast.booking import models
from holdfast.booking.api import (
    AlreadyCancelled,
    BelowSold,
    BookingState,
    CapacityTaken,
    HoldNotActive,
    RuleViolation,
)
from holdfast.kit.auth import Principal
from holdfast.kit.errors import NotFound
from holdfast.verticals.cancellation import POLICIES
from support.principals import principal_of

ADMIN = principal_of(1, "admin")


def as_guest(account_id):
    return Principal(account_id, "guest")


class TestBookingAtOnce:
    async def test_takes_stock_at_the_flat_price(self, house, guest):
        home = await house.home(units=2)
        done = await house.book(guest, house.stay(home, 0, 3))
        assert not done.replayed
        booking = done.value
        assert (booking.price.total_minor, booking.items[0].total_minor) == (30_000, 30_000)
        assert (booking.state, booking.account_id) == (BookingState.CONFIRMED, guest)
        assert await house.taken(home, 0, 4) == [1, 1, 1, 0]
        assert await house.bookings.get_booking(principal=as_guest(guest), number=booking.number) == booking

    async def test_twice_without_a_key_books_twice(self, house, guest):
        home = await house.home(units=2)
        first, second = await house.book(guest, house.stay(home)), await house.book(guest, house.stay(home))
        assert first.value.number < second.value.number
        assert await house.taken(home) == [2]

    async def test_has_no_limit_of_holds(self, house, guest):
        home = await house.home(units=20)
        for _ in range(12):
            await house.book(guest, house.stay(home))
        assert await house.taken(home) == [12]

    async def test_assigns_a_named_unit(self, house, guest):
        home = await house.home(names=("A", "B"))
        units = [(await house.book(guest, house.stay(home))).value.items[0].units for _ in range(2)]
        assert units == [("A",), ("B",)]

    async def test_is_refused_by_name(self, house, guest):
        home, hidden = await house.home(), await house.home(listed=False)
        await house.book(guest, house.stay(home))
        with pytest.raises(NotFound):
            await house.book(guest, house.stay(hidden))
        with pytest.raises(RuleViolation):
            await house.book(guest, house.stay(home, guests=9))
        for _ in range(2):
            with pytest.raises(CapacityTaken) as refusal:
                await house.book(guest, house.stay(home, -1, 3))
            assert refusal.value.extra == {"property_id": home, "night": house.day(0).isoformat()}
        assert await house.taken(home, -1, 3) == [0, 1, 0]


class TestABooking:
    async def test_is_seen_by_its_guest_its_owner_and_an_admin_only(self, house, guest, other):
        booking = await house.booked(guest, house.stay(await house.home()))
        for principal in (as_guest(guest), house.owner, ADMIN):
            for way in ({"number": booking.number}, {"reference": booking.reference}):
                assert await house.bookings.get_booking(principal=principal, **way) == booking
        strangers = (as_guest(other), principal_of(other, "owner"))
        for principal in strangers:
            for way in ({"number": booking.number}, {"reference": booking.reference}):
                with pytest.raises(NotFound):
                    await house.bookings.get_booking(principal=principal, **way)
        for way in ({"number": 1}, {"reference": "NOTHING000"}, {"reference": booking.reference.lower() + "x"}):
            with pytest.raises(NotFound):
                await house.bookings.get_booking(principal=ADMIN, **way)

    async def test_is_listed_newest_first_page_by_page(self, house, guest, other):
        home = await house.home(units=9)
        made = [await house.booked(guest, house.stay(home)) for _ in range(3)]
        made += [(await house.book(guest, house.stay(home))).value]
        foreign = await house.booked(other, house.stay(home))
        newest = [booking.number for booking in reversed(made)]
        of = house.bookings.bookings_of
        assert [each.number for each in await of(account_id=guest, before=None, limit=9)] == newest
        assert [each.number for each in await of(account_id=guest, before=None, limit=2)] == newest[:2]
        assert [each.number for each in await of(account_id=guest, before=newest[1], limit=9)] == newest[2:]
        owned = await house.bookings.bookings_of_owner(owner_id=house.owner.account_id, before=None, limit=9)
        assert [each.number for each in owned] == [foreign.number, *newest]
        assert await house.bookings.bookings_of_owner(owner_id=guest, before=None, limit=9) == []


class TestTheLedger:
    async def test_says_why_stock_was_taken_and_why_it_was_freed(self, house, guest):
        home = await house.home(units=9)
        cancelled = await house.booked(guest, house.stay(home, 0, 2))
        direct = (await house.book(guest, house.stay(home))).value
        released = await house.hold(guest, house.stay(home))
        expired = await house.hold(guest, house.stay(home))
        block = await house.block(home, quantity=3)
        for booking in (cancelled, direct):
            await house.cancel(booking)
        await house.bookings.release_hold(account_id=guest, hold_id=released.id)
        await house.bookings.unblock(owner=house.owner, block_id=block)
        house.wait(minutes=10)
        await house.bookings.expire_holds()
        story = {
            cancelled.hold_id: [("held", 1), ("cancelled", -1)],
            direct.hold_id: [("booked", 1), ("cancelled", -1)],
            released.id: [("held", 1), ("released", -1)],
            expired.id: [("held", 1), ("expired", -1)],
            block: [("blocked", 3), ("released", -3)],
        }
        for hold_id, entries in story.items():
            rows = await house.rows(models.claim, hold_id=hold_id)
            assert [(row.reason, row.quantity) for row in rows] == entries


class TestEvents:
    async def test_tell_exactly_what_happened(self, house, guest):
        home = await house.home(units=2, preparation_nights=1)
        before = len(await house.told())
        quote = await house.quote(guest, house.stay(home, 0, 2))
        assert (await house.told())[before:] == []
        hold = (await house.bookings.place_hold(caller=caller(guest), quote_id=quote.id)).value
        await house.bookings.extend_hold(caller=caller(guest, route="extend"), hold_id=hold.id)
        booking = (await house.confirm(hold, guest)).value
        await house.cancel(booking)
        direct = (await house.book(guest, house.stay(home, 7))).value
        released = await house.hold(guest, house.stay(home, 20))
        await house.bookings.release_hold(account_id=guest, hold_id=released.id)
        block = await house.block(home, 30, 2)
        await house.bookings.unblock(owner=house.owner, block_id=block)
        await house.set_nights(home, 40, 3, closed=True)
        who = {"account_id": guest}
        unpaid = {**who, "payment_id": None}
        [cancellation] = await house.rows(models.cancellation, number=booking.number)
        first = moved(home, house.day(0), 3)
        assert (await house.told())[before:] == [
            first,
            ("BookingConfirmed", {"number": booking.number, "reference": booking.reference, **unpaid}),
            first,
            (
                "BookingCancelled",
                {
                    "number": booking.number,
                    "reference": booking.reference,
                    "refund_minor": 27_500,
                    "currency": "USD",
                    "cancellation_id": cancellation.id,
                    "whole": True,
                    **unpaid,
                },
            ),
            ("BookingConfirmed", {"number": direct.number, "reference": direct.reference, **unpaid}),
            moved(home, house.day(7), 2),
            moved(home, house.day(20), 2),
            ("HoldEnded", {"hold_id": released.id, "how": "released"}),
            moved(home, house.day(20), 2),
            moved(home, house.day(30), 2),
            moved(home, house.day(30), 2),
            moved(home, house.day(40), 3),
        ]

    async def test_tell_of_a_hold_that_ran_out_once(self, house, guest, other):
        home = await house.home()
        first = await house.hold(guest, house.stay(home, 0, 2))
        house.wait(minutes=10)
        before = len(await house.told())
        await house.hold(other, house.stay(home, 1, 2))
        ended = ("HoldEnded", {"hold_id": first.id, "how": "expired"})
        assert sorted((await house.told())[before:], key=str) == sorted(
            [ended, moved(home, house.day(0), 2), moved(home, house.day(1), 2)], key=str
        )
        await house.bookings.expire_holds()
        assert (await house.told()).count(ended) == 1
        assert (await house.told()).count(moved(home, house.day(0), 2)) == 2

    async def test_tell_nothing_of_what_was_refused_or_changed_nothing(self, house, guest, other):
        home = await house.home(units=2)
        booking = await house.booked(guest, house.stay(home))
        hold = await house.hold(guest, house.stay(home))
        await house.cancel(booking)
        await house.bookings.release_hold(account_id=guest, hold_id=hold.id)
        block = await house.block(home, 3)
        await house.bookings.unblock(owner=house.owner, block_id=block)
        full = await house.booked(guest, house.stay(home, 9), house.stay(await house.home(), 9))
        await house.hold(guest, house.stay(home, 9))
        key = "again"
        await house.hold(guest, house.stay(home, 15), key=key)
        before = len(await house.told())
        with pytest.raises(CapacityTaken):
            await house.hold(other, house.stay(home, 9))
        with pytest.raises(CapacityTaken):
            await house.block(home, 9)
        with pytest.raises(AlreadyCancelled):
            await house.cancel(booking)
        with pytest.raises(HoldNotActive):
            await house.confirm(hold, guest)
        with pytest.raises(NotFound):
            await house.cancel(full, as_guest(other))
        with pytest.raises(BelowSold):
            await house.bookings.resize(owner=house.owner, property_id=home, units=1)
        with pytest.raises(BelowSold):
            await house.set_nights(home, 9, capacity=0)
        await house.bookings.release_hold(account_id=guest, hold_id=hold.id)
        await house.bookings.unblock(owner=house.owner, block_id=block)
        assert (
            await house.bookings.place_hold(caller=caller(guest, key), quote_id=await _any_quote(house, guest, home))
        ).replayed
        assert (await house.told())[before:] == []

    async def test_of_a_stay_of_two_homes_tell_of_both(self, house, guest):
        first, second = await house.home(), await house.home()
        before = len(await house.told())
        await house.hold(guest, house.stay(first, 0, 2), house.stay(second, 5))
        assert (await house.told())[before:] == [moved(first, house.day(0), 2), moved(second, house.day(5))]


class TestAReport:
    async def test_counts_what_there_is_and_is_kept(self, fresh_url):
        async with opened(await with_tables(fresh_url)) as house:
            assert await house.bookings.last_report() is None
            home, guest = await house.home(units=3), new_account()
            await house.booked(guest, house.stay(home, 0, 2))
            await house.hold(guest, house.stay(home, 1, 2))
            report = await house.bookings.verify()
            assert (report.cells, report.holds, report.bookings, report.ledger_entries) == (3, 2, 1, 2)
            assert report.breaches == ()
            assert await house.bookings.last_report() == report


async def _any_quote(house, guest, home):
    return (await house.quote(guest, house.stay(home, 33))).id


def _with_policy(draft, name):
    return replace(draft, terms=replace(draft.terms, policy=POLICIES[name]))
