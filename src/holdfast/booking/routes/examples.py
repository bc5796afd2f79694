"""Examples of what the routes of booking read and answer, as the reference shows them."""

from typing import Any, Final

from pydantic import ConfigDict

QUOTE_ID: Final = "quote_01JD3Z8Q4T9XW2M5N7P0R6S1VB"
HOLD_ID: Final = "hold_01JD3Z9B2K7M4P8R5T1V3X6Y0C"
BLOCK_ID: Final = "block_01JD3Z9B2K7M4P8R5T1V3X6Y0C"
REFERENCE: Final = "7K2M9QXR4T"
MONEY: Final = {"amount": 89250, "currency": "USD"}
TOTAL: Final = {"amount": 99000, "currency": "USD"}

_ALL: Final = {"nights_bp": 10000, "cleaning_bp": 10000, "service_bp": 10000, "tax_bp": None}
_POLICY: Final = {
    "name": "moderate",
    "windows": [
        {"days_before": 5, "nights_kept": 0, "shares": _ALL},
        {"days_before": 0, "nights_kept": 1, "shares": {**_ALL, "nights_bp": 5000, "service_bp": 0}},
    ],
    "grace_hours": 24,
    "grace_days_before": 7,
    "after_check_in": {
        "nights_more": 1,
        "shares": {**_ALL, "nights_bp": 5000, "cleaning_bp": 0, "service_bp": 0},
    },
}
STAY: Final = {
    "kind": "stay",
    "property_id": 2,
    "property_name": "Oceanfront Luxury Villa",
    "check_in": "2027-05-14",
    "check_out": "2027-05-16",
    "nights": 2,
    "guests": 2,
    "pets": 0,
    "zone": "America/Los_Angeles",
    "check_in_from": "15:00",
    "check_out_until": "11:00",
    "policy": _POLICY,
    "instant": True,
    "pay_at_property": True,
    "total": TOTAL,
    "units": [],
}
PRICE: Final = {
    "lines": [
        {
            "kind": "nights",
            "label": "2 nights",
            "quantity": 2,
            "unit": {"amount": 45000, "currency": "USD"},
            "amount": {"amount": 90000, "currency": "USD"},
            "rule": "base_price",
            "version": 1,
            "inputs": {"unit_minor": 45000, "nights": 2},
            "item": 0,
        },
        {
            "kind": "tax",
            "label": "Tax 10%",
            "quantity": 1,
            "unit": None,
            "amount": {"amount": 9000, "currency": "USD"},
            "rule": "tax",
            "version": 1,
            "inputs": {"percent_bp": 1000, "of": [0], "of_minor": 90000},
            "item": 0,
        },
    ],
    "total": TOTAL,
}
AT: Final = {"created_at": "2026-11-20T09:30:00Z", "expires_at": "2026-11-20T09:40:00Z"}
SIGNED: Final = "eyJhbGciOiJFZERTQSJ9.eyJmb3JtIjoxfQ.c2lnbmF0dXJl"
BOOKING: Final = {
    "reference": REFERENCE,
    "account_id": 3,
    "hold_id": HOLD_ID,
    "state": "confirmed",
    "items": [STAY],
    "price": PRICE,
    "payment": {"method": "at_property", "status": "due_at_property", "payment_id": None},
    "created_at": "2026-11-20T09:33:10Z",
    "confirmed_by": "guest",
    "decide_by": None,
    "cancelled_at": None,
    "refund": None,
    "fees": [],
    "parts": [],
}


def shown(example: dict[str, Any]) -> ConfigDict:
    """Return the configuration of a shape that shows this example."""
    return ConfigDict(json_schema_extra={"examples": [example]})
