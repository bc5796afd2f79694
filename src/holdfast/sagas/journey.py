"""What a saga is written with: steps that are done once, their undos, and patience.

A saga is an async function of a `Journey`. Whatever it does outside itself is a step: the journal keeps what came of
it, so a saga that begins anew after a crash goes on behind its last finished step. A step that was done and not yet
written down is done again, so it carries a key of its own and may be repeated.

A step ends in one of three ways. It is *done*. It is *refused*: a door said no for good; then the saga unwinds, the
undos of what was done run in reverse order, and nothing is left of it. Or nobody answers for as long as patience
lasts: then nobody knows, nothing is undone, and a person is asked.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Final

import structlog

from holdfast.booking.api import BookingApi
from holdfast.kit.clock import Clock
from holdfast.kit.errors import HoldfastError
from holdfast.payments.api import PaymentsApi
from holdfast.sagas.api import JourneyState
from holdfast.sagas.settings import SagasSettings

log = structlog.get_logger()

Work = Callable[[], Awaitable[Any]]
"""What a step does; it answers a JSON value."""
RunStep = Callable[[str, Work], Awaitable[Any]]
"""Runs a step by name and keeps what it answered, or answers what it answered before."""

_UNANSWERED: Final = 500
"""From this status on an error says that something does not work, not that something is refused."""
_DETAIL_MAX: Final = 400


class Refused(Exception):
    """A door said no for good to a step."""

    def __init__(self, step: str, code: str, detail: str) -> None:
        super().__init__(f"{step}: {code}")
        self.step = step
        self.code = code
        self.detail = detail


class NeedsHuman(Exception):
    """The saga cannot go on by itself."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


class Stuck(HoldfastError):
    """The step was tried as often as makes sense; a person has to look. Trying again begins the saga anew."""

    code = "saga_stuck"
    status = 503
    title = "This cannot go on by itself"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a journey ended."""

    state: JourneyState
    outcome: str
    detail: str | None = None


@dataclass(slots=True, kw_only=True)
class Journey:
    """One journey under way, as its saga sees it."""

    id: str
    """What it is about. Keys of outside calls are made of it, so that a later try has the same ones."""
    booking: BookingApi
    payments: PaymentsApi
    clock: Clock
    settings: SagasSettings
    run_step: RunStep
    _undos: list[tuple[str, Work]] = field(default_factory=list)

    async def do(self, step: str, work: Work, *, undo: Work | None = None) -> Any:
        """Do a step, and return what it answered; `undo` takes it back if the saga unwinds.

        Raises:
            Refused: A door said no for good. Nothing was done, so this step's undo will not run.
            NeedsHuman: Nobody answered for as long as patience lasts.
        """
        kept = await self.run_step(step, lambda: self._attempt(work))
        if "refused" in kept:
            raise Refused(step, kept["refused"], kept["detail"])
        if "unanswered" in kept:
            raise NeedsHuman(kept["unanswered"], f"{step}: {kept['detail']}")
        if undo is not None:
            self.owe(step, undo)
        return kept["value"]

    def owe(self, step: str, undo: Work) -> None:
        """Take over something that others have done before this saga, to be taken back if it unwinds."""
        self._undos.append((step, undo))

    async def unwind(self) -> None:
        """Run the undos of what was done, in reverse order.

        Raises:
            NeedsHuman: An undo was refused, or nobody answered.
        """
        while self._undos:
            step, undo = self._undos.pop()
            try:
                await self.do(f"undo {step}", undo)
            except Refused as no:
                raise NeedsHuman(no.code, f"undo {step}: {no.detail}") from no

    async def _attempt(self, work: Work) -> dict[str, Any]:
        try:
            return {"value": await self._patiently(work)}
        except HoldfastError as error:
            how = "refused" if error.status < _UNANSWERED else "unanswered"
            return {how: error.code, "detail": error.detail[:_DETAIL_MAX]}

    async def _patiently(self, work: Work) -> Any:
        """Try until somebody answers, more and more slowly.

        Raises:
            HoldfastError: The answer was no, or nobody answered for as long as patience lasts.
        """
        ends = self.clock.monotonic() + self.settings.give_up_s
        pause = self.settings.first_pause_s
        while True:
            try:
                return await work()
            except HoldfastError as error:
                final = error.status < _UNANSWERED or isinstance(error, Stuck)
                if final or self.clock.monotonic() + pause > ends:
                    raise
                log.info("saga.waits", journey_id=self.id, code=error.code, pause_s=pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, self.settings.longest_pause_s)


Saga = Callable[..., Awaitable[str]]
"""Takes a Journey and its args by name; answers a stable word for how it ended."""


def forward(saga: Saga) -> Saga:
    """Mark a saga that only goes forward: nothing it does can be taken back, so a refusal is for a person to see."""

    @wraps(saga)
    async def run(journey: Journey, **args: Any) -> str:
        try:
            return await saga(journey, **args)
        except Refused as no:
            raise NeedsHuman(no.code, f"{no.step}: {no.detail}") from no

    return run


async def travel(saga: Saga, journey: Journey, args: Mapping[str, Any]) -> Ending:
    """Carry a saga to its end, unwinding it where a door says no."""
    try:
        return Ending(state=JourneyState.DONE, outcome=await saga(journey, **args))
    except Refused as no:
        try:
            await journey.unwind()
        except NeedsHuman as stuck:
            return Ending(state=JourneyState.NEEDS_HUMAN, outcome=stuck.code, detail=stuck.detail)
        return Ending(state=JourneyState.DONE, outcome="undone", detail=f"{no.step}: {no.code}")
    except NeedsHuman as stuck:
        return Ending(state=JourneyState.NEEDS_HUMAN, outcome=stuck.code, detail=stuck.detail)
