"""The service of sagas: notes what has to be carried out, lets DBOS carry it out, writes down what came of it."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Final

import structlog

from holdfast.booking.api import BookingApi
from holdfast.kit.activity.acts import Act
from holdfast.kit.clock import Clock
from holdfast.kit.db.database import Database, Tx
from holdfast.kit.errors import HoldfastError, NotFound
from holdfast.kit.outbox import Finish
from holdfast.payments.api import PaymentsApi
from holdfast.sagas.api import JourneyRun, JourneyState, JourneyStep, NotRetryable
from holdfast.sagas.cancel_booking import cancel_booking
from holdfast.sagas.change_booking import change_booking
from holdfast.sagas.charge_fee import charge_fee
from holdfast.sagas.expire_hold import expire_hold
from holdfast.sagas.journey import Ending, Journey, RunStep, Saga, travel
from holdfast.sagas.late_payment import late_payment
from holdfast.sagas.models import activity
from holdfast.sagas.place_booking import place_booking
from holdfast.sagas.runtime import Runtime, workflow_id
from holdfast.sagas.settings import SagasSettings
from holdfast.sagas.store import executors, journal, journeys

log = structlog.get_logger()

SAGAS: Final = MappingProxyType[str, Saga](
    {
        "place_booking": place_booking,
        "cancel_booking": cancel_booking,
        "change_booking": change_booking,
        "late_payment": late_payment,
        "expire_hold": expire_hold,
        "charge_fee": charge_fee,
    }
)
"""Every saga by name. A name is kept in journals for ever."""

Due = tuple[str, str, dict[str, Any]]
"""Id, saga and args of a journey."""

_AT_ONCE: Final = 500
"""Journeys under way in one process at most; others wait their turn."""
_PAGE: Final = 200
_LOOK_S: Final = 1.0
"""How soon journeys that other processes noted are noticed; those of this one are noticed at once."""
_AFTER_COMMIT_S: Final = 0.02
_LOST_AFTER_S: Final = 300.0
_WRITE_AGAIN_S: Final = 1.0
_DETAIL_MAX: Final = 500


class Sagas:
    """Answers SagasApi."""

    def __init__(
        self,
        *,
        db: Database,
        clock: Clock,
        settings: SagasSettings,
        doors: tuple[BookingApi, PaymentsApi],
        place: journal.Place,
        sagas: Mapping[str, Saga] = SAGAS,
    ) -> None:
        self._db = db
        self._clock = clock
        self._settings = settings
        self._booking, self._payments = doors
        self._place = place
        self._sagas = sagas
        self._runtime: Runtime | None = None
        self._due = asyncio.Event()
        self._under_way: set[str] = set()
        self._tending: asyncio.Task[None] | None = None

    # ------------------------------------------------------------------ for operators

    async def journeys(
        self, *, states: Sequence[JourneyState], saga: str | None = None, before: str | None = None, limit: int
    ) -> list[JourneyRun]:
        """Return journeys in these states, by id downward, ids below `before`."""
        found = await self._db.read(lambda tx: journeys.listed(tx, states, saga, before=before, limit=limit))
        return [_run_of(row) for row in found]

    async def journey(self, *, journey_id: str) -> JourneyRun:
        """Return a journey.

        Raises:
            NotFound: There is no such journey.
        """
        row = await self._db.read(lambda tx: journeys.find(tx, journey_id))
        if row is None:
            raise NotFound("There is no such journey.")
        return _run_of(row)

    async def steps(self, *, journey_id: str) -> list[JourneyStep]:
        """Return the steps of a journey's newest try, as far as it has come.

        Raises:
            NotFound: There is no such journey.
        """
        found = await self.journey(journey_id=journey_id)
        return await asyncio.to_thread(journal.steps_of, self._place, workflow_id(found.id, found.tries))

    async def retry(self, *, journey_id: str) -> JourneyRun:
        """Let a journey begin anew.

        Raises:
            NotFound: There is no such journey.
            NotRetryable: It is under way or done.
        """
        found = await self.journey(journey_id=journey_id)
        if found.state in {JourneyState.WAITING, JourneyState.DONE}:
            raise NotRetryable

        async def begin_anew(tx: Tx) -> None:
            if await journeys.again(tx, journey_id, tries=found.tries):
                facts = {"saga": found.saga, "tries": found.tries}
                await activity.note(
                    tx, Act(kind="journey.retried", object_kind="journey", object_id=journey_id, details=facts)
                )

        await self._db.write(begin_anew)
        self._due.set()
        log.info("saga.retried", journey_id=journey_id)
        return await self.journey(journey_id=journey_id)

    # ------------------------------------------------------------------ what has to be done

    def noting(self, due: Sequence[Due]) -> Finish | None:
        """Return what notes journeys in a transaction that is committed right after."""
        if not due:
            return None

        async def finish(tx: Any) -> None:
            await tx.run(journeys.add(due))

        asyncio.get_running_loop().call_later(_AFTER_COMMIT_S, self._due.set)
        return finish

    async def note(self, due: Sequence[Due]) -> None:
        """Note journeys that follow from what is true; those that are known stay as they are."""
        if due:
            await self._db.put(journeys.add(due))
            self._due.set()

    async def note_again(self, due: Due) -> None:
        """Note a journey that the truth says is missing: one that is done and has come undone begins anew."""
        await self.note([due])
        found = await self.journey(journey_id=due[0])
        if found.state is JourneyState.DONE:
            log.warning("saga.undone", journey_id=found.id, outcome=found.outcome)
            await self._db.write(lambda tx: journeys.again(tx, found.id, tries=found.tries))

    async def forget_old(self) -> None:
        """Delete journeys that were done long ago, and what the journal keeps of them."""
        kept = timedelta(days=self._settings.keep_days)
        await self._db.write(lambda tx: journeys.forget(tx, older_than_s=int(kept.total_seconds())))
        if self._runtime is not None and self._runtime.launched.is_set():
            await self._runtime.forget(older_than_ms=int((self._clock.now() - kept).timestamp() * 1000))

    # ------------------------------------------------------------------ carrying out

    async def start(self) -> None:
        """Launch DBOS in the running loop, unless another process has its journal, and begin."""
        if not self._settings.work_here:
            return
        self._runtime = Runtime(self._place, self._clock)
        await self.watch()
        self._tending = asyncio.get_running_loop().create_task(self._tend(self._runtime), name="sagas.tend")

    async def close(self) -> None:
        """Stop carrying out; what is not done goes on at the next start, or in another process."""
        if self._tending is not None:
            self._tending.cancel()
            await asyncio.gather(self._tending, return_exceptions=True)
        if self._runtime is not None:
            launched = self._runtime.launched.is_set()
            await self._runtime.close()
            if launched:
                await self._say_gone(self._runtime)

    async def watch(self) -> None:
        """Say that this process lives, and take over what dead ones have left. Launches where that was not possible."""
        runtime = self._runtime
        if runtime is None or not await runtime.launch(tuple(self._sagas), self._travel):
            return
        await self._db.put(executors.beat(runtime.executor_id))
        within_s = self._settings.dead_after_s
        alone = self._place.file is not None  # a SQLite journal has one process: all others are dead
        alive = set() if alone else await self._db.read(lambda tx: executors.alive(tx, within_s=within_s))
        await runtime.recover(alive)
        await self._db.write(lambda tx: executors.forget_dead(tx, within_s=within_s, except_id=runtime.executor_id))

    async def find_lost(self) -> None:
        """Begin journeys anew that wait although the journal says their try has ended: it was restored, or repaired."""
        runtime = self._runtime
        if runtime is None or not runtime.launched.is_set():
            return
        long_ago = self._clock.now() - timedelta(seconds=_LOST_AFTER_S)
        async for row in self._waiting():
            if row.updated_at < long_ago and await runtime.has_ended(workflow_id(row.id, row.tries)):
                log.warning("saga.lost", journey_id=row.id)
                await self._db.write(
                    lambda tx, row=row: journeys.end(  # type: ignore[misc]
                        tx, row.id, tries=row.tries, state=JourneyState.FAILED, outcome="lost", detail=None
                    )
                )
                await self._db.write(lambda tx, row=row: journeys.again(tx, row.id, tries=row.tries))  # type: ignore[misc]
                self._due.set()

    async def _tend(self, runtime: Runtime) -> None:
        while True:
            try:
                await runtime.launched.wait()
                self._due.clear()
                await self._begin(runtime)
            except Exception as error:
                log.warning("sagas.tend_failed", error=type(error).__name__, exc_info=True)
            await _wait(self._due, _LOOK_S)

    async def _begin(self, runtime: Runtime) -> None:
        async for row in self._waiting():
            name = workflow_id(row.id, row.tries)
            if name in self._under_way:
                continue
            if len(self._under_way) >= _AT_ONCE:
                return
            await runtime.start(row.id, row.tries, row.saga, row.args)
            self._under_way.add(name)

    async def _waiting(self) -> Any:
        after, seen = "", set()
        while page := await self._db.read(lambda tx, after=after: journeys.waiting(tx, after=after, limit=_PAGE)):  # type: ignore[misc]
            for row in page:
                seen.add(workflow_id(row.id, row.tries))
                yield row
            after = page[-1].id
        self._under_way &= seen

    async def _travel(self, journey_id: str, tries: int, saga: str, args: dict[str, Any], run_step: RunStep) -> str:
        journey = Journey(
            id=journey_id,
            booking=self._booking,
            payments=self._payments,
            clock=self._clock,
            settings=self._settings,
            run_step=run_step,
        )
        try:
            ending = await travel(self._sagas[saga], journey, args)
        except Exception as error:
            if type(error).__module__.startswith("dbos"):
                raise  # the journal has handed this try to somebody else
            log.exception("saga.failed", journey_id=journey_id, saga=saga, error=type(error).__name__)
            failure = Ending(state=JourneyState.FAILED, outcome=type(error).__name__, detail=str(error)[:_DETAIL_MAX])
            await self._end(journey_id, tries, failure)
            raise
        level = log.warning if ending.state is JourneyState.NEEDS_HUMAN else log.info
        level("saga.ended", journey_id=journey_id, saga=saga, state=ending.state, outcome=ending.outcome)
        await self._end(journey_id, tries, ending)
        return ending.outcome

    async def _end(self, journey_id: str, tries: int, ending: Ending) -> None:
        detail = None if ending.detail is None else ending.detail[:_DETAIL_MAX]
        while True:  # until it is written, or this process is told to stop: then whoever goes on writes it
            try:
                await self._db.write(
                    lambda tx: journeys.end(
                        tx, journey_id, tries=tries, state=ending.state, outcome=ending.outcome, detail=detail
                    )
                )
            except HoldfastError as error:
                log.warning("saga.end_not_written", journey_id=journey_id, code=error.code)
                await asyncio.sleep(_WRITE_AGAIN_S)
            else:
                return

    async def _say_gone(self, runtime: Runtime) -> None:
        try:
            await self._db.put(executors.gone(runtime.executor_id))
        except HoldfastError as error:
            log.info("sagas.gone_unsaid", code=error.code)


def _run_of(row: Any) -> JourneyRun:
    return JourneyRun(
        id=row.id,
        saga=row.saga,
        args=row.args,
        state=row.state,
        outcome=row.outcome,
        detail=row.detail,
        tries=row.tries,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
