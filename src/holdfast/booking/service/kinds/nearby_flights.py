"""Flights like those that cannot be had."""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from holdfast.booking.items import FlightItem, Item
from holdfast.booking.service.kinds.flights import AskedFlight
from holdfast.booking.service.kinds.nearby import Key, Seen, Window
from holdfast.catalog.api import CatalogApi, LegOffer
from holdfast.engine.claims import Cell
from holdfast.verticals.flights.claims import SEAT_SLOTS, open_bucket, resources
from holdfast.verticals.flights.nearby import NEAR_LEGS, TRIES_MAX, distance, nearby
from holdfast.verticals.flights.parts import cabin_of
from holdfast.verticals.flights.reasons import shortages
from holdfast.verticals.flights.terms import PASSENGERS_MAX, LegTerms
from holdfast.verticals.reasons import Reason

_WITHIN_DAYS: Final = (1, 7)
"""Days around a leg in which others are looked for: more only where these have few."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NearbyFlights:
    """Flights, and others between the same cities."""

    item: FlightItem
    offers: Mapping[int, LegOffer]
    """By id, at least those of the item."""
    account_id: int
    now: datetime
    catalog: CatalogApi
    look: Callable[[Iterable[Window]], Awaitable[Seen]]
    full: frozenset[int] = frozenset()
    """Flights that are sold out, as far as they were looked at."""
    tries: int = TRIES_MAX
    """So many journeys are put together at most."""

    def asked(self, item: Item, rows: Mapping[Key, Cell]) -> AskedFlight:
        """Return flights whose offers are known."""
        flights = _flights(item)
        return AskedFlight(
            item=flights,
            offers=tuple(self.offers[each] for each in flights.flight_ids),
            account_id=self.account_id,
            cells=rows,
            now=self.now,
        )

    def window(self, item: Item) -> Window | None:
        """Return the seats, fares and guests of every leg."""
        asked = self.asked(item, {})
        if not asked.legs:
            return None
        return Window(resources=asked.resources, first=0, end=SEAT_SLOTS)

    def surroundings(self) -> Window | None:
        """Return the seats, fares and guests of every leg."""
        return self.window(self.item)

    def shortages(self, seen: Seen) -> tuple[Reason, ...]:
        """Return on which legs fares, seats or the account's own place are taken."""
        asked = self.asked(self.item, {})
        return shortages(asked.legs, asked.request, seen.cells, account_id=self.account_id)

    def may_be_had(self, item: Item, seen: Seen) -> bool:
        """Return True: to decide costs little."""
        del item, seen
        return True

    async def widened(self) -> "NearbyFlights":
        """Return it with the offers of other flights between the same cities, and which of them are sold out."""
        legs = self.asked(self.item, {}).legs
        airports = await self._airports({end.airport_id for leg in legs for end in (leg.origin, leg.destination)})
        others = [each for leg in legs for each in await self._between(leg, airports)]
        offers = {**{each.terms.flight_id: each for each in others}, **self.offers}
        cabins = {
            flight_id: cabin
            for flight_id, offer in offers.items()
            if (cabin := cabin_of(offer.terms, self.item.cabin)) is not None
        }
        capacities = {each: units for flight_id in cabins for each, units in resources(offers[flight_id].terms).items()}
        seen = await self.look([Window(resources=capacities, first=0, end=1)])
        seats = min(PASSENGERS_MAX, self.item.passengers.seats)
        full = frozenset(each for each, cabin in cabins.items() if open_bucket(cabin, each, seats, seen.rows) is None)
        return replace(self, offers=offers, full=full)

    async def _between(self, leg: LegTerms, airports: Mapping[int, list[int]]) -> list[LegOffer]:
        """Return the flights nearest to a leg in time, from any airport of its city to any of the other."""
        day = leg.departs.date()
        found: list[LegOffer] = []
        for days in _WITHIN_DAYS:
            found = await self.catalog.flights.legs_between(
                origin_ids=airports[leg.origin.airport_id],
                destination_ids=airports[leg.destination.airport_id],
                first=day - timedelta(days=days),
                end=day + timedelta(days=days + 1),
            )
            if len(found) > NEAR_LEGS:
                break
        return sorted(found, key=lambda other: abs(other.terms.departs - leg.departs))[: 2 * NEAR_LEGS]

    async def _airports(self, ids: Iterable[int]) -> dict[int, list[int]]:
        """Return, for each airport, all of its city."""
        places = self.catalog.places
        city_of = {each.id: each.draft.city_id for each in await places.airports(ids=list(ids))}
        of_city = {
            city_id: [each.id for each in await places.airports_page(city_id=city_id)]
            for city_id in set(city_of.values())
        }
        return {airport_id: of_city[city_id] for airport_id, city_id in city_of.items()}

    def others(self, item: Item) -> Iterator[FlightItem]:
        """Yield flights near those of an item: other ones in the place of some or all of them."""
        flights = self.asked(item, {})
        legs = [offer.terms for offer in self.offers.values() if not offer.terms.canceled]
        for other in nearby(flights.request, flights.legs, legs, now=self.now, full=self.full, tries=self.tries):
            found = replace(flights.item, flight_ids=other.flight_ids, seats=other.seats)
            if not self.asked(found, {}).reasons():
                yield found

    def distance(self, item: Item) -> tuple[int, ...]:
        """Return how far flights are from those asked for.

        First counts by how many travelers they differ, then whether cabin, fare or number of flights do, then by how
        many minutes departures move, then how many seats are others.
        """
        asked, other = self.item, _flights(item)
        legs, instead = self.asked(asked, {}).legs, self.asked(other, {}).legs
        party, travelers = asked.passengers, other.passengers
        same = len(legs) == len(instead)
        return (
            abs(party.adults - travelers.adults)
            + abs(party.children - travelers.children)
            + abs(party.infants - travelers.infants),
            int(asked.cabin != other.cabin),
            int(asked.brand != other.brand),
            int(not same),
            distance(legs, instead) if same else 0,
            len(set(asked.seats) ^ set(other.seats)),
            int(asked.again != other.again),
            *other.flight_ids,
        )

    def fields(self, item: Item) -> dict[str, Any]:
        """Return flights as a request writes them."""
        found: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(_flights(item)))
        return found

    def changed(self, item: Item, change: Mapping[str, Any]) -> FlightItem:
        """Return flights with some fields set."""
        return msgspec.convert({**self.fields(item), **change}, FlightItem)


def _flights(item: Item) -> FlightItem:
    if not isinstance(item, FlightItem):
        raise TypeError(f"flights expected, not {type(item).__name__}")
    return item
