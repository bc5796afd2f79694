"""The courier: sends messages until they are taken, settles what is pending, opens disputes that cards bring.

Several processes may have one over the same books: what one has taken from the queue the others leave alone for a
while, and if it dies with it they take it up again. So a message may arrive twice, but never not at all.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final

import httpx
import msgspec
import structlog

from holdfast.kit.db.database import Tx
from holdfast.payments.simulator import store
from holdfast.payments.simulator.asking import Books
from holdfast.payments.simulator.signing import signed
from holdfast.payments.simulator.telling import DISPUTE, SETTLE
from holdfast.payments.simulator.till import Till

log = structlog.get_logger()

Post = Callable[[dict[str, str], bytes], Awaitable[int]]
"""Hands a message over, headers and body, and returns the HTTP status; raises OSError or httpx.HTTPError if nobody
answers."""

_LEASE: Final = timedelta(seconds=20)
_FIRST_RETRY_S: Final = 0.5
_LONGEST_RETRY_S: Final = 60.0
_TRIES_MOST: Final = 60
_SUCCESS: Final = range(200, 300)
_LATE_S: Final = 3_600
_LOOK_EVERY_S: Final = 1.0
_ANSWER_WITHIN_S: Final = 15.0


class _Done(msgspec.Struct, frozen=True, kw_only=True):
    seq: int
    ref: str
    manner: str
    attempts: int
    status: int | None
    sent: bool


class Courier:
    """Does what the queue says."""

    def __init__(self, books: Books, till: Till, *, keys: Sequence[bytes]) -> None:
        self._books = books
        self._till = till
        self._keys = keys
        self.post: Post | None = None
        """Where messages go; nowhere until somebody says where."""
        self._is_nudged = True
        self._look_at = 0.0

    def nudge(self) -> None:
        """Say that something may be due."""
        self._is_nudged = True

    async def round(self) -> int:
        """Do what is due by now, if there may be something, and return how much it was."""
        clock = self._books.clock
        if self.post is None or not (self._is_nudged or clock.monotonic() >= self._look_at):
            return 0
        self._is_nudged = False
        self._look_at = clock.monotonic() + _LOOK_EVERY_S
        now = clock.now()
        next_at = await self._books.db.read(store.next_due)
        if next_at is None:
            return 0
        if next_at > now:
            self._look_at = clock.monotonic() + min(_LOOK_EVERY_S, (next_at - now).total_seconds())
            return 0
        taken = await self._books.db.write(self._take)
        done = [await self._do(row) for row in taken]
        await self._books.db.write(lambda tx: self._note(tx, done))
        self._is_nudged = True
        return len(done)

    async def _take(self, tx: Tx) -> list[Any]:
        now = await tx.now()
        rows = await store.due(tx, now)
        for row in rows:
            await store.postpone(tx, row.seq, attempts=row.attempts + 1, next_at=now + _LEASE)
        return rows

    async def _do(self, row: Any) -> _Done:
        if row.task == SETTLE:
            await self._books.db.write(lambda tx: self._till.settle(tx, row.ref))
        elif row.task == DISPUTE:
            await self._books.db.write(lambda tx: self._till.dispute(tx, row.ref))
        else:
            return _done(row, await self._send(row.ref, row.manner), sent=True)
        return _done(row, None, sent=False)

    async def _send(self, message_id: str, manner: str) -> int | None:
        message = await self._books.db.read(lambda tx: store.one_message(tx, message_id))
        if message is None or self.post is None:
            return None
        headers, body = self.written(message.id, message.body.encode(), manner)
        try:
            async with asyncio.timeout(_ANSWER_WITHIN_S):
                return await self.post(headers, body)
        except (OSError, TimeoutError, httpx.HTTPError) as error:
            log.info("simulator.not_delivered", message_id=message_id, error=type(error).__name__)
            return None

    def written(self, message_id: str, body: bytes, manner: str) -> tuple[dict[str, str], bytes]:
        """Return headers and body of a message: as it should be, or wrong in the manner that was asked for."""
        timestamp = int(self._books.clock.now().timestamp())
        timestamp += {"old": -_LATE_S, "future": _LATE_S}.get(manner, 0)
        keys: Sequence[bytes] = [b"a key that nobody was given"] if manner == "forged" else self._keys
        headers = signed(keys, message_id=message_id, timestamp=timestamp, body=body)
        if manner == "unsigned":
            del headers["webhook-signature"]
        return headers, json.dumps(json.loads(body), indent=1).encode() if manner == "altered" else body

    async def _note(self, tx: Tx, done: Sequence[_Done]) -> None:
        now = await tx.now()
        for each in done:
            if each.sent:
                await store.add_delivery(tx, message_id=each.ref, manner=each.manner, status=each.status, at=now)
            if _is_over(each):
                await store.dequeue(tx, each.seq)
            else:
                pause = min(_FIRST_RETRY_S * 2 ** (each.attempts - 1), _LONGEST_RETRY_S)
                await store.postpone(tx, each.seq, attempts=each.attempts, next_at=now + timedelta(seconds=pause))

    async def run(self, every_s: float) -> None:
        """Do rounds for ever."""
        while True:
            done = 0
            try:
                done = await self.round()
            except Exception as error:
                log.warning("simulator.courier_failed", error=type(error).__name__, exc_info=True)
            if not done:
                await asyncio.sleep(every_s)


def _done(row: Any, status: int | None, *, sent: bool) -> _Done:
    return _Done(seq=row.seq, ref=row.ref, manner=row.manner, attempts=row.attempts + 1, status=status, sent=sent)


def _is_over(done: _Done) -> bool:
    # What was sent wrong on purpose is sent once, whatever is answered.
    wrong = done.manner not in {"", "again", store.HELD}
    return not done.sent or wrong or done.status in _SUCCESS or done.attempts >= _TRIES_MOST


def to_url(client: httpx.AsyncClient, url: str) -> Post:
    """Return what hands messages over by HTTP."""

    async def post(headers: dict[str, str], body: bytes) -> int:
        answer = await client.post(url, content=body, headers=headers)
        return answer.status_code

    return post


async def stop(task: asyncio.Task[None]) -> None:
    """End a courier's task."""
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
