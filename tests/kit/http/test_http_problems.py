import json

import pytest
from fastapi import FastAPI
from http_app import client_of, problem_of
from pydantic_core import PydanticCustomError
from starlette.exceptions import HTTPException

from holdfast.kit.errors import DatabaseUnavailable, FieldError, HoldfastError, Invalid, NotFound
from holdfast.kit.http import refusals
from holdfast.kit.http.cursors import CursorInvalid
from holdfast.kit.http.keys import KeyMalformed, KeyMissing
from holdfast.kit.http.problems import (
    FIELD_CODES,
    MEDIA_TYPE,
    Problem,
    code_of,
    install,
    problem_document,
    refusal_of,
    responses,
)
from holdfast.kit.http.routes import Router
from holdfast.kit.http.wire import MoneyOut, PathNumber


class TestAProblem:
    async def test_has_the_members_of_its_error(self, client):
        response = await client.get("/v1/failing/known?", headers={"x-request-id": "mine"})
        assert problem_of(response) == {
            "type": "urn:holdfast:error:database_unavailable",
            "title": "The database cannot be reached",
            "status": 503,
            "detail": "The database is away.",
            "instance": "/v1/failing/known",
            "code": "database_unavailable",
            "request_id": "mine",
            "engine": "sqlite",
        }
        assert response.headers["retry-after"] == "7"

    async def test_of_an_earlier_request_says_so(self, client):
        response = await client.get("/v1/failing/replayed")
        assert response.headers["idempotent-replayed"] == "true"

    def test_cannot_be_forged_by_further_members(self):
        error = NotFound(extra={"status": 200, "code": "fine", "request_id": "x", "near": [1, 2]})
        document = problem_document(error, instance="/x", request_id="y")
        assert (document["status"], document["code"], document["request_id"]) == (404, "not_found", "y")
        assert document["near"] == [1, 2]

    def test_names_at_most_fifty_fields(self):
        error = Invalid(errors=[FieldError(pointer=f"/{n}", code="type_error", detail="x") for n in range(60)])
        assert len(problem_document(error, instance="/", request_id=None)["errors"]) == 50

    def test_shows_a_bounded_part_of_the_path(self):
        document = problem_document(NotFound(), instance="/" + "x" * 10_000, request_id=None)
        assert len(document["instance"]) == 2_048

    async def test_shows_the_path_as_it_was_sent(self, client):
        response = await client.get("/v1/items/%3Cscript%3E%0a")
        assert problem_of(response)["instance"] == "/v1/items/%3Cscript%3E%0a"

    async def test_is_the_same_for_what_is_not_there_and_what_is_no_id(self, client):
        there, nowhere = await client.get("/v1/items/x"), await client.get("/v1/nowhere")
        varying = {"instance", "request_id"}
        assert {name: value for name, value in there.json().items() if name not in varying} == {
            name: value for name, value in nowhere.json().items() if name not in varying
        }

    @pytest.mark.parametrize(("status", "code"), [(404, "not_found"), (413, "payload_too_large"), (418, "http_418")])
    async def test_stands_for_exceptions_of_the_framework(self, status, code):
        app = FastAPI()
        install(app)

        @app.get("/")
        async def endpoint() -> None:
            raise HTTPException(status, detail="secret", headers={"X-More": "1"})

        async with client_of(app) as client:
            response = await client.get("/")
        assert (response.status_code, response.json()["code"]) == (status, code)
        assert response.headers["x-more"] == "1"
        assert "secret" not in response.text


class TestACode:
    @pytest.mark.parametrize(
        ("error_type", "code"),
        [
            ("int_type", "type_error"),
            ("string_type", "type_error"),
            ("bool_parsing", "type_error"),
            ("int_from_float", "type_error"),
            ("is_instance_of", "type_error"),
            ("model_attributes_type", "type_error"),
            ("missing", "missing_field"),
            ("extra_forbidden", "unknown_field"),
            ("greater_than", "out_of_range"),
            ("multiple_of", "out_of_range"),
            ("literal_error", "invalid_choice"),
            ("string_pattern_mismatch", "invalid_format"),
            ("value_error", "invalid_value"),
            ("recursion_loop", "invalid_value"),
            ("of_our_own", "of_our_own"),
        ],
    )
    def test_is_ours_for_each_kind_of_pydantics(self, error_type, code):
        assert code_of(error_type) == code

    def test_of_an_error_of_our_own_is_its_type(self):
        error = PydanticCustomError("too_far", "Too far.")
        found = refusal_of([{"type": error.type, "loc": ("body", "at"), "msg": "Too far."}], {"at": 1})
        assert [(each.pointer, each.code) for each in found.errors] == [("/at", "too_far")]

    def test_of_every_error_class_is_its_own(self):
        classes = [
            each for each in vars(refusals).values() if isinstance(each, type) and issubclass(each, HoldfastError)
        ]
        classes += [KeyMissing, KeyMalformed, CursorInvalid]
        codes = [each.code for each in classes if each is not HoldfastError]
        assert len(codes) == len(set(codes)) == 20

    def test_of_fields_is_explained(self):
        assert all(FIELD_CODES.values())


class TestTheDocument:
    @pytest.fixture
    def document(self):
        router = Router(prefix="/v1")

        @router.get("/{number}", responses=responses(NotFound, DatabaseUnavailable, refusals.HostNotAllowed))
        async def get(number: PathNumber) -> MoneyOut:
            return MoneyOut(amount=number, currency="USD")

        app = FastAPI()
        app.include_router(router)
        install(app)
        app.openapi()
        return app.openapi()

    def test_describes_each_error_with_an_example(self, document):
        answers = document["paths"]["/v1/{number}"]["get"]["responses"]
        assert set(answers) == {"200", "404", "503", "400", "default"}
        content = answers["503"]["content"][MEDIA_TYPE]
        assert content["schema"] == {"$ref": "#/components/schemas/Problem"}
        example = content["examples"]["database_unavailable"]["value"]
        assert Problem.model_validate(example).status == 503
        assert "Nothing was done" in answers["503"]["description"]

    def test_has_the_problem_and_nothing_of_fastapis_own(self, document):
        schemas = document["components"]["schemas"]
        assert {"Problem", "FieldProblem", "MoneyOut"} <= set(schemas)
        assert "HTTPValidationError" not in json.dumps(document)
        assert "422" not in json.dumps(document["paths"])

    def test_says_what_a_money_amount_is(self, document):
        assert document["components"]["schemas"]["MoneyOut"]["properties"]["amount"]["description"]


def test_errors_of_one_status_stand_side_by_side():
    documented = responses(KeyMissing, KeyMalformed)[400]
    assert set(documented["content"][MEDIA_TYPE]["examples"]) == {KeyMissing.code, KeyMalformed.code}
    assert documented["description"].count("`") >= 4


def test_what_a_model_says_of_itself_is_a_value_error():
    errors = [{"type": "value_error", "loc": ("body",), "msg": "Value error, ends before it begins", "input": {}}]
    [error] = refusal_of(errors, {}).errors
    assert (error.pointer, error.code) == ("", "invalid_value")
