"""The plug of accounts."""

from functools import partial
from typing import Final

from holdfast.accounts.keys_api import KeyMode
from holdfast.accounts.models import tables
from holdfast.accounts.models.activity import activity
from holdfast.accounts.models.limits import limit
from holdfast.accounts.models.privacy import outbox
from holdfast.accounts.routes.routers import routers
from holdfast.accounts.service.accounts import Accounts
from holdfast.accounts.service.credential_doors import credential_doors
from holdfast.accounts.service.doors import Doors
from holdfast.accounts.service.factor_doors import FactorNeeds, factor_doors
from holdfast.accounts.service.keys import Keys
from holdfast.accounts.service.mailing import queue
from holdfast.accounts.service.organizations import Organizations
from holdfast.accounts.service.passwords import Passwords
from holdfast.accounts.service.personal import AccountsPersonal
from holdfast.accounts.service.privacy import Privacy
from holdfast.accounts.service.session_doors import log_ins, session_doors
from holdfast.accounts.service.sessions import Sessions
from holdfast.accounts.settings import AccountsSettings
from holdfast.kit.activity.records import ActivityRecords
from holdfast.kit.module import Built, House, Job, Module

_FORGET_EVERY_S: Final = 3600.0
_MAIL_EVERY_S: Final = 2.0


def build(house: House, *, passwords: Passwords | None = None) -> Built:
    """Put accounts together with what the house gives it.

    Args:
        house: What the module is built from.
        passwords: Hashes them; as the settings say, if not given.
    """
    settings: AccountsSettings = house.settings
    passwords = passwords or Passwords(settings)
    opened = session_doors(house)
    sessions = opened.sessions
    privacy = Privacy(
        db=house.db, clock=house.clock, keyring=house.keyring, limits=house.limits, end_sessions=opened.erase
    )
    keys, organizations = _keys(house), _organizations(house, sessions)
    mailed = credential_doors(house, passwords=passwords, end_sessions=sessions.end_all)
    proving = factor_doors(
        FactorNeeds(
            db=house.db,
            clock=house.clock,
            keyring=house.keyring,
            settings=settings,
            passwords=passwords,
            limits=house.limits,
            end_sessions=sessions.end_all,
            reauthenticated=sessions.reauthenticated,
            public_url=house.mail.public_url,
        )
    )
    doors = Doors(
        sessions=sessions,
        credentials=mailed.credentials,
        factors=proving.factors,
        passkeys=proving.passkeys,
        step_up=proving.step_up,
        organizations=organizations,
        keys=keys,
        privacy=privacy,
    )
    accounts = Accounts(
        db=house.db,
        passwords=passwords,
        opened=opened,
        log_ins=log_ins(house, opened, passwords=passwords, proving=proving, credentials=mailed.credentials),
        doors=doors,
        password_rules=mailed.rules,
    )

    async def close() -> None:
        await keys.close()
        await opened.close()
        await mailed.breached.close()
        await passwords.close()

    return Built(
        api=accounts,
        routers=routers(accounts, house.clock),
        activity=ActivityRecords(activity, house.db),
        limit_table=limit,
        outbox=outbox,
        jobs=(
            Job(name="accounts.forget_invitations", every_s=_FORGET_EVERY_S, run=organizations.forget_invitations),
            Job(name="accounts.forget_tokens", every_s=_FORGET_EVERY_S, run=sessions.forget),
            Job(name="accounts.mail", every_s=_MAIL_EVERY_S, run=mailed.mailing.send_due),
            Job(name="accounts.forget_challenges", every_s=_FORGET_EVERY_S, run=proving.passkeys.forget_spent),
            Job(name="accounts.forget_mail", every_s=_FORGET_EVERY_S, run=mailed.mailing.forget_old),
        ),
        close=close,
        personal=AccountsPersonal(house.db, forget_mail=mailed.mailing.forget_letters),
    )


def _keys(house: House) -> Keys:
    mode = KeyMode.LIVE if house.settings.in_production else KeyMode.TEST
    return Keys(db=house.db, clock=house.clock, mode=mode)


def _organizations(house: House, sessions: Sessions) -> Organizations:
    return Organizations(
        db=house.db,
        clock=house.clock,
        settings=house.settings,
        queue=partial(queue, clock=house.clock),
        act_for=sessions.act_for,
        changed=sessions.changed,
    )


MODULE = Module(name="accounts", build=build, tables=tables, settings=AccountsSettings)
