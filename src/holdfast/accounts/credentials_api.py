"""The door of accounts to what proves who somebody is: addresses, passwords, and the tokens that are mailed."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from holdfast.kit.errors import HoldfastError


class Confirmation(StrEnum):
    """Whether an address has to be confirmed before one can log in."""

    OPTIONAL = "optional"
    REQUIRED = "required"


class MailKind(StrEnum):
    """What is mailed to people because of their account."""

    CONFIRM = "confirm"
    RECOVER = "recover"
    CONFIRM_NEW_EMAIL = "confirm_new_email"
    REGISTRATION_REPEATED = "registration_repeated"
    EMAIL_CHANGED = "email_changed"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - the name of a kind
    USERNAME_CHANGED = "username_changed"
    FACTORS_CHANGED = "factors_changed"
    NEW_LOGIN = "new_login"
    SECURITY_EVENT = "security_event"
    INVITATION = "invitation"
    PRIVACY_NOTICE = "privacy_notice"
    MARKETING = "marketing"


class TokenPurpose(StrEnum):
    """What a mailed token is good for."""

    CONFIRM = "confirm"
    RECOVER = "recover"
    CHANGE_EMAIL = "change_email"


@dataclass(frozen=True, slots=True, kw_only=True)
class Strength:
    """How hard a password is to guess."""

    score: int
    """0 (at once) to 4 (very hard)."""
    guesses_log10: float
    """How many guesses it takes, as a power of ten."""
    warning: str
    """What is weak about it; empty if nothing is."""
    suggestions: tuple[str, ...]


class TokenInvalid(HoldfastError):
    """The link is used up, too old, or was never good. Ask for a new one; the answer is the same for all of these."""

    code = "token_invalid"
    status = 400
    title = "This link is no longer good"


class UsernameTaken(HoldfastError):
    """Somebody has this user name. Choose another one."""

    code = "username_taken"
    status = 409
    title = "This user name is taken"


class CredentialsApi(Protocol):
    """What others may ask about credentials."""

    async def ask_to_register(self, *, username: str, email: str, password: str, role: str) -> None:
        """Register somebody from outside, without telling whether the address has an account.

        A known address keeps its account as it is, and its owner is told by mail that somebody tried.

        Raises:
            Invalid: E-mail, user name or password break a rule; every wrong field is named.
            UsernameTaken: Somebody has the name, judged before anybody looks at the address.
            TooManyRequests: Too many were registered from the caller's network address.
            Overloaded: Too many passwords are being hashed.
        """

    async def ask_for_confirmation(self, *, email: str) -> None:
        """Mail a new token to confirm an address, if it has an account that needs one; says nothing either way.

        Raises:
            TooManyRequests: Too much was mailed to the address, or asked for from the caller's.
        """

    async def confirm(self, *, token: str) -> None:
        """Confirm an address by the token mailed to it; one for a new address makes that the account's.

        Raises:
            TokenInvalid: It is used, expired, superseded or was never good.
            TooManyRequests: Too many tokens were tried from the caller's network address.
        """

    async def ask_for_recovery(self, *, email: str) -> None:
        """Mail a token to set a new password, if the address has an account; says nothing either way.

        Raises:
            TooManyRequests: It was asked for too often, for the address or from the caller's.
        """

    async def recover(self, *, token: str, password: str) -> None:
        """Set a new password by a mailed token, end every session and confirm the address.

        It logs nobody in, so a second factor is asked for as ever.

        Raises:
            TokenInvalid: It is used, expired, superseded or was never good.
            Invalid: The password breaks a rule; the token stays good.
            TooManyRequests: Too many tokens were tried from the caller's network address.
            Overloaded: Too many passwords are being hashed.
        """

    async def change_password(
        self, *, account_id: int, session_id: str | None, current_password: str, new_password: str
    ) -> None:
        """Change a password and end every session but the caller's; mailed tokens die.

        Raises:
            InvalidCredentials: The current password is wrong.
            Invalid: The new one breaks a rule.
            TooManyRequests: Too many wrong ones were tried.
            Overloaded: Too many passwords are being hashed.
        """

    async def ask_to_change_email(self, *, account_id: int, email: str) -> None:
        """Mail a token to another address, which becomes the account's once the token comes back.

        Raises:
            NotFound: There is no such account.
            Invalid: It is no address.
            TooManyRequests: Too much was mailed to that address.
        """

    async def change_username(self, *, account_id: int, username: str) -> None:
        """Give an account another user name.

        Raises:
            NotFound: There is no such account.
            Invalid: It breaks a rule.
            UsernameTaken: Somebody has it.
        """

    def refuse_unconfirmed(self, *, is_confirmed: bool) -> None:
        """Let nobody in whose address has to be confirmed first; asked after the password was found right.

        Raises:
            InvalidCredentials: It has to be, and is not. An answer of its own would tell whoever registers an address,
                and then tries to log in, whether it had an account.
        """

    async def strength(self, *, password: str, context: tuple[str, ...] = ()) -> Strength:
        """Judge a password; nothing of it is kept or logged.

        Args:
            password: What to judge; the first 72 characters count.
            context: Words that are easy to guess for this person, such as their name.

        Raises:
            Overloaded: Too many passwords are being judged.
        """


FACT_MAX: Final = 4_000
"""The longest fact of a mail, in characters."""

Facts = Mapping[str, str | int]
"""What a mail says besides its kind; never a token, a password or an address it goes to."""
