"""When parties can come, as bits: bit n is the n-th quarter of an hour from midnight of the wall clock.

What is kept of a day says nothing of the moment somebody asks: it holds for whoever asks at the earliest moment from
which the day can be booked. Asking later only takes the first quarters away, and a search knows how many.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from holdfast.engine.claims import Cell
from holdfast.search.dining_api import AROUND_MINUTES
from holdfast.verticals.dining.offering import free_starts
from holdfast.verticals.dining.seating import party_sizes
from holdfast.verticals.dining.slots import QUARTERS, instant_of, services_on, slot_of, stock_window, wall_of
from holdfast.verticals.dining.terms import PARTY_MAX, SLOT_MINUTES, SLOTS_A_DAY, DiningTerms, Service

DIGITS: Final = SLOTS_A_DAY // 4
"""Hexadecimal digits of the starts of one size of party."""
STARTS_MAX: Final = DIGITS * PARTY_MAX
WEEKDAYS: Final = 7

_MONDAY: Final = date(2024, 1, 1)
_DAILY: Final = tuple(range(WEEKDAYS))
_DAYS_BEFORE: Final = 2
"""A party that holds a slot of a day may have arrived so many days earlier at most: a stay has a day at most."""


def sizes_text(terms: DiningTerms) -> str:
    """Return for each size of party, from one on, whether guests can book it: 1 or 0."""
    most = min(terms.party_max, PARTY_MAX)
    seated = party_sizes(terms, online=True)
    return "".join("1" if size in seated else "0" for size in range(1, most + 1))


class Starts:
    """When parties can come to one restaurant.

    What an empty room offers follows from the services of a day alone, so it is reckoned once for each set of them.
    """

    def __init__(self, terms: DiningTerms) -> None:
        self._terms = terms
        self._sizes = range(1, min(terms.party_max, PARTY_MAX) + 1)
        self._empty: dict[tuple[str, ...], str] = {}

    def week(self) -> tuple[str, ...]:
        """Return the starts of each weekday, Monday's first, when nothing is taken and the clocks stand still."""
        ordinary = replace(self._terms, special_days=())
        return tuple(
            self._nothing_taken(services_on(ordinary, _MONDAY + timedelta(days=each))) for each in range(WEEKDAYS)
        )

    def of_day(self, day: date, cells: Mapping[tuple[str, int], Cell]) -> str:
        """Return the starts of a day: `DIGITS` hexadecimal digits for every size of party, from one on.

        Args:
            day: The day of arrival.
            cells: Those of `slots.stock_window` for it at least.
        """
        first, end = stock_window(self._terms, day)
        if not any(first <= slot < end for _, slot in cells):
            # Times that the clocks skip on this day are left out when somebody asks.
            return self._nothing_taken(services_on(self._terms, day))
        earliest = datetime.combine(
            day - timedelta(days=self._terms.booking_window_days), time(), ZoneInfo(self._terms.zone)
        )
        return self._text(self._terms, day, cells, earliest.astimezone(UTC))

    def _nothing_taken(self, services: Sequence[Service]) -> str:
        codes = tuple(service.code for service in services)
        found = self._empty.get(codes)
        if found is None:
            daily = tuple(replace(service, weekdays=_DAILY) for service in services)
            alone = replace(self._terms, zone="UTC", services=daily, special_days=())
            earliest = datetime.combine(_MONDAY - timedelta(days=alone.booking_window_days), time(), UTC)
            found = self._empty[codes] = self._text(alone, _MONDAY, {}, earliest)
        return found

    def _text(self, terms: DiningTerms, day: date, cells: Mapping[tuple[str, int], Cell], earliest: datetime) -> str:
        found = free_starts(terms, day, self._sizes, cells, now=earliest)
        return "".join(f"{found[size]:0{DIGITS}x}" for size in self._sizes)


def days_touched(terms: DiningTerms, first_slot: int, end_slot: int) -> set[date]:
    """Return the days whose starts may be others when stock moves on slots in [first_slot, end_slot)."""
    first, last = wall_of(first_slot)[0], wall_of(end_slot - 1)[0]
    ordinals = range(first.toordinal() - _DAYS_BEFORE, last.toordinal() + 1)
    return {
        day for each in ordinals if _meets(stock_window(terms, day := date.fromordinal(each)), first_slot, end_slot)
    }


def _meets(window: tuple[int, int], first_slot: int, end_slot: int) -> bool:
    return window[0] < end_slot and first_slot < window[1]


def open_quarters(zone: str, day: date, earliest: datetime) -> int:
    """Return the quarters of a day that exist and begin no earlier than an instant."""
    midnight = slot_of(day, QUARTERS[0])
    found = 0
    for quarter in range(SLOTS_A_DAY):
        instant = instant_of(zone, midnight + quarter)
        if instant is not None and instant >= earliest:
            found |= 1 << quarter
    return found


def around(at: time) -> int:
    """Return the quarters within `AROUND_MINUTES` of a wall time, on its day."""
    minute = at.hour * 60 + at.minute
    return sum(1 << each for each in range(SLOTS_A_DAY) if abs(each * SLOT_MINUTES - minute) <= AROUND_MINUTES)


def first_of(starts: int) -> int:
    """Return the first quarter of some."""
    return (starts & -starts).bit_length() - 1


def times_of(starts: int, at: time | None, most: int) -> tuple[time, ...]:
    """Return wall times in order: those nearest to `at`, of two as near the earlier, or else the first ones."""
    quarters = [each for each in range(SLOTS_A_DAY) if starts >> each & 1]
    if at is not None:
        minute = at.hour * 60 + at.minute
        quarters.sort(key=lambda each: (abs(each * SLOT_MINUTES - minute), each))
    return tuple(QUARTERS[each] for each in sorted(quarters[:most]))
