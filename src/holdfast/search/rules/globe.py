"""The globe: boxes, circles and distances without trigonometry in SQL."""

import math
from dataclasses import dataclass
from typing import Final

from holdfast.search.api import Box, Circle

EARTH_KM: Final = 6371.0088
RADIUS_KM_MAX: Final = 20_100.0
_BEYOND_SQUARED: Final = 5.0  # opposite points are 4 apart, give or take a rounding
_QUARTER: Final = 90.0
_HALF: Final = 180.0
_FULL: Final = 360.0


def on_sphere(latitude: float, longitude: float) -> tuple[float, float, float]:
    """Return the point on the unit sphere: squared chords order points by distance without trigonometry in SQL."""
    phi, lam = math.radians(latitude), math.radians(longitude)
    return math.cos(phi) * math.cos(lam), math.cos(phi) * math.sin(lam), math.sin(phi)


def chord_squared(km: float) -> float:
    """Return the squared chord of the unit sphere that spans a distance; beyond all chords for half the way around."""
    if km >= math.pi * EARTH_KM:
        return _BEYOND_SQUARED
    return (2 * math.sin(km / EARTH_KM / 2)) ** 2


def chord_km(squared: float) -> float:
    """Return the distance a squared chord spans."""
    return 2 * EARTH_KM * math.asin(min(1.0, math.sqrt(squared) / 2))


@dataclass(frozen=True, slots=True)
class Bounds:
    """A part of the map: latitudes, and longitudes which `wraps` says lie outside rather than inside the two ends."""

    south: float
    north: float
    west: float
    east: float

    @property
    def wraps(self) -> bool:
        """Whether the part crosses the date line."""
        return self.west > self.east


def box_bounds(box: Box) -> Bounds:
    """Return the bounds of a box."""
    return Bounds(box.south, box.north, box.west, box.east)


def circle_bounds(circle: Circle) -> Bounds:
    """Return bounds around a circle, a hair wider, for an index to find candidates by."""
    reach = math.degrees(circle.radius_km / EARTH_KM) + 1e-9
    south, north = circle.latitude - reach, circle.latitude + reach
    if south <= -_QUARTER or north >= _QUARTER:
        return Bounds(max(south, -_QUARTER), min(north, _QUARTER), -_HALF, _HALF)
    ratio = math.sin(math.radians(reach)) / math.cos(math.radians(circle.latitude))
    sideways = math.degrees(math.asin(min(1.0, ratio))) + 1e-9
    if sideways >= _HALF:
        return Bounds(south, north, -_HALF, _HALF)
    west, east = circle.longitude - sideways, circle.longitude + sideways
    return Bounds(south, north, west + _FULL if west < -_HALF else west, east - _FULL if east > _HALF else east)


def distance_km(from_: tuple[float, float], to: tuple[float, float]) -> float:
    """Return the distance of two points, each latitude and longitude, along the great circle."""
    return chord_km(sum((a - b) ** 2 for a, b in zip(on_sphere(*from_), on_sphere(*to), strict=True)))
