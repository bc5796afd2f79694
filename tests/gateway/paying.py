"""People who pay in a product that runs in this process, with the simulator as it is mounted there."""

import itertools
from contextlib import asynccontextmanager
from datetime import timedelta

from holdfast.accounts.api import Role
from holdfast.kit.clock import Clock
from support.polling import eventually
from support.product import product
from support.visitors import home

SETTLES_WITHIN_S = 15.0
"""How long a journey may take until everything it does is done."""
HELD_MOST = 4
PEOPLE = {"olga": Role.OWNER, "omar": Role.OWNER, "gina": Role.GUEST, "rita": Role.GUEST, "adam": Role.ADMIN}
ZONE = "America/New_York"
OK, DECLINED = "pm_card_visa", "pm_card_visa_chargeDeclined"
NO_FUNDS = "pm_card_visa_chargeDeclinedInsufficientFunds"
CHALLENGE = "pm_card_threeDSecure2Required"


class Payers:
    """A product, an owner, and guests who ask over HTTP."""

    def __init__(self, running, people):
        self.running = running
        self.client = running.client
        self.owner = people["olga"]
        self.other_owner = people["omar"]
        self.guest = people["gina"]
        self.rival = people["rita"]
        self.admin = people["adam"]
        self._days = itertools.count(20, 4)
        self._keys = itertools.count(1)
        self._names = itertools.count(1)
        self._held = {}

    def door(self, name):
        return self.running.door(name)

    def fresh_key(self):
        return f"key-{next(self._keys)}"

    # ------------------------------------------------------------------ asking
    async def ask(self, method, path, body=None, *, who=None, key=None, **params):
        """Send a request and return the answer, whatever it is. Without a key given, POST gets a fresh one."""
        headers = dict((who or self.guest).headers)
        if method == "POST":
            headers["Idempotency-Key"] = key or self.fresh_key()
        return await self.client.request(method, path, json=body, headers=headers, params=params or None)

    async def post(self, path, body=None, **how):
        return _good(await self.ask("POST", path, body, **how))

    async def get(self, path, **how):
        return _good(await self.ask("GET", path, **how))

    # ------------------------------------------------------------------ owners
    async def home(self, *, who=None, **terms):
        """A property with these terms; what a name stands for is in `support.visitors.home`."""
        made = await self.post(
            "/v1/owner/properties", home(name=f"Home {next(self._names)}", terms=terms), who=who or self.owner
        )

        async def has_stock():
            first = self.running.clock.today("UTC") + timedelta(days=9)
            dates = {"first": first.isoformat(), "end": (first + timedelta(days=1)).isoformat()}
            return (await self.get(f"/v1/properties/{made['id']}/calendar", **dates))["nights"]

        await eventually(has_stock)
        return made["id"]

    # ------------------------------------------------------------------ guests
    def stay(self, home_id, *, nights=2, ahead=None, guests=2):
        """Nights nobody asked for yet."""
        start = self.running.clock.today(ZONE) + timedelta(days=ahead or next(self._days))
        end = start + timedelta(days=nights)
        dates = {"check_in": start.isoformat(), "check_out": end.isoformat()}
        return {"kind": "stay", "property_id": home_id, "guests": guests, **dates}

    async def hold(self, *stays, who=None):
        """A live hold; those from before are let go in time, so that nobody reaches the limit."""
        held = self._held.setdefault((who or self.guest).id, [])
        while len(held) >= HELD_MOST:
            await self.ask("DELETE", f"/v1/holds/{held.pop(0)}", who=who)
        quote = await self.post("/v1/quotes", {"items": list(stays)}, who=who)
        made = await self.post("/v1/holds", {"quote_id": quote["id"]}, who=who)
        held.append(made["id"])
        return made

    async def pay(self, hold, *, who=None, key=None, **how):
        """Send a payment of a hold and return the answer, whatever it is; by a good card unless said otherwise."""
        how = {"method": "card", "token": OK} | how
        body = {"hold_id": hold["id"], "hold_token": hold["token"]} | {
            name: value for name, value in how.items() if value is not None
        }
        return await self.ask("POST", "/v1/payments", body, who=who, key=key)

    async def paid(self, hold, **how):
        """A payment of a hold that was accepted."""
        return _good(await self.pay(hold, **how))

    async def confirm(self, hold, payment=None, *, who=None, key=None, method="card"):
        """Send a confirmation and return the answer, whatever it is."""
        choice = {"method": method} | ({} if payment is None else {"payment_id": payment["id"]})
        body = {"hold_id": hold["id"], "hold_token": hold["token"], "payment": choice}
        return await self.ask("POST", "/v1/bookings", body, who=who, key=key)

    async def booked(self, *stays, who=None, **how):
        """A booking that is paid and settled, in full, with its hold and payment."""
        hold = await self.hold(*stays, who=who)
        payment = await self.paid(hold, who=who, **how)
        made = _good(await self.confirm(hold, payment, who=who, method=how.get("method", "card")))
        booking = await self.settled(made["reference"], "completed", who=who)
        return booking, hold, payment

    # ------------------------------------------------------------------ what comes of it
    async def booking(self, reference, *, who=None):
        return await self.get(f"/v1/bookings/{reference}", who=who)

    async def payment(self, payment, *, who=None):
        return await self.get(f"/v1/payments/{payment['id']}", who=who)

    async def settled(self, reference, status, *, who=None):
        """The booking, once its payment has this status."""

        async def look():
            found = await self.booking(reference, who=who)
            assert found["payment"]["status"] == status, found["payment"]
            return found

        return await eventually(look, SETTLES_WITHIN_S)

    async def becomes(self, payment, *states, who=None):
        """The payment, once it is in one of these states."""

        async def look():
            found = await self.payment(payment, who=who)
            assert found["state"] in states, (found["state"], found["cases"])
            return found

        return await eventually(look, SETTLES_WITHIN_S)

    async def clean(self):
        """Nothing is off, in the stock's books or in the money's."""
        assert (await self.door("booking").verify()).breaches == ()
        report = await self.door("payments").verify()
        assert report.breaches == ()
        return report

    # ------------------------------------------------------------------ the provider
    async def simulator(self, method, path, body=None, **params):
        """Ask the simulator itself, as whoever tries things out does."""
        return _good(await self.client.request(method, f"/simulator/v1/{path}", json=body, params=params or None))

    async def decide(self, payment, act):
        """Approve or decline what a guest has to approve, at its page's address."""
        provider_ref = (await self.door("payments").get(payment_id=payment["id"])).provider_ref
        return await self.client.request("POST", f"/simulator/v1/payments/{provider_ref}/{act}")

    async def goes_wrong(self, operation, what, **how):
        """Let the provider do something wrong once, from now on."""
        return await self.simulator("POST", "faults", {"operation": operation, "what": what, **how})


@asynccontextmanager
async def payers(url, clock=None):
    """A product with people in it."""
    async with product(url, clock=clock or Clock()) as running:
        yield Payers(running, {name: await running.person(name, role) for name, role in PEOPLE.items()})


def _good(answer):
    assert answer.is_success, f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text}"
    return answer.json() if answer.content else None
