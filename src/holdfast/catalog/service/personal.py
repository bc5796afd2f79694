"""What the catalog keeps of owners: answers `PersonalData`."""

from typing_extensions import override

from holdfast.catalog.events import PropertyChanged, RestaurantChanged
from holdfast.catalog.models import outbox, tables
from holdfast.catalog.store import personal as store
from holdfast.kit.db.database import Database, Tx
from holdfast.kit.privacy_rows import Holdings


class CatalogPersonal(Holdings):
    """Answers `PersonalData` for the catalog."""

    def __init__(self, db: Database) -> None:
        super().__init__(db=db, tables=tables, held=store.HELD, lapses=store.LAPSES)

    @override
    async def erase(self, *, account_id: int) -> int:
        async def work(tx: Tx) -> int:
            properties, restaurants = await store.still_told(tx, owner_id=account_id)
            changed = await self.erase_in(tx, account_id)
            await store.count_change(tx, properties=properties, restaurants=restaurants)
            # Whoever keeps a copy, as search does, reads again.
            events = [
                *(PropertyChanged(property_id=each) for each in properties),
                *(RestaurantChanged(restaurant_id=each) for each in restaurants),
            ]
            await outbox.publish(tx, self._db.dialect, events)
            return changed

        changed = await self._db.write(work)
        outbox.nudge()
        return changed
