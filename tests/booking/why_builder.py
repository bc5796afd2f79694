"""Asking why not, and holding it to its word: what is bookable is held, what is refused has a reason."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from builders import House
from sqlalchemy import func, select

from holdfast.booking import models
from holdfast.booking.api import CapacityTaken, FlightItem, Hold, Item, Opening, StayItem, TableItem, WhyNot
from holdfast.booking.routes.why_shapes import wish_of
from holdfast.catalog.api import NotBookable
from holdfast.kit.db.statements import statement
from holdfast.kit.errors import HoldfastError, Invalid

_WRITTEN = (models.resource, models.cell, models.quote, models.hold, models.claim, models.key, models.outbox.table)
_COUNTS = [statement(select(func.count().label("rows")).select_from(table)) for table in _WRITTEN]


async def ask(house: House, guest: int, *items: Item) -> WhyNot:
    """Ask why not, and make sure that nothing was written."""
    before = await _footprint(house)
    found = await house.bookings.why.why_not(account_id=guest, items=items)
    assert await _footprint(house) == before
    return found


async def _footprint(house: House) -> list[Any]:
    """Return how much there is of everything a quote or hold writes."""
    return [await house.db.read(lambda tx, count=count: tx.one(count())) for count in _COUNTS]


def changed(item: Item, change: Mapping[str, Any]) -> Item:
    """Return an item with a change as a program would make it: in the JSON of the request."""
    wish = wish_of(item)
    return type(wish).model_validate({**wish.model_dump(mode="json"), **change}).item()


def as_sent(item: Item) -> Item:
    """Return an item after it went through a request."""
    wish = wish_of(item)
    return type(wish).model_validate_json(wish.model_dump_json()).item()


async def refusal(house: House, guest: int, *items: Item) -> HoldfastError | None:
    """Return what a quote or hold of items is refused with, None if both succeed; what was held is released."""
    try:
        held = await house.hold(guest, *items)
    except (Invalid, CapacityTaken, NotBookable) as refused:
        return refused
    await release(house, guest, held)
    return None


async def release(house: House, guest: int, held: Hold) -> None:
    """Let a hold go."""
    await house.bookings.release_hold(account_id=guest, hold_id=held.id)


async def asked_and_held(house: House, guest: int, *items: Item) -> WhyNot:
    """Ask why not, hold it to all it promises, and return what it says."""
    found = await ask(house, guest, *items)
    refused = await refusal(house, guest, *items)
    assert found.bookable == (refused is None), (found.reasons, refused)
    assert found.bookable == (not found.reasons)
    assert found.bookable == all(opening.bookable for opening in found.openings)
    assert [opening.item for opening in found.openings] == list(range(len(items)))
    if refused is not None and refused.errors:
        assert found.reasons[0].rule == refused.errors[0].code
        assert found.reasons[0].detail == refused.errors[0].detail
        codes = [(error.pointer.split("/")[2], error.code) for error in refused.errors]
        assert [(str(each.item), each.rule) for each in found.reasons][: len(codes)] == codes
    closed = {each.item for each in found.reasons}
    assert closed == {opening.item for opening in found.openings if not opening.bookable}
    for opening in found.openings:
        await _hold_to(house, guest, items, opening)
    await _all_changed(house, guest, items, found.openings)
    return found


async def _hold_to(house: House, guest: int, items: Sequence[Item], opening: Opening) -> None:
    item = items[opening.item]
    if opening.bookable:
        assert opening.change is None
        assert opening.alternatives == ()
    assert len(opening.alternatives) <= 5
    others = [each.item for each in opening.alternatives]
    assert item not in others
    assert len({str(other) for other in others}) == len(others)
    assert (opening.change is not None) == bool(others)
    distances = [_distance(item, other) for other in others]
    assert distances == sorted(distances)
    for alternative in opening.alternatives:
        other = as_sent(alternative.item)
        assert other == alternative.item
        held = await house.hold(guest, other)
        await release(house, guest, held)
        assert (held.price.total_minor, held.price.currency) == (alternative.total_minor, alternative.currency)
    if opening.change is not None:
        assert opening.change
        other = changed(item, opening.change)
        assert other != item
        assert await refusal(house, guest, other) is None


def _distance(item: Item, other: Item) -> tuple[int, ...]:
    """Return how far one item is from another, by its own reckoning."""
    if isinstance(item, StayItem) and isinstance(other, StayItem):
        arrives, leaves = abs(other.check_in - item.check_in).days, abs(other.check_out - item.check_out).days
        return abs(item.guests - other.guests) + abs(item.pets - other.pets), max(arrives, leaves)
    if isinstance(item, TableItem) and isinstance(other, TableItem):
        far = abs(datetime.combine(date.min, other.at) - datetime.combine(date.min, item.at)).seconds
        guests = abs(item.party_size - other.party_size)
        return guests, item.minutes != other.minutes, abs(item.day - other.day).days, item.area != other.area, far
    assert isinstance(item, FlightItem)
    assert isinstance(other, FlightItem)
    who, instead = item.passengers, other.passengers
    return (
        sum(abs(getattr(who, kind) - getattr(instead, kind)) for kind in ("adults", "children", "infants")),
        item.cabin != other.cabin,
        item.brand != other.brand,
        len(item.flight_ids) != len(other.flight_ids),
    )


async def _all_changed(house: House, guest: int, items: Sequence[Item], openings: Sequence[Opening]) -> None:
    """With the change of every item that is closed, all of them can be had together."""
    if any(not opening.bookable and opening.change is None for opening in openings):
        return
    together = [changed(item, opening.change or {}) for item, opening in zip(items, openings, strict=True)]
    assert await refusal(house, guest, *together) is None
