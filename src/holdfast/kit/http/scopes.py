"""The path template of the route that answers a request (`/v1/holds/{hold_id}`): bounded, unlike paths."""

from typing import Final

from starlette.types import Scope

NO_ROUTE: Final = "(none)"


def route_template(scope: Scope) -> str:
    """Return the template, with the prefixes it was included and mounted under; `(none)` where no route matched."""
    route = scope.get("route")
    if route is None:
        return NO_ROUTE
    # FastAPI keeps the route as declared in `route`, and as included (with its prefix) only here.
    included = scope.get("fastapi", {}).get("effective_route_context")
    if included is not None and included.original_route is route:
        route = included
    path: str | None = getattr(route, "path_format", None) or getattr(route, "path", None)
    return f"{scope.get('root_path', '')}{path}" if path else NO_ROUTE
