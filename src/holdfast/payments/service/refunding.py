"""Giving money back: room for it is taken in the database before the provider is asked, so that it never exceeds."""

from dataclasses import dataclass

from holdfast.kit.activity.acts import Act
from holdfast.kit.db.database import Tx
from holdfast.kit.db.errors import UniqueViolation
from holdfast.kit.db.statements import Row
from holdfast.kit.errors import FieldError, NotFound
from holdfast.kit.ids import new_id
from holdfast.kit.keyed import KeyReused
from holdfast.payments.api import (
    CurrencyMismatch,
    PaymentNotCaptured,
    PaymentState,
    Refund,
    RefundExceedsCapture,
    RefundOrder,
    RefundState,
)
from holdfast.payments.models import activity, outbox
from holdfast.payments.providers.protocol import ProviderRefused
from holdfast.payments.service.answers import refund_of
from holdfast.payments.service.changes import Change
from holdfast.payments.service.desk import Desk
from holdfast.payments.service.keeping import Heard, Keeping
from holdfast.payments.service.looking import Looking
from holdfast.payments.store import ledger, records, refunds


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ordered:
    """A refund that is written down."""

    payment: Row
    refund: Row
    fresh: bool
    """Whether nobody can have asked the provider for it yet."""


class Refunding:
    """Gives money back."""

    def __init__(self, desk: Desk, keeping: Keeping, looking: Looking) -> None:
        self._desk = desk
        self._keeping = keeping
        self._looking = looking

    async def refund(self, order: RefundOrder) -> Refund:
        """Give captured money back; see `PaymentsApi.refund`.

        Raises:
            NotFound: No such payment.
            PaymentNotCaptured: Nothing was captured.
            RefundExceedsCapture: Zero, negative, or more than is left.
            CurrencyMismatch: Another currency than the payment's.
            KeyReused: The key belongs to a refund of another payment or amount.
            PaymentOutcomeUnknown: The provider did not answer in time.
            ValueError: The shares are not what is given back.
        """
        try:
            ordered = await self._order(order)
        except UniqueViolation as error:
            raise KeyReused("This key belongs to a refund of another payment.") from error
        if ordered.refund.state is RefundState.PENDING:
            await self._give(ordered)
        row = await self._desk.db.read(lambda tx: refunds.find(tx, ordered.refund.id))
        assert row is not None  # noqa: S101 - refunds are never deleted
        return refund_of(row)

    async def _order(self, order: RefundOrder) -> _Ordered:
        """Write a refund down, or find it; one that failed begins anew.

        Raises:
            NotFound: No such payment.
        """

        async def work(tx: Tx) -> _Ordered:
            payment = await records.lock(tx, order.payment_id)
            if payment is None:
                raise NotFound("There is no such payment.")
            _check(payment, order)
            before = await refunds.by_key(tx, order.key)
            if before is not None:
                _check_same(before, order)
                if before.state is not RefundState.FAILED:
                    return _Ordered(payment=payment, refund=before, fresh=False)
            _check_room(payment, order)
            change = Change(before=payment, now=await tx.now(), posted=await ledger.of_payment(tx, payment.id))
            if before is None:
                row = self._new(change, order)
                change.refund_made(row)
                await _note(tx, payment, row)
            else:
                change.refund_moved(before, RefundState.PENDING, ref=None)
                row = change.refunds[before.id][1]
            await change.write(tx, self._desk.clock)
            await change.publish(tx, self._desk.db.dialect)
            return _Ordered(payment=change.row, refund=row, fresh=before is None)

        ordered = await self._desk.db.write(work)
        outbox.nudge()
        return ordered

    def _new(self, change: Change, order: RefundOrder) -> Row:
        return refunds.new_row(
            {
                "id": new_id("re", self._desk.clock),
                "key": order.key,
                "payment_id": order.payment_id,
                "amount_minor": order.amount_minor,
                "currency": order.currency,
                "state": RefundState.PENDING,
                "attempt": 1,
                "reason": order.reason,
                "reference": order.reference or change.row.reference,
                "shares": [[share.account, share.amount_minor] for share in order.shares],
                "provider_ref": None,
                "spent_refs": [],
                "failure": None,
                "created_at": change.now,
                "touched_at": change.now,
                "completed_at": None,
            }
        )

    async def _give(self, ordered: _Ordered) -> None:
        """Ask the provider to give it back, unless it has been asked before and did."""
        payment, row = ordered.payment, ordered.refund
        provider = self._desk.provider(payment.provider)
        if not ordered.fresh and await self._found(payment, row):
            return
        key = row.id if row.attempt == 1 else f"{row.id}:{row.attempt}"
        giving = provider.refund(key=key, ref=payment.provider_ref, refund_id=row.id, amount_minor=row.amount_minor)
        try:
            given = await self._desk.ask(giving)
        except ProviderRefused as refusal:
            if not await self._found(payment, row):
                await self._fail(row, refusal.denial)
                # Something else may have taken the room at the provider, and has it here from now on.
                await self._found(payment, row)
            return
        await self._keeping.keep(payment, Heard(refunds=[given]))

    async def _found(self, payment: Row, row: Row) -> bool:
        """Look whether the provider has a refund by now, and keep what it says; return whether it knows this attempt.

        Whoever retries long after may find that the provider has forgotten the key, but never that it has forgotten
        the refund.
        """
        provider = self._desk.provider(payment.provider)
        found = await self._desk.ask(provider.refunds(ref=payment.provider_ref))
        await self._keeping.keep(payment, Heard(refunds=found))
        return any(
            (each.refund_id == row.id or each.ref == row.provider_ref) and each.ref not in row.spent_refs
            for each in found
        )

    async def _fail(self, row: Row, denial: str) -> None:
        async def work(tx: Tx) -> None:
            payment = await records.lock(tx, row.payment_id)
            before = await refunds.find(tx, row.id)
            if payment is None or before is None or (before.state, before.attempt) != (row.state, row.attempt):
                return
            change = Change(before=payment, now=await tx.now())
            change.refund_moved(before, RefundState.FAILED, ref=None, failure=denial[:60])
            await change.write(tx, self._desk.clock)
            await change.publish(tx, self._desk.db.dialect)

        await self._desk.db.write(work)
        outbox.nudge()


async def _note(tx: Tx, payment: Row, row: Row) -> None:
    facts = {"refund": row.id, "reason": row.reason, "amount_minor": row.amount_minor, "currency": row.currency}
    act = Act(
        kind="payment.refunded",
        object_kind="payment",
        object_id=payment.id,
        subject_id=payment.account_id,
        details=facts,
    )
    await activity.note(tx, act)


def _check(payment: Row, order: RefundOrder) -> None:
    if order.currency != payment.currency:
        detail = f"The payment is in {payment.currency}."
        raise CurrencyMismatch(
            detail, errors=[FieldError(pointer="/currency", code="currency_mismatch", detail=detail)]
        )
    if payment.state is not PaymentState.CAPTURED:
        raise PaymentNotCaptured(extra={"state": payment.state.value})
    if order.shares and sum(share.amount_minor for share in order.shares) != order.amount_minor:
        raise ValueError(f"the shares of refund {order.key} do not add up to {order.amount_minor}")
    if any(share.amount_minor < 0 for share in order.shares):
        raise ValueError(f"refund {order.key} has a negative share")


def _check_room(payment: Row, order: RefundOrder) -> None:
    left = payment.captured_minor - payment.refunded_minor
    if not 0 < order.amount_minor <= left:
        detail = f"{left} {payment.currency} in minor units are left to give back."
        raise RefundExceedsCapture(
            detail,
            errors=[FieldError(pointer="/amount", code="refund_exceeds_capture", detail=detail)],
            extra={"remaining": left},
        )


def _check_same(before: Row, order: RefundOrder) -> None:
    if (before.payment_id, before.amount_minor, before.currency) != (
        order.payment_id,
        order.amount_minor,
        order.currency,
    ):
        raise KeyReused("This key belongs to another refund.")
