"""Settings of how the product is run: `HOLDFAST_*`, beside those of `holdfast.kit.settings.Settings`."""

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import NoDecode

from holdfast.app.errors import CannotStart
from holdfast.kit.settings import ModuleSettings

SettingsT = TypeVar("SettingsT", bound=ModuleSettings)


class RunSettings(ModuleSettings, env_prefix="HOLDFAST_"):
    """What runs in this process, and where it listens. Options of the command line win over these."""

    modules: Annotated[tuple[str, ...], NoDecode] = ()
    """The modules that run here, separated by commas, like `accounts,catalog`. Empty: all."""
    host: str = "127.0.0.1"
    """The address `serve` listens on; `0.0.0.0` for every network interface."""
    port: int = Field(default=8000, ge=0, le=65_535)
    """The port `serve` listens on; 0 takes a free one."""
    workers: int = Field(default=1, ge=1, le=64)
    """How many processes `serve` uses. More than one needs PostgreSQL or MariaDB/MySQL."""
    migrate: bool = False
    """Bring the schema up to date at start in production too. Elsewhere that is done anyway."""
    work_elsewhere: bool = False
    """Leave relays and jobs to `holdfast work` processes instead of doing them in the server."""
    drain_s: int = Field(default=10, ge=1, le=600)
    """How many seconds requests under way get to finish when the server is told to stop."""

    @field_validator("modules", mode="before")
    @classmethod
    def _split_at_commas(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value


def read_settings(kind: type[SettingsT], given: Mapping[str, Any] | None = None) -> SettingsT:
    """Return settings from what was given (None counts as not given), else from the environment.

    Raises:
        CannotStart: A setting is out of range or cannot be read; the text names its environment variable.
    """
    try:
        return kind(**{name: value for name, value in (given or {}).items() if value is not None})
    except ValidationError as error:
        prefix = kind.model_config.get("env_prefix", "")
        wrong = [(f"{prefix}{'_'.join(map(str, each['loc']))}".upper(), each["msg"]) for each in error.errors()]
        raise CannotStart("; ".join(f"{name.rstrip('_')}: {text}" for name, text in wrong)) from error
