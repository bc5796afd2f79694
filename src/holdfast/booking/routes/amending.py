"""What guests and owners ask after the sale: what canceling gives back, cancel, other dates."""

from typing import Annotated, Final

from fastapi import Body, Path, Response

from holdfast.booking.api import (
    AlreadyCancelled,
    BookingApi,
    CancellationTooLate,
    CapacityTaken,
    HoldQuotaExceeded,
    QuoteSuperseded,
    RuleViolation,
)
from holdfast.booking.routes.amending_shapes import (
    CHANGE_ID,
    Cancellation,
    CancellationQuoteOut,
    ChangeOut,
    NewCancellationQuote,
    NewChange,
)
from holdfast.booking.routes.common import Reference
from holdfast.booking.routes.promise_shapes import RefundCurveOut
from holdfast.booking.routes.shapes import BookingOut
from holdfast.catalog.api import NotBookable
from holdfast.kit.errors import Forbidden, Invalid, NotFound, Unauthenticated
from holdfast.kit.http.answers import caller, success, unwrapped
from holdfast.kit.http.keys import KeyedRequest, KeyMalformed, KeyMissing
from holdfast.kit.http.principals import BookingCanceler, BookingReader, TripsPrincipal
from holdfast.kit.http.problems import responses
from holdfast.kit.http.routes import Router
from holdfast.kit.http.wire import PathText
from holdfast.kit.keyed import KeyInProgress, KeyReused

ChangeId = Annotated[PathText, Path(description="The `id` of the change.", examples=[CHANGE_ID])]

_KEY_ERRORS: Final = (KeyMissing, KeyMalformed, KeyReused, KeyInProgress)
_COMMON: Final = (Unauthenticated, Forbidden, NotFound, Invalid)
_OVER: Final = (AlreadyCancelled, CancellationTooLate)


CancelItems = Annotated[NewCancellationQuote | None, Body(examples=[{"items": [0]}])]


def cancellations(booking: BookingApi) -> Router:
    """Return the routes of cancellations."""
    router = Router(prefix="/v1/bookings", tags=["cancellations"])

    @router.post(
        "/{reference}/cancellation-quotes",
        status_code=201,
        responses=success(201, "What comes back, line by line.") | responses(*_COMMON, *_OVER),
    )
    async def quote_cancellation(
        reference: Reference, principal: BookingCanceler, body: CancelItems = None
    ) -> CancellationQuoteOut:
        """Say what canceling gives back, of all or of some items, and promise that for 15 minutes.

        A guest gets what the booking's own policies give; an owner who cancels gives everything back. Only the newest
        of your quotes can be used.
        """
        items = () if body is None else body.items
        found = await booking.get_booking(principal=principal, reference=reference)
        quote = await booking.quote_cancellation(principal=principal, number=found.number, items=items)
        return CancellationQuoteOut.of(quote, found.price.currency)

    @router.post(
        "/{reference}/cancel",
        responses=success(200, "Canceled.", keyed=True) | responses(*_COMMON, *_OVER, QuoteSuperseded, *_KEY_ERRORS),
    )
    async def cancel_booking(
        reference: Reference, body: Cancellation, principal: BookingCanceler, key: KeyedRequest, response: Response
    ) -> BookingOut:
        """Cancel as your newest cancellation quote says, to the cent, whatever the clock says by now.

        The nights are free at once. Where only some items go, the booking stands on at the price of the rest.
        """
        found = await booking.get_booking(principal=principal, reference=reference)
        asked = await booking.cancel(
            caller=caller(principal.account_id, key), principal=principal, number=found.number, quote_id=body.quote_id
        )
        return BookingOut.of(unwrapped(asked, response))

    @router.get(
        "/{reference}/refund-curve",
        responses=success(200, "The curve.") | responses(Unauthenticated, Forbidden, NotFound),
    )
    async def read_curve(reference: Reference, principal: BookingReader) -> RefundCurveOut:
        """Return what canceling a booking gives its guest back, instant by instant."""
        found = await booking.get_booking(principal=principal, reference=reference)
        curve = await booking.refund_curve(principal=principal, number=found.number)
        return RefundCurveOut.of(curve, start=found.created_at)

    return router


def changes(booking: BookingApi) -> Router:
    """Return the routes of changes; confirming one is the gateway's, because it needs payments."""
    router = Router(prefix="/v1/bookings", tags=["changes"])

    @router.post(
        "/{reference}/changes",
        status_code=201,
        responses=success(201, "The new nights are held.", keyed=True)
        | responses(*_COMMON, *_OVER, RuleViolation, CapacityTaken, NotBookable, HoldQuotaExceeded, *_KEY_ERRORS),
    )
    async def place_change(
        reference: Reference, body: NewChange, principal: TripsPrincipal, key: KeyedRequest, response: Response
    ) -> ChangeOut:
        """Price other dates or guests by the terms of today, and hold the nights that are new for 10 minutes.

        What you have booked stays yours until you confirm the change, and after, if you do not. A second change lets
        the first one go.
        """
        found = await booking.get_booking(principal=principal, reference=reference)
        asked = await booking.place_change(
            caller=caller(principal.account_id, key),
            principal=principal,
            number=found.number,
            items=[wish.item() for wish in body.items],
        )
        return ChangeOut.of(unwrapped(asked, response))

    @router.get(
        "/{reference}/changes/{change_id}",
        responses=success(200, "The change.") | responses(Unauthenticated, Forbidden, NotFound),
    )
    async def read_change(reference: Reference, change_id: ChangeId, principal: BookingReader) -> ChangeOut:
        """Return a change; its hold says whether it can still be confirmed."""
        found = await booking.get_booking(principal=principal, reference=reference)
        change = await booking.get_change(principal=principal, number=found.number, change_id=change_id)
        return ChangeOut.of(change)

    return router
