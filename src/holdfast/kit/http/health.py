"""The probes: is the process alive, may it get traffic, what does it count."""

import asyncio
import hmac
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Final, Literal

import structlog
from fastapi import Request, Response
from pydantic import BaseModel, ConfigDict
from starlette.responses import PlainTextResponse

from holdfast.kit.errors import NotFound, Unauthenticated
from holdfast.kit.http.problems import responses
from holdfast.kit.http.routes import Router
from holdfast.kit.metrics import render

CHECK_SECONDS_MAX: Final = 2.0

Check = Callable[[], Awaitable[object]]
"""Returns when all is well; raises when it is not."""

log = structlog.get_logger()


class Health(BaseModel):
    """The process answers."""

    status: Literal["alive"] = "alive"


class Readiness(BaseModel):
    """Whether this process should get traffic."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    status: Literal["ready", "unavailable"]
    checks: dict[str, Literal["ok", "failed"]]
    """What was looked at. Why something failed is in the log, not here."""


async def _outcome(name: str, check: Check) -> Literal["ok", "failed"]:
    try:
        async with asyncio.timeout(CHECK_SECONDS_MAX):
            await check()
    except Exception as error:
        log.warning("readiness.check_failed", check=name, exc_info=error)
        return "failed"
    return "ok"


def _check_reader(request: Request, token: str | None, *, is_open: bool) -> None:
    """Let only those read the metrics who may.

    Raises:
        NotFound: They are closed here.
        Unauthenticated: The token is missing or wrong.
    """
    if token is None:
        if not is_open:
            raise NotFound
        return
    scheme, _, sent = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not hmac.compare_digest(sent.strip().encode(), token.encode()):
        raise Unauthenticated("Send the token of the metrics.")


def health_router(checks: Mapping[str, Check], *, metrics_token: str | None = None, is_open: bool = True) -> Router:
    """Return the routes `/healthz`, `/readyz` and `/metrics`.

    Args:
        checks: They decide about `/readyz`, all at once.
        metrics_token: What `/metrics` asks for as a bearer token, if anything.
        is_open: Whether it is there for everybody where no token is asked for.
    """
    router = Router(tags=["operations"])

    @router.get("/healthz")
    async def healthz() -> Health:
        """Say that the process is alive."""
        return Health()

    @router.get("/readyz", responses={503: {"model": Readiness, "description": "Not now: a check failed."}})
    async def readyz(response: Response) -> Readiness:
        """Say whether this process should get traffic: its databases answer."""
        outcomes = await asyncio.gather(*(_outcome(name, check) for name, check in checks.items()))
        is_ready = all(outcome == "ok" for outcome in outcomes)
        if not is_ready:
            response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
        return Readiness(status="ready" if is_ready else "unavailable", checks=dict(zip(checks, outcomes, strict=True)))

    @router.get("/metrics", response_class=PlainTextResponse, responses=responses(Unauthenticated, NotFound))
    async def metrics(request: Request) -> Response:
        """Return counters and timings in Prometheus' text format.

        With `HOLDFAST_METRICS_TOKEN` set, send it as `Authorization: Bearer …`; without it, production answers 404.
        """
        _check_reader(request, metrics_token, is_open=is_open)
        body, content_type = render()
        return Response(body, media_type=content_type)

    return router
