"""Consents, addresses that want no offers, and restrictions."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import bindparam, delete, func, select

from holdfast.accounts.models.accounts import account
from holdfast.accounts.models.privacy import consent, restriction, suppression
from holdfast.accounts.privacy_api import Consent, ConsentHow, ConsentPurpose
from holdfast.kit.db.database import Tx
from holdfast.kit.db.statements import Row, db_now, rows, statement, upsert
from holdfast.kit.db.types import Flag, Text, Whole

_GIVEN: Final = rows(
    "given",
    account_id=Whole(),
    purpose=Text(32),
    granted=Flag(),
    text_version=Text(40),
    how=Text(32),
)
_ADD = statement(consent.insert().from_select([*_GIVEN.kinds, "at"], select(*_GIVEN.c, db_now())))
_HISTORY = statement(
    select(consent).where(consent.c.account_id == bindparam("account_id", type_=Whole())).order_by(consent.c.id)
)
_REFUSED: Final = rows("refused", digest=Text(64), purpose=Text(32))
_SUPPRESS = upsert(
    suppression,
    select(_REFUSED.c.digest, _REFUSED.c.purpose, db_now()),
    columns=["digest", "purpose", "at"],
    key=["digest", "purpose"],
    update=lambda proposed: {"at": proposed["at"]},
)
_IS_SUPPRESSED = statement(
    select(func.max(suppression.c.at, type_=suppression.c.at.type).label("at")).where(
        suppression.c.digest.in_(select(_REFUSED.c.digest)), suppression.c.purpose.in_(select(_REFUSED.c.purpose))
    )
)
_RESTRICTED: Final = rows("restricted", account_id=Whole())
_RESTRICT = upsert(
    restriction,
    select(_RESTRICTED.c.account_id, db_now()),
    columns=["account_id", "at"],
    key=["account_id"],
    update=lambda _: {},
)
_LIFT = statement(delete(restriction).where(restriction.c.account_id == bindparam("the_account", type_=Whole())))
_IS_RESTRICTED = statement(
    select(restriction.c.at).where(restriction.c.account_id == bindparam("account_id", type_=Whole()))
)
_ALL_RESTRICTED = statement(select(restriction.c.account_id).order_by(restriction.c.account_id))
_ADDRESS = statement(
    select(account.c.email_key, account.c.created_at).where(account.c.id == bindparam("id", type_=Whole()))
)


async def add(tx: Tx, *, account_id: int, said: Consent) -> None:
    """Append what somebody said of a purpose."""
    given = (account_id, said.purpose, said.granted, said.text_version, said.how or ConsentHow.ACCOUNT)
    await tx.run(_ADD(given=[given]))


async def history(tx: Tx, *, account_id: int) -> Sequence[Consent]:
    """Return everything somebody said, oldest first."""
    return [
        Consent(purpose=row.purpose, granted=row.granted, text_version=row.text_version, how=row.how, at=row.at)
        for row in await tx.all(_HISTORY(account_id=account_id))
    ]


async def suppress(tx: Tx, *, digest: str, purpose: ConsentPurpose) -> None:
    """Note that an address wants none of this."""
    await tx.run(_SUPPRESS(refused=[(digest, purpose)]))


async def suppressed_at(tx: Tx, *, digests: Sequence[str], purposes: Sequence[ConsentPurpose]) -> Row | None:
    """Return when an address said no last, by any of its digests; its `at` is None if it never did."""
    pairs = [(digest, purpose) for digest in digests for purpose in purposes]
    return await tx.one(_IS_SUPPRESSED(refused=pairs))


async def restrict(tx: Tx, *, account_id: int, restricted: bool) -> None:
    """Restrict the use of somebody's data, or lift that."""
    call = _RESTRICT(restricted=[(account_id,)]) if restricted else _LIFT(the_account=account_id)
    await tx.run(call)


async def is_restricted(tx: Tx, *, account_id: int) -> bool:
    """Return whether use is restricted."""
    return await tx.one(_IS_RESTRICTED(account_id=account_id)) is not None


async def restricted(tx: Tx) -> Sequence[int]:
    """Return all restricted accounts."""
    return [row.account_id for row in await tx.all(_ALL_RESTRICTED())]


async def address_of(tx: Tx, *, account_id: int) -> Row | None:
    """Return the canonical address of an account and when it was made."""
    return await tx.one(_ADDRESS(id=account_id))
