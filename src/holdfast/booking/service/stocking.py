"""Making the stock of tables and flights when somebody first asks for them.

A month of an airline's schedule has a hundred thousand legs with half a dozen resources each, of which few are ever
sold: so a resource is made with its first quote, as a cell is with its first claim. Its capacity is the catalog's;
where that has changed since, the first quote after brings it along.
"""

from collections.abc import Mapping
from functools import partial
from typing import Final

from holdfast.booking.store import stock
from holdfast.kit.db.database import Database, Tx

_REMEMBERED: Final = 100_000


class Stocking:
    """Makes resources, and remembers which there are."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._known: dict[str, int] = {}

    async def ensure(self, capacities: Mapping[str, int]) -> None:
        """Let there be these resources with these capacities; repeating it changes nothing.

        A capacity below what is sold somewhere leaves what is sold there, and sells no more.
        """
        if capacities.items() <= self._known.items():
            return
        there = await self._db.read(lambda tx: stock.capacities_of(tx, capacities))
        missing = {each: capacity for each, capacity in capacities.items() if each not in there}
        if missing:
            await self._db.put(stock.ensure(missing))
        for each, capacity in sorted(capacities.items()):
            if there.get(each, capacity) != capacity:
                await self._db.write(partial(_fit, resource_id=each, capacity=capacity))
        if len(self._known) + len(capacities) > _REMEMBERED:
            self._known.clear()
        self._known |= capacities


async def _fit(tx: Tx, *, resource_id: str, capacity: int) -> None:
    locked = await stock.lock_resource(tx, resource_id)
    if locked is not None and locked.capacity != capacity:
        await stock.fit(tx, resource_id, capacity)
