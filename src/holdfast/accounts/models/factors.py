"""Rows of second factors and passkeys. No secret is among them that could be used as it stands."""

from typing import Final

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Table

from holdfast.accounts.models.base import length, tables
from holdfast.kit.db.tables import STRICT
from holdfast.kit.db.types import Flag, Moment, Text, Whole
from holdfast.kit.privacy import Decision, Erase, Kind, Purpose, Retention, numbered, personal

MAX_SEALED: Final = 200
MAX_CREDENTIAL_ID: Final = 1364
"""1,023 bytes in base64url, the most that WebAuthn allows."""
MAX_PUBLIC_KEY: Final = 2048
MAX_PASSKEY_NAME: Final = 60
_HASH: Final = 64
_ID: Final = 40
_HANDLE: Final = 64
_COUNT_MAX: Final = 2**32 - 1

_NUMBER: Final = numbered(Purpose.SECURITY, keep=Retention.ACCOUNT, erase=Erase.DELETED)
_SECRET: Final = personal(Kind.SECRET, Purpose.SECURITY, automated=(Decision.SIGN_IN,))


def _account() -> ForeignKey:
    return ForeignKey("accounts_account.id")


totp = Table(
    "accounts_totp",
    tables,
    Column("account_id", Whole(), _account(), primary_key=True, autoincrement=False, info=_NUMBER),
    # Encrypted with a key derived from the server's secret: a copy of the table makes no codes.
    Column("sealed_secret", Text(MAX_SEALED), nullable=False, info=_SECRET),
    # The 30-second step of the last code that was taken. A code is good once, so no step is taken twice.
    Column("last_step", Whole(), nullable=False),
    Column("created_at", Moment(), nullable=False),
    # NULL until the app has shown that it has the secret; until then nothing is asked for.
    Column("confirmed_at", Moment()),
    CheckConstraint("last_step >= 0", name="last_step_whole"),
    CheckConstraint("sealed_secret LIKE 'v1.%'", name="sealed_secret_form"),
    **STRICT,
)

recovery_code = Table(
    "accounts_recovery_code",
    tables,
    Column("code_hash", Text(_HASH), primary_key=True, info=_SECRET),
    Column("account_id", Whole(), _account(), nullable=False, info=_NUMBER),
    Column("created_at", Moment(), nullable=False),
    Column("used_at", Moment()),
    Index(None, "account_id"),
    length("code_hash", _HASH, _HASH),
    **STRICT,
)

passkey_user = Table(
    "accounts_passkey_user",
    tables,
    Column("account_id", Whole(), _account(), primary_key=True, autoincrement=False, info=_NUMBER),
    # What authenticators know the account by: random, so that a found key tells nothing about anybody.
    Column("handle", Text(_HANDLE), nullable=False, unique=True, info=_SECRET),
    **STRICT,
)

passkey = Table(
    "accounts_passkey",
    tables,
    Column("id", Text(_ID), primary_key=True),
    Column("account_id", Whole(), _account(), nullable=False, info=_NUMBER),
    Column("name", Text(MAX_PASSKEY_NAME), nullable=False, info=personal(Kind.WORDS, Purpose.ACCOUNT)),
    # The id itself is too long for a key on MariaDB; its hash is what is looked for and unique.
    Column("credential_hash", Text(_HASH), nullable=False, unique=True, info=_SECRET),
    Column("credential_id", Text(MAX_CREDENTIAL_ID), nullable=False, info=_SECRET),
    Column("public_key", Text(MAX_PUBLIC_KEY), nullable=False, info=_SECRET),
    Column("sign_count", Whole(), nullable=False),
    Column("backed_up", Flag(), nullable=False),
    Column("created_at", Moment(), nullable=False),
    Column("used_at", Moment()),
    Index(None, "account_id"),
    length("name", 1, MAX_PASSKEY_NAME),
    length("credential_hash", _HASH, _HASH),
    CheckConstraint(f"sign_count BETWEEN 0 AND {_COUNT_MAX}", name="sign_count_range"),
    **STRICT,
)

spent_challenge = Table(
    "accounts_spent_challenge",
    tables,
    # A challenge carries its own proof and end; what is kept is that it was answered, until it has run out anyway.
    Column("challenge_hash", Text(_HASH), primary_key=True),
    Column("expires_at", Moment(), nullable=False),
    Index(None, "expires_at"),
    length("challenge_hash", _HASH, _HASH),
    **STRICT,
)
