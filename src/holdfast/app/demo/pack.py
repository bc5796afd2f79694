"""Reads the data file that ships with the product."""

import csv
import gzip
import io
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

FIRST_HOME_ID = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """The facts of one home."""

    id: int
    title: str
    neighbourhood: str
    latitude: float
    longitude: float
    property_type: str
    kind: str
    guests: int
    bedrooms: int
    beds: int
    bathrooms: float
    price_minor: int
    min_nights: int
    max_nights: int
    reviews: int
    rating: float | None
    instant: bool
    available_days: int
    """Nights that can be booked in the next 365."""
    estimated: tuple[str, ...]
    """What the source leaves open and a median fills: `price`, `bedrooms`, `beds`, `bathrooms`."""
    amenities: tuple[str, ...]


@cache
def homes() -> tuple[Home, ...]:
    """Return the homes in the order of the data file; ids follow the five samples."""
    packed = (files("holdfast.app.demo") / "washington_dc.csv.gz").read_bytes()
    lines = csv.DictReader(io.StringIO(gzip.decompress(packed).decode()))
    return tuple(_home(home_id, facts) for home_id, facts in enumerate(lines, FIRST_HOME_ID))


def _home(home_id: int, facts: dict[str, str]) -> Home:
    return Home(
        id=home_id,
        title=facts["title"],
        neighbourhood=facts["neighbourhood"],
        latitude=float(facts["latitude"]),
        longitude=float(facts["longitude"]),
        property_type=facts["property_type"],
        kind=facts["kind"],
        guests=int(facts["guests"]),
        bedrooms=int(facts["bedrooms"]),
        beds=int(facts["beds"]),
        bathrooms=float(facts["bathrooms"]),
        price_minor=round(float(facts["price_usd"]) * 100),
        min_nights=int(facts["minimum_nights"]),
        max_nights=int(facts["maximum_nights"]),
        reviews=int(facts["reviews"]),
        rating=float(facts["rating"]) if facts["rating"] else None,
        instant=facts["instant"] == "1",
        available_days=int(facts["available_days"]),
        estimated=_names(facts["estimated"]),
        amenities=_names(facts["amenities"]),
    )


def _names(joined: str) -> tuple[str, ...]:
    return tuple(joined.split("|")) if joined else ()
