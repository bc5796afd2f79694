"""Accounts: one table of people."""

import sqlalchemy as sa
from alembic import op

from holdfast.accounts.api import Role
from holdfast.kit.db.tables import STRICT
from holdfast.kit.db.types import Choice, Flag, Moment, Text, Whole

revision = "accounts_0001"
down_revision = None
branch_labels = None
depends_on = None


def _length(column: str, least: int, most: int) -> sa.CheckConstraint:
    return sa.CheckConstraint(
        sa.func.char_length(sa.column(column, Text(most))).between(least, most),
        name=op.f(f"accounts_account_{column}_length_ck"),
    )


def upgrade() -> None:
    op.create_table(
        "accounts_account",
        sa.Column("id", Whole(), autoincrement=True),
        sa.Column("username", Text(40), nullable=False),
        sa.Column("username_key", Text(40), nullable=False),
        sa.Column("email", Text(254), nullable=False),
        sa.Column("email_key", Text(254), nullable=False),
        sa.Column("password_hash", Text(255), nullable=False),
        sa.Column("role", Choice(Role), nullable=False),
        sa.Column("disabled", Flag(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("accounts_account_pk")),
        sa.UniqueConstraint("username_key", name=op.f("accounts_account_username_key_uq")),
        sa.UniqueConstraint("email_key", name=op.f("accounts_account_email_key_uq")),
        sa.CheckConstraint("role IN ('guest', 'owner', 'admin')", name=op.f("accounts_account_role_known_ck")),
        _length("username", 3, 40),
        _length("username_key", 3, 40),
        _length("email", 3, 254),
        _length("email_key", 3, 254),
        sa.CheckConstraint("password_hash LIKE '$argon2id$v=%'", name=op.f("accounts_account_password_hash_form_ck")),
        sqlite_autoincrement=True,
        **STRICT,
    )


def downgrade() -> None:
    op.drop_table("accounts_account")
