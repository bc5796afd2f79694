"""Rows of people."""

from typing import Final

from sqlalchemy import CheckConstraint, Column, Table

from holdfast.accounts.api import Role
from holdfast.accounts.models.base import length, tables
from holdfast.accounts.rules import MAX_EMAIL, MAX_USERNAME, MIN_EMAIL, MIN_USERNAME
from holdfast.kit.db.tables import STRICT, one_of
from holdfast.kit.db.types import Choice, Flag, Moment, Text, Whole
from holdfast.kit.privacy import Erase, Kind, Purpose, personal

MAX_HASH: Final = 255

_REACHED: Final = personal(Kind.ACTIVITY, Purpose.ACCOUNT, Purpose.MESSAGES, erase=Erase.CLEARED)

account = Table(
    "accounts_account",
    tables,
    Column("id", Whole(), primary_key=True, autoincrement=True),
    Column("username", Text(MAX_USERNAME), nullable=False),
    # The canonical forms of `rules`: two spellings of one name or one mailbox meet in the UNIQUE.
    Column("username_key", Text(MAX_USERNAME), nullable=False, unique=True),
    Column("email", Text(MAX_EMAIL), nullable=False),
    Column("email_key", Text(MAX_EMAIL), nullable=False, unique=True),
    Column("password_hash", Text(MAX_HASH), nullable=False),
    Column("role", Choice(Role), nullable=False),
    Column("disabled", Flag(), nullable=False),
    Column("created_at", Moment(), nullable=False),
    # When somebody showed that the mailbox is theirs, and when a mail server last said that there is no such mailbox.
    Column("confirmed_at", Moment(), info=_REACHED),
    Column("email_bounced_at", Moment(), info=_REACHED),
    one_of("role", Role),
    length("username", MIN_USERNAME, MAX_USERNAME),
    length("username_key", MIN_USERNAME, MAX_USERNAME),
    length("email", MIN_EMAIL, MAX_EMAIL),
    length("email_key", MIN_EMAIL, MAX_EMAIL),
    # A password in plain text cannot be stored by mistake.
    CheckConstraint("password_hash LIKE '$argon2id$v=%'", name="password_hash_form"),
    # An id is never given again: a token of somebody who is gone must not speak for somebody new.
    sqlite_autoincrement=True,
    **STRICT,
)
