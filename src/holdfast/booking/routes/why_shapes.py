"""What the route of why-not reads and answers."""

from typing import Annotated, Any, Final, Self

from pydantic import Field

from holdfast.booking.api import Alternative, FlightItem, Item, ItemReason, Opening, StayItem, TableItem, WhyNot
from holdfast.booking.routes.examples import shown
from holdfast.booking.routes.item_shapes import (
    FlightWish,
    PassengersIn,
    SeatWish,
    StayWish,
    TableWish,
    Wish,
    Wishes,
)
from holdfast.kit.http.wire import MoneyOut, Wire

_STAY: Final = {"kind": "stay", "property_id": 2, "check_in": "2027-05-14", "check_out": "2027-05-16", "guests": 2}
_CHANGE: Final = {"check_out": "2027-05-17"}


class WhyNotQuestion(Wire):
    """What cannot be booked, as it would be asked of a quote."""

    model_config = shown({"items": [_STAY]})

    items: Wishes


class ItemReasonOut(Wire):
    """One rule that closed an item."""

    item: int
    """Position of the item, from 0."""
    rule: str
    """The code a quote would be refused with, where it would be."""
    detail: str
    field: str
    """The field of the item to change."""
    values: dict[str, Any]
    """What the rule compared."""
    change: dict[str, Any] | None
    """Fields of the item to set so that this rule accepts it; null: there is no such change."""

    @classmethod
    def of(cls, reason: ItemReason) -> Self:
        """Render a reason."""
        return cls(
            item=reason.item,
            rule=reason.rule,
            detail=reason.detail,
            field=reason.field,
            values=dict(reason.values),
            change=None if reason.change is None else dict(reason.change),
        )


class AlternativeOut(Wire):
    """Something that can be booked instead."""

    item: Wish
    """Complete: `POST /v1/quotes` takes it as it is."""
    total: MoneyOut
    """What a quote of it alone comes to."""

    @classmethod
    def of(cls, other: Alternative) -> Self:
        """Render an alternative."""
        return cls(item=wish_of(other.item), total=MoneyOut(amount=other.total_minor, currency=other.currency))


class OpeningOut(Wire):
    """Whether an item can be booked, and what could be instead."""

    item: int
    """Position of the item, from 0."""
    bookable: bool
    change: dict[str, Any] | None
    """Fields of the item to set so that it can be booked; null: it can, or no such change was found."""
    alternatives: Annotated[tuple[AlternativeOut, ...], Field(max_length=5)]
    """The nearest first; none if the item can be booked."""

    @classmethod
    def of(cls, opening: Opening) -> Self:
        """Render what opens an item."""
        return cls(
            item=opening.item,
            bookable=opening.bookable,
            change=None if opening.change is None else dict(opening.change),
            alternatives=tuple(AlternativeOut.of(other) for other in opening.alternatives),
        )


class WhyNotOut(Wire):
    """What stands against items, taken together."""

    model_config = shown(
        {
            "bookable": False,
            "reasons": [
                {
                    "item": 0,
                    "rule": "min_nights",
                    "detail": "minimum stay 3 nights on arrival Friday, you asked 2",
                    "field": "check_out",
                    "values": {"nights": 2, "min_nights": 3},
                    "change": _CHANGE,
                }
            ],
            "items": [
                {
                    "item": 0,
                    "bookable": False,
                    "change": _CHANGE,
                    "alternatives": [
                        {
                            "item": {**_STAY, **_CHANGE, "pets": 0},
                            "total": {"amount": 148500, "currency": "USD"},
                        }
                    ],
                }
            ],
        }
    )

    bookable: bool
    reasons: tuple[ItemReasonOut, ...]
    """Every rule that stands against them, in the order in which a sale asks; none if they can be booked."""
    items: tuple[OpeningOut, ...]
    """One for each item, in their order."""

    @classmethod
    def of(cls, found: WhyNot) -> Self:
        """Render an answer."""
        return cls(
            bookable=found.bookable,
            reasons=tuple(ItemReasonOut.of(reason) for reason in found.reasons),
            items=tuple(OpeningOut.of(opening) for opening in found.openings),
        )


def wish_of(item: Item) -> StayWish | TableWish | FlightWish:
    """Return an item as a request asks for it."""
    match item:
        case StayItem():
            return StayWish(
                kind="stay",
                property_id=item.property_id,
                check_in=item.check_in,
                check_out=item.check_out,
                guests=item.guests,
                pets=item.pets,
            )
        case TableItem():
            return TableWish(
                kind="table",
                restaurant_id=item.restaurant_id,
                date=item.day,
                time=item.at,
                party_size=item.party_size,
                minutes=item.minutes,
                area=item.area,
            )
        case FlightItem():
            who = item.passengers
            return FlightWish(
                kind="flight",
                flight_ids=item.flight_ids,
                cabin=item.cabin,
                brand=item.brand,
                passengers=PassengersIn(adults=who.adults, children=who.children, infants=who.infants),
                seats=tuple(
                    SeatWish(flight_id=each.flight_id, seat=each.seat, passenger=each.passenger) for each in item.seats
                ),
                again=item.again,
            )
