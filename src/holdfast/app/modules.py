"""Which modules there are, and how those that run here are put together.

`MODULES` is the registry. `assemble` opens one database for each different URL, builds the chosen modules in order of
need and hands each the doors it asks for; `Assembly.start` checks the databases and lets relays and jobs run,
`Assembly.stop` lets everything under way end. Nothing is connected before `start`.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import structlog

from holdfast.accounts.module import MODULE as ACCOUNTS
from holdfast.booking.module import MODULE as BOOKING
from holdfast.catalog.module import MODULE as CATALOG
from holdfast.kit.clock import Clock
from holdfast.kit.db.database import Database, UnsafeDatabase
from holdfast.kit.db.migrate import migrate, revision_of
from holdfast.kit.db.opening import BadDatabaseUrl, open_database
from holdfast.kit.module import Built, House, Job, Module
from holdfast.kit.outbox import Relay, prune
from holdfast.kit.secrets import Keyring
from holdfast.kit.settings import ModuleSettings, Settings
from holdfast.payments.module import MODULE as PAYMENTS
from holdfast.search.module import MODULE as SEARCH

log = structlog.get_logger()

MODULES: Final[tuple[Module, ...]] = (ACCOUNTS, CATALOG, BOOKING, PAYMENTS, SEARCH)
"""Every module there is."""

_PRUNE_EVERY_S: Final = 60.0


class CannotStart(Exception):  # noqa: N818 - reads as what it says
    """Something about the configuration or the surroundings keeps the product from starting; the text says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A module that runs here."""

    module: Module
    settings: ModuleSettings
    url: str
    db: Database
    built: Built


@dataclass(slots=True, kw_only=True)
class Assembly:
    """The modules that run in this process."""

    clock: Clock
    running: Mapping[str, Running]
    databases: Mapping[str, Database]
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def door(self, name: str) -> Any:
        """Return the door of a module, or None where it does not run here."""
        running = self.running.get(name)
        return None if running is None else running.built.api

    def relays(self) -> list[Relay]:
        """Make a relay for each subscription between modules that run here.

        Raises:
            CannotStart: A subscription follows a module that publishes nothing.
        """
        made = []
        for subscriber in self.running.values():
            for subscription in subscriber.built.subscriptions:
                source = self.running.get(subscription.source)
                if source is None:
                    continue  # its events are carried by whoever runs both
                if source.built.outbox is None:
                    raise CannotStart(f"{subscription.name} follows {subscription.source}, which publishes nothing")
                made.append(Relay(subscription, source.built.outbox, source.db, subscriber.db, self.clock))
        return made

    def work(self) -> None:
        """Start relays and jobs in this event loop."""
        relays = self.relays()
        for relay in relays:
            self._spawn(f"relay:{relay.subscription.name}", relay.run())
        for running in self.running.values():
            for job in running.built.jobs:
                self._spawn(f"job:{job.name}", _repeat(job))
        if len(self.running) == len(MODULES):
            # A process that runs only some modules does not know who else has yet to read an event.
            self._spawn("job:prune", _repeat(Job(name="outbox.prune", every_s=_PRUNE_EVERY_S, run=self._prune(relays))))

    async def stop(self) -> None:
        """Stop relays and jobs, let everything under way end, and close the databases."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        for running in reversed(list(self.running.values())):
            if running.built.close is not None:
                await running.built.close()
        for database in self.databases.values():
            await database.close()
