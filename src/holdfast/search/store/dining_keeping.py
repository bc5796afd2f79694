"""Keeping the read model of restaurants: facts, and when parties can come.

Both rest on what was read elsewhere before, so a writer may come with old news. The row of a restaurant counts the
writes of everything kept of it; who finds another count than before it went to look has been overtaken, does not write,
and looks again.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import bindparam, delete, func, select, update

from holdfast.kit.db.database import Tx
from holdfast.kit.db.statements import adding_rows, rows, rows_like, statement, upsert
from holdfast.kit.db.types import Day, Whole
from holdfast.search.models.dining import dining_day, dining_week, restaurant
from holdfast.search.rules.dining_facts import RestaurantFacts, cuisine_list

_IDS = rows("ids", restaurant_id=Whole())
_MOST: Final = bindparam("most", type_=Whole())
_STAMPS: Final = statement(
    select(restaurant.c.restaurant_id, restaurant.c.stamp).join(
        _IDS, _IDS.c.restaurant_id == restaurant.c.restaurant_id
    )
)
# Every writer locks in the order of ids, so that no two wait for each other.
_LOCKED: Final = statement(
    select(restaurant.c.restaurant_id, restaurant.c.stamp)
    .where(restaurant.c.restaurant_id.in_(select(_IDS.c.restaurant_id)))
    .order_by(restaurant.c.restaurant_id)
    .with_for_update()
)
_COUNT: Final = statement(select(func.count(type_=Whole()).label("restaurants")).select_from(restaurant))
_AFTER: Final = statement(
    select(restaurant.c.restaurant_id)
    .where(restaurant.c.restaurant_id > bindparam("after_id"))
    .order_by(restaurant.c.restaurant_id)
    .limit(_MOST)
)
_DELETE_DAYS: Final = statement(delete(dining_day).where(dining_day.c.restaurant_id.in_(select(_IDS.c.restaurant_id))))
_DELETE_WEEKS: Final = statement(
    delete(dining_week).where(dining_week.c.restaurant_id.in_(select(_IDS.c.restaurant_id)))
)
_DELETE: Final = statement(delete(restaurant).where(restaurant.c.restaurant_id.in_(select(_IDS.c.restaurant_id))))
_DELETE_PAST: Final = statement(delete(dining_day).where(dining_day.c.day < bindparam("day", type_=Day())))

_COLUMNS: Final = tuple(column.name for column in restaurant.c)
_FACTS = rows_like("facts", restaurant, *_COLUMNS)
_ADD: Final = adding_rows(restaurant, _FACTS)
_REPLACE: Final = statement(
    update(restaurant)
    .values({name: _FACTS.c[name] for name in _COLUMNS if name != "restaurant_id"})
    .where(restaurant.c.restaurant_id == _FACTS.c.restaurant_id)
)
_TOUCH: Final = statement(
    update(restaurant)
    .values(stamp=restaurant.c.stamp + 1)
    .where(restaurant.c.restaurant_id.in_(select(_IDS.c.restaurant_id)))
)
_ADD_WEEKS: Final = adding_rows(dining_week, rows_like("weeks", dining_week, "restaurant_id", "weekday", "starts"))
_DAYS = rows_like("days", dining_day, "day", "restaurant_id", "starts")
_SET_DAYS: Final = upsert(
    dining_day,
    select(_DAYS.c.day, _DAYS.c.restaurant_id, _DAYS.c.starts).order_by(_DAYS.c.day, _DAYS.c.restaurant_id),
    columns=["day", "restaurant_id", "starts"],
    key=["day", "restaurant_id"],
    update=lambda proposed: {"starts": proposed.starts},
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What was seen of a restaurant, and the stamp of its row before anybody looked."""

    restaurant_id: int
    stamp: int | None
    """None: there was no row."""
    facts: RestaurantFacts | None
    """None: only days were looked at."""
    days: Mapping[date, str]
    """The starts of days. With `facts`, of all that are not as their weekday is."""


async def stamps(tx: Tx, *, ids: Iterable[int]) -> dict[int, int]:
    """Return the stamps of those of the restaurants that are in the read model."""
    return {row.restaurant_id: row.stamp for row in await tx.all(_STAMPS(ids=[(each,) for each in ids]))}


async def ids_after(tx: Tx, *, after_id: int, most: int) -> list[int]:
    """Return ids of the read model in order."""
    return [row.restaurant_id for row in await tx.all(_AFTER(after_id=after_id, most=most))]


async def count(tx: Tx) -> int:
    """Return how many restaurants the read model has, listed or not."""
    [row] = await tx.all(_COUNT())
    return int(row.restaurants)


async def forget(tx: Tx, *, ids: Sequence[int]) -> None:
    """Delete restaurants from the read model."""
    await _locked(tx, ids)
    wanted = [(each,) for each in ids]
    for each in (_DELETE_DAYS, _DELETE_WEEKS, _DELETE):
        await tx.run(each(ids=wanted))


async def forget_before(tx: Tx, *, day: date) -> None:
    """Delete what is kept of days that are over."""
    await tx.run(_DELETE_PAST(day=day))


async def write(tx: Tx, *, seen: Sequence[Seen]) -> set[int]:
    """Write what was seen; returns the restaurants that were overtaken and not written."""
    now = await _locked(tx, [each.restaurant_id for each in seen])
    kept = [each for each in seen if each.stamp == now.get(each.restaurant_id)]
    await _write_facts(tx, [each for each in kept if each.facts is not None])
    await _write_days(tx, [each for each in kept if each.facts is None])
    return {each.restaurant_id for each in seen} - {each.restaurant_id for each in kept}


async def _write_facts(tx: Tx, seen: Sequence[Seen]) -> None:
    ids = [(each.restaurant_id,) for each in seen if each.stamp is not None]
    added = [_row(each) for each in seen if each.stamp is None]
    replaced = [_row(each) for each in seen if each.stamp is not None]
    if added:
        await tx.run(_ADD(facts=added))
    if replaced:
        await tx.run(_REPLACE(facts=replaced))
        await tx.run(_DELETE_DAYS(ids=ids))
        await tx.run(_DELETE_WEEKS(ids=ids))
    weeks = [
        (each.restaurant_id, weekday, starts)
        for each in seen
        if each.facts is not None
        for weekday, starts in enumerate(each.facts.week)
    ]
    if weeks:
        await tx.run(_ADD_WEEKS(weeks=weeks))
    await _set_days(tx, seen)


async def _write_days(tx: Tx, seen: Sequence[Seen]) -> None:
    if not seen:
        return
    await tx.run(_TOUCH(ids=[(each.restaurant_id,) for each in seen]))
    await _set_days(tx, seen)


async def _set_days(tx: Tx, seen: Sequence[Seen]) -> None:
    days = [(day, each.restaurant_id, starts) for each in seen for day, starts in each.days.items()]
    if days:
        await tx.run(_SET_DAYS(days=days))


async def _locked(tx: Tx, ids: Sequence[int]) -> dict[int, int]:
    return {row.restaurant_id: row.stamp for row in await tx.all(_LOCKED(ids=[(each,) for each in ids]))}


def _row(seen: Seen) -> tuple[Any, ...]:
    facts = seen.facts
    values = {"stamp": (seen.stamp or 0) + 1, "cuisines": cuisine_list(() if facts is None else facts.cuisines)}
    return tuple(values[name] if name in values else getattr(facts, name) for name in _COLUMNS)
