"""Booking: cancellation quotes, changes, and what bookings were before."""

import sqlalchemy as sa
from alembic import op

from holdfast.kit.db import guards
from holdfast.kit.db.tables import STRICT
from holdfast.kit.db.types import Json, Moment, Text, Whole

revision = "booking_0003"
down_revision = "booking_0002"
branch_labels = None
depends_on = None

_GUARDS = (
    "booking_cancellation_state_moves",
    "booking_change_state_moves",
    "booking_revision_no_update",
    "booking_revision_no_delete",
)


def upgrade() -> None:
    _create_cancellation()
    _create_change()
    _create_revision()
    guards.transitions(op, "booking_cancellation", "state", [("open", "used")])
    guards.transitions(op, "booking_change", "state", [("open", "confirmed")])
    guards.append_only(op, "booking_revision")


def downgrade() -> None:
    for table in ("booking_revision", "booking_change", "booking_cancellation"):
        op.drop_table(table)
    guards.drop_functions(op, *_GUARDS)


def _create_cancellation() -> None:
    op.create_table(
        "booking_cancellation",
        sa.Column("id", Text(40), nullable=False),
        sa.Column("number", Whole(), nullable=False),
        sa.Column("account_id", Whole(), nullable=False),
        sa.Column("turn", Whole(), nullable=False),
        sa.Column("revision", Whole(), nullable=False),
        sa.Column("state", Text(32), nullable=False),
        sa.Column("positions", Json(), nullable=False),
        sa.Column("stays", Json(), nullable=False),
        sa.Column("refund", Json(), nullable=False),
        sa.Column("refund_minor", Whole(), nullable=False),
        sa.Column("total_minor", Whole(), nullable=False),
        sa.Column("currency", Text(3), nullable=False),
        sa.Column("price_after", Json(), nullable=True),
        sa.Column("digest_after", Text(64), nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.Column("used_at", Moment(), nullable=True),
        sa.CheckConstraint("state IN ('open', 'used')", name=op.f("booking_cancellation_state_known_ck")),
        sa.CheckConstraint("expires_at > created_at", name=op.f("booking_cancellation_lives_ck")),
        sa.CheckConstraint("(state = 'used') = (used_at IS NOT NULL)", name=op.f("booking_cancellation_used_whole_ck")),
        sa.CheckConstraint(
            "used_at IS NULL OR used_at < expires_at", name=op.f("booking_cancellation_used_in_time_ck")
        ),
        sa.CheckConstraint(
            "refund_minor >= 0 AND refund_minor <= total_minor", name=op.f("booking_cancellation_refund_bounded_ck")
        ),
        sa.CheckConstraint(
            "(price_after IS NULL) = (digest_after IS NULL)", name=op.f("booking_cancellation_rest_priced_ck")
        ),
        sa.ForeignKeyConstraint(["number"], ["booking_booking.number"], name=op.f("booking_cancellation_number_fk")),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint(
            "number", "account_id", "turn", name=op.f("booking_cancellation_number_account_id_turn_uq")
        ),
        **STRICT,
    )
    op.create_index("booking_cancellation_expires_at_ix", "booking_cancellation", ["expires_at"], unique=False)


def _create_change() -> None:
    op.create_table(
        "booking_change",
        sa.Column("id", Text(40), nullable=False),
        sa.Column("number", Whole(), nullable=False),
        sa.Column("hold_id", Text(40), nullable=False),
        sa.Column("revision", Whole(), nullable=False),
        sa.Column("state", Text(32), nullable=False),
        sa.Column("items", Json(), nullable=False),
        sa.Column("spans", Json(), nullable=False),
        sa.Column("price", Json(), nullable=False),
        sa.Column("total_minor", Whole(), nullable=False),
        sa.Column("currency", Text(3), nullable=False),
        sa.Column("digest", Text(64), nullable=False),
        sa.Column("difference_minor", Whole(), nullable=False),
        sa.Column("refund", Json(), nullable=False),
        sa.Column("refund_minor", Whole(), nullable=False),
        sa.Column("payment_id", Text(40), nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("confirmed_at", Moment(), nullable=True),
        sa.CheckConstraint("state IN ('open', 'confirmed')", name=op.f("booking_change_state_known_ck")),
        sa.CheckConstraint(
            "(state = 'confirmed') = (confirmed_at IS NOT NULL)", name=op.f("booking_change_confirmed_whole_ck")
        ),
        sa.CheckConstraint(
            "total_minor >= 0 AND difference_minor <= total_minor", name=op.f("booking_change_total_whole_ck")
        ),
        sa.CheckConstraint(
            "refund_minor = CASE WHEN difference_minor < 0 THEN -difference_minor ELSE 0 END",
            name=op.f("booking_change_refund_is_difference_ck"),
        ),
        sa.CheckConstraint("payment_id IS NULL OR state = 'confirmed'", name=op.f("booking_change_paid_confirmed_ck")),
        sa.ForeignKeyConstraint(["number"], ["booking_booking.number"], name=op.f("booking_change_number_fk")),
        sa.ForeignKeyConstraint(["hold_id"], ["booking_hold.id"], name=op.f("booking_change_hold_id_fk")),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("hold_id", name=op.f("booking_change_hold_id_uq")),
        **STRICT,
    )
    op.create_index("booking_change_number_ix", "booking_change", ["number"], unique=False)


def _create_revision() -> None:
    op.create_table(
        "booking_revision",
        sa.Column("number", Whole(), autoincrement=False, nullable=False),
        sa.Column("revision", Whole(), autoincrement=False, nullable=False),
        sa.Column("hold_id", Text(40), nullable=False),
        sa.Column("why", Text(32), nullable=False),
        sa.Column("change_id", Text(40), nullable=True),
        sa.Column("cancellation_id", Text(40), nullable=True),
        sa.Column("items", Json(), nullable=False),
        sa.Column("spans", Json(), nullable=False),
        sa.Column("price", Json(), nullable=False),
        sa.Column("total_minor", Whole(), nullable=False),
        sa.Column("currency", Text(3), nullable=False),
        sa.Column("digest", Text(64), nullable=False),
        sa.Column("digest_after", Text(64), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.CheckConstraint("why IN ('change', 'cancellation')", name=op.f("booking_revision_why_known_ck")),
        sa.CheckConstraint("revision >= 1", name=op.f("booking_revision_counted_ck")),
        sa.CheckConstraint(
            "(why = 'change') = (change_id IS NOT NULL) AND (why = 'cancellation') = (cancellation_id IS NOT NULL)",
            name=op.f("booking_revision_caused_ck"),
        ),
        sa.ForeignKeyConstraint(["number"], ["booking_booking.number"], name=op.f("booking_revision_number_fk")),
        sa.ForeignKeyConstraint(["hold_id"], ["booking_hold.id"], name=op.f("booking_revision_hold_id_fk")),
        sa.ForeignKeyConstraint(["change_id"], ["booking_change.id"], name=op.f("booking_revision_change_id_fk")),
        sa.ForeignKeyConstraint(
            ["cancellation_id"], ["booking_cancellation.id"], name=op.f("booking_revision_cancellation_id_fk")
        ),
        sa.PrimaryKeyConstraint("number", "revision"),
        sa.UniqueConstraint("change_id", name=op.f("booking_revision_change_id_uq")),
        sa.UniqueConstraint("cancellation_id", name=op.f("booking_revision_cancellation_id_uq")),
        **STRICT,
    )
