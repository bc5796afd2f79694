"""Answers `FlightsApi`: dated flights."""

from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from typing import Final

from holdfast.catalog.airline_api import Airplane
from holdfast.catalog.api import VersionConflict
from holdfast.catalog.events import FlightCanceled, FlightChanged, FlightCreated, FlightDeleted, FlightsImported
from holdfast.catalog.flights_api import (
    LEGS_FOUND_MAX,
    DuplicateFlight,
    FlightDraft,
    FlightFilter,
    FlightHasDeparted,
    FlightInUse,
    FlightIsCanceled,
    LegOffer,
)
from holdfast.catalog.rules.flights import Ends, fares_errors, flight_errors, leg_errors, real_minutes
from holdfast.catalog.service.legs import Legs
from holdfast.catalog.service.looking import all_ends, ends_of
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
from holdfast.catalog.store import fares, references
from holdfast.catalog.store import flights as store
from holdfast.kit.auth import Principal
from holdfast.kit.db.database import Database, Tx
from holdfast.kit.errors import FieldError, NotFound
from holdfast.kit.lanes import Lane
from holdfast.verticals.flights.times import departs_at

IMPORT_PART: Final = 20_000
"""Flights of one transaction of an import, so that none comes near a database's deadline."""
_ALL: Final = FlightFilter()


class Flights:
    """Answers `FlightsApi`; what a method does is told there."""

    def __init__(self, *, db: Database) -> None:
        self._db = db
        self._writer = Writer(db)
        self._legs = Legs(db=db)
        self._offers: Lane[Sequence[int], dict[int, LegOffer]] = Lane("catalog.legs", self._look_up)

    async def close(self) -> None:
        """Finish what is in line."""
        await self._offers.close()

    async def leg_offers(self, *, ids: Sequence[int]) -> dict[int, LegOffer]:
        """Return what is needed to quote the dated flights among `ids`, canceled ones too."""
        wanted = possible(ids)
        return await self._offers.submit(wanted) if wanted else {}

    async def _look_up(self, orders: Sequence[Sequence[int]]) -> list[dict[int, LegOffer]]:
        """Answer the questions that came while the last ones were answered, in one round trip or two."""
        ids = list(dict.fromkeys(each for order in orders for each in order))
        rows = await self._db.read(partial(store.find, ids=ids))
        found = {each.terms.flight_id: each for each in await self._legs.offers(rows)}
        return [{each: found[each] for each in order if each in found} for order in orders]

    async def legs_between(
        self,
        *,
        origin_ids: Sequence[int],
        destination_ids: Sequence[int],
        first: date,
        end: date,
        limit: int = LEGS_FOUND_MAX,
    ) -> list[LegOffer]:
        """Return flights that are not canceled, from some airports to others, in order of local departure.

        Raises:
            ValueError: `limit` is above `LEGS_FOUND_MAX`.
        """
        if not 0 < limit <= LEGS_FOUND_MAX:
            raise ValueError(f"a look finds 1 to {LEGS_FOUND_MAX} flights, not {limit}")
        origins, destinations = possible(origin_ids), possible(destination_ids)
        if not origins or not destinations or end <= first:
            return []
        pairs = [(origin, destination) for origin in origins for destination in destinations]
        rows = await self._db.read(partial(store.between, pairs=pairs, dates=(first, end), limit=limit))
        return await self._legs.offers(rows)

    async def flights_page(
        self, *, chosen: FlightFilter | None = None, after_id: int = 0, limit: int = 100
    ) -> list[LegOffer]:
        """Return flights in order of id, canceled ones too: all, or those of a filter.

        Raises:
            ValueError: `limit` is above `PAGE_MAX`.
        """
        refuse_limit(limit)
        rows = await self._db.read(partial(store.page, chosen=chosen or _ALL, after_id=after_id, limit=limit))
        return await self._legs.offers(rows)

    async def own(self, *, owner: Principal, flight_id: int) -> LegOffer:
        """Return a flight the principal may run (its owner, or an admin).

        Raises:
            NotFound: No such flight, or somebody else's.
        """
        found = (await self.leg_offers(ids=[flight_id])).get(flight_id)
        if found is None:
            raise NotFound
        refuse_stranger(owner, found.owner_id)
        return found

    async def create(self, *, owner: Principal, draft: FlightDraft) -> LegOffer:
        """Create a flight; it belongs to whoever owns the airplane. Publishes FlightCreated.

        Raises:
            Forbidden: The principal is no owner.
            Invalid: A field breaks a rule; every wrong field is named.
            DuplicateFlight: The owner has this number on this date from this airport.
        """
        refuse_guest(owner)

        async def work(tx: Tx) -> LegOffer:
            values = await _values(tx, draft, lambda plane: owner.runs(plane.owner_id))
            flight_id = await store.add(tx, values=values)
            created = await _flight(tx, flight_id)
            await note(tx, "flight.created", flight_id, owner_id=created.owner_id)
            await self._writer.tell(tx, FlightCreated(flight_id=flight_id))
            return created

        return await self._writer.write(work)

    async def replace(self, *, owner: Principal, flight_id: int, draft: FlightDraft, version: int) -> LegOffer:
        """Replace what is said of a flight; publishes FlightChanged.

        Raises:
            NotFound: No such flight, or somebody else's.
            VersionConflict: `version` is not the newest.
            Invalid: A field breaks a rule.
            FlightIsCanceled: It stays as it was.
            FlightHasDeparted: It has left.
            FlightInUse: It was offered and would fly from or to elsewhere.
            DuplicateFlight: As for `create`.
        """
        refuse_id(flight_id)

        async def work(tx: Tx) -> LegOffer:
            before, fare_id = await _locked(tx, owner, flight_id)
            values = await _values(tx, draft, lambda plane: plane.owner_id == before.owner_id, standing=before)
            if before.version != version:
                raise VersionConflict("The flight has changed since you read it.")
            if before.terms.canceled:
                raise FlightIsCanceled
            self._refuse_departed(before)
            if before.offered and _ends(before) != (draft.origin_id, draft.destination_id):
                raise FlightInUse("It was offered, so it flies from and to where it was said to.")
            await store.replace(tx, flight_id=flight_id, version=version, values=values)
            await fares.forget(tx, fare_id=fare_id)
            after = await _flight(tx, flight_id)
            told = _change(before, after)
            facts = {"version": version, "moved": told.moved, "stock": told.stock}
            await note(tx, "flight.changed", flight_id, owner_id=after.owner_id, **facts)
            await self._writer.tell(tx, told)
            return after

        return await self._writer.write(work)

    async def cancel(self, *, owner: Principal, flight_id: int) -> LegOffer:
        """Cancel a flight for good; publishes FlightCanceled. Canceling again changes nothing and tells nobody.

        Raises:
            NotFound: No such flight, or somebody else's.
            FlightHasDeparted: It has left.
        """
        refuse_id(flight_id)

        async def work(tx: Tx) -> LegOffer:
            before, _ = await _locked(tx, owner, flight_id)
            if before.terms.canceled:
                return before
            self._refuse_departed(before)
            await store.cancel(tx, flight_id=flight_id)
            canceled = await _flight(tx, flight_id)
            await note(tx, "flight.canceled", flight_id, owner_id=canceled.owner_id)
            await self._writer.tell(tx, FlightCanceled(flight_id=flight_id))
            return canceled

        return await self._writer.write(work)

    async def delete(self, *, owner: Principal, flight_id: int) -> None:
        """Delete a flight nobody was offered; publishes FlightDeleted.

        Raises:
            NotFound: No such flight, or somebody else's.
            FlightInUse: It was offered.
        """
        refuse_id(flight_id)

        async def work(tx: Tx) -> None:
            before, fare_id = await _locked(tx, owner, flight_id)
            if before.offered:
                raise FlightInUse("It was offered, so it cannot be deleted. Cancel it instead.")
            await store.delete(tx, flight_id=flight_id)
            await fares.forget(tx, fare_id=fare_id)
            await note(tx, "flight.deleted", flight_id, owner_id=before.owner_id)
            await self._writer.tell(tx, FlightDeleted(flight_id=flight_id))

        await self._writer.write(work)

    async def mark_offered(self, *, ids: Sequence[int]) -> frozenset[int]:
        """Note that flights are offered from now on; returns those of `ids` that exist. Costs little when repeated."""
        wanted = possible(ids)
        standing = await self._db.read(partial(store.standing, ids=wanted)) if wanted else {}
        if all(standing.values()):
            return frozenset(standing)

        async def work(tx: Tx) -> frozenset[int]:
            await store.offer(tx, ids=list(standing))
            return frozenset(await store.standing(tx, ids=list(standing)))

        return await self._db.write(work)

    async def import_many(self, *, rows: Sequence[tuple[int, FlightDraft]]) -> int:
        """Insert many flights at once: (id, draft). They belong to the owners of their airplanes.

        Written in parts, each whole and with a FlightsImported of its own.

        Raises:
            Invalid: A field breaks a rule; pointers begin with the row's place. Nothing is imported.
        """
        drafts = [draft for _, draft in rows]
        ends = await self._db.read(partial(all_ends, drafts=drafts))
        refuse(_import_errors(drafts, ends))
        for start in range(0, len(rows), IMPORT_PART):
            part = slice(start, start + IMPORT_PART)
            await self._writer.write(partial(self._import_part, rows[part], ends[part]))
        return len(rows)

    async def _import_part(self, rows: Sequence[tuple[int, FlightDraft]], ends: Sequence[Ends], tx: Tx) -> None:
        distinct = {id(draft.fares): draft.fares for _, draft in rows}
        fare_ids = dict(zip(distinct, await fares.keep(tx, wanted=list(distinct.values())), strict=True))
        given = [
            (flight_id, _row(draft, each, fare_id=fare_ids[id(draft.fares)], schedule_id=None))
            for (flight_id, draft), each in zip(rows, ends, strict=True)
        ]
        await store.import_many(tx, given=given)
        ids = [flight_id for flight_id, _ in rows]
        await note(tx, "flight.imported", min(ids), last=max(ids), count=len(ids))
        await self._writer.tell(tx, FlightsImported(first_id=min(ids), last_id=max(ids)))

    def _refuse_departed(self, flight: LegOffer) -> None:
        if departs_at(flight.terms) <= self._db.clock.now():
            raise FlightHasDeparted


async def _flight(tx: Tx, flight_id: int) -> LegOffer:
    [found] = await references.offers(tx, rows=await store.find(tx, ids=[flight_id]))
    return found


async def _locked(tx: Tx, owner: Principal, flight_id: int) -> tuple[LegOffer, int]:
    """Return a flight that a principal may run, and the id of its fares; nobody else changes it meanwhile.

    Raises:
        NotFound: No such flight, or somebody else's.
    """
    locked = await store.locked(tx, flight_id=flight_id)
    if locked is None:
        raise NotFound
    found = await _flight(tx, flight_id)
    refuse_stranger(owner, found.owner_id)
    return found, int(locked.fare_id)


async def _values(
    tx: Tx, draft: FlightDraft, may_use: Callable[[Airplane], bool], standing: LegOffer | None = None
) -> store.Values:
    """Return the row of a draft, in place of a flight that is there already or as a new one.

    Raises:
        Invalid: A field breaks a rule.
        DuplicateFlight: Another one is called so.
    """
    ends = await ends_of(tx, draft, may_use)
    refuse(flight_errors(draft, ends))
    _, _, airplane = ends.known()
    taken = await store.taken(
        tx,
        owner_id=airplane.owner_id,
        number=draft.number,
        origin_id=draft.origin_id,
        dates=(draft.day, draft.day),
    )
    other = taken.get(draft.day)
    if other is not None and (standing is None or other != standing.terms.flight_id):
        raise DuplicateFlight(extra={"flights": [{"id": other, "date": f"{draft.day}"}]})
    [fare_id] = await fares.keep(tx, wanted=[draft.fares])
    stays = standing is not None and standing.terms.departs.date() == draft.day
    schedule_id = standing.schedule_id if standing is not None and stays else None
    return _row(draft, ends, fare_id=fare_id, schedule_id=schedule_id)


def _row(draft: FlightDraft, ends: Ends, *, fare_id: int, schedule_id: int | None) -> store.Values:
    origin, destination, airplane = ends.known()
    return store.values_of(
        draft,
        owner_id=airplane.owner_id,
        schedule_id=schedule_id,
        fare_id=fare_id,
        minutes=real_minutes(draft, origin.draft.zone, destination.draft.zone),
    )


def _import_errors(drafts: Sequence[FlightDraft], ends: Sequence[Ends]) -> list[FieldError]:
    errors: list[FieldError] = []
    judged: set[tuple[int, int]] = set()
    for place, (draft, each) in enumerate(zip(drafts, ends, strict=True)):
        found = leg_errors(draft, each)
        # Thousands of flights have the same fares; they are judged once with every airplane.
        pair = (id(draft.fares), draft.airplane_id)
        if pair not in judged:
            judged.add(pair)
            found += fares_errors(draft.fares, each.airplane)
        errors += at_row(place, found)
    return errors


def _ends(flight: LegOffer) -> tuple[int, int]:
    return flight.terms.origin.airport_id, flight.terms.destination.airport_id


def _change(before: LegOffer, after: LegOffer) -> FlightChanged:
    old, new = before.terms, after.terms
    return FlightChanged(
        flight_id=new.flight_id,
        moved=_ends(before) != _ends(after) or (old.departs, old.arrives) != (new.departs, new.arrives),
        stock=(old.cabins, old.seats) != (new.cabins, new.seats),
    )
