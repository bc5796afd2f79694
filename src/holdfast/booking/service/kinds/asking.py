"""Fetching what decides about items: the terms of whoever sells them, and for flights which fares are open."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from holdfast.booking.items import FlightItem, Item, StayItem, TableItem
from holdfast.booking.service.kinds.asked import Asked
from holdfast.booking.service.kinds.flights import AskedFlight, cells_wanted
from holdfast.booking.service.kinds.stays import AskedStay
from holdfast.booking.service.kinds.tables import AskedTable
from holdfast.booking.store import stock
from holdfast.catalog.api import CatalogApi, LegOffer, StayOffer, TableOffer
from holdfast.engine.claims import Cell
from holdfast.kit.clock import Clock
from holdfast.kit.db.database import Database
from holdfast.kit.errors import FieldError, NotFound

_T = TypeVar("_T")


class Asking:
    """Gives items the form of `Asked`."""

    def __init__(self, db: Database, clock: Clock, catalog: CatalogApi) -> None:
        self._db = db
        self._clock = clock
        self._catalog = catalog

    async def ask(self, items: Sequence[Item], *, account_id: int, online: bool = True) -> list[Asked]:
        """Return items with the terms of whoever sells them, in their order.

        Args:
            items: Of any kinds.
            account_id: Who asks.
            online: Whether a guest asks; else staff of a restaurant.

        Raises:
            NotFound: A property, restaurant or flight does not exist or is not listed.
        """
        stays = [item for item in items if isinstance(item, StayItem)]
        if len(stays) == len(items):
            offers = await self._stay_offers(stays)
            return [self._stay(item, offers) for item in stays]
        found = await asyncio.gather(
            self._stay_offers(stays),
            self._table_offers([item for item in items if isinstance(item, TableItem)]),
            self._leg_offers([item for item in items if isinstance(item, FlightItem)]),
        )
        cells = await self._cells(found[2].values())
        asked = [self._asked(item, found, cells, account_id=account_id, online=online) for item in items]
        return [await self._with_cells(each) if isinstance(each, AskedTable) else each for each in asked]

    async def _with_cells(self, asked: AskedTable) -> AskedTable:
        """Return a table that is asked for, with what is taken of the room meanwhile."""
        if asked.reasons():
            return asked
        ids, (first, end) = list(asked.resources), asked.window
        rows = await self._db.read(lambda tx: stock.cells_in_range(tx, ids, first=first, end=end))
        cells = {(row.resource_id, row.slot): Cell(row.taken, row.capacity, bool(row.closed)) for row in rows}
        return replace(asked, cells=cells)

    def _asked(
        self,
        item: Item,
        offers: tuple[dict[int, StayOffer], dict[int, TableOffer], dict[int, LegOffer]],
        cells: dict[tuple[str, int], Cell],
        *,
        account_id: int,
        online: bool,
    ) -> Asked:
        stays, tables, legs = offers
        match item:
            case StayItem():
                return self._stay(item, stays)
            case TableItem():
                return AskedTable(item=item, offer=tables[item.restaurant_id], now=self._clock.now(), online=online)
            case FlightItem():
                return AskedFlight(
                    item=item,
                    offers=tuple(legs[each] for each in item.flight_ids),
                    account_id=account_id,
                    cells=cells,
                    now=self._clock.now(),
                )

    def _stay(self, item: StayItem, offers: dict[int, StayOffer]) -> AskedStay:
        offer = offers[item.property_id]
        return AskedStay(item=item, offer=offer, today=self._clock.today(offer.terms.zone))

    async def _stay_offers(self, items: Sequence[StayItem]) -> dict[int, StayOffer]:
        if not items:
            return {}
        first, end = min(item.check_in for item in items), max(item.check_out for item in items)
        ids = {item.property_id for item in items}
        offers = await self._catalog.stay_offers(ids=list(ids), first=first, end=end)
        return _all(ids, offers, "property, or it is not listed")

    async def _table_offers(self, items: Sequence[TableItem]) -> dict[int, TableOffer]:
        ids = {item.restaurant_id for item in items}
        offers = await self._catalog.restaurants.table_offers(ids=list(ids)) if ids else {}
        return _all(ids, offers, "restaurant, or it is not listed")

    async def _leg_offers(self, items: Sequence[FlightItem]) -> dict[int, LegOffer]:
        ids = {flight_id for item in items for flight_id in item.flight_ids}
        if not ids:
            return {}
        flights = self._catalog.flights
        offers = _all(ids, await flights.leg_offers(ids=list(ids)), "flight")
        if fresh := [each for each, offer in offers.items() if not offer.offered]:
            # Until it is marked, a flight may be deleted and its airplane get other seats.
            await flights.mark_offered(ids=fresh)
            offers = _all(ids, await flights.leg_offers(ids=list(ids)), "flight")
        return offers

    async def _cells(self, legs: Iterable[LegOffer]) -> dict[tuple[str, int], Cell]:
        wanted = cells_wanted([leg.terms for leg in legs])
        return await self._db.read(lambda tx: stock.cells_now(tx, wanted)) if wanted else {}


def together(items: Sequence[Item], asked: Sequence[Asked]) -> list[FieldError]:
    """Return what is wrong with items together: one thing asked for twice, or several currencies."""
    return [*meeting(items), *_currencies(items, asked)]


def meeting(items: Sequence[Item]) -> Iterable[FieldError]:
    """Name items that ask for what another item asks for."""
    for place, item in enumerate(items):
        before = items[:place]
        if any(_share_a_night(item, other) for other in before):
            detail = "This property is asked for twice on the same night."
            yield FieldError(pointer=f"/items/{place}", code="duplicate_unit", detail=detail)
        elif any(_share_a_flight(item, other) for other in before):
            detail = "This flight is asked for twice: say so by `again` in both items, if you mean it."
            yield FieldError(pointer=f"/items/{place}", code="duplicate_unit", detail=detail)


def _share_a_night(item: Item, other: Item) -> bool:
    if not (isinstance(item, StayItem) and isinstance(other, StayItem)):
        return False
    same = other.property_id == item.property_id
    return same and other.check_in < item.check_out and item.check_in < other.check_out


def _share_a_flight(item: Item, other: Item) -> bool:
    if not (isinstance(item, FlightItem) and isinstance(other, FlightItem)):
        return False
    meant = item.again and other.again
    return not meant and not set(item.flight_ids).isdisjoint(other.flight_ids)


def _currencies(items: Sequence[Item], asked: Sequence[Asked]) -> Iterable[FieldError]:
    """Name items that are priced in another currency than the first."""
    first = asked[0].currency
    for place, (item, each) in enumerate(zip(items, asked, strict=True)):
        if each.currency != first:
            detail = f"This is not priced in {first}: quote it on its own."
            yield FieldError(pointer=f"/items/{place}/{where(item)}", code="currency_mismatch", detail=detail)


def where(item: Item) -> str:
    """Return the field of an item that says what it is at."""
    match item:
        case StayItem():
            return "property_id"
        case TableItem():
            return "restaurant_id"
        case FlightItem():
            return "flight_ids"


def _all(ids: set[int], found: dict[int, _T], what: str) -> dict[int, _T]:
    if ids - found.keys():
        raise NotFound(f"There is no such {what}.")
    return found
