"""Dated flights and schedules: everybody may read them, airlines write their own."""

from operator import attrgetter
from typing import Annotated, Final

from fastapi import Query, Request, Response

from holdfast.catalog.airline_api import AirlineApi
from holdfast.catalog.api import IfMatchMalformed, PreconditionRequired, VersionConflict
from holdfast.catalog.flights_api import (
    DuplicateFlight,
    FlightHasDeparted,
    FlightInUse,
    FlightIsCanceled,
    FlightsApi,
)
from holdfast.catalog.routes.conditions import IF_MATCH, check_version, check_wanted, etag_of, success
from holdfast.catalog.routes.flight_shapes import (
    FlightIn,
    FlightOut,
    FlightsPage,
    FlightsQuery,
    ListedFlightOut,
    ScheduleChangeOut,
    ScheduleIn,
    ScheduleOut,
    SchedulesPage,
)
from holdfast.catalog.routes.found import only, own
from holdfast.catalog.routes.paging import LIMIT, Cursor, Limit, OwnerFilter, Pager
from holdfast.kit.errors import Forbidden, Invalid, NotFound, Unauthenticated
from holdfast.kit.http.cursors import CursorInvalid, Cursors
from holdfast.kit.http.principals import CatalogWriter
from holdfast.kit.http.problems import responses
from holdfast.kit.http.routes import Router
from holdfast.kit.http.wire import PathNumber

_FLIGHTS: Final = "/v1/flights"
_WRITING: Final = (Unauthenticated, Forbidden, Invalid, DuplicateFlight)
_CHANGING: Final = (*_WRITING, NotFound, VersionConflict, PreconditionRequired, IfMatchMalformed)
_ENDING: Final = (Unauthenticated, Forbidden, NotFound)


def reading(airline: FlightsApi, cursors: Cursors) -> Router:
    """Return the routes that show dated flights."""
    router = Router(prefix=_FLIGHTS, tags=["flights"])

    @router.get("", responses=success(200, "A page.") | responses(Invalid, CursorInvalid))
    async def list_flights(query: Annotated[FlightsQuery, Query()]) -> FlightsPage:
        """List dated flights in order of id, canceled ones too. To find a journey, search flights instead."""
        found, following = await Pager(cursors, "flights", **query.filters()).page(
            query.cursor,
            query.limit,
            lambda after_id, most: airline.flights_page(chosen=query.chosen(), after_id=after_id, limit=most),
            attrgetter("terms.flight_id"),
        )
        return FlightsPage(items=tuple(ListedFlightOut.of(each) for each in found), next_cursor=following)

    @router.get("/{flight_id}", responses=success(200, "The flight.", tagged=True) | responses(NotFound))
    async def read_flight(flight_id: PathNumber, response: Response) -> FlightOut:
        """Return a dated flight: local times at both ends, cabins, fares and their conditions.

        What is left of a fare, and what it costs together, is in a quote.
        """
        found = only([*(await airline.leg_offers(ids=[flight_id])).values()])
        response.headers["etag"] = etag_of(found.version)
        return FlightOut.of(found)

    return router


def writing(airline: FlightsApi) -> Router:
    """Return the routes that create, change and end dated flights."""
    router = Router(prefix=_FLIGHTS, tags=["flights"])

    @router.post("", status_code=201, responses=success(201, "Created.", tagged=True) | responses(*_WRITING))
    async def create_flight(body: FlightIn, principal: CatalogWriter, response: Response) -> FlightOut:
        """Create a dated flight with an airplane of yours.

        It takes as long as the clocks of both airports say, each in its own zone.
        """
        created = await airline.create(owner=principal, draft=body.draft())
        response.headers["location"] = f"{_FLIGHTS}/{created.terms.flight_id}"
        response.headers["etag"] = etag_of(created.version)
        return FlightOut.of(created)

    @router.put(
        "/{flight_id}",
        openapi_extra=IF_MATCH,
        responses=success(200, "Changed.", tagged=True)
        | responses(*_CHANGING, FlightInUse, FlightIsCanceled, FlightHasDeparted),
    )
    async def replace_flight(
        flight_id: PathNumber, body: FlightIn, principal: CatalogWriter, request: Request, response: Response
    ) -> FlightOut:
        """Replace what is said of a flight of yours, until it departs.

        Once it was offered to somebody both its airports stay. Holds and bookings keep the price they were made with;
        who booked is told of a new time. With another date it leaves its schedule.
        """
        wanted = check_wanted(request)
        before = await airline.own(owner=principal, flight_id=flight_id)
        check_version(wanted, before.version)
        replaced = await airline.replace(
            owner=principal, flight_id=flight_id, draft=body.draft(), version=before.version
        )
        response.headers["etag"] = etag_of(replaced.version)
        return FlightOut.of(replaced)

    @router.post(
        "/{flight_id}/cancel",
        responses=success(200, "Canceled.", tagged=True) | responses(*_ENDING, FlightHasDeparted),
    )
    async def cancel_flight(flight_id: PathNumber, principal: CatalogWriter, response: Response) -> FlightOut:
        """Cancel a flight of yours for good. Canceling it again changes nothing."""
        canceled = await airline.cancel(owner=principal, flight_id=flight_id)
        response.headers["etag"] = etag_of(canceled.version)
        return FlightOut.of(canceled)

    @router.delete(
        "/{flight_id}",
        status_code=204,
        responses=success(204, "Deleted.") | responses(*_ENDING, FlightInUse),
    )
    async def delete_flight(flight_id: PathNumber, principal: CatalogWriter) -> None:
        """Delete a flight of yours that nobody was ever offered. Any other one can be canceled."""
        await airline.delete(owner=principal, flight_id=flight_id)

    return router


def schedules(airline: AirlineApi, cursors: Cursors) -> Router:
    """Return the routes of schedules."""
    router = Router(prefix="/v1/schedules", tags=["flights"])

    @router.get("", responses=success(200, "A page.") | responses(Invalid, CursorInvalid))
    async def list_schedules(
        limit: Limit = LIMIT, cursor: Cursor | None = None, owner_id: OwnerFilter | None = None
    ) -> SchedulesPage:
        """List schedules in order of id."""
        found, following = await Pager(cursors, "schedules", owner_id=owner_id).page(
            cursor,
            limit,
            lambda after_id, most: airline.schedules_page(owner_id=owner_id, after_id=after_id, limit=most),
            attrgetter("id"),
        )
        return SchedulesPage(items=tuple(ScheduleOut.of(each) for each in found), next_cursor=following)

    @router.post("", status_code=201, responses=success(201, "Created.", tagged=True) | responses(*_WRITING))
    async def create_schedule(body: ScheduleIn, principal: CatalogWriter, response: Response) -> ScheduleChangeOut:
        """Create a schedule, and with it a dated flight for each of its dates.

        They are found by `GET /v1/flights?schedule_id=`.
        """
        change = await airline.create_schedule(owner=principal, draft=body.draft())
        response.headers["location"] = f"/v1/schedules/{change.schedule.id}"
        response.headers["etag"] = etag_of(change.schedule.version)
        return ScheduleChangeOut.of(change)

    @router.get("/{schedule_id}", responses=success(200, "The schedule.", tagged=True) | responses(NotFound))
    async def read_schedule(schedule_id: PathNumber, response: Response) -> ScheduleOut:
        """Return a schedule, with the `ETag` that changing it needs."""
        found = only(await airline.schedules(ids=[schedule_id]))
        response.headers["etag"] = etag_of(found.version)
        return ScheduleOut.of(found)

    @router.put(
        "/{schedule_id}",
        openapi_extra=IF_MATCH,
        responses=success(200, "Changed.", tagged=True) | responses(*_CHANGING),
    )
    async def replace_schedule(
        schedule_id: PathNumber, body: ScheduleIn, principal: CatalogWriter, request: Request, response: Response
    ) -> ScheduleChangeOut:
        """Replace what is said of a schedule of yours, and its flights on dates to come that nobody was offered.

        Flights of today and before stay as they are, as do those that were offered or canceled: change them one by
        one. The others become what the schedule says now; new dates get a flight, and dates that are gone lose theirs.
        """
        wanted = check_wanted(request)
        before = own(principal, await airline.schedules(ids=[schedule_id]))
        check_version(wanted, before.version)
        change = await airline.replace_schedule(
            owner=principal, schedule_id=schedule_id, draft=body.draft(), version=before.version
        )
        response.headers["etag"] = etag_of(change.schedule.version)
        return ScheduleChangeOut.of(change)

    @router.delete("/{schedule_id}", status_code=204, responses=success(204, "Deleted.") | responses(*_ENDING))
    async def delete_schedule(schedule_id: PathNumber, principal: CatalogWriter) -> None:
        """Delete a schedule of yours with its flights on dates to come that nobody was offered.

        Its other flights stay, on their own.
        """
        await airline.delete_schedule(owner=principal, schedule_id=schedule_id)

    return router
