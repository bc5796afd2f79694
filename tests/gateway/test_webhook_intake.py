"""Messages of providers at the edge: read as bytes, bounded, and not to be drowned out by forged ones."""

import asyncio

import httpx
import pytest
from fastapi import FastAPI

from holdfast.gateway.webhooks import AT_ONCE, BODY_MAX_BYTES, FORGED_BURST, FORGED_PER_S, router
from holdfast.kit.errors import NotFound
from holdfast.kit.http import problems
from holdfast.payments.api import PaymentOutcomeUnknown, WebhookReceipt, WebhookRefused
from support.polling import eventually

SIGNED = {"x-signature": "good"}


class Clock:
    """Stands still until it is told to go on."""

    def __init__(self):
        self.seconds = 1_000.0

    def monotonic(self):
        return self.seconds


class Money:
    """Takes what is signed; everything else about payments is not asked here."""

    def __init__(self):
        self.taken = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.waiting = 0
        self.silent = False

    async def receive(self, *, provider, headers, body):
        if provider != "simulator":
            raise NotFound
        if headers.get("x-signature") != "good":
            raise WebhookRefused
        if self.silent:
            raise PaymentOutcomeUnknown
        self.waiting += 1
        await self.gate.wait()
        self.waiting -= 1
        self.taken.append(body)
        return WebhookReceipt(event_id="evt_1", known=False, outcome="applied")


@pytest.fixture
def money():
    return Money()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
async def client(money, clock):
    app = FastAPI()
    problems.install(app)
    app.include_router(router(payments=money, clock=clock))
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://holdfast.test") as asking:
        yield asking


async def send(client, body=b"{}", headers=SIGNED, provider="simulator"):
    return await client.post(f"/v1/webhooks/{provider}", content=body, headers=headers)


class TestAMessage:
    @pytest.mark.parametrize(
        "body", [b'{"a": 1, "a": 2}', b'{ "a":1 }', b"", b"not JSON at all", b"\xff\xfe", b'{"a":' * 50_000]
    )
    async def test_reaches_payments_to_the_byte_whatever_it_holds(self, client, money, body):
        got = await send(client, body)
        assert (got.status_code, got.json()) == (200, {"outcome": "applied"})
        assert money.taken == [body]

    @pytest.mark.parametrize("headers", [{}, {"x-signature": "bad"}])
    async def test_that_cannot_be_trusted_is_refused(self, client, money, headers):
        got = await send(client, headers=headers)
        assert (got.status_code, got.json()["code"]) == (400, "webhook_refused")
        assert money.taken == []

    async def test_for_a_provider_that_is_not_there_gets_404(self, client):
        got = await send(client, provider="nobody")
        assert (got.status_code, got.json()["code"]) == (404, "not_found")

    async def test_whose_provider_does_not_answer_has_to_come_again(self, client, money):
        money.silent = True
        got = await send(client)
        assert (got.status_code, got.json()["code"]) == (503, "payment_outcome_unknown")

    async def test_of_the_largest_size_is_taken(self, client, money):
        assert (await send(client, b"x" * BODY_MAX_BYTES)).status_code == 200
        assert [len(each) for each in money.taken] == [BODY_MAX_BYTES]

    async def test_that_is_larger_is_not_read(self, client, money):
        got = await send(client, b"x" * (BODY_MAX_BYTES + 1))
        assert (got.status_code, got.json()["code"]) == (413, "payload_too_large")
        assert money.taken == []

    async def test_that_does_not_say_its_length_is_not_read_to_its_end(self, client, money):
        sent = 0

        async def endless():
            nonlocal sent
            while sent < 100 * BODY_MAX_BYTES:
                sent += 65_536
                yield b"x" * 65_536

        got = await send(client, endless())
        assert (got.status_code, got.json()["code"]) == (413, "payload_too_large")
        assert sent <= 2 * BODY_MAX_BYTES
        assert money.taken == []


class TestAFlood:
    async def test_of_forged_messages_is_told_to_slow_down_and_drowns_no_signed_one(self, client, money, clock):
        refused = []
        for number in range(1_000):  # within one second
            clock.seconds += 0.001
            got = await send(client, headers={"x-signature": "bad"})
            refused.append(got.status_code)
            if got.status_code == 429:
                assert got.headers["retry-after"] == "1"
                assert got.json()["code"] == "webhook_flood"
            if number % 10 == 0:
                assert (await send(client, str(number).encode())).status_code == 200
        assert set(refused) == {400, 429}
        assert FORGED_BURST <= refused.count(400) <= FORGED_BURST + FORGED_PER_S + 1
        assert money.taken == [str(number).encode() for number in range(0, 1_000, 10)]

    async def test_is_forgotten_when_it_is_over(self, client, clock):
        for _ in range(FORGED_BURST + 1):
            last = await send(client, headers={})
        assert last.status_code == 429
        clock.seconds += 60
        assert (await send(client, headers={})).status_code == 400

    async def test_of_signed_messages_gets_429_beyond_what_can_be_looked_up_and_recovers(self, client, money):
        money.gate.clear()
        asking = [asyncio.create_task(send(client, str(number).encode())) for number in range(AT_ONCE)]
        await eventually(lambda: money.waiting == AT_ONCE)
        late = await send(client, b"late")
        assert (late.status_code, late.json()["code"], late.headers["retry-after"]) == (429, "webhook_flood", "1")
        money.gate.set()
        assert {each.status_code for each in await asyncio.gather(*asking)} == {200}
        assert (await send(client, b"late")).status_code == 200
        assert len(money.taken) == AT_ONCE + 1
