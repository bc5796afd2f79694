"""What accounts keeps of persons: answers `PersonalData`."""

from collections.abc import Collection, Sequence
from typing import Final, Protocol

from typing_extensions import override

from holdfast.accounts.models import tables
from holdfast.accounts.store import cases
from holdfast.accounts.store import personal as store
from holdfast.kit.db.database import Database
from holdfast.kit.privacy import Disclosure, Kind, Obstacle, Purpose, Recipient
from holdfast.kit.privacy_rows import Holdings

_BY_NUMBER: Final = "you founded it, and it has other members"
_BY_OWNER: Final = "you are its only owner, and it has other members"


class ForgetMail(Protocol):
    """Deletes letters to addresses that lie in a folder of ours."""

    async def __call__(self, *, addresses: Collection[str]) -> int:
        """Return how many there were."""


class AccountsPersonal(Holdings):
    """Answers `PersonalData` for accounts."""

    def __init__(self, db: Database, *, forget_mail: ForgetMail) -> None:
        self._forget_mail = forget_mail
        super().__init__(db=db, tables=tables, held=store.HELD, lapses=store.LAPSES, recipients=(Recipient.MAIL,))

    @override
    async def erase(self, *, account_id: int) -> int:
        # Letters first: once the rows are gone nobody knows any more to whom they were.
        addresses = await self._db.read(lambda tx: store.addresses(tx, account_id=account_id))
        await self._forget_mail(addresses=addresses)
        return await super().erase(account_id=account_id)

    @override
    async def disclosures(self, *, account_id: int) -> Sequence[Disclosure]:
        by_hand = await self._db.read(lambda tx: cases.disclosed(tx, account_id=account_id))
        mailed = await self._db.read(lambda tx: store.mailed(tx, account_id=account_id))
        return [
            *by_hand,
            *(
                Disclosure(
                    recipient=Recipient.MAIL,
                    kinds=(Kind.CONTACT,),
                    purpose=Purpose.MESSAGES,
                    about=f"message {row.kind}",
                    at=row.sent_at,
                )
                for row in mailed
            ),
        ]

    @override
    async def obstacles(self, *, account_id: int) -> Sequence[Obstacle]:
        # An organization has the number of the account that founded it, and its other members need an owner.
        needed = await self._db.read(lambda tx: store.needed_by(tx, account_id=account_id))
        return [
            Obstacle(what="organization", reference=str(each), title=_BY_NUMBER if each == account_id else _BY_OWNER)
            for each in needed
        ]
