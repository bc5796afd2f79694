"""What booking does by itself: tidy up, and make stock for new properties."""

from collections.abc import Awaitable, Callable, Sequence

from holdfast.accounts.events import ConsentWithdrawn
from holdfast.booking.events import BookingCancelled
from holdfast.booking.service.booking import Bookings
from holdfast.booking.service.personal import BookingPersonal
from holdfast.booking.settings import BookingSettings
from holdfast.catalog.api import CatalogApi
from holdfast.catalog.events import CatalogImported, FlightCanceled, FlightChanged, PropertyCreated
from holdfast.kit.module import Job
from holdfast.kit.outbox import Delivered

_FORGET_EVERY_S = 3600.0
_IMPORT_PAGE = 1000


def jobs(bookings: Bookings, settings: BookingSettings) -> tuple[Job, ...]:
    """Return the reconcilers of booking."""
    return (
        Job(name="booking.expire_holds", every_s=settings.sweep_every_s, run=bookings.expire_holds),
        Job(name="booking.forget_old", every_s=_FORGET_EVERY_S, run=bookings.forget_old),
    )


def trip_jobs(
    tend: Callable[[], Awaitable[None]], forget: Callable[[], Awaitable[None]], settings: BookingSettings
) -> tuple[Job, ...]:
    """Return the reconcilers of trips over several stocks."""
    return (
        Job(name="booking.tend_trips", every_s=settings.sweep_every_s, run=tend),
        Job(name="booking.forget_trips", every_s=_FORGET_EVERY_S, run=forget),
    )


PART_EVENTS = (BookingCancelled,)
"""What booking follows of its own stocks, where they are several: what is canceled of a part is of its trip."""
STOCK_EVENTS = (PropertyCreated, CatalogImported)
"""What booking follows: new properties get their stock."""
FLIGHT_EVENTS = (FlightCanceled, FlightChanged)
"""What booking follows: travelers go where their airline takes them."""

CONSENT_EVENTS = (ConsentWithdrawn,)
"""What booking follows: what was noted with a consent goes with it."""
_DIETS = "dietary_notes"


def follow_consents(personal: BookingPersonal) -> Callable[[Sequence[Delivered]], Awaitable[None]]:
    """Return what forgets diets whose consent was withdrawn. Doing it twice changes nothing."""

    async def handle(delivered: Sequence[Delivered]) -> None:
        for each in delivered:
            if each.event.purpose == _DIETS:
                await personal.withdraw_diets(account_id=each.event.account_id, at=each.at)

    return handle


def follow_catalog(bookings: Bookings, catalog: CatalogApi) -> Callable[[Sequence[Delivered]], Awaitable[None]]:
    """Return what makes stock for new properties. Doing it twice changes nothing."""

    async def handle(delivered: Sequence[Delivered]) -> None:
        for each in delivered:
            event = each.event
            if isinstance(event, PropertyCreated):
                await bookings.define_stock(
                    property_id=event.property_id, units=event.units, unit_names=event.unit_names
                )
            else:
                await _define_imported(bookings, catalog, event)

    return handle


def follow_flights(bookings: Bookings) -> Callable[[Sequence[Delivered]], Awaitable[None]]:
    """Return what carries canceled and moved flights over to bookings. Doing it twice changes nothing."""

    async def handle(delivered: Sequence[Delivered]) -> None:
        for each in delivered:
            event = each.event
            if isinstance(event, FlightCanceled):
                await bookings.rerouting.canceled(flight_id=event.flight_id)
                continue
            if event.stock:
                await bookings.rerouting.restocked(flight_id=event.flight_id)
            if event.moved:
                await bookings.rerouting.moved(flight_id=event.flight_id)

    return handle


async def _define_imported(bookings: Bookings, catalog: CatalogApi, event: CatalogImported) -> None:
    after = event.first_id - 1
    while page := await catalog.list_page(after_id=after, limit=_IMPORT_PAGE):
        wanted = [each for each in page if each.id <= event.last_id]
        await bookings.define_many([(each.id, each.units, each.unit_names) for each in wanted])
        if len(wanted) < len(page):
            return
        after = page[-1].id
