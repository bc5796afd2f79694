"""Messages of providers: a hint where to look, nothing more."""

from collections.abc import Mapping
from typing import Final

import structlog

from holdfast.kit.db.database import Tx
from holdfast.kit.db.errors import UniqueViolation
from holdfast.kit.db.statements import Row
from holdfast.kit.errors import NotFound
from holdfast.kit.ids import new_id
from holdfast.payments.api import CaseKind, CaseState, PaymentOutcomeUnknown, WebhookReceipt, WebhookRefused
from holdfast.payments.providers.protocol import (
    Message,
    MessageForged,
    Provider,
    ProviderPayment,
    ProviderRefused,
)
from holdfast.payments.service.desk import Desk
from holdfast.payments.service.keeping import Heard, Keeping
from holdfast.payments.service.looking import Looking
from holdfast.payments.store import cases, records

log = structlog.get_logger()

_TRIES: Final = 5


class Hearing:
    """Takes messages."""

    def __init__(self, desk: Desk, keeping: Keeping, looking: Looking) -> None:
        self._desk = desk
        self._keeping = keeping
        self._looking = looking

    async def receive(self, name: str, headers: Mapping[str, str], body: bytes) -> WebhookReceipt:
        """Take a message; see `PaymentsApi.receive`.

        Raises:
            NotFound: There is no such provider here.
            WebhookRefused: It cannot be trusted.
            PaymentOutcomeUnknown: The provider did not answer the look-up. Nothing was noted: it has to come again.
            UniqueViolation: The provider gave one of its objects to two payments of ours.
        """
        provider = self._desk.providers.named(name)
        if provider is None:
            raise NotFound("There is no such provider.")
        try:
            message = await self._desk.ask(provider.read(headers=headers, body=body, now=self._desk.clock.now()))
        except MessageForged as error:
            log.warning("payments.message_refused", provider=name, reason=str(error))
            raise WebhookRefused from error
        if known := await self._known(name, message):
            return known
        try:
            outcome = await self._work_on(provider, message)
        except UniqueViolation:
            # The same message, at the same moment: whoever was first has done everything.
            if known := await self._known(name, message):
                return known
            raise
        return WebhookReceipt(event_id=message.event_id, known=False, outcome=outcome)

    async def _known(self, name: str, message: Message) -> WebhookReceipt | None:
        row = await self._desk.db.read(lambda tx: cases.find_message(tx, name, message.event_id))
        if row is None:
            return None
        return WebhookReceipt(event_id=message.event_id, known=True, outcome=row.outcome)

    async def _work_on(self, provider: Provider, message: Message) -> str:
        if message.ref is None:
            return await self._note(provider.name, message, "ignored")
        for _ in range(_TRIES):
            row = await self._ours(provider.name, message.ref, None)
            try:
                answer = await self._desk.ask(provider.look_up(ref=message.ref))
            except ProviderRefused as refusal:
                log.warning("payments.message_without_object", provider=provider.name, denial=refusal.denial)
                return await self._note(provider.name, message, "alert", row)
            if row is None:
                row = await self._ours(provider.name, message.ref, answer.payment_id)
                if row is None:
                    return await self._strange(provider.name, message, answer)
                # The object was looked at before its payment was: look again, so that we know what is newer.
                answer = await self._desk.ask(provider.look_up(ref=message.ref))
            refunds = await self._looking.refunds(row, answer)
            kept = await self._keeping.keep(row, Heard(payment=answer, refunds=refunds, message=message))
            if not kept.overtaken:
                return kept.outcome
        raise PaymentOutcomeUnknown(retry_after_s=1)

    async def _ours(self, provider: str, ref: str, payment_id: str | None) -> Row | None:
        """Return the payment that goes by an object, or that the object says it is for."""

        async def work(tx: Tx) -> Row | None:
            found = await records.by_ref(tx, provider, ref)
            if found is None and payment_id is not None:
                found = await records.find(tx, payment_id)
            return found if found is None or found.provider == provider else None

        return await self._desk.db.read(work)

    async def _strange(self, provider: str, message: Message, answer: ProviderPayment) -> str:
        """Note a message about an object that no payment of ours goes by."""
        if answer.payment_id is None:
            return await self._note(provider, message, "ignored")
        # It says it is ours. A database restored from a backup would not know it, and money may be at stake.
        log.error("payments.payment_unknown", provider=provider, payment_id=answer.payment_id[:40])
        return await self._note(provider, message, "alert", unknown=answer)

    async def _note(
        self,
        provider: str,
        message: Message,
        outcome: str,
        row: Row | None = None,
        unknown: ProviderPayment | None = None,
    ) -> str:
        async def work(tx: Tx) -> None:
            if unknown is not None:
                await self._open_unknown(tx, unknown)
            about = (None if row is None else row.id, outcome)
            await self._keeping.note_message(tx, provider, message, about)

        await self._desk.db.write(work)
        return outcome

    async def _open_unknown(self, tx: Tx, answer: ProviderPayment) -> None:
        """Open a case that only a person can close: there is no payment that could be settled."""
        payment_id = (answer.payment_id or "")[:40]
        if await cases.of_kind(tx, payment_id, CaseKind.RIVAL_ALIVE) is not None:
            return
        values = {
            "id": new_id("case", self._desk.clock),
            "kind": CaseKind.RIVAL_ALIVE,
            "state": CaseState.NEEDS_HUMAN,
            "payment_id": payment_id,
            "hold_id": "",
            "reference": None,
            "outcome": "unknown_payment",
            "detail": f"the provider's object {answer.ref[:60]} is {answer.state}; there is no such payment here",
            "opened_at": await tx.now(),
            "closed_at": None,
        }
        await cases.write(tx, None, values)
