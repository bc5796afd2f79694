"""What the simulator tells, and what the adapter believes."""

import asyncio
import hmac
import json
import sqlite3
from base64 import b64encode
from contextlib import closing
from datetime import timedelta
from hashlib import sha256

import httpx
import pytest
from loopback import serving
from simulator_orders import order, paid

from holdfast.kit.clock import Clock
from holdfast.payments.providers.protocol import MessageForged
from holdfast.payments.providers.simulator import Simulator, hook_key_of
from holdfast.payments.simulator.signing import signed
from support.polling import eventually
from support.simulator import SHARED, beside, inside

OTHER = "another secret between the tests and their simulator"


@pytest.fixture
async def simulator(tmp_path):
    async with inside(tmp_path / "books.db", Clock(), settle_s=0.0) as made:
        yield made


def kinds(sent):
    return [json.loads(body)["type"] for _, body in sent]


async def told(simulator):
    await simulator.app.round()
    return simulator.sent


class TestAMessage:
    async def test_is_sent_once_of_each_change(self, simulator):
        seen = await paid(simulator)
        await simulator.provider.refund(key="r", ref=seen.ref, refund_id="r", amount_minor=45)
        sent = await told(simulator)
        assert kinds(sent) == ["payment.authorized", "payment.captured", "refund.created"]
        assert {json.loads(body)["data"]["payment"]["id"] for _, body in sent} == {seen.ref}
        await told(simulator)
        assert len(simulator.sent) == 3

    async def test_is_believed(self, simulator):
        seen = await simulator.provider.authorise(key="k", what=order())
        [(headers, body)] = await told(simulator)
        message = await simulator.provider.read(headers=headers, body=body, now=simulator.clock.now())
        assert (message.ref, message.kind, message.event_id) == (
            seen.ref,
            "payment.authorized",
            headers["webhook-id"],
        )

    async def test_is_signed_as_standard_webhooks_asks(self, simulator):
        await simulator.provider.authorise(key="k", what=order())
        [(headers, body)] = await told(simulator)
        content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        mark = b64encode(hmac.new(hook_key_of(SHARED), content, sha256).digest()).decode()
        assert headers["webhook-signature"] == f"v1,{mark}"

    @pytest.mark.parametrize("status", [400, 302, 410, 500, 503])
    async def test_is_sent_again_until_it_is_taken(self, simulator, status):
        await simulator.provider.authorise(key="k", what=order())
        simulator.answers = status
        await told(simulator)
        simulator.answers = 200
        await asyncio.sleep(0)
        simulator.clock.advance(timedelta(seconds=5))

        async def both():
            return len(await told(simulator)) == 2

        await eventually(both)
        first, second = simulator.sent
        assert first[0]["webhook-id"] == second[0]["webhook-id"]
        assert first[0]["webhook-timestamp"] != second[0]["webhook-timestamp"], "a fresh signature each time"
        simulator.clock.advance(timedelta(hours=2))
        await told(simulator)
        assert len(simulator.sent) == 2
        [message] = (await simulator.good("GET", "/v1/messages"))["data"]
        assert (message["delivered"], message["tried"]) == (1, 2)

    @pytest.mark.parametrize("manner", ["forged", "old", "future", "altered", "unsigned"])
    async def test_that_is_wrong_is_not_believed(self, simulator, manner):
        await simulator.provider.authorise(key="k", what=order())
        [(headers, _)] = await told(simulator)
        await simulator.good("POST", f"/v1/messages/{headers['webhook-id']}/send", {"manner": manner})
        [_, (headers, body)] = await told(simulator)
        with pytest.raises(MessageForged):
            await simulator.provider.read(headers=headers, body=body, now=simulator.clock.now())
        await told(simulator)
        assert len(simulator.sent) == 2, "what is wrong on purpose is sent once"

    async def test_may_be_sent_again(self, simulator):
        await simulator.provider.authorise(key="k", what=order())
        [(first, _)] = await told(simulator)
        await simulator.good("POST", f"/v1/messages/{first['webhook-id']}/send")
        [_, (headers, body)] = await told(simulator)
        now = simulator.clock.now()
        assert (await simulator.provider.read(headers=headers, body=body, now=now)).event_id == first["webhook-id"]


class TestMessagesOnCommand:
    async def test_are_dropped(self, simulator):
        await simulator.fault("message", "drop")
        await paid(simulator)
        assert kinds(await told(simulator)) == ["payment.captured"]

    async def test_come_twice(self, simulator):
        await simulator.fault("message", "duplicate", times=2)
        await paid(simulator)
        assert sorted(kinds(await told(simulator))) == ["payment.authorized"] * 2 + ["payment.captured"] * 2

    async def test_come_late(self, simulator):
        await simulator.fault("message", "delay", seconds=600)
        await paid(simulator)
        assert kinds(await told(simulator)) == ["payment.captured"]
        simulator.clock.advance(timedelta(seconds=601))

        async def late():
            return kinds(await told(simulator)) == ["payment.captured", "payment.authorized"]

        await eventually(late)

    async def test_come_in_another_order(self, simulator):
        await simulator.fault("message", "reorder")
        await paid(simulator)

        async def both():
            return kinds(await told(simulator)) == ["payment.captured", "payment.authorized"]

        await eventually(both)

    async def test_come_with_a_forged_twin(self, simulator):
        await simulator.fault("message", "forge")
        await simulator.provider.authorise(key="k", what=order())
        believed = 0
        for headers, body in await told(simulator):
            try:
                await simulator.provider.read(headers=headers, body=body, now=simulator.clock.now())
                believed += 1
            except MessageForged:
                pass
        assert (believed, len(simulator.sent)) == (1, 2)


class TestTheAdapter:
    def message(self, secrets, *, at, body=b'{"id":"m","type":"t","timestamp":"2026-01-01T00:00:00Z","data":{}}'):
        keys = [hook_key_of(secret) for secret in secrets]
        return signed(keys, message_id="m", timestamp=int(at.timestamp()), body=body), body

    @pytest.fixture
    async def provider(self):
        made = Simulator(base_url="http://127.0.0.1:9/simulator", secrets=(SHARED, OTHER))
        yield made
        await made.close()

    @pytest.mark.parametrize("secrets", [(SHARED,), (OTHER,), (OTHER, SHARED), ("a third", SHARED), (SHARED, "x")])
    async def test_believes_any_secret_while_they_are_replaced(self, provider, secrets):
        now = Clock().now()
        headers, body = self.message(secrets, at=now)
        assert (await provider.read(headers=headers, body=body, now=now)).event_id == "m"

    @pytest.mark.parametrize("seconds", [-299, 0, 299])
    async def test_believes_what_is_of_this_moment(self, provider, seconds):
        now = Clock().now().replace(microsecond=0)
        headers, body = self.message((SHARED,), at=now + timedelta(seconds=seconds))
        await provider.read(headers=headers, body=body, now=now)

    @pytest.mark.parametrize("seconds", [-86_400, -302, 302, 86_400])
    async def test_does_not_believe_the_past_nor_the_future(self, provider, seconds):
        now = Clock().now().replace(microsecond=0)
        headers, body = self.message((SHARED,), at=now + timedelta(seconds=seconds))
        with pytest.raises(MessageForged):
            await provider.read(headers=headers, body=body, now=now)

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"null",
            b"[]",
            b"{}",
            b"\xff",
            b'{"id":"other","type":"t","timestamp":"2026-01-01T00:00:00Z","data":{}}',
        ],
    )
    async def test_does_not_believe_what_it_cannot_read(self, provider, body):
        now = Clock().now()
        headers, _ = self.message((SHARED,), at=now, body=body)
        with pytest.raises(MessageForged):
            await provider.read(headers=headers, body=body, now=now)

    @pytest.mark.parametrize(
        "signature",
        ["", "v1,", "v1", ",", "v2,AAAA", "v1,AAAA", "v1,!!!!", "v1a,AAAA", " ".join(["v1,AAAA"] * 10_000), "é"],
        ids=lambda text: text[:10],
    )
    async def test_does_not_believe_other_signatures(self, provider, signature):
        now = Clock().now()
        headers, body = self.message((SHARED,), at=now)
        with pytest.raises(MessageForged):
            await provider.read(headers=headers | {"webhook-signature": signature}, body=body, now=now)

    @pytest.mark.parametrize("stamp", ["", "now", "-1", "1e9", "١٢", "1" * 400, "1767225600.5"])
    async def test_does_not_believe_other_times(self, provider, stamp):
        body = b'{"id":"m","type":"t","timestamp":"2026-01-01T00:00:00Z","data":{}}'
        content = f"m.{stamp}.".encode() + body
        mark = b64encode(hmac.new(hook_key_of(SHARED), content, sha256).digest()).decode()
        headers = {"webhook-id": "m", "webhook-timestamp": stamp, "webhook-signature": f"v1,{mark}"}
        with pytest.raises(MessageForged):
            await provider.read(headers=headers, body=body, now=Clock().now())

    async def test_reads_nothing_that_is_too_large(self, provider):
        headers, body = self.message((SHARED,), at=Clock().now(), body=b" " * 10_000_000)
        with pytest.raises(MessageForged):
            await provider.read(headers=headers, body=body, now=Clock().now())


class TestTheCourier:
    async def test_takes_up_what_another_one_left(self, simulator):
        """A courier that died with messages in hand: after a while they are sent all the same."""
        await simulator.provider.authorise(key="k", what=order())

        async def die(headers, body):
            del headers, body
            raise RuntimeError("killed")

        simulator.app.post = die
        with pytest.raises(RuntimeError):
            await simulator.app.round()
        simulator.app.post = simulator._take
        simulator.clock.advance(timedelta(seconds=21))

        async def sent():
            return len(await told(simulator)) == 1

        await eventually(sent)

    async def test_sends_over_http(self, tmp_path):
        taken = []

        async def merchant(scope, receive, send):
            body = (await receive())["body"]
            taken.append((dict(scope["headers"]), body))
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b""})

        async with serving(merchant) as url:
            with beside(tmp_path / "books.db", f"{url}/v1/webhooks/simulator") as simulator:
                provider = Simulator(base_url=simulator, secrets=(SHARED,))
                await provider.authorise(key="k", what=order())
                await eventually(lambda: taken, 10)
                headers = {name.decode(): value.decode() for name, value in taken[0][0].items()}
                message = await provider.read(headers=headers, body=taken[0][1], now=Clock().now())
                assert message.kind == "payment.authorized"
                await provider.close()

    async def test_waits_for_a_merchant_who_is_away(self, tmp_path):
        async with inside(tmp_path / "books.db") as simulator:

            async def away(headers, body):
                del headers, body
                raise httpx.ConnectError("nobody")

            simulator.app.post = away
            await simulator.provider.authorise(key="k", what=order())
            await simulator.app.round()
            assert (await simulator.good("GET", "/v1/books"))["waiting"] == 1
            with closing(sqlite3.connect(tmp_path / "books.db")) as connection:
                assert connection.execute("SELECT status FROM simulator_delivery").fetchall() == [(None,)]
