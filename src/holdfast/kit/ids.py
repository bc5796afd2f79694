"""Ids, numbers and codes. All randomness of the product comes from here.

An id is `<prefix>_` and 26 characters of Crockford base 32: 48 bits of milliseconds, 80 random bits. It sorts by time,
so that new rows land side by side in an index, and is never reused. See docs/decisions/0006-ids.md.
"""

import secrets
from itertools import count

from holdfast.kit.clock import Clock

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = [a + b for a in _ALPHABET for b in _ALPHABET]
_NUMBER_EPOCH_MS = 1_704_067_200_000  # 2024-01-01: leaves 53-bit numbers room until 2058
_CODE_LENGTH = 10


def _base32(value: int, pairs: int) -> str:
    parts = []
    for _ in range(pairs):
        value, low = divmod(value, 1024)
        parts.append(_PAIRS[low])
    return "".join(reversed(parts))


def new_id(prefix: str, clock: Clock) -> str:
    """Return a new id such as `hold_01JD3Z…`, sortable by time, not a secret."""
    millis = int(clock.now().timestamp() * 1000)
    return f"{prefix}_{_base32(millis << 82 | secrets.randbits(80) << 2, 13)}"


class Numbers:
    """Makes whole numbers below 2**53 that grow with time and are unique with high probability across processes.

    41 bits of milliseconds, then 12 bits that start at a random point in each process and count up. A clash between
    two processes is caught by the database's UNIQUE and the row is written again with the next number.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._low = count(secrets.randbits(12))

    def new(self) -> int:
        """Return the next number; safe as a JSON number in every language."""
        millis = int(self._clock.now().timestamp() * 1000) - _NUMBER_EPOCH_MS
        return (millis << 12) | (next(self._low) & 0xFFF)


def new_code() -> str:
    """Return a short code for people to read out: 50 random bits, ten characters without I, L, O and U."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(_CODE_LENGTH))


def new_secret() -> str:
    """Return 256 random bits as URL-safe text."""
    return secrets.token_urlsafe(32)
