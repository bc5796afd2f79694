"""A module's activity as the application and the gateway ask for it."""

from collections.abc import Sequence
from typing import Any

from holdfast.kit.activity.acts import Act
from holdfast.kit.activity.chain import ActivityReport, Chain, Seal
from holdfast.kit.activity.log import PAGE_MOST, Activity, Noted, Wanted
from holdfast.kit.db.database import Database


class ActivityRecords:
    """Reads, seals, checks and erases in the database of one module."""

    def __init__(self, activity: Activity, db: Database) -> None:
        self._activity = activity
        self._db = db
        self._chain = Chain(activity, db)

    @property
    def module(self) -> str:
        """Whose activity this is."""
        return self._activity.module

    @property
    def waits(self) -> bool:
        """Whether something was noted in this process that it has not sealed."""
        return self._activity.waits

    async def note(self, act: Act) -> None:
        """Note an act that no transaction does, such as what is done to a database as a whole."""
        await self._db.write(lambda tx: self._activity.note(tx, act))

    async def page(self, wanted: Wanted, *, before: int | None = None, limit: int = PAGE_MOST) -> list[Noted]:
        """Return the newest acts that are wanted, with ids below `before`, newest first; at most `PAGE_MOST`.

        Raises:
            ValueError: `limit` is not between 1 and `PAGE_MOST`.
        """
        if not 1 <= limit <= PAGE_MOST:
            raise ValueError(f"limit must be between 1 and {PAGE_MOST}")
        return await self._db.read(lambda tx: self._activity.page(tx, wanted, before=before, limit=limit))

    async def origins_of(self, account_id: int) -> list[dict[str, Any]]:
        """Return from where an account acted, as far as that is still kept, oldest first."""
        return await self._db.read(lambda tx: self._activity.origins_of(tx, account_id))

    async def erase_origins(self, account_id: int) -> int:
        """Erase from where an account acted; returns how many rows that were. Repeating it changes nothing."""
        return await self._db.write(lambda tx: self._activity.erase_origins(tx, account_id))

    async def newest(self) -> Seal | None:
        """Return the newest seal, or None if nothing has been sealed."""
        return await self._chain.newest()

    async def seal(self) -> None:
        """Seal what has no seal yet: a job."""
        await self._chain.seal()

    async def verify(self, *, known: Sequence[Seal] = ()) -> ActivityReport:
        """Go over the whole chain; see `Chain.verify`."""
        return await self._chain.verify(known=known)
