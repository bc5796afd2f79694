"""Adjustments, discounts for early and late booking, pets, the service fee, and how a home is booked and paid."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from holdfast.kit.db import alterations
from holdfast.kit.db.types import Flag, Text, Whole

revision = "catalog_0002"
down_revision = "catalog_0001"
branch_labels = None
depends_on = None

_TABLE = "catalog_property"


def upgrade() -> None:
    columns: tuple[sa.Column[Any], ...] = (
        sa.Column("adjustments", Text(2500), nullable=False, server_default="[]"),
        sa.Column("early_bird", Text(300), nullable=False, server_default="[]"),
        sa.Column("last_minute", Text(300), nullable=False, server_default="[]"),
        sa.Column("pets_max", Whole(), nullable=False, server_default="0"),
        sa.Column("pet_minor", Whole(), nullable=False, server_default="0"),
        sa.Column("service_bp", Whole(), nullable=False, server_default="0"),
        sa.Column("instant", Flag(), nullable=False, server_default=sa.true()),
        sa.Column("pay_at_property", Flag(), nullable=False, server_default=sa.true()),
    )
    for column in columns:
        op.add_column(_TABLE, column)
    length = "length" if op.get_bind().dialect.name == "sqlite" else "char_length"
    for column_name, most in (("adjustments", 2500), ("early_bird", 300), ("last_minute", 300)):
        condition = f"{length}({column_name}) BETWEEN 2 AND {most}"
        alterations.add_check(op, _TABLE, f"{_TABLE}_{column_name}_length_ck", condition)
    for column_name, most in (("pets_max", 20), ("pet_minor", 10**11), ("service_bp", 3000)):
        condition = f"{column_name} BETWEEN 0 AND {most}"
        alterations.add_check(op, _TABLE, f"{_TABLE}_{column_name}_range_ck", condition)
    _widen_policy(length)


def _widen_policy(length: str) -> None:
    if length != "length":
        op.alter_column(_TABLE, "policy", existing_type=Text(1000), type_=Text(2000), existing_nullable=False)
    alterations.change_check(
        op,
        _TABLE,
        f"{_TABLE}_policy_length_ck",
        old=f"{length}(policy) BETWEEN 2 AND 1000",
        new=f"{length}(policy) BETWEEN 2 AND 2000",
    )


def downgrade() -> None:
    # The columns go with their table: the only way down is to the base.
    pass
