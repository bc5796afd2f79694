"""The rows of restaurants.

When parties can come is kept as text: for every size of party 24 hexadecimal digits, a bit for each quarter of an hour
(`rules.dining_starts`). A search cuts out those of its party. Most days nothing is taken, so days have no rows until
something is: they are as their weekday.
"""

from typing import Final

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Table

from holdfast.kit.db.tables import STRICT
from holdfast.kit.db.types import Day, Flag, Real, Text, Whole
from holdfast.search.models.base import COPIED, tables
from holdfast.search.rules.dining_facts import CUISINES_MAX
from holdfast.search.rules.dining_starts import STARTS_MAX
from holdfast.search.rules.words import HAYSTACK_MAX, PLACES_MAX
from holdfast.verticals.dining.terms import PARTY_MAX

restaurant: Final = Table(
    "search_restaurant",
    tables,
    Column("restaurant_id", Whole(), primary_key=True, autoincrement=False),
    # Counts the writes of the restaurant, its weekdays and its days together: see `store.dining_keeping`.
    Column("stamp", Whole(), nullable=False),
    Column("listed", Flag(), nullable=False),
    Column("price_level", Whole(), nullable=False),
    Column("standing", Whole(), nullable=False),
    Column("rated", Real(), nullable=False),
    Column("latitude", Real(), nullable=False, info=COPIED),
    Column("longitude", Real(), nullable=False, info=COPIED),
    Column("notice_minutes", Whole(), nullable=False),
    Column("window_days", Whole(), nullable=False),
    Column("zone", Text(64), nullable=False),
    # A digit for every size of party, from one on: 1 if guests can book it.
    Column("sizes", Text(PARTY_MAX), nullable=False),
    Column("cuisines", Text(CUISINES_MAX), nullable=False),
    Column("places", Text(PLACES_MAX), nullable=False),
    Column("haystack", Text(HAYSTACK_MAX), nullable=False, info=COPIED),
    Column("name", Text(120), nullable=False, info=COPIED),
    Column("neighbourhood", Text(200), nullable=False, info=COPIED),
    Column("city", Text(100), nullable=False),
    Column("image", Text(500), info=COPIED),
    Column("rating", Real()),
    Column("reviews", Whole(), nullable=False),
    **STRICT,
)
"""One row per restaurant."""

dining_week: Final = Table(
    "search_dining_week",
    tables,
    Column(
        "restaurant_id", Whole(), ForeignKey("search_restaurant.restaurant_id"), primary_key=True, autoincrement=False
    ),
    Column("weekday", Whole(), primary_key=True, autoincrement=False),
    Column("starts", Text(STARTS_MAX), nullable=False),
    CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday_range"),
    **STRICT,
)
"""When parties can come on a weekday if nothing is taken, 0 is Monday; of listed restaurants."""

dining_day: Final = Table(
    "search_dining_day",
    tables,
    Column("day", Day(), primary_key=True),
    Column(
        "restaurant_id", Whole(), ForeignKey("search_restaurant.restaurant_id"), primary_key=True, autoincrement=False
    ),
    Column("starts", Text(STARTS_MAX), nullable=False),
    Index(None, "restaurant_id"),
    **STRICT,
)
"""When parties can come on a day on which something is taken, or that is not as its weekday is."""
