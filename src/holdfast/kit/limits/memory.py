"""Counts of limits in the memory of one process: they end with it, and no other process sees them."""

from collections.abc import Mapping, Sequence
from typing import Final

from typing_extensions import override

from holdfast.kit.clock import Clock
from holdfast.kit.db.types import to_micros
from holdfast.kit.limits.rates import Draw, Verdict, decide
from holdfast.kit.limits.stores import LimitStore

SUBJECTS_MAX: Final = 100_000
"""Beyond this, those that have used nothing lately are forgotten before the next one is counted."""


class MemoryLimits(LimitStore):
    """Keeps counts in a dictionary; the event loop makes every draw one step."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._untils: dict[str, int] = {}

    @override
    async def draw(self, draws: Sequence[Draw]) -> Verdict:
        if len(self._untils) > SUBJECTS_MAX:
            await self.tidy()
        return decide(self._untils, draws, to_micros(self._clock.now()))

    @override
    async def untils(self, keys: Sequence[str]) -> Mapping[str, int]:
        return {key: self._untils[key] for key in keys if key in self._untils}

    @override
    async def tidy(self) -> None:
        now_us = to_micros(self._clock.now())
        self._untils = {key: until for key, until in self._untils.items() if until > now_us}

    @override
    async def close(self) -> None:
        return
