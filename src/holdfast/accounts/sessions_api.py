"""The door of accounts to sessions. Import it from `accounts.api`.

A *session* is one log-in on one device. It is carried on by *refresh tokens*, each good once, and spoken for by *access
tokens*, each good for some minutes. When the session ends, all of them are refused at once, in every process.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from holdfast.kit.auth import Principal
from holdfast.kit.errors import HoldfastError, Unauthenticated


class SessionKind(StrEnum):
    """How a session's tokens travel."""

    BEARER = "bearer"
    """In the `Authorization` header; the client keeps them."""
    COOKIE = "cookie"
    """In cookies that a browser keeps and no script can read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogIn:
    """What somebody sends to log in: an address and a password (and a code, where one is on), or a passkey."""

    email: str | None = None
    password: str | None = None
    code: str | None = None
    passkey: Mapping[str, Any] | None = None
    """The JSON form of the browser's `PublicKeyCredential`."""
    kind: SessionKind = SessionKind.BEARER
    organization_id: int | None = None
    """The organization to act for; their own, or else the one they joined first, if not given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionTokens:
    """What a session is spoken for and carried on with. Shown once, stored nowhere."""

    session_id: str
    account_id: int
    kind: SessionKind
    organization_id: int | None
    access_token: str
    access_expires_at: datetime
    refresh_token: str
    refresh_expires_at: datetime
    csrf_token: str
    """What a page sends as `X-CSRF-Token` with whatever changes something; of use for a session in cookies only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One open session as its owner sees it."""

    id: str
    kind: SessionKind
    organization_id: int | None
    second_factor: bool
    """Whether a second factor was asked for when it was opened."""
    created_at: datetime
    seen_at: datetime
    """When it was opened or last carried on."""
    authenticated_at: datetime
    """When its owner last proved who they are."""
    expires_at: datetime
    """When it ends whatever happens."""
    device: str | None
    address: str | None
    is_current: bool
    """Whether it is the one that asks."""


class RefreshRefused(Unauthenticated):
    """The refresh token is not good: it was used, has run out, or its session has ended. Log in again."""

    code = "refresh_refused"
    title = "The refresh token is not good"


class RefreshRaced(HoldfastError):
    """Another request used this refresh token a moment ago, and got the next one. Use what that request was given."""

    code = "refresh_raced"
    status = 409
    title = "The session was carried on at the same moment"


class SessionsApi(Protocol):
    """What others may ask of sessions."""

    async def refresh(
        self, *, refresh_token: str, csrf_token: str | None = None, organization_id: int | None = None
    ) -> SessionTokens:
        """Use up a refresh token and return the next one with a new access token.

        A token that was used before ends its session: either its owner or somebody else has a copy. Within the seconds
        of grace it is refused only.

        Args:
            refresh_token: The last one given.
            csrf_token: Of a session in cookies; None from a client that sent the token in a body.
            organization_id: The organization to act for from now on; the same as before, if not given.

        Raises:
            RefreshRefused: It is not good.
            RefreshRaced: It was used a moment ago.
            CsrfFailed: It came in a cookie without the session's CSRF token.
            NotFound: They do not belong to that organization.
        """

    async def list_of(self, *, principal: Principal) -> Sequence[Session]:
        """Return somebody's open sessions, the last used first; at most 200."""

    async def current(self, *, principal: Principal) -> Session:
        """Return the session that asks.

        Raises:
            NotFound: An API key asks.
        """

    async def end(self, *, principal: Principal, session_id: str, why: str = "logged_out") -> None:
        """End one of somebody's sessions; its tokens are refused at once.

        Raises:
            NotFound: They have no such open session.
        """

    async def end_all_of(self, *, account_id: int, except_session: str | None = None, why: str = "logged_out") -> int:
        """End all sessions of an account but perhaps one; return how many."""

    def csrf_token(self, session_id: str) -> str:
        """Return what a page proves with that it is the session's own; the same as long as the secret is."""
