"""Rows of sagas."""

from typing import Final

from sqlalchemy import CheckConstraint, Column, Index, Table

from holdfast.kit.activity.log import Activity
from holdfast.kit.db.tables import STRICT, module_tables, one_of
from holdfast.kit.db.types import Choice, Json, Moment, Text, Whole
from holdfast.kit.outbox import cursor_table
from holdfast.sagas.api import JourneyState

tables: Final = module_tables("sagas")

journey = Table(
    "sagas_journey",
    tables,
    Column("id", Text(160), primary_key=True),
    Column("saga", Text(32), nullable=False),
    Column("args", Json(), nullable=False),
    Column("state", Choice(JourneyState), nullable=False),
    Column("outcome", Text(80)),
    Column("detail", Text(500)),
    Column("tries", Whole(), nullable=False),
    Column("created_at", Moment(), nullable=False),
    Column("updated_at", Moment(), nullable=False),
    one_of("state", JourneyState),
    CheckConstraint("tries >= 1", name="tried"),
    CheckConstraint("(state = 'waiting') = (outcome IS NULL)", name="ended_with_outcome"),
    Index("sagas_journey_state_id_ix", "state", "id"),
    Index("sagas_journey_state_updated_at_ix", "state", "updated_at"),
    **STRICT,
)
"""What has to be carried out, and what came of it."""

executor = Table(
    "sagas_executor",
    tables,
    Column("id", Text(40), primary_key=True),
    Column("started_at", Moment(), nullable=False),
    Column("seen_at", Moment(), nullable=False),
    CheckConstraint("seen_at >= started_at", name="seen_after_start"),
    **STRICT,
)
"""The processes that carry journeys out, and when each was last seen."""

cursors: Final = cursor_table("sagas", tables)
activity: Final = Activity("sagas", tables)
