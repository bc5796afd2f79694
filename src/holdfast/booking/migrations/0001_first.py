"""Booking: stock, claims, quotes, holds, bookings, keys, reports."""

import sqlalchemy as sa
from alembic import op

from holdfast.booking.rules import MOVES
from holdfast.kit.db import guards
from holdfast.kit.db.tables import STRICT
from holdfast.kit.db.types import Flag, Json, Moment, Text, Whole
from holdfast.kit.outbox import create_cursors, create_outbox

revision = "booking_0001"
down_revision = None
branch_labels = None
depends_on = None

_GUARDS = (
    "booking_claim_no_update",
    "booking_claim_no_delete",
    "booking_hold_state_moves",
    "booking_booking_state_moves",
)


def upgrade() -> None:
    _create_tables()
    _create_indexes()
    create_outbox(op, "booking")
    create_cursors(op, "booking")
    guards.append_only(op, "booking_claim")
    guards.transitions(op, "booking_hold", "state", [(old, new) for old in MOVES for new in sorted(MOVES[old])])
    guards.transitions(op, "booking_booking", "state", [("confirmed", "cancelled")])


def downgrade() -> None:
    for table in (
        "booking_cursor",
        "booking_outbox",
        "booking_outbox_head",
        "booking_claim",
        "booking_booking",
        "booking_hold",
        "booking_cell",
        "booking_resource",
        "booking_report",
        "booking_quote",
        "booking_quota",
        "booking_process",
        "booking_key",
    ):
        op.drop_table(table)
    guards.drop_functions(op, *_GUARDS)


def _create_tables() -> None:
    _create_quote()
    _create_resource()
    _create_cell()
    _create_hold()
    _create_booking()
    _create_claim()
    _create_key()
    _create_process()
    _create_quota()
    _create_report()


def _create_quote() -> None:
    op.create_table(
        "booking_quote",
        sa.Column("id", Text(40), nullable=False),
        sa.Column("account_id", Whole(), nullable=False),
        sa.Column("items", Json(), nullable=False),
        sa.Column("options", Json(), nullable=False),
        sa.Column("price", Json(), nullable=False),
        sa.Column("total_minor", Whole(), nullable=False),
        sa.Column("currency", Text(3), nullable=False),
        sa.Column("digest", Text(64), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.CheckConstraint("expires_at > created_at", name=op.f("booking_quote_lives_ck")),
        sa.CheckConstraint("total_minor >= 0", name=op.f("booking_quote_total_whole_ck")),
        sa.PrimaryKeyConstraint("id"),
        **STRICT,
    )


def _create_resource() -> None:
    op.create_table(
        "booking_resource",
        sa.Column("id", Text(120), nullable=False),
        sa.Column("property_id", Whole(), nullable=False),
        sa.Column("unit", Text(60), nullable=True),
        sa.Column("capacity", Whole(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.CheckConstraint("capacity >= 0", name=op.f("booking_resource_capacity_whole_ck")),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("property_id", "unit", name=op.f("booking_resource_property_id_unit_uq")),
        **STRICT,
    )


def _create_cell() -> None:
    op.create_table(
        "booking_cell",
        sa.Column("resource_id", Text(120), nullable=False),
        sa.Column("slot", Whole(), autoincrement=False, nullable=False),
        sa.Column("taken", Whole(), nullable=False),
        sa.Column("capacity", Whole(), nullable=False),
        sa.Column("own", Flag(), nullable=False),
        sa.Column("closed", Flag(), nullable=False),
        sa.CheckConstraint("taken >= 0 AND taken <= capacity", name=op.f("booking_cell_taken_fits_ck")),
        sa.ForeignKeyConstraint(["resource_id"], ["booking_resource.id"], name=op.f("booking_cell_resource_id_fk")),
        sa.PrimaryKeyConstraint("resource_id", "slot"),
        **STRICT,
    )


def _create_hold() -> None:
    op.create_table(
        "booking_hold",
        sa.Column("id", Text(40), nullable=False),
        sa.Column("kind", Text(32), nullable=False),
        sa.Column("account_id", Whole(), nullable=False),
        sa.Column("quote_id", Text(40), nullable=True),
        sa.Column("state", Text(32), nullable=False),
        sa.Column("spans", Json(), nullable=False),
        sa.Column("items", Json(), nullable=False),
        sa.Column("price", Json(), nullable=True),
        sa.Column("total_minor", Whole(), nullable=True),
        sa.Column("currency", Text(3), nullable=True),
        sa.Column("digest", Text(64), nullable=True),
        sa.Column("note", Text(200), nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=True),
        sa.Column("extendable_until", Moment(), nullable=True),
        sa.CheckConstraint("(kind = 'guest') = (expires_at IS NOT NULL)", name=op.f("booking_hold_guest_clocked_ck")),
        sa.CheckConstraint("(kind = 'guest') = (quote_id IS NOT NULL)", name=op.f("booking_hold_guest_quoted_ck")),
        sa.CheckConstraint("(kind = 'owner') = (digest IS NULL)", name=op.f("booking_hold_sale_priced_ck")),
        sa.CheckConstraint("kind = 'guest' OR state <> 'expired'", name=op.f("booking_hold_only_guest_expires_ck")),
        sa.CheckConstraint("kind IN ('guest', 'direct', 'owner')", name=op.f("booking_hold_kind_known_ck")),
        sa.CheckConstraint(
            "state IN ('held', 'confirmed', 'released', 'expired')", name=op.f("booking_hold_state_known_ck")
        ),
        sa.CheckConstraint("expires_at <= extendable_until", name=op.f("booking_hold_bounded_ck")),
        sa.ForeignKeyConstraint(["quote_id"], ["booking_quote.id"], name=op.f("booking_hold_quote_id_fk")),
        sa.PrimaryKeyConstraint("id"),
        **STRICT,
    )


def _create_booking() -> None:
    op.create_table(
        "booking_booking",
        sa.Column("number", Whole(), autoincrement=False, nullable=False),
        sa.Column("reference", Text(20), nullable=False),
        sa.Column("hold_id", Text(40), nullable=False),
        sa.Column("account_id", Whole(), nullable=False),
        sa.Column("owner_id", Whole(), nullable=False),
        sa.Column("state", Text(32), nullable=False),
        sa.Column("items", Json(), nullable=False),
        sa.Column("price", Json(), nullable=False),
        sa.Column("total_minor", Whole(), nullable=False),
        sa.Column("currency", Text(3), nullable=False),
        sa.Column("digest", Text(64), nullable=False),
        sa.Column("payment_method", Text(32), nullable=False),
        sa.Column("payment_status", Text(32), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("cancelled_at", Moment(), nullable=True),
        sa.Column("refund_minor", Whole(), nullable=True),
        sa.CheckConstraint(
            "(state = 'cancelled') = (cancelled_at IS NOT NULL) AND (cancelled_at IS NULL) = (refund_minor IS NULL)",
            name=op.f("booking_booking_cancelled_whole_ck"),
        ),
        sa.CheckConstraint("state IN ('confirmed', 'cancelled')", name=op.f("booking_booking_state_known_ck")),
        sa.CheckConstraint(
            "refund_minor >= 0 AND refund_minor <= total_minor", name=op.f("booking_booking_refund_bounded_ck")
        ),
        sa.CheckConstraint("total_minor >= 0", name=op.f("booking_booking_total_whole_ck")),
        sa.ForeignKeyConstraint(["hold_id"], ["booking_hold.id"], name=op.f("booking_booking_hold_id_fk")),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("hold_id", name=op.f("booking_booking_hold_id_uq")),
        sa.UniqueConstraint("reference", name=op.f("booking_booking_reference_uq")),
        **STRICT,
    )


def _create_claim() -> None:
    op.create_table(
        "booking_claim",
        sa.Column("seq", Whole(), autoincrement=True, nullable=False),
        sa.Column("hold_id", Text(40), nullable=False),
        sa.Column("resource_id", Text(120), nullable=False),
        sa.Column("first_slot", Whole(), nullable=False),
        sa.Column("end_slot", Whole(), nullable=False),
        sa.Column("quantity", Whole(), nullable=False),
        sa.Column("reason", Text(32), nullable=False),
        sa.Column("digest", Text(64), nullable=True),
        sa.Column("at", Moment(), nullable=False),
        sa.CheckConstraint(
            "(reason IN ('held', 'booked', 'blocked')) = (quantity > 0) AND quantity <> 0",
            name=op.f("booking_claim_signed_ck"),
        ),
        sa.CheckConstraint(
            "reason IN ('held', 'booked', 'blocked', 'released', 'expired', 'cancelled')",
            name=op.f("booking_claim_reason_known_ck"),
        ),
        sa.CheckConstraint("end_slot > first_slot", name=op.f("booking_claim_span_whole_ck")),
        sa.ForeignKeyConstraint(["hold_id"], ["booking_hold.id"], name=op.f("booking_claim_hold_id_fk")),
        sa.ForeignKeyConstraint(["resource_id"], ["booking_resource.id"], name=op.f("booking_claim_resource_id_fk")),
        sa.PrimaryKeyConstraint("seq"),
        **STRICT,
    )


def _create_key() -> None:
    op.create_table(
        "booking_key",
        sa.Column("account_id", Whole(), autoincrement=False, nullable=False),
        sa.Column("route", Text(120), nullable=False),
        sa.Column("key", Text(255), nullable=False),
        sa.Column("fingerprint", Text(64), nullable=False),
        sa.Column("answer", Json(), nullable=False),
        sa.Column("replays", Whole(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "route", "key"),
        **STRICT,
    )


def _create_process() -> None:
    op.create_table(
        "booking_process",
        sa.Column("id", Whole(), autoincrement=True, nullable=False),
        sa.Column("started_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        **STRICT,
    )


def _create_quota() -> None:
    op.create_table(
        "booking_quota",
        sa.Column("account_id", Whole(), autoincrement=False, nullable=False),
        sa.Column("live", Whole(), nullable=False),
        sa.Column("most", Whole(), nullable=False),
        sa.CheckConstraint("live >= 0 AND live <= most", name=op.f("booking_quota_live_fits_ck")),
        sa.PrimaryKeyConstraint("account_id"),
        **STRICT,
    )


def _create_report() -> None:
    op.create_table(
        "booking_report",
        sa.Column("id", Whole(), autoincrement=True, nullable=False),
        sa.Column("started_at", Moment(), nullable=False),
        sa.Column("duration_ms", Whole(), nullable=False),
        sa.Column("cells", Whole(), nullable=False),
        sa.Column("holds", Whole(), nullable=False),
        sa.Column("bookings", Whole(), nullable=False),
        sa.Column("ledger_entries", Whole(), nullable=False),
        sa.Column("breaches", Json(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        **STRICT,
    )


def _create_indexes() -> None:
    op.create_index("booking_key_at_ix", "booking_key", ["at"], unique=False)
    op.create_index("booking_quote_expires_at_ix", "booking_quote", ["expires_at"], unique=False)
    op.create_index("booking_hold_account_id_expires_at_ix", "booking_hold", ["account_id", "expires_at"], unique=False)
    op.create_index("booking_hold_expires_at_ix", "booking_hold", ["expires_at"], unique=False)
    op.create_index("booking_booking_account_id_number_ix", "booking_booking", ["account_id", "number"], unique=False)
    op.create_index("booking_booking_owner_id_number_ix", "booking_booking", ["owner_id", "number"], unique=False)
    op.create_index("booking_claim_hold_id_ix", "booking_claim", ["hold_id"], unique=False)
    op.create_index("booking_claim_resource_id_end_slot_ix", "booking_claim", ["resource_id", "end_slot"], unique=False)
