"""What everybody may ask of a flight: its seat map, with what is free."""

from typing import Annotated, Self

from fastapi import Path, Query

from holdfast.booking.api import BookingApi
from holdfast.booking.routes.examples import shown
from holdfast.booking.routes.item_shapes import Code
from holdfast.catalog.api import CatalogApi
from holdfast.kit.errors import FieldError, Invalid, NotFound
from holdfast.kit.http.answers import success
from holdfast.kit.http.problems import responses
from holdfast.kit.http.routes import Router
from holdfast.kit.http.wire import BY_VALUE, MoneyOut, PathNumber, Wire
from holdfast.verticals.flights.claims import SEAT_SLOTS, seat_resource
from holdfast.verticals.flights.seats import SeatOffer, SeatState, offered
from holdfast.verticals.flights.terms import FareBrand, LegTerms

FlightId = Annotated[PathNumber, Path(examples=[9])]


class MapSeat(Wire):
    """One seat of a flight."""

    seat: str
    """Row and column: send it as `seat` when you choose it."""
    row: int
    column: str
    cabin: str
    state: Annotated[SeatState, BY_VALUE]
    """`exit`: free, but not for children nor for whoever travels with an infant."""
    price: MoneyOut
    """For choosing it, with the fare brand that was asked about."""

    @classmethod
    def of(cls, offer: SeatOffer, currency: str) -> Self:
        """Render a seat."""
        return cls(
            seat=offer.code,
            row=offer.seat.row,
            column=offer.seat.column,
            cabin=offer.seat.cabin,
            state=offer.state,
            price=MoneyOut(amount=offer.price_minor, currency=currency),
        )


class SeatMapOut(Wire):
    """The seats of a flight, from the first row to the last and from left to right."""

    model_config = shown(
        {
            "flight_id": 9,
            "equipment": "738",
            "seats": [
                {
                    "seat": "12A",
                    "row": 12,
                    "column": "A",
                    "cabin": "economy",
                    "state": "free",
                    "price": {"amount": 1200, "currency": "USD"},
                }
            ],
        }
    )

    flight_id: int
    equipment: str
    seats: tuple[MapSeat, ...]
    """Empty where seats are given at the gate."""


def seat_maps(booking: BookingApi, catalog: CatalogApi) -> Router:
    """Return the route of a flight's seat map."""
    router = Router(prefix="/v1/flights", tags=["flights"])

    @router.get("/{flight_id}/seats", responses=success(200, "The seat map.") | responses(NotFound, Invalid))
    async def read_seats(
        flight_id: FlightId,
        brand: Annotated[
            Code | None, Query(description="Whose prices to show; none: without any choice included.")
        ] = None,
    ) -> SeatMapOut:
        """Return every seat of a flight that has not been canceled, and whether it can be chosen now.

        Seats of live holds count as taken. The hold is the judge: what is free here may be gone a moment later.
        """
        offers = await catalog.flights.leg_offers(ids=[flight_id])
        leg = _flying(offers[flight_id].terms if flight_id in offers else None)
        chosen = None if brand is None else _brand(leg, brand)
        cells = await booking.stock_of.cells(resource_ids=[seat_resource(flight_id)], first=0, end=SEAT_SLOTS)
        seats = offered(leg, cells, brand=chosen)
        return SeatMapOut(
            flight_id=flight_id,
            equipment=leg.equipment,
            seats=tuple(MapSeat.of(each, leg.currency) for each in seats),
        )

    return router


def _flying(leg: LegTerms | None) -> LegTerms:
    if leg is None or leg.canceled:
        raise NotFound("There is no such flight, or it was canceled.")
    return leg


def _brand(leg: LegTerms, code: str) -> FareBrand:
    for cabin in leg.cabins:
        for brand in cabin.brands:
            if brand.code == code:
                return brand
    known = sorted({brand.code for cabin in leg.cabins for brand in cabin.brands})
    detail = f"The flight is sold as {', '.join(known)}."
    raise Invalid(detail, errors=[FieldError(pointer="#query/brand", code="unknown_brand", detail=detail)])
