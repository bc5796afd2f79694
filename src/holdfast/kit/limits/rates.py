"""The arithmetic of limits: a rate that slides, decided from one number for each subject. No I/O, no clock.

The algorithm is GCRA (ITU-T I.371), also known as a leaky bucket as a meter. A subject's number is the instant at which
everything it has used will have come back. Each use moves it forward by `window / quota`; a use that would move it
further than one window ahead of now is refused. So `quota` uses may come at once, and then one each `window / quota`
seconds; there is no edge of a window at which twice as many pass.
"""

from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass
from typing import Final

from typing_extensions import override

MICROS: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """So many in so many seconds."""

    quota: int
    window_s: int

    @property
    def window_us(self) -> int:
        """The window in microseconds."""
        return self.window_s * MICROS

    @property
    def spacing_us(self) -> int:
        """Microseconds after which one use has come back, at least 1."""
        return max(1, self.window_us // self.quota)

    def times(self, factor: int) -> "Rate":
        """Return a rate with so many times the quota."""
        return Rate(quota=self.quota * factor, window_s=self.window_s)

    @override
    def __str__(self) -> str:
        return f"{self.quota}/{self.window_s}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """One use of one subject's rate."""

    key: str
    """The subject, hashed."""
    cost_us: int
    """What it moves the subject's number by; negative: gives back."""
    window_us: int
    is_forced: bool = False
    """Whether it counts whatever was used before: something that has happened already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What came of draws that pass together or not at all."""

    refused: int | None
    """The place of the draw that did not fit; None: all passed."""
    wait_us: int
    """After how long they would pass, if nobody else draws; 0 if they did."""
    untils: tuple[int, ...]
    """The subjects' numbers now, in the order of the draws."""

    @property
    def passed(self) -> bool:
        """Whether they passed."""
        return self.refused is None


def decide(untils: MutableMapping[str, int], draws: Sequence[Draw], now_us: int) -> Verdict:
    """Decide about draws that pass together or not at all, and write the new numbers into `untils`.

    Args:
        untils: The subjects' numbers, in microseconds since 1970; a subject that is not there has used nothing.
        draws: Of subjects that differ.
        now_us: The instant, in microseconds since 1970.
    """
    after: dict[str, int] = {}
    refused, wait_us = None, 0
    for place, draw in enumerate(draws):
        used = max(untils.get(draw.key, 0), now_us)
        if used > now_us + draw.window_us:
            # No use leads there. A clock was put back or a rate was changed, and that shall shut nobody out for long.
            used = untils[draw.key] = now_us + draw.window_us
        then = max(used + draw.cost_us, now_us)
        over = then - now_us - draw.window_us
        if draw.is_forced:
            then = min(then, now_us + draw.window_us)
        elif over > 0 and over > wait_us:
            refused, wait_us = place, over
        after[draw.key] = then
    if refused is None:
        untils.update(after)
    return Verdict(
        refused=refused,
        wait_us=wait_us,
        untils=tuple(max(untils.get(draw.key, 0), now_us) for draw in draws),
    )


def remaining(draw: Draw, until_us: int, now_us: int) -> int:
    """Return how many uses of this cost would still pass."""
    room = now_us + draw.window_us - max(until_us, now_us)
    return max(0, room // draw.cost_us) if draw.cost_us > 0 else 0
