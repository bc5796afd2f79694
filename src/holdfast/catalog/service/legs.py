"""Turns rows of flights into offers, with what flights refer to kept in memory as long as it is good."""

from collections.abc import Sequence
from functools import partial
from typing import Final

from holdfast.catalog.flights_api import LegOffer
from holdfast.catalog.store.references import References, look_up
from holdfast.kit.db.database import Database
from holdfast.kit.db.statements import Row

KEPT_MAX: Final = 100_000
"""Places, airplanes, fares and cabins kept at most; then all are read anew."""


class Legs:
    """Offers of the flights of one database. What it keeps is that of the newest generation it has seen."""

    def __init__(self, *, db: Database) -> None:
        self._db = db
        self._generation = -1
        self._kept = References()

    async def offers(self, rows: Sequence[Row]) -> list[LegOffer]:
        """Return the offers of flights that one statement read."""
        if not rows:
            return []
        kept = self._at(rows[0].generation)
        if wanted := kept.missing(rows):
            # What is read now may be newer than the flights are, never older.
            kept.add(await self._db.read(partial(look_up, wanted=wanted)))
        return kept.offers(rows)

    def _at(self, generation: int) -> References:
        if generation > self._generation or len(self._kept) > KEPT_MAX:
            self._generation, self._kept = max(generation, self._generation), References()
        # Whoever comes late with rows of an older generation keeps nothing.
        return self._kept if generation == self._generation else References()
