"""The standing of sessions in Redis: spares the database a look-up with each request. The database stays the truth.

Nothing is believed here that may have changed. Whoever changes what sessions of an account are has the account marked
before the change is answered; while the mark is there, everybody asks the database. An entry lives for a *lease* of a
few seconds from when it was read, a mark for longer than a lease and the longest transaction together, so no entry that
was read before the commit is left when the mark goes. Where the mark cannot be written, the change is answered only
after a lease: what others may still believe has run out by then. So without Redis all is slower, and nothing is open
that is closed.

Entries are signed: whoever can write to Redis still cannot make themselves a session.
"""

import asyncio
import hmac
from collections import deque
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
import structlog

from holdfast.accounts.store.sessions import Standing
from holdfast.kit.auth import MemberRole
from holdfast.kit.clock import Clock
from holdfast.kit.secrets import Keyring

log = structlog.get_logger()

PURPOSE: Final = "accounts/shared-standing"
LEASE_S: Final = 5.0
MARK_S: Final = 30.0
"""Longer than `holdfast.kit.db.database.DEADLINE_S` and a lease together."""
_TIMEOUT_S: Final = 0.5
_PAUSE_S: Final = 5.0
_SESSION: Final = "holdfast:session:"
_MARK: Final = "holdfast:unsettled:"
_MAC_BYTES: Final = 32


class _Entry(msgspec.Struct, array_like=True):
    id: str
    account_id: int
    organization_id: int | None
    authenticated_at: datetime
    expires_at: datetime
    account_role: str
    member_role: MemberRole | None


_write = msgspec.json.Encoder().encode
_read = msgspec.json.Decoder(_Entry).decode


class SharedStandings:
    """Keeps what sessions are, for all processes of an installation."""

    def __init__(self, url: str, *, keyring: Keyring, clock: Clock) -> None:
        from redis.asyncio import Redis  # noqa: PLC0415 - takes long to load, and few installations use it

        self._redis: Any = Redis.from_url(
            url, protocol=2, socket_timeout=_TIMEOUT_S, socket_connect_timeout=_TIMEOUT_S, retry=None
        )
        self._keys = keyring.derive_all(PURPOSE)
        self._clock = clock
        self._away_until = 0.0
        self._changed: deque[int] = deque()
        self._marking: set[asyncio.Task[None]] = set()

    # ------------------------------------------------------------------ reading
    async def find(self, wanted: Mapping[str, int]) -> dict[str, Standing]:
        """Return what is known for sure of sessions (ids, and whose they are); nothing where Redis is away."""
        if self._clock.monotonic() < self._away_until:
            return {}
        ids, accounts = list(wanted), sorted(set(wanted.values()))
        keys = [*(_SESSION + each for each in ids), *(f"{_MARK}{each}" for each in accounts)]
        try:
            values = await self._redis.mget(keys)
        except Exception as error:  # noqa: BLE001 - whatever it is, the database knows
            self._gone(error)
            return {}
        unsettled = {each for each, mark in zip(accounts, values[len(ids) :], strict=True) if mark is not None}
        entries = zip(ids, values[: len(ids)], strict=True)
        opened = [self._opened(each, value) for each, value in entries if value and wanted[each] not in unsettled]
        return {each.id: each for each in opened if each is not None}

    async def keep(self, standings: Iterable[Standing], *, since: float) -> None:
        """Keep what the database said, for a lease.

        Args:
            standings: Of open sessions.
            since: When the database was asked, on the monotonic clock.
        """
        now = self._clock.monotonic()
        left_ms = int((LEASE_S - (now - since)) * 1000)
        if left_ms <= 0 or now < self._away_until:
            return
        try:
            pipe = self._redis.pipeline(transaction=False)
            for each in standings:
                pipe.set(_SESSION + each.id, self._closed(each), px=left_ms, nx=True)
            await pipe.execute()
        except Exception as error:  # noqa: BLE001 - it will be asked of the database again
            self._gone(error)

    # ------------------------------------------------------------------ changing
    def unsettle(self, account_id: int) -> None:
        """Say which account's sessions a transaction changes; `settled` marks it. From whatever thread it runs in."""
        self._changed.append(account_id)

    async def settled(self) -> None:
        """Return once nobody believes what was true before; runs after every transaction, and before its answer."""
        while self._changed:
            task = asyncio.get_running_loop().create_task(self._mark(self._changed.popleft()))
            self._marking.add(task)
            task.add_done_callback(self._marking.discard)
        if self._marking:
            await asyncio.wait(set(self._marking))

    async def close(self) -> None:
        """Finish what is under way and hang up."""
        await self.settled()
        await self._redis.aclose()

    async def _mark(self, account_id: int) -> None:
        try:
            await self._redis.set(f"{_MARK}{account_id}", b"1", px=int(MARK_S * 1000))
        except Exception as error:  # noqa: BLE001 - others may still reach it, so what they keep must run out first
            self._gone(error)
            await asyncio.sleep(LEASE_S + _TIMEOUT_S)

    def _gone(self, error: Exception) -> None:
        log.warning("sessions.redis_unavailable", error=type(error).__name__)
        self._away_until = self._clock.monotonic() + _PAUSE_S

    # ------------------------------------------------------------------ entries
    def _closed(self, standing: Standing) -> bytes:
        entry = _write(
            _Entry(
                id=standing.id,
                account_id=standing.account_id,
                organization_id=standing.organization_id,
                authenticated_at=standing.authenticated_at,
                expires_at=standing.expires_at,
                account_role=standing.account_role,
                member_role=standing.member_role,
            )
        )
        return hmac.digest(self._keys[0], entry, "sha256") + entry

    def _opened(self, session_id: str, value: bytes) -> Standing | None:
        """Return what an entry says, or None if it is not ours or of another session."""
        mac, entry = value[:_MAC_BYTES], value[_MAC_BYTES:]
        if not any(hmac.compare_digest(hmac.digest(key, entry, "sha256"), mac) for key in self._keys):
            return None
        said = _read(entry)
        if said.id != session_id:
            return None
        return Standing(
            id=said.id,
            account_id=said.account_id,
            organization_id=said.organization_id,
            authenticated_at=said.authenticated_at.astimezone(UTC),
            expires_at=said.expires_at.astimezone(UTC),
            account_role=said.account_role,
            member_role=said.member_role,
        )
