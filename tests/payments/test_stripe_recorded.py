"""Stripe as its reference documents it, from a server that answers so (recorded_stripe.py)."""

import asyncio
import hmac
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
import stripe
from loopback import serving
from provider_contract import NOW, Bench, ProviderContract
from recorded_stripe import RecordedStripe

from holdfast.engine.money import DECIMALS
from holdfast.kit.clock import Clock
from holdfast.payments.api import CardShown, PaymentMethod, PaymentState
from holdfast.payments.providers.protocol import (
    MessageForged,
    ProviderRefundState,
    ProviderRefused,
    ProviderUnavailable,
)
from holdfast.payments.providers.stripe import API_VERSION, StripeProvider, from_stripe, to_stripe
from support.process import clean_environment

SECRETS = ("whsec_new", "whsec_old")
PATHS = {
    "authorise": ("payment_intents$", "POST"),
    "look_up": ("payment_intents/pi_", "GET"),
    "capture": ("/capture$", "POST"),
    "cancel": ("/cancel$", "POST"),
    "refund": ("/refunds$", "POST"),
    "search": ("/search$", "GET"),
    "list": ("payment_intents$", "GET"),
}


def signature(body, at, *secrets):
    seconds = int(at.timestamp())
    signed = f"{seconds}.".encode() + body
    each = (f"v1={hmac.new(secret.encode(), signed, sha256).hexdigest()}" for secret in secrets)
    return ",".join((f"t={seconds}", *each))


def event(thing, kind="payment_intent.succeeded"):
    body = {"id": "evt_1Recorded", "object": "event", "api_version": API_VERSION, "created": 1_795_000_000}
    return json.dumps(body | {"livemode": False, "type": kind, "data": {"object": thing}}, indent=1).encode()


class StripeBench(Bench):
    def __init__(self, url, stripe):
        self.url = url
        self.stripe = stripe
        self.provider = self.build()

    def build(self, **changes):
        facts = {"secret_key": "sk_test_x", "webhook_secrets": SECRETS, "api_base": self.url, "clock": Clock()}
        return StripeProvider(**{**facts, **changes})

    @property
    def good(self):
        return "pm_card_visa"

    def approve(self, ref):
        self.stripe.approve(ref)

    async def decline(self):
        return await self.start(token="pm_card_visa_chargeDeclined")

    def objects(self):
        return len(self.stripe.intents)

    def taken(self):
        return self.stripe.captured

    def given_back(self):
        return self.stripe.refunded

    def fail(self, what, kind):
        path, method = PATHS[what]
        self.stripe.fail(path, kind, method)

    def dispute(self, ref, *, is_lost=None):
        self.stripe.dispute(ref, {None: "under_review", True: "lost", False: "won"}[is_lost])

    def message(self, ref, *, at):
        body = event({"id": ref, "object": "payment_intent"})
        return {"stripe-signature": signature(body, at, SECRETS[0])}, body


@pytest.fixture
async def bench():
    stripe = RecordedStripe(now=int(datetime.now(UTC).timestamp()))  # noqa: TID251 - Stripe has a clock of its own
    async with serving(stripe.app) as url:
        bench = StripeBench(url, stripe)
        yield bench
        stripe.released.set()
        await bench.provider.close()


class TestStripeAsDocumented(ProviderContract):
    """The contract of every provider."""


class TestAuthorising:
    async def test_shows_brand_and_last_four(self, bench):
        assert (await bench.start()).card == CardShown(brand="visa", last4="4242")

    async def test_sends_the_guest_to_the_bank(self, bench):
        seen = await bench.start(token="pm_card_threeDSecure2Required")
        assert seen.state is PaymentState.REQUIRES_ACTION
        assert seen.action_url.startswith("https://hooks.stripe.com/3d_secure_2/")
        bench.approve(seen.ref)
        seen = await bench.provider.look_up(ref=seen.ref)
        assert (seen.state, seen.action_url) == (PaymentState.AUTHORISED, None)

    async def test_tells_what_became_of_a_challenge_when_its_key_is_repeated(self, bench):
        seen = await bench.start(token="pm_card_threeDSecure2Required")
        bench.approve(seen.ref)
        assert (await bench.start(token="pm_card_threeDSecure2Required")).state is PaymentState.AUTHORISED

    async def test_is_denied_when_the_challenge_fails(self, bench):
        seen = await bench.start(token="pm_card_threeDSecure2Required")
        bench.stripe.fail_challenge(seen.ref)
        seen = await bench.provider.look_up(ref=seen.ref)
        assert (seen.state, seen.denial) == (PaymentState.DENIED, "authentication_failed")
        assert (await bench.provider.cancel(key="v", ref=seen.ref)).state is PaymentState.VOIDED

    @pytest.mark.parametrize(
        ("token", "denial"),
        [
            ("pm_card_visa_chargeDeclined", "card_declined"),
            ("pm_card_visa_chargeDeclinedInsufficientFunds", "insufficient_funds"),
            ("pm_card_visa_chargeDeclinedLostCard", "card_declined"),
            ("pm_card_chargeDeclinedExpiredCard", "expired"),
            ("pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc"),
            ("pm_nobodys", "token_invalid"),
            (None, "token_missing"),
        ],
    )
    async def test_says_why_not(self, bench, token, denial):
        with pytest.raises(ProviderRefused) as refused:
            await bench.start(token=token)
        assert refused.value.denial == denial

    async def test_finds_a_declined_payment_as_denied(self, bench):
        with pytest.raises(ProviderRefused):
            await bench.start(token="pm_card_visa_chargeDeclinedInsufficientFunds")
        [found] = await bench.provider.find(payment_id=bench.order().payment_id)
        assert (found.state, found.denial) == (PaymentState.DENIED, "insufficient_funds")

    async def test_is_unknown_when_a_key_comes_with_something_else(self, bench):
        await bench.start(1)
        with pytest.raises(ProviderUnavailable):
            await bench.start(1, amount_minor=1)
        assert bench.objects() == 1

    async def test_tells_stripe_whose_payment_it_is(self, bench):
        await bench.start(customer="cus_1")
        [intent] = bench.stripe.intents.values()
        order = bench.order()
        assert intent["metadata"] == {"payment_id": order.payment_id, "hold_id": order.hold_id}
        assert intent["customer"] == "cus_1"

    async def test_sends_a_key_with_every_change_and_the_version_with_every_request(self, bench):
        seen = await bench.captured()
        await bench.provider.refund(key="r", ref=seen.ref, refund_id="r", amount_minor=1)
        await bench.provider.cancel(key="v", ref=seen.ref)
        kept = await bench.provider.keep(key="k", account_id=7, method=PaymentMethod.CARD, token="pm_card_visa")
        await bench.provider.forget(token=kept.token)
        changes = [each for each in bench.stripe.requests if each[0] == "POST"]
        assert len(changes) == 7
        assert len({key for _, _, _, key, _ in changes}) == len(changes)
        assert not {key for _, _, _, key, _ in changes} & {None, ""}
        headers = [each[4] for each in bench.stripe.requests]
        assert {each["stripe-version"] for each in headers} == {API_VERSION}
        assert {each["authorization"] for each in headers} == {"Bearer sk_test_x"}
        assert not any("x-stripe-client-telemetry" in each for each in headers)


class TestFindingWhatWasLost:
    async def test_finds_it_while_search_is_behind(self, bench):
        bench.stripe.search_is_behind = True
        bench.fail("authorise", "lost")
        with pytest.raises(ProviderUnavailable):
            await bench.start()
        [found] = await bench.provider.find(payment_id=bench.order().payment_id)
        assert found.state is PaymentState.AUTHORISED

    async def test_finds_it_by_search_when_it_is_old(self, bench):
        seen = await bench.start()
        bench.stripe.intents[seen.ref]["created"] -= 86_400
        assert [each.ref for each in await bench.provider.find(payment_id=seen.payment_id)] == [seen.ref]

    async def test_finds_it_where_there_is_no_search(self, bench):
        bench.stripe.has_search = False
        seen = await bench.start()
        bench.stripe.intents[seen.ref]["created"] -= 86_400
        assert [each.ref for each in await bench.provider.find(payment_id=seen.payment_id)] == [seen.ref]

    async def test_finds_it_behind_a_page_of_others(self, bench):
        bench.stripe.search_is_behind = True
        seen = await bench.start()
        for number in range(250):
            copy = dict(bench.stripe.intents[seen.ref]) | {"id": f"pi_other{number}", "metadata": {}}
            bench.stripe.intents[copy["id"]] = copy
        assert [each.ref for each in await bench.provider.find(payment_id=seen.payment_id)] == [seen.ref]

    async def test_finds_it_whatever_the_clock_of_a_sandbox_says(self, bench):
        bench.stripe.search_is_behind = True
        seen = await bench.start()
        provider = bench.build(clock=Clock(timedelta(days=40)))
        assert [each.ref for each in await provider.find(payment_id=seen.payment_id)] == [seen.ref]
        await provider.close()

    async def test_finds_a_payment_whose_500_is_kept_under_its_key(self, bench):
        bench.fail("authorise", "500-after")
        for _ in range(2):
            with pytest.raises(ProviderUnavailable):
                await bench.start()
        [found] = await bench.provider.find(payment_id=bench.order().payment_id)
        assert found.state is PaymentState.AUTHORISED

    async def test_escapes_what_it_looks_for(self, bench):
        await bench.start()
        assert await bench.provider.find(payment_id="x' OR status:'succeeded") == []


class TestDeadlines:
    @pytest.mark.parametrize("what", ["authorise", "look_up"])
    async def test_end_a_call_that_hangs(self, bench, what):
        seen = await bench.start(1)
        provider = bench.build(deadline_s=0.2)
        bench.fail(what, "hang")
        calls = {
            "authorise": lambda: provider.authorise(key="2", what=bench.order(2)),
            "look_up": lambda: provider.look_up(ref=seen.ref),
        }
        async with asyncio.timeout(30):
            with pytest.raises(ProviderUnavailable):
                await calls[what]()
        bench.stripe.released.set()
        await provider.close()

    async def test_are_not_stretched_by_retries_of_the_library(self, bench):
        bench.stripe.fail("payment_intents$", "500", times=100)
        with pytest.raises(ProviderUnavailable):
            await bench.start()
        assert len(bench.stripe.requests) == 1

    async def test_leave_a_call_that_is_canceled_canceled(self, bench):
        bench.fail("authorise", "hang")
        task = asyncio.create_task(bench.start())
        await bench.stripe.asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    async def test_are_the_same_for_a_server_that_is_gone(self):
        provider = StripeProvider(
            secret_key="sk_test_x", webhook_secrets=SECRETS, api_base="http://127.0.0.1:9", clock=Clock()
        )
        with pytest.raises(ProviderUnavailable):
            await provider.look_up(ref="pi_1")
        await provider.close()

    async def test_a_key_that_stripe_does_not_know_is_no_denial(self, bench):
        bench.fail("authorise", "401")
        with pytest.raises(ProviderUnavailable):
            await bench.start()


class TestRefunds:
    async def test_that_are_pending_complete_later(self, bench, monkeypatch):
        monkeypatch.setattr(bench.stripe, "refund_status", "pending")
        seen = await bench.captured()
        refund = await bench.provider.refund(key="r1", ref=seen.ref, refund_id="r1", amount_minor=100)
        assert refund.state is ProviderRefundState.PENDING
        bench.stripe.refunds[refund.ref]["status"] = "succeeded"
        [again] = await bench.provider.refunds(ref=seen.ref)
        assert again.state is ProviderRefundState.COMPLETED

    async def test_that_failed_are_made_anew(self, bench):
        seen = await bench.captured()
        first = await bench.provider.refund(key="r1", ref=seen.ref, refund_id="r1", amount_minor=100)
        bench.stripe.fail_refund(first.ref)
        [failed] = await bench.provider.refunds(ref=seen.ref)
        assert failed.state is ProviderRefundState.FAILED
        assert (await bench.provider.look_up(ref=seen.ref)).refunded_minor == 0
        again = await bench.provider.refund(key="r1", ref=seen.ref, refund_id="r1", amount_minor=100)
        once_more = await bench.provider.refund(key="r1", ref=seen.ref, refund_id="r1", amount_minor=100)
        assert first.ref != again.ref == once_more.ref
        assert bench.given_back() == 100

    async def test_are_all_listed(self, bench):
        seen = await bench.captured(amount_minor=500)
        for number in range(120):
            await bench.provider.refund(key=f"r{number}", ref=seen.ref, refund_id=f"r{number}", amount_minor=1)
        assert len(await bench.provider.refunds(ref=seen.ref)) == 120


class TestKeptMethods:
    async def test_are_kept_with_a_customer(self, bench):
        kept = await bench.provider.keep(key="k", account_id=7, method=PaymentMethod.CARD, token="pm_card_mastercard")
        assert kept.card == CardShown(brand="mastercard", last4="4444")
        assert kept.expires == "2031-03"
        assert bench.stripe.attached[kept.token] == kept.customer
        assert bench.stripe.customers[kept.customer]["metadata"] == {"account_id": "7"}

    async def test_are_kept_once(self, bench):
        asked = {"key": "k", "account_id": 7, "method": PaymentMethod.CARD, "token": "pm_card_visa"}
        assert await bench.provider.keep(**asked) == await bench.provider.keep(**asked)
        assert len(bench.stripe.customers) == 1

    @pytest.mark.parametrize(
        ("token", "method", "denial"),
        [
            ("pm_nobodys", PaymentMethod.CARD, "token_invalid"),
            ("pm_card_visa_chargeDeclinedInsufficientFunds", PaymentMethod.WALLET, "insufficient_funds"),
            ("pm_card_visa", PaymentMethod.PAYPAL, "cannot_be_kept"),
        ],
    )
    async def test_must_be_good(self, bench, token, method, denial):
        with pytest.raises(ProviderRefused) as refused:
            await bench.provider.keep(key="k", account_id=7, method=method, token=token)
        assert refused.value.denial == denial

    async def test_are_forgotten_and_forgotten_again(self, bench):
        kept = await bench.provider.keep(key="k", account_id=7, method=PaymentMethod.CARD, token="pm_card_visa")
        for _ in range(2):
            await bench.provider.forget(token=kept.token)
        bench.stripe.keys.clear()
        await bench.provider.forget(token=kept.token)
        await bench.provider.forget(token="pm_nobodys")
        assert bench.stripe.attached[kept.token] is None


class TestAmounts:
    @pytest.mark.parametrize("currency", sorted(DECIMALS))
    def test_come_back_as_they_went(self, currency):
        assert from_stripe(to_stripe(1_230, currency), currency) == 1_230

    @pytest.mark.parametrize(
        ("minor", "currency", "sent"),
        [(12_345, "USD", 12_345), (500, "JPY", 500), (500, "ISK", 50_000), (5, "UGX", 500), (5_120, "KWD", 5_120)],
    )
    async def test_are_written_as_stripe_counts(self, bench, minor, currency, sent):
        seen = await bench.captured(amount_minor=minor, currency=currency)
        [intent] = bench.stripe.intents.values()
        assert (intent["amount"], intent["amount_received"], intent["currency"]) == (sent, sent, currency.lower())
        assert (seen.amount_minor, seen.captured_minor, seen.currency) == (minor, minor, currency)

    @pytest.mark.parametrize("currency", ["BHD", "JOD", "KWD", "OMR", "TND"])
    async def test_of_three_decimals_are_refused_where_the_last_is_not_0(self, bench, currency):
        with pytest.raises(ProviderRefused) as refused:
            await bench.start(amount_minor=5_124, currency=currency)
        assert refused.value.denial == "amount_unsupported"
        assert currency in refused.value.detail
        assert not bench.stripe.requests

    async def test_that_are_fractions_at_stripe_are_never_rounded(self, bench):
        seen = await bench.start(amount_minor=500, currency="ISK")
        bench.stripe.intents[seen.ref]["amount"] = 50_001
        with pytest.raises(ProviderUnavailable):
            await bench.provider.look_up(ref=seen.ref)


class TestMessages:
    @pytest.mark.parametrize("secret", SECRETS)
    async def test_may_be_signed_with_either_secret(self, bench, secret):
        body = event({"id": "pi_1", "object": "payment_intent"})
        headers = {"stripe-signature": signature(body, NOW, "whsec_unknown", secret)}
        message = await bench.provider.read(headers=headers, body=body, now=NOW)
        assert (message.event_id, message.kind, message.ref) == ("evt_1Recorded", "payment_intent.succeeded", "pi_1")

    @pytest.mark.parametrize(
        ("thing", "ref"),
        [
            ({"id": "ch_1", "object": "charge", "payment_intent": "pi_1"}, "pi_1"),
            ({"id": "re_1", "object": "refund", "payment_intent": "pi_1"}, "pi_1"),
            ({"id": "du_1", "object": "dispute", "payment_intent": {"id": "pi_1"}}, "pi_1"),
            ({"id": "cus_1", "object": "customer"}, None),
            ({"id": "re_1", "object": "refund", "payment_intent": None}, None),
        ],
    )
    async def test_say_which_payment_they_are_about(self, bench, thing, ref):
        body = event(thing)
        headers = {"stripe-signature": signature(body, NOW, SECRETS[0])}
        assert (await bench.provider.read(headers=headers, body=body, now=NOW)).ref == ref

    @pytest.mark.parametrize(
        "change",
        [
            lambda header: header.replace("v1=", "v0="),
            lambda header: header.replace("t=", "t=1,t="),
            lambda header: header + ",t=1",
            lambda header: header.split(",")[0],
            lambda header: header.split(",")[1],
            lambda header: header.replace("t=", "t=-"),
            lambda header: header.replace("t=", "t=" + "9" * 30),
            lambda header: header.replace("t=1", "t=\N{ARABIC-INDIC DIGIT ONE}"),
            lambda header: header[:-1],
            lambda header: header.replace("v1=", "v1=x"),
        ],
    )
    async def test_with_another_signature_are_forged(self, bench, change):
        body = event({"id": "pi_1", "object": "payment_intent"})
        header = change(signature(body, NOW, SECRETS[0]))
        with pytest.raises(MessageForged):
            await bench.provider.read(headers={"stripe-signature": header}, body=body, now=NOW)

    async def test_are_all_forged_where_there_is_no_secret(self, bench):
        provider = bench.build(webhook_secrets=())
        body = event({"id": "pi_1", "object": "payment_intent"})
        for secret in (*SECRETS, ""):
            with pytest.raises(MessageForged):
                await provider.read(headers={"stripe-signature": signature(body, NOW, secret)}, body=body, now=NOW)
        await provider.close()

    @pytest.mark.parametrize(
        "body", [b"", b"null", b"[]", b"{}", b'{"object": "event"}', b"\xff", b'{"id": 1, "object": "v2.core.event"}']
    )
    async def test_that_say_nothing_are_forged(self, bench, body):
        with pytest.raises(MessageForged):
            await bench.provider.read(
                headers={"stripe-signature": signature(body, NOW, SECRETS[0])}, body=body, now=NOW
            )


class TestTheLibrary:
    def test_is_not_imported_where_stripe_is_not_chosen(self):
        code = "import sys, holdfast.payments.module, holdfast.app.asgi; assert 'stripe' not in sys.modules"
        subprocess.run([sys.executable, "-c", code], check=True, env=clean_environment(), timeout=60)

    def test_speaks_the_version_of_the_api_this_was_written_against(self):
        """When this fails, read Stripe's changelog from the one to the other, then change both."""
        assert stripe.api_version == API_VERSION
