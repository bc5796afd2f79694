"""HTTP for booking: quotes, holds and bookings of guests, calendars for everybody, stock and blocks of owners.

`routers` makes them all; `guest`, `owner` and `public` hold the routes, `shapes` what they read and answer.
"""

from holdfast.booking.api import BookingApi
from holdfast.booking.routes import amending, floor, guest, notes, owner, public, seats, slots, why
from holdfast.catalog.api import CatalogApi
from holdfast.kit.http.cursors import Cursors
from holdfast.kit.http.routes import Router
from holdfast.kit.secrets import Keyring


def routers(booking: BookingApi, catalog: CatalogApi, keyring: Keyring) -> tuple[Router, ...]:
    """Return the routes of booking, those that are asked for most first."""
    cursors = Cursors(keyring)
    return (
        guest.quotes(booking),
        guest.holds(booking),
        why.why_not(booking),
        guest.bookings(booking, cursors),
        amending.cancellations(booking),
        amending.changes(booking),
        public.calendar(booking, catalog),
        seats.seat_maps(booking, catalog),
        slots.slots(booking),
        notes.notes(booking),
        owner.stock(booking),
        owner.blocks(booking),
        owner.bookings(booking, cursors),
        floor.rooms(booking),
        floor.visits(booking),
        guest.quote_keys(booking),
    )
