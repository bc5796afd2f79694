"""From what the catalog says of a property to what search keeps of it."""

from dataclasses import dataclass

from holdfast.catalog.api import Property, PropertyKind
from holdfast.search.rules.ranking import standing
from holdfast.search.rules.words import haystack
from holdfast.verticals.stays import StayTerms

UNRATED = -1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything search keeps of a property but its stock."""

    property_id: int
    listed: bool
    name: str
    kind: PropertyKind
    neighbourhood: str
    city: str
    latitude: float
    longitude: float
    guests_max: int
    bedrooms: int
    beds: int
    bathrooms: float
    amenities: tuple[str, ...]
    rating: float | None
    reviews: int
    base_minor: int
    currency: str
    min_nights: int
    max_nights: int
    notice_days: int
    window_days: int
    preparation_nights: int
    haystack: str
    standing: int
    rated: float


def facts_of(described: Property, terms: StayTerms | None) -> Facts:
    """Return the facts of a property.

    Args:
        described: As the catalog tells.
        terms: With the nights that differ, whose limits of stay widen the ordinary ones; None for an unlisted property.
    """
    draft, ordinary = described.draft, described.draft.terms
    nights = terms.nights.values() if terms is not None else ()
    place = draft.location
    return Facts(
        property_id=described.id,
        listed=draft.listed,
        name=draft.name,
        kind=draft.kind,
        neighbourhood=place.neighbourhood,
        city=place.city,
        latitude=place.latitude,
        longitude=place.longitude,
        guests_max=ordinary.guests_max,
        bedrooms=draft.bedrooms,
        beds=draft.beds,
        bathrooms=draft.bathrooms,
        amenities=draft.amenities,
        rating=draft.rating,
        reviews=draft.reviews,
        base_minor=ordinary.base_minor,
        currency=ordinary.currency,
        min_nights=min([ordinary.min_nights, *[each.min_nights for each in nights if each.min_nights is not None]]),
        max_nights=max([ordinary.max_nights, *[each.max_nights for each in nights if each.max_nights is not None]]),
        notice_days=ordinary.advance_notice_days,
        window_days=ordinary.booking_window_days,
        preparation_nights=ordinary.preparation_nights,
        haystack=haystack(draft.name, place.neighbourhood, place.city, draft.kind.replace("_", " ")),
        standing=standing(draft.rating, draft.reviews),
        rated=UNRATED if draft.rating is None else draft.rating,
    )
