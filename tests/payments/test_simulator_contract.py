"""The simulator does what every provider must do."""

import json

import pytest
from provider_contract import NOW, ProviderContract
from provider_contract import Bench as AnyBench

from holdfast.payments.providers.simulator import Simulator, hook_key_of
from holdfast.payments.simulator.signing import signed
from support.simulator import SHARED, Bench, beside

OPERATIONS = {
    "authorise": "create",
    "look_up": "retrieve",
    "capture": "capture",
    "cancel": "cancel",
    "refund": "refund",
}
FAULTS = {
    "500": "error_before",
    "429": "rate_limited",
    "409": "conflict",
    "garbage": "garbage",
    "empty": "empty",
    "lost": "error_after",
}


class SimulatorBench(AnyBench):
    def __init__(self, url):
        self.provider = Simulator(base_url=url, secrets=(SHARED,), timeout_s=5)
        self._bench = Bench(url)

    @property
    def good(self):
        return "pm_card_visa"

    def approve(self, ref):
        self._bench.good("POST", f"/v1/payments/{ref}/approve")

    async def decline(self):
        return await self.start(1, token="pm_card_visa_chargeDeclined")

    def objects(self):
        return len(self._bench.all_payments())

    def taken(self):
        return sum(each["amount"] for each in self._bench.movements() if each["kind"] == "capture")

    def given_back(self):
        moved = self._bench.movements()
        back = sum(each["amount"] for each in moved if each["kind"] == "refund")
        return back - sum(each["amount"] for each in moved if each["kind"] == "refund_failed")

    def fail(self, what, kind):
        self._bench.fault(OPERATIONS[what], FAULTS[kind])

    def dispute(self, ref, *, is_lost=None):
        self._bench.good("POST", f"/v1/payments/{ref}/dispute", {})
        if is_lost is not None:
            self._bench.good("POST", f"/v1/payments/{ref}/{'lose' if is_lost else 'win'}")

    def message(self, ref, *, at):
        body = next(each["body"] for each in self._bench.all_messages() if each["payment"] == ref)
        written = json.dumps(json.loads(body)).encode()
        stamp = int(at.timestamp())
        headers = signed([hook_key_of(SHARED)], message_id=json.loads(body)["id"], timestamp=stamp, body=written)
        del headers["content-type"]
        return headers, written

    async def close(self):
        self._bench.http.close()
        await self.provider.close()


class TestTheSimulator(ProviderContract):
    @pytest.fixture
    async def bench(self, tmp_path):
        with beside(tmp_path / "books.db") as url:
            made = SimulatorBench(url)
            yield made
            await made.close()

    async def test_signs_messages_with_a_date_of_its_own(self, bench):
        seen = await bench.authorised(1)
        one, _ = bench.message(seen.ref, at=NOW)
        two, _ = bench.message(seen.ref, at=NOW.replace(year=2027))
        assert one["webhook-signature"] != two["webhook-signature"]
