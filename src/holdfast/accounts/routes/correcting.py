"""Correcting what one is called, as privacy law asks for (APP 13); more of that is in the gateway."""

from holdfast.accounts.api import AccountsApi, TokenExpired
from holdfast.accounts.credentials_api import UsernameTaken
from holdfast.accounts.routes.accounts import AccountOut, account_out
from holdfast.accounts.routes.credential_shapes import UsernameIn
from holdfast.kit.errors import Forbidden, Invalid, NotFound, Unauthenticated
from holdfast.kit.http.answers import success
from holdfast.kit.http.principals import CurrentPrincipal
from holdfast.kit.http.problems import responses
from holdfast.kit.http.routes import Router


def router(accounts: AccountsApi) -> Router:
    """Return the route that corrects an account."""
    made = Router(tags=["accounts"])

    @made.patch(
        "/v1/me",
        responses=success(200, "Your account.")
        | responses(Unauthenticated, TokenExpired, Forbidden, NotFound, Invalid, UsernameTaken),
    )
    async def change_account(body: UsernameIn, principal: CurrentPrincipal) -> AccountOut:
        """Change what you are called; the old name is free for others then.

        Your address is changed by `POST /v1/me/email`. Ask `POST /v1/me/corrections` for what you cannot change.
        """
        await accounts.credentials.change_username(account_id=principal.account_id, username=body.username)
        [account] = await accounts.get_many(ids=[principal.account_id])
        return account_out(account)

    return made
