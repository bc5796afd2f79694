"""Stock rules: what stock stands against a request, and the smallest change that gets round it."""

from collections.abc import Callable, Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Any, Final

from holdfast.verticals.dining.asking import nearest_first, wall
from holdfast.verticals.dining.claims import Count
from holdfast.verticals.dining.slots import Arrival, end_of, minutes_for, wall_of
from holdfast.verticals.dining.stock import DayStock, Shortfall
from holdfast.verticals.dining.terms import PARTY_MAX, DiningTerms, TableRequest
from holdfast.verticals.reasons import Reason

_RULES: Final[Mapping[tuple[Count, bool], str]] = MappingProxyType(
    {
        (Count.COVERS, False): "pacing_covers",
        (Count.PARTIES, False): "pacing_parties",
        (Count.PRESENT, False): "room_full",
        (Count.COVERS, True): "online_covers",
        (Count.PARTIES, True): "online_parties",
        (Count.PRESENT, True): "online_room_full",
    }
)


class StockRules:
    """What stock stands against one request, at its own time or at any other of its day.

    Args:
        terms: Of the restaurant.
        stock: Of the day that is asked for.
        request: Party, length and area; its time does not matter.
        allows: Whether an arrival may be proposed instead of another.
    """

    def __init__(
        self, terms: DiningTerms, stock: DayStock, request: TableRequest, allows: Callable[[Arrival], bool]
    ) -> None:
        self._terms = terms
        self._stock = stock
        self._request = request
        self._minutes = minutes_for(terms, request.party_size, request.minutes)
        self._allows = allows

    def against(self, arrival: Arrival) -> tuple[Reason, ...]:
        """Return what stands against an arrival; nothing of tables where none would take the party."""
        size, area = self._request.party_size, self._request.area
        short = list(self._stock.shortfalls(arrival, size, self._minutes))
        seatings = self._stock.seatings_count(size, area)
        taken = seatings > 0 and not self._stock.has_table(arrival, size, self._minutes, area)
        if not short and not taken:
            return ()
        other_time = self._other_time(arrival)
        change = other_time or self._smaller_party(arrival, short)
        found = [_limit_reason(each, change) for each in short]
        if taken:
            found.append(self._tables_taken(arrival, seatings, other_time or self._other_area(arrival)))
        return tuple(found)

    @cached_property
    def _free(self) -> list[Arrival]:
        size, area = self._request.party_size, self._request.area
        return [
            arrival
            for arrival in self._stock.arrivals
            if self._allows(arrival) and self._stock.is_free(arrival, size, self._minutes, area)
        ]

    def _other_time(self, arrival: Arrival) -> dict[str, Any] | None:
        return {"time": wall(nearest_first(self._free, arrival.at)[0].at)} if self._free else None

    def _smaller_party(self, arrival: Arrival, short: list[Shortfall]) -> dict[str, Any] | None:
        """Return the largest smaller party that can be seated at the time, where it is guests that are too many."""
        if not short or any(each.limit.count is Count.PARTIES for each in short):
            return None
        most = min(PARTY_MAX, *(each.left for each in short))
        for size in range(most, 0, -1):
            minutes = minutes_for(self._terms, size, self._request.minutes)
            if self._stock.is_free(arrival, size, minutes, self._request.area):
                return {"party_size": size}
        return None

    def _other_area(self, arrival: Arrival) -> dict[str, Any] | None:
        size = self._request.party_size
        if self._request.area is None or not self._stock.has_room(arrival, size, self._minutes):
            return None
        areas = self._stock.free_areas(arrival, size, self._minutes)
        return {"area": areas[0]} if areas else None

    def _tables_taken(self, arrival: Arrival, seatings: int, change: Mapping[str, Any] | None) -> Reason:
        size, area = self._request.party_size, self._request.area
        until = wall(wall_of(end_of(self._terms.zone, arrival.slot, self._minutes))[1])
        values: dict[str, Any] = {"party_size": size, "seatings": seatings, "from": wall(arrival.at), "until": until}
        if area is not None:
            values["area"] = area
        where = f" in the area {area}" if area is not None else ""
        detail = f"every table for {size}{where} is taken between {wall(arrival.at)} and {until}"
        return Reason("tables_taken", detail, _field(change), values, change)


def _limit_reason(short: Shortfall, change: Mapping[str, Any] | None) -> Reason:
    limit, cell = short.limit, short.cell
    at = wall(wall_of(short.slot)[1])
    what = "room" if limit.count is Count.PRESENT else "pacing"
    detail = f"{'online ' if limit.online else ''}{what} {at} is "
    values: dict[str, Any] = {"time": at, "limit": cell.capacity, "taken": cell.taken, "asked": short.asked}
    if cell.closed:
        detail += "closed"
        values["closed"] = True
    else:
        parties = " parties" if limit.count is Count.PARTIES else ""
        wanted = f", you asked {short.asked}" if short.left > 0 else ""
        detail += f"{cell.taken} of {cell.capacity}{parties}{wanted}"
    return Reason(_RULES[limit.count, limit.online], detail, _field(change), values, change)


def _field(change: Mapping[str, Any] | None) -> str:
    return next(iter(change)) if change else "time"
