"""The edge: one ASGI wrapper around the whole application.

It names every request, bounds what a request may weigh, puts the security headers on every answer (errors and files
too), answers browsers' preflights, counts, logs one line, and turns what nobody expected into a plain 500. It knows
nothing of routes or bodies; `holdfast.kit.http.routes` does.

```python
app.add_middleware(Edge, settings=settings, clock=clock)
```
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from http import HTTPStatus
from itertools import count
from typing import Any, Final

import structlog
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from holdfast.kit.clock import Clock
from holdfast.kit.errors import HoldfastError
from holdfast.kit.http.addresses import Addresses
from holdfast.kit.http.arrivals import Arrivals, LimitedRoutes, Visit
from holdfast.kit.http.cards import may_hold_card
from holdfast.kit.http.problems import problem_response
from holdfast.kit.http.refusals import (
    AmbiguousFraming,
    HeadersTooLarge,
    HostNotAllowed,
    InternalError,
    OriginNotAllowed,
    PayloadTooLarge,
    UriTooLong,
)
from holdfast.kit.http.scopes import ACCOUNT, REFUSAL, route_template
from holdfast.kit.ids import new_id
from holdfast.kit.limits.limits import Limits, Standing, unlimited
from holdfast.kit.log import current_request_id
from holdfast.kit.metrics import http_request_seconds, http_requests, http_requests_in_flight
from holdfast.kit.settings import Environment, LogLevel, Settings

URI_BYTES_MAX: Final = 8_192
HEADER_BYTES_MAX: Final = 32_768
HEADERS_MAX: Final = 100

CLIENT_GONE: Final = 499
"""The status counted for a request whose client did not wait for the answer."""

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_BODYLESS: Final = frozenset({"GET", "HEAD"})
_PROBES: Final = frozenset({"/healthz", "/readyz"})
_REQUEST_ID: Final = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_CONTENT_LENGTH: Final = re.compile(rb"[0-9]{1,18}")

_SECURITY: Final[Mapping[bytes, bytes]] = {
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"no-referrer",
    b"content-security-policy": (
        b"default-src 'none'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    b"permissions-policy": b"camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"cache-control": b"no-store",
}
_HSTS: Final = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")

_CORS_METHODS: Final = "GET, HEAD, POST, PUT, PATCH, DELETE"
_CORS_HEADERS: Final = (
    "accept-language, authorization, content-type, idempotency-key, if-match, x-csrf-token, x-request-id"
)
_CORS_EXPOSED: Final = b"etag, idempotent-replayed, location, ratelimit, ratelimit-policy, retry-after, x-request-id"
_CORS_MAX_AGE_S: Final = "600"

log = structlog.get_logger()


class Edge:
    """The outermost layer of the application; one instance serves all requests of a process."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        settings: Settings,
        clock: Clock,
        limits: Limits | None = None,
        limited: LimitedRoutes | None = None,
    ) -> None:
        self._app = app
        self._clock = clock
        self._arrivals = Arrivals(
            addresses=Addresses(settings.trusted_proxies),
            limits=limits or unlimited(clock=clock),
            routes=limited or LimitedRoutes(),
        )
        self._hosts = frozenset(host.lower() for host in settings.allowed_hosts)
        self._origins = frozenset(origin.encode() for origin in settings.cors_origins)
        self._body_limit_bytes = settings.body_limit_bytes
        self._slow_s = settings.slow_request_ms / 1_000
        self._logs_all = settings.log_level is LogLevel.DEBUG
        self._id_prefix = new_id("req", clock)
        self._id_numbers = count(1)
        self._in_flight = 0
        http_requests_in_flight.set_function(lambda: self._in_flight)
        is_production = settings.environment is Environment.PRODUCTION
        self._defaults = (*_SECURITY.items(), *((_HSTS,) if is_production else ()))
        self._counters: dict[tuple[str, str, int], Any] = {}
        self._timers: dict[tuple[str, str], Any] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request. Sockets and the lifespan pass through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = self._clock.monotonic()
        headers = dict(scope["headers"])
        request_id = self._request_id(headers.get(b"x-request-id", b""))
        visit = self._arrivals.arrived(scope, headers.get(b"user-agent", b""), request_id)
        cors = self._cors(headers.get(b"origin"))
        answer = _Answer(send, self._defaults, cors, request_id.encode(), visit)
        method = scope["method"]
        if method == "HEAD":  # answered like GET; the server leaves the body out, so it must keep its own scope
            scope = dict(scope) | {"method": "GET"}
        token = current_request_id.set(request_id)
        self._in_flight += 1
        try:
            await self._serve(scope, receive, answer, headers, began_s=started)
        finally:
            self._in_flight -= 1
            self._account(scope, method, answer.status, self._clock.monotonic() - started)
            visit.over()
            current_request_id.reset(token)

    async def _serve(
        self, scope: Scope, receive: Receive, answer: "_Answer", headers: Mapping[bytes, bytes], *, began_s: float
    ) -> None:
        refusal = self._arrivals.refusal(scope, began_s) or self._refusal(scope, headers)
        if refusal is None:
            if self._is_unmeasured(scope, headers):
                receive = _measured(receive, self._body_limit_bytes)
            refusal = await self._pass_on(scope, receive, answer)
        if refusal is None or answer.is_started:
            return
        response = refusal if isinstance(refusal, Response) else problem_response(scope, refusal)
        await response(scope, receive, answer.send)

    async def _pass_on(self, scope: Scope, receive: Receive, answer: "_Answer") -> HoldfastError | None:
        try:
            await self._app(scope, receive, answer.send)
        except ClientDisconnect:
            return None
        except HoldfastError as error:  # from an application without our handlers
            return error
        except Exception as error:
            log.exception("request.failed", route=route_template(scope), exc_info=error, is_answered=answer.is_started)
            return InternalError()
        return None

    def _request_id(self, sent: bytes) -> str:
        if sent and _REQUEST_ID.fullmatch(sent) and not may_hold_card(sent):  # it will be logged and answered
            return sent.decode()
        return f"{self._id_prefix}-{next(self._id_numbers):x}"  # a new id each time would cost ten times as much

    def _refusal(self, scope: Scope, headers: Mapping[bytes, bytes]) -> HoldfastError | Response | None:
        """Return why this request goes no further, or the answer to a preflight."""
        if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > URI_BYTES_MAX:
            return UriTooLong()
        if _are_too_large(scope["headers"]):
            return HeadersTooLarge()
        if framing := self._framing(scope["headers"], headers):
            return framing
        if self._hosts and not self._is_ours(headers.get(b"host", b"")) and scope["path"] not in _PROBES:
            return HostNotAllowed()
        if scope["method"] == "OPTIONS" and b"access-control-request-method" in headers:
            return self._preflight(headers.get(b"origin"))
        return None

    def _framing(
        self, all_headers: Iterable[tuple[bytes, bytes]], headers: Mapping[bytes, bytes]
    ) -> HoldfastError | None:
        length = headers.get(b"content-length")
        if length is None:
            return None
        stated = {value for name, value in all_headers if name == b"content-length"}
        if b"transfer-encoding" in headers or len(stated) > 1 or not _CONTENT_LENGTH.fullmatch(length):
            return AmbiguousFraming()
        return PayloadTooLarge() if int(length) > self._body_limit_bytes else None

    @staticmethod
    def _is_unmeasured(scope: Scope, headers: Mapping[bytes, bytes]) -> bool:
        return b"content-length" not in headers and (
            scope["method"] not in _BODYLESS or b"transfer-encoding" in headers
        )

    def _is_ours(self, host: bytes) -> bool:
        name = re.sub(r":[0-9]*$", "", host.decode("latin-1").lower())
        return name in self._hosts or any(each.startswith(".") and name.endswith(each) for each in self._hosts)

    def _cors(self, origin: bytes | None) -> tuple[tuple[bytes, bytes], ...]:
        if not self._origins:
            return ()
        if origin not in self._origins:
            return ((b"vary", b"Origin"),)
        return (
            (b"vary", b"Origin"),
            (b"access-control-allow-origin", origin),
            (b"access-control-allow-credentials", b"true"),
            (b"access-control-expose-headers", _CORS_EXPOSED),
        )

    def _preflight(self, origin: bytes | None) -> HoldfastError | Response:
        if origin not in self._origins:
            return OriginNotAllowed()
        return Response(
            status_code=HTTPStatus.NO_CONTENT,
            headers={
                "access-control-allow-methods": _CORS_METHODS,
                "access-control-allow-headers": _CORS_HEADERS,
                "access-control-max-age": _CORS_MAX_AGE_S,
            },
        )

    def _account(self, scope: Scope, method: str, status: int, seconds: float) -> None:
        route = route_template(scope)
        if method not in _METHODS:
            method = "OTHER"
        counter = self._counters.get((route, method, status))
        if counter is None:
            counter = self._counters[route, method, status] = http_requests.labels(route, method, str(status))
        counter.inc()
        timer = self._timers.get((route, method))
        if timer is None:
            timer = self._timers[route, method] = http_request_seconds.labels(route, method)
        timer.observe(seconds)
        if self._logs_all or status >= HTTPStatus.BAD_REQUEST or seconds > self._slow_s:
            self._log(scope, {"route": route, "method": method, "status": status}, seconds)

    def _log(self, scope: Scope, facts: dict[str, Any], seconds: float) -> None:
        if facts["status"] >= HTTPStatus.INTERNAL_SERVER_ERROR:
            say = log.warning
        elif facts["status"] >= HTTPStatus.BAD_REQUEST or seconds > self._slow_s:
            say = log.info
        else:
            say = log.debug
        refusal, account_id = scope.get(REFUSAL), scope.get(ACCOUNT)
        say("request.answered", **facts, duration_ms=round(seconds * 1_000, 2), code=refusal, account_id=account_id)


class _Answer:
    """The sending side of one request: adds headers to the start of the answer and remembers its status."""

    __slots__ = ("_cors", "_defaults", "_request_id", "_send", "_visit", "is_started", "status")

    def __init__(
        self,
        send: Send,
        defaults: tuple[tuple[bytes, bytes], ...],
        cors: tuple[tuple[bytes, bytes], ...],
        request_id: bytes,
        visit: Visit,
    ) -> None:
        self._send = send
        self._visit = visit
        self._defaults = defaults
        self._cors = cors
        self._request_id = request_id
        self.is_started = False
        self.status = CLIENT_GONE

    async def send(self, message: Message) -> None:
        """Send on a message of the application."""
        if message["type"] == "http.response.start":
            self.is_started = True
            self.status = message["status"]
            headers = list(message.get("headers", ()))
            present = {name for name, _ in headers}
            headers.extend(each for each in self._defaults if each[0] not in present)
            headers.extend(self._cors)
            headers.append((b"x-request-id", self._request_id))
            if self.status == HTTPStatus.NOT_FOUND:
                await self._visit.missed()
            if self._visit.standings:
                headers.extend(_told(self._visit.standings))
            message["headers"] = headers
        await self._send(message)


def _told(standings: Iterable[Standing]) -> Iterator[tuple[bytes, bytes]]:
    """Yield what an answer says of the limits it drew on (draft-ietf-httpapi-ratelimit-headers-11)."""
    last = {standing.name: standing for standing in standings}
    policies = (f'"{name}";q={each.rate.quota};w={each.rate.window_s}' for name, each in last.items())
    left = (f'"{name}";r={each.remaining};t={each.reset_s}' for name, each in last.items())
    yield b"ratelimit-policy", ", ".join(policies).encode()
    yield b"ratelimit", ", ".join(left).encode()


def _are_too_large(headers: Collection[tuple[bytes, bytes]]) -> bool:
    total = 0
    for name, value in headers:
        total += len(name) + len(value)
    return total > HEADER_BYTES_MAX or len(headers) > HEADERS_MAX


def _measured(receive: Receive, limit_bytes: int) -> Receive:
    """Wrap the receiving side to stop a body without a stated length at the limit."""
    received = 0

    async def measured() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > limit_bytes:
            raise PayloadTooLarge
        return message

    return measured
