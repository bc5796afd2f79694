"""Placing a change: the nights that are new are held, in one transaction that lets an older change of the booking go.

Only what is new is claimed, cell by cell; what the booking has already it keeps, whatever becomes of the change. The
order of locking is everybody's: holds, bookings, cells, counts.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from holdfast.booking.api import AlreadyCancelled, BookingState, HoldQuotaExceeded, HoldState
from holdfast.booking.models import ChangeState, ClaimReason, HoldKind, outbox
from holdfast.booking.rules import judged
from holdfast.booking.service.answers import KeyUse, refusal_kept, spans_kept, spans_of
from holdfast.booking.service.batch import Batch, Standing, end
from holdfast.booking.service.changing import Plan, Repriced, planned
from holdfast.booking.service.desk import Desk
from holdfast.booking.service.kinds.words import assigned, refusal_by, tell_moved
from holdfast.booking.service.placing import Before, end_expired, look
from holdfast.booking.service.quoting import FullQuote
from holdfast.booking.store import after_sale, keys, sales
from holdfast.booking.store.changes import Changes, lock_quotas
from holdfast.engine.claims import Cell, ClaimOrder, Shortage, Span, cells_of, decide
from holdfast.engine.price import digest
from holdfast.kit.db.database import Tx
from holdfast.kit.db.errors import IntegrityViolation
from holdfast.kit.db.statements import Row
from holdfast.kit.errors import HoldfastError, NotFound, Overloaded

_TRIES: Final = 8
"""Another process may make a cell, or a change, between our look and our write; then we look again."""
_PAUSE_S: Final = 0.0025


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeOrder:
    """A change to place, priced."""

    change_id: str
    hold_id: str
    number: int
    seen: Any
    """The items the booking had when this was priced."""
    new: Mapping[int, Repriced]
    quote: FullQuote
    """Of the items that change, in order."""
    key: KeyUse | None


@dataclass(frozen=True, slots=True)
class Moved:
    """The booking has become another since it was priced: price it again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Choice:
    """One way to have what a change asks for."""

    spans: tuple[Span, ...]
    """Of the booking, once changed."""
    fresh: tuple[Span, ...]
    """What of that is new."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scene:
    """What is locked while a change is placed."""

    batch: Batch
    booking: Row
    ended: Sequence[Row]
    """Holds that ran out and stand in the way."""


class _LookAgain(Exception):
    """Somebody else places or ends something of this booking, or on these nights, at this moment."""


Answer = Before | Moved | HoldfastError | None


class Rebooking:
    """Places changes of bookings."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def known(self, key: KeyUse | None) -> Before | None:
        """Return what was answered under a key before.

        Raises:
            KeyReused: It belongs to another request.
        """
        if key is None:
            return None
        scope = key.scope
        found = await self._desk.db.read(lambda tx: keys.find(tx, [scope]))
        if scope not in found:
            return None
        key.refuse_other(found[scope])
        await self._desk.db.write(lambda tx: keys.count_replays(tx, [scope]))
        return Before(found[scope].answer)

    async def place(self, order: ChangeOrder) -> Before | Moved | None:
        """Place a change; None says that it was placed.

        Raises:
            NotFound: There is no such booking.
            AlreadyCancelled: The booking has ended.
            CapacityTaken: A new night is full or closed.
            NotBookable: There is no such stock.
            HoldQuotaExceeded: The account holds as much as it may.
            KeyReused: The key belongs to another request.
            Overloaded: Too much happens on the same stock.
        """
        for left in reversed(range(_TRIES)):
            try:
                answer = await self._desk.db.write(partial(self._decide, order=order, patient=left > 0))
            except (_LookAgain, IntegrityViolation):
                await asyncio.sleep(_PAUSE_S * 2 ** (_TRIES - left))
                continue
            outbox.nudge()
            if isinstance(answer, HoldfastError):
                raise answer
            return answer
        raise Overloaded("too much happens on the same stock", retry_after_s=1)

    async def _decide(self, tx: Tx, *, order: ChangeOrder, patient: bool) -> Answer:
        if order.key is not None and (kept := (await keys.find(tx, [order.key.scope])).get(order.key.scope)):
            order.key.refuse_other(kept)
            await keys.count_replays(tx, [order.key.scope])
            return Before(kept.answer)
        scene = await self._locked(tx, order)
        if scene.booking.state is not BookingState.CONFIRMED:
            return AlreadyCancelled()
        if scene.booking.items != order.seen:
            return Moved()
        return await self._claim(tx, order, scene, patient=patient)

    async def _claim(self, tx: Tx, order: ChangeOrder, scene: _Scene, *, patient: bool) -> HoldfastError | None:
        """Hold what is new; return why not if that cannot be."""
        row, batch, changes = scene.booking, scene.batch, scene.batch.changes
        _let_go_of_older(batch)
        for hold in scene.ended:
            end_expired(changes, hold, batch.bookings)
        choices = _choices(order, spans_of(batch.holds[row.hold_id].row.spans))
        wanted = {cell for choice in choices for cell in cells_of(choice.fresh)}
        cells = await look(tx, wanted, changes)
        live = (await lock_quotas(tx, [row.account_id])).get(row.account_id, 0) + changes.quotas[row.account_id]
        chosen = _chosen(choices, cells)
        if live >= self._desk.settings.holds_most:
            chosen = HoldQuotaExceeded(retry_after_s=60, extra={"limit": self._desk.settings.holds_most})
        if isinstance(chosen, _Choice):
            plan = planned(row, _with_units(order, chosen), batch.now)
            changes.capacities = {cell: cells[cell].capacity for cell in cells_of(chosen.fresh)}
            self._note(batch, order, row, chosen, plan)
            await self._write(tx, changes)
            return None
        if patient:
            await self._be_patient(tx, choices, scene)
        if order.key is not None and not isinstance(chosen, HoldQuotaExceeded):
            await self._write(tx, Changes(new_keys=[order.key.row(refusal_kept(chosen))]))
        return chosen

    async def _locked(self, tx: Tx, order: ChangeOrder) -> _Scene:
        """Lock the booking, its hold, the holds of its open changes, and what has run out on the nights that are new.

        Raises:
            _LookAgain: A change was placed meanwhile.
            NotFound: There is no such booking.
        """
        number = order.number
        older = await after_sale.open_holds_of(tx, number)
        holds = await sales.lock_holds(tx, [*(await sales.holds_of(tx, [number])).values(), *older])
        # Whoever places a change has the booking's hold locked: from here on there is no other.
        if set(await after_sale.open_holds_of(tx, number)) - holds.keys():
            raise _LookAgain
        [own] = [each for each in holds.values() if each.change_id is None] or [None]
        if own is None:
            raise NotFound("There is no such booking.")
        needed = _needed(_choices(order, spans_of(own.spans)))
        expired = await sales.lock_expired(
            tx, needed=needed, accounts=[own.account_id], since=self._desk.placing.swept_until
        )
        ended = [each for each in expired if each.id not in holds]
        waiting = {each.request_number for each in ended if each.request_number is not None}
        bookings = await sales.lock_bookings(tx, {number} | waiting)
        batch = Batch({each: Standing.of(hold) for each, hold in holds.items()}, bookings, {}, {}, own.now)
        batch.after.revisions = await after_sale.revisions_of(tx, [number])
        return _Scene(batch=batch, booking=bookings[number], ended=ended)

    async def _be_patient(self, tx: Tx, choices: Sequence[_Choice], scene: _Scene) -> None:
        """Look whether what stands in the way is being ended by somebody else at this moment.

        Raises:
            _LookAgain: It is.
        """
        standing = await sales.still_standing(
            tx,
            needed=_needed(choices),
            accounts=[scene.booking.account_id],
            since=self._desk.placing.swept_until,
        )
        if standing - {each.id for each in scene.ended} - scene.batch.holds.keys():
            raise _LookAgain

    def _note(self, batch: Batch, order: ChangeOrder, row: Row, chosen: _Choice, plan: Plan) -> None:
        """Note everything that placing a change writes."""
        changes, quote = batch.changes, order.quote.quote
        payable = max(plan.difference_minor, 0) if row.payment_id is not None else 0
        price = quote.price
        changes.take(order.hold_id, chosen.fresh, ClaimReason.HELD, order.quote.digest)
        changes.new_holds.append((
            order.hold_id, HoldKind.GUEST, row.account_id, quote.id, HoldState.HELD, spans_kept(chosen.fresh),
            quote.items, price, price.total_minor, price.currency, order.quote.digest, None, None, order.change_id,
            payable,
        ))  # fmt: skip
        changes.quotas[row.account_id] += 1
        changes.revising.new_changes.append((
            order.change_id, row.number, order.hold_id, batch.after.revisions.get(row.number, 0), ChangeState.OPEN,
            plan.items, spans_kept(chosen.spans), plan.price, plan.price.total_minor, row.currency,
            digest(plan.price), plan.difference_minor, plan.refund, plan.refund.total_minor,
        ))  # fmt: skip
        if order.key is not None:
            kept = {"change": order.change_id, "ttl_s": self._desk.settings.hold_ttl_s}
            changes.new_keys.append(order.key.row(kept))
        tell_moved(changes, chosen.fresh)

    async def _write(self, tx: Tx, changes: Changes) -> None:
        limits = self._desk.settings
        calls = changes.calls(
            self._desk.db.dialect, ttl_s=limits.hold_ttl_s, most_s=limits.hold_most_s, holds_most=limits.holds_most
        )
        await tx.together(*calls)


def _let_go_of_older(batch: Batch) -> None:
    """Note the end of the changes that were placed before and still stand."""
    for standing in batch.holds.values():
        if standing.row.change_id is None or standing.state is not HoldState.HELD:
            continue
        if judged(standing.state, standing.expires_at, batch.now) is HoldState.EXPIRED:
            end(batch, standing, HoldState.EXPIRED, ClaimReason.EXPIRED)
        else:
            end(batch, standing, HoldState.RELEASED, ClaimReason.RELEASED)


def _choices(order: ChangeOrder, spans: Sequence[Span]) -> list[_Choice]:
    """Return the ways to have what a change asks for, the one that keeps most of the units first."""
    places = sorted(order.new)
    others = [span for span in spans if span.item not in order.new]
    choices = []
    for option in order.quote.claim.options:
        come = [replace(span, item=places[span.item]) for span in option]
        target = sorted([*others, *come], key=lambda span: (span.item < 0, span.item))
        choices.append(_Choice(spans=tuple(target), fresh=_fresh(target, spans)))
    had = {span.resource_id for span in spans}

    def moves(choice: _Choice) -> int:
        return sum(span.resource_id not in had for span in choice.spans)

    return sorted(choices, key=moves)


def _fresh(target: Iterable[Span], spans: Iterable[Span]) -> tuple[Span, ...]:
    """Return what a claim has that another has not, as spans."""
    cells = Counter(cells_of(target))
    cells.subtract(cells_of(spans))
    fresh: list[Span] = []
    for (resource_id, slot), units in sorted(cells.items()):
        if units <= 0:
            continue
        last = fresh[-1] if fresh else None
        if last and (last.resource_id, last.end_slot, last.quantity) == (resource_id, slot, units):
            fresh[-1] = replace(last, end_slot=slot + 1)
        else:
            fresh.append(Span(resource_id=resource_id, first_slot=slot, end_slot=slot + 1, quantity=units))
    return tuple(fresh)


def _needed(choices: Iterable[_Choice]) -> set[tuple[str, int, int]]:
    return {(span.resource_id, span.first_slot, span.end_slot) for choice in choices for span in choice.fresh}


def _chosen(choices: Sequence[_Choice], cells: Mapping[tuple[str, int], Cell]) -> _Choice | HoldfastError:
    """Return the first choice whose new nights are free, or why there is none."""
    shortage: Shortage | None = None
    for choice in choices:
        if not choice.fresh:
            return choice
        [found] = decide(cells, [ClaimOrder((choice.fresh,))])
        if not isinstance(found, Shortage):
            return choice
        shortage = found
    assert shortage is not None, "there is at least one choice"  # noqa: S101 - a quote has at least one option
    return refusal_by(shortage, exists=(shortage.resource_id, shortage.slot) in cells)


def _with_units(order: ChangeOrder, chosen: _Choice) -> dict[int, Repriced]:
    """Return the items that change with the names of what they are assigned."""
    items = tuple(order.new[place].item for place in sorted(order.new))
    places = {place: at for at, place in enumerate(sorted(order.new))}
    spans = [replace(span, item=places[span.item]) for span in chosen.spans if span.item in places]
    named = assigned(items, spans)
    return {place: replace(order.new[place], item=named[at]) for place, at in places.items()}
