"""The rows of dated flights, the airports they join and what they are sold for."""

from typing import Final

from sqlalchemy import CheckConstraint, Column, Index, Table

from holdfast.kit.db.tables import STRICT
from holdfast.kit.db.types import Flag, Json, Text, Whole
from holdfast.kit.privacy import Purpose, Retention, numbered
from holdfast.search.models.base import tables
from holdfast.search.rules.flight_facts import ROOMS_MAX
from holdfast.search.rules.words import PLACES_MAX

airport: Final = Table(
    "search_airport",
    tables,
    Column("airport_id", Whole(), primary_key=True, autoincrement=False),
    Column("iata", Text(3), nullable=False),
    Column("name", Text(100), nullable=False),
    Column("city", Text(100), nullable=False),
    Column("country", Text(2), nullable=False),
    Column("zone", Text(64), nullable=False),
    Column("min_connection_minutes", Whole(), nullable=False),
    # The names it answers to, each between bars.
    Column("places", Text(PLACES_MAX), nullable=False),
    Index(None, "iata"),
    **STRICT,
)
"""An airport that has flights. Rows are added with its first one, and changed when the catalog tells of a change."""

sold_as: Final = Table(
    "search_sold_as",
    tables,
    Column("number", Whole(), primary_key=True, autoincrement=False),
    Column("digest", Text(64), nullable=False, unique=True),
    Column("content", Json(), nullable=False),
    **STRICT,
)
"""What flights are sold for, once for all that are sold alike. Rows are only added."""

leg: Final = Table(
    "search_leg",
    tables,
    Column("flight_id", Whole(), primary_key=True, autoincrement=False),
    # Counts the writes of the row: who finds another count than before looking elsewhere has been overtaken.
    Column("stamp", Whole(), nullable=False),
    Column("canceled", Flag(), nullable=False),
    Column("owner_id", Whole(), nullable=False, info=numbered(Purpose.LISTING, keep=Retention.LISTING)),
    Column("airplane_id", Whole(), nullable=False),
    Column("origin_id", Whole(), nullable=False),
    Column("destination_id", Whole(), nullable=False),
    # Minutes since 1970, in UTC and by the wall clocks of both ends.
    Column("departs", Whole(), nullable=False),
    Column("arrives", Whole(), nullable=False),
    Column("closes", Whole(), nullable=False),
    Column("departs_wall", Whole(), nullable=False),
    Column("arrives_wall", Whole(), nullable=False),
    Column("airline", Text(2), nullable=False),
    Column("sold_as", Whole(), nullable=False),
    # What is left: see `rules.flight_facts.rooms_text`.
    Column("rooms", Text(ROOMS_MAX), nullable=False),
    Column("number", Text(7), nullable=False),
    Column("airline_name", Text(100), nullable=False),
    Column("equipment", Text(10), nullable=False),
    CheckConstraint("arrives >= departs", name="times_ordered"),
    Index(None, "origin_id", "departs"),
    Index(None, "destination_id", "departs"),
    **STRICT,
)
"""A dated flight, canceled ones too. A month has a hundred thousand of them, which all come at once: so no rule is kept
here that the catalog keeps already, and whatever is asked for seldom has no index."""
