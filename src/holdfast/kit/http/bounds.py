"""Find what a request may make as large as it likes: numbers, texts and lists without a largest value."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

_DIVING: Final = ("anyOf", "oneOf", "allOf", "prefixItems")
_SIZED_FORMATS: Final = frozenset({"date", "date-time", "time", "uuid"})


def _is_bounded_number(schema: Mapping[str, Any]) -> bool:
    return ("minimum" in schema or "exclusiveMinimum" in schema) and (
        "maximum" in schema or "exclusiveMaximum" in schema
    )


def _is_bounded_text(schema: Mapping[str, Any]) -> bool:
    return "maxLength" in schema or schema.get("format") in _SIZED_FORMATS


def _is_bounded_list(schema: Mapping[str, Any]) -> bool:
    return "maxItems" in schema


def _is_bounded_object(schema: Mapping[str, Any]) -> bool:
    return schema.get("additionalProperties", False) is False or "maxProperties" in schema


def _is_small(_: Mapping[str, Any]) -> bool:
    return True


def _is_composed(schema: Mapping[str, Any]) -> bool:
    return "$ref" in schema or any(key in schema for key in _DIVING)


_TESTS: Final[Mapping[str, Callable[[Mapping[str, Any]], bool]]] = {
    "string": _is_bounded_text,
    "integer": _is_bounded_number,
    "number": _is_bounded_number,
    "array": _is_bounded_list,
    "object": _is_bounded_object,
    "boolean": _is_small,
    "null": _is_small,
}


def _is_bounded(schema: Mapping[str, Any]) -> bool:
    if "enum" in schema or "const" in schema:
        return True
    return _TESTS.get(schema.get("type", ""), _is_composed)(schema)


def _parts(schema: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, part in schema.get("properties", {}).items():
        yield f"/{name}", part
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            yield "/*", schema[key]
    for key in _DIVING:
        for part in schema.get(key, ()):
            yield "", part


def unbounded(schema: Mapping[str, Any]) -> list[str]:
    """Return where a JSON schema sets no bounds, as pointers into the value it describes."""
    definitions: Mapping[str, Any] = schema.get("$defs", {})
    found: list[str] = []
    seen: set[str] = set()
    waiting: list[tuple[str, Mapping[str, Any]]] = [("", schema)]
    while waiting:
        path, part = waiting.pop()
        reference = part.get("$ref")
        if reference is not None:
            if reference not in seen:
                seen.add(reference)
                waiting.append((path, definitions[reference.rsplit("/", 1)[-1]]))
            continue
        if not _is_bounded(part):
            found.append(path or "/")
        waiting.extend((path + step, child) for step, child in _parts(part))
    return sorted(found)
