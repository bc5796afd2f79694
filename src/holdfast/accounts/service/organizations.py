"""Organizations answer their door: who belongs to one, as what, and how somebody joins and leaves.

Every change locks the organization's row and looks at its members again under that lock, also at whoever asks: their
token was checked when the request came, and another owner may have removed them since.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from hashlib import sha256
from typing import Any, Final, Protocol

import structlog
from typing_extensions import override

from holdfast.accounts import rules
from holdfast.accounts.credentials_api import Facts, MailKind
from holdfast.accounts.models.activity import activity
from holdfast.accounts.organizations_api import (
    INVITATIONS_MOST,
    MEMBERS_MOST,
    AlreadyMember,
    Invitation,
    InvitationRefused,
    LastOwner,
    Member,
    Membership,
    OrganizationFull,
    OrganizationsApi,
)
from holdfast.accounts.settings import AccountsSettings
from holdfast.accounts.store import keys
from holdfast.accounts.store import organizations as store
from holdfast.kit.activity.acts import Act
from holdfast.kit.auth import MEMBER_MAY, MemberRole, Permission, Principal
from holdfast.kit.clock import Clock
from holdfast.kit.db.database import Database, Tx
from holdfast.kit.errors import FieldError, Forbidden, Invalid, NotFound
from holdfast.kit.ids import new_id

log = structlog.get_logger()

_LEFT: Final = "left"
_REMOVED: Final = "removed"

ActFor = Callable[[Tx, str, int | None], Awaitable[object]]
"""`act_for(tx, session_id, organization_id)`: the organization a session acts for from now on."""
Changed = Callable[[int], object]
"""`changed(account_id)`: what an account's sessions may do is about to change, in the transaction that calls it."""


class Queue(Protocol):
    """Queues a mail in the caller's transaction."""

    async def __call__(
        self, tx: Tx, *, kind: str, account_id: int | None, facts: Facts | None = None, email_key: str | None = None
    ) -> object:
        """Write the mail's row."""


class Organizations(OrganizationsApi):
    """Answers `OrganizationsApi`."""

    def __init__(
        self, *, db: Database, clock: Clock, settings: AccountsSettings, queue: Queue, act_for: ActFor, changed: Changed
    ) -> None:
        self._db = db
        self._clock = clock
        self._settings = settings
        self._queue = queue
        self._act_for = act_for
        self._changed = changed

    # -------------------------------------------------------------------------------------------------------- reading

    @override
    async def own(self, *, principal: Principal) -> Membership:
        return await self._db.read(lambda tx: _own(tx, principal))

    @override
    async def of_account(self, *, account_id: int) -> Sequence[Membership]:
        found = await self._db.read(lambda tx: store.memberships(tx, account_id=account_id))
        return sorted(found, key=lambda each: each.organization.id != account_id)

    @override
    async def members(self, *, principal: Principal) -> Sequence[Member]:
        async def find(tx: Tx) -> list[Member]:
            own = await _own(tx, principal)
            return await store.members(tx, organization_id=own.organization.id)

        return await self._db.read(find)

    @override
    async def invitations(self, *, principal: Principal) -> Sequence[Invitation]:
        async def find(tx: Tx) -> list[Invitation]:
            own = await _led(tx, principal)
            return await store.invitations(tx, organization_id=own.organization.id)

        return await self._db.read(find)

    # -------------------------------------------------------------------------------------------------------- members

    @override
    async def rename(self, *, principal: Principal, name: str) -> Membership:
        async def work(tx: Tx) -> Membership:
            own = await _led(tx, principal, locked=True)
            await store.rename(tx, organization_id=own.organization.id, name=name)
            await _note(tx, "organization.renamed", own.organization.id)
            return await _own(tx, principal)

        return await self._db.write(work)

    @override
    async def change_role(self, *, principal: Principal, account_id: int, role: MemberRole) -> Member:
        async def work(tx: Tx) -> Member:
            own = await _led(tx, principal, locked=True)
            organization_id = own.organization.id
            if not await store.set_role(tx, organization_id=organization_id, account_id=account_id, role=role):
                raise NotFound("There is no such member.")
            await _keep_an_owner(tx, organization_id)
            self._changed(account_id)
            await _note(tx, "member.role_changed", organization_id, account_id, role=role.value)
            found = await store.members(tx, organization_id=organization_id)
            return next(each for each in found if each.account_id == account_id)

        changed = await self._db.write(work)
        log.info("organization.role_changed", account_id=account_id, role=role.value)
        return changed

    @override
    async def remove(self, *, principal: Principal, account_id: int) -> None:
        async def work(tx: Tx) -> None:
            own = await _led(tx, principal, locked=True)
            await self._part(tx, own.organization.id, account_id, why=_REMOVED)

        await self._db.write(work)

    @override
    async def leave(self, *, principal: Principal) -> None:
        async def work(tx: Tx) -> None:
            own = await _own(tx, principal)
            await store.lock(tx, organization_id=own.organization.id)
            await self._part(tx, own.organization.id, principal.account_id, why=_LEFT)
            if principal.session_id is not None:
                await self._act_for(tx, principal.session_id, await _next_of(tx, principal.account_id))

        await self._db.write(work)

    async def _part(self, tx: Tx, organization_id: int, account_id: int, *, why: str) -> None:
        if not await store.remove(tx, organization_id=organization_id, account_id=account_id):
            raise NotFound("There is no such member.")
        await _keep_an_owner(tx, organization_id)
        self._changed(account_id)
        await keys.end_all(tx, account_id=account_id, organization_id=organization_id, why=why)
        await _note(tx, f"member.{why}", organization_id, account_id)
        log.info("organization.member_gone", account_id=account_id, organization_id=organization_id, why=why)

    @override
    async def act_for(self, *, principal: Principal, organization_id: int) -> Membership:
        session_id = principal.session_id
        if session_id is None:
            raise Forbidden("An API key acts for the organization it was made for.")

        async def work(tx: Tx) -> Membership:
            found = await store.membership(tx, organization_id=organization_id, account_id=principal.account_id)
            if found is None:
                raise NotFound("You do not belong to such an organization.")
            await self._act_for(tx, session_id, organization_id)
            return found

        return await self._db.write(work)

    # ---------------------------------------------------------------------------------------------------- invitations

    @override
    async def invite(self, *, principal: Principal, email: str, role: MemberRole) -> None:
        email_key = rules.email_key(email)
        if email_key is None:
            detail = "This is not an e-mail address."
            raise Invalid(errors=[FieldError(pointer="/email", code="bad_email", detail=detail)])

        async def work(tx: Tx) -> None:
            own = await _led(tx, principal, locked=True)
            if await store.count_invitations(tx, organization_id=own.organization.id) >= INVITATIONS_MOST:
                raise OrganizationFull("Too many invitations wait for an answer.")
            new = store.NewInvitation(
                id=new_id("inv", self._clock),
                organization_id=own.organization.id,
                email=email.strip(),
                email_key=email_key,
                role=role,
                invited_by=principal.account_id,
                expires_at=await tx.now() + timedelta(days=self._settings.invitation_days),
            )
            await store.add_invitation(tx, new)
            facts: Facts = {"invitation_id": new.id}
            await self._queue(tx, kind=MailKind.INVITATION, account_id=None, facts=facts, email_key=email_key)
            await _note(tx, "member.invited", own.organization.id, role=role.value, invitation_id=new.id)

        await self._db.write(work)

    @override
    async def withdraw(self, *, principal: Principal, invitation_id: str) -> None:
        async def work(tx: Tx) -> None:
            own = await _led(tx, principal)
            if not await store.withdraw(tx, organization_id=own.organization.id, invitation_id=invitation_id):
                raise NotFound("There is no such invitation.")
            await _note(tx, "member.invitation_withdrawn", own.organization.id, invitation_id=invitation_id)

        await self._db.write(work)

    @override
    async def accept(self, *, principal: Principal, token: str) -> Membership:
        async def work(tx: Tx) -> Membership:
            address = await store.confirmed_address(tx, account_id=principal.account_id)
            invited = None
            if address is not None:
                invited = await store.find_invited(tx, token_hash=_hash(token), email_key=address)
            if invited is None:
                raise InvitationRefused
            return await self._join(tx, principal, invited)

        return await self._db.write(work)

    async def _join(self, tx: Tx, principal: Principal, invited: store.Invited) -> Membership:
        account_id, organization_id = principal.account_id, invited.organization_id
        await store.lock(tx, organization_id=organization_id)
        # Found without the lock: of two requests with one token, the second finds it used.
        if not await store.use_invitation(tx, invitation_id=invited.id, account_id=account_id):
            raise InvitationRefused
        if await store.membership(tx, organization_id=organization_id, account_id=account_id) is not None:
            raise AlreadyMember
        if await store.count_members(tx, organization_id=organization_id) >= MEMBERS_MOST:
            raise OrganizationFull
        await store.add_member(tx, organization_id=organization_id, account_id=account_id, role=invited.role)
        if principal.owner_id is None and principal.session_id is not None:
            await self._act_for(tx, principal.session_id, organization_id)
        await _note(tx, "member.joined", organization_id, account_id, role=invited.role.value)
        joined = await store.membership(tx, organization_id=organization_id, account_id=account_id)
        assert joined is not None  # noqa: S101 - added just now, in this transaction
        return joined

    async def forget_invitations(self) -> None:
        """Forget invitations that ran out as long ago as they were good: a job."""

        async def work(tx: Tx) -> None:
            before = await tx.now() - timedelta(days=self._settings.invitation_days)
            await store.forget_invitations(tx, before=before)

        await self._db.write(work)


async def _own(tx: Tx, principal: Principal) -> Membership:
    """Return the organization somebody acts for, as it is now.

    Raises:
        NotFound: They act for none, or do not belong to it any more.
    """
    found = None
    if principal.owner_id is not None:
        found = await store.membership(tx, organization_id=principal.owner_id, account_id=principal.account_id)
    if found is None:
        raise NotFound("You belong to no organization.")
    return found


async def _led(tx: Tx, principal: Principal, *, locked: bool = False) -> Membership:
    """Return the organization somebody leads, its members locked if they are about to change.

    Raises:
        NotFound: They act for none.
        Forbidden: They may not change its members.
    """
    if locked and principal.owner_id is not None:
        await store.lock(tx, organization_id=principal.owner_id)
    own = await _own(tx, principal)
    if Permission.MEMBERS not in MEMBER_MAY[own.role]:
        raise Forbidden("Only owners of the organization may do this.")
    return own


async def _keep_an_owner(tx: Tx, organization_id: int) -> None:
    if await store.count_owners(tx, organization_id=organization_id) == 0:
        raise LastOwner


async def _next_of(tx: Tx, account_id: int) -> int | None:
    left = await store.memberships(tx, account_id=account_id)
    return left[0].organization.id if left else None


async def _note(tx: Tx, kind: str, organization_id: int, subject_id: int | None = None, **details: Any) -> None:
    act = Act(kind=kind, object_kind="organization", object_id=organization_id, subject_id=subject_id, details=details)
    await activity.note(tx, act)


def _hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()
