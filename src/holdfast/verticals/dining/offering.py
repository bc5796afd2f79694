"""Offering: the times of a day, which of them are free, and what stands against the others."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Final

from holdfast.verticals.dining.asking import Asking
from holdfast.verticals.dining.reasons import is_countable, party_reasons
from holdfast.verticals.dining.slots import QUARTERS, Arrival, minutes_for, quarter_of
from holdfast.verticals.dining.stock import Cells, DayStock
from holdfast.verticals.dining.stock_rules import StockRules
from holdfast.verticals.dining.terms import DiningTerms, TableRequest
from holdfast.verticals.reasons import Reason

_OF_THE_AREA: Final = frozenset({"no_such_area", "no_table_for_party"})
"""Rules that may stand against one area and not against another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotOffer:
    """A time of a day at which parties are seated, and whether this one can be."""

    at: time
    slot: int
    instant: datetime
    """UTC."""
    service: str
    """Code of the service."""
    minutes: int
    """How long the party would stay."""
    free: bool
    reasons: tuple[Reason, ...]
    """Why not: all of `reasons.reasons`, then all of `reasons.shortages`."""
    areas: tuple[str, ...]
    """The areas in which the party can be seated then, whichever was asked for."""


def day_slots(  # noqa: PLR0913 - each is a part of the question, and all but four are named
    terms: DiningTerms,
    day: date,
    party_size: int,
    cells: Cells,
    *,
    now: datetime,
    online: bool,
    area: str | None = None,
    minutes: int | None = None,
) -> tuple[SlotOffer, ...]:
    """Return every time of a day at which parties are seated, in order, and whether and where this one can be.

    A time is free exactly if `reasons` has nothing against it and one of its `options` fits the cells.

    Args:
        terms: Of the restaurant.
        day: Of arrival; of a day without services there are none.
        party_size: Any number.
        cells: Those of `slots.stock_window` for the day; a cell that is missing is free.
        now: Aware, in any zone.
        online: Whether a guest asks; else staff.
        area: As in the request.
        minutes: As in the request; None: the turn time.
    """
    stock = DayStock(terms, day, cells, online=online)
    asking = Asking(terms, now=now, online=online)
    request = TableRequest(day=day, at=QUARTERS[0], party_size=party_size, minutes=minutes, area=area)
    party = party_reasons(terms, request, online=online)
    rules = StockRules(terms, stock, request, lambda other: asking.allows(other, day))
    stays = minutes_for(terms, party_size, minutes)
    countable = is_countable(request)
    placeable = countable and _OF_THE_AREA.issuperset(reason.rule for reason in party)
    offers = []
    for arrival in stock.arrivals:
        against = (*asking.against(day, arrival.at), *party, *(rules.against(arrival) if countable else ()))
        # Where it is the clock or a limit that stands against the party, no area is free.
        open_to_it = not against or (
            placeable and asking.allows(arrival, day) and stock.has_room(arrival, party_size, stays)
        )
        areas = stock.free_areas(arrival, party_size, stays) if open_to_it else ()
        offers.append(_offer(arrival, stays, against, areas))
    return tuple(offers)


def free_starts(
    terms: DiningTerms, day: date, party_sizes: Iterable[int], cells: Cells, *, now: datetime
) -> dict[int, int]:
    """Return, for each size of party, the quarters of a day that can be booked online: bit n is the n-th from midnight.

    It says of a party with its turn time and without a wish for an area what `day_slots` says. `now` is aware, in any
    zone; cells are those of `slots.stock_window` for the day, and one that is missing is free.
    """
    stock = DayStock(terms, day, cells, online=True)
    asking = Asking(terms, now=now, online=True)
    allowed = [arrival for arrival in stock.arrivals if asking.allows(arrival, day)]
    found = {}
    for size in party_sizes:
        request = TableRequest(day=day, at=QUARTERS[0], party_size=size)
        starts = 0
        if allowed and not party_reasons(terms, request, online=True):
            minutes = minutes_for(terms, size, None)
            for arrival in allowed:
                if stock.is_free(arrival, size, minutes, None):
                    starts |= 1 << quarter_of(arrival.at)
        found[size] = starts
    return found


def _offer(arrival: Arrival, minutes: int, reasons: tuple[Reason, ...], areas: tuple[str, ...]) -> SlotOffer:
    return SlotOffer(
        at=arrival.at,
        slot=arrival.slot,
        instant=arrival.instant,
        service=arrival.service.code,
        minutes=minutes,
        free=not reasons,
        reasons=reasons,
        areas=areas,
    )
