"""What accounts answers about organizations: `AccountsApi.organizations`.

An organization owns what is sold; its members act for it, each as far as their role goes. Its id is the number of the
account that founded it (docs/decisions/0022-organizations.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from holdfast.kit.auth import MemberRole, Principal
from holdfast.kit.errors import HoldfastError

ORGANIZATION_NAME_MAX: Final = 80
MEMBERS_MOST: Final = 200
INVITATIONS_MOST: Final = 50
"""Invitations of one organization that wait for an answer at the same time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Organization:
    """What owns properties, restaurants and airplanes, and is paid for them."""

    id: int
    name: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """An organization as one of its members sees it."""

    organization: Organization
    role: MemberRole
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Somebody who acts for an organization."""

    account_id: int
    username: str
    email: str
    role: MemberRole
    since: datetime
    disabled: bool
    """Whether the account is closed: it acts for nobody then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """An address that was asked to join, and has not answered."""

    id: str
    email: str
    role: MemberRole
    invited_by: int
    created_at: datetime
    expires_at: datetime


class LastOwner(HoldfastError):
    """Nobody could run the organization any more. Make another member an owner first."""

    code = "last_owner"
    status = 409
    title = "An organization keeps at least one owner"


class InvitationRefused(HoldfastError):
    """The invitation is not there, has run out, was used or withdrawn, or went to another address than yours."""

    code = "invitation_refused"
    status = 404
    title = "This invitation is not good"


class AlreadyMember(HoldfastError):
    """You belong to this organization already; your role there is as it was."""

    code = "already_member"
    status = 409
    title = "Already a member"


class OrganizationFull(HoldfastError):
    """The organization has as many members, or invitations without an answer, as it may. Remove one first."""

    code = "organization_full"
    status = 409
    title = "The organization is full"


class OrganizationsApi(Protocol):
    """What others may ask of organizations. Who may ask is checked here, in the transaction that acts."""

    async def own(self, *, principal: Principal) -> Membership:
        """Return the organization somebody acts for.

        Raises:
            NotFound: They act for none.
        """

    async def of_account(self, *, account_id: int) -> Sequence[Membership]:
        """Return every organization an account belongs to, its own first, then by when it joined."""

    async def rename(self, *, principal: Principal, name: str) -> Membership:
        """Give the organization another name.

        Raises:
            NotFound: They act for none.
            Forbidden: They are no owner of it.
        """

    async def members(self, *, principal: Principal) -> Sequence[Member]:
        """Return the members, those longest there first.

        Raises:
            NotFound: They act for no organization.
        """

    async def change_role(self, *, principal: Principal, account_id: int, role: MemberRole) -> Member:
        """Make a member something else; what they may do changes with their next request.

        Raises:
            NotFound: There is no such member.
            Forbidden: The principal is no owner.
            LastOwner: They are the only owner.
        """

    async def remove(self, *, principal: Principal, account_id: int) -> None:
        """Remove a member, and end the API keys they made for the organization.

        Raises:
            NotFound: There is no such member.
            Forbidden: The principal is no owner.
            LastOwner: They are the only owner.
        """

    async def leave(self, *, principal: Principal) -> None:
        """Stop belonging to the organization one acts for, and end the API keys one made for it.

        Raises:
            NotFound: They act for none.
            LastOwner: They are the only owner.
        """

    async def invite(self, *, principal: Principal, email: str, role: MemberRole) -> None:
        """Ask an address to join, by mail. Nothing tells whether it belongs to an account, and none is touched.

        Raises:
            Forbidden: The principal is no owner.
            Invalid: It is not an address.
            OrganizationFull: Too many invitations wait.
        """

    async def invitations(self, *, principal: Principal) -> Sequence[Invitation]:
        """Return the invitations that can still be accepted, the newest first.

        Raises:
            Forbidden: The principal is no owner.
        """

    async def withdraw(self, *, principal: Principal, invitation_id: str) -> None:
        """Make an invitation worthless.

        Raises:
            NotFound: There is none such that could be accepted.
            Forbidden: The principal is no owner.
        """

    async def accept(self, *, principal: Principal, token: str) -> Membership:
        """Join, with the token that was mailed to the address of one's account; it is good once.

        Raises:
            InvitationRefused: The token is no good, or went to another address.
            AlreadyMember: They belong to it.
            OrganizationFull: It has as many members as it may.
        """

    async def act_for(self, *, principal: Principal, organization_id: int) -> Membership:
        """Let a session act for another of the organizations one belongs to.

        Raises:
            NotFound: They do not belong to it.
            Forbidden: An API key acts for the organization it was made for.
        """
