"""Giving a lot of money back asks who gives it, once more."""

from datetime import timedelta

import pytest
from paying import payers

from holdfast.kit.clock import Clock
from support.product import PASSWORD
from support.visitors import usd

ABOVE, FRESH_S = 5_000, 120


@pytest.fixture
async def house(fresh_url):
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("HOLDFAST_REFUND_REAUTH_ABOVE", str(ABOVE))
        patched.setenv("HOLDFAST_ACCOUNTS_FRESH_S", str(FRESH_S))
        async with payers(fresh_url, Clock()) as running:
            running.villa = await running.home(pay_at_property=False)
            yield running


class TestAnOwnersRefund:
    async def test_above_the_limit_needs_a_fresh_proof_and_up_to_it_none(self, house):
        booking, _, _ = await house.booked(house.stay(house.villa))
        path = f"/v1/owner/bookings/{booking['reference']}/refunds"

        def give(amount):
            return house.ask("POST", path, usd(amount) | {"reason": "The heating failed."}, who=house.owner)

        house.running.clock.advance(timedelta(seconds=FRESH_S + 1))
        stale = await give(ABOVE + 1)
        assert (stale.status_code, stale.json()["code"]) == (403, "reauth_required")
        assert (await give(ABOVE)).status_code == 201
        proof = {"password": PASSWORD}
        assert (await house.ask("POST", "/v1/me/reauthenticate", proof, who=house.owner)).status_code == 200
        assert (await give(ABOVE + 1)).status_code == 201
