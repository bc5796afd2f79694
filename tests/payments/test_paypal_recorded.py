"""PayPal as its reference documents it, from a server that answers so (recorded_paypal.py)."""

import asyncio
import json

import pytest
from loopback import serving
from provider_contract import NOW, Bench, ProviderContract
from recorded_paypal import CLIENT, WEBHOOK_ID, RecordedPayPal

from holdfast.kit.clock import Clock
from holdfast.payments.api import PaymentMethod, PaymentState
from holdfast.payments.providers.paypal import PayPalProvider
from holdfast.payments.providers.paypal_shapes import CURRENCIES, from_paypal, to_paypal
from holdfast.payments.providers.protocol import (
    MessageForged,
    ProviderRefundState,
    ProviderRefused,
    ProviderUnavailable,
)

PATHS = {
    "authorise": ("/orders$", "POST"),
    "look_up": ("/orders/", "GET"),
    "capture": ("/capture$", "POST"),
    "cancel": ("/void$", "POST"),
    "refund": ("/refund$", "POST"),
}


class PayPalBench(Bench):
    method = PaymentMethod.PAYPAL
    finds_lost = False  # an order whose answer was lost has no link by which anybody could approve it

    def __init__(self, url, paypal):
        self.url = url
        self.paypal = paypal
        self.provider = self.build()

    def build(self, **changes):
        facts = {"credentials": CLIENT, "webhook_id": WEBHOOK_ID, "api_base": self.url, "clock": Clock()}
        return PayPalProvider(**{**facts, **changes})

    @property
    def good(self):
        return None

    def approve(self, ref):
        self.paypal.approve(ref)

    async def decline(self):
        self.paypal.declines = True
        seen = await self.start()
        self.approve(seen.ref)
        return await self.provider.look_up(ref=seen.ref)

    def objects(self):
        return len(self.paypal.orders)

    def taken(self):
        return self.paypal.total("captures", "COMPLETED", "PARTIALLY_REFUNDED", "REFUNDED")

    def given_back(self):
        return self.paypal.total("refunds", "COMPLETED", "PENDING")

    def fail(self, what, kind):
        path, method = PATHS[what]
        self.paypal.fail(path, kind, method)

    def dispute(self, ref, *, is_lost=None):
        self.paypal.dispute(ref, {None: None, True: "RESOLVED_BUYER_FAVOUR", False: "RESOLVED_SELLER_FAVOUR"}[is_lost])

    def message(self, ref, *, at):
        return self.event("PAYMENT.CAPTURE.COMPLETED", self.paypal.made(ref, "captures")[0], at=at)

    def event(self, kind, resource, *, at=NOW):
        facts = {"id": "WH-58D329510W468432D-8HN650336L201105X", "event_type": kind, "resource": resource}
        body = json.dumps(facts, indent=1).encode()
        time = at.isoformat().replace("+00:00", "Z")
        headers = {
            "paypal-auth-algo": "SHA256withRSA",
            "paypal-cert-url": "https://api.paypal.com/v1/notifications/certs/CERT-360caa42",
            "paypal-transmission-id": "69cd13f0-d67a-11e5-baa3-778b53f4ae55",
            "paypal-transmission-time": time,
        }
        signed = self.paypal.sign(headers["paypal-transmission-id"], time, body)
        return headers | {"paypal-transmission-sig": signed}, body


@pytest.fixture
async def bench():
    paypal = RecordedPayPal()
    async with serving(paypal.app) as url:
        bench = PayPalBench(url, paypal)
        yield bench
        await bench.provider.close()


class TestPayPalAsDocumented(ProviderContract):
    """The contract of every provider."""


class TestApproving:
    @pytest.mark.parametrize("has_payer_action", [True, False])
    async def test_happens_at_paypal(self, bench, has_payer_action):
        bench.paypal.has_payer_action = has_payer_action
        seen = await bench.start()
        assert seen.state is PaymentState.REQUIRES_ACTION
        assert seen.action_url == f"https://www.sandbox.paypal.com/checkoutnow?token={seen.ref}"
        assert (await bench.provider.look_up(ref=seen.ref)).state is PaymentState.REQUIRES_ACTION

    async def test_is_followed_by_one_authorisation_whoever_looks(self, bench):
        seen = await bench.start()
        bench.approve(seen.ref)
        looks = await asyncio.gather(*(bench.provider.look_up(ref=seen.ref) for _ in range(8)))
        assert {each.state for each in looks} == {PaymentState.AUTHORISED}
        assert len(bench.paypal.made(seen.ref, "authorizations")) == 1
        assert {key for _, path, key, _ in bench.paypal.requests if path.endswith("/authorize")} == {
            f"{seen.payment_id}:authorise"
        }

    async def test_is_followed_by_an_authorisation_though_an_answer_was_lost(self, bench):
        seen = await bench.start()
        bench.approve(seen.ref)
        bench.paypal.fail("/authorize$", "lost", "POST")
        with pytest.raises(ProviderUnavailable):
            await bench.provider.look_up(ref=seen.ref)
        bench.paypal.keys.clear()  # six hours later
        assert (await bench.provider.look_up(ref=seen.ref)).state is PaymentState.AUTHORISED

    async def test_of_what_was_let_go_authorises_nothing(self, bench):
        seen = await bench.start()
        for _ in range(2):
            assert (await bench.provider.cancel(key="v", ref=seen.ref)).state is PaymentState.VOIDED
        bench.approve(seen.ref)
        seen = await bench.provider.look_up(ref=seen.ref)
        assert (seen.state, seen.payment_id) == (PaymentState.VOIDED, bench.order().payment_id)
        assert bench.paypal.made(seen.ref, "authorizations") == []

    async def test_that_was_done_already_can_be_let_go_too(self, bench):
        seen = await bench.start()
        bench.approve(seen.ref)
        assert (await bench.provider.cancel(key="v", ref=seen.ref)).state is PaymentState.VOIDED
        assert (await bench.provider.look_up(ref=seen.ref)).state is PaymentState.VOIDED
        assert bench.paypal.made(seen.ref, "authorizations") == []

    async def test_leads_back_to_the_guest(self, bench):
        await bench.start()
        [made] = [json.loads(body) for _, path, _, body in bench.paypal.requests if path.endswith("/orders")]
        context = made["payment_source"]["paypal"]["experience_context"]
        assert context["return_url"] == context["cancel_url"] == bench.order().return_url
        assert context["shipping_preference"] == "NO_SHIPPING"
        [unit] = made["purchase_units"]
        assert (unit["custom_id"], unit["reference_id"]) == (bench.order().payment_id, bench.order().hold_id)
        assert unit["invoice_id"] == bench.order().payment_id


class TestCapturing:
    async def test_waits_while_paypal_looks_at_it(self, bench):
        seen = await bench.authorised()
        bench.paypal.capture_status = "PENDING"
        for _ in range(2):
            with pytest.raises(ProviderUnavailable):
                await bench.provider.capture(key="c", ref=seen.ref, amount_minor=12_345)
        assert (await bench.provider.look_up(ref=seen.ref)).state is PaymentState.AUTHORISED
        with pytest.raises(ProviderUnavailable):  # and nothing is let go meanwhile
            await bench.provider.cancel(key="v", ref=seen.ref)
        bench.paypal.made(seen.ref, "captures")[0]["status"] = "COMPLETED"
        assert (await bench.provider.capture(key="c", ref=seen.ref, amount_minor=12_345)).captured_minor == 12_345
        assert len(bench.paypal.made(seen.ref, "captures")) == 1

    async def test_is_refused_when_paypal_declines_it(self, bench):
        seen = await bench.authorised()
        bench.paypal.capture_status = "DECLINED"
        for _ in range(2):
            with pytest.raises(ProviderRefused) as refused:
                await bench.provider.capture(key="c", ref=seen.ref, amount_minor=12_345)
            assert refused.value.denial == "card_declined"
        assert bench.taken() == 0


class TestRefunds:
    async def test_that_failed_are_made_anew(self, bench):
        seen = await bench.captured()
        first = await bench.provider.refund(key="r1", ref=seen.ref, refund_id="r1", amount_minor=100)
        bench.paypal.made(seen.ref, "refunds")[0]["status"] = "FAILED"
        [failed] = await bench.provider.refunds(ref=seen.ref)
        assert failed.state is ProviderRefundState.FAILED
        again = await bench.provider.refund(key="r1", ref=seen.ref, refund_id="r1", amount_minor=100)
        assert again.ref != first.ref
        assert bench.given_back() == 100

    async def test_may_be_pending(self, bench):
        bench.paypal.refund_status = "PENDING"
        seen = await bench.captured()
        refund = await bench.provider.refund(key="r1", ref=seen.ref, refund_id="r1", amount_minor=100)
        assert refund.state is ProviderRefundState.PENDING


class TestAmounts:
    @pytest.mark.parametrize("currency", sorted(CURRENCIES))
    def test_come_back_as_they_went(self, currency):
        assert from_paypal(to_paypal(12_300, currency)) == (12_300, currency)

    @pytest.mark.parametrize(
        ("minor", "currency", "value"),
        [
            (1, "USD", "0.01"),
            (12_345, "EUR", "123.45"),
            (500, "JPY", "500"),
            (50_000, "HUF", "500"),
            (10**13, "USD", "100000000000.00"),
        ],
    )
    def test_are_written_with_decimals(self, minor, currency, value):
        assert to_paypal(minor, currency) == {"currency_code": currency, "value": value}

    @pytest.mark.parametrize(
        ("minor", "currency", "denial"),
        [
            (50_050, "HUF", "amount_unsupported"),
            (101, "TWD", "amount_unsupported"),
            (5_120, "KWD", "currency_unsupported"),
            (100, "ISK", "currency_unsupported"),
            (100, "XXX", "currency_unsupported"),
        ],
    )
    async def test_that_paypal_does_not_take_are_refused_before(self, bench, minor, currency, denial):
        with pytest.raises(ProviderRefused) as refused:
            await bench.start(amount_minor=minor, currency=currency)
        assert refused.value.denial == denial
        assert currency in refused.value.detail
        assert not bench.paypal.requests

    @pytest.mark.parametrize("value", ["1.001", "x", "NaN", "Infinity", "", None])
    def test_that_are_none_are_not_read(self, value):
        with pytest.raises((ValueError, ArithmeticError)):
            from_paypal({"currency_code": "USD", "value": value})


class TestAccess:
    async def test_is_asked_for_once(self, bench):
        await asyncio.gather(*(bench.start(number) for number in range(6)))
        assert len([1 for _, path, _, _ in bench.paypal.requests if path == "/v1/oauth2/token"]) == 1

    async def test_is_asked_for_again_when_it_was_ended(self, bench):
        seen = await bench.start()
        bench.paypal.tokens.clear()
        looks = await asyncio.gather(*(bench.provider.look_up(ref=seen.ref) for _ in range(6)))
        assert len(looks) == 6
        assert len([1 for _, path, _, _ in bench.paypal.requests if path == "/v1/oauth2/token"]) == 2

    async def test_that_is_refused_is_no_denial(self, bench):
        provider = bench.build(credentials=("client-x", "wrong"))
        with pytest.raises(ProviderUnavailable):
            await provider.look_up(ref="X")
        await provider.close()

    async def test_to_a_server_that_is_gone_is_no_denial(self, bench):
        provider = bench.build(api_base="http://127.0.0.1:9")
        with pytest.raises(ProviderUnavailable):
            await provider.look_up(ref="X")
        await provider.close()


class TestMessages:
    async def test_say_which_order_they_are_about(self, bench):
        seen = await bench.captured()
        await bench.provider.refund(key="r1", ref=seen.ref, refund_id="r1", amount_minor=100)
        [refund] = bench.paypal.made(seen.ref, "refunds")
        for kind, resource in (
            ("CHECKOUT.ORDER.APPROVED", {"id": seen.ref}),
            ("PAYMENT.CAPTURE.COMPLETED", bench.paypal.made(seen.ref, "captures")[0]),
            ("PAYMENT.CAPTURE.REFUNDED", refund),
            ("CUSTOMER.DISPUTE.CREATED", bench.paypal.dispute(seen.ref)),
        ):
            headers, body = bench.event(kind, resource)
            message = await bench.provider.read(headers=headers, body=body, now=NOW)
            assert (message.ref, message.kind) == (seen.ref, kind)

    @pytest.mark.parametrize(
        "resource", [{}, {"id": 7}, {"links": "x"}, {"disputed_transactions": [{"seller_transaction_id": "A/../B"}]}]
    )
    async def test_about_nothing_of_ours_say_so(self, bench, resource):
        headers, body = bench.event("BILLING.PLAN.CREATED", resource)
        assert (await bench.provider.read(headers=headers, body=body, now=NOW)).ref is None

    async def test_are_not_verified_with_a_certificate_of_somebody_else(self, bench):
        headers, body = bench.event("CHECKOUT.ORDER.APPROVED", {"id": "X"})
        for url in ("https://evil.example/paypal.com/", "http://api.paypal.com/x", "https://paypal.com.evil.example/"):
            with pytest.raises(MessageForged):
                await bench.provider.read(headers=headers | {"paypal-cert-url": url}, body=body, now=NOW)
        assert not bench.paypal.requests

    async def test_wait_when_paypal_cannot_be_asked(self, bench):
        headers, body = bench.event("CHECKOUT.ORDER.APPROVED", {"id": "X"})
        bench.paypal.fail("verify", "500", "POST")
        with pytest.raises(ProviderUnavailable):
            await bench.provider.read(headers=headers, body=body, now=NOW)

    async def test_of_another_webhook_are_forged(self, bench):
        provider = bench.build(webhook_id="OTHER")
        headers, body = bench.event("CHECKOUT.ORDER.APPROVED", {"id": "X"})
        with pytest.raises(MessageForged):
            await provider.read(headers=headers, body=body, now=NOW)
        await provider.close()


class TestKeptMethods:
    async def test_are_not_kept(self, bench):
        with pytest.raises(ProviderRefused) as refused:
            await bench.provider.keep(key="k", account_id=1, method=PaymentMethod.PAYPAL, token="x")
        assert refused.value.denial == "cannot_be_kept"
        await bench.provider.forget(token="x")
