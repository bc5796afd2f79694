"""What is done with people's data over all modules: erasing accounts, making copies, letting go of what is old enough.

Everything here may stop between any two lines and begin again: each module notes that it is done, and doing it twice
changes nothing. Only a process that runs every module does it, because nobody else knows all that is kept.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog

from holdfast.accounts.api import Erasure, PrivacyApi
from holdfast.gateway.privacy_archive import archive_of
from holdfast.gateway.privacy_people import People
from holdfast.gateway.privacy_policy import Policy, strangers
from holdfast.gateway.privacy_settings import PrivacySettings
from holdfast.kit.clock import Clock
from holdfast.kit.db.database import Database
from holdfast.kit.errors import DatabaseUnavailable
from holdfast.kit.module import Job
from holdfast.kit.privacy import Lapsed

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a module keeps its data."""

    module: str
    url: str
    db: Database


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivacyWork:
    """Carries out what people ask of their data."""

    privacy: PrivacyApi
    people: People
    policy: Policy
    settings: PrivacySettings
    places: Sequence[Place]
    clock: Clock
    origin_days: int

    def jobs(self) -> tuple[Job, ...]:
        """Return what is done again and again."""
        return (
            Job(name="privacy.tidy", every_s=self.settings.tidy_every_s, run=self.tidy),
            Job(name="privacy.export", every_s=self.settings.export_every_s, run=self.export_waiting),
        )

    def strangers(self) -> list[str]:
        """Return recipients in countries that are not allowed."""
        return strangers(self.people.recipients(), self.settings)

    async def take_effect(self) -> None:
        """Note that the policy of this code and these settings is in effect from now on."""
        await self.privacy.policies.take_effect(version=self.policy.version, document=self.policy.document)

    async def tidy(self) -> None:
        """Erase what is due, and let go of what is old enough."""
        await self.erase_due()
        await self.lapse(dry_run=False)
        await self.privacy.exports.expire()

    # ------------------------------------------------------------------------------------------------------- erasing

    async def erase_due(self) -> list[Erasure]:
        """Erase every account whose time has come; return those that are done. The files are written anew once for all.

        An account whose bookings still lie ahead waits until they are over, and is told so once.
        """
        gone = [each for each in await self.privacy.erasures.due() if await self._let_go(each)]
        if not gone:
            return []
        try:
            remains = await self._scrub()
        except DatabaseUnavailable as error:
            # Every row is gone already; what is left of them in files goes in the next round.
            log.warning("erasure.not_scrubbed", erasures=len(gone), reason=str(error))
            return []
        return [await self.privacy.erasures.finish(erasure_id=each.id, remains=remains) for each in gone]

    async def _let_go(self, erasure: Erasure) -> bool:
        """Let every module let go of an account; return whether all have."""
        account_id = erasure.account_id
        done = dict(erasure.steps or {})
        if not done and (obstacles := await self.people.obstacles(account_id)):
            await self.privacy.erasures.waits(erasure_id=erasure.id, obstacles=obstacles)
            log.info("erasure.waits", erasure_id=erasure.id)
            return False
        if not await self.privacy.erasures.begin(erasure_id=erasure.id):
            return False
        # What others know by its number goes first, the account itself last.
        for module, personal in reversed(list(self.people.modules.items())):
            if module not in done:
                rows = await personal.erase(account_id=account_id)
                await self.privacy.erasures.step_done(erasure_id=erasure.id, module=module, rows=rows)
        return True

    async def _scrub(self) -> str:
        """Make deleted rows unreadable in every database; return what may hold them still."""
        tables: dict[str, list[str]] = {}
        databases: dict[str, Database] = {}
        for place in self.places:
            personal = self.people.modules.get(place.module)
            if personal is not None:
                tables.setdefault(place.url, []).extend(personal.tables())
                databases[place.url] = place.db
        told = [await databases[url].scrub(names) for url, names in tables.items()]
        return "; ".join(dict.fromkeys(each for each in told if each))

    # ------------------------------------------------------------------------------------------------------- the rest

    async def export_waiting(self) -> None:
        """Make the copies people wait for."""
        for export in await self.privacy.exports.waiting():
            extracts = await self.people.gather(export.account_id)
            # Packing a large one takes seconds, in which the server goes on answering.
            content = await asyncio.to_thread(archive_of, extracts, self.policy.version, self.clock.now())
            await self.privacy.exports.store(export_id=export.id, content=content)

    async def lapse(self, *, dry_run: bool) -> Mapping[str, Sequence[Lapsed]]:
        """Let go of what has been kept long enough, module by module, or only count it."""
        spare = await self.privacy.consents.restricted()
        periods = self.settings.periods(origin_days=self.origin_days)
        return {
            module: await personal.lapse(periods=periods, spare=spare, dry_run=dry_run)
            for module, personal in self.people.modules.items()
        }
