"""Cells and claims: what is taken, from what, and whether it fits."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

SLOTS_MAX = 4096
"""Slots of one span at most: eleven years of nights. A longer one is a mistake and must not become a long loop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Units of one resource over consecutive slots, half-open: `first_slot` is taken, `end_slot` is not.

    A slot is a whole number whose meaning belongs to the vertical: days since 1970-01-01 for a night, quarter hours
    of local wall time for a table, 0 for a dated flight leg.

    Raises:
        ValueError: The span is empty or longer than `SLOTS_MAX`, or takes less than one unit.
    """

    resource_id: str
    first_slot: int
    end_slot: int
    quantity: int = 1
    item: int = field(default=0, compare=False)
    """The position in the order of the item it is for; what a span takes is the same whatever it is for."""

    def __post_init__(self) -> None:
        if not 0 < self.end_slot - self.first_slot <= SLOTS_MAX:
            raise ValueError(f"a span has 1 to {SLOTS_MAX} slots, not [{self.first_slot}, {self.end_slot})")
        if self.quantity < 1:
            raise ValueError(f"a span takes at least one unit, not {self.quantity}")


@dataclass(frozen=True, slots=True)
class Cell:
    """The stock of one resource at one slot."""

    taken: int
    capacity: int
    closed: bool = False
    """Stop-sell: refuses, whatever is free."""


@dataclass(frozen=True, slots=True)
class ClaimOrder:
    """What somebody wants: alternatives in order of preference, each a set of spans taken all or none.

    A pool or a single unit has one alternative; named units have one for each unit that would do.

    Raises:
        ValueError: There is no alternative, or one without spans.
    """

    options: tuple[tuple[Span, ...], ...]

    def __post_init__(self) -> None:
        if not self.options or not all(self.options):
            raise ValueError("an order has at least one option, and each option at least one span")


@dataclass(frozen=True, slots=True)
class Shortage:
    """The cell that refused an order."""

    resource_id: str
    slot: int


def cells_of(spans: Iterable[Span]) -> dict[tuple[str, int], int]:
    """Return the units each cell (resource, slot) must give, the same cell added up, in no set order."""
    cells: dict[tuple[str, int], int] = {}
    for span in spans:
        resource_id, quantity = span.resource_id, span.quantity
        for slot in range(span.first_slot, span.end_slot):
            key = (resource_id, slot)
            cells[key] = cells.get(key, 0) + quantity
    return cells


def decide(cells: Mapping[tuple[str, int], Cell], orders: Sequence[ClaimOrder]) -> list[int | Shortage]:
    """Decide the orders in turn: who comes first is served first, from what those before it left.

    Each order gets the index of its first option that fits; what it takes is gone for the orders behind it. An order of
    which no option fits takes nothing and gets the cell that refused its last option: closed, too full, or missing
    from `cells`, which means that the resource does not exist. `cells` itself is not changed.
    """
    left = {key: 0 if cell.closed else cell.capacity - cell.taken for key, cell in cells.items()}
    return [_serve(left, order.options) for order in orders]


def _serve(left: dict[tuple[str, int], int], options: tuple[tuple[Span, ...], ...]) -> int | Shortage:
    refused: tuple[str, int] | None = None
    for choice, option in enumerate(options):
        refused = _take(left, option)
        if refused is None:
            return choice
    assert refused is not None, "an order has at least one option"  # noqa: S101 - holds by ClaimOrder's own check
    return Shortage(*refused)


def _take(left: dict[tuple[str, int], int], option: tuple[Span, ...]) -> tuple[str, int] | None:
    """Take an option from what is left, or give all of it back and return the cell that refused.

    Taking while walking, rather than looking first, makes two spans over the same cell count together.
    """
    before: list[tuple[tuple[str, int], int]] = []
    for span in option:
        resource_id, quantity = span.resource_id, span.quantity
        for slot in range(span.first_slot, span.end_slot):
            key = (resource_id, slot)
            free = left.get(key, 0)
            if free < quantity:
                # Backward, so that a cell taken twice ends with what it had first.
                left.update(reversed(before))
                return key
            left[key] = free - quantity
            before.append((key, free))
    return None
