"""Statements about second factors and passkeys. What may happen once is decided by the row an UPDATE finds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, func, select, update

from holdfast.accounts.factors_api import Passkey
from holdfast.accounts.models.accounts import account
from holdfast.accounts.models.factors import passkey, passkey_user, recovery_code, spent_challenge, totp
from holdfast.kit.db.database import Tx
from holdfast.kit.db.statements import adding, adding_rows, rows_like, statement
from holdfast.kit.db.types import Moment, Whole

_PASSKEY = (
    passkey.c.id,
    passkey.c.name,
    passkey.c.created_at,
    passkey.c.used_at,
    passkey.c.backed_up,
)
_CODES = rows_like("codes", recovery_code, "code_hash", "account_id", "created_at")

_LOGIN = statement(
    select(account.c.email, account.c.username, account.c.password_hash, account.c.disabled).where(
        account.c.id == bindparam("id")
    )
)
# Who changes the factors of an account holds its row until the commit, so that two changes come one after the other.
_LOCK = statement(update(account).where(account.c.id == bindparam("of_id")).values(disabled=account.c.disabled))

_TOTP = statement(
    select(totp.c.sealed_secret, totp.c.last_step, totp.c.confirmed_at).where(totp.c.account_id == bindparam("id"))
)
_ADD_TOTP = adding(totp)
_CONFIRM_TOTP = statement(
    update(totp)
    .where(totp.c.account_id == bindparam("of_id"), totp.c.confirmed_at.is_(None))
    .values(confirmed_at=bindparam("now", type_=Moment()), last_step=bindparam("step", type_=Whole()))
)
_USE_STEP = statement(
    update(totp)
    .where(
        totp.c.account_id == bindparam("of_id"),
        totp.c.confirmed_at.is_not(None),
        totp.c.last_step < bindparam("step", type_=Whole()),
    )
    .values(last_step=bindparam("step", type_=Whole()))
)
_RESEAL = statement(
    update(totp)
    .where(totp.c.account_id == bindparam("of_id"), totp.c.sealed_secret == bindparam("old"))
    .values(sealed_secret=bindparam("new"))
)
_REMOVE_TOTP = statement(delete(totp).where(totp.c.account_id == bindparam("id")))

_ADD_CODES = adding_rows(recovery_code, _CODES)
_USE_CODE = statement(
    update(recovery_code)
    .where(
        recovery_code.c.account_id == bindparam("of_id"),
        recovery_code.c.code_hash == bindparam("hash"),
        recovery_code.c.used_at.is_(None),
    )
    .values(used_at=bindparam("now", type_=Moment()))
)
_COUNT_CODES = statement(
    select(func.count().label("n"))
    .select_from(recovery_code)
    .where(recovery_code.c.account_id == bindparam("id"), recovery_code.c.used_at.is_(None))
)
_REMOVE_CODES = statement(delete(recovery_code).where(recovery_code.c.account_id == bindparam("id")))

_HANDLE = statement(select(passkey_user.c.handle).where(passkey_user.c.account_id == bindparam("id")))
_ADD_HANDLE = adding(passkey_user)
_ADD_PASSKEY = adding(passkey)
_PASSKEYS = statement(
    select(*_PASSKEY, passkey.c.credential_id)
    .where(passkey.c.account_id == bindparam("id"))
    .order_by(passkey.c.created_at, passkey.c.id)
)
_COUNT_PASSKEYS = statement(
    select(func.count().label("n")).select_from(passkey).where(passkey.c.account_id == bindparam("id"))
)
_FIND_CREDENTIAL = statement(
    select(passkey.c.id, passkey.c.account_id, passkey.c.public_key, passkey_user.c.handle)
    .join(passkey_user, passkey_user.c.account_id == passkey.c.account_id)
    .where(passkey.c.credential_hash == bindparam("hash"))
)
_RENAME = statement(
    update(passkey)
    .where(passkey.c.id == bindparam("of_id"), passkey.c.account_id == bindparam("owner"))
    .values(name=bindparam("to_name"))
)
_FIND_PASSKEY = statement(
    select(*_PASSKEY).where(passkey.c.id == bindparam("id"), passkey.c.account_id == bindparam("owner"))
)
_COUNT_ON = statement(
    update(passkey)
    .where(passkey.c.id == bindparam("of_id"), passkey.c.sign_count < bindparam("below", type_=Whole()))
    .values(
        sign_count=bindparam("count", type_=Whole()),
        backed_up=bindparam("copied"),
        used_at=bindparam("now", type_=Moment()),
    )
)
_REMOVE_PASSKEY = statement(
    delete(passkey).where(passkey.c.id == bindparam("id"), passkey.c.account_id == bindparam("owner"))
)
_REMOVE_PASSKEYS = statement(delete(passkey).where(passkey.c.account_id == bindparam("id")))

_SPEND = adding(spent_challenge)
_FORGET_SPENT = statement(
    delete(spent_challenge).where(spent_challenge.c.expires_at < bindparam("now", type_=Moment()))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """What is needed of an account to give it factors and to prove that somebody owns it. Stays in this module."""

    email: str
    username: str
    password_hash: str
    disabled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Totp:
    """An authenticator app as it is stored."""

    sealed_secret: str
    last_step: int
    confirmed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPasskey:
    """What is stored of a passkey."""

    id: str
    account_id: int
    name: str
    credential_hash: str
    credential_id: str
    public_key: str
    sign_count: int
    backed_up: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """What a passkey is checked with."""

    passkey_id: str
    account_id: int
    public_key: str
    handle: str


async def find_person(tx: Tx, *, account_id: int) -> Person | None:
    """Return the account, or None."""
    row = await tx.one(_LOGIN(id=account_id))
    if row is None:
        return None
    return Person(email=row.email, username=row.username, password_hash=row.password_hash, disabled=row.disabled)


async def lock(tx: Tx, *, account_id: int) -> bool:
    """Keep others from changing the factors of an account until the commit; False if there is no such account."""
    return await tx.run(_LOCK(of_id=account_id)) == 1


async def find_totp(tx: Tx, *, account_id: int) -> Totp | None:
    """Return the authenticator app of an account, confirmed or not."""
    row = await tx.one(_TOTP(id=account_id))
    if row is None:
        return None
    return Totp(sealed_secret=row.sealed_secret, last_step=row.last_step, confirmed_at=row.confirmed_at)


async def replace_totp(tx: Tx, *, account_id: int, sealed_secret: str) -> None:
    """Store a secret that waits to be confirmed, in place of whatever there was."""
    await tx.run(_REMOVE_TOTP(id=account_id))
    await tx.run(
        _ADD_TOTP(
            account_id=account_id,
            sealed_secret=sealed_secret,
            last_step=0,
            created_at=await tx.now(),
            confirmed_at=None,
        )
    )


async def confirm_totp(tx: Tx, *, account_id: int, step: int) -> bool:
    """Turn on the app that waits; the code of that step is used up by it. False if none waits."""
    return await tx.run(_CONFIRM_TOTP(of_id=account_id, step=step, now=await tx.now())) == 1


async def use_step(tx: Tx, *, account_id: int, step: int) -> bool:
    """Use up the code of a step; False if it, or a later one, was used before."""
    return await tx.run(_USE_STEP(of_id=account_id, step=step)) == 1


async def reseal(tx: Tx, *, account_id: int, old: str, new: str) -> None:
    """Store the same secret encrypted with another key."""
    await tx.run(_RESEAL(of_id=account_id, old=old, new=new))


async def remove_totp(tx: Tx, *, account_id: int) -> bool:
    """Do away with the app and the recovery codes; False if there was none."""
    await tx.run(_REMOVE_CODES(id=account_id))
    return await tx.run(_REMOVE_TOTP(id=account_id)) == 1


async def replace_codes(tx: Tx, *, account_id: int, hashes: Sequence[str]) -> None:
    """Store a new set of recovery codes in place of the old."""
    now = await tx.now()
    await tx.run(_REMOVE_CODES(id=account_id))
    await tx.run(_ADD_CODES(codes=[(each, account_id, now) for each in hashes]))


async def use_code(tx: Tx, *, account_id: int, code_hash: str) -> bool:
    """Use up a recovery code; False if the account has none such left."""
    return await tx.run(_USE_CODE(of_id=account_id, hash=code_hash, now=await tx.now())) == 1


async def codes_left(tx: Tx, *, account_id: int) -> int:
    """Return how many recovery codes are left."""
    row = await tx.one(_COUNT_CODES(id=account_id))
    return 0 if row is None else int(row.n)


async def find_handle(tx: Tx, *, account_id: int) -> str | None:
    """Return what authenticators know an account by."""
    row = await tx.one(_HANDLE(id=account_id))
    return None if row is None else str(row.handle)


async def add_handle(tx: Tx, *, account_id: int, handle: str) -> None:
    """Store what authenticators will know an account by.

    Raises:
        UniqueViolation: It has one already.
    """
    await tx.run(_ADD_HANDLE(account_id=account_id, handle=handle))


async def add_passkey(tx: Tx, new: NewPasskey) -> Passkey:
    """Insert a passkey.

    Raises:
        UniqueViolation: Its credential is registered already.
    """
    now = await tx.now()
    await tx.run(
        _ADD_PASSKEY(
            id=new.id,
            account_id=new.account_id,
            name=new.name,
            credential_hash=new.credential_hash,
            credential_id=new.credential_id,
            public_key=new.public_key,
            sign_count=new.sign_count,
            backed_up=new.backed_up,
            created_at=now,
            used_at=None,
        )
    )
    return Passkey(id=new.id, name=new.name, created_at=now, used_at=None, backed_up=new.backed_up)


async def list_passkeys(tx: Tx, *, account_id: int) -> tuple[Passkey, ...]:
    """Return the passkeys of an account, the oldest first."""
    return tuple(_passkey(row) for row in await tx.all(_PASSKEYS(id=account_id)))


async def credential_ids(tx: Tx, *, account_id: int) -> tuple[str, ...]:
    """Return the credential ids of an account's passkeys."""
    return tuple(row.credential_id for row in await tx.all(_PASSKEYS(id=account_id)))


async def count_passkeys(tx: Tx, *, account_id: int) -> int:
    """Return how many passkeys an account has."""
    row = await tx.one(_COUNT_PASSKEYS(id=account_id))
    return 0 if row is None else int(row.n)


async def find_credential(tx: Tx, *, credential_hash: str) -> Credential | None:
    """Return whose passkey that is and how it is checked."""
    row = await tx.one(_FIND_CREDENTIAL(hash=credential_hash))
    if row is None:
        return None
    return Credential(passkey_id=row.id, account_id=row.account_id, public_key=row.public_key, handle=row.handle)


async def count_on(tx: Tx, *, passkey_id: str, count: int, backed_up: bool) -> bool:
    """Note that a passkey was used; False if its counter has not moved on, as that of a copy would not."""
    below = max(count, 1)  # an authenticator that does not count says 0 for ever
    changes = {"count": count, "copied": backed_up, "now": await tx.now()}
    return await tx.run(_COUNT_ON(of_id=passkey_id, below=below, **changes)) == 1


async def rename_passkey(tx: Tx, *, account_id: int, passkey_id: str, name: str) -> Passkey | None:
    """Set the name and return the passkey, or None if the account has none such."""
    await tx.run(_RENAME(of_id=passkey_id, owner=account_id, to_name=name))
    row = await tx.one(_FIND_PASSKEY(id=passkey_id, owner=account_id))
    return None if row is None else _passkey(row)


async def remove_passkey(tx: Tx, *, account_id: int, passkey_id: str) -> bool:
    """Forget a passkey; False if the account has none such."""
    return await tx.run(_REMOVE_PASSKEY(id=passkey_id, owner=account_id)) == 1


async def remove_passkeys(tx: Tx, *, account_id: int) -> None:
    """Forget all passkeys of an account."""
    await tx.run(_REMOVE_PASSKEYS(id=account_id))


async def spend(tx: Tx, *, challenge_hash: str, expires_at: datetime) -> None:
    """Note that a challenge was answered.

    Raises:
        UniqueViolation: It was answered before.
    """
    await tx.run(_SPEND(challenge_hash=challenge_hash, expires_at=expires_at))


async def forget_spent(tx: Tx) -> int:
    """Forget answered challenges that have run out, and return how many."""
    return await tx.run(_FORGET_SPENT(now=await tx.now()))


def _passkey(row: Any) -> Passkey:
    return Passkey(id=row.id, name=row.name, created_at=row.created_at, used_at=row.used_at, backed_up=row.backed_up)
