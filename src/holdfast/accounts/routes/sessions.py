"""Sessions over HTTP: log in, carry on, log out, and see on which devices one is logged in."""

from typing import Annotated, Any, Final, Literal

from fastapi import Request, Response
from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from holdfast.accounts.api import Account, AccountsApi, InvalidCredentials, TokenExpired
from holdfast.accounts.factors_api import InvalidCode, PasskeyRefused, SecondFactorRequired
from holdfast.accounts.routes.accounts import EXAMPLE_ACCOUNT, AccountOut, Email, account_out
from holdfast.accounts.routes.passkey_shapes import EXAMPLE_ASSERTION, AssertionIn, just, just_passkey
from holdfast.accounts.rules import MAX_EMAIL, MAX_PASSWORD
from holdfast.accounts.sessions_api import LogIn, RefreshRaced, RefreshRefused, Session, SessionKind, SessionTokens
from holdfast.kit.clock import Clock
from holdfast.kit.csrf import CsrfFailed
from holdfast.kit.errors import FieldError, Forbidden, Invalid, NotFound, Overloaded, Unauthenticated
from holdfast.kit.http.cookies import HEADER, REFRESH, Baked, Forgery, bake, clear, cookie_of
from holdfast.kit.http.principals import CurrentPrincipal
from holdfast.kit.http.problems import responses
from holdfast.kit.http.routes import Router
from holdfast.kit.http.wire import BY_VALUE, NUMBER_MAX, Between, InstantField, Line, PathText, Wire, YesNo
from holdfast.kit.limits.limits import TooManyRequests

_MAX_CODE: Final = 64
_MAX_REFRESH: Final = 100
_EXAMPLE_TOKEN: Final = "eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6Im…"  # noqa: S105 - not a token, the look of one
_EXAMPLE_REFRESH: Final = "hfr_5yq2Jb0cUo1vQm8T4hZr6sXn3kWl9dEf7gHjKpLaMbN"
_EXAMPLE_SESSION: Final[JsonDict] = {
    "id": "ses_01JD3ZK6T8W9QH2M4N6P8R0S2V",
    "mode": "bearer",
    "organization_id": None,
    "second_factor": False,
    "created_at": "2026-05-04T09:30:00Z",
    "seen_at": "2026-05-04T09:50:00Z",
    "authenticated_at": "2026-05-04T09:30:00Z",
    "expires_at": "2026-08-02T09:30:00Z",
    "device": "Mozilla/5.0 (X11; Linux x86_64)",
    "address": "203.0.113.7",
    "is_current": True,
}
_KNOWN: Final = (Unauthenticated, TokenExpired, Forbidden)


class LogInIn(Wire):
    """What proves who you are: e-mail and password (and a code, where a second factor is on), or a passkey."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"email": "john@gmail.com", "password": "correct horse battery"},
                {"email": "john@gmail.com", "password": "correct horse battery", "code": "287082", "mode": "cookie"},
                {"passkey": EXAMPLE_ASSERTION},
            ],
            "anyOf": [
                just(texts={"email": MAX_EMAIL, "password": MAX_PASSWORD}, without=["passkey"]),
                just_passkey(without=["email", "password", "code"]),
            ],
        }
    )

    email: Email | None = None
    password: Annotated[
        str | None, Field(min_length=1, max_length=MAX_PASSWORD, json_schema_extra={"format": "password"})
    ] = None
    code: Annotated[str, Line(_MAX_CODE)] | None = None
    """Six digits of your authenticator app, or a recovery code; only where one is on."""
    passkey: AssertionIn | None = None
    """What the browser answered to `POST /v1/sessions/passkey-challenges`."""
    mode: Annotated[SessionKind, BY_VALUE] = SessionKind.BEARER
    """`bearer`: you keep the tokens. `cookie`: the browser keeps them, and no script can read them."""
    organization_id: Annotated[int, Between(1, NUMBER_MAX)] | None = None
    """The organization to act for; your own, or else the one you joined first, if not given."""


class RefreshIn(Wire):
    """A refresh token to use up."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"refresh_token": _EXAMPLE_REFRESH}]})

    refresh_token: Annotated[str, Line(_MAX_REFRESH)] | None = None
    """The last one you were given. Leave it out in cookie mode: it is in a cookie."""
    organization_id: Annotated[int, Between(1, NUMBER_MAX)] | None = None
    """The organization to act for from now on; the same as before, if not given."""


_NOTHING: Final = RefreshIn()
"""What a body that is left out says."""


class SessionOut(Wire):
    """An access token and whom it speaks for, and what carries the session on."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "access_token": _EXAMPLE_TOKEN,
                    "token_type": "Bearer",
                    "expires_at": "2026-05-04T09:40:00Z",
                    "refresh_token": _EXAMPLE_REFRESH,
                    "refresh_expires_at": "2026-06-03T09:30:00Z",
                    "session_id": "ses_01JD3ZK6T8W9QH2M4N6P8R0S2V",
                    "organization_id": None,
                    "csrf_token": None,
                    "account": EXAMPLE_ACCOUNT,
                }
            ]
        }
    )

    access_token: str | None
    """Send it as `Authorization: Bearer …`. An ES256 JWT; treat it as opaque or check it with our published keys.
    Null in cookie mode."""
    token_type: Literal["Bearer", "Cookie"]
    expires_at: InstantField
    """When the access token runs out; `POST /v1/sessions/refresh` gives the next."""
    refresh_token: str | None
    """Good once. Keep it as you would a password. Null in cookie mode."""
    refresh_expires_at: InstantField
    session_id: str
    organization_id: int | None
    """The organization you act for; null if you belong to none."""
    csrf_token: str | None
    """Cookie mode: send it as `X-CSRF-Token` with whatever changes something. Null in bearer mode."""
    account: AccountOut


class SessionItem(Wire):
    """A session of yours: one log-in on one device."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE_SESSION]})

    id: str
    mode: SessionKind
    organization_id: int | None
    second_factor: bool
    """Whether a second factor was asked for."""
    created_at: InstantField
    seen_at: InstantField
    """When it was opened or last carried on (about every ten minutes while it is used)."""
    authenticated_at: InstantField
    """When you last proved in it who you are."""
    expires_at: InstantField
    """When it ends whatever happens."""
    device: str | None
    """What the client called itself."""
    address: str | None
    """From where it was last carried on."""
    is_current: bool
    """Whether it is the one that asks."""


class CurrentSession(SessionItem):
    """The session that asks."""

    model_config = ConfigDict(json_schema_extra={"examples": [{**_EXAMPLE_SESSION, "csrf_token": None}]})

    csrf_token: str | None
    """Cookie mode: send it as `X-CSRF-Token` with whatever changes something. Null in bearer mode."""


class SessionList(Wire):
    """Your open sessions, the last used first; 200 at most."""

    items: list[SessionItem]


class EndedOut(Wire):
    """What was ended."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"ended": 3}]})

    ended: int
    """How many sessions."""


def routers(accounts: AccountsApi, clock: Clock) -> tuple[Router, ...]:
    """Return the routes of sessions."""
    return _opening(accounts, clock), _own(accounts)


def _opening(accounts: AccountsApi, clock: Clock) -> Router:
    router = Router(prefix="/v1/sessions", tags=["accounts"])

    @router.post(
        "",
        status_code=201,
        responses=responses(
            InvalidCredentials,
            SecondFactorRequired,
            InvalidCode,
            PasskeyRefused,
            CsrfFailed,
            NotFound,
            Invalid,
            TooManyRequests,
            Overloaded,
        ),
    )
    async def log_in(body: LogInIn, request: Request, response: Response) -> SessionOut:
        """Log in with e-mail and password, or with a passkey, and get an access token.

        An unknown address, a wrong password and a closed account get the same answer after the same time. Where a
        second factor is on, the right password alone is answered 401 `second_factor_required`: send all of it again
        with `code`. The access token is good for ten minutes; carry the session on with the refresh token.
        """
        if body.mode is SessionKind.COOKIE:
            _forgery(request).refuse_elsewhere(request)
        given = await accounts.open_session(_wanted(body))
        return await _given(accounts, given, response, clock)

    @router.post(
        "/refresh", status_code=201, responses=responses(RefreshRefused, RefreshRaced, CsrfFailed, NotFound, Invalid)
    )
    async def refresh_session(request: Request, response: Response, body: RefreshIn = _NOTHING) -> SessionOut:
        """Use up a refresh token and get the next one, with a new access token.

        A refresh token is good once. If one comes back that was used, two have it: the session ends, and all its
        tokens are refused at once. Only for ten seconds after its use the answer is 409 `refresh_raced` and nothing
        else happens, because a page may be open twice; use what the other request was given. In cookie mode leave
        `refresh_token` out, or send no body at all, and send `X-CSRF-Token`.
        """
        token, csrf = _refresh_token(body, request)
        given = await accounts.sessions.refresh(
            refresh_token=token, csrf_token=csrf, organization_id=body.organization_id
        )
        return await _given(accounts, given, response, clock)

    @router.get("/current", responses=responses(*_KNOWN, NotFound))
    async def read_current_session(principal: CurrentPrincipal, response: Response) -> CurrentSession:
        """Read the session that asks, with its CSRF token in cookie mode (after a page was loaded anew)."""
        found = await accounts.sessions.current(principal=principal)
        response.headers["cache-control"] = "no-store"
        csrf = accounts.sessions.csrf_token(found.id) if found.kind is SessionKind.COOKIE else None
        return CurrentSession(**_item(found).model_dump(), csrf_token=csrf)

    @router.delete("/current", status_code=204, responses=responses(*_KNOWN, NotFound))
    async def log_out(principal: CurrentPrincipal, response: Response) -> None:
        """Log out: end the session that asks. Its tokens are refused at once, and its cookies taken away."""
        await accounts.sessions.end(principal=principal, session_id=principal.session_id or "")
        clear(response)

    return router


def _own(accounts: AccountsApi) -> Router:
    router = Router(prefix="/v1/me/sessions", tags=["accounts"])

    @router.get("", responses=responses(*_KNOWN))
    async def list_sessions(principal: CurrentPrincipal) -> SessionList:
        """List your open sessions: on which devices you are logged in, since when, from where."""
        found = await accounts.sessions.list_of(principal=principal)
        return SessionList(items=[_item(each) for each in found])

    @router.delete("/{session_id}", status_code=204, responses=responses(*_KNOWN, NotFound))
    async def end_session(session_id: PathText, principal: CurrentPrincipal) -> None:
        """Log out on one device. The tokens of that session are refused at once."""
        await accounts.sessions.end(principal=principal, session_id=session_id)

    @router.delete("", responses=responses(*_KNOWN, Invalid))
    async def end_all_sessions(
        principal: CurrentPrincipal, response: Response, *, keep_current: YesNo = False
    ) -> EndedOut:
        """Log out everywhere; on this device too, unless `keep_current` is true."""
        kept = principal.session_id if keep_current else None
        ended = await accounts.sessions.end_all_of(account_id=principal.account_id, except_session=kept)
        if kept is None:
            clear(response)
        return EndedOut(ended=ended)

    return router


def _wanted(body: LogInIn) -> LogIn:
    """Return what somebody logs in with.

    Raises:
        Invalid: It is neither an address and a password nor a passkey, or both.
    """
    missing = [name for name in ("email", "password") if getattr(body, name) is None]
    if body.passkey is None and missing:
        detail = "Send e-mail and password, or a passkey."
        raise Invalid(errors=[FieldError(pointer=f"/{name}", code="missing_field", detail=detail) for name in missing])
    if body.passkey is not None and (body.email, body.password, body.code) != (None, None, None):
        detail = "A passkey needs neither e-mail nor password nor code."
        raise Invalid(errors=[FieldError(pointer="/passkey", code="invalid_value", detail=detail)])
    return LogIn(
        email=body.email,
        password=body.password,
        code=body.code,
        passkey=None if body.passkey is None else body.passkey.as_browser_said(),
        kind=body.mode,
        organization_id=body.organization_id,
    )


def _refresh_token(body: RefreshIn, request: Request) -> tuple[str, str | None]:
    """Return the refresh token, and what a page sent to prove that it is ours where the token was in a cookie.

    Raises:
        RefreshRefused: There is none.
        CsrfFailed: It was in a cookie, and the request comes from elsewhere.
    """
    if body.refresh_token is not None:
        return body.refresh_token, None
    _forgery(request).refuse_elsewhere(request)
    token = cookie_of(request, REFRESH)
    if token is None:
        raise RefreshRefused
    return token, request.headers.get(HEADER, "")


async def _given(accounts: AccountsApi, given: SessionTokens, response: Response, clock: Clock) -> SessionOut:
    response.headers["cache-control"] = "no-store"
    [account] = await accounts.get_many(ids=[given.account_id])
    if given.kind is SessionKind.BEARER:
        return _session_out(
            given,
            account,
            access_token=given.access_token,
            token_type="Bearer",  # noqa: S106 - the name of a scheme
            refresh_token=given.refresh_token,
            csrf_token=None,
        )
    baked = Baked(
        access=given.access_token, refresh=given.refresh_token, csrf=given.csrf_token, until=given.refresh_expires_at
    )
    bake(response, baked, clock)
    return _session_out(
        given,
        account,
        access_token=None,
        token_type="Cookie",  # noqa: S106 - the name of a mode
        refresh_token=None,
        csrf_token=given.csrf_token,
    )


def _session_out(given: SessionTokens, account: Account, **secrets: Any) -> SessionOut:
    return SessionOut(
        expires_at=given.access_expires_at,
        refresh_expires_at=given.refresh_expires_at,
        session_id=given.session_id,
        organization_id=given.organization_id,
        account=account_out(account),
        **secrets,
    )


def _item(session: Session) -> SessionItem:
    return SessionItem(
        id=session.id,
        mode=session.kind,
        organization_id=session.organization_id,
        second_factor=session.second_factor,
        created_at=session.created_at,
        seen_at=session.seen_at,
        authenticated_at=session.authenticated_at,
        expires_at=session.expires_at,
        device=session.device,
        address=session.address,
        is_current=session.is_current,
    )


def _forgery(request: Request) -> Forgery:
    found: Forgery = request.app.state.forgery
    return found
