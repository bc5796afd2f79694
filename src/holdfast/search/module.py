"""The plug of search."""

from holdfast.kit.module import Built, House, Module
from holdfast.kit.outbox import Subscription
from holdfast.kit.privacy_rows import Holdings
from holdfast.search.jobs import (
    CATALOG_EVENTS,
    FLIGHT_EVENTS,
    RESTAURANT_EVENTS,
    SEAT_EVENTS,
    STOCK_EVENTS,
    TABLE_EVENTS,
    Handle,
    follow_catalog,
    follow_flights,
    follow_restaurants,
    follow_seats,
    follow_stock,
    follow_tables,
    jobs,
)
from holdfast.search.models import cursors, tables
from holdfast.search.service.search import Search
from holdfast.search.settings import SearchSettings


def build(house: House) -> Built:
    """Put search together with what the house gives it."""
    settings: SearchSettings = house.settings
    search = Search(
        db=house.db,
        clock=house.clock,
        catalog=house.doors["catalog"],
        booking=house.doors["booking"],
        settings=settings,
    )
    return Built(
        api=search,
        jobs=jobs(search, settings),
        subscriptions=(
            _following("search.catalog", "catalog", CATALOG_EVENTS, follow_catalog(search)),
            _following("search.stock", "booking", STOCK_EVENTS, follow_stock(search)),
            _following("search.restaurants", "catalog", RESTAURANT_EVENTS, follow_restaurants(search)),
            _following("search.tables", "booking", TABLE_EVENTS, follow_tables(search)),
            _following("search.flights", "catalog", FLIGHT_EVENTS, follow_flights(search)),
            _following("search.seats", "booking", SEAT_EVENTS, follow_seats(search)),
        ),
        # Copies of what the catalog says: they change when the catalog does.
        personal=Holdings(db=house.db, tables=tables, held=()),
    )


def _following(name: str, source: str, events: tuple[type, ...], handle: Handle) -> Subscription:
    return Subscription(name=name, source=source, events=events, handle=handle, cursors=cursors)


MODULE = Module(name="search", build=build, tables=tables, settings=SearchSettings, needs=("catalog", "booking"))
