"""Money that came after the hold had ended: the stock is taken again at the locked price, or nothing happens at all."""

import asyncio
from dataclasses import replace

from builders import caller, footprint, new_account, outcomes, processes, refusal_of
from test_booking_paying import paid

from holdfast.booking import models
from holdfast.booking.api import (
    AlreadyConfirmed,
    Booking,
    BookingState,
    CapacityTaken,
    ConfirmedBy,
    HoldNotActive,
    HoldState,
    RuleViolation,
)
from holdfast.kit.errors import NotFound
from support.effort import rounds


async def lost(house, guest, *stays):
    """A hold that ran out by itself, not tidied."""
    hold = await house.hold(guest, *stays)
    house.wait(minutes=10)
    return hold


def late(house, hold, payment_id="pay_1"):
    return house.bookings.book_late(hold_id=hold.id, payment=paid(payment_id))


class TestALatePayment:
    async def test_books_the_same_stay_at_the_locked_price(self, house, guest):
        home = await house.home()
        hold = await lost(house, guest, house.stay(home, 0, 2))
        [made] = await house.catalog.get_many(ids=[home])
        dearer = replace(made.draft, terms=replace(made.draft.terms, base_minor=99_900))
        await house.catalog.replace(owner=house.owner, property_id=home, draft=dearer, version=made.version)
        booking = await late(house, hold)
        assert (booking.account_id, booking.price, booking.items) == (guest, hold.price, hold.items)
        assert (booking.state, booking.confirmed_by) == (BookingState.CONFIRMED, ConfirmedBy.PAYMENT)
        assert booking.payment_id == "pay_1"
        assert await house.taken(home, 0, 2) == [1, 1]
        [row] = await house.rows(models.hold, id=booking.hold_id)
        [first] = await house.rows(models.hold, id=hold.id)
        assert (row.late_of, row.digest, first.state) == (hold.id, first.digest, HoldState.EXPIRED)

    async def test_that_is_repeated_is_the_same_booking(self, house, guest):
        hold = await lost(house, guest, house.stay(await house.home()))
        first = await late(house, hold)
        before = await footprint(house)
        assert await late(house, hold) == first
        assert await house.bookings.booking_of_hold(hold_id=hold.id) == first
        assert await footprint(house) == before

    async def test_of_another_kind_finds_it_booked(self, house, guest):
        hold = await lost(house, guest, house.stay(await house.home()))
        booking = await late(house, hold)
        refusal = await refusal_of(late(house, hold, "pay_2"))
        assert (type(refusal), refusal.extra) == (AlreadyConfirmed, {"reference": booking.reference})

    async def test_changes_nothing_where_a_night_is_gone(self, house, guest, other):
        home = await house.home()
        hold = await lost(house, guest, house.stay(home, 0, 3))
        theirs = await house.booked(other, house.stay(home, 1))
        for _ in range(2):
            refusal = await refusal_of(late(house, hold))
            assert type(refusal) is CapacityTaken
        await house.cancel(theirs)
        # What was answered once is answered again: the money is on its way back.
        assert type(await refusal_of(late(house, hold))) is CapacityTaken
        assert await house.taken(home, 0, 3) == [0, 0, 0]

    async def test_takes_another_unit_where_its_own_is_gone(self, house, guest, other):
        home = await house.home(names=("a", "b"))
        hold = await lost(house, guest, house.stay(home))
        assert hold.items[0].units == ("a",)
        assert (await house.booked(other, house.stay(home))).items[0].units == ("a",)
        assert (await late(house, hold)).items[0].units == ("b",)

    async def test_books_a_trip_whole_or_not_at_all(self, house, guest, other):
        homes = [await house.home(), await house.home()]
        hold = await lost(house, guest, *[house.stay(each) for each in homes])
        await house.booked(other, house.stay(homes[1]))
        assert type(await refusal_of(late(house, hold))) is CapacityTaken
        assert await house.taken(homes[0]) == [0]

    async def test_counts_as_no_live_hold(self, house, guest):
        hold = await lost(house, guest, house.stay(await house.home()))
        await late(house, hold)
        assert [row.live for row in await house.rows(models.quota, account_id=guest)] == [0]

    async def test_of_a_live_hold_confirms_it(self, house, guest):
        hold = await house.hold(guest, house.stay(await house.home()))
        booking = await late(house, hold)
        assert (booking.hold_id, booking.confirmed_by) == (hold.id, ConfirmedBy.PAYMENT)
        assert await late(house, hold) == booking

    async def test_of_a_hold_that_was_let_go_is_refused(self, house, guest):
        hold = await house.hold(guest, house.stay(await house.home()))
        await house.bookings.release_hold(account_id=guest, hold_id=hold.id)
        assert type(await refusal_of(late(house, hold))) is HoldNotActive

    async def test_of_a_booking_that_was_cancelled_finds_the_booking(self, house, guest):
        hold = await lost(house, guest, house.stay(await house.home()))
        booking = await late(house, hold)
        await house.cancel(booking)
        assert (await late(house, hold)).state is BookingState.CANCELLED

    async def test_for_a_stay_that_has_begun_is_refused(self, house, guest):
        hold = await lost(house, guest, house.stay(await house.home()))
        house.wait(days=31)
        refusal = await refusal_of(late(house, hold))
        assert (type(refusal), [each.code for each in refusal.errors]) == (RuleViolation, ["begun"])

    async def test_for_a_host_who_wants_to_be_asked_is_refused(self, house, guest):
        hold = await lost(house, guest, house.stay(await house.home(instant=False)))
        refusal = await refusal_of(late(house, hold))
        assert (type(refusal), [each.code for each in refusal.errors]) == (RuleViolation, ["host_asked"])

    async def test_of_nothing_is_not_found(self, house):
        request = house.bookings.book_late(hold_id="hold_none", payment=paid())
        assert type(await refusal_of(request)) is NotFound

    async def test_is_found_right_by_the_recount_after_the_hold_was_tidied(self, house, guest):
        home = await house.home(units=3)
        hold = await lost(house, guest, house.stay(home))
        await late(house, hold)
        await house.assert_sound()
        await house.bookings.expire_holds()
        assert await house.taken(home) == [1]


class TestLatePaymentsAtOnce:
    async def test_for_one_hold_are_one_booking(self, migrated):
        for number in (1, 2) if "sqlite" not in migrated else (1,):
            async with processes(migrated, number) as houses:
                for _ in range(rounds(4, thorough=100)):
                    guest, home = new_account(), await houses[0].home(units=5)
                    hold = await lost(houses[0], guest, houses[0].stay(home))
                    made = await asyncio.gather(*[late(house, hold) for house in houses for _ in range(4)])
                    assert len({each.number for each in made}) == 1
                    assert sum(await houses[0].taken(home)) in {1, 2}  # the hold that ran out may not be tidied yet
                await houses[0].bookings.expire_holds()
                await houses[0].assert_sound()

    async def test_and_other_guests_share_what_is_left(self, migrated):
        async with processes(migrated, 1) as [house]:
            for _ in range(rounds(4, thorough=100)):
                home = await house.home()
                hold = await lost(house, new_account(), house.stay(home))
                quoted = [(who, await house.quote(who, house.stay(home))) for who in (new_account(), new_account())]
                answers = await outcomes(
                    late(house, hold),
                    *[house.bookings.place_hold(caller=caller(who), quote_id=quote.id) for who, quote in quoted],
                )
                refused = [each for each in answers if isinstance(each, Exception)]
                assert [type(each) for each in refused] == [CapacityTaken, CapacityTaken], answers
                assert await house.taken(home) == [1]
                assert isinstance(answers[0], Booking | CapacityTaken)
            await house.assert_sound()
