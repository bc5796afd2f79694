"""The plug of booking. Where stock is split, it is built once for each stock, with one door over all."""

from collections.abc import Mapping
from typing import Final

from holdfast.booking import routes
from holdfast.booking.api import ItemKind
from holdfast.booking.jobs import (
    CONSENT_EVENTS,
    FLIGHT_EVENTS,
    PART_EVENTS,
    STOCK_EVENTS,
    follow_catalog,
    follow_consents,
    follow_flights,
    jobs,
    trip_jobs,
)
from holdfast.booking.models import activity, cursors, outbox, tables
from holdfast.booking.service.booking import Bookings
from holdfast.booking.service.personal import BookingPersonal
from holdfast.booking.settings import BookingSettings
from holdfast.kit.activity.records import ActivityRecords
from holdfast.kit.db.database import Database
from holdfast.kit.module import Built, House, Module
from holdfast.kit.outbox import Subscription

_SPLIT: Final = {ItemKind.TABLE: "dining", ItemKind.FLIGHT: "flights"}
"""Kinds that may have a database of their own, and what their stock is called then."""


def build(house: House) -> Built:
    """Put booking together."""
    if house.further:
        return _split(house)
    bookings = _bookings(house, house.db)
    return Built(
        api=bookings,
        routers=routes.routers(bookings, house.doors["catalog"], house.keyring),
        jobs=jobs(bookings, house.settings),
        subscriptions=_subscriptions(house, bookings, house.db),
        outbox=outbox,
        activity=ActivityRecords(activity, house.db),
        close=bookings.close,
        personal=BookingPersonal(house.db, house.keyring),
    )


def _bookings(house: House, db: Database) -> Bookings:
    return Bookings(
        db=db,
        clock=house.clock,
        keyring=house.keyring,
        settings=house.settings,
        catalog=house.doors["catalog"],
        limits=house.limits,
    )


def _subscriptions(house: House, bookings: Bookings, db: Database) -> tuple[Subscription, ...]:
    catalog = house.doors["catalog"]
    return (
        Subscription(
            name="booking.stock",
            source="catalog",
            events=STOCK_EVENTS,
            handle=follow_catalog(bookings, catalog),
            cursors=cursors,
        ),
        Subscription(
            name="booking.flights",
            source="catalog",
            events=FLIGHT_EVENTS,
            handle=follow_flights(bookings),
            cursors=cursors,
        ),
        Subscription(
            name="booking.consents",
            source="accounts",
            events=CONSENT_EVENTS,
            handle=follow_consents(BookingPersonal(db, house.keyring)),
            cursors=cursors,
        ),
    )


# --------------------------------------------------------------------------------------------------------- split stock


def _asked_for(settings: BookingSettings) -> Mapping[str, str]:
    """Return where stocks are kept, by name, as far as they are asked to be kept elsewhere."""
    asked = {
        _SPLIT[ItemKind.TABLE]: settings.dining_database_url,
        _SPLIT[ItemKind.FLIGHT]: settings.flights_database_url,
    }
    return {name: url for name, url in asked.items() if url}


def _split(house: House) -> Built:
    from holdfast.booking.service.split.bookings import SplitBookings  # noqa: PLC0415 - most installations split nothing
    from holdfast.booking.service.split.stocks import HOME, Stocks  # noqa: PLC0415 - as above

    all_stocks = {HOME: _bookings(house, house.db)}
    all_stocks |= {name: _bookings(house, db) for name, db in house.further.items()}
    for each in all_stocks.values():
        each.part.desk.counted_in = house.db
    stocks = Stocks(all=all_stocks, kinds=_kinds(house))
    split = SplitBookings(stocks, house.settings)
    home = stocks.home
    parts = Subscription(
        name="booking.trips", source="booking", events=PART_EVENTS, handle=split.canceling.follow, cursors=cursors
    )
    return Built(
        api=split,
        routers=routes.routers(split, house.doors["catalog"], house.keyring),
        jobs=(*jobs(home, house.settings), *trip_jobs(split.tend, split.forget_old, house.settings)),
        subscriptions=(*_subscriptions(house, home, house.db), parts),
        outbox=outbox,
        activity=ActivityRecords(activity, house.db),
        check=split.check_places,
        close=split.close,
        personal=BookingPersonal(house.db, house.keyring),
        further={
            name: _stock(house, name, all_stocks[name], flights=stocks.name_of(ItemKind.FLIGHT) == name)
            for name in house.further
        },
    )


def _kinds(house: House) -> dict[ItemKind, str]:
    """Return in which further stock a kind lies; two kinds may lie in one."""
    asked = _asked_for(house.settings)
    names = {url: name for name, url in MODULE.further_urls(house.settings, own=house.url).items()}
    return {kind: names[asked[name]] for kind, name in _SPLIT.items() if asked.get(name) in names}


def _stock(house: House, name: str, bookings: Bookings, *, flights: bool) -> Built:
    db = house.further[name]
    wanted = {"booking.consents", "booking.flights"} if flights else {"booking.consents"}
    return Built(
        api=bookings,
        jobs=jobs(bookings, house.settings),
        subscriptions=tuple(each for each in _subscriptions(house, bookings, db) if each.name in wanted),
        outbox=outbox,
        activity=ActivityRecords(activity.named(f"booking.{name}"), db),
        close=bookings.close,
        personal=BookingPersonal(db, house.keyring),
    )


MODULE = Module(
    name="booking",
    build=build,
    tables=tables,
    settings=BookingSettings,
    needs=("catalog",),
    further=_asked_for,
)
