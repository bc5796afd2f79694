"""Statements about people and what proves who they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import bindparam, select, update

from holdfast.accounts.api import Account, Role
from holdfast.accounts.models.accounts import account
from holdfast.accounts.store import organizations, policies
from holdfast.kit.db.database import Tx
from holdfast.kit.db.statements import adding, rows, statement
from holdfast.kit.db.types import Whole

_FOUNDERS: Final = frozenset({Role.OWNER, Role.ADMIN})
_IDS = rows("ids", id=Whole())
_PUBLIC = (
    account.c.id,
    account.c.username,
    account.c.email,
    account.c.role,
    account.c.disabled,
    account.c.created_at,
)

_ADD = adding(account, *(name for name in account.c.keys() if name != "id"))  # noqa: SIM118 - not a dict
_FIND_LOGIN = statement(
    select(*_PUBLIC, account.c.password_hash, account.c.confirmed_at).where(
        account.c.email_key == bindparam("email_key")
    ),
)
_FIND = statement(select(*_PUBLIC).where(account.c.id == bindparam("id")))
_FIND_MANY = statement(select(*_PUBLIC).join(_IDS, _IDS.c.id == account.c.id))
_LIST = statement(
    select(*_PUBLIC).where(account.c.id > bindparam("after_id")).order_by(account.c.id).limit(bindparam("limit")),
)
_SET_DISABLED = statement(
    update(account).where(account.c.id == bindparam("of_id")).values(disabled=bindparam("disabled")),
)
_REPLACE_HASH = statement(
    update(account)
    .where(account.c.id == bindparam("of_id"), account.c.password_hash == bindparam("old_hash"))
    .values(password_hash=bindparam("new_hash")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccount:
    """What is stored of a person at registration."""

    username: str
    username_key: str
    email: str
    email_key: str
    password_hash: str
    role: Role
    is_confirmed: bool = False
    """Whether somebody vouches for the address who may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """An account with what proves that somebody owns it. Stays inside this module."""

    account: Account
    password_hash: str
    is_confirmed: bool
    """Whether the address is known to be its owner's."""


async def add(tx: Tx, new: NewAccount) -> Account:
    """Insert an account, and found the organization of one that will sell something.

    Raises:
        UniqueViolation: The address or the user name is taken.
    """
    now = await tx.now()
    account_id = await tx.insert(
        _ADD(
            username=new.username,
            username_key=new.username_key,
            email=new.email,
            email_key=new.email_key,
            password_hash=new.password_hash,
            role=new.role,
            disabled=False,
            created_at=now,
            confirmed_at=None,
            email_bounced_at=None,
        )
    )
    await policies.note_notice(tx, account_id=account_id, form="registration")
    if new.role in _FOUNDERS:
        await organizations.found(tx, account_id=account_id, name=new.username)
    return Account(id=account_id, username=new.username, email=new.email, role=new.role, created_at=now)


async def find_login(tx: Tx, *, email_key: str) -> Login | None:
    """Return the account of an address and its hash."""
    row = await tx.one(_FIND_LOGIN(email_key=email_key))
    return None if row is None else _login(row)


async def find_many(tx: Tx, *, ids: Sequence[int]) -> list[Account]:
    """Return the accounts that exist among `ids`."""
    return [_account(row) for row in await tx.all(_FIND_MANY(ids=[(account_id,) for account_id in ids]))]


async def list_after(tx: Tx, *, after_id: int, limit: int) -> list[Account]:
    """Return up to `limit` accounts with a greater id, in order of id."""
    return [_account(row) for row in await tx.all(_LIST(after_id=after_id, limit=limit))]


async def set_disabled(tx: Tx, *, account_id: int, disabled: bool) -> Account | None:
    """Set the flag and return the account, or None if there is none."""
    await tx.run(_SET_DISABLED(of_id=account_id, disabled=disabled))
    row = await tx.one(_FIND(id=account_id))
    return None if row is None else _account(row)


async def replace_hash(tx: Tx, *, account_id: int, old_hash: str, new_hash: str) -> None:
    """Store a new hash of the same password, unless the password has been changed meanwhile."""
    await tx.run(_REPLACE_HASH(of_id=account_id, old_hash=old_hash, new_hash=new_hash))


def _login(row: Any) -> Login:
    return Login(account=_account(row), password_hash=row.password_hash, is_confirmed=row.confirmed_at is not None)


def _account(row: Any) -> Account:
    return Account(
        id=row.id,
        username=row.username,
        email=row.email,
        role=row.role,
        created_at=row.created_at,
        disabled=row.disabled,
    )
