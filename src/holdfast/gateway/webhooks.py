"""Messages of payment providers, taken as the bytes they are: nothing is read before their signature is checked.

A message is only a hint; what is kept comes from asking the provider. So one that is refused here because too much
comes at once is lost to nobody: its provider sends it again, and what waits is looked up in any case.
"""

from typing import Annotated, Final

from fastapi import Path, Request
from fastapi.routing import APIRoute
from pydantic import ConfigDict

from holdfast.kit.clock import Clock
from holdfast.kit.errors import HoldfastError, NotFound
from holdfast.kit.http.answers import success
from holdfast.kit.http.problems import responses
from holdfast.kit.http.refusals import PayloadTooLarge
from holdfast.kit.http.routes import Router
from holdfast.kit.http.wire import PathText, Wire
from holdfast.payments.api import PaymentOutcomeUnknown, PaymentsApi, WebhookReceipt, WebhookRefused

_EXAMPLE: Final = {
    "id": "msg_01JD3Z9B2K7M4P8R5T1V3X6Y0C",
    "type": "payment.captured",
    "timestamp": "2026-11-20T09:33:12Z",
    "data": {"payment": "sim_pay_01JD3Z9B2K7M4P8R5T1V3X6Y0C"},
}
BODY_MAX_BYTES: Final = 262_144
"""Providers' messages have a few kilobytes."""
AT_ONCE: Final = 64
"""Messages whose provider is being asked; more have to come again."""
FORGED_PER_S: Final = 20.0
"""How many messages of one provider may be refused in a second before they are told to slow down."""
FORGED_BURST: Final = 100


class WebhookFlood(HoldfastError):
    """Too many messages at once. Send this one again after `Retry-After` seconds; nothing was kept of it."""

    code = "webhook_flood"
    status = 429
    title = "Too many messages"


class WebhookTaken(Wire):
    """What became of the message."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"outcome": "applied"}]})

    outcome: str
    """`applied`, `nothing_new`, `ignored` (not about anything of ours) or `alert` (it contradicts our books)."""


class Intake:
    """Takes messages, as many at once as the providers can be asked about.

    Where a signature is checked by computing alone, a forged message never holds a place that a signed one needs:
    however many come, the signed ones among them are answered as if they had come alone.
    """

    def __init__(self, payments: PaymentsApi, clock: Clock) -> None:
        self._payments = payments
        self._clock = clock
        self._under_way = 0
        self._refusals: dict[str, _Bucket] = {}

    async def take(self, *, provider: str, request: Request) -> WebhookReceipt:
        """Take one message.

        Raises:
            PayloadTooLarge: It is larger than any provider's.
            WebhookFlood: It was refused as so many before it, or too many wait for their provider's answer.
            WebhookRefused: It cannot be trusted.
        """
        body = await _body(request)
        if self._under_way >= AT_ONCE:
            raise WebhookFlood(retry_after_s=1)
        self._under_way += 1
        try:
            headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in request.scope["headers"]}
            return await self._payments.receive(provider=provider, headers=headers, body=body)
        except WebhookRefused:
            if self._bucket(provider).has_run_dry(self._clock.monotonic()):
                raise WebhookFlood(retry_after_s=1) from None
            raise
        finally:
            self._under_way -= 1

    def _bucket(self, provider: str) -> "_Bucket":
        return self._refusals.setdefault(provider, _Bucket())


class _Bucket:
    """How many refusals are left; filled again with time."""

    __slots__ = ("_filled_at", "_left")

    def __init__(self) -> None:
        self._left = float(FORGED_BURST)
        self._filled_at = 0.0

    def has_run_dry(self, now: float) -> bool:
        """Take one out, and say if there was none."""
        self._left = min(FORGED_BURST, self._left + (now - self._filled_at) * FORGED_PER_S)
        self._filled_at = now
        if self._left < 1:
            return True
        self._left -= 1
        return False


def router(*, payments: PaymentsApi, clock: Clock) -> Router:
    """Return the route providers send their messages to."""
    made = Router(prefix="/v1/webhooks", tags=["payments"], route_class=APIRoute)
    intake = Intake(payments, clock)

    @made.post(
        "/{provider}",
        responses=success(200, "Taken.")
        | responses(NotFound, WebhookRefused, PayloadTooLarge, WebhookFlood, PaymentOutcomeUnknown),
        openapi_extra={
            "requestBody": {
                "required": True,
                "description": "Exactly as the provider signed it.",
                "content": {"application/json": {"schema": {"type": "object"}, "example": _EXAMPLE}},
            }
        },
    )
    async def take_webhook(
        provider: Annotated[PathText, Path(examples=["simulator"])], request: Request
    ) -> WebhookTaken:
        """Take a message of a payment provider: its signature over the raw bytes is the only thing that is trusted.

        Sending it again changes nothing. What it says is only a hint to look the payment up at the provider.
        """
        receipt = await intake.take(provider=provider, request=request)
        return WebhookTaken(outcome=receipt.outcome)

    return made


async def _body(request: Request) -> bytes:
    """Return the body.

    Raises:
        PayloadTooLarge: It is larger than any provider's; the rest of it is not read.
    """
    stated = request.headers.get("content-length", "0")
    if int(stated) > BODY_MAX_BYTES:  # the edge has seen to it that it is a number
        raise PayloadTooLarge
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > BODY_MAX_BYTES:
            raise PayloadTooLarge
        parts.append(part)
    return b"".join(parts)
