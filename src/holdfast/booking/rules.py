"""The state machines of holds and bookings, written down once: the service decides by them, the database is guarded."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final

from holdfast.booking.api import BookingState, HoldState, VisitState


class TripState(StrEnum):
    """Where a trip over several stocks stands. It is written here first, so that whoever finds it can go on."""

    PLACING = "placing"
    """Its parts are being held, one stock after the other."""
    HELD = "held"
    CONFIRMING = "confirming"
    """Its parts are being confirmed; the hold's clock does not end it any more."""
    BOOKED = "booked"
    UNWINDING = "unwinding"
    """Its parts are being let go."""
    ENDED = "ended"


MOVES: Final[Mapping[HoldState, frozenset[HoldState]]] = {
    HoldState.HELD: frozenset({HoldState.CONFIRMED, HoldState.RELEASED, HoldState.EXPIRED}),
    # A cancelled booking and a lifted block free what they hold.
    HoldState.CONFIRMED: frozenset({HoldState.RELEASED}),
    HoldState.RELEASED: frozenset(),
    HoldState.EXPIRED: frozenset(),
}

BOOKING_MOVES: Final[Mapping[BookingState, frozenset[BookingState]]] = {
    BookingState.REQUESTED: frozenset({BookingState.CONFIRMED, BookingState.DECLINED, BookingState.CANCELLED}),
    BookingState.CONFIRMED: frozenset({BookingState.CANCELLED}),
    BookingState.CANCELLED: frozenset(),
    BookingState.DECLINED: frozenset(),
}

VISIT_MOVES: Final[Mapping[VisitState, frozenset[VisitState]]] = {
    VisitState.BOOKED: frozenset({VisitState.ARRIVED, VisitState.SEATED, VisitState.NO_SHOW}),
    # Whoever was taken for another party is expected again; whoever waits too long leaves without sitting down.
    VisitState.ARRIVED: frozenset({VisitState.BOOKED, VisitState.SEATED, VisitState.DONE}),
    VisitState.SEATED: frozenset({VisitState.DONE}),
    VisitState.DONE: frozenset(),
    VisitState.NO_SHOW: frozenset(),
}

TRIP_MOVES: Final[Mapping[TripState, frozenset[TripState]]] = {
    TripState.PLACING: frozenset({TripState.HELD, TripState.UNWINDING}),
    TripState.HELD: frozenset({TripState.CONFIRMING, TripState.UNWINDING}),
    TripState.CONFIRMING: frozenset({TripState.BOOKED, TripState.UNWINDING}),
    # From here on its parts say where it stands.
    TripState.BOOKED: frozenset(),
    TripState.UNWINDING: frozenset({TripState.ENDED}),
    # It was paid late, and its parts are taken once more.
    TripState.ENDED: frozenset({TripState.CONFIRMING}),
}

OVER: Final = frozenset({VisitState.DONE, VisitState.NO_SHOW})
"""States in which a party needs its table no longer."""
VISITED: Final = OVER | {VisitState.SEATED}
"""States in which a table counts as used, whatever the clock says: it is neither changed nor canceled."""

STANDING: Final = frozenset({HoldState.HELD, HoldState.CONFIRMED})
"""States in which a hold keeps its stock."""


def judged(state: HoldState, expires_at: datetime | None, now: datetime) -> HoldState:
    """Return the state a hold is in at an instant: one that ran out is expired, tidied or not."""
    if state is HoldState.HELD and expires_at is not None and expires_at <= now:
        return HoldState.EXPIRED
    return state


def judged_booking(state: BookingState, decide_by: datetime | None, now: datetime) -> BookingState:
    """Return the state a booking is in at an instant: a request nobody answered in time is declined, tidied or not."""
    if state is BookingState.REQUESTED and decide_by is not None and decide_by <= now:
        return BookingState.DECLINED
    return state


def may_move(old: HoldState, new: HoldState) -> bool:
    """Return whether a hold may go from one state to another."""
    return new in MOVES[old]
