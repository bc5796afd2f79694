"""Looking for restaurants: those that meet the filters with their starts of the day, and what a page shows of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import ColumnElement, FromClause, Integer, and_, bindparam, cast, func, literal, or_, select

from holdfast.kit.db.database import Tx
from holdfast.kit.db.statements import Row, Statement, rows, statement
from holdfast.kit.db.types import Day, Real, Text, Whole
from holdfast.search.dining_api import DiningSearch
from holdfast.search.models.dining import dining_day, dining_week, restaurant
from holdfast.search.rules.dining_starts import DIGITS
from holdfast.search.rules.globe import Bounds, box_bounds, circle_bounds
from holdfast.search.rules.words import ESCAPE, pattern, place_pattern, words

SHAPES_KEPT: Final = 512
"""Statements kept; the least recently used is built anew when it comes again."""

_IDS = rows("ids", restaurant_id=Whole())
_FACE: Final = (
    restaurant.c.restaurant_id,
    restaurant.c.name,
    restaurant.c.cuisines,
    restaurant.c.price_level,
    restaurant.c.neighbourhood,
    restaurant.c.city,
    restaurant.c.latitude,
    restaurant.c.longitude,
    restaurant.c.zone,
    restaurant.c.image,
    restaurant.c.rating,
    restaurant.c.reviews,
)
_FACES: Final = statement(select(*_FACE).join(_IDS, _IDS.c.restaurant_id == restaurant.c.restaurant_id))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shape:
    """Which filters a search has, without their values."""

    words: int
    place: bool
    boxes: tuple[bool, ...]
    """For each part of the map whether it crosses the date line."""
    day: bool
    cuisines: int
    price_levels: int
    rated: bool


async def candidates(tx: Tx, *, search: DiningSearch) -> list[Row]:
    """Return the listed restaurants that meet every filter but the circle and what is free.

    With a day each has the `starts` of its party then, which say nothing of the moment of asking. One statement.
    """
    values: dict[str, Any] = {"size": search.party_size}
    needles = words(search.text or "")
    values |= {f"word{place}": pattern(needle) for place, needle in enumerate(needles)}
    if search.place and search.place.strip():
        values["place"] = place_pattern(search.place)
    values |= {f"cuisine{place}": pattern(f",{each},") for place, each in enumerate(sorted(set(search.cuisines)))}
    values |= {f"price_level{place}": each for place, each in enumerate(sorted(set(search.price_levels)))}
    if search.rating_min is not None:
        values["rating_min"] = search.rating_min
    boxes = _map(search, values)
    if search.day is not None:
        values |= {
            "day": search.day,
            "weekday": search.day.weekday(),
            "cut": (search.party_size - 1) * DIGITS + 1,
        }
    shape = _Shape(
        words=len(needles),
        place="place" in values,
        boxes=boxes,
        day=search.day is not None,
        cuisines=len(set(search.cuisines)),
        price_levels=len(set(search.price_levels)),
        rated=search.rating_min is not None,
    )
    return await tx.all(_statement(shape)(**values))


async def faces(tx: Tx, *, ids: Sequence[int]) -> Mapping[int, Row]:
    """Return what is shown of restaurants."""
    return {row.restaurant_id: row for row in await tx.all(_FACES(ids=[(each,) for each in ids]))}


def _map(search: DiningSearch, values: dict[str, Any]) -> tuple[bool, ...]:
    parts: list[Bounds] = []
    if search.box is not None:
        parts.append(box_bounds(search.box))
    if search.circle is not None:
        parts.append(circle_bounds(search.circle))
    for number, part in enumerate(parts):
        values |= {
            f"south{number}": part.south,
            f"north{number}": part.north,
            f"west{number}": part.west,
            f"east{number}": part.east,
        }
    return tuple(part.wraps for part in parts)


@lru_cache(maxsize=SHAPES_KEPT)
def _statement(shape: _Shape) -> Statement:
    columns = [
        restaurant.c.restaurant_id,
        restaurant.c.standing,
        restaurant.c.rated,
        restaurant.c.latitude,
        restaurant.c.longitude,
        restaurant.c.cuisines,
        restaurant.c.neighbourhood,
        restaurant.c.price_level,
        restaurant.c.zone,
        restaurant.c.notice_minutes,
        restaurant.c.window_days,
        _starts() if shape.day else literal("", Text(1)).label("starts"),
    ]
    return statement(select(*columns).select_from(_source(day=shape.day)).where(*_filters(shape)))


def _starts() -> ColumnElement[str]:
    kept = func.coalesce(dining_day.c.starts, dining_week.c.starts, type_=Text(DIGITS))
    # What is too short for a size has no digits left: nothing is free for it.
    return func.substr(kept, _plain(_whole("cut")), _plain(literal(DIGITS, Whole())), type_=Text(DIGITS)).label(
        "starts"
    )


def _plain(number: ColumnElement[int]) -> ColumnElement[int]:
    """Return a number as PostgreSQL's SUBSTR takes it."""
    return cast(number, Integer)


def _source(*, day: bool) -> FromClause:
    if not day:
        return restaurant
    week = and_(dining_week.c.restaurant_id == restaurant.c.restaurant_id, dining_week.c.weekday == _whole("weekday"))
    taken = and_(
        dining_day.c.day == bindparam("day", type_=Day()), dining_day.c.restaurant_id == restaurant.c.restaurant_id
    )
    return restaurant.join(dining_week, week).outerjoin(dining_day, taken)


def _filters(shape: _Shape) -> list[ColumnElement[bool]]:
    seats = func.substr(restaurant.c.sizes, _plain(_whole("size")), _plain(literal(1, Whole())), type_=Text(1))
    found: list[ColumnElement[bool]] = [restaurant.c.listed, seats == literal("1", Text(1))]
    for number, wraps in enumerate(shape.boxes):
        found += _inside(number, wraps=wraps)
    if shape.place:
        found.append(_contains(restaurant.c.places, "place"))
    found += [_contains(restaurant.c.haystack, f"word{each}") for each in range(shape.words)]
    if shape.cuisines:
        found.append(or_(*[_contains(restaurant.c.cuisines, f"cuisine{each}") for each in range(shape.cuisines)]))
    if shape.price_levels:
        found.append(restaurant.c.price_level.in_([_whole(f"price_level{each}") for each in range(shape.price_levels)]))
    if shape.rated:
        found.append(restaurant.c.rated >= _real("rating_min"))
    return found


def _inside(number: int, *, wraps: bool) -> list[ColumnElement[bool]]:
    west = restaurant.c.longitude >= _real(f"west{number}")
    east = restaurant.c.longitude <= _real(f"east{number}")
    return [
        restaurant.c.latitude >= _real(f"south{number}"),
        restaurant.c.latitude <= _real(f"north{number}"),
        or_(west, east) if wraps else and_(west, east),
    ]


def _contains(column: ColumnElement[str], name: str) -> ColumnElement[bool]:
    return column.like(bindparam(name, type_=Text(1000)), escape=ESCAPE)


def _whole(name: str) -> ColumnElement[int]:
    return bindparam(name, type_=Whole())


def _real(name: str) -> ColumnElement[float]:
    return bindparam(name, type_=Real())
