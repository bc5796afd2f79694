"""A booking, or some items of it, was canceled: give back what its policy gives, to the cent.

| step | does | undo |
|---|---|---|
| look | reads what is owed, whose it was, and how the payment stands | - |
| let go | nothing captured and all is owed: voids the payment | - |
| settle | nothing captured and something is kept: captures, so that it can be kept | - |
| plan | says which payment gives back how much | - |
| refund N | gives back its part of payment N | - |
| record | notes on the booking how the payment stands | - |

The cancellation itself is done and stays done: the stock is free, the guest was told the amount. So nothing here is
taken back; every step goes forward or, where it is refused or nobody answers, waits for a person with nothing undone.
"""

from functools import partial
from typing import Any

from holdfast.payments.api import PaymentState, Share
from holdfast.sagas import postings
from holdfast.sagas.journey import Journey, forward
from holdfast.sagas.shared_steps import (
    booking_of,
    give_part_back,
    look_up,
    record_if_there,
    settle,
    shared_out,
    void,
)


@forward
async def cancel_booking(
    journey: Journey, *, number: int, payment_id: str, cancellation_id: str | None, refund_minor: int, whole: bool
) -> str:
    """Give back what a cancellation owes."""
    found = await journey.do("look", lambda: _look(journey, number, payment_id, cancellation_id))
    reference, state = found["reference"], found["state"]
    if state == PaymentState.AUTHORISED and whole and refund_minor >= found["amount_minor"]:
        state = await journey.do("let go", lambda: _let_go(journey, payment_id))
    elif state == PaymentState.AUTHORISED:
        sold = postings.from_json(found["sold"])
        state = await journey.do("settle", lambda: settle(journey, payment_id, reference, sold))
    if state == PaymentState.CAPTURED and refund_minor > 0:
        givers = postings.from_json(found["givers"])
        plan = await journey.do("plan", lambda: shared_out(journey, number, payment_id, refund_minor))
        for place, (payment, amount) in enumerate(plan, 1):
            await journey.do(
                f"refund {place}",
                partial(give_part_back, journey, payment, amount, "cancelled", reference, givers),
            )
    await journey.do("record", lambda: record_if_there(journey, number, payment_id))
    return "settled" if state == PaymentState.CAPTURED else "voided"


async def _look(journey: Journey, number: int, payment_id: str, cancellation_id: str | None) -> dict[str, Any]:
    booking = await booking_of(journey, number)
    payment = await look_up(journey, payment_id)
    givers: tuple[Share, ...] = ()
    if cancellation_id is not None:
        used = await journey.booking.cancellation(cancellation_id=cancellation_id)
        givers = postings.giving(used.refund, used.stays)
    sold = postings.fitted(payment["amount_minor"], postings.sale_of(booking.price, booking.items))
    return {
        "reference": booking.reference,
        "state": payment["state"],
        "amount_minor": payment["amount_minor"],
        "sold": postings.to_json(sold),
        "givers": postings.to_json(givers),
    }


async def _let_go(journey: Journey, payment_id: str) -> str:
    return (await void(journey, payment_id))["state"]
