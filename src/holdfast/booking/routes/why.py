"""What everybody may ask who wants to book: why not, and what instead."""

from holdfast.booking.api import BookingApi
from holdfast.booking.routes.item_shapes import items_of
from holdfast.booking.routes.why_shapes import WhyNotOut, WhyNotQuestion
from holdfast.kit.errors import Forbidden, Invalid, NotFound, Unauthenticated
from holdfast.kit.http.answers import success
from holdfast.kit.http.principals import TripsPrincipal
from holdfast.kit.http.problems import responses
from holdfast.kit.http.routes import Router


def why_not(booking: BookingApi) -> Router:
    """Return the route that says why something cannot be booked."""
    router = Router(prefix="/v1/why-not", tags=["quotes"])

    @router.post("", responses=success(200, "The answer.") | responses(Unauthenticated, Forbidden, NotFound, Invalid))
    async def ask_why_not(body: WhyNotQuestion, principal: TripsPrincipal) -> WhyNotOut:
        """Say whether items can be booked now, every rule that stands against them, and what could be booked instead.

        Ask what you would ask a quote for. Nothing is taken or kept: the hold is the judge, and what is free here may
        be gone a moment later. Rules of whoever sells come first, then what keeps the items apart, then stock.
        """
        found = await booking.why.why_not(account_id=principal.account_id, items=items_of(body.items))
        return WhyNotOut.of(found)

    return router
