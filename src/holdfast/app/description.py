"""Finishes openapi.json: the Home Rental contract, what is refused to any caller, cookies, and examples of lists."""

from typing import Any, Final

from fastapi import FastAPI

from holdfast.kit.csrf import CsrfFailed
from holdfast.kit.errors import Forbidden, HoldfastError
from holdfast.kit.http.cookies import ACCESS, HEADER
from holdfast.kit.http.problems import MEDIA_TYPE, responses

_ITEMS: Final = "items"
_CHANGING: Final = ("post", "put", "patch", "delete")
_COOKIE: Final = "cookie"
_BY_COOKIE: Final = {
    "type": "apiKey",
    "in": "cookie",
    "name": ACCESS,
    "description": (
        "The access token as `POST /v1/sessions` with `mode: cookie` leaves it with a browser. It is good wherever "
        f"`bearer` is; whatever changes something needs `{HEADER}` besides. With an `Authorization` header it is not "
        "looked at."
    ),
}
"""How a browser says who asks. Said here once and not with every operation, where it is only another `bearer`."""


def complete(app: FastAPI, mounted: dict[str, FastAPI]) -> None:
    """Make an application describe what is mounted in it too.

    Args:
        app: Describes itself already.
        mounted: Applications by the prefix they are mounted under.
    """
    own_openapi = app.openapi

    def openapi() -> dict[str, Any]:
        document = own_openapi()
        for path, item in document["paths"].items():
            for method, operation in item.items():
                if not path.startswith(tuple(mounted)):  # those are what they are
                    _tell_refusals(method, operation)
        for prefix, other in mounted.items():
            for path, item in other.openapi()["paths"].items():
                document["paths"].setdefault(f"{prefix}{path}", item)
        schemas = document.get("components", {}).get("schemas", {})
        for schema in schemas.values():
            _show_list(schema, schemas)
        document.setdefault("components", {}).setdefault("securitySchemes", {})[_COOKIE] = _BY_COOKIE
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # the way FastAPI documents to extend the document


def _tell_refusals(method: str, operation: dict[str, Any]) -> None:
    """Add what is refused wherever one is, or may be, logged in, so that no route has to say so."""
    security = operation.get("security", [])
    if security and {} not in security:
        _tell(operation, Forbidden)
    if security and method in _CHANGING:
        _tell(operation, CsrfFailed)


def _tell(operation: dict[str, Any], error: type[HoldfastError]) -> None:
    [added] = responses(error).values()
    status, told = str(error.status), operation["responses"]
    before = told.get(status, {})
    examples = before.get("content", {}).get(MEDIA_TYPE, {}).get("examples", {})
    if error.code in examples:
        return
    # Anew, because routes share what they say of their errors.
    shown = {**added["content"][MEDIA_TYPE], "examples": examples | added["content"][MEDIA_TYPE]["examples"]}
    entry = {
        "description": " · ".join(filter(None, (before.get("description"), added["description"]))),
        "content": before.get("content", {}) | {MEDIA_TYPE: shown},
    }
    operation["responses"] = dict(sorted({**told, status: before | entry}.items()))


def _show_list(schema: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Give a page an example: one item, and nothing after it."""
    properties = schema.get("properties", {})
    reference = properties.get(_ITEMS, {}).get("items", {}).get("$ref", "")
    shown = schemas.get(reference.rpartition("/")[2], {}).get("examples")
    if shown and "examples" not in schema:
        schema["examples"] = [{_ITEMS: shown[:1], **{name: None for name in properties if name.startswith("next_")}}]
