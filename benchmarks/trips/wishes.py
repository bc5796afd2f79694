"""What guests ask for, as JSON: stays, tables, flights of two legs, and trips of all three."""

import random
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from benchmarks.trips import world
from holdfast.verticals.dining.slots import arrivals

_STAY_DAYS = 300
_TABLE_DAYS = 200
_NIGHTS_MAX = 3

Wish = dict[str, Any]


def seat(*flights: int) -> Wish:
    """Return a seat on each of some flights, for an account that may have one already."""
    return {
        "kind": "flight",
        "flight_ids": list(flights),
        "cabin": world.CABIN,
        "brand": world.BRAND,
        "passengers": {"adults": 1},
        "again": True,
    }


def _stay(chance: random.Random) -> Wish:
    start = world.first_day() + timedelta(days=chance.randrange(_STAY_DAYS))
    end = start + timedelta(days=chance.randint(1, _NIGHTS_MAX))
    home = chance.randint(1, world.HOMES)
    dates = {"check_in": start.isoformat(), "check_out": end.isoformat()}
    return {"kind": "stay", "property_id": home, **dates, "guests": 1}


def _table(chance: random.Random) -> Wish:
    day = world.first_day() + timedelta(days=chance.randrange(_TABLE_DAYS))
    at = chance.choice(arrivals(world.dining_terms(), day)).at
    room = chance.choice([each for each in range(1, world.ROOMS + 1) if each != world.ROOM])
    when = {"date": day.isoformat(), "time": f"{at:%H:%M}"}
    return {"kind": "table", "restaurant_id": room, **when, "party_size": chance.choice((2, 4, 6))}


def _journey(chance: random.Random) -> Wish:
    return seat(*world.journey(chance.randrange(world.JOURNEYS)))


_KINDS: dict[str, tuple[Callable[[random.Random], Wish], ...]] = {
    "one stay": (_stay,),
    "one table": (_table,),
    "one flight of two legs": (_journey,),
    "a trip of all three": (_stay, _table, _journey),
}
KINDS = tuple(_KINDS)
STAY, *_, TRIP = KINDS


def items(kind: str, seed: int) -> Iterator[list[Wish]]:
    """Yield the items of one order after the other."""
    chance = random.Random(seed)
    while True:
        yield [make(chance) for make in _KINDS[kind]]


def everything() -> Iterator[list[Wish]]:
    """Yield orders that touch every room and every journey once: what is quoted first makes its stock."""
    chance = random.Random(1)
    for room in range(1, world.ROOMS + 1):
        yield [_table(chance) | {"restaurant_id": room}]
    for number in range(world.JOURNEYS):
        yield [seat(*world.journey(number))]
