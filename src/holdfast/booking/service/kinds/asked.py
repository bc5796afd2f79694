"""An item somebody asks for, with all that decides about it."""

from collections.abc import Iterable, Mapping
from typing import Final, Protocol

from holdfast.booking.items import Item, QuotedItem
from holdfast.engine.claims import Span
from holdfast.engine.price import Price
from holdfast.kit.errors import FieldError, HoldfastError
from holdfast.verticals.reasons import Reason

_CODES: Final = {"empty_range": "empty_or_negative_range"}
"""Where the field's word for a rule is another than ours."""


class Asked(Protocol):
    """An item with the terms of whoever sells it, at an instant."""

    @property
    def item(self) -> Item:
        """What is asked for."""

    @property
    def owner_id(self) -> int:
        """Who sells it."""

    @property
    def currency(self) -> str:
        """What it is priced in."""

    @property
    def resources(self) -> Mapping[str, int]:
        """Stock that is made when it is first asked for, with its capacity."""

    def reasons(self) -> tuple[Reason, ...]:
        """Return every rule that stands against it, without looking at stock."""

    def shortage(self) -> HoldfastError | None:
        """Return why nothing can be quoted although no rule is against it: there is no fare left."""

    def price(self) -> Price:
        """Return what it costs; `reasons` has been asked before."""

    def options(self) -> tuple[tuple[Span, ...], ...]:
        """Return what it takes: alternatives in order of preference."""

    def quoted(self, part: Price) -> QuotedItem:
        """Return it with everything that is promised about it."""


def errors_of(reasons: Iterable[Reason], place: int) -> list[FieldError]:
    """Return reasons as errors of the fields of the item at a position."""
    return [
        FieldError(
            pointer=f"/items/{place}/{reason.field}", code=_CODES.get(reason.rule, reason.rule), detail=reason.detail
        )
        for reason in reasons
    ]
