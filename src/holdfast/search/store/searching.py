"""Looking for stays: which statements serve a search, and what they found."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select

from holdfast.kit.db.database import Tx
from holdfast.kit.db.statements import Row, rows, statement
from holdfast.kit.db.types import Text
from holdfast.search.api import StayHit, StaySort
from holdfast.search.models.stays import amenity
from holdfast.search.rules.words import AMENITY_WORD_BITS
from holdfast.search.store import shapes
from holdfast.search.store.shapes import LANE_BITS, LANES, PROBE_MOST, Served, Shape

NEIGHBOURHOODS_MOST: Final = 50
"""Facets name this many neighbourhoods, those with most homes."""
_WALKS_PER_HIT: Final = 20
"""Walking an index in order pays when there are so many hits for each on the page; else sort what there is."""
_LANE: Final = (1 << LANE_BITS) - 1

_CODES = rows("codes", code=Text(100))
_NUMBERS: Final = statement(select(amenity.c.code, amenity.c.number).where(amenity.c.code.in_(select(_CODES.c.code))))


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A search in the terms of the database."""

    shape: Shape
    values: Mapping[str, Any]
    sort: StaySort
    limit: int
    after: tuple[float | int, int, int] | None
    """Key and id of the last hit of the page before, and the total it was told."""
    facets: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a search found."""

    hits: Sequence[tuple[float | int, StayHit]]
    """With their sort keys; one more than was asked for if there are more."""
    total: int
    facets: Mapping[str, Mapping[str, int]]


def nothing(*, facets: bool) -> Found:
    """Return what a search finds that cannot find anything."""
    return Found(hits=(), total=0, facets={"kind": {}, "neighbourhood": {}, "amenity": {}} if facets else {})


async def amenity_numbers(tx: Tx, *, codes: Sequence[str]) -> dict[str, int]:
    """Return the numbers of those amenities that any property ever had."""
    return {row.code: row.number for row in await tx.all(_NUMBERS(codes=[(code,) for code in codes]))}


async def search(tx: Tx, query: Query) -> Found:
    """Find a page of stays, count them all, and count by facet if asked for."""
    narrow = await _is_narrow(tx, query)
    served = Served.PLACE if narrow else Served.NONE
    if query.after is None and not query.facets and (narrow or query.shape.words or query.shape.place):
        return await _few(tx, query, served)
    total, told = await _total(tx, query, served)
    if not total:
        return Found(hits=(), total=0, facets=told)
    values = {**query.values, "most": query.limit + 1}
    if query.after is not None:
        values |= {"after_key": query.after[0], "after_id": query.after[1]}
        total = query.after[2]
    if not narrow and total > query.limit * _WALKS_PER_HIT:
        served = Served.ORDER
    page = shapes.page(query.shape, served, query.sort, after=query.after is not None)
    found = await tx.all(page(**values))
    return Found(hits=[(row.key, _hit(row)) for row in found], total=total, facets=told)


async def _few(tx: Tx, query: Query, served: Served) -> Found:
    """Find a page and the total in one pass, for searches that seldom find many."""
    page = shapes.page(query.shape, served, query.sort, counted=True)
    found = await tx.all(page(**query.values, most=query.limit + 1))
    return Found(hits=[(row.key, _hit(row)) for row in found], total=found[0].total if found else 0, facets={})


async def _total(tx: Tx, query: Query, served: Served) -> tuple[int, dict[str, dict[str, int]]]:
    if query.facets:
        return await _facets(tx, query, served)
    if query.after is not None:
        return query.after[2], {}
    return (await tx.all(shapes.count(query.shape, served)(**query.values)))[0].total, {}


async def _is_narrow(tx: Tx, query: Query) -> bool:
    """Return whether so few homes lie in the part of the map that its index should serve."""
    if not query.shape.boxes:
        return False
    [row] = await tx.all(shapes.probe(query.shape.boxes)(**query.values))
    return bool(row.homes < PROBE_MOST)


async def _facets(tx: Tx, query: Query, served: Served) -> tuple[int, dict[str, dict[str, int]]]:
    groups = await tx.all(shapes.facets(query.shape, served)(**query.values))
    kinds: Counter[str] = Counter()
    neighbourhoods: Counter[str] = Counter()
    for row in groups:
        kinds[str(row.kind)] += row.homes
        neighbourhoods[row.neighbourhood] += row.homes
    codes = {row.number: row.code for row in await tx.all(shapes.AMENITY_NUMBERS())}
    counted = {code: _counted(groups, number) for number, code in codes.items()}
    told = {
        "kind": _ordered(kinds),
        "neighbourhood": dict(list(_ordered(neighbourhoods).items())[:NEIGHBOURHOODS_MOST]),
        "amenity": _ordered(counted),
    }
    return sum(kinds.values()), told


def _counted(groups: Sequence[Row], number: int) -> int:
    word, bit = divmod(number, AMENITY_WORD_BITS)
    lane, shift = divmod(bit, LANE_BITS)
    assert 0 <= lane < LANES  # noqa: S101 - follows from the three constants
    name = f"lanes{word * LANE_BITS + shift}"
    return sum(getattr(row, name) >> lane * LANE_BITS & _LANE for row in groups)


def _ordered(counts: Mapping[str, int]) -> dict[str, int]:
    return {
        name: count for name, count in sorted(counts.items(), key=lambda each: (-each[1], each[0])) if count and name
    }


def _hit(row: Row) -> StayHit:
    return StayHit(
        property_id=row.property_id,
        name=row.name,
        kind=str(row.kind),
        neighbourhood=row.neighbourhood,
        city=row.city,
        latitude=row.latitude,
        longitude=row.longitude,
        guests_max=row.guests_max,
        bedrooms=row.bedrooms,
        beds=row.beds,
        bathrooms=row.bathrooms,
        amenities=tuple(row.amenities),
        rating=row.rating,
        reviews=row.reviews,
        base_minor=row.base_minor,
        currency=row.currency,
        distance_km=None,
    )
