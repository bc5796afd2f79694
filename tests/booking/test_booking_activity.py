"""Each act leaves exactly one row: who did it, whom it concerns, what it was done to. A refused one leaves none."""

import asyncio
from contextlib import contextmanager

import pytest
from builders import caller, refusal_of
from restaurant_builder import open_room
from test_booking_paying import paid
from test_floor_fees import booked as guaranteed
from trip_builder import GUARANTEE

from holdfast.booking import models
from holdfast.booking.api import AlreadyCancelled, CapacityTaken, FeeState, VisitState
from holdfast.kit.activity.log import Wanted
from holdfast.kit.activity.records import ActivityRecords
from holdfast.kit.keyed import Keyed
from holdfast.kit.origin import Origin, current_origin
from support.principals import principal_of

BY_GUEST = {"by": "guest", "source": "guest"}


@contextmanager
def asking(account_id, **told):
    """Ask as a request of an account would."""
    token = current_origin.set(Origin(account_id=account_id, address=f"192.0.2.{account_id % 250}", **told))
    try:
        yield
    finally:
        current_origin.reset(token)


async def acts(house, kind, number):
    """What was noted of a thing, oldest first."""
    records = ActivityRecords(models.activity, house.db)
    found = await records.page(Wanted(object_kind=kind, object_id=str(number)))
    return [(each.kind, each.account_id, each.subject_id, each.details) for each in reversed(found)]


async def of(house, booking):
    return await acts(house, "booking", booking.reference)


async def booked(house, guest, *items):
    with asking(guest):
        return await house.booked(guest, *items)


class TestABooking:
    async def test_is_noted_once_when_it_is_booked_and_when_it_is_canceled(self, house, guest):
        booking = await booked(house, guest, house.stay(await house.home()))
        assert await of(house, booking) == [("booking.booked", guest, guest, BY_GUEST)]
        with asking(guest):
            await house.cancel(booking, key="once")
            assert (await house.cancel(booking, key="once")).replayed
            assert type(await refusal_of(house.cancel(booking))) is AlreadyCancelled
        money = {"refund_minor": booking.price.total_minor, "currency": "USD", "whole": True}
        assert (await of(house, booking))[1:] == [("booking.canceled", guest, guest, money)]

    async def test_in_one_step_is_noted(self, house, guest):
        home = await house.home()
        with asking(guest, session_id="ses_1", request_id="r"):
            made = await house.book(guest, house.stay(home), key="k")
            await house.book(guest, house.stay(home), key="k")
            await refusal_of(house.book(guest, house.stay(home)))
        [found] = await ActivityRecords(models.activity, house.db).page(Wanted(account_id=guest))
        assert (found.kind, found.session_id, found.request_id) == ("booking.booked", "ses_1", "r")
        assert found.object_id == made.value.reference
        assert found.address == f"192.0.2.{guest % 250}"

    async def test_is_noted_for_each_of_a_batch_with_who_asked_for_it(self, house):
        guests = range(500_000, 500_012)
        homes = [await house.home() for _ in guests]
        bookings = await asyncio.gather(
            *(booked(house, guest, house.stay(home)) for guest, home in zip(guests, homes, strict=True))
        )
        for guest, booking in zip(guests, bookings, strict=True):
            assert await of(house, booking) == [("booking.booked", guest, guest, BY_GUEST)]

    async def test_is_noted_when_it_becomes_another(self, house, guest):
        booking = await booked(house, guest, house.stay(await house.home(), 0, 3))
        with asking(guest):
            await house.changed(booking, house.stay(booking.items[0].property_id, 0, 2))
        [_, (kind, by, subject, details)] = await of(house, booking)
        assert (kind, by, subject, details["currency"]) == ("booking.changed", guest, guest, "USD")
        assert details["difference_minor"] < 0

    async def test_that_an_owner_is_asked_for_is_noted_with_their_answer(self, house, guest):
        for accept in (True, False):
            home = await house.home(instant=False)
            with asking(guest):
                hold = await house.hold(guest, house.stay(home))
                made = await house.bookings.confirm(
                    caller=caller(guest), hold_id=hold.id, hold_token=hold.token, payment=paid()
                )
            owner = house.owner
            with asking(owner.account_id):
                await house.bookings.decide(
                    caller=caller(owner.account_id), owner=owner, number=made.value.number, accept=accept
                )
            answer = ("booking.accepted", {"booked": True}) if accept else ("booking.declined", {"how": "declined"})
            assert await of(house, made.value) == [
                ("booking.requested", guest, guest, BY_GUEST),
                (answer[0], owner.account_id, guest, answer[1]),
            ]

    async def test_that_ran_out_was_declined_by_nobody(self, house, guest):
        home = await house.home(instant=False)
        with asking(guest):
            hold = await house.hold(guest, house.stay(home))
            made = await house.bookings.confirm(
                caller=caller(guest), hold_id=hold.id, hold_token=hold.token, payment=paid()
            )
        house.wait(days=2)
        await house.bookings.expire_holds()
        assert (await of(house, made.value))[1:] == [("booking.declined", None, guest, {"how": "expired"})]


class TestAHold:
    async def test_is_not_noted(self, house, guest):
        with asking(guest):
            hold = await house.hold(guest, house.stay(await house.home()))
            await house.bookings.extend_hold(caller=caller(guest), hold_id=hold.id)
            await house.bookings.release_hold(account_id=guest, hold_id=hold.id)
        assert await ActivityRecords(models.activity, house.db).page(Wanted(account_id=guest)) == []


class TestStock:
    async def test_is_noted_with_whose_it_is_whoever_changes_it(self, house):
        home, owner, admin = await house.home(units=3), house.owner.account_id, principal_of(1, "admin")
        first, end = (house.day(day).isoformat() for day in (0, 2))
        with asking(owner):
            await house.set_nights(home, 0, 2, capacity=2, closed=None)
            block = await house.block(home, 0, 2)
        with asking(1):
            await house.bookings.unblock(owner=admin, block_id=block)
            await house.bookings.unblock(owner=admin, block_id=block)
            await house.bookings.resize(owner=admin, property_id=home, units=4)
        nights = {"first": first, "end": end}
        assert await acts(house, "property", home) == [
            ("stock.nights_changed", owner, owner, {**nights, "capacity": 2, "closed": None}),
            ("stock.blocked", owner, owner, {**nights, "quantity": 1}),
            ("stock.unblocked", 1, owner, nights),
            ("stock.resized", 1, owner, {"units": 4}),
        ]

    async def test_that_was_not_changed_is_not_noted(self, house, guest):
        home = await house.home()
        await house.booked(guest, house.stay(home))
        with asking(house.owner.account_id):
            assert type(await refusal_of(house.block(home))) is CapacityTaken
            await refusal_of(house.bookings.resize(owner=house.owner, property_id=home, units=0))
        assert await acts(house, "property", home) == []


class TestAVisit:
    @pytest.fixture
    async def room(self, house):
        return await open_room(house)

    async def test_is_noted_with_each_state_once(self, room, guest):
        booking = await room.booked(guest=guest)
        room.turn_to("19:00")
        owner = room.owner.account_id
        with asking(owner):
            for state in (VisitState.SEATED, VisitState.SEATED, VisitState.DONE):
                moved = await room.house.bookings.floor.move_visit(
                    caller=caller(owner), owner=room.owner, reference=booking.reference, item=0, state=state
                )
                assert isinstance(moved, Keyed)
        found = [each for each in await of(room.house, booking) if each[0] == "visit.moved"]
        facts = {"item": 0, "restaurant": booking.items[0].restaurant_id}
        assert found == [
            ("visit.moved", owner, guest, {**facts, "state": "seated"}),
            ("visit.moved", owner, guest, {**facts, "state": "done"}),
        ]


class TestAFee:
    async def test_is_noted_when_it_is_due_and_when_it_is_charged(self, house, guest):
        room = await open_room(house, securities=(GUARANTEE,))
        booking = await guaranteed(room, guest)
        room.turn_to("19:00")
        owner = room.owner.account_id
        with asking(owner):
            await room.move(booking, "no_show")
        for _ in range(2):
            await house.bookings.fees.record(number=booking.number, turn=1, state=FeeState.CHARGED, payment_id="pay_1")
        no_show, *fees = (await of(house, booking))[1:]
        assert no_show[:2] == ("visit.moved", owner)
        assert fees == [
            ("fee.due", None, guest, {"turn": 1, "why": "no_show", "amount_minor": 5_000, "currency": "USD"}),
            ("fee.charged", None, guest, {"turn": 1, "payment": "pay_1"}),
        ]
