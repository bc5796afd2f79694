"""Ten principals, every operation, and whose things they name: theirs, others', gone ones, and none there ever was.

The expected side is `idor_expected.txt`, read by rule; the operations are those of the OpenAPI document the server
gives out. First comes all that must be refused, with a digest of the tables before and after each operation; then what
must be let through, so that no refusal is right only because the request was wrong. What is let through is searched for
what only others may know.
"""

import pytest
from idor_requests import Requests, filled
from idor_table import MAY, OPEN, SIDE, SOLD_BY, fits, rows
from idor_world import World

from support.polling import wait_until
from support.process import HoldfastServer
from support.visitors import SECRET, Site

ENVIRONMENT = {
    "HOLDFAST_SECRET": SECRET,
    "HOLDFAST_BOOKING_HOLDS_MOST": "10000",
    "HOLDFAST_PRIVACY_EXPORT_EVERY_S": "1",
}
TABLE = rows()


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    return f"sqlite:///{tmp_path_factory.mktemp('idor')}/a.db"


@pytest.fixture(scope="module")
def site(url):
    with HoldfastServer("--database", url, env=ENVIRONMENT) as server, Site(server.base_url) as made:
        yield made


@pytest.fixture(scope="module")
def asking(site, url):
    """The operations, and the world they are asked in."""
    world = World(site, url, site.admin("ada", url, ENVIRONMENT))
    return Requests(site.anybody.get("/openapi.json"), world)


def sides(whose):
    """Everybody who may have something."""
    guests = tuple(SOLD_BY)
    having = {
        "member": (),
        "guest": guests,
        "sold": guests,
        "seller": guests,
        "org": ("1", "2"),
        "self": tuple(SIDE),
        "-": ("1",),
    }
    return having[whose]


def things(asking, operation, row, who, *, new=False):
    """What a principal may name: `own`, `other` and `random` things, or `none` where an operation names none."""
    kinds, world = asking.kinds(operation), asking.world
    if not kinds:
        return [("none", {})]
    own = row.owned_side(who)
    found = [("random", {name: world.never(kind) for name, kind in kinds.items()})]
    mine = None if own is None else _named(world, kinds, own, new=new)
    found += [] if mine is None else [("own", mine)]
    for side in sides(row.whose):
        named = None if side == own else _named(world, kinds, side, new=False)
        # Colleagues have one organization: theirs is one's own.
        found += [] if named is None or named == mine else [("own" if row.whose == "-" else "other", named)]
    return found


def gone(asking, operation, row, who):
    """What was a principal's own and is not there any more; at most one."""
    kinds, own = asking.kinds(operation), row.owned_side(who)
    if own is None or len(kinds) != 1:
        return []
    [(name, kind)] = kinds.items()
    made = asking.world.gone(kind, own)
    return [] if made is None else [("gone", {name: made})]


def _named(world, kinds, side, *, new):
    # What is named first is what the rest belongs to: a booking, then its change.
    named = {name: world.thing(kind, side, new=new) for name, kind in kinds.items()}
    return None if None in named.values() else named


class Verdict:
    """What was not as expected, as lines of a table."""

    def __init__(self):
        self.lines = []

    def judge(self, operation, who, kind, named, answer, allowed):
        """Compare an answer with what is allowed."""
        if answer.status_code >= 500 or not fits(answer.status_code, allowed):
            said = answer.json().get("code", "") if answer.content and answer.is_error else ""
            self.lines.append(
                f"{operation:60}  {who:10} {kind:7} {answer.status_code} {said}  expected {'/'.join(sorted(allowed))}"
                f"  ({filled(named)})"
            )

    def is_clean(self):
        """Whether everything was as expected; else show what was not."""
        assert not self.lines, "\n" + "\n".join(self.lines)


class TestTheTable:
    def test_has_a_line_for_every_operation_and_no_other(self, asking):
        missing = asking.operations.keys() - TABLE.keys()
        assert not missing, f"write by hand what these are for in idor_expected.txt: {sorted(missing)}"
        assert not TABLE.keys() - asking.operations.keys(), "these are no operations any more"

    def test_names_the_permissions_that_operations_ask_for(self, asking):
        wrong = {
            operation: (row.needs, asking.permissions(operation))
            for operation, row in TABLE.items()
            # The Home Rental contract says of itself only that it takes a token.
            if " /api/" not in operation and sorted(row.alternatives) != (asking.permissions(operation) or [OPEN])
        }
        assert not wrong

    def test_names_whose_everything_is(self, asking):
        nobodys = {"airport_id", "city_id", "journey_id"}
        unsaid = [
            operation
            for operation, row in TABLE.items()
            if row.whose == "-" and row.needs != OPEN and set(asking.kinds(operation)) - nobodys
        ]
        assert not unsaid


@pytest.fixture(scope="module")
def settled(asking):
    """The same once everything of everybody is made and what follows from it has come to rest."""
    for operation, row in TABLE.items():
        for who in MAY:
            things(asking, operation, row, who)
    before = [asking.world.digests()]

    def at_rest():
        before.append(asking.world.digests())
        return before[-1] == before[-2]

    assert wait_until(at_rest, within_s=20)
    return asking


class TestWhatIsNotAllowed:
    def test_is_refused_and_changes_nothing(self, settled):
        verdict, world, cells = Verdict(), settled.world, 0
        before = world.digests()
        for operation, row in TABLE.items():
            if row.needs == OPEN:
                continue
            for who in MAY:
                for kind, named in things(settled, operation, row, who):
                    allowed = row.expected(who, kind)
                    if kind in {"own", "none"} and row.lets_in(who) and who != "nobody":
                        continue
                    cells += 1
                    verdict.judge(operation, who, kind, named, settled.send(operation, who, named), allowed)
            after = world.digests()
            changed = sorted(name for name in after if after[name] != before.get(name))
            if changed:
                verdict.lines.append(f"{operation:60}  refused, and changed {', '.join(changed)}")
            before = after
        assert cells > 2 * len(TABLE)
        verdict.is_clean()


class TestWhatIsAllowed:
    def test_is_done_and_shows_nothing_of_others(self, settled):
        verdict, world = Verdict(), settled.world
        hidden = {side: world.secrets(side) for side in (*SOLD_BY, "1", "2")}
        for operation, row in TABLE.items():
            for who in filter(row.lets_in, MAY):
                with world.aside():
                    _let_through(settled, operation, row, who, hidden, verdict)
        verdict.is_clean()


def _let_through(asking, operation, row, who, hidden, verdict):
    alone = "alone" in row.flags
    doubled = asking.world.double(who) if alone and row.whose in {"-", "member"} else None
    for kind, named in things(asking, operation, row, who, new=alone) + gone(asking, operation, row, who):
        if kind == "other":
            continue
        answer = asking.send(operation, who, named, as_new=doubled)
        verdict.judge(operation, who, kind, named, answer, row.expected(who, kind))
        if row.needs == OPEN or answer.is_error:
            continue
        secrets = [each for side in hidden if not deals_with(who, side) for each in hidden[side]]
        shown = [each for each in secrets if each in answer.text]
        if shown:
            verdict.lines.append(f"{operation:60}  {who:10} shows {', '.join(shown)}")


def deals_with(who, side):
    """Whether a principal may know what somebody has: they are one of them, sold to them, or bought of them."""
    own = SIDE.get(who)
    return side in {own, SOLD_BY.get(own)} or own == SOLD_BY.get(side)
