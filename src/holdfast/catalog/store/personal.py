"""Whose the rows of the catalog are, and what is left of what somebody offered once they are gone."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import bindparam, select, update

from holdfast.catalog.models.base import activity
from holdfast.catalog.models.flights import airplane, flight, schedule
from holdfast.catalog.models.properties import property_
from holdfast.catalog.models.restaurants import restaurant
from holdfast.kit.db.database import Tx
from holdfast.kit.db.statements import db_now, rows, statement
from holdfast.kit.db.types import Whole
from holdfast.kit.privacy_rows import Held, lapses_of, of_activity

GONE: Final = "Erased"
"""What stands where a name or an address is needed."""
_NOWHERE: Final[dict[str, Any]] = {
    "name": GONE,
    "description": "",
    "address": GONE,
    "neighbourhood": "",
    "latitude": 0.0,
    "longitude": 0.0,
    "notes": [],
    "listed": False,
}

HELD: Final = (
    Held(table=property_, account=property_.c.owner_id, cleared=_NOWHERE | {"house_rules": ""}),
    Held(table=restaurant, account=restaurant.c.owner_id, cleared=_NOWHERE | {"images": [], "videos": []}),
    Held(table=airplane, account=airplane.c.owner_id),
    Held(table=schedule, account=schedule.c.owner_id),
    Held(table=flight, account=flight.c.owner_id),
    *of_activity(activity),
)

LAPSES: Final = lapses_of(activity)

_IDS: Final = rows("ids", id=Whole())
_TOLD: Final = {
    each: statement(
        select(each.c.id).where(each.c.owner_id == bindparam("owner_id", type_=Whole()), each.c.name != GONE)
    )
    for each in (property_, restaurant)
}
_COUNT: Final = {
    each: statement(
        update(each).values(version=each.c.version + 1, changed_at=db_now()).where(each.c.id.in_(select(_IDS.c.id)))
    )
    for each in (property_, restaurant)
}


async def still_told(tx: Tx, *, owner_id: int) -> tuple[Sequence[int], Sequence[int]]:
    """Return the properties and the restaurants of an owner that still say something."""
    properties = await tx.all(_TOLD[property_](owner_id=owner_id))
    restaurants = await tx.all(_TOLD[restaurant](owner_id=owner_id))
    return [row.id for row in properties], [row.id for row in restaurants]


async def count_change(tx: Tx, *, properties: Sequence[int], restaurants: Sequence[int]) -> None:
    """Give what was changed its next version, so that nobody overwrites it with what they had read before."""
    for table, ids in ((property_, properties), (restaurant, restaurants)):
        if ids:
            await tx.run(_COUNT[table](ids=[(each,) for each in ids]))
