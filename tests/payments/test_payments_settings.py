"""Which providers run here: only those that are chosen and fully set up, and no play money in production."""

import subprocess
import sys

import pytest
from pydantic import ValidationError

from holdfast.kit.clock import Clock
from holdfast.kit.secrets import Keyring
from holdfast.payments.api import PaymentMethod
from holdfast.payments.providers.registry import build_providers
from holdfast.payments.rules import looks_like_card, split
from holdfast.payments.settings import PaymentsSettings

STRIPE = {"card": "stripe", "wallet": "stripe", "paypal": "none"}
STRIPE_KEYS = {"stripe_key": "sk_test_1", "stripe_webhook_secrets": "whsec_new, whsec_old"}
PAYPAL = {"card": "none", "wallet": "none", "paypal": "paypal"}
PAYPAL_KEYS = {"paypal_client_id": "id", "paypal_client_secret": "secret", "paypal_webhook_id": "hook"}


def settings(**values):
    return PaymentsSettings(_env_file=None, **values)


class TestTheChoice:
    def test_is_the_simulator_unless_somebody_says_otherwise(self):
        assert settings().chosen == {"simulator"}

    @pytest.mark.parametrize(
        ("values", "missing"),
        [
            (STRIPE, "HOLDFAST_PAYMENTS_STRIPE_KEY"),
            (STRIPE | {"stripe_key": "sk"}, "HOLDFAST_PAYMENTS_STRIPE_WEBHOOK_SECRETS"),
            (PAYPAL, "HOLDFAST_PAYMENTS_PAYPAL_CLIENT_ID"),
            (PAYPAL | PAYPAL_KEYS | {"paypal_webhook_id": None}, "HOLDFAST_PAYMENTS_PAYPAL_WEBHOOK_ID"),
            ({"card": "paypal"}, "HOLDFAST_PAYMENTS_PAYPAL=paypal"),
            ({"paypal": "stripe"}, "HOLDFAST_PAYMENTS_PAYPAL"),
        ],
    )
    def test_names_what_is_missing(self, values, missing):
        with pytest.raises(ValidationError, match=missing):
            settings(**values)

    def test_shows_no_secret(self):
        shown = repr(settings(**STRIPE | STRIPE_KEYS))
        assert "sk_test_1" not in shown
        assert "whsec_new" not in shown

    def test_is_no_simulator_in_production(self, monkeypatch):
        monkeypatch.setenv("HOLDFAST_ENVIRONMENT", "production")
        with pytest.raises(ValidationError, match="HOLDFAST_PAYMENTS_ALLOW_SIMULATOR=true"):
            settings()
        assert settings(allow_simulator=True).chosen == {"simulator"}
        assert settings(**STRIPE | STRIPE_KEYS).chosen == {"stripe"}


class TestTheProviders:
    @pytest.fixture
    def built(self, tmp_path):
        def build(**values):
            url = f"sqlite:///{tmp_path}/holdfast.db"
            return build_providers(settings(**values), Clock(), Keyring("x" * 40), database_url=url)

        return build

    async def test_serve_what_they_are_chosen_for(self, built):
        for values, names in (
            (STRIPE | STRIPE_KEYS, {"card": "stripe", "wallet": "stripe"}),
            (PAYPAL | PAYPAL_KEYS, {"paypal": "paypal"}),
            ({}, dict.fromkeys(("card", "wallet", "paypal"), "simulator")),
            ({"wallet": "none"}, dict.fromkeys(("card", "paypal"), "simulator")),
        ):
            providers = built(**values)
            assert {method.value: providers.serving(method).name for method in providers.methods} == names
            assert providers.serving(PaymentMethod.AT_PROPERTY) is None
            assert all(providers.named(name).name == name for name in names.values())
            assert providers.named("nobody") is None
            await providers.close()

    def test_are_imported_only_where_they_are_chosen(self):
        look = "import sys, holdfast.payments.module; print([each for each in sys.modules if each == 'stripe'])"
        found = subprocess.run([sys.executable, "-c", look], check=True, capture_output=True, text=True)
        assert found.stdout.strip() == "[]"


class TestACardNumber:
    @pytest.mark.parametrize(
        "text",
        ["4242424242424242", "4242 4242 4242 4242", "tok-4242-4242-4242-4242", "x378282246310005", "6011000990139424"],
    )
    def test_is_known_for_one(self, text):
        assert looks_like_card(text)

    @pytest.mark.parametrize("text", ["tok_visa", "4242424242424241", "pm_1N0abc2345", "123456789012", ""])
    def test_is_not_seen_where_there_is_none(self, text):
        assert not looks_like_card(text)


class TestSharingOut:
    def test_is_exact_to_the_cent(self):
        assert split(100, [1, 1, 1]) == [34, 33, 33]
        assert split(25_000, [22_000, 3_000, 2_500]) == [20_000, 2_727, 2_273]
        assert split(0, [1, 2]) == [0, 0]
        for amount in range(200):
            assert sum(split(amount, [7, 11, 13])) == amount
        with pytest.raises(ValueError, match="parts"):
            split(1, [0, 0])
