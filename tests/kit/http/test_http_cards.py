import json
import random
import string
import uuid
from datetime import UTC, date, datetime, timedelta

import pytest
import structlog
from http_app import problem_of
from prometheus_client import generate_latest

from holdfast.kit.clock import Clock
from holdfast.kit.http.cards import holds_card, may_hold_card
from holdfast.kit.http.json import pointer_of, read_json
from holdfast.kit.http.refusals import CardNumberRefused
from holdfast.kit.ids import new_code, new_id, new_secret

CARDS = (
    *("4242424242424242", "4000000000000002", "4222222222222", "5555555555554444", "5105105105105100"),
    *("2223003122003222", "2720990000000007", "378282246310005", "371449635398431", "6011111111111117"),
    *("6500000000000002", "3056930009020004", "38520000023237", "3566002020360505", "6200000000000005"),
    *("6205500000000000004", "6759649826438453", "2200000000000053"),
)
"""Test numbers the card schemes and providers publish; nobody's money is behind them."""
VALID = tuple(number for number in CARDS if number != "3056930009020004")
CARD = "4242424242424242"
SPACED = "4242 4242 4242 4242"
MANY = 100_000


def seeded(seed):
    return random.Random(seed)  # noqa: S311 - a repeatable sample


@pytest.fixture
def logged():
    with structlog.testing.capture_logs() as lines:  # before anything is redacted
        yield lines


class TestACardNumber:
    @pytest.mark.parametrize("number", VALID)
    @pytest.mark.parametrize(
        "text",
        ["{}", "card {} please", "({})", "{}.", "my card:{},12/29", "{}|12|29|123", "\n{}\n", '"{}"', "#{}", "{}?"],
    )
    def test_is_seen(self, number, text):
        assert holds_card(text.format(number))
        assert may_hold_card(text.format(number).encode())

    @pytest.mark.parametrize(
        "text",
        [
            SPACED,
            SPACED.replace(" ", "-"),
            SPACED.replace(" ", " - "),
            SPACED.replace(" ", "\N{NO-BREAK SPACE}"),
            SPACED.replace(" ", "\N{EN DASH}"),
            "4242424 242424242",
            "3782 822463 10005",
            "4222 2222 2222 2",
            "room 12 4242 4242 4242 4242 and 34",
            "".join(chr(0xFEE0 + ord(digit)) for digit in CARD),
            "".join(chr(0x0630 + ord(digit)) for digit in CARD),
        ],
    )
    def test_is_seen_in_every_writing(self, text):
        assert holds_card(text)
        assert may_hold_card(text.encode())

    @pytest.mark.parametrize(
        "text",
        [
            CARD[:-1] + "3",
            "0000000000000000",
            "1234567812345670",
            "9999999999999995",
            f"x{CARD}",
            f"{CARD}x",
            f"hold_{CARD}",
            f"order-{CARD}",
            f"1.{CARD}",
            f"{CARD}.5",
            f"+{CARD}",
            CARD * 2,
            "42 42 42 42 42 42 42 42",
            "+61 400 123 456, +49 30 1234567, +1 415 555 2671",
            "06 12 34 56 78 06 12 34 56 79",
            "2027-05-01 2027-05-08 2028-01-01",
            "2026-12-31T23:59:00.123456Z",
            "1795000000000",
            "41.8781136 -87.6297982",
            "9780306406157",
        ],
    )
    def test_is_not_seen_in_other_things(self, text):
        assert not holds_card(text)


class TestOrdinaryTexts:
    """A hundred thousand of each: none is taken for a card number."""

    def texts(self, make):
        return [text for text in (make() for _ in range(MANY)) if may_hold_card(text.encode()) and holds_card(text)]

    def test_ids(self):
        clock = Clock()
        assert self.texts(lambda: new_id("hold", clock)) == []

    def test_secrets_and_codes(self):
        assert self.texts(new_secret) == []
        assert self.texts(new_code) == []

    def test_uuids(self):
        rng = seeded(1)
        assert self.texts(lambda: str(uuid.UUID(int=rng.getrandbits(128), version=4))) == []
        assert self.texts(lambda: uuid.UUID(int=rng.getrandbits(128), version=4).hex) == []

    def test_hexadecimal_digests(self):
        rng = seeded(2)
        assert self.texts(lambda: f"{rng.getrandbits(256):064x}") == []

    def test_dates_and_instants(self):
        rng = seeded(3)

        def make():
            at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=rng.randrange(10**9))
            day = date(2026, 1, 1) + timedelta(days=rng.randrange(4_000))
            return rng.choice([at.isoformat(), str(day), f"{day} {day + timedelta(days=3)}", f"{at:%Y%m%d%H%M%S}"])

        assert self.texts(make) == []

    def test_phone_numbers(self):
        rng = seeded(4)

        def make():
            digits = "".join(rng.choices(string.digits, k=rng.randrange(7, 12)))
            parted = rng.choice([" ", "-", ""]).join((digits[:3], digits[3:6], digits[6:]))
            return f"+{rng.randrange(1, 999)} {parted}"

        assert self.texts(make) == []

    def test_keys_made_of_words_and_booking_numbers(self):
        rng = seeded(5)
        assert self.texts(lambda: f"cancel-{rng.randrange(370_000_000_000_000, 380_000_000_000_000)}") == []


class TestABody:
    @pytest.mark.parametrize(
        ("body", "pointer"),
        [
            ({"name": CARD}, "/name"),
            ({"items": [{"note": f"it is {SPACED}"}]}, "/items/0/note"),
            ({"a": {"b": [1, SPACED]}}, "/a/b/1"),
            ({CARD: 1}, "/[card number]"),
            ({"x": {CARD: {"y": SPACED}}}, "/x/[card number]"),
        ],
    )
    @pytest.mark.parametrize("ensure_ascii", [True, False])
    def test_is_refused_by_the_name_of_the_field(self, body, pointer, ensure_ascii):
        with pytest.raises(CardNumberRefused) as refused:
            read_json(json.dumps(body | {"z": "é"}, ensure_ascii=ensure_ascii).encode())
        assert refused.value.errors[0].pointer == pointer
        assert "4242" not in repr(refused.value.errors)

    def test_is_refused_where_the_digits_are_escaped(self):
        escaped = "".join(f"\\u{ord(digit):04x}" for digit in CARD)
        with pytest.raises(CardNumberRefused):
            read_json(f'{{"name": "{escaped}"}}'.encode())

    def test_names_every_field(self):
        with pytest.raises(CardNumberRefused) as refused:
            read_json(json.dumps({"a": CARD, "b": "x", "c": SPACED}).encode())
        assert [each.pointer for each in refused.value.errors] == ["/a", "/c"]

    def test_may_hold_such_a_number_that_is_a_number(self):
        assert read_json(f'{{"amount_minor": {CARD}}}'.encode()) == {"amount_minor": int(CARD)}

    def test_may_hold_parts_that_only_make_a_card_together(self):
        assert read_json(b'["4242", "4242", "4242", "4242"]')

    def test_that_is_wrong_otherwise_does_not_echo_it(self):
        assert pointer_of("a", CARD, 0) == "/a/[card number]/0"


class TestARequest:
    async def refuse(self, response, calls, logged, pointer):
        problem = problem_of(response)
        assert (response.status_code, problem["code"]) == (422, "card_number_refused")
        assert [each["pointer"] for each in problem["errors"]] == [pointer]
        for said in (response.text, str(logged), str(response.headers), generate_latest().decode()):
            assert "4242" not in said
        assert "card_number_refused" in str(logged)
        assert calls == []

    @pytest.mark.parametrize("text", [CARD, SPACED, f"charge {SPACED} please"])
    async def test_with_a_card_number_in_the_body_is_refused(self, client, calls, logged, text):
        response = await client.post("/v1/items", json={"guests": 2, "note": text})
        await self.refuse(response, calls, logged, "/note")

    async def test_with_a_card_number_in_an_unknown_field_is_refused(self, client, calls, logged):
        response = await client.post("/v1/items", json={"guests": 2, "card": {"number": CARD}})
        await self.refuse(response, calls, logged, "/card/number")

    async def test_with_a_card_number_for_a_name_is_refused(self, client, calls, logged):
        response = await client.post("/v1/items", json={"guests": 2, CARD: "x"})
        await self.refuse(response, calls, logged, "/[card number]")

    async def test_with_a_card_number_in_the_query_is_refused(self, client, calls, logged):
        response = await client.get("/v1/search", params={"text": SPACED})
        await self.refuse(response, calls, logged, "#query/text")

    async def test_with_a_card_number_for_a_parameter_is_refused(self, client, calls, logged):
        response = await client.get("/v1/search", params={CARD: "1"})
        await self.refuse(response, calls, logged, "#query/[card number]")

    @pytest.mark.parametrize("key", [CARD, f"pay {SPACED}"])
    async def test_with_a_card_number_for_a_key_is_refused(self, client, calls, logged, key):
        headers = {"Authorization": "Bearer guest", "Idempotency-Key": key}
        response = await client.post("/v1/holds", json={"guests": 2}, headers=headers)
        await self.refuse(response, calls, logged, "#header/idempotency-key")

    async def test_with_a_card_number_for_its_id_gets_another_id(self, client, logged):
        response = await client.get("/v1/named/x", headers={"X-Request-ID": CARD})
        assert response.status_code == 200
        assert CARD not in str(response.headers)
        assert CARD not in str(logged)

    async def test_with_a_long_number_where_a_number_belongs_is_told_the_number_is_too_large(self, client):
        response = await client.get("/v1/search", params={"limit": CARD})
        assert problem_of(response)["errors"][0]["code"] == "out_of_range"
        assert "4242" not in response.text
