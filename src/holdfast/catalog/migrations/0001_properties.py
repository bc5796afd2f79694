"""Properties, the nights that differ, and the catalog's outbox."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.sql.schema import SchemaItem

from holdfast.catalog.api import PropertyKind
from holdfast.kit.db.tables import STRICT
from holdfast.kit.db.types import Choice, Day, Flag, Json, Moment, Real, Text, Whole

revision = "catalog_0001"
down_revision = None
branch_labels = None
depends_on = None


def _check(table: str, name: str, sql: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(sql, name=op.f(f"{table}_{name}_ck"))


def _between(table: str, column: str, least: int | str, most: int | str) -> sa.CheckConstraint:
    return _check(table, f"{column}_range", f"{column} BETWEEN {least} AND {most}")


def _length(table: str, column: str, least: int, most: int) -> sa.CheckConstraint:
    return sa.CheckConstraint(
        sa.func.char_length(sa.column(column, Text(most))).between(least, most),
        name=op.f(f"{table}_{column}_length_ck"),
    )


def upgrade() -> None:
    op.create_table("catalog_property", *_property_columns(), *_property_checks("catalog_property"), **STRICT)
    op.create_index(op.f("catalog_property_owner_id_id_ix"), "catalog_property", ["owner_id", "id"])
    _create_night()
    _create_outbox()


def _property_columns() -> list[SchemaItem]:
    return [
        sa.Column("id", Whole(), autoincrement=True),
        sa.Column("owner_id", Whole(), nullable=False),
        sa.Column("version", Whole(), nullable=False),
        sa.Column("listed", Flag(), nullable=False),
        sa.Column("name", Text(120), nullable=False),
        sa.Column("description", Text(5000), nullable=False),
        sa.Column("house_rules", Text(3000), nullable=False),
        sa.Column("address", Text(200), nullable=False),
        sa.Column("neighbourhood", Text(200), nullable=False),
        sa.Column("city", Text(100), nullable=False),
        sa.Column("country", Text(2), nullable=False),
        sa.Column("latitude", Real(), nullable=False),
        sa.Column("longitude", Real(), nullable=False),
        sa.Column("kind", Choice(PropertyKind), nullable=False),
        sa.Column("bedrooms", Whole(), nullable=False),
        sa.Column("beds", Whole(), nullable=False),
        sa.Column("bathrooms", Real(), nullable=False),
        sa.Column("amenities", Json(), nullable=False),
        sa.Column("currency", Text(3), nullable=False),
        sa.Column("zone", Text(64), nullable=False),
        sa.Column("base_minor", Whole(), nullable=False),
        sa.Column("weekend_minor", Whole()),
        sa.Column("cleaning_minor", Whole(), nullable=False),
        sa.Column("extra_guest_minor", Whole(), nullable=False),
        sa.Column("guests_included", Whole(), nullable=False),
        sa.Column("guests_max", Whole(), nullable=False),
        sa.Column("tax_bp", Whole(), nullable=False),
        sa.Column("discounts", Text(500), nullable=False),
        sa.Column("min_nights", Whole(), nullable=False),
        sa.Column("max_nights", Whole(), nullable=False),
        sa.Column("check_in_minute", Whole(), nullable=False),
        sa.Column("check_out_minute", Whole(), nullable=False),
        sa.Column("advance_notice_days", Whole(), nullable=False),
        sa.Column("booking_window_days", Whole(), nullable=False),
        sa.Column("preparation_nights", Whole(), nullable=False),
        sa.Column("policy", Text(1000), nullable=False),
        sa.Column("rating", Real()),
        sa.Column("reviews", Whole(), nullable=False),
        sa.Column("notes", Json(), nullable=False),
        sa.Column("units", Whole(), nullable=False),
        sa.Column("unit_names", Json(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("changed_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("catalog_property_pk")),
    ]


def _property_checks(table: str) -> list[sa.CheckConstraint]:
    return [
        _check(table, "version_positive", "version >= 1"),
        _length(table, "name", 1, 120),
        _length(table, "description", 0, 5000),
        _length(table, "house_rules", 0, 3000),
        _length(table, "address", 1, 200),
        _length(table, "neighbourhood", 0, 200),
        _length(table, "city", 1, 100),
        _length(table, "country", 2, 2),
        _length(table, "currency", 3, 3),
        _length(table, "zone", 1, 64),
        _length(table, "discounts", 2, 500),
        _length(table, "policy", 2, 1000),
        _between(table, "latitude", -90, 90),
        _between(table, "longitude", -180, 180),
        _check(table, "kind_known", "kind IN ('entire_home', 'private_room', 'shared_room', 'hotel_room')"),
        _between(table, "bedrooms", 0, 100),
        _between(table, "beds", 0, 100),
        _between(table, "bathrooms", 0, 100),
        _between(table, "base_minor", 0, 10**11),
        _between(table, "weekend_minor", 0, 10**11),
        _between(table, "cleaning_minor", 0, 10**11),
        _between(table, "extra_guest_minor", 0, 10**11),
        _between(table, "guests_max", 1, 50),
        _between(table, "guests_included", 1, "guests_max"),
        _between(table, "tax_bp", 0, 10_000),
        _check(table, "min_nights_positive", "min_nights >= 1"),
        _between(table, "max_nights", "min_nights", 365),
        _between(table, "check_in_minute", 0, 1439),
        _between(table, "check_out_minute", 0, 1439),
        _between(table, "advance_notice_days", 0, 365),
        _between(table, "booking_window_days", "advance_notice_days", 730),
        _between(table, "preparation_nights", 0, 30),
        _between(table, "rating", 0, 5),
        _check(table, "reviews_positive", "reviews >= 0"),
        _between(table, "units", 1, 10_000),
    ]


def _create_night() -> None:
    table = "catalog_night"
    op.create_table(
        table,
        sa.Column("property_id", Whole(), autoincrement=False, nullable=False),
        sa.Column("night", Day(), nullable=False),
        sa.Column("price_minor", Whole()),
        sa.Column("min_nights", Whole()),
        sa.Column("max_nights", Whole()),
        sa.Column("closed_to_arrival", Flag(), nullable=False),
        sa.Column("closed_to_departure", Flag(), nullable=False),
        sa.PrimaryKeyConstraint("property_id", "night", name=op.f("catalog_night_pk")),
        sa.ForeignKeyConstraint(["property_id"], ["catalog_property.id"], name=op.f("catalog_night_property_id_fk")),
        _between(table, "price_minor", 0, 10**11),
        _between(table, "min_nights", 1, 365),
        _between(table, "max_nights", 1, 365),
        _check(table, "nights_ordered", "min_nights <= max_nights"),
        **STRICT,
    )


def _create_outbox() -> None:
    op.create_table(
        "catalog_outbox",
        sa.Column("seq", Whole(), autoincrement=True),
        sa.Column("epoch", Whole(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("kind", Text(80), nullable=False),
        sa.Column("payload", Json(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("catalog_outbox_pk")),
        sqlite_autoincrement=True,
        **STRICT,
    )
    op.create_index("catalog_outbox_position_ix", "catalog_outbox", ["epoch", "seq"])
    head = op.create_table(
        "catalog_outbox_head",
        sa.Column("id", Whole(), autoincrement=False, nullable=False),
        sa.Column("last", Whole(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("catalog_outbox_head_pk")),
        **STRICT,
    )
    op.bulk_insert(head, [{"id": 1, "last": 0}])


def downgrade() -> None:
    op.drop_table("catalog_outbox_head")
    op.drop_table("catalog_outbox")
    op.drop_table("catalog_night")
    op.drop_table("catalog_property")
