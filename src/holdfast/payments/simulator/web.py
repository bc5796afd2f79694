"""Reading requests and writing answers, the same for the API and the pages."""

import asyncio
import hmac
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from holdfast.payments.simulator.asking import Answer, Outcome, bad_request, refused
from holdfast.payments.simulator.faults import Fault

BODY_BYTES_MOST: Final = 65_536
_KEY_MOST: Final = 255
_FORM_FIELDS_MOST: Final = 20
_PLAIN: Final = {"cache-control": "no-store", "x-content-type-options": "nosniff", "referrer-policy": "no-referrer"}


class Refusal(Exception):
    """A request goes no further."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


def response(answer: Answer, headers: Mapping[str, str] | None = None) -> Response:
    """Return an answer as it goes over the wire."""
    more = {"idempotent-replayed": "true"} if answer.replayed else {}
    body = msgspec.json.encode(answer.body)
    return Response(body, answer.status, headers={**_PLAIN, **more, **(headers or {})}, media_type="application/json")


async def after_faults(outcome: Outcome) -> Response:
    """Return what came of a request, or what a fault makes of it."""
    fault = outcome.fault
    if fault is not None and (spoilt := await _spoilt(fault)):
        return spoilt
    answer = outcome.answer or refused(HTTPStatus.INTERNAL_SERVER_ERROR, "api_error", "no_answer", "No answer.")
    return response(answer)


async def _spoilt(fault: Fault) -> Response | None:
    match fault.what:
        case "timeout_before" | "timeout_after":
            await asyncio.sleep(fault.seconds)
            return _fails(HTTPStatus.GATEWAY_TIMEOUT, "timeout")
        case "error_before" | "error_after":
            return _fails(HTTPStatus.INTERNAL_SERVER_ERROR, "internal")
        case "conflict":
            return _fails(HTTPStatus.CONFLICT, "lock_timeout")
        case "rate_limited":
            return _fails(HTTPStatus.TOO_MANY_REQUESTS, "rate_limit", {"retry-after": "1"})
        case "garbage" | "empty":
            return Response(b"<html>" if fault.what == "garbage" else b"{}", media_type="text/html")
        case "slow":
            await asyncio.sleep(fault.seconds)
    return None


def _fails(status: HTTPStatus, code: str, headers: Mapping[str, str] | None = None) -> Response:
    return response(refused(status, "api_error", code, "This was asked to go wrong."), headers)


async def body_of(request: Request) -> bytes:
    """Return the body.

    Raises:
        Refusal: It is too large.
    """
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > BODY_BYTES_MOST:
            message = f"At most {BODY_BYTES_MOST} bytes."
            raise Refusal(
                refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "invalid_request_error", "body_too_large", message)
            )
    return bytes(body)


async def form_of(request: Request) -> dict[str, str]:
    """Return the fields of a form that a page of ours sent.

    Raises:
        Refusal: It is no form, too large, or a page of somebody else's sent it.
    """
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise Refusal(
            refused(HTTPStatus.FORBIDDEN, "invalid_request_error", "foreign_page", "Use the page of the simulator.")
        )
    try:
        text = (await body_of(request)).decode()
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=_FORM_FIELDS_MOST))
    except ValueError as error:
        raise Refusal(bad_request("form_unreadable", "The form cannot be read.")) from error


def key_of(request: Request) -> str | None:
    """Return the Idempotency-Key.

    Raises:
        Refusal: It is no key.
    """
    key = request.headers.get("idempotency-key")
    if key is not None and not (0 < len(key) <= _KEY_MOST and key.isascii() and key.isprintable()):
        raise Refusal(bad_request("idempotency_key_malformed", "1 to 255 printable ASCII characters."))
    return key


def check_bearer(request: Request, api_key: str) -> None:
    """Look at who asks.

    Raises:
        Refusal: Not the merchant.
    """
    kind, _, given = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), api_key.encode()):
        answer = refused(HTTPStatus.UNAUTHORIZED, "authentication_error", "api_key_missing", "Send the API key.")
        raise Refusal(answer)


def number_in(request: Request, name: str, default: int, most: int) -> int:
    """Return a whole number of the query.

    Raises:
        Refusal: It is none, or out of range.
    """
    text = request.query_params.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most)) and int(text) <= most):
        raise Refusal(bad_request("parameter_invalid", f"{name} is a whole number up to {most}."))
    return int(text)


def listed(items: list[Any], *, more: str | None = None) -> dict[str, Any]:
    """Return the body of a list."""
    return {"object": "list", "data": items, "before": more}
