"""The recount of the money: the ledger against payments and refunds.

Transfers are taken as what happened. Everything else has to follow from them: what each payment says it took and gave
back, what each guest's account is left with, and whose the money became.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from holdfast.kit.db.database import Tx
from holdfast.kit.db.statements import Row
from holdfast.payments.api import MoneyBreach, MoneyReport, PaymentState, RefundState
from holdfast.payments.models import TransferKind
from holdfast.payments.rules import LET_GO, Dispute
from holdfast.payments.service import postings
from holdfast.payments.store import truth

BREACHES_MOST: Final = 1000
"""More are not listed, so that a report stays readable."""


@dataclass(slots=True)
class _Seen:
    """A payment, and what the ledger and its refunds say of it."""

    row: Row
    net: Counter[str] = field(default_factory=Counter)
    """Credits less debits of each account."""
    kinds: Counter[TransferKind] = field(default_factory=Counter)
    """What each kind of transfer comes to."""
    reserved_minor: int = 0
    completed_minor: int = 0


@dataclass(slots=True)
class _Recount:
    breaches: list[MoneyBreach] = field(default_factory=list)
    payments: dict[str, _Seen] = field(default_factory=dict)
    given: Counter[str] = field(default_factory=Counter)
    """What the ledger says each refund gave back."""
    sums: Counter[str] = field(default_factory=Counter)
    transfers: int = 0
    refunds: int = 0

    def breach(self, rule: str, subject: str, detail: str) -> None:
        if len(self.breaches) < BREACHES_MOST:
            self.breaches.append(MoneyBreach(rule=rule, subject=subject, detail=detail))

    def transfer(self, row: Row) -> None:
        self.transfers += 1
        for account, minor in ((row.credit, row.amount_minor), (row.debit, -row.amount_minor)):
            self.sums[row.currency] += minor
            if (seen := self.payments.get(row.payment_id)) is not None:
                seen.net[account] += minor
        if row.amount_minor <= 0 or row.debit == row.credit:
            self.breach("transfer_form", str(row.seq), "a transfer moves a positive amount between two accounts")
        seen = self.payments.get(row.payment_id)
        if seen is None:
            self.breach("transfer_orphan", str(row.seq), f"there is no payment {row.payment_id}")
            return
        if row.currency != seen.row.currency:
            self.breach("transfer_currency", str(row.seq), f"{row.currency}, the payment is in {seen.row.currency}")
        provider = postings.provider_account(seen.row)
        sign = {row.credit: 1, row.debit: -1}.get(provider, 0)
        kind = TransferKind(row.kind)
        seen.kinds[kind] += row.amount_minor if sign == 0 else row.amount_minor * sign
        if kind is TransferKind.REFUND:
            self.given[row.refund_id] += row.amount_minor * sign

    def refund(self, row: Row) -> None:
        self.refunds += 1
        expected = row.amount_minor if row.state is RefundState.COMPLETED else 0
        if (given := self.given.pop(row.id, 0)) != expected:
            self.breach("refund_posted", row.id, f"{row.state} {row.amount_minor}, the ledger gave back {given}")
        seen = self.payments.get(row.payment_id)
        if seen is None:
            self.breach("refund_orphan", row.id, f"there is no payment {row.payment_id}")
            return
        if row.currency != seen.row.currency:
            self.breach("refund_currency", row.id, f"{row.currency}, the payment is in {seen.row.currency}")
        seen.completed_minor += expected
        seen.reserved_minor += 0 if row.state is RefundState.FAILED else row.amount_minor

    def judge(self, seen: _Seen) -> None:
        row = seen.row
        posted = -seen.kinds[TransferKind.CAPTURE]
        if posted != row.captured_minor:
            self.breach("capture_posted", row.id, f"captured {row.captured_minor}, the ledger says {posted}")
        if (row.state is PaymentState.CAPTURED) != (row.captured_minor > 0) or row.captured_minor > row.amount_minor:
            self.breach("capture_bounded", row.id, f"{row.state}, {row.captured_minor} of {row.amount_minor}")
        if row.refunded_minor != seen.reserved_minor:
            self.breach("refunded_sum", row.id, f"says {row.refunded_minor}, its refunds say {seen.reserved_minor}")
        if seen.reserved_minor > row.captured_minor or seen.completed_minor > row.captured_minor:
            self.breach("refund_exceeds", row.id, f"{seen.reserved_minor} given back of {row.captured_minor}")
        if (row.open_hold is None) and row.state not in {*LET_GO, PaymentState.CAPTURED}:
            self.breach("open_hold", row.id, f"{row.state}, but it does not stand for its hold")
        self._judge_guest(seen)
        self._judge_dispute(seen)

    def judge_whole(self) -> None:
        for refund_id, given in self.given.items():
            if given:
                self.breach("refund_orphan", str(refund_id), f"the ledger gave back {given} for no refund")
        for currency, minor in self.sums.items():
            if minor:
                self.breach("ledger_sum", currency, f"the ledger sums to {minor}")

    def _judge_guest(self, seen: _Seen) -> None:
        row = seen.row
        left = seen.net[postings.guest_account(row)]
        # Once it is known what the money is for, or all of it went back, the guest's account is even.
        expected = 0 if row.sold else row.captured_minor - seen.completed_minor
        if left != expected:
            self.breach("guest_account", row.id, f"the guest's account has {left}, not {expected}")
        if row.sold and sum(minor for _, minor in row.shares) != row.captured_minor:
            self.breach("sale_shares", row.id, f"the shares do not add up to {row.captured_minor}")

    def _judge_dispute(self, seen: _Seen) -> None:
        row = seen.row
        taken = row.disputed_minor if row.dispute is not Dispute.NONE else 0
        expected = taken if row.dispute is Dispute.OPEN else 0
        left = -seen.net[postings.DISPUTES]
        if left != expected or seen.kinds[TransferKind.DISPUTE] != taken:
            self.breach("dispute_posted", row.id, f"{row.dispute} {taken}, the ledger has {left} in dispute")


async def recount(tx: Tx) -> MoneyReport:
    """Read everything and compare. Runs inside one snapshot."""
    work = _Recount()
    async for row in truth.payments(tx):
        work.payments[row.id] = _Seen(row)
    async for row in truth.transfers(tx):
        work.transfer(row)
    async for row in truth.refunds(tx):
        work.refund(row)
    for seen in work.payments.values():
        work.judge(seen)
    work.judge_whole()
    return MoneyReport(
        payments=len(work.payments), refunds=work.refunds, transfers=work.transfers, breaches=tuple(work.breaches)
    )
