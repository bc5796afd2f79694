"""From what a guest asks to a shape and its values."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from holdfast.search.api import StaySearch
from holdfast.search.rules.checks import Position
from holdfast.search.rules.globe import Bounds, box_bounds, chord_squared, circle_bounds, on_sphere
from holdfast.search.rules.ring import WORDS, nights_mask, to_words, word_of
from holdfast.search.rules.words import AMENITY_BITS, AMENITY_WORDS, amenity_words, pattern, place_pattern, words
from holdfast.search.store.searching import Query
from holdfast.search.store.shapes import Shape
from holdfast.verticals.stays import night_slot


def query_of(
    search: StaySearch, *, numbers: Mapping[str, int], today: date, after: Position | None, facets: bool
) -> Query:
    """Return a search in the terms of the database.

    Args:
        search: Without wrong fields.
        numbers: Of every amenity that is asked for.
        today: The day in UTC.
        after: Where the page starts.
        facets: Whether to count by facet.
    """
    values: dict[str, Any] = {"guests": search.guests}
    needles = words(search.text or "")
    values |= {f"word{place}": pattern(needle) for place, needle in enumerate(needles)}
    if search.place and search.place.strip():
        values["place"] = place_pattern(search.place)
    kinds = sorted(set(search.kinds))
    values |= {f"kind{place}": kind for place, kind in enumerate(kinds)}
    for name, value in (
        ("price_min", search.price_min_minor),
        ("price_max", search.price_max_minor),
        ("rating_min", search.rating_min),
    ):
        if value is not None:
            values[name] = value
    boxes = _map(search, values)
    rare = _amenities(numbers, values)
    _dates(search, today, values)
    shape = Shape(
        words=len(needles),
        place="place" in values,
        boxes=boxes,
        near=search.circle is not None,
        nights=_touched(values, "nights", WORDS),
        price_min=search.price_min_minor is not None,
        price_max=search.price_max_minor is not None,
        kinds=len(kinds),
        amenities=_touched(values, "amenities", AMENITY_WORDS),
        rare=rare,
        rated=search.rating_min is not None,
    )
    return Query(shape=shape, values=values, sort=search.sort, limit=search.limit, after=after, facets=facets)


def _map(search: StaySearch, values: dict[str, Any]) -> tuple[bool, ...]:
    parts: list[Bounds] = []
    if search.box is not None:
        parts.append(box_bounds(search.box))
    if search.circle is not None:
        parts.append(circle_bounds(search.circle))
        middle = on_sphere(search.circle.latitude, search.circle.longitude)
        values |= dict(zip(("ux", "uy", "uz"), middle, strict=True))
        values["reach"] = chord_squared(search.circle.radius_km)
    for number, part in enumerate(parts):
        values |= {
            f"south{number}": part.south,
            f"north{number}": part.north,
            f"west{number}": part.west,
            f"east{number}": part.east,
        }
    return tuple([part.wraps for part in parts])


def _amenities(numbers: Mapping[str, int], values: dict[str, Any]) -> int:
    """Put in the masks of amenities that have a bit and patterns for the others; returns how many others."""
    masks = amenity_words(numbers.values())
    values |= {f"amenities{column}": mask for column, mask in enumerate(masks) if mask}
    rare = sorted({number for number in numbers.values() if number >= AMENITY_BITS})
    values |= {f"rare{place}": pattern(f",{number},") for place, number in enumerate(rare)}
    return len(rare)


def _dates(search: StaySearch, today: date, values: dict[str, Any]) -> None:
    if search.check_in is None or search.check_out is None:
        return
    first, end, now = night_slot(search.check_in), night_slot(search.check_out), night_slot(today)
    masks = to_words(nights_mask(first, end))
    values |= {f"nights{column}": mask for column, mask in enumerate(masks) if mask}
    values |= {
        "nights": end - first,
        # A row is believed for the 840 nights from its first word on.
        "oldest_word": word_of(end - 1) - WORDS + 1,
        "newest_word": word_of(first),
        # At the property it is the day before, the same day or the day after that of UTC.
        "days_ahead_most": first - now + 1,
        "days_ahead_least": first - now - 1,
    }


def _touched(values: Mapping[str, Any], name: str, most: int) -> tuple[int, ...]:
    return tuple([column for column in range(most) if f"{name}{column}" in values])
