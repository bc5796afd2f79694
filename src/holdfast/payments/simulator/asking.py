"""Requests and their answers: what is asked, by whom a fault is met, and what is kept under a key."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from hashlib import sha256
from http import HTTPStatus
from typing import Any

import msgspec

from holdfast.kit.clock import Clock
from holdfast.kit.db.database import Database, Tx
from holdfast.payments.simulator import store
from holdfast.payments.simulator.faults import Fault
from holdfast.payments.simulator.records import Kind


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A request that asks for a change."""

    operation: str
    path: str
    key: str | None
    body: bytes = b""
    ours: str | None = None
    """The merchant's id of the payment it is about, where the request says it."""
    theirs: str | None = None
    """The simulator's."""

    @property
    def fingerprint(self) -> str:
        """Return what tells another request with the same key."""
        return sha256(self.body).hexdigest()


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a request is answered."""

    status: int
    body: Any
    replayed: bool = False


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """An answer, and the fault that may keep it from arriving."""

    answer: Answer | None
    fault: Fault | None = None


Act = Callable[[Tx, datetime, str | None], Awaitable[Answer]]
"""Does what was asked inside a transaction, at a time, perhaps with a twist (the name of a fault)."""


def good(body: Any, status: int = HTTPStatus.OK) -> Answer:
    """Return the answer to what succeeded."""
    return Answer(status=status, body=body)


def refused(status: int, kind: str, code: str, message: str, **more: Any) -> Answer:
    """Return the answer to what did not."""
    return Answer(status=status, body={"error": {"type": kind, "code": code, "message": message, **more}})


def bad_request(code: str, message: str) -> Answer:
    """Return the answer to a request that cannot be done."""
    return refused(HTTPStatus.BAD_REQUEST, "invalid_request_error", code, message)


def missing(what: str) -> Answer:
    """Return the answer to a request about nothing."""
    return refused(HTTPStatus.NOT_FOUND, "invalid_request_error", "resource_missing", f"There is no such {what}.")


async def changing(db: Database, asked: Asked, act: Act) -> Outcome:
    """Do what is asked in one transaction with its key, its effect and its answer; a fault may strike first."""

    async def work(tx: Tx) -> Outcome:
        now = await tx.now()
        fault = await _struck(tx, asked)
        if fault is not None and fault.is_before:
            await _note(tx, asked, now, fault=fault, answer=None, kept=False)
            return Outcome(answer=None, fault=fault)
        answer = await _replayed(tx, asked)
        fresh = answer is None
        if answer is None:
            answer = await act(tx, now, fault.what if fault else None)
        await _note(tx, asked, now, fault=fault, answer=answer, kept=fresh and asked.key is not None)
        return Outcome(answer=answer, fault=fault)

    return await db.write(work)


async def reading(db: Database, asked: Asked, look: Callable[[Tx], Awaitable[Answer]]) -> Outcome:
    """Answer a question, unless a fault strikes."""
    if await db.read(lambda tx: store.any_fault(tx, asked.operation)):
        fault = await db.write(lambda tx: _struck(tx, asked))
        if fault is not None and fault.is_before:
            return Outcome(answer=None, fault=fault)
    else:
        fault = None

    async def work(tx: Tx) -> Answer:
        return await look(tx)

    return Outcome(answer=await db.read(work), fault=fault)


async def _struck(tx: Tx, asked: Asked) -> Fault | None:
    if not await store.any_fault(tx, asked.operation):
        return None
    ours = asked.ours
    if ours is None and asked.theirs is not None:
        found = await store.current(tx, Kind.PAYMENT, asked.theirs)
        ours = found[1].payment_id if found else None
    row = await store.strike(tx, asked.operation, ours=ours, theirs=asked.theirs)
    return None if row is None else Fault(what=row.what, seconds=row.seconds)


async def _replayed(tx: Tx, asked: Asked) -> Answer | None:
    if asked.key is None:
        return None
    kept = await store.kept_answer(tx, asked.key)
    if kept is None:
        return None
    if (kept.operation, kept.path, kept.fingerprint) != (asked.operation, asked.path, asked.fingerprint):
        message = "This Idempotency-Key was used for another request."
        return refused(HTTPStatus.BAD_REQUEST, "idempotency_error", "idempotency_key_in_use", message)
    return Answer(status=kept.status, body=kept.answer, replayed=True)


async def _note(tx: Tx, asked: Asked, now: datetime, *, fault: Fault | None, answer: Answer | None, kept: bool) -> None:
    await store.add_request(
        tx,
        at=now,
        operation=asked.operation,
        path=asked.path,
        key=asked.key,
        kept_key=asked.key if kept else None,
        fingerprint=asked.fingerprint,
        fault=fault.what if fault else None,
        status=answer.status if answer else None,
        answer=answer.body if answer else None,
    )


class Books:
    """What everybody who writes in the books needs."""

    def __init__(self, db: Database, clock: Clock, *, public_url: str, settle_s: float) -> None:
        self.db = db
        self.clock = clock
        self.public_url = public_url
        """Where people reach the pages, without a slash at the end."""
        self.settle_s = settle_s
        """How long what does not happen at once takes: refunds that are pending, disputes."""
