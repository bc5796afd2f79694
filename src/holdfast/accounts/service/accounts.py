"""Accounts answers its door: register, log in, say whom a token speaks for."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import structlog

from holdfast.accounts import rules
from holdfast.accounts.api import AccessToken, Account, AccountExists, Role
from holdfast.accounts.service.acts import note
from holdfast.accounts.service.doors import Doors
from holdfast.accounts.service.log_in import LogIns
from holdfast.accounts.service.password_rules import Applicant, PasswordRules
from holdfast.accounts.service.passwords import Passwords
from holdfast.accounts.service.registering import added, hashed_applicant
from holdfast.accounts.service.session_doors import SessionDoors
from holdfast.accounts.sessions_api import LogIn, SessionTokens
from holdfast.accounts.store import accounts as store
from holdfast.accounts.store import keys
from holdfast.accounts.store.credentials import is_named
from holdfast.kit.auth import Principal
from holdfast.kit.db.database import Database, Tx
from holdfast.kit.db.errors import UniqueViolation
from holdfast.kit.errors import NotFound

MAX_PAGE: Final = 1000
MAX_IDS: Final = 1000
_KEY: Final = "hfk_"
"""How every API key begins."""

log = structlog.get_logger()


class Accounts:
    """Answers `AccountsApi`."""

    def __init__(
        self,
        *,
        db: Database,
        passwords: Passwords,
        opened: SessionDoors,
        log_ins: LogIns,
        doors: Doors,
        password_rules: PasswordRules,
    ) -> None:
        self.sessions = doors.sessions
        self.credentials = doors.credentials
        self.factors = doors.factors
        self.passkeys = doors.passkeys
        self.step_up = doors.step_up
        self.organizations = doors.organizations
        self.keys = doors.keys
        self.privacy = doors.privacy
        self._db = db
        self._passwords = passwords
        self._password_rules = password_rules
        self._opened = opened
        self._log_ins = log_ins

    async def register(self, *, username: str, email: str, password: str, role: Role = Role.GUEST) -> Account:
        """Create an account. `role` comes from the caller's decision, never from the public.

        Raises:
            AccountExists: E-mail (canonical form) or user name is taken.
            Invalid: E-mail, user name or password break a rule; every wrong field is named.
            Overloaded: Too many passwords are being hashed; nothing was done.
        """
        who = Applicant(username=username, email=email, password=password, role=role)
        await self._password_rules.check_applicant(who)
        new = await hashed_applicant(who, self._passwords)

        async def add(tx: Tx) -> Account:
            if await is_named(tx, username_key=new.username_key):
                raise AccountExists
            return await added(tx, new)

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
        """Exchange e-mail and password for an access token that cannot be carried on, and so is good for longer.

        Raises:
            InvalidCredentials: Unknown or unconfirmed address, wrong password or disabled account; takes equally long
                for each.
            SecondFactorRequired: The password is right, and a code is needed too: this way in takes none.
            TooManyRequests: Too many tries.
            Overloaded: Too many passwords are being checked.
        """
        return await self._log_ins.log_in_plainly(email=email, password=password)

    async def open_session(self, wanted: LogIn) -> SessionTokens:
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
        return await self._log_ins.log_in(wanted)

    async def principal(self, token: str) -> Principal:
        """Check an access token or API key, and say who it speaks for and what they may do at this moment.

        Raises:
            Unauthenticated: Missing, malformed, forged, not yet valid, issued for another service, or its session has
                ended; or a key that is not good.
            TokenExpired: The signature is good and the token has run out.
            Overloaded: Too many wait already.
            DatabaseUnavailable: Nobody can say at this moment.
        """
        if token.startswith(_KEY):
            return await self.keys.principal(token)
        return await self._opened.standings.principal(self._opened.tokens.check(token))

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
        """Close an account: its sessions end at once, and nobody can log in to it until `enable`.

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
        return self._opened.tokens.published_keys()

    async def _find_login(self, email: str) -> store.Login | None:
        email_key = rules.email_key(email)
        if email_key is None:
            return None

        async def find(tx: Tx) -> store.Login | None:
            return await store.find_login(tx, email_key=email_key)

        return await self._db.read(find)

    async def _set_disabled(self, account_id: int, *, disabled: bool) -> Account:
        async def write(tx: Tx) -> Account | None:
            account = await store.set_disabled(tx, account_id=account_id, disabled=disabled)
            if account is not None:
                await note(tx, "account.disabled" if disabled else "account.enabled", account_id)
            if disabled:
                # They stay ended when it is opened again: nobody looked after them meanwhile.
                await keys.end_all(tx, account_id=account_id, why="disabled")
                await self._opened.sessions.end_all(tx, account_id=account_id, why="disabled")
            return account

        account = await self._db.write(write)
        if account is None:
            raise NotFound
        log.info("account.disabled" if disabled else "account.enabled", account_id=account_id)
        return account
