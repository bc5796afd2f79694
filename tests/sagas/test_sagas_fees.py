"""Fees from the moment they are owed to what becomes of them, by events, and by whoever looks for what is missing."""

import pytest
from money_world import opened
from scripted_provider import CHALLENGE

from holdfast.booking.api import FeeState, fee_paid_by, fee_subject
from holdfast.kit.keyed import Caller
from holdfast.payments.api import CaseKind, CaseState, PaymentMethod, PaymentOrder, PaymentState
from holdfast.sagas.api import JourneyState
from holdfast.sagas.jobs import missing


async def fee_of(world, sale):
    return await world.booking.fees.get(number=sale.booking.number, turn=1)


async def payments_of(world, sale):
    return await world.payments.of_holds(hold_ids=[fee_subject(sale.booking.number, 1)])


class TestAFee:
    async def test_is_charged_once_nobody_came(self, world):
        sale = await world.guaranteed()
        await world.no_show(sale)
        endings = await world.resolve()
        assert endings[f"fee:{sale.booking.number}:1"].outcome == "charged"
        assert (await fee_of(world, sale)).state is FeeState.CHARGED

    async def test_is_charged_once_somebody_canceled_late(self, world):
        sale = await world.guaranteed()
        table = sale.booking.items[0]
        world.clock.advance(table.free_until - world.clock.now())
        world.house.wait(minutes=1)
        await world.cancel(sale)
        await world.resolve()
        fee = await fee_of(world, sale)
        assert (fee.state, fee.amount_minor) == (FeeState.CHARGED, table.guarantee_minor)

    async def test_is_charged_by_the_engine_of_workflows(self, world_url, tmp_path):
        async with opened(world_url, tmp_path, dbos=True) as world:
            sale = await world.guaranteed()
            await world.no_show(sale)
            await world.settle()
            assert (await fee_of(world, sale)).state is FeeState.CHARGED
            [payment] = await payments_of(world, sale)
            assert payment.state is PaymentState.CAPTURED

    async def test_is_found_when_its_event_was_lost(self, world):
        sale = await world.guaranteed()
        await world.no_show(sale)
        world.house.wait(seconds=1)
        await world.reconcile()
        journey = await world.sagas.journey(journey_id=f"fee:{sale.booking.number}:1")
        assert (journey.saga, journey.state) == ("charge_fee", JourneyState.WAITING)
        await world.resolve()
        assert (await fee_of(world, sale)).state is FeeState.CHARGED

    async def test_is_not_taken_for_money_without_a_hold(self, world):
        sale = await world.guaranteed()
        await world.no_show(sale)
        payment = await _authorised(world, sale)
        assert (await missing(world.booking, world.payments, payment))[1] == "charge_fee"
        ending = await world.travel("late_payment", f"late:{payment.id}", {"payment_id": payment.id, "why": "x"})
        assert ending.outcome == "fee"
        assert (await world.payments.get(payment_id=payment.id)).state is PaymentState.AUTHORISED
        await world.resolve()
        assert (await world.payments.get(payment_id=payment.id)).state is PaymentState.CAPTURED

    async def test_that_is_disputed_is_handed_to_a_person(self, world):
        sale = await world.guaranteed()
        await world.no_show(sale)
        await world.resolve()
        [payment] = await payments_of(world, sale)
        await world.payments.open_case(kind=CaseKind.DISPUTE, payment_id=payment.id, reference=None, detail="x")
        await world.resolve()
        [case] = await world.payments.cases_of(payment_ids=[payment.id])
        assert (case.kind, case.state) == (CaseKind.DISPUTE, CaseState.NEEDS_HUMAN)

    async def test_that_its_card_wants_approved_is_let_go(self, world):
        sale = await world.guaranteed(token=CHALLENGE)
        await world.no_show(sale)
        await world.resolve()
        fee = await fee_of(world, sale)
        assert (fee.state, fee.denial) == (FeeState.DENIED, "approval_needed")
        assert [each.state for each in await payments_of(world, sale)] == [PaymentState.VOIDED]


class TestWhatAPaymentIsFor:
    @pytest.mark.parametrize(
        ("subject", "fee"),
        [("fee:12:3", (12, 3)), ("hold_01JD3Z9B2K7M4P8R5T1V3X6Y0C", None), (fee_subject(7, 1), (7, 1))],
    )
    def test_is_told_by_its_name(self, subject, fee):
        assert fee_paid_by(subject) == fee


async def _authorised(world, sale):
    """Ask the card for the fee, as a saga does that dies right after."""
    fee = await fee_of(world, sale)
    subject = fee_subject(fee.number, fee.turn)
    order = PaymentOrder(
        hold_id=subject,
        amount_minor=fee.amount_minor,
        currency=fee.currency,
        method=PaymentMethod.CARD,
        stored_method_id=fee.method_id,
    )
    who = Caller(account_id=sale.guest, key=subject, fingerprint=fee.method_id, route="charge_fee")
    return (await world.payments.authorise(caller=who, order=order)).value
