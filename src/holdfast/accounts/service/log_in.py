"""Logging in: by password and code, or by passkey.

Whether an address has an account is told by nothing: not by the answer, not by the time it takes, not by how often one
may try. What depends on the account, a code or a confirmation, is asked for only after a right password.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import structlog

from holdfast.accounts import rules
from holdfast.accounts.api import AccessToken, Account, InvalidCredentials
from holdfast.accounts.credentials_api import CredentialsApi
from holdfast.accounts.factors_api import PasskeyRefused, SecondFactorRequired
from holdfast.accounts.service.acts import RefusedLogIns
from holdfast.accounts.service.factors import SecondFactors
from holdfast.accounts.service.guarding import LoginGuard
from holdfast.accounts.service.passkeys import Passkeys
from holdfast.accounts.service.passwords import Passwords
from holdfast.accounts.service.sessions import Opening, Sessions
from holdfast.accounts.sessions_api import LogIn, SessionTokens
from holdfast.accounts.store import accounts as people
from holdfast.accounts.store import sessions as store
from holdfast.kit.db.database import Database, Tx
from holdfast.kit.db.errors import UniqueViolation
from holdfast.kit.errors import HoldfastError
from holdfast.kit.origin import current_origin

log = structlog.get_logger()

_NOWHERE: Final = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogInNeeds:
    """What logging in is made of."""

    db: Database
    passwords: Passwords
    sessions: Sessions
    codes: SecondFactors
    passkeys: Passkeys
    credentials: CredentialsApi
    guard: LoginGuard
    refused: RefusedLogIns
    plain_lifetime_s: int
    """How many seconds a token is good for that cannot be carried on."""


class LogIns:
    """Opens sessions for people who prove who they are."""

    def __init__(self, needs: LogInNeeds) -> None:
        self._needs = needs
        self._db = needs.db
        self._sessions = needs.sessions

    async def log_in(self, wanted: LogIn) -> SessionTokens:
        """Open a session for whoever proves who they are.

        Raises:
            InvalidCredentials: Unknown or unconfirmed address, wrong password or disabled account; takes equally long
                for each.
            SecondFactorRequired: The password is right, and a code is needed too.
            InvalidCode: The code is wrong or was used.
            PasskeyRefused: The passkey is not known here, or not good.
            NotFound: They do not belong to the organization they want to act for.
            TooManyRequests: Too many tries.
            Overloaded: Too many passwords are being checked.
        """
        if wanted.passkey is not None:
            return await self._by_passkey(wanted, wanted.passkey)
        opening = Opening(kind=wanted.kind, organization_id=wanted.organization_id)
        return (await self._by_password(wanted, opening))[1]

    async def log_in_plainly(self, *, email: str, password: str) -> AccessToken:
        """Exchange e-mail and password for an access token that cannot be carried on, and so is good for longer.

        Raises:
            InvalidCredentials: Unknown or unconfirmed address, wrong password or disabled account; takes equally long
                for each.
            SecondFactorRequired: The password is right, and a code is needed too.
            TooManyRequests: Too many tries.
            Overloaded: Too many passwords are being checked.
        """
        opening = Opening(alone_s=self._needs.plain_lifetime_s)
        account, given = await self._by_password(LogIn(email=email, password=password), opening)
        return AccessToken(token=given.access_token, expires_at=given.access_expires_at, account=account)

    async def _by_password(self, wanted: LogIn, opening: Opening) -> tuple[Account, SessionTokens]:
        password = wanted.password or ""
        if not rules.is_plausible_password(password):
            raise InvalidCredentials
        email_key = rules.email_key(wanted.email or "")
        attempt = await self._needs.guard.admit(email_key=email_key or _NOWHERE, place=_place())
        login = await self._proven(email_key, password)
        account = login.account
        self._needs.credentials.refuse_unconfirmed(is_confirmed=login.is_confirmed)
        taken = None if wanted.code is None else await self._needs.codes.take_try(account.id)

        async def work(tx: Tx) -> SessionTokens:
            if not await store.still_proven(tx, account_id=account.id, password_hash=login.password_hash):
                raise InvalidCredentials
            factor = await self._check_code(tx, account.id, wanted.code)
            how = Opening(
                kind=opening.kind,
                second_factor=factor,
                organization_id=opening.organization_id,
                alone_s=opening.alone_s,
            )
            return await self._sessions.open(tx, account, how)

        try:
            given = await self._db.write(work)
        except SecondFactorRequired:
            await self._needs.guard.half_way(attempt)
            raise
        await self._needs.guard.succeeded(attempt)
        if taken is not None:
            await self._needs.codes.give_back(taken)
        if self._needs.passwords.is_outdated(login.password_hash):
            await self._renew_hash(login, password)
        log.info("account.logged_in", account_id=account.id, session_id=given.session_id)
        return account, given

    async def _proven(self, email_key: str | None, password: str) -> people.Login:
        """Return the open account of an address, if the password is its.

        Raises:
            InvalidCredentials: It is not, or there is none; takes equally long for each.
        """
        login = None
        if email_key is not None:
            login = await self._db.read(lambda tx: people.find_login(tx, email_key=email_key))
        password_hash = self._needs.passwords.nobody if login is None else login.password_hash
        right = await self._needs.passwords.verify(password, password_hash)
        if login is None or not right or login.account.disabled:
            log.info("account.login_refused", account_id=None if login is None else login.account.id)
            if login is not None:
                self._needs.refused.saw(login.account.id, "disabled" if login.account.disabled else "password")
            raise InvalidCredentials
        return login

    async def _check_code(self, tx: Tx, account_id: int, code: str | None) -> bool:
        """Use up the code of an account that wants one; return whether it does.

        Raises:
            SecondFactorRequired: It does, and none was sent.
            InvalidCode: It is not good.
        """
        codes = self._needs.codes
        if not await codes.required(tx, account_id):
            return False
        if code is None:
            raise SecondFactorRequired
        await codes.check(tx, account_id, code)
        return True

    async def _by_passkey(self, wanted: LogIn, credential: Mapping[str, Any]) -> SessionTokens:
        passkeys = self._needs.passkeys
        shown = await passkeys.shown(credential)
        verified = shown.asserted.user_verified

        async def work(tx: Tx) -> SessionTokens | None:
            if not await store.still_proven(tx, account_id=shown.account_id, password_hash=None):
                raise PasskeyRefused
            if not verified and await self._needs.codes.required(tx, shown.account_id):
                raise SecondFactorRequired("Unlock the passkey with its PIN or your finger, or use password and code.")
            if not await passkeys.accept(tx, shown):
                return None
            [account] = await people.find_many(tx, ids=[shown.account_id])
            how = Opening(kind=wanted.kind, second_factor=verified, organization_id=wanted.organization_id)
            return await self._sessions.open(tx, account, how)

        try:
            given = await self._db.write(work)
        except UniqueViolation as again:  # the challenge was answered before
            raise PasskeyRefused from again
        if given is None:  # said only now, so that the suspicion is committed
            raise PasskeyRefused
        log.info("account.logged_in", account_id=shown.account_id, session_id=given.session_id, passkey=True)
        return given

    async def _renew_hash(self, login: people.Login, password: str) -> None:
        """Store the password with today's parameters; where that fails, the next log-in will do it."""
        account_id = login.account.id

        async def replace(tx: Tx) -> None:
            await people.replace_hash(tx, account_id=account_id, old_hash=login.password_hash, new_hash=new_hash)

        try:
            new_hash = await self._needs.passwords.hash(password)
            await self._db.write(replace)
        except HoldfastError as refusal:
            log.warning("account.hash_not_renewed", account_id=account_id, code=refusal.code)
        else:
            log.info("account.hash_renewed", account_id=account_id)


def _place() -> str:
    """Return where the request comes from, as limits count places."""
    origin = current_origin.get()
    return _NOWHERE if origin is None or origin.place is None else origin.place
