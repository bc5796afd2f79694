"""Erasures as accounts keeps them. Who carries them out over all modules is `holdfast.app.privacy`."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import structlog
from typing_extensions import override

from holdfast.accounts.events import AccountErased
from holdfast.accounts.models.activity import activity
from holdfast.accounts.models.privacy import outbox
from holdfast.accounts.privacy_api import AskedBy, Erasure, ErasureBegun, ErasuresApi, ErasureState, ErasureUnderWay
from holdfast.accounts.service.acts import note
from holdfast.accounts.service.alarms import alarm
from holdfast.accounts.store import erasures as store
from holdfast.kit.activity.acts import Act
from holdfast.kit.clock import Clock
from holdfast.kit.db.database import Database, Tx
from holdfast.kit.db.errors import UniqueViolation
from holdfast.kit.db.statements import Row
from holdfast.kit.errors import NotFound
from holdfast.kit.ids import new_id
from holdfast.kit.privacy import Obstacle

log = structlog.get_logger()

_NAMED_MOST: Final = 3
_NOT_YET: Final = "Your account is not erased yet"

EndSessions = Callable[[Tx, int], Awaitable[None]]


class Erasures(ErasuresApi):
    """Answers `ErasuresApi`."""

    def __init__(self, *, db: Database, clock: Clock, end_sessions: EndSessions) -> None:
        self._db = db
        self._clock = clock
        self._end_sessions = end_sessions

    @override
    async def ask(self, *, account_id: int, cool_off_s: int, asked_by: AskedBy = AskedBy.PERSON) -> Erasure:
        erasure_id = new_id("ers", self._clock)

        async def work(tx: Tx) -> Erasure:
            if not await store.account_exists(tx, account_id=account_id):
                raise NotFound("There is no such account.")
            planned = await store.newest_of(tx, account_id=account_id)
            if planned is not None:
                raise ErasureUnderWay(extra={"due_at": planned.due_at.isoformat()})
            await store.add(tx, erasure_id=erasure_id, account_id=account_id, asked_by=asked_by, cool_off_s=cool_off_s)
            # Whoever wants to keep the account has to show once more that it is theirs.
            await self._end_sessions(tx, account_id)
            erasure = await store.shown(tx, await _found(tx, erasure_id))
            await self._tell(tx, erasure)
            return erasure

        try:
            erasure = await self._db.write(work)
        except UniqueViolation as other:
            raise ErasureUnderWay from other
        log.info("erasure.asked", account_id=account_id, erasure_id=erasure_id)
        return erasure

    async def _tell(self, tx: Tx, erasure: Erasure) -> None:
        """Note that an erasure is planned, and write to whose account it is while they can still keep it."""
        act = Act(
            kind="erasure.asked",
            object_kind="account",
            object_id=erasure.account_id,
            subject_id=erasure.account_id,
            details={"erasure": erasure.id, "by": erasure.asked_by.value},
        )
        if erasure.due_at <= erasure.asked_at:
            await activity.note(tx, act)
            return
        what = (
            f"Your account is to be erased on {erasure.due_at:%Y-%m-%d at %H:%M} UTC. "
            "If you would rather keep it, log in before then and say so."
        )
        await alarm(tx, self._clock, act, facts={"what": what})

    @override
    async def of(self, *, account_id: int) -> Erasure | None:
        async def work(tx: Tx) -> Erasure | None:
            row = await store.newest_of(tx, account_id=account_id)
            return None if row is None else await store.shown(tx, row)

        return await self._db.read(work)

    @override
    async def cancel(self, *, account_id: int) -> Erasure:
        async def work(tx: Tx) -> Erasure:
            row = await _planned(tx, account_id)
            if row.state is not ErasureState.WAITING:
                raise ErasureBegun
            if not await store.end(tx, row=row, state=ErasureState.CANCELED, remains=None):
                raise ErasureBegun
            await note(tx, "erasure.canceled", account_id, erasure=row.id)
            return await store.shown(tx, await _found(tx, row.id))

        erasure = await self._db.write(work)
        log.info("erasure.canceled", account_id=account_id, erasure_id=erasure.id)
        return erasure

    @override
    async def hurry(self, *, account_id: int) -> Erasure:
        async def work(tx: Tx) -> Erasure:
            row = await _planned(tx, account_id)
            await store.hurry(tx, erasure_id=row.id)
            return await store.shown(tx, await _found(tx, row.id))

        return await self._db.write(work)

    @override
    async def due(self, *, limit: int = 100) -> Sequence[Erasure]:
        async def work(tx: Tx) -> Sequence[Erasure]:
            return [await store.shown(tx, row) for row in await store.due(tx, limit=limit)]

        return await self._db.read(work)

    @override
    async def waits(self, *, erasure_id: str, obstacles: Sequence[Obstacle]) -> bool:
        async def work(tx: Tx) -> bool:
            if not await store.tell(tx, erasure_id=erasure_id):
                return False
            row = await _found(tx, erasure_id)
            act = Act(
                kind="erasure.waits",
                object_kind="account",
                object_id=row.account_id,
                subject_id=row.account_id,
                details={"erasure": erasure_id},
            )
            await alarm(tx, self._clock, act, facts={"subject": _NOT_YET, "text": _what_stands(obstacles)})
            return True

        return await self._db.write(work)

    @override
    async def begin(self, *, erasure_id: str) -> bool:
        async def work(tx: Tx) -> bool:
            if await store.begin(tx, erasure_id=erasure_id):
                return True
            row = await store.find(tx, erasure_id=erasure_id)
            return row is not None and row.state is ErasureState.RUNNING

        return await self._db.write(work)

    @override
    async def step_done(self, *, erasure_id: str, module: str, rows: int) -> None:
        await self._db.write(lambda tx: store.add_step(tx, erasure_id=erasure_id, module=module, changed=rows))

    @override
    async def finish(self, *, erasure_id: str, remains: str) -> Erasure:
        async def work(tx: Tx) -> Erasure:
            row = await _found(tx, erasure_id)
            if row.state is ErasureState.RUNNING and await store.end(
                tx, row=row, state=ErasureState.DONE, remains=remains or None
            ):
                erased = await store.shown(tx, await _found(tx, erasure_id))
                await note(tx, "erasure.done", row.account_id, erasure=erasure_id)
                await outbox.publish(tx, self._db.dialect, [AccountErased(account_id=row.account_id)])
                return erased
            return await store.shown(tx, row)

        erasure = await self._db.write(work)
        outbox.nudge()
        log.info("erasure.done", account_id=erasure.account_id, erasure_id=erasure_id)
        return erasure

    @override
    async def recent(self, *, limit: int = 100) -> Sequence[Erasure]:
        async def work(tx: Tx) -> Sequence[Erasure]:
            return [await store.shown(tx, row) for row in await store.recent(tx, limit=limit)]

        return await self._db.read(work)


def _what_stands(obstacles: Sequence[Obstacle]) -> str:
    named = ", ".join(_named(each) for each in obstacles[:_NAMED_MOST])
    more = ", and more" if len(obstacles) > _NAMED_MOST else ""
    return (
        f"Your account was to be erased by now, but this stands in the way: {named}{more}. It is erased by itself once "
        "nothing does. Log in to see to it sooner, or to keep the account."
    )


def _named(obstacle: Obstacle) -> str:
    until = "" if obstacle.until is None else f" until {obstacle.until:%Y-%m-%d}"
    return f"{obstacle.what} {obstacle.reference} ({obstacle.title}){until}"


async def _planned(tx: Tx, account_id: int) -> Row:
    row = await store.open_of(tx, account_id=account_id)
    if row is None:
        raise NotFound("No erasure is planned.")
    return row


async def _found(tx: Tx, erasure_id: str) -> Row:
    row = await store.find(tx, erasure_id=erasure_id)
    if row is None:
        raise NotFound("There is no such erasure.")
    return row
