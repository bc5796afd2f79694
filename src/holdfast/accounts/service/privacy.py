"""People's rights over their data, put together: answers `PrivacyApi`."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from typing_extensions import override

from holdfast.accounts.privacy_api import PoliciesApi, PolicyVersion, PrivacyApi
from holdfast.accounts.service.cases import Breaches, Cases
from holdfast.accounts.service.consents import Consents
from holdfast.accounts.service.erasing import EndSessions, Erasures
from holdfast.accounts.service.exporting import Exports
from holdfast.accounts.store import cases, policies
from holdfast.kit.clock import Clock
from holdfast.kit.db.database import Database, Tx
from holdfast.kit.errors import NotFound
from holdfast.kit.limits.limits import Limits
from holdfast.kit.privacy import Disclosure, Kind, Purpose, Recipient
from holdfast.kit.secrets import Keyring


class Policies(PoliciesApi):
    """Answers `PoliciesApi`."""

    def __init__(self, *, db: Database) -> None:
        self._db = db

    @override
    async def take_effect(self, *, version: str, document: Mapping[str, Any]) -> PolicyVersion:
        async def work(tx: Tx) -> PolicyVersion:
            await policies.take_effect(tx, version=version, document=document)
            row = await policies.find(tx, version=version)
            if row is None:
                raise NotFound
            return policies.shown(row)

        return await self._db.write(work)

    @override
    async def find(self, *, version: str) -> PolicyVersion:
        row = await self._db.read(lambda tx: policies.find(tx, version=version))
        if row is None:
            raise NotFound("This version never was in effect here.")
        return policies.shown(row)

    @override
    async def at(self, *, moment: datetime) -> PolicyVersion | None:
        row = await self._db.read(lambda tx: policies.at(tx, moment=moment))
        return None if row is None else policies.shown(row)

    @override
    async def all(self) -> Sequence[PolicyVersion]:
        return await self._db.read(policies.versions)


class Privacy(PrivacyApi):
    """Answers `PrivacyApi`."""

    def __init__(
        self, *, db: Database, clock: Clock, keyring: Keyring, limits: Limits, end_sessions: EndSessions
    ) -> None:
        self._db = db
        self.consents = Consents(db=db, keyring=keyring)
        self.erasures = Erasures(db=db, clock=clock, end_sessions=end_sessions)
        self.exports = Exports(db=db, clock=clock, keyring=keyring, limits=limits)
        self.cases = Cases(db=db, clock=clock)
        self.breaches = Breaches(db=db, clock=clock)
        self.policies = Policies(db=db)

    @override
    async def disclose(
        self, *, account_id: int, recipient: Recipient | str, kinds: Collection[Kind], purpose: Purpose, about: str
    ) -> None:
        async def work(tx: Tx) -> None:
            given = Disclosure(
                recipient=str(recipient), kinds=tuple(kinds), purpose=purpose, about=about, at=await tx.now()
            )
            await cases.disclose(tx, [(account_id, given)])

        await self._db.write(work)
