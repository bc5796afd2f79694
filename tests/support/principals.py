"""Principals as the doors of modules are given them: with the permissions their role and membership bring."""

from holdfast.kit.auth import MemberRole, Principal, permissions_of


def principal_of(account_id, role="guest", *, owner_id=None, member=MemberRole.OWNER, session_id=None):
    """Return who an account is: an owner and an admin act for an organization of their own unless another is named."""
    owns = owner_id or (account_id if role in {"owner", "admin"} else None)
    permissions = permissions_of(role, member if owns else None)
    return Principal(account_id, role, owner_id=owns, permissions=permissions, session_id=session_id)
