"""The simulator inside the server: under its prefix, telling the server by the way other providers do."""

import ast
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from simulator_orders import VISA

from architecture.house import PACKAGE
from holdfast.kit.keyed import Caller
from holdfast.kit.secrets import Keyring
from holdfast.payments.api import PaymentMethod, PaymentOrder, PaymentState
from holdfast.payments.providers.built_in import books_of, secrets_of
from holdfast.payments.settings import PaymentsSettings
from support.polling import eventually
from support.product import SECRET, product
from support.servers import fresh_database

MODULES = ("accounts", "payments")


def order(number=1, token=VISA, method=PaymentMethod.CARD):
    facts = {"hold_id": f"hold_mounted_{number}", "amount_minor": 12_345, "currency": "USD"}
    return PaymentOrder(**facts, method=method, token=token, return_url="https://guest.example/back")


async def pay(here, number=1, **changes):
    caller = Caller(account_id=7, key=f"k{number}", fingerprint="f", route="POST /v1/payments")
    return (await here.door("payments").authorise(caller=caller, order=order(number, **changes))).value


@pytest.fixture
async def here():
    with fresh_database("sqlite") as url:
        async with product(url, modules=MODULES) as made:
            made.file = Path(url.removeprefix("sqlite:///"))
            yield made


class TestTheMountedSimulator:
    async def test_tells_the_server_what_a_payer_decided(self, here):
        made = await pay(here, token="pm_card_threeDSecure2Required")
        assert made.state is PaymentState.REQUIRES_ACTION
        page = await here.client.get(made.action_url)
        assert "123.45 USD" in page.text
        assert page.headers["content-security-policy"].startswith("default-src 'none'; style-src 'self'")
        back = await here.client.post(made.action_url, data={"decision": "approve"})
        assert back.headers["location"] == "https://guest.example/back"

        async def heard():
            # `get` asks nobody: what it knows now it was told.
            return (await here.door("payments").get(payment_id=made.id)).state is PaymentState.AUTHORISED

        await eventually(heard)

    async def test_sends_its_messages_through_the_edge(self, here):
        await pay(here)
        books = here.file.with_name(f"{here.file.name}.simulator.db")

        def delivered():
            with closing(sqlite3.connect(f"file:{books}?mode=ro", uri=True)) as connection:
                return connection.execute("SELECT status FROM simulator_delivery").fetchall() == [(200,)]

        await eventually(delivered)
        metrics = (await here.client.get("/metrics")).text
        assert 'route="/v1/webhooks/{provider}"' in metrics

    async def test_has_its_page_where_people_look_for_it(self, here):
        found = await here.client.get("/simulator")
        assert (found.status_code, found.headers["location"]) == (308, "/simulator/")
        assert "Payment simulator" in (await here.client.get("/simulator/")).text
        assert (await here.client.get("/simulator/style.css")).headers["content-type"].startswith("text/css")

    async def test_takes_faults_of_whoever_tries_things_out(self, here):
        fault = {"operation": "create", "what": "decline"}
        assert (await here.client.post("/simulator/v1/faults", json=fault)).status_code == 201

    async def test_takes_payments_of_the_server_alone(self, here):
        body = {"amount": 1, "currency": "USD", "token": VISA}
        assert (await here.client.post("/simulator/v1/payments", json=body)).status_code == 401

    async def test_answers_other_paths_like_nothing(self, here):
        assert (await here.client.get("/simulator/nowhere")).status_code == 404
        assert (await here.client.get("/simulators")).status_code == 404


class TestProduction:
    async def test_keeps_the_operators_page_closed(self, monkeypatch):
        monkeypatch.setenv("HOLDFAST_ENVIRONMENT", "production")
        monkeypatch.setenv("HOLDFAST_PAYMENTS_ALLOW_SIMULATOR", "true")
        monkeypatch.setenv("HOLDFAST_MIGRATE", "true")
        with fresh_database("sqlite") as url:
            async with product(url, modules=MODULES) as here:
                made = await pay(here, token="pm_card_threeDSecure2Required")
                assert (await here.client.get(made.action_url)).is_success
                assert (await here.client.get("/simulator/")).status_code == 401
                for path in ("faults", "messages", "books"):
                    assert (await here.client.get(f"/simulator/v1/{path}")).status_code == 401, path


class TestTheWall:
    """The simulator is a product of its own: it must not agree with us because it is us."""

    def imported(self, folder):
        for file in sorted((PACKAGE / folder).rglob("*.py") if not folder.endswith(".py") else [PACKAGE / folder]):
            for node in ast.walk(ast.parse(file.read_text())):
                names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
                names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
                yield from (name for name in names if name.startswith("holdfast."))

    def test_lets_the_simulator_use_the_toolbox_alone(self):
        allowed = ("holdfast.kit.", "holdfast.engine.", "holdfast.payments.simulator")
        found = set(self.imported("payments/simulator"))
        assert found
        assert not {name for name in found if not name.startswith(allowed)}

    def test_lets_the_adapter_know_the_simulator_by_http_alone(self):
        found = set(self.imported("payments/providers/simulator.py"))
        assert found
        assert not {name for name in found if name.startswith("holdfast.payments.simulator")}


class TestTheBooks:
    def test_lie_beside_a_sqlite_database(self):
        settings = PaymentsSettings()
        assert books_of(settings, "sqlite:////data/h.db") == Path("/data/h.db.simulator.db")

    def test_are_others_for_each_other_database(self):
        settings = PaymentsSettings()
        urls = ["postgresql://u:p@a/x", "postgresql://u:p@a/y", "postgresql://u:p@b/x", "mysql://u:p@a/x"]
        assert len({books_of(settings, url) for url in urls[:3]}) == 3
        assert books_of(settings, urls[0]) == books_of(settings, "postgresql://u:other@a/x"), "a new password"

    def test_lie_where_the_setting_says(self):
        assert books_of(PaymentsSettings(simulator_books="/x/y.db"), "sqlite:///h.db") == Path("/x/y.db")


class TestTheSecret:
    def test_comes_from_that_of_the_installation(self):
        mine, rotated = Keyring(SECRET), Keyring("another secret of this installation", [SECRET])
        settings = PaymentsSettings()
        assert secrets_of(settings, mine)[0] == secrets_of(settings, rotated)[1]
        assert SECRET not in "".join(secrets_of(settings, mine))

    def test_is_what_the_setting_says(self):
        assert secrets_of(PaymentsSettings(simulator_secrets="a,b"), Keyring(SECRET)) == ("a", "b")
