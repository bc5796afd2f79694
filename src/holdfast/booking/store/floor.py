"""Visits and notes of tables: who comes when, where they stand, what is noted of them.

What is written here is written under the lock of the booking's hold.
"""

from collections.abc import AsyncIterator, Collection, Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from sqlalchemy import and_, bindparam, case, delete, func, literal, null, select, update

from holdfast.booking.models import booking, note, visit
from holdfast.booking.store.truth import paged, walk
from holdfast.kit.db.database import Tx
from holdfast.kit.db.statements import Call, Row, db_now, rows, rows_like, statement, upsert
from holdfast.kit.db.types import Day, Text, Whole

_VISIT = ("number", "item", "restaurant_id", "day", "slot", "source", "state")
_NEW_VISITS = rows_like("new_visits", visit, *_VISIT)
_ADD_VISITS = statement(
    visit.insert().from_select([*_VISIT, "since"], select(*[_NEW_VISITS.c[name] for name in _VISIT], db_now()))
)
_MOVED = rows("moved_visits", number=Whole(), item=Whole(), state=Text(32))
_MOVE = statement(
    update(visit)
    .values(state=_MOVED.c.state, since=db_now())
    .where(visit.c.number == _MOVED.c.number, visit.c.item == _MOVED.c.item)
)
_PUT_OFF = rows("put_off", number=Whole(), item=Whole(), day=Day(), slot=Whole(), state=Text(32))
_POSTPONE = statement(
    update(visit)
    .values(day=_PUT_OFF.c.day, slot=_PUT_OFF.c.slot, state=_PUT_OFF.c.state, since=db_now())
    .where(visit.c.number == _PUT_OFF.c.number, visit.c.item == _PUT_OFF.c.item)
)

_NOTE = ("number", "item", "dietary_consented_at", "name", "notes", "occasion", "dietary", "consent_version")
_NEW_NOTES = rows_like("new_notes", note, *_NOTE)
_AGREED = func.coalesce(_NEW_NOTES.c.dietary_consented_at, db_now())
_CONSENTED = case((_NEW_NOTES.c.dietary.is_(None), null()), else_=_AGREED)
_NOTE_ROWS = select(*[_CONSENTED if name == "dietary_consented_at" else _NEW_NOTES.c[name] for name in _NOTE])
_ADD_NOTES = statement(note.insert().from_select(_NOTE, _NOTE_ROWS))
_SET_NOTES = upsert(
    note,
    _NOTE_ROWS,
    columns=list(_NOTE),
    key=["number", "item"],
    update=lambda proposed: {name: proposed[name] for name in _NOTE[2:]},
)
_PLACES = rows("places", number=Whole(), item=Whole())
_DIETS_AT = statement(
    select(note.c.number, note.c.item, note.c.dietary)
    .join(_PLACES, and_(_PLACES.c.number == note.c.number, _PLACES.c.item == note.c.item))
    .where(note.c.dietary.is_not(None))
)
_RESEALED = rows_like("resealed", note, "number", "item", "dietary")
_RESEAL = statement(
    update(note)
    .values(dietary=_RESEALED.c.dietary)
    .where(note.c.number == _RESEALED.c.number, note.c.item == _RESEALED.c.item)
)

_ENDED = rows("ended", number=Whole())
_GONE = rows("gone", number=Whole(), item=Whole())
_RENUMBERED = rows("renumbered", number=Whole(), item=Whole(), becomes=Whole())
_PARKED: Final = 1_000
"""Positions from here on are on their way: two rows that change places must not meet."""
_OF_ENDED = {each: statement(delete(each).where(each.c.number.in_(select(_ENDED.c.number)))) for each in (visit, note)}
_OF_GONE = {
    each: statement(
        delete(each).where(
            select(_GONE.c.item).where(_GONE.c.number == each.c.number, _GONE.c.item == each.c.item).exists()
        )
    )
    for each in (visit, note)
}
_PARK = {
    each: statement(
        update(each)
        .values(item=_RENUMBERED.c.becomes + literal(_PARKED, Whole()))
        .where(each.c.number == _RENUMBERED.c.number, each.c.item == _RENUMBERED.c.item)
    )
    for each in (visit, note)
}
_UNPARK = {
    each: statement(
        update(each)
        .values(item=each.c.item - literal(_PARKED, Whole()))
        .where(each.c.number.in_(select(_ENDED.c.number)), each.c.item >= literal(_PARKED, Whole()))
    )
    for each in (visit, note)
}

_VISITS_OF = statement(select(visit).where(visit.c.number.in_(select(_ENDED.c.number))).order_by(visit.c.item))
_NOTES_OF = statement(select(note).where(note.c.number == bindparam("number")).order_by(note.c.item))
_DAY = statement(
    select(
        visit,
        booking.c.reference,
        booking.c.account_id,
        booking.c["items"],
        note.c.name,
        note.c.notes,
        note.c.occasion,
        note.c.dietary,
    )
    .select_from(visit)
    .join(booking, booking.c.number == visit.c.number)
    .outerjoin(note, and_(note.c.number == visit.c.number, note.c.item == visit.c.item))
    .where(visit.c.restaurant_id == bindparam("restaurant_id"), visit.c.day == bindparam("day", type_=Day()))
    .order_by(visit.c.slot, visit.c.number, visit.c.item)
    .limit(bindparam("limit"))
)
_ALL_VISITS = paged(visit, ("number", "item", "restaurant_id", "day", "slot", "state"), "number", "item")
_NOTED = paged(note, ("number", "item"), "number", "item")


@dataclass(slots=True)
class FloorWrites:
    """What one transaction writes about tables of bookings."""

    new_visits: list[tuple[Any, ...]] = field(default_factory=list)
    moved: list[tuple[int, int, str]] = field(default_factory=list)
    """Visits (number, item) that reach another state."""
    put_off: list[tuple[int, int, date, int, str]] = field(default_factory=list)
    """Visits that are at another time: day, slot, and the state they are in then."""
    new_notes: list[tuple[Any, ...]] = field(default_factory=list)
    ended: list[int] = field(default_factory=list)
    """Bookings that have ended: nobody comes, and nothing noted is kept."""
    gone: list[tuple[int, int]] = field(default_factory=list)
    """Items that are no longer part of a booking."""
    renumbered: list[tuple[int, int, int]] = field(default_factory=list)
    """Items of a booking, and the positions they have after others have gone."""

    def calls(self) -> list[Call]:
        """Return the writes; bookings are written before."""
        calls: list[Call] = []
        if self.new_visits:
            calls.append(_ADD_VISITS(new_visits=self.new_visits))
        if self.moved:
            calls.append(_MOVE(moved_visits=sorted(self.moved)))
        if self.put_off:
            calls.append(_POSTPONE(put_off=sorted(self.put_off)))
        if self.new_notes:
            calls.append(_ADD_NOTES(new_notes=self.new_notes))
        if self.ended:
            calls += [_OF_ENDED[each](ended=[(number,) for number in sorted(self.ended)]) for each in (visit, note)]
        return calls

    def later_calls(self) -> list[Call]:
        """Return the writes that have to come one after the other, because they touch the same rows."""
        calls: list[Call] = []
        for table in (visit, note):
            if self.gone:
                calls.append(_OF_GONE[table](gone=sorted(self.gone)))
            if self.renumbered:
                numbers = sorted({(number,) for number, _, _ in self.renumbered})
                calls += [_PARK[table](renumbered=sorted(self.renumbered)), _UNPARK[table](ended=numbers)]
        return calls


async def visits_of(tx: Tx, numbers: Iterable[int]) -> dict[tuple[int, int], Row]:
    """Return the visits of bookings by number and item."""
    found = await tx.all(_VISITS_OF(ended=[(each,) for each in sorted(set(numbers))]))
    return {(row.number, row.item): row for row in found}


async def day_of(tx: Tx, restaurant_id: int, day: date, *, limit: int) -> list[Row]:
    """Return the visits of a restaurant's day in order of time, with their bookings and what is noted of them."""
    return await tx.all(_DAY(restaurant_id=restaurant_id, day=day, limit=limit))


async def notes_of(tx: Tx, number: int) -> list[Row]:
    """Return what is noted of the tables of a booking, by position."""
    return await tx.all(_NOTES_OF(number=number))


async def set_note(tx: Tx, values: tuple[Any, ...]) -> None:
    """Note something of a table instead of what was noted.

    Args:
        tx: The transaction.
        values: number, item, when a diet was agreed to if not now, name, notes, occasion, dietary, consent_version.
    """
    await tx.run(_SET_NOTES(new_notes=[values]))


async def diets_at(tx: Tx, places: Collection[tuple[int, int]]) -> list[Row]:
    """Return what is kept of diets at tables (number, item)."""
    return await tx.all(_DIETS_AT(places=list(places)))


def reseal_diets(resealed: list[tuple[int, int, str]]) -> list[Call]:
    """Return what writes diets (number, item, sealed) anew."""
    return [_RESEAL(resealed=sorted(resealed))] if resealed else []


async def drop_notes(tx: Tx, gone: Collection[tuple[int, int]]) -> None:
    """Delete what is noted of tables (number, item)."""
    await tx.run(_OF_GONE[note](gone=sorted(gone)))


def all_visits(tx: Tx) -> AsyncIterator[list[Row]]:
    """Walk over all visits, a page at a time."""
    return walk(tx, _ALL_VISITS, (-(2**62), 0), "number", "item")


def all_noted(tx: Tx) -> AsyncIterator[list[Row]]:
    """Walk over the tables of which something is noted, a page at a time."""
    return walk(tx, _NOTED, (-(2**62), 0), "number", "item")
