"""Booking: requests to book, payments, late bookings, and every owner of a trip."""

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

from holdfast.booking.rules import BOOKING_MOVES
from holdfast.kit.db import alterations, guards
from holdfast.kit.db.tables import STRICT
from holdfast.kit.db.types import Moment, Text, Whole

revision = "booking_0002"
down_revision = "booking_0001"
branch_labels = None
depends_on = None

_PAGE = 1000


def upgrade() -> None:
    _alter_hold()
    _alter_booking()
    _create_owner()
    for table, key in (("booking_quote", "id"), ("booking_hold", "id"), ("booking_booking", "number")):
        _renew_items(table, key)


def downgrade() -> None:
    # The columns go with their tables: the only way down is to the base.
    op.drop_table("booking_owner")


def _alter_hold() -> None:
    table = "booking_hold"
    op.add_column(table, sa.Column("waited_at", Moment()))
    op.add_column(table, sa.Column("request_number", Whole()))
    op.add_column(table, sa.Column("late_of", Text(40)))
    op.add_column(table, sa.Column("change_id", Text(40)))
    op.add_column(table, sa.Column("payable_minor", Whole()))
    alterations.change_check(
        op,
        table,
        "booking_hold_guest_quoted_ck",
        old="(kind = 'guest') = (quote_id IS NOT NULL)",
        new="(kind = 'guest') = (COALESCE(quote_id, change_id) IS NOT NULL)",
    )
    alterations.add_check(op, table, "booking_hold_guest_requests_ck", "request_number IS NULL OR kind = 'guest'")
    alterations.add_check(op, table, "booking_hold_late_direct_ck", "late_of IS NULL OR kind = 'direct'")
    alterations.add_check(op, table, "booking_hold_payable_whole_ck", "payable_minor >= 0")
    op.create_index("booking_hold_late_of_ix", table, ["late_of"], unique=True)
    alterations.add_reference(op, table, "booking_hold_late_of_fk", "late_of", to=("booking_hold", "id"))


def _alter_booking() -> None:
    table = "booking_booking"
    op.add_column(table, sa.Column("payment_id", Text(40)))
    op.add_column(table, sa.Column("confirmed_by", Text(32), nullable=False, server_default="guest"))
    op.add_column(table, sa.Column("decide_by", Moment()))
    op.add_column(table, sa.Column("decided_at", Moment()))
    alterations.change_check(
        op,
        table,
        "booking_booking_state_known_ck",
        old="state IN ('confirmed', 'cancelled')",
        new="state IN ('requested', 'confirmed', 'cancelled', 'declined')",
    )
    for name, condition in (
        ("confirmed_by_known", "confirmed_by IN ('guest', 'payment')"),
        ("request_open", "state <> 'requested' OR (decide_by IS NOT NULL AND decided_at IS NULL)"),
        ("declined_decided", "state <> 'declined' OR decided_at IS NOT NULL"),
        ("decided_asked", "decided_at IS NULL OR decide_by IS NOT NULL"),
    ):
        alterations.add_check(op, table, f"booking_booking_{name}_ck", condition)
    guards.drop(op, table, "booking_booking_state_moves")
    moves = [(old, new) for old in BOOKING_MOVES for new in sorted(BOOKING_MOVES[old])]
    guards.transitions(op, table, "state", moves)


def _create_owner() -> None:
    op.create_table(
        "booking_owner",
        sa.Column("owner_id", Whole(), autoincrement=False, nullable=False),
        sa.Column("number", Whole(), autoincrement=False, nullable=False),
        sa.Column("accepted_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["number"], ["booking_booking.number"], name=op.f("booking_owner_number_fk")),
        sa.PrimaryKeyConstraint("owner_id", "number"),
        **STRICT,
    )
    op.create_index("booking_owner_number_ix", "booking_owner", ["number"], unique=False)
    bind = op.get_bind()
    after = -1
    read = sa.text("SELECT number, items FROM booking_booking WHERE number > :after ORDER BY number LIMIT :page")
    write = sa.text("INSERT INTO booking_owner (owner_id, number) VALUES (:owner_id, :number)")
    while page := bind.execute(read, {"after": after, "page": _PAGE}).all():
        found = [
            {"owner_id": owner_id, "number": number}
            for number, items in page
            for owner_id in sorted({item["owner_id"] for item in _plain(items)})
        ]
        bind.execute(write, found)
        after = page[-1].number
    op.drop_index("booking_booking_owner_id_number_ix", "booking_booking")


def _renew_items(table: str, key: str) -> None:
    """Bring the policies kept with stays into their present form: one share of all becomes that share of each kind."""
    bind = op.get_bind()
    turn = "CAST(:items AS jsonb)" if bind.dialect.name == "postgresql" else ":items"
    read = sa.text(
        f"SELECT {key}, items FROM {table} WHERE {key} > :after ORDER BY {key} LIMIT :page"  # noqa: S608 - our names
    )
    write = sa.text(f"UPDATE {table} SET items = {turn} WHERE {key} = :key")  # noqa: S608 - our names
    after: Any = "" if key == "id" else -1
    while page := bind.execute(read, {"after": after, "page": _PAGE}).all():
        renewed = []
        for row in page:
            items = _plain(row.items)
            if any([_renewed(item["policy"]) for item in items if "policy" in item]):  # noqa: C419 - every one of them
                renewed.append({"key": row[0], "items": json.dumps(items, separators=(",", ":"))})
        if renewed:
            bind.execute(write, renewed)
        after = page[-1][0]


def _plain(stored: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(stored) if isinstance(stored, str) else stored
    return found


def _renewed(policy: dict[str, Any]) -> bool:
    """Change a policy in place; return whether it had the old form."""
    old = [window for window in policy["windows"] if "refund_bp" in window]
    for window in old:
        share = window.pop("refund_bp")
        window["shares"] = {"nights_bp": share, "cleaning_bp": share, "service_bp": share}
    return bool(old)
