"""Requests to book: an owner says yes or no to what waits, in the lane that ends what stands.

A request is a booking on a hold that lives until `decide_by`. It becomes a booking when every owner who wants to be
asked has said yes, and is declined by the first no, or by time: then its hold runs out as every hold does.
"""

from typing import Any

from holdfast.booking.api import Booking, BookingState, HoldState, NotRequested, VisitSource
from holdfast.booking.events import BookingConfirmed
from holdfast.booking.models import ClaimReason
from holdfast.booking.rules import judged_booking
from holdfast.booking.service.acts import of_booking
from holdfast.booking.service.answers import booking_of, first_kept, items_of, owners_of
from holdfast.booking.service.batch import Batch, SettleOrder, Standing, decline_in, end
from holdfast.booking.service.expecting import expect
from holdfast.kit.auth import Principal
from holdfast.kit.db.statements import Row
from holdfast.kit.errors import NotFound


def accept(batch: Batch, order: SettleOrder) -> tuple[Booking, dict[str, Any]]:
    """Note an owner's yes, and the booking if it was the last one missing.

    Raises:
        NotFound: No such booking of this owner's.
        NotRequested: It does not wait for this owner's answer.
    """
    row, principal, standing = _asked(batch, order)
    asked = _who_is_asked(row)
    mine = asked if principal.is_admin else asked & {principal.owner_id}
    accepted = batch.accepted.setdefault(row.number, set())
    batch.changes.accepted += [(owner_id, row.number) for owner_id in sorted(mine - accepted)]
    accepted |= mine
    batch.changes.acts.append(
        of_booking("booking.accepted", row.reference, order.actor, guest_id=row.account_id, booked=accepted >= asked)
    )
    if accepted >= asked:
        batch.changes.move(standing.row.id, HoldState.HELD, HoldState.CONFIRMED)
        batch.changes.quotas[row.account_id] -= 1
        batch.changes.decided.append((row.number, BookingState.CONFIRMED))
        expect(batch.changes, row.number, items_of(row.items), VisitSource.GUEST)
        batch.changes.tell(
            BookingConfirmed(
                number=row.number, reference=row.reference, account_id=row.account_id, payment_id=row.payment_id
            )
        )
        standing.state, standing.request = HoldState.CONFIRMED, None
        batch.bookings[row.number] = row._replace(state=BookingState.CONFIRMED, decided_at=batch.now)
    booking = booking_of(batch.bookings[row.number])
    return booking, first_kept(booking)


def decline_order(batch: Batch, order: SettleOrder) -> tuple[Booking, dict[str, Any]]:
    """Note an owner's no: the nights are free at once.

    Raises:
        NotFound: No such booking of this owner's.
        NotRequested: It does not wait for this owner's answer.
    """
    row, _, standing = _asked(batch, order)
    end(batch, standing, HoldState.RELEASED, ClaimReason.RELEASED)
    booking = booking_of(decline_in(batch, row.number, order.actor, how="declined"))
    return booking, first_kept(booking)


def _asked(batch: Batch, order: SettleOrder) -> tuple[Row, Principal, Standing]:
    row, principal = batch.bookings.get(order.number), order.principal
    if row is None or principal is None:
        raise NotFound("There is no such booking.")
    if not any(map(principal.runs, owners_of(row))):
        raise NotFound("There is no such booking.")
    waits = judged_booking(row.state, row.decide_by, batch.now) is BookingState.REQUESTED
    if not waits or not any(map(principal.runs, _who_is_asked(row))):
        raise NotRequested
    return row, principal, batch.holds[row.hold_id]


def _who_is_asked(row: Row) -> set[int]:
    return {item["owner_id"] for item in row.items if not item["instant"]}
