"""What one transaction does to one payment: decided first, then written in the order of locking."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

import structlog

from holdfast.kit.clock import Clock
from holdfast.kit.db.database import Tx
from holdfast.kit.db.statements import DialectName, Row
from holdfast.kit.ids import new_id
from holdfast.payments.api import CaseKind, CaseState, PaymentState, RefundState
from holdfast.payments.events import CaseOpened, PaymentMoved, RefundMoved
from holdfast.payments.models import outbox
from holdfast.payments.rules import LET_GO, Dispute
from holdfast.payments.service import postings
from holdfast.payments.service.postings import Posting
from holdfast.payments.store import cases, ledger, records, refunds

log = structlog.get_logger()

_DETAIL: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """A case that is to be opened, or to be told how it ended."""

    kind: CaseKind
    detail: str
    state: CaseState = CaseState.OPEN
    outcome: str = "waiting"
    again: bool = False
    """Whether it is opened anew where it was closed."""


@dataclass(slots=True, kw_only=True)
class Change:
    """A locked payment, and everything that is to become of it in this transaction."""

    before: Row
    now: datetime
    posted: Sequence[Row] = ()
    """The transfers it has, where they matter."""
    row: Row = None
    alarm: bool = False
    """Whether the provider contradicts our books."""
    transfers: list[tuple[Any, ...]] = field(default_factory=list)
    refunds: dict[str, tuple[Row | None, Row]] = field(default_factory=dict)
    """Refunds as they were and as they become, by their ids."""
    noted: list[Noted] = field(default_factory=list)
    events: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.row = self.before

    @property
    def changed(self) -> bool:
        """Whether there is something to write."""
        return bool(self.row != self.before or self.refunds or self.transfers or self.noted)

    def set(self, **values: Any) -> None:
        """Change columns of the payment."""
        self.row = self.row._replace(**values)

    def post(self, key: str, made: Sequence[Posting], *, refund: Row | None = None) -> None:
        """Add transfers under a key."""
        row = self.row
        reference = row.reference if refund is None else refund.reference or row.reference
        refund_id = None if refund is None else refund.id
        for leg, each in enumerate(made):
            money = (each.debit, each.credit, each.amount_minor, row.currency)
            self.transfers.append((key, leg, each.kind, *money, row.id, refund_id, reference))

    # ----------------------------------------------------------------------------------------------------- the payment

    def move(self, state: PaymentState, *, captured_minor: int = 0, denial: str | None = None) -> None:
        """Let the payment reach another state, with the transfers that are due."""
        row, now = self.row, self.now
        ended = state in LET_GO
        self.set(
            state=state,
            waited=row.waited or state is PaymentState.REQUIRES_ACTION,
            open_hold=None if ended else row.open_hold,
            denial=(denial or "refused") if state is PaymentState.DENIED else None,
            action_url=row.action_url if state is PaymentState.REQUIRES_ACTION else None,
            ended_at=now if ended else None,
        )
        if state in {PaymentState.AUTHORISED, PaymentState.CAPTURED} and row.authorised_at is None:
            self.set(authorised_at=now)
        if state is PaymentState.CAPTURED:
            self.set(captured_minor=captured_minor, captured_at=now)
            self.post(f"capture:{row.id}", postings.capture(self.row))
            self.sell()
        self.events.append(PaymentMoved(payment_id=row.id, hold_id=row.hold_id, state=state, waited=self.row.waited))

    def sell(self) -> None:
        """Post what the captured money pays for, once that and the money are known."""
        row = self.row
        if row.sold or row.shares is None or row.state is not PaymentState.CAPTURED:
            return
        if sum(minor for _, minor in row.shares) != row.captured_minor:
            self.note(
                Noted(
                    kind=CaseKind.WRONG_AMOUNT,
                    detail=f"captured {row.captured_minor} of {row.amount_minor} {row.currency}",
                )
            )
            return
        fresh = self.before.state is not PaymentState.CAPTURED
        balance = row.captured_minor if fresh else postings.guest_balance(row, self.posted)
        self.set(sold=True)
        self.post(f"sale:{row.id}", postings.sale(self.row, balance))

    def dispute(self, *, lost: bool | None, refunded_minor: int) -> None:
        """Follow a dispute: what the bank took, and who bears it or gets it back.

        Args:
            lost: None while it is not decided.
            refunded_minor: What the provider had given back: the bank took what was left. What we have only ordered
                does not count, because a provider gives nothing back of a payment in dispute.
        """
        row = self.row
        detail = {None: "the guest's bank took the money back", False: "won", True: "lost"}[lost]
        told = Noted(kind=CaseKind.DISPUTE, detail=detail)
        if lost is not None:
            told = replace(told, state=CaseState.CLOSED, outcome=detail)
        if row.dispute is Dispute.NONE:
            disputed = row.captured_minor - max(0, refunded_minor)
            if disputed <= 0:
                self.note(Noted(kind=CaseKind.DISPUTE, detail="everything had been given back"))
                return
            self.set(dispute=Dispute.OPEN, disputed_minor=disputed)
            self.post(f"dispute:{row.id}", postings.dispute_opened(self.row))
            self.note(told)
        if lost is None or self.row.dispute is not Dispute.OPEN:
            return
        made = postings.dispute_lost(self.row) if lost else postings.dispute_won(self.row)
        self.post(f"dispute:{row.id}:{detail}", made)
        self.set(dispute=Dispute.LOST if lost else Dispute.WON)
        if row.dispute is not Dispute.NONE:
            self.note(told)

    def note(self, noted: Noted) -> None:
        """Open a case, or say how one ended."""
        self.noted.append(noted)

    # ----------------------------------------------------------------------------------------------------- its refunds

    def refund_made(self, row: Row) -> None:
        """Add a refund that is under way; there is room for it."""
        self.refunds[row.id] = (None, row)
        self.set(refunded_minor=self.row.refunded_minor + row.amount_minor)
        self._told(row)

    def refund_moved(self, row: Row, state: RefundState, *, ref: str | None, failure: str | None = None) -> None:
        """Let a refund reach another state, with the transfers that are due or are undone."""
        before = self.refunds[row.id][0] if row.id in self.refunds else row
        old = row.state
        if old is RefundState.FAILED:
            # What it failed with before is spent: this is another attempt.
            spent = [*row.spent_refs, *([row.provider_ref] if row.provider_ref and row.provider_ref != ref else [])]
            row = row._replace(attempt=row.attempt + 1, spent_refs=spent, provider_ref=ref, failure=None)
            self.set(refunded_minor=self.row.refunded_minor + row.amount_minor)
        if state is RefundState.FAILED:
            self.set(refunded_minor=self.row.refunded_minor - row.amount_minor)
        row = row._replace(
            state=state,
            provider_ref=ref or row.provider_ref,
            failure=(failure or "failed") if state is RefundState.FAILED else None,
            completed_at=self.now if state is RefundState.COMPLETED else None,
            touched_at=self.now,
        )
        key = f"refund:{row.id}:{row.attempt}"
        if state is RefundState.COMPLETED:
            self.post(key, postings.refund(self.row, postings.shares_of(row.shares), row.amount_minor), refund=row)
        elif old is RefundState.COMPLETED:
            undone = [each for each in self.posted if each.key == key]
            self.post(f"{key}:back", postings.reversed_(undone), refund=row)
        self.refunds[row.id] = (before, row)
        self._told(row)

    def refund_seen(self, row: Row, ref: str) -> None:
        """Remember by which object the provider knows a refund."""
        if row.provider_ref is None:
            self.refunds[row.id] = (row, row._replace(provider_ref=ref, touched_at=self.now))

    def _told(self, row: Row) -> None:
        self.events.append(RefundMoved(refund_id=row.id, payment_id=row.payment_id, state=row.state))

    # ---------------------------------------------------------------------------------------------------------- to end

    async def write(self, tx: Tx, clock: Clock) -> None:
        """Write everything but the events."""
        if self.row != self.before or self.refunds:
            self.set(touched_at=self.now)
            await records.keep(tx, self.before, self.row)
            self.set(version=self.before.version + 1)
        else:
            await records.touch(tx, self.row.id)
        for before, after in self.refunds.values():
            await refunds.write(tx, before, after)
        for noted in self.noted:
            await self._write_case(tx, noted, clock)
        await ledger.add(tx, self.transfers)

    async def publish(self, tx: Tx, dialect: DialectName) -> None:
        """Write the events, the last thing in the transaction."""
        if self.events:
            await outbox.publish(tx, dialect, self.events)

    async def _write_case(self, tx: Tx, noted: Noted, clock: Clock) -> None:
        row = self.row
        before = await cases.of_kind(tx, row.id, noted.kind)
        if before is not None and not _says_more(before, noted):
            return
        closed = noted.state is CaseState.CLOSED
        values = {
            "id": new_id("case", clock) if before is None else before.id,
            "kind": noted.kind,
            "state": noted.state,
            "payment_id": row.id,
            "hold_id": row.hold_id,
            "reference": row.reference,
            "outcome": noted.outcome,
            "detail": noted.detail[:_DETAIL],
            "opened_at": self.now,
            "closed_at": self.now if closed else None,
        }
        await cases.write(tx, before, values)
        log.warning("payments.case", case_id=values["id"], kind=noted.kind, payment_id=row.id, state=noted.state)
        if not closed or before is None:
            self.events.append(CaseOpened(case_id=values["id"], kind=noted.kind, payment_id=row.id))


def _says_more(before: Row, noted: Noted) -> bool:
    if before.state is CaseState.CLOSED:
        return noted.again
    return noted.state is CaseState.CLOSED
