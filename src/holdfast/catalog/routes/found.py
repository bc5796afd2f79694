"""What a look-up by one id found, or the answer that there is nothing."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

from holdfast.kit.auth import Principal
from holdfast.kit.errors import NotFound


class _Owned(Protocol):
    @property
    def owner_id(self) -> int: ...


T = TypeVar("T")
OwnedT = TypeVar("OwnedT", bound=_Owned)


def only(found: Sequence[T]) -> T:
    """Return what was found.

    Raises:
        NotFound: Nothing was.
    """
    if not found:
        raise NotFound
    return found[0]


def own(principal: Principal, found: Sequence[OwnedT]) -> OwnedT:
    """Return what was found, if the principal may change it.

    Raises:
        NotFound: Nothing was, or it is somebody else's.
    """
    each = only(found)
    if not principal.runs(each.owner_id):
        raise NotFound
    return each
