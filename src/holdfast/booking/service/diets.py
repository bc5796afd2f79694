"""What guests note of diets, sealed at rest: a copy of the database tells nobody's health or belief."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

import structlog

from holdfast.booking.api import NoteGiven
from holdfast.booking.store import floor
from holdfast.kit.db.database import Tx
from holdfast.kit.db.statements import Call
from holdfast.kit.sealing import Seal, SealBroken
from holdfast.kit.secrets import Keyring

log = structlog.get_logger()

PURPOSE: Final = "booking/dietary"
SEALED: Final = "sealed:"
"""What tells sealed notes from those of versions that kept them as they were said."""
UNREADABLE: Final = "Something is noted that cannot be read any more: ask the guest."
"""Shown instead of a note no key opens. Showing nothing would say that the guest eats everything."""


class Diets:
    """Seals and opens what is noted of diets, each bound to its booking and item."""

    def __init__(self, keyring: Keyring) -> None:
        self._seal = Seal(keyring, PURPOSE)

    def sealed(self, number: int, notes: Iterable[NoteGiven]) -> tuple[NoteGiven, ...]:
        """Return notes of a booking as they are kept."""
        return tuple(
            note
            if note.dietary is None
            else replace(note, dietary=self._close(note.dietary, number=number, item=note.item))
            for note in notes
        )

    def open(self, kept: str | None, *, number: int, item: int) -> str | None:
        """Return what somebody said, from what is kept of it; `UNREADABLE` if no key opens it."""
        if kept is None or not kept.startswith(SEALED):
            return kept
        try:
            text, _ = self._seal.open(kept.removeprefix(SEALED), bound_to=_place(number, item))
        except SealBroken:
            log.exception("booking.diet_unreadable", number=number, item=item)
            return UNREADABLE
        return text

    async def moved(self, tx: Tx, renumbered: Sequence[tuple[int, int, int]]) -> list[Call]:
        """Return the writes that bind notes to the positions (number, old, new) their tables will have."""
        if not renumbered:
            return []
        becomes = {(number, old): new for number, old, new in renumbered}
        found = await floor.diets_at(tx, sorted(becomes))
        resealed = []
        for row in found:
            said = self.open(row.dietary, number=row.number, item=row.item)
            # What cannot be read stays as it is: the old secret of the server may come back.
            if said is not None and said != UNREADABLE:
                new = becomes[row.number, row.item]
                resealed.append((row.number, new, self._close(said, number=row.number, item=new)))
        return floor.reseal_diets(resealed)

    def _close(self, said: str, *, number: int, item: int) -> str:
        return f"{SEALED}{self._seal.close(said, bound_to=_place(number, item))}"


def _place(number: int, item: int) -> str:
    return f"{number}/{item}"
