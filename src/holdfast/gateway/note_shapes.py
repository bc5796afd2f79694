"""What a guest notes of the tables of a booking with the request that confirms it."""

from typing import Annotated, Final

from holdfast.booking.api import DIETARY_MAX, NOTES_MAX, NoteGiven, Occasion
from holdfast.gateway.payment_shapes import shown
from holdfast.kit.http.own_words import OwnWords
from holdfast.kit.http.wire import BY_VALUE, Between, Wire, items

ITEMS_MAX: Final = 5


class TableNote(Wire):
    """What to note of one table."""

    model_config = shown(
        {
            "item": 0,
            "notes": "A high chair, please.",
            "occasion": "birthday",
            "dietary": "One of us must not eat nuts.",
            "dietary_consent": True,
        }
    )

    item: Annotated[int, Between(0, ITEMS_MAX - 1)]
    """Position of the table, from 0."""
    notes: Annotated[str, OwnWords(NOTES_MAX, 1)] | None = None
    occasion: Annotated[Occasion, BY_VALUE] | None = None
    dietary: Annotated[str, OwnWords(DIETARY_MAX, 1)] | None = None
    """What somebody must not eat, if `dietary_consent` is given; shown to the restaurant's owner alone."""
    dietary_consent: bool = False
    """Whether you agree to the `consent_text` of `GET /v1/bookings/{reference}/notes`."""

    def note(self) -> NoteGiven:
        """Return it as the door takes it."""
        return NoteGiven(
            item=self.item,
            notes=self.notes,
            occasion=self.occasion,
            dietary=self.dietary,
            dietary_consent=self.dietary_consent,
        )


TableNotes = Annotated[tuple[TableNote, ...], items(ITEMS_MAX)]
