"""Settings, read once at start from the environment and `.env`, frozen from then on.

Every module has a class of its own:

```python
class BookingSettings(ModuleSettings, env_prefix="HOLDFAST_BOOKING_"):
    hold_s: int = Field(default=600, ge=60, le=3600, description="How long a hold lives, in seconds.")
```

`describe` lists the fields of such a class; `docs/settings.md` and `.env.sample` are made from it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_network
from typing import Annotated, Any, Final, Self

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from holdfast.engine.money import AMOUNT_MAX
from holdfast.kit.secrets import SECRET_LENGTH_MIN

_DISTINCT_CHARACTERS_MIN: Final = 10
_DEFAULT_WORDS: Final = ("changeme", "change-me", "change_me", "default", "example", "password", "secret", "insecure")


class Environment(StrEnum):
    """What kind of installation this is; production refuses what is only fit for trying out."""

    DEVELOPMENT = "development"
    TESTING = "testing"
    PRODUCTION = "production"


class LogLevel(StrEnum):
    """The least severe messages that are logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class LogFormat(StrEnum):
    """How a log line looks."""

    JSON = "json"
    CONSOLE = "console"


class ModuleSettings(BaseSettings):
    """Base of every settings class; subclasses give `env_prefix="HOLDFAST_<MODULE>_"`."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="ignore",
        env_file=".env",
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        use_attribute_docstrings=True,
        hide_input_in_errors=True,
        validate_default=True,
    )


def _looks_default(secret: str) -> bool:
    lowered = secret.lower()
    return len(set(secret)) < _DISTINCT_CHARACTERS_MIN or any(word in lowered for word in _DEFAULT_WORDS)


def _refuse_weak(secret: SecretStr) -> None:
    plain = secret.get_secret_value()
    if len(plain) < SECRET_LENGTH_MIN:
        raise ValueError(f"a secret has at least {SECRET_LENGTH_MIN} characters")
    if _looks_default(plain):
        raise ValueError("this secret can be guessed; make one with: openssl rand -base64 48")


def _split(value: Any) -> Any:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def _network(text: str) -> str:
    return str(ip_network(text))


def _origin(text: str) -> str:
    scheme, _, host = text.partition("://")
    if scheme not in {"http", "https"} or not host or set(host) & set("/*?# "):
        raise ValueError("an origin is a scheme and a host, like https://app.example.com")
    return text


class Settings(ModuleSettings, env_prefix="HOLDFAST_"):
    """What concerns the whole installation."""

    environment: Environment = Environment.DEVELOPMENT
    """`development`, `testing` or `production`. Production insists on a secret and on HTTPS (HSTS)."""
    database_url: str = "sqlite:///holdfast.db"
    """The database of every module that has none of its own: `sqlite:///file.db`, `postgresql://…` or `mysql://…`.
    A module gets its own by `HOLDFAST_<MODULE>_DATABASE_URL`, for example `HOLDFAST_BOOKING_DATABASE_URL`."""
    secret: SecretStr | None = None
    """The secret all keys are derived from: 32 random characters or more (`openssl rand -base64 48`). Needed in
    production; elsewhere one is made on the first start and kept beside the database."""
    secret_previous: Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(_split)] = ()
    """Former secrets, newest first, separated by commas: what they signed stays valid while you rotate."""
    log_level: LogLevel = LogLevel.INFO
    """`debug`, `info`, `warning` or `error`. `debug` logs every request, `info` those that were refused or slow."""
    log_format: LogFormat = LogFormat.JSON
    """`json` for machines (one object per line), `console` for people."""
    accept_loss: bool = False
    """Start although the database may lose acknowledged bookings in a power cut. Never in production."""
    allowed_hosts: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)] = ()
    """Host names this server answers to, separated by commas; `.example.com` means all its subdomains. Empty: any."""
    cors_origins: Annotated[tuple[Annotated[str, AfterValidator(_origin)], ...], NoDecode, BeforeValidator(_split)] = ()
    """Origins whose pages may call the API from a browser, separated by commas, like `https://app.example.com`."""
    trusted_proxies: Annotated[
        tuple[Annotated[str, AfterValidator(_network)], ...], NoDecode, BeforeValidator(_split)
    ] = ()
    """Networks of the proxies in front, separated by commas, like `10.0.0.0/8,::1/128`: only what they say in
    `X-Forwarded-For` or `Forwarded` of a client's address is believed. Empty: nobody is."""
    redis_url: SecretStr | None = None
    """Where tries are counted, like `redis://host:6379/0`. Empty: in the database of accounts."""
    show_docs: bool = True
    """Serve the documentation of the API: `/docs` and `/openapi.json`."""
    metrics_token: SecretStr | None = None
    """What `/metrics` asks for as `Authorization: Bearer …`. Empty: it is open, in production closed (404)."""
    security_contact: str = Field(default="", pattern=r"\A((mailto:|https://)[!-~]{3,200})?$")
    """Where weaknesses of this installation are reported, like `mailto:security@example.com`, for
    `/.well-known/security.txt`. Empty: `security@` the first of `HOLDFAST_ALLOWED_HOSTS`."""
    body_limit_bytes: int = Field(default=1_048_576, ge=1_024, le=1_073_741_824)
    """Largest request body that is read; larger ones are answered 413."""
    slow_request_ms: int = Field(default=1_000, ge=1, le=600_000)
    """Requests slower than this are logged at `info` whatever came of them."""

    activity_origin_days: int = Field(default=180, ge=1, le=3_650)
    """How many days the activity log keeps from where somebody acted (address, device); what was done it keeps."""

    refund_reauth_above: int = Field(default=50_000, ge=0, le=AMOUNT_MAX)
    """Who gives back more than this of their own accord, in minor units of the booking's currency, must have proved who
    they are a short while before. API keys cannot, so they give back no more than this at once."""

    @model_validator(mode="after")
    def _is_safe(self) -> Self:
        for secret in (self.secret, *self.secret_previous, self.metrics_token):
            if secret is not None:
                _refuse_weak(secret)
        if self.environment is Environment.PRODUCTION:
            if self.secret is None:
                raise ValueError("production needs HOLDFAST_SECRET; make one with: openssl rand -base64 48")
            if self.accept_loss:
                raise ValueError("production refuses HOLDFAST_ACCEPT_LOSS")
            if any(not origin.startswith("https://") for origin in self.cors_origins):
                raise ValueError("production takes origins of https:// only in HOLDFAST_CORS_ORIGINS")
        return self

    def database_url_for(self, module: str) -> str:
        """Return the URL of a module's database: `HOLDFAST_<MODULE>_DATABASE_URL` if set, else the common one."""

        class OneDatabase(ModuleSettings, env_prefix=f"HOLDFAST_{module.upper()}_"):
            database_url: str | None = None

        return OneDatabase().database_url or self.database_url


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting as the documentation shows it."""

    name: str
    """The environment variable."""
    default: str
    description: str


def describe(settings: type[ModuleSettings]) -> Iterator[Setting]:
    """Yield the settings of a class in the order they are declared."""
    prefix = settings.model_config.get("env_prefix", "")
    for name, field in settings.model_fields.items():
        description = " ".join((field.description or "").split())
        yield Setting(name=f"{prefix}{name}".upper(), default=_shown(field), description=description)


def _shown(field: FieldInfo) -> str:
    default = field.get_default(call_default_factory=True, validated_data={})
    if default is None:
        return ""
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, tuple):
        return ",".join(str(each) for each in default)
    return str(default)
