"""Applications under a prefix, reached without going through the stack of the application around them."""

from collections.abc import Mapping

from starlette.types import ASGIApp, Receive, Scope, Send


class Prefixes:
    """Hands requests below a prefix (`/api`) to an application of its own.

    A Mount would do the same after every middleware and route of the outer application had looked at the request,
    which costs more than the inner application itself.
    """

    def __init__(self, app: ASGIApp, *, mounted: Mapping[str, ASGIApp]) -> None:
        self._app = app
        self._mounted = mounted
        """May be filled after the application was made."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http":
            path: str = scope["path"]
            for prefix, other in self._mounted.items():
                if path.startswith(f"{prefix}/"):
                    scope["root_path"] = scope.get("root_path", "") + prefix
                    await other(scope, receive, send)
                    return
        await self._app(scope, receive, send)
