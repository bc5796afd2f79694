"""The plug of accounts."""

from holdfast.accounts.models import tables
from holdfast.accounts.models.activity import activity
from holdfast.accounts.models.limits import limit
from holdfast.accounts.models.privacy import outbox
from holdfast.accounts.routes.routers import routers
from holdfast.accounts.service.accounts import Accounts
from holdfast.accounts.service.passwords import Passwords
from holdfast.accounts.service.personal import AccountsPersonal
from holdfast.accounts.service.privacy import Privacy
from holdfast.accounts.service.tokens import Tokens
from holdfast.accounts.settings import AccountsSettings
from holdfast.kit.activity.records import ActivityRecords
from holdfast.kit.db.database import Tx
from holdfast.kit.module import Built, House, Module


def build(house: House) -> Built:
    """Put accounts together with what the house gives it."""
    settings: AccountsSettings = house.settings
    passwords = Passwords(settings)
    tokens = Tokens(keyring=house.keyring, clock=house.clock, settings=settings)
    privacy = Privacy(db=house.db, clock=house.clock, keyring=house.keyring, end_sessions=_end_sessions)
    accounts = Accounts(db=house.db, passwords=passwords, tokens=tokens, privacy=privacy)
    return Built(
        api=accounts,
        routers=routers(accounts),
        activity=ActivityRecords(activity, house.db),
        limit_table=limit,
        outbox=outbox,
        close=passwords.close,
        personal=AccountsPersonal(house.db),
    )


async def _end_sessions(tx: Tx, account_id: int) -> None:
    """End every session of an account that is to be erased."""
    del tx, account_id


MODULE = Module(name="accounts", build=build, tables=tables, settings=AccountsSettings)
