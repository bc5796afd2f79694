"""PayPal, over its REST API: orders with the intent to authorise, which the guest approves at PayPal.

What is particular to it, and how it is met:

- An approved order is authorised by nobody but us: `look_up` does it when it finds one, under a key that follows from
  the payment, so that whoever looks first (the guest who returns, a message, the watchdog) does it once.
- An order that is not authorised cannot be canceled, only left alone. `cancel` marks it, so that a later `look_up`
  does not authorise what was let go.
- PayPal has no search for orders. `find` finds nothing, and nothing is lost by it: an order can be approved only by the
  link in the answer to its making, so one whose answer was lost never takes money, and the same key (kept for six
  hours) brings it back.
- Messages are verified by asking PayPal, with the very bytes that came.
"""

import asyncio
import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final

import httpx

from holdfast.kit.clock import Clock
from holdfast.payments.api import PaymentMethod, PaymentState
from holdfast.payments.providers.paypal_shapes import (
    LET_GO,
    NOT_TAKEN,
    Facts,
    disputed_capture,
    from_paypal,
    header,
    instant,
    is_approved,
    json_object,
    made,
    parent_of,
    path_part,
    payment_of,
    plain,
    refund_of,
    related_order,
    to_paypal,
)
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
from holdfast.payments.providers.reading import check_fresh, readable, well_formed

DEADLINE_S: Final = 10.0
"""How long one call may take in all, a new access token included."""

_TOKEN_MARGIN_S: Final = 120
_VERIFIED: Final = (
    ("auth_algo", "paypal-auth-algo"),
    ("cert_url", "paypal-cert-url"),
    ("transmission_id", "paypal-transmission-id"),
    ("transmission_sig", "paypal-transmission-sig"),
    ("transmission_time", "paypal-transmission-time"),
)
_CERTIFICATES: Final = re.compile(r"https://([a-z0-9-]+\.)*paypal\.com/.*")
_UNKNOWN: Final = frozenset({HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.REQUEST_TIMEOUT})
_OURS: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})

_DENIALS: Final[Mapping[str, str]] = {
    "INSTRUMENT_DECLINED": "card_declined",
    "PAYER_CANNOT_PAY": "card_declined",
    "PAYER_ACCOUNT_RESTRICTED": "card_declined",
    "PAYER_ACCOUNT_LOCKED_OR_CLOSED": "card_declined",
    "COMPLIANCE_VIOLATION": "card_declined",
    "PAYEE_BLOCKED_TRANSACTION": "card_declined",
    "TRANSACTION_BLOCKED_BY_PAYEE": "card_declined",
    "TRANSACTION_REFUSED": "card_declined",
    "REDIRECT_PAYER_FOR_ALTERNATE_FUNDING": "card_declined",
    "TRANSACTION_LIMIT_EXCEEDED": "limit_exceeded",
    "CURRENCY_NOT_SUPPORTED": "currency_unsupported",
    "CURRENCY_NOT_SUPPORTED_FOR_COUNTRY": "currency_unsupported",
    "DECIMALS_NOT_SUPPORTED": "amount_unsupported",
    "INVALID_RESOURCE_ID": "unknown",
    "RESOURCE_NOT_FOUND": "unknown",
    "AUTHORIZATION_EXPIRED": "authorisation_expired",
    "AUTHORIZATION_VOIDED": "not_capturable",
    "CAPTURE_FULLY_REFUNDED": "already_refunded",
    "CAPTURE_DISPUTED_PARTIAL_REFUND_NOT_ALLOWED": "disputed",
}
_ENDED: Final = frozenset({PaymentState.CAPTURED, PaymentState.VOIDED, PaymentState.DENIED})
_FINAL: Final = frozenset({"card_declined", "limit_exceeded"})


class PayPalProvider:
    """Moves money with PayPal."""

    name: Final = "paypal"
    methods: Final = frozenset({PaymentMethod.PAYPAL})

    def __init__(
        self,
        *,
        credentials: tuple[str, str],
        webhook_id: str,
        api_base: str,
        clock: Clock,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        """Make it ready; nothing is asked yet.

        Args:
            credentials: Client id and secret of the application at PayPal.
            webhook_id: The id PayPal gave the webhook that leads here.
            api_base: Live or sandbox.
            clock: Tells how long an access token still lasts.
            deadline_s: For one call in all.
        """
        self._http = httpx.AsyncClient(base_url=api_base.rstrip("/"), timeout=deadline_s)
        self._credentials = credentials
        self._webhook_id = webhook_id
        self._clock = clock
        self._deadline_s = deadline_s
        self._token = ""
        self._token_until = 0.0
        self._renewing = asyncio.Lock()

    async def authorise(self, *, key: str, what: Authorisation) -> ProviderPayment:
        """Make an order for the guest to approve at `action_url`.

        Raises:
            ProviderRefused: It was denied.
            ProviderUnavailable: The outcome is not known.
        """
        unit = {
            "reference_id": what.hold_id,
            "custom_id": what.payment_id,
            "invoice_id": what.payment_id,  # which PayPal lets be paid once
            "amount": to_paypal(what.amount_minor, what.currency),
        }
        context = {
            "return_url": what.return_url,
            "cancel_url": what.return_url,
            "user_action": "PAY_NOW",
            "shipping_preference": "NO_SHIPPING",
        }
        order = await self._call(
            "POST",
            "/v2/checkout/orders",
            key=key,
            body={
                "intent": "AUTHORIZE",
                "purchase_units": [unit],
                "payment_source": {"paypal": {"experience_context": context}},
            },
        )
        return payment_of(order)

    async def look_up(self, *, ref: str) -> ProviderPayment:
        """Return a payment as it stands, with its disputes. An order found approved is authorised now.

        Raises:
            ProviderRefused: There is no such payment (`unknown`).
            ProviderUnavailable: No answer.
        """
        order = await self._order(ref)
        if is_approved(order):
            order, denial = await self._authorise(order)
            return payment_of(order, denial=denial)
        captures = made(order, "captures")
        return payment_of(order, disputes=await self._disputes(captures[0]["id"]) if captures else ())

    async def find(self, *, payment_id: str) -> Sequence[ProviderPayment]:
        """Return nothing: what PayPal could still take money by is known by its reference (see above)."""
        del payment_id
        return ()

    async def capture(self, *, key: str, ref: str, amount_minor: int) -> ProviderPayment:
        """Take what is authorised. Where it was taken already, that is the answer, however old its key is.

        Raises:
            ProviderRefused: It cannot be captured (any more).
            ProviderUnavailable: The outcome is not known, or PayPal still looks at the capture.
        """
        seen = payment_of(order := await self._order(ref))
        if seen.state is PaymentState.CAPTURED and seen.captured_minor == amount_minor:
            return seen
        if seen.state is not PaymentState.AUTHORISED or seen.amount_minor != amount_minor:
            raise ProviderRefused("not_capturable", f"The payment is {seen.state}.")
        if not made(order, "captures"):
            with readable():
                authorisation = path_part(made(order, "authorizations")[0]["id"])
            await self._call(
                "POST",
                f"/v2/payments/authorizations/{authorisation}/capture",
                key=key,
                body={"amount": to_paypal(amount_minor, seen.currency), "final_capture": True},
            )
            order = await self._order(ref)
        seen = payment_of(order)
        if seen.state is PaymentState.CAPTURED:
            return seen
        with readable():
            if any(each["status"] in NOT_TAKEN for each in made(order, "captures")):
                raise ProviderRefused("card_declined", "PayPal could not take what it had authorised.")
        raise ProviderUnavailable("PayPal has not finished the capture.")

    async def cancel(self, *, key: str, ref: str) -> ProviderPayment:
        """Let a payment go before it is captured. One that is captured or gone already is returned as it is.

        Raises:
            ProviderRefused: There is no such payment (`unknown`).
            ProviderUnavailable: The outcome is not known.
        """
        seen = payment_of(order := await self._order(ref))
        if seen.state in _ENDED:
            return seen
        with suppress(ProviderRefused):  # it moved on meanwhile
            if seen.state is not PaymentState.AUTHORISED:
                await self._mark(order)
            elif not made(order, "captures"):
                with readable():
                    authorisation = path_part(made(order, "authorizations")[0]["id"])
                await self._call("POST", f"/v2/payments/authorizations/{authorisation}/void", key=key, body={})
        seen = payment_of(await self._order(ref))
        if seen.state not in _ENDED:
            raise ProviderUnavailable("PayPal has not let go of it.")
        return seen

    async def refund(self, *, key: str, ref: str, refund_id: str, amount_minor: int) -> ProviderRefund:
        """Give back part or all of what was captured. One that failed is made anew, any other is found again.

        Raises:
            ProviderRefused: It cannot be given back.
            ProviderUnavailable: The outcome is not known.
        """
        order = await self._order(ref)
        ours = [each for each in map(refund_of, made(order, "refunds")) if each.refund_id == refund_id]
        alive = [each for each in ours if each.state is not ProviderRefundState.FAILED]
        if alive:
            return alive[0]
        captures = made(order, "captures")
        if not captures:
            raise ProviderRefused("not_captured", "Nothing was captured.")
        with readable():
            capture = path_part(captures[0]["id"])
            _, currency = from_paypal(captures[0]["amount"])
        given = await self._call(
            "POST",
            f"/v2/payments/captures/{capture}/refund",
            # The key of one that failed would bring back its first answer.
            key=f"{key}:{len(ours) + 1}" if ours else key,
            body={"amount": to_paypal(amount_minor, currency), "custom_id": refund_id},
        )
        return refund_of(given)

    async def refunds(self, *, ref: str) -> Sequence[ProviderRefund]:
        """Return all refunds of a payment.

        Raises:
            ProviderUnavailable: No answer.
        """
        return [refund_of(each) for each in made(await self._order(ref), "refunds")]

    async def keep(self, *, key: str, account_id: int, method: PaymentMethod, token: str) -> KeptMethod:
        """Refuse: the guest approves each payment at PayPal, so there is nothing to keep.

        Raises:
            ProviderRefused: Always (`cannot_be_kept`).
        """
        del key, account_id, token
        raise ProviderRefused("cannot_be_kept", f"A guest approves each payment with {method}; nothing is kept.")

    async def forget(self, *, token: str) -> None:
        """Do nothing: nothing was kept."""
        del token

    async def read(self, *, headers: Mapping[str, str], body: bytes, now: datetime) -> Message:
        """Check that a message is of this moment, ask PayPal whether it sent it, and read it.

        Raises:
            MessageForged: It is not PayPal's, or not of this moment.
            ProviderUnavailable: PayPal did not say.
        """
        with well_formed():
            proof = {name: header(headers[sent]) for name, sent in _VERIFIED}
            at = instant(proof["transmission_time"])
            check_fresh(at, now)
            event = json_object(body)
            event_id, kind = str(event["id"]), str(event["event_type"])
            resource = dict(event["resource"])
        if not _CERTIFICATES.fullmatch(proof["cert_url"]):
            raise MessageForged("The certificate is not PayPal's.")
        await self._check(proof, body)
        return Message(event_id=event_id, kind=kind, ref=await self._ref(kind, resource), at=at)

    async def close(self) -> None:
        """End connections."""
        await self._http.aclose()

    async def _check(self, proof: Mapping[str, str], body: bytes) -> None:
        """Ask PayPal whether a message is its own.

        Raises:
            MessageForged: It says no.
        """
        # The bytes are put in as they came: a body written anew would have another signature.
        asked = (
            json.dumps({**proof, "webhook_id": self._webhook_id})[:-1].encode() + b', "webhook_event": ' + body + b"}"
        )
        try:
            answer = await self._call("POST", "/v1/notifications/verify-webhook-signature", body=asked)
        except ProviderRefused as refusal:
            raise MessageForged("PayPal does not know this message.") from refusal
        if answer.get("verification_status") != "SUCCESS":
            raise MessageForged("PayPal did not send this message.")

    async def _ref(self, kind: str, resource: Mapping[str, Any]) -> str | None:
        """Return the order a message is about; it may name only a capture, or the refund of one."""
        if kind.startswith("CHECKOUT.ORDER."):
            return plain(resource.get("id"))
        order = related_order(resource)
        parent = disputed_capture(resource) or parent_of(resource)
        if order or parent is None:
            return order
        try:
            return related_order(await self._call("GET", parent))
        except ProviderRefused:
            return None

    async def _order(self, ref: str) -> Facts:
        return await self._call("GET", f"/v2/checkout/orders/{path_part(ref)}")

    async def _authorise(self, order: Facts) -> tuple[Facts, str | None]:
        """Authorise an approved order; return it as it is then, and why not, if PayPal denied it."""
        with readable():
            ref, payment_id = path_part(order["id"]), order["purchase_units"][0]["custom_id"]
        denial = None
        try:
            await self._call("POST", f"/v2/checkout/orders/{ref}/authorize", key=f"{payment_id}:authorise", body={})
        except ProviderRefused as refusal:
            denial = refusal.denial if refusal.denial in _FINAL else None
        order = await self._order(ref)
        return order, None if made(order, "authorizations") else denial

    async def _mark(self, order: Facts) -> None:
        with readable():
            unit = order["purchase_units"][0]
            path = f"/purchase_units/@reference_id=='{unit['reference_id']}'/custom_id"
            ref, mark = path_part(order["id"]), f"{unit['custom_id']}{LET_GO}"
        change = [{"op": "replace", "path": path, "value": mark}]
        await self._call("PATCH", f"/v2/checkout/orders/{ref}", body=change)

    async def _disputes(self, capture: str) -> Sequence[Facts]:
        query = f"/v1/customer/disputes?disputed_transaction_id={path_part(capture)}"
        try:
            found = (await self._call("GET", query)).get("items", [])
            return [await self._call("GET", f"/v1/customer/disputes/{path_part(each['dispute_id'])}") for each in found]
        except ProviderRefused:
            return ()

    async def _call(self, method: str, path: str, *, key: str | None = None, body: Any = None) -> Facts:
        """Ask PayPal, with a fresh access token if the one we have is not taken any more.

        Raises:
            ProviderRefused: It says no.
            ProviderUnavailable: It says nothing, or nothing one could rely on.
        """
        content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        headers = {"content-type": "application/json", "prefer": "return=representation"}
        if key is not None:
            headers["paypal-request-id"] = key
        try:
            async with asyncio.timeout(self._deadline_s):
                token = await self._access()
                answer = await self._send(method, path, content, headers, token)
                if answer.status_code == HTTPStatus.UNAUTHORIZED:  # PayPal may end a token early
                    answer = await self._send(method, path, content, headers, await self._access(refused=token))
        except (TimeoutError, httpx.HTTPError, httpx.InvalidURL) as error:
            raise ProviderUnavailable("PayPal did not answer.") from error
        return _facts_of(answer)

    async def _send(
        self, method: str, path: str, content: bytes | None, headers: Mapping[str, str], token: str
    ) -> httpx.Response:
        return await self._http.request(
            method, path, content=content, headers={**headers, "authorization": f"Bearer {token}"}
        )

    async def _access(self, *, refused: str | None = None) -> str:
        async with self._renewing:  # one asks, the others get what it was given
            if self._token == refused or self._clock.monotonic() >= self._token_until:
                answer = await self._http.post(
                    "/v1/oauth2/token", data={"grant_type": "client_credentials"}, auth=self._credentials
                )
                granted = _facts_of(answer)
                with readable():
                    self._token = str(granted["access_token"])
                    self._token_until = self._clock.monotonic() + int(granted["expires_in"]) - _TOKEN_MARGIN_S
        return self._token


def _facts_of(answer: httpx.Response) -> Facts:
    """Read an answer.

    Raises:
        ProviderRefused: It says no.
        ProviderUnavailable: It says nothing one could rely on.
    """
    status = answer.status_code
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _UNKNOWN or status in _OURS:
        raise ProviderUnavailable(f"PayPal answered {status}.")
    with readable():
        facts = json_object(answer.content) if answer.content else {}
    if status >= HTTPStatus.BAD_REQUEST:
        denial, detail = _refusal(facts)
        raise ProviderRefused(denial, detail)
    return facts


def _refusal(facts: Mapping[str, Any]) -> tuple[str, str]:
    details = facts.get("details")
    first = details[0] if isinstance(details, list) and details and isinstance(details[0], dict) else {}
    words = (str(first.get("issue")), str(facts.get("name")))
    denial = next((_DENIALS[word] for word in words if word in _DENIALS), "invalid_request")
    return denial, str(first.get("description") or facts.get("message") or "")
