"""What the catalog tells others, after the fact."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PropertyCreated:
    """A property exists. Booking makes its stock from this."""

    property_id: int
    units: int
    unit_names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PropertyChanged:
    """Something said of the property, or the terms of some nights, changed."""

    property_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogImported:
    """Properties with ids in [first_id, last_id] were imported in bulk."""

    first_id: int
    last_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FlightCreated:
    """A dated flight exists."""

    flight_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FlightChanged:
    """Something said of a dated flight changed: ask for its terms."""

    flight_id: int
    moved: bool
    """Whether it departs or arrives at another time, or flies from or to elsewhere."""
    stock: bool
    """Whether its cabins, fares or seats may be others, so that there is more or less to sell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlightCanceled:
    """A dated flight will not fly. It stays canceled."""

    flight_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FlightDeleted:
    """A dated flight that nobody was offered does not exist any more."""

    flight_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FlightsImported:
    """Dated flights with ids in [first_id, last_id] were imported in bulk."""

    first_id: int
    last_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AirportChanged:
    """Something said of an airport changed, which all its flights show."""

    airport_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AirplaneChanged:
    """Something said of an airplane changed, which all its flights show; seats only where none of them was offered."""

    airplane_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RestaurantCreated:
    """A restaurant exists."""

    restaurant_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RestaurantChanged:
    """Something said of a restaurant changed, a special day too: ask for its terms."""

    restaurant_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RestaurantsImported:
    """Restaurants with ids in [first_id, last_id] were imported in bulk."""

    first_id: int
    last_id: int
