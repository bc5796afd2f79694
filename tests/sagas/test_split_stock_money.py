"""The money of trips over several databases: none moves before every part is held, and none stays without a trip."""

from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from builders import new_account
from money_world import Sale, World
from money_world import with_tables as with_money_tables
from scripted_provider import CHALLENGE
from split_builder import Fate, Killed, TripMaker, split_house, split_tables

from holdfast.booking import models
from holdfast.booking.api import BookingState, HoldExpired, HoldState
from holdfast.booking.service.split.stocks import HOME
from holdfast.kit.outbox import Relay
from holdfast.payments.api import PaymentState
from holdfast.sagas.postings import held
from support import servers


class SplitWorld(World):
    """A world whose stock is split."""

    def __init__(self, house, folder, url):
        super().__init__(house, folder, url)
        self.maker = TripMaker(house)
        own = self.relays[0].subscription
        self.relays += house.relays()
        for name, db in house.dbs.items():
            if name != HOME:
                named = type(own)(
                    name=f"{own.name}@{name}",
                    source=own.source,
                    events=own.events,
                    handle=own.handle,
                    cursors=own.cursors,
                )
                self.relays.append(Relay(named, models.outbox, db, house.db, house.clock))

    async def trip(self, *, token=None, items=None, **how):
        """Hold a trip and authorise its price."""
        items = items or await self.maker.items(flight=True)
        hold, guest = await self.maker.held(*items, guest=new_account())
        sale = Sale(guest, items[0].property_id, hold, None)
        await self.pay(sale, **({"token": token} if token else {}), **how)
        return sale

    async def carry(self):
        """Carry all events over, those that follow from others too."""
        for _ in range(2):
            await super().carry()


@pytest.fixture(scope="module")
async def urls(engine):
    lent = {name: servers.fresh_database(engine) for name in (HOME, "dining", "flights")}
    opened = {name: each.__enter__() for name, each in lent.items()}
    await with_money_tables(opened[HOME])
    await split_tables({HOME: opened[HOME], "dining": opened["dining"], "flights": opened["flights"]})
    yield opened
    for each in lent.values():
        each.__exit__(None, None, None)


@asynccontextmanager
async def split_world(urls, folder):
    async with split_house(urls) as house:
        world = SplitWorld(house, folder, urls[HOME])
        try:
            yield world
            await house.tidy()
            await world.assert_sound()
        finally:
            await world.sagas.close()
            await world.payments.close()


@pytest.fixture
async def world(urls, tmp_path):
    async with split_world(urls, tmp_path) as running:
        yield running


class TestThePaymentOfATrip:
    async def test_is_one_over_the_total_and_captured_once(self, world):
        sale = await world.confirm(await world.trip())
        await world.resolve()
        payment, booking = await world.look(sale)
        assert (payment.state, payment.captured_minor) == (PaymentState.CAPTURED, sale.hold.price.total_minor)
        assert (booking.state, booking.payment_status) == (BookingState.CONFIRMED, "completed")
        statement = await world.payments.statement(reference=booking.reference)
        assert sum(share.amount_minor for share in held(statement.transfers)) == payment.captured_minor

    async def test_gives_back_what_the_policy_of_a_part_gives(self, world):
        sale = await world.confirm(await world.trip())
        await world.resolve()
        quote = await world.cancel(sale, items=(1,))
        await world.resolve()
        payment, booking = await world.look(sale)
        assert payment.refunded_minor == quote.refund.total_minor == booking.items[1].total_minor
        assert [part.state for part in booking.parts] == ["confirmed", "cancelled", "confirmed"]

    async def test_gives_back_what_the_policies_of_all_parts_give(self, world):
        sale = await world.confirm(await world.trip())
        await world.resolve()
        quote = await world.cancel(sale)
        await world.resolve()
        payment, booking = await world.look(sale)
        assert payment.refunded_minor == quote.refund.total_minor == booking.refund_minor
        assert booking.state is BookingState.CANCELLED

    async def test_is_captured_and_given_back_where_it_is_canceled_before_it_is_captured(self, world):
        sale = await world.confirm(await world.trip())
        quote = await world.cancel(sale)
        await world.resolve()
        payment, _ = await world.look(sale)
        assert payment.captured_minor - payment.refunded_minor == payment.amount_minor - quote.refund.total_minor

    async def test_comes_back_when_who_sells_a_part_cancels_it(self, world):
        sale = await world.confirm(await world.trip())
        await world.resolve()
        part = sale.booking.parts[2]
        owner = world.house.owner
        shown = await world.booking.get_booking(principal=owner, number=part.number)
        assert shown.payment_id == sale.payment.id
        quote = await world.house.offer(shown, principal=owner)
        await world.house.accept_offer(quote, shown, principal=owner)
        await world.resolve()
        payment, _ = await world.look(sale)
        assert payment.refunded_minor == part.total_minor

    async def test_takes_all_parts_back_where_it_cannot_be_captured(self, world):
        before = await world.house.taken_anywhere()
        sale = await world.confirm(await world.trip())
        world.provider.refuse_captures = True
        await world.resolve()
        payment, booking = await world.look(sale)
        assert (booking.state, payment.state) == (BookingState.CANCELLED, PaymentState.VOIDED)
        assert world.kept(sale) == 0
        assert await world.house.taken_anywhere() == before

    async def test_is_let_go_when_the_trip_is_released(self, world):
        sale = await world.trip()
        await world.booking.release_hold(account_id=sale.guest, hold_id=sale.hold.id)
        await world.resolve()
        payment, booking = await world.look(sale)
        assert (payment.state, booking, world.kept(sale)) == (PaymentState.VOIDED, None, 0)

    async def test_is_let_go_when_a_part_is_lost_before_it_is_confirmed(self, world):
        before = await world.house.taken_anywhere()
        sale = await world.trip()
        [part] = [row for row in await world.house.rows_in("dining", models.hold) if row.account_id == sale.guest]
        await world.house.stocks.dining.release_hold(account_id=sale.guest, hold_id=part.id)
        with pytest.raises(HoldExpired):
            await world.confirm(sale)
        await world.resolve()
        payment, booking = await world.look(sale)
        assert (payment.state, booking, world.kept(sale)) == (PaymentState.VOIDED, None, 0)
        assert await world.house.taken_anywhere() == before

    async def test_books_the_trip_of_a_guest_who_never_came_back(self, world):
        sale = await world.trip(token=CHALLENGE)
        await world.booking.wait_for_payment(hold_id=sale.hold.id)
        await world.approve(sale)
        await world.resolve()
        payment, booking = await world.look(sale)
        assert (payment.state, booking.confirmed_by) == (PaymentState.CAPTURED, "payment")

    async def test_books_late_where_all_parts_are_free_still(self, world):
        sale = await world.trip(token=CHALLENGE)
        world.clock.advance(timedelta(minutes=31))
        await world.house.tidy()
        await world.approve(sale)
        await world.resolve()
        payment, booking = await world.look(sale)
        assert (payment.state, booking.state) == (PaymentState.CAPTURED, BookingState.CONFIRMED)

    async def test_is_given_back_late_where_one_part_is_gone(self, world):
        items = await world.maker.items(flight=True)
        sale = await world.trip(token=CHALLENGE, items=items)
        world.clock.advance(timedelta(minutes=31))
        await world.house.tidy()
        for _ in range(4):
            await world.maker.held(items[1])
        await world.approve(sale)
        await world.resolve()
        payment, booking = await world.look(sale)
        assert (booking, world.kept(sale)) == (None, 0)
        assert payment.state is PaymentState.VOIDED


class TestAProcessThatDies:
    @pytest.mark.parametrize("after", [False, True], ids=["before_it_is_written", "once_it_is_written"])
    async def test_leaves_a_trip_with_its_money_or_neither(self, world, urls, after):
        """It dies at each of its writes while it confirms; nobody comes back, and the hold runs out."""
        ends = set()
        for at in range(1, 30):
            sale = await world.trip()
            async with split_house(urls, clock=world.clock, fate=Fate(at, after=after)) as mortal:
                world.booking = mortal.bookings
                try:
                    await world.confirm(sale)
                    died = False
                except Killed:
                    died = True
                finally:
                    world.booking = world.house.bookings
            world.clock.advance(timedelta(minutes=31))
            await world.house.tidy()
            await world.resolve()
            payment, booking = await world.look(sale)
            if booking is None:
                hold = await world.booking.get_hold(account_id=sale.guest, hold_id=sale.hold.id)
                assert hold.state is not HoldState.CONFIRMED
                assert (payment.state, world.kept(sale)) == (PaymentState.VOIDED, 0)
            else:
                assert payment.state is PaymentState.CAPTURED
                assert world.kept(sale) == sale.hold.price.total_minor
            ends.add(booking is None)
            if not died:
                break
        assert not died
        assert ends == {False, True}
