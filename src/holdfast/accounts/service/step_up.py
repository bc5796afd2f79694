"""Step-up: proving again who one is, before something sensitive. Answers `StepUpApi`."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import structlog

from holdfast.accounts import rules
from holdfast.accounts.api import InvalidCredentials
from holdfast.accounts.factors_api import (
    AssertionOptions,
    Freshness,
    PasskeyRefused,
    Proof,
    SecondFactorRequired,
)
from holdfast.accounts.service.factor_news import FactorNews
from holdfast.accounts.service.factors import SecondFactors
from holdfast.accounts.service.passkeys import Passkeys
from holdfast.accounts.service.passwords import Passwords
from holdfast.accounts.store import factors as store
from holdfast.kit.auth import Principal
from holdfast.kit.clock import Clock
from holdfast.kit.db.database import Database, Tx
from holdfast.kit.db.errors import UniqueViolation
from holdfast.kit.errors import Forbidden

log = structlog.get_logger()

Reauthenticated = Callable[[Tx, str], Awaitable[object]]
"""`sessions.reauthenticated(tx, session_id)`: the person behind a session has just proved who they are."""

_LEEWAY: Final = timedelta(seconds=30)
"""How far the clock of this process may be behind the database's, whose time a session keeps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """How long a proof counts as fresh."""

    clock: Clock
    lasts: timedelta

    def holds(self, authenticated_at: datetime | None) -> bool:
        """Return whether a proof given then is fresh now."""
        if authenticated_at is None:
            return False
        return -_LEEWAY <= self.clock.now() - authenticated_at < self.lasts


class StepUp:
    """Answers `StepUpApi`."""

    def __init__(
        self,
        *,
        db: Database,
        passwords: Passwords,
        codes: SecondFactors,
        passkeys: Passkeys,
        window: Window,
        reauthenticated: Reauthenticated,
    ) -> None:
        self._db = db
        self._passwords = passwords
        self._codes = codes
        self._passkeys = passkeys
        self._window = window
        self._reauthenticated = reauthenticated

    async def reauthentication_options(self, *, account_id: int) -> AssertionOptions:
        """Return what a browser needs to prove anew that a certain account's passkey is at hand."""
        return await self._passkeys.reauthentication_options(account_id=account_id)

    async def reauthenticate(self, *, principal: Principal, proof: Proof) -> Freshness:
        """Check anew who somebody is, and make their session fresh.

        Raises:
            InvalidCredentials: The password is wrong.
            SecondFactorRequired: The password is right, and a code is needed too.
            InvalidCode: The code is wrong or was used.
            PasskeyRefused: The passkey is not theirs, or not good.
            Forbidden: The principal has no session.
            TooManyRequests: Too many wrong tries.
            Overloaded: Too many passwords are being checked.
        """
        if principal.session_id is None:
            raise Forbidden("An API key cannot prove who somebody is: log in.")
        if proof.passkey is not None:
            return await self._by_passkey(principal.account_id, principal.session_id, proof.passkey)
        return await self._by_password(principal.account_id, principal.session_id, proof)

    def is_fresh(self, principal: Principal) -> bool:
        """Return whether a principal proved who they are a short while ago; an API key never has."""
        return principal.session_id is not None and self._window.holds(principal.authenticated_at)

    async def _by_password(self, account_id: int, session_id: str, proof: Proof) -> Freshness:
        # Counted for the session: whoever stole one must not be able to shut its owner out elsewhere.
        taken = [await self._codes.take_try(session_id)]
        password = proof.password or ""
        person = await self._db.read(lambda tx: store.find_person(tx, account_id=account_id))
        if person is None or person.disabled or not rules.is_plausible_password(password):
            raise InvalidCredentials
        if not await self._passwords.verify(password, person.password_hash):
            log.info("account.reauthentication_refused", account_id=account_id)
            raise InvalidCredentials
        if proof.code is not None:
            taken.append(await self._codes.take_try(account_id))

        async def renew(tx: Tx) -> datetime:
            if await self._codes.required(tx, account_id):
                if proof.code is None:
                    raise SecondFactorRequired
                await self._codes.check(tx, account_id, proof.code)
            return await self._renew(tx, account_id, session_id)

        at = await self._db.write(renew)
        for each in taken:
            await self._codes.give_back(each)
        return self._fresh(at)

    async def _by_passkey(self, account_id: int, session_id: str, credential: Mapping[str, Any]) -> Freshness:
        shown = await self._passkeys.shown(credential, account_id=account_id)

        async def renew(tx: Tx) -> datetime | None:
            if not shown.asserted.user_verified and await self._codes.required(tx, account_id):
                raise SecondFactorRequired("Unlock the passkey with its PIN or your finger, or use password and code.")
            if not await self._passkeys.accept(tx, shown):
                return None
            return await self._renew(tx, account_id, session_id)

        try:
            at = await self._db.write(renew)
        except UniqueViolation as again:
            raise PasskeyRefused from again
        if at is None:
            raise PasskeyRefused
        return self._fresh(at)

    async def _renew(self, tx: Tx, account_id: int, session_id: str) -> datetime:
        await self._reauthenticated(tx, session_id)
        await self._codes.news.tell(tx, FactorNews.REAUTHENTICATED, account_id=account_id)
        return await tx.now()

    def _fresh(self, at: datetime) -> Freshness:
        return Freshness(authenticated_at=at, fresh_until=at + self._window.lasts)
