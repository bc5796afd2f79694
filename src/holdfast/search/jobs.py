"""What search does by itself: it follows the catalog and booking, and collects what has gone astray."""

from collections.abc import Awaitable, Callable, Sequence

from holdfast.booking.events import FlightStockMoved, StockMoved, TableStockMoved
from holdfast.catalog.events import (
    AirplaneChanged,
    AirportChanged,
    CatalogImported,
    FlightCanceled,
    FlightChanged,
    FlightCreated,
    FlightDeleted,
    FlightsImported,
    PropertyChanged,
    PropertyCreated,
    RestaurantChanged,
    RestaurantCreated,
    RestaurantsImported,
)
from holdfast.kit.module import Job
from holdfast.kit.outbox import Delivered, Finish
from holdfast.search.service.legs import FlightNews
from holdfast.search.service.search import Search
from holdfast.search.settings import SearchSettings

Handle = Callable[[Sequence[Delivered]], Awaitable[Finish | None]]

CATALOG_EVENTS: tuple[type, ...] = (PropertyCreated, PropertyChanged, CatalogImported)
STOCK_EVENTS: tuple[type, ...] = (StockMoved,)
RESTAURANT_EVENTS: tuple[type, ...] = (RestaurantCreated, RestaurantChanged, RestaurantsImported)
TABLE_EVENTS: tuple[type, ...] = (TableStockMoved,)
_ONE_FLIGHT = (FlightCreated, FlightChanged, FlightCanceled, FlightDeleted)
FLIGHT_EVENTS: tuple[type, ...] = (*_ONE_FLIGHT, FlightsImported, AirportChanged, AirplaneChanged)
SEAT_EVENTS: tuple[type, ...] = (FlightStockMoved,)

_TIDY_EVERY_S = 3600.0


def follow_catalog(search: Search) -> Handle:
    """Return the handler of `CATALOG_EVENTS`.

    It writes before the cursor moves, in transactions of bounded size: an import may be larger than one should be. What
    it writes is what is true then, so being handed the same events again does no harm.
    """

    async def handle(delivered: Sequence[Delivered]) -> None:
        events = [each.event for each in delivered]
        await search.homes.facts_changed(
            ids=[each.property_id for each in events if not isinstance(each, CatalogImported)],
            imported=[(each.first_id, each.last_id) for each in events if isinstance(each, CatalogImported)],
        )

    return handle


def follow_stock(search: Search) -> Handle:
    """Return the handler of `STOCK_EVENTS`."""

    async def handle(delivered: Sequence[Delivered]) -> Finish | None:
        events = [each.event for each in delivered]
        return await search.homes.stock_moved(
            moves=[(each.property_id, each.first_slot, each.end_slot) for each in events]
        )

    return handle


def follow_restaurants(search: Search) -> Handle:
    """Return the handler of `RESTAURANT_EVENTS`, which writes before the cursor moves as that of the catalog does."""

    async def handle(delivered: Sequence[Delivered]) -> None:
        events = [each.event for each in delivered]
        await search.restaurants.changed(
            ids=[each.restaurant_id for each in events if not isinstance(each, RestaurantsImported)],
            imported=[(each.first_id, each.last_id) for each in events if isinstance(each, RestaurantsImported)],
        )

    return handle


def follow_tables(search: Search) -> Handle:
    """Return the handler of `TABLE_EVENTS`, which writes before the cursor moves too."""

    async def handle(delivered: Sequence[Delivered]) -> None:
        events = [each.event for each in delivered]
        await search.restaurants.stock_moved(
            moves=[(each.restaurant_id, each.first_slot, each.end_slot) for each in events]
        )

    return handle


def follow_flights(search: Search) -> Handle:
    """Return the handler of `FLIGHT_EVENTS`, which writes before the cursor moves too."""

    async def handle(delivered: Sequence[Delivered]) -> None:
        events = [each.event for each in delivered]
        await search.legs.changed(
            FlightNews(
                flight_ids=[each.flight_id for each in events if isinstance(each, _ONE_FLIGHT)],
                imported=[(each.first_id, each.last_id) for each in events if isinstance(each, FlightsImported)],
                airplane_ids=[each.airplane_id for each in events if isinstance(each, AirplaneChanged)],
                airport_ids=[each.airport_id for each in events if isinstance(each, AirportChanged)],
            )
        )

    return handle


def follow_seats(search: Search) -> Handle:
    """Return the handler of `SEAT_EVENTS`, which writes before the cursor moves too."""

    async def handle(delivered: Sequence[Delivered]) -> None:
        await search.legs.stock_moved(flight_ids=[each.event.flight_id for each in delivered])

    return handle


def jobs(search: Search, settings: SearchSettings) -> tuple[Job, ...]:
    """Return what search does periodically."""

    async def restock() -> None:
        await search.restock()

    return (
        Job(name="search.restock", every_s=settings.stock_every_s, run=restock),
        Job(name="search.tidy", every_s=_TIDY_EVERY_S, run=search.tidy),
    )
