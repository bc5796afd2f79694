"""What owners do with their stock: define, resize, close nights, block and unblock."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

from holdfast.booking.api import BelowSold, Block, NightStock
from holdfast.booking.events import StockMoved
from holdfast.booking.models import HoldKind, activity, outbox
from holdfast.booking.service.acts import of_stock
from holdfast.booking.service.answers import KeyUse, block_of
from holdfast.booking.service.batch import SettleOrder, Verb
from holdfast.booking.service.importing import Importing
from holdfast.booking.service.placing import Before, Placed, PlaceOrder, Placing
from holdfast.booking.service.settling import Settling
from holdfast.booking.store import sales, stock
from holdfast.catalog.api import CatalogApi
from holdfast.engine.claims import ClaimOrder, Span
from holdfast.kit.activity.acts import Act, here
from holdfast.kit.auth import Principal
from holdfast.kit.clock import Clock
from holdfast.kit.db.database import Database, Tx, Work
from holdfast.kit.db.errors import CheckViolation
from holdfast.kit.db.statements import Row
from holdfast.kit.errors import FieldError, Invalid, NotFound
from holdfast.kit.ids import new_id
from holdfast.verticals.stays import night_slot, slot_night

NIGHTS_MOST: Final = 730
"""Nights of one owner's change at most."""
_BEHIND: Final = timedelta(days=2)
"""Nights older than this, seen from Greenwich, are past everywhere and keep the capacity they had."""


class Owning:
    """Changes stock for owners. Who the owner is, the catalog says."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        catalog: CatalogApi,
        lanes: tuple[Placing, Settling],
        importing: Importing,
    ) -> None:
        self._db = db
        self._clock = clock
        self._catalog = catalog
        self._importing = importing
        self._placing, self._settling = lanes

    async def define(self, *, property_id: int, units: int, unit_names: tuple[str, ...]) -> None:
        """Make the stock of a property if it has none."""
        await self.define_many([(property_id, units, unit_names)])

    async def define_many(self, entries: Iterable[tuple[int, int, tuple[str, ...]]]) -> None:
        """Make the stock of properties (id, units, unit names) that have none."""
        new: list[tuple[str, int, str | None, int]] = []
        for property_id, units, names in entries:
            pool = f"stay:{property_id}"
            new += [(f"{pool}:{name}", property_id, name, 1) for name in names] or [(pool, property_id, None, units)]
        if not new:
            return
        moved = [StockMoved(property_id=each, first_slot=0, end_slot=1) for each in sorted({entry[1] for entry in new})]
        await self._db.put(stock.define(new), *outbox.calls(self._db.dialect, moved))
        outbox.nudge()

    async def resources(self, property_ids: Collection[int]) -> dict[int, list[Row]]:
        """Return the resources of properties."""
        found = await self._db.read(lambda tx: stock.resources_of(tx, property_ids))
        by_property: dict[int, list[Row]] = {}
        for row in found:
            by_property.setdefault(row.property_id, []).append(row)
        return by_property

    async def stock(self, *, property_ids: Sequence[int], first: date, end: date) -> Mapping[int, list[NightStock]]:
        """Return the stock of properties for every night in [first, end)."""
        slots = range(night_slot(first), night_slot(end))

        async def work(tx: Tx) -> tuple[list[Row], list[Row]]:
            resources = await stock.resources_of(tx, property_ids)
            ids = [row.id for row in resources]
            return resources, await stock.cells_in_range(tx, ids, first=slots.start, end=slots.stop) if ids else []

        resources, cells = await self._db.read(work)
        own = {(row.resource_id, row.slot): row for row in cells}
        by_property: dict[int, list[Row]] = {}
        for row in resources:
            by_property.setdefault(row.property_id, []).append(row)
        return {each: [_night(rows, own, slot) for slot in slots] for each, rows in by_property.items()}

    async def nights_taken(self, *, spans: Sequence[tuple[int, date, date]]) -> dict[int, frozenset[date]]:
        """Return the nights without a free unit; see `BookingApi.nights_taken`."""
        asked = [(property_id, night_slot(first), night_slot(end)) for property_id, first, end in spans]

        async def work(tx: Tx) -> tuple[list[Row], list[Row]]:
            return (
                await stock.resources_of(tx, {property_id for property_id, _, _ in asked}),
                await stock.cells_without_room(tx, asked),
            )

        resources, full = await self._db.read(work)
        units = Counter(row.property_id for row in resources)
        without = {(row.property_id, row.resource_id, row.slot) for row in full}
        taken = Counter((property_id, slot) for property_id, _, slot in without)
        nights: dict[int, set[date]] = {property_id: set() for property_id in units}
        for (property_id, slot), count in taken.items():
            if count == units[property_id]:
                nights[property_id].add(slot_night(slot))
        if nothing := {row.property_id for row in resources if row.capacity == 0}:
            await self._add_empty(nights, nothing, spans)
        return {property_id: frozenset(found) for property_id, found in nights.items()}

    async def _add_empty(
        self, nights: dict[int, set[date]], properties: Collection[int], spans: Sequence[tuple[int, date, date]]
    ) -> None:
        """Add the nights of properties that have no units: those have no cells that would say so."""
        for property_id, first, end in spans:
            if property_id in properties:
                found = await self.stock(property_ids=[property_id], first=first, end=end)
                nights[property_id] |= {each.night for each in found[property_id] if not each.free}

    async def resize(self, *, owner: Principal, property_id: int, units: int) -> None:
        """Change how many units a pool has; see `BookingApi.resize`.

        Raises:
            NotFound: No such property, or somebody else's.
            Invalid: The property has named units.
            BelowSold: More is sold on some night.
        """
        owner_id, pool = await self._pool(owner, property_id)
        from_slot = night_slot(self._clock.now().date() - _BEHIND)

        async def work(tx: Tx) -> None:
            if await stock.lock_resource(tx, pool.id) is None:
                raise NotFound
            await stock.resize(tx, pool.id, capacity=units, from_slot=from_slot)
            await activity.note(tx, of_stock("stock.resized", property_id, here(), owner_id=owner_id, units=units))
            end = from_slot + NIGHTS_MOST * 2
            moved = [StockMoved(property_id=property_id, first_slot=from_slot, end_slot=end)]
            await outbox.publish(tx, self._db.dialect, moved)

        try:
            await self._write(work)
        except CheckViolation:
            raise await self._below_sold([pool.id], from_slot, from_slot + NIGHTS_MOST * 2) from None
        outbox.nudge()

    async def set_nights(
        self, *, owner: Principal, property_id: int, first: date, end: date, capacity: int | None, closed: bool | None
    ) -> None:
        """Give nights a capacity of their own, or open or close them; see `BookingApi.set_night_stock`.

        Raises:
            NotFound: No such property, or somebody else's.
            Invalid: The range is empty or too long, or a capacity is given for named units.
            BelowSold: More is sold on some night.
        """
        check_range(first, end)
        owner_id, resources = await self._resources_of(owner, property_id)
        if capacity is not None and resources[0].unit is not None:
            refusal = _named_units("/capacity")
            raise refusal
        slots = range(night_slot(first), night_slot(end))

        async def work(tx: Tx) -> None:
            nights = []
            for resource in resources:
                locked = await stock.lock_resource(tx, resource.id)
                base = resource.capacity if locked is None else locked.capacity
                found = {
                    row.slot: row
                    for row in await stock.cells_in_range(tx, [resource.id], first=slots.start, end=slots.stop)
                }
                nights += [_changed((resource.id, slot), found.get(slot), base, (capacity, closed)) for slot in slots]
            await stock.set_nights(tx, nights)
            facts = {"first": first.isoformat(), "end": end.isoformat(), "capacity": capacity, "closed": closed}
            await activity.note(tx, of_stock("stock.nights_changed", property_id, here(), owner_id=owner_id, **facts))
            moved = [StockMoved(property_id=property_id, first_slot=slots.start, end_slot=slots.stop)]
            await outbox.publish(tx, self._db.dialect, moved)

        try:
            await self._write(work)
        except CheckViolation:
            raise await self._below_sold([row.id for row in resources], slots.start, slots.stop) from None
        outbox.nudge()

    async def block(
        self,
        *,
        key: KeyUse | None,
        owner: Principal,
        property_id: int,
        nights: tuple[date, date],
        quantity: int,
        note: str,
    ) -> tuple[str, Placed | Before]:
        """Take nights off the market; returns the block's id and how it went.

        Raises:
            NotFound: No such property, or somebody else's.
            Invalid: The range is empty or too long.
            CapacityTaken: A night is sold; `bookings` lists what stands against it.
        """
        first, end = nights
        check_range(first, end)
        owner_id, resources = await self._resources_of(owner, property_id)
        options = tuple(
            (Span(resource_id=row.id, first_slot=night_slot(first), end_slot=night_slot(end), quantity=quantity),)
            for row in resources
        )
        order = PlaceOrder(
            hold_id=new_id("block", self._clock),
            kind=HoldKind.OWNER,
            account_id=owner.account_id,
            claim=ClaimOrder(options),
            note=note,
            key=key,
            acts=(_blocked("stock.blocked", property_id, owner_id, nights, quantity=quantity),),
        )
        return order.hold_id, await self._placing.place(order)

    async def unblock(self, *, owner: Principal, block_id: str) -> None:
        """Give blocked nights back.

        Raises:
            NotFound: No such block, or somebody else's.
        """
        row = await self._db.read(lambda tx: sales.find_hold(tx, block_id))
        if row is None or row.kind is not HoldKind.OWNER or not _is_of_nights(row):
            raise NotFound("There is no such block.")
        block = block_of(row)
        described = await self._catalog.own(owner=owner, property_id=block.property_id)
        act = _blocked("stock.unblocked", described.id, described.owner_id, (block.first, block.end))
        await self._settling.settle(SettleOrder(verb=Verb.UNBLOCK, hold_id=block_id, acts=(act,)))

    async def blocks(self, *, owner: Principal, property_id: int) -> list[Block]:
        """Return the blocks of a property that are in force.

        Raises:
            NotFound: No such property, or somebody else's.
        """
        await self._catalog.own(owner=owner, property_id=property_id)
        ids = [row.id for row in (await self.resources([property_id])).get(property_id, [])]
        return [block_of(row) for row in await self._db.read(lambda tx: sales.blocks_on(tx, ids))] if ids else []

    async def import_blocks(self, *, spans: Sequence[tuple[int, date, date]], note: str) -> int:
        """Block one unit on many spans at once; see `BookingApi.import_blocks`.

        Raises:
            NotFound: A property has no stock.
            CapacityTaken: A night is taken.
        """
        owners = await self.resources({property_id for property_id, _, _ in spans})
        claims = []
        for property_id, first, end in spans:
            resources = owners.get(property_id)
            if not resources:
                raise NotFound(f"property {property_id} has no stock")
            claims.append((Span(resource_id=resources[0].id, first_slot=night_slot(first), end_slot=night_slot(end)),))
        return await self._importing.blocks(claims, note=note)

    async def _write(self, work: Work[None]) -> None:
        """Write a change of stock.

        Raises:
            CheckViolation: More is sold.
        """
        try:
            await self._db.write(work)
        except CheckViolation:
            # What stands against it may have run out and only wait to be tidied.
            await self._settling.sweep(since=self._placing.swept_until)
            await self._db.write(work)

    async def _resources_of(self, owner: Principal, property_id: int) -> tuple[int, list[Row]]:
        """Return whose a property is that its owner may change, and its resources, made now if no event has told of it.

        Raises:
            NotFound: No such property, or somebody else's.
        """
        described = await self._catalog.own(owner=owner, property_id=property_id)
        found = await self.resources([property_id])
        if property_id not in found:
            # Whoever creates a property may go on with it at once.
            await self.define(property_id=property_id, units=described.units, unit_names=described.unit_names)
            found = await self.resources([property_id])
        return described.owner_id, found[property_id]

    async def _pool(self, owner: Principal, property_id: int) -> tuple[int, Row]:
        owner_id, resources = await self._resources_of(owner, property_id)
        if resources[0].unit is not None:
            refusal = _named_units("/units")
            raise refusal
        return owner_id, resources[0]

    async def _standing(self, resource_ids: Iterable[str], first: int, end: int) -> list[str]:
        async def work(tx: Tx) -> list[str]:
            return [
                reference
                for resource_id in resource_ids
                for reference in await sales.standing_on(tx, resource_id, first=first, end=end)
            ]

        return await self._db.read(work)

    async def _below_sold(self, resource_ids: Iterable[str], first: int, end: int) -> BelowSold:
        return BelowSold(extra={"bookings": await self._standing(resource_ids, first, end)})


def check_range(first: date, end: date) -> None:
    """Check a range of nights that an owner names.

    Raises:
        Invalid: It is empty or longer than `NIGHTS_MOST`.
    """
    nights = (end - first).days
    if nights < 1:
        detail = "The end must be after the first night."
        raise Invalid(detail, errors=[FieldError(pointer="/end", code="empty_or_negative_range", detail=detail)])
    if nights > NIGHTS_MOST:
        detail = f"At most {NIGHTS_MOST} nights at a time."
        raise Invalid(detail, errors=[FieldError(pointer="/end", code="range_too_long", detail=detail)])


def _is_of_nights(row: Row) -> bool:
    """Return whether a block is of a property; tables and seats that were sold elsewhere are kept as blocks too."""
    return all(str(resource_id).startswith("stay:") for resource_id, *_ in row.spans)


def _blocked(kind: str, property_id: int, owner_id: int, nights: tuple[date, date], **facts: Any) -> Act:
    """Return that nights were taken off the market or given back."""
    first, end = (night.isoformat() for night in nights)
    return of_stock(kind, property_id, here(), owner_id=owner_id, first=first, end=end, **facts)


def _named_units(pointer: str) -> Invalid:
    detail = "This property has named units: block or unblock them instead."
    return Invalid(detail, errors=[FieldError(pointer=pointer, code="named_units", detail=detail)])


def _night(resources: Sequence[Row], own: Mapping[tuple[str, int], Row], slot: int) -> NightStock:
    """Return the stock of one night over all units; where only some units are closed, those count as taken."""
    capacity = taken = shut = closed = 0
    for resource in resources:
        cell = own.get((resource.id, slot))
        if cell is None:
            capacity += resource.capacity
            continue
        capacity += cell.capacity
        taken += cell.taken
        if cell.closed:
            closed += 1
            shut += cell.capacity - cell.taken
    whole = closed == len(resources)
    return NightStock(night=slot_night(slot), capacity=capacity, taken=taken if whole else taken + shut, closed=whole)


def _changed(
    key: stock.Key, found: Row | None, base: int, wanted: tuple[int | None, bool | None]
) -> tuple[str, int, int, bool, bool]:
    """Return a cell's new capacity, own and closed, given what is wanted of it (None: as it is)."""
    capacity, closed = wanted
    was_own = found is not None and bool(found.own)
    now_capacity = (base if found is None else found.capacity) if capacity is None else capacity
    was_closed = found is not None and bool(found.closed)
    return *key, now_capacity, was_own or capacity is not None, was_closed if closed is None else closed
