"""The demo's airlines and airplanes: which there are, and where their seats are."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import count
from typing import Final

from holdfast.app.demo.spreading import pick
from holdfast.catalog.api import AirplaneDraft, CabinLayout, SeatPrice

CURRENCY: Final = "USD"
_ALLIANCES: Final = ("star", "oneworld", "skyteam")
_UNLUCKY: Final = 13
_WIDE: Final = 7
"""Seats of a row of a wide body at least."""
_SMALL: Final = 12
"""Rows of an airplane so small that it has no exit row worth a price, at most."""
_MEDIUM: Final = 18
"""Rows behind which there are two exit rows, at least."""
_FRONT_ROWS: Final = 4
_ORDINARY_MINOR: Final = {False: 1_200, True: 2_500}
"""What choosing a seat costs, in a narrow body and in a wide one."""
_FRONT_MINOR: Final = {False: 1_900, True: 4_500}
_EXIT_MINOR: Final = {False: 3_900, True: 8_900}


@dataclass(frozen=True, slots=True, kw_only=True)
class Airline:
    """An airline by its IATA code."""

    code: str
    name: str
    sells: str
    """`low`: cheaply, and in narrow bodies economy alone; `full`; `high`: dearer than the others."""
    alliance: str = ""
    """`star`, `oneworld`, `skyteam`, or none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AirplaneType:
    """A type of airplane: its cabins from front to back, each with rows and columns."""

    code: str
    name: str
    cabins: tuple[tuple[str, int, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Airplane:
    """An airplane as an airline flies it."""

    draft: AirplaneDraft
    seats: tuple[tuple[str, int], ...]
    """How many are sold, by cabin."""


def airline_of(code: str) -> Airline:
    """Return an airline; of a code nobody named there is only the code."""
    return _airlines().get(code) or Airline(code=code, name=code, sells="full")


def owner_of(airline: Airline, owner_ids: Sequence[int]) -> int:
    """Return the account that runs an airline: one for each alliance, so that their flights are sold together."""
    if airline.alliance:
        return owner_ids[_ALLIANCES.index(airline.alliance) % len(owner_ids)]
    return pick(owner_ids, airline.code, "airline owner")


@cache
def airplane_of(airline_code: str, equipment: str) -> Airplane:
    """Return the airplane that an airline flies where a route says `equipment`.

    Raises:
        KeyError: There is no such type.
    """
    kind = airplane_types()[equipment]
    alone = airline_of(airline_code).sells == "low" and not _is_wide(kind.cabins[-1][2])
    cabins = tuple(_layouts(_economy_alone(kind) if alone else kind.cabins))
    draft = AirplaneDraft(
        name=f"{airline_code} {kind.name}",
        equipment=equipment,
        cabins=cabins,
        currency=CURRENCY,
    )
    return Airplane(draft=draft, seats=tuple((cabin.code, _sold(cabin)) for cabin in cabins))


@cache
def _airlines() -> Mapping[str, Airline]:
    return {line["code"]: Airline(**line) for line in _lines("airlines.csv")}


@cache
def airplane_types() -> Mapping[str, AirplaneType]:
    """Return the types of airplane by IATA code."""
    return {
        line["code"]: AirplaneType(
            code=line["code"],
            name=line["name"],
            cabins=tuple(
                (cabin, int(rows), columns)
                for cabin in ("business", "premium", "economy")
                for rows, _, columns in (line[cabin].partition(":"),)
                if rows
            ),
        )
        for line in _lines("airplanes.csv")
    }


def _lines(name: str) -> Iterator[dict[str, str]]:
    text = (files("holdfast.app.demo") / name).read_text(encoding="utf-8")
    return csv.DictReader(io.StringIO(text), delimiter="|")


def _economy_alone(kind: AirplaneType) -> tuple[tuple[str, int, str], ...]:
    """Return one cabin in the place of all; economy needs less room, so a row or so is won."""
    _, _, columns = kind.cabins[-1]
    rows = sum(rows for _, rows, _ in kind.cabins)
    return (("economy", rows + (len(kind.cabins) > 1), columns),)


def _layouts(cabins: Sequence[tuple[str, int, str]]) -> Iterator[CabinLayout]:
    first = 1
    for code, rows, columns in cabins:
        numbers = [row for row, _ in zip((row for row in count(first) if row != _UNLUCKY), range(rows), strict=False)]
        yield _layout(code, numbers, columns)
        # The next cabin begins with the next round number, as most airlines have it.
        first = (numbers[-1] // 10 + 1) * 10


def _layout(code: str, rows: Sequence[int], columns: str) -> CabinLayout:
    letters = columns.replace(" ", "")
    wide = _is_wide(columns)
    economy = code == "economy"
    exits = _exits(rows, wide=wide) if economy else ()
    return CabinLayout(
        code=code,
        first_row=rows[0],
        last_row=rows[-1],
        columns=columns,
        skipped_rows=tuple(set(range(rows[0], rows[-1])) - set(rows)),
        exit_rows=exits,
        # Where the crew rests on long flights.
        blocked=tuple(f"{rows[-1]}{letter}" for letter in letters[:2]) if economy and wide else (),
        ordinary_minor=_ORDINARY_MINOR[wide] if economy else 0,
        prices=_prices(rows, exits, wide=wide) if economy else (),
    )


def _is_wide(columns: str) -> bool:
    return len(columns.replace(" ", "")) >= _WIDE


def _exits(rows: Sequence[int], *, wide: bool) -> tuple[int, ...]:
    if len(rows) <= _SMALL:
        return ()
    middle = len(rows) * 2 // 5
    if wide:
        return (rows[0], rows[middle])
    return (rows[middle], rows[middle + 1]) if len(rows) >= _MEDIUM else (rows[middle],)


def _prices(rows: Sequence[int], exits: Sequence[int], *, wide: bool) -> tuple[SeatPrice, ...]:
    """Return what seats in front and at the exits cost."""
    if not exits:
        return ()
    prices = dict.fromkeys(rows[:_FRONT_ROWS], _FRONT_MINOR[wide]) | dict.fromkeys(exits, _EXIT_MINOR[wide])
    return tuple(SeatPrice(first_row=row, last_row=row, minor=prices[row]) for row in sorted(prices))


def _sold(cabin: CabinLayout) -> int:
    rows = cabin.last_row - cabin.first_row + 1 - len(cabin.skipped_rows)
    return rows * len(cabin.columns.replace(" ", "")) - len(cabin.blocked)
