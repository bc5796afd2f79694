"""Steps that several sagas have: look, let a payment go, give money back, note how a payment stands."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final, TypedDict

from holdfast.booking.api import Booking
from holdfast.kit.auth import ITSELF
from holdfast.kit.errors import NotFound
from holdfast.payments.api import (
    CaptureRefused,
    CaseKind,
    CaseState,
    Payment,
    PaymentState,
    Refund,
    RefundOrder,
    RefundState,
    Sale,
    Share,
)
from holdfast.sagas import postings
from holdfast.sagas.journey import Journey, Stuck

GOODWILL: Final = "goodwill"
"""The reason of what owners give back of their own accord."""
_ROUNDS: Final = 5
"""Sagas act for the house, not for a person."""


class Seen(TypedDict):
    """A payment as a step saw it: JSON values only."""

    id: str
    hold_id: str
    state: str
    amount_minor: int
    currency: str
    captured_minor: int
    refunded_minor: int


def seen(payment: Payment) -> Seen:
    """Return what a saga needs to know of a payment."""
    return Seen(
        id=payment.id,
        hold_id=payment.hold_id,
        state=payment.state.value,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        captured_minor=payment.captured_minor,
        refunded_minor=payment.refunded_minor,
    )


async def look(journey: Journey, payment_id: str) -> Seen:
    """Return a payment as the books have it."""
    return seen(await journey.payments.get(payment_id=payment_id))


async def look_up(journey: Journey, payment_id: str) -> Seen:
    """Return a payment as its provider has it."""
    return seen(await journey.payments.refresh(payment_id=payment_id))


async def booking_of(journey: Journey, number: int) -> Booking:
    """Return a booking.

    Raises:
        NotFound: There is no such booking.
    """
    return await journey.booking.get_booking(principal=ITSELF, number=number)


async def void(journey: Journey, payment_id: str) -> Seen:
    """Let a payment go; look at the state that comes back."""
    return seen(await journey.payments.void(payment_id=payment_id))


async def give_back(journey: Journey, order: RefundOrder) -> str:
    """Order a refund until the provider has taken it. The same key is the same refund, so this may be repeated.

    Raises:
        Stuck: The provider keeps failing it; a case says so.
    """
    pause = journey.settings.first_pause_s
    for turn in range(journey.settings.refund_tries):
        if turn:
            await asyncio.sleep(pause)
            pause = min(pause * 2, journey.settings.longest_pause_s)
        refund = await journey.payments.refund(order=order)
        if refund.state is not RefundState.FAILED:
            return refund.state.value
    case = await journey.payments.open_case(
        kind=CaseKind.REFUND_FAILED,
        payment_id=order.payment_id,
        reference=order.reference,
        detail=f"The provider keeps failing the refund {order.key}.",
    )
    await journey.payments.settle_case(
        case_id=case.id, state=CaseState.NEEDS_HUMAN, outcome="waiting", reference=order.reference
    )
    raise Stuck(f"the provider keeps failing the refund {order.key}")


async def give_rest_back(
    journey: Journey, payment_id: str, reason: str, reference: str | None = None, *, key: str = "rest"
) -> str:
    """Give back what is left of a captured payment; those who got it give it.

    Raises:
        Stuck: The provider keeps failing it.
    """
    now = await journey.payments.get(payment_id=payment_id)
    key = f"{journey.id}:{key}:{payment_id}"
    ordered = [each for each in await journey.payments.refunds_of(payment_ids=[now.id]) if each.key == key]
    left = ordered[0].amount_minor if ordered else now.captured_minor - now.refunded_minor
    if left <= 0:
        return RefundState.COMPLETED.value
    order = RefundOrder(
        key=key,
        payment_id=now.id,
        amount_minor=left,
        currency=now.currency,
        reason=reason,
        reference=reference,
        shares=await givers(journey, reference, now.id, left),
    )
    return await give_back(journey, order)


async def givers(journey: Journey, reference: str | None, payment_id: str, amount_minor: int) -> tuple[Share, ...]:
    """Return who gives an amount back: those who got this payment, in proportion; nobody where nothing was sold."""
    if reference is None:
        return ()
    transfers = (await journey.payments.statement(reference=reference)).transfers
    held = postings.held(each for each in transfers if each.payment_id == payment_id)
    return postings.spread(amount_minor, held) if held else ()


async def let_go(journey: Journey, payment_id: str, reason: str, reference: str | None = None) -> str:
    """Leave nothing of a payment: void it, or give back what turns out to be captured. Two steps at most."""
    now: Seen = await journey.do("void", lambda: void(journey, payment_id))
    if now["state"] != PaymentState.CAPTURED:
        return "voided"
    await journey.do("give back", lambda: give_rest_back(journey, payment_id, reason, reference))
    return "refunded"


async def capture(journey: Journey, payment_id: str, reference: str, shares: Sequence[Share]) -> Seen:
    """Take what is authorised."""
    sale = Sale(reference=reference, shares=tuple(shares))
    return seen(await journey.payments.capture(payment_id=payment_id, sale=sale))


async def settle(journey: Journey, payment_id: str, reference: str, shares: tuple[Share, ...]) -> str:
    """Capture what is authorised, so that a part of it can be kept and a part given back; return its state then."""
    try:
        return (await capture(journey, payment_id, reference, shares))["state"]
    except CaptureRefused:
        # Nothing can be taken any more, so there is nothing to keep and nothing to give back.
        return (await void(journey, payment_id))["state"]


async def record(journey: Journey, number: int, payment_id: str) -> str:
    """Note on a booking how its payment stands now.

    Two sagas may do this at once, so it looks again after writing: whoever writes last has seen the last state.
    """
    status = ""
    for _ in range(_ROUNDS):
        status = (await journey.payments.get(payment_id=payment_id)).status.value
        await journey.booking.record_payment(number=number, payment_id=payment_id, status=status)
        if (await journey.payments.get(payment_id=payment_id)).status == status:
            break
    return status


async def record_if_there(journey: Journey, number: int, payment_id: str) -> str:
    """Note on a booking how its payment stands, if it is still the booking's."""
    try:
        return await record(journey, number, payment_id)
    except NotFound:
        return "gone"


async def shared_out(journey: Journey, number: int, first: str, refund_minor: int) -> list[list[Any]]:
    """Return which captured payment of a booking gives back how much; the first, then those of changes.

    A later try of a journey finds the refunds an earlier one has ordered, and orders the same again.

    Raises:
        Stuck: There is not as much to give back.
    """
    holds = await journey.booking.holds_of(number=number)
    found = await journey.payments.of_holds(hold_ids=holds)
    payments = sorted(found, key=lambda each: each.id != first)
    ordered = await journey.payments.refunds_of(payment_ids=[each.id for each in payments])
    before = {each.payment_id: each.amount_minor for each in ordered if each.key == f"{journey.id}:{each.payment_id}"}
    owed, plan = refund_minor - sum(before.values()), [[payment, amount] for payment, amount in before.items()]
    for payment in payments:
        part = min(owed, payment.captured_minor - payment.refunded_minor)
        if part > 0 and payment.id not in before:
            plan.append([payment.id, part])
            owed -= part
    # What an owner gave back of their own accord before is a part of what the guest has to get, not more on top of it.
    goodwill = sum(each.amount_minor for each in ordered if each.reason == GOODWILL and _counts(each))
    if owed > goodwill:
        raise Stuck(f"{owed - goodwill} more is owed than there is to give back")
    return plan


def _counts(refund: Refund) -> bool:
    return refund.state is not RefundState.FAILED


async def give_part_back(
    journey: Journey, payment_id: str, amount_minor: int, reason: str, reference: str, shares: tuple[Share, ...] = ()
) -> str:
    """Give a part of a captured payment back; without shares those who got it give it in proportion.

    Raises:
        Stuck: The provider keeps failing it.
    """
    payment = await journey.payments.get(payment_id=payment_id)
    rest = payment.captured_minor - payment.refunded_minor
    # Where nothing is left, whoever still has something of it gives just that, whatever was given before.
    holders = await givers(journey, reference, payment_id, amount_minor) if not shares or amount_minor == rest else ()
    order = RefundOrder(
        key=f"{journey.id}:{payment_id}",
        payment_id=payment_id,
        amount_minor=amount_minor,
        currency=payment.currency,
        reason=reason,
        reference=reference,
        shares=holders or (postings.spread(amount_minor, shares) if shares else ()),
    )
    return await give_back(journey, order)
