"""Finding flights: one or two statements for each slice, and journeys put together of what they find."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from holdfast.kit.clock import Clock
from holdfast.kit.db.database import Database, Tx
from holdfast.kit.db.statements import Row
from holdfast.kit.errors import FieldError, Invalid
from holdfast.search.flights_api import (
    NEAR_DATES,
    SLICE_MINUTES_MAX,
    FlightHit,
    FlightPage,
    FlightSearch,
    NearDates,
    SliceWanted,
)
from holdfast.search.rules.fields import cursor_error
from holdfast.search.rules.flight_checks import (
    FlightPosition,
    flight_position,
    same_place,
    told_position,
    unknown_place,
    wrong_flight_fields,
)
from holdfast.search.rules.flight_showing import hit_of
from holdfast.search.rules.flight_ways import (
    CONNECTION_MINUTES_MAX,
    Fares,
    Journey,
    Prices,
    SliceFound,
    facets_of,
    journeys,
    nights_of,
)
from holdfast.search.service.sold_as import SoldAsKept
from holdfast.search.settings import SearchSettings
from holdfast.search.store import flight_searching as searching
from holdfast.search.store.flight_searching import After, Now
from holdfast.verticals.flights.terms import LegTerms
from holdfast.verticals.flights.times import epoch_minutes, instant

_FLIGHT_MINUTES_MAX: Final = 24 * 60
_DAY: Final = timedelta(days=1)
_MINUTE: Final = timedelta(minutes=1)
_INSTANT: Final = timedelta(microseconds=1)
_BOTH_WAYS: Final = 2

Ends = tuple[Mapping[int, str], Mapping[int, str]]
"""The airports of both ends of a slice, each with its zone."""


@dataclass(frozen=True, slots=True)
class _Found:
    """What a search has found, before any page is cut from it."""

    journeys: list[Journey]
    airports: Mapping[int, Row]
    sold_as: Mapping[int, LegTerms]


class Flights:
    """Answers `SearchApi.flights`; what that does is told there."""

    def __init__(self, *, db: Database, clock: Clock, settings: SearchSettings, sold_as: SoldAsKept) -> None:
        self._db = db
        self._clock = clock
        self._settings = settings
        self._sold_as = sold_as
        self._prices = Prices()

    async def find(
        self, *, search: FlightSearch, after: Sequence[float | int | str] | None = None, facets: bool = False
    ) -> FlightPage:
        """Find journeys that can be quoted now.

        Raises:
            Invalid: A field is wrong; every wrong field is named.
        """
        errors = wrong_flight_fields(search, today=self._clock.today("UTC"), horizon_days=self._horizon)
        position = None if after is None else flight_position(after)
        if after is not None and position is None:
            errors.append(cursor_error())
        if errors:
            raise Invalid(errors=errors)
        return await self._db.read(lambda tx: self._find(tx, search, position, facets=facets))

    @property
    def _horizon(self) -> int:
        return self._settings.horizon_nights

    async def _find(self, tx: Tx, search: FlightSearch, after: FlightPosition | None, *, facets: bool) -> FlightPage:
        ends = await _ends(tx, search.slices)
        found = await self._journeys(tx, search, ends)
        total = len(found.journeys) if after is None else after[1]
        left = found.journeys if after is None else [each for each in found.journeys if each.rank > after[0]]
        page, more = left[: search.limit], len(left) > search.limit
        near = () if found.journeys or after is not None else await self._near(tx, search, ends)
        return FlightPage(
            hits=await _hits(tx, page, search, found),
            total=total,
            next_position=told_position(page[-1].rank, total) if more else None,
            facets=facets_of(found.journeys) if facets else {},
            near_dates=near,
        )

    async def _journeys(self, tx: Tx, search: FlightSearch, ends: Sequence[Ends]) -> _Found:
        moment = self._clock.now()
        now = Now(now=epoch_minutes(moment + _MINUTE - _INSTANT), minute=epoch_minutes(moment))
        slices, airports = [], dict[int, Row]()
        for wanted, places in zip(search.slices, ends, strict=True):
            found = await _slice(tx, search, wanted, places, now, airports)
            slices.append(found)
            if not found.starts:
                return _Found([], airports, {})
        rows = [row for found in slices for row in (*found.starts, *found.others)]
        sold_as = await self._sold_as.find_in(tx, {row.sold_as for row in rows})
        await _add_airports(tx, airports, (end for row in rows for end in (row.origin_id, row.destination_id)))
        return _Found(journeys(search, slices, airports, Fares(search, sold_as, self._prices)), airports, sold_as)

    async def _near(self, tx: Tx, search: FlightSearch, ends: Sequence[Ends]) -> tuple[NearDates, ...]:
        """Return the days around on which there is something, of a journey one way or there and back."""
        if len(search.slices) > _BOTH_WAYS:
            return ()
        first = self._clock.today("UTC") - _DAY
        end = first + timedelta(days=self._horizon + 1)
        near = []
        for days in (each for each in range(-NEAR_DATES, NEAR_DATES + 1) if each):
            moved = tuple(replace(each, day=each.day + timedelta(days=days)) for each in search.slices)
            if not all(first <= each.day < end for each in moved):
                continue
            found = (await self._journeys(tx, replace(search, slices=moved), ends)).journeys
            if found:
                cheapest = min(found, key=lambda each: each.cheapest_minor)
                near.append(
                    NearDates(
                        days=tuple(each.day for each in moved),
                        total_minor=cheapest.cheapest_minor,
                        currency=cheapest.currency,
                    )
                )
        return tuple(near)


async def _ends(tx: Tx, slices: Sequence[SliceWanted]) -> list[Ends]:
    """Return the airports of every slice.

    Raises:
        Invalid: There is no such place, or both ends are one.
    """
    known: dict[str, dict[int, str]] = {}
    errors: list[FieldError] = []
    found: list[Ends] = []
    for place, each in enumerate(slices):
        for end, said in (("from", each.origin), ("to", each.destination)):
            if said not in known:
                known[said] = {row.airport_id: row.zone for row in await searching.named(tx, said=said)}
            if not known[said]:
                errors.append(unknown_place(place, end))
        origins, destinations = known[each.origin], known[each.destination]
        if origins and origins.keys() & destinations.keys():
            errors.append(same_place(place))
        found.append((origins, destinations))
    if errors:
        raise Invalid(errors=errors)
    return found


async def _slice(
    tx: Tx, search: FlightSearch, wanted: SliceWanted, ends: Ends, now: Now, airports: dict[int, Row]
) -> SliceFound:
    origins, destinations = ends
    windows = [(each, *_window(wanted.day, zone, search)) for each, zone in sorted(origins.items())]
    if search.max_stops:
        starts = await searching.starts(tx, windows=windows, now=now)
    else:
        starts = await searching.straight(tx, windows=windows, goals=destinations, now=now)
    others: list[Row] = []
    onward = [row for row in starts if row.destination_id not in destinations]
    if search.max_stops and onward:
        others = await _onward(tx, search, onward, destinations, now, airports)
    return SliceFound(
        origins=frozenset(origins),
        destinations=frozenset(destinations),
        starts=starts,
        others=[row for row in others if row.origin_id not in origins],
    )


async def _onward(
    tx: Tx, search: FlightSearch, came: Sequence[Row], goals: Iterable[int], now: Now, airports: dict[int, Row]
) -> list[Row]:
    """Return the flights that may come after others."""
    reached = {row.destination_id for row in came}
    await _add_airports(tx, airports, reached)
    first, wait = min(row.arrives for row in came), CONNECTION_MINUTES_MAX + 1
    if search.overnight:
        middle_end = max(row.arrives for row in came) + wait
    else:
        middle_end = max(_midnight(airports[row.destination_id].zone, row.arrives) for row in came)
    over = max(row.departs for row in came) + (search.max_minutes or SLICE_MINUTES_MAX)
    if search.max_stops == 1:
        after = After(reached=(), goals=goals, first=first, middle_end=0, last_end=min(middle_end, over))
        found = await searching.last_legs(tx, after=after, now=now)
        return [row for row in found if row.origin_id in reached]
    # A second flight takes a day at most, and nobody waits longer for the third.
    last_end = min(middle_end + _FLIGHT_MINUTES_MAX + wait, over)
    after = After(reached=reached, goals=goals, first=first, middle_end=min(middle_end, over), last_end=last_end)
    return await searching.middle_and_last_legs(tx, after=after, now=now)


def _window(day: date, zone: str, search: FlightSearch) -> tuple[int, int]:
    """Return when a departure of a day may be, in epoch minutes."""
    first = _wall(day, search.departs_from or time(), zone)
    if search.departs_until is not None:
        return first, _wall(day, search.departs_until, zone) + 1
    return first, _wall(day + _DAY, time(), zone)


def _wall(day: date, at: time, zone: str) -> int:
    return epoch_minutes(instant(datetime.combine(day, at), zone))


def _midnight(zone: str, arrives: int) -> int:
    """Return the midnight after an arrival."""
    return next(each for each in nights_of(zone, arrives) if each > arrives)


async def _add_airports(tx: Tx, known: dict[int, Row], ids: Iterable[int]) -> None:
    missing = set(ids) - known.keys()
    if missing:
        known |= await searching.airports(tx, ids=missing)


async def _hits(tx: Tx, page: Sequence[Journey], search: FlightSearch, found: _Found) -> tuple[FlightHit, ...]:
    ids = {hop.flight_id for each in page for hop in each.hops}
    faces: Mapping[int, Any] = await searching.faces(tx, ids=ids) if ids else {}
    return tuple(hit_of(each, search.cabin, faces, found.airports, found.sold_as) for each in page)
