"""Nearby stays: what to propose instead of one that cannot be had, and what stock says against one."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date

from holdfast.engine.claims import Cell, Span
from holdfast.verticals.reasons import Reason
from holdfast.verticals.stays import NEAR_DAYS, StayRequest, StayTerms, nights_of, reasons, slot_night, spans

Cells = Mapping[tuple[str, int], Cell]

_LAST = date.max.toordinal()


def distance(request: StayRequest, other: StayRequest) -> tuple[int, ...]:
    """Return how far another stay is from the one asked for: the smaller, the nearer.

    First counts by how many guests and pets it differs, then by how many days the end moves that moves more, then by
    how many nights; of two as near the longer, then the later comes first.
    """
    arrives = other.check_in.toordinal() - request.check_in.toordinal()
    leaves = other.check_out.toordinal() - request.check_out.toordinal()
    party = abs(other.guests - request.guests) + abs(other.pets - request.pets)
    return party, max(abs(arrives), abs(leaves)), abs(leaves - arrives), arrives - leaves, -arrives


def nearby(terms: StayTerms, request: StayRequest, *, today: date) -> Iterator[StayRequest]:
    """Yield other stays of the same party that no rule stands against, the nearest first; stock is not looked at.

    They are as long as the one asked for, or a night longer or shorter, and neither end moves by more than
    `NEAR_DAYS`. Of a request without nights there are none.

    Args:
        terms: With the dates that differ, `NEAR_DAYS` and a night around the request.
        request: Any request.
        today: The day it is at the property.
    """
    if nights_of(request) < 1:
        return
    arrival, departure = request.check_in.toordinal(), request.check_out.toordinal()
    for arrives, leaves in _MOVES:
        first, end = arrival + arrives, departure + leaves
        if 1 <= first < end <= _LAST:
            other = replace(request, check_in=date.fromordinal(first), check_out=date.fromordinal(end))
            if not reasons(terms, other, today=today):
                yield other


def _moves() -> tuple[tuple[int, int], ...]:
    """Return by how many days arrival and departure may move, in the order of `distance`."""
    found: list[tuple[int, int]] = []
    for days in range(1, NEAR_DAYS + 1):
        found += [(days, days), (-days, -days)]
        longer = [(days - 1, days), (-days, 1 - days)]
        shorter = [(days, days - 1), (1 - days, -days)]
        found += [*longer, *shorter]
    return tuple(found)


_MOVES = _moves()


def shortages(terms: StayTerms, unit_names: tuple[str, ...], request: StayRequest, cells: Cells) -> tuple[Reason, ...]:
    """Return what stock stands against a stay, nothing if it may be had.

    Every night that cannot be had is named, in order: `night_closed`, or `night_taken` if it was sold. Where the units
    have names and each night can be had in one of them, but all of them in none, it is `no_unit_throughout`. Nights
    of preparation count as nights. How to get round it `nearby` says, with stock.

    Args:
        terms: Of the property.
        unit_names: Names of its units, none if they have none.
        request: Of one night to `stays.STAY_NIGHTS_MAX`.
        cells: Those of every unit in all these nights.

    Raises:
        ValueError: The stay has no nights or too many.
    """
    units = [option[0] for option in spans(terms.property_id, unit_names, request, terms.preparation_nights)]
    slots = range(units[0].first_slot, units[0].end_slot)
    if any((unit.resource_id, slot) not in cells for unit in units for slot in slots):
        return ()
    found = [reason for slot in slots if (reason := _against_night(units, slot, request, cells)) is not None]
    if found or any(all(_left(cells[unit.resource_id, slot]) for slot in slots) for unit in units):
        return tuple(found)
    taken = {
        name: [slot_night(slot).isoformat() for slot in slots if not _left(cells[unit.resource_id, slot])]
        for name, unit in zip(unit_names, units, strict=True)
    }
    detail = "no unit is free on every night"
    return (Reason("no_unit_throughout", detail, "check_in", {"taken": taken}),)


def _against_night(units: list[Span], slot: int, request: StayRequest, cells: Cells) -> Reason | None:
    here = [cells[unit.resource_id, slot] for unit in units]
    if any(map(_left, here)):
        return None
    night = slot_night(slot)
    preparing = night >= request.check_out
    why = ", kept free for preparation after the stay," if preparing else ""
    values = {"night": night.isoformat(), "preparation": preparing}
    capacity = sum(cell.capacity for cell in here)
    if capacity == 0 or all(cell.closed for cell in here):
        return Reason("night_closed", f"the night of {night}{why} is closed", "check_in", values)
    sold = sum(cell.taken for cell in here)
    counts = f": {sold} of {capacity}" if capacity > 1 else ""
    detail = f"the night of {night}{why} is taken{counts}"
    return Reason("night_taken", detail, "check_in", values | {"taken": sold, "capacity": capacity})


def _left(cell: Cell) -> int:
    return 0 if cell.closed else max(0, cell.capacity - cell.taken)
