"""Journeys, and who carries them out."""

import sqlalchemy as sa
from alembic import op

from holdfast.kit.db import guards
from holdfast.kit.db.tables import STRICT
from holdfast.kit.db.types import Choice, Json, Moment, Text, Whole
from holdfast.kit.outbox import create_cursors
from holdfast.sagas.api import JourneyState

revision = "sagas_0001"
down_revision = None
branch_labels = None
depends_on = None

_MOVES = (
    ("waiting", "done"),
    ("waiting", "failed"),
    ("waiting", "needs_human"),
    # Somebody tries again, or the reconciler finds that what was done has come undone.
    ("failed", "waiting"),
    ("needs_human", "waiting"),
    ("done", "waiting"),
)


def upgrade() -> None:
    op.create_table(
        "sagas_journey",
        sa.Column("id", Text(160)),
        sa.Column("saga", Text(32), nullable=False),
        sa.Column("args", Json(), nullable=False),
        sa.Column("state", Choice(JourneyState), nullable=False),
        sa.Column("outcome", Text(80)),
        sa.Column("detail", Text(500)),
        sa.Column("tries", Whole(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("updated_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("sagas_journey_pk")),
        sa.CheckConstraint(
            "state IN ('waiting', 'done', 'failed', 'needs_human')", name=op.f("sagas_journey_state_known_ck")
        ),
        sa.CheckConstraint("tries >= 1", name=op.f("sagas_journey_tried_ck")),
        sa.CheckConstraint("(state = 'waiting') = (outcome IS NULL)", name=op.f("sagas_journey_ended_with_outcome_ck")),
        **STRICT,
    )
    op.create_index(op.f("sagas_journey_state_id_ix"), "sagas_journey", ["state", "id"])
    op.create_index(op.f("sagas_journey_state_updated_at_ix"), "sagas_journey", ["state", "updated_at"])
    op.create_table(
        "sagas_executor",
        sa.Column("id", Text(40)),
        sa.Column("started_at", Moment(), nullable=False),
        sa.Column("seen_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("sagas_executor_pk")),
        sa.CheckConstraint("seen_at >= started_at", name=op.f("sagas_executor_seen_after_start_ck")),
        **STRICT,
    )
    create_cursors(op, "sagas")
    guards.transitions(op, "sagas_journey", "state", _MOVES)


def downgrade() -> None:
    for name in ("cursor", "executor", "journey"):
        op.drop_table(f"sagas_{name}")
    guards.drop_functions(op, "sagas_journey_state_moves")
