"""The door of booking to whoever asks why something cannot be booked. Import it from `booking.api`."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from holdfast.booking.items import Item


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemReason:
    """One rule that closed an item."""

    item: int
    """Position of the item."""
    rule: str
    """The code a quote or hold would be refused with, where it has one for this rule."""
    detail: str
    """What a person reads, with the values."""
    field: str
    """The field of the item to change."""
    values: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """What the rule compared, JSON values only."""
    change: Mapping[str, Any] | None = None
    """Fields of the item to set so that this rule accepts it, JSON values; None: there is no such change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """An item that could be booked instead when it was looked for."""

    item: Item
    total_minor: int
    """What it costs when it is quoted on its own."""
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """Whether an item can be booked, and what could be instead."""

    item: int
    """Position of the item."""
    bookable: bool
    change: Mapping[str, Any] | None = None
    """Fields of the item to set, JSON values, so that all rules accept it and stock is there; None: none was found."""
    alternatives: tuple[Alternative, ...] = ()
    """The nearest, the nearest first; none where the item can be booked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyNot:
    """What stands against items, taken together."""

    bookable: bool
    reasons: tuple[ItemReason, ...]
    """In the order in which a sale asks: the rules of every item, what keeps them apart, the stock of every item."""
    openings: tuple[Opening, ...]
    """One for each item, in their order."""


class WhyApi(Protocol):
    """What others may ask about what cannot be booked: `BookingApi.why`."""

    async def why_not(self, *, account_id: int, items: Sequence[Item]) -> WhyNot:
        """Return every rule that stands against items now, and what could be booked instead. Only reads.

        What is bookable would be quoted and held at this moment, unless the account has as many live holds as it may.
        A hold that has just run out may count as taken for a moment. Items are judged together, as a trip; so are an
        item's change and alternatives, with the others as they are, or as their own changes make them.

        Args:
            account_id: Who would book.
            items: What they would ask a quote for.

        Raises:
            NotFound: A property, restaurant or flight does not exist or is not listed.
        """
