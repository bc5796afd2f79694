"""Tables like one that cannot be had."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Any

from holdfast.booking.items import Item, TableItem
from holdfast.booking.service.kinds.nearby import Key, Seen, Window
from holdfast.booking.service.kinds.tables import AskedTable
from holdfast.catalog.api import TableOffer
from holdfast.engine.claims import Cell
from holdfast.verticals.dining.asking import wall
from holdfast.verticals.dining.claims import table_id
from holdfast.verticals.dining.nearby import nearby
from holdfast.verticals.dining.reasons import is_countable, shortages
from holdfast.verticals.dining.seating import seatings
from holdfast.verticals.dining.slots import arrival_at, end_of, minutes_for, stock_window
from holdfast.verticals.reasons import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class NearbyTables:
    """A table, and others at the restaurant."""

    item: TableItem
    offer: TableOffer
    now: datetime

    def asked(self, item: Item, rows: Mapping[Key, Cell]) -> AskedTable:
        """Return a table at the restaurant."""
        return AskedTable(item=_table(item), offer=self.offer, now=self.now, cells=rows)

    def window(self, item: Item) -> Window | None:
        """Return what tables and limits have from the arrival to the end of a stay."""
        stay = self._stay(_table(item))
        if stay is None:
            return None
        return Window(resources=self.asked(item, {}).resources, first=stay.start, end=stay.stop)

    def _stay(self, table: TableItem) -> range | None:
        """Return the slots of a stay, None if nobody can come then or stay as long."""
        terms = self.offer.terms
        arrival = arrival_at(terms, table.day, table.at)
        if arrival is None or not is_countable(self.asked(table, {}).request):
            return None
        minutes = minutes_for(terms, table.party_size, table.minutes)
        return range(arrival.slot, end_of(terms.zone, arrival.slot, minutes))

    def surroundings(self) -> Window | None:
        """Return what tables and limits have on the whole day."""
        asked = self.asked(self.item, {})
        if not is_countable(asked.request):
            return None
        first, end = stock_window(self.offer.terms, self.item.day, minutes=self.item.minutes or 0)
        return Window(resources=asked.resources, first=first, end=end)

    def shortages(self, seen: Seen) -> tuple[Reason, ...]:
        """Return which limits are reached, and whether every table is taken."""
        request = self.asked(self.item, {}).request
        return shortages(self.offer.terms, request, seen.cells, online=True, now=self.now)

    def may_be_had(self, item: Item, seen: Seen) -> bool:
        """Return whether a table or combination is free for the stay, whatever limits say."""
        terms, table = self.offer.terms, _table(item)
        stay = self._stay(table)
        if stay is None:
            return False

        def is_free(code: str) -> bool:
            found = [seen.cells.get((table_id(terms.restaurant_id, code), slot)) for slot in stay]
            return all(cell is None or (not cell.closed and cell.taken < cell.capacity) for cell in found)

        return any(
            all(map(is_free, codes)) for codes in seatings(terms, table.party_size, area=table.area, online=True)
        )

    async def widened(self) -> "NearbyTables":
        """Return itself: the terms of a restaurant are those of every day."""
        return self

    def others(self, item: Item) -> Iterator[TableItem]:
        """Yield tables near one: at another time, in another area, on another day."""
        table = self.asked(item, {})
        for other in nearby(self.offer.terms, table.request, now=self.now):
            yield replace(table.item, day=other.day, at=other.at, area=other.area)

    def distance(self, item: Item) -> tuple[int, ...]:
        """Return how far a table is from the one asked for.

        First counts by how many guests the party differs, then whether its length does, then by how many days it is
        off, then whether it is elsewhere in the room, then by how many seconds it is off; of two as near the later
        comes first.
        """
        asked, other = self.item, _table(item)
        days = other.day.toordinal() - asked.day.toordinal()
        seconds = _second(other.at) - _second(asked.at)
        return (
            abs(other.party_size - asked.party_size),
            int(other.minutes != asked.minutes),
            abs(days),
            int(other.area != asked.area),
            abs(seconds),
            -days,
            -seconds,
        )

    def fields(self, item: Item) -> dict[str, Any]:
        """Return a table as a request writes it."""
        table = _table(item)
        return {
            "restaurant_id": table.restaurant_id,
            "date": table.day.isoformat(),
            "time": wall(table.at),
            "party_size": table.party_size,
            "minutes": table.minutes,
            "area": table.area,
        }

    def changed(self, item: Item, change: Mapping[str, Any]) -> TableItem:
        """Return a table with some fields set."""
        read: dict[str, Any] = dict(change)
        if "date" in read:
            read["day"] = date.fromisoformat(read.pop("date"))
        if "time" in read:
            read["at"] = time.fromisoformat(read.pop("time"))
        return replace(_table(item), **read)


def _second(at: time) -> int:
    return (at.hour * 60 + at.minute) * 60 + at.second


def _table(item: Item) -> TableItem:
    if not isinstance(item, TableItem):
        raise TypeError(f"a table expected, not {type(item).__name__}")
    return item
