"""The activity of all modules as one list, newest first, and as lines for those who take it elsewhere."""

import asyncio
import csv
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import asdict
from heapq import merge
from io import StringIO
from typing import Final

from holdfast.gateway.statement_csv import guarded
from holdfast.kit.activity.log import PAGE_MOST, Noted, Wanted
from holdfast.kit.activity.records import ActivityRecords
from holdfast.kit.db.types import to_json

COLUMNS: Final = (
    "module", "id", "at", "kind", "account_id", "owner_id", "session_id", "key_id", "object_kind", "object_id",
    "subject_id", "details", "address", "device", "request_id",
)  # fmt: skip
"""The first line of the CSV. New columns are added at the end."""

Below = Mapping[str, int]
"""By module: the id below which a list goes on."""


class Trail:
    """Reads the activity of the modules that run here."""

    def __init__(self, sources: Mapping[str, ActivityRecords]) -> None:
        self._sources = sources

    async def page(self, wanted: Wanted, *, below: Below, limit: int) -> tuple[list[Noted], Below | None]:
        """Return the newest acts that are wanted, and where the next page goes on; None: there is none.

        Acts of one module come by id downward, those of different modules by their time.

        Args:
            wanted: Which acts.
            below: Where the page before ended; empty for the first.
            limit: At most so many, and fewer than `PAGE_MOST`.
        """
        asked = [
            source.page(wanted, before=below.get(name), limit=min(limit + 1, PAGE_MOST))
            for name, source in self._sources.items()
        ]
        found = await asyncio.gather(*asked)
        shown = list(merge(*found, key=lambda each: each.at, reverse=True))[:limit]
        reached = {**below, **{each.module: each.id for each in shown}}
        return shown, reached if sum(map(len, found)) > limit else None

    async def all(self, wanted: Wanted, *, most: int) -> AsyncIterator[Noted]:
        """Yield at most so many acts that are wanted, newest first."""
        below: Below | None = {}
        while below is not None and most > 0:
            shown, below = await self.page(wanted, below=below, limit=min(most, PAGE_MOST - 1))
            most -= len(shown)
            for each in shown:
                yield each


def csv_line(noted: Noted) -> str:
    """Return an act as a line of CSV (RFC 4180) with the columns of `COLUMNS`."""
    return _line(guarded(_cells(noted)))


def csv_head() -> str:
    """Return the line of column names."""
    return _line(COLUMNS)


def json_line(noted: Noted) -> str:
    """Return an act as a line of JSON."""
    return f"{to_json(asdict(noted))}\n"


def _cells(noted: Noted) -> Iterator[str]:
    for name in COLUMNS:
        value = getattr(noted, name)
        if name == "at":
            yield value.isoformat().replace("+00:00", "Z")
        elif name == "details":
            yield to_json(value)
        else:
            yield "" if value is None else str(value)


def _line(cells: Iterable[str]) -> str:
    written = StringIO()
    csv.writer(written, lineterminator="\r\n").writerow(cells)
    return written.getvalue()
