"""The rows of the catalog. The limits are those of `rules`: the database refuses what the service would."""

from typing import Final

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Table

from holdfast.catalog.api import PropertyKind
from holdfast.kit.db.tables import STRICT, module_tables, one_of
from holdfast.kit.db.types import Choice, Day, Flag, Json, Moment, Real, Text, Whole
from holdfast.kit.outbox import Outbox

tables: Final = module_tables("catalog")


def _between(column: str, least: int, most: int) -> CheckConstraint:
    return CheckConstraint(f"{column} BETWEEN {least} AND {most}", name=f"{column}_range")


def _price(column: str) -> CheckConstraint:
    return _between(column, 0, 100_000_000_000)


property_ = Table(
    "catalog_property",
    tables,
    Column("id", Whole(), primary_key=True, autoincrement=True),
    Column("owner_id", Whole(), nullable=False),
    Column("version", Whole(), nullable=False),
    Column("listed", Flag(), nullable=False),
    Column("name", Text(120), nullable=False),
    Column("description", Text(5000), nullable=False),
    Column("house_rules", Text(3000), nullable=False),
    Column("address", Text(200), nullable=False),
    Column("neighbourhood", Text(200), nullable=False),
    Column("city", Text(100), nullable=False),
    Column("country", Text(2), nullable=False),
    Column("latitude", Real(), nullable=False),
    Column("longitude", Real(), nullable=False),
    Column("kind", Choice(PropertyKind), nullable=False),
    Column("bedrooms", Whole(), nullable=False),
    Column("beds", Whole(), nullable=False),
    Column("bathrooms", Real(), nullable=False),
    Column("amenities", Json(), nullable=False),
    Column("currency", Text(3), nullable=False),
    Column("zone", Text(64), nullable=False),
    Column("base_minor", Whole(), nullable=False),
    Column("weekend_minor", Whole()),
    Column("cleaning_minor", Whole(), nullable=False),
    Column("extra_guest_minor", Whole(), nullable=False),
    Column("guests_included", Whole(), nullable=False),
    Column("guests_max", Whole(), nullable=False),
    Column("tax_bp", Whole(), nullable=False),
    # Discounts and policy are JSON kept as text: every quote reads them, and equal text is decoded only once.
    Column("discounts", Text(500), nullable=False),
    Column("min_nights", Whole(), nullable=False),
    Column("max_nights", Whole(), nullable=False),
    Column("check_in_minute", Whole(), nullable=False),
    Column("check_out_minute", Whole(), nullable=False),
    Column("advance_notice_days", Whole(), nullable=False),
    Column("booking_window_days", Whole(), nullable=False),
    Column("preparation_nights", Whole(), nullable=False),
    Column("policy", Text(1000), nullable=False),
    Column("rating", Real()),
    Column("reviews", Whole(), nullable=False),
    Column("notes", Json(), nullable=False),
    Column("units", Whole(), nullable=False),
    Column("unit_names", Json(), nullable=False),
    Column("created_at", Moment(), nullable=False),
    Column("changed_at", Moment(), nullable=False),
    CheckConstraint("version >= 1", name="version_positive"),
    CheckConstraint("name <> ''", name="name_given"),
    CheckConstraint("address <> ''", name="address_given"),
    CheckConstraint("city <> ''", name="city_given"),
    CheckConstraint("length(country) = 2", name="country_length"),
    CheckConstraint("length(currency) = 3", name="currency_length"),
    CheckConstraint("zone <> ''", name="zone_given"),
    _between("latitude", -90, 90),
    _between("longitude", -180, 180),
    one_of("kind", PropertyKind),
    _between("bedrooms", 0, 100),
    _between("beds", 0, 100),
    _between("bathrooms", 0, 100),
    _price("base_minor"),
    _price("weekend_minor"),
    _price("cleaning_minor"),
    _price("extra_guest_minor"),
    _between("guests_max", 1, 50),
    CheckConstraint("guests_included BETWEEN 1 AND guests_max", name="guests_included_range"),
    _between("tax_bp", 0, 10_000),
    CheckConstraint("min_nights >= 1", name="min_nights_positive"),
    CheckConstraint("max_nights BETWEEN min_nights AND 365", name="max_nights_range"),
    _between("check_in_minute", 0, 1439),
    _between("check_out_minute", 0, 1439),
    _between("advance_notice_days", 0, 365),
    CheckConstraint("booking_window_days BETWEEN advance_notice_days AND 730", name="booking_window_days_range"),
    _between("preparation_nights", 0, 30),
    _between("rating", 0, 5),
    CheckConstraint("reviews >= 0", name="reviews_positive"),
    _between("units", 1, 10_000),
    Index(None, "owner_id", "id"),
    **STRICT,
)
"""What an owner says of a property. `owner_id` is an account, of which only accounts knows more."""

night = Table(
    "catalog_night",
    tables,
    Column(
        "property_id",
        Whole(),
        ForeignKey("catalog_property.id", name="catalog_night_property_id_fk"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("night", Day(), primary_key=True),
    Column("price_minor", Whole()),
    Column("min_nights", Whole()),
    Column("max_nights", Whole()),
    Column("closed_to_arrival", Flag(), nullable=False),
    Column("closed_to_departure", Flag(), nullable=False),
    _price("price_minor"),
    _between("min_nights", 1, 365),
    _between("max_nights", 1, 365),
    CheckConstraint("min_nights <= max_nights", name="nights_ordered"),
    **STRICT,
)
"""What differs on one night. A night without a row is ordinary."""

outbox: Final = Outbox("catalog", tables)
