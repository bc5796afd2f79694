"""Guests who work a server hard while it is killed under them, and the judge who holds it to what it said.

Every request that moves stock has a key of its own and is sent again with that key until a definite answer comes: 2xx
is `ok`, 4xx is `fail`, and everything else (a cut connection, 5xx, "still working on it") says nothing at all. The one
call without a key, the booking of the Home Rental contract, is sent once; without an
answer both outcomes are right.
"""

import json
import random
import threading
import time
from collections import Counter
from dataclasses import asdict, dataclass, field

import httpx
import outside_truth as truth

from support.polling import wait_until
from support.visitors import confirmation, day, nights_of, stay

RESOLVED_WITHIN_S = 90.0
"""How long a request is sent again before the run has failed."""

_PAUSE_S = 0.05
_FIRST_DAY, _DAYS = 20, 40


@dataclass
class Deed:
    """One request of a guest with everything that came of it."""

    guest: int
    what: str
    method: str
    path: str
    body: dict | None
    key: str | None
    began: float
    unknown: int = 0
    """How often it was sent without a definite answer."""
    status: int = 0
    """Of the definite answer; 0 while there is none."""
    answer: str = ""
    replayed: bool = False

    @property
    def ok(self):
        return 200 <= self.status < 300

    def read(self):
        return json.loads(self.answer)


@dataclass
class History:
    """Everything that was asked and answered, by all guests."""

    deeds: list[Deed] = field(default_factory=list)

    def of(self, *kinds):
        return [deed for deed in self.deeds if deed.what in kinds]

    @property
    def done(self):
        """How many requests have moved stock so far."""
        return sum(deed.ok for deed in self.deeds)

    def write(self, path):
        """Keep it for whoever looks into a failure, one line of JSON for each request."""
        path.write_text("".join(json.dumps(asdict(deed)) + "\n" for deed in self.deeds))


class Guest(threading.Thread):
    """Quotes, holds, extends, confirms, releases, books and cancels until told to stop."""

    def __init__(self, number, visitor, properties, history, *, seed, is_up):
        super().__init__(name=f"guest {number}", daemon=True)
        self._number = number
        self._visitor = visitor
        self._properties = properties
        self._history = history
        self._random = random.Random(seed * 1_000 + number)  # noqa: S311 - repeatable, not secret
        self._is_up = is_up
        self._stop_asked = threading.Event()
        self._references = []
        self.problem = None

    def stop(self):
        self._stop_asked.set()

    def run(self):
        acts = {self._books: 6, self._lets_go: 2, self._keeps: 1, self._cancels: 3, self._books_at_once: 2}
        try:
            while not self._stop_asked.is_set():
                [act] = self._random.choices(list(acts), list(acts.values()))
                act()
        except Exception as problem:  # noqa: BLE001 - told to the test, which fails with it
            self.problem = problem

    # ------------------------------------------------------------------ what guests do
    def _books(self):
        if hold := self._hold():
            made = self._insist("confirm", "POST", "/v1/bookings", confirmation(hold))
            self._references.append(made.read()["reference"])

    def _lets_go(self):
        if hold := self._hold():
            if self._random.random() < 0.5:
                self._insist("extend", "POST", f"/v1/holds/{hold['id']}/extend")
            self._insist("release", "DELETE", f"/v1/holds/{hold['id']}", key=None)

    def _keeps(self):
        self._hold()

    def _cancels(self):
        if self._references:
            reference = self._references.pop(self._random.randrange(len(self._references)))
            path = f"/v1/bookings/{reference}"
            offer = self._insist("offer", "POST", f"{path}/cancellation-quotes", {}, key=None)
            self._insist("cancel", "POST", f"{path}/cancel", {"quote_id": offer.read()["id"]})

    def _books_at_once(self):
        wish = self._wish()
        body = {"userId": self._visitor.id, "propertyId": wish["property_id"]}
        body |= {"startDate": wish["check_in"], "endDate": wish["check_out"]}
        self._send(self._deed("book", "POST", "/api/bookings/book", body, None))

    def _wish(self):
        start = _FIRST_DAY + self._random.randrange(_DAYS)
        return stay(self._random.choice(self._properties), start, nights=self._random.randint(1, 7))

    def _hold(self):
        quoted = self._insist("quote", "POST", "/v1/quotes", {"items": [self._wish()]}, key=None)
        held = self._insist("hold", "POST", "/v1/holds", {"quote_id": quoted.read()["id"]})
        return held.read() if held.ok else None

    # ------------------------------------------------------------------ how they ask
    def _deed(self, what, method, path, body, key):
        deed = Deed(self._number, what, method, path, body, key, time.monotonic())
        self._history.deeds.append(deed)
        return deed

    def _insist(self, what, method, path, body=None, key=""):
        """Ask, with a fresh key unless told otherwise, until there is a definite answer."""
        deed = self._deed(what, method, path, body, self._visitor.fresh_key() if key == "" else key)
        while not self._send(deed):
            waited = time.monotonic() - deed.began
            assert waited < RESOLVED_WITHIN_S, f"no definite answer in {waited:.0f} s: {deed}"
            self._stop_asked.wait(_PAUSE_S)
            wait_until(self._is_up, RESOLVED_WITHIN_S)
        return deed

    def _send(self, deed):
        try:
            answer = self._visitor.ask(deed.method, deed.path, deed.body, key=deed.key)
        except httpx.TransportError:
            deed.unknown += 1
            return False
        if answer.status_code >= 500 or '"idempotency_in_progress"' in answer.text:
            deed.unknown += 1
            return False
        deed.status, deed.answer = answer.status_code, answer.text
        deed.replayed = answer.headers.get("idempotent-replayed") == "true"
        return True


class Crowd:
    """Some guests at work at the same time."""

    def __init__(self, site, properties, *, guests, seed, is_up):
        """Take the people in and let them begin. `properties` says how many units each property id has."""
        self.history = History()
        self.properties = properties
        self._visitors = [site.guest(f"crowd{seed}x{number}") for number in range(guests)]
        self._guests = [
            Guest(number, visitor, list(properties), self.history, seed=seed, is_up=is_up)
            for number, visitor in enumerate(self._visitors)
        ]
        for guest in self._guests:
            guest.start()

    def achieves(self, more, within_s=60.0):
        """Wait until so many more requests have moved stock."""
        goal = self.history.done + more
        self._fail_with_guests()
        assert wait_until(lambda: self.history.done >= goal or self._problems(), within_s), "nothing gets done any more"
        self._fail_with_guests()

    def goes_home(self):
        """Let everybody finish what they are at."""
        for guest in self._guests:
            guest.stop()
        for guest in self._guests:
            guest.join(RESOLVED_WITHIN_S + 30)
            assert not guest.is_alive(), f"{guest.name} does not come to an end"
        self._fail_with_guests()

    def asks_again(self):
        """Send every request that had a key once more: the answer is the first one, to the byte."""
        for deed in self.history.deeds:
            if deed.key is None:
                continue
            again = self._visitors[deed.guest].ask(deed.method, deed.path, deed.body, key=deed.key)
            assert (again.status_code, _without_id(again.text)) == (deed.status, _without_id(deed.answer)), deed
            assert again.headers.get("idempotent-replayed") == "true", deed

    def _problems(self):
        return [guest.problem for guest in self._guests if guest.problem]

    def _fail_with_guests(self):
        for problem in self._problems():
            raise problem


def _without_id(text):
    """A problem document names the request it answers; everything else of it is the same again."""
    document = json.loads(text)
    document.pop("request_id", None)
    return json.dumps(document, sort_keys=True) if "code" in document else text


def judge(url, crowd):
    """Compare what was said with what is so, all of it.

    Nothing that was acknowledged is missing, nothing has two effects, what was refused has none, and no night of any
    property has more guests than units. Only a booking without a key that was never answered may be there or not.
    """
    history, holds, bookings = crowd.history, truth.holds(url), truth.bookings(url)
    by_quote = Counter(quote_id for quote_id, _, _ in holds.values() if quote_id)
    expected = {}
    for deed in history.of("hold"):
        assert deed.status, f"never resolved: {deed}"
        assert by_quote[deed.body["quote_id"]] == deed.ok, f"{by_quote[deed.body['quote_id']]} effects of {deed}"
        if deed.ok:
            expected[deed.read()["id"]] = "held"
    _confirmed_and_ended(history, expected, bookings)
    at_once, unanswered = _booked_at_once(history, bookings, holds)
    expected |= at_once
    ghosts = {hold_id: holds[hold_id] for hold_id in holds.keys() - expected.keys()}
    assert len(ghosts) <= unanswered, f"nobody was told of {ghosts}"
    assert all(not quote_id for quote_id, _, _ in ghosts.values()), f"nobody was told of {ghosts}"
    assert {hold_id: holds[hold_id][1] for hold_id in expected if hold_id in holds} == expected
    assert len(bookings) == sum(deed.ok for deed in history.of("confirm", "book")) + len(ghosts)
    _fits(holds, crowd.properties)


def _confirmed_and_ended(history, expected, bookings):
    held_by = {}
    for deed in history.of("confirm"):
        assert deed.ok, f"a live hold was not confirmed: {deed}"
        reference, hold_id = deed.read()["reference"], deed.body["hold_id"]
        assert reference in bookings, f"lost: {deed}"
        assert bookings[reference][1] == hold_id
        held_by[reference] = hold_id
        expected[hold_id] = "confirmed"
    for deed in history.of("release"):
        assert deed.ok, f"a hold was not released: {deed}"
        expected[deed.path.split("/")[3]] = "released"
    for deed in history.of("cancel"):
        assert deed.ok, f"a booking was not cancelled: {deed}"
        reference = deed.path.split("/")[3]
        assert bookings[reference][3] == "cancelled", f"lost: {deed}"
        expected[held_by[reference]] = "released"


def _booked_at_once(history, bookings, holds):
    """Return the holds of the bookings without a key, and how many of these got no answer."""
    by_number = {number: hold_id for number, hold_id, _, _ in bookings.values()}
    numbers = [deed.read()["bookingId"] for deed in history.of("book") if deed.ok]
    assert set(numbers) <= by_number.keys(), f"lost: {set(numbers) - by_number.keys()}"
    assert len(set(numbers)) == len(numbers), "two bookings have one number"
    states = {by_number[number]: "confirmed" for number in numbers}
    assert states.keys() <= holds.keys()
    return states, sum(deed.status == 0 for deed in history.of("book"))


def _fits(holds, properties):
    taken = Counter()
    for _, state, items in holds.values():
        if state in {"held", "confirmed"}:
            taken.update((item["property_id"], night) for item in items for night in nights_of(item))
    oversold = {cell: units for cell, units in taken.items() if units > properties[cell[0]]}
    assert not oversold, f"sold more than there is: {oversold}"
    assert taken, "nothing was sold"
    assert all(day(_FIRST_DAY - 1) <= night for _, night in taken)


def opened(site, name):
    """Properties for a crowd, few enough that guests meet: property id -> units."""
    owner = site.owner(name)
    single = owner.property(name=f"Single home of {name}")
    pool = owner.property(name=f"Pool of {name}", units=3)
    named = owner.property(name=f"Rooms of {name}", kind="hotel_room", units=2, unit_names=["north", "south"])
    return {single: 1, pool: 3, named: 2}
