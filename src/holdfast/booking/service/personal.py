"""What booking keeps of persons: answers `PersonalData`, and forgets diets whose consent is withdrawn."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from typing_extensions import override

from holdfast.booking.api import QuotedItem
from holdfast.booking.models import note, tables
from holdfast.booking.service.answers import items_of
from holdfast.booking.service.diets import Diets
from holdfast.booking.store import personal as store
from holdfast.kit.db.database import Database
from holdfast.kit.db.statements import Row
from holdfast.kit.privacy import Disclosure, Extract, Kind, Obstacle, Purpose, Recipient
from holdfast.kit.privacy_rows import Holdings
from holdfast.kit.secrets import Keyring

_OBSTACLES_MOST: Final = 100
_NOTED: Final = (Kind.NAME, Kind.WORDS)


class BookingPersonal(Holdings):
    """Answers `PersonalData` for booking."""

    def __init__(self, db: Database, keyring: Keyring) -> None:
        super().__init__(db=db, tables=tables, held=store.HELD, lapses=store.LAPSES, recipients=(Recipient.OWNER,))
        self._diets = Diets(keyring)

    @override
    async def export(self, *, account_id: int) -> Sequence[Extract]:
        found = await super().export(account_id=account_id)
        return [self._read(each) if each.table == note.name else each for each in found]

    def _read(self, kept: Extract) -> Extract:
        """Return notes as they were said."""
        number, item, dietary = (kept.columns.index(name) for name in ("number", "item", "dietary"))
        said = [
            (*row[:dietary], self._diets.open(row[dietary], number=row[number], item=row[item]), *row[dietary + 1 :])
            for row in kept.rows
        ]
        return replace(kept, rows=said)

    @override
    async def obstacles(self, *, account_id: int) -> Sequence[Obstacle]:
        found: list[Obstacle] = []
        for sold in (False, True):
            after = -1
            while len(found) < _OBSTACLES_MOST:
                page = await self._page(account_id, after, sold=sold)
                found += _ahead(page, self._db.clock.now())
                if store.is_last(page):
                    break
                after = page[-1].number
        return found[:_OBSTACLES_MOST]

    async def _page(self, account_id: int, after: int, *, sold: bool) -> Sequence[Row]:
        return await self._db.read(lambda tx: store.standing(tx, account_id=account_id, sold=sold, after=after))

    @override
    async def disclosures(self, *, account_id: int) -> Sequence[Disclosure]:
        found = await self._db.read(lambda tx: store.given_to_owners(tx, account_id=account_id))
        given: dict[tuple[str, int], Disclosure] = {}
        for row in found:
            kinds = {Kind.BOOKING, *(_NOTED if row.item is not None else ()), *((Kind.HEALTH,) if row.dietary else ())}
            before = given.get((row.reference, row.owner_id))
            told = kinds | (set(before.kinds) if before else set())
            given[row.reference, row.owner_id] = Disclosure(
                recipient=f"{Recipient.OWNER}:{row.owner_id}",
                kinds=tuple(sorted(told)),
                purpose=Purpose.BOOKING,
                about=f"booking {row.reference}",
                at=row.created_at,
            )
        return list(given.values())

    async def withdraw_diets(self, *, account_id: int, at: datetime) -> int:
        """Forget what an account noted of diets before it withdrew its consent; return how many notes."""
        return await self._db.write(lambda tx: store.forget_diets(tx, account_id=account_id, before=at))


def _ahead(page: Sequence[Row], now: datetime) -> Iterator[Obstacle]:
    """Yield the bookings that are not over."""
    for row in page:
        items = items_of(row.items)
        until = max(_ends(item) for item in items)
        if until > now:
            yield Obstacle(what="booking", reference=row.reference, title=items[0].title, until=until)


def _ends(item: QuotedItem) -> datetime:
    return datetime.combine(item.end_day, time(), ZoneInfo(item.zone))
