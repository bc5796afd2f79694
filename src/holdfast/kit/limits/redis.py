"""Counts of limits in Redis: for several servers whose database should not be bothered with them.

A draw is an optimistic transaction: WATCH the keys, read, decide as all stores do, MULTI, write, EXEC. If another
process changed one of the keys meanwhile, nothing was written and it is done again. Draws of one process go together,
so that only processes compete, never requests. Every key ends by itself when it has nothing more to say.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import structlog
from typing_extensions import override

from holdfast.kit.clock import Clock
from holdfast.kit.db.types import to_micros
from holdfast.kit.lanes import Lane
from holdfast.kit.limits.rates import Draw, Verdict, decide
from holdfast.kit.limits.stores import RETRY_AFTER_S, LimitStore, LimitsUnavailable

log = structlog.get_logger()

_PREFIX: Final = "holdfast:limit:"
_TRIES: Final = 100
_TIMEOUT_S: Final = 2.0
_MICROS_PER_MS: Final = 1_000


class RedisLimits(LimitStore):
    """Keeps counts in one Redis database."""

    def __init__(self, url: str, clock: Clock) -> None:
        from redis.asyncio import Redis  # noqa: PLC0415 - takes long to load, and few installations use it

        self._redis: Any = Redis.from_url(
            url, protocol=2, decode_responses=True, socket_timeout=_TIMEOUT_S, socket_connect_timeout=_TIMEOUT_S
        )
        self._clock = clock
        self._lane: Lane[Sequence[Draw], Verdict] = Lane("limits", self._draw_all)

    @override
    async def draw(self, draws: Sequence[Draw]) -> Verdict:
        return await self._lane.submit(draws)

    @override
    async def untils(self, keys: Sequence[str]) -> Mapping[str, int]:
        from redis.exceptions import RedisError  # noqa: PLC0415 - as above

        try:
            return await self._read(self._redis, keys)
        except (RedisError, OSError) as error:
            raise _unavailable(error) from error

    @override
    async def tidy(self) -> None:
        return

    @override
    async def close(self) -> None:
        await self._lane.close()
        await self._redis.aclose()

    async def _draw_all(self, batch: Sequence[Sequence[Draw]]) -> list[Verdict]:
        from redis.exceptions import RedisError, WatchError  # noqa: PLC0415 - as above

        keys = sorted({draw.key for draws in batch for draw in draws})
        try:
            for _ in range(_TRIES):
                try:
                    return await self._try(batch, keys)
                except WatchError:
                    continue
        except (RedisError, OSError) as error:
            raise _unavailable(error) from error
        raise LimitsUnavailable("Too many processes count the same thing.", retry_after_s=1)

    async def _try(self, batch: Sequence[Sequence[Draw]], keys: Sequence[str]) -> list[Verdict]:
        async with self._redis.pipeline(transaction=True) as pipe:
            await pipe.watch(*(_PREFIX + key for key in keys))
            untils = await self._read(pipe, keys)
            before = dict(untils)
            now_us = to_micros(self._clock.now())
            verdicts = [decide(untils, draws, now_us) for draws in batch]
            pipe.multi()
            for key, until in untils.items():
                if before.get(key) != until:
                    pipe.set(_PREFIX + key, until, px=max(1, (until - now_us) // _MICROS_PER_MS + 1))
            await pipe.execute()
            return verdicts

    async def _read(self, redis: Any, keys: Sequence[str]) -> dict[str, int]:
        found = await redis.mget([_PREFIX + key for key in keys])
        return {key: int(until) for key, until in zip(keys, found, strict=True) if until is not None}


def _unavailable(error: Exception) -> LimitsUnavailable:
    log.warning("limits.redis_unavailable", error=type(error).__name__)
    return LimitsUnavailable(retry_after_s=RETRY_AFTER_S)
