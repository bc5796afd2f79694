"""Accounts answers its door: register, log in, say whom a token speaks for."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import structlog

from holdfast.accounts import rules
from holdfast.accounts.api import AccessToken, Account, AccountExists, InvalidCredentials, Role
from holdfast.accounts.service.acts import note, note_by_itself
from holdfast.accounts.service.doors import Doors
from holdfast.accounts.service.passwords import Passwords
from holdfast.accounts.service.tokens import Tokens
from holdfast.accounts.store import accounts as store
from holdfast.accounts.store import keys
from holdfast.kit.auth import Principal
from holdfast.kit.db.database import Database, Tx
from holdfast.kit.db.errors import UniqueViolation
from holdfast.kit.errors import HoldfastError, Invalid, NotFound

MAX_PAGE: Final = 1000
MAX_IDS: Final = 1000

log = structlog.get_logger()


class Accounts:
    """Answers `AccountsApi`."""

    def __init__(self, *, db: Database, passwords: Passwords, tokens: Tokens, doors: Doors) -> None:
        self.organizations = doors.organizations
        self.keys = doors.keys
        self.privacy = doors.privacy
        self._db = db
        self._passwords = passwords
        self._tokens = tokens

    async def register(self, *, username: str, email: str, password: str, role: Role = Role.GUEST) -> Account:
        """Create an account. `role` comes from the caller's decision, never from the public.

        Raises:
            AccountExists: E-mail (canonical form) or user name is taken.
            Invalid: E-mail, user name or password break a rule; every wrong field is named.
            Overloaded: Too many passwords are being hashed; nothing was done.
        """
        mistakes = rules.mistakes(username=username, email=email, password=password)
        username_key, email_key = rules.username_key(username), rules.email_key(email)
        if mistakes or username_key is None or email_key is None:
            raise Invalid(errors=mistakes)
        new = store.NewAccount(
            username=username,
            username_key=username_key,
            email=email.strip(),
            email_key=email_key,
            password_hash=await self._passwords.hash(password),
            role=role,
        )

        async def add(tx: Tx) -> Account:
            made = await store.add(tx, new)
            await note_by_itself(tx, "account.registered", made.id, role=role.value)
            return made

        try:
            account = await self._db.write(add)
        except UniqueViolation as taken:
            raise AccountExists from taken
        log.info("account.registered", account_id=account.id, role=role.value)
        return account

    async def create_admin(self, *, username: str, email: str, password: str) -> Account:
        """Create an account that may do everything; for the operator's command line, never for the network.

        Raises:
            AccountExists: E-mail (canonical form) or user name is taken; the account found is left as it is.
            Invalid: E-mail, user name or password break a rule; every wrong field is named.
            Overloaded: Too many passwords are being hashed; nothing was done.
        """
        return await self.register(username=username, email=email, password=password, role=Role.ADMIN)

    async def log_in(self, *, email: str, password: str) -> AccessToken:
        """Exchange e-mail and password for an access token.

        Raises:
            InvalidCredentials: Unknown address, wrong password or disabled account; takes equally long for each.
            Overloaded: Too many passwords are being checked.
        """
        if not rules.is_plausible_password(password):
            raise InvalidCredentials
        login = await self._find_login(email)
        password_hash = self._passwords.nobody if login is None else login.password_hash
        right = await self._passwords.verify(password, password_hash)
        if login is None or not right or login.account.disabled:
            log.info("account.login_refused", account_id=None if login is None else login.account.id)
            raise InvalidCredentials
        if self._passwords.is_outdated(password_hash):
            await self._renew_hash(login, password)
        log.info("account.logged_in", account_id=login.account.id)
        return self._tokens.issue(login.account)

    async def principal(self, token: str) -> Principal:
        """Check an access token and say who it speaks for. Verified tokens are remembered until they expire.

        Raises:
            Unauthenticated: Missing, malformed, forged, not yet valid, or issued for another service.
            TokenExpired: The signature is good and the token has run out.
        """
        return self._tokens.check(token)

    async def get_many(self, *, ids: Sequence[int]) -> list[Account]:
        """Return the accounts that exist among `ids`, in no set order.

        Raises:
            ValueError: More than `MAX_IDS` are asked for.
        """
        if len(ids) > MAX_IDS:
            raise ValueError(f"at most {MAX_IDS} ids at a time")
        wanted = sorted(set(ids))

        async def find(tx: Tx) -> list[Account]:
            return await store.find_many(tx, ids=wanted)

        return await self._db.read(find)

    async def find_by_email(self, *, email: str) -> Account | None:
        """Return the account of an address in whatever spelling, or None; for the command line and the demo data."""
        login = await self._find_login(email)
        return None if login is None else login.account

    async def list_all(self, *, after_id: int = 0, limit: int = 100) -> list[Account]:
        """Return accounts in order of id, for admins; at most 1,000 at a time.

        Raises:
            ValueError: `limit` is not between 1 and 1,000.
        """
        if not 1 <= limit <= MAX_PAGE:
            raise ValueError(f"limit must be between 1 and {MAX_PAGE}")

        async def find(tx: Tx) -> list[Account]:
            return await store.list_after(tx, after_id=after_id, limit=limit)

        return await self._db.read(find)

    async def disable(self, *, account_id: int) -> Account:
        """Close an account: nobody can log in to it until `enable`. Access tokens already given run out by themselves.

        Raises:
            NotFound: There is no such account.
        """
        return await self._set_disabled(account_id, disabled=True)

    async def enable(self, *, account_id: int) -> Account:
        """Open a closed account again.

        Raises:
            NotFound: There is no such account.
        """
        return await self._set_disabled(account_id, disabled=False)

    def published_keys(self) -> Mapping[str, Any]:
        """Return the public keys as a JSON Web Key Set, for anyone who wants to check a token."""
        return self._tokens.published_keys()

    async def _find_login(self, email: str) -> store.Login | None:
        email_key = rules.email_key(email)
        if email_key is None:
            return None

        async def find(tx: Tx) -> store.Login | None:
            return await store.find_login(tx, email_key=email_key)

        return await self._db.read(find)

    async def _renew_hash(self, login: store.Login, password: str) -> None:
        """Store the password with today's parameters; where that fails, the next log-in will do it."""

        async def replace(tx: Tx) -> None:
            await store.replace_hash(tx, account_id=login.account.id, old_hash=login.password_hash, new_hash=new_hash)

        try:
            new_hash = await self._passwords.hash(password)
            await self._db.write(replace)
        except HoldfastError as refusal:
            log.warning("account.hash_not_renewed", account_id=login.account.id, code=refusal.code)
        else:
            log.info("account.hash_renewed", account_id=login.account.id)

    async def _set_disabled(self, account_id: int, *, disabled: bool) -> Account:
        async def write(tx: Tx) -> Account | None:
            account = await store.set_disabled(tx, account_id=account_id, disabled=disabled)
            if account is not None:
                await note(tx, "account.disabled" if disabled else "account.enabled", account_id)
            if disabled:
                # They stay ended when it is opened again: nobody looked after them meanwhile.
                await keys.end_all(tx, account_id=account_id, why="disabled")
            return account

        account = await self._db.write(write)
        if account is None:
            raise NotFound
        log.info("account.disabled" if disabled else "account.enabled", account_id=account_id)
        return account
