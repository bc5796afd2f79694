"""Accounts: what was done by whom, kept for ever."""

from alembic import op

from holdfast.kit.activity.tables import create_activity, drop_activity

revision = "accounts_0006"
down_revision = "accounts_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_activity(op, "accounts")


def downgrade() -> None:
    drop_activity(op, "accounts")
