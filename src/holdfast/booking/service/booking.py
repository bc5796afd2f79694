"""The class behind booking's door. What a method does and refuses is told in `booking.api`."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, Final, TypeVar

import msgspec
from typing_extensions import override

from holdfast.booking.api import (
    AlreadyCancelled,
    Block,
    Booking,
    BookingApi,
    BookingState,
    Breach,
    Hold,
    HoldState,
    IntegrityReport,
    NightStock,
    Quote,
    StayItem,
)
from holdfast.booking.models import HoldKind
from holdfast.booking.service.answers import (
    KeyUse,
    Tokens,
    block_of,
    booking_of,
    first_booking,
    first_hold,
    hold_of,
    key_use,
    refusal_again,
)
from holdfast.booking.service.owning import Owning
from holdfast.booking.service.placing import Before, BookingDraft, Placed, PlaceOrder, Placing
from holdfast.booking.service.quoting import Quoting, claim_of, quoted_stay
from holdfast.booking.service.settling import Outcome, SettleOrder, Settling, Verb, may_see, refund_of
from holdfast.booking.service.verifying import Recount
from holdfast.booking.settings import BookingSettings
from holdfast.booking.store import keys, records, sales
from holdfast.catalog.api import CatalogApi
from holdfast.engine.price import digest
from holdfast.kit.auth import Principal
from holdfast.kit.clock import Clock
from holdfast.kit.db.database import Database
from holdfast.kit.db.errors import UniqueViolation
from holdfast.kit.db.statements import Row
from holdfast.kit.errors import NotFound, Overloaded
from holdfast.kit.ids import Numbers, new_code, new_id
from holdfast.kit.keyed import Caller, Keyed, KeyInProgress
from holdfast.kit.secrets import Keyring
from holdfast.verticals import stays

T = TypeVar("T")

_NEWEST: Final = 2**62
_DRAFT_TRIES: Final = 3
_RECOUNT_WITHIN_S: Final = 3600.0
_SWEEP_BEHIND: Final = timedelta(minutes=1)
_LOOK_BACK: Final = timedelta(days=1)


class Bookings(BookingApi):
    """Answers `BookingApi`."""

    def __init__(
        self, *, db: Database, clock: Clock, keyring: Keyring, settings: BookingSettings, catalog: CatalogApi
    ) -> None:
        self._db = db
        self._clock = clock
        self._settings = settings
        self._tokens = Tokens(keyring)
        self._placing = Placing(db, clock, settings)
        self._settling = Settling(db, clock, settings, self._tokens)
        self._quoting = Quoting(db, clock, settings, catalog)
        self._owning = Owning(db, clock, settings, catalog, (self._placing, self._settling))
        self._numbers: Numbers | None = None
        self._in_flight: set[keys.Scope] = set()
        self._looks_back = False

    async def close(self) -> None:
        """Finish what is in line."""
        await self._placing.close()
        await self._settling.close()

    # --------------------------------------------------------------------------------------------------------- quotes

    @override
    async def quote(self, *, account_id: int, items: Sequence[StayItem]) -> Quote:
        return await self._quoting.quote(account_id=account_id, items=items)

    @override
    async def get_quote(self, *, account_id: int, quote_id: str) -> Quote:
        return (await self._quoting.find(account_id=account_id, quote_id=quote_id)).quote

    # ---------------------------------------------------------------------------------------------------------- holds

    @override
    async def place_hold(self, *, caller: Caller, quote_id: str) -> Keyed[Hold]:
        full = await self._quoting.find(account_id=caller.account_id, quote_id=quote_id)
        quote = full.quote
        order = PlaceOrder(
            hold_id=new_id("hold", self._clock),
            kind=HoldKind.GUEST,
            account_id=caller.account_id,
            claim=full.claim,
            items=quote.items,
            price=quote.price,
            digest=full.digest,
            quote_id=quote.id,
            quote_expires_at=quote.expires_at,
            key=key_use(caller),
        )
        with self._alone(order.key):
            placed = await self._placing.place(order)
        if isinstance(placed, Before):
            row = await self._row_of(placed.answer)
            return Keyed(value=first_hold(row, self._tokens, placed.answer["ttl_s"]), replayed=True)
        limits = self._settings
        return Keyed(
            value=Hold(
                id=order.hold_id,
                token=self._tokens.of(order.hold_id),
                quote_id=quote.id,
                state=HoldState.HELD,
                items=placed.items,
                price=quote.price,
                created_at=placed.at,
                expires_at=placed.at + timedelta(seconds=limits.hold_ttl_s),
                extendable_until=placed.at + timedelta(seconds=limits.hold_most_s),
            )
        )

    @override
    async def get_hold(self, *, account_id: int, hold_id: str) -> Hold:
        row = await self._db.read(lambda tx: sales.find_hold(tx, hold_id))
        if row is None or row.account_id != account_id or row.kind is not HoldKind.GUEST:
            raise NotFound("There is no such hold.")
        return hold_of(row, self._tokens, row.now)

    @override
    async def extend_hold(self, *, caller: Caller, hold_id: str) -> Keyed[Hold]:
        order = SettleOrder(verb=Verb.EXTEND, account_id=caller.account_id, hold_id=hold_id, key=key_use(caller))
        settled = await self._settle(order)
        if isinstance(settled, Before):
            row = await self._row_of(settled.answer)
            until = datetime.fromisoformat(settled.answer["expires_at"])
            again = row._replace(state=HoldState.HELD, expires_at=until)
            return Keyed(value=hold_of(again, self._tokens, row.created_at), replayed=True)
        return Keyed(value=_was(Hold, settled))

    @override
    async def release_hold(self, *, account_id: int, hold_id: str) -> None:
        await self._settling.settle(SettleOrder(verb=Verb.RELEASE, account_id=account_id, hold_id=hold_id))

    # ------------------------------------------------------------------------------------------------------- bookings

    @override
    async def confirm(
        self, *, caller: Caller, hold_id: str, hold_token: str, payment_method: str, payment_status: str
    ) -> Keyed[Booking]:
        if not self._tokens.fits(hold_id, hold_token):
            raise NotFound("There is no such hold, or this is not its token.")
        for _ in range(_DRAFT_TRIES):
            draft = await self._draft(None, payment_method, payment_status)
            order = SettleOrder(
                verb=Verb.CONFIRM, account_id=caller.account_id, hold_id=hold_id, draft=draft, key=key_use(caller)
            )
            try:
                settled = await self._settle(order)
            except UniqueViolation:
                continue  # somebody else's booking has this number or reference: take the next
            return await self._booked(settled)
        raise Overloaded(retry_after_s=1)

    @override
    async def book(self, *, caller: Caller, item: StayItem, payment_method: str, payment_status: str) -> Keyed[Booking]:
        offers = await self._quoting.offers([item])
        self._quoting.judge([item], offers)
        offer = offers[item.property_id]
        price = stays.flat_price(offer.terms, (item.check_out - item.check_in).days)
        order = PlaceOrder(
            hold_id=new_id("hold", self._clock),
            kind=HoldKind.DIRECT,
            account_id=caller.account_id,
            claim=claim_of([item], offers),
            items=(quoted_stay(item, offer, price),),
            price=price,
            digest=digest(price),
            key=key_use(caller),
        )
        for _ in range(_DRAFT_TRIES):
            draft = await self._draft(offer.owner_id, payment_method, payment_status)
            order = replace(order, booking=draft)
            try:
                with self._alone(order.key):
                    placed = await self._placing.place(order)
            except UniqueViolation:
                continue  # as in `confirm`
            if isinstance(placed, Before):
                return await self._booked(placed)
            return Keyed(value=_direct(order, placed))
        raise Overloaded(retry_after_s=1)

    @override
    async def bookings_of(self, *, account_id: int, before: int | None, limit: int) -> list[Booking]:
        start = _NEWEST if before is None else before
        found = await self._db.read(lambda tx: sales.of_account(tx, account_id, before=start, limit=limit))
        return [booking_of(row) for row in found]

    @override
    async def bookings_of_owner(self, *, owner_id: int, before: int | None, limit: int) -> list[Booking]:
        start = _NEWEST if before is None else before
        found = await self._db.read(lambda tx: sales.of_owner(tx, owner_id, before=start, limit=limit))
        return [booking_of(row) for row in found]

    @override
    async def get_booking(
        self, *, principal: Principal, reference: str | None = None, number: int | None = None
    ) -> Booking:
        return booking_of(await self._visible(principal, reference=reference, number=number))

    @override
    async def cancel(self, *, caller: Caller, principal: Principal, number: int) -> Keyed[Booking]:
        order = SettleOrder(verb=Verb.CANCEL, number=number, principal=principal, key=key_use(caller))
        settled = await self._settle(order)
        if isinstance(settled, Before):
            _refuse_again(settled.answer)
            # Nothing changes any more about a booking that was cancelled.
            return Keyed(value=booking_of(await self._found(number=settled.answer["number"])), replayed=True)
        return Keyed(value=_was(Booking, settled))

    @override
    async def refund_now(self, *, principal: Principal, number: int) -> tuple[int, datetime]:
        row = await self._visible(principal, number=number)
        if row.cancelled_at is not None:
            raise AlreadyCancelled
        return refund_of(row, principal, row.now), row.now

    # ---------------------------------------------------------------------------------------------------------- stock

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
        with self._alone(key):
            block_id, placed = await self._owning.block(
                key=key, owner=owner, property_id=property_id, nights=nights, quantity=quantity, note=note
            )
        if isinstance(placed, Before):
            return Keyed(value=block_of(await self._row_of(placed.answer)), replayed=True)
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
        since = self._placing.swept_until
        if self._looks_back:
            since = min(since, now - _LOOK_BACK)
        await self._settling.sweep(since=since)
        self._looks_back = False
        # Nothing that ran out by then stands any more, and nothing new runs out before it. This goes back where the
        # database's clock does: a standby that takes over may be behind.
        self._placing.swept_until = now - _SWEEP_BEHIND

    async def forget_old(self) -> None:
        """Delete kept answers and quotes that have outlived their promise."""
        days = self._settings.key_days
        await self._db.write(lambda tx: keys.forget(tx, older_than_s=days * 86_400))
        await self._quoting.tidy()
        # A commit that waited for a standby for long shows holds that had run out before anybody could see them.
        self._looks_back = True

    # --------------------------------------------------------------------------------------------------------- helpers

    @contextmanager
    def _alone(self, key: KeyUse | None) -> Iterator[None]:
        """Let only one request with a key in at a time.

        Raises:
            KeyInProgress: One is in.
        """
        if key is None:
            yield
            return
        if key.scope in self._in_flight:
            raise KeyInProgress(retry_after_s=1)
        self._in_flight.add(key.scope)
        try:
            yield
        finally:
            self._in_flight.discard(key.scope)

    async def _settle(self, order: SettleOrder) -> Outcome:
        with self._alone(order.key):
            return await self._settling.settle(order)

    async def _draft(self, owner_id: int | None, payment_method: str, payment_status: str) -> BookingDraft:
        if self._numbers is None:
            self._numbers = Numbers(self._clock, await self._db.write(records.start_process))
        return BookingDraft(
            number=self._numbers.new(),
            reference=new_code(),
            owner_id=owner_id,
            payment_method=payment_method,
            payment_status=payment_status,
        )

    async def _booked(self, settled: Outcome | Placed | Before) -> Keyed[Booking]:
        if isinstance(settled, Before):
            _refuse_again(settled.answer)
            return Keyed(value=first_booking(await self._found(number=settled.answer["number"])), replayed=True)
        return Keyed(value=_was(Booking, settled))

    async def _row_of(self, answer: Mapping[str, Any]) -> Row:
        """Return the hold an earlier answer tells of.

        Raises:
            HoldfastError: The earlier answer was a refusal; it is given again.
            NotFound: The hold is gone.
        """
        _refuse_again(answer)
        row = await self._db.read(lambda tx: sales.find_hold(tx, answer["hold"]))
        if row is None:
            raise NotFound
        return row

    async def _found(self, *, number: int | None = None, reference: str | None = None) -> Row:
        row = await self._db.read(lambda tx: sales.find_booking(tx, number=number, reference=reference))
        if row is None:
            raise NotFound("There is no such booking.")
        return row

    async def _visible(self, principal: Principal, *, number: int | None = None, reference: str | None = None) -> Row:
        row = await self._found(number=number, reference=reference)
        if not may_see(principal, row):
            raise NotFound("There is no such booking.")
        return row


def _refuse_again(answer: Mapping[str, Any]) -> None:
    """Give an earlier refusal again.

    Raises:
        HoldfastError: The earlier answer was one.
    """
    if (refusal := refusal_again(answer)) is not None:
        raise refusal


def _was(kind: type[T], settled: object) -> T:
    if not isinstance(settled, kind):
        raise TypeError(f"{kind.__name__} expected, not {type(settled).__name__}")
    return settled


def _direct(order: PlaceOrder, placed: Placed) -> Booking:
    draft, price = order.booking, order.price
    assert draft is not None, "a direct order says what the booking will be"  # noqa: S101 - programmer's error
    assert price is not None, "a direct order has a price"  # noqa: S101 - programmer's error
    return Booking(
        reference=draft.reference,
        number=draft.number,
        hold_id=order.hold_id,
        account_id=order.account_id,
        state=BookingState.CONFIRMED,
        items=placed.items,
        price=price,
        payment_method=draft.payment_method,
        payment_status=draft.payment_status,
        created_at=placed.at,
        cancelled_at=None,
        refund_minor=None,
    )
