"""Answers `AirlineApi`: airplanes and schedules."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import date, datetime
from functools import partial
from typing import Final

from holdfast.catalog.airline_api import (
    Airplane,
    AirplaneDraft,
    AirplaneInUse,
    DuplicateAirplane,
    Schedule,
    ScheduleChange,
    ScheduleDraft,
)
from holdfast.catalog.api import VersionConflict
from holdfast.catalog.events import AirplaneChanged, FlightChanged, FlightCreated, FlightDeleted
from holdfast.catalog.flights_api import DuplicateFlight
from holdfast.catalog.rules.airplanes import airplane_errors, used_errors
from holdfast.catalog.rules.schedules import Dated, departures, plan, schedule_errors
from holdfast.catalog.service.looking import ends_of
from holdfast.catalog.service.places import LISTED_MAX
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
from holdfast.catalog.store import airplanes, fares, flights, places, references, schedules, uses
from holdfast.kit.auth import Principal
from holdfast.kit.db.database import Database, Tx
from holdfast.kit.errors import NotFound

_EVER: Final = date.min


class Airline:
    """Answers `AirlineApi`; what a method does is told there."""

    def __init__(self, *, db: Database) -> None:
        self._db = db
        self._writer = Writer(db)

    async def airplanes(self, *, ids: Sequence[int]) -> list[Airplane]:
        """Return the airplanes that exist among `ids`, in no set order."""
        wanted = possible(ids)
        return await self._db.read(partial(airplanes.find, ids=wanted)) if wanted else []

    async def airplanes_page(
        self, *, owner_id: int | None = None, after_id: int = 0, limit: int = 100
    ) -> list[Airplane]:
        """Return airplanes in order of id, of one owner or of all."""
        refuse_limit(limit)
        return await self._db.read(partial(airplanes.page, owner_id=owner_id, after_id=after_id, limit=limit))

    async def create_airplane(self, *, owner: Principal, draft: AirplaneDraft) -> Airplane:
        """Create an airplane owned by `owner`.

        Raises:
            Forbidden: The principal is no owner.
            Invalid: A field breaks a rule.
            DuplicateAirplane: The owner has one of this name.
        """
        refuse_guest(owner)
        refuse(airplane_errors(draft))

        async def work(tx: Tx) -> Airplane:
            await _check_name(tx, owner.acting_for(), draft.name, airplane_id=None)
            created = await _airplane(tx, await airplanes.add(tx, owner_id=owner.acting_for(), draft=draft))
            await note(tx, "airplane.created", created.id, owner_id=created.owner_id)
            return created

        return await self._writer.write(work)

    async def replace_airplane(
        self, *, owner: Principal, airplane_id: int, draft: AirplaneDraft, version: int
    ) -> Airplane:
        """Replace what is said of an airplane; publishes AirplaneChanged.

        Raises:
            NotFound: No such airplane, or somebody else's.
            VersionConflict: `version` is not the newest.
            Invalid: A field breaks a rule, or a cabin goes while flights use the airplane.
            DuplicateAirplane: The owner has another one of this name.
            AirplaneInUse: Its cabins would change, and a flight with it was offered.
        """
        refuse_id(airplane_id)

        async def work(tx: Tx) -> Airplane:
            before = await _own_airplane(tx, owner, airplane_id)
            used = bool(await uses.of_airplane(tx, airplane_id=airplane_id, limit=1))
            refuse([*airplane_errors(draft), *(used_errors(before.draft, draft) if used else ())])
            if before.version != version:
                raise VersionConflict("The airplane has changed since you read it.")
            await _check_name(tx, before.owner_id, draft.name, airplane_id=airplane_id)
            if (draft.cabins, draft.currency) != (before.draft.cabins, before.draft.currency):
                found = await uses.offered_of_airplane(tx, airplane_id=airplane_id, limit=LISTED_MAX)
                _refuse_used(found, "Its cabins cannot change under flights that were offered")
            await airplanes.replace(tx, airplane_id=airplane_id, version=version, draft=draft)
            await references.count_up(tx)
            replaced = await _airplane(tx, airplane_id)
            await note(tx, "airplane.changed", airplane_id, owner_id=replaced.owner_id, version=version)
            await self._writer.tell(tx, AirplaneChanged(airplane_id=airplane_id))
            return replaced

        return await self._writer.write(work)

    async def delete_airplane(self, *, owner: Principal, airplane_id: int) -> None:
        """Delete an airplane.

        Raises:
            NotFound: No such airplane, or somebody else's.
            AirplaneInUse: Flights or schedules use it.
        """
        refuse_id(airplane_id)

        async def work(tx: Tx) -> None:
            before = await _own_airplane(tx, owner, airplane_id)
            found = await uses.of_airplane(tx, airplane_id=airplane_id, limit=LISTED_MAX)
            _refuse_used(found, "It cannot be deleted")
            await airplanes.delete(tx, airplane_id=airplane_id)
            await note(tx, "airplane.deleted", airplane_id, owner_id=before.owner_id)
            await references.count_up(tx)

        await self._writer.write(work)

    async def import_airplanes(self, *, rows: Sequence[tuple[int, int, AirplaneDraft]]) -> None:
        """Insert many airplanes at once: (id, owner_id, draft).

        Raises:
            Invalid: A field breaks a rule; pointers begin with the row's place.
        """
        refuse([error for place, row in enumerate(rows) for error in at_row(place, airplane_errors(row[2]))])
        await self._db.write(partial(airplanes.import_many, given=rows))

    async def schedules(self, *, ids: Sequence[int]) -> list[Schedule]:
        """Return the schedules that exist among `ids`, in no set order."""
        wanted = possible(ids)
        return await self._db.read(partial(schedules.find, ids=wanted)) if wanted else []

    async def schedules_page(
        self, *, owner_id: int | None = None, after_id: int = 0, limit: int = 100
    ) -> list[Schedule]:
        """Return schedules in order of id, of one owner or of all."""
        refuse_limit(limit)
        return await self._db.read(partial(schedules.page, owner_id=owner_id, after_id=after_id, limit=limit))

    async def create_schedule(self, *, owner: Principal, draft: ScheduleDraft) -> ScheduleChange:
        """Create a schedule and a dated flight for each of its dates; publishes FlightCreated for each.

        Raises:
            Forbidden: The principal is no owner.
            Invalid: A field breaks a rule, or it has no dates or too many.
            DuplicateFlight: The owner has this number on one of the dates from this airport.
        """
        refuse_guest(owner)

        async def work(tx: Tx) -> ScheduleChange:
            ends = await ends_of(tx, draft, lambda plane: owner.runs(plane.owner_id))
            refuse(schedule_errors(draft, ends))
            origin, _, airplane = ends.known()
            dates = list(departures(draft, origin.draft.zone))
            await _check_free(tx, airplane.owner_id, draft, {each.date() for each in dates}, own=frozenset())
            [fare_id] = await fares.keep(tx, wanted=[draft.fares])
            schedule_id = await schedules.add(tx, owner_id=airplane.owner_id, fare_id=fare_id, draft=draft)
            created = await _schedule(tx, schedule_id)
            await schedules.add_dated(tx, values=_rows(created, dates, fare_id))
            made = await schedules.dated(tx, schedule_id=schedule_id, after=_EVER)
            await note(tx, "schedule.created", schedule_id, owner_id=created.owner_id, made=len(made))
            await self._writer.tell(tx, *(FlightCreated(flight_id=each.id) for each in made))
            return ScheduleChange(schedule=created, made=len(made), changed=0, removed=0, kept=0)

        return await self._writer.write(work)

    async def replace_schedule(
        self, *, owner: Principal, schedule_id: int, draft: ScheduleDraft, version: int
    ) -> ScheduleChange:
        """Replace what is said of a schedule, and its flights on dates to come that nobody was offered.

        Those of today and before stay, as do flights that were offered or canceled: change them one by one. The others
        become what the schedule says now, whatever was said of each since; dates that are new get a flight, those
        that are gone lose theirs. Publishes FlightCreated, FlightChanged and FlightDeleted for each.

        Raises:
            NotFound: No such schedule, or somebody else's.
            VersionConflict: `version` is not the newest.
            Invalid: As for `create_schedule`.
            DuplicateFlight: As for `create_schedule`.
        """
        refuse_id(schedule_id)

        async def work(tx: Tx) -> ScheduleChange:
            before = await _own_schedule(tx, owner, schedule_id)
            ends = await ends_of(tx, draft, lambda plane: plane.owner_id == before.owner_id)
            refuse(schedule_errors(draft, ends))
            if before.version != version:
                raise VersionConflict("The schedule has changed since you read it.")
            origin, _, _ = ends.known()
            today = self._db.clock.today(origin.draft.zone)
            to_come = [each for each in departures(draft, origin.draft.zone) if each.date() > today]
            return await self._follow(tx, before, draft, today, to_come)

        return await self._writer.write(work)

    async def _follow(
        self, tx: Tx, before: Schedule, draft: ScheduleDraft, today: date, departs: Sequence[datetime]
    ) -> ScheduleChange:
        """Replace a schedule and let its flights to come follow.

        Raises:
            VersionConflict: Somebody was faster.
            DuplicateFlight: The number is taken on one of the dates.
        """
        dated = await schedules.dated(tx, schedule_id=before.id, after=today)
        found = plan([Dated(each.id, each.day, not (each.offered or each.canceled)) for each in dated], departs)
        own = frozenset(each.id for each in dated)
        await _check_free(tx, before.owner_id, draft, {each.date() for each in departs}, own=own)
        old_fares = {await schedules.fare_of(tx, schedule_id=before.id), *(each.fare_id for each in dated)}
        [fare_id] = await fares.keep(tx, wanted=[draft.fares])
        if not await schedules.replace(tx, standing=before, fare_id=fare_id, draft=draft):
            raise VersionConflict("The schedule has changed since you read it.")
        after = await _schedule(tx, before.id)
        await schedules.delete_dated(tx, ids=found.remove)
        for at, ids in found.change:
            [values] = _rows(after, [datetime.combine(draft.first, at)], fare_id)
            await schedules.change_dated(tx, ids=ids, values=values)
        await schedules.add_dated(tx, values=_rows(after, found.make, fare_id))
        for each in sorted(old_fares - {fare_id}):
            await fares.forget(tx, fare_id=each)
        made = [each.id for each in await schedules.dated(tx, schedule_id=before.id, after=today) if each.id not in own]
        changed = [each for _, ids in found.change for each in ids]
        facts = {"made": len(made), "changed": len(changed), "removed": len(found.remove)}
        await note(tx, "schedule.changed", before.id, owner_id=before.owner_id, **facts)
        await self._writer.tell(
            tx,
            *(FlightDeleted(flight_id=each) for each in found.remove),
            *(FlightChanged(flight_id=each, moved=True, stock=True) for each in changed),
            *(FlightCreated(flight_id=each) for each in made),
        )
        return ScheduleChange(
            schedule=after, made=len(made), changed=len(changed), removed=len(found.remove), kept=found.keep
        )

    async def delete_schedule(self, *, owner: Principal, schedule_id: int) -> None:
        """Delete a schedule with its flights on dates to come that nobody was offered; the others stand alone then.

        Raises:
            NotFound: No such schedule, or somebody else's.
        """
        refuse_id(schedule_id)

        async def work(tx: Tx) -> None:
            before = await _own_schedule(tx, owner, schedule_id)
            [origin] = await places.airports(tx, ids=[before.draft.origin_id])
            today = self._db.clock.today(origin.draft.zone)
            dated = await schedules.dated(tx, schedule_id=schedule_id, after=today)
            free = [each for each in dated if not (each.offered or each.canceled)]
            old_fares = {await schedules.fare_of(tx, schedule_id=schedule_id), *(each.fare_id for each in free)}
            await schedules.delete_dated(tx, ids=[each.id for each in free])
            await schedules.delete(tx, schedule_id=schedule_id)
            for each in sorted(old_fares):
                await fares.forget(tx, fare_id=each)
            await note(tx, "schedule.deleted", schedule_id, owner_id=before.owner_id, removed=len(free))
            await self._writer.tell(tx, *(FlightDeleted(flight_id=each.id) for each in free))

        await self._writer.write(work)


async def _airplane(tx: Tx, airplane_id: int) -> Airplane:
    [found] = await airplanes.find(tx, ids=[airplane_id])
    return found


async def _own_airplane(tx: Tx, owner: Principal, airplane_id: int) -> Airplane:
    """Return an airplane the principal may run; nobody else changes it or offers its flights first meanwhile.

    Raises:
        NotFound: No such airplane, or somebody else's.
    """
    if not await airplanes.lock(tx, airplane_id=airplane_id):
        raise NotFound
    found = await _airplane(tx, airplane_id)
    refuse_stranger(owner, found.owner_id)
    return found


async def _check_name(tx: Tx, owner_id: int, name: str, *, airplane_id: int | None) -> None:
    other = await airplanes.named(tx, owner_id=owner_id, name=name)
    if other is not None and other != airplane_id:
        raise DuplicateAirplane(f"Airplane {other} is called {name}.", extra={"airplane_id": other})


def _refuse_used(found: uses.Uses, what: str) -> None:
    if found:
        raise AirplaneInUse(f"{what}: {found.words}.", extra=found.listed)


async def _schedule(tx: Tx, schedule_id: int) -> Schedule:
    [found] = await schedules.find(tx, ids=[schedule_id])
    return found


async def _own_schedule(tx: Tx, owner: Principal, schedule_id: int) -> Schedule:
    found = await schedules.find(tx, ids=[schedule_id])
    if not found:
        raise NotFound
    refuse_stranger(owner, found[0].owner_id)
    return found[0]


async def _check_free(
    tx: Tx, owner_id: int, draft: ScheduleDraft, dates: AbstractSet[date], *, own: frozenset[int]
) -> None:
    """Refuse a schedule whose number flies from its origin already on one of its dates.

    Raises:
        DuplicateFlight: It does.
    """
    found = await flights.taken(
        tx, owner_id=owner_id, number=draft.number, origin_id=draft.origin_id, dates=(draft.first, draft.last)
    )
    others = [{"id": each, "date": f"{day}"} for day, each in found.items() if day in dates and each not in own]
    if others:
        raise DuplicateFlight(extra={"flights": others[:LISTED_MAX]})


def _rows(standing: Schedule, departs: Sequence[datetime], fare_id: int) -> list[flights.Values]:
    return [
        schedules.dated_values(
            standing.draft, each, owner_id=standing.owner_id, schedule_id=standing.id, fare_id=fare_id
        )
        for each in departs
    ]
