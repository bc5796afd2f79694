"""Restaurants with their tables, services and special days."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.sql.schema import SchemaItem

from holdfast.kit.db.tables import STRICT
from holdfast.kit.db.types import Day, Flag, Json, Moment, Real, Text, Whole

revision = "catalog_0003"
down_revision = "catalog_0002"
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
    op.create_table("catalog_restaurant", *_restaurant_columns(), *_restaurant_checks("catalog_restaurant"), **STRICT)
    op.create_index(op.f("catalog_restaurant_owner_id_id_ix"), "catalog_restaurant", ["owner_id", "id"])
    _create_table()
    _create_service()
    _create_special_day()


def _restaurant_columns() -> list[SchemaItem]:
    return [
        sa.Column("id", Whole(), autoincrement=True),
        sa.Column("owner_id", Whole(), nullable=False),
        sa.Column("version", Whole(), nullable=False),
        sa.Column("listed", Flag(), nullable=False),
        sa.Column("name", Text(120), nullable=False),
        sa.Column("description", Text(5000), nullable=False),
        sa.Column("address", Text(200), nullable=False),
        sa.Column("neighbourhood", Text(200), nullable=False),
        sa.Column("city", Text(100), nullable=False),
        sa.Column("country", Text(2), nullable=False),
        sa.Column("latitude", Real(), nullable=False),
        sa.Column("longitude", Real(), nullable=False),
        sa.Column("phone", Text(30)),
        sa.Column("email", Text(254)),
        sa.Column("website", Text(500)),
        sa.Column("cuisines", Json(), nullable=False),
        sa.Column("price_level", Whole(), nullable=False),
        sa.Column("cards", Json(), nullable=False),
        sa.Column("images", Json(), nullable=False),
        sa.Column("videos", Json(), nullable=False),
        sa.Column("currency", Text(3), nullable=False),
        sa.Column("zone", Text(64), nullable=False),
        sa.Column("combinations", Json(), nullable=False),
        sa.Column("turn_times", Json(), nullable=False),
        sa.Column("securities", Json(), nullable=False),
        sa.Column("policy", Json(), nullable=False),
        sa.Column("slots_min", Whole(), nullable=False),
        sa.Column("slots_max", Whole(), nullable=False),
        sa.Column("party_max", Whole(), nullable=False),
        sa.Column("notice_minutes", Whole(), nullable=False),
        sa.Column("booking_window_days", Whole(), nullable=False),
        sa.Column("tax_bp", Whole(), nullable=False),
        sa.Column("rating", Real()),
        sa.Column("reviews", Whole(), nullable=False),
        sa.Column("notes", Json(), nullable=False),
        sa.Column("changed_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("catalog_restaurant_pk")),
    ]


def _restaurant_checks(table: str) -> list[sa.CheckConstraint]:
    return [
        _check(table, "version_positive", "version >= 1"),
        _length(table, "name", 1, 120),
        _length(table, "description", 0, 5000),
        _length(table, "address", 1, 200),
        _length(table, "neighbourhood", 0, 200),
        _length(table, "city", 1, 100),
        _length(table, "country", 2, 2),
        _between(table, "latitude", -90, 90),
        _between(table, "longitude", -180, 180),
        _length(table, "phone", 5, 30),
        _length(table, "email", 1, 254),
        _length(table, "website", 1, 500),
        _between(table, "price_level", 1, 4),
        _length(table, "currency", 3, 3),
        _length(table, "zone", 1, 64),
        _between(table, "slots_min", 1, "slots_max"),
        _between(table, "slots_max", 1, 96),
        _between(table, "party_max", 1, 100),
        _between(table, "notice_minutes", 0, 43_200),
        _between(table, "booking_window_days", 0, 730),
        _check(table, "notice_within_window", "notice_minutes < (booking_window_days + 1) * 1440"),
        _between(table, "tax_bp", 0, 10_000),
        _between(table, "rating", 0, 5),
        _between(table, "reviews", 0, 10**9),
    ]


def _of_restaurant(table: str, *key: str) -> list[SchemaItem]:
    """Return what ties a table to restaurants: its first column is already part of the key."""
    return [
        sa.PrimaryKeyConstraint("restaurant_id", *key, name=op.f(f"{table}_pk")),
        sa.ForeignKeyConstraint(["restaurant_id"], ["catalog_restaurant.id"], name=op.f(f"{table}_restaurant_id_fk")),
    ]


def _restaurant_id() -> sa.Column[Any]:
    return sa.Column("restaurant_id", Whole(), autoincrement=False, nullable=False)


def _create_table() -> None:
    table = "catalog_table"
    op.create_table(
        table,
        _restaurant_id(),
        sa.Column("code", Text(20), nullable=False),
        sa.Column("place", Whole(), nullable=False),
        sa.Column("area", Text(40), nullable=False),
        sa.Column("seats_min", Whole(), nullable=False),
        sa.Column("seats_max", Whole(), nullable=False),
        sa.Column("online", Flag(), nullable=False),
        *_of_restaurant(table, "code"),
        _length(table, "code", 1, 20),
        _between(table, "place", 0, 1000),
        _length(table, "area", 1, 40),
        _between(table, "seats_min", 1, "seats_max"),
        _between(table, "seats_max", 1, 100),
        **STRICT,
    )


def _create_service() -> None:
    table = "catalog_service"
    op.create_table(
        table,
        _restaurant_id(),
        sa.Column("code", Text(40), nullable=False),
        sa.Column("place", Whole(), nullable=False),
        sa.Column("name", Text(60), nullable=False),
        sa.Column("weekdays", Whole(), nullable=False),
        sa.Column("first_quarter", Whole(), nullable=False),
        sa.Column("last_quarter", Whole(), nullable=False),
        sa.Column("covers_per_slot", Whole()),
        sa.Column("parties_per_slot", Whole()),
        sa.Column("present_max", Whole()),
        sa.Column("online_bp", Whole(), nullable=False),
        *_of_restaurant(table, "code"),
        _length(table, "code", 1, 40),
        _between(table, "place", 0, 1000),
        _length(table, "name", 1, 60),
        _between(table, "weekdays", 0, 127),
        _between(table, "first_quarter", 0, "last_quarter"),
        _between(table, "last_quarter", 0, 95),
        _between(table, "covers_per_slot", 1, 10_000),
        _between(table, "parties_per_slot", 1, 10_000),
        _between(table, "present_max", 1, 10_000),
        _between(table, "online_bp", 0, 10_000),
        **STRICT,
    )


def _create_special_day() -> None:
    table = "catalog_special_day"
    op.create_table(
        table,
        _restaurant_id(),
        sa.Column("day", Day(), nullable=False),
        sa.Column("services", Json(), nullable=False),
        sa.Column("note", Text(200), nullable=False),
        *_of_restaurant(table, "day"),
        _length(table, "note", 0, 200),
        **STRICT,
    )


def downgrade() -> None:
    op.drop_table("catalog_special_day")
    op.drop_table("catalog_service")
    op.drop_table("catalog_table")
    op.drop_table("catalog_restaurant")
