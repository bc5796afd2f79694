"""Taking what is authorised, or letting it go."""

from typing import Final

from holdfast.kit.db.database import Tx
from holdfast.kit.db.statements import Row
from holdfast.kit.errors import NotFound
from holdfast.payments.api import CaptureRefused, PaymentOutcomeUnknown, PaymentState, Sale
from holdfast.payments.models import outbox
from holdfast.payments.providers.protocol import ProviderPayment, ProviderRefused
from holdfast.payments.rules import LET_GO, OPEN
from holdfast.payments.service.changes import Change
from holdfast.payments.service.desk import Desk
from holdfast.payments.service.keeping import Heard, Keeping
from holdfast.payments.service.looking import Looking
from holdfast.payments.store import ledger, records

_TRIES: Final = 5


class Ending:
    """Captures and voids."""

    def __init__(self, desk: Desk, keeping: Keeping, looking: Looking) -> None:
        self._desk = desk
        self._keeping = keeping
        self._looking = looking

    async def capture(self, payment_id: str, sale: Sale) -> Row:
        """Capture what is authorised; see `PaymentsApi.capture`.

        Raises:
            NotFound: No such payment.
            CaptureRefused: The provider will not, or the payment has been let go.
            PaymentOutcomeUnknown: The provider did not answer in time.
        """
        row = await self._intend(payment_id, sale)
        if row.state in {PaymentState.STARTING, PaymentState.REQUIRES_ACTION}:
            row = await self._looking.refresh(payment_id)
        if row.state is PaymentState.CAPTURED:
            return row
        if row.state is PaymentState.STARTING:
            raise PaymentOutcomeUnknown(retry_after_s=2)
        if row.state is not PaymentState.AUTHORISED or row.provider_ref is None:
            raise CaptureRefused(extra={"state": row.state.value})
        return await self._capture(row)

    async def _intend(self, payment_id: str, sale: Sale) -> Row:
        """Write down what is to be captured for what, so that the ledger is right whoever hears of the capture first.

        Raises:
            NotFound: No such payment.
            ValueError: The shares are not what is captured.
        """

        async def work(tx: Tx) -> Row:
            before = await records.lock(tx, payment_id)
            if before is None:
                raise NotFound("There is no such payment.")
            _check_shares(before, sale)
            if before.sold or before.state in LET_GO:
                return before
            change = Change(before=before, now=await tx.now(), posted=await ledger.of_payment(tx, payment_id))
            change.set(reference=sale.reference, shares=[[each.account, each.amount_minor] for each in sale.shares])
            change.sell()
            if change.row == before:
                return before
            await change.write(tx, self._desk.clock)
            await change.publish(tx, self._desk.db.dialect)
            return change.row

        row = await self._desk.db.write(work)
        outbox.nudge()
        return row

    async def _capture(self, row: Row) -> Row:
        provider = self._desk.provider(row.provider)
        taking = provider.capture(key=f"{row.id}:capture", ref=row.provider_ref, amount_minor=row.amount_minor)
        try:
            answer = await self._desk.ask(taking)
        except ProviderRefused as refusal:
            # It may have been captured long ago, or be gone: what it is now decides.
            row = await self._looking.refresh(row.id)
            if row.state is PaymentState.CAPTURED:
                return row
            raise CaptureRefused(extra={"state": row.state.value, "denial": refusal.denial}) from refusal
        kept = await self._keeping.keep(row, Heard(payment=answer))
        after = await self._looking.refresh(row.id) if kept.overtaken else kept.row
        if after.state is not PaymentState.CAPTURED:
            raise CaptureRefused(extra={"state": after.state.value})
        return after

    async def void(self, payment_id: str) -> Row:
        """Let a payment go; see `PaymentsApi.void`.

        Raises:
            NotFound: No such payment.
            PaymentOutcomeUnknown: The provider did not answer in time, or does not let it go.
        """
        for _ in range(_TRIES):
            row = await self._desk.row(payment_id)
            if row.state not in OPEN and not await self._looking.has_rival(payment_id):
                return row
            found = await self._looking.objects(row, thorough=True)
            if row.state not in OPEN:
                await self._looking.end_rivals(row, found)
                return await self._looking.refresh(payment_id)
            if done := await self._let_go(row, found):
                return done
        raise PaymentOutcomeUnknown(retry_after_s=1)

    async def _let_go(self, row: Row, found: list[ProviderPayment]) -> Row | None:
        """Cancel every object of a payment and keep that; return None if it has to be looked at again."""
        if not found:
            kept = await self._keeping.keep(row, Heard(unknown=True))
            return None if kept.overtaken else kept.row
        ended = [await self._looking.cancel(row, each) if each.state in OPEN else each for each in found]
        heard = Heard(payment=ended[0], refunds=await self._looking.refunds(row, ended[0]), rivals=ended[1:])
        kept = await self._keeping.keep(row, heard)
        if kept.overtaken or kept.row.state in OPEN:
            return None
        return kept.row


def _check_shares(row: Row, sale: Sale) -> None:
    """Refuse a sale that is not worth what is captured: that is a mistake of ours.

    Raises:
        ValueError: The shares do not add up, or one is negative.
    """
    total = sum(share.amount_minor for share in sale.shares)
    if total != row.amount_minor or any(share.amount_minor < 0 for share in sale.shares):
        raise ValueError(f"the shares of {sale.reference} add up to {total}, not to {row.amount_minor}")
