"""Visits: where a party stands that has a table, decided in the lane that ends what stands.

A party that leaves before its time is over, or does not come, gives the rest of it back: its spans are cut to the
quarter of an hour that is running, so that whoever waits at the door can have the table at once.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from holdfast.booking.api import (
    AlreadyCancelled,
    BookingState,
    CancellationTooLate,
    FeeReason,
    QuotedItem,
    QuotedTable,
    VisitMoveRefused,
    VisitState,
)
from holdfast.booking.events import VisitMoved
from holdfast.booking.floor_api import Visit
from holdfast.booking.models import ClaimReason
from holdfast.booking.rules import OVER, VISIT_MOVES, VISITED
from holdfast.booking.service.acts import of_booking
from holdfast.booking.service.answers import begun, items_of, spans_of
from holdfast.booking.service.batch import Batch, SettleOrder
from holdfast.booking.service.charging import owe
from holdfast.booking.service.revising import respan
from holdfast.engine.claims import Span
from holdfast.kit.auth import Principal
from holdfast.kit.db.statements import Row
from holdfast.kit.errors import NotFound
from holdfast.verticals.dining.slots import slot_of

Visits = Mapping[tuple[int, int], Row]
"""Rows of visits by number and item."""


def move_visit(batch: Batch, order: SettleOrder) -> tuple[Visit, dict[str, Any]]:
    """Note where a party stands now.

    Raises:
        NotFound: No such table of a booking, or somebody else's.
        AlreadyCancelled: The booking does not stand.
        VisitMoveRefused: A party does not get there from where it stands, or not yet.
    """
    row, new = batch.bookings.get(order.number), order.visit
    if row is None or new is None or order.principal is None:
        raise NotFound("There is no such booking.")
    item = _own_table(row, order.item, order.principal)
    if row.state is not BookingState.CONFIRMED:
        raise AlreadyCancelled
    found = batch.after.visits.get((row.number, order.item))
    if found is None:
        raise NotFound("Nobody is expected there.")
    if found.state is not new:
        _must_be_there(batch, item, found.state, new)
        batch.changes.floor.moved.append((row.number, order.item, new))
        facts = {"item": order.item, "restaurant": item.restaurant_id, "state": new.value}
        batch.changes.acts.append(
            of_booking("visit.moved", row.reference, order.actor, guest_id=row.account_id, **facts)
        )
        if new in OVER:
            _free_rest(batch, row, order.item, item)
        if new is VisitState.NO_SHOW:
            owe(batch, row, item, item.guarantee_minor, FeeReason.NO_SHOW)
        batch.changes.tell(
            VisitMoved(
                number=row.number,
                reference=row.reference,
                item=order.item,
                restaurant_id=item.restaurant_id,
                state=new,
            )
        )
        found = found._replace(state=new, since=batch.now)
        batch.after.visits[row.number, order.item] = found
    visit = visit_of(found, row.reference)
    return visit, {"visit": msgspec.to_builtins(visit)}


def visit_of(row: Row, reference: str) -> Visit:
    """Return a visit from its stored form."""
    return Visit(
        number=row.number,
        reference=reference,
        item=row.item,
        restaurant_id=row.restaurant_id,
        state=row.state,
        source=row.source,
        since=row.since,
    )


def _own_table(row: Row, place: int, principal: Principal) -> QuotedTable:
    items = items_of(row.items)
    item = items[place] if 0 <= place < len(items) else None
    if not isinstance(item, QuotedTable) or not principal.runs(item.owner_id):
        raise NotFound("There is no such table of a booking.")
    return item


def _must_be_there(batch: Batch, item: QuotedTable, old: VisitState, new: VisitState) -> None:
    if new not in VISIT_MOVES[old]:
        raise VisitMoveRefused(f"The party is {old.replace('_', ' ')}.", extra={"state": old.value})
    if new is VisitState.NO_SHOW and not begun(item, batch.now):
        raise VisitMoveRefused(f"The party is expected at {item.at:%H:%M}.", extra={"state": old.value})
    if new in {VisitState.ARRIVED, VisitState.SEATED} and batch.now.astimezone(ZoneInfo(item.zone)).date() < item.day:
        raise VisitMoveRefused(f"The party is expected on {item.day}.", extra={"state": old.value})


def _free_rest(batch: Batch, row: Row, place: int, item: QuotedTable) -> None:
    now = batch.now.astimezone(ZoneInfo(item.zone))
    running = slot_of(now.date(), now.time())
    spans = spans_of(batch.holds[row.hold_id].row.spans)
    kept = tuple(_cut(span, running) if span.item == place else span for span in spans)
    if kept != spans:
        respan(batch, row.hold_id, kept, ClaimReason.RELEASED, row.digest)


def _cut(span: Span, running: int) -> Span:
    """Return a span without the slots from the running one on; its first stays, however soon a party left."""
    return replace(span, end_slot=min(span.end_slot, max(span.first_slot + 1, running)))


# ------------------------------------------------------------------------------------ what changes and cancellations do


def refuse_visited(visits: Visits, number: int, going: Collection[int]) -> None:
    """Check that not everything that would be canceled has been used already.

    Raises:
        CancellationTooLate: All of it are tables whose parties sit there, have left, or did not come.
    """
    if all(_is_visited(visits, number, place) for place in going):
        raise CancellationTooLate


def _is_visited(visits: Visits, number: int, place: int) -> bool:
    found = visits.get((number, place))
    return found is not None and found.state in VISITED


def leave(batch: Batch, number: int, going: Collection[int], places: Mapping[int, int]) -> None:
    """Note that items are no longer part of a booking, and at which positions the others are then."""
    floor = batch.changes.floor
    floor.gone += [(number, place) for place in going]
    floor.renumbered += [(number, old, new) for old, new in places.items() if old != new]


def put_off(batch: Batch, number: int, had: Sequence[QuotedItem], after: Sequence[QuotedItem]) -> None:
    """Note that the parties of a booking come at another time, and are expected then.

    Raises:
        CancellationTooLate: A party whose table would change sits there, has left, or did not come.
    """
    for place, (old, new) in enumerate(zip(had, after, strict=True)):
        if old == new or not (isinstance(old, QuotedTable) and isinstance(new, QuotedTable)):
            continue
        if _is_visited(batch.after.visits, number, place):
            raise CancellationTooLate
        found = batch.after.visits.get((number, place))
        if found is not None and (old.day, old.at) != (new.day, new.at):
            slot = slot_of(new.day, new.at)
            batch.changes.floor.put_off.append((number, place, new.day, slot, VisitState.BOOKED))


def as_left(batch: Batch, number: int, target: Sequence[Span], held: Sequence[Span]) -> tuple[Span, ...]:
    """Return the spans a change was placed for, those of parties that have left meanwhile as they are now."""
    left = {place for (of, place), found in batch.after.visits.items() if of == number and found.state in OVER}
    if not left:
        return tuple(target)
    kept = [span for span in target if span.item not in left]
    return (*kept, *[span for span in held if span.item in left])
