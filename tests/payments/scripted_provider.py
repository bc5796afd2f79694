"""A provider in memory that does as it is told: honest books, idempotent by key, and faults on command."""

import asyncio
import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count

from holdfast.payments.api import CardShown, PaymentMethod, PaymentState
from holdfast.payments.providers.protocol import (
    KeptMethod,
    Message,
    MessageForged,
    ProviderPayment,
    ProviderRefund,
    ProviderRefundState,
    ProviderRefused,
    ProviderUnavailable,
)

OK, DECLINED, CHALLENGE = "tok_ok", "tok_declined", "tok_challenge"
LOST_BEFORE, LOST_AFTER, NEVER = "lost before", "lost after", "never"
"""Faults: the request does not arrive; it does its work and the answer is lost; it is never answered."""

_numbers = count(1)
_ALIVE = {PaymentState.REQUIRES_ACTION, PaymentState.AUTHORISED}


@dataclass
class Thing:
    """A payment object of the provider's."""

    ref: str
    payment_id: str | None
    amount: int
    currency: str
    state: PaymentState
    captured: int = 0
    refunded: int = 0
    denial: str | None = None
    disputed: bool = False
    lost: bool | None = None
    refunds: list = field(default_factory=list)


@dataclass
class Given:
    """A refund object of the provider's."""

    ref: str
    refund_id: str | None
    amount: int
    currency: str
    state: ProviderRefundState


class ScriptedProvider:
    """Answers `Provider`; `faults[operation]` is a list of faults that befall the next calls of it."""

    name = "scripted"
    methods = frozenset({PaymentMethod.CARD, PaymentMethod.WALLET, PaymentMethod.PAYPAL})

    def __init__(self):
        self.things = {}
        self.faults = defaultdict(list)
        self.gates = {}
        """Operation -> an event that requests wait for on their way here."""
        self.calls = Counter()
        self.keys = {}
        self.forgotten = []
        self.closed = False
        self.refunds_wait = False
        """Whether refunds stay pending until `settle_refund`."""
        self.refuse_refunds = 0
        """How many refunds are refused from now on."""
        self.refuse_captures = False
        self.amount_off = 0
        """What is added to the amount of what is made from now on."""
        self.forgets_keys = False
        """Whether the same key again is a new request, as it is once keys are pruned."""
        self._numbers = _numbers

    # ---------------------------------------------------------------------------------------------------- as a provider

    async def authorise(self, *, key, what):
        return await self._do("authorise", key, lambda: self._authorise(what))

    def _authorise(self, what):
        if (what.token or "").startswith(DECLINED):
            raise ProviderRefused("card_declined", "No.")
        waits = (what.token or "").startswith(CHALLENGE) or what.method is PaymentMethod.PAYPAL
        state = PaymentState.REQUIRES_ACTION if waits else PaymentState.AUTHORISED
        return self.make(what.payment_id, what.amount_minor + self.amount_off, what.currency, state)

    def make(self, payment_id, amount, currency, state=PaymentState.AUTHORISED):
        """Make an object, as if it had been asked for."""
        ref = f"obj_{next(self._numbers)}"
        self.things[ref] = Thing(ref, payment_id, amount, currency, state)
        return self._shown(self.things[ref])

    async def look_up(self, *, ref):
        return await self._do("look_up", None, lambda: self._shown(self._thing(ref)))

    async def find(self, *, payment_id):
        found = lambda: [self._shown(each) for each in self.things.values() if each.payment_id == payment_id]  # noqa: E731 - told once
        return await self._do("find", None, found)

    async def capture(self, *, key, ref, amount_minor):
        return await self._do("capture", key, lambda: self._capture(ref, amount_minor))

    def _capture(self, ref, amount):
        thing = self._thing(ref)
        if self.refuse_captures or thing.state is not PaymentState.AUTHORISED or amount > thing.amount:
            raise ProviderRefused("not_capturable")
        thing.state, thing.captured = PaymentState.CAPTURED, amount
        return self._shown(thing)

    async def cancel(self, *, key, ref):
        return await self._do("cancel", key, lambda: self._cancel(ref))

    def _cancel(self, ref):
        thing = self._thing(ref)
        if thing.state in _ALIVE:
            thing.state = PaymentState.VOIDED
        return self._shown(thing)

    async def refund(self, *, key, ref, refund_id, amount_minor):
        return await self._do("refund", key, lambda: self._refund(ref, refund_id, amount_minor))

    def _refund(self, ref, refund_id, amount):
        thing = self._thing(ref)
        if self.refuse_refunds:
            self.refuse_refunds -= 1
            raise ProviderRefused("refused_for_now")
        if thing.refunded + amount > thing.captured or thing.disputed:
            raise ProviderRefused("exceeds")
        thing.refunded += amount
        state = ProviderRefundState.PENDING if self.refunds_wait else ProviderRefundState.COMPLETED
        given = Given(f"ref_{next(self._numbers)}", refund_id, amount, thing.currency, state)
        thing.refunds.append(given)
        return self._given(given)

    async def refunds(self, *, ref):
        return await self._do("refunds", None, lambda: [self._given(each) for each in self._thing(ref).refunds])

    async def keep(self, *, key, account_id, method, token):
        return await self._do("keep", key, lambda: self._keep(account_id, method, token))

    def _keep(self, account_id, method, token):
        if method is PaymentMethod.PAYPAL:
            raise ProviderRefused("cannot_be_kept")
        if token == DECLINED:
            raise ProviderRefused("card_declined")
        return KeptMethod(
            token=f"{token}_{next(self._numbers)}",
            customer=f"cus_{account_id}",
            card=CardShown(brand="visa", last4="4242"),
            expires="2031-12",
        )

    async def forget(self, *, token):
        await self._do("forget", None, lambda: self.forgotten.append(token))

    async def read(self, *, headers, body, now):
        del now
        await asyncio.sleep(0)
        if headers.get("signature") != "right":
            raise MessageForged("the signature is wrong")
        told = json.loads(body)
        at = datetime.fromtimestamp(told["at"], UTC)
        return Message(event_id=told["id"], kind=told["kind"], ref=told["ref"], at=at)

    async def close(self):
        self.closed = True

    # ----------------------------------------------------------------------------------------------- as a test likes

    def message(self, ref, *, event_id=None, kind="payment.changed", signature="right"):
        """A message about an object: headers and body."""
        told = {"id": event_id or f"evt_{next(self._numbers)}", "kind": kind, "ref": ref, "at": 1_800_000_000}
        return {"headers": {"signature": signature}, "body": json.dumps(told).encode()}

    def of(self, payment_id):
        """The objects made for a payment."""
        return [each for each in self.things.values() if each.payment_id == payment_id]

    def approve(self, ref):
        """The guest approves."""
        assert self.things[ref].state is PaymentState.REQUIRES_ACTION
        self.things[ref].state = PaymentState.AUTHORISED

    def decline(self, ref):
        """The guest declines."""
        self.things[ref].state, self.things[ref].denial = PaymentState.DENIED, "declined_by_guest"

    def settle_refund(self, given, state):
        """A refund that waited ends, or one that was completed comes back."""
        thing = next(each for each in self.things.values() if given in each.refunds)
        if state is ProviderRefundState.FAILED and given.state is not ProviderRefundState.FAILED:
            thing.refunded -= given.amount
        given.state = state

    def refund_in_office(self, ref, amount, state=ProviderRefundState.COMPLETED):
        """Somebody refunds in the provider's own office."""
        thing = self.things[ref]
        assert thing.refunded + amount <= thing.captured
        thing.refunded += amount
        given = Given(f"ref_{next(self._numbers)}", None, amount, thing.currency, state)
        thing.refunds.append(given)
        return given

    def holds_of(self, ref):
        """What the provider holds for us of a payment."""
        thing = self.things[ref]
        done = sum(each.amount for each in thing.refunds if each.state is ProviderRefundState.COMPLETED)
        disputed = thing.disputed and thing.lost is not False
        return 0 if disputed else thing.captured - done

    def balance(self):
        """What the provider holds for us in all, by currency."""
        sums = Counter()
        for thing in self.things.values():
            sums[thing.currency] += self.holds_of(thing.ref)
        return sums

    # ------------------------------------------------------------------------------------------------------- inside

    async def _do(self, operation, key, effect):
        self.calls[operation] += 1
        await asyncio.sleep(0)
        fault = self.faults[operation].pop(0) if self.faults[operation] else None
        if fault == LOST_BEFORE:
            raise ProviderUnavailable("lost")
        if operation in self.gates:
            await self.gates[operation].wait()
        if fault == NEVER:
            await asyncio.Event().wait()
        answer, refusal = self._once(key, effect)
        await asyncio.sleep(0)
        if fault == LOST_AFTER:
            raise ProviderUnavailable("lost")
        if refusal is not None:
            raise refusal
        return answer

    def _once(self, key, effect):
        if key is not None and key in self.keys and not self.forgets_keys:
            return self.keys[key]
        try:
            made = effect(), None
        except ProviderRefused as refusal:
            made = None, refusal
        if key is not None:
            self.keys[key] = made
        return made

    def _thing(self, ref):
        if ref not in self.things:
            raise ProviderRefused("unknown")
        return self.things[ref]

    def _shown(self, thing):
        return ProviderPayment(
            ref=thing.ref,
            payment_id=thing.payment_id,
            state=thing.state,
            amount_minor=thing.amount,
            currency=thing.currency,
            captured_minor=thing.captured,
            refunded_minor=thing.refunded,
            action_url=f"https://bank.example/{thing.ref}" if thing.state is PaymentState.REQUIRES_ACTION else None,
            denial=thing.denial,
            card=CardShown(brand="visa", last4="4242"),
            disputed=thing.disputed,
            dispute_lost=thing.lost,
        )

    def _given(self, given):
        return ProviderRefund(
            ref=given.ref,
            refund_id=given.refund_id,
            amount_minor=given.amount,
            currency=given.currency,
            state=given.state,
        )
