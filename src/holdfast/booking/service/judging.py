"""Judging items as a quote and a hold would, but telling everything that stands against each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from holdfast.booking.api import CapacityTaken
from holdfast.booking.service.kinds.asked import Asked, errors_of
from holdfast.booking.service.kinds.asking import together, where
from holdfast.booking.service.kinds.nearby import Nearby, Seen
from holdfast.booking.service.kinds.words import refusal_by
from holdfast.booking.service.quoting import claim_of
from holdfast.engine.claims import Shortage, Span, decide
from holdfast.kit.errors import HoldfastError
from holdfast.verticals.reasons import Reason

_TOO_MUCH: Final = "these items together take more than there is"

Option = tuple[Span, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What stands against one of several items."""

    asked: Asked
    rules: tuple[Reason, ...]
    """Of whoever sells it."""
    apart: tuple[Reason, ...]
    """What keeps it from going with those before it."""
    stock: tuple[Reason, ...]
    option: Option | None
    """What it would take; None if it cannot be had."""

    @property
    def bookable(self) -> bool:
        """Whether nothing stands against it."""
        return not (self.rules or self.apart or self.stock)


def judge(around: Sequence[Nearby], seen: Seen) -> list[Verdict]:
    """Return what stands against items; nothing, exactly if a quote and a hold of them would succeed.

    Who comes first is served first: where two items want the same unit, it is missing to the second. An item that
    cannot go with one before it is judged as if it came alone.
    """
    asked = [each.asked(each.item, seen.rows) for each in around]
    rules = [each.reasons() for each in asked]
    apart = _apart(around, asked)
    stock: list[tuple[Reason, ...]] = []
    options: list[Option | None] = []
    whole = None if any(rules) else _whole(asked, seen)
    if whole is not None:
        stock = [()] * len(asked)
        options = [tuple(span for span in whole if span.item == place) for place in range(len(asked))]
    else:
        left = seen
        for each, item, against, keeping in zip(around, asked, rules, apart, strict=True):
            reasons, option = _against_stock(each, item, against, seen if keeping else left)
            stock.append(reasons)
            options.append(option)
            if option is not None and not keeping:
                left = left.without(option)
        if not any(stock) and not any(rules) and not any(apart):
            stock[-1] = (Reason(CapacityTaken.code, _TOO_MUCH, where(around[-1].item)),)
    return [
        Verdict(asked=item, rules=against, apart=keeping, stock=reasons, option=option)
        for item, against, keeping, reasons, option in zip(asked, rules, apart, stock, options, strict=True)
    ]


def option_of(asked: Asked, seen: Seen) -> Option | None:
    """Return what an item would take that no rule stands against, None if it cannot be had."""
    chosen = _choice([asked], seen)
    return chosen if isinstance(chosen, tuple) else None


def _whole(asked: Sequence[Asked], seen: Seen) -> Option | None:
    chosen = _choice(asked, seen)
    return chosen if isinstance(chosen, tuple) else None


def _choice(asked: Sequence[Asked], seen: Seen) -> Option | HoldfastError:
    """Return what a hold of items would take, or what it or the quote before it would be refused with."""
    for each in asked:
        if (refusal := each.shortage()) is not None:
            return refusal
    claim = claim_of(asked)
    cells = seen.needed(span for option in claim.options for span in option)
    [choice] = decide(cells, [claim])
    if isinstance(choice, Shortage):
        return refusal_by(choice, exists=(choice.resource_id, choice.slot) in cells)
    return claim.options[choice]


def _against_stock(
    nearby: Nearby, asked: Asked, rules: tuple[Reason, ...], seen: Seen
) -> tuple[tuple[Reason, ...], Option | None]:
    if rules:
        return nearby.shortages(seen), None
    chosen = _choice([asked], seen)
    if isinstance(chosen, tuple):
        return (), chosen
    found = nearby.shortages(seen)
    if not found:
        found = (Reason(chosen.code, chosen.detail, where(nearby.item), chosen.extra),)
    return found, None


def _apart(around: Sequence[Nearby], asked: Sequence[Asked]) -> list[tuple[Reason, ...]]:
    items = [each.item for each in around]
    found: list[list[Reason]] = [[] for _ in items]
    for error in together(items, asked):
        _, _, place, *field = error.pointer.split("/")
        named = field[0] if field else where(items[int(place)])
        found[int(place)].append(Reason(error.code, error.detail, named))
    return [tuple(each) for each in found]


def as_told(reason: Reason) -> str:
    """Return the code a quote is refused with because of a reason."""
    [error] = errors_of([reason], 0)
    return error.code
