"""The class behind payments' door. What a method does and refuses is told in `payments.api`."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any, Final

import msgspec
from typing_extensions import override

from holdfast.kit.clock import Clock
from holdfast.kit.db.database import Database, Tx
from holdfast.kit.db.statements import Row
from holdfast.kit.errors import NotFound, PaymentRequired
from holdfast.kit.ids import new_id
from holdfast.kit.keyed import Caller, Keyed
from holdfast.payments.api import (
    Case,
    CaseKind,
    CaseState,
    MoneyBreach,
    MoneyReport,
    Payment,
    PaymentDenied,
    PaymentMethod,
    PaymentMismatch,
    PaymentOrder,
    PaymentOutcomeUnknown,
    PaymentsApi,
    PaymentState,
    Refund,
    RefundOrder,
    Sale,
    Statement,
    StoredMethod,
    WebhookReceipt,
)
from holdfast.payments.events import CaseOpened
from holdfast.payments.models import outbox
from holdfast.payments.providers.registry import Providers
from holdfast.payments.rules import OPEN
from holdfast.payments.service.answers import case_of, payment_of, refund_of
from holdfast.payments.service.books import Books
from holdfast.payments.service.desk import Desk
from holdfast.payments.service.ending import Ending
from holdfast.payments.service.hearing import Hearing
from holdfast.payments.service.keeping import Keeping
from holdfast.payments.service.looking import Looking
from holdfast.payments.service.recount import recount
from holdfast.payments.service.refunding import Refunding
from holdfast.payments.service.starting import Starting
from holdfast.payments.service.storing import Storing
from holdfast.payments.settings import PaymentsSettings
from holdfast.payments.store import cases, records, refunds, reports

_RECOUNT_WITHIN_S: Final = 3600.0
_DAY_S: Final = 86_400
_DETAIL: Final = 500


class Payments(PaymentsApi):
    """Answers `PaymentsApi`."""

    def __init__(self, *, db: Database, clock: Clock, settings: PaymentsSettings, providers: Providers) -> None:
        self._desk = desk = Desk(db=db, clock=clock, settings=settings, providers=providers)
        keeping = Keeping(desk)
        self._looking = Looking(desk, keeping)
        self._ending = Ending(desk, keeping, self._looking)
        self._storing = Storing(desk)
        self._starting = Starting(desk, keeping, self._looking, self._ending, self._storing)
        self._refunding = Refunding(desk, keeping, self._looking)
        self._hearing = Hearing(desk, keeping, self._looking)
        self._books = Books(desk)

    async def close(self) -> None:
        """End connections to providers."""
        await self._desk.providers.close()

    # ------------------------------------------------------------------------------------------------------- to be paid

    @override
    async def authorise(self, *, caller: Caller, order: PaymentOrder) -> Keyed[Payment]:
        return await self._starting.authorise(caller, order)

    @override
    async def replay(self, *, caller: Caller) -> Keyed[Payment] | None:
        return await self._starting.again(caller)

    @override
    async def arrange(
        self, *, account_id: int, hold_id: str, due: tuple[int, str], method: PaymentMethod, payment_id: str | None
    ) -> Payment:
        if payment_id is None:
            raise PaymentRequired(extra={"amount": due[0], "currency": due[1]})
        row = await self._desk.db.read(lambda tx: records.find(tx, payment_id))
        if row is None or (row.account_id, row.hold_id, row.method) != (account_id, hold_id, method):
            raise PaymentMismatch
        if (row.amount_minor, row.currency) != due:
            raise PaymentMismatch
        if row.state in {PaymentState.STARTING, PaymentState.REQUIRES_ACTION}:
            row = await self._looking.refresh(payment_id)
        return _paying(row)

    @override
    async def get(self, *, payment_id: str) -> Payment:
        return payment_of(await self._desk.row(payment_id))

    @override
    async def of_holds(self, *, hold_ids: Sequence[str]) -> list[Payment]:
        return [payment_of(row) for row in await self._desk.db.read(lambda tx: records.of_holds(tx, hold_ids))]

    @override
    async def refresh(self, *, payment_id: str) -> Payment:
        return payment_of(await self._looking.refresh(payment_id))

    @override
    async def capture(self, *, payment_id: str, sale: Sale) -> Payment:
        return payment_of(await self._ending.capture(payment_id, sale))

    @override
    async def void(self, *, payment_id: str) -> Payment:
        return payment_of(await self._ending.void(payment_id))

    # ----------------------------------------------------------------------------------------------------- to give back

    @override
    async def refund(self, *, order: RefundOrder) -> Refund:
        return await self._refunding.refund(order)

    @override
    async def refunds_of(self, *, payment_ids: Sequence[str]) -> list[Refund]:
        return [refund_of(row) for row in await self._desk.db.read(lambda tx: refunds.of_payments(tx, payment_ids))]

    # ------------------------------------------------------------------------------------------------------------ cases

    @override
    async def open_case(self, *, kind: CaseKind, payment_id: str, reference: str | None, detail: str) -> Case:
        async def work(tx: Tx) -> Row:
            payment = await records.lock(tx, payment_id)
            if payment is None:
                raise NotFound("There is no such payment.")
            before = await cases.of_kind(tx, payment_id, kind)
            if before is not None:
                return before
            values: dict[str, Any] = {
                "id": new_id("case", self._desk.clock),
                "kind": kind,
                "state": CaseState.OPEN,
                "payment_id": payment_id,
                "hold_id": payment.hold_id,
                "reference": reference or payment.reference,
                "outcome": "waiting",
                "detail": detail[:_DETAIL],
                "opened_at": await tx.now(),
                "closed_at": None,
            }
            await cases.write(tx, None, values)
            made = await cases.of_kind(tx, payment_id, kind)
            event = CaseOpened(case_id=values["id"], kind=kind, payment_id=payment_id)
            await outbox.publish(tx, self._desk.db.dialect, [event])
            return made

        row = await self._desk.db.write(work)
        outbox.nudge()
        return case_of(row)

    @override
    async def settle_case(self, *, case_id: str, state: CaseState, outcome: str, reference: str | None) -> Case:
        async def work(tx: Tx) -> Row:
            before = await cases.lock(tx, case_id)
            if before is None:
                raise NotFound("There is no such case.")
            if before.state is CaseState.CLOSED:
                return before
            closed = state is CaseState.CLOSED
            changed = {
                "state": state,
                "reference": reference or before.reference,
                "outcome": outcome,
                "detail": before.detail,
                "closed_at": await tx.now() if closed else None,
            }
            await cases.write(tx, before, changed)
            return await cases.lock(tx, case_id)

        return case_of(await self._desk.db.write(work))

    @override
    async def cases_of(self, *, payment_ids: Sequence[str]) -> list[Case]:
        return [case_of(row) for row in await self._desk.db.read(lambda tx: cases.of_payments(tx, payment_ids))]

    @override
    async def cases_waiting(self, *, limit: int) -> list[Case]:
        return [case_of(row) for row in await self._desk.db.read(lambda tx: cases.waiting(tx, limit=limit))]

    @override
    async def unsettled(self, *, older_than_s: int, limit: int) -> list[Payment]:
        found = await self._desk.db.read(lambda tx: records.unsettled(tx, older_than_s=older_than_s, limit=limit))
        return [payment_of(row) for row in found]

    # ------------------------------------------------------------------------------------------------------ ways to pay

    @override
    async def methods_offered(self) -> tuple[PaymentMethod, ...]:
        return (PaymentMethod.AT_PROPERTY, *self._desk.providers.methods)

    @override
    async def stored_methods(self, *, account_id: int) -> list[StoredMethod]:
        return await self._storing.all_of(account_id)

    @override
    async def keep_method(self, *, caller: Caller, method: PaymentMethod, token: str) -> Keyed[StoredMethod]:
        return await self._storing.keep(caller, method, token)

    @override
    async def drop_method(self, *, account_id: int, method_id: str) -> None:
        await self._storing.drop(account_id, method_id)

    # ------------------------------------------------------------------------------------------- messages and the books

    @override
    async def receive(self, *, provider: str, headers: Mapping[str, str], body: bytes) -> WebhookReceipt:
        return await self._hearing.receive(provider, headers, body)

    @override
    async def statement(
        self,
        *,
        reference: str | None = None,
        account: str | None = None,
        first: datetime | None = None,
        end: datetime | None = None,
    ) -> Statement:
        return await self._books.statement(reference=reference, account=account, first=first, end=end)

    @override
    async def day_statement(self, *, day: date, zone: str) -> Statement:
        return await self._books.day_statement(day=day, zone=zone)

    @override
    async def verify(self) -> MoneyReport:
        began, started_at = self._desk.clock.monotonic(), self._desk.clock.now()
        found = await self._desk.db.snapshot(recount, deadline_s=_RECOUNT_WITHIN_S)
        duration_ms = int((self._desk.clock.monotonic() - began) * 1000)
        made = replace(found, started_at=started_at, duration_ms=duration_ms)
        await self._desk.db.write(lambda tx: reports.keep(tx, made))
        return made

    @override
    async def last_report(self) -> MoneyReport | None:
        row = await self._desk.db.read(reports.last)
        if row is None:
            return None
        return MoneyReport(
            payments=row.payments,
            refunds=row.refunds,
            transfers=row.transfers,
            breaches=msgspec.convert(row.breaches, tuple[MoneyBreach, ...]),
            started_at=row.started_at,
            duration_ms=row.duration_ms,
        )

    async def forget_old(self) -> None:
        """Delete the notes on messages that are too old to come again."""
        age_s = self._desk.settings.message_days * _DAY_S
        await self._desk.db.write(lambda tx: cases.forget_messages(tx, older_than_s=age_s))


def _paying(row: Row) -> Payment:
    """Return a payment that its provider has said yes to.

    Raises:
        PaymentRequired: The guest has not approved it.
        PaymentDenied: It was denied.
        PaymentMismatch: It has been let go or given back.
        PaymentOutcomeUnknown: The provider knows nothing of it yet.
    """
    if row.state is PaymentState.AUTHORISED or (row.state is PaymentState.CAPTURED and not row.refunded_minor):
        return payment_of(row)
    if row.state is PaymentState.DENIED:
        raise PaymentDenied(extra={"payment_id": row.id, "denial": row.denial})
    if row.state is PaymentState.REQUIRES_ACTION:
        raise PaymentRequired("Approve the payment first.", extra={"payment_id": row.id, "action_url": row.action_url})
    if row.state in OPEN:
        raise PaymentOutcomeUnknown(retry_after_s=2)
    raise PaymentMismatch
