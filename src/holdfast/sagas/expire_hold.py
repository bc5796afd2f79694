"""A hold ended without a booking, or its request was declined: let every payment of it go.

| step | does | undo |
|---|---|---|
| look | finds the payments of the hold that may still take money | - |
| look up N | asks the provider how payment N stands | - |
| void N | voids it | - |
| give back N | it turned out to be captured: gives all of it back | - |
| record | notes on a declined booking how its payment stands | - |

It is itself an undo, so it only goes forward. A payment whose guest was sent away to approve it and came back too late
is left to late_payment, which may find the stock still free.
"""

from functools import partial
from typing import Any, Final

from holdfast.booking.api import BookingState, HoldState
from holdfast.payments.api import CaseState, Payment, PaymentState
from holdfast.sagas.journey import Journey, forward
from holdfast.sagas.shared_steps import Seen, give_rest_back, look_up, record_if_there, void

_UNDER_WAY: Final = (PaymentState.STARTING, PaymentState.REQUIRES_ACTION)
_NOTHING: Final[dict[str, Any]] = {"may_be_late": False, "open": [], "declined": None}


@forward
async def expire_hold(journey: Journey, *, hold_id: str) -> str:
    """Let the payments of a hold go that has ended."""
    found = await journey.do("look", lambda: _look(journey, hold_id))
    for place, (payment_id, state) in enumerate(found["open"], 1):
        now: Seen = await journey.do(f"look up {place}", partial(look_up, journey, payment_id))
        if found["may_be_late"] and state in _UNDER_WAY and now["state"] == PaymentState.AUTHORISED:
            continue  # approved too late: the news of it starts late_payment
        if now["state"] in {*_UNDER_WAY, PaymentState.AUTHORISED}:
            now = await journey.do(f"void {place}", partial(void, journey, payment_id))
        if now["state"] == PaymentState.CAPTURED:
            await journey.do(f"give back {place}", partial(give_rest_back, journey, payment_id, "late"))
    if found["declined"] is not None:
        number, payment_id = found["declined"]
        await journey.do("record", lambda: record_if_there(journey, number, payment_id))
    return "released"


def _came_back(payment: Payment) -> bool:
    """Return whether a guest approved it elsewhere: then late_payment decides, whoever of us comes first."""
    return payment.waited and payment.state is PaymentState.AUTHORISED


async def _look(journey: Journey, hold_id: str) -> dict[str, Any]:
    hold = await journey.booking.find_hold(hold_id=hold_id)
    booking = await journey.booking.booking_of_hold(hold_id=hold_id)
    if booking is None and hold is not None and hold.state in {HoldState.HELD, HoldState.CONFIRMED}:
        return _NOTHING
    if booking is not None and booking.state in {BookingState.CONFIRMED, BookingState.REQUESTED}:
        return _NOTHING
    payments = await journey.payments.of_holds(hold_ids=[hold_id])
    cases = await journey.payments.cases_of(payment_ids=[each.id for each in payments])
    with_resolver = {case.payment_id for case in cases if case.state is CaseState.OPEN}
    declined = booking is not None and booking.payment_id is not None
    may_be_late = booking is None and (hold is None or hold.change_id is None)
    return {
        "may_be_late": may_be_late,
        "open": [
            [each.id, each.state.value]
            for each in payments
            if each.is_open and each.id not in with_resolver and not (may_be_late and _came_back(each))
        ],
        "declined": [booking.number, booking.payment_id] if declined and booking is not None else None,
    }
