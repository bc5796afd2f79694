"""The reservations, what can be replayed of them, and in which order. Pure: no clock, no network."""

import csv
import gzip
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

FILE = Path(__file__).resolve().parent.parent / "data" / "hotel_resort.csv.gz"
ROOMS = {"A": 142, "D": 64, "E": 37, "C": 14, "F": 12, "G": 10, "H": 5, "B": 1, "L": 1}
"""Rooms by type; see `benchmarks/data/README.md`."""
DAYS_OF_A_WEEK = 7


@dataclass(frozen=True, slots=True)
class Reservation:
    """One line of the file."""

    number: int
    booked_on: date
    arrival: date
    nights: int
    guests: int
    room_type: str
    status: str
    cancelled_on: date | None

    @property
    def departure(self) -> date:
        """The day of departure, which is not a night."""
        return self.arrival + timedelta(days=self.nights)

    def moved(self, days: int) -> "Reservation":
        """Return the reservation so many days later."""
        by = timedelta(days=days)
        cancelled_on = self.cancelled_on + by if self.cancelled_on else None
        return replace(self, booked_on=self.booked_on + by, arrival=self.arrival + by, cancelled_on=cancelled_on)


@dataclass(frozen=True, slots=True)
class Day:
    """What happened on one day. Within a phase everything may happen at once; the second needs the first."""

    day: date
    first: tuple[tuple[str, Reservation], ...]
    """Bookings of the day, and cancellations of what was booked on days before: ("book" | "cancel", reservation)."""
    second: tuple[tuple[str, Reservation], ...]
    """Cancellations of what was booked this day."""


def read(file: Path = FILE) -> tuple[list[Reservation], Counter[str]]:
    """Return the reservations that can be replayed, and how many lines cannot, by reason."""
    usable, skipped = [], Counter[str]()
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        for number, line in enumerate(csv.DictReader(lines), start=1):
            if reason := _why_not(line):
                skipped[reason] += 1
            else:
                usable.append(_reservation(number, line))
    return usable, skipped


def _why_not(line: dict[str, str]) -> str:
    if int(line["nights"]) == 0:
        return "0 nights: a day visit takes no night"
    if int(line["adults"]) == 0:
        return "0 adults: nobody to be responsible"
    if line["room_type"] not in ROOMS:
        return f"room type {line['room_type']}: nobody knows how many there are"
    return ""


def _reservation(number: int, line: dict[str, str]) -> Reservation:
    cancelled = line["status"] == "Canceled"
    return Reservation(
        number=number,
        booked_on=date.fromisoformat(line["booked_on"]),
        arrival=date.fromisoformat(line["arrival"]),
        nights=int(line["nights"]),
        guests=int(line["adults"]) + int(line["children"] or 0) + int(line["babies"]),
        room_type=line["room_type"],
        status=line["status"],
        cancelled_on=date.fromisoformat(line["status_on"]) if cancelled else None,
    )


def into_future(reservations: Sequence[Reservation], *, first_arrival: date) -> list[Reservation]:
    """Move all dates by the same whole number of weeks, so that nobody arrives before `first_arrival`."""
    days = (first_arrival - min(each.arrival for each in reservations)).days
    weeks = -(-days // DAYS_OF_A_WEEK)
    return [each.moved(weeks * DAYS_OF_A_WEEK) for each in reservations]


def days(reservations: Sequence[Reservation]) -> Iterator[Day]:
    """Yield what happened, day by day."""
    first: dict[date, list[tuple[str, Reservation]]] = defaultdict(list)
    second: dict[date, list[tuple[str, Reservation]]] = defaultdict(list)
    for each in reservations:
        first[each.booked_on].append(("book", each))
        if each.cancelled_on:
            phase = second if each.cancelled_on == each.booked_on else first
            phase[each.cancelled_on].append(("cancel", each))
    for day in sorted({*first, *second}):
        yield Day(day, tuple(first[day]), tuple(second[day]))


def nights_of(reservation: Reservation) -> list[tuple[str, date]]:
    """Return the cells of a reservation: room type and night."""
    return [
        (reservation.room_type, reservation.arrival + timedelta(days=offset)) for offset in range(reservation.nights)
    ]


def refusals_one_by_one(reservations: Sequence[Reservation], rooms: Mapping[str, int]) -> set[int]:
    """Return the numbers of those that a clerk with a paper book, serving one after the other, would have to refuse."""
    taken: Counter[tuple[str, date]] = Counter()
    refused: set[int] = set()
    for day in days(reservations):
        for what, each in (*day.first, *day.second):
            cells = nights_of(each)
            if what == "book":
                if any(taken[cell] >= rooms[cell[0]] for cell in cells):
                    refused.add(each.number)
                else:
                    taken.update(cells)
            elif each.number not in refused:
                taken.subtract(cells)
    return refused
