"""Slots: the quarters of an hour of a restaurant's wall clock, and which of them parties may arrive at.

A slot counts quarters since 1970-01-01 by the wall clock, 96 for every day whatever the clocks do. A wall time that a
clock change skips has a slot, but nobody arrives at it; one that comes twice has one slot and means the first time
(`fold=0` of PEP 495). How long a party stays is real time: its slots are all that begin before it leaves, so that two
parties whose slots do not meet do not meet at the table either, also in the night of a clock change.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from holdfast.verticals.dining.terms import SLOT_MINUTES, SLOTS_A_DAY, DiningTerms, Service

QUARTERS: Final = tuple(time(*divmod(minute, 60)) for minute in range(0, 24 * 60, SLOT_MINUTES))
"""The wall times of a day at which slots begin."""

_EPOCH: Final = date(1970, 1, 1).toordinal()
_YEARS: Final = range(2, 9999)
"""The years whose days have instants: next to the ends of the calendar there is no room for the offset of a zone."""
_LEAVING_MAX: Final = 2 * SLOTS_A_DAY
"""How many slots later than by the wall clock a party may leave: more than any clock change makes."""
_DAYS_KEPT: Final = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A time of a day at which parties are seated."""

    service: Service
    at: time
    slot: int
    instant: datetime
    """UTC."""


def slot_of(day: date, at: time) -> int:
    """Return the slot in which a wall time lies."""
    return (day.toordinal() - _EPOCH) * SLOTS_A_DAY + quarter_of(at)


def wall_of(slot: int) -> tuple[date, time]:
    """Return the day and the wall time at which a slot begins."""
    days, quarter = divmod(slot, SLOTS_A_DAY)
    return date.fromordinal(days + _EPOCH), QUARTERS[quarter]


def quarter_of(at: time) -> int:
    """Return which quarter of its day a wall time lies in, from 0."""
    return (at.hour * 60 + at.minute) // SLOT_MINUTES


def is_quarter(at: time) -> bool:
    """Return whether a slot begins at this wall time."""
    return at == QUARTERS[quarter_of(at)]


def services_on(terms: DiningTerms, day: date) -> tuple[Service, ...]:
    """Return the services of a day, none if it is closed; a special day replaces its weekday."""
    for special in terms.special_days:
        if special.day == day:
            return tuple(service for service in terms.services if service.code in special.services)
    weekday = day.weekday()
    return tuple(service for service in terms.services if weekday in service.weekdays)


def minutes_for(terms: DiningTerms, party_size: int, asked: int | None) -> int:
    """Return how long a party keeps its table: as it asked, or its turn time."""
    if asked is not None:
        return asked
    for turn in terms.turn_times:
        if party_size <= turn.party_max:
            return turn.minutes
    return terms.turn_times[-1].minutes


def arrivals(terms: DiningTerms, day: date) -> tuple[Arrival, ...]:
    """Return the times of a day at which parties are seated, in order; the clock and stock are not looked at."""
    instants = _instants(terms.zone, day)
    found = [
        Arrival(service=service, at=QUARTERS[quarter], slot=slot_of(day, QUARTERS[quarter]), instant=instant)
        for service in services_on(terms, day)
        for quarter in range(quarter_of(service.first_seating), quarter_of(service.last_seating) + 1)
        if (instant := instants[quarter]) is not None
    ]
    found.sort(key=lambda arrival: arrival.slot)
    return tuple(found)


def arrival_at(terms: DiningTerms, day: date, at: time) -> Arrival | None:
    """Return the arrival at this time, None if nobody is seated then."""
    instant = _instants(terms.zone, day)[quarter_of(at)]
    if instant is None or not is_quarter(at):
        return None
    for service in services_on(terms, day):
        if service.first_seating <= at <= service.last_seating:
            return Arrival(service=service, at=at, slot=slot_of(day, at), instant=instant)
    return None


def instant_of(zone: str, slot: int) -> datetime | None:
    """Return when a slot begins, in UTC; None if the clocks skip it."""
    days, quarter = divmod(slot, SLOTS_A_DAY)
    return _instants(zone, date.fromordinal(days + _EPOCH))[quarter]


def end_of(zone: str, slot: int, minutes: int) -> int:
    """Return the first slot that begins when a party that arrived at `slot` has left.

    Raises:
        ValueError: Nobody arrives at this slot: the clocks skip it.
    """
    arrives = instant_of(zone, slot)
    if arrives is None:
        raise ValueError(f"the clocks of {zone} skip slot {slot}")
    leaves = arrives + timedelta(minutes=minutes)
    by_the_wall = slot - (-minutes // SLOT_MINUTES)
    if instant_of(zone, by_the_wall) == leaves:
        return by_the_wall
    end = slot + 1
    while end < by_the_wall + _LEAVING_MAX:
        begins = instant_of(zone, end)
        if begins is not None and begins >= leaves:
            break
        end += 1
    return end


def stock_window(terms: DiningTerms, day: date, *, minutes: int = 0) -> tuple[int, int]:
    """Return the slots, half-open, whose cells decide about a day: those of everybody who may arrive on it.

    Args:
        terms: Of the restaurant.
        day: The day of arrival.
        minutes: The longest stay that is looked at, where it is longer than the terms have.
    """
    found = arrivals(terms, day)
    if not found:
        first = slot_of(day, QUARTERS[0])
        return first, first
    longest = max(minutes, terms.minutes_max, *(turn.minutes for turn in terms.turn_times))
    return found[0].slot, end_of(terms.zone, found[-1].slot, longest)


@lru_cache(maxsize=_DAYS_KEPT)
def _instants(zone: str, day: date) -> tuple[datetime | None, ...]:
    """Return when each quarter of a day begins."""
    if day.year not in _YEARS:
        return (None,) * SLOTS_A_DAY
    where = ZoneInfo(zone)
    found: list[datetime | None] = []
    for at in QUARTERS:
        # Through UTC and back: what comes back as another wall time does not exist.
        instant = datetime.combine(day, at, where).astimezone(UTC)
        exists = instant.astimezone(where).replace(tzinfo=None) == datetime.combine(day, at)
        found.append(instant if exists else None)
    return tuple(found)
