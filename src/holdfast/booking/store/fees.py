"""Fees for canceling late or not coming. They become due under the lock of the booking's hold."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import bindparam, literal, or_, select, update

from holdfast.booking.api import BookingState, FeeState, VisitState
from holdfast.booking.models import booking, fee, visit
from holdfast.booking.store.truth import paged, walk
from holdfast.kit.db.database import Tx
from holdfast.kit.db.statements import Call, Row, db_now, rows, rows_like, statement
from holdfast.kit.db.types import Choice, Text, Whole

_FEE = ("number", "turn", "owner_id", "title", "why", "amount_minor", "currency", "method_id")
_NEW = rows_like("new_fees", fee, *_FEE)
_ADD = statement(
    fee.insert().from_select(
        [*_FEE, "state", "at"],
        select(*[_NEW.c[name] for name in _FEE], literal(FeeState.DUE, Choice(FeeState)), db_now()),
    )
)
_STANDS_FOR = rows("guarantees", number=Whole(), method_id=Text(40))
_GUARANTEE = statement(
    update(booking).values(guarantee_method_id=_STANDS_FOR.c.method_id).where(booking.c.number == _STANDS_FOR.c.number)
)
_NUMBERS = rows("numbers", number=Whole())
_OF = statement(select(fee).where(fee.c.number.in_(select(_NUMBERS.c.number))).order_by(fee.c.number, fee.c.turn))
_FIND = statement(select(fee).where(fee.c.number == bindparam("number"), fee.c.turn == bindparam("turn")))
_DUE = statement(
    select(fee)
    .where(fee.c.state == FeeState.DUE, fee.c.at < db_now(plus="age_s"))
    .order_by(fee.c.at, fee.c.number, fee.c.turn)
    .limit(bindparam("limit"))
)
_RECORD = statement(
    update(fee)
    .values(state=bindparam("new"), payment_id=bindparam("paid_by"), denial=bindparam("why_not"), ended_at=db_now())
    .where(fee.c.number == bindparam("of"), fee.c.turn == bindparam("which"), fee.c.state == FeeState.DUE)
)
_COMING = (
    select(visit.c.number)
    .where(
        visit.c.number == booking.c.number,
        or_(visit.c.state == VisitState.BOOKED, visit.c.state == VisitState.ARRIVED),
    )
    .exists()
)
_OWED = select(fee.c.number).where(fee.c.number == booking.c.number, fee.c.state == FeeState.DUE).exists()
_LEANING = statement(
    select(booking.c.reference)
    .where(
        booking.c.account_id == bindparam("account_id"),
        booking.c.guarantee_method_id == bindparam("method_id"),
        or_(booking.c.state == BookingState.REQUESTED, _COMING, _OWED),
    )
    .order_by(booking.c.number)
)
_ALL = paged(fee, ("number", "turn", "why", "amount_minor", "currency", "method_id"), "number", "turn")


@dataclass(slots=True)
class FeeWrites:
    """What one transaction writes about fees."""

    new: list[tuple[Any, ...]] = field(default_factory=list)
    guarantees: list[tuple[int, str]] = field(default_factory=list)
    """Bookings (number) that have a kept way to pay stand for them from now on."""

    def calls(self) -> list[Call]:
        """Return the writes; bookings are written before."""
        return [_ADD(new_fees=sorted(self.new))] if self.new else []

    def later_calls(self) -> list[Call]:
        """Return the writes that have to come after, because they touch the rows of bookings that are revised."""
        return [_GUARANTEE(guarantees=sorted(self.guarantees))] if self.guarantees else []


async def fees_of(tx: Tx, numbers: Iterable[int]) -> list[Row]:
    """Return the fees of bookings, by number and turn."""
    return await tx.all(_OF(numbers=[(each,) for each in sorted(set(numbers))]))


async def find(tx: Tx, number: int, turn: int) -> Row | None:
    """Return a fee."""
    return await tx.one(_FIND(number=number, turn=turn))


async def leaning_on(tx: Tx, *, account_id: int, method_id: str) -> list[str]:
    """Return the references of bookings that a kept way to pay still stands for."""
    return [row.reference for row in await tx.all(_LEANING(account_id=account_id, method_id=method_id))]


async def due(tx: Tx, *, older_than_s: int, limit: int) -> list[Row]:
    """Return fees that have been due for so long, oldest first."""
    return await tx.all(_DUE(age_s=-older_than_s, limit=limit))


async def record(tx: Tx, which: tuple[int, int], state: FeeState, payment_id: str | None, denial: str | None) -> int:
    """Note what became of a fee (number, turn) that is due; returns 0 where that was noted before."""
    return await tx.run(_RECORD(of=which[0], which=which[1], new=state, paid_by=payment_id, why_not=denial))


def all_fees(tx: Tx) -> AsyncIterator[list[Row]]:
    """Walk over all fees, a page at a time."""
    return walk(tx, _ALL, (-(2**62), 0), "number", "turn")
