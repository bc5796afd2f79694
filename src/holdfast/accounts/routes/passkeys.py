"""Passkeys over HTTP."""

from typing import Final

from fastapi import Response

from holdfast.accounts.api import TokenExpired
from holdfast.accounts.factors_api import PasskeyExists, PasskeyRefused, PasskeysApi, TooManyPasskeys
from holdfast.accounts.routes.passkey_shapes import (
    AssertionOptionsOut,
    NewPasskeyIn,
    PasskeyNameIn,
    PasskeyOut,
    PasskeysOut,
    RegistrationOptionsOut,
    assertion_options_out,
    passkey_out,
    registration_options_out,
)
from holdfast.kit.errors import Invalid, NotFound, ReauthRequired, Unauthenticated
from holdfast.kit.http.principals import CurrentPrincipal, Fresh
from holdfast.kit.http.problems import responses
from holdfast.kit.http.routes import Router
from holdfast.kit.http.wire import PathText

_KNOWN: Final = (Unauthenticated, TokenExpired)
_CHANGING: Final = (*_KNOWN, ReauthRequired)


def routers(passkeys: PasskeysApi) -> tuple[Router, ...]:
    """Return the routes of passkeys."""
    return _own(passkeys), _log_in(passkeys)


def _own(passkeys: PasskeysApi) -> Router:
    router = Router(prefix="/v1/me/passkeys", tags=["accounts"])

    @router.post("/challenges", status_code=201, responses=responses(*_CHANGING, NotFound))
    async def challenge_new_passkey(principal: Fresh, response: Response) -> RegistrationOptionsOut:
        """Get what a browser needs to make a passkey (`navigator.credentials.create`).

        The challenge is good for five minutes, for you alone, and once.
        """
        options = await passkeys.registration_options(account_id=principal.account_id)
        response.headers["cache-control"] = "no-store"
        return registration_options_out(options)

    @router.post(
        "", status_code=201, responses=responses(*_CHANGING, PasskeyRefused, PasskeyExists, TooManyPasskeys, Invalid)
    )
    async def add_passkey(body: NewPasskeyIn, principal: Fresh) -> PasskeyOut:
        """Register the passkey your browser has made, as `PublicKeyCredential.toJSON()` says it."""
        added = await passkeys.add(
            account_id=principal.account_id, name=body.name, credential=body.credential.as_browser_said()
        )
        return passkey_out(added)

    @router.get("", responses=responses(*_KNOWN))
    async def list_passkeys(principal: CurrentPrincipal) -> PasskeysOut:
        """List your passkeys, the oldest first."""
        found = await passkeys.list_of(account_id=principal.account_id)
        return PasskeysOut(items=[passkey_out(each) for each in found])

    @router.patch("/{passkey_id}", responses=responses(*_KNOWN, NotFound, Invalid))
    async def rename_passkey(passkey_id: PathText, body: PasskeyNameIn, principal: CurrentPrincipal) -> PasskeyOut:
        """Call one of your passkeys something else."""
        renamed = await passkeys.rename(account_id=principal.account_id, passkey_id=passkey_id, name=body.name)
        return passkey_out(renamed)

    @router.delete("/{passkey_id}", status_code=204, responses=responses(*_CHANGING, NotFound))
    async def remove_passkey(passkey_id: PathText, principal: Fresh) -> None:
        """Remove one of your passkeys. It no longer logs in; your password still does."""
        await passkeys.remove(account_id=principal.account_id, passkey_id=passkey_id)

    return router


def _log_in(passkeys: PasskeysApi) -> Router:
    router = Router(prefix="/v1/sessions", tags=["accounts"])

    @router.post("/passkey-challenges", status_code=201)
    async def challenge_any_passkey(response: Response) -> AssertionOptionsOut:
        """Get what a browser needs to log in with a passkey (`navigator.credentials.get`).

        It says nothing of anybody: the browser shows the passkeys it has for this site. The challenge is good for five
        minutes and once.
        """
        response.headers["cache-control"] = "no-store"
        return assertion_options_out(passkeys.log_in_options())

    return router
