"""Booking: stock of tables and flights beside that of properties."""

from alembic import op

from holdfast.kit.db import alterations
from holdfast.kit.db.types import Whole

revision = "booking_0004"
down_revision = "booking_0003"
branch_labels = None
depends_on = None

_TABLE = "booking_resource"


def upgrade() -> None:
    alterations.allow_null(op, _TABLE, "property_id", Whole())
    alterations.add_check(
        op, _TABLE, "booking_resource_stay_of_property_ck", "(property_id IS NOT NULL) = (SUBSTR(id, 1, 5) = 'stay:')"
    )
    alterations.add_check(op, _TABLE, "booking_resource_unit_of_property_ck", "unit IS NULL OR property_id IS NOT NULL")


def downgrade() -> None:
    # The resources go with their table: the only way down is to the base.
    pass
