"""The four laws of a saga, after Omicron's: whoever adds a saga adds a `Trial` and gets all four.

1. It runs clean.
2. Every step may be repeated.
3. A failure injected at each step unwinds to a clean slate; a saga that only goes forward (nothing it does can be
   taken back) stops for a person instead, with nothing done behind the failure, and a retry carries it to its end.
4. Every undo may be repeated.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from money_world import Journal, World

from holdfast.sagas.api import JourneyState


@dataclass(frozen=True)
class Trial:
    """A saga in one situation."""

    name: str
    saga: str
    begin: Callable[[World], Awaitable[Any]]
    """Makes the situation; returns what the others are given. It has `journey_id` and `args`."""
    right: Callable[[World, Any], Awaitable[None]]
    """Fails unless the end is right."""
    slate: Callable[[World, Any], Awaitable[None]] | None = None
    """Fails unless the slate is clean; None for a saga that only goes forward."""
    outcome: str = ""
    given_up: tuple[str, ...] = ()
    """Steps of a saga that only goes forward whose refusal is answered by letting something go: `slate` holds then."""


async def steps_of(world: World, trial: Trial) -> list[str]:
    """Return the steps the saga takes when nothing goes wrong."""
    journal = Journal()
    await _run(world, trial, await trial.begin(world), journal)
    return list(journal.done)


async def runs_clean(world: World, trial: Trial) -> None:
    """Law 1."""
    situation = await trial.begin(world)
    ending = await _run(world, trial, situation, Journal())
    assert (ending.state, ending.outcome) == (JourneyState.DONE, trial.outcome), ending
    await trial.right(world, situation)


async def steps_may_be_repeated(world: World, trial: Trial) -> None:
    """Law 2."""
    situation = await trial.begin(world)
    ending = await _run(world, trial, situation, Journal(repeat=True))
    assert (ending.state, ending.outcome) == (JourneyState.DONE, trial.outcome), ending
    await trial.right(world, situation)
    again = await _run(world, trial, situation, Journal(repeat=True))
    assert again.state is JourneyState.DONE, again
    await trial.right(world, situation)


async def failures_unwind(world: World, trial: Trial, *, repeat: bool = False) -> int:
    """Law 3, and with `repeat` law 4; returns at how many steps a failure was injected."""
    steps = await steps_of(world, trial)
    for step in steps:
        situation = await trial.begin(world)
        journal = Journal(refuse=step, repeat=repeat)
        ending = await _run(world, trial, situation, journal)
        if trial.slate is not None and not trial.given_up:
            assert (ending.state, ending.outcome) == (JourneyState.DONE, "undone"), (step, ending)
            await trial.slate(world, situation)
            continue
        assert (ending.state, ending.outcome) == (JourneyState.NEEDS_HUMAN, "injected"), (step, ending)
        if step in trial.given_up:
            await trial.slate(world, situation)
            continue
        assert list(journal.done)[-1] == step, "something was done behind the failure"
        ending = await _run(world, trial, situation, Journal(repeat=repeat))
        assert ending.state is JourneyState.DONE, (step, ending)
        await trial.right(world, situation)
    return len(steps)


async def undos_may_be_repeated(world: World, trial: Trial) -> int:
    """Law 4."""
    return await failures_unwind(world, trial, repeat=True)


async def _run(world: World, trial: Trial, situation: Any, journal: Journal) -> Any:
    return await world.travel(trial.saga, situation.journey_id, situation.args, journal)
