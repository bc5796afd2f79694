"""Whose the rows of booking are, and what becomes of them. Books stay: they hold numbers of accounts and no names."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, exists, literal, null, or_, select, update

from holdfast.booking.api import BookingState, VisitSource
from holdfast.booking.models import (
    activity,
    booking,
    cancellation,
    change,
    fee,
    hold,
    key,
    note,
    owner,
    quota,
    quote,
    revision,
    trip,
    trip_cancellation,
    trip_quote,
    visit,
)
from holdfast.kit.db.database import Tx
from holdfast.kit.db.statements import Row, statement
from holdfast.kit.db.types import Moment, Whole
from holdfast.kit.privacy import Retention
from holdfast.kit.privacy_rows import Held, Lapse, lapses_of, of_activity

_PAGE: Final = 500
_OF_NOTE: Final = (visit.c.number == note.c.number, visit.c.item == note.c.item)
_OF_STAFF: Final = exists(select(literal(1)).where(*_OF_NOTE, visit.c.source != VisitSource.GUEST)).correlate(note)

HELD: Final = (
    Held(table=quote, account=quote.c.account_id, hidden=("digest",)),
    Held(table=hold, account=hold.c.account_id, hidden=("digest", "spans")),
    Held(table=booking, account=booking.c.account_id, hidden=("digest",)),
    Held(table=owner, account=owner.c.owner_id),
    Held(table=quota, account=quota.c.account_id),
    # What was answered is shown where it is kept; here it is only a copy.
    Held(table=key, account=key.c.account_id, deletes=True, hidden=("fingerprint", "answer")),
    Held(table=cancellation, account=cancellation.c.account_id, hidden=("digest_after",)),
    Held(
        table=change, account=booking.c.account_id, via=booking.c.number == change.c.number, hidden=("digest", "spans")
    ),
    Held(
        table=revision,
        account=booking.c.account_id,
        via=booking.c.number == revision.c.number,
        hidden=("digest", "digest_after", "spans"),
    ),
    Held(table=visit, account=booking.c.account_id, via=booking.c.number == visit.c.number),
    # What staff note of a party tells of the party, not of the restaurant's account.
    Held(
        table=note,
        account=booking.c.account_id,
        via=booking.c.number == note.c.number,
        deletes=True,
        shown=~_OF_STAFF,
    ),
    Held(table=fee, account=booking.c.account_id, via=booking.c.number == fee.c.number),
    Held(table=trip_quote, account=trip_quote.c.account_id),
    Held(table=trip, account=trip.c.account_id, hidden=("refusal",)),
    Held(table=trip_cancellation, account=trip_cancellation.c.account_id),
    *of_activity(activity),
)

LAPSES: Final = (
    Lapse(
        keep=Retention.VISIT,
        table=note,
        when=lambda _, day: exists(select(literal(1)).where(*_OF_NOTE, visit.c.day < day)).correlate(note),
        account=booking.c.account_id,
        via=booking.c.number == note.c.number,
    ),
    *lapses_of(activity),
)

_STANDS: Final = or_(booking.c.state == BookingState.REQUESTED, booking.c.state == BookingState.CONFIRMED)
_BEHIND: Final = booking.c.number > bindparam("after", type_=Whole())
_PLACES: Final = (booking.c.number, booking.c.reference, booking.c["items"])
_BOOKED = statement(
    select(*_PLACES)
    .where(booking.c.account_id == bindparam("account_id", type_=Whole()), _STANDS, _BEHIND)
    .order_by(booking.c.number)
    .limit(_PAGE)
)
_SOLD = statement(
    select(*_PLACES)
    .join(owner, owner.c.number == booking.c.number)
    .where(owner.c.owner_id == bindparam("account_id", type_=Whole()), _STANDS, _BEHIND)
    .order_by(booking.c.number)
    .limit(_PAGE)
)
_GIVEN = statement(
    select(booking.c.reference, booking.c.created_at, owner.c.owner_id, note.c.item, note.c.dietary)
    .select_from(booking)
    .join(owner, owner.c.number == booking.c.number)
    .outerjoin(note, note.c.number == booking.c.number)
    .where(booking.c.account_id == bindparam("account_id", type_=Whole()))
    .order_by(booking.c.number.desc())
)
_MINE = exists(
    select(literal(1)).where(
        booking.c.number == note.c.number, booking.c.account_id == bindparam("account_id", type_=Whole())
    )
).correlate(note)
_AGREED_BEFORE = note.c.dietary_consented_at < bindparam("before", type_=Moment())
_FORGET_DIETS = statement(
    update(note)
    .values(dietary=null(), dietary_consented_at=null(), consent_version=null())
    .where(
        _MINE, _AGREED_BEFORE, or_(note.c.name.is_not(None), note.c.notes.is_not(None), note.c.occasion.is_not(None))
    )
)
_DROP_DIETS = statement(
    note.delete().where(_MINE, _AGREED_BEFORE, note.c.name.is_(None), note.c.notes.is_(None), note.c.occasion.is_(None))
)


async def standing(tx: Tx, *, account_id: int, sold: bool, after: int) -> Sequence[Row]:
    """Return a page of the bookings that stand: those an account has, or those of what it sells."""
    return await tx.all((_SOLD if sold else _BOOKED)(account_id=account_id, after=after))


def is_last(page: Sequence[Row]) -> bool:
    """Return whether no page follows."""
    return len(page) < _PAGE


async def given_to_owners(tx: Tx, *, account_id: int) -> Sequence[Row]:
    """Return who was told of an account's bookings, and whether of a note or a diet, newest first."""
    return await tx.all(_GIVEN(account_id=account_id))


async def forget_diets(tx: Tx, *, account_id: int, before: datetime) -> int:
    """Delete what an account noted of diets with a consent from before a moment; return how many notes had one."""
    dropped = await tx.run(_DROP_DIETS(account_id=account_id, before=before))
    return dropped + await tx.run(_FORGET_DIETS(account_id=account_id, before=before))
