"""The rows of cities, airports, airplanes, fares, schedules and dated flights, tied together by foreign keys.

What can be deleted has ids that are never given again, which SQLite has to be told.
"""

from typing import Final

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Table, UniqueConstraint

from holdfast.catalog.models.base import OWNED, between, length, tables
from holdfast.catalog.rules import airplanes, places
from holdfast.catalog.rules import flights as rules
from holdfast.catalog.rules.limits import ZONE_MAX
from holdfast.kit.db.tables import STRICT
from holdfast.kit.db.types import Day, Flag, Json, Moment, Real, Text, Whole

_LAST_MINUTE: Final = 24 * 60 - 1
_EVERY_DAY: Final = 2**7 - 1


def _refers(column: str, table: str, *, nullable: bool = False) -> Column[int]:
    return Column(column, Whole(), ForeignKey(f"catalog_{table}.id"), nullable=nullable)


city = Table(
    "catalog_city",
    tables,
    Column("id", Whole(), primary_key=True, autoincrement=True),
    Column("version", Whole(), nullable=False),
    Column("name", Text(places.NAME_MAX), nullable=False),
    Column("country", Text(2), nullable=False),
    Column("zone", Text(ZONE_MAX)),
    Column("changed_at", Moment(), nullable=False),
    CheckConstraint("version >= 1", name="version_positive"),
    length("name", 1, places.NAME_MAX),
    length("country", 2, 2),
    length("zone", 1, ZONE_MAX),
    Index(None, "country", "id"),
    sqlite_autoincrement=True,
    **STRICT,
)
"""A city, which has airports."""

airport = Table(
    "catalog_airport",
    tables,
    Column("id", Whole(), primary_key=True, autoincrement=True),
    Column("version", Whole(), nullable=False),
    _refers("city_id", "city"),
    Column("iata", Text(3), nullable=False),
    Column("icao", Text(4)),
    Column("name", Text(places.NAME_MAX), nullable=False),
    Column("latitude", Real(), nullable=False),
    Column("longitude", Real(), nullable=False),
    Column("zone", Text(ZONE_MAX), nullable=False),
    Column("min_connection_minutes", Whole(), nullable=False),
    Column("changed_at", Moment(), nullable=False),
    CheckConstraint("version >= 1", name="version_positive"),
    length("iata", 3, 3),
    length("icao", 4, 4),
    length("name", 1, places.NAME_MAX),
    between("latitude", -90, 90),
    between("longitude", -180, 180),
    length("zone", 1, ZONE_MAX),
    between("min_connection_minutes", 0, places.CONNECTION_MINUTES_MAX),
    UniqueConstraint("iata"),
    Index(None, "city_id", "id"),
    sqlite_autoincrement=True,
    **STRICT,
)
"""An airport of a city."""

airplane = Table(
    "catalog_airplane",
    tables,
    Column("id", Whole(), primary_key=True, autoincrement=True),
    Column("owner_id", Whole(), nullable=False, info=OWNED),
    Column("version", Whole(), nullable=False),
    Column("name", Text(airplanes.AIRPLANE_NAME_MAX), nullable=False),
    Column("equipment", Text(airplanes.EQUIPMENT_MAX), nullable=False),
    Column("layout", Json(), nullable=False),
    Column("changed_at", Moment(), nullable=False),
    CheckConstraint("version >= 1", name="version_positive"),
    length("name", 1, airplanes.AIRPLANE_NAME_MAX),
    length("equipment", airplanes.EQUIPMENT_MIN, airplanes.EQUIPMENT_MAX),
    UniqueConstraint("owner_id", "name"),
    Index(None, "owner_id", "id"),
    sqlite_autoincrement=True,
    **STRICT,
)
"""An airplane of an airline with its cabins. `owner_id` is an account, of which only accounts knows more."""

generation = Table(
    "catalog_generation",
    tables,
    Column("id", Whole(), primary_key=True, autoincrement=False),
    Column("number", Whole(), nullable=False),
    CheckConstraint("id = 1", name="single"),
    **STRICT,
)
"""One row: how often a city, an airport or an airplane changed or went, for readers who keep copies of them."""

fare = Table(
    "catalog_fare",
    tables,
    Column("id", Whole(), primary_key=True, autoincrement=True),
    Column("digest", Text(64), nullable=False),
    Column("content", Json(), nullable=False),
    length("digest", 64, 64),
    UniqueConstraint("digest"),
    sqlite_autoincrement=True,
    **STRICT,
)
"""What flights are sold for, written once for all flights that are sold alike, and never changed. Kept while used."""

schedule = Table(
    "catalog_schedule",
    tables,
    Column("id", Whole(), primary_key=True, autoincrement=True),
    Column("owner_id", Whole(), nullable=False, info=OWNED),
    Column("version", Whole(), nullable=False),
    Column("number", Text(rules.NUMBER_MAX), nullable=False),
    Column("airline_name", Text(rules.NAME_MAX), nullable=False),
    _refers("origin_id", "airport"),
    _refers("destination_id", "airport"),
    _refers("airplane_id", "airplane"),
    _refers("fare_id", "fare"),
    Column("weekdays", Whole(), nullable=False),
    Column("first_day", Day(), nullable=False),
    Column("last_day", Day(), nullable=False),
    Column("departs_minute", Whole(), nullable=False),
    Column("minutes", Whole(), nullable=False),
    Column("changed_at", Moment(), nullable=False),
    CheckConstraint("version >= 1", name="version_positive"),
    length("number", rules.NUMBER_MIN, rules.NUMBER_MAX),
    length("airline_name", 1, rules.NAME_MAX),
    CheckConstraint("origin_id <> destination_id", name="ends_differ"),
    between("weekdays", 1, _EVERY_DAY),
    CheckConstraint("first_day <= last_day", name="dates_ordered"),
    between("departs_minute", 0, _LAST_MINUTE),
    between("minutes", rules.FLIGHT_MINUTES_MIN, rules.FLIGHT_MINUTES_MAX),
    Index(None, "owner_id", "id"),
    Index(None, "origin_id"),
    Index(None, "destination_id"),
    Index(None, "airplane_id"),
    Index(None, "fare_id"),
    sqlite_autoincrement=True,
    **STRICT,
)
"""A flight that comes again. `weekdays` has a bit for each, Monday's the lowest."""

flight = Table(
    "catalog_flight",
    tables,
    Column("id", Whole(), primary_key=True, autoincrement=True),
    Column("owner_id", Whole(), nullable=False, info=OWNED),
    Column("version", Whole(), nullable=False),
    _refers("schedule_id", "schedule", nullable=True),
    Column("number", Text(rules.NUMBER_MAX), nullable=False),
    Column("airline_name", Text(rules.NAME_MAX), nullable=False),
    _refers("origin_id", "airport"),
    _refers("destination_id", "airport"),
    _refers("airplane_id", "airplane"),
    _refers("fare_id", "fare"),
    Column("day", Day(), nullable=False),
    Column("departs_minute", Whole(), nullable=False),
    Column("minutes", Whole(), nullable=False),
    Column("canceled", Flag(), nullable=False),
    Column("offered", Flag(), nullable=False),
    Column("changed_at", Moment(), nullable=False),
    CheckConstraint("version >= 1", name="version_positive"),
    length("number", rules.NUMBER_MIN, rules.NUMBER_MAX),
    length("airline_name", 1, rules.NAME_MAX),
    CheckConstraint("origin_id <> destination_id", name="ends_differ"),
    between("departs_minute", 0, _LAST_MINUTE),
    between("minutes", rules.FLIGHT_MINUTES_MIN, rules.FLIGHT_MINUTES_MAX),
    UniqueConstraint("number", "day", "origin_id", "owner_id"),
    UniqueConstraint("schedule_id", "day"),
    Index(None, "owner_id", "id"),
    Index(None, "origin_id", "destination_id", "day"),
    # Both ends here as well: MariaDB chooses by the destination, and would read all that arrives there.
    Index(None, "destination_id", "origin_id", "day"),
    Index(None, "airplane_id"),
    Index(None, "fare_id"),
    sqlite_autoincrement=True,
    **STRICT,
)
"""A dated flight. `minutes` are real ones: when it arrives follows from them and the zones of both ends."""
