"""Cancellation of stays: policies as data, what they give back at an instant, and the curve over all instants.

A policy is ordered windows. Each is open up to an instant counted in calendar days before check-in (same wall time, in
the property's zone) and gives back a share of every *kind* of line: nights, cleaning, service, and taxes in proportion to
what they were levied on unless it says otherwise. The widest window that is still open decides.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from types import MappingProxyType
from typing import Any, Final

from holdfast.engine.price import PriceLine


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """What comes back of each kind of line, in basis points: 10000 is all of it."""

    nights_bp: int
    """Of nights, adjustments, discount, extra guests and pets."""
    cleaning_bp: int
    service_bp: int
    tax_bp: int | None = None
    """None: in proportion to what comes back of the lines the tax was levied on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundWindow:
    """Canceling `days_before` days before check-in or earlier gives these shares back."""

    days_before: int
    shares: Shares


@dataclass(frozen=True, slots=True, kw_only=True)
class AfterCheckIn:
    """Nights spent and `nights_more` more are paid; of the nights left, the fees and the tax these shares come back."""

    nights_more: int
    shares: Shares


@dataclass(frozen=True, slots=True, kw_only=True)
class CancellationPolicy:
    """A named list of refund windows, widest first; the first that is still open decides. Kept with every booking."""

    name: str
    windows: tuple[RefundWindow, ...]
    grace_hours: int = 0
    """Canceling within so many hours of booking gives everything back ..."""
    grace_days_before: int = 0
    """... if check-in was at least so many days ahead when it was booked."""
    after_check_in: AfterCheckIn | None = None
    """None: nothing can be canceled once check-in has opened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """What a policy has to know of one stay."""

    policy: CancellationPolicy
    check_in: date
    check_out: date
    check_in_from: time
    zone: str
    booked_at: datetime
    lines: tuple[PriceLine, ...]
    """The lines of this stay alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundLine:
    """What comes back of one line."""

    kind: str
    label: str
    paid_minor: int
    refund_minor: int
    item: int
    """Position of the stay in the booking."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """What comes back, line by line, and the rule that says so."""

    total_minor: int
    lines: tuple[RefundLine, ...]
    rule: str
    """`grace`, `window`, `after_check_in`, `nothing`, or `by_owner`."""
    detail: str
    """What a person reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundStep:
    """From the step before (exclusive) up to `until` (inclusive) this comes back; the last step has no end."""

    until: datetime | None
    refund_minor: int
    retained_minor: int
    rule: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundCurve:
    """The steps of what comes back, in order of time: a table, and the points of a plot."""

    currency: str
    total_minor: int
    steps: tuple[RefundStep, ...]
