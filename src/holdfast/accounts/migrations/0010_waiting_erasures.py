"""Accounts: whether somebody was told that their erasure waits for something."""

import sqlalchemy as sa
from alembic import op

from holdfast.kit.db.types import Moment

revision = "accounts_0010"
down_revision = "accounts_0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("accounts_erasure", sa.Column("told_at", Moment()))


def downgrade() -> None:
    # The column goes with its table: the only way down is to the base.
    pass
