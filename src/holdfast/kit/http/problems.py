"""Render every refusal as RFC 9457 problem+json, the same shape everywhere.

A route raises a `HoldfastError` and is done. Fields that do not validate become one `invalid` problem whose `errors`
name every field by JSON pointer and a stable code. `responses(HoldExpired, CapacityTaken)` documents a route's errors.
"""

import http
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, get_args

import msgspec
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict
from pydantic_core.core_schema import ErrorType
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import Scope

from holdfast.kit.errors import FieldError, HoldfastError, Invalid, NotFound
from holdfast.kit.http.json import FINDINGS_MAX, pointer_of
from holdfast.kit.http.keys import KeyMalformed, KeyMissing, is_key_header
from holdfast.kit.http.refusals import AmbiguousFraming, InternalError, MethodNotAllowed, PayloadTooLarge
from holdfast.kit.http.scopes import REFUSAL
from holdfast.kit.log import current_request_id

MEDIA_TYPE: Final = "application/problem+json"

_DETAIL_MAX: Final = 300
_INSTANCE_MAX: Final = 2_048

_CODES: Final[Mapping[str, str]] = {
    "missing": "missing_field",
    "extra_forbidden": "unknown_field",
    "string_too_long": "too_long",
    "string_too_short": "too_short",
    "too_long": "too_long",
    "too_short": "too_short",
    "string_pattern_mismatch": "invalid_format",
    "enum": "invalid_choice",
    "literal_error": "invalid_choice",
    "union_tag_invalid": "invalid_choice",
    "union_tag_not_found": "missing_field",
    "greater_than": "out_of_range",
    "greater_than_equal": "out_of_range",
    "less_than": "out_of_range",
    "less_than_equal": "out_of_range",
    "int_parsing_size": "out_of_range",
    "finite_number": "out_of_range",
    "multiple_of": "out_of_range",
    "value_error": "invalid_value",
    "assertion_error": "invalid_value",
}
_PYDANTIC_TYPES: Final = frozenset(get_args(ErrorType))

FIELD_CODES: Final[Mapping[str, str]] = {
    "blank": "The text has only white space.",
    "card_number_refused": "The text looks like a card number. Use the token the provider's form gives you.",
    "control_character": "The text holds a control character.",
    "invalid_choice": "The value is none of those listed.",
    "invalid_date": "Not an existing date written like 2026-12-31.",
    "invalid_format": "The text does not look the way it has to.",
    "invalid_instant": "Not an existing instant written like 2026-12-31T23:59:00Z.",
    "invalid_time": "Not a time written like 15:00.",
    "invalid_value": "The value does not make sense here.",
    "missing_field": "The field is needed.",
    "number_out_of_range": "No computer's number is that large.",
    "offset_missing": "The instant lacks its offset from UTC.",
    "out_of_range": "The number is too small or too large.",
    "too_long": "The text or list is too long.",
    "too_short": "The text or list is too short.",
    "type_error": "Another type was expected; nothing is converted.",
    "unknown_field": "There is no such field or query parameter here.",
    "unsupported_currency": "No currency we trade in; codes are three capital letters.",
}
"""What the edge itself says of single fields, for the error reference; modules add codes of their own."""


class FieldProblem(BaseModel):
    """One wrong field."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    pointer: str
    """JSON pointer into the body (`/items/0/guests`), or `#query/limit`, `#header/if-match`."""
    code: str
    """Stable; listed in the error reference."""
    detail: str
    """For people; may change."""


class Problem(BaseModel):
    """Why a request was refused (RFC 9457). Some codes carry further members, named in the error reference."""

    model_config = ConfigDict(extra="allow", use_attribute_docstrings=True)

    type: str
    """`urn:holdfast:error:<code>`."""
    title: str
    """What this code means, for people."""
    status: int
    """The HTTP status."""
    detail: str
    """What was wrong this time, for people."""
    instance: str
    """The path that was asked for."""
    code: str
    """Stable; listed in the error reference. Decide by it."""
    request_id: str | None
    """Quote it when you ask for help; also in `X-Request-ID`."""
    errors: list[FieldProblem] = []
    """Every wrong field, where fields were wrong."""


def problem_document(error: HoldfastError, *, instance: str, request_id: str | None) -> dict[str, Any]:
    """Return the members of the problem document for an error."""
    document: dict[str, Any] = dict(error.extra)
    document |= {
        "type": f"urn:holdfast:error:{error.code}",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "instance": instance[:_INSTANCE_MAX],
        "code": error.code,
        "request_id": request_id,
    }
    if error.errors:
        document["errors"] = [
            {"pointer": each.pointer, "code": each.code, "detail": each.detail} for each in error.errors[:FINDINGS_MAX]
        ]
    return document


def _instance(scope: Scope) -> str:
    raw = scope.get("raw_path")
    path: str = raw.decode("ascii", "replace") if raw else scope["path"]
    return path


def problem_response(scope: Scope, error: HoldfastError, headers: Mapping[str, str] | None = None) -> Response:
    """Return the answer that tells of an error; also notes its code for the access log."""
    scope[REFUSAL] = error.code
    document = problem_document(error, instance=_instance(scope), request_id=current_request_id.get())
    response = Response(msgspec.json.encode(document), error.status, headers=headers, media_type=MEDIA_TYPE)
    if error.retry_after_s is not None:
        response.headers["retry-after"] = str(error.retry_after_s)
    if error.replayed:
        response.headers["idempotent-replayed"] = "true"
    if error.status == http.HTTPStatus.UNAUTHORIZED:
        response.headers["www-authenticate"] = "Bearer"
    if isinstance(error, (PayloadTooLarge, AmbiguousFraming)):
        response.headers["connection"] = "close"  # where the next request would begin is not known
    return response


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HoldfastError)  # noqa: S101 - registered for this class only
    return problem_response(request.scope, error)


async def _not_valid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class only
    return problem_response(request.scope, refusal_of(error.errors(), error.body))


async def _http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class only
    headers = {name.lower(): value for name, value in (error.headers or {}).items()}
    if error.status_code == http.HTTPStatus.METHOD_NOT_ALLOWED:
        headers["allow"] = ", ".join(sorted(_methods_here(request))) or headers.get("allow", "")
    return problem_response(request.scope, _of_status(error.status_code), headers)


async def _unexpected(request: Request, _: Exception) -> Response:
    return problem_response(request.scope, InternalError())  # the edge logs the exception, once


def _of_status(status: int) -> HoldfastError:
    for known in (NotFound, MethodNotAllowed, PayloadTooLarge):
        if known.status == status:
            return known()
    other = HoldfastError(http.HTTPStatus(status).phrase)
    other.status = status  # type: ignore[misc]  # one instance with a status of its own, from a library's exception
    other.code = f"http_{status}"  # type: ignore[misc]  # the same
    other.title = other.detail  # type: ignore[misc]  # the same
    return other


def _methods_here(request: Request) -> set[str]:
    """Starlette names the methods of the first route that matched the path; several routes may share one."""
    methods: set[str] = set()
    for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
        scope = dict(request.scope) | {"method": method, "path_params": {}}
        if any(route.matches(scope)[0] is Match.FULL for route in request.app.router.routes):
            methods.add(method)
    return methods | {"HEAD"} if "GET" in methods else methods


def refusal_of(errors: Iterable[Mapping[str, Any]], body: Any) -> HoldfastError:
    """Return the refusal for what pydantic found wrong with a request.

    A path that does not parse is answered like a thing that does not exist, and so that no answer tells more.
    """
    findings: list[FieldError] = []
    for error in errors:
        source = error["loc"][0] if error["loc"] else "body"
        if source == "path":
            return NotFound()
        if source == "header" and is_key_header(str(error["loc"][-1])):
            return KeyMissing() if error["type"] == "missing" else KeyMalformed()
        if len(findings) < FINDINGS_MAX and not _is_echo(error):
            findings.append(_finding(error, body))
    return Invalid(errors=findings)


def _is_echo(error: Mapping[str, Any]) -> bool:
    """Whether a list was found too short only because pydantic does not count its members that are wrong."""
    return error["type"] == "too_short" and bool(len(error["input"]) >= error["ctx"]["min_length"])


def _finding(error: Mapping[str, Any], body: Any) -> FieldError:
    loc: Sequence[str | int] = error["loc"]
    code = code_of(error["type"])
    if loc and loc[0] in {"query", "header", "cookie"}:
        pointer = f"#{loc[0]}{pointer_of(*loc[1:])}"
    else:
        pointer = pointer_of(*_path_in(body, loc[1:], may_be_absent=code == "missing_field"))
    return FieldError(pointer=pointer, code=code, detail=_detail(error))


def code_of(error_type: str) -> str:
    """Return our stable code for a pydantic error type; types of our own are codes already."""
    if error_type in _CODES:
        return _CODES[error_type]
    if error_type not in _PYDANTIC_TYPES:
        return error_type
    return (
        "type_error" if error_type.endswith(("_type", "_parsing", "_from_float", "_instance_of")) else "invalid_value"
    )


def _detail(error: Mapping[str, Any]) -> str:
    if error["type"] == "union_tag_invalid":  # pydantic's own text repeats what was sent
        return f"Choose one of: {error['ctx']['expected_tags']}."[:_DETAIL_MAX]
    return str(error["msg"])[:_DETAIL_MAX]


def _path_in(body: Any, loc: Sequence[str | int], *, may_be_absent: bool) -> list[str | int]:
    """Keep the parts of a pydantic location that are places in the body; unions add names of their own."""
    path: list[str | int] = []
    node = body
    for at, part in enumerate(loc):
        is_here, child = _child(node, part)
        if is_here:
            node = child
        elif at < len(loc) - 1 or not may_be_absent:
            continue
        path.append(part)
    return path


def _child(node: Any, part: str | int) -> tuple[bool, Any]:
    if isinstance(node, dict) and part in node:
        return True, node[part]
    if isinstance(node, list) and isinstance(part, int) and part < len(node):
        return True, node[part]
    return False, None


def responses(*errors: type[HoldfastError]) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI `responses=` of a route that raises these errors, an example for each."""
    documented: dict[int | str, dict[str, Any]] = {}
    for error in errors:
        entry = documented.setdefault(error.status, {"description": "", "content": {}})
        content = entry["content"].setdefault(MEDIA_TYPE, {"schema": {"$ref": "#/components/schemas/Problem"}})
        text = " ".join((error.__doc__ or error.title).split())
        entry["description"] += f"{' · ' if entry['description'] else ''}`{error.code}`: {text}"
        example = problem_document(error(), instance="/v1/…", request_id="req_01JD3Z8Q4T9XW2M5N7P0R6S1VB")
        content.setdefault("examples", {})[error.code] = {"summary": error.title, "value": example}
    return documented


ANY_PROBLEM: Final[dict[int | str, dict[str, Any]]] = {
    "default": {
        "description": "Any refusal, as problem+json.",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
}
"""What every route of ours may answer besides its success."""


def _with_problem(openapi: dict[str, Any]) -> dict[str, Any]:
    schemas = openapi.setdefault("components", {}).setdefault("schemas", {})
    if "Problem" not in schemas:
        schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas |= schema.pop("$defs")
        schemas["Problem"] = schema
    return openapi


def install(app: FastAPI) -> None:
    """Make an application (and each one mounted in it) answer with problems, and describe them in its OpenAPI."""
    app.add_exception_handler(HoldfastError, _refused)
    app.add_exception_handler(RequestValidationError, _not_valid)
    app.add_exception_handler(HTTPException, _http_exception)
    app.add_exception_handler(Exception, _unexpected)
    plain_openapi = app.openapi

    def openapi() -> dict[str, Any]:
        return _with_problem(plain_openapi())

    app.openapi = openapi  # type: ignore[method-assign]  # the way FastAPI documents to extend the document
