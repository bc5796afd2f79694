"""What everybody may ask: a property's calendar."""

from typing import Annotated, Final

from fastapi import Query

from holdfast.booking.api import BookingApi, NightStock
from holdfast.booking.routes.common import PropertyId, check_range
from holdfast.booking.routes.stock_shapes import CalendarOut, NightOut
from holdfast.catalog.api import CatalogApi
from holdfast.kit.errors import Invalid, NotFound
from holdfast.kit.http.answers import success
from holdfast.kit.http.problems import responses
from holdfast.kit.http.routes import Router
from holdfast.kit.http.wire import DayField
from holdfast.verticals.stays import StayTerms

_CALENDAR_NIGHTS_MAX: Final = 366


def calendar(booking: BookingApi, catalog: CatalogApi) -> Router:
    """Return the route of a property's calendar."""
    router = Router(prefix="/v1/properties", tags=["properties"])

    @router.get("/{property_id}/calendar", responses=success(200, "The calendar.") | responses(NotFound, Invalid))
    async def read_calendar(
        property_id: PropertyId,
        first: Annotated[DayField, Query(description="The first night.", examples=["2027-05-01"])],
        end: Annotated[
            DayField,
            Query(description="The first night that is not meant; at most 366 after `first`.", examples=["2027-06-01"]),
        ],
    ) -> CalendarOut:
        """Return price, free units and rules of a property for every night from `first` up to and without `end`.

        Live holds of others count as taken. The hold is the judge: what is free here may be gone a moment later.
        """
        found = await catalog.stay_terms(ids=[property_id], first=first, end=max(first, end))
        terms = _known(found.get(property_id))
        check_range(first, end, most=_CALENDAR_NIGHTS_MAX, pointer="#query/end")
        stock = await booking.stock(property_ids=[property_id], first=first, end=end)
        return _calendar(terms, stock.get(property_id, []))

    return router


def _known(terms: StayTerms | None) -> StayTerms:
    if terms is None:
        raise NotFound
    return terms


def _calendar(terms: StayTerms, stock: list[NightStock]) -> CalendarOut:
    return CalendarOut(
        property_id=terms.property_id,
        zone=terms.zone,
        check_in_from=terms.check_in_from,
        check_out_until=terms.check_out_until,
        nights=tuple(NightOut.of(terms, night) for night in stock),
    )
