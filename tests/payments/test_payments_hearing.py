"""Messages: forged ones are refused, known ones change nothing, and none is believed without a look."""

import asyncio
import random
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from money_house import AMOUNT, new_guest, sale
from scripted_provider import CHALLENGE, LOST_BEFORE

from holdfast.kit.errors import Invalid, NotFound
from holdfast.payments import models
from holdfast.payments.api import (
    CaseKind,
    CaseState,
    MethodUnavailable,
    PaymentDenied,
    PaymentMethod,
    PaymentOutcomeUnknown,
    PaymentState,
    WebhookRefused,
)
from holdfast.payments.models import MethodState
from holdfast.payments.rules import local_day


class TestAMessage:
    async def test_is_only_a_hint_where_to_look(self, house):
        payment = await house.pay(token=CHALLENGE)
        receipt = await house.hear(payment.provider_ref, kind="payment.captured")
        assert (receipt.known, receipt.outcome) == (False, "nothing_new")
        house.provider.approve(payment.provider_ref)
        assert (await house.hear(payment.provider_ref, kind="payment.failed")).outcome == "applied"
        assert (await house.payments.get(payment_id=payment.id)).state is PaymentState.AUTHORISED

    async def test_that_comes_again_is_known(self, house):
        payment = await house.pay(token=CHALLENGE)
        house.provider.approve(payment.provider_ref)
        first = await house.hear(payment.provider_ref, event_id=f"evt-{payment.id}")
        looks = house.provider.calls["look_up"]
        second = await house.hear(payment.provider_ref, event_id=f"evt-{payment.id}")
        assert (first.known, second.known, second.outcome) == (False, True, "applied")
        assert house.provider.calls["look_up"] == looks

    async def test_that_comes_many_times_at_once_is_worked_on_once(self, house):
        payment = await house.pay(token=CHALLENGE)
        house.provider.approve(payment.provider_ref)
        houses = [house.payments, house.another()]
        message = house.provider.message(payment.provider_ref)
        found = await asyncio.gather(*(houses[at % 2].receive(provider="scripted", **message) for at in range(20)))
        assert [each.known for each in found].count(False) == 1
        assert (await house.told(payment.id)).count(("PaymentMoved", "authorised")) == 1

    async def test_that_is_forged_leaves_nothing(self, house):
        payment = await house.pay(token=CHALLENGE)
        house.provider.approve(payment.provider_ref)
        with pytest.raises(WebhookRefused):
            await house.hear(payment.provider_ref, event_id="forged", signature="wrong")
        assert await house.rows(models.message, event_id="forged") == []
        assert (await house.payments.get(payment_id=payment.id)).state is PaymentState.REQUIRES_ACTION
        with pytest.raises(NotFound):
            await house.payments.receive(provider="nobody", headers={}, body=b"")

    async def test_whose_look_up_failed_is_not_done_with(self, house):
        payment = await house.pay(token=CHALLENGE)
        house.provider.approve(payment.provider_ref)
        house.provider.faults["look_up"] = [LOST_BEFORE]
        event = f"evt-{payment.id}"
        with pytest.raises(PaymentOutcomeUnknown):
            await house.hear(payment.provider_ref, event_id=event)
        assert await house.rows(models.message, event_id=event) == []
        receipt = await house.hear(payment.provider_ref, event_id=event)
        assert (receipt.known, receipt.outcome) == (False, "applied")

    async def test_about_nothing_of_ours_is_ignored(self, house):
        strange = house.provider.make(None, 100, "USD")
        assert (await house.hear(strange.ref)).outcome == "ignored"
        assert (await house.hear(None)).outcome == "ignored"

    async def test_about_an_object_that_does_not_exist_raises_an_alarm(self, house):
        assert (await house.hear("obj_nowhere")).outcome == "alert"

    async def test_about_a_payment_we_do_not_know_needs_a_human(self, house):
        lost = house.provider.make("pay_from_before_the_restore", 100, "USD")
        assert (await house.hear(lost.ref)).outcome == "alert"
        assert (await house.hear(lost.ref)).outcome == "alert"
        [case] = await house.payments.cases_of(payment_ids=["pay_from_before_the_restore"])
        assert (case.kind, case.state) == (CaseKind.RIVAL_ALIVE, CaseState.NEEDS_HUMAN)

    async def test_that_contradicts_the_amount_changes_no_state(self, house):
        payment = await house.pay(token=CHALLENGE)
        house.provider.things[payment.provider_ref].amount += 1
        house.provider.approve(payment.provider_ref)
        assert (await house.hear(payment.provider_ref)).outcome == "alert"
        assert (await house.payments.get(payment_id=payment.id)).state is PaymentState.REQUIRES_ACTION
        [case] = await house.payments.cases_of(payment_ids=[payment.id])
        assert case.kind is CaseKind.WRONG_AMOUNT

    async def test_that_is_faster_than_the_answer_is_kept_once(self, house, guest, hold):
        class Racing(type(house.provider)):
            async def authorise(self, *, key, what):
                answer = await super().authorise(key=key, what=what)
                await house.another().receive(provider="scripted", **self.message(answer.ref))
                return answer

        house.provider.__class__ = Racing
        payment = await house.pay(guest, hold=hold)
        assert payment.state is PaymentState.AUTHORISED
        assert await house.told(payment.id) == [("PaymentMoved", "authorised")]

    async def test_in_any_order_and_number_ends_the_same(self, house):
        shuffle = random.Random(7)  # noqa: S311 - no secret
        for _ in range(10):
            payment = await house.pay(token=CHALLENGE)
            steps = [house.provider.message(payment.provider_ref)]
            house.provider.approve(payment.provider_ref)
            steps.append(house.provider.message(payment.provider_ref))
            await house.payments.capture(payment_id=payment.id, sale=sale())
            steps.append(house.provider.message(payment.provider_ref))
            await house.refund(payment, 10)
            house.provider.refund_in_office(payment.provider_ref, 5)
            steps += [house.provider.message(payment.provider_ref) for _ in range(2)]
            steps *= 3
            shuffle.shuffle(steps)
            await asyncio.gather(*(house.payments.receive(provider="scripted", **each) for each in steps))
            after = await house.payments.get(payment_id=payment.id)
            assert (after.state, after.refunded_minor) == (PaymentState.CAPTURED, 15)
            assert len(await house.legs(payment.id)) == 8
            assert await house.payments.cases_of(payment_ids=[payment.id]) == []

    async def test_is_forgotten_when_it_cannot_come_any_more(self, house):
        await house.hear(None, event_id="old")
        await house.payments.forget_old()
        assert len(await house.rows(models.message, event_id="old")) == 1
        house.wait(days=91)
        await house.payments.forget_old()
        assert await house.rows(models.message, event_id="old") == []


class TestACase:
    async def test_is_opened_once_and_says_what_came_of_it(self, house):
        payment = await house.paid()
        asked = {"kind": CaseKind.PAID_TWICE, "payment_id": payment.id, "reference": None, "detail": "twice"}
        first = await house.payments.open_case(**asked)
        assert await house.payments.open_case(**asked) == first
        assert (first.state, first.reference, first.hold_id) == (CaseState.OPEN, "HF-1", payment.hold_id)
        assert (await house.told(payment.id)).count(("CaseOpened", "paid_twice")) == 1
        human = await house.payments.settle_case(
            case_id=first.id, state=CaseState.NEEDS_HUMAN, outcome="refund_failed", reference=None
        )
        assert human in await house.payments.cases_waiting(limit=1000)
        closed = await house.payments.settle_case(
            case_id=first.id, state=CaseState.CLOSED, outcome="refunded", reference="HF-2"
        )
        assert (closed.state, closed.outcome, closed.reference) == (CaseState.CLOSED, "refunded", "HF-2")
        assert closed.closed_at is not None
        assert closed not in await house.payments.cases_waiting(limit=1000)
        again = await house.payments.settle_case(
            case_id=first.id, state=CaseState.OPEN, outcome="waiting", reference=None
        )
        assert again == closed

    async def test_of_nothing_is_not_found(self, house):
        with pytest.raises(NotFound):
            await house.payments.open_case(kind=CaseKind.DISPUTE, payment_id="pay_none", reference=None, detail="")
        with pytest.raises(NotFound):
            await house.payments.settle_case(case_id="case_none", state=CaseState.CLOSED, outcome="", reference=None)


class TestAStoredMethod:
    def caller(self, house, guest, key=None):
        return house.caller(guest, key)

    async def test_is_kept_once_shown_used_and_forgotten(self, house, guest):
        caller = self.caller(house, guest)
        asked = {"caller": caller, "method": PaymentMethod.CARD, "token": "tok_ok"}
        first = await house.payments.keep_method(**asked)
        second = await house.payments.keep_method(**asked)
        assert (first.replayed, second.replayed, first.value) == (False, True, second.value)
        kept = first.value
        assert (kept.card.brand, kept.card.last4, kept.expires) == ("visa", "4242", "2031-12")
        assert await house.payments.stored_methods(account_id=guest) == [kept]
        payment = await house.pay(guest, token=None, stored_method_id=kept.id)
        assert payment.state is PaymentState.AUTHORISED
        with pytest.raises(NotFound):
            await house.pay(new_guest(), token=None, stored_method_id=kept.id)
        with pytest.raises(Invalid):
            await house.pay(guest, token=None, stored_method_id=kept.id, method=PaymentMethod.WALLET)
        await house.payments.drop_method(account_id=guest, method_id=kept.id)
        assert await house.payments.stored_methods(account_id=guest) == []
        row = await house.row(models.method, id=kept.id)
        assert (row.state, row.token) == (MethodState.DROPPED, None)
        assert len(house.provider.forgotten) == 1
        for ask in (
            house.payments.drop_method(account_id=guest, method_id=kept.id),
            house.pay(guest, token=None, stored_method_id=kept.id),
        ):
            with pytest.raises(NotFound):
                await ask

    async def test_comes_with_a_payment_where_the_guest_wants_it(self, house, guest):
        caller, order = house.caller(guest), house.order(keep_method=True)
        for _ in range(2):
            await house.payments.authorise(caller=caller, order=order)
        [kept] = await house.payments.stored_methods(account_id=guest)
        assert kept.card.last4 == "4242"
        assert house.provider.calls["keep"] == 1

    async def test_that_is_refused_says_so_again(self, house, guest):
        caller = self.caller(house, guest)
        for replayed in (False, True):
            with pytest.raises(PaymentDenied) as refusal:
                await house.payments.keep_method(caller=caller, method=PaymentMethod.CARD, token="tok_declined")
            assert refusal.value.replayed is replayed
        with pytest.raises(MethodUnavailable):
            await house.payments.keep_method(
                caller=self.caller(house, guest), method=PaymentMethod.PAYPAL, token="tok_ok"
            )
        with pytest.raises(Invalid):
            await house.payments.keep_method(
                caller=self.caller(house, guest), method=PaymentMethod.CARD, token="4242424242424242"
            )
        assert await house.payments.stored_methods(account_id=guest) == []


class TestAStatement:
    async def test_of_a_booking_an_account_and_a_time(self, house, guest):
        reference = f"HF-{guest}"
        payment = await house.paid(guest, reference=reference)
        await house.refund(payment, 1_000)
        booking = await house.payments.statement(reference=reference)
        assert [each.kind for each in booking.transfers] == ["capture", "sale", "sale", "sale", "returned", "refund"]
        assert booking.balances[f"guest:{guest}"] == {"USD": 0}
        assert booking.balances["provider:scripted"] == {"USD": 1_000 - AMOUNT}
        assert sum(each["USD"] for each in booking.balances.values()) == 0
        account = await house.payments.statement(account=f"guest:{guest}")
        assert account.transfers == booking.transfers
        first, last = booking.transfers[0].at, booking.transfers[-1].at
        some = await house.payments.statement(reference=reference, first=first, end=last)
        assert last not in {each.at for each in some.transfers}
        with pytest.raises(Invalid):
            await house.payments.statement()

    async def test_of_a_day_is_of_that_day_at_that_place(self, house):
        payment = await house.paid()
        at = (await house.payments.statement(reference="HF-1")).transfers[-1].at
        for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
            day = at.astimezone(ZoneInfo(zone)).date()
            found = await house.payments.day_statement(day=day, zone=zone)
            assert payment.id in {each.payment_id for each in found.transfers}
        with pytest.raises(Invalid):
            await house.payments.day_statement(day=date(2026, 1, 1), zone="Europe/Atlantis")

    @pytest.mark.parametrize(
        ("day", "zone", "first", "hours"),
        [
            (date(2026, 3, 29), "Europe/Berlin", datetime(2026, 3, 28, 23, tzinfo=UTC), 23),
            (date(2026, 10, 25), "Europe/Berlin", datetime(2026, 10, 24, 22, tzinfo=UTC), 25),
            (date(2026, 4, 5), "Australia/Lord_Howe", datetime(2026, 4, 4, 13, tzinfo=UTC), 24.5),
            (date(2011, 12, 30), "Pacific/Apia", datetime(2011, 12, 30, 10, tzinfo=UTC), 0),
            (date(2027, 3, 28), "Asia/Beirut", datetime(2027, 3, 27, 22, tzinfo=UTC), 23),
            (date(2026, 11, 1), "America/Havana", datetime(2026, 11, 1, 4, tzinfo=UTC), 25),
        ],
    )
    def test_day_is_as_long_as_it_is_there(self, day, zone, first, hours):
        begins, ends = local_day(day, ZoneInfo(zone))
        assert (begins, (ends - begins).total_seconds() / 3600) == (first, hours)
