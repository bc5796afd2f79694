"""Rows of sessions and their refresh tokens. A token itself is in none of them: only its hash."""

from typing import Final

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Table

from holdfast.accounts.models.base import length, tables
from holdfast.accounts.sessions_api import SessionKind
from holdfast.kit.db.tables import STRICT, one_of
from holdfast.kit.db.types import Choice, Flag, Moment, Text, Whole
from holdfast.kit.privacy import Decision, Erase, Kind, Purpose, Retention, numbered, personal

MAX_DEVICE: Final = 200
MAX_ADDRESS: Final = 64
_ID: Final = 40
_WHY: Final = 40
_HASH: Final = 64

_SEEN: Final = personal(Kind.ACTIVITY, Purpose.SECURITY, keep=Retention.SIGN_INS)
_WHERE: Final = personal(Kind.DEVICE, Purpose.SECURITY, keep=Retention.SIGN_INS)

session = Table(
    "accounts_session",
    tables,
    Column("id", Text(_ID), primary_key=True),
    Column(
        "account_id",
        Whole(),
        ForeignKey("accounts_account.id"),
        nullable=False,
        info=numbered(Purpose.SECURITY, keep=Retention.SIGN_INS, erase=Erase.DELETED),
    ),
    # An organization has the number of the account that founded it. Who belongs to it is read with each request.
    Column("organization_id", Whole(), ForeignKey("accounts_account.id")),
    Column("kind", Choice(SessionKind), nullable=False),
    Column("second_factor", Flag(), nullable=False),
    Column("created_at", Moment(), nullable=False, info=_SEEN),
    Column("seen_at", Moment(), nullable=False, info=_SEEN),
    Column("authenticated_at", Moment(), nullable=False, info=_SEEN),
    Column("expires_at", Moment(), nullable=False),
    Column("ended_at", Moment(), info=_SEEN),
    Column("ended_why", Text(_WHY)),
    Column("device", Text(MAX_DEVICE), info=_WHERE),
    Column("address", Text(MAX_ADDRESS), info=_WHERE),
    one_of("kind", SessionKind),
    CheckConstraint("(ended_at IS NULL) = (ended_why IS NULL)", name="ended_whole"),
    CheckConstraint("expires_at > created_at", name="expires_later"),
    Index(None, "account_id", "created_at"),
    Index(None, "expires_at"),
    **STRICT,
)

refresh_token = Table(
    "accounts_refresh_token",
    tables,
    # 256 random bits need no salt and no slow hash: nobody can try them.
    Column(
        "token_hash",
        Text(_HASH),
        primary_key=True,
        info=personal(Kind.SECRET, Purpose.SECURITY, keep=Retention.SIGN_INS, automated=(Decision.SIGN_IN,)),
    ),
    Column("session_id", Text(_ID), ForeignKey("accounts_session.id"), nullable=False),
    Column("created_at", Moment(), nullable=False),
    Column("expires_at", Moment(), nullable=False),
    Column("used_at", Moment()),
    length("token_hash", _HASH, _HASH),
    Index(None, "session_id"),
    Index(None, "expires_at"),
    **STRICT,
)
