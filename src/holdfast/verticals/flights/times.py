"""Times of flights: wall times of two zones, real minutes between them, and plausible ones for a schedule.

A wall time that a clock change skips is read with the offset before the change, and of one that comes twice the first
counts (`fold=0` of PEP 495). Whatever is compared or subtracted goes through UTC: two wall times of one zone compare
by what the clocks show, which is wrong across a change.
"""

import math
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from holdfast.verticals.flights.terms import LegTerms

_MINUTE: Final = timedelta(minutes=1)
_DAY: Final = timedelta(days=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

_EARTH_KM: Final = 6371.0
_GROUND_MINUTES: Final = 45
"""Taxiing, climbing and landing: what a flight takes besides its distance."""
_KM_PER_MINUTE: Final = 14
_BLOCK_STEP: Final = 5


def instant(local: datetime, zone: str) -> datetime:
    """Return the instant of a wall time, in UTC.

    Raises:
        ValueError: The wall time has a zone of its own.
    """
    if local.tzinfo is not None:
        raise ValueError("a wall time has no zone of its own")
    return local.replace(tzinfo=ZoneInfo(zone), fold=0).astimezone(UTC)


def epoch_minutes(moment: datetime) -> int:
    """Return the whole minutes since 1970-01-01 UTC; `moment` is aware, in any zone."""
    return (moment - _EPOCH) // _MINUTE


def departs_at(leg: LegTerms) -> datetime:
    """Return the instant at which a leg departs, in UTC."""
    return instant(leg.departs, leg.origin.zone)


def arrives_at(leg: LegTerms) -> datetime:
    """Return the instant at which a leg arrives, in UTC."""
    return instant(leg.arrives, leg.destination.zone)


def minutes(leg: LegTerms) -> int:
    """Return how long a leg takes, from gate to gate."""
    return (arrives_at(leg) - departs_at(leg)) // _MINUTE


def day_offset(leg: LegTerms) -> int:
    """Return how many dates the arrival is after the departure, each by its own clock: 1, or -1 over the date line."""
    return leg.arrives.toordinal() - leg.departs.toordinal()


def total_minutes(legs: Sequence[LegTerms]) -> int:
    """Return the minutes from the first departure to the last arrival, with all the waiting between."""
    return (arrives_at(legs[-1]) - departs_at(legs[0])) // _MINUTE


def midnights(zone: str, first: date, days: int) -> tuple[int, ...]:
    """Return when each of so many dates begins, in epoch minutes: what `itineraries` asks of an airport."""
    return tuple(epoch_minutes(instant(datetime.combine(first + n * _DAY, time()), zone)) for n in range(days))


def great_circle_km(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> float:
    """Return the shortest way between two places given in degrees, on a round Earth."""
    phi, other_phi = math.radians(latitude), math.radians(other_latitude)
    half_lambda = math.radians(other_longitude - longitude) / 2
    part = math.sin((other_phi - phi) / 2) ** 2 + math.cos(phi) * math.cos(other_phi) * math.sin(half_lambda) ** 2
    # Rounding may leave a little more than 1 between antipodes.
    return 2 * _EARTH_KM * math.asin(math.sqrt(min(1.0, part)))


def block_minutes(km: float) -> int:
    """Return how long a jet is plausibly under way from gate to gate, in steps of five minutes."""
    return math.ceil((_GROUND_MINUTES + km / _KM_PER_MINUTE) / _BLOCK_STEP) * _BLOCK_STEP


def local_arrival(departs_local: datetime, origin_zone: str, minutes: int, destination_zone: str) -> datetime:
    """Return the wall time of an arrival so many minutes after a departure.

    `instant` reads it back as that arrival. One that falls into the second pass of an hour that comes twice cannot be
    told by wall time; it is put at the end of that hour, so that no flight gets shorter than it is.
    """
    arrival = instant(departs_local, origin_zone) + minutes * _MINUTE
    local = arrival.astimezone(ZoneInfo(destination_zone)).replace(tzinfo=None, fold=0)
    while instant(local, destination_zone) < arrival:
        local += _MINUTE
    return local
