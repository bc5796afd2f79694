"""What operators ask over HTTP: which journeys wait, failed or need a person, and to try one again."""

from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import Path, Query
from pydantic import ConfigDict

from holdfast.kit.errors import Forbidden, Invalid, NotFound, Unauthenticated
from holdfast.kit.http.cursors import CURSOR_LENGTH_MAX, CursorInvalid, Cursors, filter_digest
from holdfast.kit.http.principals import OperatorPrincipal
from holdfast.kit.http.problems import responses
from holdfast.kit.http.routes import Router
from holdfast.kit.http.wire import Digits, Line, PathText, Wire, items
from holdfast.kit.secrets import Keyring
from holdfast.sagas.api import JourneyRun, JourneyState, JourneyStep, NotRetryable, SagasApi

PAGE_MAX: Final = 100
_STEPS_MAX: Final = 200
_ID: Final = "place:93274926551040"
_ADMINS: Final = (Unauthenticated, Forbidden)
_WANTED: Final = (JourneyState.WAITING, JourneyState.FAILED, JourneyState.NEEDS_HUMAN)

_JOURNEY: Final[dict[str, Any]] = {
    "id": _ID,
    "saga": "place_booking",
    "state": "needs_human",
    "outcome": "payment_outcome_unknown",
    "detail": "capture: The provider has not answered",
    "tries": 1,
    "args": {"number": 93274926551040, "payment_id": "pay_01JD3Z9B2K7M4P8R5T1V3X6Y0C"},
    "created_at": "2026-11-20T09:33:10Z",
    "updated_at": "2026-11-20T09:48:12Z",
}
_STEP: Final[dict[str, Any]] = {
    "position": 1,
    "name": "look",
    "result": {"value": {"state": "confirmed"}},
    "started_at": "2026-11-20T09:33:11Z",
    "ended_at": "2026-11-20T09:33:11Z",
}


def _shown(example: dict[str, Any]) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [example]})


JourneyId = Annotated[PathText, Path(description="The `id` of the journey.", examples=[_ID])]
Limit = Annotated[int, Digits(1, PAGE_MAX), Query(description="How many to return at most.")]
Cursor = Annotated[str, Line(CURSOR_LENGTH_MAX), Query(description="`next_cursor` of the page before.")]
State = Annotated[JourneyState, Query(description="Only those in this state; without it all that are not done.")]
SagaName = Annotated[str, Line(40), Query(description="Only those of this saga, such as `place_booking`.")]


class JourneyOut(Wire):
    """One journey: one run of a saga, with what it is about and how it stands."""

    model_config = _shown(_JOURNEY)

    id: str
    saga: str
    state: JourneyState
    outcome: str | None
    """How it ended, as a stable word; null while it waits."""
    detail: str | None
    tries: int
    args: dict[str, Any]
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, run: JourneyRun) -> "JourneyOut":
        """Return a journey as it is shown."""
        return cls(
            id=run.id,
            saga=run.saga,
            state=run.state,
            outcome=run.outcome,
            detail=run.detail,
            tries=run.tries,
            args=run.args,
            created_at=run.created_at,
            updated_at=run.updated_at,
        )


class JourneysPage(Wire):
    """A page of journeys."""

    model_config = _shown({"items": [_JOURNEY], "next_cursor": None})

    items: Annotated[tuple[JourneyOut, ...], items(PAGE_MAX)]
    next_cursor: str | None


class StepOut(Wire):
    """One step of a journey's newest try, as the journal has it."""

    position: int
    name: str
    result: Any
    started_at: datetime | None
    ended_at: datetime | None

    @classmethod
    def of(cls, step: JourneyStep) -> "StepOut":
        """Return a step as it is shown."""
        return cls(
            position=step.position,
            name=step.name,
            result=step.result,
            started_at=step.started_at,
            ended_at=step.ended_at,
        )


class JourneyDetail(JourneyOut):
    """One journey with its steps."""

    model_config = _shown(_JOURNEY | {"steps": [_STEP]})

    steps: Annotated[tuple[StepOut, ...], items(_STEPS_MAX)]


def routers(sagas: SagasApi, keyring: Keyring) -> tuple[Router, ...]:
    """Return the routes of operators."""
    router = Router(prefix="/v1/operator/sagas", tags=["operator sagas"])
    cursors = Cursors(keyring)

    @router.get("", responses=responses(*_ADMINS, Invalid, CursorInvalid))
    async def list_journeys(
        principal: OperatorPrincipal,
        state: State | None = None,
        saga: SagaName | None = None,
        limit: Limit = 50,
        cursor: Cursor | None = None,
    ) -> JourneysPage:
        """List journeys: those that wait, failed or need a person, or those in one state."""
        del principal
        digest = filter_digest(list="journeys", state=state, saga=saga)
        before: str | None = None if cursor is None else cursors.decode(cursor, digest)[0]
        found = await sagas.journeys(
            states=_WANTED if state is None else (state,), saga=saga, before=before, limit=limit + 1
        )
        shown = found[:limit]
        more = len(found) > limit
        return JourneysPage(
            items=tuple(JourneyOut.of(each) for each in shown),
            next_cursor=cursors.encode([shown[-1].id], digest) if more else None,
        )

    @router.get("/{journey_id}", responses=responses(*_ADMINS, NotFound))
    async def get_journey(journey_id: JourneyId, principal: OperatorPrincipal) -> JourneyDetail:
        """Return a journey with the steps of its newest try."""
        del principal
        run = await sagas.journey(journey_id=journey_id)
        steps = await sagas.steps(journey_id=journey_id)
        return JourneyDetail(
            **JourneyOut.of(run).model_dump(), steps=tuple(StepOut.of(each) for each in steps[:_STEPS_MAX])
        )

    @router.post("/{journey_id}/retry", status_code=202, responses=responses(*_ADMINS, NotFound, NotRetryable))
    async def retry_journey(journey_id: JourneyId, principal: OperatorPrincipal) -> JourneyOut:
        """Let a journey that failed or needs a person begin anew. What it has done stays done, once."""
        del principal
        return JourneyOut.of(await sagas.retry(journey_id=journey_id))

    return (router,)
