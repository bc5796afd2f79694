"""Reports of recounts of the money, so that everybody can read the last one."""

import sqlalchemy as sa
from alembic import op

from holdfast.kit.db.tables import STRICT
from holdfast.kit.db.types import Json, Moment, Whole

revision = "payments_0002"
down_revision = "payments_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "payments_report",
        sa.Column("id", Whole(), autoincrement=True, nullable=False),
        sa.Column("started_at", Moment(), nullable=False),
        sa.Column("duration_ms", Whole(), nullable=False),
        sa.Column("payments", Whole(), nullable=False),
        sa.Column("refunds", Whole(), nullable=False),
        sa.Column("transfers", Whole(), nullable=False),
        sa.Column("breaches", Json(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        **STRICT,
    )


def downgrade() -> None:
    op.drop_table("payments_report")
