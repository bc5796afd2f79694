"""Every statement about airplanes."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import msgspec
from sqlalchemy import bindparam, select, type_coerce

from holdfast.catalog.airline_api import Airplane, AirplaneDraft, CabinLayout
from holdfast.catalog.models.flights import airplane
from holdfast.catalog.rules import airplanes as rules
from holdfast.catalog.store.given import (
    IDS,
    IMPORT_ROWS,
    adding_first,
    adding_given,
    catching_up,
    deleting,
    pages,
    replacing,
    said,
)
from holdfast.kit.db.database import Tx
from holdfast.kit.db.statements import Row, rows_like, statement
from holdfast.kit.db.types import Text, Whole
from holdfast.verticals.flights.terms import Seat

LAYOUT_TEXT: Final = type_coerce(airplane.c.layout, Text(1)).label("layout")
"""The layout as the database writes it, for `seats_of`."""
_SAID: Final = ("owner_id", "name", "equipment", "layout")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layout:
    """What `layout` holds."""

    currency: str | None
    cabins: tuple[CabinLayout, ...]


_SEEN: Final = select(
    airplane.c.id, airplane.c.owner_id, airplane.c.version, airplane.c.name, airplane.c.equipment, LAYOUT_TEXT
)
_MANY: Final = statement(_SEEN.join(IDS, IDS.c.id == airplane.c.id))
_PAGE: Final = pages(_SEEN, airplane, {"owner_id": airplane.c.owner_id == bindparam("owner_id")})
_LOCK: Final = statement(select(airplane.c.id).where(airplane.c.id == bindparam("id", type_=Whole())).with_for_update())
_NAMED: Final = statement(
    select(airplane.c.id).where(airplane.c.owner_id == bindparam("owner_id"), airplane.c.name == bindparam("name"))
)
_ADD: Final = adding_first(airplane, _SAID)
_REPLACE: Final = replacing(airplane, _SAID[1:])
_DELETE: Final = deleting(airplane)
_NEW: Final = rows_like("new_airplanes", airplane, "id", *_SAID)
_IMPORT: Final = adding_given(airplane, _NEW, _SAID)
_CATCH_UP: Final = catching_up(airplane)


async def find(tx: Tx, *, ids: Sequence[int]) -> list[Airplane]:
    """Return the airplanes that exist among `ids`, each once."""
    return [_airplane_of(row) for row in await tx.all(_MANY(ids=[(each,) for each in dict.fromkeys(ids)]))]


async def page(tx: Tx, *, owner_id: int | None, after_id: int, limit: int) -> list[Airplane]:
    """Return airplanes after an id, in order of id."""
    filters = said(owner_id=owner_id)
    statement_of_page = _PAGE(frozenset(filters))
    return [_airplane_of(row) for row in await tx.all(statement_of_page(after_id=after_id, most=limit, **filters))]


async def lock(tx: Tx, *, airplane_id: int) -> bool:
    """Keep an airplane as it is until the end of the transaction; False if there is none."""
    return await tx.one(_LOCK(id=airplane_id)) is not None


async def named(tx: Tx, *, owner_id: int, name: str) -> int | None:
    """Return the id of an owner's airplane of a name, or None."""
    row = await tx.one(_NAMED(owner_id=owner_id, name=name))
    return None if row is None else int(row.id)


async def add(tx: Tx, *, owner_id: int, draft: AirplaneDraft) -> int:
    """Insert an airplane and return its id."""
    return await tx.insert(_ADD(**dict(zip(_SAID, _values(owner_id, draft), strict=True))))


async def replace(tx: Tx, *, airplane_id: int, version: int, draft: AirplaneDraft) -> None:
    """Replace what is said of an airplane."""
    values = dict(zip(_SAID, _values(0, draft), strict=True))
    del values["owner_id"]
    await tx.run(_REPLACE(replaced=airplane_id, expected=version, **values))


async def delete(tx: Tx, *, airplane_id: int) -> None:
    """Delete an airplane."""
    await tx.run(_DELETE(id=airplane_id))


async def import_many(tx: Tx, *, given: Sequence[tuple[int, int, AirplaneDraft]]) -> None:
    """Insert airplanes with the ids they are given: (id, owner_id, draft)."""
    made = [(airplane_id, *_values(owner_id, draft)) for airplane_id, owner_id, draft in given]
    for start in range(0, len(made), IMPORT_ROWS):
        await tx.run(_IMPORT(new_airplanes=made[start : start + IMPORT_ROWS]))
    await tx.all(_CATCH_UP())


@lru_cache(maxsize=1024)
def seats_of(layout: str) -> tuple[Seat, ...]:
    """Return the seats of a layout; those of equal layouts are made once."""
    return rules.seats_of(_layout(layout).cabins)


def _values(owner_id: int, draft: AirplaneDraft) -> tuple[Any, ...]:
    return owner_id, draft.name, draft.equipment, _Layout(currency=draft.currency, cabins=draft.cabins)


def _airplane_of(row: Row) -> Airplane:
    layout = _layout(row.layout)
    return Airplane(
        id=row.id,
        owner_id=row.owner_id,
        version=row.version,
        draft=AirplaneDraft(name=row.name, equipment=row.equipment, cabins=layout.cabins, currency=layout.currency),
    )


_layout: Final = lru_cache(maxsize=1024)(msgspec.json.Decoder(_Layout).decode)
