"""What an airline changes after the sale: travelers get another flight, new times, or everything back.

A flight that is canceled is replaced by the nearest other one of the same airline and airports within a day that has
seats in the cabin and fits the other legs; the price stays. Where there is none, the item is canceled by the airline
and everything comes back. A flight that moves keeps its travelers. Whoever is moved may cancel until departure and
get everything back, whatever their fare said. Each of these is a change of the booking like any other, and told.
"""

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Final

from holdfast.booking.api import Booking, FlightItem, QuotedFlight
from holdfast.booking.events import FlightRebooked, FlightRetimed
from holdfast.booking.refusals import (
    AlreadyCancelled,
    CancellationTooLate,
    CapacityTaken,
    ChangeNotActive,
    HoldQuotaExceeded,
    QuoteSuperseded,
)
from holdfast.booking.service.amending import Amending
from holdfast.booking.service.answers import begun, booking_of
from holdfast.booking.service.batch import SettleOrder, Verb
from holdfast.booking.service.changing import Repriced
from holdfast.booking.service.desk import Desk
from holdfast.booking.service.kinds.flights import AskedFlight
from holdfast.booking.service.moving import item_of
from holdfast.booking.service.rebooking import ChangeOrder, Rebooking
from holdfast.booking.store import sales
from holdfast.catalog.api import CatalogApi, LegOffer, NotBookable
from holdfast.engine.price import Price
from holdfast.kit.auth import ITSELF
from holdfast.kit.ids import new_id
from holdfast.kit.keyed import Caller
from holdfast.verticals.cancellation import ALL, CancellationPolicy, RefundWindow
from holdfast.verticals.flights.claims import resources
from holdfast.verticals.flights.reasons import reasons
from holdfast.verticals.flights.times import departs_at

MOVED_BY_AIRLINE: Final = CancellationPolicy(
    name="moved_by_airline", windows=(RefundWindow(days_before=0, shares=ALL),)
)
"""The policy of an item whose airline has moved it."""
_AROUND: Final = timedelta(days=1)
_TRIES: Final = 5
_PAGE: Final = 100
_BY_SELLER: Final = frozenset({"sales_closed", "departed"})


class NotCarried(RuntimeError):
    """A booking was being changed all the time, or its account holds too much: the event will be carried again."""


class Rerouting:
    """Carries what an airline changes over to the bookings that stand on it. Repeating it changes nothing."""

    def __init__(self, desk: Desk, amending: Amending, catalog: CatalogApi) -> None:
        self._desk = desk
        self._amending = amending
        self._catalog = catalog
        self._rebooking = Rebooking(desk)

    async def canceled(self, *, flight_id: int) -> None:
        """Give everybody on a canceled flight another one, or everything back."""
        for number in await self._numbers_on(flight_id):
            await self._carry(number, flight_id)

    async def moved(self, *, flight_id: int) -> None:
        """Tell the bookings on a flight its new times."""
        for number in await self._numbers_on(flight_id):
            await self._carry(number, flight_id)

    async def restocked(self, *, flight_id: int) -> None:
        """Give what there is of a flight the capacity its airplane and fares have now; what is sold stays sold."""
        offers = await self._catalog.flights.leg_offers(ids=[flight_id])
        if flight_id in offers and offers[flight_id].offered:
            await self._desk.quoting.stocking.ensure(resources(offers[flight_id].terms))

    async def _numbers_on(self, flight_id: int) -> list[int]:
        found: list[int] = []
        after = 0
        while page := await self._desk.db.read(
            partial(sales.numbers_on, prefix=f"flight:{flight_id}:", after=after, limit=_PAGE)
        ):
            found += page
            after = page[-1]
        return found

    async def _carry(self, number: int, flight_id: int) -> None:
        for _ in range(_TRIES):
            row = await self._desk.found(number=number)
            booking = booking_of(row)
            place = _place_of(booking, flight_id)
            if place is None or begun(booking.items[place], row.now):
                return
            try:
                if await self._carried(booking, place, flight_id):
                    return
            except (AlreadyCancelled, CancellationTooLate, ChangeNotActive, HoldQuotaExceeded, QuoteSuperseded):
                continue  # it has become another meanwhile: look again
        raise NotCarried(f"booking {number} still stands on flight {flight_id}")

    async def _carried(self, booking: Booking, place: int, flight_id: int) -> bool:
        item = booking.items[place]
        assert isinstance(item, QuotedFlight), "flights stand on flights"  # noqa: S101 - `_place_of` looked
        offers = await self._catalog.flights.leg_offers(ids=[leg.flight_id for leg in item.legs])
        own = offers.get(flight_id)
        if own is not None and not own.terms.canceled:
            return await self._retimed(booking, place, item, flight_id)
        others = [] if own is None else await self._others(own)
        for other in others:
            ids = tuple(other.terms.flight_id if leg.flight_id == flight_id else leg.flight_id for leg in item.legs)
            if await self._rebooked(booking, place, item, (flight_id, ids)):
                return True
        return await self._given_back(booking, place)

    async def _others(self, canceled: LegOffer) -> list[LegOffer]:
        """Return other flights of the airline between the same airports, the nearest in time first."""
        terms = canceled.terms
        day = terms.departs.date()
        found = await self._catalog.flights.legs_between(
            origin_ids=[terms.origin.airport_id],
            destination_ids=[terms.destination.airport_id],
            first=day - _AROUND,
            end=day + 2 * _AROUND,
        )
        was, now = departs_at(terms), self._desk.clock.now()
        fit = [
            each
            for each in found
            if each.owner_id == canceled.owner_id
            and each.terms.flight_id != terms.flight_id
            and abs(departs_at(each.terms) - was) <= _AROUND
            and departs_at(each.terms) > now
        ]
        return sorted(fit, key=lambda each: (abs(departs_at(each.terms) - was), each.terms.flight_id))

    async def _rebooked(
        self, booking: Booking, place: int, item: QuotedFlight, how: tuple[int, tuple[int, ...]]
    ) -> bool:
        """Move an item to other flights at its price; say whether they have room for it."""
        flight_id, ids = how
        wanted = item_of(item)
        assert isinstance(wanted, FlightItem), "a flight was asked for"  # noqa: S101 - programmer's error
        # Seats that were chosen on the flight that goes are gone with it.
        kept = tuple(seat for seat in wanted.seats if seat.flight_id in ids)
        [asked] = await self._desk.quoting.ask(
            [replace(wanted, flight_ids=ids, seats=kept)], account_id=booking.account_id
        )
        assert isinstance(asked, AskedFlight), "a flight was asked for"  # noqa: S101 - programmer's error
        against = [each for each in reasons(asked.legs, asked.request, now=asked.now) if each.rule not in _BY_SELLER]
        buckets = {**asked.buckets, **{leg.flight_id: leg.bucket for leg in item.legs}}
        if against or not set(ids) <= buckets.keys():
            return False
        event = FlightRebooked(
            number=booking.number,
            reference=booking.reference,
            account_id=booking.account_id,
            item=place,
            flight_id=flight_id,
            flight_ids=ids,
        )
        try:
            await self._move(booking, place, asked.at_fares(buckets), event)
        except (CapacityTaken, NotBookable):
            return False
        return True

    async def _retimed(self, booking: Booking, place: int, item: QuotedFlight, flight_id: int) -> bool:
        wanted = item_of(item)
        [asked] = await self._desk.quoting.ask([wanted], account_id=booking.account_id)
        assert isinstance(asked, AskedFlight), "a flight was asked for"  # noqa: S101 - programmer's error
        times = [(leg.flight_id, leg.departs, leg.arrives) for leg in item.legs]
        if times == [(leg.flight_id, leg.departs, leg.arrives) for leg in asked.legs]:
            return True
        asked = asked.at_fares({leg.flight_id: leg.bucket for leg in item.legs})
        event = FlightRetimed(
            number=booking.number,
            reference=booking.reference,
            account_id=booking.account_id,
            item=place,
            flight_id=flight_id,
        )
        await self._move(booking, place, asked, event)
        return True

    async def _move(
        self, booking: Booking, place: int, asked: AskedFlight, told: FlightRebooked | FlightRetimed
    ) -> None:
        """Change the item of a booking at the price it has, as one change that is placed and confirmed at once.

        Raises:
            ChangeNotActive: The booking has become another since we looked.
        """
        lines = [replace(line, item=0) for line in booking.price.lines if line.item == place]
        part = Price.of(booking.price.currency, lines)
        made = await self._desk.quoting.promise(booking.account_id, [asked], [part])
        [quoted] = made.items
        row = await self._desk.found(number=booking.number)
        order = ChangeOrder(
            change_id=new_id("change", self._desk.clock),
            hold_id=new_id("hold", self._desk.clock),
            number=booking.number,
            seen=row.items,
            new={place: Repriced(item=replace(quoted, policy=MOVED_BY_AIRLINE), lines=part.lines, by_seller=True)},
            quote=await self._desk.quoting.find(account_id=booking.account_id, quote_id=made.id),
            key=None,
        )
        if await self._rebooking.place(order) is not None:
            raise ChangeNotActive
        settle = SettleOrder(
            verb=Verb.CHANGE, number=booking.number, by_id=order.change_id, hold_id=order.hold_id, told=told
        )
        await self._desk.settle(settle)

    async def _given_back(self, booking: Booking, place: int) -> bool:
        positions = () if len(booking.items) == 1 else (place,)
        quote = await self._amending.quote_cancellation(principal=ITSELF, number=booking.number, items=positions)
        nobody = Caller(account_id=ITSELF.account_id, key=None, route="", fingerprint="")
        await self._amending.cancel(caller=nobody, principal=ITSELF, number=booking.number, quote_id=quote.id)
        return True


def _place_of(booking: Booking, flight_id: int) -> int | None:
    """Return the position of the item with a flight, if the booking stands and has one."""
    if booking.cancelled_at is not None:
        return None
    for place, item in enumerate(booking.items):
        if isinstance(item, QuotedFlight) and any(leg.flight_id == flight_id for leg in item.legs):
            return place
    return None
