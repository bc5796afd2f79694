"""What is taken of resources, for whoever keeps a copy of it."""

from collections.abc import Mapping, Sequence
from functools import partial

from typing_extensions import override

from holdfast.booking.stock_api import StockApi
from holdfast.booking.store import stock
from holdfast.engine.claims import Cell
from holdfast.kit.db.database import Database


class Counting(StockApi):
    """Answers `StockApi`."""

    def __init__(self, db: Database) -> None:
        self._db = db

    @override
    async def cells(self, *, resource_ids: Sequence[str], first: int, end: int) -> Mapping[tuple[str, int], Cell]:
        if not resource_ids or end <= first:
            return {}
        found = await self._db.read(partial(stock.cells_in_range, ids=resource_ids, first=first, end=end))
        return {(row.resource_id, row.slot): Cell(row.taken, row.capacity, bool(row.closed)) for row in found}
