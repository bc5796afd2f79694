"""Keeping the read model of flights true.

Keeping reads the catalog and booking first, outside of any transaction, and then writes; the stamps of
`store.flight_keeping` tell when somebody with fresher news was faster.
"""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from holdfast.booking.api import BookingApi
from holdfast.catalog.api import CatalogApi, LegOffer
from holdfast.kit.clock import Clock
from holdfast.kit.db.database import Database, Tx
from holdfast.kit.db.errors import UniqueViolation
from holdfast.search.rules.fitting import Cells, fitted
from holdfast.search.rules.flight_facts import cabin_ids, leg_facts, rooms_text, stock_of
from holdfast.search.service.common import ATTEMPTS, StillOvertaken, batches
from holdfast.search.service.sold_as import SoldAsKept
from holdfast.search.store import flight_keeping as keeping
from holdfast.verticals.flights.terms import Cabin
from holdfast.verticals.flights.times import epoch_minutes

BATCH: Final = 1_000
"""Flights that are read and written at once."""
_AIRPORTS_AT_ONCE: Final = 100
_KEPT_MINUTES: Final = 2 * 24 * 60
"""How long flights are kept after they departed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlightNews:
    """What somebody has heard of flights."""

    flight_ids: Iterable[int] = ()
    imported: Iterable[tuple[int, int]] = ()
    """Ranges of ids, both ends in."""
    airplane_ids: Iterable[int] = ()
    airport_ids: Iterable[int] = ()


class Legs:
    """Keeps flights as catalog and booking have them."""

    def __init__(
        self, *, db: Database, clock: Clock, catalog: CatalogApi, booking: BookingApi, sold_as: SoldAsKept
    ) -> None:
        self._db = db
        self._clock = clock
        self._catalog = catalog
        self._booking = booking
        self._sold_as = sold_as

    async def changed(self, news: FlightNews) -> None:
        """Read what the catalog says of flights and what is left of them, and write it; once more does no harm.

        Raises:
            StillOvertaken: Others kept writing the same flights.
        """
        for batch in batches(sorted(set(news.flight_ids)), BATCH):
            await self._read(batch)
        for first_id, last_id in news.imported:
            await self._read_pages(first_id - 1, last_id)
        if airplane_ids := set(news.airplane_ids):
            async for batch in self._of_airplanes(airplane_ids):
                await self._read(batch)
        await self._read_airports(set(news.airport_ids))

    async def stock_moved(self, *, flight_ids: Iterable[int]) -> None:
        """Read what is left of flights, and write it. Order and repetition make no difference.

        Raises:
            StillOvertaken: Others kept writing the same flights.
        """
        for batch in batches(sorted(set(flight_ids)), BATCH):
            left = batch
            for _ in range(ATTEMPTS):
                if not left:
                    break
                left = await self._try_rooms(left)
            if left:
                raise StillOvertaken

    async def rebuild(self) -> int:
        """Make everything anew; what the catalog does not have any more is forgotten. Returns how many there are.

        Raises:
            StillOvertaken: Others kept writing the same flights.
        """
        there = await self._read_pages(0, None)
        async for batch in self._known():
            await self._read([each for each in batch if each not in there])
        # Who added an airport while the catalog changed it may have come with old news.
        await self._read_airports(set(await self._db.read(keeping.airport_ids)))
        return await self._db.read(keeping.count)

    async def tidy(self) -> None:
        """Delete flights that departed days ago."""
        departs = epoch_minutes(self._clock.now()) - _KEPT_MINUTES
        await self._db.write(lambda tx: keeping.forget_before(tx, departs=departs))

    # -------------------------------------------------------------------------------------------------------- in pages

    async def _read_pages(self, after_id: int, last_id: int | None) -> set[int]:
        there: set[int] = set()
        while True:
            before = await self._db.read(partial(keeping.stamps_after, after_id=after_id, most=BATCH))
            page = await self._catalog.flights.flights_page(after_id=after_id, limit=BATCH)
            wanted = [each for each in page if last_id is None or each.terms.flight_id <= last_id]
            await self._read(await self._write(wanted, before))
            there.update(each.terms.flight_id for each in wanted)
            if not wanted or len(wanted) < len(page):
                return there
            after_id = page[-1].terms.flight_id

    async def _known(self) -> AsyncIterator[list[int]]:
        after_id = 0
        while found := await self._db.read(partial(keeping.stamps_after, after_id=after_id, most=BATCH)):
            after_id = max(found)
            yield sorted(found)

    async def _of_airplanes(self, airplane_ids: set[int]) -> AsyncIterator[list[int]]:
        after_id = 0
        while ids := await self._db.read(
            partial(keeping.ids_of_airplanes, airplane_ids=airplane_ids, after_id=after_id, most=BATCH)
        ):
            yield ids
            after_id = ids[-1]

    # --------------------------------------------------------------------------------------------------------- by ids

    async def _read(self, ids: Sequence[int]) -> None:
        """Look and write until nobody was faster.

        Raises:
            StillOvertaken: Others kept writing the same flights.
        """
        left = list(ids)
        for _ in range(ATTEMPTS):
            if not left:
                return
            before = await self._db.read(partial(keeping.stamps, ids=left))
            offers = await self._catalog.flights.leg_offers(ids=left)
            if gone := [each for each in before if each not in offers]:
                await self._db.write(partial(keeping.forget, ids=gone))
            left = await self._write(list(offers.values()), before)
        if left:
            raise StillOvertaken

    async def _write(self, offers: Sequence[LegOffer], before: Mapping[int, int]) -> list[int]:
        """Look at what is left of flights and write them; returns those that were overtaken."""
        if not offers:
            return []
        cells = await self._cells(offers)
        facts = [leg_facts(each, cells) for each in offers]

        async def work(tx: Tx) -> set[int]:
            return await keeping.write(tx, facts=facts, before=before)

        try:
            return sorted(await self._db.write(work))
        except UniqueViolation:
            return [each.flight_id for each in facts]  # somebody else added one of them, or what it is sold for

    async def _cells(self, offers: Sequence[LegOffer]) -> Cells:
        """Return the cells of flights. Most of a month's have none, which two resources of ten tell."""
        cabins = [each for offer in offers for each in cabin_ids(offer.terms)]
        taken = await self._booking.stock_of.cells(resource_ids=cabins, first=0, end=1) if cabins else {}
        sold = {int(resource_id.split(":")[1]) for resource_id, _ in taken}
        return await self._stock(
            {each.terms.flight_id: each.terms.cabins for each in offers if each.terms.flight_id in sold}
        )

    async def _stock(self, cabins: Mapping[int, Sequence[Cabin]]) -> Cells:
        """Return the cells of flights with these cabins."""
        capacities: dict[str, int] = {}
        for flight_id, of in cabins.items():
            capacities |= stock_of(flight_id, of)
        if not capacities:
            return {}
        cells = await self._booking.stock_of.cells(resource_ids=list(capacities), first=0, end=1)
        return fitted(cells, capacities)

    # ------------------------------------------------------------------------------------------ what is left, airports

    async def _try_rooms(self, ids: Sequence[int]) -> list[int]:
        """Look at what is left of flights and write it once; returns those that were overtaken."""
        known = await self._db.read(partial(keeping.sold, ids=ids))
        # Of what is not known nothing has to be kept up to date: whoever adds it reads everything.
        if not known:
            return []
        legs = await self._sold_as.find({row.sold_as for row in known})
        cabins = {row.flight_id: legs[row.sold_as].cabins for row in known}
        cells = await self._stock(cabins)
        rooms = {flight_id: rooms_text(flight_id, of, cells) for flight_id, of in cabins.items()}
        before = {row.flight_id: row.stamp for row in known}

        async def work(tx: Tx) -> set[int]:
            return await keeping.write_rooms(tx, rooms=rooms, before=before)

        return sorted(await self._db.write(work))

    async def _read_airports(self, ids: set[int]) -> None:
        """Read what is said of airports from one of their flights each, and write it."""
        for some in batches(sorted(ids), _AIRPORTS_AT_ONCE):
            flights = {each: await self._flight_of(each) for each in some}
            wanted = sorted({each for each in flights.values() if each is not None})
            offers = await self._catalog.flights.leg_offers(ids=wanted) if wanted else {}
            ends = [end for each in offers.values() for end in (each.terms.origin, each.terms.destination)]
            places = {end.airport_id: end for end in ends if end.airport_id in flights}
            if places:
                await self._db.write(partial(keeping.set_airports, places=list(places.values())))

    async def _flight_of(self, airport_id: int) -> int | None:
        found = await self._db.read(partial(keeping.ids_of_airport, airport_id=airport_id, most=1))
        return found[0] if found else None
