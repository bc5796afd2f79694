"""The rows of the catalog. The limits are those of `rules`: the database refuses what the service would."""

from typing import Final

from sqlalchemy import CheckConstraint, Column, ColumnElement, ForeignKey, Index, Table, func, true
from sqlalchemy import column as sa_column

from holdfast.catalog import rules
from holdfast.catalog.api import SERVICE_BP_MAX, PropertyKind
from holdfast.engine.money import BASIS_POINTS
from holdfast.kit.db.tables import STRICT, module_tables, one_of
from holdfast.kit.db.types import Choice, Day, Flag, Json, Moment, Real, Text, Whole
from holdfast.kit.outbox import Outbox
from holdfast.verticals.stays import STAY_NIGHTS_MAX

DISCOUNTS_TEXT_MAX: Final = 500
AHEAD_TEXT_MAX: Final = 300
ADJUSTMENTS_TEXT_MAX: Final = 2500
POLICY_TEXT_MAX: Final = 2000
_LAST_MINUTE = 24 * 60 - 1

tables: Final = module_tables("catalog")


def _between(column: str, least: int | str, most: int | str) -> CheckConstraint:
    return CheckConstraint(f"{column} BETWEEN {least} AND {most}", name=f"{column}_range")


def _price(column: str) -> CheckConstraint:
    return _between(column, 0, rules.PRICE_MAX_MINOR)


def _length(column: str, least: int, most: int) -> CheckConstraint:
    characters: ColumnElement[int] = func.char_length(sa_column(column, Text(most)))
    return CheckConstraint(characters.between(least, most), name=f"{column}_length")


property_ = Table(
    "catalog_property",
    tables,
    Column("id", Whole(), primary_key=True, autoincrement=True),
    Column("owner_id", Whole(), nullable=False),
    Column("version", Whole(), nullable=False),
    Column("listed", Flag(), nullable=False),
    Column("name", Text(rules.NAME_MAX), nullable=False),
    Column("description", Text(rules.TEXT_MAX), nullable=False),
    Column("house_rules", Text(rules.HOUSE_RULES_MAX), nullable=False),
    Column("address", Text(rules.ADDRESS_MAX), nullable=False),
    Column("neighbourhood", Text(rules.ADDRESS_MAX), nullable=False),
    Column("city", Text(rules.CITY_MAX), nullable=False),
    Column("country", Text(2), nullable=False),
    Column("latitude", Real(), nullable=False),
    Column("longitude", Real(), nullable=False),
    Column("kind", Choice(PropertyKind), nullable=False),
    Column("bedrooms", Whole(), nullable=False),
    Column("beds", Whole(), nullable=False),
    Column("bathrooms", Real(), nullable=False),
    Column("amenities", Json(), nullable=False),
    Column("currency", Text(3), nullable=False),
    Column("zone", Text(rules.ZONE_MAX), nullable=False),
    Column("base_minor", Whole(), nullable=False),
    Column("weekend_minor", Whole()),
    Column("cleaning_minor", Whole(), nullable=False),
    Column("extra_guest_minor", Whole(), nullable=False),
    Column("guests_included", Whole(), nullable=False),
    Column("guests_max", Whole(), nullable=False),
    Column("tax_bp", Whole(), nullable=False),
    # Discounts, adjustments and policy are JSON kept as text: every quote reads them, and equal text is decoded once.
    Column("discounts", Text(DISCOUNTS_TEXT_MAX), nullable=False),
    Column("min_nights", Whole(), nullable=False),
    Column("max_nights", Whole(), nullable=False),
    Column("check_in_minute", Whole(), nullable=False),
    Column("check_out_minute", Whole(), nullable=False),
    Column("advance_notice_days", Whole(), nullable=False),
    Column("booking_window_days", Whole(), nullable=False),
    Column("preparation_nights", Whole(), nullable=False),
    Column("policy", Text(POLICY_TEXT_MAX), nullable=False),
    Column("adjustments", Text(ADJUSTMENTS_TEXT_MAX), nullable=False, server_default="[]"),
    Column("early_bird", Text(AHEAD_TEXT_MAX), nullable=False, server_default="[]"),
    Column("last_minute", Text(AHEAD_TEXT_MAX), nullable=False, server_default="[]"),
    Column("pets_max", Whole(), nullable=False, server_default="0"),
    Column("pet_minor", Whole(), nullable=False, server_default="0"),
    Column("service_bp", Whole(), nullable=False, server_default="0"),
    Column("instant", Flag(), nullable=False, server_default=true()),
    Column("pay_at_property", Flag(), nullable=False, server_default=true()),
    Column("rating", Real()),
    Column("reviews", Whole(), nullable=False),
    Column("notes", Json(), nullable=False),
    Column("units", Whole(), nullable=False),
    Column("unit_names", Json(), nullable=False),
    Column("created_at", Moment(), nullable=False),
    Column("changed_at", Moment(), nullable=False),
    CheckConstraint("version >= 1", name="version_positive"),
    _length("name", 1, rules.NAME_MAX),
    _length("description", 0, rules.TEXT_MAX),
    _length("house_rules", 0, rules.HOUSE_RULES_MAX),
    _length("address", 1, rules.ADDRESS_MAX),
    _length("neighbourhood", 0, rules.ADDRESS_MAX),
    _length("city", 1, rules.CITY_MAX),
    _length("country", 2, 2),
    _length("currency", 3, 3),
    _length("zone", 1, rules.ZONE_MAX),
    _length("discounts", 2, DISCOUNTS_TEXT_MAX),
    _length("policy", 2, POLICY_TEXT_MAX),
    _length("adjustments", 2, ADJUSTMENTS_TEXT_MAX),
    _length("early_bird", 2, AHEAD_TEXT_MAX),
    _length("last_minute", 2, AHEAD_TEXT_MAX),
    _between("pets_max", 0, rules.PETS_MAX),
    _price("pet_minor"),
    _between("service_bp", 0, SERVICE_BP_MAX),
    _between("latitude", -90, 90),
    _between("longitude", -180, 180),
    one_of("kind", PropertyKind),
    _between("bedrooms", 0, rules.ROOMS_MAX),
    _between("beds", 0, rules.ROOMS_MAX),
    _between("bathrooms", 0, rules.ROOMS_MAX),
    _price("base_minor"),
    _price("weekend_minor"),
    _price("cleaning_minor"),
    _price("extra_guest_minor"),
    _between("guests_max", 1, rules.GUESTS_MAX),
    _between("guests_included", 1, "guests_max"),
    _between("tax_bp", 0, BASIS_POINTS),
    CheckConstraint("min_nights >= 1", name="min_nights_positive"),
    _between("max_nights", "min_nights", STAY_NIGHTS_MAX),
    _between("check_in_minute", 0, _LAST_MINUTE),
    _between("check_out_minute", 0, _LAST_MINUTE),
    _between("advance_notice_days", 0, rules.NOTICE_DAYS_MAX),
    _between("booking_window_days", "advance_notice_days", rules.BOOKING_WINDOW_DAYS_MAX),
    _between("preparation_nights", 0, rules.PREPARATION_NIGHTS_MAX),
    _between("rating", 0, rules.RATING_MAX),
    CheckConstraint("reviews >= 0", name="reviews_positive"),
    _between("units", 1, rules.UNITS_MAX),
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
    _between("min_nights", 1, STAY_NIGHTS_MAX),
    _between("max_nights", 1, STAY_NIGHTS_MAX),
    CheckConstraint("min_nights <= max_nights", name="nights_ordered"),
    **STRICT,
)
"""What differs on one night. A night without a row is ordinary."""

outbox: Final = Outbox("catalog", tables)
