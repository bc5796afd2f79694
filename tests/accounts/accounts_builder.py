"""Builds accounts as the application does, and people to register."""

from contextlib import asynccontextmanager
from itertools import count

from holdfast.accounts.module import build
from holdfast.accounts.settings import AccountsSettings
from holdfast.kit.clock import Clock
from holdfast.kit.db.opening import open_database
from holdfast.kit.module import House
from holdfast.kit.secrets import Keyring

SECRET = "the secret of the tests, long enough to be one"
PASSWORD = "correct horse battery"
_numbers = count(1)


def person(**changes):
    """What somebody registers with whom no other test knows."""
    name = f"person-{next(_numbers)}"
    return {"username": name, "email": f"{name}@example.com", "password": PASSWORD, **changes}


def built_on(db, *, clock=None, secret=SECRET, previous=(), redis_url=None, passwords=None, **settings):
    """The module, built on a database that is open already."""
    keyring = Keyring(secret, previous=previous)
    chosen = AccountsSettings(_env_file=None, **settings)
    house = House(db=db, clock=clock or db.clock, keyring=keyring, settings=chosen, doors={}, redis_url=redis_url)
    return build(house, passwords=passwords and passwords(chosen))


@asynccontextmanager
async def opened(url, *, clock=None, **choices):
    """The door of accounts over a migrated database."""
    db = await open_database(url, clock or Clock())
    built = built_on(db, **choices)
    try:
        yield built.api
    finally:
        await built.close()
        await db.close()
