"""Airplanes: everybody may read them, airlines write their own."""

from operator import attrgetter
from typing import Final

from fastapi import Request, Response

from holdfast.catalog.airline_api import AirlineApi, AirplaneInUse, DuplicateAirplane
from holdfast.catalog.api import IfMatchMalformed, PreconditionRequired, VersionConflict
from holdfast.catalog.routes.airplane_shapes import AirplaneIn, AirplaneOut, AirplanesPage
from holdfast.catalog.routes.conditions import IF_MATCH, check_version, check_wanted, etag_of, success
from holdfast.catalog.routes.found import only, own
from holdfast.catalog.routes.paging import LIMIT, Cursor, Limit, OwnerFilter, Pager
from holdfast.kit.errors import Forbidden, Invalid, NotFound, Unauthenticated
from holdfast.kit.http.cursors import CursorInvalid, Cursors
from holdfast.kit.http.principals import CatalogWriter
from holdfast.kit.http.problems import responses
from holdfast.kit.http.routes import Router
from holdfast.kit.http.wire import PathNumber

_WRITING: Final = (Unauthenticated, Forbidden, Invalid, DuplicateAirplane)
_CHANGING: Final = (*_WRITING, NotFound, VersionConflict, PreconditionRequired, IfMatchMalformed, AirplaneInUse)


def airplanes(airline: AirlineApi, cursors: Cursors) -> Router:
    """Return the routes of airplanes."""
    router = Router(prefix="/v1/airplanes", tags=["flights"])

    @router.get("", responses=success(200, "A page.") | responses(Invalid, CursorInvalid))
    async def list_airplanes(
        limit: Limit = LIMIT, cursor: Cursor | None = None, owner_id: OwnerFilter | None = None
    ) -> AirplanesPage:
        """List airplanes in order of id."""
        found, following = await Pager(cursors, "airplanes", owner_id=owner_id).page(
            cursor,
            limit,
            lambda after_id, most: airline.airplanes_page(owner_id=owner_id, after_id=after_id, limit=most),
            attrgetter("id"),
        )
        return AirplanesPage(items=tuple(AirplaneOut.of(each) for each in found), next_cursor=following)

    @router.post("", status_code=201, responses=success(201, "Created.", tagged=True) | responses(*_WRITING))
    async def create_airplane(body: AirplaneIn, principal: CatalogWriter, response: Response) -> AirplaneOut:
        """Create an airplane of your own, with the cabins its seat map follows from."""
        created = await airline.create_airplane(owner=principal, draft=body.draft())
        response.headers["location"] = f"/v1/airplanes/{created.id}"
        response.headers["etag"] = etag_of(created.version)
        return AirplaneOut.of(created)

    @router.get("/{airplane_id}", responses=success(200, "The airplane.", tagged=True) | responses(NotFound))
    async def read_airplane(airplane_id: PathNumber, response: Response) -> AirplaneOut:
        """Return an airplane, with the `ETag` that changing it needs."""
        found = only(await airline.airplanes(ids=[airplane_id]))
        response.headers["etag"] = etag_of(found.version)
        return AirplaneOut.of(found)

    @router.put(
        "/{airplane_id}",
        openapi_extra=IF_MATCH,
        responses=success(200, "Changed.", tagged=True) | responses(*_CHANGING),
    )
    async def replace_airplane(
        airplane_id: PathNumber, body: AirplaneIn, principal: CatalogWriter, request: Request, response: Response
    ) -> AirplaneOut:
        """Replace what is said of an airplane of yours; its cabins only until one of its flights was offered."""
        wanted = check_wanted(request)
        before = own(principal, await airline.airplanes(ids=[airplane_id]))
        check_version(wanted, before.version)
        replaced = await airline.replace_airplane(
            owner=principal, airplane_id=airplane_id, draft=body.draft(), version=before.version
        )
        response.headers["etag"] = etag_of(replaced.version)
        return AirplaneOut.of(replaced)

    @router.delete(
        "/{airplane_id}",
        status_code=204,
        responses=success(204, "Deleted.") | responses(Unauthenticated, Forbidden, NotFound, AirplaneInUse),
    )
    async def delete_airplane(airplane_id: PathNumber, principal: CatalogWriter) -> None:
        """Delete an airplane of yours that no flight and no schedule uses."""
        await airline.delete_airplane(owner=principal, airplane_id=airplane_id)

    return router
