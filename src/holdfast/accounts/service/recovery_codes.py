"""Recovery codes: what somebody has left who lost their authenticator app. Each is good once.

A code has 120 random bits, so that its plain SHA-256 can be kept: nobody finds it by trying (ASVS 5, 6.5.2).
"""

import hashlib
import re
from typing import Final

from holdfast.kit.ids import new_code

COUNT: Final = 10
LENGTH: Final = 24
"""Characters of Crockford's base 32, five bits each."""

_GROUP: Final = 4
_FORM: Final = re.compile(r"[0-9A-HJKMNP-TV-Z]{24}")
_READ_AS: Final = str.maketrans("ILO", "110", " -")


def new_codes() -> tuple[str, ...]:
    """Return a set of codes, in groups of four characters."""
    return tuple(_new_code() for _ in range(COUNT))


def plain_code(typed: str) -> str | None:
    """Return a code as it is hashed, whatever its case and spacing; None if it cannot be one."""
    plain = typed.upper().translate(_READ_AS)
    return plain if _FORM.fullmatch(plain) else None


def code_hash(plain: str) -> str:
    """Return what is stored of a code."""
    return hashlib.sha256(plain.encode()).hexdigest()


def _new_code() -> str:
    letters = (new_code() + new_code() + new_code())[:LENGTH]
    return "-".join(letters[at : at + _GROUP] for at in range(0, LENGTH, _GROUP))
