"""What the name of a resource says: whose stock it is, what a slot of it is called, and who wants to hear of it."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Protocol

from holdfast.booking.events import FlightStockMoved, StockMoved, TableStockMoved
from holdfast.booking.items import QuotedItem, QuotedStay, QuotedTable
from holdfast.booking.refusals import AlreadyBooked, CapacityTaken
from holdfast.booking.store.changes import Changes
from holdfast.catalog.api import NotBookable
from holdfast.engine.claims import Shortage, Span
from holdfast.kit.errors import HoldfastError
from holdfast.verticals.dining.claims import tables_of
from holdfast.verticals.dining.slots import wall_of
from holdfast.verticals.stays import slot_night


class _Kind(Protocol):
    """What is told of one kind of resource."""

    def moved(self, number: int, span: Span) -> Any:
        """Return the event that says that stock moved."""

    def taken(self, number: int, shortage: Shortage) -> HoldfastError:
        """Return the refusal that a cell is full or closed."""

    def subject(self, number: int) -> dict[str, Any]:
        """Return whose stock it is, as a field of a refusal."""


class _Stay:
    def moved(self, number: int, span: Span) -> Any:
        return StockMoved(property_id=number, first_slot=span.first_slot, end_slot=span.end_slot)

    def taken(self, number: int, shortage: Shortage) -> HoldfastError:
        night = slot_night(shortage.slot).isoformat()
        return CapacityTaken(f"the night of {night} is taken", extra={**self.subject(number), "night": night})

    def subject(self, number: int) -> dict[str, Any]:
        return {"property_id": number}


class _Table:
    def moved(self, number: int, span: Span) -> Any:
        return TableStockMoved(restaurant_id=number, first_slot=span.first_slot, end_slot=span.end_slot)

    def taken(self, number: int, shortage: Shortage) -> HoldfastError:
        day, at = wall_of(shortage.slot)
        when = {"date": day.isoformat(), "time": f"{at:%H:%M}"}
        detail = f"there is no table for so many on {day} at {at:%H:%M}"
        return CapacityTaken(detail, extra={**self.subject(number), **when})

    def subject(self, number: int) -> dict[str, Any]:
        return {"restaurant_id": number}


class _Flight:
    def moved(self, number: int, span: Span) -> Any:
        del span
        return FlightStockMoved(flight_id=number)

    def taken(self, number: int, shortage: Shortage) -> HoldfastError:
        what = shortage.resource_id.split(":")[2]
        if what == "guest":
            return AlreadyBooked(extra=self.subject(number))
        detail = (
            "a seat that was chosen is taken" if what == "seats" else "there are not so many seats left at this fare"
        )
        return CapacityTaken(detail, extra=self.subject(number))

    def subject(self, number: int) -> dict[str, Any]:
        return {"flight_id": number}


_KINDS: dict[str, _Kind] = {"stay": _Stay(), "table": _Table(), "flight": _Flight()}


def _named(resource_id: str) -> tuple[_Kind, int]:
    kind, number, *_ = resource_id.split(":", 2)
    return _KINDS[kind], int(number)


def tell_moved(changes: Changes, spans: Iterable[Span]) -> None:
    """Note for others where stock moved."""
    for span in spans:
        kind, number = _named(span.resource_id)
        changes.tell(kind.moved(number, span))


def refusal_by(shortage: Shortage, *, exists: bool) -> HoldfastError:
    """Return the refusal of an order by a cell, or by there being no such stock."""
    kind, number = _named(shortage.resource_id)
    return kind.taken(number, shortage) if exists else NotBookable(extra=kind.subject(number))


def assigned(items: tuple[QuotedItem, ...], option: Sequence[Span]) -> tuple[QuotedItem, ...]:
    """Return items with the names of what the claim assigned them: units of a property, tables of a restaurant."""
    if not items:
        return items
    return tuple([_assigned(item, [span for span in option if span.item == place]) for place, item in enumerate(items)])


def _assigned(item: QuotedItem, spans: Sequence[Span]) -> QuotedItem:
    match item:
        case QuotedStay():
            units = tuple(name for span in spans for name in span.resource_id.split(":", 2)[2:])
            return replace(item, units=units) if units != item.units else item
        case QuotedTable():
            return replace(item, tables=tables_of(spans))
        case _:
            return item
