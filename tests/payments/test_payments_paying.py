"""From the first request to the capture: what a guest, the provider and the ledger see."""

import asyncio

import pytest
from money_house import AMOUNT, SHARES, new_guest, new_hold, sale
from scripted_provider import CHALLENGE, DECLINED, LOST_AFTER, LOST_BEFORE, NEVER

from holdfast.kit.errors import Invalid, NotFound, PaymentRequired
from holdfast.kit.keyed import KeyInProgress, KeyReused
from holdfast.payments import models
from holdfast.payments.api import (
    CaptureRefused,
    CaseKind,
    CaseState,
    MethodUnavailable,
    PaymentDenied,
    PaymentInProgress,
    PaymentMethod,
    PaymentMismatch,
    PaymentOutcomeUnknown,
    PaymentState,
    PaymentStatus,
)
from holdfast.payments.providers.registry import Providers
from support.polling import eventually


class TestAuthorising:
    async def test_keeps_what_the_provider_said(self, house, guest, hold):
        payment = await house.pay(guest, hold=hold)
        assert (payment.state, payment.status) == (PaymentState.AUTHORISED, PaymentStatus.PENDING)
        assert (payment.hold_id, payment.account_id, payment.attempt) == (hold, guest, 1)
        assert (payment.amount_minor, payment.currency, payment.captured_minor) == (AMOUNT, "USD", 0)
        assert (payment.card.brand, payment.card.last4) == ("visa", "4242")
        assert payment.authorised_at is not None
        assert await house.told(payment.id) == [("PaymentMoved", "authorised")]
        assert await house.legs(payment.id) == []

    async def test_shows_where_the_guest_approves(self, house):
        payment = await house.pay(token=CHALLENGE)
        assert payment.state is PaymentState.REQUIRES_ACTION
        assert payment.action_url == f"https://bank.example/{payment.provider_ref}"
        house.provider.approve(payment.provider_ref)
        after = await house.payments.refresh(payment_id=payment.id)
        assert (after.state, after.action_url) == (PaymentState.AUTHORISED, None)
        assert (await house.rows(models.outbox.table))[-1].payload["waited"] is True

    async def test_tells_why_it_was_denied_and_leaves_the_hold_free(self, house, guest, hold):
        with pytest.raises(PaymentDenied) as refusal:
            await house.pay(guest, hold=hold, token=DECLINED)
        assert refusal.value.extra["denial"] == "card_declined"
        [denied] = await house.payments.of_holds(hold_ids=[hold])
        assert (denied.state, denied.denial) == (PaymentState.DENIED, "card_declined")
        again = await house.pay(guest, hold=hold)
        assert (again.state, again.attempt) == (PaymentState.AUTHORISED, 2)

    async def test_gives_the_same_key_the_same_payment(self, house, guest, hold):
        caller, order = house.caller(guest), house.order(hold)
        first = await house.payments.authorise(caller=caller, order=order)
        second = await house.payments.authorise(caller=caller, order=order)
        assert (first.replayed, second.replayed) == (False, True)
        assert first.value == second.value
        assert house.provider.calls["authorise"] == 1
        [row] = await house.rows(models.payment, hold_id=hold)
        assert row.replays == 1

    async def test_gives_the_same_key_the_same_denial(self, house, guest, hold):
        caller, order = house.caller(guest), house.order(hold, token=DECLINED)
        for replayed in (False, True):
            with pytest.raises(PaymentDenied) as refusal:
                await house.payments.authorise(caller=caller, order=order)
            assert refusal.value.replayed is replayed
        assert house.provider.calls["authorise"] == 1

    async def test_refuses_a_key_that_was_used_for_something_else(self, house, guest, hold):
        caller = house.caller(guest)
        await house.payments.authorise(caller=caller, order=house.order(hold))
        other = house.caller(guest, caller.key, fingerprint="other")
        for who, order in ((other, house.order(hold)), (caller, house.order(new_hold()))):
            with pytest.raises(KeyReused):
                await house.payments.authorise(caller=who, order=order)

    async def test_lets_two_accounts_use_the_same_key(self, house):
        one, two = new_guest(), new_guest()
        first = await house.payments.authorise(caller=house.caller(one, "same"), order=house.order())
        second = await house.payments.authorise(caller=house.caller(two, "same"), order=house.order())
        assert first.value.id != second.value.id

    async def test_refuses_a_second_payment_of_a_hold_that_is_paid(self, house, guest, hold):
        first = await house.pay(guest, hold=hold)
        with pytest.raises(PaymentInProgress) as refusal:
            await house.pay(guest, hold=hold)
        assert refusal.value.extra["payment_id"] == first.id
        await house.payments.capture(payment_id=first.id, sale=sale())
        with pytest.raises(PaymentInProgress):
            await house.pay(guest, hold=hold)
        assert len(house.provider.things) == 1

    async def test_tells_a_stranger_nothing_of_the_payment_in_the_way(self, house, guest, hold):
        await house.pay(guest, hold=hold)
        with pytest.raises(PaymentInProgress) as refusal:
            await house.pay(new_guest(), hold=hold)
        assert refusal.value.extra == {}

    async def test_lets_a_payment_go_that_waits_for_the_guest(self, house, guest, hold):
        waiting = await house.pay(guest, hold=hold, token=CHALLENGE)
        second = await house.pay(guest, hold=hold)
        assert second.state is PaymentState.AUTHORISED
        assert (await house.payments.get(payment_id=waiting.id)).state is PaymentState.VOIDED
        assert house.provider.things[waiting.provider_ref].state is PaymentState.VOIDED

    async def test_keeps_a_payment_that_was_approved_a_moment_ago(self, house, guest, hold):
        waiting = await house.pay(guest, hold=hold, token=CHALLENGE)
        house.provider.approve(waiting.provider_ref)
        with pytest.raises(PaymentInProgress):
            await house.pay(guest, hold=hold)
        assert (await house.payments.get(payment_id=waiting.id)).state is PaymentState.AUTHORISED

    @pytest.mark.parametrize("fault", [LOST_BEFORE, LOST_AFTER, NEVER])
    async def test_finds_out_what_became_of_a_lost_answer(self, house, guest, hold, fault):
        house.settings = house.settings.model_copy(update={"deadline_s": 0.05})
        house.payments = house.another()
        house.provider.faults["authorise"] = [fault]
        caller, order = house.caller(guest), house.order(hold)
        with pytest.raises(PaymentOutcomeUnknown):
            await house.payments.authorise(caller=caller, order=order)
        [waiting] = await house.payments.of_holds(hold_ids=[hold])
        assert (waiting.state, waiting.status) == (PaymentState.STARTING, PaymentStatus.PENDING)
        again = await house.payments.authorise(caller=caller, order=order)
        assert (again.value.id, again.value.state) == (waiting.id, PaymentState.AUTHORISED)
        assert len(house.provider.of(waiting.id)) == 1

    async def test_never_makes_a_second_object_even_where_the_provider_forgot_the_key(self, house, guest, hold):
        house.provider.forgets_keys = True
        house.provider.faults["authorise"] = [LOST_AFTER]
        caller, order = house.caller(guest), house.order(hold)
        with pytest.raises(PaymentOutcomeUnknown):
            await house.payments.authorise(caller=caller, order=order)
        again = await house.payments.authorise(caller=caller, order=order)
        assert len(house.provider.of(again.value.id)) == 1

    async def test_makes_way_for_a_new_payment_when_the_provider_knows_nothing_of_the_old(self, house, guest, hold):
        house.provider.faults["authorise"] = [LOST_BEFORE]
        with pytest.raises(PaymentOutcomeUnknown):
            await house.pay(guest, hold=hold)
        with pytest.raises(PaymentInProgress):
            await house.pay(guest, hold=hold)
        house.wait(seconds=61)
        assert (await house.pay(guest, hold=hold)).attempt == 2
        first, second = await house.payments.of_holds(hold_ids=[hold])
        assert (first.state, second.state) == (PaymentState.VOIDED, PaymentState.AUTHORISED)

    async def test_is_done_once_by_many_with_one_key(self, house, guest, hold):
        houses = [house.payments, house.another(), house.another()]
        caller, order = house.caller(guest), house.order(hold)
        found = await asyncio.gather(
            *(each.authorise(caller=caller, order=order) for each in houses for _ in range(10)), return_exceptions=True
        )
        accepted = [each for each in found if not isinstance(each, Exception)]
        assert {type(each) for each in found if isinstance(each, Exception)} <= {KeyInProgress}
        assert {each.value.id for each in accepted} == {accepted[0].value.id}
        assert len(house.provider.of(accepted[0].value.id)) == 1

    async def test_is_done_once_by_many_with_keys_of_their_own(self, house, guest, hold):
        houses = [house.payments, house.another(), house.another()]
        found = await asyncio.gather(
            *(
                each.authorise(caller=house.caller(guest), order=house.order(hold))
                for each in houses
                for _ in range(10)
            ),
            return_exceptions=True,
        )
        accepted = [each for each in found if not isinstance(each, Exception)]
        assert len(accepted) == 1
        assert {type(each) for each in found if isinstance(each, Exception)} == {PaymentInProgress}
        assert [each.state for each in house.provider.things.values()] == [PaymentState.AUTHORISED]

    @pytest.mark.parametrize(
        "wrong",
        [
            {"token": None},
            {"token": ""},
            {"token": "x" * 256},
            {"token": "4242 4242 4242 4242"},
            {"token": "tok_4242424242424242"},
            {"amount": 0},
            {"amount": -1},
        ],
    )
    async def test_refuses_what_cannot_be_paid_with(self, house, hold, wrong):
        with pytest.raises(Invalid):
            await house.pay(hold=hold, **wrong)
        assert await house.payments.of_holds(hold_ids=[hold]) == []
        assert not house.provider.things

    async def test_needs_no_token_for_paypal(self, house):
        payment = await house.pay(method=PaymentMethod.PAYPAL, token=None)
        assert payment.state is PaymentState.REQUIRES_ACTION

    @pytest.mark.parametrize("method", [PaymentMethod.WALLET, PaymentMethod.AT_PROPERTY])
    async def test_refuses_a_method_that_is_not_offered(self, house, method):
        house.providers = Providers({PaymentMethod.CARD: house.provider})
        house.payments = house.another()
        with pytest.raises(MethodUnavailable) as refusal:
            await house.pay(method=method)
        assert refusal.value.extra["methods"] == ["at_property", "card"]
        assert await house.payments.methods_offered() == (PaymentMethod.AT_PROPERTY, PaymentMethod.CARD)


class TestAWrongAnswer:
    async def test_about_the_amount_is_never_authorised(self, house, guest, hold):
        house.provider.amount_off = -1
        with pytest.raises(PaymentOutcomeUnknown):
            await house.pay(guest, hold=hold)
        [payment] = await house.payments.of_holds(hold_ids=[hold])
        assert payment.state is PaymentState.STARTING
        [case] = await house.payments.cases_of(payment_ids=[payment.id])
        assert (case.kind, case.state) == (CaseKind.WRONG_AMOUNT, CaseState.OPEN)
        with pytest.raises(CaptureRefused if payment.provider_ref is None else PaymentOutcomeUnknown):
            await house.payments.capture(payment_id=payment.id, sale=sale())
        voided = await house.payments.void(payment_id=payment.id)
        assert voided.state is PaymentState.VOIDED
        assert house.provider.things[payment.provider_ref].state is PaymentState.VOIDED

    @pytest.mark.parametrize("change", [{"currency": "EUR"}, {"payment_id": "pay_other"}, {"amount": 1}])
    async def test_that_comes_later_is_never_authorised(self, house, change):
        payment = await house.pay(token=CHALLENGE)
        thing = house.provider.things[payment.provider_ref]
        for name, value in change.items():
            setattr(thing, name, value)
        house.provider.approve(payment.provider_ref)
        after = await house.payments.refresh(payment_id=payment.id)
        assert after.state is PaymentState.REQUIRES_ACTION
        [case] = await house.payments.cases_of(payment_ids=[payment.id])
        assert case.kind is CaseKind.WRONG_AMOUNT
        assert (await house.told(payment.id))[-1] == ("CaseOpened", "wrong_amount")


class TestARival:
    async def test_beside_the_one_we_go_by_is_let_go(self, house, guest, hold):
        house.provider.faults["authorise"] = [LOST_AFTER]
        caller, order = house.caller(guest), house.order(hold)
        with pytest.raises(PaymentOutcomeUnknown):
            await house.payments.authorise(caller=caller, order=order)
        [waiting] = await house.payments.of_holds(hold_ids=[hold])
        house.provider.make(waiting.id, AMOUNT, "USD")
        payment = (await house.payments.authorise(caller=caller, order=order)).value
        one, two = house.provider.of(payment.id)
        assert (one.ref, one.state, two.state) == (payment.provider_ref, PaymentState.AUTHORISED, PaymentState.VOIDED)
        [case] = await house.payments.cases_of(payment_ids=[payment.id])
        assert (case.kind, case.state, case.outcome) == (CaseKind.RIVAL_ALIVE, CaseState.CLOSED, "voided")

    async def test_that_comes_later_is_let_go_and_ours_stays(self, house):
        payment = await house.pay()
        rival = house.provider.make(payment.id, AMOUNT, "USD")
        assert (await house.hear(rival.ref)).outcome == "alert"
        after = await house.payments.refresh(payment_id=payment.id)
        assert after.state is PaymentState.AUTHORISED
        one, two = house.provider.of(payment.id)
        assert (one.state, two.ref, two.state) == (PaymentState.AUTHORISED, rival.ref, PaymentState.VOIDED)
        [case] = await house.payments.cases_of(payment_ids=[payment.id])
        assert (case.kind, case.state, case.outcome) == (CaseKind.RIVAL_ALIVE, CaseState.CLOSED, "voided")

    async def test_of_a_payment_we_let_go_is_found_and_let_go(self, house):
        payment = await house.pay()
        await house.payments.void(payment_id=payment.id)
        house.provider.things[payment.provider_ref].state = PaymentState.AUTHORISED
        assert (await house.hear(payment.provider_ref)).outcome == "alert"
        [case] = await house.payments.cases_of(payment_ids=[payment.id])
        assert (case.kind, case.state) == (CaseKind.RIVAL_ALIVE, CaseState.OPEN)
        after = await house.payments.void(payment_id=payment.id)
        assert after.state is PaymentState.VOIDED
        assert house.provider.things[payment.provider_ref].state is PaymentState.VOIDED
        [case] = await house.payments.cases_of(payment_ids=[payment.id])
        assert (case.state, case.outcome) == (CaseState.CLOSED, "voided")

    async def test_that_comes_alive_again_opens_its_case_again(self, house):
        payment = await house.pay()
        await house.payments.void(payment_id=payment.id)
        for _ in range(2):
            house.provider.things[payment.provider_ref].state = PaymentState.AUTHORISED
            await house.payments.refresh(payment_id=payment.id)
            [case] = await house.payments.cases_of(payment_ids=[payment.id])
            assert case.state is CaseState.CLOSED
            assert house.provider.things[payment.provider_ref].state is PaymentState.VOIDED
        assert (await house.told(payment.id)).count(("CaseOpened", "rival_alive")) == 2


class TestArranging:
    async def arrange(self, house, payment, **other):
        asked = {
            "account_id": payment.account_id,
            "hold_id": payment.hold_id,
            "due": (payment.amount_minor, payment.currency),
            "method": payment.method,
            "payment_id": payment.id,
        }
        return await house.payments.arrange(**asked | other)

    async def test_asks_nobody_where_it_is_authorised(self, house):
        payment = await house.pay()
        before = house.provider.calls.total()
        agreed = await self.arrange(house, payment)
        assert (agreed.method, agreed.status, agreed.id) == (PaymentMethod.CARD, "pending", payment.id)
        assert house.provider.calls.total() == before

    async def test_asks_the_provider_where_the_guest_may_have_approved(self, house):
        payment = await house.pay(token=CHALLENGE)
        with pytest.raises(PaymentRequired) as refusal:
            await self.arrange(house, payment)
        assert refusal.value.extra["action_url"] == payment.action_url
        house.provider.approve(payment.provider_ref)
        assert (await self.arrange(house, payment)).status == "pending"

    @pytest.mark.parametrize("method", [PaymentMethod.AT_PROPERTY, PaymentMethod.CARD])
    async def test_needs_a_payment(self, house, guest, hold, method):
        with pytest.raises(PaymentRequired):
            await house.payments.arrange(account_id=guest, hold_id=hold, method=method, payment_id=None, due=(1, "USD"))

    @pytest.mark.parametrize(
        "other",
        [
            {"account_id": 1},
            {"hold_id": "hold_other"},
            {"due": (AMOUNT + 1, "USD")},
            {"due": (AMOUNT - 1, "USD")},
            {"due": (AMOUNT, "EUR")},
            {"method": PaymentMethod.PAYPAL},
            {"payment_id": "pay_none"},
        ],
    )
    async def test_refuses_a_payment_that_is_not_for_this(self, house, other):
        payment = await house.pay()
        with pytest.raises(PaymentMismatch):
            await self.arrange(house, payment, **other)

    async def test_refuses_one_that_ended(self, house, guest):
        voided = await house.payments.void(payment_id=(await house.pay()).id)
        refunded = await house.paid()
        await house.refund(refunded, 1)
        for payment in (voided, refunded):
            with pytest.raises(PaymentMismatch):
                await self.arrange(house, payment)
        hold = new_hold()
        with pytest.raises(PaymentDenied):
            await house.pay(guest, hold=hold, token=DECLINED)
        [denied] = await house.payments.of_holds(hold_ids=[hold])
        with pytest.raises(PaymentDenied):
            await self.arrange(house, denied)

    async def test_takes_one_that_is_captured(self, house):
        assert (await self.arrange(house, await house.paid())).status is PaymentStatus.COMPLETED


class TestCapturing:
    async def test_posts_the_money_and_whose_it_is(self, house, guest):
        payment = await house.paid(guest, reference="HF-77")
        assert (payment.state, payment.status) == (PaymentState.CAPTURED, PaymentStatus.COMPLETED)
        assert (payment.captured_minor, payment.booking_reference) == (AMOUNT, "HF-77")
        who = f"guest:{guest}"
        assert await house.legs(payment.id) == [
            ("capture", "provider:scripted", who, AMOUNT),
            *(("sale", who, share.account, share.amount_minor) for share in SHARES),
        ]
        assert await house.told(payment.id) == [("PaymentMoved", "authorised"), ("PaymentMoved", "captured")]

    async def test_happens_once_however_often_and_by_whomever(self, house):
        payment = await house.pay()
        houses = [house.payments, house.another()]
        await asyncio.gather(*(each.capture(payment_id=payment.id, sale=sale()) for each in houses for _ in range(10)))
        assert len(await house.legs(payment.id)) == 4
        assert (await house.told(payment.id)).count(("PaymentMoved", "captured")) == 1
        assert house.provider.things[payment.provider_ref].captured == AMOUNT

    @pytest.mark.parametrize("fault", [LOST_BEFORE, LOST_AFTER])
    async def test_is_found_out_about_when_its_answer_was_lost(self, house, fault):
        payment = await house.pay()
        house.provider.faults["capture"] = [fault]
        with pytest.raises(PaymentOutcomeUnknown):
            await house.payments.capture(payment_id=payment.id, sale=sale())
        if fault == LOST_AFTER:
            # Whoever hears of it first: the sale was written down before.
            heard = await house.payments.refresh(payment_id=payment.id)
            assert heard.state is PaymentState.CAPTURED
            assert len(await house.legs(payment.id)) == 4
        house.provider.forgets_keys = True
        after = await house.payments.capture(payment_id=payment.id, sale=sale())
        assert after.state is PaymentState.CAPTURED
        assert len(await house.legs(payment.id)) == 4

    async def test_made_elsewhere_is_posted_and_sold_when_the_sale_is_known(self, house, guest):
        payment = await house.pay(guest)
        thing = house.provider.things[payment.provider_ref]
        thing.state, thing.captured = PaymentState.CAPTURED, AMOUNT
        await house.hear(payment.provider_ref)
        assert [leg[0] for leg in await house.legs(payment.id)] == ["capture"]
        after = await house.payments.capture(payment_id=payment.id, sale=sale())
        assert after.state is PaymentState.CAPTURED
        assert [leg[0] for leg in await house.legs(payment.id)] == ["capture", "sale", "sale", "sale"]

    async def test_of_less_than_was_asked_for_is_kept_and_not_sold(self, house):
        payment = await house.pay()
        thing = house.provider.things[payment.provider_ref]
        thing.state, thing.captured = PaymentState.CAPTURED, AMOUNT - 1
        after = await house.payments.capture(payment_id=payment.id, sale=sale())
        assert (after.state, after.captured_minor) == (PaymentState.CAPTURED, AMOUNT - 1)
        assert [leg[0] for leg in await house.legs(payment.id)] == ["capture"]
        [case] = await house.payments.cases_of(payment_ids=[payment.id])
        assert case.kind is CaseKind.WRONG_AMOUNT

    async def test_is_refused_where_the_provider_will_not(self, house):
        payment = await house.pay()
        house.provider.refuse_captures = True
        with pytest.raises(CaptureRefused):
            await house.payments.capture(payment_id=payment.id, sale=sale())
        assert (await house.payments.void(payment_id=payment.id)).state is PaymentState.VOIDED
        with pytest.raises(CaptureRefused):
            await house.payments.capture(payment_id=payment.id, sale=sale())

    async def test_is_refused_while_the_guest_has_not_approved(self, house):
        payment = await house.pay(token=CHALLENGE)
        with pytest.raises(CaptureRefused):
            await house.payments.capture(payment_id=payment.id, sale=sale())
        house.provider.approve(payment.provider_ref)
        after = await house.payments.capture(payment_id=payment.id, sale=sale())
        assert after.state is PaymentState.CAPTURED

    async def test_wants_shares_that_add_up(self, house):
        payment = await house.pay()
        with pytest.raises(ValueError, match="add up"):
            await house.payments.capture(payment_id=payment.id, sale=sale(amount=AMOUNT - 1))
        assert house.provider.calls["capture"] == 0

    async def test_of_nothing_is_not_found(self, house):
        for ask in (
            house.payments.capture(payment_id="pay_none", sale=sale()),
            house.payments.void(payment_id="pay_none"),
            house.payments.refresh(payment_id="pay_none"),
            house.payments.get(payment_id="pay_none"),
        ):
            with pytest.raises(NotFound):
                await ask


class TestLettingGo:
    async def test_cancels_at_the_provider(self, house, guest, hold):
        payment = await house.pay(guest, hold=hold)
        after = await house.payments.void(payment_id=payment.id)
        assert (after.state, after.status) == (PaymentState.VOIDED, PaymentStatus.VOIDED)
        assert after.ended_at is not None
        assert house.provider.things[payment.provider_ref].state is PaymentState.VOIDED
        assert await house.told(payment.id) == [("PaymentMoved", "authorised"), ("PaymentMoved", "voided")]
        await house.payments.void(payment_id=payment.id)
        assert house.provider.calls["cancel"] == 1
        assert (await house.pay(guest, hold=hold)).attempt == 2

    async def test_leaves_captured_money_where_it_is(self, house):
        payment = await house.pay()
        house.provider.faults["capture"] = [LOST_AFTER]
        with pytest.raises(PaymentOutcomeUnknown):
            await house.payments.capture(payment_id=payment.id, sale=sale())
        after = await house.payments.void(payment_id=payment.id)
        assert after.state is PaymentState.CAPTURED
        assert len(await house.legs(payment.id)) == 4

    @pytest.mark.parametrize("fault", [LOST_BEFORE, LOST_AFTER])
    async def test_is_repeated_when_its_answer_was_lost(self, house, fault):
        payment = await house.pay()
        house.provider.faults["cancel"] = [fault]
        with pytest.raises(PaymentOutcomeUnknown):
            await house.payments.void(payment_id=payment.id)
        assert (await house.payments.get(payment_id=payment.id)).state is PaymentState.AUTHORISED
        assert (await house.payments.void(payment_id=payment.id)).state is PaymentState.VOIDED

    async def test_of_what_the_provider_never_heard_of_ends_it(self, house, guest, hold):
        house.provider.faults["authorise"] = [LOST_BEFORE]
        with pytest.raises(PaymentOutcomeUnknown):
            await house.pay(guest, hold=hold)
        [payment] = await house.payments.of_holds(hold_ids=[hold])
        assert (await house.payments.void(payment_id=payment.id)).state is PaymentState.VOIDED

    async def test_while_it_is_being_authorised_leaves_nothing_alive(self, house, guest, hold):
        gate = house.provider.gates["authorise"] = asyncio.Event()
        paying = asyncio.create_task(house.pay(guest, hold=hold))
        found = await eventually(lambda: house.payments.of_holds(hold_ids=[hold]))
        await eventually(lambda: house.provider.calls["authorise"])
        assert (await house.another().void(payment_id=found[0].id)).state is PaymentState.VOIDED
        gate.set()
        with pytest.raises(PaymentDenied):
            await paying
        payment = await house.payments.refresh(payment_id=found[0].id)
        states = [each.state for each in house.provider.of(payment.id)]
        assert payment.state is PaymentState.VOIDED
        assert states == [PaymentState.VOIDED]
        [case] = await house.payments.cases_of(payment_ids=[payment.id])
        assert (case.kind, case.state) == (CaseKind.RIVAL_ALIVE, CaseState.CLOSED)

    async def test_races_with_the_capture_and_one_of_them_wins(self, house):
        for _ in range(10):
            payment = await house.pay()
            await asyncio.gather(
                house.payments.capture(payment_id=payment.id, sale=sale()),
                house.another().void(payment_id=payment.id),
                return_exceptions=True,
            )
            after = await house.payments.refresh(payment_id=payment.id)
            thing = house.provider.things[payment.provider_ref]
            assert after.state is thing.state
            assert after.captured_minor == thing.captured


class TestUnsettled:
    async def test_are_those_nobody_looked_after_for_a_while(self, house):
        waiting, done, failed = await house.pay(token=CHALLENGE), await house.paid(), await house.paid()
        house.provider.refuse_refunds = 1
        await house.refund(failed, 100)
        mine = {waiting.id, done.id, failed.id}

        async def found():
            every = await house.payments.unsettled(older_than_s=60, limit=1000)
            return {each.id for each in every} & mine

        assert await found() == set()
        house.wait(seconds=61)
        assert await found() == {waiting.id, failed.id}
        await house.payments.refresh(payment_id=waiting.id)
        assert await found() == {failed.id}
