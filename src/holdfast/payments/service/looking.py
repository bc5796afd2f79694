"""Looking a payment up at its provider, and letting go what should not be alive there."""

from collections.abc import Sequence
from typing import Final

import structlog

from holdfast.kit.db.database import Tx
from holdfast.kit.db.statements import Row
from holdfast.kit.ids import new_id
from holdfast.payments.api import CaseKind, CaseState, PaymentOutcomeUnknown, PaymentState
from holdfast.payments.providers.protocol import ProviderPayment, ProviderRefund, ProviderRefused
from holdfast.payments.rules import LET_GO
from holdfast.payments.service.desk import Desk
from holdfast.payments.service.keeping import Heard, Keeping
from holdfast.payments.store import cases

log = structlog.get_logger()

_TRIES: Final = 5
_FURTHEST: Final = (
    PaymentState.CAPTURED,
    PaymentState.AUTHORISED,
    PaymentState.REQUIRES_ACTION,
    PaymentState.STARTING,
    PaymentState.DENIED,
    PaymentState.VOIDED,
)


class Looking:
    """Asks providers how things stand."""

    def __init__(self, desk: Desk, keeping: Keeping) -> None:
        self._desk = desk
        self._keeping = keeping

    async def refresh(self, payment_id: str) -> Row:
        """Look a payment up, keep what its provider says, and let its rivals go.

        Raises:
            NotFound: No such payment.
            PaymentOutcomeUnknown: The provider did not answer in time.
        """
        for _ in range(_TRIES):
            row = await self._desk.row(payment_id)
            found = await self.objects(row, thorough=row.provider_ref is None or await self.has_rival(payment_id))
            kept = await self._keeping.keep(row, await self.heard(row, found))
            if not kept.overtaken:
                await self.end_rivals(kept.row, found)
                return kept.row
        raise PaymentOutcomeUnknown(retry_after_s=1)

    async def objects(self, row: Row, *, thorough: bool) -> list[ProviderPayment]:
        """Return the provider's objects of a payment, the one we go by first.

        Raises:
            PaymentOutcomeUnknown: The provider did not answer in time.
        """
        provider = self._desk.provider(row.provider)
        found: dict[str, ProviderPayment] = {}
        if row.provider_ref is not None:
            try:
                answer = await self._desk.ask(provider.look_up(ref=row.provider_ref))
                found[answer.ref] = answer
            except ProviderRefused as refusal:
                log.warning("payments.object_missing", payment_id=row.id, denial=refusal.denial)
        if thorough:
            found |= {each.ref: each for each in await self._desk.ask(provider.find(payment_id=row.id))}
        return sorted(
            found.values(), key=lambda each: (each.ref != row.provider_ref, _FURTHEST.index(each.state), each.ref)
        )

    async def heard(self, row: Row, found: Sequence[ProviderPayment]) -> Heard:
        """Return what objects say of a payment, with its refunds where there may be something new about them.

        Raises:
            PaymentOutcomeUnknown: The provider did not answer in time.
        """
        if not found:
            return Heard()
        main = found[0]
        return Heard(payment=main, refunds=await self.refunds(row, main), rivals=found[1:])

    async def refunds(self, row: Row, main: ProviderPayment) -> Sequence[ProviderRefund]:
        """Return the provider's refunds of a payment, where it or we know of any.

        Raises:
            PaymentOutcomeUnknown: The provider did not answer in time.
        """
        if main.state is not PaymentState.CAPTURED or not (main.refunded_minor or row.refunded_minor):
            return ()
        return await self._desk.ask(self._desk.provider(row.provider).refunds(ref=main.ref))

    async def cancel(self, row: Row, each: ProviderPayment) -> ProviderPayment:
        """Cancel one object of a payment; return it as it is then.

        Raises:
            PaymentOutcomeUnknown: The provider did not answer in time, or does not know it any more.
        """
        provider = self._desk.provider(row.provider)
        # Letting go twice is letting go once, so the key is new: an old one would be answered from memory.
        key = new_id("void", self._desk.clock)
        try:
            return await self._desk.ask(provider.cancel(key=key, ref=each.ref))
        except ProviderRefused as refusal:
            log.warning("payments.cancel_refused", payment_id=row.id, denial=refusal.denial)
            raise PaymentOutcomeUnknown(retry_after_s=2) from refusal

    async def end_rivals(self, row: Row, found: Sequence[ProviderPayment]) -> None:
        """Let go every object that should not be alive, and close the case when none is.

        Raises:
            PaymentOutcomeUnknown: The provider did not answer in time.
        """
        rivals = [each for each in found if each.ref != row.provider_ref or row.state in LET_GO]
        alive = [each for each in rivals if each.state not in LET_GO]
        if not alive:
            return
        ended = [await self.cancel(row, each) for each in alive if each.state is not PaymentState.CAPTURED]
        if len(ended) == len(alive) and all(each.state in LET_GO for each in ended):
            await self.close_rival_case(row.id)

    async def has_rival(self, payment_id: str) -> bool:
        """Return whether an object is known that should not be alive."""
        found = await self._desk.db.read(lambda tx: cases.of_payments(tx, [payment_id]))
        return any(each.kind is CaseKind.RIVAL_ALIVE and each.state is not CaseState.CLOSED for each in found)

    async def close_rival_case(self, payment_id: str) -> None:
        """Note that no object is alive any more that should not be."""

        async def work(tx: Tx) -> None:
            before = await cases.of_kind(tx, payment_id, CaseKind.RIVAL_ALIVE)
            if before is None or before.state is CaseState.CLOSED:
                return
            values = {
                "state": CaseState.CLOSED,
                "reference": before.reference,
                "outcome": "voided",
                "detail": before.detail,
                "closed_at": await tx.now(),
            }
            await cases.write(tx, before, values)

        await self._desk.db.write(work)
