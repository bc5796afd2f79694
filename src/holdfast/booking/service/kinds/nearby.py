"""An item somebody asks for, with what it takes to say why it cannot be had and what could be had instead."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from holdfast.booking.items import Item
from holdfast.booking.service.kinds.asked import Asked
from holdfast.engine.claims import Cell, Span, cells_of
from holdfast.verticals.reasons import Reason

Key = tuple[str, int]
"""A cell: resource and slot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Cells to look at: of some resources, over some slots."""

    resources: Mapping[str, int | None]
    """The capacity a quote would give each; None: it has the one it was made with."""
    first: int
    end: int
    """Half-open."""


class Seen:
    """Stock as it was seen, and as a quote and a hold would find it.

    Args:
        rows: Cells that exist, as they are.
        there: The capacities of resources that exist.
        wanted: The capacities a quote would give resources.
    """

    def __init__(self, rows: Mapping[Key, Cell], there: Mapping[str, int], wanted: Mapping[str, int | None]) -> None:
        self.rows = rows
        capacities = {each: there.get(each) if capacity is None else capacity for each, capacity in wanted.items()}
        self._capacities = {each: capacity for each, capacity in capacities.items() if capacity is not None}
        self._resized = {each: to for each, to in self._capacities.items() if there.get(each, to) != to}
        self.cells: Mapping[Key, Cell] = {key: self._fitted(key, cell) for key, cell in rows.items()}
        """Those that exist, with the capacity a quote would leave them."""

    def _fitted(self, key: Key, cell: Cell) -> Cell:
        capacity = self._resized.get(key[0])
        return cell if capacity is None else Cell(cell.taken, max(cell.taken, capacity), cell.closed)

    def needed(self, spans: Iterable[Span]) -> dict[Key, Cell]:
        """Return the cells that spans need, with those that are made when they are claimed, without stock there is not.

        A cell that does not exist is wholly free.
        """
        found = {}
        for key in cells_of(spans):
            cell = self.cells.get(key)
            if cell is not None:
                found[key] = cell
            elif (capacity := self._capacities.get(key[0])) is not None:
                found[key] = Cell(0, capacity)
        return found

    def without(self, spans: Sequence[Span]) -> "Seen":
        """Return what is left when spans are taken."""
        if not spans:
            return self
        left = object.__new__(Seen)
        left.rows, left._capacities, left._resized = self.rows, self._capacities, self._resized
        taken = self.needed(spans)
        for key, units in cells_of(spans).items():
            if (cell := taken.get(key)) is not None:
                taken[key] = Cell(cell.taken + units, cell.capacity, cell.closed)
        left.cells = {**self.cells, **taken}
        return left


class Nearby(Protocol):
    """An item somebody asks for, and others like it."""

    @property
    def item(self) -> Item:
        """What is asked for."""

    def asked(self, item: Item, rows: Mapping[Key, Cell]) -> Asked:
        """Return an item like the one asked for in the form of `Asked`, given the cells of its `window` that exist."""

    def window(self, item: Item) -> Window | None:
        """Return the cells that decide about such an item, None where no stock could be asked."""

    def surroundings(self) -> Window | None:
        """Return the cells that `shortages` wants to see."""

    def shortages(self, seen: Seen) -> tuple[Reason, ...]:
        """Return what stock stands against what is asked for, whatever rules say."""

    def may_be_had(self, item: Item, seen: Seen) -> bool:
        """Return False of an item that surely cannot be had; cheaper than to decide."""

    async def widened(self) -> "Nearby":
        """Return it with what `others` needs to know."""

    def others(self, item: Item) -> Iterable[Item]:
        """Yield items like one, which no rule stands against, nearest to it first."""

    def distance(self, item: Item) -> tuple[int, ...]:
        """Return how far an item is from the one asked for: the smaller, the nearer."""

    def fields(self, item: Item) -> Mapping[str, Any]:
        """Return an item as a request writes it, JSON values."""

    def changed(self, item: Item, change: Mapping[str, Any]) -> Item:
        """Return an item with some fields set, which are given as a request writes them."""
