"""What owners ask: how much there is to sell, which nights to keep, who comes."""

from typing import Final

from fastapi import Response

from holdfast.booking.api import BelowSold, Booking, BookingApi, CapacityTaken, NotRequested
from holdfast.booking.routes.common import BlockId, Cursor, Limit, PropertyId, Reference, check_range, page_of
from holdfast.booking.routes.shapes import BookingOut, BookingsPage
from holdfast.booking.routes.stock_shapes import BlockOut, BlocksOut, NewBlock, NewNightStock, NewStock
from holdfast.kit.errors import FieldError, Forbidden, Invalid, NotFound, Unauthenticated
from holdfast.kit.http.answers import KEY_ERRORS, caller, success, unwrapped
from holdfast.kit.http.cursors import CursorInvalid, Cursors
from holdfast.kit.http.keys import KeyedRequest, KeyMalformed, KeyMissing
from holdfast.kit.http.principals import (
    BookingsReadPrincipal,
    BookingsWritePrincipal,
    CatalogReader,
    StockPrincipal,
)
from holdfast.kit.http.problems import responses
from holdfast.kit.http.routes import Router
from holdfast.kit.keyed import KeyInProgress, KeyReused

_RANGE_NIGHTS_MAX: Final = 730
_COMMON: Final = (Unauthenticated, Forbidden, NotFound, Invalid)


def stock(booking: BookingApi) -> Router:
    """Return the routes of how much there is to sell."""
    router = Router(prefix="/v1/owner/properties", tags=["owner stock"])

    @router.put(
        "/{property_id}/stock", status_code=204, responses=success(204, "Changed.") | responses(*_COMMON, BelowSold)
    )
    async def resize(property_id: PropertyId, body: NewStock, principal: StockPrincipal) -> None:
        """Change how many units a property has, on every night without a number of its own.

        Refused if more is sold on some night; the bookings that stand against it are listed.
        """
        await booking.resize(owner=principal, property_id=property_id, units=body.units)

    @router.put(
        "/{property_id}/night-stock",
        status_code=204,
        responses=success(204, "Changed.") | responses(*_COMMON, BelowSold),
    )
    async def set_night_stock(property_id: PropertyId, body: NewNightStock, principal: StockPrincipal) -> None:
        """Give nights a number of units of their own, or stop and open their sale."""
        _check_nights(body)
        await booking.set_night_stock(
            owner=principal,
            property_id=property_id,
            first=body.first,
            end=body.end,
            capacity=body.capacity,
            closed=body.closed,
        )

    return router


def blocks(booking: BookingApi) -> Router:
    """Return the routes of nights an owner keeps."""
    router = Router(prefix="/v1/owner", tags=["owner blocks"])
    key_errors = (KeyMissing, KeyMalformed, KeyReused, KeyInProgress)

    @router.post(
        "/properties/{property_id}/blocks",
        status_code=201,
        responses=success(201, "Blocked.", keyed=True) | responses(*_COMMON, CapacityTaken, *key_errors),
    )
    async def block(
        property_id: PropertyId, body: NewBlock, principal: StockPrincipal, key: KeyedRequest, response: Response
    ) -> BlockOut:
        """Take nights of your own property off the market, from `first` up to and without `end`.

        Refused if a night is sold; the bookings that stand against it are listed.
        """
        check_range(body.first, body.end, most=_RANGE_NIGHTS_MAX, pointer="/end")
        asked = await booking.block(
            caller=caller(principal.account_id, key),
            owner=principal,
            property_id=property_id,
            nights=(body.first, body.end),
            quantity=body.quantity,
            note=body.note,
        )
        return BlockOut.of(unwrapped(asked, response))

    @router.get("/properties/{property_id}/blocks", responses=success(200, "The blocks.") | responses(*_COMMON))
    async def list_blocks(property_id: PropertyId, principal: CatalogReader) -> BlocksOut:
        """List the blocks of a property that are in force."""
        found = await booking.blocks_of(owner=principal, property_id=property_id)
        return BlocksOut(items=tuple(BlockOut.of(each) for each in found))

    @router.delete("/blocks/{block_id}", status_code=204, responses=success(204, "Unblocked.") | responses(*_COMMON))
    async def unblock(block_id: BlockId, principal: StockPrincipal) -> None:
        """Give blocked nights back. Doing it again changes nothing."""
        await booking.unblock(owner=principal, block_id=block_id)

    return router


def bookings(booking: BookingApi, cursors: Cursors) -> Router:
    """Return the route of who comes."""
    router = Router(prefix="/v1/owner/bookings", tags=["owner bookings"])

    @router.get("", responses=success(200, "A page.") | responses(Unauthenticated, Forbidden, Invalid, CursorInvalid))
    async def list_owner_bookings(
        principal: BookingsReadPrincipal, limit: Limit = 20, cursor: Cursor | None = None
    ) -> BookingsPage:
        """List the bookings of everything you run, newest first."""

        async def ask(before: int | None, count: int) -> list[Booking]:
            return await booking.bookings_of_owner(owner_id=principal.acting_for(), before=before, limit=count)

        return await page_of(ask, cursors, scope=f"owner:{principal.account_id}", limit=limit, cursor=cursor)

    async def decided(
        reference: str, principal: BookingsWritePrincipal, key: KeyedRequest, response: Response, *, accept: bool
    ) -> BookingOut:
        found = await booking.get_booking(principal=principal, reference=reference)
        asked = await booking.decide(
            caller=caller(principal.account_id, key), owner=principal, number=found.number, accept=accept
        )
        return BookingOut.of(unwrapped(asked, response))

    @router.post(
        "/{reference}/accept",
        responses=success(200, "Accepted.", keyed=True) | responses(*_COMMON, NotRequested, *KEY_ERRORS),
    )
    async def accept_request(
        reference: Reference, principal: BookingsWritePrincipal, key: KeyedRequest, response: Response
    ) -> BookingOut:
        """Say yes to a request to book. It is booked once every host of the trip who wants to be asked has."""
        return await decided(reference, principal, key, response, accept=True)

    @router.post(
        "/{reference}/decline",
        responses=success(200, "Declined.", keyed=True) | responses(*_COMMON, NotRequested, *KEY_ERRORS),
    )
    async def decline_request(
        reference: Reference, principal: BookingsWritePrincipal, key: KeyedRequest, response: Response
    ) -> BookingOut:
        """Say no to a request to book: its nights are free at once, and nothing is charged."""
        return await decided(reference, principal, key, response, accept=False)

    return router


def _check_nights(body: NewNightStock) -> None:
    check_range(body.first, body.end, most=_RANGE_NIGHTS_MAX, pointer="/end")
    if body.capacity is None and body.closed is None:
        detail = "Say capacity, closed, or both."
        raise Invalid(errors=[FieldError(pointer="/capacity", code="missing_field", detail=detail)])
