"""A small server that answers as Stripe's API reference documents, for what localstripe does otherwise or not at all.

Written from the reference (API 2026-10-28): keys and their replays, manual capture, 3-D Secure by redirect, refunds
that are pending or fail, disputes, search that lags behind, errors. Nobody's recording, so no account's data.
"""

import asyncio
import itertools
import json
import re
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route

CARDS = {
    "pm_card_visa": ("visa", "4242", None),
    "pm_card_mastercard": ("mastercard", "4444", None),
    "pm_card_visa_chargeDeclined": ("visa", "0002", ("card_declined", "generic_decline")),
    "pm_card_visa_chargeDeclinedInsufficientFunds": ("visa", "9995", ("card_declined", "insufficient_funds")),
    "pm_card_visa_chargeDeclinedLostCard": ("visa", "9987", ("card_declined", "lost_card")),
    "pm_card_chargeDeclinedExpiredCard": ("visa", "0069", ("expired_card", None)),
    "pm_card_chargeDeclinedIncorrectCvc": ("visa", "0127", ("incorrect_cvc", None)),
    "pm_card_threeDSecure2Required": ("visa", "3220", None),
}
NEW = {"pm_card_threeDSecure2Required": "requires_action"}
TIMES_100 = {"isk", "ugx"}
LAST_IS_0 = {"bhd", "jod", "kwd", "omr", "tnd"}


class StripeSaid(Exception):
    def __init__(self, status, error):
        super().__init__(error)
        self.status = status
        self.body = {"error": {"doc_url": "https://stripe.com/docs/error-codes", **error}}


def invalid(message, code=None, param=None, status=400, **more):
    error = {"type": "invalid_request_error", "message": message}
    if code:
        error["code"] = code
    if param:
        error["param"] = param
    return StripeSaid(status, error | more)


def missing(kind, ref, param="intent", status=404):
    return invalid(f"No such {kind}: '{ref}'", "resource_missing", param, status)


@dataclass
class Fault:
    """What happens to the next request whose method and path match."""

    path: str
    kind: str
    """`500`, `429`, `409`, `401`, `garbage`, `empty`: nothing is done. `lost`: it is done, but its answer does not get
    through. `hang`: it is done, but no answer comes. `500-after`: it is done, and a 500 is kept under the key."""
    method: str = "POST"
    times: int = 1


@dataclass
class RecordedStripe:
    intents: dict = field(default_factory=dict)
    charges: dict = field(default_factory=dict)
    refunds: dict = field(default_factory=dict)
    customers: dict = field(default_factory=dict)
    disputes: dict = field(default_factory=dict)
    attached: dict = field(default_factory=dict)
    keys: dict = field(default_factory=dict)
    running: set = field(default_factory=set)
    faults: list = field(default_factory=list)
    requests: list = field(default_factory=list)
    search_is_behind: bool = False
    has_search: bool = True
    refund_status: str = "succeeded"
    now: int = 1_795_000_000
    numbers: object = field(default_factory=lambda: itertools.count(1))
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    released: asyncio.Event = field(default_factory=asyncio.Event)

    # ------------------------------------------------------------------ for tests
    def fail(self, path, kind, method="POST", times=1):
        self.faults.append(Fault(path, kind, method, times))

    def approve(self, ref):
        intent = self.intents[ref]
        assert intent["status"] == "requires_action"
        intent["next_action"] = None
        self._charge(intent)

    def fail_challenge(self, ref):
        intent = self.intents[ref]
        intent |= {"next_action": None, "status": "requires_payment_method", "payment_method": None}
        intent["last_payment_error"] = {
            "code": "payment_intent_authentication_failure",
            "message": "The provided PaymentMethod has failed authentication.",
            "type": "invalid_request_error",
        }

    def dispute(self, ref, status="needs_response"):
        charge = self.charges[self.intents[ref]["latest_charge"]]
        charge["disputed"] = True
        made = {"id": self._id("du"), "object": "dispute", "charge": charge["id"], "payment_intent": ref}
        made |= {"amount": charge["amount"], "currency": charge["currency"], "status": status, "reason": "fraudulent"}
        self.disputes[made["id"]] = made
        return made

    @property
    def captured(self):
        return sum(charge["amount_captured"] for charge in self.charges.values())

    @property
    def refunded(self):
        return sum(each["amount"] for each in self.refunds.values() if each["status"] not in {"failed", "canceled"})

    @property
    def app(self):
        return Starlette(routes=[Route("/{path:path}", self._serve, methods=["GET", "POST", "DELETE"])])

    # ------------------------------------------------------------------ the edge
    async def _serve(self, request):
        raw = (await request.body()).decode() if request.method == "POST" else request.url.query
        pairs = parse_qsl(raw, keep_blank_values=True)
        params = {name: value for name, value in pairs if not name.startswith("expand")}
        key = request.headers.get("idempotency-key")
        self.requests.append((request.method, request.url.path, params, key, dict(request.headers)))
        self.asked.set()
        fault = self._fault(request)
        if fault in {"500", "429", "409", "401"}:
            error = {"type": "api_error", "message": "An unknown error occurred"}
            return JSONResponse({"error": error}, int(fault))
        if fault == "garbage":
            return PlainTextResponse("<html>bad gateway</html>", 502)
        if fault == "empty":
            return JSONResponse({})
        expand = [value for name, value in pairs if name.startswith("expand")]
        status, body, replayed = self._keyed(request, params, key, as_500=fault == "500-after")
        if fault == "hang":
            await self.released.wait()
        if fault == "lost":
            return PlainTextResponse("<html>gateway timeout</html>", 504)
        headers = {"request-id": self._id("req")} | ({"idempotent-replayed": "true"} if replayed else {})
        return JSONResponse(self._expanded(body, expand), status, headers)

    def _fault(self, request):
        for fault in self.faults:
            if fault.times and fault.method == request.method and re.search(fault.path, request.url.path):
                fault.times -= 1
                return fault.kind
        return None

    def _keyed(self, request, params, key, *, as_500):
        if request.method != "POST" or key is None:
            return *self._answer(request, params), False
        if key in self.keys:
            route, first, status, body = self.keys[key]
            if (route, first) != (request.url.path, params):
                error = {"type": "idempotency_error", "message": "Keys for idempotent requests can only be used once."}
                return 400, {"error": error}, False
            return status, json.loads(body), True
        status, body = self._answer(request, params)
        if as_500:
            status, body = 500, {"error": {"type": "api_error", "message": "An unknown error occurred"}}
        self.keys[key] = (request.url.path, params, status, json.dumps(body))
        return status, body, False

    def _answer(self, request, params):
        try:
            return 200, self._route(request.method, request.url.path.strip("/").split("/")[1:], params)
        except StripeSaid as error:
            return error.status, error.body

    def _route(self, method, parts, params):
        if method == "GET" and parts[0] == "payment_intents":
            return self._look(parts[1:], params)
        match method, *parts:
            case "POST", "payment_intents":
                return self._make(params)
            case "POST", "payment_intents", ref, "capture":
                return self._capture(ref, params)
            case "POST", "payment_intents", ref, "cancel":
                return self._cancel(ref)
        return self._route_others(method, parts, params)

    def _look(self, parts, params):
        if not parts:
            return self._list("/v1/payment_intents", self._intents_since(params), params)
        return self._search(params) if parts == ["search"] else self._intent("/".join(parts))

    def _route_others(self, method, parts, params):
        match method, *parts:
            case "POST", "refunds":
                return self._refund(params)
            case "GET", "refunds":
                return self._list("/v1/refunds", self._of(self.refunds, params), params)
            case "GET", "disputes":
                return self._list("/v1/disputes", self._of(self.disputes, params), params)
            case "POST", "customers":
                made = {"id": self._id("cus"), "object": "customer", "metadata": self._metadata(params)}
                return self.customers.setdefault(made["id"], made)
            case "POST", "payment_methods", ref, "attach":
                return self._attach(ref, params)
            case "POST", "payment_methods", ref, "detach":
                return self._detach(ref)
        raise invalid(f"Unrecognized request URL ({method}: /v1/{'/'.join(parts)}).", status=404)

    # ------------------------------------------------------------------ payment intents
    def _make(self, params):
        method = params["payment_method"]
        self._check_amount(int(params["amount"]), params["currency"])
        if method not in CARDS:
            raise missing("PaymentMethod", method, "payment_method", 400)
        assert params["capture_method"] == "manual"
        assert params["confirm"] == "true"
        assert params["allowed_payment_method_types[0]"] == "card"
        made = {
            "id": self._id("pi"),
            "object": "payment_intent",
            "created": self.now,
            "livemode": False,
            "amount": int(params["amount"]),
            "amount_received": 0,
            "amount_capturable": 0,
            "currency": params["currency"],
            "capture_method": "manual",
            "metadata": self._metadata(params),
            "payment_method": method,
            "latest_charge": None,
            "last_payment_error": None,
            "next_action": None,
            "customer": params.get("customer"),
            "status": "requires_confirmation",
        }
        self.intents[made["id"]] = made
        if NEW.get(method) == "requires_action":
            made["status"] = "requires_action"
            made["next_action"] = {
                "type": "redirect_to_url",
                "redirect_to_url": {
                    "return_url": params["return_url"],
                    "url": f"https://hooks.stripe.com/3d_secure_2/hosted?payment_intent={made['id']}",
                },
            }
            return made
        self._charge(made)
        return made

    def _charge(self, intent):
        brand, last4, decline = CARDS[intent["payment_method"]]
        charge = {
            "id": self._id("ch"),
            "object": "charge",
            "payment_intent": intent["id"],
            "created": self.now,
            "amount": intent["amount"],
            "amount_captured": 0,
            "amount_refunded": 0,
            "currency": intent["currency"],
            "captured": False,
            "disputed": False,
            "refunded": False,
            "status": "succeeded",
            "paid": True,
            "payment_method_details": {"type": "card", "card": {"brand": brand, "last4": last4}},
        }
        self.charges[charge["id"]] = charge
        intent["latest_charge"] = charge["id"]
        if decline is None:
            intent |= {"status": "requires_capture", "amount_capturable": intent["amount"]}
            return
        charge |= {"status": "failed", "paid": False}
        code, decline_code = decline
        error = {"type": "card_error", "code": code, "message": "Your card was declined.", "charge": charge["id"]}
        if decline_code:
            error["decline_code"] = decline_code
        intent |= {"status": "requires_payment_method", "payment_method": None, "last_payment_error": error}
        raise StripeSaid(402, error | {"payment_intent": dict(intent)})

    def _capture(self, ref, params):
        intent = self._intent(ref)
        if intent["status"] != "requires_capture":
            raise self._unexpected(intent, "captured")
        amount = int(params.get("amount_to_capture", intent["amount"]))
        if amount > intent["amount_capturable"]:
            raise invalid("The amount to capture is too large.", "amount_too_large", "amount_to_capture")
        self._check_amount(amount, intent["currency"])
        intent |= {"status": "succeeded", "amount_received": amount, "amount_capturable": 0}
        self.charges[intent["latest_charge"]] |= {"captured": True, "amount_captured": amount}
        return intent

    def _cancel(self, ref):
        intent = self._intent(ref)
        if intent["status"] in {"succeeded", "canceled", "processing"}:
            raise self._unexpected(intent, "canceled")
        if intent["status"] == "requires_capture":  # the charge counts as refunded then, though nothing was taken
            self.charges[intent["latest_charge"]] |= {"refunded": True, "amount_refunded": intent["amount"]}
        intent |= {"status": "canceled", "amount_capturable": 0, "next_action": None}
        return intent

    @staticmethod
    def _unexpected(intent, verb):
        message = f"This PaymentIntent could not be {verb} because it has a status of {intent['status']}."
        return invalid(message, "payment_intent_unexpected_state", payment_intent=dict(intent))

    def _search(self, params):
        if not self.has_search:
            raise invalid("Search is not supported for your account.")
        wanted = re.fullmatch(r"metadata\['payment_id'\]:'(.*)'", params["query"])[1]
        found = [each for each in self.intents.values() if each["metadata"].get("payment_id") == wanted]
        found = [] if self.search_is_behind else found
        return {"object": "search_result", "url": "/v1/payment_intents/search", "has_more": False, "data": found}

    def _intents_since(self, params):
        since = int(params.get("created[gte]", 0))
        return [each for each in self.intents.values() if each["created"] >= since]

    # ------------------------------------------------------------------ the rest
    def _refund(self, params):
        intent = self._intent(params["payment_intent"], "payment_intent")
        charge = self.charges.get(intent["latest_charge"])
        if intent["status"] != "succeeded":
            raise invalid("This PaymentIntent does not have a successful charge to refund.")
        left = charge["amount_captured"] - charge["amount_refunded"]
        amount = int(params["amount"])
        self._check_amount(amount, intent["currency"])
        if not left:
            raise invalid(f"Charge {charge['id']} has already been refunded.", "charge_already_refunded")
        if amount > left:
            raise invalid(
                f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})", None, "amount"
            )
        charge["amount_refunded"] += amount
        made = {
            "id": self._id("re"),
            "object": "refund",
            "amount": amount,
            "currency": intent["currency"],
            "payment_intent": intent["id"],
            "charge": charge["id"],
            "status": self.refund_status,
            "metadata": self._metadata(params),
            "created": self.now,
            "failure_reason": None,
        }
        return self.refunds.setdefault(made["id"], made)

    def fail_refund(self, ref):
        refund = self.refunds[ref]
        refund |= {"status": "failed", "failure_reason": "expired_or_canceled_card"}
        self.charges[refund["charge"]]["amount_refunded"] -= refund["amount"]

    def _attach(self, ref, params):
        if ref not in CARDS:
            raise missing("PaymentMethod", ref, "payment_method", 404)
        _, _, decline = CARDS[ref]
        if decline:
            raise StripeSaid(402, {"type": "card_error", "code": decline[0], "decline_code": decline[1]})
        self.attached[ref] = params["customer"]
        return self._method(ref)

    def _detach(self, ref):
        if self.attached.get(ref) is None:
            raise invalid("The payment method you provided is not attached to a customer so detachment is impossible.")
        self.attached[ref] = None
        return self._method(ref)

    def _method(self, ref):
        brand, last4, _ = CARDS[ref]
        card = {"brand": brand, "last4": last4, "exp_month": 3, "exp_year": 2031, "wallet": None}
        customer = self.attached.get(ref)
        return {"id": ref, "object": "payment_method", "type": "card", "card": card, "customer": customer}

    def _intent(self, ref, param="intent"):
        if ref not in self.intents:
            raise missing("payment_intent", ref, param)
        return self.intents[ref]

    def _of(self, things, params):
        if params["payment_intent"] not in self.intents:
            raise missing("payment_intent", params["payment_intent"], "payment_intent")
        return [each for each in things.values() if each["payment_intent"] == params["payment_intent"]]

    @staticmethod
    def _list(url, things, params):
        newest = list(reversed(things))
        if after := params.get("starting_after"):
            newest = newest[[each["id"] for each in newest].index(after) + 1 :]
        limit = int(params.get("limit", 10))
        return {"object": "list", "url": url, "has_more": len(newest) > limit, "data": newest[:limit]}

    @staticmethod
    def _check_amount(amount, currency):
        assert currency == currency.lower()
        if (currency in TIMES_100 and amount % 100) or (currency in LAST_IS_0 and amount % 10):
            raise invalid("Invalid amount.", "parameter_invalid_integer", "amount")

    @staticmethod
    def _metadata(params):
        return {name[9:-1]: value for name, value in params.items() if name.startswith("metadata[")}

    def _id(self, prefix):
        return f"{prefix}_3Recorded{next(self.numbers):08d}"

    def _expanded(self, body, expand):
        body = json.loads(json.dumps(body))
        for path in expand:
            inside = body.get("data", []) if path.startswith("data.") else [body]
            for thing in inside:
                self._expand(thing, path.removeprefix("data."))
        return body

    def _expand(self, thing, name):
        value = thing.get(name)
        if name == "latest_charge" and isinstance(value, str):
            thing[name] = self.charges[value]
        elif name == "payment_method" and isinstance(value, str):
            thing[name] = self._method(value)
