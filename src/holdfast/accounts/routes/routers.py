"""All routes of accounts, in the order they are tried."""

from holdfast.accounts.api import AccountsApi
from holdfast.accounts.routes import accounts as people
from holdfast.accounts.routes import correcting, credentials, factors, keys, organizations, passkeys, sessions
from holdfast.kit.clock import Clock
from holdfast.kit.http.routes import Router


def routers(accounts: AccountsApi, clock: Clock) -> tuple[Router, ...]:
    """Return the routes of accounts."""
    return (
        *people.routers(accounts),
        *sessions.routers(accounts, clock),
        *credentials.routers(accounts.credentials),
        correcting.router(accounts),
        *factors.routers(accounts.factors, accounts.step_up),
        *passkeys.routers(accounts.passkeys),
        *organizations.routers(accounts.organizations),
        keys.router(accounts.keys),
    )
