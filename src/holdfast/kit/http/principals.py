"""Who is asking: from the verified access token, and from nowhere else (no header, body or query names a caller).

`request.app.state.check_token` must be an async function `(token) -> Principal` that raises `Unauthenticated`; the
application sets it to `AccountsApi.principal` where accounts run here.
"""

from collections.abc import Callable
from typing import Annotated, Final

from fastapi import Depends, Request
from fastapi.openapi.models import HTTPBearer
from fastapi.security.base import SecurityBase

from holdfast.kit.auth import Principal
from holdfast.kit.errors import Forbidden, Unauthenticated
from holdfast.kit.http.scopes import ACCOUNT

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
    if token is None:
        return None
    principal: Principal = await request.app.state.check_token(token)
    request.scope[ACCOUNT] = principal.account_id
    return principal


def _anybody(_: Principal) -> bool:
    return True


class _Required(SecurityBase):
    """A FastAPI security scheme and dependency in one: the token's principal, if it may."""

    def __init__(self, may: Callable[[Principal], bool], refusal: str) -> None:
        self.model = HTTPBearer(bearerFormat="JWT", description="The access token from `POST /v1/sessions`.")
        self.scheme_name = _BEARER
        self._may = may
        self._refusal = refusal

    async def __call__(self, request: Request) -> Principal:
        """Check the token.

        Raises:
            Unauthenticated: No token, or none that is good.
            Forbidden: The role does not allow it.
        """
        principal = await _principal(request)
        if principal is None:
            raise Unauthenticated
        if not self._may(principal):
            raise Forbidden(self._refusal)
        return principal


class _Optional(SecurityBase):
    """The token's principal where a token was sent; a bad token is refused all the same."""

    def __init__(self) -> None:
        self.model = HTTPBearer(bearerFormat="JWT")
        self.scheme_name = _BEARER

    async def __call__(self, request: Request) -> Principal | None:
        return await _principal(request)


CurrentPrincipal = Annotated[Principal, Depends(_Required(_anybody, ""))]
"""Whoever the token speaks for; 401 without a good token."""

OwnerPrincipal = Annotated[Principal, Depends(_Required(lambda each: each.is_owner, "Only owners may do this."))]
"""Like `CurrentPrincipal`, and 403 unless an owner or an admin."""

AdminPrincipal = Annotated[Principal, Depends(_Required(lambda each: each.is_admin, "Only admins may do this."))]
"""Like `CurrentPrincipal`, and 403 unless an admin."""

OptionalPrincipal = Annotated[Principal | None, Depends(_Optional())]
"""The principal if a token was sent, else None; 401 if the token is no good."""
