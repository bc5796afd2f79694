"""Reads `idor_expected.txt`, and says by rule what each of ten principals is answered. See the head of that file."""

import re
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).with_name("idor_expected.txt")
OPEN = "public"
_COLUMNS = re.compile(r" {2,}")

GUEST = frozenset({"trips", "account"})
READING = frozenset({"catalog:read", "bookings:read", "money:read"})
RUNNING = frozenset({"catalog:write", "stock:write", "bookings:write", "floor", "money:write"})
MAY = {
    "nobody": frozenset(),
    "guest A": GUEST,
    "guest B": GUEST,
    "owner 1": GUEST | READING | RUNNING | {"members"},
    "manager 1": GUEST | READING | RUNNING,
    "desk 1": GUEST | {"catalog:read", "bookings:read", "bookings:write", "floor"},
    "reader 1": GUEST | READING,
    "owner 2": GUEST | READING | RUNNING | {"members"},
    "key 1": frozenset({"catalog:read", "bookings:read"}),
    "former 1": GUEST,
}
"""Who asks, and what they may do at all: written out here once more, so that a change in the product shows."""

SIDE = {
    "guest A": "A",
    "guest B": "B",
    "owner 1": "1",
    "manager 1": "1",
    "desk 1": "1",
    "reader 1": "1",
    "owner 2": "2",
    "key 1": "1",
}
SOLD_BY = {"A": "1", "B": "2"}
"""Guest A books of organization 1, guest B of organization 2."""


@dataclass(frozen=True, slots=True)
class Row:
    """One operation."""

    operation: str
    needs: str
    whose: str
    own: frozenset[str]
    """What a principal is answered about what is theirs; statuses, or `2xx`."""
    foreign: frozenset[str]
    gone: frozenset[str]
    flags: frozenset[str]

    @property
    def alternatives(self):
        """The permissions of which one is enough."""
        return self.needs.split("|")

    def lets_in(self, who):
        """Whether a principal may do such a thing at all."""
        return self.needs == OPEN or not MAY[who].isdisjoint(self.alternatives)

    def owned_side(self, who):
        """Whose thing is `who`'s own here: `A`, `B`, `1`, `2`; None if they have none."""
        side = SIDE.get(who)
        if side is None or self.whose in {"-", "member"}:
            return None
        if self.whose in {"guest", "org"}:
            return side if (side in SOLD_BY) == (self.whose == "guest") else None
        if self.whose == "self":
            return who
        if side in SOLD_BY:
            return side if self.whose == "sold" else None
        if self.alternatives[-1] not in MAY[who]:
            return None
        return next(guest for guest, seller in SOLD_BY.items() if seller == side)

    def expected(self, who, kind):
        """The statuses a principal may get for an id of a kind: `own`, `other`, `gone`, `random` or `none`."""
        if self.needs != OPEN and who == "nobody":
            return frozenset({"401"})
        if not self.lets_in(who):
            return frozenset({"403"})
        if self.whose == "member" and SIDE.get(who) not in SOLD_BY.values():
            return self.foreign
        if kind in {"own", "none"}:
            return self.own
        return self.gone if kind == "gone" else self.foreign


def rows():
    """Every row of the table, by its operation."""
    found = {}
    for line in FILE.read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        operation, needs, whose, *rest = _COLUMNS.split(line.strip())
        said = dict(part.partition("=")[::2] for part in (rest[0].split() if rest else []))
        assert operation not in found, f"{operation} has two rows"
        foreign = frozenset(said.pop("foreign", "404").split(","))
        found[operation] = Row(
            operation=operation,
            needs=needs,
            whose=whose,
            own=frozenset(said.pop("own", "2xx").split(",")),
            foreign=foreign,
            gone=frozenset(said.pop("gone", ",".join(foreign)).split(",")),
            flags=frozenset(said),
        )
        assert found[operation].flags <= {"alone"}, f"{operation}: {said}"
        assert whose in {"-", "guest", "sold", "seller", "org", "self", "member"}, f"{operation}: {whose}"
    return found


def fits(status, allowed):
    """Whether a status is one of those that are allowed."""
    return str(status) in allowed or ("2xx" in allowed and 200 <= status < 300)
