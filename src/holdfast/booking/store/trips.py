"""Trips over several stocks: their quotes, where they stand, and what is canceled of them together."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import and_, bindparam, delete, or_, select, update

from holdfast.booking.models import key, trip, trip_cancellation, trip_quote
from holdfast.booking.rules import TripState
from holdfast.booking.store.keys import Scope
from holdfast.kit.db.database import Tx
from holdfast.kit.db.statements import Call, Row, db_now, statement
from holdfast.kit.db.types import Json, Text, Whole

_ADD_QUOTE = statement(
    trip_quote.insert().values(
        id=bindparam("id"),
        account_id=bindparam("account_id"),
        parts=bindparam("parts"),
        created_at=db_now(),
        expires_at=bindparam("expires_at"),
    )
)
_FIND_QUOTE = statement(select(trip_quote).where(trip_quote.c.id == bindparam("id")))
_DROP_QUOTES = statement(
    delete(trip_quote).where(
        trip_quote.c.expires_at < db_now(plus="age_s"),
        ~select(trip.c.id).where(trip.c.quote_id == trip_quote.c.id).exists(),
    )
)

_CHANGING: Final = (
    "state", "parts", "why", "refusal", "expires_at", "extendable_until", "waited_at", "booked_at", "late", "number",
    "reference", "payment_method", "payment_status", "payment_id", "guarantee_method_id", "confirmed_by",
)  # fmt: skip
_ADD = statement(
    trip.insert().values(
        id=bindparam("id"),
        account_id=bindparam("account_id"),
        quote_id=bindparam("quote_id"),
        state=TripState.PLACING,
        parts=bindparam("parts"),
        created_at=db_now(),
        touched_at=db_now(),
        late=bindparam("late"),
        confirmed_by=bindparam("confirmed_by"),
    )
)
_BY_ID = trip.c.id == bindparam("id")
_WITH_NOW = select(trip, db_now().label("now"))
_FIND = statement(_WITH_NOW.where(_BY_ID))
_LOCK = statement(_WITH_NOW.where(_BY_ID).with_for_update())
_FIND_BOOKED = statement(
    _WITH_NOW.where(
        or_(
            trip.c.number == bindparam("number", type_=Whole()),
            trip.c.reference == bindparam("reference", type_=Text(20)),
        )
    )
)
_OF_ACCOUNT = statement(
    _WITH_NOW.where(
        trip.c.account_id == bindparam("account_id"), trip.c.number < bindparam("before"), trip.c.booked_at.is_not(None)
    )
    .order_by(trip.c.number.desc())
    .limit(bindparam("limit"))
)
_WRITE = statement(
    update(trip).values({**{name: bindparam(name) for name in _CHANGING}, "touched_at": db_now()}).where(_BY_ID)
)
_UNDER_WAY = or_(
    trip.c.state == TripState.PLACING, trip.c.state == TripState.CONFIRMING, trip.c.state == TripState.UNWINDING
)
_LEFT = statement(
    select(trip.c.id)
    .where(
        or_(
            and_(_UNDER_WAY, trip.c.touched_at < db_now(plus="age_s")),
            and_(trip.c.state == TripState.HELD, trip.c.expires_at < db_now(plus="grace_s")),
        )
    )
    .order_by(trip.c.touched_at)
    .limit(bindparam("limit"))
)
_STANDING = statement(
    select(trip, db_now().label("now"))
    .where(trip.c.id > bindparam("after"))
    .order_by(trip.c.id)
    .limit(bindparam("limit"))
)

_ADD_CANCELLATION = statement(
    trip_cancellation.insert().values(
        id=bindparam("id"),
        trip_id=bindparam("trip_id"),
        account_id=bindparam("account_id"),
        role=bindparam("role"),
        parts=bindparam("parts"),
        created_at=db_now(),
        expires_at=bindparam("expires_at"),
    )
)
_CANCELLATION = statement(
    select(trip_cancellation, db_now().label("now")).where(trip_cancellation.c.id == bindparam("id"))
)
_USE = statement(
    update(trip_cancellation)
    .values(used_at=db_now())
    .where(
        trip_cancellation.c.id == bindparam("id"),
        trip_cancellation.c.used_at.is_(None),
        trip_cancellation.c.expires_at > db_now(),
    )
)
_DONE = statement(
    update(trip_cancellation)
    .values(done_at=db_now())
    .where(trip_cancellation.c.id == bindparam("id"), trip_cancellation.c.done_at.is_(None))
)
_HALF_CANCELED = statement(
    select(trip_cancellation.c.id)
    .where(trip_cancellation.c.done_at.is_(None), trip_cancellation.c.used_at < db_now(plus="age_s"))
    .limit(bindparam("limit"))
)

_ADD_KEY = statement(
    key.insert().values(
        account_id=bindparam("account_id"),
        route=bindparam("route"),
        key=bindparam("key"),
        fingerprint=bindparam("fingerprint"),
        answer=bindparam("answer"),
        replays=0,
        at=db_now(),
    )
)
_POINT_KEY = statement(
    update(key)
    .values(answer=bindparam("answer", type_=Json()))
    .where(
        key.c.account_id == bindparam("of_account"), key.c.route == bindparam("of_route"), key.c.key == bindparam("of")
    )
)


async def add_quote(tx: Tx, quote_id: str, account_id: int, parts: Sequence[Any], expires_at: Any) -> None:
    """Keep what a quote of a trip is made of."""
    await tx.run(_ADD_QUOTE(id=quote_id, account_id=account_id, parts=parts, expires_at=expires_at))


async def find_quote(tx: Tx, quote_id: str) -> Row | None:
    """Return a quote of a trip."""
    return await tx.one(_FIND_QUOTE(id=quote_id))


async def drop_quotes(tx: Tx, *, older_than_s: int) -> int:
    """Delete quotes that ran out that long ago and were never held; return how many."""
    return await tx.run(_DROP_QUOTES(age_s=-older_than_s))


async def add(tx: Tx, values: dict[str, Any]) -> None:
    """Write down that a trip is about to be held."""
    await tx.run(_ADD(**values))


async def find(tx: Tx, trip_id: str) -> Row | None:
    """Return a trip by the id of its hold, and the database's time as `now`."""
    return await tx.one(_FIND(id=trip_id))


async def find_booked(tx: Tx, *, number: int | None = None, reference: str | None = None) -> Row | None:
    """Return a trip that has a number, by that or its reference, and the database's time as `now`."""
    return await tx.one(_FIND_BOOKED(number=number, reference=reference))


async def lock(tx: Tx, trip_id: str) -> Row | None:
    """Return a trip and keep others from writing it, and the database's time as `now`."""
    return await tx.one(_LOCK(id=trip_id))


async def write(tx: Tx, row: Row, **changed: Any) -> None:
    """Write what has become of a trip that is locked."""
    values = {name: getattr(row, name) for name in _CHANGING} | changed
    await tx.run(_WRITE(id=row.id, **values))


async def of_account(tx: Tx, account_id: int, *, before: int, limit: int) -> Sequence[Row]:
    """Return the trips an account has booked, newest first."""
    return await tx.all(_OF_ACCOUNT(account_id=account_id, before=before, limit=limit))


async def left_behind(tx: Tx, *, older_than_s: float, grace_s: float, limit: int) -> list[str]:
    """Return trips that nobody has gone on with for so long, and those whose clock has run out."""
    found = await tx.all(_LEFT(age_s=-older_than_s, grace_s=-grace_s, limit=limit))
    return [row.id for row in found]


async def page(tx: Tx, *, after: str, limit: int) -> Sequence[Row]:
    """Return trips by id upward, and the database's time as `now`."""
    return await tx.all(_STANDING(after=after, limit=limit))


async def add_cancellation(tx: Tx, values: dict[str, Any]) -> None:
    """Keep cancellation quotes of parts that are used together."""
    await tx.run(_ADD_CANCELLATION(**values))


async def find_cancellation(tx: Tx, cancellation_id: str) -> Row | None:
    """Return cancellation quotes that are used together."""
    return await tx.one(_CANCELLATION(id=cancellation_id))


async def use_cancellation(tx: Tx, cancellation_id: str) -> bool:
    """Note that they are used; return whether they could be."""
    return await tx.run(_USE(id=cancellation_id)) > 0


async def half_canceled(tx: Tx, *, older_than_s: float, limit: int) -> list[str]:
    """Return those that were used and that nobody has gone on with for so long."""
    return [row.id for row in await tx.all(_HALF_CANCELED(age_s=-older_than_s, limit=limit))]


def cancellation_done(cancellation_id: str) -> Call:
    """Return the write that says that all of them are used."""
    return _DONE(id=cancellation_id)


async def keep_key(tx: Tx, row: tuple[Any, ...]) -> None:
    """Keep what a key was used for: account, route, key, fingerprint, answer."""
    account_id, route, name, fingerprint, answer = row
    await tx.run(_ADD_KEY(account_id=account_id, route=route, key=name, fingerprint=fingerprint, answer=answer))


async def point_key(tx: Tx, scope: Scope, answer: dict[str, Any]) -> None:
    """Let a key whose request came to nothing stand for another try of it."""
    await tx.run(_POINT_KEY(of_account=scope[0], of_route=scope[1], of=scope[2], answer=answer))
