"""Statements about mail that waits. Who may send a letter is decided by the row an UPDATE finds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, or_, select, update

from holdfast.accounts.credentials_api import Facts, MailKind
from holdfast.accounts.models.accounts import account
from holdfast.accounts.models.credentials import MAX_WHY, mail
from holdfast.kit.db.database import Tx
from holdfast.kit.db.statements import adding, statement
from holdfast.kit.db.types import Json, Moment, Whole

_ADD = adding(mail)
_DUE = statement(
    select(
        mail.c.id, mail.c.kind, mail.c.account_id, mail.c.email_key, mail.c.facts, mail.c.created_at, mail.c.attempts
    )
    .where(mail.c.next_attempt_at <= bindparam("now", type_=Moment()))
    .order_by(mail.c.next_attempt_at, mail.c.id)
    .limit(bindparam("limit"))
)
# Of two processes that saw the same row, one finds it as it was; the other finds that it was tried since.
_CLAIM = statement(
    update(mail)
    .where(
        mail.c.id == bindparam("of_id"),
        mail.c.attempts == bindparam("seen", type_=Whole()),
        mail.c.next_attempt_at <= bindparam("now", type_=Moment()),
    )
    .values(attempts=mail.c.attempts + 1, next_attempt_at=bindparam("until", type_=Moment()))
)
_WAITS = (mail.c.id == bindparam("of_id"), mail.c.next_attempt_at.is_not(None))
_END = statement(
    update(mail)
    .where(*_WAITS)
    .values(
        next_attempt_at=None,
        sent_at=bindparam("sent_at", type_=Moment()),
        given_up_at=bindparam("given_up_at", type_=Moment()),
        given_up_why=bindparam("why"),
        # What was said and where it went is nobody's business any more.
        email_key=None,
        facts=bindparam("nothing", type_=Json()),
    )
)
_DEFER = statement(update(mail).where(*_WAITS).values(next_attempt_at=bindparam("next", type_=Moment())))
_FORGET = statement(
    delete(mail).where(
        or_(
            mail.c.sent_at < bindparam("before", type_=Moment()),
            mail.c.given_up_at < bindparam("before", type_=Moment()),
        )
    )
)
_BOUNCED = statement(
    update(account)
    .where(account.c.id == bindparam("of_id"), account.c.email_key == bindparam("to"))
    .values(email_bounced_at=bindparam("now", type_=Moment()))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One letter that waits, or is being sent."""

    id: str
    kind: MailKind
    account_id: int | None
    email_key: str | None
    """Where the account's own address is not meant."""
    facts: Facts
    created_at: datetime
    attempts: int = 0
    """How often it was tried before."""


async def add(tx: Tx, new: Mail) -> None:
    """Let a letter wait; it may be sent from `created_at` on."""
    await tx.run(
        _ADD(
            id=new.id,
            kind=new.kind,
            account_id=new.account_id,
            email_key=new.email_key,
            facts=dict(new.facts),
            created_at=new.created_at,
            attempts=0,
            next_attempt_at=new.created_at,
            sent_at=None,
            given_up_at=None,
            given_up_why=None,
        )
    )


async def due(tx: Tx, *, limit: int) -> list[Mail]:
    """Return letters whose time has come, the longest waiting first."""
    return [_mail(row) for row in await tx.all(_DUE(now=await tx.now(), limit=limit))]


async def claim(tx: Tx, waiting: Sequence[Mail], *, until: datetime) -> list[Mail]:
    """Return those that nobody else took since they were read; nobody else takes them before `until`."""
    now = await tx.now()
    return [
        each for each in waiting if await tx.run(_CLAIM(of_id=each.id, seen=each.attempts, now=now, until=until)) == 1
    ]


async def end_sent(tx: Tx, *, mail_id: str) -> None:
    """Note that a letter was handed over, and forget what it said."""
    await tx.run(_END(of_id=mail_id, sent_at=await tx.now(), given_up_at=None, why=None, nothing={}))


async def give_up(tx: Tx, *, mail_id: str, why: str) -> None:
    """Note that a letter will not be sent, and forget what it said."""
    now = await tx.now()
    await tx.run(_END(of_id=mail_id, sent_at=None, given_up_at=now, why=why[:MAX_WHY], nothing={}))


async def defer(tx: Tx, *, mail_id: str, until: datetime) -> None:
    """Let a letter wait again."""
    await tx.run(_DEFER(of_id=mail_id, next=until))


async def mark_bounced(tx: Tx, *, account_id: int, email_key: str) -> None:
    """Note that there is no such mailbox, if it is still the account's."""
    await tx.run(_BOUNCED(of_id=account_id, to=email_key, now=await tx.now()))


async def forget(tx: Tx, *, before: datetime) -> int:
    """Delete letters that ended before an instant; return how many."""
    return await tx.run(_FORGET(before=before))


def _mail(row: Any) -> Mail:
    return Mail(
        id=row.id,
        kind=row.kind,
        account_id=row.account_id,
        email_key=row.email_key,
        facts=row.facts,
        created_at=row.created_at,
        attempts=row.attempts,
    )
