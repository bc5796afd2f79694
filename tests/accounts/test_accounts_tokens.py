"""Goal: nobody but Holdfast makes a token that Holdfast takes. Method: tokens made by hand, with every freedom.

The forger here may even hold the right key: what is wrong then is only what the token says of itself.
"""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta

import pytest
from accounts_builder import SECRET, opened, person
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from holdfast.accounts.api import Role, TokenExpired
from holdfast.accounts.service.tokens import LEEWAY, PURPOSE, Tokens, _key_of
from holdfast.accounts.sessions_api import LogIn
from holdfast.accounts.settings import AccountsSettings
from holdfast.kit.clock import Clock
from holdfast.kit.errors import Unauthenticated
from holdfast.kit.secrets import Keyring

OURS = _key_of(Keyring(SECRET).derive(PURPOSE))
OUR_PEM = OURS.as_pem(private=False)
FOREIGN = ec.generate_private_key(ec.SECP256R1())
DROP = object()
NOBODYS_SESSION = "ses_" + "0" * 26
GOOD_HEADER = json.dumps({"alg": "ES256", "typ": "at+jwt", "kid": OURS.kid}).encode()


def seconds():
    return int(Clock().now().timestamp())


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def changed(members, changes):
    return {name: value for name, value in {**members, **changes}.items() if value is not DROP}


def parts(header=None, claims=None):
    """The first two parts of a token, as good as ours but for the changes."""
    now = seconds()
    good_header = {"alg": "ES256", "typ": "at+jwt", "kid": OURS.kid}
    good_claims = {"iss": "holdfast", "aud": "holdfast", "sub": "1", "role": "admin", "jti": "x"}
    good_claims |= {"sid": NOBODYS_SESSION, "auth_time": now, "iat": now, "nbf": now, "exp": now + 600}
    return ".".join(
        b64(json.dumps(changed(*each)).encode()) for each in ((good_header, header or {}), (good_claims, claims or {}))
    )


def es256(text, key=None):
    r, s = decode_dss_signature((key or OURS.private_key).sign(text.encode(), ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


async def own_session(accounts):
    """Somebody new, and the id of their session."""
    account = await accounts.register(**(who := person()))
    given = await accounts.open_session(LogIn(email=who["email"], password=who["password"]))
    return account, given.session_id


def made(header=None, claims=None, key=None):
    text = parts(header, claims)
    return f"{text}.{b64(es256(text, key))}"


def hs256(secret, **header):
    text = parts({"alg": "HS256", **header})
    return f"{text}.{b64(hmac.new(secret, text.encode(), hashlib.sha256).digest())}"


def jwk(key):
    numbers = key.public_key().public_numbers()
    return {
        "kty": "EC",
        "crv": "P-256",
        "x": b64(numbers.x.to_bytes(32, "big")),
        "y": b64(numbers.y.to_bytes(32, "big")),
    }


def der_signed():
    text = parts()
    return f"{text}.{b64(OURS.private_key.sign(text.encode(), ec.ECDSA(hashes.SHA256())))}"


def raw(header, payload=b"{}"):
    text = f"{b64(header)}.{b64(payload)}"
    return f"{text}.{b64(es256(text))}"


def swapped():
    """Our header and signature around other claims."""
    ours, other = made(), made(claims={"sub": "2"})
    return ".".join([ours.split(".")[0], other.split(".")[1], ours.split(".")[2]])


NOW = seconds()
FORGED = {
    "nothing": "",
    "one word": "garbage",
    "dots": "..",
    "two parts": parts(),
    "four parts": made() + ".x",
    "no signature": parts() + ".",
    "alg none": parts({"alg": "none"}) + ".",
    "alg none with our signature": made({"alg": "none"}),
    "alg None": parts({"alg": "None"}) + ".",
    "alg nOnE": parts({"alg": "nOnE"}) + ".",
    "HS256 with the public key as PEM": hs256(OUR_PEM),
    "HS256 with the public key as JSON": hs256(json.dumps(OURS.as_dict(private=False)).encode()),
    "HS256 with an empty key": hs256(b""),
    "ES384 in name": made({"alg": "ES384"}),
    "ES256K in name": made({"alg": "ES256K"}),
    "no alg": made({"alg": DROP}),
    "alg twice": raw(b'{"alg":"none","alg":"ES256","typ":"at+jwt"}'),
    "a foreign key under our kid": made(key=FOREIGN),
    "a foreign key in jwk": made({"jwk": jwk(FOREIGN)}, key=FOREIGN),
    "a foreign key in jwk without kid": made({"jwk": jwk(FOREIGN), "kid": DROP}, key=FOREIGN),
    "our key in jwk": made({"jwk": jwk(OURS.private_key)}),
    "jku": made({"jku": "https://example.com/keys"}),
    "x5u": made({"x5u": "https://example.com/cert"}),
    "x5c": made({"x5c": ["MIIB"]}),
    "crit": made({"crit": ["exp"]}),
    "b64 false": made({"b64": False, "crit": ["b64"]}),
    "an unknown kid": made({"kid": "unknown"}),
    "a path as kid": made({"kid": "../../dev/null"}),
    "an SQL phrase as kid": made({"kid": "' OR 1=1 --"}),
    "a number as kid": made({"kid": 7}),
    "a list as kid": made({"kid": [OURS.kid]}),
    "no kid": made({"kid": DROP}),
    "no typ": made({"typ": DROP}),
    "typ JWT": made({"typ": "JWT"}),
    "a refresh token": made({"typ": "rt+jwt"}),
    "another issuer": made(claims={"iss": "somebody"}),
    "no issuer": made(claims={"iss": DROP}),
    "another audience": made(claims={"aud": "somebody"}),
    "several audiences": made(claims={"aud": ["holdfast", "somebody"]}),
    "no audience": made(claims={"aud": DROP}),
    "no exp": made(claims={"exp": DROP}),
    "exp as text": made(claims={"exp": str(NOW + 600)}),
    "exp as a fraction": made(claims={"exp": NOW + 600.5}),
    "exp true": made(claims={"exp": True}),
    "exp infinite": raw(GOOD_HEADER, b'{"exp":1e999}'),
    "exp beyond all days": made(claims={"exp": 2**62}),
    "nbf in an hour": made(claims={"nbf": NOW + 3600}),
    "iat in an hour": made(claims={"iat": NOW + 3600}),
    "no sub": made(claims={"sub": DROP}),
    "a number as sub": made(claims={"sub": 1}),
    "sub 0": made(claims={"sub": "0"}),
    "a negative sub": made(claims={"sub": "-1"}),
    "fullwidth digits as sub": made(claims={"sub": "\uff11"}),
    "an endless sub": made(claims={"sub": "9" * 30}),
    "an unknown role": made(claims={"role": "root"}),
    "no role": made(claims={"role": DROP}),
    "no session": made(claims={"sid": DROP}),
    "a number as session": made(claims={"sid": 7}),
    "an SQL phrase as session": made(claims={"sid": "' OR 1=1 --"}),
    "no auth_time": made(claims={"auth_time": DROP}),
    "the signature in DER": der_signed(),
    "a signature of zeros": f"{parts()}.{b64(bytes(64))}",
    "half a signature": made()[:-43],
    "claims of another token": swapped(),
    "padding": made() + "=",
    "white space": " " + made(),
    "a line break": made() + "\n",
    "signs that base64 readers skip": made().replace(".", ".!", 1),
    "not ASCII": "é" + made(),
    "fullwidth dots": made().replace(".", "\uff0e"),
    "a header that is no JSON": raw(b"{"),
    "a header that is no UTF-8": raw(b"\xff\xfe"),
    "a header that is a list": raw(b"[]"),
    "a header that is null": raw(b"null"),
    "a deep header": raw(b"[" * 2500),
    "a deep member": raw(b'{"jwk":' + b"[" * 2400),
    "claims that are no JSON": raw(GOOD_HEADER, b"{"),
    "claims that are a list": raw(GOOD_HEADER, b"[]"),
    "empty claims": raw(GOOD_HEADER),
    "deep claims": raw(GOOD_HEADER, b"[" * 2000),
    "claims with a deep member": raw(GOOD_HEADER, b'{"x":' + b"[" * 2000),
    "a megabyte": made(claims={"jti": "x" * 10**6}),
}


class TestAToken:
    async def test_made_by_hand_as_ours_is_taken(self, anywhere):
        """The forger's tools work: without a change the token is good, so each change below is what gets refused."""
        account, session_id = await own_session(anywhere)
        principal = await anywhere.principal(made(claims={"sub": str(account.id), "sid": session_id}))
        # The forged role counts for nothing: what somebody may do is read, not believed.
        assert (principal.account_id, principal.role, principal.session_id) == (account.id, "guest", session_id)

    async def test_of_a_session_that_never_was_or_is_somebody_elses_is_refused(self, anywhere):
        _, session_id = await own_session(anywhere)
        other, _ = await own_session(anywhere)
        for claims in ({}, {"sub": str(other.id), "sid": session_id}):
            with pytest.raises(Unauthenticated):
                await anywhere.principal(made(claims=claims))

    @pytest.mark.parametrize("name", FORGED)
    async def test_that_is_forged_is_refused(self, anywhere, name):
        for _ in range(2):  # the second time it could come from the cache
            with pytest.raises(Unauthenticated) as refusal:
                await anywhere.principal(FORGED[name])
            assert refusal.value.code == "unauthenticated"

    async def test_with_any_one_bit_changed_is_refused(self, anywhere):
        header, claims, signature = made().split(".")
        for place in range(64):
            broken = bytearray(unb64(signature))
            broken[place] ^= 1 << place % 8
            with pytest.raises(Unauthenticated):
                await anywhere.principal(f"{header}.{claims}.{b64(broken)}")

    async def test_has_a_second_form_of_the_signature_only_if_it_is_as_good(self, anywhere):
        """ECDSA signatures come in pairs (s and n - s); both prove the same words, and no others."""
        account, session_id = await own_session(anywhere)
        good = made(claims={"sub": str(account.id), "sid": session_id})
        text, _, signature = good.rpartition(".")
        raw_signature = unb64(signature)
        order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
        twin = raw_signature[:32] + (order - int.from_bytes(raw_signature[32:], "big")).to_bytes(32, "big")
        assert await anywhere.principal(f"{text}.{b64(twin)}") == await anywhere.principal(good)
        with pytest.raises(Unauthenticated):
            await anywhere.principal(f"{parts(claims={'sub': '2'})}.{b64(twin)}")

    async def test_says_what_the_account_may_and_until_when(self, anywhere, clock):
        account = await anywhere.register(**(who := person()), role=Role.OWNER)
        before = clock.now()
        given = await anywhere.log_in(email=who["email"], password=who["password"])
        header, claims = (json.loads(unb64(part)) for part in given.token.split(".")[:2])
        assert header == {"alg": "ES256", "typ": "at+jwt", "kid": anywhere.published_keys()["keys"][0]["kid"]}
        assert (claims["iss"], claims["aud"]) == ("holdfast", "holdfast")
        assert (claims["sub"], claims["role"]) == (str(account.id), "owner")
        assert claims["exp"] - claims["iat"] == 3600
        assert claims["sid"] == (await anywhere.principal(given.token)).session_id
        assert (claims["org"], claims["auth_time"]) == (str(account.id), claims["iat"])
        assert claims["nbf"] == claims["iat"]
        assert given.expires_at == datetime.fromtimestamp(claims["exp"], UTC)
        assert int(before.timestamp()) <= claims["iat"] <= clock.now().timestamp()
        assert claims["jti"].startswith("tok_")

    async def test_is_never_made_twice(self, anywhere):
        await anywhere.register(**(who := person()))
        first, second = [await anywhere.log_in(email=who["email"], password=who["password"]) for _ in range(2)]
        assert first.token != second.token

    async def test_runs_out_also_when_it_is_remembered(self, anywhere, clock):
        await anywhere.register(**(who := person()))
        given = await anywhere.log_in(email=who["email"], password=who["password"])
        for _ in range(2):
            await anywhere.principal(given.token)
        clock.advance(given.expires_at - clock.now() - timedelta(seconds=5))
        await anywhere.principal(given.token)
        clock.advance(timedelta(seconds=6))
        for _ in range(2):
            with pytest.raises(TokenExpired) as refusal:
                await anywhere.principal(given.token)
        assert (refusal.value.code, refusal.value.status) == ("token_expired", 401)

    async def test_that_has_run_out_and_is_forged_is_just_refused(self, anywhere):
        with pytest.raises(Unauthenticated) as refusal:
            await anywhere.principal(made(claims={"exp": NOW - 10}, key=FOREIGN))
        assert refusal.value.code == "unauthenticated"

    @pytest.mark.parametrize("claim", ["iat", "nbf"])
    async def test_from_a_clock_a_little_ahead_is_taken(self, anywhere, claim):
        assert timedelta(0) < LEEWAY <= timedelta(seconds=60)
        leeway = int(LEEWAY.total_seconds())
        account, session_id = await own_session(anywhere)
        ours = {"sub": str(account.id), "sid": session_id}
        await anywhere.principal(made(claims={**ours, claim: seconds() + leeway - 2}))
        with pytest.raises(Unauthenticated):
            await anywhere.principal(made(claims={**ours, claim: seconds() + leeway + 60}))

    async def test_lives_as_long_as_the_setting_says(self, one_url, clock):
        async with opened(one_url, clock=clock, token_lifetime_s=120, plain_token_lifetime_s=180) as accounts:
            await accounts.register(**(who := person()))
            plain = await accounts.log_in(email=who["email"], password=who["password"])
            assert timedelta(seconds=178) < plain.expires_at - clock.now() <= timedelta(seconds=180)
            given = await accounts.open_session(LogIn(email=who["email"], password=who["password"]))
            assert timedelta(seconds=118) < given.access_expires_at - clock.now() <= timedelta(seconds=120)

    @pytest.mark.parametrize("other", [{"token_issuer": "elsewhere"}, {"token_audience": "elsewhere"}])
    async def test_of_another_installation_is_refused(self, anywhere, one_url, other):
        async with opened(one_url, **other) as elsewhere:
            await elsewhere.register(**(who := person()))
            given = await elsewhere.log_in(email=who["email"], password=who["password"])
            await elsewhere.principal(given.token)
            with pytest.raises(Unauthenticated):
                await anywhere.principal(given.token)


def tokens(**settings):
    return Tokens(keyring=Keyring(SECRET), clock=Clock(), settings=AccountsSettings(_env_file=None, **settings))


class TestTheMemoryOfTokens:
    def test_answers_with_the_very_same(self):
        checked, token = tokens(), made()
        assert checked.check(token) is checked.check(token)

    def test_has_an_end_and_forgets_what_was_not_used_longest(self):
        checked = tokens(known_tokens=2)
        one, two, three = (made(claims={"sub": str(number)}) for number in (1, 2, 3))
        first, second = checked.check(one), checked.check(two)
        assert checked.check(one) is first
        checked.check(three)
        assert checked.check(one) is first
        assert checked.check(two) is not second

    def test_can_be_switched_off(self):
        checked, token = tokens(known_tokens=0), made()
        assert checked.check(token) is not checked.check(token)


class TestTheKeys:
    async def test_published_check_a_token_without_our_code(self, anywhere):
        await anywhere.register(**(who := person()))
        given = await anywhere.log_in(email=who["email"], password=who["password"])
        text, _, signature = given.token.rpartition(".")
        kid = json.loads(unb64(text.split(".")[0]))["kid"]
        [key] = [key for key in anywhere.published_keys()["keys"] if key["kid"] == kid]
        numbers = ec.EllipticCurvePublicNumbers(
            *(int.from_bytes(unb64(key[part]), "big") for part in ("x", "y")), ec.SECP256R1()
        )
        raw_signature = unb64(signature)
        der = encode_dss_signature(*(int.from_bytes(half, "big") for half in (raw_signature[:32], raw_signature[32:])))
        numbers.public_key().verify(der, text.encode(), ec.ECDSA(hashes.SHA256()))

    async def test_are_named_by_their_thumbprint_and_hold_no_secret(self, anywhere):
        [key] = anywhere.published_keys()["keys"]
        assert set(key) == {"kty", "crv", "x", "y", "kid", "use", "alg"}
        assert (key["kty"], key["crv"], key["use"], key["alg"]) == ("EC", "P-256", "sig", "ES256")
        required = json.dumps({name: key[name] for name in ("crv", "kty", "x", "y")}, separators=(",", ":"))
        assert key["kid"] == b64(hashlib.sha256(required.encode()).digest())

    async def test_are_the_same_in_every_process(self, anywhere, one_url):
        async with opened(one_url) as other:
            assert other.published_keys() == anywhere.published_keys()

    def test_stay_the_same_from_release_to_release(self):
        """Changing how keys are derived would log everybody out and break a rolling upgrade."""
        assert OURS.kid == "i_SW5xcrzW9x66vNyog6Co_dqiDMOxMfg3gX77-kglo"

    async def test_of_a_previous_secret_go_on_checking_and_are_published(self, one_url):
        async with opened(one_url, secret="an older secret of the tests, also long") as before:
            await before.register(**(who := person()))
            old = await before.log_in(email=who["email"], password=who["password"])
            old_keys = before.published_keys()["keys"]
        previous = ("an older secret of the tests, also long",)
        async with opened(one_url, previous=previous) as after, opened(one_url) as without:
            assert (await after.principal(old.token)).account_id == old.account.id
            published = after.published_keys()["keys"]
            assert len(published) == 2
            assert published[1:] == old_keys
            new = await after.log_in(email=who["email"], password=who["password"])
            assert json.loads(unb64(new.token.split(".")[0]))["kid"] == published[0]["kid"] != old_keys[0]["kid"]
            assert (await without.principal(new.token)).account_id == old.account.id
            with pytest.raises(Unauthenticated):
                await without.principal(old.token)

    def test_public_key_can_be_read_as_pem_by_a_proxy(self):
        public = serialization.load_pem_public_key(OUR_PEM)
        assert isinstance(public.curve, ec.SECP256R1)
