"""The rows of properties. The limits are those of `rules`: the database refuses what the service would."""

from typing import Final

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Table, true

from holdfast.catalog.api import SERVICE_BP_MAX, PropertyKind
from holdfast.catalog.models.base import OWNED, PLACED, PUBLISHED, between, length, price, tables
from holdfast.catalog.rules import limits as rules
from holdfast.engine.money import BASIS_POINTS
from holdfast.kit.db.tables import STRICT, one_of
from holdfast.kit.db.types import Choice, Day, Flag, Json, Moment, Real, Text, Whole
from holdfast.verticals.stays import STAY_NIGHTS_MAX

DISCOUNTS_TEXT_MAX: Final = 500
AHEAD_TEXT_MAX: Final = 300
ADJUSTMENTS_TEXT_MAX: Final = 2500
POLICY_TEXT_MAX: Final = 2000
_LAST_MINUTE = 24 * 60 - 1

property_ = Table(
    "catalog_property",
    tables,
    Column("id", Whole(), primary_key=True, autoincrement=True),
    Column("owner_id", Whole(), nullable=False, info=OWNED),
    Column("version", Whole(), nullable=False),
    Column("listed", Flag(), nullable=False),
    Column("name", Text(rules.NAME_MAX), nullable=False, info=PUBLISHED),
    Column("description", Text(rules.TEXT_MAX), nullable=False, info=PUBLISHED),
    Column("house_rules", Text(rules.HOUSE_RULES_MAX), nullable=False, info=PUBLISHED),
    Column("address", Text(rules.ADDRESS_MAX), nullable=False, info=PUBLISHED),
    Column("neighbourhood", Text(rules.ADDRESS_MAX), nullable=False, info=PUBLISHED),
    Column("city", Text(rules.CITY_MAX), nullable=False, info=PLACED),
    Column("country", Text(2), nullable=False, info=PLACED),
    Column("latitude", Real(), nullable=False, info=PUBLISHED),
    Column("longitude", Real(), nullable=False, info=PUBLISHED),
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
    Column("notes", Json(), nullable=False, info=PUBLISHED),
    Column("units", Whole(), nullable=False),
    Column("unit_names", Json(), nullable=False),
    Column("created_at", Moment(), nullable=False),
    Column("changed_at", Moment(), nullable=False),
    CheckConstraint("version >= 1", name="version_positive"),
    length("name", 1, rules.NAME_MAX),
    length("description", 0, rules.TEXT_MAX),
    length("house_rules", 0, rules.HOUSE_RULES_MAX),
    length("address", 1, rules.ADDRESS_MAX),
    length("neighbourhood", 0, rules.ADDRESS_MAX),
    length("city", 1, rules.CITY_MAX),
    length("country", 2, 2),
    length("currency", 3, 3),
    length("zone", 1, rules.ZONE_MAX),
    length("discounts", 2, DISCOUNTS_TEXT_MAX),
    length("policy", 2, POLICY_TEXT_MAX),
    length("adjustments", 2, ADJUSTMENTS_TEXT_MAX),
    length("early_bird", 2, AHEAD_TEXT_MAX),
    length("last_minute", 2, AHEAD_TEXT_MAX),
    between("pets_max", 0, rules.PETS_MAX),
    price("pet_minor"),
    between("service_bp", 0, SERVICE_BP_MAX),
    between("latitude", -90, 90),
    between("longitude", -180, 180),
    one_of("kind", PropertyKind),
    between("bedrooms", 0, rules.ROOMS_MAX),
    between("beds", 0, rules.ROOMS_MAX),
    between("bathrooms", 0, rules.ROOMS_MAX),
    price("base_minor"),
    price("weekend_minor"),
    price("cleaning_minor"),
    price("extra_guest_minor"),
    between("guests_max", 1, rules.GUESTS_MAX),
    between("guests_included", 1, "guests_max"),
    between("tax_bp", 0, BASIS_POINTS),
    CheckConstraint("min_nights >= 1", name="min_nights_positive"),
    between("max_nights", "min_nights", STAY_NIGHTS_MAX),
    between("check_in_minute", 0, _LAST_MINUTE),
    between("check_out_minute", 0, _LAST_MINUTE),
    between("advance_notice_days", 0, rules.NOTICE_DAYS_MAX),
    between("booking_window_days", "advance_notice_days", rules.BOOKING_WINDOW_DAYS_MAX),
    between("preparation_nights", 0, rules.PREPARATION_NIGHTS_MAX),
    between("rating", 0, rules.RATING_MAX),
    CheckConstraint("reviews >= 0", name="reviews_positive"),
    between("units", 1, rules.UNITS_MAX),
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
    price("price_minor"),
    between("min_nights", 1, STAY_NIGHTS_MAX),
    between("max_nights", 1, STAY_NIGHTS_MAX),
    CheckConstraint("min_nights <= max_nights", name="nights_ordered"),
    **STRICT,
)
"""What differs on one night. A night without a row is ordinary."""
