"""Sessions: opened, carried on, listed and ended. Answers `SessionsApi`.

A session and its refresh tokens are one family. Each token is good once; one that comes back after it was used proves
that two have it, and nobody can tell which of them is the owner: the session ends (docs/decisions/0020-sessions.md).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256
from typing import Final

import structlog

from holdfast.accounts.api import Account
from holdfast.accounts.models.activity import activity
from holdfast.accounts.models.sessions import MAX_ADDRESS, MAX_DEVICE
from holdfast.accounts.service.alarms import alarm
from holdfast.accounts.service.shared_standing import SharedStandings
from holdfast.accounts.service.tokens import Said, Tokens
from holdfast.accounts.sessions_api import RefreshRaced, RefreshRefused, Session, SessionKind, SessionTokens
from holdfast.accounts.settings import AccountsSettings
from holdfast.accounts.store import sessions as store
from holdfast.kit.activity.acts import Act, here
from holdfast.kit.auth import Principal
from holdfast.kit.clock import Clock
from holdfast.kit.csrf import CsrfFailed, CsrfTokens
from holdfast.kit.db.database import Database, Tx
from holdfast.kit.db.statements import Row
from holdfast.kit.errors import NotFound
from holdfast.kit.ids import new_id, new_secret
from holdfast.kit.origin import Origin, current_origin

log = structlog.get_logger()

PREFIX: Final = "hfr_"
REUSED: Final = "refresh_reused"
LOGGED_OUT: Final = "logged_out"
_DEVICES_KNOWN: Final = 200
_VERSION: Final = re.compile(r"[0-9][0-9._]*")
_NO_SESSION: Final = "You have no such open session."
_NO_ORGANIZATION: Final = "You do not belong to such an organization."
_KEEP_TOKENS: Final = timedelta(days=1)
"""How long the used tokens of an ended session are kept, so that it is known for a while what they were."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """How a session is opened."""

    kind: SessionKind = SessionKind.BEARER
    second_factor: bool = False
    organization_id: int | None = None
    alone_s: int | None = None
    """How long it lives without being carried on; None: it gets refresh tokens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionNeeds:
    """What sessions are made of."""

    db: Database
    clock: Clock
    settings: AccountsSettings
    tokens: Tokens
    csrf: CsrfTokens
    shared: SharedStandings | None


class Sessions:
    """Opens, carries on, lists and ends sessions."""

    def __init__(self, needs: SessionNeeds) -> None:
        self._db = needs.db
        self._clock = needs.clock
        self._settings = needs.settings
        self._tokens = needs.tokens
        self._csrf = needs.csrf
        self._shared = needs.shared

    # ------------------------------------------------------------------ in the caller's transaction
    async def open(self, tx: Tx, account: Account, opening: Opening) -> SessionTokens:
        """Open a session for somebody who has just proved who they are, from where the request comes.

        Raises:
            NotFound: They do not belong to the organization they want to act for.
        """
        now, origin = await tx.now(), _origin()
        life = timedelta(days=self._settings.session_days)
        new = store.NewSession(
            id=new_id("ses", self._clock),
            account_id=account.id,
            organization_id=await _organization(tx, account.id, opening.organization_id),
            kind=opening.kind,
            second_factor=opening.second_factor,
            expires_at=now + (life if opening.alone_s is None else timedelta(seconds=opening.alone_s)),
            device=origin.device,
            address=origin.address,
        )
        await store.add(tx, new)
        await self._note_opened(tx, new)
        said = Said(
            session_id=new.id,
            account_id=account.id,
            role=account.role,
            organization_id=new.organization_id,
            authenticated_at=now,
            until=new.expires_at,
        )
        return await self._give(tx, said, opening.kind, alone_s=opening.alone_s)

    async def _note_opened(self, tx: Tx, new: store.NewSession) -> None:
        """Note a log-in, and write to its owner if it comes from a device nobody logged in from before."""
        actor = here().known_as(new.account_id, session_id=new.id)
        act = Act(
            kind="session.opened",
            object_kind="session",
            object_id=new.id,
            subject_id=new.account_id,
            details={"kind": new.kind.value, "second_factor": new.second_factor},
            actor=actor,
        )
        before = await store.devices_of(tx, account_id=new.account_id, besides=new.id, limit=_DEVICES_KNOWN)
        if not before or _make(new.device) in map(_make, before):
            await activity.note(tx, act)
            return
        facts = {
            "at": f"{await tx.now():%Y-%m-%d %H:%M} UTC",
            "device": new.device or "not told",
            "address": new.address or "not told",
        }
        await alarm(tx, self._clock, replace(act, kind="session.opened_on_new_device"), facts=facts)

    async def end_all(self, tx: Tx, *, account_id: int, why: str, except_session: str | None = None) -> int:
        """End all sessions of an account but perhaps one; return how many. Their tokens are refused from the commit on.

        Args:
            tx: The caller's transaction.
            account_id: Whose sessions.
            why: A code that is kept with each: `password_changed`, `disabled`, `erased`.
            except_session: The one that stays.
        """
        ended = await store.end_all(tx, account_id=account_id, why=why, except_session=except_session)
        if ended:
            self.changed(account_id)
            details = {"why": why, "count": ended}
            await activity.note(tx, Act(kind="sessions.ended", subject_id=account_id, details=details))
        return ended

    async def reauthenticated(self, tx: Tx, session_id: str) -> None:
        """Note that a session's owner has just proved who they are."""
        found = await store.find(tx, session_id=session_id)
        if found is not None:
            await store.reauthenticated(tx, session_id=session_id)
            self.changed(found.account_id)

    async def act_for(self, tx: Tx, session_id: str, organization_id: int | None) -> None:
        """Let a session act for an organization from now on; who calls has made sure that it may."""
        found = await store.find(tx, session_id=session_id)
        if found is not None:
            await store.act_for(tx, session_id=session_id, organization_id=organization_id)
            self.changed(found.account_id)

    def changed(self, account_id: int) -> None:
        """Say, in a transaction, that what an account's sessions may do is about to change: nothing shared counts."""
        if self._shared is not None:
            self._shared.unsettle(account_id)

    # ------------------------------------------------------------------ carried on
    async def refresh(
        self, *, refresh_token: str, csrf_token: str | None = None, organization_id: int | None = None
    ) -> SessionTokens:
        """Use up a refresh token and return the next one with a new access token.

        Raises:
            RefreshRefused: It is not good.
            RefreshRaced: It was used a moment ago.
            CsrfFailed: It came in a cookie without the session's CSRF token.
            NotFound: They do not belong to that organization.
        """
        token_hash = _hash(refresh_token)

        async def carry_on(tx: Tx) -> SessionTokens | None:
            # Used up before it is looked at: of many that come at once, one finds it unused.
            first = await store.use_refresh(tx, token_hash=token_hash)
            row = await store.find_refresh(tx, token_hash=token_hash)
            await self._check(tx, row, csrf_token)
            assert row is not None  # noqa: S101 - checked just now
            if first:
                return await self._next(tx, row, organization_id)
            if await tx.now() - row.used_at <= timedelta(seconds=self._settings.refresh_grace_s):
                raise RefreshRaced
            await self._end(tx, row.account_id, row.id, REUSED)
            log.warning("session.refresh_reused", session_id=row.id, account_id=row.account_id)
            return None

        given = await self._db.write(carry_on)
        if given is None:  # said only now, so that the end of the session is committed
            raise RefreshRefused
        return given

    async def _check(self, tx: Tx, row: Row | None, csrf_token: str | None) -> None:
        now = await tx.now()
        if row is None or row.ended_at is not None or row.disabled or min(row.expires_at, row.token_expires_at) <= now:
            raise RefreshRefused
        by_cookie = row.kind is SessionKind.COOKIE
        if by_cookie and (csrf_token is None or not self._csrf.fits(row.id, csrf_token)):
            raise CsrfFailed

    async def _next(self, tx: Tx, row: Row, organization_id: int | None) -> SessionTokens:
        acts_for, origin = row.organization_id, _origin()
        if organization_id is not None and organization_id != acts_for:
            acts_for = await _organization(tx, row.account_id, organization_id)
            self.changed(row.account_id)
        if not await store.seen(
            tx, session_id=row.id, organization_id=acts_for, device=origin.device, address=origin.address
        ):
            raise RefreshRefused
        said = Said(
            session_id=row.id,
            account_id=row.account_id,
            role=row.account_role,
            organization_id=acts_for,
            authenticated_at=row.authenticated_at,
            until=row.expires_at,
        )
        return await self._give(tx, said, row.kind)

    async def _give(self, tx: Tx, said: Said, kind: SessionKind, *, alone_s: int | None = None) -> SessionTokens:
        access, access_until = self._tokens.issue(said, lifetime_s=alone_s)
        refresh, refresh_until = "", access_until
        if alone_s is None:
            assert said.until is not None  # noqa: S101 - every session ends
            refresh = PREFIX + new_secret()
            refresh_until = min(await tx.now() + timedelta(days=self._settings.refresh_days), said.until)
            await store.add_refresh(tx, token_hash=_hash(refresh), session_id=said.session_id, expires_at=refresh_until)
        return SessionTokens(
            session_id=said.session_id,
            account_id=said.account_id,
            kind=kind,
            organization_id=said.organization_id,
            access_token=access,
            access_expires_at=access_until,
            refresh_token=refresh,
            refresh_expires_at=refresh_until,
            csrf_token=self._csrf.of(said.session_id),
        )

    # ------------------------------------------------------------------ seen and ended
    async def list_of(self, *, principal: Principal) -> Sequence[Session]:
        """Return somebody's open sessions, the last used first; at most 200."""
        found = await self._db.read(lambda tx: store.list_of(tx, account_id=principal.account_id))
        return [_session(row, principal.session_id) for row in found]

    async def current(self, *, principal: Principal) -> Session:
        """Return the session that asks.

        Raises:
            NotFound: An API key asks.
        """
        session_id = principal.session_id or ""
        row = await self._db.read(lambda tx: store.find(tx, session_id=session_id))
        if row is None:
            raise NotFound(_NO_SESSION)
        return _session(row, session_id)

    async def end(self, *, principal: Principal, session_id: str, why: str = LOGGED_OUT) -> None:
        """End one of somebody's sessions; its tokens are refused at once.

        Raises:
            NotFound: They have no such open session.
        """

        async def work(tx: Tx) -> bool:
            return await self._end(tx, principal.account_id, session_id, why)

        if not await self._db.write(work):
            raise NotFound(_NO_SESSION)
        log.info("session.ended", session_id=session_id, account_id=principal.account_id, why=why)

    async def end_all_of(self, *, account_id: int, except_session: str | None = None, why: str = LOGGED_OUT) -> int:
        """End all sessions of an account but perhaps one; return how many."""

        async def work(tx: Tx) -> int:
            return await self.end_all(tx, account_id=account_id, why=why, except_session=except_session)

        ended = await self._db.write(work)
        log.info("session.all_ended", account_id=account_id, count=ended, why=why)
        return ended

    def csrf_token(self, session_id: str) -> str:
        """Return what a page proves with that it is the session's own; the same as long as the secret is."""
        return self._csrf.of(session_id)

    async def forget(self) -> None:
        """Delete refresh tokens that are of no use any more: a job."""

        async def work(tx: Tx) -> int:
            return await store.forget_tokens(tx, before=await tx.now() - _KEEP_TOKENS)

        await self._db.write(work)

    async def _end(self, tx: Tx, account_id: int, session_id: str, why: str) -> bool:
        if not await store.end(tx, account_id=account_id, session_id=session_id, why=why):
            return False
        self.changed(account_id)
        act = Act(
            kind="session.ended",
            object_kind="session",
            object_id=session_id,
            subject_id=account_id,
            details={"why": why},
        )
        if why == REUSED:
            await alarm(tx, self._clock, replace(act, kind="session.refresh_reused"))
        else:
            await activity.note(tx, act)
        return True


def _make(device: str | None) -> str:
    """Return what a client says it is, without its versions: an update makes no new device."""
    return _VERSION.sub("", device or "")


async def _organization(tx: Tx, account_id: int, wanted: int | None) -> int | None:
    """Return the organization somebody acts for: the one they want, or their own, or the one they joined first.

    Raises:
        NotFound: They do not belong to the one they want.
    """
    memberships = await store.memberships(tx, account_id=account_id)
    if wanted is not None:
        if wanted not in memberships:
            raise NotFound(_NO_ORGANIZATION)
        return wanted
    return account_id if account_id in memberships else next(iter(memberships), None)


def _origin() -> Origin:
    """Return where the request comes from, as much of it as is kept."""
    origin = current_origin.get() or Origin()
    device, address = origin.device, origin.address
    return Origin(device=device and device[:MAX_DEVICE], address=address and address[:MAX_ADDRESS])


def _session(row: Row, current: str | None) -> Session:
    return Session(
        id=row.id,
        kind=row.kind,
        organization_id=row.organization_id,
        second_factor=row.second_factor,
        created_at=row.created_at,
        seen_at=row.seen_at,
        authenticated_at=row.authenticated_at,
        expires_at=row.expires_at,
        device=row.device,
        address=row.address,
        is_current=row.id == current,
    )


def _hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()
