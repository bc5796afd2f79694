"""The lane that takes stock: holds, direct bookings, owner's blocks.

Two ways of working off a batch, one code path for what is written (docs/decisions/0003, 0004):

* *bold*: write everything at once, without reading. The CHECKs of the database are the judge; if they refuse any of
  it, nothing was written and the batch is done again the careful way.
* *careful*: end what has run out, lock the cells, decide in order of arrival, write what fits. Resources that refused
  a moment ago are taken this way from the start.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, Final

from holdfast.booking.api import (
    BookingState,
    CapacityTaken,
    ConfirmedBy,
    HoldQuotaExceeded,
    HoldState,
    NoteGiven,
    PaymentTerms,
    QuotedItem,
    QuoteExpired,
    VisitSource,
)
from holdfast.booking.events import BookingConfirmed, BookingDeclined, BookingRequested, HoldEnded
from holdfast.booking.models import ClaimReason, HoldKind, outbox
from holdfast.booking.service.acts import of_booking
from holdfast.booking.service.answers import KeyUse, refusal_kept, spans_kept, spans_of
from holdfast.booking.service.expecting import expect, expect_nobody, note_row
from holdfast.booking.service.kinds.words import assigned, refusal_by, tell_moved
from holdfast.booking.settings import BookingSettings
from holdfast.booking.store import keys, sales, stock
from holdfast.booking.store.changes import Changes, lock_quotas
from holdfast.booking.store.stock import Key
from holdfast.engine.claims import Cell, ClaimOrder, Shortage, Span, cells_of, decide
from holdfast.engine.price import Price
from holdfast.kit.activity.acts import SYSTEM, Act, Actor, here
from holdfast.kit.clock import Clock
from holdfast.kit.db.database import Database, Tx
from holdfast.kit.db.errors import IntegrityViolation, UniqueViolation
from holdfast.kit.db.statements import Row
from holdfast.kit.errors import HoldfastError, Overloaded
from holdfast.kit.lanes import Lane

_HOT_S: Final = 1.0
"""How long a resource that refused is read first."""
_HOT_MOST: Final = 10_000
_CAREFUL_TRIES: Final = 8
"""Another process may make a cell between our look and our write; then we look again."""

_REASON: Final = {
    HoldKind.GUEST: ClaimReason.HELD,
    HoldKind.DIRECT: ClaimReason.BOOKED,
    HoldKind.OWNER: ClaimReason.BLOCKED,
}
_PAUSE_S: Final = 0.0025


class _BeingEnded(Exception):
    """Somebody else is ending a hold that ran out: whether its stock is free shows in a moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingDraft:
    """What a booking says beyond its hold."""

    number: int
    reference: str
    payment: PaymentTerms
    by: ConfirmedBy = ConfirmedBy.GUEST
    source: VisitSource = VisitSource.GUEST
    """How the parties of its tables came to them."""
    notes: tuple[NoteGiven, ...] = ()
    """Of its tables; they have been checked, and what they tell of diets is sealed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceOrder:
    """One order of stock."""

    hold_id: str
    kind: HoldKind
    account_id: int
    claim: ClaimOrder
    items: tuple[QuotedItem, ...] = ()
    price: Price | None = None
    digest: str | None = None
    quote_id: str | None = None
    quote_expires_at: datetime | None = None
    booking: BookingDraft | None = None
    note: str | None = None
    late_of: str | None = None
    """The hold that ran out and whose stock is taken again."""
    change_id: str | None = None
    """The change of a booking the stock is held for."""
    payable_minor: int | None = None
    """What is to be paid, if that is not the total of the price."""
    key: KeyUse | None = None
    actor: Actor = field(default_factory=here)
    """Who asks, and from where: taken where the order is made, for the lane serves many."""
    acts: tuple[Act, ...] = ()
    """What is noted of it besides a booking."""


@dataclass(frozen=True, slots=True)
class Placed:
    """An order that was served."""

    at: datetime
    items: tuple[QuotedItem, ...]
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Before:
    """An order that was answered before, under the same key."""

    answer: Mapping[str, Any]


Outcome = Placed | Before


class Placing:
    """Places orders of stock, in batches."""

    def __init__(self, db: Database, clock: Clock, settings: BookingSettings) -> None:
        self._db = db
        self._clock = clock
        self._settings = settings
        self._hot: dict[str, float] = {}
        self.swept_until = datetime.fromtimestamp(0, tz=clock.now().tzinfo)
        """No hold that ran out before this stands any more; see `jobs`."""
        self._lane: Lane[PlaceOrder, Outcome] = Lane("booking.place", self._run)

    async def place(self, order: PlaceOrder) -> Outcome:
        """Place one order; all of it or nothing.

        Raises:
            CapacityTaken: A cell is full or closed.
            NotBookable: There is no such stock.
            QuoteExpired: The quote ran out.
            HoldQuotaExceeded: The account holds as much as it may.
            KeyReused: The key belongs to another request.
            Overloaded: Too many orders wait.
        """
        return await self._lane.submit(order)

    async def close(self) -> None:
        """Finish what is in line."""
        await self._lane.close()

    # ------------------------------------------------------------------------------------------------------- batches

    async def _run(self, orders: Sequence[PlaceOrder]) -> list[Outcome | Exception]:
        now = self._clock.monotonic()
        hot = [order for order in orders if self._is_hot(order, now)]
        cold = [order for order in orders if not self._is_hot(order, now)] if hot else list(orders)
        answers: dict[str, Outcome | Exception] = {}
        if cold:
            answers |= await _told(self._boldly, cold)
        if hot:
            answers |= await _told(self._carefully, hot)
        return [answers[order.hold_id] for order in orders]

    def _is_hot(self, order: PlaceOrder, now: float) -> bool:
        if not self._hot:
            return False
        return any(self._hot.get(span.resource_id, 0.0) > now for option in order.claim.options for span in option)

    def _heat(self, resource_id: str) -> None:
        if len(self._hot) >= _HOT_MOST:
            self._hot.clear()
        self._hot[resource_id] = self._clock.monotonic() + _HOT_S

    async def _boldly(self, orders: Sequence[PlaceOrder]) -> dict[str, Outcome | Exception]:
        changes = Changes()
        for order in orders:
            self._serve(changes, order, 0)
        try:
            at = await self._db.put(*self._calls(changes))
        except IntegrityViolation:
            return await self._carefully(orders)
        outbox.nudge()
        return {order.hold_id: _placed(order, 0, at) for order in orders}

    async def _carefully(self, orders: Sequence[PlaceOrder]) -> dict[str, Outcome | Exception]:
        refusal: IntegrityViolation | None = None
        for left in reversed(range(_CAREFUL_TRIES)):
            try:
                answers = await self._db.write(partial(self._decide, orders=orders, patient=left > 0))
            except _BeingEnded:
                await asyncio.sleep(_PAUSE_S * 2 ** (_CAREFUL_TRIES - left))
                continue
            except IntegrityViolation as error:
                refusal = error
                continue
            outbox.nudge()
            return answers
        if len(orders) > 1:
            # One of them cannot be written. The others must not fail for its sake.
            alone = [await _told(self._carefully, [order]) for order in orders]
            return {hold_id: answer for each in alone for hold_id, answer in each.items()}
        if isinstance(refusal, UniqueViolation):
            raise refusal
        raise Overloaded("too many sales at once on the same stock", retry_after_s=1)

    def _calls(self, changes: Changes) -> list[Any]:
        limits = self._settings
        return changes.calls(
            self._db.dialect, ttl_s=limits.hold_ttl_s, most_s=limits.hold_most_s, holds_most=limits.holds_most
        )

    # ---------------------------------------------------------------------------------------------------- transaction

    async def _decide(self, tx: Tx, *, orders: Sequence[PlaceOrder], patient: bool) -> dict[str, Outcome | Exception]:
        """Serve or refuse each order.

        Raises:
            _BeingEnded: It is too early to refuse one of them, and there is patience left.
        """
        changes = Changes()
        known = await keys.find(tx, [order.key.scope for order in orders if order.key])
        answers, fresh = _answered(orders, known)
        guests = {order.account_id for order in fresh if order.kind is HoldKind.GUEST}
        ended = await sales.lock_expired(tx, needed=_needed(fresh), accounts=guests, since=self.swept_until)
        waiting = {hold.request_number for hold in ended if hold.request_number is not None}
        requests = await sales.lock_bookings(tx, waiting) if waiting else {}
        for hold in ended:
            end_expired(changes, hold, requests)
        wanted = {key for order in fresh for option in order.claim.options for key in cells_of(option)}
        cells = await look(tx, wanted, changes)
        live = await lock_quotas(tx, guests) if guests else {}
        cells |= self._places(guests, live, changes)
        now = await tx.now()
        timely = [order for order in fresh if not _too_late(order, now)]
        answers |= {order.hold_id: QuoteExpired() for order in fresh if _too_late(order, now)}
        for order, choice in zip(timely, decide(cells, [_with_place(order) for order in timely]), strict=True):
            if isinstance(choice, Shortage):
                answers[order.hold_id] = await self._refusal(tx, order, choice, cells)
            else:
                self._serve(changes, order, choice)
                answers[order.hold_id] = _placed(order, choice, now)
        if patient and any(isinstance(each, CapacityTaken | HoldQuotaExceeded) for each in answers.values()):
            standing = await sales.still_standing(tx, needed=_needed(fresh), accounts=guests, since=self.swept_until)
            if standing - {hold.id for hold in ended}:
                raise _BeingEnded
        changes.capacities = {key: cells[key].capacity for key, units in changes.cells.items() if units > 0}
        _keep_refusals(changes, fresh, answers)
        calls = self._calls(changes)
        if calls:
            await tx.together(*calls)
        await keys.count_replays(tx, list(known))
        return answers

    def _places(self, guests: Iterable[int], live: Mapping[int, int], changes: Changes) -> dict[Key, Cell]:
        """Return how many more holds accounts may have, as cells: live holds are limited as stock is."""
        most = self._settings.holds_most
        return {_place_of(each): Cell(live.get(each, 0) + changes.quotas[each], most) for each in guests}

    async def _refusal(self, tx: Tx, order: PlaceOrder, shortage: Shortage, cells: Mapping[Key, Cell]) -> HoldfastError:
        if (shortage.resource_id, shortage.slot) == _place_of(order.account_id):
            return HoldQuotaExceeded(retry_after_s=60, extra={"limit": self._settings.holds_most})
        self._heat(shortage.resource_id)
        refusal = refusal_by(shortage, exists=(shortage.resource_id, shortage.slot) in cells)
        if order.kind is HoldKind.OWNER and isinstance(refusal, CapacityTaken):
            refusal.extra["bookings"] = [
                reference
                for option in order.claim.options
                for span in option
                for reference in await sales.standing_on(tx, span.resource_id, first=span.first_slot, end=span.end_slot)
            ]
        return refusal

    def _serve(self, changes: Changes, order: PlaceOrder, choice: int) -> None:
        """Note everything that serving an order writes."""
        option = order.claim.options[choice]
        items = assigned(order.items, option)
        state = HoldState.HELD if order.kind is HoldKind.GUEST else HoldState.CONFIRMED
        price = order.price
        changes.take(order.hold_id, option, _REASON[order.kind], order.digest)
        changes.new_holds.append((
            order.hold_id, order.kind, order.account_id, order.quote_id, state, spans_kept(option), items, price,
            price.total_minor if price else None, price.currency if price else None, order.digest, order.note,
            order.late_of, order.change_id, order.payable_minor,
        ))  # fmt: skip
        if order.kind is HoldKind.GUEST:
            changes.quotas[order.account_id] += 1
        if order.booking and price and order.digest:
            sold = Sold(
                hold_id=order.hold_id, account_id=order.account_id, items=items, price=price, digest=order.digest
            )
            book(changes, order.booking, sold, order.actor)
        changes.acts += order.acts
        if order.key:
            limits = self._settings
            changes.new_keys.append(
                order.key.row(
                    {
                        "hold": order.hold_id,
                        "number": order.booking.number if order.booking else None,
                        "state": BookingState.CONFIRMED,
                        "paid": order.booking.payment.status if order.booking else None,
                        "ttl_s": limits.hold_ttl_s,
                    }
                )
            )
        tell_moved(changes, option)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sold:
    """What a booking takes over from its hold."""

    hold_id: str
    account_id: int
    items: tuple[QuotedItem, ...]
    price: Price
    digest: str


def book(changes: Changes, draft: BookingDraft, sold: Sold, actor: Actor, *, decide_by: datetime | None = None) -> None:
    """Note a new booking; with `decide_by` one that waits for its owners' yes until then."""
    price, paid = sold.price, draft.payment
    state = BookingState.CONFIRMED if decide_by is None else BookingState.REQUESTED
    changes.new_bookings.append((
        draft.number, draft.reference, sold.hold_id, sold.account_id, sold.items[0].owner_id, state, sold.items, price,
        price.total_minor, price.currency, sold.digest, paid.method, paid.status, paid.payment_id, draft.by, decide_by,
        paid.guarantee_method_id,
    ))  # fmt: skip
    changes.owners += [(owner_id, draft.number) for owner_id in sorted({item.owner_id for item in sold.items})]
    changes.floor.new_notes += [note_row(draft.number, note) for note in draft.notes]
    kind = "booking.booked" if decide_by is None else "booking.requested"
    how = {"by": draft.by.value, "source": draft.source.value}
    changes.acts.append(of_booking(kind, draft.reference, actor, guest_id=sold.account_id, **how))
    event: BookingConfirmed | BookingRequested
    if decide_by is None:
        expect(changes, draft.number, sold.items, draft.source)
        event = BookingConfirmed(
            number=draft.number, reference=draft.reference, account_id=sold.account_id, payment_id=paid.payment_id
        )
    else:
        event = BookingRequested(
            number=draft.number,
            reference=draft.reference,
            account_id=sold.account_id,
            decide_by=decide_by.isoformat(),
        )
    changes.tell(event)


def decline(changes: Changes, booking: Row, actor: Actor, *, how: str) -> Row:
    """Note that a request is declined, by an owner or by time; return the booking as it is then."""
    changes.acts.append(of_booking("booking.declined", booking.reference, actor, guest_id=booking.account_id, how=how))
    changes.decided.append((booking.number, BookingState.DECLINED))
    expect_nobody(changes, booking)
    changes.tell(
        BookingDeclined(
            number=booking.number,
            reference=booking.reference,
            account_id=booking.account_id,
            how=how,
            payment_id=booking.payment_id,
        )
    )
    return booking._replace(state=BookingState.DECLINED)


def end_expired(changes: Changes, hold: Row, requests: Mapping[int, Row]) -> None:
    """Note the end of a hold that has run out, and of the request that waited on it."""
    spans = spans_of(hold.spans)
    changes.move(hold.id, HoldState.HELD, HoldState.EXPIRED)
    changes.free(hold.id, spans, ClaimReason.EXPIRED)
    changes.quotas[hold.account_id] -= 1
    if hold.request_number is None:
        changes.tell(HoldEnded(hold_id=hold.id, how=HoldState.EXPIRED.value))
    else:
        decline(changes, requests[hold.request_number], SYSTEM, how="expired")
    tell_moved(changes, spans)


def _placed(order: PlaceOrder, choice: int, at: datetime) -> Placed:
    option = order.claim.options[choice]
    return Placed(at, assigned(order.items, option), option)


async def _told(
    serve: Callable[[Sequence[PlaceOrder]], Awaitable[dict[str, Outcome | Exception]]], orders: Sequence[PlaceOrder]
) -> dict[str, Outcome | Exception]:
    """Serve orders; a failure is told to these alone, because others of the batch are committed already."""
    try:
        return await serve(orders)
    except Exception as error:  # noqa: BLE001 - told to everybody whom it concerns
        return dict.fromkeys([order.hold_id for order in orders], error)


def _too_late(order: PlaceOrder, now: datetime) -> bool:
    return order.quote_expires_at is not None and order.quote_expires_at <= now


def _place_of(account_id: int) -> Key:
    return f"account:{account_id}", 0


def _with_place(order: PlaceOrder) -> ClaimOrder:
    """Return what an order needs: its stock and, for a guest, a place among the live holds of the account."""
    if order.kind is not HoldKind.GUEST:
        return order.claim
    account, slot = _place_of(order.account_id)
    place = Span(resource_id=account, first_slot=slot, end_slot=slot + 1)
    return ClaimOrder(tuple((place, *option) for option in order.claim.options))


def _answered(
    orders: Sequence[PlaceOrder], known: Mapping[keys.Scope, Row]
) -> tuple[dict[str, Outcome | Exception], list[PlaceOrder]]:
    """Part orders that were answered before from fresh ones."""
    answers: dict[str, Outcome | Exception] = {}
    fresh = []
    for order in orders:
        kept = known.get(order.key.scope) if order.key else None
        if kept is None or order.key is None:
            fresh.append(order)
            continue
        try:
            order.key.refuse_other(kept)
            answers[order.hold_id] = Before(kept.answer)
        except HoldfastError as refusal:
            answers[order.hold_id] = refusal
    return answers, fresh


def _needed(orders: Iterable[PlaceOrder]) -> Collection[tuple[str, int, int]]:
    return {
        (span.resource_id, span.first_slot, span.end_slot)
        for order in orders
        for option in order.claim.options
        for span in option
    }


async def look(tx: Tx, needed: AbstractSet[Key], changes: Changes) -> dict[Key, Cell]:
    """Lock and return the cells that orders need, as they are once what is freed is free."""
    freed = Counter({key: -units for key, units in changes.cells.items()})
    capacities = await stock.share_resources(tx, {resource_id for resource_id, _ in needed})
    found = await stock.lock_cells(tx, needed | freed.keys())
    cells: dict[Key, Cell] = {}
    for key in needed:
        cell = found.get(key)
        if cell is not None:
            cells[key] = Cell(cell.taken - freed[key], cell.capacity, cell.closed) if freed[key] else cell
        elif key[0] in capacities:
            cells[key] = Cell(0, capacities[key[0]])
    return cells


def _keep_refusals(changes: Changes, orders: Iterable[PlaceOrder], answers: Mapping[str, Outcome | Exception]) -> None:
    """Note refusals under their keys: a repeated request gets the same answer, whatever is free by then."""
    for order in orders:
        answer = answers[order.hold_id]
        if order.key and isinstance(answer, HoldfastError) and not isinstance(answer, HoldQuotaExceeded):
            changes.new_keys.append(order.key.row(refusal_kept(answer)))
