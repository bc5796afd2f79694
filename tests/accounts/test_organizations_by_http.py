"""From an invitation by mail to the last request of somebody who was removed, and a program's key, over HTTP alone."""

import email
import re
from email import policy

import pytest

from holdfast.accounts.api import Role
from support.polling import eventually
from support.product import PASSWORD, product

TOKEN = re.compile(r"#token=([A-Za-z0-9_-]{43})")


class Firm:
    """A running product, whoever has an account there, and their mail."""

    def __init__(self, running, folder):
        self.running, self.client, self._folder = running, running.client, folder

    async def ask(self, method, path, body=None, *, who=None):
        headers = {} if who is None else {"authorization": f"Bearer {who}"}
        return await self.client.request(method, path, json=body, headers=headers)

    async def good(self, method, path, body=None, *, who=None):
        answer = await self.ask(method, path, body, who=who)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def letters(self, address):
        """The texts of what was mailed to an address, the newest last."""
        read = [
            email.message_from_bytes(path.read_bytes(), policy=policy.default) for path in self._folder.glob("*.eml")
        ]
        mine = sorted((each for each in read if each["To"] == address), key=lambda each: each["Message-ID"])
        return [each.get_body(("plain",)).get_content() for each in mine]

    async def token_in(self, address, *, about):
        """The token of a letter, once it has come."""

        async def has_come():
            return any(about in each for each in self.letters(address))

        await eventually(has_come, within_s=15)
        return TOKEN.search(next(each for each in self.letters(address) if about in each))[1]

    async def registered(self, name):
        """Somebody who registered by HTTP and confirmed their address: the access token of their session."""
        address = f"{name}@example.com"
        await self.good("POST", "/v1/accounts", {"username": name, "email": address, "password": PASSWORD})
        await self.good("POST", "/v1/accounts/confirm", {"token": await self.token_in(address, about="confirm")})
        given = await self.good("POST", "/v1/sessions", {"email": address, "password": PASSWORD})
        return given["access_token"]

    async def owner(self):
        """Olga, who owns an organization: her account, and the access token of a session that is fresh."""
        person = await self.running.person("olga", Role.OWNER)
        session = await self.good("POST", "/v1/sessions", {"email": "olga@example.com", "password": PASSWORD})
        return person, session["access_token"]


@pytest.fixture
async def firm(fresh_url, tmp_path, monkeypatch):
    monkeypatch.setenv("HOLDFAST_MAIL_URL", f"folder://{tmp_path}")
    async with product(fresh_url, modules=("accounts", "catalog", "search", "booking")) as running:
        yield Firm(running, tmp_path)


class TestAColleague:
    async def test_comes_by_mail_and_goes_at_once(self, firm):
        olga, owner = await firm.owner()
        anna = await firm.registered("anna")
        listed = "/v1/owner/properties"
        assert (await firm.ask("GET", listed, who=anna)).json()["permission"] == "catalog:read"

        wish = {"email": "anna@example.com", "role": "desk"}
        assert (await firm.ask("POST", "/v1/organization/invitations", wish, who=owner)).status_code == 202
        token = await firm.token_in("anna@example.com", about="invited")
        joined = await firm.good("POST", "/v1/invitations/accept", {"token": token}, who=anna)
        assert (joined["id"], joined["role"]) == (olga.id, "desk")
        again = await firm.ask("POST", "/v1/invitations/accept", {"token": token}, who=anna)
        assert (again.status_code, again.json()["code"]) == (404, "invitation_refused")

        assert (await firm.ask("GET", listed, who=anna)).status_code == 200
        refused = await firm.ask("POST", listed, {}, who=anna)
        assert (refused.status_code, refused.json()["permission"]) == (403, "catalog:write")
        seen = await firm.good("GET", "/v1/organization/members", who=anna)
        assert [each["email"] for each in seen["items"]] == [None, None]

        [member] = [each for each in seen["items"] if each["username"] == "anna"]
        await firm.good("DELETE", f"/v1/organization/members/{member['account_id']}", who=owner)
        assert (await firm.ask("GET", listed, who=anna)).status_code == 403
        assert (await firm.ask("GET", "/v1/me", who=anna)).status_code == 200

    async def test_is_asked_in_the_same_words_whoever_they_are(self, firm):
        _, owner = await firm.owner()
        await firm.registered("anna")
        answers = [
            await firm.ask(
                "POST",
                "/v1/organization/invitations",
                {"email": address, "role": "desk"},
                who=owner,
            )
            for address in ("anna@example.com", "nobody@example.com")
        ]
        assert [(each.status_code, each.content) for each in answers] == [(202, b"")] * 2
        assert await firm.token_in("nobody@example.com", about="invited")


class TestAProgram:
    async def test_reads_what_its_scopes_allow_and_nothing_of_its_maker(self, firm):
        _, owner = await firm.owner()
        wish = {"name": "display", "scopes": ["catalog:read"]}
        made = await firm.good("POST", "/v1/me/api-keys", wish, who=owner)
        key = made["key"]
        assert key.startswith("hfk_test_")
        assert (await firm.ask("GET", "/v1/owner/properties", who=key)).status_code == 200
        for path, missing in (
            ("/v1/owner/bookings", "bookings:read"),
            ("/v1/bookings", "trips"),
            ("/v1/me", "account"),
            ("/v1/me/api-keys", "account"),
            ("/v1/admin/accounts", "operate"),
        ):
            answer = await firm.ask("GET", path, who=key)
            assert (answer.status_code, answer.json()["permission"]) == (403, missing)
        listed = await firm.good("GET", "/v1/me/api-keys", who=owner)
        assert key not in str(listed)
        assert listed["items"][0]["prefix"] == key.removeprefix("hfk_test_")[:8]
        await firm.good("DELETE", f"/v1/me/api-keys/{made['id']}", who=owner)
        answer = await firm.ask("GET", "/v1/owner/properties", who=key)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")

    async def test_is_not_given_more_than_a_program_may_have(self, firm):
        _, owner = await firm.owner()
        wish = {"name": "too much", "scopes": ["members", "catalog:read"]}
        answer = await firm.ask("POST", "/v1/me/api-keys", wish, who=owner)
        assert (answer.status_code, answer.json()["code"], answer.json()["scopes"]) == (
            403,
            "scope_refused",
            ["members"],
        )
