"""Pure decisions of payments: which states may follow, what a provider's answer means, whose cents are whose."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from holdfast.payments.api import CaseState, PaymentState, RefundState


class Dispute(StrEnum):
    """Where a dispute stands that the guest's bank opened."""

    NONE = "none"
    OPEN = "open"
    WON = "won"
    LOST = "lost"


MOVES: Final[Mapping[PaymentState, frozenset[PaymentState]]] = {
    PaymentState.STARTING: frozenset(
        {
            PaymentState.REQUIRES_ACTION,
            PaymentState.AUTHORISED,
            PaymentState.CAPTURED,
            PaymentState.DENIED,
            PaymentState.VOIDED,
        }
    ),
    PaymentState.REQUIRES_ACTION: frozenset(
        {PaymentState.AUTHORISED, PaymentState.CAPTURED, PaymentState.DENIED, PaymentState.VOIDED}
    ),
    PaymentState.AUTHORISED: frozenset({PaymentState.CAPTURED, PaymentState.DENIED, PaymentState.VOIDED}),
    # Money that the provider took stays in no drawer: if it says captured, the books say captured.
    PaymentState.DENIED: frozenset({PaymentState.CAPTURED}),
    PaymentState.VOIDED: frozenset({PaymentState.CAPTURED}),
    PaymentState.CAPTURED: frozenset(),
}

REFUND_MOVES: Final[Mapping[RefundState, frozenset[RefundState]]] = {
    RefundState.PENDING: frozenset({RefundState.COMPLETED, RefundState.FAILED}),
    RefundState.FAILED: frozenset({RefundState.PENDING, RefundState.COMPLETED}),
    # The guest's bank may send it back.
    RefundState.COMPLETED: frozenset({RefundState.FAILED}),
}

CASE_MOVES: Final[Mapping[CaseState, frozenset[CaseState]]] = {
    CaseState.OPEN: frozenset({CaseState.NEEDS_HUMAN, CaseState.CLOSED}),
    CaseState.NEEDS_HUMAN: frozenset({CaseState.OPEN, CaseState.CLOSED}),
    CaseState.CLOSED: frozenset({CaseState.OPEN}),
}

DISPUTE_MOVES: Final[Mapping[Dispute, frozenset[Dispute]]] = {
    Dispute.NONE: frozenset({Dispute.OPEN, Dispute.WON, Dispute.LOST}),
    Dispute.OPEN: frozenset({Dispute.WON, Dispute.LOST}),
    Dispute.WON: frozenset(),
    Dispute.LOST: frozenset(),
}

OPEN: Final = frozenset({PaymentState.STARTING, PaymentState.REQUIRES_ACTION, PaymentState.AUTHORISED})
"""The provider may still take money."""
LET_GO: Final = frozenset({PaymentState.DENIED, PaymentState.VOIDED})
"""The provider will not take money."""
_CARD = re.compile(r"(?:\d[ -]?){13,19}")
_ID = 40


def may_move(old: PaymentState, new: PaymentState) -> bool:
    """Return whether a payment may go from one state to another."""
    return new in MOVES[old]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What we asked a provider for."""

    payment_id: str
    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a provider says there is."""

    payment_id: str | None
    amount_minor: int
    currency: str
    state: PaymentState


class Verdict(StrEnum):
    """What a provider's answer means for our payment."""

    MOVE = "move"
    SAME = "same"
    BEHIND = "behind"
    """It says less than we know: an older answer."""
    WRONG = "wrong"
    """Another amount, currency or payment: never taken for paid."""
    RIVAL = "rival"
    """We let it go and it is alive."""


def judge(ours: PaymentState, asked: Asked, told: Told) -> Verdict:
    """Return what a provider's answer means for a payment in a state."""
    if told.state not in LET_GO and differs(asked, told):
        return Verdict.WRONG
    if told.state is ours:
        return Verdict.SAME
    if may_move(ours, told.state):
        return Verdict.MOVE
    if ours in LET_GO and told.state in OPEN:
        return Verdict.RIVAL
    return Verdict.BEHIND


def differs(asked: Asked, told: Told) -> str:
    """Return how an answer differs from what was asked for, or an empty text."""
    if told.payment_id is not None and told.payment_id != asked.payment_id:
        return f"the provider's object is for {told.payment_id[:_ID]}"
    if (told.amount_minor, told.currency) != (asked.amount_minor, asked.currency):
        return (
            f"the provider has {told.amount_minor} {told.currency[:3]}, "
            f"asked for were {asked.amount_minor} {asked.currency}"
        )
    return ""


def looks_like_card(text: str) -> bool:
    """Return whether a text holds what could be a card number: 13 to 19 digits with a right check digit."""
    return any(_checks(re.sub(r"\D", "", found.group())) for found in _CARD.finditer(text))


def _checks(digits: str) -> bool:
    doubled = (int(digit) * 2 for digit in digits[-2::-2])
    return (sum(map(int, digits[-1::-2])) + sum(each - 9 if each > 9 else each for each in doubled)) % 10 == 0  # noqa: PLR2004 - Luhn


def split(amount_minor: int, parts: Sequence[int]) -> list[int]:
    """Return an amount shared out in proportion to parts, to the cent: the largest remainders get the cents left over.

    Raises:
        ValueError: There is nothing to share it by.
    """
    whole = sum(parts)
    if whole <= 0:
        raise ValueError("an amount needs parts to be shared by")
    shares = [amount_minor * part // whole for part in parts]
    left = amount_minor - sum(shares)
    order = sorted(range(len(parts)), key=lambda at: (-(amount_minor * parts[at] % whole), at))
    for at in order[:left]:
        shares[at] += 1
    return shares


def local_day(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the instants [first, end) of a calendar day at a place, however long that day is there.

    Where midnight does not exist the day begins when the clocks jump over it; where it comes twice, with the first.
    A day that was left out has no length.
    """
    return _midnight(day, zone), _midnight(day + timedelta(days=1), zone)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
