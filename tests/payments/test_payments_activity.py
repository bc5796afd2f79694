"""Money given back and ways to pay that are kept or forgotten are noted with who asked for it, once."""

from contextlib import contextmanager

import pytest
from scripted_provider import DECLINED, OK

from holdfast.kit.activity.log import Wanted
from holdfast.kit.activity.records import ActivityRecords
from holdfast.kit.origin import Origin, current_origin
from holdfast.payments import models
from holdfast.payments.api import PaymentDenied, PaymentMethod

OWNER = 7


@contextmanager
def asking(account_id):
    token = current_origin.set(Origin(account_id=account_id, address="192.0.2.9"))
    try:
        yield
    finally:
        current_origin.reset(token)


async def acts(house, **wanted):
    found = await ActivityRecords(models.activity, house.db).page(Wanted(**wanted))
    return [(each.kind, each.account_id, each.subject_id, each.details) for each in reversed(found)]


class TestARefund:
    async def test_is_noted_once_with_who_gave_it(self, house, guest):
        payment = await house.paid(guest)
        order = house.back(payment, 500, reason="goodwill")
        with asking(OWNER):
            made = await house.payments.refund(order=order)
            await house.payments.refund(order=order)
        facts = {"refund": made.id, "reason": "goodwill", "amount_minor": 500, "currency": "USD"}
        found = await acts(house, object_kind="payment", object_id=payment.id)
        assert found == [("payment.refunded", OWNER, guest, facts)]


class TestAKeptWayToPay:
    async def test_is_noted_when_it_is_kept_and_when_it_is_forgotten(self, house, guest):
        with asking(guest):
            asked = house.caller(guest)
            for _ in range(2):
                kept = await house.payments.keep_method(caller=asked, method=PaymentMethod.CARD, token=OK)
            await house.payments.drop_method(account_id=guest, method_id=kept.value.id)
        found = await acts(house, account_id=guest)
        assert [each[:3] for each in found] == [
            ("payment_method.kept", guest, guest),
            ("payment_method.dropped", guest, guest),
        ]

    async def test_that_was_refused_is_not_noted(self, house, guest):
        with asking(guest), pytest.raises(PaymentDenied):
            await house.payments.keep_method(caller=house.caller(guest), method=PaymentMethod.CARD, token=DECLINED)
        assert await acts(house, account_id=guest) == []
