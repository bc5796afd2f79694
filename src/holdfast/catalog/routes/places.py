"""Cities and airports: everybody may read them, admins write them."""

from operator import attrgetter
from typing import Annotated, Final

from fastapi import Query, Request, Response

from holdfast.catalog.airline_api import AirportInUse, CityInUse, DuplicateIata, PlacesApi
from holdfast.catalog.api import IfMatchMalformed, PreconditionRequired, VersionConflict
from holdfast.catalog.routes.conditions import IF_MATCH, check_version, check_wanted, etag_of, success
from holdfast.catalog.routes.found import only
from holdfast.catalog.routes.paging import LIMIT, Cursor, Limit, Pager
from holdfast.catalog.routes.place_shapes import (
    AirportIn,
    AirportOut,
    AirportsPage,
    CitiesPage,
    CityIn,
    CityOut,
    Country,
    Iata,
)
from holdfast.kit.errors import Forbidden, Invalid, NotFound, Unauthenticated
from holdfast.kit.http.cursors import CursorInvalid, Cursors
from holdfast.kit.http.principals import AdminPrincipal
from holdfast.kit.http.problems import responses
from holdfast.kit.http.routes import Router
from holdfast.kit.http.wire import NUMBER_MAX, Digits, PathNumber

_WRITING: Final = (Unauthenticated, Forbidden, Invalid)
_CHANGING: Final = (*_WRITING, NotFound, VersionConflict, PreconditionRequired, IfMatchMalformed)


def cities(places: PlacesApi, cursors: Cursors) -> Router:
    """Return the routes of cities."""
    router = Router(prefix="/v1/cities", tags=["places"])

    @router.get("", responses=success(200, "A page.") | responses(Invalid, CursorInvalid))
    async def list_cities(
        limit: Limit = LIMIT,
        cursor: Cursor | None = None,
        country: Annotated[Country, Query(description="Only those of this country.")] | None = None,
    ) -> CitiesPage:
        """List cities in order of id."""
        found, following = await Pager(cursors, "cities", country=country).page(
            cursor,
            limit,
            lambda after_id, most: places.cities_page(country=country, after_id=after_id, limit=most),
            attrgetter("id"),
        )
        return CitiesPage(items=tuple(CityOut.of(each) for each in found), next_cursor=following)

    @router.post("", status_code=201, responses=success(201, "Created.", tagged=True) | responses(*_WRITING))
    async def create_city(body: CityIn, principal: AdminPrincipal, response: Response) -> CityOut:
        """Create a city, for airports to belong to. Only admins may."""
        created = await places.create_city(admin=principal, draft=body.draft())
        response.headers["location"] = f"/v1/cities/{created.id}"
        response.headers["etag"] = etag_of(created.version)
        return CityOut.of(created)

    @router.get("/{city_id}", responses=success(200, "The city.", tagged=True) | responses(NotFound))
    async def read_city(city_id: PathNumber, response: Response) -> CityOut:
        """Return a city, with the `ETag` that changing it needs."""
        found = only(await places.cities(ids=[city_id]))
        response.headers["etag"] = etag_of(found.version)
        return CityOut.of(found)

    @router.put(
        "/{city_id}",
        openapi_extra=IF_MATCH,
        responses=success(200, "Changed.", tagged=True) | responses(*_CHANGING),
    )
    async def replace_city(
        city_id: PathNumber, body: CityIn, principal: AdminPrincipal, request: Request, response: Response
    ) -> CityOut:
        """Replace what is said of a city. Only admins may."""
        wanted = check_wanted(request)
        before = only(await places.cities(ids=[city_id]))
        check_version(wanted, before.version)
        replaced = await places.replace_city(
            admin=principal, city_id=city_id, draft=body.draft(), version=before.version
        )
        response.headers["etag"] = etag_of(replaced.version)
        return CityOut.of(replaced)

    @router.delete(
        "/{city_id}",
        status_code=204,
        responses=success(204, "Deleted.") | responses(Unauthenticated, Forbidden, NotFound, CityInUse),
    )
    async def delete_city(city_id: PathNumber, principal: AdminPrincipal) -> None:
        """Delete a city that has no airports. Only admins may."""
        await places.delete_city(admin=principal, city_id=city_id)

    return router


def airports(places: PlacesApi, cursors: Cursors) -> Router:
    """Return the routes of airports."""
    router = Router(prefix="/v1/airports", tags=["places"])

    @router.get("", responses=success(200, "A page.") | responses(Invalid, CursorInvalid))
    async def list_airports(
        limit: Limit = LIMIT,
        cursor: Cursor | None = None,
        city_id: Annotated[int, Digits(1, NUMBER_MAX), Query(description="Only those of this city.")] | None = None,
        iata: Annotated[Iata, Query(description="Only the one of this code.")] | None = None,
    ) -> AirportsPage:
        """List airports in order of id."""
        found, following = await Pager(cursors, "airports", city_id=city_id, iata=iata).page(
            cursor,
            limit,
            lambda after_id, most: places.airports_page(city_id=city_id, iata=iata, after_id=after_id, limit=most),
            attrgetter("id"),
        )
        return AirportsPage(items=tuple(AirportOut.of(each) for each in found), next_cursor=following)

    @router.post(
        "", status_code=201, responses=success(201, "Created.", tagged=True) | responses(*_WRITING, DuplicateIata)
    )
    async def create_airport(body: AirportIn, principal: AdminPrincipal, response: Response) -> AirportOut:
        """Create an airport of a city. Only admins may."""
        created = await places.create_airport(admin=principal, draft=body.draft())
        response.headers["location"] = f"/v1/airports/{created.id}"
        response.headers["etag"] = etag_of(created.version)
        return AirportOut.of(created)

    @router.get("/{airport_id}", responses=success(200, "The airport.", tagged=True) | responses(NotFound))
    async def read_airport(airport_id: PathNumber, response: Response) -> AirportOut:
        """Return an airport, with the `ETag` that changing it needs."""
        found = only(await places.airports(ids=[airport_id]))
        response.headers["etag"] = etag_of(found.version)
        return AirportOut.of(found)

    @router.put(
        "/{airport_id}",
        openapi_extra=IF_MATCH,
        responses=success(200, "Changed.", tagged=True) | responses(*_CHANGING, DuplicateIata, AirportInUse),
    )
    async def replace_airport(
        airport_id: PathNumber, body: AirportIn, principal: AdminPrincipal, request: Request, response: Response
    ) -> AirportOut:
        """Replace what is said of an airport; its zone only while no flight uses it. Only admins may."""
        wanted = check_wanted(request)
        before = only(await places.airports(ids=[airport_id]))
        check_version(wanted, before.version)
        replaced = await places.replace_airport(
            admin=principal, airport_id=airport_id, draft=body.draft(), version=before.version
        )
        response.headers["etag"] = etag_of(replaced.version)
        return AirportOut.of(replaced)

    @router.delete(
        "/{airport_id}",
        status_code=204,
        responses=success(204, "Deleted.") | responses(Unauthenticated, Forbidden, NotFound, AirportInUse),
    )
    async def delete_airport(airport_id: PathNumber, principal: AdminPrincipal) -> None:
        """Delete an airport that no flight and no schedule uses. Only admins may."""
        await places.delete_airport(admin=principal, airport_id=airport_id)

    return router
