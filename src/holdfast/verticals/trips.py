"""Trips: what items of several kinds have to do with each other, which is the price alone.

Whoever takes a flight, a home and a dinner together has a share off each. It is a line of each item, after all others,
so that every item's part of the price stands for itself.
"""

from typing import Final

from holdfast.engine.money import portion
from holdfast.engine.price import Price, PriceLine, sum_of
from holdfast.verticals.wording import percent

DISCOUNT: Final = "trip_discount"
"""The kind of the line, and the name of its rule."""


def trip_discount(*, percent_bp: int, of: list[int], of_minor: int) -> PriceLine:
    """Return the line of what a trip has off one of its items."""
    return PriceLine(
        kind=DISCOUNT,
        label=f"{percent(percent_bp)} off as a part of a trip",
        amount_minor=-portion(of_minor, percent_bp),
        quantity=1,
        unit_minor=None,
        rule=DISCOUNT,
        inputs={"percent_bp": percent_bp, "of": of, "of_minor": of_minor},
    )


def discounted(price: Price, percent_bp: int) -> Price:
    """Return the price of an item as a part of a trip; what costs nothing stays as it is."""
    if not price.total_minor:
        return price
    lines = list(price.lines)
    lines.append(trip_discount(percent_bp=percent_bp, of=list(range(len(lines))), of_minor=sum_of(lines)))
    return Price.of(price.currency, lines)
