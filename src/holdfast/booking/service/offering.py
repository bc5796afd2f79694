"""What a restaurant has free on a day, for whoever asks: one read of its cells, and no stock taken."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import partial

from holdfast.booking.floor_api import DaySlot, DaySlots
from holdfast.booking.store import stock
from holdfast.catalog.api import CatalogApi
from holdfast.engine.claims import Cell
from holdfast.kit.clock import Clock
from holdfast.kit.db.database import Database
from holdfast.kit.errors import NotFound
from holdfast.verticals.dining import prices
from holdfast.verticals.dining.claims import resources
from holdfast.verticals.dining.offering import day_slots
from holdfast.verticals.dining.slots import QUARTERS, stock_window
from holdfast.verticals.dining.terms import DiningTerms, TableRequest


class Offering:
    """Answers what is free."""

    def __init__(self, db: Database, clock: Clock, catalog: CatalogApi) -> None:
        self._db = db
        self._clock = clock
        self._catalog = catalog

    async def slots(
        self, *, restaurant_id: int, day: date, party_size: int, minutes: int | None, area: str | None
    ) -> DaySlots:
        """See `FloorApi.slots`.

        Raises:
            NotFound: No such restaurant, or it is not listed.
        """
        offers = await self._catalog.restaurants.table_offers(ids=[restaurant_id])
        if restaurant_id not in offers:
            raise NotFound("There is no such restaurant, or it is not listed.")
        terms = offers[restaurant_id].terms
        cells = await self._cells(terms, day, minutes)
        found = day_slots(terms, day, party_size, cells, now=self._clock.now(), online=True, area=area, minutes=minutes)
        # What is asked of a party depends on its size alone; until when it may cancel depends on when it comes too.
        party = TableRequest(day=day, at=QUARTERS[0], party_size=party_size)
        return DaySlots(
            restaurant_id=restaurant_id,
            zone=terms.zone,
            day=day,
            party_size=party_size,
            currency=terms.currency,
            due_minor=prices.price(terms, party).total_minor,
            guarantee_minor=prices.guarantee_minor(terms, party),
            slots=tuple(
                DaySlot(offer=offer, free_until=prices.fee_deadline(terms, replace(party, at=offer.at)))
                for offer in found
            ),
        )

    async def _cells(self, terms: DiningTerms, day: date, minutes: int | None) -> Mapping[tuple[str, int], Cell]:
        ids, (first, end) = list(resources(terms)), stock_window(terms, day, minutes=minutes or 0)
        if first == end:
            return {}
        rows = await self._db.read(partial(stock.cells_in_range, ids=ids, first=first, end=end))
        return {(row.resource_id, row.slot): Cell(row.taken, row.capacity, bool(row.closed)) for row in rows}
