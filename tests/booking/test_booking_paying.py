"""Holds as payments need them: what is payable, the one prolongation, confirming for a guest who never came back."""

import asyncio

import pytest
from builders import AT_PROPERTY, caller, footprint, new_account, outcomes, processes, refusal_of

from holdfast.booking import models
from holdfast.booking.api import (
    AlreadyConfirmed,
    Booking,
    BookingState,
    ConfirmedBy,
    Hold,
    HoldExpired,
    HoldNotActive,
    HoldState,
    PaymentTerms,
)
from holdfast.kit.errors import NotFound
from holdfast.kit.keyed import Keyed
from support.effort import rounds
from support.principals import principal_of


def paid(payment_id="pay_1", status="pending"):
    return PaymentTerms(method="card", status=status, payment_id=payment_id)


def payable(house, hold, guest, *, token=None):
    return house.bookings.payable(account_id=guest, hold_id=hold.id, hold_token=token or hold.token)


class TestWhatIsPayable:
    async def test_is_the_total_of_a_live_hold(self, house, guest):
        hold = await house.hold(guest, house.stay(await house.home(), 0, 2))
        due = await payable(house, hold, guest)
        assert (due, due.payable_minor) == (hold, hold.price.total_minor)

    async def test_is_nobody_elses_business(self, house, guest, other):
        home = await house.home(units=2)
        hold, another = await house.hold(guest, house.stay(home)), await house.hold(other, house.stay(home))
        for request in (
            payable(house, hold, other),
            payable(house, hold, guest, token=another.token),
            payable(house, hold, guest, token="é"),
            house.bookings.payable(account_id=guest, hold_id="hold_none", hold_token=hold.token),
            house.bookings.payable(
                account_id=house.owner.account_id, hold_id=await house.block(home, 9), hold_token="x"
            ),
        ):
            assert type(await refusal_of(request)) is NotFound

    async def test_is_nothing_of_a_hold_that_is_over(self, house, guest):
        home = await house.home(units=3)
        sold, released = await house.hold(guest, house.stay(home)), await house.hold(guest, house.stay(home))
        booking = (await house.confirm(sold, guest)).value
        await house.bookings.release_hold(account_id=guest, hold_id=released.id)
        expired = await house.hold(guest, house.stay(home))
        house.wait(minutes=10)
        refusal = await refusal_of(payable(house, sold, guest))
        assert (type(refusal), refusal.extra) == (AlreadyConfirmed, {"reference": booking.reference})
        assert type(await refusal_of(payable(house, released, guest))) is HoldNotActive
        assert type(await refusal_of(payable(house, expired, guest))) is HoldExpired


class TestWaitingForAPayment:
    async def test_gives_the_hold_its_time_again_once(self, house, guest):
        hold = await house.hold(guest, house.stay(await house.home()))
        house.wait(minutes=6)
        waiting = await house.bookings.wait_for_payment(hold_id=hold.id)
        assert waiting.expires_at - hold.expires_at >= (waiting.expires_at - hold.created_at) * 0.3
        assert waiting.expires_at > hold.expires_at
        house.wait(minutes=6)
        assert await house.bookings.wait_for_payment(hold_id=hold.id) == waiting
        assert (await house.confirm(hold, guest)).value.hold_id == hold.id

    async def test_never_passes_the_end_of_the_price(self, house, guest):
        hold = await house.hold(guest, house.stay(await house.home()))
        for _ in range(2):
            house.wait(minutes=9)
            await house.bookings.extend_hold(caller=caller(guest, route="extend"), hold_id=hold.id)
        house.wait(minutes=6)
        waiting = await house.bookings.wait_for_payment(hold_id=hold.id)
        assert waiting.expires_at == hold.extendable_until == waiting.extendable_until

    async def test_never_shortens_a_hold(self, house, guest):
        hold = await house.hold(guest, house.stay(await house.home()))
        assert (await house.bookings.wait_for_payment(hold_id=hold.id)).expires_at >= hold.expires_at

    async def test_leaves_what_has_ended_as_it_is(self, house, guest):
        home = await house.home(units=2)
        released, expired = await house.hold(guest, house.stay(home)), await house.hold(guest, house.stay(home))
        await house.bookings.release_hold(account_id=guest, hold_id=released.id)
        house.wait(minutes=10)
        states = [(await house.bookings.wait_for_payment(hold_id=each.id)).state for each in (released, expired)]
        assert states == [HoldState.RELEASED, HoldState.EXPIRED]
        assert (await house.taken(home)) == [1]  # not yet tidied; nothing was prolonged
        await house.bookings.expire_holds()
        assert (await house.taken(home)) == [0]

    async def test_knows_only_holds_of_guests(self, house):
        assert await house.bookings.wait_for_payment(hold_id="hold_none") is None
        assert await house.bookings.wait_for_payment(hold_id=await house.block(await house.home())) is None

    async def test_at_the_same_time_gives_it_once(self, served, guest):
        async with processes(served, 2) as (here, there):
            hold = await here.hold(guest, here.stay(await here.home()))
            here.wait(minutes=5)
            ends = await asyncio.gather(
                *[house.bookings.wait_for_payment(hold_id=hold.id) for house in (here, there) for _ in range(5)]
            )
            assert len({each.expires_at for each in ends}) == 1


class TestAJourney:
    async def test_finds_any_guests_hold(self, house, guest):
        home = await house.home()
        hold = await house.hold(guest, house.stay(home))
        assert await house.bookings.find_hold(hold_id=hold.id) == hold
        house.wait(minutes=10)
        assert (await house.bookings.find_hold(hold_id=hold.id)).state is HoldState.EXPIRED
        for missing in ("hold_none", await house.block(home, 5)):
            assert await house.bookings.find_hold(hold_id=missing) is None

    async def test_finds_the_booking_a_hold_has_become(self, house, guest):
        home = await house.home()
        hold = await house.hold(guest, house.stay(home))
        assert await house.bookings.booking_of_hold(hold_id=hold.id) is None
        booking = (await house.confirm(hold, guest)).value
        assert await house.bookings.booking_of_hold(hold_id=hold.id) == booking

    async def test_notes_where_a_payment_stands(self, house, guest):
        hold = await house.hold(guest, house.stay(await house.home()))
        booking = await house.bookings.confirm_paid(hold_id=hold.id, payment=paid())
        noted = await house.bookings.record_payment(number=booking.number, payment_id="pay_1", status="completed")
        assert noted.payment_status == "completed"
        assert await house.bookings.booking_of_hold(hold_id=hold.id) == noted

    async def test_notes_nothing_of_another_payment(self, house, guest):
        hold = await house.hold(guest, house.stay(await house.home()))
        booking = (await house.confirm(hold, guest)).value
        for number, payment_id in ((booking.number, "pay_2"), (1, "pay_1")):
            request = house.bookings.record_payment(number=number, payment_id=payment_id, status="completed")
            assert type(await refusal_of(request)) is NotFound
        assert await house.bookings.booking_of_hold(hold_id=hold.id) == booking


class TestConfirmingForAGuest:
    async def test_makes_the_booking_and_says_who_did(self, house, guest):
        home = await house.home()
        hold = await house.hold(guest, house.stay(home, 0, 2))
        before = len(await house.told())
        booking = await house.bookings.confirm_paid(hold_id=hold.id, payment=paid())
        assert (booking.account_id, booking.price, booking.state) == (guest, hold.price, BookingState.CONFIRMED)
        assert (booking.confirmed_by, booking.payment_id) == (ConfirmedBy.PAYMENT, "pay_1")
        [(kind, event)] = (await house.told())[before:]
        assert (kind, event["payment_id"]) == ("BookingConfirmed", "pay_1")

    async def test_is_the_same_booking_however_often_it_is_asked_for(self, house, guest):
        hold = await house.hold(guest, house.stay(await house.home()))
        first = await house.bookings.confirm_paid(hold_id=hold.id, payment=paid())
        before = await footprint(house)
        assert await house.bookings.confirm_paid(hold_id=hold.id, payment=paid()) == first
        assert await footprint(house) == before

    async def test_finds_what_the_guest_confirmed_with_the_same_payment(self, house, guest):
        hold = await house.hold(guest, house.stay(await house.home()))
        theirs = await house.bookings.confirm(
            caller=caller(guest), hold_id=hold.id, hold_token=hold.token, payment=paid()
        )
        found = await house.bookings.confirm_paid(hold_id=hold.id, payment=paid())
        assert (found, found.confirmed_by) == (theirs.value, ConfirmedBy.GUEST)

    @pytest.mark.parametrize("first", [AT_PROPERTY, paid("pay_0")], ids=["at_property", "another"])
    async def test_is_refused_where_it_is_paid_otherwise(self, house, guest, first):
        hold = await house.hold(guest, house.stay(await house.home()))
        booking = await house.bookings.confirm(
            caller=caller(guest), hold_id=hold.id, hold_token=hold.token, payment=first
        )
        refusal = await refusal_of(house.bookings.confirm_paid(hold_id=hold.id, payment=paid()))
        assert (type(refusal), refusal.extra) == (AlreadyConfirmed, {"reference": booking.value.reference})

    async def test_is_refused_when_the_hold_is_over(self, house, guest):
        home = await house.home(units=2)
        released, expired = await house.hold(guest, house.stay(home)), await house.hold(guest, house.stay(home))
        await house.bookings.release_hold(account_id=guest, hold_id=released.id)
        house.wait(minutes=10)
        for hold_id, refusal in ((released.id, HoldNotActive), (expired.id, HoldExpired), ("hold_none", NotFound)):
            request = house.bookings.confirm_paid(hold_id=hold_id, payment=paid())
            assert type(await refusal_of(request)) is refusal

    async def test_races_with_the_guest_and_the_end_of_the_hold(self, migrated):
        """Whoever wins, there is one booking or none, and everybody is told so."""
        async with processes(migrated, 1) as [house]:
            for turn in range(rounds(8, thorough=200)):
                home, who = await house.home(), new_account()
                hold = await house.hold(who, house.stay(home))
                if turn % 2:
                    house.wait(minutes=10)
                answers = await outcomes(
                    house.bookings.confirm(
                        caller=caller(who), hold_id=hold.id, hold_token=hold.token, payment=paid(f"pay_{turn}")
                    ),
                    house.bookings.confirm_paid(hold_id=hold.id, payment=paid(f"pay_{turn}")),
                    house.bookings.expire_holds(),
                )
                made = {
                    (each.value if isinstance(each, Keyed) else each).number
                    for each in answers
                    if isinstance(each, Keyed | Booking)
                }
                assert len(made) == (0 if turn % 2 else 1)
                refused = {type(each) for each in answers if isinstance(each, Exception)}
                assert refused <= {AlreadyConfirmed, HoldExpired}
            await house.assert_sound()


class TestABookingThatIsAnsweredAgain:
    async def test_is_told_as_it_was_first(self, house, guest):
        hold = await house.hold(guest, house.stay(await house.home()))
        asked = caller(guest)

        def confirm():
            return house.bookings.confirm(caller=asked, hold_id=hold.id, hold_token=hold.token, payment=paid())

        first = (await confirm()).value
        await house.bookings.record_payment(number=first.number, payment_id="pay_1", status="completed")
        assert await confirm() == Keyed(value=first, replayed=True)


class TestATripOverHomesOfSeveralOwners:
    async def test_is_listed_for_every_owner(self, house, guest):
        neighbour = principal_of(new_account(), "owner")
        homes = [await house.home(), await house.home(owner=neighbour), await house.home(owner=neighbour)]
        booking = await house.booked(guest, *[house.stay(each, place) for place, each in enumerate(homes)])
        for owner in (house.owner, neighbour):
            found = await house.bookings.bookings_of_owner(owner_id=owner.account_id, before=None, limit=10)
            assert found == [booking]
            assert await house.bookings.get_booking(principal=owner, number=booking.number) == booking
        stranger = principal_of(new_account(), "owner")
        assert await house.bookings.bookings_of_owner(owner_id=stranger.account_id, before=None, limit=10) == []
        assert type(await refusal_of(house.bookings.get_booking(principal=stranger, number=booking.number))) is NotFound

    async def test_is_listed_once_where_it_takes_two_homes_of_one_owner(self, house, guest):
        booking = await house.booked(guest, *[house.stay(await house.home(), night) for night in range(2)])
        rows = await house.rows(models.owner, number=booking.number)
        assert [row.owner_id for row in rows] == [house.owner.account_id]


class TestAHold:
    async def test_tells_that_it_ended_without_becoming_a_booking(self, house, guest):
        home = await house.home(units=3)
        released, expired = await house.hold(guest, house.stay(home)), await house.hold(guest, house.stay(home))
        await house.booked(guest, house.stay(home))
        before = len(await house.told())
        await house.bookings.release_hold(account_id=guest, hold_id=released.id)
        await house.bookings.release_hold(account_id=guest, hold_id=released.id)
        house.wait(minutes=10)
        await house.bookings.expire_holds()
        mine = {released.id, expired.id}
        told = (await house.told())[before:]
        ended = [event for kind, event in told if kind == "HoldEnded" and event["hold_id"] in mine]
        assert ended == [{"hold_id": released.id, "how": "released"}, {"hold_id": expired.id, "how": "expired"}]
        assert isinstance(await house.bookings.find_hold(hold_id=expired.id), Hold)
