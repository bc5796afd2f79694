"""Requests that a person answers, disclosures by hand, and breaches."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import bindparam, func, select, update

from holdfast.accounts.models.accounts import account
from holdfast.accounts.models.privacy import CONTACT_MAX, breach, breach_person, case_, disclosure
from holdfast.accounts.privacy_api import (
    ABOUT_MAX,
    SAYS_MAX,
    Breach,
    BreachPerson,
    Case,
    CaseKind,
    CaseState,
    NewCase,
)
from holdfast.kit.db.database import Tx
from holdfast.kit.db.statements import Row, db_now, rows, statement, upsert
from holdfast.kit.db.types import Count, Flag, Json, Text, Whole
from holdfast.kit.privacy import Disclosure, Kind, Purpose

_ID: Final = Text(40)
_DAY_S: Final = 86_400

# ----------------------------------------------------------------------------------------------------------- requests

_NEW: Final = rows(
    "new_cases",
    id=_ID,
    kind=Text(32),
    account_id=Whole(),
    about=Text(ABOUT_MAX),
    says=Text(SAYS_MAX),
    contact=Text(CONTACT_MAX),
    state=Text(32),
)
_ADD = statement(
    case_.insert().from_select(
        [*_NEW.kinds, "opened_at", "answer_by"], select(*_NEW.c, db_now(), db_now(plus="answer_s"))
    )
)
_FIND = statement(select(case_).where(case_.c.id == bindparam("id", type_=_ID)))
_OF = statement(
    select(case_).where(case_.c.account_id == bindparam("account_id", type_=Whole())).order_by(case_.c.id.desc())
)
_WAITING = statement(
    select(case_)
    .where(case_.c.state == CaseState.OPEN)
    .order_by(case_.c.answer_by, case_.c.id)
    .limit(bindparam("limit"))
)
_DECIDE = statement(
    update(case_)
    .values(
        state=bindparam("to", type_=Text(32)),
        answer=bindparam("its_answer", type_=Text(SAYS_MAX)),
        decided_by=bindparam("by", type_=Whole()),
        decided_at=db_now(),
    )
    .where(case_.c.id == bindparam("the_id", type_=_ID), case_.c.state == CaseState.OPEN)
)
_ATTACH = statement(
    update(case_)
    .values(statement=bindparam("its_statement", type_=Text(SAYS_MAX)))
    .where(case_.c.id == bindparam("the_id", type_=_ID))
)


async def add(tx: Tx, *, case_id: str, new: NewCase, answer_days: int) -> None:
    """Note a request."""
    row = (case_id, new.kind, new.account_id, new.about, new.says, new.contact, CaseState.OPEN)
    await tx.run(_ADD(new_cases=[row], answer_s=answer_days * _DAY_S))


async def find(tx: Tx, *, case_id: str) -> Row | None:
    """Return a request."""
    return await tx.one(_FIND(id=case_id))


async def of(tx: Tx, *, account_id: int) -> Sequence[Row]:
    """Return the requests of an account, newest first."""
    return await tx.all(_OF(account_id=account_id))


async def waiting(tx: Tx, *, limit: int) -> Sequence[Row]:
    """Return open requests, those due first."""
    return await tx.all(_WAITING(limit=limit))


async def decide(tx: Tx, *, case_id: str, state: CaseState, answer: str, decided_by: int | None) -> bool:
    """Answer an open request; return whether it was open."""
    return await tx.run(_DECIDE(the_id=case_id, to=state, its_answer=answer, by=decided_by)) == 1


async def attach(tx: Tx, *, case_id: str, statement: str) -> None:
    """Attach a statement."""
    await tx.run(_ATTACH(the_id=case_id, its_statement=statement))


def shown(row: Row) -> Case:
    """Return a request as others see it."""
    return Case(
        id=row.id,
        kind=CaseKind(row.kind),
        account_id=row.account_id,
        about=row.about,
        says=row.says,
        contact=row.contact,
        state=row.state,
        opened_at=row.opened_at,
        answer_by=row.answer_by,
        decided_at=row.decided_at,
        answer=row.answer,
        statement=row.statement,
    )


# -------------------------------------------------------------------------------------------------------- disclosures

_GIVEN: Final = rows("given", account_id=Whole(), recipient=Text(100), kinds=Json(), purpose=Text(32), about=Text(200))
_DISCLOSE = statement(disclosure.insert().from_select([*_GIVEN.kinds, "at"], select(*_GIVEN.c, db_now())))
_DISCLOSED = statement(
    select(disclosure)
    .where(disclosure.c.account_id == bindparam("account_id", type_=Whole()))
    .order_by(disclosure.c.id.desc())
)


async def disclose(tx: Tx, given: Sequence[tuple[int, Disclosure]]) -> None:
    """Note what was given to whom, each with its account."""
    await tx.run(
        _DISCLOSE(
            given=[
                (account_id, each.recipient, sorted(each.kinds), each.purpose, each.about) for account_id, each in given
            ]
        )
    )


async def disclosed(tx: Tx, *, account_id: int) -> Sequence[Disclosure]:
    """Return what was given by hand, newest first."""
    return [
        Disclosure(
            recipient=row.recipient,
            kinds=tuple(Kind(each) for each in row.kinds),
            purpose=Purpose(row.purpose),
            about=row.about,
            at=row.at,
        )
        for row in await tx.all(_DISCLOSED(account_id=account_id))
    ]


# ----------------------------------------------------------------------------------------------------------- breaches

_NEW_BREACH: Final = rows("new_breaches", id=_ID, title=Text(200), what=Text(SAYS_MAX), kinds=Json())
_OPEN = statement(
    breach.insert().from_select(
        [*_NEW_BREACH.kinds, "opened_at", "assess_by"], select(*_NEW_BREACH.c, db_now(), db_now(plus="assess_s"))
    )
)
_COUNTED = (
    select(func.count(type_=Count()))
    .where(breach_person.c.breach_id == breach.c.id)
    .select_from(breach_person)
    .correlate(breach)
    .scalar_subquery()
    .label("people")
)
_FIND_BREACH = statement(select(breach, _COUNTED).where(breach.c.id == bindparam("id", type_=_ID)))
_BREACHES = statement(select(breach, _COUNTED).order_by(breach.c.opened_at.desc()).limit(bindparam("limit")))
_ASSESS = statement(
    update(breach)
    .values(
        serious=bindparam("is_serious", type_=Flag()),
        reasons=bindparam("its_reasons", type_=Text(SAYS_MAX)),
        assessed_at=db_now(),
    )
    .where(breach.c.id == bindparam("the_id", type_=_ID), breach.c.assessed_at.is_(None))
)
_NOTIFY = statement(
    update(breach)
    .values(notified_at=db_now())
    .where(
        breach.c.id == bindparam("the_id", type_=_ID),
        breach.c.serious == bindparam("is_serious", type_=Flag()),
        breach.c.notified_at.is_(None),
    )
)
_CONCERNED: Final = rows("concerned", breach_id=_ID, account_id=Whole(), kinds=Json())
_ADD_PEOPLE = upsert(
    breach_person,
    select(*_CONCERNED.c),
    columns=list(_CONCERNED.kinds),
    key=["breach_id", "account_id"],
    update=lambda _: {},
)
_PEOPLE = statement(
    select(breach_person.c.account_id, breach_person.c.kinds, account.c.email)
    .select_from(breach_person)
    .outerjoin(account, account.c.id == breach_person.c.account_id)
    .where(
        breach_person.c.breach_id == bindparam("breach_id", type_=_ID),
        breach_person.c.account_id > bindparam("after", type_=Whole()),
    )
    .order_by(breach_person.c.account_id)
    .limit(bindparam("limit"))
)


async def open_breach(tx: Tx, *, values: tuple[str, str, str, Collection[Kind]], assess_days: int) -> None:
    """Note a suspicion: id, title, what happened, kinds of data."""
    breach_id, title, what, kinds = values
    await tx.run(_OPEN(new_breaches=[(breach_id, title, what, sorted(kinds))], assess_s=assess_days * _DAY_S))


async def find_breach(tx: Tx, *, breach_id: str) -> Row | None:
    """Return a breach and how many are concerned."""
    return await tx.one(_FIND_BREACH(id=breach_id))


async def breaches(tx: Tx, *, limit: int) -> Sequence[Row]:
    """Return breaches, newest first."""
    return await tx.all(_BREACHES(limit=limit))


async def assess(tx: Tx, *, breach_id: str, serious: bool, reasons: str) -> bool:
    """Note what the assessment found; return whether it was the first."""
    return await tx.run(_ASSESS(the_id=breach_id, is_serious=serious, its_reasons=reasons)) == 1


async def notify(tx: Tx, *, breach_id: str) -> bool:
    """Note that people are told; return whether that was the next step."""
    return await tx.run(_NOTIFY(the_id=breach_id, is_serious=True)) == 1


async def add_people(tx: Tx, *, breach_id: str, people: Mapping[int, Collection[Kind]]) -> None:
    """Note who is concerned; who is noted already stays as noted."""
    await tx.run(
        _ADD_PEOPLE(concerned=[(breach_id, account_id, sorted(kinds)) for account_id, kinds in sorted(people.items())])
    )


async def people(tx: Tx, *, breach_id: str, after: int, limit: int) -> Sequence[BreachPerson]:
    """Return who is concerned, in order of account numbers."""
    return [
        BreachPerson(
            account_id=row.account_id,
            kinds=tuple(Kind(each) for each in row.kinds),
            email=row.email if row.email and "@" in row.email else None,
        )
        for row in await tx.all(_PEOPLE(breach_id=breach_id, after=after, limit=limit))
    ]


def shown_breach(row: Any) -> Breach:
    """Return a breach as others see it."""
    return Breach(
        id=row.id,
        title=row.title,
        what=row.what,
        kinds=tuple(Kind(each) for each in row.kinds),
        opened_at=row.opened_at,
        assess_by=row.assess_by,
        assessed_at=row.assessed_at,
        serious=row.serious,
        reasons=row.reasons,
        notified_at=row.notified_at,
        people=row.people,
    )
