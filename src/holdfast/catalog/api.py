"""The door of the catalog."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, Final, Protocol

from holdfast.catalog.airline_api import (
    AirlineApi,
    Airplane,
    AirplaneDraft,
    Airport,
    AirportDraft,
    CabinLayout,
    City,
    CityDraft,
    KnownAirport,
    PlacesApi,
    ScheduleDraft,
    SeatPrice,
)
from holdfast.catalog.dining_api import (
    CUISINES,
    DINING_POLICIES,
    CardBrand,
    Contact,
    Restaurant,
    RestaurantDraft,
    RestaurantsApi,
    TableOffer,
)
from holdfast.catalog.flights_api import CabinFares, Fares, FlightDraft, FlightFilter, FlightsApi, LegOffer
from holdfast.catalog.location import Location
from holdfast.kit.auth import Principal
from holdfast.kit.errors import HoldfastError
from holdfast.verticals.stays import NightTerms, StayTerms

__all__ = [  # written beside; the rest is exported anyway
    "CUISINES",
    "DINING_POLICIES",
    "AirlineApi",
    "Airplane",
    "AirplaneDraft",
    "Airport",
    "AirportDraft",
    "CabinFares",
    "CabinLayout",
    "CardBrand",
    "City",
    "CityDraft",
    "Contact",
    "Fares",
    "FlightDraft",
    "FlightFilter",
    "FlightsApi",
    "KnownAirport",
    "LegOffer",
    "Location",
    "PlacesApi",
    "Restaurant",
    "RestaurantDraft",
    "RestaurantsApi",
    "ScheduleDraft",
    "SeatPrice",
    "TableOffer",
]

SERVICE_BP_MAX: Final = 3_000
"""Largest service fee, in basis points."""


class PropertyKind(StrEnum):
    """What a guest gets: the field's room types."""

    ENTIRE_HOME = "entire_home"
    PRIVATE_ROOM = "private_room"
    SHARED_ROOM = "shared_room"
    HOTEL_ROOM = "hotel_room"


@dataclass(frozen=True, slots=True, kw_only=True)
class PropertyDraft:
    """All an owner says of a property; the same for creating and for replacing."""

    name: str
    description: str
    location: Location
    kind: PropertyKind
    bedrooms: int
    beds: int
    bathrooms: float
    amenities: tuple[str, ...]
    house_rules: str
    terms: StayTerms
    """Its `property_id` is 0 in a draft that creates."""
    listed: bool = True
    """Whether guests can find and quote it."""
    rating: float | None = None
    reviews: int = 0
    notes: Mapping[str, Any] = field(default_factory=dict)
    """Facts about the data itself, such as `{"price_estimated": true}`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Property:
    """A property as described now. `terms.nights` is empty here: ask `stay_terms` for the dates that differ."""

    id: int
    owner_id: int
    version: int
    """Counts up with every change; the ETag of the property."""
    draft: PropertyDraft
    units: int
    """Units at creation; stock of today is booking's."""
    unit_names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StayOffer:
    """All that is needed to quote a stay at a listed property."""

    name: str
    owner_id: int
    unit_names: tuple[str, ...]
    terms: StayTerms


class VersionConflict(HoldfastError):
    """Somebody changed it since you read it. Read it again, then send your change with the new ETag."""

    code = "precondition_failed"
    status = 412
    title = "It has changed meanwhile"


class PreconditionRequired(HoldfastError):
    """A change needs to say which version it changes: send the `ETag` you read as `If-Match`."""

    code = "precondition_required"
    status = 428
    title = "Say which version you change"


class IfMatchMalformed(HoldfastError):
    """`If-Match` is neither `*` nor a list of entity tags in quotes. Send the `ETag` as you got it."""

    code = "if_match_malformed"
    status = 400
    title = "If-Match cannot be read"


class NotBookable(HoldfastError):
    """The property is not listed (or has no stock) at the moment. Choose another one."""

    code = "not_bookable"
    status = 409
    title = "This cannot be booked"


class CatalogApi(Protocol):
    """What others may ask of the catalog."""

    @property
    def restaurants(self) -> RestaurantsApi:
        """The door to restaurants."""

    @property
    def flights(self) -> FlightsApi:
        """The door to flights."""

    @property
    def places(self) -> PlacesApi:
        """The door to cities and airports."""

    @property
    def airline(self) -> AirlineApi:
        """The door to airplanes and schedules."""

    async def get_many(self, *, ids: Sequence[int]) -> list[Property]:
        """Return the properties that exist among `ids`, listed or not, in no set order."""

    async def stay_terms(self, *, ids: Sequence[int], first: date, end: date) -> dict[int, StayTerms]:
        """Return terms of the *listed* properties among `ids`, with the differing dates in [first, end] (both in)."""

    async def stay_offers(self, *, ids: Sequence[int], first: date, end: date) -> dict[int, StayOffer]:
        """Return what is needed to quote the *listed* properties among `ids`; dates as in `stay_terms`."""

    async def list_page(self, *, owner_id: int | None = None, after_id: int = 0, limit: int = 100) -> list[Property]:
        """Return properties in order of id, of one owner or of all."""

    async def create(
        self, *, owner: Principal, draft: PropertyDraft, units: int = 1, unit_names: tuple[str, ...] = ()
    ) -> Property:
        """Create a property owned by `owner`; publishes PropertyCreated, from which booking makes its stock.

        Raises:
            Forbidden: The principal is no owner.
            Invalid: A field breaks a rule; every wrong field is named.
        """

    async def replace(self, *, owner: Principal, property_id: int, draft: PropertyDraft, version: int) -> Property:
        """Replace what is said of a property; publishes PropertyChanged.

        Raises:
            NotFound: No such property, or somebody else's.
            VersionConflict: `version` is not the newest.
            Invalid: A field breaks a rule.
        """

    async def set_nights(
        self, *, owner: Principal, property_id: int, first: date, end: date, terms: NightTerms | None
    ) -> int:
        """Give every night in [first, end) these terms (None: back to ordinary); returns how many nights. At most 730.

        Raises:
            NotFound: No such property, or somebody else's.
            Invalid: Empty or too long range, price or stay limits out of range.
        """

    async def own(self, *, owner: Principal, property_id: int) -> Property:
        """Return a property the principal may run (its owner, or an admin).

        Raises:
            NotFound: No such property, or somebody else's.
        """

    async def import_many(self, *, rows: Sequence[tuple[int, int, PropertyDraft, int, tuple[str, ...]]]) -> int:
        """Insert many properties at once: (id, owner_id, draft, units, unit_names). Publishes one CatalogImported."""
