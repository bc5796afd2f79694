"""What is limited, by name, and how to ask.

```python
await limits.take("recovery", email_key)            # one more, or TooManyRequests
taken = await limits.take_all(("login_pair", pair), ("login_address", address))   # all of them or none
await limits.give_back(taken)                       # it was no failure after all
```

Take before you look, and give back: whoever looks first and counts afterwards lets through as many as come at once.
Never call it inside a transaction: the count is kept in one of its own, whatever becomes of yours.
"""

import hashlib
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from math import ceil
from typing import Any, Final, NoReturn

import structlog

from holdfast.kit.clock import Clock
from holdfast.kit.db.types import to_micros
from holdfast.kit.errors import HoldfastError
from holdfast.kit.limits.memory import MemoryLimits
from holdfast.kit.limits.rates import MICROS, Draw, Rate, remaining
from holdfast.kit.limits.requests import RequestRate
from holdfast.kit.limits.settings import LimitSettings
from holdfast.kit.limits.stores import KEY_LENGTH, LimitStore

log = structlog.get_logger()

_SUBJECTS_BLOCKED_MAX: Final = 10_000


class Limit(StrEnum):
    """The named limits; each has a setting of its name."""

    LOGIN_PAIR = "login_pair"
    LOGIN_ACCOUNT = "login_account"
    LOGIN_ADDRESS = "login_address"
    LOGIN_GLOBAL = "login_global"
    SECOND_FACTOR = "second_factor"
    RECOVERY = "recovery"
    RECOVERY_ADDRESS = "recovery_address"
    REGISTER = "register"
    MAIL = "mail"
    LOOKUP = "lookup"
    EXPORTS = "exports"
    WHY_NOT = "why_not"
    QUOTES = "quotes"
    HOLDS = "holds"
    HOLD_MINUTES = "hold_minutes"
    REQUESTS_ACCOUNT = "requests_account"
    REQUESTS_ADDRESS = "requests_address"


CHEAP: Final = frozenset(
    {
        *(Limit.WHY_NOT, Limit.QUOTES, Limit.HOLDS, Limit.HOLD_MINUTES),
        *(Limit.REQUESTS_ACCOUNT, Limit.REQUESTS_ADDRESS),
    }
)
"""Limits that keep a server from being worn out, not an account from being broken into: counted by each process."""


class TooManyRequests(HoldfastError):
    """That was done too often. Wait `Retry-After` seconds; the `RateLimit` header says what is left of which limit."""

    code = "too_many_requests"
    status = 429
    title = "Too many requests"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a subject stands with one limit, for the headers of the answer."""

    name: str
    rate: Rate
    remaining: int
    reset_s: int
    """Seconds until everything has come back."""


current_standings: Final[ContextVar[list[Standing] | None]] = ContextVar("current_standings", default=None)
"""The limits the request being answered has drawn on; the edge tells them in the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What was taken, to be given back."""

    draws: tuple[Draw, ...]
    """None for cheap limits, from which nothing is given back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Something to remember of a subject."""

    what: str
    subject: str
    seconds: int
    """For how long."""


class Limits:
    """What one process asks. Security limits are counted in a store, cheap ones by `RequestRate`."""

    def __init__(self, *, settings: LimitSettings | None = None, clock: Clock | None = None) -> None:
        self.settings = settings or LimitSettings()
        self.clock = clock or Clock()
        self.rates: Mapping[str, RequestRate] = {name: RequestRate(self.settings.rate(name)) for name in CHEAP}
        self._store: LimitStore = MemoryLimits(self.clock)
        self._key = b""
        self._blocked: dict[str, int] = {}

    def attach(self, store: LimitStore, key: bytes) -> None:
        """Keep security limits in a store from now on, their subjects hashed with a key of the installation."""
        self._store, self._key = store, key

    async def take(self, name: str, subject: str | int, cost: int = 1) -> Taken:
        """Take from a limit.

        Args:
            name: One of `Limit`.
            subject: Whose limit it is: an account's id, an address, a mail address in its canonical form.
            cost: How many uses it counts as.

        Raises:
            TooManyRequests: There is not enough left; nothing was taken.
            LimitsUnavailable: Nobody can count (or `DatabaseUnavailable`): security limits let nothing through then.
        """
        if name in CHEAP:
            self.pass_now(name, subject, cost)
            return Taken(draws=())
        return await self._take([(Limit(name), self._draw(name, subject, cost=cost))])

    def pass_now(self, name: str, subject: str | int, cost: int = 1, *, tells: bool = True) -> None:
        """Take from a cheap limit, without waiting for anything.

        Args:
            name: One of `CHEAP`.
            subject: Whose limit it is.
            cost: How many uses it counts as.
            tells: Whether the answer says how much is left; that of a refusal always does.

        Raises:
            TooManyRequests: There is not enough left; nothing was taken.
        """
        wait_s = self.rates[name].take(subject, self.clock.monotonic(), cost)
        if wait_s:
            self.refuse(name, subject, wait_s)
        elif tells:
            self._tell(name, subject)

    def refuse(self, name: str, subject: str | int, wait_s: float) -> NoReturn:
        """Refuse a subject that a cheap limit told to wait.

        Raises:
            TooManyRequests: Always.
        """
        self._tell(name, subject)
        raise TooManyRequests(**_refusal(name, int(wait_s * MICROS)))

    def _tell(self, name: str, subject: str | int) -> None:
        counted = self.rates[name]
        rate, used_s = counted.rate, counted.used_s(subject, self.clock.monotonic())
        left = int((rate.window_s - used_s) * rate.quota / rate.window_s)
        _noted(Standing(name=str(name), rate=rate, remaining=left, reset_s=ceil(used_s)))

    async def take_all(self, *wanted: tuple[str, str | int]) -> Taken:
        """Take one from each of several security limits, or nothing at all.

        So who is refused by the narrowest of them cannot use up the others for everybody else.

        Raises:
            TooManyRequests: One of them has nothing left; nothing was taken.
            LimitsUnavailable: Nobody can count.
        """
        return await self._take([(Limit(name), self._draw(name, subject)) for name, subject in wanted])

    async def give_back(self, taken: Taken, *, memory: Memory | None = None) -> None:
        """Give back what was taken: it was not what the limit counts.

        Args:
            taken: By `take` or `take_all`.
            memory: Something to remember in the same step.
        """
        draws = [_reversed(draw) for draw in taken.draws]
        if memory is not None:
            draws.append(self._memory(memory))
        if draws:
            await self._store.draw(draws)

    async def charge(self, name: str, subject: str | int, cost: int = 1) -> None:
        """Count something that has happened, whatever is left; see `refuse_spent`."""
        if name in CHEAP:
            self.rates[name].charge(subject, self.clock.monotonic(), cost)
            return
        draw = self._draw(name, subject, cost=cost, is_forced=True)
        verdict = await self._store.draw([draw])
        [until] = verdict.untils
        rate = self.settings.rate(name)
        if until + rate.spacing_us > self._now_us() + draw.window_us:
            if len(self._blocked) >= _SUBJECTS_BLOCKED_MAX:
                self._blocked.clear()
            self._blocked[draw.key] = until + rate.spacing_us - draw.window_us
        self._note([(Limit(name), draw)], verdict.untils)

    def refuse_spent(self, name: str, subject: str | int) -> None:
        """Refuse a subject that charged its limit until nothing was left; costs no round trip.

        Each process finds out by a charge of its own, so as many as there are processes may pass beyond the limit.

        Raises:
            TooManyRequests: It did.
        """
        if not self._blocked:
            return
        key = self._hashed(name, subject)
        again_us = self._blocked.get(key)
        if again_us is None:
            return
        wait_us = again_us - self._now_us()
        if wait_us <= 0:
            del self._blocked[key]
            return
        rate = self.settings.rate(name)
        _noted(Standing(name=str(name), rate=rate, remaining=0, reset_s=rate.window_s))
        raise TooManyRequests(**_refusal(name, wait_us))

    async def remembers(self, what: str, subject: str) -> bool:
        """Return whether that was remembered and its time is not over."""
        key = self._hashed(what, subject)
        return (await self._store.untils([key])).get(key, 0) > self._now_us()

    async def add_time(self, name: str, subject: str | int, seconds: float) -> float:
        """Count, in the store, that many seconds of a limit's window as used; return how many are used in all.

        Raises:
            HoldfastError: The store cannot be reached.
        """
        window_us = self.settings.rate(name).window_us
        draw = Draw(key=self._hashed(name, subject), cost_us=int(seconds * MICROS), window_us=window_us, is_forced=True)
        [until_us] = (await self._store.draw([draw])).untils
        return (until_us - self._now_us()) / MICROS

    async def tidy(self) -> None:
        """Forget whoever used nothing lately."""
        for rate in self.rates.values():
            rate.tidy(self.clock.monotonic())
        await self._store.tidy()

    async def close(self) -> None:
        """Finish what is under way."""
        await self._store.close()

    async def _take(self, wanted: Sequence[tuple[Limit, Draw]]) -> Taken:
        draws = tuple(draw for _, draw in wanted)
        verdict = await self._store.draw(draws)
        self._note(wanted, verdict.untils)
        if verdict.refused is not None:
            name = wanted[verdict.refused][0]
            log.info("limit.refused", limit=name.value)
            raise TooManyRequests(**_refusal(name, verdict.wait_us))
        return Taken(draws=draws)

    def _note(self, wanted: Sequence[tuple[Limit, Draw]], untils: Sequence[int]) -> None:
        if current_standings.get() is None:
            return
        now_us = self._now_us()
        for (name, draw), until in zip(wanted, untils, strict=True):
            rate = self.settings.rate(name)
            one = Draw(key=draw.key, cost_us=rate.spacing_us, window_us=draw.window_us)
            left = remaining(one, until, now_us)
            _noted(Standing(name=str(name), rate=rate, remaining=left, reset_s=ceil(max(0, until - now_us) / MICROS)))

    def _draw(self, name: str, subject: str | int, *, cost: int = 1, is_forced: bool = False) -> Draw:
        rate = self.settings.rate(name)
        return Draw(
            key=self._hashed(name, subject),
            cost_us=cost * rate.spacing_us,
            window_us=rate.window_us,
            is_forced=is_forced,
        )

    def _memory(self, memory: Memory) -> Draw:
        window_us = memory.seconds * MICROS
        key = self._hashed(memory.what, memory.subject)
        return Draw(key=key, cost_us=window_us, window_us=window_us, is_forced=True)

    def _hashed(self, name: str, subject: str | int) -> str:
        text = f"{name}\0{subject}".encode("utf-8", "surrogatepass")
        return hashlib.blake2b(text, key=self._key, digest_size=KEY_LENGTH // 2).hexdigest()

    def _now_us(self) -> int:
        return to_micros(self.clock.now())


def unlimited(**options: Any) -> Limits:
    """Return limits so high that nobody meets them, for what is put together without an edge."""
    return Limits(settings=LimitSettings(times=1_000_000), **options)


def _reversed(draw: Draw) -> Draw:
    return Draw(key=draw.key, cost_us=-draw.cost_us, window_us=draw.window_us, is_forced=True)


def _refusal(name: str, wait_us: int) -> dict[str, Any]:
    return {"retry_after_s": max(1, ceil(wait_us / MICROS)), "extra": {"limit": str(name)}}


def _noted(standing: Standing) -> None:
    standings = current_standings.get()
    if standings is not None:
        standings.append(standing)
