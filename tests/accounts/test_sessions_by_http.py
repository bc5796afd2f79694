"""Goal: over HTTP a session is worth nothing to whoever should not have it: a forger, a thief, another page.

Method: the application in this process on each engine; cookies are sent as a browser would, and as another page can
make it.
"""

import json
from http.cookies import SimpleCookie

import httpx
import pytest
from test_accounts_tokens import FORGED

from holdfast.app.asgi import create_app
from holdfast.app.settings import RunSettings
from holdfast.kit.settings import Settings
from support.product import PASSWORD, SECRET, product

HOST = "http://holdfast.test"
LISTED = "https://app.example.com"
ACCESS, REFRESH, CSRF = "__Host-holdfast", "__Secure-holdfast-refresh", "__Host-holdfast-csrf"


@pytest.fixture(scope="module")
async def site(url):
    async with product(url, modules=("accounts",)) as running:
        await running.person("anna")
        yield running


@pytest.fixture(scope="module")
async def one_site(tmp_path_factory):
    """On SQLite, for tests in which the engine plays no part; one other origin is listed."""
    url = f"sqlite:///{tmp_path_factory.mktemp('sessions')}/one.db"
    settings = Settings(database_url=url, secret=SECRET, cors_origins=LISTED)
    app = create_app(settings, RunSettings(modules=("accounts",)))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=HOST) as client,
    ):
        accounts = app.state.assembly.door("accounts")
        await accounts.register(username="anna", email="anna@example.com", password=PASSWORD)
        yield client


async def log_in(client, **wanted):
    body = {"email": "anna@example.com", "password": PASSWORD, **wanted}
    return await client.post("/v1/sessions", json=body, headers=wanted.pop("headers", None))


class Browser:
    """Keeps cookies as a browser does, and sends them with whatever is asked."""

    def __init__(self, client):
        self.client, self.jar = client, {}

    async def opened(self):
        self.client.cookies.clear()
        answer = await log_in(self.client, mode="cookie")
        assert answer.status_code == 201, answer.text
        self.take(answer)
        self.csrf = answer.json()["csrf_token"]
        self.said = answer.json()
        return self

    def take(self, answer):
        for line in answer.headers.get_list("set-cookie"):
            for name, morsel in SimpleCookie(line).items():
                self.jar[name] = morsel
        self.client.cookies.clear()

    async def ask(self, method, path, *, body=None, cookies=(ACCESS,), **headers):
        sent = "; ".join(f"{name}={self.jar[name].value}" for name in cookies)
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.request(method, path, json=body, headers={"cookie": sent, **headers})


def codes(answer):
    return (answer.status_code, answer.json().get("code"))


class TestLoggingInAndOut:
    async def test_gives_tokens_that_are_good_until_log_out(self, site):
        given = (await log_in(site.client)).json()
        bearer = {"authorization": f"Bearer {given['access_token']}"}
        assert (await site.client.get("/v1/me", headers=bearer)).json()["username"] == "anna"
        listed = (await site.client.get("/v1/me/sessions", headers=bearer)).json()["items"]
        assert [each["id"] for each in listed if each["is_current"]] == [given["session_id"]]
        carried = await site.client.post("/v1/sessions/refresh", json={"refresh_token": given["refresh_token"]})
        assert carried.status_code == 201
        assert (await site.client.delete("/v1/sessions/current", headers=bearer)).status_code == 204
        for token in (given["access_token"], carried.json()["access_token"]):
            refusal = await site.client.get("/v1/me", headers={"authorization": f"Bearer {token}"})
            assert codes(refusal) == (401, "unauthenticated")
        refusal = await site.client.post(
            "/v1/sessions/refresh", json={"refresh_token": carried.json()["refresh_token"]}
        )
        assert codes(refusal) == (401, "refresh_refused")

    async def test_on_one_other_device_or_on_all(self, site):
        one, two, three = [(await log_in(site.client)).json() for _ in range(3)]
        bearer = [{"authorization": f"Bearer {each['access_token']}"} for each in (one, two, three)]
        ended = await site.client.delete(f"/v1/me/sessions/{two['session_id']}", headers=bearer[0])
        assert ended.status_code == 204
        assert [(await site.client.get("/v1/me", headers=each)).status_code for each in bearer] == [200, 401, 200]
        kept = await site.client.delete("/v1/me/sessions?keep_current=true", headers=bearer[0])
        assert kept.json()["ended"] >= 1
        assert [(await site.client.get("/v1/me", headers=each)).status_code for each in bearer] == [200, 401, 401]
        assert (await site.client.delete("/v1/me/sessions", headers=bearer[0])).json() == {"ended": 1}
        assert (await site.client.get("/v1/me", headers=bearer[0])).status_code == 401

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"email": "anna@example.com"},
            {"password": PASSWORD},
            {"email": "anna@example.com", "password": PASSWORD, "mode": "magic"},
            {"email": "anna@example.com", "password": PASSWORD, "role": "admin"},
            {"email": "anna@example.com", "password": PASSWORD, "organization_id": True},
        ],
    )
    async def test_with_something_else_is_refused(self, one_site, body):
        assert (await one_site.post("/v1/sessions", json=body)).status_code == 422

    async def test_for_an_organization_of_others_is_refused(self, one_site):
        assert codes(await log_in(one_site, organization_id=999)) == (404, "not_found")


class TestAForgedToken:
    @pytest.mark.parametrize("name", [name for name, token in FORGED.items() if token.isascii() and "\n" not in token])
    async def test_is_401_and_says_how_to_log_in(self, one_site, name):
        answer = await one_site.get("/v1/me", headers={"authorization": f"Bearer {FORGED[name]}"[:8000]})
        assert codes(answer) == (401, "unauthenticated")
        assert answer.headers["www-authenticate"].startswith("Bearer")

    async def test_is_no_better_in_a_cookie(self, one_site):
        for name in ("alg none", "a foreign key in jwk", "HS256 with the public key as PEM"):
            answer = await one_site.get("/v1/me", headers={"cookie": f"{ACCESS}={FORGED[name]}"})
            assert codes(answer) == (401, "unauthenticated")


class TestCookies:
    async def test_can_be_read_by_no_script_and_go_over_https_to_this_host_alone(self, one_site):
        jar = (await Browser(one_site).opened()).jar
        for name in (ACCESS, CSRF):
            assert (jar[name]["path"], jar[name]["domain"], jar[name]["secure"]) == ("/", "", True)
        assert (jar[ACCESS]["httponly"], jar[ACCESS]["samesite"]) == (True, "lax")
        refresh = jar[REFRESH]
        assert (refresh["httponly"], refresh["secure"], refresh["samesite"]) == (True, True, "strict")
        assert (refresh["path"], refresh["domain"]) == ("/v1/sessions", "")

    async def test_hold_the_tokens_so_that_the_body_does_not(self, one_site):
        browser = await Browser(one_site).opened()
        assert (browser.said["access_token"], browser.said["refresh_token"]) == (None, None)
        for name in (ACCESS, REFRESH):
            assert browser.jar[name].value not in json.dumps(browser.said)

    async def test_let_a_page_read_without_a_csrf_token_and_change_with_one(self, site):
        browser = await Browser(site.client).opened()
        assert (await browser.ask("GET", "/v1/me")).json()["username"] == "anna"
        assert codes(await browser.ask("DELETE", "/v1/sessions/current")) == (403, "csrf_failed")
        assert (await browser.ask("DELETE", "/v1/sessions/current", x_csrf_token=browser.csrf)).status_code == 204
        assert (await browser.ask("GET", "/v1/me")).status_code == 401

    @pytest.mark.parametrize("token", ["", "x", "0" * 64, "é"])
    async def test_with_a_wrong_csrf_token_change_nothing(self, one_site, token):
        browser = await Browser(one_site).opened()
        answer = await browser.ask("DELETE", "/v1/me/sessions", x_csrf_token=token.encode())
        assert codes(answer) == (403, "csrf_failed")
        assert (await browser.ask("GET", "/v1/me")).status_code == 200

    async def test_with_the_csrf_token_of_another_session_change_nothing(self, one_site):
        mine, theirs = await Browser(one_site).opened(), await Browser(one_site).opened()
        answer = await mine.ask("DELETE", "/v1/me/sessions", x_csrf_token=theirs.csrf)
        assert codes(answer) == (403, "csrf_failed")

    @pytest.mark.parametrize(
        "headers",
        [
            {"origin": "https://evil.example"},
            {"origin": "null"},
            {"origin": "https://holdfast.test.evil.example"},
            {"sec_fetch_site": "cross-site"},
            {"sec_fetch_site": "same-site"},
            {"origin": HOST, "sec_fetch_site": "cross-site"},
        ],
    )
    async def test_from_a_page_elsewhere_change_nothing(self, one_site, headers):
        browser = await Browser(one_site).opened()
        answer = await browser.ask("DELETE", "/v1/me/sessions", x_csrf_token=browser.csrf, **headers)
        assert codes(answer) == (403, "csrf_failed")

    @pytest.mark.parametrize(
        "headers",
        [{"origin": HOST}, {"sec_fetch_site": "same-origin"}, {"origin": LISTED, "sec_fetch_site": "cross-site"}],
    )
    async def test_from_this_page_or_a_listed_one_do(self, one_site, headers):
        browser = await Browser(one_site).opened()
        answer = await browser.ask("DELETE", "/v1/sessions/current", x_csrf_token=browser.csrf, **headers)
        assert answer.status_code == 204

    async def test_are_not_looked_at_beside_a_header(self, one_site):
        browser, given = await Browser(one_site).opened(), (await log_in(one_site)).json()
        bearer = f"Bearer {given['access_token']}"
        assert (await browser.ask("DELETE", "/v1/sessions/current", authorization=bearer)).status_code == 204
        assert (await browser.ask("GET", "/v1/me")).status_code == 200
        assert (await browser.ask("GET", "/v1/me", authorization="Bearer x")).status_code == 401

    async def test_sent_twice_are_refused(self, one_site):
        browser = await Browser(one_site).opened()
        assert (await browser.ask("GET", "/v1/me", cookies=(ACCESS, ACCESS))).status_code == 401

    @pytest.mark.parametrize("body", [{}, None])
    async def test_carry_the_session_on_with_the_csrf_token(self, site, body):
        browser = await Browser(site.client).opened()
        both = {"body": body, "cookies": (ACCESS, REFRESH)}
        assert codes(await browser.ask("POST", "/v1/sessions/refresh", **both)) == (403, "csrf_failed")
        elsewhere = {"x_csrf_token": browser.csrf, "origin": "https://evil.example"}
        assert codes(await browser.ask("POST", "/v1/sessions/refresh", **both, **elsewhere)) == (403, "csrf_failed")
        old = browser.jar[REFRESH].value
        carried = await browser.ask("POST", "/v1/sessions/refresh", **both, x_csrf_token=browser.csrf)
        assert carried.status_code == 201
        browser.take(carried)
        assert browser.jar[REFRESH].value != old
        assert (await browser.ask("GET", "/v1/me")).status_code == 200

    async def test_that_are_not_there_carry_nothing_on(self, one_site):
        for said in ({"json": {}}, {}):
            assert codes(await one_site.post("/v1/sessions/refresh", **said)) == (401, "refresh_refused")

    async def test_are_not_set_for_a_page_elsewhere(self, one_site):
        body = {"email": "anna@example.com", "password": PASSWORD, "mode": "cookie"}
        answer = await one_site.post("/v1/sessions", json=body, headers={"origin": "https://evil.example"})
        assert codes(answer) == (403, "csrf_failed")
        assert "set-cookie" not in answer.headers

    async def test_are_taken_away_at_log_out(self, one_site):
        browser = await Browser(one_site).opened()
        browser.take(await browser.ask("DELETE", "/v1/sessions/current", x_csrf_token=browser.csrf))
        assert {browser.jar[name]["max-age"] for name in (ACCESS, REFRESH, CSRF)} == {"0"}

    async def test_tell_the_page_its_csrf_token_again(self, one_site):
        browser = await Browser(one_site).opened()
        assert (await browser.ask("GET", "/v1/sessions/current")).json()["csrf_token"] == browser.csrf
        given = (await log_in(one_site)).json()
        bearer = {"authorization": f"Bearer {given['access_token']}"}
        assert (await one_site.get("/v1/sessions/current", headers=bearer)).json()["csrf_token"] is None


class TestCredentialsOfAnotherOrigin:
    async def test_are_allowed_to_listed_pages_alone(self, one_site):
        for origin, allowed in ((LISTED, "true"), ("https://evil.example", None)):
            answer = await one_site.get("/.well-known/jwks.json", headers={"origin": origin})
            assert answer.headers.get("access-control-allow-credentials") == allowed
