"""Where things stand that owners describe. Import it from `catalog.api`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """Where a property or a restaurant stands."""

    address: str
    neighbourhood: str
    city: str
    country: str
    """ISO 3166-1 alpha-2."""
    latitude: float
    longitude: float
