"""What sessions are at this moment: read for every request, so that an end, a new role or a lost membership counts.

A token proves only that a session was opened. Requests that arrive while one look-up runs share the next one
(docs/decisions/0020-sessions.md).
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

from holdfast.accounts.service.shared_standing import SharedStandings
from holdfast.accounts.service.tokens import Spoken
from holdfast.accounts.store import sessions as store
from holdfast.accounts.store.sessions import Standing
from holdfast.kit.auth import MemberRole, Permission, Principal, permissions_of
from holdfast.kit.clock import Clock
from holdfast.kit.db.database import Database
from holdfast.kit.errors import Unauthenticated
from holdfast.kit.lanes import Lane

_ENDED: Final = "The session of this token has ended."


class Standings:
    """Looks sessions up, in the shared cache if there is one, in the database otherwise."""

    def __init__(self, *, db: Database, clock: Clock, shared: SharedStandings | None) -> None:
        self._db = db
        self._clock = clock
        self._shared = shared
        # One line: requests that wait a moment longer share more, and it is the number of reads that costs.
        self._lane: Lane[Spoken, Standing | None] = Lane("accounts.sessions", self._look_up)

    async def close(self) -> None:
        """Finish look-ups that are under way."""
        await self._lane.close()

    async def principal(self, spoken: Spoken) -> Principal:
        """Return whom a token speaks for, with the permissions they have now.

        Raises:
            Unauthenticated: Its session has ended, or its account is closed.
            Overloaded: Too many wait already.
            DatabaseUnavailable: Nobody can say what the session is.
        """
        standing = await self._lane.submit(spoken)
        if standing is None or standing.account_id != spoken.account_id or standing.expires_at <= self._clock.now():
            raise Unauthenticated(_ENDED)
        return Principal(
            account_id=standing.account_id,
            role=standing.account_role,
            owner_id=None if standing.member_role is None else standing.organization_id,
            permissions=_permissions(standing.account_role, standing.member_role),
            session_id=standing.id,
            authenticated_at=standing.authenticated_at,
        )

    async def _look_up(self, asked: Sequence[Spoken]) -> Sequence[Standing | None]:
        wanted = {each.session_id: each.account_id for each in asked}
        found = await self._read(sorted(wanted)) if self._shared is None else await self._shared_first(wanted)
        return [found.get(each.session_id) for each in asked]

    async def _shared_first(self, wanted: Mapping[str, int]) -> Mapping[str, Standing]:
        assert self._shared is not None  # noqa: S101 - asked for only where there is one
        found = await self._shared.find(wanted)
        missing = sorted(wanted.keys() - found.keys())
        if not missing:
            return found
        since = self._clock.monotonic()
        read = await self._read(missing)
        await self._shared.keep(read.values(), since=since)
        return {**found, **read}

    async def _read(self, ids: Sequence[str]) -> Mapping[str, Standing]:
        return await self._db.read(lambda tx: store.standings(tx, ids=ids))


@lru_cache(maxsize=64)
def _permissions(role: str, membership: MemberRole | None) -> frozenset[Permission]:
    return permissions_of(role, membership)
