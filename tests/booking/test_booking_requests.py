"""Requests to book: the owner is asked, the nights are kept meanwhile, and time says no where nobody does."""

from datetime import timedelta

import pytest
from builders import caller, footprint, new_account, opened, outcomes, processes, refusal_of
from test_booking_paying import paid, payable

from holdfast.booking import models
from holdfast.booking.api import (
    AlreadyCancelled,
    AlreadyConfirmed,
    Booking,
    BookingState,
    CapacityTaken,
    ConfirmedBy,
    HoldNotActive,
    HoldQuotaExceeded,
    HoldState,
    NotRequested,
)
from holdfast.kit.auth import Principal
from holdfast.kit.errors import NotFound
from holdfast.kit.keyed import Keyed, KeyReused
from support.effort import rounds
from support.principals import principal_of

ADMIN = principal_of(1, "admin")


async def asked(house, guest, *stays):
    """A request to book, with a payment that is authorised."""
    hold = await house.hold(guest, *stays)
    made = await house.bookings.confirm(
        caller=caller(guest, route="confirm"), hold_id=hold.id, hold_token=hold.token, payment=paid()
    )
    return made.value


def decide(house, booking, *, accept, owner=None, key=""):
    who = owner or house.owner
    return house.bookings.decide(
        caller=caller(who.account_id, key, route="decide"), owner=who, number=booking.number, accept=accept
    )


async def state(house, booking):
    return (await house.bookings.get_booking(principal=ADMIN, number=booking.number)).state


class TestARequest:
    async def test_keeps_the_nights_for_a_day(self, house, guest, other):
        home = await house.home(instant=False)
        before = len(await house.told())
        booking = await asked(house, guest, house.stay(home, 0, 2))
        assert booking.state is BookingState.REQUESTED
        assert booking.decide_by == booking.created_at + timedelta(days=1)
        assert not booking.items[0].instant
        assert await house.taken(home, 0, 2) == [1, 1]
        told = [each for each in (await house.told())[before:] if each[0] != "StockMoved"]
        kept = {"number": booking.number, "reference": booking.reference, "account_id": guest}
        assert told == [("BookingRequested", {**kept, "decide_by": booking.decide_by.isoformat()})]
        house.wait(hours=23)
        await house.bookings.expire_holds()
        assert type(await refusal_of(house.hold(other, house.stay(home)))) is CapacityTaken
        assert await state(house, booking) is BookingState.REQUESTED

    async def test_is_a_booking_where_one_of_several_homes_wants_to_be_asked(self, house, guest):
        homes = [await house.home(), await house.home(instant=False)]
        booking = await asked(house, guest, *[house.stay(each) for each in homes])
        assert booking.state is BookingState.REQUESTED

    async def test_counts_as_a_live_hold(self, house, guest):
        homes = [await house.home(instant=False) for _ in range(11)]
        first = await asked(house, guest, house.stay(homes[0]))
        for home in homes[1:10]:
            await asked(house, guest, house.stay(home))
        assert type(await refusal_of(house.hold(guest, house.stay(homes[10])))) is HoldQuotaExceeded
        await decide(house, first, accept=True)
        await house.hold(guest, house.stay(homes[10]))

    async def test_is_no_hold_to_use_any_more(self, house, guest):
        hold = await house.hold(guest, house.stay(await house.home(instant=False)))
        booking = (await house.confirm(hold, guest)).value
        reference = {"reference": booking.reference}
        for request in (
            house.confirm(hold, guest),
            payable(house, hold, guest),
            house.bookings.extend_hold(caller=caller(guest, route="extend"), hold_id=hold.id),
            house.bookings.release_hold(account_id=guest, hold_id=hold.id),
        ):
            refusal = await refusal_of(request)
            assert (type(refusal), refusal.extra) == (AlreadyConfirmed, reference)
        waiting = await house.bookings.wait_for_payment(hold_id=hold.id)
        assert waiting.expires_at == booking.decide_by
        assert await house.bookings.booking_of_hold(hold_id=hold.id) == booking

    async def test_can_be_made_for_a_guest_who_paid(self, house, guest):
        hold = await house.hold(guest, house.stay(await house.home(instant=False)))
        booking = await house.bookings.confirm_paid(hold_id=hold.id, payment=paid())
        assert (booking.state, booking.confirmed_by) == (BookingState.REQUESTED, ConfirmedBy.PAYMENT)
        assert await house.bookings.confirm_paid(hold_id=hold.id, payment=paid()) == booking

    async def test_is_seen_by_guest_and_owner(self, house, guest):
        booking = await asked(house, guest, house.stay(await house.home(instant=False)))
        assert await house.bookings.bookings_of(account_id=guest, before=None, limit=5) == [booking]
        found = await house.bookings.bookings_of_owner(owner_id=house.owner.account_id, before=None, limit=100)
        assert booking in found

    async def test_lives_as_long_as_the_setting_says(self, migrated, guest):
        async with opened(migrated, decide_within_s=60) as house:
            home = await house.home(instant=False)
            booking = await asked(house, guest, house.stay(home))
            assert booking.decide_by - booking.created_at == timedelta(minutes=1)
            house.wait(minutes=1)
            assert await state(house, booking) is BookingState.DECLINED


class TestAYes:
    async def test_makes_the_booking(self, house, guest):
        home = await house.home(instant=False)
        booking = await asked(house, guest, house.stay(home, 0, 2))
        before = len(await house.told())
        accepted = (await decide(house, booking, accept=True)).value
        assert (accepted.state, accepted.price) == (BookingState.CONFIRMED, booking.price)
        assert await house.taken(home, 0, 2) == [1, 1]
        [(kind, event)] = (await house.told())[before:]
        assert (kind, event["number"], event["payment_id"]) == ("BookingConfirmed", booking.number, "pay_1")
        assert [row.live for row in await house.rows(models.quota, account_id=guest)] == [0]
        house.wait(days=2)
        await house.bookings.expire_holds()
        assert await state(house, booking) is BookingState.CONFIRMED

    async def test_is_missing_until_every_owner_has_said_it(self, house, guest):
        neighbour, third = principal_of(new_account(), "owner"), principal_of(new_account(), "owner")
        homes = [
            await house.home(instant=False),
            await house.home(owner=neighbour, instant=False),
            await house.home(owner=third),
        ]
        booking = await asked(house, guest, *[house.stay(each) for each in homes])
        assert (await decide(house, booking, accept=True)).value.state is BookingState.REQUESTED
        assert (await decide(house, booking, accept=True)).value.state is BookingState.REQUESTED
        assert type(await refusal_of(decide(house, booking, accept=True, owner=third))) is NotRequested
        accepted = await decide(house, booking, accept=True, owner=neighbour)
        assert accepted.value.state is BookingState.CONFIRMED

    async def test_of_an_admin_is_everybodys(self, house, guest):
        neighbour = principal_of(new_account(), "owner")
        homes = [await house.home(instant=False), await house.home(owner=neighbour, instant=False)]
        booking = await asked(house, guest, *[house.stay(each) for each in homes])
        assert (await decide(house, booking, accept=True, owner=ADMIN)).value.state is BookingState.CONFIRMED


class TestANo:
    async def test_frees_the_nights_and_lets_the_payment_go(self, house, guest, other):
        home = await house.home(instant=False)
        booking = await asked(house, guest, house.stay(home))
        before = len(await house.told())
        declined = (await decide(house, booking, accept=False)).value
        assert (declined.state, declined.refund_minor) == (BookingState.DECLINED, None)
        told = [each for each in (await house.told())[before:] if each[0] != "StockMoved"]
        kept = {"number": booking.number, "reference": booking.reference, "account_id": guest}
        assert told == [("BookingDeclined", {**kept, "how": "declined", "payment_id": "pay_1"})]
        assert [row.live for row in await house.rows(models.quota, account_id=guest)] == [0]
        await house.hold(other, house.stay(home))
        assert type(await refusal_of(house.bookings.book_late(hold_id=booking.hold_id, payment=paid("x")))) is (
            AlreadyConfirmed
        )


class TestAnAnswer:
    @pytest.mark.parametrize("accept", [True, False])
    async def test_is_given_once(self, house, guest, accept):
        booking = await asked(house, guest, house.stay(await house.home(instant=False)))
        first = await decide(house, booking, accept=accept, key="one")
        before = await footprint(house)
        assert await decide(house, booking, accept=accept, key="one") == Keyed(value=first.value, replayed=True)
        assert type(await refusal_of(decide(house, booking, accept=accept))) is NotRequested
        assert type(await refusal_of(decide(house, booking, accept=not accept))) is NotRequested
        other_use = house.bookings.decide(
            caller=caller(house.owner.account_id, "one", route="decide", fingerprint="g"),
            owner=house.owner,
            number=booking.number,
            accept=accept,
        )
        assert type(await refusal_of(other_use)) is KeyReused
        after = await footprint(house)
        assert after[0][:4] == before[0][:4]  # refusals are kept under their keys, and nothing else

    async def test_is_the_owners_alone(self, house, guest):
        booking = await asked(house, guest, house.stay(await house.home(instant=False)))
        for who in (Principal(guest, "guest"), principal_of(new_account(), "owner")):
            assert type(await refusal_of(decide(house, booking, accept=True, owner=who))) is NotFound
        nothing = house.bookings.decide(caller=caller(1), owner=house.owner, number=1, accept=True)
        assert type(await refusal_of(nothing)) is NotFound

    async def test_is_not_wanted_of_an_ordinary_booking(self, house, guest):
        booking = await house.booked(guest, house.stay(await house.home()))
        for accept in (True, False):
            assert type(await refusal_of(decide(house, booking, accept=accept))) is NotRequested


class TestNoAnswerInTime:
    async def test_declines_the_request_before_anybody_tidies(self, house, guest):
        home = await house.home(instant=False)
        booking = await asked(house, guest, house.stay(home))
        house.wait(days=1)
        assert await state(house, booking) is BookingState.DECLINED
        [listed] = await house.bookings.bookings_of(account_id=guest, before=None, limit=5)
        assert listed.state is BookingState.DECLINED
        assert type(await refusal_of(decide(house, booking, accept=True))) is NotRequested
        assert type(await refusal_of(house.cancel(booking))) is AlreadyCancelled

    @pytest.mark.parametrize("by", ["sweeper", "next guest"])
    async def test_is_tidied_once(self, house, guest, other, by):
        home = await house.home(instant=False)
        booking = await asked(house, guest, house.stay(home))
        house.wait(days=1)
        before = len(await house.told())
        if by == "sweeper":
            await house.bookings.expire_holds()
        else:
            await house.hold(other, house.stay(home))
        await house.bookings.expire_holds()
        told = [each for each in (await house.told())[before:] if each[1].get("account_id") == guest]
        kept = {"number": booking.number, "reference": booking.reference, "account_id": guest}
        assert told == [("BookingDeclined", {**kept, "how": "expired", "payment_id": "pay_1"})]
        [row] = await house.rows(models.booking, number=booking.number)
        assert (row.state, row.decided_at is not None) == (BookingState.DECLINED, True)
        [hold] = await house.rows(models.hold, id=booking.hold_id)
        assert hold.state is HoldState.EXPIRED

    async def test_leaves_nothing_to_book_late(self, house, guest):
        booking = await asked(house, guest, house.stay(await house.home(instant=False)))
        house.wait(days=1)
        request = house.bookings.book_late(hold_id=booking.hold_id, payment=paid())
        found = await request
        assert found.state is BookingState.DECLINED  # the hold has become this booking, and no other


class TestAGuestWhoThinksAgain:
    async def test_may_cancel_the_request_and_owes_nothing(self, house, guest, other):
        home = await house.home(instant=False)
        booking = await asked(house, guest, house.stay(home))
        cancelled = (await house.cancel(booking)).value
        assert (cancelled.state, cancelled.refund_minor) == (BookingState.CANCELLED, booking.price.total_minor)
        assert type(await refusal_of(decide(house, booking, accept=True))) is NotRequested
        assert [row.live for row in await house.rows(models.quota, account_id=guest)] == [0]
        await house.hold(other, house.stay(home))


class TestAnswersThatMeet:
    @pytest.mark.parametrize("late", [False, True], ids=["in time", "too late"])
    async def test_leave_one_end(self, migrated, late):
        """Yes, no, a cancellation and the end of the time, all at once, in one process and in two."""
        count = 1 if "sqlite" in migrated else 2
        async with processes(migrated, count) as houses:
            here, there = houses[0], houses[-1]
            for _ in range(rounds(6, thorough=150)):
                guest, home = new_account(), await here.home(instant=False)
                booking = await asked(here, guest, here.stay(home))
                if late:
                    here.wait(days=1)
                answers = await outcomes(
                    decide(here, booking, accept=True),
                    there.cancel(booking),
                    there.bookings.expire_holds(),
                    decide(there, booking, accept=False),
                    there.hold(new_account(), there.stay(home)),
                )
                ends = [each.value.state for each in answers if isinstance(each, Keyed)]
                final = await state(here, booking)
                if late:
                    assert (ends, final) == ([], BookingState.DECLINED)
                else:
                    # A yes may be followed by the guest's cancellation; nothing else has two ends.
                    assert ends in (
                        [BookingState.CONFIRMED],
                        [BookingState.CONFIRMED, BookingState.CANCELLED],
                        [BookingState.CANCELLED],
                        [BookingState.DECLINED],
                    )
                    assert final is ends[-1]
                refusals = {type(each) for each in answers if isinstance(each, Exception)}
                assert refusals <= {NotRequested, AlreadyCancelled, CapacityTaken}, answers
                assert isinstance(await here.bookings.booking_of_hold(hold_id=booking.hold_id), Booking)
            await here.assert_sound()


class TestAHoldThatWasLetGo:
    async def test_cannot_be_requested(self, house, guest):
        hold = await house.hold(guest, house.stay(await house.home(instant=False)))
        await house.bookings.release_hold(account_id=guest, hold_id=hold.id)
        assert type(await refusal_of(house.confirm(hold, guest))) is HoldNotActive
