"""Where things are looked for on the map. Import it from `search.api`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A map box; `west` may be greater than `east` across the date line."""

    south: float
    west: float
    north: float
    east: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Circle:
    """Everything within `radius_km` of a point."""

    latitude: float
    longitude: float
    radius_km: float
