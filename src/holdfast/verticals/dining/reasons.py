"""Reasons: the rules that stand against a request for a table.

`reasons` has those that do not need stock, of each of these groups one at most, in this order:

1. the time: `closed_that_day`, `not_a_slot`, `time_does_not_exist`, `no_service_then`
2. the moment of asking: `past_time`, `notice`, `beyond_horizon`
3. the party: `party_empty`, `party_too_large`
4. the room: `no_such_area`; `no_table_for_party`, only if nothing is wrong with the party
5. the length: `length_out_of_bounds`, `length_not_in_slots`

`shortages` has those of stock, any number of them, in this order: `pacing_covers`, `pacing_parties`, `room_full`; the
part of guests, `online_covers`, `online_parties`, `online_room_full`; and `tables_taken`.

Staff are bound by the hours of services, the tables and the horizon; notice, the largest party and the bounds of
length are for guests, and the quarter of an hour that is running is not past for staff, who seat whoever walks in.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from holdfast.verticals.dining.asking import Asking
from holdfast.verticals.dining.seating import areas_of, party_sizes, seatings
from holdfast.verticals.dining.stock import Cells, DayStock
from holdfast.verticals.dining.stock_rules import StockRules
from holdfast.verticals.dining.terms import PARTY_MAX, SLOT_MINUTES, DiningTerms, TableRequest
from holdfast.verticals.reasons import Reason
from holdfast.verticals.wording import counted

STAFF_MINUTES_MAX: Final = 24 * 60
"""The longest stay staff may enter."""


def reasons(terms: DiningTerms, request: TableRequest, *, now: datetime, online: bool) -> tuple[Reason, ...]:
    """Return every rule that stands against a request, none if it may be booked; stock is not looked at.

    The order is that of the module. A change names only fields that become others, and satisfies its own rule.

    Args:
        terms: Of the restaurant.
        request: Any request, also an impossible one.
        now: Aware, in any zone.
        online: Whether a guest asks; else staff.
    """
    against = Asking(terms, now=now, online=online).against(request.day, request.at)
    return (*against, *party_reasons(terms, request, online=online))


def shortages(
    terms: DiningTerms, request: TableRequest, cells: Cells, *, online: bool, now: datetime | None = None
) -> tuple[Reason, ...]:
    """Return what stock stands against a request, nothing if it may be had; the caller has asked `reasons`.

    The order is that of the module. A change, where there is one, opens the request as far as stock goes: the nearest
    other time of the day, else the largest smaller party (if only guests are too many), else (if only tables are
    taken) another area.

    Args:
        terms: Of the restaurant.
        request: If it cannot be had on any day, nothing may be said.
        cells: Those of `slots.stock_window` for its day; a cell that is missing is free.
        online: Whether a guest asks; else staff.
        now: Times that are over are not proposed then. Aware, in any zone.
    """
    stock = DayStock(terms, request.day, cells, online=online)
    arrival = stock.arrival_at(request.at)
    if arrival is None or not is_countable(request):
        return ()
    asking = Asking(terms, now=now, online=online) if now is not None else None
    rules = StockRules(terms, stock, request, lambda other: asking is None or asking.allows(other, request.day))
    return rules.against(arrival)


def is_countable(request: TableRequest) -> bool:
    """Return whether stock can be asked for a request: it has guests, and a length that somebody may have."""
    return request.party_size > 0 and (request.minutes is None or 0 < request.minutes <= STAFF_MINUTES_MAX)


def party_reasons(terms: DiningTerms, request: TableRequest, *, online: bool) -> tuple[Reason, ...]:
    """Return what stands against party, area and length, whatever the day and time."""
    found = list(_against_party(terms, request.party_size, online=online))
    if found:
        if request.area is not None and request.area not in areas_of(terms):
            found.append(_no_such_area(terms, request.area))
    else:
        found += _against_room(terms, request, online=online)
    if request.minutes is not None:
        found += _against_length(terms, request.minutes, online=online)
    return tuple(found)


def _largest(terms: DiningTerms, *, online: bool) -> int:
    return min(terms.party_max, PARTY_MAX) if online else PARTY_MAX


def _against_party(terms: DiningTerms, party_size: int, *, online: bool) -> Iterator[Reason]:
    most = _largest(terms, online=online)
    if party_size < 1:
        values = {"party_size": party_size}
        yield Reason("party_empty", "A party has at least one guest.", "party_size", values, {"party_size": 1})
    elif party_size > most:
        detail = f"A party has at most {counted(most, 'guest')}, not {party_size}."
        values = {"party_size": party_size, "party_max": most}
        yield Reason("party_too_large", detail, "party_size", values, {"party_size": most})


def _against_room(terms: DiningTerms, request: TableRequest, *, online: bool) -> Iterator[Reason]:
    size, area = request.party_size, request.area
    if area is not None and area not in areas_of(terms):
        yield _no_such_area(terms, area)
    elif not seatings(terms, size, area=area, online=online):
        where = f" in the area {area}" if area is not None else ""
        most = _largest(terms, online=online)
        sizes = [other for other in party_sizes(terms, area=area, online=online) if other <= most]
        change: dict[str, Any] | None = None
        if area is not None and seatings(terms, size, online=online):
            change = {"area": _other_area(terms, size, online=online)}
        elif sizes:
            change = {"party_size": min(sizes, key=lambda other: (abs(other - size), -other))}
        yield Reason(
            "no_table_for_party",
            f"No table{where} takes a party of {size}.",
            "area" if change is not None and "area" in change else "party_size",
            {"party_size": size, "area": area} if area is not None else {"party_size": size},
            change,
        )


def _other_area(terms: DiningTerms, size: int, *, online: bool) -> str | None:
    """Return an area that takes a party, None (which asks for no area) where only tables of several together do."""
    return next((area for area in areas_of(terms) if seatings(terms, size, area=area, online=online)), None)


def _no_such_area(terms: DiningTerms, area: str) -> Reason:
    known = areas_of(terms)
    detail = f"There is no area {area[:40]!r}: there is {', '.join(known)}." if known else "There are no areas."
    return Reason("no_such_area", detail, "area", {"area": area[:40], "areas": list(known)}, {"area": None})


def _against_length(terms: DiningTerms, minutes: int, *, online: bool) -> Iterator[Reason]:
    least, most = (terms.minutes_min, terms.minutes_max) if online else (SLOT_MINUTES, STAFF_MINUTES_MAX)
    whole = (minutes + SLOT_MINUTES // 2) // SLOT_MINUTES * SLOT_MINUTES
    change = {"minutes": max(least, min(most, whole))}
    if not least <= minutes <= most:
        detail = f"A party stays {least} to {most} minutes, not {minutes}."
        values = {"minutes": minutes, "minutes_min": least, "minutes_max": most}
        yield Reason("length_out_of_bounds", detail, "minutes", values, change)
    elif minutes % SLOT_MINUTES:
        detail = f"A length is a multiple of {SLOT_MINUTES} minutes, not {minutes}."
        values = {"minutes": minutes, "slot_minutes": SLOT_MINUTES}
        yield Reason("length_not_in_slots", detail, "minutes", values, change)
