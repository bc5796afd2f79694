"""The rows of stays.

What is filtered and sorted by lies apart from what is shown, in rows a third as wide: a search that has to look at all
homes then takes half the time (PostgreSQL 56 -> 24 ms, SQLite 46 -> 30 ms, 200,000 homes). Columns that most searches
look at come first, because a row is read from its front.
"""

from typing import Final

from sqlalchemy import CheckConstraint, Column, Index, Table, UniqueConstraint

from holdfast.catalog.api import PropertyKind
from holdfast.kit.db.tables import STRICT, one_of
from holdfast.kit.db.types import Choice, Flag, Json, Real, Text, Whole
from holdfast.search.models.base import COPIED, tables
from holdfast.search.rules.ring import WORDS
from holdfast.search.rules.words import AMENITY_WORDS, HAYSTACK_MAX, NUMBERS_MAX, PLACES_MAX

NIGHT_COLUMNS: Final = tuple([f"w{word:02d}" for word in range(WORDS)])
AMENITY_COLUMNS: Final = tuple([f"am{word:02d}" for word in range(AMENITY_WORDS)])

stay = Table(
    "search_stay",
    tables,
    Column("property_id", Whole(), primary_key=True, autoincrement=False),
    Column("listed", Flag(), nullable=False),
    Column("guests_max", Whole(), nullable=False),
    # The widest limits of any arrival date, so that no home is hidden that could be had.
    Column("min_nights", Whole(), nullable=False),
    Column("max_nights", Whole(), nullable=False),
    Column("notice_days", Whole(), nullable=False),
    Column("window_days", Whole(), nullable=False),
    # A ring of nights: night n is bit n % 60 of column (n // 60) % 14, 1 = cannot be part of a stay. `first_word` says
    # of which 840 nights the row speaks; a search believes a row only for those (docs/decisions/0010).
    Column("first_word", Whole(), nullable=False),
    *[Column(name, Whole(), nullable=False) for name in NIGHT_COLUMNS],
    Column("base_minor", Whole(), nullable=False),
    Column("latitude", Real(), nullable=False, info=COPIED),
    Column("longitude", Real(), nullable=False, info=COPIED),
    # Place in the recommended order, lower is earlier; and the rating, -1 where nobody has rated.
    Column("standing", Whole(), nullable=False),
    Column("rated", Real(), nullable=False),
    *[Column(name, Whole(), nullable=False) for name in AMENITY_COLUMNS],
    Column("area", Whole(), nullable=False),
    # The point on the unit sphere, for distances without trigonometry.
    Column("ux", Real(), nullable=False),
    Column("uy", Real(), nullable=False),
    Column("uz", Real(), nullable=False),
    Column("preparation_nights", Whole(), nullable=False),
    # Each counts the writes of one half of the row. Who writes what it read elsewhere finds the count it saw before it
    # went to read, or has been overtaken by fresher news and reads again.
    Column("facts_stamp", Whole(), nullable=False),
    Column("stock_stamp", Whole(), nullable=False),
    Column("kind", Choice(PropertyKind), nullable=False),
    one_of("kind", PropertyKind),
    CheckConstraint("max_nights >= min_nights", name="nights_ordered"),
    Index("search_stay_place_ix", "latitude", "longitude"),
    Index("search_stay_standing_ix", "standing", "property_id"),
    Index("search_stay_base_minor_ix", "base_minor", "property_id"),
    Index("search_stay_rated_ix", "rated", "property_id"),
    Index("search_stay_first_word_ix", "first_word", "property_id"),
    **STRICT,
)
"""One row per property: what a search filters and sorts by."""

face = Table(
    "search_face",
    tables,
    Column("property_id", Whole(), primary_key=True, autoincrement=False),
    Column("haystack", Text(HAYSTACK_MAX), nullable=False, info=COPIED),
    Column("amenity_numbers", Text(NUMBERS_MAX), nullable=False),
    Column("name", Text(120), nullable=False, info=COPIED),
    Column("kind", Choice(PropertyKind), nullable=False),
    Column("neighbourhood", Text(200), nullable=False, info=COPIED),
    Column("city", Text(100), nullable=False),
    Column("latitude", Real(), nullable=False, info=COPIED),
    Column("longitude", Real(), nullable=False, info=COPIED),
    Column("guests_max", Whole(), nullable=False),
    Column("bedrooms", Whole(), nullable=False),
    Column("beds", Whole(), nullable=False),
    Column("bathrooms", Real(), nullable=False),
    Column("amenities", Json(), nullable=False),
    Column("rating", Real()),
    Column("reviews", Whole(), nullable=False),
    Column("base_minor", Whole(), nullable=False),
    Column("currency", Text(3), nullable=False),
    one_of("kind", PropertyKind),
    **STRICT,
)
"""One row per property: the texts words are looked for in, and what a hit shows."""

area = Table(
    "search_area",
    tables,
    Column("number", Whole(), primary_key=True, autoincrement=False),
    Column("neighbourhood", Text(200), nullable=False),
    Column("city", Text(100), nullable=False),
    Column("places", Text(PLACES_MAX), nullable=False),
    UniqueConstraint("neighbourhood", "city"),
    **STRICT,
)
"""Neighbourhoods by number; `places` are the keys by which people may ask for one. Rows are only added."""

amenity = Table(
    "search_amenity",
    tables,
    Column("number", Whole(), primary_key=True, autoincrement=False),
    Column("code", Text(100), nullable=False, unique=True),
    **STRICT,
)
"""Amenities by number; the first 240 have a bit in `search_stay`. Rows are only added."""
