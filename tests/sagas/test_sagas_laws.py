"""The four laws of every saga, in every situation it meets, on every engine."""

from dataclasses import dataclass
from typing import Any

import four_laws
import pytest
from builders import caller
from four_laws import Trial
from money_world import Sale, World
from scripted_provider import CHALLENGE, DECLINED, OK

from holdfast.booking.api import BookingState, FeeState, PaymentTerms, fee_subject
from holdfast.kit.auth import Principal
from holdfast.payments.api import PaymentState
from holdfast.verticals.cancellation import POLICIES
from support.principals import principal_of


@dataclass
class Situation:
    """What a trial begins with."""

    journey_id: str
    args: dict[str, Any]
    sale: Any
    more: Any = None


# ---------------------------------------------------------------------------------------------------------------- place


async def to_place(world: World):
    sale = await world.sold()
    args = {"number": sale.booking.number, "payment_id": sale.payment.id}
    return Situation(f"place:{sale.booking.number}", args, sale)


async def placed(world, situation):
    payment, booking = await world.look(situation.sale)
    assert (payment.state, payment.captured_minor) == (PaymentState.CAPTURED, booking.price.total_minor)
    assert (booking.state, booking.payment_status) == (BookingState.CONFIRMED, "completed")
    assert world.kept(situation.sale) == booking.price.total_minor


async def not_placed(world, situation):
    payment, booking = await world.look(situation.sale)
    assert payment.status in {"voided", "refunded"}
    assert (booking.state, booking.payment_status) == (BookingState.CANCELLED, payment.status)
    assert world.kept(situation.sale) == 0
    assert await world.house.taken(situation.sale.home, 0, 2) == [0, 0]


# --------------------------------------------------------------------------------------------------------------- cancel


def canceling(*, captured, by_owner=False, **terms):
    async def begin(world: World):
        sale = await world.sold(**terms)
        if captured:
            args = {"number": sale.booking.number, "payment_id": sale.payment.id}
            await world.travel("place_booking", f"place:{sale.booking.number}", args)
        who = principal_of(world.house.owner.account_id, "owner") if by_owner else None
        quote = await world.cancel(sale, who)
        args = {
            "number": sale.booking.number,
            "payment_id": sale.payment.id,
            "cancellation_id": quote.id,
            "refund_minor": quote.refund.total_minor,
            "whole": True,
        }
        return Situation(f"cancel:{quote.id}", args, sale, quote)

    return begin


async def canceled(world, situation):
    payment, booking = await world.look(situation.sale)
    owed = situation.more.refund.total_minor
    kept = booking.price.total_minor - owed
    assert booking.state is BookingState.CANCELLED
    assert world.kept(situation.sale) == kept
    if payment.state is PaymentState.CAPTURED:
        assert payment.captured_minor - payment.refunded_minor == kept
    else:
        assert (payment.state, kept) == (PaymentState.VOIDED, 0)
    assert booking.payment_status == payment.status


async def canceled_by_line(world, situation):
    """Every account gives back what the policy says of its lines, to the cent."""
    await canceled(world, situation)
    statement = await world.payments.statement(reference=situation.sale.booking.reference)
    left = {
        account: sums["USD"]
        for account, sums in statement.balances.items()
        if not account.startswith(("guest", "provider"))
    }
    owner = f"owner:{world.house.owner.account_id}"
    tax = sum(line.paid_minor - line.refund_minor for line in situation.more.refund.lines if line.kind == "tax")
    rest = sum(line.paid_minor - line.refund_minor for line in situation.more.refund.lines if line.kind != "tax")
    assert (left.get(owner, 0), left.get("tax", 0)) == (rest, tax)


# --------------------------------------------------------------------------------------------------------------- expire


async def to_expire(world: World):
    sale = await world.held_and_paid()
    await world.booking.release_hold(account_id=sale.guest, hold_id=sale.hold.id)
    return Situation(f"expire:{sale.hold.id}", {"hold_id": sale.hold.id}, sale)


async def expired(world, situation):
    payment, booking = await world.look(situation.sale)
    assert (payment.state, booking) == (PaymentState.VOIDED, None)
    assert world.kept(situation.sale) == 0


async def declined_request(world: World):
    sale = await world.sold(instant=False)
    assert sale.booking.state is BookingState.REQUESTED
    owner = principal_of(world.house.owner.account_id, "owner")
    asking = caller(owner.account_id, route="POST /decline")
    await world.booking.decide(caller=asking, owner=owner, number=sale.booking.number, accept=False)
    return Situation(f"expire:{sale.hold.id}", {"hold_id": sale.hold.id}, sale)


async def declined(world, situation):
    payment, booking = await world.look(situation.sale)
    assert (payment.state, booking.state) == (PaymentState.VOIDED, BookingState.DECLINED)
    assert booking.payment_status == "voided"
    assert world.kept(situation.sale) == 0


# --------------------------------------------------------------------------------------------------------------- change


def changing(*, nights, captured=True):
    async def begin(world: World):
        sale = await world.sold(nights=2)
        number, guest = sale.booking.number, Principal(sale.guest, "guest")
        if captured:
            args = {"number": number, "payment_id": sale.payment.id}
            await world.travel("place_booking", f"place:{number}", args)
        item = world.house.stay(sale.home, 0, nights)
        placing = caller(sale.guest, route="POST /changes")
        change = (await world.booking.place_change(caller=placing, principal=guest, number=number, items=[item])).value
        terms, extra = None, None
        if change.hold.payable_minor:
            extra = Sale(sale.guest, sale.home, change.hold, None)
            await world.pay(extra)
            terms = PaymentTerms(method="card", status="pending", payment_id=extra.payment.id)
        confirming = caller(sale.guest, route="POST /confirm")
        await world.booking.confirm_change(
            caller=confirming, principal=guest, number=number, change_id=change.id, payment=terms
        )
        args = {
            "number": number,
            "change_id": change.id,
            "payment_id": sale.payment.id,
            "change_payment_id": None if extra is None else extra.payment.id,
        }
        return Situation(f"change:{change.id}", args, sale, (change, extra))

    return begin


async def changed(world, situation):
    change, extra = situation.more
    _, booking = await world.look(situation.sale)
    kept = world.kept(situation.sale) + (0 if extra is None else world.kept(extra))
    assert kept == booking.price.total_minor == change.price.total_minor
    statement = await world.payments.statement(reference=booking.reference)
    got = {account: sums["USD"] for account, sums in statement.balances.items() if account[:5] in {"owner", "tax"}}
    tax = sum(line.amount_minor for line in booking.price.lines if line.kind == "tax")
    owner = f"owner:{world.house.owner.account_id}"
    assert got == {owner: booking.price.total_minor - tax, "tax": tax}
    assert booking.payment_status == "completed"


async def difference_let_go(world, situation):
    _, extra = situation.more
    assert world.kept(extra) == 0
    assert (await world.look(extra))[0].state is PaymentState.VOIDED
    assert (await world.look(situation.sale))[1].state is BookingState.CONFIRMED


# ------------------------------------------------------------------------------------------------------------------ fee


def owing(*, token=OK, forgotten=False, refused=False):
    async def begin(world: World):
        world.provider.refuse_captures = False
        sale = await world.guaranteed(token=token)
        if forgotten:
            method_id = sale.more.id
            await world.payments.drop_method(account_id=sale.guest, method_id=method_id)
        await world.no_show(sale)
        world.provider.refuse_captures = refused
        number = sale.booking.number
        return Situation(f"fee:{number}:1", {"number": number, "turn": 1}, sale)

    return begin


async def fee_charged(world, situation):
    fee = await world.booking.fees.get(number=situation.sale.booking.number, turn=1)
    payment = await world.payments.get(payment_id=fee.payment_id)
    assert (fee.state, fee.denial) == (FeeState.CHARGED, None)
    assert (payment.state, payment.captured_minor) == (PaymentState.CAPTURED, fee.amount_minor)
    assert len(world.provider.of(payment.id)) == 1
    statement = await world.payments.statement(reference=situation.sale.booking.reference)
    assert statement.balances[f"owner:{world.house.owner.account_id}"] == {"USD": fee.amount_minor}
    await fee_booking_stands(world, situation)


def fee_denied(why):
    async def denied(world, situation):
        fee = await world.booking.fees.get(number=situation.sale.booking.number, turn=1)
        assert (fee.state, fee.denial) == (FeeState.DENIED, why)
        for payment in await world.payments.of_holds(hold_ids=[fee_subject(fee.number, fee.turn)]):
            assert payment.state in {PaymentState.DENIED, PaymentState.VOIDED}
            assert sum(world.provider.holds_of(each.ref) for each in world.provider.of(payment.id)) == 0
        assert (await world.payments.statement(reference=situation.sale.booking.reference)).transfers == ()
        await fee_booking_stands(world, situation)

    return denied


async def fee_booking_stands(world, situation):
    """Whatever becomes of the fee, the booking is as it was."""
    booking = await world.booking.get_booking(principal=principal_of(0, "admin"), number=situation.sale.booking.number)
    assert (booking.state, len(booking.fees)) == (BookingState.CONFIRMED, 1)


TRIALS = (
    Trial("place", "place_booking", to_place, placed, not_placed, "captured"),
    Trial("cancel, captured", "cancel_booking", canceling(captured=True), canceled_by_line, outcome="settled"),
    Trial(
        "cancel by the owner", "cancel_booking", canceling(captured=True, by_owner=True), canceled, outcome="settled"
    ),
    Trial("cancel, not captured", "cancel_booking", canceling(captured=False), canceled, outcome="voided"),
    Trial(
        "cancel, nothing comes back",
        "cancel_booking",
        canceling(captured=False, policy=POLICIES["non_refundable"]),
        canceled_by_line,
        outcome="settled",
    ),
    Trial(
        "cancel, some comes back",
        "cancel_booking",
        canceling(captured=True, policy=POLICIES["firm"], ahead=-12),
        canceled_by_line,
        outcome="settled",
    ),
    Trial(
        "change, dearer",
        "change_booking",
        changing(nights=3),
        changed,
        difference_let_go,
        outcome="captured",
        given_up=("capture",),
    ),
    Trial("change, cheaper", "change_booking", changing(nights=1), changed, outcome="refunded"),
    Trial("change, not captured", "change_booking", changing(nights=1, captured=False), changed, outcome="refunded"),
    Trial("decline", "expire_hold", declined_request, declined, outcome="released"),
    Trial("expire", "expire_hold", to_expire, expired, outcome="released"),
    Trial("fee", "charge_fee", owing(), fee_charged, outcome="charged"),
    Trial(
        "fee, the card is declined",
        "charge_fee",
        owing(token=f"{DECLINED}_later"),
        fee_denied("card_declined"),
        outcome="denied",
    ),
    Trial(
        "fee, the card wants its owner",
        "charge_fee",
        owing(token=CHALLENGE),
        fee_denied("approval_needed"),
        outcome="denied",
    ),
    Trial(
        "fee, the card was forgotten",
        "charge_fee",
        owing(forgotten=True),
        fee_denied("method_forgotten"),
        outcome="denied",
    ),
    Trial(
        "fee, the card does not pay out",
        "charge_fee",
        owing(refused=True),
        fee_denied("capture_refused"),
        outcome="denied",
    ),
)
trials = pytest.mark.parametrize("trial", TRIALS, ids=lambda trial: trial.name)


class TestASaga:
    @trials
    async def test_runs_clean(self, world, trial):
        await four_laws.runs_clean(world, trial)

    @trials
    async def test_may_repeat_every_step(self, world, trial):
        await four_laws.steps_may_be_repeated(world, trial)

    @trials
    async def test_unwinds_a_failure_at_each_step_to_a_clean_slate(self, world, trial):
        assert await four_laws.failures_unwind(world, trial) >= 2

    @trials
    async def test_may_repeat_every_undo(self, world, trial):
        assert await four_laws.undos_may_be_repeated(world, trial) >= 2
