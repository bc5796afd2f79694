"""Cells and claims: what is taken, from what, and whether it fits."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field



@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Units of one resource over consecutive slots, half-open: `first_slot` is taken, `end_slot` is not.

    A slot is a whole number whose meaning belongs to the vertical: days since 1970-01-01 for a night, quarter hours
    of local wall time for a table, 0 for a dated flight leg.
    """

    resource_id: str
    first_slot: int
    end_slot: int
    quantity: int = 1
