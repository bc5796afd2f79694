"""A booking was confirmed: capture its payment, or take the booking back.

| step | does | undo |
|---|---|---|
| confirm | (done before: the booking stands) | release the booking, nothing is owed |
| authorise | (done before: the money is authorised) | void the payment |
| look | reads the booking and whose the money will be | - |
| capture | takes the money, posts the sale | give all of it back |
| record | notes on the booking that it is paid | note how the payment stands in the end |

A capture that is refused for good unwinds: no booking, no money.
"""

from typing import Any, Final

from holdfast.booking.api import BookingState
from holdfast.kit.errors import NotFound
from holdfast.sagas import postings
from holdfast.sagas.journey import Journey
from holdfast.sagas.shared_steps import (
    booking_of,
    capture,
    give_rest_back,
    let_go,
    record,
    record_if_there,
    void,
)

_GONE: Final = "gone"


async def place_booking(journey: Journey, *, number: int, payment_id: str) -> str:
    """Capture the payment of a confirmed booking."""
    journey.owe("record", lambda: record_if_there(journey, number, payment_id))
    journey.owe("authorise", lambda: void(journey, payment_id))
    journey.owe("confirm", lambda: _release(journey, number, payment_id))
    found = await journey.do("look", lambda: _look(journey, number, payment_id))
    if found["state"] == _GONE:
        return await let_go(journey, payment_id, "compensation")
    if found["state"] != BookingState.CONFIRMED:
        return "left"  # it was cancelled meanwhile, and cancel_booking sees to the money
    reference, shares = found["reference"], postings.from_json(found["shares"])
    await journey.do(
        "capture",
        lambda: capture(journey, payment_id, reference, shares),
        undo=lambda: give_rest_back(journey, payment_id, "compensation", reference),
    )
    await journey.do("record", lambda: record(journey, number, payment_id))
    return "captured"


async def _look(journey: Journey, number: int, payment_id: str) -> dict[str, Any]:
    try:
        booking = await booking_of(journey, number)
    except NotFound:
        return {"state": _GONE}
    if booking.payment_id != payment_id:
        return {"state": _GONE}
    # A booking that was changed or partly canceled meanwhile costs something else than was authorised for it.
    amount = (await journey.payments.get(payment_id=payment_id)).amount_minor
    shares = postings.fitted(amount, postings.sale_of(booking.price, booking.items))
    return {"state": booking.state.value, "reference": booking.reference, "shares": postings.to_json(shares)}


async def _release(journey: Journey, number: int, payment_id: str) -> str:
    return (await journey.booking.cancel_unpaid(number=number, payment_id=payment_id)).state.value
