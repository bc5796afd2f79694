"""The catalog's service: answers `CatalogApi`. Checks by `rules`, writes by `store`, tells what changed."""

from collections.abc import Sequence
from datetime import date, timedelta
from functools import partial
from itertools import islice
from typing import Any, Final, TypeVar

from holdfast.catalog.api import Property, PropertyDraft, StayOffer, VersionConflict
from holdfast.catalog.events import CatalogImported, PropertyChanged, PropertyCreated
from holdfast.catalog.models import outbox
from holdfast.catalog.rules.properties import draft_errors, night_errors, unit_errors
from holdfast.catalog.service.airline import Airline
from holdfast.catalog.service.flights import Flights
from holdfast.catalog.service.places import Places
from holdfast.catalog.service.restaurants import Restaurants
from holdfast.catalog.service.writing import note
from holdfast.catalog.store import properties as store
from holdfast.kit.auth import Principal
from holdfast.kit.db.database import Database, Tx, Work
from holdfast.kit.errors import FieldError, Invalid, NotFound
from holdfast.kit.lanes import Lane
from holdfast.verticals.stays import NightTerms, StayTerms

T = TypeVar("T")

PAGE_MAX: Final = 1000
_ID_MAX: Final = 2**63 - 1
_ORDINARY: Final = NightTerms()


class Catalog:
    """Answers `CatalogApi`; what a method does is told there."""

    def __init__(self, *, db: Database) -> None:
        self._db = db
        self.restaurants = Restaurants(db=db)
        self.flights = Flights(db=db)
        self.places = Places(db=db)
        self.airline = Airline(db=db)
        self._offers: Lane[Sequence[store.Ask], list[StayOffer | None]] = Lane("catalog.offers", self._look_up)

    async def close(self) -> None:
        """Finish what is in line."""
        await self._offers.close()
        await self.restaurants.close()
        await self.flights.close()

    async def get_many(self, *, ids: Sequence[int]) -> list[Property]:
        """Return the properties that exist among `ids`, listed or not, in no set order."""
        possible = [each for each in ids if 0 < each <= _ID_MAX]
        if not possible:
            return []
        return await self._db.read(lambda tx: store.find(tx, ids=possible))

    async def stay_terms(self, *, ids: Sequence[int], first: date, end: date) -> dict[int, StayTerms]:
        """Return terms of the *listed* properties among `ids`, with the differing dates in [first, end] (both in)."""
        offers = await self.stay_offers(ids=ids, first=first, end=end)
        return {property_id: offer.terms for property_id, offer in offers.items()}

    async def stay_offers(self, *, ids: Sequence[int], first: date, end: date) -> dict[int, StayOffer]:
        """Return what is needed to quote the *listed* properties among `ids`; dates as in `stay_terms`."""
        asks = [(each, first, end) for each in dict.fromkeys(ids) if 0 < each <= _ID_MAX]
        if not asks:
            return {}
        found = await self._offers.submit(asks)
        return {ask[0]: offer for ask, offer in zip(asks, found, strict=True) if offer is not None}

    async def _look_up(self, orders: Sequence[Sequence[store.Ask]]) -> list[list[StayOffer | None]]:
        """Answer the questions that came while the last ones were answered, in one round trip."""
        asks = [ask for order in orders for ask in order]
        found = iter(await self._db.read(partial(store.listed_offers, asks=asks)))
        return [list(islice(found, len(order))) for order in orders]

    async def list_page(self, *, owner_id: int | None = None, after_id: int = 0, limit: int = 100) -> list[Property]:
        """Return properties in order of id, of one owner or of all.

        Raises:
            ValueError: `limit` is above `PAGE_MAX`.
        """
        if not 0 < limit <= PAGE_MAX:
            raise ValueError(f"a page has 1 to {PAGE_MAX} properties, not {limit}")
        return await self._db.read(lambda tx: store.page(tx, owner_id=owner_id, after_id=after_id, limit=limit))

    async def create(
        self, *, owner: Principal, draft: PropertyDraft, units: int = 1, unit_names: tuple[str, ...] = ()
    ) -> Property:
        """Create a property owned by `owner`; publishes PropertyCreated, from which booking makes its stock.

        Raises:
            Forbidden: The principal acts for no organization.
            Invalid: A field breaks a rule; every wrong field is named.
        """
        owner_id = owner.acting_for()
        _refuse([*draft_errors(draft), *unit_errors(units, unit_names)])

        async def work(tx: Tx) -> Property:
            property_id = await store.add(tx, owner_id=owner_id, draft=draft, units=units, unit_names=unit_names)
            [created] = await store.find(tx, ids=[property_id])
            await note(tx, "property.created", property_id, owner_id=created.owner_id)
            await self._tell(tx, [PropertyCreated(property_id=property_id, units=units, unit_names=tuple(unit_names))])
            return created

        return await self._written(work)

    async def replace(self, *, owner: Principal, property_id: int, draft: PropertyDraft, version: int) -> Property:
        """Replace what is said of a property; publishes PropertyChanged.

        Raises:
            NotFound: No such property, or somebody else's.
            VersionConflict: `version` is not the newest.
            Invalid: A field breaks a rule.
        """
        _refuse_id(property_id)
        errors = draft_errors(draft)

        async def work(tx: Tx) -> Property:
            await _check_owner(tx, owner, property_id)
            _refuse(errors)
            if not await store.replace(tx, property_id=property_id, version=version, draft=draft):
                raise VersionConflict("The property has changed since you read it.")
            [replaced] = await store.find(tx, ids=[property_id])
            await note(tx, "property.changed", property_id, owner_id=replaced.owner_id, version=version)
            await self._tell(tx, [PropertyChanged(property_id=property_id)])
            return replaced

        return await self._written(work)

    async def set_nights(
        self, *, owner: Principal, property_id: int, first: date, end: date, terms: NightTerms | None
    ) -> int:
        """Give every night in [first, end) these terms (None: back to ordinary); returns how many nights. At most 730.

        Raises:
            NotFound: No such property, or somebody else's.
            Invalid: Empty or too long range, price or stay limits out of range.
        """
        _refuse_id(property_id)
        errors = night_errors(first, end, terms)
        nights = [] if errors else [first + timedelta(days=day) for day in range((end - first).days)]
        differing = None if terms == _ORDINARY else terms

        async def work(tx: Tx) -> int:
            owner_id = await _check_owner(tx, owner, property_id)
            _refuse(errors)
            await store.set_nights(tx, property_id=property_id, nights=nights, terms=differing)
            facts = {"first": first.isoformat(), "end": end.isoformat()}
            await note(tx, "property.nights_priced", property_id, owner_id=owner_id, **facts)
            await self._tell(tx, [PropertyChanged(property_id=property_id)])
            return len(nights)

        return await self._written(work)

    async def own(self, *, owner: Principal, property_id: int) -> Property:
        """Return a property the principal may run (its owner, or an admin).

        Raises:
            NotFound: No such property, or somebody else's.
        """
        found = await self.get_many(ids=[property_id])
        if not found or not owner.runs(found[0].owner_id):
            raise NotFound
        return found[0]

    async def import_many(self, *, rows: Sequence[tuple[int, int, PropertyDraft, int, tuple[str, ...]]]) -> int:
        """Insert many properties at once: (id, owner_id, draft, units, unit_names). Publishes one CatalogImported.

        Raises:
            Invalid: A field breaks a rule; pointers begin with the row's place. Nothing is imported.
        """
        if not rows:
            return 0
        _refuse(
            [
                FieldError(pointer=f"/{place}{error.pointer}", code=error.code, detail=error.detail)
                for place, (_, _, draft, units, unit_names) in enumerate(rows)
                for error in (*draft_errors(draft), *unit_errors(units, unit_names))
            ]
        )
        ids = [row[0] for row in rows]

        async def work(tx: Tx) -> None:
            await store.add_many(tx, given=rows)
            await note(tx, "property.imported", min(ids), last=max(ids), count=len(ids))
            await self._tell(tx, [CatalogImported(first_id=min(ids), last_id=max(ids))])

        await self._written(work)
        return len(rows)

    async def _written(self, work: Work[T]) -> T:
        result = await self._db.write(work)
        outbox.nudge()
        return result

    async def _tell(self, tx: Tx, events: Sequence[Any]) -> None:
        await outbox.publish(tx, self._db.dialect, events)


async def _check_owner(tx: Tx, owner: Principal, property_id: int) -> int:
    """Return whose a property is that a principal may run.

    Raises:
        NotFound: No such property, or somebody else's.
    """
    standing = await store.standing(tx, property_id=property_id)
    if standing is None or not owner.runs(standing[0]):
        raise NotFound
    return standing[0]


def _refuse_id(property_id: int) -> None:
    if not 0 < property_id <= _ID_MAX:
        raise NotFound


def _refuse(errors: Sequence[FieldError]) -> None:
    if errors:
        raise Invalid(errors=errors)
