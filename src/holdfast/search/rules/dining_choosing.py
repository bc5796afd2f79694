"""Choosing among restaurants that meet the filters: what is free on asking, in which order, how many of what."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from holdfast.search.dining_api import DiningSearch, DiningSort
from holdfast.search.rules.dining_checks import DiningPosition
from holdfast.search.rules.dining_starts import around, first_of, open_quarters
from holdfast.search.rules.globe import distance_km

NEIGHBOURHOODS_MOST: Final = 50
"""Facets name this many neighbourhoods, those with most restaurants."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A restaurant that is found."""

    rank: tuple[float | int, int, int]
    """Key, standing and id: its place in the order."""
    starts: int
    """When the party can come, of the times that are offered."""
    distance_km: float | None
    row: Any
    """What was read of it."""

    @property
    def restaurant_id(self) -> int:
        """Which restaurant it is."""
        return self.rank[2]


def choose(rows: Iterable[Any], search: DiningSearch, *, now: datetime) -> list[Chosen]:
    """Return the restaurants that are found, in order."""
    free = _Free(search, now)
    found = []
    for row in rows:
        starts = free.starts(row)
        if search.day is not None and not starts:
            continue
        away = _away(row, search)
        if away is not None and search.circle is not None and away > search.circle.radius_km:
            continue
        rank = (_key(row, search.sort, starts, away), row.standing, row.restaurant_id)
        found.append(Chosen(rank, starts, away, row))
    found.sort(key=lambda each: each.rank)
    return found


def page_of(found: Sequence[Chosen], after: DiningPosition | None, limit: int) -> tuple[list[Chosen], bool]:
    """Return those that come after a position, and whether there are more."""
    left = found if after is None else [each for each in found if each.rank > after[:3]]
    return list(left[:limit]), len(left) > limit


def facets_of(found: Iterable[Chosen]) -> dict[str, dict[str, int]]:
    """Count by cuisine, neighbourhood and price level."""
    cuisines: Counter[str] = Counter()
    neighbourhoods: Counter[str] = Counter()
    levels: Counter[str] = Counter()
    for each in found:
        cuisines.update(cuisines_of(each.row.cuisines))
        neighbourhoods[each.row.neighbourhood] += 1
        levels[str(each.row.price_level)] += 1
    return {
        "cuisine": ordered(cuisines),
        "neighbourhood": dict(list(ordered(neighbourhoods).items())[:NEIGHBOURHOODS_MOST]),
        "price_level": ordered(levels),
    }


def ordered(counts: Mapping[str, int]) -> dict[str, int]:
    """Return counts with a name, largest first."""
    return {name: many for name, many in sorted(counts.items(), key=lambda each: (-each[1], each[0])) if many and name}


def cuisines_of(kept: str) -> tuple[str, ...]:
    """Return the cuisines of a list as it is kept."""
    return tuple(each for each in kept.split(",") if each)


class _Free:
    """What the moment of asking and the time that is asked for leave of starts."""

    def __init__(self, search: DiningSearch, now: datetime) -> None:
        self._day = search.day
        self._now = now.astimezone(UTC)
        self._wanted = -1 if search.at is None else around(search.at)
        self._todays: dict[str, date] = {}
        self._open: dict[tuple[str, int], int] = {}

    def starts(self, row: Any) -> int:
        """Return when the party can come, 0 without a day."""
        if self._day is None or not row.starts:
            return 0
        starts = int(row.starts, 16) & self._wanted
        if not starts or (self._day - self._today(row.zone)).days > row.window_days:
            return 0
        return starts & self._quarters(row.zone, row.notice_minutes)

    def _today(self, zone: str) -> date:
        found = self._todays.get(zone)
        if found is None:
            found = self._todays[zone] = self._now.astimezone(ZoneInfo(zone)).date()
        return found

    def _quarters(self, zone: str, notice_minutes: int) -> int:
        key = (zone, notice_minutes)
        found = self._open.get(key)
        if found is None and self._day is not None:
            found = open_quarters(zone, self._day, self._now + timedelta(minutes=notice_minutes))
            self._open[key] = found
        return found or 0


def _away(row: Any, search: DiningSearch) -> float | None:
    if search.circle is None:
        return None
    return distance_km((search.circle.latitude, search.circle.longitude), (row.latitude, row.longitude))


def _key(row: Any, sort: DiningSort, starts: int, away: float | None) -> float | int:
    match sort:
        case DiningSort.RECOMMENDED:
            return 0
        case DiningSort.RATING:
            return -float(row.rated)
        case DiningSort.DISTANCE:
            return away or 0.0
        case DiningSort.EARLIEST:
            return first_of(starts)
