"""Settings of limits: `HOLDFAST_LIMITS_*`."""

import re
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field, PlainSerializer
from pydantic_settings import NoDecode

from holdfast.kit.limits.rates import Rate
from holdfast.kit.settings import ModuleSettings

_FIELDS: Final = {"register": "registrations"}  # pydantic's classes have a method called `register`
_RATE: Final = re.compile(r"([1-9][0-9]{0,8})/([1-9][0-9]{0,6})")


def _rate(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    written = _RATE.fullmatch(value.strip())
    if written is None:
        raise ValueError("a limit is written like 10/900: so many in so many seconds")
    return Rate(quota=int(written[1]), window_s=int(written[2]))


_Rate = Annotated[Rate, NoDecode, BeforeValidator(_rate), PlainSerializer(str)]


class LimitSettings(ModuleSettings, env_prefix="HOLDFAST_LIMITS_"):
    """How often things may be done, each as `quota/seconds`: so many at once, then one each `seconds / quota`."""

    times: int = Field(default=1, ge=1, le=1_000_000)
    """All limits below are this many times as high: for benchmarks and load tests, which come from one place."""
    login_pair: _Rate = Rate(quota=10, window_s=900)
    """Failed log-ins to one account from one address. Beyond it only that address waits, for that account."""
    login_account: _Rate = Rate(quota=100, window_s=3_600)
    """Failed log-ins to one account from all addresses it was never used from. Its owner's usual places do not count
    and are not held up."""
    login_address: _Rate = Rate(quota=100, window_s=900)
    """Failed log-ins from one address to all accounts together."""
    login_global: _Rate = Rate(quota=3_000, window_s=60)
    """Failed log-ins of everybody. Beyond it only addresses an account was never used from wait."""
    second_factor: _Rate = Rate(quota=5, window_s=300)
    """Codes tried for one account."""
    recovery: _Rate = Rate(quota=5, window_s=3_600)
    """Requests to recover one account, or with one recovery link."""
    recovery_address: _Rate = Rate(quota=30, window_s=3_600)
    """Requests to recover accounts, and uses of recovery links, from one address."""
    registrations: _Rate = Rate(quota=30, window_s=3_600)
    """Accounts registered from one address."""
    mail: _Rate = Rate(quota=20, window_s=3_600)
    """Messages sent to one recipient because somebody asked for them."""
    lookup: _Rate = Rate(quota=30, window_s=600)
    """Bookings asked for by a reference that is not there or not one's own, for one account or address."""
    exports: _Rate = Rate(quota=5, window_s=86_400)
    """Exports of one's data, for one account."""
    why_not: _Rate = Rate(quota=120, window_s=60)
    """Questions to `POST /v1/why-not` from one address."""
    quotes: _Rate = Rate(quota=600, window_s=60)
    """Quotes made for one account, or from one address without one."""
    holds: _Rate = Rate(quota=300, window_s=600)
    """Holds placed by one account, also those that were let go again."""
    hold_minutes: _Rate = Rate(quota=200_000, window_s=86_400)
    """Units of stock times minutes one account may hold: a room over three nights, held for ten minutes, is 30."""
    requests_account: _Rate = Rate(quota=6_000, window_s=60)
    """Requests of one account."""
    requests_address: _Rate = Rate(quota=12_000, window_s=60)
    """Requests from one address (of IPv6, from one network of 64 bits)."""

    def rate(self, name: str) -> Rate:
        """Return the rate of a limit by its name."""
        rate: Rate = getattr(self, _FIELDS.get(name, name))
        return rate if self.times == 1 else rate.times(self.times)
