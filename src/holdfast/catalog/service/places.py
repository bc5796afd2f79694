"""Answers `PlacesApi`: cities and airports."""

import asyncio
from collections.abc import Sequence
from typing import Final

from holdfast.catalog.airline_api import (
    Airport,
    AirportDraft,
    AirportInUse,
    City,
    CityDraft,
    CityInUse,
    DuplicateIata,
    KnownAirport,
)
from holdfast.catalog.api import VersionConflict
from holdfast.catalog.events import AirportChanged
from holdfast.catalog.rules.places import airport_errors, city_errors, no_city
from holdfast.catalog.service.writing import (
    Writer,
    at_row,
    note,
    possible,
    refuse,
    refuse_all_but_admins,
    refuse_id,
    refuse_limit,
)
from holdfast.catalog.store import places as store
from holdfast.catalog.store import references, uses
from holdfast.kit.auth import Principal
from holdfast.kit.db.database import Database, Tx
from holdfast.kit.errors import NotFound

LISTED_MAX: Final = 20
"""How many of what stands in the way are listed."""


class Places:
    """Answers `PlacesApi`; what a method does is told there."""

    def __init__(self, *, db: Database) -> None:
        self._db = db
        self._writer = Writer(db)

    async def cities(self, *, ids: Sequence[int]) -> list[City]:
        """Return the cities that exist among `ids`, in no set order."""
        wanted = possible(ids)
        return await self._db.read(lambda tx: store.cities(tx, ids=wanted)) if wanted else []

    async def cities_page(self, *, country: str | None = None, after_id: int = 0, limit: int = 100) -> list[City]:
        """Return cities in order of id, of one country or of all."""
        refuse_limit(limit)
        return await self._db.read(lambda tx: store.cities_page(tx, country=country, after_id=after_id, limit=limit))

    async def create_city(self, *, admin: Principal, draft: CityDraft) -> City:
        """Create a city.

        Raises:
            Forbidden: The principal is no admin.
            Invalid: A field breaks a rule.
        """
        refuse_all_but_admins(admin)
        refuse(list(city_errors(draft)))

        async def work(tx: Tx) -> City:
            created = await _city(tx, await store.add_city(tx, draft=draft))
            await note(tx, "city.created", created.id)
            return created

        return await self._writer.write(work)

    async def replace_city(self, *, admin: Principal, city_id: int, draft: CityDraft, version: int) -> City:
        """Replace what is said of a city.

        Raises:
            Forbidden: The principal is no admin.
            NotFound: No such city.
            VersionConflict: `version` is not the newest.
            Invalid: A field breaks a rule.
        """
        refuse_all_but_admins(admin)
        refuse_id(city_id)
        errors = list(city_errors(draft))

        async def work(tx: Tx) -> City:
            await _city(tx, city_id)
            refuse(errors)
            if not await store.replace_city(tx, city_id=city_id, version=version, draft=draft):
                raise VersionConflict("The city has changed since you read it.")
            await note(tx, "city.changed", city_id, version=version)
            await references.count_up(tx)
            return await _city(tx, city_id)

        return await self._writer.write(work)

    async def delete_city(self, *, admin: Principal, city_id: int) -> None:
        """Delete a city.

        Raises:
            Forbidden: The principal is no admin.
            NotFound: No such city.
            CityInUse: It has airports.
        """
        refuse_all_but_admins(admin)
        refuse_id(city_id)

        async def work(tx: Tx) -> None:
            await _city(tx, city_id)
            if found := await store.airports_of(tx, city_id=city_id, limit=LISTED_MAX):
                listed = [{"id": airport_id, "iata": iata} for airport_id, iata in found]
                codes = ", ".join(iata for _, iata in found)
                raise CityInUse(f"These airports belong to it: {codes}.", extra={"airports": listed})
            await store.delete_city(tx, city_id=city_id)
            await note(tx, "city.deleted", city_id)

        await self._writer.write(work)

    async def airports(self, *, ids: Sequence[int]) -> list[Airport]:
        """Return the airports that exist among `ids`, in no set order."""
        wanted = possible(ids)
        return await self._db.read(lambda tx: store.airports(tx, ids=wanted)) if wanted else []

    async def airports_page(
        self, *, city_id: int | None = None, iata: str | None = None, after_id: int = 0, limit: int = 100
    ) -> list[Airport]:
        """Return airports in order of id: all, those of a city, or the one of a code."""
        refuse_limit(limit)
        return await self._db.read(
            lambda tx: store.airports_page(tx, city_id=city_id, iata=iata, after_id=after_id, limit=limit)
        )

    async def create_airport(self, *, admin: Principal, draft: AirportDraft) -> Airport:
        """Create an airport.

        Raises:
            Forbidden: The principal is no admin.
            Invalid: A field breaks a rule, or there is no such city.
            DuplicateIata: Another airport has the code.
        """
        refuse_all_but_admins(admin)

        async def work(tx: Tx) -> Airport:
            await _check(tx, draft)
            await _check_iata(tx, draft.iata, airport_id=None)
            created = await _airport(tx, await store.add_airport(tx, draft=draft))
            await note(tx, "airport.created", created.id)
            return created

        return await self._writer.write(work)

    async def replace_airport(self, *, admin: Principal, airport_id: int, draft: AirportDraft, version: int) -> Airport:
        """Replace what is said of an airport; publishes AirportChanged.

        Raises:
            Forbidden: The principal is no admin.
            NotFound: No such airport.
            VersionConflict: `version` is not the newest.
            Invalid: A field breaks a rule, or there is no such city.
            DuplicateIata: Another airport has the code.
            AirportInUse: Its zone would change under flights.
        """
        refuse_all_but_admins(admin)
        refuse_id(airport_id)

        async def work(tx: Tx) -> Airport:
            before = await _airport(tx, airport_id)
            await _check(tx, draft)
            if before.version != version:
                raise VersionConflict("The airport has changed since you read it.")
            await _check_iata(tx, draft.iata, airport_id=airport_id)
            if draft.zone != before.draft.zone:
                await _refuse_used(tx, airport_id, "Its zone cannot change under them")
            if not await store.replace_airport(tx, airport_id=airport_id, version=version, draft=draft):
                raise VersionConflict("The airport has changed since you read it.")
            await references.count_up(tx)
            replaced = await _airport(tx, airport_id)
            await note(tx, "airport.changed", airport_id, version=version)
            await self._writer.tell(tx, AirportChanged(airport_id=airport_id))
            return replaced

        return await self._writer.write(work)

    async def delete_airport(self, *, admin: Principal, airport_id: int) -> None:
        """Delete an airport.

        Raises:
            Forbidden: The principal is no admin.
            NotFound: No such airport.
            AirportInUse: Flights or schedules use it.
        """
        refuse_all_but_admins(admin)
        refuse_id(airport_id)

        async def work(tx: Tx) -> None:
            await _airport(tx, airport_id)
            await _refuse_used(tx, airport_id, "It cannot be deleted")
            await store.delete_airport(tx, airport_id=airport_id)
            await note(tx, "airport.deleted", airport_id)
            await references.count_up(tx)

        await self._writer.write(work)

    async def known_airports(self, *, iatas: Sequence[str]) -> dict[str, KnownAirport]:
        """Return what the world knows of airports, by IATA code; from a file, a tenth of a second. Creates nothing."""
        return await asyncio.to_thread(_known, frozenset(iatas))

    async def import_places(
        self, *, cities: Sequence[tuple[int, CityDraft]], airports: Sequence[tuple[int, AirportDraft]]
    ) -> None:
        """Insert many cities and airports at once, with their ids. Tells nobody: what has no flights is not looked for.

        Raises:
            Invalid: A field breaks a rule; pointers begin with `/cities/` or `/airports/` and the row's place.
        """
        refuse(
            [
                *(
                    error
                    for place, (_, city) in enumerate(cities)
                    for error in at_row(f"cities/{place}", list(city_errors(city)))
                ),
                *(
                    error
                    for place, (_, airport) in enumerate(airports)
                    for error in at_row(f"airports/{place}", list(airport_errors(airport)))
                ),
            ]
        )

        async def work(tx: Tx) -> None:
            await store.import_cities(tx, given=cities)
            await store.import_airports(tx, given=airports)

        await self._db.write(work)


async def _city(tx: Tx, city_id: int) -> City:
    found = await store.cities(tx, ids=[city_id])
    if not found:
        raise NotFound
    return found[0]


async def _airport(tx: Tx, airport_id: int) -> Airport:
    found = await store.airports(tx, ids=[airport_id])
    if not found:
        raise NotFound
    return found[0]


async def _check(tx: Tx, draft: AirportDraft) -> None:
    """Refuse an airport with wrong fields; one of a city that is not there is one too."""
    errors = list(airport_errors(draft))
    if not possible([draft.city_id]) or not await store.cities(tx, ids=[draft.city_id]):
        errors.append(no_city())
    refuse(errors)


async def _check_iata(tx: Tx, iata: str, *, airport_id: int | None) -> None:
    other = await store.airport_with(tx, iata=iata)
    if other is not None and other != airport_id:
        raise DuplicateIata(f"Airport {other} is called {iata}.", extra={"airport_id": other})


async def _refuse_used(tx: Tx, airport_id: int, what: str) -> None:
    found = await uses.of_airport(tx, airport_id=airport_id, limit=LISTED_MAX)
    if found:
        raise AirportInUse(f"{what}: {found.words}.", extra=found.listed)


def _known(iatas: frozenset[str]) -> dict[str, KnownAirport]:
    # Read when it is asked for and let go again: hardly anybody asks, and it is 8 MB.
    import airportsdata  # noqa: PLC0415 - as above

    airports = airportsdata.load("IATA")
    return {
        iata: KnownAirport(
            iata=iata,
            icao=found["icao"],
            name=found["name"],
            city=found["city"],
            country=found["country"],
            latitude=found["lat"],
            longitude=found["lon"],
            zone=found["tz"],
        )
        for iata in iatas
        if (found := airports.get(iata)) is not None
    }
