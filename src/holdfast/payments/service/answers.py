"""Rows as the door shows them."""

from holdfast.kit.db.statements import Row
from holdfast.payments.api import CardShown, Case, Payment, Refund, StoredMethod, Transfer


def payment_of(row: Row) -> Payment:
    """Return a payment as the door shows it."""
    return Payment(
        id=row.id,
        hold_id=row.hold_id,
        account_id=row.account_id,
        attempt=row.attempt,
        provider=row.provider,
        method=row.method,
        amount_minor=row.amount_minor,
        currency=row.currency,
        state=row.state,
        captured_minor=row.captured_minor,
        refunded_minor=row.refunded_minor,
        card=card_of(row),
        action_url=row.action_url,
        denial=row.denial,
        provider_ref=row.provider_ref,
        booking_reference=row.reference,
        created_at=row.created_at,
        authorised_at=row.authorised_at,
        captured_at=row.captured_at,
        ended_at=row.ended_at,
        waited=row.waited,
    )


def card_of(row: Row) -> CardShown | None:
    """Return what may be shown of a card."""
    return None if row.brand is None else CardShown(brand=row.brand, last4=row.last4 or "")


def refund_of(row: Row) -> Refund:
    """Return a refund as the door shows it."""
    return Refund(
        id=row.id,
        payment_id=row.payment_id,
        amount_minor=row.amount_minor,
        currency=row.currency,
        state=row.state,
        reason=row.reason,
        created_at=row.created_at,
        completed_at=row.completed_at,
        key=row.key,
    )


def case_of(row: Row) -> Case:
    """Return a case as the door shows it."""
    return Case(
        id=row.id,
        kind=row.kind,
        state=row.state,
        payment_id=row.payment_id,
        hold_id=row.hold_id,
        reference=row.reference,
        outcome=row.outcome,
        detail=row.detail,
        opened_at=row.opened_at,
        closed_at=row.closed_at,
    )


def method_of(row: Row) -> StoredMethod:
    """Return a stored way to pay as the door shows it."""
    return StoredMethod(
        id=row.id,
        account_id=row.account_id,
        provider=row.provider,
        method=row.method,
        card=card_of(row),
        expires=row.expires,
        created_at=row.created_at,
    )


def transfer_of(row: Row) -> Transfer:
    """Return a transfer as the door shows it."""
    return Transfer(
        seq=row.seq,
        key=row.key,
        leg=row.leg,
        kind=row.kind,
        debit=row.debit,
        credit=row.credit,
        amount_minor=row.amount_minor,
        currency=row.currency,
        payment_id=row.payment_id,
        reference=row.reference,
        at=row.at,
    )
