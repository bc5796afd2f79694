"""Prices: lines that say where every cent comes from, and a total that is their sum."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from json import JSONEncoder
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceLine:
    """One line of a price."""

    kind: str
    """What it is for: a word the vertical defines, such as `nights` or `tax`."""
    label: str
    """What a person reads."""
    amount_minor: int
    """What it adds to the total; a discount is negative."""
    quantity: int
    unit_minor: int | None
    """Price of one of `quantity`, where the amount is their product; None where it is a share of other lines."""
    rule: str
    """The rule of the vertical that made the line."""
    version: int = 1
    """Of the rule: a rule whose arithmetic changes gets a new one, and the old one stays replayable."""
    inputs: Mapping[str, Any] = field(default_factory=dict)
    """Everything the rule reckoned with, JSON values only: rule, version and inputs give the amount again."""
    item: int = 0
    """The position in the quote of the item it belongs to."""


@dataclass(frozen=True, slots=True)
class Price:
    """An itemized price in one currency.

    Raises:
        ValueError: The total is not the sum of the lines.
    """

    currency: str
    lines: tuple[PriceLine, ...]
    total_minor: int

    def __post_init__(self) -> None:
        total = sum_of(self.lines)
        if self.total_minor != total:
            raise ValueError(f"the lines add up to {total}, not to {self.total_minor}")

    @classmethod
    def of(cls, currency: str, lines: Iterable[PriceLine]) -> "Price":
        """Return the price that these lines make."""
        lines = tuple(lines)
        return cls(currency, lines, sum_of(lines))


def sum_of(lines: Iterable[PriceLine]) -> int:
    """Return what the lines add up to, in minor units."""
    total = 0
    for line in lines:
        total += line.amount_minor
    return total


def digest(price: Price) -> str:
    """Return a fingerprint of everything a price says, so that a price changed after the fact shows.

    It is the SHA-256, in hex, of `to_json(price)` as UTF-8 JSON with sorted keys and no spaces: anybody can recompute
    it from what is stored.
    """
    return digest_of(to_json(price))


def digest_of(stored: Mapping[str, Any]) -> str:
    """Return the fingerprint of a price in its stored form, also one that was stored before lines said all they do."""
    return sha256(_CANONICAL.encode(stored).encode()).hexdigest()


def to_json(price: Price) -> dict[str, Any]:
    """Return the price as plain JSON values, to store or send.

    A line from the time before lines had version, inputs and item is told without them, as it was then.
    """
    return {
        "currency": price.currency,
        "lines": [_line_to_json(line) for line in price.lines],
        "total_minor": price.total_minor,
    }


def from_json(stored: Mapping[str, Any]) -> Price:
    """Return the price that `to_json` made plain.

    Raises:
        ValueError: This is no stored price, or its total is not the sum of its lines.
    """
    try:
        lines = tuple(PriceLine(**line) for line in stored["lines"])
        return Price(stored["currency"], lines, stored["total_minor"])
    except (KeyError, TypeError) as error:
        raise ValueError("this is not a stored price") from error


def _line_to_json(line: PriceLine) -> dict[str, Any]:
    plain = {
        "kind": line.kind,
        "label": line.label,
        "amount_minor": line.amount_minor,
        "quantity": line.quantity,
        "unit_minor": line.unit_minor,
        "rule": line.rule,
    }
    if line.inputs or line.item or line.version != 1:
        plain |= {"version": line.version, "inputs": dict(line.inputs), "item": line.item}
    return plain


_CANONICAL = JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)
