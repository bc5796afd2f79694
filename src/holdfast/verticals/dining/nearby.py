"""Nearby: what to propose instead of a request that cannot be had."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime

from holdfast.verticals.dining.asking import Asking, near_days, nearest_first
from holdfast.verticals.dining.reasons import party_reasons
from holdfast.verticals.dining.seating import areas_of
from holdfast.verticals.dining.slots import arrival_at
from holdfast.verticals.dining.terms import DiningTerms, TableRequest


def nearby(terms: DiningTerms, request: TableRequest, *, now: datetime) -> Iterator[TableRequest]:
    """Yield other requests of a guest that no rule stands against, the nearest first; stock is not looked at.

    First come the other times of the day by their distance, then, if an area was asked for, the other areas at the
    same time, then the days around it, `asking.NEAR_DAYS` at most, at the same time or the one nearest to it. Of two
    as near the later comes first. Nothing comes if party or length have to change. `now` is aware, in any zone.
    """
    asking = Asking(terms, now=now, online=True)
    if not party_reasons(terms, request, online=True):
        for arrival in nearest_first(asking.allowed(request.day), request.at):
            if arrival.at != request.at:
                yield replace(request, at=arrival.at)
    yield from _other_areas(terms, request, asking)
    if not party_reasons(terms, request, online=True):
        yield from _other_days(request, asking)


def _other_areas(terms: DiningTerms, request: TableRequest, asking: Asking) -> Iterator[TableRequest]:
    arrival = arrival_at(terms, request.day, request.at)
    if request.area is None or arrival is None or not asking.allows(arrival, request.day):
        return
    for area in areas_of(terms):
        other = replace(request, area=area)
        if area != request.area and not party_reasons(terms, other, online=True):
            yield other


def _other_days(request: TableRequest, asking: Asking) -> Iterator[TableRequest]:
    for ordinal in near_days(request.day):
        if asking.may_be(ordinal):
            day = date.fromordinal(ordinal)
            near = nearest_first(asking.allowed(day), request.at)
            if near:
                yield replace(request, day=day, at=near[0].at)
