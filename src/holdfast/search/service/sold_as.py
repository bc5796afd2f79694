"""What flights are sold for, kept in memory: it is written once and never changes."""

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from holdfast.kit.db.database import Database, Tx
from holdfast.search.rules.flight_facts import SoldAs, sold_like
from holdfast.search.store import flight_searching as searching
from holdfast.verticals.flights.terms import LegTerms

_KEPT: Final = 50_000
"""Some 10 kB each, and a month of the world's airlines has a few thousand."""


class SoldAsKept:
    """Finds what flights are sold for by its number, as a leg that is sold like that."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._kept: dict[int, LegTerms] = {}

    async def find(self, numbers: Iterable[int]) -> Mapping[int, LegTerms]:
        """Return a leg for each of some numbers, and others."""
        wanted = set(numbers)
        if wanted - self._kept.keys():
            await self._db.read(lambda tx: self.find_in(tx, wanted))
        return self._kept

    async def find_in(self, tx: Tx, numbers: Iterable[int]) -> Mapping[int, LegTerms]:
        """Return a leg for each of some numbers, and others, in an open transaction."""
        wanted = set(numbers)
        missing = wanted - self._kept.keys()
        if missing:
            found = await searching.contents(tx, numbers=missing)
            if len(self._kept) + len(found) > _KEPT:
                # Whoever was given this goes on with it.
                self._kept = {each: leg for each, leg in self._kept.items() if each in wanted}
            for number, content in found.items():
                self._kept[number] = sold_like(msgspec.convert(content, SoldAs))
        return self._kept
