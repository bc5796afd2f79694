"""Guests who pay a product whose provider misbehaves, and the judge who holds its books against the provider's."""

import itertools
import json
import random
import threading
import time
from collections import Counter

import httpx

from outside import outside_truth as truth
from support.polling import wait_until
from support.simulator import Bench
from support.visitors import confirmation, stay

INSIST_S = 90.0
"""How long a request is sent again before the run has failed."""
QUIET_S = 120.0
"""How long everything has to find its end once nothing goes wrong any more."""
_PAUSE_S = 0.1
_GOOD = ("pm_card_visa", "pm_card_mastercard", "pm_card_amex")
_CHALLENGED = "pm_card_threeDSecure2Required"
_DECLINED = "pm_card_visa_chargeDeclinedInsufficientFunds"
FAULTS = {
    "create": ("timeout_before", "timeout_after", "error_before", "error_after", "conflict", "rate_limited"),
    "capture": ("timeout_before", "timeout_after", "error_before", "error_after", "conflict", "rate_limited"),
    "cancel": ("timeout_before", "timeout_after", "error_after", "conflict"),
    "refund": ("timeout_before", "timeout_after", "error_before", "error_after", "fails"),
    "retrieve": ("timeout_before", "error_before", "garbage"),
    "find": ("timeout_before", "error_before", "empty"),
    "message": ("drop", "delay", "duplicate", "reorder", "forge"),
}


class Payer(threading.Thread):
    """A guest who pays, approves, is declined, lets go and cancels until told to stop; each request until it is
    answered."""

    def __init__(self, number, crowd, visitor):
        super().__init__(name=f"payer {number}", daemon=True)
        self._number = number
        self._crowd = crowd
        self._visitor = visitor
        self._random = random.Random(crowd.seed * 1_000 + number)  # noqa: S311 - repeatable, not secret
        self._days = itertools.count(20 + number * 100)
        self._bench = Bench(crowd.simulator_url)
        self._references = []
        self.problem = None

    def run(self):
        acts = {
            self._pays: 6,
            self._approves: 2,
            self._lets_go: 2,
            self._is_declined_first: 2,
            self._pays_twice: 2,
            self._cancels: 4,
        }
        try:
            while not self._crowd.is_over.is_set():
                [act] = self._random.choices(list(acts), list(acts.values()))
                act()
        except Exception as problem:  # noqa: BLE001 - told to the test, which fails with it
            self.problem = problem
        finally:
            self._bench.http.close()

    # ------------------------------------------------------------------ what guests do
    def _pays(self):
        hold = self._hold()
        payment = self._pay(hold, self._random.choice(_GOOD))
        self._confirm(hold, payment)

    def _approves(self):
        hold = self._hold()
        payment = self._pay(hold, _CHALLENGED)
        if payment is None or payment["state"] != "requires_action":
            self._let_go(hold)
            return
        self._bench.ask("POST", f"/v1/payments/{payment['action_url'].rpartition('/')[2]}/approve")
        self._confirm(hold, payment)

    def _lets_go(self):
        hold = self._hold()
        self._pay(hold, self._random.choice(_GOOD))
        self._let_go(hold)

    def _is_declined_first(self):
        hold = self._hold()
        assert self._pay(hold, _DECLINED) is None
        self._confirm(hold, self._pay(hold, self._random.choice(_GOOD)))

    def _pays_twice(self):
        hold = self._hold()
        first = self._pay(hold, self._random.choice(_GOOD))
        second = self._pay(hold, self._random.choice(_GOOD))
        assert first is None or second is None, "one hold was paid twice"
        self._confirm(hold, first or second)

    def _cancels(self):
        if not self._references:
            return
        path = f"/v1/bookings/{self._references.pop()}"
        quoted = self._insist("POST", f"{path}/cancellation-quotes", {})
        if quoted.is_success:
            self._insist("POST", f"{path}/cancel", {"quote_id": quoted.json()["id"]})
            self._crowd.count("canceled")

    # ------------------------------------------------------------------ how they do it
    def _hold(self):
        wish = stay(
            self._random.choice(self._crowd.homes), next(self._days) % 600 + 10, nights=self._random.randint(1, 4)
        )
        quoted = self._insist("POST", "/v1/quotes", {"items": [wish]})
        return _good(self._insist("POST", "/v1/holds", {"quote_id": _good(quoted)["id"]}))

    def _pay(self, hold, token):
        body = {"hold_id": hold["id"], "hold_token": hold["token"], "method": "card", "token": token}
        self._crowd.count("attempts")
        answer = self._insist("POST", "/v1/payments", body)
        if answer.status_code not in {201, 200}:
            self._crowd.count(f"pay {answer.status_code} {answer.json()['code']}")
            return None
        return answer.json()

    def _confirm(self, hold, payment):
        if payment is None:
            self._let_go(hold)
            return
        body = confirmation(hold) | {"payment": {"method": "card", "payment_id": payment["id"]}}
        answer = self._insist("POST", "/v1/bookings", body)
        if answer.is_success:
            booked = answer.json()
            self._references.append(booked["reference"])
            self._crowd.booked[booked["reference"]] = (hold["id"], payment["id"], booked["total"]["amount"])
            self._crowd.count("booked")
        else:
            self._crowd.count(f"confirm {answer.status_code} {answer.json()['code']}")
            self._let_go(hold)

    def _let_go(self, hold):
        self._insist("DELETE", f"/v1/holds/{hold['id']}", key=None)
        self._crowd.count("let go")

    def _insist(self, method, path, body=None, key=""):
        """Ask, with a fresh key unless told otherwise, until there is a definite answer.

        Raises:
            AssertionError: There is none in a long time.
        """
        key = self._visitor.fresh_key() if key == "" else key
        began = time.monotonic()
        while time.monotonic() - began < INSIST_S:
            try:
                answer = self._visitor.ask(method, path, body, key=key)
            except httpx.TransportError:
                self._crowd.count("unanswered")
                wait_until(self._crowd.is_up, INSIST_S)
                continue
            if answer.status_code < 500 and answer.status_code != 429 and 'in_progress"' not in answer.text:
                return answer
            if '"payment_in_progress"' in answer.text:
                return answer
            self._crowd.count("unknown")
            time.sleep(_PAUSE_S)
        raise AssertionError(f"no definite answer: {method} {path} {key}")


def _good(answer):
    assert answer.is_success, f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text}"
    return answer.json()


class Crowd:
    """Payers at work, and faults with them."""

    def __init__(self, visitors, homes, simulator_url, *, seed, is_up):
        self.seed = seed
        self.homes = homes
        self.simulator_url = simulator_url
        self.is_up = is_up
        self.is_over = threading.Event()
        self.booked = {}
        """reference -> hold, payment, total, as far as guests were told."""
        self.counts = Counter()
        self._lock = threading.Lock()
        self._payers = [Payer(number, self, visitor) for number, visitor in enumerate(visitors)]
        for each in self._payers:
            each.start()

    def count(self, what):
        with self._lock:
            self.counts[what] += 1

    def makes(self, more, within_s=180.0):
        """Wait until so many more payments have been tried."""
        goal = self.counts["attempts"] + more
        assert wait_until(lambda: self.counts["attempts"] >= goal or self._problems(), within_s), "nothing gets paid"
        self._fail()

    def goes_home(self):
        """Let everybody finish what they are at."""
        self.is_over.set()
        for each in self._payers:
            each.join(INSIST_S * 2)
            assert not each.is_alive(), f"{each.name} does not come to an end"
        self._fail()

    def _problems(self):
        return [each.problem for each in self._payers if each.problem]

    def _fail(self):
        for problem in self._problems():
            raise problem


class Nemesis(threading.Thread):
    """Lets something go wrong again and again, so that about one request in `one_in` is struck."""

    def __init__(self, simulator_url, *, seed, one_in, hang_s):
        super().__init__(name="nemesis", daemon=True)
        self._url = simulator_url
        self._random = random.Random(seed)  # noqa: S311 - repeatable, not secret
        self._one_in = one_in
        self._hang_s = hang_s
        self._struck = Counter()
        self.is_over = threading.Event()

    def run(self):
        with Bench(self._url) as bench:
            while not self.is_over.is_set():
                waiting = self._waiting(bench)
                for operation in sorted(set(FAULTS) - waiting):
                    what = self._random.choice(FAULTS[operation])
                    skip = self._random.randrange(self._one_in * 2)
                    bench.fault(operation, what, skip=skip, seconds=self._hang_s)
                self.is_over.wait(0.1)

    def _waiting(self, bench):
        """What will still be struck; faults that are done are counted and taken away."""
        waiting = set()
        for each in bench.good("GET", "/v1/faults")["data"]:
            if each["times"]:
                waiting.add(each["operation"])
            else:
                self._struck[f"{each['operation']}:{each['what']}"] += each["struck"]
                bench.good("DELETE", f"/v1/faults/{each['id']}")
        return waiting

    def ends(self):
        """Let nothing go wrong any more, and return how often something did."""
        self.is_over.set()
        self.join(30)
        with Bench(self._url) as bench:
            self._waiting(bench)
            bench.clear()
        return self._struck


class Books:
    """What both sides say, at one time."""

    def __init__(self, url, bench):
        self.theirs = {each["id"]: each for each in bench.all_payments()}
        self.moved = bench.movements()
        columns = "id, hold_id, provider_ref, state, captured_minor, refunded_minor, amount_minor"
        self.ours = {row[0]: row for row in truth.rows(url, f"SELECT {columns} FROM payments_payment")}  # noqa: S608 - ours
        sql = "SELECT reference, hold_id, state, total_minor, refund_minor, payment_id FROM booking_booking"
        self.bookings = {row[0]: row for row in truth.rows(url, sql)}
        self.journeys = truth.rows(url, "SELECT id, state, outcome FROM sagas_journey WHERE state <> 'done'")
        self.transfers = truth.rows(url, "SELECT debit, credit, amount_minor FROM payments_transfer")

    def net(self, seen):
        """What the provider took of a payment and has not given back."""
        return seen["amount_captured"] - seen["amount_refunded"]

    def double_charged(self):
        """Holds for which more than one payment is kept."""
        holds = Counter(each["metadata"]["hold_id"] for each in self.theirs.values() if self.net(each) > 0)
        captures = Counter(each["payment"] for each in self.moved if each["kind"] == "capture")
        return [hold for hold, count in holds.items() if count > 1] + [ref for ref, n in captures.items() if n > 1]

    def cents_off(self):
        """Where our books and the provider's differ: payment -> ours, theirs."""
        kept = {}
        for each in self.theirs.values():
            mine = kept.setdefault(each["metadata"]["payment_id"], [0, 0])
            mine[0] += each["amount_captured"]
            mine[1] += each["amount_refunded"]
        off = {}
        for payment_id in kept.keys() | self.ours.keys():
            ours = [int(self.ours[payment_id][4]), int(self.ours[payment_id][5])] if payment_id in self.ours else [0, 0]
            if ours != kept.get(payment_id, [0, 0]):
                off[payment_id] = (ours, kept.get(payment_id, [0, 0]))
        return off

    def ledger_off(self):
        """By how much the ledger's account of the provider differs from what it holds for us."""
        ledger = sum(int(amount) for debit, _, amount in self.transfers if debit == "provider:simulator")
        ledger -= sum(int(amount) for _, credit, amount in self.transfers if credit == "provider:simulator")
        return ledger - sum(self.net(each) for each in self.theirs.values())

    def wrong_bookings(self):
        """Bookings that are not paid for exactly once, and money without a booking."""
        nets = Counter()
        for each in self.theirs.values():
            nets[each["metadata"]["hold_id"]] += self.net(each)
        wrong = []
        for reference, hold_id, state, total, refund, _ in self.bookings.values():
            due = int(total) - int(refund or 0) if state in {"confirmed", "cancelled"} else 0
            if nets.pop(hold_id, 0) != due:
                wrong.append((reference, state, due))
        return wrong + [(hold_id, "no booking", net) for hold_id, net in nets.items() if net]

    def stuck(self):
        """What has not found its end."""
        alive = [
            (each["id"], each["status"])
            for each in self.theirs.values()
            if each["status"] in {"requires_capture", "requires_action"}
        ]
        ours = [
            (row[0], row[3]) for row in self.ours.values() if row[3] in {"starting", "requires_action", "authorised"}
        ]
        return alive + ours + [tuple(row) for row in self.journeys]

    def lost(self, booked):
        """Bookings a guest was told of that are not there, or are somebody else's."""
        return [
            reference
            for reference, (hold_id, payment_id, total) in booked.items()
            if reference not in self.bookings
            or (self.bookings[reference][1], self.bookings[reference][5], int(self.bookings[reference][3]))
            != (hold_id, payment_id, total)
        ]

    def verdict(self, booked):
        """Everything that is wrong, by name; empty lists where nothing is."""
        return {
            "lost": self.lost(booked),
            "double_charged": self.double_charged(),
            "stuck": self.stuck(),
            "cents_off": self.cents_off(),
            "ledger_off": self.ledger_off(),
            "wrong_bookings": self.wrong_bookings(),
        }


def quiet(url, bench, booked):
    """Wait until everything has found its end, and return what is wrong then."""

    def look():
        said = Books(url, bench).verdict(booked)
        return said if not any(said.values()) else None

    return wait_until(look, QUIET_S) or Books(url, bench).verdict(booked)


def shown(found):
    """A verdict for people."""
    return json.dumps({name: str(each)[:2_000] for name, each in found.items() if each}, indent=1)
