"""What the edge does to every request, whatever the route."""

import json
import re

import httpx
import pytest
import structlog
from fastapi import FastAPI
from http_app import client_of, problem_of, tiny_app
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from holdfast.kit.clock import Clock
from holdfast.kit.errors import Overloaded
from holdfast.kit.http.edge import CLIENT_GONE, Edge
from holdfast.kit.log import current_request_id
from holdfast.kit.metrics import registry
from holdfast.kit.settings import Settings

SECRET = "Zq3v8Kp1Lx7Tn4Wc9Rb2Hd6Mf5Yg0Js-"
EVERYWHERE = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "content-security-policy": (
        "default-src 'none'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
ANSWERS = [
    ("GET", "/v1/items/1", {}, 200),
    ("HEAD", "/v1/items/1", {}, 200),
    ("DELETE", "/v1/items/1", {}, 204),
    ("GET", "/nowhere", {}, 404),
    ("PATCH", "/v1/items/1", {}, 405),
    ("POST", "/v1/items", {"content": b"x" * 2_000_000}, 413),
    ("GET", "/v1/search?" + "x" * 10_000, {}, 414),
    ("GET", "/v1/me", {}, 401),
    ("GET", "/v1/failing/known", {}, 503),
    ("GET", "/v1/failing/unknown", {}, 500),
]


def counted(route, method, status):
    labels = {"route": route, "method": method, "status": str(status)}
    return registry.get_sample_value("holdfast_http_requests_total", labels) or 0


def bare(app, **settings):
    return client_of(Edge(app, settings=Settings(**settings), clock=Clock()))


class TestHeaders:
    @pytest.mark.parametrize(("method", "path", "sent", "status"), ANSWERS)
    async def test_are_on_every_answer(self, client, method, path, sent, status):
        response = await client.request(method, path, **sent)
        assert response.status_code == status
        assert {name: response.headers.get(name) for name in EVERYWHERE} == EVERYWHERE
        assert "server" not in response.headers
        assert "strict-transport-security" not in response.headers

    async def test_a_route_sets_stand(self, client):
        response = await client.get("/v1/failing/own-headers")
        assert response.headers.get_list("cache-control") == ["public, max-age=60"]
        assert response.headers.get_list("content-security-policy") == ["sandbox"]
        assert response.headers["x-content-type-options"] == "nosniff"

    async def test_insist_on_https_in_production_only(self):
        app, _ = tiny_app(environment="production", secret=SECRET)
        async with client_of(app) as client:
            response = await client.get("/nowhere")
        assert response.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"


class TestTheRequestId:
    async def test_of_the_client_is_kept(self, client):
        response = await client.get("/nowhere", headers={"x-request-id": "Trace-1.2_3"})
        assert problem_of(response)["request_id"] == "Trace-1.2_3"

    @pytest.mark.parametrize("sent", ["", "a b", "x" * 65, "ü", 'a"b', "<script>", "a;b"])
    async def test_of_the_client_is_replaced_when_it_is_not_plain(self, client, sent):
        response = await client.get("/nowhere", headers={"x-request-id": sent.encode()})
        assert re.fullmatch(r"req_[0-9A-Z]{26}-[0-9a-f]+", response.headers["x-request-id"])

    async def test_is_new_for_each_request(self, client):
        answers = [await client.get("/v1/items/1") for _ in range(20)]
        assert len({answer.headers["x-request-id"] for answer in answers}) == 20

    async def test_is_known_while_answering_and_forgotten_after(self):
        seen = []

        async def app(_scope, _receive, send):
            seen.append(current_request_id.get())
            await Response("done")(_scope, _receive, send)

        async with bare(app) as client:
            await client.get("/", headers={"x-request-id": "mine"})
        assert seen == ["mine"]
        assert current_request_id.get() is None


class TestABody:
    @pytest.mark.parametrize("limit", [1_024, 5_000])
    async def test_is_limited_as_configured(self, limit):
        app, _ = tiny_app(body_limit_bytes=limit)
        async with client_of(app) as client:
            fits = await client.post("/v1/items", content=b"[" + b" " * (limit - 2) + b"]")
            over = await client.post("/v1/items", content=b"[" + b" " * (limit - 1) + b"]")
        assert fits.status_code == 415
        assert problem_of(over)["code"] == "payload_too_large"
        assert over.headers["connection"] == "close"

    async def test_too_large_is_refused_before_it_is_read(self):
        read = []

        async def app(_scope, receive, _send):
            read.append(await receive())

        async with bare(app) as client:
            response = await client.post("/", content=b"x" * 2_000_000)
        assert response.status_code == 413
        assert read == []

    @pytest.mark.parametrize(
        "framing",
        [
            [("content-length", "2"), ("content-length", "3")],
            [("content-length", "2"), ("transfer-encoding", "chunked")],
            [("content-length", "+2")],
            [("content-length", "2, 2")],
            [("content-length", "\N{FULLWIDTH DIGIT NINE}")],
        ],
    )
    async def test_with_an_ambiguous_length_is_refused(self, client, calls, framing):
        headers = [(name.encode(), value.encode()) for name, value in framing]
        response = await client.send(
            httpx.Request("POST", "http://testserver/v1/items", headers=headers, content=b"{}")
        )
        assert (response.status_code, problem_of(response)["code"]) == (400, "ambiguous_framing")
        assert response.headers["connection"] == "close"
        assert calls == []


class TestHead:
    async def test_answers_like_get_without_a_body(self, client):
        get, head = await client.get("/v1/items/1"), await client.head("/v1/items/1")
        assert (head.status_code, head.headers["content-length"]) == (200, get.headers["content-length"])

    async def test_is_refused_where_get_is(self, client):
        assert (await client.head("/v1/items/1/extend")).status_code == 405

    async def test_leaves_the_servers_scope_alone(self):
        servers = {}

        async def app(scope, _receive, _send):
            servers["inner"] = scope["method"]

        scope = {"type": "http", "method": "HEAD", "path": "/", "query_string": b"", "headers": []}
        await Edge(app, settings=Settings(), clock=Clock())(scope, None, None)
        assert (scope["method"], servers["inner"]) == ("HEAD", "GET")


class TestHosts:
    @pytest.mark.parametrize(
        ("host", "status"),
        [
            ("api.example.com", 200),
            ("API.Example.com:8443", 200),
            ("a.b.example.org", 200),
            ("example.org", 400),
            ("evil.example", 400),
            ("api.example.com.evil.example", 400),
            ("evilexample.org", 400),
            ("", 400),
            ("api.example.com:8443:1", 400),
        ],
    )
    async def test_not_ours_are_refused(self, host, status):
        app, _ = tiny_app(allowed_hosts="api.example.com, .example.org")
        async with client_of(app) as client:
            response = await client.get("/v1/items/1", headers={"host": host})
        assert response.status_code == status
        if status == 400:
            assert problem_of(response)["code"] == "host_not_allowed"

    async def test_do_not_matter_to_probes(self):
        app, _ = tiny_app(allowed_hosts="api.example.com")
        async with client_of(app) as client:
            assert (await client.get("/healthz")).status_code == 404

    async def test_are_never_repeated(self, client):
        for path in ("/v1/items/1", "/v1/items/1/", "/nowhere", "/v1/items/1//"):
            response = await client.get(path, headers={"host": "evil.example"})
            assert "evil.example" not in str(response.headers) + response.text


class TestOrigins:
    PAGE = "https://app.example.com"
    STRANGERS = (
        *("https://app.example.com.evil.example", "http://app.example.com", "https://APP.example.com", "null", "*"),
        *("https://evil.example", "https://app.example.com:8443", "https://app.example.com/", "", "file://"),
    )

    @pytest.fixture
    async def shared(self):
        app, _ = tiny_app(cors_origins=self.PAGE)
        async with client_of(app) as client:
            yield client

    async def test_allowed_may_read(self, shared):
        response = await shared.get("/v1/items/1", headers={"origin": self.PAGE})
        assert response.headers["access-control-allow-origin"] == self.PAGE
        assert "x-request-id" in response.headers["access-control-expose-headers"]
        assert response.headers["access-control-allow-credentials"] == "true"
        assert response.headers["vary"] == "Origin"

    @pytest.mark.parametrize("origin", STRANGERS)
    async def test_others_may_not(self, shared, origin):
        response = await shared.get("/v1/items/1", headers={"origin": origin})
        assert "access-control-allow-origin" not in response.headers
        assert response.headers["vary"] == "Origin"

    async def test_allowed_pass_the_preflight(self, shared):
        asked = {"origin": self.PAGE, "access-control-request-method": "POST"}
        response = await shared.options("/v1/holds", headers=asked)
        assert response.status_code == 204
        assert response.headers["access-control-allow-origin"] == self.PAGE
        assert "POST" in response.headers["access-control-allow-methods"]
        assert "idempotency-key" in response.headers["access-control-allow-headers"]

    @pytest.mark.parametrize("origin", STRANGERS)
    async def test_others_do_not(self, shared, origin):
        asked = {"origin": origin, "access-control-request-method": "POST"}
        response = await shared.options("/v1/holds", headers=asked)
        assert (response.status_code, problem_of(response)["code"]) == (403, "origin_not_allowed")
        assert "access-control-allow-origin" not in response.headers

    async def test_none_are_allowed_by_default(self, client):
        response = await client.get("/v1/items/1", headers={"origin": self.PAGE})
        assert not [name for name in response.headers if name.startswith("access-control")]


class TestAFailure:
    async def test_nobody_expected_is_a_plain_500(self, client):
        with structlog.testing.capture_logs() as lines:
            response = await client.get("/v1/failing/unknown")
        problem = problem_of(response)
        assert (problem["code"], problem["detail"]) == ("internal_error", "Something went wrong")
        [failed] = [line for line in lines if line["event"] == "request.failed"]
        assert isinstance(failed["exc_info"], RuntimeError)
        assert failed["route"] == "/v1/failing/unknown"

    @pytest.mark.parametrize("wrapped", ["outside", "mounted"])
    async def test_is_answered_and_logged_once_however_the_application_is_put_together(self, wrapped):
        inner, _ = tiny_app()
        inner.user_middleware.clear()
        outer = inner
        if wrapped == "mounted":
            outer = FastAPI()
            outer.mount("/inner", inner)
        path = "/v1/failing/unknown" if wrapped == "outside" else "/inner/v1/failing/unknown"
        with structlog.testing.capture_logs() as lines:
            async with bare(outer) as client:
                response = await client.get(path)
        assert problem_of(response)["code"] == "internal_error"
        assert [line["event"] for line in lines].count("request.failed") == 1
        assert counted(path, "GET", 500) >= 1

    async def test_of_an_application_without_handlers_is_told_as_well(self):
        async def app(_scope, _receive, _send):
            raise Overloaded(retry_after_s=3)

        async with bare(app) as client:
            response = await client.get("/")
        assert (problem_of(response)["code"], response.headers["retry-after"]) == ("overloaded", "3")

    async def test_after_the_answer_began_leaves_it_cut_and_is_logged(self):
        sent = []

        async def app(_scope, _receive, send):
            await send({"type": "http.response.start", "status": 200, "headers": []})
            raise RuntimeError("half way")

        async def send(message):
            sent.append(message["type"])

        scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": []}
        with structlog.testing.capture_logs() as lines:
            await Edge(app, settings=Settings(), clock=Clock())(scope, None, send)
        assert sent == ["http.response.start"]
        assert [line["is_answered"] for line in lines if line["event"] == "request.failed"] == [True]

    async def test_of_a_client_that_left_is_no_failure(self):
        async def app(_scope, _receive, _send):
            raise ClientDisconnect

        before = counted("(none)", "GET", CLIENT_GONE)
        scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": []}
        with structlog.testing.capture_logs() as lines:
            await Edge(app, settings=Settings(), clock=Clock())(scope, None, None)
        assert "request.failed" not in {line["event"] for line in lines}
        assert counted("(none)", "GET", CLIENT_GONE) == before + 1


class TestACount:
    async def test_goes_by_route_template_method_and_status(self, client):
        before = counted("/v1/items/{number}", "GET", 200)
        for number in (1, 2, 3):
            await client.get(f"/v1/items/{number}")
        assert counted("/v1/items/{number}", "GET", 200) == before + 3

    async def test_has_the_prefixes_of_included_routers(self):
        inner, _ = tiny_app()
        outer = FastAPI()
        outer.include_router(inner.router, prefix="/deep")
        async with bare(outer) as client:
            await client.get("/deep/v1/items/1")
        assert counted("/deep/v1/items/{number}", "GET", 200) == 1

    async def test_of_unknown_paths_and_methods_stays_small(self, client):
        before = counted("(none)", "OTHER", 404)
        for number in range(5):
            await client.request(f"X{number}", f"/nowhere/{number}")
        assert counted("(none)", "OTHER", 404) == before + 5

    async def test_times_each_request(self, client):
        labels = {"route": "/v1/items/{number}", "method": "HEAD"}
        before = registry.get_sample_value("holdfast_http_request_seconds_count", labels) or 0
        await client.head("/v1/items/1")
        assert registry.get_sample_value("holdfast_http_request_seconds_count", labels) == before + 1

    async def test_of_requests_in_flight_returns_to_zero(self, client):
        await client.get("/v1/failing/unknown")
        assert registry.get_sample_value("holdfast_http_requests_in_flight") == 0


class TestTheAccessLine:
    @staticmethod
    async def line_of(method, path, *, settings=None, **sent):
        app, _ = tiny_app(**(settings or {}))
        with structlog.testing.capture_logs() as lines:
            async with client_of(app) as client:
                await client.request(method, path, **sent)
        return [line for line in lines if line["event"] == "request.answered"]

    async def test_of_a_refusal_names_code_route_and_account(self):
        sent = {"headers": {"authorization": "Bearer guest"}}
        [line] = await self.line_of("GET", "/v1/owner", **sent)
        told = {name: line[name] for name in ("log_level", "route", "method", "status", "code", "account_id")}
        assert told == {
            "log_level": "info",
            "route": "/v1/owner",
            "method": "GET",
            "status": 403,
            "code": "forbidden",
            "account_id": 1,
        }
        assert line["duration_ms"] >= 0

    async def test_of_our_failure_is_a_warning(self):
        [line] = await self.line_of("GET", "/v1/failing/known")
        assert (line["log_level"], line["code"]) == ("warning", "database_unavailable")

    async def test_of_a_success_is_written_at_debug(self):
        assert await self.line_of("GET", "/v1/items/1") == []
        [line] = await self.line_of("GET", "/v1/items/1", settings={"log_level": "debug"})
        assert line["log_level"] == "debug"

    async def test_holds_nothing_the_client_wrote(self):
        canary = "canary@example.com"
        [line] = await self.line_of("GET", f"/v1/items/{canary}?q={canary}", headers={"user-agent": canary})
        assert canary not in json.dumps(line)


async def test_sockets_and_the_lifespan_pass_through():
    seen = []

    async def app(scope, _receive, _send):
        seen.append(scope["type"])

    edge = Edge(app, settings=Settings(), clock=Clock())
    await edge({"type": "lifespan"}, None, None)
    await edge({"type": "websocket"}, None, None)
    assert seen == ["lifespan", "websocket"]
