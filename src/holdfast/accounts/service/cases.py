"""Requests that a person answers, and breaches. The rules are told in `privacy_api`."""

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Final

import structlog
from typing_extensions import override

from holdfast.accounts.events import AccountCorrected
from holdfast.accounts.models.privacy import outbox
from holdfast.accounts.privacy_api import (
    ANSWER_DAYS,
    ASSESS_DAYS,
    Breach,
    BreachesApi,
    BreachOutOfOrder,
    BreachPerson,
    Case,
    CaseDecided,
    CaseKind,
    CaseOpen,
    CasesApi,
    CaseState,
    NewCase,
)
from holdfast.accounts.store import cases as store
from holdfast.kit.clock import Clock
from holdfast.kit.db.database import Database, Tx
from holdfast.kit.db.statements import Row
from holdfast.kit.errors import NotFound
from holdfast.kit.ids import new_id
from holdfast.kit.privacy import Kind

log = structlog.get_logger()

_PEOPLE_AT_ONCE: Final = 1_000


class Cases(CasesApi):
    """Answers `CasesApi`."""

    def __init__(self, *, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    @override
    async def open(self, new: NewCase) -> Case:
        case_id = new_id("case", self._clock)

        async def work(tx: Tx) -> Case:
            await store.add(tx, case_id=case_id, new=new, answer_days=ANSWER_DAYS)
            return store.shown(await _case(tx, case_id))

        case = await self._db.write(work)
        log.info("privacy.asked", case_id=case_id, kind=new.kind.value, account_id=new.account_id)
        return case

    @override
    async def of(self, *, account_id: int, kind: CaseKind | None = None) -> Sequence[Case]:
        found = await self._db.read(lambda tx: store.of(tx, account_id=account_id))
        return [store.shown(row) for row in found if kind is None or row.kind == kind]

    @override
    async def waiting(self, *, kind: CaseKind | None = None, limit: int = 100) -> Sequence[Case]:
        found = await self._db.read(lambda tx: store.waiting(tx, limit=limit))
        return [store.shown(row) for row in found if kind is None or row.kind == kind]

    @override
    async def decide(self, *, case_id: str, accepted: bool, answer: str, decided_by: int | None) -> Case:
        state = CaseState.ACCEPTED if accepted else CaseState.REFUSED

        async def work(tx: Tx) -> Case:
            row = await _case(tx, case_id)
            if not await store.decide(tx, case_id=case_id, state=state, answer=answer, decided_by=decided_by):
                raise CaseDecided
            decided = store.shown(await _case(tx, case_id))
            if accepted and row.kind == CaseKind.CORRECTION and row.account_id is not None:
                told = AccountCorrected(account_id=row.account_id, what=row.about)
                await outbox.publish(tx, self._db.dialect, [told])
            return decided

        case = await self._db.write(work)
        outbox.nudge()
        log.info("privacy.answered", case_id=case_id, state=state.value)
        return case

    @override
    async def attach(self, *, account_id: int, case_id: str, statement: str) -> Case:
        async def work(tx: Tx) -> Case:
            row = await _case(tx, case_id)
            if row.account_id != account_id:
                raise NotFound("There is no such request.")
            if row.state is not CaseState.REFUSED:
                raise CaseOpen
            await store.attach(tx, case_id=case_id, statement=statement)
            return store.shown(await _case(tx, case_id))

        return await self._db.write(work)


async def _case(tx: Tx, case_id: str) -> Row:
    row = await store.find(tx, case_id=case_id)
    if row is None:
        raise NotFound("There is no such request.")
    return row


class Breaches(BreachesApi):
    """Answers `BreachesApi`."""

    def __init__(self, *, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    @override
    async def open(self, *, title: str, what: str, kinds: Collection[Kind]) -> Breach:
        breach_id = new_id("brc", self._clock)

        async def work(tx: Tx) -> Breach:
            await store.open_breach(tx, values=(breach_id, title, what, kinds), assess_days=ASSESS_DAYS)
            return store.shown_breach(await _breach(tx, breach_id))

        breach = await self._db.write(work)
        log.warning("breach.opened", breach_id=breach_id)
        return breach

    @override
    async def add_people(self, *, breach_id: str, people: Mapping[int, Collection[Kind]]) -> int:
        async def count(tx: Tx) -> int:
            found: int = (await _breach(tx, breach_id)).people
            return found

        before = await self._db.read(count)
        for some in _portions(people):
            await self._db.write(partial(store.add_people, breach_id=breach_id, people=some))
        return await self._db.read(count) - before

    @override
    async def assess(self, *, breach_id: str, serious: bool, reasons: str) -> Breach:
        async def work(tx: Tx) -> Breach:
            await _breach(tx, breach_id)
            if not await store.assess(tx, breach_id=breach_id, serious=serious, reasons=reasons):
                raise BreachOutOfOrder("It was assessed already.")
            return store.shown_breach(await _breach(tx, breach_id))

        breach = await self._db.write(work)
        log.warning("breach.assessed", breach_id=breach_id, serious=serious)
        return breach

    @override
    async def notify(self, *, breach_id: str) -> Breach:
        async def work(tx: Tx) -> Breach:
            await _breach(tx, breach_id)
            if not await store.notify(tx, breach_id=breach_id):
                raise BreachOutOfOrder("Assess it first; people are told once, of what is serious.")
            return store.shown_breach(await _breach(tx, breach_id))

        breach = await self._db.write(work)
        log.warning("breach.notified", breach_id=breach_id, people=breach.people)
        return breach

    @override
    async def all(self, *, limit: int = 100) -> Sequence[Breach]:
        return [store.shown_breach(row) for row in await self._db.read(lambda tx: store.breaches(tx, limit=limit))]

    @override
    async def people(self, *, breach_id: str, after: int = 0, limit: int = 1000) -> Sequence[BreachPerson]:
        async def work(tx: Tx) -> Sequence[BreachPerson]:
            await _breach(tx, breach_id)
            return await store.people(tx, breach_id=breach_id, after=after, limit=limit)

        return await self._db.read(work)


def _portions(people: Mapping[int, Collection[Kind]]) -> list[dict[int, Collection[Kind]]]:
    items = sorted(people.items(), key=lambda each: each[0])
    return [dict(items[start : start + _PEOPLE_AT_ONCE]) for start in range(0, len(items), _PEOPLE_AT_ONCE)]


async def _breach(tx: Tx, breach_id: str) -> Row:
    row = await store.find_breach(tx, breach_id=breach_id)
    if row is None:
        raise NotFound("There is no such breach.")
    return row
