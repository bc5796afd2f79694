"""Cheap limits over several processes: what each has counted is added up in the store, behind the requests' backs.

Once in a while a process tells the store what those subjects have used that use much, and learns what they used
elsewhere. No request waits for that, so for so long each process knows only its own. If the store is away, requests go
on: these limits keep a server from being worn out, and refusing everybody would do just that.
"""

import asyncio
from typing import Final

import structlog

from holdfast.kit.errors import HoldfastError
from holdfast.kit.limits.limits import Limits

log = structlog.get_logger()

SHARE_EVERY_S: Final = 1.0


class Sharing:
    """Shares what subjects have used of rates with the other processes."""

    def __init__(self, limits: Limits) -> None:
        self._rates = limits.rates
        self._limits = limits

    async def share(self) -> None:
        """Tell and learn; if the store is away, each process goes on by what it knows itself."""
        now_s = self._limits.clock.monotonic()
        used = [
            (name, subject, spent_s)
            for name, rate in self._rates.items()
            for subject, spent_s in rate.to_share(now_s).items()
        ]
        try:
            await asyncio.gather(*(self._share(*each) for each in used))
        except HoldfastError as error:
            log.warning("limits.not_shared", error=error.code)

    async def _share(self, name: str, subject: str | int, spent_s: float) -> None:
        rate = self._rates[name]
        ahead_s = await self._limits.add_time(name, subject, spent_s)
        rate.shared(subject, ahead_s, self._limits.clock.monotonic())
