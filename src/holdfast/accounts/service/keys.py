"""API keys answer their door: made, shown once, looked up with each request, replaced and revoked."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

import structlog
from typing_extensions import override

from holdfast.accounts.keys_api import (
    KEY_PREFIX,
    KEYS_MOST,
    ApiKey,
    KeyMode,
    KeysApi,
    NewApiKey,
    ScopeRefused,
    TooManyKeys,
)
from holdfast.accounts.models.activity import activity
from holdfast.accounts.service.alarms import alarm
from holdfast.accounts.store import keys as store
from holdfast.accounts.store import organizations
from holdfast.kit.activity.acts import Act
from holdfast.kit.auth import KEY_MAY, Permission, Principal, permissions_of
from holdfast.kit.clock import Clock
from holdfast.kit.db.database import Database, Tx
from holdfast.kit.errors import HoldfastError, NotFound, Unauthenticated
from holdfast.kit.ids import new_id, new_secret
from holdfast.kit.lanes import Lane

log = structlog.get_logger()

_FORM: Final = re.compile(r"hfk_(live|test)_([A-Za-z0-9_-]{43})")
_PREFIX: Final = 8
_REVOKED: Final = "revoked"
_ROTATED: Final = "rotated"
_USED_EVERY: Final = timedelta(minutes=1)
_NOTING_MOST: Final = 1_000
_LINES: Final = 2
_BY_TRIPS_ALONE: Final = frozenset({Permission.TRIPS})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """A key that is to be made."""

    account_id: int
    name: str
    scopes: frozenset[Permission]
    organization_id: int | None
    expires_at: datetime | None


class Keys(KeysApi):
    """Answers `KeysApi`."""

    def __init__(self, *, db: Database, clock: Clock, mode: KeyMode) -> None:
        self._db = db
        self._clock = clock
        self._mode = mode
        self._lane: Lane[str, store.Standing] = Lane("accounts.keys", self._look_up, lines=_LINES)
        self._noting: set[str] = set()

    async def close(self) -> None:
        """Finish look-ups that are under way."""
        await self._lane.close()

    # ------------------------------------------------------------------------------------------------------ their maker

    @override
    async def list_of(self, *, principal: Principal) -> Sequence[ApiKey]:
        return await self._db.read(lambda tx: store.list_of(tx, account_id=principal.account_id))

    @override
    async def create(
        self, *, principal: Principal, name: str, scopes: Collection[Permission], lifetime_days: int | None = None
    ) -> NewApiKey:
        wanted = frozenset(scopes)
        organization_id = None if wanted <= _BY_TRIPS_ALONE else principal.owner_id

        async def work(tx: Tx) -> NewApiKey:
            await _check_scopes(tx, principal, wanted, organization_id)
            made = await self._make(
                tx,
                _Wanted(
                    account_id=principal.account_id,
                    name=name,
                    scopes=wanted,
                    organization_id=organization_id,
                    expires_at=None if lifetime_days is None else await tx.now() + timedelta(days=lifetime_days),
                ),
            )
            await self._alarm(tx, "key.created", made.about, principal.account_id)
            return made

        made = await self._db.write(work)
        log.info("key.created", key_id=made.about.id, account_id=principal.account_id)
        return made

    @override
    async def rotate(self, *, principal: Principal, key_id: str, overlap_s: int = 0) -> NewApiKey:
        account_id = principal.account_id

        async def work(tx: Tx) -> NewApiKey:
            await store.lock_maker(tx, account_id=account_id)
            old = await store.find(tx, account_id=account_id, key_id=key_id)
            if old is None:
                raise NotFound("There is no such key.")
            await _check_scopes(tx, principal, frozenset(old.scopes), old.organization_id)
            await self._replace(tx, account_id, old, overlap_s)
            lasts = None if old.expires_at is None else old.expires_at - old.created_at
            made = await self._make(
                tx,
                _Wanted(
                    account_id=account_id,
                    name=old.name,
                    scopes=frozenset(old.scopes),
                    organization_id=old.organization_id,
                    expires_at=None if lasts is None else await tx.now() + lasts,
                ),
            )
            await self._alarm(tx, "key.rotated", made.about, account_id, replaces=key_id)
            return made

        made = await self._db.write(work)
        log.info("key.rotated", key_id=made.about.id, replaces=key_id, account_id=account_id)
        return made

    @override
    async def revoke(self, *, principal: Principal, key_id: str) -> None:
        account_id = principal.account_id

        async def work(tx: Tx) -> None:
            if not await store.exists(tx, account_id=account_id, key_id=key_id):
                raise NotFound("There is no such key.")
            if await store.end(tx, account_id=account_id, key_id=key_id, why=_REVOKED):
                act = Act(kind="key.revoked", object_kind="key", object_id=key_id, subject_id=account_id)
                await activity.note(tx, act)

        await self._db.write(work)
        log.info("key.revoked", key_id=key_id, account_id=account_id)

    async def _alarm(self, tx: Tx, kind: str, about: ApiKey, account_id: int, **details: str) -> None:
        """Note that there is a new key, and write to whose it is."""
        act = Act(
            kind=kind,
            object_kind="key",
            object_id=about.id,
            subject_id=account_id,
            details={"scopes": [each.value for each in about.scopes], **details},
        )
        await alarm(tx, self._clock, act)

    async def _replace(self, tx: Tx, account_id: int, old: ApiKey, overlap_s: int) -> None:
        """End a key, or let it run out in a while if it would not before."""
        until = await tx.now() + timedelta(seconds=overlap_s)
        if overlap_s == 0:
            await store.end(tx, account_id=account_id, key_id=old.id, why=_ROTATED)
        elif old.expires_at is None or until < old.expires_at:
            await store.shorten(tx, account_id=account_id, key_id=old.id, until=until)

    async def _make(self, tx: Tx, wanted: _Wanted) -> NewApiKey:
        await store.lock_maker(tx, account_id=wanted.account_id)
        if await store.count(tx, account_id=wanted.account_id) >= KEYS_MOST:
            raise TooManyKeys
        secret = new_secret()
        key = f"{KEY_PREFIX}{self._mode.value}_{secret}"
        new = store.KeyToStore(
            id=new_id("key", self._clock),
            key_hash=_hash(key),
            prefix=secret[:_PREFIX],
            name=wanted.name,
            account_id=wanted.account_id,
            organization_id=wanted.organization_id,
            mode=self._mode,
            scopes=tuple(each for each in Permission if each in wanted.scopes),
            expires_at=wanted.expires_at,
        )
        return NewApiKey(key=key, about=await store.add(tx, new))

    # ---------------------------------------------------------------------------------------------------- each request

    @override
    async def principal(self, token: str) -> Principal:
        found = _FORM.fullmatch(token)
        # The mode is a part of what was hashed, so it cannot be changed; a key from elsewhere is not even looked up.
        if found is None or found[1] != self._mode.value:
            raise Unauthenticated
        standing = await self._lane.submit(_hash(token))
        if standing.organization_id is not None and standing.member_role is None:
            raise Unauthenticated("Whoever made this key does not belong to the organization any more.")
        await self._note_used(standing)
        may = permissions_of(standing.account_role, standing.member_role)
        return Principal(
            account_id=standing.account_id,
            # What somebody is beyond the organization, a key is not: it never acts on everybody's objects.
            role="guest" if standing.organization_id is None else "owner",
            owner_id=standing.organization_id,
            permissions=frozenset(standing.scopes) & KEY_MAY & may,
            key_id=standing.id,
        )

    async def _look_up(self, hashes: Sequence[str]) -> Sequence[store.Standing | Exception]:
        found = await self._db.read(lambda tx: store.standings(tx, hashes=sorted(set(hashes))))
        return [found.get(each) or Unauthenticated() for each in hashes]

    async def _note_used(self, standing: store.Standing) -> None:
        """Note to the minute when a key was used last; the request goes on where that fails."""
        now = self._clock.now()
        if standing.last_used_at is not None and now - standing.last_used_at < _USED_EVERY:
            return
        if standing.id in self._noting or len(self._noting) >= _NOTING_MOST:
            return
        self._noting.add(standing.id)

        async def work(tx: Tx) -> None:
            await store.note_used(tx, key_id=standing.id, before=await tx.now() - _USED_EVERY)

        try:
            await self._db.write(work)
        except HoldfastError as error:
            log.warning("key.use_not_noted", key_id=standing.id, code=error.code)
        finally:
            self._noting.discard(standing.id)


async def _check_scopes(
    tx: Tx, principal: Principal, wanted: frozenset[Permission], organization_id: int | None
) -> None:
    """Refuse what the maker may not give, as things are in this transaction.

    Raises:
        ScopeRefused: A scope is none of theirs, or no key may have it, or they do not make the organization's keys.
    """
    role = None
    if organization_id is not None:
        found = await organizations.membership(tx, organization_id=organization_id, account_id=principal.account_id)
        role = None if found is None else found.role
    own = permissions_of(principal.role, role)
    # Keys of an organization are made by who answers for its members.
    makes_all = organization_id is not None and Permission.MEMBERS in own
    may = KEY_MAY & own if makes_all else KEY_MAY & own & _BY_TRIPS_ALONE
    if refused := sorted(wanted - may):
        raise ScopeRefused(f"No key of yours may have {', '.join(refused)}.", extra={"scopes": refused})


def _hash(key: str) -> str:
    return sha256(key.encode()).hexdigest()
