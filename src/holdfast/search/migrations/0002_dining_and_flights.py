"""Search: restaurants and when parties can come; flights and what is left of them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.sql.schema import SchemaItem

from holdfast.kit.db.tables import STRICT
from holdfast.kit.db.types import Day, Flag, Json, Real, Text, Whole

revision = "search_0002"
down_revision = "search_0001"
branch_labels = None
depends_on = None

_STARTS = 2_400


def upgrade() -> None:
    _create_dining()
    _create_flights()


def downgrade() -> None:
    for name in ("leg", "sold_as", "airport", "dining_day", "dining_week", "restaurant"):
        op.drop_table(f"search_{name}")


def _create_dining() -> None:
    op.create_table(
        "search_restaurant",
        sa.Column("restaurant_id", Whole(), autoincrement=False),
        *_wholes("stamp"),
        sa.Column("listed", Flag(), nullable=False),
        *_wholes("price_level", "standing"),
        *_reals("rated", "latitude", "longitude"),
        *_wholes("notice_minutes", "window_days"),
        *_texts(zone=64, sizes=100, cuisines=1_000, places=1_000, haystack=1_000),
        *_texts(name=120, neighbourhood=200, city=100),
        sa.Column("image", Text(500)),
        sa.Column("rating", Real()),
        *_wholes("reviews"),
        sa.PrimaryKeyConstraint("restaurant_id", name=op.f("search_restaurant_pk")),
        **STRICT,
    )
    op.create_table(
        "search_dining_week",
        sa.Column("restaurant_id", Whole(), autoincrement=False),
        sa.Column("weekday", Whole(), autoincrement=False),
        *_texts(starts=_STARTS),
        sa.PrimaryKeyConstraint("restaurant_id", "weekday", name=op.f("search_dining_week_pk")),
        _of_restaurant("search_dining_week"),
        sa.CheckConstraint("weekday BETWEEN 0 AND 6", name=op.f("search_dining_week_weekday_range_ck")),
        **STRICT,
    )
    op.create_table(
        "search_dining_day",
        sa.Column("day", Day()),
        sa.Column("restaurant_id", Whole(), autoincrement=False),
        *_texts(starts=_STARTS),
        sa.PrimaryKeyConstraint("day", "restaurant_id", name=op.f("search_dining_day_pk")),
        _of_restaurant("search_dining_day"),
        **STRICT,
    )
    op.create_index(op.f("search_dining_day_restaurant_id_ix"), "search_dining_day", ["restaurant_id"])


def _create_flights() -> None:
    op.create_table(
        "search_airport",
        sa.Column("airport_id", Whole(), autoincrement=False),
        *_texts(iata=3, name=100, city=100, country=2, zone=64),
        *_wholes("min_connection_minutes"),
        *_texts(places=1_000),
        sa.PrimaryKeyConstraint("airport_id", name=op.f("search_airport_pk")),
        **STRICT,
    )
    op.create_index(op.f("search_airport_iata_ix"), "search_airport", ["iata"])
    op.create_table(
        "search_sold_as",
        sa.Column("number", Whole(), autoincrement=False),
        *_texts(digest=64),
        sa.Column("content", Json(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("search_sold_as_pk")),
        sa.UniqueConstraint("digest", name=op.f("search_sold_as_digest_uq")),
        **STRICT,
    )
    op.create_table(
        "search_leg",
        sa.Column("flight_id", Whole(), autoincrement=False),
        *_wholes("stamp"),
        sa.Column("canceled", Flag(), nullable=False),
        *_wholes("owner_id", "airplane_id", "origin_id", "destination_id"),
        *_wholes("departs", "arrives", "closes", "departs_wall", "arrives_wall"),
        *_texts(airline=2),
        *_wholes("sold_as"),
        *_texts(rooms=1_000, number=7, airline_name=100, equipment=10),
        sa.PrimaryKeyConstraint("flight_id", name=op.f("search_leg_pk")),
        sa.CheckConstraint("arrives >= departs", name=op.f("search_leg_times_ordered_ck")),
        **STRICT,
    )
    for end in ("origin_id", "destination_id"):
        op.create_index(op.f(f"search_leg_{end}_departs_ix"), "search_leg", [end, "departs"])


def _of_restaurant(table: str) -> SchemaItem:
    return sa.ForeignKeyConstraint(
        ["restaurant_id"], ["search_restaurant.restaurant_id"], name=op.f(f"{table}_restaurant_id_fk")
    )


def _wholes(*names: str) -> list[SchemaItem]:
    return [sa.Column(name, Whole(), nullable=False) for name in names]


def _reals(*names: str) -> list[SchemaItem]:
    return [sa.Column(name, Real(), nullable=False) for name in names]


def _texts(**lengths: int) -> list[SchemaItem]:
    return [sa.Column(name, Text(length), nullable=False) for name, length in lengths.items()]
