"""Stays: nights of a home or of a hotel's room type.

A night is a date, the one on which it begins; a stay takes the nights from `check_in` up to and without `check_out`,
and has as many as the dates differ, whatever the clocks do. `reasons` says what stands against a request, `price` what
it costs and `spans` what it takes; what comes back is for `cancellation` to say. The IANA zone rules are all that is
read from outside.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from holdfast.engine.claims import Span
from holdfast.engine.money import portion
from holdfast.engine.price import Price, PriceLine, sum_of
from holdfast.verticals.cancellation import CancellationPolicy

STAY_NIGHTS_MAX: Final = 365
"""The longest stay there is, whatever a property allows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LengthDiscount:
    """A discount on the nights of a stay of at least `nights` nights."""

    nights: int
    percent_bp: int
    """Basis points: 1000 is 10 %."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NightTerms:
    """What differs from the property's ordinary terms on one night (the night that begins on this date)."""

    price_minor: int | None = None
    min_nights: int | None = None
    """Smallest stay for an arrival on this date."""
    max_nights: int | None = None
    """Longest stay for an arrival on this date."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class StayRequest:
    """A stay somebody asks for."""

    check_in: date
    check_out: date
    """The day of departure, which is not a night."""
    guests: int


@dataclass(frozen=True, slots=True)
class Reason:
    """One rule that stands against a request."""

    rule: str
    detail: str
    """What a person reads."""
    field: str
    """The field of the request to change: `check_in`, `check_out` or `guests`."""


_EPOCH = date(1970, 1, 1).toordinal()
_ORDINARY = NightTerms()
_WEEKEND = (4, 5)  # Friday and Saturday, as `date.weekday` counts
_WEEKEND_NIGHTS = tuple(
    tuple(sum((weekday + night) % 7 in _WEEKEND for night in range(nights)) for nights in range(7))
    for weekday in range(7)
)
"""Weekend nights among fewer than seven nights, by the weekday of the first."""


def night_slot(night: date) -> int:
    """Return the slot of a night: days since 1970-01-01."""
    return night.toordinal() - _EPOCH


def slot_night(slot: int) -> date:
    """Return the night of a slot."""
    return date.fromordinal(slot + _EPOCH)


def reasons(terms: StayTerms, request: StayRequest, *, today: date) -> tuple[Reason, ...]:
    """Return every rule that stands against a request, none if it may be booked; stock is not looked at.

    The order is always: `empty_range`, `stay_too_long`, `past_date`, `advance_notice`, `beyond_horizon`, `party_empty`,
    `party_too_large`, `closed_to_arrival`, `closed_to_departure`, `min_nights`, `max_nights`. A date in the past is not
    also called too short notice, and of an empty range nothing is said about departure and length.

    Args:
        terms: With the dates that differ, from `check_in` to `check_out`, both in.
        request: Any dates, also impossible ones; the cost does not depend on how far apart they are.
        today: The day it is at the property.
    """
    found: list[Reason] = []
    nights = request.check_out.toordinal() - request.check_in.toordinal()
    if nights < 1:
        found.append(Reason("empty_range", "Check-out must be after check-in.", "check_out"))
    elif nights > STAY_NIGHTS_MAX:
        found.append(
            Reason("stay_too_long", f"A stay has at most {STAY_NIGHTS_MAX} nights, not {nights}.", "check_out")
        )
    _judge_arrival_day(found, terms, request.check_in.toordinal() - today.toordinal())
    if request.guests < 1:
        found.append(Reason("party_empty", "A stay needs at least one guest.", "guests"))
    elif request.guests > terms.guests_max:
        found.append(
            Reason(
                "party_too_large",
                f"At most {_counted(terms.guests_max, 'guest')} can stay, not {request.guests}.",
                "guests",
            )
        )
    _judge_calendar(found, terms, request, nights)
    return tuple(found)


def price(terms: StayTerms, request: StayRequest) -> Price:
    """Return what a stay costs, itemized; the caller has asked `reasons` before.

    Lines come in the order they are reckoned: `nights` (one line per kind of night and price: ordinary, weekend, dates
    with a price of their own), one `discount` on the nights (of the length discounts, the longest that the stay
    reaches), `cleaning`, `extra_guests`, and `tax` on all before it. Shares are rounded half-even, each line once;
    lines that do not apply are left out.

    Raises:
        ValueError: The stay has no nights or more than `STAY_NIGHTS_MAX`.
    """
    nights = _count_nights(request)
    lines = _night_lines(terms, request.check_in, nights)
    discount = _reached_discount(terms.discounts, nights)
    if discount is not None:
        lines.append(_discount_line(discount, sum_of(lines)))
    if terms.cleaning_minor:
        lines.append(_line("cleaning", "Cleaning", terms.cleaning_minor, 1, "cleaning_fee"))
    extra = request.guests - terms.guests_included
    if extra > 0 and terms.extra_guest_minor:
        label = f"{_counted(extra, 'extra guest')}, {_counted(nights, 'night')}"
        lines.append(_line("extra_guests", label, terms.extra_guest_minor, extra * nights, "extra_guests"))
    if terms.tax_bp:
        lines.append(_tax_line(terms.tax_bp, sum_of(lines)))
    return Price.of(terms.currency, lines)


def flat_price(terms: StayTerms, nights: int) -> Price:
    """Return nights times the ordinary price and nothing else: what the Home Rental contract charges.

    Raises:
        ValueError: There are no nights or more than `STAY_NIGHTS_MAX`.
    """
    _check_length(nights)
    line = _line("nights", _counted(nights, "night"), terms.base_minor, nights, "base_price")
    return Price(terms.currency, (line,), line.amount_minor)


def spans(
    property_id: int, unit_names: tuple[str, ...], request: StayRequest, preparation_nights: int
) -> tuple[tuple[Span, ...], ...]:
    """Return what a stay takes, as the options of a claim order: one for a pool or single unit, else one per unit.

    The nights of preparation after the stay are taken with it, so the next guest cannot arrive on them.

    Raises:
        ValueError: The stay has no nights or more than `STAY_NIGHTS_MAX`.
    """
    first = night_slot(request.check_in)
    end = first + _count_nights(request) + preparation_nights
    pool = f"stay:{property_id}"
    resource_ids = [f"{pool}:{name}" for name in unit_names] or [pool]
    return tuple([(Span(resource_id=each, first_slot=first, end_slot=end),) for each in resource_ids])


def has_begun(*, check_in: date, check_in_from: time, zone: str, now: datetime) -> bool:
    """Return whether check-in has opened: from that instant on, a stay has begun. `now` is aware, in any zone."""
    return now >= _instant(check_in, check_in_from, ZoneInfo(zone))


def _judge_arrival_day(found: list[Reason], terms: StayTerms, days_ahead: int) -> None:
    if days_ahead < 0:
        found.append(Reason("past_date", "Check-in lies in the past.", "check_in"))
    elif days_ahead < terms.advance_notice_days:
        notice = _counted(terms.advance_notice_days, "day")
        found.append(Reason("advance_notice", f"This place needs {notice} of notice before check-in.", "check_in"))
    elif days_ahead > terms.booking_window_days:
        window = _counted(terms.booking_window_days, "day")
        found.append(Reason("beyond_horizon", f"Check-in can be at most {window} ahead.", "check_in"))


def _judge_calendar(found: list[Reason], terms: StayTerms, request: StayRequest, nights: int) -> None:
    arrival = terms.nights.get(request.check_in, _ORDINARY)
    if arrival.closed_to_arrival:
        found.append(Reason("closed_to_arrival", f"Nobody can arrive on {request.check_in}.", "check_in"))
    if nights < 1:
        return
    if terms.nights.get(request.check_out, _ORDINARY).closed_to_departure:
        found.append(Reason("closed_to_departure", f"Nobody can leave on {request.check_out}.", "check_out"))
    least = terms.min_nights if arrival.min_nights is None else arrival.min_nights
    if nights < least:
        found.append(Reason("min_nights", f"The shortest stay is {_counted(least, 'night')}.", "check_out"))
    most = terms.max_nights if arrival.max_nights is None else arrival.max_nights
    if nights > most:
        found.append(Reason("max_nights", f"The longest stay is {_counted(most, 'night')}.", "check_out"))


def _count_nights(request: StayRequest) -> int:
    nights = request.check_out.toordinal() - request.check_in.toordinal()
    _check_length(nights)
    return nights


def _check_length(nights: int) -> None:
    if not 1 <= nights <= STAY_NIGHTS_MAX:
        raise ValueError(f"a stay has 1 to {STAY_NIGHTS_MAX} nights, not {nights}")


def _night_lines(terms: StayTerms, check_in: date, nights: int) -> list[PriceLine]:
    own, own_weekend = _own_prices(terms, check_in, nights) if terms.nights else ({}, 0)
    weekend = 0
    if terms.weekend_minor is not None:
        weeks, rest = divmod(nights, 7)
        weekend = len(_WEEKEND) * weeks + _WEEKEND_NIGHTS[check_in.weekday()][rest] - own_weekend
    ordinary = nights - weekend - sum(own.values())
    lines = []
    if ordinary:
        lines.append(_line("nights", _counted(ordinary, "night"), terms.base_minor, ordinary, "base_price"))
    if weekend and terms.weekend_minor is not None:
        label = _counted(weekend, "weekend night")
        lines.append(_line("nights", label, terms.weekend_minor, weekend, "weekend_price"))
    for unit_minor, count in own.items():
        label = f"{_counted(count, 'night')}, priced by date"
        lines.append(_line("nights", label, unit_minor, count, "date_price"))
    return lines


def _own_prices(terms: StayTerms, check_in: date, nights: int) -> tuple[dict[int, int], int]:
    """Return how many nights have which price of their own, and how many of them are weekend nights by the calendar."""
    own: dict[int, int] = {}
    own_weekend = 0
    first = check_in.toordinal()
    for ordinal in range(first, first + nights):
        night = date.fromordinal(ordinal)
        unit_minor = terms.nights.get(night, _ORDINARY).price_minor
        if unit_minor is not None:
            own[unit_minor] = own.get(unit_minor, 0) + 1
            own_weekend += terms.weekend_minor is not None and night.weekday() in _WEEKEND
    return own, own_weekend


def _reached_discount(discounts: tuple[LengthDiscount, ...], nights: int) -> LengthDiscount | None:
    best: LengthDiscount | None = None
    for discount in discounts:
        if discount.nights <= nights and (best is None or discount.nights > best.nights):
            best = discount
    return best


def _discount_line(discount: LengthDiscount, nights_minor: int) -> PriceLine:
    return PriceLine(
        kind="discount",
        label=f"{_percent(discount.percent_bp)} off for {_counted(discount.nights, 'night')} or more",
        amount_minor=-portion(nights_minor, discount.percent_bp),
        quantity=1,
        unit_minor=None,
        rule="length_discount",
    )


def _tax_line(tax_bp: int, taxed_minor: int) -> PriceLine:
    return PriceLine(
        kind="tax",
        label=f"Tax {_percent(tax_bp)}",
        amount_minor=portion(taxed_minor, tax_bp),
        quantity=1,
        unit_minor=None,
        rule="tax",
    )


def _line(kind: str, label: str, unit_minor: int, quantity: int, rule: str) -> PriceLine:
    return PriceLine(
        kind=kind, label=label, amount_minor=quantity * unit_minor, quantity=quantity, unit_minor=unit_minor, rule=rule
    )


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _percent(basis_points: int) -> str:
    whole, hundredths = divmod(basis_points, 100)
    return f"{whole}.{hundredths:02d}".rstrip("0").rstrip(".") + "%" if hundredths else f"{whole}%"


def _instant(day: date, wall: time, zone: ZoneInfo) -> datetime:
    # Through UTC: two datetimes of one zone compare by wall time, which is wrong across a clock change.
    return datetime.combine(day, wall, zone).astimezone(UTC)
