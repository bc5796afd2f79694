"""Rows of payments. What a CHECK can say is said here; what it cannot, the guards of the first migration say."""

from enum import StrEnum
from typing import Final

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Table, UniqueConstraint

from holdfast.kit.activity.log import Activity
from holdfast.kit.db.tables import STRICT, module_tables, one_of
from holdfast.kit.db.types import Choice, Flag, Json, Moment, Text, Whole
from holdfast.kit.outbox import Outbox
from holdfast.kit.privacy import Decision, Erase, Kind, Purpose, Recipient, Retention, numbered, personal
from holdfast.payments.api import CaseKind, CaseState, PaymentMethod, PaymentState, RefundState
from holdfast.payments.rules import Dispute

_PROVIDERS: Final = (Recipient.SIMULATOR, Recipient.STRIPE, Recipient.PAYPAL)
_NUMBER: Final = numbered(Purpose.PAYMENT, Purpose.BOOKS)
_PARTY: Final = numbered(Purpose.BOOKS)
_SHARES: Final = numbered(Purpose.PAYMENT, Purpose.BOOKS)
_KEY: Final = personal(Kind.PAYMENT, Purpose.PAYMENT, erase=Erase.CLEARED)
_REF: Final = personal(
    Kind.PAYMENT, Purpose.PAYMENT, Purpose.BOOKS, keep=Retention.BOOKS, erase=Erase.KEPT, recipients=_PROVIDERS
)
_CARD: Final = personal(Kind.PAYMENT, Purpose.PAYMENT, keep=Retention.BOOKS, erase=Erase.CLEARED, recipients=_PROVIDERS)
_WAY: Final = personal(Kind.PAYMENT, Purpose.PAYMENT, erase=Erase.CLEARED, recipients=_PROVIDERS)
_HOW: Final = personal(Kind.PAYMENT, Purpose.PAYMENT, Purpose.BOOKS, keep=Retention.BOOKS, erase=Erase.KEPT)
_CAME_OF_IT: Final = personal(
    Kind.PAYMENT,
    Purpose.PAYMENT,
    Purpose.BOOKS,
    keep=Retention.BOOKS,
    erase=Erase.KEPT,
    automated=(Decision.LATE_PAYMENT,),
)
_KEPT_BY: Final = numbered(Purpose.PAYMENT, keep=Retention.ACCOUNT, erase=Erase.DELETED)
_KEPT: Final = personal(Kind.PAYMENT, Purpose.PAYMENT, recipients=_PROVIDERS)
_TOKEN: Final = personal(Kind.SECRET, Purpose.PAYMENT, recipients=_PROVIDERS)


class TransferKind(StrEnum):
    """Why money went from one account to another; docs/ledger.md has a table of them."""

    CAPTURE = "capture"
    SALE = "sale"
    REFUND = "refund"
    RETURNED = "returned"
    """The parts of those who give a refund."""
    DISPUTE = "dispute"
    DISPUTE_WON = "dispute_won"
    DISPUTE_LOST = "dispute_lost"


class MethodState(StrEnum):
    """Where a stored way to pay stands."""

    STARTING = "starting"
    KEPT = "kept"
    REFUSED = "refused"
    DROPPED = "dropped"


tables = module_tables("payments")

payment = Table(
    "payments_payment",
    tables,
    Column("id", Text(40), primary_key=True),
    Column("hold_id", Text(40), nullable=False),
    # The hold, while this payment stands for it. UNIQUE: a hold is paid once, whoever tries what at the same time.
    Column("open_hold", Text(40)),
    Column("account_id", Whole(), nullable=False, info=_NUMBER),
    Column("route", Text(120), nullable=False),
    Column("key", Text(255), info=_KEY),
    Column("fingerprint", Text(64), nullable=False),
    Column("replays", Whole(), nullable=False),
    Column("attempt", Whole(), nullable=False),
    Column("provider", Text(20), nullable=False),
    Column("provider_ref", Text(255), info=_REF),
    Column("method", Choice(PaymentMethod), nullable=False, info=_HOW),
    Column("amount_minor", Whole(), nullable=False),
    Column("currency", Text(3), nullable=False),
    Column("state", Choice(PaymentState), nullable=False),
    Column("waited", Flag(), nullable=False),
    Column("captured_minor", Whole(), nullable=False),
    Column("refunded_minor", Whole(), nullable=False),
    Column("brand", Text(40), info=_CARD),
    Column("last4", Text(4), info=_CARD),
    Column("action_url", Text(2000), info=_WAY),
    Column("denial", Text(60), info=_CAME_OF_IT),
    Column("reference", Text(40)),
    # Who gets the captured money: [account, minor units] each. Written before the capture is asked for.
    Column("shares", Json(), info=_SHARES),
    Column("sold", Flag(), nullable=False),
    Column("dispute", Choice(Dispute), nullable=False),
    Column("disputed_minor", Whole(), nullable=False),
    # Counts changes, so that an answer that was on its way while something changed is not taken for the newest.
    Column("version", Whole(), nullable=False),
    Column("created_at", Moment(), nullable=False),
    Column("touched_at", Moment(), nullable=False),
    Column("authorised_at", Moment()),
    Column("captured_at", Moment()),
    Column("ended_at", Moment()),
    one_of("state", PaymentState),
    one_of("method", PaymentMethod),
    one_of("dispute", Dispute),
    UniqueConstraint("open_hold"),
    UniqueConstraint("account_id", "route", "key"),
    UniqueConstraint("hold_id", "attempt"),
    UniqueConstraint("provider", "provider_ref"),
    CheckConstraint("amount_minor > 0", name="amount_whole"),
    CheckConstraint("captured_minor >= 0 AND captured_minor <= amount_minor", name="captured_fits"),
    # This is the guard: whatever the code above believes, no more is given back than was taken.
    CheckConstraint("refunded_minor >= 0 AND refunded_minor <= captured_minor", name="refunded_fits"),
    CheckConstraint("(state = 'captured') = (captured_minor > 0)", name="captured_whole"),
    CheckConstraint("(state = 'denied') = (denial IS NOT NULL)", name="denied_why"),
    CheckConstraint("open_hold IS NULL OR open_hold = hold_id", name="open_for_its_hold"),
    CheckConstraint("open_hold IS NOT NULL OR state IN ('captured', 'denied', 'voided')", name="open_stands"),
    CheckConstraint("open_hold IS NULL OR state NOT IN ('denied', 'voided')", name="ended_makes_way"),
    CheckConstraint("(dispute = 'none') = (disputed_minor = 0)", name="dispute_whole"),
    CheckConstraint("disputed_minor >= 0 AND disputed_minor <= captured_minor", name="disputed_fits"),
    Index("payments_payment_state_touched_at_ix", "state", "touched_at"),
    **STRICT,
)

refund = Table(
    "payments_refund",
    tables,
    Column("id", Text(40), primary_key=True),
    Column("key", Text(255), nullable=False),
    Column("payment_id", Text(40), ForeignKey("payments_payment.id"), nullable=False),
    Column("amount_minor", Whole(), nullable=False),
    Column("currency", Text(3), nullable=False),
    Column("state", Choice(RefundState), nullable=False),
    Column("attempt", Whole(), nullable=False),
    Column("reason", Text(60), nullable=False),
    Column("reference", Text(40)),
    Column("shares", Json(), nullable=False, info=_SHARES),
    Column("provider_ref", Text(255), info=_REF),
    # The provider's objects of attempts that failed, which say nothing of the attempt of now.
    Column("spent_refs", Json(), nullable=False, info=_REF),
    Column("failure", Text(60)),
    Column("created_at", Moment(), nullable=False),
    Column("touched_at", Moment(), nullable=False),
    Column("completed_at", Moment()),
    one_of("state", RefundState),
    UniqueConstraint("key"),
    UniqueConstraint("payment_id", "provider_ref"),
    CheckConstraint("amount_minor > 0", name="amount_whole"),
    CheckConstraint("attempt >= 1", name="attempt_whole"),
    CheckConstraint("(state = 'completed') = (completed_at IS NOT NULL)", name="completed_when"),
    Index("payments_refund_state_touched_at_ix", "state", "touched_at"),
    **STRICT,
)

method = Table(
    "payments_method",
    tables,
    Column("id", Text(40), primary_key=True),
    Column("account_id", Whole(), nullable=False, info=_KEPT_BY),
    Column("route", Text(120), nullable=False),
    Column("key", Text(255), info=_KEPT),
    Column("fingerprint", Text(64), nullable=False),
    Column("replays", Whole(), nullable=False),
    Column("provider", Text(20), nullable=False),
    Column("method", Choice(PaymentMethod), nullable=False),
    Column("state", Choice(MethodState), nullable=False),
    Column("token", Text(255), info=_TOKEN),
    Column("customer", Text(255), info=_TOKEN),
    Column("brand", Text(40), info=_KEPT),
    Column("last4", Text(4), info=_KEPT),
    Column("expires", Text(7), info=_KEPT),
    Column("refusal", Text(60), info=_KEPT),
    Column("created_at", Moment(), nullable=False),
    one_of("method", PaymentMethod),
    one_of("state", MethodState),
    UniqueConstraint("account_id", "route", "key"),
    CheckConstraint("(state = 'kept') = (token IS NOT NULL)", name="kept_by_token"),
    **STRICT,
)

message = Table(
    "payments_message",
    tables,
    # One row for every message of a provider's that was worked on: it is written with what it changed.
    Column("provider", Text(20), primary_key=True),
    Column("event_id", Text(255), primary_key=True),
    Column("kind", Text(120), nullable=False),
    Column("ref", Text(255), info=_REF),
    Column("payment_id", Text(40)),
    Column("outcome", Text(20), nullable=False),
    Column("at", Moment(), nullable=False),
    Column("received_at", Moment(), nullable=False),
    CheckConstraint("outcome IN ('applied', 'nothing_new', 'ignored', 'alert')", name="outcome_known"),
    Index("payments_message_received_at_ix", "received_at"),
    **STRICT,
)

case_ = Table(
    "payments_case",
    tables,
    Column("id", Text(40), primary_key=True),
    Column("kind", Choice(CaseKind), nullable=False),
    Column("state", Choice(CaseState), nullable=False),
    # No foreign key: a provider may hold money for a payment this database does not know, after a restored backup.
    Column("payment_id", Text(40), nullable=False),
    Column("hold_id", Text(40), nullable=False),
    Column("reference", Text(40)),
    Column("outcome", Text(60), nullable=False),
    Column("detail", Text(500), nullable=False),
    Column("opened_at", Moment(), nullable=False),
    Column("closed_at", Moment()),
    one_of("kind", CaseKind),
    one_of("state", CaseState),
    UniqueConstraint("payment_id", "kind"),
    CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name="closed_when"),
    Index("payments_case_state_opened_at_ix", "state", "opened_at"),
    **STRICT,
)

transfer = Table(
    "payments_transfer",
    tables,
    # Appended and never changed. A row takes from one account what it gives to another, so no row can be unbalanced.
    Column("seq", Whole(), primary_key=True, autoincrement=True),
    Column("key", Text(120), nullable=False),
    Column("leg", Whole(), nullable=False),
    Column("kind", Choice(TransferKind), nullable=False),
    Column("debit", Text(80), nullable=False, info=_PARTY),
    Column("credit", Text(80), nullable=False, info=_PARTY),
    Column("amount_minor", Whole(), nullable=False),
    Column("currency", Text(3), nullable=False),
    Column("payment_id", Text(40), ForeignKey("payments_payment.id"), nullable=False),
    Column("refund_id", Text(40), ForeignKey("payments_refund.id")),
    Column("reference", Text(40)),
    Column("at", Moment(), nullable=False),
    one_of("kind", TransferKind),
    UniqueConstraint("key", "leg"),
    CheckConstraint("amount_minor > 0", name="amount_whole"),
    CheckConstraint("debit <> credit", name="two_accounts"),
    CheckConstraint("(kind IN ('refund', 'returned')) = (refund_id IS NOT NULL)", name="refund_named"),
    Index("payments_transfer_at_ix", "at"),
    Index("payments_transfer_reference_ix", "reference"),
    Index("payments_transfer_debit_at_ix", "debit", "at"),
    Index("payments_transfer_credit_at_ix", "credit", "at"),
    Index("payments_transfer_payment_id_ix", "payment_id"),
    **STRICT,
)

report = Table(
    "payments_report",
    tables,
    Column("id", Whole(), primary_key=True, autoincrement=True),
    Column("started_at", Moment(), nullable=False),
    Column("duration_ms", Whole(), nullable=False),
    Column("payments", Whole(), nullable=False),
    Column("refunds", Whole(), nullable=False),
    Column("transfers", Whole(), nullable=False),
    Column("breaches", Json(), nullable=False),
    **STRICT,
)

outbox = Outbox("payments", tables)
activity = Activity("payments", tables)
