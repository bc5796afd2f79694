"""People who use a running server from outside, over HTTP alone: guests, owners, admins, and nobody in particular."""

import itertools
import secrets
import ssl
from datetime import UTC, date, datetime, timedelta
from http import HTTPStatus

import httpx

from support.polling import wait_until
from support.process import run_holdfast

PASSWORD = "four random words here"
SECRET = "kLm3Xq9vT2wZ8rB5nY7cD4fG6hJ1pS0a"
"""What servers that share a database sign with, and where no secret file is wanted."""
ZONE = "America/New_York"
GOOD_CARD = "pm_card_visa"
"""A token of the simulator's."""
NO_TLS = ssl.create_default_context()
"""Servers under test speak plain HTTP; without this each client would read all certificates of the machine."""
FRESH_WITHIN_S = 1.0
"""How soon search knows of a change, at the latest (the product's promise)."""

_ANSWER_WITHIN_S = 30.0


def usd(amount):
    """An amount in US cents."""
    return {"amount": amount, "currency": "USD"}


def day(days_ahead):
    """The calendar day so many days from now."""
    return datetime.now(UTC).date() + timedelta(days=days_ahead)  # noqa: TID251 - tests from outside have no clock of the product


def home(**changes):
    """The description of a property, as its owner sends it; `terms` are merged."""
    terms = {
        "zone": ZONE,
        "base_price": usd(10_000),
        "cleaning_fee": usd(2_500),
        "guests_max": 4,
        "booking_window_days": 730,
        "policy": "moderate",
        **changes.pop("terms", {}),
    }
    said = {
        "name": "Quiet townhouse with a walled garden",
        "description": "Three floors.",
        "location": {
            "address": "1420 Vermont Ave NW",
            "neighbourhood": "Logan Circle",
            "city": "Washington",
            "country": "US",
            "latitude": 38.9093,
            "longitude": -77.0312,
        },
        "kind": "entire_home",
        "bedrooms": 3,
        "beds": 4,
        "bathrooms": 2.5,
        "amenities": ["wifi", "kitchen"],
        "terms": terms,
    }
    return said | changes


def stay(property_id, days_ahead, nights=2, guests=2):
    """A stay somebody asks for, as JSON."""
    return {
        "kind": "stay",
        "property_id": property_id,
        "check_in": day(days_ahead).isoformat(),
        "check_out": day(days_ahead + nights).isoformat(),
        "guests": guests,
    }


class Visitor:
    """Somebody with a connection of their own; a person with an account once they have `logged_in`."""

    def __init__(self, base_url):
        self.http = httpx.Client(base_url=base_url, timeout=_ANSWER_WITHIN_S, verify=NO_TLS)
        self.account = None
        self._refresh_token = None
        self._keys = itertools.count(1)
        self._name = secrets.token_hex(4)

    @property
    def id(self):
        return self.account["id"]

    @property
    def token(self):
        return self.http.headers["authorization"].removeprefix("Bearer ")

    def fresh_key(self):
        """An Idempotency-Key that was not used before."""
        return f"{self._name}-{next(self._keys)}"

    # ------------------------------------------------------------------ asking
    def ask(self, method, path, body=None, *, key=None, headers=None, **query):
        """Send a request and return the answer, whatever it is."""
        headers = dict(headers or {})
        if key is not None:
            headers["idempotency-key"] = key
        params = {name: str(value) for name, value in query.items()} or None
        answer = self.http.request(method, path, json=body, headers=headers, params=params)
        if answer.status_code == HTTPStatus.UNAUTHORIZED and self._carries_on(answer):
            answer = self.http.request(method, path, json=body, headers=headers, params=params)
        return answer

    def _carries_on(self, answer):
        """Whether the access token had run out and there is a new one now."""
        if self._refresh_token is None or answer.json().get("code") != "token_expired":
            return False
        again = self.http.post("/v1/sessions/refresh", json={"refresh_token": self._refresh_token})
        if again.is_success:
            self._keep(again.json())
        return again.is_success

    def _keep(self, session):
        self.account, self._refresh_token = session["account"], session["refresh_token"]
        self.http.headers["authorization"] = f"Bearer {session['access_token']}"

    def get(self, path, **query):
        """Read something that is there."""
        return _good(self.ask("GET", path, **query)).json()

    def post(self, path, body=None, *, key=None):
        """Do something that succeeds; with a fresh key unless one is given."""
        return _good(self.ask("POST", path, body, key=key or self.fresh_key())).json()

    def put(self, path, body, **headers):
        """Change something."""
        answer = _good(self.ask("PUT", path, body, headers=headers))
        return answer.json() if answer.content else None

    def delete(self, path, **query):
        """Remove something."""
        answer = _good(self.ask("DELETE", path, **query))
        return answer.json() if answer.content else None

    # ------------------------------------------------------------------ who one is
    def registered(self, name, role="guest"):
        """Create an account and log in to it."""
        credentials = {"email": f"{name}@example.com", "password": PASSWORD}
        self.post("/v1/accounts", {"username": name, "role": role, **credentials})
        return self.logged_in(name)

    def logged_in(self, name, password=PASSWORD):
        """Log in to an account that exists."""
        session = self.post("/v1/sessions", {"email": f"{name}@example.com", "password": password})
        self._keep(session)
        return self

    # ------------------------------------------------------------------ what guests do
    def quoted(self, *stays):
        """A quote."""
        return self.post("/v1/quotes", {"items": list(stays)})

    def held(self, *stays):
        """A hold on what was quoted a moment ago."""
        return self.post("/v1/holds", {"quote_id": self.quoted(*stays)["id"]})

    def confirmed(self, hold):
        """The booking a hold becomes, in short."""
        return self.post("/v1/bookings", confirmation(hold))

    def booked(self, *stays):
        """A booking from nothing, in full."""
        return self.get(f"/v1/bookings/{self.confirmed(self.held(*stays))['reference']}")

    def paid(self, hold, token=GOOD_CARD, method="card", **how):
        """A payment of a hold that was accepted."""
        body = {"hold_id": hold["id"], "hold_token": hold["token"], "method": method, **how}
        return self.post("/v1/payments", body | ({} if token is None else {"token": token}))

    def bought(self, *stays, token=GOOD_CARD):
        """A booking that was paid by card, in full, once the money was taken."""
        hold = self.held(*stays)
        payment = self.paid(hold, token)
        reference = self.post("/v1/bookings", confirmation(hold, payment))["reference"]
        assert wait_until(lambda: self._status(reference) == "completed", within_s=30), self._status(reference)
        return self.get(f"/v1/bookings/{reference}")

    def cancelled(self, reference):
        """A booking that was canceled as its newest cancellation quote says."""
        quoted = self.post(f"/v1/bookings/{reference}/cancellation-quotes", {})
        return self.post(f"/v1/bookings/{reference}/cancel", {"quote_id": quoted["id"]})

    def _status(self, reference):
        return self.get(f"/v1/bookings/{reference}")["payment"]["status"]

    def finds(self, property_id, **query):
        """Whether a search comes upon a property."""
        return property_id in [each["property_id"] for each in self.get("/v1/search/stays", **query)["items"]]

    # ------------------------------------------------------------------ what owners do
    def property(self, **changes):
        """The id of a new property, once guests can find it for a stay (unless it is not listed)."""
        made = self.post("/v1/owner/properties", home(**changes))
        if made["listed"]:
            nights = made["terms"]["min_nights"]
            found = {"check_in": day(30), "check_out": day(30 + nights), "text": made["name"], "limit": 100}
            assert wait_until(lambda: self.finds(made["id"], **found), within_s=15), "search does not know it"
        return made["id"]

    def close(self):
        """Hang up."""
        self.http.close()


class Site:
    """A running server, and those who visit it."""

    def __init__(self, base_url):
        self.base_url = base_url
        self._visitors = []
        self.anybody = self.visitor()

    def visitor(self):
        """Somebody without an account."""
        self._visitors.append(Visitor(self.base_url))
        return self._visitors[-1]

    def guest(self, name):
        """A new guest, logged in."""
        return self.visitor().registered(name)

    def owner(self, name):
        """A new owner, logged in."""
        return self.visitor().registered(name, "owner")

    def admin(self, name, database, env=None):
        """A new admin, made on the command line beside the server, logged in."""
        env = {**(env or {}), "HOLDFAST_ADMIN_PASSWORD": PASSWORD}
        options = ("--email", f"{name}@example.com", "--username", name, "--database", database)
        done = run_holdfast("create-admin", *options, env=env)
        assert done.returncode == 0, done.stderr
        return self.visitor().logged_in(name)

    def close(self):
        """Let everybody hang up."""
        for each in self._visitors:
            each.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def confirmation(hold, payment=None):
    """The body that confirms a hold, paid at the property or by a payment."""
    how = {"method": "at_property"} if payment is None else {"method": payment["method"], "payment_id": payment["id"]}
    return {"hold_id": hold["id"], "hold_token": hold["token"], "payment": how}


def nights_of(item):
    """The nights of a stay, as dates."""
    first, end = date.fromisoformat(item["check_in"]), date.fromisoformat(item["check_out"])
    return [first + timedelta(days=each) for each in range((end - first).days)]


def _good(answer):
    assert answer.is_success, f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text}"
    return answer
