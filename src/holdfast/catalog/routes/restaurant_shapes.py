"""What the routes of restaurants read and answer."""

from types import MappingProxyType
from typing import Annotated, Any, Final, Self

from pydantic import Field
from typing_extensions import override

from holdfast.catalog.api import (
    CUISINES,
    CardBrand,
    Contact,
    Location,
    Restaurant,
    RestaurantDraft,
)
from holdfast.catalog.routes.dining_terms import (
    OWN_TERMS,
    SEEN_TERMS,
    SPECIAL_DAY,
    TERMS,
    DiningTermsIn,
    DiningTermsOut,
    OwnDiningTermsOut,
)
from holdfast.catalog.routes.policies import Code, shown
from holdfast.catalog.routes.shapes import LocationIn, LocationOut
from holdfast.catalog.rules import restaurants as rules
from holdfast.catalog.rules.dining import NOTE_MAX, SERVICES_MAX
from holdfast.catalog.rules.limits import NAME_MAX, TEXT_MAX
from holdfast.kit.http.wire import BY_VALUE, Between, Line, Prose, Wire, items

_SAID: Final = {
    "name": "Blue Heron",
    "description": "Fish from the bay, and a bar that opens early.",
    "location": {
        "address": "1100 14th St NW",
        "neighbourhood": "Logan Circle",
        "city": "Washington",
        "country": "US",
        "latitude": 38.9037,
        "longitude": -77.0319,
    },
    "contact": {"phone": "+1 202-555-0143", "email": "table@example.com", "website": "https://heron.example.com"},
    "cuisines": ["seafood", "new_american"],
    "price_level": 3,
    "cards": ["visa", "mastercard", "amex"],
    "images": ["https://images.example.com/heron/room.jpg"],
    "videos": [],
}
_SEEN: Final = {"id": 17, **_SAID, "terms": SEEN_TERMS, "rating": None, "reviews": 0, "notes": {}}
_OWN: Final = {**_SEEN, "terms": OWN_TERMS, "version": 1, "listed": True}

Url = Annotated[str, Field(min_length=1, max_length=rules.URL_MAX, pattern=rules.URL)]
"""Tightly formed on purpose: browsers are sent there."""
_Cuisine = Annotated[Code, Field(examples=list(CUISINES))]


# ------------------------------------------------------------------------------------------------------- what comes in


class ContactIn(Wire):
    """How guests reach a restaurant; null where they do not."""

    phone: Annotated[str, Field(min_length=rules.PHONE_MIN, max_length=rules.PHONE_MAX, pattern=rules.PHONE)] | None = (
        None
    )
    email: Annotated[str, Field(min_length=1, max_length=rules.EMAIL_MAX, pattern=rules.EMAIL)] | None = None
    website: Url | None = None


class RestaurantIn(Wire):
    """All an owner says of a restaurant."""

    name: Annotated[str, Line(NAME_MAX)]
    description: Annotated[str, Prose(TEXT_MAX)] = ""
    location: LocationIn
    contact: ContactIn = ContactIn()
    cuisines: Annotated[tuple[_Cuisine, ...], items(rules.CUISINES_MAX)] = ()
    """Codes, each once; the examples are the field's names, others of their form are taken too."""
    price_level: Annotated[int, Between(1, rules.PRICE_LEVEL_MAX)]
    """1 is inexpensive, 4 the dearest."""
    cards: Annotated[tuple[Annotated[CardBrand, BY_VALUE], ...], items(len(CardBrand))] = ()
    """The brands that are accepted at the table, each once."""
    images: Annotated[tuple[Url, ...], items(rules.IMAGES_MAX)] = ()
    """URLs with `https`, each once, in the order in which they are shown."""
    videos: Annotated[tuple[Url, ...], items(rules.VIDEOS_MAX)] = ()
    """URLs with `https`, each once."""
    terms: DiningTermsIn

    def draft(self, *, listed: bool, before: RestaurantDraft | None) -> RestaurantDraft:
        """Return it as the door takes it; what is not an owner's to say stays as it was before.

        Raises:
            Invalid: An amount is not in the currency of the restaurant.
        """
        return RestaurantDraft(
            name=self.name,
            description=self.description,
            location=Location(**dict(self.location)),
            contact=Contact(**dict(self.contact)),
            cuisines=self.cuisines,
            price_level=self.price_level,
            cards=self.cards,
            images=self.images,
            videos=self.videos,
            terms=self.terms.terms(),
            listed=listed,
            rating=None if before is None else before.rating,
            reviews=0 if before is None else before.reviews,
            notes=MappingProxyType({}) if before is None else before.notes,
        )


class NewRestaurant(RestaurantIn):
    """A restaurant to create."""

    model_config = shown({**_SAID, "terms": {**TERMS, "policy": "free_until_24h"}, "listed": True})

    listed: bool = True
    """Whether guests can find and quote it."""


class ReplacedRestaurant(RestaurantIn):
    """What is said of a restaurant from now on; all of it, for what is left out goes back to its default."""

    model_config = shown({**_SAID, "terms": TERMS, "listed": True})

    listed: bool
    """Whether guests can find and quote it."""


class NewSpecialDay(Wire):
    """What a date has instead of its weekday's services."""

    model_config = shown(SPECIAL_DAY)

    services: Annotated[tuple[Code, ...], items(SERVICES_MAX)]
    """Codes of the services there are, each once; none: closed."""
    note: Annotated[str, Line(NOTE_MAX, 0)] = ""
    """What guests read."""


# ------------------------------------------------------------------------------------------------------- what goes out


class ContactOut(Wire):
    """How guests reach a restaurant; null where they do not."""

    phone: str | None
    email: str | None
    website: str | None


class RestaurantOut(Wire):
    """A restaurant as guests see it."""

    model_config = shown(_SEEN)

    id: int
    name: str
    description: str
    location: LocationOut
    contact: ContactOut
    cuisines: tuple[str, ...]
    price_level: int
    """1 is inexpensive, 4 the dearest."""
    cards: tuple[CardBrand, ...]
    """The brands that are accepted at the table."""
    images: tuple[str, ...]
    """URLs, in the order in which they are shown."""
    videos: tuple[str, ...]
    terms: DiningTermsOut
    rating: float | None
    reviews: int
    notes: dict[str, Any]
    """Facts about the data itself, such as `{"terms_invented": true}`."""

    @classmethod
    def of(cls, found: Restaurant) -> Self:
        """Render a restaurant."""
        return cls(**_common(found), terms=DiningTermsOut.of(found.draft.terms))


class OwnRestaurantOut(RestaurantOut):
    """A restaurant as its owner sees it."""

    model_config = shown(_OWN)

    terms: OwnDiningTermsOut
    version: int
    """Counts up with every change; the `ETag` in quotes."""
    listed: bool
    """Whether guests can find and quote it."""

    @classmethod
    @override
    def of(cls, found: Restaurant) -> Self:
        """Render a restaurant for its owner."""
        return cls(
            **_common(found),
            terms=OwnDiningTermsOut.of(found.draft.terms),
            version=found.version,
            listed=found.draft.listed,
        )


class OwnRestaurantsPage(Wire):
    """Restaurants in order of id."""

    items: tuple[OwnRestaurantOut, ...]
    next_cursor: str | None
    """Send it as `cursor` for the next page; null on the last one."""


def _common(found: Restaurant) -> dict[str, Any]:
    draft, place, contact = found.draft, found.draft.location, found.draft.contact
    return {
        "id": found.id,
        "name": draft.name,
        "description": draft.description,
        "location": LocationOut(
            address=place.address,
            neighbourhood=place.neighbourhood,
            city=place.city,
            country=place.country,
            latitude=place.latitude,
            longitude=place.longitude,
        ),
        "contact": ContactOut(phone=contact.phone, email=contact.email, website=contact.website),
        "cuisines": draft.cuisines,
        "price_level": draft.price_level,
        "cards": draft.cards,
        "images": draft.images,
        "videos": draft.videos,
        "rating": draft.rating,
        "reviews": draft.reviews,
        "notes": dict(draft.notes),
    }
