"""One stock's part of a trip over several: what the trip asks of a stock, each call safe to repeat."""

from collections.abc import Sequence
from dataclasses import dataclass

from holdfast.booking.api import (
    Booking,
    BookingState,
    ConfirmedBy,
    ExtensionLimit,
    Hold,
    HoldExpired,
    HoldState,
    Item,
    PaymentTerms,
    Quote,
)
from holdfast.booking.service.answers import KeyUse
from holdfast.booking.service.batch import SettleOrder, Verb
from holdfast.booking.service.desk import Desk
from holdfast.booking.service.kinds.asked import Asked
from holdfast.booking.service.paying import Paying
from holdfast.booking.service.selling import Selling
from holdfast.kit.errors import NotFound
from holdfast.kit.keyed import Caller

_PLACE, _CONFIRM, _CANCEL = "trip.place", "trip.confirm", "trip.cancel"
_GONE = frozenset({BookingState.CANCELLED, BookingState.DECLINED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Paid:
    """How a part is paid: by the trip, which the part's booking names."""

    terms: PaymentTerms
    by: ConfirmedBy
    tried: str
    """What tells one try of paying for the trip from another."""
    late: bool = False
    """Whether the trip ran out before it was paid, so that its stock is to be taken again."""


class Part:
    """What a trip asks of the stock one of its parts lies in."""

    def __init__(self, desk: Desk, selling: Selling, paying: Paying) -> None:
        self.desk = desk
        self._selling = selling
        self._paying = paying

    async def ask(self, items: Sequence[Item], *, account_id: int) -> list[Asked]:
        """Return items with the terms of whoever sells them.

        Raises:
            NotFound: A property, restaurant or flight does not exist or is not listed.
        """
        return await self.desk.quoting.ask(items, account_id=account_id)

    async def promise(self, account_id: int, asked: Sequence[Asked]) -> Quote:
        """Keep a quote for items that were judged."""
        return await self.desk.quoting.promise(account_id, asked, [each.price() for each in asked])

    async def place(self, *, account_id: int, quote_id: str, hold_id: str) -> Hold:
        """Hold a part under an id that was written down before; the same id is the same hold.

        Raises:
            CapacityTaken: A cell is full or closed.
            QuoteExpired: The promise has run out.
            HoldQuotaExceeded: The account holds as much in this stock as it may.
        """
        who = Caller(account_id=account_id, key=hold_id, fingerprint=quote_id, route=_PLACE)
        await self._selling.place_hold(caller=who, quote_id=quote_id, hold_id=hold_id)
        return await self._selling.get_hold(account_id=account_id, hold_id=hold_id)

    async def find(self, hold_id: str) -> Hold | None:
        """Return the hold of a part, its state judged now; None: it was never placed."""
        return await self._paying.find_hold(hold_id=hold_id)

    async def extend(self, *, account_id: int, hold_id: str) -> Hold:
        """Give a part's live hold its time again, as far as it may have it.

        Raises:
            HoldExpired: Too late.
            HoldNotActive: It was released.
            AlreadyConfirmed: It is a booking.
        """
        who = Caller(account_id=account_id, key=None)
        try:
            return (await self._selling.extend_hold(caller=who, hold_id=hold_id)).value
        except ExtensionLimit:
            return await self._selling.get_hold(account_id=account_id, hold_id=hold_id)

    async def confirm(self, *, account_id: int, hold_id: str, paid: Paid) -> Booking:
        """Make a part a booking; where its own hold ran out, its stock is taken again if it is free.

        Raises:
            HoldfastError: It is refused for good.
        """
        booked = await self._paying.booking_of_hold(hold_id=hold_id)
        if booked is not None and booked.state not in _GONE:
            return booked
        if not paid.late:
            try:
                return await self._confirmed(account_id, hold_id, paid)
            except HoldExpired:
                pass  # the trip's clock was read before this part's ran out
        return await self._paying.book_late(hold_id=hold_id, payment=paid.terms)

    async def _confirmed(self, account_id: int, hold_id: str, paid: Paid) -> Booking:
        key = KeyUse(scope=(account_id, _CONFIRM, f"{hold_id}:{paid.tried}"), fingerprint="")
        order = SettleOrder(verb=Verb.CONFIRM, account_id=account_id, hold_id=hold_id, key=key)
        return (await self._selling.confirmed(order, paid.terms, by=paid.by)).value

    async def undo(self, *, account_id: int, hold_id: str) -> None:
        """Leave nothing of a part: release its hold, or cancel what it has become, of which nothing is owed."""
        booked = await self._paying.booking_of_hold(hold_id=hold_id)
        if booked is not None:
            order = SettleOrder(verb=Verb.CANCEL_UNPAID, number=booked.number, by_id=booked.payment_id)
            await self.desk.settle(order)
            return
        held = await self.find(hold_id)
        if held is None or held.state is not HoldState.HELD:
            return
        try:
            await self._selling.release_hold(account_id=account_id, hold_id=hold_id)
        except NotFound:
            return

    @staticmethod
    def canceler(account_id: int, cancellation_id: str) -> Caller:
        """Return under which key a part is canceled with others."""
        return Caller(account_id=account_id, key=cancellation_id, fingerprint=cancellation_id, route=_CANCEL)
