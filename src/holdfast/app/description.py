"""Finishes openapi.json: adds the Home Rental contract, and an example to each list whose items have one."""

from typing import Any

from fastapi import FastAPI

_ITEMS = "items"


def complete(app: FastAPI, mounted: dict[str, FastAPI]) -> None:
    """Make an application describe what is mounted in it too.

    Args:
        app: Describes itself already.
        mounted: Applications by the prefix they are mounted under.
    """
    own_openapi = app.openapi

    def openapi() -> dict[str, Any]:
        document = own_openapi()
        for prefix, other in mounted.items():
            for path, item in other.openapi()["paths"].items():
                document["paths"].setdefault(f"{prefix}{path}", item)
        schemas = document.get("components", {}).get("schemas", {})
        for schema in schemas.values():
            _show_list(schema, schemas)
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # the way FastAPI documents to extend the document


def _show_list(schema: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Give a page an example: one item, and nothing after it."""
    properties = schema.get("properties", {})
    reference = properties.get(_ITEMS, {}).get("items", {}).get("$ref", "")
    shown = schemas.get(reference.rpartition("/")[2], {}).get("examples")
    if shown and "examples" not in schema:
        schema["examples"] = [{_ITEMS: shown[:1], **{name: None for name in properties if name.startswith("next_")}}]
