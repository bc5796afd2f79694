"""What everybody may ask of a restaurant: which tables may be had on a day, and for what may not be had, why."""

from typing import Annotated, Any, Final, Self

from fastapi import Path, Query

from holdfast.booking.api import BookingApi
from holdfast.booking.floor_api import DaySlot, DaySlots
from holdfast.booking.routes.examples import shown
from holdfast.booking.routes.item_shapes import AREA_MAX, MINUTES_MAX
from holdfast.kit.errors import Invalid, NotFound
from holdfast.kit.http.answers import success
from holdfast.kit.http.problems import responses
from holdfast.kit.http.routes import Router
from holdfast.kit.http.wire import DayField, Digits, InstantField, Line, MoneyOut, PathNumber, TimeField, Wire
from holdfast.verticals.dining.terms import PARTY_MAX
from holdfast.verticals.reasons import Reason

RestaurantId = Annotated[PathNumber, Path(examples=[3])]
_PACED: Final = {
    "rule": "pacing_covers",
    "detail": "pacing 19:15 is 10 of 10",
    "field": "time",
    "values": {"time": "19:15", "limit": 10, "taken": 10, "asked": 4},
    "change": {"time": "19:30"},
}


class ReasonOut(Wire):
    """A rule that stands against a request."""

    rule: str
    detail: str
    """For people, with the values."""
    field: str
    """The field of the request to change."""
    values: dict[str, Any]
    """What the rule compared."""
    change: dict[str, Any] | None
    """The smallest change of the request that this rule accepts; null: there is none."""

    @classmethod
    def of(cls, reason: Reason) -> Self:
        """Render a reason."""
        return cls(
            rule=reason.rule,
            detail=reason.detail,
            field=reason.field,
            values=dict(reason.values),
            change=None if reason.change is None else dict(reason.change),
        )


class SlotOut(Wire):
    """A time of the day at which parties are seated."""

    time: TimeField
    starts_at: InstantField
    service: str
    minutes: int
    """How long the party would have its table."""
    free: bool
    areas: tuple[str, ...]
    """The areas with a table for the party then, whichever was asked for."""
    reasons: tuple[ReasonOut, ...]
    """Why not, in the order of the rules; empty where it is free."""
    free_until: InstantField | None
    """Until when canceling would cost nothing; null: it costs what was paid, or the whole fee."""

    @classmethod
    def of(cls, slot: DaySlot) -> Self:
        """Render a time."""
        offer = slot.offer
        return cls(
            time=offer.at,
            starts_at=offer.instant,
            service=offer.service,
            minutes=offer.minutes,
            free=offer.free,
            areas=offer.areas,
            reasons=tuple(ReasonOut.of(each) for each in offer.reasons),
            free_until=slot.free_until,
        )


class SlotsOut(Wire):
    """A day of a restaurant for a party."""

    model_config = shown(
        {
            "restaurant_id": 3,
            "zone": "America/New_York",
            "date": "2027-05-14",
            "party_size": 4,
            "due": {"amount": 0, "currency": "USD"},
            "guarantee": {"amount": 10000, "currency": "USD"},
            "slots": [
                {
                    "time": "19:15",
                    "starts_at": "2027-05-14T23:15:00Z",
                    "service": "dinner",
                    "minutes": 120,
                    "free": False,
                    "areas": [],
                    "reasons": [_PACED],
                    "free_until": "2027-05-13T23:15:00Z",
                }
            ],
        }
    )

    restaurant_id: int
    zone: str
    """IANA zone of the restaurant: date and times are meant there."""
    date: DayField
    party_size: int
    due: MoneyOut
    """What is paid before the table is confirmed: a deposit, all, or nothing."""
    guarantee: MoneyOut
    """The fee for canceling after `free_until`, or for not coming, that a kept card stands for."""
    slots: tuple[SlotOut, ...]
    """In order of time; none on a day without a service."""

    @classmethod
    def of(cls, found: DaySlots) -> Self:
        """Render a day."""
        return cls(
            restaurant_id=found.restaurant_id,
            zone=found.zone,
            date=found.day,
            party_size=found.party_size,
            due=MoneyOut(amount=found.due_minor, currency=found.currency),
            guarantee=MoneyOut(amount=found.guarantee_minor, currency=found.currency),
            slots=tuple(SlotOut.of(each) for each in found.slots),
        )


def slots(booking: BookingApi) -> Router:
    """Return the route of a restaurant's free tables."""
    router = Router(prefix="/v1/restaurants", tags=["restaurants"])

    @router.get("/{restaurant_id}/slots", responses=success(200, "The day.") | responses(NotFound, Invalid))
    async def read_slots(
        restaurant_id: RestaurantId,
        date: Annotated[DayField, Query(description="The day, where the restaurant is.", examples=["2027-05-14"])],
        party_size: Annotated[int, Digits(1, PARTY_MAX), Query(description="How many come.", examples=[4])],
        minutes: Annotated[
            int,
            Digits(1, MINUTES_MAX),
            Query(description="How long; without it as long as parties of this size have their table."),
        ]
        | None = None,
        area: Annotated[str, Line(AREA_MAX, 1), Query(description="Where to sit, one of the restaurant's areas.")]
        | None = None,
    ) -> SlotsOut:
        """Return every time of a day at which parties are seated, whether this one can be, and if not why.

        Live holds of others count as taken. The hold is the judge: what is free here may be gone a moment later.
        """
        found = await booking.floor.slots(
            restaurant_id=restaurant_id, day=date, party_size=party_size, minutes=minutes, area=area
        )
        return SlotsOut.of(found)

    return router
