"""Giving back: never twice, never more than was taken, and in the books exactly as at the provider."""

import asyncio

import pytest
from money_house import AMOUNT, SHARES, sale
from scripted_provider import LOST_AFTER, LOST_BEFORE

from holdfast.kit.errors import NotFound
from holdfast.kit.keyed import KeyReused
from holdfast.payments import models
from holdfast.payments.api import (
    CaseKind,
    CaseState,
    CurrencyMismatch,
    PaymentNotCaptured,
    PaymentOutcomeUnknown,
    PaymentState,
    PaymentStatus,
    RefundExceedsCapture,
    RefundOrder,
    RefundState,
    Share,
)
from holdfast.payments.providers.protocol import ProviderRefundState


class TestARefund:
    async def test_is_given_and_posted(self, house, guest):
        payment = await house.paid(guest)
        made = await house.refund(payment, 1_000)
        assert (made.state, made.amount_minor, made.reason) == (RefundState.COMPLETED, 1_000, "cancelled")
        assert made.completed_at is not None
        who = f"guest:{guest}"
        assert (await house.legs(payment.id))[4:] == [
            ("returned", "owner:7", who, 1_000),
            ("refund", who, "provider:scripted", 1_000),
        ]
        after = await house.payments.get(payment_id=payment.id)
        assert (after.refunded_minor, after.status) == (1_000, PaymentStatus.COMPLETED)
        assert (await house.told(payment.id))[-2:] == [("RefundMoved", "pending"), ("RefundMoved", "completed")]
        assert await house.payments.refunds_of(payment_ids=[payment.id]) == [made]

    async def test_of_everything_makes_it_refunded(self, house):
        payment = await house.paid()
        await house.refund(payment, shares=SHARES)
        after = await house.payments.get(payment_id=payment.id)
        assert after.status is PaymentStatus.REFUNDED
        assert house.provider.holds_of(payment.provider_ref) == 0

    async def test_by_the_same_key_is_the_same(self, house):
        payment = await house.paid()
        order = house.back(payment, 500)
        first, second = await house.payments.refund(order=order), await house.payments.refund(order=order)
        assert first == second
        assert house.provider.calls["refund"] == 1
        for other in (house.back(payment, 501, key=order.key), house.back(await house.paid(), 500, key=order.key)):
            with pytest.raises(KeyReused):
                await house.payments.refund(order=other)

    @pytest.mark.parametrize("amount", [0, -1, AMOUNT + 1])
    async def test_of_too_much_or_nothing_is_refused(self, house, amount):
        payment = await house.paid()
        with pytest.raises(RefundExceedsCapture) as refusal:
            await house.refund(payment, amount, shares=())
        assert refusal.value.extra == {"remaining": AMOUNT}

    async def test_may_not_take_one_cent_more_than_is_left(self, house):
        payment = await house.paid()
        await house.refund(payment, AMOUNT - 10)
        with pytest.raises(RefundExceedsCapture) as refusal:
            await house.refund(payment, 11)
        assert refusal.value.extra == {"remaining": 10}
        await house.refund(payment, 10)

    async def test_in_another_currency_is_refused(self, house):
        with pytest.raises(CurrencyMismatch):
            await house.refund(await house.paid(), 1, currency="EUR")

    async def test_of_what_was_not_captured_is_refused(self, house):
        payment = await house.pay()
        with pytest.raises(PaymentNotCaptured):
            await house.refund(payment, 1)
        order = RefundOrder(key="x", payment_id="pay_none", amount_minor=1, currency="USD", reason="late")
        with pytest.raises(NotFound):
            await house.payments.refund(order=order)

    async def test_wants_shares_that_add_up(self, house):
        payment = await house.paid()
        for shares in ((Share(account="tax", amount_minor=2),), (Share(account="tax", amount_minor=-1),) * 2):
            with pytest.raises(ValueError, match="share"):
                await house.refund(payment, 1 if len(shares) == 1 else -2, shares=shares)

    @pytest.mark.parametrize("forgets_keys", [False, True])
    @pytest.mark.parametrize("fault", [LOST_BEFORE, LOST_AFTER])
    async def test_whose_answer_was_lost_is_given_once(self, house, fault, forgets_keys):
        payment = await house.paid()
        house.provider.forgets_keys = forgets_keys
        house.provider.faults["refund"] = [fault]
        order = house.back(payment, 700)
        with pytest.raises(PaymentOutcomeUnknown):
            await house.payments.refund(order=order)
        assert (await house.payments.get(payment_id=payment.id)).refunded_minor == 700
        made = await house.payments.refund(order=order)
        assert made.state is RefundState.COMPLETED
        assert house.provider.things[payment.provider_ref].refunded == 700

    async def test_that_was_refused_makes_room_and_is_tried_again(self, house):
        payment = await house.paid()
        house.provider.refuse_refunds = 2
        order = house.back(payment, AMOUNT, shares=SHARES)
        for _ in range(2):
            made = await house.payments.refund(order=order)
            assert made.state is RefundState.FAILED
            assert (await house.payments.get(payment_id=payment.id)).refunded_minor == 0
        made = await house.payments.refund(order=order)
        assert made.state is RefundState.COMPLETED
        row = await house.row(models.refund, key=order.key)
        assert (row.attempt, row.failure) == (3, None)
        states = [state for kind, state in await house.told(payment.id) if kind == "RefundMoved"]
        assert states == ["pending", "failed"] * 2 + ["pending", "completed"]

    async def test_that_failed_does_not_take_room_others_have_taken(self, house):
        payment = await house.paid()
        house.provider.refuse_refunds = 1
        order = house.back(payment, AMOUNT, shares=SHARES)
        await house.payments.refund(order=order)
        await house.refund(payment, 1)
        with pytest.raises(RefundExceedsCapture):
            await house.payments.refund(order=order)

    async def test_that_waits_is_completed_by_a_message(self, house):
        payment = await house.paid()
        house.provider.refunds_wait = True
        made = await house.refund(payment, 300)
        assert made.state is RefundState.PENDING
        assert len(await house.legs(payment.id)) == 4
        [given] = house.provider.things[payment.provider_ref].refunds
        house.provider.settle_refund(given, ProviderRefundState.COMPLETED)
        assert (await house.hear(payment.provider_ref)).outcome == "applied"
        assert (await house.hear(payment.provider_ref)).outcome == "nothing_new"
        [made] = await house.payments.refunds_of(payment_ids=[payment.id])
        assert made.state is RefundState.COMPLETED
        assert len(await house.legs(payment.id)) == 6

    async def test_that_comes_back_is_undone_and_can_be_tried_again(self, house):
        payment = await house.paid()
        order = house.back(payment, 300)
        await house.payments.refund(order=order)
        [given] = house.provider.things[payment.provider_ref].refunds
        house.provider.settle_refund(given, ProviderRefundState.FAILED)
        await house.payments.refresh(payment_id=payment.id)
        [made] = await house.payments.refunds_of(payment_ids=[payment.id])
        assert made.state is RefundState.FAILED
        assert (await house.payments.get(payment_id=payment.id)).refunded_minor == 0
        again = await house.payments.refund(order=order)
        assert again.state is RefundState.COMPLETED
        await house.payments.refresh(payment_id=payment.id)
        assert house.provider.holds_of(payment.provider_ref) == AMOUNT - 300
        assert (await house.payments.get(payment_id=payment.id)).refunded_minor == 300

    async def test_made_in_the_providers_office_is_taken_into_the_books(self, house, guest):
        payment = await house.paid(guest)
        house.provider.refund_in_office(payment.provider_ref, 400)
        for outcome in ("applied", "nothing_new"):
            assert (await house.hear(payment.provider_ref)).outcome == outcome
        [made] = await house.payments.refunds_of(payment_ids=[payment.id])
        assert (made.amount_minor, made.state, made.reason) == (400, RefundState.COMPLETED, "provider")
        assert (await house.legs(payment.id))[4] == ("returned", "platform:adjustments", f"guest:{guest}", 400)
        with pytest.raises(RefundExceedsCapture):
            await house.refund(payment, AMOUNT - 399)

    async def test_without_a_sale_needs_nobody_to_give_it(self, house, guest):
        payment = await house.pay(guest)
        thing = house.provider.things[payment.provider_ref]
        thing.state, thing.captured = PaymentState.CAPTURED, AMOUNT
        payment = await house.payments.refresh(payment_id=payment.id)
        await house.refund(payment, 100, shares=(), reason="late")
        assert [leg[0] for leg in await house.legs(payment.id)] == ["capture", "refund"]
        await house.payments.capture(payment_id=payment.id, sale=sale())
        assert (await house.legs(payment.id))[-1] == ("sale", "platform:adjustments", f"guest:{guest}", 100)


class TestManyRefundsAtOnce:
    async def test_never_give_back_more_than_was_taken(self, house):
        payment = await house.paid()
        houses = [house.payments, house.another(), house.another()]
        part = AMOUNT // 10
        found = await asyncio.gather(
            *(houses[at % 3].refund(order=house.back(payment, part)) for at in range(50)), return_exceptions=True
        )
        done = [each for each in found if not isinstance(each, Exception)]
        assert {type(each) for each in found if isinstance(each, Exception)} == {RefundExceedsCapture}
        assert len(done) == 10
        assert house.provider.things[payment.provider_ref].refunded == part * 10
        assert (await house.payments.get(payment_id=payment.id)).refunded_minor == part * 10

    async def test_of_one_key_are_one(self, house):
        payment = await house.paid()
        houses = [house.payments, house.another(), house.another()]
        order = house.back(payment, 5_000)
        found = await asyncio.gather(*(houses[at % 3].refund(order=order) for at in range(50)))
        assert {each.id for each in found} == {found[0].id}
        assert house.provider.things[payment.provider_ref].refunded == 5_000


class TestADispute:
    async def opened(self, house, guest):
        payment = await house.paid(guest)
        await house.refund(payment, 2_500)
        thing = house.provider.things[payment.provider_ref]
        thing.disputed = True
        assert (await house.hear(payment.provider_ref)).outcome == "applied"
        return payment, thing

    async def test_takes_the_money_back_for_the_time_being(self, house, guest):
        payment, _ = await self.opened(house, guest)
        assert (await house.legs(payment.id))[-1] == ("dispute", "platform:disputes", "provider:scripted", 25_000)
        assert (await house.hear(payment.provider_ref)).outcome == "nothing_new"
        [case] = await house.payments.cases_of(payment_ids=[payment.id])
        assert (case.kind, case.state, case.reference) == (CaseKind.DISPUTE, CaseState.OPEN, "HF-1")
        assert (await house.told(payment.id))[-1] == ("CaseOpened", "dispute")

    async def test_that_is_won_brings_it_back(self, house, guest):
        payment, thing = await self.opened(house, guest)
        thing.lost = False
        await house.hear(payment.provider_ref)
        await house.hear(payment.provider_ref)
        assert (await house.legs(payment.id))[-1] == ("dispute_won", "provider:scripted", "platform:disputes", 25_000)
        [case] = await house.payments.cases_of(payment_ids=[payment.id])
        assert (case.state, case.outcome) == (CaseState.CLOSED, "won")

    async def test_that_is_lost_is_borne_by_those_who_had_the_money(self, house, guest):
        payment, thing = await self.opened(house, guest)
        thing.lost = True
        await house.hear(payment.provider_ref)
        assert (await house.legs(payment.id))[-3:] == [
            ("dispute_lost", "owner:7", "platform:disputes", 20_000),
            ("dispute_lost", "platform:fees", "platform:disputes", 2_727),
            ("dispute_lost", "tax", "platform:disputes", 2_273),
        ]
        [case] = await house.payments.cases_of(payment_ids=[payment.id])
        assert (case.state, case.outcome) == (CaseState.CLOSED, "lost")

    async def test_heard_of_when_it_is_over_is_posted_all_the_same(self, house):
        payment = await house.paid()
        thing = house.provider.things[payment.provider_ref]
        thing.disputed, thing.lost = True, False
        await house.payments.refresh(payment_id=payment.id)
        assert [leg[0] for leg in await house.legs(payment.id)][-2:] == ["dispute", "dispute_won"]
        [case] = await house.payments.cases_of(payment_ids=[payment.id])
        assert (case.state, case.outcome) == (CaseState.CLOSED, "won")
