"""A booking has other dates or guests: capture what it costs more, or give back what it costs less.

| step | does | undo |
|---|---|---|
| look | reads the booking, and whose the difference is | - |
| capture | takes the difference from the change's own payment | - |
| let go | that capture is refused for good: voids that payment | - |
| settle | the booking's own payment is not captured yet: captures it, so that a part can come back | - |
| plan | says which payment gives back how much | - |
| refund N | gives back its part of payment N | - |
| record | notes on the booking how its payment stands | - |

The change stands when this begins: new nights taken, old ones free. Where the difference is refused for good, its
payment is let go and a person is asked, because only the guest can say what they want then.
"""

from functools import partial
from typing import Any

from holdfast.payments.api import PaymentState, Share
from holdfast.sagas import postings
from holdfast.sagas.journey import Journey, NeedsHuman, Refused, forward
from holdfast.sagas.shared_steps import (
    booking_of,
    capture,
    give_part_back,
    record_if_there,
    settle,
    shared_out,
    void,
)


@forward
async def change_booking(
    journey: Journey, *, number: int, change_id: str, payment_id: str | None, change_payment_id: str | None
) -> str:
    """Settle the difference of a change."""
    found = await journey.do("look", lambda: _look(journey, number, change_id, payment_id, change_payment_id))
    if change_payment_id is not None:
        await _take(journey, change_payment_id, found)
    if payment_id is not None and found["refund_minor"] > 0:
        await _give(journey, number, payment_id, found)
    if payment_id is not None:
        await journey.do("record", lambda: record_if_there(journey, number, payment_id))
    return "captured" if change_payment_id else "refunded"


async def _take(journey: Journey, payment_id: str, found: dict[str, Any]) -> None:
    """Capture the difference.

    Raises:
        NeedsHuman: It is refused for good; its payment is let go.
    """
    shares = postings.from_json(found["more"])
    try:
        await journey.do("capture", lambda: capture(journey, payment_id, found["reference"], shares))
    except Refused as no:
        await journey.do("let go", lambda: void(journey, payment_id))
        raise NeedsHuman(no.code, "the difference of a change cannot be captured; the changed booking stands") from no


async def _give(journey: Journey, number: int, payment_id: str, found: dict[str, Any]) -> None:
    reference, givers = found["reference"], postings.from_json(found["givers"])
    if found["state"] == PaymentState.AUTHORISED:
        sold = postings.from_json(found["sold"])
        await journey.do("settle", lambda: settle(journey, payment_id, reference, sold))
    plan = await journey.do("plan", lambda: shared_out(journey, number, payment_id, found["refund_minor"]))
    for place, (payment, amount) in enumerate(plan, 1):
        await journey.do(
            f"refund {place}", partial(give_part_back, journey, payment, amount, "changed", reference, givers)
        )


async def _look(
    journey: Journey, number: int, change_id: str, payment_id: str | None, change_payment_id: str | None
) -> dict[str, Any]:
    booking = await booking_of(journey, number)
    change = await journey.booking.change(change_id=change_id)
    price = postings.sale_of(booking.price, booking.items)
    own = None if payment_id is None else await journey.payments.get(payment_id=payment_id)
    return {
        "reference": booking.reference,
        "refund_minor": change.refund_minor,
        "state": None if own is None else own.state.value,
        "sold": [] if own is None else postings.to_json(postings.fitted(own.amount_minor, price)),
        "givers": postings.to_json(postings.giving(change.refund, change.items)),
        "more": postings.to_json(await _more(journey, booking.reference, price, change_payment_id)),
    }


async def _more(
    journey: Journey, reference: str, price: tuple[Share, ...], change_payment_id: str | None
) -> tuple[Share, ...]:
    """Return whose the difference is: what the new price gives each above what they have, where nobody gets less."""
    if change_payment_id is None:
        return ()
    amount = (await journey.payments.get(payment_id=change_payment_id)).amount_minor
    transfers = (await journey.payments.statement(reference=reference)).transfers
    own = postings.held(each for each in transfers if each.payment_id != change_payment_id)
    return postings.fitted(amount, postings.less(price, own) or price)
