"""Copies of what is kept of people, in encrypted parts."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import bindparam, delete, null, select, update

from holdfast.accounts.models.privacy import PART_MAX, export, export_part
from holdfast.accounts.privacy_api import Export, ExportState
from holdfast.kit.db.database import Tx
from holdfast.kit.db.statements import Row, db_now, rows, statement
from holdfast.kit.db.types import Text, Whole

_PARTS_AT_ONCE: Final = 50
_STATE: Final = bindparam("state", type_=Text(32))
_NEW: Final = rows("new_exports", id=Text(40), account_id=Whole())
_ADD = statement(
    export.insert().from_select(
        ["id", "account_id", "state", "asked_at"], select(_NEW.c.id, _NEW.c.account_id, _STATE, db_now())
    )
)
_FIND = statement(
    select(export).where(
        export.c.id == bindparam("id", type_=Text(40)), export.c.account_id == bindparam("account_id", type_=Whole())
    )
)
_BEING_MADE = statement(
    select(export)
    .where(export.c.account_id == bindparam("account_id", type_=Whole()), export.c.state == _STATE)
    .order_by(export.c.id)
    .limit(1)
)
_WAITING = statement(select(export).where(export.c.state == _STATE).order_by(export.c.id).limit(bindparam("limit")))
_WHOSE = statement(select(export.c.account_id).where(export.c.id == bindparam("id", type_=Text(40))))
_READY = statement(
    update(export)
    .values(
        state=bindparam("to", type_=Text(32)),
        ready_at=db_now(),
        expires_at=db_now(plus="lives_s"),
        size=bindparam("its_size", type_=Whole()),
        sealed_key=bindparam("its_key", type_=Text(200)),
    )
    .where(export.c.id == bindparam("the_id", type_=Text(40)), export.c.state == bindparam("was", type_=Text(32)))
)
_NEW_PARTS: Final = rows("new_parts", export_id=Text(40), place=Whole(), content=Text(PART_MAX))
_ADD_PARTS = statement(export_part.insert().from_select(["export_id", "place", "content"], select(*_NEW_PARTS.c)))
_PARTS = statement(
    select(export_part.c.content)
    .where(export_part.c.export_id == bindparam("export_id", type_=Text(40)))
    .order_by(export_part.c.place)
)
_OVER = statement(
    select(export.c.id)
    .where(export.c.state == _STATE, export.c.expires_at <= db_now())
    .order_by(export.c.id)
    .limit(bindparam("limit"))
)
_GONE: Final = rows("gone", id=Text(40))
_DROP_PARTS = statement(delete(export_part).where(export_part.c.export_id.in_(select(_GONE.c.id))))
_EXPIRE = statement(
    update(export)
    .values(state=bindparam("to", type_=Text(32)), sealed_key=null())
    .where(export.c.id.in_(select(_GONE.c.id)))
)


async def add(tx: Tx, *, export_id: str, account_id: int) -> None:
    """Order a copy."""
    await tx.run(_ADD(new_exports=[(export_id, account_id)], state=ExportState.WAITING))


async def being_made(tx: Tx, *, account_id: int) -> Row | None:
    """Return the copy of an account that is being made."""
    return await tx.one(_BEING_MADE(account_id=account_id, state=ExportState.WAITING))


async def find(tx: Tx, *, account_id: int, export_id: str) -> Row | None:
    """Return an account's own export."""
    return await tx.one(_FIND(id=export_id, account_id=account_id))


async def account_of(tx: Tx, *, export_id: str) -> int:
    """Return whose copy it is; there is one by this id."""
    row = await tx.one(_WHOSE(id=export_id))
    assert row is not None  # noqa: S101 - whoever asks has written it
    account_id: int = row.account_id
    return account_id


async def waiting(tx: Tx, *, limit: int) -> Sequence[Row]:
    """Return exports that are to be made, oldest first."""
    return await tx.all(_WAITING(state=ExportState.WAITING, limit=limit))


async def ready(tx: Tx, *, export_id: str, size: int, sealed_key: str, lives_s: int) -> bool:
    """Note that a copy is ready; return whether it was waited for."""
    moved = _READY(
        the_id=export_id,
        was=ExportState.WAITING,
        to=ExportState.READY,
        lives_s=lives_s,
        its_size=size,
        its_key=sealed_key,
    )
    return await tx.run(moved) == 1


async def add_parts(tx: Tx, *, export_id: str, text: str) -> None:
    """Keep the encrypted content."""
    parts = [
        (export_id, place, text[start : start + PART_MAX]) for place, start in enumerate(range(0, len(text), PART_MAX))
    ]
    for first in range(0, len(parts), _PARTS_AT_ONCE):
        await tx.run(_ADD_PARTS(new_parts=parts[first : first + _PARTS_AT_ONCE]))


async def text_of(tx: Tx, *, export_id: str) -> str:
    """Return the encrypted content."""
    return "".join([row.content for row in await tx.all(_PARTS(export_id=export_id))])


async def expire(tx: Tx, *, limit: int) -> int:
    """Delete the content and the key of copies that have run out; return how many."""
    gone = [(row.id,) for row in await tx.all(_OVER(state=ExportState.READY, limit=limit))]
    if gone:
        await tx.run(_DROP_PARTS(gone=gone))
        await tx.run(_EXPIRE(gone=gone, to=ExportState.EXPIRED))
    return len(gone)


def shown(row: Row) -> Export:
    """Return an export as others see it."""
    return Export(
        id=row.id,
        account_id=row.account_id,
        state=row.state,
        asked_at=row.asked_at,
        ready_at=row.ready_at,
        expires_at=row.expires_at,
        size=row.size,
    )
