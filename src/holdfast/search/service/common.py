"""What keepers of read models share."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final, TypeVar

T = TypeVar("T")

ATTEMPTS: Final = 10
"""How often something is read anew because somebody else wrote it meanwhile."""


class StillOvertaken(RuntimeError):
    """Somebody else kept writing the same rows; the events will be carried again."""


def batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield items in lists of a size, the last one perhaps shorter."""
    left = iter(items)
    while batch := list(islice(left, size)):
        yield batch
