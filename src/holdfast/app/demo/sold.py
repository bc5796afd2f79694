"""Composes what is sold of tables and flights when the demo begins, so that some of what a guest asks for is taken.

Homes have a year of it (`load.occupancy`); here it is the evenings of a week and the flights of the first days, made up
the same way for every day of loading. Each claim is a restaurant's evening or a flight.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, time, timedelta
from typing import Final

from holdfast.app.demo.flights import NEW_YORK, WASHINGTON, Network
from holdfast.app.demo.restaurants import Imported
from holdfast.app.demo.spreading import pick, spread
from holdfast.catalog.api import CabinFares, FlightDraft
from holdfast.engine.claims import Span
from holdfast.verticals.dining import claims as dining
from holdfast.verticals.dining.seating import seatings
from holdfast.verticals.dining.slots import Arrival, arrivals, end_of, minutes_for
from holdfast.verticals.dining.terms import DiningTerms
from holdfast.verticals.flights.claims import bucket_resource, cabin_resource

EVENINGS: Final = 6
FLYING_DAYS: Final = 3
"""Days on which flights from and to New York and Washington are sold in part."""
_PEAK: Final = (time(18), time(20, 15))
_BUSY_WEEKDAYS: Final = (4, 5)
_PARTIES: Final = (2, 2, 2, 4, 2, 3, 4, 2, 5, 6)
_MANY: Final = 100


@dataclass(slots=True)
class Sold:
    """Claims, and the capacities of what they take."""

    claims: list[tuple[Span, ...]] = field(default_factory=list)
    capacities: dict[str, int] = field(default_factory=dict)


def evenings(rows: Iterable[Imported], today: date) -> Sold:
    """Return what parties take of restaurants on the evenings to come."""
    sold = Sold()
    for number, _, draft in rows:
        terms = replace(draft.terms, restaurant_id=number)
        sold.capacities |= dining.resources(terms)
        options = {party: seatings(terms, party, online=False) for party in set(_PARTIES)}
        for ahead in range(EVENINGS):
            day = today + timedelta(days=ahead)
            # The nearer, and the later in the week, the fuller.
            full = 115 if day.weekday() in _BUSY_WEEKDAYS else 95
            percent = full - 6 * ahead - spread(f"{number}:{ahead}", "full") % 25
            if spans := tuple(_Evening(terms, options, percent).spans(day)):
                sold.claims.append(spans)
    return sold


def departing(network: Network, today: date) -> list[tuple[int, FlightDraft]]:
    """Return the flights from and to New York and Washington on the first days."""
    places = {number for number, airport in network.airports if airport.iata in {*NEW_YORK, *WASHINGTON}}
    last = today + timedelta(days=FLYING_DAYS)
    return [
        (flight_id, draft)
        for flight_id, draft in network.flights
        if draft.day < last and places & {draft.origin_id, draft.destination_id}
    ]


def departures(flights: Iterable[tuple[int, FlightDraft]], today: date) -> Sold:
    """Return what travelers take of flights; the sooner they depart, the more."""
    sold = Sold()
    for flight_id, draft in flights:
        percent = min(_MANY, 92 - 9 * (draft.day - today).days + spread(flight_id, "load") % 18)
        spans, capacities = _boarded(flight_id, draft, percent)
        sold.claims.append(spans)
        sold.capacities |= capacities
    return sold


class _Evening:
    """The parties of one restaurant on one evening, as staff would seat them."""

    def __init__(self, terms: DiningTerms, options: Mapping[int, Sequence[tuple[str, ...]]], percent: int) -> None:
        self._terms = terms
        self._options = options
        self._percent = percent
        self._left: dict[str, int] = {}
        """When each table is left, as a slot."""
        self._counts: Counter[tuple[str, int]] = Counter()
        """Guests and parties by limit and slot."""
        self._tables: list[Span] = []

    def spans(self, day: date) -> Iterator[Span]:
        """Yield what everybody of a day takes together."""
        first, last = _PEAK
        for arrival in arrivals(self._terms, day):
            if first <= arrival.at <= last:
                self._arrive(arrival)
        yield from self._tables
        for (resource_id, slot), quantity in sorted(self._counts.items()):
            yield Span(resource_id=resource_id, first_slot=slot, end_slot=slot + 1, quantity=quantity)

    def _arrive(self, arrival: Arrival) -> None:
        covers = (arrival.service.covers_per_slot or 0) * self._percent // _MANY
        for turn in range(covers):
            party = pick(_PARTIES, f"{self._terms.restaurant_id}:{arrival.slot}:{turn}", "party")
            if party > covers:
                break
            if self._seat(arrival, party):
                covers -= party

    def _seat(self, arrival: Arrival, party: int) -> bool:
        """Give a party tables if there are some and no limit stands against it."""
        end = end_of(self._terms.zone, arrival.slot, minutes_for(self._terms, party, None))
        takes = {
            (limit.resource_id, slot): (limit.asked(party), limit.most)
            for limit in dining.limits_of(self._terms, arrival.service, online=False)
            for slot in range(arrival.slot, end if limit.count is dining.Count.PRESENT else arrival.slot + 1)
        }
        if any(self._counts[key] + asked > most for key, (asked, most) in takes.items()):
            return False
        options = self._options[party]
        codes = next((codes for codes in options if all(self._left.get(code, 0) <= arrival.slot for code in codes)), ())
        for code in codes:
            self._left[code] = end
            table_id = dining.table_id(self._terms.restaurant_id, code)
            self._tables.append(Span(resource_id=table_id, first_slot=arrival.slot, end_slot=end))
        if codes:
            self._counts.update({key: asked for key, (asked, _) in takes.items()})
        return bool(codes)


def _boarded(flight_id: int, draft: FlightDraft, percent: int) -> tuple[tuple[Span, ...], dict[str, int]]:
    """Return what is sold of each cabin of a flight, its cheapest buckets first, and the capacities."""
    taken: list[Span] = []
    capacities: dict[str, int] = {}
    for cabin in draft.fares.cabins:
        cabin_id = cabin_resource(flight_id, cabin.code)
        capacities[cabin_id] = sum(bucket.seats for bucket in cabin.buckets)
        sold = capacities[cabin_id] * percent // _MANY
        by_bucket = _by_bucket(cabin, sold)
        for bucket in cabin.buckets:
            capacities[bucket_resource(flight_id, cabin.code, bucket.code)] = bucket.seats
        counts = {cabin_id: sold} | {
            bucket_resource(flight_id, cabin.code, code): seats for code, seats in by_bucket.items()
        }
        taken += [
            Span(resource_id=resource_id, first_slot=0, end_slot=1, quantity=seats)
            for resource_id, seats in counts.items()
            if seats
        ]
    return tuple(taken), capacities


def _by_bucket(cabin: CabinFares, sold: int) -> Mapping[str, int]:
    found: defaultdict[str, int] = defaultdict(int)
    for bucket in cabin.buckets:
        found[bucket.code] = min(bucket.seats, sold)
        sold -= found[bucket.code]
    return found
