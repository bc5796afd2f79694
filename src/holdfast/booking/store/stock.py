"""Cells and resources: what there is, what is taken."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import and_, bindparam, case, func, literal, not_, or_, select, update

from holdfast.booking.models import cell, resource
from holdfast.engine.claims import Cell
from holdfast.kit.db.database import Tx
from holdfast.kit.db.statements import Call, DialectName, Row, Rows, db_now, rows, statement, upsert
from holdfast.kit.db.types import Flag, Text, Whole

Key = tuple[str, int]
"""A cell: resource and slot."""

_WANTED = rows("wanted", resource_id=Text(120), slot=Whole())
_TAKEN = rows("taken_cells", resource_id=Text(120), slot=Whole(), quantity=Whole(), capacity=Whole())
_FREED = rows("freed_cells", resource_id=Text(120), slot=Whole(), quantity=Whole())
_IDS = rows("resource_ids", resource_id=Text(120))
_PROPERTIES = rows("properties", property_id=Whole())


_NO = literal(value=False, type_=Flag())


def _same_cell(source: Rows) -> Any:
    return and_(cell.c.resource_id == source.c.resource_id, cell.c.slot == source.c.slot)


def _take(dialect: DialectName) -> Any:
    """Add to cells, making those that do not exist yet, in the order in which everybody locks them.

    The resource is locked in share mode, because its capacity is copied: who changes it locks it for update. A closed
    cell is driven below zero, so that the CHECK refuses it like a full one.
    """
    source = (
        select(
            _TAKEN.c.resource_id,
            _TAKEN.c.slot,
            _TAKEN.c.quantity,
            func.coalesce(_TAKEN.c.capacity, resource.c.capacity),
            _NO,
            _NO,
        )
        .select_from(_TAKEN)
        .join(resource, resource.c.id == _TAKEN.c.resource_id)
        .order_by(_TAKEN.c.resource_id, _TAKEN.c.slot)
    )
    if dialect == "postgresql":
        source = source.with_for_update(read=True, of=resource)
    elif dialect == "mysql":
        source = source.with_for_update(read=True)
    made = upsert(
        cell,
        source,
        columns=["resource_id", "slot", "taken", "capacity", "own", "closed"],
        key=["resource_id", "slot"],
        update=lambda proposed: {"taken": case((cell.c.closed, -1), else_=cell.c.taken + proposed.taken)},
    )
    return made.build(dialect)


TAKE = statement(_take)

# An UPDATE has no order of its own: whoever frees locks the cells first (`lock_cells`).
FREE = statement(update(cell).values(taken=cell.c.taken - _FREED.c.quantity).where(_same_cell(_FREED)))

_CELL = (cell.c.resource_id, cell.c.slot, cell.c.taken, cell.c.capacity, cell.c.closed)
_LOCK = statement(
    select(*_CELL)
    .select_from(_WANTED)
    .join(cell, _same_cell(_WANTED))
    .order_by(cell.c.resource_id, cell.c.slot)
    .with_for_update(of=cell)
)
_LOOK = statement(select(*_CELL).select_from(_WANTED).join(cell, _same_cell(_WANTED)))
_CAPACITIES = statement(
    select(resource.c.id, resource.c.capacity)
    .select_from(_IDS)
    .join(resource, resource.c.id == _IDS.c.resource_id)
    .order_by(resource.c.id)
    .with_for_update(read=True, of=resource)
)


def take(wanted: Mapping[Key, int], capacities: Mapping[Key, int] | None = None) -> Call:
    """Return the write that takes units of cells.

    Args:
        wanted: Units by cell.
        capacities: Known capacities; where one is missing the resource's is meant.
    """
    known = capacities or {}
    return TAKE(taken_cells=[(*each, wanted[each], known.get(each)) for each in sorted(wanted)])


def free(freed: Mapping[Key, int]) -> Call:
    """Return the write that gives units back."""
    return FREE(freed_cells=[(*each, freed[each]) for each in sorted(freed)])


async def lock_cells(tx: Tx, keys: Collection[Key]) -> dict[Key, Cell]:
    """Lock the cells that exist among `keys`, in the common order, and return them."""
    if not keys:
        return {}
    found = await tx.all(_LOCK(wanted=sorted(keys)))
    return {(row.resource_id, row.slot): Cell(row.taken, row.capacity, row.closed) for row in found}


async def share_resources(tx: Tx, ids: Iterable[str]) -> dict[str, int]:
    """Lock resources against a change of capacity and return their capacities."""
    found = await tx.all(_CAPACITIES(resource_ids=[(each,) for each in sorted(set(ids))]))
    return {row.id: row.capacity for row in found}


async def cells_now(tx: Tx, wanted: Iterable[Key]) -> dict[Key, Cell]:
    """Return the cells that exist, without locking anything: what they say may be old news in a moment."""
    found = await tx.all(_LOOK(wanted=sorted(set(wanted))))
    return {(row.resource_id, row.slot): Cell(row.taken, row.capacity, bool(row.closed)) for row in found}


# ------------------------------------------------------------------------------------------------- making and resizing

_NEW = rows("new_resources", id=Text(120), property_id=Whole(), unit=Text(60), capacity=Whole())
_MADE = resource.alias("made")
DEFINE = upsert(
    resource,
    select(_NEW.c.id, _NEW.c.property_id, _NEW.c.unit, _NEW.c.capacity, db_now())
    .select_from(_NEW)
    # Not only the same units: a pool must not get named units beside it, or it could be sold twice over.
    .where(~select(_MADE.c.id).where(_MADE.c.property_id == _NEW.c.property_id).exists())
    .order_by(_NEW.c.id),
    columns=["id", "property_id", "unit", "capacity", "created_at"],
    key=["id"],
    update=lambda _: {},
)
# Of what the catalog alone decides; made when somebody first asks for it.
_ENSURE = upsert(
    resource,
    select(_NEW.c.id, _NEW.c.property_id, _NEW.c.unit, _NEW.c.capacity, db_now()).select_from(_NEW).order_by(_NEW.c.id),
    columns=["id", "property_id", "unit", "capacity", "created_at"],
    key=["id"],
    update=lambda _: {},
)
_FIND_RESOURCES = statement(
    select(resource.c.id, resource.c.capacity).select_from(_IDS).join(resource, resource.c.id == _IDS.c.resource_id)
)
_OF_PROPERTIES = statement(
    select(resource.c.id, resource.c.property_id, resource.c.unit, resource.c.capacity)
    .select_from(_PROPERTIES)
    .join(resource, resource.c.property_id == _PROPERTIES.c.property_id)
    .order_by(resource.c.id)
)
# Weaker than FOR UPDATE on PostgreSQL: it keeps out claims, which copy the capacity, and not releases, whose ledger
# entries only refer to the resource and which have their cells already; the two would wait for each other.
_LOCK_RESOURCE = statement(
    select(resource.c.id, resource.c.capacity).where(resource.c.id == bindparam("id")).with_for_update(key_share=True)
)
_SET_CAPACITY = statement(
    update(resource).values(capacity=bindparam("capacity")).where(resource.c.id == bindparam("of"))
)
_LOCK_ALL_CELLS = statement(
    select(cell.c.slot, cell.c.taken)
    .where(cell.c.resource_id == bindparam("id"), not_(cell.c.own))
    .order_by(cell.c.slot)
    .with_for_update()
)
_RESIZE_CELLS = statement(
    update(cell)
    .values(capacity=bindparam("capacity"))
    .where(cell.c.resource_id == bindparam("of"), not_(cell.c.own), cell.c.slot >= bindparam("from_slot"))
)
# What is sold stays sold: where a resource becomes too small for it, the cell keeps what it has and sells no more.
_FIT_CELLS = statement(
    update(cell)
    .values(
        capacity=case((cell.c.taken > bindparam("capacity"), cell.c.taken), else_=bindparam("capacity")),
        own=cell.c.taken > bindparam("capacity"),
    )
    .where(cell.c.resource_id == bindparam("of"))
)
_LOCK_EVERY_CELL = statement(
    select(cell.c.slot).where(cell.c.resource_id == bindparam("id")).order_by(cell.c.slot).with_for_update()
)
_NIGHTS = rows("nights", resource_id=Text(120), slot=Whole(), capacity=Whole(), own=Flag(), closed=Flag())
_SET_NIGHTS = upsert(
    cell,
    select(
        _NIGHTS.c.resource_id, _NIGHTS.c.slot, literal(0, Whole()), _NIGHTS.c.capacity, _NIGHTS.c.own, _NIGHTS.c.closed
    )
    .select_from(_NIGHTS)
    .order_by(_NIGHTS.c.resource_id, _NIGHTS.c.slot),
    columns=["resource_id", "slot", "taken", "capacity", "own", "closed"],
    key=["resource_id", "slot"],
    update=lambda proposed: {"capacity": proposed.capacity, "own": proposed.own, "closed": proposed.closed},
)
_IN_RANGE = statement(
    select(*_CELL, cell.c.own)
    .select_from(_IDS)
    .join(cell, cell.c.resource_id == _IDS.c.resource_id)
    .where(cell.c.slot >= bindparam("first"), cell.c.slot < bindparam("end"))
)


_SPANS = rows("spans", property_id=Whole(), first=Whole(), end=Whole())
_WITHOUT_ROOM = statement(
    select(resource.c.property_id, cell.c.resource_id, cell.c.slot)
    .select_from(_SPANS)
    .join(resource, resource.c.property_id == _SPANS.c.property_id)
    .join(
        cell,
        and_(cell.c.resource_id == resource.c.id, cell.c.slot >= _SPANS.c.first, cell.c.slot < _SPANS.c.end),
    )
    .where(or_(cell.c.closed, cell.c.taken >= cell.c.capacity))
)


def define(entries: Sequence[tuple[str, int, str | None, int]]) -> Call:
    """Return the write that makes resources (id, property, unit, capacity); of properties that have none."""
    return DEFINE(new_resources=sorted(entries))


def ensure(capacities: Mapping[str, int]) -> Call:
    """Return the write that makes resources by id and capacity, those that are missing."""
    return _ENSURE(new_resources=[(each, None, None, capacities[each]) for each in sorted(capacities)])


async def capacities_of(tx: Tx, ids: Iterable[str]) -> dict[str, int]:
    """Return the capacities of the resources that exist, without locking anything."""
    return {
        row.id: row.capacity for row in await tx.all(_FIND_RESOURCES(resource_ids=[(each,) for each in sorted(ids)]))
    }


async def fit(tx: Tx, resource_id: str, capacity: int) -> None:
    """Give a locked resource and its cells another capacity; a cell of which more is taken keeps just that."""
    await tx.all(_LOCK_EVERY_CELL(id=resource_id))
    await tx.run(_SET_CAPACITY(of=resource_id, capacity=capacity))
    await tx.run(_FIT_CELLS(of=resource_id, capacity=capacity))


async def resources_of(tx: Tx, property_ids: Iterable[int]) -> list[Row]:
    """Return id, property_id, unit and capacity of the resources of properties."""
    return await tx.all(_OF_PROPERTIES(properties=[(each,) for each in sorted(set(property_ids))]))


async def lock_resource(tx: Tx, resource_id: str) -> Row | None:
    """Lock a resource against claims that would copy its capacity."""
    return await tx.one(_LOCK_RESOURCE(id=resource_id))


async def resize(tx: Tx, resource_id: str, *, capacity: int, from_slot: int) -> None:
    """Give a locked resource and its ordinary cells from a slot on another capacity; the past stays."""
    await tx.all(_LOCK_ALL_CELLS(id=resource_id))
    await tx.run(_SET_CAPACITY(of=resource_id, capacity=capacity))
    await tx.run(_RESIZE_CELLS(of=resource_id, capacity=capacity, from_slot=from_slot))


async def set_nights(tx: Tx, nights: Sequence[tuple[str, int, int, bool, bool]]) -> None:
    """Set capacity, own and closed of cells: (resource, slot, capacity, own, closed)."""
    await tx.run(_SET_NIGHTS(nights=sorted(nights)))


async def cells_in_range(tx: Tx, ids: Iterable[str], *, first: int, end: int) -> list[Row]:
    """Return the cells that exist in [first, end)."""
    return await tx.all(_IN_RANGE(resource_ids=[(each,) for each in sorted(set(ids))], first=first, end=end))


async def cells_without_room(tx: Tx, spans: Sequence[tuple[int, int, int]]) -> list[Row]:
    """Return property_id, resource_id and slot of full or closed cells in spans (property, first slot, end slot)."""
    return await tx.all(_WITHOUT_ROOM(spans=spans))


_SOLD_AHEAD = statement(
    select(cell.c.resource_id)
    .where(
        cell.c.resource_id >= bindparam("prefix", type_=Text(120)),
        cell.c.resource_id < bindparam("end", type_=Text(120)),
        cell.c.slot >= bindparam("first", type_=Whole()),
        cell.c.taken > 0,
    )
    .limit(1)
)


async def sold_ahead(tx: Tx, *, prefix: str, first: int) -> str | None:
    """Return a resource whose name begins so and of which something is taken at a slot from `first` on."""
    row = await tx.one(_SOLD_AHEAD(prefix=prefix, end=f"{prefix};", first=first))
    return None if row is None else str(row.resource_id)
