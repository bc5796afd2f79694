"""What the routes of the catalog read and answer."""

from types import MappingProxyType
from typing import Annotated, Any, Final, Self

from pydantic import Field, WithJsonSchema
from typing_extensions import override

from holdfast.catalog.api import Location, Property, PropertyDraft, PropertyKind
from holdfast.catalog.routes.policies import POLICY, Code, shown
from holdfast.catalog.routes.terms import TERMS, Nights, PriceIn, TermsIn, TermsOut, currency_mismatch
from holdfast.catalog.rules import limits as rules
from holdfast.kit.errors import Invalid
from holdfast.kit.http.wire import BY_VALUE, Between, DayField, Line, Prose, Wire, items
from holdfast.verticals.stays import NightTerms

_LOCATION: Final = {
    "address": "1420 Vermont Ave NW",
    "neighbourhood": "Logan Circle",
    "city": "Washington",
    "country": "US",
    "latitude": 38.9093,
    "longitude": -77.0312,
}
_SAID: Final = {
    "name": "Three-bedroom townhouse near Logan Circle",
    "description": "Three floors and a garden; ten minutes to the metro.",
    "location": _LOCATION,
    "kind": "entire_home",
    "bedrooms": 3,
    "beds": 4,
    "bathrooms": 2.5,
    "amenities": ["wifi", "kitchen", "free_parking"],
    "house_rules": "No shoes on the stairs.",
}
_OUT: Final = {
    "id": 6263,
    **_SAID,
    "terms": {**TERMS, "policy": POLICY, "service_bp": 1400},
    "rating": None,
    "reviews": 0,
    "notes": {},
}
_OWN_OUT: Final = {**_OUT, "version": 1, "listed": True, "units": 1, "unit_names": []}

_Rooms = Annotated[int, Between(0, rules.ROOMS_MAX)]
_Units = Annotated[int, Between(1, rules.UNITS_MAX)]
_UnitName = Annotated[str, Line(rules.UNIT_NAME_MAX)]
_COUNTRY: Final = WithJsonSchema({"type": "string", "enum": sorted(rules.COUNTRIES), "examples": ["US"]})


# ------------------------------------------------------------------------------------------------------- what comes in


class LocationIn(Wire):
    """Where it stands."""

    address: Annotated[str, Line(rules.ADDRESS_MAX)]
    neighbourhood: Annotated[str, Line(rules.ADDRESS_MAX, 0)] = ""
    city: Annotated[str, Line(rules.CITY_MAX)]
    country: Annotated[str, Field(min_length=2, max_length=2, pattern="^[A-Z]{2}$"), _COUNTRY]
    """ISO 3166-1 alpha-2."""
    latitude: Annotated[float, Between(-90, 90)]
    longitude: Annotated[float, Between(-180, 180)]


class PropertyIn(Wire):
    """All an owner says of a property."""

    name: Annotated[str, Line(rules.NAME_MAX)]
    description: Annotated[str, Prose(rules.TEXT_MAX)] = ""
    location: LocationIn
    kind: Annotated[PropertyKind, BY_VALUE]
    bedrooms: _Rooms
    beds: _Rooms
    bathrooms: Annotated[float, Between(0, rules.ROOMS_MAX), Field(multiple_of=0.5)]
    amenities: Annotated[tuple[Code, ...], items(rules.AMENITIES_MAX)] = ()
    """Codes such as `free_parking`, each once; clients translate them."""
    house_rules: Annotated[str, Prose(rules.HOUSE_RULES_MAX)] = ""
    terms: TermsIn

    def draft(self, *, listed: bool, service_bp: int, before: PropertyDraft | None) -> PropertyDraft:
        """Return it as the door takes it, with this service fee; what is not an owner's to say stays as it was before.

        Raises:
            Invalid: The prices are not in one currency.
        """
        place = self.location
        return PropertyDraft(
            name=self.name,
            description=self.description,
            location=Location(
                address=place.address,
                neighbourhood=place.neighbourhood,
                city=place.city,
                country=place.country,
                latitude=place.latitude,
                longitude=place.longitude,
            ),
            kind=self.kind,
            bedrooms=self.bedrooms,
            beds=self.beds,
            bathrooms=self.bathrooms,
            amenities=self.amenities,
            house_rules=self.house_rules,
            terms=self.terms.terms(service_bp=service_bp),
            listed=listed,
            rating=None if before is None else before.rating,
            reviews=0 if before is None else before.reviews,
            notes=MappingProxyType({}) if before is None else before.notes,
        )


class NewProperty(PropertyIn):
    """A property to create."""

    model_config = shown({**_SAID, "terms": {**TERMS, "policy": "moderate"}, "listed": True, "units": 1})

    listed: bool = True
    """Whether guests can find and quote it."""
    units: _Units = 1
    """How many of it there are, all alike: rooms of a hotel's room type."""
    unit_names: Annotated[tuple[_UnitName, ...], items(rules.NAMED_UNITS_MAX)] = ()
    """A name for every unit, if guests are to be told which one is theirs; else none."""


class ReplacedProperty(PropertyIn):
    """What is said of a property from now on; all of it, for what is left out goes back to its default."""

    model_config = shown({**_SAID, "terms": {**TERMS, "policy": "moderate"}, "listed": True})

    listed: bool
    """Whether guests can find and quote it."""


class NewNights(Wire):
    """What differs on some nights; what is left out is as on other nights."""

    model_config = shown(
        {"first": "2027-07-02", "end": "2027-07-06", "price": {"amount": 32000, "currency": "USD"}, "min_nights": 3}
    )

    first: DayField
    end: DayField
    """The first night that is not meant; at most 730 after `first`."""
    price: PriceIn | None = None
    """Takes the place of base and weekend price."""
    min_nights: Nights | None = None
    """Smallest stay for an arrival on these dates."""
    max_nights: Nights | None = None
    closed_to_arrival: bool = False
    closed_to_departure: bool = False

    def terms(self, currency: str) -> NightTerms:
        """Return them as the door takes them.

        Raises:
            Invalid: The price is not in the property's currency.
        """
        if self.price is not None and self.price.currency != currency:
            raise Invalid(errors=[currency_mismatch("/price/currency", currency)])
        return NightTerms(
            price_minor=None if self.price is None else self.price.amount,
            min_nights=self.min_nights,
            max_nights=self.max_nights,
            closed_to_arrival=self.closed_to_arrival,
            closed_to_departure=self.closed_to_departure,
        )


# ------------------------------------------------------------------------------------------------------- what goes out


class LocationOut(Wire):
    """Where it stands."""

    address: str
    neighbourhood: str
    city: str
    country: str
    """ISO 3166-1 alpha-2."""
    latitude: float
    longitude: float


class PropertyOut(Wire):
    """A property as guests see it."""

    model_config = shown(_OUT)

    id: int
    name: str
    description: str
    location: LocationOut
    kind: PropertyKind
    bedrooms: int
    beds: int
    bathrooms: float
    amenities: tuple[str, ...]
    house_rules: str
    terms: TermsOut
    rating: float | None
    reviews: int
    notes: dict[str, Any]
    """Facts about the data itself, such as `{"price_estimated": true}`."""

    @classmethod
    def of(cls, found: Property) -> Self:
        """Render a property."""
        return cls(**_common(found))


class OwnPropertyOut(PropertyOut):
    """A property as its owner sees it."""

    model_config = shown(_OWN_OUT)

    version: int
    """Counts up with every change; the `ETag` in quotes."""
    listed: bool
    """Whether guests can find and quote it."""
    units: int
    """Units at creation; see `.../stock` for what there is to sell now."""
    unit_names: tuple[str, ...]

    @classmethod
    @override
    def of(cls, found: Property) -> Self:
        """Render a property for its owner."""
        return cls(
            **_common(found),
            version=found.version,
            listed=found.draft.listed,
            units=found.units,
            unit_names=found.unit_names,
        )


class OwnPropertiesPage(Wire):
    """Properties in order of id."""

    items: tuple[OwnPropertyOut, ...]
    next_cursor: str | None
    """Send it as `cursor` for the next page; null on the last one."""


class NightsOut(Wire):
    """How much was set."""

    model_config = shown({"nights": 4})

    nights: int
    """How many nights the range has."""


def _common(found: Property) -> dict[str, Any]:
    draft, place = found.draft, found.draft.location
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
        "kind": draft.kind,
        "bedrooms": draft.bedrooms,
        "beds": draft.beds,
        "bathrooms": draft.bathrooms,
        "amenities": draft.amenities,
        "house_rules": draft.house_rules,
        "terms": TermsOut.of(draft.terms),
        "rating": draft.rating,
        "reviews": draft.reviews,
        "notes": dict(draft.notes),
    }
