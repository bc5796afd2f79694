"""What has to be carried out, and what came of it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import and_, bindparam, delete, func, literal, null, or_, select, update

from holdfast.kit.db.database import Tx
from holdfast.kit.db.statements import Call, Row, db_now, rows, statement, upsert
from holdfast.kit.db.types import Choice, Json, Text, Whole
from holdfast.sagas.api import JourneyState
from holdfast.sagas.models import journey

_DUE = rows("due", id=Text(160), saga=Text(32), args=Json())
_COLUMNS = ("id", "saga", "args", "state", "tries", "created_at", "updated_at")
_ADD = upsert(
    journey,
    select(
        _DUE.c.id,
        _DUE.c.saga,
        _DUE.c.args,
        literal(JourneyState.WAITING, Choice(JourneyState)),
        literal(1, Whole()),
        db_now(),
        db_now(),
    ).order_by(_DUE.c.id),
    columns=_COLUMNS,
    key=("id",),
    update=lambda _: {},
)
_IDS = rows("ids", id=Text(160))
_FIND = statement(select(journey).where(journey.c.id == bindparam("id")))
_WAITING = statement(
    select(journey)
    .where(journey.c.state == JourneyState.WAITING, journey.c.id > bindparam("after"))
    .order_by(journey.c.id)
    .limit(bindparam("limit"))
)
_NAMED = statement(
    select(journey)
    .select_from(_IDS)
    .join(journey, journey.c.id == _IDS.c.id)
    .where(journey.c.state == JourneyState.WAITING)
)
_STATES = rows("states", state=Text(32))
_LIST = statement(
    select(journey)
    .select_from(_STATES)
    .join(journey, journey.c.state == _STATES.c.state)
    .where(
        journey.c.id < bindparam("before"),
        or_(bindparam("saga", type_=Text(32)) == "", journey.c.saga == bindparam("saga", type_=Text(32))),
    )
    .order_by(journey.c.id.desc())
    .limit(bindparam("limit"))
)
_END = statement(
    update(journey)
    .where(
        journey.c.id == bindparam("journey_id"),
        journey.c.state == JourneyState.WAITING,
        journey.c.tries == bindparam("tried"),
    )
    .values(state=bindparam("ended"), outcome=bindparam("outcome"), detail=bindparam("detail"), updated_at=db_now())
)
_AGAIN = statement(
    update(journey)
    .where(and_(journey.c.id == bindparam("journey_id"), journey.c.tries == bindparam("tried")))
    .where(journey.c.state != JourneyState.WAITING)
    .values(state=JourneyState.WAITING, outcome=null(), detail=null(), tries=journey.c.tries + 1, updated_at=db_now())
)
_FORGET = statement(
    delete(journey).where(journey.c.state == JourneyState.DONE, journey.c.updated_at < db_now(plus="age_s"))
)
_COUNT = statement(select(journey.c.state, func.count().label("count")).group_by(journey.c.state))

BEHIND_ALL = "~"
"""Sorts behind every id."""


def add(due: Sequence[tuple[str, str, dict[str, Any]]]) -> Call:
    """Return the write that notes journeys (id, saga, args); one that is known stays as it is."""
    return _ADD(due=list({each[0]: each for each in due}.values()))


async def find(tx: Tx, journey_id: str) -> Row | None:
    """Return a journey."""
    return await tx.one(_FIND(id=journey_id))


async def waiting(tx: Tx, *, after: str, limit: int) -> list[Row]:
    """Return journeys that wait, by id, those after an id."""
    return await tx.all(_WAITING(after=after, limit=limit))


async def waiting_among(tx: Tx, ids: Sequence[str]) -> list[Row]:
    """Return those of these journeys that wait."""
    return await tx.all(_NAMED(ids=[(each,) for each in ids]))


async def listed(
    tx: Tx, states: Sequence[JourneyState], saga: str | None, *, before: str | None, limit: int
) -> list[Row]:
    """Return journeys in these states, by id downward."""
    wanted = [(str(state),) for state in states]
    return await tx.all(_LIST(states=wanted, saga=saga or "", before=before or BEHIND_ALL, limit=limit))


async def end(tx: Tx, journey_id: str, *, tries: int, state: JourneyState, outcome: str, detail: str | None) -> bool:
    """Write down how a try of a journey ended; return whether that try was still the newest and not ended."""
    told = {"ended": state, "outcome": outcome, "detail": detail}
    return bool(await tx.run(_END(journey_id=journey_id, tried=tries, **told)))


async def again(tx: Tx, journey_id: str, *, tries: int) -> bool:
    """Let a journey that has ended begin anew; return whether nobody else did meanwhile."""
    return bool(await tx.run(_AGAIN(journey_id=journey_id, tried=tries)))


async def forget(tx: Tx, *, older_than_s: int) -> int:
    """Delete journeys that were done that long ago; return how many."""
    return await tx.run(_FORGET(age_s=-older_than_s))


async def counts(tx: Tx) -> dict[JourneyState, int]:
    """Return how many journeys are in each state."""
    return {row.state: row.count for row in await tx.all(_COUNT())}
