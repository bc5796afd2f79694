"""The doors to second factors over a migrated database, and people who have some."""

from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import pyotp
from accounts_builder import SECRET, built_on, person

from holdfast.accounts.service.factor_doors import FactorNeeds, factor_doors
from holdfast.accounts.service.passwords import Passwords
from holdfast.accounts.settings import AccountsSettings
from holdfast.kit.auth import Principal
from holdfast.kit.clock import Clock
from holdfast.kit.db.opening import open_database
from holdfast.kit.limits.limits import Limits
from holdfast.kit.limits.rates import Rate
from holdfast.kit.limits.settings import LimitSettings
from holdfast.kit.secrets import Keyring

SITE = "http://localhost:8000"
STEP = timedelta(seconds=30)


@dataclass
class House:
    """The doors, the database behind them, and what they asked of sessions."""

    db: object
    clock: object
    doors: object
    accounts: object
    ended: list = field(default_factory=list)
    renewed: list = field(default_factory=list)

    async def person(self):
        """A new account."""
        return await self.accounts.register(**person())

    async def with_totp(self):
        """An account whose authenticator app is on: the account, its app and its recovery codes."""
        account = await self.person()
        app = await self.started(account)
        codes = await self.doors.factors.confirm_totp(account_id=account.id, code=self.code(app))
        self.later()
        return account, app, codes

    async def started(self, account):
        """The app of an account, not yet confirmed."""
        return pyotp.TOTP((await self.doors.factors.start_totp(account_id=account.id)).secret)

    def code(self, app, steps=0):
        """What an app shows now, or some steps from now."""
        return app.at(self.clock.now() + STEP * steps)

    def later(self, steps=1):
        """Move the clock by some steps of 30 seconds."""
        self.clock.advance(STEP * steps)

    async def check(self, account, code):
        """Use up a code as log-in does."""
        return await self.db.write(lambda tx: self.doors.codes.check(tx, account.id, code))

    async def required(self, account):
        return await self.db.read(lambda tx: self.doors.codes.required(tx, account.id))

    def principal(self, account, **changes):
        said = {"session_id": "ses_1", "authenticated_at": self.clock.now(), **changes}
        return Principal(account.id, "guest", **said)


def limits_of(clock, quota=1_000):
    """Limits of which only that of codes is as low as it says."""
    rate = Rate(quota=quota, window_s=300)
    return Limits(settings=LimitSettings(_env_file=None, times=1, second_factor=rate), clock=clock)


@asynccontextmanager
async def factors_on(url, *, clock=None, secret=SECRET, previous=(), quota=1_000, **settings):
    """The doors on a database that has the tables of accounts."""
    clock = clock or Clock()
    db = await open_database(url, clock)
    chosen = AccountsSettings(_env_file=None, **settings)
    passwords = Passwords(chosen)
    built = built_on(db, secret=secret, previous=previous)
    house = House(db=db, clock=clock, doors=None, accounts=built.api)

    async def end_sessions(tx, *, account_id, why, except_session=None):
        assert await tx.now()
        house.ended.append((account_id, why, except_session))

    async def reauthenticated(tx, session_id):
        assert await tx.now()
        house.renewed.append(session_id)

    house.doors = factor_doors(
        FactorNeeds(
            db=db,
            clock=clock,
            keyring=Keyring(secret, previous=previous),
            settings=chosen,
            passwords=passwords,
            limits=limits_of(clock, quota),
            end_sessions=end_sessions,
            reauthenticated=reauthenticated,
            public_url=SITE,
        )
    )
    try:
        yield house
    finally:
        await passwords.close()
        await built.close()
        await db.close()
