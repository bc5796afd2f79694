"""Settings of accounts: `HOLDFAST_ACCOUNTS_*`."""

from pydantic import Field

from holdfast.kit.settings import ModuleSettings


class AccountsSettings(ModuleSettings, env_prefix="HOLDFAST_ACCOUNTS_"):
    """How accounts sign tokens and store passwords."""

    token_lifetime_s: int = Field(
        default=3600, ge=60, le=86_400, description="How many seconds an access token is good for."
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
