"""Accounts: second factors and passkeys."""

import sqlalchemy as sa
from alembic import op

from holdfast.kit.db.tables import STRICT
from holdfast.kit.db.types import Flag, Moment, Text, Whole

revision = "accounts_0004"
down_revision = "accounts_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_totp()
    _create_recovery_code()
    _create_passkey_user()
    _create_passkey()
    _create_spent_challenge()


def downgrade() -> None:
    for table in ("spent_challenge", "passkey", "passkey_user", "recovery_code", "totp"):
        op.drop_table(f"accounts_{table}")


def _length(table: str, column: str, least: int, most: int) -> sa.CheckConstraint:
    return sa.CheckConstraint(
        sa.func.char_length(sa.column(column, Text(most))).between(least, most),
        name=op.f(f"accounts_{table}_{column}_length_ck"),
    )


def _of_account(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["account_id"], ["accounts_account.id"], name=op.f(f"accounts_{table}_account_id_fk")
    )


def _create_totp() -> None:
    op.create_table(
        "accounts_totp",
        sa.Column("account_id", Whole(), autoincrement=False, nullable=False),
        sa.Column("sealed_secret", Text(200), nullable=False),
        sa.Column("last_step", Whole(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("confirmed_at", Moment()),
        sa.PrimaryKeyConstraint("account_id", name=op.f("accounts_totp_pk")),
        _of_account("totp"),
        sa.CheckConstraint("last_step >= 0", name=op.f("accounts_totp_last_step_whole_ck")),
        sa.CheckConstraint("sealed_secret LIKE 'v1.%'", name=op.f("accounts_totp_sealed_secret_form_ck")),
        **STRICT,
    )


def _create_recovery_code() -> None:
    op.create_table(
        "accounts_recovery_code",
        sa.Column("code_hash", Text(64), nullable=False),
        sa.Column("account_id", Whole(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("used_at", Moment()),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("accounts_recovery_code_pk")),
        _of_account("recovery_code"),
        _length("recovery_code", "code_hash", 64, 64),
        **STRICT,
    )
    op.create_index("accounts_recovery_code_account_id_ix", "accounts_recovery_code", ["account_id"])


def _create_passkey_user() -> None:
    op.create_table(
        "accounts_passkey_user",
        sa.Column("account_id", Whole(), autoincrement=False, nullable=False),
        sa.Column("handle", Text(64), nullable=False),
        sa.PrimaryKeyConstraint("account_id", name=op.f("accounts_passkey_user_pk")),
        _of_account("passkey_user"),
        sa.UniqueConstraint("handle", name=op.f("accounts_passkey_user_handle_uq")),
        **STRICT,
    )


def _create_passkey() -> None:
    op.create_table(
        "accounts_passkey",
        sa.Column("id", Text(40), nullable=False),
        sa.Column("account_id", Whole(), nullable=False),
        sa.Column("name", Text(60), nullable=False),
        sa.Column("credential_hash", Text(64), nullable=False),
        sa.Column("credential_id", Text(1364), nullable=False),
        sa.Column("public_key", Text(2048), nullable=False),
        sa.Column("sign_count", Whole(), nullable=False),
        sa.Column("backed_up", Flag(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("used_at", Moment()),
        sa.PrimaryKeyConstraint("id", name=op.f("accounts_passkey_pk")),
        _of_account("passkey"),
        sa.UniqueConstraint("credential_hash", name=op.f("accounts_passkey_credential_hash_uq")),
        _length("passkey", "name", 1, 60),
        _length("passkey", "credential_hash", 64, 64),
        sa.CheckConstraint("sign_count BETWEEN 0 AND 4294967295", name=op.f("accounts_passkey_sign_count_range_ck")),
        **STRICT,
    )
    op.create_index("accounts_passkey_account_id_ix", "accounts_passkey", ["account_id"])


def _create_spent_challenge() -> None:
    op.create_table(
        "accounts_spent_challenge",
        sa.Column("challenge_hash", Text(64), nullable=False),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("challenge_hash", name=op.f("accounts_spent_challenge_pk")),
        _length("spent_challenge", "challenge_hash", 64, 64),
        **STRICT,
    )
    op.create_index("accounts_spent_challenge_expires_at_ix", "accounts_spent_challenge", ["expires_at"])
