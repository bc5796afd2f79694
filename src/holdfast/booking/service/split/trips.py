"""Trips over several stocks: a saga of the request itself, whose intent is written down before anything is done.

| step | does | undo |
|---|---|---|
| place | writes the trip down with the ids its holds will have | - |
| hold N | holds part N, stock by stock in one order | release it |
| held | all are held: the trip has its clock, its total, its token | release all |
| pay | (payments: authorises the total; nothing is captured before `booked`) | void it, told by `HoldEnded` |
| confirming | writes down that all parts become bookings, with number and reference | - |
| confirm N | gives part N time if it has little, makes it a booking | cancel it, nothing is owed |
| booked | tells of one booking, whose payment is captured then | - |

Every step may be repeated by anybody: ids and keys were written down before. A refusal unwinds, and the trip says so
for ever; silence does not: `tend` goes on with what nobody has touched for a while, forward where it was to be
confirmed, backward where it was only to be held. Nothing on this path waits for a workflow.
"""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, TypeVar

import structlog

from holdfast.booking.api import (
    AlreadyConfirmed,
    Booking,
    ConfirmedBy,
    ExtensionLimit,
    Hold,
    HoldExpired,
    HoldNotActive,
    HoldState,
    PaymentTerms,
    QuoteExpired,
)
from holdfast.booking.events import BookingConfirmed, HoldEnded
from holdfast.booking.models import activity, outbox
from holdfast.booking.rules import TripState
from holdfast.booking.service.acts import of_booking
from holdfast.booking.service.answers import KeyUse, is_answer, key_use, refusal_again, refusal_kept
from holdfast.booking.service.charging import require_guarantee
from holdfast.booking.service.parts import Paid
from holdfast.booking.service.split.composing import (
    EXPIRED,
    Piece,
    booking_shown,
    hold_shown,
    pieces_kept,
    pieces_of,
    state_of_hold,
)
from holdfast.booking.service.split.stocks import Stocks
from holdfast.booking.service.split.trip_quotes import TripQuotes
from holdfast.booking.service.split.trip_rows import TripRows, note_key
from holdfast.booking.store import keys
from holdfast.booking.store import trips as store
from holdfast.booking.trips_api import TRIP
from holdfast.kit.activity.acts import here
from holdfast.kit.auth import ITSELF
from holdfast.kit.db.database import Tx
from holdfast.kit.db.statements import Row
from holdfast.kit.errors import HoldfastError, NotFound, Overloaded, PaymentRequired
from holdfast.kit.ids import new_id
from holdfast.kit.keyed import Caller, Keyed, KeyInProgress

log = structlog.get_logger()

T = TypeVar("T")

RELEASED: Final = "released"
REFUSED: Final = "refused"
ABANDONED: Final = "abandoned"
"""Nobody has said no: whoever asks again with the same key is served anew."""
_PLACE_WITHIN_S: Final = 20.0
_DEAD_AFTER: Final = timedelta(seconds=2 * _PLACE_WITHIN_S)
_ROOM: Final = timedelta(seconds=60)
"""How much time every part's hold has at least before money is asked for, or parts are confirmed, where it can."""
_GRACE_S: Final = 1.0
"""How long a trip that ran out is left alone, so that its parts run out by themselves and may be booked late."""
_PAGE: Final = 100
_UNDOABLE: Final = frozenset({TripState.PLACING, TripState.HELD, TripState.CONFIRMING})
_TOLD: Final = frozenset({TripState.HELD, TripState.CONFIRMING})


def is_trip(hold_id: str) -> bool:
    """Return whether a hold is one of a trip over several stocks."""
    return hold_id.startswith(f"{TRIP}_")


class Trips(TripRows):
    """Holds, extends, confirms and lets go of trips over several stocks."""

    def __init__(self, stocks: Stocks, quotes: TripQuotes) -> None:
        super().__init__(stocks)
        self._quotes = quotes

    # ------------------------------------------------------------------------------------------------------ holding

    async def place(self, *, caller: Caller, quote_id: str) -> Keyed[Hold]:
        """Hold all parts of a quote or none.

        Raises:
            NotFound: No such quote, or somebody else's.
            QuoteExpired: The promise has run out.
            HoldfastError: A stock refuses its part, which `part` names; nothing is held.
            KeyReused: The key belongs to another request.
            KeyInProgress: A request with this key is being worked on.
        """
        key = key_use(caller)
        with self._desk.alone(key):
            quote = await self._quotes.row(account_id=caller.account_id, quote_id=quote_id)
            row, fresh = await self._written(key, quote)
            if row.state is TripState.PLACING and not fresh:
                if row.now - row.touched_at > _DEAD_AFTER:
                    await self._give_up(row.id, why=ABANDONED)
                raise KeyInProgress(retry_after_s=1)
            if not fresh:
                _refuse_again(row)
                return Keyed(value=await self.hold(row), replayed=True)
            return Keyed(value=await self.to_its_end(self._hold_all(row)))

    async def _written(self, key: KeyUse | None, quote: Row) -> tuple[Row, bool]:
        """Write a trip down before anything is held, or find the one this key has made."""
        trip_id = new_id(TRIP, self._desk.clock)
        pieces = [Piece(name, part_id, new_id("hold", self._desk.clock)) for name, part_id in quote.parts]

        async def write(tx: Tx) -> tuple[Row, bool]:
            kept = (await keys.find(tx, [key.scope])).get(key.scope) if key else None
            if kept is not None and key is not None:
                key.refuse_other(kept)
                before = await store.find(tx, kept.answer["trip"])
                if before is not None and before.why != ABANDONED:
                    await keys.count_replays(tx, [key.scope])
                    return before, False
            if quote.expires_at <= await tx.now():
                raise QuoteExpired
            await store.add(
                tx,
                {
                    "id": trip_id,
                    "account_id": quote.account_id,
                    "quote_id": quote.id,
                    "parts": pieces_kept(pieces),
                    "late": False,
                    "confirmed_by": ConfirmedBy.GUEST,
                },
            )
            await note_key(tx, key, {"trip": trip_id}, known=kept is not None)
            return await store.find(tx, trip_id), True

        return await self.keyed(write)

    async def _hold_all(self, row: Row) -> Hold:
        holds: list[Hold] = []
        piece = pieces_of(row)[0]
        try:
            async with asyncio.timeout(_PLACE_WITHIN_S):
                for piece in pieces_of(row):
                    stock = self._stocks.all[piece.stock].part
                    holds.append(
                        await stock.place(account_id=row.account_id, quote_id=piece.quote_id, hold_id=piece.hold_id)
                    )
        except HoldfastError as refusal:
            refusal.extra["part"] = piece.stock
            await self._give_up(row.id, why=REFUSED if is_answer(refusal) else ABANDONED, refusal=refusal)
            raise
        except TimeoutError:
            await self._give_up(row.id, why=ABANDONED)
            raise Overloaded("a stock takes too long", retry_after_s=1) from None
        held = await self.moved(
            row.id,
            TripState.PLACING,
            state=TripState.HELD,
            expires_at=min(each.expires_at for each in holds),
            extendable_until=min(each.extendable_until for each in holds),
        )
        if held.state is not TripState.HELD:
            await self._unwind(held)  # somebody took us for dead meanwhile
            raise HoldNotActive
        return hold_shown(held, holds, self._desk.tokens.of(row.id))

    async def hold(self, row: Row) -> Hold:
        """Return the hold of a trip as it stands.

        Raises:
            NotFound: It never came to one.
        """
        if row.expires_at is None:
            raise NotFound("There is no such hold.")
        holds = [await self._stocks.all[each.stock].part.find(each.hold_id) for each in pieces_of(row)]
        return hold_shown(row, [each for each in holds if each is not None], self._desk.tokens.of(row.id))

    async def extend(self, *, caller: Caller, trip_id: str) -> Keyed[Hold]:
        """Give all parts of a live trip their time again.

        Raises:
            NotFound: No such hold, or somebody else's.
            HoldExpired: Too late.
            HoldNotActive: It was released.
            AlreadyConfirmed: It is a booking.
            ExtensionLimit: It lives until its last moment already.
        """
        key = key_use(caller)
        with self._desk.alone(key):
            row = await self.find(trip_id, account_id=caller.account_id)
            kept = await self.kept(key)
            if kept is not None:
                until = datetime.fromisoformat(kept["expires_at"])
                again = replace(await self.hold(row), state=HoldState.HELD, expires_at=until)
                return Keyed(value=again, replayed=True)
            _must_be_live(row)
            if row.expires_at >= row.extendable_until:
                raise ExtensionLimit(extra={"expires_at": row.expires_at.isoformat()})
            return Keyed(value=await self.hold(await self._prolonged(row, key=key)))

    async def wait(self, trip_id: str) -> Hold | None:
        """Give a live trip its time again, once, because its guest has to approve the payment elsewhere."""
        row = await self._db.read(lambda tx: store.find(tx, trip_id))
        if row is None or row.expires_at is None:
            return None
        if row.state is TripState.HELD and state_of_hold(row) is HoldState.HELD and row.waited_at is None:
            row = await self._prolonged(row, waited_at=row.now)
        return await self.hold(row)

    async def _prolonged(self, row: Row, *, key: KeyUse | None = None, **changed: Any) -> Row:
        """Extend every part, and the trip to the earliest of them.

        Raises:
            HoldExpired: A part has run out; all are let go.
        """
        try:
            holds = [
                await self._stocks.all[each.stock].part.extend(account_id=row.account_id, hold_id=each.hold_id)
                for each in pieces_of(row)
            ]
        except (HoldExpired, HoldNotActive) as error:
            await self._give_up(row.id, why=EXPIRED)
            raise HoldExpired from error
        until = max(row.expires_at, min(each.expires_at for each in holds))

        async def note(tx: Tx) -> None:
            await note_key(tx, key, {"trip": row.id, "expires_at": until.isoformat()}, known=False)

        return await self.moved(row.id, TripState.HELD, also=note, expires_at=until, **changed)

    async def release(self, *, account_id: int, trip_id: str) -> None:
        """Let a trip go; one that is gone stays as it is.

        Raises:
            NotFound: No such hold, or somebody else's.
            AlreadyConfirmed: It is a booking.
        """
        row = await self.find(trip_id, account_id=account_id)
        if row.state in {TripState.CONFIRMING, TripState.BOOKED}:
            raise AlreadyConfirmed(extra={"reference": row.reference})
        if row.state is TripState.HELD:
            why = RELEASED if state_of_hold(row) is HoldState.HELD else EXPIRED
            await self.to_its_end(self._give_up(row.id, why=why))

    async def payable(self, *, account_id: int, trip_id: str, token: str) -> Hold:
        """Return a live trip to whoever may pay for it, with room on the clock of every part where it can have it.

        Raises:
            NotFound: No such hold, somebody else's, or the token is not its token.
            HoldExpired: Too late for it, or for a part of it.
            HoldNotActive: It was released.
            AlreadyConfirmed: It is a booking.
        """
        row = await self.find(trip_id, account_id=account_id)
        if not self._desk.tokens.fits(trip_id, token):
            raise NotFound("There is no such hold, or this is not its token.")
        _must_be_live(row)
        return await self.hold(await self._with_room(row))

    async def _with_room(self, row: Row) -> Row:
        """Return a live trip whose parts are all held, and go on being for a while where they may.

        Raises:
            HoldExpired: A part is not held any more; all are let go.
        """
        for each in pieces_of(row):
            held = await self._stocks.all[each.stock].part.find(each.hold_id)
            if held is None or held.state is not HoldState.HELD:
                await self._give_up(row.id, why=EXPIRED)
                raise HoldExpired(extra={"part": each.stock})
        return row if row.expires_at - row.now > _ROOM else await self._prolonged(row)

    # --------------------------------------------------------------------------------------------------- confirming

    async def confirm(self, *, caller: Caller, trip_id: str, terms: PaymentTerms | None) -> Keyed[Booking]:
        """Make all parts of a live trip bookings, or none.

        Raises:
            NotFound: No such hold, or somebody else's.
            HoldExpired: Too late.
            HoldNotActive: It was released, or a part of it was lost; nothing is booked.
            AlreadyConfirmed: It is a booking.
            PaymentRequired: It has to be paid first.
            HoldfastError: A stock refuses its part, which `part` names; nothing is booked, and the payment is let go.
        """
        key = key_use(caller)
        with self._desk.alone(key):
            row = await self.find(trip_id, account_id=caller.account_id)
            if (await self.kept(key)) is not None:
                _refuse_again(row)
                return Keyed(value=await self.to_its_end(self._confirm_all(row)), replayed=True)
            _must_be_live(row)
            if terms is None:
                raise PaymentRequired
            await self._must_be_paid(row, terms)
            row = await self._with_room(row)
            row = await self._decided(row, terms, ConfirmedBy.GUEST, key=key)
            return Keyed(value=await self.to_its_end(self._confirm_all(row)))

    async def confirm_paid(self, *, trip_id: str, terms: PaymentTerms, late: bool) -> Booking:
        """Confirm a trip because its payment is authorised; with `late` one that has run out, if its stock is free.

        Raises:
            NotFound: No such hold.
            HoldExpired: Too late.
            HoldNotActive: It was released, or a part of it was lost.
            AlreadyConfirmed: It is a booking with another payment, or paid otherwise.
            HoldfastError: A stock refuses its part; nothing is booked.
        """
        row = await self.find(trip_id)
        if row.state in {TripState.CONFIRMING, TripState.BOOKED}:
            if row.payment_id != terms.payment_id:
                raise AlreadyConfirmed(extra={"reference": row.reference})
            return await self.to_its_end(self._confirm_all(row))
        live = state_of_hold(row) is HoldState.HELD
        if not live and not (late and state_of_hold(row) is HoldState.EXPIRED):
            _must_be_live(row)
        await self._must_be_paid(row, terms)
        if not live and row.state is not TripState.ENDED:
            row = await self._give_up(row.id, why=EXPIRED)
        row = await self._decided(row, terms, ConfirmedBy.PAYMENT, late=not live)
        return await self.to_its_end(self._confirm_all(row))

    async def _must_be_paid(self, row: Row, terms: PaymentTerms) -> None:
        hold = await self.hold(row)
        if terms.payment_id is None and not all(item.pay_at_property for item in hold.items):
            raise PaymentRequired(extra={"amount": hold.payable_minor, "currency": hold.price.currency})
        require_guarantee(hold.items, terms, hold.price.currency)

    async def _decided(
        self, row: Row, terms: PaymentTerms, by: ConfirmedBy, *, key: KeyUse | None = None, late: bool = False
    ) -> Row:
        """Write down that a trip becomes a booking, with what it will be called.

        Raises:
            AlreadyConfirmed: Another payment has made it one meanwhile.
        """
        draft = await self._desk.draft(terms, by=by)

        async def note(tx: Tx) -> None:
            await note_key(tx, key, {"trip": row.id}, known=False)

        decided = await self.moved(
            row.id,
            TripState.ENDED if late else TripState.HELD,
            also=note,
            state=TripState.CONFIRMING,
            why=None,
            late=late,
            number=draft.number,
            reference=draft.reference,
            payment_method=terms.method,
            payment_status=terms.status,
            payment_id=terms.payment_id,
            guarantee_method_id=terms.guarantee_method_id,
            confirmed_by=by,
        )
        if decided.state not in {TripState.CONFIRMING, TripState.BOOKED}:
            _must_be_live(decided)
        if decided.payment_id != terms.payment_id:
            raise AlreadyConfirmed(extra={"reference": decided.reference})
        return decided

    async def _confirm_all(self, row: Row) -> Booking:
        if row.state is TripState.BOOKED:
            return await self.booking(row)
        pieces = pieces_of(row)
        piece = pieces[0]
        paid = _paid(row)
        booked: list[Booking] = []
        try:
            for piece in pieces:
                stock = self._stocks.all[piece.stock].part
                booked.append(await stock.confirm(account_id=row.account_id, hold_id=piece.hold_id, paid=paid))
        except HoldfastError as refusal:
            refusal.extra["part"] = piece.stock
            if is_answer(refusal):
                await self._give_up(row.id, why=REFUSED, refusal=refusal)
            raise
        named = [replace(piece, number=each.number) for piece, each in zip(pieces, booked, strict=True)]
        done = await self.moved(
            row.id,
            TripState.CONFIRMING,
            also=partial(self._tell_booked, row),
            state=TripState.BOOKED,
            parts=pieces_kept(named),
            booked_at=min(each.created_at for each in booked),
        )
        outbox.nudge()
        if done.state is not TripState.BOOKED:
            _refuse_again(done)
            raise HoldNotActive
        return await self.booking(done)

    async def _tell_booked(self, row: Row, tx: Tx) -> None:
        how = {"by": row.confirmed_by.value, "parts": len(row.parts)}
        await activity.note(tx, of_booking("booking.booked", row.reference, here(), guest_id=row.account_id, **how))
        event = BookingConfirmed(
            number=row.number, reference=row.reference, account_id=row.account_id, payment_id=row.payment_id
        )
        await outbox.publish(tx, self._db.dialect, [event])

    async def booking(self, row: Row) -> Booking:
        """Return a trip that is booked, with its parts as they stand."""
        parts = [
            await self._stocks.all[each.stock].get_booking(principal=ITSELF, number=each.number)
            for each in pieces_of(row)
        ]
        return booking_shown(row, parts)

    async def record_payment(self, row: Row, *, payment_id: str, status: str) -> Booking:
        """Note on a trip and its parts where its payment stands.

        Raises:
            NotFound: It is not paid by this payment.
        """
        if row.payment_id != payment_id:
            raise NotFound("There is no such booking with this payment.")
        row = await self.moved(row.id, TripState.BOOKED, payment_status=status)
        for each in pieces_of(row):
            assert each.number is not None, "it is booked"  # noqa: S101 - programmer's error
            await self._stocks.all[each.stock].record_payment(number=each.number, payment_id=row.id, status=status)
        return await self.booking(row)

    async def cancel_unpaid(self, row: Row, *, payment_id: str) -> Booking:
        """Cancel all parts of a trip whose money could not be captured; nothing is owed. Repeating changes nothing.

        Raises:
            NotFound: It is not paid by this payment.
        """
        if row.payment_id != payment_id:
            raise NotFound("There is no such booking with this payment.")
        for each in pieces_of(row):
            await self._stocks.all[each.stock].part.undo(account_id=row.account_id, hold_id=each.hold_id)
        return await self.booking(row)

    # ------------------------------------------------------------------------------------------------- going back

    async def _give_up(self, trip_id: str, *, why: str, refusal: HoldfastError | None = None) -> Row:
        """Write down that a trip comes to nothing, tell those who hold money for it, and let its parts go."""
        kept = None if refusal is None or not is_answer(refusal) else refusal_kept(refusal)

        async def write(tx: Tx) -> Row:
            row = await store.lock(tx, trip_id)
            if row is not None and row.state in _UNDOABLE:
                await store.write(tx, row, state=TripState.UNWINDING, why=why, refusal=kept)
                if row.state in _TOLD:
                    how = EXPIRED if why == EXPIRED else RELEASED
                    await outbox.publish(tx, self._db.dialect, [HoldEnded(hold_id=trip_id, how=how)])
            return await store.find(tx, trip_id)

        row = await self._db.write(write)
        outbox.nudge()
        return await self._unwind(row)

    async def _unwind(self, row: Row) -> Row:
        """Let the parts of a trip go that comes to nothing; what a stock does not answer is left to `tend`."""
        try:
            for each in reversed(pieces_of(row)):
                await self._stocks.all[each.stock].part.undo(account_id=row.account_id, hold_id=each.hold_id)
        except HoldfastError as error:
            log.warning("trip.not_unwound", trip_id=row.id, code=error.code)
            return row
        return await self.moved(row.id, TripState.UNWINDING, state=TripState.ENDED)

    async def tend(self, *, older_than_s: float) -> None:
        """Go on with trips that nobody has touched for so long, and end those that have run out. May run anywhere."""
        found = await self._db.read(
            lambda tx: store.left_behind(tx, older_than_s=older_than_s, grace_s=_GRACE_S, limit=_PAGE)
        )
        for trip_id in found:
            try:
                await self._finished(await self.find(trip_id))
            except HoldfastError as error:
                log.info("trip.tended", trip_id=trip_id, code=error.code)

    async def _finished(self, row: Row) -> Row:
        """Bring a trip to where it can stay: forward if it was to be confirmed, else backward."""
        match row.state:
            case TripState.PLACING:
                return await self._give_up(row.id, why=ABANDONED)
            case TripState.HELD if row.expires_at <= row.now:
                return await self._give_up(row.id, why=EXPIRED)
            case TripState.CONFIRMING:
                await self._confirm_all(row)
            case TripState.UNWINDING:
                return await self._unwind(row)
        return await self.find(row.id)


def _paid(row: Row) -> Paid:
    terms = PaymentTerms(
        method=row.payment_method,
        status=row.payment_status,
        payment_id=row.id,
        guarantee_method_id=row.guarantee_method_id,
    )
    return Paid(terms=terms, by=row.confirmed_by, tried=f"{row.number}", late=bool(row.late))


def _must_be_live(row: Row) -> None:
    """Check that a trip is held, and not a booking.

    Raises:
        NotFound: It is not yet.
        HoldExpired: It ran out.
        HoldNotActive: It was released.
        AlreadyConfirmed: It is a booking, or about to be one.
    """
    if row.state is TripState.PLACING:
        raise NotFound("There is no such hold.")
    if row.state in {TripState.CONFIRMING, TripState.BOOKED}:
        raise AlreadyConfirmed(extra={"reference": row.reference})
    state = state_of_hold(row)
    if state is HoldState.EXPIRED:
        raise HoldExpired
    if state is not HoldState.HELD:
        raise HoldNotActive


def _refuse_again(row: Row) -> None:
    """Give the refusal again that a trip came to nothing by.

    Raises:
        HoldfastError: It did.
    """
    if row.refusal is not None and (refusal := refusal_again(row.refusal)) is not None:
        raise refusal
