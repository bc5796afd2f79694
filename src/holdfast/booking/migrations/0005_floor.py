"""Booking: who comes to the tables of restaurants, where they stand, and what is noted of them."""

import sqlalchemy as sa
from alembic import op

from holdfast.booking.rules import VISIT_MOVES
from holdfast.kit.db import guards
from holdfast.kit.db.tables import STRICT
from holdfast.kit.db.types import Day, Moment, Text, Whole

revision = "booking_0005"
down_revision = "booking_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_visit()
    _create_note()
    moves = [(old, new) for old in VISIT_MOVES for new in sorted(VISIT_MOVES[old])]
    guards.transitions(op, "booking_visit", "state", moves)


def downgrade() -> None:
    op.drop_table("booking_note")
    op.drop_table("booking_visit")
    guards.drop_functions(op, "booking_visit_state_moves")


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
