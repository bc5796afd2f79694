"""A booking has other dates or guests: capture what it costs more, or give back what it costs less.

| step | does | undo |
|---|---|---|
| look | reads the booking, and whose the difference is | - |
| capture | takes the difference from the change's own payment | - |
| let go | the capture is refused for good: voids that payment | - |
| plan | says which payment gives back how much | - |
| refund N | gives back its part of payment N | - |
| record | notes on the booking how its payment stands | - |

The change stands when this begins: new nights taken, old ones free. Where the difference is refused for good, its
payment is let go and a person is asked, because only the guest can say what they want then.
"""

from functools import partial
from typing import Any

from holdfast.sagas import postings
from holdfast.sagas.journey import Journey, NeedsHuman, Refused, forward
from holdfast.sagas.shared_steps import (
    booking_of,
    capture,
    give_part_back,
    record_if_there,
    shared_out,
    void,
)


@forward
async def change_booking(
    journey: Journey, *, number: int, payment_id: str | None, change_payment_id: str | None, refund_minor: int
) -> str:
    """Settle the difference of a change."""
    found = await journey.do("look", lambda: _look(journey, number, change_payment_id))
    reference = found["reference"]
    if change_payment_id is not None:
        await _take(journey, change_payment_id, reference, found["shares"])
    if payment_id is not None and refund_minor > 0:
        plan = await journey.do("plan", lambda: shared_out(journey, reference, payment_id, refund_minor))
        for place, (payment, amount) in enumerate(plan, 1):
            await journey.do(f"refund {place}", partial(give_part_back, journey, payment, amount, "changed", reference))
    if payment_id is not None:
        await journey.do("record", lambda: record_if_there(journey, number, payment_id))
    return "captured" if change_payment_id else "refunded"


async def _take(journey: Journey, payment_id: str, reference: str, shares: list[Any]) -> None:
    """Capture the difference.

    Raises:
        NeedsHuman: It is refused for good; its payment is let go.
    """
    try:
        await journey.do("capture", lambda: capture(journey, payment_id, reference, postings.from_json(shares)))
    except Refused as no:
        await journey.do("let go", lambda: void(journey, payment_id))
        raise NeedsHuman(no.code, "the difference of a change cannot be captured; the changed booking stands") from no


async def _look(journey: Journey, number: int, change_payment_id: str | None) -> dict[str, Any]:
    booking = await booking_of(journey, number)
    if change_payment_id is None:
        return {"reference": booking.reference, "shares": []}
    amount = (await journey.payments.get(payment_id=change_payment_id)).amount_minor
    price = postings.sale_of(booking.price, booking.items)
    # Each gets what the new price gives them above what they have; where somebody gets less now, all share alike.
    more = postings.less(
        price, postings.held((await journey.payments.statement(reference=booking.reference)).transfers)
    )
    exact = more is not None and postings.total(more) == amount
    shares = more if exact and more is not None else postings.spread(amount, price)
    return {"reference": booking.reference, "shares": postings.to_json(shares)}
