"""`price_lock`: the price on the first screen is the price that is charged.

Goal (promise P7): whatever owners and the platform change meanwhile, page, search card, quote, hold, booking, payment
and the books at the provider say the same amount to the minor unit, in currencies with 0, 2 and 3 decimals; and no
amount anybody sends along is ever taken for the price.

Method: a real server; owners change prices, taxes, discounts, adjustments and fees of every home and the admin changes
the platform's fee, all of it without pause, while guests look, quote, hold, extend, pay and confirm. Between hold and
confirm each guest waits until the price of the home has really changed. What is on the page is reckoned anew by a
model that shares no code with the product. Homes have a price that no second one has had, so that a change and its
reversal cannot look like no change. `HOLDFAST_CAMPAIGN=1` runs a thousand holds on each engine.
"""

import itertools
import random
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest
from price_world import CURRENCIES, MONEY_NAMES, description, money, total_by_page

from holdfast.engine.price import from_json
from holdfast.verticals.replay import replay
from support.effort import rounds
from support.polling import wait_until
from support.process import HoldfastServer, run_holdfast
from support.visitors import SECRET, Site, confirmation, day, stay

HOMES_OF_EACH = 2
GUESTS = 4
HOLDS = rounds(32, thorough=1_000)
CHANGERS = 2
PAUSE_S = 0.05
"""Between two changes of one changer, so that some looks at a page and the quote after it meet the same prices."""
SOON_S = 60.0
# Far from the days at which an early or late discount begins, so that midnight changes nothing.
DAYS_AHEAD = [*range(3, 27), *range(33, 57), *range(63, 100)]


@dataclass
class World:
    """A server, its people, and homes whose prices change."""

    site: Site
    owner: object
    admin: object
    guests: list
    homes: dict
    """Currency by id of the home."""
    names: dict
    counts: Counter = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, what, by=1):
        with self.lock:
            self.counts[what] += by


@pytest.fixture(scope="module")
def world(url):
    with HoldfastServer("--database", url, env={"HOLDFAST_SECRET": SECRET}) as server, Site(server.base_url) as site:
        owner, chance = site.owner("owner"), random.Random(7)  # noqa: S311 - prices, no secret
        homes, names = {}, {}
        for currency in CURRENCIES:
            for number in range(HOMES_OF_EACH):
                name = f"Restless {currency.lower()} {number}"
                made = owner.post("/v1/owner/properties", description(name, chance, currency) | {"units": 10_000})
                homes[made["id"]], names[made["id"]] = currency, name
        guests = [site.guest(f"guest{n}") for n in range(GUESTS)]
        admin = site.admin("admin", url, env={"HOLDFAST_SECRET": SECRET})
        for each, name in names.items():
            found = {"check_in": day(150), "check_out": day(153), "text": name, "limit": 100}
            assert wait_until(lambda each=each, found=found: guests[0].finds(each, **found), within_s=SOON_S)
        yield World(site, owner, admin, guests, homes, names)
        verified = run_holdfast("verify", "--database", url, env={"HOLDFAST_SECRET": SECRET})
        assert verified.returncode == 0, verified.stdout + verified.stderr


class Changer:
    """Changes the prices of all homes in turn, until told to stop."""

    def __init__(self, world, stop, seed):
        self.world, self.stop = world, stop
        self.chance = random.Random(seed)  # noqa: S311 - prices, no secret
        self.owner = world.site.visitor().logged_in("owner")
        self.admin = world.site.visitor().logged_in("admin")
        self.serial = itertools.count(seed)

    def run(self):
        turns = itertools.cycle(self.chance.sample(list(self.world.homes), len(self.world.homes)))
        while not self.stop.is_set():
            self.change(next(turns))
            self.stop.wait(PAUSE_S)

    def change(self, home_id):
        currency = self.world.homes[home_id]
        said = description(self.world.names[home_id], self.chance, currency)
        # No two changes have the same price, so that there is no way back.
        said["terms"]["base_price"]["amount"] += 13 * next(self.serial)
        who = self.owner
        if self.chance.random() < 0.3:
            who = self.admin
            said["terms"]["service_bp"] = self.chance.randrange(3_000)
        answer = who.ask("PUT", f"/v1/owner/properties/{home_id}", said, headers={"if-match": "*"})
        # 412: the other one was faster.
        assert answer.status_code in {200, 412}, answer.text
        self.world.count("changes", answer.status_code == 200)


class Buyer:
    """Looks, quotes, holds, waits until the price has moved, pays and confirms; compares all the way."""

    def __init__(self, world, guest, seed):
        self.world, self.guest = world, guest
        self.chance = random.Random(1_000 + seed)  # noqa: S311 - choices, no secret

    def buy(self, _):
        home_id = self.chance.choice(list(self.world.homes))
        ahead, nights = self.chance.choice(DAYS_AHEAD), self.chance.randrange(1, 8)
        wish = stay(home_id, ahead, nights=nights, guests=self.chance.randrange(1, 5))
        wish["pets"] = self.chance.randrange(3)
        quote = self.looked_and_quoted(home_id, wish, ahead)
        if self.chance.random() < 0.5:
            self.moved(home_id)
        hold = self.guest.post("/v1/holds", {"quote_id": quote["id"]})
        self.same(quote["price"], hold["price"], "hold")
        self.moved(home_id)
        if self.chance.random() < 0.3:
            extended = self.guest.post(f"/v1/holds/{hold['id']}/extend")
            self.same(quote["price"], extended["price"], "extended hold")
        self.same(quote["price"], self.guest.get(f"/v1/holds/{hold['id']}")["price"], "hold read again")
        assert hold["price_guaranteed_until"] >= hold["payment_required_by"]
        self.same(quote["price"], self.confirmed(hold)["price"], "booking")
        again = self.guest.quoted(wish)["price"]
        self.world.count("holds")
        self.world.count(f"holds in {CURRENCIES[self.world.homes[home_id]]} decimals")
        self.world.count("prices that were others by the end", again["total"] != quote["price"]["total"])

    def looked_and_quoted(self, home_id, wish, ahead):
        """A quote, compared with page and search card where nothing was changed while all three were asked for."""
        before = self.guest.ask("GET", f"/v1/properties/{home_id}")
        card = self.card(home_id, wish)
        quote = self.guest.quoted(wish)
        after = self.guest.ask("GET", f"/v1/properties/{home_id}")
        total = quote["price"]["total"]
        assert total["currency"] == self.world.homes[home_id]
        assert replay(as_priced(quote["price"])).total_minor == total["amount"]
        check = self.guest.post("/v1/quotes/verify", {"signed": quote["signed"]})
        assert (check["holds"], check["quote_id"], check["total"]) == (True, quote["id"], total), check
        if before.headers["etag"] == after.headers["etag"]:
            assert total["amount"] == total_by_page(before.json(), wish, ahead), (before.json()["terms"], wish)
            self.world.count("pages = quotes")
            if not wish["pets"]:
                assert card == total
                self.world.count("search cards = quotes")
        return quote

    def card(self, home_id, wish):
        asked = {name: wish[name] for name in ("check_in", "check_out", "guests")}
        found = self.guest.get("/v1/search/stays", text=self.world.names[home_id], **asked)["items"]
        return next(each["stay"]["total"] for each in found if each["property_id"] == home_id)

    def moved(self, home_id):
        """Wait until the home's prices have been changed."""
        path = f"/v1/properties/{home_id}"
        now = self.guest.ask("GET", path).headers["etag"]
        assert wait_until(lambda: self.guest.ask("GET", path).headers["etag"] != now, within_s=SOON_S)

    def confirmed(self, hold):
        total = hold["price"]["total"]
        assert hold["payable"] == total
        payment = None
        if not hold["items"][0]["pay_at_property"] or self.chance.random() < 0.5:
            payment = self.guest.paid(hold)
            assert payment["amount"] == total
            self.world.count("payments")
        reference = self.guest.post("/v1/bookings", confirmation(hold, payment))["reference"]
        booking = self.guest.get(f"/v1/bookings/{reference}")
        if booking["state"] == "requested":
            self.world.owner.post(f"/v1/owner/bookings/{reference}/accept")
            self.world.count("requests")
        if payment:
            captured = self.captured(reference)
            assert captured == total, (captured, total)
            self.same_books(reference, total)
        return self.guest.get(f"/v1/bookings/{reference}")

    def captured(self, reference):
        def look():
            [payment] = self.guest.get(f"/v1/bookings/{reference}/payments")["payments"]
            return payment["captured"] if payment["status"] == "completed" else None

        return wait_until(look, within_s=SOON_S)

    def same_books(self, reference, total):
        """The ledger's sale adds up to the price as well: it is what is passed on to owner, platform and tax."""
        entries = self.guest.get(f"/v1/bookings/{reference}/statement")["transfers"]
        sold = sum(each["amount"]["amount"] for each in entries if each["debit"].startswith("guest:"))
        assert sold == total["amount"], entries
        self.world.count("captures = ledger = quotes")

    def same(self, first, later, where):
        assert later == first, where
        self.world.count("comparisons")


def as_priced(shown):
    """The price that the wire shows, as the engine has it."""
    lines = [
        {
            "kind": line["kind"],
            "label": line["label"],
            "amount_minor": line["amount"]["amount"],
            "quantity": line["quantity"],
            "unit_minor": None if line["unit"] is None else line["unit"]["amount"],
            **{name: line[name] for name in ("rule", "version", "inputs", "item")},
        }
        for line in shown["lines"]
    ]
    total = shown["total"]
    return from_json({"currency": total["currency"], "lines": lines, "total_minor": total["amount"]})


class TestPriceLock:
    @pytest.mark.timeout(rounds(180, thorough=1_800))
    def test_holds_while_every_price_and_rule_changes(self, world, record_testsuite_property):
        stop = threading.Event()
        changers = [Changer(world, stop, 1 + 100_000 * n) for n in range(CHANGERS)]
        buyers = [Buyer(world, guest, n) for n, guest in enumerate(world.guests)]
        with ThreadPoolExecutor(CHANGERS + GUESTS) as pool:
            changing = [pool.submit(each.run) for each in changers]
            try:
                buying = [pool.submit(lambda one=one: [one.buy(n) for n in range(HOLDS // GUESTS)]) for one in buyers]
                for each in buying:
                    each.result()
            finally:
                stop.set()
            for each in changing:
                each.result()
        counts = dict(sorted(world.counts.items()))
        print(f"price_lock: {counts}")  # noqa: T201 - the figures of the proof, read with -s
        for name, value in counts.items():
            record_testsuite_property(f"price_lock {name}", value)
        assert counts["holds"] == HOLDS // GUESTS * GUESTS
        assert counts["prices that were others by the end"] > counts["holds"] * 0.9
        assert counts["pages = quotes"] > counts["holds"] // 4
        assert {f"holds in {each} decimals" for each in CURRENCIES.values()} <= counts.keys()


PLACES = {
    "quote": ("/v1/quotes", [(), ("items", 0)]),
    "hold": ("/v1/holds", [()]),
    "payment": ("/v1/payments", [()]),
    "booking": ("/v1/bookings", [(), ("payment",)]),
    "cancellation quote": ("/v1/bookings/{reference}/cancellation-quotes", [()]),
    "cancellation": ("/v1/bookings/{reference}/cancel", [()]),
    "change": ("/v1/bookings/{reference}/changes", [(), ("items", 0)]),
}


def with_more(body, way, name, value):
    """The body with one more member at a place in it, and the pointer of that member."""
    whole = {**body, **{key: [dict(each) for each in of] for key, of in body.items() if isinstance(of, list)}}
    inner = whole
    for step in way:
        if isinstance(inner, dict) and isinstance(inner[step], dict):
            inner[step] = dict(inner[step])
        inner = inner[step]
    inner[name] = value
    return whole, "/" + "/".join(map(str, (*way, name)))


@pytest.fixture(scope="module")
def bodies(world):
    """A body of each kind that the server would take, and the booking it is about."""
    guest, owner = world.guests[0], world.owner
    said = description("Steady", random.Random(1), "USD")  # noqa: S311 - prices, no secret
    said["terms"] |= {"pay_at_property": True, "instant": True, "policy": "flexible"}
    steady = owner.post("/v1/owner/properties", said | {"units": 10_000})["id"]
    wish = stay(steady, 90)
    asked = {"first": day(90), "end": day(91)}
    calendar = f"/v1/properties/{steady}/calendar"
    assert wait_until(lambda: any(each["free"] for each in guest.get(calendar, **asked)["nights"]), within_s=SOON_S)
    booked = guest.booked(wish)
    quote, hold = guest.quoted(wish), guest.held(wish)
    canceling = guest.post(f"/v1/bookings/{booked['reference']}/cancellation-quotes", {})
    kept = {
        "quote": {"items": [wish]},
        "hold": {"quote_id": quote["id"]},
        "payment": {"hold_id": hold["id"], "hold_token": hold["token"], "method": "card", "token": "pm_card_visa"},
        "booking": confirmation(hold),
        "cancellation quote": {},
        "cancellation": {"quote_id": canceling["id"]},
        "change": {"items": [stay(steady, 120)]},
    }
    return {"booked": booked, "hold": hold, "bodies": kept, "home": steady}


class TestTampering:
    def test_with_any_money_field_is_refused_without_effect(self, world, bodies):
        guest = world.guests[0]
        before = self.state(guest, bodies)
        tried = 0
        for kind, (path, ways) in PLACES.items():
            where = path.format(reference=bodies["booked"]["reference"])
            for way, name, value in itertools.product(ways, MONEY_NAMES, (1, "0.01", money(1, "USD"))):
                body, pointer = with_more(bodies["bodies"][kind], way, name, value)
                answer = guest.ask("POST", where, body, key=guest.fresh_key())
                assert answer.status_code == 422, (kind, body, answer.status_code, answer.text)
                found = [(each["pointer"], each["code"]) for each in answer.json()["errors"]]
                assert found == [(pointer, "unknown_field")], (kind, found)
                tried += 1
        assert self.state(guest, bodies) == before
        print(f"price_lock: {tried} tampered requests refused")  # noqa: T201 - as above
        # The same bodies without the field are taken: it was the field that was refused.
        assert guest.post("/v1/bookings", bodies["bodies"]["booking"])["reference"]

    def state(self, guest, bodies):
        """Everything a tampered request might have changed: bookings, the hold, its payments, the stock."""
        return (
            guest.get("/v1/bookings", limit=100)["items"],
            guest.get(f"/v1/holds/{bodies['hold']['id']}"),
            guest.get(f"/v1/bookings/{bodies['booked']['reference']}/payments"),
            guest.get(f"/v1/properties/{bodies['home']}/calendar", first=day(85), end=day(125)),
        )

    def test_with_a_signed_quote_is_found(self, world):
        guest = world.guests[1]
        home_id = next(iter(world.homes))
        signed = guest.quoted(stay(home_id, 90))["signed"]
        head, body, mark = signed.split(".")
        for other in (
            ".".join((head, body[:-2] + ("AA" if body[-2:] != "AA" else "BB"), mark)),
            ".".join((head, body, mark[::-1])),
            f"{head}.{body}.",
        ):
            check = guest.post("/v1/quotes/verify", {"signed": other})
            assert (check["holds"], check["total"]) == (False, None)

    def test_by_asking_for_what_the_home_does_not_offer_is_refused(self, world):
        guest = world.guests[1]
        home_id = next(iter(world.homes))
        for wrong, pointer in (({"pets": 3}, "/items/0/pets"), ({"guests": 5}, "/items/0/guests")):
            answer = guest.ask("POST", "/v1/quotes", {"items": [stay(home_id, 90) | wrong]}, key=guest.fresh_key())
            assert answer.status_code == 422
            assert [each["pointer"] for each in answer.json()["errors"]] == [pointer]
