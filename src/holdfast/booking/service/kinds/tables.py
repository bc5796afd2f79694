"""Tables of restaurants, as booking asks for them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from holdfast.booking.items import QuotedTable, TableItem
from holdfast.catalog.api import TableOffer
from holdfast.engine.claims import Cell, Span, cells_of
from holdfast.engine.price import Price
from holdfast.verticals.cancellation import CancellationPolicy
from holdfast.verticals.dining import claims, prices
from holdfast.verticals.dining.reasons import reasons
from holdfast.verticals.dining.slots import arrival_at, minutes_for, slot_of
from holdfast.verticals.dining.terms import SLOT_MINUTES, TableRequest
from holdfast.verticals.reasons import Reason

_OPTIONS_MOST: Final = 32
"""Ways to seat a party that a quote keeps."""
_CLOCK_CHANGE_SLOTS: Final = 8
"""So much longer a stay may be by the wall clock than it is: where the clock goes forward."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedTable:
    """A table at a listed restaurant."""

    item: TableItem
    offer: TableOffer
    now: datetime
    cells: Mapping[tuple[str, int], Cell] = field(default_factory=dict)
    """Of the restaurant, from the arrival to the end of the stay, as far as they exist."""
    online: bool = True
    """Whether a guest asks; else staff, who may take all of the room."""

    @property
    def owner_id(self) -> int:
        """Whose restaurant it is."""
        return self.offer.owner_id

    @property
    def currency(self) -> str:
        """What the restaurant is priced in."""
        return self.offer.terms.currency

    @property
    def resources(self) -> Mapping[str, int]:
        """Every table, and what paces the room."""
        return claims.resources(self.offer.terms)

    @property
    def request(self) -> TableRequest:
        """What is asked, in the words of the vertical."""
        item = self.item
        return TableRequest(day=item.day, at=item.at, party_size=item.party_size, minutes=item.minutes, area=item.area)

    def reasons(self) -> tuple[Reason, ...]:
        """Return every rule of the restaurant that stands against it."""
        return reasons(self.offer.terms, self.request, now=self.now, online=self.online)

    def shortage(self) -> None:
        """Return nothing: a table is priced whatever is free."""

    def price(self) -> Price:
        """Return what is paid now: a deposit, all, or nothing."""
        return prices.price(self.offer.terms, self.request)

    def options(self) -> tuple[tuple[Span, ...], ...]:
        """Return what it takes: one alternative for each table or combination, the smallest first.

        Those that are free now go before those that may become free again until it is held.
        """
        found = claims.options(self.offer.terms, self.request, online=self.online)
        return tuple(sorted(found, key=lambda option: not self._is_free(option))[:_OPTIONS_MOST])

    def _is_free(self, option: tuple[Span, ...]) -> bool:
        return all(
            not cell.closed and cell.capacity - cell.taken >= units
            for key, units in cells_of(option).items()
            if (cell := self.cells.get(key)) is not None
        )

    @property
    def window(self) -> tuple[int, int]:
        """The slots that matter, half-open."""
        item, terms = self.item, self.offer.terms
        first = slot_of(item.day, item.at)
        return first, first + minutes_for(terms, item.party_size, item.minutes) // SLOT_MINUTES + _CLOCK_CHANGE_SLOTS

    def free_until(self, policy: CancellationPolicy) -> datetime | None:
        """Return until when canceling costs nothing under a policy."""
        return prices.fee_deadline(replace(self.offer.terms, policy=policy), self.request)

    def quoted(self, part: Price) -> QuotedTable:
        """Return it with everything that is promised about it."""
        item, terms = self.item, self.offer.terms
        return QuotedTable(
            restaurant_id=item.restaurant_id,
            restaurant_name=self.offer.name,
            owner_id=self.offer.owner_id,
            zone=terms.zone,
            policy=terms.policy,
            total_minor=part.total_minor,
            pay_at_property=part.total_minor == 0,
            day=item.day,
            at=item.at,
            minutes=minutes_for(terms, item.party_size, item.minutes),
            asked_minutes=item.minutes,
            party_size=item.party_size,
            area=item.area,
            service="" if (arrival := arrival_at(terms, item.day, item.at)) is None else arrival.service.code,
            guarantee_minor=prices.guarantee_minor(terms, self.request),
            free_until=self.free_until(terms.policy),
        )
