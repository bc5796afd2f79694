"""What guests ask for: the same for every service that is measured."""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count

LONGEST_STAY = 3


@dataclass(frozen=True, slots=True)
class Stay:
    """A home and the days of arrival and departure."""

    property_id: int
    start: date
    end: date


@dataclass(frozen=True)
class Market:
    """Homes with ids from 1 on, and the days they can be booked for."""

    homes: int
    first_day: date
    days: int


def spread(market: Market, seed: int) -> Iterator[Stay]:
    """Any home, any dates, one to three nights: hardly anybody meets."""
    dice = random.Random(seed)
    while True:
        nights = dice.randint(1, LONGEST_STAY)
        start = market.first_day + timedelta(days=dice.randrange(market.days - LONGEST_STAY))
        yield Stay(dice.randint(1, market.homes), start, start + timedelta(days=nights))


class Sold:
    """The nights the clients were told are theirs, counted by the clients themselves."""

    def __init__(self) -> None:
        self._nights: Counter[tuple[int, date]] = Counter()

    def add(self, stay: Stay) -> None:
        """A client was told that the stay is booked."""
        nights = (stay.end - stay.start).days
        self._nights.update((stay.property_id, stay.start + timedelta(days=offset)) for offset in range(nights))

    def twice(self) -> int:
        """Return how many nights of a home were sold more than once."""
        return sum(1 for times in self._nights.values() if times > 1)


class Rush:
    """Everybody wants the same night of the same home at the same moment; when it is gone, the next night.

    Each target is given out `turns` times before the next comes up: sold once, asked for by all.
    """

    def __init__(self, market: Market, turns: int) -> None:
        self._market = market
        self._turns = turns
        self._asked = count()

    def __iter__(self) -> Iterator[Stay]:
        market = self._market
        while True:
            target = next(self._asked) // self._turns
            home, night = target % market.homes + 1, target // market.homes % market.days
            start = market.first_day + timedelta(days=night)
            yield Stay(home, start, start + timedelta(days=1))
