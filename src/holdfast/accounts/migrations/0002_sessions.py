"""Accounts: sessions, and the refresh tokens that carry them on."""

import sqlalchemy as sa
from alembic import op

from holdfast.kit.db.tables import STRICT
from holdfast.kit.db.types import Flag, Moment, Text, Whole

revision = "accounts_0002"
down_revision = "accounts_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_session()
    _create_refresh_token()


def downgrade() -> None:
    op.drop_table("accounts_refresh_token")
    op.drop_table("accounts_session")


def _create_session() -> None:
    op.create_table(
        "accounts_session",
        sa.Column("id", Text(40), nullable=False),
        sa.Column("account_id", Whole(), nullable=False),
        sa.Column("organization_id", Whole()),
        sa.Column("kind", Text(32), nullable=False),
        sa.Column("second_factor", Flag(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("seen_at", Moment(), nullable=False),
        sa.Column("authenticated_at", Moment(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.Column("ended_at", Moment()),
        sa.Column("ended_why", Text(40)),
        sa.Column("device", Text(200)),
        sa.Column("address", Text(64)),
        sa.PrimaryKeyConstraint("id", name=op.f("accounts_session_pk")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts_account.id"], name=op.f("accounts_session_account_id_fk")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["accounts_account.id"], name=op.f("accounts_session_organization_id_fk")
        ),
        sa.CheckConstraint("kind IN ('bearer', 'cookie')", name=op.f("accounts_session_kind_known_ck")),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_why IS NULL)", name=op.f("accounts_session_ended_whole_ck")),
        sa.CheckConstraint("expires_at > created_at", name=op.f("accounts_session_expires_later_ck")),
        **STRICT,
    )
    op.create_index("accounts_session_account_id_created_at_ix", "accounts_session", ["account_id", "created_at"])
    op.create_index("accounts_session_expires_at_ix", "accounts_session", ["expires_at"])


def _create_refresh_token() -> None:
    op.create_table(
        "accounts_refresh_token",
        sa.Column("token_hash", Text(64), nullable=False),
        sa.Column("session_id", Text(40), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.Column("used_at", Moment()),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("accounts_refresh_token_pk")),
        sa.ForeignKeyConstraint(
            ["session_id"], ["accounts_session.id"], name=op.f("accounts_refresh_token_session_id_fk")
        ),
        sa.CheckConstraint(
            sa.func.char_length(sa.column("token_hash", Text(64))).between(64, 64),
            name=op.f("accounts_refresh_token_token_hash_length_ck"),
        ),
        **STRICT,
    )
    op.create_index("accounts_refresh_token_session_id_ix", "accounts_refresh_token", ["session_id"])
    op.create_index("accounts_refresh_token_expires_at_ix", "accounts_refresh_token", ["expires_at"])
