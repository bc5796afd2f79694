"""Booking: who comes to the tables of restaurants, where they stand, what is noted of them, and fees."""

import sqlalchemy as sa
from alembic import op

from holdfast.booking.rules import VISIT_MOVES
from holdfast.kit.db import guards
from holdfast.kit.db.tables import STRICT
from holdfast.kit.db.types import Day, Json, Moment, Text, Whole

revision = "booking_0005"
down_revision = "booking_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_visit()
    _create_note()
    _create_fee()
    op.add_column("booking_booking", sa.Column("guarantee_method_id", Text(40)))
    op.add_column("booking_cancellation", sa.Column("fees", Json()))
    moves = [(old, new) for old in VISIT_MOVES for new in sorted(VISIT_MOVES[old])]
    guards.transitions(op, "booking_visit", "state", moves)
    guards.transitions(op, "booking_fee", "state", [("due", "charged"), ("due", "denied")])


def downgrade() -> None:
    # The columns go with their tables: the only way down is to the base.
    op.drop_table("booking_fee")
    op.drop_table("booking_note")
    op.drop_table("booking_visit")
    guards.drop_functions(op, "booking_visit_state_moves", "booking_fee_state_moves")


def _create_visit() -> None:
    op.create_table(
        "booking_visit",
        sa.Column("number", Whole(), autoincrement=False, nullable=False),
        sa.Column("item", Whole(), autoincrement=False, nullable=False),
        sa.Column("restaurant_id", Whole(), nullable=False),
        sa.Column("day", Day(), nullable=False),
        sa.Column("slot", Whole(), nullable=False),
        sa.Column("source", Text(32), nullable=False),
        sa.Column("state", Text(32), nullable=False),
        sa.Column("since", Moment(), nullable=False),
        sa.CheckConstraint("source IN ('guest', 'staff', 'walk_in')", name=op.f("booking_visit_source_known_ck")),
        sa.CheckConstraint(
            "state IN ('booked', 'arrived', 'seated', 'done', 'no_show')", name=op.f("booking_visit_state_known_ck")
        ),
        sa.CheckConstraint("item >= 0", name=op.f("booking_visit_item_whole_ck")),
        sa.CheckConstraint(
            "source <> 'walk_in' OR state IN ('seated', 'done')", name=op.f("booking_visit_walked_in_ck")
        ),
        sa.ForeignKeyConstraint(["number"], ["booking_booking.number"], name=op.f("booking_visit_number_fk")),
        sa.PrimaryKeyConstraint("number", "item"),
        **STRICT,
    )
    op.create_index(
        "booking_visit_restaurant_id_day_slot_ix", "booking_visit", ["restaurant_id", "day", "slot"], unique=False
    )


def _create_note() -> None:
    op.create_table(
        "booking_note",
        sa.Column("number", Whole(), autoincrement=False, nullable=False),
        sa.Column("item", Whole(), autoincrement=False, nullable=False),
        sa.Column("name", Text(120), nullable=True),
        sa.Column("notes", Text(1000), nullable=True),
        sa.Column("occasion", Text(32), nullable=True),
        sa.Column("dietary_consented_at", Moment(), nullable=True),
        sa.Column("dietary", Text(500), nullable=True),
        sa.Column("consent_version", Text(20), nullable=True),
        sa.CheckConstraint(
            "occasion IN ('birthday', 'anniversary', 'date', 'business', 'celebration')",
            name=op.f("booking_note_occasion_known_ck"),
        ),
        sa.CheckConstraint("item >= 0", name=op.f("booking_note_item_whole_ck")),
        sa.CheckConstraint(
            "(dietary IS NULL) = (dietary_consented_at IS NULL) AND (dietary IS NULL) = (consent_version IS NULL)",
            name=op.f("booking_note_dietary_consented_ck"),
        ),
        sa.CheckConstraint(
            "COALESCE(name, notes, occasion, dietary) IS NOT NULL", name=op.f("booking_note_says_something_ck")
        ),
        sa.ForeignKeyConstraint(["number"], ["booking_booking.number"], name=op.f("booking_note_number_fk")),
        sa.PrimaryKeyConstraint("number", "item"),
        **STRICT,
    )


def _create_fee() -> None:
    op.create_table(
        "booking_fee",
        sa.Column("number", Whole(), autoincrement=False, nullable=False),
        sa.Column("turn", Whole(), autoincrement=False, nullable=False),
        sa.Column("owner_id", Whole(), nullable=False),
        sa.Column("title", Text(200), nullable=False),
        sa.Column("why", Text(32), nullable=False),
        sa.Column("amount_minor", Whole(), nullable=False),
        sa.Column("currency", Text(3), nullable=False),
        sa.Column("method_id", Text(40), nullable=False),
        sa.Column("state", Text(32), nullable=False),
        sa.Column("payment_id", Text(40), nullable=True),
        sa.Column("denial", Text(60), nullable=True),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.CheckConstraint("why IN ('no_show', 'late_cancellation')", name=op.f("booking_fee_why_known_ck")),
        sa.CheckConstraint("state IN ('due', 'charged', 'denied')", name=op.f("booking_fee_state_known_ck")),
        sa.CheckConstraint("turn >= 1", name=op.f("booking_fee_counted_ck")),
        sa.CheckConstraint("amount_minor > 0", name=op.f("booking_fee_amount_whole_ck")),
        sa.CheckConstraint("(state = 'due') = (ended_at IS NULL)", name=op.f("booking_fee_ended_whole_ck")),
        sa.CheckConstraint("state <> 'charged' OR payment_id IS NOT NULL", name=op.f("booking_fee_charged_by_ck")),
        sa.CheckConstraint("(state = 'denied') = (denial IS NOT NULL)", name=op.f("booking_fee_denied_why_ck")),
        sa.ForeignKeyConstraint(["number"], ["booking_booking.number"], name=op.f("booking_fee_number_fk")),
        sa.PrimaryKeyConstraint("number", "turn"),
        **STRICT,
    )
    op.create_index("booking_fee_state_at_ix", "booking_fee", ["state", "at"], unique=False)
