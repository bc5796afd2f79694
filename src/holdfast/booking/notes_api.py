"""What guests and staff note of a table. Import it from `booking.api`.

What somebody must not eat tells of their health or belief, so it is kept only with consent, apart from the rest, and
shown to nobody but the guest and the restaurant's owner: it is in no event, no log and no other answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol

from holdfast.kit.auth import Principal

CONSENT_VERSION: Final = "2026-11"
"""Changes with the text."""
CONSENT_TEXT: Final = (
    "The restaurant may read what I say about my diet, to prepare for my visit. It may tell of my health or belief; "
    "nobody else is shown it, and I can withdraw it at any time, which deletes it."
)
"""What a guest agrees to who notes a diet."""
NAME_MAX: Final = 120
DIETARY_MAX: Final = 500
NOTES_MAX: Final = 1_000


class Occasion(StrEnum):
    """What a party celebrates, if it does."""

    BIRTHDAY = "birthday"
    ANNIVERSARY = "anniversary"
    DATE = "date"
    BUSINESS = "business"
    CELEBRATION = "celebration"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteGiven:
    """What somebody notes of one table of a booking."""

    item: int
    """Position of the table, from 0."""
    notes: str | None = None
    occasion: Occasion | None = None
    dietary: str | None = None
    dietary_consent: bool = False
    """Whether they agree to `CONSENT_TEXT`. Without it nothing is kept of their diet."""
    name: str | None = None
    """What staff call the party."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What is noted of one table of a booking."""

    item: int
    notes: str | None = None
    occasion: Occasion | None = None
    dietary: str | None = None
    dietary_consented_at: datetime | None = None
    consent_version: str | None = None
    name: str | None = None


class NotesApi(Protocol):
    """What others may ask of notes: `BookingApi.notes`."""

    async def of_booking(self, *, principal: Principal, number: int) -> Sequence[Note]:
        """Return what is noted of the tables of a booking: all to its guest, to an owner that of their own tables.

        Raises:
            NotFound: No such booking, or somebody else's. An admin sees it as little as anybody.
        """

    async def set(self, *, principal: Principal, number: int, note: NoteGiven) -> Note:
        """Note something else of a table; what is not said any more is deleted. Repeating it changes nothing.

        Raises:
            NotFound: No such table of a booking of one's own.
            AlreadyCancelled: The booking does not stand.
            ConsentRequired: It tells of a diet without consent.
        """
