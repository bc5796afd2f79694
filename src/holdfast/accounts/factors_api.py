"""The doors of accounts to second factors and passkeys. Import them from `accounts.api`.

A *second factor* is asked for besides the password: a code of an authenticator app (TOTP), or a recovery code where the
app is lost. A *passkey* is a way in of its own. *Step-up* is proving again who one is, before something sensitive.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from holdfast.kit.auth import Principal
from holdfast.kit.errors import HoldfastError


class Factor(StrEnum):
    """What can be asked for besides the password."""

    TOTP = "totp"
    RECOVERY_CODE = "recovery_code"


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """A second factor that was used up."""

    factor: Factor
    recovery_codes_left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorsStanding:
    """What an account has besides its password."""

    totp_since: datetime | None
    """When the authenticator app was turned on; None while it is off."""
    recovery_codes_left: int
    passkeys: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """What an authenticator app needs. Shown once; nothing is asked for until it has been confirmed."""

    secret: str
    """Base 32, 160 bits."""
    uri: str
    """`otpauth://totp/…`, for a QR code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passkey:
    """One passkey as its owner sees it."""

    id: str
    name: str
    created_at: datetime
    used_at: datetime | None
    """When it last logged in or proved who its owner is."""
    backed_up: bool
    """Whether its maker keeps a copy, so that it outlives the device."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationOptions:
    """What a browser needs to make a passkey (`navigator.credentials.create`). Binary values are base64url."""

    challenge: str
    relying_party_id: str
    relying_party_name: str
    user_handle: str
    """Random; says nothing of the account."""
    username: str
    algorithms: tuple[int, ...]
    """COSE numbers, the best first."""
    exclude: tuple[str, ...]
    """Credential ids of the account's passkeys: an authenticator that holds one makes no second."""
    timeout_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AssertionOptions:
    """What a browser needs to use a passkey (`navigator.credentials.get`). Binary values are base64url."""

    challenge: str
    relying_party_id: str
    allow: tuple[str, ...]
    """Credential ids that will do; empty: any of this site's."""
    timeout_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What somebody shows to prove again who they are: a password (and a code, where one is on), or a passkey."""

    password: str | None = None
    code: str | None = None
    passkey: Mapping[str, Any] | None = None
    """The JSON form of the browser's `PublicKeyCredential`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """Until when a session counts as fresh."""

    authenticated_at: datetime
    fresh_until: datetime


class SecondFactorRequired(HoldfastError):
    """The password is right, and the account wants a code as well. Send the same again with `code`."""

    code = "second_factor_required"
    status = 401
    title = "A code is needed as well"


class InvalidCode(HoldfastError):
    """The code is wrong, has run out or was used before. Wait for the next one of your app, or use a recovery code."""

    code = "invalid_code"
    status = 401
    title = "The code is not good"


class SecondFactorOn(HoldfastError):
    """An authenticator app is on already. Turn it off first; then set up the new one."""

    code = "second_factor_on"
    status = 409
    title = "A second factor is on already"


class SecondFactorOff(HoldfastError):
    """No authenticator app is on, or none is waiting to be confirmed. `POST /v1/me/second-factor/totp` begins."""

    code = "second_factor_off"
    status = 409
    title = "No second factor is on"


class PasskeyRefused(HoldfastError):
    """The passkey is not known here, or what it signed is not what was asked. Get new options and try again."""

    code = "passkey_refused"
    status = 401
    title = "The passkey was not accepted"


class PasskeyExists(HoldfastError):
    """This passkey is registered already. Use it, or make another."""

    code = "passkey_exists"
    status = 409
    title = "This passkey is registered already"


class TooManyPasskeys(HoldfastError):
    """An account has 20 passkeys at most. Remove one you no longer use."""

    code = "too_many_passkeys"
    status = 409
    title = "There are too many passkeys"


class FactorsApi(Protocol):
    """What others may ask of second factors."""

    async def standing(self, *, account_id: int) -> FactorsStanding:
        """Return what an account has besides its password."""

    async def start_totp(self, *, account_id: int) -> Enrolment:
        """Make the secret of an authenticator app; it does nothing until `confirm_totp`. A later start replaces it.

        Raises:
            SecondFactorOn: One is on already.
            NotFound: There is no such account.
        """

    async def confirm_totp(self, *, account_id: int, code: str) -> tuple[str, ...]:
        """Turn the authenticator app on, if it shows the right code, and return ten recovery codes, shown only now.

        Raises:
            InvalidCode: The app shows another code.
            SecondFactorOff: Nothing waits to be confirmed.
            TooManyRequests: Too many wrong codes.
        """

    async def remove_totp(self, *, account_id: int) -> None:
        """Turn the authenticator app off, and do away with its secret and the recovery codes.

        Raises:
            SecondFactorOff: None is on.
        """

    async def renew_recovery_codes(self, *, account_id: int) -> tuple[str, ...]:
        """Return ten new recovery codes, shown only now; those of before are no good any more.

        Raises:
            SecondFactorOff: No authenticator app is on.
        """

    async def reset(self, *, account_id: int) -> FactorsStanding:
        """Take every factor from an account and end its sessions; for the operator, when somebody lost everything.

        Returns what there was.

        Raises:
            NotFound: There is no such account.
        """


class PasskeysApi(Protocol):
    """What others may ask of passkeys."""

    async def registration_options(self, *, account_id: int) -> RegistrationOptions:
        """Return what a browser needs to make a passkey.

        Raises:
            NotFound: There is no such account.
        """

    async def add(self, *, account_id: int, name: str, credential: Mapping[str, Any]) -> Passkey:
        """Register the passkey a browser made.

        Raises:
            PasskeyRefused: It does not answer a challenge of ours, for this account and site.
            PasskeyExists: It is registered already.
            TooManyPasskeys: The account has as many as it may.
        """

    async def list_of(self, *, account_id: int) -> tuple[Passkey, ...]:
        """Return the passkeys of an account, the oldest first."""

    async def rename(self, *, account_id: int, passkey_id: str, name: str) -> Passkey:
        """Call a passkey something else.

        Raises:
            NotFound: The account has no such passkey.
        """

    async def remove(self, *, account_id: int, passkey_id: str) -> None:
        """Forget a passkey. The password remains, so that nobody locks themselves out.

        Raises:
            NotFound: The account has no such passkey.
        """

    def log_in_options(self) -> AssertionOptions:
        """Return what a browser needs to log in with any passkey of this site."""


class StepUpApi(Protocol):
    """What others may ask before something sensitive."""

    async def reauthentication_options(self, *, account_id: int) -> AssertionOptions:
        """Return what a browser needs to prove anew that a certain account's passkey is at hand."""

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

    def is_fresh(self, principal: Principal) -> bool:
        """Return whether a principal proved who they are a short while ago; an API key never has."""
