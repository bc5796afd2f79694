"""Stays: finding them, and keeping their read model true.

Finding is one read. Keeping reads the catalog or booking first, outside of any transaction, and then writes; the
stamps of `store.keeping` tell when somebody with fresher news was faster.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Final

import structlog

from holdfast.booking.api import BookingApi
from holdfast.catalog.api import CatalogApi
from holdfast.kit.clock import Clock
from holdfast.kit.db.database import Database, Tx
from holdfast.kit.db.errors import UniqueViolation
from holdfast.kit.errors import Invalid
from holdfast.kit.outbox import Finish
from holdfast.search.api import StayHit, StayPage, StaySearch
from holdfast.search.rules.checks import Position, position_of, wrong_fields
from holdfast.search.rules.facts import facts_of
from holdfast.search.rules.fields import cursor_error
from holdfast.search.rules.globe import distance_km
from holdfast.search.rules.ring import (
    ALL_BUSY,
    RING_NIGHTS,
    STOCKLESS,
    WORD_NIGHTS,
    onto_ring,
    ring_start,
    runs,
    span_bits,
    spread_back,
    spread_on,
)
from holdfast.search.service.common import ATTEMPTS, StillOvertaken, batches
from holdfast.search.settings import SearchSettings
from holdfast.search.store import keeping, searching
from holdfast.search.store.keeping import Known, Sighting
from holdfast.search.store.queries import query_of
from holdfast.search.store.searching import Found
from holdfast.verticals.stays import night_slot, slot_night

log = structlog.get_logger()

FACTS_BATCH: Final = 500
"""Properties whose facts are written in one transaction."""
STOCK_BATCH: Final = 100
"""Properties whose whole stock is read at once."""


class Stays:
    """Answers `SearchApi.stays`; what that does is told there."""

    def __init__(
        self, *, db: Database, clock: Clock, catalog: CatalogApi, booking: BookingApi, settings: SearchSettings
    ) -> None:
        self._db = db
        self._clock = clock
        self._catalog = catalog
        self._booking = booking
        self._settings = settings

    # ---------------------------------------------------------------------------------------------------------- finding

    async def find(
        self, *, search: StaySearch, after: Sequence[float | int | str] | None = None, facets: bool = False
    ) -> StayPage:
        """Find listed properties, with every night free when dates are given, in one set-based query a page.

        Raises:
            Invalid: A field is wrong; every wrong field is named.
        """
        today = self._clock.today("UTC")
        errors = wrong_fields(search, today=today, horizon_nights=self._settings.horizon_nights)
        position = None if after is None else position_of(after, search.sort)
        if after is not None and position is None:
            errors.append(cursor_error())
        if errors:
            raise Invalid(errors=errors)
        found = await self._db.read(lambda tx: self._find(tx, search, today, position, facets=facets))
        return _page(found, search)

    async def _find(self, tx: Tx, search: StaySearch, today: date, after: Position | None, *, facets: bool) -> Found:
        codes = dict.fromkeys(search.amenities)
        numbers = await searching.amenity_numbers(tx, codes=list(codes)) if codes else {}
        if len(numbers) < len(codes):
            return searching.nothing(facets=facets)  # no property ever had one of them
        return await searching.search(tx, query_of(search, numbers=numbers, today=today, after=after, facets=facets))

    # ---------------------------------------------------------------------------------------------------- keeping facts

    async def facts_changed(self, *, ids: Iterable[int], imported: Iterable[tuple[int, int]]) -> None:
        """Read what the catalog says of properties, and write it; doing it once more changes nothing.

        Args:
            ids: Single properties.
            imported: Ranges of ids, both ends in.

        Raises:
            StillOvertaken: Others kept writing the same properties.
        """
        for batch in batches(sorted(set(ids)), FACTS_BATCH):
            await self._read_facts(batch)
        for first_id, last_id in imported:
            async for batch in self._catalog_ids(first_id - 1, last_id):
                await self._read_facts(batch)

    async def rebuild(self) -> int:
        """Forget the read model and make it anew from catalog and booking; returns how many properties it has.

        What is there stays findable until it is replaced. Once more, or at the same time, does no harm.

        Raises:
            StillOvertaken: Others kept writing the same properties.
        """
        started = self._clock.monotonic()
        there: set[int] = set()
        async for batch in self._catalog_ids(0, None):
            there.update(batch)
            await self._read_facts(batch)
            for some in batches(batch, STOCK_BATCH):
                await self._read_whole_stock(some)
        async for batch in self._own_ids():
            await self._read_facts([each for each in batch if each not in there])
        homes = await self._db.read(keeping.count)
        log.info("search.rebuilt", homes=homes, took_s=round(self._clock.monotonic() - started, 3))
        return homes

    async def _read_facts(self, ids: Sequence[int]) -> None:
        for _ in range(ATTEMPTS):
            if not ids:
                return
            ids = await self._try_facts(ids)
        if ids:
            raise StillOvertaken

    async def _try_facts(self, ids: Sequence[int]) -> list[int]:
        """Read and write the facts of properties once; returns those that were overtaken."""
        before = await self._db.read(lambda tx: keeping.known(tx, ids=ids))
        described = {each.id: each for each in await self._catalog.get_many(ids=ids)}
        today = self._clock.today("UTC")
        terms = await self._catalog.stay_terms(
            ids=list(described), first=today - timedelta(days=1), end=today + timedelta(days=RING_NIGHTS)
        )
        facts = [facts_of(each, terms.get(each.id)) for each in described.values()]
        gone = [each for each in ids if each not in described]

        async def work(tx: Tx) -> set[int]:
            if gone:
                await keeping.forget(tx, ids=gone)
            return await keeping.write_facts(tx, facts=facts, before=before)

        try:
            return sorted(await self._db.write(work))
        except UniqueViolation:
            return list(ids)  # somebody else added one of them, or a name of theirs, at the same moment

    async def _catalog_ids(self, after_id: int, last_id: int | None) -> AsyncIterator[list[int]]:
        while True:
            page = await self._catalog.list_page(after_id=after_id, limit=FACTS_BATCH)
            ids = [each.id for each in page if last_id is None or each.id <= last_id]
            if not ids:
                return
            yield ids
            after_id = ids[-1]

    async def _own_ids(self) -> AsyncIterator[list[int]]:
        after_id = 0
        while True:
            start = after_id
            ids = await self._db.read(lambda tx: keeping.ids_after(tx, after_id=start, most=FACTS_BATCH))  # noqa: B023 - awaited here
            if not ids:
                return
            yield ids
            after_id = ids[-1]

    # ---------------------------------------------------------------------------------------------------- keeping stock

    async def stock_moved(self, *, moves: Iterable[tuple[int, int, int]]) -> Finish | None:
        """Read the stock where it moved, and return what writes it. Order and repetition of moves make no difference.

        Args:
            moves: (property id, first slot, end slot).
        """
        first_word, origin = self._ring()
        asked: dict[int, int] = defaultdict(int)
        for property_id, first_slot, end_slot in moves:
            asked[property_id] |= span_bits(first_slot - origin, end_slot - origin)
        before = await self._db.read(lambda tx: keeping.known(tx, ids=sorted(asked)))
        wanted = {
            # What is not up to date is read whole by `restock`; it only has to hear that its stock has moved again.
            property_id: spread_back(asked[property_id], row.preparation_nights) if row.first_word == first_word else 0
            for property_id, row in before.items()
            if asked[property_id] or row.first_word != first_word
        }
        sightings = await self._look(wanted, before, first_word)

        async def finish(tx: Tx) -> None:
            await keeping.write_stock(tx, sightings=sightings)

        return finish if sightings else None

    async def restock(self) -> int:
        """Read the whole stock of properties that have gone astray; returns how many there were.

        Those are new ones, overtaken ones, and all of them when the ring moves on by a word, every 60 days.
        """
        found = 0
        while True:
            first_word, _ = self._ring()
            ids = await self._db.read(
                lambda tx: keeping.astray(tx, first_word=first_word, most=STOCK_BATCH)  # noqa: B023 - awaited here
            )
            if not ids:
                return found
            await self._read_whole_stock(ids)
            found += len(ids)

    async def _read_whole_stock(self, ids: Sequence[int]) -> None:
        for _ in range(ATTEMPTS):
            if not ids:
                return
            first_word, _ = self._ring()
            before = await self._db.read(lambda tx: keeping.known(tx, ids=ids))  # noqa: B023 - awaited here
            sightings = await self._look(dict.fromkeys(before, ALL_BUSY), before, first_word)
            ids = sorted(await self._db.write(lambda tx: keeping.write_stock(tx, sightings=sightings)))  # noqa: B023 - awaited here
        # Who overtakes ten times keeps the rows fresh, or sends them astray for the next round.

    async def _look(self, asked: Mapping[int, int], before: Mapping[int, Known], first_word: int) -> list[Sighting]:
        """Ask booking which nights are taken, in one call.

        Args:
            asked: For each property the nights to look at, counted from the beginning of the ring.
            before: What was known of them before.
            first_word: Where the ring begins.
        """
        origin = first_word * WORD_NIGHTS
        past = night_slot(self._clock.today("UTC")) - 1 - origin  # nobody can search these nights any more
        spans = []
        for property_id, bits in asked.items():
            needed = spread_on(bits, before[property_id].preparation_nights) >> past << past
            spans += [
                (property_id, slot_night(origin + first), slot_night(origin + end)) for first, end in runs(needed)
            ]
        known = await self._booking.nights_taken(spans=spans) if spans else {}
        stockless = {property_id for property_id, _, _ in spans} - known.keys()
        taken: dict[int, int] = defaultdict(int)
        for property_id, nights in known.items():
            for night in nights:
                taken[property_id] |= 1 << night_slot(night) - origin
        return [
            Sighting(
                property_id=property_id,
                stamp=before[property_id].stock_stamp,
                first_word=STOCKLESS if property_id in stockless else first_word,
                asked=onto_ring(bits, origin),
                busy=onto_ring(bits & spread_back(taken[property_id], before[property_id].preparation_nights), origin),
            )
            for property_id, bits in asked.items()
        ]

    def _ring(self) -> tuple[int, int]:
        """Return the first word of the ring of today, and its first slot."""
        first_word = ring_start(night_slot(self._clock.today("UTC")))
        return first_word, first_word * WORD_NIGHTS


def _page(found: Found, search: StaySearch) -> StayPage:
    hits = found.hits[: search.limit]
    position = (hits[-1][0], hits[-1][1].property_id, found.total) if len(found.hits) > search.limit else None
    return StayPage(
        hits=tuple([_placed(hit, search) for _, hit in hits]),
        total=found.total,
        next_position=position,
        facets=found.facets,
    )


def _placed(hit: StayHit, search: StaySearch) -> StayHit:
    if search.circle is None:
        return hit
    middle = (search.circle.latitude, search.circle.longitude)
    return replace(hit, distance_km=distance_km(middle, (hit.latitude, hit.longitude)))
