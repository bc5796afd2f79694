"""Stays like one that cannot be had."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final

from holdfast.booking.items import Item, StayItem
from holdfast.booking.service.kinds.nearby import Key, Seen, Window
from holdfast.booking.service.kinds.stays import AskedStay
from holdfast.catalog.api import StayOffer
from holdfast.engine.claims import Cell
from holdfast.verticals import stays_nearby
from holdfast.verticals.reasons import Reason
from holdfast.verticals.stays import NEAR_DAYS, STAY_NIGHTS_MAX, StayRequest, nights_of

MARGIN: Final = timedelta(days=NEAR_DAYS + 1)
"""Around a stay: where those near it begin and end."""
_DATES: Final = frozenset({"check_in", "check_out"})

Fetch = Callable[[date, date], Awaitable[StayOffer]]
"""Fetches the offer of the property with the terms of some dates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NearbyStays:
    """A stay, and others at the property."""

    item: StayItem
    offer: StayOffer
    """With the dates that differ, `MARGIN` around the stay."""
    today: date
    """The day it is at the property."""
    fetch: Fetch

    def asked(self, item: Item, rows: Mapping[Key, Cell]) -> AskedStay:
        """Return a stay at the property."""
        del rows
        return AskedStay(item=_stay(item), offer=self.offer, today=self.today)

    def window(self, item: Item) -> Window | None:
        """Return the nights of a stay and those of preparation."""
        stay = self.asked(item, {})
        if not 1 <= nights_of(stay.request) <= STAY_NIGHTS_MAX or stay.item.check_out.year == date.max.year:
            return None
        spans = [span for option in stay.options() for span in option]
        return Window(
            resources=dict.fromkeys([span.resource_id for span in spans]),
            first=spans[0].first_slot,
            end=spans[0].end_slot,
        )

    def surroundings(self) -> Window | None:
        """Return the nights of the stay."""
        return self.window(self.item)

    def shortages(self, seen: Seen) -> tuple[Reason, ...]:
        """Return which nights are taken or closed."""
        if self.window(self.item) is None:
            return ()
        asked = self.asked(self.item, {})
        cells = seen.needed(span for option in asked.options() for span in option)
        return stays_nearby.shortages(self.offer.terms, self.offer.unit_names, asked.request, cells)

    def may_be_had(self, item: Item, seen: Seen) -> bool:
        """Return True: to decide costs little."""
        del item, seen
        return True

    async def widened(self) -> "NearbyStays":
        """Return it with the terms of all dates around any day of arrival there can be."""
        terms, item = self.offer.terms, self.item
        last = self.today + timedelta(days=terms.booking_window_days)
        nights = timedelta(days=max(0, min(STAY_NIGHTS_MAX, nights_of(self.asked(item, {}).request))))
        offer = await self.fetch(min(item.check_in, self.today), max(item.check_out, last + nights))
        return replace(self, offer=offer)

    def others(self, item: Item) -> Iterator[StayItem]:
        """Yield stays near one."""
        stay = self.asked(item, {})
        for other in stays_nearby.nearby(self.offer.terms, stay.request, today=self.today):
            yield replace(stay.item, check_in=other.check_in, check_out=other.check_out)

    def distance(self, item: Item) -> tuple[int, ...]:
        """Return how far a stay is from the one asked for."""
        return stays_nearby.distance(self._request(self.item), self._request(item))

    def _request(self, item: Item) -> StayRequest:
        return self.asked(item, {}).request

    def fields(self, item: Item) -> dict[str, Any]:
        """Return a stay as a request writes it."""
        stay = _stay(item)
        return {
            "property_id": stay.property_id,
            "check_in": stay.check_in.isoformat(),
            "check_out": stay.check_out.isoformat(),
            "guests": stay.guests,
            "pets": stay.pets,
        }

    def changed(self, item: Item, change: Mapping[str, Any]) -> StayItem:
        """Return a stay with some fields set."""
        read: dict[str, Any] = {name: date.fromisoformat(to) if name in _DATES else to for name, to in change.items()}
        return replace(_stay(item), **read)


def _stay(item: Item) -> StayItem:
    if not isinstance(item, StayItem):
        raise TypeError(f"a stay expected, not {type(item).__name__}")
    return item
