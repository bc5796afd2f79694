"""Payments: what was done by whom, kept for ever."""

from alembic import op

from holdfast.kit.activity.tables import create_activity, drop_activity

revision = "payments_0003"
down_revision = "payments_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_activity(op, "payments")


def downgrade() -> None:
    drop_activity(op, "payments")
