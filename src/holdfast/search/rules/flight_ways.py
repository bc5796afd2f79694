"""Putting journeys together of flights that were found: what each costs, in which order, how many of what.

A journey is one item of a booking, so all its flights are of one airline's account and sold in one currency.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise, product
from typing import Any, Final

from holdfast.search.flights_api import SLICE_MINUTES_MAX, FlightSearch, FlightSort
from holdfast.search.rules.dining_choosing import ordered
from holdfast.search.rules.flight_checks import FlightRank
from holdfast.search.rules.flight_facts import rooms_of
from holdfast.verticals.flights import prices
from holdfast.verticals.flights.itineraries import Connecting, Hop, Wanted, itineraries
from holdfast.verticals.flights.parts import cabin_of
from holdfast.verticals.flights.terms import LEGS_MAX, FlightRequest, LegTerms, Passengers
from holdfast.verticals.flights.times import midnights

CONNECTION_MINUTES_MAX: Final = 24 * 60
"""Who waits longer makes a stop of its own."""
_MOST: Final = (500, 60, 15, 8, 5, 4)
"""Ways of each slice that are put together, by how many slices there are: the best by the order asked for."""
_NIGHTS: Final = 6
"""Midnights an airport is asked for, from the day before the first departure on."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NIGHTS_KEPT: Final = 16_384
_PRICES_KEPT: Final = 200_000
"""Some 300 bytes each."""

_Group = tuple[int, str]
"""An airline's account and a currency."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceFound:
    """What was found for one slice."""

    origins: frozenset[int]
    """Airports."""
    destinations: frozenset[int]
    starts: Sequence[Any]
    """Flights from the origins at the time that was asked for."""
    others: Sequence[Any]
    """Flights that may come after them."""


@dataclass(frozen=True, slots=True)
class Way:
    """A way through one slice."""

    hops: tuple[Hop, ...]
    totals: Mapping[str, int]
    """What it costs all travelers, by brand: those that all its flights have."""

    @property
    def minutes(self) -> int:
        """How long it takes."""
        return self.hops[-1].arrives - self.hops[0].departs


@dataclass(frozen=True, slots=True)
class Journey:
    """A way through every slice, that can be quoted as one item."""

    rank: FlightRank
    ways: tuple[Way, ...]
    totals: Mapping[str, int]
    """What it costs all travelers, by brand: those that all its flights have."""
    currency: str

    @property
    def hops(self) -> list[Hop]:
        """All flights in order."""
        return [hop for way in self.ways for hop in way.hops]

    @property
    def cheapest_minor(self) -> int:
        """What it costs at least."""
        return min(self.totals.values())


class Prices:
    """What flights cost parties, reckoned by the vertical once: what flights are sold for never changes."""

    def __init__(self) -> None:
        self._kept: dict[tuple[int, int, str, Passengers], Mapping[str, int]] = {}

    def of(self, number: int, leg: LegTerms, bucket: int, search: FlightSearch) -> Mapping[str, int]:
        """Return what a party pays for a leg, by brand.

        Args:
            number: Of what flights are sold for.
            leg: One that is sold like that.
            bucket: The place of the fare bucket in the cabin.
            search: Who travels in which cabin.
        """
        key = (number, bucket, search.cabin, search.passengers)
        found = self._kept.get(key)
        if found is None:
            if len(self._kept) >= _PRICES_KEPT:
                self._kept.clear()
            found = self._kept[key] = _price(leg, bucket, search)
        return found


def _price(leg: LegTerms, bucket: int, search: FlightSearch) -> Mapping[str, int]:
    cabin = cabin_of(leg, search.cabin)
    if cabin is None:
        return {}
    ids, buckets = (leg.flight_id,), {leg.flight_id: cabin.buckets[bucket].code}
    party = search.passengers
    return {
        brand.code: prices.price(
            [leg], FlightRequest(flight_ids=ids, cabin=cabin.code, brand=brand.code, passengers=party), buckets
        ).total_minor
        for brand in cabin.brands
    }


class Fares:
    """What flights cost in a search: of its party, in its cabin, at its brand.

    Args:
        search: What is asked.
        sold_as: By the number of what flights are sold for, a leg that is sold like that.
        prices_kept: What was reckoned before.
    """

    def __init__(self, search: FlightSearch, sold_as: Mapping[int, LegTerms], prices_kept: Prices) -> None:
        self._search = search
        self._sold_as = sold_as
        self._prices = prices_kept
        self._kept: dict[tuple[int, str], Mapping[str, int]] = {}

    def totals(self, number: int, rooms: str) -> Mapping[str, int]:
        """Return what a flight costs by brand, nothing if it has no fare for the party."""
        found = self._kept.get((number, rooms))
        if found is None:
            found = self._kept[number, rooms] = self._totals(number, rooms)
        return found

    def currency(self, number: int) -> str:
        """Return in which currency flights are sold."""
        return self._sold_as[number].currency

    def _totals(self, number: int, rooms: str) -> Mapping[str, int]:
        left = rooms_of(rooms).get(self._search.cabin)
        bucket = None if left is None else left.open(self._search.passengers.seats)
        if bucket is None:
            return {}
        totals = self._prices.of(number, self._sold_as[number], bucket, self._search)
        brand = self._search.brand
        return totals if brand is None else {code: total for code, total in totals.items() if code == brand}


def journeys(
    search: FlightSearch, slices: Sequence[SliceFound], airports: Mapping[int, Any], fares: Fares
) -> list[Journey]:
    """Return the journeys that meet a search, in order.

    Args:
        search: Without wrong fields.
        slices: What was found for each of its slices.
        airports: Every airport of these flights, with `zone` and `min_connection_minutes`.
        fares: What flights cost.
    """
    by_group = [_ways(search, each, airports, fares) for each in slices]
    found: list[Journey] = []
    for group in sorted(by_group[0]):
        if all(group in ways for ways in by_group):
            found += _together(search, group[1], [ways[group] for ways in by_group], airports)
    found.sort(key=lambda each: each.rank)
    return found


def facets_of(found: Iterable[Journey]) -> dict[str, dict[str, int]]:
    """Count journeys by airline and by stops."""
    airlines: Counter[str] = Counter()
    stops: Counter[str] = Counter()
    for each in found:
        airlines.update({hop.airline for hop in each.hops})
        stops[str(max(len(way.hops) for way in each.ways) - 1)] += 1
    return {"airline": ordered(airlines), "stops": ordered(stops)}


def nights_of(zone: str, departs: int) -> tuple[int, ...]:
    """Return the midnights at an airport that matter to whoever departs at a time, in epoch minutes."""
    day = (_EPOCH + timedelta(minutes=departs)).date() - timedelta(days=1)
    return _nights(zone, day)


@lru_cache(maxsize=_NIGHTS_KEPT)
def _nights(zone: str, day: date) -> tuple[int, ...]:
    return midnights(zone, day, _NIGHTS)


def _ways(
    search: FlightSearch, found: SliceFound, airports: Mapping[int, Any], fares: Fares
) -> dict[_Group, list[Way]]:
    """Return the ways through a slice, of each airline the best by the order asked for."""
    totals: dict[int, Mapping[str, int]] = {}
    starts = _hops(found.starts, search, fares, totals)
    others = _hops(found.others, search, fares, totals)
    if not starts:
        return {}
    departs = [row.departs for row in found.starts]
    wanted = Wanted(
        origin=found.origins,
        destination=found.destinations,
        first=min(departs),
        end=max(departs) + 1,
        max_stops=search.max_stops,
        seats=search.passengers.seats,
    )
    connecting = Connecting(
        minimum={each: airport.min_connection_minutes for each, airport in airports.items()},
        maximum=CONNECTION_MINUTES_MAX,
        midnights=None
        if search.overnight
        else {each: nights_of(airport.zone, min(departs)) for each, airport in airports.items()},
    )
    most = _MOST[len(search.slices) - 1]
    ways = {}
    for group, hops in starts.items():
        hops_from: dict[int, list[Hop]] = defaultdict(list)
        for hop in sorted([*hops, *others.get(group, ())], key=lambda each: (each.departs, each.flight_id)):
            hops_from[hop.origin].append(hop)
        through = itineraries(hops_from, wanted, connecting, limit=_MOST[0])
        kept = sorted(_affordable(search, through, totals), key=lambda way: _way_rank(way, search.sort))
        if kept:
            ways[group] = kept[:most]
    return ways


def _hops(
    rows: Iterable[Any], search: FlightSearch, fares: Fares, totals: dict[int, Mapping[str, int]]
) -> dict[_Group, list[Hop]]:
    """Return flights that have a fare for the party, by who may sell them together; notes what they cost."""
    found: dict[_Group, list[Hop]] = defaultdict(list)
    seats, airlines = search.passengers.seats, frozenset(search.airlines)
    for row in rows:
        if row.flight_id in totals or (airlines and row.airline not in airlines):
            continue
        prices_of = fares.totals(row.sold_as, row.rooms)
        if not prices_of:
            continue
        totals[row.flight_id] = prices_of
        found[row.owner_id, fares.currency(row.sold_as)].append(
            Hop(
                flight_id=row.flight_id,
                origin=row.origin_id,
                destination=row.destination_id,
                departs=row.departs,
                arrives=row.arrives,
                airline=row.airline,
                cost_minor=min(prices_of.values()),
                seats=seats,
            )
        )
    return found


def _affordable(
    search: FlightSearch, through: Iterable[tuple[Hop, ...]], totals: Mapping[int, Mapping[str, int]]
) -> Iterator[Way]:
    """Yield the ways that are short enough and have a fare on all their flights."""
    longest = min(search.max_minutes or SLICE_MINUTES_MAX, SLICE_MINUTES_MAX)
    for hops in through:
        if hops[-1].arrives - hops[0].departs <= longest:
            common = _sum([totals[hop.flight_id] for hop in hops])
            if common:
                yield Way(hops, common)


def _sum(parts: Sequence[Mapping[str, int]]) -> Mapping[str, int]:
    """Return the sums by brand, of the brands that all parts have."""
    if len(parts) == 1:
        return parts[0]
    return {brand: sum(each[brand] for each in parts) for brand in parts[0] if all(brand in each for each in parts)}


def _together(
    search: FlightSearch, currency: str, slices: Sequence[Sequence[Way]], airports: Mapping[int, Any]
) -> Iterator[Journey]:
    most = search.price_max_minor
    for ways in product(*slices):
        if not _in_order(ways, airports):
            continue
        totals = _sum([way.totals for way in ways])
        if totals and (most is None or min(totals.values()) <= most):
            yield Journey(_rank(ways, min(totals.values()), search.sort), ways, totals, currency)


def _in_order(ways: Sequence[Way], airports: Mapping[int, Any]) -> bool:
    """Return whether each slice begins when the one before it is over, with time to change planes where it has to."""
    for before, after in pairwise(ways):
        last, first = before.hops[-1], after.hops[0]
        at = last.destination
        least = airports[at].min_connection_minutes if first.origin == at else 0
        if first.departs < last.arrives + least:
            return False
    return sum(len(way.hops) for way in ways) <= LEGS_MAX


def _rank(ways: Sequence[Way], cheapest: int, sort: FlightSort) -> FlightRank:
    departs = ways[0].hops[0].departs
    minutes = sum(way.minutes for way in ways)
    ids = tuple(hop.flight_id for way in ways for hop in way.hops)
    match sort:
        case FlightSort.PRICE:
            return cheapest, minutes, departs, ids
        case FlightSort.DURATION:
            return minutes, cheapest, departs, ids
        case FlightSort.DEPARTURE:
            return departs, cheapest, minutes, ids


def _way_rank(way: Way, sort: FlightSort) -> FlightRank:
    return _rank([way], min(way.totals.values()), sort)
