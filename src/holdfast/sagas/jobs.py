"""What sagas do by themselves: they follow booking and payments, watch each other, and look for what is missing."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

from holdfast.booking.api import BookingApi, BookingState, Hold, HoldState, fee_paid_by, paid_by_trip
from holdfast.booking.events import (
    BookingCancelled,
    BookingChanged,
    BookingConfirmed,
    BookingDeclined,
    FeeDue,
    HoldEnded,
)
from holdfast.kit.module import Job
from holdfast.kit.outbox import Delivered, Finish
from holdfast.payments.api import CaseKind, Payment, PaymentsApi, PaymentState, RefundState
from holdfast.payments.events import CaseOpened, PaymentMoved, RefundMoved
from holdfast.sagas.service import Due, Sagas
from holdfast.sagas.settings import SagasSettings

Handle = Callable[[Sequence[Delivered]], Awaitable[Finish | None]]

BOOKING_EVENTS: Final = (BookingConfirmed, BookingDeclined, BookingCancelled, BookingChanged, FeeDue, HoldEnded)
PAYMENT_EVENTS: Final = (PaymentMoved, RefundMoved, CaseOpened)
_RESOLVED: Final = frozenset({CaseKind.WRONG_AMOUNT, CaseKind.RIVAL_ALIVE, CaseKind.DISPUTE})
"""Cases that payments opens; the others are opened by the resolver itself."""
_PAGE: Final = 200
_FORGET_EVERY_S: Final = 3600.0
_LOST_EVERY_S: Final = 60.0
_BEATS: Final = 3
"""How often a process shows itself before others take it for dead."""


def follow_booking(sagas: Sagas, payments: PaymentsApi) -> Handle:
    """Return the handler of `BOOKING_EVENTS`. Where no money is involved, nothing has to be done."""

    async def handle(delivered: Sequence[Delivered]) -> Finish | None:
        events = [each.event for each in delivered]
        due = [made for event in events if (made := _of_booking(event)) is not None]
        due += await _of_ended(payments, [event for event in events if isinstance(event, HoldEnded)])
        return sagas.noting(due + await _of_declined(payments, events))

    return handle


def _of_booking(event: Any) -> Due | None:
    if paid_by_trip(getattr(event, "payment_id", None)):
        return None  # its trip tells of itself, and of every part of it that money hangs on
    match event:
        case BookingConfirmed(payment_id=str(payment_id)):
            return place(event.number, payment_id)
        case BookingCancelled(payment_id=str(payment_id)):
            args = {
                "number": event.number,
                "payment_id": payment_id,
                "cancellation_id": event.cancellation_id,
                "refund_minor": event.refund_minor,
                "whole": event.whole,
            }
            return f"cancel:{event.cancellation_id or event.number}", "cancel_booking", args
        case BookingChanged() if event.change_payment_id or (event.payment_id and event.refund_minor):
            args = {
                "number": event.number,
                "change_id": event.change_id,
                "payment_id": event.payment_id,
                "change_payment_id": event.change_payment_id,
            }
            return f"change:{event.change_id}", "change_booking", args
        case FeeDue():
            return charge(event.number, event.turn)
        case _:
            return None


async def _of_ended(payments: PaymentsApi, events: Sequence[HoldEnded]) -> list[Due]:
    if not events:
        return []
    found = await payments.of_holds(hold_ids=[event.hold_id for event in events])
    return [expire(each.hold_id) for each in found if each.is_open]


async def _of_declined(payments: PaymentsApi, events: Sequence[Any]) -> list[Due]:
    ids = [
        each.payment_id
        for each in events
        if isinstance(each, BookingDeclined) and each.payment_id and not paid_by_trip(each.payment_id)
    ]
    return [expire((await payments.get(payment_id=each)).hold_id) for each in ids]


def follow_payments(sagas: Sagas) -> Handle:
    """Return the handler of `PAYMENT_EVENTS`: whatever may have gone another way is looked at."""

    async def handle(delivered: Sequence[Delivered]) -> Finish | None:
        return sagas.noting([made for each in delivered if (made := _of_payment(each.event)) is not None])

    return handle


def _of_payment(event: Any) -> Due | None:
    match event:
        case PaymentMoved(state=PaymentState.AUTHORISED.value, waited=True):
            return late(event.payment_id, event.state)
        case RefundMoved(state=RefundState.FAILED.value):
            why = CaseKind.REFUND_FAILED.value
            return f"late:{event.refund_id}:{why}", "late_payment", {"payment_id": event.payment_id, "why": why}
        case CaseOpened() if event.kind in _RESOLVED:
            return late(event.payment_id, event.kind)
        case _:
            return None


def place(number: int, payment_id: str) -> Due:
    """Return the journey that captures the payment of a booking."""
    return f"place:{number}", "place_booking", {"number": number, "payment_id": payment_id}


def charge(number: int, turn: int) -> Due:
    """Return the journey that charges a fee."""
    return f"fee:{number}:{turn}", "charge_fee", {"number": number, "turn": turn}


def expire(hold_id: str) -> Due:
    """Return the journey that lets the payments of a hold go."""
    return f"expire:{hold_id}", "expire_hold", {"hold_id": hold_id}


def late(payment_id: str, why: str) -> Due:
    """Return the journey that resolves a payment by the closed table."""
    return f"late:{payment_id}:{why}", "late_payment", {"payment_id": payment_id, "why": why}


def reconciler(
    sagas: Sagas, booking: BookingApi, payments: PaymentsApi, settings: SagasSettings
) -> Callable[[], Awaitable[None]]:
    """Return what starts the journeys that the truth in booking and payments says are missing.

    It needs neither events nor journal: whatever was lost, an unsettled payment is found here.
    """

    async def reconcile() -> None:
        for payment in await payments.unsettled(older_than_s=settings.unsettled_after_s, limit=_PAGE):
            if (due := await missing(booking, payments, payment)) is not None:
                await sagas.note_again(due)
        for fee in await booking.fees.due(older_than_s=settings.unsettled_after_s, limit=_PAGE):
            await sagas.note_again(charge(fee.number, fee.turn))

    return reconcile


async def missing(booking: BookingApi, payments: PaymentsApi, payment: Payment) -> Due | None:
    """Return the journey an unsettled payment needs, if it needs one."""
    if not payment.is_open:
        failed = [
            each for each in await payments.refunds_of(payment_ids=[payment.id]) if each.state is RefundState.FAILED
        ]
        why = CaseKind.REFUND_FAILED.value
        return (
            (f"late:{failed[0].id}:{why}", "late_payment", {"payment_id": payment.id, "why": why}) if failed else None
        )
    if (fee := fee_paid_by(payment.hold_id)) is not None:
        return charge(*fee)
    hold = await booking.find_hold(hold_id=payment.hold_id)
    if hold is not None and hold.change_id is not None:
        return await _of_change(booking, hold, payment)
    booked = await booking.booking_of_hold(hold_id=payment.hold_id)
    if booked is None:
        return _of_hold(hold, payment)
    if booked.payment_id != payment.id:
        return late(payment.id, payment.state.value)
    by_state: Mapping[BookingState, Due] = {
        BookingState.CONFIRMED: place(booked.number, payment.id),
        BookingState.DECLINED: expire(payment.hold_id),
    }
    return by_state.get(booked.state)


def _of_hold(hold: Hold | None, payment: Payment) -> Due | None:
    if _came_back(payment):
        return late(payment.id, payment.state.value)
    return None if hold is not None and hold.state is HoldState.HELD else expire(payment.hold_id)


def _came_back(payment: Payment) -> bool:
    return payment.waited and payment.state is PaymentState.AUTHORISED


async def _of_change(booking: BookingApi, hold: Hold, payment: Payment) -> Due | None:
    change = await booking.change(change_id=str(hold.change_id))
    if change.confirmed_at is not None and change.payment_id == payment.id:
        args = {
            "number": change.number,
            "change_id": change.id,
            "payment_id": None,
            "change_payment_id": payment.id,
        }
        return f"change:{change.id}", "change_booking", args
    return None if hold.state is HoldState.HELD else late(payment.id, payment.state.value)


def jobs(sagas: Sagas, settings: SagasSettings, reconcile: Callable[[], Awaitable[None]]) -> tuple[Job, ...]:
    """Return the reconcilers of sagas."""
    return (
        Job(name="sagas.watch", every_s=settings.dead_after_s / _BEATS, run=sagas.watch),
        Job(name="sagas.reconcile", every_s=settings.reconcile_every_s, run=reconcile),
        Job(name="sagas.find_lost", every_s=_LOST_EVERY_S, run=sagas.find_lost),
        Job(name="sagas.forget_old", every_s=_FORGET_EVERY_S, run=sagas.forget_old),
    )
