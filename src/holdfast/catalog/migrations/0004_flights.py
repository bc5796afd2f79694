"""Cities, airports, airplanes, fares, schedules and dated flights."""

import sqlalchemy as sa
from alembic import op

from holdfast.kit.db.tables import STRICT
from holdfast.kit.db.types import Day, Flag, Json, Moment, Real, Text, Whole

revision = "catalog_0004"
down_revision = "catalog_0003"
branch_labels = None
depends_on = None


def _check(table: str, name: str, sql: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(sql, name=op.f(f"{table}_{name}_ck"))


def _between(table: str, column: str, least: int, most: int) -> sa.CheckConstraint:
    return _check(table, f"{column}_range", f"{column} BETWEEN {least} AND {most}")


def _length(table: str, column: str, least: int, most: int) -> sa.CheckConstraint:
    return sa.CheckConstraint(
        sa.func.char_length(sa.column(column, Text(most))).between(least, most),
        name=op.f(f"{table}_{column}_length_ck"),
    )


def _refers(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"catalog_{to}.id"], name=op.f(f"{table}_{column}_fk"))


def _unique(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=op.f(f"{table}_{'_'.join(columns)}_uq"))


def _index(table: str, *columns: str) -> None:
    op.create_index(op.f(f"{table}_{'_'.join(columns)}_ix"), table, list(columns))


def upgrade() -> None:
    _create_city()
    _create_airport()
    _create_airplane()
    _create_generation()
    _create_fare()
    _create_schedule()
    _create_flight()


def _create_city() -> None:
    table = "catalog_city"
    op.create_table(
        table,
        sa.Column("id", Whole(), autoincrement=True),
        sa.Column("version", Whole(), nullable=False),
        sa.Column("name", Text(100), nullable=False),
        sa.Column("country", Text(2), nullable=False),
        sa.Column("zone", Text(64)),
        sa.Column("changed_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"{table}_pk")),
        _check(table, "version_positive", "version >= 1"),
        _length(table, "name", 1, 100),
        _length(table, "country", 2, 2),
        _length(table, "zone", 1, 64),
        sqlite_autoincrement=True,
        **STRICT,
    )
    _index(table, "country", "id")


def _create_airport() -> None:
    table = "catalog_airport"
    op.create_table(
        table,
        sa.Column("id", Whole(), autoincrement=True),
        sa.Column("version", Whole(), nullable=False),
        sa.Column("city_id", Whole(), nullable=False),
        sa.Column("iata", Text(3), nullable=False),
        sa.Column("icao", Text(4)),
        sa.Column("name", Text(100), nullable=False),
        sa.Column("latitude", Real(), nullable=False),
        sa.Column("longitude", Real(), nullable=False),
        sa.Column("zone", Text(64), nullable=False),
        sa.Column("min_connection_minutes", Whole(), nullable=False),
        sa.Column("changed_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"{table}_pk")),
        _refers(table, "city_id", "city"),
        _check(table, "version_positive", "version >= 1"),
        _length(table, "iata", 3, 3),
        _length(table, "icao", 4, 4),
        _length(table, "name", 1, 100),
        _between(table, "latitude", -90, 90),
        _between(table, "longitude", -180, 180),
        _length(table, "zone", 1, 64),
        _between(table, "min_connection_minutes", 0, 600),
        _unique(table, "iata"),
        sqlite_autoincrement=True,
        **STRICT,
    )
    _index(table, "city_id", "id")


def _create_airplane() -> None:
    table = "catalog_airplane"
    op.create_table(
        table,
        sa.Column("id", Whole(), autoincrement=True),
        sa.Column("owner_id", Whole(), nullable=False),
        sa.Column("version", Whole(), nullable=False),
        sa.Column("name", Text(40), nullable=False),
        sa.Column("equipment", Text(4), nullable=False),
        sa.Column("layout", Json(), nullable=False),
        sa.Column("changed_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"{table}_pk")),
        _check(table, "version_positive", "version >= 1"),
        _length(table, "name", 1, 40),
        _length(table, "equipment", 3, 4),
        _unique(table, "owner_id", "name"),
        sqlite_autoincrement=True,
        **STRICT,
    )
    _index(table, "owner_id", "id")


def _create_fare() -> None:
    table = "catalog_fare"
    op.create_table(
        table,
        sa.Column("id", Whole(), autoincrement=True),
        sa.Column("digest", Text(64), nullable=False),
        sa.Column("content", Json(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"{table}_pk")),
        _length(table, "digest", 64, 64),
        _unique(table, "digest"),
        sqlite_autoincrement=True,
        **STRICT,
    )


def _create_generation() -> None:
    table = "catalog_generation"
    made = op.create_table(
        table,
        sa.Column("id", Whole(), autoincrement=False, nullable=False),
        sa.Column("number", Whole(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"{table}_pk")),
        _check(table, "single", "id = 1"),
        **STRICT,
    )
    op.bulk_insert(made, [{"id": 1, "number": 0}])


def _create_schedule() -> None:
    table = "catalog_schedule"
    op.create_table(
        table,
        sa.Column("id", Whole(), autoincrement=True),
        sa.Column("owner_id", Whole(), nullable=False),
        sa.Column("version", Whole(), nullable=False),
        sa.Column("number", Text(7), nullable=False),
        sa.Column("airline_name", Text(100), nullable=False),
        sa.Column("origin_id", Whole(), nullable=False),
        sa.Column("destination_id", Whole(), nullable=False),
        sa.Column("airplane_id", Whole(), nullable=False),
        sa.Column("fare_id", Whole(), nullable=False),
        sa.Column("weekdays", Whole(), nullable=False),
        sa.Column("first_day", Day(), nullable=False),
        sa.Column("last_day", Day(), nullable=False),
        sa.Column("departs_minute", Whole(), nullable=False),
        sa.Column("minutes", Whole(), nullable=False),
        sa.Column("changed_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"{table}_pk")),
        _refers(table, "origin_id", "airport"),
        _refers(table, "destination_id", "airport"),
        _refers(table, "airplane_id", "airplane"),
        _refers(table, "fare_id", "fare"),
        *_numbered(table),
        _between(table, "weekdays", 1, 127),
        _check(table, "dates_ordered", "first_day <= last_day"),
        sqlite_autoincrement=True,
        **STRICT,
    )
    _index(table, "owner_id", "id")
    for column in ("origin_id", "destination_id", "airplane_id", "fare_id"):
        _index(table, column)


def _create_flight() -> None:
    table = "catalog_flight"
    op.create_table(
        table,
        sa.Column("id", Whole(), autoincrement=True),
        sa.Column("owner_id", Whole(), nullable=False),
        sa.Column("version", Whole(), nullable=False),
        sa.Column("schedule_id", Whole()),
        sa.Column("number", Text(7), nullable=False),
        sa.Column("airline_name", Text(100), nullable=False),
        sa.Column("origin_id", Whole(), nullable=False),
        sa.Column("destination_id", Whole(), nullable=False),
        sa.Column("airplane_id", Whole(), nullable=False),
        sa.Column("fare_id", Whole(), nullable=False),
        sa.Column("day", Day(), nullable=False),
        sa.Column("departs_minute", Whole(), nullable=False),
        sa.Column("minutes", Whole(), nullable=False),
        sa.Column("canceled", Flag(), nullable=False),
        sa.Column("offered", Flag(), nullable=False),
        sa.Column("changed_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"{table}_pk")),
        _refers(table, "schedule_id", "schedule"),
        _refers(table, "origin_id", "airport"),
        _refers(table, "destination_id", "airport"),
        _refers(table, "airplane_id", "airplane"),
        _refers(table, "fare_id", "fare"),
        *_numbered(table),
        _unique(table, "number", "day", "origin_id", "owner_id"),
        _unique(table, "schedule_id", "day"),
        sqlite_autoincrement=True,
        **STRICT,
    )
    _index(table, "owner_id", "id")
    _index(table, "origin_id", "destination_id", "day")
    _index(table, "destination_id", "origin_id", "day")
    for column in ("airplane_id", "fare_id"):
        _index(table, column)


def _numbered(table: str) -> list[sa.CheckConstraint]:
    """Return what holds of schedules and of flights alike."""
    return [
        _check(table, "version_positive", "version >= 1"),
        _length(table, "number", 3, 7),
        _length(table, "airline_name", 1, 100),
        _check(table, "ends_differ", "origin_id <> destination_id"),
        _between(table, "departs_minute", 0, 1439),
        _between(table, "minutes", 1, 1440),
    ]


def downgrade() -> None:
    for name in ("flight", "schedule", "fare", "generation", "airplane", "airport", "city"):
        op.drop_table(f"catalog_{name}")
