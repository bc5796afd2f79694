"""Payments that tests make at the simulator."""

from holdfast.payments.api import PaymentMethod
from holdfast.payments.providers.protocol import Authorisation

VISA = "pm_card_visa"


def order(number=1, token=VISA, method=PaymentMethod.CARD, **changes):
    facts = {
        "payment_id": f"pay_{number}",
        "hold_id": f"hold_{number}",
        "amount_minor": 12_345,
        "currency": "USD",
        "method": method,
        "token": token,
        "customer": None,
        "return_url": "https://guest.example/back",
    }
    return Authorisation(**{**facts, **changes})


async def paid(simulator, number=1, **changes):
    what = order(number, **changes)
    seen = await simulator.provider.authorise(key=what.payment_id, what=what)
    return await simulator.provider.capture(key=f"{number}:c", ref=seen.ref, amount_minor=what.amount_minor)
