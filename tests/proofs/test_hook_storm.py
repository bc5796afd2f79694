"""`hook_storm`: forged messages of a provider are refused, and true ones may come twice, late and in any order.

Goal (promise P11): however the provider's messages come, the end state is the one that each of them once, in order,
would have made; and a message that is not the provider's, or not of this moment, is answered 400 (413 where it is too
large) and changes nothing at all.

Method: payments of nine kinds are made in a product of its own, and at the simulator things befall them that we only
learn by messages: approvals, refusals, disputes, refunds that succeed or fail later, authorizations that run out,
captures whose answer was lost. A calm product hears each message once, in order. A stormy one, with the same payments,
hears one to five copies of each, shuffled within and across two times with a day in between, some signed with two
secrets as while one is replaced; between them come replays of old signatures, wrong keys, bodies written anew, missing
headers and ten megabytes. `HOLDFAST_CAMPAIGN=1`: 1,000 messages, many storms, each engine.
"""

import json
import random
from collections import Counter
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from holdfast.kit.clock import Clock
from holdfast.kit.http.prefixes import Prefixes
from holdfast.kit.keyed import Caller
from holdfast.payments.api import (
    CaptureRefused,
    PaymentDenied,
    PaymentMethod,
    PaymentOrder,
    PaymentOutcomeUnknown,
    RefundOrder,
    Sale,
    Share,
)
from holdfast.payments.providers.simulator import hook_key_of
from holdfast.payments.simulator.signing import signed
from outside import outside_truth as truth
from payments.loopback import serving
from support.effort import campaign, rounds
from support.product import product
from support.simulator import SHARED, inside

SEEDS = range(rounds(2, thorough=25))
PAYMENTS = rounds(18, thorough=360)
COPIES = (1, 5)
DAY = timedelta(hours=24)
PATH = "/v1/webhooks/simulator"
TEN_MEGABYTES = 10_000_000
_NO_SUCH_SECRET = "a secret that nobody was given 0123456789"
MODULES = ("accounts", "payments")
"""Without sagas, so that nothing but messages moves a payment."""


def order(number, token="pm_card_visa", method=PaymentMethod.CARD):  # noqa: S107 - a name everybody may know
    facts = {"hold_id": f"hold_storm_{number:04}", "amount_minor": 10_000 + number, "currency": "USD"}
    return PaymentOrder(**facts, method=method, token=token, return_url="https://guest.example/back")


class World:
    """A product, the simulator it asks, and payments whose fate it learns by messages."""

    def __init__(self, url, made, simulator):
        self.url = url
        self.product = made
        self.payments = made.door("payments")
        self.simulator = simulator
        self.paid = {}

    async def begins(self):
        """Make the payments, and let happen at the provider what nobody tells us but its messages."""
        for number in range(PAYMENTS):
            await getattr(self, f"_begins_{KINDS[number % len(KINDS)]}")(number)
        return await self._told()

    async def goes_on(self):
        """Let more happen to the same payments."""
        for number in range(PAYMENTS):
            later = getattr(self, f"_goes_on_{KINDS[number % len(KINDS)]}", None)
            if later:
                await later(number)
        return await self._told()

    async def _told(self):
        """Everything the simulator has said since the last time: (id, body)."""
        await self.simulator.app.round()
        while (await self.simulator.good("GET", "/v1/books"))["waiting"]:
            await self.simulator.app.round()
        said = [(headers["webhook-id"], body) for headers, body in self.simulator.sent]
        self.simulator.sent.clear()
        return said

    async def _pay(self, number, token="pm_card_visa", method=PaymentMethod.CARD):  # noqa: S107 - as above
        caller = Caller(account_id=7, key=f"storm{number}", fingerprint="f", route="POST /v1/payments")
        try:
            made = await self.payments.authorise(caller=caller, order=order(number, token, method))
        except PaymentOutcomeUnknown:
            return
        except PaymentDenied:
            return
        self.paid[number] = made.value

    async def _capture(self, number):
        amount = 10_000 + number
        sale = Sale(reference=f"HF{number}", shares=(Share(account="owner:9", amount_minor=amount),))
        return await self.payments.capture(payment_id=self.paid[number].id, sale=sale)

    async def _refund(self, number, amount):
        shares = (Share(account="owner:9", amount_minor=amount),)
        what = RefundOrder(
            key=f"back{number}",
            payment_id=self.paid[number].id,
            amount_minor=amount,
            currency="USD",
            reason="cancelled",
            reference=f"HF{number}",
            shares=shares,
        )
        await self.payments.refund(order=what)

    async def _at_provider(self, number, act):
        await self.simulator.good("POST", f"/v1/payments/{self.paid[number].provider_ref}/{act}", {})

    # ------------------------------------------------------------------ kinds of payments
    async def _begins_plain(self, number):
        await self._pay(number)

    async def _goes_on_plain(self, number):
        await self._capture(number)

    async def _begins_approved(self, number):
        await self._pay(number, "pm_card_threeDSecure2Required")
        await self._at_provider(number, "approve")

    async def _goes_on_approved(self, number):
        await self._at_provider(number, "expire")

    async def _begins_declined(self, number):
        await self._pay(number, None, PaymentMethod.PAYPAL)
        await self.simulator.http.post(f"/v1/payments/{self.paid[number].provider_ref}/decline")

    async def _begins_paypal(self, number):
        await self._pay(number, None, PaymentMethod.PAYPAL)

    async def _goes_on_paypal(self, number):
        await self._at_provider(number, "approve")

    async def _begins_disputed(self, number):
        await self._pay(number)
        await self._capture(number)
        await self._at_provider(number, "dispute")

    async def _goes_on_disputed(self, number):
        await self._at_provider(number, "win" if number % 2 else "lose")

    async def _begins_refunded_late(self, number):
        await self._pay(number, "pm_card_pendingRefund")
        await self._capture(number)

    async def _goes_on_refunded_late(self, number):
        await self._refund(number, 4_000)

    async def _begins_refund_failed(self, number):
        await self._pay(number, "pm_card_refundFail")
        await self._capture(number)
        await self._refund(number, 5_000)

    async def _begins_answer_lost(self, number):
        await self._pay(number)
        await self.simulator.fault("capture", "error_after")
        with pytest.raises((PaymentOutcomeUnknown, CaptureRefused)):
            await self._capture(number)

    async def _begins_ran_out(self, number):
        await self._pay(number)

    async def _goes_on_ran_out(self, number):
        await self._at_provider(number, "expire")

    # ------------------------------------------------------------------ messages
    async def hears(self, message, *, secrets=(SHARED,), late_s=0, **changes):
        """Send a message as the simulator would, or wrongly, and return the status."""
        message_id, body = message
        keys = [hook_key_of(secret) for secret in secrets]
        stamp = int(self.product.clock.now().timestamp()) + late_s
        headers = signed(keys, message_id=message_id, timestamp=stamp, body=body)
        headers |= changes.pop("headers", {})
        headers = {name: value for name, value in headers.items() if name != changes.get("without")}
        answer = await self.product.client.post(PATH, content=changes.get("body", body), headers=headers)
        return answer.status_code

    def state(self):
        """How everything stands, without ids and times that two products do not share."""
        payments = truth.rows(
            self.url,
            "SELECT id, hold_id, state, waited, captured_minor, refunded_minor, denial, dispute, disputed_minor"
            " FROM payments_payment ORDER BY hold_id",
        )
        holds = {row[0]: row[1] for row in payments}
        refunds = truth.rows(self.url, "SELECT payment_id, amount_minor, state, reason FROM payments_refund")
        cases = truth.rows(self.url, "SELECT payment_id, kind, state, outcome FROM payments_case")
        moved = truth.rows(
            self.url, "SELECT payment_id, kind, amount_minor, currency, debit, credit FROM payments_transfer"
        )
        named = [sorted((holds[each[0]], *each[1:]) for each in table) for table in (refunds, cases, moved)]
        return [row[1:] for row in payments], *named

    def everything(self):
        """Every row payments has, to the byte."""
        names = [name for name in truth.tables(self.url) if name.startswith("payments_")]
        return {name: sorted(truth.rows(self.url, f"SELECT * FROM {name}")) for name in names}  # noqa: S608 - ours


KINDS = (
    "plain",
    "approved",
    "declined",
    "paypal",
    "disputed",
    "refunded_late",
    "refund_failed",
    "answer_lost",
    "ran_out",
)


@asynccontextmanager
async def world(url, folder, monkeypatch):
    clock = Clock()
    async with (
        inside(folder / "books.db", clock, settle_s=0.0) as simulator,
        serving(Prefixes(simulator.app, mounted={"/simulator": simulator.app})) as base,
    ):
        monkeypatch.setenv("HOLDFAST_PAYMENTS_SIMULATOR_URL", f"{base}/simulator")
        monkeypatch.setenv("HOLDFAST_PAYMENTS_SIMULATOR_SECRETS", SHARED)
        async with product(url, clock=clock, modules=MODULES) as made:
            yield World(url, made, simulator)


async def calm(here):
    """Hear each message once, in order."""
    for tell in (here.begins, here.goes_on):
        for message in await tell():
            assert await here.hears(message) == 200
    return here.state()


class Storm:
    """Messages in the order, number and company that a seed gives."""

    def __init__(self, here, seed):
        self.here = here
        self.random = random.Random(seed)  # noqa: S311 - repeatable, not secret
        self.counts = Counter()

    async def rages(self):
        waiting = []
        for tell in (self.here.begins, self.here.goes_on):
            for message in await tell():
                waiting += [message] * self.random.randint(*COPIES)
            self.random.shuffle(waiting)
            at_once = len(waiting) if tell == self.here.goes_on else len(waiting) // 2
            today, waiting = waiting[:at_once], waiting[at_once:]
            # Each message comes at least once in the end, and some for the first time a day late.
            for message in today:
                await self._one(message)
            self.here.product.clock.advance(DAY)

    async def _one(self, message):
        secrets = self.random.choice([(SHARED,), (SHARED,), (_NO_SUCH_SECRET, SHARED), (SHARED, _NO_SUCH_SECRET)])
        assert await self.here.hears(message, secrets=secrets) == 200
        self.counts["true"] += 1
        if self.random.random() < 0.3:
            await self.forged(message, self.random.choice(list(FORGERIES)))

    async def forged(self, message, kind):
        status = await self.here.hears(message, **FORGERIES[kind](message))
        expected = {413} if kind == "ten megabytes" else {400, 429}
        assert status in expected, (kind, status)
        self.counts[kind if status != 429 else "too many"] += 1


def _written_anew(message):
    return {"body": json.dumps(json.loads(message[1]), indent=1).encode()}


def _of_another_amount(message):
    return {"body": message[1].replace(b'"amount":1', b'"amount":2', 1)}


FORGERIES = {
    "old signature": lambda _: {"late_s": -86_400},
    "just too old": lambda _: {"late_s": -305},
    "of the future": lambda _: {"late_s": 305},
    "wrong key": lambda _: {"secrets": (_NO_SUCH_SECRET,)},
    "written anew": _written_anew,
    "changed": _of_another_amount,
    "no id": lambda _: {"without": "webhook-id"},
    "no time": lambda _: {"without": "webhook-timestamp"},
    "no signature": lambda _: {"without": "webhook-signature"},
    "another's id": lambda _: {"headers": {"webhook-id": "sim_msg_another"}},
    "another's time": lambda _: {"headers": {"webhook-timestamp": "1"}},
    "nothing": lambda _: {"body": b""},
    "ten megabytes": lambda _: {"body": b" " * TEN_MEGABYTES},
}


@pytest.fixture(scope="module")
def calm_state():
    """The state a calm product ends in, per engine; made once."""
    return {}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.timeout(21_600 if campaign() else 180)
async def test_a_storm_ends_like_a_calm(engine, engine_url, seed, tmp_path, monkeypatch, calm_state):
    if engine not in calm_state:
        (tmp_path / "calm").mkdir()
        async with world(engine_url(engine), tmp_path / "calm", monkeypatch) as here:
            calm_state[engine] = await calm(here)
    (tmp_path / "storm").mkdir()
    async with world(engine_url(engine), tmp_path / "storm", monkeypatch) as here:
        storm = Storm(here, seed)
        await storm.rages()
        assert here.state() == calm_state[engine]
        verified = await here.payments.verify()
        assert verified.breaches == ()
    states = Counter(row[1] for row in calm_state[engine][0])
    assert set(states) >= {"captured", "authorised", "denied", "voided"}, "the payments all went the same way"
    print(f"hook_storm: {engine}, seed {seed}: {dict(storm.counts)}")  # noqa: T201 - the figures of the proof, read with -s


@pytest.mark.timeout(120)
async def test_a_forged_message_changes_nothing(engine, engine_url, tmp_path, monkeypatch):
    async with world(engine_url(engine), tmp_path, monkeypatch) as here:
        messages = await here.begins()
        await here.hears(messages[0])
        storm = Storm(here, 1)
        before = here.everything()
        for kind in FORGERIES:
            for message in messages[:3]:
                await storm.forged(message, kind)
        assert here.everything() == before
        assert not storm.counts["too many"]
        assert set(storm.counts) == set(FORGERIES)


async def test_a_calm_without_its_messages_is_another_state(engine_url, tmp_path, monkeypatch):
    """The proof can fail: what messages tell is told by nothing else."""
    async with world(engine_url("sqlite"), tmp_path, monkeypatch) as here:
        await here.begins()
        deaf = here.state()
    (tmp_path / "calm").mkdir()
    async with world(engine_url("sqlite"), tmp_path / "calm", monkeypatch) as here:
        assert await calm(here) != deaf
