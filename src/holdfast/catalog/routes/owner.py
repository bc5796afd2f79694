"""What owners ask: create, read and change their properties, and price single nights."""

from datetime import date
from typing import Annotated, Final

from fastapi import Query, Request, Response

from holdfast.catalog.api import CatalogApi, IfMatchMalformed, PreconditionRequired, VersionConflict
from holdfast.catalog.routes.conditions import IF_MATCH, check_version, check_wanted, etag_of, success
from holdfast.catalog.routes.shapes import (
    NewNights,
    NewProperty,
    NightsOut,
    OwnPropertiesPage,
    OwnPropertyOut,
    ReplacedProperty,
)
from holdfast.catalog.settings import CatalogSettings
from holdfast.kit.auth import Principal
from holdfast.kit.errors import FieldError, Forbidden, Invalid, NotFound, Unauthenticated
from holdfast.kit.http.cursors import CURSOR_LENGTH_MAX, CursorInvalid, Cursors, filter_digest
from holdfast.kit.http.principals import CatalogReader, CatalogWriter
from holdfast.kit.http.problems import responses
from holdfast.kit.http.routes import Router
from holdfast.kit.http.wire import DayField, Digits, Line, PathNumber

_PREFIX: Final = "/v1/owner/properties"
_COMMON: Final = (Unauthenticated, Forbidden, Invalid)


def reading(catalog: CatalogApi, cursors: Cursors) -> Router:
    """Return the routes that show an owner's properties."""
    router = Router(prefix=_PREFIX, tags=["owner properties"])

    @router.get("", responses=success(200, "A page.") | responses(*_COMMON, CursorInvalid))
    async def list_own_properties(
        principal: CatalogReader,
        limit: Annotated[int, Digits(1, 100), Query(description="How many to return at most.")] = 20,
        cursor: Annotated[str, Line(CURSOR_LENGTH_MAX), Query(description="`next_cursor` of the page before.")]
        | None = None,
    ) -> OwnPropertiesPage:
        """List your properties, listed or not, in order of id."""
        digest = filter_digest(list=f"owner:properties:{principal.account_id}")
        after_id: int = 0 if cursor is None else cursors.decode(cursor, digest)[0]
        found = await catalog.list_page(owner_id=principal.acting_for(), after_id=after_id, limit=limit + 1)
        shown = found[:limit]
        return OwnPropertiesPage(
            items=tuple(OwnPropertyOut.of(each) for each in shown),
            next_cursor=cursors.encode([shown[-1].id], digest) if len(found) > limit else None,
        )

    @router.get(
        "/{property_id}",
        responses=success(200, "The property.", tagged=True) | responses(*_COMMON, NotFound),
    )
    async def read_own_property(
        property_id: PathNumber, principal: CatalogReader, response: Response
    ) -> OwnPropertyOut:
        """Return one of your properties, with the `ETag` that changing it needs."""
        found = await catalog.own(owner=principal, property_id=property_id)
        response.headers["etag"] = etag_of(found.version)
        return OwnPropertyOut.of(found)

    return router


def writing(catalog: CatalogApi, settings: CatalogSettings) -> Router:
    """Return the routes that create and change an owner's properties."""
    router = Router(prefix=_PREFIX, tags=["owner properties"])

    @router.post(
        "",
        status_code=201,
        responses=success(201, "Created; `Location` says where.", tagged=True) | responses(*_COMMON),
    )
    async def create_property(body: NewProperty, principal: CatalogWriter, response: Response) -> OwnPropertyOut:
        """Create a property of your own.

        `units` says how many of it there are to sell; booking makes the stock from it within moments. A hotel's room
        type is one property with as many units as rooms, named or not.
        """
        created = await catalog.create(
            owner=principal,
            draft=body.draft(
                listed=body.listed,
                service_bp=_service_bp(body.terms.service_bp, settings.service_bp, principal),
                before=None,
            ),
            units=body.units,
            unit_names=body.unit_names,
        )
        response.headers["location"] = f"{_PREFIX}/{created.id}"
        response.headers["etag"] = etag_of(created.version)
        return OwnPropertyOut.of(created)

    @router.put(
        "/{property_id}",
        openapi_extra=IF_MATCH,
        responses=success(200, "Changed.", tagged=True)
        | responses(*_COMMON, NotFound, VersionConflict, PreconditionRequired, IfMatchMalformed),
    )
    async def replace_property(
        property_id: PathNumber, body: ReplacedProperty, principal: CatalogWriter, request: Request, response: Response
    ) -> OwnPropertyOut:
        """Replace what is said of a property.

        Send the `ETag` you read as `If-Match`: if somebody changed the property meanwhile, nothing is changed and the
        answer is 412. Holds and bookings keep the prices and rules they were made with.
        """
        wanted = check_wanted(request)
        before = await catalog.own(owner=principal, property_id=property_id)
        check_version(wanted, before.version)
        replaced = await catalog.replace(
            owner=principal,
            property_id=property_id,
            draft=body.draft(
                listed=body.listed,
                service_bp=_service_bp(body.terms.service_bp, before.draft.terms.service_bp, principal),
                before=before.draft,
            ),
            version=before.version,
        )
        response.headers["etag"] = etag_of(replaced.version)
        return OwnPropertyOut.of(replaced)

    return router


def nights(catalog: CatalogApi) -> Router:
    """Return the routes of nights that differ."""
    router = Router(prefix=f"{_PREFIX}/{{property_id}}/nights", tags=["owner properties"])

    @router.put("", responses=success(200, "Set.") | responses(*_COMMON, NotFound))
    async def set_nights(property_id: PathNumber, body: NewNights, principal: CatalogWriter) -> NightsOut:
        """Give the nights from `first` up to and without `end` a price and rules of their own.

        What was set for these nights before is forgotten. The property's `ETag` stays the same.
        """
        found = await catalog.own(owner=principal, property_id=property_id)
        terms = body.terms(found.draft.terms.currency)
        count = await catalog.set_nights(
            owner=principal, property_id=property_id, first=body.first, end=body.end, terms=terms
        )
        return NightsOut(nights=count)

    @router.delete("", responses=success(200, "Ordinary again.") | responses(*_COMMON, NotFound))
    async def clear_nights(
        property_id: PathNumber,
        principal: CatalogWriter,
        first: Annotated[DayField, Query(description="The first night.", examples=["2027-07-02"])],
        end: Annotated[
            DayField,
            Query(description="The first night that is not meant; at most 730 after `first`.", examples=["2027-07-06"]),
        ],
    ) -> NightsOut:
        """Make the nights from `first` up to and without `end` ordinary again."""
        count = await _clear(catalog, principal, property_id, first, end)
        return NightsOut(nights=count)

    return router


def _service_bp(said: int | None, present: int, principal: Principal) -> int:
    """Return the service fee meant: an owner may repeat it, and only an admin may change it.

    Raises:
        Invalid: An owner wants to change it.
    """
    if said is None or said == present:
        return present
    if not principal.is_admin:
        detail = f"The platform sets its own fee: leave it out, or say {present}."
        raise Invalid(errors=[FieldError(pointer="/terms/service_bp", code="read_only", detail=detail)])
    return said


async def _clear(catalog: CatalogApi, owner: Principal, property_id: int, first: date, end: date) -> int:
    """Clear nights; the door points into a body, but here the dates came in the query.

    Raises:
        Invalid: The dates are no range.
    """
    try:
        return await catalog.set_nights(owner=owner, property_id=property_id, first=first, end=end, terms=None)
    except Invalid as refusal:
        findings = [
            FieldError(pointer=f"#query{each.pointer}", code=each.code, detail=each.detail) for each in refusal.errors
        ]
        raise Invalid(errors=findings) from refusal
