"""The plug of accounts."""

from holdfast.accounts.models import tables
from holdfast.accounts.models.activity import activity
from holdfast.accounts.routes.routers import routers
from holdfast.accounts.service.accounts import Accounts
from holdfast.accounts.service.passwords import Passwords
from holdfast.accounts.service.tokens import Tokens
from holdfast.accounts.settings import AccountsSettings
from holdfast.kit.activity.records import ActivityRecords
from holdfast.kit.module import Built, House, Module


def build(house: House) -> Built:
    """Put accounts together with what the house gives it."""
    settings: AccountsSettings = house.settings
    passwords = Passwords(settings)
    tokens = Tokens(keyring=house.keyring, clock=house.clock, settings=settings)
    accounts = Accounts(db=house.db, passwords=passwords, tokens=tokens)
    return Built(
        api=accounts,
        routers=routers(accounts),
        activity=ActivityRecords(activity, house.db),
        close=passwords.close,
    )


MODULE = Module(name="accounts", build=build, tables=tables, settings=AccountsSettings)
