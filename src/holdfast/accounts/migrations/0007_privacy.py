"""Accounts: notices, consents, and what people ask of their data."""

import sqlalchemy as sa
from alembic import op

from holdfast.accounts.privacy_api import (
    AskedBy,
    CaseKind,
    CaseState,
    ConsentHow,
    ConsentPurpose,
    ErasureState,
    ExportState,
)
from holdfast.kit.db.tables import STRICT
from holdfast.kit.db.types import Choice, Flag, Json, Moment, Text, Whole
from holdfast.kit.outbox import create_outbox
from holdfast.kit.privacy import Purpose

revision = "accounts_0007"
down_revision = "accounts_0006"
branch_labels = None
depends_on = None

_PURPOSES = "purpose IN ('dietary_notes', 'marketing_email', 'marketing_sms', 'marketing_push')"
_REASONS = (
    "purpose IN ('account', 'security', 'booking', 'payment', 'hospitality', 'messages', 'listing', 'books', "
    "'marketing', 'rights')"
)
_TABLES = (
    "accounts_notice",
    "accounts_policy",
    "accounts_consent",
    "accounts_suppression",
    "accounts_restriction",
    "accounts_erasure_step",
    "accounts_erasure",
    "accounts_export_part",
    "accounts_export",
    "accounts_privacy_case",
    "accounts_disclosure",
    "accounts_breach_person",
    "accounts_breach",
    "accounts_outbox",
    "accounts_outbox_head",
)
"""In the order in which they can go."""


def _known(table: str, column: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"{table}_{column}_known_ck"))


def _refers(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"{table}_{column}_fk"))


def _check(table: str, name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"{table}_{name}_ck"))


def upgrade() -> None:
    _policies()
    _consents()
    _erasures()
    _exports()
    _cases()
    _breaches()
    create_outbox(op, "accounts")


def _policies() -> None:
    op.create_table(
        "accounts_policy",
        sa.Column("version", Text(40), nullable=False),
        sa.Column("document", Json(), nullable=False),
        sa.Column("since", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("accounts_policy_pk")),
        **STRICT,
    )
    op.create_index(op.f("accounts_policy_since_ix"), "accounts_policy", ["since"])
    op.create_table(
        "accounts_notice",
        sa.Column("account_id", Whole(), autoincrement=False),
        sa.Column("form", Text(32), nullable=False),
        sa.Column("version", Text(40), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "form", name=op.f("accounts_notice_pk")),
        _refers("accounts_notice", "account_id", "accounts_account"),
        sa.ForeignKeyConstraint(["version"], ["accounts_policy.version"], name=op.f("accounts_notice_version_fk")),
        **STRICT,
    )


def _consents() -> None:
    op.create_table(
        "accounts_consent",
        sa.Column("id", Whole(), autoincrement=True),
        sa.Column("account_id", Whole(), nullable=False),
        sa.Column("purpose", Choice(ConsentPurpose), nullable=False),
        sa.Column("granted", Flag(), nullable=False),
        sa.Column("text_version", Text(40), nullable=False),
        sa.Column("how", Choice(ConsentHow), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("accounts_consent_pk")),
        _refers("accounts_consent", "account_id", "accounts_account"),
        _known("accounts_consent", "purpose", _PURPOSES),
        _known("accounts_consent", "how", "how IN ('account', 'unsubscribe')"),
        sqlite_autoincrement=True,
        **STRICT,
    )
    op.create_index(op.f("accounts_consent_account_id_id_ix"), "accounts_consent", ["account_id", "id"])
    op.create_table(
        "accounts_suppression",
        sa.Column("digest", Text(64), nullable=False),
        sa.Column("purpose", Choice(ConsentPurpose), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("digest", "purpose", name=op.f("accounts_suppression_pk")),
        _known("accounts_suppression", "purpose", _PURPOSES),
        sa.CheckConstraint(
            sa.func.char_length(sa.column("digest", Text(64))).between(64, 64),
            name=op.f("accounts_suppression_digest_length_ck"),
        ),
        **STRICT,
    )
    op.create_table(
        "accounts_restriction",
        sa.Column("account_id", Whole(), autoincrement=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", name=op.f("accounts_restriction_pk")),
        _refers("accounts_restriction", "account_id", "accounts_account"),
        **STRICT,
    )


def _erasures() -> None:
    table = "accounts_erasure"
    op.create_table(
        table,
        sa.Column("id", Text(40), nullable=False),
        sa.Column("account_id", Whole(), nullable=False),
        sa.Column("open_account", Whole()),
        sa.Column("state", Choice(ErasureState), nullable=False),
        sa.Column("asked_by", Choice(AskedBy), nullable=False),
        sa.Column("asked_at", Moment(), nullable=False),
        sa.Column("due_at", Moment(), nullable=False),
        sa.Column("ended_at", Moment()),
        sa.Column("remains", Text(1000)),
        sa.PrimaryKeyConstraint("id", name=op.f(f"{table}_pk")),
        sa.UniqueConstraint("open_account", name=op.f(f"{table}_open_account_uq")),
        _refers(table, "account_id", "accounts_account"),
        _known(table, "state", "state IN ('waiting', 'running', 'done', 'canceled')"),
        _known(table, "asked_by", "asked_by IN ('person', 'operator')"),
        _check(table, "open_whole", "(open_account IS NULL) = (state IN ('done', 'canceled'))"),
        _check(table, "open_for_its_account", "open_account IS NULL OR open_account = account_id"),
        _check(table, "ended_whole", "(ended_at IS NULL) = (open_account IS NOT NULL)"),
        **STRICT,
    )
    op.create_index(op.f(f"{table}_account_id_ix"), table, ["account_id"])
    op.create_index(op.f(f"{table}_state_due_at_ix"), table, ["state", "due_at"])
    op.create_table(
        "accounts_erasure_step",
        sa.Column("erasure_id", Text(40), nullable=False),
        sa.Column("module", Text(32), nullable=False),
        sa.Column("changed", Whole(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("erasure_id", "module", name=op.f("accounts_erasure_step_pk")),
        _refers("accounts_erasure_step", "erasure_id", table),
        **STRICT,
    )


def _exports() -> None:
    table = "accounts_export"
    op.create_table(
        table,
        sa.Column("id", Text(40), nullable=False),
        sa.Column("account_id", Whole(), nullable=False),
        sa.Column("state", Choice(ExportState), nullable=False),
        sa.Column("asked_at", Moment(), nullable=False),
        sa.Column("ready_at", Moment()),
        sa.Column("expires_at", Moment()),
        sa.Column("size", Whole()),
        sa.Column("sealed_key", Text(200)),
        sa.PrimaryKeyConstraint("id", name=op.f(f"{table}_pk")),
        _refers(table, "account_id", "accounts_account"),
        _known(table, "state", "state IN ('waiting', 'ready', 'expired')"),
        _check(table, "ready_whole", "(state = 'ready') = (sealed_key IS NOT NULL)"),
        _check(table, "ends", "state = 'waiting' OR expires_at IS NOT NULL"),
        **STRICT,
    )
    op.create_index(op.f(f"{table}_account_id_id_ix"), table, ["account_id", "id"])
    op.create_index(op.f(f"{table}_state_expires_at_ix"), table, ["state", "expires_at"])
    op.create_table(
        "accounts_export_part",
        sa.Column("export_id", Text(40), nullable=False),
        sa.Column("place", Whole(), autoincrement=False),
        sa.Column("content", Text(12_000), nullable=False),
        sa.PrimaryKeyConstraint("export_id", "place", name=op.f("accounts_export_part_pk")),
        _refers("accounts_export_part", "export_id", table),
        **STRICT,
    )


def _cases() -> None:
    table = "accounts_privacy_case"
    op.create_table(
        table,
        sa.Column("id", Text(40), nullable=False),
        sa.Column("kind", Choice(CaseKind), nullable=False),
        sa.Column("account_id", Whole()),
        sa.Column("about", Text(100), nullable=False),
        sa.Column("says", Text(2000), nullable=False),
        sa.Column("contact", Text(254)),
        sa.Column("state", Choice(CaseState), nullable=False),
        sa.Column("opened_at", Moment(), nullable=False),
        sa.Column("answer_by", Moment(), nullable=False),
        sa.Column("decided_at", Moment()),
        sa.Column("decided_by", Whole()),
        sa.Column("answer", Text(2000)),
        sa.Column("statement", Text(2000)),
        sa.PrimaryKeyConstraint("id", name=op.f(f"{table}_pk")),
        _refers(table, "account_id", "accounts_account"),
        _known(table, "kind", "kind IN ('correction', 'complaint', 'review')"),
        _known(table, "state", "state IN ('open', 'accepted', 'refused')"),
        _check(table, "decided_whole", "(state = 'open') = (decided_at IS NULL)"),
        _check(table, "answered_later", "answer_by > opened_at"),
        **STRICT,
    )
    op.create_index(op.f(f"{table}_account_id_id_ix"), table, ["account_id", "id"])
    op.create_index(op.f(f"{table}_state_answer_by_ix"), table, ["state", "answer_by"])
    op.create_table(
        "accounts_disclosure",
        sa.Column("id", Whole(), autoincrement=True),
        sa.Column("account_id", Whole(), nullable=False),
        sa.Column("recipient", Text(100), nullable=False),
        sa.Column("kinds", Json(), nullable=False),
        sa.Column("purpose", Choice(Purpose), nullable=False),
        sa.Column("about", Text(200), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("accounts_disclosure_pk")),
        _refers("accounts_disclosure", "account_id", "accounts_account"),
        _known("accounts_disclosure", "purpose", _REASONS),
        sqlite_autoincrement=True,
        **STRICT,
    )
    op.create_index(op.f("accounts_disclosure_account_id_id_ix"), "accounts_disclosure", ["account_id", "id"])


def _breaches() -> None:
    table = "accounts_breach"
    op.create_table(
        table,
        sa.Column("id", Text(40), nullable=False),
        sa.Column("title", Text(200), nullable=False),
        sa.Column("what", Text(2000), nullable=False),
        sa.Column("kinds", Json(), nullable=False),
        sa.Column("opened_at", Moment(), nullable=False),
        sa.Column("assess_by", Moment(), nullable=False),
        sa.Column("assessed_at", Moment()),
        sa.Column("serious", Flag()),
        sa.Column("reasons", Text(2000)),
        sa.Column("notified_at", Moment()),
        sa.PrimaryKeyConstraint("id", name=op.f(f"{table}_pk")),
        _check(table, "assessed_whole", "(assessed_at IS NULL) = (serious IS NULL)"),
        _check(table, "assessed_first", "notified_at IS NULL OR assessed_at IS NOT NULL"),
        **STRICT,
    )
    op.create_index(op.f(f"{table}_opened_at_ix"), table, ["opened_at"])
    op.create_table(
        "accounts_breach_person",
        sa.Column("breach_id", Text(40), nullable=False),
        sa.Column("account_id", Whole(), autoincrement=False),
        sa.Column("kinds", Json(), nullable=False),
        sa.PrimaryKeyConstraint("breach_id", "account_id", name=op.f("accounts_breach_person_pk")),
        _refers("accounts_breach_person", "breach_id", table),
        **STRICT,
    )


def downgrade() -> None:
    for table in _TABLES:
        op.drop_table(table)
