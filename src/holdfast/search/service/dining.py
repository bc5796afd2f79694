"""Restaurants: finding those with a table free, and keeping their read model true.

Finding is one statement over what is kept, a choice among what it found, and one more for what the page shows.
Keeping reads the catalog and booking first, outside of any transaction, and then writes; the stamps of
`store.dining_keeping` tell when somebody with fresher news was faster.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

from holdfast.booking.api import BookingApi
from holdfast.catalog.api import CatalogApi, Restaurant
from holdfast.kit.clock import Clock
from holdfast.kit.db.database import Database, Tx
from holdfast.kit.db.errors import UniqueViolation
from holdfast.kit.errors import Invalid
from holdfast.search.dining_api import TIMES_MAX, DiningHit, DiningPage, DiningSearch
from holdfast.search.rules.dining_checks import DiningPosition, dining_position, wrong_dining_fields
from holdfast.search.rules.dining_choosing import Chosen, choose, cuisines_of, facets_of, page_of
from holdfast.search.rules.dining_facts import restaurant_facts, special_days
from holdfast.search.rules.dining_starts import Starts, days_touched, times_of
from holdfast.search.rules.fields import cursor_error
from holdfast.search.rules.fitting import Cells, fitted
from holdfast.search.service.common import ATTEMPTS, StillOvertaken, batches
from holdfast.search.settings import SearchSettings
from holdfast.search.store import dining_keeping as keeping
from holdfast.search.store import dining_searching as searching
from holdfast.search.store.dining_keeping import Seen
from holdfast.verticals.dining.claims import resources
from holdfast.verticals.dining.slots import QUARTERS, slot_of, stock_window
from holdfast.verticals.dining.terms import SLOTS_A_DAY, DiningTerms

BATCH: Final = 50
"""Restaurants that are read and written at once: each has seven weekdays and some days of its own."""
_DAY: Final = timedelta(days=1)


class Dining:
    """Answers `SearchApi.dining`; what that does is told there."""

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
        self, *, search: DiningSearch, after: Sequence[float | int | str] | None = None, facets: bool = False
    ) -> DiningPage:
        """Find listed restaurants, with a table free for the party when a day is given.

        Raises:
            Invalid: A field is wrong; every wrong field is named.
        """
        horizon = self._settings.horizon_nights
        errors = wrong_dining_fields(search, today=self._clock.today("UTC"), horizon_days=horizon)
        position = None if after is None else dining_position(after)
        if after is not None and position is None:
            errors.append(cursor_error())
        if errors:
            raise Invalid(errors=errors)
        return await self._db.read(lambda tx: self._find(tx, search, position, facets=facets))

    async def _find(self, tx: Tx, search: DiningSearch, after: DiningPosition | None, *, facets: bool) -> DiningPage:
        found = choose(await searching.candidates(tx, search=search), search, now=self._clock.now())
        page, more = page_of(found, after, search.limit)
        faces = await searching.faces(tx, ids=[each.restaurant_id for each in page]) if page else {}
        total = len(found) if after is None else after[3]
        return DiningPage(
            hits=tuple(_hit(each, faces[each.restaurant_id], search) for each in page),
            total=total,
            next_position=(*page[-1].rank, total) if more else None,
            facets=facets_of(found) if facets else {},
        )

    # ---------------------------------------------------------------------------------------------------------- keeping

    async def changed(self, *, ids: Iterable[int], imported: Iterable[tuple[int, int]]) -> None:
        """Read what the catalog says of restaurants and what is free there, and write it; once more does no harm.

        Args:
            ids: Single restaurants.
            imported: Ranges of ids, both ends in.

        Raises:
            StillOvertaken: Others kept writing the same restaurants.
        """
        for batch in batches(sorted(set(ids)), BATCH):
            await self._read(batch)
        for first_id, last_id in imported:
            await self._read_pages(first_id - 1, last_id)

    async def stock_moved(self, *, moves: Iterable[tuple[int, int, int]]) -> None:
        """Read what is free on the days on which stock moved, and write it. Order and repetition make no difference.

        Args:
            moves: (restaurant id, first slot, end slot).

        Raises:
            StillOvertaken: Others kept writing the same restaurants.
        """
        spans: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for restaurant_id, first_slot, end_slot in moves:
            spans[restaurant_id].append((first_slot, end_slot))
        for batch in batches(sorted(spans), BATCH):
            await self._again(batch, spans)

    async def rebuild(self) -> int:
        """Make everything anew; what the catalog does not have any more is forgotten. Returns how many there are.

        Raises:
            StillOvertaken: Others kept writing the same restaurants.
        """
        there = await self._read_pages(0, None)
        after_id = 0
        while ids := await self._ids_after(after_id):
            await self._read([each for each in ids if each not in there])
            after_id = ids[-1]
        return await self._db.read(keeping.count)

    async def tidy(self) -> None:
        """Delete what is kept of days that are over everywhere."""
        yesterday = self._clock.today("UTC") - _DAY
        await self._db.write(lambda tx: keeping.forget_before(tx, day=yesterday))

    async def _ids_after(self, after_id: int) -> list[int]:
        return await self._db.read(lambda tx: keeping.ids_after(tx, after_id=after_id, most=BATCH))

    async def _read_pages(self, after_id: int, last_id: int | None) -> set[int]:
        there: set[int] = set()
        while page := await self._catalog.restaurants.list_page(after_id=after_id, limit=BATCH):
            ids = [each.id for each in page if last_id is None or each.id <= last_id]
            await self._read(ids)
            there.update(ids)
            if len(ids) < len(page):
                break
            after_id = ids[-1]
        return there

    async def _read(self, ids: Sequence[int]) -> None:
        await self._again(ids, None)

    async def _again(self, ids: Sequence[int], spans: Mapping[int, Sequence[tuple[int, int]]] | None) -> None:
        """Look and write until nobody was faster.

        Args:
            ids: Restaurants.
            spans: Of each, the slots that moved; None: everything is read.

        Raises:
            StillOvertaken: Others kept writing the same restaurants.
        """
        left = list(ids)
        for _ in range(ATTEMPTS):
            if not left:
                return
            left = await self._try(left, spans)
        if left:
            raise StillOvertaken

    async def _try(self, ids: Sequence[int], spans: Mapping[int, Sequence[tuple[int, int]]] | None) -> list[int]:
        """Look and write once; returns the restaurants that were overtaken."""
        before = await self._db.read(lambda tx: keeping.stamps(tx, ids=ids))
        # Of what is not known nothing has to be kept up to date: whoever adds it reads everything.
        wanted = list(ids) if spans is None else [each for each in ids if each in before]
        described = await self._catalog.restaurants.get_many(ids=wanted) if wanted else []
        gone = set(before) - {each.id for each in described}
        seen = []
        for each in described:
            stamp = before.get(each.id)
            seen.append(
                await self._all(each, stamp) if spans is None else await self._days(each, stamp, spans[each.id])
            )
        kept = [each for each in seen if each.facts is not None or each.days]

        async def work(tx: Tx) -> set[int]:
            if gone:
                await keeping.forget(tx, ids=sorted(gone))
            return await keeping.write(tx, seen=kept)

        try:
            return sorted(await self._db.write(work)) if kept or gone else []
        except UniqueViolation:
            return list(ids)  # somebody else added one of them at the same moment

    async def _all(self, described: Restaurant, stamp: int | None) -> Seen:
        """Look at a restaurant and every day on which it is not as on its weekday."""
        terms = described.draft.terms
        starts = Starts(terms)
        facts = restaurant_facts(described, starts)
        days: dict[date, str] = {}
        if facts.listed:
            first = self._first_day()
            end = first + timedelta(days=terms.booking_window_days) + 3 * _DAY
            cells = await self._cells(terms, slot_of(first, QUARTERS[0]), slot_of(end, QUARTERS[0]))
            differing = special_days(terms, first)
            for day in {slot // SLOTS_A_DAY for _, slot in cells}:
                differing |= days_touched(terms, day * SLOTS_A_DAY, (day + 1) * SLOTS_A_DAY)
            days = {each: starts.of_day(each, cells) for each in sorted(differing) if first <= each < end}
        return Seen(restaurant_id=described.id, stamp=stamp, facts=facts, days=days)

    async def _days(self, described: Restaurant, stamp: int | None, spans: Sequence[tuple[int, int]]) -> Seen:
        """Look at the days of a restaurant on which stock moved."""
        terms = described.draft.terms
        starts = Starts(terms)
        days: dict[date, str] = {}
        if described.draft.listed:
            first = self._first_day()
            touched = {day for span in spans for day in days_touched(terms, *span) if day >= first}
            for run in _runs(touched):
                windows = [stock_window(terms, day) for day in run]
                cells = await self._cells(terms, min(each[0] for each in windows), max(each[1] for each in windows))
                days |= {day: starts.of_day(day, cells) for day in run}
        return Seen(restaurant_id=described.id, stamp=stamp, facts=None, days=days)

    async def _cells(self, terms: DiningTerms, first: int, end: int) -> Cells:
        capacities = resources(terms)
        cells = await self._booking.stock_of.cells(resource_ids=list(capacities), first=first, end=end)
        return fitted(cells, capacities)

    def _first_day(self) -> date:
        """Return the first day that anybody may still ask for."""
        return self._clock.today("UTC") - _DAY


def _runs(days: Iterable[date]) -> Iterator[list[date]]:
    """Yield days in runs that follow one another."""
    run: list[date] = []
    for day in sorted(days):
        if run and day != run[-1] + _DAY:
            yield run
            run = []
        run.append(day)
    if run:
        yield run


def _hit(chosen: Chosen, row: Any, search: DiningSearch) -> DiningHit:
    return DiningHit(
        restaurant_id=row.restaurant_id,
        name=row.name,
        cuisines=cuisines_of(row.cuisines),
        price_level=row.price_level,
        neighbourhood=row.neighbourhood,
        city=row.city,
        latitude=row.latitude,
        longitude=row.longitude,
        zone=row.zone,
        image=row.image,
        rating=row.rating,
        reviews=row.reviews,
        distance_km=chosen.distance_km,
        times=times_of(chosen.starts, search.at, TIMES_MAX),
    )
