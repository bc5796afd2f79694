"""The house bad inputs are sent to: a running server, who uses it, what they have, and what its database holds."""

import hashlib
import itertools
import json
import socket
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, time
from functools import cache, cached_property
from zoneinfo import ZoneInfo

from support.airline import Airline, seat
from support.dining import DINNER, restaurant, table
from support.polling import wait_until
from support.visitors import ZONE, Site, confirmation, day, stay

BODY_LIMIT_BYTES = 1_048_576
HOLDS_MOST = 6
STILL = 5
"""How many looks in a row have to see the same."""
UNDER_WAY = """
    SELECT (SELECT count(*) FROM payments_payment p JOIN booking_hold h ON h.id = p.hold_id
             WHERE h.state <> 'held' AND p.state IN ('starting', 'requires_action', 'authorised'))
         + (SELECT count(*) FROM payments_refund WHERE state <> 'completed')
         + (SELECT count(*) FROM sagas_journey WHERE state = 'waiting')
"""
"""What has yet to be let go, taken or given back, by itself."""
_FOLLOWED = {"booking.stock": "catalog", "sagas.booking": "booking", "sagas.payments": "payments"}
"""Who makes rows of what others tell, and whose events those are."""
JSON = {"content-type": "application/json"}
KEPT = ("booking_key",)
"""A refusal decided where stock is, is kept under its key. And whoever uses a key again makes the database write, so
that the answer waits for its standby."""
NIGHT_ZONE = "Australia/Sydney"
AT_NIGHT = time(2, 30)
"""Where and when somebody sits at a table while the clocks change."""
PLACES = (
    ("JFK", "New York", ZONE),
    ("DCA", "Washington", ZONE),
    ("AKL", "Auckland", "Pacific/Auckland"),
    ("HNL", "Honolulu", "Pacific/Honolulu"),
    ("SYD", "Sydney", NIGHT_ZONE),
)

_MOVES_BY_ITSELF = {
    "booking_process",  # one row for each start of a server that sells
    "booking_cursor",  # how far a subscriber has read
    "search_cursor",
    "booking_outbox",  # emptied when everybody has read it; what was published is counted beside
    "catalog_outbox",
    "payments_outbox",
    "payments_cursor",
    "accounts_outbox",
    "accounts_limit",  # what is tried is counted
    "sqlite_sequence",
    "payments_message",  # providers tell of what was done a while ago; forged ones are looked for by their id
}
_SEALED = "_activity_seal"
"""What was done is chained a moment later."""
_FOLLOWS = ("search_", "sagas_")
"""Search and journeys follow the others by themselves, a moment later."""


@dataclass(frozen=True)
class Sent:
    """One request as it goes out."""

    method: str
    path: str
    body: object = None
    """Sent as JSON, unless it is bytes, a text, or an iterator of bytes (a body without a length)."""
    who: str | None = "guest"
    key: str | None = None
    headers: dict[str, str] | list[tuple[str, str]] = field(default_factory=dict)
    raw: bytes | None = None
    """The request to the last byte, for what no client would send."""


@dataclass(frozen=True)
class Case:
    """A row of the list, or one of the inputs in it: what is sent and what it must get."""

    row: int
    what: str
    send: Callable[["House"], Sent]
    status: int
    code: str | None = None
    """The `code` of the problem or of one of its `errors`; None where the answer is no problem document."""
    pointer: str | None = None
    has: tuple[str, ...] = ()
    """Headers the answer must have."""
    members: tuple[str, ...] = ()
    """Members the problem must have besides the usual ones."""
    may_write: tuple[str, ...] = ()
    """Tables a refusal may write to, because it is remembered under its key."""
    contract: bool = False
    """Whether the answer has the form of the Home Rental contract, which has no codes."""
    closes: bool = False
    """Whether the server must end the connection."""
    settles: bool = False
    """Whether what was done to prepare it goes on by itself for a while (money that is let go, messages)."""
    where: str = "patient"
    """The house it is sent to: in the `hasty` one, holds run out at once."""

    def __str__(self):
        return f"{self.row} {self.what}"


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    content: bytes
    closed: bool = False

    def document(self):
        return json.loads(self.content)


class House:
    """The server, its people, and fresh things of theirs for every case."""

    def __init__(self, server, file, env):
        self.server = server
        self._url, self._env = f"sqlite:///{file}", env
        self.site = Site(server.base_url)
        self._file = sqlite3.connect(f"file:{file}?mode=ro", uri=True, check_same_thread=False)
        self._days = iter(range(20, 720, 2))
        self._evenings = iter(range(20, 720))
        self._numbers = itertools.count(1)
        self._paid = None
        self.stirred = False
        """Whether the last case left something that goes on by itself for a while."""
        self.people = {
            "guest": self.site.guest("gina"),
            "rival": self.site.guest("rita"),
            "owner": self.site.owner("olga"),
            "other_owner": self.site.owner("omar"),
            None: self.site.anybody,
        }
        owner = self.people["owner"]
        self.villa = owner.property(name="Villa")
        self.pool = owner.property(name="Pool of rooms", units=3)
        self.hidden = owner.property(name="Hidden hut", listed=False)
        self.strict = owner.property(
            name="Strict house",
            terms={"min_nights": 3, "max_nights": 5, "advance_notice_days": 10, "booking_window_days": 200},
        )
        self.other = self.people["other_owner"].property(name="House of another owner")
        self.prepaid = owner.property(name="Paid before arrival", terms={"pay_at_property": False})
        euros = {"base_price": {"amount": 9_000, "currency": "EUR"}, "cleaning_fee": {"amount": 0, "currency": "EUR"}}
        self.in_euros = owner.property(name="Paid in euros", terms=euros)

    @cached_property
    def tavern(self):
        """A restaurant with two tables for guests, which can be put together, and one at its bar."""
        return restaurant(self.people["owner"])

    @cached_property
    def night_bar(self):
        """A restaurant that seats parties until the morning."""
        late = DINNER | {"first_seating": "00:00", "last_seating": "05:00"}
        return restaurant(self.people["owner"], terms={"zone": NIGHT_ZONE, "services": [late]})

    @cached_property
    def hall(self):
        """A restaurant with many tables alike, at which few parties may arrive at one time."""
        tables = [{"code": f"T{number}", "seats_max": 4} for number in range(40)]
        paced = {"tables": tables, "combinations": [], "services": [DINNER | {"parties_per_slot": 4}]}
        return restaurant(self.people["owner"], terms=paced)

    @cached_property
    def back_room(self):
        return restaurant(self.people["owner"], listed=False)

    @cached_property
    def other_room(self):
        return restaurant(self.people["other_owner"])

    @cached_property
    def airline(self):
        self.people["admin"] = self.site.admin("ada", self._url, self._env)
        return Airline(self.people["admin"], self.people["owner"], PLACES)

    @cached_property
    def morning_flight(self):
        """A flight somebody has been offered already: the first time it is asked for, that is noted."""
        return self._offered(self.airline.flight(30, "09:00", "10:30"))

    @cached_property
    def evening_flight(self):
        return self._offered(self.airline.flight(30, "18:00", "19:30"))

    def _offered(self, flight):
        self.people["rival"].quoted(seat(flight))
        return flight

    def close(self):
        self.site.close()
        self._file.close()

    # ------------------------------------------------------------------ fresh things
    def fresh(self):
        """A number nobody had before."""
        return next(self._numbers)

    def key(self):
        return f"bad-{self.fresh()}"

    def wish(self, property_id=None, **changes):
        """A stay nobody asked for yet."""
        return stay(property_id or self.villa, next(self._days)) | changes

    def table(self, **changes):
        """A table on an evening nobody asked for yet."""
        return table(self.tavern, next(self._evenings)) | changes

    def seat(self, **changes):
        """A seat on the morning flight."""
        return seat(self.morning_flight) | changes

    def quote(self, who="guest", **changes):
        return self.people[who].quoted(self.wish(**changes))

    def hold(self, who="guest", **changes):
        """A live hold; what that person held before is let go, so that nobody reaches the limit."""
        return self.empty_handed(who).held(self.wish(**changes))

    def empty_handed(self, who="guest"):
        """Somebody who holds nothing."""
        person = self.people[who]
        for hold_id in self._held_by(person):
            person.delete(f"/v1/holds/{hold_id}")
        return person

    def booking(self, who="guest", **changes):
        person = self.people[who]
        return person.get(f"/v1/bookings/{person.confirmed(self.hold(who, **changes))['reference']}")

    def prepaid_hold(self, who="guest", *, keep=False):
        """A live hold that has to be paid before it is confirmed; with `keep` what was held before stays."""
        wish = self.wish(property_id=self.prepaid)
        return self.people[who].held(wish) if keep else self.hold(who, **wish)

    def bought(self):
        """A booking of the guest's that is paid and settled: nothing about it moves any more."""
        booked = self.empty_handed().bought(self.wish(property_id=self.prepaid))
        self.quiet()
        return booked

    def paid_booking(self):
        """The same booking each time, for what is refused."""
        if self._paid is None:
            self._paid = self.bought()
        return self._paid

    def settled(self):
        """Wait until everybody has heard what earlier requests told, and money has come where it was to go.

        So that what moves from now on was asked for.
        """
        assert wait_until(lambda: not self._unheard(), within_s=30), f"{self._unheard()} have not been heard"
        assert wait_until(lambda: not self._under_way(), within_s=30), "money is still under way"

    def _unheard(self):
        told = dict(self._file.execute("SELECT name, seq FROM sqlite_sequence"))
        heard = {}
        for cursors in ("booking_cursor", "sagas_cursor"):
            heard |= dict(self._file.execute(f"SELECT name, seq FROM {cursors}"))  # noqa: S608 - names from above
        return [name for name, source in _FOLLOWED.items() if heard.get(name, 0) < told.get(f"{source}_outbox", 0)]

    def _under_way(self):
        return self._file.execute(UNDER_WAY).fetchone()[0]

    def quiet(self, holds=lambda: True):
        """Wait until something holds, no money waits for a journey, and no table has moved for a while."""
        assert wait_until(holds, within_s=30)
        seen = []

        def is_still():
            seen.append(self.state())
            still = len(seen) > STILL and len({repr(each) for each in seen[-STILL:]}) == 1
            return still and not self._under_way()

        assert wait_until(is_still, within_s=30), "something keeps moving"

    def confirmation(self, **changes):
        return confirmation(self.hold()) | changes

    def expired(self, what):
        """Wait until a hold (of a house where they do not live long) has run out."""
        guest = self.people["guest"]
        assert wait_until(lambda: guest.get(f"/v1/holds/{what['id']}")["state"] == "expired", within_s=20)
        return what

    def _held_by(self, person):
        found = self._file.execute("SELECT id FROM booking_hold WHERE state = 'held' AND account_id = ?", [person.id])
        return [hold_id for (hold_id,) in found]

    # ------------------------------------------------------------------ asking
    def answer(self, sent):
        """Send a request and return what came back."""
        if sent.raw is not None:
            return self._spoken(sent.raw)
        client = self.people[sent.who].http
        headers = list(sent.headers.items() if isinstance(sent.headers, dict) else sent.headers)
        if sent.key is not None:
            headers.append(("idempotency-key", sent.key))
        content = sent.body
        if content is not None and not isinstance(content, (bytes, str)) and not hasattr(content, "__next__"):
            content = json.dumps(content)
        if content is not None and not any(name == "content-type" for name, _ in headers):
            headers.append(("content-type", "application/json"))
        request = client.build_request(sent.method, sent.path, content=content, headers=headers)
        got = client.send(request)
        closes = got.headers.get("connection") == "close"
        return Answer(
            got.status_code, {name.lower(): value for name, value in got.headers.items()}, got.content, closes
        )

    def _spoken(self, request):
        """Send bytes as they are; what comes back until the server closes is all there is."""
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=20) as connection:
            connection.sendall(request)
            back = b""
            with suppress(ConnectionResetError):
                while part := connection.recv(65_536):
                    back += part
        head, _, content = back.partition(b"\r\n\r\n")
        status, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        assert back.count(b"HTTP/1.1 ") == 1, "more than one answer to one request"
        return Answer(int(status.split()[1]), headers, content, closed=True)

    # ------------------------------------------------------------------ truth
    def heard(self, event):
        """How many messages with ids like this were kept."""
        question = "SELECT count(*) FROM payments_message WHERE event_id LIKE ?"
        return self._file.execute(question, [event]).fetchone()[0]

    def state(self):
        """A digest of each table that only a request can change."""
        names = [name for (name,) in self._file.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        asked_for = [name for name in names if not name.startswith(_FOLLOWS) and not name.endswith(_SEALED)]
        found = {name: self._digest(name) for name in asked_for if name not in _MOVES_BY_ITSELF}
        told = self._file.execute("SELECT name, seq FROM sqlite_sequence WHERE name LIKE '%outbox'")
        return found | {f"events of {name}": seq for name, seq in told}

    def _digest(self, table):
        rows = sorted(map(repr, self._file.execute(f"SELECT * FROM {table}")))  # noqa: S608 - a name from the schema
        return len(rows), hashlib.sha256("\n".join(rows).encode()).hexdigest()


@cache
def clock_change(kind):
    """The next date on which clocks of `NIGHT_ZONE` skip `AT_NIGHT` (`gap`), or come to it twice (`fold`)."""
    return next(on for on in map(day, range(2, 400)) if _change_on(on) == kind)


def _change_on(on):
    first = datetime.combine(on, AT_NIGHT, ZoneInfo(NIGHT_ZONE))
    before, after = first.utcoffset(), first.replace(fold=1).utcoffset()
    if before == after:
        return None
    return "fold" if before > after else "gap"  # what does not exist has the two offsets the other way round


# ------------------------------------------------------------------ what most rows send


def quote(text=None, **changes):
    """Ask for a quote: a stay with some fields changed, or with `text` for its guests, not even JSON."""

    def send(house):
        wish = house.wish(**changes)
        if text is None:
            return Sent("POST", "/v1/quotes", {"items": [wish]})
        body = json.dumps({"items": [wish | {"guests": "@"}]}).replace('"@"', text)
        return Sent("POST", "/v1/quotes", body)

    return send


def quote_bytes(content, **headers):
    """Ask for a quote with a body to the byte."""
    return lambda _: Sent("POST", "/v1/quotes", content, headers={**JSON, **headers})


def account(**changes):
    """Register somebody with some fields changed."""

    def send(house):
        name = f"newcomer{house.fresh()}"
        person = {"username": name, "email": f"{name}@example.com", "password": "four random words here"}
        return Sent("POST", "/v1/accounts", person | changes, who=None)

    return send


def search(query, **sent):
    return lambda _: Sent("GET", f"/v1/search/stays?{query}", who=None, **sent)


def get(path, **sent):
    return lambda house: Sent("GET", path.format(house=house), **sent)


def raw(line, *headers, content=b"", close=True):
    """A request to the byte: its first line without the version, its headers, its body."""
    head = [line + b" HTTP/1.1", b"Host: 127.0.0.1", *([b"Connection: close"] if close else []), *headers, b"", b""]
    return lambda _: Sent("", "", raw=b"\r\n".join(head) + content)
