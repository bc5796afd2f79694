"""What one transaction writes: collected while deciding, then turned into as few statements as there are tables.

The order is the order of locking everywhere: holds, cells, quotas, bookings, and the outbox last.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import and_, case, func, literal, null, or_, select, update

from holdfast.booking.api import BookingState, HoldState
from holdfast.booking.models import (
    ClaimReason,
    HoldKind,
    activity,
    booking,
    claim,
    hold,
    key,
    outbox,
    owner,
    quota,
    quote,
)
from holdfast.booking.store import stock
from holdfast.booking.store.after_sale import Revising
from holdfast.booking.store.fees import FeeWrites
from holdfast.booking.store.floor import FloorWrites
from holdfast.booking.store.stock import Key
from holdfast.engine.claims import Span
from holdfast.kit.activity.acts import Act
from holdfast.kit.db.database import Tx
from holdfast.kit.db.statements import Call, DialectName, adding_rows, db_now, rows, rows_like, statement, upsert
from holdfast.kit.db.types import Moment, Text, Whole

_HOLD = (
    "id",
    "kind",
    "account_id",
    "quote_id",
    "state",
    "spans",
    "items",
    "price",
    "total_minor",
    "currency",
    "digest",
    "note",
    "late_of",
    "change_id",
    "payable_minor",
)
_NEW_HOLDS = rows_like("new_holds", hold, *_HOLD)
_CLOCKED = _NEW_HOLDS.c.kind == literal(HoldKind.GUEST, Text(32))
# A hold on a quote that has run out is not inserted, so its claims find no parent and the whole statement is refused.
_ADD_HOLDS = statement(
    hold.insert().from_select(
        [*_HOLD, "created_at", "expires_at", "extendable_until"],
        select(
            *[_NEW_HOLDS.c[name] for name in _HOLD],
            db_now(),
            case((_CLOCKED, db_now(plus="ttl_s")), else_=null()),
            case((_CLOCKED, db_now(plus="most_s")), else_=null()),
        )
        .select_from(_NEW_HOLDS)
        .outerjoin(quote, quote.c.id == _NEW_HOLDS.c.quote_id)
        .where(or_(_NEW_HOLDS.c.quote_id.is_(None), quote.c.expires_at > db_now())),
    )
)
_MOVED = rows("moved", id=Text(40), old=Text(32), new=Text(32), expires_at=Moment())
_MOVE_HOLDS = statement(
    update(hold)
    .values(state=_MOVED.c.new, expires_at=func.coalesce(_MOVED.c.expires_at, hold.c.expires_at))
    .where(hold.c.id == _MOVED.c.id, hold.c.state == _MOVED.c.old)
)
_REQUESTED = rows("requested", id=Text(40), number=Whole(), decide_by=Moment())
_REQUEST = statement(
    update(hold)
    .values(
        expires_at=_REQUESTED.c.decide_by, extendable_until=_REQUESTED.c.decide_by, request_number=_REQUESTED.c.number
    )
    .where(hold.c.id == _REQUESTED.c.id, hold.c.state == HoldState.HELD)
)
_WAITED = rows("waited", id=Text(40), expires_at=Moment())
_WAIT = statement(
    update(hold)
    .values(expires_at=_WAITED.c.expires_at, waited_at=db_now())
    .where(hold.c.id == _WAITED.c.id, hold.c.state == HoldState.HELD)
)
_CLAIM = ("hold_id", "resource_id", "first_slot", "end_slot", "quantity", "reason", "digest")
_NEW_CLAIMS = rows_like("new_claims", claim, *_CLAIM)
_ADD_CLAIMS = statement(
    claim.insert().from_select([*_CLAIM, "at"], select(*[_NEW_CLAIMS.c[name] for name in _CLAIM], db_now()))
)
_UP = rows("quota_up", account_id=Whole(), live=Whole(), most=Whole())
_RAISE_QUOTA = upsert(
    quota,
    select(_UP.c.account_id, _UP.c.live, _UP.c.most).select_from(_UP).order_by(_UP.c.account_id),
    columns=["account_id", "live", "most"],
    key=["account_id"],
    update=lambda proposed: {"live": quota.c.live + proposed.live, "most": proposed.most},
)
_DOWN = rows("quota_down", account_id=Whole(), live=Whole())
_LOWER_QUOTA = statement(
    update(quota).values(live=quota.c.live - _DOWN.c.live).where(quota.c.account_id == _DOWN.c.account_id)
)
_BOOKING = (
    "number", "reference", "hold_id", "account_id", "owner_id", "state", "items", "price", "total_minor", "currency",
    "digest", "payment_method", "payment_status", "payment_id", "confirmed_by", "decide_by", "guarantee_method_id",
)  # fmt: skip
_NEW_BOOKINGS = rows_like("new_bookings", booking, *_BOOKING)
_ADD_BOOKINGS = statement(
    booking.insert().from_select(
        [*_BOOKING, "created_at"], select(*[_NEW_BOOKINGS.c[name] for name in _BOOKING], db_now())
    )
)
_NEW_OWNERS = rows("new_owners", owner_id=Whole(), number=Whole())
_ADD_OWNERS = adding_rows(owner, _NEW_OWNERS)
_CANCELLED = rows("cancelled", number=Whole(), refund_minor=Whole())
_CANCEL = statement(
    update(booking)
    .values(state=BookingState.CANCELLED, cancelled_at=db_now(), refund_minor=_CANCELLED.c.refund_minor)
    .where(
        and_(
            booking.c.number == _CANCELLED.c.number,
            or_(booking.c.state == BookingState.CONFIRMED, booking.c.state == BookingState.REQUESTED),
        )
    )
)
_DECIDED = rows("decided", number=Whole(), state=Text(32))
_DECIDE = statement(
    update(booking)
    .values(state=_DECIDED.c.state, decided_at=db_now())
    .where(booking.c.number == _DECIDED.c.number, booking.c.state == BookingState.REQUESTED)
)
_ACCEPTED = rows("accepted", owner_id=Whole(), number=Whole())
_ACCEPT = statement(
    update(owner)
    .values(accepted_at=db_now())
    .where(owner.c.owner_id == _ACCEPTED.c.owner_id, owner.c.number == _ACCEPTED.c.number)
)
_KEY = ("account_id", "route", "key", "fingerprint", "answer")
_NEW_KEYS = rows_like("new_keys", key, *_KEY)
_ADD_KEYS = statement(
    key.insert().from_select(
        [*_KEY, "replays", "at"], select(*[_NEW_KEYS.c[name] for name in _KEY], literal(0, Whole()), db_now())
    )
)
_QUOTA_ACCOUNTS = rows("quota_accounts", account_id=Whole())
_LOCK_QUOTAS = statement(
    select(quota.c.account_id, quota.c.live)
    .where(quota.c.account_id.in_(select(_QUOTA_ACCOUNTS.c.account_id)))
    .order_by(quota.c.account_id)
    .with_for_update()
)


async def lock_quotas(tx: Tx, accounts: Iterable[int]) -> dict[int, int]:
    """Lock the live-hold counts of accounts and return them; an account without one has none."""
    found = await tx.all(_LOCK_QUOTAS(quota_accounts=[(each,) for each in sorted(set(accounts))]))
    return {row.account_id: row.live for row in found}


@dataclass(slots=True)
class Changes:
    """Everything one transaction is going to write."""

    new_holds: list[tuple[Any, ...]] = field(default_factory=list)
    moved: dict[str, tuple[str, str, datetime | None]] = field(default_factory=dict)
    """By hold: the state it is in, the state it goes to, its new end."""
    requested: list[tuple[str, int, datetime]] = field(default_factory=list)
    """Holds that wait for an owner's answer: the booking's number, and until when."""
    waited: list[tuple[str, datetime]] = field(default_factory=list)
    """Holds that are given their time again, once, and their new end."""
    claims: list[tuple[Any, ...]] = field(default_factory=list)
    cells: Counter[Key] = field(default_factory=Counter)
    """Net units by cell: taken above zero, freed below."""
    capacities: dict[Key, int] = field(default_factory=dict)
    """Known capacities of cells that are taken; see `stock.take`."""
    quotas: Counter[int] = field(default_factory=Counter)
    """Net live holds by account."""
    new_bookings: list[tuple[Any, ...]] = field(default_factory=list)
    owners: list[tuple[int, int]] = field(default_factory=list)
    """Owners of new bookings, with the booking's number."""
    decided: list[tuple[int, BookingState]] = field(default_factory=list)
    """Requests that were accepted or declined."""
    accepted: list[tuple[int, int]] = field(default_factory=list)
    """Owners who say yes to a request, with the booking's number."""
    cancelled: list[tuple[int, int]] = field(default_factory=list)
    revising: Revising = field(default_factory=Revising)
    floor: FloorWrites = field(default_factory=FloorWrites)
    fees: FeeWrites = field(default_factory=FeeWrites)
    new_keys: list[tuple[Any, ...]] = field(default_factory=list)
    acts: list[Act] = field(default_factory=list)
    events: dict[Any, None] = field(default_factory=dict)
    """In order; telling the same twice is telling it once."""

    def take(self, hold_id: str, spans: Iterable[Span], reason: ClaimReason, digest: str | None) -> None:
        """Note units that a hold takes, in the cells and in the ledger."""
        self._claim(hold_id, spans, reason, 1, digest)

    def free(self, hold_id: str, spans: Iterable[Span], reason: ClaimReason) -> None:
        """Note units that a hold gives back, in the cells and in the ledger."""
        self._claim(hold_id, spans, reason, -1, None)

    def _claim(self, hold_id: str, spans: Iterable[Span], reason: ClaimReason, sign: int, digest: str | None) -> None:
        for span in spans:
            resource_id, units = span.resource_id, sign * span.quantity
            self.claims.append((hold_id, resource_id, span.first_slot, span.end_slot, units, reason, digest))
            for slot in range(span.first_slot, span.end_slot):
                self.cells[resource_id, slot] += units

    def tell(self, event: Any) -> None:
        """Note an event."""
        self.events[event] = None

    def move(self, hold_id: str, old: HoldState, new: HoldState, expires_at: datetime | None = None) -> None:
        """Note that a hold goes from one state to another (or stays, with a new end)."""
        # An UPDATE takes only one of two rows for the same hold, and no engine says which: two moves are one.
        first, _, until = self.moved.get(hold_id, (old, old, None))
        self.moved[hold_id] = (first, new, expires_at or until)

    def calls(self, dialect: DialectName, *, ttl_s: int, most_s: int, holds_most: int) -> list[Call]:
        """Return the writes, in the order of locking."""
        calls: list[Call] = []
        if self.moved:
            calls.append(_MOVE_HOLDS(moved=[(each, *self.moved[each]) for each in sorted(self.moved)]))
        if self.waited:
            calls.append(_WAIT(waited=self.waited))
        if self.requested:
            calls.append(_REQUEST(requested=self.requested))
        calls += self.revising.hold_calls()
        calls += self._stock_calls()
        if self.new_holds:
            calls.append(_ADD_HOLDS(new_holds=self.new_holds, ttl_s=ttl_s, most_s=most_s))
        if self.claims:
            calls.append(_ADD_CLAIMS(new_claims=self.claims))
        calls += self._quota_calls(holds_most)
        calls += self._booking_calls()
        calls += self.revising.booking_calls()
        calls += self.floor.calls()
        calls += self.fees.calls()
        if self.new_keys:
            calls.append(_ADD_KEYS(new_keys=self.new_keys))
        if self.acts:
            calls += activity.calls(self.acts)
        calls += outbox.calls(dialect, list(self.events))
        return calls

    def _booking_calls(self) -> list[Call]:
        calls: list[Call] = []
        if self.new_bookings:
            calls.append(_ADD_BOOKINGS(new_bookings=self.new_bookings))
            calls.append(_ADD_OWNERS(new_owners=self.owners))
        if self.decided:
            calls.append(_DECIDE(decided=sorted(self.decided)))
        if self.accepted:
            calls.append(_ACCEPT(accepted=sorted(self.accepted)))
        if self.cancelled:
            calls.append(_CANCEL(cancelled=self.cancelled))
        return calls

    def _stock_calls(self) -> list[Call]:
        taken = {cell: units for cell, units in self.cells.items() if units > 0}
        freed = {cell: -units for cell, units in self.cells.items() if units < 0}
        return [*([stock.free(freed)] if freed else ()), *([stock.take(taken, self.capacities)] if taken else ())]

    def _quota_calls(self, most: int) -> list[Call]:
        up = sorted((account, by, most) for account, by in self.quotas.items() if by > 0)
        down = sorted((account, -by) for account, by in self.quotas.items() if by < 0)
        return [*([_LOWER_QUOTA(quota_down=down)] if down else ()), *([_RAISE_QUOTA(quota_up=up)] if up else ())]
