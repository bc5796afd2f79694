"""What several routes of booking need."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Annotated, Final

from fastapi import Path, Query

from holdfast.booking.api import Booking
from holdfast.booking.routes.examples import BLOCK_ID, HOLD_ID, QUOTE_ID, REFERENCE
from holdfast.booking.routes.shapes import BookingOut, BookingsPage
from holdfast.kit.errors import FieldError, Invalid
from holdfast.kit.http.cursors import CURSOR_LENGTH_MAX, Cursors, filter_digest
from holdfast.kit.http.wire import Digits, Line, PathNumber, PathText

PAGE_MAX: Final = 100

PropertyId = Annotated[PathNumber, Path(examples=[2])]
QuoteId = Annotated[PathText, Path(examples=[QUOTE_ID])]
HoldId = Annotated[PathText, Path(examples=[HOLD_ID])]
BlockId = Annotated[PathText, Path(examples=[BLOCK_ID])]
Reference = Annotated[PathText, Path(description="The `reference` of the booking.", examples=[REFERENCE])]
Limit = Annotated[int, Digits(1, PAGE_MAX), Query(description="How many to return at most.")]
Cursor = Annotated[str, Line(CURSOR_LENGTH_MAX), Query(description="`next_cursor` of the page before.")]


def check_range(first: date, end: date, *, most: int, pointer: str) -> None:
    """Look at a half-open range of nights.

    Raises:
        Invalid: It is empty, or longer than `most` nights.
    """
    nights = end.toordinal() - first.toordinal()
    if nights < 1:
        code, detail = "empty_or_negative_range", "The end must be after the first night."
    elif nights > most:
        code, detail = "range_too_long", f"At most {most} nights at a time."
    else:
        return
    raise Invalid(errors=[FieldError(pointer=pointer, code=code, detail=detail)])


async def page_of(
    ask: Callable[[int | None, int], Awaitable[list[Booking]]],
    cursors: Cursors,
    *,
    scope: str,
    limit: int,
    cursor: str | None,
) -> BookingsPage:
    """Return one page of a list of bookings, newest first.

    Args:
        ask: Asks the door, given the number to stay below and how many.
        cursors: Makes and reads cursors.
        scope: Which list it is, and whose; a cursor of another one is refused.
        limit: How many bookings the page has at most.
        cursor: Where the page before ended.
    """
    digest = filter_digest(list=scope)
    before: int | None = None if cursor is None else cursors.decode(cursor, digest)[0]
    found = await ask(before, limit + 1)
    shown = found[:limit]
    more = len(found) > limit
    return BookingsPage(
        items=tuple(BookingOut.of(booking) for booking in shown),
        next_cursor=cursors.encode([shown[-1].number], digest) if more else None,
    )
