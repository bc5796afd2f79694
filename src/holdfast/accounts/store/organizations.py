"""Statements about organizations, their members and invitations. What may happen once is decided by the row found."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, func, select, update

from holdfast.accounts.models.accounts import account
from holdfast.accounts.models.organizations import invitation, member, organization
from holdfast.accounts.organizations_api import Invitation, Member, Membership, Organization
from holdfast.kit.auth import MemberRole
from holdfast.kit.db.database import Tx
from holdfast.kit.db.statements import adding, statement
from holdfast.kit.db.types import Moment

_ADD = adding(organization)
_RENAME = statement(
    update(organization).where(organization.c.id == bindparam("of_id")).values(name=bindparam("to_name"))
)
# Whoever changes who belongs to an organization holds its row until the commit: two owners who remove each other at
# the same time come one after the other, and the second finds that only one is left.
_LOCK = statement(update(organization).where(organization.c.id == bindparam("of_id")).values(name=organization.c.name))

_ADD_MEMBER = adding(member)
_MEMBERSHIPS = (
    select(organization.c.id, organization.c.name, organization.c.created_at, member.c.role, member.c.since)
    .join(organization, organization.c.id == member.c.organization_id)
    .where(member.c.account_id == bindparam("account_id"))
)
_OF_ACCOUNT = statement(_MEMBERSHIPS.order_by(member.c.since, organization.c.id))
_ONE_OF_ACCOUNT = statement(_MEMBERSHIPS.where(member.c.organization_id == bindparam("organization_id")))
_MEMBERS = statement(
    select(member.c.account_id, member.c.role, member.c.since, account.c.username, account.c.email, account.c.disabled)
    .join(account, account.c.id == member.c.account_id)
    .where(member.c.organization_id == bindparam("organization_id"))
    .order_by(member.c.since, member.c.account_id)
)
_COUNT_MEMBERS = statement(
    select(func.count().label("n")).select_from(member).where(member.c.organization_id == bindparam("organization_id"))
)
# An owner whose account is closed runs nothing.
_COUNT_OWNERS = statement(
    select(func.count().label("n"))
    .select_from(member.join(account, account.c.id == member.c.account_id))
    .where(
        member.c.organization_id == bindparam("organization_id"),
        member.c.role == MemberRole.OWNER,
        account.c.disabled == bindparam("closed"),
    )
)
_SET_ROLE = statement(
    update(member)
    .where(member.c.organization_id == bindparam("of_id"), member.c.account_id == bindparam("whose"))
    .values(role=bindparam("to_role"))
)
_REMOVE = statement(
    delete(member).where(
        member.c.organization_id == bindparam("organization_id"), member.c.account_id == bindparam("account_id")
    )
)

_ADDRESS = statement(
    select(account.c.email_key).where(
        account.c.id == bindparam("id"),
        account.c.disabled == bindparam("closed"),
        account.c.confirmed_at.is_not(None),
    )
)
_ADD_INVITATION = adding(invitation)
_IS_OPEN = (invitation.c.used_at.is_(None), invitation.c.expires_at > bindparam("now", type_=Moment()))
_OPEN = statement(
    select(invitation)
    .where(invitation.c.organization_id == bindparam("organization_id"), *_IS_OPEN)
    .order_by(invitation.c.created_at.desc(), invitation.c.id.desc())
)
_COUNT_OPEN = statement(
    select(func.count().label("n"))
    .select_from(invitation)
    .where(invitation.c.organization_id == bindparam("organization_id"), *_IS_OPEN)
)
_FIND_OPEN = statement(
    select(invitation.c.email, invitation.c.role, invitation.c.expires_at, organization.c.name)
    .join(organization, organization.c.id == invitation.c.organization_id)
    .where(invitation.c.id == bindparam("id"), *_IS_OPEN)
)
_SET_TOKEN = statement(
    update(invitation).where(invitation.c.id == bindparam("of_id"), *_IS_OPEN).values(token_hash=bindparam("hash"))
)
_BY_TOKEN = statement(
    select(invitation.c.id, invitation.c.organization_id, invitation.c.role).where(
        invitation.c.token_hash == bindparam("hash"), invitation.c.email_key == bindparam("email_key"), *_IS_OPEN
    )
)
_USE = statement(
    update(invitation)
    .where(invitation.c.id == bindparam("of_id"), *_IS_OPEN)
    .values(used_at=bindparam("now", type_=Moment()), used_by=bindparam("by"))
)
_WITHDRAW = statement(
    update(invitation)
    .where(invitation.c.id == bindparam("of_id"), invitation.c.organization_id == bindparam("of"), *_IS_OPEN)
    .values(used_at=bindparam("now", type_=Moment()))
)
_WITHDRAW_OF_ADDRESS = statement(
    update(invitation)
    .where(invitation.c.organization_id == bindparam("of"), invitation.c.email_key == bindparam("address"), *_IS_OPEN)
    .values(used_at=bindparam("now", type_=Moment()))
)
_FORGET = statement(delete(invitation).where(invitation.c.expires_at < bindparam("before", type_=Moment())))


@dataclass(frozen=True, slots=True, kw_only=True)
class NewInvitation:
    """What is stored of an invitation before its mail goes out."""

    id: str
    organization_id: int
    email: str
    email_key: str
    role: MemberRole
    invited_by: int
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationToSend:
    """What the mail of an invitation says."""

    email: str
    role: MemberRole
    organization: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Invited:
    """An invitation that was found by its token."""

    id: str
    organization_id: int
    role: MemberRole


async def found(tx: Tx, *, account_id: int, name: str) -> None:
    """Make an organization of an account's own, with the account as its owner.

    Raises:
        UniqueViolation: It has one.
    """
    now = await tx.now()
    await tx.run(_ADD(id=account_id, name=name, created_at=now))
    await add_member(tx, organization_id=account_id, account_id=account_id, role=MemberRole.OWNER)


async def lock(tx: Tx, *, organization_id: int) -> None:
    """Keep others from changing who belongs to an organization until the commit."""
    await tx.run(_LOCK(of_id=organization_id))


async def rename(tx: Tx, *, organization_id: int, name: str) -> None:
    """Set the name."""
    await tx.run(_RENAME(of_id=organization_id, to_name=name))


async def memberships(tx: Tx, *, account_id: int) -> list[Membership]:
    """Return the organizations of an account, by when it joined."""
    return [_membership(row) for row in await tx.all(_OF_ACCOUNT(account_id=account_id))]


async def membership(tx: Tx, *, organization_id: int, account_id: int) -> Membership | None:
    """Return what an account is in an organization, or None."""
    row = await tx.one(_ONE_OF_ACCOUNT(organization_id=organization_id, account_id=account_id))
    return None if row is None else _membership(row)


async def members(tx: Tx, *, organization_id: int) -> list[Member]:
    """Return the members, those longest there first."""
    return [
        Member(
            account_id=row.account_id,
            username=row.username,
            email=row.email,
            role=row.role,
            since=row.since,
            disabled=row.disabled,
        )
        for row in await tx.all(_MEMBERS(organization_id=organization_id))
    ]


async def count_members(tx: Tx, *, organization_id: int) -> int:
    """Return how many members there are."""
    row = await tx.one(_COUNT_MEMBERS(organization_id=organization_id))
    return 0 if row is None else int(row.n)


async def count_owners(tx: Tx, *, organization_id: int) -> int:
    """Return how many owners can run the organization: those whose account is open."""
    row = await tx.one(_COUNT_OWNERS(organization_id=organization_id, closed=False))
    return 0 if row is None else int(row.n)


async def add_member(tx: Tx, *, organization_id: int, account_id: int, role: MemberRole) -> None:
    """Insert a member.

    Raises:
        UniqueViolation: The account belongs to it.
    """
    await tx.run(_ADD_MEMBER(organization_id=organization_id, account_id=account_id, role=role, since=await tx.now()))


async def set_role(tx: Tx, *, organization_id: int, account_id: int, role: MemberRole) -> bool:
    """Set the role of a member; False if there is none such."""
    return await tx.run(_SET_ROLE(of_id=organization_id, whose=account_id, to_role=role)) == 1


async def remove(tx: Tx, *, organization_id: int, account_id: int) -> bool:
    """Remove a member; False if there is none such."""
    return await tx.run(_REMOVE(organization_id=organization_id, account_id=account_id)) == 1


async def add_invitation(tx: Tx, new: NewInvitation) -> None:
    """Insert an invitation; what was asked of the same address before is worthless from now on."""
    now = await tx.now()
    await tx.run(_WITHDRAW_OF_ADDRESS(of=new.organization_id, address=new.email_key, now=now))
    await tx.run(
        _ADD_INVITATION(
            id=new.id,
            organization_id=new.organization_id,
            token_hash=None,
            email=new.email,
            email_key=new.email_key,
            role=new.role,
            invited_by=new.invited_by,
            created_at=now,
            expires_at=new.expires_at,
            used_at=None,
            used_by=None,
        )
    )


async def invitations(tx: Tx, *, organization_id: int) -> list[Invitation]:
    """Return the invitations that can be accepted, the newest first."""
    return [
        Invitation(
            id=row.id,
            email=row.email,
            role=row.role,
            invited_by=row.invited_by,
            created_at=row.created_at,
            expires_at=row.expires_at,
        )
        for row in await tx.all(_OPEN(organization_id=organization_id, now=await tx.now()))
    ]


async def count_invitations(tx: Tx, *, organization_id: int) -> int:
    """Return how many invitations can be accepted."""
    row = await tx.one(_COUNT_OPEN(organization_id=organization_id, now=await tx.now()))
    return 0 if row is None else int(row.n)


async def invitation_to_send(tx: Tx, *, invitation_id: str) -> InvitationToSend | None:
    """Return what the mail of an invitation says, or None if it cannot be accepted any more."""
    row = await tx.one(_FIND_OPEN(id=invitation_id, now=await tx.now()))
    if row is None:
        return None
    return InvitationToSend(email=row.email, role=row.role, organization=row.name, expires_at=row.expires_at)


async def set_token(tx: Tx, *, invitation_id: str, token_hash: str) -> bool:
    """Store the hash of the token that goes out; one that went out before is worthless. False if it is too late."""
    return await tx.run(_SET_TOKEN(of_id=invitation_id, hash=token_hash, now=await tx.now())) == 1


async def confirmed_address(tx: Tx, *, account_id: int) -> str | None:
    """Return the canonical address of an account, if it is open and has shown that the address is its own."""
    row = await tx.one(_ADDRESS(id=account_id, closed=False))
    return None if row is None else str(row.email_key)


async def find_invited(tx: Tx, *, token_hash: str, email_key: str) -> Invited | None:
    """Return the invitation of a token that went to an address, if it can be accepted."""
    row = await tx.one(_BY_TOKEN(hash=token_hash, email_key=email_key, now=await tx.now()))
    return None if row is None else Invited(id=row.id, organization_id=row.organization_id, role=row.role)


async def use_invitation(tx: Tx, *, invitation_id: str, account_id: int) -> bool:
    """Use an invitation up; False if somebody did before."""
    return await tx.run(_USE(of_id=invitation_id, by=account_id, now=await tx.now())) == 1


async def withdraw(tx: Tx, *, organization_id: int, invitation_id: str) -> bool:
    """Make an invitation worthless; False if it was."""
    return await tx.run(_WITHDRAW(of_id=invitation_id, of=organization_id, now=await tx.now())) == 1


async def forget_invitations(tx: Tx, *, before: datetime) -> int:
    """Forget invitations that ran out before then, and return how many."""
    return await tx.run(_FORGET(before=before))


def _membership(row: Any) -> Membership:
    return Membership(
        organization=Organization(id=row.id, name=row.name, created_at=row.created_at), role=row.role, since=row.since
    )
