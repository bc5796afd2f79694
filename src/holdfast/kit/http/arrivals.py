"""What is noted of a request when it arrives, and when it is known whose it is: for limits, logs and the activity.

The edge calls `arrived` and `left`; whoever checks a token calls `identified`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import structlog
from msgspec.structs import replace
from starlette.types import Scope

from holdfast.kit.auth import Principal
from holdfast.kit.errors import HoldfastError
from holdfast.kit.http.addresses import Addresses
from holdfast.kit.http.scopes import ACCOUNT, ADDRESS, PLACE
from holdfast.kit.limits.limits import Limit, Limits, Standing, TooManyRequests, current_standings
from holdfast.kit.origin import Origin, current_origin

log = structlog.get_logger()

DEVICE_MAX: Final = 200
_ARRIVALS: Final = "holdfast.arrivals"
_UNLIMITED: Final = frozenset({"/healthz", "/readyz"})
"""Asked by machines that would think the server dead."""

Routes = Mapping[tuple[str, str], Limit]
"""Limits of routes by method and path; paths without parameters only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitedRoutes:
    """Which routes have a cheap limit of their own, besides that of all requests."""

    by_place: Routes = field(default_factory=dict)
    """Counted by where the request comes from."""
    by_account: Routes = field(default_factory=dict)
    """Counted by the account it is made for."""
    misses: tuple[str, ...] = ()
    """Prefixes of paths that end with what somebody may guess: what is not found there is counted as `lookup`."""


class Visit:
    """One request under way."""

    __slots__ = ("_arrivals", "_origin", "_scope", "_standings", "standings")

    def __init__(self, arrivals: "Arrivals", scope: Scope, origin: Origin) -> None:
        self._arrivals = arrivals
        self._scope = scope
        self.standings: list[Standing] = []
        """The limits it drew on and is told of."""
        self._origin = current_origin.set(origin)
        self._standings = current_standings.set(self.standings)

    async def missed(self) -> None:
        """Count that something was asked for that is not there, or not for whoever asked, before that is said."""
        await self._arrivals.missed(self._scope)

    def over(self) -> None:
        """Forget it, once it is answered."""
        current_origin.reset(self._origin)
        current_standings.reset(self._standings)


class Arrivals:
    """Notes who comes from where, and counts."""

    def __init__(self, *, addresses: Addresses, limits: Limits, routes: LimitedRoutes) -> None:
        self._addresses = addresses
        self._limits = limits
        self._from_place = limits.rates[Limit.REQUESTS_ADDRESS]
        self._by_place, self._by_account, self._misses = routes.by_place, routes.by_account, routes.misses

    def arrived(self, scope: Scope, device: bytes, request_id: str) -> Visit:
        """Note where a request comes from."""
        client = self._addresses.client(scope)
        scope[ADDRESS], scope[PLACE], scope[_ARRIVALS] = client.address, client.place, self
        told = device[:DEVICE_MAX].decode("latin-1") or None
        return Visit(
            self, scope, Origin(address=client.address, place=client.place, device=told, request_id=request_id)
        )

    def refusal(self, scope: Scope, now_s: float) -> TooManyRequests | None:
        """Count a request for its place; return why nothing more is done for it, if there were too many.

        Args:
            scope: Of the request.
            now_s: The monotonic time it arrived at.
        """
        path, place = scope["path"], scope[PLACE]
        if path in _UNLIMITED:
            return None
        name = self._by_place.get((scope["method"], path))
        wait_s = self._from_place.take(place, now_s)
        if not wait_s and name is None and not path.startswith(self._misses):
            return None
        try:
            if wait_s:
                self._limits.refuse(Limit.REQUESTS_ADDRESS, place, wait_s)
            if name is not None:
                self._limits.pass_now(name, place)
            if path.startswith(self._misses):
                self._limits.refuse_spent(Limit.LOOKUP, place)
        except TooManyRequests as refusal:
            return refusal
        return None

    def identified(self, scope: Scope, principal: Principal) -> None:
        """Count a request for its account.

        Raises:
            TooManyRequests: There were too many for it.
        """
        self._limits.pass_now(Limit.REQUESTS_ACCOUNT, principal.account_id, tells=False)
        name = self._by_account.get((scope["method"], scope["path"]))
        if name is not None:
            self._limits.pass_now(name, principal.account_id)
        if scope["path"].startswith(self._misses):
            self._limits.refuse_spent(Limit.LOOKUP, principal.account_id)

    async def missed(self, scope: Scope) -> None:
        """Count a miss, if the path is one whose end may be guessed."""
        if not scope["path"].startswith(self._misses):
            return
        try:
            await self._limits.charge(Limit.LOOKUP, scope.get(ACCOUNT) or scope[PLACE])
        except HoldfastError as error:
            log.warning("limits.not_counted", limit=Limit.LOOKUP.value, error=error.code)


def identified(scope: Scope, principal: Principal) -> None:
    """Note whom a request speaks for, now that its token was found good.

    Raises:
        TooManyRequests: There were too many requests for this account.
    """
    scope[ACCOUNT] = principal.account_id
    origin = current_origin.get()
    if origin is not None:
        current_origin.set(
            replace(
                origin,
                account_id=principal.account_id,
                owner_id=principal.owner_id,
                session_id=principal.session_id,
                key_id=principal.key_id,
            )
        )
    arrivals: Arrivals | None = scope.get(_ARRIVALS)
    if arrivals is not None:
        arrivals.identified(scope, principal)
