from datetime import datetime, timedelta

import httpx
import pyotp
import pytest
from accounts_builder import PASSWORD, SECRET, person
from authenticator import Authenticator
from credentials_builder import NEW_PASSWORD, desk_on
from factors_builder import limits_of
from fastapi import FastAPI

from holdfast.accounts.module import MODULE
from holdfast.accounts.settings import AccountsSettings
from holdfast.kit.db.opening import open_database
from holdfast.kit.http import problems
from holdfast.kit.module import House
from holdfast.kit.secrets import Keyring

FRESH_S = 120


@pytest.fixture
async def client(migrated, clock):
    """The routes of accounts in an application of their own, five wrong codes at most."""
    database = await open_database(migrated, clock)
    built = MODULE.build(
        House(
            db=database,
            clock=clock,
            keyring=Keyring(SECRET),
            settings=AccountsSettings(_env_file=None, fresh_s=FRESH_S),
            doors={},
            limits=limits_of(clock, quota=5),
        )
    )
    app = FastAPI()
    problems.install(app)
    for router in built.routers:
        app.include_router(router)
    app.state.check_token = built.api.principal
    app.state.is_fresh = built.api.step_up.is_fresh
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://testserver") as made:
        made.door = built.api
        yield made
    await built.close()
    await database.close()


class Somebody:
    """A person with a browser."""

    def __init__(self, client, clock, who):
        self.client = client
        self.clock = clock
        self.who = who
        self.header = {}
        self.app = None
        self.codes = []

    async def log_in(self, **changes):
        body = {"email": self.who["email"], "password": self.who["password"], **changes}
        answer = await self.client.post("/v1/sessions", json=body)
        if answer.status_code == 201:
            self.take(answer)
        return answer

    def take(self, answer):
        self.header = {"Authorization": f"Bearer {answer.json()['access_token']}"}

    def send(self, method, path, body=None):
        return self.client.request(method, path, json=body, headers=self.header)

    async def turn_on(self):
        secret = (await self.send("POST", "/v1/me/second-factor/totp")).json()["secret"]
        self.app = pyotp.TOTP(secret)
        answer = await self.send("POST", "/v1/me/second-factor/totp/confirm", {"code": self.code()})
        assert answer.status_code == 200
        self.codes = answer.json()["recovery_codes"]
        self.clock.advance(timedelta(seconds=30))

    async def add_passkey(self, key, name="a key"):
        options = (await self.send("POST", "/v1/me/passkeys/challenges")).json()
        return await self.send("POST", "/v1/me/passkeys", {"name": name, "credential": key.make(options)})

    async def log_in_with(self, key):
        options = (await self.client.post("/v1/sessions/passkey-challenges")).json()
        answer = await self.client.post("/v1/sessions", json={"passkey": key.sign(options)})
        if answer.status_code == 201:
            self.take(answer)
        return answer

    def code(self):
        return self.app.at(self.clock.now())


@pytest.fixture
async def somebody(client, clock):
    """Somebody who has just logged in."""
    who = person()
    await client.door.register(**who)
    made = Somebody(client, clock, who)
    assert (await made.log_in()).status_code == 201
    return made


def letter_text(letter):
    return " ".join(map(str, letter.paragraphs))


def said(answer):
    return answer.status_code, answer.json()["code"]


class TestLoggingIn:
    async def test_takes_password_and_code_once_the_second_factor_is_on(self, somebody):
        await somebody.turn_on()
        assert said(await somebody.log_in()) == (401, "second_factor_required")
        assert said(await somebody.log_in(code="000000")) == (401, "invalid_code")
        assert (await somebody.log_in(code=somebody.code())).status_code == 201
        assert (await somebody.send("GET", "/v1/me")).status_code == 200

    async def test_with_a_wrong_password_and_a_right_code_is_refused_and_uses_no_code_up(self, somebody):
        await somebody.turn_on()
        code = somebody.code()
        answer = await somebody.log_in(password="not the password", code=code)
        assert said(answer) == (401, "invalid_credentials")
        assert (await somebody.log_in(code=code)).status_code == 201

    async def test_with_a_wrong_password_does_not_tell_whether_a_second_factor_is_on(self, somebody):
        without = await somebody.log_in(password="not the password")
        await somebody.turn_on()
        assert (await somebody.log_in(password="not the password")).json()["code"] == without.json()["code"]

    async def test_with_a_used_code_is_refused(self, somebody):
        await somebody.turn_on()
        code = somebody.code()
        assert (await somebody.log_in(code=code)).status_code == 201
        assert said(await somebody.log_in(code=code)) == (401, "invalid_code")

    async def test_with_the_sixth_wrong_code_is_429_and_says_when_to_try_again(self, somebody):
        await somebody.turn_on()
        for _ in range(5):
            assert said(await somebody.log_in(code="000000")) == (401, "invalid_code")
        answer = await somebody.log_in(code=somebody.code())
        assert said(answer) == (429, "too_many_requests")
        somebody.clock.advance(timedelta(seconds=int(answer.headers["retry-after"]) + 1))
        assert (await somebody.log_in(code=somebody.code())).status_code == 201

    async def test_in_two_steps_is_no_failure_however_often(self, somebody):
        await somebody.turn_on()
        for _ in range(15):
            assert said(await somebody.log_in()) == (401, "second_factor_required")
        assert (await somebody.log_in(code=somebody.code())).status_code == 201

    async def test_with_a_wrong_password_uses_up_no_tries_of_codes(self, somebody):
        await somebody.turn_on()
        for _ in range(6):
            await somebody.log_in(password="not the password", code="000000")
        assert (await somebody.log_in(code=somebody.code())).status_code == 201

    async def test_takes_a_recovery_code_once(self, somebody):
        await somebody.turn_on()
        assert (await somebody.log_in(code=somebody.codes[0])).status_code == 201
        assert said(await somebody.log_in(code=somebody.codes[0])) == (401, "invalid_code")
        body = (await somebody.send("GET", "/v1/me/second-factor")).json()
        assert body["recovery_codes_left"] == 9

    async def test_takes_the_code_also_after_the_password_was_recovered_by_mail(self, somebody, migrated):
        await somebody.turn_on()
        async with desk_on(migrated, clock=somebody.clock) as desk:
            await desk.credentials.ask_for_confirmation(email=somebody.who["email"])
            await desk.credentials.confirm(token=await desk.token_to(somebody.who["email"]))
            token = await desk.recovery_of(somebody.who)
            await desk.credentials.recover(token=token, password=NEW_PASSWORD)
        assert said(await somebody.log_in(password=NEW_PASSWORD)) == (401, "second_factor_required")
        assert (await somebody.log_in(password=NEW_PASSWORD, code=somebody.code())).status_code == 201

    async def test_is_done_away_with_when_the_mailbox_takes_over_an_account_it_never_confirmed(
        self, somebody, migrated
    ):
        """Somebody else had registered with its address, and must not come back by what they left behind."""
        await somebody.turn_on()
        key = Authenticator()
        assert (await somebody.add_passkey(key)).status_code == 201
        async with desk_on(migrated, clock=somebody.clock) as desk:
            token = await desk.recovery_of(somebody.who)
            await desk.credentials.recover(token=token, password=NEW_PASSWORD)
        assert (await somebody.log_in_with(key)).status_code == 401
        assert (await somebody.log_in(password=NEW_PASSWORD)).status_code == 201

    async def test_asks_for_no_code_once_it_is_turned_off(self, somebody):
        await somebody.turn_on()
        assert (await somebody.send("DELETE", "/v1/me/second-factor/totp")).status_code == 204
        assert (await somebody.log_in()).status_code == 201


class TestLoggingInByPasskey:
    @pytest.mark.parametrize("more", [{"email": "a@example.com"}, {"password": "x"}, {"code": "123456"}], ids=str)
    async def test_takes_nothing_beside(self, somebody, more):
        key = Authenticator()
        await somebody.add_passkey(key)
        options = (await somebody.client.post("/v1/sessions/passkey-challenges")).json()
        answer = await somebody.client.post("/v1/sessions", json={"passkey": key.sign(options), **more})
        assert answer.status_code == 422
        assert ("/passkey", "invalid_value") in [(each["pointer"], each["code"]) for each in answer.json()["errors"]]

    async def test_needs_no_password(self, somebody):
        key = Authenticator()
        assert (await somebody.add_passkey(key)).status_code == 201
        answer = await somebody.log_in_with(key)
        assert answer.status_code == 201
        assert answer.headers["cache-control"] == "no-store"
        assert (await somebody.send("GET", "/v1/me")).json()["email"] == somebody.who["email"]

    async def test_stands_for_both_factors_if_it_checked_its_user(self, somebody):
        key = Authenticator()
        await somebody.add_passkey(key)
        await somebody.turn_on()
        key.verifies = False
        assert said(await somebody.log_in_with(key)) == (401, "second_factor_required")
        key.verifies = True
        assert (await somebody.log_in_with(key)).status_code == 201

    async def test_counts_once(self, somebody, client):
        key = Authenticator()
        await somebody.add_passkey(key)
        options = (await client.post("/v1/sessions/passkey-challenges")).json()
        credential = key.sign(options)
        assert (await client.post("/v1/sessions", json={"passkey": credential})).status_code == 201
        answer = await client.post("/v1/sessions", json={"passkey": credential})
        assert said(answer) == (401, "passkey_refused")

    async def test_of_a_closed_account_is_refused(self, somebody, client):
        key = Authenticator()
        await somebody.add_passkey(key)
        account = await client.door.find_by_email(email=somebody.who["email"])
        await client.door.disable(account_id=account.id)
        assert (await somebody.log_in_with(key)).status_code == 401


class TestASensitiveAct:
    ACTS = (
        ("POST", "/v1/me/second-factor/totp", None),
        ("POST", "/v1/me/second-factor/totp/confirm", {"code": "123456"}),
        ("DELETE", "/v1/me/second-factor/totp", None),
        ("POST", "/v1/me/second-factor/recovery-codes", None),
        ("POST", "/v1/me/passkeys/challenges", None),
        ("DELETE", "/v1/me/passkeys/pk_1", None),
    )

    @pytest.mark.parametrize(("method", "path", "body"), ACTS)
    async def test_in_a_stale_session_is_403(self, somebody, method, path, body):
        somebody.clock.advance(timedelta(seconds=FRESH_S + 1))
        assert said(await somebody.send(method, path, body)) == (403, "reauth_required")
        assert (await somebody.send("GET", "/v1/me/second-factor")).json()["totp_since"] is None

    async def test_is_allowed_again_after_the_password(self, somebody):
        path = "/v1/me/second-factor/totp"
        somebody.clock.advance(timedelta(seconds=FRESH_S + 1))
        wrong = await somebody.send("POST", "/v1/me/reauthenticate", {"password": "not the password"})
        assert said(wrong) == (401, "invalid_credentials")
        assert said(await somebody.send("POST", path)) == (403, "reauth_required")
        given = (await somebody.send("POST", "/v1/me/reauthenticate", {"password": PASSWORD})).json()
        left = datetime.fromisoformat(given["fresh_until"]) - datetime.fromisoformat(given["authenticated_at"])
        assert left == timedelta(seconds=FRESH_S)
        assert (await somebody.send("POST", path)).status_code == 201
        somebody.clock.advance(timedelta(seconds=FRESH_S + 1))
        assert said(await somebody.send("POST", path)) == (403, "reauth_required")

    async def test_is_allowed_after_a_passkey_too(self, somebody):
        key = Authenticator()
        await somebody.add_passkey(key)
        somebody.clock.advance(timedelta(seconds=FRESH_S + 1))
        options = (await somebody.send("POST", "/v1/me/reauthenticate/challenges")).json()
        answer = await somebody.send("POST", "/v1/me/reauthenticate", {"passkey": key.sign(options)})
        assert answer.status_code == 200
        assert (await somebody.send("POST", "/v1/me/second-factor/totp")).status_code == 201

    @pytest.mark.parametrize("body", [{}, {"code": "123456"}])
    async def test_needs_some_proof(self, somebody, body):
        answer = await somebody.send("POST", "/v1/me/reauthenticate", body)
        assert said(answer) == (422, "invalid")
        assert [(each["pointer"], each["code"]) for each in answer.json()["errors"]] == [("/password", "missing_field")]


class TestTheOwner:
    async def test_is_written_to_about_every_change(self, somebody, migrated):
        await somebody.turn_on()
        made = (await somebody.add_passkey(Authenticator())).json()
        await somebody.log_in(code=somebody.codes[0])
        await somebody.send("POST", "/v1/me/second-factor/recovery-codes")
        await somebody.send("DELETE", "/v1/me/second-factor/totp")
        await somebody.send("DELETE", f"/v1/me/passkeys/{made['id']}")
        async with desk_on(migrated, clock=somebody.clock) as desk:
            letters = [letter_text(each) for each in await desk.mailed(somebody.who["email"])]
        for what in (
            "an authenticator app was turned on",
            "a passkey was added",
            "One of your recovery codes was used",
            "there are new recovery codes",
            "the authenticator app was turned off",
            "a passkey was removed",
        ):
            assert len([text for text in letters if what in text]) == 1, what


class TestPasskeys:
    async def test_are_listed_renamed_and_removed(self, somebody):
        made = (await somebody.add_passkey(Authenticator(), name="phone")).json()
        listed = (await somebody.send("GET", "/v1/me/passkeys")).json()
        assert listed == {"items": [made]}
        renamed = await somebody.send("PATCH", f"/v1/me/passkeys/{made['id']}", {"name": "old phone"})
        assert renamed.json() == made | {"name": "old phone"}
        assert (await somebody.send("DELETE", f"/v1/me/passkeys/{made['id']}")).status_code == 204
        assert (await somebody.send("GET", "/v1/me/passkeys")).json() == {"items": []}

    async def test_are_made_with_options_a_browser_can_read(self, somebody):
        options = (await somebody.send("POST", "/v1/me/passkeys/challenges")).json()
        assert options["rp"] == {"id": "localhost", "name": "Holdfast"}
        assert options["user"]["displayName"] == somebody.who["username"]
        assert [each["alg"] for each in options["pubKeyCredParams"]] == [-8, -7, -257]
        assert options["authenticatorSelection"]["residentKey"] == "required"
        assert options["attestation"] == "none"

    @pytest.mark.parametrize(
        "change",
        [
            {"type": "password"},
            {"id": "not base64url!"},
            {"extra": 1},
            {"response": {}},
            {"response": {"clientDataJSON": "x" * 20_000, "attestationObject": "AA"}},
        ],
    )
    async def test_of_another_form_are_422(self, somebody, change):
        options = (await somebody.send("POST", "/v1/me/passkeys/challenges")).json()
        credential = Authenticator().make(options) | change
        answer = await somebody.send("POST", "/v1/me/passkeys", {"name": "x", "credential": credential})
        assert said(answer) == (422, "invalid")

    async def test_of_somebody_else_are_not_found(self, somebody, client, clock):
        made = (await somebody.add_passkey(Authenticator())).json()
        await client.door.register(**(who := person()))
        other = Somebody(client, clock, who)
        await other.log_in()
        assert said(await other.send("DELETE", f"/v1/me/passkeys/{made['id']}")) == (404, "not_found")
        answer = await other.send("PATCH", f"/v1/me/passkeys/{made['id']}", {"name": "mine"})
        assert said(answer) == (404, "not_found")
