"""Which transfers a change of a payment makes. docs/ledger.md shows them all as a table."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from holdfast.kit.db.statements import Row
from holdfast.payments.api import Share
from holdfast.payments.models import TransferKind
from holdfast.payments.rules import split

DISPUTES: Final = "platform:disputes"
"""What guests' banks have taken back and nobody has decided on."""
LOSSES: Final = "platform:losses"
"""Lost disputes of payments that paid for nothing."""
ADJUSTMENTS: Final = "platform:adjustments"
"""Money given back that nobody was named for: settled with the owner by hand."""


@dataclass(frozen=True, slots=True)
class Posting:
    """One transfer that is to be made."""

    kind: TransferKind
    debit: str
    credit: str
    amount_minor: int


def provider_account(row: Row) -> str:
    """Return the account of the money a provider holds for us."""
    return f"provider:{row.provider}"


def guest_account(row: Row) -> str:
    """Return the account of a payment's guest."""
    return f"guest:{row.account_id}"


def shares_of(kept: Sequence[Sequence[Any]] | None) -> list[Share]:
    """Return shares as they are kept in a row."""
    return [Share(account=account, amount_minor=minor) for account, minor in kept or ()]


def guest_balance(row: Row, posted: Iterable[Row]) -> int:
    """Return credits less debits of the guest's account in a payment's transfers."""
    account = guest_account(row)
    return sum(each.amount_minor * ((each.credit == account) - (each.debit == account)) for each in posted)


def capture(row: Row) -> list[Posting]:
    """Return the transfer of money a provider has taken from a guest."""
    return [Posting(TransferKind.CAPTURE, provider_account(row), guest_account(row), row.captured_minor)]


def sale(row: Row, balance: int) -> list[Posting]:
    """Return the transfers of what captured money pays for.

    Args:
        row: The payment.
        balance: What the guest's account has of it. Less than was captured where money was given back before the
            sale was known; the platform then makes up for it.
    """
    guest = guest_account(row)
    made = [
        Posting(TransferKind.SALE, guest, share.account, share.amount_minor)
        for share in shares_of(row.shares)
        if share.amount_minor
    ]
    if balance < row.captured_minor:
        made.append(Posting(TransferKind.SALE, ADJUSTMENTS, guest, row.captured_minor - balance))
    return made


def refund(row: Row, shares: Sequence[Share], amount_minor: int) -> list[Posting]:
    """Return the transfers of a refund that is completed."""
    guest = guest_account(row)
    givers = [(share.account, share.amount_minor) for share in shares if share.amount_minor]
    if not givers and row.sold:
        givers = [(ADJUSTMENTS, amount_minor)]
    made = [Posting(TransferKind.RETURNED, account, guest, minor) for account, minor in givers]
    return [*made, Posting(TransferKind.REFUND, guest, provider_account(row), amount_minor)]


def reversed_(posted: Iterable[Row]) -> list[Posting]:
    """Return the transfers that undo transfers."""
    return [Posting(TransferKind(each.kind), each.credit, each.debit, each.amount_minor) for each in posted]


def dispute_opened(row: Row) -> list[Posting]:
    """Return the transfer of money a guest's bank has taken back for the time being."""
    return [Posting(TransferKind.DISPUTE, DISPUTES, provider_account(row), row.disputed_minor)]


def dispute_won(row: Row) -> list[Posting]:
    """Return the transfer of money that came back."""
    return [Posting(TransferKind.DISPUTE_WON, provider_account(row), DISPUTES, row.disputed_minor)]


def dispute_lost(row: Row) -> list[Posting]:
    """Return the transfers by which those who had the money bear the loss, each in proportion."""
    shares = [share for share in shares_of(row.shares) if share.amount_minor] if row.sold else []
    if not shares:
        return [Posting(TransferKind.DISPUTE_LOST, LOSSES, DISPUTES, row.disputed_minor)]
    parts = split(row.disputed_minor, [share.amount_minor for share in shares])
    return [
        Posting(TransferKind.DISPUTE_LOST, share.account, DISPUTES, part)
        for share, part in zip(shares, parts, strict=True)
        if part
    ]
