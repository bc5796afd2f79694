"""Quotes, holds and bookings: finding and locking them. What is written about them is in `changes`."""

from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import and_, bindparam, delete, or_, select, update

from holdfast.booking.api import HoldState
from holdfast.booking.models import HoldKind, booking, claim, hold, owner, quote
from holdfast.kit.db.database import Tx
from holdfast.kit.db.statements import Call, Row, db_now, rows, rows_like, statement
from holdfast.kit.db.types import Text, Whole

_QUOTE_COLUMNS = ("id", "account_id", "items", "options", "price", "total_minor", "currency", "digest")
_NEW_QUOTES = rows_like("quotes", quote, *_QUOTE_COLUMNS)
_ADD_QUOTES = statement(
    quote.insert().from_select(
        [*_QUOTE_COLUMNS, "created_at", "expires_at"],
        select(*[_NEW_QUOTES.c[name] for name in _QUOTE_COLUMNS], db_now(), db_now(plus="ttl_s")).select_from(
            _NEW_QUOTES
        ),
    )
)
_FIND_QUOTE = statement(select(quote).where(quote.c.id == bindparam("id")))
_DROP_QUOTES = statement(
    delete(quote).where(
        quote.c.expires_at < db_now(plus="age_s"), ~select(hold.c.id).where(hold.c.quote_id == quote.c.id).exists()
    )
)

_HOLDS = rows("holds", id=Text(40))
_FIND_HOLD = statement(select(hold, db_now().label("now")).where(hold.c.id == bindparam("id")))
_LOCK_HOLDS = statement(
    select(hold, db_now().label("now")).where(hold.c.id.in_(select(_HOLDS.c.id))).order_by(hold.c.id).with_for_update()
)
_NEEDED = rows("needed", resource_id=Text(120), first_slot=Whole(), end_slot=Whole())
_ACCOUNTS = rows("accounts", account_id=Whole())
_RUN_OUT = and_(hold.c.state == HoldState.HELD, hold.c.expires_at <= db_now(), hold.c.expires_at > bindparam("since"))
_CONCERNS = or_(
    hold.c.account_id.in_(select(_ACCOUNTS.c.account_id)),
    hold.c.id.in_(
        select(claim.c.hold_id)
        .select_from(_NEEDED)
        .join(
            claim,
            and_(
                claim.c.resource_id == _NEEDED.c.resource_id,
                claim.c.first_slot < _NEEDED.c.end_slot,
                claim.c.end_slot > _NEEDED.c.first_slot,
            ),
        )
    ),
)
_LOCK_EXPIRED = statement(
    select(hold.c.id, hold.c.account_id, hold.c.kind, hold.c.spans, hold.c.request_number)
    .where(_RUN_OUT, _CONCERNS)
    .order_by(hold.c.id)
    # One that somebody else has locked is being ended by them at this moment; see `still_standing`.
    .with_for_update(skip_locked=True)
)
_STILL_STANDING = statement(select(hold.c.id).where(_RUN_OUT, _CONCERNS))
_EXPIRED_IDS = statement(select(hold.c.id).where(_RUN_OUT).order_by(hold.c.expires_at).limit(bindparam("limit")))
_BLOCKS = statement(
    select(hold)
    .where(
        hold.c.kind == HoldKind.OWNER,
        hold.c.state == HoldState.CONFIRMED,
        hold.c.id.in_(select(claim.c.hold_id).where(claim.c.resource_id.in_(select(_NEEDED.c.resource_id)))),
    )
    .order_by(hold.c.created_at, hold.c.id)
)

_NUMBERS = rows("numbers", number=Whole())
_FIND_BOOKING = statement(
    select(booking, db_now().label("now")).where(
        or_(booking.c.number == bindparam("number"), booking.c.reference == bindparam("reference"))
    )
)
_LOCK_BOOKINGS = statement(
    select(booking, db_now().label("now"))
    .where(booking.c.number.in_(select(_NUMBERS.c.number)))
    .order_by(booking.c.number)
    .with_for_update()
)
_BOOKING_OF_HOLD = statement(
    select(booking.c.reference, booking.c.hold_id).where(booking.c.hold_id.in_(select(_HOLDS.c.id)))
)
_HOLDS_OF = statement(
    select(booking.c.number, booking.c.hold_id).where(booking.c.number.in_(select(_NUMBERS.c.number)))
)
_ACCEPTED_BY = statement(
    select(owner.c.number, owner.c.owner_id).where(
        owner.c.number.in_(select(_NUMBERS.c.number)), owner.c.accepted_at.is_not(None)
    )
)
_BECAME = statement(
    select(booking, db_now().label("now"))
    .join(hold, hold.c.id == booking.c.hold_id)
    .where(or_(hold.c.id == bindparam("hold_id"), hold.c.late_of == bindparam("hold_id")))
)
_RECORD_PAYMENT = statement(
    update(booking)
    .values(payment_status=bindparam("status"))
    .where(booking.c.number == bindparam("of"), booking.c.payment_id == bindparam("paid_by"))
)
_OF_ACCOUNT = statement(
    select(booking, db_now().label("now"))
    .where(
        booking.c.account_id == bindparam("whose"),
        booking.c.number < bindparam("before"),
        # What is booked in an organization's own name (a walk-in) is its members' to see, wherever its founder is now.
        ~select(owner.c.number)
        .where(owner.c.number == booking.c.number, owner.c.owner_id == booking.c.account_id)
        .exists(),
    )
    .order_by(booking.c.number.desc())
    .limit(bindparam("limit"))
)
_OF_OWNER = statement(
    select(booking, db_now().label("now"))
    .select_from(owner)
    .join(booking, booking.c.number == owner.c.number)
    .where(owner.c.owner_id == bindparam("whose"), owner.c.number < bindparam("before"))
    .order_by(owner.c.number.desc())
    .limit(bindparam("limit"))
)
_NUMBERS_ON = statement(
    select(booking.c.number)
    .where(
        booking.c.number > bindparam("behind"),
        or_(booking.c.state == "confirmed", booking.c.state == "requested"),
        booking.c.hold_id.in_(
            select(claim.c.hold_id).where(
                claim.c.resource_id >= bindparam("first_id"),
                claim.c.resource_id < bindparam("end_id"),
                claim.c.quantity > 0,
            )
        ),
    )
    .order_by(booking.c.number)
    .limit(bindparam("limit"))
)
_STANDING = statement(
    select(booking.c.reference, claim.c.first_slot, claim.c.end_slot)
    .select_from(claim)
    .join(booking, booking.c.hold_id == claim.c.hold_id)
    .where(
        claim.c.resource_id == bindparam("resource_id"),
        claim.c.first_slot < bindparam("end"),
        claim.c.end_slot > bindparam("first"),
        claim.c.quantity > 0,
        booking.c.state == "confirmed",
    )
    .order_by(claim.c.first_slot, booking.c.number)
    .limit(100)
)


def add_quotes(entries: Sequence[tuple[object, ...]], *, ttl_s: int) -> Call:
    """Return the write that keeps quotes: id, account_id, items, options, price, total_minor, currency, digest."""
    return _ADD_QUOTES(quotes=entries, ttl_s=ttl_s)


async def find_quote(tx: Tx, quote_id: str) -> Row | None:
    """Return a quote."""
    return await tx.one(_FIND_QUOTE(id=quote_id))


async def drop_quotes(tx: Tx, *, older_than_s: int) -> int:
    """Delete quotes that ran out that long ago and were never held; return how many."""
    return await tx.run(_DROP_QUOTES(age_s=-older_than_s))


async def find_hold(tx: Tx, hold_id: str) -> Row | None:
    """Return a hold, and the database's time as `now`."""
    return await tx.one(_FIND_HOLD(id=hold_id))


async def lock_holds(tx: Tx, ids: Iterable[str]) -> dict[str, Row]:
    """Lock holds in order of id and return those that exist, each with the time of the transaction as `now`."""
    found = await tx.all(_LOCK_HOLDS(holds=[(each,) for each in sorted(set(ids))]))
    return {row.id: row for row in found}


async def lock_expired(
    tx: Tx, *, needed: Collection[tuple[str, int, int]], accounts: Iterable[int], since: object
) -> list[Row]:
    """Lock holds that ran out after `since`, stand on what is needed or belong to these accounts, and return them."""
    return await tx.all(
        _LOCK_EXPIRED(needed=sorted(needed), accounts=[(each,) for each in sorted(set(accounts))], since=since)
    )


async def still_standing(
    tx: Tx, *, needed: Collection[tuple[str, int, int]], accounts: Iterable[int], since: object
) -> set[str]:
    """Return the holds that `lock_expired` would lock, and those that somebody else has locked."""
    found = await tx.all(
        _STILL_STANDING(needed=sorted(needed), accounts=[(each,) for each in sorted(set(accounts))], since=since)
    )
    return {row.id for row in found}


async def expired_ids(tx: Tx, *, since: object, limit: int) -> list[str]:
    """Return holds that ran out after `since` and still stand, longest first."""
    return [row.id for row in await tx.all(_EXPIRED_IDS(since=since, limit=limit))]


async def blocks_on(tx: Tx, resource_ids: Iterable[str]) -> list[Row]:
    """Return the owner's blocks in force on resources."""
    return await tx.all(_BLOCKS(needed=[(each, 0, 0) for each in sorted(set(resource_ids))]))


async def find_booking(tx: Tx, *, number: int | None = None, reference: str | None = None) -> Row | None:
    """Return a booking by its number or its reference, and the database's time as `now`."""
    return await tx.one(_FIND_BOOKING(number=-1 if number is None else number, reference=reference or ""))


async def lock_bookings(tx: Tx, numbers: Iterable[int]) -> dict[int, Row]:
    """Lock bookings in order of number and return those that exist."""
    found = await tx.all(_LOCK_BOOKINGS(numbers=[(each,) for each in sorted(set(numbers))]))
    return {row.number: row for row in found}


async def holds_of(tx: Tx, numbers: Iterable[int]) -> dict[int, str]:
    """Return the holds of bookings, without locking anything."""
    found = await tx.all(_HOLDS_OF(numbers=[(each,) for each in sorted(set(numbers))]))
    return {row.number: row.hold_id for row in found}


async def accepted_by(tx: Tx, numbers: Iterable[int]) -> dict[int, set[int]]:
    """Return which owners have said yes to requests."""
    accepted: dict[int, set[int]] = {}
    for row in await tx.all(_ACCEPTED_BY(numbers=[(each,) for each in sorted(set(numbers))])):
        accepted.setdefault(row.number, set()).add(row.owner_id)
    return accepted


async def became(tx: Tx, hold_id: str) -> Row | None:
    """Return the booking a hold has become, in time or late, and the database's time as `now`."""
    return await tx.one(_BECAME(hold_id=hold_id))


async def record_payment(tx: Tx, *, number: int, payment_id: str, status: str) -> None:
    """Note where the payment of a booking stands, if it is this payment."""
    await tx.run(_RECORD_PAYMENT(of=number, paid_by=payment_id, status=status))


async def references_of(tx: Tx, hold_ids: Iterable[str]) -> dict[str, str]:
    """Return the references of the bookings that holds became."""
    found = await tx.all(_BOOKING_OF_HOLD(holds=[(each,) for each in sorted(set(hold_ids))]))
    return {row.hold_id: row.reference for row in found}


async def of_account(tx: Tx, account_id: int, *, before: int, limit: int) -> list[Row]:
    """Return an account's bookings, newest first."""
    return await tx.all(_OF_ACCOUNT(whose=account_id, before=before, limit=limit))


async def of_owner(tx: Tx, owner_id: int, *, before: int, limit: int) -> list[Row]:
    """Return the bookings of an owner's properties, newest first."""
    return await tx.all(_OF_OWNER(whose=owner_id, before=before, limit=limit))


async def numbers_on(tx: Tx, prefix: str, *, after: int, limit: int) -> list[int]:
    """Return numbers above `after` of the bookings that stand and ever took a resource of this prefix, in order."""
    end = prefix[:-1] + chr(ord(prefix[-1]) + 1)
    found = await tx.all(_NUMBERS_ON(behind=after, first_id=prefix, end_id=end, limit=limit))
    return [row.number for row in found]


async def standing_on(tx: Tx, resource_id: str, *, first: int, end: int) -> list[str]:
    """Return references of the bookings that stand on [first, end) of a resource, at most 100."""
    return [row.reference for row in await tx.all(_STANDING(resource_id=resource_id, first=first, end=end))]
