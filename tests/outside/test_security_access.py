"""Tokens, sessions and second factors of a production server, tried by whoever has none, or an old or made-up one."""

import base64
import hashlib
import hmac
import json
import re
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pyotp
import pytest
from joserfc import jws
from joserfc.jwk import ECKey
from security_house import PAGE, problem_code

from support.polling import wait_until
from support.visitors import PASSWORD, home

OTHER_PASSWORD = "five other random words indeed"


@pytest.fixture(scope="module")
def site(safe_site):
    return safe_site


@pytest.fixture(scope="module")
def anna(site):
    return site.guest("anna")


@pytest.fixture(scope="module")
def baked(site):
    site.guest("cora")
    body = {"email": "cora@example.com", "password": PASSWORD, "mode": "cookie"}
    answer = site.anybody.http.post("/v1/sessions", json=body)
    site.anybody.http.cookies.clear()
    return answer


@pytest.fixture(scope="module")
def tina(site):
    tina = site.guest("tina")
    enrolled = tina.ask("POST", "/v1/me/second-factor/totp")
    assert enrolled.status_code == 201, enrolled.text
    totp = pyotp.TOTP(enrolled.json()["secret"])
    confirmed = tina.ask("POST", "/v1/me/second-factor/totp/confirm", {"code": totp.now()})
    assert confirmed.status_code == 200, confirmed.text
    return totp, confirmed.json()


def session(site, name, password=PASSWORD, **more):
    """Log in and return the whole answer."""
    body = {"email": f"{name}@example.com", "password": password, **more}
    answer = site.anybody.http.post("/v1/sessions", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


def me(site, token, path="/v1/me", method="GET", **sent):
    headers = {"authorization": f"Bearer {token}"} | sent.pop("headers", {})
    return site.anybody.http.request(method, path, headers=headers, **sent)


def b64(value):
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def parts(token):
    header, claims, signature = token.split(".")
    padded = [base64.urlsafe_b64decode(each + "=" * (-len(each) % 4)) for each in (header, claims)]
    return json.loads(padded[0]), json.loads(padded[1]), signature


def forged(token, keys):
    """Thirty tokens that nobody issued."""
    header, claims, signature = parts(token)
    whole = f"{b64(header)}.{b64(claims)}"
    [public] = keys[:1]
    secret = json.dumps(public).encode()
    hmac_of = {}
    for name, digest in (("HS256", "sha256"), ("HS384", "sha384"), ("HS512", "sha512")):
        said = f"{b64({**header, 'alg': name})}.{b64(claims)}".encode()
        hmac_of[name] = b64(hmac.new(secret, said, digest).digest())
    for name in ("none", "None", "NONE", "nOnE", ""):
        yield f"alg {name!r}", f"{b64({**header, 'alg': name})}.{b64(claims)}."
        yield f"alg {name!r} with the old signature", f"{b64({**header, 'alg': name})}.{b64(claims)}.{signature}"
    for name, made in hmac_of.items():
        yield f"{name} with the public key", f"{b64({**header, 'alg': name})}.{b64(claims)}.{made}"
    for extra in (
        {"jwk": public},
        {"jku": "http://127.0.0.1:9/keys"},
        {"x5u": "http://127.0.0.1:9/chain"},
        {"x5c": ["MIIB"]},
        {"crit": ["exp"]},
        {"kid": "../../../dev/null"},
        {"kid": "' OR 1=1 --"},
        {"kid": "http://127.0.0.1:9/key"},
        {"kid": ""},
        {"kid": None},
        {"typ": "JWT"},
        {"alg": "RS256"},
        {"alg": "ES384"},
        {"alg": "EdDSA"},
    ):
        yield f"header {extra}", f"{b64(header | extra)}.{b64(claims)}.{signature}"
    for changed in ({"sub": "1"}, {"role": "admin"}, {"exp": 2**33}, {"sid": "ses_00000000000000000000000000"}):
        yield f"claims {changed}", f"{b64(header)}.{b64(claims | changed)}.{signature}"
    yield "no signature", f"{whole}."
    yield "a zero signature", f"{whole}.{b64(bytes(64))}"
    yield "half a signature", f"{whole}.{signature[:43]}"
    yield "four parts", f"{token}.{signature}"
    yield "two parts", whole
    yield "a space in it", token.replace(".", " .", 1)


class TestAForgedTokenIsWorthNothing:
    """S6, rows 66 and 67: one algorithm, keys by their own name, and nothing in a token says how it is checked."""

    def test_however_it_is_made(self, site, anna):
        keys = site.anybody.get("/.well-known/jwks.json")["keys"]
        tried = list(forged(anna.token, keys))
        assert len(tried) >= 30
        for what, token in tried:
            answer = me(site, token)
            assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated"), what
            assert answer.headers["www-authenticate"].startswith("Bearer"), what

    def test_though_it_was_signed_by_a_key_of_ones_own(self, site, anna):
        header, claims, _ = parts(anna.token)
        made = jws.serialize_compact(header, json.dumps(claims), ECKey.generate_key("P-256"), algorithms=["ES256"])
        assert me(site, made).status_code == 401

    @pytest.mark.parametrize(
        "sent",
        [
            {},
            {"authorization": ""},
            {"authorization": "Bearer"},
            {"authorization": "Basic YTpi"},
            {"authorization": "Bearer a.b.c"},
            {"authorization": "Bearer " + "x" * 5_000},
            {"authorization": "Bearer null"},
            {"authorization": "Bearer hfk_live_nothing"},
            {"x-api-key": "a"},
        ],
    )
    def test_nor_is_none_or_garbage(self, site, sent):
        answer = site.anybody.http.get("/v1/me", headers=sent)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")

    @pytest.mark.usefixtures("anna")
    def test_nor_is_a_refresh_token_an_access_token(self, site):
        given = session(site, "anna")
        assert me(site, given["refresh_token"]).status_code == 401


class TestOnlyTheTokenSaysWhoAsks:
    """S5: no header, query or body names the caller."""

    NAMING = ("x-user-id", "x-account-id", "x-forwarded-user", "x-remote-user", "x-tenant", "remote-user", "x-role")

    def test_and_no_header_does(self, site, anna):
        other = site.guest("arno")
        headers = dict.fromkeys(self.NAMING, str(other.id))
        assert me(site, anna.token, headers=headers).json()["id"] == anna.id
        assert site.anybody.http.get("/v1/me", headers=headers).status_code == 401

    @pytest.mark.parametrize("field", ["account_id", "user_id", "owner_id", "tenant_id", "role", "email"])
    def test_and_no_field_or_parameter_does(self, site, anna, field):
        answer = me(site, anna.token, "/v1/quotes", "POST", json={"items": [], field: 1})
        assert answer.status_code == 422
        assert me(site, anna.token, f"/v1/bookings?{field}=1").status_code == 422


class TestARefreshTokenIsGoodOnce:
    """S7: used again, it ends its whole session; two at once get one session; no usable token is at rest."""

    def refresh(self, site, token):
        return site.anybody.http.post("/v1/sessions/refresh", json={"refresh_token": token})

    def test_and_its_reuse_ends_the_session(self, site):
        site.guest("rene")
        first = session(site, "rene")
        second = self.refresh(site, first["refresh_token"]).json()
        assert me(site, second["access_token"]).status_code == 200
        with sqlite3.connect(f"{site.folder}/house.db", timeout=10) as db:  # longer ago than the grace for two pages
            db.execute("PRAGMA wal_autocheckpoint=0")
            db.execute("UPDATE accounts_refresh_token SET used_at = used_at - 60000000 WHERE used_at IS NOT NULL")
        again = self.refresh(site, first["refresh_token"])
        assert (again.status_code, problem_code(again)) == (401, "refresh_refused")
        assert self.refresh(site, second["refresh_token"]).status_code == 401
        for given in (first, second):
            assert me(site, given["access_token"]).status_code == 401

    def test_though_many_come_at_once(self, site):
        site.guest("rolo")
        given = session(site, "rolo")
        with ThreadPoolExecutor(20) as pool:
            answers = list(pool.map(lambda _: self.refresh(site, given["refresh_token"]), range(20)))
        assert [each.status_code for each in answers].count(201) == 1
        assert {each.status_code for each in answers} <= {201, 401, 409}

    def test_and_none_is_at_rest(self, site):
        site.guest("resi")
        given = session(site, "resi")
        self.refresh(site, given["refresh_token"])
        secrets = [given["refresh_token"], given["access_token"], given["refresh_token"].partition("_")[2]]
        for name, content in site.files().items():
            assert not [secret for secret in secrets if secret.encode() in content], name


class TestWhatEndsASessionEndsItAtOnce:
    """S8 and row 68: logging out, another password, and closing an account are seen by the very next request."""

    def test_when_somebody_logs_out(self, site):
        site.guest("olga")
        here, there = session(site, "olga"), session(site, "olga")
        assert me(site, here["access_token"], "/v1/sessions/current", "DELETE").status_code == 204
        assert me(site, here["access_token"]).status_code == 401
        assert (
            site.anybody.http.post("/v1/sessions/refresh", json={"refresh_token": here["refresh_token"]}).status_code
            == 401
        )
        assert me(site, there["access_token"]).status_code == 200

    def test_when_the_password_is_changed(self, site):
        site.guest("oskar")
        here, there = session(site, "oskar"), session(site, "oskar")
        changed = me(
            site, here["access_token"], "/v1/me/password", "POST",
            json={"current_password": PASSWORD, "new_password": OTHER_PASSWORD},
        )  # fmt: skip
        assert changed.status_code == 204, changed.text
        assert me(site, there["access_token"]).status_code == 401
        body = {"email": "oskar@example.com", "password": PASSWORD}
        assert site.anybody.http.post("/v1/sessions", json=body).status_code == 401
        session(site, "oskar", OTHER_PASSWORD)

    def test_when_all_are_ended_from_one(self, site):
        site.guest("otto")
        given = [session(site, "otto") for _ in range(3)]
        ended = me(site, given[0]["access_token"], "/v1/me/sessions?keep_current=true", "DELETE")
        assert ended.status_code == 200
        assert [me(site, each["access_token"]).status_code for each in given] == [200, 401, 401]


class TestSomebodySeesWhereTheyAreLoggedIn:
    """S15: every session with its device, and one can be ended from another; nobody else's is there."""

    def test_and_ends_what_is_not_theirs(self, site):
        site.guest("sara")
        here, stolen = session(site, "sara"), session(site, "sara")
        listed = me(site, here["access_token"], "/v1/me/sessions").json()["items"]
        assert {each["id"] for each in listed} >= {here["session_id"], stolen["session_id"]}
        assert [each["id"] for each in listed if each["is_current"]] == [here["session_id"]]
        assert all(each["address"] == "127.0.0.1" and each["device"] for each in listed)
        path = f"/v1/me/sessions/{stolen['session_id']}"
        assert me(site, here["access_token"], path, "DELETE").status_code == 204
        assert me(site, stolen["access_token"]).status_code == 401

    def test_and_not_somebody_elses(self, site, anna):
        site.guest("sven")
        other = session(site, "sven")
        assert me(site, anna.token, f"/v1/me/sessions/{other['session_id']}", "DELETE").status_code == 404
        assert me(site, other["access_token"]).status_code == 200


class TestAPageOfSomebodyElseCanSendNothing:
    """S17: cookies that only this host gets, a token besides, and requests that read change nothing."""

    def cookies(self, answer):
        sent = [each.partition(";")[0] for each in answer.headers.get_list("set-cookie")]
        return {"cookie": "; ".join(sent)}

    def test_because_cookies_are_closed(self, baked):
        attributes = {
            each.partition("=")[0]: {part.strip().lower() for part in each.split(";")[1:]}
            for each in baked.headers.get_list("set-cookie")
        }
        assert len(attributes) == 3
        for name, said in attributes.items():
            assert "secure" in said, name
            assert {"samesite=lax", "samesite=strict"} & said, name
            assert name.startswith(("__Host-", "__Secure-"))
            assert ("httponly" in said) != name.endswith("-csrf")
        assert baked.json()["access_token"] is None
        assert baked.json()["refresh_token"] is None

    def test_and_reading_works_by_cookie(self, site, baked):
        assert site.anybody.http.get("/v1/me", headers=self.cookies(baked)).status_code == 200

    @pytest.mark.parametrize(
        "sent",
        [
            {},
            {"x-csrf-token": ""},
            {"x-csrf-token": "a" * 43},
            {"origin": "https://evil.example"},
            {"origin": "null"},
            {"sec-fetch-site": "cross-site"},
            {"origin": "https://evil.example", "x-csrf-token": "right"},
            {"sec-fetch-site": "cross-site", "x-csrf-token": "right"},
        ],
    )
    def test_but_changing_asks_for_the_token_and_the_page(self, site, baked, sent):
        sent = {name: baked.json()["csrf_token"] if value == "right" else value for name, value in sent.items()}
        headers = self.cookies(baked) | sent
        answer = site.anybody.http.patch("/v1/me", json={"username": "forged"}, headers=headers)
        assert (answer.status_code, problem_code(answer)) == (403, "csrf_failed")

    def test_nor_does_a_form(self, site, baked):
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
            headers = self.cookies(baked) | {"content-type": kind, "origin": "https://evil.example"}
            answer = site.anybody.http.post("/v1/quotes", content=b'{"items":[]}', headers=headers)
            assert answer.status_code in {403, 415}

    def test_while_the_page_itself_can(self, site, baked):
        headers = self.cookies(baked) | {"x-csrf-token": baked.json()["csrf_token"], "origin": PAGE}
        answer = site.anybody.http.patch("/v1/me", json={"username": "cora-herself"}, headers=headers)
        assert answer.status_code == 200, answer.text

    def test_and_no_request_that_reads_writes(self, site, anna):
        paths = site.anybody.get("/openapi.json")["paths"]
        assert wait_until(lambda: not _letters_waiting(site), within_s=30), "letters are still being sent"
        before = _rows(site)
        for path, operations in paths.items():
            if "get" in operations and not path.startswith(("/metrics", "/simulator")):
                me(site, anna.token, re.sub(r"\{[^}]+\}", "1", path))
        after = _rows(site)
        kept = {"accounts_limit", "accounts_session"}  # what was tried, and that somebody was here
        assert {name for name in before if before[name] != after[name]} <= kept


def _reading(site):
    return closing(sqlite3.connect(f"file:{site.folder}/house.db?mode=ro", uri=True, timeout=10))


def _letters_waiting(site):
    """How many letters are yet to be sent: sending one writes, whoever asks for what meanwhile."""
    with _reading(site) as db:
        return db.execute("SELECT count(*) FROM accounts_mail WHERE next_attempt_at IS NOT NULL").fetchone()[0]


def _rows(site):
    """Every row of every table about what people have and do."""
    with _reading(site) as db:
        names = [name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        ours = [name for name in names if name.startswith(("accounts_", "booking_", "catalog_", "payments_"))]
        quiet = [name for name in ours if "activity" not in name and not name.endswith(("_outbox", "_cursor"))]
        rows = {}
        for name in quiet:
            rows[name] = db.execute(f"SELECT * FROM {name} ORDER BY 1").fetchall()  # noqa: S608 - names of the schema
        return rows


class TestASecondFactorIsNeverSkipped:
    """S12 and row 73: both factors always, a code once, five tries; a recovery code works once."""

    def log_in(self, site, **said):
        return site.anybody.http.post("/v1/sessions", json={"email": "tina@example.com", **said})

    def test_by_a_right_code_with_a_wrong_password(self, site, tina):
        answer = self.log_in(site, password=OTHER_PASSWORD, code=tina[0].now())
        assert (answer.status_code, problem_code(answer)) == (401, "invalid_credentials")

    @pytest.mark.usefixtures("tina")
    def test_nor_asked_for_before_the_password_is_right(self, site):
        assert problem_code(self.log_in(site, password=OTHER_PASSWORD)) == "invalid_credentials"
        assert problem_code(self.log_in(site, password=PASSWORD)) == "second_factor_required"

    def test_by_the_code_that_confirmed_it(self, site, tina):
        answer = self.log_in(site, password=PASSWORD, code=tina[0].now())
        code = problem_code(answer) if answer.status_code != 201 else ""
        assert (answer.status_code, code) in {(401, "invalid_code"), (201, "")}  # 201: a new half minute has begun
        if not code:
            assert self.log_in(site, password=PASSWORD, code=tina[0].now()).status_code == 401

    def test_by_a_recovery_code_twice(self, site, tina):
        codes = next(value for value in tina[1].values() if isinstance(value, list))
        assert self.log_in(site, password=PASSWORD, code=codes[0]).status_code == 201
        assert self.log_in(site, password=PASSWORD, code=codes[0]).status_code == 401
        for name, content in site.files().items():
            assert codes[1].encode() not in content, name


class TestWhatIsSensitiveAsksAgain:
    """S13: after a while, for mail, factors, keys and exports; proving oneself again is enough, for ten minutes."""

    def age(self, site, name):
        with sqlite3.connect(f"{site.folder}/house.db", timeout=10) as db:
            db.execute("PRAGMA wal_autocheckpoint=0")
            db.execute(
                "UPDATE accounts_session SET authenticated_at = authenticated_at - 700000000 WHERE account_id ="
                " (SELECT id FROM accounts_account WHERE username = ?)",
                (name,),
            )

    @pytest.mark.parametrize(
        ("method", "path", "body"),
        [
            ("POST", "/v1/me/email", {"email": "new@example.com"}),
            ("POST", "/v1/me/second-factor/totp", None),
            ("POST", "/v1/me/passkeys/challenges", None),
            ("POST", "/v1/me/export", None),
            ("DELETE", "/v1/me", None),
        ],
    )
    def test_of_an_old_session(self, site, method, path, body):
        name = f"fred-{hashlib.sha256(f'{method}{path}'.encode()).hexdigest()[:8]}"
        fred = site.guest(name)
        self.age(site, name)
        refused = fred.ask(method, path, body)
        assert (refused.status_code, problem_code(refused)) == (403, "reauth_required")
        again = fred.ask("POST", "/v1/me/reauthenticate", {"password": OTHER_PASSWORD})
        assert again.status_code == 401
        assert fred.ask("POST", "/v1/me/reauthenticate", {"password": PASSWORD}).status_code == 200
        assert fred.ask(method, path, body).status_code < 300


class TestNoFieldIsWrittenThatIsNotShown:
    """S19 and row 69: whatever else a body says is refused, field by field; nothing of it is done."""

    STRANGE = (
        *("id", "role", "is_admin", "is_staff", "email_verified", "disabled", "tenant_id"),
        *("password_hash", "permissions"),
    )

    @pytest.mark.parametrize("field", STRANGE)
    def test_of_an_account(self, site, anna, field):
        answer = me(site, anna.token, "/v1/me", "PATCH", json={"username": "anna", field: "admin"})
        assert answer.status_code == 422
        assert (f"/{field}", "unknown_field") in {(e["pointer"], e["code"]) for e in answer.json()["errors"]}

    @pytest.mark.parametrize("field", ["id", "owner_id", "status", "created_at", "version", "rating", "verified"])
    def test_of_a_property(self, site, field):
        owner = site.owner(f"owner-{field.replace('_', '-')}")
        answer = owner.ask("POST", "/v1/owner/properties", home() | {field: 1})
        assert answer.status_code == 422
        assert (f"/{field}", "unknown_field") in {(e["pointer"], e["code"]) for e in answer.json()["errors"]}

    @pytest.mark.parametrize("role", ["admin", "operator", "root", "", None, 1])
    def test_and_nobody_registers_as_more_than_an_owner(self, site, role):
        body = {"username": "climber", "email": "climber@example.com", "password": PASSWORD, "role": role}
        assert site.anybody.http.post("/v1/accounts", json=body).status_code == 422
