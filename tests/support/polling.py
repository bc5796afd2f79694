"""Waiting for something to become true: look, pause, look again, until a deadline. Nothing here sleeps for luck."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

_FIRST_PAUSE_S = 0.005
_LONGEST_PAUSE_S = 0.1


def wait_until(look: Callable[[], T], within_s: float) -> T:
    """Return the first true value `look` gives, or the last false one when the time is up. For plain functions."""
    deadline = time.monotonic() + within_s
    pause = _FIRST_PAUSE_S
    while True:
        value = look()
        if value or time.monotonic() >= deadline:
            return value
        time.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE_S)


async def eventually(look: Callable[[], Awaitable[T] | T], within_s: float = 5.0) -> T:
    """Return the first true value `look` gives without raising an AssertionError; fail when the time is up.

    `look` may be a plain or an async function.

    Raises:
        AssertionError: It did not become true in time; the last failed assertion is the cause.
    """
    deadline = time.monotonic() + within_s
    pause = _FIRST_PAUSE_S
    while True:
        failure, value = None, None
        try:
            seen = look()
            value = await seen if inspect.isawaitable(seen) else seen
        except AssertionError as problem:
            failure = problem
        if value:
            return value
        if time.monotonic() >= deadline:
            raise AssertionError(f"not true within {within_s} s, last seen: {failure or value!r}") from failure
        await asyncio.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE_S)
