"""Writing down what a provider said: one transaction for the state, its transfers, cases, the message and the events.

An answer may be old when it arrives, because somebody else asked later and was answered sooner. Each payment therefore
has a version; whoever brings an answer says which version it saw before it asked. An answer that only an older state
would explain is then not believed, and asked for again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from holdfast.kit.db.database import Tx
from holdfast.kit.db.statements import Row
from holdfast.kit.errors import NotFound
from holdfast.kit.ids import new_id
from holdfast.payments.api import CaseKind, CaseState, PaymentState, RefundState
from holdfast.payments.models import outbox
from holdfast.payments.providers.protocol import Message, ProviderPayment, ProviderRefund
from holdfast.payments.rules import LET_GO, OPEN, Asked, Told, Verdict, differs, judge
from holdfast.payments.service.changes import Change, Noted
from holdfast.payments.service.desk import Desk
from holdfast.payments.store import cases, ledger, records, refunds

log = structlog.get_logger()

_SHOWN: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What a provider said about one payment."""

    payment: ProviderPayment | None = None
    refunds: Sequence[ProviderRefund] = ()
    rivals: Sequence[ProviderPayment] = ()
    """Objects made for the same payment beside the one we go by."""
    unknown: bool = False
    """It has no object for the payment, so there is nothing to let go."""
    denial: str | None = None
    """It refused to begin, and why."""
    message: Message | None = None
    """The message that made us ask."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What became of it."""

    row: Row
    outcome: str
    """As in `WebhookReceipt`."""
    overtaken: bool = False
    """The answer was older than what we know: ask again. Nothing was written."""


def told(answer: ProviderPayment) -> Told:
    """Return what a provider says in the words of the rules."""
    return Told(
        payment_id=answer.payment_id, amount_minor=answer.amount_minor, currency=answer.currency, state=answer.state
    )


def asked(row: Row) -> Asked:
    """Return what we asked for in the words of the rules."""
    return Asked(payment_id=row.id, amount_minor=row.amount_minor, currency=row.currency)


class Keeping:
    """Keeps what providers say."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def keep(self, seen: Row, heard: Heard) -> Kept:
        """Write down what a provider said of a payment, which was `seen` before the provider was asked.

        Raises:
            NotFound: No such payment.
            UniqueViolation: The message was worked on already.
        """

        async def work(tx: Tx) -> Kept:
            before = await records.lock(tx, seen.id)
            if before is None:
                raise NotFound("There is no such payment.")
            change = Change(before=before, now=await tx.now(), posted=await ledger.of_payment(tx, seen.id))
            if not self._apply(change, heard, overtaken=before.version != seen.version):
                return Kept(row=before, outcome="nothing_new", overtaken=True)
            if heard.refunds:
                known = await refunds.of_payments(tx, [seen.id])
                _Refunds(change, known, self._desk).apply(heard.refunds)
            await change.write(tx, self._desk.clock)
            outcome = "alert" if change.alarm else "applied" if change.changed else "nothing_new"
            if heard.message is not None:
                await self.note_message(tx, change.row.provider, heard.message, (change.row.id, outcome))
            await change.publish(tx, self._desk.db.dialect)
            return Kept(row=change.row, outcome=outcome)

        kept = await self._desk.db.write(work)
        outbox.nudge()
        return kept

    async def note_message(self, tx: Tx, provider: str, message: Message, found: tuple[str | None, str]) -> None:
        """Write down that a message was worked on: which payment it was about and what came of it."""
        values = {
            "provider": provider,
            "event_id": message.event_id,
            "kind": message.kind[:_SHOWN],
            "ref": message.ref,
            "payment_id": found[0],
            "outcome": found[1],
            "at": message.at,
            "received_at": await tx.now(),
        }
        await cases.add_message(tx, values)

    def _apply(self, change: Change, heard: Heard, *, overtaken: bool) -> bool:
        """Decide what an answer changes; return False if it was overtaken."""
        if (heard.unknown or heard.denial) and change.row.state in OPEN:
            if overtaken:
                return False
            change.move(PaymentState.VOIDED if heard.unknown else PaymentState.DENIED, denial=heard.denial)
        if heard.payment is not None and not _apply_payment(change, heard.payment, overtaken=overtaken):
            return False
        for rival in heard.rivals:
            _note_rival(change, rival)
        return True


def _apply_payment(change: Change, answer: ProviderPayment, *, overtaken: bool) -> bool:
    row = change.row
    if row.provider_ref not in {None, answer.ref}:
        _note_rival(change, answer)
        return True
    verdict = judge(row.state, asked(row), told(answer))
    if verdict in {Verdict.BEHIND, Verdict.RIVAL} and overtaken:
        return False
    _remember(change, answer)
    if verdict is Verdict.WRONG or (answer.state is PaymentState.CAPTURED and not _takable(row, answer)):
        _note_wrong(change, answer)
    else:
        _follow(change, answer, verdict)
    if answer.disputed and change.row.state is PaymentState.CAPTURED:
        change.dispute(lost=answer.dispute_lost, refunded_minor=answer.refunded_minor)
    return True


def _follow(change: Change, answer: ProviderPayment, verdict: Verdict) -> None:
    row = change.row
    if verdict is Verdict.MOVE:
        change.move(answer.state, captured_minor=answer.captured_minor, denial=answer.denial)
    elif verdict is Verdict.RIVAL:
        _note_rival(change, answer)
    elif verdict is Verdict.BEHIND:
        log.warning("payments.provider_behind", payment_id=row.id, ours=row.state, theirs=answer.state)
    if change.row.state is answer.state is PaymentState.REQUIRES_ACTION:
        change.set(action_url=answer.action_url or row.action_url)


def _takable(row: Row, answer: ProviderPayment) -> bool:
    """Return whether a captured amount can be kept in the books at all."""
    return bool(0 < answer.captured_minor <= row.amount_minor)


def _remember(change: Change, answer: ProviderPayment) -> None:
    change.set(provider_ref=answer.ref)
    if answer.card is not None:
        change.set(brand=answer.card.brand[:40], last4=answer.card.last4[-4:])


def _note_wrong(change: Change, answer: ProviderPayment) -> None:
    change.alarm = True
    detail = differs(asked(change.row), told(answer)) or f"captured {answer.captured_minor}"
    change.note(Noted(kind=CaseKind.WRONG_AMOUNT, detail=detail, again=answer.state in OPEN))


def _note_rival(change: Change, rival: ProviderPayment) -> None:
    if rival.state in LET_GO:
        return
    change.alarm = True
    detail = f"the provider's object {rival.ref[:_SHOWN]} is {rival.state}"
    change.note(Noted(kind=CaseKind.RIVAL_ALIVE, detail=detail, again=True))


class _Refunds:
    """Compares a provider's refunds of a payment with ours."""

    def __init__(self, change: Change, known: Sequence[Row], desk: Desk) -> None:
        self._change = change
        self._desk = desk
        self._ours = {row.id: row for row in known}
        self._by_ref = {row.provider_ref: row for row in known if row.provider_ref is not None}
        self._spent = {ref for row in known for ref in row.spent_refs}

    def apply(self, found: Iterable[ProviderRefund]) -> None:
        """Take over what a provider says of refunds: those that were made first, then those that failed."""
        weight = {"completed": 0, "pending": 1, "failed": 2}
        done: set[str] = set()
        for each in sorted(found, key=lambda one: (weight[one.state], one.ref)):
            row = self._by_ref.get(each.ref) or self._ours.get(each.refund_id or "")
            if row is None or (row.id in done and each.state != "failed" and row.provider_ref != each.ref):
                self._adopt(each)
            elif row.id not in done and not (each.state == "failed" and each.ref in self._spent):
                done.add(row.id)
                self._follow(row, each)

    def _follow(self, row: Row, each: ProviderRefund) -> None:
        if (each.amount_minor, each.currency) != (row.amount_minor, row.currency):
            self._contradicted(each)
            return
        state = RefundState(each.state)
        if state is row.state or (row.state, state) == (RefundState.COMPLETED, RefundState.PENDING):
            self._change.refund_seen(row, each.ref)
        elif row.state is RefundState.FAILED and not self._has_room(row.amount_minor):
            self._contradicted(each)
        else:
            self._change.refund_moved(row, state, ref=each.ref)

    def _adopt(self, each: ProviderRefund) -> None:
        """Take a refund into the books that was not ordered here: somebody made it in the provider's own office."""
        payment = self._change.row
        if each.state == "failed":
            return
        if each.currency != payment.currency or each.amount_minor <= 0 or not self._has_room(each.amount_minor):
            self._contradicted(each)
            return
        now = self._change.now
        values = {
            "id": new_id("re", self._desk.clock),
            "key": f"{payment.provider}:{each.ref}",
            "payment_id": payment.id,
            "amount_minor": each.amount_minor,
            "currency": each.currency,
            "state": RefundState.PENDING,
            "attempt": 1,
            "reason": "provider",
            "reference": payment.reference,
            "shares": [],
            "provider_ref": each.ref,
            "spent_refs": [],
            "failure": None,
            "created_at": now,
            "touched_at": now,
            "completed_at": None,
        }
        row = refunds.new_row(values)
        self._change.refund_made(row)
        if each.state == "completed":
            self._change.refund_moved(row, RefundState.COMPLETED, ref=each.ref)

    def _has_room(self, amount_minor: int) -> bool:
        row = self._change.row
        return bool(row.refunded_minor + amount_minor <= row.captured_minor)

    def _contradicted(self, each: ProviderRefund) -> None:
        """Note a refund that does not fit into the books; a person has to look, unless ours on the way explain it."""
        self._change.alarm = True
        log.warning("payments.refund_does_not_fit", payment_id=self._change.row.id, ref=each.ref)
        if any(row.state is RefundState.PENDING for row in self._ours.values()):
            return  # they take room that this one has at the provider, which will refuse them: then it fits
        detail = (
            f"the provider has a refund {each.ref[:_SHOWN]} of {each.amount_minor} {each.currency[:3]}, {each.state}"
        )
        self._change.note(
            Noted(kind=CaseKind.REFUND_FAILED, detail=detail, state=CaseState.NEEDS_HUMAN, outcome="contradiction")
        )
