"""A payment did not go the ordinary way: find out which way, act by the closed table, and say so in a case.

docs/late-payments.md has the table for people; this is it for the program.

| step | does | undo |
|---|---|---|
| look | reads the payment, its cases, its hold and its booking, and says which row of the table applies | - |
| open case | says on the books what was found | - |
| book | paid in time: confirms; late and the stock free: books at the locked price | release the booking |
| void, give back | there is nothing to pay for: leaves no money behind | - |
| settle case | says on the books what came of it | - |

Booking is tried before money is let go, so a door that refuses the booking (the stock is gone, the guest let it go)
turns the row into the next one.
"""

from dataclasses import dataclass
from typing import Any, Final

from holdfast.booking.api import Booking, BookingState, Change, HoldState, PaymentTerms, fee_paid_by
from holdfast.kit.errors import HoldfastError
from holdfast.payments.api import (
    Case,
    CaseKind,
    CaseState,
    Payment,
    PaymentState,
    PaymentStatus,
    RefundOrder,
    RefundState,
)
from holdfast.sagas.journey import Journey, forward
from holdfast.sagas.shared_steps import give_back, let_go, look_up

_REASONS: Final = {
    CaseKind.PAID_TWICE: "paid_twice",
    CaseKind.WRONG_AMOUNT: "wrong_amount",
}
_BOOKS: Final = frozenset({CaseKind.PAID_IN_TIME, CaseKind.LATE_STOCK_FREE})


@forward
async def late_payment(journey: Journey, *, payment_id: str, why: str) -> str:
    """Resolve a payment by the closed table."""
    row = await journey.do("look", lambda: _look(journey, payment_id, why))
    if row["kind"] is None:
        return str(row["outcome"])
    kind = CaseKind(row["kind"])
    case: dict[str, Any] = await journey.do("open case", lambda: _open(journey, kind, payment_id, row["reference"]))
    outcome, reference = "", row["reference"]
    if kind is CaseKind.DISPUTE:
        # The booking stands and the ledger has it; people answer it at the provider.
        return str(await journey.do("hand over", lambda: _hand_over(journey, case["id"], "disputed", reference)))
    if kind is CaseKind.RIVAL_ALIVE:
        return await _end_rival(journey, case["id"], payment_id, reference)
    if kind in _BOOKS:
        booked = await journey.do("book", lambda: _book(journey, kind, payment_id, row["hold_id"], row["method"]))
        kind, outcome, reference = CaseKind(booked["kind"]), booked["outcome"], booked["reference"]
        if case["kind"] != kind:
            await journey.do("settle case", lambda: _settle(journey, case["id"], "superseded", None))
            case = await journey.do("open case again", lambda: _open(journey, kind, payment_id, None))
    if not outcome:
        outcome = await _leave_nothing(journey, kind, payment_id)
    await journey.do("say outcome", lambda: _settle(journey, case["id"], outcome, reference))
    return outcome


@dataclass(frozen=True, slots=True)
class _Found:
    payment: Payment
    cases: list[Case]
    booking: Booking | None
    hold_state: HoldState | None
    change: Change | None


async def _look(journey: Journey, payment_id: str, why: str) -> dict[str, Any]:
    payment = await journey.payments.refresh(payment_id=payment_id)
    cases = await journey.payments.cases_of(payment_ids=[payment_id])
    booking = await journey.booking.booking_of_hold(hold_id=payment.hold_id)
    hold = await journey.booking.find_hold(hold_id=payment.hold_id)
    of_change = None if hold is None else hold.change_id
    found = _Found(
        payment=payment,
        cases=cases,
        booking=booking,
        hold_state=None if hold is None else hold.state,
        change=None if of_change is None else await journey.booking.change(change_id=of_change),
    )
    kind, outcome = _row_of(found, why)
    return {
        "kind": None if kind is None else kind.value,
        "outcome": outcome,
        "hold_id": payment.hold_id,
        "method": payment.method.value,
        "reference": None if booking is None else booking.reference,
    }


def _row_of(found: _Found, why: str) -> tuple[CaseKind | None, str]:
    """Return the row of the table that applies; None and an outcome where the ordinary way does."""
    opened = {case.kind for case in found.cases if case.state is not CaseState.CLOSED}
    for kind in (CaseKind.WRONG_AMOUNT, CaseKind.RIVAL_ALIVE, CaseKind.DISPUTE):
        if kind in opened:
            return kind, ""
    if why == CaseKind.REFUND_FAILED:
        return CaseKind.REFUND_FAILED, ""
    if found.payment.state not in {PaymentState.AUTHORISED, PaymentState.CAPTURED}:
        return None, "nothing_held"
    if found.change is not None:
        return _row_of_change(found.change, found.hold_state, found.payment)
    if found.booking is not None:
        return _row_of_booking(found.booking, found.payment)
    return _row_of_hold(found.hold_state, found.payment)


def _row_of_booking(booking: Booking, payment: Payment) -> tuple[CaseKind | None, str]:
    if booking.payment_id != payment.id:
        return CaseKind.PAID_TWICE, ""
    if booking.state is BookingState.DECLINED:
        return CaseKind.LATE_STOCK_GONE, ""
    return None, "booked"  # place_booking or cancel_booking sees to the money


def _row_of_change(change: Change, hold_state: HoldState | None, payment: Payment) -> tuple[CaseKind | None, str]:
    if change.confirmed_at is not None:
        return (None, "booked") if change.payment_id == payment.id else (CaseKind.PAID_TWICE, "")
    # Nobody changes a booking without its guest: the payment is let go when the hold ends.
    return (None, "left") if hold_state is HoldState.HELD else (CaseKind.LATE_STOCK_GONE, "")


def _row_of_hold(hold_state: HoldState | None, payment: Payment) -> tuple[CaseKind | None, str]:
    if fee_paid_by(payment.hold_id) is not None:
        return None, "fee"  # charge_fee sees to it
    rows = {HoldState.HELD: CaseKind.PAID_IN_TIME, HoldState.EXPIRED: CaseKind.LATE_STOCK_FREE}
    return rows.get(hold_state, CaseKind.LATE_STOCK_GONE) if hold_state else CaseKind.LATE_STOCK_GONE, ""


async def _open(journey: Journey, kind: CaseKind, payment_id: str, reference: str | None) -> dict[str, Any]:
    case = await journey.payments.open_case(
        kind=kind, payment_id=payment_id, reference=reference, detail=_DETAILS[kind]
    )
    return {"id": case.id, "kind": case.kind.value}


async def _settle(journey: Journey, case_id: str, outcome: str, reference: str | None) -> str:
    case = await journey.payments.settle_case(
        case_id=case_id, state=CaseState.CLOSED, outcome=outcome, reference=reference
    )
    return case.outcome


async def _hand_over(journey: Journey, case_id: str, outcome: str, reference: str | None) -> str:
    case = await journey.payments.settle_case(
        case_id=case_id, state=CaseState.NEEDS_HUMAN, outcome=outcome, reference=reference
    )
    return case.outcome


async def _end_rival(journey: Journey, case_id: str, payment_id: str, reference: str | None) -> str:
    """Let the provider's other object go. What our own object holds is not touched: it may have paid a booking."""
    await journey.do("end rival", lambda: look_up(journey, payment_id))
    if await journey.do("look again", lambda: _is_closed(journey, payment_id)):
        return "voided"
    # Money was taken by an object that is none of ours: only a person can give it back, at the provider.
    return str(await journey.do("hand over", lambda: _hand_over(journey, case_id, "rival_captured", reference)))


async def _is_closed(journey: Journey, payment_id: str) -> bool:
    cases = await journey.payments.cases_of(payment_ids=[payment_id])
    return all(each.state is CaseState.CLOSED for each in cases if each.kind is CaseKind.RIVAL_ALIVE)


async def _book(journey: Journey, kind: CaseKind, payment_id: str, hold_id: str, method: str) -> dict[str, Any]:
    """Book what was paid for. A refusal for good is an answer here: it says which row applies instead."""
    terms = PaymentTerms(method=method, status=PaymentStatus.PENDING.value, payment_id=payment_id)
    if kind is CaseKind.PAID_IN_TIME:
        try:
            booking = await journey.booking.confirm_paid(hold_id=hold_id, payment=terms)
        except HoldfastError as error:
            _must_be_refusal(error)
        else:
            return {"kind": kind.value, "outcome": "booked", "reference": booking.reference}
    try:
        booking = await journey.booking.book_late(hold_id=hold_id, payment=terms)
    except HoldfastError as error:
        _must_be_refusal(error)
        twice = await journey.booking.booking_of_hold(hold_id=hold_id)
        gone = CaseKind.LATE_STOCK_GONE if twice is None else CaseKind.PAID_TWICE
        return {"kind": gone.value, "outcome": "", "reference": None}
    return {"kind": CaseKind.LATE_STOCK_FREE.value, "outcome": "booked", "reference": booking.reference}


def _must_be_refusal(error: HoldfastError) -> None:
    if error.status >= _NOT_AN_ANSWER:
        raise error


async def _leave_nothing(journey: Journey, kind: CaseKind, payment_id: str) -> str:
    if kind is CaseKind.REFUND_FAILED:
        await journey.do("refund again", lambda: _refund_again(journey, payment_id))
        return "refunded"
    return await let_go(journey, payment_id, _REASONS.get(kind, "late"))


async def _refund_again(journey: Journey, payment_id: str) -> str:
    """Order what failed once more, as it was."""
    for refund in await journey.payments.refunds_of(payment_ids=[payment_id]):
        if refund.state is RefundState.FAILED:
            await give_back(
                journey,
                RefundOrder(
                    key=refund.key,
                    payment_id=payment_id,
                    amount_minor=refund.amount_minor,
                    currency=refund.currency,
                    reason=refund.reason,
                ),
            )
    return RefundState.COMPLETED.value


_NOT_AN_ANSWER: Final = 500
_DETAILS: Final = {
    CaseKind.PAID_IN_TIME: "Approved in time, and the guest did not come back to confirm.",
    CaseKind.LATE_STOCK_FREE: "Approved after the hold had run out.",
    CaseKind.LATE_STOCK_GONE: "Approved when there was nothing left to pay for.",
    CaseKind.PAID_TWICE: "Another payment has paid for the same booking.",
    CaseKind.WRONG_AMOUNT: "The provider has another amount or currency than was asked for.",
    CaseKind.RIVAL_ALIVE: "The provider still holds a payment that had been let go.",
    CaseKind.REFUND_FAILED: "The provider could not give the money back.",
    CaseKind.DISPUTE: "The guest's bank disputes the payment.",
}
