"""Goal: whatever a process does not come to do any more, those after it bring to the right end.

Method: a scenario is run again and again; each time the process dies one step later. The steps are counted, not drawn:
before and after every call to the provider and every transaction, so none is left out. What follows is what follows in
life: the guest repeats the request with the same key, or nobody does and the watchdog looks the payment up.
"""

import asyncio
from dataclasses import dataclass, field
from itertools import count

import pytest
from money_house import AMOUNT, MoneyHouse, new_guest, new_hold, sale
from scripted_provider import CHALLENGE, DECLINED, OK

from holdfast.kit.errors import HoldfastError
from holdfast.payments import models
from holdfast.payments.api import PaymentDenied, PaymentState, RefundState

STEPS_MOST = 60
_PROVIDER = ("authorise", "look_up", "find", "capture", "cancel", "refund", "refunds", "keep", "forget", "read")
_DATABASE = ("read", "write")


class Died(Exception):
    """The process is gone."""


@dataclass
class Fate:
    """When a process dies."""

    at: int
    steps: int = 0
    met: bool = False
    places: list = field(default_factory=list)

    def step(self, place):
        self.steps += 1
        self.places.append(place)
        if self.steps == self.at:
            self.met = True
            raise Died(place)


class Doomed:
    """Something whose calls are steps: one before it is made, one after it did its work."""

    def __init__(self, inner, fate, calls):
        self._inner, self._fate, self._calls = inner, fate, calls

    def __getattr__(self, name):
        made = getattr(self._inner, name)
        if name not in self._calls:
            return made

        async def call(*args, **kwargs):
            self._fate.step(f"before {name}")
            answer = await made(*args, **kwargs)
            self._fate.step(f"after {name}")
            return answer

        return call


def doomed(house, fate):
    """The same house, run by a process that will die."""
    other = MoneyHouse(house.db, house.clock, house.provider)
    other.providers = type(house.providers)(
        {method: Doomed(house.provider, fate, _PROVIDER) for method in house.provider.methods}
    )
    other.db = Doomed(house.db, fate, _DATABASE)
    other.payments = other.another()
    return other


async def run_with_every_fate(house, prepare, act, after):
    """Run `act` until it dies nowhere any more; each time `after` has to find the right end. Returns the steps."""
    for at in count(1):
        assert at < STEPS_MOST
        fate = Fate(at)
        story = await prepare(house)
        try:
            await act(doomed(house, fate), story)
        except Died:
            pass
        except HoldfastError:
            assert not fate.met
        await after(house, story)
        if not fate.met:
            # What is wrong in the books stays wrong, so one look at the end sees what any of these lives left.
            await house.assert_sound()
            await assert_same_books(house)
            return fate.places
    return None


async def assert_same_books(house):
    """The ledger has at this provider what the provider says it has."""
    mine = {row.id for row in await house.rows(models.payment) if row.provider_ref in house.provider.things}
    held = sum(
        row.amount_minor * ((row.debit == "provider:scripted") - (row.credit == "provider:scripted"))
        for row in await house.rows(models.transfer)
        if row.payment_id in mine
    )
    assert held == house.provider.balance()["USD"]


class Story:
    """What one run is about."""

    def __init__(self, house, **order):
        self.guest, self.hold = new_guest(), new_hold()
        self.caller, self.order = house.caller(self.guest), house.order(self.hold, **order)
        self.payment = self.refund = None

    async def authorise(self, house):
        return (await house.payments.authorise(caller=self.caller, order=self.order)).value

    async def the_payment(self, house):
        found = await house.payments.of_holds(hold_ids=[self.hold])
        return found[-1] if found else None


class TestAProcessThatDiesAuthorising:
    @pytest.mark.parametrize("token", [OK, CHALLENGE])
    async def test_leaves_what_the_same_key_completes(self, house, token):
        async def prepare(house):
            return Story(house, token=token, keep_method=True)

        async def act(house, story):
            await story.authorise(house)

        async def after(house, story):
            payment = await story.authorise(house)
            expected = PaymentState.AUTHORISED if token == OK else PaymentState.REQUIRES_ACTION
            assert payment.state is expected
            assert len(house.provider.of(payment.id)) == 1
            assert len(await house.payments.of_holds(hold_ids=[story.hold])) == 1
            assert len(await house.payments.stored_methods(account_id=story.guest)) == 1

        places = await run_with_every_fate(house, prepare, act, after)
        assert {"after authorise", "after keep", "before write"} <= set(places)

    async def test_leaves_what_the_end_of_the_hold_lets_go(self, house):
        async def prepare(house):
            return Story(house)

        async def act(house, story):
            await story.authorise(house)

        async def after(house, story):
            payment = await story.the_payment(house)
            if payment is not None:
                assert (await house.payments.void(payment_id=payment.id)).state is PaymentState.VOIDED
                assert {each.state for each in house.provider.of(payment.id)} <= {PaymentState.VOIDED}

        await run_with_every_fate(house, prepare, act, after)

    async def test_leaves_what_a_look_brings_up_to_date(self, house):
        async def prepare(house):
            return Story(house)

        async def act(house, story):
            await story.authorise(house)

        async def after(house, story):
            payment = await story.the_payment(house)
            if payment is not None:
                payment = await house.payments.refresh(payment_id=payment.id)
                made = house.provider.of(payment.id)
                assert payment.state is (made[0].state if made else PaymentState.STARTING)

        await run_with_every_fate(house, prepare, act, after)

    async def test_leaves_a_denial_that_is_told_again(self, house):
        async def prepare(house):
            return Story(house, token=DECLINED)

        async def act(house, story):
            await story.authorise(house)

        async def after(house, story):
            with pytest.raises(PaymentDenied):
                await story.authorise(house)
            again = await house.pay(story.guest, hold=story.hold)
            assert again.state is PaymentState.AUTHORISED

        await run_with_every_fate(house, prepare, act, after)

    async def test_in_place_of_another_leaves_one_alive(self, house):
        async def prepare(house):
            story = Story(house)
            story.payment = await house.pay(story.guest, hold=story.hold, token=CHALLENGE)
            return story

        async def act(house, story):
            await story.authorise(house)

        async def after(house, story):
            payment = await story.authorise(house)
            assert payment.state is PaymentState.AUTHORISED
            first = await house.payments.get(payment_id=story.payment.id)
            assert first.state is PaymentState.VOIDED
            alive = [each for each in house.provider.things.values() if each.state is PaymentState.AUTHORISED]
            assert len([each for each in alive if each.payment_id == payment.id]) == 1
            assert house.provider.things[first.provider_ref].state is PaymentState.VOIDED

        await run_with_every_fate(house, prepare, act, after)


class TestAProcessThatDiesCapturing:
    async def prepare(self, house):
        story = Story(house)
        story.payment = await story.authorise(house)
        return story

    async def act(self, house, story):
        await house.payments.capture(payment_id=story.payment.id, sale=sale())

    async def test_leaves_what_the_next_one_completes_once(self, house):
        async def after(house, story):
            await self.act(house, story)
            assert house.provider.of(story.payment.id)[0].captured == AMOUNT
            assert len(await house.legs(story.payment.id)) == 4
            assert (await house.told(story.payment.id)).count(("PaymentMoved", "captured")) == 1

        places = await run_with_every_fate(house, self.prepare, self.act, after)
        assert places.count("after capture") == 1

    @pytest.mark.parametrize("how", ["refresh", "void", "message"])
    async def test_leaves_what_others_bring_to_the_same_end_on_both_sides(self, house, how):
        async def after(house, story):
            payment_id, ref = story.payment.id, story.payment.provider_ref
            if how == "message":
                await house.hear(ref)
            else:
                await getattr(house.payments, how)(payment_id=payment_id)
            payment = await house.payments.get(payment_id=payment_id)
            assert payment.state is house.provider.things[ref].state
            assert len(await house.legs(payment_id)) == (4 if payment.state is PaymentState.CAPTURED else 0)

        await run_with_every_fate(house, self.prepare, self.act, after)


class TestAProcessThatDiesLettingGo:
    async def test_leaves_what_the_next_one_lets_go(self, house):
        async def prepare(house):
            story = Story(house)
            story.payment = await story.authorise(house)
            return story

        async def act(house, story):
            await house.payments.void(payment_id=story.payment.id)

        async def after(house, story):
            assert (await house.payments.void(payment_id=story.payment.id)).state is PaymentState.VOIDED
            assert house.provider.of(story.payment.id)[0].state is PaymentState.VOIDED
            assert (await house.told(story.payment.id)).count(("PaymentMoved", "voided")) == 1

        await run_with_every_fate(house, prepare, act, after)


class TestAProcessThatDiesRefunding:
    async def prepare(self, house):
        story = Story(house)
        await story.authorise(house)
        payment = await story.the_payment(house)
        story.payment = await house.payments.capture(payment_id=payment.id, sale=sale())
        story.refund = house.back(story.payment, 5_000)
        return story

    async def act(self, house, story):
        await house.payments.refund(order=story.refund)

    @pytest.mark.parametrize("forgets_keys", [False, True])
    async def test_leaves_what_the_next_one_gives_once(self, house, forgets_keys):
        async def after(house, story):
            house.provider.forgets_keys = forgets_keys
            made = await house.payments.refund(order=story.refund)
            house.provider.forgets_keys = False
            assert made.state is RefundState.COMPLETED
            assert house.provider.of(story.payment.id)[0].refunded == 5_000
            assert len(await house.legs(story.payment.id)) == 6

        places = await run_with_every_fate(house, self.prepare, self.act, after)
        assert places.count("after refund") == 1

    async def test_leaves_what_a_look_brings_up_to_date(self, house):
        async def after(house, story):
            payment = await house.payments.refresh(payment_id=story.payment.id)
            made = await house.payments.refunds_of(payment_ids=[payment.id])
            given = house.provider.of(payment.id)[0].refunded
            assert sum(each.amount_minor for each in made if each.state is RefundState.COMPLETED) == given
            assert payment.refunded_minor == (5_000 if made else 0)

        await run_with_every_fate(house, self.prepare, self.act, after)

    async def test_that_had_failed_before_leaves_what_the_next_one_gives_once(self, house):
        async def prepare(house):
            story = await self.prepare(house)
            house.provider.refuse_refunds = 1
            await self.act(house, story)
            return story

        async def after(house, story):
            made = await house.payments.refund(order=story.refund)
            assert made.state is RefundState.COMPLETED
            assert house.provider.of(story.payment.id)[0].refunded == 5_000
            assert len(await house.legs(story.payment.id)) == 6

        await run_with_every_fate(house, prepare, self.act, after)

    async def test_leaves_room_for_no_more_than_there_is(self, house):
        async def after(house, story):
            orders = [story.refund, *(house.back(story.payment, 5_000) for _ in range(8))]
            found = await asyncio.gather(
                *(house.payments.refund(order=each) for each in orders), return_exceptions=True
            )
            assert len([each for each in found if not isinstance(each, Exception)]) == AMOUNT // 5_000
            assert house.provider.of(story.payment.id)[0].refunded == AMOUNT // 5_000 * 5_000

        await run_with_every_fate(house, self.prepare, self.act, after)


class TestAProcessThatDiesHearing:
    async def test_leaves_the_message_to_be_worked_on_or_worked_on(self, house):
        async def prepare(house):
            story = Story(house, token=CHALLENGE)
            story.payment = await story.authorise(house)
            house.provider.approve(story.payment.provider_ref)
            story.message = house.provider.message(story.payment.provider_ref)
            return story

        async def act(house, story):
            await house.payments.receive(provider="scripted", **story.message)

        async def after(house, story):
            before = await house.payments.get(payment_id=story.payment.id)
            receipt = await house.payments.receive(provider="scripted", **story.message)
            # The state and the note that the message was worked on are one transaction.
            assert receipt.known is (before.state is PaymentState.AUTHORISED)
            payment = await house.payments.get(payment_id=story.payment.id)
            assert payment.state is PaymentState.AUTHORISED
            assert (await house.told(payment.id)).count(("PaymentMoved", "authorised")) == 1

        await run_with_every_fate(house, prepare, act, after)


class TestAProcessThatDiesKeepingAMethod:
    async def test_leaves_what_the_same_key_completes(self, house):
        async def prepare(house):
            story = Story(house)
            story.asked = {"caller": story.caller, "method": story.order.method, "token": OK}
            return story

        async def act(house, story):
            await house.payments.keep_method(**story.asked)

        async def after(house, story):
            await house.payments.keep_method(**story.asked)
            assert len(await house.payments.stored_methods(account_id=story.guest)) == 1

        await run_with_every_fate(house, prepare, act, after)
