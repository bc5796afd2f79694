"""The service of restaurants: answers `RestaurantsApi`. Checks by `rules`, writes by `store`, tells what changed."""

from collections import OrderedDict
from collections.abc import Sequence
from datetime import date
from functools import partial
from typing import Any, Final

from holdfast.catalog.api import Restaurant, RestaurantDraft, TableOffer, VersionConflict
from holdfast.catalog.events import RestaurantChanged, RestaurantCreated, RestaurantsImported
from holdfast.catalog.rules.dining import SPECIAL_DAYS_MAX, day_errors, too_many_days
from holdfast.catalog.rules.restaurants import restaurant_errors
from holdfast.catalog.service.writing import (
    Writer,
    at_row,
    note,
    possible,
    refuse,
    refuse_guest,
    refuse_id,
    refuse_limit,
    refuse_stranger,
)
from holdfast.catalog.store import restaurants as store
from holdfast.kit.auth import Principal
from holdfast.kit.db.database import Database, Tx
from holdfast.kit.errors import NotFound
from holdfast.kit.lanes import Lane
from holdfast.verticals.dining.terms import SpecialDay

_OFFERS_MAX: Final = 1_000
"""Restaurants whose offers are kept: some 15 MB where each has 60 tables."""


class Restaurants:
    """Answers `RestaurantsApi`; what a method does is told there."""

    def __init__(self, *, db: Database) -> None:
        self._db = db
        self._writer = Writer(db)
        self._offers = _Offers()
        self._asked: Lane[Sequence[int], dict[int, TableOffer]] = Lane("catalog.tables", self._look_up)

    async def close(self) -> None:
        """Finish what is in line."""
        await self._asked.close()

    async def get_many(self, *, ids: Sequence[int]) -> list[Restaurant]:
        """Return the restaurants that exist among `ids`, listed or not, in no set order."""
        wanted = possible(ids)
        return await self._db.snapshot(partial(store.find, ids=wanted)) if wanted else []

    async def table_offers(self, *, ids: Sequence[int]) -> dict[int, TableOffer]:
        """Return what is needed to quote a table at the *listed* restaurants among `ids`."""
        wanted = possible(ids)
        return await self._asked.submit(wanted) if wanted else {}

    async def _look_up(self, orders: Sequence[Sequence[int]]) -> list[dict[int, TableOffer]]:
        """Answer the questions that came while the last ones were answered, in one round trip if nothing changed.

        What is kept is never believed without its stamp, which is read anew each time: another process may have changed
        the restaurant.
        """
        ids = list(dict.fromkeys(each for order in orders for each in order))
        stamps = await self._db.read(partial(store.stamps, ids=ids))
        found = {restaurant_id: self._offers.find(restaurant_id, stamp) for restaurant_id, stamp in stamps.items()}
        missing = [restaurant_id for restaurant_id, offer in found.items() if offer is None]
        if missing:
            for stamp, each in await self._db.snapshot(partial(store.stamped, ids=missing)):
                found[each.id] = self._offers.keep(stamp, each) if each.draft.listed else None
        return [{each: offer for each in order if (offer := found.get(each)) is not None} for order in orders]

    async def list_page(self, *, owner_id: int | None = None, after_id: int = 0, limit: int = 100) -> list[Restaurant]:
        """Return restaurants in order of id, of one owner or of all."""
        refuse_limit(limit)
        return await self._db.snapshot(partial(store.page, owner_id=owner_id, after_id=after_id, limit=limit))

    async def own(self, *, owner: Principal, restaurant_id: int) -> Restaurant:
        """Return a restaurant the principal may run (its owner, or an admin).

        Raises:
            NotFound: No such restaurant, or somebody else's.
        """
        found = await self.get_many(ids=[restaurant_id])
        if not found:
            raise NotFound
        refuse_stranger(owner, found[0].owner_id)
        return found[0]

    async def create(self, *, owner: Principal, draft: RestaurantDraft) -> Restaurant:
        """Create a restaurant owned by `owner`; publishes RestaurantCreated."""
        refuse_guest(owner)
        refuse(restaurant_errors(draft))

        async def work(tx: Tx) -> Restaurant:
            restaurant_id = await store.add(tx, owner_id=owner.acting_for(), draft=draft)
            [created] = await store.find(tx, ids=[restaurant_id])
            await note(tx, "restaurant.created", restaurant_id, owner_id=created.owner_id)
            await self._writer.tell(tx, RestaurantCreated(restaurant_id=restaurant_id))
            return created

        return await self._writer.write(work)

    async def replace(
        self, *, owner: Principal, restaurant_id: int, draft: RestaurantDraft, version: int
    ) -> Restaurant:
        """Replace what is said of a restaurant, its special days too; publishes RestaurantChanged.

        Raises:
            VersionConflict: `version` is not the newest.
        """
        refuse_id(restaurant_id)
        errors = restaurant_errors(draft)

        async def work(tx: Tx) -> Restaurant:
            await _refuse_stranger(tx, owner, restaurant_id)
            refuse(errors)
            if not await store.replace(tx, restaurant_id=restaurant_id, version=version, draft=draft):
                raise VersionConflict("The restaurant has changed since you read it.")
            return await self._changed(tx, restaurant_id, "restaurant.changed", version=version)

        return await self._writer.write(work)

    async def set_day(
        self, *, owner: Principal, restaurant_id: int, day: date, services: tuple[str, ...] | None, note: str = ""
    ) -> Restaurant:
        """Make a date special, or ordinary where there are no `services`; publishes RestaurantChanged."""
        refuse_id(restaurant_id)
        special = None if services is None else SpecialDay(day=day, services=services, note=note)

        async def work(tx: Tx) -> Restaurant:
            await _refuse_stranger(tx, owner, restaurant_id)
            await store.touch(tx, restaurant_id=restaurant_id)
            if special is not None:
                await _refuse_day(tx, restaurant_id, special)
            await store.set_day(tx, restaurant_id=restaurant_id, day=day, special=special)
            return await self._changed(tx, restaurant_id, "restaurant.day_changed", day=day.isoformat())

        return await self._writer.write(work)

    async def import_many(self, *, rows: Sequence[tuple[int, int, RestaurantDraft]]) -> int:
        """Insert many restaurants at once: (id, owner_id, draft). Publishes one RestaurantsImported."""
        if not rows:
            return 0
        refuse([error for place, (_, _, draft) in enumerate(rows) for error in at_row(place, restaurant_errors(draft))])
        ids = [restaurant_id for restaurant_id, _, _ in rows]

        async def work(tx: Tx) -> None:
            await store.add_many(tx, given=rows)
            await note(tx, "restaurant.imported", min(ids), last=max(ids), count=len(ids))
            await self._writer.tell(tx, RestaurantsImported(first_id=min(ids), last_id=max(ids)))

        await self._writer.write(work)
        return len(rows)

    async def _changed(self, tx: Tx, restaurant_id: int, kind: str, **details: Any) -> Restaurant:
        [changed] = await store.find(tx, ids=[restaurant_id])
        await note(tx, kind, restaurant_id, owner_id=changed.owner_id, **details)
        await self._writer.tell(tx, RestaurantChanged(restaurant_id=restaurant_id))
        return changed


class _Offers:
    """The offers that were asked for last, each with the stamp of the state it was made of."""

    def __init__(self) -> None:
        self._kept: OrderedDict[int, tuple[store.Stamp, TableOffer]] = OrderedDict()

    def find(self, restaurant_id: int, stamp: store.Stamp) -> TableOffer | None:
        """Return the offer of a restaurant in this very state, or None."""
        kept = self._kept.get(restaurant_id)
        if kept is None or kept[0] != stamp:
            return None
        self._kept.move_to_end(restaurant_id)
        return kept[1]

    def keep(self, stamp: store.Stamp, restaurant: Restaurant) -> TableOffer:
        """Keep the offer of a restaurant and return it."""
        offer = TableOffer(name=restaurant.draft.name, owner_id=restaurant.owner_id, terms=restaurant.draft.terms)
        self._kept[restaurant.id] = (stamp, offer)
        self._kept.move_to_end(restaurant.id)
        if len(self._kept) > _OFFERS_MAX:
            self._kept.popitem(last=False)
        return offer


async def _refuse_stranger(tx: Tx, owner: Principal, restaurant_id: int) -> None:
    owner_id = await store.owner_of(tx, restaurant_id=restaurant_id)
    if owner_id is None:
        raise NotFound
    refuse_stranger(owner, owner_id)


async def _refuse_day(tx: Tx, restaurant_id: int, special: SpecialDay) -> None:
    """Refuse a special day that breaks a rule; the restaurant is the transaction's alone by now."""
    services = await store.services(tx, restaurant_id=restaurant_id)
    errors = day_errors(special, services, pointer="", date_pointer="#path/date")
    if await store.other_days(tx, restaurant_id=restaurant_id, day=special.day) >= SPECIAL_DAYS_MAX:
        errors.append(too_many_days("#path/date"))
    refuse(errors)
