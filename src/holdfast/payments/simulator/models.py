"""The books of the simulator. Nothing in them is ever changed or taken back; the queue and the faults are not books."""

from sqlalchemy import CheckConstraint, Column, Index, MetaData, Table, UniqueConstraint

from holdfast.kit.db.tables import STRICT, module_tables, one_of
from holdfast.kit.db.types import Choice, Json, Moment, Real, Text, Whole
from holdfast.payments.simulator.records import Kind, Movement

tables: MetaData = module_tables("simulator")

request = Table(
    "simulator_request",
    tables,
    Column("seq", Whole(), primary_key=True),
    Column("at", Moment(), nullable=False),
    Column("operation", Text(40), nullable=False),
    Column("path", Text(300), nullable=False),
    Column("key", Text(255)),
    Column("kept_key", Text(255)),
    Column("fingerprint", Text(64), nullable=False),
    Column("fault", Text(40)),
    Column("status", Whole()),
    Column("answer", Json()),
    UniqueConstraint("kept_key"),
    # A key is kept with the effect and the answer, or not at all.
    CheckConstraint("kept_key IS NULL OR (kept_key = key AND answer IS NOT NULL)", name="kept_whole"),
    **STRICT,
)
"""Every request that asked for a change, with what it was answered. What a key is kept with is its effect."""

change = Table(
    "simulator_change",
    tables,
    Column("seq", Whole(), primary_key=True),
    Column("kind", Choice(Kind), nullable=False),
    Column("object_id", Text(60), nullable=False),
    Column("version", Whole(), nullable=False),
    Column("parent", Text(60)),
    Column("external", Text(100)),
    Column("what", Text(40), nullable=False),
    Column("state", Json(), nullable=False),
    Column("at", Moment(), nullable=False),
    UniqueConstraint("kind", "object_id", "version"),
    CheckConstraint("version >= 1", name="version_counts"),
    one_of("kind", Kind),
    Index("simulator_change_external_ix", "kind", "external"),
    Index("simulator_change_parent_ix", "kind", "parent"),
    **STRICT,
)
"""Every object as it stood after each change of it."""

movement = Table(
    "simulator_movement",
    tables,
    Column("seq", Whole(), primary_key=True),
    Column("kind", Choice(Movement), nullable=False),
    Column("payment", Text(60), nullable=False),
    Column("ref", Text(60), nullable=False),
    Column("amount", Whole(), nullable=False),
    Column("currency", Text(3), nullable=False),
    Column("at", Moment(), nullable=False),
    # One authorization and one capture of a payment, one refund of a refund.
    UniqueConstraint("kind", "ref"),
    CheckConstraint("amount > 0", name="amount_moves"),
    one_of("kind", Movement),
    Index("simulator_movement_payment_ix", "payment"),
    **STRICT,
)
"""The money."""

message = Table(
    "simulator_message",
    tables,
    Column("seq", Whole(), primary_key=True),
    Column("id", Text(60), nullable=False),
    Column("kind", Text(40), nullable=False),
    Column("payment", Text(60), nullable=False),
    Column("body", Text(4_000), nullable=False),
    Column("at", Moment(), nullable=False),
    UniqueConstraint("id"),
    Index("simulator_message_payment_ix", "payment"),
    **STRICT,
)
"""What the merchant is told."""

delivery = Table(
    "simulator_delivery",
    tables,
    Column("seq", Whole(), primary_key=True),
    Column("message_id", Text(60), nullable=False),
    Column("manner", Text(20), nullable=False),
    Column("status", Whole()),
    Column("at", Moment(), nullable=False),
    Index("simulator_delivery_message_ix", "message_id"),
    **STRICT,
)
"""How often it was sent, and what came back."""

BOOKS = (request, change, movement, message, delivery)

queue = Table(
    "simulator_queue",
    tables,
    Column("seq", Whole(), primary_key=True),
    Column("task", Text(20), nullable=False),
    Column("ref", Text(60), nullable=False),
    Column("manner", Text(20), nullable=False),
    Column("attempts", Whole(), nullable=False),
    Column("next_at", Moment(), nullable=False),
    Index("simulator_queue_next_at_ix", "next_at"),
    **STRICT,
)
"""What is still to be done: messages to send, refunds to settle, disputes to open."""

fault = Table(
    "simulator_fault",
    tables,
    Column("seq", Whole(), primary_key=True),
    Column("id", Text(60), nullable=False),
    Column("operation", Text(40), nullable=False),
    Column("what", Text(40), nullable=False),
    Column("payment", Text(100)),
    Column("skip", Whole(), nullable=False),
    Column("times", Whole(), nullable=False),
    Column("seconds", Real(), nullable=False),
    Column("struck", Whole(), nullable=False),
    Column("at", Moment(), nullable=False),
    UniqueConstraint("id"),
    CheckConstraint("skip >= 0 AND times >= 0 AND struck >= 0", name="counts"),
    **STRICT,
)
"""Faults that were asked for. Whom they struck stands with the requests."""
