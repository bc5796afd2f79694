"""What flights refer to: places, airplanes and fares, read apart from the flights so that readers can keep them.

Fares never change. Of the others a *generation* is counted up whenever one of them changes or goes, which every row of
a flight is read with: what was kept at a generation is good as long as flights come with the same one. Joined in one
statement instead, PostgreSQL would plan seven tables for longer than it reads them.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, fields
from datetime import datetime, time, timedelta
from typing import Any, Final

from sqlalchemy import select, update

from holdfast.catalog.flights_api import Fares, LegOffer
from holdfast.catalog.models.flights import airplane, airport, city, fare, generation
from holdfast.catalog.store.airplanes import LAYOUT_TEXT, seats_of
from holdfast.catalog.store.fares import FARES_TEXT, fares_of
from holdfast.catalog.store.given import IDS
from holdfast.kit.db.database import Tx
from holdfast.kit.db.statements import Row, statement
from holdfast.verticals.flights.terms import Cabin, LegTerms, Place, Seat
from holdfast.verticals.flights.times import local_arrival

GENERATION: Final = select(generation.c.number).where(generation.c.id == 1).scalar_subquery().label("generation")
"""A column for statements that read flights."""
_MIDNIGHT: Final = time()
_PLACE: Final = tuple(each.name for each in fields(Place))

_PLACES: Final = statement(
    select(
        airport.c.id.label("airport_id"),
        airport.c.iata,
        airport.c.name,
        city.c.name.label("city"),
        city.c.country,
        airport.c.zone,
        airport.c.min_connection_minutes,
    )
    .join(city, city.c.id == airport.c.city_id)
    .join(IDS, IDS.c.id == airport.c.id)
)
_AIRPLANES: Final = statement(
    select(airplane.c.id, airplane.c.equipment, LAYOUT_TEXT).join(IDS, IDS.c.id == airplane.c.id)
)
_FARES: Final = statement(select(fare.c.id, FARES_TEXT).join(IDS, IDS.c.id == fare.c.id))
_COUNT_UP: Final = statement(update(generation).where(generation.c.id == 1).values(number=generation.c.number + 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Ids of what flights refer to."""

    airports: AbstractSet[int]
    airplanes: AbstractSet[int]
    fares: AbstractSet[int]

    def __bool__(self) -> bool:
        """Return whether there are any."""
        return bool(self.airports or self.airplanes or self.fares)


@dataclass(frozen=True, slots=True)
class _Plane:
    equipment: str
    seats: tuple[Seat, ...]
    room: Mapping[str, int]
    """Seats to sell by cabin."""


@dataclass(slots=True)
class References:
    """Places, airplanes and fares by id."""

    places: dict[int, Place] = field(default_factory=dict)
    airplanes: dict[int, _Plane] = field(default_factory=dict)
    fares: dict[int, Fares] = field(default_factory=dict)
    _cabins: dict[tuple[int, int], tuple[Cabin, ...]] = field(default_factory=dict)

    def __len__(self) -> int:
        """Return how much is kept."""
        return len(self.places) + len(self.airplanes) + len(self.fares) + len(self._cabins)

    def missing(self, rows: Sequence[Row]) -> Wanted:
        """Return what flights refer to that is not here."""
        ends = {row.origin_id for row in rows} | {row.destination_id for row in rows}
        return Wanted(
            airports=ends - self.places.keys(),
            airplanes={row.airplane_id for row in rows} - self.airplanes.keys(),
            fares={row.fare_id for row in rows} - self.fares.keys(),
        )

    def add(self, more: "References") -> None:
        """Take in what others have."""
        self.places.update(more.places)
        self.airplanes.update(more.airplanes)
        self.fares.update(more.fares)

    def offers(self, rows: Sequence[Row]) -> list[LegOffer]:
        """Return the offers of flights; one whose references are gone is gone itself by now."""
        return [
            self._offer(row)
            for row in rows
            if row.origin_id in self.places
            and row.destination_id in self.places
            and row.airplane_id in self.airplanes
            and row.fare_id in self.fares
        ]

    def _offer(self, row: Row) -> LegOffer:
        origin, destination = self.places[row.origin_id], self.places[row.destination_id]
        plane, sold = self.airplanes[row.airplane_id], self.fares[row.fare_id]
        departs = datetime.combine(row.day, _MIDNIGHT) + timedelta(minutes=row.departs_minute)
        return LegOffer(
            owner_id=row.owner_id,
            version=row.version,
            offered=row.offered,
            airplane_id=row.airplane_id,
            schedule_id=row.schedule_id,
            terms=LegTerms(
                flight_id=row.id,
                number=row.number,
                airline=row.number[:2],
                airline_name=row.airline_name,
                origin=origin,
                destination=destination,
                departs=departs,
                arrives=local_arrival(departs, origin.zone, row.minutes, destination.zone),
                equipment=plane.equipment,
                canceled=row.canceled,
                currency=sold.currency,
                cabins=self._cabins_of(row.airplane_id, row.fare_id),
                seats=plane.seats,
                child_bp=sold.child_bp,
                infant_bp=sold.infant_bp,
                tax_minor=sold.tax_minor,
                sales_close_minutes=sold.sales_close_minutes,
            ),
        )

    def _cabins_of(self, airplane_id: int, fare_id: int) -> tuple[Cabin, ...]:
        """Return the cabins of an airplane with their fares; one without fares is not sold."""
        key = (airplane_id, fare_id)
        found = self._cabins.get(key)
        if found is None:
            room = self.airplanes[airplane_id].room
            found = self._cabins[key] = tuple(
                Cabin(
                    code=each.code,
                    seats=room.get(each.code, 0),
                    overbooking=each.overbooking,
                    buckets=each.buckets,
                    brands=each.brands,
                )
                for each in self.fares[fare_id].cabins
            )
        return found


async def look_up(tx: Tx, *, wanted: Wanted) -> References:
    """Return what is wanted, as far as it exists."""
    found = References()
    if wanted.airports:
        for row in await tx.all(_PLACES(ids=_ids(wanted.airports))):
            found.places[row.airport_id] = Place(**{name: getattr(row, name) for name in _PLACE})
    if wanted.airplanes:
        for row in await tx.all(_AIRPLANES(ids=_ids(wanted.airplanes))):
            seats = seats_of(row.layout)
            room = Counter(seat.cabin for seat in seats if not seat.blocked)
            found.airplanes[row.id] = _Plane(row.equipment, seats, room)
    if wanted.fares:
        for row in await tx.all(_FARES(ids=_ids(wanted.fares))):
            found.fares[row.id] = fares_of(row.fares)
    return found


async def offers(tx: Tx, *, rows: Sequence[Row]) -> list[LegOffer]:
    """Return the offers of flights that were read in the same transaction, with what they refer to read anew."""
    found = await look_up(tx, wanted=References().missing(rows))
    return found.offers(rows)


async def count_up(tx: Tx) -> None:
    """Say that a place or an airplane changed or goes."""
    await tx.run(_COUNT_UP())


def _ids(ids: Collection[int]) -> list[tuple[Any]]:
    return [(each,) for each in sorted(ids)]
