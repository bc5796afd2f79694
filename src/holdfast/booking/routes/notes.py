"""What guests note of their tables: read it, change it, delete it."""

from typing import Annotated, Any, Final, Self

from holdfast.booking.api import AlreadyCancelled, BookingApi, ConsentRequired, Note, NoteGiven, Occasion
from holdfast.booking.notes_api import CONSENT_TEXT, CONSENT_VERSION, DIETARY_MAX, NOTES_MAX
from holdfast.booking.routes.common import Reference
from holdfast.booking.routes.examples import shown
from holdfast.booking.routes.floor import Item
from holdfast.kit.errors import Forbidden, Invalid, NotFound, Unauthenticated
from holdfast.kit.http.answers import success
from holdfast.kit.http.own_words import OwnWords
from holdfast.kit.http.principals import BookingReader, TripsPrincipal
from holdfast.kit.http.problems import responses
from holdfast.kit.http.routes import Router
from holdfast.kit.http.wire import BY_VALUE, InstantField, Wire

_GIVEN: Final[dict[str, Any]] = {
    "notes": "A high chair, please.",
    "occasion": "birthday",
    "dietary": "One of us must not eat nuts.",
    "dietary_consent": True,
}


class NewNote(Wire):
    """What to note of a table; what is left out is not noted any more."""

    model_config = shown(_GIVEN)

    notes: Annotated[str, OwnWords(NOTES_MAX, 1)] | None = None
    occasion: Annotated[Occasion, BY_VALUE] | None = None
    dietary: Annotated[str, OwnWords(DIETARY_MAX, 1)] | None = None
    """What somebody must not eat, if `dietary_consent` is given; shown to the restaurant's owner alone."""
    dietary_consent: bool = False
    """Whether you agree to the `consent_text` of `GET .../notes`. Sending null as `dietary` withdraws it."""

    def note(self, item: int) -> NoteGiven:
        """Return it as the door takes it."""
        return NoteGiven(
            item=item,
            notes=self.notes,
            occasion=self.occasion,
            dietary=self.dietary,
            dietary_consent=self.dietary_consent,
        )


class NoteOut(Wire):
    """What is noted of a table."""

    model_config = shown(
        {
            "item": 0,
            "notes": "A high chair, please.",
            "occasion": "birthday",
            "dietary": None,
            "dietary_consented_at": None,
            "consent_version": None,
        }
    )

    item: int
    """Position of the table, from 0."""
    notes: str | None
    occasion: Annotated[Occasion, BY_VALUE] | None
    dietary: str | None
    dietary_consented_at: InstantField | None
    consent_version: str | None
    """Of the text that was agreed to."""

    @classmethod
    def of(cls, note: Note) -> Self:
        """Render a note."""
        return cls(
            item=note.item,
            notes=note.notes,
            occasion=note.occasion,
            dietary=note.dietary,
            dietary_consented_at=note.dietary_consented_at,
            consent_version=note.consent_version,
        )


class NotesOut(Wire):
    """What is noted of the tables of a booking."""

    model_config = shown(
        {
            "consent_version": CONSENT_VERSION,
            "consent_text": CONSENT_TEXT,
            "items": [
                {
                    "item": 0,
                    "notes": "A high chair, please.",
                    "occasion": "birthday",
                    "dietary": "One of us must not eat nuts.",
                    "dietary_consented_at": "2026-11-20T09:33:10Z",
                    "consent_version": CONSENT_VERSION,
                }
            ],
        }
    )

    consent_version: str
    """Of `consent_text`."""
    consent_text: str
    """What you agree to by `dietary_consent`."""
    items: tuple[NoteOut, ...]


def notes(booking: BookingApi) -> Router:
    """Return the routes of what guests note."""
    router = Router(prefix="/v1/bookings", tags=["bookings"])

    @router.get(
        "/{reference}/notes", responses=success(200, "The notes.") | responses(Unauthenticated, Forbidden, NotFound)
    )
    async def read_notes(reference: Reference, principal: BookingReader) -> NotesOut:
        """Return what you have noted of the tables of a booking, or, to a restaurant's owner, what its guests have.

        Nobody else can read it, and no other answer holds it.
        """
        found = await booking.get_booking(principal=principal, reference=reference)
        noted = await booking.notes.of_booking(principal=principal, number=found.number)
        return NotesOut(
            consent_version=CONSENT_VERSION,
            consent_text=CONSENT_TEXT,
            items=tuple(NoteOut.of(each) for each in noted),
        )

    @router.put(
        "/{reference}/items/{item}/notes",
        responses=success(200, "Noted.")
        | responses(Unauthenticated, Forbidden, NotFound, Invalid, ConsentRequired, AlreadyCancelled),
    )
    async def write_notes(reference: Reference, item: Item, body: NewNote, principal: TripsPrincipal) -> NoteOut:
        """Note something else of a table of yours. What you leave out is deleted, your consent with what it was for."""
        found = await booking.get_booking(principal=principal, reference=reference)
        noted = await booking.notes.set(principal=principal, number=found.number, note=body.note(item))
        return NoteOut.of(noted)

    return router
