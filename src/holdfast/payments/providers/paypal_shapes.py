"""How PayPal writes things: amounts, orders, refunds, messages."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from holdfast.engine.money import DECIMALS
from holdfast.payments.api import PaymentState
from holdfast.payments.providers.protocol import ProviderPayment, ProviderRefund, ProviderRefundState, ProviderRefused
from holdfast.payments.providers.reading import readable

Facts = dict[str, Any]
"""An object of PayPal's, as it was read."""

CURRENCIES: Final = frozenset(
    {
        *("AUD", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EUR", "GBP", "HKD", "HUF", "ILS", "JPY", "MXN", "MYR"),
        *("NOK", "NZD", "PHP", "PLN", "SEK", "SGD", "THB", "TWD", "USD"),
    }
)
"""Currencies PayPal takes, of those Holdfast trades in."""

WHOLE_ONLY: Final = frozenset({"HUF", "JPY", "TWD"})
"""Currencies PayPal takes without decimals, whatever ISO 4217 says."""

LET_GO: Final = ":let-go"
"""What is put behind our id in an order that is not to be authorised any more."""

_REF: Final = re.compile(r"[A-Z0-9-]{1,64}")
_HEADER_MAX: Final = 1_000
_APPROVE: Final = frozenset({"approve", "payer-action"})
_UP: Final = frozenset({"up"})
_AUTHORISED: Final = frozenset({"CREATED", "PARTIALLY_CAPTURED"})
_TAKEN: Final = frozenset({"COMPLETED", "PARTIALLY_REFUNDED", "REFUNDED"})
NOT_TAKEN: Final = frozenset({"DECLINED", "FAILED"})
_REFUND_STATES: Final[Mapping[str, ProviderRefundState]] = {
    "PENDING": ProviderRefundState.PENDING,
    "COMPLETED": ProviderRefundState.COMPLETED,
    "FAILED": ProviderRefundState.FAILED,
    "CANCELLED": ProviderRefundState.FAILED,
}
_GIVEN: Final = frozenset({ProviderRefundState.PENDING, ProviderRefundState.COMPLETED})
_LOST: Final = frozenset({"RESOLVED_BUYER_FAVOUR", "ACCEPTED"})


def to_paypal(amount_minor: int, currency: str) -> Facts:
    """Return an amount as PayPal writes it.

    Raises:
        ProviderRefused: PayPal has not this currency, or no such fraction of it.
    """
    if currency not in CURRENCIES:
        raise ProviderRefused("currency_unsupported", f"PayPal does not take {currency}.")
    value = Decimal(amount_minor).scaleb(-DECIMALS[currency])
    if currency in WHOLE_ONLY:
        if value != value.to_integral_value():
            raise ProviderRefused("amount_unsupported", f"PayPal takes whole {currency} only.")
        value = value.to_integral_value()
    return {"currency_code": currency, "value": f"{value:f}"}


def from_paypal(amount: Mapping[str, Any]) -> tuple[int, str]:
    """Return an amount of PayPal's in minor units, with its currency.

    Raises:
        ValueError: It is no amount, or a fraction of a minor unit.
    """
    currency = str(amount["currency_code"])
    minor = Decimal(str(amount["value"])).scaleb(DECIMALS[currency]) if currency in DECIMALS else Decimal("NaN")
    if not minor.is_finite() or minor != minor.to_integral_value():
        raise ValueError("not an amount")
    return int(minor), currency


def path_part(ref: Any) -> str:
    """Return an id of PayPal's that may stand in a path.

    Raises:
        ProviderRefused: It is none (`unknown`).
    """
    good = plain(ref)
    if good is None:
        raise ProviderRefused("unknown", "PayPal gives no such ids.")
    return good


def plain(ref: Any) -> str | None:
    """Return an id of PayPal's that may stand in a path, or None."""
    return ref if isinstance(ref, str) and _REF.fullmatch(ref) else None


def header(value: str) -> str:
    """Return the value of a header PayPal is asked about.

    Raises:
        ValueError: It cannot be PayPal's.
    """
    if not value or len(value) > _HEADER_MAX or not value.isascii():
        raise ValueError("not a header of PayPal's")
    return value


def instant(text: str) -> datetime:
    """Return an instant with its offset.

    Raises:
        ValueError: It is none.
    """
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("no offset")
    return at


def json_object(body: bytes) -> Facts:
    """Return the object a body holds.

    Raises:
        ValueError: It is no JSON.
        TypeError: It is no object.
    """
    value = json.loads(body)
    if not isinstance(value, dict):
        raise TypeError("no object")
    return value


def made(order: Mapping[str, Any], kind: str) -> list[Facts]:
    """Return the authorisations, captures or refunds of an order, newest first.

    Raises:
        ProviderUnavailable: The order is not of the documented form.
    """
    with readable():
        made = order["purchase_units"][0].get("payments", {}).get(kind, [])
        return sorted(made, key=lambda each: str(each.get("create_time", "")), reverse=True)


def is_approved(order: Mapping[str, Any]) -> bool:
    """Return whether the guest has approved an order that nobody has authorised or let go."""
    with readable():
        is_ours = not str(order["purchase_units"][0].get("custom_id", "")).endswith(LET_GO)
        return bool(order["status"] == "APPROVED" and is_ours and not made(order, "authorizations"))


def payment_of(order: Facts, *, denial: str | None = None, disputes: Sequence[Facts] = ()) -> ProviderPayment:
    """Read an order.

    Raises:
        ProviderUnavailable: It is not of the documented form.
    """
    with readable():
        unit = order["purchase_units"][0]
        amount_minor, currency = from_paypal(unit["amount"])
        mine = str(unit.get("custom_id") or "").removesuffix(LET_GO)
        state = PaymentState.DENIED if denial else _state(order)
        taken = [each for each in made(order, "captures") if each["status"] in _TAKEN]
        given = [each for each in made(order, "refunds") if _REFUND_STATES[each["status"]] in _GIVEN]
        return ProviderPayment(
            ref=order["id"],
            payment_id=mine or None,
            state=state,
            amount_minor=amount_minor,
            currency=currency,
            captured_minor=sum(from_paypal(each["amount"])[0] for each in taken),
            refunded_minor=sum(from_paypal(each["amount"])[0] for each in given),
            action_url=_link(order, _APPROVE) if state is PaymentState.REQUIRES_ACTION else None,
            denial=denial or ("card_declined" if state is PaymentState.DENIED else None),
            disputed=bool(disputes),
            dispute_lost=_is_lost(disputes),
        )


def _state(order: Facts) -> PaymentState:
    captures = {each["status"] for each in made(order, "captures")}
    authorisations = {each["status"] for each in made(order, "authorizations")}
    if captures & _TAKEN:
        return PaymentState.CAPTURED
    if authorisations:
        return _authorised_state(authorisations)
    if order["status"] == "VOIDED" or str(order["purchase_units"][0].get("custom_id", "")).endswith(LET_GO):
        return PaymentState.VOIDED
    return PaymentState.REQUIRES_ACTION


def _authorised_state(statuses: set[str]) -> PaymentState:
    if statuses & (_AUTHORISED | {"CAPTURED"}):  # captured, but PayPal still looks at it
        return PaymentState.AUTHORISED
    if "PENDING" in statuses:
        return PaymentState.STARTING
    return PaymentState.DENIED if "DENIED" in statuses else PaymentState.VOIDED


def _is_lost(disputes: Sequence[Facts]) -> bool | None:
    with readable():
        if any(each["status"] != "RESOLVED" for each in disputes) or not disputes:
            return None
        return any(each.get("dispute_outcome", {}).get("outcome_code") in _LOST for each in disputes)


def refund_of(facts: Facts) -> ProviderRefund:
    """Read a refund.

    Raises:
        ProviderUnavailable: It is not of the documented form.
    """
    with readable():
        amount_minor, currency = from_paypal(facts["amount"])
        return ProviderRefund(
            ref=facts["id"],
            refund_id=facts.get("custom_id"),
            amount_minor=amount_minor,
            currency=currency,
            state=_REFUND_STATES[facts["status"]],
        )


def _link(thing: Mapping[str, Any], kinds: frozenset[str]) -> str | None:
    links = thing.get("links")
    for each in links if isinstance(links, list) else ():
        if isinstance(each, dict) and each.get("rel") in kinds and isinstance(each.get("href"), str):
            return str(each["href"])
    return None


def related_order(resource: Mapping[str, Any]) -> str | None:
    """Return the order a capture, authorisation or refund belongs to, where it says so."""
    related = resource.get("supplementary_data")
    ids = related.get("related_ids") if isinstance(related, dict) else None
    return plain(ids.get("order_id")) if isinstance(ids, dict) else None


def parent_of(resource: Mapping[str, Any]) -> str | None:
    """Return the path of what a refund was made of, from its link."""
    match = re.search(r"/v2/payments/(captures|authorizations)/([A-Z0-9-]{1,64})$", _link(resource, _UP) or "")
    return match[0] if match else None


def disputed_capture(resource: Mapping[str, Any]) -> str | None:
    """Return the path of the capture a dispute is about."""
    transactions = resource.get("disputed_transactions")
    first = transactions[0] if isinstance(transactions, list) and transactions else None
    capture = plain(first.get("seller_transaction_id")) if isinstance(first, dict) else None
    return f"/v2/payments/captures/{capture}" if capture else None
