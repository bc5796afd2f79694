"""What may be said of schedules, when their flights depart, and what becomes of those when they change. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from holdfast.catalog.airline_api import ScheduleDraft
from holdfast.catalog.rules.checks import whole
from holdfast.catalog.rules.flights import (
    FLIGHT_MINUTES_MAX,
    FLIGHT_MINUTES_MIN,
    Ends,
    day_errors,
    fares_errors,
    is_clock_face,
    number_errors,
    reference_errors,
    shown_at,
)
from holdfast.kit.errors import FieldError

SCHEDULE_DAYS_MAX: Final = 366


@dataclass(frozen=True, slots=True)
class Dated:
    """A dated flight of a schedule."""

    id: int
    day: date
    free: bool
    """Whether the schedule may change it: it was neither offered nor canceled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What becomes of the flights of a schedule."""

    make: tuple[datetime, ...]
    """Local departures without a flight."""
    change: tuple[tuple[time, tuple[int, ...]], ...]
    """Flights that stay on their dates, by their local time of departure."""
    remove: tuple[int, ...]
    keep: int
    """How many stay as they are."""


def schedule_errors(draft: ScheduleDraft, ends: Ends) -> list[FieldError]:
    """Return every wrong field of a schedule."""
    errors = [*number_errors(draft), *reference_errors(ends), *fares_errors(draft.fares, ends.airplane)]
    errors += whole("/duration_minutes", draft.minutes, FLIGHT_MINUTES_MIN, FLIGHT_MINUTES_MAX)
    if not is_clock_face(draft.departs):
        errors.append(_error("/departs", "malformed", "A time of day has hours and minutes only."))
    errors += _weekdays(draft.weekdays)
    days = [*day_errors("/first", draft.first), *day_errors("/last", draft.last)]
    if draft.last < draft.first:
        days.append(_error("/last", "empty_or_negative_range", "The last date is before the first."))
    elif (draft.last - draft.first).days >= SCHEDULE_DAYS_MAX:
        days.append(_error("/last", "range_too_long", f"A schedule spans at most {SCHEDULE_DAYS_MAX} days."))
    elif not errors and not list(departures(draft, "UTC")):
        days.append(_error("/weekdays", "no_dates", "None of these weekdays lies between the first and last date."))
    return errors + days


def departures(draft: ScheduleDraft, zone: str) -> Iterator[datetime]:
    """Yield the local times at which the flights of a schedule depart, in order.

    Where the clock skips the time it is read with the offset before: 2:30 in a gap of an hour is 3:30. A date that
    does not exist in a zone has no flight.
    """
    for number in range((draft.last - draft.first).days + 1):
        day = draft.first + timedelta(days=number)
        if day.weekday() in draft.weekdays:
            local = shown_at(datetime.combine(day, draft.departs), zone)
            if local.date() == day:
                yield local


def plan(standing: Sequence[Dated], departs: Sequence[datetime]) -> Plan:
    """Return what becomes of flights whose schedule departs at these local times from now on."""
    by_day = {each.day: each for each in standing}
    wanted = {each.date() for each in departs}
    change: dict[time, list[int]] = {}
    for each in departs:
        found = by_day.get(each.date())
        if found is not None and found.free:
            change.setdefault(each.time(), []).append(found.id)
    return Plan(
        make=tuple(each for each in departs if each.date() not in by_day),
        change=tuple((at, tuple(ids)) for at, ids in change.items()),
        remove=tuple(each.id for each in standing if each.free and each.day not in wanted),
        keep=sum(not each.free for each in standing),
    )


def bits_of(weekdays: Sequence[int]) -> int:
    """Return weekdays as bits, Monday's the lowest."""
    return sum(1 << weekday for weekday in weekdays)


def weekdays_of(bits: int) -> tuple[int, ...]:
    """Return the weekdays of bits."""
    return tuple(weekday for weekday in range(7) if bits >> weekday & 1)


def _weekdays(weekdays: Sequence[int]) -> Iterator[FieldError]:
    if not weekdays:
        yield _error("/weekdays", "too_short", "Name at least one day of the week.")
    for place, weekday in enumerate(weekdays):
        yield from whole(f"/weekdays/{place}", weekday, 0, 6)
        if weekday in weekdays[:place]:
            yield _error(f"/weekdays/{place}", "duplicate", "This day is named twice.")


def _error(pointer: str, code: str, detail: str) -> FieldError:
    return FieldError(pointer=pointer, code=code, detail=detail)
