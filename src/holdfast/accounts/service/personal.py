"""What accounts keeps of persons: answers `PersonalData`."""

from collections.abc import Sequence

from typing_extensions import override

from holdfast.accounts.models import tables
from holdfast.accounts.store import cases
from holdfast.accounts.store import personal as store
from holdfast.kit.db.database import Database
from holdfast.kit.privacy import Disclosure, Recipient
from holdfast.kit.privacy_rows import Holdings


class AccountsPersonal(Holdings):
    """Answers `PersonalData` for accounts."""

    def __init__(self, db: Database) -> None:
        super().__init__(db=db, tables=tables, held=store.HELD, lapses=store.LAPSES, recipients=(Recipient.MAIL,))

    @override
    async def disclosures(self, *, account_id: int) -> Sequence[Disclosure]:
        return await self._db.read(lambda tx: cases.disclosed(tx, account_id=account_id))
