"""Booking: trips whose parts lie in different stocks."""

import sqlalchemy as sa
from alembic import op

from holdfast.booking.rules import TRIP_MOVES
from holdfast.kit.db import guards
from holdfast.kit.db.tables import STRICT
from holdfast.kit.db.types import Flag, Json, Moment, Text, Whole

revision = "booking_0007"
down_revision = "booking_0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_quote()
    _create_trip()
    _create_cancellation()
    moves = [(old, new) for old in TRIP_MOVES for new in sorted(TRIP_MOVES[old])]
    guards.transitions(op, "booking_trip", "state", moves)


def downgrade() -> None:
    op.drop_table("booking_trip_cancellation")
    op.drop_table("booking_trip")
    op.drop_table("booking_trip_quote")
    guards.drop_functions(op, "booking_trip_state_moves")


def _create_quote() -> None:
    op.create_table(
        "booking_trip_quote",
        sa.Column("id", Text(40), nullable=False),
        sa.Column("account_id", Whole(), nullable=False),
        sa.Column("parts", Json(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.CheckConstraint("expires_at > created_at", name=op.f("booking_trip_quote_lives_ck")),
        sa.PrimaryKeyConstraint("id"),
        **STRICT,
    )
    op.create_index("booking_trip_quote_expires_at_ix", "booking_trip_quote", ["expires_at"], unique=False)


def _create_trip() -> None:
    op.create_table(
        "booking_trip",
        sa.Column("id", Text(40), nullable=False),
        sa.Column("account_id", Whole(), nullable=False),
        sa.Column("quote_id", Text(40), nullable=False),
        sa.Column("state", Text(32), nullable=False),
        sa.Column("parts", Json(), nullable=False),
        sa.Column("why", Text(20), nullable=True),
        sa.Column("refusal", Json(), nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("touched_at", Moment(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=True),
        sa.Column("extendable_until", Moment(), nullable=True),
        sa.Column("waited_at", Moment(), nullable=True),
        sa.Column("booked_at", Moment(), nullable=True),
        sa.Column("late", Flag(), nullable=False),
        sa.Column("number", Whole(), nullable=True),
        sa.Column("reference", Text(20), nullable=True),
        sa.Column("payment_method", Text(32), nullable=True),
        sa.Column("payment_status", Text(32), nullable=True),
        sa.Column("payment_id", Text(40), nullable=True),
        sa.Column("guarantee_method_id", Text(40), nullable=True),
        sa.Column("confirmed_by", Text(32), nullable=False),
        sa.CheckConstraint(
            "state IN ('placing', 'held', 'confirming', 'booked', 'unwinding', 'ended')",
            name=op.f("booking_trip_state_known_ck"),
        ),
        sa.CheckConstraint("confirmed_by IN ('guest', 'payment')", name=op.f("booking_trip_confirmed_by_known_ck")),
        sa.CheckConstraint("(number IS NULL) = (reference IS NULL)", name=op.f("booking_trip_named_whole_ck")),
        sa.CheckConstraint(
            "(expires_at IS NULL) = (extendable_until IS NULL)", name=op.f("booking_trip_clocked_whole_ck")
        ),
        sa.CheckConstraint(
            "state NOT IN ('held', 'confirming', 'booked') OR expires_at IS NOT NULL",
            name=op.f("booking_trip_held_clocked_ck"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('confirming', 'booked') OR number IS NOT NULL", name=op.f("booking_trip_booked_named_ck")
        ),
        sa.CheckConstraint("(state = 'booked') = (booked_at IS NOT NULL)", name=op.f("booking_trip_booked_whole_ck")),
        sa.CheckConstraint(
            "(state IN ('unwinding', 'ended')) = (why IS NOT NULL)", name=op.f("booking_trip_ended_why_ck")
        ),
        sa.ForeignKeyConstraint(["quote_id"], ["booking_trip_quote.id"], name=op.f("booking_trip_quote_id_fk")),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("number", name=op.f("booking_trip_number_uq")),
        sa.UniqueConstraint("reference", name=op.f("booking_trip_reference_uq")),
        **STRICT,
    )
    op.create_index("booking_trip_state_touched_at_ix", "booking_trip", ["state", "touched_at"], unique=False)
    op.create_index("booking_trip_account_id_number_ix", "booking_trip", ["account_id", "number"], unique=False)


def _create_cancellation() -> None:
    op.create_table(
        "booking_trip_cancellation",
        sa.Column("id", Text(40), nullable=False),
        sa.Column("trip_id", Text(40), nullable=False),
        sa.Column("account_id", Whole(), nullable=False),
        sa.Column("role", Text(20), nullable=False),
        sa.Column("parts", Json(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.Column("used_at", Moment(), nullable=True),
        sa.Column("done_at", Moment(), nullable=True),
        sa.CheckConstraint("expires_at > created_at", name=op.f("booking_trip_cancellation_lives_ck")),
        sa.CheckConstraint(
            "done_at IS NULL OR used_at IS NOT NULL", name=op.f("booking_trip_cancellation_done_used_ck")
        ),
        sa.ForeignKeyConstraint(["trip_id"], ["booking_trip.id"], name=op.f("booking_trip_cancellation_trip_id_fk")),
        sa.PrimaryKeyConstraint("id"),
        **STRICT,
    )
    op.create_index("booking_trip_cancellation_trip_id_ix", "booking_trip_cancellation", ["trip_id"], unique=False)
    op.create_index(
        "booking_trip_cancellation_done_at_ix", "booking_trip_cancellation", ["done_at", "used_at"], unique=False
    )
