"""Limits of the whole application: which store counts, which routes have a limit of their own, and what runs beside.

Security limits are counted in Redis where there is one, else in the database of accounts, so that they survive a crash
and hold for all processes. Cheap limits are counted by each process and added up behind the requests' backs.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

import structlog

from holdfast.app.settings import read_settings
from holdfast.kit.clock import Clock
from holdfast.kit.errors import HoldfastError
from holdfast.kit.http.arrivals import LimitedRoutes
from holdfast.kit.limits.database import DatabaseLimits, Kept
from holdfast.kit.limits.limits import Limit, Limits
from holdfast.kit.limits.redis import RedisLimits
from holdfast.kit.limits.settings import LimitSettings
from holdfast.kit.limits.sharing import SHARE_EVERY_S, Sharing
from holdfast.kit.limits.stores import LimitStore
from holdfast.kit.secrets import Keyring
from holdfast.kit.settings import Settings

log = structlog.get_logger()

LIMITED: Final = LimitedRoutes(
    by_place={
        ("POST", "/v1/why-not"): Limit.WHY_NOT,
    },
    by_account={
        ("POST", "/v1/quotes"): Limit.QUOTES,
        ("POST", "/v1/holds"): Limit.HOLDS,
    },
    misses=("/v1/bookings/", "/api/bookings/"),
)
"""The routes that cost much or keep stock from others."""

_PURPOSE: Final = "limits"
_TIDY_EVERY_S: Final = 60.0


def new_limits(clock: Clock) -> Limits:
    """Return the limits of a process as the environment sets them; they count in memory until `connect`.

    Raises:
        CannotStart: A limit is written wrongly.
    """
    return Limits(settings=read_settings(LimitSettings), clock=clock)


def connect(limits: Limits, settings: Settings, keyring: Keyring, kept: Kept | None) -> None:
    """Give the limits the store they count in.

    Args:
        limits: Of this process.
        settings: Of the installation.
        keyring: Its keys; subjects are hashed with one.
        kept: The database and table for counts, where the module that has it runs here.
    """
    store = _store(limits, settings, kept)
    if store is None:
        log.warning("limits.in_memory", advice="set HOLDFAST_REDIS_URL: accounts do not run in this process")
    else:
        limits.attach(store, keyring.derive(_PURPOSE))


def _store(limits: Limits, settings: Settings, kept: Kept | None) -> LimitStore | None:
    if settings.redis_url is not None:
        return RedisLimits(settings.redis_url.get_secret_value(), limits.clock)
    return None if kept is None else DatabaseLimits(*kept, limits.clock)


@asynccontextmanager
async def kept_up(limits: Limits, *, is_alone: bool) -> AsyncIterator[None]:
    """Tidy and share counts while the block runs.

    Args:
        limits: Of this process.
        is_alone: Whether no other process serves the same database.
    """
    jobs = [_every(_TIDY_EVERY_S, limits.tidy)]
    if not is_alone:
        jobs.append(_every(SHARE_EVERY_S, Sharing(limits).share))
    tasks = [asyncio.get_running_loop().create_task(job) for job in jobs]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _every(seconds: float, run: Callable[[], Awaitable[None]]) -> None:
    while True:
        await asyncio.sleep(seconds)
        try:
            await run()
        except HoldfastError as error:
            log.warning("limits.not_tidied", error=error.code)
