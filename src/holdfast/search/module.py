"""The plug of search."""

from holdfast.kit.module import Built, House, Module
from holdfast.kit.outbox import Subscription
from holdfast.search.jobs import CATALOG_EVENTS, STOCK_EVENTS, follow_catalog, follow_stock, jobs
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
            Subscription(
                name="search.catalog",
                source="catalog",
                events=CATALOG_EVENTS,
                handle=follow_catalog(search),
                cursors=cursors,
            ),
            Subscription(
                name="search.stock", source="booking", events=STOCK_EVENTS, handle=follow_stock(search), cursors=cursors
            ),
        ),
    )


MODULE = Module(name="search", build=build, tables=tables, settings=SearchSettings, needs=("catalog", "booking"))
