"""Erasures: planned, under way, done."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import and_, bindparam, null, or_, select, update

from holdfast.accounts.models.accounts import account
from holdfast.accounts.models.privacy import erasure, erasure_step
from holdfast.accounts.privacy_api import AskedBy, Erasure, ErasureState
from holdfast.kit.db.database import Tx
from holdfast.kit.db.statements import Row, db_now, rows, statement, upsert
from holdfast.kit.db.types import Text, Whole

_NEW: Final = rows("new_erasures", id=Text(40), account_id=Whole(), asked_by=Text(32))
_ADD = statement(
    erasure.insert().from_select(
        ["id", "account_id", "open_account", "asked_by", "state", "asked_at", "due_at"],
        select(
            _NEW.c.id,
            _NEW.c.account_id,
            _NEW.c.account_id,
            _NEW.c.asked_by,
            bindparam("state", type_=Text(32)),
            db_now(),
            db_now(plus="cool_off_s"),
        ),
    )
)
_OPEN = statement(select(erasure).where(erasure.c.open_account == bindparam("account_id", type_=Whole())))
_FIND = statement(select(erasure).where(erasure.c.id == bindparam("id", type_=Text(40))))
_NEWEST = statement(
    select(erasure)
    .where(erasure.c.account_id == bindparam("account_id", type_=Whole()), erasure.c.state != ErasureState.CANCELED)
    .order_by(erasure.c.asked_at.desc(), erasure.c.id.desc())
    .limit(1)
)
_RECENT = statement(select(erasure).order_by(erasure.c.asked_at.desc(), erasure.c.id.desc()).limit(bindparam("limit")))
_DUE = statement(
    select(erasure)
    .where(
        or_(
            erasure.c.state == ErasureState.RUNNING,
            and_(erasure.c.state == ErasureState.WAITING, erasure.c.due_at <= db_now()),
        )
    )
    .order_by(erasure.c.due_at, erasure.c.id)
    .limit(bindparam("limit"))
)
_MOVE = statement(
    update(erasure)
    .values(state=bindparam("to", type_=Text(32)))
    .where(erasure.c.id == bindparam("the_id", type_=Text(40)), erasure.c.state == bindparam("was", type_=Text(32)))
)
_END = statement(
    update(erasure)
    .values(
        state=bindparam("to", type_=Text(32)),
        open_account=null(),
        ended_at=db_now(),
        remains=bindparam("now_remains", type_=Text(1000)),
    )
    .where(erasure.c.id == bindparam("the_id", type_=Text(40)), erasure.c.state == bindparam("was", type_=Text(32)))
)
_HURRY = statement(
    update(erasure)
    .values(due_at=db_now())
    .where(erasure.c.id == bindparam("the_id", type_=Text(40)), erasure.c.due_at > db_now())
)
_TELL = statement(
    update(erasure)
    .values(told_at=db_now())
    .where(
        erasure.c.id == bindparam("the_id", type_=Text(40)),
        erasure.c.state == ErasureState.WAITING,
        erasure.c.told_at.is_(None),
    )
)
_STEP: Final = rows("new_steps", erasure_id=Text(40), module=Text(32), changed=Whole())
_ADD_STEP = upsert(
    erasure_step,
    select(*_STEP.c, db_now()),
    columns=[*_STEP.kinds, "at"],
    key=["erasure_id", "module"],
    update=lambda _: {},
)
_STEPS = statement(
    select(erasure_step.c.module, erasure_step.c.changed).where(
        erasure_step.c.erasure_id == bindparam("erasure_id", type_=Text(40))
    )
)
_EXISTS = statement(select(account.c.id).where(account.c.id == bindparam("id", type_=Whole())))


async def account_exists(tx: Tx, *, account_id: int) -> bool:
    """Return whether there is such an account."""
    return await tx.one(_EXISTS(id=account_id)) is not None


async def add(tx: Tx, *, erasure_id: str, account_id: int, asked_by: AskedBy, cool_off_s: int) -> None:
    """Plan an erasure."""
    new = [(erasure_id, account_id, asked_by)]
    await tx.run(_ADD(new_erasures=new, state=ErasureState.WAITING, cool_off_s=cool_off_s))


async def open_of(tx: Tx, *, account_id: int) -> Row | None:
    """Return the erasure of an account that is planned or under way."""
    return await tx.one(_OPEN(account_id=account_id))


async def newest_of(tx: Tx, *, account_id: int) -> Row | None:
    """Return the newest erasure of an account that was not canceled."""
    return await tx.one(_NEWEST(account_id=account_id))


async def find(tx: Tx, *, erasure_id: str) -> Row | None:
    """Return an erasure."""
    return await tx.one(_FIND(id=erasure_id))


async def due(tx: Tx, *, limit: int) -> Sequence[Row]:
    """Return erasures that are due or have begun."""
    return await tx.all(_DUE(limit=limit))


async def recent(tx: Tx, *, limit: int) -> Sequence[Row]:
    """Return the newest erasures."""
    return await tx.all(_RECENT(limit=limit))


async def begin(tx: Tx, *, erasure_id: str) -> bool:
    """Let a planned erasure begin; return whether it did just now."""
    return await tx.run(_MOVE(the_id=erasure_id, was=ErasureState.WAITING, to=ErasureState.RUNNING)) == 1


async def tell(tx: Tx, *, erasure_id: str) -> bool:
    """Note that the account is told what its erasure waits for; return whether it was not yet."""
    return await tx.run(_TELL(the_id=erasure_id)) == 1


async def end(tx: Tx, *, row: Row, state: ErasureState, remains: str | None) -> bool:
    """Let an erasure end in a state; return whether it was still as it was read."""
    return await tx.run(_END(the_id=row.id, was=row.state, to=state, now_remains=remains)) == 1


async def hurry(tx: Tx, *, erasure_id: str) -> None:
    """Let an erasure be due now."""
    await tx.run(_HURRY(the_id=erasure_id))


async def add_step(tx: Tx, *, erasure_id: str, module: str, changed: int) -> None:
    """Note that a module is done; a second time changes nothing."""
    await tx.run(_ADD_STEP(new_steps=[(erasure_id, module, changed)]))


async def shown(tx: Tx, row: Row) -> Erasure:
    """Return an erasure with its steps as others see it."""
    steps = await tx.all(_STEPS(erasure_id=row.id))
    return Erasure(
        id=row.id,
        account_id=row.account_id,
        state=row.state,
        asked_by=row.asked_by,
        asked_at=row.asked_at,
        due_at=row.due_at,
        ended_at=row.ended_at,
        remains=row.remains,
        steps={step.module: step.changed for step in steps},
    )
