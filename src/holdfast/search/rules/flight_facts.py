"""From what the catalog says of a dated flight, and what booking has taken of it, to what search keeps of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Final

from holdfast.catalog.api import LegOffer
from holdfast.kit.db.types import to_json
from holdfast.search.rules.fitting import Cells
from holdfast.search.rules.words import PLACES_MAX, normal, place_key
from holdfast.verticals.flights import claims
from holdfast.verticals.flights.terms import Cabin, LegTerms, Place
from holdfast.verticals.flights.times import arrives_at, departs_at, epoch_minutes

ROOMS_MAX: Final = 1_000
_DIGESTS_KEPT: Final = 4_096
_ROOMS_KEPT: Final = 16_384
_IATA: Final = 3
_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - a wall time has no zone
_MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class SoldAs:
    """What flights are sold for, kept once for all that are sold alike."""

    currency: str
    cabins: tuple[Cabin, ...]
    child_bp: int
    infant_bp: int
    tax_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rooms:
    """What is left of a cabin."""

    seats: int
    """Of the cabin, all fares together."""
    buckets: tuple[int, ...]
    """How many can be sold together from each bucket, in their order."""

    def open(self, seats: int) -> int | None:
        """Return the place of the cheapest bucket with room for so many, None if there is none."""
        return next((place for place, room in enumerate(self.buckets) if room >= seats), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class LegFacts:
    """Everything search keeps of a dated flight, but what it is sold for."""

    flight_id: int
    owner_id: int
    airplane_id: int
    origin: Place
    destination: Place
    departs: int
    """Minutes since 1970-01-01 UTC, as `arrives` and `closes`."""
    arrives: int
    closes: int
    """When its sale ends: it can be had until then, itself included."""
    departs_wall: int
    """Minutes since 1970-01-01 of the wall clock there, as `arrives_wall`."""
    arrives_wall: int
    number: str
    airline: str
    airline_name: str
    equipment: str
    canceled: bool
    rooms: str
    """As `rooms_text` writes them."""
    digest: str
    """Of what it is sold for."""
    sold_as: SoldAs


def leg_facts(offer: LegOffer, cells: Cells) -> LegFacts:
    """Return the facts of a dated flight."""
    leg = offer.terms
    departs = epoch_minutes(departs_at(leg))
    sold = _sold(leg)
    taken = any((resource_id, 0) in cells for resource_id in cabin_ids(leg)) if cells else False
    return LegFacts(
        flight_id=leg.flight_id,
        owner_id=offer.owner_id,
        airplane_id=offer.airplane_id,
        origin=leg.origin,
        destination=leg.destination,
        departs=departs,
        arrives=epoch_minutes(arrives_at(leg)),
        closes=departs - leg.sales_close_minutes,
        departs_wall=wall_minutes(leg.departs),
        arrives_wall=wall_minutes(leg.arrives),
        number=leg.number,
        airline=leg.airline,
        airline_name=leg.airline_name,
        equipment=leg.equipment,
        canceled=leg.canceled,
        rooms=rooms_text(leg.flight_id, leg.cabins, cells) if taken else sold.rooms,
        digest=sold.digest,
        sold_as=sold.sold_as,
    )


def wall_minutes(wall: datetime) -> int:
    """Return the minutes since 1970-01-01 of a wall time without a zone."""
    return (wall - _EPOCH) // _MINUTE


def wall_time(minutes: int) -> datetime:
    """Return the wall time so many minutes after 1970-01-01."""
    return _EPOCH + minutes * _MINUTE


def rooms_text(flight_id: int, cabins: Sequence[Cabin], cells: Cells) -> str:
    """Return what is left of each cabin: `economy 120 10 110;business 8 8`, the cabin first and then its buckets."""
    return ";".join(
        " ".join(
            str(each)
            for each in (
                cabin.code,
                claims.cabin_room(cabin, flight_id, cells),
                *claims.bucket_room(cabin, flight_id, cells),
            )
        )
        for cabin in cabins
    )


@lru_cache(maxsize=_ROOMS_KEPT)
def rooms_of(text: str) -> Mapping[str, Rooms]:
    """Return what is left of each cabin; most flights have as much as others."""
    found = {}
    for part in text.split(";") if text else ():
        code, *numbers = part.split(" ")
        seats, *buckets = (int(each) for each in numbers)
        found[code] = Rooms(seats=seats, buckets=tuple(buckets))
    return found


def cabin_ids(leg: LegTerms) -> list[str]:
    """Return the resources of the cabins of a leg: as long as they have no cells, nothing is taken of its fares."""
    return [claims.cabin_resource(leg.flight_id, cabin.code) for cabin in leg.cabins]


def stock_of(flight_id: int, cabins: Sequence[Cabin]) -> dict[str, int]:
    """Return the resources that say what is left of a flight, with their capacities."""
    found = {}
    for cabin in cabins:
        found[claims.cabin_resource(flight_id, cabin.code)] = cabin.seats + cabin.overbooking
        for bucket in cabin.buckets:
            found[claims.bucket_resource(flight_id, cabin.code, bucket.code)] = bucket.seats
    return found


def airport_keys(place: Place) -> str:
    """Return the names an airport answers to, each between bars: its city, with and without the country, its own."""
    keys = [place_key(each) for each in (place.city, f"{place.city} {place.country}", place.name)]
    found = ""
    for key in dict.fromkeys(keys):
        if key and len(found) + len(key) + 2 <= PLACES_MAX:
            found += f"|{key}"
    return f"{found}|"


def iata_asked(said: str) -> str:
    """Return what was said as an IATA code, empty if it cannot be one."""
    code = normal(said).upper()
    return code if len(code) == _IATA and code.isascii() and code.isalpha() else ""


def sold_like(sold: SoldAs) -> LegTerms:
    """Return a leg from nowhere to nowhere that is sold like this: its price is that of every such leg."""
    nowhere = Place(airport_id=0, iata="", name="", city="", country="", zone="UTC", min_connection_minutes=0)
    return LegTerms(
        flight_id=0,
        number="",
        airline="",
        airline_name="",
        origin=nowhere,
        destination=nowhere,
        departs=_EPOCH,
        arrives=_EPOCH,
        equipment="",
        canceled=False,
        currency=sold.currency,
        cabins=sold.cabins,
        seats=(),
        child_bp=sold.child_bp,
        infant_bp=sold.infant_bp,
        tax_minor=sold.tax_minor,
        sales_close_minutes=0,
    )


@dataclass(frozen=True, slots=True)
class _Sold:
    """What a leg is sold for, and what is left of it as long as nothing is taken."""

    cabins: tuple[Cabin, ...]
    """Kept so that no other object gets their identity."""
    sold_as: SoldAs
    digest: str
    rooms: str


class _Kept:
    """What legs are sold for, found by the very object of their cabins: thousands of legs of the catalog share one."""

    def __init__(self) -> None:
        self._kept: dict[tuple[int, str, int, int, int], _Sold] = {}

    def of(self, leg: LegTerms) -> _Sold:
        """Return what a leg is sold for."""
        key = (id(leg.cabins), leg.currency, leg.child_bp, leg.infant_bp, leg.tax_minor)
        found = self._kept.get(key)
        if found is None:
            if len(self._kept) >= _DIGESTS_KEPT:
                self._kept.clear()
            found = self._kept[key] = _made(leg)
        return found


def _made(leg: LegTerms) -> _Sold:
    sold_as = SoldAs(
        currency=leg.currency,
        cabins=leg.cabins,
        child_bp=leg.child_bp,
        infant_bp=leg.infant_bp,
        tax_minor=leg.tax_minor,
    )
    digest = sha256(to_json(sold_as).encode()).hexdigest()
    return _Sold(leg.cabins, sold_as, digest, rooms_text(leg.flight_id, leg.cabins, {}))


_sold: Final = _Kept().of
