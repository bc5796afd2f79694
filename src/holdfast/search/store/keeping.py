"""Keeping the read model: what the catalog says (facts) and which nights are busy (stock).

Both are read from other modules first and written afterwards, so a writer may come with old news. Every write is
therefore told which stamp the row had *before* the reading began, and is given up for rows whose stamp has moved on.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import bindparam, delete, func, literal_column, select, update

from holdfast.catalog.api import PropertyKind
from holdfast.kit.db.database import Tx
from holdfast.kit.db.statements import Row, Rows, Statement, adding_rows, rows, statement
from holdfast.kit.db.types import Choice, Flag, Json, KitType, Real, Text, Whole
from holdfast.search.models.stays import AMENITY_COLUMNS, NIGHT_COLUMNS, amenity, area, face, stay
from holdfast.search.rules.facts import Facts
from holdfast.search.rules.globe import on_sphere
from holdfast.search.rules.ring import ALL_BUSY, ASTRAY, from_words, to_words
from holdfast.search.rules.words import (
    HAYSTACK_MAX,
    NUMBERS_MAX,
    PLACES_MAX,
    amenity_words,
    number_list,
    places,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the read model knows of a property, as far as its writers care."""

    facts_stamp: int
    stock_stamp: int
    first_word: int
    preparation_nights: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """What was seen of a property's stock, and what the row said before anybody looked."""

    property_id: int
    stamp: int
    first_word: int
    """Of which ring the bits speak; `STOCKLESS` if booking had nothing."""
    asked: int
    """The nights that were looked at."""
    busy: int
    """Those of them that cannot be sold."""


_IDS = rows("ids", property_id=Whole())
_STAMPS = (stay.c.property_id, stay.c.facts_stamp, stay.c.stock_stamp, stay.c.first_word, stay.c.preparation_nights)
_OF_IDS = stay.c.property_id.in_(select(_IDS.c.property_id))
_KNOWN: Final = statement(select(*_STAMPS).where(_OF_IDS))
# Rows are locked in the order of their ids by every writer, so that no two wait for each other.
_LOCKED: Final = statement(
    select(*_STAMPS, *[stay.c[name] for name in NIGHT_COLUMNS])
    .where(_OF_IDS)
    .order_by(stay.c.property_id)
    .with_for_update()
)
_SOME_OF: Final = (
    select(stay.c.property_id).order_by(stay.c.first_word, stay.c.property_id).limit(bindparam("most", type_=Whole()))
)
# Asked twice a second, so each is one range of the index; an OR of the two would look at every row.
_BEHIND: Final = statement(
    _SOME_OF.where(stay.c.first_word >= literal_column(str(ASTRAY)), stay.c.first_word < bindparam("first_word"))
)
_AHEAD: Final = statement(_SOME_OF.where(stay.c.first_word > bindparam("first_word")))
_COUNT: Final = statement(select(func.count(type_=Whole()).label("homes")).select_from(stay))
_AFTER: Final = statement(
    select(stay.c.property_id)
    .where(stay.c.property_id > bindparam("after_id"))
    .order_by(stay.c.property_id)
    .limit(bindparam("most", type_=Whole()))
)
_DELETE: Final = tuple(
    statement(delete(table).where(table.c.property_id.in_(select(_IDS.c.property_id)))) for table in (stay, face)
)

# ---------------------------------------------------------------------------------------------------------------- facts

_WHOLES = ("guests_max", "min_nights", "max_nights", "notice_days", "window_days", "first_word")
_STAY_KINDS: Final[dict[str, KitType]] = {
    "property_id": Whole(),
    "listed": Flag(),
    **{name: Whole() for name in _WHOLES},
    "base_minor": Whole(),
    "latitude": Real(),
    "longitude": Real(),
    "standing": Whole(),
    "rated": Real(),
    **{name: Whole() for name in AMENITY_COLUMNS},
    "area": Whole(),
    "ux": Real(),
    "uy": Real(),
    "uz": Real(),
    "preparation_nights": Whole(),
    "facts_stamp": Whole(),
    "stock_stamp": Whole(),
    "kind": Choice(PropertyKind),
}
_FACE_KINDS: Final[dict[str, KitType]] = {
    "property_id": Whole(),
    "haystack": Text(HAYSTACK_MAX),
    "amenity_numbers": Text(NUMBERS_MAX),
    "name": Text(120),
    "kind": Choice(PropertyKind),
    "neighbourhood": Text(200),
    "city": Text(100),
    "latitude": Real(),
    "longitude": Real(),
    "guests_max": Whole(),
    "bedrooms": Whole(),
    "beds": Whole(),
    "bathrooms": Real(),
    "amenities": Json(),
    "rating": Real(),
    "reviews": Whole(),
    "base_minor": Whole(),
    "currency": Text(3),
}
_HOMES = rows("homes", **_STAY_KINDS)
_FACES = rows("faces", **_FACE_KINDS)


def _replacing(table: Any, source: Rows) -> Statement:
    values = {name: source.c[name] for name in source.kinds if name != "property_id"}
    return statement(update(table).values(values).where(table.c.property_id == source.c.property_id))


_ADD_HOMES: Final = statement(
    stay.insert().from_select(
        [*_STAY_KINDS, *NIGHT_COLUMNS],
        # Until its stock has been read a home is busy every night; `first_word` keeps it out of searches with dates.
        select(*[_HOMES.c[name] for name in _STAY_KINDS], *[bindparam("busy", type_=Whole())] * len(NIGHT_COLUMNS)),
    )
)
_REPLACE_HOMES: Final = _replacing(stay, _HOMES)
_ADD_FACES: Final = adding_rows(face, _FACES)
_REPLACE_FACES: Final = _replacing(face, _FACES)

# ---------------------------------------------------------------------------------------------------- numbers for names

_CODES = rows("codes", code=Text(100))
_AMENITIES: Final = statement(select(amenity.c.code, amenity.c.number).where(amenity.c.code.in_(select(_CODES.c.code))))
_LAST_AMENITY: Final = statement(select(func.max(amenity.c.number, type_=Whole()).label("last")))
_ADD_AMENITIES: Final = adding_rows(amenity, rows("added", number=Whole(), code=Text(100)))
_NAMES = rows("names", neighbourhood=Text(200), city=Text(100))
_AREAS: Final = statement(
    select(area.c.neighbourhood, area.c.city, area.c.number).select_from(
        area.join(_NAMES, (_NAMES.c.neighbourhood == area.c.neighbourhood) & (_NAMES.c.city == area.c.city))
    )
)
_LAST_AREA: Final = statement(select(func.max(area.c.number, type_=Whole()).label("last")))
_ADD_AREAS: Final = adding_rows(
    area, rows("added", number=Whole(), neighbourhood=Text(200), city=Text(100), places=Text(PLACES_MAX))
)

# ---------------------------------------------------------------------------------------------------------------- stock

_STOCK_KINDS: Final[dict[str, KitType]] = {
    "property_id": Whole(),
    "stock_stamp": Whole(),
    "first_word": Whole(),
    **{name: Whole() for name in NIGHT_COLUMNS},
}
_REPLACE_STOCK: Final = _replacing(stay, rows("seen", **_STOCK_KINDS))


async def known(tx: Tx, *, ids: Iterable[int]) -> dict[int, Known]:
    """Return what is known of those of the properties that are in the read model."""
    return {row.property_id: _known(row) for row in await tx.all(_KNOWN(ids=[(each,) for each in ids]))}


async def astray(tx: Tx, *, first_word: int, most: int) -> list[int]:
    """Return properties whose ring begins elsewhere than at `first_word`: new, overtaken, or left behind by time."""
    found = await tx.all(_BEHIND(first_word=first_word, most=most))
    found = found or await tx.all(_AHEAD(first_word=first_word, most=most))
    return [row.property_id for row in found]


async def ids_after(tx: Tx, *, after_id: int, most: int) -> list[int]:
    """Return ids of the read model in order."""
    return [row.property_id for row in await tx.all(_AFTER(after_id=after_id, most=most))]


async def count(tx: Tx) -> int:
    """Return how many properties the read model has, listed or not."""
    [row] = await tx.all(_COUNT())
    return int(row.homes)


async def forget(tx: Tx, *, ids: Sequence[int]) -> None:
    """Delete properties from the read model."""
    for statement_ in _DELETE:
        await tx.run(statement_(ids=[(each,) for each in ids]))


async def write_facts(tx: Tx, *, facts: Sequence[Facts], before: Mapping[int, Known]) -> set[int]:
    """Write facts of properties, new or known; returns those that were overtaken and not written.

    Args:
        tx: The transaction.
        facts: Each property once.
        before: What was known before the facts were read.
    """
    now = await _locked(tx, [each.property_id for each in facts])
    kept, overtaken = [], set()
    for each in facts:
        then, today = before.get(each.property_id), now.get(each.property_id)
        if (then and then.facts_stamp) == (today and _known(today).facts_stamp):
            kept.append(each)
        else:
            overtaken.add(each.property_id)
    amenities = await _amenity_numbers(tx, kept)
    areas = await _area_numbers(tx, kept)
    added: tuple[list[Any], list[Any]] = ([], [])
    replaced: tuple[list[Any], list[Any]] = ([], [])
    for each in kept:
        numbers = [amenities[code] for code in each.amenities]
        row = now.get(each.property_id)
        target = added if row is None else replaced
        target[0].append(
            _home(each, None if row is None else _known(row), numbers, areas[each.neighbourhood, each.city])
        )
        target[1].append(_face(each, numbers))
    if added[0]:
        await tx.run(_ADD_HOMES(homes=added[0], busy=to_words(ALL_BUSY)[0]))
        await tx.run(_ADD_FACES(faces=added[1]))
    if replaced[0]:
        await tx.run(_REPLACE_HOMES(homes=replaced[0]))
        await tx.run(_REPLACE_FACES(faces=replaced[1]))
    return overtaken


async def write_stock(tx: Tx, *, sightings: Sequence[Sighting]) -> set[int]:
    """Write what was seen of the stock; returns the properties that were overtaken.

    A row that was overtaken, or speaks of another ring, is sent astray unless the whole ring was looked at: whoever
    collects those reads everything anew. Until then searches with dates do not believe the row.
    """
    now = await _locked(tx, [each.property_id for each in sightings])
    written, overtaken = [], set()
    for seen in sightings:
        row = now.get(seen.property_id)
        if row is None:
            continue
        bits = from_words([getattr(row, name) for name in NIGHT_COLUMNS])
        whole, same = seen.asked == ALL_BUSY, row.stock_stamp == seen.stamp
        if not same:
            overtaken.add(seen.property_id)
            if whole:
                continue
        first_word = seen.first_word if whole or (same and row.first_word == seen.first_word) else ASTRAY
        bits = bits & ~seen.asked | seen.busy
        written.append((seen.property_id, row.stock_stamp + 1, first_word, *to_words(bits)))
    if written:
        await tx.run(_REPLACE_STOCK(seen=written))
    return overtaken


def _known(row: Row) -> Known:
    return Known(
        facts_stamp=row.facts_stamp,
        stock_stamp=row.stock_stamp,
        first_word=row.first_word,
        preparation_nights=row.preparation_nights,
    )


async def _locked(tx: Tx, ids: Sequence[int]) -> dict[int, Row]:
    return {row.property_id: row for row in await tx.all(_LOCKED(ids=[(each,) for each in ids]))}


async def _amenity_numbers(tx: Tx, facts: Sequence[Facts]) -> dict[str, int]:
    """Return a number for every amenity; new ones are given out in order of how common they are, for the bits."""
    seen = Counter(code for each in facts for code in each.amenities)
    found = {row.code: row.number for row in await tx.all(_AMENITIES(codes=[(code,) for code in seen]))}
    missing = sorted(seen.keys() - found.keys(), key=lambda code: (-seen[code], code))
    if missing:
        [last] = await tx.all(_LAST_AMENITY())
        first = 0 if last.last is None else last.last + 1
        added = {code: number for number, code in enumerate(missing, first)}
        await tx.run(_ADD_AMENITIES(added=[(number, code) for code, number in added.items()]))
        found |= added
    return found


async def _area_numbers(tx: Tx, facts: Sequence[Facts]) -> dict[tuple[str, str], int]:
    """Return a number for every neighbourhood of a city."""
    seen = {(each.neighbourhood, each.city): None for each in facts}
    found = {(row.neighbourhood, row.city): row.number for row in await tx.all(_AREAS(names=list(seen)))}
    missing = [name for name in seen if name not in found]
    if missing:
        [last] = await tx.all(_LAST_AREA())
        first = 0 if last.last is None else last.last + 1
        added = {name: number for number, name in enumerate(missing, first)}
        await tx.run(_ADD_AREAS(added=[(number, *name, places(*name)) for name, number in added.items()]))
        found |= added
    return found


def _home(facts: Facts, before: Known | None, numbers: Sequence[int], area_number: int) -> tuple[Any, ...]:
    """Return a row for `_HOMES`. Other nights of preparation change the meaning of every bit: the stock goes astray."""
    first_word, stock_stamp = ASTRAY, 0
    if before is not None:
        moved = before.preparation_nights != facts.preparation_nights
        first_word = ASTRAY if moved else before.first_word
        stock_stamp = before.stock_stamp + moved
    values: dict[str, Any] = {
        "property_id": facts.property_id,
        "listed": facts.listed,
        "guests_max": facts.guests_max,
        "min_nights": facts.min_nights,
        "max_nights": facts.max_nights,
        "notice_days": facts.notice_days,
        "window_days": facts.window_days,
        "first_word": first_word,
        "base_minor": facts.base_minor,
        "latitude": facts.latitude,
        "longitude": facts.longitude,
        "standing": facts.standing,
        "rated": facts.rated,
        **dict(zip(AMENITY_COLUMNS, amenity_words(numbers), strict=True)),
        "area": area_number,
        **dict(zip(("ux", "uy", "uz"), on_sphere(facts.latitude, facts.longitude), strict=True)),
        "preparation_nights": facts.preparation_nights,
        "facts_stamp": 1 if before is None else before.facts_stamp + 1,
        "stock_stamp": stock_stamp,
        "kind": facts.kind,
    }
    return tuple([values[name] for name in _STAY_KINDS])


def _face(facts: Facts, numbers: Sequence[int]) -> tuple[Any, ...]:
    shown = {name: getattr(facts, name) for name in _FACE_KINDS if name not in {"amenity_numbers", "amenities"}}
    values = {**shown, "amenity_numbers": number_list(numbers), "amenities": list(facts.amenities)}
    return tuple([values[name] for name in _FACE_KINDS])
