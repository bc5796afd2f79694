"""The rows of restaurants. The limits are those of `rules`: the database refuses what the service would.

Times and lengths are kept in quarters of an hour, so that nothing between them can be written.
"""

from typing import Any, Final

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Table

from holdfast.catalog.models.base import OWNED, PLACED, PUBLISHED, between, length, tables
from holdfast.catalog.rules import dining
from holdfast.catalog.rules import limits as rules
from holdfast.catalog.rules import restaurants as said
from holdfast.engine.money import BASIS_POINTS
from holdfast.kit.db.tables import STRICT
from holdfast.kit.db.types import Day, Flag, Json, Moment, Real, Text, Whole
from holdfast.verticals.dining.terms import PARTY_MAX, SLOT_MINUTES, SLOTS_A_DAY

_PLACE_MAX: Final = 1_000
_EVERY_DAY: Final = 2**dining.WEEKDAYS - 1

restaurant = Table(
    "catalog_restaurant",
    tables,
    Column("id", Whole(), primary_key=True, autoincrement=True),
    Column("owner_id", Whole(), nullable=False, info=OWNED),
    Column("version", Whole(), nullable=False),
    Column("listed", Flag(), nullable=False),
    Column("name", Text(rules.NAME_MAX), nullable=False, info=PUBLISHED),
    Column("description", Text(rules.TEXT_MAX), nullable=False, info=PUBLISHED),
    Column("address", Text(rules.ADDRESS_MAX), nullable=False, info=PUBLISHED),
    Column("neighbourhood", Text(rules.ADDRESS_MAX), nullable=False, info=PUBLISHED),
    Column("city", Text(rules.CITY_MAX), nullable=False, info=PLACED),
    Column("country", Text(2), nullable=False, info=PLACED),
    Column("latitude", Real(), nullable=False, info=PUBLISHED),
    Column("longitude", Real(), nullable=False, info=PUBLISHED),
    Column("phone", Text(said.PHONE_MAX), info=PUBLISHED),
    Column("email", Text(said.EMAIL_MAX), info=PUBLISHED),
    Column("website", Text(said.URL_MAX), info=PUBLISHED),
    Column("cuisines", Json(), nullable=False),
    Column("price_level", Whole(), nullable=False),
    Column("cards", Json(), nullable=False),
    Column("images", Json(), nullable=False, info=PUBLISHED),
    Column("videos", Json(), nullable=False, info=PUBLISHED),
    Column("currency", Text(3), nullable=False),
    Column("zone", Text(rules.ZONE_MAX), nullable=False),
    # Lists that are only ever read whole.
    Column("combinations", Json(), nullable=False),
    Column("turn_times", Json(), nullable=False),
    Column("securities", Json(), nullable=False),
    Column("policy", Json(), nullable=False),
    Column("slots_min", Whole(), nullable=False),
    Column("slots_max", Whole(), nullable=False),
    Column("party_max", Whole(), nullable=False),
    Column("notice_minutes", Whole(), nullable=False),
    Column("booking_window_days", Whole(), nullable=False),
    Column("tax_bp", Whole(), nullable=False),
    Column("rating", Real()),
    Column("reviews", Whole(), nullable=False),
    Column("notes", Json(), nullable=False, info=PUBLISHED),
    Column("changed_at", Moment(), nullable=False),
    CheckConstraint("version >= 1", name="version_positive"),
    length("name", 1, rules.NAME_MAX),
    length("description", 0, rules.TEXT_MAX),
    length("address", 1, rules.ADDRESS_MAX),
    length("neighbourhood", 0, rules.ADDRESS_MAX),
    length("city", 1, rules.CITY_MAX),
    length("country", 2, 2),
    between("latitude", -90, 90),
    between("longitude", -180, 180),
    length("phone", said.PHONE_MIN, said.PHONE_MAX),
    length("email", 1, said.EMAIL_MAX),
    length("website", 1, said.URL_MAX),
    between("price_level", 1, said.PRICE_LEVEL_MAX),
    length("currency", 3, 3),
    length("zone", 1, rules.ZONE_MAX),
    between("slots_min", 1, "slots_max"),
    between("slots_max", 1, dining.MINUTES_MAX // SLOT_MINUTES),
    between("party_max", 1, PARTY_MAX),
    between("notice_minutes", 0, dining.NOTICE_MINUTES_MAX),
    between("booking_window_days", 0, rules.BOOKING_WINDOW_DAYS_MAX),
    CheckConstraint("notice_minutes < (booking_window_days + 1) * 1440", name="notice_within_window"),
    between("tax_bp", 0, BASIS_POINTS),
    between("rating", 0, rules.RATING_MAX),
    between("reviews", 0, said.REVIEWS_MAX),
    Index(None, "owner_id", "id"),
    **STRICT,
)
"""What an owner says of a restaurant. `owner_id` is an account, of which only accounts knows more."""


def _of_restaurant(table: str) -> Column[Any]:
    return Column(
        "restaurant_id",
        Whole(),
        ForeignKey("catalog_restaurant.id", name=f"{table}_restaurant_id_fk"),
        primary_key=True,
        autoincrement=False,
    )


dining_table = Table(
    "catalog_table",
    tables,
    _of_restaurant("catalog_table"),
    Column("code", Text(dining.TABLE_CODE_MAX), primary_key=True),
    Column("place", Whole(), nullable=False),
    Column("area", Text(rules.CODE_MAX), nullable=False),
    Column("seats_min", Whole(), nullable=False),
    Column("seats_max", Whole(), nullable=False),
    Column("online", Flag(), nullable=False),
    length("code", 1, dining.TABLE_CODE_MAX),
    between("place", 0, _PLACE_MAX),
    length("area", 1, rules.CODE_MAX),
    between("seats_min", 1, "seats_max"),
    between("seats_max", 1, PARTY_MAX),
    **STRICT,
)
"""One table of a room; `place` is its place in what the owner said."""

service = Table(
    "catalog_service",
    tables,
    _of_restaurant("catalog_service"),
    Column("code", Text(rules.CODE_MAX), primary_key=True),
    Column("place", Whole(), nullable=False),
    Column("name", Text(dining.SERVICE_NAME_MAX), nullable=False),
    Column("weekdays", Whole(), nullable=False),
    Column("first_quarter", Whole(), nullable=False),
    Column("last_quarter", Whole(), nullable=False),
    Column("covers_per_slot", Whole()),
    Column("parties_per_slot", Whole()),
    Column("present_max", Whole()),
    Column("online_bp", Whole(), nullable=False),
    length("code", 1, rules.CODE_MAX),
    between("place", 0, _PLACE_MAX),
    length("name", 1, dining.SERVICE_NAME_MAX),
    between("weekdays", 0, _EVERY_DAY),
    between("first_quarter", 0, "last_quarter"),
    between("last_quarter", 0, SLOTS_A_DAY - 1),
    between("covers_per_slot", 1, dining.PACING_MAX),
    between("parties_per_slot", 1, dining.PACING_MAX),
    between("present_max", 1, dining.PACING_MAX),
    between("online_bp", 0, BASIS_POINTS),
    **STRICT,
)
"""Hours of a restaurant. `weekdays` has a bit for each, Monday's the lowest."""

special_day = Table(
    "catalog_special_day",
    tables,
    _of_restaurant("catalog_special_day"),
    Column("day", Day(), primary_key=True),
    Column("services", Json(), nullable=False),
    Column("note", Text(dining.NOTE_MAX), nullable=False),
    length("note", 0, dining.NOTE_MAX),
    **STRICT,
)
"""A date that is not as its weekday is."""
