"""Read JSON the way a server that sells things must: one meaning per document, or a refusal.

Stricter than RFC 8259 asks: no member twice in an object, at most 32 levels, no NaN or Infinity, no number beyond what
a double holds, no half surrogates, no NUL in any text. The common case is one pass of the standard decoder; anything
suspicious (an escape, deep nesting, a failure) is looked at again, slowly, to say where it is.
"""

import json
import math
from collections.abc import Callable, Iterator
from typing import Any, Final

from holdfast.kit.errors import FieldError, Invalid
from holdfast.kit.http.cards import hide_card, holds_card, may_hold_card
from holdfast.kit.http.refusals import (
    CardNumberRefused,
    DuplicateKey,
    InvalidEncoding,
    InvalidUnicode,
    JsonTooDeep,
    MalformedJson,
)

DEPTH_MAX: Final = 32
"""Arrays and objects inside each other."""

FINDINGS_MAX: Final = 50
"""Most findings one answer names."""

_POINTER_MAX: Final = 200
_BOM: Final = b"\xef\xbb\xbf"
_TOO_DEEP: Final = f"The body may nest {DEPTH_MAX} levels."


class _UnreadableError(ValueError):
    """The first pass met something that only the second pass can point at."""


class _Repeated(dict[str, Any]):
    """An object with a member named twice."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        seen: set[str] = set()
        self.names = list(dict.fromkeys(name for name, _ in pairs if name in seen or seen.add(name)))  # type: ignore[func-returns-value]  # `add` returns None: the idiom for "second time"


class _OutOfRange:
    """A number too large to be one."""


_OUT_OF_RANGE: Final = _OutOfRange()


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _UnreadableError
    return members


def _float(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise _UnreadableError
    return number


def _constant(name: str) -> float:
    raise json.JSONDecodeError(f"{name} is not JSON", name, 0)


def _object_or_repeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    return members if len(members) == len(pairs) else _Repeated(pairs)


def _float_or_out_of_range(digits: str) -> Any:
    number = float(digits)
    return _OUT_OF_RANGE if math.isinf(number) else number


def _int_or_out_of_range(digits: str) -> Any:
    try:
        return int(digits)
    except ValueError:  # longer than the interpreter converts, which is quadratic work
        return _OUT_OF_RANGE


_decode: Final[Callable[[str], Any]] = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=_float, parse_constant=_constant
).decode
_decode_slowly: Final[Callable[[str], Any]] = json.JSONDecoder(
    object_pairs_hook=_object_or_repeated,
    parse_float=_float_or_out_of_range,
    parse_int=_int_or_out_of_range,
    parse_constant=_constant,
).decode


def pointer_of(*parts: str | int) -> str:
    """Return the JSON pointer (RFC 6901) to a place in a body, cut to a length that can be answered and logged."""
    pointer = "".join("/" + hide_card(str(part)[:_POINTER_MAX]).replace("~", "~0").replace("/", "~1") for part in parts)
    return pointer if len(pointer) <= _POINTER_MAX else pointer[:_POINTER_MAX] + "…"


def _children(value: Any) -> list[tuple[str | int, Any]]:
    if type(value) is list:
        return list(enumerate(value))
    return list(value.items()) if isinstance(value, dict) else []


def _walk(value: Any) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Yield every value with its path, outermost first, without recursion.

    Raises:
        JsonTooDeep: Something lies deeper than `DEPTH_MAX`.
    """
    stack: list[tuple[tuple[str | int, ...], Any]] = [((), value)]
    while stack:
        path, node = stack.pop()
        yield path, node
        children = _children(node)
        if len(path) >= DEPTH_MAX and isinstance(node, (list, dict)):
            raise JsonTooDeep(_TOO_DEEP)
        stack.extend(((*path, name), child) for name, child in reversed(children))


def _texts(path: tuple[str | int, ...], node: Any) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(node, str):
        yield path, node
    elif isinstance(node, dict):
        for name in node:
            yield (*path, name), name


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _escaped(pointer: str) -> str:
    return pointer.encode("utf-8", "backslashreplace").decode()


def _check_texts(value: Any) -> None:
    """Look for what escapes can smuggle into texts.

    Raises:
        InvalidUnicode: A text holds half a surrogate pair.
        Invalid: A text holds NUL, which no database engine stores alike.
    """
    findings: list[FieldError] = []
    for path, node in _walk(value):
        for place, text in _texts(path, node):
            if not _is_unicode(text):
                finding = FieldError(
                    pointer=_escaped(pointer_of(*place)), code="invalid_unicode", detail="Half a surrogate pair."
                )
                raise InvalidUnicode(errors=[finding])
            if "\x00" in text and len(findings) < FINDINGS_MAX:
                findings.append(
                    FieldError(
                        pointer=pointer_of(*place), code="control_character", detail="The text holds a NUL character."
                    )
                )
    if findings:
        raise Invalid(errors=findings)


def _check_cards(value: Any) -> None:
    """Look for card numbers.

    Raises:
        CardNumberRefused: A text or a name holds one.
    """
    findings = [
        FieldError(pointer=pointer_of(*place), code="card_number_refused", detail="This looks like a card number.")
        for path, node in _walk(value)
        for place, text in _texts(path, node)
        if holds_card(text)
    ]
    if findings:
        raise CardNumberRefused(errors=findings[:FINDINGS_MAX])


def _second_look(text: str) -> Any:
    """Read again with care to say what is wrong where; return the value where nothing is.

    Raises:
        DuplicateKey: An object names a member twice.
        Invalid: A number is out of range.
        JsonTooDeep: The nesting has no end.
    """
    value = _decode_slowly(text)
    repeated: list[FieldError] = []
    too_large: list[FieldError] = []
    for path, node in _walk(value):
        if isinstance(node, _Repeated):
            repeated.extend(
                FieldError(pointer=_escaped(pointer_of(*path, name)), code="duplicate_key", detail="Named twice.")
                for name in node.names
            )
        elif node is _OUT_OF_RANGE:
            too_large.append(
                FieldError(
                    pointer=_escaped(pointer_of(*path)), code="number_out_of_range", detail="The number is too large."
                )
            )
    if repeated:
        raise DuplicateKey(errors=repeated[:FINDINGS_MAX])
    if too_large:
        raise Invalid(errors=too_large[:FINDINGS_MAX])
    return value


def _text_of(body: bytes) -> str:
    if not body or body.isspace():
        raise MalformedJson("The body is empty.")
    if body.startswith(_BOM):
        raise MalformedJson("The body begins with a byte order mark; leave it out.")
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise InvalidEncoding("The body must be UTF-8.") from error


def _decode_with_care(text: str) -> Any:
    try:
        return _decode(text)
    except json.JSONDecodeError:
        raise
    except ValueError:  # ours, or a whole number too long to convert
        return _second_look(text)


def _value_of(text: str) -> Any:
    try:
        return _decode_with_care(text)
    except json.JSONDecodeError as error:
        if "\x00" in text:  # UTF-16 and UTF-32 without a mark look like this
            raise InvalidEncoding("The body must be UTF-8.") from error
        raise MalformedJson(f"{error.msg} at character {error.pos}.") from error
    except RecursionError as error:
        raise JsonTooDeep(_TOO_DEEP) from error


def read_json(body: bytes) -> Any:
    """Return the one JSON value of a body.

    Raises:
        MalformedJson: Not JSON, or nothing at all, or more than one document.
        DuplicateKey: An object names a member twice.
        JsonTooDeep: More than `DEPTH_MAX` levels.
        InvalidUnicode: Half a surrogate pair in a text.
        InvalidEncoding: Not UTF-8.
        Invalid: A number no double holds (`number_out_of_range`), or NUL in a text (`control_character`).
        CardNumberRefused: A text looks like a card number.
    """
    value = _value_of(_text_of(body))
    has_escapes = b"\\u" in body
    if has_escapes or may_hold_card(body):
        _check_cards(value)
    if has_escapes:
        _check_texts(value)
    elif body.count(b"[") + body.count(b"{") > DEPTH_MAX:
        for _ in _walk(value):
            pass
    return value
