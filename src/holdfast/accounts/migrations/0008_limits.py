"""Accounts: how often what was tried, by hashed subjects."""

import sqlalchemy as sa
from alembic import op

from holdfast.kit.db.tables import STRICT
from holdfast.kit.db.types import Text, Whole

revision = "accounts_0008"
down_revision = "accounts_0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "accounts_limit",
        sa.Column("key_hash", Text(40), nullable=False),
        sa.Column("until_us", Whole(), nullable=False),
        sa.PrimaryKeyConstraint("key_hash", name=op.f("accounts_limit_pk")),
        sa.CheckConstraint("until_us >= 0", name=op.f("accounts_limit_until_us_whole_ck")),
        **STRICT,
    )
    op.create_index(op.f("accounts_limit_until_us_ix"), "accounts_limit", ["until_us"])


def downgrade() -> None:
    op.drop_table("accounts_limit")
