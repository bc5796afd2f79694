"""Sagas: what operators did, kept for ever."""

from alembic import op

from holdfast.kit.activity.tables import create_activity, drop_activity

revision = "sagas_0002"
down_revision = "sagas_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_activity(op, "sagas")


def downgrade() -> None:
    drop_activity(op, "sagas")
