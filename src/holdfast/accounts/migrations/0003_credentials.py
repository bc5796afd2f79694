"""Accounts: what is mailed to people, and the tokens in it."""

import sqlalchemy as sa
from alembic import op

from holdfast.accounts.credentials_api import MailKind, TokenPurpose
from holdfast.kit.db.tables import STRICT
from holdfast.kit.db.types import Choice, Json, Moment, Text, Whole

revision = "accounts_0003"
down_revision = "accounts_0002"
branch_labels = None
depends_on = None

_MAIL_KINDS = (
    "kind IN ('confirm', 'recover', 'confirm_new_email', 'registration_repeated', 'email_changed', "
    "'password_changed', 'username_changed', 'factors_changed', 'new_login', 'security_event', "
    "'invitation', 'privacy_notice', 'marketing')"
)


def _check(table: str, name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"{table}_{name}_ck"))


def _length(table: str, column: str, least: int, most: int) -> sa.CheckConstraint:
    return sa.CheckConstraint(
        sa.func.char_length(sa.column(column, Text(most))).between(least, most),
        name=op.f(f"{table}_{column}_length_ck"),
    )


def _of_account(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["account_id"], ["accounts_account.id"], name=op.f(f"{table}_account_id_fk"))


def _index(table: str, *columns: str) -> None:
    op.create_index(op.f(f"{table}_{'_'.join(columns)}_ix"), table, list(columns))


def upgrade() -> None:
    _mark_addresses()
    _create_mail()
    _create_mail_token()
    _create_email_change()
    _create_reserved_name()


def downgrade() -> None:
    for table in ("reserved_name", "email_change", "mail_token", "mail"):
        op.drop_table(f"accounts_{table}")
    op.drop_column("accounts_account", "email_bounced_at")
    op.drop_column("accounts_account", "confirmed_at")


def _mark_addresses() -> None:
    op.add_column("accounts_account", sa.Column("confirmed_at", Moment()))
    op.add_column("accounts_account", sa.Column("email_bounced_at", Moment()))
    # Whoever is here already got in without confirming anything, and must not be locked out by an update.
    op.execute("UPDATE accounts_account SET confirmed_at = created_at")


def _create_mail() -> None:
    table = "accounts_mail"
    op.create_table(
        table,
        sa.Column("id", Text(40), nullable=False),
        sa.Column("kind", Choice(MailKind), nullable=False),
        sa.Column("account_id", Whole()),
        sa.Column("email_key", Text(254)),
        sa.Column("facts", Json(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("attempts", Whole(), nullable=False),
        sa.Column("next_attempt_at", Moment()),
        sa.Column("sent_at", Moment()),
        sa.Column("given_up_at", Moment()),
        sa.Column("given_up_why", Text(100)),
        sa.PrimaryKeyConstraint("id", name=op.f(f"{table}_pk")),
        _of_account(table),
        _check(table, "kind_known", _MAIL_KINDS),
        _check(table, "attempts_whole", "attempts >= 0"),
        _check(
            table,
            "next_attempt_whole",
            "(next_attempt_at IS NULL) = (sent_at IS NOT NULL OR given_up_at IS NOT NULL)",
        ),
        _check(table, "ended_once", "sent_at IS NULL OR given_up_at IS NULL"),
        _check(table, "given_up_whole", "(given_up_at IS NULL) = (given_up_why IS NULL)"),
        **STRICT,
    )
    for column in ("next_attempt_at", "account_id", "created_at"):
        _index(table, column)


def _create_mail_token() -> None:
    table = "accounts_mail_token"
    op.create_table(
        table,
        sa.Column("token_hash", Text(64), nullable=False),
        sa.Column("account_id", Whole(), nullable=False),
        sa.Column("purpose", Choice(TokenPurpose), nullable=False),
        sa.Column("email_key", Text(254), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.Column("used_at", Moment()),
        sa.PrimaryKeyConstraint("token_hash", name=op.f(f"{table}_pk")),
        _of_account(table),
        _check(table, "purpose_known", "purpose IN ('confirm', 'recover', 'change_email')"),
        _length(table, "token_hash", 64, 64),
        _check(table, "expires_later", "expires_at > created_at"),
        **STRICT,
    )
    _index(table, "account_id", "purpose")
    _index(table, "expires_at")


def _create_email_change() -> None:
    table = "accounts_email_change"
    op.create_table(
        table,
        sa.Column("account_id", Whole(), autoincrement=False, nullable=False),
        sa.Column("email", Text(254), nullable=False),
        sa.Column("email_key", Text(254), nullable=False),
        sa.Column("asked_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", name=op.f(f"{table}_pk")),
        _of_account(table),
        _length(table, "email", 3, 254),
        _length(table, "email_key", 3, 254),
        **STRICT,
    )


def _create_reserved_name() -> None:
    table = "accounts_reserved_name"
    op.create_table(
        table,
        sa.Column("username_key", Text(40), nullable=False),
        sa.Column("account_id", Whole(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("username_key", name=op.f(f"{table}_pk")),
        _of_account(table),
        _length(table, "username_key", 3, 40),
        **STRICT,
    )
    _index(table, "account_id")
