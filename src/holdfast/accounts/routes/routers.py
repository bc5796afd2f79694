"""All routes of accounts, in the order they are tried."""

from holdfast.accounts.api import AccountsApi
from holdfast.accounts.routes import accounts as people
from holdfast.kit.http.routes import Router


def routers(accounts: AccountsApi) -> tuple[Router, ...]:
    """Return the routes of accounts."""
    return people.routers(accounts)
