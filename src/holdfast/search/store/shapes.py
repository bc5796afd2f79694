"""Statements that find stays, one for each shape of a search.

Which filters a search has varies, so statements cannot all be written beforehand. They are built when a shape is first
met and kept: compiling one costs a millisecond or two, binding its values a few microseconds.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import ColumnElement, FromClause, Select, and_, bindparam, func, literal_column, or_, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from holdfast.catalog.api import PropertyKind
from holdfast.kit.db.statements import Statement, statement
from holdfast.kit.db.types import Choice, Count, Flag, Real, Text, Whole
from holdfast.search.api import StaySort
from holdfast.search.models.stays import AMENITY_COLUMNS, NIGHT_COLUMNS, amenity, area, face, stay
from holdfast.search.rules.words import AMENITY_WORD_BITS, ESCAPE

SHAPES_KEPT: Final = 512
"""Statements kept of each kind; the least recently used is built anew when it comes again."""

PROBE_MOST: Final = 5_000
"""Homes in a part of the map from which on looking at all homes in order is cheaper than the index of places."""
FACET_WORDS: Final = 2
"""Amenities are counted while their number lies in these words: the first 120 that were ever met."""
LANE_BITS: Final = 20
LANES: Final = AMENITY_WORD_BITS // LANE_BITS


class Served(StrEnum):
    """Which index is to serve a statement.

    The engines cannot know: SQLite keeps no histograms, and PostgreSQL plans a prepared statement for any values. Both
    take every range for narrow and walk the index of places through a whole city, ten times slower than looking at all.
    """

    PLACE = "place"
    ORDER = "order"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Which filters a search has, without their values."""

    words: int = 0
    place: bool = False
    boxes: tuple[bool, ...] = ()
    """For each part of the map whether it crosses the date line."""
    near: bool = False
    nights: tuple[int, ...] = ()
    """Which columns of nights are touched."""
    price_min: bool = False
    price_max: bool = False
    kinds: int = 0
    amenities: tuple[int, ...] = ()
    """Which columns of amenities are touched."""
    rare: int = 0
    """Amenities without a bit."""
    rated: bool = False


class _Unserved(FunctionElement[Any]):
    """A column that no index is looked for: neither to find rows by it nor to read them in its order."""

    inherit_cache = True


def _inner(element: FunctionElement[Any], compiler: Any, **kw: Any) -> str:
    return str(compiler.process(next(iter(element.clauses)), **kw))


@compiles(_Unserved)
def _reckoned(element: _Unserved, compiler: Any, **kw: Any) -> str:
    return f"({_inner(element, compiler, **kw)} + 0)"


@compiles(_Unserved, "sqlite")
def _signed(element: _Unserved, compiler: Any, **kw: Any) -> str:
    return f"+{_inner(element, compiler, **kw)}"  # which SQLite does not even reckon


class _Often(FunctionElement[bool]):
    """Filters of which PostgreSQL is to think that half of the homes meet them, so that it walks an order to the page.

    It multiplies a guess for every filter and expects next to nothing otherwise; a CASE it takes as one, for a half.
    """

    type = Flag()
    inherit_cache = True


@compiles(_Often)
def _all_of(element: _Often, compiler: Any, **kw: Any) -> str:
    return f"({_inner(element, compiler, **kw)})"


@compiles(_Often, "postgresql")
def _case_of(element: _Often, compiler: Any, **kw: Any) -> str:
    return f"CASE WHEN {_all_of(element, compiler, **kw)} THEN true ELSE false END"


class _Among(FunctionElement[bool]):
    """Whether a column has one of the values a query selects, which is run once.

    PostgreSQL would join with the query instead, and when it plans without knowing the values, run it for every row.
    """

    type = Flag()
    inherit_cache = True


@compiles(_Among)
def _in(element: _Among, compiler: Any, **kw: Any) -> str:
    column, chosen = element.clauses
    return f"{compiler.process(column, **kw)} IN {compiler.process(chosen, **kw)}"


@compiles(_Among, "postgresql")
def _any(element: _Among, compiler: Any, **kw: Any) -> str:
    column, chosen = element.clauses
    return f"{compiler.process(column, **kw)} = ANY (ARRAY{compiler.process(chosen, **kw)})"


def _whole(name: str) -> ColumnElement[int]:
    return bindparam(name, type_=Whole())


def _real(name: str) -> ColumnElement[float]:
    return bindparam(name, type_=Real())


def _unserved(column: ColumnElement[Any], *, served: bool = False) -> ColumnElement[Any]:
    if served:
        return column
    made = _Unserved(column)
    made.type = column.type
    return made


# -------------------------------------------------------------------------------------------------------------- filters


def _distance() -> ColumnElement[float]:
    """Return the squared chord between a home and the middle of the circle."""
    dx, dy, dz = stay.c.ux - _real("ux"), stay.c.uy - _real("uy"), stay.c.uz - _real("uz")
    return dx * dx + dy * dy + dz * dz


def _inside(number: int, *, wraps: bool, served: bool) -> list[ColumnElement[bool]]:
    latitude = _unserved(stay.c.latitude, served=served)
    longitude = _unserved(stay.c.longitude, served=served)
    west, east = longitude >= _real(f"west{number}"), longitude <= _real(f"east{number}")
    return [
        latitude >= _real(f"south{number}"),
        latitude <= _real(f"north{number}"),
        or_(west, east) if wraps else and_(west, east),
    ]


def _nights(columns: tuple[int, ...]) -> list[ColumnElement[bool]]:
    if not columns:
        return []
    # A masked word is never below zero, and PostgreSQL thinks of "less than 1" as a third of the rows (which is about
    # right) but of "equals 0" as half a percent.
    free = [stay.c[NIGHT_COLUMNS[each]].bitwise_and(_whole(f"nights{each}")) < literal_column("1") for each in columns]
    return [
        _unserved(stay.c.first_word) >= _whole("oldest_word"),
        _unserved(stay.c.first_word) <= _whole("newest_word"),
        stay.c.min_nights <= _whole("nights"),
        stay.c.max_nights >= _whole("nights"),
        stay.c.notice_days <= _whole("days_ahead_most"),
        stay.c.window_days >= _whole("days_ahead_least"),
        *free,
    ]


def _filters(shape: Shape, served: Served) -> list[ColumnElement[bool]]:
    """Return the filters without those of `_amounts`."""
    found: list[ColumnElement[bool]] = [stay.c.listed, stay.c.guests_max >= _whole("guests")]
    for number, wraps in enumerate(shape.boxes):
        found += _inside(number, wraps=wraps, served=served is Served.PLACE)
    found += _nights(shape.nights)
    if shape.kinds:
        kinds = [bindparam(f"kind{each}", type_=Choice(PropertyKind)) for each in range(shape.kinds)]
        found.append(stay.c.kind.in_(kinds))
    for column in shape.amenities:
        wanted = _whole(f"amenities{column}")
        found.append(stay.c[AMENITY_COLUMNS[column]].bitwise_and(wanted) >= wanted)
    if shape.near:
        found.append(_distance() <= _real("reach"))
    if shape.place:
        answering = select(area.c.number).where(_contains(area.c.places, "place"))
        found.append(_Among(stay.c.area, answering.scalar_subquery()))
    found += [_contains(face.c.haystack, f"word{each}") for each in range(shape.words)]
    found += [_contains(face.c.amenity_numbers, f"rare{each}") for each in range(shape.rare)]
    return found


def _amounts(shape: Shape, walked: StaySort | None = None) -> list[ColumnElement[bool]]:
    """Return the filters by price and rating, which an index that is walked by that order can begin and end with."""
    base_minor = _unserved(stay.c.base_minor, served=walked in {StaySort.PRICE, StaySort.PRICE_DESC})
    found = []
    if shape.price_min:
        found.append(base_minor >= _whole("price_min"))
    if shape.price_max:
        found.append(base_minor <= _whole("price_max"))
    if shape.rated:
        found.append(_unserved(stay.c.rated, served=walked is StaySort.RATING) >= _real("rating_min"))
    return found


def _contains(column: ColumnElement[str], name: str) -> ColumnElement[bool]:
    return column.like(bindparam(name, type_=Text(1000)), escape=ESCAPE)


def _source(shape: Shape) -> FromClause:
    return stay.join(face, face.c.property_id == stay.c.property_id) if shape.words or shape.rare else stay


# ----------------------------------------------------------------------------------------------------------- statements


@lru_cache(maxsize=SHAPES_KEPT)
def probe(boxes: tuple[bool, ...]) -> Statement:
    """Return the statement that counts homes in a part of the map by its index alone, up to `PROBE_MOST`."""
    inside = [each for number, wraps in enumerate(boxes) for each in _inside(number, wraps=wraps, served=True)]
    some = select(stay.c.latitude).where(*inside).limit(PROBE_MOST).subquery()
    return statement(select(func.count(type_=Whole()).label("homes")).select_from(some))


@lru_cache(maxsize=SHAPES_KEPT)
def count(shape: Shape, served: Served) -> Statement:
    """Return the statement that counts what a search finds."""
    return statement(
        select(func.count(type_=Whole()).label("total"))
        .select_from(_source(shape))
        .where(*_filters(shape, served), *_amounts(shape))
    )


@lru_cache(maxsize=SHAPES_KEPT)
def facets(shape: Shape, served: Served) -> Statement:
    """Return the statement that counts by kind and area, and all amenities along, in one pass.

    Sixty amenities lie in one word. Shifted and masked, three of its bits stand in lanes of twenty bits each, and one
    SUM counts all three, so a word takes twenty sums instead of sixty. A group has far fewer homes than a lane holds.
    """
    lanes: ColumnElement[int] = literal_column(str(sum(1 << lane * LANE_BITS for lane in range(LANES))))
    sums = [
        func.sum(
            stay.c[AMENITY_COLUMNS[word]].bitwise_rshift(literal_column(str(shift))).bitwise_and(lanes), type_=Count()
        ).label(f"lanes{word * LANE_BITS + shift}")
        for word in range(FACET_WORDS)
        for shift in range(LANE_BITS)
    ]
    groups = (
        select(stay.c.kind, stay.c.area, func.count(type_=Whole()).label("homes"), *sums)
        .select_from(_source(shape))
        .where(*_filters(shape, served), *_amounts(shape))
        .group_by(stay.c.kind, stay.c.area)
        .subquery("groups")
    )
    named = groups.join(area, area.c.number == groups.c.area)
    return statement(
        select(
            area.c.neighbourhood, groups.c.kind, groups.c.homes, *[groups.c[each.name] for each in sums]
        ).select_from(named)
    )


@lru_cache(maxsize=SHAPES_KEPT)
def page(shape: Shape, served: Served, sort: StaySort, *, after: bool = False, counted: bool = False) -> Statement:
    """Return the statement that fetches a page.

    Args:
        shape: The filters.
        served: Which index serves.
        sort: The order.
        after: Whether it starts after a position.
        counted: Whether each row also tells the `total`. It takes all hits in hand at once, so this is for few.
    """
    key = _key(sort)
    if served is not Served.ORDER and sort is not StaySort.DISTANCE:
        key = _unserved(key)
    falls = sort in {StaySort.PRICE_DESC, StaySort.RATING}
    filters = _filters(shape, served)
    if served is Served.ORDER:
        filters = [_Often(and_(*filters))]
    filters += _amounts(shape, sort if served is Served.ORDER else None)
    if after:
        filters += _beyond(key, falls=falls)
    order = [key.desc(), stay.c.property_id.desc()] if falls else [key, stay.c.property_id]
    total = [func.count(type_=Whole()).over().label("total")] if counted else []
    found = (
        select(stay.c.property_id, key.label("key"), *total)
        .select_from(_source(shape))
        .where(*filters)
        .order_by(*order)
        .limit(bindparam("most", type_=Whole()))
        .subquery("found")
    )
    shown = [column for column in face.c if column.name not in {"haystack", "amenity_numbers"}]
    ends = [found.c.key.desc(), found.c.property_id.desc()] if falls else [found.c.key, found.c.property_id]
    made: Select[Any] = select(*shown, *[column for column in found.c if column.name != "property_id"]).select_from(
        found.join(face, face.c.property_id == found.c.property_id)
    )
    return statement(made.order_by(*ends))


def _key(sort: StaySort) -> ColumnElement[Any]:
    match sort:
        case StaySort.RECOMMENDED:
            return stay.c.standing
        case StaySort.PRICE | StaySort.PRICE_DESC:
            return stay.c.base_minor
        case StaySort.RATING:
            return stay.c.rated
        case StaySort.DISTANCE:
            return _distance()


def _beyond(key: ColumnElement[Any], *, falls: bool) -> list[ColumnElement[bool]]:
    """Return what follows a position; said so that an index can be entered at it."""
    at: ColumnElement[Any] = bindparam("after_key", type_=key.type)
    at_id = _whole("after_id")
    if falls:
        return [key <= at, or_(key < at, stay.c.property_id < at_id)]
    return [key >= at, or_(key > at, stay.c.property_id > at_id)]


AMENITY_NUMBERS: Final = statement(
    select(amenity.c.code, amenity.c.number).where(amenity.c.number < FACET_WORDS * AMENITY_WORD_BITS)
)
"""The amenities that facets count."""
