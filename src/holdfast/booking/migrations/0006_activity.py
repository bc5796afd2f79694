"""Booking: what was done by whom, kept for ever."""

from alembic import op

from holdfast.kit.activity.tables import create_activity, drop_activity

revision = "booking_0006"
down_revision = "booking_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_activity(op, "booking")


def downgrade() -> None:
    drop_activity(op, "booking")
