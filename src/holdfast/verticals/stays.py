"""Stays: nights of a home or of a hotel's room type.

A night is a date, the one on which it begins; a stay takes the nights from `check_in` up to and without `check_out`,
and has as many as the dates differ, whatever the clocks do. `reasons` says what stands against a request, `price` what
it costs and `spans` what it takes; what comes back is for `cancellation` to say. The IANA zone rules are all that is
read from outside.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from holdfast.engine.claims import Span
from holdfast.engine.money import portion
from holdfast.engine.price import Price, PriceLine, sum_of
from holdfast.verticals.cancellation import CancellationPolicy
from holdfast.verticals.price_rules import (
    adjustment,
    base_price,
    cleaning_fee,
    date_price,
    early_bird,
    extra_guests,
    last_minute,
    length_discount,
    pet_fee,
    service_fee,
    tax,
    weekend_price,
)
from holdfast.verticals.reasons import Reason
from holdfast.verticals.wording import counted

STAY_NIGHTS_MAX: Final = 365
"""The longest stay there is, whatever a property allows."""
NEAR_DAYS: Final = 14
"""How many days around a request are looked at for another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LengthDiscount:
    """A discount on the nights of a stay of at least `nights` nights."""

    nights: int
    percent_bp: int
    """Basis points: 1000 is 10 %."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AheadDiscount:
    """A discount on the nights of a stay that is booked so many days before arrival."""

    days: int
    """At least, of an early bird; at most, at the last minute. Days at the property: 0 is the day of arrival."""
    percent_bp: int
    """Basis points: 1000 is 10 %."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment:
    """What makes some nights dearer or cheaper: a share of the price each of them has."""

    name: str
    percent_bp: int
    """Basis points; negative: cheaper."""
    weekdays: tuple[int, ...] = ()
    """The nights that begin on these days, 0 is Monday; none: every day."""
    first: date | None = None
    """The first night; None: from ever."""
    end: date | None = None
    """The first night it is over; None: never."""

    def applies_to(self, night: date) -> bool:
        """Return whether it makes this night dearer or cheaper."""
        return (
            (self.first is None or night >= self.first)
            and (self.end is None or night < self.end)
            and (not self.weekdays or night.weekday() in self.weekdays)
        )


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
    """Tax on everything else, in basis points."""
    discounts: tuple[LengthDiscount, ...]
    """One discount applies at most: of all that are reached, also those for booking early or late, the largest."""
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
    adjustments: tuple[Adjustment, ...] = ()
    early_bird: tuple[AheadDiscount, ...] = ()
    last_minute: tuple[AheadDiscount, ...] = ()
    pets_max: int = 0
    pet_minor: int = 0
    """Per pet and stay."""
    service_bp: int = 0
    """What the platform takes for its service, on nights and fees, in basis points."""
    instant: bool = True
    """Whether it is booked at once; else the owner has time to say yes."""
    pay_at_property: bool = True
    """Whether it may be paid on arrival; else it has to be paid before it is confirmed."""
    nights: Mapping[date, NightTerms] = field(default_factory=dict)
    """Only the dates that differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StayRequest:
    """A stay somebody asks for."""

    check_in: date
    check_out: date
    """The day of departure, which is not a night."""
    guests: int
    pets: int = 0


_EPOCH = date(1970, 1, 1).toordinal()
_LAST = date.max.toordinal()
_ORDINARY = NightTerms()
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
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
    `party_too_large`, `too_many_pets`, `closed_to_arrival`, `closed_to_departure`, `min_nights`, `max_nights`. A date
    in the past is not also called too short notice, and of an empty range nothing is said about departure and length.

    Where there is one, a change satisfies its own rule. A stay that has to begin on another day moves as a whole.

    Args:
        terms: With the dates that differ, from `check_in` to `check_out`, both in. Whoever goes by the changes gives
            those of `NEAR_DAYS` around them too: what is not given is an ordinary date.
        request: Any dates, also impossible ones; the cost does not depend on how far apart they are.
        today: The day it is at the property.
    """
    found: list[Reason] = []
    nights = nights_of(request)
    _judge_range(found, terms, request, nights)
    _judge_arrival_day(found, terms, request, today.toordinal())
    _judge_party(found, terms, request)
    _judge_calendar(found, terms, request, nights)
    return tuple(found)


def nights_of(request: StayRequest) -> int:
    """Return how many nights a request has, below one if its dates are the wrong way round."""
    return request.check_out.toordinal() - request.check_in.toordinal()


def near_days(day: date) -> Iterator[date]:
    """Yield the days around a day, `NEAR_DAYS` at most, the nearest first, of two as near the later."""
    middle = day.toordinal()
    for distance in range(1, NEAR_DAYS + 1):
        for ordinal in (middle + distance, middle - distance):
            if 1 <= ordinal <= _LAST:
                yield date.fromordinal(ordinal)


def price(terms: StayTerms, request: StayRequest, *, today: date) -> Price:
    """Return what a stay costs, itemized; the caller has asked `reasons` before.

    Lines come in the order they are reckoned: `nights` (one line per kind of night and price: ordinary, weekend, dates
    with a price of their own), each `adjustment` on the nights it is for, one `discount` on nights and adjustments (the
    largest that the stay reaches), `cleaning`, `extra_guests`, `pets`, `service` on all before it, and `tax` on all
    before it. Shares are rounded half-even, each line once; lines that do not apply are left out. Every line carries
    what `replay` needs to make it again.

    Args:
        terms: With the dates that differ, from `check_in` to `check_out`.
        request: What is asked for.
        today: The day it is at the property: early and late booking have their discounts.

    Raises:
        ValueError: The stay has no nights or more than `STAY_NIGHTS_MAX`.
    """
    nights = _count_nights(request)
    lines = _night_lines(terms, request.check_in, nights)
    if terms.adjustments:
        _add_adjustments(lines, terms, request.check_in, nights)
    discount = _best_discount(terms, nights, request.check_in.toordinal() - today.toordinal())
    if discount is not None:
        make, reached = discount
        lines.append(make(**reached, of=list(range(len(lines))), of_minor=sum_of(lines)))
    _add_fees(lines, terms, request, nights)
    if terms.tax_bp:
        lines.append(tax(percent_bp=terms.tax_bp, of=list(range(len(lines))), of_minor=sum_of(lines)))
    return Price.of(terms.currency, lines)


def night_price(terms: StayTerms, night: date) -> int:
    """Return what this one night costs with its adjustments and without anything else, as a calendar shows it."""
    _, unit_minor = _night_rule(terms, night)
    for_it = [portion(unit_minor, each.percent_bp) for each in terms.adjustments if each.applies_to(night)]
    return max(0, unit_minor + sum(for_it))


def flat_price(terms: StayTerms, nights: int) -> Price:
    """Return nights times the ordinary price and nothing else: what the Home Rental contract charges.

    Raises:
        ValueError: There are no nights or more than `STAY_NIGHTS_MAX`.
    """
    _check_length(nights)
    line = base_price(unit_minor=terms.base_minor, nights=nights)
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


def _judge_range(found: list[Reason], terms: StayTerms, request: StayRequest, nights: int) -> None:
    if nights < 1:
        detail = "Check-out must be after check-in."
        change = _until(request, _least_nights(terms, terms.nights.get(request.check_in, _ORDINARY)))
        found.append(Reason("empty_range", detail, "check_out", _days_in(request, "check_in", "check_out"), change))
    elif nights > STAY_NIGHTS_MAX:
        detail = f"A stay has at most {STAY_NIGHTS_MAX} nights, not {nights}."
        values = {"nights": nights, "nights_max": STAY_NIGHTS_MAX}
        found.append(Reason("stay_too_long", detail, "check_out", values, _until(request, STAY_NIGHTS_MAX)))


def _judge_arrival_day(found: list[Reason], terms: StayTerms, request: StayRequest, today: int) -> None:
    ahead = request.check_in.toordinal() - today
    notice, window = terms.advance_notice_days, terms.booking_window_days
    if ahead < 0:
        detail = f"Check-in on {request.check_in} lies in the past."
        change = _moved(request, today + notice)
        found.append(Reason("past_date", detail, "check_in", _days_in(request, "check_in"), change))
    elif ahead < notice:
        detail = f"This place needs {counted(notice, 'day')} of notice before check-in, not {ahead}."
        values = {"days_ahead": ahead, "advance_notice_days": notice}
        found.append(Reason("advance_notice", detail, "check_in", values, _moved(request, today + notice)))
    elif ahead > window:
        detail = f"Check-in can be at most {counted(window, 'day')} ahead, not {ahead}."
        values = {"days_ahead": ahead, "booking_window_days": window}
        found.append(Reason("beyond_horizon", detail, "check_in", values, _moved(request, today + window)))


def _judge_party(found: list[Reason], terms: StayTerms, request: StayRequest) -> None:
    guests, pets = request.guests, request.pets
    if guests < 1:
        detail = "A stay needs at least one guest."
        found.append(Reason("party_empty", detail, "guests", {"guests": guests}, {"guests": 1}))
    elif guests > terms.guests_max:
        detail = f"At most {counted(terms.guests_max, 'guest')} can stay, not {guests}."
        values = {"guests": guests, "guests_max": terms.guests_max}
        found.append(Reason("party_too_large", detail, "guests", values, {"guests": terms.guests_max}))
    if pets > terms.pets_max:
        most = f"At most {counted(terms.pets_max, 'pet')}" if terms.pets_max else "No pets"
        detail = f"{most} can stay, not {pets}."
        values = {"pets": pets, "pets_max": terms.pets_max}
        found.append(Reason("too_many_pets", detail, "pets", values, {"pets": terms.pets_max}))


def _judge_calendar(found: list[Reason], terms: StayTerms, request: StayRequest, nights: int) -> None:
    arrival = terms.nights.get(request.check_in, _ORDINARY)
    if arrival.closed_to_arrival:
        detail = f"Nobody can arrive on {request.check_in}."
        change = _open_arrival(terms, request)
        found.append(Reason("closed_to_arrival", detail, "check_in", _days_in(request, "check_in"), change))
    if nights < 1:
        return
    if terms.nights.get(request.check_out, _ORDINARY).closed_to_departure:
        detail = f"Nobody can leave on {request.check_out}."
        change = _open_departure(terms, request)
        found.append(Reason("closed_to_departure", detail, "check_out", _days_in(request, "check_out"), change))
    least = _least_nights(terms, arrival)
    if nights < least:
        least_on = f"{counted(least, 'night')}{_on(request.check_in, arrival.min_nights)}"
        values = {"nights": nights, "min_nights": least}
        detail = f"minimum stay {least_on}, you asked {nights}"
        found.append(Reason("min_nights", detail, "check_out", values, _until(request, least)))
    most = terms.max_nights if arrival.max_nights is None else arrival.max_nights
    if nights > most:
        most_on = f"{counted(most, 'night')}{_on(request.check_in, arrival.max_nights)}"
        values = {"nights": nights, "max_nights": most}
        detail = f"maximum stay {most_on}, you asked {nights}"
        found.append(Reason("max_nights", detail, "check_out", values, _until(request, most)))


def _least_nights(terms: StayTerms, arrival: NightTerms) -> int:
    return terms.min_nights if arrival.min_nights is None else arrival.min_nights


def _on(check_in: date, own: int | None) -> str:
    """Return the words that say that a length goes by the date of arrival, where it does."""
    return "" if own is None else f" on arrival {_WEEKDAYS[check_in.weekday()]}"


def _days_in(request: StayRequest, *names: str) -> dict[str, str]:
    return {name: getattr(request, name).isoformat() for name in names}


def _open_arrival(terms: StayTerms, request: StayRequest) -> dict[str, str] | None:
    for day in near_days(request.check_in):
        if not terms.nights.get(day, _ORDINARY).closed_to_arrival:
            return _moved(request, day.toordinal())
    return None


def _open_departure(terms: StayTerms, request: StayRequest) -> dict[str, str] | None:
    for day in near_days(request.check_out):
        if day > request.check_in and not terms.nights.get(day, _ORDINARY).closed_to_departure:
            return _until(request, day.toordinal() - request.check_in.toordinal())
    return None


def _until(request: StayRequest, nights: int) -> dict[str, str] | None:
    """Return the change that gives a stay so many nights from its check-in, None if that is no stay."""
    return _dates(check_out=request.check_in.toordinal() + nights) if nights > 0 else None


def _moved(request: StayRequest, check_in: int) -> dict[str, str] | None:
    """Return the change that moves a stay to another day of arrival, as a whole if it has nights."""
    nights = nights_of(request)
    return _dates(check_in=check_in, check_out=check_in + nights) if nights > 0 else _dates(check_in=check_in)


def _dates(**ordinals: int) -> dict[str, str] | None:
    """Return a change of dates, None where the calendar does not reach them."""
    if all(1 <= each <= _LAST for each in ordinals.values()):
        return {name: date.fromordinal(each).isoformat() for name, each in ordinals.items()}
    return None


def _count_nights(request: StayRequest) -> int:
    nights = nights_of(request)
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
        lines.append(base_price(unit_minor=terms.base_minor, nights=ordinary))
    if weekend and terms.weekend_minor is not None:
        lines.append(weekend_price(unit_minor=terms.weekend_minor, nights=weekend))
    lines += [date_price(unit_minor=unit_minor, nights=count) for unit_minor, count in own.items()]
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


def _night_rule(terms: StayTerms, night: date) -> tuple[str, int]:
    """Return which rule prices a night, and its price."""
    own = terms.nights.get(night, _ORDINARY).price_minor
    if own is not None:
        return "date_price", own
    if terms.weekend_minor is not None and night.weekday() in _WEEKEND:
        return "weekend_price", terms.weekend_minor
    return "base_price", terms.base_minor


def _add_adjustments(lines: list[PriceLine], terms: StayTerms, check_in: date, nights: int) -> None:
    places = {(line.rule, line.unit_minor): place for place, line in enumerate(lines)}
    first = check_in.toordinal()
    of_night = [
        (night, places[_night_rule(terms, night)]) for night in map(date.fromordinal, range(first, first + nights))
    ]
    units = [line.unit_minor or 0 for line in lines]
    for each in terms.adjustments:
        counts: dict[int, int] = {}
        for night, place in of_night:
            if each.applies_to(night):
                counts[place] = counts.get(place, 0) + 1
        if counts:
            of = sorted(counts)
            line = adjustment(
                name=each.name,
                percent_bp=each.percent_bp,
                of=of,
                nights=[counts[place] for place in of],
                of_minor=sum(counts[place] * units[place] for place in of),
                before_minor=sum_of(lines),
            )
            lines.append(line)


def _best_discount(
    terms: StayTerms, nights: int, days_ahead: int
) -> tuple[Callable[..., PriceLine], dict[str, int]] | None:
    """Return the rule of the largest discount that a stay reaches, and its inputs; of equal ones the first wins."""
    best: tuple[Callable[..., PriceLine], dict[str, int]] | None = None
    most = 0
    for length in terms.discounts:
        if length.nights <= nights and length.percent_bp > most:
            most = length.percent_bp
            best = length_discount, {"percent_bp": most, "nights": nights, "nights_least": length.nights}
    for early in terms.early_bird:
        if early.days <= days_ahead and early.percent_bp > most:
            most = early.percent_bp
            best = early_bird, {"percent_bp": most, "days_ahead": days_ahead, "days_least": early.days}
    for late in terms.last_minute:
        if days_ahead <= late.days and late.percent_bp > most:
            most = late.percent_bp
            best = last_minute, {"percent_bp": most, "days_ahead": days_ahead, "days_most": late.days}
    return best


def _add_fees(lines: list[PriceLine], terms: StayTerms, request: StayRequest, nights: int) -> None:
    if terms.cleaning_minor:
        lines.append(cleaning_fee(unit_minor=terms.cleaning_minor))
    extra = request.guests - terms.guests_included
    if extra > 0 and terms.extra_guest_minor:
        lines.append(extra_guests(unit_minor=terms.extra_guest_minor, guests=extra, nights=nights))
    if request.pets > 0 and terms.pet_minor:
        lines.append(pet_fee(unit_minor=terms.pet_minor, pets=request.pets))
    if terms.service_bp:
        lines.append(service_fee(percent_bp=terms.service_bp, of=list(range(len(lines))), of_minor=sum_of(lines)))


def _instant(day: date, wall: time, zone: ZoneInfo) -> datetime:
    # Through UTC: two datetimes of one zone compare by wall time, which is wrong across a clock change.
    return datetime.combine(day, wall, zone).astimezone(UTC)
