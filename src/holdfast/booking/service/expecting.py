"""Expecting parties: what is written of tables with the booking they belong to."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from holdfast.booking.api import ConsentRequired, NoteGiven, QuotedItem, QuotedTable, VisitSource, VisitState
from holdfast.booking.items import ItemKind
from holdfast.booking.notes_api import CONSENT_VERSION
from holdfast.booking.store.changes import Changes
from holdfast.kit.db.statements import Row
from holdfast.kit.errors import FieldError, Invalid
from holdfast.verticals.dining.slots import slot_of


def expect(changes: Changes, number: int, items: Iterable[QuotedItem], source: VisitSource) -> None:
    """Note that the parties of a booking are expected at their tables; one that walked in sits there already."""
    state = VisitState.SEATED if source is VisitSource.WALK_IN else VisitState.BOOKED
    changes.floor.new_visits += [
        (number, place, item.restaurant_id, item.day, slot_of(item.day, item.at), source, state)
        for place, item in enumerate(items)
        if isinstance(item, QuotedTable)
    ]


def expect_nobody(changes: Changes, booking: Row) -> None:
    """Note that a booking has ended: nobody comes, and what was noted of its tables is deleted."""
    if has_tables(booking):
        changes.floor.ended.append(booking.number)


def has_tables(booking: Row) -> bool:
    """Return whether a booking has a table."""
    return any(item.get("kind") == ItemKind.TABLE for item in booking.items)


def note_row(number: int, note: NoteGiven, *, agreed_at: datetime | None = None) -> tuple[Any, ...]:
    """Return what is kept of a note whose diet is sealed; `agreed_at` is when its words were agreed to, if not now."""
    version = None if note.dietary is None else CONSENT_VERSION
    return number, note.item, agreed_at, note.name, note.notes, note.occasion, note.dietary, version


def says_something(note: NoteGiven) -> bool:
    """Return whether there is anything to keep of a note."""
    return any(each is not None for each in (note.name, note.notes, note.occasion, note.dietary))


def check_notes(notes: Sequence[NoteGiven], items: Sequence[QuotedItem]) -> None:
    """Check that notes are of tables, one of each at most.

    Raises:
        Invalid: They are not; every wrong one is named.
    """
    errors = []
    seen: set[int] = set()
    for at, note in enumerate(notes):
        pointer = f"/notes/{at}/item"
        if note.item >= len(items) or not isinstance(items[note.item], QuotedTable):
            errors.append(FieldError(pointer=pointer, code="no_such_table", detail="This item is no table."))
        elif note.item in seen:
            errors.append(FieldError(pointer=pointer, code="duplicate", detail="Of each table there is one note."))
        seen.add(note.item)
    if errors:
        raise Invalid(errors[0].detail, errors=errors)


def require_consent(notes: Sequence[NoteGiven], *, pointer: str = "/notes/{at}") -> None:
    """Check that nobody tells of a diet without saying that it may be kept.

    Raises:
        ConsentRequired: Somebody does.
    """
    errors = [
        FieldError(
            pointer=f"{pointer.format(at=at)}/dietary_consent",
            code=ConsentRequired.code,
            detail="Agree that the restaurant reads this, or leave it out.",
        )
        for at, note in enumerate(notes)
        if note.dietary is not None and not note.dietary_consent
    ]
    if errors:
        raise ConsentRequired(errors=errors)
