"""Who is asking: from the verified access token, and from nowhere else (no header, body or query names a caller).

`request.app.state.check_token` must be an async function `(token) -> Principal` that raises `Unauthenticated`; the
application sets it to `AccountsApi.principal` where accounts run here. A token comes in the `Authorization` header or,
from a page, in a cookie. Of both the header counts; what came by cookie `request.app.state.forgery` may refuse.
`request.app.state.is_fresh` says of a principal whether they proved who they are a short while ago; where nobody can
say so, nobody has.
"""

from dataclasses import replace
from typing import Annotated, Any, Final

from fastapi import Depends, Request, Security
from fastapi.openapi.models import HTTPBearer
from fastapi.security.base import SecurityBase
from typing_extensions import override

from holdfast.kit.auth import Permission, Principal
from holdfast.kit.errors import Forbidden, ReauthRequired, Unauthenticated
from holdfast.kit.http.arrivals import identified
from holdfast.kit.http.cookies import ACCESS, cookie_of

_BEARER: Final = "bearer"
_TOKEN_LENGTH_MAX: Final = 4_096


def _token(request: Request) -> str | None:
    sent: list[bytes] = [value for name, value in request.scope["headers"] if name == b"authorization"]
    if not sent:
        return None
    if len(sent) > 1:
        raise Unauthenticated("There are several Authorization headers.")
    scheme, _, token = sent[0].decode("latin-1").partition(" ")
    token = token.strip()
    if scheme.lower() != _BEARER or not token or len(token) > _TOKEN_LENGTH_MAX:
        raise Unauthenticated("Authorization is not a bearer token.")
    return token


async def _principal(request: Request) -> Principal | None:
    token = _token(request)
    cookie = None if token is not None else cookie_of(request, ACCESS)
    sent = token or cookie
    if sent is None:
        return None
    principal: Principal = await request.app.state.check_token(sent)
    if cookie is not None:
        request.app.state.forgery.refuse(request, principal)
    identified(request.scope, principal)
    return principal


class Allowed(SecurityBase):
    """A FastAPI security scheme and dependency in one: the token's principal, if it has a permission.

    Of several permissions one is enough; the route then gets a principal that has those of them it came with and no
    others, so that what it may do as a guest does not depend on what it may do as an owner, nor the other way round.
    Without any permission it is whoever the token speaks for.
    """

    def __init__(self, *permissions: Permission) -> None:
        self.model = HTTPBearer(bearerFormat="JWT", description="The access token from `POST /v1/sessions`.")
        self.scheme_name = _BEARER
        self._permissions = frozenset(permissions)
        self._names = [permission.value for permission in permissions]

    async def __call__(self, request: Request) -> Principal:
        """Check the token.

        Raises:
            Unauthenticated: No token, or none that is good.
            Forbidden: The permission is missing; `permission` names it.
        """
        principal = await _principal(request)
        if principal is None:
            raise Unauthenticated
        if self._permissions and self._permissions.isdisjoint(principal.permissions):
            needed = " or ".join(self._names)
            raise Forbidden(f"This needs the permission {needed}.", extra={"permission": self._names[0]})
        if len(self._permissions) > 1 and not principal.is_admin:
            return replace(principal, permissions=principal.permissions & self._permissions)
        return principal


class _Fresh(Allowed):
    """The token's principal, if they proved who they are a short while ago (step-up)."""

    @override
    async def __call__(self, request: Request) -> Principal:
        """Check the token and how long ago its session was authenticated.

        Raises:
            Unauthenticated: No token, or none that is good.
            ReauthRequired: It was too long ago, or an API key was sent.
        """
        principal = await super().__call__(request)
        refuse_stale(request, principal)
        return principal


def refuse_stale(request: Request, principal: Principal) -> None:
    """Refuse somebody who has not proved who they are a short while ago; for what is sensitive only at times.

    Raises:
        ReauthRequired: It was too long ago, or an API key was sent, which never has.
    """
    is_fresh = getattr(request.app.state, "is_fresh", None)
    if is_fresh is None or not is_fresh(principal):
        raise ReauthRequired


class _Optional(SecurityBase):
    """The token's principal where a token was sent; a bad token is refused all the same."""

    def __init__(self) -> None:
        self.model = HTTPBearer(bearerFormat="JWT")
        self.scheme_name = _BEARER

    async def __call__(self, request: Request) -> Principal | None:
        return await _principal(request)


def _may(*permissions: Permission) -> Any:
    """Return the dependency on permissions; the OpenAPI document names them with the operation."""
    return Security(Allowed(*permissions), scopes=[permission.value for permission in permissions])


CurrentPrincipal = Annotated[Principal, _may(Permission.ACCOUNT)]
"""A person, about their own account; 401 without a good token, 403 for an API key."""

TripsPrincipal = Annotated[Principal, _may(Permission.TRIPS)]
"""Like `CurrentPrincipal`, for what a guest does; so are those below, each with its permission."""

CatalogReader = Annotated[Principal, _may(Permission.CATALOG_READ)]
CatalogWriter = Annotated[Principal, _may(Permission.CATALOG_WRITE)]
StockPrincipal = Annotated[Principal, _may(Permission.STOCK_WRITE)]
BookingsReadPrincipal = Annotated[Principal, _may(Permission.BOOKINGS_READ)]
BookingsWritePrincipal = Annotated[Principal, _may(Permission.BOOKINGS_WRITE)]
FloorPrincipal = Annotated[Principal, _may(Permission.FLOOR)]
MoneyReadPrincipal = Annotated[Principal, _may(Permission.MONEY_READ)]
MoneyWritePrincipal = Annotated[Principal, _may(Permission.MONEY_WRITE)]
MembersPrincipal = Annotated[Principal, _may(Permission.MEMBERS)]
OperatorPrincipal = Annotated[Principal, _may(Permission.OPERATE)]
AdminPrincipal = Annotated[Principal, _may(Permission.ADMINISTER)]

BookingReader = Annotated[Principal, _may(Permission.TRIPS, Permission.BOOKINGS_READ)]
"""The guest of a booking, or whoever may see what an organization sold."""

BookingCanceler = Annotated[Principal, _may(Permission.TRIPS, Permission.BOOKINGS_WRITE)]
"""The guest of a booking, or whoever may cancel what an organization sold."""

BookingMoneyReader = Annotated[Principal, _may(Permission.TRIPS, Permission.MONEY_READ)]
"""The guest of a booking, or whoever may see what an organization was paid."""

Fresh = Annotated[Principal, Security(_Fresh(Permission.ACCOUNT), scopes=[Permission.ACCOUNT.value])]
"""Like `CurrentPrincipal`, and 403 `reauth_required` unless they proved who they are a short while ago."""

FRESH: Final = Depends(_Fresh())
"""The same for routes that ask for a permission besides: `dependencies=[FRESH]`."""

OptionalPrincipal = Annotated[Principal | None, Depends(_Optional())]
"""The principal if a token was sent, else None; 401 if the token is no good. Its routes take `OPENAPI_OPTIONAL`."""

OPENAPI_OPTIONAL: Final[dict[str, Any]] = {"security": [{}]}
"""The `openapi_extra` that says the token may be left out."""
