"""The closed table of docs/late-payments.md: one outcome for each way a payment can come in, from its events on."""

from datetime import timedelta

import pytest
from builders import new_account
from scripted_provider import CHALLENGE

from holdfast.booking.api import BookingState, ConfirmedBy, HoldState
from holdfast.payments.api import PaymentOutcomeUnknown, PaymentState, RefundState
from holdfast.payments.providers.protocol import ProviderRefundState
from holdfast.sagas.api import JourneyState


async def waiting_for_guest(world, **hold):
    sale = await world.held_and_paid(token=CHALLENGE, **hold)
    assert sale.payment.state is PaymentState.REQUIRES_ACTION
    return sale


async def assert_nothing_kept(world, sale, state=PaymentState.VOIDED):
    payment, _ = await world.look(sale)
    assert payment.state is state
    assert world.kept(sale) == 0


class TestPaidInTime:
    async def test_is_booked_for_a_guest_who_did_not_come_back(self, world):
        sale = await waiting_for_guest(world)
        await world.approve(sale)
        await world.resolve()
        payment, booking = await world.look(sale)
        assert (booking.state, booking.confirmed_by) == (BookingState.CONFIRMED, ConfirmedBy.PAYMENT)
        assert (payment.state, booking.payment_status) == (PaymentState.CAPTURED, "completed")
        assert await world.cases(sale) == [("paid_in_time", "closed", "booked")]
        [case] = await world.payments.cases_of(payment_ids=[sale.payment.id])
        assert case.reference == booking.reference

    async def test_is_nothing_special_when_the_guest_came_back_first(self, world):
        sale = await waiting_for_guest(world)
        await world.approve(sale)
        await world.confirm(sale)
        await world.resolve()
        payment, booking = await world.look(sale)
        assert (payment.state, booking.confirmed_by) == (PaymentState.CAPTURED, ConfirmedBy.GUEST)
        assert await world.cases(sale) == []


class TestLate:
    async def test_is_booked_where_the_stock_is_free(self, world):
        sale = await waiting_for_guest(world)
        await world.expire(sale)
        await world.approve(sale)  # before anybody has let the payment go
        await world.resolve()
        payment, booking = await world.look(sale)
        assert (booking.state, payment.state) == (BookingState.CONFIRMED, PaymentState.CAPTURED)
        assert booking.price == sale.hold.price
        assert await world.cases(sale) == [("late_stock_free", "closed", "booked")]
        assert await world.house.taken(sale.home, 0, 2) == [1, 1]

    async def test_is_let_go_where_the_stock_is_gone(self, world):
        sale = await waiting_for_guest(world)
        stay = sale.hold.items[0]
        await world.expire(sale)
        other = await world.hold(home=sale.home, guest=new_account())
        assert other.hold.items[0].check_in == stay.check_in
        await world.approve(sale)
        await world.resolve()
        await assert_nothing_kept(world, sale)
        assert (await world.look(sale))[1] is None
        assert ("late_stock_gone", "closed", "voided") in await world.cases(sale)

    async def test_is_let_go_where_the_guest_had_let_the_hold_go(self, world):
        sale = await waiting_for_guest(world)
        await world.booking.release_hold(account_id=sale.guest, hold_id=sale.hold.id)
        await world.approve(sale)
        await world.resolve()
        await assert_nothing_kept(world, sale)
        assert await world.cases(sale) == [("late_stock_gone", "closed", "voided")]

    async def test_is_let_go_where_the_stay_has_begun(self, world):
        sale = await waiting_for_guest(world)
        await world.expire(sale)
        world.clock.advance(timedelta(days=31))
        await world.approve(sale)
        await world.resolve()
        await assert_nothing_kept(world, sale)
        assert ("late_stock_gone", "closed", "voided") in await world.cases(sale)

    async def test_cannot_be_when_the_payment_was_let_go_with_its_hold(self, world):
        sale = await waiting_for_guest(world)
        await world.expire(sale)
        endings = await world.resolve()
        assert endings[f"expire:{sale.hold.id}"].outcome == "released"
        await assert_nothing_kept(world, sale)
        assert await world.cases(sale) == []

    async def test_is_let_go_at_once_by_whoever_paid_without_being_sent_away(self, world):
        sale = await world.held_and_paid()
        await world.expire(sale)
        await world.resolve()
        await assert_nothing_kept(world, sale)
        assert (await world.booking.find_hold(hold_id=sale.hold.id)).state is HoldState.EXPIRED


class TestPaidTwice:
    async def test_leaves_one_payment(self, world):
        sale = await waiting_for_guest(world)
        first = sale.payment
        await world.pay(sale)  # the guest takes another card; the first payment is let go
        await world.confirm(sale)
        await world.resolve()
        # The provider had lost our cancellation: the first object was approved all the same.
        thing = world.provider.of(first.id)[0]
        thing.state = PaymentState.AUTHORISED
        await world.money.hear(thing.ref)
        await world.resolve()
        assert world.provider.things[thing.ref].state is PaymentState.VOIDED
        payment, booking = await world.look(sale)
        assert (payment.state, booking.payment_id) == (PaymentState.CAPTURED, payment.id)
        assert sum(world.provider.balance().values()) >= payment.captured_minor
        sale.payment = first
        assert ("rival_alive", "closed", "voided") in await world.cases(sale)

    async def test_is_let_go_where_a_booking_has_another_payment(self, world):
        sale = await waiting_for_guest(world)
        await world.approve(sale)
        second = sale.payment
        # The guest chose to pay at the property in another window, before the news of the payment came through.
        await world.house.confirm(sale.hold, sale.guest)
        await world.resolve()
        payment, booking = await world.look(sale)
        assert (payment.id, payment.state, booking.payment_id) == (second.id, PaymentState.VOIDED, None)
        assert await world.cases(sale) == [("paid_twice", "closed", "voided")]
        assert world.kept(sale) == 0


class TestTheWrongAmount:
    async def test_is_never_booked(self, world):
        world.provider.amount_off = 1
        sale = await world.hold()
        with pytest.raises(PaymentOutcomeUnknown):
            await world.pay(sale)
        [sale.payment] = await world.payments.of_holds(hold_ids=[sale.hold.id])
        await world.resolve()
        payment, booking = await world.look(sale)
        assert booking is None
        assert payment.state is PaymentState.VOIDED
        assert await world.cases(sale) == [("wrong_amount", "closed", "voided")]
        assert world.kept(sale) == 0


class TestARival:
    async def test_is_let_go_and_its_booking_stands(self, world):
        sale = await world.sold()
        await world.resolve()
        rival = world.provider.make(sale.payment.id, sale.payment.amount_minor, sale.payment.currency)
        await world.money.hear(rival.ref)
        await world.resolve()
        assert world.provider.things[rival.ref].state is PaymentState.VOIDED
        payment, booking = await world.look(sale)
        assert (payment.state, booking.state) == (PaymentState.CAPTURED, BookingState.CONFIRMED)
        assert world.kept(sale) == payment.captured_minor


class TestAFailedRefund:
    async def test_is_ordered_again(self, world):
        sale = await world.sold()
        await world.resolve()
        world.provider.refuse_refunds = 1
        quote = await world.cancel(sale)
        await world.resolve()
        payment, _ = await world.look(sale)
        assert payment.refunded_minor == quote.refund.total_minor
        assert world.kept(sale) == payment.captured_minor - quote.refund.total_minor

    async def test_that_fails_later_is_ordered_again(self, world):
        sale = await world.sold()
        await world.resolve()
        world.provider.refunds_wait = True
        quote = await world.cancel(sale)
        await world.resolve()
        [given] = world.provider.things[world.object_of(sale)].refunds
        world.provider.settle_refund(given, ProviderRefundState.FAILED)
        world.provider.refunds_wait = False
        await world.money.hear(world.object_of(sale))
        await world.resolve()
        [refund] = await world.payments.refunds_of(payment_ids=[sale.payment.id])
        assert (refund.state, refund.amount_minor) == (RefundState.COMPLETED, quote.refund.total_minor)
        assert ("refund_failed", "closed", "refunded") in await world.cases(sale)

    async def test_that_keeps_failing_asks_a_person_who_can_try_again(self, world):
        sale = await world.sold()
        await world.resolve()
        world.provider.refuse_refunds = 10**6
        await world.cancel(sale)
        endings = await world.resolve()
        assert {each.state for each in endings.values()} >= {JourneyState.NEEDS_HUMAN}
        assert ("refund_failed", "needs_human", "waiting") in await world.cases(sale)
        world.provider.refuse_refunds = 0
        for journey_id, ending in endings.items():
            if ending.state is JourneyState.NEEDS_HUMAN:
                await world.sagas.retry(journey_id=journey_id)
        await world.resolve()
        payment, booking = await world.look(sale)
        assert payment.refunded_minor == booking.refund_minor
        assert world.kept(sale) == payment.captured_minor - booking.refund_minor


class TestADispute:
    async def test_is_for_people_and_the_booking_stands(self, world):
        sale = await world.sold()
        await world.resolve()
        world.provider.things[world.object_of(sale)].disputed = True
        await world.money.hear(world.object_of(sale))
        await world.resolve()
        _, booking = await world.look(sale)
        assert booking.state is BookingState.CONFIRMED
        assert await world.cases(sale) == [("dispute", "needs_human", "disputed")]


class TestTheReconciler:
    async def test_finds_what_no_event_told_of(self, world):
        sale = await world.sold()
        released = await world.held_and_paid()
        await world.booking.release_hold(account_id=released.guest, hold_id=released.hold.id)
        for relay in world.relays:  # events pass by unseen, as if sagas had lost their database
            position = (await relay.outbox.after(world.house.db, await relay.position()))[-1:]
            if position:
                await world.house.db.write(
                    lambda tx, relay=relay, row=position[0]: relay._advance(
                        tx, relay._position, (row.epoch, row.seq), None
                    )
                )
                relay._position = (position[0].epoch, position[0].seq)
        assert await world.due() == {}
        world.clock.advance(timedelta(seconds=1))
        await world.reconcile()
        await world.resolve()
        assert (await world.look(sale))[0].state is PaymentState.CAPTURED
        assert (await world.look(released))[0].state is PaymentState.VOIDED
