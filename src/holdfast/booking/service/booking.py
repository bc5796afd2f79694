"""The class behind booking's door. What a method does and refuses is told in `booking.api`."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

import msgspec
from typing_extensions import override

from holdfast.booking.api import (
    Block,
    Booking,
    BookingApi,
    Breach,
    CancellationQuote,
    Change,
    Hold,
    IntegrityReport,
    Item,
    NightStock,
    NoteGiven,
    PaymentTerms,
    Quote,
    StayItem,
)
from holdfast.booking.service.amending import Amending
from holdfast.booking.service.answers import block_of, booking_of, key_use
from holdfast.booking.service.batch import SettleOrder, Verb
from holdfast.booking.service.counting import Counting
from holdfast.booking.service.desk import Desk
from holdfast.booking.service.fees import Fees
from holdfast.booking.service.floor import Floor
from holdfast.booking.service.importing import Importing
from holdfast.booking.service.noting import Noting
from holdfast.booking.service.owning import Owning
from holdfast.booking.service.parts import Part
from holdfast.booking.service.paying import Paying
from holdfast.booking.service.placing import Before
from holdfast.booking.service.rerouting import Rerouting
from holdfast.booking.service.selling import Selling
from holdfast.booking.service.verifying import Recount
from holdfast.booking.service.why import Why
from holdfast.booking.settings import BookingSettings
from holdfast.booking.store import keys, records, sales
from holdfast.catalog.api import CatalogApi
from holdfast.kit.auth import Principal
from holdfast.kit.clock import Clock
from holdfast.kit.db.database import Database
from holdfast.kit.keyed import Caller, Keyed
from holdfast.kit.limits.limits import Limits
from holdfast.kit.secrets import Keyring
from holdfast.verticals.cancellation import RefundCurve

_NEWEST: Final = 2**62
_RECOUNT_WITHIN_S: Final = 3600.0
_SWEEP_BEHIND: Final = timedelta(minutes=1)
_LOOK_BACK: Final = timedelta(days=1)


class Bookings(BookingApi):
    """Answers `BookingApi`."""

    def __init__(
        self,
        *,
        db: Database,
        clock: Clock,
        keyring: Keyring,
        settings: BookingSettings,
        catalog: CatalogApi,
        limits: Limits | None = None,
    ) -> None:
        desk = Desk(db=db, clock=clock, keyring=keyring, settings=settings, catalog=catalog, limits=limits)
        self._desk = desk
        self._db = db
        self._clock = clock
        self._settings = settings
        self._selling = Selling(desk)
        self._amending = Amending(desk)
        self._paying = Paying(desk, self._selling, self._amending)
        self.part = Part(desk, self._selling, self._paying)
        """Not part of the door: what trips over several stocks ask of this one."""
        self._importing = Importing(db, clock, settings)
        self._owning = Owning(db, clock, catalog, (desk.placing, desk.settling), self._importing)
        self.rerouting = Rerouting(desk, self._amending, catalog)
        """Not part of the door: what booking does by itself when an airline changes a flight."""
        self._counting = Counting(db)
        self._floor = Floor(desk, self._selling, catalog)
        self._notes = Noting(desk)
        self._fees = Fees(db)
        self._why = Why(db, clock, catalog)
        self._looks_back = False

    @property
    @override
    def floor(self) -> Floor:
        return self._floor

    @property
    @override
    def importing(self) -> Importing:
        return self._importing

    @property
    @override
    def notes(self) -> Noting:
        return self._notes

    @property
    @override
    def fees(self) -> Fees:
        return self._fees

    @property
    @override
    def why(self) -> Why:
        return self._why

    async def close(self) -> None:
        """Finish what is in line."""
        await self._desk.close()

    # ------------------------------------------------------------------------------------------------------- the sale

    @override
    async def quote(self, *, account_id: int, items: Sequence[Item]) -> Quote:
        return await self._selling.quote(account_id=account_id, items=items)

    @override
    async def get_quote(self, *, account_id: int, quote_id: str) -> Quote:
        return await self._selling.get_quote(account_id=account_id, quote_id=quote_id)

    @override
    def quote_keys(self) -> Mapping[str, Any]:
        return self._desk.signing.keys()

    @override
    async def quote_curve(self, *, account_id: int, quote_id: str) -> RefundCurve:
        return await self._selling.quote_curve(account_id=account_id, quote_id=quote_id)

    @override
    async def place_hold(self, *, caller: Caller, quote_id: str) -> Keyed[Hold]:
        return await self._selling.place_hold(caller=caller, quote_id=quote_id)

    @override
    async def get_hold(self, *, account_id: int, hold_id: str) -> Hold:
        return await self._selling.get_hold(account_id=account_id, hold_id=hold_id)

    @override
    async def extend_hold(self, *, caller: Caller, hold_id: str) -> Keyed[Hold]:
        return await self._selling.extend_hold(caller=caller, hold_id=hold_id)

    @override
    async def release_hold(self, *, account_id: int, hold_id: str) -> None:
        await self._selling.release_hold(account_id=account_id, hold_id=hold_id)

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
        return await self._selling.confirm(
            caller=caller, hold_id=hold_id, hold_token=hold_token, payment=payment, notes=notes
        )

    @override
    async def book(self, *, caller: Caller, item: StayItem, payment: PaymentTerms) -> Keyed[Booking]:
        return await self._selling.book(caller=caller, item=item, payment=payment)

    # ------------------------------------------------------------------------------------------------------- payments

    @override
    async def payable(self, *, account_id: int, hold_id: str, hold_token: str) -> Hold:
        return await self._paying.payable(account_id=account_id, hold_id=hold_id, hold_token=hold_token)

    @override
    async def wait_for_payment(self, *, hold_id: str) -> Hold | None:
        return await self._paying.wait_for_payment(hold_id=hold_id)

    @override
    async def find_hold(self, *, hold_id: str) -> Hold | None:
        return await self._paying.find_hold(hold_id=hold_id)

    @override
    async def booking_of_hold(self, *, hold_id: str) -> Booking | None:
        return await self._paying.booking_of_hold(hold_id=hold_id)

    @override
    async def confirm_paid(self, *, hold_id: str, payment: PaymentTerms) -> Booking:
        return await self._paying.confirm_paid(hold_id=hold_id, payment=payment)

    @override
    async def book_late(self, *, hold_id: str, payment: PaymentTerms) -> Booking:
        return await self._paying.book_late(hold_id=hold_id, payment=payment)

    @override
    async def record_payment(self, *, number: int, payment_id: str, status: str) -> Booking:
        return await self._paying.record_payment(number=number, payment_id=payment_id, status=status)

    # ------------------------------------------------------------------------------------------------------- bookings

    @override
    async def decide(self, *, caller: Caller, owner: Principal, number: int, accept: bool) -> Keyed[Booking]:
        verb = Verb.ACCEPT if accept else Verb.DECLINE
        order = SettleOrder(verb=verb, number=number, principal=owner, key=key_use(caller))
        return await self._selling.booked(await self._desk.settle(order))

    @override
    async def bookings_of(self, *, account_id: int, before: int | None, limit: int) -> list[Booking]:
        start = _NEWEST if before is None else before
        found = await self._db.read(lambda tx: sales.of_account(tx, account_id, before=start, limit=limit))
        return await self._fees.shown([booking_of(row) for row in found])

    @override
    async def bookings_of_owner(self, *, owner_id: int, before: int | None, limit: int) -> list[Booking]:
        start = _NEWEST if before is None else before
        found = await self._db.read(lambda tx: sales.of_owner(tx, owner_id, before=start, limit=limit))
        return await self._fees.shown([booking_of(row) for row in found])

    @override
    async def get_booking(
        self, *, principal: Principal, reference: str | None = None, number: int | None = None
    ) -> Booking:
        row = await self._desk.visible(principal, reference=reference, number=number)
        return await self._fees.shown_of(booking_of(row))

    # -------------------------------------------------------------------------------------------------- after the sale

    @override
    async def quote_cancellation(
        self, *, principal: Principal, number: int, items: tuple[int, ...] = ()
    ) -> CancellationQuote:
        return await self._amending.quote_cancellation(principal=principal, number=number, items=items)

    @override
    async def cancel(
        self, *, caller: Caller, principal: Principal, number: int, quote_id: str | None = None
    ) -> Keyed[Booking]:
        return await self._amending.cancel(caller=caller, principal=principal, number=number, quote_id=quote_id)

    @override
    async def cancel_unpaid(self, *, number: int, payment_id: str) -> Booking:
        return await self._amending.cancel_unpaid(number=number, payment_id=payment_id)

    @override
    async def refund_curve(self, *, principal: Principal, number: int) -> RefundCurve:
        return await self._amending.refund_curve(principal=principal, number=number)

    @override
    async def place_change(
        self, *, caller: Caller, principal: Principal, number: int, items: Sequence[Item]
    ) -> Keyed[Change]:
        return await self._amending.place_change(caller=caller, principal=principal, number=number, items=items)

    @override
    async def get_change(self, *, principal: Principal, number: int, change_id: str) -> Change:
        return await self._amending.get_change(principal=principal, number=number, change_id=change_id)

    @override
    async def confirm_change(
        self, *, caller: Caller, principal: Principal, number: int, change_id: str, payment: PaymentTerms | None
    ) -> Keyed[Booking]:
        return await self._amending.confirm_change(
            caller=caller, principal=principal, number=number, change_id=change_id, payment=payment
        )

    @override
    async def cancellation(self, *, cancellation_id: str) -> CancellationQuote:
        return await self._amending.cancellation(cancellation_id=cancellation_id)

    @override
    async def change(self, *, change_id: str) -> Change:
        return await self._amending.change(change_id=change_id)

    @override
    async def holds_of(self, *, number: int) -> tuple[str, ...]:
        return await self._amending.holds_of(number=number)

    # ---------------------------------------------------------------------------------------------------------- stock

    @property
    @override
    def stock_of(self) -> Counting:
        return self._counting

    @override
    async def stock(self, *, property_ids: Sequence[int], first: date, end: date) -> Mapping[int, list[NightStock]]:
        return await self._owning.stock(property_ids=property_ids, first=first, end=end)

    @override
    async def nights_taken(self, *, spans: Sequence[tuple[int, date, date]]) -> Mapping[int, frozenset[date]]:
        return await self._owning.nights_taken(spans=spans)

    @override
    async def define_stock(self, *, property_id: int, units: int, unit_names: tuple[str, ...] = ()) -> None:
        await self._owning.define(property_id=property_id, units=units, unit_names=unit_names)

    async def define_many(self, entries: Sequence[tuple[int, int, tuple[str, ...]]]) -> None:
        """Make the stock of properties (id, units, unit names) that have none."""
        await self._owning.define_many(entries)

    @override
    async def resize(self, *, owner: Principal, property_id: int, units: int) -> None:
        await self._owning.resize(owner=owner, property_id=property_id, units=units)

    @override
    async def set_night_stock(
        self, *, owner: Principal, property_id: int, first: date, end: date, capacity: int | None, closed: bool | None
    ) -> None:
        await self._owning.set_nights(
            owner=owner, property_id=property_id, first=first, end=end, capacity=capacity, closed=closed
        )

    @override
    async def block(
        self, *, caller: Caller, owner: Principal, property_id: int, nights: tuple[date, date], quantity: int, note: str
    ) -> Keyed[Block]:
        key = key_use(caller)
        with self._desk.alone(key):
            block_id, placed = await self._owning.block(
                key=key, owner=owner, property_id=property_id, nights=nights, quantity=quantity, note=note
            )
        if isinstance(placed, Before):
            return Keyed(value=block_of(await self._desk.row_of(placed.answer)), replayed=True)
        return Keyed(
            value=Block(
                id=block_id,
                property_id=property_id,
                first=nights[0],
                end=nights[1],
                quantity=quantity,
                note=note,
                created_at=placed.at,
            )
        )

    @override
    async def unblock(self, *, owner: Principal, block_id: str) -> None:
        await self._owning.unblock(owner=owner, block_id=block_id)

    @override
    async def blocks_of(self, *, owner: Principal, property_id: int) -> list[Block]:
        return await self._owning.blocks(owner=owner, property_id=property_id)

    @override
    async def import_blocks(self, *, spans: Sequence[tuple[int, date, date]], note: str) -> int:
        return await self._owning.import_blocks(spans=spans, note=note)

    # ------------------------------------------------------------------------------------------------------ integrity

    @override
    async def verify(self) -> IntegrityReport:
        recount = Recount()
        began = self._clock.monotonic()
        started_at = self._clock.now()
        await self._db.snapshot(recount.run, deadline_s=_RECOUNT_WITHIN_S)
        duration_ms = int((self._clock.monotonic() - began) * 1000)
        report = recount.report(started_at=started_at, duration_ms=duration_ms)
        kept = (
            started_at,
            duration_ms,
            report.cells,
            report.holds,
            report.bookings,
            report.ledger_entries,
            report.breaches,
        )
        await self._db.write(lambda tx: records.keep_report(tx, kept))
        return report

    @override
    async def last_report(self) -> IntegrityReport | None:
        row = await self._db.read(records.last_report)
        if row is None:
            return None
        return IntegrityReport(
            started_at=row.started_at,
            duration_ms=row.duration_ms,
            cells=row.cells,
            holds=row.holds,
            bookings=row.bookings,
            ledger_entries=row.ledger_entries,
            breaches=msgspec.convert(row.breaches, tuple[Breach, ...]),
        )

    # --------------------------------------------------------------------------------------------------------- tidying

    async def expire_holds(self) -> None:
        """End holds that have run out. This only tidies: everybody judges them by their time, tidied or not."""
        now = await self._db.read(lambda tx: tx.now())
        since = self._desk.placing.swept_until
        if self._looks_back:
            since = min(since, now - _LOOK_BACK)
        await self._desk.settling.sweep(since=since)
        self._looks_back = False
        # Nothing that ran out by then stands any more, and nothing new runs out before it. This goes back where the
        # database's clock does: a standby that takes over may be behind.
        self._desk.placing.swept_until = now - _SWEEP_BEHIND

    async def forget_old(self) -> None:
        """Delete kept answers and quotes that have outlived their promise."""
        days = self._settings.key_days
        await self._db.write(lambda tx: keys.forget(tx, older_than_s=days * 86_400))
        await self._desk.quoting.tidy()
        await self._amending.tidy()
        # A commit that waited for a standby for long shows holds that had run out before anybody could see them.
        self._looks_back = True
