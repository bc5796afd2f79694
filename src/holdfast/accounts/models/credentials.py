"""Rows of what is mailed to people, of the tokens in it, and of names nobody else may take."""

from typing import Final

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Table

from holdfast.accounts.credentials_api import MailKind, TokenPurpose
from holdfast.accounts.models.base import length, tables
from holdfast.accounts.rules import MAX_EMAIL, MAX_USERNAME, MIN_EMAIL, MIN_USERNAME
from holdfast.kit.db.tables import STRICT, one_of
from holdfast.kit.db.types import Choice, Json, Moment, Text, Whole
from holdfast.kit.privacy import Erase, Kind, Purpose, Recipient, Retention, numbered, personal

_ID: Final = 40
_HASH: Final = 64
MAX_WHY: Final = 100

_MAILED: Final = numbered(Purpose.MESSAGES, keep=Retention.MAIL, erase=Erase.DELETED)
_ADDRESS: Final = personal(
    Kind.CONTACT, Purpose.MESSAGES, Purpose.SECURITY, keep=Retention.MAIL, recipients=(Recipient.MAIL,)
)
_FACTS: Final = personal(
    Kind.DEVICE, Purpose.MESSAGES, Purpose.SECURITY, keep=Retention.MAIL, recipients=(Recipient.MAIL,)
)
_SECRET: Final = personal(Kind.SECRET, Purpose.SECURITY, keep=Retention.MAIL)

mail = Table(
    "accounts_mail",
    tables,
    Column("id", Text(_ID), primary_key=True),
    Column("kind", Choice(MailKind), nullable=False),
    # NULL where only an address is known: whoever sends it looks whether it has an account, so that the answer to
    # whoever asked does not depend on that.
    Column("account_id", Whole(), ForeignKey("accounts_account.id"), info=_MAILED),
    # Where the account's own address is not meant: a former or a new one. Cleared once it is sent.
    Column("email_key", Text(MAX_EMAIL), info=_ADDRESS),
    Column("facts", Json(), nullable=False, info=_FACTS),
    Column("created_at", Moment(), nullable=False),
    Column("attempts", Whole(), nullable=False),
    # NULL once nothing is left to do. While somebody sends it, when another may.
    Column("next_attempt_at", Moment()),
    Column("sent_at", Moment()),
    Column("given_up_at", Moment()),
    Column("given_up_why", Text(MAX_WHY)),
    one_of("kind", MailKind),
    CheckConstraint("attempts >= 0", name="attempts_whole"),
    CheckConstraint(
        "(next_attempt_at IS NULL) = (sent_at IS NOT NULL OR given_up_at IS NOT NULL)", name="next_attempt_whole"
    ),
    CheckConstraint("sent_at IS NULL OR given_up_at IS NULL", name="ended_once"),
    CheckConstraint("(given_up_at IS NULL) = (given_up_why IS NULL)", name="given_up_whole"),
    Index(None, "next_attempt_at"),
    Index(None, "account_id"),
    Index(None, "created_at"),
    **STRICT,
)

mail_token = Table(
    "accounts_mail_token",
    tables,
    # SHA-256 of 256 random bits: a copy of the table opens nothing.
    Column("token_hash", Text(_HASH), primary_key=True, info=_SECRET),
    Column("account_id", Whole(), ForeignKey("accounts_account.id"), nullable=False, info=_MAILED),
    Column("purpose", Choice(TokenPurpose), nullable=False),
    Column("email_key", Text(MAX_EMAIL), nullable=False, info=_ADDRESS),
    Column("created_at", Moment(), nullable=False),
    Column("expires_at", Moment(), nullable=False),
    Column("used_at", Moment()),
    one_of("purpose", TokenPurpose),
    length("token_hash", _HASH, _HASH),
    CheckConstraint("expires_at > created_at", name="expires_later"),
    Index(None, "account_id", "purpose"),
    Index(None, "expires_at"),
    **STRICT,
)

email_change = Table(
    "accounts_email_change",
    tables,
    Column(
        "account_id", Whole(), ForeignKey("accounts_account.id"), primary_key=True, autoincrement=False, info=_MAILED
    ),
    Column("email", Text(MAX_EMAIL), nullable=False, info=_ADDRESS),
    Column("email_key", Text(MAX_EMAIL), nullable=False, info=_ADDRESS),
    Column("asked_at", Moment(), nullable=False),
    length("email", MIN_EMAIL, MAX_EMAIL),
    length("email_key", MIN_EMAIL, MAX_EMAIL),
    **STRICT,
)

reserved_name = Table(
    "accounts_reserved_name",
    tables,
    # A name somebody asked for with an address that has an account: taken, as it would be of a new address. Else
    # whoever asks twice could tell the two apart.
    Column(
        "username_key",
        Text(MAX_USERNAME),
        primary_key=True,
        info=personal(Kind.NAME, Purpose.SECURITY, keep=Retention.ACCOUNT),
    ),
    Column(
        "account_id",
        Whole(),
        ForeignKey("accounts_account.id"),
        nullable=False,
        info=numbered(Purpose.SECURITY, keep=Retention.ACCOUNT, erase=Erase.DELETED),
    ),
    Column("created_at", Moment(), nullable=False),
    length("username_key", MIN_USERNAME, MAX_USERNAME),
    Index(None, "account_id"),
    **STRICT,
)
