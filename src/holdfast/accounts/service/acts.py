"""What accounts note of what was done, and by whom."""

import asyncio
from typing import Any, Final

import structlog

from holdfast.accounts.models.activity import activity
from holdfast.kit.activity.acts import Act, here
from holdfast.kit.clock import Clock
from holdfast.kit.db.database import Database, Tx
from holdfast.kit.errors import HoldfastError

log = structlog.get_logger()

_REFUSED_EVERY_S: Final = 60.0
_REMEMBERED: Final = 10_000
_UNDER_WAY_MOST: Final = 100


async def note(tx: Tx, kind: str, account_id: int, **details: Any) -> None:
    """Note what was done to an account, in the transaction that does it; it concerns whose it is."""
    act = Act(kind=kind, object_kind="account", object_id=account_id, subject_id=account_id, details=details)
    await activity.note(tx, act)


async def note_by_itself(tx: Tx, kind: str, account_id: int, *, session_id: str | None = None, **details: Any) -> None:
    """Note what somebody did of whom it is known only now who they are: they register, log in, recover."""
    act = Act(
        kind=kind,
        object_kind="account",
        object_id=account_id,
        subject_id=account_id,
        details=details,
        actor=here().known_as(account_id, session_id=session_id),
    )
    await activity.note(tx, act)


class RefusedLogIns:
    """Notes refused log-ins: of each account one a minute, so that guessing fills no tables.

    It is done beside the answer, which must not take longer for an account that exists than for one that does not.
    """

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._last: dict[int, float] = {}
        self._under_way: set[asyncio.Task[None]] = set()

    def saw(self, account_id: int, why: str) -> None:
        """Note that a log-in to an account was refused, unless one was a moment ago.

        Args:
            account_id: Whose log-in it would have been.
            why: A code: `password`, `disabled`, `second_factor`.
        """
        now = self._clock.monotonic()
        if now - self._last.get(account_id, -_REFUSED_EVERY_S) < _REFUSED_EVERY_S:
            return
        if len(self._under_way) >= _UNDER_WAY_MOST:
            return
        if len(self._last) >= _REMEMBERED:
            self._last.clear()
        self._last[account_id] = now
        task = asyncio.get_running_loop().create_task(self._note(account_id, why))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def close(self) -> None:
        """Finish what is under way."""
        while self._under_way:
            await asyncio.wait(set(self._under_way))

    async def _note(self, account_id: int, why: str) -> None:
        try:
            await self._db.write(lambda tx: note(tx, "session.refused", account_id, why=why))
        except HoldfastError as error:
            log.warning("account.refusal_not_noted", account_id=account_id, code=error.code)
