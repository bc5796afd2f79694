"""The plug of booking."""

from holdfast.booking import routes
from holdfast.booking.jobs import (
    CONSENT_EVENTS,
    FLIGHT_EVENTS,
    STOCK_EVENTS,
    follow_catalog,
    follow_consents,
    follow_flights,
    jobs,
)
from holdfast.booking.models import activity, cursors, outbox, tables
from holdfast.booking.service.booking import Bookings
from holdfast.booking.service.personal import BookingPersonal
from holdfast.booking.settings import BookingSettings
from holdfast.kit.activity.records import ActivityRecords
from holdfast.kit.module import Built, House, Module
from holdfast.kit.outbox import Subscription


def build(house: House) -> Built:
    """Put booking together."""
    catalog = house.doors["catalog"]
    bookings = Bookings(
        db=house.db,
        clock=house.clock,
        keyring=house.keyring,
        settings=house.settings,
        catalog=catalog,
        limits=house.limits,
    )
    personal = BookingPersonal(house.db)
    return Built(
        api=bookings,
        routers=routes.routers(bookings, catalog, house.keyring),
        jobs=jobs(bookings, house.settings),
        subscriptions=(
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
                handle=follow_consents(personal),
                cursors=cursors,
            ),
        ),
        outbox=outbox,
        activity=ActivityRecords(activity, house.db),
        close=bookings.close,
        personal=personal,
    )


MODULE = Module(name="booking", build=build, tables=tables, settings=BookingSettings, needs=("catalog",))
