"""What is claimed. Each workload is a population of resources and a way to pick cells."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

HOMES = 100_000
FIRST_NIGHT = 21_000
"""A night in 2027, as days since 1970."""


@dataclass(frozen=True, slots=True)
class Want:
    """Consecutive slots of one resource, one unit of each."""

    resource: int
    first: int
    slots: int


@dataclass(frozen=True)
class Workload:
    """`resources` with `capacity` each; a claim takes `slots` slots in a row out of `nights`."""

    name: str
    resources: int
    capacity: int
    nights: int
    slots: int
    sold_out: bool = False

    def wants(self, seed: int) -> Iterator[Want]:
        """Return endless wishes."""
        dice = random.Random(seed)
        last = self.nights - self.slots
        while True:
            yield Want(dice.randint(1, self.resources), FIRST_NIGHT + dice.randint(0, last), self.slots)


_PLENTY = 1_000_000_000

SPREAD = Workload("spread over 100,000 homes", HOMES, _PLENTY, 365, 2)
FLIGHT = Workload("everybody wants one flight", 1, _PLENTY, 1, 1)
HOTEL = Workload("50 hot nights of a hotel", 1, _PLENTY, 50, 2)
SOLD_OUT = Workload("sold out (refusals)", 1, 0, 50, 2, sold_out=True)
"""Capacities are so large that a faster contestant does not run out sooner; what costs is meeting, not counting."""

ALL = (SPREAD, FLIGHT, HOTEL, SOLD_OUT)
