"""The lane that ends what stands: confirm, extend, release, expire holds; decide and cancel bookings; lift blocks.

Every order names a hold (or a booking, and through it its hold). A batch locks them in one order, decides each by the
state machine at one instant of the database's clock, and writes everything in one transaction.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from holdfast.booking.api import (
    AlreadyConfirmed,
    Booking,
    BookingState,
    ExtensionLimit,
    Hold,
    HoldState,
    QuotedItem,
)
from holdfast.booking.models import ClaimReason, HoldKind, outbox
from holdfast.booking.rules import judged
from holdfast.booking.service.answers import (
    Tokens,
    first_kept,
    hold_of,
    items_of,
    price_of,
    refusal_kept,
)
from holdfast.booking.service.batch import (
    OF_BOOKINGS,
    REVISING,
    AfterSale,
    Batch,
    Outcome,
    Settled,
    SettleOrder,
    Standing,
    Verb,
    end,
    must_be_held,
    tidy,
)
from holdfast.booking.service.cancelling import cancel, cancel_unpaid
from holdfast.booking.service.changing import confirm_change
from holdfast.booking.service.charging import require_guarantee
from holdfast.booking.service.diets import Diets
from holdfast.booking.service.expecting import check_notes, has_tables
from holdfast.booking.service.placing import Before, Sold, book
from holdfast.booking.service.requesting import accept, decline_order
from holdfast.booking.service.visiting import move_visit
from holdfast.booking.settings import BookingSettings
from holdfast.booking.store import after_sale, fees, floor, keys, sales, stock
from holdfast.kit.clock import Clock
from holdfast.kit.db.database import Database, Tx
from holdfast.kit.db.errors import IntegrityViolation
from holdfast.kit.db.statements import Row
from holdfast.kit.errors import HoldfastError, Invalid, NotFound, PaymentRequired
from holdfast.kit.lanes import Lane

_SWEEP_BATCH: Final = 500
_OF_A_STANDING_HOLD: Final = frozenset({Verb.CONFIRM, Verb.EXTEND, Verb.RELEASE})
"""Who is told which booking a hold has become."""
_OF_BOOKINGS: Final[Mapping[Verb, Callable[[Batch, SettleOrder], tuple[Settled, dict[str, Any]]]]] = {
    Verb.CANCEL_UNPAID: cancel_unpaid,
    Verb.CHANGE: confirm_change,
    Verb.VISIT: move_visit,
    Verb.ACCEPT: accept,
    Verb.DECLINE: decline_order,
}


class Settling:
    """Settles holds and bookings, in batches."""

    def __init__(self, db: Database, clock: Clock, settings: BookingSettings, tokens: Tokens, diets: Diets) -> None:
        self._db = db
        self._clock = clock
        self._settings = settings
        self._tokens = tokens
        self._diets = diets
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
        rounds = _rounds(orders)
        if len(rounds) == 1:
            return await self._settle_all(orders)
        answers: dict[int, Outcome | Exception] = {}
        for places in rounds:
            try:
                answered = await self._settle_all([orders[place] for place in places])
            except Exception as error:  # noqa: BLE001 - told to whom it belongs; the rounds before are committed
                answered = [error] * len(places)
            answers |= zip(places, answered, strict=True)
        return [answers[place] for place in range(len(orders))]

    async def _settle_all(self, orders: Sequence[SettleOrder]) -> Sequence[Outcome | Exception]:
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
                answers += await self._settle_all([order])
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
        resealed = await self._diets.moved(tx, batch.changes.floor.renumbered)
        for call in (*batch.changes.floor.later_calls(), *resealed, *batch.changes.fees.later_calls()):
            await tx.run(call)
        await keys.count_replays(tx, list(known))
        return answers

    def _answer(self, batch: Batch, order: SettleOrder, known: Mapping[keys.Scope, Row]) -> Outcome | Exception:
        kept = known.get(order.key.scope) if order.key else None
        try:
            if kept is not None and order.key is not None:
                order.key.refuse_other(kept)
                return Before(kept.answer)
            settled, answer = self._settled(batch, order)
        except (NotFound, PaymentRequired, Invalid) as refusal:
            return refusal  # not kept: whoever pays meanwhile, or corrects it, may use the key for the same
        except HoldfastError as refusal:
            if order.key and kept is None:
                batch.changes.new_keys.append(order.key.row(refusal_kept(refusal)))
            return refusal
        if order.key:
            batch.changes.new_keys.append(order.key.row(answer))
        return settled

    def _settled(self, batch: Batch, order: SettleOrder) -> tuple[Settled, dict[str, Any]]:
        if order.verb is Verb.CANCEL:
            return cancel(batch, order, ttl_s=self._settings.cancellation_ttl_s)
        decided = _OF_BOOKINGS.get(order.verb)
        if decided is not None:
            return decided(batch, order)
        return self._settled_hold(batch, order, _found(batch, order))

    def _settled_hold(self, batch: Batch, order: SettleOrder, standing: Standing) -> tuple[Settled, dict[str, Any]]:
        match order.verb:
            case Verb.CONFIRM:
                return self._confirm(batch, order, standing)
            case Verb.EXTEND:
                return self._extend(batch, standing)
            case Verb.WAIT:
                return self._wait(batch, standing), {}
            case Verb.RELEASE:
                return _release(batch, standing)
            case Verb.UNBLOCK:
                return _unblock(batch, order, standing)
            case _:
                tidy(batch, standing)
                return None, {}

    def _confirm(self, batch: Batch, order: SettleOrder, standing: Standing) -> tuple[Booking, dict[str, Any]]:
        must_be_held(batch, standing)
        draft, row = order.draft, standing.row
        if row.change_id is not None:
            raise NotFound("This hold is for a change of a booking: confirm the change.")
        items: tuple[QuotedItem, ...] = items_of(row.items)
        price = price_of(row.price)
        if draft is None or (draft.payment.payment_id is None and not all(item.pay_at_property for item in items)):
            raise PaymentRequired(extra={"amount": row.total_minor, "currency": row.currency})
        require_guarantee(items, draft.payment, row.currency)
        check_notes(draft.notes, items)
        decide_by = None
        if all(item.instant for item in items):
            batch.changes.move(row.id, HoldState.HELD, HoldState.CONFIRMED)
            batch.changes.quotas[row.account_id] -= 1
            standing.state = HoldState.CONFIRMED
        else:
            # It goes on holding, and counts as a live hold of the guest's, until every owner has answered.
            decide_by = batch.now + timedelta(seconds=self._settings.decide_within_s)
            batch.changes.requested.append((row.id, draft.number, decide_by))
            standing.expires_at, standing.request = decide_by, draft.number
        batch.references[row.id] = draft.reference
        sold = Sold(hold_id=row.id, account_id=row.account_id, items=items, price=price, digest=row.digest)
        book(batch.changes, draft, sold, order.actor, decide_by=decide_by)
        booking = Booking(
            reference=draft.reference,
            number=draft.number,
            hold_id=row.id,
            account_id=row.account_id,
            state=BookingState.CONFIRMED if decide_by is None else BookingState.REQUESTED,
            items=items,
            price=price,
            payment_method=draft.payment.method,
            payment_status=draft.payment.status,
            created_at=batch.now,
            cancelled_at=None,
            refund_minor=None,
            payment_id=draft.payment.payment_id,
            confirmed_by=draft.by,
            decide_by=decide_by,
            guaranteed=draft.payment.guarantee_method_id is not None,
        )
        return booking, first_kept(booking)

    def _extend(self, batch: Batch, standing: Standing) -> tuple[Hold, dict[str, Any]]:
        must_be_held(batch, standing)
        row = standing.row
        assert standing.expires_at is not None, "what is held is on a clock"  # noqa: S101 - programmer's error
        if standing.expires_at >= row.extendable_until:
            raise ExtensionLimit(extra={"expires_at": standing.expires_at.isoformat()})
        until = self._prolonged(batch, standing)
        batch.changes.move(row.id, HoldState.HELD, HoldState.HELD, until)
        standing.expires_at = until
        hold = hold_of(row._replace(expires_at=until), self._tokens, batch.now)
        return hold, {"hold": row.id, "expires_at": until.isoformat()}

    def _wait(self, batch: Batch, standing: Standing) -> Hold:
        live = judged(standing.state, standing.expires_at, batch.now) is HoldState.HELD
        if live and standing.request is None and not standing.waited:
            standing.expires_at, standing.waited = self._prolonged(batch, standing), True
            batch.changes.waited.append((standing.row.id, standing.expires_at))
        now = standing.row._replace(state=standing.state, expires_at=standing.expires_at)
        return hold_of(now, self._tokens, batch.now)

    def _prolonged(self, batch: Batch, standing: Standing) -> datetime:
        """Return until when a live hold lives if it is given its time again."""
        assert standing.expires_at is not None, "what is held is on a clock"  # noqa: S101 - programmer's error
        again: datetime = min(batch.now + timedelta(seconds=self._settings.hold_ttl_s), standing.row.extendable_until)
        # Never shorter than it was: two extensions may be decided at one instant, and a clock may be set back.
        return max(standing.expires_at, again)


async def _locked(tx: Tx, orders: Sequence[SettleOrder]) -> Batch:
    """Lock what the orders are about: holds in order of id, then bookings in order of number, as everybody does."""
    numbers = {order.number for order in orders if order.verb in OF_BOOKINGS}
    wanted = {order.hold_id for order in orders if order.hold_id}
    if numbers:
        wanted |= set((await sales.holds_of(tx, numbers)).values())
    holds = await sales.lock_holds(tx, wanted) if wanted else {}
    waiting = {row.request_number for row in holds.values() if row.request_number and row.state is HoldState.HELD}
    bookings = await sales.lock_bookings(tx, numbers | waiting) if numbers | waiting else {}
    told = {order.hold_id for order in orders if order.verb in _OF_A_STANDING_HOLD}
    taken = {row.id for row in holds.values() if row.state is HoldState.CONFIRMED or row.request_number}
    references = await sales.references_of(tx, told & taken) if told & taken else {}
    asked = {order.number for order in orders if order.verb is Verb.ACCEPT}
    accepted = await sales.accepted_by(tx, asked) if asked else {}
    rows = [*holds.values(), *bookings.values()]
    now = rows[0].now if rows else await tx.now()
    standing = {each: Standing.of(row) for each, row in holds.items()}
    batch = Batch(standing, bookings, references, accepted, now)
    revising = [order for order in orders if order.verb in REVISING]
    if revising:
        batch.after = await _after_sale(tx, revising)
        tables = [each.number for each in bookings.values() if has_tables(each)]
        batch.after.visits = await floor.visits_of(tx, tables) if tables else {}
        guaranteed = [each.number for each in bookings.values() if each.guarantee_method_id is not None]
        if guaranteed:
            batch.after.fees = dict(Counter(row.number for row in await fees.fees_of(tx, guaranteed)))
    return batch


async def _after_sale(tx: Tx, orders: Sequence[SettleOrder]) -> AfterSale:
    numbers = {order.number for order in orders}
    quotes = {order.by_id for order in orders if order.verb is Verb.CANCEL and order.by_id is not None}
    changes = {order.by_id for order in orders if order.verb is Verb.CHANGE and order.by_id is not None}
    return AfterSale(
        revisions=await after_sale.revisions_of(tx, numbers),
        turns=await after_sale.turns_of(tx, numbers),
        quotes=await after_sale.find_quotes(tx, quotes) if quotes else {},
        changes=await after_sale.find_changes(tx, changes) if changes else {},
    )


def _rounds(orders: Sequence[SettleOrder]) -> list[list[int]]:
    """Part orders, by their places, so that no transaction writes a booking twice.

    PostgreSQL gets its writes in one statement, and of two to one row it would keep one.
    """
    rounds: list[list[int]] = []
    turns: Counter[int] = Counter()
    for place, order in enumerate(orders):
        turn = 0
        if order.verb in OF_BOOKINGS:
            turn = turns[order.number]
            turns[order.number] += 1
        if turn == len(rounds):
            rounds.append([])
        rounds[turn].append(place)
    return rounds


def _found(batch: Batch, order: SettleOrder) -> Standing:
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


def _unblock(batch: Batch, order: SettleOrder, standing: Standing) -> tuple[None, dict[str, Any]]:
    if standing.state is HoldState.CONFIRMED:
        batch.changes.acts += order.acts
        end(batch, standing, HoldState.RELEASED, ClaimReason.RELEASED)
    return None, {}


def _release(batch: Batch, standing: Standing) -> tuple[None, dict[str, Any]]:
    tidy(batch, standing)
    if standing.state is HoldState.CONFIRMED or (standing.state is HoldState.HELD and standing.request is not None):
        raise AlreadyConfirmed(extra={"reference": batch.references.get(standing.row.id)})
    if standing.state is HoldState.HELD:
        end(batch, standing, HoldState.RELEASED, ClaimReason.RELEASED)
    return None, {}
