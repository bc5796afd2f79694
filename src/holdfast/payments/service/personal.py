"""What payments keeps of persons: answers `PersonalData`."""

from collections.abc import Sequence
from typing import Protocol

from typing_extensions import override

from holdfast.kit.db.database import Database
from holdfast.kit.errors import NotFound
from holdfast.kit.privacy import Disclosure, Kind, Purpose, Recipient
from holdfast.kit.privacy_rows import Holdings
from holdfast.payments.api import StoredMethod
from holdfast.payments.models import tables
from holdfast.payments.store import personal as store


class Keeper(Protocol):
    """What keeps ways to pay, here and at providers."""

    async def stored_methods(self, *, account_id: int) -> list[StoredMethod]:
        """Return the ways to pay an account keeps."""

    async def drop_method(self, *, account_id: int, method_id: str) -> None:
        """Forget one, here and at the provider."""


class PaymentsPersonal(Holdings):
    """Answers `PersonalData` for payments."""

    def __init__(self, db: Database, keeper: Keeper, providers: Sequence[str]) -> None:
        known = {str(each): each for each in Recipient}
        super().__init__(
            db=db,
            tables=tables,
            held=store.HELD,
            lapses=store.LAPSES,
            recipients=tuple(known[name] for name in providers if name in known),
        )
        self._keeper = keeper

    @override
    async def erase(self, *, account_id: int) -> int:
        # Providers first: once our row is gone nobody knows any more what they keep for us.
        for method in await self._keeper.stored_methods(account_id=account_id):
            try:
                await self._keeper.drop_method(account_id=account_id, method_id=method.id)
            except NotFound:
                continue  # somebody else dropped it meanwhile
        return await super().erase(account_id=account_id)

    @override
    async def disclosures(self, *, account_id: int) -> Sequence[Disclosure]:
        found = await self._db.read(lambda tx: store.given_to_providers(tx, account_id=account_id))
        return [
            Disclosure(
                recipient=row.provider,
                kinds=(Kind.NUMBER, Kind.PAYMENT),
                purpose=Purpose.PAYMENT,
                about=f"payment {row.id}",
                at=row.created_at,
            )
            for row in found
        ]
