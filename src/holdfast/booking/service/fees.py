"""Fees of bookings. What a method does and refuses is told in `booking.fees_api`."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial

from typing_extensions import override

from holdfast.booking.api import Booking, Fee, FeesApi, FeeState, MethodInUse
from holdfast.booking.models import activity
from holdfast.booking.service.acts import of_booking
from holdfast.booking.store import fees as store
from holdfast.booking.store import sales
from holdfast.kit.activity.acts import SYSTEM
from holdfast.kit.db.database import Database, Tx
from holdfast.kit.db.statements import Row
from holdfast.kit.errors import NotFound


class Fees(FeesApi):
    """Answers `FeesApi`."""

    def __init__(self, db: Database) -> None:
        self._db = db

    @override
    async def get(self, *, number: int, turn: int) -> Fee:
        row = await self._db.read(partial(store.find, number=number, turn=turn))
        if row is None:
            raise NotFound("There is no such fee.")
        return _fee_of(row)

    @override
    async def check_method_free(self, *, account_id: int, method_id: str) -> None:
        leaning = await self._db.read(partial(store.leaning_on, account_id=account_id, method_id=method_id))
        if leaning:
            raise MethodInUse(extra={"bookings": leaning})

    @override
    async def due(self, *, older_than_s: int, limit: int) -> Sequence[Fee]:
        return [_fee_of(row) for row in await self._db.read(partial(store.due, older_than_s=older_than_s, limit=limit))]

    @override
    async def record(
        self, *, number: int, turn: int, state: FeeState, payment_id: str | None = None, denial: str | None = None
    ) -> Fee:
        async def work(tx: Tx) -> None:
            if await store.record(tx, (number, turn), state, payment_id, denial):
                booking = await sales.find_booking(tx, number=number)
                assert booking is not None  # noqa: S101 - its fee has a foreign key to it
                facts = {"turn": turn, "payment": payment_id}
                act = of_booking(f"fee.{state.value}", booking.reference, SYSTEM, guest_id=booking.account_id, **facts)
                await activity.note(tx, act)

        await self._db.write(work)
        return await self.get(number=number, turn=turn)

    async def shown(self, bookings: Sequence[Booking]) -> list[Booking]:
        """Return bookings with their fees; only where a way to pay stands for tables there can be any."""
        numbers = [booking.number for booking in bookings if booking.guaranteed]
        found = await self._db.read(partial(store.fees_of, numbers=numbers)) if numbers else []
        return [_with_fees(booking, found) for booking in bookings]

    async def shown_of(self, booking: Booking) -> Booking:
        """Return a booking with its fees."""
        [found] = await self.shown([booking])
        return found


def _with_fees(booking: Booking, found: Iterable[Row]) -> Booking:
    mine = tuple(_fee_of(row) for row in found if row.number == booking.number)
    return replace(booking, fees=mine) if mine else booking


def _fee_of(row: Row) -> Fee:
    return Fee(
        number=row.number,
        turn=row.turn,
        owner_id=row.owner_id,
        title=row.title,
        why=row.why,
        amount_minor=row.amount_minor,
        currency=row.currency,
        method_id=row.method_id,
        state=row.state,
        at=row.at,
        payment_id=row.payment_id,
        denial=row.denial,
    )
