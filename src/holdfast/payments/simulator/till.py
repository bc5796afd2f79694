"""The till: payments, captures, cancellations, refunds, disputes, in the simulator's own books.

Each method is a change inside a transaction (`Act`), or what one is made of; `asking.changing` opens it.
"""

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from holdfast.kit.db.database import Tx
from holdfast.kit.ids import new_id
from holdfast.payments.simulator import store
from holdfast.payments.simulator.asking import Answer, Books, bad_request, good, missing, refused
from holdfast.payments.simulator.cards import Card, Plan, by_token, shown
from holdfast.payments.simulator.records import (
    Dispute,
    Kind,
    Method,
    Movement,
    Payment,
    Refund,
    Status,
    Token,
    shown_payment,
    shown_refund,
)
from holdfast.payments.simulator.telling import DISPUTE, SETTLE, keep, keep_refund, move, tell

AUTHORIZED_FOR: Final = timedelta(days=7)
PAYPAL: Final = "paypal"
WALLET: Final = "wallet"
_GONE: Final = "authorization_expired"
_STATE: Final = "payment_unexpected_state"


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """What a payment is made with."""

    plan: Plan
    card: Card | None
    customer: str | None = None


def denied(payment: Payment, public_url: str) -> Answer:
    """Return the answer to a payment that was denied."""
    return refused(
        HTTPStatus.PAYMENT_REQUIRED,
        "card_error",
        payment.denial or "card_declined",
        "The payment was declined.",
        payment=shown_payment(payment, public_url=public_url),
    )


class Till:
    """Payments and everything that befalls them."""

    def __init__(self, books: Books) -> None:
        self._books = books

    # ---------------------------------------------------------------------------------------------------- authorizing
    async def create(self, tx: Tx, now: datetime, twist: str | None, new: Any) -> Answer:
        """Make a payment and try to authorize it. `new` is a `shapes.NewPayment`."""
        source = await self._source(tx, now, new.method, new.token)
        if isinstance(source, Answer):
            return source
        payment = Payment(
            id=new_id("sim_pay", self._books.clock),
            payment_id=new.metadata.payment_id,
            hold_id=new.metadata.hold_id,
            amount=new.amount + (twist == "other_amount"),
            currency=_other(new.currency) if twist == "other_currency" else new.currency,
            method=new.method,
            plan=source.plan,
            status=Status.FAILED,
            created=now,
            return_url=new.return_url,
            description=new.description,
            card=source.card,
            customer=source.customer,
        )
        denial = "card_declined" if twist == "decline" else source.plan.denial
        if denial:
            return await self._deny(tx, payment, 1, now, denial)
        if source.plan.challenge:
            payment = replace(payment, status=Status.REQUIRES_ACTION)
            await keep(tx, "requires_action", payment, 1, now)
            await tell(tx, self._books, "payment.requires_action", payment, now)
            return self._answer(payment)
        return self._answer(await self._authorize(tx, payment, 1, now))

    async def _source(self, tx: Tx, now: datetime, method: str, token: str | None) -> Source | Answer:
        if method == PAYPAL:
            return Source(plan=Plan(challenge=True), card=None)
        if not token:
            return bad_request("parameter_missing", "A card or wallet needs a token.")
        found = await self._found(tx, now, token)
        if found is None:
            return bad_request("token_unknown", "There is no such token, or its hour is over.")
        if (found.card is not None and found.card.wallet is not None) != (method == WALLET):
            return bad_request("token_of_other_method", "The token is not of this method.")
        return found

    async def _found(self, tx: Tx, now: datetime, token: str) -> Source | None:
        if published := by_token(token):
            return Source(plan=published.plan, card=shown(published))
        if typed := await store.current(tx, Kind.TOKEN, token):
            made: Token = typed[1]
            return Source(plan=made.plan, card=made.card) if now < made.expires else None
        if kept := await store.current(tx, Kind.METHOD, token):
            method: Method = kept[1]
            plan = replace(method.plan, denial=method.plan.kept_denial or method.plan.denial)
            return None if method.gone else Source(plan=plan, card=method.card, customer=method.customer)
        return None

    async def _authorize(self, tx: Tx, payment: Payment, version: int, now: datetime) -> Payment:
        held = replace(payment, status=Status.REQUIRES_CAPTURE, authorized_until=now + AUTHORIZED_FOR)
        await keep(tx, "authorized", held, version, now)
        await move(tx, Movement.AUTHORIZE, held, now, ref=held.id, amount=held.amount)
        await tell(tx, self._books, "payment.authorized", held, now)
        return held

    async def _deny(self, tx: Tx, payment: Payment, version: int, now: datetime, denial: str) -> Answer:
        lost = replace(payment, status=Status.FAILED, denial=denial)
        await keep(tx, "denied", lost, version, now)
        await tell(tx, self._books, "payment.denied", lost, now)
        return denied(lost, self._books.public_url)

    async def decide(self, tx: Tx, now: datetime, ref: str, *, approved: bool) -> Answer:
        """Approve or decline a payment that waits for its payer."""
        found = await store.current(tx, Kind.PAYMENT, ref)
        if found is None:
            return missing("payment")
        version, payment = found
        if payment.status is not Status.REQUIRES_ACTION:
            return _not_now(payment, "decided")
        if not approved:
            declined = "declined_by_payer" if payment.method == PAYPAL else "authentication_failed"
            return await self._deny(tx, payment, version + 1, now, declined)
        if payment.plan.challenge_denial:
            return await self._deny(tx, payment, version + 1, now, payment.plan.challenge_denial)
        return self._answer(await self._authorize(tx, payment, version + 1, now))

    # ------------------------------------------------------------------------------------------------------- capturing
    async def capture(self, tx: Tx, now: datetime, twist: str | None, ref: str, amount: int | None) -> Answer:
        """Take what is authorized, all of it."""
        found = await store.current(tx, Kind.PAYMENT, ref)
        if found is None:
            return missing("payment")
        version, payment = found
        amount = payment.amount if amount is None else amount
        if refusal := _capture_refusal(payment, now, amount, twist):
            return refusal
        taken = replace(payment, status=Status.SUCCEEDED, captured=amount)
        await keep(tx, "captured", taken, version + 1, now)
        await move(tx, Movement.CAPTURE, taken, now, ref=taken.id, amount=amount)
        await tell(tx, self._books, "payment.captured", taken, now)
        if taken.plan.dispute:
            await store.enqueue(tx, task=DISPUTE, ref=taken.id, next_at=self._soon(now))
        return self._answer(taken)

    async def cancel(self, tx: Tx, now: datetime, ref: str, why: str = "canceled") -> Answer:
        """Let a payment go before it is captured."""
        found = await store.current(tx, Kind.PAYMENT, ref)
        if found is None:
            return missing("payment")
        version, payment = found
        if payment.status not in {Status.REQUIRES_ACTION, Status.REQUIRES_CAPTURE}:
            return _not_now(payment, "canceled")
        gone = replace(payment, status=Status.CANCELED, denial=None if why == "canceled" else why)
        await keep(tx, why, gone, version + 1, now)
        await tell(tx, self._books, "payment.canceled", gone, now)
        return self._answer(gone)

    # ------------------------------------------------------------------------------------------------------- refunding
    async def refund(self, tx: Tx, now: datetime, twist: str | None, new: Any) -> Answer:
        """Give back part of what was captured. `new` is a `shapes.NewRefund`."""
        found = await store.current(tx, Kind.PAYMENT, new.payment)
        if found is None:
            return missing("payment")
        version, payment = found
        amount = _left(payment) if new.amount is None else new.amount
        if refusal := _refund_refusal(payment, amount, twist):
            return refusal
        waits = twist == "fails" or payment.plan.refund != "at_once"
        refund = Refund(
            id=new_id("sim_ref", self._books.clock),
            payment=payment.id,
            refund_id=new.metadata.refund_id,
            amount=amount,
            currency=payment.currency,
            status="pending" if waits else "succeeded",
            created=now,
            fails=twist == "fails" or payment.plan.refund == "fails",
        )
        less = replace(payment, refunded=payment.refunded + amount)
        await keep(tx, "refunded", less, version + 1, now)
        await keep_refund(tx, "created", refund, 1, now)
        await move(tx, Movement.REFUND, less, now, ref=refund.id, amount=amount)
        await tell(tx, self._books, "refund.created", less, now, refund)
        if waits:
            await store.enqueue(tx, task=SETTLE, ref=refund.id, next_at=self._soon(now))
        return good(shown_refund(refund))

    async def settle(self, tx: Tx, ref: str) -> None:
        """Let a pending refund succeed or fail."""
        now = await tx.now()
        found = await store.current(tx, Kind.REFUND, ref)
        if found is None or found[1].status != "pending":
            return
        version, refund = found
        parent = await store.current(tx, Kind.PAYMENT, refund.payment)
        if parent is None:
            return
        payment: Payment = parent[1]
        done = replace(refund, status="failed" if refund.fails else "succeeded")
        if refund.fails:
            payment = replace(payment, refunded=payment.refunded - refund.amount)
            await keep(tx, "refund_failed", payment, parent[0] + 1, now)
            await move(tx, Movement.REFUND_FAILED, payment, now, ref=refund.id, amount=refund.amount)
        await keep_refund(tx, done.status, done, version + 1, now)
        await tell(tx, self._books, "refund.updated", payment, now, done)

    # -------------------------------------------------------------------------------------------------------- disputes
    async def dispute(self, tx: Tx, ref: str, reason: str | None = None) -> Answer:
        """Open a dispute about what was captured; the money leaves the merchant until it is decided."""
        now = await tx.now()
        found = await store.current(tx, Kind.PAYMENT, ref)
        if found is None:
            return missing("payment")
        version, payment = found
        amount = _left(payment)
        if payment.status is not Status.SUCCEEDED or payment.dispute is not None or amount <= 0:
            return _not_now(payment, "disputed")
        made = Dispute(
            id=new_id("sim_dis", self._books.clock),
            reason=reason or payment.plan.dispute or "general",
            amount=amount,
        )
        payment = replace(payment, dispute=made)
        await keep(tx, "disputed", payment, version + 1, now)
        await move(tx, Movement.DISPUTE, payment, now, ref=made.id, amount=amount)
        await tell(tx, self._books, "dispute.created", payment, now)
        return self._answer(payment)

    async def close_dispute(self, tx: Tx, ref: str, *, won: bool) -> Answer:
        """Decide a dispute for the merchant or against."""
        now = await tx.now()
        found = await store.current(tx, Kind.PAYMENT, ref)
        if found is None:
            return missing("payment")
        version, payment = found
        dispute = payment.dispute
        if dispute is None or dispute.status != "needs_response":
            return _not_now(payment, "decided")
        payment = replace(payment, dispute=replace(dispute, status="won" if won else "lost"))
        await keep(tx, "dispute_won" if won else "dispute_lost", payment, version + 1, now)
        if won:
            await move(tx, Movement.DISPUTE_WON, payment, now, ref=dispute.id, amount=dispute.amount)
        await tell(tx, self._books, "dispute.closed", payment, now)
        return self._answer(payment)

    def _answer(self, payment: Payment) -> Answer:
        return good(shown_payment(payment, public_url=self._books.public_url))

    def _soon(self, now: datetime) -> datetime:
        return now + timedelta(seconds=self._books.settle_s)


def _other(currency: str) -> str:
    return "EUR" if currency != "EUR" else "USD"


def _left(payment: Payment) -> int:
    """Return what the merchant still has of a payment."""
    disputed = payment.dispute.amount if payment.dispute and payment.dispute.status != "won" else 0
    return payment.captured - payment.refunded - disputed


def _not_now(payment: Payment, what: str) -> Answer:
    return bad_request(_STATE, f"The payment is {payment.status}; it cannot be {what}.")


def _capture_refusal(payment: Payment, now: datetime, amount: int, twist: str | None) -> Answer | None:
    if payment.status is not Status.REQUIRES_CAPTURE:
        return _not_now(payment, "captured")
    if amount != payment.amount:
        return bad_request("amount_mismatch", "What is authorized is captured whole.")
    if payment.authorized_until is not None and now >= payment.authorized_until:
        return bad_request(_GONE, "The authorization has run out.")
    denial = "card_declined" if twist == "decline" else payment.plan.capture_denial
    if denial:
        return refused(HTTPStatus.PAYMENT_REQUIRED, "card_error", denial, "The capture was declined.")
    return None


def _refund_refusal(payment: Payment, amount: int, twist: str | None) -> Answer | None:
    if payment.status is not Status.SUCCEEDED:
        return _not_now(payment, "refunded")
    if payment.dispute is not None and payment.dispute.status != "won":
        return bad_request("charge_disputed", "What is disputed cannot be refunded.")
    if not 0 < amount <= _left(payment):
        return bad_request("amount_too_large", "More than is left of what was captured, or nothing.")
    if twist == "decline":
        return bad_request("refund_refused", "The refund was refused.")
    return None
