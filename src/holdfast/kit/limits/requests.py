"""Cheap limits, on the path of every request: a few dictionary look-ups, nothing awaited.

Each process counts for itself; `holdfast.kit.limits.sharing` tells it what others have counted.
"""

from typing import Final

from holdfast.kit.limits.rates import Rate

SUBJECTS_MAX: Final = 100_000
"""Beyond this, those who used nothing lately are forgotten before the next one is counted."""
_SHARED_FROM: Final = 0.1
"""The share of a window that somebody has used before others are told of it."""


class RequestRate:
    """One rate for many subjects, counted by this process, in seconds of its monotonic clock."""

    def __init__(self, rate: Rate) -> None:
        self.rate = rate
        self._window_s = float(rate.window_s)
        self._spacing_s = rate.window_s / rate.quota
        self._untils: dict[str | int, float] = {}
        self._told: dict[str | int, float] = {}
        """How far each subject was when it was last shared."""

    def take(self, subject: str | int, now_s: float, cost: int = 1) -> float:
        """Count a use; return 0, or after how many seconds it would pass (then it is not counted)."""
        until = self._untils.get(subject)
        if until is None and len(self._untils) >= SUBJECTS_MAX:
            self.tidy(now_s)
        after = max(until or now_s, now_s) + self._spacing_s * cost
        over = after - now_s - self._window_s
        if over > 0:
            return over
        self._untils[subject] = after
        return 0.0

    def charge(self, subject: str | int, now_s: float, cost: int) -> None:
        """Count what has happened, whatever is left."""
        after = max(self._untils.get(subject, now_s), now_s) + self._spacing_s * cost
        self._untils[subject] = min(after, now_s + self._window_s)

    def used_s(self, subject: str | int, now_s: float) -> float:
        """Return how many seconds of its window a subject has used."""
        return max(0.0, self._untils.get(subject, now_s) - now_s)

    def tidy(self, now_s: float) -> None:
        """Forget whoever used nothing lately."""
        self._untils = {subject: until for subject, until in self._untils.items() if until > now_s}
        self._told = {subject: until for subject, until in self._told.items() if until > now_s}

    def to_share(self, now_s: float) -> dict[str | int, float]:
        """Return how many seconds of the window those who use much have used since the last time."""
        least = now_s + self._window_s * _SHARED_FROM
        told = self._told
        return {
            subject: until - max(told.get(subject, now_s), now_s)
            for subject, until in self._untils.items()
            if until > least and until > told.get(subject, now_s)
        }

    def shared(self, subject: str | int, ahead_s: float, now_s: float) -> None:
        """Learn how far ahead of now a subject is when all processes are counted."""
        until = max(self._untils.get(subject, 0.0), now_s + min(ahead_s, self._window_s))
        self._untils[subject] = self._told[subject] = until
