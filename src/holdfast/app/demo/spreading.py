"""Numbers that look random and are the same on every machine, so that every demo is the same."""

import zlib
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def spread(thing: object, purpose: str) -> int:
    """Return a number for a thing, another one for each purpose."""
    return zlib.crc32(f"{purpose}:{thing}".encode()) >> 4


def pick(choices: Sequence[T], thing: object, purpose: str) -> T:
    """Return one of the choices for a thing."""
    return choices[spread(thing, purpose) % len(choices)]
