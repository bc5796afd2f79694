"""Every statement about schedules, and those about all their dated flights at once."""

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any, Final

from sqlalchemy import bindparam, insert, literal, null, select, update
from sqlalchemy import delete as sql_delete

from holdfast.catalog.airline_api import Schedule, ScheduleDraft
from holdfast.catalog.models.flights import fare, flight, schedule
from holdfast.catalog.rules.schedules import bits_of, weekdays_of
from holdfast.catalog.store import flights
from holdfast.catalog.store.fares import FARES_TEXT, fares_of
from holdfast.catalog.store.given import IDS, adding_first, deleting, pages, replacing, said
from holdfast.kit.db.database import Tx
from holdfast.kit.db.statements import DialectName, Row, db_now, rows_like, statement
from holdfast.kit.db.types import Day, Flag, Whole

_SAID: Final = (
    "owner_id",
    "number",
    "airline_name",
    "origin_id",
    "destination_id",
    "airplane_id",
    "fare_id",
    "weekdays",
    "first_day",
    "last_day",
    "departs_minute",
    "minutes",
)
_WITH_FARES: Final = select(schedule, FARES_TEXT).join(fare, fare.c.id == schedule.c.fare_id)
_MANY: Final = statement(_WITH_FARES.join(IDS, IDS.c.id == schedule.c.id))
_PAGE: Final = pages(_WITH_FARES, schedule, {"owner_id": schedule.c.owner_id == bindparam("owner_id")})
_ADD: Final = adding_first(schedule, _SAID)
_REPLACE: Final = replacing(schedule, _SAID)
_DELETE: Final = deleting(schedule)
_FARE_OF: Final = statement(select(schedule.c.fare_id).where(schedule.c.id == bindparam("id")))

_ID: Final = bindparam("schedule_id", type_=Whole())
_AFTER: Final = bindparam("after", type_=Day())
# Locked, so that none of them is offered while it is decided what becomes of them.
_DATED: Final = statement(
    select(flight.c.id, flight.c.day, flight.c.fare_id, flight.c.canceled, flight.c.offered)
    .where(flight.c.schedule_id == _ID, flight.c.day > _AFTER)
    .order_by(flight.c.id)
    .with_for_update()
)
_NEW: Final = rows_like("new_flights", flight, *flights.SAID)
_ADD_DATED: Final = statement(
    insert(flight).from_select(
        [*flights.SAID, "canceled", "offered", "version", "changed_at"],
        select(*_NEW.c, literal(False, Flag()), literal(False, Flag()), literal(1, Whole()), db_now()),  # noqa: FBT003 - a value of SQL
    )
)
_CHANGED: Final = [name for name in flights.SAID if name not in {"owner_id", "schedule_id", "day"}]
_CHANGE_DATED: Final = statement(
    update(flight)
    .where(flight.c.id == IDS.c.id)
    .values(
        {
            **{name: bindparam(name) for name in _CHANGED},
            "version": flight.c.version + 1,
            "changed_at": db_now(),
        }
    )
)


def _deleting_those(dialect: DialectName) -> Any:
    if dialect == "mysql":
        # MariaDB would look at every flight there is for each subquery of a DELETE.
        return sql_delete(flight).where(flight.c.id == IDS.c.id)
    return sql_delete(flight).where(flight.c.id.in_(select(IDS.c.id)))


_DELETE_DATED: Final = statement(_deleting_those)
_DETACH: Final = statement(update(flight).where(flight.c.schedule_id == _ID).values(schedule_id=null()))


async def find(tx: Tx, *, ids: Sequence[int]) -> list[Schedule]:
    """Return the schedules that exist among `ids`, each once."""
    return [_schedule_of(row) for row in await tx.all(_MANY(ids=[(each,) for each in dict.fromkeys(ids)]))]


async def page(tx: Tx, *, owner_id: int | None, after_id: int, limit: int) -> list[Schedule]:
    """Return schedules after an id, in order of id."""
    filters = said(owner_id=owner_id)
    statement_of_page = _PAGE(frozenset(filters))
    return [_schedule_of(row) for row in await tx.all(statement_of_page(after_id=after_id, most=limit, **filters))]


async def add(tx: Tx, *, owner_id: int, fare_id: int, draft: ScheduleDraft) -> int:
    """Insert a schedule and return its id."""
    return await tx.insert(_ADD(**_values(owner_id, fare_id, draft)))


async def replace(tx: Tx, *, standing: Schedule, fare_id: int, draft: ScheduleDraft) -> bool:
    """Replace what is said of a schedule; False if its version is another by now."""
    values = _values(standing.owner_id, fare_id, draft)
    return await tx.run(_REPLACE(replaced=standing.id, expected=standing.version, **values)) == 1


async def delete(tx: Tx, *, schedule_id: int) -> None:
    """Delete a schedule; its dated flights stand alone from now on."""
    await tx.run(_DETACH(schedule_id=schedule_id))
    await tx.run(_DELETE(id=schedule_id))


async def fare_of(tx: Tx, *, schedule_id: int) -> int:
    """Return the id of a schedule's fares."""
    row = await tx.one(_FARE_OF(id=schedule_id))
    assert row is not None  # noqa: S101 - asked of schedules that were found in this transaction
    return int(row.fare_id)


async def dated(tx: Tx, *, schedule_id: int, after: date) -> list[Row]:
    """Return id, day, fare_id, canceled and offered of the flights of a schedule that depart after a date, locked."""
    return await tx.all(_DATED(schedule_id=schedule_id, after=after))


async def add_dated(tx: Tx, *, values: Sequence[flights.Values]) -> None:
    """Insert flights; see `flights.values_of`."""
    if values:
        await tx.run(_ADD_DATED(new_flights=values))


async def change_dated(tx: Tx, *, ids: Sequence[int], values: flights.Values) -> None:
    """Make flights what `values` say, each on its own day."""
    by_name = dict(zip(flights.SAID, values, strict=True))
    await tx.run(_CHANGE_DATED(ids=[(each,) for each in ids], **{name: by_name[name] for name in _CHANGED}))


async def delete_dated(tx: Tx, *, ids: Sequence[int]) -> None:
    """Delete flights."""
    if ids:
        await tx.run(_DELETE_DATED(ids=[(each,) for each in ids]))


def dated_values(
    draft: ScheduleDraft, departs: datetime, *, owner_id: int, schedule_id: int, fare_id: int
) -> flights.Values:
    """Return the columns of `flights.SAID` of the flight of a schedule that departs at a local time."""
    return (
        owner_id,
        schedule_id,
        draft.number,
        draft.airline_name,
        draft.origin_id,
        draft.destination_id,
        draft.airplane_id,
        fare_id,
        departs.date(),
        departs.hour * 60 + departs.minute,
        draft.minutes,
    )


def _values(owner_id: int, fare_id: int, draft: ScheduleDraft) -> dict[str, Any]:
    return {
        "owner_id": owner_id,
        "number": draft.number,
        "airline_name": draft.airline_name,
        "origin_id": draft.origin_id,
        "destination_id": draft.destination_id,
        "airplane_id": draft.airplane_id,
        "fare_id": fare_id,
        "weekdays": bits_of(draft.weekdays),
        "first_day": draft.first,
        "last_day": draft.last,
        "departs_minute": draft.departs.hour * 60 + draft.departs.minute,
        "minutes": draft.minutes,
    }


def _schedule_of(row: Row) -> Schedule:
    return Schedule(
        id=row.id,
        owner_id=row.owner_id,
        version=row.version,
        draft=ScheduleDraft(
            number=row.number,
            airline_name=row.airline_name,
            origin_id=row.origin_id,
            destination_id=row.destination_id,
            airplane_id=row.airplane_id,
            weekdays=weekdays_of(row.weekdays),
            first=row.first_day,
            last=row.last_day,
            departs=time(row.departs_minute // 60, row.departs_minute % 60),
            minutes=row.minutes,
            fares=fares_of(row.fares),
        ),
    )
