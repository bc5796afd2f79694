"""`holdfast quote verify`, run as people run it."""

import json

import pytest

from holdfast.booking.service.signing import PURPOSE
from holdfast.engine.price import Price, digest, to_json
from holdfast.kit.jws import Signer
from holdfast.kit.secrets import Keyring
from holdfast.verticals.price_rules import base_price, tax
from holdfast.verticals.promises import FORM, TYPE
from support.process import run_holdfast

SECRET = "k3T9vQx2LmZ7pR4sW8yB1nC6dF0gH5jAeU"


def promise(**change):
    nights = base_price(unit_minor=10_000, nights=2)
    price = Price.of("USD", [nights, tax(percent_bp=1_000, of=[0], of_minor=20_000)])
    said = {
        "form": FORM,
        "id": "quote_1",
        "created_at": "2026-11-20T09:30:00Z",
        "expires_at": "2026-11-20T09:45:00Z",
        "items": [{"check_in": "2027-05-01", "check_out": "2027-05-03", "total_minor": 22_000}],
        "price": to_json(price),
        "digest": digest(price),
    }
    return json.dumps({**said, **change}, sort_keys=True).encode()


def signer(secret=SECRET):
    return Signer(Keyring(secret).derive_all(PURPOSE), typ=TYPE)


@pytest.fixture
def keys(tmp_path):
    path = tmp_path / "keys.json"
    path.write_text(json.dumps(signer().keys()), encoding="utf-8")
    return path


def check(text, tmp_path, *options, **environment):
    path = tmp_path / "quote.txt"
    path.write_text(text, encoding="utf-8")
    return run_holdfast("quote", "verify", str(path), *options, cwd=tmp_path, env=environment)


class TestAQuoteThatHolds:
    def test_is_said_to_hold(self, tmp_path, keys):
        result = check(signer().sign(promise()), tmp_path, "--keys", str(keys))
        assert result.returncode == 0, result.stdout + result.stderr
        assert result.stdout == "quote_1 holds: 220.00 USD until 2026-11-20T09:45:00Z, 2 lines\n"

    def test_may_be_the_answer_of_the_api(self, tmp_path, keys):
        text = json.dumps({"id": "quote_1", "signed": signer().sign(promise())})
        assert check(text, tmp_path, "--keys", str(keys)).returncode == 0

    def test_is_checked_by_the_keys_of_the_installation(self, tmp_path):
        database = f"sqlite:///{tmp_path}/shop.db"
        secret = {"HOLDFAST_SECRET": SECRET}
        assert run_holdfast("migrate", "--database", database, env=secret).returncode == 0
        result = check(signer().sign(promise()), tmp_path, "--database", database, **secret)
        assert result.returncode == 0, result.stdout + result.stderr


class TestAQuoteThatDoesNotHold:
    @pytest.mark.parametrize(
        ("text", "why"),
        [
            (signer(SECRET[::-1]).sign(promise()), "signature: there is no key"),
            (signer().sign(promise())[:-8] + "AAAAAAAA", "signature: "),
            (signer().sign(promise(digest="0" * 64)), "digest: "),
            (
                signer().sign(promise(items=[{"check_in": "2027-05-01", "check_out": "2027-05-04", "total_minor": 1}])),
                "item 1: 2 nights are priced, not 3",
            ),
            ("not a quote", "signature: this is not a compact JWS"),
            ("", "signature: this is not a compact JWS"),
        ],
        ids=["key", "bytes", "digest", "item", "text", "nothing"],
    )
    def test_is_named_and_ends_with_1(self, tmp_path, keys, text, why):
        result = check(text, tmp_path, "--keys", str(keys))
        assert result.returncode == 1
        assert result.stdout.startswith("this quote does not hold\n")
        assert why in result.stdout
        assert "Traceback" not in result.stderr


class TestWhatCannotBeChecked:
    def test_ends_with_2_and_makes_nothing(self, tmp_path, keys):
        nothing = check("x", tmp_path, "--database", f"sqlite:///{tmp_path}/none.db")
        unread = run_holdfast("quote", "verify", str(tmp_path / "none.txt"), "--keys", str(keys))
        broken = tmp_path / "broken.json"
        broken.write_text("{}", encoding="utf-8")
        no_keys = check("x", tmp_path, "--keys", str(broken))
        for result in (nothing, unread, no_keys):
            assert result.returncode == 2, result.stdout + result.stderr
            assert "Traceback" not in result.stderr
        assert not list(tmp_path.glob("none.db*"))
