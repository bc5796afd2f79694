"""Fills an empty house with the demo data, through the doors of the modules like anybody else."""

import asyncio
import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import Any, Final, TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from holdfast.accounts.api import Account, AccountsApi
from holdfast.app.demo.flights import Network, iatas, network
from holdfast.app.demo.load import OWNERS, PASSWORD, USERS, DemoUser, drafts, occupancy
from holdfast.app.demo.restaurants import Imported as Room
from holdfast.app.demo.restaurants import restaurants
from holdfast.app.demo.sold import departing, departures, evenings
from holdfast.app.errors import CannotStart
from holdfast.app.modules import Assembly
from holdfast.booking.api import BookingApi
from holdfast.catalog.api import CatalogApi
from holdfast.search.api import SearchApi

T = TypeVar("T")

_ZONE: Final = "America/New_York"
_PROPERTIES_AT_ONCE: Final = 500
_SPANS_AT_ONCE: Final = 10_000
_RESTAURANTS_AT_ONCE: Final = 40
_FLIGHTS_AT_ONCE: Final = 20_000
_CARRIED_WITHIN_S: Final = 30.0
_LAST: Final = USERS[-1]
"""Registered last: if they are there, so is everything else."""


async def is_seeded(assembly: Assembly) -> bool:
    """Return whether the demo data is there.

    Raises:
        CannotStart: The database holds other data, or what is left of an interrupted run; or not all modules run here.
    """
    doors = _doors(assembly)
    first = await doors["accounts"].list_all(limit=len(USERS))
    if any(account.email == _LAST.email for account in first):
        return True
    if first or await doors["catalog"].list_page(limit=1):
        raise CannotStart(
            "the database holds something else than the demo; name another --database, or `drop` this one"
        )
    return False


async def seed(assembly: Assembly) -> None:
    """Make the demo data in an empty house, with a progress bar."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with _uncollected(), Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        await _Seeder(**_doors(assembly), assembly=assembly, progress=progress).run()


def _doors(assembly: Assembly) -> dict[str, Any]:
    doors = {name: assembly.door(name) for name in ("accounts", "catalog", "booking", "search")}
    if not all(doors.values()):
        raise CannotStart("the demo data needs every module; leave --modules and HOLDFAST_MODULES out")
    return doors


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seeder:
    accounts: AccountsApi
    catalog: CatalogApi
    booking: BookingApi
    search: SearchApi
    assembly: Assembly
    progress: Progress

    async def run(self) -> None:
        people = self._step("people", len(USERS))
        owners = await self._register(OWNERS, people)
        owner_ids = [owner.id for owner in owners]
        last_id = await self._properties(owner_ids)
        await self._carry_to_booking(last_id)
        await self._occupancy()
        # Search hears of the homes first: what it then reads in one go is not read once more for every event.
        await self._carry("search")
        searching = self._step("search index", 1)
        await self.search.rebuild()
        self.progress.advance(searching)
        # Of these it hears when they are as they will be, and so reads each of them once.
        rooms = await self._restaurants(owner_ids)
        flown = await self._flights(owner_ids)
        await self._sold(rooms, flown)
        await self._carry("search")
        others = [user for user in USERS if user not in OWNERS and user is not _LAST]
        await self._register(others, people)
        await self._register([_LAST], people)

    def _step(self, name: str, total: int) -> TaskID:
        return self.progress.add_task(name, total=total)

    async def _register(self, users: Sequence[DemoUser], step: TaskID) -> list[Account]:
        made = await asyncio.gather(
            *(
                self.accounts.register(username=user.username, email=user.email, password=PASSWORD, role=user.role)
                for user in users
            )
        )
        self.progress.advance(step, len(made))
        return list(made)

    async def _properties(self, owner_ids: Sequence[int]) -> int:
        rows = list(drafts(owner_ids=owner_ids))
        step = self._step("properties", len(rows))
        for batch in _batches(rows, _PROPERTIES_AT_ONCE):
            await self.catalog.import_many(rows=batch)
            self.progress.advance(step, len(batch))
        return max(row[0] for row in rows)

    async def _restaurants(self, owner_ids: Sequence[int]) -> Sequence[Room]:
        rows = list(restaurants(owner_ids=owner_ids, today=self.assembly.clock.today(_ZONE)))
        step = self._step("restaurants", len(rows))
        for batch in _batches(rows, _RESTAURANTS_AT_ONCE):
            await self.catalog.restaurants.import_many(rows=batch)
            self.progress.advance(step, len(batch))
        return rows

    async def _flights(self, owner_ids: Sequence[int]) -> Network:
        known = await self.catalog.places.known_airports(iatas=iatas())
        made = network(known=known, owner_ids=owner_ids, today=self.assembly.clock.today(_ZONE))
        await self.catalog.places.import_places(cities=made.cities, airports=made.airports)
        await self.catalog.airline.import_airplanes(rows=made.airplanes)
        step = self._step("flights", len(made.flights))
        for batch in _batches(made.flights, _FLIGHTS_AT_ONCE):
            await self.catalog.flights.import_many(rows=batch)
            self.progress.advance(step, len(batch))
        return made

    async def _carry_to_booking(self, last_id: int) -> None:
        """Let booking hear of the properties, so that there is stock to block.

        Raises:
            CannotStart: It did not in time.
        """
        today = self.assembly.clock.today(_ZONE)
        tomorrow = today + timedelta(days=1)
        ends = self.assembly.clock.monotonic() + _CARRIED_WITHIN_S
        while not (await self.booking.stock(property_ids=[last_id], first=today, end=tomorrow)).get(last_id):
            await self._carry("booking")
            if self.assembly.clock.monotonic() > ends:
                raise CannotStart("booking did not hear of the new properties in time")

    async def _carry(self, subscriber: str) -> None:
        """Carry the events there are to a module, without waiting for a server to do it.

        What follows stock stands last and goes first: of what it does not know yet it has nothing to read.
        """
        for relay in reversed(self.assembly.relays()):
            if relay.subscription.name.startswith(f"{subscriber}."):
                while await relay.step():
                    pass

    async def _occupancy(self) -> None:
        spans = list(occupancy(self.assembly.clock.today(_ZONE)))
        step = self._step("taken nights", len(spans))
        for batch in _batches(spans, _SPANS_AT_ONCE):
            await self.booking.import_blocks(spans=batch, note="demo")
            self.progress.advance(step, len(batch))

    async def _sold(self, rooms: Sequence[Room], flown: Network) -> None:
        """Take the tables and seats that are sold before anybody comes."""
        today = self.assembly.clock.today(_ZONE)
        flights = departing(flown, today)
        # As with their first quote: from now on their airplanes keep their seats.
        await self.catalog.flights.mark_offered(ids=[flight_id for flight_id, _ in flights])
        parts = (evenings(rooms, today), departures(flights, today))
        step = self._step("taken tables and seats", len(parts))
        for sold in parts:
            await self.booking.importing.claims(claims=sold.claims, capacities=sold.capacities, note="demo")
            self.progress.advance(step)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Keep the collector of cycles from looking, again and again, at millions of objects that are in none.

    Seven of 35 seconds of CPU; memory is the same, because what is done with goes by its count of references.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _batches(values: Sequence[T], size: int) -> Iterator[list[T]]:
    rest = iter(values)
    while batch := list(islice(rest, size)):
        yield batch
