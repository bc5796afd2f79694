"""Cells as booking will have them: with the capacities that the catalog tells now.

Booking gives a cell another capacity when somebody next asks for it, and need not tell anybody. What is taken is told.
"""

from collections.abc import Mapping

from holdfast.engine.claims import Cell

Cells = Mapping[tuple[str, int], Cell]


def fitted(cells: Cells, capacities: Mapping[str, int]) -> dict[tuple[str, int], Cell]:
    """Return cells with the capacities of their resources; those of other resources are left out."""
    return {
        key: Cell(cell.taken, capacities[key[0]], cell.closed) for key, cell in cells.items() if key[0] in capacities
    }
