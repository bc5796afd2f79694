"""Who is asking and what they may do, as the edges and modules see it. The one place that says who may do what.

A permission is asked for in two steps: the route asks whether the caller may do such a thing at all (`Principal.may`,
through `holdfast.kit.http.principals.Allowed`), the service whether it is theirs (`Principal.runs` for what an
organization owns, `account_id` for what a guest has).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from holdfast.kit.errors import Forbidden


class Permission(StrEnum):
    """One kind of act. Also what the scopes of API keys are made of."""

    TRIPS = "trips"
    """Quote, hold, pay, book, change and cancel for oneself."""
    ACCOUNT = "account"
    """Read and change one's own account; never given to an API key."""
    CATALOG_READ = "catalog:read"
    CATALOG_WRITE = "catalog:write"
    """Describe what is sold, and price it."""
    STOCK_WRITE = "stock:write"
    BOOKINGS_READ = "bookings:read"
    """See who comes."""
    BOOKINGS_WRITE = "bookings:write"
    """Accept, decline and cancel what guests booked."""
    FLOOR = "floor"
    """Seat, take walk-ins and reservations, say who came."""
    MONEY_READ = "money:read"
    MONEY_WRITE = "money:write"
    """Give money back."""
    MEMBERS = "members"
    """Invite and remove members, and make the organization's API keys."""
    OPERATE = "operate"
    """Watch over the installation: journeys, accounts, activity."""
    ADMINISTER = "administer"
    """Act on everybody's objects."""


class MemberRole(StrEnum):
    """What somebody is in an organization."""

    OWNER = "owner"
    MANAGER = "manager"
    DESK = "desk"
    READ_ONLY = "read_only"


GUEST_MAY: Final = frozenset({Permission.TRIPS, Permission.ACCOUNT})
"""What everybody with an account may do."""

_READING: Final = frozenset({Permission.CATALOG_READ, Permission.BOOKINGS_READ, Permission.MONEY_READ})
_RUNNING: Final = frozenset(
    {
        Permission.CATALOG_WRITE,
        Permission.STOCK_WRITE,
        Permission.BOOKINGS_WRITE,
        Permission.FLOOR,
        Permission.MONEY_WRITE,
    }
)
MEMBER_MAY: Final[Mapping[MemberRole, frozenset[Permission]]] = {
    MemberRole.OWNER: _READING | _RUNNING | {Permission.MEMBERS},
    MemberRole.MANAGER: _READING | _RUNNING,
    MemberRole.DESK: frozenset(
        {Permission.CATALOG_READ, Permission.BOOKINGS_READ, Permission.BOOKINGS_WRITE, Permission.FLOOR}
    ),
    MemberRole.READ_ONLY: _READING,
}
"""What members may do with what their organization owns."""

SEES_SOLD: Final = frozenset(
    {
        Permission.BOOKINGS_READ,
        Permission.BOOKINGS_WRITE,
        Permission.FLOOR,
        Permission.MONEY_READ,
        Permission.MONEY_WRITE,
    }
)
"""Who has any of these is shown a booking of what their organization sold, as far as their act is about it."""

OPERATOR_MAY: Final = frozenset({Permission.OPERATE})
"""What operators may do beyond that."""
KEY_MAY: Final = frozenset(Permission) - {
    Permission.ACCOUNT,
    Permission.MEMBERS,
    Permission.OPERATE,
    Permission.ADMINISTER,
}
"""What an API key may be given at most: never what a person has to answer for."""


def permissions_of(role: str, membership: MemberRole | None) -> frozenset[Permission]:
    """Return what a person may do.

    Args:
        role: What the account is in this installation: `guest`, `owner`, `operator` or `admin`.
        membership: What it is in the organization it acts for; None for somebody who belongs to none.
    """
    if role == "admin":
        return frozenset(Permission)
    of_member = frozenset[Permission]() if membership is None else MEMBER_MAY[membership]
    return GUEST_MAY | of_member | (OPERATOR_MAY if role == "operator" else frozenset())


@dataclass(frozen=True, slots=True)
class Principal:
    """The account a verified token or API key speaks for."""

    account_id: int
    role: str
    """`guest`, `owner`, `operator` or `admin`."""
    owner_id: int | None = None
    """The organization it acts for; None for somebody who belongs to none."""
    permissions: frozenset[Permission] = GUEST_MAY
    session_id: str | None = None
    """None for an API key."""
    key_id: str | None = None
    """The API key it came with."""
    authenticated_at: datetime | None = None
    """When a person last proved who they are, in UTC; None for an API key."""

    @property
    def is_admin(self) -> bool:
        """Whether this principal may act on everybody's objects."""
        return Permission.ADMINISTER in self.permissions

    def may(self, permission: Permission) -> bool:
        """Return whether this principal may do such a thing at all, whoever owns what it is done to."""
        return permission in self.permissions

    def runs(self, owner_id: int) -> bool:
        """Return whether this principal acts for an owner: as a member, or as an admin for everybody."""
        return self.is_admin or owner_id == self.owner_id

    def is_guest(self, account_id: int) -> bool:
        """Return whether this principal acts as a guest: as the one whose trips they are, and may see to them."""
        return account_id == self.account_id and Permission.TRIPS in self.permissions

    def acting_for(self) -> int:
        """Return the organization this principal acts for.

        Raises:
            Forbidden: It belongs to none.
        """
        if self.owner_id is None:
            raise Forbidden("You belong to no organization.")
        return self.owner_id


ITSELF: Final = Principal(0, "admin", permissions=frozenset(Permission))
"""The product itself, where a door asks who acts and nobody does."""
