"""A quote as it is promised in writing: what it says, and whether what it says holds together.

The text is signed elsewhere; this is what the signature is for. `promise` makes the values that are signed, `faults`
finds everything about such values that does not follow, so that a guest need trust neither us nor arithmetic.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from holdfast.engine.price import Price, digest_of, from_json
from holdfast.verticals.replay import DoesNotFollow, replay

TYPE: Final = "holdfast-quote+jws"
"""The type in the header of a signed quote."""
FORM: Final = 1
"""The form of what is signed; another one gets the next number."""
_MEMBERS: Final = frozenset({"form", "id", "created_at", "expires_at", "items", "price", "digest"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something about a quote that does not hold."""

    what: str
    """`form`, `digest`, `total`, `line` or `item`."""
    detail: str
    place: int | None = None
    """Position of the line or item, from 0."""


def faults(said: Any) -> tuple[Fault, ...]:
    """Return what does not hold about a quote's signed values: none if every cent follows."""
    if not isinstance(said, Mapping) or said.keys() != _MEMBERS or said["form"] != FORM:
        return (Fault(what="form", detail="These are not the values of a quote."),)
    try:
        price = from_json(said["price"])
    except (AttributeError, ValueError) as error:
        return (Fault(what="total", detail=f"The price does not add up: {error}."),)
    found = []
    if digest_of(said["price"]) != said["digest"]:
        found.append(Fault(what="digest", detail="The fingerprint is not that of the price."))
    try:
        replay(price)
    except DoesNotFollow as error:
        found.append(Fault(what="line", detail=f"{error}.", place=error.place))
    return (*found, *_items(said["items"], price))


def _items(items: Any, price: Price) -> list[Fault]:
    """Find items whose part of the total, and stays whose nights, are not those of their lines."""
    found = []
    try:
        for place, item in enumerate(items):
            lines = [line for line in price.lines if line.item == place]
            nights = sum(line.quantity for line in lines if line.kind == "nights")
            asked = _nights(item)
            if nights != asked:
                found.append(Fault(what="item", detail=f"{nights} nights are priced, not {asked}.", place=place))
            total = sum(line.amount_minor for line in lines)
            if total != item["total_minor"]:
                detail = f"Its lines come to {total}, not to {item['total_minor']}."
                found.append(Fault(what="item", detail=detail, place=place))
        if any(not 0 <= line.item < len(items) for line in price.lines):
            found.append(Fault(what="item", detail="A line is for an item that is not there."))
    except (KeyError, TypeError, ValueError):
        return [Fault(what="form", detail="These are not the items of a quote.")]
    return found


def _nights(item: Mapping[str, Any]) -> int:
    if item.get("kind", "stay") != "stay":
        return 0
    return (date.fromisoformat(item["check_out"]) - date.fromisoformat(item["check_in"])).days
