"""Ids, numbers and codes. All randomness of the product comes from here.

An id is `<prefix>_` and 26 characters of Crockford base 32: 48 bits of milliseconds, 80 random bits. It sorts by time,
so that new rows land side by side in an index, and is never reused. See docs/decisions/0006-ids.md.
"""

import secrets

from holdfast.kit.clock import Clock

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = [a + b for a in _ALPHABET for b in _ALPHABET]
_NUMBER_EPOCH_MS = 1_704_067_200_000  # 2024-01-01: 41 bits of milliseconds last until 2093
_SLOT_BITS = _STEP_BITS = 6
_SLOTS, _STEPS = 1 << _SLOT_BITS, 1 << _STEP_BITS
_CODE_BITS = 50


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
    """Makes whole numbers below 2**53 that grow with time and are unique among processes with different slots.

    41 bits of milliseconds, 6 bits of slot, 6 bits that count within the millisecond. A busy process borrows from the
    next millisecond rather than repeat itself. Slots repeat after 64 starts; what clashes then is caught by the
    database's UNIQUE.
    """

    def __init__(self, clock: Clock, slot: int) -> None:
        self._clock = clock
        self._slot = (slot % _SLOTS) << _STEP_BITS
        self._last_ms = 0
        self._step = 0

    def new(self) -> int:
        """Return the next number; safe as a JSON number in every language."""
        millis = int(self._clock.now().timestamp() * 1000) - _NUMBER_EPOCH_MS
        if millis > self._last_ms:
            self._last_ms, self._step = millis, 0
        elif self._step + 1 < _STEPS:
            self._step += 1
        else:
            self._last_ms, self._step = self._last_ms + 1, 0
        return self._last_ms << (_SLOT_BITS + _STEP_BITS) | self._slot | self._step


def new_code() -> str:
    """Return a short code for people to read out: 50 random bits, ten characters without I, L, O and U."""
    return _base32(secrets.randbits(_CODE_BITS), _CODE_BITS // 10)


def new_secret() -> str:
    """Return 256 random bits as URL-safe text."""
    return secrets.token_urlsafe(32)
