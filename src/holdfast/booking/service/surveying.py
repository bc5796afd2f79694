"""Looking at what decides about items without writing anything: offers of the catalog, and stock as it is now."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import date
from typing import TypeVar

from holdfast.booking.items import FlightItem, Item, StayItem, TableItem
from holdfast.booking.service.kinds.nearby import Nearby, Seen, Window
from holdfast.booking.service.kinds.nearby_flights import NearbyFlights
from holdfast.booking.service.kinds.nearby_stays import MARGIN, NearbyStays
from holdfast.booking.service.kinds.nearby_tables import NearbyTables
from holdfast.booking.store import stock
from holdfast.catalog.api import CatalogApi, LegOffer, StayOffer, TableOffer
from holdfast.engine.claims import Cell
from holdfast.kit.clock import Clock
from holdfast.kit.db.database import Database, Tx
from holdfast.kit.errors import NotFound
from holdfast.verticals.flights.nearby import TRIES_MAX

_T = TypeVar("_T")
_Offers = tuple[dict[int, StayOffer], dict[int, TableOffer], dict[int, LegOffer]]


class Surveying:
    """Looks at items and at stock."""

    def __init__(self, db: Database, clock: Clock, catalog: CatalogApi) -> None:
        self._db = db
        self._clock = clock
        self._catalog = catalog

    async def around(self, items: Sequence[Item], *, account_id: int) -> list[Nearby]:
        """Return items with what is needed to look around them, in their order.

        Raises:
            NotFound: A property, restaurant or flight does not exist or is not listed.
        """
        stays = [item for item in items if isinstance(item, StayItem)]
        found = await asyncio.gather(
            self._stay_offers(stays),
            self._table_offers({item.restaurant_id for item in items if isinstance(item, TableItem)}),
            self._leg_offers({each for item in items if isinstance(item, FlightItem) for each in item.flight_ids}),
        )
        # What all of them may try together is bounded, because one request asks for all of them.
        flights = sum(isinstance(item, FlightItem) for item in items)
        return [self._nearby(item, found, account_id, tries=TRIES_MAX // max(1, flights)) for item in items]

    def _nearby(self, item: Item, offers: _Offers, account_id: int, *, tries: int) -> Nearby:
        stays, tables, legs = offers
        now = self._clock.now()
        match item:
            case StayItem():
                offer = stays[item.property_id]

                async def fetch(first: date, end: date) -> StayOffer:
                    return (await self._offers_between([item.property_id], first, end))[item.property_id]

                return NearbyStays(item=item, offer=offer, today=self._clock.today(offer.terms.zone), fetch=fetch)
            case TableItem():
                return NearbyTables(item=item, offer=tables[item.restaurant_id], now=now)
            case FlightItem():
                return NearbyFlights(
                    item=item,
                    offers=legs,
                    account_id=account_id,
                    now=now,
                    catalog=self._catalog,
                    look=self.look,
                    tries=tries,
                )

    async def _stay_offers(self, items: Sequence[StayItem]) -> dict[int, StayOffer]:
        if not items:
            return {}
        first, end = min(item.check_in for item in items), max(item.check_out for item in items)
        return await self._offers_between({item.property_id for item in items}, first, end)

    async def _offers_between(self, ids: Iterable[int], first: date, end: date) -> dict[int, StayOffer]:
        wanted = set(ids)
        # Near the ends of the calendar there is no room for a margin, nor anything to sell.
        start = first - MARGIN if first > date.min + MARGIN else first
        over = end + MARGIN if end < date.max - MARGIN else end
        offers = await self._catalog.stay_offers(ids=list(wanted), first=start, end=over)
        return _all(wanted, offers, "property, or it is not listed")

    async def _table_offers(self, ids: set[int]) -> dict[int, TableOffer]:
        offers = await self._catalog.restaurants.table_offers(ids=list(ids)) if ids else {}
        return _all(ids, offers, "restaurant, or it is not listed")

    async def _leg_offers(self, ids: set[int]) -> dict[int, LegOffer]:
        offers = await self._catalog.flights.leg_offers(ids=list(ids)) if ids else {}
        return _all(ids, offers, "flight")

    async def look(self, windows: Iterable[Window | None]) -> Seen:
        """Return the stock in some windows, as it is now."""
        wanted: dict[str, int | None] = {}
        ranges: dict[tuple[str, ...], list[tuple[int, int]]] = {}
        for window in windows:
            if window is not None:
                wanted |= window.resources
                ranges.setdefault(tuple(window.resources), []).append((window.first, window.end))

        async def read(tx: Tx) -> Seen:
            there = await stock.capacities_of(tx, wanted)
            rows: dict[stock.Key, Cell] = {}
            for ids, each in ranges.items():
                for first, end in _merged(each):
                    found = await stock.cells_in_range(tx, ids, first=first, end=end)
                    rows |= {
                        (row.resource_id, row.slot): Cell(row.taken, row.capacity, bool(row.closed)) for row in found
                    }
            return Seen(rows, there, wanted)

        return await self._db.read(read) if wanted else Seen({}, {}, {})


def _merged(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return half-open ranges with those that meet made one."""
    merged: list[tuple[int, int]] = []
    for first, end in sorted(ranges):
        if merged and first <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((first, end))
    return merged


def _all(ids: set[int], found: dict[int, _T], what: str) -> dict[int, _T]:
    if ids - found.keys():
        raise NotFound(f"There is no such {what}.")
    return found
