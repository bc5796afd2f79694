"""The class behind booking's door where stock is split: what a method does and refuses is told in `booking.api`.

What is of one stock goes there as it is; what is of several is a trip. Which stock a hold or booking lies in is found
by asking: there are three at most.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any, Final

from typing_extensions import override

from holdfast.booking.api import (
    Block,
    Booking,
    BookingApi,
    CancellationQuote,
    Change,
    Hold,
    IntegrityReport,
    Item,
    NightStock,
    NotAcrossStocks,
    NoteGiven,
    PaymentTerms,
    Quote,
    StayItem,
    paid_by_trip,
)
from holdfast.booking.service.booking import Bookings
from holdfast.booking.service.split.composing import curve_shown, pieces_of
from holdfast.booking.service.split.doors import (
    SplitFees,
    SplitFloor,
    SplitImporting,
    SplitNotes,
    SplitStock,
    SplitWhy,
)
from holdfast.booking.service.split.stocks import HOME, Stocks
from holdfast.booking.service.split.trip_canceling import TripCanceling, is_trips_cancellation
from holdfast.booking.service.split.trip_checking import TripChecking
from holdfast.booking.service.split.trip_quotes import TripQuotes, is_trips
from holdfast.booking.service.split.trips import Trips, is_trip
from holdfast.booking.settings import BookingSettings
from holdfast.booking.store import records
from holdfast.booking.store import trips as store
from holdfast.booking.store.stock import sold_ahead
from holdfast.kit.auth import ITSELF, Principal
from holdfast.kit.db.database import UnsafeDatabase
from holdfast.kit.db.statements import Row
from holdfast.kit.errors import NotFound
from holdfast.kit.keyed import Caller, Keyed
from holdfast.verticals.cancellation import RefundCurve

_NEWEST: Final = 2**62
_EPOCH: Final = date(1970, 1, 1).toordinal()
_SLOTS_OF_A_DAY: Final = {"stay": 1, "table": 96, "flight": 0}
"""By what the names of resources begin with; the cells of a flight are all of one slot."""
_NO_NOTES: Final = "Note it afterwards, at the part of the trip that is the table."
_NO_CHANGES: Final = "Parts of a trip over several stocks are not changed: cancel the part, and book another."


class _AtHome(BookingApi):
    """What only stays have: it lies in the stock of stays."""

    def __init__(self, stocks: Stocks) -> None:
        self._stocks = stocks
        self._home: Bookings = stocks.home

    @override
    def quote_keys(self) -> Mapping[str, Any]:
        return self._home.quote_keys()

    @override
    async def book(self, *, caller: Caller, item: StayItem, payment: PaymentTerms) -> Keyed[Booking]:
        return await self._home.book(caller=caller, item=item, payment=payment)

    @override
    async def stock(self, *, property_ids: Sequence[int], first: date, end: date) -> Mapping[int, list[NightStock]]:
        return await self._home.stock(property_ids=property_ids, first=first, end=end)

    @override
    async def nights_taken(self, *, spans: Sequence[tuple[int, date, date]]) -> Mapping[int, frozenset[date]]:
        return await self._home.nights_taken(spans=spans)

    @override
    async def define_stock(self, *, property_id: int, units: int, unit_names: tuple[str, ...] = ()) -> None:
        await self._home.define_stock(property_id=property_id, units=units, unit_names=unit_names)

    @override
    async def resize(self, *, owner: Principal, property_id: int, units: int) -> None:
        await self._home.resize(owner=owner, property_id=property_id, units=units)

    @override
    async def set_night_stock(
        self, *, owner: Principal, property_id: int, first: date, end: date, capacity: int | None, closed: bool | None
    ) -> None:
        await self._home.set_night_stock(
            owner=owner, property_id=property_id, first=first, end=end, capacity=capacity, closed=closed
        )

    @override
    async def block(
        self, *, caller: Caller, owner: Principal, property_id: int, nights: tuple[date, date], quantity: int, note: str
    ) -> Keyed[Block]:
        return await self._home.block(
            caller=caller, owner=owner, property_id=property_id, nights=nights, quantity=quantity, note=note
        )

    @override
    async def unblock(self, *, owner: Principal, block_id: str) -> None:
        await self._home.unblock(owner=owner, block_id=block_id)

    @override
    async def blocks_of(self, *, owner: Principal, property_id: int) -> list[Block]:
        return await self._home.blocks_of(owner=owner, property_id=property_id)

    @override
    async def import_blocks(self, *, spans: Sequence[tuple[int, date, date]], note: str) -> int:
        return await self._home.import_blocks(spans=spans, note=note)

    @override
    async def last_report(self) -> IntegrityReport | None:
        return await self._home.last_report()


class SplitBookings(_AtHome):
    """Answers `BookingApi` over several stocks."""

    def __init__(self, stocks: Stocks, settings: BookingSettings) -> None:
        super().__init__(stocks)
        self._settings = settings
        self._quotes = TripQuotes(stocks)
        self.trips = Trips(stocks, self._quotes)
        """Not part of the door: what goes on by itself."""
        self.canceling = TripCanceling(stocks, self.trips)
        self._checking = TripChecking(stocks)
        self._notes = SplitNotes(stocks, self.trips)
        self._floor = SplitFloor(stocks, self.trips)
        self._fees = SplitFees(stocks)
        self._counting = SplitStock(stocks)
        self._importing = SplitImporting(stocks)
        self._why = SplitWhy(stocks)

    @property
    @override
    def stock_of(self) -> SplitStock:
        return self._counting

    @property
    @override
    def floor(self) -> SplitFloor:
        return self._floor

    @property
    @override
    def importing(self) -> SplitImporting:
        return self._importing

    @property
    @override
    def notes(self) -> SplitNotes:
        return self._notes

    @property
    @override
    def fees(self) -> SplitFees:
        return self._fees

    @property
    @override
    def why(self) -> SplitWhy:
        return self._why

    async def close(self) -> None:
        """Finish what is under way, then what is in line at home; other stocks close by themselves."""
        await self.trips.close()
        await self._home.close()

    # ------------------------------------------------------------------------------------------------------- the sale

    @override
    async def quote(self, *, account_id: int, items: Sequence[Item]) -> Quote:
        grouped = self._stocks.grouped(items)
        if len(grouped) > 1:
            return await self._quotes.quote(account_id=account_id, items=items, grouped=grouped)
        [name] = grouped or {HOME: []}
        return await self._stocks.all[name].quote(account_id=account_id, items=items)

    @override
    async def get_quote(self, *, account_id: int, quote_id: str) -> Quote:
        if is_trips(quote_id):
            return await self._quotes.get(account_id=account_id, quote_id=quote_id)
        return await self._stocks.first(lambda each: each.get_quote(account_id=account_id, quote_id=quote_id))

    @override
    async def quote_curve(self, *, account_id: int, quote_id: str) -> RefundCurve:
        if is_trips(quote_id):
            return await self._quotes.curve(account_id=account_id, quote_id=quote_id)
        return await self._stocks.first(lambda each: each.quote_curve(account_id=account_id, quote_id=quote_id))

    @override
    async def place_hold(self, *, caller: Caller, quote_id: str) -> Keyed[Hold]:
        if is_trips(quote_id):
            return await self.trips.place(caller=caller, quote_id=quote_id)
        return await self._stocks.first(lambda each: each.place_hold(caller=caller, quote_id=quote_id))

    @override
    async def get_hold(self, *, account_id: int, hold_id: str) -> Hold:
        if is_trip(hold_id):
            return await self.trips.hold(await self.trips.find(hold_id, account_id=account_id))
        return await self._stocks.first(lambda each: each.get_hold(account_id=account_id, hold_id=hold_id))

    @override
    async def extend_hold(self, *, caller: Caller, hold_id: str) -> Keyed[Hold]:
        if is_trip(hold_id):
            return await self.trips.extend(caller=caller, trip_id=hold_id)
        stock = await self._stock_of_hold(hold_id)
        return await stock.extend_hold(caller=caller, hold_id=hold_id)

    @override
    async def release_hold(self, *, account_id: int, hold_id: str) -> None:
        if is_trip(hold_id):
            await self.trips.release(account_id=account_id, trip_id=hold_id)
            return
        stock = await self._stock_of_hold(hold_id)
        await stock.release_hold(account_id=account_id, hold_id=hold_id)

    @override
    async def confirm(
        self,
        *,
        caller: Caller,
        hold_id: str,
        hold_token: str,
        payment: PaymentTerms | None,
        notes: Sequence[NoteGiven] = (),
    ) -> Keyed[Booking]:
        if not is_trip(hold_id):
            stock = await self._stock_of_hold(hold_id)
            return await stock.confirm(
                caller=caller, hold_id=hold_id, hold_token=hold_token, payment=payment, notes=notes
            )
        if not self._home.part.desk.tokens.fits(hold_id, hold_token):
            raise NotFound("There is no such hold, or this is not its token.")
        if notes:
            raise NotAcrossStocks(_NO_NOTES)
        return await self.trips.confirm(caller=caller, trip_id=hold_id, terms=payment)

    async def _stock_of_hold(self, hold_id: str) -> Bookings:
        """Return the stock a hold lies in; that of stays, if there is none, which says so."""

        async def has(stock: Bookings) -> Bookings | None:
            return None if await stock.find_hold(hold_id=hold_id) is None else stock

        return await self._stocks.first_found(has) or self._home

    # ------------------------------------------------------------------------------------------------------- payments

    @override
    async def payable(self, *, account_id: int, hold_id: str, hold_token: str) -> Hold:
        if is_trip(hold_id):
            return await self.trips.payable(account_id=account_id, trip_id=hold_id, token=hold_token)
        stock = await self._stock_of_hold(hold_id)
        return await stock.payable(account_id=account_id, hold_id=hold_id, hold_token=hold_token)

    @override
    async def wait_for_payment(self, *, hold_id: str) -> Hold | None:
        if is_trip(hold_id):
            return await self.trips.wait(hold_id)
        return await (await self._stock_of_hold(hold_id)).wait_for_payment(hold_id=hold_id)

    @override
    async def find_hold(self, *, hold_id: str) -> Hold | None:
        if not is_trip(hold_id):
            return await self._stocks.first_found(lambda each: each.find_hold(hold_id=hold_id))
        try:
            return await self.trips.hold(await self.trips.find(hold_id))
        except NotFound:
            return None

    @override
    async def booking_of_hold(self, *, hold_id: str) -> Booking | None:
        if not is_trip(hold_id):
            return await self._stocks.first_found(lambda each: each.booking_of_hold(hold_id=hold_id))
        row = await self.trips.find(hold_id)
        return None if row.booked_at is None else await self.trips.booking(row)

    @override
    async def confirm_paid(self, *, hold_id: str, payment: PaymentTerms) -> Booking:
        if is_trip(hold_id):
            return await self.trips.confirm_paid(trip_id=hold_id, terms=payment, late=False)
        return await (await self._stock_of_hold(hold_id)).confirm_paid(hold_id=hold_id, payment=payment)

    @override
    async def book_late(self, *, hold_id: str, payment: PaymentTerms) -> Booking:
        if is_trip(hold_id):
            return await self.trips.confirm_paid(trip_id=hold_id, terms=payment, late=True)
        return await (await self._stock_of_hold(hold_id)).book_late(hold_id=hold_id, payment=payment)

    @override
    async def record_payment(self, *, number: int, payment_id: str, status: str) -> Booking:
        row = await self.trips.find_booked(number=number)
        if row is not None:
            return await self.trips.record_payment(row, payment_id=payment_id, status=status)
        return await self._stocks.first(
            lambda each: each.record_payment(number=number, payment_id=payment_id, status=status)
        )

    # ------------------------------------------------------------------------------------------------------- bookings

    @override
    async def decide(self, *, caller: Caller, owner: Principal, number: int, accept: bool) -> Keyed[Booking]:
        stock = await self._stock_of_booking(owner, number)
        return await stock.decide(caller=caller, owner=owner, number=number, accept=accept)

    @override
    async def bookings_of(self, *, account_id: int, before: int | None, limit: int) -> list[Booking]:
        start = _NEWEST if before is None else before
        rows = await self._home.part.desk.db.read(
            lambda tx: store.of_account(tx, account_id, before=start, limit=limit)
        )
        found = [await self.trips.booking(row) for row in rows]
        for stock in self._stocks:
            found += await _without_parts(stock, account_id, before=start, limit=limit)
        return sorted(found, key=lambda each: each.number, reverse=True)[:limit]

    @override
    async def bookings_of_owner(self, *, owner_id: int, before: int | None, limit: int) -> list[Booking]:
        found = await self._stocks.every(
            lambda each: each.bookings_of_owner(owner_id=owner_id, before=before, limit=limit)
        )
        newest = sorted(found, key=lambda each: each.number, reverse=True)[:limit]
        return [await self._as_paid(each) for each in newest]

    @override
    async def get_booking(
        self, *, principal: Principal, reference: str | None = None, number: int | None = None
    ) -> Booking:
        row = await self._own_trip(principal, number=number, reference=reference)
        if row is not None:
            return await self.trips.booking(row)
        found = await self._stocks.first(
            lambda each: each.get_booking(principal=principal, reference=reference, number=number)
        )
        return await self._as_paid(found)

    async def _own_trip(
        self, principal: Principal, *, number: int | None = None, reference: str | None = None
    ) -> Row | None:
        """Return a trip that is booked; None: there is none of that name.

        Raises:
            NotFound: It is somebody else's. Whoever sells a part of it sees that part.
        """
        row = await self.trips.find_booked(number=number, reference=reference)
        if row is not None and not (principal.is_admin or principal.is_guest(row.account_id)):
            raise NotFound("There is no such booking.")
        return row

    async def _as_paid(self, booking: Booking) -> Booking:
        """Return a booking with the payment that pays for it, where that is its trip's."""
        if not paid_by_trip(booking.payment_id):
            return booking
        row = await self.trips.find(str(booking.payment_id))
        return replace(booking, payment_id=row.payment_id, payment_status=row.payment_status or booking.payment_status)

    async def _stock_of_booking(self, principal: Principal, number: int) -> Bookings:
        async def knows(stock: Bookings) -> Bookings:
            await stock.get_booking(principal=principal, number=number)
            return stock

        return await self._stocks.first(knows)

    # -------------------------------------------------------------------------------------------------- after the sale

    @override
    async def quote_cancellation(
        self, *, principal: Principal, number: int, items: tuple[int, ...] = ()
    ) -> CancellationQuote:
        row = await self._own_trip(principal, number=number)
        if row is not None:
            return await self.canceling.quote(row, principal=principal, items=items)
        stock = await self._stock_of_booking(principal, number)
        return await stock.quote_cancellation(principal=principal, number=number, items=items)

    @override
    async def cancel(
        self, *, caller: Caller, principal: Principal, number: int, quote_id: str | None = None
    ) -> Keyed[Booking]:
        row = await self._own_trip(principal, number=number)
        if row is not None:
            return await self.canceling.cancel(row, caller=caller, principal=principal, quote_id=quote_id)
        stock = await self._stock_of_booking(principal, number)
        done = await stock.cancel(caller=caller, principal=principal, number=number, quote_id=quote_id)
        return replace(done, value=await self._as_paid(done.value))

    @override
    async def cancel_unpaid(self, *, number: int, payment_id: str) -> Booking:
        row = await self.trips.find_booked(number=number)
        if row is not None:
            return await self.trips.cancel_unpaid(row, payment_id=payment_id)
        return await self._stocks.first(lambda each: each.cancel_unpaid(number=number, payment_id=payment_id))

    @override
    async def refund_curve(self, *, principal: Principal, number: int) -> RefundCurve:
        row = await self._own_trip(principal, number=number)
        if row is None:
            return await self._stocks.first(lambda each: each.refund_curve(principal=principal, number=number))
        pieces = [(self._stocks.all[each.stock], each.number) for each in pieces_of(row) if each.number is not None]
        return curve_shown([await stock.refund_curve(principal=principal, number=own) for stock, own in pieces])

    @override
    async def place_change(
        self, *, caller: Caller, principal: Principal, number: int, items: Sequence[Item]
    ) -> Keyed[Change]:
        if await self._own_trip(principal, number=number) is not None:
            raise NotAcrossStocks(_NO_CHANGES)
        stock = await self._stock_of_booking(principal, number)
        if paid_by_trip((await stock.get_booking(principal=principal, number=number)).payment_id):
            raise NotAcrossStocks(_NO_CHANGES)
        return await stock.place_change(caller=caller, principal=principal, number=number, items=items)

    @override
    async def get_change(self, *, principal: Principal, number: int, change_id: str) -> Change:
        return await self._stocks.first(
            lambda each: each.get_change(principal=principal, number=number, change_id=change_id)
        )

    @override
    async def confirm_change(
        self, *, caller: Caller, principal: Principal, number: int, change_id: str, payment: PaymentTerms | None
    ) -> Keyed[Booking]:
        stock = await self._stock_of_booking(principal, number)
        return await stock.confirm_change(
            caller=caller, principal=principal, number=number, change_id=change_id, payment=payment
        )

    @override
    async def cancellation(self, *, cancellation_id: str) -> CancellationQuote:
        if is_trips_cancellation(cancellation_id):
            return await self.canceling.find(cancellation_id)
        return await self._stocks.first(lambda each: each.cancellation(cancellation_id=cancellation_id))

    @override
    async def change(self, *, change_id: str) -> Change:
        return await self._stocks.first(lambda each: each.change(change_id=change_id))

    @override
    async def holds_of(self, *, number: int) -> tuple[str, ...]:
        row = await self.trips.find_booked(number=number)
        if row is not None:
            return (row.id,)
        booked = await self._stocks.first(lambda each: each.get_booking(principal=ITSELF, number=number))
        if paid_by_trip(booked.payment_id):
            return (str(booked.payment_id),)
        return await self._stocks.first(lambda each: each.holds_of(number=number))

    # ------------------------------------------------------------------------------------------------------ integrity

    @override
    async def verify(self) -> IntegrityReport:
        reports = [await each.verify() for each in self._stocks]
        first, *others = reports
        whole = IntegrityReport(
            started_at=first.started_at,
            duration_ms=sum(each.duration_ms for each in reports),
            cells=sum(each.cells for each in reports),
            holds=sum(each.holds for each in reports),
            bookings=sum(each.bookings for each in reports),
            ledger_entries=sum(each.ledger_entries for each in reports),
            breaches=(
                *(breach for each in (first, *others) for breach in each.breaches),
                *await self._checking.breaches(),
            ),
        )
        kept = (
            whole.started_at,
            whole.duration_ms,
            whole.cells,
            whole.holds,
            whole.bookings,
            whole.ledger_entries,
            whole.breaches,
        )
        await self._home.part.desk.db.write(lambda tx: records.keep_report(tx, kept))
        return whole

    # --------------------------------------------------------------------------------------------------------- tidying

    async def check_places(self) -> None:
        """Look whether stock lies where it is looked for: what was sold before a split would be sold again.

        Raises:
            UnsafeDatabase: Some that is still to come lies elsewhere.
        """
        days = self._home.part.desk.clock.today("UTC").toordinal() - _EPOCH
        for name, stock in self._stocks.all.items():
            for prefix, slots in _SLOTS_OF_A_DAY.items():
                if self._stocks.of_resource(prefix) == name:
                    continue
                sold = partial(sold_ahead, prefix=f"{prefix}:", first=(days - 1) * slots)
                if found := await stock.part.desk.db.read(sold):
                    raise UnsafeDatabase(f"{found} is sold in the stock {name!r}, where it is not looked for any more")

    async def tend(self) -> None:
        """Go on with what was begun with trips and never finished."""
        older_than_s = self._settings.trip_tend_after_s
        await self.trips.tend(older_than_s=older_than_s)
        await self.canceling.tend(older_than_s=older_than_s)

    async def forget_old(self) -> None:
        """Delete quotes of trips that have outlived their promise."""
        await self._quotes.tidy()


async def _without_parts(stock: Bookings, account_id: int, *, before: int, limit: int) -> list[Booking]:
    """Return the newest bookings of an account that are no parts of trips."""
    found: list[Booking] = []
    while len(found) < limit:
        page = await stock.bookings_of(account_id=account_id, before=before, limit=limit)
        found += [each for each in page if not paid_by_trip(each.payment_id)]
        if len(page) < limit:
            break
        before = page[-1].number
    return found
