"""The door of accounts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from holdfast.accounts.credentials_api import CredentialsApi
from holdfast.accounts.factors_api import FactorsApi, PasskeysApi, StepUpApi
from holdfast.accounts.keys_api import KeysApi
from holdfast.accounts.organizations_api import OrganizationsApi
from holdfast.accounts.privacy_api import (
    ABOUT_MAX,
    ANSWER_DAYS,
    CONSENT_TEXTS,
    CONSENT_VERSION,
    SAYS_MAX,
    AskedBy,
    Breach,
    Case,
    CaseKind,
    CaseOpen,
    CaseState,
    Consent,
    ConsentHow,
    ConsentPurpose,
    ConsentTextOutdated,
    Erasure,
    ErasureBegun,
    ErasureState,
    ErasureUnderWay,
    Export,
    ExportState,
    MarketingSource,
    NewCase,
    PrivacyApi,
)
from holdfast.accounts.sessions_api import LogIn, SessionsApi, SessionTokens
from holdfast.kit.auth import Principal
from holdfast.kit.errors import HoldfastError, Unauthenticated

__all__ = [  # what is written beside; what is written here is exported anyway
    "ABOUT_MAX",
    "ANSWER_DAYS",
    "CONSENT_TEXTS",
    "CONSENT_VERSION",
    "SAYS_MAX",
    "AskedBy",
    "Breach",
    "Case",
    "CaseKind",
    "CaseOpen",
    "CaseState",
    "Consent",
    "ConsentHow",
    "ConsentPurpose",
    "ConsentTextOutdated",
    "Erasure",
    "ErasureBegun",
    "ErasureState",
    "ErasureUnderWay",
    "Export",
    "ExportState",
    "MarketingSource",
    "NewCase",
    "PrivacyApi",
]


class Role(StrEnum):
    """What an account is in this installation; `holdfast.kit.auth` says what it may do. All may do what a guest may."""

    GUEST = "guest"
    OWNER = "owner"
    OPERATOR = "operator"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One person."""

    id: int
    username: str
    email: str
    role: Role
    created_at: datetime
    disabled: bool = False
    """Whether an admin has closed it: it keeps its name and address, and nobody can log in to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """A signed access token (ES256 JWT)."""

    token: str
    expires_at: datetime
    account: Account


class AccountExists(HoldfastError):
    """The e-mail address or the user name is taken. Log in instead, or choose another name."""

    code = "account_exists"
    status = 409
    title = "This account exists already"


class InvalidCredentials(HoldfastError):
    """E-mail and password do not belong together; or, where that is asked for, the address is not confirmed yet."""

    code = "invalid_credentials"
    status = 401
    title = "E-mail or password is wrong"


class TokenExpired(Unauthenticated):
    """The access token was good and has run out. Log in again; nothing else is wrong with the request."""

    code = "token_expired"
    title = "The access token has expired"


class AccountsApi(Protocol):
    """What others may ask of accounts."""

    sessions: SessionsApi
    credentials: CredentialsApi
    """Addresses, passwords and what is mailed."""
    factors: FactorsApi
    """What is asked for besides a password."""
    passkeys: PasskeysApi
    step_up: StepUpApi
    """Proving again who one is."""
    organizations: OrganizationsApi
    keys: KeysApi
    privacy: PrivacyApi
    """People's rights over their data."""

    async def register(self, *, username: str, email: str, password: str, role: Role = Role.GUEST) -> Account:
        """Create an account. `role` comes from the caller's decision, never from the public.

        Raises:
            AccountExists: E-mail (canonical form) or user name is taken.
            Invalid: E-mail, user name or password break a rule; every wrong field is named.
            Overloaded: Too many passwords are being hashed; nothing was done.
        """

    async def create_admin(self, *, username: str, email: str, password: str) -> Account:
        """Create an account that may do everything; for the operator's command line, never for the network.

        Raises:
            AccountExists: E-mail (canonical form) or user name is taken; the account found is left as it is.
            Invalid: E-mail, user name or password break a rule; every wrong field is named.
            Overloaded: Too many passwords are being hashed; nothing was done.
        """

    async def log_in(self, *, email: str, password: str) -> AccessToken:
        """Exchange e-mail and password for an access token that cannot be carried on, and so is good for longer.

        Raises:
            InvalidCredentials: Unknown or unconfirmed address, wrong password or disabled account; takes equally long
                for each.
            SecondFactorRequired: The password is right, and a code is needed too: this way in takes none.
            TooManyRequests: Too many tries.
            Overloaded: Too many passwords are being checked.
        """

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

    async def principal(self, token: str) -> Principal:
        """Check an access token or API key, and say who it speaks for and what they may do at this moment.

        Raises:
            Unauthenticated: Missing, malformed, forged, not yet valid, issued for another service, or its session has
                ended; or a key that is not good.
            TokenExpired: The signature is good and the token has run out.
            Overloaded: Too many wait already.
            DatabaseUnavailable: Nobody can say at this moment.
        """

    async def get_many(self, *, ids: Sequence[int]) -> list[Account]:
        """Return the accounts that exist among `ids`, in no set order."""

    async def find_by_email(self, *, email: str) -> Account | None:
        """Return the account of an address in whatever spelling, or None; for the command line and the demo data."""

    async def list_all(self, *, after_id: int = 0, limit: int = 100) -> list[Account]:
        """Return accounts in order of id, for admins; at most 1,000 at a time."""

    async def disable(self, *, account_id: int) -> Account:
        """Close an account: its sessions end at once, and nobody can log in to it until `enable`.

        Raises:
            NotFound: There is no such account.
        """

    async def enable(self, *, account_id: int) -> Account:
        """Open a closed account again.

        Raises:
            NotFound: There is no such account.
        """

    def published_keys(self) -> Mapping[str, Any]:
        """Return the public keys as a JSON Web Key Set, for anyone who wants to check a token."""
