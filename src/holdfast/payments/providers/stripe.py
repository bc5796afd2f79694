"""Stripe, by its own library: payment intents that are confirmed at once and captured by hand.

Three things differ from what one would expect, and each is met here:

- Stripe keeps an idempotency key for at least 24 hours, together with the answer, be it a 500. Within that time
  repeating `authorise` with its key finds what a lost answer made. For what is older or was answered 500, `find` looks
  for our payment id: by search, which lags behind by up to a minute, and in the list of the last minutes, which does
  not.
- Amounts are not always ISO 4217's minor units (`STRIPE_UNITS`); what Stripe could not take exactly is refused before.
- Stripe's library checks only that a message is not too old. Signatures are checked here, in both directions of time.

The library takes 0.3 s and 30 MB to import. Import this module only where Stripe is chosen.
"""

import asyncio
import hmac
import json
from collections.abc import Awaitable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

import httpx
import stripe
from typing_extensions import override

from holdfast.kit.clock import Clock
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
from holdfast.payments.providers.reading import check_fresh, readable, well_formed

API_VERSION: Final = "2026-10-28.endive"
"""The version of Stripe's API this was written against: a newer library does not change it behind our back."""

DEADLINE_S: Final = 10.0
"""How long one call may take in all."""

STRIPE_UNITS: Final[Mapping[str, tuple[int, int]]] = {
    **dict.fromkeys(("ISK", "UGX"), (100, 1)),
    **dict.fromkeys(("BHD", "JOD", "KWD", "OMR", "TND"), (1, 10)),
}
"""Currencies Stripe counts otherwise than ISO 4217: factor from our minor units to theirs, and the smallest step.

Króna and shilling have no decimals any more but are still sent with two zeros; of three decimals the last must be 0.
"""

_KINDS: Final = ["card"]
"""Cards and the wallets that stand for cards (Apple Pay, Google Pay): what can be authorised first, captured later."""

_EXPAND: Final = ["latest_charge", "payment_method"]
_PAGE: Final = 100
_PAGES_MAX: Final = 10
_SEARCH_LAG_S: Final = 300
_HEADER_MAX: Final = 4_096

_DENIALS: Final[Mapping[str, str]] = {
    "insufficient_funds": "insufficient_funds",
    "card_velocity_exceeded": "limit_exceeded",
    "withdrawal_count_limit_exceeded": "limit_exceeded",
    "expired_card": "expired",
    "incorrect_cvc": "incorrect_cvc",
    "invalid_cvc": "incorrect_cvc",
    "incorrect_zip": "incorrect_address",
    "currency_not_supported": "currency_unsupported",
    "processing_error": "processing_error",
    "authentication_required": "authentication_required",
    "payment_intent_authentication_failure": "authentication_failed",
    "setup_intent_authentication_failure": "authentication_failed",
}
"""What is said of a card that was declined; all the rest, such as a stolen card, is told as `card_declined`."""

_REFUSALS: Final[Mapping[str, str]] = {
    "resource_missing": "unknown",
    "amount_too_small": "amount_unsupported",
    "amount_too_large": "amount_unsupported",
    "capture_charge_authorization_expired": "authorisation_expired",
    "charge_expired_for_capture": "authorisation_expired",
    "charge_already_refunded": "already_refunded",
    "charge_disputed": "disputed",
}
_INVALID: Final = "invalid_request"
_NOT_FOUND: Final = 404

_STATES: Final[Mapping[str, PaymentState]] = {
    "requires_confirmation": PaymentState.STARTING,
    "processing": PaymentState.STARTING,
    "requires_action": PaymentState.REQUIRES_ACTION,
    "requires_capture": PaymentState.AUTHORISED,
    "succeeded": PaymentState.CAPTURED,
    "canceled": PaymentState.VOIDED,
}
_REFUND_STATES: Final[Mapping[str, ProviderRefundState]] = {
    "pending": ProviderRefundState.PENDING,
    "requires_action": ProviderRefundState.PENDING,
    "succeeded": ProviderRefundState.COMPLETED,
    "failed": ProviderRefundState.FAILED,
    "canceled": ProviderRefundState.FAILED,
}
_ENDED_WELL: Final = frozenset({"won", "warning_closed", "prevented"})

_Facts = dict[str, Any]


def to_stripe(amount_minor: int, currency: str) -> int:
    """Return an amount as Stripe counts it.

    Raises:
        ProviderRefused: Stripe cannot take it exactly (`amount_unsupported`).
    """
    factor, step = STRIPE_UNITS.get(currency, (1, 1))
    if amount_minor % step:
        raise ProviderRefused("amount_unsupported", f"Stripe takes {currency} in steps of {step} minor units only.")
    return amount_minor * factor


def from_stripe(amount: int, currency: str) -> int:
    """Return an amount of Stripe's in our minor units.

    Raises:
        ValueError: It is a fraction of one.
    """
    factor, _ = STRIPE_UNITS.get(currency, (1, 1))
    whole, rest = divmod(amount, factor)
    if rest:
        raise ValueError(f"{amount} is no whole number of minor units of {currency}")
    return whole


class _Transport(stripe.HTTPClient):
    """How the library reaches the network. Its own client for httpx uses what httpx has deprecated."""

    name = "httpx"

    def __init__(self, timeout_s: float) -> None:
        super().__init__()
        self._client = httpx.AsyncClient(timeout=timeout_s)

    @override
    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str], post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        try:
            answer = await self._client.request(method, url, headers=headers, content=post_data)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise stripe.APIConnectionError(type(error).__name__) from error  # type: ignore[no-untyped-call]  # left untyped
        return answer.content, answer.status_code, answer.headers

    @override
    async def close_async(self) -> None:
        await self._client.aclose()


class StripeProvider:
    """Moves money with Stripe."""

    name: Final = "stripe"
    methods: Final = frozenset({PaymentMethod.CARD, PaymentMethod.WALLET})

    def __init__(
        self,
        *,
        secret_key: str,
        webhook_secrets: Sequence[str],
        api_base: str | None = None,
        clock: Clock,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        stripe.enable_telemetry = False  # it would write a file into the home folder and tell Stripe of the machine
        self._http = _Transport(deadline_s)
        client = stripe.StripeClient(
            secret_key,
            stripe_version=API_VERSION,
            base_addresses={"api": api_base.rstrip("/")} if api_base else None,
            max_network_retries=0,  # who repeats, and until when, is decided by whoever wrote the key down
            http_client=self._http,
        )
        self._api = client.v1
        self._secrets = [secret.encode() for secret in webhook_secrets]
        self._clock = clock
        self._deadline_s = deadline_s

    async def authorise(self, *, key: str, what: Authorisation) -> ProviderPayment:
        """Make a payment intent and confirm it; where the bank wants to see the guest, it says where to go.

        Raises:
            ProviderRefused: It was denied.
            ProviderUnavailable: The outcome is not known.
        """
        if what.token is None:
            raise ProviderRefused("token_missing", "A card or wallet is paid with by its token.")
        params: stripe.params.PaymentIntentCreateParams = {
            "amount": to_stripe(what.amount_minor, what.currency),
            "currency": what.currency.lower(),
            "capture_method": "manual",
            "confirm": True,
            "payment_method": what.token,
            "allowed_payment_method_types": _KINDS,
            "return_url": what.return_url,
            "metadata": {"payment_id": what.payment_id, "hold_id": what.hold_id},
            "expand": _EXPAND,
        }
        if what.customer is not None:
            params["customer"] = what.customer
        try:
            facts = await self._ask(self._api.payment_intents.create_async(params, {"idempotency_key": key}))
        except ProviderRefused as refusal:
            if refusal.denial == "unknown":
                raise ProviderRefused("token_invalid", refusal.detail) from refusal
            raise
        if facts.pop("replayed"):  # then it tells how things stood, not how they stand
            return await self.look_up(ref=facts["id"])
        return _payment(facts)

    async def look_up(self, *, ref: str) -> ProviderPayment:
        """Return a payment as it stands, with its disputes.

        Raises:
            ProviderRefused: There is no such payment (`unknown`).
            ProviderUnavailable: No answer.
        """
        facts = await self._ask(self._api.payment_intents.retrieve_async(ref, {"expand": _EXPAND}))
        charge = facts.get("latest_charge")
        if not charge or not charge.get("disputed"):
            return _payment(facts)
        disputes = await self._ask(self._api.disputes.list_async({"payment_intent": ref, "limit": _PAGE}))
        return _payment(facts, disputes["data"])

    async def find(self, *, payment_id: str) -> Sequence[ProviderPayment]:
        """Return every intent that was made for one of our payments.

        Raises:
            ProviderUnavailable: No answer.
        """
        found: dict[str, ProviderPayment] = {}
        since: int | None = int((self._clock.now() - self._clock.shift).timestamp()) - _SEARCH_LAG_S
        try:
            answer = await self._ask(
                self._api.payment_intents.search_async(
                    {
                        "query": f"metadata['payment_id']:'{_quoted(payment_id)}'",
                        "limit": _PAGE,
                        "expand": [f"data.{each}" for each in _EXPAND],
                    }
                )
            )
        except ProviderRefused:  # an account whose region has no search
            answer, since = {"data": []}, None
        with readable():
            for facts in [*answer["data"], *await self._latest(since)]:
                if facts["metadata"].get("payment_id") == payment_id:
                    found[facts["id"]] = _payment(facts)
        return list(found.values())

    async def capture(self, *, key: str, ref: str, amount_minor: int) -> ProviderPayment:
        """Take what is authorised. Where it was taken already, that is the answer, however old its key is.

        Raises:
            ProviderRefused: It cannot be captured (any more).
            ProviderUnavailable: The outcome is not known.
        """
        seen = await self.look_up(ref=ref)
        if seen.state is PaymentState.CAPTURED and seen.captured_minor == amount_minor:
            return seen
        if seen.state is not PaymentState.AUTHORISED or seen.amount_minor != amount_minor:
            raise ProviderRefused("not_capturable", f"The payment is {seen.state}.")
        params: stripe.params.PaymentIntentCaptureParams = {
            "amount_to_capture": to_stripe(amount_minor, seen.currency),
            "expand": _EXPAND,
        }
        return _payment(await self._ask(self._api.payment_intents.capture_async(ref, params, {"idempotency_key": key})))

    async def cancel(self, *, key: str, ref: str) -> ProviderPayment:
        """Let a payment go before it is captured. One that is captured or gone already is returned as it is.

        Raises:
            ProviderRefused: There is no such payment (`unknown`).
            ProviderUnavailable: The outcome is not known, or it cannot be let go at this moment.
        """
        try:
            facts = await self._ask(
                self._api.payment_intents.cancel_async(ref, {"expand": _EXPAND}, {"idempotency_key": key})
            )
        except ProviderRefused as refusal:
            seen = await self.look_up(ref=ref)
            if seen.state not in {PaymentState.CAPTURED, PaymentState.VOIDED}:
                raise ProviderUnavailable("Stripe does not let go of it at this moment.") from refusal
            return seen
        return _payment(facts)

    async def refund(self, *, key: str, ref: str, refund_id: str, amount_minor: int) -> ProviderRefund:
        """Give back part or all of what was captured. One that failed is made anew, any other is found again.

        Raises:
            ProviderRefused: It cannot be given back.
            ProviderUnavailable: The outcome is not known.
        """
        ours = [each for each in await self.refunds(ref=ref) if each.refund_id == refund_id]
        alive = [each for each in ours if each.state is not ProviderRefundState.FAILED]
        if alive:
            return alive[0]
        currency = ours[0].currency if ours else (await self.look_up(ref=ref)).currency
        facts = await self._ask(
            self._api.refunds.create_async(
                {
                    "payment_intent": ref,
                    "amount": to_stripe(amount_minor, currency),
                    "metadata": {"refund_id": refund_id},
                },
                # The key of one that failed would bring back its first answer.
                {"idempotency_key": f"{key}:{len(ours) + 1}" if ours else key},
            )
        )
        return _refund(facts)

    async def refunds(self, *, ref: str) -> Sequence[ProviderRefund]:
        """Return all refunds of a payment.

        Raises:
            ProviderUnavailable: No answer.
        """
        found: list[_Facts] = []
        params: stripe.params.RefundListParams = {"payment_intent": ref, "limit": _PAGE}
        for _ in range(_PAGES_MAX):
            page = await self._ask(self._api.refunds.list_async(params))
            found += page["data"]
            if not page["has_more"]:
                break
            params["starting_after"] = found[-1]["id"]
        return [_refund(facts) for facts in found]

    async def keep(self, *, key: str, account_id: int, method: PaymentMethod, token: str) -> KeptMethod:
        """Attach a payment method to a customer of its own.

        The guest is there whenever it is used, so the bank's questions are asked then and not now.

        Raises:
            ProviderRefused: The token is not good, or this method cannot be kept.
            ProviderUnavailable: The outcome is not known.
        """
        if method not in self.methods:
            raise ProviderRefused("cannot_be_kept", f"Stripe keeps no {method}.")
        customer = await self._ask(
            self._api.customers.create_async(
                {"metadata": {"account_id": str(account_id)}}, {"idempotency_key": f"{key}:customer"}
            )
        )
        try:
            kept = await self._ask(
                self._api.payment_methods.attach_async(
                    token, {"customer": customer["id"]}, {"idempotency_key": f"{key}:attach"}
                )
            )
        except ProviderRefused as refusal:
            if refusal.denial in {"unknown", _INVALID}:
                raise ProviderRefused("token_invalid", refusal.detail) from refusal
            raise
        with readable():
            card = kept["card"]
            return KeptMethod(
                token=kept["id"],
                customer=customer["id"],
                card=_card(kept),
                expires=f"{card['exp_year']:04d}-{card['exp_month']:02d}",
            )

    async def forget(self, *, token: str) -> None:
        """Detach a payment method from its customer. Forgetting twice changes nothing.

        Raises:
            ProviderUnavailable: The outcome is not known.
        """
        with suppress(ProviderRefused):  # it is not there, or belongs to nobody any more
            await self._ask(
                self._api.payment_methods.detach_async(token, options={"idempotency_key": f"forget:{token}"})
            )

    async def read(self, *, headers: Mapping[str, str], body: bytes, now: datetime) -> Message:
        """Check the `Stripe-Signature` of a message against each of our secrets, and read it.

        Raises:
            MessageForged: It is not Stripe's, or not of this moment.
        """
        with well_formed():
            at, signatures = _signatures(headers["stripe-signature"])
        signed = f"{at}.".encode() + body
        expected = [hmac.new(secret, signed, sha256).hexdigest().encode() for secret in self._secrets]
        if not any(hmac.compare_digest(sent, each) for sent in signatures for each in expected):
            raise MessageForged("The signature is not right.")
        with well_formed():
            check_fresh(datetime.fromtimestamp(at, UTC), now)
            event = json.loads(body)
            return Message(
                event_id=_event_id(event),
                kind=_text(event["type"]),
                ref=_ref(event["data"]["object"]),
                at=datetime.fromtimestamp(event["created"], UTC),
            )

    async def close(self) -> None:
        """End connections."""
        await self._http.close_async()

    async def _ask(self, call: Awaitable[stripe.StripeObject]) -> _Facts:
        """Await a call of the library and return its answer as plain data.

        Raises:
            ProviderRefused: Stripe says no.
            ProviderUnavailable: Stripe says nothing, or nothing one could rely on.
        """
        try:
            async with asyncio.timeout(self._deadline_s):
                answer = await call
        except TimeoutError as error:
            raise ProviderUnavailable("Stripe did not answer in time.") from error
        except stripe.CardError as error:
            raise ProviderRefused(_denial(_error_facts(error)), error.user_message or "") from error
        except stripe.InvalidRequestError as error:
            raise ProviderRefused(_refusal(error.code, error.http_status), error.user_message or "") from error
        except stripe.StripeError as error:  # connection, 409, 429, 5xx, and keys that are wrong
            raise ProviderUnavailable(f"Stripe answered {error.http_status or 'nothing'}.") from error
        with readable():
            facts: _Facts = answer.to_dict()
            response = answer.last_response
            facts["replayed"] = response is not None and bool((response.headers or {}).get("idempotent-replayed"))
            return facts

    async def _latest(self, since: int | None) -> list[_Facts]:
        found: list[_Facts] = []
        params: stripe.params.PaymentIntentListParams = {
            "limit": _PAGE,
            "expand": [f"data.{each}" for each in _EXPAND],
        }
        if since is not None:
            params["created"] = {"gte": since}
        for _ in range(_PAGES_MAX):
            page = await self._ask(self._api.payment_intents.list_async(params))
            found += page["data"]
            if not page["has_more"]:
                break
            params["starting_after"] = found[-1]["id"]
        return found


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "\\'")


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def _event_id(event: Mapping[str, Any]) -> str:
    if event["object"] != "event":
        raise ValueError("no event")
    return _text(event["id"])


def _error_facts(error: stripe.CardError) -> Mapping[str, Any]:
    body = error.json_body
    facts = body.get("error") if isinstance(body, dict) else None
    return facts if isinstance(facts, dict) else {}


def _denial(facts: Mapping[str, Any]) -> str:
    words = (str(facts.get("decline_code")), str(facts.get("code")))
    return next((_DENIALS[word] for word in words if word in _DENIALS), "card_declined")


def _refusal(code: str | None, status: int | None) -> str:
    return _REFUSALS.get(code or "", "unknown" if status == _NOT_FOUND else _INVALID)


def _payment(facts: _Facts, disputes: Sequence[_Facts] = ()) -> ProviderPayment:
    """Read a payment intent.

    Raises:
        ProviderUnavailable: It is not of the documented form.
    """
    with readable():
        currency = facts["currency"].upper()
        charge = facts.get("latest_charge") or {}
        failure = facts.get("last_payment_error")
        captured = facts["amount_received"]
        refunded = min(charge.get("amount_refunded", 0), captured)  # what was never captured is let go, not refunded
        return ProviderPayment(
            ref=facts["id"],
            payment_id=facts["metadata"].get("payment_id"),
            state=_state(facts),
            amount_minor=from_stripe(facts["amount"], currency),
            currency=currency,
            captured_minor=from_stripe(captured, currency),
            refunded_minor=from_stripe(refunded, currency),
            action_url=_action_url(facts),
            denial=_denial(failure) if failure else None,
            card=_card(facts.get("payment_method")),
            disputed=bool(charge.get("disputed")),
            dispute_lost=_is_lost([dispute["status"] for dispute in disputes]),
        )


def _state(facts: _Facts) -> PaymentState:
    if facts["status"] == "requires_payment_method":  # what was tried has failed; nothing else is tried with it
        return PaymentState.DENIED if facts.get("last_payment_error") else PaymentState.STARTING
    return _STATES[facts["status"]]


def _action_url(facts: _Facts) -> str | None:
    action = facts.get("next_action")
    if facts["status"] != "requires_action" or not action:
        return None
    redirect = action.get("redirect_to_url")
    return _text(redirect["url"]) if redirect else None


def _card(method: Any) -> CardShown | None:
    if not isinstance(method, dict) or not method.get("card"):
        return None
    return CardShown(brand=method["card"]["brand"], last4=method["card"]["last4"])


def _is_lost(statuses: Sequence[str]) -> bool | None:
    if "lost" in statuses:
        return True
    return False if statuses and all(status in _ENDED_WELL for status in statuses) else None


def _refund(facts: _Facts) -> ProviderRefund:
    """Read a refund.

    Raises:
        ProviderUnavailable: It is not of the documented form.
    """
    with readable():
        currency = facts["currency"].upper()
        return ProviderRefund(
            ref=facts["id"],
            refund_id=(facts.get("metadata") or {}).get("refund_id"),
            amount_minor=from_stripe(facts["amount"], currency),
            currency=currency,
            state=_REFUND_STATES[facts["status"]],
        )


def _signatures(header: str) -> tuple[int, list[bytes]]:
    """Read `t=1700000000,v1=…,v1=…`; other schemes, such as the one of test events (v0), do not count.

    Raises:
        ValueError: It is not of that form.
    """
    if len(header) > _HEADER_MAX:
        raise ValueError("too long")
    parts = [part.strip().partition("=") for part in header.split(",")]
    times = [value for name, _, value in parts if name == "t"]
    if len(times) != 1 or not (times[0].isascii() and times[0].isdigit()):
        raise ValueError("no time")
    return int(times[0]), [value.encode() for name, _, value in parts if name == "v1"]


def _ref(thing: Mapping[str, Any]) -> str | None:
    ref = thing.get("id") if thing.get("object") == "payment_intent" else thing.get("payment_intent")
    if isinstance(ref, dict):
        ref = ref.get("id")
    return ref if isinstance(ref, str) else None
