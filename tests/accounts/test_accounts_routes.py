import asyncio
from datetime import datetime, timedelta

import httpx
import pytest
from accounts_builder import PASSWORD, built_on, person
from fastapi import FastAPI

from holdfast.accounts.api import Role
from holdfast.kit.db.opening import open_database
from holdfast.kit.http import problems


@pytest.fixture
async def house(one_url, clock):
    """The routes of accounts in an application of their own, and the door behind them."""
    database = await open_database(one_url, clock)
    built = built_on(database)
    app = FastAPI()
    problems.install(app)
    for router in built.routers:
        app.include_router(router)
    app.state.check_token = built.api.principal
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://testserver") as client:
        yield client, built.api, app
    await built.close()
    await database.close()


@pytest.fixture
def client(house):
    return house[0]


@pytest.fixture
def door(house):
    return house[1]


async def logged_in(door, role=Role.GUEST):
    """A new account and the header that speaks for it."""
    account = await door.register(**(who := person()), role=role)
    given = await door.log_in(email=who["email"], password=who["password"])
    return account, {"Authorization": f"Bearer {given.token}"}


def without(member):
    return {name: value for name, value in person().items() if name != member}


def findings(answer):
    return [(error["pointer"], error["code"]) for error in answer.json()["errors"]]


class TestRegister:
    @pytest.mark.parametrize("role", ["guest", "owner"])
    async def test_creates_an_account(self, client, door, role):
        who = person(role=role)
        answer = await client.post("/v1/accounts", json=who)
        assert answer.status_code == 202
        assert answer.json() == {"username": who["username"], "email": who["email"], "role": role}
        account = await door.find_by_email(email=who["email"])
        assert (account.username, account.role) == (who["username"], role)

    async def test_makes_a_guest_of_who_does_not_say(self, client):
        assert (await client.post("/v1/accounts", json=person())).json()["role"] == "guest"

    @pytest.mark.parametrize("role", ["admin", "GUEST", "", "root"])
    async def test_never_makes_an_admin(self, client, door, role):
        who = person(role=role)
        answer = await client.post("/v1/accounts", json=who)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
        assert findings(answer) == [("/role", "invalid_choice")]
        assert await door.find_by_email(email=who["email"]) is None

    @pytest.mark.parametrize("member", ["is_staff", "id", "email_verified", "tenant_id", "user_id", "disabled"])
    async def test_refuses_members_that_are_not_for_the_public(self, client, member):
        answer = await client.post("/v1/accounts", json=person(**{member: True}))
        assert answer.status_code == 422
        assert findings(answer) == [(f"/{member}", "unknown_field")]

    async def test_of_an_address_again_answers_as_of_a_new_one_and_keeps_the_first(self, client):
        first = person()
        new = await client.post("/v1/accounts", json=first)
        again = person(email=first["email"].upper(), password="another good password")
        known = await client.post("/v1/accounts", json=again)
        asked = {name: value for name, value in again.items() if name != "password"}
        assert (known.status_code, known.json()) == (new.status_code, {**asked, "role": "guest"})
        assert set(known.headers) == set(new.headers)
        session = {"email": first["email"], "password": first["password"]}
        assert (await client.post("/v1/sessions", json=session)).status_code == 201

    @pytest.mark.parametrize(
        ("changes", "expected"),
        [
            ({"email": "a@b"}, [("/email", "invalid_email")]),
            ({"email": "x" * 300}, [("/email", "too_long")]),
            ({"email": "john@@example.com"}, [("/email", "invalid_email")]),
            ({"email": "a@xn--.example"}, [("/email", "invalid_email")]),
            ({"email": "a@example.com\r\nBcc: b@example.com"}, [("/email", "invalid_email")]),
            ({"email": "a@example.com,b@example.com"}, [("/email", "invalid_email")]),
            ({"email": '"a b"@example.com'}, [("/email", "invalid_email")]),
            ({"email": 7}, [("/email", "type_error")]),
            ({"email": None}, [("/email", "type_error")]),
            ({"username": "x"}, [("/username", "too_short")]),
            ({"username": "john doe"}, [("/username", "invalid_username")]),
            ({"password": "x7Kq!pL"}, [("/password", "too_short")]),
            ({"password": "password123"}, [("/password", "password_too_common")]),
            ({"password": "x7Kq!pLw" * 1250}, [("/password", "too_long")]),
            ({"password": 12345678}, [("/password", "type_error")]),
            (
                {"username": "a b c", "email": "a@b", "password": "password"},
                [("/username", "invalid_username"), ("/email", "invalid_email"), ("/password", "password_too_common")],
            ),
        ],
    )
    async def test_names_every_wrong_field(self, client, changes, expected):
        answer = await client.post("/v1/accounts", json=person(**changes))
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
        assert findings(answer) == expected

    @pytest.mark.parametrize("member", ["username", "email", "password"])
    async def test_asks_for_what_is_missing(self, client, member):
        answer = await client.post("/v1/accounts", json=without(member))
        assert findings(answer) == [(f"/{member}", "missing_field")]

    @pytest.mark.parametrize(
        "password", ["x7Kq!pLw" * 8, "x7Kq!pLw" * 16, " leading space", "🔑🚪🏠🏡🔒🔓🗝🛏", "tab\tand\nline"]
    )
    async def test_takes_any_password_exactly(self, client, password):
        who = person(password=password)
        assert (await client.post("/v1/accounts", json=who)).status_code == 202
        session = {"email": who["email"], "password": password}
        assert (await client.post("/v1/sessions", json=session)).status_code == 201
        session["password"] = password[:-1]
        assert (await client.post("/v1/sessions", json=session)).status_code == 401

    async def test_fifty_at_once_makes_exactly_one(self, client):
        address = person()["email"]
        answers = await asyncio.gather(*(client.post("/v1/accounts", json=person(email=address)) for _ in range(50)))
        assert {answer.status_code for answer in answers} == {202}

    async def test_of_a_name_again_is_409(self, client):
        first = person()
        await client.post("/v1/accounts", json=first)
        answer = await client.post("/v1/accounts", json=person(username=first["username"].upper()))
        assert (answer.status_code, answer.json()["code"]) == (409, "username_taken")
        assert answer.headers["content-type"] == "application/problem+json"


class TestLogIn:
    async def test_gives_a_token_that_works(self, client, clock):
        await client.post("/v1/accounts", json=(who := person(role="owner")))
        answer = await client.post("/v1/sessions", json={"email": who["email"], "password": who["password"]})
        assert answer.status_code == 201
        assert answer.headers["cache-control"] == "no-store"
        body = answer.json()
        assert body["refresh_token"].startswith("hfr_")
        assert body["csrf_token"] is None
        assert body["token_type"] == "Bearer"
        left = datetime.fromisoformat(body["expires_at"]) - clock.now()
        assert timedelta(minutes=9) < left <= timedelta(minutes=10)
        me = await client.get("/v1/me", headers={"Authorization": f"Bearer {body['access_token']}"})
        assert me.status_code == 200
        assert me.json() == body["account"]
        assert me.json()["username"] == who["username"]

    async def test_answers_alike_for_a_wrong_password_an_unknown_address_and_a_closed_account(self, client, door):
        await door.register(**(who := person()))
        closed = await door.register(**(gone := person()))
        await door.disable(account_id=closed.id)
        tries = [
            {"email": who["email"], "password": "a wrong password"},
            {"email": "nobody-of-ours@example.com", "password": PASSWORD},
            {"email": gone["email"], "password": gone["password"]},
        ]
        answers = [await client.post("/v1/sessions", json=each) for each in tries]
        assert {answer.status_code for answer in answers} == {401}
        assert answers[0].json()["code"] == "invalid_credentials"
        assert len({answer.text for answer in answers}) == 1
        assert len({tuple(sorted(answer.headers)) for answer in answers}) == 1
        assert {answer.headers["www-authenticate"] for answer in answers} == {"Bearer"}

    async def test_never_repeats_a_secret(self, client):
        canary = "canary-9f2c-secret"
        for path, body in (
            ("/v1/sessions", {"email": "who@example.com", "password": canary}),
            ("/v1/accounts", person(password=canary, email="bad")),
            ("/v1/accounts", person(password=[canary])),
            ("/v1/sessions", {"email": "who@example.com", "password": {"a": canary}}),
        ):
            answer = await client.post(path, json=body)
            assert answer.status_code in {401, 422}
            assert canary not in answer.text + str(answer.headers)


class TestMe:
    @pytest.mark.parametrize("header", [None, "Bearer", "Bearer x.y.z", "Basic am9objpqb2hu", "Bearer a b"])
    async def test_needs_a_good_token(self, client, header):
        answer = await client.get("/v1/me", headers={"Authorization": header} if header else {})
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
        assert answer.headers["www-authenticate"] == "Bearer"

    async def test_says_when_the_token_has_run_out(self, client, door, clock):
        _, header = await logged_in(door)
        clock.advance(timedelta(minutes=61))
        answer = await client.get("/v1/me", headers=header)
        assert (answer.status_code, answer.json()["code"]) == (401, "token_expired")

    async def test_is_closed_with_the_account(self, client, door):
        account, header = await logged_in(door)
        await door.disable(account_id=account.id)
        answer = await client.get("/v1/me", headers=header)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")

    async def test_believes_nobody_but_the_token(self, client, door):
        account, header = await logged_in(door)
        other, _ = await logged_in(door)
        for name in ("X-User-Id", "X-Forwarded-User", "X-Account-Id"):
            answer = await client.get("/v1/me", headers={**header, name: str(other.id)})
            assert answer.json()["id"] == account.id
        assert (await client.get("/v1/me", params={"user_id": other.id}, headers=header)).status_code == 422


class TestTheListForAdmins:
    async def test_pages_through_everybody(self, client, door):
        made = [await door.register(**person()) for _ in range(5)]
        await door.disable(account_id=made[2].id)
        _, header = await logged_in(door, Role.ADMIN)
        seen, after = [], 0
        while after is not None:
            answer = await client.get("/v1/admin/accounts", params={"after": after, "limit": 2}, headers=header)
            assert answer.status_code == 200
            assert 0 < len(answer.json()["items"]) <= 2
            seen += answer.json()["items"]
            after = answer.json()["next_after"]
        ids = [account["id"] for account in seen]
        assert ids == sorted(set(ids))
        shown = {account["id"]: account for account in seen}
        assert [shown[account.id]["username"] for account in made] == [account.username for account in made]
        assert [shown[account.id]["disabled"] for account in made] == [False, False, True, False, False]
        assert not [account for account in seen if "password_hash" in account or "email_key" in account]

    @pytest.mark.parametrize("role", [Role.GUEST, Role.OWNER])
    async def test_is_for_admins_only(self, client, door, role):
        _, header = await logged_in(door, role)
        answer = await client.get("/v1/admin/accounts", headers=header)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
        assert (await client.get("/v1/admin/accounts")).status_code == 401

    @pytest.mark.parametrize(
        "query", ["limit=0", "limit=101", "limit=x", "limit=1.5", "after=-1", f"after={2**64}", "offset=3"]
    )
    async def test_refuses_what_is_out_of_bounds(self, client, door, query):
        _, header = await logged_in(door, Role.ADMIN)
        assert (await client.get(f"/v1/admin/accounts?{query}", headers=header)).status_code == 422


class TestThePublishedKeys:
    async def test_can_be_cached_and_hold_no_secret(self, client, door):
        answer = await client.get("/.well-known/jwks.json")
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "public, max-age=300"
        assert answer.json() == door.published_keys()
        assert "d" not in answer.json()["keys"][0]


class TestTheDocument:
    async def test_describes_every_route_with_examples_and_refusals(self, house):
        document = house[2].openapi()
        described = {
            (method, path): operation for path, item in document["paths"].items() for method, operation in item.items()
        }
        assert set(described) >= {
            ("post", "/v1/accounts"),
            ("post", "/v1/sessions"),
            ("get", "/v1/me"),
            ("get", "/v1/admin/accounts"),
            ("get", "/.well-known/jwks.json"),
        }
        for operation in described.values():
            assert operation["description"]
            assert "Raises:" not in operation["description"]
        assert {"409", "422", "503"} <= set(described["post", "/v1/accounts"]["responses"])
        assert {"401", "422", "503"} <= set(described["post", "/v1/sessions"]["responses"])
        schemas = document["components"]["schemas"]
        for name in ("NewAccount", "LogInIn", "AccountOut", "SessionOut", "AccountForAdmin"):
            assert schemas[name]["examples"], name
        role = schemas["NewAccount"]["properties"]["role"]
        assert role["enum"] == ["guest", "owner"]

    async def test_examples_are_answered_as_described(self, client, house):
        schemas = house[2].openapi()["components"]["schemas"]
        example = schemas["NewAccount"]["examples"][0]
        assert (await client.post("/v1/accounts", json=example)).status_code == 202
        credentials = schemas["LogInIn"]["examples"][0]
        answer = await client.post("/v1/sessions", json=credentials)
        assert answer.status_code == 201
        for shown, given in (("SessionOut", answer.json()), ("AccountOut", answer.json()["account"])):
            # FastAPI leaves null out of examples.
            assert set(schemas[shown]["examples"][0]) == {name for name, value in given.items() if value is not None}
