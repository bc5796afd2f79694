"""Lanes: group commit. Orders that arrive while the last transaction runs go together in the next one.

There is no timer: an order that arrives at an idle lane runs at once, a batch of one. Each order gets an answer of its
own; a lane never fails one order for another's fault (docs/decisions/0004).
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Generic, TypeVar

from holdfast.kit.errors import Overloaded

OrderT = TypeVar("OrderT")
AnswerT = TypeVar("AnswerT")

MAX_BATCH: Final = 256
"""Orders in one transaction."""
MAX_WAITING: Final = 8192
"""Orders that may wait; more are refused at once, so that waiting stays short."""


class Lane(Generic[OrderT, AnswerT]):
    """One line of orders, worked off in batches by one task."""

    def __init__(
        self, name: str, run: Callable[[Sequence[OrderT]], Awaitable[Sequence[AnswerT | Exception]]], *, lines: int = 1
    ) -> None:
        self.name = name
        self._run = run
        self._lines = lines
        self._waiting: deque[tuple[OrderT, asyncio.Future[AnswerT]]] = deque()
        self._workers: set[asyncio.Task[None]] = set()
        self._closed = False

    async def submit(self, order: OrderT) -> AnswerT:
        """Put an order in line and wait for its answer.

        A caller that is cancelled stops waiting; its order is carried out all the same.

        Raises:
            Overloaded: Too many wait already, or the lane is closing; nothing was done.
        """
        if self._closed or len(self._waiting) >= MAX_WAITING:
            raise Overloaded(retry_after_s=1)
        future: asyncio.Future[AnswerT] = asyncio.get_running_loop().create_future()
        self._waiting.append((order, future))
        if len(self._workers) < self._lines:
            worker = asyncio.get_running_loop().create_task(self._work())
            self._workers.add(worker)
            worker.add_done_callback(self._workers.discard)
        return await future

    async def close(self) -> None:
        """Refuse new orders and finish those in line."""
        self._closed = True
        while self._workers:
            await asyncio.wait(set(self._workers))

    async def _work(self) -> None:
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), MAX_BATCH))]
            try:
                answers = await self._run([order for order, _ in batch])
            except Exception as error:  # noqa: BLE001 - told to everybody in the batch
                answers = [error] * len(batch)
            for (_, future), answer in zip(batch, answers, strict=True):
                _answer(future, answer)


def _answer(future: asyncio.Future[AnswerT], answer: AnswerT | Exception) -> None:
    if future.done():
        return
    if isinstance(answer, Exception):
        future.set_exception(answer)
    else:
        future.set_result(answer)
