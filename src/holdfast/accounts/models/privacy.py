"""Rows of people's rights over their data: consents, erasures, exports, requests, disclosures, breaches, policies."""

from typing import Final

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Table

from holdfast.accounts.models.base import length, tables
from holdfast.accounts.privacy_api import (
    ABOUT_MAX,
    SAYS_MAX,
    AskedBy,
    CaseKind,
    CaseState,
    ConsentHow,
    ConsentPurpose,
    ErasureState,
    ExportState,
)
from holdfast.kit.db.tables import STRICT, one_of
from holdfast.kit.db.types import Choice, Flag, Json, Moment, Text, Whole
from holdfast.kit.outbox import Outbox
from holdfast.kit.privacy import Erase, Kind, Purpose, Retention, numbered, personal

PART_MAX: Final = 12_000
"""Characters of one part of an export."""
CONTACT_MAX: Final = 254
_ID: Final = 40
_DIGEST: Final = 64
_VERSION: Final = 40
_REMAINS: Final = 1_000

_THEIRS: Final = numbered(Purpose.RIGHTS, keep=Retention.RIGHTS, erase=Erase.DELETED)
_STAYS: Final = numbered(Purpose.RIGHTS, keep=Retention.RIGHTS)
_SAID: Final = personal(Kind.CHOICE, Purpose.RIGHTS, keep=Retention.ACCOUNT)
_WORDS: Final = personal(Kind.WORDS, Purpose.RIGHTS, keep=Retention.RIGHTS, erase=Erase.CLEARED)
_REACHED: Final = personal(Kind.CONTACT, Purpose.RIGHTS, keep=Retention.RIGHTS, erase=Erase.CLEARED)
_GIVEN: Final = personal(Kind.ACTIVITY, Purpose.RIGHTS, keep=Retention.RIGHTS)
_NO_MAIL: Final = personal(Kind.CHOICE, Purpose.MARKETING, keep=Retention.SUPPRESSION, erase=Erase.KEPT)
_COPY: Final = personal(Kind.ACTIVITY, Purpose.RIGHTS, keep=Retention.EXPORT)
_KEY: Final = personal(Kind.SECRET, Purpose.RIGHTS, keep=Retention.EXPORT)

policy = Table(
    "accounts_policy",
    tables,
    Column("version", Text(_VERSION), primary_key=True),
    Column("document", Json(), nullable=False),
    Column("since", Moment(), nullable=False),
    Index(None, "since"),
    **STRICT,
)
"""Versions of the privacy policy as they took effect here."""

notice = Table(
    "accounts_notice",
    tables,
    # What somebody was told when they gave their data: the version that was in effect then.
    Column(
        "account_id",
        Whole(),
        ForeignKey("accounts_account.id"),
        primary_key=True,
        autoincrement=False,
        info=numbered(Purpose.RIGHTS, keep=Retention.ACCOUNT, erase=Erase.DELETED),
    ),
    Column("form", Text(32), primary_key=True, info=_SAID),
    Column("version", Text(_VERSION), ForeignKey("accounts_policy.version"), nullable=False, info=_SAID),
    Column("at", Moment(), nullable=False),
    **STRICT,
)

consent = Table(
    "accounts_consent",
    tables,
    # Appended: what somebody says of a purpose last is what holds.
    Column("id", Whole(), primary_key=True, autoincrement=True),
    Column("account_id", Whole(), ForeignKey("accounts_account.id"), nullable=False, info=_THEIRS),
    Column("purpose", Choice(ConsentPurpose), nullable=False),
    Column("granted", Flag(), nullable=False, info=_SAID),
    Column("text_version", Text(_VERSION), nullable=False, info=_SAID),
    Column("how", Choice(ConsentHow), nullable=False),
    Column("at", Moment(), nullable=False),
    one_of("purpose", ConsentPurpose),
    one_of("how", ConsentHow),
    Index(None, "account_id", "id"),
    sqlite_autoincrement=True,
    **STRICT,
)

suppression = Table(
    "accounts_suppression",
    tables,
    # A keyed digest of the address: it can be asked whether one is here, and never read which are.
    Column("digest", Text(_DIGEST), primary_key=True, info=_NO_MAIL),
    Column("purpose", Choice(ConsentPurpose), primary_key=True),
    Column("at", Moment(), nullable=False),
    one_of("purpose", ConsentPurpose),
    length("digest", _DIGEST, _DIGEST),
    **STRICT,
)
"""Addresses that want no offers; outlives their accounts."""

restriction = Table(
    "accounts_restriction",
    tables,
    Column(
        "account_id",
        Whole(),
        ForeignKey("accounts_account.id"),
        primary_key=True,
        autoincrement=False,
        info=numbered(Purpose.RIGHTS, keep=Retention.ACCOUNT, erase=Erase.DELETED),
    ),
    Column("at", Moment(), nullable=False, info=_SAID),
    **STRICT,
)

erasure = Table(
    "accounts_erasure",
    tables,
    Column("id", Text(_ID), primary_key=True),
    Column("account_id", Whole(), ForeignKey("accounts_account.id"), nullable=False, info=_STAYS),
    # The account, while its erasure is planned or under way. UNIQUE: there is one at a time.
    Column("open_account", Whole(), unique=True, info=_STAYS),
    Column("state", Choice(ErasureState), nullable=False),
    Column("asked_by", Choice(AskedBy), nullable=False),
    Column("asked_at", Moment(), nullable=False),
    Column("due_at", Moment(), nullable=False),
    Column("ended_at", Moment()),
    Column("remains", Text(_REMAINS)),
    # When it was written to the account that something is in the way.
    Column("told_at", Moment()),
    one_of("state", ErasureState),
    one_of("asked_by", AskedBy),
    CheckConstraint("(open_account IS NULL) = (state IN ('done', 'canceled'))", name="open_whole"),
    CheckConstraint("open_account IS NULL OR open_account = account_id", name="open_for_its_account"),
    CheckConstraint("(ended_at IS NULL) = (open_account IS NOT NULL)", name="ended_whole"),
    Index(None, "account_id"),
    Index(None, "state", "due_at"),
    **STRICT,
)

erasure_step = Table(
    "accounts_erasure_step",
    tables,
    Column("erasure_id", Text(_ID), ForeignKey("accounts_erasure.id"), primary_key=True),
    Column("module", Text(32), primary_key=True),
    Column("changed", Whole(), nullable=False),
    Column("at", Moment(), nullable=False),
    **STRICT,
)
"""Which module has let go of everything, so that a process that dies between two goes on with the next."""

export = Table(
    "accounts_export",
    tables,
    Column("id", Text(_ID), primary_key=True),
    Column("account_id", Whole(), ForeignKey("accounts_account.id"), nullable=False, info=_THEIRS),
    Column("state", Choice(ExportState), nullable=False),
    Column("asked_at", Moment(), nullable=False, info=_COPY),
    Column("ready_at", Moment()),
    Column("expires_at", Moment()),
    Column("size", Whole()),
    # The key of this one copy, itself encrypted: without it the parts are noise, also in a backup.
    Column("sealed_key", Text(200), info=_KEY),
    one_of("state", ExportState),
    CheckConstraint("(state = 'ready') = (sealed_key IS NOT NULL)", name="ready_whole"),
    CheckConstraint("state = 'waiting' OR expires_at IS NOT NULL", name="ends"),
    Index(None, "account_id", "id"),
    Index(None, "state", "expires_at"),
    **STRICT,
)

export_part = Table(
    "accounts_export_part",
    tables,
    Column("export_id", Text(_ID), ForeignKey("accounts_export.id"), primary_key=True),
    Column("place", Whole(), primary_key=True, autoincrement=False),
    Column("content", Text(PART_MAX), nullable=False, info=_KEY),
    **STRICT,
)

case_ = Table(
    "accounts_privacy_case",
    tables,
    Column("id", Text(_ID), primary_key=True),
    Column("kind", Choice(CaseKind), nullable=False),
    Column("account_id", Whole(), ForeignKey("accounts_account.id"), info=_STAYS),
    Column("about", Text(ABOUT_MAX), nullable=False, info=_WORDS),
    Column("says", Text(SAYS_MAX), nullable=False, info=_WORDS),
    Column("contact", Text(CONTACT_MAX), info=_REACHED),
    Column("state", Choice(CaseState), nullable=False),
    Column("opened_at", Moment(), nullable=False),
    Column("answer_by", Moment(), nullable=False),
    Column("decided_at", Moment()),
    Column("decided_by", Whole(), info=_STAYS),
    Column("answer", Text(SAYS_MAX), info=_WORDS),
    Column("statement", Text(SAYS_MAX), info=_WORDS),
    one_of("kind", CaseKind),
    one_of("state", CaseState),
    CheckConstraint("(state = 'open') = (decided_at IS NULL)", name="decided_whole"),
    CheckConstraint("answer_by > opened_at", name="answered_later"),
    Index(None, "account_id", "id"),
    Index(None, "state", "answer_by"),
    **STRICT,
)
"""Corrections, complaints and reviews: what a person has to answer."""

disclosure = Table(
    "accounts_disclosure",
    tables,
    Column("id", Whole(), primary_key=True, autoincrement=True),
    Column("account_id", Whole(), ForeignKey("accounts_account.id"), nullable=False, info=_THEIRS),
    Column("recipient", Text(100), nullable=False, info=_GIVEN),
    Column("kinds", Json(), nullable=False, info=_GIVEN),
    Column("purpose", Choice(Purpose), nullable=False),
    Column("about", Text(200), nullable=False, info=_GIVEN),
    Column("at", Moment(), nullable=False),
    one_of("purpose", Purpose),
    Index(None, "account_id", "id"),
    sqlite_autoincrement=True,
    **STRICT,
)
"""What was given to somebody by hand. What programs give is told by their own records."""

breach = Table(
    "accounts_breach",
    tables,
    Column("id", Text(_ID), primary_key=True),
    Column("title", Text(200), nullable=False),
    Column("what", Text(SAYS_MAX), nullable=False),
    Column("kinds", Json(), nullable=False),
    Column("opened_at", Moment(), nullable=False),
    Column("assess_by", Moment(), nullable=False),
    Column("assessed_at", Moment()),
    Column("serious", Flag()),
    Column("reasons", Text(SAYS_MAX)),
    Column("notified_at", Moment()),
    CheckConstraint("(assessed_at IS NULL) = (serious IS NULL)", name="assessed_whole"),
    CheckConstraint("notified_at IS NULL OR assessed_at IS NOT NULL", name="assessed_first"),
    Index(None, "opened_at"),
    **STRICT,
)

breach_person = Table(
    "accounts_breach_person",
    tables,
    Column("breach_id", Text(_ID), ForeignKey("accounts_breach.id"), primary_key=True),
    Column("account_id", Whole(), primary_key=True, autoincrement=False, info=_STAYS),
    Column("kinds", Json(), nullable=False, info=_STAYS),
    **STRICT,
)

outbox: Final = Outbox("accounts", tables)
