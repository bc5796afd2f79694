"""Settings of accounts: `HOLDFAST_ACCOUNTS_*`."""

from typing import Annotated

from pydantic import BeforeValidator, Field
from pydantic_settings import NoDecode

from holdfast.accounts.credentials_api import Confirmation
from holdfast.kit.settings import Environment, ModuleSettings


def _split(value: object) -> object:
    if isinstance(value, str):
        return tuple(part.strip().rstrip("/") for part in value.split(",") if part.strip())
    return value


class _Where(ModuleSettings, env_prefix="HOLDFAST_"):
    environment: Environment = Environment.DEVELOPMENT


class AccountsSettings(ModuleSettings, env_prefix="HOLDFAST_ACCOUNTS_"):
    """How accounts sign tokens and store passwords."""

    token_lifetime_s: int = Field(
        default=600, ge=60, le=86_400, description="How many seconds an access token is good for."
    )
    plain_token_lifetime_s: int = Field(
        default=3600,
        ge=60,
        le=86_400,
        description="How many seconds an access token is good for that cannot be carried on (`/api/users/login`).",
    )
    refresh_days: int = Field(
        default=30, ge=1, le=400, description="After how many days without being carried on a session ends."
    )
    session_days: int = Field(
        default=90, ge=1, le=400, description="After how many days a session ends, and one has to log in again."
    )
    refresh_grace_s: int = Field(
        default=10,
        ge=0,
        le=60,
        description="For how many seconds a used refresh token is refused only (409), as of a page open twice. Later "
        "it ends its session.",
    )
    token_issuer: str = Field(
        default="holdfast",
        min_length=1,
        max_length=200,
        description="The `iss` of access tokens. Give each installation its own when others check your tokens.",
    )
    token_audience: str = Field(
        default="holdfast",
        min_length=1,
        max_length=200,
        description="The `aud` of access tokens; a token made for another audience is refused.",
    )
    known_tokens: int = Field(
        default=10_000, ge=0, le=1_000_000, description="How many verified access tokens a process remembers."
    )
    argon2_memory_kib: int = Field(
        default=19_456, ge=19_456, le=1_048_576, description="Memory one password hash takes, in KiB (argon2id m)."
    )
    argon2_passes: int = Field(default=2, ge=2, le=100, description="Passes over that memory (argon2id t).")
    argon2_lanes: int = Field(default=1, ge=1, le=16, description="Parallel lanes of one hash (argon2id p).")
    hash_threads: int = Field(default=2, ge=1, le=64, description="How many passwords are hashed at the same time.")
    hash_queue: int = Field(
        default=64, ge=0, le=10_000, description="How many more may wait before the answer is 503 `overloaded`."
    )
    fresh_s: int = Field(
        default=600,
        ge=60,
        le=86_400,
        description="How many seconds after proving who one is something sensitive may be done without doing so again.",
    )
    site_name: str = Field(
        default="Holdfast",
        min_length=1,
        max_length=60,
        description="What authenticator apps and passkeys call this installation.",
    )
    passkey_rp_id: str = Field(
        default="",
        max_length=253,
        description="The domain passkeys belong to, without scheme and port. Empty: the host of `HOLDFAST_PUBLIC_URL`. "
        "Passkeys made for one domain are no good for another.",
    )
    passkey_origins: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)] = Field(
        default=(),
        description="Origins of the pages that may use passkeys, separated by commas, like `https://app.example.com`. "
        "Empty: that of `HOLDFAST_PUBLIC_URL`.",
    )
    passkey_challenge_s: int = Field(
        default=300, ge=30, le=3600, description="How many seconds a browser has to answer for a passkey."
    )
    invitation_days: int = Field(
        default=7, ge=1, le=90, description="How many days an invitation to an organization can be accepted."
    )

    confirmation: Confirmation | None = Field(
        default=None,
        description="`optional`, or `required`: nobody logs in before following the link in the mail. Empty: required "
        "in production where mail goes by SMTP, else optional.",
    )
    mail_token_lifetime_s: int = Field(
        default=14_400, ge=600, le=259_200, description="How many seconds a mailed link to confirm or recover is good."
    )
    mail_kept_days: int = Field(
        default=30, ge=1, le=3_650, description="How many days it is kept that a letter was sent, and of what kind."
    )
    password_score_min: int = Field(
        default=1,
        ge=0,
        le=4,
        description="How hard a new password must be to guess, by zxcvbn: 0 (whatever else passes) to 4 (very hard).",
    )
    breached_url: str = Field(
        default="",
        max_length=300,
        pattern=r"^(https://\S+|http://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?(/\S*)?)?$",
        description="Where leaked passwords are asked for, like `https://api.pwnedpasswords.com`; five digits of a "
        "hash are sent. Empty: nobody is asked.",
    )

    @property
    def in_production(self) -> bool:
        """Return whether this installation is in production (`HOLDFAST_ENVIRONMENT`), where only live API keys work."""
        return _Where().environment is Environment.PRODUCTION
