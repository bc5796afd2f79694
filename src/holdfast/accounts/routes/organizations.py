"""Organizations over HTTP: read and rename one's own, its members, invitations, and leaving."""

from typing import Annotated, Final

from fastapi import Response
from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from holdfast.accounts.api import TokenExpired
from holdfast.accounts.organizations_api import (
    ORGANIZATION_NAME_MAX,
    AlreadyMember,
    Invitation,
    InvitationRefused,
    LastOwner,
    Member,
    Membership,
    OrganizationFull,
    OrganizationsApi,
)
from holdfast.accounts.rules import MAX_EMAIL, MIN_EMAIL
from holdfast.kit.auth import MEMBER_MAY, MemberRole, Permission
from holdfast.kit.errors import Forbidden, Invalid, NotFound, ReauthRequired, Unauthenticated
from holdfast.kit.http.principals import FRESH, CurrentPrincipal, MembersPrincipal
from holdfast.kit.http.problems import responses
from holdfast.kit.http.routes import Router
from holdfast.kit.http.wire import BY_VALUE, NUMBER_MAX, Between, InstantField, Line, PathNumber, PathText, Wire

_KNOWN: Final = (Unauthenticated, TokenExpired, Forbidden)
_TOKEN_MAX: Final = 100
_EXAMPLE: Final[JsonDict] = {
    "id": 4,
    "name": "Seaside Homes",
    "created_at": "2026-05-04T09:30:00Z",
    "role": "owner",
    "since": "2026-05-04T09:30:00Z",
    "permissions": ["catalog:read", "catalog:write"],
}
_EXAMPLE_MEMBER: Final[JsonDict] = {
    "account_id": 7,
    "username": "anna",
    "email": "anna@seaside.example",
    "role": "desk",
    "since": "2026-05-11T08:00:00Z",
    "disabled": False,
}


class OrganizationOut(Wire):
    """An organization as one of its members sees it."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: int
    """What `owner_id` says of everything it owns: the number of the account that founded it."""
    name: str
    created_at: InstantField
    role: MemberRole
    """What you are there."""
    since: InstantField
    """Since when you belong to it."""
    permissions: list[Permission]
    """What you may do with what it owns."""


class OrganizationsOut(Wire):
    """The organizations somebody belongs to."""

    items: list[OrganizationOut]


class OrganizationNameIn(Wire):
    """What an organization is called."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Seaside Homes"}]})

    name: Annotated[str, Line(ORGANIZATION_NAME_MAX)]


class MemberOut(Wire):
    """Somebody who acts for an organization."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE_MEMBER]})

    account_id: int
    username: str
    email: str | None
    """Shown to owners of the organization."""
    role: MemberRole
    since: InstantField
    disabled: bool
    """Whether the account is closed: it acts for nobody then."""


class MembersOut(Wire):
    """The members of an organization, those longest there first."""

    items: list[MemberOut]


class MemberRoleIn(Wire):
    """What a member becomes."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"role": "manager"}]})

    role: Annotated[MemberRole, BY_VALUE]


class NewInvitationIn(Wire):
    """Who is asked to join, and as what."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"email": "anna@seaside.example", "role": "desk"}]})

    email: Annotated[str, Field(min_length=MIN_EMAIL, max_length=MAX_EMAIL, json_schema_extra={"format": "idn-email"})]
    role: Annotated[MemberRole, BY_VALUE]


class InvitationOut(Wire):
    """An invitation that has no answer yet."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "inv_01JD3Z8Q4T9XW2M5N7P0R6S1VB",
                    "email": "anna@seaside.example",
                    "role": "desk",
                    "invited_by": 4,
                    "created_at": "2026-05-10T08:00:00Z",
                    "expires_at": "2026-05-17T08:00:00Z",
                }
            ]
        }
    )

    id: str
    email: str
    role: MemberRole
    invited_by: int
    created_at: InstantField
    expires_at: InstantField


class InvitationsOut(Wire):
    """Invitations that have no answer yet, the newest first."""

    items: list[InvitationOut]


class InvitationTokenIn(Wire):
    """What the mail of an invitation holds."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"token": "rO0vXy…"}]})

    token: Annotated[str, Line(_TOKEN_MAX)]


class ActingForIn(Wire):
    """The organization a session acts for."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"organization_id": 4}]})

    organization_id: Annotated[int, Between(1, NUMBER_MAX)]


def routers(organizations: OrganizationsApi) -> tuple[Router, ...]:
    """Return the routes of organizations."""
    return _own(organizations), _members(organizations), _invitations(organizations), _joining(organizations)


def _own(organizations: OrganizationsApi) -> Router:
    router = Router(prefix="/v1/organization", tags=["organizations"])

    @router.get("", responses=responses(*_KNOWN, NotFound))
    async def read_organization(principal: CurrentPrincipal) -> OrganizationOut:
        """Read the organization you act for, and what you may do there."""
        return _organization_out(await organizations.own(principal=principal))

    @router.patch("", responses=responses(*_KNOWN, NotFound, Invalid))
    async def rename_organization(body: OrganizationNameIn, principal: MembersPrincipal) -> OrganizationOut:
        """Call your organization something else. For its owners."""
        return _organization_out(await organizations.rename(principal=principal, name=body.name))

    @router.post("/leave", status_code=204, responses=responses(*_KNOWN, NotFound, LastOwner))
    async def leave_organization(principal: CurrentPrincipal) -> None:
        """Stop belonging to the organization you act for. The API keys you made for it end at once."""
        await organizations.leave(principal=principal)

    return router


def _members(organizations: OrganizationsApi) -> Router:
    router = Router(prefix="/v1/organization/members", tags=["organizations"])
    changing = (*_KNOWN, ReauthRequired, NotFound, LastOwner)

    @router.get("", responses=responses(*_KNOWN, NotFound))
    async def list_members(principal: CurrentPrincipal) -> MembersOut:
        """List the members of your organization, those longest there first."""
        found = await organizations.members(principal=principal)
        shows_addresses = principal.may(Permission.MEMBERS)
        return MembersOut(items=[_member_out(each, shows_address=shows_addresses) for each in found])

    @router.patch("/{account_id}", dependencies=[FRESH], responses=responses(*changing, Invalid))
    async def change_member(account_id: PathNumber, body: MemberRoleIn, principal: MembersPrincipal) -> MemberOut:
        """Make a member something else; what they may do changes with their next request. For owners.

        Somebody has to be able to run the organization: its only owner stays one.
        """
        changed = await organizations.change_role(principal=principal, account_id=account_id, role=body.role)
        return _member_out(changed, shows_address=True)

    @router.delete("/{account_id}", status_code=204, dependencies=[FRESH], responses=responses(*changing))
    async def remove_member(account_id: PathNumber, principal: MembersPrincipal) -> None:
        """Remove a member, at once: their next request is no member's, and the API keys they made here end."""
        await organizations.remove(principal=principal, account_id=account_id)

    return router


def _invitations(organizations: OrganizationsApi) -> Router:
    router = Router(prefix="/v1/organization/invitations", tags=["organizations"])

    @router.post(
        "",
        status_code=202,
        response_class=Response,
        dependencies=[FRESH],
        responses=responses(*_KNOWN, ReauthRequired, NotFound, Invalid, OrganizationFull),
    )
    async def invite_member(body: NewInvitationIn, principal: MembersPrincipal) -> Response:
        """Ask somebody to join, by mail. For owners.

        The answer is the same whether the address belongs to an account or not, and no account is touched: whoever
        reads the mail logs in with that address and accepts. An earlier invitation of the address is worthless then.
        """
        await organizations.invite(principal=principal, email=body.email, role=body.role)
        return Response(status_code=202)

    @router.get("", responses=responses(*_KNOWN, NotFound))
    async def list_invitations(principal: MembersPrincipal) -> InvitationsOut:
        """List the invitations of your organization that can still be accepted, the newest first. For owners."""
        found = await organizations.invitations(principal=principal)
        return InvitationsOut(items=[_invitation_out(each) for each in found])

    @router.delete("/{invitation_id}", status_code=204, responses=responses(*_KNOWN, NotFound))
    async def withdraw_invitation(invitation_id: PathText, principal: MembersPrincipal) -> None:
        """Make an invitation worthless. For owners."""
        await organizations.withdraw(principal=principal, invitation_id=invitation_id)

    return router


def _joining(organizations: OrganizationsApi) -> Router:
    router = Router(tags=["organizations"])

    @router.post(
        "/v1/invitations/accept",
        responses=responses(*_KNOWN, Invalid, InvitationRefused, AlreadyMember, OrganizationFull),
    )
    async def accept_invitation(body: InvitationTokenIn, principal: CurrentPrincipal) -> OrganizationOut:
        """Join the organization that invited you, with the token of the mail; it is good once.

        Your account's address must be the one the mail went to, and confirmed. If you act for no organization yet,
        this session acts for the new one from now on.
        """
        return _organization_out(await organizations.accept(principal=principal, token=body.token))

    @router.get("/v1/me/organizations", responses=responses(*_KNOWN))
    async def list_own_organizations(principal: CurrentPrincipal) -> OrganizationsOut:
        """List the organizations you belong to, your own first."""
        found = await organizations.of_account(account_id=principal.account_id)
        return OrganizationsOut(items=[_organization_out(each) for each in found])

    @router.put("/v1/me/organization", responses=responses(*_KNOWN, NotFound, Invalid))
    async def choose_organization(body: ActingForIn, principal: CurrentPrincipal) -> OrganizationOut:
        """Let this session act for another of the organizations you belong to, from the next request on."""
        return _organization_out(await organizations.act_for(principal=principal, organization_id=body.organization_id))

    return router


def _organization_out(found: Membership) -> OrganizationOut:
    return OrganizationOut(
        id=found.organization.id,
        name=found.organization.name,
        created_at=found.organization.created_at,
        role=found.role,
        since=found.since,
        permissions=[each for each in Permission if each in MEMBER_MAY[found.role]],
    )


def _member_out(found: Member, *, shows_address: bool) -> MemberOut:
    return MemberOut(
        account_id=found.account_id,
        username=found.username,
        email=found.email if shows_address else None,
        role=found.role,
        since=found.since,
        disabled=found.disabled,
    )


def _invitation_out(found: Invitation) -> InvitationOut:
    return InvitationOut(
        id=found.id,
        email=found.email,
        role=found.role,
        invited_by=found.invited_by,
        created_at=found.created_at,
        expires_at=found.expires_at,
    )
