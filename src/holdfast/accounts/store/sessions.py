"""Statements about sessions and refresh tokens. What may happen once is decided by the row found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, delete, or_, select, update

from holdfast.accounts.models.accounts import account
from holdfast.accounts.models.organizations import member
from holdfast.accounts.models.sessions import refresh_token, session
from holdfast.accounts.sessions_api import SessionKind
from holdfast.kit.auth import MemberRole
from holdfast.kit.db.database import Tx
from holdfast.kit.db.statements import Row, adding, rows, statement
from holdfast.kit.db.types import Moment, Text, Whole

LIST_MOST: Final = 200
_IDS = rows("ids", id=Text(40))
_NOW = bindparam("now", type_=Moment())
_IS_OPEN = (session.c.ended_at.is_(None), session.c.expires_at > _NOW)

_ADD = adding(session)
_ADD_REFRESH = adding(refresh_token)
# One read for all requests that arrive while the last one runs. What the account and the membership are is read with
# the session, as they are now: nothing of that is believed from a token.
_STANDINGS = statement(
    select(
        session.c.id,
        session.c.account_id,
        session.c.organization_id,
        session.c.authenticated_at,
        session.c.expires_at,
        account.c.role.label("account_role"),
        member.c.role.label("member_role"),
    )
    .select_from(_IDS)
    .join(session, session.c.id == _IDS.c.id)
    .join(account, account.c.id == session.c.account_id)
    .outerjoin(
        member,
        (member.c.organization_id == session.c.organization_id) & (member.c.account_id == session.c.account_id),
    )
    .where(session.c.ended_at.is_(None), account.c.disabled == bindparam("closed"))
)
# The account's row is held until the commit: a log-in and a change of the password come one after the other, and the
# second of them knows of the first.
_STILL_PROVEN = statement(
    update(account)
    .where(
        account.c.id == bindparam("of_id"),
        account.c.password_hash == bindparam("proven"),
        account.c.disabled == bindparam("closed"),
    )
    .values(username=account.c.username)
)
_STILL_OPEN = statement(
    update(account)
    .where(account.c.id == bindparam("of_id"), account.c.disabled == bindparam("closed"))
    .values(username=account.c.username)
)
_USE = statement(
    update(refresh_token)
    .where(refresh_token.c.token_hash == bindparam("of_hash"), refresh_token.c.used_at.is_(None))
    .values(used_at=bindparam("now", type_=Moment()))
)
_FIND_REFRESH = statement(
    select(
        refresh_token.c.used_at,
        refresh_token.c.expires_at.label("token_expires_at"),
        session.c.id,
        session.c.account_id,
        session.c.organization_id,
        session.c.kind,
        session.c.authenticated_at,
        session.c.expires_at,
        session.c.ended_at,
        account.c.role.label("account_role"),
        account.c.disabled,
    )
    .join(session, session.c.id == refresh_token.c.session_id)
    .join(account, account.c.id == session.c.account_id)
    .where(refresh_token.c.token_hash == bindparam("token_hash"))
)
_SEEN = statement(
    update(session)
    .where(session.c.id == bindparam("of_id"), session.c.ended_at.is_(None))
    .values(
        seen_at=bindparam("now", type_=Moment()),
        device=bindparam("from_device"),
        address=bindparam("from_address"),
        organization_id=bindparam("acts_for", type_=Whole()),
    )
)
_DEVICES = statement(
    select(session.c.device)
    .where(session.c.account_id == bindparam("whose"), session.c.id != bindparam("besides"))
    .order_by(session.c.created_at.desc())
    .limit(bindparam("limit"))
)
_LIST = statement(
    select(session)
    .where(session.c.account_id == bindparam("whose"), *_IS_OPEN)
    .order_by(session.c.seen_at.desc(), session.c.id.desc())
    .limit(LIST_MOST)
)
_FIND = statement(select(session).where(session.c.id == bindparam("id"), *_IS_OPEN))
_END = statement(
    update(session)
    .where(
        session.c.account_id == bindparam("whose"),
        session.c.id != bindparam("kept"),
        or_(session.c.id == bindparam("only"), bindparam("only_all", type_=Whole()) == 1),
        session.c.ended_at.is_(None),
    )
    .values(ended_at=bindparam("now", type_=Moment()), ended_why=bindparam("why"))
)
_REAUTHENTICATED = statement(
    update(session)
    .where(session.c.id == bindparam("of_id"), session.c.ended_at.is_(None))
    .values(authenticated_at=bindparam("now", type_=Moment()))
)
_ACT_FOR = statement(
    update(session)
    .where(session.c.id == bindparam("of_id"), session.c.ended_at.is_(None))
    .values(organization_id=bindparam("acts_for", type_=Whole()))
)
_MEMBERSHIPS = statement(
    select(member.c.organization_id, member.c.role)
    .where(member.c.account_id == bindparam("account_id"))
    .order_by(member.c.since, member.c.organization_id)
)
_FORGET_TOKENS = statement(
    delete(refresh_token).where(
        or_(
            refresh_token.c.expires_at < bindparam("now", type_=Moment()),
            refresh_token.c.session_id.in_(
                select(session.c.id).where(session.c.ended_at < bindparam("before", type_=Moment()))
            ),
        )
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSession:
    """What is stored of a session when it is opened."""

    id: str
    account_id: int
    organization_id: int | None
    kind: SessionKind
    second_factor: bool
    expires_at: datetime
    device: str | None
    address: str | None


@dataclass(frozen=True, slots=True)
class Standing:
    """What an open session and its account are at this moment."""

    id: str
    account_id: int
    organization_id: int | None
    authenticated_at: datetime
    expires_at: datetime
    account_role: str
    member_role: MemberRole | None
    """In the session's organization; None: in none."""


async def add(tx: Tx, new: NewSession) -> None:
    """Insert a session."""
    now = await tx.now()
    await tx.run(
        _ADD(
            id=new.id,
            account_id=new.account_id,
            organization_id=new.organization_id,
            kind=new.kind,
            second_factor=new.second_factor,
            created_at=now,
            seen_at=now,
            authenticated_at=now,
            expires_at=new.expires_at,
            ended_at=None,
            ended_why=None,
            device=new.device,
            address=new.address,
        )
    )


async def add_refresh(tx: Tx, *, token_hash: str, session_id: str, expires_at: datetime) -> None:
    """Insert a refresh token that was not used."""
    await tx.run(
        _ADD_REFRESH(
            token_hash=token_hash,
            session_id=session_id,
            created_at=await tx.now(),
            expires_at=expires_at,
            used_at=None,
        )
    )


async def standings(tx: Tx, *, ids: Sequence[str]) -> Mapping[str, Standing]:
    """Return what those sessions among `ids` are that have not been ended and whose account is open."""
    found = await tx.all(_STANDINGS(ids=[(each,) for each in ids], closed=False))
    return {row.id: Standing(*row) for row in found}


async def still_proven(tx: Tx, *, account_id: int, password_hash: str | None) -> bool:
    """Return whether an account is open and has the password that was checked, and keep it so until the commit."""
    if password_hash is None:
        return await tx.run(_STILL_OPEN(of_id=account_id, closed=False)) == 1
    return await tx.run(_STILL_PROVEN(of_id=account_id, proven=password_hash, closed=False)) == 1


async def use_refresh(tx: Tx, *, token_hash: str) -> bool:
    """Mark a refresh token as used; return False if it was, or is none."""
    return await tx.run(_USE(of_hash=token_hash, now=await tx.now())) == 1


async def find_refresh(tx: Tx, *, token_hash: str) -> Row | None:
    """Return a refresh token with its session and account, whatever they are."""
    return await tx.one(_FIND_REFRESH(token_hash=token_hash))


async def seen(
    tx: Tx, *, session_id: str, organization_id: int | None, device: str | None, address: str | None
) -> bool:
    """Note that a session was carried on, from where, and for which organization; return False if it has ended."""
    call = _SEEN(
        of_id=session_id, now=await tx.now(), acts_for=organization_id, from_device=device, from_address=address
    )
    return await tx.run(call) == 1


async def devices_of(tx: Tx, *, account_id: int, besides: str, limit: int) -> list[str | None]:
    """Return from which devices an account logged in last, open or not, besides in one session."""
    return [row.device for row in await tx.all(_DEVICES(whose=account_id, besides=besides, limit=limit))]


async def list_of(tx: Tx, *, account_id: int) -> Sequence[Row]:
    """Return the open sessions of an account, the last used first."""
    return await tx.all(_LIST(whose=account_id, now=await tx.now()))


async def find(tx: Tx, *, session_id: str) -> Row | None:
    """Return an open session."""
    return await tx.one(_FIND(id=session_id, now=await tx.now()))


async def end(tx: Tx, *, account_id: int, session_id: str, why: str) -> bool:
    """End one session of an account; return whether it was open."""
    call = _END(whose=account_id, kept="", only=session_id, only_all=0, now=await tx.now(), why=why)
    return await tx.run(call) == 1


async def end_all(tx: Tx, *, account_id: int, why: str, except_session: str | None = None) -> int:
    """End all sessions of an account but perhaps one; return how many."""
    call = _END(whose=account_id, kept=except_session or "", only="", only_all=1, now=await tx.now(), why=why)
    return await tx.run(call)


async def reauthenticated(tx: Tx, *, session_id: str) -> bool:
    """Note that a session's owner has just proved who they are."""
    return await tx.run(_REAUTHENTICATED(of_id=session_id, now=await tx.now())) == 1


async def act_for(tx: Tx, *, session_id: str, organization_id: int | None) -> bool:
    """Let a session act for an organization from now on."""
    return await tx.run(_ACT_FOR(of_id=session_id, acts_for=organization_id)) == 1


async def memberships(tx: Tx, *, account_id: int) -> Mapping[int, MemberRole]:
    """Return what an account is in which organization, in the order in which it joined them."""
    return {row.organization_id: row.role for row in await tx.all(_MEMBERSHIPS(account_id=account_id))}


async def forget_tokens(tx: Tx, *, before: datetime) -> int:
    """Delete refresh tokens that have run out, or whose session ended before a moment."""
    return await tx.run(_FORGET_TOKENS(now=await tx.now(), before=before))
