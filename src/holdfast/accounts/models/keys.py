"""Rows of API keys. A key itself is in none of them: only its hash."""

from typing import Final

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Table

from holdfast.accounts.keys_api import KEY_NAME_MAX, KeyMode
from holdfast.accounts.models.base import length, tables
from holdfast.kit.db.tables import STRICT, one_of
from holdfast.kit.db.types import Choice, Json, Moment, Text, Whole
from holdfast.kit.privacy import Erase, Kind, Purpose, Retention, numbered, personal

_HASH: Final = 64
_ID: Final = 40
_PREFIX: Final = 8
_ENDED_WHY: Final = 20

api_key = Table(
    "accounts_api_key",
    tables,
    Column("id", Text(_ID), primary_key=True),
    # 256 random bits need no salt and no slow hash: nobody can try them.
    Column("key_hash", Text(_HASH), nullable=False, unique=True, info=personal(Kind.SECRET, Purpose.SECURITY)),
    Column("prefix", Text(_PREFIX), nullable=False),
    Column("name", Text(KEY_NAME_MAX), nullable=False, info=personal(Kind.WORDS, Purpose.SECURITY)),
    Column(
        "account_id",
        Whole(),
        ForeignKey("accounts_account.id"),
        nullable=False,
        info=numbered(Purpose.SECURITY, keep=Retention.ACCOUNT, erase=Erase.DELETED),
    ),
    Column("organization_id", Whole(), ForeignKey("accounts_organization.id")),
    Column("mode", Choice(KeyMode), nullable=False),
    Column("scopes", Json(), nullable=False),
    Column("created_at", Moment(), nullable=False),
    Column("expires_at", Moment()),
    Column("last_used_at", Moment(), info=personal(Kind.ACTIVITY, Purpose.SECURITY)),
    Column("ended_at", Moment()),
    Column("ended_why", Text(_ENDED_WHY)),
    one_of("mode", KeyMode),
    length("key_hash", _HASH, _HASH),
    length("name", 1, KEY_NAME_MAX),
    CheckConstraint("(ended_at IS NULL) = (ended_why IS NULL)", name="ended_whole"),
    Index(None, "account_id", "created_at"),
    **STRICT,
)
