"""Statements about API keys."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, or_, select, update

from holdfast.accounts.keys_api import ApiKey, KeyMode
from holdfast.accounts.models.accounts import account
from holdfast.accounts.models.keys import api_key
from holdfast.accounts.models.organizations import member
from holdfast.kit.auth import MemberRole, Permission
from holdfast.kit.db.database import Tx
from holdfast.kit.db.statements import adding, rows, statement
from holdfast.kit.db.types import Moment, Text

_HASHES = rows("hashes", hash=Text(64))
_SEEN = (
    api_key.c.id,
    api_key.c.name,
    api_key.c.prefix,
    api_key.c.mode,
    api_key.c.organization_id,
    api_key.c.scopes,
    api_key.c.created_at,
    api_key.c.expires_at,
    api_key.c.last_used_at,
)
_IS_GOOD = (
    api_key.c.ended_at.is_(None),
    or_(api_key.c.expires_at.is_(None), api_key.c.expires_at > bindparam("now", type_=Moment())),
)
_OF_MAKER = (api_key.c.id == bindparam("of_id"), api_key.c.account_id == bindparam("maker"))

# Whoever makes a key holds its maker's row until the commit, so that two at the same time do not both fit.
_LOCK = statement(update(account).where(account.c.id == bindparam("of_id")).values(disabled=account.c.disabled))
_ADD = adding(api_key)
_LIST = statement(
    select(*_SEEN)
    .where(api_key.c.account_id == bindparam("maker"), *_IS_GOOD)
    .order_by(api_key.c.created_at.desc(), api_key.c.id.desc())
)
_COUNT = statement(
    select(func.count().label("n")).select_from(api_key).where(api_key.c.account_id == bindparam("maker"), *_IS_GOOD)
)
_FIND = statement(select(*_SEEN).where(*_OF_MAKER, *_IS_GOOD))
_EXISTS = statement(select(api_key.c.id).where(*_OF_MAKER))
# One read for all keys that arrive while the last one runs; what their makers may do is read with them.
_STANDING = statement(
    select(
        api_key.c.key_hash,
        api_key.c.id,
        api_key.c.account_id,
        api_key.c.organization_id,
        api_key.c.mode,
        api_key.c.scopes,
        api_key.c.last_used_at,
        account.c.role.label("account_role"),
        member.c.role.label("member_role"),
    )
    .select_from(_HASHES)
    .join(api_key, api_key.c.key_hash == _HASHES.c.hash)
    .join(account, account.c.id == api_key.c.account_id)
    .outerjoin(
        member,
        (member.c.organization_id == api_key.c.organization_id) & (member.c.account_id == api_key.c.account_id),
    )
    .where(*_IS_GOOD, account.c.disabled == bindparam("closed"))
)
_SHORTEN = statement(update(api_key).where(*_OF_MAKER, *_IS_GOOD).values(expires_at=bindparam("until", type_=Moment())))
_END = statement(
    update(api_key)
    .where(*_OF_MAKER, api_key.c.ended_at.is_(None))
    .values(ended_at=bindparam("now", type_=Moment()), ended_why=bindparam("why"))
)
_END_ALL = statement(
    update(api_key)
    .where(api_key.c.account_id == bindparam("maker"), api_key.c.ended_at.is_(None))
    .values(ended_at=bindparam("now", type_=Moment()), ended_why=bindparam("why"))
)
_END_ALL_FOR = statement(
    update(api_key)
    .where(
        api_key.c.account_id == bindparam("maker"),
        api_key.c.organization_id == bindparam("of"),
        api_key.c.ended_at.is_(None),
    )
    .values(ended_at=bindparam("now", type_=Moment()), ended_why=bindparam("why"))
)
_USED = statement(
    update(api_key)
    .where(
        api_key.c.id == bindparam("of_id"),
        or_(api_key.c.last_used_at.is_(None), api_key.c.last_used_at < bindparam("before", type_=Moment())),
    )
    .values(last_used_at=bindparam("now", type_=Moment()))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyToStore:
    """What is stored of a new key."""

    id: str
    key_hash: str
    prefix: str
    name: str
    account_id: int
    organization_id: int | None
    mode: KeyMode
    scopes: tuple[Permission, ...]
    expires_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A key that is good, and what its maker is at this moment."""

    id: str
    account_id: int
    organization_id: int | None
    mode: KeyMode
    scopes: tuple[Permission, ...]
    last_used_at: datetime | None
    account_role: str
    member_role: MemberRole | None
    """In the key's organization; None: in none."""


async def lock_maker(tx: Tx, *, account_id: int) -> None:
    """Keep others from making keys of an account until the commit."""
    await tx.run(_LOCK(of_id=account_id))


async def add(tx: Tx, new: KeyToStore) -> ApiKey:
    """Insert a key."""
    now = await tx.now()
    await tx.run(
        _ADD(
            id=new.id,
            key_hash=new.key_hash,
            prefix=new.prefix,
            name=new.name,
            account_id=new.account_id,
            organization_id=new.organization_id,
            mode=new.mode,
            scopes=[scope.value for scope in new.scopes],
            created_at=now,
            expires_at=new.expires_at,
            last_used_at=None,
            ended_at=None,
            ended_why=None,
        )
    )
    return ApiKey(
        id=new.id,
        name=new.name,
        prefix=new.prefix,
        mode=new.mode,
        organization_id=new.organization_id,
        scopes=new.scopes,
        created_at=now,
        expires_at=new.expires_at,
        last_used_at=None,
    )


async def list_of(tx: Tx, *, account_id: int) -> list[ApiKey]:
    """Return the keys an account made that are good, the newest first."""
    return [_key(row) for row in await tx.all(_LIST(maker=account_id, now=await tx.now()))]


async def count(tx: Tx, *, account_id: int) -> int:
    """Return how many keys of an account are good."""
    row = await tx.one(_COUNT(maker=account_id, now=await tx.now()))
    return 0 if row is None else int(row.n)


async def find(tx: Tx, *, account_id: int, key_id: str) -> ApiKey | None:
    """Return a key of an account that is good, or None."""
    row = await tx.one(_FIND(of_id=key_id, maker=account_id, now=await tx.now()))
    return None if row is None else _key(row)


async def exists(tx: Tx, *, account_id: int, key_id: str) -> bool:
    """Return whether an account ever made such a key."""
    return await tx.one(_EXISTS(of_id=key_id, maker=account_id)) is not None


async def standings(tx: Tx, *, hashes: Sequence[str]) -> dict[str, Standing]:
    """Return the keys among those with these hashes that are good now, by their hashes."""
    call = _STANDING(hashes=[(each,) for each in hashes], now=await tx.now(), closed=False)
    return {
        row.key_hash: Standing(
            id=row.id,
            account_id=row.account_id,
            organization_id=row.organization_id,
            mode=row.mode,
            scopes=_scopes(row),
            last_used_at=row.last_used_at,
            account_role=row.account_role.value,
            member_role=row.member_role,
        )
        for row in await tx.all(call)
    }


async def shorten(tx: Tx, *, account_id: int, key_id: str, until: datetime) -> bool:
    """Let a key run out at another time; False if it is not good any more."""
    return await tx.run(_SHORTEN(of_id=key_id, maker=account_id, until=until, now=await tx.now())) == 1


async def end(tx: Tx, *, account_id: int, key_id: str, why: str) -> bool:
    """End a key; False if it had ended."""
    return await tx.run(_END(of_id=key_id, maker=account_id, why=why, now=await tx.now())) == 1


async def end_all(tx: Tx, *, account_id: int, why: str, organization_id: int | None = None) -> int:
    """End every key of an account, or those it made for an organization; return how many."""
    now = await tx.now()
    if organization_id is None:
        return await tx.run(_END_ALL(maker=account_id, why=why, now=now))
    return await tx.run(_END_ALL_FOR(maker=account_id, of=organization_id, why=why, now=now))


async def note_used(tx: Tx, *, key_id: str, before: datetime) -> None:
    """Note that a key is used now, unless that was noted after `before`."""
    await tx.run(_USED(of_id=key_id, before=before, now=await tx.now()))


def _key(row: Any) -> ApiKey:
    return ApiKey(
        id=row.id,
        name=row.name,
        prefix=row.prefix,
        mode=row.mode,
        organization_id=row.organization_id,
        scopes=_scopes(row),
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
    )


def _scopes(row: Any) -> tuple[Permission, ...]:
    return tuple(Permission(each) for each in row.scopes)
