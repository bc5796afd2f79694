"""Addresses and passwords over HTTP. Answers about an address never tell whether it has an account."""

from fastapi import Response

from holdfast.accounts.api import InvalidCredentials, TokenExpired
from holdfast.accounts.credentials_api import CredentialsApi, TokenInvalid, UsernameTaken
from holdfast.accounts.routes.credential_shapes import (
    AddressIn,
    AddressOut,
    MailTokenIn,
    PasswordChangeIn,
    PasswordIn,
    RecoveryIn,
    StrengthOut,
    UsernameIn,
)
from holdfast.kit.errors import Forbidden, Invalid, NotFound, Overloaded, ReauthRequired, Unauthenticated
from holdfast.kit.http.principals import CurrentPrincipal, Fresh
from holdfast.kit.http.problems import responses
from holdfast.kit.http.routes import Router
from holdfast.kit.limits.limits import TooManyRequests


def routers(credentials: CredentialsApi) -> tuple[Router, ...]:
    """Return the routes of addresses and passwords."""
    return _by_mail(credentials), _own(credentials)


def _by_mail(credentials: CredentialsApi) -> Router:
    router = Router(tags=["accounts"])

    @router.post("/v1/accounts/confirmations", status_code=202, responses=responses(Invalid, TooManyRequests))
    async def send_confirmation(body: AddressIn) -> AddressOut:
        """Ask for another mail to confirm an address.

        The answer is the same whether or not the address has an account, and whether or not it is confirmed. The
        newest link is the one that works.
        """
        await credentials.ask_for_confirmation(email=body.email)
        return AddressOut(email=body.email)

    @router.post("/v1/accounts/confirm", status_code=204, responses=responses(TokenInvalid, Invalid, TooManyRequests))
    async def confirm_address(body: MailTokenIn) -> Response:
        """Confirm an address with the token from the mail.

        A token that was mailed to a new address makes it the address of the account. A token works once; used,
        expired, superseded and invented ones get the same answer.
        """
        await credentials.confirm(token=body.token)
        return Response(status_code=204)

    @router.post("/v1/accounts/recoveries", status_code=202, responses=responses(Invalid, TooManyRequests))
    async def ask_for_recovery(body: AddressIn) -> AddressOut:
        """Ask for a mail with a link to set a new password.

        The answer is the same, after the same time, whether or not the address has an account.
        """
        await credentials.ask_for_recovery(email=body.email)
        return AddressOut(email=body.email)

    @router.post(
        "/v1/accounts/recover",
        status_code=204,
        responses=responses(TokenInvalid, Invalid, TooManyRequests, Overloaded),
    )
    async def recover_account(body: RecoveryIn) -> Response:
        """Set a new password with the token from the mail.

        Every session ends and nobody is logged in: log in with the new password, and with the second factor if there
        is one. A password that is refused (422) does not use the token up.
        """
        await credentials.recover(token=body.token, password=body.password)
        return Response(status_code=204)

    @router.post("/v1/passwords/strength", responses=responses(Invalid, Overloaded))
    async def judge_password(body: PasswordIn, response: Response) -> StrengthOut:
        """Ask how hard a password is to guess, as zxcvbn reckons it. It is neither kept nor logged.

        Say the user name and address it is for: what is easy to guess depends on whose it is.
        """
        context = tuple(word for word in (body.username, body.email) if word)
        found = await credentials.strength(password=body.password, context=context)
        response.headers["cache-control"] = "no-store"
        return StrengthOut(
            score=found.score,
            guesses_log10=found.guesses_log10,
            warning=found.warning,
            suggestions=list(found.suggestions),
        )

    return router


def _own(credentials: CredentialsApi) -> Router:
    router = Router(tags=["accounts"])

    @router.post(
        "/v1/me/password",
        status_code=204,
        responses=responses(
            InvalidCredentials, Invalid, Unauthenticated, TokenExpired, Forbidden, TooManyRequests, Overloaded
        ),
    )
    async def change_password(body: PasswordChangeIn, principal: CurrentPrincipal) -> Response:
        """Change your password. Every other session of yours ends, mailed links die, and you are told by mail."""
        await credentials.change_password(
            account_id=principal.account_id,
            session_id=principal.session_id,
            current_password=body.current_password,
            new_password=body.new_password,
        )
        return Response(status_code=204)

    @router.post(
        "/v1/me/email",
        status_code=202,
        responses=responses(
            Invalid, Unauthenticated, TokenExpired, Forbidden, ReauthRequired, NotFound, TooManyRequests
        ),
    )
    async def change_email(body: AddressIn, principal: Fresh) -> AddressOut:
        """Ask for another e-mail address; you must have proved who you are a short while ago.

        A link goes to the new address; once it is followed the address is yours and the old one is told. The answer
        is the same if somebody else has the address: then they are told, and nothing changes.
        """
        await credentials.ask_to_change_email(account_id=principal.account_id, email=body.email)
        return AddressOut(email=body.email)

    @router.post(
        "/v1/me/username",
        status_code=204,
        responses=responses(Invalid, UsernameTaken, Unauthenticated, TokenExpired, Forbidden, NotFound),
    )
    async def change_username(body: UsernameIn, principal: CurrentPrincipal) -> Response:
        """Take another user name. The old one is free for others then."""
        await credentials.change_username(account_id=principal.account_id, username=body.username)
        return Response(status_code=204)

    return router
