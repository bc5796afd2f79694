"""Statements about mailed tokens, addresses, passwords and user names. A token is used by the row an UPDATE finds."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, select, union_all, update

from holdfast.accounts.credentials_api import TokenPurpose
from holdfast.accounts.models.accounts import account
from holdfast.accounts.models.credentials import email_change, mail_token, reserved_name
from holdfast.kit.db.database import Tx
from holdfast.kit.db.statements import adding, statement
from holdfast.kit.db.types import Moment

_PERSON = (
    account.c.id,
    account.c.username,
    account.c.email,
    account.c.email_key,
    account.c.password_hash,
    account.c.disabled,
    account.c.confirmed_at,
)
_BY_ID = statement(select(*_PERSON).where(account.c.id == bindparam("id")))
_BY_EMAIL = statement(select(*_PERSON).where(account.c.email_key == bindparam("email_key")))
# Who changes a password or an address holds the account's row until the commit: two changes come one after the other.
_LOCK = statement(update(account).where(account.c.id == bindparam("of_id")).values(disabled=account.c.disabled))

_NAMED = statement(
    union_all(
        select(account.c.id.label("of_id")).where(account.c.username_key == bindparam("name")),
        select(reserved_name.c.account_id.label("of_id")).where(reserved_name.c.username_key == bindparam("name")),
    )
)
_RESERVE = adding(reserved_name)
_UNRESERVE = statement(delete(reserved_name).where(reserved_name.c.username_key == bindparam("name")))
_SET_NAME = statement(
    update(account)
    .where(account.c.id == bindparam("of_id"))
    .values(username=bindparam("new_name"), username_key=bindparam("new_key"))
)

_ADD_TOKEN = adding(mail_token)
_DROP_TOKENS = statement(delete(mail_token).where(mail_token.c.account_id == bindparam("id")))
_DROP_OLDER = statement(
    delete(mail_token).where(
        mail_token.c.account_id == bindparam("id"), mail_token.c.purpose == bindparam("of_purpose")
    )
)
_LIVE = (
    mail_token.c.token_hash == bindparam("hash"),
    mail_token.c.used_at.is_(None),
    mail_token.c.expires_at > bindparam("now", type_=Moment()),
)
_FIND_TOKEN = statement(select(mail_token.c.account_id, mail_token.c.purpose, mail_token.c.email_key).where(*_LIVE))
_USE_TOKEN = statement(update(mail_token).where(*_LIVE).values(used_at=bindparam("now", type_=Moment())))
_FORGET_TOKENS = statement(delete(mail_token).where(mail_token.c.expires_at < bindparam("before", type_=Moment())))

_SET_PASSWORD = statement(
    update(account).where(account.c.id == bindparam("of_id")).values(password_hash=bindparam("new_hash"))
)
_CONFIRM = statement(
    update(account)
    .where(account.c.id == bindparam("of_id"), account.c.confirmed_at.is_(None))
    .values(confirmed_at=bindparam("now", type_=Moment()))
)
_SET_EMAIL = statement(
    update(account)
    .where(account.c.id == bindparam("of_id"))
    .values(
        email=bindparam("new_email"),
        email_key=bindparam("new_key"),
        confirmed_at=bindparam("now", type_=Moment()),
        email_bounced_at=None,
    )
)
_FIND_CHANGE = statement(
    select(email_change.c.email, email_change.c.email_key).where(email_change.c.account_id == bindparam("id"))
)
_ADD_CHANGE = adding(email_change)
_DROP_CHANGE = statement(delete(email_change).where(email_change.c.account_id == bindparam("id")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """An account with what proves that somebody owns it. Stays inside this module."""

    id: int
    username: str
    email: str
    email_key: str
    password_hash: str
    disabled: bool
    confirmed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MailToken:
    """What a mailed token stands for."""

    account_id: int
    purpose: TokenPurpose
    email_key: str
    """Where it was mailed to."""


async def find(tx: Tx, *, account_id: int) -> Person | None:
    """Return an account."""
    return _person(await tx.one(_BY_ID(id=account_id)))


async def find_locked(tx: Tx, *, account_id: int) -> Person | None:
    """Return an account nobody else changes before this transaction ends."""
    await tx.run(_LOCK(of_id=account_id))
    return _person(await tx.one(_BY_ID(id=account_id)))


async def find_by_email(tx: Tx, *, email_key: str) -> Person | None:
    """Return the account of an address."""
    return _person(await tx.one(_BY_EMAIL(email_key=email_key)))


async def is_named(tx: Tx, *, username_key: str, besides: int | None = None) -> bool:
    """Return whether a user name is taken or reserved, by anybody but the account `besides`."""
    return any(row.of_id != besides for row in await tx.all(_NAMED(name=username_key)))


async def reserve_name(tx: Tx, *, username_key: str, account_id: int) -> None:
    """Let nobody but this account take a name.

    Raises:
        UniqueViolation: It is reserved already.
    """
    await tx.run(_RESERVE(username_key=username_key, account_id=account_id, created_at=await tx.now()))


async def rename(tx: Tx, *, account_id: int, username: str, username_key: str) -> None:
    """Give an account another name.

    Raises:
        UniqueViolation: It is taken.
    """
    await tx.run(_UNRESERVE(name=username_key))
    await tx.run(_SET_NAME(of_id=account_id, new_name=username, new_key=username_key))


async def add_token(tx: Tx, token: MailToken, *, token_hash: str, expires_at: datetime) -> None:
    """Keep the hash of a token; older ones of its purpose are no good any more."""
    await tx.run(_DROP_OLDER(id=token.account_id, of_purpose=token.purpose))
    await tx.run(
        _ADD_TOKEN(
            token_hash=token_hash,
            account_id=token.account_id,
            purpose=token.purpose,
            email_key=token.email_key,
            created_at=await tx.now(),
            expires_at=expires_at,
            used_at=None,
        )
    )


async def find_token(tx: Tx, *, token_hash: str) -> MailToken | None:
    """Return a token that is good at this moment."""
    row = await tx.one(_FIND_TOKEN(hash=token_hash, now=await tx.now()))
    return None if row is None else _token(row)


async def use_token(tx: Tx, *, token_hash: str) -> MailToken | None:
    """Use a token up and return it; None if it is no good, or somebody else just used it."""
    now = await tx.now()
    row = await tx.one(_FIND_TOKEN(hash=token_hash, now=now))
    if row is None or await tx.run(_USE_TOKEN(hash=token_hash, now=now)) != 1:
        return None
    return _token(row)


async def drop_tokens(tx: Tx, *, account_id: int) -> None:
    """Let every mailed token of an account die."""
    await tx.run(_DROP_TOKENS(id=account_id))


async def forget_tokens(tx: Tx, *, before: datetime) -> int:
    """Delete tokens that ran out before an instant; return how many."""
    return await tx.run(_FORGET_TOKENS(before=before))


async def set_password(tx: Tx, *, account_id: int, password_hash: str) -> None:
    """Store a new password's hash."""
    await tx.run(_SET_PASSWORD(of_id=account_id, new_hash=password_hash))


async def confirm(tx: Tx, *, account_id: int) -> None:
    """Note that the mailbox is its owner's, unless that is known."""
    await tx.run(_CONFIRM(of_id=account_id, now=await tx.now()))


async def ask_for_email(tx: Tx, *, account_id: int, email: str, email_key: str) -> None:
    """Remember which address an account is to have, instead of any it asked for before."""
    await tx.run(_DROP_CHANGE(id=account_id))
    await tx.run(_ADD_CHANGE(account_id=account_id, email=email, email_key=email_key, asked_at=await tx.now()))


async def email_asked_for(tx: Tx, *, account_id: int) -> tuple[str, str] | None:
    """Return the address (as typed, canonical) an account is to have."""
    row = await tx.one(_FIND_CHANGE(id=account_id))
    return None if row is None else (row.email, row.email_key)


async def set_email(tx: Tx, *, account_id: int, email: str, email_key: str) -> None:
    """Give an account another address, which is confirmed by that.

    Raises:
        UniqueViolation: Another account has it.
    """
    await tx.run(_DROP_CHANGE(id=account_id))
    await tx.run(_SET_EMAIL(of_id=account_id, new_email=email, new_key=email_key, now=await tx.now()))


def _person(row: Any) -> Person | None:
    if row is None:
        return None
    return Person(
        id=row.id,
        username=row.username,
        email=row.email,
        email_key=row.email_key,
        password_hash=row.password_hash,
        disabled=row.disabled,
        confirmed_at=row.confirmed_at,
    )


def _token(row: Any) -> MailToken:
    return MailToken(account_id=row.account_id, purpose=row.purpose, email_key=row.email_key)
