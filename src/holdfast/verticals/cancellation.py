"""Cancellation: policies as data, what they give back at an instant, and the curve over all instants.

It is written in the words of stays, where most is to be told. A table or a flight is one night here, which begins with
the reservation or the departure; whatever it costs is of the kind of nights, but for service and tax.

A policy is ordered windows. Each is open up to an instant counted in calendar days before check-in (same wall time, in
the property's zone) and gives back a share of every *kind* of line: nights, cleaning, service, and taxes in proportion
to what they were levied on unless it says otherwise. The widest window that is still open decides.

Every such instant belongs to what ends with it: whoever cancels on the stroke of the deadline is in time. A wall time
that a clock change skips is read with the offset before the change (2:30 in a one-hour gap is 3:30), and of one that
comes twice the first counts (`fold=0` of PEP 495); so a day before check-in may have 23 or 25 hours.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType
from typing import Any, Final
from zoneinfo import ZoneInfo

from holdfast.engine.money import BASIS_POINTS, fraction
from holdfast.engine.price import PriceLine, sum_of
from holdfast.verticals.wording import counted, percent

_CHECK_IN: Final = "check-in"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """What comes back of each kind of line, in basis points: 10000 is all of it."""

    nights_bp: int
    """Of nights and all else that is not named below: adjustments, discounts, extra guests, pets, fares, deposits."""
    cleaning_bp: int
    service_bp: int
    tax_bp: int | None = None
    """None: in proportion to what comes back of the lines the tax was levied on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundWindow:
    """Canceling `days_before` days and `hours_before` hours before check-in or earlier gives these shares back."""

    days_before: int
    shares: Shares
    nights_kept: int = 0
    """So many nights are paid whatever the shares say; these are of the rest."""
    hours_before: int = 0
    """Real hours, not those of the wall clock."""


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
    start: str = _CHECK_IN
    """What its beginning is called: `departure` of a flight, `the reservation` of a table."""


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
    """`grace`, `window`, `after_check_in`, `nothing`, `by_owner`; `mixed` when the stays have different ones."""
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
    fee_minor: int = 0
    """What canceling costs beside, charged to the way to pay that stands for tables."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundCurve:
    """The steps of what comes back, in order of time: a table, and the points of a plot."""

    currency: str
    total_minor: int
    steps: tuple[RefundStep, ...]


def shares_of(basis_points: int) -> Shares:
    """Return the same share of every kind of line."""
    return Shares(nights_bp=basis_points, cleaning_bp=basis_points, service_bp=basis_points)


ALL: Final = shares_of(BASIS_POINTS)
_NOT_SERVICE: Final = Shares(nights_bp=BASIS_POINTS, cleaning_bp=BASIS_POINTS, service_bp=0)
_HALF: Final = Shares(nights_bp=BASIS_POINTS // 2, cleaning_bp=BASIS_POINTS, service_bp=0)
_NIGHTS_ONLY: Final = Shares(nights_bp=BASIS_POINTS, cleaning_bp=0, service_bp=0)
_HALF_NIGHTS_ONLY: Final = Shares(nights_bp=BASIS_POINTS // 2, cleaning_bp=0, service_bp=0)


def _policy(name: str, *windows: RefundWindow, after_check_in: AfterCheckIn | None = None) -> CancellationPolicy:
    return CancellationPolicy(
        name=name, windows=windows, grace_hours=24, grace_days_before=7, after_check_in=after_check_in
    )


def _window(days_before: int, shares: Shares, nights_kept: int = 0) -> RefundWindow:
    return RefundWindow(days_before=days_before, shares=shares, nights_kept=nights_kept)


POLICIES: Final[Mapping[str, CancellationPolicy]] = MappingProxyType(
    {
        policy.name: policy
        for policy in (
            _policy(
                "flexible",
                _window(1, ALL),
                _window(0, _NOT_SERVICE, nights_kept=1),
                after_check_in=AfterCheckIn(nights_more=1, shares=_NIGHTS_ONLY),
            ),
            _policy(
                "moderate",
                _window(5, ALL),
                _window(0, _HALF, nights_kept=1),
                after_check_in=AfterCheckIn(nights_more=1, shares=_HALF_NIGHTS_ONLY),
            ),
            _policy("limited", _window(14, ALL), _window(7, _HALF)),
            _policy("firm", _window(30, ALL), _window(7, _HALF)),
            CancellationPolicy(name="non_refundable", windows=()),
            _policy(
                "long_stay",
                _window(30, ALL),
                _window(0, _NOT_SERVICE, nights_kept=30),
                after_check_in=AfterCheckIn(nights_more=30, shares=_NIGHTS_ONLY),
            ),
        )
    }
)
"""The policies an owner chooses from, as the field has them; money nobody earned, such as cleaning, comes back."""

_TAX: Final = "tax"
_APART: Final = frozenset({"cleaning", "service", _TAX})
"""Kinds of line that have a share of their own; every other is of the nights."""
_TICK: Final = timedelta(microseconds=1)
_NOTHING: Final = shares_of(0)


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What a policy says of one stay at one instant."""

    rule: str
    detail: str
    shares: Shares
    nights_kept: int = 0


@dataclass(frozen=True, slots=True)
class _Clock:
    """The instants that count for one stay."""

    opens: datetime
    """Check-in; the last instant before the stay has begun."""
    grace_until: datetime | None
    windows: tuple[datetime, ...]
    """The last instant of each window of the policy."""
    nights: tuple[datetime, ...]
    """The last instant before each night has begun."""


def refund(stays: Sequence[Booked], *, now: datetime) -> Refund:
    """Return what comes back if these stays are canceled now, line by line.

    Of one kind of line the same share comes back, rounded half-even for each line; where the rounded lines do not add
    up to the rounded share of their sum, the lines that lost most by rounding make up for it. So a half of 99.99 is
    the half of 99.99 however many lines it has, no line gives back more than it took, and no later instant gives more
    than an earlier one. `now` is aware, in any zone.
    """
    return _joined([_refund_of(stay, _judged(stay, _clock_of(stay), now)) for stay in stays])


def refund_all(stays: Sequence[Booked]) -> Refund:
    """Return everything: what an owner who cancels gives back."""
    verdict = _Verdict("by_owner", "The host cancels: everything comes back.", ALL)
    return _joined([_refund_of(stay, verdict) for stay in stays])


def may_cancel(stays: Sequence[Booked], *, now: datetime) -> bool:
    """Return whether all these stays can still be canceled by the guest: before check-in, or while nights can be freed.

    That nothing comes back does not stand against it before check-in. After it, there must be a night left that the
    policy does not keep.
    """
    return all(_may_cancel(stay, now) for stay in stays)


def curve(stays: Sequence[Booked], *, currency: str) -> RefundCurve:
    """Return what canceling gives back from the first booking on, exactly: every instant at which it changes.

    For every instant, `refund` at that instant is the step it lies in.
    """
    tables = [_table(stay) for stay in stays]
    booked_at = min(stay.booked_at for stay in stays)
    ends = sorted({end for table, _ in tables for end in table if end >= booked_at})
    paid = sum(sum_of(stay.lines) for stay in stays)
    steps: list[RefundStep] = []
    for end in (*ends, None):
        found = _joined([_at(table, refunds, end) for table, refunds in tables])
        step = RefundStep(
            until=end,
            refund_minor=found.total_minor,
            retained_minor=paid - found.total_minor,
            rule=found.rule,
            detail=found.detail,
        )
        if steps and _same(steps[-1], step):
            steps.pop()
        steps.append(step)
    return RefundCurve(currency=currency, total_minor=paid, steps=tuple(steps))


def policy_to_json(policy: CancellationPolicy) -> dict[str, Any]:
    """Return the policy as plain JSON values, to store."""
    return asdict(policy)


def policy_from_json(stored: Mapping[str, Any]) -> CancellationPolicy:
    """Return the policy that `policy_to_json` made plain.

    Windows that were stored when a policy knew only one share of the total (`refund_bp`) give that share of each line.
    """
    after = stored.get("after_check_in")
    return CancellationPolicy(
        name=stored["name"],
        windows=tuple(
            RefundWindow(
                days_before=window["days_before"],
                shares=Shares(**window["shares"]) if "shares" in window else shares_of(window["refund_bp"]),
                nights_kept=window.get("nights_kept", 0),
                hours_before=window.get("hours_before", 0),
            )
            for window in stored["windows"]
        ),
        grace_hours=stored.get("grace_hours", 0),
        grace_days_before=stored.get("grace_days_before", 0),
        after_check_in=after and AfterCheckIn(nights_more=after["nights_more"], shares=Shares(**after["shares"])),
    )


def _clock_of(stay: Booked) -> _Clock:
    zone, policy = ZoneInfo(stay.zone), stay.policy

    def instant(days: int) -> datetime:
        # Through UTC: two datetimes of one zone compare by wall time, which is wrong across a clock change.
        day = stay.check_in + timedelta(days=days)
        return datetime.combine(day, stay.check_in_from, zone).astimezone(UTC)

    opens = instant(0)
    grace_until = None
    if policy.grace_hours and stay.booked_at <= min(opens, instant(-policy.grace_days_before)):
        grace_until = min(opens, stay.booked_at.astimezone(UTC) + timedelta(hours=policy.grace_hours))
    return _Clock(
        opens=opens,
        grace_until=grace_until,
        windows=tuple(
            min(opens, instant(-window.days_before) - timedelta(hours=window.hours_before)) for window in policy.windows
        ),
        nights=tuple(instant(night) for night in range((stay.check_out - stay.check_in).days)),
    )


def _judged(stay: Booked, clock: _Clock, now: datetime) -> _Verdict:
    if clock.grace_until is not None and now <= clock.grace_until:
        hours = stay.policy.grace_hours
        return _Verdict("grace", f"Canceled within {hours} hours of booking: everything comes back.", ALL)
    if now <= clock.opens:
        for window, until in zip(stay.policy.windows, clock.windows, strict=True):
            if now <= until:
                return _Verdict("window", _window_text(window, stay.start), window.shares, window.nights_kept)
        return _Verdict("nothing", "Canceled too late or not refundable: nothing comes back.", _NOTHING)
    after = stay.policy.after_check_in
    kept = _kept_after_check_in(stay, clock, now)
    if after is None or kept >= len(clock.nights):
        return _Verdict("nothing", f"It is after {stay.start}: nothing comes back.", _NOTHING)
    paid = f"{counted(kept - after.nights_more, 'night')} spent and {after.nights_more} more are paid"
    return _Verdict("after_check_in", f"{paid}; of the rest {_shares_text(after.shares)}.", after.shares, kept)


def _kept_after_check_in(stay: Booked, clock: _Clock, now: datetime) -> int:
    more = stay.policy.after_check_in.nights_more if stay.policy.after_check_in else 0
    return bisect_left(clock.nights, now) + more


def _may_cancel(stay: Booked, now: datetime) -> bool:
    clock = _clock_of(stay)
    if now <= clock.opens:
        return True
    return stay.policy.after_check_in is not None and _kept_after_check_in(stay, clock, now) < len(clock.nights)


def _refund_of(stay: Booked, verdict: _Verdict) -> Refund:
    nights = (stay.check_out - stay.check_in).days
    left = max(0, nights - verdict.nights_kept)
    shares = verdict.shares
    back = [0] * len(stay.lines)
    of_nights = {line.kind for line in stay.lines} - _APART
    _give_back(back, stay.lines, of_nights, shares.nights_bp * left, BASIS_POINTS * nights)
    _give_back(back, stay.lines, {"cleaning"}, shares.cleaning_bp, BASIS_POINTS)
    _give_back(back, stay.lines, {"service"}, shares.service_bp, BASIS_POINTS)
    if shares.tax_bp is None:
        levied = sum(line.amount_minor for line in stay.lines if line.kind != _TAX)
        # Nothing was levied on nothing; any whole will do then.
        _give_back(back, stay.lines, {_TAX}, sum(back), levied or 1)
    else:
        _give_back(back, stay.lines, {_TAX}, shares.tax_bp, BASIS_POINTS)
    lines = tuple(
        RefundLine(kind=line.kind, label=line.label, paid_minor=line.amount_minor, refund_minor=minor, item=line.item)
        for line, minor in zip(stay.lines, back, strict=True)
    )
    return Refund(total_minor=sum(back), lines=lines, rule=verdict.rule, detail=verdict.detail)


def _give_back(
    back: list[int], lines: Sequence[PriceLine], kinds: Iterable[str], numerator: int, denominator: int
) -> None:
    """Fill in the share of the lines of some kinds, so that it is the rounded share of their sum."""
    places = [place for place, line in enumerate(lines) if line.kind in kinds]
    for place in places:
        back[place] = fraction(lines[place].amount_minor, numerator, denominator)
    whole = fraction(sum(lines[place].amount_minor for place in places), numerator, denominator)
    odd = whole - sum(back[place] for place in places)
    step = 1 if odd > 0 else -1

    def lost(place: int) -> int:
        return step * (lines[place].amount_minor * numerator - back[place] * denominator)

    for place in sorted(places, key=lost, reverse=True)[: abs(odd)]:
        back[place] += step


def _joined(refunds: Sequence[Refund]) -> Refund:
    if len(refunds) == 1:
        return refunds[0]
    same = len({(each.rule, each.detail) for each in refunds}) == 1
    return Refund(
        total_minor=sum(each.total_minor for each in refunds),
        lines=tuple(line for each in refunds for line in each.lines),
        rule=refunds[0].rule if len({each.rule for each in refunds}) == 1 else "mixed",
        detail=refunds[0].detail if same else " ".join(f"{n}. {each.detail}" for n, each in enumerate(refunds, 1)),
    )


def _table(stay: Booked) -> tuple[list[datetime], list[Refund]]:
    """Return the ends of what may be a step of one stay's curve, and the refund of each and after the last."""
    clock = _clock_of(stay)
    ends = {clock.opens, *clock.windows}
    if clock.grace_until is not None:
        ends.add(clock.grace_until)
    if stay.policy.after_check_in is not None:
        ends.update(clock.nights)
    table = sorted(ends)
    instants = [*table, table[-1] + _TICK]
    return table, [_refund_of(stay, _judged(stay, clock, instant)) for instant in instants]


def _at(table: Sequence[datetime], refunds: Sequence[Refund], end: datetime | None) -> Refund:
    return refunds[-1 if end is None else bisect_left(table, end)]


def _same(one: RefundStep, other: RefundStep) -> bool:
    return (one.refund_minor, one.rule, one.detail) == (other.refund_minor, other.rule, other.detail)


def _window_text(window: RefundWindow, start: str) -> str:
    ahead = [counted(window.days_before, "day")] if window.days_before else []
    ahead += [counted(window.hours_before, "hour")] if window.hours_before else []
    when = f"at least {' and '.join(ahead)} before {start}" if ahead else f"before {start}"
    kept = f"{counted(window.nights_kept, 'night')} paid, of the rest " if window.nights_kept else ""
    return f"Canceled {when}: {kept}{_shares_text(window.shares)}."


def _shares_text(shares: Shares) -> str:
    parts = [(shares.nights_bp, "nights"), (shares.cleaning_bp, "cleaning"), (shares.service_bp, "service fee")]
    if shares.tax_bp is not None:
        parts.append((shares.tax_bp, "tax"))
    if len({bp for bp, _ in parts}) == 1:
        whole = parts[0][0]
        return "everything comes back" if whole == BASIS_POINTS else f"{percent(whole)} comes back"
    return ", ".join(f"{percent(bp)} of {what}" for bp, what in parts) + " comes back"
