"""What the host of a room asks: who comes, who sits where, and a table for whoever stands at the door."""

from typing import Annotated, Final

from fastapi import Path, Query, Response

from holdfast.booking.api import (
    AlreadyCancelled,
    BookingApi,
    CapacityTaken,
    RuleViolation,
    VisitMoveRefused,
)
from holdfast.booking.routes.common import Reference
from holdfast.booking.routes.floor_shapes import (
    NewParty,
    NewReservation,
    NewVisitState,
    TimelineEntryOut,
    TimelineOut,
    VisitOut,
)
from holdfast.booking.routes.item_shapes import ITEMS_MAX
from holdfast.booking.routes.slots import RestaurantId
from holdfast.kit.errors import Forbidden, Invalid, NotFound, Unauthenticated
from holdfast.kit.http.answers import KEY_ERRORS, caller, success, unwrapped
from holdfast.kit.http.keys import KeyedRequest
from holdfast.kit.http.principals import BookingsReadPrincipal, FloorPrincipal
from holdfast.kit.http.problems import responses
from holdfast.kit.http.routes import Router
from holdfast.kit.http.wire import DayField, Digits

Item = Annotated[int, Digits(0, ITEMS_MAX - 1), Path(description="Position of the table, from 0.", examples=[0])]
_COMMON: Final = (Unauthenticated, Forbidden, NotFound, Invalid)


def rooms(booking: BookingApi) -> Router:
    """Return the routes of a restaurant's room."""
    router = Router(prefix="/v1/owner/restaurants", tags=["owner floor"])

    @router.get("/{restaurant_id}/timeline", responses=success(200, "The day.") | responses(*_COMMON))
    async def read_timeline(
        restaurant_id: RestaurantId,
        date: Annotated[DayField, Query(description="The day, where the restaurant is.", examples=["2027-05-14"])],
        principal: BookingsReadPrincipal,
    ) -> TimelineOut:
        """Return everybody who comes to a restaurant of yours on a day, walk-ins too, and the tables of its room."""
        found = await booking.floor.timeline(owner=principal, restaurant_id=restaurant_id, day=date)
        return TimelineOut.of(found)

    @router.post(
        "/{restaurant_id}/walk-ins",
        status_code=201,
        responses=success(201, "Seated.", keyed=True) | responses(*_COMMON, RuleViolation, CapacityTaken, *KEY_ERRORS),
    )
    async def seat_walk_in(
        restaurant_id: RestaurantId, body: NewParty, principal: FloorPrincipal, key: KeyedRequest, response: Response
    ) -> TimelineEntryOut:
        """Seat a party that stands at the door, from the quarter of an hour that is running.

        All of the room is yours to give: tables kept from guests, and the whole of every limit.
        """
        asked = await booking.floor.walk_in(
            caller=caller(principal.account_id, key), owner=principal, restaurant_id=restaurant_id, party=body.party()
        )
        return TimelineEntryOut.of_entry(unwrapped(asked, response))

    @router.post(
        "/{restaurant_id}/reservations",
        status_code=201,
        responses=success(201, "Reserved.", keyed=True)
        | responses(*_COMMON, RuleViolation, CapacityTaken, *KEY_ERRORS),
    )
    async def take_reservation(
        restaurant_id: RestaurantId,
        body: NewReservation,
        principal: FloorPrincipal,
        key: KeyedRequest,
        response: Response,
    ) -> TimelineEntryOut:
        """Note a reservation that you took by phone or at the door. Nothing is paid or guaranteed for it."""
        asked = await booking.floor.reserve(
            caller=caller(principal.account_id, key),
            owner=principal,
            restaurant_id=restaurant_id,
            when=(body.date, body.time),
            party=body.party(),
        )
        return TimelineEntryOut.of_entry(unwrapped(asked, response))

    return router


def visits(booking: BookingApi) -> Router:
    """Return the route of where a party stands."""
    router = Router(prefix="/v1/owner/bookings", tags=["owner floor"])

    @router.post(
        "/{reference}/items/{item}/visit",
        responses=success(200, "So it is.", keyed=True)
        | responses(*_COMMON, AlreadyCancelled, VisitMoveRefused, *KEY_ERRORS),
    )
    async def move_visit(
        reference: Reference,
        item: Item,
        body: NewVisitState,
        principal: FloorPrincipal,
        key: KeyedRequest,
        response: Response,
    ) -> VisitOut:
        """Say that a party arrived, sat down, left, or did not come.

        From `booked` to `arrived` (and back), `seated`, `done`; or to `no_show`, once its time has come. `done` and
        `no_show` free the rest of the table's time. Where a card stands for the party, `no_show` charges the fee.
        """
        asked = await booking.floor.move_visit(
            caller=caller(principal.account_id, key), owner=principal, reference=reference, item=item, state=body.state
        )
        return VisitOut.of(unwrapped(asked, response))

    return router
