"""Asking: the rules about day and time, which depend on the moment somebody asks."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import Any, Final
from zoneinfo import ZoneInfo

from holdfast.verticals.dining.slots import Arrival, arrival_at, arrivals, instant_of, is_quarter, services_on, slot_of
from holdfast.verticals.dining.terms import SLOT_MINUTES, DiningTerms
from holdfast.verticals.reasons import Reason
from holdfast.verticals.wording import counted

NEAR_DAYS: Final = 14
"""How many days around a request are looked at for another."""


class Asking:
    """The rules about day and time, as they are at the moment somebody asks."""

    def __init__(self, terms: DiningTerms, *, now: datetime, online: bool) -> None:
        self._terms = terms
        self._zone = ZoneInfo(terms.zone)
        self._now = now.astimezone(UTC)
        self._today = now.astimezone(self._zone).date().toordinal()
        self._horizon = self._today + terms.booking_window_days
        # A guest cannot come at a time that is over; staff seat somebody now, at the slot that is running.
        running = timedelta(0) if online else timedelta(minutes=SLOT_MINUTES, microseconds=-1)
        self._present = self._now - running
        self._earliest = self._now + timedelta(minutes=terms.notice_minutes) if online else self._present

    def allows(self, arrival: Arrival, day: date) -> bool:
        """Return whether an arrival of a day is neither past, nor too soon, nor too far ahead."""
        return arrival.instant >= self._earliest and day.toordinal() <= self._horizon

    def allowed(self, day: date) -> list[Arrival]:
        """Return the arrivals of a day that it allows."""
        return [arrival for arrival in arrivals(self._terms, day) if self.allows(arrival, day)]

    def may_be(self, ordinal: int) -> bool:
        """Return whether a day, as an ordinal, is one that may be booked: from today to the horizon."""
        return self._today <= ordinal <= self._horizon

    def against(self, day: date, at: time) -> list[Reason]:
        """Return what stands against a day and time."""
        return [*self._against_time(day, at), *self._against_moment(day, at)]

    def _against_time(self, day: date, at: time) -> Iterator[Reason]:
        if not services_on(self._terms, day):
            yield self._closed(day)
        elif not is_quarter(at):
            detail = f"Parties are seated on the quarter of an hour, not at {wall(at)}."
            yield Reason("not_a_slot", detail, "time", {"time": wall(at)}, self._nearest_time(day, at))
        elif instant_of(self._terms.zone, slot_of(day, at)) is None:
            detail = f"The clocks skip {wall(at)} on {day}."
            yield Reason("time_does_not_exist", detail, "time", {"time": wall(at)}, self._nearest_time(day, at))
        elif arrival_at(self._terms, day, at) is None:
            yield self._no_service(day, at)

    def _closed(self, day: date) -> Reason:
        note = next((special.note for special in self._terms.special_days if special.day == day), "")
        detail = f"The restaurant is closed on {day}{f': {note}' if note else '.'}"
        values = {"date": day.isoformat(), "note": note} if note else {"date": day.isoformat()}
        change = None
        for ordinal in near_days(day):
            if self._has_allowed(ordinal):
                change = {"date": date.fromordinal(ordinal).isoformat()}
                break
        return Reason("closed_that_day", detail, "date", values, change)

    def _no_service(self, day: date, at: time) -> Reason:
        seatings_then = [
            {"service": service.code, "first": wall(service.first_seating), "last": wall(service.last_seating)}
            for service in sorted(services_on(self._terms, day), key=lambda service: service.first_seating)
        ]
        hours = " and ".join(f"from {each['first']} to {each['last']}" for each in seatings_then)
        return Reason(
            "no_service_then",
            f"Nobody is seated at {wall(at)}: seatings are {hours}.",
            "time",
            {"time": wall(at), "seatings": seatings_then},
            self._nearest_time(day, at),
        )

    def _nearest_time(self, day: date, at: time) -> dict[str, str] | None:
        allowed = self.allowed(day)
        return {"time": wall(nearest_first(allowed, at)[0].at)} if allowed else None

    def _against_moment(self, day: date, at: time) -> Iterator[Reason]:
        ahead = day.toordinal() - self._today
        if ahead > self._terms.booking_window_days:
            yield self._beyond(day)
            return
        # Only near today: at the ends of the calendar no zone can be reckoned with.
        arrives = datetime.combine(day, at, self._zone).astimezone(UTC) if ahead >= 0 else None
        if arrives is None or arrives < self._present:
            detail = f"{wall(at)} on {day} lies in the past."
            yield self._too_soon("past_time", detail, {"date": day.isoformat(), "time": wall(at)}, day)
        elif arrives < self._earliest:
            minutes = self._terms.notice_minutes
            detail = f"This restaurant needs {counted(minutes, 'minute')} of notice before arrival."
            values = {"notice_minutes": minutes, "minutes_ahead": (arrives - self._now) // timedelta(minutes=1)}
            yield self._too_soon("notice", detail, values, day)

    def _too_soon(self, rule: str, detail: str, values: Mapping[str, Any], day: date) -> Reason:
        first = self._first_allowed
        change = None
        if first is not None:
            first_day, arrival = first
            change = {"time": wall(arrival.at)}
            if first_day != day:
                change = {"date": first_day.isoformat(), **change}
        return Reason(rule, detail, "time" if first is not None and first[0] == day else "date", values, change)

    def _beyond(self, day: date) -> Reason:
        days = self._terms.booking_window_days
        change = None
        for ordinal in range(self._horizon, self._horizon - NEAR_DAYS, -1):
            if self._has_allowed(ordinal):
                change = {"date": date.fromordinal(ordinal).isoformat()}
                break
        detail = f"A table can be booked at most {counted(days, 'day')} ahead."
        values = {"days_ahead": day.toordinal() - self._today, "booking_window_days": days}
        return Reason("beyond_horizon", detail, "date", values, change)

    @cached_property
    def _first_allowed(self) -> tuple[date, Arrival] | None:
        """The first arrival there is from now on, within `NEAR_DAYS` of the first day that may be."""
        first = self._earliest.astimezone(self._zone).date().toordinal()
        for ordinal in range(first, min(first + NEAR_DAYS, self._horizon) + 1):
            day = date.fromordinal(ordinal)
            allowed = self.allowed(day)
            if allowed:
                return day, allowed[0]
        return None

    def _has_allowed(self, ordinal: int) -> bool:
        return self.may_be(ordinal) and bool(self.allowed(date.fromordinal(ordinal)))


def near_days(day: date) -> Iterator[int]:
    """Yield the days around a day as ordinals, the nearest first, of two as near the later."""
    middle = day.toordinal()
    for distance in range(1, NEAR_DAYS + 1):
        yield middle + distance
        yield middle - distance


def nearest_first(found: Iterable[Arrival], at: time) -> list[Arrival]:
    """Return arrivals of one day by their distance from a time on the wall clock, of two as near the later first."""
    middle = _second(at)
    return sorted(found, key=lambda arrival: (abs(_second(arrival.at) - middle), -arrival.slot))


def wall(at: time) -> str:
    """Return a wall time as a person and a request write it: `19:15`."""
    return at.isoformat("minutes") if not (at.second or at.microsecond) else at.isoformat()


def _second(at: time) -> int:
    return (at.hour * 60 + at.minute) * 60 + at.second
