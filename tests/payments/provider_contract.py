"""What every provider must do, whoever it is: inherit `ProviderContract` and give a fixture `bench` (see `Bench`)."""

import asyncio
from abc import ABC, abstractmethod
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest

from holdfast.payments.api import PaymentMethod, PaymentState
from holdfast.payments.providers.protocol import (
    Authorisation,
    MessageForged,
    ProviderRefundState,
    ProviderRefused,
    ProviderUnavailable,
)

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


class Bench(ABC):
    """A provider and whoever stands behind it."""

    method = PaymentMethod.CARD
    finds_lost = True
    """Whether `find` finds an object whose making was not answered."""

    provider: object

    @property
    @abstractmethod
    def good(self):
        """A token that is good for `method`, or None."""

    @abstractmethod
    def approve(self, ref):
        """Do what the guest does at the provider, if anything is asked."""

    @abstractmethod
    async def decline(self):
        """Return the payment, or raise the refusal, of somebody whose bank says no."""

    @abstractmethod
    def objects(self):
        """Return how many payment objects the provider has."""

    @abstractmethod
    def taken(self):
        """Return what the provider has taken in all, in its own units."""

    @abstractmethod
    def given_back(self):
        """Return what the provider has given back in all, in its own units."""

    @abstractmethod
    def fail(self, what, kind):
        """Let the next call of a kind fail.

        what: `authorise`, `look_up`, `capture`, `cancel`, `refund`; kind: `500`, `429`, `409`, `garbage`, `empty`
        (nothing is done) or `lost` (it is done and no answer comes).
        """

    @abstractmethod
    def dispute(self, ref, *, is_lost=None):
        """Dispute what was captured."""

    @abstractmethod
    def message(self, ref, *, at):
        """Return headers and body of a message about a payment, sent and signed at an instant."""

    def order(self, number=1, **changes):
        facts = {
            "payment_id": f"pay_01JD3Z8Q4T9XW2M5N7P0R6S{number:03d}",
            "hold_id": f"hold_01JD3Z8Q4T9XW2M5N7P0R6{number:03d}",
            "amount_minor": 12_345,
            "currency": "USD",
            "method": self.method,
            "token": self.good,
            "customer": None,
            "return_url": "https://guest.example/back",
        }
        return Authorisation(**{**facts, **changes})

    async def start(self, number=1, **changes):
        order = self.order(number, **changes)
        return await self.provider.authorise(key=order.payment_id, what=order)

    async def authorised(self, number=1, **changes):
        seen = await self.start(number, **changes)
        if seen.state is PaymentState.REQUIRES_ACTION:
            self.approve(seen.ref)
            seen = await self.provider.look_up(ref=seen.ref)
        assert seen.state is PaymentState.AUTHORISED
        return seen

    async def captured(self, number=1, **changes):
        seen = await self.authorised(number, **changes)
        return await self.provider.capture(key=f"{number}:capture", ref=seen.ref, amount_minor=seen.amount_minor)


class ProviderContract:
    @pytest.fixture
    def provider(self, bench):
        return bench.provider

    # ------------------------------------------------------------------ authorise
    async def test_authorises_what_the_hold_says(self, bench):
        seen = await bench.authorised(1)
        order = bench.order(1)
        assert (seen.amount_minor, seen.currency, seen.payment_id) == (12_345, "USD", order.payment_id)
        assert (seen.captured_minor, seen.refunded_minor, seen.denial, seen.disputed) == (0, 0, None, False)
        assert bench.taken() == 0

    async def test_takes_the_same_key_for_the_same_payment(self, bench):
        first = await bench.start(1)
        again = await bench.start(1)
        assert again.ref == first.ref
        assert bench.objects() == 1

    async def test_tells_how_things_stand_when_a_key_is_repeated(self, bench):
        first = await bench.authorised(1)
        await bench.provider.cancel(key="void", ref=first.ref)
        assert (await bench.start(1)).state is PaymentState.VOIDED

    async def test_makes_one_payment_though_the_answer_was_lost(self, bench):
        bench.fail("authorise", "lost")
        with pytest.raises(ProviderUnavailable):
            await bench.start(1)
        assert bench.objects() == 1
        await bench.authorised(1)
        assert bench.objects() == 1

    async def test_finds_a_payment_whose_answer_was_lost(self, bench):
        bench.fail("authorise", "lost")
        with pytest.raises(ProviderUnavailable):
            await bench.start(1)
        found = await bench.provider.find(payment_id=bench.order(1).payment_id)
        assert [each.payment_id for each in found] == [bench.order(1).payment_id] * bench.finds_lost
        assert not await bench.provider.find(payment_id=bench.order(2).payment_id)

    async def test_says_when_the_bank_says_no(self, bench):
        try:
            denial = (await bench.decline()).denial
        except ProviderRefused as refusal:
            denial = refusal.denial
        assert denial == "card_declined"
        assert bench.taken() == 0

    async def test_takes_currencies_without_decimals(self, bench):
        seen = await bench.captured(1, amount_minor=5_000, currency="JPY")
        assert (seen.amount_minor, seen.captured_minor, seen.currency) == (5_000, 5_000, "JPY")

    async def test_offers_what_it_can_take(self, provider, bench):
        assert bench.method in provider.methods
        assert provider.name

    # ------------------------------------------------------------------ look up
    async def test_knows_no_payment_that_is_not_there(self, provider):
        for ref in ("pi_nowhere", "NOWHERE", "../../v1/oauth2/token", "x" * 300):
            with pytest.raises(ProviderRefused) as refused:
                await provider.look_up(ref=ref)
            assert refused.value.denial == "unknown", ref

    async def test_shows_a_dispute(self, bench):
        seen = await bench.captured(1)
        bench.dispute(seen.ref)
        seen = await bench.provider.look_up(ref=seen.ref)
        assert (seen.disputed, seen.dispute_lost, seen.state) == (True, None, PaymentState.CAPTURED)

    @pytest.mark.parametrize("is_lost", [True, False])
    async def test_shows_how_a_dispute_ended(self, bench, is_lost):
        seen = await bench.captured(1)
        bench.dispute(seen.ref, is_lost=is_lost)
        assert (await bench.provider.look_up(ref=seen.ref)).dispute_lost is is_lost

    # ------------------------------------------------------------------ capture
    async def test_captures_once(self, bench, provider):
        seen = await bench.captured(1)
        assert (seen.state, seen.captured_minor) == (PaymentState.CAPTURED, 12_345)
        again = await provider.capture(key="1:capture", ref=seen.ref, amount_minor=12_345)
        other_key = await provider.capture(key="another", ref=seen.ref, amount_minor=12_345)
        assert (again.captured_minor, other_key.captured_minor, bench.taken()) == (12_345, 12_345, 12_345)

    async def test_captures_once_though_the_answer_was_lost(self, bench, provider):
        seen = await bench.authorised(1)
        bench.fail("capture", "lost")
        with pytest.raises(ProviderUnavailable):
            await provider.capture(key="c", ref=seen.ref, amount_minor=12_345)
        assert (await provider.capture(key="c", ref=seen.ref, amount_minor=12_345)).captured_minor == 12_345
        assert bench.taken() == 12_345

    async def test_captures_once_when_many_ask_at_once(self, bench, provider):
        seen = await bench.authorised(1)

        async def capture():
            with suppress(ProviderUnavailable):
                return (await provider.capture(key="c", ref=seen.ref, amount_minor=12_345)).captured_minor

        answers = await asyncio.gather(*(capture() for _ in range(10)))
        assert set(answers) - {None} == {12_345}
        assert bench.taken() == 12_345

    async def test_captures_nothing_that_was_let_go(self, bench, provider):
        seen = await bench.authorised(1)
        await provider.cancel(key="v", ref=seen.ref)
        with pytest.raises(ProviderRefused) as refused:
            await provider.capture(key="c", ref=seen.ref, amount_minor=12_345)
        assert refused.value.denial == "not_capturable"
        assert bench.taken() == 0

    @pytest.mark.parametrize("amount_minor", [1, 12_344, 12_346])
    async def test_captures_no_other_amount(self, bench, provider, amount_minor):
        seen = await bench.authorised(1)
        with pytest.raises(ProviderRefused):
            await provider.capture(key="c", ref=seen.ref, amount_minor=amount_minor)
        assert bench.taken() == 0

    # ------------------------------------------------------------------ cancel
    async def test_lets_go_and_does_so_again(self, bench, provider):
        seen = await bench.authorised(1)
        for key in ("v", "v", "w"):
            gone = await provider.cancel(key=key, ref=seen.ref)
            assert (gone.state, gone.captured_minor, gone.refunded_minor) == (PaymentState.VOIDED, 0, 0)

    async def test_leaves_what_is_captured(self, bench, provider):
        seen = await bench.captured(1)
        kept = await provider.cancel(key="v", ref=seen.ref)
        assert (kept.state, kept.captured_minor) == (PaymentState.CAPTURED, 12_345)

    async def test_lets_go_though_the_answer_was_lost(self, bench, provider):
        seen = await bench.authorised(1)
        bench.fail("cancel", "lost")
        with pytest.raises(ProviderUnavailable):
            await provider.cancel(key="v", ref=seen.ref)
        assert (await provider.cancel(key="v", ref=seen.ref)).state is PaymentState.VOIDED

    # ------------------------------------------------------------------ refund
    async def test_gives_back_in_parts(self, bench, provider):
        seen = await bench.captured(1)
        one = await provider.refund(key="r1", ref=seen.ref, refund_id="r1", amount_minor=345)
        two = await provider.refund(key="r2", ref=seen.ref, refund_id="r2", amount_minor=12_000)
        assert (one.amount_minor, one.refund_id, one.state) == (345, "r1", ProviderRefundState.COMPLETED)
        assert {each.ref for each in await provider.refunds(ref=seen.ref)} == {one.ref, two.ref}
        seen = await provider.look_up(ref=seen.ref)
        assert (seen.refunded_minor, seen.captured_minor, seen.state) == (12_345, 12_345, PaymentState.CAPTURED)

    async def test_gives_back_once(self, bench, provider):
        seen = await bench.captured(1)
        refs = {
            (await provider.refund(key=key, ref=seen.ref, refund_id="r1", amount_minor=100)).ref
            for key in ("r1", "r1", "a key of another day")
        }
        assert len(refs) == 1
        assert bench.given_back() == 100

    async def test_gives_back_once_though_the_answer_was_lost(self, bench, provider):
        seen = await bench.captured(1)
        bench.fail("refund", "lost")
        with pytest.raises(ProviderUnavailable):
            await provider.refund(key="r1", ref=seen.ref, refund_id="r1", amount_minor=100)
        await provider.refund(key="r1", ref=seen.ref, refund_id="r1", amount_minor=100)
        assert bench.given_back() == 100

    async def test_gives_back_no_more_than_it_took(self, bench, provider):
        seen = await bench.captured(1)
        await provider.refund(key="r1", ref=seen.ref, refund_id="r1", amount_minor=12_000)
        with pytest.raises(ProviderRefused):
            await provider.refund(key="r2", ref=seen.ref, refund_id="r2", amount_minor=346)
        assert bench.given_back() == 12_000

    async def test_gives_nothing_back_that_it_did_not_take(self, bench, provider):
        seen = await bench.authorised(1)
        with pytest.raises(ProviderRefused):
            await provider.refund(key="r1", ref=seen.ref, refund_id="r1", amount_minor=1)
        assert bench.given_back() == 0

    # ------------------------------------------------------------------ faults
    @pytest.mark.parametrize("kind", ["500", "429", "409", "garbage", "empty"])
    @pytest.mark.parametrize("what", ["authorise", "look_up", "capture", "cancel", "refund"])
    async def test_says_when_it_does_not_know(self, bench, provider, what, kind):
        seen = await (bench.captured(1) if what == "refund" else bench.authorised(1))
        calls = {
            "authorise": lambda: bench.start(2),
            "look_up": lambda: provider.look_up(ref=seen.ref),
            "capture": lambda: provider.capture(key="c", ref=seen.ref, amount_minor=12_345),
            "cancel": lambda: provider.cancel(key="v", ref=seen.ref),
            "refund": lambda: provider.refund(key="r1", ref=seen.ref, refund_id="r1", amount_minor=100),
        }
        bench.fail(what, kind)
        with pytest.raises(ProviderUnavailable):
            await calls[what]()
        await calls[what]()  # and knows when it is asked again

    # ------------------------------------------------------------------ messages
    async def test_reads_its_own_messages(self, bench, provider):
        seen = await bench.captured(1)
        headers, body = bench.message(seen.ref, at=NOW)
        message = await provider.read(headers=headers, body=body, now=NOW)
        assert message.ref == seen.ref
        assert message.event_id
        assert message.kind

    @pytest.mark.parametrize("seconds", [-299, 299])
    async def test_reads_messages_of_this_moment(self, bench, provider, seconds):
        seen = await bench.captured(1)
        headers, body = bench.message(seen.ref, at=NOW + timedelta(seconds=seconds))
        assert (await provider.read(headers=headers, body=body, now=NOW)).ref == seen.ref

    @pytest.mark.parametrize("seconds", [-86_400, -301, 301, 86_400])
    async def test_refuses_old_and_future_messages(self, bench, provider, seconds):
        seen = await bench.captured(1)
        headers, body = bench.message(seen.ref, at=NOW + timedelta(seconds=seconds))
        with pytest.raises(MessageForged):
            await provider.read(headers=headers, body=body, now=NOW)

    async def test_refuses_messages_that_were_touched(self, bench, provider):
        seen = await bench.captured(1)
        headers, body = bench.message(seen.ref, at=NOW)
        for touched in (body + b" ", body[:-1], b"", body.replace(b": ", b":"), body.replace(b"1", b"2", 1)):
            assert touched != body
            with pytest.raises(MessageForged):
                await provider.read(headers=headers, body=touched, now=NOW)

    async def test_refuses_messages_without_each_header(self, bench, provider):
        seen = await bench.captured(1)
        headers, body = bench.message(seen.ref, at=NOW)
        for name in headers:
            rest = {each: value for each, value in headers.items() if each != name}
            for changed in (rest, {**rest, name: ""}, {**rest, name: "x" * 10_000}, {**rest, name: "é"}):
                with pytest.raises(MessageForged):
                    await provider.read(headers=changed, body=body, now=NOW)
