"""Composes the demo's flights: a month of departures on real routes, with real distances and local times.

Routes and types of airplane are the data's; how often an airline flies, when, under which number and for how much is
made up, the same way for every day of loading.
"""

import csv
import gzip
import io
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from importlib.resources import files
from typing import Final
from zoneinfo import ZoneInfo

from holdfast.app.demo.airplanes import airline_of, airplane_of, owner_of
from holdfast.app.demo.fares import Market, fares, haul_of, lowest_minor
from holdfast.app.demo.spreading import spread
from holdfast.catalog.api import AirplaneDraft, AirportDraft, CityDraft, FlightDraft, KnownAirport
from holdfast.verticals.flights.times import block_minutes, great_circle_km, local_arrival

DAYS: Final = 31
"""From the day of loading on."""
NEW_YORK: Final = ("EWR", "JFK", "LGA")
WASHINGTON: Final = ("BWI", "DCA", "IAD")
SHUTTLES_A_DAY: Final = 3
"""How often each airline flies each way between New York and Washington, on every day."""

_WEEK: Final = 7
_OPEN, _SHUT = 6 * 60, 22 * 60 + 30
"""When airplanes depart."""
_LANDS, _LANDED = 5 * 60 + 30, 23 * 60 + 45
"""When travelers would like to arrive."""
_STEP: Final = 5
_OVERNIGHT_FROM: Final = 16 * 60
_OVERNIGHT_MINUTES: Final = 6 * 60
_FAR_EAST_MINUTES: Final = 3 * 60
_FIRST_NUMBER: Final = 101
# Flights of an airline each week, by length, where (so many airlines at most) fly the route.
_WEEKLY: Final = ((1, (4, 3, 3)), (7, (2, 2, 1)), (99, (2, 2, 2)))

# An airport serves the city travelers look for, which is not always the town it stands in.
_CITIES: Final = {
    "BWI": "Washington",
    "CVG": "Cincinnati",
    "DFW": "Dallas",
    "EWR": "New York",
    "FRA": "Frankfurt",
    "GRU": "São Paulo",
    "IST": "Istanbul",
    "YYZ": "Toronto",
}
_BUSY: Final = frozenset({"CDG", "DXB", "FRA", "GRU", "IST", "JFK", "LHR", "PEK", "PVG"})
_HUBS: Final = frozenset({"ATL", "DEN", "DFW", "EWR", "IAD", "IAH", "LAX", "MIA", "ORD", "SFO"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """What the source says: an airline flies from here to there, with this type of airplane."""

    airline: str
    origin: str
    destination: str
    equipment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """A flight that comes again every week."""

    route: Route
    number: str
    weekdays: frozenset[int]
    departs: time
    rivals: int
    """How many airlines fly the route, this one with them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """Everything about flights, as the doors of the catalog take it; ids count from 1."""

    cities: tuple[tuple[int, CityDraft], ...]
    airports: tuple[tuple[int, AirportDraft], ...]
    airplanes: tuple[tuple[int, int, AirplaneDraft], ...]
    flights: tuple[tuple[int, FlightDraft], ...]
    """All dates of one number after the other."""


@cache
def routes() -> tuple[Route, ...]:
    """Return the routes in the order of the data file."""
    data = (files("holdfast.app.demo") / "flight_routes.csv.gz").read_bytes()
    return tuple(
        Route(
            airline=line["airline"],
            origin=line["origin"],
            destination=line["destination"],
            equipment=line["equipment"],
        )
        for line in csv.DictReader(io.StringIO(gzip.decompress(data).decode()))
    )


def iatas() -> tuple[str, ...]:
    """Return the airports of the routes, by code."""
    return tuple(sorted({route.origin for route in routes()} | {route.destination for route in routes()}))


def network(*, known: Mapping[str, KnownAirport], owner_ids: Sequence[int], today: date) -> Network:
    """Return the cities, airports and airplanes of the routes, and their flights from `today` on.

    Args:
        known: What the world knows of the airports of `iatas`.
        owner_ids: The account ids of the demo's owners, in their order.
        today: In Washington.
    """
    city_ids, cities = _cities(known)
    planes = sorted({(route.airline, route.equipment) for route in routes()})
    plane_ids = {plane: number for number, plane in enumerate(planes, 1)}
    composing = _Composing(
        known=known,
        airport_ids={iata: number for number, iata in enumerate(iatas(), 1)},
        plane_ids=plane_ids,
        days=tuple(today + timedelta(days=n) for n in range(DAYS)),
        today=today,
    )
    return Network(
        cities=cities,
        airports=tuple((number, _airport(known[iata], city_ids)) for number, iata in enumerate(iatas(), 1)),
        airplanes=tuple(
            (plane_ids[plane], owner_of(airline_of(plane[0]), owner_ids), airplane_of(*plane).draft) for plane in planes
        ),
        flights=tuple(enumerate(composing.flights(), 1)),
    )


def _cities(known: Mapping[str, KnownAirport]) -> tuple[dict[str, int], tuple[tuple[int, CityDraft], ...]]:
    """Return the id of each airport's city by the airport's code, and the cities."""
    drafts: dict[CityDraft, int] = {}
    ids = {}
    for iata in iatas():
        airport = known[iata]
        draft = CityDraft(name=_CITIES.get(iata, airport.city), country=airport.country, zone=airport.zone)
        ids[iata] = drafts.setdefault(draft, len(drafts) + 1)
    return ids, tuple((number, draft) for draft, number in drafts.items())


def _airport(airport: KnownAirport, city_ids: Mapping[str, int]) -> AirportDraft:
    busy = 90 if airport.iata in _BUSY else 60 if airport.iata in _HUBS else 45
    return AirportDraft(
        city_id=city_ids[airport.iata],
        iata=airport.iata,
        icao=airport.icao,
        name=airport.name,
        latitude=airport.latitude,
        longitude=airport.longitude,
        zone=airport.zone,
        min_connection_minutes=busy if airport.country == "US" else max(busy, 60),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Flown:
    """A flight that comes again, with what its times follow from."""

    origin_zone: str
    destination_zone: str
    minutes: int
    draft: FlightDraft


@dataclass(frozen=True, slots=True, kw_only=True)
class _Composing:
    """What flights are composed of."""

    known: Mapping[str, KnownAirport]
    airport_ids: Mapping[str, int]
    plane_ids: Mapping[tuple[str, str], int]
    days: Sequence[date]
    today: date

    def flights(self) -> Iterator[FlightDraft]:
        """Yield the dated flights, number by number, so that neighbors share fares and zones and are quick to judge."""
        for departure in self._weekly():
            first = self._first(departure)
            for day in self.days:
                if day.weekday() in departure.weekdays:
                    yield self._on(day, first)

    def _first(self, departure: Departure) -> _Flown:
        """Return a flight with all that is the same on each of its dates."""
        route = departure.route
        km = self._km(route.origin, route.destination)
        airplane = airplane_of(route.airline, route.equipment)
        airline = airline_of(route.airline)
        return _Flown(
            origin_zone=self.known[route.origin].zone,
            destination_zone=self.known[route.destination].zone,
            minutes=block_minutes(km),
            draft=FlightDraft(
                number=departure.number,
                airline_name=airline.name,
                origin_id=self.airport_ids[route.origin],
                destination_id=self.airport_ids[route.destination],
                airplane_id=self.plane_ids[route.airline, route.equipment],
                day=self.today,
                departs=departure.departs,
                arrives=departure.departs,
                day_offset=0,
                fares=fares(
                    cabins=airplane.seats,
                    lowest=lowest_minor(km, sells=airline.sells, rivals=departure.rivals),
                    haul=haul_of(km),
                    market=self._market(route),
                ),
            ),
        )

    def _on(self, day: date, flown: _Flown) -> FlightDraft:
        draft = flown.draft
        arrives = local_arrival(
            datetime.combine(day, draft.departs), flown.origin_zone, flown.minutes, flown.destination_zone
        )
        return FlightDraft(
            number=draft.number,
            airline_name=draft.airline_name,
            origin_id=draft.origin_id,
            destination_id=draft.destination_id,
            airplane_id=draft.airplane_id,
            day=day,
            departs=draft.departs,
            arrives=arrives.time(),
            day_offset=arrives.toordinal() - day.toordinal(),
            fares=draft.fares,
        )

    def _market(self, route: Route) -> Market:
        american = [self.known[end].country == "US" for end in (route.origin, route.destination)]
        if all(american):
            return Market.DOMESTIC
        return Market.FROM_US if american[0] else Market.ELSEWHERE

    def _weekly(self) -> Iterator[Departure]:
        """Yield what comes again: of each pair of airports its airlines one after the other."""
        numbers: Counter[str] = Counter()
        pairs: defaultdict[tuple[str, str], list[Route]] = defaultdict(list)
        for route in routes():
            pairs[route.origin, route.destination].append(route)
        for (origin, destination), rivals in pairs.items():
            weekly = {route: self._weekdays(route, rivals) for route in rivals}
            most = max(map(len, weekly.values()))
            # Their first flights of the day come first, then the second ones.
            slots = [(route, each[turn]) for turn in range(most) for route, each in weekly.items() if turn < len(each)]
            times = self._times(origin, destination)
            for place, (route, weekdays) in enumerate(slots):
                number = f"{route.airline}{_FIRST_NUMBER + numbers[route.airline]}"
                numbers[route.airline] += 1
                # Each has a part of the day, somewhere in which it departs.
                somewhere = spread(number, "departs") % 100
                at = times[(place * 100 + somewhere) * len(times) // (len(slots) * 100)]
                yield Departure(
                    route=route,
                    number=number,
                    weekdays=weekdays,
                    departs=time(*divmod(at, 60)),
                    rivals=len(rivals),
                )

    def _weekdays(self, route: Route, rivals: Sequence[Route]) -> list[frozenset[int]]:
        """Return the days of the week of each of a route's flights."""
        ends = {route.origin, route.destination}
        if ends & set(NEW_YORK) and ends & set(WASHINGTON):
            return [frozenset(range(_WEEK))] * SHUTTLES_A_DAY
        haul = haul_of(self._km(route.origin, route.destination))
        weekly = next(counts[haul] for most, counts in _WEEKLY if len(rivals) <= most)
        # One after the other begins on another day, so that together they fly on as many as can be.
        first = spread(f"{route.origin}{route.destination}", "first weekday") + rivals.index(route) * 2
        return [frozenset((first + n * _WEEK // weekly) % _WEEK for n in range(weekly))]

    def _times(self, origin: str, destination: str) -> Sequence[int]:
        """Return the minutes of the day at which a flight plausibly departs: by day at both ends, or overnight."""
        minutes = block_minutes(self._km(origin, destination))
        east = self._offset(destination) - self._offset(origin)
        everything = range(_OPEN, _SHUT, _STEP)
        pleasant = [at for at in everything if _LANDS <= (at + minutes + east) % (24 * 60) <= _LANDED]
        if minutes >= _OVERNIGHT_MINUTES and east >= _FAR_EAST_MINUTES:
            overnight = [at for at in pleasant if at >= _OVERNIGHT_FROM]
            return overnight or pleasant or everything
        return pleasant or everything

    def _offset(self, iata: str) -> int:
        """Return how many minutes a place is ahead of UTC when the month begins."""
        noon = datetime.combine(self.today, time(12), ZoneInfo(self.known[iata].zone))
        return int((noon.utcoffset() or timedelta()) / timedelta(minutes=1))

    def _km(self, origin: str, destination: str) -> float:
        one, other = self.known[origin], self.known[destination]
        return great_circle_km(one.latitude, one.longitude, other.latitude, other.longitude)
