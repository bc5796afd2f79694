"""The naive way to find flights: the table of flights joined with itself, once for every change of planes."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from itertools import chain, pairwise, product
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, literal, select, union_all

from holdfast.kit.db.database import Tx
from holdfast.kit.db.statements import Statement, statement
from holdfast.kit.db.types import Text, Whole
from holdfast.search.flights_api import SLICE_MINUTES_MAX, FlightSearch, SliceWanted
from holdfast.search.models.flights import airport, leg
from holdfast.search.rules.flight_ways import CONNECTION_MINUTES_MAX, Fares, Prices
from holdfast.search.service.sold_as import SoldAsKept
from holdfast.search.store import flight_searching
from holdfast.verticals.flights.itineraries import STOPS_MAX
from holdfast.verticals.flights.times import epoch_minutes, instant

_TOGETHER = 60
"""Ways of each part that are put together there and back, of each airline's account: as many as the product takes."""
_START, _GOAL = airport.alias("start"), airport.alias("goal")
_ZONE = statement(select(airport.c.zone).where(airport.c.iata == bindparam("iata", type_=Text(3))))


def _sold(one: Any) -> list[ColumnElement[bool]]:
    return [~one.c.canceled, one.c.closes >= bindparam("now", type_=Whole())]


def _through(stops: int) -> Select[Any]:
    """Return the ways with so many stops: all flights of one airline's account, with time to change planes."""
    legs = [leg.alias(f"leg{place}") for place in range(stops + 1)]
    first, last = legs[0], legs[-1]
    joined = first.join(_START, _START.c.airport_id == first.c.origin_id)
    for place, (before, after) in enumerate(pairwise(legs)):
        at = airport.alias(f"change{place}")
        joined = joined.join(at, at.c.airport_id == before.c.destination_id).join(
            after,
            (after.c.origin_id == before.c.destination_id)
            & (after.c.owner_id == before.c.owner_id)
            & (after.c.departs >= before.c.arrives + at.c.min_connection_minutes)
            & (after.c.departs <= before.c.arrives + CONNECTION_MINUTES_MAX),
        )
    joined = joined.join(_GOAL, _GOAL.c.airport_id == last.c.destination_id)
    minutes = last.c.arrives - first.c.departs
    columns: list[Any] = []
    for place in range(STOPS_MAX + 1):
        there = place <= stops
        columns += [
            (legs[place].c.flight_id if there else literal(0, Whole())).label(f"id{place}"),
            (legs[place].c.sold_as if there else literal(0, Whole())).label(f"sold_as{place}"),
            (legs[place].c.rooms if there else literal("", leg.c.rooms.type)).label(f"rooms{place}"),
        ]
    return (
        select(first.c.owner_id.label("owner_id"), minutes.label("minutes"), *columns)
        .select_from(joined)
        .where(
            _START.c.iata == bindparam("origin", type_=Text(3)),
            _GOAL.c.iata == bindparam("destination", type_=Text(3)),
            first.c.departs >= bindparam("first", type_=Whole()),
            first.c.departs < bindparam("end", type_=Whole()),
            minutes <= SLICE_MINUTES_MAX,
            *(rule for each in legs for rule in _sold(each)),
        )
    )


def _up_to(max_stops: int) -> Statement:
    parts = [_through(stops) for stops in range(max_stops + 1)]
    return statement(parts[0] if len(parts) == 1 else union_all(*parts))


_WAYS = [_up_to(max_stops) for max_stops in range(STOPS_MAX + 1)]


@dataclass(frozen=True, slots=True)
class Known:
    """What the product keeps in memory of fares and prices; the naive way is given the same."""

    sold_as: SoldAsKept
    prices: Prices = field(default_factory=Prices)


@dataclass(frozen=True, slots=True)
class Way:
    """A way through one or all parts of a journey, with what it costs by brand."""

    ids: tuple[int, ...]
    minutes: int
    totals: Mapping[str, int]

    @property
    def rank(self) -> tuple[int, int, tuple[int, ...]]:
        """The place in the order: the cheapest first."""
        return min(self.totals.values()), self.minutes, self.ids


async def find(tx: Tx, search: FlightSearch, *, known: Known, now: datetime) -> tuple[int, list[Way]]:
    """Return how many journeys there are, and the cheapest; what flights cost, the product's own rules say.

    Slices lie so far apart that whoever flies back has arrived.
    """
    slices = [await _slice(tx, wanted, search.max_stops, now) for wanted in search.slices]
    numbers = {getattr(row, f"sold_as{place}") for row in chain(*slices) for place in _places(row)}
    fares = Fares(search, await known.sold_as.find_in(tx, numbers), known.prices)
    by_owner = [_priced(rows, fares) for rows in slices]
    found = sorted(_journeys(by_owner), key=lambda way: way.rank)
    page = found[: search.limit]
    await flight_searching.faces(tx, ids=[each for way in page for each in way.ids])
    return len(found), page


async def _slice(tx: Tx, wanted: SliceWanted, max_stops: int, now: datetime) -> list[Any]:
    zone = (await tx.all(_ZONE(iata=wanted.origin)))[0].zone
    midnights = [datetime.combine(wanted.day + timedelta(days=days), time()) for days in (0, 1)]
    first, end = (epoch_minutes(instant(each, zone)) for each in midnights)
    ends = {"origin": wanted.origin, "destination": wanted.destination}
    return await tx.all(_WAYS[max_stops](**ends, first=first, end=end, now=epoch_minutes(now)))


def _places(row: Any) -> list[int]:
    return [place for place in range(STOPS_MAX + 1) if getattr(row, f"id{place}")]


def _priced(rows: Sequence[Any], fares: Fares) -> dict[int, list[Way]]:
    """Return the ways that have a fare, by the account that sells them."""
    found: dict[int, list[Way]] = defaultdict(list)
    for row in rows:
        places = _places(row)
        totals = _sum([fares.totals(getattr(row, f"sold_as{n}"), getattr(row, f"rooms{n}")) for n in places])
        if totals:
            found[row.owner_id].append(Way(tuple(getattr(row, f"id{n}") for n in places), row.minutes, totals))
    return found


def _sum(parts: Sequence[Mapping[str, int]]) -> Mapping[str, int]:
    return {brand: sum(each[brand] for each in parts) for brand in parts[0] if all(brand in each for each in parts)}


def _journeys(by_owner: Sequence[Mapping[int, list[Way]]]) -> Iterator[Way]:
    if len(by_owner) == 1:
        yield from chain(*by_owner[0].values())
        return
    for owner in set.intersection(*map(set, by_owner)):
        best = [sorted(ways[owner], key=lambda way: way.rank)[:_TOGETHER] for ways in by_owner]
        for ways in product(*best):
            totals = _sum([way.totals for way in ways])
            if totals:
                yield Way(tuple(chain(*(way.ids for way in ways))), sum(way.minutes for way in ways), totals)
