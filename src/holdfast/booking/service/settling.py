"""The lane that ends what stands: confirm, extend, release, expire holds; cancel bookings; lift blocks.

Every order names a hold (or a booking, and through it its hold). A batch locks them in one order, decides each by the
state machine at one instant of the database's clock, and writes everything in one transaction.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Any, Final

from holdfast.booking.api import (
    AlreadyCancelled,
    AlreadyConfirmed,
    Booking,
    BookingState,
    CancellationTooLate,
    ExtensionLimit,
    Hold,
    HoldExpired,
    HoldNotActive,
    HoldState,
    QuotedStay,
)
from holdfast.booking.events import BookingCancelled
from holdfast.booking.models import ClaimReason, HoldKind, outbox
from holdfast.booking.rules import judged, may_move
from holdfast.booking.service.answers import (
    KeyUse,
    Tokens,
    booking_of,
    first_kept,
    hold_of,
    may_see,
    price_of,
    refusal_kept,
    spans_of,
    stays_of,
)
from holdfast.booking.service.placing import Before, BookingDraft, Sold, book, tell_moved
from holdfast.booking.settings import BookingSettings
from holdfast.booking.store import keys, sales, stock
from holdfast.booking.store.changes import Changes
from holdfast.kit.auth import Principal
from holdfast.kit.clock import Clock
from holdfast.kit.db.database import Database, Tx
from holdfast.kit.db.errors import IntegrityViolation
from holdfast.kit.db.statements import Row
from holdfast.kit.errors import HoldfastError, NotFound
from holdfast.kit.lanes import Lane
from holdfast.verticals.cancellation import Booked, may_cancel, refund

_SWEEP_BATCH: Final = 500


class Verb(StrEnum):
    """What is to be done."""

    CONFIRM = "confirm"
    EXTEND = "extend"
    RELEASE = "release"
    EXPIRE = "expire"
    CANCEL = "cancel"
    UNBLOCK = "unblock"


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleOrder:
    """One order to end or prolong what stands."""

    verb: Verb
    account_id: int | None = None
    """Whose hold it must be; None: anybody's (the sweeper, an owner whose right was checked)."""
    hold_id: str = ""
    number: int = 0
    """The booking to cancel."""
    principal: Principal | None = None
    """Who cancels."""
    draft: BookingDraft | None = None
    """What the booking will say, to confirm."""
    key: KeyUse | None = None


Settled = Hold | Booking | None
Outcome = Settled | Before


@dataclass(slots=True)
class _Standing:
    """A hold as the orders before this one in the batch left it."""

    row: Row
    state: HoldState
    expires_at: datetime | None


@dataclass(slots=True)
class _Batch:
    """What a batch works on."""

    holds: dict[str, _Standing]
    bookings: dict[int, Row]
    references: dict[str, str]
    now: datetime
    changes: Changes = field(default_factory=Changes)


class Settling:
    """Settles holds and bookings, in batches."""

    def __init__(self, db: Database, clock: Clock, settings: BookingSettings, tokens: Tokens) -> None:
        self._db = db
        self._clock = clock
        self._settings = settings
        self._tokens = tokens
        self._lane: Lane[SettleOrder, Outcome] = Lane("booking.settle", self._run)

    async def settle(self, order: SettleOrder) -> Outcome:
        """Carry out one order.

        Raises:
            NotFound: No such hold or booking, or somebody else's.
            HoldExpired: The hold ran out.
            HoldNotActive: The hold was released.
            AlreadyConfirmed: The hold is a booking.
            ExtensionLimit: The hold lives until its last moment already.
            AlreadyCancelled: The booking was cancelled.
            CancellationTooLate: The stay has begun.
            KeyReused: The key belongs to another request.
            Overloaded: Too many orders wait.
        """
        return await self._lane.submit(order)

    async def close(self) -> None:
        """Finish what is in line."""
        await self._lane.close()

    async def sweep(self, *, since: datetime) -> None:
        """End the holds that ran out after an instant. This only tidies: everybody judges them by their time."""
        while ids := await self._db.read(partial(sales.expired_ids, since=since, limit=_SWEEP_BATCH)):
            await asyncio.gather(*[self.settle(SettleOrder(verb=Verb.EXPIRE, hold_id=each)) for each in ids])

    async def _run(self, orders: Sequence[SettleOrder]) -> Sequence[Outcome | Exception]:
        try:
            answers = await self._db.write(lambda tx: self._decide(tx, orders, look_up_keys=False))
        except IntegrityViolation:
            return await self._again(orders)
        outbox.nudge()
        return answers

    async def _again(self, orders: Sequence[SettleOrder]) -> Sequence[Outcome | Exception]:
        """Settle a batch that was refused: a key was used before. That is rare, so only now is it looked for.

        Raises:
            IntegrityViolation: It was not that, and the batch is of one.
        """
        try:
            answers = await self._db.write(lambda tx: self._decide(tx, orders, look_up_keys=True))
        except IntegrityViolation:
            if len(orders) == 1:
                raise
            return await self._one_by_one(orders)
        outbox.nudge()
        return answers

    async def _one_by_one(self, orders: Sequence[SettleOrder]) -> Sequence[Outcome | Exception]:
        """Settle orders of which one cannot be written: the others must not fail for its sake."""
        answers: list[Outcome | Exception] = []
        for order in orders:
            try:
                answers += await self._run([order])
            except Exception as error:  # noqa: BLE001 - told to whom it belongs; those before it are committed
                answers.append(error)
        return answers

    async def _decide(self, tx: Tx, orders: Sequence[SettleOrder], *, look_up_keys: bool) -> list[Outcome | Exception]:
        scopes = [order.key.scope for order in orders if order.key]
        known = await keys.find(tx, scopes) if look_up_keys else {}
        batch = await _locked(tx, orders)
        answers: list[Outcome | Exception] = [self._answer(batch, order, known) for order in orders]
        freed = [cell for cell, units in batch.changes.cells.items() if units < 0]
        if freed:
            await stock.lock_cells(tx, freed)
        limits = self._settings
        calls = batch.changes.calls(
            self._db.dialect, ttl_s=limits.hold_ttl_s, most_s=limits.hold_most_s, holds_most=limits.holds_most
        )
        if calls:
            await tx.together(*calls)
        await keys.count_replays(tx, list(known))
        return answers

    def _answer(self, batch: _Batch, order: SettleOrder, known: Mapping[keys.Scope, Row]) -> Outcome | Exception:
        kept = known.get(order.key.scope) if order.key else None
        try:
            if kept is not None and order.key is not None:
                order.key.refuse_other(kept)
                return Before(kept.answer)
            settled, answer = self._settled(batch, order)
        except NotFound as refusal:
            return refusal
        except HoldfastError as refusal:
            if order.key and kept is None:
                batch.changes.new_keys.append(order.key.row(refusal_kept(refusal)))
            return refusal
        if order.key:
            batch.changes.new_keys.append(order.key.row(answer))
        return settled

    def _settled(self, batch: _Batch, order: SettleOrder) -> tuple[Settled, dict[str, Any]]:
        if order.verb is Verb.CANCEL:
            return _cancel(batch, order)
        standing = _found(batch, order)
        match order.verb:
            case Verb.CONFIRM:
                return self._confirm(batch, order, standing)
            case Verb.EXTEND:
                return self._extend(batch, standing)
            case Verb.RELEASE:
                return _release(batch, standing)
            case Verb.UNBLOCK:
                return _unblock(batch, standing)
            case _:
                _tidy(batch, standing)
                return None, {}

    def _confirm(self, batch: _Batch, order: SettleOrder, standing: _Standing) -> tuple[Booking, dict[str, Any]]:
        _must_be_held(batch, standing)
        draft, row = order.draft, standing.row
        assert draft is not None, "a confirmation says what the booking will be"  # noqa: S101 - programmer's error
        items: tuple[QuotedStay, ...] = stays_of(row.items)
        price = price_of(row.price)
        batch.changes.move(row.id, HoldState.HELD, HoldState.CONFIRMED)
        batch.changes.quotas[row.account_id] -= 1
        standing.state = HoldState.CONFIRMED
        batch.references[row.id] = draft.reference
        sold = Sold(hold_id=row.id, account_id=row.account_id, items=items, price=price, digest=row.digest)
        book(batch.changes, draft, sold)
        booking = Booking(
            reference=draft.reference,
            number=draft.number,
            hold_id=row.id,
            account_id=row.account_id,
            state=BookingState.CONFIRMED,
            items=items,
            price=price,
            payment_method=draft.payment.method,
            payment_status=draft.payment.status,
            created_at=batch.now,
            cancelled_at=None,
            refund_minor=None,
            payment_id=draft.payment.payment_id,
            confirmed_by=draft.by,
        )
        return booking, first_kept(booking)

    def _extend(self, batch: _Batch, standing: _Standing) -> tuple[Hold, dict[str, Any]]:
        _must_be_held(batch, standing)
        row = standing.row
        assert standing.expires_at is not None, "what is held is on a clock"  # noqa: S101 - programmer's error
        if standing.expires_at >= row.extendable_until:
            raise ExtensionLimit(extra={"expires_at": standing.expires_at.isoformat()})
        # Never shorter than it was: two extensions may be decided at one instant, and a clock may be set back.
        until = max(
            standing.expires_at, min(batch.now + timedelta(seconds=self._settings.hold_ttl_s), row.extendable_until)
        )
        batch.changes.move(row.id, HoldState.HELD, HoldState.HELD, until)
        standing.expires_at = until
        hold = hold_of(row._replace(expires_at=until), self._tokens, batch.now)
        return hold, {"hold": row.id, "expires_at": until.isoformat()}


async def _locked(tx: Tx, orders: Sequence[SettleOrder]) -> _Batch:
    numbers = [order.number for order in orders if order.verb is Verb.CANCEL]
    bookings = await sales.lock_bookings(tx, numbers) if numbers else {}
    wanted = {order.hold_id for order in orders if order.hold_id} | {row.hold_id for row in bookings.values()}
    holds = await sales.lock_holds(tx, wanted) if wanted else {}
    confirmed = [row.id for row in holds.values() if row.state is HoldState.CONFIRMED]
    told = [order.hold_id for order in orders if order.verb in {Verb.CONFIRM, Verb.EXTEND, Verb.RELEASE}]
    already = set(confirmed) & set(told)
    references = await sales.references_of(tx, already) if already else {}
    rows = [*holds.values(), *bookings.values()]
    now = rows[0].now if rows else await tx.now()
    standing = {each: _Standing(row, row.state, row.expires_at) for each, row in holds.items()}
    return _Batch(standing, bookings, references, now)


def _found(batch: _Batch, order: SettleOrder) -> _Standing:
    """Return the hold an order is about, if it is the caller's and of the right kind.

    Raises:
        NotFound: It is not, or there is none.
    """
    standing = batch.holds.get(order.hold_id)
    if standing is None or (order.account_id is not None and standing.row.account_id != order.account_id):
        raise NotFound("There is no such hold.")
    if (standing.row.kind is HoldKind.OWNER) != (order.verb is Verb.UNBLOCK):
        raise NotFound("There is no such hold.")
    return standing


def _unblock(batch: _Batch, standing: _Standing) -> tuple[None, dict[str, Any]]:
    if standing.state is HoldState.CONFIRMED:
        _end(batch, standing, HoldState.RELEASED, ClaimReason.RELEASED)
    return None, {}


def _must_be_held(batch: _Batch, standing: _Standing) -> None:
    state = judged(standing.state, standing.expires_at, batch.now)
    if state is HoldState.CONFIRMED:
        raise AlreadyConfirmed(extra={"reference": batch.references.get(standing.row.id)})
    if state is HoldState.EXPIRED:
        raise HoldExpired
    if state is not HoldState.HELD:
        raise HoldNotActive


def _end(batch: _Batch, standing: _Standing, new: HoldState, reason: ClaimReason) -> None:
    assert may_move(standing.state, new), f"{standing.state} -> {new}"  # noqa: S101 - programmer's error
    row, spans = standing.row, spans_of(standing.row.spans)
    batch.changes.move(row.id, standing.state, new)
    batch.changes.free(row.id, spans, reason)
    if standing.state is HoldState.HELD:
        batch.changes.quotas[row.account_id] -= 1
    tell_moved(batch.changes, spans)
    standing.state = new


def _tidy(batch: _Batch, standing: _Standing) -> None:
    if standing.state is HoldState.HELD and judged(standing.state, standing.expires_at, batch.now) is HoldState.EXPIRED:
        _end(batch, standing, HoldState.EXPIRED, ClaimReason.EXPIRED)


def _release(batch: _Batch, standing: _Standing) -> tuple[None, dict[str, Any]]:
    if standing.state is HoldState.CONFIRMED:
        raise AlreadyConfirmed(extra={"reference": batch.references.get(standing.row.id)})
    _tidy(batch, standing)
    if standing.state is HoldState.HELD:
        _end(batch, standing, HoldState.RELEASED, ClaimReason.RELEASED)
    return None, {}


def _cancel(batch: _Batch, order: SettleOrder) -> tuple[Booking, dict[str, Any]]:
    row, principal = batch.bookings.get(order.number), order.principal
    if row is None or principal is None or not may_see(principal, row):
        raise NotFound
    if row.state is BookingState.CANCELLED:
        raise AlreadyCancelled
    owed = refund_of(row, principal, batch.now)
    standing = batch.holds[row.hold_id]
    _end(batch, standing, HoldState.RELEASED, ClaimReason.CANCELLED)
    batch.changes.cancelled.append((row.number, owed))
    batch.changes.tell(
        BookingCancelled(
            number=row.number,
            reference=row.reference,
            account_id=row.account_id,
            refund_minor=owed,
            currency=row.currency,
        )
    )
    done = row._replace(state=BookingState.CANCELLED, cancelled_at=batch.now, refund_minor=owed)
    batch.bookings[order.number] = done
    return booking_of(done), {"number": row.number}


def refund_of(row: Row, principal: Principal, now: datetime) -> int:
    """Return what a guest gets back when this principal cancels at this instant; all of it when it is not the guest.

    Raises:
        CancellationTooLate: A stay of the booking has begun.
    """
    lines = price_of(row.price).lines
    stays = [
        Booked(
            policy=item.policy,
            check_in=item.check_in,
            check_out=item.check_out,
            check_in_from=item.check_in_from,
            zone=item.zone,
            booked_at=row.created_at,
            lines=tuple(line for line in lines if line.item == place),
        )
        for place, item in enumerate(stays_of(row.items))
    ]
    if not may_cancel(stays, now=now):
        raise CancellationTooLate
    if principal.account_id != row.account_id:
        return int(row.total_minor)
    return refund(stays, now=now).total_minor
