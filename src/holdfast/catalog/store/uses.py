"""What flights and schedules use an airport or an airplane: what stands in the way of changing or deleting it."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, bindparam, or_, select

from holdfast.catalog.models.flights import flight, schedule
from holdfast.catalog.store.given import MOST
from holdfast.kit.db.database import Tx
from holdfast.kit.db.statements import Row, Statement, statement
from holdfast.kit.db.types import Whole

_ID: Final = bindparam("id", type_=Whole())


@dataclass(frozen=True, slots=True, kw_only=True)
class Uses:
    """Some flights and schedules; nothing where there are none."""

    flights: tuple[Row, ...]
    schedules: tuple[Row, ...]

    def __bool__(self) -> bool:
        """Return whether there are some."""
        return bool(self.flights or self.schedules)

    @property
    def words(self) -> str:
        """What they are, for people."""
        dated = [f"{each.number} of {each.day}" for each in self.flights]
        repeated = [f"schedule {each.id} of {each.number}" for each in self.schedules]
        return ", ".join(dated + repeated)

    @property
    def listed(self) -> dict[str, Any]:
        """What they are, as members of a problem document."""
        return {
            "flights": [{"id": each.id, "number": each.number, "date": f"{each.day}"} for each in self.flights],
            "schedules": [{"id": each.id, "number": each.number} for each in self.schedules],
        }


def _flights(*conditions: ColumnElement[bool]) -> Statement:
    columns = (flight.c.id, flight.c.number, flight.c.day)
    return statement(select(*columns).where(*conditions).order_by(flight.c.id).limit(MOST))


def _schedules(*conditions: ColumnElement[bool]) -> Statement:
    columns = (schedule.c.id, schedule.c.number)
    return statement(select(*columns).where(*conditions).order_by(schedule.c.id).limit(MOST))


_FLIGHTS_OF_AIRPORT: Final = _flights(or_(flight.c.origin_id == _ID, flight.c.destination_id == _ID))
_SCHEDULES_OF_AIRPORT: Final = _schedules(or_(schedule.c.origin_id == _ID, schedule.c.destination_id == _ID))
_FLIGHTS_OF_AIRPLANE: Final = _flights(flight.c.airplane_id == _ID)
_OFFERED_OF_AIRPLANE: Final = _flights(flight.c.airplane_id == _ID, flight.c.offered)
_SCHEDULES_OF_AIRPLANE: Final = _schedules(schedule.c.airplane_id == _ID)


async def of_airport(tx: Tx, *, airport_id: int, limit: int) -> Uses:
    """Return flights and schedules from or to an airport."""
    return Uses(
        flights=tuple(await tx.all(_FLIGHTS_OF_AIRPORT(id=airport_id, most=limit))),
        schedules=tuple(await tx.all(_SCHEDULES_OF_AIRPORT(id=airport_id, most=limit))),
    )


async def of_airplane(tx: Tx, *, airplane_id: int, limit: int) -> Uses:
    """Return flights and schedules with an airplane."""
    return Uses(
        flights=tuple(await tx.all(_FLIGHTS_OF_AIRPLANE(id=airplane_id, most=limit))),
        schedules=tuple(await tx.all(_SCHEDULES_OF_AIRPLANE(id=airplane_id, most=limit))),
    )


async def offered_of_airplane(tx: Tx, *, airplane_id: int, limit: int) -> Uses:
    """Return flights with an airplane that were offered."""
    found = await tx.all(_OFFERED_OF_AIRPLANE(id=airplane_id, most=limit))
    return Uses(flights=tuple(found), schedules=())
