"""Rows of organizations, their members and those who are asked to join."""

from typing import Final

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Table

from holdfast.accounts.models.base import length, tables
from holdfast.accounts.organizations_api import ORGANIZATION_NAME_MAX
from holdfast.accounts.rules import MAX_EMAIL, MIN_EMAIL
from holdfast.kit.auth import MemberRole
from holdfast.kit.db.tables import STRICT, one_of
from holdfast.kit.db.types import Choice, Moment, Text, Whole
from holdfast.kit.privacy import Erase, Kind, Purpose, Retention, numbered, personal

_HASH: Final = 64
_ID: Final = 40
_INVITED: Final = personal(Kind.CONTACT, Purpose.ACCOUNT, keep=Retention.SIGN_INS)
_MEMBER: Final = numbered(Purpose.ACCOUNT, Purpose.SECURITY, keep=Retention.ACCOUNT, erase=Erase.DELETED)

organization = Table(
    "accounts_organization",
    tables,
    # The account that founded it: what it owned before there were organizations is the organization's without a change.
    Column(
        "id",
        Whole(),
        ForeignKey("accounts_account.id"),
        primary_key=True,
        autoincrement=False,
        info=numbered(Purpose.BOOKS),
    ),
    Column(
        "name",
        Text(ORGANIZATION_NAME_MAX),
        nullable=False,
        info=personal(Kind.LISTING, Purpose.LISTING, keep=Retention.LISTING, erase=Erase.KEPT),
    ),
    Column("created_at", Moment(), nullable=False),
    length("name", 1, ORGANIZATION_NAME_MAX),
    **STRICT,
)

member = Table(
    "accounts_member",
    tables,
    Column("organization_id", Whole(), ForeignKey("accounts_organization.id"), primary_key=True, autoincrement=False),
    Column(
        "account_id", Whole(), ForeignKey("accounts_account.id"), primary_key=True, autoincrement=False, info=_MEMBER
    ),
    Column("role", Choice(MemberRole), nullable=False),
    Column("since", Moment(), nullable=False),
    one_of("role", MemberRole),
    Index(None, "account_id"),
    **STRICT,
)

invitation = Table(
    "accounts_invitation",
    tables,
    Column("id", Text(_ID), primary_key=True),
    Column("organization_id", Whole(), ForeignKey("accounts_organization.id"), nullable=False),
    # Made when the mail goes out, so that nothing that could be used lies about before; a new mail, a new token.
    Column("token_hash", Text(_HASH), unique=True),
    Column("email", Text(MAX_EMAIL), nullable=False, info=_INVITED),
    Column("email_key", Text(MAX_EMAIL), nullable=False, info=_INVITED),
    Column("role", Choice(MemberRole), nullable=False),
    Column("invited_by", Whole(), nullable=False, info=numbered(Purpose.SECURITY, keep=Retention.SIGN_INS)),
    Column("created_at", Moment(), nullable=False),
    Column("expires_at", Moment(), nullable=False),
    # Accepted, or withdrawn (then by nobody).
    Column("used_at", Moment()),
    Column("used_by", Whole(), info=numbered(Purpose.SECURITY, keep=Retention.SIGN_INS)),
    one_of("role", MemberRole),
    length("token_hash", _HASH, _HASH),
    length("email_key", MIN_EMAIL, MAX_EMAIL),
    CheckConstraint("used_by IS NULL OR used_at IS NOT NULL", name="used_by_then"),
    Index(None, "organization_id", "created_at"),
    Index(None, "expires_at"),
    **STRICT,
)
