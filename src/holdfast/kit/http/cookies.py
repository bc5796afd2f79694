"""Sessions in cookies, for pages in a browser: reading them, setting them, and refusing what other pages send.

No script can read the access token or the refresh token (`HttpOnly`), nothing sends them over plain HTTP (`Secure`), no
other host can set them (`__Host-`). A browser adds cookies to whatever any page sends, so a request that came with one
and may change something has to show where it comes from, and the token that only a page of ours can know.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from holdfast.kit.auth import Principal
from holdfast.kit.clock import Clock
from holdfast.kit.csrf import CsrfFailed, CsrfTokens
from holdfast.kit.errors import Unauthenticated

ACCESS: Final = "__Host-holdfast"
REFRESH: Final = "__Secure-holdfast-refresh"
CSRF: Final = "__Host-holdfast-csrf"
"""Its value is for scripts of our own pages, which send it as a header; it proves nothing as a cookie."""
REFRESH_PATH: Final = "/v1/sessions"
HEADER: Final = "x-csrf-token"

_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_COOKIE_BYTES_MAX: Final = 16_384
_TOKEN_LENGTH_MAX: Final = 4_096
_OWN_SITE: Final = frozenset({"same-origin", "none"})
_SCHEMES: Final = ("https://", "http://")


@dataclass(frozen=True, slots=True, kw_only=True)
class Baked:
    """What goes into the cookies of a session."""

    access: str
    refresh: str
    csrf: str
    until: datetime
    """When the refresh token runs out; the cookies do with it."""


def bake(response: Response, baked: Baked, clock: Clock) -> None:
    """Set the cookies of a session."""
    age = max(0, int((baked.until - clock.now()).total_seconds()))
    safe: dict[str, Any] = {"max_age": age, "secure": True}
    response.set_cookie(ACCESS, baked.access, httponly=True, samesite="lax", path="/", **safe)
    response.set_cookie(REFRESH, baked.refresh, httponly=True, samesite="strict", path=REFRESH_PATH, **safe)
    response.set_cookie(CSRF, baked.csrf, httponly=False, samesite="strict", path="/", **safe)


def clear(response: Response) -> None:
    """Take the cookies of a session away."""
    response.delete_cookie(ACCESS, path="/", secure=True, httponly=True, samesite="lax")
    response.delete_cookie(REFRESH, path=REFRESH_PATH, secure=True, httponly=True, samesite="strict")
    response.delete_cookie(CSRF, path="/", secure=True, samesite="strict")


def cookie_of(request: Request, name: str) -> str | None:
    """Return the value of a cookie, or None if it was not sent.

    Raises:
        Unauthenticated: It was sent twice, or is too long to be ours.
    """
    sent: list[bytes] = [value for key, value in request.scope["headers"] if key == b"cookie"]
    if not sent:
        return None
    text = b"; ".join(sent).decode("latin-1")
    values = [value for key, value in _pairs(text[:_COOKIE_BYTES_MAX]) if key == name]
    if not values:
        return None
    if len(values) > 1 or len(text) > _COOKIE_BYTES_MAX or not 0 < len(values[0]) <= _TOKEN_LENGTH_MAX:
        raise Unauthenticated("The cookies of the session are no good.")
    return values[0]


def _pairs(text: str) -> list[tuple[str, str]]:
    parts = (part.strip().partition("=") for part in text.split(";"))
    return [(name.strip(), value.strip()) for name, _, value in parts]


class Forgery:
    """Refuses what other pages make a browser send."""

    def __init__(self, csrf: CsrfTokens, *, origins: Collection[str]) -> None:
        self._csrf = csrf
        self._origins = frozenset(origins)

    def refuse(self, request: Request, principal: Principal) -> None:
        """Refuse a request of a session in cookies that may change something and cannot show that its page sent it.

        Raises:
            CsrfFailed: It comes from elsewhere, or without the session's token.
        """
        if request.method in _SAFE:
            return
        self.refuse_elsewhere(request)
        sent = request.headers.get(HEADER, "")
        if principal.session_id is None or not self._csrf.fits(principal.session_id, sent):
            raise CsrfFailed("Send the session's CSRF token as X-CSRF-Token.")

    def refuse_elsewhere(self, request: Request) -> None:
        """Refuse what a page of another origin sent, unless that origin is listed in `HOLDFAST_CORS_ORIGINS`.

        Raises:
            CsrfFailed: It comes from elsewhere.
        """
        headers = request.headers
        origin, site = headers.get("origin"), headers.get("sec-fetch-site")
        if origin is not None and origin in self._origins:
            return
        is_own = origin is None or any(origin == scheme + headers.get("host", "") for scheme in _SCHEMES)
        if not is_own or (site is not None and site not in _OWN_SITE):
            raise CsrfFailed("The request comes from a page of another origin.")
