"""Reasons against the seats of a request, seat by seat.

Of each seat `reasons` tells the first that stands against it, in this order: `seat_without_leg`, `seat_unknown`,
`seat_blocked`, `seat_in_other_cabin`, `seat_without_passenger`, `seat_chosen_twice`, `passenger_seated_twice`,
`seat_at_exit`. Infants travel on the laps of the first adults. The change is to do without the choice.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from holdfast.engine.claims import Cell
from holdfast.verticals.flights.claims import free, seat_resource, seat_slot
from holdfast.verticals.flights.parts import seat_code, seats_by_code
from holdfast.verticals.flights.terms import FlightRequest, LegTerms, Passengers, Seat, SeatChoice
from holdfast.verticals.reasons import Reason
from holdfast.verticals.wording import counted

_Cells = Mapping[tuple[str, int], Cell]


def reasons(legs: Sequence[LegTerms], request: FlightRequest) -> Iterator[Reason]:
    """Yield what stands against the seats of a request, whatever is taken."""
    known = _maps(legs, request)
    for place, choice in enumerate(request.seats):
        leg, seats = known.get(choice.flight_id, (None, {}))
        against = _against_seat(choice, leg, seats, request) or _against_passenger(choice, seats, request, place)
        if against is not None:
            rule, detail = against
            change = {"seats": written(_without(request, place))}
            yield Reason(rule, detail, f"seats/{place}", _as_written(choice), change)


def taken(legs: Sequence[LegTerms], request: FlightRequest, cells: _Cells) -> Iterator[Reason]:
    """Yield which seats of a request are taken; the change is the nearest free one, or to do without."""
    known = _maps(legs, request)
    for place, choice in enumerate(request.seats):
        leg, seats = known.get(choice.flight_id, (None, {}))
        seat = seats.get(choice.seat)
        if leg is None or seat is None or _is_free(leg, seat, cells):
            continue
        detail = f"seat {choice.seat} of {leg.number} is taken"
        others = _without(request, place)
        instead = _nearest(leg, seat, choice, request, cells)
        if instead is not None:
            others.insert(place, replace(choice, seat=seat_code(instead)))
        yield Reason("seat_taken", detail, f"seats/{place}", _as_written(choice), {"seats": written(others)})


def _maps(legs: Sequence[LegTerms], request: FlightRequest) -> dict[int, tuple[LegTerms, Mapping[str, Seat]]]:
    """Return the legs on which seats are chosen, each with its map."""
    chosen = {choice.flight_id for choice in request.seats}
    return {leg.flight_id: (leg, seats_by_code(leg)) for leg in legs if leg.flight_id in chosen}


def written(choices: Iterable[SeatChoice]) -> list[dict[str, Any]]:
    """Return seat choices as a request writes them."""
    return [_as_written(choice) for choice in choices]


def _as_written(choice: SeatChoice) -> dict[str, Any]:
    # Whoever looks for other flights asks thousands of times; `asdict` copies deeply and takes ten times as long.
    return {"flight_id": choice.flight_id, "seat": choice.seat, "passenger": choice.passenger}


def may_sit_at_exit(party: Passengers, passenger: int) -> bool:
    """Return whether a traveler, told by position, is an adult without an infant."""
    return party.infants <= passenger < party.adults


def _against_seat(
    choice: SeatChoice, leg: LegTerms | None, seats: Mapping[str, Seat], request: FlightRequest
) -> tuple[str, str] | None:
    code = choice.seat[:8]
    if leg is None:
        return "seat_without_leg", f"Seat {code} is on a flight that is not asked for."
    seat = seats.get(choice.seat)
    if seat is None:
        gate = f"{leg.number} has no seat {code}." if seats else f"The seats of {leg.number} are given at the gate."
        return "seat_unknown", gate
    if seat.blocked:
        return "seat_blocked", f"Seat {code} of {leg.number} is given at the gate."
    if seat.cabin != request.cabin:
        return "seat_in_other_cabin", f"Seat {code} of {leg.number} is in {seat.cabin}."
    return None


def _against_passenger(
    choice: SeatChoice, seats: Mapping[str, Seat], request: FlightRequest, place: int
) -> tuple[str, str] | None:
    party, code = request.passengers, choice.seat
    before = [each for each in request.seats[:place] if each.flight_id == choice.flight_id]
    if not 0 <= choice.passenger < party.seats:
        count = counted(party.seats, "traveler")
        return "seat_without_passenger", f"Seat {code} is for nobody: {count} in all, counted from 0."
    if any(each.seat == code for each in before):
        return "seat_chosen_twice", f"Seat {code} is chosen twice."
    if any(each.passenger == choice.passenger for each in before):
        return "passenger_seated_twice", f"Whoever seat {code} is for has a seat on this flight."
    if seats[code].exit and not may_sit_at_exit(party, choice.passenger):
        return "seat_at_exit", f"Seat {code} is at an exit: not for children, nor for whoever has an infant on the lap."
    return None


def _without(request: FlightRequest, place: int) -> list[SeatChoice]:
    return [*request.seats[:place], *request.seats[place + 1 :]]


def _is_free(leg: LegTerms, seat: Seat, cells: _Cells) -> bool:
    return free(cells, seat_resource(leg.flight_id), 1, seat_slot(seat_code(seat))) > 0


def _nearest(leg: LegTerms, seat: Seat, choice: SeatChoice, request: FlightRequest, cells: _Cells) -> Seat | None:
    """Return the nearest free seat that would do for the same traveler and costs no more."""
    chosen = {each.seat for each in request.seats if each.flight_id == leg.flight_id}
    at_exit = may_sit_at_exit(request.passengers, choice.passenger)
    fit = [
        each
        for each in leg.seats
        if each.cabin == seat.cabin
        and each.extra_minor <= seat.extra_minor
        and not each.blocked
        and (at_exit or not each.exit)
        and seat_code(each) not in chosen
        and _is_free(leg, each, cells)
    ]

    def distance(each: Seat) -> tuple[int, ...]:
        return abs(each.row - seat.row), abs(ord(each.column) - ord(seat.column)), each.row, ord(each.column)

    return min(fit, key=distance, default=None)
