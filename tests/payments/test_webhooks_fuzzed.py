"""Whatever is sent to the readers of providers' messages, they read it or say it is forged, and nothing else."""

import json
from datetime import UTC, datetime

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_stripe_recorded import SECRETS, signature

from holdfast.kit.clock import Clock
from holdfast.payments.providers.paypal import PayPalProvider
from holdfast.payments.providers.protocol import Message, MessageForged
from holdfast.payments.providers.stripe import StripeProvider

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
STRIPE = StripeProvider(secret_key="sk_test_x", webhook_secrets=SECRETS, api_base="http://127.0.0.1:9", clock=Clock())

texts = st.text(max_size=60) | st.sampled_from(["evt_1", "pi_1", "payment_intent", "2026-11-20T12:00:00Z", ""])
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
numbers = st.integers(-(10**20), 10**20)
stripe_bodies = st.fixed_dictionaries(
    {},
    optional={
        "id": values,
        "object": st.just("event") | values,
        "type": values,
        "created": numbers | values,
        "data": st.fixed_dictionaries({"object": st.fixed_dictionaries({}, optional={"object": values, "id": values})})
        | values,
    },
)
paypal_bodies = st.fixed_dictionaries(
    {},
    optional={
        "id": values,
        "event_type": st.sampled_from(["CHECKOUT.ORDER.APPROVED", "PAYMENT.CAPTURE.REFUNDED"]) | values,
        "resource": st.fixed_dictionaries(
            {},
            optional={"id": values, "links": values, "supplementary_data": values, "disputed_transactions": values},
        )
        | values,
    },
)
PAYPAL_HEADERS = ("auth-algo", "cert-url", "transmission-id", "transmission-sig", "transmission-time")
paypal_headers = st.fixed_dictionaries(
    {
        f"paypal-{name}": texts
        | st.sampled_from(["https://api.paypal.com/x", "9999-12-31T23:59:59+23:59", "0001-01-01"])
        for name in PAYPAL_HEADERS
    }
)


async def outcome(provider, headers, body):
    try:
        message = await provider.read(headers=headers, body=body, now=NOW)
    except MessageForged:
        return None
    assert isinstance(message, Message)
    assert message.ref is None or isinstance(message.ref, str)
    return message


class TestStripesReader:
    @settings(max_examples=400, deadline=None)
    @given(
        header=texts | st.from_regex(r"(t=-?\d{0,30},?)?(v1=\w*,?){0,3}", fullmatch=True), body=st.binary(max_size=99)
    )
    async def test_takes_no_bytes_for_a_message(self, header, body):
        assert await outcome(STRIPE, {"stripe-signature": header}, body) is None

    @settings(max_examples=400, deadline=None)
    @given(facts=stripe_bodies)
    async def test_of_a_right_signature_reads_or_refuses(self, facts):
        body = json.dumps(facts).encode()
        await outcome(STRIPE, {"stripe-signature": signature(body, NOW, SECRETS[0])}, body)

    @settings(max_examples=200, deadline=None)
    @given(body=st.binary(max_size=99))
    async def test_of_a_right_signature_takes_no_bytes_for_a_message(self, body):
        assert await outcome(STRIPE, {"stripe-signature": signature(body, NOW, SECRETS[0])}, body) is None


@pytest.fixture(scope="module")
def provider():
    """PayPal says it is its own, whatever it is asked, and knows no capture."""

    def answer(request):
        if request.url.path == "/v1/oauth2/token":
            return httpx.Response(200, json={"access_token": "x", "expires_in": 32_400})
        if request.method == "POST":
            asked = request.content
            assert b'"webhook_event": ' in asked
            return httpx.Response(200, json={"verification_status": "SUCCESS"})
        return httpx.Response(404, json={"name": "RESOURCE_NOT_FOUND"})

    provider = PayPalProvider(
        credentials=("x", "x"), webhook_id="W", api_base="https://api.paypal.example", clock=Clock()
    )
    provider._http = httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url="https://api.paypal.example")
    return provider


class TestPayPalsReader:
    @settings(max_examples=400, deadline=None)
    @given(headers=paypal_headers, body=st.binary(max_size=99))
    async def test_takes_no_bytes_for_a_message(self, provider, headers, body):
        assert await outcome(provider, headers, body) is None

    @settings(max_examples=400, deadline=None)
    @given(facts=paypal_bodies)
    async def test_of_a_right_signature_reads_or_refuses(self, provider, facts):
        headers = dict.fromkeys((f"paypal-{name}" for name in PAYPAL_HEADERS), "x")
        headers |= {"paypal-cert-url": "https://api.paypal.com/x", "paypal-transmission-time": NOW.isoformat()}
        await outcome(provider, headers, json.dumps(facts).encode())
