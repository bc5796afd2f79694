"""The read model of search: what is filtered by, what is shown, and numbers for names."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.sql.schema import SchemaItem

from holdfast.catalog.api import PropertyKind
from holdfast.kit.db.tables import STRICT
from holdfast.kit.db.types import Choice, Flag, Json, Real, Text, Whole

revision = "search_0001"
down_revision = None
branch_labels = None
depends_on = None

_NIGHT_WORDS = 14
_AMENITY_WORDS = 4


def upgrade() -> None:
    op.create_table("search_stay", *_stay_columns(), *_stay_rules(), **STRICT)
    for name, first, second in (
        ("place", "latitude", "longitude"),
        ("standing", "standing", "property_id"),
        ("base_minor", "base_minor", "property_id"),
        ("rated", "rated", "property_id"),
        ("first_word", "first_word", "property_id"),
    ):
        op.create_index(op.f(f"search_stay_{name}_ix"), "search_stay", [first, second])
    op.create_table("search_face", *_face_columns(), **STRICT)
    op.create_table(
        "search_area",
        sa.Column("number", Whole(), autoincrement=False),
        sa.Column("neighbourhood", Text(200), nullable=False),
        sa.Column("city", Text(100), nullable=False),
        sa.Column("places", Text(1000), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("search_area_pk")),
        sa.UniqueConstraint("neighbourhood", "city", name=op.f("search_area_neighbourhood_city_uq")),
        **STRICT,
    )
    op.create_table(
        "search_amenity",
        sa.Column("number", Whole(), autoincrement=False),
        sa.Column("code", Text(100), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("search_amenity_pk")),
        sa.UniqueConstraint("code", name=op.f("search_amenity_code_uq")),
        **STRICT,
    )
    op.create_table(
        "search_cursor",
        sa.Column("name", Text(80)),
        sa.Column("epoch", Whole(), nullable=False),
        sa.Column("seq", Whole(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("search_cursor_pk")),
        **STRICT,
    )


def downgrade() -> None:
    for name in ("cursor", "amenity", "area", "face", "stay"):
        op.drop_table(f"search_{name}")


def _stay_columns() -> list[SchemaItem]:
    return [
        sa.Column("property_id", Whole(), autoincrement=False),
        sa.Column("listed", Flag(), nullable=False),
        *_wholes("guests_max", "min_nights", "max_nights", "notice_days", "window_days", "first_word"),
        *_wholes(*[f"w{word:02d}" for word in range(_NIGHT_WORDS)]),
        *_wholes("base_minor"),
        *_reals("latitude", "longitude"),
        *_wholes("standing"),
        *_reals("rated"),
        *_wholes(*[f"am{word:02d}" for word in range(_AMENITY_WORDS)]),
        *_wholes("area"),
        *_reals("ux", "uy", "uz"),
        *_wholes("preparation_nights", "facts_stamp", "stock_stamp"),
        sa.Column("kind", Choice(PropertyKind), nullable=False),
    ]


def _stay_rules() -> list[SchemaItem]:
    return [
        sa.PrimaryKeyConstraint("property_id", name=op.f("search_stay_pk")),
        _kind_known("search_stay"),
        sa.CheckConstraint("max_nights >= min_nights", name=op.f("search_stay_nights_ordered_ck")),
    ]


def _face_columns() -> list[SchemaItem]:
    return [
        sa.Column("property_id", Whole(), autoincrement=False),
        sa.Column("haystack", Text(1000), nullable=False),
        sa.Column("amenity_numbers", Text(1000), nullable=False),
        sa.Column("name", Text(120), nullable=False),
        sa.Column("kind", Choice(PropertyKind), nullable=False),
        sa.Column("neighbourhood", Text(200), nullable=False),
        sa.Column("city", Text(100), nullable=False),
        *_reals("latitude", "longitude"),
        *_wholes("guests_max", "bedrooms", "beds"),
        *_reals("bathrooms"),
        sa.Column("amenities", Json(), nullable=False),
        sa.Column("rating", Real()),
        *_wholes("reviews", "base_minor"),
        sa.Column("currency", Text(3), nullable=False),
        sa.PrimaryKeyConstraint("property_id", name=op.f("search_face_pk")),
        _kind_known("search_face"),
    ]


def _wholes(*names: str) -> list[SchemaItem]:
    return [sa.Column(name, Whole(), nullable=False) for name in names]


def _reals(*names: str) -> list[SchemaItem]:
    return [sa.Column(name, Real(), nullable=False) for name in names]


def _kind_known(table: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(
        "kind IN ('entire_home', 'private_room', 'shared_room', 'hotel_room')", name=op.f(f"{table}_kind_known_ck")
    )
