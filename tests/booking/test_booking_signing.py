"""Signed quotes: what is promised can be shown to anybody, and nothing about it can be changed unseen."""

import base64
import hashlib
import json
from dataclasses import replace

import pytest
from builders import SECRET, opened, processes
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from holdfast.booking.service.signing import PURPOSE
from holdfast.engine.price import digest, from_json
from holdfast.kit.jws import NotSigned, Signer
from holdfast.kit.jws import opened as read
from holdfast.kit.secrets import Keyring
from holdfast.verticals.promises import TYPE, faults

# joserfc follows RFC 9864, which prefers another name for the same algorithm.
ALLOWED = pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
OTHER = "another secret, which is long enough to be one too"


def said(quote, keys):
    return json.loads(read(quote.signed, keys, typ=TYPE))


def decoded(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def encoded(value):
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


@pytest.fixture
async def quote(house, guest):
    homes = [
        await house.home(extra_guest_minor=700, service_bp=1_200, pet_minor=2_500, pets_max=2, weekend_minor=12_345),
        await house.home(base_minor=9_999, tax_bp=725),
    ]
    stay = replace(house.stay(homes[0], 0, 5, guests=3), pets=1)
    return await house.quote(guest, stay, house.stay(homes[1], 7, 3))


class TestASignedQuote:
    @ALLOWED
    async def test_is_checked_by_any_library_that_has_the_keys(self, house, quote):
        keys = KeySet.import_key_set(house.bookings.quote_keys())
        signed = jws.deserialize_compact(quote.signed, keys, algorithms=["EdDSA"])
        payload = json.loads(signed.payload)
        assert (payload["id"], payload["digest"]) == (quote.id, digest(quote.price))
        assert signed.headers()["typ"] == TYPE

    async def test_says_everything_that_was_promised(self, house, quote):
        told = said(quote, house.bookings.quote_keys())
        assert from_json(told["price"]) == quote.price
        assert [item["check_in"] for item in told["items"]] == [each.check_in.isoformat() for each in quote.items]
        assert [item["policy"]["name"] for item in told["items"]] == ["flexible", "flexible"]
        assert [(item["guests"], item["pets"]) for item in told["items"]] == [(3, 1), (2, 0)]
        assert all(line["rule"] and line["version"] == 1 and line["inputs"] for line in told["price"]["lines"])
        assert faults(told) == ()

    async def test_is_canonical_json(self, house, quote):
        payload = read(quote.signed, house.bookings.quote_keys(), typ=TYPE)
        again = json.dumps(json.loads(payload), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert again.encode() == payload

    async def test_is_the_same_wherever_it_is_read(self, migrated, guest):
        if "sqlite" in migrated:
            async with opened(migrated) as here:
                made = await here.quote(guest, here.stay(await here.home(), 0, 2))
            async with opened(migrated) as there:
                assert await there.bookings.get_quote(account_id=guest, quote_id=made.id) == made
            return
        async with processes(migrated, 2) as (here, there):
            made = await here.quote(guest, here.stay(await here.home(), 0, 2))
            assert await there.bookings.get_quote(account_id=guest, quote_id=made.id) == made

    async def test_outlives_a_change_of_the_secret(self, house, quote):
        newer = Signer(Keyring(OTHER, [SECRET]).derive_all(PURPOSE), typ=TYPE).keys()
        assert [key["kid"] for key in newer["keys"]][1:] == [house.bookings.quote_keys()["keys"][0]["kid"]]
        assert said(quote, newer)["id"] == quote.id
        with pytest.raises(NotSigned, match="no key"):
            said(quote, Signer(Keyring(OTHER).derive_all(PURPOSE), typ=TYPE).keys())


class TestThePublishedKeys:
    async def test_are_named_by_their_thumbprints_and_say_nothing_secret(self, house):
        [key] = house.bookings.quote_keys()["keys"]
        assert set(key) == {"kty", "crv", "x", "kid", "alg", "use"}
        members = json.dumps({name: key[name] for name in ("crv", "kty", "x")}, separators=(",", ":"))
        assert key["kid"] == encoded(hashlib.sha256(members.encode()).digest())

    async def test_are_the_same_in_every_process(self, migrated):
        async with opened(migrated) as here:
            first = here.bookings.quote_keys()
        async with opened(migrated) as there:
            assert there.bookings.quote_keys() == first


class TestATamperedQuote:
    async def test_is_found_out_whatever_byte_is_changed(self, house, quote):
        keys = house.bookings.quote_keys()
        head, body, signature = quote.signed.split(".")
        raw = bytearray(decoded(body))
        for place in range(0, len(raw), 37):
            changed = bytes(raw[:place]) + bytes([raw[place] ^ 1]) + bytes(raw[place + 1 :])
            with pytest.raises(NotSigned):
                read(f"{head}.{encoded(changed)}.{signature}", keys, typ=TYPE)
        for place in range(64):
            wrong = bytearray(decoded(signature))
            wrong[place] ^= 1
            with pytest.raises(NotSigned):
                read(f"{head}.{body}.{encoded(bytes(wrong))}", keys, typ=TYPE)

    @pytest.mark.parametrize(
        "header",
        [
            {"alg": "none"},
            {"alg": "HS256"},
            {"typ": "JWT"},
            {"kid": "../../dev/null"},
            {"jwk": {"kty": "OKP"}},
            {"crit": ["b64"], "b64": False},
            {"kid": None},
        ],
        ids=str,
    )
    async def test_brings_no_rules_of_its_own(self, house, quote, header):
        head, body, signature = quote.signed.split(".")
        changed = {**json.loads(decoded(head)), **header}
        with pytest.raises(NotSigned):
            read(f"{encoded(json.dumps(changed).encode())}.{body}.{signature}", house.bookings.quote_keys(), typ=TYPE)

    @pytest.mark.parametrize("text", ["", ".", "a.b", "a.b.c.d", "é.é.é", "e30.e30.e30", " ", "\x00", "a" * 70_000])
    async def test_may_be_nothing_at_all(self, house, text):
        with pytest.raises(NotSigned):
            read(text, house.bookings.quote_keys(), typ=TYPE)

    @ALLOWED
    async def test_of_another_installation_is_not_ours(self, house, quote):
        theirs = Signer([hashlib.sha256(b"theirs").digest()], typ=TYPE)
        forged = theirs.sign(decoded(quote.signed.split(".")[1]))
        with pytest.raises(NotSigned):
            read(forged, house.bookings.quote_keys(), typ=TYPE)
        keys = KeySet.import_key_set(house.bookings.quote_keys())
        with pytest.raises((JoseError, ValueError)):
            jws.deserialize_compact(forged, keys, algorithms=["EdDSA"])


class TestAQuoteThatDoesNotFollow:
    """Signed by somebody who has the key, and wrong all the same: arithmetic is not taken on trust."""

    @pytest.mark.parametrize(
        ("wrong", "what"),
        [
            (lambda told: told.update(digest="0" * 64), {("digest", None)}),
            (lambda told: told["price"].update(total_minor=1), {("total", None)}),
            (lambda told: told["price"]["lines"][0].update(amount_minor=1), {("total", None)}),
            (lambda told: told["items"][1].update(total_minor=1), {("item", 1)}),
            (lambda told: told["items"][0].update(check_out=told["items"][0]["check_in"]), {("item", 0)}),
            (lambda told: told["items"].pop(), {("item", None)}),
            (lambda told: told.update(form=2), {("form", None)}),
            (lambda told: told.update(discount=100), {("form", None)}),
            (lambda told: told.update(items=7), {("form", None)}),
            (lambda told: told.update(price=[]), {("total", None)}),
        ],
    )
    async def test_is_named(self, house, quote, wrong, what):
        told = said(quote, house.bookings.quote_keys())
        wrong(told)
        assert {(fault.what, fault.place) for fault in faults(told)} == what
        assert all(fault.detail for fault in faults(told))

    async def test_is_named_line_by_line(self, house, quote):
        told = said(quote, house.bookings.quote_keys())
        for place, line in enumerate(told["price"]["lines"]):
            again = json.loads(json.dumps(told))
            again["price"]["lines"][place] = {**line, "amount_minor": line["amount_minor"] + 1}
            again["price"]["total_minor"] += 1
            again["digest"] = digest(from_json(again["price"]))
            found = [(fault.what, fault.place) for fault in faults(again)]
            assert found[0] == ("line", place)

    @pytest.mark.parametrize("value", [None, [], "text", 7, {}, {"form": 1}])
    def test_may_be_anything(self, value):
        assert [fault.what for fault in faults(value)] == ["form"]
