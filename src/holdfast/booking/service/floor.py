"""The floor of restaurants. What a method does and refuses is told in `booking.floor_api`."""

from collections.abc import Sequence
from datetime import date, time
from functools import partial
from typing import Final

import msgspec
from typing_extensions import override

from holdfast.booking.floor_api import DaySlots, FloorApi, Party, Timeline, TimelineEntry, Visit, VisitState
from holdfast.booking.items import QuotedTable
from holdfast.booking.service.answers import items_of, key_use
from holdfast.booking.service.batch import SettleOrder, Verb
from holdfast.booking.service.desk import Desk, refuse_again, was
from holdfast.booking.service.offering import Offering
from holdfast.booking.service.placing import Before
from holdfast.booking.service.selling import Selling
from holdfast.booking.service.staffing import Staffing
from holdfast.booking.service.visiting import visit_of
from holdfast.booking.store import floor
from holdfast.catalog.api import CatalogApi
from holdfast.kit.auth import Principal
from holdfast.kit.db.statements import Row
from holdfast.kit.keyed import Caller, Keyed

_PARTIES_MOST: Final = 5_000
"""More than any room has in a day: 300 tables, 96 quarters, and a sixth of them taken anew."""


class Floor(FloorApi):
    """Answers `FloorApi`."""

    def __init__(self, desk: Desk, selling: Selling, catalog: CatalogApi) -> None:
        self._desk = desk
        self._catalog = catalog
        self._offering = Offering(desk.db, desk.clock, catalog)
        self._staffing = Staffing(desk, selling, catalog)

    @override
    async def slots(
        self, *, restaurant_id: int, day: date, party_size: int, minutes: int | None = None, area: str | None = None
    ) -> DaySlots:
        return await self._offering.slots(
            restaurant_id=restaurant_id, day=day, party_size=party_size, minutes=minutes, area=area
        )

    @override
    async def timeline(self, *, owner: Principal, restaurant_id: int, day: date) -> Timeline:
        found = await self._catalog.restaurants.own(owner=owner, restaurant_id=restaurant_id)
        rows = await self._desk.db.read(
            partial(floor.day_of, restaurant_id=restaurant_id, day=day, limit=_PARTIES_MOST)
        )
        terms = found.draft.terms
        return Timeline(
            restaurant_id=restaurant_id,
            name=found.draft.name,
            zone=terms.zone,
            day=day,
            tables=terms.tables,
            entries=tuple(self._entry_of(row, mine=owner.owner_id == found.owner_id) for row in rows),
        )

    @override
    async def move_visit(
        self, *, caller: Caller, owner: Principal, reference: str, item: int, state: VisitState
    ) -> Keyed[Visit]:
        row = await self._desk.visible(owner, reference=reference)
        order = SettleOrder(
            verb=Verb.VISIT, number=row.number, principal=owner, item=item, visit=state, key=key_use(caller)
        )
        settled = await self._desk.settle(order)
        if not isinstance(settled, Before):
            return Keyed(value=was(Visit, settled))
        refuse_again(settled.answer)
        return Keyed(value=msgspec.convert(settled.answer["visit"], Visit), replayed=True)

    @override
    async def walk_in(
        self, *, caller: Caller, owner: Principal, restaurant_id: int, party: Party
    ) -> Keyed[TimelineEntry]:
        return await self._staffing.walk_in(caller=caller, owner=owner, restaurant_id=restaurant_id, party=party)

    @override
    async def reserve(
        self, *, caller: Caller, owner: Principal, restaurant_id: int, when: tuple[date, time], party: Party
    ) -> Keyed[TimelineEntry]:
        return await self._staffing.reserve(
            caller=caller, owner=owner, restaurant_id=restaurant_id, when=when, party=party
        )

    @override
    async def visits_of(self, *, principal: Principal, number: int) -> Sequence[Visit]:
        row = await self._desk.visible(principal, number=number)
        found = await self._desk.db.read(lambda tx: floor.visits_of(tx, [number]))
        return [visit_of(each, row.reference) for each in found.values()]

    def _entry_of(self, row: Row, *, mine: bool) -> TimelineEntry:
        """Return a party of a day; what its guest has noted is shown to the owner alone."""
        table = items_of(row.items)[row.item]
        assert isinstance(table, QuotedTable), "a visit is to a table"  # noqa: S101 - the recount says so
        return TimelineEntry(
            visit=visit_of(row, row.reference),
            account_id=row.account_id,
            table=table,
            name=row.name if mine else None,
            occasion=row.occasion if mine else None,
            notes=row.notes if mine else None,
            dietary=self._desk.diets.open(row.dietary, number=row.number, item=row.item) if mine else None,
        )
