"""The whole way, with DBOS and relays as in a server: an event is published, a journey is noted, money moves."""

from money_world import opened
from scripted_provider import CHALLENGE, LOST_AFTER, LOST_BEFORE

from holdfast.booking.api import BookingState
from holdfast.payments.api import PaymentState


class TestAConfirmedBooking:
    async def test_is_captured_and_canceled_again(self, world_url, tmp_path):
        async with opened(world_url, tmp_path, dbos=True) as world:
            sale = await world.sold()
            await world.settle()
            payment, booking = await world.look(sale)
            assert (payment.state, booking.payment_status) == (PaymentState.CAPTURED, "completed")
            quote = await world.cancel(sale)
            await world.settle()
            payment, booking = await world.look(sale)
            assert payment.refunded_minor == quote.refund.total_minor
            assert booking.payment_status == payment.status
            steps = await world.sagas.steps(journey_id=f"cancel:{quote.id}")
            assert [step.name for step in steps] == ["look", "plan", "refund 1", "record"]
            await world.assert_sound()

    async def test_is_captured_once_though_every_answer_is_lost(self, world_url, tmp_path):
        async with opened(world_url, tmp_path, dbos=True) as world:
            sale = await world.sold()
            world.provider.faults["capture"] = [LOST_BEFORE, LOST_AFTER]
            await world.settle()
            payment, _ = await world.look(sale)
            assert payment.state is PaymentState.CAPTURED
            assert world.kept(sale) == payment.captured_minor

    async def test_is_taken_back_where_its_money_cannot_be_captured(self, world_url, tmp_path):
        async with opened(world_url, tmp_path, dbos=True) as world:
            sale = await world.sold()
            world.provider.refuse_captures = True
            await world.settle()
            payment, booking = await world.look(sale)
            assert (booking.state, payment.state) == (BookingState.CANCELLED, PaymentState.VOIDED)
            assert booking.payment_status == "voided"
            assert world.kept(sale) == 0
            assert await world.house.taken(sale.home, 0, 2) == [0, 0]

    async def test_costs_no_journey_where_it_is_paid_at_the_property(self, world_url, tmp_path):
        async with opened(world_url, tmp_path) as world:
            sale = await world.hold()
            booking = (await world.house.confirm(sale.hold, sale.guest)).value
            await world.house.cancel(booking)
            assert await world.due() == {}


class TestALatePayment:
    async def test_is_resolved(self, world_url, tmp_path):
        async with opened(world_url, tmp_path, dbos=True) as world:
            sale = await world.held_and_paid(token=CHALLENGE)
            await world.approve(sale)
            await world.settle()
            payment, booking = await world.look(sale)
            assert (payment.state, booking.state) == (PaymentState.CAPTURED, BookingState.CONFIRMED)
