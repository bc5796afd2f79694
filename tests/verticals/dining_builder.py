"""What a restaurant and a request look like where the test says nothing else, and stock to try them on."""

from dataclasses import replace
from datetime import UTC, date, datetime, time

from hypothesis import strategies as st

from holdfast.engine.claims import Cell, ClaimOrder, cells_of, decide
from holdfast.verticals.cancellation import POLICIES
from holdfast.verticals.dining.claims import options, resources
from holdfast.verticals.dining.slots import stock_window
from holdfast.verticals.dining.terms import (
    Combination,
    DiningTable,
    DiningTerms,
    Service,
    TableRequest,
    TurnTime,
)

MONDAY = date(2026, 8, 3)
NOW = datetime(2026, 8, 1, 12, tzinfo=UTC)
"""Two days before."""


def table(code, seats_max=4, *, seats_min=1, area="main", online=True):
    return DiningTable(code=code, area=area, seats_min=seats_min, seats_max=seats_max, online=online)


def combination(*tables, party_min=5, party_max=8, priority=0):
    return Combination(tables=tables, party_min=party_min, party_max=party_max, priority=priority)


def service(code="dinner", first=time(18), last=time(21), **changes):
    weekdays = changes.pop("weekdays", (0, 1, 2, 3, 4, 5, 6))
    return Service(code=code, name=code.title(), weekdays=weekdays, first_seating=first, last_seating=last, **changes)


PLAIN = DiningTerms(
    restaurant_id=7,
    currency="USD",
    zone="America/New_York",
    tables=(
        table("M1", 2),
        table("M2", 4),
        table("T1", 4, area="terrace"),
        table("T2", 4, area="terrace"),
        table("B1", 2, area="bar", online=False),
    ),
    combinations=(combination("T1", "T2"),),
    services=(service(),),
    special_days=(),
    turn_times=(
        TurnTime(party_max=2, minutes=90),
        TurnTime(party_max=4, minutes=120),
        TurnTime(party_max=8, minutes=150),
    ),
    minutes_min=60,
    minutes_max=240,
    party_max=8,
    notice_minutes=0,
    booking_window_days=60,
    securities=(),
    policy=POLICIES["flexible"],
)


def terms(**changes):
    return replace(PLAIN, **changes)


def ask(party_size=2, *, day=MONDAY, at=time(19), minutes=None, area=None):
    return TableRequest(day=day, at=at, party_size=party_size, minutes=minutes, area=area)


def changed(request, change):
    """The request with a change as a program would make it from the JSON of a reason."""
    fields = {"date": "day", "time": "at"}
    read = {"date": date.fromisoformat, "time": time.fromisoformat}
    return replace(
        request, **{fields.get(name, name): read.get(name, lambda same: same)(to) for name, to in change.items()}
    )


def whole(the_terms, cells, spans):
    """The cells that spans need, those that are missing made as the store makes them: free."""
    capacities = resources(the_terms)
    return {key: cells.get(key) or Cell(0, capacities[key[0]]) for key in cells_of(spans)}


def fits(the_terms, request, cells, *, online):
    """Which option of a request the engine would choose, None if none fits: the judge in every doubt."""
    found = options(the_terms, request, online=online)
    if not found:
        return None
    needed = whole(the_terms, cells, [span for option in found for span in option])
    [choice] = decide(needed, [ClaimOrder(found)])
    return found[choice] if isinstance(choice, int) else None


def take(the_terms, cells, spans):
    """Take spans that fit."""
    for key, quantity in cells_of(spans).items():
        cell = cells.get(key) or Cell(0, resources(the_terms)[key[0]])
        cells[key] = replace(cell, taken=cell.taken + quantity)


def taken(the_terms, *requests, online=True):
    """The cells of a restaurant in which these parties have a table."""
    cells = {}
    for request in requests:
        option = fits(the_terms, request, cells, online=online)
        assert option is not None, request
        take(the_terms, cells, option)
    return cells


AREAS = ("main", "terrace", "bar")
SPRING = date(2027, 3, 14)
"""The clocks of New York go from 2:00 to 3:00."""
AUTUMN = date(2026, 11, 1)
"""The clocks of New York go from 2:00 back to 1:00."""
some_days = st.sampled_from([MONDAY, MONDAY, SPRING, AUTUMN])


@st.composite
def some_tables(draw):
    count = draw(st.integers(1, 6))
    made = []
    for place in range(count):
        least = draw(st.integers(1, 3))
        most = least + draw(st.integers(0, 4))
        area = draw(st.sampled_from(AREAS[:2]))
        made.append(table(f"{'ABCDEF'[place]}{place}", most, seats_min=least, area=area, online=draw(st.booleans())))
    return tuple(made)


@st.composite
def some_combinations(draw, tables):
    if len(tables) < 2:
        return ()
    made = []
    for _ in range(draw(st.integers(0, 4))):
        codes = draw(
            st.lists(st.sampled_from([each.code for each in tables]), min_size=2, max_size=3, unique=True).map(tuple)
        )
        least = draw(st.integers(2, 8))
        most = least + draw(st.integers(0, 5))
        made.append(combination(*codes, party_min=least, party_max=most, priority=draw(st.integers(0, 2))))
    return tuple(made)


limits = {
    "covers_per_slot": st.none() | st.integers(0, 12),
    "parties_per_slot": st.none() | st.integers(0, 3),
    "present_max": st.none() | st.integers(0, 25),
    "online_bp": st.sampled_from([10_000, 10_000, 7_500, 3_333, 0]),
}


@st.composite
def some_services(draw):
    """A night that crosses the change of the clocks, an evening, or both."""
    night = service("night", time(0), time(3, 30), **draw(st.fixed_dictionaries(limits)))
    late = draw(st.sampled_from([time(20), time(21, 30), time(23, 45)]))
    evening = service("evening", time(19), late, **draw(st.fixed_dictionaries(limits)))
    return draw(st.sampled_from([(night,), (evening,), (night, evening)]))


@st.composite
def some_terms(draw, **changes):
    tables = draw(some_tables())
    turns = sorted(draw(st.lists(st.integers(1, 9), min_size=1, max_size=3, unique=True)))
    return terms(
        **{
            "tables": tables,
            "combinations": draw(some_combinations(tables)),
            "services": draw(some_services()),
            "turn_times": tuple(TurnTime(party_max=size, minutes=15 * draw(st.integers(2, 12))) for size in turns),
            "minutes_min": 30,
            "minutes_max": 180,
            "party_max": draw(st.integers(4, 12)),
            "booking_window_days": 400,
            **changes,
        }
    )


def some_requests(day=None):
    quarters = st.integers(0, 95).map(lambda quarter: time(*divmod(quarter * 15, 60)))
    return st.builds(
        TableRequest,
        day=some_days if day is None else st.just(day),
        at=quarters,
        party_size=st.integers(1, 10),
        minutes=st.none() | st.integers(1, 12).map(lambda quarters: quarters * 15),
        area=st.none() | st.sampled_from(AREAS),
    )


@st.composite
def some_cells(draw, the_terms, day):
    """Stock after some parties have come, and some cells that are as no party made them: other capacity, closed."""
    cells = {}
    first, end = stock_window(the_terms, day)
    slots = st.integers(first - 1, end)
    for resource_id, capacity in sorted(resources(the_terms).items()):
        mine = draw(st.dictionaries(slots, st.integers(0, capacity + 1), max_size=2))
        for slot, used in mine.items():
            room = max(used, capacity) if draw(st.integers(0, 5)) else used
            cells[resource_id, slot] = Cell(used, room, closed=not draw(st.integers(0, 9)))
    return cells
