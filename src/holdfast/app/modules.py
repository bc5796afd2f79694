"""Which modules there are, and how those that run here are put together.

`MODULES` is the registry. `assemble` opens one database for each different URL, builds the chosen modules in order of
need and gives each the doors it asks for; nothing is connected by that. `Assembly.work` lets relays and jobs run,
`Assembly.stop` lets everything under way end.
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import structlog

from holdfast.accounts.module import MODULE as ACCOUNTS
from holdfast.app.errors import CannotStart
from holdfast.app.limiting import connect, new_limits
from holdfast.app.privacy import Place, PrivacyWork
from holdfast.app.settings import read_settings
from holdfast.booking.module import MODULE as BOOKING
from holdfast.catalog.module import MODULE as CATALOG
from holdfast.gateway.privacy_people import People
from holdfast.gateway.privacy_policy import Policy
from holdfast.gateway.privacy_settings import PrivacySettings
from holdfast.kit.activity.chain import SEAL_EVERY_S
from holdfast.kit.activity.records import ActivityRecords
from holdfast.kit.clock import Clock
from holdfast.kit.db.database import Database, UnsafeDatabase
from holdfast.kit.db.opening import BadDatabaseUrl, open_database, parsed
from holdfast.kit.errors import DatabaseUnavailable
from holdfast.kit.limits.limits import Limits
from holdfast.kit.mail.settings import MailSettings
from holdfast.kit.module import Built, House, Job, Module
from holdfast.kit.outbox import Relay, Subscription, prune
from holdfast.kit.secrets import Keyring
from holdfast.kit.settings import ModuleSettings, Settings
from holdfast.payments.module import MODULE as PAYMENTS
from holdfast.sagas.module import MODULE as SAGAS
from holdfast.search.module import MODULE as SEARCH

log = structlog.get_logger()

MODULES: Final[tuple[Module, ...]] = (ACCOUNTS, CATALOG, BOOKING, PAYMENTS, SEARCH, SAGAS)
"""Every module there is."""

_PRUNE_EVERY_S: Final = 60.0
_FIRST_PAUSE_S: Final = 1.0
_SEAL_WITHIN_S: Final = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A module that runs here."""

    module: Module
    url: str
    db: Database
    built: Built


@dataclass(slots=True, kw_only=True)
class Assembly:
    """The modules that run in this process."""

    clock: Clock
    keyring: Keyring
    limits: Limits
    running: Mapping[str, Running]
    """In order of need: what a module needs comes before it."""
    databases: Mapping[str, Database]
    origin_days: int = 180
    """How many days it is kept from where somebody acted."""
    refund_reauth_above: int = 0
    """The largest refund of goodwill, in minor units, that a session gives which is not fresh."""
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    @property
    def runs_all(self) -> bool:
        """Whether every module there is runs here."""
        return len({running.module.name for running in self.running.values()}) == len(MODULES)

    def door(self, name: str) -> Any:
        """Return the door of a module, or None where it does not run here."""
        running = self.running.get(name)
        return None if running is None else running.built.api

    async def check(self, *, accept_loss: bool) -> None:
        """Connect to every database and look at what durability rests on; warnings are logged.

        Raises:
            CannotStart: A database cannot be reached, or would lose what was acknowledged.
        """
        for url, database in self.databases.items():
            try:
                warnings = await database.check(accept_loss=accept_loss)
            except DatabaseUnavailable as error:
                raise CannotStart(f"the database cannot be reached: {parsed(url).render_as_string()}") from error
            except UnsafeDatabase as error:
                raise CannotStart(f"{error} (HOLDFAST_ACCEPT_LOSS=true starts all the same)") from error
            for warning in warnings:
                log.warning("database.warning", warning=warning)

    def relays(self) -> list[Relay]:
        """Make a relay for each subscription between modules that run here; others are carried by whoever runs both.

        Raises:
            CannotStart: A subscription follows a module that publishes nothing.
        """
        made = []
        for subscriber in self.running.values():
            for subscription in subscriber.built.subscriptions:
                for following, source in self._sources(subscription):
                    if source.built.outbox is None:
                        raise CannotStart(f"{subscription.name} follows {subscription.source}, which publishes nothing")
                    made.append(Relay(following, source.built.outbox, source.db, subscriber.db, self.clock))
        return made

    def _sources(self, subscription: Subscription) -> Iterator[tuple[Subscription, Running]]:
        """Yield every database whose events a subscription follows, each with a cursor of its own."""
        for name, running in self.running.items():
            if name == subscription.source:
                yield subscription, running
            elif running.module.name == subscription.source:
                place = name.removeprefix(f"{running.module.name}.")
                yield replace(subscription, name=f"{subscription.name}@{place}", source=name), running

    async def check_contents(self) -> None:
        """Let modules look whether what their databases hold may be gone on with.

        Raises:
            CannotStart: It may not.
        """
        for running in self.running.values():
            if running.built.check is None:
                continue
            try:
                await running.built.check()
            except UnsafeDatabase as error:
                raise CannotStart(f"{error}") from error

    async def work(self) -> None:
        """Start what modules do by themselves, and relays and jobs as tasks of this event loop."""
        for running in self.running.values():
            if running.built.start is not None:
                await running.built.start()
        privacy = self.privacy()
        if privacy is not None:
            await privacy.take_effect()
        relays = self.relays()
        for relay in relays:
            self._spawn(f"relay:{relay.subscription.name}", relay.run())
        jobs = [job for running in self.running.values() for job in running.built.jobs]
        if self.runs_all:
            # Who runs only some modules does not know whether others have yet to read an event.
            jobs.append(Job(name="outbox.prune", every_s=_PRUNE_EVERY_S, run=lambda: self._prune(relays)))
            jobs += [] if privacy is None else privacy.jobs()
        jobs += [
            Job(name=f"{name}.activity_seal", every_s=SEAL_EVERY_S, run=records.seal)
            for name, records in self.activity().items()
        ]
        for job in jobs:
            self._spawn(f"job:{job.name}", _repeat(job))

    async def stop(self) -> None:
        """Stop relays and jobs, let what is under way end, and close the databases."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        for running in reversed(list(self.running.values())):
            if running.built.close is not None:
                await running.built.close()
        await self._seal_last()
        await self.limits.close()
        for database in self.databases.values():
            await database.close()

    def people(self) -> People:
        """Return what the modules that run here keep of persons."""
        return People(
            {name: each.built.personal for name, each in self.running.items() if each.built.personal is not None}
        )

    def privacy(self) -> PrivacyWork | None:
        """Return what is done with people's data, or None where accounts do not run here."""
        accounts = self.door("accounts")
        if accounts is None:
            return None
        people, settings = self.people(), read_settings(PrivacySettings)
        return PrivacyWork(
            privacy=accounts.privacy,
            people=people,
            policy=Policy(people.map(), people.recipients(), settings, origin_days=self.origin_days),
            settings=settings,
            places=[Place(module=name, url=each.url, db=each.db) for name, each in self.running.items()],
            clock=self.clock,
            origin_days=self.origin_days,
        )

    def activity(self) -> dict[str, ActivityRecords]:
        """Return what was done in the modules that keep that, by their names."""
        return {name: each.built.activity for name, each in self.running.items() if each.built.activity is not None}

    async def _seal_last(self) -> None:
        """Seal what was noted in this process: there may be no other for a long time."""
        try:
            async with asyncio.timeout(_SEAL_WITHIN_S):
                for records in self.activity().values():
                    while records.waits:
                        await records.seal()
        except Exception as error:  # noqa: BLE001 - whatever a driver says, the next process seals it; this one stops
            log.warning("activity.not_sealed", error=type(error).__name__)

    def _spawn(self, name: str, work: Any) -> None:
        self._tasks.append(asyncio.get_running_loop().create_task(work, name=name))

    async def _prune(self, relays: Sequence[Relay]) -> None:
        for source in {relay.subscription.source for relay in relays}:
            await prune([each for each in relays if each.subscription.source == source], self.running[source].db)


def chosen(names: Iterable[str]) -> list[Module]:
    """Return the named modules (all, if none is named) so that what a module needs comes before it.

    Raises:
        CannotStart: There is no such module, or a module needs one that would not run here.
    """
    known = {module.name: module for module in MODULES}
    wanted = list(names) or list(known)
    if strange := sorted(set(wanted) - set(known)):
        raise CannotStart(f"there is no module {strange[0]!r}; HOLDFAST_MODULES takes {', '.join(known)}")
    ordered: dict[str, Module] = {}
    for name in wanted:
        _order(known[name], known, frozenset(wanted), ordered)
    return list(ordered.values())


def _order(module: Module, known: Mapping[str, Module], wanted: frozenset[str], ordered: dict[str, Module]) -> None:
    for need in module.needs:
        if need not in wanted:
            where = "add it to --modules (HOLDFAST_MODULES)"
            raise CannotStart(f"module {module.name!r} needs {need!r}, which does not run here: {where}")
        _order(known[need], known, wanted, ordered)
    ordered.setdefault(module.name, module)


async def assemble(
    settings: Settings,
    keyring: Keyring,
    *,
    names: Iterable[str] = (),
    clock: Clock | None = None,
    limits: Limits | None = None,
    checkpoints: bool = True,
) -> Assembly:
    """Build the modules that run here. Nothing is connected yet.

    Args:
        settings: Of the installation.
        keyring: Its keys.
        names: The modules to run; all, if none is named.
        clock: The time everybody here goes by.
        limits: How often somebody may do something; as the environment says, if not given.
        checkpoints: SQLite only: whether this process checkpoints; exactly one may.

    Raises:
        CannotStart: A database URL or a setting is wrong, there is no such module, or a need is unmet.
    """
    clock = clock or Clock()
    limits = limits or new_limits(clock)
    databases: dict[str, Database] = {}
    running: dict[str, Running] = {}
    for module in chosen(names):
        own_settings = read_settings(module.settings)
        urls = urls_of(module, settings, own_settings)
        for each in urls.values():
            if each not in databases:
                databases[each] = await _open(each, module.name, clock, checkpoints=checkpoints)
        url = urls[module.name]
        house = House(
            db=databases[url],
            clock=clock,
            keyring=keyring,
            settings=own_settings,
            doors={need: running[need].built.api for need in module.needs},
            url=url,
            limits=limits,
            redis_url=None if settings.redis_url is None else settings.redis_url.get_secret_value(),
            mail=read_settings(MailSettings),
            further={_place(name): databases[each] for name, each in urls.items() if name != module.name},
        )
        running |= _running(module, urls, databases, module.build(house))
    counted = [(each.db, each.built.limit_table) for each in running.values() if each.built.limit_table is not None]
    connect(limits, settings, keyring, counted[0] if counted else None)
    assembly = Assembly(
        clock=clock,
        keyring=keyring,
        limits=limits,
        running=running,
        databases=databases,
        origin_days=settings.activity_origin_days,
        refund_reauth_above=settings.refund_reauth_above,
    )
    privacy = assembly.privacy()
    if privacy is not None and (found := privacy.strangers()):
        raise CannotStart(f"{', '.join(found)} is in none of HOLDFAST_PRIVACY_ALLOWED_COUNTRIES")
    return assembly


def urls_of(module: Module, settings: Settings, own_settings: ModuleSettings) -> dict[str, str]:
    """Return where a module's data is: its own database by its name, further ones as `booking.dining`."""
    url = settings.database_url_for(module.name)
    further = module.further_urls(own_settings, own=url)
    return {module.name: url} | {f"{module.name}.{name}": each for name, each in further.items()}


def _place(name: str) -> str:
    """Return what a module calls a further database of its own."""
    return name.partition(".")[2]


def _running(
    module: Module, urls: Mapping[str, str], databases: Mapping[str, Database], built: Built
) -> dict[str, Running]:
    """Return a module as it runs here, over its own database and over further ones."""
    places = {name: built.further[_place(name)] if name != module.name else built for name in urls}
    return {
        name: Running(module=module, url=urls[name], db=databases[urls[name]], built=each)
        for name, each in places.items()
    }


async def _open(url: str, module: str, clock: Clock, *, checkpoints: bool) -> Database:
    try:
        return await open_database(url, clock, checkpoints=checkpoints)
    except BadDatabaseUrl as error:
        raise CannotStart(
            f"{error} (--database, HOLDFAST_DATABASE_URL or HOLDFAST_{module.upper()}_DATABASE_URL)"
        ) from error


async def _repeat(job: Job) -> None:
    """Run a job for ever; a failure is logged and the next round comes at its time."""
    await asyncio.sleep(min(_FIRST_PAUSE_S, job.every_s))
    while True:
        try:
            await job.run()
        except Exception as error:
            log.warning("job.failed", job=job.name, error=type(error).__name__, exc_info=True)
        await asyncio.sleep(job.every_s)
