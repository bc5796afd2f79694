"""Requests that come too often, and what an answer says of it."""

import pytest
from fastapi import FastAPI
from http_app import PEOPLE, client_of, problem_of, tiny_app

from holdfast.kit.clock import Clock
from holdfast.kit.http.arrivals import LimitedRoutes
from holdfast.kit.http.edge import Edge
from holdfast.kit.limits.limits import Limit, Limits
from holdfast.kit.limits.settings import LimitSettings
from holdfast.kit.origin import current_origin
from holdfast.kit.settings import Settings

ROUTES = LimitedRoutes(
    by_place={("POST", "/v1/items"): Limit.WHY_NOT},
    by_account={("GET", "/v1/me"): Limit.QUOTES},
    misses=("/v1/named/", "/nowhere/"),
)


def limited(settings=None, **rates):
    """A client of the tiny application with these limits, and who is behind its proxy."""
    inner, _ = tiny_app()
    inner.user_middleware.clear()
    limits = Limits(settings=LimitSettings(_env_file=None, **{"times": 1, **rates}))
    edge = Edge(inner, settings=Settings(**(settings or {})), clock=Clock(), limits=limits, limited=ROUTES)
    return client_of(edge)


def bearer(role):
    return {"authorization": f"Bearer {role}"}


class TestTooManyRequests:
    async def test_from_a_place_are_told_to_wait(self):
        async with limited(requests_address="3/60") as client:
            answers = [await client.get("/v1/items/1") for _ in range(4)]
        assert [each.status_code for each in answers] == [200, 200, 200, 429]
        assert problem_of(answers[3])["code"] == "too_many_requests"
        assert answers[3].json()["limit"] == "requests_address"
        assert answers[3].headers["retry-after"] == "20"
        assert answers[3].headers["ratelimit-policy"] == '"requests_address";q=3;w=60'
        assert answers[3].headers["ratelimit"] == '"requests_address";r=0;t=60'
        assert "ratelimit" not in answers[0].headers

    async def test_for_an_account_are_told_to_wait_wherever_they_come_from(self):
        settings = {"trusted_proxies": "127.0.0.1"}
        async with limited(settings, requests_account="3/60") as client:
            statuses = [
                (
                    await client.get("/v1/me", headers=bearer("guest") | {"x-forwarded-for": f"203.0.113.{each}"})
                ).status_code
                for each in range(4)
            ]
            other = await client.get("/v1/me", headers=bearer("owner"))
        assert (statuses, other.status_code) == ([200, 200, 200, 429], 200)

    async def test_of_a_route_do_not_close_others(self):
        async with limited(why_not="2/60") as client:
            bodies = [await client.post("/v1/items", json={"guests": 1}) for _ in range(3)]
            other = await client.get("/v1/items/1")
        assert [each.status_code for each in bodies] == [201, 201, 429]
        assert bodies[0].headers["ratelimit"] == '"why_not";r=1;t=30'
        assert bodies[0].headers["ratelimit-policy"] == '"why_not";q=2;w=60'
        assert other.status_code == 200

    async def test_of_a_route_are_counted_by_account(self):
        async with limited(quotes="2/60") as client:
            statuses = [(await client.get("/v1/me", headers=bearer("guest"))).status_code for _ in range(3)]
            other = await client.get("/v1/me", headers=bearer("owner"))
        assert (statuses, other.status_code) == ([200, 200, 429], 200)

    @pytest.mark.parametrize("path", ["/healthz", "/readyz"])
    async def test_are_never_those_of_whoever_watches_over_the_process(self, path):
        async with limited(requests_address="1/60") as client:
            statuses = [(await client.get(path)).status_code for _ in range(5)]
        assert statuses == [404] * 5  # there are no probes in the tiny application

    async def test_are_not_avoided_by_a_made_up_address(self):
        async with limited(requests_address="3/60") as client:
            statuses = [
                (await client.get("/v1/items/1", headers={"x-forwarded-for": f"203.0.113.{each}"})).status_code
                for each in range(5)
            ]
        assert statuses == [200, 200, 200, 429, 429]

    async def test_are_counted_by_the_client_behind_a_trusted_proxy(self):
        async with limited({"trusted_proxies": "127.0.0.0/8"}, requests_address="1/60") as client:
            statuses = [
                (await client.get("/v1/items/1", headers={"x-forwarded-for": f"203.0.113.{each % 2}"})).status_code
                for each in range(4)
            ]
        assert statuses == [200, 200, 429, 429]


class TestGuessing:
    async def test_what_is_not_there_comes_to_an_end(self):
        async with limited(lookup="5/600") as client:
            statuses = [(await client.get(f"/nowhere/{each}")).status_code for each in range(7)]
            found = await client.get("/v1/items/1")
        assert statuses == [404] * 5 + [429] * 2
        assert found.status_code == 200

    async def test_is_told_how_much_is_left(self):
        async with limited(lookup="5/600") as client:
            answers = [await client.get("/nowhere/1") for _ in range(2)]
        assert [each.headers["ratelimit"] for each in answers] == ['"lookup";r=4;t=120', '"lookup";r=3;t=240']

    async def test_is_not_what_finds_something(self):
        async with limited(lookup="2/600") as client:
            statuses = [(await client.get("/v1/named/x")).status_code for _ in range(9)]
        assert statuses == [200] * 9


class TestWhoAsks:
    async def test_is_known_while_the_request_is_answered_and_not_after(self):
        seen = []
        app = FastAPI()

        @app.get("/")
        async def look() -> None:
            seen.append(current_origin.get())

        edge = Edge(app, settings=Settings(), clock=Clock())
        async with client_of(edge) as client:
            await client.get("/", headers={"user-agent": "x" * 1_000, "x-request-id": "Trace-1"})
        [origin] = seen
        assert (origin.address, origin.request_id, origin.device) == ("127.0.0.1", "Trace-1", "x" * 200)
        assert origin.account_id is None
        assert current_origin.get() is None

    async def test_is_an_account_once_the_token_was_checked(self):
        seen = []
        app, _ = tiny_app()

        async def check_token(token):
            return PEOPLE[token]

        @app.middleware("http")
        async def after(request, call_next):
            answer = await call_next(request)
            seen.append(request.scope.get("holdfast.account_id"))
            return answer

        app.state.check_token = check_token
        async with client_of(app) as client:
            await client.get("/v1/me", headers=bearer("owner"))
        assert seen == [2]
