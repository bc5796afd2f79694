"""Payments: payments, refunds, stored ways to pay, messages, cases and the ledger of transfers."""

import sqlalchemy as sa
from alembic import op

from holdfast.kit.db import guards
from holdfast.kit.db.tables import STRICT
from holdfast.kit.db.types import Flag, Json, Moment, Text, Whole
from holdfast.kit.outbox import create_outbox
from holdfast.payments.rules import CASE_MOVES, DISPUTE_MOVES, MOVES, REFUND_MOVES

revision = "payments_0001"
down_revision = None
branch_labels = None
depends_on = None

_MOVING = (
    ("payments_payment", "state", MOVES),
    ("payments_payment", "dispute", DISPUTE_MOVES),
    ("payments_refund", "state", REFUND_MOVES),
    ("payments_case", "state", CASE_MOVES),
)
_GUARDS = (
    "payments_transfer_no_update",
    "payments_transfer_no_delete",
    *(f"{table}_{column}_moves" for table, column, _ in _MOVING),
)


def upgrade() -> None:
    _create_tables()
    _create_indexes()
    create_outbox(op, "payments")
    guards.append_only(op, "payments_transfer")
    for table, column, moves in _MOVING:
        guards.transitions(op, table, column, [(old, new) for old, allowed in moves.items() for new in sorted(allowed)])


def downgrade() -> None:
    for table in (
        "payments_outbox",
        "payments_outbox_head",
        "payments_transfer",
        "payments_case",
        "payments_message",
        "payments_method",
        "payments_refund",
        "payments_payment",
    ):
        op.drop_table(table)
    guards.drop_functions(op, *_GUARDS)


def _create_tables() -> None:
    _create_payment()
    _create_refund()
    _create_method()
    _create_message()
    _create_case()
    _create_transfer()


def _create_payment() -> None:
    op.create_table(
        "payments_payment",
        sa.Column("id", Text(40), nullable=False),
        sa.Column("hold_id", Text(40), nullable=False),
        sa.Column("open_hold", Text(40), nullable=True),
        sa.Column("account_id", Whole(), nullable=False),
        sa.Column("route", Text(120), nullable=False),
        sa.Column("key", Text(255), nullable=True),
        sa.Column("fingerprint", Text(64), nullable=False),
        sa.Column("replays", Whole(), nullable=False),
        sa.Column("attempt", Whole(), nullable=False),
        sa.Column("provider", Text(20), nullable=False),
        sa.Column("provider_ref", Text(255), nullable=True),
        sa.Column("method", Text(32), nullable=False),
        sa.Column("amount_minor", Whole(), nullable=False),
        sa.Column("currency", Text(3), nullable=False),
        sa.Column("state", Text(32), nullable=False),
        sa.Column("waited", Flag(), nullable=False),
        sa.Column("captured_minor", Whole(), nullable=False),
        sa.Column("refunded_minor", Whole(), nullable=False),
        sa.Column("brand", Text(40), nullable=True),
        sa.Column("last4", Text(4), nullable=True),
        sa.Column("action_url", Text(2000), nullable=True),
        sa.Column("denial", Text(60), nullable=True),
        sa.Column("reference", Text(40), nullable=True),
        sa.Column("shares", Json(), nullable=True),
        sa.Column("sold", Flag(), nullable=False),
        sa.Column("dispute", Text(32), nullable=False),
        sa.Column("disputed_minor", Whole(), nullable=False),
        sa.Column("version", Whole(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("touched_at", Moment(), nullable=False),
        sa.Column("authorised_at", Moment(), nullable=True),
        sa.Column("captured_at", Moment(), nullable=True),
        sa.Column("ended_at", Moment(), nullable=True),
        *_payment_rules(),
        sa.UniqueConstraint("account_id", "route", "key", name=op.f("payments_payment_account_id_route_key_uq")),
        sa.UniqueConstraint("hold_id", "attempt", name=op.f("payments_payment_hold_id_attempt_uq")),
        sa.UniqueConstraint("open_hold", name=op.f("payments_payment_open_hold_uq")),
        sa.UniqueConstraint("provider", "provider_ref", name=op.f("payments_payment_provider_provider_ref_uq")),
        sa.PrimaryKeyConstraint("id"),
        **STRICT,
    )


def _payment_rules() -> list[sa.CheckConstraint]:
    return [
        sa.CheckConstraint("amount_minor > 0", name=op.f("payments_payment_amount_whole_ck")),
        sa.CheckConstraint(
            "captured_minor >= 0 AND captured_minor <= amount_minor", name=op.f("payments_payment_captured_fits_ck")
        ),
        sa.CheckConstraint(
            "(state = 'captured') = (captured_minor > 0)", name=op.f("payments_payment_captured_whole_ck")
        ),
        sa.CheckConstraint("(state = 'denied') = (denial IS NOT NULL)", name=op.f("payments_payment_denied_why_ck")),
        sa.CheckConstraint(
            "dispute IN ('none', 'open', 'won', 'lost')", name=op.f("payments_payment_dispute_known_ck")
        ),
        sa.CheckConstraint("(dispute = 'none') = (disputed_minor = 0)", name=op.f("payments_payment_dispute_whole_ck")),
        sa.CheckConstraint(
            "disputed_minor >= 0 AND disputed_minor <= captured_minor", name=op.f("payments_payment_disputed_fits_ck")
        ),
        sa.CheckConstraint(
            "open_hold IS NULL OR state NOT IN ('denied', 'voided')", name=op.f("payments_payment_ended_makes_way_ck")
        ),
        sa.CheckConstraint(
            "method IN ('at_property', 'card', 'wallet', 'paypal')", name=op.f("payments_payment_method_known_ck")
        ),
        sa.CheckConstraint(
            "open_hold IS NULL OR open_hold = hold_id", name=op.f("payments_payment_open_for_its_hold_ck")
        ),
        sa.CheckConstraint(
            "open_hold IS NOT NULL OR state IN ('captured', 'denied', 'voided')",
            name=op.f("payments_payment_open_stands_ck"),
        ),
        sa.CheckConstraint(
            "refunded_minor >= 0 AND refunded_minor <= captured_minor", name=op.f("payments_payment_refunded_fits_ck")
        ),
        sa.CheckConstraint(
            "state IN ('starting', 'requires_action', 'authorised', 'captured', 'denied', 'voided')",
            name=op.f("payments_payment_state_known_ck"),
        ),
    ]


def _create_refund() -> None:
    op.create_table(
        "payments_refund",
        sa.Column("id", Text(40), nullable=False),
        sa.Column("key", Text(255), nullable=False),
        sa.Column("payment_id", Text(40), nullable=False),
        sa.Column("amount_minor", Whole(), nullable=False),
        sa.Column("currency", Text(3), nullable=False),
        sa.Column("state", Text(32), nullable=False),
        sa.Column("attempt", Whole(), nullable=False),
        sa.Column("reason", Text(60), nullable=False),
        sa.Column("reference", Text(40), nullable=True),
        sa.Column("shares", Json(), nullable=False),
        sa.Column("provider_ref", Text(255), nullable=True),
        sa.Column("spent_refs", Json(), nullable=False),
        sa.Column("failure", Text(60), nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("touched_at", Moment(), nullable=False),
        sa.Column("completed_at", Moment(), nullable=True),
        sa.CheckConstraint("amount_minor > 0", name=op.f("payments_refund_amount_whole_ck")),
        sa.CheckConstraint("attempt >= 1", name=op.f("payments_refund_attempt_whole_ck")),
        sa.CheckConstraint(
            "(state = 'completed') = (completed_at IS NOT NULL)", name=op.f("payments_refund_completed_when_ck")
        ),
        sa.CheckConstraint("state IN ('pending', 'completed', 'failed')", name=op.f("payments_refund_state_known_ck")),
        sa.ForeignKeyConstraint(["payment_id"], ["payments_payment.id"], name=op.f("payments_refund_payment_id_fk")),
        sa.UniqueConstraint("key", name=op.f("payments_refund_key_uq")),
        sa.UniqueConstraint("payment_id", "provider_ref", name=op.f("payments_refund_payment_id_provider_ref_uq")),
        sa.PrimaryKeyConstraint("id"),
        **STRICT,
    )


def _create_method() -> None:
    op.create_table(
        "payments_method",
        sa.Column("id", Text(40), nullable=False),
        sa.Column("account_id", Whole(), nullable=False),
        sa.Column("route", Text(120), nullable=False),
        sa.Column("key", Text(255), nullable=True),
        sa.Column("fingerprint", Text(64), nullable=False),
        sa.Column("replays", Whole(), nullable=False),
        sa.Column("provider", Text(20), nullable=False),
        sa.Column("method", Text(32), nullable=False),
        sa.Column("state", Text(32), nullable=False),
        sa.Column("token", Text(255), nullable=True),
        sa.Column("customer", Text(255), nullable=True),
        sa.Column("brand", Text(40), nullable=True),
        sa.Column("last4", Text(4), nullable=True),
        sa.Column("expires", Text(7), nullable=True),
        sa.Column("refusal", Text(60), nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.CheckConstraint("(state = 'kept') = (token IS NOT NULL)", name=op.f("payments_method_kept_by_token_ck")),
        sa.CheckConstraint(
            "method IN ('at_property', 'card', 'wallet', 'paypal')", name=op.f("payments_method_method_known_ck")
        ),
        sa.CheckConstraint(
            "state IN ('starting', 'kept', 'refused', 'dropped')", name=op.f("payments_method_state_known_ck")
        ),
        sa.UniqueConstraint("account_id", "route", "key", name=op.f("payments_method_account_id_route_key_uq")),
        sa.PrimaryKeyConstraint("id"),
        **STRICT,
    )


def _create_message() -> None:
    op.create_table(
        "payments_message",
        sa.Column("provider", Text(20), nullable=False),
        sa.Column("event_id", Text(255), nullable=False),
        sa.Column("kind", Text(120), nullable=False),
        sa.Column("ref", Text(255), nullable=True),
        sa.Column("payment_id", Text(40), nullable=True),
        sa.Column("outcome", Text(20), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("received_at", Moment(), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('applied', 'nothing_new', 'ignored', 'alert')", name=op.f("payments_message_outcome_known_ck")
        ),
        sa.PrimaryKeyConstraint("provider", "event_id"),
        **STRICT,
    )


def _create_case() -> None:
    op.create_table(
        "payments_case",
        sa.Column("id", Text(40), nullable=False),
        sa.Column("kind", Text(32), nullable=False),
        sa.Column("state", Text(32), nullable=False),
        sa.Column("payment_id", Text(40), nullable=False),
        sa.Column("hold_id", Text(40), nullable=False),
        sa.Column("reference", Text(40), nullable=True),
        sa.Column("outcome", Text(60), nullable=False),
        sa.Column("detail", Text(500), nullable=False),
        sa.Column("opened_at", Moment(), nullable=False),
        sa.Column("closed_at", Moment(), nullable=True),
        sa.CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name=op.f("payments_case_closed_when_ck")),
        sa.CheckConstraint(
            "kind IN ('paid_in_time', 'late_stock_free', 'late_stock_gone', 'paid_twice', "
            "'wrong_amount', 'rival_alive', 'refund_failed', 'dispute')",
            name=op.f("payments_case_kind_known_ck"),
        ),
        sa.CheckConstraint("state IN ('open', 'needs_human', 'closed')", name=op.f("payments_case_state_known_ck")),
        sa.UniqueConstraint("payment_id", "kind", name=op.f("payments_case_payment_id_kind_uq")),
        sa.PrimaryKeyConstraint("id"),
        **STRICT,
    )


def _create_transfer() -> None:
    op.create_table(
        "payments_transfer",
        sa.Column("seq", Whole(), autoincrement=True, nullable=False),
        sa.Column("key", Text(120), nullable=False),
        sa.Column("leg", Whole(), nullable=False),
        sa.Column("kind", Text(32), nullable=False),
        sa.Column("debit", Text(80), nullable=False),
        sa.Column("credit", Text(80), nullable=False),
        sa.Column("amount_minor", Whole(), nullable=False),
        sa.Column("currency", Text(3), nullable=False),
        sa.Column("payment_id", Text(40), nullable=False),
        sa.Column("refund_id", Text(40), nullable=True),
        sa.Column("reference", Text(40), nullable=True),
        sa.Column("at", Moment(), nullable=False),
        sa.CheckConstraint("amount_minor > 0", name=op.f("payments_transfer_amount_whole_ck")),
        sa.CheckConstraint(
            "kind IN ('capture', 'sale', 'refund', 'returned', 'dispute', 'dispute_won', 'dispute_lost')",
            name=op.f("payments_transfer_kind_known_ck"),
        ),
        sa.CheckConstraint(
            "(kind IN ('refund', 'returned')) = (refund_id IS NOT NULL)", name=op.f("payments_transfer_refund_named_ck")
        ),
        sa.CheckConstraint("debit <> credit", name=op.f("payments_transfer_two_accounts_ck")),
        sa.ForeignKeyConstraint(["payment_id"], ["payments_payment.id"], name=op.f("payments_transfer_payment_id_fk")),
        sa.ForeignKeyConstraint(["refund_id"], ["payments_refund.id"], name=op.f("payments_transfer_refund_id_fk")),
        sa.UniqueConstraint("key", "leg", name=op.f("payments_transfer_key_leg_uq")),
        sa.PrimaryKeyConstraint("seq"),
        **STRICT,
    )


def _create_indexes() -> None:
    op.create_index("payments_payment_state_touched_at_ix", "payments_payment", ["state", "touched_at"])
    op.create_index("payments_refund_state_touched_at_ix", "payments_refund", ["state", "touched_at"])
    op.create_index("payments_message_received_at_ix", "payments_message", ["received_at"])
    op.create_index("payments_case_state_opened_at_ix", "payments_case", ["state", "opened_at"])
    op.create_index("payments_transfer_at_ix", "payments_transfer", ["at"])
    op.create_index("payments_transfer_credit_at_ix", "payments_transfer", ["credit", "at"])
    op.create_index("payments_transfer_debit_at_ix", "payments_transfer", ["debit", "at"])
    op.create_index("payments_transfer_payment_id_ix", "payments_transfer", ["payment_id"])
    op.create_index("payments_transfer_reference_ix", "payments_transfer", ["reference"])
