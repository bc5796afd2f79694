"""What a flight has to sell, and what a request takes of it.

A cabin, each of its fare buckets and each chosen seat are stock of their own, all of the dated flight and so in one
slot, but for seats, of which each is a slot. Whoever books takes some of all of them or of none, on every leg or on
none. That an account books a flight once is stock as well: it has one place for each of its guests.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from holdfast.engine.claims import Cell, Span
from holdfast.verticals.flights.terms import Cabin, FareBucket, FlightRequest, LegTerms

_COLUMNS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
GUEST_CAPACITY: Final = 1
"""Of a `guest_resource`, which no terms can list."""

_SEAT: Final = re.compile(r"([1-9][0-9]{0,2})([A-Z])")
_ROW_MAX: Final = 999
_ROW_SLOTS: Final = 32
"""More than there are letters, so that no later layout moves a seat to another slot."""
SEAT_SLOTS: Final = (_ROW_MAX + 1) * _ROW_SLOTS
"""The slots of all seats there can be lie below this."""
_SEATS_OF: Final = re.compile(r"flight:([0-9]+):seats")


def cabin_resource(flight_id: int, cabin: str) -> str:
    """Return the resource of a cabin."""
    return f"flight:{flight_id}:{cabin}"


def bucket_resource(flight_id: int, cabin: str, bucket: str) -> str:
    """Return the resource of a fare bucket."""
    return f"flight:{flight_id}:{cabin}:{bucket}"


def seat_resource(flight_id: int) -> str:
    """Return the resource whose slots are the seats of a flight."""
    return f"flight:{flight_id}:seats"


def guest_resource(flight_id: int, account_id: int) -> str:
    """Return the resource that an account takes to book a flight once."""
    return f"flight:{flight_id}:guest:{account_id}"


def resources(leg: LegTerms) -> dict[str, int]:
    """Return the resources of a leg with their capacities; those of guests are made when they first ask."""
    found = {}
    for cabin in leg.cabins:
        found[cabin_resource(leg.flight_id, cabin.code)] = cabin.seats + cabin.overbooking
        for bucket in cabin.buckets:
            found[bucket_resource(leg.flight_id, cabin.code, bucket.code)] = bucket.seats
    if leg.seats:
        found[seat_resource(leg.flight_id)] = 1
    return found


def seat_slot(seat: str) -> int:
    """Return the slot of a seat: 32 for each row, and the position of its letter.

    Raises:
        ValueError: This is no seat.
    """
    match = _SEAT.fullmatch(seat)
    if match is None:
        raise ValueError(f"a seat is a row and a letter, such as 12A, not {seat[:8]!r}")
    return int(match[1]) * _ROW_SLOTS + _COLUMNS.index(match[2])


def seat_of_slot(slot: int) -> str:
    """Return the seat of a slot.

    Raises:
        ValueError: No seat has this slot.
    """
    row, column = divmod(slot, _ROW_SLOTS)
    if not 1 <= row <= _ROW_MAX or column >= len(_COLUMNS):
        raise ValueError(f"no seat has slot {slot}")
    return f"{row}{_COLUMNS[column]}"


def free(cells: Mapping[tuple[str, int], Cell], resource_id: str, capacity: int, slot: int = 0) -> int:
    """Return how many units are free: of a cell that is not there, all of the capacity."""
    cell = cells.get((resource_id, slot))
    if cell is None:
        return capacity
    return 0 if cell.closed else max(0, cell.capacity - cell.taken)


def cabin_room(cabin: Cabin, leg_id: int, cells: Mapping[tuple[str, int], Cell]) -> int:
    """Return how many seats of a cabin may still be sold."""
    return free(cells, cabin_resource(leg_id, cabin.code), cabin.seats + cabin.overbooking)


def bucket_room(cabin: Cabin, leg_id: int, cells: Mapping[tuple[str, int], Cell]) -> list[int]:
    """Return how many seats may still be sold together from each bucket of a cabin, in order."""
    most = cabin_room(cabin, leg_id, cells)
    return [
        min(most, free(cells, bucket_resource(leg_id, cabin.code, bucket.code), bucket.seats))
        for bucket in cabin.buckets
    ]


def open_bucket(cabin: Cabin, leg_id: int, seats: int, cells: Mapping[tuple[str, int], Cell]) -> FareBucket | None:
    """Return the cheapest bucket with room for all of so many travelers, or None.

    A party pays one fare and is not spread over two buckets: one with a single seat left waits for a single traveler.
    """
    rooms = bucket_room(cabin, leg_id, cells)
    return next((bucket for bucket, room in zip(cabin.buckets, rooms, strict=True) if room >= seats), None)


def options(
    legs: Sequence[LegTerms], request: FlightRequest, buckets: Mapping[int, str], account_id: int
) -> tuple[tuple[Span, ...], ...]:
    """Return what a request takes, as the one option of a claim order: all legs, or none.

    Infants take nothing. A guest takes the place of the account on each flight, unless they book `again`.

    Args:
        legs: In order.
        request: What is asked for; `reasons` has nothing against it.
        buckets: The code of the bucket of each flight.
        account_id: Who books.
    """
    quantity = request.passengers.seats
    spans: list[Span] = []
    for leg in legs:
        flight_id = leg.flight_id
        taken = (
            cabin_resource(flight_id, request.cabin),
            bucket_resource(flight_id, request.cabin, buckets[flight_id]),
        )
        spans += [_span(resource_id, 0, quantity) for resource_id in taken]
        spans += [
            _span(seat_resource(flight_id), seat_slot(choice.seat), 1)
            for choice in request.seats
            if choice.flight_id == flight_id
        ]
        if not request.again:
            spans.append(_span(guest_resource(flight_id, account_id), 0, 1))
    return (tuple(spans),)


def seats_of(spans: Iterable[Span]) -> tuple[tuple[int, str], ...]:
    """Return the seats that some spans take, each with its flight, in order of the spans."""
    found = []
    for span in spans:
        match = _SEATS_OF.fullmatch(span.resource_id)
        if match is not None:
            found += [(int(match[1]), seat_of_slot(slot)) for slot in range(span.first_slot, span.end_slot)]
    return tuple(found)


def _span(resource_id: str, slot: int, quantity: int) -> Span:
    return Span(resource_id=resource_id, first_slot=slot, end_slot=slot + 1, quantity=quantity)
