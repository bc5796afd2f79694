"""Restaurants: what everybody may read, and what their owners create and change."""

from operator import attrgetter
from typing import Final

from fastapi import Request, Response

from holdfast.catalog.api import (
    IfMatchMalformed,
    PreconditionRequired,
    Restaurant,
    RestaurantsApi,
    VersionConflict,
)
from holdfast.catalog.routes.conditions import (
    IF_MATCH,
    IF_NONE_MATCH,
    check_version,
    check_wanted,
    etag_of,
    has_newest,
    success,
)
from holdfast.catalog.routes.dining_terms import SpecialDayOut
from holdfast.catalog.routes.paging import LIMIT, Cursor, Limit, Pager
from holdfast.catalog.routes.restaurant_shapes import (
    NewRestaurant,
    NewSpecialDay,
    OwnRestaurantOut,
    OwnRestaurantsPage,
    ReplacedRestaurant,
    RestaurantOut,
)
from holdfast.kit.errors import Forbidden, Invalid, NotFound, Unauthenticated
from holdfast.kit.http.cursors import CursorInvalid, Cursors
from holdfast.kit.http.principals import CatalogReader, CatalogWriter
from holdfast.kit.http.problems import responses
from holdfast.kit.http.routes import Router
from holdfast.kit.http.wire import DayField, PathNumber

_PREFIX: Final = "/v1/owner/restaurants"
_TAGS: Final = ["owner restaurants"]
_COMMON: Final = (Unauthenticated, Forbidden, Invalid)


def public(restaurants: RestaurantsApi) -> Router:
    """Return the route of one restaurant."""
    router = Router(prefix="/v1/restaurants", tags=["restaurants"])

    @router.get(
        "/{restaurant_id}",
        response_model=RestaurantOut,
        openapi_extra=IF_NONE_MATCH,
        responses=success(200, "The restaurant.", tagged=True)
        | success(304, "You have the newest.", tagged=True)
        | responses(NotFound),
    )
    async def read_restaurant(restaurant_id: PathNumber, request: Request) -> Response:
        """Return what the owner says of a restaurant that is listed.

        Its `terms` say when parties are seated and what is asked of them; a quote says what a table costs at a time.
        All dates and times are meant in `terms.zone`.
        """
        found = _listed(await restaurants.get_many(ids=[restaurant_id]))
        headers = {"etag": etag_of(found.version), "cache-control": "no-cache"}
        if has_newest(request, found.version):
            return Response(status_code=304, headers=headers)
        body = RestaurantOut.of(found).model_dump_json().encode()
        return Response(body, headers=headers, media_type="application/json")

    return router


def reading(restaurants: RestaurantsApi, cursors: Cursors) -> Router:
    """Return the routes that show an owner's restaurants."""
    router = Router(prefix=_PREFIX, tags=_TAGS)

    @router.get("", responses=success(200, "A page.") | responses(*_COMMON, CursorInvalid))
    async def list_own_restaurants(
        principal: CatalogReader, limit: Limit = LIMIT, cursor: Cursor | None = None
    ) -> OwnRestaurantsPage:
        """List your restaurants, listed or not, in order of id."""
        found, following = await Pager(cursors, "owner:restaurants", owner=principal.account_id).page(
            cursor,
            limit,
            lambda after_id, most: restaurants.list_page(
                owner_id=principal.acting_for(), after_id=after_id, limit=most
            ),
            attrgetter("id"),
        )
        return OwnRestaurantsPage(items=tuple(OwnRestaurantOut.of(each) for each in found), next_cursor=following)

    @router.get(
        "/{restaurant_id}",
        responses=success(200, "The restaurant.", tagged=True) | responses(*_COMMON, NotFound),
    )
    async def read_own_restaurant(
        restaurant_id: PathNumber, principal: CatalogReader, response: Response
    ) -> OwnRestaurantOut:
        """Return one of your restaurants, with the `ETag` that changing it needs."""
        found = await restaurants.own(owner=principal, restaurant_id=restaurant_id)
        response.headers["etag"] = etag_of(found.version)
        return OwnRestaurantOut.of(found)

    return router


def writing(restaurants: RestaurantsApi) -> Router:
    """Return the routes that create and change an owner's restaurants."""
    router = Router(prefix=_PREFIX, tags=_TAGS)

    @router.post(
        "",
        status_code=201,
        responses=success(201, "Created; `Location` says where.", tagged=True) | responses(*_COMMON),
    )
    async def create_restaurant(body: NewRestaurant, principal: CatalogWriter, response: Response) -> OwnRestaurantOut:
        """Create a restaurant of your own.

        Its tables can be booked at once, at the hours of its services. Tables are put together for a party only as
        `combinations` say; the smallest table that takes a party goes first.
        """
        created = await restaurants.create(owner=principal, draft=body.draft(listed=body.listed, before=None))
        response.headers["location"] = f"{_PREFIX}/{created.id}"
        response.headers["etag"] = etag_of(created.version)
        return OwnRestaurantOut.of(created)

    @router.put(
        "/{restaurant_id}",
        openapi_extra=IF_MATCH,
        responses=success(200, "Changed.", tagged=True)
        | responses(*_COMMON, NotFound, VersionConflict, PreconditionRequired, IfMatchMalformed),
    )
    async def replace_restaurant(
        restaurant_id: PathNumber,
        body: ReplacedRestaurant,
        principal: CatalogWriter,
        request: Request,
        response: Response,
    ) -> OwnRestaurantOut:
        """Replace what is said of a restaurant, its special days too.

        Send the `ETag` you read as `If-Match`: if somebody changed the restaurant meanwhile, nothing is changed and the
        answer is 412. Holds and bookings keep the tables, prices and rules they were made with.
        """
        wanted = check_wanted(request)
        before = await restaurants.own(owner=principal, restaurant_id=restaurant_id)
        check_version(wanted, before.version)
        replaced = await restaurants.replace(
            owner=principal,
            restaurant_id=restaurant_id,
            draft=body.draft(listed=body.listed, before=before.draft),
            version=before.version,
        )
        response.headers["etag"] = etag_of(replaced.version)
        return OwnRestaurantOut.of(replaced)

    return router


def days(restaurants: RestaurantsApi) -> Router:
    """Return the routes of special days."""
    router = Router(prefix=f"{_PREFIX}/{{restaurant_id}}/special-days/{{date}}", tags=_TAGS)

    @router.put("", responses=success(200, "Set.", tagged=True) | responses(*_COMMON, NotFound))
    async def set_special_day(
        restaurant_id: PathNumber, date: DayField, body: NewSpecialDay, principal: CatalogWriter, response: Response
    ) -> SpecialDayOut:
        """Give a date services of its own, or close it, whatever was said of it before.

        What is booked on that date stays booked. The restaurant gets a new `ETag`; this call needs none.
        """
        changed = await restaurants.set_day(
            owner=principal, restaurant_id=restaurant_id, day=date, services=body.services, note=body.note
        )
        response.headers["etag"] = etag_of(changed.version)
        return SpecialDayOut(date=date, services=body.services, note=body.note)

    @router.delete(
        "",
        status_code=204,
        responses=success(204, "As its weekday.", tagged=True) | responses(*_COMMON, NotFound),
    )
    async def clear_special_day(
        restaurant_id: PathNumber, date: DayField, principal: CatalogWriter, response: Response
    ) -> None:
        """Make a date like its weekday again. The restaurant gets a new `ETag`; this call needs none."""
        changed = await restaurants.set_day(owner=principal, restaurant_id=restaurant_id, day=date, services=None)
        response.headers["etag"] = etag_of(changed.version)

    return router


def _listed(found: list[Restaurant]) -> Restaurant:
    if not found or not found[0].draft.listed:
        raise NotFound
    return found[0]
