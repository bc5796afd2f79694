"""Notes of tables. What a method does and refuses is told in `booking.notes_api`."""

from collections.abc import Sequence
from dataclasses import replace

from typing_extensions import override

from holdfast.booking.api import (
    AlreadyCancelled,
    BookingState,
    Note,
    NoteGiven,
    NotesApi,
    QuotedTable,
)
from holdfast.booking.notes_api import CONSENT_VERSION
from holdfast.booking.rules import judged_booking
from holdfast.booking.service.amending import locked
from holdfast.booking.service.answers import items_of
from holdfast.booking.service.desk import Desk
from holdfast.booking.service.expecting import note_row, require_consent, says_something
from holdfast.booking.store import floor
from holdfast.kit.auth import Permission, Principal
from holdfast.kit.db.database import Tx
from holdfast.kit.db.statements import Row
from holdfast.kit.errors import NotFound


class Noting(NotesApi):
    """Answers `NotesApi`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    @override
    async def of_booking(self, *, principal: Principal, number: int) -> Sequence[Note]:
        row = await self._desk.found(number=number)
        guest = principal.is_guest(row.account_id)
        host = principal.owner_id if principal.may(Permission.BOOKINGS_READ) else None
        mine = {
            place
            for place, item in enumerate(items_of(row.items))
            if isinstance(item, QuotedTable) and (guest or item.owner_id == host)
        }
        if not (mine or guest):
            raise NotFound("There is no such booking.")
        found = await self._desk.db.read(lambda tx: floor.notes_of(tx, number))
        return [self._note_of(each) for each in found if each.item in mine]

    @override
    async def set(self, *, principal: Principal, number: int, note: NoteGiven) -> Note:
        require_consent([note], pointer="")

        async def work(tx: Tx) -> Note:
            row = await locked(tx, number)
            _must_be_guests(row, principal, note.item)
            before = await _noted(tx, number, note.item)
            # What staff call the party is theirs to say.
            named = note if before is None else replace(note, name=before.name)
            if says_something(named):
                await self._write(tx, number, named, before)
            else:
                await floor.drop_notes(tx, [(number, note.item)])
            after = await _noted(tx, number, note.item)
            return Note(item=note.item) if after is None else self._note_of(after)

        return await self._desk.db.write(work)

    async def _write(self, tx: Tx, number: int, note: NoteGiven, before: Row | None) -> None:
        [sealed] = self._desk.diets.sealed(number, [note])
        # The consent to the same words stays as it was given.
        same = before is not None and (note.dietary, CONSENT_VERSION) == (
            self._desk.diets.open(before.dietary, number=number, item=note.item),
            before.consent_version,
        )
        agreed_at = before.dietary_consented_at if before is not None and same else None
        await floor.set_note(tx, note_row(number, sealed, agreed_at=agreed_at))

    def _note_of(self, row: Row) -> Note:
        return Note(
            item=row.item,
            notes=row.notes,
            occasion=row.occasion,
            dietary=self._desk.diets.open(row.dietary, number=row.number, item=row.item),
            dietary_consented_at=row.dietary_consented_at,
            consent_version=row.consent_version,
            name=row.name,
        )


async def _noted(tx: Tx, number: int, item: int) -> Row | None:
    return next((each for each in await floor.notes_of(tx, number) if each.item == item), None)


def _must_be_guests(row: Row, principal: Principal, place: int) -> None:
    items = items_of(row.items)
    if not principal.is_guest(row.account_id):
        raise NotFound("There is no such booking.")
    if not (place < len(items) and isinstance(items[place], QuotedTable)):
        raise NotFound("There is no such table in the booking.")
    if judged_booking(row.state, row.decide_by, row.now) not in {BookingState.REQUESTED, BookingState.CONFIRMED}:
        raise AlreadyCancelled
