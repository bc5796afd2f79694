"""A party canceled late or did not come: charge the fee to the kept card that stands for it.

| step | does | undo |
|---|---|---|
| look | reads the fee and its booking | - |
| authorise | asks the kept card for the fee, under a key of its own | - |
| capture | takes it, and posts it to the owner | - |
| record | notes on the booking what became of the fee | - |
| let go | the card wants its owner to approve, or will not pay out: lets the payment go | - |

The booking is over, so nothing here is taken back. A card that does not pay is an answer, not a failure: the fee is
noted as denied, where guest and owner see it.
"""

from typing import Any, Final, TypedDict

from holdfast.booking.api import FeeState, fee_subject
from holdfast.kit.errors import Invalid
from holdfast.kit.keyed import Caller
from holdfast.payments.api import (
    CaptureRefused,
    Payment,
    PaymentDenied,
    PaymentOrder,
    PaymentState,
    Sale,
    Share,
)
from holdfast.sagas.journey import Journey, forward
from holdfast.sagas.postings import owner_account
from holdfast.sagas.shared_steps import booking_of, void

_ROUTE: Final = "charge_fee"


class _Found(TypedDict):
    account_id: int
    reference: str
    owner_id: int
    amount_minor: int
    currency: str
    method_id: str


@forward
async def charge_fee(journey: Journey, *, number: int, turn: int) -> str:
    """Charge a fee that is due."""
    found: _Found = await journey.do("look", lambda: _look(journey, number, turn))
    asked = await journey.do("authorise", lambda: _authorise(journey, found, fee_subject(number, turn)))
    payment_id, denial = asked["payment_id"], asked["denial"]
    if denial is None:
        denial = await journey.do("capture", lambda: _capture(journey, payment_id, found))
    state = FeeState.CHARGED if denial is None else FeeState.DENIED
    noted = await journey.do("record", lambda: _record(journey, (number, turn), state, payment_id, denial))
    if denial is not None and payment_id is not None:
        # Noted first: whoever begins anew behind this finds the payment gone, and not why.
        await journey.do("let go", lambda: void(journey, payment_id))
    return str(noted)


async def _look(journey: Journey, number: int, turn: int) -> _Found:
    fee = await journey.booking.fees.get(number=number, turn=turn)
    booking = await booking_of(journey, number)
    return _Found(
        account_id=booking.account_id,
        reference=booking.reference,
        owner_id=fee.owner_id,
        amount_minor=fee.amount_minor,
        currency=fee.currency,
        method_id=fee.method_id,
    )


async def _authorise(journey: Journey, found: _Found, subject: str) -> dict[str, Any]:
    """Ask the card, or find out what it said to this very question before."""
    who = Caller(account_id=found["account_id"], key=subject, fingerprint=found["method_id"], route=_ROUTE)
    try:
        payment = await _asked(journey, who, found, subject)
    except PaymentDenied as no:
        return {"payment_id": None, "denial": str(no.extra.get("denial", no.code))}
    except Invalid as no:
        return {"payment_id": None, "denial": no.code}
    if payment is None:
        return {"payment_id": None, "denial": "method_forgotten"}
    if payment.state in {PaymentState.AUTHORISED, PaymentState.CAPTURED}:
        return {"payment_id": payment.id, "denial": None}
    # It wants its owner to approve it, who is not here.
    return {"payment_id": payment.id, "denial": "approval_needed"}


async def _asked(journey: Journey, who: Caller, found: _Found, subject: str) -> Payment | None:
    """Return the payment of a fee, made now or before; None if the way to pay was forgotten before it was asked."""
    stored = await journey.payments.stored_methods(account_id=found["account_id"])
    kept = next((each for each in stored if each.id == found["method_id"]), None)
    if kept is None:
        before = await journey.payments.replay(caller=who)
        return None if before is None else before.value
    order = PaymentOrder(
        hold_id=subject,
        amount_minor=found["amount_minor"],
        currency=found["currency"],
        method=kept.method,
        stored_method_id=kept.id,
    )
    return (await journey.payments.authorise(caller=who, order=order)).value


async def _capture(journey: Journey, payment_id: str, found: _Found) -> str | None:
    """Take what is authorised; return why not, if the provider will not."""
    share = Share(account=owner_account(found["owner_id"]), amount_minor=found["amount_minor"])
    sale = Sale(reference=found["reference"], shares=(share,))
    try:
        await journey.payments.capture(payment_id=payment_id, sale=sale)
    except CaptureRefused as no:
        return no.code
    return None


async def _record(
    journey: Journey, which: tuple[int, int], state: FeeState, payment_id: str | None, denial: str | None
) -> str:
    noted = await journey.booking.fees.record(
        number=which[0], turn=which[1], state=state, payment_id=payment_id, denial=denial
    )
    return noted.state.value
