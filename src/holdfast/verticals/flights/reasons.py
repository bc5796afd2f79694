"""Reasons: the rules that stand against a request for flights.

`reasons` has those that do not need stock, in this order:

1. how many legs: `no_legs`, `too_many_legs`
2. leg by leg, one of each at most: `leg_canceled`, `departed`, `sales_closed`
3. leg by leg, with the one before it: `legs_not_in_order`, `connection_too_short`
4. leg by leg, each rule for itself: `mixed_currencies`, `leg_twice`, `no_such_cabin`, `no_such_brand`
5. the party: `no_adult`, `too_many_passengers`, `too_many_infants`
6. seat by seat, of each the first that stands against it: those of `seat_reasons`

`shortages` has those of stock: leg by leg `booked_already`, then leg by leg one of `seats_sold` and `fares_sold`, then
seat by seat `seat_taken`.

Legs are told by position, counted from 1, and number; a `field` counts from 0.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Final

from holdfast.engine.claims import Cell
from holdfast.verticals.flights import seat_reasons
from holdfast.verticals.flights.claims import bucket_room, cabin_room, free, guest_resource
from holdfast.verticals.flights.parts import brand_of, cabin_of
from holdfast.verticals.flights.terms import LEGS_MAX, PASSENGERS_MAX, FlightRequest, LegTerms, Passengers
from holdfast.verticals.flights.times import arrives_at, departs_at
from holdfast.verticals.reasons import Reason
from holdfast.verticals.wording import counted

_MINUTE: Final = timedelta(minutes=1)
_Legs = Sequence[LegTerms]
_Cells = Mapping[tuple[str, int], Cell]


def reasons(legs: Sequence[LegTerms], request: FlightRequest, *, now: datetime) -> tuple[Reason, ...]:
    """Return every rule that stands against a request, none if it may be booked; stock is not looked at.

    The order is that of the module. A change names only fields that become others, and satisfies its own rule.

    Args:
        legs: The flights of the request, in its order.
        request: Any request, also an impossible one; no count is negative.
        now: Aware, in any zone.
    """
    return (
        *_how_many(legs),
        *_sold(legs, now),
        *_in_order(legs, request),
        *_currencies(legs),
        *_twice(legs),
        *_cabins(legs, request),
        *_brands(legs, request),
        *_party(request.passengers),
        *seat_reasons.reasons(legs, request),
    )


def shortages(
    legs: Sequence[LegTerms], request: FlightRequest, cells: _Cells, *, account_id: int | None = None
) -> tuple[Reason, ...]:
    """Return what stock stands against a request, nothing if it may be had; the caller has asked `reasons`.

    The order is that of the module. Fewer travelers, as a change, are as many as every leg has room for; another seat
    is the nearest one that is free and costs no more.

    Args:
        legs: The flights of the request, in its order; of one without the cabin nothing is said.
        request: What is asked for.
        cells: Those of the legs; one that is missing is free.
        account_id: Who asks; None: whether they have booked a flight already is not asked.
    """
    return (
        *_booked(legs, request, cells, account_id),
        *_sold_out(legs, request, cells),
        *seat_reasons.taken(legs, request, cells),
    )


def _how_many(legs: _Legs) -> Iterator[Reason]:
    if not legs:
        yield Reason("no_legs", "A journey has at least one flight.", "flight_ids")
    elif len(legs) > LEGS_MAX:
        detail = f"A journey has at most {LEGS_MAX} flights, not {len(legs)}."
        yield Reason("too_many_legs", detail, "flight_ids", {"legs": len(legs), "legs_max": LEGS_MAX})


def _sold(legs: _Legs, now: datetime) -> Iterator[Reason]:
    for place, leg in enumerate(legs):
        departs = departs_at(leg)
        if leg.canceled:
            yield _of_leg("leg_canceled", "is canceled.", place, leg)
        elif now >= departs:
            yield _of_leg("departed", "has departed.", place, leg)
        elif now > departs - leg.sales_close_minutes * _MINUTE:
            closes = {"sales_close_minutes": leg.sales_close_minutes, "minutes": (departs - now) // _MINUTE}
            detail = f"is sold until {counted(leg.sales_close_minutes, 'minute')} before departure."
            yield _of_leg("sales_closed", detail, place, leg, closes)


def _in_order(legs: _Legs, request: FlightRequest) -> Iterator[Reason]:
    once = _once(legs)
    for (_, before), (place, leg) in pairwise(once):
        gap = (departs_at(leg) - arrives_at(before)) // _MINUTE
        at = before.destination
        if gap < 0:
            detail = f"departs before {before.number} arrives."
            change = _sorted(legs, request)
            yield _of_leg("legs_not_in_order", detail, place, leg, {"minutes": gap}, change)
        elif leg.origin.airport_id == at.airport_id and gap < at.min_connection_minutes:
            least = counted(at.min_connection_minutes, "minute")
            detail = f"departs {counted(gap, 'minute')} after {before.number} arrives: at {at.iata} it takes {least}."
            values = {"airport": at.iata, "minutes": gap, "min_connection_minutes": at.min_connection_minutes}
            yield _of_leg("connection_too_short", detail, place, leg, values)


def _once(legs: _Legs) -> list[tuple[int, LegTerms]]:
    """Return each leg once, with its position: one that is there again is in no order anyway."""
    first: dict[int, tuple[int, LegTerms]] = {}
    for place, leg in enumerate(legs):
        first.setdefault(leg.flight_id, (place, leg))
    return list(first.values())


def _sorted(legs: _Legs, request: FlightRequest) -> dict[str, Any] | None:
    """Return the legs by departure, if then each departs after the one before it has arrived."""
    once = sorted([leg for _, leg in _once(legs)], key=departs_at)
    if any(departs_at(leg) < arrives_at(before) for before, leg in pairwise(once)):
        return None
    ids = {leg.flight_id: place for place, leg in enumerate(once)}
    return {"flight_ids": sorted(request.flight_ids, key=ids.__getitem__)}


def _currencies(legs: _Legs) -> Iterator[Reason]:
    for place, leg in enumerate(legs):
        if leg.currency != legs[0].currency:
            values = {"currency": leg.currency, "first_currency": legs[0].currency}
            detail = f"is sold in {leg.currency}, the first one in {legs[0].currency}."
            yield _of_leg("mixed_currencies", detail, place, leg, values)


def _twice(legs: _Legs) -> Iterator[Reason]:
    once = _once(legs)
    first = {place for place, _ in once}
    change = {"flight_ids": [leg.flight_id for _, leg in once]}
    for place, leg in enumerate(legs):
        if place not in first:
            yield _of_leg("leg_twice", "is there already.", place, leg, change=change)


def _cabins(legs: _Legs, request: FlightRequest) -> Iterator[Reason]:
    without = [(place, leg) for place, leg in enumerate(legs) if cabin_of(leg, request.cabin) is None]
    if not without:
        return
    shared = [cabin.code for cabin in legs[0].cabins if all(cabin_of(leg, cabin.code) for leg in legs)]
    change = {"cabin": shared[0]} if shared else None
    for place, leg in without:
        known = [cabin.code for cabin in leg.cabins]
        detail = f"has no {request.cabin[:20]}: it has {', '.join(known) or 'nothing to sell'}."
        values = {"cabin": request.cabin, "cabins": known}
        yield _of_leg("no_such_cabin", detail, place, leg, values, change, field="cabin")


def _brands(legs: _Legs, request: FlightRequest) -> Iterator[Reason]:
    cabins = [(place, leg, cabin) for place, leg in enumerate(legs) if (cabin := cabin_of(leg, request.cabin))]
    if not cabins:
        return
    shared = [each.code for each in cabins[0][2].brands if all(brand_of(cabin, each.code) for *_, cabin in cabins)]
    change = {"brand": shared[0]} if shared else None
    for place, leg, cabin in cabins:
        if brand_of(cabin, request.brand) is None:
            known = [brand.code for brand in cabin.brands]
            detail = f"has no fare {request.brand[:20]}: it has {', '.join(known) or 'none'}."
            values = {"brand": request.brand, "brands": known}
            yield _of_leg("no_such_brand", detail, place, leg, values, change, field="brand")


def _party(party: Passengers) -> Iterator[Reason]:
    if party.adults < 1:
        change = {"passengers": {**asdict(party), "adults": max(1, party.infants)}}
        yield Reason("no_adult", "At least one adult travels.", "passengers/adults", {"adults": party.adults}, change)
    if party.seats > PASSENGERS_MAX:
        detail = f"At most {PASSENGERS_MAX} travelers with a seat are booked together, not {party.seats}."
        values = {"travelers": party.seats, "travelers_max": PASSENGERS_MAX}
        change = {"passengers": asdict(_fewer(party, PASSENGERS_MAX))}
        yield Reason("too_many_passengers", detail, "passengers", values, change)
    if 0 < party.adults < party.infants:
        detail = f"Each infant needs a lap: {counted(party.infants, 'infant')}, {counted(party.adults, 'adult')}."
        values = {"infants": party.infants, "adults": party.adults}
        change = {"passengers": {**asdict(party), "infants": party.adults}}
        yield Reason("too_many_infants", detail, "passengers/infants", values, change)


def _booked(legs: _Legs, request: FlightRequest, cells: _Cells, account_id: int | None) -> Iterator[Reason]:
    if account_id is None or request.again:
        return
    for place, leg in enumerate(legs):
        if not free(cells, guest_resource(leg.flight_id, account_id), 1):
            detail = f"leg {place + 1} ({leg.number}) is booked by this account already"
            yield Reason("booked_already", detail, "again", _told(place, leg), {"again": True})


def _sold_out(legs: _Legs, request: FlightRequest, cells: _Cells) -> Iterator[Reason]:
    asked = request.passengers.seats
    cabins = [(place, leg, cabin) for place, leg in enumerate(legs) if (cabin := cabin_of(leg, request.cabin))]
    together = [max(bucket_room(cabin, leg.flight_id, cells), default=0) for _, leg, cabin in cabins]
    change = _for_fewer(request, min(together, default=0))
    for (place, leg, cabin), most in zip(cabins, together, strict=True):
        room = cabin_room(cabin, leg.flight_id, cells)
        values = {**_told(place, leg), "cabin": cabin.code, "asked": asked}
        if room < asked:
            detail = f"leg {place + 1} has {counted(room, 'seat')}, you asked {asked}"
            yield Reason("seats_sold", detail, "passengers", {**values, "seats": room}, change)
        elif most < asked:
            detail = f"leg {place + 1} has {counted(most, 'seat')} at one fare, you asked {asked}"
            yield Reason("fares_sold", detail, "passengers", {**values, "seats": most}, change)


def _for_fewer(request: FlightRequest, seats: int) -> dict[str, Any] | None:
    if seats < 1:
        return None
    change: dict[str, Any] = {"passengers": asdict(_fewer(request.passengers, seats))}
    staying = [choice for choice in request.seats if choice.passenger < seats]
    if len(staying) < len(request.seats):
        change["seats"] = seat_reasons.written(staying)
    return change


def _fewer(party: Passengers, seats: int) -> Passengers:
    """Return a party of so many with a seat: adults go first, so that whoever is left is looked after."""
    adults = min(party.adults, seats)
    return Passengers(adults=adults, children=min(party.children, seats - adults), infants=min(party.infants, adults))


def _of_leg(  # noqa: PLR0913, PLR0917 - private, and each is a member of the reason
    rule: str,
    detail: str,
    place: int,
    leg: LegTerms,
    values: Mapping[str, Any] | None = None,
    change: Mapping[str, Any] | None = None,
    field: str | None = None,
) -> Reason:
    return Reason(
        rule,
        f"Leg {place + 1} ({leg.number}) {detail}",
        field or f"flight_ids/{place}",
        {**_told(place, leg), **(values or {})},
        change,
    )


def _told(place: int, leg: LegTerms) -> dict[str, Any]:
    return {"leg": place + 1, "flight_id": leg.flight_id, "number": leg.number}
