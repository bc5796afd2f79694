import httpx
import pytest
from accounts_builder import PASSWORD, built_on, person
from credentials_builder import NEW_PASSWORD, desk_on
from fastapi import FastAPI

from holdfast.accounts.routes.credentials import routers
from holdfast.kit.http import problems


@pytest.fixture
async def house(one_url, clock):
    """The routes of credentials in an application of their own, with a mailbox behind them."""
    async with desk_on(one_url, clock=clock) as desk:
        built = built_on(desk.db)
        app = FastAPI()
        problems.install(app)
        for router in routers(desk.credentials):
            app.include_router(router)
        app.state.check_token = built.api.principal
        app.state.is_fresh = lambda principal: principal.account_id in fresh
        fresh = set()
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://testserver") as client:
            client.fresh = fresh
            yield desk, client
        await built.close()


@pytest.fixture
def desk(house):
    return house[0]


@pytest.fixture
def client(house):
    return house[1]


async def logged_in(desk, who):
    given = await desk.accounts.log_in(email=who["email"], password=who["password"])
    token = getattr(given, "token", None) or given.access_token
    return {"Authorization": f"Bearer {token}"}


class TestOverHttp:
    @pytest.mark.parametrize("path", ["confirmations", "recoveries"])
    async def test_an_address_gets_the_same_answer_whether_it_is_known_or_not(self, desk, client, path):
        known, _ = await desk.registered()
        answers = [
            await client.post(f"/v1/accounts/{path}", json={"email": email})
            for email in (known["email"], person()["email"])
        ]
        assert [each.status_code for each in answers] == [202, 202]
        assert set(answers[0].headers) == set(answers[1].headers)
        assert [len(each.json()) for each in answers] == [1, 1]

    async def test_a_link_is_followed_once(self, desk, client):
        who, _ = await desk.registered()
        token = {"token": await desk.token_to(who["email"])}
        answers = [await client.post("/v1/accounts/confirm", json=token) for _ in range(2)]
        assert [each.status_code for each in answers] == [204, 400]
        assert answers[1].json()["code"] == "token_invalid"

    async def test_a_password_is_recovered(self, desk, client):
        who, _ = await desk.registered()
        body = {"token": await desk.recovery_of(who), "password": NEW_PASSWORD}
        assert (await client.post("/v1/accounts/recover", json=body)).status_code == 204
        refused = await client.post("/v1/accounts/recover", json=body)
        invented = await client.post("/v1/accounts/recover", json=body | {"token": "A" * 43})
        assert [refused.status_code, refused.json()["code"]] == [400, "token_invalid"]
        assert {name: value for name, value in refused.json().items() if name != "instance"} == {
            name: value for name, value in invented.json().items() if name != "instance"
        }

    async def test_a_password_is_changed_by_who_knows_it(self, desk, client):
        who, _ = await desk.registered()
        headers = await logged_in(desk, who)
        body = {"current_password": "not the one", "new_password": NEW_PASSWORD}
        refused = await client.post("/v1/me/password", json=body, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (401, "invalid_credentials")
        common = await client.post(
            "/v1/me/password", json={"current_password": PASSWORD, "new_password": "password123"}, headers=headers
        )
        assert [each["pointer"] for each in common.json()["errors"]] == ["/new_password"]
        body["current_password"] = PASSWORD
        assert (await client.post("/v1/me/password", json=body, headers=headers)).status_code == 204
        assert (await client.post("/v1/me/password", json=body)).status_code == 401

    async def test_an_address_is_changed_by_who_proved_a_moment_ago_who_they_are(self, desk, client):
        who, account = await desk.registered()
        headers, new = await logged_in(desk, who), person()["email"]
        refused = await client.post("/v1/me/email", json={"email": new}, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (403, "reauth_required")
        client.fresh.add(account.id)
        assert (await client.post("/v1/me/email", json={"email": new}, headers=headers)).status_code == 202
        token = {"token": await desk.token_to(new)}
        assert (await client.post("/v1/accounts/confirm", json=token)).status_code == 204
        assert (await desk.accounts.find_by_email(email=new)).id == account.id

    async def test_a_name_is_changed(self, desk, client):
        who, _ = await desk.registered()
        other, _ = await desk.registered()
        headers = await logged_in(desk, who)
        taken = await client.post("/v1/me/username", json={"username": other["username"]}, headers=headers)
        assert (taken.status_code, taken.json()["code"]) == (409, "username_taken")
        new = person()["username"]
        assert (await client.post("/v1/me/username", json={"username": new}, headers=headers)).status_code == 204

    async def test_a_password_is_judged(self, client):
        answer = await client.post("/v1/passwords/strength", json={"password": "tr0ub4dor", "username": "john"})
        assert answer.status_code == 200
        assert set(answer.json()) == {"score", "guesses_log10", "warning", "suggestions"}
        assert answer.headers["cache-control"] == "no-store"
        too_long = await client.post("/v1/passwords/strength", json={"password": "x" * 10_000})
        assert too_long.status_code == 422

    @pytest.mark.parametrize(
        ("path", "body"),
        [
            ("/v1/accounts/confirm", {"token": "not/a token"}),
            ("/v1/accounts/confirm", {}),
            ("/v1/accounts/recoveries", {"email": "a@b"}),
            ("/v1/accounts/recoveries", {"email": "a@example.com\r\nBcc: b@example.com"}),
            ("/v1/accounts/recover", {"token": "a", "password": "x" * 10_000}),
            ("/v1/accounts/confirmations", {"email": "a@example.com", "admin": True}),
        ],
    )
    async def test_what_is_malformed_is_named(self, client, path, body):
        answer = await client.post(path, json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
        assert answer.json()["errors"]
