"""Versions of the policy."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, select, true

from holdfast.accounts.models.privacy import notice, policy
from holdfast.accounts.privacy_api import PolicyVersion
from holdfast.kit.db.database import Tx
from holdfast.kit.db.statements import Row, db_now, rows, statement, upsert
from holdfast.kit.db.types import Json, Moment, Text, Whole

_NEW: Final = rows("new_policies", version=Text(40), document=Json())
# A version that comes back, as after a rollback, is in effect from then on.
_TAKE_EFFECT = upsert(
    policy,
    select(_NEW.c.version, _NEW.c.document, db_now()),
    columns=["version", "document", "since"],
    key=["version"],
    update=lambda proposed: {"since": proposed["since"]},
)
_FIND = statement(select(policy).where(policy.c.version == bindparam("version", type_=Text(40))))
_NEWEST = statement(select(policy.c.version, policy.c.since).order_by(policy.c.since.desc()).limit(1))
_AT = statement(
    select(policy).where(policy.c.since <= bindparam("moment", type_=Moment())).order_by(policy.c.since.desc()).limit(1)
)
_ALL = statement(select(policy.c.version, policy.c.since).order_by(policy.c.since.desc()))


_NOTED: Final = rows("noted", account_id=Whole(), form=Text(32))
_NOTICE = statement(
    notice.insert().from_select(
        ["account_id", "form", "version", "at"],
        select(_NOTED.c.account_id, _NOTED.c.form, policy.c.version, db_now())
        .join_from(_NOTED, policy, true())
        .order_by(policy.c.since.desc())
        .limit(1),
    )
)


async def note_notice(tx: Tx, *, account_id: int, form: str) -> None:
    """Note under which version somebody gave their data; before there was any, nothing."""
    await tx.run(_NOTICE(noted=[(account_id, form)]))


async def take_effect(tx: Tx, *, version: str, document: Mapping[str, Any]) -> None:
    """Note that a version is in effect from now on, unless it is the newest already."""
    newest = await tx.one(_NEWEST())
    if newest is None or newest.version != version:
        await tx.run(_TAKE_EFFECT(new_policies=[(version, dict(document))]))


async def find(tx: Tx, *, version: str) -> Row | None:
    """Return a version."""
    return await tx.one(_FIND(version=version))


async def at(tx: Tx, *, moment: datetime) -> Row | None:
    """Return the version that was in effect at a moment."""
    return await tx.one(_AT(moment=moment))


async def versions(tx: Tx) -> Sequence[PolicyVersion]:
    """Return all versions, newest first, without their documents."""
    return [PolicyVersion(version=row.version, since=row.since, document={}) for row in await tx.all(_ALL())]


def shown(row: Row) -> PolicyVersion:
    """Return a version as others see it."""
    return PolicyVersion(version=row.version, since=row.since, document=row.document)
