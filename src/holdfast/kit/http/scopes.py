"""What the edge notes in the scope of a request while it is answered, for the access log and the metrics."""

from typing import Final

from starlette.types import Scope

REFUSAL: Final = "holdfast.refusal"
"""Key of the code a request was refused with."""

ACCOUNT: Final = "holdfast.account_id"
"""Key of the account a request was made for."""

ADDRESS: Final = "holdfast.address"
"""Key of the address of the client, behind the proxies that are trusted, as text."""

PLACE: Final = "holdfast.place"
"""Key of what limits count the client by: its address, of IPv6 its network of 64 bits."""

NO_ROUTE: Final = "(none)"


def route_template(scope: Scope) -> str:
    """Return the path template of the route that answers (`/v1/holds/{hold_id}`): bounded, unlike paths.

    It has the prefixes the route was included and mounted under; `(none)` where no route matched.
    """
    route = scope.get("route")
    if route is None:
        return NO_ROUTE
    # FastAPI keeps the route as declared in `route`, and as included (with its prefix) only here.
    included = scope.get("fastapi", {}).get("effective_route_context")
    if included is not None and included.original_route is route:
        route = included
    path: str | None = getattr(route, "path_format", None) or getattr(route, "path", None)
    return f"{scope.get('root_path', '')}{path}" if path else NO_ROUTE
