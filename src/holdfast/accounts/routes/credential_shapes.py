"""What goes over the wire about addresses and passwords."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from holdfast.accounts.rules import MAX_EMAIL, MAX_PASSWORD, MAX_USERNAME, MIN_EMAIL, MIN_PASSWORD, MIN_USERNAME
from holdfast.kit.http.wire import Wire

_JUDGED_MAX = 1_000
_TOKEN_MAX = 100

Username = Annotated[str, Field(min_length=MIN_USERNAME, max_length=MAX_USERNAME)]
Email = Annotated[str, Field(min_length=MIN_EMAIL, max_length=MAX_EMAIL, json_schema_extra={"format": "idn-email"})]
Password = Annotated[
    str, Field(min_length=MIN_PASSWORD, max_length=MAX_PASSWORD, json_schema_extra={"format": "password"})
]
_Known = Annotated[str, Field(min_length=1, max_length=MAX_PASSWORD, json_schema_extra={"format": "password"})]
_Token = Annotated[str, Field(min_length=1, max_length=_TOKEN_MAX, pattern=r"^[A-Za-z0-9_-]+$")]


class RegistrationOut(Wire):
    """What was asked for. Whether the address had an account already is told by mail, to whoever reads it."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"username": "john", "email": "john@gmail.com", "role": "guest"}]}
    )

    username: str
    email: str
    role: Literal["guest", "owner"]


class AddressIn(Wire):
    """An e-mail address."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"email": "john@gmail.com"}]})

    email: Email


class AddressOut(Wire):
    """The address that was asked for, whoever has it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"email": "john@gmail.com"}]})

    email: str


class MailTokenIn(Wire):
    """What a mailed link carries behind `#token=`."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"token": "pXx2zQk0cGpVwRy3m8hT5uE1nJ7sLd9aBf4iOo6KqYc"}]}
    )

    token: _Token


class RecoveryIn(Wire):
    """A mailed token and the password to be."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"token": "pXx2zQk0cGpVwRy3m8hT5uE1nJ7sLd9aBf4iOo6KqYc", "password": "four random words here"}]
        }
    )

    token: _Token
    password: Password


class PasswordChangeIn(Wire):
    """The password as it is, and as it is to be."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"current_password": "correct horse battery", "new_password": "four random words here"}]
        }
    )

    current_password: _Known
    new_password: Password


class UsernameIn(Wire):
    """A user name."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"username": "john.doe"}]})

    username: Username


class PasswordIn(Wire):
    """A password to judge, and what others know of whose it is."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"password": "tr0ub4dor", "username": "john"}]})

    password: Annotated[str, Field(max_length=_JUDGED_MAX, json_schema_extra={"format": "password"})]
    """The first 72 characters are judged."""
    username: Annotated[str, Field(max_length=MAX_USERNAME)] = ""
    email: Annotated[str, Field(max_length=MAX_EMAIL)] = ""


class StrengthOut(Wire):
    """How hard a password is to guess."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "score": 1,
                    "guesses_log10": 5.6,
                    "warning": "This is similar to a commonly used password.",
                    "suggestions": ["Add another word or two. Uncommon words are better."],
                }
            ]
        }
    )

    score: Annotated[int, Field(ge=0, le=4)]
    """0: at once; 1: very soon; 2: soon; 3: hard; 4: very hard."""
    guesses_log10: float
    """How many guesses it takes, as a power of ten."""
    warning: str
    suggestions: list[str]
