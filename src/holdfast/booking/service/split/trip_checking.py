"""What the recount says of trips over several stocks: none is half held, half booked, or held past its clock.

Stocks are read one after the other, so what looks wrong is looked at again: it counts only if the trip has stood still.
"""

from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from typing import Final

from holdfast.booking.api import Booking, BookingState, Breach, HoldState
from holdfast.booking.rules import TripState
from holdfast.booking.service.split.composing import Piece, pieces_of
from holdfast.booking.service.split.stocks import Stocks
from holdfast.booking.store import trips as store
from holdfast.kit.auth import ITSELF
from holdfast.kit.db.statements import Row
from holdfast.kit.errors import NotFound

_PAGE: Final = 500
_LATE: Final = timedelta(minutes=10)
"""How long a trip may be under way, or a part of one that has ended may stand."""


class TripChecking:
    """Recounts trips."""

    def __init__(self, stocks: Stocks) -> None:
        self._stocks = stocks
        self._db = stocks.home.part.desk.db

    async def breaches(self) -> tuple[Breach, ...]:
        """Return everything that is wrong with trips."""
        found = []
        async for row in self._rows():
            wrong = await self._wrong(row)
            if wrong is not None:
                again = await self._db.read(partial(store.find, trip_id=row.id))
                if again and again.touched_at == row.touched_at and await self._wrong(again) is not None:
                    found.append(wrong)
        return tuple(found)

    async def _rows(self) -> AsyncIterator[Row]:
        after = ""
        while page := await self._db.read(partial(store.page, after=after, limit=_PAGE)):
            for row in page:
                yield row
            after = page[-1].id

    async def _wrong(self, row: Row) -> Breach | None:
        match row.state:
            case TripState.HELD:
                return await self._half_held(row)
            case TripState.BOOKED:
                return await self._half_booked(row)
            case TripState.ENDED:
                return await self._left(row)
            case _:
                idle = row.now - row.touched_at
                detail = f"{row.state} for {idle}"
                return Breach(rule="trip_goes_on", subject=row.id, detail=detail) if idle > _LATE else None

    async def _half_held(self, row: Row) -> Breach | None:
        if row.expires_at <= row.now:
            late = row.now - row.expires_at
            detail = f"ran out {late} ago"
            return Breach(rule="trip_ends_by_its_clock", subject=row.id, detail=detail) if late > _LATE else None
        for each in pieces_of(row):
            held = await self._stocks.all[each.stock].part.find(each.hold_id)
            if held is None or held.state is not HoldState.HELD or held.expires_at < row.expires_at:
                detail = f"the part in {each.stock} is not held until {row.expires_at}"
                return Breach(rule="trip_held_whole", subject=row.id, detail=detail)
        return None

    async def _half_booked(self, row: Row) -> Breach | None:
        for each in pieces_of(row):
            booked = await self._booked(each)
            if booked is None or (booked.payment_id, booked.account_id) != (row.id, row.account_id):
                detail = f"the part in {each.stock} is not booked"
                return Breach(rule="trip_booked_whole", subject=row.id, detail=detail)
        return None

    async def _left(self, row: Row) -> Breach | None:
        for each in pieces_of(row):
            stock = self._stocks.all[each.stock]
            held = await stock.part.find(each.hold_id)
            booked = await stock.booking_of_hold(hold_id=each.hold_id)
            stands = booked is not None and booked.state is BookingState.CONFIRMED
            if stands or (held is not None and held.state is HoldState.HELD):
                detail = f"the part in {each.stock} stands, and the trip does not"
                return Breach(rule="trip_gone_whole", subject=row.id, detail=detail)
        return None

    async def _booked(self, piece: Piece) -> Booking | None:
        try:
            return await self._stocks.all[piece.stock].get_booking(principal=ITSELF, number=piece.number)
        except NotFound:
            return None
