"""Lists in order of id: how they are asked for page by page."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final, TypeVar

from fastapi import Query

from holdfast.kit.http.cursors import CURSOR_LENGTH_MAX, Cursors, filter_digest
from holdfast.kit.http.wire import NUMBER_MAX, Digits, Line

T = TypeVar("T")

LIMIT: Final = 20
Limit = Annotated[int, Digits(1, 100), Query(description="How many to return at most.")]
Cursor = Annotated[str, Line(CURSOR_LENGTH_MAX), Query(description="`next_cursor` of the page before.")]
OwnerFilter = Annotated[int, Digits(1, NUMBER_MAX), Query(description="Only those of this airline's account.")]


class Pager:
    """Pages of one list, with these filters and no others."""

    def __init__(self, cursors: Cursors, name: str, **filters: Any) -> None:
        self._cursors = cursors
        self._digest = filter_digest(list=name, **{key: str(value) for key, value in filters.items()})

    async def page(
        self, cursor: str | None, limit: int, ask: Callable[[int, int], Awaitable[list[T]]], id_of: Callable[[T], int]
    ) -> tuple[list[T], str | None]:
        """Return a page and the cursor of the next one, None on the last; `ask` takes an id to begin after and a limit.

        Raises:
            CursorInvalid: Not one of ours, or made for another list.
        """
        after_id: int = 0 if cursor is None else self._cursors.decode(cursor, self._digest)[0]
        found = await ask(after_id, limit + 1)
        shown = found[:limit]
        more = len(found) > limit
        return shown, self._cursors.encode([id_of(shown[-1])], self._digest) if more else None
