"""Idempotency keys: which answers were given, in the same transaction as what they tell of."""

from collections.abc import Collection

from sqlalchemy import and_, delete, select, update

from holdfast.booking.models import key
from holdfast.kit.db.database import Tx
from holdfast.kit.db.statements import Row, db_now, rows, statement
from holdfast.kit.db.types import Text, Whole

Scope = tuple[int, str, str]
"""Account, route and key."""

_SCOPES = rows("scopes", account_id=Whole(), route=Text(120), key=Text(255))
_SAME = and_(key.c.account_id == _SCOPES.c.account_id, key.c.route == _SCOPES.c.route, key.c.key == _SCOPES.c.key)
_FIND = statement(select(key).select_from(_SCOPES).join(key, _SAME))
_REPLAY = statement(update(key).values(replays=key.c.replays + 1).where(_SAME))
_FORGET = statement(delete(key).where(key.c.at < db_now(plus="age_s")))


async def find(tx: Tx, scopes: Collection[Scope]) -> dict[Scope, Row]:
    """Return the answers that were given before."""
    if not scopes:
        return {}
    found = await tx.all(_FIND(scopes=sorted(scopes)))
    return {(row.account_id, row.route, row.key): row for row in found}


async def count_replays(tx: Tx, scopes: Collection[Scope]) -> None:
    """Note that answers are given again.

    This write is what makes a replay wait for the standby that the first answer may not have reached yet: an answer
    that is only read could acknowledge what a failover then loses (docs/decisions/0011).
    """
    if scopes:
        await tx.run(_REPLAY(scopes=sorted(scopes)))


async def forget(tx: Tx, *, older_than_s: int) -> int:
    """Delete answers given that long ago; return how many."""
    return await tx.run(_FORGET(age_s=-older_than_s))
