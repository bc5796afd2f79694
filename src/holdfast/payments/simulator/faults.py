"""What may be asked to go wrong, and where."""

from typing import Final

import msgspec

ANSWERS: Final = (
    "timeout_before",
    "timeout_after",
    "error_before",
    "error_after",
    "conflict",
    "rate_limited",
    "garbage",
    "empty",
    "slow",
)
"""What may befall any request. `before` and `after` are about the effect; `conflict` (409), `rate_limited` (429),
`garbage` and `empty` (200 with what cannot be read) come before it; `slow` answers late but rightly."""
BEFORE: Final = frozenset({"timeout_before", "error_before", "conflict", "rate_limited", "garbage", "empty"})
MESSAGE: Final = "message"
OPERATIONS: Final = {
    "create": (*ANSWERS, "decline", "other_amount", "other_currency"),
    "retrieve": ANSWERS,
    "find": ANSWERS,
    "capture": (*ANSWERS, "decline"),
    "cancel": ANSWERS,
    "refund": (*ANSWERS, "decline", "fails"),
    "refunds": ANSWERS,
    "keep": (*ANSWERS, "decline"),
    "forget": ANSWERS,
    MESSAGE: ("drop", "delay", "duplicate", "reorder", "forge"),
}
"""Which faults there are for what."""
SECONDS_MOST: Final = 600.0


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """A fault that strikes a request."""

    what: str
    seconds: float

    @property
    def is_before(self) -> bool:
        """Whether it strikes before there is any effect."""
        return self.what in BEFORE
