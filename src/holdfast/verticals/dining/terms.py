"""What a restaurant offers, and what a guest asks it for."""

from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum
from typing import Final

from holdfast.verticals.cancellation import CancellationPolicy

SLOT_MINUTES: Final = 15
"""Length of a slot of local wall time."""
SLOTS_A_DAY: Final = 24 * 60 // SLOT_MINUTES
PARTY_MAX: Final = 100
"""The largest party there is, whatever a restaurant takes."""
TABLES_MAX: Final = 300
COMBINATIONS_MAX: Final = 300
COMBINED_MAX: Final = 8
"""Tables that may be put together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DiningTable:
    """One table of the room."""

    code: str
    """What staff call it: 1 to 20 letters, digits and hyphens, unique in the restaurant."""
    area: str
    """Where it stands, such as `terrace`; the areas of a restaurant are those of its tables."""
    seats_min: int
    """The smallest party it is given to."""
    seats_max: int
    online: bool = True
    """Whether guests may book it; else it is kept for staff and walk-ins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Combination:
    """Tables that can be put together for a party; what is not listed is never combined."""

    tables: tuple[str, ...]
    """Codes, at least two."""
    party_min: int
    party_max: int
    priority: int = 0
    """Of combinations that fit, the lowest goes first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """Hours in which parties are seated, such as lunch or dinner, and how many."""

    code: str
    """Such as `dinner`; pacing is counted for each service, and the code names it for good."""
    name: str
    weekdays: tuple[int, ...]
    """0 is Monday; none only for a service of special days."""
    first_seating: time
    """On a quarter of an hour."""
    last_seating: time
    """On a quarter of an hour; not before `first_seating`. Whoever is seated then may stay beyond midnight."""
    covers_per_slot: int | None = None
    """Pacing: guests who may arrive at one slot; None: as many as the tables take."""
    parties_per_slot: int | None = None
    """Pacing: parties that may arrive at one slot."""
    present_max: int | None = None
    """Guests who may be in the room at one time."""
    online_bp: int = 10_000
    """The part of each pacing limit that guests may take, in basis points, rounded down; staff may take all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecialDay:
    """A date that is not as its weekday is."""

    day: date
    services: tuple[str, ...]
    """Codes of the services there are; none: closed."""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnTime:
    """How long parties of up to `party_max` keep their table."""

    party_max: int
    minutes: int
    """A multiple of `SLOT_MINUTES`."""


class SecurityKind(StrEnum):
    """What a restaurant asks for so that a party comes."""

    DEPOSIT = "deposit"
    """A part that is paid now, and taken off the bill."""
    PREPAY = "prepay"
    """The whole, paid now."""
    GUARANTEE = "guarantee"
    """A card; charged only for canceling late or not coming."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Security:
    """What parties of `party_min` and more are asked for; of those reached, the one with the largest `party_min`."""

    party_min: int
    kind: SecurityKind
    per_cover_minor: int
    """For each guest: what is paid now, or the fee for canceling late or not coming."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DiningTerms:
    """Everything about a restaurant that decides whether a party is seated, where, and for what."""

    restaurant_id: int
    currency: str
    zone: str
    """IANA zone: all its dates and times are meant there."""
    tables: tuple[DiningTable, ...]
    combinations: tuple[Combination, ...]
    services: tuple[Service, ...]
    """No two of one day have a seating at the same time."""
    special_days: tuple[SpecialDay, ...]
    turn_times: tuple[TurnTime, ...]
    """Ascending; the last is for all larger parties too."""
    minutes_min: int
    """The shortest and the longest stay a guest may ask for, multiples of `SLOT_MINUTES`."""
    minutes_max: int
    party_max: int
    """The largest party that may book online."""
    notice_minutes: int
    """Between booking and arrival at least."""
    booking_window_days: int
    """How far ahead a reservation may lie."""
    securities: tuple[Security, ...]
    policy: CancellationPolicy
    """What comes back of a deposit or prepayment. Its last window also ends the time to cancel without a fee."""
    tax_bp: int = 0
    """Tax in what is paid now, in basis points."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRequest:
    """A table somebody asks for."""

    day: date
    at: time
    """Local wall time of arrival. A time that a clock change repeats means its first occurrence."""
    party_size: int
    minutes: int | None = None
    """How long; None: the turn time of the party."""
    area: str | None = None
