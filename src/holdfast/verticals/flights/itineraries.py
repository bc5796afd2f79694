"""Itineraries: flights put together, so that one gets from here to there with few stops.

All times are minutes since 1970-01-01 UTC, so that comparing them costs nothing; `times` makes them. A month of flights
stays in memory as hops, and a question looks only at the hours and the airports that can matter to it.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Final

STOPS_MAX: Final = 2
WINDOW_MAX: Final = 7 * 24 * 60
"""The longest time in which a departure is looked for; more is a mistake and must not become a long loop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """A dated flight, as far as finding a way needs it."""

    flight_id: int
    origin: int
    """Airport."""
    destination: int
    """Airport."""
    departs: int
    arrives: int
    """After departure."""
    airline: str
    cost_minor: int
    """For whoever asks, in one currency for all hops; not negative."""
    seats: int
    """How many may still be sold together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody looks for.

    Raises:
        ValueError: There may be more than `STOPS_MAX` stops, or the departure is looked for in more than `WINDOW_MAX`.
    """

    origin: frozenset[int]
    """Airports, each as good as the others."""
    destination: frozenset[int]
    first: int
    """Departure is not before ..."""
    end: int
    """... and before this."""
    max_stops: int = 1
    seats: int = 1
    """Needed on every flight."""

    def __post_init__(self) -> None:
        if not 0 <= self.max_stops <= STOPS_MAX:
            raise ValueError(f"a way has 0 to {STOPS_MAX} stops, not {self.max_stops}")
        if self.end - self.first > WINDOW_MAX:
            raise ValueError(f"departures are looked for in at most {WINDOW_MAX} minutes, not {self.end - self.first}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Connecting:
    """What lies between two flights at an airport."""

    minimum: Mapping[int, int]
    """Minutes, of every airport; not negative."""
    maximum: int
    """Minutes."""
    midnights: Mapping[int, Sequence[int]] | None = None
    """Of every airport, ascending, as `times.midnights` makes them: nobody waits past one. None: one may.

    They reach as far as the flights do: after the last of them nothing is known of the night.
    """


_Way = tuple[Hop, ...]
_DEPARTS: Final = attrgetter("departs")
_COST: Final = attrgetter("cost_minor")


def itineraries(
    hops_from: Mapping[int, Sequence[Hop]], wanted: Wanted, connecting: Connecting, *, limit: int
) -> list[tuple[Hop, ...]]:
    """Return the ways from one of the origins to one of the destinations: the cheapest first, then the quickest.

    A way changes planes at the airport it has come to, with enough and not too much time. It passes no airport twice,
    and no other origin or destination in between. Of the ways with a stop, one is left out for another that departs no
    earlier, arrives no later, costs no more and stops no more often, and is better in one of these. A flight without a
    stop is always shown: who flies it, and from which airport, is for the traveler to weigh.

    Args:
        hops_from: The flights from each airport, in order of departure.
        wanted: What is looked for.
        connecting: How planes are changed.
        limit: The most ways returned.
    """
    ways = _undominated(_ways(hops_from, wanted, connecting))
    ways.sort(key=_rank)
    return ways[:limit]


def _rank(way: _Way) -> tuple[int, ...]:
    return sum(map(_COST, way)), way[-1].arrives - way[0].departs, way[0].departs, *[hop.flight_id for hop in way]


def _between(hops: Sequence[Hop], first: int, end: int) -> Sequence[Hop]:
    return hops[bisect_left(hops, first, key=_DEPARTS) : bisect_left(hops, end, key=_DEPARTS)]


class _Frontier:
    """The lowest cost by arrival, of ways that depart late enough: who arrives later is in it only for costing less."""

    def __init__(self) -> None:
        self._arrivals: list[int] = []
        self._costs: list[int] = []

    def matches(self, arrives: int, cost: int) -> bool:
        """Return whether a way in it arrives no later and costs no more."""
        place = bisect_right(self._arrivals, arrives)
        return place > 0 and self._costs[place - 1] <= cost

    def beats(self, arrives: int, cost: int) -> bool:
        """Return whether a way in it is better in one and no worse in the other."""
        place = bisect_right(self._arrivals, arrives) - 1
        if place < 0 or self._costs[place] > cost:
            return False
        return self._costs[place] < cost or self._arrivals[place] < arrives

    def add(self, arrives: int, cost: int) -> None:
        """Put a way in, unless one in it matches it, and take out those it matches."""
        if self.matches(arrives, cost):
            return
        place = end = bisect_left(self._arrivals, arrives)
        while end < len(self._costs) and self._costs[end] >= cost:
            end += 1
        self._arrivals[place:end] = [arrives]
        self._costs[place:end] = [cost]


@dataclass(frozen=True, slots=True)
class _Departures:
    """The flights from an airport that are of use, in order."""

    hops: list[Hop]
    times: list[int]
    minutes: int
    """Of the quickest."""
    cost_minor: int
    """Of the cheapest."""


class _Board:
    """The flights of use that can be caught after those that came; an airport is looked at when first asked for."""

    def __init__(
        self,
        hops_from: Mapping[int, Sequence[Hop]],
        connecting: Connecting,
        came: Sequence[Hop],
        useful: Callable[[Hop], bool],
    ) -> None:
        self._hops_from = hops_from
        self._connecting = connecting
        self._useful = useful
        arrivals = [hop.arrives for hop in came]
        self._first, self._end = min(arrivals), max(arrivals) + connecting.maximum + 1
        self._departures: dict[int, _Departures] = {}
        self._after: dict[int, list[Hop]] = {}

    def departures(self, airport: int) -> _Departures:
        """Return the flights from an airport."""
        found = self._departures.get(airport)
        if found is None:
            between = _between(self._hops_from.get(airport, ()), self._first, self._end)
            hops = [hop for hop in between if self._useful(hop)]
            minutes = min([hop.arrives - hop.departs for hop in hops], default=0)
            found = _Departures(hops, [hop.departs for hop in hops], minutes, min(map(_COST, hops), default=0))
            self._departures[airport] = found
        return found

    def after(self, hop: Hop) -> list[Hop]:
        """Return the flights that can be caught coming with a flight."""
        found = self._after.get(hop.flight_id)
        if found is None:
            found = self._after[hop.flight_id] = self._caught(hop.destination, hop.arrives)
        return found

    def _caught(self, airport: int, arrives: int) -> list[Hop]:
        there = self.departures(airport)
        if not there.hops:
            return there.hops
        end = arrives + self._connecting.maximum + 1
        if self._connecting.midnights is not None:
            nights = self._connecting.midnights[airport]
            place = bisect_right(nights, arrives)
            end = min(end, nights[place]) if place < len(nights) else end
        first = arrives + self._connecting.minimum[airport]
        return there.hops[bisect_left(there.times, first) : bisect_left(there.times, end)]


def _ways(hops_from: Mapping[int, Sequence[Hop]], wanted: Wanted, connecting: Connecting) -> list[_Way]:
    """Find every way, except some with two stops that others beat."""
    seats, there, ends = wanted.seats, wanted.destination, wanted.origin | wanted.destination

    def last(hop: Hop) -> bool:
        return hop.destination in there and hop.seats >= seats

    def onward(hop: Hop) -> bool:
        # With two stops at most, no airport in between is met again but by a flight that comes back to where it left.
        return hop.destination not in ends and hop.destination != hop.origin and hop.seats >= seats

    starts = [
        hop
        for airport in sorted(wanted.origin)
        for hop in _between(hops_from.get(airport, ()), wanted.first, wanted.end)
    ]
    ways: list[_Way] = [(hop,) for hop in starts if last(hop) and hop.destination != hop.origin]
    came = [hop for hop in starts if onward(hop)]
    if not came or not wanted.max_stops:
        return ways
    middle = _Board(hops_from, connecting, came, onward)
    reached = [*came]
    if wanted.max_stops > 1:
        reached += [hop for airport in {hop.destination for hop in came} for hop in middle.departures(airport).hops]
    final = _Board(hops_from, connecting, reached, last)
    ways += [(start, hop) for start in came for hop in final.after(start) if hop.destination != start.origin]
    if wanted.max_stops > 1:
        ways += _with_two_stops(came, ways, middle, final)
    return ways


def _with_two_stops(came: list[Hop], ways: list[_Way], middle: _Board, final: _Board) -> list[_Way]:
    """Find the ways with two stops, except some that these or the ways with fewer stops beat."""
    found: list[_Way] = []
    frontier = _Frontier()
    fewer = sorted(ways, key=lambda way: way[0].departs)
    # The latest first, so that whatever the frontier has departs no earlier than what it is asked about.
    for start in sorted(came, key=_DEPARTS, reverse=True):
        while fewer and fewer[-1][0].departs >= start.departs:
            way = fewer.pop()
            frontier.add(way[-1].arrives, sum(map(_COST, way)))
        for hop in middle.after(start):
            cost = start.cost_minor + hop.cost_minor
            onward = final.departures(hop.destination)
            if not onward.hops or frontier.beats(hop.arrives + onward.minutes, cost + onward.cost_minor):
                continue
            for last in final.after(hop):
                if last.destination != start.origin and not frontier.beats(last.arrives, cost + last.cost_minor):
                    frontier.add(last.arrives, cost + last.cost_minor)
                    found.append((start, hop, last))
    return found


def _undominated(ways: list[_Way]) -> list[_Way]:
    # In this order, whatever is better than a way comes before it, and what is as good stands beside it.
    marked = sorted(
        [(-way[0].departs, way[-1].arrives, sum(map(_COST, way)), len(way), place) for place, way in enumerate(ways)]
    )
    frontiers = [_Frontier() for _ in range(STOPS_MAX + 2)]
    kept: list[_Way] = []
    before: tuple[int, ...] = ()
    beaten = False
    for mark in marked:
        _, arrives, cost, flights, place = mark
        if mark[:4] != before:
            before = mark[:4]
            beaten = frontiers[flights].matches(arrives, cost)
            for frontier in frontiers[flights:]:
                frontier.add(arrives, cost)
        if not beaten or flights == 1:
            kept.append(ways[place])
    return kept
