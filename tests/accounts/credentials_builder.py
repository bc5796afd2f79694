"""The doors to addresses and passwords over a migrated database, and a mailbox to look into."""

import re
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from accounts_builder import PASSWORD, SECRET, built_on, person

from holdfast.accounts.service.credential_doors import credential_doors
from holdfast.accounts.service.passwords import Passwords
from holdfast.accounts.settings import AccountsSettings
from holdfast.kit.clock import Clock
from holdfast.kit.db.opening import open_database
from holdfast.kit.limits.limits import Limits, unlimited
from holdfast.kit.limits.settings import LimitSettings
from holdfast.kit.mail.settings import MailSettings
from holdfast.kit.module import House
from holdfast.kit.secrets import Keyring

NEW_PASSWORD = "velvet anchor thirteen plums"


class Mailbox:
    """Keeps letters instead of carrying them; says no as often as it is told to."""

    def __init__(self):
        self.letters = []
        self.refusals = []

    async def send(self, letter):
        if self.refusals:
            raise self.refusals.pop(0)
        self.letters.append(letter)

    def to(self, email):
        """The letters to an address, in the order they came."""
        return [each for each in self.letters if each.to == email]


class CountingPasswords(Passwords):
    """Says how much work was done."""

    def __init__(self, settings):
        super().__init__(settings)
        self.hashed = 0

    async def hash(self, password):
        self.hashed += 1
        return await super().hash(password)


@dataclass
class Desk:
    """The doors, the database behind them, and the mail that went out."""

    db: object
    clock: object
    doors: object
    accounts: object
    passwords: object
    mailbox: Mailbox
    ended: list = field(default_factory=list)

    @property
    def credentials(self):
        return self.doors.credentials

    async def mailed(self, email):
        """Send what waits, and return the letters to an address."""
        await self.doors.mailing.send_due()
        return self.mailbox.to(email)

    async def token_to(self, email):
        """The token in the newest letter to an address."""
        return re.search(r"#token=([\w-]+)$", (await self.mailed(email))[-1].link.url)[1]

    async def registered(self, **changes):
        """Somebody who registered from outside: what they said, and their account."""
        who = person(**changes)
        await self.credentials.ask_to_register(**{"role": "guest", **who})
        return who, await self.accounts.find_by_email(email=who["email"])

    async def recovery_of(self, who):
        """A token to recover an account with."""
        await self.doors.mailing.send_due()  # letters that wait together go out in no set order
        await self.credentials.ask_for_recovery(email=who["email"])
        return await self.token_to(who["email"])

    async def lets_in(self, email, password=PASSWORD):
        """Whether a password is the one of an address."""
        login = await self.accounts._find_login(email)
        return await self.passwords.verify(password, login.password_hash)


@asynccontextmanager
async def desk_on(url, *, clock=None, limits=None, mail=None, **settings):
    """The doors on a database that has the tables of accounts."""
    clock = clock or Clock()
    db = await open_database(url, clock)
    chosen = AccountsSettings(_env_file=None, **settings)
    passwords, mailbox = CountingPasswords(chosen), Mailbox()
    built = built_on(db)
    house = House(
        db=db,
        clock=clock,
        keyring=Keyring(SECRET),
        settings=chosen,
        doors={},
        limits=unlimited(clock=clock) if limits is None else Limits(settings=limits, clock=clock),
        mail=mail or MailSettings(_env_file=None, public_url="https://book.example.com"),
    )
    desk = Desk(db=db, clock=clock, doors=None, accounts=built.api, passwords=passwords, mailbox=mailbox)

    async def end_sessions(_, *, account_id, why, except_session=None):
        desk.ended.append((account_id, why, except_session))

    desk.doors = credential_doors(house, passwords=passwords, end_sessions=end_sessions, mailer=mailbox)
    try:
        yield desk
    finally:
        await passwords.close()
        await built.close()
        await db.close()


def few(**rates):
    """Limits that are met soon."""
    return LimitSettings(_env_file=None, times=1, **rates)
