"""The built-in simulator as a provider: asked over HTTP, mounted in this server or as a process of its own."""

import asyncio
import hmac
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from http import HTTPStatus
from typing import Any, Final, NoReturn, TypeVar

import httpx
import msgspec
import structlog

from holdfast.payments.api import CardShown, PaymentMethod, PaymentState
from holdfast.payments.providers.protocol import (
    Authorisation,
    KeptMethod,
    Message,
    MessageForged,
    ProviderPayment,
    ProviderRefund,
    ProviderRefundState,
    ProviderRefused,
    ProviderUnavailable,
)

log = structlog.get_logger()

T = TypeVar("T")

TOLERANCE_S: Final = 300
"""How far the time of a message may lie from ours, before or after."""
_MESSAGE_BYTES_MOST: Final = 65_536
_SIGNATURES_MOST: Final = 10
_TIMESTAMP_DIGITS_MOST: Final = 12
_ID_MOST: Final = 100

_STATES: Final = {
    "requires_action": PaymentState.REQUIRES_ACTION,
    "requires_capture": PaymentState.AUTHORISED,
    "succeeded": PaymentState.CAPTURED,
    "canceled": PaymentState.VOIDED,
    "failed": PaymentState.DENIED,
}
_REFUND_STATES: Final = {
    "pending": ProviderRefundState.PENDING,
    "succeeded": ProviderRefundState.COMPLETED,
    "failed": ProviderRefundState.FAILED,
}
_NOT_KNOWN: Final = frozenset({HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.REQUEST_TIMEOUT})
"""Refusals that say nothing of what was asked."""
_OURS_TO_MEND: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
_REPLAYED: Final = "idempotent-replayed"
_UNEXPECTED_STATE: Final = "payment_unexpected_state"


def hook_key_of(secret: str) -> bytes:
    """Return the key a simulator with this secret signs its messages with."""
    return hmac.new(secret.encode(), b"simulator messages", sha256).digest()


def api_key_of(secret: str) -> str:
    """Return the key a simulator with this secret wants to see."""
    return "sim_sk_" + hmac.new(secret.encode(), b"simulator api key", sha256).hexdigest()


class Simulator:
    """Talks with a simulator."""

    name = "simulator"
    methods = frozenset({PaymentMethod.CARD, PaymentMethod.WALLET, PaymentMethod.PAYPAL})

    def __init__(
        self,
        *,
        base_url: str,
        secrets: Sequence[str],
        transport: httpx.AsyncBaseTransport | None = None,
        timeout_s: float = 10.0,
    ) -> None:
        """Connect to nothing yet.

        Args:
            base_url: Of the simulator, with `/simulator`.
            secrets: What is shared with it, newest first; the first one asks, messages may be signed with any.
            transport: Of one that is mounted in this process.
            timeout_s: How long it may take to answer.
        """
        self._timeout_s = timeout_s
        self._hook_keys = [hook_key_of(secret) for secret in secrets]
        self._client = httpx.AsyncClient(
            base_url=base_url.rstrip("/"),
            headers={"authorization": f"Bearer {api_key_of(secrets[0])}"},
            transport=transport,
            timeout=timeout_s,
            follow_redirects=False,
            trust_env=False,
        )

    # ------------------------------------------------------------------------------------------------------- payments
    async def authorise(self, *, key: str, what: Authorisation) -> ProviderPayment:
        """See `Provider.authorise`."""
        body = {
            "amount": what.amount_minor,
            "currency": what.currency,
            "method": what.method.value,
            "token": what.token,
            "return_url": what.return_url,
            "metadata": {"payment_id": what.payment_id, "hold_id": what.hold_id},
        }
        answer = await self._send("POST", "/v1/payments", key=key, body=body)
        made = _read_as(_payment, _told(answer))
        if answer.headers.get(_REPLAYED) == "true":  # it tells how things stood then
            return await self.look_up(ref=made.ref)
        return made

    async def look_up(self, *, ref: str) -> ProviderPayment:
        """See `Provider.look_up`."""
        return _read_as(_payment, await self._ask("GET", f"/v1/payments/{_part(ref)}"))

    async def find(self, *, payment_id: str) -> Sequence[ProviderPayment]:
        """See `Provider.find`."""
        found = await self._read("/v1/payments", payment_id=payment_id)
        return _read_as(_payments, found)

    async def capture(self, *, key: str, ref: str, amount_minor: int) -> ProviderPayment:
        """See `Provider.capture`. What has been captured already, by whatever key, is returned as it is.

        Raises:
            ProviderRefused: It cannot be captured (any more).
        """
        path = f"/v1/payments/{_part(ref)}/capture"
        try:
            return _read_as(_payment, await self._ask("POST", path, key=key, body={"amount": amount_minor}))
        except ProviderRefused as refusal:
            if refusal.denial != _UNEXPECTED_STATE:
                raise
            stands = await self.look_up(ref=ref)
            if stands.state is PaymentState.CAPTURED and stands.captured_minor == amount_minor:
                return stands
            raise ProviderRefused("not_capturable", refusal.detail) from refusal

    async def cancel(self, *, key: str, ref: str) -> ProviderPayment:
        """See `Provider.cancel`.

        Raises:
            ProviderRefused: There is no such payment.
        """
        try:
            return _read_as(_payment, await self._ask("POST", f"/v1/payments/{_part(ref)}/cancel", key=key, body={}))
        except ProviderRefused as refusal:
            if refusal.denial != _UNEXPECTED_STATE:
                raise
            return await self.look_up(ref=ref)

    # -------------------------------------------------------------------------------------------------------- refunds
    async def refund(self, *, key: str, ref: str, refund_id: str, amount_minor: int) -> ProviderRefund:
        """See `Provider.refund`. One that did not fail and has our id is the same, whatever the key."""
        for made in await self.refunds(ref=ref):
            if made.refund_id == refund_id and made.state is not ProviderRefundState.FAILED:
                return made
        body = {"payment": ref, "amount": amount_minor, "metadata": {"refund_id": refund_id}}
        return _read_as(_refund, await self._ask("POST", "/v1/refunds", key=key, body=body))

    async def refunds(self, *, ref: str) -> Sequence[ProviderRefund]:
        """See `Provider.refunds`."""
        found = await self._read(f"/v1/payments/{_part(ref)}/refunds")
        return _read_as(_refunds, found)

    # ------------------------------------------------------------------------------------------------- ways that last
    async def keep(self, *, key: str, account_id: int, method: PaymentMethod, token: str) -> KeptMethod:
        """See `Provider.keep`."""
        body = {"customer": str(account_id), "method": method.value, "token": token}
        kept = await self._ask("POST", "/v1/methods", key=key, body=body)
        return _read_as(_kept, kept)

    async def forget(self, *, token: str) -> None:
        """See `Provider.forget`."""
        try:
            await self._ask("DELETE", f"/v1/methods/{_part(token)}", key=f"{token}:forget")
        except ProviderRefused as refusal:
            log.info("simulator.nothing_to_forget", denial=refusal.denial)

    # ------------------------------------------------------------------------------------------------------- messages
    async def read(self, *, headers: Mapping[str, str], body: bytes, now: datetime) -> Message:
        """See `Provider.read`.

        Raises:
            MessageForged: It is not the simulator's, or not of now.
        """
        event_id, stated = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
        if not 0 < len(event_id) <= _ID_MOST or len(body) > _MESSAGE_BYTES_MOST:
            raise MessageForged("there is no id, or the message is too large")
        self._check_signature(f"{event_id}.{stated}.".encode() + body, headers.get("webhook-signature", ""))
        # Judged after the signature, so that nobody learns what time we have.
        if abs(_seconds(stated) - now.timestamp()) > TOLERANCE_S:
            raise MessageForged("the message is not of this moment")
        return _message(body, event_id)

    def _check_signature(self, content: bytes, given: str) -> None:
        """Compare every signature with every key, whatever was found before.

        Raises:
            MessageForged: None of them is right.
        """
        marks = [_mark(part) for part in given.split(" ")[:_SIGNATURES_MOST]]
        right = False
        for key in self._hook_keys:
            expected = hmac.new(key, content, sha256).digest()
            for mark in marks:
                right |= hmac.compare_digest(mark, expected)
        if not right:
            raise MessageForged("the signature is not right")

    async def close(self) -> None:
        """See `Provider.close`."""
        await self._client.aclose()

    # --------------------------------------------------------------------------------------------------------- asking
    async def _read(self, path: str, **query: str) -> Any:
        """Read what is only refused where something is wrong with us.

        Raises:
            ProviderUnavailable: No answer, or none that helps.
        """
        try:
            return await self._ask("GET", path, query=query)
        except ProviderRefused as refusal:
            raise ProviderUnavailable(refusal.denial) from refusal

    async def _ask(
        self,
        method: str,
        path: str,
        *,
        key: str | None = None,
        body: Any = None,
        query: Mapping[str, str] | None = None,
    ) -> Any:
        """Send a request and return the body of its success.

        Raises:
            ProviderRefused: It was understood and refused.
            ProviderUnavailable: There was no answer, or none that says what became of it.
        """
        return _told(await self._send(method, path, key=key, body=body, query=query))

    async def _send(
        self,
        method: str,
        path: str,
        *,
        key: str | None = None,
        body: Any = None,
        query: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Send a request.

        Raises:
            ProviderUnavailable: There was no answer.
        """
        headers = {"idempotency-key": key} if key else {}
        content = None if body is None else msgspec.json.encode(body)
        try:
            # A mounted simulator has no connection that could time out: this clock is for both.
            async with asyncio.timeout(self._timeout_s):
                return await self._client.request(method, path, content=content, headers=headers, params=query)
        except (TimeoutError, httpx.HTTPError, httpx.InvalidURL) as error:
            raise ProviderUnavailable(f"{method} {path}: {type(error).__name__}") from error


def _told(answer: httpx.Response) -> Any:
    """Return the body of a success.

    Raises:
        ProviderRefused: What was asked was understood and refused.
        ProviderUnavailable: What became of it is not known.
    """
    try:
        told = msgspec.json.decode(answer.content)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ProviderUnavailable(f"{answer.status_code}, not JSON") from error
    if not answer.is_success:
        _refuse(answer.status_code, told)
    return told


def _refuse(status: int, told: Any) -> NoReturn:
    """Say what an answer means that is no success.

    Raises:
        ProviderRefused: What was asked was understood and refused.
        ProviderUnavailable: What became of it is not known.
    """
    error = told.get("error", {}) if isinstance(told, dict) else {}
    code = str(error.get("code", ""))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _NOT_KNOWN:
        raise ProviderUnavailable(f"{status} {code}")
    if status in _OURS_TO_MEND:
        log.error("simulator.key_refused", status=status)
        raise ProviderUnavailable("the simulator does not take our key: see HOLDFAST_PAYMENTS_SIMULATOR_SECRET")
    denial = "unknown" if status == HTTPStatus.NOT_FOUND else code
    raise ProviderRefused(denial or "card_declined", str(error.get("message", "")))


def _part(ref: str) -> str:
    """Return an id as part of a path.

    Raises:
        ProviderRefused: It is no id of the simulator's.
    """
    if not (ref.isascii() and ref.replace("_", "").isalnum()):
        raise ProviderRefused("unknown", "There is no such object.")
    return ref


def _read_as(turn: Callable[[Any], T], told: Any) -> T:
    """Return what an answer says.

    Raises:
        ProviderUnavailable: It says something else; perhaps somebody in between has answered.
    """
    try:
        return turn(told)
    except (KeyError, TypeError, AttributeError) as error:
        raise ProviderUnavailable("the answer cannot be read") from error


def _payments(told: Mapping[str, Any]) -> list[ProviderPayment]:
    return [_payment(each) for each in told["data"]]


def _refunds(told: Mapping[str, Any]) -> list[ProviderRefund]:
    return [_refund(each) for each in told["data"]]


def _kept(told: Mapping[str, Any]) -> KeptMethod:
    card = told["card"]
    expires = f"{card['exp_year']:04}-{card['exp_month']:02}" if card else None
    return KeptMethod(token=told["id"], customer=told["customer"], card=_card(card), expires=expires)


def _payment(told: Mapping[str, Any]) -> ProviderPayment:
    dispute, action = told["dispute"], told["next_action"]
    lost = {"won": False, "lost": True}.get(dispute["status"]) if dispute else None
    return ProviderPayment(
        ref=told["id"],
        payment_id=told["metadata"]["payment_id"] or None,
        state=_STATES[told["status"]],
        amount_minor=told["amount"],
        currency=told["currency"],
        captured_minor=told["amount_captured"],
        refunded_minor=told["amount_refunded"],
        action_url=action["redirect_to_url"] if action else None,
        denial=told["denial"],
        card=_card(told["card"]),
        disputed=dispute is not None,
        dispute_lost=lost,
    )


def _card(told: Mapping[str, Any] | None) -> CardShown | None:
    return CardShown(brand=told["wallet"] or told["brand"], last4=told["last4"]) if told else None


def _refund(told: Mapping[str, Any]) -> ProviderRefund:
    return ProviderRefund(
        ref=told["id"],
        refund_id=told["metadata"]["refund_id"] or None,
        amount_minor=told["amount"],
        currency=told["currency"],
        state=_REFUND_STATES[told["status"]],
    )


def _mark(part: str) -> bytes:
    version, _, text = part.partition(",")
    if version != "v1":
        return b""
    try:
        return b64decode(text, validate=True)
    except (NotBase64, ValueError):
        return b""


def _seconds(stated: str) -> float:
    if not (stated.isascii() and stated.isdigit() and len(stated) <= _TIMESTAMP_DIGITS_MOST):
        raise MessageForged("the time of the message cannot be read")
    return float(stated)


class _Written(msgspec.Struct):
    """What a message says."""

    id: str
    type: str
    timestamp: datetime
    data: dict[str, Any]


def _message(body: bytes, event_id: str) -> Message:
    """Return what a message with the right signature says.

    Raises:
        MessageForged: It says nothing that can be read, or its id is another's.
    """
    try:
        told = msgspec.json.decode(body, type=_Written)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MessageForged("the message cannot be read") from error
    if told.id != event_id:
        raise MessageForged("the id is another message's")
    payment = told.data.get("payment")
    ref = payment.get("id") if isinstance(payment, dict) else None
    at = told.timestamp if told.timestamp.tzinfo else told.timestamp.replace(tzinfo=UTC)
    return Message(event_id=event_id, kind=told.type, ref=ref if isinstance(ref, str) else None, at=at)
