"""Prices: what a party pays before it comes, and what canceling too late or not coming costs it.

Nothing is paid where the restaurant asks for nothing or for a card only; what is eaten is paid at the table.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from holdfast.engine.price import Price, PriceLine, sum_of
from holdfast.verticals import price_rules
from holdfast.verticals.cancellation import Booked, curve
from holdfast.verticals.dining.terms import DiningTerms, Security, SecurityKind, TableRequest
from holdfast.verticals.wording import counted

ORDER: Final = ("deposit", "prepayment", "tax")
"""The kinds of line, in the order they are reckoned; of a table there is one of each at most."""

_LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)


def table_deposit(*, unit_minor: int, guests: int) -> PriceLine:
    """Return the line of a part that is paid now for each guest, and taken off the bill."""
    return _paid_now("deposit", "table_deposit", f"Deposit for {counted(guests, 'guest')}", unit_minor, guests)


def table_prepayment(*, unit_minor: int, guests: int) -> PriceLine:
    """Return the line of the whole that is paid now for each guest."""
    return _paid_now("prepayment", "table_prepayment", f"Paid for {counted(guests, 'guest')}", unit_minor, guests)


def comes_first(_inputs: Mapping[str, Any], before: Sequence[PriceLine]) -> str | None:
    """Say what is wrong with a line that is not the first of its table, as `replay` asks; None: nothing."""
    return "it must be the first line of its table" if before else None


_PAID_NOW: Final = {"unit_minor": int, "guests": int}

LINES: Final[tuple[price_rules.LineRule, ...]] = (
    ("table_deposit", 1, table_deposit, _PAID_NOW, comes_first),
    ("table_prepayment", 1, table_prepayment, _PAID_NOW, comes_first),
)
"""For `replay`: every version of every rule that ever made a line here, the function that makes it, its inputs and what
each is, and what it rests on."""


def security_of(terms: DiningTerms, party_size: int) -> Security | None:
    """Return what a party is asked for, None: nothing."""
    reached = [each for each in terms.securities if each.party_min <= party_size]
    return max(reached, key=lambda each: each.party_min, default=None)


def price(terms: DiningTerms, request: TableRequest) -> Price:
    """Return what is paid now for a table, itemized; without lines if nothing is.

    Lines are a `deposit` or a `prepayment` for every guest, and `tax` on it. Each carries what `replay` needs to make
    it again.
    """
    security = security_of(terms, request.party_size)
    line = None if security is None else _security_line(security, request.party_size)
    if line is None:
        return Price.of(terms.currency, ())
    lines = [line]
    if terms.tax_bp:
        lines.append(price_rules.tax(percent_bp=terms.tax_bp, of=[0], of_minor=sum_of(lines)))
    return Price.of(terms.currency, lines)


def guarantee_minor(terms: DiningTerms, request: TableRequest) -> int:
    """Return the fee for canceling late or not coming that a card stands for, 0 if none does."""
    security = security_of(terms, request.party_size)
    if security is None or security.kind is not SecurityKind.GUARANTEE:
        return 0
    return security.per_cover_minor * request.party_size


def fee_deadline(terms: DiningTerms, request: TableRequest) -> datetime | None:
    """Return the last instant, in UTC, at which canceling costs nothing; None: it always costs something.

    It is the end of the last window of the policy that gives everything back, reckoned as `cancellation` does; of a
    table for which nothing is asked it is the arrival itself. A grace after booking may give more time.
    """
    fee_minor = guarantee_minor(terms, request)
    lines = price(terms, request).lines
    if fee_minor:
        # A fee is not paid yet; what comes back of as much paid is what it is let off.
        lines = (table_deposit(unit_minor=fee_minor, guests=1),)
    if not lines:
        return datetime.combine(request.day, request.at, ZoneInfo(terms.zone)).astimezone(UTC)
    booked = Booked(
        policy=replace(terms.policy, grace_hours=0),
        check_in=request.day,
        check_out=request.day + timedelta(days=1),
        check_in_from=request.at,
        zone=terms.zone,
        booked_at=_LONG_AGO,
        lines=lines,
        start="the reservation",
    )
    deadline = None
    for step in curve([booked], currency=terms.currency).steps:
        if step.retained_minor:
            break
        deadline = step.until
    return deadline


def _security_line(security: Security, guests: int) -> PriceLine | None:
    make: Callable[..., PriceLine]
    match security.kind:
        case SecurityKind.DEPOSIT:
            make = table_deposit
        case SecurityKind.PREPAY:
            make = table_prepayment
        case SecurityKind.GUARANTEE:
            return None
    return make(unit_minor=security.per_cover_minor, guests=guests) if security.per_cover_minor else None


def _paid_now(kind: str, rule: str, label: str, unit_minor: int, guests: int) -> PriceLine:
    return PriceLine(
        kind=kind,
        label=label,
        amount_minor=unit_minor * guests,
        quantity=guests,
        unit_minor=unit_minor,
        rule=rule,
        inputs={"unit_minor": unit_minor, "guests": guests},
    )
