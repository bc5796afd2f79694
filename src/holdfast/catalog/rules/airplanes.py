"""What may be said of airplanes, and which seats follow from it. Pure."""

import re
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import Final

from holdfast.catalog.airline_api import AirplaneDraft, CabinLayout, SeatPrice
from holdfast.catalog.rules.checks import line, price, whole
from holdfast.kit.errors import FieldError
from holdfast.verticals.flights import seats
from holdfast.verticals.flights.terms import Seat

AIRPLANE_NAME_MAX: Final = 40
EQUIPMENT_MIN: Final = 3
EQUIPMENT_MAX: Final = 4
EQUIPMENT: Final = "^[A-Z0-9]{3,4}$"
CABINS_MAX: Final = 4
CABINS: Final = ("economy", "premium", "business", "first")
ROW_MAX: Final = 99
COLUMNS_MAX: Final = 16
COLUMNS: Final = "^[A-Z]{1,6}( [A-Z]{1,6}){0,3}$"
SEAT: Final = "^[1-9][0-9]?[A-Z]$"
ROWS_NAMED_MAX: Final = 20
SEATS_NAMED_MAX: Final = 100
SEAT_PRICES_MAX: Final = 20

_EQUIPMENT: Final = re.compile(EQUIPMENT)
_COLUMNS: Final = re.compile(COLUMNS)


def airplane_errors(draft: AirplaneDraft) -> list[FieldError]:
    """Return every wrong field of an airplane."""
    errors = [*line("/name", draft.name, AIRPLANE_NAME_MAX)]
    if not _EQUIPMENT.fullmatch(draft.equipment):
        errors.append(
            _error("/equipment", "malformed", "A type of airplane is like 738: three or four capitals, digits.")
        )
    if not 1 <= len(draft.cabins) <= CABINS_MAX:
        return [*errors, _error("/cabins", "wrong_count", f"An airplane has one to {CABINS_MAX} cabins.")]
    for place, cabin in enumerate(draft.cabins):
        errors += _cabin(f"/cabins/{place}", cabin, draft.cabins[:place])
    return errors


def used_errors(before: AirplaneDraft, after: AirplaneDraft) -> Iterator[FieldError]:
    """Yield what cannot change while flights use an airplane."""
    if gone := sorted({each.code for each in before.cabins} - {each.code for each in after.cabins}):
        yield _error("/cabins", "cabin_in_use", f"Flights use the airplane, so it keeps its {gone[0]} cabin.")
    if after.currency not in {None, before.currency}:
        yield _error("/cabins", "currency_mismatch", "The flights of this airplane may be sold in another currency.")


def seats_of(cabins: Sequence[CabinLayout]) -> tuple[Seat, ...]:
    """Return the seat map of cabins that have no wrong fields."""
    return seats.seat_map([_spelled_out(cabin) for cabin in cabins])


def _spelled_out(cabin: CabinLayout) -> seats.CabinLayout:
    """Return a layout with every row named, as the vertical takes it."""
    return seats.CabinLayout(
        cabin=cabin.code,
        rows=[row for row in range(cabin.first_row, cabin.last_row + 1) if row not in cabin.skipped_rows],
        columns=_letters(cabin),
        ordinary_minor=cabin.ordinary_minor,
        extra_rows={
            row: each.minor
            for each in cabin.prices
            for row in range(each.first_row, each.last_row + 1)
            if row not in cabin.skipped_rows
        },
        exit_rows=frozenset(cabin.exit_rows),
        blocked=frozenset(cabin.blocked),
        missing=frozenset(cabin.missing),
    )


def _cabin(pointer: str, cabin: CabinLayout, before: Sequence[CabinLayout]) -> Iterator[FieldError]:
    if cabin.code not in CABINS:
        yield _error(f"{pointer}/code", "invalid_choice", f"A cabin is one of {', '.join(CABINS)}.")
    if any(cabin.code == other.code for other in before):
        yield _error(f"{pointer}/code", "duplicate", "This cabin is named twice.")
    rows = [
        *whole(f"{pointer}/first_row", cabin.first_row, 1, ROW_MAX),
        *whole(f"{pointer}/last_row", cabin.last_row, 1, ROW_MAX),
    ]
    if not rows and cabin.last_row < cabin.first_row:
        rows.append(_error(f"{pointer}/last_row", "empty_or_negative_range", "The last row is before the first."))
    if before and cabin.first_row <= before[-1].last_row:
        rows.append(_error(f"{pointer}/first_row", "not_ascending", "A cabin begins behind the one before."))
    yield from rows
    letters = _letters(cabin)
    if len(cabin.columns) > COLUMNS_MAX or not _COLUMNS.fullmatch(cabin.columns):
        yield _error(
            f"{pointer}/columns", "malformed", "Columns are capital letters with a space for an aisle: ABC DEF."
        )
    elif list(letters) != sorted(set(letters)):
        yield _error(f"{pointer}/columns", "not_ascending", "Columns are in the order of the alphabet, each once.")
    elif not rows:
        yield from _inside(pointer, cabin)


def _inside(pointer: str, cabin: CabinLayout) -> Iterator[FieldError]:
    """Yield what is wrong with rows and seats that a cabin of these rows and columns names."""
    yield from price(f"{pointer}/ordinary_price/amount", cabin.ordinary_minor)
    rows = set(range(cabin.first_row, cabin.last_row + 1))
    yield from _named(f"{pointer}/skipped_rows", cabin.skipped_rows, rows, ROWS_NAMED_MAX)
    rows -= set(cabin.skipped_rows)
    yield from _named(f"{pointer}/exit_rows", cabin.exit_rows, rows, ROWS_NAMED_MAX)
    there = {f"{row}{letter}" for row in rows for letter in _letters(cabin)}
    yield from _named(f"{pointer}/missing", cabin.missing, there, SEATS_NAMED_MAX)
    yield from _named(f"{pointer}/blocked", cabin.blocked, there, SEATS_NAMED_MAX)
    if not there - set(cabin.missing) - set(cabin.blocked):
        yield _error(f"{pointer}/last_row", "no_seats", "A cabin has at least one seat to sell.")
    yield from _prices(pointer, cabin)


def _letters(cabin: CabinLayout) -> str:
    return cabin.columns.replace(" ", "")


def _named(pointer: str, named: Sequence[int | str], there: AbstractSet[int | str], most: int) -> Iterator[FieldError]:
    if len(named) > most:
        yield _error(pointer, "too_many", f"At most {most}.")
        return
    for place, each in enumerate(named):
        if each not in there:
            yield _error(f"{pointer}/{place}", "unknown_seat", "The cabin has no such row or seat.")
        elif each in named[:place]:
            yield _error(f"{pointer}/{place}", "duplicate", "This is named twice.")


def _prices(pointer: str, cabin: CabinLayout) -> Iterator[FieldError]:
    if len(cabin.prices) > SEAT_PRICES_MAX:
        yield _error(f"{pointer}/prices", "too_many", f"At most {SEAT_PRICES_MAX} prices.")
        return
    before: SeatPrice | None = None
    for place, each in enumerate(cabin.prices):
        here = f"{pointer}/prices/{place}"
        yield from whole(f"{here}/first_row", each.first_row, cabin.first_row, cabin.last_row)
        yield from whole(f"{here}/last_row", each.last_row, cabin.first_row, cabin.last_row)
        if each.last_row < each.first_row:
            yield _error(f"{here}/last_row", "empty_or_negative_range", "The last row is before the first.")
        if before is not None and each.first_row <= before.last_row:
            yield _error(f"{here}/first_row", "not_ascending", "Prices go from front to back; a row has one.")
        yield from price(f"{here}/price/amount", each.minor)
        before = each


def _error(pointer: str, code: str, detail: str) -> FieldError:
    return FieldError(pointer=pointer, code=code, detail=detail)
