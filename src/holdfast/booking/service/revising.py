"""Making a booking another: what a change and a partial cancellation have in common.

What the booking was is kept as a revision. The claim ledger gives back whole spans as they were taken and takes whole
spans as they are now, so that what a hold has can always be told from it without taking spans apart.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from holdfast.booking.api import Booking, BookingState, QuotedItem
from holdfast.booking.models import ClaimReason, RevisedBy
from holdfast.booking.service.answers import booking_of, first_kept, owners_of, spans_kept, spans_of
from holdfast.booking.service.batch import Batch
from holdfast.booking.service.kinds.words import tell_moved
from holdfast.engine.claims import Span
from holdfast.engine.price import Price, digest
from holdfast.kit.db.statements import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """What a booking becomes, and why."""

    why: RevisedBy
    by_id: str
    """The change, or the cancellation quote."""
    items: tuple[QuotedItem, ...]
    price: Price


def revise(batch: Batch, row: Row, after: Revision, spans: Sequence[Span], reason: ClaimReason) -> Row:
    """Note that a booking becomes another, its former state kept; return it as it is then."""
    turn = batch.after.revisions.get(row.number, 0) + 1
    fingerprint = digest(after.price)
    revising = batch.changes.revising
    is_change = after.why is RevisedBy.CHANGE
    revising.new_revisions.append((
        row.number, turn, row.hold_id, after.why, after.by_id if is_change else None,
        None if is_change else after.by_id, row.items, batch.holds[row.hold_id].row.spans, row.price, row.total_minor,
        row.currency, row.digest, fingerprint,
    ))  # fmt: skip
    revising.revised[row.number] = (after.items, after.price, after.price.total_minor, fingerprint)
    done = row._replace(
        items=msgspec.to_builtins(after.items),
        price=msgspec.to_builtins(after.price),
        total_minor=after.price.total_minor,
        digest=fingerprint,
    )
    revising.left += [(owner_id, row.number) for owner_id in sorted(owners_of(row) - owners_of(done))]
    respan(batch, row.hold_id, spans, reason, fingerprint)
    batch.bookings[row.number] = done
    batch.after.revisions[row.number] = turn
    return done


def respan(batch: Batch, hold_id: str, spans: Sequence[Span], reason: ClaimReason, fingerprint: str) -> None:
    """Note that a hold has other spans from now on: what goes is freed, what comes is taken."""
    standing = batch.holds[hold_id]
    before, after = Counter(spans_of(standing.row.spans)), Counter(spans)
    gone, come = list((before - after).elements()), list((after - before).elements())
    batch.changes.free(hold_id, gone, reason)
    batch.changes.take(hold_id, come, ClaimReason.BOOKED, fingerprint)
    tell_moved(batch.changes, (*gone, *come))
    kept = spans_kept(spans)
    batch.changes.revising.respanned[hold_id] = kept
    standing.row = standing.row._replace(spans=kept)


def told(batch: Batch, row: Row) -> tuple[Booking, dict[str, Any]]:
    """Return a booking, and what is kept of it for a repeated key."""
    booking = booking_of(row)
    kept = first_kept(booking)
    kept["revision"] = batch.after.revisions.get(row.number, 0)
    kept["cancelled_at"] = None if booking.cancelled_at is None else booking.cancelled_at.isoformat()
    kept["refund"] = booking.refund_minor
    return booking, kept


def told_again(row: Row, then: Row | None, answer: Mapping[str, Any]) -> Booking:
    """Return a booking as it was answered.

    Args:
        row: The booking as it is now.
        then: The revision that tells what it was when it was answered; None where it was not revised since.
        answer: What was kept of the answer.
    """
    at = answer["cancelled_at"]
    was = row if then is None else then
    return booking_of(
        row._replace(
            items=was.items,
            price=was.price,
            state=BookingState(answer["state"]),
            payment_status=answer["paid"],
            cancelled_at=None if at is None else datetime.fromisoformat(at),
            refund_minor=answer["refund"],
        )
    )
