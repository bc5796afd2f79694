"""A process dies at each of its writes while it sells a trip over several databases; the next one puts it right."""

import asyncio

import pytest
from builders import caller, new_account
from split_builder import Fate, Killed, TripMaker, confirmed, paid, split_house, split_tables

from holdfast.booking import models
from holdfast.booking.api import BookingState, HoldState
from holdfast.booking.service.split.stocks import HOME
from holdfast.kit.auth import Principal
from holdfast.kit.errors import HoldfastError
from support import servers

WRITES_MOST = 30


@pytest.fixture(scope="module")
async def urls(engine):
    lent = {name: servers.fresh_database(engine) for name in (HOME, "dining", "flights")}
    opened = {name: each.__enter__() for name, each in lent.items()}
    await split_tables(opened)
    yield opened
    for each in lent.values():
        each.__exit__(None, None, None)


async def dies(work):
    """Carry something out in a process that may die of it; return whether it did."""
    try:
        await work
    except Killed:
        return True
    return False


after = pytest.mark.parametrize("after", [False, True], ids=["before_it_is_written", "once_it_is_written"])


class TestAProcessThatDies:
    @after
    async def test_while_it_holds_a_trip_leaves_nothing_held(self, urls, after):
        async with split_house(urls) as house:
            maker = TripMaker(house)
            deaths = 0
            for at in range(1, WRITES_MOST):
                guest = new_account()
                quote = await house.quote(guest, *await maker.items(flight=True))
                before = await house.taken_anywhere()
                async with split_house(urls, clock=house.clock, fate=Fate(at, after=after)) as mortal:
                    died = await dies(mortal.bookings.place_hold(caller=caller(guest), quote_id=quote.id))
                if not died:
                    break
                deaths += 1
                house.wait(seconds=61)
                await house.tidy()
                [trip] = await house.rows(models.trip, account_id=guest) or [None]
                if trip is not None and trip.state == "held":
                    await house.bookings.release_hold(account_id=guest, hold_id=trip.id)
                assert await house.taken_anywhere() == before
                await house.assert_sound()
            # Written down, held in three stocks, written down as held.
            assert deaths == 5

    @after
    async def test_while_it_confirms_a_trip_leaves_a_whole_one_or_none(self, urls, after):
        async with split_house(urls) as house:
            maker = TripMaker(house)
            booked = held = 0
            for at in range(1, WRITES_MOST):
                hold, guest = await maker.held(*await maker.items(flight=True))
                async with split_house(urls, clock=house.clock, fate=Fate(at, after=after)) as mortal:
                    died = await dies(confirmed(mortal, hold, guest))
                if not died:
                    break
                house.wait(seconds=61)
                await house.tidy()
                await house.assert_sound()
                booking = await house.bookings.booking_of_hold(hold_id=hold.id)
                told = [each for each in await house.told_of("BookingConfirmed") if each["payment_id"] == "payment_1"]
                mine = [each for each in told if booking is not None and each["number"] == booking.number]
                if booking is None:
                    held += 1
                    live = await house.bookings.get_hold(account_id=guest, hold_id=hold.id)
                    assert (live.state, mine) == (HoldState.HELD, [])
                    booking = await confirmed(house, hold, guest)
                else:
                    booked += 1
                    assert len(mine) == 1
                assert [part.state for part in booking.parts] == [BookingState.CONFIRMED] * 3
            assert booked >= 4
            assert held >= 1 - after

    @after
    async def test_while_a_part_is_refused_leaves_nothing(self, urls, after):
        async with split_house(urls) as house:
            maker = TripMaker(house)
            deaths = 0
            for at in range(1, WRITES_MOST):
                hold, _ = await maker.held(*await maker.items(flight=True))
                house.wait(minutes=11)
                await house.tidy()
                item = hold.items[2]
                for _ in range(20):
                    await maker.held(maker.travel.seat(item.legs[0].flight_id, adults=9, again=True))
                before = await house.taken_anywhere()
                late = {"hold_id": hold.id, "payment": paid()}
                async with split_house(urls, clock=house.clock, fate=Fate(at, after=after)) as mortal:
                    try:
                        died = await dies(mortal.bookings.book_late(**late))
                    except HoldfastError:
                        break
                assert died
                deaths += 1
                house.wait(seconds=61)
                await house.tidy()
                assert await house.bookings.booking_of_hold(hold_id=hold.id) is None
                assert set(await house.taken_anywhere()) <= set(before)
                await house.assert_sound()
            assert deaths >= 5

    @after
    async def test_while_it_cancels_a_trip_lets_the_next_one_go_on(self, urls, after):
        async with split_house(urls) as house:
            maker = TripMaker(house)
            for at in range(1, WRITES_MOST):
                before = await house.taken_anywhere()
                hold, guest = await maker.held(*await maker.items(flight=True))
                booking = await confirmed(house, hold, guest)
                offer = await house.offer(booking)
                asked = {"principal": Principal(guest, "guest"), "number": booking.number, "quote_id": offer.id}
                async with split_house(urls, clock=house.clock, fate=Fate(at, after=after)) as mortal:
                    died = await dies(mortal.bookings.cancel(caller=caller(guest), **asked))
                house.wait(seconds=61)
                await house.tidy()
                await house.carry()
                done = await house.bookings.get_booking(principal=Principal(guest, "guest"), number=booking.number)
                states = {part.state for part in done.parts}
                assert states in ({BookingState.CONFIRMED}, {BookingState.CANCELLED})
                told = [each for each in await house.told_of("BookingCancelled") if each["number"] == booking.number]
                if states == {BookingState.CANCELLED}:
                    assert sum(each["refund_minor"] for each in told) == offer.refund.total_minor
                    assert set(await house.taken_anywhere()) <= set(before)
                else:
                    assert told == []
                await house.assert_sound()
                if not died:
                    break
            assert not died
            assert at >= 5


class TestAStockThatIsAway:
    async def test_leaves_nothing_held_and_the_same_key_is_served_anew(self, urls):
        async with split_house(urls) as house:
            maker = TripMaker(house)
            guest, who = new_account(), None
            quote = await house.quote(guest, *await maker.items())
            before = await house.taken_anywhere()
            who = caller(guest)
            async with split_house(urls, clock=house.clock, fate=Fate(3, after=False)) as mortal:
                assert await dies(mortal.bookings.place_hold(caller=who, quote_id=quote.id))
            house.wait(seconds=61)
            await house.tidy()
            assert await house.taken_anywhere() == before
            served = await house.bookings.place_hold(caller=who, quote_id=quote.id)
            assert (served.replayed, served.value.state) == (False, HoldState.HELD)

    async def test_is_gone_on_with_by_two_at_once(self, urls):
        async with split_house(urls) as house, split_house(urls, clock=house.clock) as other:
            maker = TripMaker(house)
            hold, guest = await maker.held()
            async with split_house(urls, clock=house.clock, fate=Fate(3, after=True)) as mortal:
                assert await dies(confirmed(mortal, hold, guest))
            house.wait(seconds=61)
            for _ in range(3):
                await asyncio.gather(house.bookings.tend(), other.bookings.tend(), house.bookings.tend())
                house.wait(seconds=2)
            booking = await house.bookings.booking_of_hold(hold_id=hold.id)
            told = [each for each in await house.told_of("BookingConfirmed") if each["number"] == booking.number]
            assert len(told) == 1
            await house.assert_sound()
