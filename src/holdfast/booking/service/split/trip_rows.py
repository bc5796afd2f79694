"""Where trips over several stocks are written down, and found again."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from holdfast.booking.rules import TripState
from holdfast.booking.service.answers import KeyUse
from holdfast.booking.service.split.stocks import Stocks
from holdfast.booking.store import keys
from holdfast.booking.store import trips as store
from holdfast.kit.db.database import Tx
from holdfast.kit.db.errors import UniqueViolation
from holdfast.kit.db.statements import Row
from holdfast.kit.errors import NotFound
from holdfast.kit.keyed import KeyInProgress

T = TypeVar("T")


class TripRows:
    """Finds and writes trips, and carries what is begun with one to its end."""

    def __init__(self, stocks: Stocks) -> None:
        self._stocks = stocks
        self._desk = stocks.home.part.desk
        self._db = self._desk.db
        self._under_way: set[asyncio.Task[Any]] = set()

    async def close(self) -> None:
        """Finish what is under way."""
        await asyncio.gather(*self._under_way, return_exceptions=True)

    async def find(self, trip_id: str, *, account_id: int | None = None) -> Row:
        """Return a trip by the id of its hold, and whoever's it is where that is asked.

        Raises:
            NotFound: No such hold, or somebody else's.
        """
        row = await self._db.read(lambda tx: store.find(tx, trip_id))
        if row is None or (account_id is not None and row.account_id != account_id):
            raise NotFound("There is no such hold.")
        return row

    async def find_booked(self, *, number: int | None = None, reference: str | None = None) -> Row | None:
        """Return a trip that is booked, by its number or reference."""
        row = await self._db.read(lambda tx: store.find_booked(tx, number=number, reference=reference))
        return row if row is not None and row.state is TripState.BOOKED else None

    async def moved(
        self,
        trip_id: str,
        expected: TripState,
        *,
        also: Callable[[Tx], Awaitable[None]] | None = None,
        **changed: Any,
    ) -> Row:
        """Write what becomes of a trip if it stands where it is expected; return it as it stands then."""

        async def write(tx: Tx) -> Row:
            row = await store.lock(tx, trip_id)
            if row is not None and row.state is expected:
                await store.write(tx, row, **changed)
                if also is not None:
                    await also(tx)
            return await store.find(tx, trip_id)

        return await self.keyed(write)

    async def keyed(self, write: Callable[[Tx], Coroutine[Any, Any, T]]) -> T:
        """Write in one transaction what a key belongs to.

        Raises:
            KeyInProgress: A request with this key is being worked on elsewhere.
        """
        try:
            return await self._db.write(write)
        except UniqueViolation:
            raise KeyInProgress(retry_after_s=1) from None

    async def kept(self, key: KeyUse | None) -> Any:
        """Return what was answered under a key before, if anything.

        Raises:
            KeyReused: It belongs to another request.
        """
        if key is None:
            return None
        kept = (await self._db.read(lambda tx: keys.find(tx, [key.scope]))).get(key.scope)
        if kept is None:
            return None
        key.refuse_other(kept)
        await self._db.write(lambda tx: keys.count_replays(tx, [key.scope]))
        return kept.answer

    async def to_its_end(self, work: Coroutine[Any, Any, T]) -> T:
        """Carry something out although its caller may go away in the middle."""
        task = asyncio.get_running_loop().create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return await asyncio.shield(task)


async def note_key(tx: Tx, key: KeyUse | None, answer: dict[str, Any], *, known: bool) -> None:
    """Keep what is answered under a key, if there is one; `known` where it stood for a try that came to nothing."""
    if key is None:
        return
    if known:
        await store.point_key(tx, key.scope, answer)
    else:
        await store.keep_key(tx, key.row(answer))
