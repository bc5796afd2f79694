"""Checks that rules of several subjects share: a value and its pointer in, what is wrong with it out."""

import re
from collections.abc import Iterator
from math import isfinite
from typing import Final

from holdfast.catalog.rules.limits import COUNTRIES, PRICE_MAX_MINOR, zones
from holdfast.kit.errors import FieldError

# Controls and halves of surrogate pairs, as at the edge.
_NOT_IN_LINES: Final = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def whole(pointer: str, value: int, least: int, most: int) -> Iterator[FieldError]:
    """Yield what is wrong with a whole number between two others, both allowed."""
    if not least <= value <= most:
        yield _error(pointer, "out_of_range", f"This must lie between {least} and {most}.")


def real(pointer: str, value: float, least: int, most: int) -> Iterator[FieldError]:
    """Yield what is wrong with a number between two others, both allowed."""
    if not (isfinite(value) and least <= value <= most):
        yield _error(pointer, "out_of_range", f"This must lie between {least} and {most}.")


def price(pointer: str, minor: int) -> Iterator[FieldError]:
    """Yield what is wrong with an amount an owner asks."""
    return whole(pointer, minor, 0, PRICE_MAX_MINOR)


def line(pointer: str, value: str, most: int) -> Iterator[FieldError]:
    """Yield what is wrong with a text on one line that may not be blank."""
    if not value.strip():
        yield _error(pointer, "blank", "This cannot be blank.")
    if len(value) > most:
        yield _error(pointer, "too_long", f"At most {most} characters.")
    elif _NOT_IN_LINES.search(value):
        yield _error(pointer, "control_character", "Control characters are not allowed here.")


def country(pointer: str, value: str) -> Iterator[FieldError]:
    """Yield what is wrong with a country code."""
    if value not in COUNTRIES:
        yield _error(pointer, "unknown_country", "Use a country code of ISO 3166-1, such as US.")


def zone(pointer: str, value: str) -> Iterator[FieldError]:
    """Yield what is wrong with a zone."""
    if value not in zones():
        yield _error(pointer, "unknown_zone", "Use a zone of the IANA database, such as America/New_York.")


def _error(pointer: str, code: str, detail: str) -> FieldError:
    return FieldError(pointer=pointer, code=code, detail=detail)
