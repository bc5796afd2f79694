"""What booking notes of what was done, and by whom. Holds are not noted: each is a row of its own that is kept."""

from typing import Any, Final

from holdfast.kit.activity.acts import Act, Actor

BOOKING: Final = "booking"
PROPERTY: Final = "property"


def of_booking(kind: str, reference: str, actor: Actor, *, guest_id: int, **details: Any) -> Act:
    """Return an act on a booking; it concerns its guest, whoever did it."""
    return Act(kind=kind, object_kind=BOOKING, object_id=reference, subject_id=guest_id, details=details, actor=actor)


def of_stock(kind: str, property_id: int, actor: Actor, *, owner_id: int | None = None, **details: Any) -> Act:
    """Return an act on the stock of a property."""
    return Act(
        kind=kind, object_kind=PROPERTY, object_id=property_id, subject_id=owner_id, details=details, actor=actor
    )
