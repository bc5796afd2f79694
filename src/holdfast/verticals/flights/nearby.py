"""Nearby: what to propose instead of flights that cannot be had."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from heapq import heappop, heappush
from itertools import islice
from typing import Final

from holdfast.verticals.flights.reasons import reasons
from holdfast.verticals.flights.terms import FlightRequest, LegTerms
from holdfast.verticals.flights.times import arrives_at, departs_at

NEAR_LEGS: Final = 24
"""So many flights are looked at in the place of each leg, the nearest."""
TRIES_MAX: Final = 1_000
"""So many journeys are put together before nothing is near any more."""

_MINUTE: Final = timedelta(minutes=1)
_CONNECTION_MAX: Final = timedelta(hours=24)

_Choice = tuple[int, LegTerms]
"""By how many minutes a departure moves, and the leg that is flown then."""


def nearby(
    request: FlightRequest,
    legs: Sequence[LegTerms],
    others: Sequence[LegTerms],
    *,
    now: datetime,
    full: Collection[int] = (),
    tries: int = TRIES_MAX,
) -> Iterator[FlightRequest]:
    """Yield other journeys between the same cities that no rule stands against, the nearest first.

    Each leg stays or becomes another one between its two cities; where planes are changed, the airport stays too. How
    near a journey is says `distance`. A chosen seat goes with its leg. Nothing comes if party, cabin or brand have to
    change.

    Args:
        request: What was asked for.
        legs: Its flights, in its order.
        others: Flights that may be flown instead, between any cities and in any order.
        now: Aware, in any zone.
        full: Flights known to be sold out; apart from them, stock is not looked at.
        tries: So many journeys are put together at most.
    """

    def may_fly(leg: LegTerms) -> bool:
        alone = replace(request, flight_ids=(leg.flight_id,), seats=())
        return leg.flight_id not in full and not reasons([leg], alone, now=now)

    choices = []
    for place, leg in enumerate(legs):
        near = _near(place, legs, others)
        near.sort(key=lambda choice: (choice[0], choice[1].flight_id != leg.flight_id, choice[1].flight_id))
        choices.append(list(islice((choice for choice in near if may_fly(choice[1])), NEAR_LEGS)))
    for journey in islice(_nearest_first(choices), tries):
        ids = tuple(leg.flight_id for leg in journey)
        seats = tuple(choice for choice in request.seats if choice.flight_id in ids)
        other = replace(request, flight_ids=ids, seats=seats)
        if ids != request.flight_ids and not reasons(journey, other, now=now):
            yield other


def distance(legs: Sequence[LegTerms], instead: Sequence[LegTerms]) -> int:
    """Return by how many minutes the departures move, all together, if other legs are flown instead."""
    return sum(_moves(leg, other) for leg, other in zip(legs, instead, strict=True))


def _moves(leg: LegTerms, other: LegTerms) -> int:
    return abs(departs_at(other) - departs_at(leg)) // _MINUTE


def _near(place: int, legs: Sequence[LegTerms], others: Iterable[LegTerms]) -> list[_Choice]:
    """Return what may be flown in the place of a leg, with the leg itself."""
    leg = legs[place]
    from_same = place > 0 and _connects(legs[place - 1], leg)
    to_same = place + 1 < len(legs) and _connects(leg, legs[place + 1])
    return [
        (0, leg),
        *[
            (_moves(leg, other), other)
            for other in others
            if _cities(other) == _cities(leg)
            and other.flight_id != leg.flight_id
            and (not from_same or other.origin.airport_id == leg.origin.airport_id)
            and (not to_same or other.destination.airport_id == leg.destination.airport_id)
        ],
    ]


def _connects(leg: LegTerms, after: LegTerms) -> bool:
    """Return whether planes are changed between two legs, rather than days spent."""
    same = leg.destination.airport_id == after.origin.airport_id
    return same and departs_at(after) - arrives_at(leg) < _CONNECTION_MAX


def _cities(leg: LegTerms) -> tuple[str, ...]:
    return leg.origin.country, leg.origin.city, leg.destination.country, leg.destination.city


def _nearest_first(choices: Sequence[Sequence[_Choice]]) -> Iterator[tuple[LegTerms, ...]]:
    """Yield every row of one choice for each leg, by the sum of their minutes; choices come in ascending order."""
    if not choices or not all(choices):
        return
    start = (0,) * len(choices)
    heap = [(sum(of_leg[0][0] for of_leg in choices), start)]
    while heap:
        minutes, row = heappop(heap)
        yield tuple(of_leg[place][1] for of_leg, place in zip(choices, row, strict=True))
        # A row comes from the one with its last step taken back, and so comes once.
        last = max((at for at, place in enumerate(row) if place), default=0)
        for at in range(last, len(row)):
            of_leg, place = choices[at], row[at]
            if place + 1 < len(of_leg):
                more = of_leg[place + 1][0] - of_leg[place][0]
                heappush(heap, (minutes + more, (*row[:at], place + 1, *row[at + 1 :])))
