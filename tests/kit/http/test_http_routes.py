"""What `Router` insists on when a route is declared, and what it leaves alone."""

import re
from typing import Annotated, Any

import pytest
from fastapi import Body, FastAPI, Query
from http_app import Nothing, client_of, problem_of
from pydantic import Field, RootModel

from holdfast.kit.clock import Clock
from holdfast.kit.http.edge import Edge
from holdfast.kit.http.problems import install
from holdfast.kit.http.routes import Router
from holdfast.kit.http.wire import Between, DayField, Digits, Line, Wire, items
from holdfast.kit.settings import Settings


class Unlimited(Wire):
    number: int


class Inner(Wire):
    names: list[Annotated[str, Line(3)]]


class Outer(Wire):
    inner: Annotated[tuple[Inner, ...], items(2)]
    more: dict[str, str] | None = None


class Tree(Wire):
    name: Annotated[str, Line(3)]
    leaves: "Annotated[tuple[Tree, ...], items(2)]" = ()


class Whatever(RootModel[Any]):
    pass


class Fine(Wire):
    day: DayField
    ratio: Annotated[float, Field(gt=0, lt=1)]
    tree: Tree | None = None


class TestADeclaration:
    @pytest.mark.parametrize(
        ("model", "fault"),
        [
            (Unlimited, "body /number"),
            (Inner, "body /names"),
            (Outer, "body /inner/*/names"),
            (Whatever, "body /"),
            (str, "body /"),
        ],
    )
    def test_of_a_body_without_bounds_is_refused(self, model, fault):
        async def endpoint(body: Annotated[model, Body()]) -> Nothing:
            return Nothing(body)

        with pytest.raises(TypeError, match=f"/x: no bounds for {re.escape(fault)}"):
            Router().post("/x")(endpoint)

    @pytest.mark.parametrize("kind", [int, str, float, list[str], Annotated[list[Annotated[str, Line(3)]], Query()]])
    def test_of_a_query_without_bounds_is_refused(self, kind):
        async def endpoint(value: Annotated[kind, Query()]) -> Nothing:
            return Nothing(value)

        with pytest.raises(TypeError, match="no bounds for query value"):
            Router().get("/x")(endpoint)

    def test_of_a_body_with_bounds_is_taken_however_deep(self):
        async def endpoint(body: Fine) -> Nothing:
            return Nothing(body)

        router = Router()
        router.post("/x")(endpoint)
        assert [route.path for route in router.routes] == ["/x"]

    @pytest.mark.parametrize("method", ["get", "delete"])
    def test_of_a_body_where_none_can_be_is_refused(self, method):
        async def endpoint(body: Fine) -> Nothing:
            return Nothing(body)

        with pytest.raises(TypeError, match="take no body"):
            getattr(Router(), method)("/x")(endpoint)

    def test_of_a_plain_function_is_refused(self):
        def endpoint() -> Nothing:
            return Nothing()

        with pytest.raises(TypeError, match="async def"):
            Router().get("/x")(endpoint)


class Search(Wire):
    limit: Annotated[int, Digits(1, 10)] = 5
    since: Annotated[DayField | None, Field(alias="from")] = None


@pytest.fixture
async def client():
    router = Router()

    @router.get("/model")
    async def model(query: Annotated[Search, Query()]) -> int:
        return query.limit

    @router.post("/optional")
    async def optional(body: Fine | None = None) -> bool:
        return body is not None

    @router.post("/number")
    async def number(body: Annotated[int, Body(), Between(1, 5)]) -> int:
        return body

    @router.get("/nothing", status_code=204)
    async def nothing() -> None: ...

    app = FastAPI(redirect_slashes=False)
    app.include_router(router, prefix="/v9")
    install(app)
    app.add_middleware(Edge, settings=Settings(), clock=Clock())
    async with client_of(app) as one:
        yield one


class TestARequest:
    @pytest.mark.parametrize(
        ("query", "status"),
        [
            ("", 200),
            ("limit=3&from=2026-01-01", 200),
            ("since=2026-01-01", 422),
            ("limit=3&limit=4", 400),
            ("x=1", 422),
        ],
    )
    async def test_may_fill_a_model_from_the_query(self, client, query, status):
        assert (await client.get(f"/v9/model?{query}")).status_code == status

    async def test_may_leave_out_an_optional_body(self, client):
        assert (await client.post("/v9/optional")).json() is False
        day = {"day": "2026-01-01", "ratio": 0.5}
        assert (await client.post("/v9/optional", json=day)).json() is True
        assert problem_of(await client.post("/v9/optional", content=b"{"))["code"] == "unsupported_media_type"

    async def test_may_be_a_bare_value(self, client):
        assert (await client.post("/v9/number", json=3)).json() == 3
        assert (await client.post("/v9/number", json=6)).status_code == 422

    async def test_with_a_slash_too_many_finds_nothing_and_goes_nowhere(self, client):
        response = await client.get("/v9/model/", headers={"host": "evil.example"})
        assert problem_of(response)["code"] == "not_found"

    async def test_may_be_answered_with_nothing(self, client):
        response = await client.get("/v9/nothing")
        assert (response.status_code, response.content) == (204, b"")


class TestAcceptance:
    @pytest.mark.parametrize(
        ("accept", "status"),
        [
            ("*/*", 200),
            ("application/json", 200),
            ("application/*", 200),
            ("APPLICATION/JSON", 200),
            ("text/html;q=0.9,application/json;q=0.1", 200),
            ("text/html, */*;q=0.1", 200),
            ("application/json; version=1", 200),
            ("text/html", 406),
            ("text/*", 406),
            ("application/json;q=0", 406),
            ("application/json;q=0.000, */*", 406),
            ("application/*;q=0, */*;q=1", 406),
            ("*/*;q=0", 406),
            ("json", 406),
            (",", 406),
        ],
    )
    async def test_follows_the_most_specific_range(self, client, accept, status):
        response = await client.get("/v9/model", headers={"accept": accept})
        assert response.status_code == status

    async def test_of_anything_goes_without_the_header(self, client):
        del client.headers["accept"]
        assert (await client.get("/v9/model")).status_code == 200
