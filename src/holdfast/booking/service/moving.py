"""Changing an item: which rules count, and what it then costs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from holdfast.booking.items import (
    FlightItem,
    Item,
    QuotedFlight,
    QuotedItem,
    QuotedStay,
    QuotedTable,
    StayItem,
    TableItem,
)
from holdfast.booking.refusals import RuleViolation
from holdfast.booking.service.kinds.asked import Asked, errors_of
from holdfast.booking.service.kinds.stays import AskedStay
from holdfast.engine.price import Price
from holdfast.kit.errors import FieldError
from holdfast.verticals.flights.prices import change_fee
from holdfast.verticals.reasons import Reason
from holdfast.verticals.trips import DISCOUNT, discounted

_ARRIVAL: Final = frozenset({"past_date", "advance_notice", "beyond_horizon", "closed_to_arrival"})
"""Rules about an arrival: they do not stand against one that stays as it was agreed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """An item of a booking, and what it is to become."""

    place: int
    had: QuotedItem
    asked: Asked

    @property
    def leaves(self) -> bool:
        """Whether it would be somewhere else; of flights any others of the airline may be taken."""
        match self.had, self.asked.item:
            case QuotedStay(), StayItem() as item:
                return item.property_id != self.had.property_id
            case QuotedTable(), TableItem() as item:
                return item.restaurant_id != self.had.restaurant_id
            case _:
                return self.asked.owner_id != self.had.owner_id


def item_of(had: QuotedItem) -> Item:
    """Return what was asked for when an item was quoted."""
    match had:
        case QuotedStay():
            return StayItem(
                property_id=had.property_id,
                check_in=had.check_in,
                check_out=had.check_out,
                guests=had.guests,
                pets=had.pets,
            )
        case QuotedTable():
            return TableItem(
                restaurant_id=had.restaurant_id,
                day=had.day,
                at=had.at,
                party_size=had.party_size,
                minutes=had.asked_minutes,
                area=had.area,
            )
        case QuotedFlight():
            return FlightItem(
                flight_ids=tuple(leg.flight_id for leg in had.legs),
                cabin=had.cabin,
                brand=had.brand,
                passengers=had.passengers,
                seats=had.seats,
                again=had.again,
            )


def judge(moves: Sequence[Move]) -> None:
    """Check what changes against the rules of today; what was agreed and stays is not judged again.

    Raises:
        RuleViolation: Rules stand against it.
    """
    errors: list[FieldError] = []
    for move in moves:
        errors += errors_of(_against(move), move.place)
        if isinstance(move.asked, AskedStay) and not move.asked.offer.terms.instant:
            detail = "The host wants to be asked about every date: cancel, and ask for the new ones."
            errors.append(FieldError(pointer=f"/items/{move.place}", code="host_asked", detail=detail))
    if errors:
        raise RuleViolation(errors[0].detail, errors=errors)


def repriced(move: Move, before: Price) -> Price:
    """Return what an item costs once changed: the price of today, the fare's fee, and what a trip has off as before."""
    part = move.asked.price()
    if isinstance(move.had, QuotedFlight) and move.had.change_fee_minor:
        fee = change_fee(unit_minor=move.had.change_fee_minor, passengers=move.had.passengers.seats)
        part = Price.of(part.currency, [*part.lines, fee])
    for line in before.lines:
        if line.item == move.place and line.kind == DISCOUNT:
            return discounted(part, line.inputs["percent_bp"])
    return part


def _against(move: Move) -> Iterable[Reason]:
    found = [reason for reason in move.asked.reasons() if not _agreed(reason.rule, move)]
    if isinstance(move.had, QuotedFlight):
        found += _of_fare(move.had, move.asked.item)
    return found


def _of_fare(had: QuotedFlight, item: Item) -> Iterable[Reason]:
    """Return what the fare that was bought has against a change."""
    assert isinstance(item, FlightItem), "a flight becomes a flight"  # noqa: S101 - checked before
    if not had.changeable:
        detail = f"The fare {had.brand_name} cannot be changed: cancel it, as far as it can be, and book anew."
        yield Reason("not_changeable", detail, "brand")
    if item.passengers != had.passengers:
        detail = "Who travels cannot be changed: cancel, or book the others apart."
        yield Reason("passengers_fixed", detail, "passengers")


def _agreed(rule: str, move: Move) -> bool:
    """Return whether a rule is about a day that stays as it was agreed."""
    had, item = move.had, move.asked.item
    match had, item:
        case QuotedStay(), StayItem():
            if rule in _ARRIVAL:
                return had.check_in == item.check_in
            return rule == "closed_to_departure" and had.check_out == item.check_out
        case QuotedTable(), TableItem():
            return rule in {"past_time", "notice", "beyond_horizon"} and (had.day, had.at) == (item.day, item.at)
        case _:
            return False
