"""Stored ways to pay."""

from typing import Any, Final

from sqlalchemy import bindparam, select, update

from holdfast.kit.db.database import Tx
from holdfast.kit.db.statements import Row, adding, statement
from holdfast.payments.models import MethodState, method

_COLUMNS: Final = tuple(method.c.keys())
_CHANGING: Final = ("state", "token", "customer", "brand", "last4", "expires", "refusal")
_ADD = adding(method)
_KEEP = statement(
    update(method)
    .values({name: bindparam(name) for name in _CHANGING})
    .where(method.c.id == bindparam("the_id"), method.c.state == bindparam("the_state"))
)
_REPLAY = statement(update(method).values(replays=method.c.replays + 1).where(method.c.id == bindparam("the_id")))
_FIND = statement(select(method).where(method.c.id == bindparam("id"), method.c.account_id == bindparam("account_id")))
_BY_KEY = statement(
    select(method).where(
        method.c.account_id == bindparam("account_id"),
        method.c.route == bindparam("route"),
        method.c.key == bindparam("key"),
    )
)
_KEPT = statement(
    select(method)
    .where(method.c.account_id == bindparam("account_id"), method.c.state == MethodState.KEPT)
    .order_by(method.c.created_at.desc(), method.c.id.desc())
)


async def add(tx: Tx, values: dict[str, Any]) -> None:
    """Write a way to pay down."""
    empty = dict.fromkeys(_COLUMNS) | {"replays": 0, "created_at": await tx.now()}
    await tx.run(_ADD(**empty | values))


async def move(tx: Tx, method_id: str, old: MethodState, values: dict[str, Any]) -> bool:
    """Change a way to pay that is still in a state; return whether it was."""
    empty: dict[str, Any] = dict.fromkeys(_CHANGING)
    return await tx.run(_KEEP(the_id=method_id, the_state=old, **empty | values)) == 1


async def count_replay(tx: Tx, method_id: str) -> None:
    """Note that an answer is given again, which makes it wait for the standby (docs/decisions/0011)."""
    await tx.run(_REPLAY(the_id=method_id))


async def find(tx: Tx, account_id: int, method_id: str) -> Row | None:
    """Return a way to pay of an account."""
    return await tx.one(_FIND(id=method_id, account_id=account_id))


async def by_key(tx: Tx, account_id: int, route: str, key: str) -> Row | None:
    """Return the way to pay that a key made."""
    return await tx.one(_BY_KEY(account_id=account_id, route=route, key=key))


async def kept(tx: Tx, account_id: int) -> list[Row]:
    """Return the ways to pay an account keeps, newest first."""
    return await tx.all(_KEPT(account_id=account_id))
