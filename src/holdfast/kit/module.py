"""The plug: how a module is put together with what it needs. `holdfast.app.modules` does the plugging."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import MetaData, Table
from starlette.types import ASGIApp

from holdfast.kit.activity.records import ActivityRecords
from holdfast.kit.clock import Clock
from holdfast.kit.db.database import Database
from holdfast.kit.http.routes import Router
from holdfast.kit.limits.limits import Limits, unlimited
from holdfast.kit.mail.settings import MailSettings
from holdfast.kit.outbox import Outbox, Subscription
from holdfast.kit.privacy import PersonalData
from holdfast.kit.secrets import Keyring
from holdfast.kit.settings import ModuleSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Something periodic: a reconciler that takes no input and may run at any time, twice, or on two machines."""

    name: str
    every_s: float
    run: Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What a module is given to build itself from."""

    db: Database
    """The module's own database."""
    clock: Clock
    keyring: Keyring
    settings: Any
    """An instance of the module's settings."""
    doors: Mapping[str, Any]
    """The doors of the modules it needs, by name."""
    url: str = ""
    """Where the module's own database is, for what is kept beside it."""
    limits: Limits = field(default_factory=unlimited)
    """How often somebody may do something."""
    redis_url: str | None = None
    """The Redis of the installation, if it has one."""
    mail: MailSettings = field(default_factory=MailSettings)
    """How people are written to, and where links lead."""
    further: Mapping[str, Database] = field(default_factory=dict)
    """Further databases of the module, by the names it gave them; mostly none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """An application of a module's own, served below a prefix of the whole."""

    prefix: str
    """Like `/simulator`."""
    app: ASGIApp
    serve: Callable[[ASGIApp], None]
    """Told of the application around it, once there is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """A module that runs here."""

    api: Any
    routers: tuple[Router, ...] = ()
    jobs: tuple[Job, ...] = ()
    subscriptions: tuple[Subscription, ...] = ()
    outbox: Outbox | None = None
    activity: ActivityRecords | None = None
    """What was done here, and by whom."""
    limit_table: Table | None = None
    """Where limits are counted for the whole application, if no Redis is there for it; of one module."""
    check: Callable[[], Awaitable[None]] | None = None
    """Looks whether what its databases hold may be gone on with, once their schema is the newest."""
    start: Callable[[], Awaitable[None]] | None = None
    """Begins what the module does by itself besides its jobs, in the running loop; before relays and jobs."""
    mounts: tuple[Mount, ...] = ()
    close: Callable[[], Awaitable[None]] | None = None
    """Finishes what is under way, before the database closes."""
    personal: PersonalData | None = None
    """What it keeps of persons; None: nothing."""
    further: Mapping[str, "Built"] = field(default_factory=dict)
    """The module once more over each of its further databases: own tables, events, jobs. Its door is the one above."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """A module as the application knows it before it is built."""

    name: str
    build: Callable[[House], Built]
    tables: MetaData | None = None
    """None: the module keeps nothing."""
    settings: type[ModuleSettings] = ModuleSettings
    needs: tuple[str, ...] = ()
    """Modules whose doors it calls."""
    further: Callable[[Any], Mapping[str, str]] | None = None
    """Names and URLs of further databases its settings ask for; None: there never are any."""

    def further_urls(self, settings: Any, *, own: str) -> Mapping[str, str]:
        """Return the further databases that are not its own, each once, by the first name it was given."""
        asked = {} if self.further is None else self.further(settings)
        named: dict[str, str] = {}
        for name, url in asked.items():
            if url != own and url not in named.values():
                named[name] = url
        return named
