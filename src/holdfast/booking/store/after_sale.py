"""What happens to bookings after the sale: cancellation quotes, changes, and what bookings were before.

What is read of a booking here is read under the lock of its hold: nobody else revises it meanwhile.
"""

from collections.abc import AsyncIterator, Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import bindparam, case, delete, func, literal, null, select, update

from holdfast.booking.api import HoldState
from holdfast.booking.models import CancellationState, ChangeState, booking, cancellation, change, hold, owner, revision
from holdfast.booking.store.truth import paged, walk
from holdfast.kit.db.database import Tx
from holdfast.kit.db.statements import Call, Row, db_now, rows, rows_like, statement
from holdfast.kit.db.types import Json, Text, Whole

_QUOTE = (
    "id", "number", "account_id", "turn", "revision", "state", "positions", "stays", "refund", "refund_minor",
    "total_minor", "currency", "price_after", "digest_after", "fees",
)  # fmt: skip
_NEW_QUOTES = rows_like("new_quotes", cancellation, *_QUOTE)
_IS_USED = _NEW_QUOTES.c.state == literal(CancellationState.USED, Text(32))
_ADD_QUOTES = statement(
    cancellation.insert().from_select(
        [*_QUOTE, "created_at", "expires_at", "used_at"],
        select(
            *[_NEW_QUOTES.c[name] for name in _QUOTE],
            db_now(),
            db_now(plus="ttl_s"),
            case((_IS_USED, db_now()), else_=null()),
        ),
    )
)
_IDS = rows("ids", id=Text(40))
_USE = statement(
    update(cancellation)
    .values(state=CancellationState.USED, used_at=db_now())
    .where(cancellation.c.id == _IDS.c.id, cancellation.c.state == CancellationState.OPEN)
)
_CHANGE = (
    "id", "number", "hold_id", "revision", "state", "items", "spans", "price", "total_minor", "currency", "digest",
    "difference_minor", "refund", "refund_minor",
)  # fmt: skip
_NEW_CHANGES = rows_like("new_changes", change, *_CHANGE)
_ADD_CHANGES = statement(
    change.insert().from_select([*_CHANGE, "created_at"], select(*[_NEW_CHANGES.c[name] for name in _CHANGE], db_now()))
)
_CONFIRMED = rows("confirmed", id=Text(40), payment_id=Text(40))
_CONFIRM = statement(
    update(change)
    .values(state=ChangeState.CONFIRMED, confirmed_at=db_now(), payment_id=_CONFIRMED.c.payment_id)
    .where(change.c.id == _CONFIRMED.c.id, change.c.state == ChangeState.OPEN)
)
_REVISION = (
    "number", "revision", "hold_id", "why", "change_id", "cancellation_id", "items", "spans", "price", "total_minor",
    "currency", "digest", "digest_after",
)  # fmt: skip
_NEW_REVISIONS = rows_like("new_revisions", revision, *_REVISION)
_ADD_REVISIONS = statement(
    revision.insert().from_select([*_REVISION, "at"], select(*[_NEW_REVISIONS.c[name] for name in _REVISION], db_now()))
)
_REVISED = rows("revised", number=Whole(), items=Json(), price=Json(), total_minor=Whole(), digest=Text(64))
_REVISE = statement(
    update(booking)
    .values({name: _REVISED.c[name] for name in ("items", "price", "total_minor", "digest")})
    .where(booking.c.number == _REVISED.c.number)
)
_LEFT = rows("owners_left", owner_id=Whole(), number=Whole())
_LEAVE = statement(
    delete(owner).where(
        select(_LEFT.c.number).where(_LEFT.c.number == owner.c.number, _LEFT.c.owner_id == owner.c.owner_id).exists()
    )
)
_RESPANNED = rows("respanned", id=Text(40), spans=Json())
_RESPAN = statement(update(hold).values(spans=_RESPANNED.c.spans).where(hold.c.id == _RESPANNED.c.id))

_NUMBERS = rows("numbers", number=Whole())
_REVISIONS_OF = statement(
    select(revision.c.number, func.max(revision.c.revision).label("revision"))
    .where(revision.c.number.in_(select(_NUMBERS.c.number)))
    .group_by(revision.c.number)
)
_TURNS_OF = statement(
    select(cancellation.c.number, cancellation.c.account_id, func.max(cancellation.c.turn).label("turn"))
    .where(cancellation.c.number.in_(select(_NUMBERS.c.number)))
    .group_by(cancellation.c.number, cancellation.c.account_id)
)
_REVISION_AT = statement(
    select(revision).where(revision.c.number == bindparam("number"), revision.c.revision == bindparam("revision"))
)
_QUOTES = statement(select(cancellation).where(cancellation.c.id.in_(select(_IDS.c.id))))
_CHANGES = statement(select(change).where(change.c.id.in_(select(_IDS.c.id))))
_OPEN_HOLDS = statement(
    select(change.c.hold_id)
    .join(hold, hold.c.id == change.c.hold_id)
    .where(change.c.number == bindparam("number"), hold.c.state == HoldState.HELD)
    .order_by(change.c.hold_id)
)
_CONFIRMED_HOLDS = statement(
    select(change.c.hold_id)
    .where(change.c.number == bindparam("number"), change.c.state == ChangeState.CONFIRMED)
    .order_by(change.c.confirmed_at, change.c.id)
)
_BOOKING_OF_CHANGE = statement(
    select(booking, db_now().label("now"))
    .join(change, change.c.number == booking.c.number)
    .where(change.c.hold_id == bindparam("hold_id"), change.c.state == ChangeState.CONFIRMED)
)
_DROP_QUOTES = statement(
    delete(cancellation).where(
        cancellation.c.expires_at < db_now(plus="age_s"), cancellation.c.state == CancellationState.OPEN
    )
)

_ALL_QUOTES = paged(cancellation, (*_QUOTE, "used_at"), "id")
_ALL_CHANGES = paged(change, _CHANGE, "id")
_ALL_REVISIONS = paged(revision, _REVISION, "number", "revision")


@dataclass(slots=True)
class Revising:
    """What one transaction writes about bookings that were sold before."""

    respanned: dict[str, list[list[Any]]] = field(default_factory=dict)
    """By hold: what it holds from now on."""
    revised: dict[int, tuple[Any, ...]] = field(default_factory=dict)
    """By booking: its new items, price, total and fingerprint."""
    left: list[tuple[int, int]] = field(default_factory=list)
    """Owners who have no stay in a booking any more, with its number."""
    new_quotes: list[tuple[Any, ...]] = field(default_factory=list)
    quote_ttl_s: int = 0
    """How long the new quotes can be used."""
    used: list[str] = field(default_factory=list)
    new_changes: list[tuple[Any, ...]] = field(default_factory=list)
    confirmed: list[tuple[str, str | None]] = field(default_factory=list)
    """Changes, with the payment of the difference."""
    new_revisions: list[tuple[Any, ...]] = field(default_factory=list)

    def hold_calls(self) -> list[Call]:
        """Return the writes on holds."""
        if not self.respanned:
            return []
        return [_RESPAN(respanned=[(each, self.respanned[each]) for each in sorted(self.respanned)])]

    def booking_calls(self) -> list[Call]:
        """Return the writes on bookings and what hangs on them; holds and new bookings are written before."""
        calls: list[Call] = []
        if self.revised:
            calls.append(_REVISE(revised=[(each, *self.revised[each]) for each in sorted(self.revised)]))
        if self.left:
            calls.append(_LEAVE(owners_left=sorted(self.left)))
        if self.new_quotes:
            calls.append(_ADD_QUOTES(new_quotes=self.new_quotes, ttl_s=self.quote_ttl_s))
        if self.used:
            calls.append(_USE(ids=[(each,) for each in sorted(self.used)]))
        if self.new_changes:
            calls.append(_ADD_CHANGES(new_changes=self.new_changes))
        if self.confirmed:
            calls.append(_CONFIRM(confirmed=sorted(self.confirmed)))
        if self.new_revisions:
            calls.append(_ADD_REVISIONS(new_revisions=self.new_revisions))
        return calls


async def revisions_of(tx: Tx, numbers: Collection[int]) -> dict[int, int]:
    """Return how often bookings have been revised; those that never were are missing."""
    found = await tx.all(_REVISIONS_OF(numbers=[(each,) for each in sorted(set(numbers))]))
    return {row.number: row.revision for row in found}


async def turns_of(tx: Tx, numbers: Collection[int]) -> dict[tuple[int, int], int]:
    """Return the newest turn of the cancellation quotes of bookings, by booking and account."""
    found = await tx.all(_TURNS_OF(numbers=[(each,) for each in sorted(set(numbers))]))
    return {(row.number, row.account_id): row.turn for row in found}


async def find_quotes(tx: Tx, ids: Iterable[str]) -> dict[str, Row]:
    """Return cancellation quotes."""
    return {row.id: row for row in await tx.all(_QUOTES(ids=[(each,) for each in sorted(set(ids))]))}


async def find_revision(tx: Tx, *, number: int, revision: int) -> Row | None:
    """Return what a booking was before it was revised for that time."""
    return await tx.one(_REVISION_AT(number=number, revision=revision))


async def find_changes(tx: Tx, ids: Iterable[str]) -> dict[str, Row]:
    """Return changes."""
    return {row.id: row for row in await tx.all(_CHANGES(ids=[(each,) for each in sorted(set(ids))]))}


async def open_holds_of(tx: Tx, number: int) -> list[str]:
    """Return the holds of a booking's changes that have not ended, though they may have run out."""
    return [row.hold_id for row in await tx.all(_OPEN_HOLDS(number=number))]


async def confirmed_holds_of(tx: Tx, number: int) -> list[str]:
    """Return the holds of the changes a booking went through."""
    return [row.hold_id for row in await tx.all(_CONFIRMED_HOLDS(number=number))]


async def booking_of_change(tx: Tx, hold_id: str) -> Row | None:
    """Return the booking that a confirmed change with this hold changed, and the database's time as `now`."""
    return await tx.one(_BOOKING_OF_CHANGE(hold_id=hold_id))


async def drop_quotes(tx: Tx, *, older_than_s: int) -> int:
    """Delete cancellation quotes that ran out that long ago and were never used; return how many."""
    return await tx.run(_DROP_QUOTES(age_s=-older_than_s))


def all_quotes(tx: Tx) -> AsyncIterator[list[Row]]:
    """Walk over all cancellation quotes, a page at a time."""
    return walk(tx, _ALL_QUOTES, ("",), "id")


def all_changes(tx: Tx) -> AsyncIterator[list[Row]]:
    """Walk over all changes, a page at a time."""
    return walk(tx, _ALL_CHANGES, ("",), "id")


def all_revisions(tx: Tx) -> AsyncIterator[list[Row]]:
    """Walk over all former states of bookings in order, a page at a time."""
    return walk(tx, _ALL_REVISIONS, (-(2**62), 0), "number", "revision")
