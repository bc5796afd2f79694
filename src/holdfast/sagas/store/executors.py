"""The processes that carry journeys out, and when each was last seen."""

from sqlalchemy import bindparam, delete, select

from holdfast.kit.db.database import Tx
from holdfast.kit.db.statements import Call, db_now, statement, upsert
from holdfast.kit.db.types import Text
from holdfast.sagas.models import executor

_BEAT = upsert(
    executor,
    select(bindparam("id", type_=Text(40)), db_now(), db_now()),
    columns=("id", "started_at", "seen_at"),
    key=("id",),
    update=lambda proposed: {"seen_at": proposed.seen_at},
)
_ALIVE = statement(select(executor.c.id).where(executor.c.seen_at >= db_now(plus="age_s")))
_GONE = statement(delete(executor).where(executor.c.id == bindparam("id")))
_DEAD = statement(
    delete(executor).where(executor.c.seen_at < db_now(plus="age_s"), executor.c.id != bindparam("except_id"))
)


def beat(executor_id: str) -> Call:
    """Return the write that says this process is alive."""
    return _BEAT(id=executor_id)


def gone(executor_id: str) -> Call:
    """Return the write that says this process has ended."""
    return _GONE(id=executor_id)


async def alive(tx: Tx, *, within_s: float) -> set[str]:
    """Return the processes that were seen a moment ago."""
    return {row.id for row in await tx.all(_ALIVE(age_s=-within_s))}


async def forget_dead(tx: Tx, *, within_s: float, except_id: str) -> int:
    """Delete the processes that have not been seen for long; return how many."""
    return await tx.run(_DEAD(age_s=-within_s, except_id=except_id))
