"""The application as a whole: its description, its documentation page, its probes, its methods."""

import gc
import json
import re
from pathlib import Path

import pytest

from holdfast.app.asgi import create_app
from holdfast.app.commands import describe_api
from holdfast.kit.settings import Settings
from support.product import product

ROOT = Path(__file__).parents[2]
METHODS = {"get", "post", "put", "patch", "delete"}

PROVES_ITSELF = {"/v1/sessions", "/v1/sessions/refresh", "/api/users/login", "/metrics"}
"""What is shown there is looked at, but is no access token."""
NOT_REFUSED = {"description": "", "content": {"application/problem+json": {"examples": {}}}}


@pytest.fixture(scope="module")
async def house(tmp_path_factory):
    async with product(f"sqlite:///{tmp_path_factory.mktemp('asgi')}/asgi.db") as running:
        yield running


@pytest.fixture(scope="module")
async def document(house):
    return (await house.client.get("/openapi.json")).json()


def operations(document):
    for path, item in document["paths"].items():
        for method in METHODS & set(item):
            yield method, path, item[method]


def media(description):
    """Everything that is said about JSON bodies inside a part of the document; pages and files need no example."""
    return [each for kind, each in description.get("content", {}).items() if "json" in kind]


class TestTheDescription:
    async def test_is_the_one_that_is_committed(self):
        committed = (ROOT / "openapi.json").read_text(encoding="utf-8")
        assert await describe_api() == committed, "run `holdfast openapi > openapi.json` and look at the difference"

    async def test_is_what_a_server_serves(self, document):
        assert document == json.loads(await describe_api())

    def test_names_every_operation_once(self, document):
        names = [operation["operationId"] for _, _, operation in operations(document)]
        assert len(names) == len(set(names)) > 40

    def test_says_what_every_operation_is_for_and_where_it_belongs(self, document):
        tags = {tag["name"] for tag in document["tags"]}
        for method, path, operation in operations(document):
            assert operation.get("description"), (method, path)
            assert "Raises:" not in operation["description"], (method, path)
            assert set(operation["tags"]) <= tags, (method, path)

    def test_says_what_is_refused_to_whoever_is_logged_in(self, document):
        asked = [each for each in operations(document) if each[2].get("security") and each[1].startswith("/v1")]
        assert len(asked) > 100
        for method, path, operation in asked:
            refused = operation["responses"].get("403", NOT_REFUSED)
            codes = set(refused["content"]["application/problem+json"]["examples"])
            assert "forbidden" in codes or {} in operation["security"], (method, path)
            assert ("csrf_failed" in codes) == (method != "get"), (method, path)
            assert all(f"`{code}`" in refused["description"] for code in codes), (method, path)

    def test_shows_an_example_of_every_body(self, document):
        def has_example(part):
            schema = part.get("schema", {})
            if "$ref" in schema:
                schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
            return any("example" in each or "examples" in each for each in (part, schema))

        lacking = [
            (method, path)
            for method, path, operation in operations(document)
            if path.startswith(("/v1", "/api"))
            for part in media(operation.get("requestBody", {}))
            + [part for status, answer in operation["responses"].items() if status[0] == "2" for part in media(answer)]
            if not has_example(part)
        ]
        assert lacking == []

    def test_says_where_a_token_is_needed(self, document):
        schemes = document["components"]["securitySchemes"]
        assert schemes["bearer"]["scheme"] == "bearer"
        assert (schemes["cookie"]["in"], schemes["cookie"]["name"]) == ("cookie", "__Host-holdfast")
        for method, path, operation in operations(document):
            if "401" in operation["responses"] and path not in PROVES_ITSELF:
                assert operation.get("security"), (method, path)


class TestTheDocumentationPage:
    async def test_needs_nothing_from_elsewhere(self, house):
        page = await house.client.get("/docs")
        assert page.headers["content-type"].startswith("text/html")
        parts = re.findall(r'(?:src|href)="([^"#]+)"', page.text)
        assert {"/docs/docs.css", "/docs/docs.js"} <= set(parts)
        for part in parts:
            assert part.startswith("/")
            answer = await house.client.get(part)
            assert answer.status_code == 200
            assert "//" not in re.sub(r"(?m)^\s*//.*$|/\*.*?\*/", "", answer.text) or part == "/openapi.json"

    async def test_may_only_load_from_this_server(self, house):
        policy = (await house.client.get("/docs")).headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy

    async def test_is_where_the_root_leads(self, house):
        answer = await house.client.get("/")
        assert (answer.status_code, answer.headers["location"]) == (307, "/docs")


class TestProbes:
    async def test_answer(self, house):
        assert (await house.client.get("/healthz")).json() == {"status": "alive"}
        assert (await house.client.get("/readyz")).json()["status"] == "ready"
        assert "holdfast" in (await house.client.get("/metrics")).text


class TestWhatIsNotThere:
    async def test_is_a_problem_document(self, house):
        for path in ("/v1/nothing", "/v2", "/admin", "/.git/config", "/debug"):
            answer = await house.client.get(path)
            assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
            assert answer.json()["code"] == "not_found"

    @pytest.mark.parametrize(
        ("method", "path", "allowed"),
        [
            ("PATCH", "/v1/bookings", {"GET", "HEAD", "POST"}),
            ("POST", "/v1/holds/hold_1", {"GET", "HEAD", "DELETE"}),
            ("DELETE", "/v1/search/stays", {"GET", "HEAD"}),
            ("TRACE", "/v1/quotes", {"POST"}),
            ("PUT", "/v1/owner/properties/1/blocks", {"GET", "HEAD", "POST"}),
        ],
    )
    async def test_other_methods_are_told_all_that_are(self, house, method, path, allowed):
        answer = await house.client.request(method, path)
        assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
        assert set(re.split(r",\s*", answer.headers["allow"])) == allowed


class TestAProcessThatOnlyServes:
    @pytest.mark.parametrize("lasting", [False, True])
    async def test_keeps_what_is_there_from_the_collector(self, tmp_path, lasting):
        settings = Settings(database_url=f"sqlite:///{tmp_path}/own.db", _env_file=None)
        app = create_app(settings, lasting=lasting)
        before = gc.get_freeze_count()
        try:
            async with app.router.lifespan_context(app):
                assert (gc.get_freeze_count() > before) is lasting
        finally:
            gc.unfreeze()
