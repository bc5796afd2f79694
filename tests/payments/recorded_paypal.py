"""A small server that answers as PayPal's REST reference documents: orders, payments, disputes, webhook signatures.

Written from the reference. Messages are signed with HMAC here and with RSA at PayPal; nobody but PayPal ever looks at
the signature, which is why the provider asks PayPal.
"""

import base64
import hashlib
import hmac
import itertools
import json
import re
from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

CLIENT = ("client-x", "secret-x")
WEBHOOK_ID = "8PT597110X687430LKGECATA"
HOST = "https://api-m.sandbox.paypal.com"
NO_DECIMALS = {"HUF", "JPY", "TWD"}


class PayPalSaid(Exception):
    def __init__(self, status, name, issue="", description=""):
        super().__init__(name)
        self.status = status
        self.body = {
            "name": name,
            "message": "The requested action could not be performed.",
            "debug_id": "b1d1f06c7246c",
        }
        if issue:
            self.body["details"] = [{"issue": issue, "description": description}]


def unprocessable(issue):
    return PayPalSaid(422, "UNPROCESSABLE_ENTITY", issue, f"{issue} happened.")


def missing():
    return PayPalSaid(404, "RESOURCE_NOT_FOUND", "INVALID_RESOURCE_ID", "Specified resource ID does not exist.")


@dataclass
class Fault:
    path: str
    kind: str
    method: str
    times: int = 1


@dataclass
class RecordedPayPal:
    orders: dict = field(default_factory=dict)
    disputes: dict = field(default_factory=dict)
    keys: dict = field(default_factory=dict)
    faults: list = field(default_factory=list)
    requests: list = field(default_factory=list)
    tokens: set = field(default_factory=set)
    numbers: object = field(default_factory=lambda: itertools.count(1))
    capture_status: str = "COMPLETED"
    refund_status: str = "COMPLETED"
    declines: bool = False
    has_payer_action: bool = True

    # ------------------------------------------------------------------ for tests
    def fail(self, path, kind, method, times=1):
        self.faults.append(Fault(path, kind, method, times))

    def approve(self, ref):
        assert self.orders[ref]["status"] in {"CREATED", "PAYER_ACTION_REQUIRED"}
        self.orders[ref]["status"] = "APPROVED"

    def dispute(self, ref, outcome=None):
        capture = self.made(ref, "captures")[0]
        made = {"dispute_id": self._id("PP-D-"), "reason": "UNAUTHORISED", "status": "RESOLVED" if outcome else "OPEN"}
        made["disputed_transactions"] = [{"seller_transaction_id": capture["id"]}]
        if outcome:
            made["dispute_outcome"] = {"outcome_code": outcome, "amount_refunded": capture["amount"]}
        self.disputes[made["dispute_id"]] = made
        return made

    def made(self, ref, kind):
        return self.orders[ref]["purchase_units"][0].get("payments", {}).get(kind, [])

    def total(self, kind, *statuses):
        return sum(
            int(each["amount"]["value"].replace(".", ""))
            for ref in self.orders
            for each in self.made(ref, kind)
            if each["status"] in statuses
        )

    def sign(self, transmission_id, time, body):
        said = f"{transmission_id}|{time}|{WEBHOOK_ID}|".encode() + body
        return base64.b64encode(hmac.new(b"paypal", said, hashlib.sha256).digest()).decode()

    @property
    def app(self):
        return Starlette(routes=[Route("/{path:path}", self._serve, methods=["GET", "POST", "PATCH"])])

    # ------------------------------------------------------------------ the edge
    async def _serve(self, request):
        body = await request.body()
        key = request.headers.get("paypal-request-id")
        path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        self.requests.append((request.method, path, key, body))
        fault = self._fault(request.method, path)
        if fault == "garbage":
            return PlainTextResponse("<html>bad gateway</html>", 502)
        if fault == "empty":
            return JSONResponse({})
        if fault not in {None, "lost"}:
            return JSONResponse({"name": "INTERNAL_SERVER_ERROR"}, int(fault))
        try:
            status, answer = self._keyed(request, path, key, body)
        except PayPalSaid as error:
            status, answer = error.status, error.body
        if fault == "lost":
            return PlainTextResponse("<html>gateway timeout</html>", 504)
        return Response(status_code=204) if answer is None else JSONResponse(answer, status)

    def _fault(self, method, path):
        for fault in self.faults:
            if fault.times and fault.method == method and re.search(fault.path, path):
                fault.times -= 1
                return fault.kind
        return None

    def _keyed(self, request, path, key, body):
        if path == "/v1/oauth2/token":
            return 200, self._grant(request, body)
        if request.headers.get("authorization", "").removeprefix("Bearer ") not in self.tokens:
            raise PayPalSaid(401, "AUTHENTICATION_FAILURE")
        if path == "/v1/notifications/verify-webhook-signature":
            return 200, self._verify(body)
        if request.method == "POST" and key is None:
            raise PayPalSaid(400, "INVALID_REQUEST", "PAYPAL_REQUEST_ID_REQUIRED", "A key is needed.")
        if key in self.keys and request.method == "POST":
            first, status, ref = self.keys[key]
            assert first == path, "one key, two calls"
            return status, self._again(ref)
        status, answer = self._route(request.method, path, json.loads(body) if body else {})
        if request.method == "POST":
            self.keys[key] = (path, status, answer and answer["id"])
        return status, answer

    def _again(self, ref):
        """Tell the latest of what a key made, as PayPal does."""
        if ref is None or ref in self.orders:
            return ref and self.orders[ref]
        every = (each for order in self.orders for kind in ("captures", "refunds") for each in self.made(order, kind))
        return next(each for each in every if each["id"] == ref)

    def _grant(self, request, body):
        basic = base64.b64encode(":".join(CLIENT).encode()).decode()
        if request.headers.get("authorization") != f"Basic {basic}" or body != b"grant_type=client_credentials":
            raise PayPalSaid(401, "invalid_client")
        token = self._id("A21AA")
        self.tokens.add(token)
        return {"scope": "x", "access_token": token, "token_type": "Bearer", "app_id": "APP-80W", "expires_in": 32_400}

    def _verify(self, body):
        raw = body.split(b'"webhook_event": ', 1)[1][:-1]
        asked = json.loads(body)
        good = self.sign(asked["transmission_id"], asked["transmission_time"], raw)
        is_ours = asked["webhook_id"] == WEBHOOK_ID and asked["auth_algo"] == "SHA256withRSA"
        is_good = is_ours and hmac.compare_digest(good, asked["transmission_sig"])
        return {"verification_status": "SUCCESS" if is_good else "FAILURE"}

    def _route(self, method, path, body):
        for wanted, pattern, answer in (
            ("POST", r"/v2/checkout/orders", self._make),
            ("GET", r"/v2/checkout/orders/([^/?]+)", lambda _, ref: (200, self._order(ref))),
            ("PATCH", r"/v2/checkout/orders/([^/?]+)", self._patch),
            ("POST", r"/v2/checkout/orders/([^/?]+)/authorize", self._authorize),
            ("POST", r"/v2/payments/authorizations/([^/?]+)/capture", self._capture),
            ("POST", r"/v2/payments/authorizations/([^/?]+)/void", self._void),
            ("POST", r"/v2/payments/captures/([^/?]+)/refund", self._refund),
            ("GET", r"/v2/payments/captures/([^/?]+)", lambda _, ref: (200, self._find("captures", ref)[1])),
            ("GET", r"/v1/customer/disputes\?disputed_transaction_id=(.+)", self._disputes),
            ("GET", r"/v1/customer/disputes/([^/?]+)", lambda _, ref: (200, self.disputes[ref])),
        ):
            if method == wanted and (match := re.fullmatch(pattern, path)):
                return answer(body, *match.groups())
        raise missing()

    # ------------------------------------------------------------------ orders
    def _make(self, body):
        unit = body["purchase_units"][0]
        assert body["intent"] == "AUTHORIZE"
        assert len(unit["custom_id"]) <= 127
        assert body["payment_source"]["paypal"]["experience_context"]["return_url"].startswith("https://")
        if unit["amount"]["currency_code"] in NO_DECIMALS and "." in unit["amount"]["value"]:
            raise unprocessable("DECIMALS_NOT_SUPPORTED")
        ref = self._id("5O19")
        made = {"id": ref, "intent": "AUTHORIZE", "purchase_units": [dict(unit)], "create_time": self._time()}
        made["status"] = "PAYER_ACTION_REQUIRED" if self.has_payer_action else "CREATED"
        rel = "payer-action" if self.has_payer_action else "approve"
        made["links"] = [
            {"href": f"{HOST}/v2/checkout/orders/{ref}", "rel": "self", "method": "GET"},
            {"href": f"https://www.sandbox.paypal.com/checkoutnow?token={ref}", "rel": rel, "method": "GET"},
        ]
        self.orders[ref] = made
        return 200, made

    def _patch(self, changes, ref):
        order = self._order(ref)
        if order["status"] == "COMPLETED":
            raise unprocessable("ORDER_ALREADY_COMPLETED")
        [change] = changes
        unit = order["purchase_units"][0]
        assert change["op"] == "replace"
        assert change["path"] == f"/purchase_units/@reference_id=='{unit['reference_id']}'/custom_id"
        unit["custom_id"] = change["value"]
        return 204, None

    def _authorize(self, _, ref):
        order = self._order(ref)
        if order["status"] == "COMPLETED":
            raise unprocessable("ORDER_ALREADY_AUTHORIZED")
        if order["status"] != "APPROVED":
            raise unprocessable("ORDER_NOT_APPROVED")
        if self.declines:
            order["status"] = "PAYER_ACTION_REQUIRED"
            raise unprocessable("INSTRUMENT_DECLINED")
        unit = order["purchase_units"][0]
        made = {"id": self._id("0AW2"), "status": "CREATED", "amount": unit["amount"], "create_time": self._time()}
        made |= {"custom_id": unit["custom_id"], "invoice_id": unit["invoice_id"]}
        unit["payments"] = {"authorizations": [made]}
        order["status"] = "COMPLETED"
        return 201, order

    # ------------------------------------------------------------------ payments
    def _find(self, kind, ref):
        for order in self.orders.values():
            for each in self.made(order["id"], kind):
                if each["id"] == ref:
                    return order, each
        raise missing()

    def _capture(self, body, ref):
        order, authorization = self._find("authorizations", ref)
        if authorization["status"] == "VOIDED":
            raise unprocessable("AUTHORIZATION_VOIDED")
        if authorization["status"] != "CREATED":
            raise unprocessable("AUTHORIZATION_ALREADY_CAPTURED")
        assert body["final_capture"] is True
        made = {"id": self._id("2GG2"), "status": self.capture_status, "amount": body["amount"], "final_capture": True}
        made["supplementary_data"] = {"related_ids": {"order_id": order["id"], "authorization_id": ref}}
        made["create_time"] = self._time()
        authorization["status"] = "CAPTURED"
        order["purchase_units"][0]["payments"].setdefault("captures", []).append(made)
        return 201, made

    def _void(self, _, ref):
        _, authorization = self._find("authorizations", ref)
        if authorization["status"] == "VOIDED":
            raise unprocessable("PREVIOUSLY_VOIDED")
        if authorization["status"] != "CREATED":
            raise unprocessable("PREVIOUSLY_CAPTURED")
        authorization["status"] = "VOIDED"
        return 204, None

    def _refund(self, body, ref):
        order, capture = self._find("captures", ref)
        cents = int(body["amount"]["value"].replace(".", ""))
        left = int(capture["amount"]["value"].replace(".", "")) - self.total("refunds", "COMPLETED", "PENDING")
        if not left:
            raise unprocessable("CAPTURE_FULLY_REFUNDED")
        if cents > left:
            raise unprocessable("REFUND_AMOUNT_EXCEEDED")
        made = {
            "id": self._id("1JU0"),
            "status": self.refund_status,
            "amount": body["amount"],
            "custom_id": body["custom_id"],
        }
        made["links"] = [{"href": f"{HOST}/v2/payments/captures/{ref}", "rel": "up", "method": "GET"}]
        made["create_time"] = self._time()
        order["purchase_units"][0]["payments"].setdefault("refunds", []).append(made)
        capture["status"] = "REFUNDED" if cents == left else "PARTIALLY_REFUNDED"
        return 201, made

    def _disputes(self, _, capture):
        every = self.disputes.values()
        about = [each for each in every if each["disputed_transactions"][0]["seller_transaction_id"] == capture]
        names = ("dispute_id", "reason", "status")
        return 200, {"items": [{name: each[name] for name in names} for each in about], "links": []}

    def _order(self, ref):
        if ref not in self.orders:
            raise missing()
        return self.orders[ref]

    def _id(self, prefix):
        return f"{prefix}{next(self.numbers):013d}"

    def _time(self):
        return f"2026-11-20T12:00:{next(self.numbers) % 60:02d}Z"
