"""Seats: the map of an airplane, and what of it can be chosen for what price.

An *ordinary* seat is one of the cheapest of its cabin. A fare that includes the choice of a seat includes the ordinary
ones and nothing of the others: a better seat costs what it costs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from holdfast.engine.claims import Cell
from holdfast.verticals.flights.claims import free, seat_resource, seat_slot
from holdfast.verticals.flights.parts import seat_code
from holdfast.verticals.flights.terms import FareBrand, LegTerms, Seat


class SeatState(StrEnum):
    """Whether a seat can be chosen."""

    FREE = "free"
    EXIT = "exit"
    """Free, but in an exit row: not for children, nor for whoever travels with an infant."""
    TAKEN = "taken"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True, kw_only=True)
class CabinLayout:
    """Where the seats of one cabin are."""

    cabin: str
    rows: Sequence[int]
    """Their numbers, such as `range(5, 31)`."""
    columns: str
    """Capital letters from left to right: `ABCDEF`."""
    ordinary_minor: int = 0
    """What the choice of a seat costs ..."""
    extra_rows: Mapping[int, int] = field(default_factory=dict)
    """... but in these rows, which have prices of their own."""
    exit_rows: frozenset[int] = frozenset()
    blocked: frozenset[str] = frozenset()
    """Seats such as `12A`."""
    missing: frozenset[str] = frozenset()
    """Where other rows have a seat and this one has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatOffer:
    """One seat of a flight, as it can be had now."""

    seat: Seat
    code: str
    """Such as `12A`."""
    state: SeatState
    price_minor: int
    """For choosing it with the fare that was asked about."""


def seat_map(layouts: Sequence[CabinLayout]) -> tuple[Seat, ...]:
    """Return all seats of an airplane, cabin by cabin, from the first row to the last and from left to right.

    Raises:
        ValueError: A seat is there twice or cannot be called so, or a layout names a row or a seat that it has not.
    """
    seats = [seat for layout in layouts for seat in _seats_of(layout)]
    if len({seat_slot(seat_code(seat)) for seat in seats}) < len(seats):
        raise ValueError("an airplane has each seat once")
    return tuple(seats)


def ordinary_prices(leg: LegTerms) -> dict[str, int]:
    """Return what the choice of an ordinary seat costs in each cabin, with a fare that includes none."""
    prices: dict[str, int] = {}
    for seat in leg.seats:
        if not seat.blocked:
            prices[seat.cabin] = min(seat.extra_minor, prices.get(seat.cabin, seat.extra_minor))
    return prices


def seat_price(seat: Seat, brand: FareBrand | None, ordinary: Mapping[str, int]) -> int:
    """Return what the choice of a seat costs.

    Args:
        seat: Of any cabin.
        brand: The fare; None: one that includes no choice.
        ordinary: What `ordinary_prices` says of the leg.
    """
    included = brand is not None and brand.seat_choice and seat.extra_minor <= ordinary.get(seat.cabin, 0)
    return 0 if included else seat.extra_minor


def offered(
    leg: LegTerms, cells: Mapping[tuple[str, int], Cell], *, brand: FareBrand | None = None
) -> tuple[SeatOffer, ...]:
    """Return every seat of a leg as it can be had now, in the order of the map.

    Args:
        leg: Without a map nothing can be chosen.
        cells: The stock of the leg's seats; a seat without a cell is free.
        brand: Whose prices are shown; None: those of a fare that includes no choice.
    """
    ordinary = ordinary_prices(leg)
    return tuple(
        SeatOffer(
            seat=seat,
            code=seat_code(seat),
            state=_state(leg, seat, cells),
            price_minor=seat_price(seat, brand, ordinary),
        )
        for seat in leg.seats
    )


def _state(leg: LegTerms, seat: Seat, cells: Mapping[tuple[str, int], Cell]) -> SeatState:
    if seat.blocked:
        return SeatState.BLOCKED
    if not free(cells, seat_resource(leg.flight_id), 1, seat_slot(seat_code(seat))):
        return SeatState.TAKEN
    return SeatState.EXIT if seat.exit else SeatState.FREE


def _seats_of(layout: CabinLayout) -> list[Seat]:
    seats = [_seat(layout, row, column) for row in layout.rows for column in layout.columns]
    unknown = [
        *[f"row {row}" for row in {*layout.extra_rows, *layout.exit_rows} - {*layout.rows}],
        *[f"seat {code}" for code in {*layout.blocked, *layout.missing} - {seat_code(seat) for seat in seats}],
    ]
    if unknown:
        raise ValueError(f"{layout.cabin} has no {min(unknown)}")
    return [seat for seat in seats if seat_code(seat) not in layout.missing]


def _seat(layout: CabinLayout, row: int, column: str) -> Seat:
    return Seat(
        row=row,
        column=column,
        cabin=layout.cabin,
        exit=row in layout.exit_rows,
        blocked=f"{row}{column}" in layout.blocked,
        extra_minor=layout.extra_rows.get(row, layout.ordinary_minor),
    )
