"""Canceling and changing what was sold. What a method does and refuses is told in `booking.api`."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from holdfast.booking.api import (
    AlreadyCancelled,
    AlreadyConfirmed,
    Booking,
    BookingState,
    CancellationQuote,
    CancellationTooLate,
    Change,
    ChangeNotActive,
    Hold,
    HoldNotActive,
    Item,
    PaymentTerms,
    QuotedItem,
    QuotedTable,
    RuleViolation,
    StayItem,
)
from holdfast.booking.rules import judged_booking
from holdfast.booking.service.answers import begun, booking_of, first_hold, hold_of, items_of, key_use, price_of
from holdfast.booking.service.batch import SettleOrder, Verb
from holdfast.booking.service.cancelling import Label, booked, cancellation_of, capped, offered, quote_row
from holdfast.booking.service.changing import Repriced, change_of
from holdfast.booking.service.charging import still_late, with_fees
from holdfast.booking.service.desk import Desk, refuse_again, was
from holdfast.booking.service.fees import Fees
from holdfast.booking.service.kinds.asking import meeting, where
from holdfast.booking.service.kinds.tables import AskedTable
from holdfast.booking.service.moving import Move, item_of, judge, repriced
from holdfast.booking.service.placing import Before
from holdfast.booking.service.quoting import FullQuote
from holdfast.booking.service.rebooking import ChangeOrder, Moved, Rebooking
from holdfast.booking.service.revising import told_again
from holdfast.booking.store import after_sale, sales
from holdfast.booking.store.changes import Changes
from holdfast.kit.auth import Principal
from holdfast.kit.db.database import Tx
from holdfast.kit.db.statements import Row
from holdfast.kit.errors import FieldError, Invalid, NotFound, Overloaded
from holdfast.kit.ids import new_id
from holdfast.kit.keyed import Caller, Keyed
from holdfast.verticals.cancellation import RefundCurve, RefundStep, curve, refund

_TRIES: Final = 5
"""How often a change is priced again because its booking has become another meanwhile."""
_TICK: Final = timedelta(microseconds=1)


class Amending:
    """Answers the part of `BookingApi` that cancels and changes."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._rebooking = Rebooking(desk)
        self._fees = Fees(desk.db)

    # ------------------------------------------------------------------------------------------------------ canceling

    async def quote_cancellation(
        self, *, principal: Principal, number: int, items: tuple[int, ...]
    ) -> CancellationQuote:
        """See `BookingApi.quote_cancellation`."""
        await self._desk.visible(principal, number=number)
        quote_id = new_id("cancellation", self._desk.clock)

        async def keep(tx: Tx) -> Row:
            row = await locked(tx, number)
            offer = offered(row, principal, items, row.now)
            turns = await after_sale.turns_of(tx, [number])
            label = Label(
                id=quote_id,
                account_id=principal.account_id,
                turn=turns.get((number, principal.account_id), 0) + 1,
                revision=(await after_sale.revisions_of(tx, [number])).get(number, 0),
            )
            changes = Changes()
            changes.revising.new_quotes.append(quote_row(offer, row, label))
            changes.revising.quote_ttl_s = self._desk.settings.cancellation_ttl_s
            await tx.together(*changes.revising.booking_calls())
            return (await after_sale.find_quotes(tx, [quote_id]))[quote_id]

        return cancellation_of(await self._desk.db.write(keep))

    async def cancel(
        self, *, caller: Caller, principal: Principal, number: int, quote_id: str | None
    ) -> Keyed[Booking]:
        """See `BookingApi.cancel`."""
        order = SettleOrder(
            verb=Verb.CANCEL,
            number=number,
            principal=principal,
            by_id=quote_id,
            fresh_id=new_id("cancellation", self._desk.clock),
            key=key_use(caller),
        )
        done = await self._revised(order)
        if not done.replayed:
            await self._let_go_of_changes(number)
        return done

    async def cancel_unpaid(self, *, number: int, payment_id: str) -> Booking:
        """See `BookingApi.cancel_unpaid`."""
        order = SettleOrder(verb=Verb.CANCEL_UNPAID, number=number, by_id=payment_id)
        done = (await self._revised(order)).value
        await self._let_go_of_changes(number)
        return done

    async def cancellation(self, *, cancellation_id: str) -> CancellationQuote:
        """See `BookingApi.cancellation`.

        Raises:
            NotFound: No such quote.
        """
        found = await self._desk.db.read(lambda tx: after_sale.find_quotes(tx, [cancellation_id]))
        if cancellation_id not in found:
            raise NotFound("There is no such cancellation quote.")
        return cancellation_of(found[cancellation_id])

    async def refund_curve(self, *, principal: Principal, number: int) -> RefundCurve:
        """See `BookingApi.refund_curve`."""
        row = await self._desk.visible(principal, number=number)
        state = judged_booking(row.state, row.decide_by, row.now)
        if state is BookingState.CONFIRMED:
            return _curve(row)
        minor, rule, detail = {
            BookingState.REQUESTED: (row.total_minor, "request", "Nobody has said yes yet: everything comes back."),
            BookingState.DECLINED: (row.total_minor, "declined", "It never became a booking: nothing was taken."),
        }.get(state, (row.refund_minor, "cancelled", "It was canceled: this came back."))
        step = RefundStep(
            until=None, refund_minor=minor, retained_minor=row.total_minor - minor, rule=rule, detail=detail
        )
        return RefundCurve(currency=row.currency, total_minor=row.total_minor, steps=(step,))

    # ------------------------------------------------------------------------------------------------------- changing

    async def place_change(
        self, *, caller: Caller, principal: Principal, number: int, items: Sequence[Item]
    ) -> Keyed[Change]:
        """See `BookingApi.place_change`.

        Raises:
            Overloaded: The booking becomes another all the time.
        """
        key = key_use(caller)
        with self._desk.alone(key):
            answer: Before | Moved | None = await self._rebooking.known(key)
            for _ in range(_TRIES):
                if isinstance(answer, Before):
                    refuse_again(answer.answer)
                    value = await self._change(answer.answer["change"], ttl_s=answer.answer["ttl_s"])
                    return Keyed(value=value, replayed=True)
                row = await self._desk.visible(principal, number=number)
                new, quote = await self._priced(row, principal, items)
                order = ChangeOrder(
                    change_id=new_id("change", self._desk.clock),
                    hold_id=new_id("hold", self._desk.clock),
                    number=number,
                    seen=row.items,
                    new=new,
                    quote=quote,
                    key=key,
                )
                answer = await self._rebooking.place(order)
                if answer is None:
                    return Keyed(value=await self._change(order.change_id))
        raise Overloaded(retry_after_s=1)

    async def get_change(self, *, principal: Principal, number: int, change_id: str) -> Change:
        """See `BookingApi.get_change`.

        Raises:
            NotFound: No such change of this booking.
        """
        row = await self._desk.visible(principal, number=number)
        found = await self._change(change_id)
        if found.number != number:
            raise NotFound("There is no such change.")
        if not (principal.is_admin or principal.is_guest(row.account_id)):
            # Whoever has the token may pay and confirm: that is the guest's.
            return replace(found, hold=replace(found.hold, token=""))
        return found

    async def change(self, *, change_id: str) -> Change:
        """See `BookingApi.change`."""
        return await self._change(change_id)

    async def confirm_change(
        self, *, caller: Caller, principal: Principal, number: int, change_id: str, payment: PaymentTerms | None
    ) -> Keyed[Booking]:
        """See `BookingApi.confirm_change`.

        Raises:
            NotFound: No such booking or change, or somebody else's.
        """
        row = await self._desk.visible(principal, number=number)
        if not (principal.is_admin or principal.is_guest(row.account_id)):
            raise NotFound("There is no such change.")
        found = await self._found(change_id)
        order = SettleOrder(
            verb=Verb.CHANGE,
            number=number,
            principal=principal,
            by_id=change_id,
            hold_id=found.hold_id,
            payment=payment,
            key=key_use(caller),
        )
        return await self._revised(order)

    async def confirm_paid(self, *, change_id: str, payment: PaymentTerms) -> Booking:
        """Confirm a change because its payment is authorised; see `BookingApi.confirm_paid`.

        Raises:
            AlreadyConfirmed: It was confirmed with another payment.
            HoldNotActive: It was let go, or its booking has become another or has ended.
        """
        found = await self._found(change_id)
        order = SettleOrder(
            verb=Verb.CHANGE, number=found.number, by_id=change_id, hold_id=found.hold_id, payment=payment
        )
        try:
            return (await self._revised(order)).value
        except (ChangeNotActive, AlreadyCancelled) as refusal:
            now = await self._change(change_id)
            booking = await self._desk.found(number=found.number)
            if now.confirmed_at is None:
                raise HoldNotActive from refusal
            if now.payment_id != payment.payment_id:
                raise AlreadyConfirmed(extra={"reference": booking.reference}) from refusal
            return booking_of(booking)

    async def holds_of(self, *, number: int) -> tuple[str, ...]:
        """See `BookingApi.holds_of`."""
        row = await self._desk.found(number=number)

        async def work(tx: Tx) -> list[str]:
            own = await sales.find_hold(tx, row.hold_id)
            late = [own.late_of] if own is not None and own.late_of is not None else []
            return [row.hold_id, *late, *await after_sale.confirmed_holds_of(tx, number)]

        return tuple(await self._desk.db.read(work))

    async def tidy(self) -> None:
        """Forget cancellation quotes that ran out a day ago and were never used."""
        await self._desk.db.write(lambda tx: after_sale.drop_quotes(tx, older_than_s=86_400))

    # --------------------------------------------------------------------------------------------------------- helpers

    async def _revised(self, order: SettleOrder) -> Keyed[Booking]:
        settled = await self._desk.settle(order)
        if not isinstance(settled, Before):
            return Keyed(value=await self._fees.shown_of(was(Booking, settled)))
        answer = settled.answer
        refuse_again(answer)
        row = await self._desk.found(number=answer["number"])
        then = await self._desk.db.read(
            lambda tx: after_sale.find_revision(tx, number=row.number, revision=answer["revision"] + 1)
        )
        return Keyed(value=await self._fees.shown_of(told_again(row, then, answer)), replayed=True)

    async def _let_go_of_changes(self, number: int) -> None:
        """Release what changes hold that can no longer be confirmed. They would run out by themselves."""
        for hold_id in await self._desk.db.read(lambda tx: after_sale.open_holds_of(tx, number)):
            await self._desk.settling.settle(SettleOrder(verb=Verb.RELEASE, hold_id=hold_id))

    async def _found(self, change_id: str) -> Row:
        found = await self._desk.db.read(lambda tx: after_sale.find_changes(tx, [change_id]))
        if change_id not in found:
            raise NotFound("There is no such change.")
        return found[change_id]

    async def _change(self, change_id: str, *, ttl_s: int | None = None) -> Change:
        """Return a change as it is, or as it was answered when it was placed."""
        row = await self._found(change_id)
        hold = await self._desk.db.read(lambda tx: sales.find_hold(tx, row.hold_id))
        assert hold is not None, "a change has a hold"  # noqa: S101 - a foreign key says so
        if ttl_s is None:
            return change_of(row, hold_of(hold, self._desk.tokens, hold.now))
        first: Hold = first_hold(hold, self._desk.tokens, ttl_s)
        return change_of(row._replace(payment_id=None, confirmed_at=None), first)

    async def _priced(
        self, row: Row, principal: Principal, items: Sequence[Item]
    ) -> tuple[dict[int, Repriced], FullQuote]:
        """Judge and price what changes, by the terms of today.

        Raises:
            NotFound: The booking is not theirs to change, or a property is not there or somebody else's.
            AlreadyCancelled: The booking has ended.
            CancellationTooLate: A stay that changes has begun.
            RuleViolation: Rules stand against it.
            Invalid: The items are not the booking's, or nothing changes.
        """
        if not (principal.is_admin or principal.is_guest(row.account_id)):
            raise NotFound("There is no such booking of yours.")
        _must_stand(row)
        had = items_of(row.items)
        if len(items) != len(had):
            raise Invalid(
                errors=_wrong("/items", "items_differ", f"The booking has {len(had)} items: send each, in order.")
            )
        places = [place for place, item in enumerate(had) if item_of(item) != items[place]]
        if not places:
            raise Invalid(errors=_wrong("/items", "nothing_changes", "This is what it is already."))
        _must_be_of_same_kind(places, had, items)
        quoting = self._desk.quoting
        asked = await quoting.ask([items[place] for place in places], account_id=row.account_id)
        moves = [Move(place=place, had=had[place], asked=each) for place, each in zip(places, asked, strict=True)]
        _must_be_same_places(moves)
        if any(begun(move.had, row.now) for move in moves):
            raise CancellationTooLate
        judge(moves)
        _must_fit(row, items, moves)
        parts = [repriced(move, price_of(row.price)) for move in moves]
        made = await quoting.promise(row.account_id, asked, parts)
        new = {
            move.place: Repriced(item=_as_promised(row, move, quoted), lines=part.lines)
            for move, quoted, part in zip(moves, made.items, parts, strict=True)
        }
        return new, await quoting.find(account_id=row.account_id, quote_id=made.id)


async def locked(tx: Tx, number: int) -> Row:
    """Lock a booking and its hold, in everybody's order, and return the booking.

    Raises:
        NotFound: There is none.
    """
    await sales.lock_holds(tx, (await sales.holds_of(tx, [number])).values())
    bookings = await sales.lock_bookings(tx, [number])
    if number not in bookings:
        raise NotFound("There is no such booking.")
    return bookings[number]


def _curve(row: Row) -> RefundCurve:
    """Return the curve of a standing booking: what the policies say, less what is lost already, and the fees."""
    stays, price = items_of(row.items), price_of(row.price)
    known = booked(stays, price, booked_at=row.created_at)
    plain = curve(known, currency=row.currency)
    steps = []
    after = row.created_at
    for step in plain.steps:
        after = after + _TICK if step.until is None else step.until
        back = capped(refund(known, now=after), stays)
        steps.append(
            replace(
                step,
                refund_minor=back.total_minor,
                retained_minor=row.total_minor - back.total_minor,
                detail=back.detail,
            )
        )
    refunds = RefundCurve(currency=row.currency, total_minor=row.total_minor, steps=tuple(steps))
    return refunds if row.guarantee_method_id is None else with_fees(refunds, stays, booked_at=row.created_at)


def _must_stand(row: Row) -> None:
    state = judged_booking(row.state, row.decide_by, row.now)
    if state is BookingState.REQUESTED:
        detail = "The booking waits for its host's answer: cancel it, or wait."
        error = FieldError(pointer="/items", code="awaiting_answer", detail=detail)
        raise RuleViolation(detail, errors=[error])
    if state is not BookingState.CONFIRMED:
        raise AlreadyCancelled


def _as_promised(row: Row, move: Move, quoted: QuotedItem) -> QuotedItem:
    """Return an item that another becomes, under the policy that one was sold with."""
    becomes = replace(quoted, policy=move.had.policy)
    if not (isinstance(becomes, QuotedTable) and isinstance(move.had, QuotedTable)):
        return becomes
    assert isinstance(move.asked, AskedTable), "a table becomes a table"  # noqa: S101 - checked before
    becomes = replace(becomes, free_until=move.asked.free_until(move.had.policy))
    return still_late(move.had, becomes, booked_at=row.created_at, now=row.now)


def _must_be_of_same_kind(places: Iterable[int], had: Sequence[QuotedItem], items: Sequence[Item]) -> None:
    """Check that a stay stays a stay.

    Raises:
        Invalid: An item is of another kind.
    """
    for place in places:
        if type(item_of(had[place])) is not type(items[place]):
            detail = f"Item {place} is a {had[place].kind}, and stays one."
            raise Invalid(errors=_wrong(f"/items/{place}/kind", "kind_fixed", detail))


def _must_be_same_places(moves: Iterable[Move]) -> None:
    """Check that only when, how many and how changes, not where.

    Raises:
        NotFound: What is asked for is somebody else's.
        Invalid: It is another property or restaurant.
    """
    for move in moves:
        if not move.leaves:
            continue
        if move.asked.owner_id != move.had.owner_id:
            raise NotFound("There is nothing of the same owner's to move to.")
        code = "property_fixed" if isinstance(move.asked.item, StayItem) else "restaurant_fixed"
        detail = "When and for how many can be changed, not where."
        raise Invalid(errors=_wrong(f"/items/{move.place}/{where(move.asked.item)}", code, detail))


def _must_fit(row: Row, items: Sequence[Item], moves: Sequence[Move]) -> None:
    """Check what changes against the rest of the booking.

    Raises:
        Invalid: It is priced in another currency, or one thing is asked for twice.
        HoldfastError: A flight has no fare left.
    """
    errors = []
    for move in moves:
        if move.asked.currency != row.currency:
            detail = f"The booking is priced in {row.currency}, this no longer is."
            errors.append(FieldError(pointer=f"/items/{move.place}", code="currency_mismatch", detail=detail))
    errors += meeting(items)
    if errors:
        raise Invalid(errors[0].detail, errors=errors)
    for move in moves:
        if (refusal := move.asked.shortage()) is not None:
            raise refusal


def _wrong(pointer: str, code: str, detail: str) -> list[FieldError]:
    return [FieldError(pointer=pointer, code=code, detail=detail)]
