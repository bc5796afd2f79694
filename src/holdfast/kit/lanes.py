"""Lanes: group commit. Orders that arrive while the last transaction runs go together in the next one.

There is no timer: an order that arrives at an idle lane runs at once, a batch of one. Each order gets an answer of its
own; a lane never fails one order for another's fault (docs/decisions/0004).
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
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
        self._busy = 0
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
        loop = asyncio.get_running_loop()
        future: asyncio.Future[AnswerT] = loop.create_future()
        self._waiting.append((order, future))
        if self._busy < self._lines:
            self._busy += 1
            # It serves many requests, so it is none's: what is told of one in context variables stays with that one.
            worker = loop.create_task(self._work(), name=f"lane:{self.name}", context=Context())
            self._workers.add(worker)
            worker.add_done_callback(self._workers.discard)
        return await future

    async def close(self) -> None:
        """Refuse new orders and finish those in line."""
        self._closed = True
        while self._workers:
            await asyncio.wait(set(self._workers))

    async def _work(self) -> None:
        try:
            while self._waiting:
                await self._work_off([self._waiting.popleft() for _ in range(min(len(self._waiting), MAX_BATCH))])
        finally:
            # Counted here and not when the task is known to be done: who is answered may submit again before that.
            self._busy -= 1

    async def _work_off(self, batch: Sequence[tuple[OrderT, asyncio.Future[AnswerT]]]) -> None:
        try:
            answered = list(zip(batch, await self._run([order for order, _ in batch]), strict=True))
        except Exception as error:  # noqa: BLE001 - told to everybody in the batch
            answered = [(each, error) for each in batch]
        except BaseException:
            for _, future in batch:
                future.cancel()
            raise
        for (_, future), answer in answered:
            _answer(future, answer)


def _answer(future: asyncio.Future[AnswerT], answer: AnswerT | Exception) -> None:
    if future.done():
        return
    if isinstance(answer, Exception):
        future.set_exception(answer)
        future.exception()  # whoever waits may be cancelled before it looks: that is no error of ours
    else:
        future.set_result(answer)
