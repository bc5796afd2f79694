"""Stays: nights of a home or of a hotel's room type. TERMS FIRST DRAFT (functions follow)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time


@dataclass(frozen=True, slots=True, kw_only=True)
class LengthDiscount:
    """A discount on the nights of a stay of at least `nights` nights."""

    nights: int
    percent_bp: int
    """Basis points: 1000 is 10 %."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundWindow:
    """From `days_before` days before check-in on (and until the next smaller window), `refund_bp` comes back."""

    days_before: int
    refund_bp: int
    """Basis points of the total: 10000 is everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CancellationPolicy:
    """A named list of refund windows, widest first. Snapshotted on every booking."""

    name: str
    windows: tuple[RefundWindow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NightTerms:
    """What differs from the property's ordinary terms on one night (the night that begins on this date)."""

    price_minor: int | None = None
    min_nights: int | None = None
    """Smallest stay for an arrival on this date."""
    max_nights: int | None = None
    closed_to_arrival: bool = False
    closed_to_departure: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StayTerms:
    """Everything needed to judge and price a stay at one property. Amounts in minor units of `currency`."""

    property_id: int
    currency: str
    zone: str
    """IANA zone of the property: all its dates and times of day are meant there."""
    base_minor: int
    weekend_minor: int | None
    """Price of the nights that begin on a Friday or Saturday; None: as other nights."""
    cleaning_minor: int
    extra_guest_minor: int
    """Per night and guest above `guests_included`."""
    guests_included: int
    guests_max: int
    tax_bp: int
    """Tax on nights, extra guests and cleaning after discount, in basis points."""
    discounts: tuple[LengthDiscount, ...]
    min_nights: int
    max_nights: int
    check_in_from: time
    check_out_until: time
    advance_notice_days: int
    """Days between booking and arrival at least; 0: same day."""
    booking_window_days: int
    """How far ahead an arrival may lie."""
    preparation_nights: int
    """Nights kept free after every stay."""
    policy: CancellationPolicy
    nights: Mapping[date, NightTerms] = field(default_factory=dict)
    """Only the dates that differ."""
