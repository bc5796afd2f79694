"""Stripe as localstripe plays it: somebody else's reading of Stripe's behaviour, where it is faithful.

It is for manual capture, cancellation, refunds, declined cards and kept methods. It ignores idempotency keys, redirects
nobody for 3-D Secure, has no disputes and no search: those are tried in test_stripe_recorded.py.
"""

import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from holdfast.kit.clock import Clock
from holdfast.payments.api import CardShown, PaymentMethod, PaymentState
from holdfast.payments.providers.protocol import Authorisation, ProviderRefundState, ProviderRefused
from holdfast.payments.providers.stripe import StripeProvider
from support.polling import wait_until
from support.process import clean_environment
from support.servers import die_with_parent, end_group, free_port

HERE = Path(__file__).parent
SECRET = "sk_test_12345"


def answers(url):
    try:
        return httpx.get(f"{url}/v1/customers", auth=(SECRET, "")).status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, HERE / "localstripe_server.py", str(port)],
        cwd=tmp_path_factory.mktemp("localstripe"),
        env=clean_environment(),
        start_new_session=True,
        preexec_fn=die_with_parent,  # noqa: PLW1509 - one prctl call, no lock is taken
    )
    url = f"http://127.0.0.1:{port}"
    assert wait_until(lambda: answers(url), 30), process.poll()
    yield url
    end_group(process, 15, 10)


@pytest.fixture
async def provider(url):
    provider = StripeProvider(secret_key=SECRET, webhook_secrets=("whsec_x",), api_base=url, clock=Clock())
    yield provider
    await provider.close()


async def card(url, number="4242424242424242"):
    facts = {"number": number, "exp_month": 12, "exp_year": 2031, "cvc": "123"}
    data = {"type": "card"} | {f"card[{name}]": value for name, value in facts.items()}
    async with httpx.AsyncClient() as client:
        return (await client.post(f"{url}/v1/payment_methods", data=data, auth=(SECRET, ""))).json()["id"]


def order(token, number=1, **changes):
    facts = {
        "payment_id": f"pay_{number}",
        "hold_id": "hold_1",
        "amount_minor": 12_345,
        "currency": "EUR",
        "method": PaymentMethod.CARD,
        "token": token,
        "customer": None,
        "return_url": "https://guest.example/back",
    }
    return Authorisation(**{**facts, **changes})


class TestLocalstripe:
    @pytest.fixture
    async def authorised(self, provider, url):
        return await provider.authorise(key="pay_1", what=order(await card(url)))

    async def test_authorises_without_taking(self, authorised):
        assert (authorised.state, authorised.captured_minor) == (PaymentState.AUTHORISED, 0)
        assert (authorised.amount_minor, authorised.currency) == (12_345, "EUR")
        assert authorised.card == CardShown(brand="visa", last4="4242")
        assert authorised.payment_id == "pay_1"

    async def test_captures(self, provider, authorised):
        for _ in range(2):
            seen = await provider.capture(key="c", ref=authorised.ref, amount_minor=12_345)
            assert (seen.state, seen.captured_minor) == (PaymentState.CAPTURED, 12_345)

    async def test_cancels_and_cancels_again(self, provider, authorised):
        for _ in range(2):
            seen = await provider.cancel(key="v", ref=authorised.ref)
            assert seen.state is PaymentState.VOIDED
        with pytest.raises(ProviderRefused):
            await provider.capture(key="c", ref=authorised.ref, amount_minor=12_345)

    async def test_does_not_cancel_what_is_captured(self, provider, authorised):
        await provider.capture(key="c", ref=authorised.ref, amount_minor=12_345)
        assert (await provider.cancel(key="v", ref=authorised.ref)).state is PaymentState.CAPTURED

    async def test_refunds_in_parts(self, provider, authorised):
        await provider.capture(key="c", ref=authorised.ref, amount_minor=12_345)
        for refund_id, amount_minor in (("r1", 345), ("r2", 12_000), ("r1", 345)):
            refund = await provider.refund(
                key=refund_id, ref=authorised.ref, refund_id=refund_id, amount_minor=amount_minor
            )
            assert (refund.state, refund.amount_minor) == (ProviderRefundState.COMPLETED, amount_minor)
        assert {each.refund_id for each in await provider.refunds(ref=authorised.ref)} == {"r1", "r2"}
        assert (await provider.look_up(ref=authorised.ref)).refunded_minor == 12_345

    async def test_refuses_a_card_that_is_declined_when_charged(self, provider, url):
        with pytest.raises(ProviderRefused):
            await provider.authorise(key="2", what=order(await card(url, "4000000000000341"), 2))

    async def test_refuses_a_token_it_did_not_make(self, provider):
        with pytest.raises(ProviderRefused) as refused:
            await provider.authorise(key="3", what=order("pm_nobodys", 3))
        assert refused.value.denial == "token_invalid"

    async def test_waits_for_the_guest_where_the_card_wants_it(self, provider, url):
        seen = await provider.authorise(key="4", what=order(await card(url, "4000000000003220"), 4))
        assert (seen.state, seen.captured_minor) == (PaymentState.REQUIRES_ACTION, 0)

    async def test_knows_no_other_payment(self, provider):
        with pytest.raises(ProviderRefused) as refused:
            await provider.look_up(ref="pi_nowhere")
        assert refused.value.denial == "unknown"

    async def test_keeps_and_forgets_a_card(self, provider, url):
        kept = await provider.keep(key="k", account_id=7, method=PaymentMethod.CARD, token=await card(url))
        assert (kept.card.last4, kept.expires) == ("4242", "2031-12")
        paid = await provider.authorise(key="5", what=order(kept.token, 5, customer=kept.customer))
        assert paid.state is PaymentState.AUTHORISED
        for _ in range(2):
            await provider.forget(token=kept.token)

    async def test_does_not_keep_a_card_that_is_declined(self, provider, url):
        with pytest.raises(ProviderRefused):
            await provider.keep(
                key="k2", account_id=7, method=PaymentMethod.CARD, token=await card(url, "4000000000000002")
            )
