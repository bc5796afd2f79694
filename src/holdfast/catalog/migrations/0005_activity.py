"""Catalog: what was done by whom, kept for ever."""

from alembic import op

from holdfast.kit.activity.tables import create_activity, drop_activity

revision = "catalog_0005"
down_revision = "catalog_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_activity(op, "catalog")


def downgrade() -> None:
    drop_activity(op, "catalog")
