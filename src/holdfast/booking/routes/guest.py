"""What guests ask: price it, hold it, look at it, give it back."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from fastapi import Response

from holdfast.booking.api import (
    AlreadyConfirmed,
    Booking,
    BookingApi,
    CapacityTaken,
    ExtensionLimit,
    HoldExpired,
    HoldNotActive,
    HoldQuotaExceeded,
    QuoteExpired,
)
from holdfast.booking.routes.common import Cursor, HoldId, Limit, QuoteId, Reference, page_of
from holdfast.booking.routes.promise_shapes import (
    FaultOut,
    KeyOut,
    KeysOut,
    QuoteCheckOut,
    RefundCurveOut,
    SignedQuote,
)
from holdfast.booking.routes.shapes import BookingOut, BookingsPage, HoldOut, NewHold, NewQuote, QuoteOut
from holdfast.kit.errors import Forbidden, Invalid, NotFound, Unauthenticated
from holdfast.kit.http.answers import caller, success, unwrapped
from holdfast.kit.http.cursors import CursorInvalid, Cursors
from holdfast.kit.http.keys import KeyedRequest, KeyMalformed, KeyMissing
from holdfast.kit.http.principals import BookingReader, TripsPrincipal
from holdfast.kit.http.problems import responses
from holdfast.kit.http.routes import Router
from holdfast.kit.http.wire import MoneyOut
from holdfast.kit.jws import NotSigned, opened
from holdfast.kit.keyed import KeyInProgress, KeyReused
from holdfast.verticals.promises import TYPE, Fault, faults

_KEY_ERRORS = (KeyMissing, KeyMalformed, KeyReused, KeyInProgress)

_KEYS_FRESH_S: Final = 3600
_CACHED: Final[dict[str, Any]] = {
    "Cache-Control": {"description": "How long they may be kept.", "schema": {"type": "string"}}
}


def quotes(booking: BookingApi) -> Router:
    """Return the routes of quotes."""
    router = Router(prefix="/v1/quotes", tags=["quotes"])

    @router.post(
        "",
        status_code=201,
        responses=success(201, "Priced.") | responses(Unauthenticated, Forbidden, NotFound, Invalid),
    )
    async def make_quote(body: NewQuote, principal: TripsPrincipal) -> QuoteOut:
        """Price a request and promise the price for 15 minutes.

        Takes no stock and does not look at it: hold the quote for that. Every rule of the property that stands against
        the request is named in `errors`.
        """
        items = [wish.item() for wish in body.items]
        return QuoteOut.of(await booking.quote(account_id=principal.account_id, items=items))

    @router.post("/verify", responses=success(200, "Checked.") | responses(Invalid))
    async def verify_quote(body: SignedQuote) -> QuoteCheckOut:
        """Check a signed quote: whether we signed it, and whether every line follows from its rule and inputs.

        Anybody may ask. The same check runs without us: `holdfast quote verify`, or any JWS library with our keys.
        """
        return checked(body.signed, booking.quote_keys())

    @router.get("/{quote_id}", responses=success(200, "The quote.") | responses(Unauthenticated, Forbidden, NotFound))
    async def read_quote(quote_id: QuoteId, principal: TripsPrincipal) -> QuoteOut:
        """Return a quote of yours."""
        return QuoteOut.of(await booking.get_quote(account_id=principal.account_id, quote_id=quote_id))

    @router.get(
        "/{quote_id}/refund-curve",
        responses=success(200, "The curve.") | responses(Unauthenticated, Forbidden, NotFound),
    )
    async def read_quote_curve(quote_id: QuoteId, principal: TripsPrincipal) -> RefundCurveOut:
        """Return what canceling would give back, instant by instant, had you booked the quote when it was made."""
        quote = await booking.get_quote(account_id=principal.account_id, quote_id=quote_id)
        curve = await booking.quote_curve(account_id=principal.account_id, quote_id=quote_id)
        return RefundCurveOut.of(curve, start=quote.created_at)

    return router


def quote_keys(booking: BookingApi) -> Router:
    """Return the route of the keys that quotes are signed with."""
    router = Router(prefix="/v1/quote-keys", tags=["quotes"])

    @router.get("", responses=success(200, "The keys.", headers=_CACHED))
    async def read_quote_keys(response: Response) -> KeysOut:
        """Return the public keys that quotes are signed with, those of previous secrets too."""
        response.headers["Cache-Control"] = f"public, max-age={_KEYS_FRESH_S}"
        return KeysOut(keys=tuple(KeyOut(**each) for each in booking.quote_keys()["keys"]))

    return router


def checked(signed: str, keys: Mapping[str, Any]) -> QuoteCheckOut:
    """Return whether a signed quote holds, by these keys."""
    try:
        said = msgspec.json.decode(opened(signed, keys, typ=TYPE))
    except NotSigned as error:
        fault = Fault(what="signature", detail=f"{error}")
        return QuoteCheckOut(holds=False, quote_id=None, total=None, faults=(FaultOut.of(fault),))
    found = faults(said)
    price = said["price"]  # we have signed it, so it has one
    return QuoteCheckOut(
        holds=not found,
        quote_id=said["id"],
        total=MoneyOut(amount=price["total_minor"], currency=price["currency"]),
        faults=tuple(FaultOut.of(each) for each in found),
    )


def holds(booking: BookingApi) -> Router:
    """Return the routes of holds."""
    router = Router(prefix="/v1/holds", tags=["holds"])
    over = (HoldExpired, HoldNotActive, AlreadyConfirmed)

    @router.post(
        "",
        status_code=201,
        responses=success(201, "Held.", keyed=True)
        | responses(
            Unauthenticated, Forbidden, NotFound, Invalid, QuoteExpired, CapacityTaken, HoldQuotaExceeded, *_KEY_ERRORS
        ),
    )
    async def place_hold(body: NewHold, principal: TripsPrincipal, key: KeyedRequest, response: Response) -> HoldOut:
        """Take the stock of a quote for 10 minutes at the quoted price, all of it or nothing.

        Nobody else can have it meanwhile. Confirm it with `POST /v1/bookings`, or let it go.
        """
        asked = await booking.place_hold(caller=caller(principal.account_id, key), quote_id=body.quote_id)
        return HoldOut.of(unwrapped(asked, response))

    @router.get("/{hold_id}", responses=success(200, "The hold.") | responses(Unauthenticated, Forbidden, NotFound))
    async def read_hold(hold_id: HoldId, principal: TripsPrincipal) -> HoldOut:
        """Return a hold of yours, its state judged now."""
        return HoldOut.of(await booking.get_hold(account_id=principal.account_id, hold_id=hold_id))

    @router.post(
        "/{hold_id}/extend",
        responses=success(200, "Extended.", keyed=True)
        | responses(Unauthenticated, Forbidden, NotFound, Invalid, *over, ExtensionLimit, *_KEY_ERRORS),
    )
    async def extend_hold(hold_id: HoldId, principal: TripsPrincipal, key: KeyedRequest, response: Response) -> HoldOut:
        """Give a live hold 10 more minutes from now, 30 minutes in all at most."""
        asked = await booking.extend_hold(caller=caller(principal.account_id, key), hold_id=hold_id)
        return HoldOut.of(unwrapped(asked, response))

    @router.delete(
        "/{hold_id}",
        status_code=204,
        responses=success(204, "Released.") | responses(Unauthenticated, Forbidden, NotFound, AlreadyConfirmed),
    )
    async def release_hold(hold_id: HoldId, principal: TripsPrincipal) -> None:
        """Let a hold go: its stock is free at once. Releasing it again changes nothing."""
        await booking.release_hold(account_id=principal.account_id, hold_id=hold_id)

    return router


def bookings(booking: BookingApi, cursors: Cursors) -> Router:
    """Return the routes of a guest's bookings; confirming a hold is the gateway's, because it needs payments."""
    router = Router(prefix="/v1/bookings", tags=["bookings"])

    @router.get("", responses=success(200, "A page.") | responses(Unauthenticated, Forbidden, Invalid, CursorInvalid))
    async def list_bookings(principal: TripsPrincipal, limit: Limit = 20, cursor: Cursor | None = None) -> BookingsPage:
        """List your bookings, newest first."""

        async def ask(before: int | None, count: int) -> list[Booking]:
            return await booking.bookings_of(account_id=principal.account_id, before=before, limit=count)

        return await page_of(ask, cursors, scope=f"guest:{principal.account_id}", limit=limit, cursor=cursor)

    @router.get(
        "/{reference}", responses=success(200, "The booking.") | responses(Unauthenticated, Forbidden, NotFound)
    )
    async def read_booking(reference: Reference, principal: BookingReader) -> BookingOut:
        """Return a booking of yours, or of a property you run."""
        return BookingOut.of(await booking.get_booking(principal=principal, reference=reference))

    return router
