"""Stock: one day of a restaurant against its cells, to be asked many questions quickly.

The tables of the room are the bits of a whole number: those busy at a slot are one, those of a seating another, and a
stay can have a seating if the two have no bit in common at any of its slots. It decides as `engine.claims.decide`
would over the options of `claims`, without making them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, time

from holdfast.engine.claims import Cell
from holdfast.verticals.dining.claims import Count, Limit, limits_of, table_id
from holdfast.verticals.dining.seating import seatings
from holdfast.verticals.dining.slots import Arrival, arrivals, end_of
from holdfast.verticals.dining.terms import DiningTerms

Cells = Mapping[tuple[str, int], Cell]


@dataclass(frozen=True, slots=True)
class Shortfall:
    """A limit that has no room for a party, and the first slot at which it has none."""

    limit: Limit
    slot: int
    cell: Cell
    asked: int

    @property
    def left(self) -> int:
        """How much of it is free."""
        return _left(self.cell)


@dataclass(frozen=True, slots=True)
class _Seated:
    """The seatings of a party, as bits."""

    anywhere: tuple[int, ...]
    by_area: Mapping[str, tuple[int, ...]]
    """Only seatings whose tables all stand in one area."""


class DayStock:
    """What is free at the arrivals of one day, for guests (`online`) or for staff.

    Args:
        terms: Of the restaurant.
        day: The day of arrival.
        cells: Those of `slots.stock_window` at least; a cell that is missing is free. Others do no harm.
        online: For guests.
    """

    def __init__(self, terms: DiningTerms, day: date, cells: Cells, *, online: bool) -> None:
        self.arrivals = arrivals(terms, day)
        self._terms = terms
        self._online = online
        self._bits = {table.code: 1 << place for place, table in enumerate(terms.tables)}
        self._area_of = {table.code: table.area for table in terms.tables}
        self._limits = {
            service.code: limits_of(terms, service, online=online)
            for service in {arrival.service.code: arrival.service for arrival in self.arrivals}.values()
        }
        self._counted: dict[str, dict[int, Cell]] = {
            limit.resource_id: {} for limits in self._limits.values() for limit in limits
        }
        self._busy: dict[int, int] = {}
        self._seated: dict[int, _Seated] = {}
        self._stays: dict[tuple[int, int], tuple[int, int]] = {}
        self._read(cells)

    def arrival_at(self, at: time) -> Arrival | None:
        """Return the arrival at this time, None if nobody is seated then."""
        return next((arrival for arrival in self.arrivals if arrival.at == at), None)

    def is_free(self, arrival: Arrival, party_size: int, minutes: int, area: str | None) -> bool:
        """Return whether a party can be seated, as far as stock goes."""
        return self.has_table(arrival, party_size, minutes, area) and self.has_room(arrival, party_size, minutes)

    def has_room(self, arrival: Arrival, party_size: int, minutes: int) -> bool:
        """Return whether no limit stands against a party, whatever tables are free."""
        return next(self.shortfalls(arrival, party_size, minutes), None) is None

    def has_table(self, arrival: Arrival, party_size: int, minutes: int, area: str | None) -> bool:
        """Return whether a seating of the party is free for its stay, whatever the limits say."""
        _, busy = self._stay(arrival, minutes)
        return any(not seating & busy for seating in self._seatings(party_size, area))

    def seatings_count(self, party_size: int, area: str | None) -> int:
        """Return how many seatings take the party, free or not."""
        return len(self._seatings(party_size, area))

    def free_areas(self, arrival: Arrival, party_size: int, minutes: int) -> tuple[str, ...]:
        """Return the areas that have a free seating of the party, in the order of the tables."""
        _, busy = self._stay(arrival, minutes)
        by_area = self._seated_of(party_size).by_area
        return tuple(area for area, found in by_area.items() if any(not seating & busy for seating in found))

    def shortfalls(self, arrival: Arrival, party_size: int, minutes: int) -> Iterator[Shortfall]:
        """Yield the limits that have no room for a party, in their order; tables are not looked at."""
        for limit in self._limits[arrival.service.code]:
            asked = limit.asked(party_size)
            cells = self._counted[limit.resource_id]
            end = self._stay(arrival, minutes)[0] if limit.count is Count.PRESENT else arrival.slot + 1
            for slot in range(arrival.slot, end):
                cell = cells.get(slot)
                if (limit.most if cell is None else _left(cell)) < asked:
                    yield Shortfall(limit, slot, cell or Cell(0, limit.most), asked)
                    break

    def _read(self, cells: Cells) -> None:
        bits = {table_id(self._terms.restaurant_id, code): bit for code, bit in self._bits.items()}
        busy = self._busy
        for (resource_id, slot), cell in cells.items():
            bit = bits.get(resource_id)
            if bit is not None:
                if _left(cell) < 1:
                    busy[slot] = busy.get(slot, 0) | bit
            elif (counted := self._counted.get(resource_id)) is not None:
                counted[slot] = cell

    def _stay(self, arrival: Arrival, minutes: int) -> tuple[int, int]:
        """Return the end of a stay, and the tables that are busy at any of its slots."""
        key = (arrival.slot, minutes)
        found = self._stays.get(key)
        if found is None:
            end = end_of(self._terms.zone, arrival.slot, minutes)
            busy = 0
            for slot in range(arrival.slot, end):
                busy |= self._busy.get(slot, 0)
            found = self._stays[key] = (end, busy)
        return found

    def _seatings(self, party_size: int, area: str | None) -> tuple[int, ...]:
        seated = self._seated_of(party_size)
        return seated.anywhere if area is None else seated.by_area.get(area, ())

    def _seated_of(self, party_size: int) -> _Seated:
        found = self._seated.get(party_size)
        if found is None:
            anywhere: list[int] = []
            by_area: dict[str, list[int]] = {table.area: [] for table in self._terms.tables}
            for codes in seatings(self._terms, party_size, online=self._online):
                seating = sum(self._bits[code] for code in codes)
                anywhere.append(seating)
                areas = {self._area_of[code] for code in codes}
                if len(areas) == 1:
                    by_area[areas.pop()].append(seating)
            found = _Seated(tuple(anywhere), {area: tuple(seated) for area, seated in by_area.items()})
            self._seated[party_size] = found
        return found


def _left(cell: Cell) -> int:
    return 0 if cell.closed else cell.capacity - cell.taken
