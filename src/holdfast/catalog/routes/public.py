"""What everybody may ask: one property."""

from fastapi import Request, Response

from holdfast.catalog.api import CatalogApi, Property
from holdfast.catalog.routes.conditions import IF_NONE_MATCH, etag_of, has_newest, success
from holdfast.catalog.routes.shapes import PropertyOut
from holdfast.kit.errors import NotFound
from holdfast.kit.http.problems import responses
from holdfast.kit.http.routes import Router
from holdfast.kit.http.wire import PathNumber


def properties(catalog: CatalogApi) -> Router:
    """Return the route of one property."""
    router = Router(prefix="/v1/properties", tags=["properties"])

    @router.get(
        "/{property_id}",
        response_model=PropertyOut,
        openapi_extra=IF_NONE_MATCH,
        responses=success(200, "The property.", tagged=True)
        | success(304, "You have the newest.", tagged=True)
        | responses(NotFound),
    )
    async def read_property(property_id: PathNumber, request: Request) -> Response:
        """Return what the owner says of a property that is listed.

        Prices and rules are those of ordinary dates; `/v1/properties/{property_id}/calendar` has them night by night,
        and a quote has the price of a stay. All dates and times are meant in `terms.zone`.
        """
        found = _listed(await catalog.get_many(ids=[property_id]))
        headers = {"etag": etag_of(found.version), "cache-control": "no-cache"}
        if has_newest(request, found.version):
            return Response(status_code=304, headers=headers)
        body = PropertyOut.of(found).model_dump_json().encode()
        return Response(body, headers=headers, media_type="application/json")

    return router


def _listed(found: list[Property]) -> Property:
    if not found or not found[0].draft.listed:
        raise NotFound
    return found[0]
