"""People over HTTP: register, log in, read one's own account, and what admins see."""

from typing import Annotated, Final, Literal

from fastapi import Response
from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from holdfast.accounts.api import (
    Account,
    AccountsApi,
    Role,
    TokenExpired,
)
from holdfast.accounts.credentials_api import UsernameTaken
from holdfast.accounts.routes.credential_shapes import RegistrationOut
from holdfast.accounts.rules import MAX_EMAIL, MAX_PASSWORD, MAX_USERNAME, MIN_EMAIL, MIN_PASSWORD, MIN_USERNAME
from holdfast.kit.errors import Forbidden, Invalid, Overloaded, Unauthenticated
from holdfast.kit.http.principals import CurrentPrincipal, OperatorPrincipal
from holdfast.kit.http.problems import responses
from holdfast.kit.http.routes import Router
from holdfast.kit.http.wire import NUMBER_MAX, Digits, InstantField, Wire
from holdfast.kit.limits.limits import TooManyRequests

_KEYS_MAX_AGE_S: Final = 300
EXAMPLE_ACCOUNT: Final[JsonDict] = {
    "id": 3,
    "username": "john",
    "email": "john@gmail.com",
    "role": "guest",
    "created_at": "2026-05-04T09:30:00Z",
}

_Username = Annotated[str, Field(min_length=MIN_USERNAME, max_length=MAX_USERNAME)]
Email = Annotated[str, Field(min_length=MIN_EMAIL, max_length=MAX_EMAIL, json_schema_extra={"format": "idn-email"})]
_Password = Annotated[
    str, Field(min_length=MIN_PASSWORD, max_length=MAX_PASSWORD, json_schema_extra={"format": "password"})
]


class NewAccount(Wire):
    """Who wants an account."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "username": "john",
                    "email": "john@gmail.com",
                    "password": "correct horse battery",
                    "role": "guest",
                }
            ]
        }
    )

    username: _Username
    """Letters and digits of any script, `.`, `_` and `-`. Unique, whatever its case."""
    email: Email
    """Unique; case and Unicode form make no difference, dots and plus-tags do."""
    password: _Password
    """Any characters, taken exactly as sent. The ones everybody guesses first are refused."""
    role: Literal["guest", "owner"] = "guest"
    """An owner may also list properties."""


class AccountOut(Wire):
    """An account as its owner sees it."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE_ACCOUNT]})

    id: int
    username: str
    """As it was typed."""
    email: str
    """As it was typed."""
    role: Role
    created_at: InstantField


class AccountForAdmin(AccountOut):
    """An account as admins see it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{**EXAMPLE_ACCOUNT, "disabled": False}]})

    disabled: bool
    """Whether it is closed: nobody can log in to it."""


class AccountPage(Wire):
    """Some accounts, in order of id."""

    items: list[AccountForAdmin]
    next_after: int | None
    """Send it as `after` for the next page; null on the last."""


class KeyOut(Wire):
    """One public key (RFC 7517)."""

    kty: str
    crv: str
    x: str
    y: str
    kid: str
    """The RFC 7638 thumbprint; tokens name the key they were signed with by it."""
    use: str
    alg: str


class KeySet(Wire):
    """A JSON Web Key Set."""

    keys: list[KeyOut]
    """The key that signs now first; then those that only check tokens signed earlier."""


def routers(accounts: AccountsApi) -> tuple[Router, ...]:
    """Return the routes of people."""
    return _log_in(accounts), _own(accounts), _admin(accounts)


def _log_in(accounts: AccountsApi) -> Router:
    router = Router(tags=["accounts"])

    @router.post(
        "/v1/accounts",
        status_code=202,
        responses=responses(UsernameTaken, Invalid, TooManyRequests, Overloaded),
    )
    async def register(body: NewAccount) -> RegistrationOut:
        """Create an account.

        The password may have 8 to 128 characters, any of them, and is stored as an argon2id hash. After this,
        `POST /v1/sessions` gives you an access token; where addresses have to be confirmed, follow the link in the
        mail first. The answer is the same if the address has an account already: that is left as it is, and its
        owner is told by mail.
        """
        await accounts.credentials.ask_to_register(
            username=body.username, email=body.email, password=body.password, role=body.role
        )
        return RegistrationOut(username=body.username, email=body.email, role=body.role)

    @router.get("/.well-known/jwks.json")
    async def published_keys(response: Response) -> KeySet:
        """Read the public keys that access tokens can be checked with, as a JSON Web Key Set.

        A token is good if its header says `typ: at+jwt` and `alg: ES256`, one of these keys made its signature, and
        its `iss`, `aud` and `exp` are right. Look here again when a token names a `kid` you do not know.
        """
        response.headers["cache-control"] = f"public, max-age={_KEYS_MAX_AGE_S}"
        return KeySet(keys=[KeyOut(**key) for key in accounts.published_keys()["keys"]])

    return router


def _own(accounts: AccountsApi) -> Router:
    router = Router(tags=["accounts"])

    @router.get("/v1/me", responses=responses(Unauthenticated, TokenExpired, Forbidden))
    async def read_own_account(principal: CurrentPrincipal) -> AccountOut:
        """Read your own account."""
        return account_out(await _open_account(accounts, principal.account_id))

    return router


def _admin(accounts: AccountsApi) -> Router:
    router = Router(tags=["admin"])

    @router.get("/v1/admin/accounts", responses=responses(Invalid, Unauthenticated, TokenExpired, Forbidden))
    async def list_accounts(
        principal: OperatorPrincipal,
        after: Annotated[int, Digits(0, NUMBER_MAX)] = 0,
        limit: Annotated[int, Digits(1, 100)] = 50,
    ) -> AccountPage:
        """List all accounts in order of id; for operators and admins.

        Ask again with `after` set to the `next_after` of the answer until that is null.
        """
        del principal  # that there is one is all that matters
        found = await accounts.list_all(after_id=after, limit=limit + 1)
        page = found[:limit]
        return AccountPage(
            items=[_account_for_admin(account) for account in page],
            next_after=page[-1].id if len(found) > limit else None,
        )

    return router


async def _open_account(accounts: AccountsApi, account_id: int) -> Account:
    """Return the account of a token that is good.

    Raises:
        Unauthenticated: It has been closed or removed since the token was given.
    """
    found = await accounts.get_many(ids=[account_id])
    if not found or found[0].disabled:
        raise Unauthenticated("The account of this token is closed.")
    return found[0]


def account_out(account: Account) -> AccountOut:
    """Return an account as its owner sees it."""
    return AccountOut(
        id=account.id,
        username=account.username,
        email=account.email,
        role=account.role,
        created_at=account.created_at,
    )


def _account_for_admin(account: Account) -> AccountForAdmin:
    return AccountForAdmin(**account_out(account).model_dump(), disabled=account.disabled)
