"""The simulator as a merchant calls it: cards, keys, money, and books that outlive it."""

import asyncio
import sqlite3
import threading
from contextlib import closing

import httpx
import pytest
from simulator_orders import order, paid

from holdfast.payments.api import CardShown, PaymentMethod, PaymentState
from holdfast.payments.providers.protocol import ProviderRefundState, ProviderRefused
from holdfast.payments.simulator.cards import TEST_CARDS
from support.polling import eventually, wait_until
from support.simulator import Bench, SimulatorProcess, bench_at, beside, inside

NUMBER = "4000000000003220"


@pytest.fixture
async def simulator(tmp_path):
    async with inside(tmp_path / "books.db", settle_s=0.0) as made:
        yield made


async def settled(simulator):
    """Let what is pending happen."""

    async def nothing_waits():
        await simulator.app.round()
        return (await simulator.good("GET", "/v1/books"))["waiting"] == 0

    await eventually(nothing_waits)


class TestATestCard:
    @pytest.mark.parametrize(
        ("token", "denial"),
        [(each.token, each.plan.denial) for each in TEST_CARDS if each.plan.denial],
    )
    async def test_is_denied_for_its_reason(self, simulator, token, denial):
        with pytest.raises(ProviderRefused) as refused:
            await simulator.provider.authorise(key="k", what=order(token=token))
        assert refused.value.denial == denial

    @pytest.mark.parametrize("card", TEST_CARDS, ids=lambda card: card.token)
    async def test_does_the_same_by_its_number(self, simulator, card):
        typed = {"number": card.number, "exp_month": 12, "exp_year": 2034, "cvc": "1234"[: 3 + (card.brand == "amex")]}
        token = (await simulator.good("POST", "/v1/tokens", typed))["id"]
        outcomes = []
        for number, each in enumerate((card.token, token)):
            try:
                seen = await simulator.provider.authorise(key=f"k{number}", what=order(number, token=each))
            except ProviderRefused as refused:
                outcomes.append(refused.denial)
            else:
                outcomes.append((seen.state, seen.card))
        assert outcomes[0] == outcomes[1]

    async def test_asks_its_holder_where_it_has_to(self, simulator):
        seen = await simulator.provider.authorise(key="k", what=order(token="pm_card_threeDSecure2Required"))
        assert seen.state is PaymentState.REQUIRES_ACTION
        assert seen.action_url == f"/simulator/pay/{seen.ref}"
        await simulator.good("POST", f"/v1/payments/{seen.ref}/approve")
        assert (await simulator.provider.look_up(ref=seen.ref)).state is PaymentState.AUTHORISED

    @pytest.mark.parametrize(
        ("token", "act", "denial"),
        [
            ("pm_card_threeDSecure2Required", "decline", "authentication_failed"),
            ("pm_card_threeDSecureRequiredChargeDeclined", "approve", "card_declined"),
            ("pm_card_authenticationRequiredChargeDeclinedInsufficientFunds", "approve", "insufficient_funds"),
        ],
    )
    async def test_may_be_denied_after_its_holder_was_asked(self, simulator, token, act, denial):
        seen = await simulator.provider.authorise(key="k", what=order(token=token))
        await simulator.http.post(f"/v1/payments/{seen.ref}/{act}")
        seen = await simulator.provider.look_up(ref=seen.ref)
        assert (seen.state, seen.denial) == (PaymentState.DENIED, denial)

    async def test_may_be_authorised_and_yet_not_captured(self, simulator):
        with pytest.raises(ProviderRefused) as refused:
            await paid(simulator, token="sim_card_captureExpired")
        assert refused.value.denial == "authorization_expired"

    async def test_may_be_disputed(self, simulator):
        seen = await paid(simulator, token="pm_card_createDispute")
        assert not seen.disputed
        await settled(simulator)
        assert (await simulator.provider.look_up(ref=seen.ref)).disputed
        with pytest.raises(ProviderRefused) as refused:
            await simulator.provider.refund(key="r", ref=seen.ref, refund_id="r", amount_minor=1)
        assert refused.value.denial == "charge_disputed"

    @pytest.mark.parametrize(
        ("token", "end"),
        [
            ("pm_card_pendingRefund", ProviderRefundState.COMPLETED),
            ("pm_card_refundFail", ProviderRefundState.FAILED),
        ],
    )
    async def test_may_take_its_time_to_be_refunded(self, simulator, token, end):
        seen = await paid(simulator, token=token)
        refund = await simulator.provider.refund(key="r", ref=seen.ref, refund_id="r", amount_minor=12_345)
        assert refund.state is ProviderRefundState.PENDING
        assert (await simulator.provider.look_up(ref=seen.ref)).refunded_minor == 12_345
        await settled(simulator)
        assert [each.state for each in await simulator.provider.refunds(ref=seen.ref)] == [end]
        left = 0 if end is ProviderRefundState.FAILED else 12_345
        assert (await simulator.provider.look_up(ref=seen.ref)).refunded_minor == left
        assert (await simulator.good("GET", "/v1/books"))["wrong"] == []


class TestAWallet:
    async def test_pays(self, simulator):
        what = order(token="sim_wallet_apple_pay", method=PaymentMethod.WALLET)
        seen = await simulator.provider.authorise(key="k", what=what)
        assert (seen.state, seen.card) == (PaymentState.AUTHORISED, CardShown(brand="apple_pay", last4="4242"))

    @pytest.mark.parametrize(
        ("token", "method"),
        [("pm_card_visa", PaymentMethod.WALLET), ("sim_wallet_apple_pay", PaymentMethod.CARD), ("nowhere", "card")],
    )
    async def test_is_not_mistaken_for_a_card(self, simulator, token, method):
        with pytest.raises(ProviderRefused):
            await simulator.provider.authorise(key="k", what=order(token=token, method=PaymentMethod(method)))


class TestPayPal:
    async def test_waits_for_its_payer(self, simulator):
        seen = await simulator.provider.authorise(key="k", what=order(token=None, method=PaymentMethod.PAYPAL))
        assert (seen.state, seen.card) == (PaymentState.REQUIRES_ACTION, None)

    async def test_cannot_be_kept(self, simulator):
        with pytest.raises(ProviderRefused):
            await simulator.provider.keep(key="k", account_id=1, method=PaymentMethod.PAYPAL, token="x")


class TestAKeptCard:
    async def test_pays_until_it_is_forgotten(self, simulator):
        kept = await simulator.provider.keep(
            key="k", account_id=7, method=PaymentMethod.CARD, token="pm_card_mastercard"
        )
        again = await simulator.provider.keep(
            key="k", account_id=7, method=PaymentMethod.CARD, token="pm_card_mastercard"
        )
        assert again == kept
        assert (kept.card, kept.expires) == (CardShown(brand="mastercard", last4="4444"), "2034-12")
        await simulator.provider.authorise(key="a", what=order(1, token=kept.token))
        await simulator.provider.forget(token=kept.token)
        await simulator.provider.forget(token=kept.token)
        with pytest.raises(ProviderRefused):
            await simulator.provider.authorise(key="b", what=order(2, token=kept.token))

    async def test_may_be_refused_once_it_is_kept(self, simulator):
        kept = await simulator.provider.keep(
            key="k", account_id=7, method=PaymentMethod.CARD, token="pm_card_chargeCustomerFail"
        )
        with pytest.raises(ProviderRefused):
            await simulator.provider.authorise(key="a", what=order(token=kept.token))


class TestATypedCard:
    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"number": "4242424242424241"}, "incorrect_number"),
            ({"number": "4539578763621486"}, "test_card_needed"),
            ({"exp_year": 2020}, "expired"),
            ({"cvc": "1234"}, "incorrect_cvc"),
        ],
    )
    async def test_is_refused_where_it_is_wrong(self, simulator, changes, code):
        typed = {"number": NUMBER, "exp_month": 12, "exp_year": 2034, "cvc": "123"} | changes
        answer = await simulator.http.post("/v1/tokens", json=typed)
        assert (answer.status_code, answer.json()["error"]["code"]) == (402, code)

    async def test_leaves_no_number_behind(self, simulator, tmp_path):
        typed = {"number": NUMBER, "exp_month": 12, "exp_year": 2034, "cvc": "917"}
        token = await simulator.good("POST", "/v1/tokens", typed)
        assert token["card"] == {"brand": "visa", "last4": "3220", "exp_month": 12, "exp_year": 2034, "wallet": None}
        await simulator.provider.authorise(key="k", what=order(token=token["id"]))
        written = b"".join(file.read_bytes() for file in tmp_path.iterdir())
        assert token["id"].encode() in written
        assert NUMBER.encode() not in written

    async def test_is_taken_from_any_page_but_pays_for_nobody_without_the_key(self, simulator):
        del simulator.http.headers["authorization"]
        typed = {"number": NUMBER, "exp_month": 12, "exp_year": 2034, "cvc": "123"}
        answer = await simulator.http.post("/v1/tokens", json=typed)
        assert answer.headers["access-control-allow-origin"] == "*"
        spent = await simulator.http.post(
            "/v1/payments", json={"amount": 1, "currency": "USD", "token": answer.json()["id"]}
        )
        assert spent.status_code == 401


class TestTheApi:
    @pytest.mark.parametrize(
        "body",
        [
            {"amount": 0},
            {"amount": -1},
            {"amount": 1.5},
            {"amount": "100"},
            {"amount": 10**12},
            {"currency": "usd"},
            {"currency": "XXX"},
            {"method": "cash"},
            {"capture_method": "automatic"},
            {"unknown": 1},
            {"description": "a\nb"},
            {"return_url": "javascript:alert(1)"},
            {"return_url": "//evil.example"},
            {"return_url": "https://user@evil.example/"},
            {"return_url": "https://evil.example\\@good.example/"},
            {"return_url": "https://good.example/\r\nset-cookie: a=b"},
            {"return_url": "ftp://good.example/"},
            {"return_url": "https://good.example:port/"},
        ],
        ids=str,
    )
    async def test_refuses_what_it_does_not_take(self, simulator, body):
        whole = {"amount": 100, "currency": "USD", "token": "pm_card_visa"} | body
        assert (await simulator.http.post("/v1/payments", json=whole)).status_code == 400
        assert await simulator.good("GET", "/v1/payments") == {"object": "list", "data": [], "before": None}

    @pytest.mark.parametrize("key", [None, "", "sim_sk_wrong", "é"])
    async def test_is_the_merchants_alone(self, simulator, key):
        headers = {"authorization": f"Bearer {key}".encode()} if key is not None else {}
        simulator.http.headers.pop("authorization")
        for method, path in (("POST", "/v1/payments"), ("GET", "/v1/payments"), ("POST", "/v1/refunds")):
            answer = await simulator.http.request(method, path, headers=headers)
            assert answer.status_code == 401

    async def test_gives_pages_of_payments(self, simulator):
        for number in range(5):
            await simulator.provider.authorise(key=str(number), what=order(number))
        first = await simulator.good("GET", "/v1/payments?limit=3")
        rest = await simulator.good("GET", f"/v1/payments?limit=3&before={first['before']}")
        ids = [each["metadata"]["payment_id"] for each in first["data"] + rest["data"]]
        assert ids == ["pay_4", "pay_3", "pay_2", "pay_1", "pay_0"]
        assert rest["before"] is None

    async def test_refuses_a_key_for_something_else(self, simulator):
        body = {"amount": 100, "currency": "USD", "token": "pm_card_visa"}
        headers = {"idempotency-key": "k"}
        assert (await simulator.http.post("/v1/payments", json=body, headers=headers)).is_success
        other = await simulator.http.post("/v1/payments", json=body | {"amount": 101}, headers=headers)
        assert (other.status_code, other.json()["error"]["type"]) == (400, "idempotency_error")
        again = await simulator.http.post("/v1/payments", json=body, headers=headers)
        assert again.headers["idempotent-replayed"] == "true"

    async def test_makes_one_payment_of_one_key_though_many_ask_at_once(self, simulator):
        made = await asyncio.gather(*(simulator.provider.authorise(key="k", what=order()) for _ in range(20)))
        assert len({each.ref for each in made}) == 1
        assert len(await simulator.provider.find(payment_id="pay_1")) == 1

    async def test_refuses_large_bodies(self, simulator):
        answer = await simulator.http.post("/v1/payments", content=b" " * 70_000)
        assert answer.status_code == 413

    async def test_tells_what_befell_a_payment(self, simulator):
        seen = await paid(simulator)
        await simulator.provider.refund(key="r", ref=seen.ref, refund_id="r", amount_minor=45)
        history = await simulator.good("GET", f"/v1/payments/{seen.ref}/history")
        assert [each["what"] for each in history["data"]] == ["authorized", "captured", "refunded"]


class TestTheBooks:
    @pytest.mark.parametrize("table", ["request", "change", "movement", "message", "delivery"])
    async def test_are_only_added_to(self, simulator, tmp_path, table):
        await paid(simulator)
        await settled(simulator)
        with closing(sqlite3.connect(tmp_path / "books.db")) as connection:
            changes = (f"DELETE FROM simulator_{table}", f"UPDATE simulator_{table} SET seq = -seq")  # noqa: S608 - ours
            for sql in changes:
                with pytest.raises(sqlite3.IntegrityError, match="refused by guard"):
                    connection.execute(sql)

    @pytest.mark.parametrize(
        ("kind", "amount", "ref"),
        [
            ("capture", 12_345, "the first capture's"),
            ("capture", 12_346, "other"),
            ("refund", 12_346, "other"),
            ("refund", 0, "other"),
            ("refund_failed", 1, "other"),
        ],
    )
    async def test_refuse_money_that_is_not_there(self, simulator, tmp_path, kind, amount, ref):
        seen = await paid(simulator)
        row = (kind, seen.ref, seen.ref if ref != "other" else ref, amount, "USD", 0)
        with closing(sqlite3.connect(tmp_path / "books.db")) as connection, pytest.raises(sqlite3.IntegrityError):
            connection.execute(
                "INSERT INTO simulator_movement (kind, payment, ref, amount, currency, at) VALUES (?, ?, ?, ?, ?, ?)",
                row,
            )

    async def test_notice_when_they_do_not_add_up(self, simulator, tmp_path):
        seen = await paid(simulator)
        with closing(sqlite3.connect(tmp_path / "books.db")) as connection, connection:
            connection.execute("DROP TRIGGER simulator_movement_no_delete")
            connection.execute("DELETE FROM simulator_movement WHERE kind = 'capture'")
        assert (await simulator.good("GET", "/v1/books"))["wrong"] == [seen.ref]

    def test_outlive_a_killed_process(self, tmp_path):
        acknowledged = []

        def pay(url, worker):
            with Bench(url) as bench:
                for number in range(10_000):
                    body = {"amount": 100 + number, "currency": "USD", "token": "pm_card_visa"}
                    body["metadata"] = {"payment_id": f"pay_{worker}_{number}"}
                    try:
                        made = bench.good("POST", "/v1/payments", body, idempotency_key=f"{worker}:{number}")
                        bench.good("POST", f"/v1/payments/{made['id']}/capture", idempotency_key=f"{worker}:{number}:c")
                    except httpx.HTTPError:
                        return
                    acknowledged.append((made["id"], 100 + number))

        simulator = SimulatorProcess(tmp_path / "books.db")
        with simulator:
            for goal in (20, 60, 100):
                workers = [threading.Thread(target=pay, args=(simulator.url, f"{goal}x{each}")) for each in range(4)]
                for worker in workers:
                    worker.start()
                assert wait_until(lambda goal=goal: len(acknowledged) >= goal, 60)
                simulator.kill()
                for worker in workers:
                    worker.join(60)
                simulator.start()
            with bench_at(simulator) as bench:
                captured = {each["payment"]: each["amount"] for each in bench.movements() if each["kind"] == "capture"}
        assert len(acknowledged) >= 100
        assert {ref: captured.get(ref) for ref, _ in acknowledged} == dict(acknowledged)

    def test_are_shared_by_several_processes(self, tmp_path):
        books = tmp_path / "books.db"
        with SimulatorProcess(books) as one, SimulatorProcess(books) as two:
            refs = []
            benches = [Bench(one.url), Bench(two.url)]

            def pay(bench, worker):
                for number in range(30):
                    body = {"amount": 100, "currency": "USD", "token": "pm_card_visa"}
                    made = bench.good("POST", "/v1/payments", body, idempotency_key=f"{number}")
                    bench.good("POST", f"/v1/payments/{made['id']}/capture", idempotency_key=f"{number}:c")
                    refs.append((worker, made["id"]))

            workers = [threading.Thread(target=pay, args=(bench, each)) for each, bench in enumerate(benches)]
            for worker in workers:
                worker.start()
            for worker in workers:
                worker.join(60)
            mine, theirs = ({ref for worker, ref in refs if worker == each} for each in (0, 1))
            assert mine == theirs
            assert len(mine) == 30
            assert sum(each["kind"] == "capture" for each in benches[0].movements()) == 30
            for bench in benches:
                bench.http.close()


class TestTheCommand:
    def test_wants_a_secret_that_servers_know_too(self, tmp_path):
        simulator = SimulatorProcess(tmp_path / "books.db", secrets=())
        with pytest.raises(AssertionError, match="have to share a secret"), simulator:
            pass

    def test_is_closed_to_strangers_in_production(self, tmp_path):
        with beside(tmp_path / "books.db", is_open=False) as url, Bench(url) as bench:
            bench.good("GET", "/v1/faults")
            assert bench.http.get("/").is_success
            del bench.http.headers["authorization"]
            for path in ("/v1/faults", "/v1/messages", "/v1/books", "/"):
                assert bench.http.get(path).status_code == 401, path
            assert bench.http.get("/card").is_success
