"""Booking: room for notes of diets that are sealed. Those that are there stay readable until they are next written."""

from alembic import op

from holdfast.kit.db.types import Text

revision = "booking_0008"
down_revision = "booking_0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A text of SQLite has no length.
    if op.get_bind().dialect.name != "sqlite":
        op.alter_column("booking_note", "dietary", existing_type=Text(500), type_=Text(2_800), existing_nullable=True)


def downgrade() -> None:
    # What is sealed would not fit: the only way down is to the base.
    pass
