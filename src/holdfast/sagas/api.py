"""The door of sagas: what waits, what failed, what needs a person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from holdfast.kit.errors import HoldfastError


class JourneyState(StrEnum):
    """Where a journey stands."""

    WAITING = "waiting"
    """Under way, or about to begin."""
    DONE = "done"
    FAILED = "failed"
    """It ended with a fault of the program; the log has it. It can be tried again."""
    NEEDS_HUMAN = "needs_human"
    """It cannot go on by itself: the provider has not answered for long, or refuses what has to be. It can be tried
    again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JourneyRun:
    """One journey."""

    id: str
    """What it is about: `place:<booking>`, `cancel:<cancellation>`, `change:<change>`, `expire:<hold>`,
    `late:<payment>:<why>`."""
    saga: str
    args: dict[str, Any]
    state: JourneyState
    outcome: str | None
    """A stable word for how it ended."""
    detail: str | None
    tries: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class JourneyStep:
    """One step as the journal has it."""

    position: int
    name: str
    result: Any
    started_at: datetime | None
    ended_at: datetime | None


class NotRetryable(HoldfastError):
    """The journey is under way or done. Only one that failed or needs a person can be tried again."""

    code = "journey_not_retryable"
    status = 409
    title = "There is nothing to try again"


class SagasApi(Protocol):
    """What operators may ask."""

    async def journeys(
        self, *, states: Sequence[JourneyState], saga: str | None = None, before: str | None = None, limit: int
    ) -> list[JourneyRun]:
        """Return journeys in these states, by id downward, ids below `before`."""

    async def journey(self, *, journey_id: str) -> JourneyRun:
        """Return a journey.

        Raises:
            NotFound: There is no such journey.
        """

    async def steps(self, *, journey_id: str) -> list[JourneyStep]:
        """Return the steps of a journey's newest try, as far as it has come.

        Raises:
            NotFound: There is no such journey.
        """

    async def retry(self, *, journey_id: str) -> JourneyRun:
        """Let a journey begin anew. What it has done stays done: its keys are the same.

        Raises:
            NotFound: There is no such journey.
            NotRetryable: It is under way or done.
        """
