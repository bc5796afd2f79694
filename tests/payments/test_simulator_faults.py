"""Faults on command: each does what it says, as often as it says, to whom it says, and no more."""

import asyncio

import pytest
from simulator_orders import order, paid

from holdfast.payments.api import PaymentState
from holdfast.payments.providers.protocol import ProviderRefundState, ProviderRefused, ProviderUnavailable
from holdfast.payments.simulator.faults import MESSAGE, OPERATIONS
from support.simulator import Bench, beside, inside

LOST = ("timeout_after", "error_after")
"""Done, and nobody is told."""
UNDONE = ("timeout_before", "error_before", "conflict", "rate_limited", "garbage", "empty")
OF_ALL = {"create", "retrieve", "find", "capture", "cancel", "refund", "refunds", "keep", "forget"}


@pytest.fixture
async def simulator(tmp_path):
    async with inside(tmp_path / "books.db", settle_s=0.0) as made:
        yield made


async def unanswered(asking):
    with pytest.raises(ProviderUnavailable):
        await asking


class TestAFault:
    @pytest.mark.parametrize("what", UNDONE)
    async def test_before_the_effect_leaves_nothing(self, simulator, what):
        await simulator.fault("create", what)
        await unanswered(simulator.provider.authorise(key="k", what=order()))
        assert await simulator.provider.find(payment_id="pay_1") == []
        await simulator.provider.authorise(key="k", what=order())
        assert len(await simulator.provider.find(payment_id="pay_1")) == 1

    @pytest.mark.parametrize("what", LOST)
    async def test_after_the_effect_is_found_out_by_asking_again(self, simulator, what):
        await simulator.fault("create", what)
        await unanswered(simulator.provider.authorise(key="k", what=order()))
        [made] = await simulator.provider.find(payment_id="pay_1")
        again = await simulator.provider.authorise(key="k", what=order())
        assert again == made
        assert again.state is PaymentState.AUTHORISED

    @pytest.mark.parametrize("what", LOST + UNDONE)
    async def test_at_a_capture_moves_money_once(self, simulator, what):
        seen = await simulator.provider.authorise(key="k", what=order())
        await simulator.fault("capture", what)
        capture = {"key": "c", "ref": seen.ref, "amount_minor": 12_345}
        await unanswered(simulator.provider.capture(**capture))
        captured = (await simulator.provider.look_up(ref=seen.ref)).captured_minor
        assert captured == (12_345 if what in LOST else 0)
        assert (await simulator.provider.capture(**capture)).captured_minor == 12_345
        moved = (await simulator.good("GET", "/v1/books"))["data"]
        assert [each["kind"] for each in moved] == ["authorize", "capture"]

    @pytest.mark.parametrize("what", LOST + UNDONE)
    async def test_at_a_refund_gives_back_once(self, simulator, what):
        seen = await paid(simulator)
        await simulator.fault("refund", what)
        refund = {"key": "r", "ref": seen.ref, "refund_id": "r", "amount_minor": 45}
        await unanswered(simulator.provider.refund(**refund))
        await simulator.provider.refund(**refund)
        moved = (await simulator.good("GET", "/v1/books"))["data"]
        assert [each["kind"] for each in moved] == ["authorize", "capture", "refund"]

    @pytest.mark.parametrize("operation", sorted(OF_ALL))
    @pytest.mark.parametrize("what", ["error_before", "error_after", "timeout_after"])
    async def test_may_strike_everything(self, simulator, operation, what):
        seen = await paid(simulator)
        kept = await simulator.provider.keep(key="m", account_id=1, method=seen_method(), token="pm_card_visa")
        provider = simulator.provider
        calls = {
            "create": lambda: provider.authorise(key="k2", what=order(2)),
            "retrieve": lambda: provider.look_up(ref=seen.ref),
            "find": lambda: provider.find(payment_id="pay_1"),
            "capture": lambda: provider.capture(key="c2", ref=seen.ref, amount_minor=12_345),
            "cancel": lambda: provider.cancel(key="v", ref=seen.ref),
            "refund": lambda: provider.refund(key="r", ref=seen.ref, refund_id="r", amount_minor=1),
            "refunds": lambda: provider.refunds(ref=seen.ref),
            "keep": lambda: provider.keep(key="m2", account_id=1, method=seen_method(), token="pm_card_visa"),
            "forget": lambda: provider.forget(token=kept.token),
        }
        await simulator.fault(operation, what)
        await unanswered(calls[operation]())
        await calls[operation]()

    async def test_strikes_the_payment_it_names(self, simulator):
        await simulator.fault("create", "error_before", payment="pay_2")
        await simulator.provider.authorise(key="1", what=order(1))
        await unanswered(simulator.provider.authorise(key="2", what=order(2)))
        seen = await simulator.provider.authorise(key="3", what=order(3))
        await simulator.fault("capture", "error_before", payment="pay_3")
        await unanswered(simulator.provider.capture(key="c", ref=seen.ref, amount_minor=12_345))

    async def test_waits_and_strikes_as_often_as_it_says(self, simulator):
        await simulator.fault("find", "error_before", skip=2, times=3)
        outcomes = []
        for _ in range(7):
            try:
                await simulator.provider.find(payment_id="pay_1")
                outcomes.append("good")
            except ProviderUnavailable:
                outcomes.append("bad")
        assert outcomes == ["good", "good", "bad", "bad", "bad", "good", "good"]

    async def test_is_listed_and_taken_away(self, simulator):
        one = await simulator.fault("find", "error_before", times=5)
        await simulator.fault("capture", "slow")
        await unanswered(simulator.provider.find(payment_id="x"))
        listed = (await simulator.good("GET", "/v1/faults"))["data"]
        assert [(each["operation"], each["times"], each["struck"]) for each in listed] == [
            ("find", 4, 1),
            ("capture", 1, 0),
        ]
        await simulator.good("DELETE", f"/v1/faults/{one['id']}")
        assert (await simulator.http.delete(f"/v1/faults/{one['id']}")).status_code == 404
        await simulator.provider.find(payment_id="x")
        await simulator.good("DELETE", "/v1/faults")
        assert (await simulator.good("GET", "/v1/faults"))["data"] == []

    @pytest.mark.parametrize(
        "fault",
        [
            {"operation": "nowhere", "what": "slow"},
            {"operation": "create", "what": "nothing"},
            {"operation": "capture", "what": "drop"},
            {"operation": "message", "what": "slow"},
            {"operation": "create", "what": "slow", "times": 0},
            {"operation": "create", "what": "slow", "seconds": -1},
            {"operation": "create", "what": "slow", "more": 1},
            {"operation": "create"},
        ],
        ids=str,
    )
    async def test_that_there_is_not_is_refused(self, simulator, fault):
        assert (await simulator.http.post("/v1/faults", json=fault)).status_code == 400

    async def test_that_is_slow_answers_rightly(self, simulator):
        await simulator.fault("create", "slow", seconds=0.05)
        assert (await simulator.provider.authorise(key="k", what=order())).state is PaymentState.AUTHORISED

    async def test_stands_with_the_request_it_struck(self, simulator, tmp_path):
        await simulator.fault("create", "error_after")
        await unanswered(simulator.provider.authorise(key="k", what=order()))
        assert b"error_after" in b"".join(file.read_bytes() for file in tmp_path.iterdir())

    def test_is_there_after_a_restart(self, tmp_path):
        with beside(tmp_path / "books.db") as url, Bench(url) as bench:
            bench.fault("create", "conflict", times=2)
        body = {"amount": 100, "currency": "USD", "token": "pm_card_visa"}
        with beside(tmp_path / "books.db") as url, Bench(url) as bench:
            assert [bench.ask("POST", "/v1/payments", body).status_code for _ in range(3)] == [409, 409, 200]


class TestATwist:
    @pytest.mark.parametrize(
        ("what", "facts"), [("other_amount", (12_346, "USD")), ("other_currency", (12_345, "EUR"))]
    )
    async def test_authorises_something_else(self, simulator, what, facts):
        await simulator.fault("create", what)
        seen = await simulator.provider.authorise(key="k", what=order())
        assert (seen.amount_minor, seen.currency) == facts

    @pytest.mark.parametrize("operation", ["create", "capture", "refund", "keep"])
    async def test_declines(self, simulator, operation):
        seen = await (paid(simulator) if operation == "refund" else simulator.provider.authorise(key="1", what=order()))
        provider = simulator.provider
        calls = {
            "create": lambda: provider.authorise(key="k2", what=order(2)),
            "capture": lambda: provider.capture(key="c2", ref=seen.ref, amount_minor=12_345),
            "refund": lambda: provider.refund(key="r", ref=seen.ref, refund_id="r", amount_minor=1),
            "keep": lambda: provider.keep(key="m2", account_id=1, method=seen_method(), token="pm_card_visa"),
        }
        await simulator.fault(operation, "decline")
        with pytest.raises(ProviderRefused):
            await calls[operation]()

    async def test_fails_a_refund_later_and_not_the_next_one(self, simulator):
        seen = await paid(simulator)
        await simulator.fault("refund", "fails")
        first = await simulator.provider.refund(key="r", ref=seen.ref, refund_id="r", amount_minor=45)
        assert first.state is ProviderRefundState.PENDING
        await simulator.app.round()
        second = await simulator.provider.refund(key="r:2", ref=seen.ref, refund_id="r", amount_minor=45)
        assert second.state is ProviderRefundState.COMPLETED
        states = [each.state for each in await simulator.provider.refunds(ref=seen.ref)]
        assert states == [ProviderRefundState.FAILED, ProviderRefundState.COMPLETED]


class TestATimeOut:
    async def test_ends_when_the_adapter_says_so_also_where_there_is_no_connection(self, simulator):
        await simulator.fault("create", "timeout_before", seconds=600)
        async with asyncio.timeout(20):
            await unanswered(simulator.provider.authorise(key="k", what=order()))


def test_every_operation_has_its_faults():
    assert set(OPERATIONS) == OF_ALL | {MESSAGE}


def seen_method():
    return order().method
